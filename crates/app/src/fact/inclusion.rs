//! Parts of an application that are put below it without the login that stands before all parts beside them:
//! `api.include_router(audit.router)` among `api.include_router(users.router, dependencies=[Depends(current_user)])`. Views of a list of addresses
//! that puts the login around the others (`path('search/', SearchView.as_view())`) are such parts as well.
//!
//! Told once, where the part is put there, and only where nothing asks who it is before any of its endpoints.

use super::{for_all, for_readers, names, page};
use crate::model::{Application, Endpoint};
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue, FileIdx, Site};
use casemate_ir::FnId;
use std::collections::BTreeMap;

/// So many parts that have it make a habit …
const HABIT: usize = 4;

/// … and at most one exception in so many.
const EXCEPTIONS: usize = 4;

impl Application {
    /// One fact for each such part, made of that of its first endpoint. `facts`: those of all endpoints, in order.
    /// What is told there is not told of the endpoints once more.
    pub(super) fn inclusions(&self, origins: &Solver<'_, '_>, facts: &mut [Fact]) -> Vec<Fact> {
        let mut files: BTreeMap<FileIdx, BTreeMap<Site, Vec<usize>>> = BTreeMap::new();
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            if let Some(site) = endpoint.included {
                let parts = files.entry(site.file).or_default();
                parts.entry(site).or_default().push(index);
            }
        }
        let mut out = Vec::new();
        for parts in files.values() {
            let all = |of: &[usize], is: fn(&Endpoint) -> bool| {
                of.iter()
                    .all(|index| self.endpoints.get(*index).is_some_and(is))
            };
            let with = parts.values().filter(|of| all(of, is_guarded)).count();
            let says_something = |of: &[usize]| {
                let endpoints = of.iter().filter_map(|index| self.endpoints.get(*index));
                let mut endpoints = endpoints.filter(|it| !page::sends_elsewhere(it, origins));
                endpoints.any(|it| !page::is_fixed(it, origins))
            };
            let without: Vec<_> = parts
                .iter()
                .filter(|(_, of)| all(of, is_bare) && says_something(of))
                .collect();
            if with < HABIT || without.len() * EXCEPTIONS > with {
                continue;
            }
            for (site, of) in without {
                let Some(first) = of.first().and_then(|index| facts.get(*index)) else {
                    continue;
                };
                let mut fact = first.clone();
                fact.site = *site;
                fact.function = origins.program.func_id(site.file, FnId(0));
                for (name, value) in &mut fact.values {
                    match name.as_str() {
                        "outlier" | "bare" => *value = FactValue::Bool(true),
                        "siblings" => *value = super::number(with),
                        _ => {}
                    }
                }
                out.push(fact);
                for index in of {
                    let told = facts.get_mut(*index).map(|fact| &mut fact.values);
                    for (name, value) in told.into_iter().flatten() {
                        if name == "bare" {
                            *value = FactValue::Bool(false);
                        }
                    }
                }
            }
        }
        out
    }
}

/// Something before the handler asks who it is. Where a list of addresses names views, it stands in that list.
fn is_guarded(endpoint: &Endpoint) -> bool {
    let included = endpoint.included;
    let listed = included == Some(endpoint.site) || included == endpoint.registered;
    let around = || endpoint.chain.iter().any(|it| Some(it.site) == included);
    endpoint
        .guards
        .iter()
        .any(|g| g.kind == "authentication" && !g.why.starts_with(crate::guard::ITSELF))
        && (!listed || around())
}

/// Nothing asks who it is, and nothing says that it is for everybody.
fn is_bare(endpoint: &Endpoint) -> bool {
    let asks = [
        "authentication",
        crate::guard::REFUSAL,
        crate::guard::DENIAL,
    ];
    endpoint.unknown == 0
        && endpoint.mounted
        && !endpoint.open
        && !endpoint.aware
        && !endpoint.handlers.is_empty()
        && !endpoint
            .guards
            .iter()
            .any(|g| asks.contains(&g.kind.as_str()))
        && !names(endpoint).any(|name| for_all(&name))
        && !for_readers(endpoint)
}
