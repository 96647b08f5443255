//! The catalogue of weaknesses: what we hold to be wrong, explained, with examples that are its tests.
//!
//! A rule is one Markdown file (`rules/<area>/<id>.md`, format in `rules/README.md`): TOML front matter says which
//! source kinds reach which sink kinds, or which question is put to a fact; prose explains it to people; fenced examples
//! are its tests. This crate reads the files, checks them, and applies the whole catalogue to what the engine found.
//!
//! Invariants
//! - Knows no language, no library and no front end: libraries are rows of models, languages are other crates.
//! - Adding a rule touches one file and no list. Unknown keys, headings, kinds, facts and ids are errors with a near name.
//! - Every answer about a value is three-valued; what is not known is counted, never taken for *no*.
//! - Severity is computed from factors, and each factor carries its evidence as text.
//! - Nothing here depends on the order of files or on hash maps.
//!
//! Start reading at [`rule::Rule`], then [`catalogue::Catalogue`], then [`matching`].

pub mod backtracking;
pub mod body;
pub mod catalogue;
pub mod condition;
pub mod confidence;
pub mod cvss;
pub mod error;
pub mod example;
pub mod front;
pub mod marker;
pub mod matching;
pub mod near;
pub mod rule;
pub mod severity;
pub mod standard;
mod table;
