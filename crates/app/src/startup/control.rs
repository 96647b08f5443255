//! Where control may go.

use casemate_ir::{BlockId, Function, Term};
use rustc_hash::FxHashSet;
use smallvec::{SmallVec, smallvec};

/// Blocks that come after one.
pub(super) type Ways = SmallVec<[BlockId; 3]>;

/// Where control may go from a block.
pub(super) fn successors(func: &Function, block: BlockId) -> Ways {
    let Some(b) = func.blocks.get(block.index()) else {
        return Ways::new();
    };
    let mut out = match b.term {
        Term::Goto(to) => smallvec![to],
        Term::Branch { yes, no, .. } => smallvec![yes, no],
        Term::Return(_) | Term::Throw(_) | Term::Unreachable => Ways::new(),
    };
    out.extend(b.unwind);
    out
}

/// The blocks of the loop that a block is in the body of: reachable from it and leading back to it.
pub(super) fn body_of_loop(func: &Function, start: BlockId) -> FxHashSet<BlockId> {
    let reach = |from: BlockId| {
        let mut seen = FxHashSet::default();
        let mut stack = successors(func, from);
        while let Some(block) = stack.pop() {
            if seen.insert(block) {
                stack.extend(successors(func, block));
            }
        }
        seen
    };
    let ahead = reach(start);
    let mut body: FxHashSet<BlockId> = FxHashSet::default();
    if !ahead.contains(&start) {
        return body;
    }
    let mut behind = vec![Vec::new(); func.blocks.len()];
    for index in 0..func.blocks.len() {
        for to in successors(func, BlockId::from(index)) {
            if let Some(list) = behind.get_mut(to.index()) {
                list.push(BlockId::from(index));
            }
        }
    }
    let mut stack = vec![start];
    while let Some(block) = stack.pop() {
        if body.insert(block) {
            let before = behind.get(block.index()).into_iter().flatten();
            stack.extend(before.filter(|b| ahead.contains(b)));
        }
    }
    body
}
