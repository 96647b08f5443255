//! Statements that direct control: branches, loops, jumps, exceptions.

use super::{Lowerer, sp};
use crate::scope::Exit;
use casemate_ir::{BlockId, Instr, IterKind, OpKind, Operand, Span, Term};
use oxc_ast::ast::{
    BlockStatement, DoWhileStatement, Expression, ForInStatement, ForOfStatement, ForStatement,
    ForStatementInit, ForStatementLeft, IfStatement, LabeledStatement, Statement, SwitchStatement,
    TryStatement, WhileStatement,
};
use oxc_span::GetSpan;

/// Copies of `finally` bodies in one function; jumps beyond them skip the body, with a note.
const FINALLY_COPIES: u32 = 64;

impl<'a> Lowerer<'a> {
    pub(super) fn if_statement(&mut self, first: &'a IfStatement<'a>) {
        let end = self.block();
        // `else if` chains can be long.
        let mut at = first;
        loop {
            let span = sp(at.span);
            let yes = self.block();
            let no = if at.alternate.is_some() {
                self.block()
            } else {
                end
            };
            self.condition(&at.test, yes, no);
            self.switch(yes);
            self.body(&at.consequent);
            self.goto(end, span);
            match &at.alternate {
                Some(Statement::IfStatement(next)) => {
                    self.switch(no);
                    at = next;
                }
                Some(alternate) => {
                    self.switch(no);
                    self.body(alternate);
                    self.goto(end, span);
                    break;
                }
                None => break,
            }
        }
        self.switch(end);
    }

    fn push_loop(&mut self, brk: BlockId, cont: BlockId) {
        let labels = std::mem::take(&mut self.frame.labels);
        self.frame.exits.push(Exit::Target {
            labels,
            brk,
            cont: Some(cont),
            plain: true,
        });
    }

    pub(super) fn while_statement(&mut self, w: &'a WhileStatement<'a>) {
        let span = sp(w.span);
        let (head, body, end) = (self.block(), self.block(), self.block());
        self.goto_and_switch(head, span);
        self.condition(&w.test, body, end);
        self.switch(body);
        self.push_loop(end, head);
        self.body(&w.body);
        self.frame.exits.pop();
        self.goto(head, span);
        self.switch(end);
    }

    pub(super) fn do_while(&mut self, d: &'a DoWhileStatement<'a>) {
        let span = sp(d.span);
        let (body, test, end) = (self.block(), self.block(), self.block());
        self.goto_and_switch(body, span);
        self.push_loop(end, test);
        self.body(&d.body);
        self.frame.exits.pop();
        self.goto_and_switch(test, span);
        self.condition(&d.test, body, end);
        self.switch(end);
    }

    pub(super) fn for_statement(&mut self, f: &'a ForStatement<'a>) {
        let span = sp(f.span);
        match &f.init {
            Some(ForStatementInit::VariableDeclaration(v)) => self.variables(v),
            Some(other) => {
                if let Some(e) = other.as_expression() {
                    self.discard(e);
                }
            }
            None => {}
        }
        let (head, body, update, end) = (self.block(), self.block(), self.block(), self.block());
        self.goto_and_switch(head, span);
        match &f.test {
            Some(test) => self.condition(test, body, end),
            None => self.goto(body, span),
        }
        self.switch(body);
        self.push_loop(end, update);
        self.body(&f.body);
        self.frame.exits.pop();
        self.goto_and_switch(update, span);
        if let Some(update) = &f.update {
            self.discard(update);
        }
        self.goto(head, span);
        self.switch(end);
    }

    pub(super) fn for_in(&mut self, f: &'a ForInStatement<'a>) {
        self.iterate(
            &f.left,
            &f.right,
            &f.body,
            IterKind::Keys,
            false,
            sp(f.span),
        );
    }

    pub(super) fn for_of(&mut self, f: &'a ForOfStatement<'a>) {
        self.iterate(
            &f.left,
            &f.right,
            &f.body,
            IterKind::Elements,
            f.r#await,
            sp(f.span),
        );
    }

    fn iterate(
        &mut self,
        left: &'a ForStatementLeft<'a>,
        right: &'a Expression<'a>,
        body: &'a Statement<'a>,
        kind: IterKind,
        is_await: bool,
        span: Span,
    ) {
        let of = self.expr(right);
        let of_span = sp(right.span());
        let (head, next, end) = (self.block(), self.block(), self.block());
        self.goto_and_switch(head, span);
        let more = self.undecided(span);
        self.branch(more, next, end, span);
        self.switch(next);
        let item = self.temp();
        self.emit(Instr::IterNext { to: item, of, kind }, of_span);
        let mut item = Operand::Local(item);
        if is_await {
            let to = self.temp();
            self.emit(Instr::Await { to, from: item }, of_span);
            item = Operand::Local(to);
        }
        let left_span = sp(left.span());
        match left {
            ForStatementLeft::VariableDeclaration(v) => {
                if let Some(declarator) = v.declarations.first() {
                    self.bind(&declarator.id, item, left_span);
                }
            }
            other => {
                if let Some(target) = other.as_assignment_target() {
                    self.assign_target(target, item, left_span);
                }
            }
        }
        self.push_loop(end, head);
        self.body(body);
        self.frame.exits.pop();
        self.goto(head, span);
        self.switch(end);
    }

    pub(super) fn switch_statement(&mut self, s: &'a SwitchStatement<'a>) {
        let span = sp(s.span);
        let value = self.expr(&s.discriminant);
        let end = self.block();
        let labels = std::mem::take(&mut self.frame.labels);
        // Functions of all cases share one scope.
        let bodies: Vec<BlockId> = s.cases.iter().map(|_| self.block()).collect();
        let mut default = end;
        for (case, &body) in s.cases.iter().zip(&bodies) {
            let Some(test) = &case.test else {
                default = body;
                continue;
            };
            let case_span = sp(test.span());
            let test = self.expr(test);
            let cond = self.op(OpKind::StrictEq, &[value, test], case_span);
            let next = self.block();
            self.branch(cond, body, next, case_span);
            self.switch(next);
        }
        self.goto(default, span);
        self.frame.exits.push(Exit::Target {
            labels,
            brk: end,
            cont: None,
            plain: true,
        });
        for (i, (case, &body)) in s.cases.iter().zip(&bodies).enumerate() {
            self.switch(body);
            self.statements(&case.consequent);
            let next = bodies.get(i + 1).copied().unwrap_or(end);
            self.goto(next, sp(case.span));
        }
        self.frame.exits.pop();
        self.switch(end);
    }

    pub(super) fn labelled(&mut self, l: &'a LabeledStatement<'a>) {
        self.frame.labels.push(l.label.name.as_str());
        let takes_labels = matches!(
            l.body,
            Statement::LabeledStatement(_)
                | Statement::WhileStatement(_)
                | Statement::DoWhileStatement(_)
                | Statement::ForStatement(_)
                | Statement::ForInStatement(_)
                | Statement::ForOfStatement(_)
                | Statement::SwitchStatement(_)
                | Statement::BlockStatement(_)
        );
        if takes_labels {
            self.body(&l.body);
            self.frame.labels.clear();
            return;
        }
        let span = sp(l.span);
        let end = self.block();
        let labels = std::mem::take(&mut self.frame.labels);
        self.frame.exits.push(Exit::Target {
            labels,
            brk: end,
            cont: None,
            plain: false,
        });
        self.body(&l.body);
        self.frame.exits.pop();
        self.goto_and_switch(end, span);
    }

    pub(super) fn labelled_block(&mut self, block: &'a BlockStatement<'a>, span: Span) {
        if self.frame.labels.is_empty() {
            self.block_statement(block);
            return;
        }
        let end = self.block();
        let labels = std::mem::take(&mut self.frame.labels);
        self.frame.exits.push(Exit::Target {
            labels,
            brk: end,
            cont: None,
            plain: false,
        });
        self.block_statement(block);
        self.frame.exits.pop();
        self.goto_and_switch(end, span);
    }

    pub(super) fn break_statement(&mut self, label: Option<&str>, span: Span) {
        let found = self
            .frame
            .exits
            .iter()
            .enumerate()
            .rev()
            .find_map(|(i, exit)| match exit {
                Exit::Target {
                    labels, brk, plain, ..
                } => match label {
                    Some(label) => labels.contains(&label).then_some((i, *brk)),
                    None => plain.then_some((i, *brk)),
                },
                Exit::Finally { .. } => None,
            });
        self.jump(found, span);
    }

    pub(super) fn continue_statement(&mut self, label: Option<&str>, span: Span) {
        let found = self
            .frame
            .exits
            .iter()
            .enumerate()
            .rev()
            .find_map(|(i, exit)| match exit {
                Exit::Target {
                    labels,
                    cont: Some(cont),
                    ..
                } => label
                    .is_none_or(|l| labels.contains(&l))
                    .then_some((i, *cont)),
                _ => None,
            });
        self.jump(found, span);
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
    fn may_copy(&mut self, span: Span) -> bool {
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

    fn finalizer(&mut self, body: &'a BlockStatement<'a>) {
        self.copying += 1;
        self.block_statement(body);
        self.copying -= 1;
    }

    pub(super) fn try_statement(&mut self, t: &'a TryStatement<'a>) {
        let span = sp(t.span);
        self.frame.labels.clear();
        let outside = self.frame.builder.set_unwind(None);
        self.frame.builder.set_unwind(outside);
        let after = self.block();
        let rethrow = t.finalizer.as_ref().map(|_| self.block());
        if let Some(body) = &t.finalizer {
            self.frame.exits.push(Exit::Finally {
                body,
                unwind: outside,
            });
        }
        self.frame.builder.set_unwind(rethrow.or(outside));
        let handler = t.handler.as_ref().map(|h| (h, self.block()));
        self.frame
            .builder
            .set_unwind(handler.as_ref().map(|h| h.1).or(rethrow).or(outside));
        let body = self.block();
        self.goto_and_switch(body, span);
        self.block_statement(&t.block);
        self.goto(after, span);
        if let Some((clause, block)) = handler {
            self.frame.builder.set_unwind(rethrow.or(outside));
            self.switch(block);
            let clause_span = sp(clause.span);
            let error = self.temp();
            self.emit(Instr::Catch { to: error }, clause_span);
            if let Some(param) = &clause.param {
                self.bind(&param.pattern, Operand::Local(error), sp(param.span));
            }
            self.block_statement(&clause.body);
            self.goto(after, span);
        }
        self.frame.builder.set_unwind(outside);
        let Some(finalizer) = &t.finalizer else {
            self.switch(after);
            return;
        };
        self.frame.exits.pop();
        if let Some(rethrow) = rethrow {
            self.switch(rethrow);
            let finalizer_span = sp(finalizer.span);
            let error = self.temp();
            self.emit(Instr::Catch { to: error }, finalizer_span);
            if self.may_copy(finalizer_span) {
                self.finalizer(finalizer);
            }
            self.frame
                .builder
                .terminate(Term::Throw(Operand::Local(error)), finalizer_span);
        }
        self.switch(after);
        self.finalizer(finalizer);
    }
}
