//! Registrations put together: which endpoints there are, below which prefixes, and what runs before each.

mod opening;
mod stepwise;

use crate::around::Around;
use crate::limits;
use crate::model::{Application, Endpoint, Member, Middleware, Stage, Unresolved};
use crate::route;
use crate::startup::{DEFAULT, Event, GRAPHQL, HOLE, Handler, Kind, ObjId, STEP, Started};
use casemate_flow::origin::Solver;
use casemate_flow::program::ClassIdx;
use casemate_flow::result::{FuncId, Site};
use casemate_model::row::Role;
use opening::{Opening, SETTINGS};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// What options ask for is called.
const SAID: &str = "its options";

/// An owner, the place in its order at which something hangs on it, and the prefix of that.
type Level = (ObjId, (usize, usize), Option<String>);

/// One line of what is registered on one owner, in order.
struct Item {
    order: (usize, usize),
    site: Site,
    what: What,
}

enum What {
    /// Runs for everything below a path, or for one route.
    Passes {
        paths: Vec<Option<String>>,
        exact: Option<Vec<String>>,
        stage: Stage,
        around: Around,
    },
    /// Answers.
    Answers { event: usize },
}

/// One way from a root down to an owner: owners with the order of what leads on, and the prefixes on the way.
#[derive(Clone, Default)]
struct Way {
    levels: Vec<Level>,
}

struct Assembly<'a, 'p, 'm> {
    started: &'a Started,
    origins: &'a Solver<'p, 'm>,
    items: FxHashMap<ObjId, Vec<Item>>,
    parents: FxHashMap<ObjId, Vec<Level>>,
    /// Events that only start what was registered before: `http.createServer(app)`.
    starts: FxHashSet<usize>,
    handed: FxHashSet<ObjId>,
    /// What may be mounted that is not known.
    opening: Opening,
    /// Endpoints by place, path and method: what is mounted on several things that are one below another comes to the same ones
    /// again and again.
    known: FxHashSet<(Site, Option<String>, String)>,
    made: Application,
}

/// Puts together what the start of a program registered.
pub(crate) fn assemble(started: &Started, origins: &Solver<'_, '_>) -> Application {
    let mut assembly = Assembly {
        started,
        origins,
        items: FxHashMap::default(),
        parents: FxHashMap::default(),
        starts: FxHashSet::default(),
        handed: started.handed.clone(),
        opening: Opening::of(started, origins),
        known: FxHashSet::default(),
        made: Application {
            caps: started.caps.clone(),
            ..Application::default()
        },
    };
    assembly.sort();
    assembly.endpoints();
    assembly.loose();
    assembly.apart();
    let mut made = assembly.made;
    let long = unread(origins);
    if long > 0 {
        *made.caps.entry("functions too long to read").or_default() += long;
    }
    crate::declared::add(origins, &mut made);
    crate::decoration::add(origins, &mut made);
    made.endpoints
        .sort_by(|a, b| (a.site, &a.path, &a.method).cmp(&(b.site, &b.path, &b.method)));
    made.endpoints
        .dedup_by(|b, a| (a.site, &a.path, &a.method) == (b.site, &b.path, &b.method));
    made.middleware.sort_by_key(|m| m.site);
    made.middleware.dedup();
    made.unresolved.sort();
    made.unresolved.dedup();
    made
}

/// Functions of the program that are too long to be read instruction by instruction: of them nothing is claimed.
fn unread(origins: &Solver<'_, '_>) -> u64 {
    let program = &origins.program;
    let long = program.function_ids().filter(|func| {
        !program.is_copy(*func) && program.func(*func).func.instrs.len() > limits::READ_INSTRS
    });
    long.count() as u64
}

impl Assembly<'_, '_, '_> {
    /// Sorts all registrations by their owners.
    fn sort(&mut self) {
        let started = self.started;
        let owners: BTreeSet<ObjId> = started
            .events
            .iter()
            .filter_map(|e| e.owner)
            .chain(started.mounts.iter().map(|m| m.child))
            .chain(started.mounts.iter().filter_map(|m| m.parent))
            .collect();
        for mount in &started.mounts {
            if mount.prefix.is_none() {
                self.unresolved(
                    mount.site,
                    "the prefix of what is mounted here is not constant",
                );
            }
            match mount.parent {
                Some(parent) => {
                    let order = (mount.order, 0);
                    self.hang(parent, mount.child, order, mount.prefix.clone());
                }
                None => self.unresolved(mount.site, "it is not known what this is mounted on"),
            }
        }
        for (index, event) in started.events.iter().enumerate() {
            let Some(owner) = event.owner else {
                let given = event.handlers.iter().filter_map(|h| match h {
                    Handler::Object(id) if owners.contains(id) => Some(*id),
                    _ => None,
                });
                let given: Vec<ObjId> = given.collect();
                if !given.is_empty() {
                    self.starts.insert(index);
                    self.handed.extend(given);
                }
                continue;
            };
            if event.methods.iter().any(|m| m == DEFAULT) {
                for what in asked(event) {
                    let what = What::Passes {
                        paths: Vec::new(),
                        exact: None,
                        stage: what,
                        around: Around::default(),
                    };
                    self.put(owner, (index, 0), event.site, what);
                }
                continue;
            }
            let last = event.handlers.len().saturating_sub(1);
            for (at, handler) in event.handlers.iter().enumerate() {
                let order = (index, at + 1);
                if let Handler::Object(child) = handler
                    && owners.contains(child)
                {
                    for prefix in prefixes(event) {
                        self.hang(owner, *child, order, prefix);
                    }
                } else if !event.is_route() && !self.ends(event, handler) {
                    let what = What::Passes {
                        paths: event.paths.clone(),
                        exact: None,
                        stage: self.stage(handler, event.next),
                        around: around(handler),
                    };
                    self.put(owner, order, event.site, what);
                } else if at == last || !event.is_route() {
                    self.put(owner, order, event.site, What::Answers { event: index });
                    let all = event.methods.iter().any(|m| m == "all");
                    let what = What::Passes {
                        paths: event.paths.clone(),
                        exact: (!all).then(|| event.methods.clone()),
                        stage: self.stage(handler, event.next),
                        around: around(handler),
                    };
                    if event.is_route() && self.passes_on(event, handler) {
                        self.put(owner, order, event.site, what);
                    }
                }
            }
        }
        for items in self.items.values_mut() {
            items.sort_by_key(|item| item.order);
        }
    }

    fn put(&mut self, owner: ObjId, order: (usize, usize), site: Site, what: What) {
        self.items
            .entry(owner)
            .or_default()
            .push(Item { order, site, what });
    }

    fn hang(&mut self, parent: ObjId, child: ObjId, order: (usize, usize), prefix: Option<String>) {
        if parent != child {
            let parents = self.parents.entry(child).or_default();
            parents.push((parent, order, prefix));
        }
    }

    /// A function registered for everything that has no parameter to pass a request on with: it answers.
    fn ends(&self, event: &Event, handler: &Handler) -> bool {
        let Handler::Function(func, ..) = handler else {
            return false;
        };
        let callback = event.methods.iter().any(|m| m == "use");
        let f = self.origins.program.func(*func).func;
        callback
            && f.arguments.is_none()
            && event.next.is_some_and(|next| f.params.len() <= next)
            && (event.next == Some(1) || !event.paths.is_empty())
            && !f.params.iter().any(|p| p.rest)
    }

    /// A handler of a route that has a parameter to pass requests on with, and uses it.
    fn passes_on(&self, event: &Event, handler: &Handler) -> bool {
        match handler {
            Handler::Function(func, ..) => {
                let f = self.origins.program.func(*func).func;
                event.next.is_some_and(|next| {
                    f.params
                        .get(next)
                        .is_some_and(|param| crate::guard::uses(f, param.local))
                })
            }
            _ => false,
        }
    }

    fn stage(&self, handler: &Handler, next: Option<usize>) -> Stage {
        match handler {
            Handler::Function(func, given, _) => Stage::Function(*func, given.clone(), next),
            Handler::Package(path) => Stage::Package(*path),
            Handler::Object(id) => match self.started.objects.get(id.0 as usize).map(|o| &o.kind) {
                Some(Kind::Made(made)) => Stage::Package(made.path),
                _ => Stage::Unknown,
            },
            Handler::Class(_) | Handler::Unknown => Stage::Unknown,
        }
    }

    fn member(&self, site: Site, what: Stage, around: Around, certain: bool) -> Member {
        let name = crate::decoration::name(self.origins, &what);
        Member {
            site,
            name,
            what,
            around,
            certain,
        }
    }

    /// What a route itself asks for before its handler.
    fn asked_for(&self, event: &Event) -> Vec<Member> {
        let members = asked(event);
        members
            .map(|what| self.member(event.site, what, Around::default(), true))
            .collect()
    }

    fn unresolved(&mut self, site: Site, why: &str) {
        self.made.unresolved.push(Unresolved {
            site,
            why: why.to_owned(),
        });
    }

    /// All ways from roots down to an owner.
    fn ways(&self, owner: ObjId, seen: &mut Vec<ObjId>, out: &mut Vec<Way>, below: &Way) {
        if out.len() >= limits::MOUNTS {
            return;
        }
        let parents = self.parents.get(&owner).map_or(&[][..], Vec::as_slice);
        if parents.is_empty() || seen.len() >= limits::MOUNT_DEPTH {
            out.push(below.clone());
            return;
        }
        for (parent, order, prefix) in parents {
            if seen.contains(parent) {
                continue;
            }
            let mut way = below.clone();
            way.levels.insert(0, (*parent, *order, prefix.clone()));
            seen.push(*parent);
            self.ways(*parent, seen, out, &way);
            seen.pop();
        }
    }

    fn endpoints(&mut self) {
        let mut owners: Vec<ObjId> = self.items.keys().copied().collect();
        owners.sort_unstable();
        for owner in owners {
            let mut ways = Vec::new();
            self.ways(owner, &mut vec![owner], &mut ways, &Way::default());
            if ways.len() >= limits::MOUNTS {
                *self
                    .made
                    .caps
                    .entry("places where one router is mounted")
                    .or_default() += 1;
            }
            let answers: Vec<((usize, usize), usize)> = self
                .items
                .get(&owner)
                .into_iter()
                .flatten()
                .filter_map(|item| match item.what {
                    What::Answers { event } => Some((item.order, event)),
                    _ => None,
                })
                .collect();
            for (order, index) in answers {
                for way in &ways {
                    self.endpoint(owner, order, index, way);
                }
            }
        }
        for event in &self.started.events {
            if event.owner.is_some() {
                self.tell(event);
            }
        }
    }

    /// One event on one way.
    fn endpoint(&mut self, owner: ObjId, order: (usize, usize), index: usize, way: &Way) {
        let Some(event) = self.started.events.get(index) else {
            return;
        };
        let root = way.levels.first().map_or(owner, |(root, _, _)| *root);
        let own = if event.paths.is_empty() {
            vec![Some(if event.is_route() { HOLE } else { "/" }.to_owned())]
        } else {
            event.paths.clone()
        };
        for path in own {
            let path = path.unwrap_or_else(|| HOLE.to_owned());
            // The path as each level sees it, from the owner up to the root.
            let mut seen_by = vec![path.clone()];
            for (_, _, prefix) in way.levels.iter().rev() {
                let below = seen_by.last().cloned().unwrap_or_default();
                seen_by.push(route::join(prefix.as_deref().unwrap_or(HOLE), &below));
            }
            seen_by.reverse();
            let whole = route::join("", seen_by.first().map_or("/", String::as_str));
            // Where no path is given, what is registered on is built step by step.
            let built = event.is_route() && event.paths.is_empty();
            let steps = built.then(|| self.steps(owner)).flatten();
            let stepwise = steps.is_some();
            let named = built.then(|| self.named(event)).flatten();
            let told = (whole != format!("/{HOLE}") || !built)
                .then(|| whole.clone())
                .or(named);
            for asked in &event.methods {
                let method = if asked == "use" { "all" } else { asked };
                let key = (event.site, told.clone(), method.to_owned());
                if !self.known.insert(key) {
                    continue;
                }
                if self.made.endpoints.len() >= limits::ENDPOINTS {
                    *self.made.caps.entry("endpoints").or_default() += 1;
                    return;
                }
                let mut chain = Vec::new();
                let levels = way
                    .levels
                    .iter()
                    .map(|(owner, order, _)| (*owner, *order))
                    .chain([(owner, order)]);
                for ((level, until), path) in levels.zip(&seen_by) {
                    // Members of the same registration stand before the handler whatever their path.
                    self.before(level, until, path, asked, index, &mut chain);
                }
                if event.is_route() {
                    let (_, before) = event
                        .handlers
                        .split_last()
                        .unwrap_or((&Handler::Unknown, &[]));
                    chain.extend(before.iter().map(|h| {
                        self.member(event.site, self.stage(h, event.next), around(h), true)
                    }));
                }
                let handler = if event.is_route() {
                    event.handlers.last()
                } else {
                    event.handlers.get(order.1.saturating_sub(1))
                };
                let own = handler.map(around).unwrap_or_default();
                let handlers = match handler {
                    Some(Handler::Function(func, given, _)) => {
                        [*func].into_iter().chain(given.iter().copied()).collect()
                    }
                    _ => Vec::new(),
                };
                chain.extend(steps.iter().flatten().cloned());
                chain.extend(self.asked_for(event));
                let begun = built.then(|| self.begun_elsewhere(event)).flatten();
                chain.extend(begun.clone());
                let unknown = chain.iter().filter(|m| m.what == Stage::Unknown).count()
                    + usize::from(matches!(handler, None | Some(Handler::Unknown)))
                    + usize::from(handler.is_some_and(|h| self.answers_nothing(h)))
                    + usize::from(built && !stepwise && begun.is_none());
                self.made.endpoints.push(Endpoint {
                    method: method.to_owned(),
                    path: told.clone(),
                    mounted: self.handed.contains(&root) || stepwise || !self.may_move(root, event),
                    call: Some(event.call),
                    callee: self.origins.paths.text(event.callee),
                    class: handler.and_then(class),
                    suffix: event.suffix.clone(),
                    open: event.asks.as_ref().is_some_and(Vec::is_empty),
                    handlers,
                    own,
                    chain,
                    unknown: u32::try_from(unknown).unwrap_or(u32::MAX),
                    root: self.made_at(root),
                    included: self.included(way),
                    ..Endpoint::at(event.site)
                });
            }
        }
    }

    /// Whether the root of an endpoint may be mounted where nobody saw it.
    fn may_move(&self, root: ObjId, event: &Event) -> bool {
        let callee = self.origins.paths.text(event.callee);
        let site = self.made_at(root).unwrap_or(event.site);
        self.opening.takes(self.origins, site, &callee)
    }

    /// Where something that a package made is made.
    fn made_at(&self, id: ObjId) -> Option<Site> {
        match self.started.objects.get(id.0 as usize).map(|o| &o.kind) {
            Some(Kind::Made(made)) => Some(made.site),
            _ => None,
        }
    }

    /// What runs on one level before something of a path.
    fn before(
        &self,
        owner: ObjId,
        until: (usize, usize),
        path: &str,
        method: &str,
        own: usize,
        chain: &mut Vec<Member>,
    ) {
        for item in self.items.get(&owner).into_iter().flatten() {
            // Hooks are collected before anything is served: they hold for what stands before them too. What is below may have been
            // made before them.
            let late = item.order >= until;
            let of_param = self.is_all(item.order.0, "param");
            // What all ask for who say nothing of it holds for those that stand before it too.
            let default = self.is_all(item.order.0, DEFAULT);
            let said = self
                .started
                .events
                .get(own)
                .is_some_and(|e| e.asks.is_some());
            if default && said {
                continue;
            }
            if late && !of_param && !default && !self.is_all(item.order.0, "hook") {
                continue;
            }
            let of_own = self.started.events.get(own).and_then(|e| e.owner) == Some(owner);
            let sure = !late || of_own;
            let What::Passes {
                paths,
                exact,
                stage,
                around,
            } = &item.what
            else {
                continue;
            };
            let of_route = exact.is_some() || self.is_route(item.order.0);
            if of_route && item.order.0 == own {
                continue;
            }
            if exact
                .as_ref()
                .is_some_and(|m| !m.iter().any(|m| m == method))
            {
                continue;
            }
            // What runs for a parameter runs for the routes of the same router that have it.
            if of_param {
                let mut names = paths.iter().flatten();
                if of_own && names.any(|name| route::has_parameter(path, name)) {
                    chain.push(self.member(item.site, stage.clone(), around.clone(), true));
                }
                continue;
            }
            let mut fits = if paths.is_empty() {
                Some(true)
            } else {
                Some(false)
            };
            for wanted in paths {
                let fit = match wanted {
                    Some(wanted) if of_route => route::answers(wanted, path),
                    Some(wanted) => route::covers(wanted, path),
                    None => None,
                };
                fits = match (fits, fit) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (None, _) | (_, None) => None,
                    _ => Some(false),
                };
            }
            if fits != Some(false) {
                let certain = fits == Some(true) && sure;
                chain.push(self.member(item.site, stage.clone(), around.clone(), certain));
            }
        }
    }

    fn is_all(&self, event: usize, word: &str) -> bool {
        let event = self.started.events.get(event);
        event.is_some_and(|event| event.methods.iter().all(|method| method == word))
    }

    fn is_route(&self, event: usize) -> bool {
        self.started.events.get(event).is_some_and(Event::is_route)
    }

    /// Something that a package made of which the models only say that no data comes through: `include(…)` of Django answers nothing
    /// itself, and what stands behind it is not read here.
    fn answers_nothing(&self, handler: &Handler) -> bool {
        let Handler::Object(id) = handler else {
            return false;
        };
        let made = match self.started.objects.get(id.0 as usize).map(|o| &o.kind) {
            Some(Kind::Made(made)) => made.path,
            _ => return false,
        };
        let paths = &self.origins.paths;
        let mut rows = paths
            .parent(made)
            .into_iter()
            .flat_map(|callee| paths.call_rows(callee, false));
        !self.items.contains_key(id) && rows.any(|(_, row)| matches!(row.role, Role::Neutral))
    }

    /// What is known of a registration beside its endpoints.
    fn tell(&mut self, event: &Event) {
        if event.paths.contains(&None) {
            self.unresolved(event.site, "its path is not constant");
        }
        if event.handlers.contains(&Handler::Unknown) {
            let why = if event.is_route() {
                "a handler is not known"
            } else {
                "it is not known what is registered here"
            };
            self.unresolved(event.site, why);
        }
        if self.origins.paths.text(event.callee).starts_with(SETTINGS) {
            for handler in &event.handlers {
                let what = match handler {
                    Handler::Function(func, ..) => Stage::Middleware(*func),
                    // Of a package's middleware only what models or its name say is a guard.
                    _ => match self.stage(handler, None) {
                        Stage::Package(path)
                            if self.origins.paths.known(path)
                                || crate::guard::named_login(&self.origins.paths.text(path)) =>
                        {
                            Stage::Package(path)
                        }
                        _ => continue,
                    },
                };
                let member = self.member(event.site, what, around(handler), true);
                self.made.everywhere.push(member);
            }
        }
        if !event.is_route() {
            let handlers: Vec<FuncId> = functions(&event.handlers);
            if !handlers.is_empty() {
                self.made.middleware.push(Middleware {
                    site: event.site,
                    path: event.paths.first().cloned().flatten(),
                    callee: self.origins.paths.text(event.callee),
                    handlers,
                });
            }
        }
    }

    /// Registrations on something that is not known, and those that no run reached.
    fn loose(&mut self) {
        for (index, event) in self.started.events.iter().enumerate() {
            if event.owner.is_some() || self.starts.contains(&index) {
                continue;
            }
            // Fields of a schema have no address of their own.
            let field = event.methods.iter().all(|method| method == GRAPHQL)
                && matches!(event.handlers.last(), Some(Handler::Class(_)));
            if !field {
                self.unresolved(event.site, "it is not known where this is mounted");
            }
            self.tell(event);
            if !event.is_route() {
                continue;
            }
            let own = if event.paths.is_empty() {
                vec![None]
            } else {
                event.paths.clone()
            };
            for path in own {
                for method in &event.methods {
                    let (last, before) = match event.handlers.split_last() {
                        Some((last, before)) => (Some(last), before),
                        None => (None, &[][..]),
                    };
                    let mut chain: Vec<Member> = before
                        .iter()
                        .map(|h| {
                            self.member(event.site, self.stage(h, event.next), around(h), true)
                        })
                        .collect();
                    chain.extend(self.asked_for(event));
                    let unknown = chain.iter().filter(|m| m.what == Stage::Unknown).count();
                    self.made.endpoints.push(Endpoint {
                        method: method.clone(),
                        path: path.clone().map(|p| route::join("", &p)),
                        // A route that says itself who may come needs nobody else to say it.
                        mounted: field || event.asks.is_some(),
                        open: event.asks.as_ref().is_some_and(Vec::is_empty),
                        call: Some(event.call),
                        class: last.and_then(class),
                        callee: self.origins.paths.text(event.callee),
                        handlers: last
                            .map_or_else(Vec::new, |h| functions(std::slice::from_ref(h))),
                        own: last.map(around).unwrap_or_default(),
                        chain,
                        unknown: u32::try_from(unknown).unwrap_or(u32::MAX)
                            + u32::from(matches!(last, None | Some(Handler::Unknown))),
                        ..Endpoint::at(event.site)
                    });
                }
            }
        }
        for site in &self.started.missed {
            self.unresolved(*site, "no run reached this registration");
        }
        for site in &self.started.suspects {
            self.unresolved(
                *site,
                "it looks like a registration, but nothing is known of what it is made on",
            );
        }
    }
}

impl Event {
    /// For one route, not for everything below a path.
    pub(crate) fn is_route(&self) -> bool {
        !self
            .methods
            .iter()
            .all(|m| matches!(m.as_str(), "use" | "hook" | "param" | STEP | DEFAULT))
    }
}

fn prefixes(event: &Event) -> Vec<Option<String>> {
    if event.paths.is_empty() {
        vec![Some(String::new())]
    } else {
        event.paths.clone()
    }
}

/// What a registration itself asks for.
fn asked(event: &Event) -> impl Iterator<Item = Stage> {
    let kinds = event.asks.iter().flatten();
    kinds.map(|kind| Stage::Setting(kind, SAID.to_owned()))
}

/// The class that a handler is.
fn class(handler: &Handler) -> Option<ClassIdx> {
    match handler {
        Handler::Class(class) => Some(*class),
        _ => None,
    }
}

/// What a handler was made with.
fn around(handler: &Handler) -> Around {
    match handler {
        Handler::Function(_, _, around) => around.clone(),
        _ => Around::default(),
    }
}

/// The functions of handlers, with those that wrappers were given.
fn functions(handlers: &[Handler]) -> Vec<FuncId> {
    let mut out = Vec::new();
    for handler in handlers {
        if let Handler::Function(func, given, _) = handler {
            out.push(*func);
            out.extend(given);
        }
    }
    out
}
