//! Quantities that are read from a record, changed in memory and written back, as facts: two requests at once count as one.

use crate::limits;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, Site};
use casemate_ir::{Const, Instr, Key, LocalId, OpKind, Operand, VarRef};

/// Parts of names of what there is a limited amount of.
const LIMITED: [&str; 17] = [
    "balance",
    "stock",
    "quantity",
    "qty",
    "available",
    "remaining",
    "seats",
    "inventory",
    "credit",
    "funds",
    "tickets",
    "capacity",
    "coins",
    "points",
    "slots",
    "vacancies",
    "allowance",
];

/// Calls that write a record back.
const WRITES: [&str; 5] = ["save", "commit", "flush", "persist", "asave"];

/// Parts of names that keep others from the record meanwhile, or notice them.
const LOCKS: [&str; 6] = [
    "lock",
    "forupdate",
    "mutex",
    "semaphore",
    "serializable",
    "optimistic",
];

/// Parts of names that may.
const MAY_LOCK: [&str; 3] = ["transaction", "atomic", "isolation"];

/// One fact for each place.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for func in origins.program.function_ids() {
        if origins.program.is_copy(func) {
            continue;
        }
        let f = origins.program.func(func);
        // A migration runs once, and alone.
        let long = f.func.instrs.len() > limits::READ_INSTRS;
        if long || f.file.path.split('/').any(|name| name == "migrations") {
            continue;
        }
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Store {
                base,
                key: Key::Field(name),
                value,
            } = *instr
            else {
                continue;
            };
            let field = f.file.facts.str(name);
            let flat = flat(field);
            if !LIMITED.iter().any(|word| flat.contains(word))
                || !counted(f, at, base, field, value)
                || !written(f, at, base)
            {
                continue;
            }
            out.push(Fact {
                fact: "counter.update".to_owned(),
                site: Site {
                    file: f.file_idx,
                    span: f.func.spans.get(at).copied().unwrap_or_default(),
                },
                function: func,
                callee: field.to_owned(),
                values: vec![
                    ("field".to_owned(), FactValue::Str(field.to_owned())),
                    (
                        "locked".to_owned(),
                        if is_given(f, base) {
                            // Whoever read it may hold it.
                            FactValue::Unknown
                        } else {
                            locked(f, origins)
                        },
                    ),
                ],
            });
        }
    }
    out
}

/// The value is the member itself, more or less.
fn counted(f: FuncRef<'_>, at: usize, base: Operand, field: &str, value: Operand) -> bool {
    let Operand::Local(value) = value else {
        return false;
    };
    let before = f.func.instrs.get(..at).unwrap_or_default();
    let made = before.iter().rev().find_map(|instr| match *instr {
        Instr::Op {
            to,
            op: OpKind::Add | OpKind::Subtract | OpKind::Arithmetic,
            operands,
        } if to == value => Some(operands),
        _ => None,
    });
    made.is_some_and(|operands| {
        f.func.operands(operands).iter().any(|operand| {
            let Operand::Local(local) = *operand else {
                return false;
            };
            before.iter().rev().any(|instr| {
                matches!(*instr, Instr::Load { to, base: from, key: Key::Field(name) }
                    if to == local && f.file.facts.str(name) == field && same(f, from, base))
            })
        })
    })
}

/// Afterwards the record, or the session that holds it, is written.
fn written(f: FuncRef<'_>, at: usize, base: Operand) -> bool {
    let after = f.func.instrs.get(at..).unwrap_or_default();
    after.iter().enumerate().any(|(next, instr)| {
        let Instr::Call {
            callee: Operand::Local(callee),
            this: Some(this),
            ..
        } = *instr
        else {
            return false;
        };
        let loaded = after.get(..next).unwrap_or_default();
        loaded.iter().rev().any(|instr| {
            matches!(*instr, Instr::Load { to, key: Key::Field(name), .. } if to == callee && {
                let name = f.file.facts.str(name);
                WRITES.contains(&name) && (same(f, this, base) || name != "save")
            })
        })
    })
}

/// The record is a parameter, or a member of one.
fn is_given(f: FuncRef<'_>, base: Operand) -> bool {
    let Operand::Local(mut local) = base else {
        return false;
    };
    for instr in f.func.instrs.iter().rev() {
        match *instr {
            Instr::Load {
                to,
                base: Operand::Local(from),
                ..
            }
            | Instr::Copy {
                to,
                from: Operand::Local(from),
            } if to == local => local = from,
            _ => {}
        }
    }
    f.func.params.iter().any(|param| param.local == local) || f.func.this == Some(local)
}

/// The same local, or the same variable.
fn same(f: FuncRef<'_>, a: Operand, b: Operand) -> bool {
    let variable = |local: LocalId| -> Option<VarRef> {
        f.func.instrs.iter().find_map(|instr| match *instr {
            Instr::LoadVar { to, var } if to == local => Some(var),
            _ => None,
        })
    };
    match (a, b) {
        (Operand::Local(a), Operand::Local(b)) => {
            a == b || variable(a).is_some_and(|v| Some(v) == variable(b))
        }
        _ => false,
    }
}

/// Whether the function keeps others out.
fn locked(f: FuncRef<'_>, origins: &Solver<'_, '_>) -> FactValue {
    let mut may = false;
    let mut certain = false;
    let mut look = |name: &str| {
        let name = flat(name);
        certain |= LOCKS.iter().any(|word| name.contains(word)) && !name.contains("block");
        may |= MAY_LOCK.iter().any(|word| name.contains(word));
    };
    for instr in &f.func.instrs {
        match *instr {
            Instr::Load {
                key: Key::Field(name),
                ..
            } => look(f.file.facts.str(name)),
            Instr::Call { args, .. } => {
                for arg in f.func.args(args) {
                    if let Operand::Const(id) = arg.value
                        && let Const::Str(text) = *f.file.facts.constant(id)
                    {
                        look(f.file.facts.str(text));
                    }
                }
            }
            Instr::Object { parts, .. } => {
                for part in f.func.parts(parts) {
                    if let casemate_ir::PartKey::Field(name) = part.key {
                        look(f.file.facts.str(name));
                    }
                }
            }
            _ => {}
        }
    }
    // The callback of a transaction is a function of its own.
    let called = origins.program.func_name(f.id);
    may |= MAY_LOCK.iter().any(|word| flat(&called).contains(word));
    if certain {
        FactValue::Bool(true)
    } else if may {
        FactValue::Unknown
    } else {
        FactValue::Bool(false)
    }
}

fn flat(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}
