//! Implementation Guidance.

use super::{Block, Cell, Entry, Table, lower_first, sentence};
use casemate_assess::assessment::{Assessment, Level};
use casemate_assess::dossier::Verdict;
use casemate_assess::dossier::risk::Risk;
use casemate_assess::dossier::words::{count, first_sentence};
use std::collections::BTreeMap;

/// Places of one weakness that are listed.
const PLACES: usize = 12;

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let mut out = vec![Block::Heading(3, "Technical Recommendations".to_owned())];
    let guides = &a.dossier.plan.guides;
    if guides.is_empty() {
        out.push(Block::Text(format!(
            "Nothing in {} waits for a repair.",
            a.project.name
        )));
    }
    out.extend(guides.iter().map(|g| Block::Entry(guide(a, g))));
    testing(a, &mut out);
    incidents(a, &mut out);
    audit(a, &mut out);
    out
}

fn guide<'a>(a: &'a Assessment, guide: &'a casemate_assess::dossier::plan::Guide) -> Entry<'a> {
    let rule = a.rule(&guide.rule);
    let mut blocks = Vec::new();
    let shown: Vec<Vec<Cell>> = guide
        .places
        .iter()
        .take(PLACES)
        .map(|(place, id)| vec![Cell::code(place), Cell::Findings(vec![id.clone()])])
        .collect();
    let rest = guide.places.len() - shown.len();
    blocks.push(Block::Table(Table {
        caption: if rest > 0 {
            format!("Where to edit, {rest} more in the list of risks")
        } else {
            "Where to edit".to_owned()
        },
        head: vec!["Place", "Finding"],
        rows: shown,
    }));
    blocks.push(Block::Heading(5, "Fix".to_owned()));
    blocks.push(Block::Method(&guide.fix));
    blocks.push(Block::Heading(5, "Alternatives".to_owned()));
    blocks.push(Block::Method(&guide.alternatives));
    for heading in ["Cost", "Scalability", "Test"] {
        if let Some(text) = rule.and_then(|r| r.section(heading)) {
            let title = match heading {
                "Test" => "A test that fails before and passes after",
                "Cost" => "What it costs",
                other => other,
            };
            blocks.push(Block::Heading(5, title.to_owned()));
            blocks.push(Block::Method(text));
        }
    }
    Entry {
        id: format!("guide-{}", guide.rule),
        level: guide.level,
        confidence: String::new(),
        title: guide.title.clone(),
        place: count(guide.places.len(), "place", "places"),
        blocks,
    }
}

fn testing<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, "Security Testing Strategies".to_owned()));
    let endpoints = &a.dossier.surface.endpoints;
    let with: Vec<_> = endpoints.iter().filter(|e| !e.tests.is_empty()).collect();
    let tests: usize = with.iter().map(|e| e.tests.len()).sum();
    if with.is_empty() {
        out.push(Block::Text(format!(
            "No endpoint of {} is known well enough to write tests for.",
            a.project.name
        )));
        return;
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for test in with.iter().flat_map(|e| &e.tests) {
        let kind = if test.starts_with("the ") {
            "what this report found: harmless"
        } else {
            test
        };
        *kinds.entry(kind).or_default() += 1;
    }
    out.push(Block::Text(format!(
        "The endpoint table asks for {} at {}:",
        count(tests, "abuse test", "abuse tests"),
        count(with.len(), "endpoint", "endpoints")
    )));
    out.push(Block::List(
        kinds
            .iter()
            .map(|(kind, n)| sentence(&format!("{kind} ({})", count(*n, "endpoint", "endpoints"))))
            .collect(),
    ));
    out.push(Block::Table(Table {
        caption: "Test plan".to_owned(),
        head: vec!["Endpoint", "Handler", "Send, and expect"],
        rows: with
            .iter()
            .map(|e| {
                vec![
                    Cell::code(e.title()),
                    Cell::code(e.handlers.join(", ")),
                    Cell::text(e.tests.join("; ")),
                ]
            })
            .collect(),
    }));
}

fn incidents<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(
        3,
        "Monitoring and Incident Response".to_owned(),
    ));
    let serious = a
        .dossier
        .risks
        .iter()
        .filter(|r| r.level >= Level::High && r.confidence != "low");
    let rows: Vec<Vec<Cell>> = serious
        .map(|r| {
            let contain = r.endpoint.as_ref().map_or_else(
                || format!("take what calls `{}` out of service", r.place),
                |e| {
                    format!(
                        "answer `{e}` with 503 at the proxy until `{}` is repaired",
                        r.place
                    )
                },
            );
            vec![
                Cell::Risks(vec![r.id.clone()]),
                Cell::text(r.title.clone()),
                Cell::text(sentence(&contain)),
                Cell::text(look_for(a, r)),
            ]
        })
        .collect();
    if rows.is_empty() {
        out.push(Block::Text(format!("No risk of level high with more than low confidence stands in {}, so no playbook is written for one.", a.project.name)));
        return;
    }
    out.push(Block::Table(Table {
        caption: "Playbooks, for the risks that are there".to_owned(),
        head: vec!["Risk", "When you suspect", "Contain", "Look for"],
        rows,
    }));
}

/// What shows that somebody has done it: where, and how the rule says.
fn look_for(a: &Assessment, risk: &Risk) -> String {
    let place = format!("`{}`", risk.endpoint.as_ref().unwrap_or(&risk.place));
    let mut detections = a.dossier.monitoring.detections.iter();
    let watch = detections
        .find(|d| d.rule == risk.rule)
        .map(|d| first_sentence(&d.watch))
        .filter(|text| !text.is_empty());
    match watch {
        Some(watch) => format!("At {place}: {}", sentence(&lower_first(&watch))),
        None => format!("Uses of {place} that nobody can explain."),
    }
}

fn audit<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(
        3,
        "Compliance and Audit Preparation".to_owned(),
    ));
    let decided = a
        .dossier
        .ledger
        .iter()
        .filter(|r| r.verdict.decided())
        .count();
    let people = a
        .dossier
        .ledger
        .iter()
        .filter(|r| matches!(r.verdict, Verdict::Human | Verdict::Partial))
        .count();
    out.push(Block::Text(format!(
        "An auditor gets three things: this report, the ledger with {decided} decided requirements and {people} worksheets to fill in, and the assessment as JSON with all places. None of them is a certificate, and nobody can give one for {} on this ground alone.",
        a.project.name
    )));
    if !a.dossier.conflicts.is_empty() {
        out.push(Block::List(super::sentences(&a.dossier.conflicts)));
    }
    if !a.dossier.views.is_empty() {
        out.push(Block::Table(Table {
            caption: "The same findings in the numbers of other standards; numbers only, and only what code can show".to_owned(),
            head: vec!["Standard", "Entry", "Rules applied", "Findings"],
            rows: a
                .dossier
                .views
                .iter()
                .map(|v| vec![Cell::Label(v.standard.clone()), Cell::text(&v.entry), Cell::Count(v.rules), Cell::Count(v.findings)])
                .collect(),
        }));
    }
}
