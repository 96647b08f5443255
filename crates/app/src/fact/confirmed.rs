//! Logins that do not ask whether an address was confirmed, in programs that keep that and ask for it nowhere.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{FnKind, Instr, Key, Language, LocalId, OpKind, Operand, PartKey};
use rustc_hash::FxHashSet;

/// Members that say that an address was confirmed.
const CONFIRMED: &[&str] = &[
    "emailverifiedat",
    "emailverified",
    "isemailverified",
    "emailconfirmed",
    "emailconfirmedat",
    "isverified",
    "isconfirmed",
    "confirmedat",
    "verifiedat",
];

/// Names of functions that log somebody in.
const LOGINS: &[&str] = &[
    "login",
    "signin",
    "loginuser",
    "loginwithpassword",
    "authenticateuser",
];

/// How names begin of what compares a password.
const PROOFS: &[&str] = &[
    "match",
    "verif",
    "compare",
    "checkpassword",
    "validatepassword",
];

/// Calls that compare a column.
const COMPARES: &[&str] = &["isnull", "isnotnull", "eq", "ne", "gt", "lt", "not"];

/// One fact for each login of a program that writes down that an address was confirmed.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let program = origins.program;
    let mut logins: Vec<FuncId> = Vec::new();
    let mut written = false;
    let mut asked = false;
    for func in program
        .function_ids()
        .filter(|func| !program.is_copy(*func))
    {
        let f = program.func(func);
        if f.file.facts.language == Language::Python {
            continue;
        }
        written |= writes(f);
        asked |= asks(f);
        let name = f.func.name.map(|name| trace::flat(f.file.facts.str(name)));
        if f.func.kind != FnKind::Module
            && name.is_some_and(|name| LOGINS.contains(&name.as_str()))
            && proves(f)
        {
            logins.push(func);
        }
    }
    if !written {
        return Vec::new();
    }
    let fact = |func: FuncId| {
        let f = program.func(func);
        let mut fact = trace::at(
            f,
            0,
            "login.confirmed",
            "login",
            &[("asked", FactValue::Bool(asked))],
        );
        fact.site.span = f.func.head;
        fact
    };
    logins.into_iter().map(fact).collect()
}

fn is_confirmed(name: &str) -> bool {
    CONFIRMED.contains(&trace::flat(name).as_str())
}

/// `set({ emailVerifiedAt: … })`, `user.emailVerified = …`
fn writes(f: FuncRef<'_>) -> bool {
    let objects: FxHashSet<LocalId> = f
        .func
        .instrs
        .iter()
        .filter_map(|instr| {
            match *instr {
            Instr::Object { to, parts } => f.func.parts(parts).iter().any(|part| {
                matches!(part.key, PartKey::Field(name) if is_confirmed(f.file.facts.str(name)))
            })
            .then_some(to),
            _ => None,
        }
        })
        .collect();
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Store {
            key: Key::Field(name),
            ..
        } => is_confirmed(f.file.facts.str(name)),
        Instr::Call {
            callee, this, args, ..
        } => {
            let given =
                f.func.args(args).iter().any(
                    |arg| matches!(arg.value, Operand::Local(local) if objects.contains(&local)),
                );
            given
                && trace::called(f, callee, this).0.is_some_and(|name| {
                    let name = name.to_ascii_lowercase();
                    name == "set" || name.starts_with("update")
                })
        }
        _ => false,
    })
}

/// Whether something depends on such a member: a condition, a comparison, one of a query.
fn asks(f: FuncRef<'_>) -> bool {
    let read: FxHashSet<LocalId> = f
        .func
        .instrs
        .iter()
        .filter_map(|instr| match *instr {
            Instr::Load {
                to,
                key: Key::Field(name),
                ..
            } if is_confirmed(f.file.facts.str(name)) => Some(to),
            _ => None,
        })
        .collect();
    if read.is_empty() {
        return false;
    }
    let is_read = |operand: Operand| {
        match operand {
        Operand::Local(local) => {
            read.contains(&local)
                || f.writers(local).any(|(_, instr)| {
                    matches!(*instr, Instr::Copy { from: Operand::Local(from), .. } if read.contains(&from))
                })
        }
        Operand::Const(_) => false,
    }
    };
    f.func
        .blocks
        .iter()
        .any(|block| matches!(block.term, casemate_ir::Term::Branch { cond, .. } if is_read(cond)))
        || f.func.instrs.iter().any(|instr| match *instr {
            Instr::Op { op, operands, .. } => {
                !matches!(op, OpKind::ToString | OpKind::Select)
                    && f.func
                        .operands(operands)
                        .iter()
                        .any(|operand| is_read(*operand))
            }
            Instr::Call {
                callee, this, args, ..
            } => {
                f.func.args(args).iter().any(|arg| is_read(arg.value))
                    && trace::called(f, callee, this)
                        .0
                        .is_some_and(|name| COMPARES.contains(&trace::flat(name).as_str()))
            }
            _ => false,
        })
}

/// A password is compared with what is kept of it.
fn proves(f: FuncRef<'_>) -> bool {
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, this, args, .. } => {
            let name = trace::flat(trace::called(f, callee, this).0.unwrap_or_default());
            PROOFS.iter().any(|begin| name.starts_with(begin))
                && f.func.args(args).iter().any(|arg| {
                    crate::object::key::variable(f, arg.value)
                        .is_some_and(|name| trace::flat(name).contains("passw"))
                        || matches!(trace::made_by(f, arg.value), Some((_, Instr::Load { key: Key::Field(name), .. }))
                            if trace::flat(f.file.facts.str(*name)).contains("passw"))
                })
        }
        _ => false,
    })
}
