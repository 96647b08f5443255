//! What was seen and what was not, as a block.

use super::Page;
use super::paint::Ink;
use crate::said;
use casemate_assess::assessment::{Assessment, Coverage};
use casemate_assess::dossier::words::{count, grouped};
use casemate_say::{label, say};

/// Columns of the labels.
const LABELS: usize = 17;

/// Entries of one list.
const LISTED: usize = 8;

/// Writes the block.
pub(crate) fn block(page: &mut Page, assessment: &Assessment) {
    let coverage = &assessment.coverage;
    let title = page.paint.ink(Ink::Bold, label!("What was assessed"));
    page.line(&title);
    for (label, text) in said::coverage(coverage) {
        page.labelled(&format!("  {label}"), LABELS, &text);
    }
    unread(page, coverage);
    policy(page, assessment);
    for note in &assessment.notes {
        page.labelled("  note", LABELS, note);
    }
}

fn unread(page: &mut Page, coverage: &Coverage) {
    let skipped: Vec<String> = coverage
        .files
        .skipped
        .iter()
        .map(|s| format!("{}: {}", s.path, s.reason))
        .collect();
    list(page, label!("not read"), &skipped);
    let partly: Vec<String> = coverage
        .files
        .partly
        .iter()
        .map(|p| {
            let more = if p.count > 1 {
                say!(" and {n} more", n = grouped(p.count as u64 - 1))
            } else {
                String::new()
            };
            format!("{}:{}: {}{more}", p.path, p.line, p.message)
        })
        .collect();
    list(page, label!("read in part"), &partly);
}

fn policy(page: &mut Page, assessment: &Assessment) {
    let effects: Vec<String> = assessment
        .policy
        .iter()
        .chain(
            assessment
                .coverage
                .files
                .ignored
                .iter()
                .filter(|effect| effect.hides > 0),
        )
        .map(said::effect)
        .collect();
    list(page, "hidden", &effects);
}

fn list(page: &mut Page, label: &str, entries: &[String]) {
    for (index, entry) in entries.iter().take(LISTED).enumerate() {
        let label = if index == 0 {
            format!("  {label}")
        } else {
            String::new()
        };
        page.labelled(&label, LABELS, entry);
    }
    if entries.len() > LISTED {
        page.labelled(
            "",
            LABELS,
            &say!(
                "and {more} (--format json lists all)",
                more = count(entries.len() - LISTED, "more", "more")
            ),
        );
    }
}
