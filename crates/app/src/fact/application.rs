//! What whole applications lack, as facts: one for each place where an application is made.

use crate::model::{Answer, Application, Endpoint};
use casemate_flow::apipath::PathId;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::result::{Fact, FactValue, FileIdx, FuncId, Site};
use casemate_ir::Instr;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Headers by which pages are protected.
const HEADERS: [&str; 4] = [
    "content-security-policy",
    "x-frame-options",
    "x-content-type-options",
    "strict-transport-security",
];

impl Application {
    /// One fact an application.
    pub(super) fn applications(&self, origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
        let pages = super::serving::renders(origins);
        let kept = super::serving::not_kept(self, origins);
        let mut out = Vec::new();
        for (site, (function, callee, endpoints)) in self.roots(origins) {
            if endpoints.is_empty() {
                continue;
            }
            let of_unit = |fact: &&Fact| same_unit(origins, fact.site.file, site.file);
            let has = |name: &str| known.iter().filter(of_unit).any(|fact| fact.fact == name);
            let session = known
                .iter()
                .filter(of_unit)
                .find(|fact| fact.fact == "session");
            let sessions = session.is_some()
                || callee.starts_with("py:")
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
            let forms = callee.starts_with("py:") || has("body.form") || has("upload");
            let same_site = session
                .and_then(|fact| fact.values.iter().find(|(name, _)| name == "sameSite"))
                .map_or(FactValue::Absent, |(_, value)| value.clone());
            let headers = has("headers")
                || known.iter().filter(of_unit).any(|fact| {
                    fact.fact == "header"
                        && fact
                            .values
                            .iter()
                            .any(|(name, value)| name == "name" && is_protection(value))
                });
            let unknown = endpoints.iter().any(|e| e.unknown > 0 && e.mounted);
            let values = [
                ("sessions", FactValue::Bool(sessions)),
                ("forms", FactValue::Bool(forms)),
                ("csrf", FactValue::Bool(guarded || has("csrf"))),
                ("sameSite", same_site),
                ("forgeable", super::number(forgeable.count())),
                ("pages", FactValue::Bool(pages)),
                ("headers", FactValue::Bool(headers)),
                ("whole", FactValue::Bool(!unknown)),
                ("noStore", super::tri(kept)),
            ];
            out.push(Fact {
                fact: "application".to_owned(),
                site,
                function,
                callee,
                values: values.map(|(n, v)| (n.to_owned(), v)).to_vec(),
            });
        }
        out
    }

    /// Places where applications are made, with the endpoints of each.
    fn roots(&self, origins: &Solver<'_, '_>) -> BTreeMap<Site, (FuncId, String, Vec<&Endpoint>)> {
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
        // Frameworks whose handlers are declared: the application of the same unit.
        let made: FxHashMap<PathId, String> = origins
            .paths
            .ids()
            .filter(|path| ["Flask", "Quart"].contains(&origins.paths.last_member(*path)))
            .map(|path| (path, origins.paths.text(path)))
            .filter(|(_, text)| ["py:flask.Flask()", "py:quart.Quart()"].contains(&text.as_str()))
            .collect();
        let functions = origins.program.function_ids().filter(|_| !made.is_empty());
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
                let endpoints = self.endpoints.iter().filter(|e| {
                    e.callee.starts_with("py:") && same_unit(origins, e.site.file, f.file_idx)
                });
                out.insert(site, (func, callee, endpoints.collect()));
            }
        }
        out
    }
}

fn same_unit(origins: &Solver<'_, '_>, a: FileIdx, b: FileIdx) -> bool {
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
