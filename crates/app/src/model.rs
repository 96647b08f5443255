//! What is known of an application: plain, owned data.

pub use crate::around::{Around, Held};
pub use crate::guard::names::Names;
use casemate_flow::apipath::PathId;
use casemate_flow::program::ClassIdx;
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{LocalId, Span};
use std::collections::{BTreeMap, BTreeSet};

/// An application.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Application {
    /// In the order of their places.
    pub endpoints: Vec<Endpoint>,
    /// What stands before endpoints, in the order of their places.
    pub middleware: Vec<Middleware>,
    /// What settings put before all endpoints of their unit.
    pub everywhere: Vec<Member>,
    /// Registrations of which something is not known, in the order of their places.
    pub unresolved: Vec<Unresolved>,
    /// Calls that register, seen anywhere in the program.
    pub registrations: usize,
    /// Names of records that somewhere are made or found by who asks: they belong to somebody.
    pub owned: BTreeSet<String>,
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
    /// The call of the package that registers it, where a helper of the program makes that call.
    pub call: Option<Site>,
    /// The decorator that registers the handler, where one does: others may register it once more.
    pub decorator: Option<Span>,
    /// As which function of a package.
    pub callee: String,
    /// What answers: the handler, and the functions that a wrapper around it was given.
    pub handlers: Vec<FuncId>,
    /// What the handler holds of what it was made with.
    pub own: Around,
    /// What runs before the handler, in order.
    pub chain: Vec<Member>,
    /// Members of the chain, or handlers, that are not known.
    pub unknown: u32,
    /// What refuses requests before the handler answers, in order.
    pub guards: Vec<Guard>,
    /// It says itself that it is for everybody.
    pub open: bool,
    /// The class that is registered, of which the handler is a method.
    pub class: Option<ClassIdx>,
    /// Where the class is registered by which it answers.
    pub registered: Option<Site>,
    /// What the names of the methods of that class end in by which it answers here: `on_get_one` of `one`.
    pub suffix: Option<String>,
    /// A class that is registered answers, by a method that stands in a base of it or in a library; the handlers are what that
    /// method asks of the class.
    pub by_class: bool,
    /// The handler, or what it calls, looks at who asks.
    pub aware: bool,
    /// Where the application that it belongs to is made.
    pub root: Option<Site>,
    /// Where what it is registered on is put below something else.
    pub included: Option<Site>,
    /// The name by which the framework knows it, where programs ask for that: `orders.show` of Flask.
    pub called: Option<String>,
    /// What it reads and changes.
    pub objects: Objects,
    /// Decorators above the one that registers the handler: they wrap what nobody calls.
    pub outside: Vec<Member>,
    /// What of those would refuse requests.
    pub misplaced: Vec<Guard>,
}

impl Endpoint {
    /// An endpoint that is registered here, of which nothing else is known yet.
    pub(crate) fn at(site: Site) -> Self {
        Self {
            method: String::new(),
            path: None,
            mounted: false,
            site,
            call: None,
            decorator: None,
            callee: String::new(),
            handlers: Vec::new(),
            own: Around::default(),
            chain: Vec::new(),
            unknown: 0,
            guards: Vec::new(),
            open: false,
            class: None,
            suffix: None,
            by_class: false,
            aware: false,
            root: None,
            included: None,
            registered: None,
            called: None,
            objects: Objects::default(),
            outside: Vec::new(),
            misplaced: Vec::new(),
        }
    }
}

/// What an endpoint does with records.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Objects {
    /// Kinds of records that are found by who asks, alone or beside something else.
    pub bound: BTreeSet<String>,
    /// Records that are found by something that the client says.
    pub chosen: Vec<Access>,
    /// Whether whoever asks plays a part: in a comparison, in a query, in a call that is not known.
    pub personal: bool,
    /// The same, where that is more than being stored: `updatedBy: user.id`.
    pub asks: bool,
    /// It is asked whether somebody is known.
    pub known: bool,
    /// What asks who it is keeps nobody's name: there is nobody whose records these could be.
    pub nameless: bool,
    /// Names by which the client chooses what is looked at together with who asks.
    pub beside: Names,
    /// Of these, the ones of which something depends on who asks: a comparison, a condition, a query.
    pub decided: Names,
    /// Names under which the client says of what guards ask whether somebody may.
    pub guarded: Names,
    /// Names that are looked at together, whoever asks: in one query, one comparison, one call.
    pub joined: BTreeSet<Names>,
    /// A function is asked about who asks, and about nothing else.
    pub asked: bool,
    /// Where who asks is looked at together with what the client names.
    pub related: BTreeSet<Site>,
    /// Names by which the client chooses records whose fields are set.
    pub changed: Names,
    /// Something is deleted, of a store or of the file system.
    pub deletes: bool,
    /// Something is written.
    pub writes: bool,
    /// Records of persons are read.
    pub persons: bool,
    /// What the client says is written to a store.
    pub takes: bool,
    /// Something that the client says is compared.
    pub checked: bool,
    /// Something is given to what validates.
    pub validated: bool,
    /// Something is called of which nothing is known.
    pub open: bool,
    /// It is given to something that is not known, which may check it.
    pub handed: bool,
    /// Places where a record is changed after another one was, by one function.
    pub series: BTreeSet<(Site, FuncId)>,
    /// Something makes changes one.
    pub together: bool,
    /// An e-mail is sent.
    pub mails: bool,
    /// Places where a password takes part in a query or is stored as it came.
    pub passwords: BTreeSet<(Site, FuncId)>,
    /// Places where a client says which role somebody gets, with the field's name.
    pub privileges: BTreeSet<(Site, FuncId, String)>,
    /// Places where a client says whose a new record is, with the field's name.
    pub owners: BTreeSet<(Site, FuncId, String)>,
    /// Fields of new records that hold what the client says, and may be keys of other records.
    pub links: BTreeSet<Link>,
}

/// A field of a new record that the client fills.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Link {
    /// Where the record is made.
    pub site: Site,
    /// The function around it.
    pub function: FuncId,
    /// The field: `projectId`.
    pub field: String,
    /// The names under which the client says what it holds.
    pub names: Names,
}

/// One way to records.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Access {
    /// The query.
    pub site: Site,
    /// The function around it.
    pub function: FuncId,
    /// `read`, `write`, `delete`, `create`.
    pub op: String,
    /// The records' name, lower case: of the model, table or collection; empty: not known.
    pub object: String,
    /// The names by which the record is chosen, lower case.
    pub key: Vec<String>,
    /// The names under which the client says which record.
    pub names: Names,
    /// It stands with the caller of a function that finds records by whatever it is told.
    pub handed: bool,
    /// The call in the handler that leads to it.
    pub via: Option<Site>,
    /// The function around it does little else: `removeById(id)`.
    pub thin: bool,
    /// What is called.
    pub callee: String,
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
    /// It stands before more than this endpoint.
    pub shared: bool,
    /// What it checks is understood, though some requests may pass without the check.
    pub understood: bool,
    /// What it was made with here, and what its handler notes for it: the same guard asks for other roles elsewhere.
    pub asked: String,
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
        let unclear = |g: &Guard| match g.kind.as_str() {
            crate::guard::REFUSAL => matches!(kind, "authentication" | "role" | "owner"),
            crate::guard::DENIAL => kind == "authentication",
            _ => false,
        };
        let mut of_kind = self.guards.iter().filter(|g| g.kind == kind).peekable();
        let some = of_kind.peek().is_some() || self.guards.iter().any(unclear);
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
    /// What it holds of what it was made with.
    pub around: Around,
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
    /// A function of the program that stands in the place of the handler and calls it through the parameter of the function
    /// that made it.
    Wraps(FuncId, (FuncId, LocalId)),
    /// A function of the program that runs before handlers; what it returns is the answer, unless it is nothing.
    Before(FuncId),
    /// Middleware that settings name: it passes requests on by calling `get_response`, or, where it is called `process_…`, by returning
    /// nothing.
    Middleware(FuncId),
    /// A method of a class through which all its requests go: it passes them on by calling the method of the same name above it.
    Method(FuncId),
    /// A guard of a kind that a setting names.
    Setting(&'static str, String),
    /// What code that is not here puts before it, by its name; without one: what answers many things in one place, and may ask all of
    /// them who it is.
    Elsewhere(String),
    /// Something of a package.
    Package(PathId),
    /// Not known.
    Unknown,
}

impl Stage {
    /// The functions of the program that it runs.
    pub(crate) fn functions(&self) -> impl Iterator<Item = FuncId> + '_ {
        let (own, given) = match self {
            Self::Function(func, given, _) => (Some(*func), given.as_slice()),
            Self::Wraps(func, _)
            | Self::Before(func)
            | Self::Middleware(func)
            | Self::Decides(func)
            | Self::Method(func) => (Some(*func), [].as_slice()),
            Self::Setting(..) | Self::Elsewhere(_) | Self::Package(_) | Self::Unknown => {
                (None, [].as_slice())
            }
        };
        own.into_iter().chain(given.iter().copied())
    }
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
