//! Functions of the program that check what they are given against a schema that they are given.

use super::definition::{Def, Frame, Place};
use super::read::{Call, Reader};
use super::refuse::Accepting;
use super::{Check, Schema};
use crate::program::to_u32;
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Instr, Operand, PartKey, Term};
use casemate_model::row::Accept;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What such a function does.
struct Wrapper<'a> {
    check: &'a Check,
    at: usize,
    /// The parameter that is checked, and the member of it.
    on: (usize, Vec<Sym>),
    /// Where in its result what was checked is, if anywhere.
    returns: Option<Vec<Sym>>,
}

/// The calls of such functions, as checks.
pub(super) fn calls<'a>(
    reader: &Reader<'a>,
    checks: &BTreeMap<(FuncId, u32), Check>,
) -> Vec<((FuncId, u32), Check)> {
    let program = reader.find.origins.program;
    let mut wrappers: FxHashMap<FuncId, Wrapper<'_>> = FxHashMap::default();
    for ((func, at), check) in checks {
        if !check.schema.is_known()
            && !check.earlier
            && let Some(wrapper) = wrapper(reader, *func, *at as usize, check)
        {
            wrappers.insert(*func, wrapper);
        }
    }
    let mut out = Vec::new();
    if wrappers.is_empty() {
        return out;
    }
    for id in program.function_ids() {
        let f = program.func(id);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let Some(func) = reader.find.function(f, callee) else {
                continue;
            };
            let Some(wrapper) = wrappers.get(&func) else {
                continue;
            };
            let args = f.func.args(args);
            let positional = args.iter().take_while(|a| a.key == ArgKey::Pos);
            let positional: Vec<Operand> = positional.map(|a| a.value).collect();
            let Some(on) = positional.get(wrapper.on.0).copied() else {
                continue;
            };
            let env = Some(Rc::new(Frame {
                callee: func,
                caller: f,
                args: positional,
                outer: None,
            }));
            let Some(call) = Call::of(program.func(func), wrapper.at, env) else {
                continue;
            };
            let schema = schema_of(reader, &call);
            if schema.is_known() {
                let check = Check {
                    on: (on, wrapper.on.1.clone()),
                    to: wrapper.returns.clone(),
                    accept: vec![Accept::Returns],
                    guarded: true,
                    schema,
                    ..wrapper.check.clone()
                };
                out.push(((id, to_u32(at)), check));
            }
        }
    }
    out.sort_by_key(|c| c.0);
    out
}

/// The schema of a check in the light of the calls around it.
pub(super) fn schema_of<'a>(reader: &Reader<'a>, call: &Call<'a>) -> Schema {
    let receiver = |operand: Option<Operand>| {
        operand.map_or(Schema::Unknown, |o| reader.schema(&call.place(o)))
    };
    let mut made = receiver(call.this);
    if !made.is_known() {
        made = receiver(Some(call.callee));
    }
    let mut args = call.args.iter();
    while let Some(arg) = args.next()
        && !made.is_known()
    {
        made = receiver(Some(arg.value));
    }
    made
}

fn wrapper<'a, 'c>(
    reader: &Reader<'a>,
    func: FuncId,
    at: usize,
    check: &'c Check,
) -> Option<Wrapper<'c>> {
    let f = reader.find.origins.program.func(func);
    let on = reader.find.define(&Place {
        f,
        operand: check.on.0,
        env: None,
    })?;
    let mut members = Vec::new();
    let mut base = &on;
    while let Def::Member(inner, sym) = base {
        members.insert(0, *sym);
        base = inner;
    }
    let Def::Param(owner, index) = base else {
        return None;
    };
    if owner.id != func {
        return None;
    }
    let accepting = Accepting {
        at,
        accept: check.accept.iter().collect(),
    };
    if !reader.find.goes_on_only_if(f, &accepting, &|_| false, true) {
        return None;
    }
    let mut results = f.func.blocks.iter().filter_map(|b| match b.term {
        Term::Return(Some(operand)) => Some(operand),
        _ => None,
    });
    let returns = check.to.as_ref().and_then(|to| {
        let is_below = |operand: Operand, path: &[Sym]| {
            let place = Place {
                f,
                operand,
                env: None,
            };
            let Some(mut def) = reader.find.define(&place) else {
                return false;
            };
            for sym in path.iter().rev() {
                match def {
                    Def::Member(inner, member) if member == *sym => def = *inner,
                    _ => return false,
                }
            }
            matches!(def, Def::Made(g, made, _) if g.id == func && made == at)
        };
        // The value, an object that is written out around it, or the whole answer.
        let place_of = |operand: Operand| {
            if is_below(operand, to) {
                return Some(Vec::new());
            }
            if let Some(Instr::Object { parts, .. }) = f.made_by(operand) {
                let mut parts = f.func.parts(*parts).iter();
                return parts.find_map(|part| match part.key {
                    PartKey::Field(name) if is_below(part.value, to) => Some(vec![f.sym(name)]),
                    _ => None,
                });
            }
            is_below(operand, &[]).then(|| to.clone())
        };
        let first = place_of(results.next()?)?;
        results
            .all(|operand| place_of(operand).as_ref() == Some(&first))
            .then_some(first)
    });
    Some(Wrapper {
        check,
        at,
        on: (*index, members),
        returns,
    })
}
