//! What rules may ask of the application model, as facts: of endpoints, of records, of whole applications, of sessions.

mod access;
mod application;
mod counting;
mod session;

use crate::model::{Answer, Application, Endpoint, Guard};
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{Const, Instr, Key, Operand};
use std::collections::BTreeSet;

/// The kinds of guards that are told.
const KINDS: &[(&str, &str)] = &[
    ("authentication", "authentication"),
    ("csrf", "csrf"),
    ("limit", "rate-limit"),
    ("role", "role"),
];

/// What a name on a path says that everybody may read.
const FOR_READERS: &[&str] = &[
    "public",
    "index",
    "home",
    "about",
    "static",
    "redirect",
    "asset",
    "favicon",
    "robots",
    "sitemap",
    "ping",
    "status",
    "version",
    "docs",
    "swagger",
    "openapi",
    "manifest",
    "help",
    "terms",
    "privacy",
    "share",
    "image",
    "metrics",
    "pixel",
    "unsubscribe",
    "track",
];

/// What a name on a path says where it changes something.
const CHANGES: &[&str] = &[
    "delete", "remove", "destroy", "disable", "enable", "update", "create", "transfer", "approve",
    "revoke", "cancel", "add",
];

/// What the last name of a path says that everybody may ask for.
const FOR_ALL: &[&str] = &[
    "login",
    "signin",
    "signup",
    "register",
    "registration",
    "logout",
    "signout",
    "forgot",
    "reset",
    "verify",
    "confirm",
    "activate",
    "callback",
    "webhook",
    "hook",
    "health",
    "contact",
    "subscribe",
    "token",
    "refresh",
    "oauth",
    "auth",
    "session",
    "password",
];

/// What it says where somebody logs in.
const LOGINS: &[&str] = &[
    "login",
    "signin",
    "logon",
    "authenticate",
    "session",
    "sessions",
];

impl Application {
    /// One fact an endpoint, record access, application and start of a session. `known`: what calls say of configuration.
    #[must_use]
    pub fn facts(&self, origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
        let endpoints = self.endpoints.iter();
        let mut out: Vec<Fact> = endpoints
            .map(|endpoint| self.fact(endpoint, origins))
            .collect();
        out.extend(self.accesses());
        out.extend(self.passwords());
        out.extend(self.privileges());
        out.extend(self.applications(origins, known));
        out.extend(self.session_starts(origins, known));
        out
    }

    fn fact(&self, endpoint: &Endpoint, origins: &Solver<'_, '_>) -> Fact {
        let login = logs_in(endpoint, origins) || session::logs_in(endpoint, origins);
        let mut values = vec![
            ("method".to_owned(), FactValue::Str(endpoint.method.clone())),
            (
                "path".to_owned(),
                endpoint
                    .path
                    .clone()
                    .map_or(FactValue::Unknown, FactValue::Str),
            ),
            (
                "writes".to_owned(),
                FactValue::Bool(matches!(
                    endpoint.method.as_str(),
                    "post" | "put" | "patch" | "delete" | "del"
                )),
            ),
            ("login".to_owned(), FactValue::Bool(login)),
            (
                "open".to_owned(),
                FactValue::Bool(
                    names(endpoint).any(|name| for_all(&name))
                        || named_open(endpoint, origins)
                        || endpoint.method == "post"
                            && endpoint
                                .handlers
                                .iter()
                                .any(|f| reads_password(*f, origins, 0)),
                ),
            ),
        ];
        for &(name, kind) in KINDS {
            let answer = match endpoint.guarded(kind) {
                Answer::No
                    if login && kind == "rate-limit" && counting::may_count(endpoint, origins) =>
                {
                    Answer::Unknown
                }
                answer => answer,
            };
            values.push((name.to_owned(), tri(answer)));
        }
        let (siblings, bare) = self.siblings(endpoint);
        values.push(("siblings".to_owned(), number(siblings)));
        let alone = siblings >= 3 && bare * 3 <= siblings && !for_readers(endpoint);
        let certain = endpoint
            .guards
            .iter()
            .any(|g| g.kind == "authentication" && g.certain);
        let misplaced = !certain
            && endpoint
                .misplaced
                .iter()
                .any(|g| matches!(g.kind.as_str(), "authentication" | "role"));
        let changes = names(endpoint).any(|name| CHANGES.iter().any(|word| name.contains(word)));
        let only_read = endpoint.method == "get"
            && !self
                .endpoints
                .iter()
                .any(|e| e.site == endpoint.site && e.method == "post");
        for (name, value) in [
            ("outlier", alone),
            ("aware", endpoint.aware),
            (
                "admin",
                names(endpoint).any(|name| name == "admin" || name == "administration"),
            ),
            ("misplaced", misplaced),
            ("bare", self.is_bare(endpoint)),
            ("lesser", self.asks_less(endpoint)),
            (
                "people",
                endpoint.objects.persons && self.guarded_elsewhere(endpoint),
            ),
            (
                "changes",
                only_read && changes && (endpoint.objects.writes || endpoint.objects.deletes),
            ),
            ("personal", endpoint.objects.personal),
        ] {
            values.push((name.to_owned(), FactValue::Bool(value)));
        }
        let function = endpoint.handlers.first().copied().unwrap_or(FuncId(0));
        // Where a list of routes names functions of other files, the function is what a reader looks for.
        let listed = endpoint.callee.starts_with("py:") && !endpoint.handlers.is_empty();
        let handler = origins.program.func(function);
        let site = if listed {
            Site {
                file: handler.file_idx,
                span: handler.func.head,
            }
        } else {
            endpoint.site
        };
        Fact {
            fact: "endpoint".to_owned(),
            site,
            function,
            callee: format!(
                "{} {}",
                endpoint.method.to_uppercase(),
                endpoint.path.as_deref().unwrap_or("(path not known)")
            ),
            values,
        }
    }

    /// Guards of the endpoint that ask who it is, apart from those that merely look at it for all endpoints of the file alike: where
    /// others have a guard of their own besides, that is none.
    fn own_guards<'e>(&self, endpoint: &'e Endpoint) -> impl Iterator<Item = &'e Guard> {
        let shared = |guard: &Guard| {
            guard.shared
                && !guard.certain
                && self
                    .endpoints
                    .iter()
                    .filter(|e| e.site.file == endpoint.site.file)
                    .all(|e| e.guards.iter().any(|g| g.site == guard.site))
        };
        let own = endpoint
            .guards
            .iter()
            .filter(move |g| g.kind == "authentication" && !shared(g));
        own.collect::<Vec<_>>().into_iter()
    }

    /// Nobody is asked who it is, as far as the whole chain tells.
    fn is_bare(&self, endpoint: &Endpoint) -> bool {
        endpoint.unknown == 0
            && endpoint.mounted
            && !endpoint.open
            && !endpoint.handlers.is_empty()
            && !endpoint.aware
            && self.own_guards(endpoint).next().is_none()
    }

    /// It wants a login and no more, where nearly all others of the file want a role besides.
    fn asks_less(&self, endpoint: &Endpoint) -> bool {
        if endpoint.objects.personal
            || endpoint.aware
            || endpoint.guarded("role") != Answer::No
            || endpoint.guarded("authentication") != Answer::Yes
        {
            return false;
        }
        let mut more: BTreeSet<Site> = BTreeSet::new();
        let mut equal: BTreeSet<Site> = BTreeSet::new();
        for other in self
            .endpoints
            .iter()
            .filter(|e| e.site.file == endpoint.site.file)
        {
            if other.guarded("role") == Answer::Yes {
                more.insert(other.site);
            } else if other.site != endpoint.site {
                equal.insert(other.site);
            }
        }
        more.len() >= 3 && equal.len() * 3 <= more.len()
    }

    /// Endpoints of other places want a login.
    fn guarded_elsewhere(&self, endpoint: &Endpoint) -> bool {
        let wants = |e: &&Endpoint| e.guarded("authentication") == Answer::Yes;
        self.endpoints
            .iter()
            .filter(|e| e.site != endpoint.site)
            .filter(wants)
            .take(2)
            .count()
            == 2
    }

    /// How many other places of the same file register endpoints that want a login, and how many do not, apart from those whose
    /// names say that they are for everybody.
    fn siblings(&self, endpoint: &Endpoint) -> (usize, usize) {
        let of_file = self
            .endpoints
            .iter()
            .filter(|e| e.site.file == endpoint.site.file && e.site != endpoint.site);
        let mut guarded: BTreeSet<Site> = BTreeSet::new();
        let mut bare: BTreeSet<Site> = BTreeSet::new();
        for other in of_file {
            if self.own_guards(other).next().is_some() {
                guarded.insert(other.site);
            } else if !names(other).any(|name| for_all(&name)) && !for_readers(other) {
                bare.insert(other.site);
            }
        }
        (guarded.len(), bare.len())
    }
}

/// What a handler's own name says that everybody may ask for, whatever its path.
const OPEN_HANDLERS: &[&str] = &[
    "login", "signin", "signup", "register", "logout", "signout", "callback", "webhook", "forgot",
];

/// The handler's own name says that it is for everybody.
fn named_open(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    endpoint.handlers.first().is_some_and(|handler| {
        let name = origins.program.func_name(*handler).to_lowercase();
        if endpoint.path.is_none() {
            for_all(&name)
        } else {
            OPEN_HANDLERS.iter().any(|word| name.contains(word))
        }
    })
}

fn tri(answer: Answer) -> FactValue {
    match answer {
        Answer::Yes => FactValue::Bool(true),
        Answer::No => FactValue::Bool(false),
        Answer::Unknown => FactValue::Unknown,
    }
}

fn number(n: usize) -> FactValue {
    FactValue::Number(f64::from(u32::try_from(n).unwrap_or(u32::MAX)))
}

/// Its name says that everybody may read it, or it has none.
fn for_readers(endpoint: &Endpoint) -> bool {
    let mut some = false;
    for name in names(endpoint).filter(|name| !name.is_empty()) {
        some = true;
        if FOR_READERS.iter().any(|word| name.contains(word)) {
            return true;
        }
    }
    !some && endpoint.path.is_some()
}

/// The names on a path, lower case, without what is no letter.
fn names(endpoint: &Endpoint) -> impl Iterator<Item = String> + '_ {
    let path = endpoint.path.as_deref().unwrap_or_default();
    path.split(['/', '.']).map(|name| {
        name.chars()
            .filter(char::is_ascii_alphabetic)
            .map(|c| c.to_ascii_lowercase())
            .collect()
    })
}

fn for_all(name: &str) -> bool {
    FOR_ALL.iter().any(|word| name.contains(word))
}

/// It says so, it is sent data, and a password is read or a library asks for it.
fn logs_in(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let last = names(endpoint).filter(|name| !name.is_empty()).last();
    let named = last.is_some_and(|name| LOGINS.contains(&name.as_str()));
    let asked = endpoint
        .guards
        .iter()
        .any(|guard| guard.kind == "authentication");
    let library = endpoint.handlers.is_empty();
    matches!(endpoint.method.as_str(), "post" | "all" | "route")
        && named
        && (library
            || asked
            || endpoint
                .handlers
                .iter()
                .any(|f| reads_password(*f, origins, 0)))
}

fn reads_password(func: FuncId, origins: &Solver<'_, '_>, depth: u32) -> bool {
    let f = origins.program.func(func);
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Load {
            key: Key::Field(name),
            ..
        } => f
            .file
            .facts
            .str(name)
            .to_ascii_lowercase()
            .contains("passw"),
        // `form.get('password')`
        Instr::Call { args, .. } => f.func.args(args).iter().any(|arg| match arg.value {
            Operand::Const(id) => matches!(f.file.facts.constant(id), Const::Str(text)
                if f.file.facts.str(*text).to_ascii_lowercase().starts_with("passw")),
            Operand::Local(_) => false,
        }),
        Instr::Closure { func, .. } => {
            depth < 3 && reads_password(f.sibling(func), origins, depth + 1)
        }
        _ => false,
    })
}
