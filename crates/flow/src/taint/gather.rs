//! What the pass gathers: findings, sinks that callers reach, callbacks.

use super::interp::Interp;
use super::place::{PortBase, PortPath};
use super::summary::{CallbackUse, Finding, PortSink, SinkRef};
use super::trace::TraceKind;
use super::value::{Origin, Taint, Value};
use crate::limits;
use crate::program::to_u32;
use crate::result::Carried;
use casemate_ir::{ArgKey, Span};
use casemate_model::kind::SinkKind;
use std::sync::Arc;

impl Interp<'_> {
    /// Whether the sink is known to be reached from the port, or cannot be kept any more.
    pub(super) fn knows_port_sink(&self, port: PortPath, sink: &SinkRef, deep: bool) -> bool {
        let key = (port, sink.func, sink.argument, sink.kind.0, deep);
        self.sinks.len() >= limits::SUMMARY_SINKS || self.sink_index.contains_key(&key)
    }

    /// A sink that a port reaches.
    pub(super) fn add_port_sink(&mut self, sink: PortSink) {
        let key = (
            sink.port,
            sink.sink.func,
            sink.sink.argument,
            sink.sink.kind.0,
            sink.deep,
        );
        match self.sink_index.get(&key) {
            Some(&index) => {
                if let Some(known) = self.sinks.get_mut(index) {
                    known.clean = known.clean.intersect(sink.clean);
                    known.derived &= sink.derived;
                    known.notes &= sink.notes;
                }
            }
            None if self.sinks.len() >= limits::SUMMARY_SINKS => self.cap("sinks of a summary"),
            None => {
                self.sink_index.insert(key, self.sinks.len());
                self.sinks.push(sink);
            }
        }
    }

    /// A source that reaches a sink.
    pub(super) fn add_finding(&mut self, finding: Finding) {
        let key = (
            finding.source,
            finding.sink.func,
            finding.sink.argument,
            finding.sink.kind.0,
        );
        match self.finding_index.get(&key) {
            Some(&index) => {
                if let Some(known) = self.out.findings.get_mut(index)
                    && finding.notes.count_ones() < known.notes.count_ones()
                {
                    *known = finding;
                }
            }
            None => {
                self.finding_index.insert(key, self.out.findings.len());
                self.out.findings.push(finding);
            }
        }
    }

    /// A sink was met: kept for those who ask where a way breaks, though nothing arrives.
    pub(super) fn met(&mut self, span: Span, kind: SinkKind, value: &Value) {
        let carried = |t: &Taint| match t.origin {
            _ if t.clean.has(kind) => Carried::Harmless,
            Origin::Port(_) => Carried::Given,
            Origin::Source(_) => Carried::Source,
        };
        let most = value.taints().iter().map(carried).max();
        let most = most.unwrap_or(Carried::Nothing);
        self.out.uses.push((span, kind, most));
    }

    /// One taint arrives at a sink of this function.
    pub(super) fn arrive(&mut self, taint: &Taint, sink: &Arc<SinkRef>, deep: bool) {
        if taint.clean.has(sink.kind) {
            return;
        }
        let trace = self.step(TraceKind::Sink, sink.argument, taint.trace);
        match taint.origin {
            Origin::Source(source) => {
                self.add_finding(Finding {
                    source,
                    sink: Arc::clone(sink),
                    notes: taint.notes | sink.notes,
                    trace,
                });
            }
            // What became of a shared variable in a call that is not resolved says nothing.
            Origin::Port(port)
                if port.base().is_absolute()
                    && taint.notes & super::value::note_bit(crate::result::Note::ViaUnknown)
                        != 0 => {}
            Origin::Port(port) => self.add_port_sink(PortSink {
                port,
                deep: deep && !taint.derived,
                clean: taint.clean,
                derived: taint.derived,
                notes: taint.notes,
                sink: Arc::clone(sink),
                trace,
            }),
        }
    }

    /// A function value that a port holds is called; its result is symbolic.
    pub(super) fn add_callback(
        &mut self,
        callee: PortPath,
        this: Value,
        args: Vec<(ArgKey, Value)>,
        span: Span,
    ) -> Value {
        let key = (self.call_index, callee);
        let index = match self.callback_index.get(&key) {
            Some(&index) => {
                if let Some(known) = self.callbacks.get_mut(index as usize) {
                    known.this.join(&this);
                    for ((_, mine), (_, theirs)) in known.args.iter_mut().zip(&args) {
                        mine.join(theirs);
                    }
                }
                index
            }
            None if self.callbacks.len() >= limits::SUMMARY_CALLBACKS => {
                self.cap("callback uses of a summary");
                return Value::default();
            }
            None => {
                let index = to_u32(self.callbacks.len());
                self.callback_index.insert(key, index);
                self.callbacks.push(CallbackUse {
                    callee,
                    this,
                    args,
                    span,
                });
                index
            }
        };
        self.symbolic(PortBase::Callback(index))
    }
}
