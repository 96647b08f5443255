//! Methods of records: what `topic.move(forum)` runs, where the topic was found through its class.

use super::key;
use crate::decoration::member_before;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::FuncId;
use casemate_ir::{Instr, MemberKind, Operand};

/// Steps back along a chain of calls.
const CHAIN: u32 = 12;

/// The method of the program that a call of a member of a record runs.
pub(super) fn method(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    at: usize,
    callee: Operand,
    this: Option<Operand>,
) -> Option<FuncId> {
    let name = member_before(f, callee, at)?;
    let class = class_of(origins, f, this?)?;
    let name = origins.program.symbols.find(name)?;
    origins.member_function(class, name, MemberKind::Method)
}

/// The class of a record: the one that the chain of calls which found it began at.
fn class_of(origins: &Solver<'_, '_>, f: FuncRef<'_>, record: Operand) -> Option<ClassIdx> {
    let class_behind = |operand: Operand| {
        let vals = origins.of_operand(f.id, operand).iter();
        vals.filter_map(|&val| match origins.val(val) {
            Some(Val::Class(class)) => Some(class),
            _ => None,
        })
        .find(|&class| key::is_record(origins, class))
    };
    let mut at = record;
    for _ in 0..CHAIN {
        let Operand::Local(local) = at else {
            return None;
        };
        let made = f.writers(local).find(|(_, instr)| {
            matches!(
                instr,
                Instr::Copy { .. } | Instr::Await { .. } | Instr::Call { .. } | Instr::Load { .. }
            )
        });
        match *made?.1 {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => at = from,
            Instr::Load { base, .. } => match class_behind(base) {
                Some(class) => return Some(class),
                None => at = base,
            },
            Instr::Call {
                callee,
                this,
                args,
                flags,
                ..
            } => {
                // `Topic(…)` is not found, but made.
                if flags.new || class_behind(callee).is_some() {
                    return None;
                }
                // `session.get(Topic, id)`, `get_object_or_404(Topic, …)`, `session.query(Topic)`
                let first = f.func.args(args).first().map(|arg| arg.value);
                if let Some(class) = first.and_then(class_behind).or(this.and_then(class_behind)) {
                    return Some(class);
                }
                // `formset_factory(Topic)(data)`: what a function gives that was made for a class is no record of it.
                if this.is_none() && matches!(f.made_by(callee), Some(Instr::Call { .. })) {
                    return None;
                }
                at = this.unwrap_or(callee);
            }
            _ => return None,
        }
    }
    None
}

/// Whether a value is the record that a method is called on, or one that a call found and did not make.
pub(super) fn is_found(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> bool {
    let mut at = value;
    for _ in 0..CHAIN {
        let Operand::Local(local) = at else {
            return false;
        };
        if f.func.this == Some(local) {
            return f.func.class.is_some();
        }
        match f.writer(local).map(|made| made.1) {
            Some(&(Instr::Copy { from, .. } | Instr::Await { from, .. })) => at = from,
            Some(&Instr::Call { callee, flags, .. }) => {
                let mut vals = origins.of_operand(f.id, callee).iter();
                return !flags.new
                    && !vals.any(|&val| matches!(origins.val(val), Some(Val::Class(_))));
            }
            _ => return false,
        }
    }
    false
}
