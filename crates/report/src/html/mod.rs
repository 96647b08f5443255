//! For a person, in a browser: one file that needs nothing else.
//!
//! Invariants
//! - Everything of a project is escaped: [`page::Page`] takes markup only as literals of this program.
//! - No script is needed to read it. A policy in the file allows its own style and its own script, by their digests, and
//!   nothing else: no request leaves the page.
//! - The same assessment gives the same bytes.

mod figure;
mod page;
mod prose;
mod write;

use crate::document::{self, Depth};
use casemate_assess::assessment::Assessment;

/// The assessment as HTML.
#[must_use]
pub fn render(assessment: &Assessment, depth: Depth) -> String {
    write::document(&document::of(assessment, depth))
}
