//! Addresses of Django: URL configurations name each other by module, and views by class.
//!
//! `path('shop/', include('shop.urls'))` puts everything of that module below `shop/`, whatever file it stands in; the methods of a
//! class answer where its `as_view()` is registered, routers of Django REST framework where it is registered with them.

use crate::model::{Application, Endpoint, Middleware};
use crate::route::join;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::{FileIdx, FuncId, Site};
use casemate_ir::{FnKind, Instr, Key, Language, MemberKind, Operand};
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

/// Functions that stand for the routes of another module.
const INCLUDES: [&str; 2] = ["py:django.urls.include", "py:django.conf.urls.include"];

/// Methods of views, and those of view sets with what they add to the address.
const METHODS: [(&str, &str); 14] = [
    ("dispatch", ""),
    ("get", ""),
    ("post", ""),
    ("put", ""),
    ("patch", ""),
    ("delete", ""),
    ("head", ""),
    ("options", ""),
    ("list", ""),
    ("create", ""),
    ("retrieve", "{pk}/"),
    ("update", "{pk}/"),
    ("partial_update", "{pk}/"),
    ("destroy", "{pk}/"),
];

/// What the configurations of a program say.
#[derive(Default)]
struct Routes {
    /// A file stands below a prefix of another file.
    below: BTreeMap<FileIdx, BTreeSet<(FileIdx, String)>>,
    /// Where that is said: no endpoint.
    includes: BTreeSet<Site>,
    /// Classes and where they answer: the file, the route, and whether a router registers them.
    views: Vec<(ClassIdx, FileIdx, String, bool)>,
}

/// Completes the addresses of endpoints. What includes other routes answers nothing itself.
pub(crate) fn complete(application: &mut Application, origins: &Solver<'_, '_>) {
    let mut routes = Routes::default();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.func.kind == FnKind::Module && f.file.facts.language == Language::Python {
            routes.read(origins, f);
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
    let methods = routes.methods(origins);
    for endpoint in &mut application.endpoints {
        let of_class = endpoint.handlers.first().and_then(|f| methods.get(f));
        match (&endpoint.path, of_class) {
            (None, Some(paths)) if paths.len() == 1 => endpoint.path = paths.first().cloned(),
            (Some(path), _) if endpoint.callee.starts_with("py:django") => {
                endpoint.path = Some(routes.whole(endpoint.site.file, path, 0));
            }
            _ => {}
        }
    }
}

impl Routes {
    fn read(&mut self, origins: &Solver<'_, '_>, f: FuncRef<'_>) {
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let args = f.func.args(args);
            let (Some(route), Some(view)) = (
                args.first().and_then(|a| f.constant_text(a.value)),
                args.get(1).map(|a| a.value),
            ) else {
                continue;
            };
            let names = texts(origins, f.id, callee);
            if names.iter().any(|name| ROUTES.contains(&name.as_str())) {
                self.route(origins, f, at, route, view);
            } else if names.iter().any(|name| registers(name)) {
                for class in classes(origins, f.id, view) {
                    self.views
                        .push((class, f.file_idx, format!("{route}/"), true));
                }
            }
        }
    }

    /// `path(route, view)`.
    fn route(
        &mut self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        at: usize,
        route: &str,
        view: Operand,
    ) {
        let Some((callee, args)) = f.call_behind(view) else {
            return;
        };
        if is_as_view(f, callee) {
            if let Some(base) = f.read_off(callee) {
                for class in classes(origins, f.id, base) {
                    self.views
                        .push((class, f.file_idx, plain(route).to_owned(), false));
                }
            }
            return;
        }
        let names = texts(origins, f.id, callee);
        if !names.iter().any(|name| INCLUDES.contains(&name.as_str())) {
            return;
        }
        self.includes.insert(Site {
            file: f.file_idx,
            span: f.func.spans.get(at).copied().unwrap_or_default(),
        });
        let Some(included) = args.first().map(|a| a.value) else {
            return;
        };
        for file in modules(origins, f, included) {
            if file != f.file_idx {
                let below = self.below.entry(file).or_default();
                below.insert((f.file_idx, plain(route).to_owned()));
            }
        }
    }

    /// The address of a route of a file, the prefixes of the configurations above it included. Where there are several ways to
    /// it, the first.
    fn whole(&self, file: FileIdx, route: &str, depth: usize) -> String {
        match self.below.get(&file).and_then(BTreeSet::first) {
            Some((parent, prefix)) if depth < DEPTH => {
                self.whole(*parent, &join(prefix, route), depth + 1)
            }
            _ => join("", route),
        }
    }

    /// The methods of the classes, with the addresses where they answer.
    fn methods(&self, origins: &Solver<'_, '_>) -> BTreeMap<FuncId, BTreeSet<String>> {
        let mut methods: BTreeMap<FuncId, BTreeSet<String>> = BTreeMap::new();
        for (class, file, route, router) in &self.views {
            for (name, rest) in METHODS {
                let Some(sym) = origins.program.symbols.find(name) else {
                    continue;
                };
                let Some(func) = origins.member_function(*class, sym, MemberKind::Method) else {
                    continue;
                };
                let route = if *router {
                    format!("{route}{rest}")
                } else {
                    route.clone()
                };
                let paths = methods.entry(func).or_default();
                paths.insert(self.whole(*file, &route, 0));
            }
        }
        methods
    }
}

/// `router.register` of Django REST framework and what extends it.
fn registers(name: &str) -> bool {
    name.starts_with("py:rest_framework") && name.contains("Router") && name.ends_with(".register")
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

fn classes(origins: &Solver<'_, '_>, func: FuncId, value: Operand) -> Vec<ClassIdx> {
    let values = origins.of_operand(func, value).iter();
    values
        .filter_map(|val| match origins.val(*val) {
            Some(Val::Class(class)) => Some(class),
            _ => None,
        })
        .collect()
}

/// A route without the marks of a regular expression at its ends.
fn plain(route: &str) -> &str {
    route
        .strip_prefix('^')
        .unwrap_or(route)
        .trim_end_matches('$')
}

fn is_as_view(f: FuncRef<'_>, callee: Operand) -> bool {
    matches!(f.made_by(callee), Some(Instr::Load { key: Key::Field(name), .. }) if f.file.facts.str(*name) == "as_view")
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
