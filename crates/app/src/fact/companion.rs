//! What stands before nearly all endpoints of a kind and not before one: guards that are forgotten in one place.
//!
//! Nothing is claimed of a habit that few endpoints have, nor of an endpoint before which anything is unknown.

use super::asker::ASKERS;
use super::neighbours::{Part, part};
use super::{counting, for_all, socket};
use crate::model::{Answer, Endpoint};
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FileIdx, FuncId, Site};
use casemate_ir::{Instr, Key, Operand};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// So many others make a habit, at so many places …
const HABIT: usize = 4;

/// … and at most one exception in so many.
const EXCEPTIONS: usize = 5;

/// Last names of addresses that are steps of what the name before them says.
const STEPS: &[&str] = &[
    "options",
    "challenge",
    "begin",
    "start",
    "initiate",
    "finish",
    "complete",
];

/// What is before one endpoint, registered with it alone.
#[derive(Clone, Copy, Default, Debug)]
struct Before {
    /// Something that asks or finds out who it is.
    login: bool,
    /// Something that refuses what other sites make browsers send.
    csrf: bool,
    /// Something that counts.
    limit: bool,
    /// Something that compares whose a record is.
    owner: bool,
}

/// What each endpoint lacks that others like it have.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Lacks {
    pub login: bool,
    pub csrf: bool,
    pub limit: bool,
    pub owner: bool,
}

/// For each endpoint, in order. `configured`: what calls say of configuration.
pub(super) fn of(
    endpoints: &[Endpoint],
    origins: &Solver<'_, '_>,
    configured: &[Fact],
) -> Vec<Lacks> {
    // A socket stays open: whoever opens one makes something anew.
    let opening = socket::opening(endpoints, origins, configured);
    let mut counts: FxHashMap<FuncId, bool> = FxHashMap::default();
    let before: Vec<Before> = endpoints
        .iter()
        .map(|endpoint| before(endpoint, origins, &mut counts))
        .collect();
    let parts: Vec<Part> = endpoints.iter().map(|e| part(origins, e)).collect();
    let habit = |has: &dyn Fn(&Before) -> bool, is_of_kind: &dyn Fn(&Endpoint, &Before) -> bool| {
        // What is done in one program is no habit of another one beside it.
        let mut all: FxHashSet<Site> = FxHashSet::default();
        for part in parts.iter().collect::<BTreeSet<_>>() {
            let here: Vec<(&Endpoint, &Before)> = (endpoints.iter().zip(&before).zip(&parts))
                .filter(|((e, b), of)| *of == part && is_of_kind(e, b))
                .map(|(pair, _)| pair)
                .collect();
            all.extend(exceptions(&here, has));
        }
        all
    };
    let writes = |e: &Endpoint| {
        matches!(
            e.method.as_str(),
            "post" | "put" | "patch" | "delete" | "del"
        )
    };
    let known = |e: &Endpoint| e.unknown == 0 && e.mounted && !e.open && e.path.is_some();
    // Whoever asks plays a part: in those that are told who it is, by what stands before them.
    let login = habit(&|b| b.login, &|e, _| e.aware && known(e) && !named_open(e));
    let along = habit(&|b| b.login, &|e, b| b.csrf && writes(e) && known(e));
    let csrf = habit(&|b| b.csrf, &|e, b| b.login && writes(e) && known(e));
    let limit = habit(&|b| b.limit, &|e, _| {
        (e.method == "post" || opening.contains(&e.site)) && known(e)
    });
    // What changes the record that its address names.
    let owner = habit(&|b| b.owner, &|e, b| {
        let named = e.path.as_ref().is_some_and(|p| p.contains([':', '<', '{']));
        let apart = b.owner
            || !e.aware
                && !e.objects.personal
                && e.guarded("owner") == Answer::No
                && e.guarded("role") == Answer::No;
        writes(e) && known(e) && named && e.guarded("authentication") == Answer::Yes && apart
    });
    let shared = shared_limits(endpoints, &before, origins, known);
    endpoints
        .iter()
        .map(|e| Lacks {
            owner: owner.contains(&e.site),
            login: login.contains(&e.site) || along.contains(&e.site),
            csrf: csrf.contains(&e.site),
            limit: limit.contains(&e.site) || shared.contains(&e.site),
        })
        .collect()
}

/// The places of exceptions from what nearly all endpoints of a kind have.
fn exceptions(of_kind: &[(&Endpoint, &Before)], has: &dyn Fn(&Before) -> bool) -> FxHashSet<Site> {
    let with: FxHashSet<Site> = of_kind
        .iter()
        .filter(|(_, b)| has(b))
        .map(|(e, _)| e.site)
        .collect();
    let without: FxHashSet<Site> = of_kind
        .iter()
        .filter(|(_, b)| !has(b))
        .map(|(e, _)| e.site)
        .filter(|site| !with.contains(site))
        .collect();
    if with.len() >= HABIT && without.len() * EXCEPTIONS <= with.len() {
        without
    } else {
        FxHashSet::default()
    }
}

/// Endpoints before which a limit does not stand that stands, under its name, before nearly all others of the same file that
/// are posted to without a login: guesses at one are guesses at all.
fn shared_limits(
    endpoints: &[Endpoint],
    before: &[Before],
    origins: &Solver<'_, '_>,
    known: impl Fn(&Endpoint) -> bool,
) -> FxHashSet<Site> {
    let asked: Vec<&Endpoint> = endpoints
        .iter()
        .zip(before)
        .filter(|(e, b)| e.method == "post" && known(e) && !b.login && b.limit)
        .map(|(e, _)| e)
        .collect();
    let places: FxHashSet<Site> = asked.iter().map(|e| e.site).collect();
    let given = given(origins, &places);
    let mut files: BTreeMap<FileIdx, Vec<(Site, BTreeSet<&str>)>> = BTreeMap::new();
    for site in asked.iter().map(|e| e.site) {
        let names = given.get(&site).cloned().unwrap_or_default();
        files.entry(site.file).or_default().push((site, names));
    }
    let mut out = FxHashSet::default();
    for registered in files.values() {
        let names: BTreeSet<&str> = registered.iter().flat_map(|(_, n)| n).copied().collect();
        for name in names {
            let has = |r: &&(Site, BTreeSet<&str>)| r.1.contains(name);
            let without = || registered.iter().filter(|r| !has(r));
            let with = registered.len() - without().count();
            if with >= HABIT && without().count() * EXCEPTIONS <= with {
                out.extend(without().map(|(site, _)| *site));
            }
        }
    }
    out
}

/// The variables that registrations at these places are given.
fn given<'p>(
    origins: &Solver<'p, '_>,
    places: &FxHashSet<Site>,
) -> FxHashMap<Site, BTreeSet<&'p str>> {
    let mut out: FxHashMap<Site, BTreeSet<&'p str>> = FxHashMap::default();
    let program = origins.program;
    for f in program.function_ids().map(|func| program.func(func)) {
        for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
            let Instr::Call { args, .. } = *instr else {
                continue;
            };
            let site = Site {
                file: f.file_idx,
                span: *span,
            };
            if places.contains(&site) {
                let args = f.func.args(args).iter();
                let names = args.filter_map(|arg| crate::object::key::variable(f, arg.value));
                out.entry(site).or_default().extend(names);
            }
        }
    }
    out
}

/// The last name of its path says that it is for everybody.
fn named_open(endpoint: &Endpoint) -> bool {
    let names: Vec<String> = super::names(endpoint)
        .filter(|name| !name.is_empty())
        .collect();
    // A step of something is for whom that is for: `/sign-in/options`, `/login/challenge`.
    let mut said = names.iter().rev();
    let named = said.find(|name| !STEPS.contains(&name.as_str()));
    named.is_none_or(|name| for_all(name))
        || super::for_readers(endpoint)
        || super::naming::begins_all(endpoint)
}

fn before(
    endpoint: &Endpoint,
    origins: &Solver<'_, '_>,
    counts: &mut FxHashMap<FuncId, bool>,
) -> Before {
    let mut out = Before::default();
    for member in endpoint.chain.iter().filter(|m| m.site == endpoint.site) {
        let functions: Vec<FuncId> = member.what.functions().collect();
        let inside = |site: Site| {
            site == member.site
                || functions.iter().any(|func| {
                    let f = origins.program.func(*func);
                    f.file_idx == site.file
                        && f.func.span.start <= site.span.start
                        && site.span.end <= f.func.span.end
                })
        };
        let guards = || {
            endpoint
                .guards
                .iter()
                .filter(|guard| guard.name == member.name && inside(guard.site))
        };
        let csrf = guards().any(|g| g.kind == "csrf");
        let limit = guards().any(|g| g.kind == "rate-limit")
            || functions.iter().any(|func| {
                *counts
                    .entry(*func)
                    .or_insert_with(|| counting::function_counts(*func, origins))
            });
        // What counts or compares tokens may look at who asks, and finds nobody out.
        out.login |= guards().any(|guard| {
            matches!(guard.kind.as_str(), "authentication" | "role")
                && (guard.certain || !csrf && !limit)
        });
        out.login |= functions.iter().any(|func| notes_who(*func, origins));
        out.owner |= guards().any(|guard| guard.kind == "owner" && guard.certain);
        out.csrf |= csrf;
        out.limit |= limit;
    }
    out
}

/// Whether a function notes who asks on what it is handed: `req.user = await sessions.userOf(req)`. It may let pass whom it does
/// not know, which is no guard; that it stands there says that nobody forgot to ask.
fn notes_who(func: FuncId, origins: &Solver<'_, '_>) -> bool {
    let f = origins.program.func(func);
    let handed = |local| f.func.params.iter().any(|param| param.local == local);
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Store {
            base: Operand::Local(base),
            key: Key::Field(name),
            value: Operand::Local(_),
        } => {
            let name = f.file.facts.str(name).to_lowercase();
            handed(base) && ASKERS.contains(&name.replace('_', "").as_str())
        }
        _ => false,
    })
}
