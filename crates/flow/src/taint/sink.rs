//! Arguments that a model calls a sink.

use super::fact::fact_value;
use super::interp::Interp;
use super::port::CallSite;
use super::summary::SinkRef;
use super::value::{Taint, Value};
use crate::apipath::PathId;
use crate::result::FactValue;
use casemate_ir::Operand;
use casemate_model::path::Port;
use std::sync::Arc;

impl Interp<'_> {
    pub(super) fn check_sink(
        &mut self,
        at: usize,
        path: PathId,
        site: &CallSite,
        kind: casemate_model::kind::SinkKind,
        port: &Port,
        notes: u16,
    ) {
        for (value, operand) in self.port_values(site, port) {
            let value = if port.deep {
                self.deep(&value)
            } else {
                self.with_elements(&value)
            };
            if value.taints.is_none() {
                continue;
            }
            let argument = self.argument_span(site, operand);
            let facts = self.sink_facts(&value);
            let sink = Arc::new(SinkRef {
                func: self.f.id,
                span: site.span,
                argument,
                kind,
                callee: Arc::from(self.origins.paths.text(path)),
                facts: Arc::from(facts),
                notes,
            });
            let taints: Vec<Taint> = value.taints().to_vec();
            for taint in taints {
                if taint.notes & super::access::BY_KEY == 0 {
                    self.arrive(&taint, &sink, port.deep);
                }
            }
        }
        let _ = at;
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
