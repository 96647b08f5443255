//! What a function means to its callers.

use super::heap::Obj;
use super::place::PortPath;
use super::trace::TraceRef;
use super::value::{SourceRef, Value};
use crate::result::{FactValue, FuncId};
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Span};
use casemate_model::kind::{KindSet, SinkKind};
use std::sync::Arc;

/// A dangerous use.
#[derive(Clone, PartialEq, Debug)]
pub struct SinkRef {
    /// The function it stands in.
    pub func: FuncId,
    /// The call or output tag.
    pub span: Span,
    /// The dangerous argument.
    pub argument: Span,
    /// What kind.
    pub kind: SinkKind,
    /// What is called.
    pub callee: Arc<str>,
    /// Facts of the sink, by name.
    pub facts: Arc<[(String, FactValue)]>,
    /// The row has low confidence, or its `when` is undecided.
    pub notes: u16,
    /// An output tag that is escaped where the engine is told to.
    pub configured: bool,
}

/// A sink that whatever a port holds reaches.
#[derive(Clone, PartialEq, Debug)]
pub struct PortSink {
    /// The port.
    pub port: PortPath,
    /// All depths below it count.
    pub deep: bool,
    /// What is cleaned on the way.
    pub clean: KindSet,
    /// Only derived values arrive.
    pub derived: bool,
    /// Notes on the way.
    pub notes: u16,
    /// The sink.
    pub sink: Arc<SinkRef>,
    /// The way.
    pub trace: TraceRef,
}

/// A source reaches a sink.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// Where it comes from.
    pub source: SourceRef,
    /// Where it arrives.
    pub sink: Arc<SinkRef>,
    /// Notes on the way.
    pub notes: u16,
    /// The way; ends before the sink when `trace_is_into`.
    pub trace: TraceRef,
}

/// A value that a port holds is called.
#[derive(Clone, PartialEq, Debug)]
pub struct CallbackUse {
    /// The function value.
    pub callee: PortPath,
    /// The receiver.
    pub this: Value,
    /// The arguments, and how they are passed: what is given by name is one mapping.
    pub args: Vec<(ArgKey, Value)>,
    /// Where.
    pub span: Span,
}

/// A write that callers see.
#[derive(Clone, PartialEq, Debug)]
pub struct Effect {
    /// The place written.
    pub port: PortPath,
    /// What it then holds.
    pub value: Value,
    /// It holds nothing else.
    pub strong: bool,
    /// What it holds depends on the caller. A write of anything else to a place that all functions share is known already.
    pub relative: bool,
}

/// The outcome of a function on which an argument is clean.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    /// It returns something truthy.
    True,
    /// It returns something falsy.
    False,
    /// It returns at all.
    Returns,
    /// A member of what it returns is truthy, or falsy: `{ ok: false, error }`, `return False, 'why'`.
    Member(Sym, bool),
}

/// A summary.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Summary {
    /// What it returns.
    pub ret: Value,
    /// What it throws, each error seen as a whole: taints only.
    pub thrown: super::thrown::Thrown,
    /// Objects that `ret`, `effects` and `callbacks` refer to.
    pub objs: Vec<Obj>,
    /// Writes.
    pub effects: Vec<Effect>,
    /// Sinks reached from ports.
    pub sinks: Vec<PortSink>,
    /// Functions that it is given and calls, in order.
    pub callbacks: Vec<CallbackUse>,
    /// What it accepts.
    pub accepts: Vec<(PortPath, Outcome, KindSet)>,
    /// What holds of the request wherever it goes on to the next handler.
    pub lets: Vec<super::gate::Let>,
    /// It never returns.
    pub noreturn: bool,
}
