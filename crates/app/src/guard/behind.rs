//! Checks that only those meet that are known already: `if user.is_authenticated and user.must_change_password: …` refuses nobody who is not.

use super::body::Reader;
use super::check::Check;
use super::graph::{polarity, reaches_uncut};
use casemate_flow::program::FuncRef;
use casemate_ir::{Instr, Key, OpKind, Operand, Term};
use rustc_hash::FxHashSet;

impl<'p> Reader<'_, 'p, '_> {
    /// The sides of branches on which somebody is known.
    pub(super) fn known_sides(&self, f: FuncRef<'p>) -> FxHashSet<(usize, usize)> {
        let mut out = FxHashSet::default();
        for (index, block) in f.func.blocks.iter().enumerate() {
            let Term::Branch { cond, yes, no } = block.term else {
                continue;
            };
            let roots = self.roots(f.id, cond);
            let said = asked_member(f, cond)
                .map(str::to_lowercase)
                .unwrap_or_default();
            let (known, nobody) = (said.contains("authenticated"), said.contains("anonymous"));
            let plain = !roots.attribute && !roots.state;
            let who = roots.principal && !roots.client && (plain || known || nobody);
            if let Some(positive) = polarity(f.func, f, cond).filter(|_| who) {
                let known = if positive != nobody { yes } else { no };
                out.insert((index, known.index()));
            }
        }
        out
    }
}

/// The member that a condition asks for, whichever way round: `not request.user.is_authenticated`.
fn asked_member<'p>(f: FuncRef<'p>, cond: Operand) -> Option<&'p str> {
    let mut at = cond;
    for _ in 0..4 {
        match *f.made_by(at)? {
            Instr::Op {
                op: OpKind::Not,
                operands,
                ..
            } => at = *f.func.operands(operands).first()?,
            Instr::Call { callee, .. } => at = callee,
            Instr::Load {
                key: Key::Field(name),
                ..
            } => return Some(f.file.facts.str(name)),
            _ => return None,
        }
    }
    None
}

/// Whether a check is met only by those that come over one of some sides of branches.
pub(super) fn is_behind(f: FuncRef<'_>, check: &Check, sides: &FxHashSet<(usize, usize)>) -> bool {
    let mut blocks = f.func.blocks.iter();
    let at = blocks.position(|block| block.term_span == check.span);
    at.is_some_and(|at| {
        let target = FxHashSet::from_iter([at]);
        !sides.is_empty() && !reaches_uncut(f.func, &target, sides, &FxHashSet::default())
    })
}
