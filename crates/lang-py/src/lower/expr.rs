//! Expressions: dispatch, operators, conditions used as values.

use super::comprehension::Added;
use super::{Lowerer, of_range, sp};
use casemate_ir::{BlockId, Const, Instr, Key, OpKind, Operand, Span};
use ruff_python_ast::{
    BoolOp, CmpOp, Expr, ExprAttribute, ExprBinOp, ExprBoolOp, ExprCompare, ExprIf, ExprNamed,
    ExprNumberLiteral, ExprUnaryOp, Number, Operator, UnaryOp,
};
use ruff_text_size::Ranged;
use smallvec::SmallVec;

/// `os.sep`, `os.path.sep`: every platform takes a slash.
fn is_separator(attribute: &ExprAttribute) -> bool {
    attribute.attr.as_str() == "sep"
        && match &*attribute.value {
            Expr::Name(name) => matches!(name.id.as_str(), "os" | "posixpath"),
            Expr::Attribute(path) => {
                path.attr.as_str() == "path"
                    && matches!(&*path.value, Expr::Name(name) if name.id.as_str() == "os")
            }
            _ => false,
        }
}

/// `2 ** 14`, `1 << 14`, as costs and sizes are written.
fn power(b: &ExprBinOp) -> Option<f64> {
    let literal = |of: &Expr| match of {
        Expr::NumberLiteral(ExprNumberLiteral {
            value: Number::Int(of),
            ..
        }) => of.as_i64(),
        _ => None,
    };
    let (left, right) = (literal(&b.left)?, u32::try_from(literal(&b.right)?).ok()?);
    let value = match b.op {
        Operator::Pow => left.checked_pow(right)?,
        Operator::LShift => left.checked_mul(1_i64.checked_shl(right)?)?,
        _ => return None,
    };
    Some(value as f64)
}

impl<'a> Lowerer<'a> {
    /// Lowers an expression.
    pub(super) fn expr(&mut self, expr: &'a Expr) -> Operand {
        match expr {
            Expr::Name(n) => return self.read_name(&n.id, sp(n)),
            Expr::StringLiteral(s) => return self.string(s.value.to_str()),
            _ => {}
        }
        let span = sp(expr);
        if !self.enter(span) {
            return self.opaque(&[], span);
        }
        let value = self.expr_inner(expr, span);
        self.leave();
        value
    }

    fn expr_inner(&mut self, expr: &'a Expr, span: Span) -> Operand {
        match expr {
            Expr::Name(n) => self.read_name(&n.id, span),
            Expr::StringLiteral(s) => self.string(s.value.to_str()),
            Expr::BytesLiteral(b) => {
                let bytes: Vec<u8> = b.value.bytes().collect();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.string(&text)
            }
            Expr::NumberLiteral(n) => self.number_literal(n),
            Expr::BooleanLiteral(b) => self.constant(Const::Bool(b.value)),
            Expr::NoneLiteral(_) => self.none(),
            Expr::EllipsisLiteral(_) => {
                let text = self.symbol("...");
                self.constant(Const::Other(text))
            }
            Expr::FString(f) => self.f_string(f),
            Expr::TString(t) => self.t_string(t),
            Expr::BoolOp(b) => self.bool_op(b),
            Expr::Named(n) => self.named(n),
            Expr::BinOp(b) => self.binary(b),
            Expr::UnaryOp(u) => self.unary(u),
            Expr::Lambda(l) => self.lambda(l),
            Expr::If(i) => self.conditional(i),
            Expr::Dict(d) => self.dict(d),
            Expr::Set(s) => self.array(&s.elts, span),
            Expr::List(l) => self.array(&l.elts, span),
            Expr::Tuple(t) => self.array(&t.elts, span),
            Expr::ListComp(c) => self.comprehension(Added::Value(&c.elt), &c.generators, span),
            Expr::SetComp(c) => self.comprehension(Added::Value(&c.elt), &c.generators, span),
            Expr::Generator(c) => self.comprehension(Added::Value(&c.elt), &c.generators, span),
            Expr::DictComp(c) => match &c.key {
                Some(key) => self.comprehension(Added::Entry(key, &c.value), &c.generators, span),
                None => self.comprehension(Added::Value(&c.value), &c.generators, span),
            },
            Expr::Await(a) => {
                let from = self.expr(&a.value);
                let to = self.temp();
                self.emit(Instr::Await { to, from }, span);
                Operand::Local(to)
            }
            Expr::Yield(y) => {
                let value = match &y.value {
                    Some(value) => self.expr(value),
                    None => self.none(),
                };
                self.yields(value, false, span)
            }
            Expr::YieldFrom(y) => {
                let value = self.expr(&y.value);
                self.yields(value, true, span)
            }
            Expr::Compare(c) => self.compare(c),
            Expr::Attribute(a) if is_separator(a) => self.string("/"),
            Expr::Call(_) | Expr::Attribute(_) | Expr::Subscript(_) => self.chain(expr).0,
            // A star outside of calls and displays is an error that the parser told.
            Expr::Starred(s) => self.expr(&s.value),
            Expr::Slice(s) => {
                let operands = [&s.lower, &s.upper, &s.step];
                let operands: SmallVec<[Operand; 3]> = operands
                    .into_iter()
                    .flatten()
                    .map(|e| self.expr(e))
                    .collect();
                self.opaque(&operands, span)
            }
            Expr::IpyEscapeCommand(_) => self.opaque(&[], span),
        }
    }

    fn yields(&mut self, value: Operand, delegate: bool, span: Span) -> Operand {
        if let Some(slot) = self.frame.manager {
            self.copy(slot, value, span);
            return self.none();
        }
        self.frame.builder.function.is_generator = true;
        let to = self.temp();
        self.emit(
            Instr::Yield {
                to,
                value,
                delegate,
            },
            span,
        );
        Operand::Local(to)
    }

    fn number_literal(&mut self, n: &ExprNumberLiteral) -> Operand {
        match &n.value {
            Number::Int(i) => match i.as_i64() {
                // Exact up to 2^53, and beyond it near enough for what is asked of constants.
                Some(value) => self.number(value as f64),
                None => {
                    let text = self.symbol(&i.to_string());
                    self.constant(Const::Other(text))
                }
            },
            Number::Float(f) => self.number(*f),
            Number::Complex { .. } => {
                let text = self.symbol("complex");
                self.constant(Const::Other(text))
            }
        }
    }

    fn named(&mut self, n: &'a ExprNamed) -> Operand {
        let value = self.expr(&n.value);
        if let Expr::Name(name) = &*n.target {
            // In a comprehension it binds in the function around it.
            let place = self.place(&name.id);
            self.write(place, value, sp(n));
        }
        value
    }

    fn unary(&mut self, u: &'a ExprUnaryOp) -> Operand {
        let span = sp(u);
        if let (UnaryOp::USub, Expr::NumberLiteral(n)) = (u.op, &*u.operand) {
            match &n.value {
                Number::Int(i) if i.as_i64().is_some() => {
                    return self.number(-(i.as_i64().unwrap_or_default() as f64));
                }
                Number::Float(f) => return self.number(-f),
                _ => {}
            }
        }
        let value = self.expr(&u.operand);
        let op = match u.op {
            UnaryOp::Not => OpKind::Not,
            // `~Q(…)`, `-column`: queries are made of operators, so that what goes in comes out.
            UnaryOp::Invert | UnaryOp::USub | UnaryOp::UAdd => OpKind::Add,
        };
        self.op(op, &[value], span)
    }

    fn bool_op(&mut self, b: &'a ExprBoolOp) -> Operand {
        let span = sp(b);
        let to = self.slot();
        let end = self.block();
        let last = b.values.len().saturating_sub(1);
        for (i, operand) in b.values.iter().enumerate() {
            let value = self.expr(operand);
            self.copy(to, value, span);
            if i == last {
                break;
            }
            let next = self.block();
            match b.op {
                BoolOp::And => self.branch(value, next, end, span),
                BoolOp::Or => self.branch(value, end, next, span),
            }
            self.switch(next);
        }
        self.goto_and_switch(end, span);
        Operand::Local(to)
    }

    fn conditional(&mut self, first: &'a ExprIf) -> Operand {
        let to = self.slot();
        let end = self.block();
        // `a if b else c if d else …` nests to the right and can be long.
        let mut at = first;
        loop {
            let span = sp(at);
            let (yes, no) = (self.block(), self.block());
            self.condition(&at.test, yes, no);
            self.switch(yes);
            let value = self.expr(&at.body);
            self.copy(to, value, span);
            self.goto(end, span);
            self.switch(no);
            if let Expr::If(next) = &*at.orelse {
                at = next;
                continue;
            }
            let value = self.expr(&at.orelse);
            self.copy(to, value, span);
            self.goto_and_switch(end, span);
            return Operand::Local(to);
        }
    }

    /// Lowers a condition straight to branches on what it is made of.
    pub(super) fn condition(&mut self, expr: &'a Expr, yes: BlockId, no: BlockId) {
        let span = sp(expr);
        if !self.enter(span) {
            let cond = self.opaque(&[], span);
            self.branch(cond, yes, no, span);
            return;
        }
        match expr {
            Expr::BoolOp(b) => {
                let last = b.values.len().saturating_sub(1);
                for (i, operand) in b.values.iter().enumerate() {
                    if i == last {
                        self.condition(operand, yes, no);
                        break;
                    }
                    let next = self.block();
                    match b.op {
                        BoolOp::And => self.condition(operand, next, no),
                        BoolOp::Or => self.condition(operand, yes, next),
                    }
                    self.switch(next);
                }
            }
            Expr::UnaryOp(u) if u.op == UnaryOp::Not => self.condition(&u.operand, no, yes),
            Expr::If(c) => {
                let (first, second) = (self.block(), self.block());
                self.condition(&c.test, first, second);
                self.switch(first);
                self.condition(&c.body, yes, no);
                self.switch(second);
                self.condition(&c.orelse, yes, no);
            }
            Expr::Compare(c) if c.ops.len() > 1 => {
                let mut left = self.expr(&c.left);
                let last = c.ops.len() - 1;
                for (i, (op, right)) in c.ops.iter().zip(&c.comparators).enumerate() {
                    let right_value = self.expr(right);
                    let cond = self.comparison(*op, left, right_value, span);
                    let next = if i == last { yes } else { self.block() };
                    self.branch(cond, next, no, span);
                    self.switch(next);
                    left = right_value;
                }
            }
            _ => match self.quantifier(expr) {
                Some(asked) => self.quantified(asked, yes, no),
                None => {
                    let cond = self.expr(expr);
                    self.branch(cond, yes, no, span);
                }
            },
        }
        self.leave();
    }

    fn compare(&mut self, c: &'a ExprCompare) -> Operand {
        let span = sp(c);
        if let ([op], [right]) = (&*c.ops, &*c.comparators) {
            let left = self.expr(&c.left);
            let right = self.expr(right);
            return self.comparison(*op, left, right, span);
        }
        let to = self.slot();
        let end = self.block();
        let mut left = self.expr(&c.left);
        let last = c.ops.len().saturating_sub(1);
        for (i, (op, right)) in c.ops.iter().zip(&c.comparators).enumerate() {
            let right = self.expr(right);
            let value = self.comparison(*op, left, right, span);
            self.copy(to, value, span);
            if i != last {
                let next = self.block();
                self.branch(value, next, end, span);
                self.switch(next);
            }
            left = right;
        }
        self.goto_and_switch(end, span);
        Operand::Local(to)
    }

    pub(super) fn comparison(
        &mut self,
        op: CmpOp,
        left: Operand,
        right: Operand,
        span: Span,
    ) -> Operand {
        let kind = match op {
            CmpOp::Eq => OpKind::Eq,
            CmpOp::NotEq => OpKind::Ne,
            CmpOp::Lt => OpKind::Less,
            CmpOp::LtE => OpKind::LessEq,
            CmpOp::Gt => OpKind::Greater,
            CmpOp::GtE => OpKind::GreaterEq,
            CmpOp::Is => OpKind::StrictEq,
            CmpOp::IsNot => OpKind::StrictNe,
            CmpOp::In => OpKind::In,
            CmpOp::NotIn => {
                let found = self.op(OpKind::In, &[left, right], span);
                return self.op(OpKind::Not, &[found], span);
            }
        };
        self.op(kind, &[left, right], span)
    }

    /// A left-nested run of binary operators, from its innermost operand outwards.
    fn binary(&mut self, b: &'a ExprBinOp) -> Operand {
        if b.op == Operator::Mod && self.is_text(&b.left) {
            return self.percent(b);
        }
        if let Some(number) = power(b) {
            return self.number(number);
        }
        let mut spine: SmallVec<[&'a ExprBinOp; 8]> = SmallVec::new();
        let mut at = b;
        let first = loop {
            spine.push(at);
            match &*at.left {
                Expr::BinOp(inner) if !(inner.op == Operator::Mod && self.is_text(&inner.left)) => {
                    at = inner
                }
                other => break other,
            }
        };
        spine.reverse();
        let mut value: Option<Operand> = None;
        let mut rest = spine.as_slice();
        while let Some(node) = rest.first() {
            let run = rest.iter().take_while(|n| n.op == Operator::Add).count();
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
                let left_number = value.is_none() && matches!(first, Expr::NumberLiteral(_));
                let right = self.expr(&node.right);
                let numeric = left_number || matches!(&*node.right, Expr::NumberLiteral(_));
                value = Some(self.operate(node.op, left, right, numeric, of_range(node.range())));
            }
        }
        value.unwrap_or_else(|| self.undefined())
    }

    /// `left op right`. Where neither is a number for certain, what goes in may come out: sets, queries and texts have operators too.
    pub(super) fn operate(
        &mut self,
        op: Operator,
        left: Operand,
        right: Operand,
        numeric: bool,
        span: Span,
    ) -> Operand {
        if op == Operator::Div && !numeric {
            // `Path(root) / name`
            let name = self.symbol("__truediv__");
            let callee = self.load(left, Key::Field(name), span);
            return self.call_value(callee, Some(left), &[right], span);
        }
        let kind = match op {
            Operator::Sub => OpKind::Subtract,
            Operator::Mult => OpKind::Multiply,
            Operator::Div => OpKind::Divide,
            Operator::Mod if numeric => OpKind::Modulo,
            Operator::FloorDiv | Operator::Pow | Operator::LShift | Operator::RShift => {
                OpKind::Arithmetic
            }
            Operator::Mod => {
                let to = self.temp();
                let operands = self.frame.builder.operands(&[left, right]);
                self.emit(Instr::Template { to, operands }, span);
                return Operand::Local(to);
            }
            Operator::Add
            | Operator::MatMult
            | Operator::BitOr
            | Operator::BitXor
            | Operator::BitAnd => OpKind::Add,
        };
        self.op(kind, &[left, right], span)
    }
}
