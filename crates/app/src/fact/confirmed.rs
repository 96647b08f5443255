//! Logins that do not ask whether an address was confirmed, in programs that keep that and ask for it nowhere.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{FnKind, Instr, Key, Language, LocalId, OpKind, Operand, PartKey};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

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
    let mut written: FxHashSet<String> = FxHashSet::default();
    let mut asked: FxHashSet<String> = FxHashSet::default();
    for f in trace::functions(origins) {
        if f.file.facts.language == Language::Python {
            continue;
        }
        written.extend(writes(f));
        asked.extend(asks(f));
        let name = f.func.name.map(|name| trace::flat(f.file.facts.str(name)));
        if f.func.kind != FnKind::Module
            && name.is_some_and(|name| LOGINS.contains(&name.as_str()))
            && proves(f)
        {
            logins.push(f.id);
        }
    }
    if written.is_empty() {
        return Vec::new();
    }
    // Second factors and orders are confirmed as well: where a name speaks of mail, the others may be theirs.
    let plain = written.iter().all(|name| !name.contains("email"));
    let asked = asked
        .iter()
        .any(|name| plain || name.contains("email") || name.starts_with("is"));
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

/// Names of such members that are written: `set({ emailVerifiedAt: … })`, `user.emailVerified = …`
fn writes(f: FuncRef<'_>) -> Vec<String> {
    let confirmed = |part: &casemate_ir::Part| match part.key {
        PartKey::Field(name) => Some(f.file.facts.str(name)).filter(|name| is_confirmed(name)),
        _ => None,
    };
    let objects: FxHashMap<LocalId, &str> = f
        .func
        .instrs
        .iter()
        .filter_map(|instr| match *instr {
            Instr::Object { to, parts } => f
                .func
                .parts(parts)
                .iter()
                .find_map(confirmed)
                .map(|name| (to, name)),
            _ => None,
        })
        .collect();
    let written = f.func.instrs.iter().filter_map(|instr| match *instr {
        Instr::Store {
            key: Key::Field(name),
            ..
        } => Some(f.file.facts.str(name)).filter(|name| is_confirmed(name)),
        Instr::Call {
            callee, this, args, ..
        } => {
            let given = f.func.args(args).iter().find_map(|arg| match arg.value {
                Operand::Local(local) => objects.get(&local).copied(),
                Operand::Const(_) => None,
            });
            given.filter(|_| {
                trace::called(f, callee, this).0.is_some_and(|name| {
                    let name = name.to_ascii_lowercase();
                    name == "set" || name.starts_with("update")
                })
            })
        }
        _ => None,
    });
    written.map(trace::flat).collect()
}

/// Names of such members on which something depends: a condition, a comparison, one of a query.
fn asks(f: FuncRef<'_>) -> BTreeSet<String> {
    let loads = f.func.instrs.iter().filter_map(|instr| match *instr {
        Instr::Load {
            to,
            key: Key::Field(name),
            ..
        } => Some((f.file.facts.str(name), to)).filter(|(name, _)| is_confirmed(name)),
        _ => None,
    });
    let mut read: BTreeMap<String, FxHashSet<LocalId>> = BTreeMap::new();
    for (name, to) in loads {
        read.entry(trace::flat(name)).or_default().insert(to);
    }
    read.into_iter()
        .filter(|(_, read)| matters(f, read))
        .map(|(name, _)| name)
        .collect()
}

/// Whether something depends on one of these.
fn matters(f: FuncRef<'_>, read: &FxHashSet<LocalId>) -> bool {
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
