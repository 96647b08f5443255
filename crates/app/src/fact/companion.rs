//! What stands before nearly all endpoints of a kind and not before one: guards that are forgotten in one place.
//!
//! Nothing is claimed of a habit that few endpoints have, nor of an endpoint before which anything is unknown.

use super::{counting, for_all};
use crate::model::{Answer, Endpoint, Stage};
use casemate_flow::origin::Solver;
use casemate_flow::result::{FuncId, Site};
use rustc_hash::{FxHashMap, FxHashSet};

/// So many others make a habit, at so many places …
const HABIT: usize = 4;

/// … and at most one exception in so many.
const EXCEPTIONS: usize = 5;

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

/// For each endpoint, in order.
pub(super) fn of(endpoints: &[Endpoint], origins: &Solver<'_, '_>) -> Vec<Lacks> {
    let mut counts: FxHashMap<FuncId, bool> = FxHashMap::default();
    let before: Vec<Before> = endpoints
        .iter()
        .map(|endpoint| before(endpoint, origins, &mut counts))
        .collect();
    let writes = |e: &Endpoint| {
        matches!(
            e.method.as_str(),
            "post" | "put" | "patch" | "delete" | "del"
        )
    };
    let known = |e: &Endpoint| e.unknown == 0 && e.mounted && !e.open && e.path.is_some();
    // Whoever asks plays a part: in those that are told who it is, by what stands before them.
    let login = habit(
        endpoints,
        &before,
        |b| b.login,
        |e, _| e.aware && known(e) && !named_open(e),
    );
    let along = habit(
        endpoints,
        &before,
        |b| b.login,
        |e, b| b.csrf && writes(e) && known(e),
    );
    let csrf = habit(
        endpoints,
        &before,
        |b| b.csrf,
        |e, b| b.login && writes(e) && known(e),
    );
    let limit = habit(
        endpoints,
        &before,
        |b| b.limit,
        |e, _| e.method == "post" && known(e),
    );
    // What changes the record that its address names.
    let owner = habit(
        endpoints,
        &before,
        |b| b.owner,
        |e, b| {
            let named = e.path.as_ref().is_some_and(|p| p.contains([':', '<', '{']));
            let apart = b.owner
                || !e.aware
                    && !e.objects.personal
                    && e.guarded("owner") == Answer::No
                    && e.guarded("role") == Answer::No;
            writes(e) && known(e) && named && e.guarded("authentication") == Answer::Yes && apart
        },
    );
    endpoints
        .iter()
        .map(|e| Lacks {
            owner: owner.contains(&e.site),
            login: login.contains(&e.site) || along.contains(&e.site),
            csrf: csrf.contains(&e.site),
            limit: limit.contains(&e.site),
        })
        .collect()
}

/// The places of exceptions from what nearly all endpoints of a kind have.
fn habit(
    endpoints: &[Endpoint],
    before: &[Before],
    has: impl Fn(&Before) -> bool,
    is_of_kind: impl Fn(&Endpoint, &Before) -> bool,
) -> FxHashSet<Site> {
    let of_kind = || {
        endpoints
            .iter()
            .zip(before)
            .filter(|(e, b)| is_of_kind(e, b))
    };
    let with: FxHashSet<Site> = of_kind()
        .filter(|(_, b)| has(b))
        .map(|(e, _)| e.site)
        .collect();
    let without: FxHashSet<Site> = of_kind()
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

/// The last name of its path says that it is for everybody.
fn named_open(endpoint: &Endpoint) -> bool {
    let last = super::names(endpoint)
        .filter(|name| !name.is_empty())
        .last();
    last.is_none_or(|name| for_all(&name)) || super::for_readers(endpoint)
}

fn before(
    endpoint: &Endpoint,
    origins: &Solver<'_, '_>,
    counts: &mut FxHashMap<FuncId, bool>,
) -> Before {
    let mut out = Before::default();
    for member in endpoint.chain.iter().filter(|m| m.site == endpoint.site) {
        let functions: Vec<FuncId> = match &member.what {
            Stage::Function(func, given, _) => std::iter::once(*func)
                .chain(given.iter().copied())
                .collect(),
            Stage::Wraps(func, _)
            | Stage::Before(func)
            | Stage::Decides(func)
            | Stage::Method(func) => vec![*func],
            _ => Vec::new(),
        };
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
        out.owner |= guards().any(|guard| guard.kind == "owner" && guard.certain);
        out.csrf |= csrf;
        out.limit |= limit;
    }
    out
}
