//! What declarations put around a handler: its decorators, what its class says of all its methods, the values that its parameters
//! are filled with, and the functions that are declared to run before every handler of the same application.

pub(crate) mod before;
pub(crate) mod class;
mod consumer;
pub(crate) mod injected;
mod layer;
pub(crate) mod parameter;
mod permissions;
mod reading;
mod wrapper;

use crate::model::{Application, Member, Stage};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Arg, ArgKey, Decorator, FnKind, Instr, Key, Language, Operand, Span, VarRef};
use casemate_model::path::Step;
use casemate_model::row::{EntryRow, Role};
pub(crate) use wrapper::{wrappers, wraps};

/// What stands around one handler.
#[derive(Clone, Default)]
pub(crate) struct Around {
    /// What runs before it, outermost first.
    pub chain: Vec<Member>,
    /// Decorators above the one that registers: they wrap what nobody calls.
    pub outside: Vec<Member>,
    /// What is declared here and not understood.
    pub unknown: u32,
    /// Registered as one of a class that says who may call.
    pub settled: bool,
    /// It says itself that it is for everybody.
    pub open: bool,
}

/// Makes the paths of decorated declarations for all functions that models speak of, so that calling one can be told too.
pub(crate) fn prepare(origins: &mut Solver<'_, '_>) {
    let python = |file: &casemate_flow::program::File| file.facts.language == Language::Python;
    if !origins.program.files.iter().any(python) {
        return;
    }
    let known: Vec<_> = origins.paths.ids().collect();
    for path in known {
        if origins.paths.known(path) {
            origins.paths.step(path, &Step::Deco);
        }
    }
}

/// Adds what is declared around handlers to all endpoints.
pub(crate) fn add(origins: &Solver<'_, '_>, made: &mut Application) {
    let before = before::Befores::of(origins);
    let defaults = class::Defaults::of(origins);
    let consumers = consumer::Consumers::of(origins);
    for endpoint in &mut made.endpoints {
        if endpoint.callee.starts_with(DJANGO) {
            before_all(origins, &made.everywhere, endpoint);
        }
        let started = endpoint.root.is_some();
        if endpoint.handlers.is_empty() && endpoint.class.is_some() {
            let before = before.of_application(origins, endpoint.site.file, started);
            endpoint.chain.splice(0..0, before);
        }
        let applied = consumers.before(origins, endpoint);
        endpoint.chain.splice(0..0, applied);
        for &handler in &endpoint.handlers {
            let around = around(origins, handler, endpoint.decorator, &defaults);
            if around.settled {
                endpoint.unknown = endpoint.unknown.saturating_sub(1);
            }
            let open = around.chain.iter().filter(|m| m.what == Stage::Unknown);
            endpoint.unknown += around.unknown + u32::try_from(open.count()).unwrap_or(u32::MAX);
            let before = before.of_handler(origins, handler, started);
            endpoint.chain.extend(before);
            endpoint.chain.extend(around.chain);
            endpoint.outside.extend(around.outside);
            endpoint.open |= around.open;
            let mut chain = endpoint.chain.iter();
            endpoint.open |= chain.any(|member| crate::guard::wants_none(origins, member));
        }
    }
}

/// Puts what settings name before all views of a project before one of them, unless that is left out of it.
pub(crate) fn before_all(
    origins: &Solver<'_, '_>,
    everywhere: &[Member],
    endpoint: &mut crate::model::Endpoint,
) {
    let mut handlers = endpoint.handlers.iter();
    if handlers.any(|func| is_exempt(origins, *func)) {
        return;
    }
    let unit = |site: Site| origins.program.units.get(site.file.0 as usize);
    let named = everywhere.iter();
    let named = named
        .filter(|member| unit(member.site) == unit(endpoint.site))
        .cloned();
    endpoint.chain.splice(0..0, named);
}

fn around(
    origins: &Solver<'_, '_>,
    handler: FuncId,
    registered_by: Option<Span>,
    defaults: &class::Defaults,
) -> Around {
    let mut out = Around::default();
    let f = origins.program.func(handler);
    let python = f.file.facts.language == Language::Python;
    let mut decorators: Vec<&Decorator> = f.func.decorators.iter().collect();
    decorators.sort_by_key(|d| d.span.start);
    let own = |d: &Decorator| origins.registering.get(&(handler, d.span)).copied();
    let registering = decorators
        .iter()
        .rposition(|d| registers(origins, f, d) || own(d).is_some());
    // What only makes a view of it (`@api_view`) leaves the registering to a list of addresses, which names what stands on top.
    let addressed = decorators
        .iter()
        .rposition(|d| rows_of(origins, f, d).any(|entry| entry.path.is_some()));
    class::add(origins, f, defaults, &mut out);
    let Some(parent) = f.parent() else { return out };
    for (index, decorator) in decorators.iter().enumerate() {
        let site = Site {
            file: f.file_idx,
            span: decorator.span,
        };
        if registers(origins, f, decorator) {
            if registered_by.is_none_or(|span| span == decorator.span) {
                parameter::of_registration(origins, parent, decorator.value, &mut out);
                // What registers may want a login itself.
                let guards = registering_guards(origins, parent, decorator);
                out.chain
                    .extend(guards.map(|path| member(origins, site, Stage::Package(path))));
            }
            continue;
        }
        if let Some((by, inner)) = own(decorator) {
            if registered_by.is_none_or(|span| span == decorator.span) {
                parameter::of_registration(origins, by, inner, &mut out);
                // What it puts around the handler before that.
                let members = wraps(origins, parent, decorator.value, 0).into_iter();
                let known = members.filter(|what| *what != Stage::Unknown);
                out.chain
                    .extend(known.map(|what| member(origins, site, what)));
            }
            continue;
        }
        let members = if python && class::is_permissions(origins, parent, decorator.value) {
            class::permissions(origins, parent, decorator.value, &mut out.open)
        } else if python {
            wraps(origins, parent, decorator.value, 0)
        } else {
            class::use_guards(origins, parent, decorator.value)
        };
        let members = members.into_iter().map(|what| member(origins, site, what));
        // A method is found by its name in the class: what stands above is what is called.
        let by_name = f.func.class.is_some();
        if python && !by_name && addressed.is_some_and(|at| index < at) {
            out.outside.extend(members);
        } else {
            out.chain.extend(members);
        }
    }
    if python {
        parameter::of_defaults(origins, f, &mut out);
    }
    out.settled |= registering.is_some();
    // `app.get('/orders')(list_orders)`: nothing stands above the function.
    if let Some(span) = registered_by.filter(|span| decorators.iter().all(|d| d.span != *span))
        && let Some(&(by, inner)) = origins.registering.get(&(handler, span))
    {
        parameter::of_registration(origins, by, inner, &mut out);
        out.settled = true;
    }
    out
}

/// The decorator by which a view is left out of what asks everybody for a login.
const EXEMPT: &str = "login_not_required";

/// What registers the views of Django.
const DJANGO: &str = "py:django.";

/// Whether a view is left out of what asks everybody for a login.
fn is_exempt(origins: &Solver<'_, '_>, func: FuncId) -> bool {
    let f = origins.program.func(func);
    let parent = f.parent().map(|parent| origins.program.func(parent));
    parent.is_some_and(|parent| {
        let mut decorators = f.func.decorators.iter();
        decorators.any(|d| written_name(parent, d.value) == Some(EXEMPT))
    })
}

/// Whether a decorator is what makes the function a handler.
fn registers(origins: &Solver<'_, '_>, f: FuncRef<'_>, decorator: &Decorator) -> bool {
    rows_of(origins, f, decorator).next().is_some()
}

/// What the models say that a decorator makes of a function.
fn rows_of<'m>(
    origins: &Solver<'_, 'm>,
    f: FuncRef<'_>,
    decorator: &Decorator,
) -> impl Iterator<Item = &'m EntryRow> {
    let mut out = Vec::new();
    if let Some(parent) = f.parent() {
        for &val in origins.of_operand(parent, decorator.value) {
            if let Some(Val::Api(path)) = origins.val(val)
                && let Some(path) = origins.paths.made_step(path, &Step::Deco)
            {
                out.extend(
                    origins
                        .paths
                        .rows(path)
                        .filter_map(|(_, row)| match &row.role {
                            Role::Entry(entry) => Some(entry),
                            _ => None,
                        }),
                );
            }
        }
    }
    out.into_iter()
}

/// What a decorator that registers is, where it is a guard as well.
fn registering_guards(
    origins: &Solver<'_, '_>,
    owner: FuncId,
    decorator: &Decorator,
) -> impl Iterator<Item = casemate_flow::apipath::PathId> {
    let vals = origins.of_operand(owner, decorator.value).iter();
    let decorated = vals.filter_map(|&val| match origins.val(val) {
        Some(Val::Api(path)) => origins.paths.made_step(path, &Step::Deco),
        _ => None,
    });
    decorated.filter(|path| guards(origins, *path))
}

pub(crate) fn member(origins: &Solver<'_, '_>, site: Site, what: Stage) -> Member {
    Member {
        site,
        name: name(origins, &what),
        what,
        around: crate::around::Around::default(),
        certain: true,
    }
}

/// The name of something in a chain.
pub(crate) fn name(origins: &Solver<'_, '_>, what: &Stage) -> String {
    match what {
        Stage::Function(func, ..)
        | Stage::Decides(func)
        | Stage::Before(func)
        | Stage::Middleware(func)
        | Stage::Method(func) => {
            // What makes it has the name: `validateBody(schema)`.
            let f = origins.program.func(*func);
            let maker = f
                .parent()
                .map(|parent| origins.program.func(parent))
                .filter(|maker| f.func.name.is_none() && maker.func.kind != FnKind::Module);
            origins
                .program
                .func_name(maker.map_or(*func, |maker| maker.id))
        }
        Stage::Wraps(_, (around, _)) => origins.program.func_name(*around),
        Stage::Package(path) => origins.paths.text(*path),
        Stage::Setting(_, name) | Stage::Elsewhere(name) => name.clone(),
        Stage::Unknown => String::new(),
    }
}

/// What the decorators of a function put around it.
pub(crate) fn decorators(origins: &Solver<'_, '_>, func: FuncId) -> Vec<Stage> {
    decorators_of(origins, func, 0)
}

fn decorators_of(origins: &Solver<'_, '_>, func: FuncId, depth: u32) -> Vec<Stage> {
    let f = origins.program.func(func);
    let Some(parent) = f
        .parent()
        .filter(|_| f.file.facts.language == Language::Python)
    else {
        return Vec::new();
    };
    let decorators = f.func.decorators.iter();
    decorators
        .flat_map(|decorator| wraps(origins, parent, decorator.value, depth))
        .collect()
}

/// Whether a row says that this refuses requests.
pub(crate) fn guards(origins: &Solver<'_, '_>, path: casemate_flow::apipath::PathId) -> bool {
    origins
        .paths
        .rows(path)
        .any(|(_, row)| matches!(row.role, Role::Guard { .. }))
}

/// The arguments of the call that makes a value.
pub(crate) fn arguments<'p>(origins: &Solver<'p, '_>, owner: FuncId, value: Operand) -> &'p [Arg] {
    let f = origins.program.func(owner);
    let made = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Call { to, args, .. } if Operand::Local(to) == value => Some(f.func.args(args)),
        _ => None,
    });
    made.unwrap_or(&[])
}

/// An argument by its keyword.
pub(crate) fn keyword(f: FuncRef<'_>, args: &[Arg], name: &str) -> Option<Operand> {
    args.iter().find_map(|arg| match arg.key {
        ArgKey::Keyword(key) if f.file.facts.str(key) == name => Some(arg.value),
        _ => None,
    })
}

/// The elements of a list that is written where it is used.
pub(crate) fn elements(f: FuncRef<'_>, list: Operand) -> Option<Vec<Operand>> {
    let Operand::Local(mut local) = list else {
        return None;
    };
    for _ in 0..4 {
        match *f.writer(local)?.1 {
            Instr::Array { parts, .. } => {
                return Some(f.func.parts(parts).iter().map(|part| part.value).collect());
            }
            Instr::Copy {
                from: Operand::Local(from),
                ..
            } => local = from,
            _ => return None,
        }
    }
    None
}

/// The name by which something is called or read.
pub(crate) fn written_name<'p>(f: FuncRef<'p>, value: Operand) -> Option<&'p str> {
    let Operand::Local(local) = value else {
        return None;
    };
    f.writers(local).find_map(|(_, instr)| match *instr {
        Instr::Load {
            key: Key::Field(name),
            ..
        } => Some(f.file.facts.str(name)),
        Instr::LoadVar { var, .. } => match var {
            VarRef::Global(global) => {
                let binding = f.file.facts.globals.get(global.index())?;
                Some(f.file.facts.str(binding.name))
            }
            VarRef::Free(name) => Some(f.file.facts.str(name)),
            VarRef::Captured(_) => None,
        },
        Instr::Import {
            name: Some(name), ..
        } => Some(f.file.facts.str(name)),
        _ => None,
    })
}

/// The member that a callee was loaded as, just before the call.
pub(crate) fn member_before<'p>(f: FuncRef<'p>, callee: Operand, at: usize) -> Option<&'p str> {
    let before = f.func.instrs.get(..at)?;
    before.iter().rev().take(8).find_map(|instr| match *instr {
        Instr::Load {
            to,
            key: Key::Field(name),
            ..
        } if Operand::Local(to) == callee => Some(f.file.facts.str(name)),
        _ => None,
    })
}
