//! Functions that a call runs because the endpoint gave them to it: `secured({ handler: async ctx => … })`, where `secured` calls its
//! `handler`. Who else gives it another one plays no part here.

use super::key;
use super::repository::{self, Frame, Given};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Instr, Key, LocalId, Operand, VarRef};

/// Variables for each other, and calls around each other.
const STEPS: usize = 12;

/// A parameter, or a member of what it is given.
struct Place<'p> {
    of: FuncRef<'p>,
    param: usize,
    member: Option<&'p str>,
}

/// The functions that the calls which are being followed gave for what is called.
pub(super) fn callees(
    origins: &Solver<'_, '_>,
    frames: &[Frame],
    f: FuncRef<'_>,
    callee: Operand,
) -> Option<Vec<FuncId>> {
    let mut rest = frames;
    let mut at = (f.id, callee);
    for step in 0..STEPS {
        let f = origins.program.func(at.0);
        let Some(place) = place(origins, f, at.1) else {
            return (step > 0).then(|| functions(origins, f, at.1))?;
        };
        let index = rest.iter().rposition(|frame| frame.callee == place.of.id)?;
        let frame = rest.get(index)?;
        rest = rest.get(..index)?;
        let caller = origins.program.func(frame.caller);
        let args = repository::arguments(caller, frame.at);
        let Given::Value(value) = repository::given(caller, args, place.of, place.param)? else {
            return None;
        };
        let value = match place.member {
            Some(name) => key::member(caller, value, name)?,
            None => value,
        };
        at = (caller.id, value);
    }
    None
}

/// The functions that a value is, where they are few.
fn functions(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Option<Vec<FuncId>> {
    if let Some(&Instr::Closure { func, .. }) = f.made_by(value) {
        return Some(vec![f.sibling(func)]);
    }
    let vals = origins.of_operand(f.id, value).iter();
    let functions: Vec<FuncId> = vals
        .filter_map(|&val| match origins.val(val) {
            Some(Val::Func(func)) => Some(func),
            _ => None,
        })
        .collect();
    (1..=crate::limits::CALLEES)
        .contains(&functions.len())
        .then_some(functions)
}

/// The parameter that a value is, or a member of which it is.
fn place<'p>(origins: &Solver<'p, '_>, f: FuncRef<'p>, value: Operand) -> Option<Place<'p>> {
    let mut of = f;
    let mut at = value;
    let mut member = None;
    for _ in 0..STEPS {
        let Operand::Local(local) = at else {
            return None;
        };
        if let Some(param) = of.param_of(local) {
            return Some(Place { of, param, member });
        }
        match only(of, local)? {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => at = *from,
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } if member.is_none() => {
                member = Some(of.file.facts.str(*name));
                at = *base;
            }
            Instr::LoadVar {
                var: VarRef::Captured(capture),
                ..
            } => {
                let (owner, local) = crate::guard::owner_of(origins, of, *capture)?;
                of = origins.program.func(owner);
                at = Operand::Local(local);
            }
            _ => return None,
        }
    }
    None
}

/// The one instruction that writes a local.
fn only<'p>(f: FuncRef<'p>, local: LocalId) -> Option<&'p Instr> {
    let mut writers = f.writers(local);
    let (_, first) = writers.next()?;
    writers.next().is_none().then_some(first)
}
