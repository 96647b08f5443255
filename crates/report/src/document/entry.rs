//! One finding.

use super::{Block, Cell, Entry, Table, anchor, lower_first, sentence};
use crate::names::word;
use crate::text::prose::first_paragraph;
use casemate_assess::assessment::{Assessment, Certainty, Finding, Path, Step};
use casemate_assess::cause::Cause;
use casemate_assess::dossier::words::count;
use casemate_say::{label, say};
use std::collections::BTreeMap;

/// Steps of a path that are shown.
const STEPS: usize = 16;

/// All causes. How a weakness is attacked and repaired stands with the first entry of its rule.
/// `guided`: code, alternatives and a test follow in the report.
pub(super) fn all<'a>(causes: &[Cause<'a>], a: &'a Assessment, guided: bool) -> Vec<Entry<'a>> {
    let mut told: BTreeMap<&str, &str> = BTreeMap::new();
    causes
        .iter()
        .map(|cause| {
            let before = told.get(cause.first.rule.as_str()).copied();
            told.entry(&cause.first.rule).or_insert(&cause.first.id);
            of(cause, a, before, guided)
        })
        .collect()
}

/// One cause. `before`: the entry that told of its rule.
fn of<'a>(cause: &Cause<'a>, a: &'a Assessment, before: Option<&str>, guided: bool) -> Entry<'a> {
    let f = cause.first;
    let shown = cause.shown();
    let rule = a.rule(&f.rule);
    let mut blocks = vec![Block::Lead(sentence(&f.message)), Block::Text(facts(f))];
    if shown.id != f.id {
        place(f, &mut blocks);
        blocks.push(Block::Text(sentence(&say!(
            "one of {others} that it causes: {message}",
            others = cause.others.len(),
            message = lower_first(&shown.message)
        ))));
    }
    path(shown, &mut blocks);
    if let Some(trigger) = &shown.trigger {
        blocks.push(Block::Heading(5, say!("A request that shows it")));
        blocks.push(Block::Code("http", trigger.clone()));
        if trigger.contains("{?}") {
            blocks.push(Block::Note(
                label!("Put in for `{?}` what the program puts together there while it runs.")
                    .to_owned(),
            ));
        }
    }
    reached(f, &mut blocks);
    if before.is_none()
        && let Some(attack) = rule.and_then(|r| r.section("Attack"))
    {
        blocks.push(Block::Heading(5, say!("Attack")));
        blocks.push(Block::Method(attack));
    }
    doubts(shown, a, &mut blocks);
    if !cause.others.is_empty() {
        // Where one line is the cause of the others it alone is edited; what only looks alike is edited place by place.
        let heading = if f.root {
            label!("The same repair ends it at")
        } else {
            label!("The same repair is due at")
        };
        let sources = cause.others.iter().any(|o| !o.paths.is_empty());
        let mut head = vec![label!("Finding"), label!("Level"), label!("Where")];
        head.extend(sources.then_some(label!(label!("What comes there"))));
        blocks.push(Block::Heading(5, heading.to_owned()));
        blocks.push(Block::Table(Table {
            caption: say!(
                "{findings} with the cause of `{id}`",
                findings = count(cause.others.len(), "more finding", "more findings"),
                id = f.id
            ),
            head,
            rows: cause
                .others
                .iter()
                .map(|o| {
                    let source = o.paths.first().map_or("", |p| p.source.as_str());
                    let mut row = vec![
                        Cell::Finding(o.id.clone()),
                        Cell::Level(o.severity.level),
                        Cell::code(format!("{}:{}", o.place.file, o.place.line)),
                    ];
                    row.extend(sources.then(|| Cell::code(source)));
                    row
                })
                .collect(),
        }));
    }
    let fix = rule
        .and_then(|r| r.section("Fix"))
        .map(first_paragraph)
        .unwrap_or_default();
    if let Some(before) = before {
        blocks.push(Block::Note(say!(
            "How it is attacked and repaired stands with `{before}`."
        )));
    } else if !fix.is_empty() {
        blocks.push(Block::Heading(5, say!("Repair")));
        let fix = sentence(fix.trim_end_matches(':'));
        let rule = f.rule.as_str();
        blocks.push(Block::Note(if guided {
            say!("{fix} Code, alternatives and a test for `{rule}` stand under Implementation Guidance.")
        } else {
            say!("{fix} `casemate explain {rule}` prints code, alternatives and a test.")
        }));
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
    facts.join(" · ")
}

/// Why it is believed, or why it may be wrong.
fn doubts<'a>(f: &Finding, a: &Assessment, blocks: &mut Vec<Block<'a>>) {
    if !f.confidence.reasons.is_empty() {
        blocks.push(Block::Heading(5, say!("Why it may be wrong")));
        blocks.push(Block::List(
            f.confidence.reasons.iter().map(|r| sentence(r)).collect(),
        ));
        return;
    }
    let steps = f.paths.first().map_or(0, |p| told(p).len());
    if steps == 0 {
        return;
    }
    let most = a.rule(&f.rule).map(|r| r.precision);
    let own = if f.confidence.level == Certainty::High || most != Some(f.confidence.level) {
        String::new()
    } else {
        say!(
            ", but findings of `{rule}` are never taken for surer than {name}",
            rule = f.rule,
            name = word(f.confidence.level.name())
        )
    };
    blocks.push(Block::Note(match steps {
        1 => say!("Read and used in one step, nothing of which was assumed{own}."),
        n => say!("Each of the {n} steps was followed in the code, none is assumed{own}."),
    }));
}

fn place<'a>(f: &Finding, blocks: &mut Vec<Block<'a>>) {
    blocks.push(Block::Table(Table {
        caption: say!("The place"),
        head: vec![label!("Where"), label!("Code")],
        rows: vec![vec![
            Cell::code(format!("{}:{}", f.place.file, f.place.line)),
            Cell::code(f.place.snippet.trim()),
        ]],
    }));
}

/// How a path calls a function without a name.
const ANONYMOUS: &str = "`anonymous function`";

/// The steps of a path, those that read alike and follow each other once.
fn told(path: &Path) -> Vec<&Step> {
    let mut out: Vec<&Step> = Vec::new();
    for step in &path.steps {
        let again = out.last().is_some_and(|last| {
            last.text == step.text
                && last.place.file == step.place.file
                && last.place.line == step.place.line
        });
        if !again {
            out.push(step);
        }
    }
    out
}

fn path<'a>(f: &Finding, blocks: &mut Vec<Block<'a>>) {
    let Some(path) = f.paths.first() else {
        place(f, blocks);
        return;
    };
    let steps = told(path);
    let all = steps.len();
    let left_out = all.saturating_sub(STEPS);
    let shown = steps
        .iter()
        .enumerate()
        .filter(|(at, _)| *at < STEPS / 2 || *at >= STEPS / 2 + left_out);
    blocks.push(Block::Table(Table {
        caption: if left_out > 0 {
            say!(
                "The way of `{source}`, {left_out} of {all} steps left out in the middle",
                source = path.source
            )
        } else {
            say!("The way of `{source}`", source = path.source)
        },
        head: vec!["", label!("Where"), label!("What happens"), label!("Code")],
        rows: shown
            .map(|(at, step)| {
                // A line of code stands once, however many steps it takes.
                let before = at.checked_sub(1).and_then(|at| steps.get(at));
                let again = before.is_some_and(|b| {
                    b.place.snippet == step.place.snippet && b.place.line == step.place.line
                });
                let code = if again { "" } else { step.place.snippet.trim() };
                vec![
                    Cell::Count(at + 1),
                    Cell::code(format!("{}:{}", step.place.file, step.place.line)),
                    Cell::label(
                        step.text
                            .replace(ANONYMOUS, label!("a function without a name")),
                    ),
                    Cell::code(code),
                ]
            })
            .collect(),
    }));
    // What is called the same is named once, with all its places.
    let mut sources: Vec<(&str, Vec<String>)> = Vec::new();
    for path in f.paths.iter().skip(1) {
        let Some(first) = path.steps.first() else {
            continue;
        };
        let at = format!("{}:{}", first.place.file, first.place.line);
        match sources.iter_mut().find(|(name, _)| *name == path.source) {
            Some((_, places)) if places.contains(&at) => {}
            Some((_, places)) => places.push(at),
            None => sources.push((&path.source, vec![at])),
        }
    }
    let also: Vec<String> = sources
        .iter()
        .map(|(name, places)| format!("`{name}` ({})", places.join(", ")))
        .collect();
    if !also.is_empty() {
        blocks.push(Block::Text(say!(
            "It can also come from {also}.",
            also = also.join(", ")
        )));
    }
}

fn reached<'a>(f: &Finding, blocks: &mut Vec<Block<'a>>) {
    if f.endpoints.is_empty() {
        return;
    }
    blocks.push(Block::Table(Table {
        caption: match (f.endpoints.len(), f.paths.is_empty()) {
            (1, false) => say!("The endpoint that reaches it"),
            (n, false) => say!("The {n} endpoints that reach it"),
            (1, true) => say!("The endpoint that it is about"),
            (n, true) => say!("The {n} endpoints that it is about"),
        },
        head: vec![
            label!("Endpoint"),
            label!("Registered at"),
            label!("Login"),
            label!("Guards"),
        ],
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
                            word(&g.kind),
                            if g.certain { "" } else { "?" },
                            g.at.file,
                            g.at.line
                        )
                    })
                    .collect();
                vec![
                    Cell::code(e.title()),
                    Cell::code(format!("{}:{}", e.file, e.line)),
                    if e.method == "TASK" {
                        Cell::Label(say!("a queue runs it"))
                    } else {
                        Cell::Answer(e.authentication.clone())
                    },
                    if guards.is_empty() {
                        Cell::Label(say!("none seen"))
                    } else {
                        Cell::text(guards.join(", "))
                    },
                ]
            })
            .collect(),
    }));
}
