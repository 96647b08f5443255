//! Methods that take the place of those of a package's class: handlers of class-based views, callbacks of base classes.

use super::solve::{Frame, Solver};
use super::value::{Val, ValSet};
use crate::apipath::PathId;
use crate::program::ClassIdx;
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
                let rows: Vec<_> = self.paths.rows(path).map(|(_, row)| row).collect();
                let name = self.program.text(sym).to_owned();
                for row in rows {
                    if let Role::Entry(entry) = &row.role
                        && fits(row.when.as_ref(), &name)
                    {
                        self.handles(frame, func, entry, None);
                        let callee = self.paths.text(path);
                        self.declare(func, entry, &name, None, callee);
                    }
                }
            }
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
