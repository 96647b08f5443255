//! How an attacker comes to a finding: the endpoints that lead to it, and the least that they ask for.

use crate::application::{self, Teller, word};
use crate::assessment::Endpoint;
use crate::findings::Maker;
use casemate_app::model::Answer;
use casemate_flow::result::{Entry, FactValue, FlowPath, FuncId};
use casemate_rules::matching::{Evidence, Match, PATHS};
use casemate_rules::severity::Exposure;
use casemate_say::say;

/// Endpoints of one finding.
pub(crate) const ENDPOINTS: usize = 20;

/// Whether all ways to a place are kept: fewer than there may be.
fn all_kept(paths: &[FlowPath]) -> bool {
    paths.len() < PATHS
}

impl Maker<'_> {
    /// The endpoint of an entry.
    pub(crate) fn endpoint(&self, entry: &Entry) -> Endpoint {
        let file = self.file(entry.site);
        Endpoint {
            method: entry.method.to_uppercase(),
            path: entry.path.as_deref().map(application::readable),
            handler: self.handler(entry),
            file: file.map(|f| f.path.clone()).unwrap_or_default(),
            line: file.map_or(1, |f| f.position(entry.site.span.start).line),
            authentication: word(self.answer(entry)).to_owned(),
            guards: self
                .modelled(entry)
                .map_or_else(Vec::new, |e| self.teller().guards(e)),
        }
    }

    /// The function that answers, where a schema or a queue leads to it and no path does.
    fn handler(&self, entry: &Entry) -> String {
        let by_name = matches!(entry.method.to_uppercase().as_str(), "GRAPHQL" | "TASK");
        if !by_name || entry.path.is_some() {
            return String::new();
        }
        let program = &self.linked.program;
        let class = self.modelled(entry).and_then(|endpoint| endpoint.class);
        let handler = match class {
            // What the class has in place of what this one calls stands behind it.
            Some(_) => entry.handlers.first(),
            None => entry.handlers.last(),
        };
        handler
            .map(|f| application::field_name(program, *f, class))
            .filter(|name| name != application::ANONYMOUS)
            .unwrap_or_default()
    }

    fn teller(&self) -> Teller<'_> {
        Teller {
            project: self.project,
            linked: self.linked,
        }
    }

    /// What the application model knows of an entry.
    pub(crate) fn modelled(&self, entry: &Entry) -> Option<&casemate_app::model::Endpoint> {
        let all = &self.application.endpoints;
        let first = all.partition_point(|e| e.site < entry.site);
        all.get(first..)?
            .iter()
            .take_while(|e| e.site == entry.site)
            .find(|e| e.method == entry.method && e.path == entry.path)
    }

    /// Whether an entry wants to know who asks. What a GraphQL schema says of that is not read.
    fn answer(&self, entry: &Entry) -> Answer {
        let told = self
            .modelled(entry)
            .map_or(Answer::Unknown, |e| e.guarded("authentication"));
        match told {
            Answer::No if entry.method.eq_ignore_ascii_case("graphql") => Answer::Unknown,
            told => told,
        }
    }

    /// The endpoint that a finding is about.
    pub(crate) fn registered_at(&self, found: &Match) -> Vec<Endpoint> {
        let entries = self.analysis.entries.iter();
        // What is registered by a call of another file is told at its handler.
        let here = entries.filter(|e| {
            e.site == found.place
                || e.handlers.contains(&found.function) && e.callee.starts_with("py:")
        });
        let endpoints = here.map(|e| self.endpoint(e));
        // A loop registers several at one place; the one that was judged is named.
        let judged = endpoints.filter(|e| {
            let title = |method: &str| match &e.path {
                Some(path) if !method.is_empty() => format!("{method} {path}"),
                Some(path) => path.clone(),
                // As the engine calls it.
                None => format!("{method} (path not known)").trim_start().to_owned(),
            };
            title(&e.method) == application::readable(&found.callee)
        });
        judged.take(ENDPOINTS).collect()
    }

    /// The endpoints that find, change or store a record at a place.
    pub(crate) fn asking_at(&self, found: &Match) -> Vec<Endpoint> {
        let asks = |endpoint: &&casemate_app::model::Endpoint| {
            let objects = &endpoint.objects;
            let site = found.place;
            let chosen = objects.chosen.iter();
            let changed = objects.passwords.iter().chain(&objects.series);
            chosen
                .clone()
                .any(|a| a.site == site || a.via == Some(site))
                || changed.clone().any(|(at, _)| *at == site)
                || objects.privileges.iter().any(|(at, ..)| *at == site)
        };
        // Of what many endpoints reach, the fact names one.
        let named = match &found.evidence {
            Evidence::Fact(fact) => fact.values.iter().find(|(name, _)| name == "endpoint"),
            Evidence::Flow { .. } => None,
        };
        let named = named.and_then(|(_, value)| match value {
            FactValue::Number(index) => self.application.endpoints.get(*index as usize),
            _ => None,
        });
        // What a form sends comes with no request that has no body, where the same handler answers ones that have.
        let of_forms = |endpoint: &casemate_app::model::Endpoint| {
            let set = endpoint.objects.passwords.iter();
            set.map(|(at, _)| *at).any(|at| at == found.place)
        };
        let bare = |e: &casemate_app::model::Endpoint| matches!(e.method.as_str(), "get" | "head");
        let twin = |e: &casemate_app::model::Endpoint| {
            let mut every = self.application.endpoints.iter();
            every.any(|o| o.site == e.site && o.path == e.path && !bare(o))
        };
        let all = || {
            let every = self.application.endpoints.iter();
            every
                .filter(asks)
                .filter(|e| !(of_forms(e) && bare(e) && twin(e)))
                .chain(named)
        };
        // What compares nobody with who is logged in is about endpoints behind a login, where some are.
        let behind = |e: &&casemate_app::model::Endpoint| e.guarded("authentication") != Answer::No;
        let of_owners = matches!(&found.evidence, Evidence::Fact(fact) if fact.fact == "access");
        let only_behind = of_owners && all().any(|e| behind(&e));
        let endpoints = all().filter(|e| !only_behind || behind(e));
        let entries = &self.analysis.entries;
        let entry = |endpoint: &casemate_app::model::Endpoint| {
            let same = |e: &&Entry| {
                e.site == endpoint.site && e.method == endpoint.method && e.path == endpoint.path
            };
            entries.iter().find(same)
        };
        endpoints
            .filter_map(|endpoint| entry(endpoint).map(|e| self.endpoint(e)))
            .take(ENDPOINTS)
            .collect()
    }

    pub(crate) fn endpoints(&self, paths: &[FlowPath]) -> Vec<Endpoint> {
        let mut endpoints: Vec<Endpoint> = Vec::new();
        let all = all_kept(paths);
        for entry in paths.iter().flat_map(|path| self.asked_with(path, all)) {
            let endpoint = self.endpoint(entry);
            if endpoints.len() < ENDPOINTS && !endpoints.contains(&endpoint) {
                endpoints.push(endpoint);
            }
        }
        endpoints
    }

    /// The entries that lead to a path. A source that is written inside a registration belongs to that one alone, whatever
    /// wrapper the handlers of all endpoints share. `all`: no other way is left out, so that each entry is on its own.
    fn entries<'p>(&'p self, path: &'p FlowPath, all: bool) -> Vec<&'p Entry> {
        let entries = &self.analysis.entries;
        let around = |entry: &&Entry| {
            let (site, source) = (entry.site, path.source);
            site.file == source.file
                && site.span.start <= source.span.start
                && source.span.end <= site.span.end
        };
        let length = |entry: &&Entry| entry.site.span.end - entry.site.span.start;
        match entries.iter().filter(around).min_by_key(length) {
            Some(inside) => entries.iter().filter(|e| e.site == inside.site).collect(),
            None => {
                let lead = path.entries.iter();
                let lead: Vec<&Entry> = lead.filter_map(|i| entries.get(*i as usize)).collect();
                // A function that several endpoints call reads the data, and the way goes on in one of them: most of the functions
                // that answer there are passed.
                let passed = |e: &&Entry| {
                    let handlers = e.handlers.iter();
                    handlers.filter(|h| self.passes(path, **h)).count()
                };
                let most = match all {
                    true => lead.iter().map(passed).max().unwrap_or_default(),
                    false => 0,
                };
                lead.into_iter().filter(|e| passed(e) >= most).collect()
            }
        }
    }

    /// Whether a way runs through the text of a function.
    fn passes(&self, path: &FlowPath, id: FuncId) -> bool {
        let f = self.linked.program.func(id);
        let span = f.func.span;
        path.steps.iter().any(|step| {
            let site = step.site;
            site.file == f.file_idx && span.start <= site.span.start && site.span.end <= span.end
        })
    }

    /// The same, without the requests that carry no body where a body is read and the same handler answers ones that do.
    fn asked_with<'p>(&'p self, path: &'p FlowPath, all: bool) -> Vec<&'p Entry> {
        let entries = self.entries(path, all);
        if self.knowledge.models.kinds().source_name(path.kind) != "http.body" {
            return entries;
        }
        let bare = |e: &Entry| matches!(e.method.as_str(), "get" | "head");
        let other = |e: &Entry| {
            let mut all = entries.iter();
            all.any(|o| o.site == e.site && o.path == e.path && !bare(o))
        };
        let kept = entries.iter().filter(|e| !bare(e) || !other(e));
        kept.copied().collect()
    }

    /// How an attacker comes to the place, with what shows it.
    pub(crate) fn exposure(
        &self,
        paths: &[FlowPath],
        endpoints: &[Endpoint],
    ) -> (Exposure, Option<String>) {
        let Some(path) = paths.first() else {
            return (Exposure::Always, None);
        };
        let kind = self.knowledge.models.kinds().source_name(path.kind);
        match kind.split('.').next().unwrap_or_default() {
            "library" => (Exposure::Library, None),
            "store" | "queue" => (Exposure::Stored, None),
            "cli" | "env" | "file" => (Exposure::Local, None),
            _ => {
                let entries: Vec<&Entry> = self
                    .asked_with(path, all_kept(paths))
                    .into_iter()
                    .filter(|e| e.method != "use")
                    .collect();
                self.reached_by(&entries, endpoints)
            }
        }
    }

    /// How an attacker comes to what some endpoints reach: the least guarded of them decides.
    fn reached_by(&self, entries: &[&Entry], endpoints: &[Endpoint]) -> (Exposure, Option<String>) {
        let of = |answer: Answer| entries.iter().find(|e| self.answer(e) == answer);
        if let Some(open) = of(Answer::No) {
            let title = self.endpoint(open).title();
            let evidence = say!("`{title}` reaches it, and nothing before it asks for a login");
            return (Exposure::Public, Some(evidence));
        }
        if of(Answer::Unknown).is_none()
            && let Some(guarded) = of(Answer::Yes)
        {
            let endpoint = self.endpoint(guarded);
            let title = endpoint.title();
            let guard = endpoint
                .guards
                .iter()
                .find(|g| g.kind == "authentication" && g.certain);
            let place =
                guard.map_or_else(String::new, |g| format!(" ({}:{})", g.at.file, g.at.line));
            let evidence = say!("`{title}` reaches it, which wants a login{place}");
            return (Exposure::Authenticated, Some(evidence));
        }
        let evidence = endpoints.first().map(|endpoint| {
            say!(
                "`{title}` reaches it; whether that wants a login is not known",
                title = endpoint.title()
            )
        });
        (Exposure::Unknown, evidence)
    }
}
