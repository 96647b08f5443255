//! What single blocks and functions inside others do on the way of a request: return nothing, call what is above, pass on.

use super::body::Reader;
use super::graph::{captures, is_nothing};
use crate::decoration::written_name;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Instr, Key, Language, LocalId, Operand, Term};

/// Whether a function of this name fails where nobody is known: `verify`, `parseJWT`, `authenticate`.
pub(super) fn verifies(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["verif", "auth", "jwt", "token", "session"]
        .iter()
        .any(|word| lower.contains(word))
}

/// Whether a block does nothing but return nothing.
pub(super) fn gives_nothing(f: FuncRef<'_>, block: usize) -> bool {
    f.func.blocks.get(block).is_some_and(|b| {
        let calls = |(_, instr): (usize, &Instr)| matches!(instr, Instr::Call { .. });
        matches!(b.term, Term::Return(value) if value.is_none_or(|v| is_nothing(f, v)))
            && !f.func.block_instrs(b).any(calls)
    })
}

/// Whether a block calls the method of the same name that a base of the class has.
pub(super) fn calls_above(f: FuncRef<'_>, block: usize) -> bool {
    let Some(block) = f.func.blocks.get(block) else {
        return false;
    };
    let loaded = |value: Operand| {
        f.func.instrs.iter().find_map(|instr| match *instr {
            Instr::Load {
                to,
                base,
                key: Key::Field(name),
            } if Operand::Local(to) == value => Some((base, name)),
            _ => None,
        })
    };
    f.func.block_instrs(block).any(|(_, instr)| {
        let Instr::Call { callee, .. } = *instr else {
            return false;
        };
        loaded(callee).is_some_and(|(base, name)| {
            f.func.name == Some(name)
                && (written_name(f, base) == Some("super")
                    || loaded(base)
                        .is_some_and(|(_, above)| f.file.facts.str(above) == casemate_ir::SUPER))
        })
    })
}

/// Whether a function inside calls what passes requests on without an error.
pub(super) fn passes(reader: &Reader<'_, '_, '_>, func: FuncId, next: (FuncId, LocalId)) -> bool {
    let f = reader.origins.program.func(func);
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, args, .. } => {
            reader.is_next(f, callee, Some(next))
                && (f.file.facts.language == Language::Python
                    || f.func
                        .args(args)
                        .first()
                        .is_none_or(|a| is_nothing(f, a.value)))
        }
        Instr::Closure { func, .. } => {
            let inner = f.sibling(func);
            captures(reader.origins, inner, next) && passes(reader, inner, next)
        }
        _ => false,
    })
}
