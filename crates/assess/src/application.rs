//! The application model as plain data, with files and lines instead of ids.

use crate::assessment::{ProjectInfo, Tool};
use crate::link::Linked;
use casemate_app::model::{Answer, Endpoint, Member};
use casemate_flow::program::{ClassIdx, Program};
use casemate_flow::result::{FuncId, Site};
use casemate_ledger::Inventory;
use casemate_source::{Project, SourceFile};
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the form in which a model is written.
pub const SCHEMA: &str = "casemate-model/1";

/// Kinds of guards that every endpoint is asked for.
const ASKED: [&str; 6] = [
    "authentication",
    "role",
    "owner",
    "csrf",
    "rate-limit",
    "validation",
];

/// What is known of an application.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Application {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// What made it.
    pub tool: Tool,
    /// What it is about.
    pub project: ProjectInfo,
    /// Endpoints in order of their place.
    pub endpoints: Vec<EndpointModel>,
    /// Registrations of which something is not known, in order of their place.
    pub unresolved: Vec<Unresolved>,
    /// Calls that register handlers, in all.
    pub registrations: usize,
    /// Stores that are queried, by the library that does it.
    pub stores: Vec<StoreModel>,
    /// Hosts that addresses in the code name.
    pub outbound: Vec<OutboundModel>,
    /// Calls that configure something: sessions, headers, limits, uploads …
    pub settings: Vec<SettingModel>,
    /// Caps reached, by name.
    pub caps: BTreeMap<String, u64>,
}

/// One method of one path.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct EndpointModel {
    /// `GET`, `ALL`, `WS` …
    pub method: String,
    /// The whole path, prefixes included; `{?}` stands for what is not known. Absent: nothing is known.
    pub path: Option<String>,
    /// The path below which it is mounted is known.
    pub mounted: bool,
    /// Where it is registered.
    pub at: Spot,
    /// What answers.
    pub handlers: Vec<Named>,
    /// What runs before that, in order.
    pub before: Vec<Before>,
    /// What of that refuses requests.
    pub guards: Vec<GuardModel>,
    /// For every kind of guard that is asked for: `yes`, `no` or `unknown`.
    pub guarded: BTreeMap<String, String>,
    /// Records that are found by something that the client says.
    pub objects: Vec<AccessModel>,
    /// What it does with records besides: `writes`, `deletes`, `persons` (records of persons are read), `personal` (who asks
    /// plays a part).
    pub touches: Vec<String>,
}

/// What the program calls a function without a name.
pub(crate) const ANONYMOUS: &str = "anonymous function";

/// A path as people write it: of one that is a regular expression (`^item/(?P<id>[0-9]+)/$`) the parts that are constant, and the
/// names of the others (`item/<id>/`).
pub(crate) fn readable(path: &str) -> String {
    if !path.contains("(?") && !path.contains("/^") && !path.ends_with('$') {
        return path.to_owned();
    }
    let mut out = String::new();
    let mut rest = path;
    while let Some(c) = rest.chars().next() {
        let group = ["(?P<", "(?<"].iter().find_map(|open| {
            let (name, _) = rest.strip_prefix(open)?.split_once('>')?;
            Some((name, closing(rest)?))
        });
        if let Some((name, end)) = group {
            out.push_str(&format!("<{name}>"));
            rest = rest.get(end..).unwrap_or_default();
        } else if rest.starts_with("(?:") {
            rest = rest.get(3..).unwrap_or_default();
        } else {
            if !matches!(c, '^' | '$' | '\\' | '(' | ')' | '?') || rest.starts_with("?}") {
                out.push(c);
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    out.replace("//", "/")
}

/// Where the group that a text begins with ends.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut class, mut escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '(' if !class => depth += 1,
            ')' if !class => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// A resolver with the type that it answers for: `User.resolve_email`, `AccountRegister.mutate`. That is the class that is registered,
/// where one is, which may have the method from a base.
pub(crate) fn field_name(program: &Program, func: FuncId, registered: Option<ClassIdx>) -> String {
    let f = program.func(func);
    let name = program.func_name(func);
    let class = registered.or_else(|| f.func.class.map(|class| f.class(class)));
    let class = class.and_then(|class| {
        let (file, def) = program.class(class)?;
        Some(program.file(file).facts.str(def.name?))
    });
    match class {
        Some(class) if name != ANONYMOUS => format!("{class}.{name}"),
        _ => name,
    }
}

/// Words in names of what stands before handlers, by the kind of guard that they tell.
const TELLING: [(&str, &[&str]); 3] = [
    ("validation", &["valid", "schema", "celebrate", "sanitiz"]),
    (
        "rate-limit",
        &["ratelimit", "limiter", "throttl", "slowdown"],
    ),
    ("csrf", &["csrf", "xsrf", "forgery"]),
];

/// Whether something of a kind stands before an endpoint. Where nothing was seen to refuse, and the name of something in its chain says
/// that it does, it is not known: what it asks was not understood.
fn said_by_names(endpoint: &Endpoint, kind: &str) -> Answer {
    let answer = endpoint.guarded(kind);
    let Some((_, words)) = TELLING.iter().find(|(name, _)| *name == kind) else {
        return answer;
    };
    let told = endpoint.chain.iter().any(|member| {
        let name = member.name.to_ascii_lowercase().replace(['_', '-'], "");
        words.iter().any(|word| name.contains(word))
    });
    let in_handler =
        kind == "validation" && (endpoint.objects.validated || endpoint.objects.checked);
    match answer {
        Answer::No if told || in_handler => Answer::Unknown,
        answer => answer,
    }
}

/// Whether what a method registers is work of a queue or a clock: no client asks for it, so it is no endpoint.
pub(crate) fn is_task(method: &str) -> bool {
    method.eq_ignore_ascii_case("task")
}

/// A way to records.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct AccessModel {
    /// `read`, `write`, `delete`, `create`.
    pub op: String,
    /// The records' name: of the model, table or collection; empty: not known.
    pub object: String,
    /// The names by which the record is chosen.
    pub key: Vec<String>,
    /// The query.
    pub at: Spot,
}

/// A store.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct StoreModel {
    /// The library that queries it.
    pub library: String,
    /// Queries.
    pub calls: usize,
    /// The first of them.
    pub at: Spot,
}

/// A host outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct OutboundModel {
    /// Its name.
    pub host: String,
    /// Where addresses name it.
    pub at: Vec<Spot>,
}

/// A call that configures something.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct SettingModel {
    /// What: `session`, `headers`, `rate.limit` … as in `models/kinds.toml`.
    pub of: String,
    /// The library.
    pub library: String,
    /// Where.
    pub at: Spot,
}

/// A line of a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct Spot {
    /// Relative to the root, with `/`.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
}

/// A function with its place.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: Spot,
}

/// What runs before a handler.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Before {
    /// Its name: of a function, or a path of a package. Absent: not known.
    pub name: Option<String>,
    /// Where it is registered.
    pub at: Spot,
    /// It certainly runs before this handler.
    pub certain: bool,
}

/// What refuses requests.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct GuardModel {
    /// `authentication`, `role` …
    pub kind: String,
    /// It certainly does.
    pub certain: bool,
    /// Its name.
    pub name: String,
    /// What shows it.
    pub at: Spot,
    /// What it does, or why that is not certain.
    pub why: String,
}

/// A registration of which something is not known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Unresolved {
    /// Where.
    pub at: Spot,
    /// What is not known, as a sentence without a period.
    pub why: String,
}

/// `yes`, `no` or `unknown`.
pub(crate) const fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Unknown => "unknown",
    }
}

/// Turns ids into places.
pub(crate) struct Teller<'a> {
    pub project: &'a Project,
    pub linked: &'a Linked,
}

impl Teller<'_> {
    /// The whole application.
    pub(crate) fn application(
        &self,
        model: &casemate_app::Application,
        inventory: &Inventory,
    ) -> Application {
        let mut endpoints: Vec<EndpointModel> =
            model.endpoints.iter().map(|e| self.endpoint(e)).collect();
        endpoints.sort_by(|a, b| (&a.at, &a.path, &a.method).cmp(&(&b.at, &b.path, &b.method)));
        let unresolved = model.unresolved.iter().map(|u| Unresolved {
            at: self.spot(u.site),
            why: u.why.clone(),
        });
        let mut unresolved: Vec<Unresolved> = unresolved.collect();
        unresolved.sort_by(|a, b| (&a.at, &a.why).cmp(&(&b.at, &b.why)));
        Application {
            schema: SCHEMA.to_owned(),
            endpoints,
            unresolved,
            registrations: model.registrations,
            stores: self.stores(inventory),
            outbound: inventory
                .hosts
                .iter()
                .map(|(host, sites)| OutboundModel {
                    host: host.clone(),
                    at: self.spots(sites.iter().copied()),
                })
                .collect(),
            settings: self.settings(inventory),
            caps: model
                .caps
                .iter()
                .map(|(name, n)| ((*name).to_owned(), *n))
                .collect(),
            ..Application::default()
        }
    }

    fn stores(&self, inventory: &Inventory) -> Vec<StoreModel> {
        let mut by: BTreeMap<&str, Vec<Site>> = BTreeMap::new();
        for (kind, places) in &inventory.uses {
            if ["sql", "nosql", "query", "field"].contains(&kind.as_str()) {
                for (site, library) in places {
                    by.entry(library).or_default().push(*site);
                }
            }
        }
        let store = |(library, mut sites): (&str, Vec<Site>)| {
            sites.sort();
            sites.dedup();
            StoreModel {
                library: library.to_owned(),
                calls: sites.len(),
                at: sites.first().map(|s| self.spot(*s)).unwrap_or_default(),
            }
        };
        by.into_iter().map(store).collect()
    }

    fn settings(&self, inventory: &Inventory) -> Vec<SettingModel> {
        let all = inventory.facts.iter().flat_map(|(of, places)| {
            places.iter().map(move |(site, library)| SettingModel {
                of: of.clone(),
                library: library.clone(),
                at: self.spot(*site),
            })
        });
        let mut all: Vec<SettingModel> = all.collect();
        all.sort();
        all.dedup();
        all
    }

    fn spots(&self, sites: impl Iterator<Item = Site>) -> Vec<Spot> {
        let mut spots: Vec<Spot> = sites.map(|s| self.spot(s)).collect();
        spots.sort();
        spots.dedup();
        spots
    }

    fn endpoint(&self, endpoint: &Endpoint) -> EndpointModel {
        EndpointModel {
            method: endpoint.method.to_uppercase(),
            path: endpoint.path.as_deref().map(readable),
            mounted: endpoint.mounted,
            at: self.spot(endpoint.site),
            handlers: endpoint
                .handlers
                .iter()
                .map(|f| {
                    let mut named = self.named(*f);
                    if endpoint.method.eq_ignore_ascii_case("graphql") {
                        named.name = field_name(&self.linked.program, *f, endpoint.class);
                    }
                    named
                })
                .collect(),
            before: endpoint.chain.iter().map(|m| self.before(m)).collect(),
            guards: self.guards(endpoint),
            guarded: ASKED
                .iter()
                .map(|kind| {
                    let answer = word(said_by_names(endpoint, kind));
                    ((*kind).to_owned(), answer.to_owned())
                })
                .collect(),
            objects: self.objects(endpoint),
            touches: [
                ("writes", endpoint.objects.writes),
                ("deletes", endpoint.objects.deletes),
                ("persons", endpoint.objects.persons),
                ("personal", endpoint.objects.personal),
            ]
            .into_iter()
            .filter(|(_, does)| *does)
            .map(|(what, _)| what.to_owned())
            .collect(),
        }
    }

    fn objects(&self, endpoint: &Endpoint) -> Vec<AccessModel> {
        let chosen = endpoint.objects.chosen.iter().map(|access| AccessModel {
            op: access.op.clone(),
            object: access.object.clone(),
            key: access.key.clone(),
            at: self.spot(access.site),
        });
        let mut chosen: Vec<AccessModel> = chosen.collect();
        chosen.sort();
        chosen.dedup();
        chosen
    }

    /// The guards of an endpoint.
    pub(crate) fn guards(&self, endpoint: &Endpoint) -> Vec<GuardModel> {
        let guards = endpoint.guards.iter().map(|g| GuardModel {
            kind: g.kind.clone(),
            certain: g.certain,
            name: g.name.clone(),
            at: self.spot(g.site),
            why: g.why.clone(),
        });
        guards.collect()
    }

    fn before(&self, member: &Member) -> Before {
        Before {
            name: (!member.name.is_empty()).then(|| member.name.clone()),
            at: self.spot(member.site),
            certain: member.certain,
        }
    }

    fn named(&self, func: FuncId) -> Named {
        let f = self.linked.program.func(func);
        Named {
            name: self.linked.program.func_name(func),
            at: self.spot(Site {
                file: f.file_idx,
                span: f.func.span,
            }),
        }
    }

    /// The place of a site.
    pub(crate) fn spot(&self, site: Site) -> Spot {
        let file = self.file(site);
        Spot {
            file: file.map(|f| f.path.clone()).unwrap_or_default(),
            line: file.map_or(1, |f| f.position(site.span.start).line),
        }
    }

    fn file(&self, site: Site) -> Option<&SourceFile> {
        let origin = self.linked.origin.get(site.file.0 as usize)?;
        self.project.files.get(*origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_regular_expressions_are_readable() {
        for (path, told) in [
            ("/users/:id", "/users/:id"),
            ("/^image/(?P<id>[.0-9A-Za-z_=\\-]+)/$", "/image/<id>/"),
            (
                "/^t/(?P<size>\\d+)/(?:(?P<format>[a-zA-Z]+)/)?",
                "/t/<size>/<format>/",
            ),
            ("/{?}/a", "/{?}/a"),
        ] {
            assert_eq!(readable(path), told);
            assert_eq!(readable(told), told);
        }
    }
}
