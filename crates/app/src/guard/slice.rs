//! On which of its parameters the answer of a function may depend: a backward slice from what it returns and from its conditions.
//!
//! Source: M. Weiser, *Program Slicing*, ICSE 1981; without calls, so what is given to a call is part of its answer.

use casemate_flow::program::FuncRef;
use casemate_ir::{Instr, Key, LocalId, Operand, PartKey, Term};
use rustc_hash::FxHashSet;

/// Functions of more instructions are not read.
const INSTRS: usize = 600;

/// By position: whether the answer may depend on the parameter. Absent: it cannot be told.
pub(super) fn params(f: FuncRef<'_>) -> Option<Vec<bool>> {
    let func = f.func;
    // `try: decode(token); return True` `except: return False`: what throws decides as well.
    let catches = func.blocks.iter().any(|block| block.unwind.is_some());
    if func.instrs.len() > INSTRS || func.arguments.is_some() || catches {
        return None;
    }
    let mut open: Vec<Operand> = Vec::new();
    for block in &func.blocks {
        match block.term {
            Term::Return(Some(value)) => open.push(value),
            Term::Branch { cond, .. } => open.push(cond),
            _ => {}
        }
    }
    let mut seen: FxHashSet<LocalId> = FxHashSet::default();
    while let Some(operand) = open.pop() {
        let Operand::Local(local) = operand else {
            continue;
        };
        if !seen.insert(local) {
            continue;
        }
        for (_, instr) in f.writers(local) {
            sources(f, instr, &mut open)?;
        }
        // What is put into it is part of it.
        for instr in &func.instrs {
            if let Instr::Store { base, key, value } = *instr
                && base == operand
            {
                open.push(value);
                if let Key::Computed(key) = key {
                    open.push(key);
                }
            }
        }
    }
    let depends = |param: &casemate_ir::Param| seen.contains(&param.local);
    let found: Vec<bool> = func.params.iter().map(depends).collect();
    // An answer that depends on nothing is given by what throws before it.
    found.contains(&true).then_some(found)
}

/// What an instruction makes its value of; absent: that is not told here.
fn sources(f: FuncRef<'_>, instr: &Instr, open: &mut Vec<Operand>) -> Option<()> {
    match *instr {
        Instr::Copy { from, .. } | Instr::Await { from, .. } => open.push(from),
        Instr::Load { base, key, .. } => {
            open.push(base);
            if let Key::Computed(key) = key {
                open.push(key);
            }
        }
        Instr::Call {
            callee, this, args, ..
        } => {
            open.push(callee);
            open.extend(this);
            open.extend(f.func.args(args).iter().map(|arg| arg.value));
        }
        Instr::Op { operands, .. } | Instr::Template { operands, .. } => {
            open.extend(f.func.operands(operands))
        }
        Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
            for part in f.func.parts(parts) {
                open.push(part.value);
                if let PartKey::Computed(key) = part.key {
                    open.push(key);
                }
            }
        }
        Instr::IterNext { of, .. } => open.push(of),
        Instr::Import { .. }
        | Instr::Catch { .. }
        | Instr::LoadVar { .. }
        | Instr::Class { .. } => {}
        // Functions that are made here may look at whatever stands around them.
        _ => return None,
    }
    Some(())
}
