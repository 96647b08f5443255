//! What an operand is by where it stands: a parameter, a captured variable, the request, a setting.

use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Capture, CaptureId, Const, Instr, LocalId, Operand, VarRef};
use casemate_model::row::Role;

/// Whether a value is `true` or `false`, written out.
pub(super) fn is_truth(f: FuncRef<'_>, value: Operand) -> bool {
    matches!(value, Operand::Const(id)
        if matches!(f.file.facts.constant(id), Const::Bool(_)))
}

/// Whether a local is what a call gives.
pub(super) fn is_called(f: FuncRef<'_>, local: LocalId) -> bool {
    let mut at = local;
    for _ in 0..4 {
        match f.writer(at).map(|made| made.1) {
            Some(
                Instr::Copy {
                    from: Operand::Local(from),
                    ..
                }
                | Instr::Await {
                    from: Operand::Local(from),
                    ..
                },
            ) => {
                at = *from;
            }
            Some(Instr::Call { .. }) => return true,
            _ => return false,
        }
    }
    false
}

/// Whether a name says that it holds how the program is configured.
pub(in crate::guard) fn is_setting(lower: &str) -> bool {
    lower.starts_with("config")
        || lower.starts_with("settings")
        || matches!(lower, "env" | "environ")
}

/// Whether an operand is something that a framework gives to its handlers, or a member of it where programs keep what is theirs
/// (`res.locals`, `ctx.state`).
pub(crate) fn is_request(origins: &Solver<'_, '_>, func: FuncId, operand: Operand) -> bool {
    origins.of_operand(func, operand).iter().any(|&val| {
        matches!(origins.val(val), Some(Val::Api(path))
                if !origins.paths.is_record(path) && (origins.paths.known(path) || origins.paths.parent_known(path)))
    })
}

/// Whether an operand is what the client says: what is read off it is said too, whatever the program calls it elsewhere.
pub(in crate::guard) fn is_said(origins: &Solver<'_, '_>, func: FuncId, operand: Operand) -> bool {
    origins.of_operand(func, operand).iter().any(|&val| {
        matches!(origins.val(val), Some(Val::Api(path))
            if origins.paths.rows(path).any(|(_, row)| matches!(row.role, Role::Source { .. })))
    })
}

/// The parameter that a value is, in the function or one around it.
pub(super) fn param_behind(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    value: Operand,
) -> Option<(FuncId, LocalId)> {
    let (mut func, mut value) = (f.id, value);
    for _ in 0..4 {
        let Operand::Local(local) = value else {
            return None;
        };
        let f = origins.program.func(func);
        if f.param_of(local).is_some() {
            return Some((func, local));
        }
        match *f.writer(local)?.1 {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => value = from,
            Instr::LoadVar {
                var: VarRef::Captured(capture),
                ..
            } => {
                let (around, of) = owner(origins, f, capture)?;
                (func, value) = (around, Operand::Local(of));
            }
            _ => return None,
        }
    }
    None
}

/// The function and local that a captured variable belongs to.
pub(in crate::guard) fn owner(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    mut capture: CaptureId,
) -> Option<(FuncId, LocalId)> {
    let mut at = f.id;
    loop {
        let f = origins.program.func(at);
        let parent = f.parent()?;
        match *f.func.captures.get(capture.index())? {
            Capture::Local(local) => return Some((parent, local)),
            Capture::Outer(outer) => {
                capture = outer;
                at = parent;
            }
        }
    }
}
