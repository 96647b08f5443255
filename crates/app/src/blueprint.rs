//! Addresses of Flask, FastAPI and the like: routers that modules make, and other modules put below a prefix.
//!
//! `router = APIRouter(prefix='/users')` here, `app.include_router(router, prefix='/api')` there: `@router.get('/me')` answers at
//! `/api/users/me`. A router is known by the variable of the module, or of the function, that made it.

use crate::decoration::{keyword, parameter};
use crate::model::Endpoint;
use crate::place::{self, Place};
use crate::route::join;
use crate::startup::HOLE;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Arg, ArgKey, Const, FnKind, Instr, Key, Language, Operand, VarRef};
use std::collections::{BTreeMap, BTreeSet};

/// Routers below each other.
const DEPTH: usize = 8;

/// What makes a router.
const MAKERS: [&str; 12] = [
    "py:aiohttp.web.RouteTableDef",
    "py:fastapi.FastAPI",
    "py:starlette.applications.Starlette",
    "py:fastapi.APIRouter",
    "py:fastapi.routing.APIRouter",
    "py:flask.Blueprint",
    "py:flask.blueprints.Blueprint",
    "py:quart.Blueprint",
    "py:flask_smorest.Blueprint",
    "py:apiflask.APIBlueprint",
    "py:sanic.Blueprint",
    "py:ninja.Router",
];

/// What applications are made by, and where the one that is running is found.
const APPLICATIONS: [&str; 8] = [
    "Flask()",
    "aiohttp.web.Application()",
    "Starlette()",
    "Quart()",
    "FastAPI()",
    "APIFlask()",
    "OpenAPI()",
    "current_app",
];

/// Methods that put a router below a prefix.
const MOUNTS: [&str; 7] = [
    "include_router",
    "register_blueprint",
    "blueprint",
    "add_router",
    "add_routes",
    "add_subapp",
    "mount",
];

/// Under which name routers are given what runs before all their handlers.
const BEFORE: &str = "dependencies";

/// A router below another one.
struct Mount {
    parent: Option<Place>,
    /// Absent: none is given.
    prefix: Option<String>,
    /// What runs before all its handlers: the function that names it, and the list.
    before: Option<(FuncId, Operand)>,
    site: Site,
    /// It is put below others as well.
    several: bool,
}

/// How a router is made.
struct Made {
    /// The prefix that it is made with.
    prefix: String,
    /// A mount's prefix takes the place of its own, as in Flask.
    replaced: bool,
    /// The name by which what it holds is known, as in Flask.
    name: Option<String>,
}

/// The routers of a program, by the variables that hold them.
#[derive(Default)]
pub(crate) struct Routers {
    made: BTreeMap<Place, Made>,
    /// What a router was made with to run before all its handlers: the function that names it, and the list.
    before: BTreeMap<Place, (FuncId, Operand)>,
    mounts: BTreeMap<Place, Mount>,
    /// Those that are whole applications.
    applications: BTreeSet<Place>,
}

/// Completes the addresses of endpoints.
pub(crate) fn complete(endpoints: &mut [Endpoint], origins: &Solver<'_, '_>) {
    let routers = Routers::of(origins);
    for endpoint in endpoints {
        let (Some(path), Some(handler)) = (&endpoint.path, endpoint.handlers.first()) else {
            continue;
        };
        let f = origins.program.func(*handler);
        let Some(parent) = f.parent().map(|p| origins.program.func(p)) else {
            continue;
        };
        let mut decorators = f.func.decorators.iter().filter(|decorator| {
            let other = |span| decorator.span != span;
            !endpoint.decorator.is_some_and(other)
        });
        let router = decorators.find_map(|decorator| {
            let (callee, args) = parent.call_behind(decorator.value)?;
            let on = parent.read_off(callee);
            // `@router.get('/x')` says itself on what it registers; `@protected(router.get, '/x')` is told it.
            let router = on.and_then(|on| place::of(origins, parent, on));
            let direct = router.is_some_and(|router| routers.made.contains_key(&router));
            if let Some(&(by, inner)) = origins.registering.get(&(*handler, decorator.span))
                && !direct
            {
                return routers.handed(origins, parent, args, origins.program.func(by), inner);
            }
            let on = on?;
            let named =
                keyword(parent, args, "endpoint").and_then(|name| parent.constant_text(name));
            let function = named.map_or_else(|| origins.program.func_name(*handler), str::to_owned);
            let router = place::of(origins, parent, on)?;
            let Some(made) = routers.made.get(&router) else {
                if is_whole(origins, parent.id, on) {
                    endpoint.called = Some(function);
                }
                return None;
            };
            let blueprint = made.name.as_ref().filter(|_| made.replaced);
            endpoint.called = blueprint.map(|name| format!("{name}.{function}"));
            Some(router)
        });
        let router = router.or_else(|| {
            let place = (*handler, endpoint.decorator?);
            let &(by, inner) = origins.registering.get(&place)?;
            routers.handed(origins, parent, &[], origins.program.func(by), inner)
        });
        if let Some(router) = router {
            endpoint.path = Some(join(&routers.prefix(router, 0), path));
            endpoint.included = routers.mounts.get(&router).map(|mount| mount.site);
            for (owner, list) in routers.before(router) {
                let around = parameter::of_list(origins, owner, list);
                endpoint.unknown += around.unknown;
                for member in around.chain {
                    if !endpoint.chain.contains(&member) {
                        endpoint.chain.push(member);
                    }
                }
            }
        }
    }
}

impl Routers {
    pub(crate) fn of(origins: &Solver<'_, '_>) -> Self {
        let mut routers = Self::default();
        for func in origins.program.function_ids() {
            let f = origins.program.func(func);
            if f.file.facts.language == Language::Python && !origins.program.is_copy(func) {
                routers.read(origins, f);
            }
        }
        routers
    }

    /// The router on which a decorator of the program registers: the one whose method it is told, or the one that it names itself.
    fn handed(
        &self,
        origins: &Solver<'_, '_>,
        parent: FuncRef<'_>,
        args: &[Arg],
        by: FuncRef<'_>,
        inner: Operand,
    ) -> Option<Place> {
        let at = |f: FuncRef<'_>, method: Operand| {
            let router = place::of(origins, f, f.read_off(method)?)?;
            self.made.contains_key(&router).then_some(router)
        };
        let mut told = args.iter();
        told.find_map(|arg| at(parent, arg.value))
            .or_else(|| at(by, by.call_behind(inner)?.0))
    }

    /// The applications that a router is put into, one in the other, or that it is itself; absent: they are not all known.
    pub(crate) fn applications(&self, router: Place) -> Option<Vec<Place>> {
        let mut out = Vec::new();
        let mut at = router;
        for _ in 0..DEPTH {
            let whole = self.applications.contains(&at);
            out.extend(whole.then_some(at));
            match self.mounts.get(&at) {
                None if whole => return Some(out),
                mount => at = mount.filter(|m| !m.several)?.parent?,
            }
        }
        None
    }

    fn read(&mut self, origins: &Solver<'_, '_>, f: FuncRef<'_>) {
        for (at, instr) in f.func.instrs.iter().enumerate() {
            match *instr {
                Instr::StoreVar {
                    var: VarRef::Global(global),
                    value,
                } => {
                    if let Some((callee, args)) = f.call_behind(value) {
                        self.make(origins, f, Place::Global(f.global(global)), callee, args);
                    }
                }
                Instr::Call {
                    to, callee, args, ..
                } => {
                    let args = f.func.args(args);
                    if f.func.kind != FnKind::Module {
                        self.make(origins, f, Place::Local(f.id, to), callee, args);
                    }
                    let site = Site {
                        file: f.file_idx,
                        span: f.func.spans.get(at).copied().unwrap_or_default(),
                    };
                    self.mount(origins, f, callee, args, site);
                }
                _ => {}
            }
        }
    }

    /// A router that is made and kept in a place.
    fn make(
        &mut self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        at: Place,
        callee: Operand,
        args: &[Arg],
    ) {
        let list = keyword(f, args, BEFORE).map(|list| (f.id, list));
        if makes_application(origins, f, callee) {
            self.applications.insert(at);
        }
        if let Some((name, class)) = made(origins, f, callee) {
            let above = class.and_then(|class| constructed(origins, class));
            let own = prefix(f, args);
            let fixed = above.and_then(|f| prefix(f, constructor_args(f)));
            let own = own.or(fixed.filter(|fixed| fixed != HOLE));
            let given = above.and_then(|f| Some((f.id, keyword(f, constructor_args(f), BEFORE)?)));
            let called = keyword(f, args, "name").or(args.first().map(|arg| arg.value));
            let made = Made {
                prefix: own.unwrap_or_default(),
                replaced: !name.contains("fastapi") && !name.contains("ninja"),
                name: called
                    .and_then(|name| f.constant_text(name))
                    .map(str::to_owned),
            };
            self.made.insert(at, made);
            if let Some(list) = list.or(given) {
                self.before.insert(at, list);
            }
        } else if let Some(list) = list
            && matches!(at, Place::Global(_))
        {
            // The application itself.
            self.before.insert(at, list);
        }
    }

    fn mount(
        &mut self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        callee: Operand,
        args: &[Arg],
        site: Site,
    ) {
        let Some(Instr::Load {
            base,
            key: Key::Field(name),
            ..
        }) = f.made_by(callee)
        else {
            return;
        };
        if !MOUNTS.contains(&f.file.facts.str(*name)) {
            return;
        }
        let placed: Vec<Operand> = args
            .iter()
            .filter(|a| a.key == ArgKey::Pos)
            .map(|a| a.value)
            .collect();
        // Django Ninja names the prefix first.
        let (first, child) = match placed.as_slice() {
            [prefix, child] if f.constant_text(*prefix).is_some() => {
                (f.constant_text(*prefix), *child)
            }
            [child, ..] => (None, *child),
            [] => return,
        };
        let Some(child) = place::of(origins, f, child) else {
            return;
        };
        let parent = place::of(origins, f, *base);
        let prefix = prefix(f, args).or(first.map(str::to_owned));
        let before = keyword(f, args, BEFORE).map(|list| (f.id, list));
        let known = self.mounts.entry(child).or_insert(Mount {
            parent,
            prefix,
            before,
            site,
            several: false,
        });
        known.several |= known.parent != parent;
    }

    /// What routers above one, and the places where they are put below each other, name to run before its handlers.
    fn before(&self, router: Place) -> Vec<(FuncId, Operand)> {
        let mut out = Vec::new();
        let mut at = Some(router);
        for _ in 0..DEPTH {
            let Some(router) = at else { break };
            out.extend(self.before.get(&router));
            let mount = self.mounts.get(&router);
            out.extend(mount.and_then(|mount| mount.before));
            at = mount
                .and_then(|mount| mount.parent)
                .filter(|p| *p != router);
        }
        out
    }

    /// Everything that stands before the paths of a router.
    fn prefix(&self, router: Place, depth: usize) -> String {
        let (own, replaced) = match self.made.get(&router) {
            Some(made) => (made.prefix.as_str(), made.replaced),
            None => ("", false),
        };
        let Some(mount) = self.mounts.get(&router).filter(|_| depth < DEPTH) else {
            return own.to_owned();
        };
        let above = mount.parent.filter(|parent| *parent != router);
        let above = above.map_or_else(String::new, |parent| self.prefix(parent, depth + 1));
        let below = match (&mount.prefix, replaced) {
            (Some(prefix), true) => prefix.clone(),
            (Some(prefix), false) => joined(prefix, own),
            (None, _) => own.to_owned(),
        };
        joined(&above, &below)
    }
}

/// Whether a call makes an application.
fn makes_application(origins: &Solver<'_, '_>, f: FuncRef<'_>, callee: Operand) -> bool {
    origins
        .of_operand(f.id, callee)
        .iter()
        .any(|&val| match origins.val(val) {
            Some(Val::Api(path)) => is_application(&(origins.paths.text(path) + "()")),
            Some(Val::Class(class)) => is_application_class(origins, class),
            _ => false,
        })
}

/// Whether a value is an application, and no part of one.
pub(crate) fn is_whole(origins: &Solver<'_, '_>, func: FuncId, value: Operand) -> bool {
    origins
        .of_operand(func, value)
        .iter()
        .any(|&val| match origins.val(val) {
            Some(Val::Api(path)) => is_application(&origins.paths.text(path)),
            Some(Val::Instance(class)) => is_application_class(origins, class),
            _ => false,
        })
}

fn is_application(made: &str) -> bool {
    APPLICATIONS.iter().any(|name| made.ends_with(name))
}

/// Whether a class of the program is one of applications: `class Shop(Flask)`.
fn is_application_class(origins: &Solver<'_, '_>, class: ClassIdx) -> bool {
    let mut classes = vec![class];
    let mut at = 0;
    while let Some(&class) = classes.get(at) {
        at += 1;
        for &base in origins.of_bases(class) {
            match origins.val(base) {
                Some(Val::Api(path)) if is_application(&(origins.paths.text(path) + "()")) => {
                    return true;
                }
                Some(Val::Class(base)) if classes.len() < DEPTH && !classes.contains(&base) => {
                    classes.push(base);
                }
                _ => {}
            }
        }
    }
    false
}

fn joined(above: &str, below: &str) -> String {
    if below.is_empty() {
        above.to_owned()
    } else {
        join(above, below)
    }
}

/// What makes a router, and the class of the program that is one.
fn made(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    callee: Operand,
) -> Option<(&'static str, Option<ClassIdx>)> {
    let maker = |path| {
        let name = origins.paths.text(path);
        MAKERS.into_iter().find(|maker| *maker == name)
    };
    let mut values = origins.of_operand(f.id, callee).iter();
    values.find_map(|val| match origins.val(*val) {
        Some(Val::Api(path)) => Some((maker(path)?, None)),
        Some(Val::Class(class)) => {
            let mut bases = origins.of_bases(class).iter();
            let base = bases.find_map(|base| match origins.val(*base) {
                Some(Val::Api(path)) => maker(path),
                _ => None,
            })?;
            Some((base, Some(class)))
        }
        _ => None,
    })
}

/// The constructor of a class, where it calls the one above it with something.
fn constructed<'p>(origins: &Solver<'p, '_>, class: ClassIdx) -> Option<FuncRef<'p>> {
    let (file, def) = origins.program.class(class)?;
    let f = origins
        .program
        .func(origins.program.func_id(file, def.constructor));
    (!constructor_args(f).is_empty()).then_some(f)
}

/// What a constructor gives to the one above it.
fn constructor_args<'p>(f: FuncRef<'p>) -> &'p [Arg] {
    let given = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Call { args, .. } => {
            let args = f.func.args(args);
            let named = |name| keyword(f, args, name).is_some();
            (named(BEFORE) || named("prefix")).then_some(args)
        }
        _ => None,
    });
    given.unwrap_or(&[])
}

/// The prefix among keywords; what is not a constant is a hole.
fn prefix(f: FuncRef<'_>, args: &[Arg]) -> Option<String> {
    let given = args.iter().find_map(|arg| match arg.key {
        ArgKey::Keyword(name) if matches!(f.file.facts.str(name), "prefix" | "url_prefix") => {
            Some(arg.value)
        }
        _ => None,
    })?;
    if let Operand::Const(id) = given
        && matches!(f.file.facts.constant(id), Const::Null)
    {
        return None;
    }
    Some(f.constant_text(given).unwrap_or(HOLE).to_owned())
}
