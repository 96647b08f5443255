//! Every construct of Python, one snippet each, through the whole engine: a value passes through it as it does when the program
//! runs. `table.md` shows the result; `UPDATE=1` writes it anew.
#![expect(clippy::unwrap_used, reason = "tests")]

mod constructs;

use casemate_assess::assess_files;
use casemate_assess::config::Config;
use casemate_assess::knowledge::Knowledge;
use constructs::{CONSTRUCTS, Construct};
use std::fmt::Write;

const PRELUDE: &str = "from flask import request\n\
    def source():\n    return request.args['x']\n\
    def sink(value, *rest):\n    eval(value)\n";

/// The files of a snippet: lines `# file: path` begin further ones; the first is `app.py`.
fn files(snippet: &str) -> Vec<(String, String)> {
    let mut files = vec![("flows.py".to_owned(), PRELUDE.to_owned())];
    let mut current = (
        "app.py".to_owned(),
        "from flows import source, sink\n".to_owned(),
    );
    for line in snippet.lines() {
        if let Some(path) = line.strip_prefix("# file: ") {
            files.push(std::mem::replace(
                &mut current,
                (
                    path.to_owned(),
                    "from flows import source, sink\n".to_owned(),
                ),
            ));
            continue;
        }
        current.1.push_str(line);
        current.1.push('\n');
    }
    files.push(current);
    files
}

/// Whether what `source()` returns arrives at `sink(…)`, and whether all of it was lowered.
fn outcome(snippet: &str, construct: &Construct, knowledge: &Knowledge) -> (bool, bool) {
    let assessment = assess_files(&files(snippet), &Config::default(), knowledge).unwrap();
    let partly = &assessment.coverage.files.partly;
    assert!(
        partly.is_empty() && !assessment.failed,
        "{}: {partly:?}",
        construct.name
    );
    let arrives = assessment
        .findings
        .iter()
        .any(|f| f.rule == "code-injection");
    (arrives, assessment.coverage.code.opaque > 0)
}

/// A cell of the table, and whether it is as it should be.
fn cell(
    snippet: &str,
    wanted: bool,
    construct: &Construct,
    knowledge: &Knowledge,
) -> (&'static str, bool) {
    if snippet.is_empty() {
        return ("–", true);
    }
    let (arrives, opaque) = outcome(snippet, construct, knowledge);
    match (arrives == wanted, opaque) {
        (true, false) => ("✓", true),
        (true, true) => ("opaque", true),
        (false, _) if wanted => ("**lost**", false),
        (false, _) => ("**joined**", false),
    }
}

fn table() -> (String, usize) {
    let knowledge = Knowledge::built_in().unwrap();
    let mut table = String::from(
        "# What becomes of each construct of Python\n\nMade by `tests/python`; do not edit. *passes*: a value that goes through the \
         construct arrives. *apart*: one that goes elsewhere does not. `opaque`: not lowered, its operands are joined. **lost**, \
         **joined**: a gap.\n",
    );
    let (mut group, mut gaps) = ("", 0);
    for construct in CONSTRUCTS {
        if construct.group != group {
            group = construct.group;
            let _ = write!(table, "\n| {group} | passes | apart |\n|---|---|---|\n");
        }
        let (passes, first) = cell(construct.yes, true, construct, knowledge);
        let (apart, second) = cell(construct.no, false, construct, knowledge);
        gaps += usize::from(!first) + usize::from(!second);
        let _ = writeln!(
            table,
            "| {} | {passes} | {apart} |",
            construct.name.replace('|', "\\|")
        );
    }
    (table, gaps)
}

/// Gaps that are known; whoever closes one lowers the number.
const KNOWN_GAPS: usize = 0;

#[test]
fn every_construct_passes_values_on() {
    let (table, gaps) = table();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/table.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    assert_eq!(gaps, KNOWN_GAPS, "{table}");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == table,
        "tests/python/table.md is not up to date; run with UPDATE=1"
    );
}
