//! Conditions that only say what is shown: both of their sides come together again, and nothing between but lists and texts grow.

use crate::decoration::written_name;
use casemate_flow::program::FuncRef;
use casemate_ir::{BlockId, Instr, Key, OpKind, Operand, Term};
use rustc_hash::FxHashSet;

/// Names of what puts something into a list, a text or a mapping, or reads one.
const GROWS: [&str; 14] = [
    "append", "push", "unshift", "add", "extend", "update", "insert", "concat", "join", "format",
    "get", "gettext", "_", "t",
];

/// Whether a branch refuses nobody and changes nothing: `if user.is_admin(): menu.append('users')`.
pub(super) fn only_shows(f: FuncRef<'_>, yes: BlockId, no: BlockId) -> bool {
    let (of_yes, of_no) = (reached(f, yes), reached(f, no));
    // One of them ends somewhere else than the other, or they never meet.
    if of_yes.is_disjoint(&of_no) {
        return false;
    }
    let apart = of_yes.symmetric_difference(&of_no);
    let mut between = apart.filter_map(|block| f.func.blocks.get(*block));
    between.all(|block| {
        let goes_on = matches!(block.term, Term::Goto(_));
        let mut instrs = f.func.block_instrs(block);
        goes_on
            && instrs.all(|(_, instr)| match *instr {
                Instr::Call { callee, .. } => grows(f, callee),
                Instr::Store { key, .. } => matches!(key, Key::Computed(_) | Key::Index(_)),
                Instr::StoreVar { .. } | Instr::Await { .. } | Instr::Closure { .. } => false,
                _ => true,
            })
    })
}

/// Whether a function only leaves one thing out of a list: `list.filter((e) => e.id !== id)`. That finds nothing, and refuses nobody.
pub(super) fn leaves_out(f: FuncRef<'_>, inner: FuncRef<'_>, made: Operand) -> bool {
    let given_to_filter = f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, args, .. } => {
            written_name(f, callee) == Some("filter")
                && f.func.args(args).first().map(|arg| arg.value) == Some(made)
        }
        _ => false,
    });
    given_to_filter
        && inner.func.blocks.iter().all(|block| match block.term {
            Term::Return(Some(value)) => matches!(
                inner.made_by(value),
                Some(Instr::Op {
                    op: OpKind::Ne | OpKind::StrictNe,
                    ..
                })
            ),
            _ => true,
        })
}

fn grows(f: FuncRef<'_>, callee: Operand) -> bool {
    written_name(f, callee).is_some_and(|name| GROWS.contains(&name))
}

/// The blocks that are reached from one, exceptions left out.
fn reached(f: FuncRef<'_>, from: BlockId) -> FxHashSet<usize> {
    let mut seen = FxHashSet::default();
    let mut open = vec![from];
    while let Some(block) = open.pop() {
        if !seen.insert(block.index()) {
            continue;
        }
        match f.func.blocks.get(block.index()).map(|block| block.term) {
            Some(Term::Goto(to)) => open.push(to),
            Some(Term::Branch { yes, no, .. }) => open.extend([yes, no]),
            _ => {}
        }
    }
    seen
}
