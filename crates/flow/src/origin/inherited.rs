//! Methods that take the place of those of a package's class: handlers of class-based views, callbacks of base classes.

use super::solve::{Frame, Solver};
use super::value::{Val, ValSet};
use crate::apipath::PathId;
use crate::program::ClassIdx;
use crate::result::FuncId;
use casemate_ir::MemberKind;
use casemate_model::expr::{Expr, Literal, Tri, Value3, eval};
use casemate_model::row::Role;

/// How many classes are looked at above one.
const ANCESTORS: usize = 16;

/// Whether a row that asks for the name of a method may mean this one.
fn fits(when: Option<&Expr>, name: &str) -> bool {
    let named = |asked: &str| match asked {
        "name" => Value3::Known(Literal::Str(name.to_owned())),
        _ => Value3::Unknown,
    };
    when.is_none_or(|when| eval(when, &named) != Tri::No)
}

impl<'p> Solver<'p, '_> {
    /// What the classes of packages above a class say of its methods.
    pub(super) fn inherited(&mut self, frame: Frame<'p>, class: ClassIdx) {
        let Some((file, def)) = self.program.class(class) else {
            return;
        };
        for above in self.packages_above(frame, class) {
            for member in &def.members {
                let (Some(func), MemberKind::Method, false) =
                    (member.func, member.kind, member.is_static)
                else {
                    continue;
                };
                let func = self.program.func_id(file, func);
                let sym = self.program.sym(file, member.name);
                let Some(path) = self.member_path(above, sym) else {
                    continue;
                };
                if !self.paths.known(path) {
                    continue;
                }
                let itself = self.vals.id(Val::Func(func));
                self.given(frame, path, itself, 0);
                self.decorated_method(frame, func);
                let rows: Vec<_> = self.paths.rows(path).map(|(_, row)| row).collect();
                let name = self.program.text(sym).to_owned();
                for row in rows {
                    if let Role::Entry(entry) = &row.role
                        && entry.handlers.is_none()
                        && fits(row.when.as_ref(), &name)
                    {
                        self.handles(frame, func, entry, None);
                        let callee = self.paths.text(path);
                        self.declare(func, entry, &name, None, callee, None);
                    }
                }
            }
        }
    }

    /// The functions that decorators of the program put in the place of a method get what the method gets, after the instance.
    fn decorated_method(&mut self, frame: Frame<'p>, method: FuncId) {
        let f = self.program.func(method);
        for decorator in &f.func.decorators {
            for maker in self.operand(frame, decorator.value) {
                let Some(Val::Func(maker)) = self.vals.get(maker) else {
                    continue;
                };
                let made = self.return_node(maker);
                for wrapper in self.get_shared(made) {
                    if let Some(Val::Func(wrapper)) = self.vals.get(wrapper)
                        && self.program.func(wrapper).parent() == Some(maker)
                    {
                        self.takes_place_of(wrapper, method);
                    }
                }
            }
        }
    }

    fn takes_place_of(&mut self, wrapper: FuncId, method: FuncId) {
        let (of, by) = (
            self.program.func(method).func,
            self.program.func(wrapper).func,
        );
        let named = by.params.iter().find(|param| param.keyword_rest);
        for (index, param) in of.params.iter().enumerate() {
            let from = self.local_node(method, param.local);
            let vals = self.get_shared(from);
            let placed = by.params.get(index + 1);
            let to = match placed.filter(|param| !param.rest && !param.keyword_rest) {
                Some(placed) => placed,
                // What comes after the request has a name.
                None => match named.filter(|_| index > 0) {
                    Some(named) => named,
                    None => continue,
                },
            };
            let node = self.local_node(wrapper, to.local);
            self.add_all(node, &vals);
        }
    }

    /// The instances of packages' classes that instances of a class are too.
    fn packages_above(&mut self, frame: Frame<'p>, class: ClassIdx) -> Vec<PathId> {
        let mut open: ValSet = self.bases(class);
        let mut seen: ValSet = ValSet::new();
        let mut out = Vec::new();
        while let Some(base) = open.pop() {
            if seen.contains(&base) || seen.len() >= ANCESTORS {
                continue;
            }
            seen.push(base);
            if let Some(Val::Class(own)) = self.vals.get(base) {
                open.extend(self.bases(own));
            } else if let Some(made) = self.instance_of(frame, base)
                && let Some(Val::Api(path)) = self.vals.get(made)
                && self.paths.known(path)
            {
                out.push(path);
            }
        }
        out
    }
}
