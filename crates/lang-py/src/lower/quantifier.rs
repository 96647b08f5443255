//! `any(… for …)` and `all(… for …)` as conditions: loops that are left at the first element that decides.

use super::Lowerer;
use casemate_ir::{BlockId, Const};
use ruff_python_ast::{BoolOp, Comprehension, Expr, StmtReturn, UnaryOp};

/// A question about all elements.
#[derive(Clone, Copy)]
pub(super) struct Quantifier<'a> {
    all: bool,
    element: &'a Expr,
    generators: &'a [Comprehension],
}

impl<'a> Lowerer<'a> {
    /// The question that a call asks of every element, when it does.
    pub(super) fn quantifier(&mut self, expr: &'a Expr) -> Option<Quantifier<'a>> {
        let Expr::Call(call) = expr else { return None };
        let (Expr::Name(name), [over]) = (&*call.func, &*call.arguments.args) else {
            return None;
        };
        let all = match name.id.as_str() {
            "all" => true,
            "any" => false,
            _ => return None,
        };
        if !call.arguments.keywords.is_empty() || !self.is_free(&name.id) {
            return None;
        }
        let (element, generators) = match over {
            Expr::Generator(g) => (&*g.elt, &*g.generators),
            Expr::ListComp(g) => (&*g.elt, &*g.generators),
            _ => return None,
        };
        let asynchronous = generators.iter().any(|g| g.is_async);
        (!asynchronous && !generators.is_empty()).then_some(Quantifier {
            all,
            element,
            generators,
        })
    }

    /// Lowers the question straight to branches.
    pub(super) fn quantified(&mut self, asked: Quantifier<'a>, yes: BlockId, no: BlockId) {
        let end = if asked.all { yes } else { no };
        let back = self.rounds(asked.generators, end);
        if asked.all {
            self.condition(asked.element, back, no);
        } else {
            self.condition(asked.element, yes, back);
        }
        self.leave_rounds(asked.generators);
    }

    /// `return not any(…)`: two ways out, each with what it knows.
    pub(super) fn returns_question(&mut self, statement: &'a StmtReturn) -> bool {
        let Some(value) = statement.value.as_deref() else {
            return false;
        };
        if !self.asks(value, 0) {
            return false;
        }
        let span = super::sp(statement);
        let (yes, no) = (self.block(), self.block());
        self.condition(value, yes, no);
        for (block, answer) in [(yes, true), (no, false)] {
            self.switch(block);
            let answer = self.constant(Const::Bool(answer));
            self.return_value(Some(answer), span);
        }
        true
    }

    /// Whether an expression is a truth value that a question about all elements decides.
    fn asks(&mut self, expr: &'a Expr, depth: u32) -> bool {
        match expr {
            Expr::UnaryOp(u) if u.op == UnaryOp::Not => self.asks(&u.operand, depth + 1),
            Expr::BoolOp(b) if depth < 4 => {
                let last = b.values.len().saturating_sub(1);
                let mut any = false;
                for (index, value) in b.values.iter().enumerate() {
                    let truth = match value {
                        Expr::Compare(_) | Expr::BooleanLiteral(_) => true,
                        Expr::UnaryOp(u) if u.op == UnaryOp::Not => {
                            any |= self.asks(&u.operand, depth + 1);
                            true
                        }
                        _ => {
                            let asks = self.asks(value, depth + 1);
                            any |= asks;
                            // What is falsy tells nothing but that.
                            asks || (b.op == BoolOp::And && index < last)
                        }
                    };
                    if !truth {
                        return false;
                    }
                }
                any
            }
            _ => self.quantifier(expr).is_some(),
        }
    }
}
