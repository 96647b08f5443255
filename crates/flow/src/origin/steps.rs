//! What is still to be evaluated: single instructions, so that a function is not gone through as a whole when one place grows.

use crate::program::{Program, to_u32};
use crate::result::FuncId;
use casemate_ir::Function;
use std::collections::VecDeque;

/// A step: an instruction of a function, or what stands before or after all of them.
pub(super) type StepId = u32;

const WORD: usize = u64::BITS as usize;

/// The steps of a program by function, those that are to be taken, and the functions that wait.
///
/// A function's steps start at a multiple of 64: first what its declaration says, then its instructions, then its results.
pub(super) struct Steps {
    /// By function: its first word.
    first: Vec<u32>,
    /// By word: the function.
    owners: Vec<FuncId>,
    /// A bit a step.
    open: Vec<u64>,
    queue: VecDeque<FuncId>,
    queued: Vec<bool>,
}

impl Steps {
    /// All steps of all functions are to be taken.
    pub(super) fn all(program: &Program) -> Self {
        let mut steps = Self {
            first: Vec::with_capacity(program.function_count() + 1),
            owners: Vec::new(),
            open: Vec::new(),
            queue: VecDeque::with_capacity(program.function_count()),
            queued: Vec::with_capacity(program.function_count()),
        };
        steps.first.push(0);
        for id in program.function_ids() {
            steps.add(id, program.func(id).func);
        }
        steps
    }

    /// All steps of a function, the last so far, are to be taken.
    pub(super) fn add(&mut self, id: FuncId, func: &Function) {
        let count = func.instrs.len() + 2;
        for at in (0..count).step_by(WORD) {
            let rest = count - at;
            let bits = if rest < WORD {
                (1 << rest) - 1
            } else {
                u64::MAX
            };
            self.open.push(bits);
            self.owners.push(id);
        }
        self.first.push(to_u32(self.open.len()));
        self.queue.push_back(id);
        self.queued.push(true);
    }

    /// The function whose turn it is.
    pub(super) fn next(&mut self) -> Option<FuncId> {
        loop {
            let id = self.queue.pop_front()?;
            if let Some(queued) = self.queued.get_mut(id.0 as usize) {
                *queued = false;
            }
            if self.is_open(id) {
                return Some(id);
            }
        }
    }

    /// Whether a step of a function is to be taken.
    pub(super) fn is_open(&self, id: FuncId) -> bool {
        let (from, to) = self.words(id);
        self.open
            .get(from..to)
            .is_some_and(|words| words.iter().any(|w| *w != 0))
    }

    /// The first step of a function.
    pub(super) fn first(&self, id: FuncId) -> StepId {
        to_u32(self.words(id).0 * WORD)
    }

    /// The next step of a function that is to be taken, from one on; it counts as taken.
    pub(super) fn take(&mut self, id: FuncId, from: StepId) -> Option<StepId> {
        let (_, end) = self.words(id);
        let mut skip = from as usize % WORD;
        for word in from as usize / WORD..end {
            let open = self.open.get_mut(word)?;
            let rest = *open >> skip << skip;
            skip = 0;
            if rest != 0 {
                let bit = rest.trailing_zeros();
                *open &= !(1 << bit);
                return Some(to_u32(word * WORD) + bit);
            }
        }
        None
    }

    /// A step is to be taken again.
    pub(super) fn mark(&mut self, step: StepId) {
        let word = step as usize / WORD;
        let (Some(open), Some(&owner)) = (self.open.get_mut(word), self.owners.get(word)) else {
            return;
        };
        let bit = 1 << (step as usize % WORD);
        if *open & bit != 0 {
            return;
        }
        *open |= bit;
        if let Some(queued) = self.queued.get_mut(owner.0 as usize)
            && !*queued
        {
            *queued = true;
            self.queue.push_back(owner);
        }
    }

    fn words(&self, id: FuncId) -> (usize, usize) {
        let at = |index: usize| self.first.get(index).map_or(0, |w| *w as usize);
        (at(id.0 as usize), at(id.0 as usize + 1))
    }
}
