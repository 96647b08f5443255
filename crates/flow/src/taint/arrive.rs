//! What a caller gives, at the sinks of a summary.

use super::instantiate::Env;
use super::interp::Interp;
use super::keys::KEYS;
use super::summary::{Finding, PortSink, Summary};
use super::trace::TraceKind;
use super::value::{Origin, note_bit, twice_unknown};
use crate::limits;
use crate::result::Note;
use casemate_model::kind::KindSet;
use std::sync::Arc;

impl Interp<'_> {
    /// Its sinks, reached by what the caller gives.
    pub(super) fn sinks_of(&mut self, env: &mut Env<'_>, summary: &Summary) {
        for sink in &summary.sinks {
            if sink.port.base().is_absolute() || (self.escapes && sink.sink.configured) {
                continue;
            }
            let given = self.given(env, &sink.port);
            let given = if sink.notes & KEYS != 0 {
                self.keys_of(&given)
            } else if sink.deep || sink.derived {
                self.whole(env, &sink.port, &given)
            } else {
                given
            };
            if given.taints.is_none() {
                continue;
            }
            for &taint in given.taints() {
                let last = self.k.cleared_as_last_part(&taint, sink.notes);
                let clean: KindSet = taint.clean.union(sink.clean).union(last);
                if clean.has(sink.sink.kind) {
                    continue;
                }
                if twice_unknown(taint.notes, sink.notes) {
                    self.cap(limits::TWICE_UNKNOWN);
                    continue;
                }
                let deep = sink.deep && !taint.derived;
                // Only the first way to a sink is kept.
                let known = matches!(taint.origin, Origin::Port(port)
                    if self.knows_port_sink(port, &sink.sink, deep));
                let trace = if known {
                    taint.trace
                } else {
                    self.through(env, taint.trace, Some(sink.trace), TraceKind::Into)
                };
                let notes = taint.notes | sink.notes;
                match taint.origin {
                    Origin::Source(source) => {
                        self.add_finding(Finding {
                            source,
                            sink: Arc::clone(&sink.sink),
                            notes: notes | sink.sink.notes,
                            trace,
                        });
                    }
                    // Through a call that is not resolved, one caller further is far enough.
                    Origin::Port(port)
                        if notes & note_bit(Note::ViaUnknown) != 0
                            && (port.base().is_absolute() || sink.sink.func != env.func) => {}
                    Origin::Port(port) => self.add_port_sink(PortSink {
                        port,
                        deep,
                        clean,
                        derived: sink.derived || taint.derived,
                        notes,
                        sink: Arc::clone(&sink.sink),
                        trace,
                    }),
                }
            }
        }
    }
}
