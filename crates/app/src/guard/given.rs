//! Parameters of handlers that a wrapper of the program fills with who asks:
//! `return handler(current_user, *args, **kwargs)`, `handler(*args, user=current_user)`, `kwargs['user'] = current_user`.

use super::root::{Known, Search};
use crate::model::Application;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{ArgKey, Instr, Key, LocalId, Operand, Range32, VarRef};
use rustc_hash::FxHashSet;

/// Finds them for all handlers.
pub(super) fn find(
    application: &Application,
    origins: &Solver<'_, '_>,
    set: &Known,
) -> FxHashSet<(FuncId, LocalId)> {
    let endpoints = application.endpoints.iter();
    let handlers: FxHashSet<FuncId> = endpoints
        .flat_map(|endpoint| endpoint.handlers.iter().copied())
        .collect();
    let mut out = FxHashSet::default();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.func.captures.is_empty() {
            continue;
        }
        for instr in &f.func.instrs {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            // What is wrapped is a variable of the function around.
            let captured = matches!(
                f.made_by(callee),
                Some(Instr::LoadVar {
                    var: VarRef::Captured(_),
                    ..
                })
            );
            if !captured {
                continue;
            }
            for &val in origins.of_operand(func, callee) {
                if let Some(Val::Func(handler)) = origins.val(val)
                    && handlers.contains(&handler)
                {
                    fill(origins, set, f, args, handler, &mut out);
                }
            }
        }
    }
    out
}

fn fill(
    origins: &Solver<'_, '_>,
    set: &Known,
    f: FuncRef<'_>,
    args: Range32,
    handler: FuncId,
    out: &mut FxHashSet<(FuncId, LocalId)>,
) {
    let of = origins.program.func(handler);
    let named = |name: &str| {
        let mut params = of.func.params.iter();
        params.find(|p| p.name.is_some_and(|n| of.file.facts.str(n) == name))
    };
    let tells = |value: Operand| Search::of(origins, set, f.id, value).tells_who();
    let mut place = Some(0);
    for arg in f.func.args(args) {
        let param = match arg.key {
            ArgKey::Pos => {
                let param = place.and_then(|at: usize| of.func.params.get(at));
                place = place.map(|at| at + 1);
                param
            }
            // How many there are is not known.
            ArgKey::Spread => {
                place = None;
                continue;
            }
            ArgKey::Keyword(name) => named(f.file.facts.str(name)),
            ArgKey::KeywordSpread => {
                for (name, value) in stored(f, arg.value) {
                    if let Some(param) = named(name).filter(|_| tells(value)) {
                        out.insert((handler, param.local));
                    }
                }
                continue;
            }
        };
        if let Some(param) = param.filter(|_| tells(arg.value)) {
            out.insert((handler, param.local));
        }
    }
}

/// What a function writes into the members of one of its values.
fn stored<'f>(f: FuncRef<'f>, into: Operand) -> impl Iterator<Item = (&'f str, Operand)> + use<'f> {
    f.func.instrs.iter().filter_map(move |instr| match *instr {
        Instr::Store {
            base,
            key: Key::Field(name),
            value,
        } if base == into => Some((f.file.facts.str(name), value)),
        _ => None,
    })
}
