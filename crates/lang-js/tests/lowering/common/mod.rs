//! Shared by the lowering tests: a snippet goes in, pieces of the program's text form are looked for.

use casemate_ir::{FileFacts, text, validate};
use casemate_lang_js::{LowerOptions, lower, lower_template};

/// Facts that keep all invariants.
pub fn facts(source: &str, path: &str) -> FileFacts {
    valid(lower(source, path, &LowerOptions::default()))
}

/// Facts of a template that keep all invariants.
pub fn template(source: &str) -> FileFacts {
    valid(lower_template(source, "page.ejs", &LowerOptions::default()))
}

fn valid(facts: FileFacts) -> FileFacts {
    let violations = validate(&facts);
    assert!(
        violations.is_empty(),
        "{violations:?}\n{}",
        text::print_without_spans(&facts)
    );
    facts
}

/// The pieces stand on lines of the program in this order, others between them.
pub fn has(facts: &FileFacts, pieces: &[&str]) {
    let program = text::print_without_spans(facts);
    let mut lines = program.lines();
    for piece in pieces {
        assert!(
            lines.any(|line| line.contains(piece)),
            "`{piece}` is missing or too late in\n{program}"
        );
    }
}

/// JavaScript that lowers to these pieces without a syntax error or an opaque instruction.
pub fn js(source: &str, pieces: &[&str]) {
    check(source, "a.js", pieces);
}

/// TypeScript that lowers to these pieces without a syntax error or an opaque instruction.
pub fn ts(source: &str, pieces: &[&str]) {
    check(source, "a.ts", pieces);
}

fn check(source: &str, path: &str, pieces: &[&str]) {
    let facts = facts(source, path);
    assert_eq!(
        (facts.stats.syntax_errors, facts.stats.opaque),
        (0, 0),
        "{:?}",
        facts.notes
    );
    has(&facts, pieces);
}
