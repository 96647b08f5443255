//! Tests of where the addresses of a list lie, one after the other: `for info in getaddrinfo(host): if is_private(…): raise`,
//! `addresses.some(isPrivate)`.

use super::call::Callee;
use super::interp::Interp;
use super::kinds::PUBLIC;
use super::place::PortBase;
use super::port::CallSite;
use super::summary::Outcome;
use crate::origin::method_name;
use crate::result::FuncId;
use casemate_ir::{ArgKey, Block, Instr, Key, OpKind, Operand, Term};

impl Interp<'_> {
    /// Of all elements that a loop walked, this was so.
    pub(super) fn lies_each(&mut self, cond: Operand, outcome: bool) {
        let Some((at, instr)) = self.definition(cond) else {
            return;
        };
        match instr {
            Instr::Op {
                op: OpKind::Not,
                operands,
                ..
            } => {
                if let &[asked] = self.f.func.operands(operands) {
                    self.lies_each(asked, !outcome);
                }
            }
            // `if (address.range() !== 'unicast') throw`
            Instr::Op { op, operands, .. } => {
                let equal = match op {
                    OpKind::Eq | OpKind::StrictEq => outcome,
                    OpKind::Ne | OpKind::StrictNe => !outcome,
                    _ => return,
                };
                if let (true, &[a, b]) = (equal, self.f.func.operands(operands)) {
                    for (range, name) in [(a, b), (b, a)] {
                        if let Some(name) = self.operand(name).as_str().cloned() {
                            self.ranged(range, &name);
                        }
                    }
                }
            }
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } => {
                let name = self.f.file.facts.str(name);
                self.lies(base, name, outcome);
            }
            Instr::Call { callee, .. } => {
                let Some(site) = self.site_of(at) else { return };
                let value = self.operand(callee);
                let callees = self.callees(Some(callee), &value);
                let outcome = if outcome {
                    Outcome::True
                } else {
                    Outcome::False
                };
                if let [Callee::Func(func) | Callee::Closure(_, func)] = callees.as_slice() {
                    self.accepted(*func, &site, outcome);
                }
                let name = method_name(self.f, site.instr, callee);
                self.placed(&callees, name, &site, outcome);
            }
            _ => {}
        }
    }

    /// Of all elements that a loop walked, the functions that its body calls for an address went through.
    pub(super) fn placed_each(&mut self, body: &Block) {
        if body.unwind.is_some() {
            return;
        }
        for at in body.instrs.range() {
            let Some(&Instr::Call { callee, .. }) = self.f.func.instrs.get(at) else {
                continue;
            };
            let value = self.operand(callee);
            let callees = self.callees(Some(callee), &value);
            let [Callee::Func(func) | Callee::Closure(_, func)] = callees.as_slice() else {
                continue;
            };
            let func = *func;
            if !self.throws(func) {
                continue;
            }
            let Some(site) = self.site_of(at) else { return };
            for index in self.asks_place_of(func, &site) {
                if let Some(address) = site.args.get(index).and_then(|arg| arg.operand) {
                    self.public(address);
                }
            }
            self.placed(&callees, None, &site, Outcome::Returns);
        }
    }

    /// The parameters that a function has found to be addresses of the world when it returns.
    fn asks_place_of(&mut self, func: FuncId, site: &CallSite) -> Vec<usize> {
        let Some(summary) = self.summary_of(func, site.instr) else {
            return Vec::new();
        };
        let asked = summary.accepts.iter().filter(|(port, outcome, kinds)| {
            *outcome == Outcome::Returns && kinds.covers(PUBLIC) && port.members().is_empty()
        });
        asked
            .filter_map(|(port, ..)| match port.base() {
                PortBase::Param(index) => Some(usize::from(index)),
                _ => None,
            })
            .filter(|&index| {
                site.args
                    .iter()
                    .take(index + 1)
                    .all(|a| a.key == ArgKey::Pos)
            })
            .collect()
    }

    /// `addresses.some(isPrivate)` said no, or `addresses.every(isPublic)` yes: so is the host that they were looked up for.
    pub(super) fn all_placed(&mut self, callback: FuncId, list: Operand, outcome: Outcome) {
        let func = self.asked_by(callback).unwrap_or(callback);
        let f = self.origins.program.func(func);
        let name = f.func.name.map(|name| f.file.facts.str(name));
        if name.is_some_and(|name| self.says_public(func, name, outcome)) {
            self.public(list);
        }
    }

    /// `g` of `(a) => g(a)` and of `(a) => g(a.address)`.
    fn asked_by(&self, callback: FuncId) -> Option<FuncId> {
        let f = self.origins.program.func(callback);
        let [block] = f.func.blocks.as_slice() else {
            return None;
        };
        let Term::Return(Some(result)) = block.term else {
            return None;
        };
        let Some(&Instr::Call { callee, args, .. }) = f.made_by(result) else {
            return None;
        };
        let mut given = f.func.args(args).first()?.value;
        if let Some(&Instr::Load { base, .. }) = f.made_by(given) {
            given = base;
        }
        if given != Operand::Local(f.func.params.first()?.local) {
            return None;
        }
        match *self.origins.of_operand(callback, callee) {
            [val] => match self.origins.val(val) {
                Some(crate::origin::Val::Func(func)) => Some(func),
                _ => None,
            },
            _ => None,
        }
    }
}
