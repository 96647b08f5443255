//! Lists that are joined to one text, and texts that are taken apart: `[a, b].join('/')`, `''.join([path, *rest])`, `x.partition('?')`.

use super::charset::CharSet;
use super::heap::{Obj, ObjKind};
use super::interp::Interp;
use super::kinds::lacks;
use super::port::CallSite;
use super::replace::Change;
use super::value::{Konst, Value};
use crate::limits;
use crate::symbol::Sym;
use casemate_ir::{Instr, LocalKind, Operand};
use casemate_model::kind::KindSet;
use std::sync::Arc;

impl Interp<'_> {
    /// `[a, b].join(', ')` is a text with holes.
    pub(super) fn joined(
        &mut self,
        at: usize,
        (list, operand): (&Value, Option<Operand>),
        separator: Option<Arc<str>>,
        result: &mut Value,
    ) {
        let Some(separator) = separator else { return };
        let known = self.elements(list);
        let elements = known.or_else(|| self.beginning(list, operand?));
        if let Some(elements) = elements {
            let between = Value::constant(Konst::Str(Arc::clone(&separator)));
            let mut pieces = Vec::new();
            for element in elements {
                if !pieces.is_empty() {
                    pieces.push(between.clone());
                }
                pieces.push(element);
            }
            *result = self.template_of(at, &pieces);
        } else {
            // Between elements of a list, each of which is what it was: a comma joins no words to a phrase.
            let listed = separator.trim() == ",";
            let brings = if listed { "," } else { &*separator };
            let change = Change {
                known: KindSet::EMPTY,
                brings: CharSet::of(brings),
            };
            *result = self.changed(result, change);
        }
    }

    /// The elements of an array of which all are known.
    fn elements(&self, list: &Value) -> Option<Vec<Value>> {
        let [id] = list.refs.as_slice() else {
            return None;
        };
        let obj = self.state.obj(*id)?;
        if list.taints.is_some() || !obj.any.is_empty() || obj.fields.len() > limits::CONSTANTS * 4
        {
            return None;
        }
        (0..obj.fields.len())
            .map(|index| {
                let field = obj.field(Sym::index(u32::try_from(index).ok()?))?;
                field.definite.then(|| field.value.clone())
            })
            .collect()
    }

    /// The elements that a list begins with, and one that stands for all others: `[path, *rest]`, written where it is used.
    fn beginning(&self, list: &Value, operand: Operand) -> Option<Vec<Value>> {
        let Operand::Local(local) = operand else {
            return None;
        };
        let temporary = self.f.func.locals.get(local.index())?.kind == LocalKind::Temp;
        let Some((_, Instr::Array { .. })) = self.definition(operand).filter(|_| temporary) else {
            return None;
        };
        let [id] = list.refs.as_slice() else {
            return None;
        };
        let obj = self.state.obj(*id).filter(|_| list.taints.is_none())?;
        let mut out: Vec<Value> = (0..obj.fields.len())
            .map_while(|index| {
                let field = obj.field(Sym::index(u32::try_from(index).ok()?))?;
                field.definite.then(|| field.value.clone())
            })
            .collect();
        if out.is_empty() || out.len() != obj.fields.len() {
            return None;
        }
        out.push(obj.any.clone());
        Some(out)
    }

    /// `head, mark, tail = x.partition('?')`: the head has no such mark, or the tail where the last one is looked for.
    pub(super) fn partitioned(&mut self, site: &CallSite, last: bool, result: &mut Value) {
        let mark = site
            .args
            .first()
            .and_then(|arg| arg.value.as_str().cloned());
        let (Some(mark), &[id]) = (mark, result.refs.as_slice()) else {
            return;
        };
        let part = self.load(result, Sym::ANY);
        let mut without = part.clone();
        if mark.chars().count() == 1 {
            without.taints = self.without(&part, lacks(CharSet::of(&mark)));
        }
        let (head, tail) = if last {
            (part, without)
        } else {
            (without, part)
        };
        let obj = self.state.obj_mut(id, ObjKind::Plain);
        *obj = Obj::new(ObjKind::Plain);
        for (at, value) in (0..).zip([head, Value::constant(Konst::Str(mark)), tail]) {
            obj.set(Sym::index(at), value, true);
        }
    }
}
