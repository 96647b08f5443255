//! Checks that nearly all handlers make which handle a thing of some name, and that one leaves out: what is done everywhere else is
//! taken for a rule of the program (Engler et al., "Bugs as deviant behavior", SOSP 2001). What a check does need not be understood.
//!
//! Nothing is claimed of a habit that few handlers have, nor of a handler that refuses anybody for who they are.

mod ask;
mod reach;

use super::neighbours::{Part, part};
use super::{for_all, names};
use crate::guard::root::{Known, Search};
use crate::guard::{DENIAL, ITSELF, REFUSAL};
use crate::model::{Answer, Endpoint};
use ask::Thing;
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use reach::{Body, Done, Reach, Use};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// So many handlers make a habit …
const HABIT: usize = 4;

/// … and at most one exception in so many.
const EXCEPTIONS: usize = 4;

/// So many of them make another check too.
const BESIDES: usize = 3;

/// Names that say nothing of what they name, and those of who asks.
const PLAIN: &[&str] = &[
    "id",
    "ids",
    "pk",
    "uuid",
    "key",
    "name",
    "slug",
    "type",
    "code",
    "data",
    "body",
    "params",
    "query",
    "input",
    "value",
    "values",
    "payload",
    "options",
    "opts",
    "args",
    "kwargs",
    "item",
    "items",
    "obj",
    "object",
    "record",
    "result",
    "res",
    "req",
    "request",
    "response",
    "reply",
    "ctx",
    "context",
    "c",
    "e",
    "event",
    "next",
    "self",
    "this",
    "db",
    "session",
    "user",
    "userid",
    "currentuser",
    "me",
    "role",
    "parsedinput",
    "auth",
    "token",
    "account",
    "email",
    "username",
    "config",
    "info",
    "root",
    "parent",
    "instance",
    "cls",
    "model",
    "queryset",
    "form",
    "serializer",
    "permission",
    "permissions",
];

/// One fact for each check that is left out.
pub(super) fn of(origins: &Solver<'_, '_>, endpoints: &[Endpoint]) -> Vec<Fact> {
    let set = Known::default();
    let mut bodies: FxHashMap<FuncId, Body> = FxHashMap::default();
    let mut seen = BTreeSet::new();
    let mut handlers = Vec::new();
    for endpoint in endpoints {
        for &handler in &endpoint.handlers {
            if !seen.insert(handler) {
                continue;
            }
            let mut reach = Reach {
                origins,
                set: &set,
                bodies: &mut bodies,
                seen: FxHashSet::default(),
                done: Done::default(),
            };
            reach.enter(handler, 0);
            handlers.push(Handler::of(endpoint, origins, reach.done));
        }
    }
    // What is done in one program is no habit of another one beside it.
    let mut things: BTreeMap<(&Part, &str), Of<'_>> = BTreeMap::new();
    for handler in &handlers {
        let asked: BTreeSet<&str> = handler.done.asks.keys().map(|t| t.name.as_str()).collect();
        for thing in &asked {
            let of = things.entry((&handler.part, thing)).or_default();
            of.asking.push(handler);
        }
        for thing in handler.done.handles.keys() {
            let looked =
                asked.contains(thing.name.as_str()) || handler.done.beside.contains(&thing.name);
            if !handler.open && !looked {
                let of = things.entry((&handler.part, &thing.name)).or_default();
                of.handling.push((handler, thing));
            }
        }
    }
    let mut out = BTreeMap::new();
    for ((_, name), of) in things {
        let Some(left) = of.left_out(origins, &set, name) else {
            continue;
        };
        for chosen in left.by {
            let site = Site {
                file: origins.program.func(chosen.func).file_idx,
                span: chosen.span,
            };
            out.entry(site).or_insert_with(|| Fact {
                fact: "habit".to_owned(),
                site,
                function: chosen.func,
                callee: format!("{}` about `{name}", left.check),
                values: vec![
                    ("left".to_owned(), FactValue::Bool(true)),
                    ("with".to_owned(), super::number(left.with)),
                    ("same".to_owned(), super::number(left.times)),
                ],
            });
        }
    }
    out.into_values().collect()
}

/// Handlers by what they do with things of one name.
#[derive(Default)]
struct Of<'h> {
    /// Those that make some check about one.
    asking: Vec<&'h Handler>,
    /// Those that do something with one and make none.
    handling: Vec<(&'h Handler, &'h Thing)>,
}

/// A check that is left out.
struct Left<'h> {
    /// The one that most others make, and how many.
    check: &'h str,
    times: usize,
    /// How many make any.
    with: usize,
    /// Where it is left out.
    by: Vec<Use>,
}

impl<'h> Of<'h> {
    /// What nearly all do and some do not.
    fn left_out(self, origins: &Solver<'_, '_>, set: &Known, name: &str) -> Option<Left<'h>> {
        let (with, without) = (self.asking, self.handling);
        let told = |h: &&&Handler| h.done.personal.contains(name);
        if with.iter().filter(told).count() < HABIT {
            return None;
        }
        // What is asked as well by those that ask this is no substitute for it.
        let besides =
            |name: &String| with.iter().filter(|h| h.done.names.contains(name)).count() >= BESIDES;
        let guarded = with.iter().filter(|h| h.guarded).count() * 2 > with.len();
        // Beside those that want a login, one that wants none is meant for others.
        let logins = with.iter().filter(|h| h.login).count() * 2 > with.len();
        // The same thing is got in the same way, as far as that is seen.
        let got: BTreeSet<&str> = with
            .iter()
            .flat_map(|h| h.done.asks.keys())
            .filter(|t| t.name == name)
            .map(|t| t.by.as_str())
            .collect();
        let same = |thing: &Thing| {
            got.contains(thing.by.as_str()) || !thing.by.is_empty() && got.contains("")
        };
        let bare: Vec<(&Handler, Use)> = without
            .into_iter()
            .filter(|(h, thing)| {
                h.done.names.iter().all(besides)
                    && (guarded || !h.guarded)
                    && !(logins && h.anybody)
                    && same(thing)
            })
            .filter_map(|(h, thing)| Some((h, chosen(origins, set, h.done.handles.get(thing)?)?)))
            .collect();
        let mut often: BTreeMap<&str, usize> = BTreeMap::new();
        for asked in with
            .iter()
            .flat_map(|h| &h.done.asks)
            .filter(|(t, _)| t.name == name)
            .flat_map(|(_, names)| names)
        {
            *often.entry(asked).or_default() += 1;
        }
        let (check, times) = often
            .into_iter()
            .max_by_key(|(name, times)| (*times, std::cmp::Reverse(*name)))?;
        // Whoever changes nothing need not be asked whether they may.
        let by: Vec<Use> = bare
            .into_iter()
            .filter(|(h, _)| h.changes || !ask::is_about_change(check))
            .map(|(_, chosen)| chosen)
            .collect();
        (by.len() * EXCEPTIONS <= with.len()).then_some(Left {
            check,
            times,
            with: with.len(),
            by,
        })
    }
}

/// One handler.
struct Handler {
    /// The program that it belongs to.
    part: Part,
    done: Done,
    /// It is for everybody, or not all that stands before it is known.
    open: bool,
    /// Nothing asks who it is.
    anybody: bool,
    /// What stands before it wants a login.
    login: bool,
    /// It changes something, by its method or its name.
    changes: bool,
    /// What stands before it asks what who asks may do, or may.
    guarded: bool,
}

impl Handler {
    fn of(endpoint: &Endpoint, origins: &Solver<'_, '_>, done: Done) -> Self {
        Self {
            part: part(origins, endpoint),
            done,
            open: endpoint.unknown > 0
                || endpoint.open
                || names(endpoint).any(|name| for_all(&name)),
            anybody: is_for_anybody(endpoint),
            login: endpoint.guarded("authentication") == Answer::Yes,
            changes: changes(endpoint, origins),
            guarded: endpoint.guards.iter().any(|guard| {
                let asks = ["role", "owner", REFUSAL, DENIAL].contains(&guard.kind.as_str());
                !guard.why.starts_with(ITSELF) && (asks || !guard.certain && !guard.understood)
            }),
        }
    }
}

/// Nothing asks who it is, so there is nobody to refuse for who they are.
fn is_for_anybody(endpoint: &Endpoint) -> bool {
    endpoint.guarded("authentication") == Answer::No
        && !endpoint.aware
        && !endpoint.objects.personal
}

/// Its method or the name of its handler says that it changes something that is there.
fn changes(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    matches!(endpoint.method.as_str(), "put" | "patch" | "delete" | "del")
        || endpoint
            .handlers
            .iter()
            .any(|func| ask::is_about_change(&origins.program.func_name(*func)))
}

/// The use by which a client chooses the thing, and nothing about who asks does.
fn chosen(origins: &Solver<'_, '_>, set: &Known, uses: &[Use]) -> Option<Use> {
    uses.iter().copied().find(|used| {
        let roots = Search::of(origins, set, used.func, used.value);
        roots.client && !roots.principal
    })
}

/// The name says what it names.
fn tells(thing: &Thing) -> bool {
    thing.name.len() > 2 && !PLAIN.contains(&thing.name.as_str())
}
