//! What the code shows of each topic, with places.

use super::amount;
use super::environment;
use super::file::{Decisions, Value};
use super::logged;
use super::passage::{self, Passages};
use super::topic;
use super::{ToldSubject, ToldTopic};
use crate::link::Linked;
use crate::within;
use casemate_flow::program::Target;
use casemate_flow::result::{Analysis, Fact, FactValue, FileIdx, FuncId, Site};
use casemate_ir::FnKind;
use casemate_ledger::feature;
use casemate_ledger::inventory::Inventory;
use casemate_say::label;
use casemate_source::Project;
use std::collections::{BTreeMap, BTreeSet};

/// Something in the code that a decision is about.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The topic.
    pub topic: &'static str,
    /// What an entry names it by.
    pub name: String,
    /// Where.
    pub site: Site,
    /// What the code says, by key of the topic.
    pub values: BTreeMap<&'static str, Value>,
    /// Of guards: `authentication`, `role`, `limit`, `aware`.
    pub answers: BTreeMap<&'static str, bool>,
}

/// All that the code shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// By topic, then name.
    pub subjects: Vec<Subject>,
    /// Headers that are set somewhere, lower case.
    pub headers: BTreeSet<String>,
    /// Headers that a call switches off, with the place.
    pub off: BTreeMap<String, Site>,
    /// Where an application is made that sets no security header at all.
    pub bare: Option<Site>,
    /// Data of a class that goes into a log: class, name, where.
    pub logged: Vec<(String, String, Site)>,
    /// Addresses that go into a log with what stands behind `?`.
    pub queries: Vec<Site>,
    /// Where a logger is told what it strikes out, and what that is.
    pub struck: Vec<(Site, BTreeSet<String>)>,
    /// The functions that entries name.
    pub passages: Passages,
    /// Names of events that stand somewhere in the code.
    pub anywhere: BTreeSet<String>,
    /// What the project and its packages are called.
    pub names: BTreeSet<String>,
}

/// All that it is read from.
pub(crate) struct Known<'a> {
    pub project: &'a Project,
    pub linked: &'a Linked,
    pub analysis: &'a Analysis,
    pub inventory: &'a Inventory,
}

/// Headers by the field of the fact `headers`.
const HEADERS: [(&str, &str); 5] = [
    ("csp", "content-security-policy"),
    ("hsts", "strict-transport-security"),
    ("frame", "x-frame-options"),
    ("nosniff", "x-content-type-options"),
    ("referrer", "referrer-policy"),
];

/// Packages whose work takes time or memory by nature.
const EXPENSIVE: [&str; 24] = [
    "puppeteer",
    "puppeteer-core",
    "playwright",
    "sharp",
    "jimp",
    "gm",
    "pdfkit",
    "pdf-lib",
    "pdfmake",
    "fluent-ffmpeg",
    "exceljs",
    "xlsx",
    "tesseract.js",
    "wkhtmltopdf",
    "html-pdf",
    "archiver",
    "weasyprint",
    "reportlab",
    "pdfkit2",
    "openpyxl",
    "pandas",
    "PIL",
    "moviepy",
    "pytesseract",
];

/// Last names of addresses at which somebody comes back from whoever says who they are.
const RETURNS: [&str; 4] = ["callback", "return", "acs", "assert"];

/// Features whose libraries read complex formats.
const COMPLEX: [&str; 5] = ["xml", "latex", "spreadsheets", "rich-text", "jvm"];

/// Hosts that name a format or stand in examples.
const NO_HOSTS: [&str; 6] = [
    "w3.org",
    "schema.org",
    "json-schema.org",
    "example.com",
    "example.org",
    "example.net",
];

pub(crate) fn of(known: &Known<'_>, decisions: &Decisions) -> Seen {
    let mut seen = Seen {
        names: names(known.project),
        passages: passage::of(known, decisions),
        anywhere: passage::anywhere(known, decisions),
        ..Seen::default()
    };
    for fact in &known.analysis.facts {
        of_fact(known, fact, &mut seen);
    }
    packages(known, &mut seen);
    environment::secrets(known, &mut seen);
    uses(known, decisions, &mut seen);
    if let Some(first) = seen.subjects.iter().find(|s| s.topic == "login").cloned() {
        seen.add("password", String::new(), first.site);
    }
    let order = |topic: &str| topic::ALL.iter().position(|t| t.name == topic);
    seen.subjects
        .sort_by(|a, b| (order(a.topic), &a.name, a.site).cmp(&(order(b.topic), &b.name, b.site)));
    seen.subjects.dedup_by(|a, b| {
        (a.topic, &a.name, a.site, &a.values) == (b.topic, &b.name, b.site, &b.values)
    });
    seen
}

impl Seen {
    /// What the code shows of one topic.
    pub(crate) fn of<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = &'a Subject> {
        self.subjects.iter().filter(move |s| s.topic == topic)
    }

    /// For reports.
    pub(crate) fn told(
        &self,
        place: &dyn Fn(Site) -> String,
        decisions: &super::Decisions,
    ) -> Vec<ToldTopic> {
        let topics = topic::ALL.iter().map(|topic| ToldTopic {
            topic: topic.name.to_owned(),
            says: topic.says.to_owned(),
            entries: decisions.of(topic.name).count(),
            seen: self
                .of(topic.name)
                .map(|s| ToldSubject {
                    name: s.name.clone(),
                    at: place(s.site),
                    values: s
                        .values
                        .iter()
                        .map(|(k, v)| ((*k).to_owned(), v.shown()))
                        .collect(),
                    decided: super::name::named(decisions, s).next().is_some(),
                })
                .collect(),
        });
        topics.collect()
    }

    pub(crate) fn add(&mut self, topic: &'static str, name: String, site: Site) -> &mut Subject {
        self.subjects.push(Subject {
            topic,
            name,
            site,
            values: BTreeMap::new(),
            answers: BTreeMap::new(),
        });
        let last = self.subjects.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "it was pushed above")]
        &mut self.subjects[last]
    }
}

fn of_fact(known: &Known<'_>, fact: &Fact, seen: &mut Seen) {
    let value = |name: &str| fact.values.iter().find(|(n, _)| n == name).map(|(_, v)| v);
    let flag = |name: &str| match value(name) {
        Some(FactValue::Bool(flag)) => Some(*flag),
        _ => None,
    };
    let python = fact.callee.starts_with("py:");
    let at = || at(known, fact.site, Some(fact.function));
    match fact.fact.as_str() {
        "endpoint" if matches!(value("path"), Some(FactValue::Str(_))) => {
            let login = flag("login") == Some(true);
            for topic in ["access"].into_iter().chain(login.then_some("login")) {
                let subject = seen.add(topic, fact.callee.clone(), fact.site);
                for name in ["authentication", "role", "limit", "aware"] {
                    if let Some(answer) = flag(name) {
                        subject.answers.insert(name, answer);
                    }
                }
                // Whoever comes here shows who they are; nobody has to be known before.
                let open = flag("open") == Some(true);
                let path = fact.callee.trim_end_matches('/');
                let returns = path
                    .rsplit('/')
                    .next()
                    .is_some_and(|last| RETURNS.contains(&last));
                let proves = login
                    || flag("callback") == Some(true)
                    || open && returns
                    || open && flag("writes") == Some(true) && flag("csrf") != Some(true);
                subject.answers.insert("proves", proves);
                let who = match (flag("authentication"), flag("role")) {
                    (Some(true), _) if proves => "anyone",
                    (_, Some(true)) => label!("those with a role"),
                    (Some(true), _) => label!("signed in"),
                    (Some(false), _) => "anyone",
                    _ => continue,
                };
                if topic == "access" {
                    subject.values.insert("who", Value::Text(who.to_owned()));
                }
            }
        }
        "session" => {
            let lasts =
                value("maxAge").and_then(|v| milliseconds(v, if python { 1000 } else { 1 }));
            let rolling = flag("rolling") == Some(true);
            let subject = seen.add("session", String::new(), fact.site);
            if let Some(lasts) = lasts {
                let key = if rolling { "idle" } else { "lifetime" };
                subject.values.insert(key, Value::Span(lasts));
            }
        }
        "jwt.sign" => {
            let lasts = value("expiresIn").and_then(|v| milliseconds(v, 1000));
            let name = at();
            let subject = seen.add("token", name, fact.site);
            if let Some(lasts) = lasts {
                subject.values.insert("lifetime", Value::Span(lasts));
            }
            algorithm(seen, value("algorithm"), fact.site);
        }
        "rate.limit" => {
            let one = if fact.callee.contains("flexible") {
                1000
            } else {
                1
            };
            let name = at();
            // Several rows may speak of one call; the later ones are the more exact ones.
            let known = seen
                .subjects
                .iter()
                .position(|s| s.topic == "limit" && s.site == fact.site);
            let subject = match known.and_then(|at| seen.subjects.get_mut(at)) {
                Some(subject) => subject,
                None => seen.add("limit", name, fact.site),
            };
            if let Some(n) = value("max").and_then(whole) {
                subject.values.insert("max", Value::Count(n));
            }
            if let Some(ms) = value("window").and_then(|v| milliseconds(v, one)) {
                subject.values.insert("window", Value::Span(ms));
            }
        }
        "upload" => {
            let name = at();
            let size = value("fileSize").and_then(whole);
            let subject = seen.add("upload", name, fact.site);
            if let Some(bytes) = size {
                subject.values.insert("max", Value::Size(bytes));
            }
        }
        "hash" | "hmac" | "cipher" | "kdf" => algorithm(seen, value("algorithm"), fact.site),
        "keypair" => algorithm(seen, value("type"), fact.site),
        "headers" => {
            let all = flag("all") == Some(true);
            for (field, name) in HEADERS {
                match value(field) {
                    Some(FactValue::Bool(false)) => {
                        seen.off.insert(name.to_owned(), fact.site);
                    }
                    Some(FactValue::Absent) | None if !all => {}
                    _ => {
                        seen.headers.insert(name.to_owned());
                    }
                }
            }
        }
        "header" => {
            if let Some(FactValue::Str(name)) = value("name") {
                seen.headers.insert(name.to_ascii_lowercase());
            }
        }
        "row.policy" => {
            if let Some((_, table)) = fact.callee.rsplit_once(" on ") {
                let reads = matches!(value("command"), Some(FactValue::Str(c)) if c == "select" || c == "all");
                let open = flag("open");
                let subject = seen.add("rows", table.to_owned(), fact.site);
                if let Some(open) = open {
                    subject
                        .answers
                        .insert(if reads { "read" } else { "change" }, open);
                }
            }
        }
        "npm.settings" => {
            let ignored = flag("ignored") == Some(true);
            let subject = seen.add("installation", String::new(), fact.site);
            subject.values.insert("scripts", Value::Flag(!ignored));
        }
        "application" => {
            if flag("headers") == Some(false) && seen.bare.is_none() {
                seen.bare = Some(fact.site);
            }
            seen.add("browser", String::new(), fact.site);
        }
        _ => {}
    }
}

fn algorithm(seen: &mut Seen, value: Option<&FactValue>, site: Site) {
    let name = match value {
        Some(FactValue::Str(name)) if !name.is_empty() && name.len() < 40 => {
            name.to_ascii_lowercase()
        }
        _ => return,
    };
    if seen.of("algorithm").all(|s| s.name != name) {
        seen.add("algorithm", name, site);
    }
}

/// Numbers count in `one` milliseconds; texts carry their unit.
fn milliseconds(value: &FactValue, one: u64) -> Option<u64> {
    match value {
        FactValue::Number(_) => whole(value).map(|n| n.saturating_mul(one)),
        FactValue::Str(text) => amount::milliseconds(text),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the bounds are looked at before"
)]
fn whole(value: &FactValue) -> Option<u64> {
    match value {
        FactValue::Number(n) if n.is_finite() && (0.0..1e15).contains(n) => Some(n.round() as u64),
        _ => None,
    }
}

/// `src/auth.js#login`: the file and the function around a place, which moved lines do not change.
pub(crate) fn at(known: &Known<'_>, site: Site, function: Option<FuncId>) -> String {
    let file = known.linked.origin.get(site.file.0 as usize);
    let Some(file) = file.and_then(|at| known.project.files.get(*at)) else {
        return String::new();
    };
    let shown = function.map(|f| within::of(&known.linked.program, f, &file.text).shown);
    match shown.filter(|shown| !shown.is_empty()) {
        Some(shown) => format!("{}#{shown}", file.path),
        None => file.path.clone(),
    }
}

/// The functions of each file.
type Functions = BTreeMap<FileIdx, Vec<FuncId>>;

fn functions(known: &Known<'_>) -> Functions {
    let program = &known.linked.program;
    let mut out = Functions::new();
    for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
        let f = program.func(id);
        if f.func.kind != FnKind::Module {
            out.entry(f.file_idx).or_default().push(id);
        }
    }
    out
}

/// The innermost function around a place.
fn around(known: &Known<'_>, functions: &Functions, site: Site) -> Option<FuncId> {
    let span = |id: &FuncId| known.linked.program.func(*id).func.span;
    let of_file = functions.get(&site.file)?.iter();
    let inside = of_file.filter(|id| {
        let span = span(id);
        span.start <= site.span.start && site.span.end <= span.end
    });
    inside
        .min_by_key(|id| span(id).end - span(id).start)
        .copied()
}

/// Imports of packages that a topic is about.
fn packages(known: &Known<'_>, seen: &mut Seen) {
    let (mut met, mut expensive) = (BTreeSet::new(), BTreeSet::new());
    for (at, file) in known.linked.program.files.iter().enumerate() {
        let index = FileIdx(u32::try_from(at).unwrap_or(u32::MAX));
        for (import, target) in file.facts.imports.iter().zip(&file.imports) {
            let Target::Package(root) = target else {
                continue;
            };
            let name = feature::package_of(root).to_owned();
            let site = Site {
                file: index,
                span: import.span,
            };
            // The first import of a package tells.
            if met.insert(name.clone()) {
                if feature::named("federation").is_some_and(|f| f.lists(&name)) {
                    seen.add("provider", name.clone(), site);
                }
                let mut complex = COMPLEX.iter().filter_map(|f| feature::named(f));
                if complex.any(|f| f.lists(&name)) {
                    seen.add("library", name.clone(), site);
                }
            }
            if EXPENSIVE.contains(&name.as_str()) {
                let path = known
                    .linked
                    .origin
                    .get(at)
                    .and_then(|o| known.project.files.get(*o));
                let path = path.map(|f| f.path.clone()).unwrap_or_default();
                if expensive.insert(path.clone()) {
                    seen.add("expensive", path, site);
                }
            }
        }
    }
}

fn uses(known: &Known<'_>, decisions: &Decisions, seen: &mut Seen) {
    let inventory = known.inventory;
    for (host, sites) in &inventory.hosts {
        let format = NO_HOSTS.iter().any(|no| {
            host == no
                || host
                    .strip_suffix(no)
                    .is_some_and(|rest| rest.ends_with('.'))
        });
        if let Some(site) = sites.first().filter(|_| !format) {
            seen.add("service", host.clone(), *site);
        }
    }
    for (name, sites) in &inventory.members {
        if let Some((class, site)) = inventory.class_of(name).zip(sites.first()) {
            let subject = seen.add("data", class.name().to_owned(), *site);
            subject.values.insert("names", Value::Text(name.clone()));
        }
    }
    let logs = inventory
        .uses
        .iter()
        .filter(|(kind, _)| kind.starts_with("log."));
    let mut loggers: BTreeMap<&str, Site> = BTreeMap::new();
    for (site, library) in logs.flat_map(|(_, places)| places) {
        let first = loggers.entry(library).or_insert(*site);
        *first = (*first).min(*site);
    }
    for (library, site) in loggers {
        // Models of the languages themselves are known by what people write.
        let name = match library {
            "js-global" | "global" => "console",
            "builtins" | "py-builtins" => "print",
            name => name,
        };
        seen.add("log", name.to_owned(), site);
    }
    let dangerous = inventory.uses.iter().filter(|(kind, _)| {
        kind.starts_with("command.") || matches!(kind.as_str(), "code" | "deserialize")
    });
    let functions = functions(known);
    let mut named: BTreeMap<String, Site> = BTreeMap::new();
    for site in dangerous.flat_map(|(_, places)| places.keys()) {
        let function = around(known, &functions, *site);
        named.entry(at(known, *site, function)).or_insert(*site);
    }
    for (name, site) in named {
        seen.add("dangerous", name, site);
    }
    logged::of_class(known, seen);
    if decisions.of("logging").next().is_some() {
        logged::addresses(known, seen);
        logged::struck(known, seen);
    }
}

fn names(project: &Project) -> BTreeSet<String> {
    let units = project.units.iter().filter(|u| u.manifest.is_some());
    let names = units.map(|u| {
        u.name
            .rsplit('/')
            .next()
            .unwrap_or(&u.name)
            .to_ascii_lowercase()
    });
    names.filter(|name| name.len() > 3).collect()
}
