//! The endpoints: what guards each, what was found behind it, and which tests it needs.

use super::Material;
use super::words::count;
use crate::application::{ANONYMOUS, EndpointModel, Named, Spot, is_task};
use casemate_say::{label, mark, say};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

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
    /// Of these, the ones at which people log in or register.
    pub entrances: usize,
    /// That a role is needed for.
    pub roles: usize,
    /// Functions that queues run: nobody asks for them from outside.
    pub tasks: usize,
}

impl Surface {
    /// The endpoints that change something and want no login, as code, without those at which people log in.
    #[must_use]
    pub fn open_to_all(&self) -> Vec<String> {
        let rows = self.endpoints.iter();
        rows.filter(|row| row.writes && row.has("authentication") == "no" && !row.entrance)
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
    /// It changes something, by its method or, of a schema, by its name.
    pub writes: bool,
    /// Another endpoint is called the same, so that its place has to be told beside it.
    pub twin: bool,
    /// Nobody can be logged in before it: login, registration, a password that was forgotten.
    pub entrance: bool,
    /// Findings behind it, the worst first.
    pub findings: Vec<String>,
    /// Tests that it needs.
    pub tests: Vec<String>,
}

impl EndpointRow {
    /// The test that sends again what findings send, which stands last.
    #[must_use]
    pub fn again(&self) -> Option<String> {
        (!self.findings.is_empty()).then(|| {
            say!(
                "what {send} of this report: refused or without effect",
                send = count(self.findings.len(), "finding sends", "findings send")
            )
        })
    }

    /// `GET /users/:id`; the path alone where any method comes there.
    #[must_use]
    pub fn title(&self) -> String {
        match self.method.as_str() {
            "ROUTE" | "ALL" | "ANY" => self.path.clone(),
            method => format!("{method} {}", self.path),
        }
    }

    /// The same, by its place where its path is not known or is that of another endpoint too.
    #[must_use]
    pub fn named(&self) -> String {
        let told = self.told();
        let at = format!("{}:{}", self.at.file, self.at.line);
        if self.twin && !told.ends_with(&at) {
            say!("{told} at {at}")
        } else {
            told
        }
    }

    /// Its path, or what answers for it where a schema and no path leads to it.
    #[must_use]
    pub fn shown_path(&self) -> &str {
        match self.handlers.first() {
            Some(handler) if self.path == UNKNOWN && self.method == GRAPHQL => handler,
            _ => &self.path,
        }
    }

    /// As findings call it, which know of no other endpoint.
    #[must_use]
    pub fn told(&self) -> String {
        if self.path == UNKNOWN {
            let method = match self.method.as_str() {
                "ROUTE" | "ALL" | "ANY" => label!("the endpoint"),
                method => method,
            };
            match self.handlers.first() {
                Some(handler) if self.method == GRAPHQL && !handler.contains(':') => {
                    format!("{method} {handler}")
                }
                _ => say!(
                    "{method} at {file}:{line}",
                    file = self.at.file,
                    line = self.at.line
                ),
            }
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

fn written(method: &str, path: &str) -> String {
    format!("{method} {path}")
}

/// The method of a resolver. What a schema says of who may ask for its fields is not read, so that none is *no*.
const GRAPHQL: &str = "GRAPHQL";

/// How resolvers of mutations are called where a class stands for each.
const MUTATION: &str = "mutate";

/// A path that is not known.
const UNKNOWN: &str = mark!("(path not known)");

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
                written(
                    &endpoint.method,
                    endpoint.path.as_deref().unwrap_or(UNKNOWN),
                ),
                format!("{}:{}", endpoint.file, endpoint.line),
            );
            behind.entry(key).or_default().push(finding.id.clone());
        }
    }
    let entrances = entrances(m);
    let (tasks, asked): (Vec<_>, Vec<_>) = m
        .application
        .endpoints
        .iter()
        .partition(|e| is_task(&e.method));
    let mut endpoints: Vec<EndpointRow> = asked
        .into_iter()
        .map(|e| row(e, &behind, &entrances))
        .collect();
    let mut called: BTreeMap<String, usize> = BTreeMap::new();
    for endpoint in &endpoints {
        *called.entry(endpoint.told()).or_default() += 1;
    }
    for endpoint in &mut endpoints {
        endpoint.twin = called.get(&endpoint.told()).is_some_and(|n| *n > 1);
    }
    let shares = KINDS
        .iter()
        .map(|(kind, writes_only)| {
            let asked = endpoints.iter().filter(|e| e.writes || !writes_only);
            let mut share = GuardShare {
                kind: (*kind).to_owned(),
                of: if *writes_only {
                    say!("endpoints that change something")
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
        entrances: endpoints
            .iter()
            .filter(|e| e.writes && e.entrance && e.has("authentication") == "no")
            .count(),
        roles: endpoints.iter().filter(|e| e.has("role") == "yes").count(),
        tasks: tasks.len(),
        shares,
        endpoints,
    }
}

/// A function by its name, or by its place where it has none.
fn handler(of: &Named) -> String {
    if of.name == ANONYMOUS {
        format!("{}:{}", of.at.file, of.at.line)
    } else {
        of.name.clone()
    }
}

/// Places at which one endpoint alone is registered, and where people log in, log out or set a password.
fn entrances(m: &Material<'_>) -> BTreeSet<String> {
    let mut registered: BTreeMap<String, usize> = BTreeMap::new();
    for endpoint in &m.application.endpoints {
        let place = format!("{}:{}", endpoint.at.file, endpoint.at.line);
        *registered.entry(place).or_default() += 1;
    }
    let facts = ["account.login", "account.logout", "account.password"];
    let places = m.inventory.settings(&facts);
    places
        .into_iter()
        .map(|site| (m.place)(site))
        .filter(|place| registered.get(place) == Some(&1))
        .collect()
}

/// Words in the last parts of a path where nobody can be logged in before.
const ENTRANCES: [&str; 15] = [
    "login",
    "log-in",
    "signin",
    "sign-in",
    "signup",
    "sign-up",
    "register",
    "registration",
    "logout",
    "signout",
    "forgot",
    "password",
    "reset",
    "authenticate",
    "verify",
];

fn is_entrance(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let last: Vec<&str> = path.rsplit('/').filter(|p| !p.is_empty()).take(2).collect();
    last.iter()
        .any(|part| ENTRANCES.iter().any(|word| part.contains(word)))
}

fn row(
    endpoint: &EndpointModel,
    behind: &BTreeMap<(String, String), Vec<String>>,
    entrances: &BTreeSet<String>,
) -> EndpointRow {
    let path = endpoint.path.clone().unwrap_or_else(|| UNKNOWN.to_owned());
    let mutates = endpoint.method == GRAPHQL
        && (endpoint.handlers.iter()).any(|h| h.name.rsplit('.').next() == Some(MUTATION));
    let writes = mutates
        || matches!(
            endpoint.method.as_str(),
            "POST" | "PUT" | "PATCH" | "DELETE" | "DEL"
        );
    let key = (
        written(&endpoint.method, &path),
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
        twin: false,
        writes,
        entrance: is_entrance(&path) || entrances.contains(&key.1),
        findings: behind.get(&key).cloned().unwrap_or_default(),
        tests: Vec::new(),
        path,
    };
    if row.method == GRAPHQL {
        for kind in ["authentication", "role", "owner", "validation"] {
            if let Some(answer) = row.guarded.get_mut(kind).filter(|a| *a == "no") {
                "unknown".clone_into(answer);
            }
        }
    }
    let mut known = BTreeSet::new();
    row.findings.retain(|id| known.insert(id.clone()));
    row.tests = tests(&row);
    row
}

/// What tests an endpoint needs, from what it is.
fn tests(row: &EndpointRow) -> Vec<String> {
    let mut out = Vec::new();
    // `{?}` is a part of an address that is not known, and names no object.
    let known = row.path.replace("{?}", "");
    let object = known.contains([':', '<', '{']);
    if row.has("authentication") == "yes" {
        out.push(say!("no login: refused"));
    }
    if row.has("role") == "yes" {
        out.push(say!("wrong role: refused"));
    }
    if object && row.has("authentication") != "no" {
        out.push(say!("another user's object: refused"));
    }
    if row.writes {
        out.push(say!("unknown and oversized fields: refused"));
    }
    if row.has("csrf") == "yes" {
        out.push(say!("without token: refused"));
    }
    if row.has("rate-limit") == "yes" {
        out.push(say!("too many requests: 429"));
    }
    out.extend(row.again());
    out
}
