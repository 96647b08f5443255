//! Middleware that stands before all that is registered later: `router.use(check)`.

use super::definition::Def;
use super::read::{Call, Reader};
use crate::program::FuncRef;
use casemate_ir::{Const, Instr};

/// Whether an instruction is run before all that comes later in its function.
pub(super) fn always(f: FuncRef<'_>, at: usize) -> bool {
    let first = f.func.blocks.first();
    first.is_some_and(|block| block.instrs.range().contains(&at))
}

/// Whether middleware is registered for every path.
pub(super) fn for_all(reader: &Reader<'_>, call: &Call<'_>) -> bool {
    let Some(first) = call.args.first() else {
        return false;
    };
    match reader.find.define(&call.place(first.value)) {
        Some(Def::Const(f, id)) => match *f.file.facts.constant(id) {
            Const::Str(text) => matches!(f.file.facts.str(text), "" | "/" | "*" | "/*"),
            _ => false,
        },
        Some(Def::Made(f, at, _)) => matches!(
            f.func.instrs.get(at),
            Some(Instr::Closure { .. } | Instr::Call { .. })
        ),
        _ => false,
    }
}
