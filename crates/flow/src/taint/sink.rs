//! Arguments that a model calls a sink.

use super::fact::fact_value;
use super::interp::Interp;
use super::port::CallSite;
use super::summary::SinkRef;
use super::value::{Origin, Taint, Value};
use crate::apipath::PathId;
use crate::origin::{STATEMENT, method_name};
use crate::result::FactValue;
use crate::symbol::Sym;
use casemate_ir::{Instr, Operand, Part, PartKey};
use casemate_model::kind::{Shape, SinkKind};
use casemate_model::path::{Port, PortStep};
use std::sync::Arc;

impl Interp<'_> {
    pub(super) fn check_sink(
        &mut self,
        path: PathId,
        site: &CallSite,
        (kind, needs): (SinkKind, Option<Shape>),
        port: &Port,
        notes: u16,
    ) {
        if kind == self.k.log_value {
            self.secrets_logged(path, site, kind, notes);
        }
        for (value, operand) in self.port_values(site, port) {
            // After `--` nothing is an option any more (POSIX, guideline 10 of 12.2).
            let value = match port.steps.as_slice() {
                [PortStep::Any] if kind == self.k.argument => {
                    self.options(site, port).unwrap_or(value)
                }
                _ => value,
            };
            let value = match needs {
                Some(Shape::Structured) => self.objects_of(value),
                Some(Shape::String) => self.texts_of(value),
                _ => value,
            };
            self.check_value(site, path, kind, port, (value, operand), notes);
        }
    }

    /// What of a value may be an object: a text has no members that anybody reads.
    fn objects_of(&self, value: Value) -> Value {
        let text = |t: &Taint| !self.k.operators.is_empty() && t.clean.covers(self.k.operators);
        Value {
            taints: value.map_taints(|t| (!text(&t)).then_some(t)),
            ..value
        }
    }

    /// What of a value is a text, and no content that was read before: an upload itself is content, and what a parameter holds may be.
    fn texts_of(&self, value: Value) -> Value {
        let text = |t: &Taint| match t.origin {
            _ if t.derived => true,
            Origin::Source(source) => source.kind != self.k.upload,
            Origin::Port(_) => false,
        };
        Value {
            taints: value.map_taints(|t| text(&t).then_some(t)),
            ..value
        }
    }

    /// The elements that stand before `--` in the list of arguments at a port, where it is written down and holds one.
    fn options(&mut self, site: &CallSite, elements: &Port) -> Option<Value> {
        let list = Port {
            base: elements.base.clone(),
            steps: Vec::new(),
            deep: false,
        };
        let operand = self.port_values(site, &list).first()?.1?;
        let Some((_, Instr::Array { parts, .. })) = self.definition(operand) else {
            return None;
        };
        let parts = self.f.func.parts(parts);
        let is_end = |part: &Part| {
            self.operand(part.value)
                .as_str()
                .is_some_and(|t| &**t == "--")
        };
        let end = parts.iter().position(is_end)?;
        let mut out = Value::default();
        for part in parts.iter().take(end) {
            let mut value = self.operand(part.value);
            if part.key == PartKey::Spread {
                value = self.load(&value, Sym::ANY);
            }
            out.join(&value);
        }
        Some(out)
    }

    /// A value arrives at a sink.
    fn check_value(
        &mut self,
        site: &CallSite,
        path: PathId,
        kind: SinkKind,
        port: &Port,
        (value, operand): (Value, Option<Operand>),
        notes: u16,
    ) {
        let value = if port.deep && self.k.operators.has(kind) {
            self.deep_query(&value, 0)
        } else if port.deep {
            self.deep(&value)
        } else {
            self.with_elements(&value)
        };
        self.met(site.span, kind, &value);
        if value.taints.is_none() {
            return;
        }
        let argument = self.argument_span(site, operand);
        let facts = self.sink_facts(&value);
        let sink = Arc::new(SinkRef {
            func: self.f.id,
            span: site.span,
            argument,
            kind,
            callee: Arc::from(self.called_as(path, site)),
            facts: Arc::from(facts),
            notes,
            configured: false,
        });
        let taints: Vec<Taint> = value.taints().to_vec();
        for taint in taints {
            if taint.notes & super::access::BY_KEY == 0 {
                self.arrive(&taint, &sink, port.deep);
            }
        }
    }

    /// What a sink is called: what only its form tells has the name of the method.
    fn called_as(&self, path: PathId, site: &CallSite) -> String {
        let text = self.origins.paths.text(path);
        let name = match self.f.func.instrs.get(site.instr as usize) {
            Some(&Instr::Call { callee, .. }) if text == STATEMENT => {
                method_name(self.f, site.instr, callee)
            }
            _ => None,
        };
        name.map_or(text, str::to_owned)
    }

    /// Everything below a query of objects but what `$eq` compares: that is data, whatever it is.
    fn deep_query(&mut self, value: &Value, depth: u32) -> Value {
        let compared = self.member_sym("$eq");
        let (Some(compared), false, true) = (compared, value.refs.is_empty(), depth < 4) else {
            return self.deep(value);
        };
        let mut out = self.deep(&Value {
            taints: value.taints.clone(),
            ..Value::default()
        });
        for id in value.refs.clone() {
            let Some(obj) = self.state.obj(id).cloned() else {
                continue;
            };
            for field in obj.fields.iter().filter(|f| f.sym != compared) {
                out.join_taints(&self.deep_query(&field.value, depth + 1));
            }
            out.join_taints(&self.deep_query(&obj.any, depth + 1));
        }
        out
    }

    /// A string was meant: an array in its place is joined from its elements.
    pub(super) fn with_elements(&mut self, value: &Value) -> Value {
        value.clone()
    }

    pub(super) fn sink_facts(&self, value: &Value) -> Vec<(String, FactValue)> {
        vec![("text".to_owned(), fact_value(value))]
    }

    /// Where the argument stands: the instruction that made it, when that lies inside the call.
    pub(super) fn argument_span(
        &self,
        site: &CallSite,
        operand: Option<Operand>,
    ) -> casemate_ir::Span {
        let Some(Operand::Local(local)) = operand else {
            return site.span;
        };
        let Some(&def) = self.defs.get(local.index()) else {
            return site.span;
        };
        let span = self
            .f
            .func
            .spans
            .get(def as usize)
            .copied()
            .unwrap_or(site.span);
        if span.start >= site.span.start && span.end <= site.span.end {
            span
        } else {
            site.span
        }
    }
}
