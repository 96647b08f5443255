//! Every construct of the language, one snippet each: it is lowered without loss, the facts are sound, and a value passes
//! through it as it does when the program runs. `table.md` shows the result; `UPDATE=1` writes it anew.

mod constructs;
mod flow;

use casemate_ir::{text, validate};
use casemate_lang_js::{LowerOptions, lower};
use constructs::{CONSTRUCTS, Construct};
use std::fmt::Write;

/// What became of one snippet.
struct Outcome {
    opaque: bool,
    arrives: bool,
}

fn outcome(source: &str, construct: &Construct) -> Outcome {
    // TypeScript reads all of JavaScript but `with` and JSX.
    let jsx = source.contains("</");
    let path = if construct.name.contains("with`") {
        "a.js"
    } else if jsx {
        "a.tsx"
    } else {
        "a.ts"
    };
    let facts = lower(source, path, &LowerOptions::default());
    let shown = text::print_without_spans(&facts);
    assert_eq!(
        facts.stats.syntax_errors, 0,
        "{}: {source}\n{:?}",
        construct.name, facts.notes
    );
    assert_eq!(
        validate(&facts),
        [],
        "{}: {source}\n{shown}",
        construct.name
    );
    let back = text::parse(&text::print(&facts));
    assert_eq!(
        back.as_ref(),
        Ok(&facts.canonical()),
        "{}: {source}",
        construct.name
    );
    Outcome {
        opaque: facts.stats.opaque > 0,
        arrives: flow::arrives(&facts),
    }
}

/// A cell of the table, and whether it is as it should be.
fn cell(source: &str, wanted: bool, construct: &Construct) -> (&'static str, bool) {
    if source.is_empty() {
        return ("–", true);
    }
    let outcome = outcome(source, construct);
    match (outcome.arrives == wanted, outcome.opaque) {
        (true, false) => ("✓", true),
        (true, true) => ("opaque", true),
        (false, _) if wanted => ("**lost**", false),
        (false, _) => ("**joined**", false),
    }
}

fn table() -> (String, Vec<&'static str>) {
    let mut table = String::from(
        "# What becomes of each construct\n\nMade by `tests/conformance`; do not edit. *passes*: a value that goes through the construct arrives. *apart*: one \
         that goes elsewhere does not. `opaque`: not lowered, its operands are joined. **lost**, **joined**: a gap.\n",
    );
    let (mut group, mut gaps) = ("", Vec::new());
    for construct in CONSTRUCTS {
        if construct.group != group {
            group = construct.group;
            let _ = write!(table, "\n| {group} | passes | apart |\n|---|---|---|\n");
        }
        let (passes, first) = cell(construct.yes, true, construct);
        let (apart, second) = cell(construct.no, false, construct);
        if !(first && second) {
            gaps.push(construct.name);
        }
        let _ = writeln!(
            table,
            "| {} | {passes} | {apart} |",
            construct.name.replace('|', "\\|")
        );
    }
    (table, gaps)
}

#[test]
fn every_construct_is_lowered_without_loss() {
    let (table, gaps) = table();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/table.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    assert_eq!(gaps, [""; 0], "{table}");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == table,
        "tests/conformance/table.md is not up to date; run with UPDATE=1"
    );
}

#[test]
fn the_question_is_answered_right() {
    let arrives = |source: &str| flow::arrives(&lower(source, "a.js", &LowerOptions::default()));
    assert!(arrives("sink(source())"));
    assert!(!arrives("source(); sink(1)"));
    assert!(!arrives("const o = { a: source() }; sink(o.b)"));
    assert!(!arrives("function f(a) { return 1 } sink(f(source()))"));
}
