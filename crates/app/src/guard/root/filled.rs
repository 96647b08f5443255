//! What functions of the program fill in that tells who asks: parameters of handlers, members of their classes.

use super::{FUEL, Roots, Search, Trail};
use crate::decoration::injected;
use crate::guard::graph::throws;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{LocalId, Operand, Term};
use rustc_hash::FxHashSet;

/// How many functions that fill parameters of each other are gone through.
const INJECTED: u32 = 4;

impl<'p> Search<'_, 'p, '_> {
    /// A parameter that a function fills which tells who asks.
    pub(super) fn is_injected(&mut self, f: FuncRef<'p>, local: LocalId, trail: Trail) -> bool {
        let param = f.func.params.iter().find(|param| param.local == local);
        let call = param.and_then(|param| injected::of_parameter(self.origins, f, param));
        self.is_dependency_of_who(call, trail)
    }

    /// A call of `Depends` names a function that tells who asks.
    pub(super) fn is_dependency_of_who(
        &mut self,
        call: Option<(FuncId, Operand)>,
        trail: Trail,
    ) -> bool {
        let Some((owner, call)) = call.filter(|_| self.inner < INJECTED) else {
            return false;
        };
        // `Depends(OAuth2PasswordBearer(…))`
        if injected::is_scheme(self.origins, owner, call) {
            self.found.credential = true;
            self.found.secret = true;
            self.found.called |= trail.called;
            return true;
        }
        // `Depends(fastapi_users.current_user())`, or `Depends(current_user)` of code that is not here.
        if injected::is_login(self.origins, owner, call) {
            self.principal(trail, 0);
            return true;
        }
        let tells = injected::functions(self.origins, owner, call)
            .into_iter()
            .any(|func| self.answers_who(func));
        if tells {
            self.principal(trail, 0);
        }
        tells
    }

    /// Whether a function gives back who asks, and throws where it finds nobody.
    pub(super) fn finds_who(&self, func: FuncId) -> bool {
        self.inner < INJECTED
            && throws(self.origins.program.func(func).func)
            && self.answers_who(func)
    }

    /// Whether what a function returns tells who asks.
    fn answers_who(&self, func: FuncId) -> bool {
        let place = (func, self.inner);
        if let Some(known) = self.set.who.borrow().get(&place) {
            return *known;
        }
        let f = self.origins.program.func(func);
        let answers = f.func.blocks.iter().any(|block| match block.term {
            Term::Return(Some(Operand::Local(value))) => {
                let mut search = Search {
                    origins: self.origins,
                    set: self.set,
                    seen: FxHashSet::default(),
                    fuel: FUEL / 3,
                    found: Roots::default(),
                    bound: None,
                    met: Vec::new(),
                    inner: self.inner + 1,
                };
                search.local(func, value, Trail::default(), 0);
                let found = search.found;
                // A header that is only handed on says nothing of who asks.
                found.principal || found.credential && (found.secret || throws(f.func))
            }
            _ => false,
        });
        self.set.who.borrow_mut().insert(place, answers);
        answers
    }
}

/// Parts of names of functions that find out who asks.
const FINDS_WHO: [&str; 6] = ["auth", "user", "login", "token", "account", "identity"];

/// Whether the name of a function is about who asks.
pub(super) fn names_who(name: &str) -> bool {
    let lower = name.to_lowercase();
    FINDS_WHO.iter().any(|word| lower.contains(word))
}
