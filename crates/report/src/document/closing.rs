//! Threat Model, Requirements Ledger, Limits, Accepted Risks, Suggestions.

use super::{Block, Cell, Group, Table, sentence, sentences};
use crate::names::word;
use crate::said;
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::summary::for_auditors;
use casemate_assess::dossier::words::{count, grouped, list};
use casemate_assess::dossier::{NEEDS, Row, Verdict};
use casemate_say::{label, mark, say, told};

/// Places that a list shows before it counts the rest.
const LISTED: usize = 60;

pub(super) fn threats(a: &Assessment) -> Vec<Block<'_>> {
    let threats = &a.dossier.threats;
    if threats.is_empty() {
        return vec![Block::Text(say!(
            "No boundary was seen in {name}, so no threat is derived.",
            name = a.project.name
        ))];
    }
    let mut states: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for threat in threats {
        *states.entry(&threat.state).or_default() += 1;
    }
    let states: Vec<String> = states
        .iter()
        .map(|(state, n)| format!("{n} {}", word(state)))
        .collect();
    vec![
        Block::Text(say!(
            "{threats} derived from the diagram and the guards of {name}: {states}.",
            threats = count(threats.len(), "threat", "threats"),
            name = a.project.name,
            states = states.join(", ")
        )),
        Block::Table(Table {
            caption: say!("Threats by boundary"),
            head: vec![
                label!("Threat"),
                label!("Boundary"),
                label!("STRIDE"),
                label!("What may happen"),
                label!("State"),
                label!("Evidence"),
                label!("Findings"),
            ],
            rows: threats
                .iter()
                .map(|t| {
                    vec![
                        Cell::Id(t.id.clone()),
                        Cell::label(&t.boundary),
                        Cell::label(word(&t.stride)),
                        Cell::text(sentence(&t.says)),
                        Cell::label(word(&t.state)),
                        Cell::text(&t.evidence),
                        Cell::Findings(t.findings.clone()),
                    ]
                })
                .collect(),
        }),
    ]
}

pub(super) fn ledger(a: &Assessment) -> Vec<Block<'_>> {
    let rows = &a.dossier.ledger;
    let mut out = Vec::new();
    if rows.is_empty() {
        return vec![Block::Text(say!(
            "No requirement was judged for {name}.",
            name = a.project.name
        ))];
    }
    for level in 1..=3 {
        let of = rows.iter().filter(|r| r.level == level);
        out.push(Block::Text(say!(
            "Level {level}: {of} of {count}.",
            of = verdicts(of.clone()),
            count = of.count()
        )));
    }
    out.push(Block::Note(say!("ASVS 5.0.0, cited by id, in our own words. PASS and N/A name what was enumerated; PARTIAL means that a part was not understood or that the rules cover a part; HUMAN comes with a question, for level 1 in the worksheet below, for the others in the JSON. None of this is a statement of conformance.")));
    let waiting: Vec<String> = NEEDS
        .iter()
        .filter(|(name, ..)| rows.iter().any(|r| r.needs == *name))
        .map(|(_, because, label)| format!("{}: {}", told(label), told(because)))
        .collect();
    if !waiting.is_empty() {
        out.push(Block::Note(say!(
            "Why a requirement is left to a person: {waiting}.",
            waiting = waiting.join("; ")
        )));
    }
    for level in 1..=3 {
        out.push(Block::Heading(3, say!("Level {level}")));
        out.push(of_level(a, level));
    }
    out.extend(decisions(a));
    let asked: Vec<&Row> = rows
        .iter()
        .filter(|r| r.level <= a.dossier.enforced.asvs && r.worksheet.is_some())
        .collect();
    if !asked.is_empty() {
        out.push(Block::Heading(
            3,
            say!(
                "Worksheet for {levels_asked}",
                levels_asked = a.dossier.enforced.levels_asked()
            ),
        ));
        out.push(Block::Table(Table {
            caption: say!("What a person has to answer"),
            head: vec![
                label!("Id"),
                label!("Question"),
                label!("Where to look"),
                label!("Begin here at"),
            ],
            rows: asked
                .iter()
                .filter_map(|r| {
                    let w = r.worksheet.as_ref()?;
                    Some(vec![
                        Cell::Id(r.id.clone()),
                        Cell::label(&w.question),
                        Cell::label(&w.look),
                        Cell::text(list(&w.here, w.here.len())),
                    ])
                })
                .collect(),
        }));
        out.push(Block::Note(say!("To each answer belongs what settles it: places with file and line, a document with its date and owner, commands with what they answered, lines of configuration, or a list of packages with the date of the advisories.")));
    }
    out
}

/// The requirements of a level: what fails first, then the rest by chapter.
fn of_level(a: &Assessment, level: u8) -> Block<'_> {
    let all = a.dossier.ledger.iter().filter(|r| r.level == level);
    let (failed, rest): (Vec<&Row>, Vec<&Row>) = all.partition(|r| r.verdict == Verdict::Fail);
    let mut groups = vec![Group {
        says: say!("What fails at level {level}"),
        rows: failed.len(),
        open: true,
    }];
    for of_chapter in rest.chunk_by(|x, y| chapter(x) == chapter(y)) {
        let number = of_chapter
            .first()
            .map(|row| chapter(row))
            .unwrap_or_default();
        let short = format!("V{number}");
        let mut names = a.dossier.summary.chapters.iter().map(|c| c.name.as_str());
        let name = names.find(|name| name.split(' ').next() == Some(short.as_str()));
        groups.push(Group {
            says: say!(
                "{short}, level {level}: {of_chapter}",
                short = name.unwrap_or(&short),
                of_chapter = verdicts(of_chapter.iter().copied())
            ),
            rows: of_chapter.len(),
            open: false,
        });
    }
    Block::Grouped(
        Table {
            caption: say!("Requirements of level {level}, those that fail first"),
            head: vec![
                label!("Id"),
                label!("Requirement"),
                label!("Verdict"),
                label!("Because"),
                label!("Evidence"),
            ],
            rows: failed.iter().chain(&rest).map(|r| row(r)).collect(),
        },
        groups,
    )
}

/// `6` of `v5.0.0-6.2.1`.
fn chapter(row: &Row) -> &str {
    let number = row.id.rsplit('-').next().unwrap_or_default();
    number.split('.').next().unwrap_or_default()
}

/// `2 PASS, 1 HUMAN`.
fn verdicts<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> String {
    let counts: Vec<String> = Verdict::ALL
        .iter()
        .map(|v| (v.name(), rows.clone().filter(|r| r.verdict == *v).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| format!("{n} {name}"))
        .collect();
    counts.join(", ")
}

/// The reason of a verdict, where it says nothing of the project.
fn needs(row: &Row) -> Option<&'static (&'static str, &'static str, &'static str)> {
    NEEDS.iter().find(|(name, ..)| *name == row.needs)
}

/// What the owner decided, beside what the code shows.
fn decisions(a: &Assessment) -> Vec<Block<'_>> {
    let told = &a.dossier.decisions;
    let Some(file) = &told.file else {
        return Vec::new();
    };
    let signed = match (&told.signed, &told.unsigned) {
        (Some((by, on)), _) if on.is_empty() => say!("{by} stands for it"),
        (Some((by, on)), _) => say!("signed by {by} on {on}"),
        (None, Some(why)) => say!("{why}, so it decides nothing"),
        (None, None) => say!("nobody has signed it, so it decides nothing"),
    };
    let topics = told
        .topics
        .iter()
        .filter(|t| t.entries > 0 || !t.seen.is_empty());
    vec![
        Block::Heading(3, say!("Decisions of the owner")),
        Block::Text(sentence(&format!("`{file}`: {signed}"))),
        Block::Table(Table {
            caption: say!("What was decided, beside what the code shows"),
            head: vec![
                label!("About"),
                label!("Entries"),
                label!("In the code"),
                label!("Not named by an entry"),
            ],
            rows: topics
                .map(|t| {
                    let open: Vec<String> = t
                        .seen
                        .iter()
                        .filter(|s| !s.decided)
                        .map(|s| format!("`{}`", s.at.replace('`', "'")))
                        .collect();
                    vec![
                        Cell::Label(t.says.clone()),
                        Cell::Count(t.entries),
                        Cell::Count(t.seen.len()),
                        Cell::text(list(&open, 4)),
                    ]
                })
                .collect(),
        }),
    ]
}

fn row(row: &Row) -> Vec<Cell> {
    let findings =
        matches!(row.verdict, Verdict::Fail) || row.evidence.iter().all(|e| e.contains('@'));
    let evidence = if findings {
        Cell::Findings(row.evidence.clone())
    } else {
        let shown: Vec<String> = row
            .evidence
            .iter()
            .take(4)
            .map(|e| format!("`{e}`"))
            .collect();
        let more = row.count.saturating_sub(shown.len());
        let more = if more > 0 {
            say!(" and {more} more")
        } else {
            String::new()
        };
        Cell::text(format!("{}{more}", shown.join(", ")))
    };
    vec![
        Cell::Id(row.id.clone()),
        Cell::label(&row.says),
        Cell::Verdict(row.verdict),
        match needs(row) {
            Some((.., label)) => Cell::label(told(label)),
            None => Cell::text(sentence(&row.because)),
        },
        evidence,
    ]
}

pub(super) fn limits(a: &Assessment) -> Vec<Block<'_>> {
    let files = &a.coverage.files;
    let mut out = Vec::new();
    let c = &a.coverage.calls;
    let all = c.resolved + c.by_name + c.unmodelled + c.unknown;
    let mut said = vec![say!(
        "Without running anything of {name}, Casemate followed {by_name} of {all} calls{which}",
        name = a.project.name,
        by_name = grouped(c.resolved + c.by_name),
        all = grouped(all),
        which = match c.by_name {
            0 => String::new(),
            n => say!(", {n} of them by their name alone", n = grouped(n)),
        }
    )];
    if c.unmodelled > 0 {
        let which = if c.unmodelled == 1 {
            label!("goes")
        } else {
            label!("go")
        };
        let unmodelled = grouped(c.unmodelled);
        said.push(if a.dossier.context.unmodelled.is_empty() {
            say!("{unmodelled} {which} into parts of libraries of which nothing is known")
        } else {
            say!("{unmodelled} {which} into packages that no model speaks of")
        });
    }
    if c.unknown > 0 {
        said.push(say!(
            "of {unknown} nothing is known",
            unknown = grouped(c.unknown)
        ));
    }
    out.push(Block::Text(sentence(&said.join("; "))));
    let mut list = |title: &str, items: Vec<String>| {
        if items.is_empty() {
            return;
        }
        let rest = items.len().saturating_sub(LISTED);
        out.push(Block::Heading(3, format!("{title} ({})", items.len())));
        let mut shown: Vec<String> = items.into_iter().take(LISTED).collect();
        if rest > 0 {
            shown.push(say!("{rest} more; the JSON lists them all."));
        }
        out.push(Block::List(shown));
    };
    list(
        label!("Files that were not read"),
        files
            .skipped
            .iter()
            .map(|s| format!("`{}`: {}", s.path, s.reason))
            .collect(),
    );
    list(
        label!("Files that were read in part"),
        files
            .partly
            .iter()
            .map(|p| format!("`{}:{}`: {}", p.path, p.line, p.message))
            .collect(),
    );
    list(
        label!("Packages that no model speaks of"),
        a.dossier
            .context
            .unmodelled
            .iter()
            .map(|(name, n)| {
                say!(
                    "`{name}`, imported by {files}",
                    files = count(*n, "file", "files")
                )
            })
            .collect(),
    );
    list(
        label!("Registrations of endpoints of which something is not known"),
        a.dossier
            .unresolved
            .iter()
            .map(|u| format!("`{}:{}`: {}", u.at.file, u.at.line, u.why))
            .collect(),
    );
    list(
        label!("Questions of rules that stayed open"),
        a.coverage
            .undecided
            .iter()
            .map(|(rule, n)| {
                format!(
                    "`{rule}`: {}",
                    count(usize::try_from(*n).unwrap_or(usize::MAX), "place", "places")
                )
            })
            .collect(),
    );
    let unsure: Vec<String> = for_auditors(&a.findings)
        .into_iter()
        .map(|f| {
            let why = if f.confidence.reasons.is_empty() {
                say!(
                    "findings of `{rule}` are never sure by the code alone",
                    rule = f.rule
                )
            } else {
                f.confidence.reasons.join("; ")
            };
            say!(
                "`{id}` at `{file}:{line}`: {why}",
                id = f.id,
                file = f.place.file,
                line = f.place.line
            )
        })
        .collect();
    list(
        label!("Findings that need a human auditor, and why"),
        unsure,
    );
    list(label!("Notes of the run"), a.notes.clone());
    if !a.coverage.caps.is_empty() {
        out.push(Block::Heading(3, say!("Limits that were reached")));
        out.push(Block::Table(Table {
            caption: say!("What was cut off, and how often"),
            head: vec![
                label!("Limit"),
                label!("What may be missing"),
                label!("Times"),
            ],
            rows: a
                .coverage
                .caps
                .iter()
                .map(|(name, n)| {
                    let n = usize::try_from(*n).unwrap_or(usize::MAX);
                    vec![
                        Cell::label(told(name)),
                        Cell::label(missing(name)),
                        Cell::Count(n),
                    ]
                })
                .collect(),
        }));
    }
    out
}

/// What a reader may miss where a limit was reached, by a word of its name.
const MISSING: [(&[&str], &str); 9] = [
    (
        &[
            "too long to read",
            "blocks of a function",
            "values of a function",
            "objects of a function",
        ],
        mark!("a very large function was read in part: what it does in the rest is not told"),
    ),
    (
        &[
            "visits of a block",
            "origin rounds",
            "rounds over a cycle",
            "work on one cycle",
            "steps of the ways",
        ],
        mark!(
            "a function with many branches, or functions that call each other in a circle, were followed so many times and no more: a way through them may be missing"
        ),
    ),
    (
        &["of a summary", "callback", "options of a transport"],
        mark!(
            "what a function does for its callers was kept up to a number of effects: a way through it may be missing"
        ),
    ),
    (
        &[
            "origins of a place",
            "values of one shared place",
            "read whole",
            "shared after a call",
            "kept under a name",
            "stored a second time",
        ],
        mark!(
            "a variable that many parts of the program write was followed from some of them: a way from the others may be missing"
        ),
    ),
    (
        &["not resolved"],
        mark!(
            "what is called there is not known: a way through two such calls in a row was given up"
        ),
    ),
    (
        &["not all run again"],
        mark!(
            "findings that could not be tried once more with the values of their callers were kept: some may be none"
        ),
    ),
    (
        &["reads of stores"],
        mark!("what is read there was compared with what is written by the names of fields alone"),
    ),
    (
        &["believed by their names"],
        mark!(
            "a function is called as if it checked something, and its code was not seen: it was taken for a check"
        ),
    ),
    (
        &[
            "at the start",
            "routes",
            "router is mounted",
            "endpoints",
            "schemas",
        ],
        mark!(
            "what is registered or declared there was not read whole: an endpoint or a check may be missing"
        ),
    ),
];

/// The same, for one name.
fn missing(name: &str) -> &'static str {
    let found = MISSING
        .iter()
        .find(|(words, _)| words.iter().any(|word| name.contains(word)));
    found.map_or_else(
        || label!("something was followed up to a bound: a way beyond it may be missing"),
        |(_, says)| told(says),
    )
}

pub(super) fn accepted(a: &Assessment) -> Vec<Block<'_>> {
    let effects: Vec<_> = a.policy.iter().chain(&a.coverage.files.ignored).collect();
    if effects.is_empty() {
        return vec![Block::Text(say!(
            "Nothing in {name} accepts a finding or leaves files out.",
            name = a.project.name
        ))];
    }
    vec![Block::Table(Table {
        caption: say!("What the project's own policy, comments and filters keep out"),
        head: vec![label!("Where it says so"), label!("What it does")],
        rows: effects
            .iter()
            .map(|e| {
                // Where it stands is told beside it.
                let said = said::effect(e);
                let said = said.strip_prefix(&e.origin).unwrap_or(&said).trim();
                vec![Cell::code(&e.origin), Cell::text(sentence(said))]
            })
            .collect(),
    })]
}

pub(super) fn suggestions(a: &Assessment) -> Vec<Block<'_>> {
    let mut out = vec![Block::Note(say!(
        "For people, not for a program to carry out."
    ))];
    if !a.dossier.suggestions.is_empty() {
        out.push(Block::List(sentences(&a.dossier.suggestions)));
    }
    if !a.dossier.lacks.is_empty() {
        out.push(Block::Heading(3, say!("What Casemate itself lacked here")));
        out.push(Block::List(sentences(&a.dossier.lacks)));
    }
    out
}
