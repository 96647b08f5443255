//! Following data: one forward pass per function with symbolic parameters, summaries for its callers.

mod access;
mod address;
mod analyse;
mod arrive;
mod branch;
mod call;
mod charset;
mod checked;
mod climbs;
mod computed;
mod condition;
mod deny_list;
mod exit;
mod fact;
mod flag;
mod gather;
mod globals;
mod heap;
mod instantiate;
mod instr;
mod interp;
mod kinds;
mod labels;
mod library;
mod lists;
mod member_sink;
mod methods;
mod named;
mod op;
mod pass;
mod pattern;
mod place;
mod port;
mod record;
mod register;
mod replace;
mod retrieval;
mod schema;
mod sink;
mod state;
mod statement;
mod store;
mod summary;
mod taint_set;
mod tested;
mod text;
mod thrown;
mod trace;
mod trusted;
mod unresolved;
mod value;
mod walked;

pub(crate) use access::{LEADING, WALK};
pub use analyse::{FAILED, RenderLookup, TaintResult, run};
pub(crate) use interp::target;
pub(crate) use kinds::KindIds;
pub use place::{PortBase, PortPath};
pub use summary::{Finding, SinkRef, Summary};
pub use trace::{Arena, TraceKind, TraceRef};
pub use value::{Konst, Origin, SourceRef, Taint, Value, note_bit};

/// Findings whose way leads through state that functions share.
pub fn global_findings(
    origins: &crate::origin::Solver<'_, '_>,
    result: &mut TaintResult,
) -> Vec<Finding> {
    let TaintResult {
        summaries,
        arenas,
        caps,
        ..
    } = result;
    let found = globals::findings(origins, summaries, arenas, caps);
    found.into_iter().map(|f| f.1).collect()
}
