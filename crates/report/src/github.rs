//! For GitHub Actions: annotations as workflow commands, and a summary of the job as Markdown.

use crate::text::prose::clean;
use casemate_assess::assessment::{Assessment, Finding, Level};
use casemate_assess::dossier::Verdict;
use casemate_assess::dossier::words::count;
use std::fmt::Write as _;

/// Findings that the summary names.
const NAMED: usize = 30;

/// One workflow command a finding. A workflow shows those that are printed to stdout beside the lines of code.
#[must_use]
pub fn annotations(assessment: &Assessment) -> String {
    assessment.findings.iter().map(annotation).collect()
}

fn annotation(f: &Finding) -> String {
    let command = match f.severity.level {
        Level::Critical | Level::High => "error",
        Level::Medium => "warning",
        Level::Low | Level::Info => "notice",
    };
    format!(
        "::{command} file={},line={},endLine={},title={}::{}\n",
        property(&f.place.file),
        f.place.line,
        f.place.end_line.max(f.place.line),
        property(&format!("{} ({})", f.title, f.rule)),
        data(&format!(
            "{}. {} {}",
            clean(&f.message),
            f.severity.level.name(),
            f.id
        ))
    )
}

/// The text of a command: it ends with its line, and `%` begins what is escaped.
fn data(text: &str) -> String {
    clean(text).replace('%', "%25")
}

/// A property of a command: it also ends with a comma.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The summary: `--output summary=…`, where `$GITHUB_STEP_SUMMARY` is the file.
#[must_use]
pub fn summary(assessment: &Assessment) -> String {
    let mut out = format!("## Casemate: {}\n\n", cell(&assessment.project.name));
    let levels: Vec<String> = Level::ALL
        .iter()
        .rev()
        .map(|level| (level.name(), assessment.count(*level)))
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| format!("{n} {name}"))
        .collect();
    let _ = writeln!(
        out,
        "{}{} in {}, {}.\n",
        count(assessment.findings.len(), "finding", "findings"),
        if levels.is_empty() {
            String::new()
        } else {
            format!(" ({})", levels.join(", "))
        },
        count(assessment.coverage.files.assessed, "file", "files"),
        count(
            assessment.dossier.surface.endpoints.len(),
            "endpoint",
            "endpoints"
        )
    );
    if !assessment.findings.is_empty() {
        out.push_str("| Level | Finding | Where | What |\n|---|---|---|---|\n");
    }
    for f in assessment.findings.iter().take(NAMED) {
        let _ = writeln!(
            out,
            "| {} | {} | {}:{} | {} |",
            f.severity.level.name(),
            cell(&f.title),
            cell(&f.place.file),
            f.place.line,
            cell(&f.message)
        );
    }
    if let Some(more) = assessment
        .findings
        .len()
        .checked_sub(NAMED)
        .filter(|n| *n > 0)
    {
        let _ = writeln!(out, "\n{more} more findings are in the full report.");
    }
    let rows = &assessment.dossier.ledger;
    let verdicts: Vec<String> = Verdict::ALL
        .iter()
        .map(|v| (v.name(), rows.iter().filter(|r| r.verdict == *v).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| format!("{n} {name}"))
        .collect();
    if !verdicts.is_empty() {
        let _ = writeln!(
            out,
            "\nOf the {} requirements of ASVS 5.0: {}.",
            rows.len(),
            verdicts.join(", ")
        );
    }
    let files = &assessment.coverage.files;
    if !assessment.coverage.complete() {
        let _ = writeln!(
            out,
            "\nNot all was understood: {} skipped, {} read in part.",
            count(files.skipped.len(), "file", "files"),
            count(files.partly.len(), "file", "files")
        );
    }
    for server in &assessment.coverage.unserved {
        let _ = writeln!(
            out,
            "\nNo endpoint of {} was found, so missing controls were not judged.",
            cell(&server.unit)
        );
    }
    out
}

/// Text of a cell that is nothing but text: what Markdown and HTML read as markup is written as entities, and what stands in back-ticks
/// is code.
fn cell(text: &str) -> String {
    let text = clean(text);
    let marked = text.matches('`').count().is_multiple_of(2);
    let mut inside = false;
    let mut out = String::new();
    for c in text.chars() {
        if c == '`' && marked {
            out.push_str(if inside { "</code>" } else { "<code>" });
            inside = !inside;
        } else if c.is_ascii_punctuation()
            && !matches!(c, '.' | ',' | '/' | ' ' | '-' | '(' | ')' | ';' | '\'')
        {
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}
