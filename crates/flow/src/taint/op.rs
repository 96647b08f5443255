//! Operators: what they compute and what they carry on.

use super::heap::{Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::taint_set::TaintSet;
use super::trace::{TraceKind, TraceRef};
use super::value::{Konst, Taint, Value};
use crate::program::to_u32;
use crate::symbol::Sym;
use casemate_ir::{OpKind, Operand, Span};
use casemate_model::kind::{KindSet, Shape};
use smallvec::SmallVec;

impl Interp<'_> {
    pub(super) fn op(&mut self, at: usize, op: OpKind, operands: &[Operand]) -> Value {
        let values: SmallVec<[Value; 2]> = operands.iter().map(|&o| self.operand(o)).collect();
        let first = values.first().cloned().unwrap_or_default();
        let second = values.get(1).cloned().unwrap_or_default();
        match op {
            OpKind::Add => {
                if let (Some(Konst::Number(a)), Some(Konst::Number(b))) =
                    (first.single(), second.single())
                    && !self.revisit
                {
                    return Value::constant(Konst::Number(a + b));
                }
                let stringy = |v: &Value| {
                    matches!(
                        v.consts.as_deref(),
                        Some([Konst::Str(_) | Konst::Template(_)])
                    )
                };
                if stringy(&first) || stringy(&second) {
                    return self.template(at, operands);
                }
                let mut out = Value::default();
                let span = self.span(at);
                for value in &values {
                    let part = self.derive(value, KindSet::EMPTY, TraceKind::Concat, span);
                    out.join_taints(&part);
                }
                out
            }
            OpKind::Arithmetic => match (first.single(), second.single()) {
                (Some(Konst::Number(_)), Some(Konst::Number(_))) => Value::default(),
                _ => self.shaped(&values, Shape::Number, at),
            },
            // `Markup('<b>%s</b>') % x` escapes what it is given.
            OpKind::Modulo if operands.first().is_some_and(|&text| self.is_markup(text)) => {
                let span = self.span(at);
                let mut out = self.derive(&first, KindSet::EMPTY, TraceKind::Concat, span);
                let given = self.deep(&second);
                let page = KindSet::of(self.k.html_text);
                out.join_taints(&self.derive(&given, page, TraceKind::Concat, span));
                out
            }
            OpKind::Subtract | OpKind::Multiply | OpKind::Divide | OpKind::Modulo => {
                let folded = match (first.single(), second.single()) {
                    (Some(Konst::Number(a)), Some(Konst::Number(b))) if !self.revisit => {
                        calculate(op, *a, *b)
                    }
                    _ => None,
                };
                match folded {
                    Some(n) => Value::constant(Konst::Number(n)),
                    // A text can be repeated; all else makes numbers.
                    None if op == OpKind::Multiply => {
                        let span = self.span(at);
                        let mut out = Value::default();
                        for value in &values {
                            let part = self.derive(value, KindSet::EMPTY, TraceKind::Concat, span);
                            out.join_taints(&part);
                        }
                        out
                    }
                    None => self.shaped(&values, Shape::Number, at),
                }
            }
            OpKind::Not => self
                .truth(&first)
                .map_or_else(Value::default, |b| Value::constant(Konst::Bool(!b))),
            OpKind::StrictEq | OpKind::Eq => self
                .certainly_equal(&first, &second)
                .map_or_else(Value::default, |b| Value::constant(Konst::Bool(b))),
            OpKind::StrictNe | OpKind::Ne => self
                .certainly_equal(&first, &second)
                .map_or_else(Value::default, |b| Value::constant(Konst::Bool(!b))),
            OpKind::Less | OpKind::LessEq | OpKind::Greater | OpKind::GreaterEq => {
                match (first.single(), second.single()) {
                    (Some(Konst::Number(a)), Some(Konst::Number(b))) if !self.revisit && a != b => {
                        Value::constant(Konst::Bool(if op.order() == OpKind::Less {
                            a < b
                        } else {
                            a > b
                        }))
                    }
                    _ => Value::default(),
                }
            }
            OpKind::In => match (first.single(), second.single()) {
                (Some(Konst::Str(part)), Some(Konst::Str(whole))) => {
                    Value::constant(Konst::Bool(whole.contains(&**part)))
                }
                _ => Value::default(),
            },
            OpKind::InstanceOf | OpKind::TypeOf => Value::default(),
            OpKind::Void => Value::constant(Konst::Undefined),
            OpKind::Select => {
                let mut out: Option<Value> = None;
                for value in values {
                    match &mut out {
                        None => out = Some(value),
                        Some(out) => {
                            out.join(&value);
                        }
                    }
                }
                out.unwrap_or_default()
            }
            OpKind::ToString => {
                let clears = self
                    .origins
                    .paths
                    .models()
                    .kinds()
                    .shape_clears(Shape::String);
                let span = self.span(at);
                self.derive(&first, clears, TraceKind::Concat, span)
            }
            OpKind::Rest if self.is_python() && !first.refs.is_empty() && operands.len() > 1 => {
                self.piece_of(at, first, &values)
            }
            OpKind::Rest => rest(first, &values),
        }
    }

    /// Whether a value is a text that knows it is HTML.
    fn is_markup(&self, text: Operand) -> bool {
        let vals = self.origins.of_operand(self.f.id, text);
        vals.iter().any(|val| {
            matches!(self.origins.val(*val), Some(crate::origin::Val::Api(path))
                if self.origins.paths.text(path).ends_with("Markup()"))
        })
    }

    /// `list[1:3]`: a list of its own.
    fn piece_of(&mut self, at: usize, mut whole: Value, bounds: &[Value]) -> Value {
        let bound = |at: usize| match bounds.get(at).map(Value::single) {
            Some(Some(Konst::Number(n))) if *n >= 0.0 => Some(Some(*n as usize)),
            Some(Some(Konst::Null)) | None => Some(None),
            Some(_) => None,
        };
        let mut obj = Obj::new(ObjKind::Plain);
        let bounds = bound(1).zip(bound(2)).filter(|_| bound(3) == Some(None));
        match self.positions(&whole).zip(bounds) {
            Some((elements, (from, to))) => {
                let from = from.unwrap_or(0);
                let count = to.unwrap_or(usize::MAX).saturating_sub(from);
                for (element, to) in elements.into_iter().skip(from).take(count).zip(0..) {
                    obj.set(Sym::index(to), element, true);
                }
            }
            None => {
                let any = self.load(&whole, Sym::ANY);
                obj.set(Sym::ANY, any, false);
            }
        }
        let id = self.alloc(AllocKey::Instr(to_u32(at)));
        *self.state.obj_mut(id, ObjKind::Plain) = obj;
        whole.refs.clear();
        whole.refs.push(id);
        whole
    }

    /// Numbers and truth values carry only what their shape lets through.
    pub(super) fn shaped(&mut self, values: &[Value], shape: Shape, at: usize) -> Value {
        let clears = self.origins.paths.models().kinds().shape_clears(shape);
        let span = self.span(at);
        let mut out = Value::default();
        for value in values {
            let part = self.derive(value, clears, TraceKind::Library, span);
            out.join_taints(&part);
        }
        out
    }

    /// A value made from another: its taints, cleaned for some kinds.
    pub(super) fn derive(
        &mut self,
        value: &Value,
        clean: KindSet,
        kind: TraceKind,
        span: Span,
    ) -> Value {
        if value.taints.is_none() {
            return Value::default();
        }
        let mut made: SmallVec<[(TraceRef, TraceRef); 2]> = SmallVec::new();
        let mut out = TaintSet::default();
        out.taints.reserve_exact(value.taints().len());
        for &taint in value.taints() {
            let clean = taint.clean.union(clean);
            let trace = match made.iter().find(|m| m.0 == taint.trace) {
                Some(known) => known.1,
                None => {
                    let step = self.step(kind, span, taint.trace);
                    made.push((taint.trace, step));
                    step
                }
            };
            out.push(Taint {
                clean,
                derived: true,
                trace,
                ..taint
            });
        }
        Value {
            taints: out.finish(),
            ..Value::default()
        }
    }
}

/// What remains of a value: of a constant text, the piece between constant bounds.
fn rest(whole: Value, operands: &[Value]) -> Value {
    if whole.consts.is_none() {
        return whole;
    }
    let bound = |at: usize| match operands.get(at).map(Value::single) {
        Some(Some(Konst::Number(n))) if n.fract() == 0.0 => Some(Some(*n)),
        Some(Some(Konst::Null)) | None => Some(None),
        Some(_) => None,
    };
    let piece = || {
        let Konst::Str(text) = whole.single()? else {
            return None;
        };
        let (from, to, step) = (bound(1)?, bound(2)?, bound(3)?);
        if step.is_some_and(|s| s != 1.0) {
            return None;
        }
        let count = text.chars().count();
        let at = |n: f64| {
            let n = if n < 0.0 { n + count as f64 } else { n };
            n.clamp(0.0, count as f64) as usize
        };
        let (from, to) = (from.map_or(0, at), to.map_or(count, at));
        let piece: String = text
            .chars()
            .skip(from)
            .take(to.saturating_sub(from))
            .collect();
        Some(Konst::Str(piece.into()))
    };
    match piece() {
        Some(konst) => Value::constant(konst),
        None => Value {
            consts: None,
            ..whole
        },
    }
}

/// Constants calculated; absent where the language would complain.
fn calculate(op: OpKind, a: f64, b: f64) -> Option<f64> {
    let n = match op {
        OpKind::Subtract => a - b,
        OpKind::Multiply => a * b,
        OpKind::Divide => a / b,
        OpKind::Modulo => a - b * (a / b).floor(),
        _ => return None,
    };
    n.is_finite().then_some(n)
}

pub(super) fn compare(a: &Value, b: &Value) -> Option<bool> {
    match (a.single()?, b.single()?) {
        (Konst::Template(_) | Konst::Present | Konst::Regex(..), _)
        | (_, Konst::Template(_) | Konst::Present | Konst::Regex(..)) => None,
        (a, b) => Some(a == b),
    }
}
