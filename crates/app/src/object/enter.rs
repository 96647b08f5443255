//! What parameters hold while a function is read for a call of it.

use super::Walk;
use super::repository::{self, Given};
use crate::guard::held::{self, Written};
use crate::guard::root::Roots;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{ArgKey, LocalId, Operand, Range32};

impl<'p> Walk<'_, 'p, '_> {
    /// Whether a call writes out by what the function that it calls is to find records, or what to store.
    pub(super) fn writes_out(&self, inner: FuncId) -> bool {
        let callee = self.origins.program.func(inner);
        self.repositories.get(&inner).is_some_and(|handed| {
            let mut params = handed.iter().map(|handed| handed.param);
            params.any(|param| {
                repository::written_at(self.origins, &self.frames, callee, param).is_some()
            })
        })
    }

    /// Reads a function for one call of it alone: what other calls give it is another query.
    pub(super) fn repository(&mut self, f: FuncRef<'p>, inner: FuncId, args: Range32, depth: u32) {
        let callee = self.origins.program.func(inner);
        let params = callee.func.params.iter().enumerate();
        let given: Vec<(LocalId, Gives)> = params
            .map(|(at, param)| {
                let given = match repository::given(f, f.func.args(args), callee, at) {
                    Some(Given::Value(value)) => self.gives(f, value),
                    Some(Given::Keywords(named)) => Gives::Whole(
                        named
                            .iter()
                            .map(|(_, value)| self.roots(f.id, *value))
                            .fold(Roots::default(), Roots::and),
                    ),
                    None => Gives::Whole(Roots::default()),
                };
                (param.local, given)
            })
            .collect();
        let mut before = Vec::new();
        for (local, given) in given {
            before.push((local, self.bound.take(inner, local)));
            self.add(inner, local, &given);
        }
        self.depends.borrow_mut().clear();
        self.seen.remove(&inner);
        self.function(inner, depth + 1);
        for (local, held) in before {
            self.bound.restore(inner, local, held);
        }
        self.depends.borrow_mut().clear();
    }

    /// Parameters hold what a call gives them; whether that are names that they did not hold yet.
    pub(super) fn bind(&mut self, f: FuncRef<'p>, inner: FuncId, args: Range32) -> bool {
        let mut more = false;
        let callee = self.origins.program.func(inner);
        let params = &callee.func.params;
        for (param, arg) in params.iter().zip(f.func.args(args)) {
            let given = self.gives(f, arg.value);
            more |= self.add(inner, param.local, &given);
        }
        for arg in f.func.args(args) {
            let ArgKey::Keyword(name) = arg.key else {
                continue;
            };
            let name = f.file.facts.str(name);
            let mut params = params.iter();
            let param =
                params.find(|param| param.name.is_some_and(|n| callee.file.facts.str(n) == name));
            if let Some(param) = param {
                let given = self.gives(f, arg.value);
                more |= self.add(inner, param.local, &given);
            }
        }
        more
    }

    /// A receiver holds something more; whether that are names that it did not hold yet.
    pub(super) fn hold(&mut self, func: FuncId, local: LocalId, roots: Roots) -> bool {
        self.add(func, local, &Gives::Whole(roots))
    }

    /// A parameter holds something more; whether that are names that it did not hold yet.
    fn add(&mut self, func: FuncId, local: LocalId, given: &Gives) -> bool {
        let rooted = |roots: &Roots| roots.client || roots.principal;
        let change = match given {
            Gives::Whole(roots) if rooted(roots) => self.bound.add(func, local, *roots),
            Gives::Written(written)
                if rooted(&written.rest) || written.members.iter().any(|(_, of)| rooted(of)) =>
            {
                self.bound.add_written(func, local, written)
            }
            _ => return false,
        };
        if change.any {
            self.depends.borrow_mut().clear();
        }
        change.names
    }

    /// What a value is that a call gives, by member where it is written there.
    fn gives(&self, f: FuncRef<'p>, value: Operand) -> Gives {
        let all = |values: &[Operand]| {
            let mut roots = values.iter().map(|value| self.roots(f.id, *value));
            let first = roots.next().unwrap_or_default();
            roots.fold(first, Roots::and)
        };
        match held::written(f, value) {
            Some(written) => Gives::Written(Written {
                members: written
                    .members
                    .iter()
                    .map(|(name, values)| (*name, all(values)))
                    .collect(),
                rest: all(&written.rest),
            }),
            None => Gives::Whole(self.roots(f.id, value)),
        }
    }
}

/// What a call gives one parameter.
enum Gives {
    /// One value.
    Whole(Roots),
    /// An object that is written out.
    Written(Written<Roots>),
}
