//! Deny lists that are walked by a callback: `['..', '/'].some(bad => text.includes(bad))`.

use super::interp::Interp;
use super::port::CallSite;
use super::summary::Outcome;
use crate::program::FuncRef;
use crate::result::FuncId;
use casemate_ir::{Capture, CaptureId, Instr, Key, LocalId, Operand, Term, VarRef};
use casemate_model::kind::KindSet;

/// Calls between a variable and the text that is searched: `text.trim().toLowerCase()`.
const STEPS: usize = 4;

impl Interp<'_> {
    /// None of the listed texts is in the variable that the callback searches.
    pub(super) fn none_found(&mut self, name: Option<&str>, site: &CallSite, outcome: Outcome) {
        if outcome != Outcome::False || name != Some("some") {
            return;
        }
        let (Some(list), Some(callback)) = (site.this_operand, site.args.first()) else {
            return;
        };
        let callees = self.callees(callback.operand, &callback.value);
        let [super::call::Callee::Closure(_, func)] = callees.as_slice() else {
            return;
        };
        let Some(searched) = self.searched(*func) else {
            return;
        };
        let Some(texts) = super::lists::strings(self.origins, self.f, list, 0) else {
            return;
        };
        let normalized = self
            .get(searched)
            .taints()
            .iter()
            .any(|t| t.clean.has(self.k.relative));
        let kinds = texts.iter().fold(KindSet::EMPTY, |all, text| {
            all.union(self.k.cleared_by_absence(text, normalized))
        });
        if !kinds.is_empty() {
            self.clean(Operand::Local(searched), &[], kinds);
        }
    }

    /// The variable of this function in which a callback searches its first parameter, where that is all it does.
    fn searched(&self, func: FuncId) -> Option<LocalId> {
        let f = self.origins.program.func(func);
        let needle = f.func.params.first()?.local;
        let [block] = f.func.blocks.as_slice() else {
            return None;
        };
        let Term::Return(Some(result)) = block.term else {
            return None;
        };
        let (mut text, args) = method(f, result, &["includes"])?;
        if args.first() != Some(&Operand::Local(needle)) {
            return None;
        }
        for _ in 0..STEPS {
            if let Some(capture) = captured(f, text) {
                return match f.func.captures.get(capture.0 as usize)? {
                    Capture::Local(local) => Some(*local),
                    Capture::Outer(_) => None,
                };
            }
            text = method(f, text, &["toLowerCase", "toString", "trim", "normalize"])?.0;
        }
        None
    }
}

/// The receiver and the arguments of a call of one of these methods.
pub(super) fn method(
    f: FuncRef<'_>,
    result: Operand,
    names: &[&str],
) -> Option<(Operand, Vec<Operand>)> {
    let Instr::Call {
        callee,
        this: Some(this),
        args,
        ..
    } = made_by(f, result)?
    else {
        return None;
    };
    let Instr::Load {
        key: Key::Field(name),
        ..
    } = made_by(f, callee)?
    else {
        return None;
    };
    names
        .contains(&f.file.facts.str(name))
        .then(|| (this, f.func.args(args).iter().map(|a| a.value).collect()))
}

pub(super) fn captured(f: FuncRef<'_>, operand: Operand) -> Option<CaptureId> {
    match made_by(f, operand)? {
        Instr::LoadVar {
            var: VarRef::Captured(capture),
            ..
        } => Some(capture),
        _ => None,
    }
}

pub(super) fn made_by(f: FuncRef<'_>, operand: Operand) -> Option<Instr> {
    let Operand::Local(local) = operand else {
        return None;
    };
    let mut instrs = f.func.instrs.iter();
    instrs.find(|i| i.target() == Some(local)).copied()
}
