//! Detailed Security Analysis.

use super::{Block, Cell, Figure, Table, entry, lower_first};
use crate::said;
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::Practice;
use casemate_assess::dossier::protection::{DataRow, Said};
use casemate_assess::dossier::words::{count, grouped, list};

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let mut out = Vec::new();
    vulnerabilities(a, &mut out);
    coding(a, &mut out);
    architecture(a, &mut out);
    data(a, &mut out);
    infrastructure(a, &mut out);
    api(a, &mut out);
    super::problems::add(a, &mut out);
    out
}

fn vulnerabilities<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, "Vulnerability Assessment".to_owned()));
    let causes = casemate_assess::cause::causes(&a.findings);
    if causes.is_empty() {
        out.push(Block::Text(format!(
            "{} found nothing in {}.",
            count(a.coverage.rules_applied, "rule", "rules"),
            count(a.coverage.files.assessed, "backend file", "backend files")
        )));
        return;
    }
    out.push(Block::Text(format!(
        "{} at {}.",
        count(causes.len(), "root cause", "root causes"),
        count(a.findings.len(), "place", "places"),
    )));
    out.push(Block::Note(
        "Each stands for one repair, made at one place or at several alike; open one to see its way through the code."
            .to_owned(),
    ));
    out.extend(entry::all(&causes, a).into_iter().map(Block::Entry));
}

fn coding<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, "Secure Coding Review".to_owned()));
    let practices = &a.dossier.practices;
    if practices.is_empty() {
        out.push(Block::Text(format!(
            "No call in {} does what a rule asks about.",
            a.project.name
        )));
        return;
    }
    let clean = practices
        .iter()
        .filter(|p| p.found == 0 && p.unknown == 0)
        .count();
    out.push(Block::Text(format!(
        "{} met something to ask about; {clean} of them found nothing.",
        count(practices.len(), "rule", "rules")
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
        caption: "Questions by area, and what became of them".to_owned(),
        head: vec![
            "Area",
            "Rules",
            "Findings",
            "Places not decided",
            "Nothing found by",
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
                    Cell::Label((*area).to_owned()),
                    Cell::Count(sum(area, &|_| 1)),
                    Cell::Count(sum(area, &|p| p.found)),
                    Cell::Count(sum(area, &Practice::open)),
                    Cell::text(quiet.join(", ")),
                ]
            })
            .collect(),
    }));
    out.push(Block::Note(
        "In brackets stands how many places of the code a rule asks about.".to_owned(),
    ));
    // Configuration, cryptography and secrets have sections of their own.
    let elsewhere = ["config", "crypto", "secret"];
    let here = practices.iter();
    let here = here.filter(|p| !elsewhere.contains(&p.area.as_str()));
    out.extend(asked(
        here.collect(),
        "Rules with findings or open questions",
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
            "endpoints that change something",
            "look at what they are sent, and refuse some of it",
        ),
        ("authentication", "endpoints", "want a login"),
        (
            "rate-limit",
            "endpoints",
            "limit how often they may be asked",
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
            caption: "How often it is done right".to_owned(),
            head: vec!["So many", "What they do", "Do not", "Not known", "Findings"],
            rows: rows
                .into_iter()
                .map(|(good, open, all, says, findings)| {
                    vec![
                        Cell::text(format!(
                            "{} of {}",
                            grouped(good as u64),
                            grouped(all as u64)
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
                "Weakness",
                "Rule",
                "Places asked",
                "Findings",
                "Not decided",
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
        Block::Text(format!(
            "Asked about and not found: {}.",
            list(&quiet, quiet.len())
        ))
    })
}

fn architecture<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, "Architecture Security".to_owned()));
    let diagram = &a.dossier.diagram;
    out.push(Block::Figure(Figure::Flows));
    let name = |id: &str| {
        let node = diagram.nodes.iter().find(|n| n.id == id);
        node.map_or_else(|| id.to_owned(), |n| n.name.clone())
    };
    out.push(Block::Table(Table {
        caption: "What crosses which boundary".to_owned(),
        head: vec!["From", "To", "What", "At the boundary", "Findings"],
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
            caption: "Guards".to_owned(),
            head: vec!["Guard", "Of", "Seen before", "Not seen before", "Not known"],
            rows: surface
                .shares
                .iter()
                .filter(|s| s.yes + s.no + s.unknown > 0)
                .map(|s| {
                    vec![
                        Cell::Label(s.kind.clone()),
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
    out.push(Block::Heading(3, "Data Protection Analysis".to_owned()));
    let protection = &a.dossier.protection;
    if protection.rows.is_empty() {
        out.push(Block::Text(format!("No column or name that is read in {} tells of credentials, or of data about people, payment or health.", a.project.name)));
    } else {
        out.push(Block::Text(inventory(a)));
        out.push(Block::Table(Table {
            caption: "Inventory of data, by the names of columns and of what the code reads"
                .to_owned(),
            head: vec![
                "Class",
                "Column or name",
                "Declared, or first read, at",
                "Encrypted",
                "Logged",
                "Returned",
                "Sent on",
                "Named by findings",
            ],
            rows: protection.rows.iter().map(data_row).collect(),
        }));
        out.push(Block::Note("Data is told by its name. “No” means that all places were understood and none does it, “?” that it is not known; places after “?” hand on a column of this name, and several records have one; “returned” counts answers and pages, “sent on” letters, requests to other services, traces and prompts. Encryption by the database or its disks does not show in code, and how long data is kept stands in contracts.".to_owned()));
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
        out.push(Block::Heading(4, "Cryptography and secrets".to_owned()));
        out.extend(asked(
            crypto.clone(),
            "Cryptography and secrets: what was found or not decided",
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
        format!(
            "no column is declared in {}, so its data is told by what the code reads",
            a.project.name
        )
    } else {
        format!(
            "of {} that {} declares, the names of {declared} tell a class of data that deserves protection",
            count(protection.columns, "column", "columns"),
            a.project.name
        )
    }];
    let places: Vec<String> = protection
        .places
        .iter()
        .filter(|(_, all, open)| *all > 0 && *open > 0)
        .map(|(receiver, all, open)| {
            let what = match (receiver.as_str(), *all) {
                ("log", 1) => "that writes the log",
                ("log", _) => "that write the log",
                ("client", 1) => "that answers or writes a page",
                ("client", _) => "that answer or write a page",
                (_, 1) => "that sends a request or writes a letter",
                _ => "that send a request or write a letter",
            };
            format!(
                "{} of {} {what}",
                grouped(*open as u64),
                count(*all, "place", "places")
            )
        })
        .collect();
    if !places.is_empty() {
        said.push(format!(
            "what is handed over is not known whole at {}",
            list(&places, 3)
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
        Cell::label(&row.class),
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
        n => format!(" and {n} more"),
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
        0 => format!("No compose file was seen in {}", a.project.name),
        n => format!(
            "{} {} read for what is deployed and not judged",
            list(&files, 4),
            if n == 1 { "was" } else { "were" }
        ),
    };
    format!("{read}; proxies and cloud configuration were not looked for;")
}

fn infrastructure<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, "Infrastructure Security".to_owned()));
    let config = a.dossier.practices.iter().filter(|p| p.area == "config");
    let config: Vec<&Practice> = config.collect();
    out.extend(asked(
        config.clone(),
        "Configuration in code: what was found or not decided",
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
    out.push(Block::Text(format!(
        "{} {} on such configuration alone.",
        unjudged(a),
        match waiting.as_slice() {
            [] => format!("no requirement of {levels} rests"),
            [one] => format!("of {levels}, {one} rests"),
            several => format!("of {levels}, {} rest", list(several, several.len())),
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
    out.push(Block::Heading(3, "API Security Assessment".to_owned()));
    let surface = &a.dossier.surface;
    if surface.endpoints.is_empty() {
        out.push(Block::Text(format!(
            "No endpoint was seen in {}.",
            a.project.name
        )));
        out.extend(unserved(a));
        return;
    }
    let answer = |e: &casemate_assess::dossier::surface::EndpointRow, kind: &str| {
        Cell::Answer(e.has(kind).to_owned())
    };
    out.push(Block::Table(Table {
        caption: format!(
            "{}: what stands before each",
            count(surface.endpoints.len(), "endpoint", "endpoints")
        ),
        head: vec![
            "Method",
            "Path",
            "Registered at",
            "Login",
            "Role",
            "Owner",
            "CSRF",
            "Limit",
            "Schema",
            "Findings",
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
    out.push(Block::Note(format!(
        "“No” means that none was seen in the code before the endpoint, “?” that it is not known; a proxy may add what is not in the code.{}",
        if in_part {
            " `{?}` stands for a part of a path that the program puts together while it runs."
        } else {
            ""
        }
    )));
}
