//! What whole applications lack, as facts: one for each place where an application is made.

use super::{cookie, counting, header, validation};
use crate::model::{Answer, Application, Endpoint};
use casemate_flow::apipath::PathId;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::result::{Fact, FactValue, FileIdx, FuncId, Site};
use casemate_ir::Instr;
use casemate_model::row::Role;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// Headers by which pages are protected.
const HEADERS: [&str; 4] = [
    "content-security-policy",
    "x-frame-options",
    "x-content-type-options",
    "strict-transport-security",
];

/// Frameworks whose handlers are declared.
const MADE: [&str; 3] = [
    "py:flask.Flask()",
    "py:quart.Quart()",
    "py:fastapi.FastAPI()",
];

impl Application {
    /// One fact an application.
    pub(super) fn applications(&self, origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
        let pages = super::serving::renders(origins);
        let kept = super::serving::not_kept(self, origins);
        // What is sent may be a page, whatever made it.
        let sends = origins.paths.ids().any(|path| {
            let kinds = origins.paths.models().kinds();
            let page = |row: &casemate_model::row::Row| {
                matches!(&row.role, Role::Sink { kind, .. }
                    if kinds.sink_name(*kind).starts_with("html"))
            };
            origins
                .paths
                .call_rows(path, false)
                .any(|(_, row)| page(row))
                || origins.paths.rows(path).any(|(_, row)| page(row))
        });
        let mut out = Vec::new();
        let roots = self.roots(origins, known);
        let declared = if roots.is_empty() {
            BTreeSet::new()
        } else {
            validation::declared(origins)
        };
        for (&site, (function, callee, endpoints)) in &roots {
            if endpoints.is_empty() {
                continue;
            }
            let of_unit = |fact: &&Fact| same_unit(origins, fact.site.file, site.file);
            let has = |name: &str| known.iter().filter(of_unit).any(|fact| fact.fact == name);
            let session = known
                .iter()
                .filter(of_unit)
                .find(|fact| fact.fact == "session");
            let framework = known
                .iter()
                .find(|fact| fact.fact == "framework" && fact.site == site);
            let fastapi = callee.starts_with("py:fastapi");
            let sessions = session.is_some()
                || callee.starts_with("py:")
                    && !fastapi
                    && endpoints
                        .iter()
                        .any(|e| e.aware || e.guarded("authentication") == Answer::Yes);
            let guarded = endpoints.iter().any(|e| {
                e.guards
                    .iter()
                    .any(|g| g.kind == "csrf" || g.kind == "origin")
            });
            let forgeable = endpoints.iter().filter(|e| {
                matches!(e.method.as_str(), "post" | "put" | "patch" | "delete")
                    && (e.aware || e.guarded("authentication") == Answer::Yes)
            });
            let forms = callee.starts_with("py:") && !fastapi || has("body.form") || has("upload");
            let csrf = match framework.map(|fact| header::value(fact, "middleware")) {
                Some(FactValue::Unknown) => FactValue::Unknown,
                list => FactValue::Bool(
                    guarded
                        || has("csrf")
                        || list.is_some_and(|list| {
                            header::may(list, &|text| text.ends_with(".CsrfViewMiddleware"))
                        }),
                ),
            };
            let same_site = session
                .and_then(|fact| fact.values.iter().find(|(name, _)| name == "sameSite"))
                .map_or(FactValue::Absent, |(_, value)| value.clone());
            let headers = has("headers")
                || framework.is_some()
                || known.iter().filter(of_unit).any(|fact| {
                    fact.fact == "header"
                        && fact
                            .values
                            .iter()
                            .any(|(name, value)| name == "name" && is_protection(value))
                });
            let unknown = endpoints.iter().any(|e| e.unknown > 0 && e.mounted);
            let told = if pages || !sends {
                FactValue::Bool(pages)
            } else {
                FactValue::Unknown
            };
            // Who sets cookies may know its users by them.
            let known_by_cookie = if sessions || !has("cookie") {
                FactValue::Bool(sessions)
            } else {
                FactValue::Unknown
            };
            let mut facts: Vec<&Fact> = known.iter().filter(of_unit).collect();
            let mut more = header::of(endpoints, &self.middleware, &facts, origins, pages);
            more.push(loose(&facts));
            // Cookies of a package are told once, of its largest application.
            let larger = roots.iter().any(|(other, (_, _, all))| {
                same_unit(origins, other.file, site.file)
                    && (all.len(), site) > (endpoints.len(), *other)
            });
            if larger {
                facts.clear();
            }
            facts.retain(|fact| same_part(origins, fact.site.file, site.file));
            more.extend(cookie::of(&facts, sessions && !larger));
            more.extend(counting::abusable(endpoints, origins));
            more.extend(validation::unchecked(endpoints, origins, &declared));
            let values = [
                ("endpoints", super::number(endpoints.len())),
                ("sessions", known_by_cookie),
                ("forms", FactValue::Bool(forms)),
                ("csrf", csrf),
                ("sameSite", same_site),
                ("forgeable", super::number(forgeable.count())),
                ("pages", told),
                ("bare", FactValue::Bool(pages && !headers && !unknown)),
                ("headers", FactValue::Bool(headers)),
                ("whole", FactValue::Bool(!unknown)),
                ("noStore", super::tri(kept)),
            ];
            out.push(Fact {
                fact: "application".to_owned(),
                site,
                function: *function,
                callee: callee.clone(),
                values: values
                    .map(|(n, v)| (n.to_owned(), v))
                    .into_iter()
                    .chain(more)
                    .collect(),
            });
        }
        out
    }

    /// Places where applications are made, with the endpoints of each.
    fn roots(
        &self,
        origins: &Solver<'_, '_>,
        known: &[Fact],
    ) -> BTreeMap<Site, (FuncId, String, Vec<&Endpoint>)> {
        let mut out: BTreeMap<Site, (FuncId, String, Vec<&Endpoint>)> = BTreeMap::new();
        for endpoint in &self.endpoints {
            let by_call = endpoint.mounted && !endpoint.callee.starts_with("py:");
            let Some(root) = endpoint.root.filter(|_| by_call) else {
                continue;
            };
            let entry = out.entry(root).or_insert_with(|| {
                let callee = endpoint.callee.split('.').next().unwrap_or_default();
                (FuncId(0), callee.to_owned(), Vec::new())
            });
            entry.2.push(endpoint);
        }
        // A framework whose applications are settings.
        for fact in known.iter().filter(|fact| fact.fact == "framework") {
            let endpoints = self.endpoints.iter().filter(|e| {
                e.callee.starts_with("py:") && same_unit(origins, e.site.file, fact.site.file)
            });
            let root = (fact.function, fact.callee.clone(), endpoints.collect());
            out.insert(fact.site, root);
        }
        // Frameworks whose handlers are declared: the application of the same unit.
        let made: FxHashMap<PathId, String> = origins
            .paths
            .ids()
            .filter(|path| {
                ["Flask", "Quart", "FastAPI"].contains(&origins.paths.last_member(*path))
            })
            .map(|path| (path, origins.paths.text(path)))
            .filter(|(_, text)| MADE.contains(&text.as_str()))
            .collect();
        let functions = origins.program.function_ids().filter(|_| !made.is_empty());
        // A second one in a folder serves the same in another way, such as encrypted.
        let mut first: BTreeMap<(&str, String), (Site, FuncId)> = BTreeMap::new();
        for func in functions {
            let f = origins.program.func(func);
            if origins.program.is_copy(func) {
                continue;
            }
            for (at, instr) in f.func.instrs.iter().enumerate() {
                let Instr::Call { to, .. } = *instr else {
                    continue;
                };
                let callee = origins.of_local(func, to).iter().find_map(|&val| {
                    let Some(Val::Api(path)) = origins.val(val) else {
                        return None;
                    };
                    made.get(&path).cloned()
                });
                let Some(callee) = callee else { continue };
                let site = Site {
                    file: f.file_idx,
                    span: f.func.spans.get(at).copied().unwrap_or_default(),
                };
                let kept = first
                    .entry((folder(origins, f.file_idx), callee))
                    .or_insert((site, func));
                *kept = (*kept).min((site, func));
            }
        }
        for ((within, callee), &(site, func)) in &first {
            // Every handler belongs to the nearest application above it.
            let nearest = |e: &Endpoint| {
                let path = folder(origins, e.site.file);
                let above = first.keys().map(|(folder, _)| *folder);
                above
                    .filter(|it| is_below(path, it))
                    .max_by_key(|it| it.len())
            };
            let endpoints = self.endpoints.iter().filter(|e| {
                e.callee.starts_with("py:")
                    && same_unit(origins, e.site.file, site.file)
                    && nearest(e).is_none_or(|it| it == *within)
            });
            out.insert(site, (func, callee.clone(), endpoints.collect()));
        }
        out
    }
}

/// The folder of a file; empty for the root.
fn folder<'p>(origins: &Solver<'p, '_>, file: FileIdx) -> &'p str {
    let file = origins.program.files.get(file.0 as usize);
    file.and_then(|f| f.path.rsplit_once('/'))
        .map_or("", |it| it.0)
}

fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| folder.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// How many places read JSON from bodies of any type.
fn loose(facts: &[&Fact]) -> (String, FactValue) {
    let types: Vec<Option<bool>> = facts
        .iter()
        .filter(|fact| fact.fact == "body.json")
        .map(|fact| match header::value(fact, "type") {
            FactValue::Str(name) => Some(name == "*/*" || name.contains("text/plain")),
            FactValue::Absent | FactValue::Null => Some(false),
            _ => None,
        })
        .collect();
    let open = types.iter().filter(|t| **t == Some(true)).count();
    let value = if open == 0 && types.contains(&None) {
        FactValue::Unknown
    } else {
        super::number(open)
    };
    ("loose".to_owned(), value)
}

/// Folders that hold programs of their own, also where they have no manifest.
const PARTS: [&str; 4] = ["packages", "apps", "services", "plugins"];

/// Whether two files may belong to one program of a repository that holds several.
fn same_part(origins: &Solver<'_, '_>, a: FileIdx, b: FileIdx) -> bool {
    let part = |file: FileIdx| {
        let path = origins.program.files.get(file.0 as usize)?.path.as_str();
        let mut names = path.split('/');
        let folder = names.find(|name| PARTS.contains(name))?;
        Some((folder, names.next()?))
    };
    match (part(a), part(b)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

pub(super) fn same_unit(origins: &Solver<'_, '_>, a: FileIdx, b: FileIdx) -> bool {
    origins.program.units.get(a.0 as usize) == origins.program.units.get(b.0 as usize)
}

/// Whether a header of this name protects pages; names that are not constant may.
fn is_protection(name: &FactValue) -> bool {
    match name {
        FactValue::Str(name) => HEADERS.contains(&name.to_lowercase().as_str()),
        FactValue::OneOf(all) => all.iter().any(is_protection),
        _ => true,
    }
}
