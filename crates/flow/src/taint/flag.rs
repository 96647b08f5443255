//! Flags: a local that says which way an earlier branch went.
//!
//! ```text
//! allowed = True
//! if parsed.netloc:
//!     allowed = False
//! if allowed:          # so `parsed.netloc` was falsy
//! ```

use super::interp::Interp;
use super::value::Konst;
use casemate_ir::{BlockId, Instr, LocalId, LocalKind, OpKind, Operand, Term};

/// Assignments of one flag, and branches to one of them.
const MOST: usize = 4;

/// Blocks of a function in which flags are followed.
const BLOCKS: usize = 400;

impl Interp<'_> {
    /// The flag has this value: the branches that would have given it the other were not taken.
    pub(super) fn flag(&mut self, cond: Operand, outcome: bool, depth: u32) {
        for (cond, way) in self.not_taken(cond, outcome).unwrap_or_default() {
            self.assume(cond, !way, depth + 1);
        }
    }

    /// Branches, with the way that leads to the other value of a flag.
    fn not_taken(&self, cond: Operand, outcome: bool) -> Option<Vec<(Operand, bool)>> {
        let Operand::Local(flag) = cond else {
            return None;
        };
        let func = self.f.func;
        let local = func.locals.get(flag.index())?;
        if local.kind != LocalKind::Named || local.captured || func.blocks.len() > BLOCKS {
            return None;
        }
        let (mut same, mut other) = (Vec::new(), Vec::new());
        for at in self.definitions(flag) {
            let Some(&Instr::Copy { from, .. }) = func.instrs.get(at) else {
                return None;
            };
            match self.operand(from).single() {
                Some(Konst::Bool(value)) if *value == outcome => same.push(at),
                Some(Konst::Bool(_)) => other.push(at),
                _ => return None,
            }
            if same.len() + other.len() > MOST {
                return None;
            }
        }
        let (&[one], &[another]) = (same.as_slice(), other.as_slice()) else {
            return None;
        };
        let (begin, set) = (one.min(another), one.max(another));
        let (begin_block, set_block) = (self.block_of(begin)?, self.block_of(set)?);
        let asked = self.asks(flag);
        let to_set = self.before(set_block);
        // Once, in this order: the flag is made, the branches, it is set, it is asked about.
        let ordered = !self.in_cycle(set_block) && to_set.len() <= MOST && !asked.is_empty();
        let kept = asked.iter().all(|block| {
            let until = func.blocks.get(block.index()).map(|b| b.instrs.range().end);
            until.is_some_and(|until| self.kept_between(begin, until, flag))
        });
        if !ordered || !kept {
            return None;
        }
        if one == set {
            // It has the value that it was set to: the branch was taken.
            let &[(_, cond, way)] = to_set.as_slice() else {
                return None;
            };
            return Some(vec![(cond, !way)]);
        }
        let first = to_set.iter().map(|p| p.0).min()?;
        let always = asked
            .iter()
            .all(|block| begin_block == first || !self.reaches(begin_block, *block, first));
        always.then(|| {
            to_set
                .into_iter()
                .map(|(_, cond, way)| (cond, way))
                .collect()
        })
    }

    fn block_of(&self, at: usize) -> Option<BlockId> {
        let blocks = self.f.func.blocks.iter();
        let index = blocks
            .map(|b| b.instrs.range())
            .position(|r| r.contains(&at))?;
        u32::try_from(index).ok().map(BlockId)
    }

    /// The branches that lead to a block; nothing where something else does.
    fn before(&self, block: BlockId) -> Vec<(BlockId, Operand, bool)> {
        let mut out = Vec::new();
        for (index, from) in self.blocks() {
            match from {
                Term::Goto(to) if to == block => return Vec::new(),
                Term::Branch { cond, yes, no } if (yes == block) != (no == block) => {
                    out.push((index, cond, yes == block));
                }
                Term::Branch { yes, no, .. } if yes == block && no == block => return Vec::new(),
                _ => {}
            }
        }
        out
    }

    /// The blocks that branch on the flag or its negation.
    fn asks(&self, flag: LocalId) -> Vec<BlockId> {
        let is_flag = |cond: Operand| {
            cond == Operand::Local(flag)
                || matches!(self.definition(cond), Some((_, Instr::Op { op: OpKind::Not, operands, .. }))
                    if self.f.func.operands(operands).first() == Some(&Operand::Local(flag)))
        };
        self.blocks()
            .filter_map(|(index, term)| match term {
                Term::Branch { cond, .. } if is_flag(cond) => Some(index),
                _ => None,
            })
            .collect()
    }

    fn blocks(&self) -> impl Iterator<Item = (BlockId, Term)> + '_ {
        let terms = self.f.func.blocks.iter().map(|b| b.term);
        (0u32..).map(BlockId).zip(terms)
    }

    /// Whether a way leads from one block to another without a third.
    fn reaches(&self, from: BlockId, to: BlockId, without: BlockId) -> bool {
        let mut seen = vec![false; self.f.func.blocks.len()];
        let mut next = vec![from];
        while let Some(block) = next.pop() {
            if block == without || seen.get(block.index()).copied().unwrap_or(true) {
                continue;
            }
            if block == to {
                return true;
            }
            if let Some(seen) = seen.get_mut(block.index()) {
                *seen = true;
            }
            next.extend(self.successors(block));
        }
        false
    }

    fn in_cycle(&self, block: BlockId) -> bool {
        let nowhere = BlockId(u32::MAX);
        let after = self.successors(block);
        after
            .into_iter()
            .any(|next| self.reaches(next, block, nowhere))
    }

    fn successors(&self, block: BlockId) -> Vec<BlockId> {
        let Some(block) = self.f.func.blocks.get(block.index()) else {
            return Vec::new();
        };
        let mut out: Vec<BlockId> = block.unwind.into_iter().collect();
        match block.term {
            Term::Goto(to) => out.push(to),
            Term::Branch { yes, no, .. } => out.extend([yes, no]),
            Term::Return(_) | Term::Throw(_) | Term::Unreachable => {}
        }
        out
    }

    /// No other local of the code that had a value before gets a new one in between: what was tested is still what it was.
    fn kept_between(&self, from: usize, until: usize, flag: LocalId) -> bool {
        let func = self.f.func;
        let written = func.instrs.get(from..until).unwrap_or(&[]);
        written.iter().filter_map(Instr::target).all(|local| {
            local == flag
                || func
                    .locals
                    .get(local.index())
                    .is_some_and(|l| l.kind == LocalKind::Temp)
                || !self.definitions(local).any(|at| at < from) && self.f.param_of(local).is_none()
        })
    }
}
