//! Problems of a backend that matter for load and operation as much as for an attacker.

use super::{Block, Cell, Table, sentence};
use casemate_assess::assessment::{Assessment, Finding};
use casemate_assess::dossier::words::{capitalised, count, first_sentence, list};
use casemate_say::{label, say};

/// Places of one problem that are named.
const PLACES: usize = 3;

/// What findings mean for load and operation, in the form that operators know. The rules say which do.
pub(super) fn add<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    let rows: Vec<Vec<Cell>> = a
        .rules
        .iter()
        .filter_map(|rule| {
            let impact = first_sentence(rule.section("Scalability")?);
            let found: Vec<&Finding> = a.findings.iter().filter(|f| f.rule == rule.id).collect();
            let level = found.iter().map(|f| f.severity.level).max()?;
            let places: Vec<String> = found
                .iter()
                .map(|f| format!("`{}:{}`", f.place.file, f.place.line))
                .collect();
            let fix = rule.section("Fix").map(first_sentence).unwrap_or_default();
            let fix = if fix.is_empty() {
                say!(
                    "The code under Implementation Guidance for `{id}`",
                    id = rule.id
                )
            } else {
                capitalised(&fix)
            };
            // Who may bring it about, and what it comes to.
            let worst = found.iter().max_by_key(|f| f.severity.level)?;
            let risk = a
                .dossier
                .risks
                .iter()
                .find(|r| r.findings.contains(&worst.id));
            let why = risk.map(|r| capitalised(&r.business));
            Some(vec![
                Cell::text(say!(
                    "{title} at {places}: {places_2}.",
                    title = rule.title,
                    places = count(found.len(), "place", "places"),
                    places_2 = list(&places, PLACES)
                )),
                Cell::label(sentence(&impact)),
                Cell::label(sentence(&fix)),
                Cell::text(sentence(&why.unwrap_or_default())),
                Cell::Level(level),
                Cell::Findings(found.iter().map(|f| f.id.clone()).collect()),
            ])
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    out.push(Block::Heading(3, say!("Backend Problems")));
    out.push(Block::Table(Table {
        caption: say!("What the findings mean for load and operation"),
        head: vec![
            label!("System issue"),
            label!("Scalability impact"),
            label!("Solution"),
            label!("Security notes"),
            label!("Level"),
            label!("Findings"),
        ],
        rows,
    }));
}
