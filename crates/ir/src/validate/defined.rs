//! Temporaries are assigned before they are read, on every path.

use super::Checker;
use crate::function::{Function, LocalKind};
use crate::ids::{BlockId, LocalId};
use crate::instr::Operand;

/// Assigned temporaries, one bit each.
type Bits = Vec<u64>;

impl Checker<'_> {
    pub(super) fn defined(&mut self, function: &Function) {
        let entries = entry_states(function);
        for (i, block) in function.blocks.iter().enumerate() {
            let Some(Some(state)) = entries.get(i) else {
                continue;
            };
            let mut state = state.clone();
            for (at, instr) in function.block_instrs(block) {
                function.each_read(instr, |operand| self.read(&state, operand, function, at));
                if let Some(to) = instr.target() {
                    set(&mut state, to);
                }
            }
            if let Some(operand) = block.term.operand() {
                self.read(&state, operand, function, block.instrs.end as usize);
            }
        }
    }

    fn read(&mut self, state: &Bits, operand: Operand, function: &Function, at: usize) {
        let Operand::Local(id) = operand else { return };
        let temporary = function
            .locals
            .get(id.index())
            .is_some_and(|it| it.kind == LocalKind::Temp);
        self.require(!temporary || get(state, id), "temp-defined", || {
            format!(
                "%{} is read by instruction {at} and not assigned on every path",
                id.0
            )
        });
    }
}

/// What is assigned where each block starts; absent for blocks that nothing leads to.
///
/// A handler is entered from anywhere in the block it guards, so it may rely only on what that block started with.
fn entry_states(function: &Function) -> Vec<Option<Bits>> {
    let mut start: Bits = vec![0; function.locals.len().div_ceil(64)];
    function
        .params
        .iter()
        .for_each(|param| set(&mut start, param.local));
    let mut states: Vec<Option<Bits>> = vec![None; function.blocks.len()];
    let mut work = Vec::new();
    flow(&mut states, BlockId(0), &start, &mut work);
    while let Some(id) = work.pop() {
        let (Some(block), Some(Some(entry))) =
            (function.blocks.get(id.index()), states.get(id.index()))
        else {
            continue;
        };
        let (entry, mut exit) = (entry.clone(), entry.clone());
        for (_, instr) in function.block_instrs(block) {
            if let Some(to) = instr.target() {
                set(&mut exit, to);
            }
        }
        for next in block.term.successors() {
            flow(&mut states, next, &exit, &mut work);
        }
        if let Some(handler) = block.unwind {
            flow(&mut states, handler, &entry, &mut work);
        }
    }
    states
}

/// Meets `state` into the entry of a block; a change puts the block to work again. States only shrink, so this ends.
fn flow(states: &mut [Option<Bits>], to: BlockId, state: &Bits, work: &mut Vec<BlockId>) {
    let Some(slot) = states.get_mut(to.index()) else {
        return;
    };
    match slot {
        None => *slot = Some(state.clone()),
        Some(known) => {
            let mut changed = false;
            for (known, new) in known.iter_mut().zip(state) {
                changed |= *known & new != *known;
                *known &= new;
            }
            if !changed {
                return;
            }
        }
    }
    work.push(to);
}

fn set(bits: &mut Bits, id: LocalId) {
    if let Some(word) = bits.get_mut(id.index() / 64) {
        *word |= 1 << (id.index() % 64);
    }
}

fn get(bits: &Bits, id: LocalId) -> bool {
    bits.get(id.index() / 64)
        .is_some_and(|word| word >> (id.index() % 64) & 1 == 1)
}
