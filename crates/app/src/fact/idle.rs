//! What protects by what it does, whatever it is called: a function that takes a lock of the database, one that signs, one that
//! puts a name in order, and a digest that is kept to be compared with.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::Fact;
use casemate_ir::{Const, Instr, Key, Operand};

/// Parts of statements that take a lock until somebody gives it back.
const LOCKS: &[&str] = &["advisory_lock", "advisory_xact_lock", "get_lock("];

/// Calls that begin a signature.
const SIGNS: &[&str] = &[
    "node:crypto.createHmac",
    "node:crypto.createSign",
    "node:crypto.sign",
];

/// Names of what clients call things, as parameters of what puts them in order.
const NAMES: &[&str] = &["name", "filename", "path", "filepath"];

/// Methods that look for, or take away, a part of such a name.
const ORDERS: &[&str] = &["replace", "replaceAll", "endsWith", "basename", "normalize"];

/// Packages that hash passwords.
const HASHERS: &[&str] = &["argon2", "bcrypt", "scrypt", "pbkdf2"];

/// Its statements take a lock.
pub(super) fn locks(f: FuncRef<'_>) -> bool {
    f.func.instrs.iter().any(|instr| {
        let mut found = false;
        f.func.each_read(instr, |operand| {
            let text = match operand {
                Operand::Const(id) => match f.file.facts.constant(id) {
                    Const::Str(text) => f.file.facts.str(*text).to_ascii_lowercase(),
                    _ => return,
                },
                Operand::Local(_) => return,
            };
            found |= LOCKS.iter().any(|lock| text.contains(lock));
        });
        found
    })
}

/// It makes a signature, or an ordered name out of one that somebody gave.
pub(super) fn makes_safe(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> bool {
    let first = f.func.params.first();
    let of_name = first
        .and_then(|param| param.name)
        .is_some_and(|name| NAMES.contains(&trace::flat(f.file.facts.str(name)).as_str()));
    f.func.params.len() >= 2
        && trace::inside(origins, f.id).into_iter().any(|func| {
            let f = origins.program.func(func);
            f.func.instrs.iter().any(|instr| match *instr {
                Instr::Call { callee, this, .. } => {
                    let name = trace::called(f, callee, this).0;
                    of_name && name.is_some_and(|name| ORDERS.contains(&name))
                        || trace::texts(origins, func, callee)
                            .iter()
                            .any(|text| SIGNS.contains(&text.as_str()))
                }
                _ => false,
            })
        })
}

/// The value is what a hasher of passwords gives.
pub(super) fn is_digest(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> bool {
    let Some((_, Instr::Call { callee, this, .. })) = trace::made_by(f, value) else {
        return false;
    };
    let hashes = trace::called(f, *callee, *this)
        .0
        .is_some_and(|name| trace::flat(name).contains("hash"));
    hashes
        && trace::texts(origins, f.id, *callee)
            .iter()
            .any(|text| HASHERS.iter().any(|hasher| text.contains(hasher)))
}

/// Digests under names that only their class can read, and that it does not read.
pub(super) fn digests(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    fact: impl Fn(usize, &str) -> Fact,
    out: &mut Vec<Fact>,
) {
    for (at, instr) in f.func.instrs.iter().enumerate() {
        let Instr::Store {
            key: Key::Field(name),
            value,
            ..
        } = *instr
        else {
            continue;
        };
        let text = f.file.facts.str(name);
        if !text.starts_with('#') || !is_digest(origins, f, value) {
            continue;
        }
        let read = f.file.facts.functions.iter().any(|func| {
            func.instrs.iter().any(
                |instr| matches!(*instr, Instr::Load { key: Key::Field(key), .. } if key == name),
            )
        });
        if !read {
            out.push(fact(at, text));
        }
    }
}
