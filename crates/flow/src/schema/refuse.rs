//! Whether a function goes on only with what a check accepted.

use super::Check;
use super::definition::{Def, Finder, Place};
use crate::program::FuncRef;
use crate::result::FuncId;
use casemate_ir::{BlockId, Const, Instr, Key, LocalId, OpKind, Operand, Term};
use casemate_model::path::PortStep;
use casemate_model::row::Accept;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// A check and the outcomes on which it accepts.
pub(super) struct Accepting<'c> {
    /// The call.
    pub at: usize,
    /// Any of these.
    pub accept: Vec<&'c Accept>,
}

impl<'a> Finder<'a> {
    /// Whether every way to the instructions and returns that go on leads through acceptance.
    pub(super) fn goes_on_only_if(
        &self,
        f: FuncRef<'a>,
        check: &Accepting<'_>,
        goes_on: &dyn Fn(usize) -> bool,
        returns: bool,
    ) -> bool {
        let throws = check.accept.iter().any(|a| **a == Accept::Returns);
        let mut seen = vec![false; f.func.blocks.len()];
        let mut work = vec![BlockId(0)];
        while let Some(id) = work.pop() {
            let (Some(seen), Some(block)) =
                (seen.get_mut(id.index()), f.func.blocks.get(id.index()))
            else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            work.extend(block.unwind);
            let mut accepted = false;
            for (at, _) in f.func.block_instrs(block) {
                if goes_on(at) {
                    return false;
                }
                if at == check.at && throws {
                    accepted = true;
                    break;
                }
            }
            if accepted {
                continue;
            }
            match block.term {
                Term::Goto(next) => work.push(next),
                Term::Branch { cond, yes, no } => {
                    if !self.accepts_on(f, cond, true, check, 0) {
                        work.push(yes);
                    }
                    if !self.accepts_on(f, cond, false, check, 0) {
                        work.push(no);
                    }
                }
                Term::Return(_) if returns => return false,
                _ => {}
            }
        }
        true
    }

    /// Whether a condition with this outcome means that the check accepted.
    fn accepts_on(
        &self,
        f: FuncRef<'a>,
        cond: Operand,
        outcome: bool,
        check: &Accepting<'_>,
        depth: u32,
    ) -> bool {
        if depth > 8 {
            return false;
        }
        let Operand::Local(local) = cond else {
            return false;
        };
        let Some((at, instr)) = self.assignment(f, local) else {
            return false;
        };
        let any = |wanted: &dyn Fn(&Accept) -> bool| check.accept.iter().any(|a| wanted(a));
        match instr {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => {
                self.accepts_on(f, from, outcome, check, depth + 1)
            }
            Instr::Op { op, operands, .. } => {
                let on = |operand, outcome| self.accepts_on(f, operand, outcome, check, depth + 1);
                match (op, f.func.operands(operands)) {
                    (OpKind::Not, [a]) => on(*a, !outcome),
                    (OpKind::StrictEq | OpKind::Eq | OpKind::StrictNe | OpKind::Ne, [a, b]) => {
                        let equal = matches!(op, OpKind::StrictEq | OpKind::Eq) == outcome;
                        let (a, constant) = match (a, b) {
                            (a, Operand::Const(id)) => (*a, *id),
                            (Operand::Const(id), b) => (*b, *id),
                            _ => return false,
                        };
                        match *f.file.facts.constant(constant) {
                            Const::Bool(truth) => on(a, truth == equal),
                            Const::Null | Const::Undefined => on(a, !equal),
                            Const::Number(0) => on(a, !equal),
                            _ => false,
                        }
                    }
                    (OpKind::Greater | OpKind::GreaterEq, [a, Operand::Const(id)]) => {
                        *f.file.facts.constant(*id) == Const::Number(0) && on(*a, outcome)
                    }
                    _ => false,
                }
            }
            Instr::Load { base, key, .. } => {
                let Key::Field(name) = key else { return false };
                let name = f.file.facts.str(name);
                if self.is_call(f, base, check.at) {
                    return any(&|a| is_member(a, name, outcome));
                }
                // `errors.array().length`, `result.error.details`
                matches!(name, "length" | "details" | "errors")
                    && self.accepts_on(f, base, outcome, check, depth + 1)
            }
            Instr::Call { callee, .. } if at != check.at => {
                // `errors.isEmpty()`
                let Operand::Local(callee) = callee else {
                    return false;
                };
                match self.assignment(f, callee) {
                    Some((
                        _,
                        Instr::Load {
                            base,
                            key: Key::Field(name),
                            ..
                        },
                    )) => {
                        self.is_call(f, base, check.at)
                            && any(&|a| is_member(a, f.file.facts.str(name), outcome))
                    }
                    _ => false,
                }
            }
            Instr::Call { .. } => any(&|a| match a {
                Accept::True | Accept::NonNull => outcome,
                Accept::False => !outcome,
                Accept::Returns | Accept::Member { .. } => false,
            }),
            _ => false,
        }
    }

    /// Whether an operand is the result of a call of the same function.
    pub(super) fn is_call(&self, f: FuncRef<'a>, operand: Operand, call: usize) -> bool {
        let place = Place {
            f,
            operand,
            env: None,
        };
        matches!(self.define(&place), Some(Def::Made(g, at, _)) if g.id == f.id && at == call)
    }
}

/// By condition of a branch and its outcome: the checks that have accepted then.
pub(super) fn conditions(
    find: &Finder<'_>,
    checks: &BTreeMap<(FuncId, u32), Check>,
) -> FxHashMap<(FuncId, LocalId, bool), Vec<u32>> {
    let mut out: FxHashMap<_, Vec<u32>> = FxHashMap::default();
    for ((func, at), check) in checks {
        let asked: Vec<&Accept> = check
            .accept
            .iter()
            .filter(|a| **a != Accept::Returns)
            .collect();
        if asked.is_empty() {
            continue;
        }
        let f = find.origins.program.func(*func);
        let accepting = Accepting {
            at: *at as usize,
            accept: asked,
        };
        for block in &f.func.blocks {
            // `return Name.safeParse(x).success` is a condition of whoever asks.
            let (Term::Branch {
                cond: Operand::Local(cond),
                ..
            }
            | Term::Return(Some(Operand::Local(cond)))) = block.term
            else {
                continue;
            };
            for outcome in [true, false] {
                if find.accepts_on(f, Operand::Local(cond), outcome, &accepting, 0) {
                    out.entry((*func, cond, outcome)).or_default().push(*at);
                }
            }
        }
    }
    for list in out.values_mut() {
        list.sort_unstable();
    }
    out
}

fn is_member(accept: &Accept, name: &str, outcome: bool) -> bool {
    match accept {
        Accept::Member { port, truthy } => {
            matches!(port.steps.as_slice(), [PortStep::Member(member)] if member == name)
                && *truthy == outcome
        }
        _ => false,
    }
}
