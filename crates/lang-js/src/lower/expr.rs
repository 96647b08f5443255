//! Expressions: dispatch, operators, strings, conditions used as values.

use super::{Lowerer, sp};
use casemate_ir::{Const, Instr, Key, OpKind, Operand, RegexConst, Span, Symbol};
use oxc_ast::ast::{
    BinaryExpression, BinaryOperator, ConditionalExpression, Expression, LogicalExpression,
    LogicalOperator, RegExpLiteral, TemplateLiteral, UnaryExpression, UnaryOperator,
};
use oxc_span::GetSpan;
use smallvec::SmallVec;

impl<'a> Lowerer<'a> {
    pub(super) fn expr(&mut self, expr: &'a Expression<'a>) -> Operand {
        self.expr_named(expr, None)
    }

    /// Lowers an expression; `name` is what a function or class in it is called when it has no name of its own.
    pub(super) fn expr_named(&mut self, expr: &'a Expression<'a>, name: Option<Symbol>) -> Operand {
        match expr {
            Expression::Identifier(i) => return self.read_identifier(i),
            Expression::StringLiteral(s) => return self.string(s.value.as_str()),
            _ => {}
        }
        let span = sp(expr.span());
        if !self.enter(span) {
            return self.opaque(&[], span);
        }
        let value = self.expr_inner(expr, name, span);
        self.leave();
        value
    }

    fn expr_inner(
        &mut self,
        expr: &'a Expression<'a>,
        name: Option<Symbol>,
        span: Span,
    ) -> Operand {
        match expr {
            Expression::BooleanLiteral(b) => self.constant(Const::Bool(b.value)),
            Expression::NullLiteral(_) => self.constant(Const::Null),
            Expression::NumericLiteral(n) => self.number(n.value),
            Expression::BigIntLiteral(b) => {
                let text = self.symbol(b.value.as_str());
                self.constant(Const::Other(text))
            }
            Expression::RegExpLiteral(r) => self.regex(r),
            Expression::StringLiteral(s) => self.string(s.value.as_str()),
            Expression::TemplateLiteral(t) => self.template_literal(t),
            Expression::Identifier(i) => self.read_identifier(i),
            Expression::Super(_) => {
                let this = self.this(span);
                let above = Key::Field(self.symbol(casemate_ir::SUPER));
                self.load(this, above, span)
            }
            Expression::ThisExpression(_) => self.this(span),
            Expression::ArrayExpression(a) => self.array(a),
            Expression::ObjectExpression(o) => self.object(o),
            Expression::ArrowFunctionExpression(f) => self.arrow(f, name),
            Expression::FunctionExpression(f) => self.function_expression(f, name),
            Expression::ClassExpression(c) => self.class(c, name),
            Expression::AssignmentExpression(a) => self.assignment(a),
            Expression::UpdateExpression(u) => self.update(u),
            Expression::AwaitExpression(a) => {
                let from = self.expr(&a.argument);
                let to = self.temp();
                self.emit(Instr::Await { to, from }, span);
                Operand::Local(to)
            }
            Expression::YieldExpression(y) => {
                let value = match &y.argument {
                    Some(argument) => self.expr(argument),
                    None => self.undefined(),
                };
                let to = self.temp();
                self.emit(
                    Instr::Yield {
                        to,
                        value,
                        delegate: y.delegate,
                    },
                    span,
                );
                Operand::Local(to)
            }
            Expression::BinaryExpression(b) => self.binary(b),
            Expression::CallExpression(_)
            | Expression::ChainExpression(_)
            | Expression::StaticMemberExpression(_)
            | Expression::ComputedMemberExpression(_)
            | Expression::PrivateFieldExpression(_) => self.chain(expr).0,
            Expression::ConditionalExpression(c) => self.conditional(c, name),
            Expression::ImportExpression(i) => self.import_expression(i),
            Expression::LogicalExpression(l) => self.logical(l, name),
            Expression::NewExpression(n) => self.new_expression(n),
            Expression::ParenthesizedExpression(p) => self.expr_named(&p.expression, name),
            Expression::SequenceExpression(s) => {
                let Some((last, rest)) = s.expressions.split_last() else {
                    return self.undefined();
                };
                for e in rest {
                    self.discard(e);
                }
                self.expr_named(last, name)
            }
            Expression::TaggedTemplateExpression(t) => self.tagged_template(t),
            Expression::UnaryExpression(u) => self.unary(u),
            Expression::PrivateInExpression(p) => {
                let key = format!("#{}", p.left.name);
                let key = self.string(&key);
                let right = self.expr(&p.right);
                self.op(OpKind::In, &[key, right], span)
            }
            Expression::ImportMeta(_) => self.read_free("import.meta", span),
            Expression::NewTarget(_) => self.read_free("new.target", span),
            Expression::JSXElement(e) => self.jsx_element(e),
            Expression::JSXFragment(f) => self.jsx_fragment(f),
            Expression::TSAsExpression(e) => self.expr_named(&e.expression, name),
            Expression::TSSatisfiesExpression(e) => self.expr_named(&e.expression, name),
            Expression::TSTypeAssertion(e) => self.expr_named(&e.expression, name),
            Expression::TSNonNullExpression(e) => self.expr_named(&e.expression, name),
            Expression::TSInstantiationExpression(e) => self.expr_named(&e.expression, name),
            Expression::V8IntrinsicExpression(v) => {
                let arguments: Vec<Operand> = v
                    .arguments
                    .iter()
                    .filter_map(|a| a.as_expression())
                    .map(|a| self.expr(a))
                    .collect();
                self.opaque(&arguments, span)
            }
        }
    }

    /// Lowers an expression whose value nobody uses.
    pub(super) fn discard(&mut self, expr: &'a Expression<'a>) {
        let span = sp(expr.span());
        match expr {
            Expression::LogicalExpression(l) if l.operator != LogicalOperator::Coalesce => {
                if !self.enter(span) {
                    self.opaque(&[], span);
                    return;
                }
                let (right, end) = (self.block(), self.block());
                match l.operator {
                    LogicalOperator::And => self.condition(&l.left, right, end),
                    _ => self.condition(&l.left, end, right),
                }
                self.switch(right);
                self.discard(&l.right);
                self.goto_and_switch(end, span);
                self.leave();
            }
            Expression::ConditionalExpression(c) => {
                if !self.enter(span) {
                    self.opaque(&[], span);
                    return;
                }
                let (yes, no, end) = (self.block(), self.block(), self.block());
                self.condition(&c.test, yes, no);
                self.switch(yes);
                self.discard(&c.consequent);
                self.goto(end, span);
                self.switch(no);
                self.discard(&c.alternate);
                self.goto_and_switch(end, span);
                self.leave();
            }
            Expression::SequenceExpression(s) => {
                for e in &s.expressions {
                    self.discard(e);
                }
            }
            Expression::UnaryExpression(u)
                if matches!(u.operator, UnaryOperator::Void | UnaryOperator::LogicalNot) =>
            {
                self.discard_operand(&u.argument, span);
            }
            _ => {
                self.expr(expr);
            }
        }
    }

    fn discard_operand(&mut self, expr: &'a Expression<'a>, span: Span) {
        if self.enter(span) {
            self.discard(expr);
            self.leave();
        } else {
            self.opaque(&[], span);
        }
    }

    /// Lowers a condition straight to branches on what it is made of.
    pub(super) fn condition(
        &mut self,
        expr: &'a Expression<'a>,
        yes: casemate_ir::BlockId,
        no: casemate_ir::BlockId,
    ) {
        let span = sp(expr.span());
        if !self.enter(span) {
            let cond = self.opaque(&[], span);
            self.branch(cond, yes, no, span);
            return;
        }
        match expr {
            Expression::LogicalExpression(l) if l.operator != LogicalOperator::Coalesce => {
                let operands = spine(l);
                let last = operands.len().saturating_sub(1);
                for (i, operand) in operands.into_iter().enumerate() {
                    if i == last {
                        self.condition(operand, yes, no);
                        break;
                    }
                    let next = self.block();
                    match l.operator {
                        LogicalOperator::And => self.condition(operand, next, no),
                        _ => self.condition(operand, yes, next),
                    }
                    self.switch(next);
                }
            }
            Expression::UnaryExpression(u) if u.operator == UnaryOperator::LogicalNot => {
                self.condition(&u.argument, no, yes)
            }
            Expression::ConditionalExpression(c) => {
                let (first, second) = (self.block(), self.block());
                self.condition(&c.test, first, second);
                self.switch(first);
                self.condition(&c.consequent, yes, no);
                self.switch(second);
                self.condition(&c.alternate, yes, no);
            }
            Expression::SequenceExpression(s) => match s.expressions.split_last() {
                Some((last, rest)) => {
                    for e in rest {
                        self.discard(e);
                    }
                    self.condition(last, yes, no);
                }
                None => self.goto(yes, span),
            },
            Expression::ParenthesizedExpression(p) => self.condition(&p.expression, yes, no),
            Expression::TSAsExpression(e) => self.condition(&e.expression, yes, no),
            Expression::TSNonNullExpression(e) => self.condition(&e.expression, yes, no),
            _ => {
                let cond = self.expr(expr);
                self.branch(cond, yes, no, span);
            }
        }
        self.leave();
    }

    fn conditional(&mut self, c: &'a ConditionalExpression<'a>, name: Option<Symbol>) -> Operand {
        let to = self.slot();
        let end = self.block();
        // `a ? b : c ? d : …` nests to the right and can be long.
        let mut at = c;
        loop {
            let span = sp(at.span);
            let (yes, no) = (self.block(), self.block());
            self.condition(&at.test, yes, no);
            self.switch(yes);
            let value = self.expr_named(&at.consequent, name);
            self.copy(to, value, span);
            self.goto(end, span);
            self.switch(no);
            if let Expression::ConditionalExpression(next) = &at.alternate {
                at = next;
                continue;
            }
            let value = self.expr_named(&at.alternate, name);
            self.copy(to, value, span);
            self.goto_and_switch(end, span);
            return Operand::Local(to);
        }
    }

    fn logical(&mut self, l: &'a LogicalExpression<'a>, name: Option<Symbol>) -> Operand {
        let span = sp(l.span);
        let to = self.slot();
        let end = self.block();
        let operands = spine(l);
        let last = operands.len().saturating_sub(1);
        for (i, operand) in operands.into_iter().enumerate() {
            let value = self.expr_named(operand, name);
            self.copy(to, value, span);
            if i == last {
                break;
            }
            let next = self.block();
            self.short_circuit(l.operator, value, next, end, span);
            self.switch(next);
        }
        self.goto_and_switch(end, span);
        Operand::Local(to)
    }

    /// Goes on in `next` where the right operand is needed, else in `end`.
    pub(super) fn short_circuit(
        &mut self,
        operator: LogicalOperator,
        value: Operand,
        next: casemate_ir::BlockId,
        end: casemate_ir::BlockId,
        span: Span,
    ) {
        match operator {
            LogicalOperator::And => self.branch(value, next, end, span),
            LogicalOperator::Or => self.branch(value, end, next, span),
            LogicalOperator::Coalesce => {
                let null = self.constant(Const::Null);
                let missing = self.op(OpKind::Eq, &[value, null], span);
                self.branch(missing, next, end, span);
            }
        }
    }

    fn unary(&mut self, u: &'a UnaryExpression<'a>) -> Operand {
        let span = sp(u.span);
        match (u.operator, &u.argument) {
            (UnaryOperator::UnaryNegation, Expression::NumericLiteral(n)) => self.number(-n.value),
            (UnaryOperator::Void, Expression::NumericLiteral(_)) => self.undefined(),
            (UnaryOperator::Delete, argument) => self.delete(argument, span),
            (operator, argument) => {
                let value = self.expr(argument);
                let op = match operator {
                    UnaryOperator::LogicalNot => OpKind::Not,
                    UnaryOperator::Typeof => OpKind::TypeOf,
                    UnaryOperator::Void => OpKind::Void,
                    _ => OpKind::Arithmetic,
                };
                self.op(op, &[value], span)
            }
        }
    }

    fn delete(&mut self, argument: &'a Expression<'a>, span: Span) -> Operand {
        let inner = match argument {
            Expression::ChainExpression(c) => c.expression.as_member_expression(),
            other => other.get_inner_expression().as_member_expression(),
        };
        match inner {
            Some(member) => {
                let (base, key) = self.member_target(member);
                self.emit(Instr::Delete { base, key }, span);
            }
            None => {
                self.expr(argument);
            }
        }
        self.constant(Const::Bool(true))
    }

    /// A left-nested run of binary operators, from its innermost operand outwards.
    fn binary(&mut self, b: &'a BinaryExpression<'a>) -> Operand {
        if let Some(number) = calculated(b) {
            return self.number(number);
        }
        let mut spine: SmallVec<[&'a BinaryExpression<'a>; 8]> = SmallVec::new();
        let mut at = b;
        let first = loop {
            spine.push(at);
            match &at.left {
                Expression::BinaryExpression(inner) => at = inner,
                other => break other,
            }
        };
        spine.reverse();
        let mut value: Option<Operand> = None;
        let mut rest = spine.as_slice();
        while let Some(node) = rest.first() {
            let run = rest
                .iter()
                .take_while(|n| n.operator == BinaryOperator::Addition)
                .count();
            if run > 0 {
                let (sum, after) = rest.split_at(run);
                rest = after;
                value = Some(self.sum(value, first, sum));
            } else {
                rest = rest.get(1..).unwrap_or(&[]);
                let left = match value {
                    Some(value) => value,
                    None => self.expr(first),
                };
                let right = self.expr(&node.right);
                value = Some(self.op(operator(node.operator), &[left, right], sp(node.span)));
            }
        }
        value.unwrap_or_else(|| self.undefined())
    }

    /// `value + a + b`; `first` stands for a value that is not there yet.
    fn sum(
        &mut self,
        value: Option<Operand>,
        first: &'a Expression<'a>,
        sum: &[&'a BinaryExpression<'a>],
    ) -> Operand {
        let text = sum.iter().any(|n| is_text(&n.right, 8)) || value.is_none() && is_text(first, 8);
        if text {
            let mut pieces = Vec::new();
            match value {
                Some(value) => pieces.push(value),
                None => self.piece(first, &mut pieces),
            }
            for node in sum {
                self.piece(&node.right, &mut pieces);
            }
            let span = sum.last().map_or_else(Span::default, |n| sp(n.span));
            return self.template(&pieces, span);
        }
        let mut value = match value {
            Some(value) => value,
            None => self.expr(first),
        };
        for node in sum {
            let right = self.expr(&node.right);
            value = self.op(OpKind::Add, &[value, right], sp(node.span));
        }
        value
    }

    /// One operand of a string sum: its pieces where it is a string sum itself.
    pub(super) fn piece(&mut self, expr: &'a Expression<'a>, pieces: &mut Vec<Operand>) {
        let span = sp(expr.span());
        match expr {
            Expression::TemplateLiteral(t) if self.enter(span) => {
                self.template_pieces(t, pieces);
                self.leave();
            }
            Expression::BinaryExpression(b) if is_text(expr, 8) && self.enter(span) => {
                let mut spine: SmallVec<[&'a Expression<'a>; 8]> = SmallVec::new();
                let mut at = b;
                loop {
                    spine.push(&at.right);
                    match &at.left {
                        Expression::BinaryExpression(inner)
                            if inner.operator == BinaryOperator::Addition =>
                        {
                            at = inner
                        }
                        other => {
                            spine.push(other);
                            break;
                        }
                    }
                }
                for operand in spine.into_iter().rev() {
                    self.piece(operand, pieces);
                }
                self.leave();
            }
            _ => {
                let value = self.expr(expr);
                pieces.push(value);
            }
        }
    }

    pub(super) fn template(&mut self, pieces: &[Operand], span: Span) -> Operand {
        let to = self.temp();
        let operands = self.frame.builder.operands(pieces);
        self.emit(Instr::Template { to, operands }, span);
        Operand::Local(to)
    }

    fn template_literal(&mut self, t: &'a TemplateLiteral<'a>) -> Operand {
        if t.expressions.is_empty() {
            let text = t.quasis.first().map_or("", |q| {
                q.value.cooked.as_ref().unwrap_or(&q.value.raw).as_str()
            });
            return self.string(text);
        }
        let mut pieces = Vec::with_capacity(t.quasis.len() + t.expressions.len());
        self.template_pieces(t, &mut pieces);
        self.template(&pieces, sp(t.span))
    }

    fn template_pieces(&mut self, t: &'a TemplateLiteral<'a>, pieces: &mut Vec<Operand>) {
        let mut holes = t.expressions.iter();
        for quasi in &t.quasis {
            let text = quasi
                .value
                .cooked
                .as_ref()
                .unwrap_or(&quasi.value.raw)
                .as_str();
            if !text.is_empty() {
                let piece = self.string(text);
                pieces.push(piece);
            }
            if let Some(hole) = holes.next() {
                self.piece(hole, pieces);
            }
        }
    }

    fn regex(&mut self, r: &RegExpLiteral<'a>) -> Operand {
        let pattern = self.symbol(r.regex.pattern.text.as_str());
        let flags = r.regex.flags.to_string();
        let flags = self.symbol(&flags);
        self.constant(Const::Regex(RegexConst { pattern, flags }))
    }
}

/// The operands of `a && b && c` (one operator, nested to the left) in order.
fn spine<'a>(l: &'a LogicalExpression<'a>) -> SmallVec<[&'a Expression<'a>; 4]> {
    let mut operands: SmallVec<[&'a Expression<'a>; 4]> = SmallVec::new();
    let mut at = l;
    loop {
        operands.push(&at.right);
        match &at.left {
            Expression::LogicalExpression(inner) if inner.operator == l.operator => at = inner,
            other => {
                operands.push(other);
                break;
            }
        }
    }
    operands.reverse();
    operands
}

/// Whether an expression is a string for certain, looking at most `depth` sums deep to the right.
pub(super) fn is_text(expr: &Expression<'_>, depth: u32) -> bool {
    match expr {
        Expression::StringLiteral(_) | Expression::TemplateLiteral(_) => true,
        Expression::BinaryExpression(b) if depth > 0 && b.operator == BinaryOperator::Addition => {
            let mut at = b;
            loop {
                if is_text(&at.right, depth - 1) {
                    return true;
                }
                match &at.left {
                    Expression::BinaryExpression(inner)
                        if inner.operator == BinaryOperator::Addition =>
                    {
                        at = inner
                    }
                    other => return is_text(other, 0),
                }
            }
        }
        _ => false,
    }
}

/// `24 * 60 * 60 * 1000`: what numbers alone make. Times and sizes are written so.
fn calculated(b: &BinaryExpression<'_>) -> Option<f64> {
    let number = |e: &Expression<'_>| match e {
        Expression::NumericLiteral(n) => Some(n.value),
        _ => None,
    };
    let mut spine: SmallVec<[(BinaryOperator, f64); 8]> = SmallVec::new();
    let mut at = b;
    let first = loop {
        spine.push((at.operator, number(&at.right)?));
        match &at.left {
            Expression::BinaryExpression(inner) => at = inner,
            other => break number(other)?,
        }
    };
    // `2 ** 3 ** 2` leans to the right, and its right side is no literal.
    let mut whole = first;
    for (operator, right) in spine.into_iter().rev() {
        whole = match operator {
            BinaryOperator::Multiplication => whole * right,
            BinaryOperator::Division => whole / right,
            BinaryOperator::Addition => whole + right,
            BinaryOperator::Subtraction => whole - right,
            BinaryOperator::Exponential => whole.powf(right),
            BinaryOperator::ShiftLeft if (0.0..31.0).contains(&right) => whole * right.exp2(),
            _ => return None,
        };
    }
    whole.is_finite().then_some(whole)
}

fn operator(operator: BinaryOperator) -> OpKind {
    match operator {
        BinaryOperator::Equality => OpKind::Eq,
        BinaryOperator::Inequality => OpKind::Ne,
        BinaryOperator::StrictEquality => OpKind::StrictEq,
        BinaryOperator::StrictInequality => OpKind::StrictNe,
        BinaryOperator::LessThan => OpKind::Less,
        BinaryOperator::LessEqualThan => OpKind::LessEq,
        BinaryOperator::GreaterThan => OpKind::Greater,
        BinaryOperator::GreaterEqualThan => OpKind::GreaterEq,
        BinaryOperator::Addition => OpKind::Add,
        BinaryOperator::In => OpKind::In,
        BinaryOperator::Instanceof => OpKind::InstanceOf,
        _ => OpKind::Arithmetic,
    }
}
