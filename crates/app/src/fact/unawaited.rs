//! Checks whose answer is waited for by nobody: `if (!access.mayEdit(user))`, where `mayEdit` is asynchronous. The condition then
//! looks at a promise or a coroutine, which is there whatever the answer will be.

use crate::decoration::written_name;
use crate::guard::root::{Known, Search};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, Site};
use casemate_ir::{Instr, OpKind, Operand, Term};
use casemate_model::path::Step;
use casemate_model::row::Role;
use std::collections::BTreeSet;

/// Copies and negations between a call and the condition that looks at it.
const STEPS: usize = 8;

/// Members of a family that a call may stand for.
const CALLED: usize = 4;

/// What functions that decide are called like.
const DECIDES: [&str; 14] = [
    "permi", "allow", "access", "auth", "can", "may", "verif", "valid", "check", "owner", "admin",
    "member", "role", "forbid",
];

/// One fact for each condition on a call that only asynchronous functions of the program answer.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let program = origins.program;
    let none = Known::default();
    let mut out = Vec::new();
    for func in program.function_ids().filter(|id| !program.is_copy(*id)) {
        let f = program.func(func);
        let mut seen = BTreeSet::new();
        for block in &f.func.blocks {
            let Term::Branch { cond, .. } = block.term else {
                continue;
            };
            let Some((at, callee)) = call_behind(f, cond) else {
                continue;
            };
            if !seen.insert(at) || !waits(origins, f, callee) {
                continue;
            }
            let Some(Instr::Call { args, this, .. }) = f.func.instrs.get(at) else {
                continue;
            };
            let given = f.func.args(*args).iter().map(|arg| arg.value);
            let who = given
                .chain(*this)
                .any(|value| Search::of(origins, &none, func, value).principal);
            let name = written_name(f, callee).unwrap_or_default();
            let lower = name.to_lowercase();
            out.push(Fact {
                fact: "condition.unawaited".to_owned(),
                site: Site {
                    file: f.file_idx,
                    span: f.func.spans.get(at).copied().unwrap_or_default(),
                },
                function: func,
                callee: name.to_owned(),
                values: vec![
                    ("principal".to_owned(), FactValue::Bool(who)),
                    (
                        "decides".to_owned(),
                        FactValue::Bool(DECIDES.iter().any(|word| lower.contains(word))),
                    ),
                ],
            });
        }
    }
    out
}

/// The call whose result a condition looks at as it is, by the instruction and what it calls.
fn call_behind(f: FuncRef<'_>, cond: Operand) -> Option<(usize, Operand)> {
    let mut at = cond;
    for _ in 0..STEPS {
        let Operand::Local(local) = at else {
            return None;
        };
        let mut writers = f.writers(local);
        let (index, instr) = writers.next()?;
        if writers.next().is_some() {
            return None;
        }
        match *instr {
            Instr::Copy { from, .. } => at = from,
            Instr::Op {
                op: OpKind::Not,
                operands,
                ..
            } => at = *f.func.operands(operands).first()?,
            Instr::Call { callee, flags, .. } if !flags.new => return Some((index, callee)),
            _ => return None,
        }
    }
    None
}

/// Whether all that a call may call are asynchronous functions of the program.
fn waits(origins: &Solver<'_, '_>, f: FuncRef<'_>, callee: Operand) -> bool {
    let called = origins.of_operand(f.id, callee);
    !called.is_empty()
        && called.len() <= CALLED
        && called.iter().all(|&val| {
            matches!(origins.val(val), Some(Val::Func(func)) if {
                let callee = origins.program.func(func);
                callee.func.is_async && !callee.func.is_generator || made_to_wait(origins, callee)
            })
        })
}

/// What a decorator makes of a function has to be waited for: `@database_sync_to_async`.
const COROUTINE: &str = "coroutine";

/// Whether a decorator of a function says that whoever calls it has to wait.
fn made_to_wait(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> bool {
    let Some(parent) = f.parent() else {
        return false;
    };
    let says = |path| {
        let mut rows = origins.paths.rows(path);
        rows.any(|(_, row)| matches!(&row.role, Role::Config { fact, .. } if fact == COROUTINE))
    };
    f.func.decorators.iter().any(|decorator| {
        let vals = origins.of_operand(parent, decorator.value).iter();
        let mut decorated = vals.filter_map(|&val| match origins.val(val) {
            Some(Val::Api(path)) => origins.paths.made_step(path, &Step::Deco),
            _ => None,
        });
        decorated.any(says)
    })
}
