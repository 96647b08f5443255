//! Findings as a run of tests: each one a test that failed, each rule without any a test that passed.

use crate::text::prose::clean;
use casemate_assess::assessment::{Assessment, Finding};
use std::fmt::Write as _;

/// The run as XML.
#[must_use]
pub fn render(assessment: &Assessment) -> String {
    let findings = &assessment.findings;
    let kept: Vec<_> = assessment
        .dossier
        .practices
        .iter()
        .filter(|p| findings.iter().all(|f| f.rule != p.rule))
        .collect();
    let (tests, failures) = (findings.len() + kept.len(), findings.len());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"casemate\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">",
        escaped(&assessment.project.name)
    );
    for finding in findings {
        failed(finding, &mut out);
    }
    for practice in kept {
        let _ = writeln!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\"/>",
            escaped(&practice.rule),
            escaped(&practice.title)
        );
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn failed(f: &Finding, out: &mut String) {
    let _ = writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\">",
        escaped(&f.rule),
        escaped(&format!(
            "{} at {}:{} ({})",
            f.title, f.place.file, f.place.line, f.id
        )),
        escaped(&f.place.file),
        f.place.line
    );
    let _ = writeln!(
        out,
        "      <failure type=\"{}\" message=\"{}\">{}",
        f.severity.level.name(),
        escaped(&f.message),
        escaped(&format!("{}:{}", f.place.file, f.place.line))
    );
    for step in f.paths.first().into_iter().flat_map(|p| &p.steps) {
        let _ = writeln!(
            out,
            "{}",
            escaped(&format!(
                "{}:{} {}",
                step.place.file, step.place.line, step.text
            ))
        );
    }
    out.push_str("      </failure>\n    </testcase>\n");
}

/// Text as content or attribute; what XML cannot hold is dropped.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{FFFE}' | '\u{FFFF}' => {}
            c => out.push(c),
        }
    }
    out
}
