//! Conditions that no request decides: how a program is configured, in which state it is.

use super::root::{is_request, owner};
use crate::decoration::written_name;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_ir::{Instr, Operand, VarRef};

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
