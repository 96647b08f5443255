//! `break`, `continue`, and the `finally` bodies that jumps run on their way.

use super::Lowerer;
use crate::frame::Exit;
use casemate_ir::{BlockId, Span};
use ruff_python_ast::Stmt;

/// Copies of `finally` bodies in one function; jumps beyond them skip the body, with a note.
const FINALLY_COPIES: u32 = 64;

impl<'a> Lowerer<'a> {
    pub(super) fn break_statement(&mut self, span: Span) {
        let found = self.innermost_loop().map(|(i, brk, _)| (i, brk));
        self.jump(found, span);
    }

    pub(super) fn continue_statement(&mut self, span: Span) {
        let found = self.innermost_loop().map(|(i, _, cont)| (i, cont));
        self.jump(found, span);
    }

    fn innermost_loop(&self) -> Option<(usize, BlockId, BlockId)> {
        let exits = self.frame.exits.iter().enumerate().rev();
        exits
            .filter_map(|(i, exit)| match exit {
                Exit::Loop { brk, cont } => Some((i, *brk, *cont)),
                Exit::Finally { .. } => None,
            })
            .next()
    }

    fn jump(&mut self, found: Option<(usize, BlockId)>, span: Span) {
        match found {
            Some((index, block)) => {
                self.run_finalizers(index, span);
                self.goto(block, span);
            }
            None => {
                self.opaque(&[], span);
            }
        }
    }

    /// Whether leaving everything above `index` runs a `finally` body.
    pub(super) fn leaves_finally(&self, index: usize) -> bool {
        self.frame
            .exits
            .iter()
            .skip(index)
            .any(|e| matches!(e, Exit::Finally { .. }))
    }

    /// Runs the `finally` bodies that a jump out of everything above `index` leaves.
    pub(super) fn run_finalizers(&mut self, index: usize, span: Span) {
        let mut i = self.frame.exits.len();
        while i > index {
            i -= 1;
            let Some(&Exit::Finally { body, unwind }) = self.frame.exits.get(i) else {
                continue;
            };
            if !self.may_copy(span) {
                return;
            }
            let hidden = self.frame.exits.split_off(i);
            let before = self.frame.builder.set_unwind(unwind);
            let block = self.block();
            self.goto_and_switch(block, span);
            self.finalizer(body);
            self.frame.builder.set_unwind(before);
            self.frame.exits.extend(hidden);
            if self.frame.builder.terminated() {
                return;
            }
        }
    }

    /// Counts one more copy of a `finally` body; copies within copies would multiply without a bound.
    pub(super) fn may_copy(&mut self, span: Span) -> bool {
        self.frame.copies += 1;
        if self.frame.copies > FINALLY_COPIES {
            if self.frame.copies == FINALLY_COPIES + 1 {
                self.note(
                    "a `finally` body is not followed from every jump that leaves it",
                    span,
                );
            }
            self.opaque(&[], span);
            return false;
        }
        true
    }

    pub(super) fn finalizer(&mut self, body: &'a [Stmt]) {
        self.copying += 1;
        self.statements(body);
        self.copying -= 1;
    }
}
