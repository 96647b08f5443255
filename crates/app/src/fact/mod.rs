//! What rules may ask of the application model, as facts: of endpoints, of records, of whole applications, of sessions.

mod access;
mod answer;
mod application;
mod asker;
mod blocking;
mod bound;
mod budget;
mod callback;
mod characters;
mod cipher;
mod companion;
mod confirmed;
mod constant;
mod cookie;
mod counting;
mod credential;
mod deed;
mod enumeration;
mod exemption;
mod graphql;
mod habit;
mod handed;
mod header;
mod idle;
mod ignored;
mod inclusion;
mod inverted;
mod kept;
mod lifetime;
mod link;
mod looks;
mod media;
mod message;
mod metadata;
mod naming;
mod narrowed;
mod neighbours;
mod never;
mod oauth;
mod object_permission;
mod page;
mod patience;
mod predicate;
mod reading;
mod relying;
mod replaced;
mod request;
mod resource;
mod series;
mod serving;
mod session;
mod shown;
mod shutdown;
mod sibling;
mod signature;
mod socket;
mod statement;
mod strictness;
mod switched;
mod token;
mod trace;
mod trail;
mod unasked;
mod unawaited;
mod unnamed;
mod unread;
mod unreturned;
mod unused;
mod update;
mod upload;
mod validation;
mod view;
mod waiting;
mod ways;

use crate::model::{Answer, Application, Endpoint};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::ClassIdx;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Const, Instr, Key, OpKind, Operand};
use counting::Counting;
use naming::{CHANGES, LOGINS, PREFIXES, by_capability, for_all, for_readers, named_open, names};
use neighbours::{Neighbours, Part, for_admins, part};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// The kinds of guards that are told.
const KINDS: &[(&str, &str)] = &[
    ("authentication", "authentication"),
    ("csrf", "csrf"),
    ("limit", "rate-limit"),
    ("role", "role"),
];

impl Application {
    /// One fact an endpoint, record access, application and start of a session. `known`: what calls say of configuration.
    ///
    /// The questions know nothing of each other, so they are asked beside each other; what they find stands in their order.
    #[must_use]
    pub fn facts(&self, origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
        let endpoints = &self.endpoints;
        let questions: &[&(dyn Fn() -> Vec<Fact> + Sync)] = &[
            &|| self.of_endpoints(origins, known),
            &|| self.of_accounts(origins, known),
            &|| habit::of(origins, endpoints),
            &|| self.accesses(origins),
            &|| self.passwords(),
            &|| self.privileges(),
            &|| self.owners(),
            &|| self.links(origins),
            &|| self.object_permissions(origins),
            &|| self.unasked_tests(origins),
            &|| self.media(origins),
            &|| self.applications(origins, known),
            &|| self.session_starts(origins, known),
            &|| self.exemptions(origins),
            &|| predicate::predicates(origins),
            &|| self.views(origins),
            &|| self.declarations(origins),
            &|| cipher::uses(origins, known),
            &|| statement::traced(origins, known),
            &|| token::purposes(origins, known),
            &|| token::claims(origins, known),
            &|| oauth::addresses(origins),
            &|| oauth::exchanges(origins),
            &|| oauth::servers(known),
            &|| request::facts(origins),
            &|| serving::plain(origins),
            &|| serving::operators(self),
            &|| serving::pictures(origins, known),
            &|| answer::records(origins, &self.handlers()),
            &|| self.series(origins, known),
            &|| self.sockets(origins, known),
            &|| graphql::answers(origins, endpoints, known),
            &|| resource::of(origins),
            &|| waiting::of(origins, endpoints, known),
            &|| blocking::of(origins, endpoints, known),
            &|| shutdown::of(origins, known),
            &|| patience::of(origins),
            &|| unawaited::of(origins),
            &|| inverted::of(origins),
            &|| switched::of(origins, endpoints),
            &|| message::of(origins),
            &|| unreturned::of(origins, endpoints),
            &|| update::of(origins),
            &|| upload::of(origins, known),
            &|| constant::of(origins),
            &|| ignored::of(origins, known),
            &|| trail::of(origins),
            &|| unused::of(origins),
            &|| credential::of(origins),
            &|| asker::of(origins),
            &|| deed::of(origins),
            &|| confirmed::of(origins),
            &|| kept::of(origins),
            &|| narrowed::of(origins),
            &|| never::of(origins),
            &|| reading::of(origins),
            &|| relying::of(origins, known),
            &|| lifetime::of(origins),
            &|| signature::of(origins),
            &|| shown::of(origins),
            &|| sibling::of(origins),
            &|| bound::passwords(origins),
            &|| strictness::of(origins),
            &|| characters::of(origins),
            &|| bound::pages(origins),
            &|| bound::tokens(origins, known),
            &|| budget::of(origins, endpoints),
            &|| unnamed::of(origins),
            &|| unread::of(origins),
            &|| series::of(origins),
            &|| replaced::of(origins),
            &|| handed::of(origins, known),
            &|| self.registrations(origins),
        ];
        let found: Vec<Vec<Fact>> = questions
            .par_iter()
            .with_max_len(1)
            .map(|question| question())
            .collect();
        found.into_iter().flatten().collect()
    }

    /// What is told of each endpoint, and of what is put together out of them.
    fn of_endpoints(&self, origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
        let neighbours = Neighbours::of(&self.endpoints, origins);
        let accounts = self.parts_with_accounts(origins);
        let clears = serving::clears(origins);
        let events = serving::knows_events(origins);
        let lacks = companion::of(&self.endpoints, origins, known);
        let mut counting = Counting::default();
        let endpoints = self.endpoints.iter().zip(lacks);
        let mut out: Vec<Fact> = endpoints
            .map(|(endpoint, lacks)| {
                let mut fact = fact(endpoint, &neighbours, &accounts, &mut counting, origins);
                for (name, value) in [
                    ("lacksLogin", lacks.login),
                    ("lacksCsrf", lacks.csrf),
                    ("lacksLimit", lacks.limit),
                    ("lacksOwner", lacks.owner),
                ] {
                    fact.values.push((name.to_owned(), FactValue::Bool(value)));
                }
                fact.values.push(("clears".to_owned(), tri(clears)));
                fact.values
                    .push(("events".to_owned(), FactValue::Bool(events)));
                fact
            })
            .collect();
        let parts = self.inclusions(origins, &mut out);
        out.extend(parts);
        out
    }

    /// What is told of the handling of accounts. A login that is told of by what it says is not told of once more.
    fn of_accounts(&self, origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
        let (mut out, telling) = self.enumerations(origins);
        let mut accounts = crate::account::facts(self, origins, known);
        for fact in accounts.iter_mut().filter(|f| telling.contains(&f.callee)) {
            let reveals = fact.values.iter_mut().find(|(name, _)| name == "reveals");
            if let Some((_, value)) = reveals {
                *value = FactValue::Absent;
            }
        }
        out.extend(accounts);
        out
    }

    fn handlers(&self) -> Vec<FuncId> {
        let endpoints = self.endpoints.iter();
        endpoints
            .flat_map(|endpoint| endpoint.handlers.iter().copied())
            .collect()
    }

    /// Parts of which some endpoint logs somebody in.
    fn parts_with_accounts(&self, origins: &Solver<'_, '_>) -> BTreeSet<Part> {
        let login = |endpoint: &&Endpoint| {
            logs_in(endpoint, origins) || session::logs_in(endpoint, origins)
        };
        let endpoints = self.endpoints.iter().filter(login);
        endpoints.map(|e| part(origins, e)).collect()
    }
}

fn fact(
    endpoint: &Endpoint,
    neighbours: &Neighbours,
    accounts: &BTreeSet<Part>,
    counting: &mut Counting,
    origins: &Solver<'_, '_>,
) -> Fact {
    let login = is_login(endpoint, origins);
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
            FactValue::Bool(
                matches!(
                    endpoint.method.as_str(),
                    "post" | "put" | "patch" | "delete" | "del"
                ) || handles_post(endpoint, origins)
                    || matches!(endpoint.method.as_str(), "any" | "all")
                        && (endpoint.objects.writes || endpoint.objects.deletes)
                    || endpoint.method == "route" && endpoint.objects.deletes,
            ),
        ),
        ("login".to_owned(), FactValue::Bool(login)),
        (
            "open".to_owned(),
            FactValue::Bool(is_open(endpoint, origins)),
        ),
    ];
    for &(name, kind) in KINDS {
        let answer = match endpoint.guarded(kind) {
            Answer::No if kind == "rate-limit" && counting.may(endpoint, origins) => {
                Answer::Unknown
            }
            answer => answer,
        };
        values.push((name.to_owned(), tri(answer)));
    }
    let (siblings, bare) = neighbours.siblings(endpoint);
    values.push(("siblings".to_owned(), number(siblings)));
    let alone = siblings >= 3
        && bare * 3 <= siblings
        && !by_capability(endpoint)
        && (siblings >= MANY || reads_some(endpoint))
        // Lists and details that a library answers are as often meant for everybody as not.
        && (!endpoint.by_class || endpoint.method != "get")
        && !for_readers(endpoint)
        && !page::is_fixed(endpoint, origins)
        && !page::sends_elsewhere(endpoint, origins);
    let alone = alone
        || neighbours.alone_for_admins(endpoint, origins)
            && !endpoint.by_class
            && !page::is_fixed(endpoint, origins)
            && !page::sends_elsewhere(endpoint, origins);
    let certain = endpoint
        .guards
        .iter()
        .any(|g| g.kind == "authentication" && g.certain);
    let misplaced = !certain
        && endpoint
            .misplaced
            .iter()
            .any(|g| g.understood && matches!(g.kind.as_str(), "authentication" | "role"));
    let changes = names(endpoint).any(|name| CHANGES.iter().any(|word| name.contains(word)));
    let only_read = endpoint.method == "get" && !neighbours.posts(endpoint.site);
    for (name, value) in [
        ("outlier", alone),
        (
            "elsewhere",
            neighbours.alone_in_changing(endpoint, origins) && !page::is_idle(endpoint),
        ),
        ("aware", endpoint.aware),
        ("admin", for_admins(endpoint)),
        ("misplaced", misplaced),
        (
            "bare",
            is_bare(endpoint, neighbours)
                && !is_base(endpoint, origins)
                && !is_for_trials(endpoint, origins),
        ),
        ("lesser", neighbours.asks_less(endpoint, origins)),
        (
            "people",
            endpoint.objects.persons
                && !neighbours.shows_persons()
                && neighbours.guarded_elsewhere(endpoint)
                && !by_capability(endpoint)
                && !for_readers(endpoint),
        ),
        ("personal", endpoint.objects.personal),
        (
            "stores",
            endpoint.objects.writes || endpoint.objects.deletes,
        ),
        ("accounts", accounts.contains(&part(origins, endpoint))),
        ("callback", callback::believes(endpoint, origins)),
        ("logout", serving::ends_session(endpoint)),
        ("backchannel", serving::ends_for_others(endpoint)),
        ("cached", serving::cached(endpoint, origins)),
    ] {
        values.push((name.to_owned(), FactValue::Bool(value)));
    }
    // Whether what is written is what was asked for is told by the name alone.
    let writes = only_read && (endpoint.objects.writes || endpoint.objects.deletes);
    let unsure = if endpoint.by_class {
        // What a library answers between what it asks of the class is not read.
        only_read
    } else if writes {
        !changes
    } else {
        only_read && endpoint.objects.open
    };
    let changes = if unsure {
        FactValue::Unknown
    } else {
        FactValue::Bool(writes)
    };
    values.push(("changes".to_owned(), changes));
    let (site, function) = crate::account::place(endpoint, origins);
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

/// So many neighbours make it strange that one of them wants no login, whatever it reads.
const MANY: usize = 6;

/// What is answered depends on what the client says, belongs to somebody, or is not known.
fn reads_some(endpoint: &Endpoint) -> bool {
    let objects = &endpoint.objects;
    let parameters = endpoint.path.as_deref().unwrap_or_default();
    !objects.chosen.is_empty()
        || objects.persons
        || objects.writes
        || objects.deletes
        || parameters.contains([':', '<', '{'])
        || endpoint.method != "get" && endpoint.method != "graphql"
}

/// Its handler is a method of a class that others are made from and that is registered nowhere: it answers where they are.
fn is_base(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let Some(handler) = endpoint
        .handlers
        .first()
        .filter(|_| endpoint.path.is_none())
    else {
        return false;
    };
    let f = origins.program.func(*handler);
    f.func.class.is_some_and(|class| {
        let own = f.class(class);
        let count = u32::try_from(origins.program.class_count()).unwrap_or(u32::MAX);
        (0..count).any(|other| {
            let bases = origins.of_bases(ClassIdx(other)).iter();
            bases
                .into_iter()
                .any(|base| origins.val(*base) == Some(Val::Class(own)))
        })
    })
}

/// It answers nobody but those who test or develop the program.
fn is_for_trials(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let handler = endpoint.handlers.first();
    handler.is_some_and(|func| {
        crate::guard::switch::is_for_trials(origins, origins.program.func(*func))
    })
}

/// Nobody is asked who it is, as far as the whole chain tells.
fn is_bare(endpoint: &Endpoint, neighbours: &Neighbours) -> bool {
    endpoint.unknown == 0
        && endpoint.mounted
        && !endpoint.open
        && (!endpoint.handlers.is_empty() || endpoint.by_class)
        && !endpoint.aware
        && !neighbours.has_own_guard(endpoint)
        && !endpoint
            .guards
            .iter()
            .any(|g| [crate::guard::REFUSAL, crate::guard::DENIAL].contains(&g.kind.as_str()))
}

/// Its names say that it is for everybody, or a password is sent to it.
fn is_open(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    naming::for_everybody(endpoint) || takes_password(endpoint, origins)
}

/// Somebody logs in, registers or comes back from another service: before it, nobody is known.
fn begins(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let last = names(endpoint).filter(|name| !name.is_empty()).last();
    let named = last.is_some_and(|name| BEGINS.contains(&name.as_str()));
    named || is_login(endpoint, origins) || named_open(endpoint, origins)
}

/// The last names of paths at which nobody is known yet.
const BEGINS: &[&str] = &[
    "login",
    "signin",
    "signup",
    "register",
    "registration",
    "callback",
    "forgot",
];

/// Its handler's name says that it is for everybody, or a password is sent to it.
fn takes_password(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    named_open(endpoint, origins)
        || endpoint.method == "post"
            && endpoint
                .handlers
                .iter()
                .any(|f| reads_password(*f, origins, 0))
}

/// Whether somebody logs in.
pub(crate) fn is_login(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    logs_in(endpoint, origins) || session::logs_in(endpoint, origins) || asks_password(endpoint)
}

/// Whether anything on the way to the answer may count.
pub(crate) fn counts(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    counting::may_count(endpoint, origins)
}

/// The unit that an endpoint is registered in.
fn unit(origins: &Solver<'_, '_>, endpoint: &Endpoint) -> Option<u32> {
    let units = &origins.program.units;
    units.get(endpoint.site.file.0 as usize).copied()
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

/// It says so, it is sent data, and a password is read or a library asks for it.
fn logs_in(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let last = names(endpoint).filter(|name| !name.is_empty()).last();
    let named = last
        .as_ref()
        .is_some_and(|name| LOGINS.contains(&name.as_str()));
    let asked = endpoint
        .guards
        .iter()
        .any(|guard| guard.kind == "authentication");
    let library = endpoint.handlers.is_empty();
    // A class whose form a library reads.
    let form = endpoint.method == "post"
        && endpoint.callee.starts_with("py:django")
        && last
            .as_deref()
            .is_some_and(|name| !name.starts_with("session"));
    matches!(endpoint.method.as_str(), "post" | "all" | "route")
        && named
        && (library
            || form
            || asked
            || endpoint
                .handlers
                .iter()
                .any(|f| reads_password(*f, origins, 0)))
}

/// Whether a record is looked for by a password that the client says: somebody asks to be let in.
fn asks_password(endpoint: &Endpoint) -> bool {
    let password = |key: &String| {
        let flat: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
        flat.contains("passw") || flat == "pwd" || flat == "pass"
    };
    matches!(endpoint.method.as_str(), "post" | "all" | "route" | "any")
        && endpoint.objects.chosen.iter().any(|access| {
            access.op == "read" && access.key.len() > 1 && access.key.iter().any(password)
        })
}

/// Whether a handler of all methods compares its method with the one that changes something.
fn handles_post(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let is_post = |func: FuncId| {
        let f = origins.program.func(func);
        let post = |operand: &Operand| match operand {
            Operand::Const(id) => matches!(f.file.facts.constant(*id), Const::Str(text)
                if f.file.facts.str(*text) == "POST"),
            Operand::Local(_) => false,
        };
        f.func.instrs.iter().any(|instr| match *instr {
            Instr::Op {
                op: OpKind::Eq | OpKind::StrictEq,
                operands,
                ..
            } => f.func.operands(operands).iter().any(post),
            _ => false,
        })
    };
    matches!(endpoint.method.as_str(), "route" | "all" | "any")
        && endpoint.handlers.iter().any(|handler| is_post(*handler))
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
