//! What parameters hold while a function is read for a call of it.

use super::Walk;
use super::repository::{self, Given};
use crate::guard::root::Roots;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{ArgKey, LocalId, Range32};

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
        let mut before = Vec::new();
        let held: Vec<(LocalId, Roots)> = params
            .map(|(at, param)| {
                let given = repository::given(f, f.func.args(args), callee, at);
                let roots = match given {
                    Some(Given::Value(value)) => self.roots(f.id, value),
                    Some(Given::Keywords(named)) => named
                        .iter()
                        .map(|(_, value)| self.roots(f.id, *value))
                        .fold(Roots::default(), Roots::and),
                    None => Roots::default(),
                };
                (param.local, roots)
            })
            .collect();
        for (local, roots) in held {
            let param = (inner, local);
            before.push((param, self.bound.remove(&param)));
            if roots.client || roots.principal {
                self.bound.insert(param, roots);
            }
        }
        self.depends.borrow_mut().clear();
        self.seen.remove(&inner);
        self.function(inner, depth + 1);
        for (param, roots) in before {
            match roots {
                Some(roots) => self.bound.insert(param, roots),
                None => self.bound.remove(&param),
            };
        }
        self.depends.borrow_mut().clear();
    }

    /// Parameters hold what a call gives them; whether that are names that they did not hold yet.
    pub(super) fn bind(&mut self, f: FuncRef<'p>, inner: FuncId, args: Range32) -> bool {
        let mut more = false;
        let callee = self.origins.program.func(inner);
        let params = &callee.func.params;
        for (param, arg) in params.iter().zip(f.func.args(args)) {
            let roots = self.roots(f.id, arg.value);
            more |= self.hold((inner, param.local), roots);
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
                let roots = self.roots(f.id, arg.value);
                more |= self.hold((inner, param.local), roots);
            }
        }
        more
    }

    /// A parameter holds something more; whether that are names that it did not hold yet.
    pub(super) fn hold(&mut self, param: (FuncId, LocalId), roots: Roots) -> bool {
        if !roots.client && !roots.principal {
            return false;
        }
        let held = self.bound.entry(param).or_default();
        let before = *held;
        held.client |= roots.client;
        held.principal |= roots.principal;
        held.attribute |= roots.attribute;
        held.called |= roots.called;
        held.hashed |= roots.hashed;
        held.names.add(roots.names);
        let after = *held;
        if before != after {
            self.depends.borrow_mut().clear();
        }
        before.names != after.names
    }
}
