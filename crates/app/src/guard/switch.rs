//! Conditions that no request decides: how a program is configured, in which state it is.

use super::root::{is_request, owner};
use crate::decoration::written_name;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_ir::{BlockId, Const, Instr, Operand, Term, VarRef};

/// Values of one condition that are looked at.
const VALUES: usize = 40;

/// Parts of names of functions that know of whoever asks without being told of the request.
const WHO: [&str; 6] = [
    "user",
    "session",
    "principal",
    "viewer",
    "identity",
    "account",
];

/// Words of a condition that say that the program does not serve anybody: it is tested, or developed.
const TRIALS: [&str; 5] = ["test", "testing", "development", "dev", "e2e"];

/// Blocks before the first condition of a handler.
const FIRST: usize = 4;

/// Whether a handler first refuses everybody unless the program is tested or developed: `if (process.env.NODE_ENV !== 'test') throw …`.
pub(crate) fn is_for_trials(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> bool {
    let mut at = 0;
    for _ in 0..FIRST {
        let Some(block) = f.func.blocks.get(at) else {
            return false;
        };
        match block.term {
            Term::Goto(to) => at = to.index(),
            Term::Branch { cond, yes, no } => {
                let ends = |side: BlockId| {
                    f.func
                        .blocks
                        .get(side.index())
                        .is_some_and(|block| matches!(block.term, Term::Throw(_) | Term::Return(_)))
                };
                return (ends(yes) || ends(no))
                    && names_trial(f, cond)
                    && is_switch(origins, f, cond);
            }
            _ => return false,
        }
    }
    false
}

/// Whether a condition compares with a word for trials.
fn names_trial(f: FuncRef<'_>, cond: Operand) -> bool {
    let mut open = vec![cond];
    let mut steps = 0;
    while let Some(operand) = open.pop() {
        steps += 1;
        if steps > VALUES {
            return false;
        }
        match operand {
            Operand::Const(id) => {
                if let Const::Str(text) = f.file.facts.constant(id)
                    && TRIALS.contains(&f.file.facts.str(*text))
                {
                    return true;
                }
            }
            Operand::Local(local) => {
                for (_, instr) in f.writers(local) {
                    match *instr {
                        Instr::Copy { from, .. } => open.push(from),
                        Instr::Op { operands, .. } => open.extend(f.func.operands(operands)),
                        _ => {}
                    }
                }
            }
        }
    }
    false
}

/// What names end with that speak of how the program is set up, whoever asks: `isMultiUserMode`, `userRegistrationEnabled`.
const OF_PROGRAM: [&str; 14] = [
    "mode",
    "enabled",
    "disabled",
    "setup",
    "configured",
    "count",
    "registration",
    "signup",
    "settings",
    "config",
    "supported",
    "available",
    "limit",
    "required",
];

/// Whether a function may know of whoever asks without being told of the request, by its name.
fn may_know_who(name: &str) -> bool {
    let name = name.to_lowercase();
    WHO.iter().any(|word| name.contains(word))
        && !OF_PROGRAM.iter().any(|word| name.ends_with(word))
}

/// Whether what is called may know who asks without being told of the request: `getCurrentUser()`.
pub(super) fn knows_who(f: FuncRef<'_>, callee: Operand) -> bool {
    let name = written_name(f, callee).map(str::to_lowercase);
    name.is_some_and(|name| {
        may_know_who(&name)
            && ["current", "session", "viewer", "principal", "auth"]
                .iter()
                .any(|word| name.contains(word))
    })
}

/// Whether a condition is made of nothing that a request brings: `!noAuthentication`, `isSetUp()`, `config.open === true`.
pub(super) fn is_switch(origins: &Solver<'_, '_>, f: FuncRef<'_>, cond: Operand) -> bool {
    let mut open = vec![cond];
    let mut seen = Vec::new();
    let mut told = false;
    while let Some(operand) = open.pop() {
        let Operand::Local(local) = operand else {
            continue;
        };
        if seen.contains(&local) {
            continue;
        }
        seen.push(local);
        if seen.len() > VALUES || f.param_of(local).is_some() {
            return false;
        }
        // The object that a method stands in is no request.
        if f.func.this == Some(local) {
            continue;
        }
        for (_, instr) in f.writers(local) {
            match *instr {
                Instr::Copy { from, .. } | Instr::Await { from, .. } => open.push(from),
                Instr::Load { base, .. } => {
                    told = true;
                    open.push(base);
                }
                Instr::Op { operands, .. } | Instr::Template { operands, .. } => {
                    open.extend(f.func.operands(operands));
                }
                Instr::LoadVar {
                    var: VarRef::Captured(capture),
                    ..
                } => {
                    told = true;
                    let around = owner(origins, f, capture);
                    let request = |(func, local)| is_request(origins, func, Operand::Local(local));
                    if around.is_none_or(request) {
                        return false;
                    }
                }
                Instr::LoadVar { .. } | Instr::Import { .. } => told = true,
                Instr::Call {
                    callee, this, args, ..
                } => {
                    if written_name(f, callee).is_some_and(may_know_who) {
                        return false;
                    }
                    open.extend(f.func.args(args).iter().map(|arg| arg.value));
                    open.extend(this);
                    open.push(callee);
                }
                _ => return false,
            }
        }
    }
    told
}
