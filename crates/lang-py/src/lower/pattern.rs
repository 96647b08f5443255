//! `match`.

use super::{Lowerer, sp};
use casemate_ir::{BlockId, Const, Key, OpKind, Operand};
use ruff_python_ast::{Expr, Pattern, Singleton, StmtMatch};

impl<'a> Lowerer<'a> {
    pub(super) fn match_statement(&mut self, m: &'a StmtMatch) {
        let span = sp(m);
        let subject = self.expr(&m.subject);
        let end = self.block();
        for case in &m.cases {
            let case_span = sp(case);
            let next = self.block();
            self.pattern(&case.pattern, subject, next);
            if let Some(guard) = &case.guard {
                let body = self.block();
                self.condition(guard, body, next);
                self.switch(body);
            }
            self.statements(&case.body);
            self.goto(end, case_span);
            self.switch(next);
        }
        self.goto_and_switch(end, span);
    }

    /// Tests a value against a pattern: goes on here where it fits, with its names bound, else in `no`.
    fn pattern(&mut self, pattern: &'a Pattern, value: Operand, no: BlockId) {
        let span = sp(pattern);
        if !self.enter(span) {
            self.opaque(&[value], span);
            return;
        }
        match pattern {
            Pattern::MatchValue(p) => {
                let wanted = self.expr(&p.value);
                self.wanted(OpKind::Eq, value, wanted, no, span);
            }
            Pattern::MatchSingleton(p) => {
                let wanted = match p.value {
                    Singleton::None => self.none(),
                    Singleton::True => self.constant(Const::Bool(true)),
                    Singleton::False => self.constant(Const::Bool(false)),
                };
                self.wanted(OpKind::StrictEq, value, wanted, no, span);
            }
            Pattern::MatchSequence(p) => {
                self.may_fit(no, span);
                let mut after_star = false;
                for (i, inner) in p.patterns.iter().enumerate() {
                    let item = if let Pattern::MatchStar(star) = inner {
                        after_star = true;
                        if let Some(name) = &star.name {
                            let from = self.number(i as f64);
                            let rest = self.op(OpKind::Rest, &[value, from], span);
                            self.write_name(&name.id, rest, span);
                        }
                        continue;
                    } else if after_star {
                        let key = Key::Computed(self.undecided(span));
                        self.load(value, key, span)
                    } else {
                        self.load(
                            value,
                            Key::Index(u32::try_from(i).unwrap_or(u32::MAX)),
                            span,
                        )
                    };
                    self.pattern(inner, item, no);
                }
            }
            Pattern::MatchMapping(p) => {
                self.may_fit(no, span);
                for (key, inner) in p.keys.iter().zip(&p.patterns) {
                    let key = self.subscript_key(key);
                    let item = self.load(value, key, span);
                    self.pattern(inner, item, no);
                }
                if let Some(rest) = &p.rest {
                    let rest_value = self.op(OpKind::Rest, &[value], span);
                    self.write_name(&rest.id, rest_value, span);
                }
            }
            Pattern::MatchClass(p) => self.class_pattern(p, value, no),
            Pattern::MatchStar(_) => {}
            Pattern::MatchAs(p) => {
                if let Some(inner) = &p.pattern {
                    self.pattern(inner, value, no);
                }
                if let Some(name) = &p.name {
                    self.write_name(&name.id, value, span);
                }
            }
            Pattern::MatchOr(p) => {
                let fits = self.block();
                let last = p.patterns.len().saturating_sub(1);
                for (i, inner) in p.patterns.iter().enumerate() {
                    let other = if i == last { no } else { self.block() };
                    self.pattern(inner, value, other);
                    self.goto(fits, span);
                    if i != last {
                        self.switch(other);
                    }
                }
                self.switch(fits);
            }
        }
        self.leave();
    }

    fn class_pattern(
        &mut self,
        p: &'a ruff_python_ast::PatternMatchClass,
        value: Operand,
        no: BlockId,
    ) {
        let span = sp(p);
        let fits = self.block();
        let primitive = match &*p.cls {
            Expr::Name(n) if self.is_free(&n.id) => match n.id.as_str() {
                "str" => Some("string"),
                "int" | "float" => Some("number"),
                "bool" => Some("boolean"),
                _ => None,
            },
            _ => None,
        };
        let cond = match primitive {
            Some(name) => {
                let tested = self.op(OpKind::TypeOf, &[value], span);
                let name = self.string(name);
                self.op(OpKind::Eq, &[tested, name], span)
            }
            None => {
                let class = self.expr(&p.cls);
                self.op(OpKind::InstanceOf, &[value, class], span)
            }
        };
        self.branch(cond, fits, no, span);
        self.switch(fits);
        for (i, inner) in p.arguments.patterns.iter().enumerate() {
            // `str(name)` binds the value itself, other classes say which member is meant.
            let item = if primitive.is_some() {
                value
            } else {
                self.load(
                    value,
                    Key::Index(u32::try_from(i).unwrap_or(u32::MAX)),
                    span,
                )
            };
            self.pattern(inner, item, no);
        }
        for keyword in &p.arguments.keywords {
            let item = self.load_key(value, &keyword.attr, span);
            self.pattern(&keyword.pattern, item, no);
        }
    }

    fn wanted(
        &mut self,
        op: OpKind,
        value: Operand,
        wanted: Operand,
        no: BlockId,
        span: casemate_ir::Span,
    ) {
        let fits = self.block();
        let cond = self.op(op, &[value, wanted], span);
        self.branch(cond, fits, no, span);
        self.switch(fits);
    }

    /// The shape of a value is not looked at: it may fit.
    fn may_fit(&mut self, no: BlockId, span: casemate_ir::Span) {
        let fits = self.block();
        let cond = self.undecided(span);
        self.branch(cond, fits, no, span);
        self.switch(fits);
    }
}
