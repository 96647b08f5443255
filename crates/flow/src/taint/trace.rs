//! How a value came here: parent-pointer nodes, one arena per function.

use crate::result::FuncId;
use casemate_ir::Span;

/// A node of some function's arena.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TraceRef {
    /// Whose arena.
    pub func: FuncId,
    /// Which node.
    pub node: u32,
}

/// One step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TraceKind {
    /// A source is read.
    Source,
    /// A symbolic place of the function: what came before is the caller's.
    Start,
    /// It becomes part of a string.
    Concat,
    /// It goes through a call to a package or core method.
    Library,
    /// It goes through a call of which nothing is known.
    Unknown,
    /// It is stored into a member.
    Stored,
    /// It goes into argument `0`.. of a function of the program; `inner` is the way inside.
    Through,
    /// It reaches a sink inside a called function; `inner` is the way inside.
    Into,
    /// It is the sink.
    Sink,
}

/// A node.
#[derive(Clone, Copy, Debug)]
pub struct TraceNode {
    /// What happens.
    pub kind: TraceKind,
    /// Where.
    pub span: Span,
    /// What came before.
    pub prev: Option<TraceRef>,
    /// The way inside a called function.
    pub inner: Option<TraceRef>,
    /// The called function.
    pub callee: Option<FuncId>,
}

/// All nodes of one function.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    /// The nodes.
    pub nodes: Vec<TraceNode>,
}

impl Arena {
    /// Adds a node.
    pub fn push(&mut self, func: FuncId, node: TraceNode) -> TraceRef {
        let index = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(node);
        TraceRef { func, node: index }
    }
}
