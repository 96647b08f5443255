//! Layers that programs put around a whole application of Python: `app.add_middleware(Login)`, `Application(middlewares=[login])`,
//! `@app.middleware("http")`.

use super::{elements, keyword, written_name};
use crate::model::Stage;
use crate::place::Place;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{ArgKey, Instr, Language, LocalId, MemberKind, Operand, VarRef};

/// What makes an application, and the keyword under which it is given its layers.
const MAKERS: [(&str, &str); 6] = [
    ("py:fastapi.FastAPI", "middleware"),
    ("py:fastapi.applications.FastAPI", "middleware"),
    ("py:starlette.applications.Starlette", "middleware"),
    ("py:aiohttp.web.Application", "middlewares"),
    ("py:falcon.App", "middleware"),
    ("py:falcon.asgi.App", "middleware"),
];

/// Methods of a class that is a layer, and how each passes a request on: the name of the parameter that it calls, or nothing, where it has
/// only to return.
const METHODS: [(&str, Option<usize>); 3] = [
    ("dispatch", Some(1)),
    ("process_request", None),
    ("process_resource", None),
];

/// Decorators that make a function a layer, and which of its parameters passes a request on; absent: it has only to return nothing.
const DECORATORS: [(&str, Option<usize>); 4] = [
    ("py:fastapi.FastAPI().middleware().deco", Some(1)),
    (
        "py:fastapi.applications.FastAPI().middleware().deco",
        Some(1),
    ),
    ("py:sanic.Sanic().middleware().deco", None),
    ("py:sanic.Sanic().on_request.deco", None),
];

/// Points of CherryPy at which tools run that come before a handler.
const POINTS: [&str; 3] = ["before_handler", "on_start_resource", "before_request_body"];

/// One layer.
pub(super) struct Layer {
    pub what: Stage,
    pub site: Site,
    /// Around which application: the variable that holds it, or the function that is given it.
    pub on: Option<Place>,
    /// A row says so as well: the run of the start puts it before what it registers.
    pub hooked: bool,
    /// It runs before all handlers, and not only where settings or decorators ask for it.
    pub certain: bool,
}

/// How a function that a decorator declares stands before handlers.
pub(super) fn declared(callee: &str, func: FuncId) -> Option<Stage> {
    let known = DECORATORS.iter().find(|(name, _)| *name == callee)?;
    Some(match known.1 {
        Some(next) => Stage::Function(func, Vec::new(), Some(next)),
        None => Stage::Before(func),
    })
}

/// Whether a decorator declares a layer.
pub(super) fn declares(decorator: &str) -> bool {
    let mut known = DECORATORS.iter();
    known.any(|(name, _)| name.strip_suffix(".deco") == Some(decorator))
}

/// All layers that calls put around applications.
pub(super) fn all(origins: &Solver<'_, '_>) -> Vec<Layer> {
    let mut out = Vec::new();
    let symbols = &origins.program.symbols;
    let words = ["add_middleware", "middleware", "middlewares", "cherrypy"];
    if words.iter().all(|name| symbols.find(name).is_none()) {
        return out;
    }
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.file.facts.language != Language::Python || origins.program.is_copy(func) {
            continue;
        }
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call {
                to, callee, args, ..
            } = *instr
            else {
                continue;
            };
            let args = f.func.args(args);
            let site = Site {
                file: f.file_idx,
                span: f.func.spans.get(at).copied().unwrap_or_default(),
            };
            let mut put = |what: Vec<Stage>, on: Option<Place>, hooked: bool| {
                let layer = |what| Layer {
                    what,
                    site,
                    on,
                    hooked,
                    certain: true,
                };
                out.extend(what.into_iter().map(layer));
            };
            if let [point, given, ..] = args
                && let Some(point) = f.constant_text(point.value)
                && POINTS.contains(&point)
            {
                out.extend(tools(origins, f, given.value, site));
            } else if let Some((list, hooked)) = given(origins, f, callee, args) {
                let stages = list.into_iter().flat_map(|one| made(origins, f, one));
                put(stages.collect(), Some(kept(f, to)), hooked);
            } else if written_name(f, callee) == Some("add_middleware")
                && let Some(first) = args.first().filter(|arg| arg.key == ArgKey::Pos)
                && let Some(base) = f.read_off(callee)
            {
                let stages = values(origins, f, first.value);
                put(stages, crate::place::of(origins, f, base), false);
            } else if written_name(f, callee) == Some("append")
                && let Some(list) = f.read_off(callee)
                && written_name(f, list) == Some("middlewares")
                && let (Some(app), [one]) = (f.read_off(list), args)
            {
                let stages = values(origins, f, one.value);
                put(stages, crate::place::of(origins, f, app), false);
            }
        }
    }
    out
}

/// A tool of CherryPy, which settings or decorators put before the handlers that want it.
fn tools(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand, site: Site) -> Option<Layer> {
    let vals = origins.of_operand(f.id, value).iter();
    let mut functions = vals.filter_map(|&val| match origins.val(val) {
        Some(Val::Func(func)) => Some(func),
        _ => None,
    });
    Some(Layer {
        what: Stage::Before(functions.next()?),
        site,
        on: None,
        hooked: false,
        certain: false,
    })
}

/// The list of layers that an application is made with, and whether a row says so.
fn given(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    callee: Operand,
    args: &[casemate_ir::Arg],
) -> Option<(Vec<Operand>, bool)> {
    let (name, word) = origins.of_operand(f.id, callee).iter().find_map(|&val| {
        let Some(Val::Api(path)) = origins.val(val) else {
            return None;
        };
        let text = origins.paths.text(path);
        MAKERS.iter().find(|(name, _)| *name == text)
    })?;
    let list = elements(f, keyword(f, args, word)?)?;
    Some((list, name.starts_with("py:aiohttp")))
}

/// The variable that keeps what a call makes.
fn kept(f: FuncRef<'_>, made: LocalId) -> Place {
    let global = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::StoreVar {
            var: VarRef::Global(global),
            value,
        } if value == Operand::Local(made) => Some(Place::Global(f.global(global))),
        _ => None,
    });
    global.unwrap_or(Place::Local(f.id, made))
}

/// An element of such a list: the layer itself, or `Middleware(Login, …)`.
fn made(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Vec<Stage> {
    if let Some((callee, args)) = f.call_behind(value)
        && written_name(f, callee) == Some("Middleware")
        && let Some(first) = args.first()
    {
        return values(origins, f, first.value);
    }
    values(origins, f, value)
}

/// What a value is as a layer.
fn values(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Vec<Stage> {
    let mut out = Vec::new();
    let vals = origins.of_operand(f.id, value);
    let func = |val: &casemate_flow::origin::ValId| match origins.val(*val) {
        Some(Val::Func(func)) => Some(func),
        _ => None,
    };
    // What a decorator makes of a function stands beside it.
    let decorated = vals.iter().filter_map(func);
    let decorated =
        decorated.filter(|func| !origins.program.func(*func).func.decorators.is_empty());
    let decorated: Vec<FuncId> = decorated.take(2).collect();
    for val in vals {
        match origins.val(*val) {
            Some(Val::Class(class) | Val::Instance(class)) => out.extend(of_class(origins, class)),
            Some(Val::Func(func)) if decorated.is_empty() || decorated.contains(&func) => {
                out.push(Stage::Function(func, Vec::new(), Some(1)));
            }
            Some(Val::Api(path)) if !origins.paths.known(path) || super::guards(origins, path) => {
                let named = crate::guard::named_login(&origins.paths.text(path));
                if named || super::guards(origins, path) {
                    out.push(Stage::Package(path));
                }
            }
            _ => {}
        }
    }
    out.truncate(2);
    out
}

/// The method by which a class stands before handlers.
fn of_class(origins: &Solver<'_, '_>, class: ClassIdx) -> Option<Stage> {
    METHODS.iter().find_map(|(name, next)| {
        let sym = origins.program.symbols.find(name)?;
        let method = origins.member_function(class, sym, MemberKind::Method)?;
        Some(match next {
            Some(next) => Stage::Function(method, Vec::new(), Some(*next)),
            None => Stage::Before(method),
        })
    })
}
