//! Python: parse with ruff, lower to the IR, resolve modules.
//!
//! Invariants
//! - Nothing outside this crate sees a ruff type, and no syntax tree outlives [`lower`].
//! - Lowering never fails and never panics: what is not understood becomes [`casemate_ir::Instr::Opaque`] and is counted.
//! - Nothing here knows a framework or a rule.
//!
//! How Python stands in the IR, and so in API paths:
//! - `import a.b` and `from a.b import c` lead to roots that are top-level modules: `py:a.b.c` is the member `c` of the member `b` of
//!   the package `a`, however it was imported. Built-in names are roots of their own: `py:open()`, `py:eval()`.
//! - A class is called, never `new`: `py:flask.Flask().run()`. What a class annotation or a base class promises is that same call.
//! - An attribute and a constant string key are one member: `d["k"]` and `d.k` are `.k`. Constant positions are `[0]`.
//! - Methods of built-in types, for receivers that nothing is known of, are members of `prototype`: `py:str.prototype.join`.
//! - The first parameter of a method is its receiver (`this`): positions of arguments start after it. Keyword arguments keep
//!   their names: `arg(0/'sql')` is the first argument or the one called `sql`, `arg('shell')` only the latter.
//! - A decorator is a value: `@app.route("/x")` is `py:flask.Flask().route()`, and what it decorates is its `.deco`.
//! - `with x as y` calls `x.__enter__()` (`__aenter__`); `for` reads elements; operators that libraries overload are calls of
//!   `__truediv__` and the like; slices are [`casemate_ir::OpKind::Rest`].
//!
//! ruff recurses on nesting: run [`lower`] on a thread with a large (512 MB) stack.

mod folder;
mod frame;
mod lower;
mod names;
mod parse;
mod resolve;
mod settle;

pub use resolve::{Resolution, Resolver};
pub use settle::{Module, settle};

use casemate_ir::FileFacts;

/// Limits of the front end. Each one that is reached leaves a note in the facts.
#[derive(Clone, Copy, Debug)]
pub struct LowerOptions {
    /// Files larger than this are not read at all.
    pub max_bytes: usize,
    /// Files larger than this keep only the code of their module level.
    pub max_body_bytes: usize,
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
            max_body_bytes: 2 << 20,
            max_depth: 2_000,
            max_brackets: 3_000,
            max_parts: 4_096,
        }
    }
}

/// Lowers one file. Never fails: syntax errors are counted, and a file that cannot be read at all gives facts with a note.
#[must_use]
pub fn lower(text: &str, options: &LowerOptions) -> FileFacts {
    lower::file(text, options)
}
