//! What to watch: events that exist and are missing, figures with today's value.

use super::Material;
use super::logger::{self, Query};
use super::surface::{EndpointRow, Surface};
use super::words::{code, count, list};
use crate::application::EndpointModel;
use crate::assessment::RuleInfo;
use casemate_ledger::verdict::Verdict;
use casemate_say::{label, mark, say, told};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What to watch.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Monitoring {
    /// Events that should be in the log.
    pub events: Vec<Event>,
    /// Figures, with today's value and where they should go.
    pub figures: Vec<Figure>,
    /// How to find attacks on what was found, in the log there is.
    pub detections: Vec<Detection>,
    /// The loggers in use.
    pub loggers: Vec<(String, usize)>,
    /// The logger whose lines the queries ask.
    pub logger: String,
    /// Questions to the log, event by event.
    pub queries: Vec<Query>,
    /// What to do when, each tied to a figure.
    pub schedule: Vec<(String, String)>,
}

/// An event.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Event {
    /// `login`, `change of data` …
    pub name: String,
    /// Endpoints.
    pub endpoints: Vec<String>,
    /// How many endpoints have a log call in their own file or their handler's.
    pub near: usize,
    /// Fields that its entry needs.
    pub fields: Vec<String>,
}

/// A figure.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Figure {
    /// What is counted.
    pub name: String,
    /// Today.
    pub today: String,
    /// Where it should go.
    pub aim: String,
}

/// How an attack shows.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Detection {
    /// The rule.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Where it would be seen.
    pub endpoints: Vec<String>,
    /// Findings.
    pub findings: Vec<String>,
    /// What the rule says to watch; Markdown, or nothing.
    pub watch: String,
}

pub(super) fn of(m: &Material<'_>, surface: &Surface) -> Monitoring {
    Monitoring {
        events: events(m, surface),
        figures: figures(m, surface),
        detections: detections(m),
        loggers: super::words::loggers(m.inventory),
        logger: logger::in_use(m).map_or_else(String::new, |l| l.name.to_owned()),
        queries: logger::queries(m, surface),
        schedule: schedule(m, surface),
    }
}

/// The event that guards cause.
const REFUSAL: &str = mark!("refusal of access");

type Wanted<'a> = (
    &'a str,
    Box<dyn Fn(&EndpointRow) -> bool + 'a>,
    &'a [&'a str],
);

fn events(m: &Material<'_>, surface: &Surface) -> Vec<Event> {
    let files: BTreeSet<String> = m.inventory.entries.keys().map(|s| m.file(*s)).collect();
    type Key<'a> = (&'a str, u32, &'a str, &'a str);
    let by = |files: &dyn Fn(&EndpointModel) -> Vec<String>| {
        let all = m.application.endpoints.iter();
        all.map(|e| {
            let path = e.path.as_deref().unwrap_or_default();
            let key: Key<'_> = (&e.at.file, e.at.line, &e.method, path);
            (key, files(e))
        })
        .collect::<BTreeMap<Key<'_>, Vec<String>>>()
    };
    let handlers = by(&|e| e.handlers.iter().map(|h| h.at.file.clone()).collect());
    // A refusal is written where a guard refuses for certain, beside its check.
    let told_at = logger::told_at(m);
    let refusing = |e: &EndpointModel| -> Vec<String> {
        let certain = e.guards.iter().filter(|g| logger::refuses(g));
        let told = certain.filter(|g| told_at.contains(&g.at));
        told.map(|g| g.at.file.clone()).collect()
    };
    let guards = by(&refusing);
    let named = |words: &'static [&'static str]| {
        move |e: &EndpointRow| {
            let path = e.path.to_ascii_lowercase();
            e.writes && words.iter().any(|w| path.contains(w))
        }
    };
    let wanted: Vec<Wanted<'_>> = vec![
        (
            label!("login and its refusal"),
            Box::new(named(&["login", "signin", "authenticate", "session"])),
            &[
                mark!("time"),
                mark!("user"),
                mark!("address"),
                mark!("outcome"),
                mark!("reason"),
            ],
        ),
        (
            label!("registration and password"),
            Box::new(move |e: &EndpointRow| {
                // What registers there is a program, and no person.
                let of_people = !e.path.to_ascii_lowercase().contains("oauth/register");
                of_people && named(&["signup", "register", "password", "reset", "forgot"])(e)
            }),
            &[
                mark!("time"),
                mark!("user"),
                mark!("address"),
                mark!("outcome"),
            ],
        ),
        (
            label!("change of data"),
            Box::new(|e: &EndpointRow| e.writes && !e.entrance),
            &[
                mark!("time"),
                mark!("user"),
                mark!("endpoint"),
                mark!("object"),
                mark!("outcome"),
            ],
        ),
        (
            REFUSAL,
            Box::new(|e: &EndpointRow| e.has("authentication") == "yes" || e.has("role") == "yes"),
            &[
                mark!("time"),
                mark!("user or address"),
                mark!("endpoint"),
                mark!("guard"),
            ],
        ),
    ];
    wanted
        .into_iter()
        .map(|(name, is, fields)| {
            let of: Vec<&EndpointRow> = surface.endpoints.iter().filter(|e| is(e)).collect();
            let near = of
                .iter()
                .filter(|e| {
                    let key = (e.at.file.as_str(), e.at.line, &*e.method, &*e.path);
                    if name == REFUSAL {
                        let theirs = guards.get(&key);
                        return theirs.is_some_and(|g| !g.is_empty());
                    }
                    let theirs = handlers.get(&key);
                    files.contains(&e.at.file)
                        || theirs.is_some_and(|h| h.iter().any(|f| files.contains(f)))
                })
                .count();
            Event {
                name: told(name).to_owned(),
                endpoints: of.iter().map(|e| e.named()).collect(),
                near,
                fields: fields.iter().map(|f| told(f).to_owned()).collect(),
            }
        })
        .filter(|event| !event.endpoints.is_empty())
        .collect()
}

fn figures(m: &Material<'_>, surface: &Surface) -> Vec<Figure> {
    let mut out = Vec::new();
    let mut add = |name: &str, today: String, aim: &str| {
        out.push(Figure {
            name: name.to_owned(),
            today,
            aim: aim.to_owned(),
        });
    };
    let serious = m
        .findings
        .iter()
        .filter(|f| f.severity.level >= crate::assessment::Level::High)
        .count();
    add(
        label!("findings of level high and critical"),
        serious.to_string(),
        "0",
    );
    let all = surface.endpoints.len();
    if all > 0 {
        let [yes, no, _] = surface.logins;
        // A count of what is open says little where most is not known.
        let not_known = |of: &dyn Fn(&EndpointRow) -> bool| {
            let rows = surface.endpoints.iter();
            let rows = rows.filter(|e| of(e) && e.has("authentication") == "unknown");
            match rows.count() {
                0 => String::new(),
                n => say!(", of {n} it is not known"),
            }
        };
        add(
            label!("endpoints that want a login"),
            format!("{}{}", say!("{yes} of {all}"), not_known(&|_| true)),
            label!("all but public ones"),
        );
        if surface.writes > 0 {
            add(
                label!("endpoints that change something without a login"),
                format!(
                    "{}{}",
                    match surface.entrances {
                        0 => say!(
                            "{open_writes} of {writes}",
                            open_writes = surface.open_writes,
                            writes = surface.writes
                        ),
                        n => say!(
                            "{open_writes} of {writes}, {n} of them to log in, register or set a password",
                            open_writes = surface.open_writes,
                            writes = surface.writes
                        ),
                    },
                    not_known(&|e| e.writes)
                ),
                label!("each one decided"),
            );
        }
        let limit = surface.shares.iter().find(|s| s.kind == "rate-limit");
        add(
            label!("endpoints with a limit of requests"),
            format!(
                "{}{}",
                say!("{limit} of {all}", limit = limit.map_or(0, |l| l.yes)),
                match limit.map_or(0, |l| l.unknown) {
                    0 => String::new(),
                    n => say!(", of {n} it is not known"),
                }
            ),
            label!("every login"),
        );
        add(
            label!("endpoints open to everybody"),
            format!("{no}{}", not_known(&|_| true)),
            label!("each one decided"),
        );
    }
    let decided = m.asked().filter(|r| r.verdict.decided()).count();
    let failed = m.asked().filter(|r| r.verdict == Verdict::Fail).count();
    add(
        &say!(
            "requirements of {levels_asked} that are decided",
            levels_asked = m.enforced.levels_asked()
        ),
        say!(
            "{decided} of {asked}, {failed} of them FAIL",
            asked = m.asked().count()
        ),
        label!("no FAIL"),
    );
    out
}

/// The worst first, as the findings stand.
fn detections(m: &Material<'_>) -> Vec<Detection> {
    let mut rules: Vec<&RuleInfo> = m.rules.iter().collect();
    let first = |rule: &RuleInfo| m.findings.iter().position(|f| f.rule == rule.id);
    rules.sort_by_key(|rule| first(rule).unwrap_or(usize::MAX));
    rules
        .into_iter()
        .map(|rule| {
            let of: Vec<_> = m.findings.iter().filter(|f| f.rule == rule.id).collect();
            let mut endpoints: Vec<String> = of
                .iter()
                .flat_map(|f| &f.endpoints)
                .map(crate::assessment::Endpoint::named)
                .collect();
            endpoints.sort();
            endpoints.dedup();
            Detection {
                rule: rule.id.clone(),
                title: rule.title.clone(),
                endpoints,
                findings: of.iter().map(|f| f.id.clone()).collect(),
                watch: rule.section("Monitor").unwrap_or_default().to_owned(),
            }
        })
        // Without a word about what to watch, a place is no detection.
        .filter(|d| !d.watch.is_empty())
        .collect()
}

fn schedule(m: &Material<'_>, surface: &Surface) -> Vec<(String, String)> {
    let mut out = Vec::new();
    out.push((
        say!("every change"),
        say!(
            "{gate} in CI; today {which}",
            gate = code(super::plan::gate(m)),
            which = match super::plan::stopped(m).len() {
                0 => say!("nothing stands in its way"),
                n => say!(
                    "the baseline keeps {findings}, to be repaired as the recommendations say",
                    findings = count(n, "finding", "findings")
                ),
            }
        ),
    ));
    let open = surface.open_to_all();
    if !open.is_empty() {
        out.push((
            say!("every month"),
            say!(
                "look again at what everybody may change: {open}",
                open = list(&open, 6)
            ),
        ));
    }
    let of = |verdict: Verdict| m.asked().filter(|r| r.verdict == verdict).count();
    let (part, human) = (of(Verdict::Partial), of(Verdict::Human));
    if part + human > 0 {
        out.push((
            say!("every quarter"),
            say!("answer what is open of {levels_asked}: {part} requirements are decided in part and {human} not at all", levels_asked = m.enforced.levels_asked()),
        ));
    }
    out
}
