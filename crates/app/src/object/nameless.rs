//! Guards that let in and keep no name: a key of the whole installation, a token of another service.

use crate::decoration;
use crate::guard::ITSELF;
use crate::guard::root::{Known, Search};
use crate::model::{Endpoint, Stage};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::result::FuncId;
use casemate_ir::{Instr, Language, Operand};
use casemate_model::row::Role;
use rustc_hash::FxHashMap;

/// What asks who it is before the handler keeps nobody's name, as a guard does that compares a token of another service: there is
/// nobody whose records these could be.
pub(super) fn is(
    endpoint: &Endpoint,
    origins: &Solver<'_, '_>,
    set: &Known,
    kept: &mut FxHashMap<FuncId, bool>,
) -> bool {
    if endpoint.aware || endpoint.objects.personal {
        return false;
    }
    let mut some = false;
    for member in &endpoint.chain {
        let (Stage::Decides(func) | Stage::Function(func, ..)) = &member.what else {
            let asks = |kind: &str| matches!(kind, "authentication" | "role");
            if matches!(member.what, Stage::Package(path)
                if origins.paths.rows(path).any(|(_, row)| matches!(&row.role, Role::Guard { kind, .. } if asks(kind))))
            {
                return false;
            }
            continue;
        };
        let asks = endpoint
            .guards
            .iter()
            .any(|g| g.kind == "authentication" && g.name == member.name);
        if !asks {
            continue;
        }
        some = true;
        let f = origins.program.func(*func);
        let keeps = f.file.facts.language != Language::JavaScript
            || *kept
                .entry(*func)
                .or_insert_with(|| keeps(origins, set, *func, 0));
        if keeps {
            return false;
        }
    }
    // The handler compares a secret itself, and looks at nobody.
    some || endpoint.guards.iter().any(|guard| {
        guard.kind == "authentication" && guard.certain && guard.why.starts_with(ITSELF)
    })
}

/// Whether a function, or one inside it or that it calls, puts something into what it is given, or knows who asks from elsewhere.
fn keeps(origins: &Solver<'_, '_>, set: &Known, func: FuncId, depth: u32) -> bool {
    let f = origins.program.func(func);
    if depth > 2 {
        return true;
    }
    let knows = (0..f.func.locals.len()).any(|index| {
        let local = casemate_ir::LocalId::from(index);
        origins.of_local(func, local).iter().any(|&val| {
            matches!(origins.val(val), Some(Val::Api(path))
                if origins.paths.rows(path).any(|(_, row)| matches!(row.role, Role::Principal { .. })))
        })
    });
    knows
        || f.func.instrs.iter().any(|instr| match *instr {
            // `res.locals.mode = await settings.mode()` says nothing of who it is.
            Instr::Store { value, .. } => {
                let roots = Search::of(origins, set, func, value);
                roots.tells_who() || roots.client
            }
            // `if (!ctx.account) throw unauthorized()`: somebody has put a name there before.
            Instr::Load { to, .. } => Search::of(origins, set, func, Operand::Local(to)).principal,
            Instr::Closure { func, .. } => keeps(origins, set, f.sibling(func), depth + 1),
            Instr::Call { callee, .. } => {
                let named = decoration::written_name(f, callee);
                named == Some("set")
                    || origins.of_operand(func, callee).iter().any(|&val| {
                        matches!(origins.val(val), Some(Val::Func(inner))
                            if inner != func && keeps(origins, set, inner, depth + 1))
                    })
            }
            _ => false,
        })
}
