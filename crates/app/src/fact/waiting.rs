//! Requests to other services that an endpoint waits for, and whether somebody said how long.
//!
//! Told at the call, by the client that it is made with, by the library for all of its calls, or around it. What a client says is
//! asked of all places that make one in that way: where they differ, which of them it is is not known.

use super::trace::{self, called, flat};
use super::ways::{About, Ways, read};
use crate::model::Endpoint;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Instr, Language, LocalId, Operand};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Members by which a limit is put on a request that was begun.
const LATER: [&str; 3] = ["timeout", "setTimeout", "deadline"];

/// Members by which a client sends a request.
const SENDS: [&str; 7] = ["get", "post", "put", "patch", "delete", "request", "fetch"];

/// Names of clients.
const CLIENTS: [&str; 8] = [
    "http",
    "httpclient",
    "httpservice",
    "axios",
    "axiosinstance",
    "fetcher",
    "restclient",
    "apiclient",
];

/// One fact for each request on the way of an endpoint. `known`: what calls say of configuration.
pub(super) fn of(origins: &Solver<'_, '_>, endpoints: &[Endpoint], known: &[Fact]) -> Vec<Fact> {
    let ways = Ways::of(origins, endpoints, About::Waiting);
    let said = Said::of(known);
    let mut out: BTreeMap<_, Fact> = BTreeMap::new();
    for fact in known.iter().filter(|fact| fact.fact == "timeout") {
        let Some(way) = ways.to(origins, fact.function) else {
            continue;
        };
        let Some((f, at)) = trace::call_of(origins, fact) else {
            continue;
        };
        let later = later(f, at);
        if later == Later::LetGo {
            continue;
        }
        let limited = if later == Later::Limited {
            Some(true)
        } else {
            said.of_request(fact)
        };
        let limited = match limited {
            Some(false) if way.bounded => None,
            known => known,
        };
        let made = waited(f, at, &fact.callee, limited, way.endpoint);
        out.insert(fact.site, made);
    }
    for (func, way) in ways.all() {
        for (at, name) in unknown_clients(origins, func) {
            let f = origins.program.func(func);
            let made = waited(f, at, name, None, way.endpoint);
            out.entry(made.site).or_insert(made);
        }
    }
    out.into_values().collect()
}

fn waited(f: FuncRef<'_>, at: usize, callee: &str, limited: Option<bool>, endpoint: usize) -> Fact {
    let limited = limited.map_or(FactValue::Unknown, FactValue::Bool);
    let endpoint = super::number(endpoint);
    let values = [("limited", limited), ("endpoint", endpoint)];
    trace::at(f, at, "request.wait", callee, &values)
}

/// What is said for more than one request.
struct Said<'k> {
    /// By clients, where they are made.
    clients: Vec<&'k Fact>,
    /// By libraries, for all requests.
    all: Vec<&'k Fact>,
}

impl<'k> Said<'k> {
    fn of(known: &'k [Fact]) -> Self {
        let named = |name: &str| known.iter().filter(|fact| fact.fact == name).collect();
        Self {
            clients: named("timeout.client"),
            all: named("timeout.all"),
        }
    }

    /// Whether a request is limited by what is said at its call, or for its client, or for all.
    fn of_request(&self, fact: &Fact) -> Option<bool> {
        match limit(fact) {
            Limit::Given => return Some(true),
            Limit::None => return Some(false),
            Limit::Unknown => return None,
            Limit::Absent => {}
        }
        let package = package(&fact.callee);
        let about = |said: &&&Fact| match trace::value(said, "of") {
            Some(FactValue::Str(names)) => names.split(' ').any(|name| name == package),
            _ => self::package(&said.callee) == package,
        };
        let all = self.all.iter().filter(about);
        let all = all.map(|fact| limit(fact)).max();
        match all {
            Some(Limit::Given) => return Some(true),
            Some(Limit::Unknown) => return None,
            _ => {}
        }
        // `npm:axios.create().get` is a request of what `npm:axios.create` makes.
        let makes = |maker: &Fact| {
            let rest = fact.callee.strip_prefix(maker.callee.as_str());
            rest.is_some_and(|rest| rest.starts_with("()") || rest.starts_with(".new()"))
        };
        let clients = self.clients.iter().filter(|maker| makes(maker));
        let limits: Vec<Limit> = clients.map(|fact| limit(fact)).collect();
        let given = limits
            .iter()
            .filter(|limit| **limit == Limit::Given)
            .count();
        if limits.contains(&Limit::Unknown) {
            None
        } else if given == 0 {
            Some(false)
        } else if given == limits.len() {
            Some(true)
        } else {
            None
        }
    }
}

/// What one place says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Limit {
    /// Nothing.
    Absent,
    /// That there is none.
    None,
    Unknown,
    Given,
}

fn limit(fact: &Fact) -> Limit {
    let of = |value: &FactValue| match value {
        FactValue::Absent => Limit::Absent,
        FactValue::Null | FactValue::Bool(false) => Limit::None,
        FactValue::Number(number) if *number == 0.0 => Limit::None,
        FactValue::Unknown => Limit::Unknown,
        FactValue::OneOf(all)
            if all
                .iter()
                .any(|v| matches!(v, FactValue::Unknown | FactValue::Null)) =>
        {
            Limit::Unknown
        }
        _ => Limit::Given,
    };
    let says = ["value", "signal", "other"];
    let values = fact.values.iter();
    let limits = values
        .filter(|(name, _)| says.contains(&name.as_str()))
        .map(|(_, value)| of(value));
    limits.max().unwrap_or(Limit::Absent)
}

/// `npm:axios` of `npm:axios.create().get`.
fn package(callee: &str) -> &str {
    callee.split(['.', '(']).next().unwrap_or(callee)
}

/// What becomes of a request after the call.
#[derive(PartialEq, Eq)]
enum Later {
    /// A limit is put on it.
    Limited,
    /// Nobody waits for the answer.
    LetGo,
    Waited,
}

fn later(f: FuncRef<'_>, at: usize) -> Later {
    let Some(Instr::Call { to, args, .. }) = f.func.instrs.get(at) else {
        return Later::Waited;
    };
    let mut held: FxHashSet<LocalId> = FxHashSet::from_iter([*to]);
    let is = |held: &FxHashSet<LocalId>, value: Operand| match value {
        Operand::Local(local) => held.contains(&local),
        Operand::Const(_) => false,
    };
    for instr in f.func.instrs.iter().skip(at + 1) {
        match *instr {
            Instr::Copy { to, from } | Instr::Await { to, from } if is(&held, from) => {
                held.insert(to);
            }
            Instr::Call {
                to,
                callee,
                this: Some(this),
                args,
                ..
            } if is(&held, this) => {
                let name = called(f, callee, None).0.unwrap_or_default();
                let first = f.func.args(args).first();
                let told = first.and_then(|arg| trace::text(f, arg.value));
                if LATER.contains(&name) || told == Some("timeout") {
                    return Later::Limited;
                }
                held.insert(to);
            }
            _ => {}
        }
    }
    let callback = f.func.args(*args).iter().any(|arg| {
        matches!(arg.value, Operand::Local(local)
            if f.writers(local).any(|(_, instr)| matches!(instr, Instr::Closure { .. })))
    });
    let javascript = f.file.facts.language == Language::JavaScript;
    if javascript && !callback && !read(f).contains(to) {
        return Later::LetGo;
    }
    Later::Waited
}

/// Requests of clients that come from where nobody sees how they are made.
fn unknown_clients<'p>(origins: &Solver<'p, '_>, func: FuncId) -> Vec<(usize, &'p str)> {
    let f = origins.program.func(func);
    let mut out = Vec::new();
    for (at, instr) in f.func.instrs.iter().enumerate() {
        let Instr::Call { callee, this, .. } = *instr else {
            continue;
        };
        let (Some(name), Some(of)) = called(f, callee, this) else {
            continue;
        };
        let known = origins
            .of_operand(func, callee)
            .iter()
            .any(|val| match origins.val(*val) {
                Some(Val::Api(path)) => origins.paths.known(path),
                Some(_) => true,
                None => false,
            });
        if !known && SENDS.contains(&name) && CLIENTS.contains(&flat(of).as_str()) {
            out.push((at, name));
        }
    }
    out
}
