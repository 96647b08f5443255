//! Places where a login is written into a session that was there before, as facts.

use crate::model::{Application, Endpoint};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{Instr, Key, Operand};
use casemate_model::row::Role;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Words of members that hold who is logged in.
const WHO: [&str; 9] = [
    "user", "login", "loggedin", "auth", "account", "uid", "member", "admin", "customer",
];

/// Depth of calls from a handler.
const DEPTH: u32 = 4;

/// Functions that are read for one login.
const FUNCTIONS: usize = 80;

impl Application {
    /// One fact for each place where a handler that logs somebody in writes so into the session.
    pub(super) fn session_starts(&self, origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
        // Sessions that are kept in the cookie itself have no id that could be known before.
        let mut sessions = known
            .iter()
            .filter(|fact| fact.fact == "session")
            .peekable();
        if sessions.peek().is_some() && sessions.all(|fact| in_cookie(&fact.callee)) {
            return Vec::new();
        }
        let mut out = Vec::new();
        let mut seen = BTreeSet::new();
        for endpoint in &self.endpoints {
            if !matches!(endpoint.method.as_str(), "post" | "all" | "route" | "") {
                continue;
            }
            let walk = starts(endpoint, origins);
            for (site, function, renewed) in walk.writes {
                if seen.insert(site) {
                    out.push(Fact {
                        fact: "session.start".to_owned(),
                        site,
                        function,
                        callee: String::new(),
                        values: vec![(
                            "renewed".to_owned(),
                            FactValue::Bool(renewed || walk.renewed),
                        )],
                    });
                }
            }
        }
        out
    }
}

/// Names of endpoints where somebody who logs in is new.
const JOINS: &[&str] = &[
    "signup",
    "register",
    "registration",
    "join",
    "create",
    "reset",
];

/// Whether an endpoint takes a password and writes who is logged in into the session.
pub(super) fn logs_in(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let joins = super::names(endpoint).any(|name| JOINS.iter().any(|word| name.contains(word)));
    matches!(endpoint.method.as_str(), "post" | "all" | "route")
        && !joins
        && !starts(endpoint, origins).writes.is_empty()
}

/// What a handler that reads a password writes into the session.
fn starts<'a, 'p, 'm>(endpoint: &Endpoint, origins: &'a Solver<'p, 'm>) -> Walk<'a, 'p, 'm> {
    let mut walk = Walk {
        origins,
        seen: FxHashSet::default(),
        writes: Vec::new(),
        renewed: false,
    };
    let mut handlers = endpoint.handlers.iter();
    let takes = super::logs_in(endpoint, origins)
        || handlers.any(|f| super::reads_password(*f, origins, 0));
    if takes {
        for &handler in &endpoint.handlers {
            walk.function(handler, 0, false);
        }
    }
    walk
}

fn in_cookie(callee: &str) -> bool {
    [
        "cookie-session",
        "client-sessions",
        "secure-session",
        "iron-session",
    ]
    .iter()
    .any(|name| callee.contains(name))
}

struct Walk<'a, 'p, 'm> {
    origins: &'a Solver<'p, 'm>,
    seen: FxHashSet<FuncId>,
    writes: Vec<(Site, FuncId, bool)>,
    /// A new session is made somewhere on the way.
    renewed: bool,
}

impl Walk<'_, '_, '_> {
    /// `within`: inside the callback of what makes a new session.
    fn function(&mut self, func: FuncId, depth: u32, within: bool) {
        if depth > DEPTH || self.seen.len() >= FUNCTIONS || !self.seen.insert(func) {
            return;
        }
        let f = self.origins.program.func(func);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            match *instr {
                Instr::Closure { func: inner, .. } => {
                    self.function(f.sibling(inner), depth, within);
                }
                Instr::Call { callee, .. } => {
                    for &val in self.origins.of_operand(func, callee).iter().take(2) {
                        match self.origins.val(val) {
                            Some(Val::Func(inner)) => self.function(inner, depth + 1, within),
                            Some(Val::Api(path)) => {
                                let text = self.origins.paths.text(path);
                                self.renewed |= [
                                    "regenerate",
                                    "clear",
                                    "invalidate",
                                    "changed",
                                    "new_session",
                                    "logIn",
                                    "login",
                                ]
                                .iter()
                                .any(|name| text.ends_with(&format!(".{name}")));
                            }
                            _ => {}
                        }
                    }
                }
                Instr::Store {
                    base,
                    key: Key::Field(name),
                    ..
                } if self.is_session(func, base) => {
                    let name: String = f
                        .file
                        .facts
                        .str(name)
                        .chars()
                        .filter(char::is_ascii_alphabetic)
                        .map(|c| c.to_ascii_lowercase())
                        .collect();
                    if WHO.iter().any(|word| name.contains(word)) {
                        let span = f.func.spans.get(at).copied().unwrap_or_default();
                        let site = Site {
                            file: f.file_idx,
                            span,
                        };
                        self.writes.push((site, func, within));
                    }
                }
                _ => {}
            }
        }
    }

    fn is_session(&self, func: FuncId, base: Operand) -> bool {
        self.origins.of_operand(func, base).iter().any(|&val| {
            matches!(self.origins.val(val), Some(Val::Api(path))
                if self.origins.paths.rows(path).any(|(_, row)| row.role == Role::Principal { container: true })
                    && !self.origins.paths.text(path).starts_with("py:flask"))
        })
    }
}
