//! Origins: what a place may hold, over the whole program.
//!
//! A flow-insensitive, context-insensitive fixpoint (Andersen's analysis, field-sensitive by allocation site) over functions,
//! classes, objects and API paths. It answers who is called and where a value comes from; taint is another pass. One function
//! is evaluated at a time; a change in a place that other functions read queues them again. Sequential, so its numbers are the
//! same in every run.

mod answers;
mod call;
mod computed;
mod declared;
mod definition;
mod filters;
mod hung;
mod import;
mod inherited;
mod kept;
mod keyed;
mod lineage;
mod member;
mod memo;
mod overridden;
mod port;
mod protocol;
mod registering;
mod registry;
mod resolvers;
mod signature;
mod solve;
mod steps;
mod through;
mod value;
mod visit;
mod wrapped;
mod wrappers;

pub(crate) use call::method_name;
pub(crate) use port::positions;
pub use solve::Solver;
pub(crate) use solve::root_prefix;
pub use value::{Val, ValId, ValSet};
pub(crate) use wrapped::wraps_member;

/// The core method under which models say what a statement of SQL is for, whoever runs it: `js:driver.prototype.runs_a_statement`.
pub(crate) const STATEMENT: &str = "runs_a_statement";
