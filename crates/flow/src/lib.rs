//! Linking, origins, call graph, summaries and taint.
//!
//! Invariants
//! - Knows no rule and no framework: what a library's API is stands in model rows, what is wrong in rules.
//! - Every cap stands in one file and is counted; reaching one gives *unknown*, never *no*.
//! - The same program gives the same bytes for any thread count and file order.
//!
//! The way through: [`program::Program::link`] numbers everything, [`origin::Solver`] finds who is called and where values
//! come from, `taint` follows data through summaries, [`result::Analysis`] is the answer.

mod answer;
pub mod apipath;
mod composed;
pub mod injected;
pub mod limits;
pub mod look;
mod offered;
pub mod origin;
pub mod program;
pub mod result;
mod schema;
mod setting;
pub mod sql;
pub mod symbol;
pub mod taint;

pub use answer::{Options, analyse, analyse_from};
pub use program::{InputFile, Program, Target};
