//! JavaScript and TypeScript: parse with oxc, lower to the IR, resolve modules.
//!
//! Invariants
//! - Nothing outside this crate sees an oxc type, and no syntax tree outlives [`lower`].
//! - Lowering never fails and never panics: what is not understood becomes [`casemate_ir::Instr::Opaque`] and is counted.
//! - Nothing here knows a framework or a rule.
//!
//! oxc recurses on nesting: run [`lower`] on a thread with a large (512 MB) stack.

mod folder;
mod lower;
mod parse;
mod repair;
mod resolve;
mod scan;
mod scope;

pub use resolve::{Resolution, Resolver, generated};

pub use folder::unroll;

use casemate_ir::FileFacts;

/// Limits of the front end. Each one that is reached leaves a note in the facts.
#[derive(Clone, Copy, Debug)]
pub struct LowerOptions {
    /// Files larger than this are not read at all.
    pub max_bytes: usize,
    /// Files larger than this keep only the code of their module level.
    pub max_body_bytes: usize,
    /// Files whose lines are longer than this on average keep only the code of their module level.
    pub max_mean_line: usize,
    /// Expressions and statements nested deeper than this become opaque.
    pub max_depth: u32,
    /// Files whose brackets nest deeper than this are not read at all.
    pub max_brackets: u32,
    /// Members of one literal beyond this are joined into one opaque part.
    pub max_parts: usize,
}

impl Default for LowerOptions {
    fn default() -> Self {
        Self {
            max_bytes: 5 << 20,
            max_body_bytes: 1 << 20,
            max_mean_line: 400,
            max_depth: 2_000,
            max_brackets: 3_000,
            max_parts: 4_096,
        }
    }
}

/// Lowers one file; `path` serves for its extension only. Never fails: syntax errors are counted, and a file that cannot be
/// read at all gives facts with a note.
#[must_use]
pub fn lower(text: &str, path: &str, options: &LowerOptions) -> FileFacts {
    lower::file(text, path, options, false)
}

/// Lowers the JavaScript that a template was turned into; spans are those of `text`.
///
/// Free identifiers that are not well-known globals become members of parameter 0, the object of the template's locals. Calls
/// of the pseudo functions `__raw(x)`, `__esc(x)` and `__out(x)` become [`casemate_ir::Instr::Output`] with `escaped` being
/// `Some(false)`, `Some(true)` and `None`; a constant string as second argument is the context. `__locals` is parameter 0
/// itself, `__include` stays a free name: it is called with the computed name of an included template and its locals; so does
/// `__included`, of engines whose loaders keep every name below the folders of templates, and `__request`, the request that
/// an engine offers to every template, and names that begin with `__own_`, filters and functions that the program registers.
#[must_use]
pub fn lower_template(text: &str, path: &str, options: &LowerOptions) -> FileFacts {
    lower::file(text, path, options, true)
}
