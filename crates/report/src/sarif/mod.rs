//! SARIF 2.1.0 as GitHub code scanning takes it: one run, the place first, the best path, our ids beside GitHub's hash.

mod types;

use casemate_assess::assessment::{Assessment, Certainty, Finding, Level, Path, Place, RuleInfo};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use types::{
    ArtifactLocation, CodeFlow, Configuration, Described, Driver, FlowLocation, Help, Id,
    Invocation, Location, Log, Message, Notification, PhysicalLocation, Region, ResultOf, Rule,
    RuleProperties, Run, ThreadFlow, Tool,
};

/// Guards of one result.
const RELATED: usize = 10;

/// GitHub refuses files with more results; the most serious ones are kept and the rest is told.
const RESULTS: usize = 25_000;

/// Steps of one path. GitHub shows at most a thousand of a result, people read far fewer.
const STEPS: usize = 100;

const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// The assessment as SARIF.
#[must_use]
pub fn render(assessment: &Assessment) -> String {
    let log = Log {
        version: "2.1.0",
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        runs: [run(assessment)],
    };
    // INVARIANT: plain data with string keys, which serde_json cannot fail to write.
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn run(assessment: &Assessment) -> Run {
    let root = Message {
        text: "The folder that was assessed".into(),
    };
    Run {
        tool: Tool {
            driver: Driver {
                name: "Casemate",
                version: assessment.tool.version.clone(),
                semantic_version: assessment.tool.version.clone(),
                information_uri: HOME,
                rules: assessment.rules.iter().map(rule).collect(),
            },
        },
        automation_details: Id {
            id: "casemate/assess/",
        },
        column_kind: "utf16CodeUnits",
        original_uri_base_ids: BTreeMap::from([("%SRCROOT%", Described { description: root })]),
        invocations: [Invocation {
            execution_successful: !assessment.failed,
            tool_execution_notifications: notifications(assessment),
        }],
        results: assessment
            .findings
            .iter()
            .take(RESULTS)
            .filter_map(|f| result(f, assessment))
            .collect(),
        properties: properties(assessment),
    }
}

fn rule(rule: &RuleInfo) -> Rule {
    let cwe = rule
        .cwe
        .iter()
        .take(3)
        .map(|n| format!("external/cwe/cwe-{n:03}"));
    let help: String = rule
        .sections
        .iter()
        .map(|(heading, text)| format!("## {heading}\n\n{text}\n\n"))
        .collect();
    Rule {
        id: rule.id.clone(),
        name: rule.id.split('-').map(capitalised).collect(),
        short_description: Message {
            text: rule.title.clone(),
        },
        full_description: Message {
            text: rule
                .section("What")
                .map_or_else(|| rule.title.clone(), crate::text::prose::first_paragraph),
        },
        default_configuration: Configuration {
            level: level(rule.level),
        },
        help_uri: HOME.into(),
        help: Help {
            text: help.trim_end().to_owned(),
            markdown: help.trim_end().to_owned(),
        },
        properties: RuleProperties {
            tags: std::iter::once("security".to_owned()).chain(cwe).collect(),
            precision: match rule.precision {
                Certainty::High => "high",
                Certainty::Medium => "medium",
                Certainty::Low => "low",
            },
            security_severity: match rule.level {
                Level::Critical => "9.5",
                Level::High => "8.0",
                Level::Medium => "5.5",
                Level::Low => "2.5",
                Level::Info => "0.5",
            },
            problem_severity: match rule.level {
                Level::Critical | Level::High => "error",
                Level::Medium => "warning",
                Level::Low | Level::Info => "recommendation",
            },
        },
    }
}

fn result(finding: &Finding, assessment: &Assessment) -> Option<ResultOf> {
    let rule_index = assessment.rules.iter().position(|r| r.id == finding.rule)?;
    let mut fingerprints = BTreeMap::from([
        ("casemate/v1", finding.fingerprint.clone()),
        ("casemate/move", finding.move_fingerprint.clone()),
    ]);
    if !finding.line_hash.is_empty() {
        fingerprints.insert("primaryLocationLineHash", finding.line_hash.clone());
    }
    Some(ResultOf {
        rule_id: finding.rule.clone(),
        rule_index,
        kind: "fail",
        level: level(finding.severity.level),
        message: Message {
            text: message(finding),
        },
        locations: [location(&finding.place, None)],
        related_locations: guards(finding),
        code_flows: finding
            .paths
            .first()
            .filter(|p| !p.steps.is_empty())
            .map(code_flow)
            .into_iter()
            .collect(),
        partial_fingerprints: fingerprints,
        properties: result_properties(finding),
    })
}

fn message(finding: &Finding) -> String {
    match finding.endpoints.first() {
        Some(endpoint) => format!("{}. Reached by {}.", finding.message, endpoint.title()),
        None => format!("{}.", finding.message),
    }
}

fn result_properties(finding: &Finding) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut put = |key: &str, value: Value| {
        properties.insert(key.to_owned(), value);
    };
    put("id", json!(finding.id));
    put("cause", json!(finding.cause));
    put("confidence", json!(finding.confidence.level.name()));
    put("severity", json!(finding.severity.level.name()));
    put("cvss", json!(finding.cvss));
    if let Some(endpoint) = finding.endpoints.first() {
        put("endpoint", json!(endpoint.title()));
    }
    if !finding.confidence.reasons.is_empty() {
        put("notes", json!(finding.confidence.reasons));
    }
    properties
}

fn code_flow(path: &Path) -> CodeFlow {
    // A path that is cut keeps its end: the place is what is reported.
    let cut = path.steps.len().saturating_sub(STEPS);
    let steps = path
        .steps
        .iter()
        .take(1)
        .chain(path.steps.iter().skip(1 + cut));
    let locations = steps
        .map(|s| FlowLocation {
            location: location(&s.place, Some(&s.text)),
        })
        .collect();
    CodeFlow {
        thread_flows: [ThreadFlow { locations }],
    }
}

/// The guards that were seen on the way to a finding.
fn guards(finding: &Finding) -> Vec<Location> {
    let mut out: Vec<Location> = Vec::new();
    let mut seen = BTreeSet::new();
    for endpoint in &finding.endpoints {
        for guard in endpoint.guards.iter().filter(|g| !g.at.file.is_empty()) {
            if out.len() < RELATED && seen.insert((&guard.at, &guard.kind)) {
                let place = Place {
                    file: guard.at.file.clone(),
                    line: guard.at.line,
                    end_line: guard.at.line,
                    column: 1,
                    end_column: 1,
                    ..Place::default()
                };
                let doubt = if guard.certain { "" } else { "possible " };
                let text = format!(
                    "{doubt}{} guard `{}` of {}: {}",
                    guard.kind,
                    guard.name,
                    endpoint.title(),
                    guard.why
                );
                out.push(location(&place, Some(&text)));
            }
        }
    }
    out
}

fn location(place: &Place, text: Option<&str>) -> Location {
    let line = place.line.max(1);
    let column = place.column.max(1);
    let end_line = place.end_line.max(line);
    let end_column = if end_line == line {
        place.end_column.max(column)
    } else {
        place.end_column.max(1)
    };
    Location {
        physical_location: PhysicalLocation {
            artifact_location: artifact(&place.file),
            region: Some(Region {
                start_line: line,
                start_column: column,
                end_line,
                end_column,
            }),
        },
        message: text.map(|t| Message { text: t.to_owned() }),
    }
}

fn file(path: &str) -> Location {
    Location {
        physical_location: PhysicalLocation {
            artifact_location: artifact(path),
            region: None,
        },
        message: None,
    }
}

fn artifact(path: &str) -> ArtifactLocation {
    ArtifactLocation {
        uri: percent_encoded(path),
        uri_base_id: "%SRCROOT%",
    }
}

/// A path as a relative URI.
fn percent_encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@!$&'()*+,;=".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

fn notifications(assessment: &Assessment) -> Vec<Notification> {
    let files = &assessment.coverage.files;
    let skipped = files.skipped.iter().map(|s| Notification {
        descriptor: Id {
            id: "file-not-read",
        },
        level: "warning",
        message: Message {
            text: format!("{} was not read: {}", s.path, s.reason),
        },
        locations: vec![file(&s.path)],
    });
    let partly = files.partly.iter().map(|p| Notification {
        descriptor: Id {
            id: "file-read-in-part",
        },
        level: "warning",
        message: Message {
            text: format!(
                "{} was read in part: line {}: {}",
                p.path, p.line, p.message
            ),
        },
        locations: vec![file(&p.path)],
    });
    let notes = assessment
        .notes
        .iter()
        .map(|note| plain("note", "note", note.clone()));
    let hidden = assessment
        .policy
        .iter()
        .map(|effect| plain("policy", "note", crate::said::effect(effect)));
    let cut = assessment.findings.len().saturating_sub(RESULTS);
    let trimmed = (cut > 0).then(|| {
        plain(
            "results-left-out",
            "warning",
            format!("{cut} less serious findings are not in this file; --format json has all"),
        )
    });
    skipped
        .chain(partly)
        .chain(trimmed)
        .chain(hidden)
        .chain(notes)
        .collect()
}

fn plain(id: &'static str, level: &'static str, text: String) -> Notification {
    Notification {
        descriptor: Id { id },
        level,
        message: Message { text },
        locations: Vec::new(),
    }
}

fn properties(assessment: &Assessment) -> Map<String, Value> {
    let mut properties = Map::new();
    let coverage: Map<String, Value> = crate::said::coverage(&assessment.coverage)
        .into_iter()
        .map(|(label, text)| (label.to_owned(), Value::String(text)))
        .collect();
    properties.insert("coverage".into(), Value::Object(coverage));
    if let Some(commit) = &assessment.project.commit {
        properties.insert("commit".into(), json!(commit));
    }
    properties
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Critical | Level::High => "error",
        Level::Medium => "warning",
        Level::Low | Level::Info => "note",
    }
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|c| c.to_ascii_uppercase())
        .into_iter()
        .chain(chars)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(
            percent_encoded("src/[id]/a b:ü.ts"),
            "src/%5Bid%5D/a%20b%3A%C3%BC.ts"
        );
        assert_eq!(capitalised("sql"), "Sql");
    }
}
