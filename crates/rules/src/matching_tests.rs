//! The catalogue against hand-made analyses.

use super::*;
use crate::front::{self, Names};
use casemate_flow::result::{FactValue, FileIdx, Note, PathStep};
use casemate_ir::Span;

const KINDS: &str = include_str!("../../../models/kinds.toml");

fn kinds() -> Kinds {
    Kinds::parse(KINDS).unwrap()
}

fn rule(id: &str, cwe: &str, question: &str) -> Rule {
    let front = format!(
        "+++\ntitle = \"T\"\nsince = \"0.1.0\"\nstatus = \"stable\"\ncwe = {cwe}\nprecision = \"high\"\n\
         [severity]\nconfidentiality = \"high\"\nintegrity = \"low\"\navailability = \"none\"\neffort = \"low\"\n\
         [match]\n{question}\n[fix]\nkind = \"guide\"\n+++\n"
    );
    let body = "## What\nA.\n## Why it matters\nB.\n## Attack\nC.\n## Fix\nD.\n## Alternatives\nE.\n## Examples\nF.\n";
    let kinds = kinds();
    front::parse(
        &format!("injection/{id}.md"),
        &format!("{front}{body}"),
        Names {
            kinds: &kinds,
            asvs: &[],
        },
    )
    .unwrap()
}

fn site(start: u32) -> Site {
    Site {
        file: FileIdx(0),
        span: Span {
            start,
            end: start + 1,
        },
    }
}

fn path(kind: &str, notes: &[Note]) -> FlowPath {
    FlowPath {
        source: site(0),
        kind: kinds().source(kind).unwrap(),
        shape: Shape::Structured,
        text: "req.query.id".into(),
        steps: vec![PathStep {
            site: site(0),
            text: "read".into(),
        }],
        notes: notes.to_vec(),
        entries: vec![0],
    }
}

fn flow(at: u32, sink: &str, facts: &[(&str, FactValue)], paths: Vec<FlowPath>) -> Flow {
    Flow {
        sink: site(at),
        argument: site(at),
        kind: kinds().sink(sink).unwrap(),
        function: FuncId(0),
        callee: "db.query".into(),
        facts: facts
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        paths,
    }
}

fn apply(rules: Vec<Rule>, flows: Vec<Flow>, facts: Vec<Fact>) -> Applied {
    let analysis = Analysis {
        flows,
        facts,
        ..Analysis::default()
    };
    Catalogue::of(rules).apply(&analysis, &kinds(), &|_| true)
}

fn told(applied: &Applied) -> Vec<(&str, u32, Confidence)> {
    applied
        .matches
        .iter()
        .map(|m| (m.rule.as_str(), m.place.span.start, m.confidence))
        .collect()
}

const SQL: &str = "flow.from = [\"http\", \"store:low\"]\nflow.to = [\"sql\"]";

#[test]
fn parents_cover_children_and_caps_hold() {
    let flows = vec![
        flow(1, "sql", &[], vec![path("http.query", &[])]),
        flow(2, "sql", &[], vec![path("store", &[])]),
        flow(3, "sql", &[], vec![path("cli", &[])]),
        flow(4, "log.line", &[], vec![path("http.query", &[])]),
    ];
    let applied = apply(vec![rule("sql-x", "[89]", SQL)], flows, vec![]);
    assert_eq!(
        told(&applied),
        [
            ("sql-x", 1, Confidence::High),
            ("sql-x", 2, Confidence::Low)
        ]
    );
    assert_eq!(
        applied.tallies.get("sql-x").map(|tally| tally.found),
        Some(2)
    );
}

#[test]
fn the_best_path_leads_and_notes_lower() {
    let worse = path("http.query", &[Note::ViaUnknown, Note::ByName]);
    let better = path("http.body", &[Note::Capped]);
    let applied = apply(
        vec![rule("sql-x", "[89]", SQL)],
        vec![flow(1, "sql", &[], vec![worse, better])],
        vec![],
    );
    let found = &applied.matches[0];
    assert_eq!(
        (found.confidence, found.reasons.len()),
        (Confidence::High, 1)
    );
    let Evidence::Flow { paths, .. } = &found.evidence else {
        panic!("a flow")
    };
    assert_eq!(
        paths
            .iter()
            .map(|path| path.notes.len())
            .collect::<Vec<_>>(),
        [1, 2]
    );
}

#[test]
fn one_match_per_rule_and_place() {
    let xss = rule(
        "xss",
        "[79]",
        "flow.from = [\"http\"]\nflow.to = [\"html\"]",
    );
    let flows = vec![
        flow(
            1,
            "html.attr",
            &[],
            vec![path("http.query", &[Note::ViaUnknown])],
        ),
        flow(1, "html.text", &[], vec![path("http.body", &[])]),
    ];
    let applied = apply(vec![xss], flows, vec![]);
    assert_eq!(told(&applied), [("xss", 1, Confidence::High)]);
    let Evidence::Flow { kinds, paths, .. } = &applied.matches[0].evidence else {
        panic!("a flow")
    };
    assert_eq!((kinds.len(), paths.len()), (2, 2));
}

#[test]
fn unless_is_three_valued() {
    let question = format!("{SQL}\nflow.unless = \"fact.escaped\"");
    let facts = [
        FactValue::Bool(true),
        FactValue::Unknown,
        FactValue::Bool(false),
    ];
    let flows = (1..).zip(facts).map(|(at, value)| {
        flow(
            at,
            "sql",
            &[("escaped", value)],
            vec![path("http.query", &[])],
        )
    });
    let applied = apply(
        vec![rule("sql-x", "[89]", &question)],
        flows.collect(),
        vec![],
    );
    assert_eq!(
        told(&applied),
        [
            ("sql-x", 2, Confidence::Medium),
            ("sql-x", 3, Confidence::High)
        ]
    );
    let tally = &applied.tallies["sql-x"];
    assert_eq!(
        (tally.found, tally.passed, tally.unknown.as_slice()),
        (2, 1, [site(2)].as_slice())
    );
}

#[test]
fn where_on_a_flow_may_ask_about_the_path() {
    let question = format!("{SQL}\nflow.where = \"source ~ 'passw' and fact.escaped\"");
    let flows = vec![
        flow(
            1,
            "sql",
            &[("escaped", FactValue::Bool(true))],
            vec![path("http.query", &[])],
        ),
        flow(
            2,
            "sql",
            &[],
            vec![FlowPath {
                text: "req.body.password".into(),
                ..path("http.body", &[])
            }],
        ),
    ];
    let applied = apply(vec![rule("sql-x", "[89]", &question)], flows, vec![]);
    assert_eq!(told(&applied), []);
    let tally = &applied.tallies["sql-x"];
    assert_eq!(
        (tally.passed, tally.unknown.as_slice()),
        (1, [site(2)].as_slice())
    );
}

fn fact(at: u32, values: &[(&str, FactValue)]) -> Fact {
    Fact {
        fact: "hash".into(),
        site: site(at),
        function: FuncId(0),
        callee: "crypto.createHash".into(),
        values: values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    }
}

#[test]
fn what_nobody_can_tell_is_neither_found_nor_kept() {
    let question = "site = { at = \"hash\", where = \"fact.algorithm == 'md5'\", open = \"fact.algorithm ~ 'own'\" }";
    let of = |at, name: &str| fact(at, &[("algorithm", FactValue::Str(name.into()))]);
    let facts = vec![of(1, "md5"), of(2, "own-1"), of(3, "sha256")];
    let applied = apply(vec![rule("hash-x", "[328]", question)], vec![], facts);
    assert_eq!(told(&applied), [("hash-x", 1, Confidence::High)]);
    let tally = &applied.tallies["hash-x"];
    assert_eq!(
        (tally.found, tally.passed, tally.unknown.as_slice()),
        (1, 1, [site(2)].as_slice())
    );
}

#[test]
fn facts_are_found_passed_or_unknown() {
    let hash = rule(
        "hash-x",
        "[328]",
        "site = { at = \"hash\", where = \"lower(fact.algorithm) in ['md5', 'sha1']\" }",
    );
    let text = |text: &str| FactValue::Str(text.into());
    let facts = vec![
        fact(1, &[("algorithm", text("MD5"))]),
        fact(2, &[("algorithm", text("sha256"))]),
        fact(3, &[("algorithm", FactValue::Unknown)]),
        fact(
            4,
            &[(
                "algorithm",
                FactValue::OneOf(vec![text("sha1"), text("sha256")]),
            )],
        ),
    ];
    let applied = apply(vec![hash], vec![], facts);
    assert_eq!(
        told(&applied),
        [
            ("hash-x", 1, Confidence::High),
            ("hash-x", 4, Confidence::Medium)
        ]
    );
    let tally = &applied.tallies["hash-x"];
    assert_eq!(
        (tally.found, tally.passed, tally.unknown.as_slice()),
        (2, 1, [site(3)].as_slice())
    );
}

#[test]
fn two_rules_that_say_the_same_are_one_unless_the_sink_kinds_differ() {
    let from = |from: &str, to: &str| format!("flow.from = [\"{from}\"]\nflow.to = [\"{to}\"]");
    let reflected = rule("xss", "[79]", &from("http", "html"));
    let stored = rule("xss-stored", "[79]", &from("store", "html"));
    let both = || vec![path("http.query", &[]), path("store", &[Note::ViaStore])];
    let applied = apply(
        vec![reflected, stored],
        vec![flow(1, "html.text", &[], both())],
        vec![],
    );
    assert_eq!(told(&applied), [("xss", 1, Confidence::High)]);
    assert_eq!(applied.tallies["xss-stored"].found, 0);
    let shell = rule("shell", "[78]", &from("http", "command.shell"));
    let argument = rule("argument", "[88, 78]", &from("http", "command.argument"));
    let flows = vec![
        flow(1, "command.shell", &[], vec![path("http.query", &[])]),
        flow(1, "command.argument", &[], vec![path("http.query", &[])]),
    ];
    assert_eq!(apply(vec![shell, argument], flows, vec![]).matches.len(), 2);
}

#[test]
fn a_deselected_rule_hides_nothing() {
    let from = |from: &str| format!("flow.from = [\"{from}\"]\nflow.to = [\"html\"]");
    let rules = [
        rule("xss", "[79]", &from("http")),
        rule("xss-stored", "[79]", &from("store")),
    ];
    let flows = vec![flow(
        1,
        "html.text",
        &[],
        vec![path("http.query", &[]), path("store", &[])],
    )];
    let analysis = Analysis {
        flows,
        ..Analysis::default()
    };
    let applied = Catalogue::of(rules).apply(&analysis, &kinds(), &|rule| rule.id == "xss-stored");
    assert_eq!(told(&applied), [("xss-stored", 1, Confidence::High)]);
}

#[test]
fn the_rule_that_refines_another_stays() {
    let at = |fact: &str| format!("site = {{ at = \"{fact}\" }}");
    let general = rule("a-general", "[798]", &at("credential"));
    let exact = rule("z-exact", "[321, 798]", &at("hash"));
    let credential = Fact {
        fact: "credential".into(),
        ..fact(1, &[])
    };
    let applied = apply(
        vec![general, exact],
        vec![],
        vec![credential, fact(1, &[]), fact(2, &[])],
    );
    assert_eq!(
        told(&applied),
        [
            ("z-exact", 1, Confidence::High),
            ("z-exact", 2, Confidence::High)
        ]
    );
    assert_eq!(applied.tallies["a-general"].found, 0);
}

#[test]
fn facts_of_the_same_call_are_facts_of_the_sink() {
    let question = "flow.from = [\"http\"]\nflow.to = [\"sql\"]\nflow.where = \"growth(fact.algorithm) == 'exponential'\"";
    let text = |text: &str| FactValue::Str(text.into());
    let flows = || {
        (1..=3)
            .map(|at| flow(at, "sql", &[], vec![path("http.query", &[])]))
            .collect()
    };
    let facts = vec![
        fact(1, &[("algorithm", text("/(a+)+$/"))]),
        fact(2, &[("algorithm", text("/a$/"))]),
    ];
    let applied = apply(vec![rule("sql-x", "[89]", question)], flows(), facts);
    assert_eq!(told(&applied), [("sql-x", 1, Confidence::High)]);
    assert_eq!(applied.tallies["sql-x"].unknown, [site(3)]);
}
