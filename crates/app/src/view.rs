//! Classes that answer where they are registered: which methods they have, of their own, of their bases, of the library, and what
//! stands before each.

use crate::action::action;
use crate::decoration::{self, class};
use crate::limits;
use crate::model::{Application, Endpoint, Middleware, Stage, Unresolved};
use crate::router::Router;
use crate::startup::{TREE, VIEW};
use crate::tree;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Instr, Key, MemberKind, Operand};
use std::collections::{BTreeMap, BTreeSet};

/// A class that is registered at an address.
pub(crate) struct View {
    pub class: ClassIdx,
    /// What is known of all its methods: where it is registered, the whole address, what stands before it.
    pub registered: Endpoint,
    /// By a router, which adds to the address what its methods say.
    pub router: Option<Router>,
    /// Which methods answer as what, where that is said.
    pub actions: Vec<(String, String)>,
    /// An address of Django leads to it.
    pub of_django: bool,
}

/// Methods that answer where the class is registered, and as what.
const VERBS: [(&str, &str); 12] = [
    ("get", "get"),
    ("post", "post"),
    ("put", "put"),
    ("patch", "patch"),
    ("delete", "delete"),
    ("head", "head"),
    ("options", "options"),
    ("on_get", "get"),
    ("on_post", "post"),
    ("on_put", "put"),
    ("on_patch", "patch"),
    ("on_delete", "delete"),
];

/// Methods that answer where a router registers the class, as what, and with what the router adds to the address.
const ACTIONS: [(&str, &str, &str); 6] = [
    ("list", "get", ""),
    ("create", "post", ""),
    ("retrieve", "get", "{pk}/"),
    ("update", "put", "{pk}/"),
    ("partial_update", "patch", "{pk}/"),
    ("destroy", "delete", "{pk}/"),
];

/// Methods that answer whatever a class is asked: of Flask's views, of what can be called, and of mutations of Graphene.
const WHOLE: [&str; 4] = [
    "dispatch_request",
    "__call__",
    "mutate",
    "mutate_and_get_payload",
];

/// Methods that classes of the libraries bring.
const BROUGHT: [(&str, &[&str]); 35] = [
    ("TemplateView", &["get"]),
    ("ListView", &["get"]),
    ("DetailView", &["get"]),
    ("RedirectView", &["get"]),
    ("FormView", &["get", "post"]),
    ("CreateView", &["get", "post"]),
    ("UpdateView", &["get", "post"]),
    ("DeleteView", &["get", "post", "delete"]),
    ("LoginView", &["get", "post"]),
    ("LogoutView", &["post"]),
    ("PasswordChangeView", &["get", "post"]),
    ("PasswordChangeDoneView", &["get"]),
    ("PasswordResetView", &["get", "post"]),
    ("PasswordResetDoneView", &["get"]),
    ("PasswordResetConfirmView", &["get", "post"]),
    ("PasswordResetCompleteView", &["get"]),
    ("ListAPIView", &["get"]),
    ("CreateAPIView", &["post"]),
    ("RetrieveAPIView", &["get"]),
    ("UpdateAPIView", &["put", "patch"]),
    ("DestroyAPIView", &["delete"]),
    ("ListCreateAPIView", &["get", "post"]),
    ("RetrieveUpdateAPIView", &["get", "put", "patch"]),
    ("RetrieveDestroyAPIView", &["get", "delete"]),
    (
        "RetrieveUpdateDestroyAPIView",
        &["get", "put", "patch", "delete"],
    ),
    ("ListModelMixin", &["list"]),
    ("CreateModelMixin", &["create"]),
    ("RetrieveModelMixin", &["retrieve"]),
    ("UpdateModelMixin", &["update", "partial_update"]),
    ("DestroyModelMixin", &["destroy"]),
    ("ReadOnlyModelViewSet", &["list", "retrieve"]),
    (
        "ModelViewSet",
        &[
            "list",
            "create",
            "retrieve",
            "update",
            "partial_update",
            "destroy",
        ],
    ),
    ("TokenObtainPairView", &["post"]),
    ("TokenRefreshView", &["post"]),
    ("ObtainAuthToken", &["post"]),
];

/// What methods of the libraries ask of the class, and where they answer only some methods, which: these say whose records they
/// are and what is done with them.
const ASKED: [(&str, &[&str]); 13] = [
    ("get_queryset", &[]),
    ("get_object", &[]),
    ("get_context_data", &[]),
    ("render_to_response", &[]),
    ("get_form_kwargs", &[]),
    ("get_redirect_url", &[]),
    ("form_valid", &["post", "put", "delete"]),
    ("perform_create", &["post"]),
    ("perform_update", &["put", "patch"]),
    ("perform_destroy", &["delete"]),
    ("filter_queryset", &[]),
    ("get_serializer_class", &[]),
    ("get_initial", &[]),
];

/// What methods of the libraries ask to find a record, or those of which it may be one; whoever makes a new one asks none of it.
const FINDS: [&str; 3] = ["get_queryset", "get_object", "filter_queryset"];

/// Classes above one.
const ANCESTORS: usize = 24;

/// A class with those above it, nearest first.
struct Family {
    classes: Vec<ClassIdx>,
    /// Names of the classes of libraries among them.
    libraries: Vec<String>,
}

/// One endpoint for each method of each registered class. What was known of the methods alone gives way.
pub(crate) fn complete(application: &mut Application, origins: &Solver<'_, '_>, views: Vec<View>) {
    checks_apart(application);
    let mut all: Vec<View> = Vec::new();
    application.endpoints.retain(|endpoint| {
        let Some(class) = endpoint.class else {
            return true;
        };
        all.push(View {
            class,
            registered: endpoint.clone(),
            router: None,
            actions: Vec::new(),
            of_django: false,
        });
        false
    });
    all.extend(views);
    if all.is_empty() {
        return;
    }
    let defaults = class::Defaults::of(origins);
    let mut by_handler: BTreeMap<FuncId, Vec<Endpoint>> = BTreeMap::new();
    for endpoint in &application.endpoints {
        let of_class = endpoint.path.is_none() && endpoint.callee.starts_with("py:");
        if let Some(first) = endpoint.handlers.first().filter(|_| of_class) {
            by_handler.entry(*first).or_default().push(endpoint.clone());
        }
    }
    let mut made: Vec<Endpoint> = Vec::new();
    let mut answered: BTreeSet<Site> = BTreeSet::new();
    let mut covered: BTreeSet<FuncId> = BTreeSet::new();
    let mut doors: BTreeSet<FuncId> = BTreeSet::new();
    for view in &all {
        let family = Family::of(origins, view.class);
        let before = made.len();
        // The methods that the class admits, where it names them.
        let allowed = family.listed(origins, "http_method_names");
        if view.router.as_ref().is_some_and(|router| router.replaces) {
            // What the routes of a router leave out answers nothing.
            let all = ACTIONS.iter();
            covered.extend(all.filter_map(|(name, ..)| view.method(origins, name)));
        }
        for answer in answers(origins, view, &family) {
            if made.len() + application.endpoints.len() >= limits::ENDPOINTS {
                *application.caps.entry("endpoints").or_default() += 1;
                break;
            }
            let own = answer.func.and_then(|func| by_handler.get(&func));
            let path = view.path(&answer.rest);
            let known: Vec<Endpoint> = match (own, &answer.method) {
                (Some(own), _) => own.clone(),
                (None, Some(method)) => vec![Endpoint {
                    method: method.clone(),
                    ..Endpoint::at(view.registered.site)
                }],
                (None, None) if view.registered.method == TREE => vec![Endpoint {
                    method: "route".to_owned(),
                    ..Endpoint::at(view.registered.site)
                }],
                (None, None) => continue,
            };
            covered.extend(answer.func);
            for known in known {
                let method = answer.method.as_ref().unwrap_or(&known.method).clone();
                if allowed.as_ref().is_some_and(|all| !all.contains(&method)) {
                    continue;
                }
                let endpoint = Endpoint {
                    method,
                    path: path.clone(),
                    ..known
                };
                let stands_here = answer.func.is_some_and(|func| {
                    let f = origins.program.func(func);
                    f.func.class.map(|class| f.class(class)) == Some(view.class)
                });
                let endpoint = if stands_here && own.is_some() {
                    endpoint
                } else {
                    of_class(origins, endpoint, view, &family, &answer, &defaults)
                };
                let mut endpoint = view.around(endpoint);
                if view.of_django {
                    decoration::before_all(origins, &application.everywhere, &mut endpoint);
                }
                made.push(endpoint);
            }
        }
        if made.len() == before && view.registered.class.is_some() {
            application.unresolved.push(Unresolved {
                site: view.registered.site,
                why: "it is not known which methods of the class answer".to_owned(),
            });
            made.push(Endpoint {
                unknown: view.registered.unknown + 1,
                class: None,
                ..view.registered.clone()
            });
        }
        if made.len() > before {
            answered.insert(view.registered.site);
            doors.extend(view.method(origins, "dispatch"));
        }
    }
    let all = std::mem::take(&mut application.endpoints);
    for endpoint in all {
        let first = endpoint.handlers.first();
        let of_method = endpoint.path.is_none() && endpoint.callee.starts_with("py:");
        if of_method && endpoint.method == "dispatch" && first.is_some_and(|f| doors.contains(f)) {
            application.middleware.push(Middleware {
                site: endpoint.site,
                path: None,
                callee: endpoint.callee,
                handlers: endpoint.handlers,
            });
        } else if of_method && first.is_some_and(|f| covered.contains(f))
            || endpoint.callee.starts_with("py:django") && answered.contains(&endpoint.site)
        {
            // What stands in its place is made.
        } else {
            application.endpoints.push(endpoint);
        }
    }
    application.unresolved.sort();
    application.unresolved.dedup();
    application.middleware.sort_by_key(|m| m.site);
    application.endpoints.extend(made);
    let key = |e: &Endpoint| (e.site, e.path.clone(), e.method.clone());
    application.endpoints.sort_by_cached_key(key);
    application
        .endpoints
        .dedup_by(|b, a| (a.site, &a.path, &a.method) == (b.site, &b.path, &b.method));
}

/// What a class does before each of its methods answers nobody.
fn checks_apart(application: &mut Application) {
    let all = std::mem::take(&mut application.endpoints);
    let (before, rest) = all
        .into_iter()
        .partition(|e| e.path.is_none() && e.method == class::CHECK && e.callee.starts_with("py:"));
    application.endpoints = rest;
    let before: Vec<Endpoint> = before;
    application
        .middleware
        .extend(before.into_iter().map(|e| Middleware {
            site: e.site,
            path: None,
            callee: e.callee,
            handlers: e.handlers,
        }));
    application.middleware.sort_by_key(|m| m.site);
}

/// One method of a registered class.
struct Answers {
    /// As what; absent: as its decorator says.
    method: Option<String>,
    /// What a router adds to the address.
    rest: String,
    /// The method, where the program has it.
    func: Option<FuncId>,
    /// Its name.
    action: String,
}

fn answers(origins: &Solver<'_, '_>, view: &View, family: &Family) -> Vec<Answers> {
    let mut out: Vec<Answers> = Vec::new();
    let mut add = |method: &str, name: &str, rest: &str| {
        let func = view.method(origins, name);
        if func.is_some() || family.brings(name) {
            out.push(Answers {
                method: Some(method.to_owned()),
                rest: rest.to_owned(),
                func,
                action: name.to_owned(),
            });
        }
    };
    if view.registered.method == TREE {
        return tree::exposed(origins, view.class)
            .into_iter()
            .map(|exposed| Answers {
                method: exposed.method.map(str::to_lowercase),
                rest: match exposed.name.as_str() {
                    "" => String::new(),
                    name => format!("/{name}"),
                },
                func: Some(exposed.func),
                action: exposed.name,
            })
            .collect();
    }
    for (method, name) in &view.actions {
        add(method, name, "");
    }
    if !view.actions.is_empty() {
        return out;
    }
    let Some(router) = &view.router else {
        let suffix = view.registered.suffix.as_deref();
        for (name, method) in VERBS.iter().filter(|(_, method)| view.is_asked(method)) {
            match suffix {
                Some(suffix) => add(method, &format!("{name}_{suffix}"), ""),
                None => add(method, name, ""),
            }
        }
        if out.is_empty() && suffix.is_none() {
            out = answers_to_all(origins, view, family);
        }
        return out;
    };
    for (name, method, rest) in ACTIONS.iter().filter(|_| !router.replaces) {
        add(method, name, rest);
    }
    for route in &router.routes {
        add(&route.method, &route.action, &route.rest);
    }
    out.extend(family.actions(origins));
    out
}

/// One method that answers whatever the class is asked: those that the class lists, or reading alone.
fn answers_to_all(origins: &Solver<'_, '_>, view: &View, family: &Family) -> Vec<Answers> {
    let mut found = WHOLE.iter().filter_map(|name| view.method(origins, name));
    let Some(func) = found.next() else {
        return Vec::new();
    };
    let methods = match view.registered.method.as_str() {
        "" | VIEW => family.listed(origins, "methods"),
        said => Some(vec![said.to_owned()]),
    };
    let methods = methods.unwrap_or_else(|| vec!["get".to_owned()]);
    let answer = |method| Answers {
        method: Some(method),
        rest: String::new(),
        func: Some(func),
        action: origins.program.func_name(func),
    };
    methods.into_iter().map(answer).collect()
}

impl View {
    /// A method of the class, by its name.
    fn method(&self, origins: &Solver<'_, '_>, name: &str) -> Option<FuncId> {
        let name = origins.program.symbols.find(name)?;
        origins.member_function(self.class, name, MemberKind::Method)
    }

    /// Whether requests of a method reach the class.
    fn is_asked(&self, method: &str) -> bool {
        let said = self.registered.method.as_str();
        ["", VIEW, "route", "all", "any", "*"].contains(&said) || said == method
    }

    /// The whole address of what a router adds.
    fn path(&self, rest: &str) -> Option<String> {
        let path = self.registered.path.as_ref()?;
        let below = if path.ends_with('/') {
            rest.trim_start_matches('/')
        } else {
            rest
        };
        Some(crate::route::join("", &format!("{path}{below}")))
    }

    /// An endpoint of the class with what is known of all of them.
    fn around(&self, endpoint: Endpoint) -> Endpoint {
        let all = &self.registered;
        let mut chain = all.chain.clone();
        chain.extend(endpoint.chain);
        Endpoint {
            class: Some(self.class),
            mounted: all.mounted,
            unknown: all.unknown + endpoint.unknown,
            chain,
            root: all.root,
            included: all.included,
            registered: Some(all.site),
            ..endpoint
        }
    }
}

impl Family {
    fn of(origins: &Solver<'_, '_>, class: ClassIdx) -> Self {
        let mut out = Self {
            classes: vec![class],
            libraries: Vec::new(),
        };
        let mut at = 0;
        while let Some(&class) = out.classes.get(at) {
            at += 1;
            for &base in origins.of_bases(class) {
                match origins.val(base) {
                    Some(Val::Class(base))
                        if out.classes.len() < ANCESTORS && !out.classes.contains(&base) =>
                    {
                        out.classes.push(base);
                    }
                    Some(Val::Api(path)) => {
                        let text = origins.paths.text(path);
                        let last = text.rsplit('.').next().unwrap_or_default();
                        out.libraries.push(last.to_owned());
                    }
                    _ => {}
                }
            }
        }
        out
    }

    /// Methods that a decorator makes answer: `@action(detail=True, url_path='go')`.
    fn actions(&self, origins: &Solver<'_, '_>) -> Vec<Answers> {
        let mut out: Vec<Answers> = Vec::new();
        for &class in &self.classes {
            let Some((file, def)) = origins.program.class(class) else {
                continue;
            };
            for member in def.members.iter().filter(|m| m.kind == MemberKind::Method) {
                let Some(func) = member.func.map(|func| origins.program.func_id(file, func)) else {
                    continue;
                };
                let Some(action) = action(origins, func) else {
                    continue;
                };
                if out.iter().any(|known| known.rest == action.rest) {
                    continue;
                }
                let methods = action.methods.map_or(vec![None], |all| {
                    all.into_iter().map(Some).collect::<Vec<_>>()
                });
                out.extend(methods.into_iter().map(|method| Answers {
                    method,
                    rest: action.rest.clone(),
                    func: Some(func),
                    action: origins.program.func_name(func),
                }));
            }
        }
        out
    }

    /// Whether a class of a library above brings a method.
    fn brings(&self, name: &str) -> bool {
        BROUGHT.iter().any(|(class, methods)| {
            methods.contains(&name) && self.libraries.iter().any(|known| known == class)
        })
    }

    /// The texts that a member of the class, or of one above it, lists, in lower case.
    fn listed(&self, origins: &Solver<'_, '_>, member: &str) -> Option<Vec<String>> {
        self.classes.iter().find_map(|&class| {
            let (file, def) = origins.program.class(class)?;
            let owner = origins.program.func_id(file, def.owner);
            let names = names_listed(origins.program.func(owner), class, member)?;
            Some(names.into_iter().map(|name| name.to_lowercase()).collect())
        })
    }

    /// Functions of the program that methods of the library ask, where it answers this method by that one.
    fn asked(&self, origins: &Solver<'_, '_>, by: &str, action: &str) -> Vec<FuncId> {
        let Some(&class) = self.classes.first() else {
            return Vec::new();
        };
        let makes = action == "create"
            || action == "post" && self.libraries.iter().any(|name| name.contains("Create"));
        let method = |(name, of): &(&str, &[&str])| {
            let sym = origins.program.symbols.find(name)?;
            let asks = if makes && FINDS.contains(name) {
                false
            } else {
                of.is_empty() || of.contains(&by)
            };
            origins
                .member_function(class, sym, MemberKind::Method)
                .filter(|_| asks)
        };
        ASKED.iter().filter_map(method).collect()
    }
}

/// The texts that a member of a class lists.
fn names_listed(f: FuncRef<'_>, class: ClassIdx, member: &str) -> Option<Vec<String>> {
    let mut body = f.class_body(class);
    let listed = body.find_map(|(_, name, value)| (name == member).then_some(value));
    let elements = decoration::elements(f, listed?)?.into_iter();
    elements
        .map(|e| f.constant_text(e).map(str::to_owned))
        .collect()
}

/// An endpoint of a class whose method stands elsewhere: in a base, in a library.
fn of_class(
    origins: &Solver<'_, '_>,
    endpoint: Endpoint,
    view: &View,
    family: &Family,
    answer: &Answers,
    defaults: &class::Defaults,
) -> Endpoint {
    let place = origins.program.class(view.class);
    let site = place.map_or(view.registered.site, |(file, def)| Site {
        file,
        span: def.span,
    });
    let mut around = decoration::Around::default();
    class::of(
        origins,
        view.class,
        answer.func,
        &answer.action,
        defaults,
        &mut around,
    );
    // Decorators of the method itself.
    let of_method = endpoint.chain.into_iter().filter(|member| {
        answer.func.is_some_and(|func| {
            let f = origins.program.func(func);
            member.site.file == f.file_idx
                && f.func.decorators.iter().any(|d| d.span == member.site.span)
        })
    });
    around.chain.extend(of_method);
    let unknown = around
        .chain
        .iter()
        .filter(|m| m.what == Stage::Unknown)
        .count();
    let handlers = match answer.func {
        Some(func) => asked_below(origins, view.class, func),
        None => family.asked(origins, &endpoint.method, &answer.action),
    };
    let callee = match &view.router {
        Some(_) => "py:rest_framework.views",
        None if view.registered.callee.is_empty() => "py:django.views",
        None => &view.registered.callee,
    };
    Endpoint {
        mounted: true,
        callee: if endpoint.callee.is_empty() {
            callee.to_owned()
        } else {
            endpoint.callee
        },
        handlers,
        chain: around.chain,
        unknown: around.unknown + u32::try_from(unknown).unwrap_or(u32::MAX),
        open: around.open,
        by_class: true,
        site,
        outside: Vec::new(),
        ..endpoint
    }
}

/// A method that a class has from a base, and what the class has in place of the methods that this one calls on itself, and those that
/// they call.
fn asked_below(origins: &Solver<'_, '_>, class: ClassIdx, method: FuncId) -> Vec<FuncId> {
    let mut out = vec![method];
    let mut at = 0;
    let mut seen = BTreeSet::from([method]);
    let mut open = vec![method];
    while let Some(&func) = open.get(at).filter(|_| at < limits::ASKED) {
        at += 1;
        let f = origins.program.func(func);
        let Some(stands) = f.func.class.map(|class| f.class(class)) else {
            continue;
        };
        for instr in &f.func.instrs {
            let Instr::Load {
                base: Operand::Local(base),
                key: Key::Field(name),
                ..
            } = *instr
            else {
                continue;
            };
            if Some(base) != f.func.this {
                continue;
            }
            let of = |class| origins.member_function(class, f.sym(name), MemberKind::Method);
            let Some(found) = of(class).filter(|found| seen.insert(*found)) else {
                continue;
            };
            open.push(found);
            // What the base has itself is found from its own method.
            if of(stands) != Some(found) {
                out.push(found);
            }
        }
    }
    out
}
