//! Keys of records that the same function has just made: whoever asks made them.

use super::query;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_ir::{Instr, Key, Operand};

/// Names of keys.
const KEYS: [&str; 5] = ["id", "_id", "pk", "uuid", "insertedId"];

/// Copies between a record and its key.
const STEPS: u32 = 6;

/// Whether all values by which a record is chosen are keys of records that are made here.
pub(super) fn all(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    chosen: &[Operand],
    client: &dyn Fn(Operand) -> bool,
) -> bool {
    let mut open: Vec<Operand> = chosen.to_vec();
    let mut some = false;
    let mut rounds = 0;
    while let Some(value) = open.pop() {
        rounds += 1;
        if rounds > 40 {
            return false;
        }
        if !client(value) {
            continue;
        }
        if let Some(Instr::Object { parts, .. }) = f.made_by(value) {
            open.extend(f.func.parts(*parts).iter().map(|part| part.value));
        } else if is_key(origins, f, value) {
            some = true;
        } else {
            return false;
        }
    }
    some
}

/// `made.id` of `const made = await prisma.note.create(…)`
fn is_key(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> bool {
    let mut at = value;
    let mut key = false;
    for _ in 0..STEPS {
        let Operand::Local(local) = at else {
            return false;
        };
        let mut writers = f.writers(local);
        let (Some((place, instr)), None) = (writers.next(), writers.next()) else {
            return false;
        };
        match *instr {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => at = from,
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } if !key && KEYS.contains(&f.file.facts.str(name)) => {
                key = true;
                at = base;
            }
            Instr::Call { callee, args, .. } => {
                let made = query(origins, f, place, callee, args);
                return key && made.is_some_and(|query| query.op == "create");
            }
            _ => return false,
        }
    }
    false
}
