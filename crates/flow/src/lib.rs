//! Linking, origins, call graph, summaries and taint.
//!
//! Invariants
//! - Knows no rule and no framework: what a library's API is stands in model rows, what is wrong in rules.
//! - Every cap stands in one file and is counted; reaching one gives *unknown*, never *no*.
//! - The same program gives the same bytes for any thread count and file order.

pub mod result;
