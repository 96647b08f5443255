//! Addresses of Flask, FastAPI and the like: routers that modules make, and other modules put below a prefix.
//!
//! `router = APIRouter(prefix='/users')` here, `app.include_router(router, prefix='/api')` there: `@router.get('/me')` answers at
//! `/api/users/me`. A router is known by the variable of the module that made it.

use crate::decoration::{keyword, parameter};
use crate::model::Endpoint;
use crate::route::join;
use crate::startup::HOLE;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef, Target};
use casemate_flow::result::{FileIdx, FuncId, Site};
use casemate_ir::{
    Arg, ArgKey, Const, ExportKind, FnKind, GlobalId, Instr, Key, Language, Operand, VarRef,
};
use std::collections::BTreeMap;

/// Routers below each other, and imports that lead to one.
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
    parent: Option<u32>,
    /// Absent: none is given.
    prefix: Option<String>,
    /// What runs before all its handlers: the function that names it, and the list.
    before: Option<(FuncId, Operand)>,
    site: Site,
}

/// The routers of a program, by the module variable that holds them.
#[derive(Default)]
struct Routers {
    /// The prefix that a router is made with, and whether a mount's takes its place, as in Flask.
    made: BTreeMap<u32, (String, bool)>,
    /// What a router was made with to run before all its handlers: the function that names it, and the list.
    before: BTreeMap<u32, (FuncId, Operand)>,
    mounts: BTreeMap<u32, Mount>,
}

/// Completes the addresses of endpoints.
pub(crate) fn complete(endpoints: &mut [Endpoint], origins: &Solver<'_, '_>) {
    let mut routers = Routers::default();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.file.facts.language == Language::Python && !origins.program.is_copy(func) {
            routers.read(origins, f);
        }
    }
    if routers.made.is_empty() {
        return;
    }
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
            let (callee, _) = parent.call_behind(decorator.value)?;
            let router = variable(origins, parent, parent.read_off(callee)?, 0)?;
            routers.made.contains_key(&router).then_some(router)
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
    fn read(&mut self, origins: &Solver<'_, '_>, f: FuncRef<'_>) {
        for (at, instr) in f.func.instrs.iter().enumerate() {
            match *instr {
                Instr::StoreVar {
                    var: VarRef::Global(global),
                    value,
                } => {
                    let Some((callee, args)) = f.call_behind(value) else {
                        continue;
                    };
                    let list = keyword(f, args, BEFORE).map(|list| (f.id, list));
                    if let Some((name, class)) = made(origins, f, callee) {
                        let above = class.and_then(|class| constructed(origins, class));
                        let own = prefix(f, args);
                        let fixed = above.and_then(|f| prefix(f, constructor_args(f)));
                        let own = own.or(fixed.filter(|fixed| fixed != HOLE));
                        let replaced = !name.contains("fastapi") && !name.contains("ninja");
                        let given = above
                            .and_then(|f| Some((f.id, keyword(f, constructor_args(f), BEFORE)?)));
                        self.made
                            .insert(f.global(global), (own.unwrap_or_default(), replaced));
                        if let Some(list) = list.or(given) {
                            self.before.insert(f.global(global), list);
                        }
                    } else if let Some(list) = list {
                        // The application itself.
                        self.before.insert(f.global(global), list);
                    }
                }
                Instr::Call { callee, args, .. } => {
                    let site = Site {
                        file: f.file_idx,
                        span: f.func.spans.get(at).copied().unwrap_or_default(),
                    };
                    self.mount(origins, f, callee, f.func.args(args), site);
                }
                _ => {}
            }
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
        let Some(child) = variable(origins, f, child, 0) else {
            return;
        };
        let parent = variable(origins, f, *base, 0);
        let prefix = prefix(f, args).or(first.map(str::to_owned));
        let before = keyword(f, args, BEFORE).map(|list| (f.id, list));
        self.mounts.entry(child).or_insert(Mount {
            parent,
            prefix,
            before,
            site,
        });
    }

    /// What routers above one, and the places where they are put below each other, name to run before its handlers.
    fn before(&self, router: u32) -> Vec<(FuncId, Operand)> {
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
    fn prefix(&self, router: u32, depth: usize) -> String {
        let (own, replaced) = match self.made.get(&router) {
            Some((own, replaced)) => (own.as_str(), *replaced),
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

fn joined(above: &str, below: &str) -> String {
    if below.is_empty() {
        above.to_owned()
    } else {
        join(above, below)
    }
}

/// The module variable that holds a value, where the module that made it keeps it.
fn variable(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand, depth: usize) -> Option<u32> {
    if depth > DEPTH {
        return None;
    }
    match *f.made_by(value)? {
        Instr::LoadVar {
            var: VarRef::Global(global),
            ..
        } => imported(origins, f.file_idx, global, depth).or(Some(f.global(global))),
        Instr::Import { import, name, .. } => {
            let Some(Target::File(file)) = f.file.imports.get(import.index()) else {
                return None;
            };
            exported(origins, *file, f.file.facts.str(name?), depth + 1)
        }
        // `users.router`
        Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } => {
            let values = origins.of_operand(f.id, base).iter();
            let mut files = values.filter_map(|val| match origins.val(*val) {
                Some(Val::Namespace(file) | Val::Module(file)) => Some(file),
                _ => None,
            });
            exported(
                origins,
                files.next_back()?,
                f.file.facts.str(name),
                depth + 1,
            )
        }
        _ => None,
    }
}

/// What a module variable was imported as.
fn imported(
    origins: &Solver<'_, '_>,
    file: FileIdx,
    global: GlobalId,
    depth: usize,
) -> Option<u32> {
    let functions = origins.program.file(file).facts.functions.iter();
    let index = functions
        .enumerate()
        .find(|(_, f)| f.kind == FnKind::Module)?
        .0;
    let id = casemate_ir::FnId(u32::try_from(index).ok()?);
    let module = origins.program.func(origins.program.func_id(file, id));
    let value = module.func.instrs.iter().find_map(|instr| match *instr {
        Instr::StoreVar {
            var: VarRef::Global(it),
            value,
        } if it == global => Some(value),
        _ => None,
    })?;
    match module.made_by(value)? {
        Instr::Import { .. } => variable(origins, module, value, depth + 1),
        _ => None,
    }
}

/// The variable that a module exports under a name.
fn exported(origins: &Solver<'_, '_>, file: FileIdx, name: &str, depth: usize) -> Option<u32> {
    let target = origins.program.file(file);
    let global = target.facts.exports.iter().find_map(|export| {
        let found = target.facts.str(export.name) == name;
        match export.kind {
            ExportKind::Variable(global) if found => Some(global),
            _ => None,
        }
    })?;
    imported(origins, file, global, depth).or(Some(origins.program.global(file, global)))
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
