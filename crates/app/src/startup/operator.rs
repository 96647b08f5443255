//! Operators on values of the start, and texts that are put together.

use super::Startup;
use super::call::{Site, objects};
use super::value::{FrameId, HOLE, Kind, V, Value, join, one, texts, truth};
use casemate_ir::{Language, OpKind, Operand};
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

    pub(super) fn operator(&mut self, frame: FrameId, op: OpKind, operands: &[Operand]) -> Value {
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
            (OpKind::Add, [a, b]) => self.joined(a, b).map_or_else(Value::new, one),
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

impl Startup<'_, '_, '_> {
    /// Two lists, one after the other.
    fn joined(&mut self, a: &[V], b: &[V]) -> Option<V> {
        let list = |value: &[V]| match value {
            [V::Object(id)] => self.obj(*id).filter(|obj| obj.kind == Kind::Array),
            _ => None,
        };
        let all: Vec<Value> = [list(a)?, list(b)?]
            .into_iter()
            .flat_map(|obj| obj.fields.iter().map(|(_, value)| value.clone()))
            .collect();
        Some(V::Object(self.array(all.into_iter())))
    }

    /// `items`, `values`, `keys` and `update` of a mapping of Python.
    pub(super) fn mapping(&mut self, name: &str, site: &Site) -> Option<Value> {
        let [V::Object(id)] = site.this.as_slice() else {
            return None;
        };
        let obj = self.obj(*id).filter(|obj| obj.kind == Kind::Plain)?;
        let language = self.func_of(site.frame).file.facts.language;
        if language != Language::Python || obj.get(name).is_some() {
            return None;
        }
        let fields = obj.fields.clone();
        let key = |name: &Rc<str>| one(V::Text(Rc::clone(name)));
        if name == "update" {
            let given = site.args.iter().flat_map(|arg| objects(arg));
            let given: Vec<_> = given.filter_map(|id| self.obj(id)).collect();
            let given = given.iter().flat_map(|obj| obj.fields.iter());
            let all: Vec<_> = given.chain(&site.named).cloned().collect();
            let obj = self.obj_mut(*id)?;
            for (name, value) in all {
                obj.set(&name, value);
            }
            return Some(one(V::Null));
        }
        let all: Vec<Value> = match name {
            "values" => fields.into_iter().map(|(_, value)| value).collect(),
            "keys" => fields.iter().map(|(name, _)| key(name)).collect(),
            "items" => {
                let pairs = fields.into_iter();
                let pair = |(name, value)| [key(&name), value];
                let mut out = Vec::new();
                for pair in pairs.map(pair) {
                    out.push(one(V::Object(self.array(pair.into_iter()))));
                }
                out
            }
            _ => return None,
        };
        Some(one(V::Object(self.array(all.into_iter()))))
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
