//! What is put into an object after it was written out: `const where = { id }; where.owner_id = user.id`.

use crate::decoration::written_name;
use casemate_flow::program::FuncRef;
use casemate_ir::{ArgKey, Instr, Key, LocalId, Operand};

/// Copies of one object that are looked at.
const COPIES: usize = 6;

/// The object that a local holds is written out in this function: its values beside those that stand in it, each with its name where
/// that is known.
pub(crate) fn beside<'p>(f: FuncRef<'p>, local: LocalId) -> Vec<(Option<&'p str>, Operand)> {
    let mut out = Vec::new();
    let Some(holders) = holders(f, local) else {
        return out;
    };
    for instr in &f.func.instrs {
        match *instr {
            Instr::Store {
                base: Operand::Local(base),
                key,
                value,
            } if holders.contains(&base) => {
                let name = match key {
                    Key::Field(name) => Some(f.file.facts.str(name)),
                    Key::Computed(key) => f.constant_text(key),
                    Key::Index(_) => None,
                };
                out.push((name, value));
            }
            // `Object.assign(where, { … })`, `where.update(owner=…)`
            Instr::Call {
                callee, this, args, ..
            } => {
                let args = f.func.args(args);
                let is =
                    |value: Operand| matches!(value, Operand::Local(l) if holders.contains(&l));
                let more = match written_name(f, callee) {
                    Some("assign") if args.first().is_some_and(|first| is(first.value)) => {
                        args.get(1..).unwrap_or_default()
                    }
                    Some("update") if this.is_some_and(is) => args,
                    _ => continue,
                };
                for arg in more {
                    let name = match arg.key {
                        ArgKey::Keyword(name) => Some(f.file.facts.str(name)),
                        _ => None,
                    };
                    out.push((name, arg.value));
                }
            }
            _ => {}
        }
    }
    out
}

/// The locals that hold one object that is written out.
fn holders(f: FuncRef<'_>, local: LocalId) -> Option<Vec<LocalId>> {
    let mut made = local;
    for _ in 0..COPIES {
        match f.writer(made)?.1 {
            Instr::Object { .. } => break,
            Instr::Copy {
                from: Operand::Local(from),
                ..
            } => made = *from,
            _ => return None,
        }
    }
    if !matches!(f.writer(made)?.1, Instr::Object { .. }) {
        return None;
    }
    let mut out = vec![made];
    let mut at = 0;
    while let Some(&known) = out.get(at) {
        at += 1;
        for instr in &f.func.instrs {
            if let Instr::Copy {
                to,
                from: Operand::Local(from),
            } = *instr
                && from == known
                && out.len() < COPIES
                && !out.contains(&to)
            {
                out.push(to);
            }
        }
    }
    // An object that is only used where it stands has nothing beside it.
    (out.len() > 1).then_some(out)
}
