//! Calls on the way of an endpoint that hold up the thread which answers everybody.

use super::trace;
use super::ways::{About, Ways};
use crate::decoration::written_name;
use crate::model::Endpoint;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Instr, LocalId, Operand, Term, VarRef};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// What makes a function answer a second time with what it answered first.
const KEEPS: [&str; 8] = [
    "once",
    "memoize",
    "memo",
    "memoizee",
    "cache",
    "cached",
    "lru_cache",
    "cached_property",
];

/// Negations and comparisons between a condition and what it looks at.
const STEPS: usize = 4;

/// Seconds that nobody notices.
const BRIEF: f64 = 0.1;

/// One fact for each of them. `known`: what calls say of configuration.
pub(super) fn of(origins: &Solver<'_, '_>, endpoints: &[Endpoint], known: &[Fact]) -> Vec<Fact> {
    let ways = Ways::of(origins, endpoints, About::Thread);
    let mut out: BTreeMap<_, Fact> = BTreeMap::new();
    for fact in known.iter().filter(|fact| fact.fact == "blocking") {
        let Some(way) = ways.to(origins, fact.function) else {
            continue;
        };
        let Some((f, at)) = trace::call_of(origins, fact) else {
            continue;
        };
        if !called_there(origins, f, at, fact) {
            continue;
        }
        let kept = kept(f, at) || once(f) || remembered(origins, f);
        let brief =
            matches!(trace::value(fact, "seconds"), Some(FactValue::Number(n)) if *n < BRIEF);
        let file = trace::value(fact, "file");
        let values = [
            ("kept", FactValue::Bool(kept)),
            ("endpoint", super::number(way.endpoint)),
            ("brief", FactValue::Bool(brief)),
            ("file", FactValue::Bool(file.is_some())),
            (
                "fixed",
                FactValue::Bool(matches!(file, Some(FactValue::Str(_)))),
            ),
        ];
        let made = trace::at(f, at, "thread.held", &fact.callee, &values);
        out.insert(fact.site, made);
    }
    out.into_values().collect()
}

/// Whether the call is of what blocks, and nobody waits for it as for a promise: `to_thread(time.sleep, 1)` calls it elsewhere.
fn called_there(origins: &Solver<'_, '_>, f: FuncRef<'_>, at: usize, fact: &Fact) -> bool {
    let Some(Instr::Call { to, callee, .. }) = f.func.instrs.get(at) else {
        return false;
    };
    let awaited = f.func.instrs.iter().any(
        |instr| matches!(instr, Instr::Await { from: Operand::Local(from), .. } if from == to),
    );
    !awaited && trace::texts(origins, f.id, *callee).contains(&fact.callee)
}

/// What is made of the result is kept beyond the call, as a value that is made once is: `cache ??= parse(readFileSync(path))`.
fn kept(f: FuncRef<'_>, at: usize) -> bool {
    let Some(to) = f.func.instrs.get(at).and_then(Instr::target) else {
        return false;
    };
    // What the function was given, or finds around it.
    let outer: FxHashSet<LocalId> = f
        .func
        .instrs
        .iter()
        .filter_map(|instr| match *instr {
            Instr::LoadVar { to, .. } => Some(to),
            _ => None,
        })
        .chain(f.func.this)
        .collect();
    let mut held: FxHashSet<LocalId> = FxHashSet::from_iter([to]);
    for instr in f.func.instrs.iter().skip(at + 1) {
        let mut reads = false;
        f.func.each_read(instr, |operand| {
            reads |= matches!(operand, Operand::Local(local) if held.contains(&local));
        });
        if !reads {
            continue;
        }
        match *instr {
            Instr::StoreVar { .. } => return true,
            Instr::Store {
                base: Operand::Local(base),
                ..
            } if outer.contains(&base) => return true,
            // `cache.set(key, value)`
            Instr::Call {
                this: Some(Operand::Local(this)),
                callee,
                ..
            } if outer.contains(&this) && written_name(f, callee) == Some("set") => return true,
            _ => held.extend(instr.target()),
        }
    }
    false
}

/// The function asks a variable around it whether it ran before, and sets it: `if (!started) { …; started = true }`.
fn once(f: FuncRef<'_>) -> bool {
    f.func.blocks.iter().any(|block| {
        let Term::Branch { cond, .. } = block.term else {
            return false;
        };
        let Some(asked) = variable_of(f, cond) else {
            return false;
        };
        f.func
            .instrs
            .iter()
            .any(|instr| matches!(*instr, Instr::StoreVar { var, .. } if var == asked))
    })
}

/// The variable around a function that a condition looks at.
fn variable_of(f: FuncRef<'_>, cond: Operand) -> Option<VarRef> {
    let mut at = cond;
    for _ in 0..STEPS {
        match *trace::made_by(f, at)?.1 {
            Instr::LoadVar { var, .. } => return Some(var),
            Instr::Op { operands, .. } => {
                let mut locals = f.func.operands(operands).iter();
                at = *locals.find(|operand| matches!(operand, Operand::Local(_)))?;
            }
            _ => return None,
        }
    }
    None
}

/// The function, or one around it, is given to what remembers its answer.
fn remembered(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> bool {
    let Some(parent) = f.parent() else {
        return false;
    };
    let around = origins.program.func(parent);
    let decorated = f.func.decorators.iter().any(|decorator| {
        let callee = match trace::made_by(around, decorator.value) {
            Some((_, Instr::Call { callee, .. })) => *callee,
            _ => decorator.value,
        };
        written_name(around, callee).is_some_and(|name| KEEPS.contains(&name))
    });
    decorated
        || around.func.instrs.iter().any(|instr| match *instr {
            Instr::Call { callee, args, .. } => {
                let name = trace::called(around, callee, None).0;
                name.is_some_and(|name| KEEPS.contains(&name))
                    && around.func.args(args).iter().any(|arg| {
                        matches!(trace::made_by(around, arg.value),
                            Some((_, Instr::Closure { func, .. })) if around.sibling(*func) == f.id)
                    })
            }
            _ => false,
        })
}
