//! The endpoints: what guards each, what was found behind it, and which tests it needs.

use super::Material;
use super::words::count;
use crate::application::{EndpointModel, Named, Spot};
use serde::Serialize;
use std::collections::BTreeMap;

/// The endpoints as a whole.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Surface {
    /// One row each, in order of their place.
    pub endpoints: Vec<EndpointRow>,
    /// Of every kind of guard: how many endpoints have it.
    pub shares: Vec<GuardShare>,
    /// That want a login, want none, and of which it is not known.
    pub logins: [usize; 3],
    /// That change something.
    pub writes: usize,
    /// Of these, the ones that want no login.
    pub open_writes: usize,
    /// That a role is needed for.
    pub roles: usize,
}

impl Surface {
    /// The endpoints that change something and want no login, as code.
    #[must_use]
    pub fn open_to_all(&self) -> Vec<String> {
        let rows = self.endpoints.iter();
        rows.filter(|row| row.writes && row.has("authentication") == "no")
            .map(|row| super::words::code(&row.named()))
            .collect()
    }
}

/// How many endpoints have one kind of guard.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct GuardShare {
    /// `authentication`, `csrf` …
    pub kind: String,
    /// What the share is of: all endpoints, or those that change something.
    pub of: String,
    /// They have it.
    pub yes: usize,
    /// It is not known.
    pub unknown: usize,
    /// They have not.
    pub no: usize,
}

/// One endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct EndpointRow {
    /// `GET`.
    pub method: String,
    /// As far as it is known.
    pub path: String,
    /// Where it is registered.
    pub at: Spot,
    /// What answers.
    pub handlers: Vec<String>,
    /// By kind of guard: `yes`, `no`, `unknown`.
    pub guarded: BTreeMap<String, String>,
    /// It changes something, by its method.
    pub writes: bool,
    /// Findings behind it.
    pub findings: Vec<String>,
    /// Tests that it needs.
    pub tests: Vec<String>,
}

impl EndpointRow {
    /// `GET /users/:id`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The same, by its place where its path is not known.
    #[must_use]
    pub fn named(&self) -> String {
        if self.path == UNKNOWN {
            format!("{} at {}:{}", self.method, self.at.file, self.at.line)
        } else {
            self.title()
        }
    }

    /// The answer about one kind of guard.
    #[must_use]
    pub fn has(&self, kind: &str) -> &str {
        self.guarded.get(kind).map_or("unknown", String::as_str)
    }
}

/// A path that is not known.
const UNKNOWN: &str = "(path not known)";

/// The kinds that are counted, and whether only for endpoints that change something.
const KINDS: [(&str, bool); 6] = [
    ("authentication", false),
    ("role", false),
    ("owner", false),
    ("rate-limit", false),
    ("csrf", true),
    ("validation", true),
];

pub(super) fn of(m: &Material<'_>) -> Surface {
    let mut behind: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for finding in m.findings {
        for endpoint in &finding.endpoints {
            let key = (
                endpoint.title(),
                format!("{}:{}", endpoint.file, endpoint.line),
            );
            behind.entry(key).or_default().push(finding.id.clone());
        }
    }
    let endpoints: Vec<EndpointRow> = m
        .application
        .endpoints
        .iter()
        .map(|e| row(e, &behind))
        .collect();
    let shares = KINDS
        .iter()
        .map(|(kind, writes_only)| {
            let asked = endpoints.iter().filter(|e| e.writes || !writes_only);
            let mut share = GuardShare {
                kind: (*kind).to_owned(),
                of: if *writes_only {
                    "endpoints that change something".to_owned()
                } else {
                    "endpoints".to_owned()
                },
                ..GuardShare::default()
            };
            for endpoint in asked {
                match endpoint.has(kind) {
                    "yes" => share.yes += 1,
                    "no" => share.no += 1,
                    _ => share.unknown += 1,
                }
            }
            share
        })
        .collect();
    let login = |answer: &str| {
        endpoints
            .iter()
            .filter(|e| e.has("authentication") == answer)
            .count()
    };
    Surface {
        logins: [login("yes"), login("no"), login("unknown")],
        writes: endpoints.iter().filter(|e| e.writes).count(),
        open_writes: endpoints
            .iter()
            .filter(|e| e.writes && e.has("authentication") == "no")
            .count(),
        roles: endpoints.iter().filter(|e| e.has("role") == "yes").count(),
        shares,
        endpoints,
    }
}

/// What the program calls a function without a name.
const ANONYMOUS: &str = "anonymous function";

/// A function by its name, or by its place where it has none.
fn handler(of: &Named) -> String {
    if of.name == ANONYMOUS {
        format!("{}:{}", of.at.file, of.at.line)
    } else {
        of.name.clone()
    }
}

fn row(endpoint: &EndpointModel, behind: &BTreeMap<(String, String), Vec<String>>) -> EndpointRow {
    let path = endpoint.path.clone().unwrap_or_else(|| UNKNOWN.to_owned());
    let writes = matches!(
        endpoint.method.as_str(),
        "POST" | "PUT" | "PATCH" | "DELETE" | "DEL"
    );
    let key = (
        if endpoint.method.is_empty() {
            path.clone()
        } else {
            format!("{} {path}", endpoint.method)
        },
        format!("{}:{}", endpoint.at.file, endpoint.at.line),
    );
    let mut row = EndpointRow {
        method: if endpoint.method.is_empty() {
            "ANY".to_owned()
        } else {
            endpoint.method.clone()
        },
        at: endpoint.at.clone(),
        handlers: endpoint.handlers.iter().map(handler).collect(),
        guarded: endpoint.guarded.clone(),
        writes,
        findings: behind.get(&key).cloned().unwrap_or_default(),
        tests: Vec::new(),
        path,
    };
    row.findings.sort();
    row.findings.dedup();
    row.tests = tests(&row);
    row
}

/// What tests an endpoint needs, from what it is.
fn tests(row: &EndpointRow) -> Vec<String> {
    let mut out = Vec::new();
    let object = row.path.contains(':') || row.path.contains('<') || row.path.contains('{');
    if row.has("authentication") == "yes" {
        out.push("no login: refused".to_owned());
    }
    if row.has("role") == "yes" {
        out.push("wrong role: refused".to_owned());
    }
    if object && row.has("authentication") != "no" {
        out.push("another user's object: refused".to_owned());
    }
    if row.writes {
        out.push("unknown and oversized fields: refused".to_owned());
    }
    if row.has("csrf") == "yes" {
        out.push("without token: refused".to_owned());
    }
    if row.has("rate-limit") == "yes" {
        out.push("too many requests: 429".to_owned());
    }
    if !row.findings.is_empty() {
        out.push(format!(
            "the {} of this report: harmless",
            count(row.findings.len(), "finding", "findings")
        ));
    }
    out
}
