//! What may go wrong at each boundary, by STRIDE, and what stands against it: a guard, a finding, or nothing that is known.

use super::Material;
use super::diagram::{Diagram, Kind};
use super::surface::Surface;
use super::words::{code, count, list};
use crate::assessment::Level;
use casemate_ledger::verdict::Verdict;
use casemate_say::{label, mark, say, told};
use serde::Serialize;
use std::collections::BTreeSet;

/// One threat.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Threat {
    /// `T1`.
    pub id: String,
    /// The boundary: between which parties.
    pub boundary: String,
    /// The node of the diagram behind the boundary; empty: the application itself, for its clients.
    pub node: String,
    /// `Spoofing`, `Tampering` …
    pub stride: String,
    /// What may happen, with a fact of the project.
    pub says: String,
    /// `open`, `guarded`, `guarded in part`, `no guard seen`, `no path found`, `not known`.
    pub state: String,
    /// Guards, rules that found nothing, counts.
    pub evidence: String,
    /// Findings that leave it open.
    pub findings: Vec<String>,
}

pub(super) fn of(m: &Material<'_>, surface: &Surface, diagram: &Diagram) -> Vec<Threat> {
    let mut out = Vec::new();
    if !surface.endpoints.is_empty() {
        at_the_door(m, surface, &mut out);
    }
    for node in diagram
        .nodes
        .iter()
        .filter(|n| n.kind != Kind::Process && n.kind != Kind::Actor)
    {
        beyond(m, diagram, &node.id, &node.name, &mut out);
    }
    for (at, threat) in out.iter_mut().enumerate() {
        threat.id = format!("T{}", at + 1);
    }
    out
}

/// Whether the rule about forged requests asked about applications and was kept by all.
fn kept(m: &Material<'_>) -> bool {
    let mut rows = m.ledger.iter();
    rows.any(|row| row.id.ends_with("-3.5.1") && row.verdict == Verdict::Pass)
}

const DOOR: &str = mark!("Client to application");

fn at_the_door(m: &Material<'_>, surface: &Surface, out: &mut Vec<Threat>) {
    let [yes, no, unknown] = surface.logins;
    let all = surface.endpoints.len();
    let open_writes: Vec<String> = surface
        .endpoints
        .iter()
        .filter(|e| e.writes && e.has("authentication") == "no" && !e.entrance)
        .map(|e| code(&e.named()))
        .collect();
    let mut entrances: Vec<String> = surface
        .endpoints
        .iter()
        .filter(|e| e.writes && e.entrance)
        .map(|e| code(&e.named()))
        .collect();
    let mut known = BTreeSet::new();
    entrances.retain(|named| known.insert(named.clone()));
    let ways = past_the_login(m, surface);
    out.push(Threat {
        boundary: told(DOOR).to_owned(),
        stride: say!("Spoofing"),
        says: if open_writes.is_empty() && !entrances.is_empty() {
            say!(
                "somebody gets in as another user; {lead} {entrances}",
                lead = if entrances.len() == 1 {
                    label!("the way in is")
                } else {
                    label!("the ways in are")
                },
                entrances = list(&entrances, 4)
            )
        } else if open_writes.is_empty() {
            say!(
                "somebody acts as another user at one of {endpoints}",
                endpoints = count(all, "endpoint", "endpoints")
            )
        } else {
            say!(
                "somebody without an account uses {open_writes}",
                open_writes = list(&open_writes, 5)
            )
        },
        state: if ways.is_empty() {
            state(no == 0 && unknown == 0, yes > 0, unknown > 0 && yes == 0)
        } else {
            "open".to_owned()
        },
        evidence: say!(
            "{yes} of {all} endpoints want a login, {no} want none, {unknown} not known{guards}",
            guards = guards(m, "authentication")
        ),
        findings: ways,
        ..Threat::default()
    });
    let roles = surface.roles > 0;
    for (kind, stride, says, rules) in [
        (
            "csrf",
            "Tampering",
            label!("another site makes a logged-in browser change something at"),
            &["missing-csrf-protection", "csrf-exempt"][..],
        ),
        (
            "role",
            label!("Elevation of privilege"),
            if roles {
                label!("a user does what only some roles may do at")
            } else {
                label!("no role was seen in the code: every account may use")
            },
            &["missing-role-check", "privilege-from-request"],
        ),
        (
            "rate-limit",
            label!("Denial of service"),
            label!("somebody repeats requests without end at"),
            &["missing-rate-limit", "missing-login-limit"],
        ),
    ] {
        let Some(share) = surface.shares.iter().find(|s| s.kind == kind) else {
            continue;
        };
        let asked = share.yes + share.no + share.unknown;
        if asked == 0 {
            continue;
        }
        let bare: Vec<String> = surface
            .endpoints
            .iter()
            .filter(|e| (e.writes || kind != "csrf") && e.has(kind) == "no")
            // Nobody is logged in where people log in, and nobody where no login is asked for.
            .filter(|e| kind != "csrf" || !e.entrance && e.has("authentication") != "no")
            // What is open to everybody is told above.
            .filter(|e| kind != "role" || e.has("authentication") == "yes")
            .map(|e| code(&e.named()))
            .collect();
        let findings = of_rules(m, rules);
        if kind == "role" && bare.is_empty() && findings.is_empty() {
            continue;
        }
        let target = if bare.is_empty() {
            count(asked, "endpoint", "endpoints")
        } else {
            list(&bare, 4)
        };
        out.push(Threat {
            boundary: told(DOOR).to_owned(),
            stride: stride.to_owned(),
            says: format!("{says} {target}"),
            state: if !findings.is_empty() {
                "open".to_owned()
            } else if kind == "csrf" && kept(m) && share.yes == 0 {
                say!("no path found")
            } else {
                state(
                    share.no == 0 && share.unknown == 0,
                    share.yes > 0,
                    share.no == 0 && share.yes == 0,
                )
            },
            evidence: {
                let seen = match (share.yes, share.unknown) {
                    (0, 0) if asked == 1 => {
                        let one = share.of.replace("endpoints that change", label!("endpoint that changes"));
                        say!("no such guard was seen before the one {one}", one = one.replace("endpoints", "endpoint"))
                    }
                    (0, 0) => say!("no such guard was seen before any of the {asked} {of}", of = share.of),
                    (yes, unknown) => say!("{yes} of {asked} {of} have such a guard, before {no} none was seen{which}", of = share.of, no = share.no, which = match unknown {
                            0 => String::new(),
                            n => say!(", of {n} it is not known"),
                        }),
                };
                let why = if kind == "csrf" && findings.is_empty() && kept(m) {
                    label!("; `missing-csrf-protection` found no application that knows its users by a cookie, takes forms and refuses nothing")
                } else {
                    label!("; a proxy may add one")
                };
                format!("{seen}{}{why}", guards(m, kind))
            },
            findings,
            ..Threat::default()
        });
    }
    for (stride, says, rules) in [
        (
            label!("Information disclosure"),
            label!("a user reaches records of another one by their ids"),
            &["missing-ownership-check", "unjoined-predicate"][..],
        ),
        (
            label!("Elevation of privilege"),
            label!("a request brings program text that is run"),
            &[
                "code-injection",
                "template-injection",
                "unsafe-deserialization",
                "untrusted-module",
            ],
        ),
    ] {
        let findings = of_rules(m, rules);
        if !findings.is_empty() {
            out.push(Threat {
                boundary: told(DOOR).to_owned(),
                stride: stride.to_owned(),
                says: says.to_owned(),
                state: "open".to_owned(),
                evidence: count(findings.len(), "path found", "paths found"),
                findings,
                ..Threat::default()
            });
        }
    }
    let browser = of_rules(
        m,
        &[
            "cross-site-scripting",
            "stored-cross-site-scripting",
            "open-redirect",
            "header-injection",
        ],
    );
    let pages = m.inventory.places(&["html", "redirect"]).len();
    if pages > 0 {
        out.push(Threat {
            boundary: told(DOOR).to_owned(),
            stride: say!("Tampering"),
            says: say!("a victim's browser runs a stranger's script, from one of {redirect}", redirect = count(
                    pages,
                    "place that writes pages or redirects",
                    "places that write pages or redirect"
                )),
            state: if browser.is_empty() {
                label!("no path found")
            } else {
                "open"
            }
            .to_owned(),
            evidence: if browser.is_empty() {
                say!("`cross-site-scripting`, `stored-cross-site-scripting`, `open-redirect` and `header-injection` found no path there")
            } else {
                count(browser.len(), "finding", "findings")
            },
            findings: browser,
            ..Threat::default()
        });
    }
    let told = of_rules(
        m,
        &[
            "stack-trace-exposure",
            "error-detail-exposure",
            "debug-mode",
        ],
    );
    if !told.is_empty() {
        out.push(Threat {
            boundary: casemate_say::told(DOOR).to_owned(),
            stride: say!("Information disclosure"),
            says: say!("answers tell an attacker how the code works"),
            state: "open".to_owned(),
            evidence: count(
                told.len(),
                "place sends details of errors",
                "places send details of errors",
            ),
            findings: told,
            ..Threat::default()
        });
    }
    if surface.writes == 0 {
        return;
    }
    let logs = m.inventory.entries.len();
    out.push(Threat {
        boundary: casemate_say::told(DOOR).to_owned(),
        stride: say!("Repudiation"),
        says: say!(
            "nobody can tell afterwards who used the {something}",
            something = count(
                surface.writes,
                "endpoint that changes something",
                "endpoints that change something"
            )
        ),
        state: say!("not known"),
        evidence: say!(
            "{lines} in the whole code; which events they tell needs a reader",
            lines = count(logs, "log line", "log lines")
        ),
        findings: of_rules(m, &["log-injection"]),
        ..Threat::default()
    });
}

/// Weaknesses that let somebody pass for another user: no login, or one that is guessed, forged, taken over or known beforehand.
const OF_LOGINS: [u16; 24] = [
    287, 288, 290, 294, 302, 303, 304, 306, 307, 308, 321, 330, 331, 334, 340, 345, 347, 384, 521,
    620, 640, 1391, 1392, 1393,
];

/// Findings by which somebody gets in as another user: what the rules of logins, sessions and tokens found, and all data that reaches
/// a query or program text where people log in.
fn past_the_login(m: &Material<'_>, surface: &Surface) -> Vec<String> {
    let entrances = surface.endpoints.iter().filter(|e| e.entrance);
    let reaching: BTreeSet<&str> = entrances
        .flat_map(|e| e.findings.iter().map(String::as_str))
        .collect();
    let area = |rule: &str| m.catalogue.get(rule).map(|r| r.area.name());
    let found = m.findings.iter().filter(|f| {
        let number = f.cwe.first().copied().unwrap_or_default();
        let asked = ["missing-authentication", "reading-without-login"].contains(&f.rule.as_str());
        match area(&f.rule) {
            Some("session" | "access" | "crypto" | "api" | "config") => {
                asked || OF_LOGINS.contains(&number) && f.severity.level > Level::Info
            }
            Some("secret") => [1392, 1393].contains(&number),
            Some("injection") => {
                !f.paths.is_empty() && reaching.contains(f.id.as_str()) && gets_in(number)
            }
            _ => false,
        }
    });
    found.map(|f| f.id.clone()).collect()
}

/// Whether what is injected decides who somebody is, or runs.
fn gets_in(cwe: u16) -> bool {
    [89, 564, 943, 90, 643, 94, 95, 96, 1336, 77, 78, 88, 502].contains(&cwe)
}

/// Rules that speak of a party beyond the code: node, STRIDE, what may happen, rules.
const BEYOND: [(&str, &str, &str, &[&str]); 7] = [
    (
        "database",
        "Tampering",
        mark!("a request changes what a query means"),
        &["sql-injection", "nosql-injection"],
    ),
    (
        "database",
        "Elevation of privilege",
        mark!("a request sets fields that only the application may set"),
        &["mass-assignment"],
    ),
    (
        "files",
        "Information disclosure",
        mark!("a request names a file outside the folder that was meant"),
        &[
            "path-traversal",
            "archive-extraction",
            "unfiltered-extraction",
        ],
    ),
    (
        "outbound",
        "Information disclosure",
        mark!("a request makes the server ask a host that an attacker chose"),
        &["server-side-request-forgery"],
    ),
    (
        "programs",
        "Elevation of privilege",
        mark!("a request starts a program or changes its arguments"),
        &["command-injection", "argument-injection"],
    ),
    (
        "mail",
        "Spoofing",
        mark!("a request adds headers or recipients to a mail"),
        &["mail-header-injection"],
    ),
    (
        "log",
        "Repudiation",
        mark!("a request writes false lines or secrets into the log"),
        &["log-injection", "sensitive-data-in-logs"],
    ),
];

fn beyond(m: &Material<'_>, diagram: &Diagram, id: &str, name: &str, out: &mut Vec<Threat>) {
    let label: Vec<String> = diagram
        .flows
        .iter()
        .filter(|f| f.to == id)
        .map(|f| f.label.clone())
        .collect();
    for (_, stride, says, rules) in BEYOND.iter().filter(|b| b.0 == id) {
        let findings = of_rules(m, rules);
        let unknown: u64 = rules.iter().filter_map(|r| m.undecided.get(*r)).sum();
        let applied = m.catalogue.rules().any(|r| rules.contains(&r.id.as_str()));
        out.push(Threat {
            boundary: say!("Application to {part}", part = name.to_lowercase()),
            node: id.to_owned(),
            stride: (*stride).to_owned(),
            says: format!(
                "{} ({})",
                told(says).replacen(told("a request"), who(m, &findings), 1),
                label.join(", ")
            ),
            state: match (findings.is_empty(), unknown, applied) {
                (false, ..) => "open",
                (true, 0, true) => label!("no path found"),
                _ => label!("not known"),
            }
            .to_owned(),
            evidence: if findings.is_empty() {
                let names: Vec<String> = rules.iter().map(|r| code(r)).collect();
                say!(
                    "{names} found no path from outside to {label}",
                    names = list(&names, 4),
                    label = label.join(" and ")
                )
            } else {
                say!(
                    "{paths} found",
                    paths = count(findings.len(), "path", "paths")
                )
            },
            findings,
            ..Threat::default()
        });
    }
}

/// What brings the data of some findings: a request, where one does.
fn who(m: &Material<'_>, findings: &[String]) -> &'static str {
    const OTHERS: [(&str, &str); 8] = [
        ("env", mark!("an environment variable")),
        ("cli", mark!("the command line")),
        ("file", mark!("a file")),
        ("store", mark!("what was stored")),
        ("response", mark!("the answer of another service")),
        ("queue", mark!("a job of a queue")),
        ("library", mark!("a caller of the package")),
        ("data", mark!("the program itself")),
    ];
    let found = m.findings.iter().filter(|f| findings.contains(&f.id));
    let kinds: BTreeSet<&str> = found
        .flat_map(|f| &f.paths)
        .map(|path| path.kind.split('.').next().unwrap_or_default())
        .collect();
    let clients = ["http", "ws", "graphql", "rpc"];
    let other = OTHERS.iter().find(|(kind, _)| kinds.contains(kind));
    match other {
        Some((_, who)) if !clients.iter().any(|kind| kinds.contains(kind)) => told(who),
        _ => label!("a request"),
    }
}

/// What certainly guards, with its places.
fn guards(m: &Material<'_>, kind: &str) -> String {
    let all = m.application.endpoints.iter().flat_map(|e| &e.guards);
    let certain = all.filter(|g| g.kind == kind && g.certain);
    let places: BTreeSet<String> = certain
        .map(|g| code(&format!("{}:{}", g.at.file, g.at.line)))
        .collect();
    let places: Vec<String> = places.into_iter().collect();
    if places.is_empty() {
        String::new()
    } else {
        say!("; by {places}", places = list(&places, 4))
    }
}

fn of_rules(m: &Material<'_>, rules: &[&str]) -> Vec<String> {
    let found = m
        .findings
        .iter()
        .filter(|f| rules.contains(&f.rule.as_str()));
    found.map(|f| f.id.clone()).collect()
}

fn state(all: bool, some: bool, unknown: bool) -> String {
    match (all, some, unknown) {
        (true, ..) => "guarded",
        (_, true, _) => label!("guarded in part"),
        (.., true) => label!("not known"),
        _ => label!("no guard seen"),
    }
    .to_owned()
}
