//! Refusals that ask for more than a failed check: what is wrong is then only refused where it is empty too.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{BlockId, Const, Instr, OpKind, Operand, Term};

/// How names of checks begin, or what they hold.
const CHECKS: &[&str] = &[
    "is", "verif", "valid", "check", "match", "compare", "equal", "genuine",
];

/// Blocks that are gone through to see how a side of a branch ends.
const WAY: usize = 4;

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for f in trace::functions(origins) {
        for block in &f.func.blocks {
            let Term::Branch { cond, yes, no } = block.term else {
                continue;
            };
            let Some((at, name, fails)) = check(f, cond, yes, no) else {
                continue;
            };
            let Some(next) = f.func.blocks.get(fails.index()) else {
                continue;
            };
            let Term::Branch { cond, yes, .. } = next.term else {
                continue;
            };
            if is_empty(f, at, cond) && throws(f, yes) {
                let values = [("narrowed", FactValue::Bool(true))];
                out.push(trace::at(f, at, "refusal.narrowed", name, &values));
            }
        }
    }
    out
}

/// A condition on the answer of a check: its call, its name, and where it leads when the check fails.
fn check<'p>(
    f: FuncRef<'p>,
    cond: Operand,
    yes: BlockId,
    no: BlockId,
) -> Option<(usize, &'p str, BlockId)> {
    let (mut at, mut made) = trace::made_by(f, cond)?;
    let mut fails = no;
    if let Instr::Op {
        op: OpKind::Not,
        operands,
        ..
    } = *made
    {
        (at, made) = trace::made_by(f, *f.func.operands(operands).first()?)?;
        fails = yes;
    }
    let Instr::Call { callee, this, .. } = *made else {
        return None;
    };
    let name = trace::called(f, callee, this).0?;
    let lower = name.to_ascii_lowercase();
    CHECKS
        .iter()
        .any(|word| lower.starts_with(word) || *word != "is" && lower.contains(word))
        .then_some((at, name, fails))
}

/// `x === ''`, of something that the check was given.
fn is_empty(f: FuncRef<'_>, at: usize, cond: Operand) -> bool {
    let Some((
        _,
        Instr::Op {
            op: OpKind::StrictEq | OpKind::Eq,
            operands,
            ..
        },
    )) = trace::made_by(f, cond)
    else {
        return false;
    };
    let Some(Instr::Call { args, .. }) = f.func.instrs.get(at) else {
        return false;
    };
    let [a, b] = *f.func.operands(*operands) else {
        return false;
    };
    let none = |value: Operand| match value {
        Operand::Const(id) => match f.file.facts.constant(id) {
            Const::Str(text) => f.file.facts.str(*text).is_empty(),
            Const::Undefined | Const::Null => true,
            _ => false,
        },
        Operand::Local(_) => false,
    };
    let given = |value: Operand| {
        let name = |value| crate::object::key::variable(f, value);
        f.func.args(*args).iter().any(|arg| {
            arg.value == value && matches!(value, Operand::Local(_))
                || name(arg.value).is_some_and(|known| Some(known) == name(value))
        })
    };
    none(a) && given(b) || none(b) && given(a)
}

fn throws(f: FuncRef<'_>, from: BlockId) -> bool {
    let mut at = from;
    for _ in 0..WAY {
        match f.func.blocks.get(at.index()).map(|block| block.term) {
            Some(Term::Throw(_)) => return true,
            Some(Term::Goto(next)) => at = next,
            _ => return false,
        }
    }
    false
}
