//! Texts built from pieces: `+`, f-strings, `%`, `.format`, `.join`.

use super::format::{self, Piece};
use super::{Lowerer, sp};
use casemate_ir::{Instr, Key, OpKind, Operand, Span};
use ruff_python_ast::{
    Expr, ExprBinOp, ExprCall, ExprFString, ExprTString, FStringPart, InterpolatedElement,
    InterpolatedStringElement, Operator,
};
use smallvec::SmallVec;

impl<'a> Lowerer<'a> {
    /// `value + a + b`; `first` stands for a value that is not there yet.
    pub(super) fn sum(
        &mut self,
        value: Option<Operand>,
        first: &'a Expr,
        sum: &[&'a ExprBinOp],
    ) -> Operand {
        let text =
            sum.iter().any(|n| self.is_text(&n.right)) || value.is_none() && self.is_text(first);
        if text {
            let mut pieces = Vec::new();
            match value {
                Some(value) => pieces.push(value),
                None => self.piece(first, &mut pieces),
            }
            for node in sum {
                self.piece(&node.right, &mut pieces);
            }
            let span = sum.last().map_or_else(Span::default, |n| sp(*n));
            return self.template(&pieces, span);
        }
        let mut value = match value {
            Some(value) => value,
            None => self.expr(first),
        };
        for node in sum {
            let right = self.expr(&node.right);
            value = self.op(OpKind::Add, &[value, right], sp(*node));
        }
        value
    }

    /// One operand of a text sum: its pieces where it is a text sum itself.
    pub(super) fn piece(&mut self, expr: &'a Expr, pieces: &mut Vec<Operand>) {
        let span = sp(expr);
        match expr {
            Expr::FString(f) if self.enter(span) => {
                self.f_pieces(f, pieces);
                self.leave();
            }
            Expr::BinOp(b) if b.op == Operator::Add && self.is_text(expr) && self.enter(span) => {
                let mut spine: SmallVec<[&'a Expr; 8]> = SmallVec::new();
                let mut at = b;
                loop {
                    spine.push(&at.right);
                    match &*at.left {
                        Expr::BinOp(inner) if inner.op == Operator::Add => at = inner,
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

    pub(super) fn f_string(&mut self, f: &'a ExprFString) -> Operand {
        let mut pieces = Vec::new();
        self.f_pieces(f, &mut pieces);
        self.template(&pieces, sp(f))
    }

    fn f_pieces(&mut self, f: &'a ExprFString, pieces: &mut Vec<Operand>) {
        for part in f.value.iter() {
            match part {
                FStringPart::Literal(s) => self.literal_piece(s, pieces),
                FStringPart::FString(f) => {
                    for element in &f.elements {
                        self.element(element, pieces, 0);
                    }
                }
            }
        }
    }

    /// A template string is no text: whoever is given it decides what becomes of its holes.
    pub(super) fn t_string(&mut self, t: &'a ExprTString) -> Operand {
        let mut pieces = Vec::new();
        for part in t.value.iter() {
            for element in &part.elements {
                self.element(element, &mut pieces, 0);
            }
        }
        self.opaque(&pieces, sp(t))
    }

    fn literal_piece(&mut self, text: &str, pieces: &mut Vec<Operand>) {
        if !text.is_empty() {
            let piece = self.string(text);
            pieces.push(piece);
        }
    }

    fn element(
        &mut self,
        element: &'a InterpolatedStringElement,
        pieces: &mut Vec<Operand>,
        depth: u32,
    ) {
        match element {
            InterpolatedStringElement::Literal(l) => self.literal_piece(&l.value, pieces),
            InterpolatedStringElement::Interpolation(i) => self.interpolation(i, pieces, depth),
        }
    }

    fn interpolation(&mut self, i: &'a InterpolatedElement, pieces: &mut Vec<Operand>, depth: u32) {
        if let Some(debug) = &i.debug_text {
            let text = debug.as_str().to_owned();
            self.literal_piece(&text, pieces);
        }
        let mut numeric = false;
        let mut specs: Vec<Operand> = Vec::new();
        if let Some(spec) = &i.format_spec {
            for element in &spec.elements {
                match element {
                    InterpolatedStringElement::Literal(l) => {
                        numeric |= format::is_numeric(&l.value)
                    }
                    InterpolatedStringElement::Interpolation(inner) if depth < 4 => {
                        self.interpolation(inner, &mut specs, depth + 1);
                    }
                    InterpolatedStringElement::Interpolation(_) => {}
                }
            }
        }
        if numeric {
            let value = self.expr(&i.expression);
            let value = self.as_number(value, sp(i));
            pieces.push(value);
        } else {
            self.piece(&i.expression, pieces);
        }
        pieces.append(&mut specs);
    }

    /// The text of a number that was demanded to be one.
    fn as_number(&mut self, value: Operand, span: Span) -> Operand {
        self.op(OpKind::Arithmetic, &[value], span)
    }

    /// `"…" % values`.
    pub(super) fn percent(&mut self, b: &'a ExprBinOp) -> Operand {
        let span = sp(b);
        let Expr::StringLiteral(literal) = &*b.left else {
            // The text is built itself: its own pieces first, then what fills it.
            let left = self.expr(&b.left);
            let right = self.expr(&b.right);
            return self.template(&[left, right], span);
        };
        let Some(pieces) = format::percent(literal.value.to_str()) else {
            let left = self.expr(&b.left);
            let right = self.expr(&b.right);
            return self.template(&[left, right], span);
        };
        let holes = pieces
            .iter()
            .filter(|p| matches!(p, Piece::Hole { .. }))
            .count();
        if let Expr::Tuple(tuple) = &*b.right
            && !tuple.elts.iter().any(Expr::is_starred_expr)
        {
            let values: Vec<Operand> = tuple.elts.iter().map(|e| self.expr(e)).collect();
            return self.fill(&pieces, span, |_, piece| match piece {
                Piece::Hole { index, .. } => values.get(*index).copied(),
                _ => None,
            });
        }
        let right = self.expr(&b.right);
        self.fill(&pieces, span, |lowerer, piece| match piece {
            Piece::Hole {
                name: Some(name), ..
            } => Some(lowerer.load_field(right, name, span)),
            Piece::Hole { .. } if holes == 1 => Some(right),
            Piece::Hole { index, .. } => Some(lowerer.load(
                right,
                Key::Index(u32::try_from(*index).unwrap_or(u32::MAX)),
                span,
            )),
            Piece::Text(_) => None,
        })
    }

    fn fill(
        &mut self,
        pieces: &[Piece],
        span: Span,
        mut value: impl FnMut(&mut Self, &Piece) -> Option<Operand>,
    ) -> Operand {
        let mut operands = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.literal_piece(text, &mut operands),
                Piece::Hole { numeric, path, .. } => {
                    let Some(mut filled) = value(self, piece) else {
                        continue;
                    };
                    for name in path {
                        filled = self.load_field(filled, name, span);
                    }
                    if *numeric {
                        filled = self.as_number(filled, span);
                    }
                    operands.push(filled);
                }
            }
        }
        self.template(&operands, span)
    }

    /// `"…".format(…)` and `"…".join([…])` of literal texts.
    pub(super) fn text_method(&mut self, call: &'a ExprCall) -> Option<Operand> {
        let Expr::Attribute(method) = &*call.func else {
            return None;
        };
        let Expr::StringLiteral(literal) = &*method.value else {
            return None;
        };
        let text = literal.value.to_str();
        let span = sp(call);
        match method.attr.as_str() {
            "format" => {
                let pieces = format::braces(text)?;
                if call.arguments.args.iter().any(Expr::is_starred_expr)
                    || call.arguments.keywords.iter().any(|k| k.arg.is_none())
                {
                    return None;
                }
                let values: Vec<Operand> =
                    call.arguments.args.iter().map(|e| self.expr(e)).collect();
                let named: Vec<(&'a str, Operand)> = call
                    .arguments
                    .keywords
                    .iter()
                    .filter_map(|k| Some((k.arg.as_ref()?.as_str(), self.expr(&k.value))))
                    .collect();
                Some(self.fill(&pieces, span, |_, piece| match piece {
                    Piece::Hole {
                        name: Some(name), ..
                    } => named.iter().find(|n| n.0 == name).map(|n| n.1),
                    Piece::Hole { index, .. } => values.get(*index).copied(),
                    Piece::Text(_) => None,
                }))
            }
            "join" => {
                let [list] = &*call.arguments.args else {
                    return None;
                };
                let elements = match list {
                    Expr::List(l) => &l.elts,
                    Expr::Tuple(t) => &t.elts,
                    _ => return None,
                };
                if elements.iter().any(Expr::is_starred_expr) {
                    return None;
                }
                let mut pieces = Vec::new();
                for (i, element) in elements.iter().enumerate() {
                    if i > 0 {
                        self.literal_piece(text, &mut pieces);
                    }
                    self.piece(element, &mut pieces);
                }
                Some(self.template(&pieces, span))
            }
            _ => None,
        }
    }
}

impl Lowerer<'_> {
    /// Whether an expression is a text for certain. Of a long sum the answer is kept for every part: each may be asked for.
    pub(super) fn is_text(&mut self, expr: &Expr) -> bool {
        let Expr::BinOp(sum) = expr else {
            return is_text(expr, DEPTH);
        };
        if let Some(known) = self.texts.get(&std::ptr::from_ref(sum)) {
            return *known;
        }
        let (answer, parts) = is_text_sum(sum, DEPTH);
        if parts > LONG_SUM {
            let mut at = sum;
            for _ in 0..parts {
                self.texts.insert(std::ptr::from_ref(at), answer);
                match &*at.left {
                    Expr::BinOp(inner) => at = inner,
                    _ => break,
                }
            }
        }
        answer
    }
}

/// How deep sums are looked at to the right.
const DEPTH: u32 = 8;
/// Parts of a sum from which on its answer is kept.
const LONG_SUM: usize = 16;

/// Whether an expression is a text for certain, looking at most `depth` sums deep to the right.
fn is_text(expr: &Expr, depth: u32) -> bool {
    match expr {
        Expr::StringLiteral(_) | Expr::FString(_) | Expr::BytesLiteral(_) => true,
        Expr::BinOp(b) if depth > 0 => is_text_sum(b, depth).0,
        _ => false,
    }
}

/// Whether a sum is a text for certain, and of how many of its parts, from the last one on, that is the answer.
fn is_text_sum(sum: &ExprBinOp, depth: u32) -> (bool, usize) {
    if !matches!(sum.op, Operator::Add | Operator::Mod) {
        return (false, 0);
    }
    let mut at = sum;
    for parts in 1.. {
        if at.op == Operator::Add && is_text(&at.right, depth - 1) {
            return (true, parts);
        }
        match &*at.left {
            Expr::BinOp(inner) if matches!(inner.op, Operator::Add | Operator::Mod) => at = inner,
            other => return (is_text(other, 0), parts),
        }
    }
    (false, 0)
}
