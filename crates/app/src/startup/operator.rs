//! Operators on values of the start, and texts that are put together.

use super::Startup;
use super::value::{FrameId, HOLE, Kind, V, Value, join, one, texts, truth};
use casemate_ir::{OpKind, Operand};
use std::rc::Rc;

impl Startup<'_, '_, '_> {
    pub(super) fn text(&self, frame: FrameId, operands: &[Operand]) -> Value {
        let mut out = String::new();
        for &operand in operands {
            let value = self.operand(frame, operand);
            match value.as_slice() {
                [V::Text(text)] => out.push_str(text),
                [V::Number(n)] => out.push_str(&n.to_string()),
                several => match texts(several).first() {
                    Some(text) => out.push_str(text),
                    None => out.push_str(HOLE),
                },
            }
            if out.len() > 4_096 {
                return Value::new();
            }
        }
        one(V::Text(Rc::from(out)))
    }

    pub(super) fn operator(&self, frame: FrameId, op: OpKind, operands: &[Operand]) -> Value {
        let values: Vec<Value> = operands.iter().map(|o| self.operand(frame, *o)).collect();
        match (op, values.as_slice()) {
            // A choice between constants stands for a condition of the language that is not decided.
            (OpKind::Select, values) => {
                let mut out = Value::new();
                if !values.iter().all(|v| matches!(v.as_slice(), [V::Bool(_)])) {
                    for value in values {
                        join(&mut out, value);
                    }
                }
                out
            }
            (OpKind::Rest, [whole, ..]) => whole.clone(),
            (OpKind::Add, _) if values.iter().any(|v| !texts(v).is_empty()) => {
                self.text(frame, operands)
            }
            (OpKind::ToString, [value]) => value.clone(),
            (OpKind::Not, [value]) => truth(value).map_or_else(Value::new, |t| one(V::Bool(!t))),
            (OpKind::StrictEq | OpKind::Eq, [a, b]) => {
                equal(a, b).map_or_else(Value::new, |t| one(V::Bool(t)))
            }
            (OpKind::StrictNe | OpKind::Ne, [a, b]) => {
                equal(a, b).map_or_else(Value::new, |t| one(V::Bool(!t)))
            }
            (OpKind::TypeOf, [value]) => {
                let name = match value.as_slice() {
                    [V::Text(_)] => "string",
                    [V::Func(..) | V::Class(..)] => "function",
                    [V::Bool(_)] => "boolean",
                    [V::Number(_)] => "number",
                    [V::Object(_)] => match value.as_slice() {
                        // What packages make may well be functions.
                        [V::Object(id)]
                            if self
                                .obj(*id)
                                .is_some_and(|o| !matches!(o.kind, Kind::Made(_))) =>
                        {
                            "object"
                        }
                        _ => return Value::new(),
                    },
                    _ => return Value::new(),
                };
                one(V::Text(Rc::from(name)))
            }
            (OpKind::Void, _) => one(V::Null),
            _ => Value::new(),
        }
    }
}

fn equal(a: &[V], b: &[V]) -> Option<bool> {
    match (a, b) {
        ([V::Text(x)], _) | (_, [V::Text(x)]) if x.contains(HOLE) => None,
        ([V::Text(x)], [V::Text(y)]) => Some(x == y),
        ([V::Bool(x)], [V::Bool(y)]) => Some(x == y),
        ([V::Number(x)], [V::Number(y)]) => Some((x - y).abs() < f64::EPSILON),
        ([V::Null], [V::Null]) => Some(true),
        ([V::Null], [_]) | ([_], [V::Null]) => Some(false),
        _ => None,
    }
}
