//! `if (!cache.has(key)) cache.set(key, make()); return cache.get(key)`: what a function keeps in a container and gives back out of it.
//!
//! The container is told by how the function writes it; what other functions keep there is not looked for.

use super::call::method_name;
use super::solve::{Frame, Solver};
use casemate_ir::{Instr, LocalId, Operand};

/// Members of members that name one container.
const DEPTH: u32 = 4;

impl<'p> Solver<'p, '_> {
    /// A call of `get` may give what a call of `set` on the same container was given.
    pub(super) fn kept_beside(&mut self, frame: Frame<'p>, at: u32, callee: Operand, to: LocalId) {
        let f = frame.f;
        if method_name(f, at, callee) != Some("get") {
            return;
        }
        let Some(container) = f.read_off(callee) else {
            return;
        };
        for (index, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let [_, kept] = *f.func.args(args) else {
                continue;
            };
            let sets = method_name(f, crate::program::to_u32(index), callee) == Some("set");
            if sets
                && f.read_off(callee)
                    .is_some_and(|of| same(frame, of, container, DEPTH))
            {
                let vals = self.operand(frame, kept.value);
                self.set(frame, to, &vals);
            }
        }
    }
}

/// Whether two operands are read off the same variable by the same members.
fn same(frame: Frame<'_>, a: Operand, b: Operand, depth: u32) -> bool {
    if a == b {
        return true;
    }
    let (Some(a), Some(b)) = (frame.f.made_by(a), frame.f.made_by(b)) else {
        return false;
    };
    match (a, b) {
        (Instr::LoadVar { var: a, .. }, Instr::LoadVar { var: b, .. }) => a == b,
        (
            Instr::Load { base, key, .. },
            Instr::Load {
                base: other,
                key: named,
                ..
            },
        ) => key == named && depth > 0 && same(frame, *base, *other, depth - 1),
        _ => false,
    }
}
