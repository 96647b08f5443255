//! Security Monitoring Framework.

use super::{Block, Cell, Table, sentence};
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::words::{capitalised, code, count, list};

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let monitoring = &a.dossier.monitoring;
    let mut out = vec![Block::Heading(3, "What to log".to_owned())];
    let loggers: Vec<String> = monitoring
        .loggers
        .iter()
        .map(|(name, n)| format!("{name} ({})", count(*n, "call", "calls")))
        .collect();
    out.push(Block::Text(if loggers.is_empty() {
        format!(
            "No call that writes a log was seen in {}: today an attack leaves no trace of its own.",
            a.project.name
        )
    } else {
        format!("{} logs through {}.", a.project.name, loggers.join(", "))
    }));
    if !monitoring.events.is_empty() {
        out.push(Block::Table(Table {
            caption: "Events, and where a log call stands near them".to_owned(),
            head: vec![
                "Event",
                "Endpoints",
                "Fields of the entry",
                "With a log call in the same file",
            ],
            rows: monitoring
                .events
                .iter()
                .map(|e| {
                    let shown: Vec<String> = e.endpoints.iter().take(5).map(|x| code(x)).collect();
                    let more = e.endpoints.len().saturating_sub(shown.len());
                    let more = if more > 0 {
                        format!(" and {more} more")
                    } else {
                        String::new()
                    };
                    vec![
                        Cell::Label(e.name.clone()),
                        Cell::text(format!("{}{more}", shown.join(", "))),
                        Cell::Label(e.fields.join(", ")),
                        Cell::text(format!("{} of {}", e.near, e.endpoints.len())),
                    ]
                })
                .collect(),
        }));
    }
    queries(a, &mut out);
    out.push(Block::Heading(3, "Metrics and KPIs".to_owned()));
    out.push(Block::Table(Table {
        caption: "Figures with today's value".to_owned(),
        head: vec!["Figure", "Today", "Aim"],
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
    out.push(Block::Heading(3, "Detection and Response".to_owned()));
    if monitoring.detections.is_empty() {
        out.push(Block::Text(format!(
            "Nothing found in {} gives an attack to watch for.",
            a.project.name
        )));
    }
    for detection in &monitoring.detections {
        let shown: Vec<String> = detection
            .endpoints
            .iter()
            .take(6)
            .map(|e| code(e))
            .collect();
        let more = detection.endpoints.len().saturating_sub(shown.len());
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        out.push(Block::Heading(4, detection.title.clone()));
        if !shown.is_empty() {
            out.push(Block::Text(format!(
                "It would show at {}{more}, for {}.",
                shown.join(", "),
                count(detection.findings.len(), "finding", "findings")
            )));
        }
        if !detection.watch.is_empty() {
            out.push(Block::Method(&detection.watch));
        }
    }
    out.push(Block::Heading(3, "Schedule".to_owned()));
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
    out.push(Block::Heading(3, "Queries".to_owned()));
    out.push(Block::Note(format!(
        "For lines as {} writes them; `app.log` stands for the file or stream that they go to.",
        monitoring.logger
    )));
    for query in &monitoring.queries {
        out.push(Block::Heading(4, capitalised(&query.event)));
        let at: Vec<String> = query.at.iter().map(|e| code(e)).collect();
        if query.write.is_empty() {
            let rest = query.count.saturating_sub(query.entries.len());
            let more = match rest {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            out.push(Block::Text(format!(
                "{} may tell it today: {}{more}.",
                count(query.count, "entry", "entries"),
                query.entries.join(", ")
            )));
        } else {
            out.push(Block::Text(format!(
                "No entry whose text stands where it is written tells it at {}. A line that does, and the question that finds clients who cause it often:",
                list(&at, 5)
            )));
            out.push(Block::Code("", query.write.clone()));
        }
        out.push(Block::Code("sh", query.ask.clone()));
    }
}
