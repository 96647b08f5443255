//! Texts that are put together from pieces.

use super::access::LEADING;
use super::address::is_parsed;
use super::interp::Interp;
use super::kinds::HOLE;
use super::trace::TraceKind;
use super::value::{Konst, Taint, Value};
use crate::limits;
use casemate_ir::{Operand, Span};
use casemate_model::kind::{KindSet, Shape};
use std::sync::Arc;

/// How the paths of lists of parameters end.
const PARAMETERS: [&str; 2] = ["URLSearchParams.new()", ".searchParams"];

impl Interp<'_> {
    /// A string built from pieces.
    pub(super) fn template(&mut self, at: usize, operands: &[Operand]) -> Value {
        let pieces: Vec<Value> = operands.iter().map(|&o| self.as_text(o)).collect();
        self.template_of(at, &pieces)
    }

    /// What stands in a text for a value. A list of parameters writes itself encoded (WHATWG URL, section 5.2): `${params}`.
    fn as_text(&self, operand: Operand) -> Value {
        let mut value = self.operand(operand);
        if value.taints.is_none() {
            return value;
        }
        let vals = self.origins.of_operand(self.f.id, operand);
        let ends = &PARAMETERS;
        let is_list = |&val: &_| is_parsed(self.origins, val, ends);
        if !vals.is_empty() && vals.iter().all(is_list) {
            let encoded = self.k.host().union(KindSet::of(self.k.url_path));
            value.taints = self.without(&value, encoded);
        }
        value
    }

    /// A string built from pieces.
    pub(super) fn template_of(&mut self, at: usize, pieces: &[Value]) -> Value {
        let string = self
            .origins
            .paths
            .models()
            .kinds()
            .shape_clears(Shape::String);
        let span = self.span(at);
        let mut parts: Vec<Option<Arc<str>>> = Vec::with_capacity(pieces.len());
        let mut out = Value::default();
        // The text before the hole; earlier holes are marked.
        let mut before = String::new();
        for (index, value) in pieces.iter().enumerate() {
            if let Some(text) = value.single().and_then(text_of) {
                before.push_str(&text);
                parts.push(Some(text));
                continue;
            }
            let inner = match value.consts.as_deref() {
                Some([Konst::Template(inner)]) => Some(Arc::clone(inner)),
                _ => None,
            };
            // Far from its beginning nothing is read off what stands before a hole.
            let near =
                parts.len() <= limits::STRING_PIECES && before.len() <= limits::CONSTANT_BYTES;
            // A piece that is a built text itself begins with its own literal.
            let start = near.then(|| match inner.as_ref().and_then(|i| i.first()) {
                Some(Some(first)) => format!("{before}{first}"),
                _ => before.clone(),
            });
            let mut hole = self.hole(value, start.as_deref(), string, span);
            let leading = if index == 0 { LEADING } else { 0 };
            hole.taints = hole.map_taints(|t| {
                Some(Taint {
                    notes: t.notes & !LEADING | leading,
                    ..t
                })
            });
            out.join_taints(&hole);
            if !value.refs.is_empty() {
                // An object in a string is its `toString()`: its elements, for arrays.
                let whole = self.deep(&Value {
                    taints: None,
                    refs: value.refs.clone(),
                    consts: None,
                });
                let hole = self.hole(&whole, start.as_deref(), string, span);
                out.join_taints(&hole);
            }
            for part in inner.as_deref().unwrap_or(&[None]) {
                match part {
                    Some(text) => before.push_str(text),
                    None => before.push(HOLE),
                }
                parts.push(part.clone());
            }
        }
        if bound(&mut parts) {
            self.cap("length of a constant string");
        }
        if parts.iter().all(Option::is_some) {
            let text: String = parts.iter().flatten().map(|p| &**p).collect();
            return Value::constant(Konst::Str(Arc::from(text)));
        }
        out.consts = Some(Arc::from([Konst::Template(Arc::from(parts))]));
        out
    }

    /// What a hole of a built string adds, given the text before it, where that is known.
    fn hole(&mut self, value: &Value, before: Option<&str>, string: KindSet, span: Span) -> Value {
        let Some(before) = before else {
            return self.derive(value, string, TraceKind::Concat, span);
        };
        let mut clears = string.union(self.k.cleared_by_prefix(before));
        if begins_own_name(before) {
            clears = clears.union(KindSet::of(self.k.method));
        }
        if begins_operand(before) {
            clears = clears.union(KindSet::of(self.k.argument));
        }
        let mut hole = self.derive(value, clears, TraceKind::Concat, span);
        let k = self.k;
        hole.taints = hole.map_taints(|t| {
            Some(Taint {
                clean: t.clean.union(k.cleared_in_context(before, t.clean)),
                ..t
            })
        });
        hole
    }
}

/// Whether a name begins with a word of the program, as in `on_` + name: what is inherited from elsewhere is not called so.
fn begins_own_name(before: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    before.len() > 1 && before.chars().take(2).all(word) && !before.starts_with('_')
}

/// Whether an argument of a program that begins with this text is an operand, and no option: `/srv/` + name. A line of several
/// words is taken apart by somebody else.
fn begins_operand(before: &str) -> bool {
    let first = before.chars().next();
    first.is_some_and(|c| c != '-' && c != HOLE)
        && !before.contains(|c: char| c.is_whitespace() || c == HOLE)
}

/// Cuts the pieces of a string where it grows too long, and leaves a hole there; whether it did.
pub(super) fn bound(parts: &mut Vec<Option<Arc<str>>>) -> bool {
    let mut bytes = 0;
    let end = parts
        .iter()
        .take(limits::STRING_PIECES)
        .take_while(|part| {
            bytes += part.as_ref().map_or(1, |p| p.len());
            bytes <= limits::CONSTANT_BYTES
        })
        .count();
    let cut = end < parts.len();
    if cut {
        parts.truncate(end);
        parts.push(None);
    }
    cut
}

/// A constant as the text it becomes in a string.
pub(super) fn text_of(konst: &Konst) -> Option<Arc<str>> {
    match konst {
        Konst::Str(s) => Some(Arc::clone(s)),
        Konst::Number(n) => Some(Arc::from(n.to_string())),
        Konst::Bool(b) => Some(Arc::from(b.to_string())),
        Konst::Null => Some(Arc::from("null")),
        Konst::Undefined => Some(Arc::from("undefined")),
        Konst::Regex(..) | Konst::Template(_) | Konst::Present => None,
    }
}
