//! The program as text: what `print` writes, `parse` reads back.
//!
//! ```text
//! file javascript module
//! import i0 "express"
//! global g0 app const
//!
//! fn f1 async arrow handler (%0 req, %1 res) within f0 @10..90 head @10..30 {
//!   b0: unwind b1
//!     %2 = load %0.query
//!     %3 = free db
//!     %4 = load %3.find
//!     %5 = call %4 this %3 ("text", %2, ...%1)
//!     if %5 then b1 else b2
//! ```
//!
//! One instruction a line; strings, numbers, patterns and names stand where they are used, so there are no tables to keep in
//! step. `;` starts a comment. Whitespace is free, but an operand of `return` stands on its line. For programs written by hand
//!
//! - every label may be a word: `%req`, `fn handler`, `global app`, `loop:`; a function, global or local without a name of its
//!   own takes it, and a local labelled by a word is a named variable;
//! - spans may be left out: an instruction then stands where its text does;
//! - a block without an end goes on in the next one, the last one returns nothing;
//! - `capture req` finds the variable in the functions around and hands it down.

mod cursor;
mod lex;
mod parse;
mod parse_body;
mod parse_instr;
mod print;
mod print_instr;
mod words;

pub use lex::ParseError;
pub use parse::parse;
pub use print::{print, print_without_spans};
