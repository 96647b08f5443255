//! Statements: dispatch, and those that are straight.

use super::{Lowerer, sp};
use casemate_ir::{Instr, Operand, Span, Term};
use ruff_python_ast::{Expr, Stmt, StmtAssert, StmtRaise, StmtReturn};

/// An assertion is kept up to this length.
const MAX_ASSERTION: usize = 200;

impl<'a> Lowerer<'a> {
    pub(super) fn statements(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.statement(stmt);
        }
    }

    pub(super) fn statement(&mut self, stmt: &'a Stmt) {
        let span = sp(stmt);
        if !self.enter(span) {
            self.opaque(&[], span);
            return;
        }
        self.statement_inner(stmt);
        self.leave();
    }

    fn statement_inner(&mut self, stmt: &'a Stmt) {
        let span = sp(stmt);
        if self.frame.builder.terminated() {
            // Functions after a `return` are still functions.
            let block = self.block();
            self.switch(block);
        }
        match stmt {
            Stmt::FunctionDef(f) => self.function_statement(f),
            Stmt::ClassDef(c) => self.class(c),
            Stmt::Return(r) => self.return_statement(r),
            Stmt::Delete(d) => {
                for target in &d.targets {
                    self.delete(target, span);
                }
            }
            Stmt::TypeAlias(t) => {
                if let Expr::Name(name) = &*t.name {
                    let annotated = match &*t.value {
                        Expr::Subscript(s) => self.annotated_type(s),
                        _ => None,
                    };
                    let value = annotated.unwrap_or_else(|| self.undefined());
                    self.write_name(&name.id, value, span);
                }
            }
            Stmt::Assign(a) => self.assign_statement(a),
            Stmt::AugAssign(a) => self.augmented_assignment(a),
            Stmt::AnnAssign(a) => self.annotated_assignment(a),
            Stmt::For(f) => self.for_statement(f),
            Stmt::While(w) => self.while_statement(w),
            Stmt::If(i) => self.if_statement(i),
            Stmt::With(w) => self.with_statement(w),
            Stmt::Match(m) => self.match_statement(m),
            Stmt::Raise(r) => self.raise_statement(r),
            Stmt::Try(t) => self.try_statement(t),
            Stmt::Assert(a) => self.assert_statement(a),
            Stmt::Import(i) => self.import_statement(i),
            Stmt::ImportFrom(i) => self.import_from(i),
            Stmt::Expr(e) => self.discard(&e.value),
            Stmt::Break(_) => self.break_statement(span),
            Stmt::Continue(_) => self.continue_statement(span),
            Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) => {}
            Stmt::IpyEscapeCommand(_) => {
                self.opaque(&[], span);
            }
        }
    }

    /// Lowers an expression whose value nobody uses.
    fn discard(&mut self, expr: &'a Expr) {
        let span = sp(expr);
        match expr {
            // Texts that stand alone are comments.
            Expr::StringLiteral(_) | Expr::EllipsisLiteral(_) => {}
            Expr::BoolOp(_) => {
                let end = self.block();
                self.condition(expr, end, end);
                self.goto_and_switch(end, span);
            }
            _ => {
                self.expr(expr);
            }
        }
    }

    fn return_statement(&mut self, r: &'a StmtReturn) {
        if self.returns_question(r) {
            return;
        }
        let value = r.value.as_ref().map(|value| self.expr(value));
        self.return_value(value, sp(r));
    }

    pub(super) fn return_value(&mut self, mut value: Option<Operand>, span: Span) {
        if let Some(slot) = self.frame.manager {
            value = Some(Operand::Local(slot));
        }
        if self.leaves_finally(0) {
            if let Some(Operand::Local(_)) = value {
                // The body of a `finally` must not change it any more.
                let to = self.temp();
                if let Some(from) = value {
                    self.copy(to, from, span);
                }
                value = Some(Operand::Local(to));
            }
            self.run_finalizers(0, span);
        }
        self.frame.builder.terminate(Term::Return(value), span);
    }

    fn raise_statement(&mut self, r: &'a StmtRaise) {
        let span = sp(r);
        let value = match &r.exc {
            Some(exc) => self.expr(exc),
            None => match self.frame.caught.last() {
                Some(&caught) => caught,
                None => self.undefined(),
            },
        };
        if let Some(cause) = &r.cause {
            self.expr(cause);
        }
        self.frame.builder.terminate(Term::Throw(value), span);
    }

    fn assert_statement(&mut self, a: &'a StmtAssert) {
        let span = sp(a);
        let (holds, fails) = (self.block(), self.block());
        self.condition(&a.test, holds, fails);
        self.switch(fails);
        let message = match &a.msg {
            Some(message) => self.expr(message),
            None => self.none(),
        };
        let class = self.read_free("AssertionError", span);
        // What was asserted, as a text: who turns assertions off turns it off.
        let at = sp(&*a.test);
        let test = self.text.get(at.start as usize..at.end as usize);
        let test = test
            .unwrap_or_default()
            .chars()
            .take(MAX_ASSERTION)
            .collect::<String>();
        let test = self.string(&test);
        let error = self.call_value(class, None, &[message, test], span);
        self.frame.builder.terminate(Term::Throw(error), span);
        self.switch(holds);
    }

    /// The handler's first instruction.
    pub(super) fn catch(&mut self, span: casemate_ir::Span) -> Operand {
        let to = self.temp();
        self.emit(Instr::Catch { to }, span);
        Operand::Local(to)
    }
}
