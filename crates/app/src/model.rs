//! What is known of an application: plain, owned data.

use casemate_flow::apipath::PathId;
use casemate_flow::result::{FuncId, Site};
use std::collections::BTreeMap;

/// An application.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Application {
    /// In the order of their places.
    pub endpoints: Vec<Endpoint>,
    /// What stands before endpoints, in the order of their places.
    pub middleware: Vec<Middleware>,
    /// Registrations of which something is not known, in the order of their places.
    pub unresolved: Vec<Unresolved>,
    /// Calls that register, seen anywhere in the program.
    pub registrations: usize,
    /// Caps reached, by name.
    pub caps: BTreeMap<&'static str, u64>,
}

/// One method of one path.
#[derive(Clone, PartialEq, Debug)]
pub struct Endpoint {
    /// `get`, `all`, `ws` …, lower case.
    pub method: String,
    /// The whole path, prefixes included; `{?}` stands for what is not known. Absent: nothing is known.
    pub path: Option<String>,
    /// Below which prefix it is mounted is known: it hangs on something that listens or is handed on.
    pub mounted: bool,
    /// Where it is registered.
    pub site: Site,
    /// As which function of a package.
    pub callee: String,
    /// What answers: the handler, and the functions that a wrapper around it was given.
    pub handlers: Vec<FuncId>,
    /// What runs before the handler, in order.
    pub chain: Vec<Member>,
    /// Members of the chain, or handlers, that are not known.
    pub unknown: u32,
    /// What refuses requests before the handler answers, in order.
    pub guards: Vec<Guard>,
}

/// What refuses some requests.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Guard {
    /// `authentication`, `role`, `csrf`, `rate-limit` …
    pub kind: String,
    /// It certainly refuses, and certainly stands before this handler.
    pub certain: bool,
    /// What shows it.
    pub site: Site,
    /// Its name.
    pub name: String,
    /// What it does, or why that is not certain, as a sentence without a period.
    pub why: String,
}

/// An answer that may be unknown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Answer {
    /// No.
    No,
    /// It cannot be told.
    Unknown,
    /// Yes.
    Yes,
}

impl Endpoint {
    /// Whether something of a kind stands before the handler. *No* needs a whole chain: nothing in it unknown.
    #[must_use]
    pub fn guarded(&self, kind: &str) -> Answer {
        let mut of_kind = self.guards.iter().filter(|g| g.kind == kind).peekable();
        let some = of_kind.peek().is_some();
        if of_kind.any(|g| g.certain) {
            Answer::Yes
        } else if some || self.unknown > 0 || !self.mounted {
            Answer::Unknown
        } else {
            Answer::No
        }
    }
}

/// One member of the chain before a handler.
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    /// Where it is registered.
    pub site: Site,
    /// Its name: of the function, or the path in its package.
    pub name: String,
    /// What it is.
    pub what: Stage,
    /// It certainly runs before this handler; else its path may fit or not.
    pub certain: bool,
}

/// What stands before a handler.
#[derive(Clone, PartialEq, Debug)]
pub enum Stage {
    /// A function of the program, with the functions that a wrapper around it was given, and the position of the parameter by
    /// which it passes requests on; absent: by returning.
    Function(FuncId, Vec<FuncId>, Option<usize>),
    /// A function of the program that says whether a request passes.
    Decides(FuncId),
    /// Something of a package.
    Package(PathId),
    /// Not known.
    Unknown,
}

/// Something registered for more than one endpoint.
#[derive(Clone, PartialEq, Debug)]
pub struct Middleware {
    /// Where.
    pub site: Site,
    /// Below which path, as written.
    pub path: Option<String>,
    /// As which function of a package.
    pub callee: String,
    /// Functions of the program.
    pub handlers: Vec<FuncId>,
}

/// A registration of which something is not known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unresolved {
    /// Where.
    pub site: Site,
    /// What is not known, as a sentence without a period.
    pub why: String,
}
