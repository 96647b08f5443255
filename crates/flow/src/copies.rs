//! Small functions that take functions, copied for each of their callers.
//!
//! `asyncHandler(fn)`, `traced(config)(fn)`, `cache.getOrSet(key, fn)`: one body through which many functions pass. Were it
//! analysed once, each caller would get what any other gave it, and all of them would end up in one cycle of calls. A copy per
//! call site is the classical remedy (Sharir and Pnueli's call strings of length one, and heap cloning for the closures that
//! the body makes), and is affordable because such bodies are small. Which they are is read off a first origin pass.

use crate::limits;
use crate::origin::{Solver, Val, ValId};
use crate::program::Program;
use crate::result::FuncId;
use casemate_ir::{Instr, Operand};
use casemate_model::matcher::Models;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Calls from one place.
type CallPlace = (FuncId, u32);

/// Copies the wrappers of a program for their callers. Ids of what was there before stay.
pub fn copy_wrappers(program: &mut Program, models: &Models) {
    let (chosen, left) = {
        let origins = Solver::run(program, models);
        choose(&origins)
    };
    program.uncopied = left;
    for (place, root, family) in chosen {
        program.copy_for(place, root, &family);
    }
}

/// The wrappers that are worth it, with the place of each call and the functions to copy, themselves first; and how many
/// more there are.
fn choose(origins: &Solver<'_, '_>) -> (Vec<(CallPlace, FuncId, Vec<FuncId>)>, u64) {
    let program = origins.program;
    let mut within: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
    for id in program.function_ids() {
        let mut at = id;
        while let Some(parent) = program.func(at).parent() {
            within.entry(parent).or_default().push(id);
            at = parent;
        }
    }
    let mut out = Vec::new();
    let mut left = 0;
    let mut room = limits::COPIES.max(program.function_count() / limits::COPIES_SHARE);
    for (root, places) in call_places(origins) {
        let none = Vec::new();
        let nested = within.get(&root).unwrap_or(&none);
        if places.len() < 2 || !small(program, root, nested) || !mixes(origins, root, nested) {
            continue;
        }
        let family: Vec<FuncId> = std::iter::once(root)
            .chain(nested.iter().copied())
            .collect();
        let cost = family.len().saturating_mul(places.len());
        if cost > room || places.len() > limits::COPIES_OF_ONE {
            left += 1;
            continue;
        }
        room -= cost;
        out.extend(
            places
                .into_iter()
                .map(|place| (place, root, family.clone())),
        );
    }
    (out, left)
}

/// By function of the program: the places that call it, in order; calls from its own body are no callers.
fn call_places(origins: &Solver<'_, '_>) -> BTreeMap<FuncId, Vec<CallPlace>> {
    let program = origins.program;
    let mut out: BTreeMap<FuncId, Vec<CallPlace>> = BTreeMap::new();
    for caller in program.function_ids() {
        for (at, instr) in program.func(caller).func.instrs.iter().enumerate() {
            let Instr::Call { callee, flags, .. } = *instr else {
                continue;
            };
            if flags.new || flags.super_call {
                continue;
            }
            for &val in origins.of_operand(caller, callee) {
                if let Some(Val::Func(func)) = origins.val(val) {
                    let place = (caller, crate::program::to_u32(at));
                    out.entry(func).or_default().push(place);
                }
            }
        }
    }
    out
}

fn small(program: &Program, root: FuncId, nested: &[FuncId]) -> bool {
    let size = |id: &FuncId| program.func(*id).func.instrs.len();
    let whole: usize = size(&root) + nested.iter().map(size).sum::<usize>();
    // Members of a class stand for it, and the class is not copied.
    let plain = |id: &FuncId| program.func(*id).func.class.is_none();
    program.func(root).func.parent.is_some()
        && nested.len() < limits::COPIED_FUNCTIONS
        && whole <= limits::COPIED_INSTRUCTIONS
        && nested.iter().all(plain)
}

/// Whether callers meet in it: several functions arrive in one parameter, and it calls that or keeps it for later.
fn mixes(origins: &Solver<'_, '_>, root: FuncId, nested: &[FuncId]) -> bool {
    let program = origins.program;
    nested.iter().chain(std::iter::once(&root)).any(|&id| {
        let func = program.func(id).func;
        func.params.iter().any(|param| {
            let itself = Operand::Local(param.local);
            let calls = |instr: &Instr| match *instr {
                Instr::Call { callee, this, .. } => callee == itself || this == Some(itself),
                _ => false,
            };
            let kept = func
                .locals
                .get(param.local.index())
                .is_some_and(|l| l.captured);
            if !kept && !func.instrs.iter().any(calls) {
                return false;
            }
            let values = origins.of_operand(id, itself);
            let is_function = |v: &&ValId| matches!(origins.val(**v), Some(Val::Func(_)));
            values.iter().filter(is_function).count() > 1
        })
    })
}
