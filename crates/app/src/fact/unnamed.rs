//! Checks of a right that name the record nearly everywhere, and in one place none: `has_access('organizer')` among
//! `has_access('organizer', event_id=event.id)`.

use super::trace;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FuncId};
use casemate_ir::{ArgKey, Const, Instr, Operand};
use std::collections::BTreeMap;

/// Words in the names of functions that say whether somebody may.
const MAY: [&str; 10] = [
    "access",
    "permission",
    "allowed",
    "privilege",
    "authoriz",
    "authoris",
    "hasright",
    "hasrole",
    "ismember",
    "canuser",
];

/// So many calls for a right name a record …
const HABIT: usize = 8;

/// … and at most one in so many names none.
const EXCEPTIONS: usize = 8;

/// The calls for one right, those that name a record and those that do not.
#[derive(Default)]
struct Calls {
    with: usize,
    without: Vec<Fact>,
}

/// One fact for each call that names no record.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut all: BTreeMap<(FuncId, String), Calls> = BTreeMap::new();
    for f in trace::functions(origins) {
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let [right, rest @ ..] = f.func.args(args) else {
                continue;
            };
            let Some(text) = f
                .constant_text(right.value)
                .filter(|_| right.key == ArgKey::Pos)
            else {
                continue;
            };
            let Some(check) = check(origins, f, callee) else {
                continue;
            };
            let calls = all.entry((check, text.to_owned())).or_default();
            // Of what is spread out, nobody knows what it names.
            let named = |arg: &casemate_ir::Arg| !is_nothing(f, arg.value);
            if rest.iter().any(named) {
                calls.with += 1;
            } else {
                let name = origins.program.func_name(check);
                let fact = trace::at(f, at, "check.unnamed", &name, &[]);
                calls.without.push(fact);
            }
        }
    }
    let mut out = Vec::new();
    for calls in all.into_values() {
        if calls.with >= HABIT && calls.without.len() * EXCEPTIONS <= calls.with {
            out.extend(calls.without.into_iter().map(|mut fact| {
                let others = super::number(calls.with);
                fact.values.push(("others".to_owned(), others));
                fact
            }));
        }
    }
    out
}

/// The function of the program that says whether somebody may.
fn check(origins: &Solver<'_, '_>, f: FuncRef<'_>, callee: Operand) -> Option<FuncId> {
    let [val] = origins.of_operand(f.id, callee) else {
        return None;
    };
    let Some(Val::Func(func)) = origins.val(*val) else {
        return None;
    };
    let name = trace::flat(&origins.program.func_name(func));
    MAY.iter().any(|word| name.contains(word)).then_some(func)
}

fn is_nothing(f: FuncRef<'_>, value: Operand) -> bool {
    matches!(value, Operand::Const(id) if matches!(f.file.facts.constant(id), Const::Null | Const::Undefined))
}
