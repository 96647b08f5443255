//! Security Monitoring Framework.

use super::{Block, Cell, Table, sentence};
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::words::{capitalised, code, count, list};
use casemate_say::{label, say};

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let monitoring = &a.dossier.monitoring;
    let mut out = vec![Block::Heading(3, say!("What to log"))];
    let loggers: Vec<String> = monitoring
        .loggers
        .iter()
        .map(|(name, n)| format!("{name} ({})", count(*n, "call", "calls")))
        .collect();
    out.push(Block::Text(if loggers.is_empty() {
        say!("No call that writes a log was seen in {name}: today an attack leaves no trace of its own.", name = a.project.name)
    } else {
        say!("{name} logs through {loggers}.", name = a.project.name, loggers = list(&loggers, loggers.len()))
    }));
    if !monitoring.events.is_empty() {
        out.push(Block::Table(Table {
            caption: say!("Events, and where a log call stands near them"),
            head: vec![
                label!("Event"),
                label!("Endpoints"),
                label!("Fields of the entry"),
                label!("With a log call in the same file, of refusals beside the check"),
            ],
            rows: monitoring
                .events
                .iter()
                .map(|e| {
                    let shown: Vec<String> = e.endpoints.iter().map(|x| code(x)).collect();
                    vec![
                        Cell::Label(e.name.clone()),
                        Cell::text(list(&shown, 5)),
                        Cell::Label(e.fields.join(", ")),
                        Cell::text(say!(
                            "{near} of {endpoints}",
                            near = e.near,
                            endpoints = e.endpoints.len()
                        )),
                    ]
                })
                .collect(),
        }));
    }
    queries(a, &mut out);
    out.push(Block::Heading(3, say!("Metrics and KPIs")));
    out.push(Block::Table(Table {
        caption: say!("Figures with today's value"),
        head: vec![label!("Figure"), label!("Today"), label!("Aim")],
        rows: monitoring
            .figures
            .iter()
            .map(|f| {
                vec![
                    Cell::Label(f.name.clone()),
                    Cell::text(&f.today),
                    Cell::label(&f.aim),
                ]
            })
            .collect(),
    }));
    out.push(Block::Heading(3, say!("Detection and Response")));
    if monitoring.detections.is_empty() {
        out.push(Block::Text(say!(
            "Nothing found in {name} gives an attack to watch for.",
            name = a.project.name
        )));
    }
    for detection in &monitoring.detections {
        let shown: Vec<String> = detection.endpoints.iter().map(|e| code(e)).collect();
        out.push(Block::Heading(4, detection.title.clone()));
        if !shown.is_empty() {
            out.push(Block::Text(say!(
                "It would show at {shown}, for {findings}.",
                shown = list(&shown, 6),
                findings = count(detection.findings.len(), "finding", "findings")
            )));
        }
        if !detection.watch.is_empty() {
            out.push(Block::Method(&detection.watch));
        }
    }
    out.push(Block::Heading(3, say!("Schedule")));
    out.push(Block::List(
        monitoring
            .schedule
            .iter()
            .map(|(when, what)| sentence(&format!("{when}: {what}")))
            .collect(),
    ));
    out
}

/// Questions to the log, in the form that its logger gives it.
fn queries(a: &Assessment, out: &mut Vec<Block<'_>>) {
    let monitoring = &a.dossier.monitoring;
    if monitoring.queries.is_empty() {
        return;
    }
    out.push(Block::Heading(3, say!("Queries")));
    out.push(Block::Note(say!("For lines as {logger} writes them; `app.log` stands for the file or stream that they go to.", logger = casemate_say::told(&monitoring.logger))));
    for query in &monitoring.queries {
        out.push(Block::Heading(4, capitalised(&query.event)));
        let at: Vec<String> = query.at.iter().map(|e| code(e)).collect();
        if query.write.is_empty() {
            let mut entries = query.entries.clone();
            entries.resize(query.count.max(entries.len()), String::new());
            out.push(Block::Text(say!(
                "{entries} may tell it today: {query}.",
                entries = count(query.count, "entry", "entries"),
                query = list(&entries, query.entries.len())
            )));
            if !query.lacks.is_empty() {
                out.push(Block::Text(sentence(&query.lacks)));
            }
        } else {
            out.push(Block::Text(say!("No entry whose text stands where it is written tells it at {at}. A line that does, and the question that finds clients who cause it often:", at = list(&at, 5))));
            out.push(Block::Code("", query.write.clone()));
        }
        out.push(Block::Code("sh", query.ask.clone()));
    }
}
