//! Where a text was put together that others only pass on.
//!
//! `db.select("… " + x)` with a `select` that gives its parameter to the driver and to nobody else: the fault, and its repair, are in
//! the caller. All such callers would share one place otherwise.

use crate::result::FuncId;
use crate::taint::{Arena, Finding, TraceKind, TraceRef};
use casemate_ir::Span;
use casemate_model::kind::{Kinds, SinkKind};

/// Calls between the place and the sink, and steps before it, that are looked at.
const STEPS: u32 = 64;

/// Languages of which texts are put together.
const LANGUAGES: [&str; 5] = ["sql", "command.shell", "code", "ldap", "xpath"];

/// Paths are put together by functions as well: `join(folder, name)`.
const PATHS: [&str; 2] = ["path.read", "path.write"];

/// Finds these places.
pub(crate) struct Composed<'a> {
    arenas: &'a [Arena],
    kinds: Vec<SinkKind>,
    paths: Vec<SinkKind>,
}

impl<'a> Composed<'a> {
    pub(crate) fn new(kinds: &Kinds, arenas: &'a [Arena]) -> Self {
        let of = |names: &[&str]| {
            names
                .iter()
                .filter_map(|name| kinds.sink(name).ok())
                .collect()
        };
        Self {
            arenas,
            kinds: of(&LANGUAGES),
            paths: of(&PATHS),
        }
    }

    /// The call that gives the text to functions which do nothing but pass it on to the sink.
    pub(crate) fn place(&self, finding: &Finding) -> Option<(FuncId, Span)> {
        let path = self.paths.contains(&finding.sink.kind);
        if !path && !self.kinds.contains(&finding.sink.kind) {
            return None;
        }
        let mut at = finding.trace;
        for _ in 0..STEPS {
            let node = self.node(at)?;
            let inner = node.inner.filter(|_| node.kind == TraceKind::Into)?;
            if self.passes_on(inner) {
                return self
                    .is_composed(node.prev, path)
                    .then_some((at.func, node.span));
            }
            at = inner;
        }
        None
    }

    fn node(&self, at: TraceRef) -> Option<crate::taint::TraceNode> {
        self.arenas.get(at.func.0 as usize)?.get(at.node)
    }

    /// Whether a way leads from what a function is given straight to the sink.
    fn passes_on(&self, mut at: TraceRef) -> bool {
        for _ in 0..STEPS {
            let Some(node) = self.node(at) else {
                return false;
            };
            let start = node.prev.and_then(|prev| self.node(prev));
            if start.is_none_or(|start| start.kind != TraceKind::Start) {
                return false;
            }
            match (node.kind, node.inner) {
                (TraceKind::Sink, _) => return true,
                (TraceKind::Into, Some(inner)) => at = inner,
                _ => return false,
            }
        }
        false
    }

    /// Whether something became part of a text on the way in one function.
    fn is_composed(&self, mut at: Option<TraceRef>, path: bool) -> bool {
        for _ in 0..STEPS {
            let Some(node) = at.and_then(|at| self.node(at)) else {
                return false;
            };
            if node.kind == TraceKind::Concat || path && node.kind == TraceKind::Library {
                return true;
            }
            at = node.prev;
        }
        false
    }
}
