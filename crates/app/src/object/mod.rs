//! The records that endpoints read and change: which, found by what of the request, and whether who asks plays a part.
//!
//! A handler is read together with the functions inside it and those that it calls, with what their parameters are given. Who owns
//! records is told by the rest of the program: records that are made or found by who asks belong to somebody.

mod alternative;
mod asked;
mod enter;
mod fields;
mod form;
mod fresh;
mod given;
mod guarded;
mod inherited;
pub(crate) mod key;
mod nameless;
pub(crate) mod owned;
mod owner;
mod query;
mod queryset;
mod record;
pub(crate) mod repository;
mod ruled;
mod series;
mod shape;
mod shown;
mod sql;
mod walk;

pub(crate) use inherited::FINDS;
pub(crate) use query::{Query, effect, query};

use crate::guard::REFUSAL;
use crate::guard::root::Known;
use crate::model::{Access, Application, Endpoint};
use casemate_flow::origin::Solver;
use casemate_flow::result::FuncId;
use queryset::Narrowed;
use rayon::prelude::*;
use repository::Repositories;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use walk::{Walk, place};

/// Endpoints that are read by one thread one after the other at least: they ask about the same functions.
const TOGETHER: usize = 32;

/// Finds what all endpoints do with records.
pub(crate) fn find(application: &mut Application, origins: &Solver<'_, '_>, set: &Known) {
    let ground = Ground {
        origins,
        repositories: repository::find(origins),
        for_all: queryset::by_settings(origins, set),
    };
    let learned = &set.learned;
    let endpoints = &mut application.endpoints;
    let share = endpoints.len().div_ceil(2 * rayon::current_num_threads());
    let owned: Vec<BTreeSet<String>> = endpoints
        .par_chunks_mut(share.max(TOGETHER))
        .map_init(
            || Known::knowing(learned.clone()),
            |set, chunk| {
                let mut memory = Memory::default();
                let all = chunk.iter_mut();
                all.flat_map(|endpoint| of_endpoint(endpoint, &ground, set, &mut memory))
                    .collect()
            },
        )
        .collect();
    application.owned = owned::find(origins, set, &ground.repositories);
    application.owned.extend(owned.into_iter().flatten());
}

/// What is the same for all endpoints.
struct Ground<'a, 'p, 'm> {
    origins: &'a Solver<'p, 'm>,
    repositories: Repositories,
    for_all: Narrowed,
}

/// What was found out of functions before endpoints.
#[derive(Default)]
struct Memory {
    /// Whether they keep nobody's name.
    nameless: FxHashMap<FuncId, bool>,
    /// Whether they keep something on a request.
    keeping: guarded::Keeping,
}

/// Finds what one endpoint does with records; gives the kinds of records that are found under whose they are by who asks.
fn of_endpoint(
    endpoint: &mut Endpoint,
    ground: &Ground<'_, '_, '_>,
    set: &Known,
    memory: &mut Memory,
) -> BTreeSet<String> {
    let (origins, repositories) = (ground.origins, &ground.repositories);
    let mut walk = Walk::new(origins, set, repositories);
    let before = guarded::of(origins, set, repositories, endpoint, &mut memory.keeping);
    for &(name, roots) in &before.handed {
        walk.bound.hand(name, roots);
    }
    for &handler in &endpoint.handlers {
        walk.of_route(handler, endpoint.path.as_deref().unwrap_or_default());
        walk.function(handler, 0);
    }
    if let Some(found) = inherited::of(origins, set, endpoint, ground.for_all) {
        if found.own {
            walk.plays_a_part(true);
            walk.made.beside.add(found.access.names);
            walk.made.decided.add(found.access.names);
        }
        walk.made.chosen.push(found.access);
    }
    // Of what a record ties to a name that is looked at together with who asks, that is looked at as well: the share of a project whose
    // owner asks.
    walk.made.beside = guarded::closed(walk.made.beside, &walk.tied);
    walk.made.guarded = before.decided;
    walk.made.personal |= before.personal;
    walk.made.asks |= before.personal;
    walk.made.beside.add(before.beside);
    walk.made.decided.add(before.beside);
    // What is done with a record that was looked up before is told where it was looked up.
    let found = |access: &Access| {
        let mut of = before.kept.iter();
        of.any(|kept| kept.object == access.object && kept.names == access.names)
    };
    walk.made.chosen.retain(|access| !found(access));
    walk.made.chosen.extend(before.kept);
    let owned = std::mem::take(&mut walk.owned);
    walk.merge();
    if !walk.made.writes {
        walk.made.privileges.clear();
    }
    // What the handler asks is about whose a record is; whether that is asked of the right one is judged by the record.
    let related = &walk.made.related;
    endpoint
        .guards
        .retain(|guard| guard.kind != REFUSAL || !related.contains(&guard.site));
    endpoint.objects = walk.made;
    endpoint.objects.nameless = nameless::is(endpoint, origins, set, &mut memory.nameless);
    owned
}
