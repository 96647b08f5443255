//! Findings as GitLab reads them: its report of static application security testing, version 15.

use crate::text::prose::clean;
use casemate_assess::assessment::{Assessment, Finding, Level, Path};
use serde_json::{Value, json};

/// The version of the form.
const VERSION: &str = "15.0.7";

/// The findings as one indented document.
#[must_use]
pub fn render(assessment: &Assessment) -> String {
    let of_us = json!({
        "id": "casemate",
        "name": "Casemate",
        "version": assessment.tool.version,
        "vendor": { "name": "Casemate" },
    });
    // The form wants times; a day is all that a run knows, and the same input on the same day gives the same bytes.
    let day = assessment.day.as_deref().unwrap_or("1970-01-01");
    let time = format!("{day}T00:00:00");
    let report = json!({
        "version": VERSION,
        "scan": {
            "analyzer": of_us,
            "scanner": of_us,
            "type": "sast",
            "status": if assessment.failed { "failure" } else { "success" },
            "start_time": time,
            "end_time": time,
        },
        "vulnerabilities": assessment.findings.iter().map(finding).collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn finding(f: &Finding) -> Value {
    let mut identifiers = vec![json!({ "type": "casemate_rule", "name": f.rule, "value": f.rule })];
    identifiers.extend(f.cwe.iter().map(|n| {
        json!({
            "type": "cwe",
            "name": format!("CWE-{n}"),
            "value": n.to_string(),
            "url": format!("https://cwe.mitre.org/data/definitions/{n}.html"),
        })
    }));
    identifiers.extend(
        f.owasp
            .iter()
            .map(|id| json!({ "type": "owasp", "name": id, "value": id })),
    );
    let way = f.paths.first().map(way).unwrap_or_default();
    json!({
        "id": f.fingerprint,
        "name": clean(&f.title),
        "description": format!("{}.{way}", clean(&f.message)),
        "severity": severity(f.severity.level),
        "solution": f.fix,
        "location": {
            "file": f.place.file,
            "start_line": f.place.line,
            "end_line": f.place.end_line.max(f.place.line),
        },
        "identifiers": identifiers,
        "tracking": {
            "type": "source",
            "items": [{
                "file": f.place.file,
                "start_line": f.place.line,
                "end_line": f.place.end_line.max(f.place.line),
                "signatures": [{ "algorithm": "hash", "value": f.fingerprint }],
            }],
        },
    })
}

/// The steps as a list; GitLab shows no paths.
fn way(path: &Path) -> String {
    path.steps
        .iter()
        .map(|s| {
            format!(
                "\n- {}:{} {}",
                clean(&s.place.file),
                s.place.line,
                clean(&s.text)
            )
        })
        .collect()
}

const fn severity(level: Level) -> &'static str {
    match level {
        Level::Critical => "Critical",
        Level::High => "High",
        Level::Medium => "Medium",
        Level::Low => "Low",
        Level::Info => "Info",
    }
}
