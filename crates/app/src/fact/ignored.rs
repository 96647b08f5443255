//! Comparisons of passwords and signatures whose answer nobody looks at.
//!
//! Who hashes to spend the same time for everybody drops the answer at once. Told is only of one that is given a name, and of
//! which nothing is read afterwards.

use super::trace;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FuncId};
use casemate_ir::{Instr, LocalId, LocalKind, Operand, Term};
use rustc_hash::FxHashSet;

/// The fact of a call that says whether somebody has proven something.
const PROOF: &str = "proof.answer";

/// Copies that are gone through to see whether a value is read.
const STEPS: usize = 8;

/// One fact for each of them. `known`: what calls say of configuration.
pub(super) fn of(origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
    let mut out = Vec::new();
    let mut proving: FxHashSet<FuncId> = FxHashSet::default();
    for fact in known.iter().filter(|fact| fact.fact == PROOF) {
        let Some((f, at)) = trace::call_of(origins, fact) else {
            continue;
        };
        if dropped(f, at) {
            out.push(trace::at(f, at, "proof.ignored", &fact.callee, &[]));
        } else if answers(f) {
            proving.insert(fact.function);
        }
    }
    if proving.is_empty() {
        return out;
    }
    for func in origins.program.function_ids() {
        if origins.program.is_copy(func) {
            continue;
        }
        let f = origins.program.func(func);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call { callee, .. } = *instr else {
                continue;
            };
            let callees = origins.of_operand(func, callee);
            let proves = |val: &_| matches!(origins.val(*val), Some(Val::Func(inner)) if proving.contains(&inner));
            if !callees.is_empty() && callees.iter().all(proves) && dropped(f, at) {
                out.push(trace::at(f, at, "proof.ignored", "a comparison", &[]));
            }
        }
    }
    out
}

/// It says yes or no, and does not refuse by itself.
fn answers(f: FuncRef<'_>) -> bool {
    let terms = || f.func.blocks.iter().map(|block| block.term);
    terms().any(|term| matches!(term, Term::Return(Some(_))))
        && !terms().any(|term| matches!(term, Term::Throw(_)))
}

/// What the call gives is kept under a name that is never read.
fn dropped(f: FuncRef<'_>, at: usize) -> bool {
    let Some(mut local) = f.func.instrs.get(at).and_then(Instr::target) else {
        return false;
    };
    for _ in 0..STEPS {
        let known = f.func.locals.get(local.index());
        let named = known.is_some_and(|l| l.kind == LocalKind::Named && !l.captured);
        let mut readers = f.func.instrs.iter().filter(|instr| reads(f, instr, local));
        let first = readers.next();
        if readers.next().is_some() || ends(f, local) {
            return false;
        }
        match first {
            None => return named,
            Some(Instr::Copy { to, .. } | Instr::Await { to, .. }) => local = *to,
            Some(_) => return false,
        }
    }
    false
}

fn reads(f: FuncRef<'_>, instr: &Instr, local: LocalId) -> bool {
    let mut found = false;
    f.func
        .each_read(instr, |operand| found |= operand == Operand::Local(local));
    found
}

fn ends(f: FuncRef<'_>, local: LocalId) -> bool {
    let blocks = f.func.blocks.iter();
    let mut operands = blocks.filter_map(|block| block.term.operand());
    operands.any(|operand| operand == Operand::Local(local))
}
