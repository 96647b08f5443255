//! Lists of constants, found by following definitions across functions: `const DENIED = new Set(['__proto__'])`.

use crate::origin::Solver;
use crate::program::FuncRef;
use casemate_ir::{Const, FnKind, Instr, LocalId, LocalKind, OpKind, Operand, VarRef};

/// The strings of the list that an operand is, when it was made in one place from constants.
pub(super) fn strings(
    origins: &Solver<'_, '_>,
    func: FuncRef<'_>,
    operand: Operand,
    depth: u32,
) -> Option<Vec<String>> {
    if depth > 8 {
        return None;
    }
    let Operand::Local(local) = operand else {
        return None;
    };
    match *single_definition(func, local)? {
        Instr::Copy { from, .. } => strings(origins, func, from, depth + 1),
        Instr::Array { parts, .. } => func
            .func
            .parts(parts)
            .iter()
            .map(|part| match part.value {
                Operand::Const(id) => match func.file.facts.constant(id) {
                    Const::Str(text) => Some(func.file.facts.str(*text).to_owned()),
                    _ => None,
                },
                Operand::Local(_) => None,
            })
            .collect(),
        // `ALLOWED + ['more']`
        Instr::Op {
            op: OpKind::Add,
            operands,
            ..
        } => {
            let parts = func.func.operands(operands).iter();
            let lists = parts.map(|&part| strings(origins, func, part, depth + 1));
            Some(lists.collect::<Option<Vec<_>>>()?.concat())
        }
        // `new Set([…])`, `Object.freeze([…])`: a call with nothing but the list.
        Instr::Call { args, .. } => match func.func.args(args) {
            [one] => strings(origins, func, one.value, depth + 1),
            _ => None,
        },
        Instr::LoadVar { var, .. } => {
            let (func, value) = variable(origins, func, var)?;
            strings(origins, func, value, depth + 1)
        }
        _ => None,
    }
}

/// Whether an instruction makes a list or a set of which all members are written down: `['a', 1]`, `frozenset({'a'})`.
pub(super) fn is_written(f: FuncRef<'_>, made: &Instr, depth: u32) -> bool {
    let inner =
        |value: Operand| depth == 0 && f.made_by(value).is_some_and(|made| is_written(f, made, 1));
    match *made {
        Instr::Array { parts, .. } => {
            let parts = f.func.parts(parts);
            !parts.is_empty()
                && parts.iter().all(|part| match part.value {
                    Operand::Const(_) => true,
                    Operand::Local(_) => inner(part.value),
                })
        }
        Instr::Call { args, .. } => match f.func.args(args) {
            [only] => inner(only.value),
            _ => false,
        },
        _ => false,
    }
}

/// Where a variable that is assigned once, around a function or in its module, gets its value.
pub(super) fn variable<'p>(
    origins: &Solver<'p, '_>,
    func: FuncRef<'p>,
    var: VarRef,
) -> Option<(FuncRef<'p>, Operand)> {
    match var {
        VarRef::Captured(capture) => {
            let (owner, local) = origins.capture_owner(func, capture)?;
            Some((origins.program.func(owner), Operand::Local(local)))
        }
        VarRef::Global(global) => {
            let module = origins.program.func(func.sibling(casemate_ir::FnId(0)));
            if module.func.kind != FnKind::Module
                || !func.file.facts.globals.get(global.index())?.constant
            {
                return None;
            }
            let value = module.func.instrs.iter().find_map(|i| match *i {
                Instr::StoreVar {
                    var: VarRef::Global(g),
                    value,
                } if g == global => Some(value),
                _ => None,
            })?;
            Some((module, value))
        }
        VarRef::Free(_) => None,
    }
}

/// The one instruction that assigns a local.
pub(super) fn single_definition<'p>(func: FuncRef<'p>, local: LocalId) -> Option<&'p Instr> {
    if func.func.locals.get(local.index())?.kind == LocalKind::Param {
        return None;
    }
    let mut all = func
        .func
        .instrs
        .iter()
        .filter(|i| super::interp::target(i) == Some(local));
    let first = all.next()?;
    all.next().is_none().then_some(first)
}
