//! What rules may ask of endpoints, as facts.

use crate::model::{Answer, Application, Endpoint};
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Instr, Key};

/// The kinds of guards that are told.
const KINDS: [(&str, &str); 3] = [
    ("authentication", "authentication"),
    ("csrf", "csrf"),
    ("limit", "rate-limit"),
];

/// What the last name of a path says that everybody may ask for.
const FOR_ALL: [&str; 24] = [
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
const LOGINS: [&str; 6] = [
    "login",
    "signin",
    "logon",
    "authenticate",
    "session",
    "sessions",
];

impl Application {
    /// One fact an endpoint.
    #[must_use]
    pub fn facts(&self, origins: &Solver<'_, '_>) -> Vec<Fact> {
        self.endpoints
            .iter()
            .map(|endpoint| self.fact(endpoint, origins))
            .collect()
    }

    fn fact(&self, endpoint: &Endpoint, origins: &Solver<'_, '_>) -> Fact {
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
            (
                "login".to_owned(),
                FactValue::Bool(logs_in(endpoint, origins)),
            ),
            (
                "open".to_owned(),
                FactValue::Bool(names(endpoint).any(|name| for_all(&name))),
            ),
        ];
        for (name, kind) in KINDS {
            let value = match endpoint.guarded(kind) {
                Answer::Yes => FactValue::Bool(true),
                Answer::No => FactValue::Bool(false),
                Answer::Unknown => FactValue::Unknown,
            };
            values.push((name.to_owned(), value));
        }
        let siblings = self.siblings(endpoint);
        values.push(("siblings".to_owned(), FactValue::Number(siblings)));
        let function = endpoint.handlers.first().copied().unwrap_or(FuncId(0));
        Fact {
            fact: "endpoint".to_owned(),
            site: endpoint.site,
            function,
            callee: format!(
                "{} {}",
                endpoint.method.to_uppercase(),
                endpoint.path.as_deref().unwrap_or("(path not known)")
            ),
            values,
        }
    }

    /// How many endpoints that are registered in the same file certainly want a login.
    fn siblings(&self, endpoint: &Endpoint) -> f64 {
        let of_file = self
            .endpoints
            .iter()
            .filter(|e| e.site.file == endpoint.site.file && e.site != endpoint.site);
        let guarded = of_file.filter(|e| e.guarded("authentication") == Answer::Yes);
        f64::from(u32::try_from(guarded.count()).unwrap_or(u32::MAX))
    }
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
    endpoint.method == "post"
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
        Instr::Closure { func, .. } => {
            depth < 3 && reads_password(f.sibling(func), origins, depth + 1)
        }
        _ => false,
    })
}
