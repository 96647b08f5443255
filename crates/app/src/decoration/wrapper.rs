//! What decorators put in the place of the function that they are given: a function inside them, what other decorators make of it that
//! they apply themselves, or what they make once they are given the rest (`functools.partial`).

use super::{arguments, decorators_of, guards};
use crate::model::Stage;
use casemate_flow::origin::{Solver, Val, ValId};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{ArgKey, Capture, Instr, LocalId, Operand, Term};
use casemate_model::path::Step;

/// Packages whose decorators never look at a request.
const PLAIN: [&str; 9] = [
    "py:functools",
    "py:typing",
    "py:contextlib",
    "py:abc",
    "py:staticmethod",
    "py:classmethod",
    "py:property",
    "py:asyncio",
    "py:warnings",
];

/// What keeps the name of a function and does nothing else.
const KEEPS: &str = "py:functools.wraps()";

/// What a decorator may be that is looked at.
const ALTERNATIVES: usize = 3;

/// What a decorator puts around a function.
pub(crate) fn wraps(
    origins: &Solver<'_, '_>,
    owner: FuncId,
    decorator: Operand,
    depth: u32,
) -> Vec<Stage> {
    let vals = origins.of_operand(owner, decorator).iter();
    let vals = vals.filter(|val| {
        !matches!(origins.val(**val),
        Some(Val::Func(func)) if takes_the_place(origins, owner, decorator, func))
    });
    let vals: Vec<_> = vals.take(ALTERNATIVES).copied().collect();
    // What is wrapped may be told of what wraps as well: `functools.wraps(f)`.
    let keeps = |val: &ValId| matches!(origins.val(*val), Some(Val::Api(path)) if origins.paths.text(path) == KEEPS);
    if vals.iter().any(keeps) {
        return Vec::new();
    }
    let of_program = vals
        .iter()
        .any(|val| matches!(origins.val(*val), Some(Val::Func(_))));
    let mut out = Vec::new();
    let mut told = false;
    for val in vals {
        match origins.val(val) {
            // What a class of the program has itself hides what the package above might have: `Base.auth()`.
            Some(Val::Api(path)) if of_program && !origins.paths.known(path) => {}
            Some(Val::Api(path)) => {
                told = true;
                let text = origins.paths.text(path);
                if text.starts_with("py:django.utils.decorators.method_decorator()") {
                    for arg in arguments(origins, owner, decorator).iter().take(1) {
                        out.extend(wraps(origins, owner, arg.value, depth));
                    }
                    continue;
                }
                if plain(&text) {
                    continue;
                }
                let decorated = origins.paths.made_step(path, &Step::Deco);
                out.push(Stage::Package(decorated.unwrap_or(path)));
            }
            Some(Val::Func(func)) => {
                told = true;
                out.extend(wrappers_at(origins, func, 0, depth));
            }
            Some(Val::Instance(class)) => {
                if let Some(func) = origins.call_method(class) {
                    told = true;
                    out.extend(wrappers_at(origins, func, 0, depth));
                }
            }
            _ => {}
        }
    }
    if !told {
        out.push(Stage::Unknown);
    }
    out
}

/// Whether a decorator never looks at a request.
fn plain(text: &str) -> bool {
    PLAIN.iter().any(|package| {
        text.strip_prefix(package)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '(']))
    })
}

/// How many decorators may be made of each other.
const APPLIED: u32 = 4;

/// What a function that is used as a decorator puts around the function that it is given.
pub(crate) fn wrappers(origins: &Solver<'_, '_>, decorator: FuncId) -> Vec<Stage> {
    wrappers_at(origins, decorator, 0, 0)
}

/// What a function puts around the function that one of its parameters is given.
fn wrappers_at(
    origins: &Solver<'_, '_>,
    decorator: FuncId,
    position: usize,
    depth: u32,
) -> Vec<Stage> {
    let f = origins.program.func(decorator);
    let params = &f.func.params;
    let param = params.get(position).or(params.last().filter(|p| p.rest));
    let Some(given) = param.map(|param| param.local) else {
        return vec![Stage::Unknown];
    };
    let mut out = Vec::new();
    let returned = origins.of_return(decorator);
    for &val in returned {
        if let Some(Val::Func(wrapper)) = origins.val(val)
            && origins.program.func(wrapper).parent() == Some(decorator)
        {
            // What decorates the function that takes the place runs before it.
            if depth < APPLIED {
                out.extend(decorators_of(origins, wrapper, depth + 1));
            }
            out.push(Stage::Wraps(wrapper, (decorator, given)));
        }
    }
    // Decorators of others that it applies itself.
    for instr in &f.func.instrs {
        let Instr::Call { callee, args, .. } = *instr else {
            continue;
        };
        let args = f.func.args(args);
        let is_given = |value| is_copy_of(f, value, given) || is_made_of(f, value, given);
        let Some(at) = args.iter().position(|arg| is_given(arg.value)) else {
            continue;
        };
        for &val in origins.of_operand(decorator, callee).iter().take(2) {
            let inner = match origins.val(val) {
                Some(Val::Api(path)) => {
                    if let Some(path) = origins.paths.made_step(path, &Step::Deco)
                        && guards(origins, path)
                    {
                        out.push(Stage::Package(path));
                    }
                    None
                }
                Some(Val::Func(func)) if func != decorator => Some(func),
                Some(Val::Instance(class)) => origins.call_method(class),
                _ => None,
            };
            if let Some(inner) = inner.filter(|_| depth < APPLIED) {
                let at = match args.get(at).map(|arg| arg.key) {
                    Some(ArgKey::Keyword(name)) => position_of(origins, inner, f, name),
                    _ => at,
                };
                let applied = wrappers_at(origins, inner, at, depth + 1);
                out.extend(applied.into_iter().filter(|stage| *stage != Stage::Unknown));
            }
        }
    }
    let itself = f
        .func
        .blocks
        .iter()
        .any(|b| matches!(b.term, Term::Return(Some(value)) if value == Operand::Local(given)));
    if out.is_empty() && !itself {
        out.push(Stage::Unknown);
    }
    out
}

fn is_copy_of(f: FuncRef<'_>, value: Operand, wanted: LocalId) -> bool {
    let Operand::Local(local) = value else {
        return false;
    };
    local == wanted
        || f.func.instrs.iter().any(|instr| match *instr {
            Instr::Copy { to, from } => to == local && from == Operand::Local(wanted),
            _ => false,
        })
}

/// Whether a value is what another decorator made of a local: `outer(inner(f))`.
fn is_made_of(f: FuncRef<'_>, value: Operand, wanted: LocalId) -> bool {
    let call = f.call_behind(value);
    call.is_some_and(|(_, args)| args.iter().any(|arg| is_copy_of(f, arg.value, wanted)))
}

/// The position of a parameter by its name.
fn position_of(
    origins: &Solver<'_, '_>,
    func: FuncId,
    caller: FuncRef<'_>,
    name: casemate_ir::Symbol,
) -> usize {
    let f = origins.program.func(func);
    let name = caller.file.facts.str(name);
    let mut params = f.func.params.iter();
    let at = params.position(|p| p.name.is_some_and(|own| f.file.facts.str(own) == name));
    at.unwrap_or(0)
}

/// Whether a function is not what a call gives back as a decorator, but what takes the place of the function that the same call may be
/// given as well, and is not here: `def may(permission, func=None)`, written as `@may("x")`.
fn takes_the_place(
    origins: &Solver<'_, '_>,
    owner: FuncId,
    decorator: Operand,
    func: FuncId,
) -> bool {
    let f = origins.program.func(func);
    let Some(maker) = f.parent().map(|parent| origins.program.func(parent)) else {
        return false;
    };
    let caller = origins.program.func(owner);
    let Some((callee, args)) = caller.call_behind(decorator) else {
        return false;
    };
    let calls =
        |val: &ValId| matches!(origins.val(*val), Some(Val::Func(called)) if called == maker.id);
    if !origins.of_operand(owner, callee).iter().any(calls) {
        return false;
    }
    let positional = args.iter().filter(|arg| arg.key == ArgKey::Pos).count();
    let left_out = |at: usize, param: &casemate_ir::Param| {
        let named = param.name.is_some_and(|name| {
            let name = maker.file.facts.str(name);
            super::keyword(caller, args, name).is_some()
        });
        param.optional && at >= positional && !named
    };
    let mut params = maker.func.params.iter().enumerate();
    params.any(|(at, param)| {
        let captured = f.func.captures.contains(&Capture::Local(param.local));
        captured && left_out(at, param) && is_called(f, param.local)
    })
}

/// Whether a function calls a variable of the function around it.
fn is_called(f: FuncRef<'_>, captured: LocalId) -> bool {
    f.func.instrs.iter().any(|instr| {
        let Instr::Call { callee, .. } = *instr else {
            return false;
        };
        matches!(f.made_by(callee), Some(Instr::LoadVar { var: casemate_ir::VarRef::Captured(capture), .. })
            if f.func.captures.get(capture.index()) == Some(&Capture::Local(captured)))
    })
}
