//! Addresses of Django and of Flask-RESTful: URL configurations name each other by module, and views by class.
//!
//! `path('shop/', include('shop.urls'))` puts everything of that module below `shop/`, whatever file it stands in; the methods of a
//! class answer where its `as_view()` is registered, routers of Django REST framework where it is registered with them. What stands around
//! a view there (`login_required(OrderView.as_view())`) stands before all its methods (`wrapped.rs`).

use crate::decoration::before::Befores;
use crate::decoration::written_name;
use crate::model::{Application, Endpoint, Member, Middleware, Unresolved};
use crate::route::join;
use crate::router::{self, Router};
use crate::startup::HOLE;
use crate::view::View;
use crate::wrapped::{self, Wrapped, is_as_view, unwrapped};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::{FileIdx, FuncId, Site};
use casemate_ir::{Arg, ArgKey, FnKind, Instr, Key, Language, Operand, PartKey, VarRef};
use std::collections::{BTreeMap, BTreeSet};

/// Configurations below each other.
const DEPTH: usize = 6;

/// Functions that put a view below a route.
const ROUTES: [&str; 4] = [
    "py:django.urls.path",
    "py:django.urls.re_path",
    "py:django.conf.urls.url",
    "py:django.conf.urls.defaults.url",
];

/// What registers classes of Flask-RESTful.
const RESOURCE: &str = "py:flask_restful.Api().add_resource";

/// Functions that stand for the routes of another module.
const INCLUDES: [&str; 2] = ["py:django.urls.include", "py:django.conf.urls.include"];

/// What the configurations of a program say.
#[derive(Default)]
struct Routes {
    /// A file stands below a prefix of another file.
    below: BTreeMap<FileIdx, BTreeSet<(FileIdx, Site, String)>>,
    /// Where that is said: no endpoint.
    includes: BTreeSet<Site>,
    /// Routes that stand in a list which another route includes: that route's place and prefix.
    inside: BTreeMap<Site, (Site, String)>,
    /// Where the routes of a router are included, by the router's name.
    routers: BTreeMap<String, BTreeSet<(FileIdx, Site, String)>>,
    /// What is included and not known.
    unknown: BTreeSet<Site>,
    /// Classes and where they answer.
    views: Vec<Registered>,
    /// What lists of addresses put around views, by the place of the route.
    around: BTreeMap<Site, Vec<Member>>,
    /// Units in which the class of some view is not known.
    hidden: BTreeSet<u32>,
    /// What the run of the start found as the routes of calls that do not write theirs out.
    run: BTreeMap<Site, String>,
}

/// A class that is registered.
struct Registered {
    class: ClassIdx,
    site: Site,
    route: String,
    /// The name of the router that registers it, and what it answers besides what routers do.
    router: Option<(String, Router)>,
    /// Which methods answer as what, where that is said: `as_view({'get': 'list'})`.
    actions: Vec<(String, String)>,
    /// By Django, and not by an extension of Flask.
    of_django: bool,
    /// It stands in a list of addresses, and not in a function that makes one for others.
    listed: bool,
}

/// Completes the addresses of endpoints. What includes other routes answers nothing itself.
pub(crate) fn complete(application: &mut Application, origins: &Solver<'_, '_>) {
    one_of_alternatives(application);
    let mut routes = Routes {
        run: addresses(application),
        ..Routes::default()
    };
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.file.facts.language != Language::Python || origins.program.is_copy(func) {
            continue;
        }
        if f.func.kind == FnKind::Module {
            routes.read(origins, f);
        } else {
            routes.made(origins, f);
        }
    }
    let all = std::mem::take(&mut application.endpoints);
    let (includes, endpoints): (Vec<Endpoint>, Vec<Endpoint>) = all
        .into_iter()
        .partition(|endpoint| routes.includes.contains(&endpoint.site));
    application.endpoints = endpoints;
    application
        .middleware
        .extend(includes.into_iter().map(|include| Middleware {
            site: include.site,
            path: include.path,
            callee: include.callee,
            handlers: Vec::new(),
        }));
    application.middleware.sort_by_key(|it| it.site);
    for site in &routes.unknown {
        application.unresolved.push(Unresolved {
            site: *site,
            why: "it is not known which routes are included here".to_owned(),
        });
    }
    application.unresolved.sort();
    application.unresolved.dedup();
    for endpoint in &mut application.endpoints {
        if let Some(path) = &endpoint.path
            && endpoint.callee.starts_with("py:django")
        {
            endpoint.path = Some(routes.at(endpoint.site, path));
            let around = routes.around.get(&endpoint.site);
            let around = around.map_or(&[][..], Vec::as_slice);
            endpoint.unknown += wrapped::unknown(around);
            endpoint.chain.extend(around.iter().cloned());
            endpoint.included = routes.guarding(endpoint.site);
        }
    }
    methods_of_functions(application);
    let of_others = routes.views.iter().any(|view| !view.of_django);
    let befores = of_others.then(|| Befores::of(origins));
    let before = |view: &Registered| {
        let befores = befores.as_ref().filter(|_| !view.of_django);
        befores.map_or_else(Vec::new, |befores| {
            befores.of_application(origins, view.site.file, false)
        })
    };
    let views: Vec<View> = routes
        .views
        .iter()
        .map(|view| View {
            class: view.class,
            registered: Endpoint {
                path: Some(routes.of_view(view)),
                mounted: view.listed,
                unknown: routes.unknown_around(view),
                chain: [before(view), routes.around(view).to_vec()].concat(),
                included: routes.guarding(view.site).filter(|_| view.listed),
                callee: if view.of_django { "" } else { RESOURCE }.to_owned(),
                ..Endpoint::at(view.site)
            },
            router: view.router.as_ref().map(|(_, router)| router.clone()),
            actions: view.actions.clone(),
            of_django: view.of_django,
        })
        .collect();
    crate::view::complete(application, origins, views);
    for endpoint in &mut application.endpoints {
        let of_class =
            endpoint.path.is_none() && CLASSES.iter().any(|it| endpoint.callee.starts_with(it));
        if of_class && routes.hidden.contains(&unit(origins, endpoint.site)) {
            // One of the views that are not known may be this one.
            endpoint.mounted = false;
        }
    }
}

/// Classes of which a list of addresses says where they answer.
const CLASSES: [&str; 2] = ["py:django.views", "py:rest_framework"];

/// The part of the program that a place belongs to.
fn unit(origins: &Solver<'_, '_>, site: Site) -> u32 {
    let units = &origins.program.units;
    units.get(site.file.0 as usize).copied().unwrap_or(0)
}

/// The addresses of Django's registrations, as the run of the start put them together.
fn addresses(application: &Application) -> BTreeMap<Site, String> {
    let of_django = application
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.callee.starts_with("py:django"));
    of_django
        .filter_map(|endpoint| {
            let path = endpoint.path.as_deref()?;
            Some((endpoint.site, path.trim_start_matches('/').to_owned()))
        })
        .collect()
}

/// A prefix may be empty or what somebody sets: `prefix = f"{path}/" if path else ""`. The address without it is the one that is told.
fn one_of_alternatives(application: &mut Application) {
    let mut whole: BTreeSet<Site> = BTreeSet::new();
    let has_hole = |endpoint: &Endpoint| endpoint.path.as_ref().is_some_and(|p| p.contains(HOLE));
    let of_django = |endpoint: &Endpoint| endpoint.callee.starts_with("py:django");
    for endpoint in &application.endpoints {
        if of_django(endpoint) && endpoint.path.is_some() && !has_hole(endpoint) {
            whole.insert(endpoint.site);
        }
    }
    let kept = |endpoint: &Endpoint| {
        !of_django(endpoint) || !has_hole(endpoint) || !whole.contains(&endpoint.site)
    };
    application.endpoints.retain(kept);
}

/// A function whose decorator says which methods it answers, and which a configuration gives an address, is one endpoint for each method.
fn methods_of_functions(application: &mut Application) {
    let said = |endpoint: &Endpoint| {
        endpoint.path.is_none()
            && endpoint
                .callee
                .starts_with("py:rest_framework.decorators.api_view")
    };
    let mut methods: BTreeMap<FuncId, BTreeSet<String>> = BTreeMap::new();
    for endpoint in application.endpoints.iter().filter(|e| said(e)) {
        if let [handler] = endpoint.handlers.as_slice() {
            methods
                .entry(*handler)
                .or_default()
                .insert(endpoint.method.clone());
        }
    }
    let addressed = |endpoint: &Endpoint| {
        endpoint.path.is_some()
            && endpoint.method == "route"
            && matches!(endpoint.handlers.as_slice(), [handler] if methods.contains_key(handler))
    };
    let known: BTreeSet<FuncId> = application
        .endpoints
        .iter()
        .filter(|e| addressed(e))
        .flat_map(|e| e.handlers.iter().copied())
        .collect();
    if known.is_empty() {
        return;
    }
    let all = std::mem::take(&mut application.endpoints);
    for endpoint in all {
        if addressed(&endpoint) {
            let of = endpoint.handlers.first().and_then(|h| methods.get(h));
            for method in of.into_iter().flatten() {
                application.endpoints.push(Endpoint {
                    method: method.clone(),
                    ..endpoint.clone()
                });
            }
        } else if !said(&endpoint) || !endpoint.handlers.iter().any(|h| known.contains(h)) {
            application.endpoints.push(endpoint);
        }
    }
}

impl Routes {
    /// The calls of a function that are given two things or more: where, what is called, and the first two. Resources are taken down.
    fn pairs<'p>(
        &mut self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'p>,
    ) -> Vec<(Site, Operand, [&'p Arg; 2])> {
        let mut pairs = Vec::new();
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let args = f.func.args(args);
            if adds_resource(origins, f.id, callee) {
                self.resource(origins, f, place(f, at), args);
            } else if let [first, second, ..] = args {
                pairs.push((place(f, at), callee, [first, second]));
            }
        }
        pairs
    }

    fn read(&mut self, origins: &Solver<'_, '_>, f: FuncRef<'_>) {
        for (site, callee, [first, second]) in self.pairs(origins, f) {
            let view = second.value;
            let names = texts(origins, f.id, callee);
            let written = f.constant_text(first.value);
            let Some(route) = written.or(self.run.get(&site).map(String::as_str)) else {
                continue;
            };
            let route = &route.to_owned();
            if names.iter().any(|name| ROUTES.contains(&name.as_str())) {
                self.route(origins, f, site, route, view);
            } else if names.iter().any(|name| registers(name)) || own_router(origins, f, callee) {
                let router = f.read_off(callee);
                let name = router.and_then(|router| written_name(f, router));
                let name = name.unwrap_or_default().to_owned();
                let router = router.map_or_else(Router::default, |it| router::of(origins, f, it));
                let registered = classes(origins, f, view);
                if registered.is_empty() && origins.of_operand(f.id, view).is_empty() {
                    self.hidden.insert(unit(origins, site));
                }
                for class in registered {
                    self.views.push(Registered {
                        class,
                        site,
                        route: format!("{}/", route.trim_end_matches('/')),
                        router: Some((name.clone(), router.clone())),
                        actions: Vec::new(),
                        of_django: true,
                        listed: true,
                    });
                }
            }
        }
    }

    /// `add_resource(Orders, '/orders', '/orders/<key>')`
    fn resource(&mut self, origins: &Solver<'_, '_>, f: FuncRef<'_>, site: Site, args: &[Arg]) {
        let Some((resource, routes)) = args.split_first() else {
            return;
        };
        // What has a name is no route: `endpoint='orders'`.
        let routes = routes.iter().filter(|arg| arg.key == ArgKey::Pos);
        let routes = routes.filter_map(|arg| f.constant_text(arg.value));
        for class in classes(origins, f, resource.value) {
            self.views.extend(routes.clone().map(|route| Registered {
                class,
                site,
                route: route.to_owned(),
                router: None,
                actions: Vec::new(),
                of_django: false,
                listed: true,
            }));
        }
    }

    /// The routes that a function makes for others: `get_urls` of an application or an administration, the resources of an API.
    fn made(&mut self, origins: &Solver<'_, '_>, f: FuncRef<'_>) {
        for (site, callee, [first, second]) in self.pairs(origins, f) {
            let is_route = |name: &String| ROUTES.contains(&name.as_str());
            if let Some(route) = f.constant_text(first.value)
                && texts(origins, f.id, callee).iter().any(is_route)
            {
                self.view(origins, f, site, route, second.value);
            }
        }
    }

    /// What `path(route, view)` says of a view: what stands around it, and which class it is.
    fn view(
        &mut self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        site: Site,
        route: &str,
        view: Operand,
    ) {
        let Wrapped { chain, view } = unwrapped(origins, f, site, view);
        if !chain.is_empty() {
            self.around.insert(site, chain);
        }
        if wrapped::is_class_unknown(origins, f, view) {
            self.hidden.insert(unit(origins, site));
        }
        let Some((callee, args)) = f.call_behind(view) else {
            return;
        };
        if is_as_view(f, callee)
            && let Some(base) = f.read_off(callee)
        {
            for class in classes(origins, f, base) {
                self.views.push(Registered {
                    class,
                    site,
                    route: plain(route).to_owned(),
                    router: None,
                    actions: args
                        .first()
                        .map_or_else(Vec::new, |arg| actions(f, arg.value)),
                    of_django: true,
                    listed: f.func.kind == FnKind::Module,
                });
            }
        }
    }

    /// `path(route, view)`.
    fn route(
        &mut self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        site: Site,
        route: &str,
        view: Operand,
    ) {
        self.view(origins, f, site, route, view);
        let Some((callee, args)) = f.call_behind(view) else {
            return;
        };
        let names = texts(origins, f.id, callee);
        if !names.iter().any(|name| INCLUDES.contains(&name.as_str())) {
            return;
        }
        self.includes.insert(site);
        let Some(included) = args.first().map(|a| a.value) else {
            return;
        };
        let route = plain(route).to_owned();
        let files = modules(origins, f, included);
        let listed = listed(f, included);
        if let Some(router) = router_of(f, included) {
            let named = self.routers.entry(router.to_owned()).or_default();
            named.insert((f.file_idx, site, route));
            return;
        }
        if files.is_empty() && listed.is_none() && constant(f, included).is_none() {
            self.unknown.insert(site);
        }
        for inner in listed.unwrap_or_default() {
            self.inside.insert(inner, (site, route.clone()));
        }
        for file in files {
            if file != f.file_idx {
                let below = self.below.entry(file).or_default();
                below.insert((f.file_idx, site, route.clone()));
            }
        }
    }

    /// What a list of addresses puts around a view.
    fn around(&self, view: &Registered) -> &[Member] {
        self.around.get(&view.site).map_or(&[], Vec::as_slice)
    }

    /// The place of a route, where its list is what puts guards before views: there a view without one is told of.
    fn guarding(&self, site: Site) -> Option<Site> {
        let mut around = self.around.keys();
        around.any(|other| other.file == site.file).then_some(site)
    }

    /// How much of that is not known.
    fn unknown_around(&self, view: &Registered) -> u32 {
        wrapped::unknown(self.around(view))
    }

    /// A route with the prefixes of the lists that it stands in.
    fn prefixed(&self, site: Site, route: &str) -> String {
        let (mut site, mut route) = (site, route.to_owned());
        for _ in 0..DEPTH {
            let Some((outer, prefix)) = self.inside.get(&site) else {
                break;
            };
            route = join(prefix, &route).trim_start_matches('/').to_owned();
            site = *outer;
        }
        route
    }

    /// The whole address of a route that stands at a place.
    fn at(&self, site: Site, route: &str) -> String {
        self.whole(site.file, &self.prefixed(site, route), 0)
    }

    /// The whole address below which a class answers.
    fn of_view(&self, view: &Registered) -> String {
        let router = view.router.as_ref();
        let included = router.and_then(|(name, _)| self.routers.get(name));
        let here = included.and_then(|all| {
            let own = all.iter().find(|(file, ..)| *file == view.site.file);
            own.or(all.first().filter(|_| all.len() == 1))
        });
        match here {
            Some((_, site, prefix)) => self.at(*site, &join(prefix, &view.route)),
            None => self.at(view.site, &view.route),
        }
    }

    /// The address of a route of a file, the prefixes of the configurations above it included. Where there are several ways to
    /// it, the first.
    fn whole(&self, file: FileIdx, route: &str, depth: usize) -> String {
        match self.below.get(&file).and_then(BTreeSet::first) {
            Some((parent, site, prefix)) if depth < DEPTH => {
                let prefix = self.prefixed(*site, prefix);
                self.whole(*parent, &join(&prefix, route), depth + 1)
            }
            _ => join("", route),
        }
    }
}

/// `api.add_resource(Orders, '/orders')` of Flask-RESTful, or a method of the program that hands its own arguments on to it.
fn adds_resource(origins: &Solver<'_, '_>, func: FuncId, callee: Operand) -> bool {
    let adds = |name: &String| name.starts_with("py:flask_rest") && name.ends_with(".add_resource");
    if texts(origins, func, callee).iter().any(adds) {
        return true;
    }
    let inner = origins
        .of_operand(func, callee)
        .iter()
        .find_map(|val| match origins.val(*val) {
            Some(Val::Func(inner)) => Some(inner),
            _ => None,
        });
    let Some(inner) = inner.map(|inner| origins.program.func(inner)) else {
        return false;
    };
    let first = inner.func.params.first().map(|param| param.local);
    inner.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, args, .. } => {
            let given = inner.func.args(args).first().map(|arg| arg.value);
            first.is_some_and(|first| given == Some(Operand::Local(first)))
                && matches!(inner.made_by(callee), Some(Instr::Load { key: Key::Field(name), .. })
                    if inner.file.facts.str(*name) == "add_resource")
        }
        _ => false,
    })
}

/// `router.register` of Django REST framework and what extends it.
fn registers(name: &str) -> bool {
    name.starts_with("py:rest_framework") && name.contains("Router") && name.ends_with(".register")
}

/// `register` of a class of the program that is called a router, as where a copy of the framework is a part of it.
fn own_router(origins: &Solver<'_, '_>, f: FuncRef<'_>, callee: Operand) -> bool {
    written_name(f, callee) == Some("register")
        && origins.of_operand(f.id, callee).iter().any(|&val| {
            let Some(Val::Func(func)) = origins.val(val) else {
                return false;
            };
            let f = origins.program.func(func);
            let class = f
                .func
                .class
                .and_then(|class| f.file.facts.classes.get(class.index()));
            class
                .and_then(|class| class.name)
                .is_some_and(|name| f.file.facts.str(name).ends_with("Router"))
        })
}

/// `{'get': 'list', 'post': 'create'}`
pub(crate) fn actions(f: FuncRef<'_>, given: Operand) -> Vec<(String, String)> {
    let Some(Instr::Object { parts, .. }) = f.made_by(given) else {
        return Vec::new();
    };
    let action = |part: &casemate_ir::Part| {
        let PartKey::Field(method) = part.key else {
            return None;
        };
        let name = f.constant_text(part.value)?;
        Some((f.file.facts.str(method).to_lowercase(), name.to_owned()))
    };
    f.func.parts(*parts).iter().filter_map(action).collect()
}

fn place(f: FuncRef<'_>, at: usize) -> Site {
    Site {
        file: f.file_idx,
        span: f.func.spans.get(at).copied().unwrap_or_default(),
    }
}

/// A text that is included: alone, or first of a pair.
fn constant<'p>(f: FuncRef<'p>, included: Operand) -> Option<&'p str> {
    f.constant_text(included).or_else(|| {
        let Some(Instr::Array { parts, .. }) = f.made_by(included) else {
            return None;
        };
        let first = f.func.parts(*parts).first()?;
        f.constant_text(first.value)
    })
}

/// The router whose routes are included: `router.urls`, alone or first of a pair.
fn router_of<'p>(f: FuncRef<'p>, included: Operand) -> Option<&'p str> {
    let urls = |value: Operand| match f.made_by(value) {
        Some(Instr::Load {
            base,
            key: Key::Field(name),
            ..
        }) if f.file.facts.str(*name) == "urls" => written_name(f, *base),
        _ => None,
    };
    urls(included).or_else(|| match f.made_by(included) {
        Some(Instr::Array { parts, .. }) => urls(f.func.parts(*parts).first()?.value),
        _ => None,
    })
}

/// The places of the routes in a list that is included: written there, or kept in a variable of the module.
fn listed(f: FuncRef<'_>, included: Operand) -> Option<Vec<Site>> {
    let mut list = included;
    for _ in 0..4 {
        match f.made_by(list)? {
            Instr::LoadVar {
                var: VarRef::Global(wanted),
                ..
            } => {
                list = f.func.instrs.iter().find_map(|instr| match *instr {
                    Instr::StoreVar {
                        var: VarRef::Global(global),
                        value,
                    } if global == *wanted => Some(value),
                    _ => None,
                })?;
            }
            Instr::Array { parts, .. } => {
                let parts = f.func.parts(*parts);
                let first = parts.first()?.value;
                if f.call_behind(first).is_none() {
                    list = first;
                    continue;
                }
                let site = |value: Operand| {
                    let Operand::Local(local) = value else {
                        return None;
                    };
                    f.writer(local).map(|(at, _)| place(f, at))
                };
                return Some(parts.iter().filter_map(|part| site(part.value)).collect());
            }
            _ => return None,
        }
    }
    None
}

/// The files that `include` is given: by the name of the module, alone or first of a pair, or the module itself.
fn modules(origins: &Solver<'_, '_>, f: FuncRef<'_>, included: Operand) -> Vec<FileIdx> {
    if let Some(name) = f.constant_text(included) {
        return by_name(origins, name);
    }
    if let Some(Instr::Array { parts, .. }) = f.made_by(included) {
        let first = f.func.parts(*parts).first().map(|part| part.value);
        return first
            .and_then(|value| f.constant_text(value))
            .map_or_else(Vec::new, |name| by_name(origins, name));
    }
    let values = origins.of_operand(f.id, included).iter();
    values
        .filter_map(|val| match origins.val(*val) {
            Some(Val::Namespace(file) | Val::Module(file)) => Some(file),
            _ => None,
        })
        .collect()
}

/// The only file of a module of that name.
fn by_name(origins: &Solver<'_, '_>, name: &str) -> Vec<FileIdx> {
    let wanted = name.replace('.', "/");
    let files = origins.program.files.iter().enumerate();
    let found: Vec<FileIdx> = files
        .filter(|(_, file)| {
            let stem = file.path.strip_suffix(".py").unwrap_or_default();
            let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
            stem.strip_suffix(wanted.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        })
        .filter_map(|(index, _)| u32::try_from(index).ok().map(FileIdx))
        .collect();
    if found.len() == 1 { found } else { Vec::new() }
}

/// The class that a value is. A decorator may give back all that it was ever given: then the name tells.
fn classes(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Vec<ClassIdx> {
    let values = origins.of_operand(f.id, value).iter();
    let all: Vec<ClassIdx> = values
        .filter_map(|val| match origins.val(*val) {
            Some(Val::Class(class)) => Some(class),
            _ => None,
        })
        .collect();
    if all.len() < 2 {
        return all;
    }
    let written = written_name(f, value);
    let is_called = |class: &ClassIdx| {
        origins.program.class(*class).is_some_and(|(file, def)| {
            let facts = &origins.program.file(file).facts;
            def.name
                .is_some_and(|name| Some(facts.str(name)) == written)
        })
    };
    let named: Vec<ClassIdx> = all.into_iter().filter(is_called).collect();
    if named.len() == 1 { named } else { Vec::new() }
}

/// A route without the marks of a regular expression at its ends.
fn plain(route: &str) -> &str {
    route
        .strip_prefix('^')
        .unwrap_or(route)
        .trim_end_matches('$')
}

fn texts(origins: &Solver<'_, '_>, func: FuncId, value: Operand) -> Vec<String> {
    let values = origins.of_operand(func, value).iter();
    values
        .filter_map(|val| match origins.val(*val) {
            Some(Val::Api(path)) => Some(origins.paths.text(path)),
            _ => None,
        })
        .collect()
}
