//! Findings as a table for spreadsheets.
//!
//! A cell that begins as a formula would be run by a spreadsheet, so it gets a quotation mark in front.

use casemate_assess::assessment::{Assessment, Finding};

const HEAD: [&str; 13] = [
    "id",
    "level",
    "confidence",
    "likelihood",
    "impact",
    "rule",
    "title",
    "file",
    "line",
    "endpoint",
    "cwe",
    "asvs",
    "message",
];

/// The findings, one a line, with a head.
#[must_use]
pub fn render(assessment: &Assessment) -> String {
    let mut out = row(&HEAD.map(str::to_owned));
    for finding in &assessment.findings {
        out.push_str(&row(&cells(finding)));
    }
    out
}

fn cells(f: &Finding) -> [String; 13] {
    [
        f.id.clone(),
        f.severity.level.name().to_owned(),
        f.confidence.level.name().to_owned(),
        f.severity.likelihood.clone(),
        f.severity.impact.clone(),
        f.rule.clone(),
        f.title.clone(),
        f.place.file.clone(),
        f.place.line.to_string(),
        f.endpoints
            .first()
            .map(casemate_assess::assessment::Endpoint::title)
            .unwrap_or_default(),
        f.cwe
            .iter()
            .map(|n| format!("CWE-{n}"))
            .collect::<Vec<_>>()
            .join(" "),
        f.asvs.join(" "),
        f.message.clone(),
    ]
}

fn row(cells: &[String; 13]) -> String {
    let cells: Vec<String> = cells.iter().map(|c| cell(c)).collect();
    format!("{}\r\n", cells.join(","))
}

fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = format!("{}{text}", if formula { "'" } else { "" });
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formulas() {
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("plain"), "plain");
    }
}
