//! Statements that direct control: branches, loops, `with`, exceptions.

use super::{Lowerer, sp};
use crate::frame::Exit;
use casemate_ir::{BlockId, Instr, IterKind, OpKind, Operand, Span, Term};
use ruff_python_ast::{
    ExceptHandler, ExceptHandlerExceptHandler, StmtFor, StmtIf, StmtTry, StmtWhile, StmtWith,
};

impl<'a> Lowerer<'a> {
    pub(super) fn if_statement(&mut self, i: &'a StmtIf) {
        let span = sp(i);
        let end = self.block();
        let mut no = if i.elif_else_clauses.is_empty() {
            end
        } else {
            self.block()
        };
        let yes = self.block();
        self.condition(&i.test, yes, no);
        self.switch(yes);
        self.statements(&i.body);
        self.goto(end, span);
        let mut clauses = i.elif_else_clauses.iter().peekable();
        while let Some(clause) = clauses.next() {
            self.switch(no);
            let clause_span = sp(clause);
            if let Some(test) = &clause.test {
                no = if clauses.peek().is_some() {
                    self.block()
                } else {
                    end
                };
                let yes = self.block();
                self.condition(test, yes, no);
                self.switch(yes);
            }
            self.statements(&clause.body);
            self.goto(end, clause_span);
        }
        self.switch(end);
    }

    pub(super) fn while_statement(&mut self, w: &'a StmtWhile) {
        let span = sp(w);
        let (head, body, otherwise, end) = (self.block(), self.block(), self.block(), self.block());
        self.goto_and_switch(head, span);
        self.condition(&w.test, body, otherwise);
        self.switch(body);
        self.frame.exits.push(Exit::Loop {
            brk: end,
            cont: head,
        });
        self.statements(&w.body);
        self.frame.exits.pop();
        self.goto(head, span);
        self.switch(otherwise);
        self.statements(&w.orelse);
        self.goto_and_switch(end, span);
    }

    pub(super) fn for_statement(&mut self, f: &'a StmtFor) {
        let span = sp(f);
        let of = self.expr(&f.iter);
        let of_span = sp(&*f.iter);
        let (head, next, otherwise, end) = (self.block(), self.block(), self.block(), self.block());
        self.goto_and_switch(head, span);
        let more = self.undecided(span);
        self.branch(more, next, otherwise, span);
        self.switch(next);
        let item = self.temp();
        let kind = IterKind::Elements;
        self.emit(Instr::IterNext { to: item, of, kind }, of_span);
        let mut item = Operand::Local(item);
        if f.is_async {
            let to = self.temp();
            self.emit(Instr::Await { to, from: item }, of_span);
            item = Operand::Local(to);
        }
        self.assign(&f.target, item, sp(&*f.target));
        self.frame.exits.push(Exit::Loop {
            brk: end,
            cont: head,
        });
        self.statements(&f.body);
        self.frame.exits.pop();
        self.goto(head, span);
        self.switch(otherwise);
        self.statements(&f.orelse);
        self.goto_and_switch(end, span);
    }

    pub(super) fn with_statement(&mut self, w: &'a StmtWith) {
        for item in &w.items {
            let span = sp(item);
            let context = self.expr(&item.context_expr);
            let name = if w.is_async {
                "__aenter__"
            } else {
                "__enter__"
            };
            let mut entered = self.call_method(context, name, span);
            if w.is_async {
                let to = self.temp();
                self.emit(Instr::Await { to, from: entered }, span);
                entered = Operand::Local(to);
            }
            if let Some(target) = &item.optional_vars {
                self.assign(target, entered, span);
            }
        }
        self.statements(&w.body);
    }

    pub(super) fn try_statement(&mut self, t: &'a StmtTry) {
        let span = sp(t);
        let outside = self.frame.builder.set_unwind(None);
        self.frame.builder.set_unwind(outside);
        let after = self.block();
        let finally = (!t.finalbody.is_empty()).then_some(&*t.finalbody);
        let rethrow = finally.map(|_| self.block());
        if let Some(body) = finally {
            self.frame.exits.push(Exit::Finally {
                body,
                unwind: outside,
            });
        }
        self.frame.builder.set_unwind(rethrow.or(outside));
        let handler = (!t.handlers.is_empty()).then(|| self.block());
        self.frame
            .builder
            .set_unwind(handler.or(rethrow).or(outside));
        let body = self.block();
        self.goto_and_switch(body, span);
        self.statements(&t.body);
        // What follows without an exception is not guarded by the handlers.
        self.frame.builder.set_unwind(rethrow.or(outside));
        let otherwise = self.block();
        self.goto_and_switch(otherwise, span);
        self.statements(&t.orelse);
        self.goto(after, span);
        if let Some(block) = handler {
            self.switch(block);
            self.handlers(&t.handlers, after, rethrow.or(outside), span);
        }
        self.frame.builder.set_unwind(outside);
        let Some(finally) = finally else {
            self.switch(after);
            return;
        };
        self.frame.exits.pop();
        if let Some(rethrow) = rethrow {
            self.switch(rethrow);
            let error = self.catch(span);
            if self.may_copy(span) {
                self.finalizer(finally);
            }
            self.frame.builder.terminate(Term::Throw(error), span);
        }
        self.switch(after);
        self.finalizer(finally);
    }

    fn handlers(
        &mut self,
        handlers: &'a [ExceptHandler],
        after: BlockId,
        unwind: Option<BlockId>,
        span: Span,
    ) {
        let error = self.catch(span);
        let mut open = true;
        for handler in handlers {
            let ExceptHandler::ExceptHandler(clause) = handler;
            let clause_span = sp(clause);
            let body = self.block();
            let next = self.block();
            match &clause.type_ {
                Some(class) => {
                    let class = self.expr(class);
                    let cond = self.op(OpKind::InstanceOf, &[error, class], clause_span);
                    self.branch(cond, body, next, clause_span);
                }
                None => {
                    self.goto(body, clause_span);
                    open = false;
                }
            }
            self.switch(body);
            self.handler(clause, error);
            self.goto(after, clause_span);
            self.switch(next);
            if !open {
                break;
            }
        }
        let _ = unwind;
        self.frame.builder.terminate(
            if open {
                Term::Throw(error)
            } else {
                Term::Unreachable
            },
            span,
        );
    }

    fn handler(&mut self, clause: &'a ExceptHandlerExceptHandler, error: Operand) {
        if let Some(name) = &clause.name {
            self.write_name(&name.id, error, sp(name));
        }
        self.frame.caught.push(error);
        self.statements(&clause.body);
        self.frame.caught.pop();
    }
}
