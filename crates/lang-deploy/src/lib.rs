//! How services are packed, run and shipped: Dockerfiles, objects of Kubernetes, settings of npm, workflows of GitHub.
//!
//! What is read is what decides who may do what: as whom a container runs, what it may become, which traffic is held back, whose code
//! runs with which rights.
//!
//! Invariants
//! - Reading never fails and never panics: what is not understood is passed over.
//! - Nothing here knows a rule; whether something is a flaw is for others to say.

pub mod dockerfile;
pub mod kubernetes;
pub mod npm;
pub mod workflow;

use casemate_ir::{FactsBuilder, FileFacts, Span};

/// Larger texts are not written by hand, and are not read.
pub const MAX_BYTES: usize = 1 << 20;

/// The facts of such a file: a module in which nothing happens, so that its places have a file.
#[must_use]
pub fn lower(text: &str) -> FileFacts {
    FactsBuilder::nothing(text.len())
}

fn span(start: usize, end: usize) -> Span {
    let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span {
        start: at(start),
        end: at(end),
    }
}

/// The lines of a text with where each begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line.trim_end_matches(['\n', '\r'])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_module() {
        let facts = lower("FROM node\n");
        assert_eq!(facts.functions.len(), 1);
        assert!(casemate_ir::validate(&facts).is_empty());
    }
}
