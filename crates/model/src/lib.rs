//! Library models: what we know about the APIs of libraries, and the matcher that recognises them.
//!
//! A model file says what an API *is* (a source, a sink, a guard …), never what is wrong. The format is normative
//! (`models.md`); this crate parses it, checks it, and compiles all rows to one automaton over *API paths*
//! (`npm:express().get.arg(1).param(0)`), so that matching is one memoised step per member access.
//!
//! Invariants
//! - Knows no library and no rule: libraries are data (`models/`), rules are another crate.
//! - A file that names an unknown kind, port, step or role is an error with a near name, never ignored.
//!
//! Start reading at [`row::Row`], then [`matcher::Models`].

pub mod expr;
pub mod glob;
pub mod kind;
pub mod load;
pub mod matcher;
pub mod near;
pub mod path;
pub mod route;
pub mod row;
pub mod version;
