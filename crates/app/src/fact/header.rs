//! Which headers of an application's answers protect browsers: set for all endpoints, weak, or absent.
//!
//! A library that sets headers counts for the endpoints that it stands before; one that stands before none that is known counts for all.
//! What a handler sets holds for its own answers alone. What cannot be read is *unknown*, never *absent*.

use crate::model::{Endpoint, Middleware, Stage};
use casemate_flow::apipath::PathId;
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::Instr;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// What is told of an application, by field.
pub(super) const FIELDS: [&str; 8] = [
    "hsts", "csp", "nosniff", "referrer", "frame", "opener", "resource", "report",
];

/// One year, in seconds: what browsers should at least remember.
const YEAR: f64 = 31_536_000.0;

/// What declares functions that all answers go through.
const AFTER: [&str; 3] = ["after_request", "after_app_request", "middleware()"];

/// How far closures are followed.
const DEPTH: u32 = 4;

/// How well one header protects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum State {
    Absent,
    Weak,
    Unknown,
    Set,
}

type States = BTreeMap<&'static str, State>;

/// The state of each header, as values of the fact about an application.
///
/// `before`: what is registered for more than one endpoint; `renders`: pages are.
pub(super) fn of(
    endpoints: &[&Endpoint],
    before: &[Middleware],
    facts: &[&Fact],
    origins: &Solver<'_, '_>,
    renders: bool,
) -> Vec<(String, FactValue)> {
    let mut by_function: BTreeMap<FuncId, States> = BTreeMap::new();
    let mut by_call: BTreeMap<String, States> = BTreeMap::new();
    let mut telling: Vec<(&Fact, States)> = Vec::new();
    for fact in facts {
        let said = says(fact);
        if said.is_empty() {
            continue;
        }
        join(by_function.entry(fact.function).or_default(), &said);
        if fact.fact == "headers" {
            let called = format!("{}()", fact.callee);
            join(by_call.entry(called).or_default(), &said);
        }
        telling.push((*fact, said));
    }
    let after = origins.declared.values().filter(|entry| {
        AFTER
            .iter()
            .any(|name| entry.callee.ends_with(&format!(".{name}.deco")))
    });
    let after = after.flat_map(|entry| &entry.handlers);
    let mut registered: BTreeSet<FuncId> = BTreeSet::new();
    for func in before.iter().flat_map(|m| &m.handlers).chain(after) {
        inside(*func, origins, 0, &mut registered);
    }
    let mut placed: BTreeSet<FuncId> = BTreeSet::new();
    let mut calls: BTreeSet<&String> = BTreeSet::new();
    let mut known: FxHashMap<FuncId, States> = FxHashMap::default();
    let mut texts: FxHashMap<PathId, Option<&String>> = FxHashMap::default();
    let mut each: Vec<States> = Vec::new();
    for endpoint in endpoints.iter().filter(|_| !telling.is_empty()) {
        let mut own = States::new();
        let mut functions: Vec<FuncId> = endpoint.handlers.clone();
        for member in &endpoint.chain {
            functions.extend(member.what.functions());
            let Stage::Package(path) = member.what else {
                continue;
            };
            let text = texts.entry(path).or_insert_with(|| {
                let text = origins.paths.text(path);
                by_call.keys().find(|called| **called == text)
            });
            if let Some(called) = *text {
                calls.insert(called);
                if let Some(said) = by_call.get(called) {
                    join(&mut own, said);
                }
            }
        }
        for func in functions {
            let said = known.entry(func).or_insert_with(|| {
                let mut all = BTreeSet::new();
                inside(func, origins, 0, &mut all);
                let mut said = States::new();
                for func in &all {
                    if let Some(more) = by_function.get(func) {
                        join(&mut said, more);
                    }
                }
                placed.extend(all);
                said
            });
            join(&mut own, said);
        }
        each.push(own);
    }
    let silent = telling.is_empty();
    let mut everywhere = States::new();
    for (fact, said) in telling {
        let called = format!("{}()", fact.callee);
        if placed.contains(&fact.function) || fact.fact == "headers" && calls.contains(&called) {
            continue;
        }
        // A function that nobody is known to call before handlers may be called for some of them.
        let some = fact.fact == "header"
            && !registered.contains(&fact.function)
            && origins.program.func(fact.function).func.kind != casemate_ir::FnKind::Module;
        let said = if some {
            said.keys().map(|field| (*field, State::Unknown)).collect()
        } else {
            said
        };
        join(&mut everywhere, &said);
    }
    let whole = endpoints.iter().all(|e| e.unknown == 0 || !e.mounted);
    let told = FIELDS.iter().map(|field| {
        let states: BTreeSet<State> = if each.is_empty() {
            BTreeSet::from([state(&everywhere, field)])
        } else {
            let of = each.iter();
            of.map(|own| both(field, state(own, field), state(&everywhere, field)))
                .collect()
        };
        let lowest = states.first().copied().unwrap_or(State::Absent);
        let value = match lowest {
            State::Absent | State::Weak if !whole => FactValue::Unknown,
            // Where no header is set at all, what stands in front may set them.
            State::Absent if silent && !renders => FactValue::Unknown,
            State::Absent if states.len() == 1 => FactValue::Str("absent".to_owned()),
            State::Absent | State::Weak => FactValue::Str("weak".to_owned()),
            State::Set => FactValue::Str("set".to_owned()),
            State::Unknown => FactValue::Unknown,
        };
        ((*field).to_owned(), value)
    });
    told.collect()
}

fn state(states: &States, field: &str) -> State {
    states.get(field).copied().unwrap_or(State::Absent)
}

fn join(into: &mut States, said: &States) {
    for (field, state) in said {
        let held = into.entry(field).or_insert(State::Absent);
        *held = both(field, *held, *state);
    }
}

/// What is said twice: where the two differ, which of them wins is not known. Two headers speak of framing, and one is enough.
fn both(field: &str, a: State, b: State) -> State {
    match (a, b) {
        (State::Absent, other) | (other, State::Absent) => other,
        (a, b) if a == b => a,
        (State::Set, State::Weak) | (State::Weak, State::Set) if field == "frame" => State::Set,
        _ => State::Unknown,
    }
}

/// A function and those that are made inside it.
fn inside(func: FuncId, origins: &Solver<'_, '_>, depth: u32, out: &mut BTreeSet<FuncId>) {
    if depth > DEPTH || !out.insert(func) {
        return;
    }
    let f = origins.program.func(func);
    for instr in &f.func.instrs {
        if let Instr::Closure { func: inner, .. } = *instr {
            inside(f.sibling(inner), origins, depth + 1, out);
        }
    }
}

/// What one call says of headers.
fn says(fact: &Fact) -> States {
    match fact.fact.as_str() {
        "headers" => library(fact),
        "header" => one(fact),
        "framework" => framework(fact),
        _ => States::new(),
    }
}

/// What the middleware of a framework's settings sets by itself.
fn framework(fact: &Fact) -> States {
    let list = value(fact, "middleware");
    let has = |name: &str| may(list, &|text| text.ends_with(name));
    if matches!(list, FactValue::Unknown) {
        return FIELDS
            .iter()
            .map(|field| (*field, State::Unknown))
            .collect();
    }
    let mut out = States::new();
    if has(".SecurityMiddleware") {
        out.extend([
            ("nosniff", State::Set),
            ("referrer", State::Set),
            ("opener", State::Set),
        ]);
    }
    if has(".XFrameOptionsMiddleware") {
        out.insert("frame", State::Weak);
    }
    if has(".CSPMiddleware") || has(".ContentSecurityPolicyMiddleware") {
        out.extend(["csp", "frame", "report"].map(|field| (field, State::Unknown)));
    }
    out
}

pub(super) fn value<'f>(fact: &'f Fact, name: &str) -> &'f FactValue {
    let found = fact.values.iter().find(|(field, _)| field == name);
    found.map_or(&FactValue::Absent, |(_, value)| value)
}

/// A library that sets several.
fn library(fact: &Fact) -> States {
    let all = value(fact, "all") == &FactValue::Bool(true);
    let mut out = States::new();
    let mut put = |field: &'static str, state: Option<State>| {
        if let Some(state) = state {
            out.insert(field, state);
        }
    };
    let on = |field: &str| match value(fact, field) {
        FactValue::Bool(false) => None,
        FactValue::Absent | FactValue::Null => all.then_some(State::Set),
        FactValue::Bool(true) | FactValue::Present | FactValue::Str(_) | FactValue::Number(_) => {
            Some(State::Set)
        }
        _ => Some(State::Unknown),
    };
    put(
        "hsts",
        on("hsts").map(|state| match value(fact, "hstsAge") {
            FactValue::Number(age) if *age < YEAR => State::Weak,
            FactValue::Number(_) | FactValue::Absent | FactValue::Null => state,
            _ => State::Unknown,
        }),
    );
    put("nosniff", on("nosniff"));
    put(
        "referrer",
        on("referrer").map(|state| match value(fact, "referrerPolicy") {
            FactValue::Str(policy) => referrer(policy),
            FactValue::Absent | FactValue::Null => state,
            _ => State::Unknown,
        }),
    );
    put("opener", on("opener"));
    put(
        "resource",
        on("resource").map(|state| match value(fact, "resourcePolicy") {
            FactValue::Str(policy) if policy == "cross-origin" => State::Weak,
            FactValue::Str(_) | FactValue::Absent | FactValue::Null => state,
            _ => State::Unknown,
        }),
    );
    let policy = on("csp");
    if let Some(state) = policy {
        let text = value(fact, "policy");
        if let FactValue::Str(text) = text {
            for (field, state) in csp(text) {
                put(field, Some(state));
            }
        } else if !matches!(text, FactValue::Absent | FactValue::Null) {
            put("csp", Some(State::Unknown));
            put("frame", Some(State::Unknown));
        } else {
            put("csp", Some(directives(fact, state)));
            put(
                "frame",
                Some(match value(fact, "frameAncestors") {
                    FactValue::Absent | FactValue::Null => state,
                    given if may(given, &|text| text == "*") => State::Weak,
                    FactValue::Unknown => State::Unknown,
                    _ => State::Set,
                }),
            );
            let reports = ["reportUri", "reportTo"];
            if reports
                .iter()
                .any(|name| !matches!(value(fact, name), FactValue::Absent | FactValue::Null))
            {
                put("report", Some(State::Set));
            }
        }
    } else if on("frame").is_some() {
        put("frame", Some(State::Weak));
    }
    out
}

/// What is said of the directives of a policy beside a library's own ones.
fn directives(fact: &Fact, state: State) -> State {
    let scripts = ["scriptSrc", "defaultSrc"];
    let open = |name: &&str| {
        may(value(fact, name), &|text| {
            matches!(
                text,
                "'unsafe-inline'" | "*" | "https:" | "http:" | "data:" | "'unsafe-eval'"
            )
        })
    };
    let objects = match value(fact, "objectSrc") {
        FactValue::Absent | FactValue::Null | FactValue::Unknown => false,
        given => !may(given, &|text| text == "'none'"),
    };
    if scripts.iter().any(open) || objects {
        return State::Weak;
    }
    let unknown = scripts
        .iter()
        .chain(&["objectSrc", "baseUri"])
        .any(|name| value(fact, name) == &FactValue::Unknown);
    if unknown { State::Unknown } else { state }
}

/// Whether a value may be a text of some form.
pub(super) fn may(value: &FactValue, is: &dyn Fn(&str) -> bool) -> bool {
    match value {
        FactValue::Str(text) => is(text),
        FactValue::OneOf(all) => all.iter().any(|value| may(value, is)),
        _ => false,
    }
}

/// One header by its name.
fn one(fact: &Fact) -> States {
    let FactValue::Str(name) = value(fact, "name") else {
        // It may be any of them.
        return FIELDS
            .iter()
            .map(|field| (*field, State::Unknown))
            .collect();
    };
    let field = match name.to_ascii_lowercase().as_str() {
        "strict-transport-security" => "hsts",
        "content-security-policy" => "csp",
        "x-content-type-options" => "nosniff",
        "referrer-policy" => "referrer",
        "x-frame-options" => "frame",
        "cross-origin-opener-policy" => "opener",
        "cross-origin-resource-policy" => "resource",
        _ => return States::new(),
    };
    let text = match value(fact, "value") {
        FactValue::Str(text) => text.trim().to_ascii_lowercase(),
        FactValue::Number(number) if field == "hsts" => format!("max-age={number}"),
        FactValue::Bool(set) if field == "nosniff" => {
            (if *set { "nosniff" } else { "" }).to_owned()
        }
        FactValue::Null => return States::new(),
        // A policy with a nonce is put together for each answer.
        FactValue::Template(pieces) if field == "csp" => {
            let pieces = pieces.iter().map(|p| p.as_deref().unwrap_or("x"));
            pieces.collect::<String>().to_ascii_lowercase()
        }
        _ if field == "csp" => {
            let open = ["csp", "frame", "report"];
            return open.iter().map(|field| (*field, State::Unknown)).collect();
        }
        _ => return States::from([(field, State::Unknown)]),
    };
    match field {
        "hsts" => States::from([(field, hsts(&text))]),
        "csp" => csp(&text),
        "nosniff" if text == "nosniff" => States::from([(field, State::Set)]),
        "referrer" => States::from([(field, referrer(&text))]),
        "frame" => States::from([(field, State::Weak)]),
        "opener" if text.starts_with("same-origin") => States::from([(field, State::Set)]),
        "resource" if text.starts_with("same-") => States::from([(field, State::Set)]),
        _ => States::from([(field, State::Weak)]),
    }
}

fn hsts(text: &str) -> State {
    let age = text.split(';').find_map(|part| {
        let age = part.trim().strip_prefix("max-age=")?;
        age.trim_matches('"').parse::<f64>().ok()
    });
    match age {
        Some(age) if age >= YEAR => State::Set,
        _ => State::Weak,
    }
}

/// The last policy that a browser knows counts; an unsafe one sends whole addresses abroad.
fn referrer(text: &str) -> State {
    match text.rsplit(',').next().unwrap_or_default().trim() {
        "no-referrer"
        | "origin"
        | "origin-when-cross-origin"
        | "same-origin"
        | "strict-origin"
        | "strict-origin-when-cross-origin" => State::Set,
        _ => State::Weak,
    }
}

/// What a content security policy holds.
fn csp(text: &str) -> States {
    let text = text.to_ascii_lowercase();
    let directives: BTreeMap<&str, Vec<&str>> = text
        .split(';')
        .filter_map(|directive| {
            let mut words = directive.split_ascii_whitespace();
            Some((words.next()?, words.collect()))
        })
        .collect();
    let has = |names: &[&str], source: &str| {
        let first = names.iter().find_map(|name| directives.get(name));
        first.is_some_and(|sources| sources.contains(&source))
    };
    let scripts = ["script-src", "default-src"];
    let sources = scripts.iter().find_map(|name| directives.get(name));
    let proven = sources.is_some_and(|sources| {
        sources
            .iter()
            .any(|s| s.starts_with("'nonce-") || s.starts_with("'sha") || *s == "'strict-dynamic'")
    });
    let open = ["'unsafe-inline'", "*", "https:", "http:", "data:"];
    let narrow = sources.is_some() && (proven || !open.iter().any(|s| has(&scripts, s)));
    let strict = narrow
        && has(&["object-src", "default-src"], "'none'")
        && (has(&["base-uri"], "'none'") || has(&["base-uri"], "'self'"));
    let mut out = States::from([("csp", if strict { State::Set } else { State::Weak })]);
    if let Some(sources) = directives.get("frame-ancestors") {
        let wide = sources.contains(&"*");
        out.insert("frame", if wide { State::Weak } else { State::Set });
    }
    if directives.contains_key("report-to") || directives.contains_key("report-uri") {
        out.insert("report", State::Set);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, value: &str) -> Fact {
        Fact {
            fact: "header".to_owned(),
            site: casemate_flow::result::Site {
                file: casemate_flow::result::FileIdx(0),
                span: casemate_ir::Span::default(),
            },
            function: FuncId(0),
            callee: String::new(),
            values: vec![
                ("name".to_owned(), FactValue::Str(name.to_owned())),
                ("value".to_owned(), FactValue::Str(value.to_owned())),
            ],
        }
    }

    #[test]
    fn values_of_headers_are_judged() {
        let check = |name: &str, text: &str, field: &str, wanted: State| {
            assert_eq!(state(&says(&header(name, text)), field), wanted, "{text}");
        };
        let hsts = "Strict-Transport-Security";
        check(
            hsts,
            "max-age=31536000; includeSubDomains",
            "hsts",
            State::Set,
        );
        check(hsts, "max-age=3600", "hsts", State::Weak);
        check(
            "Referrer-Policy",
            "no-referrer, strict-origin",
            "referrer",
            State::Set,
        );
        check("Referrer-Policy", "unsafe-url", "referrer", State::Weak);
        check("X-Frame-Options", "DENY", "frame", State::Weak);
        let csp = "Content-Security-Policy";
        let strict =
            "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'";
        check(csp, strict, "csp", State::Set);
        check(csp, strict, "frame", State::Set);
        check(csp, strict, "report", State::Absent);
        check(
            csp,
            "default-src 'self' 'unsafe-inline'",
            "csp",
            State::Weak,
        );
        check(
            csp,
            "script-src 'nonce-x' 'unsafe-inline'; object-src 'none'; base-uri 'self'; report-to a",
            "csp",
            State::Set,
        );
        check(
            csp,
            "script-src 'self'; object-src 'none'; base-uri 'self'; report-to a",
            "report",
            State::Set,
        );
        check("X-Other", "1", "csp", State::Absent);
    }
}
