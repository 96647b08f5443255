//! One finding.

use super::{Block, Cell, Entry, Table, anchor, sentence};
use crate::group::Cause;
use crate::text::prose::first_paragraph;
use casemate_assess::assessment::{Assessment, Finding};

/// Steps of a path that are shown.
const STEPS: usize = 16;

pub(super) fn of<'a>(cause: &Cause<'a>, a: &'a Assessment) -> Entry<'a> {
    let f = cause.first;
    let rule = a.rule(&f.rule);
    let mut blocks = vec![Block::Lead(sentence(&f.message)), Block::Text(facts(f))];
    path(f, &mut blocks);
    if let Some(trigger) = &f.trigger {
        blocks.push(Block::Heading(5, "A request that shows it".to_owned()));
        blocks.push(Block::Code("http", trigger.clone()));
    }
    reached(f, &mut blocks);
    if let Some(attack) = rule.and_then(|r| r.section("Attack")) {
        blocks.push(Block::Heading(5, "Attack".to_owned()));
        blocks.push(Block::Method(attack));
    }
    if f.confidence.reasons.is_empty() {
        let steps = f.paths.first().map_or(0, |p| p.steps.len());
        if steps > 0 {
            blocks.push(Block::Note(format!(
                "Confidence {}: all {steps} steps are resolved.",
                f.confidence.level.name()
            )));
        }
    } else {
        blocks.push(Block::Heading(5, "Why it may be wrong".to_owned()));
        blocks.push(Block::List(
            f.confidence.reasons.iter().map(|r| sentence(r)).collect(),
        ));
    }
    if !cause.others.is_empty() {
        blocks.push(Block::Heading(5, "The same repair ends it at".to_owned()));
        blocks.push(Block::Table(Table {
            caption: format!("More places of `{}`", f.id),
            head: vec!["Finding", "Where"],
            rows: cause
                .others
                .iter()
                .map(|o| {
                    vec![
                        Cell::code(&o.id),
                        Cell::code(format!("{}:{}", o.place.file, o.place.line)),
                    ]
                })
                .collect(),
        }));
    }
    let fix = rule
        .and_then(|r| r.section("Fix"))
        .map(first_paragraph)
        .unwrap_or_default();
    if !fix.is_empty() {
        blocks.push(Block::Heading(5, "Repair".to_owned()));
        blocks.push(Block::Method(
            rule.and_then(|r| r.section("Fix"))
                .and_then(|f| f.split("\n\n").next())
                .map(|f| f.trim_end_matches(':'))
                .unwrap_or_default(),
        ));
        blocks.push(Block::Note(format!(
            "Code, alternatives and a test for `{}` stand under Implementation Guidance.",
            f.rule
        )));
    }
    Entry {
        id: anchor(&f.id),
        level: f.severity.level,
        confidence: f.confidence.level.name().to_owned(),
        title: f.title.clone(),
        place: format!("{}:{}", f.place.file, f.place.line),
        blocks,
    }
}

fn facts(f: &Finding) -> String {
    let mut facts = vec![format!("`{}`", f.id)];
    facts.extend(f.cwe.iter().map(|n| format!("CWE-{n}")));
    facts.extend(f.asvs.iter().map(|id| format!("ASVS {id}")));
    facts.extend(f.owasp.iter().map(|id| format!("OWASP {id}")));
    facts.push(format!("confidence {}", f.confidence.level.name()));
    facts.join(" · ")
}

fn path<'a>(f: &Finding, blocks: &mut Vec<Block<'a>>) {
    let Some(path) = f.paths.first() else {
        blocks.push(Block::Table(Table {
            caption: "Where".to_owned(),
            head: vec!["Where", "Code"],
            rows: vec![vec![
                Cell::code(format!("{}:{}", f.place.file, f.place.line)),
                Cell::code(f.place.snippet.trim()),
            ]],
        }));
        return;
    };
    let all = path.steps.len();
    let left_out = all.saturating_sub(STEPS);
    let shown = path
        .steps
        .iter()
        .enumerate()
        .filter(|(at, _)| *at < STEPS / 2 || *at >= STEPS / 2 + left_out);
    blocks.push(Block::Table(Table {
        caption: if left_out > 0 {
            format!(
                "The way of `{}`, {left_out} of {all} steps left out in the middle",
                path.source
            )
        } else {
            format!("The way of `{}`", path.source)
        },
        head: vec!["", "Where", "What happens", "Code"],
        rows: shown
            .map(|(at, step)| {
                vec![
                    Cell::Count(at + 1),
                    Cell::code(format!("{}:{}", step.place.file, step.place.line)),
                    Cell::text(&step.text),
                    Cell::code(step.place.snippet.trim()),
                ]
            })
            .collect(),
    }));
    let also: Vec<String> = f
        .paths
        .iter()
        .skip(1)
        .filter_map(|p| {
            let first = p.steps.first()?;
            Some(format!(
                "`{}` ({}:{})",
                p.source, first.place.file, first.place.line
            ))
        })
        .collect();
    if !also.is_empty() {
        blocks.push(Block::Text(format!(
            "It can also come from {}.",
            also.join(", ")
        )));
    }
}

fn reached<'a>(f: &Finding, blocks: &mut Vec<Block<'a>>) {
    if f.endpoints.is_empty() {
        return;
    }
    blocks.push(Block::Table(Table {
        caption: "Endpoints that reach it".to_owned(),
        head: vec!["Endpoint", "Registered at", "Login", "Guards"],
        rows: f
            .endpoints
            .iter()
            .map(|e| {
                let guards: Vec<String> = e
                    .guards
                    .iter()
                    .map(|g| {
                        format!(
                            "{}{} ({}:{})",
                            g.kind,
                            if g.certain { "" } else { "?" },
                            g.at.file,
                            g.at.line
                        )
                    })
                    .collect();
                vec![
                    Cell::code(e.title()),
                    Cell::code(format!("{}:{}", e.file, e.line)),
                    Cell::Answer(e.authentication.clone()),
                    Cell::text(guards.join(", ")),
                ]
            })
            .collect(),
    }));
}
