//! Values that do their work through others: a client through the transport that it was given, an agent through its look-up.

use super::call::CallSite;
use super::solve::{Frame, Solver};
use super::value::{Val, ValSet};
use casemate_ir::LocalId;
use casemate_model::path::Port;

impl<'p> Solver<'p, '_> {
    /// A call makes something that works through what it is given.
    pub(super) fn works_through(
        &mut self,
        frame: Frame<'p>,
        site: &CallSite,
        from: &Port,
        to: &Port,
    ) {
        let mut made = ValSet::new();
        for given in self.port_read(frame, site, from) {
            let through = match self.vals.get(given) {
                Some(Val::Through(_)) => given,
                // What is passed on is whoever works through it.
                _ => self.vals.id(Val::Through(given)),
            };
            made.push(through);
        }
        self.port_write(frame, site, to, &made);
    }

    /// What a client makes (`client.extend(…)`, `with client as c`) works through the same as the client.
    pub(super) fn still_through(&mut self, frame: Frame<'p>, site: &CallSite, to: LocalId) {
        let through = |&val: &_| matches!(self.vals.get(val), Some(Val::Through(_)));
        let kept: ValSet = site.this.iter().copied().filter(through).collect();
        if !kept.is_empty() {
            self.set(frame, to, &kept);
        }
    }
}
