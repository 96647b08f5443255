//! The data-flow diagram: who talks to whom, across which boundaries.

use super::Material;
use super::surface::Surface;
use super::words::count;
use casemate_say::{label, mark, say, told};
use serde::Serialize;

/// Who talks to whom.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Diagram {
    /// Parties, in order.
    pub nodes: Vec<Node>,
    /// What goes between them.
    pub flows: Vec<Flow>,
}

/// What a party is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Outside, not trusted.
    #[default]
    Actor,
    /// Code of the project.
    Process,
    /// Where data rests.
    Store,
    /// Another service or program.
    External,
}

/// A party.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Node {
    /// Stable.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// One line about it.
    pub detail: String,
}

/// Something that goes between two parties.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Flow {
    /// From this node.
    pub from: String,
    /// To this node.
    pub to: String,
    /// What goes.
    pub label: String,
    /// The boundary that it crosses, and what stands there.
    pub boundary: String,
    /// Findings at it.
    pub findings: Vec<String>,
}

type Party = (
    &'static str,
    Kind,
    &'static str,
    &'static [&'static str],
    [&'static str; 2],
);

/// Parties beyond the code: id, kind, name, the kinds of calls, and what one and many of them are.
const BEYOND: [Party; 6] = [
    (
        "database",
        Kind::Store,
        mark!("Database"),
        &["sql", "nosql", "query", "field"],
        casemate_say::counted!("query", "queries"),
    ),
    (
        "files",
        Kind::Store,
        mark!("Files"),
        &["path.read", "path.write", "path.delete", "path.extract"],
        casemate_say::counted!("file operation", "file operations"),
    ),
    (
        "outbound",
        Kind::External,
        mark!("Other services"),
        &["url"],
        casemate_say::counted!("outgoing request", "outgoing requests"),
    ),
    (
        "programs",
        Kind::External,
        mark!("Other programs"),
        &["command"],
        casemate_say::counted!("program started", "programs started"),
    ),
    (
        "mail",
        Kind::External,
        mark!("Mail"),
        &["mail.header", "mail.body"],
        casemate_say::counted!("mail", "mails"),
    ),
    (
        "log",
        Kind::Store,
        mark!("Log"),
        &["log"],
        casemate_say::counted!("log line", "log lines"),
    ),
];

/// How the endpoints that a client may ask want to know who it is.
fn logins(surface: &Surface) -> String {
    let [yes, no, unknown] = surface.logins;
    let without = if yes > 0 {
        label!("without one")
    } else {
        label!("without a login")
    };
    let told = [
        (yes, label!("behind a login")),
        (no, without),
        (unknown, label!("not known")),
    ];
    let told: Vec<String> = told
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    told.join(", ")
}

/// Packages with a node of their own; more become one.
const PROCESSES: usize = 5;

pub(super) fn of(m: &Material<'_>, surface: &Surface) -> Diagram {
    let mut made = Diagram::default();
    let mut servers: Vec<(String, String, usize)> = m
        .units
        .iter()
        .map(|u| {
            let inner = |e: &&super::surface::EndpointRow| {
                let owner = m
                    .units
                    .iter()
                    .filter(|other| {
                        other.root.is_empty() || e.at.file.starts_with(&format!("{}/", other.root))
                    })
                    .max_by_key(|other| other.root.len());
                owner.is_some_and(|owner| owner.root == u.root)
            };
            (
                u.root.clone(),
                u.name.clone(),
                surface.endpoints.iter().filter(inner).count(),
            )
        })
        .filter(|u| u.2 > 0)
        .collect();
    if servers.is_empty() {
        servers = m
            .units
            .iter()
            .take(1)
            .map(|u| (u.root.clone(), u.name.clone(), 0))
            .collect();
    }
    servers.sort_by_key(|s| std::cmp::Reverse(s.2));
    let rest = servers.split_off(servers.len().min(PROCESSES));
    if surface.endpoints.is_empty() {
        made.nodes.push(node(
            "caller",
            Kind::Actor,
            label!("Caller"),
            say!("calls what the package exports"),
        ));
    } else {
        made.nodes.push(node(
            "client",
            Kind::Actor,
            label!("Client"),
            logins(surface),
        ));
    }
    let actor = made.nodes.first().map(|n| n.id.clone()).unwrap_or_default();
    for (root, name, endpoints) in servers {
        let id = format!(
            "process-{which}",
            which = if root.is_empty() { "root" } else { &root }
        );
        made.nodes.push(node(
            &id,
            Kind::Process,
            &name,
            count(endpoints, "endpoint", "endpoints"),
        ));
        let behind: Vec<String> = surface
            .endpoints
            .iter()
            .filter(|e| root.is_empty() || e.at.file.starts_with(&format!("{root}/")))
            .flat_map(|e| e.findings.clone())
            .collect();
        made.flows.push(Flow {
            from: actor.clone(),
            to: id,
            label: count(endpoints, "endpoint", "endpoints"),
            boundary: boundary(surface),
            findings: unique(m, &behind),
        });
    }
    if !rest.is_empty() {
        let endpoints = rest.iter().map(|r| r.2).sum();
        made.nodes.push(node(
            "process-rest",
            Kind::Process,
            &say!("{n} more packages", n = rest.len()),
            count(endpoints, "endpoint", "endpoints"),
        ));
        made.flows.push(Flow {
            from: actor,
            to: "process-rest".to_owned(),
            label: count(endpoints, "endpoint", "endpoints"),
            boundary: boundary(surface),
            findings: Vec::new(),
        });
    }
    beyond(m, &mut made);
    made
}

fn beyond(m: &Material<'_>, made: &mut Diagram) {
    let processes: Vec<(String, String)> = made
        .nodes
        .iter()
        .filter(|n| n.kind == Kind::Process)
        .map(|n| {
            (
                n.id.clone(),
                n.id.trim_start_matches("process-").replace("root", ""),
            )
        })
        .collect();
    for (id, kind, name, kinds, [one, many]) in BEYOND {
        let sites = match id {
            "log" => m.inventory.entries.keys().copied().collect(),
            _ => m.inventory.places(kinds),
        };
        if sites.is_empty() {
            continue;
        }
        let through: Vec<String> = if id == "log" {
            super::words::loggers(m.inventory)
                .into_iter()
                .map(|(name, _)| name.replace('`', ""))
                .collect()
        } else {
            super::words::through(m.inventory, kinds)
                .into_iter()
                .map(|(name, _)| name)
                .collect()
        };
        let detail = format!("{}: {}", count(sites.len(), one, many), through.join(", "));
        made.nodes.push(node(id, kind, told(name), detail));
        for (process, root) in &processes {
            let here = sites
                .iter()
                .filter(|s| {
                    let file = m.file(**s);
                    owner(&file, &processes).is_some_and(|owner| owner == root.as_str())
                })
                .count();
            if here == 0 {
                continue;
            }
            let places: std::collections::BTreeSet<String> =
                sites.iter().map(|s| (m.place)(*s)).collect();
            let found = m
                .findings
                .iter()
                .filter(|f| places.contains(&format!("{}:{}", f.place.file, f.place.line)))
                .filter(|f| owner(&f.place.file, &processes) == Some(root.as_str()))
                .map(|f| f.id.clone());
            made.flows.push(Flow {
                from: process.clone(),
                to: id.to_owned(),
                label: count(here, one, many),
                boundary: say!(
                    "application to {part}, through {through}",
                    part = told(name).to_lowercase(),
                    through = through.join(", ")
                ),
                findings: unique(m, &found.collect::<Vec<_>>()),
            });
        }
    }
}

/// The process that a file belongs to: the longest root.
fn owner<'p>(file: &str, processes: &'p [(String, String)]) -> Option<&'p str> {
    processes
        .iter()
        .map(|(_, root)| root.as_str())
        .filter(|root| root.is_empty() || file.starts_with(&format!("{root}/")))
        .max_by_key(|root| root.len())
}

fn boundary(surface: &Surface) -> String {
    let [yes, no, unknown] = surface.logins;
    say!(
        "client to application: {yes} want a login, {no} want none{which}",
        which = if unknown > 0 {
            say!(", {unknown} not known")
        } else {
            String::new()
        }
    )
}

fn node(id: &str, kind: Kind, name: &str, detail: String) -> Node {
    Node {
        id: id.to_owned(),
        kind,
        name: name.to_owned(),
        detail,
    }
}

/// Each once, the worst first: the order in which findings stand.
fn unique(m: &Material<'_>, ids: &[String]) -> Vec<String> {
    let all = m.findings.iter().map(|f| &f.id);
    all.filter(|id| ids.contains(id)).cloned().collect()
}
