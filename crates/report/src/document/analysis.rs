//! Detailed Security Analysis.

use super::{Block, Cell, Figure, Table, entry, lower_first};
use crate::names::word;
use crate::said;
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::Practice;
use casemate_assess::dossier::protection::{DataRow, Said};
use casemate_assess::dossier::words::{count, grouped, list};
use casemate_say::{label, say, told};

/// `guided`: the report says how each weakness is repaired.
pub(super) fn blocks(a: &Assessment, guided: bool) -> Vec<Block<'_>> {
    let mut out = Vec::new();
    vulnerabilities(a, guided, &mut out);
    coding(a, &mut out);
    architecture(a, &mut out);
    data(a, &mut out);
    infrastructure(a, &mut out);
    api(a, &mut out);
    super::problems::add(a, &mut out);
    out
}

fn vulnerabilities<'a>(a: &'a Assessment, guided: bool, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, say!("Vulnerability Assessment")));
    let causes = casemate_assess::cause::causes(&a.findings);
    if causes.is_empty() {
        out.push(Block::Text(say!(
            "{rules} found nothing in {files}.",
            rules = count(a.coverage.rules_applied, "rule", "rules"),
            files = count(a.coverage.files.assessed, "backend file", "backend files")
        )));
        return;
    }
    out.push(Block::Text(say!(
        "{causes} at {places}.",
        causes = count(causes.len(), "root cause", "root causes"),
        places = count(a.findings.len(), "place", "places")
    )));
    out.push(Block::Note(
        say!("Each stands for one repair, made at one place or at several alike; open one to see its way through the code."),
    ));
    out.extend(entry::all(&causes, a, guided).into_iter().map(Block::Entry));
}

fn coding<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, say!("Secure Coding Review")));
    let practices = &a.dossier.practices;
    if practices.is_empty() {
        out.push(Block::Text(say!(
            "No call in {name} does what a rule asks about.",
            name = a.project.name
        )));
        return;
    }
    let clean = practices
        .iter()
        .filter(|p| p.found == 0 && p.unknown == 0)
        .count();
    out.push(Block::Text(say!(
        "{rules} met something to ask about; {clean} of them found nothing.",
        rules = count(practices.len(), "rule", "rules")
    )));
    out.extend(ratios(a));
    let areas: Vec<&str> = practices.iter().fold(Vec::new(), |mut all, p| {
        if all.last() != Some(&p.area.as_str()) {
            all.push(&p.area);
        }
        all
    });
    let sum = |area: &str, of: &dyn Fn(&Practice) -> usize| {
        let of_area = practices.iter().filter(|p| p.area == area);
        of_area.map(of).sum::<usize>()
    };
    out.push(Block::Table(Table {
        caption: say!("Questions by area, and what became of them"),
        head: vec![
            label!("Area"),
            label!("Rules"),
            label!("Findings"),
            label!("Places not decided"),
            label!("Nothing found by"),
        ],
        rows: areas
            .iter()
            .map(|area| {
                let quiet = practices.iter().filter(|p| p.area == *area);
                let quiet = quiet.filter(|p| p.found == 0 && p.unknown == 0);
                let quiet: Vec<String> = quiet
                    .map(|p| format!("{} ({})", p.rule, p.places))
                    .collect();
                vec![
                    Cell::label(word(area)),
                    Cell::Count(sum(area, &|_| 1)),
                    Cell::Count(sum(area, &|p| p.found)),
                    Cell::Count(sum(area, &Practice::open)),
                    Cell::text(quiet.join(", ")),
                ]
            })
            .collect(),
    }));
    out.push(Block::Note(say!(
        "In brackets stands how many places of the code a rule asks about."
    )));
    // Configuration, cryptography and secrets have sections of their own.
    let elsewhere = ["config", "crypto", "secret"];
    let here = practices.iter();
    let here = here.filter(|p| !elsewhere.contains(&p.area.as_str()));
    out.extend(asked(
        here.collect(),
        label!("Rules with findings or open questions"),
    ));
}

/// How often something that may be done wrong is done right: the worst first.
fn ratios(a: &Assessment) -> Option<Block<'_>> {
    let mut rows: Vec<(usize, usize, usize, Cell, Vec<String>)> = Vec::new();
    for p in &a.dossier.practices {
        if !p.kept.is_empty() && p.places > 0 {
            let of_rule = a.findings.iter().filter(|f| f.rule == p.rule);
            rows.push((
                p.good(),
                p.open(),
                p.places,
                Cell::label(&p.kept),
                of_rule.map(|f| f.id.clone()).collect(),
            ));
        }
    }
    let surface = &a.dossier.surface;
    for (kind, of, says) in [
        (
            "validation",
            label!("endpoints that change something"),
            label!("look at what they are sent, and refuse some of it"),
        ),
        (
            "authentication",
            label!("endpoints"),
            label!("want a login"),
        ),
        (
            "rate-limit",
            label!("endpoints"),
            label!("limit how often they may be asked"),
        ),
    ] {
        let share = surface.shares.iter().find(|s| s.kind == kind);
        if let Some(share) = share.filter(|s| s.yes + s.no + s.unknown > 0) {
            rows.push((
                share.yes,
                share.unknown,
                share.yes + share.no + share.unknown,
                Cell::label(format!("{of} {says}")),
                Vec::new(),
            ));
        }
    }
    // By the share that breaks it, then by how many there are.
    let broken = |(good, open, all, ..): &(usize, usize, usize, Cell, Vec<String>)| {
        let bad = all.saturating_sub(good + open);
        (bad * 1000).checked_div(*all).unwrap_or_default()
    };
    rows.sort_by_key(|row| std::cmp::Reverse((broken(row), row.2)));
    (!rows.is_empty()).then(|| {
        Block::Table(Table {
            caption: say!("How often it is done right"),
            head: vec![
                label!("So many"),
                label!("What they do"),
                label!("Do not"),
                label!("Not known"),
                label!("Findings"),
            ],
            rows: rows
                .into_iter()
                .map(|(good, open, all, says, findings)| {
                    vec![
                        Cell::text(say!(
                            "{good} of {all}",
                            good = grouped(good as u64),
                            all = grouped(all as u64)
                        )),
                        says,
                        Cell::Count(all.saturating_sub(good + open)),
                        Cell::Count(open),
                        Cell::Findings(findings),
                    ]
                })
                .collect(),
        })
    })
}

/// Rules that found something or could not decide, with what they asked about.
fn asked<'a>(practices: Vec<&Practice>, caption: &str) -> Option<Block<'a>> {
    let told: Vec<&Practice> = practices
        .into_iter()
        .filter(|p| p.found > 0 || p.unknown > 0)
        .collect();
    (!told.is_empty()).then(|| {
        Block::Table(Table {
            caption: caption.to_owned(),
            head: vec![
                label!("Weakness"),
                label!("Rule"),
                label!("Places asked"),
                label!("Findings"),
                label!("Not decided"),
            ],
            rows: told
                .into_iter()
                .map(|p| {
                    vec![
                        Cell::Label(p.title.clone()),
                        Cell::code(&p.rule),
                        Cell::Count(p.places),
                        Cell::Count(p.found),
                        Cell::Count(p.open()),
                    ]
                })
                .collect(),
        })
    })
}

/// What rules asked about without a finding and without doubt, as a sentence.
fn quiet(practices: &[&Practice]) -> Option<Block<'static>> {
    let quiet: Vec<String> = practices
        .iter()
        .filter(|p| p.found == 0 && p.unknown == 0)
        .map(|p| {
            format!(
                "{} ({})",
                lower_first(&p.title),
                count(p.places, "place", "places")
            )
        })
        .collect();
    (!quiet.is_empty()).then(|| {
        Block::Text(say!(
            "Asked about and not found: {quiet}.",
            quiet = list(&quiet, quiet.len())
        ))
    })
}

fn architecture<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, say!("Architecture Security")));
    let diagram = &a.dossier.diagram;
    out.push(Block::Figure(Figure::Flows));
    let name = |id: &str| {
        let node = diagram.nodes.iter().find(|n| n.id == id);
        node.map_or_else(|| id.to_owned(), |n| n.name.clone())
    };
    out.push(Block::Table(Table {
        caption: say!("What crosses which boundary"),
        head: vec![
            label!("From"),
            label!("To"),
            label!("What"),
            label!("At the boundary"),
            label!("Findings"),
        ],
        rows: diagram
            .flows
            .iter()
            .map(|f| {
                vec![
                    Cell::text(name(&f.from)),
                    Cell::text(name(&f.to)),
                    Cell::text(&f.label),
                    Cell::text(&f.boundary),
                    Cell::Findings(f.findings.clone()),
                ]
            })
            .collect(),
    }));
    let surface = &a.dossier.surface;
    if !surface.endpoints.is_empty() {
        out.push(Block::Table(Table {
            caption: say!("Guards"),
            head: vec![
                label!("Guard"),
                label!("Of"),
                label!("Seen before"),
                label!("Not seen before"),
                label!("Not known"),
            ],
            rows: surface
                .shares
                .iter()
                .filter(|s| s.yes + s.no + s.unknown > 0)
                .map(|s| {
                    vec![
                        Cell::label(word(&s.kind)),
                        Cell::Label(s.of.clone()),
                        Cell::Count(s.yes),
                        Cell::Count(s.no),
                        Cell::Count(s.unknown),
                    ]
                })
                .collect(),
        }));
    }
}

fn data<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, say!("Data Protection Analysis")));
    let protection = &a.dossier.protection;
    if protection.rows.is_empty() {
        out.push(Block::Text(say!("No column or name that is read in {name} tells of credentials, or of data about people, payment or health.", name = a.project.name)));
    } else {
        out.push(Block::Text(inventory(a)));
        out.push(Block::Table(Table {
            caption: say!("Inventory of data, by the names of columns and of what the code reads"),
            head: vec![
                label!("Class"),
                label!("Column or name"),
                label!("Declared, or first read, at"),
                label!("Encrypted"),
                label!("Logged"),
                label!("Returned"),
                label!("Sent on"),
                label!("Named by findings"),
            ],
            rows: protection.rows.iter().map(data_row).collect(),
        }));
        out.push(Block::Note(say!("Data is told by its name. “No” means that all places were understood and none does it, “?” that it is not known; places after “?” hand on a column of this name, and several records have one; “returned” counts answers and pages, “sent on” letters, requests to other services, traces and prompts. Encryption by the database or its disks does not show in code, and how long data is kept stands in contracts.")));
    }
    let area = |name: &str| {
        a.dossier
            .practices
            .iter()
            .filter(|p| p.area == name)
            .collect::<Vec<_>>()
    };
    let crypto: Vec<_> = area("crypto").into_iter().chain(area("secret")).collect();
    if !crypto.is_empty() {
        out.push(Block::Heading(4, say!("Cryptography and secrets")));
        out.extend(asked(
            crypto.clone(),
            label!("Cryptography and secrets: what was found or not decided"),
        ));
        out.extend(quiet(&crypto));
    }
}

/// What the inventory rests on, in a sentence.
fn inventory(a: &Assessment) -> String {
    let protection = &a.dossier.protection;
    let declared = protection.rows.iter().filter(|r| !r.record.is_empty());
    let declared = declared.count();
    let mut said = vec![if protection.columns == 0 {
        say!(
            "no column is declared in {name}, so its data is told by what the code reads",
            name = a.project.name
        )
    } else {
        say!(
            "of {columns} that {name} declares, the names of {declared} tell a class of data that deserves protection",
            columns = count(protection.columns, "column", "columns"),
            name = a.project.name
        )
    }];
    let places: Vec<String> = protection
        .places
        .iter()
        .filter(|(_, all, open)| *all > 0 && *open > 0)
        .map(|(receiver, all, open)| {
            let what = match (receiver.as_str(), *all) {
                ("log", 1) => label!("that writes the log"),
                ("log", _) => label!("that write the log"),
                ("client", 1) => label!("that answers or writes a page"),
                ("client", _) => label!("that answer or write a page"),
                (_, 1) => label!("that sends a request or writes a letter"),
                _ => label!("that send a request or write a letter"),
            };
            say!(
                "{open} of {places} {what}",
                open = grouped(*open as u64),
                places = count(*all, "place", "places")
            )
        })
        .collect();
    if !places.is_empty() {
        said.push(say!(
            "what is handed over is not known whole at {places}",
            places = list(&places, 3)
        ));
    }
    super::sentence(&said.join("; "))
}

fn data_row(row: &DataRow) -> Vec<Cell> {
    let name = if row.record.is_empty() {
        row.name.clone()
    } else {
        format!("{}.{}", row.record, row.name)
    };
    vec![
        Cell::label(told(&row.class)),
        Cell::code(name),
        Cell::code(&row.at),
        said_of(&row.encrypted),
        said_of(&row.logged),
        said_of(&row.returned),
        said_of(&row.sent),
        Cell::Findings(row.findings.clone()),
    ]
}

/// An answer, with its places where it has some.
fn said_of(said: &Said) -> Cell {
    if said.because.is_empty() {
        return Cell::Answer(said.answer.clone());
    }
    let answer = if said.answer == "unknown" {
        "?"
    } else {
        &said.answer
    };
    let because: Vec<String> = said
        .because
        .iter()
        .map(|b| {
            if b.contains(':') || b.starts_with('@') {
                format!("`{}`", b.replace('`', "'"))
            } else {
                b.clone()
            }
        })
        .collect();
    let more = match said.more {
        0 => String::new(),
        n => say!(" and {n} more"),
    };
    Cell::text(format!("{answer}: {}{more}", because.join(", ")))
}

/// What was not judged of the configuration around the code.
fn unjudged(a: &Assessment) -> String {
    let mut files: Vec<String> = Vec::new();
    for unit in &a.dossier.context.deploys {
        let file = unit.at.rsplit_once(':').map_or(&*unit.at, |(file, _)| file);
        let file = format!("`{}`", file.replace('`', "'"));
        if ["compose service", "process"].contains(&&*unit.kind) && !files.contains(&file) {
            files.push(file);
        }
    }
    let read = match files.len() {
        0 => say!("No compose file was seen in {name}", name = a.project.name),
        n => say!(
            "{files} {which} read for what is deployed and not judged",
            files = list(&files, 4),
            which = if n == 1 {
                label!("was")
            } else {
                label!("were")
            }
        ),
    };
    say!("{read}; proxies and cloud configuration were not looked for;")
}

fn infrastructure<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, say!("Infrastructure Security")));
    let config = a.dossier.practices.iter().filter(|p| p.area == "config");
    let config: Vec<&Practice> = config.collect();
    out.extend(asked(
        config.clone(),
        label!("Configuration in code: what was found or not decided"),
    ));
    out.extend(quiet(&config));
    let waiting: Vec<String> = a
        .dossier
        .ledger
        .iter()
        .filter(|r| r.level <= a.dossier.enforced.asvs && r.needs == "configuration")
        .map(|r| r.id.clone())
        .collect();
    let levels = a.dossier.enforced.levels_asked();
    out.push(Block::Text(say!(
        "{unjudged} {which} on such configuration alone.",
        unjudged = unjudged(a),
        which = match waiting.as_slice() {
            [] => say!("no requirement of {levels} rests"),
            [one] => say!("of {levels}, {one} rests"),
            several => say!(
                "of {levels}, {several} rest",
                several = list(several, several.len())
            ),
        }
    )));
}

/// Servers without endpoints, as a warning.
fn unserved<'a>(a: &Assessment) -> Option<Block<'a>> {
    let servers = &a.coverage.unserved;
    let said: Vec<String> = servers.iter().map(said::unserved).collect();
    (!said.is_empty()).then(|| Block::List(super::sentences(&said)))
}

fn api<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, say!("API Security Assessment")));
    let surface = &a.dossier.surface;
    if surface.endpoints.is_empty() {
        out.push(Block::Text(say!(
            "No endpoint was seen in {name}.",
            name = a.project.name
        )));
        out.extend(unserved(a));
        return;
    }
    let answer = |e: &casemate_assess::dossier::surface::EndpointRow, kind: &str| {
        Cell::Answer(e.has(kind).to_owned())
    };
    out.push(Block::Table(Table {
        caption: say!(
            "{endpoints}: what stands before each",
            endpoints = count(surface.endpoints.len(), "endpoint", "endpoints")
        ),
        head: vec![
            label!("Method"),
            label!("Path"),
            label!("Registered at"),
            label!("Login"),
            label!("Role"),
            label!("Owner"),
            label!("CSRF"),
            label!("Limit"),
            label!("Schema"),
            label!("Findings"),
        ],
        rows: surface
            .endpoints
            .iter()
            .map(|e| {
                vec![
                    Cell::code(&e.method),
                    Cell::code(e.shown_path()),
                    Cell::code(format!("{}:{}", e.at.file, e.at.line)),
                    answer(e, "authentication"),
                    answer(e, "role"),
                    answer(e, "owner"),
                    if e.writes {
                        answer(e, "csrf")
                    } else {
                        Cell::text("")
                    },
                    answer(e, "rate-limit"),
                    answer(e, "validation"),
                    Cell::Findings(e.findings.clone()),
                ]
            })
            .collect(),
    }));
    let in_part = surface.endpoints.iter().any(|e| e.path.contains("{?}"));
    out.push(Block::Note(say!("“No” means that none was seen in the code before the endpoint, “?” that it is not known; a proxy may add what is not in the code.{which}", which = if in_part {
            label!(" `{?}` stands for a part of a path that the program puts together while it runs.")
        } else {
            ""
        })));
}
