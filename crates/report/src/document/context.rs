//! Project Context.

use super::{Block, Cell, Table, sentence, sentences};
use crate::said;
use casemate_assess::assessment::{Assessment, ThreatModel};
use casemate_assess::dossier::deploy::DeployUnit;
use casemate_assess::dossier::words::{count, grouped, list};
use casemate_say::{label, say, told};

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let context = &a.dossier.context;
    let surface = &a.dossier.surface;
    let mut out = vec![Block::Lead(lead(a))];
    let mut rows = Vec::new();
    let mut row = |label: &str, value: String| {
        if !value.is_empty() {
            rows.push(vec![Cell::Label(label.to_owned()), Cell::text(value)]);
        }
    };
    let languages: Vec<String> = context
        .languages
        .iter()
        .map(|(l, files, lines)| {
            format!(
                "{l} ({}, {})",
                count(*files, "file", "files"),
                count(*lines, "line", "lines")
            )
        })
        .collect();
    row(label!("Languages"), languages.join(", "));
    let stack: Vec<String> = context
        .libraries
        .iter()
        .map(|(name, n)| format!("{name} ({})", count(*n, "file", "files")))
        .collect();
    row(label!("Stack, by imports"), stack.join(", "));
    row(label!("Stores, by calls"), counted(&context.stores));
    if !surface.endpoints.is_empty() {
        let [yes, no, unknown] = surface.logins;
        row(
            label!("Endpoints"),
            say!(
                "{endpoints}: {no} without a login, {yes} behind one, {unknown} not known; {roles} want a role; {writes} change something",
                endpoints = grouped(surface.endpoints.len() as u64),
                no = grouped(no as u64),
                yes = grouped(yes as u64),
                unknown = grouped(unknown as u64),
                roles = grouped(surface.roles as u64),
                writes = grouped(surface.writes as u64)
            ),
        );
    }
    if surface.tasks > 0 {
        row(
            label!("Tasks that queues run"),
            say!("{tasks}, which no client asks for", tasks = surface.tasks),
        );
    }
    let hosts: Vec<String> = context
        .hosts
        .iter()
        .take(12)
        .map(|(h, at)| format!("`{h}` ({at})"))
        .collect();
    let more = context.hosts.len().saturating_sub(hosts.len());
    let more = if more > 0 {
        say!(" and {more} more")
    } else {
        String::new()
    };
    row(
        label!("Hosts named in the code"),
        format!("{}{more}", hosts.join(", ")),
    );
    let data: Vec<String> = context
        .data
        .iter()
        .map(|class| {
            let names: Vec<String> = class
                .names
                .iter()
                .take(6)
                .map(|n| format!("`{}`", n.name))
                .collect();
            format!("{}: {}", told(&class.class), names.join(", "))
        })
        .collect();
    row(label!("Data, by names in the code"), data.join("; "));
    out.push(Block::Table(Table {
        caption: say!("What the project is"),
        head: vec!["", label!("Seen in the code")],
        rows,
    }));
    units(a, &mut out);
    deploys(a, &mut out);
    out.push(Block::Heading(3, say!("Signs of maturity and of gaps")));
    out.push(Block::List(sentences(&context.signals)));
    if !context.regimes.is_empty() {
        out.push(Block::Heading(3, say!("Regimes that may apply")));
        out.push(Block::List(
            context
                .regimes
                .iter()
                .map(|(r, why)| format!("{r}: {}", sentence(why)))
                .collect(),
        ));
    }
    stated(a, &mut out);
    out.push(Block::Heading(3, say!("What was read")));
    out.push(Block::Table(Table {
        caption: say!("How far the reading went"),
        head: vec!["", ""],
        // Limits and open questions have a section of their own.
        rows: said::coverage(&a.coverage)
            .into_iter()
            .filter(|(label, _)| !matches!(*label, "limits" | "undecided"))
            .map(|(label, said)| vec![Cell::Label(label.to_owned()), Cell::text(said)])
            .collect(),
    }));
    out
}

fn lead(a: &Assessment) -> String {
    let code = &a.coverage.code;
    let files = &a.coverage.files;
    let mut lead = say!(
        "{name} is {which} of {files} and {lines}",
        name = a.project.name,
        which = match a.units.len() {
            0 | 1 => say!("one package"),
            n => say!("{n} packages"),
        },
        files = count(files.assessed, "backend file", "backend files"),
        lines = count(code.lines, "line", "lines")
    );
    let endpoints = a.dossier.surface.endpoints.len();
    if endpoints > 0 {
        lead.push_str(&say!(
            ", with {endpoints}",
            endpoints = count(endpoints, "endpoint", "endpoints")
        ));
    }
    lead.push('.');
    lead
}

fn counted(items: &[(String, usize)]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|(name, n)| format!("{name} ({})", grouped(*n as u64)))
        .collect();
    items.join(", ")
}

fn units(a: &Assessment, out: &mut Vec<Block<'_>>) {
    if a.units.is_empty() {
        return;
    }
    out.push(Block::Table(Table {
        caption: say!("Packages, and who the attacker of each is"),
        head: vec![
            label!("Package"),
            label!("Folder"),
            label!("Files"),
            label!("Endpoints"),
            label!("Attacker"),
            label!("Because"),
        ],
        rows: a
            .units
            .iter()
            .map(|u| {
                vec![
                    Cell::code(&u.name),
                    Cell::code(if u.root.is_empty() { "." } else { &u.root }),
                    Cell::Count(u.files),
                    Cell::Count(u.endpoints),
                    Cell::label(match u.threat_model {
                        ThreatModel::Server => label!("sends requests"),
                        ThreatModel::Library => label!("decides what callers pass"),
                    }),
                    Cell::text(&u.because),
                ]
            })
            .collect(),
    }));
}

fn stated(a: &Assessment, out: &mut Vec<Block<'_>>) {
    let context = &a.dossier.context;
    let stated = &context.stated;
    out.push(Block::Heading(3, say!("What the owner stated")));
    let mut said: Vec<String> = [
        ("budget", &stated.budget),
        (label!("risk tolerance"), &stated.risk_tolerance),
        ("timeline", &stated.timeline),
        ("stage", &stated.stage),
        ("exposure", &stated.exposure),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some(format!("{label}: {}", value.as_ref()?)))
    .collect();
    if let Some(rules) = &stated.owner_rules {
        let headings: Vec<String> = rules.headings.iter().map(|h| plain(h)).collect();
        let headings = if headings.is_empty() {
            String::new()
        } else {
            say!(", about {headings}", headings = headings.join(", "))
        };
        said.push(say!("`{file}` holds rules for agents ({lines}, digest `{digest}`{headings}); they were read and not followed", file = rules.file, lines = count(rules.lines, "line", "lines"), digest = rules.digest));
    }
    if said.is_empty() {
        said.push(say!("nothing about {name}", name = a.project.name));
    }
    out.push(Block::List(sentences(&said)));
    out.extend(owner_rules(a));
    if !context.unstated.is_empty() {
        let asked: Vec<String> = context
            .unstated
            .iter()
            .map(|(key, why)| format!("`{key}` ({why})"))
            .collect();
        out.push(Block::Note(say!(
            "Not stated in `[context]` of `casemate.toml`, and asked for: {asked}.",
            asked = asked.join(", ")
        )));
    }
}

/// The points of the owner's rules for agents: shown, as code, so that nothing of them is markup or a sentence of the report.
fn owner_rules<'a>(a: &Assessment) -> Option<Block<'a>> {
    let rules = a.dossier.context.stated.owner_rules.as_ref()?;
    if rules.points.is_empty() {
        return None;
    }
    let more = match rules.more {
        0 => String::new(),
        n => say!(", and {n} more there"),
    };
    Some(Block::Table(Table {
        caption: say!(
            "{points} of `{file}`, quoted for people{more}",
            points = count(rules.points.len(), "point", "points"),
            file = rules.file
        ),
        head: vec![label!("Under"), label!("What it says")],
        rows: rules
            .points
            .iter()
            .map(|(under, point)| vec![Cell::text(plain(under)), Cell::code(point)])
            .collect(),
    }))
}

/// Without code marks.
fn plain(text: &str) -> String {
    text.replace('`', "'")
}

/// What is deployed, or that nothing says so.
fn deploys(a: &Assessment, out: &mut Vec<Block<'_>>) {
    let deploys = &a.dossier.context.deploys;
    let (tries, shown): (Vec<&DeployUnit>, Vec<&DeployUnit>) =
        deploys.iter().partition(|unit| unit.tries);
    let aside = for_writers(&tries);
    if shown.is_empty() {
        out.extend(aside);
        return;
    }
    let told = |text: &str| {
        if text.is_empty() {
            Cell::Label(say!("not said"))
        } else {
            Cell::text(format!("`{}`", text.replace('`', "'")))
        }
    };
    out.push(Block::Table(Table {
        caption: say!("What is deployed, by the files that say so"),
        head: vec![
            label!("Unit"),
            label!("Kind"),
            label!("Said at"),
            label!("Made from"),
            label!("Ports"),
            label!("Runs as"),
            label!("Starts"),
        ],
        rows: shown
            .iter()
            .map(|unit| {
                vec![
                    Cell::text(&unit.name),
                    Cell::Label(unit.kind.clone()),
                    told(&unit.at),
                    told(&unit.from),
                    told(&unit.ports.join(", ")),
                    told(&unit.user),
                    told(&unit.starts),
                ]
            })
            .collect(),
    }));
    out.extend(aside);
}

/// Units that are there for those who write or test the service, in one sentence.
fn for_writers(tries: &[&DeployUnit]) -> Option<Block<'static>> {
    let mut files: Vec<String> = Vec::new();
    for unit in tries {
        let file = unit.at.rsplit_once(':').map_or(&*unit.at, |(file, _)| file);
        let file = format!("`{}`", file.replace('`', "'"));
        if !files.contains(&file) {
            files.push(file);
        }
    }
    (!tries.is_empty()).then(|| {
        Block::Text(say!("{units} of {files} {which} for those who write or test the service, as the paths say, and not counted as deployed.", units = count(tries.len(), "unit", "units"), files = list(&files, 4), which = if tries.len() == 1 { label!("is") } else { label!("are") }))
    })
}
