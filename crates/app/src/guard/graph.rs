//! The graph of a function's blocks, and what its conditions ask.

use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{BlockId, Const, Function, Instr, LocalId, OpKind, Operand, Term};
use rustc_hash::FxHashSet;

/// Whether a condition holds when something is there (`true`) or when it is not (`false`).
pub(super) fn polarity(func: &Function, f: FuncRef<'_>, cond: Operand) -> Option<bool> {
    let mut at = cond;
    let mut positive = true;
    for _ in 0..12 {
        let Operand::Local(local) = at else {
            return None;
        };
        let mut written = f.writers(local).map(|written| written.1);
        let (first, more) = (written.next(), written.next().is_some());
        match first {
            Some(Instr::Op { op, operands, .. }) => {
                let operands = func.operands(*operands);
                match (op, operands) {
                    (OpKind::Not, [inner]) => {
                        positive = !positive;
                        at = *inner;
                    }
                    (OpKind::StrictEq | OpKind::Eq, [a, b]) => {
                        let nothing = |o: Operand| is_nothing(f, o) || is_false(f, o);
                        return Some(if nothing(*a) || nothing(*b) {
                            !positive
                        } else {
                            positive
                        });
                    }
                    (OpKind::StrictNe | OpKind::Ne, [a, b]) => {
                        let nothing = |o: Operand| is_nothing(f, o) || is_false(f, o);
                        return Some(if nothing(*a) || nothing(*b) {
                            positive
                        } else {
                            !positive
                        });
                    }
                    _ => return None,
                }
                if more {
                    return None;
                }
            }
            Some(Instr::Copy { from, .. } | Instr::Await { from, .. }) => {
                if more {
                    // `a || b`: both are of one kind, or it cannot be told.
                    return Some(positive).filter(|_| {
                        let mut of_not = func.instrs.iter().filter(|i| i.target() == Some(local));
                        of_not.all(|i| !comes_from_not(func, i))
                    });
                }
                at = *from;
            }
            _ => return Some(positive),
        }
    }
    None
}

pub(super) fn comes_from_not(func: &Function, instr: &Instr) -> bool {
    let Instr::Copy { from, .. } = instr else {
        return false;
    };
    func.instrs
        .iter()
        .any(|i| i.target().map(Operand::Local) == Some(*from) && matches!(i, Instr::Op { .. }))
}

/// The blocks from which a target is reached without refusing first, by ways that are not cut.
pub(super) fn reaching(
    func: &Function,
    targets: &FxHashSet<usize>,
    refused: &FxHashSet<usize>,
    cut: &FxHashSet<(usize, usize)>,
) -> FxHashSet<usize> {
    let mut behind = vec![Vec::new(); func.blocks.len()];
    for index in 0..func.blocks.len() {
        // An exception is no way on: what it leads to refuses or not by itself.
        for to in ways(func, index) {
            if !cut.contains(&(index, to))
                && let Some(list) = behind.get_mut(to)
            {
                list.push(index);
            }
        }
    }
    let mut clean = FxHashSet::default();
    let mut stack: Vec<usize> = targets.iter().copied().collect();
    while let Some(block) = stack.pop() {
        if !clean.insert(block) {
            continue;
        }
        let before = behind.get(block).into_iter().flatten();
        stack.extend(before.filter(|b| !refused.contains(b)));
    }
    clean
}

/// The blocks that are reached from the start by ways that are not cut.
pub(super) fn met(func: &Function, cut: &FxHashSet<(usize, usize)>) -> FxHashSet<usize> {
    let mut seen = FxHashSet::default();
    let mut stack = vec![0_usize];
    while let Some(block) = stack.pop() {
        if seen.insert(block) {
            let next = successors(func, block).into_iter();
            stack.extend(next.filter(|to| !cut.contains(&(block, *to))));
        }
    }
    seen
}

/// Whether a target is reached from the start without taking a guarded way.
pub(super) fn reaches_uncut(
    func: &Function,
    targets: &FxHashSet<usize>,
    cut: &FxHashSet<(usize, usize)>,
    guarded: &FxHashSet<usize>,
) -> bool {
    reaches_from(func, 0, targets, cut, guarded)
}

/// The same from another block than the first.
pub(super) fn reaches_from(
    func: &Function,
    from: usize,
    targets: &FxHashSet<usize>,
    cut: &FxHashSet<(usize, usize)>,
    guarded: &FxHashSet<usize>,
) -> bool {
    let mut seen = FxHashSet::default();
    let mut stack = vec![from];
    while let Some(block) = stack.pop() {
        if !seen.insert(block) || guarded.contains(&block) {
            continue;
        }
        if targets.contains(&block) {
            return true;
        }
        stack.extend(
            successors(func, block)
                .into_iter()
                .filter(|to| !cut.contains(&(block, *to))),
        );
    }
    false
}

/// Whether some way leads from blocks to a guarded one, or to a branch of which one side is cut.
pub(super) fn leads_to(
    func: &Function,
    from: &FxHashSet<usize>,
    guarded: &FxHashSet<usize>,
    cut: &FxHashSet<(usize, usize)>,
    away: &FxHashSet<(usize, usize)>,
) -> bool {
    let mut seen = FxHashSet::default();
    let mut stack: Vec<usize> = from.iter().copied().collect();
    while let Some(block) = stack.pop() {
        if !seen.insert(block) {
            continue;
        }
        let mut next = successors(func, block);
        // What is decided is no check.
        next.retain(|to| !away.contains(&(block, *to)));
        if guarded.contains(&block) || next.iter().any(|to| cut.contains(&(block, *to))) {
            return true;
        }
        stack.extend(next);
    }
    false
}

pub(super) fn ways(func: &Function, block: usize) -> Vec<usize> {
    match func.blocks.get(block).map(|b| b.term) {
        Some(Term::Goto(to)) => vec![to.index()],
        Some(Term::Branch { yes, no, .. }) => vec![yes.index(), no.index()],
        _ => Vec::new(),
    }
}

pub(super) fn successors(func: &Function, block: usize) -> Vec<usize> {
    let mut out = ways(func, block);
    out.extend(
        func.blocks
            .get(block)
            .and_then(|b| b.unwind)
            .map(BlockId::index),
    );
    out
}

pub(super) fn throws(func: &Function) -> bool {
    func.blocks.iter().any(|b| matches!(b.term, Term::Throw(_)))
}

pub(crate) fn is_nothing(f: FuncRef<'_>, operand: Operand) -> bool {
    match operand {
        Operand::Const(id) => matches!(f.file.facts.constant(id), Const::Undefined | Const::Null),
        Operand::Local(_) => false,
    }
}

/// A constant `true`.
pub(super) fn is_true(f: FuncRef<'_>, operand: Operand) -> bool {
    matches!(operand, Operand::Const(id) if *f.file.facts.constant(id) == Const::Bool(true))
}

pub(super) fn is_false(f: FuncRef<'_>, operand: Operand) -> bool {
    match operand {
        Operand::Const(id) => match *f.file.facts.constant(id) {
            Const::Bool(b) => !b,
            Const::Number(bits) => f64::from_bits(bits) == 0.0,
            Const::Str(s) => f.file.facts.str(s).is_empty(),
            _ => false,
        },
        Operand::Local(_) => false,
    }
}

/// Whether a function, or one inside it, captures a local of another.
pub(super) fn captures(origins: &Solver<'_, '_>, func: FuncId, wanted: (FuncId, LocalId)) -> bool {
    let f = origins.program.func(func);
    (0..f.func.captures.len()).any(|index| {
        let capture = casemate_ir::CaptureId::from(index);
        super::root::owner(origins, f, capture) == Some(wanted)
    })
}
