//! On which of its parameters the answer of a function may depend: a backward slice from what it returns and from its conditions.
//!
//! Source: M. Weiser, *Program Slicing*, ICSE 1981; without calls, so what is given to a call is part of its answer.

use casemate_flow::program::FuncRef;
use casemate_ir::{Instr, Key, LocalId, Operand, PartKey, Symbol, Term};
use rustc_hash::FxHashSet;

/// Functions of more instructions are not read.
const INSTRS: usize = 600;

/// A value, of which one member alone may be asked.
type Part = (Operand, Option<Symbol>);

/// By position: whether the answer may depend on the parameter. Absent: it cannot be told.
pub(super) fn params(f: FuncRef<'_>) -> Option<Vec<bool>> {
    let func = f.func;
    // `try: decode(token); return True` `except: return False`: what throws decides as well.
    let catches = func.blocks.iter().any(|block| block.unwind.is_some());
    if func.instrs.len() > INSTRS || func.arguments.is_some() || catches {
        return None;
    }
    let mut open: Vec<Part> = Vec::new();
    for block in &func.blocks {
        match block.term {
            Term::Return(Some(value)) => open.push((value, None)),
            Term::Branch { cond, .. } => open.push((cond, None)),
            _ => {}
        }
    }
    let mut seen: FxHashSet<(LocalId, Option<Symbol>)> = FxHashSet::default();
    while let Some((operand, member)) = open.pop() {
        let Operand::Local(local) = operand else {
            continue;
        };
        if !seen.insert((local, member)) {
            continue;
        }
        for (_, instr) in f.writers(local) {
            match *instr {
                Instr::Copy { from, .. } | Instr::Await { from, .. } => open.push((from, member)),
                Instr::Load {
                    base,
                    key: Key::Field(name),
                    ..
                } => open.push((base, Some(name))),
                _ => {
                    let mut whole = Vec::new();
                    sources(f, instr, &mut whole)?;
                    open.extend(whole.into_iter().map(|value| (value, None)));
                }
            }
        }
        // What is put into it is part of it; into a member, of that one.
        for instr in &func.instrs {
            if let Instr::Store { base, key, value } = *instr
                && base == operand
            {
                match (key, member) {
                    (Key::Field(name), Some(read)) if name != read => continue,
                    (Key::Computed(key), _) => open.push((key, None)),
                    _ => {}
                }
                open.push((value, None));
            }
        }
    }
    let depends = |param: &casemate_ir::Param| seen.iter().any(|(local, _)| *local == param.local);
    let found: Vec<bool> = func.params.iter().map(depends).collect();
    // An answer that depends on nothing is given by what throws before it.
    found.contains(&true).then_some(found)
}

/// What an instruction makes its value of; absent: that is not told here.
fn sources(f: FuncRef<'_>, instr: &Instr, open: &mut Vec<Operand>) -> Option<()> {
    match *instr {
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
