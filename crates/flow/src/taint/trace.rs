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
    /// It is stored into the session of whoever asks.
    Remembered,
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

/// All nodes of one function. There are millions of them in a large program, so they are kept in as little room as they need.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    nodes: Vec<Packed>,
}

/// A node in 24 bytes. The way inside a called function is kept in the arena of that function, which so names it.
#[derive(Clone, Copy, Debug)]
struct Packed {
    span: Span,
    prev_func: u32,
    /// The kind in the upper bits, the node below.
    kind_and_prev: u32,
    inner_func: u32,
    inner_node: u32,
}

const NODE_BITS: u32 = 28;
const NO_NODE: u32 = (1 << NODE_BITS) - 1;

const KINDS: [TraceKind; 10] = [
    TraceKind::Source,
    TraceKind::Start,
    TraceKind::Concat,
    TraceKind::Library,
    TraceKind::Unknown,
    TraceKind::Stored,
    TraceKind::Remembered,
    TraceKind::Through,
    TraceKind::Into,
    TraceKind::Sink,
];

impl Arena {
    /// Adds a node.
    pub fn push(&mut self, func: FuncId, node: TraceNode) -> TraceRef {
        let index = u32::try_from(self.nodes.len()).unwrap_or(NO_NODE);
        let kind = KINDS.iter().position(|kind| *kind == node.kind);
        let kind = u32::try_from(kind.unwrap_or(0)).unwrap_or(0);
        self.nodes.push(Packed {
            span: node.span,
            prev_func: node.prev.map_or(u32::MAX, |prev| prev.func.0),
            kind_and_prev: kind << NODE_BITS | node.prev.map_or(NO_NODE, |p| p.node.min(NO_NODE)),
            inner_func: node
                .inner
                .map(|inner| inner.func)
                .or(node.callee)
                .map_or(u32::MAX, |f| f.0),
            inner_node: node.inner.map_or(NO_NODE, |inner| inner.node.min(NO_NODE)),
        });
        TraceRef { func, node: index }
    }

    /// A node.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<TraceNode> {
        let packed = self.nodes.get(index as usize)?;
        let node = |func: u32, node: u32| {
            (node != NO_NODE).then_some(TraceRef {
                func: FuncId(func),
                node,
            })
        };
        Some(TraceNode {
            kind: *KINDS.get((packed.kind_and_prev >> NODE_BITS) as usize)?,
            span: packed.span,
            prev: node(packed.prev_func, packed.kind_and_prev & NO_NODE),
            inner: node(packed.inner_func, packed.inner_node),
            callee: (packed.inner_func != u32::MAX).then_some(FuncId(packed.inner_func)),
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// An arena with room for so many.
    pub(super) fn with_room(count: usize) -> Self {
        Self {
            nodes: Vec::with_capacity(count),
        }
    }

    /// Gives up the room for further ones.
    pub fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
    }
}
