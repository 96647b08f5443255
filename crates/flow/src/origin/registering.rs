//! Decorators of packages that stand above no function: the program calls them (`app.get('/orders')(list_orders)`), or a decorator of its
//! own applies them: `@protected(router.get, '/orders')`, where `protected` gives back a function that ends in
//! `return method(path, dependencies=[…])(f)`.
//!
//! Without them, a program that registers all its handlers in this way has none.

use super::call::CallSite;
use super::solve::{Frame, Solver};
use super::value::{Val, ValId};
use crate::apipath::PathId;
use crate::program::{FuncRef, Program};
use crate::result::FuncId;
use casemate_ir::{ArgKey, Capture, Decorator, Instr, LocalId, Operand};
use casemate_model::path::Step;
use casemate_model::row::Role;

/// Calls and copies between what a decorator is given and what it registers: `requires(scopes)(f)`.
const STEPS: u32 = 4;

/// What stands for an address that is not written at the decorator.
const UNKNOWN: &str = "/{?}";

/// How a function of the program registers what it is given.
pub(super) struct Registering {
    /// The decorator of a package that it applies, as a value.
    pub path: PathId,
    /// Where it has that.
    pub callee: Operand,
    /// The address, as the decorator of the program is told it.
    pub route: String,
}

impl<'p> Solver<'p, '_> {
    /// How the function that a decorator is registers the function under evaluation. Nothing where it may do so in several ways, of which
    /// its call names none.
    pub(super) fn registers_by(
        &mut self,
        frame: Frame<'p>,
        decorator: &Decorator,
        func: FuncId,
    ) -> Option<Registering> {
        let f = self.program.func(func);
        let given = f.func.params.first()?.local;
        let program = self.program;
        let named = self.named_by(frame, decorator);
        let mut found: Option<(PathId, Operand)> = None;
        for instr in &f.func.instrs {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let Operand::Local(local) = callee else {
                continue;
            };
            let mut args = f.func.args(args).iter();
            if !args.any(|arg| holds(program, f, arg.value, given, 0)) {
                continue;
            }
            let node = self.local_node(func, local);
            let vals = self.get_shared(node);
            let mut paths = Vec::new();
            for &val in vals.iter() {
                if let Some(Val::Api(path)) = self.vals.get(val)
                    && self.declares(path)
                {
                    paths.push(path);
                }
            }
            if paths.len() > 1 {
                paths.retain(|path| named.contains(path));
            }
            match (&found, paths.as_slice()) {
                (_, []) => {}
                (None, [one]) => found = Some((*one, callee)),
                _ => return None,
            }
        }
        let (path, callee) = found?;
        let route = self.address(frame, decorator);
        Some(Registering {
            path,
            callee,
            route: route.unwrap_or_else(|| UNKNOWN.to_owned()),
        })
    }

    /// `app.get('/orders')(list_orders)`: a decorator of a package that is called like any other function.
    pub(super) fn declared_by_call(
        &mut self,
        frame: Frame<'p>,
        index: u32,
        callee: Operand,
        callees: &[ValId],
        site: &CallSite,
    ) {
        let Some((_, told)) = frame.f.call_behind(callee) else {
            return;
        };
        let mut texts = told.iter().filter(|arg| arg.key == ArgKey::Pos);
        let text = texts.find_map(|arg| frame.f.constant_text(arg.value));
        let Some(route) = text.filter(|text| text.starts_with('/')) else {
            return;
        };
        let [(ArgKey::Pos, given, _)] = site.args.as_slice() else {
            return;
        };
        let mut functions = given.iter().filter_map(|&val| match self.vals.get(val) {
            Some(Val::Func(func)) => Some(func),
            _ => None,
        });
        // What a parameter holds is many handlers, of which each has an address of its own.
        let (Some(func), None) = (functions.next(), functions.next()) else {
            return;
        };
        // One that stands above the function is found there.
        let mut above = self.program.func(func).func.decorators.iter();
        if above.any(|decorator| decorator.value == callee) {
            return;
        }
        let span = frame.f.func.spans.get(index as usize).copied();
        let span = span.unwrap_or_default();
        for &val in callees {
            let Some(Val::Api(path)) = self.vals.get(val) else {
                continue;
            };
            let Some(path) = self.paths.step(path, &Step::Deco) else {
                continue;
            };
            let rows: Vec<_> = self.paths.rows(path).map(|(_, row)| row).collect();
            for row in rows {
                if let Role::Entry(entry) = &row.role {
                    let name = self.paths.last_member(path).to_owned();
                    let itself = self.vals.id(Val::Func(func));
                    self.given(frame, path, itself, 0);
                    self.handles(frame, func, entry, Some(route));
                    let text = self.paths.text(path);
                    let place = (func, span);
                    self.registering.insert(place, (frame.f.id, callee));
                    let route = Some(route.to_owned());
                    self.declare(func, entry, &name, route, text, Some(span));
                }
            }
        }
    }

    /// Whether what a value of a package decorates is a handler.
    fn declares(&mut self, path: PathId) -> bool {
        let Some(decorated) = self.paths.step(path, &Step::Deco) else {
            return false;
        };
        let mut rows = self.paths.rows(decorated);
        rows.any(|(_, row)| matches!(row.role, Role::Entry(_)))
    }

    /// What the functions of packages that a decorator is told give back: `router.get` of `@protected(router.get, '/orders')`.
    fn named_by(&mut self, frame: Frame<'p>, decorator: &Decorator) -> Vec<PathId> {
        let mut out = Vec::new();
        let Some((owner, &Instr::Call { args, .. })) = self.decorating(frame, decorator) else {
            return out;
        };
        for arg in owner.func.args(args) {
            let Operand::Local(local) = arg.value else {
                continue;
            };
            let node = self.local_node(owner.id, local);
            for &val in self.get_shared(node).iter() {
                if let Some(Val::Api(path)) = self.vals.get(val) {
                    out.extend(self.paths.step(path, &Step::Call));
                }
            }
        }
        out
    }

    /// The address among what a decorator is told.
    fn address(&self, frame: Frame<'p>, decorator: &Decorator) -> Option<String> {
        let (owner, &Instr::Call { args, .. }) = self.decorating(frame, decorator)? else {
            return None;
        };
        let mut texts = owner.func.args(args).iter();
        let text = texts.find_map(|arg| {
            let text = owner.constant_text(arg.value)?;
            text.starts_with('/').then_some(text)
        })?;
        Some(text.to_owned())
    }
}

/// Whether a value is what a parameter is given, or was made of it: by a call, or by a function inside that calls it.
fn holds(program: &Program, f: FuncRef<'_>, value: Operand, given: LocalId, depth: u32) -> bool {
    let Operand::Local(local) = value else {
        return false;
    };
    if local == given {
        return true;
    }
    if depth == STEPS {
        return false;
    }
    f.writers(local).any(|(_, instr)| match *instr {
        Instr::Copy { from, .. } => holds(program, f, from, given, depth + 1),
        Instr::Call { args, .. } => {
            let mut args = f.func.args(args).iter();
            args.any(|arg| holds(program, f, arg.value, given, depth + 1))
        }
        Instr::Closure { func, .. } => {
            let inner = program.func(f.sibling(func));
            inner.func.captures.contains(&Capture::Local(given))
        }
        _ => false,
    })
}
