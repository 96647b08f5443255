//! Functions that are declared inside another one and called by those beside them: `function start() { const ok = …; app.get(…, () => ok(…)) }`.
//!
//! What a captured variable holds is for whoever made the closure to say. One that is written once, with a function, holds that
//! function whoever asks.

use super::interp::Interp;
use super::place::PortBase;
use super::value::Value;
use crate::origin::Solver;
use crate::result::FuncId;
use casemate_ir::{Instr, LocalId, Operand, VarRef};
use rustc_hash::{FxHashMap, FxHashSet};

/// Captured variables that hold one function and no other.
#[derive(Debug, Default)]
pub(super) struct Enclosed {
    held: FxHashMap<(FuncId, LocalId), FuncId>,
    /// Variables that functions inside give another value.
    rewritten: FxHashSet<(FuncId, LocalId)>,
}

impl Enclosed {
    /// Those of a program.
    pub(super) fn of(origins: &Solver<'_, '_>) -> Self {
        let program = origins.program;
        let mut held = FxHashMap::default();
        let mut rewritten: FxHashSet<(FuncId, LocalId)> = FxHashSet::default();
        for id in program.function_ids() {
            let f = program.func(id);
            let mut made: FxHashMap<LocalId, FuncId> = FxHashMap::default();
            for instr in &f.func.instrs {
                match *instr {
                    Instr::Closure { to, func, .. } => {
                        made.insert(to, f.sibling(func));
                    }
                    Instr::Copy {
                        to,
                        from: Operand::Local(from),
                    } if f.func.locals.get(to.index()).is_some_and(|l| l.captured) => {
                        if let Some(func) = made.get(&from)
                            && f.writers(to).count() == 1
                        {
                            held.insert((id, to), *func);
                        }
                    }
                    Instr::StoreVar {
                        var: VarRef::Captured(capture),
                        ..
                    } => rewritten.extend(origins.capture_owner(f, capture)),
                    _ => {}
                }
            }
        }
        held.retain(|place, _| !rewritten.contains(place));
        Self { held, rewritten }
    }
}

impl Interp<'_> {
    /// Whether only the function that declares a variable gives it a value.
    pub(super) fn is_written_here(&self, local: LocalId) -> bool {
        let id = self.origins.program.original(self.f.id);
        !self.enclosed.rewritten.contains(&(id, local))
    }

    /// The function that a callee is for certain, though a variable of an outer function holds it.
    pub(super) fn enclosed(&self, callee: Operand, value: &Value) -> Option<FuncId> {
        let captured = |base: PortBase| matches!(base, PortBase::Capture(_));
        if !value.identities().any(|port| captured(port.base())) {
            return None;
        }
        let Some(Instr::LoadVar {
            var: VarRef::Captured(capture),
            ..
        }) = self.f.made_by(callee)
        else {
            return None;
        };
        let place = self.origins.capture_owner(self.f, *capture)?;
        self.enclosed.held.get(&place).copied()
    }
}
