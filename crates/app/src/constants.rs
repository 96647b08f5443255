//! Constants that a value may be, where they are written out, kept in a variable, or members of a list.

use crate::decoration::written_name;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{FuncRef, Target};
use casemate_flow::result::FileIdx;
use casemate_ir::{
    ConstId, ExportKind, FnId, GlobalId, ImportId, Instr, IterKind, LocalId, Operand, VarRef,
};

/// Steps from a value to a constant.
const STEPS: u32 = 8;

/// Methods that call a function with each member of a list, and ask whether one is taken.
pub(crate) const ANY: [&str; 3] = ["some", "find", "any"];

/// A constant, in the function that writes it.
pub(crate) type Written<'p> = (FuncRef<'p>, ConstId);

/// The constants that a value may be, as far as they are found.
pub(crate) fn constants<'p>(
    f: FuncRef<'p>,
    origins: &Solver<'p, '_>,
    value: Operand,
) -> Vec<Written<'p>> {
    let mut out = Vec::new();
    walk(f, origins, value, 0, &mut out);
    out
}

fn walk<'p>(
    f: FuncRef<'p>,
    origins: &Solver<'p, '_>,
    value: Operand,
    steps: u32,
    out: &mut Vec<Written<'p>>,
) {
    let local = match value {
        Operand::Const(id) => return out.push((f, id)),
        Operand::Local(_) if steps > STEPS => return,
        Operand::Local(local) => local,
    };
    if f.param_of(local) == Some(0) {
        of_callback(f, origins, steps, out);
    }
    for (_, instr) in f.writers(local) {
        match *instr {
            Instr::Copy { from, .. } => walk(f, origins, from, steps + 1, out),
            Instr::IterNext {
                of,
                kind: IterKind::Elements,
                ..
            } => members(f, origins, of, steps, out),
            Instr::LoadVar {
                var: VarRef::Captured(capture),
                ..
            } => {
                if let Some((owner, local)) = crate::guard::owner_of(origins, f, capture) {
                    let owner = origins.program.func(owner);
                    walk(owner, origins, Operand::Local(local), steps + 1, out);
                }
            }
            Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            } => of_module(f.file_idx, global, origins, steps, out),
            Instr::Import {
                import,
                name: Some(name),
                ..
            } => exported(
                f,
                import,
                f.file.facts.str(name),
                origins,
                steps,
                &mut Vec::new(),
                out,
            ),
            // `re.compile('…')`
            Instr::Call { callee, args, .. } if written_name(f, callee) == Some("compile") => {
                if let Some(first) = f.func.args(args).first() {
                    walk(f, origins, first.value, steps + 1, out);
                }
            }
            _ => {}
        }
    }
}

/// The constant that a module keeps in a variable, where it stores once.
fn of_module<'p>(
    file: FileIdx,
    global: GlobalId,
    origins: &Solver<'p, '_>,
    steps: u32,
    out: &mut Vec<Written<'p>>,
) {
    let module = origins.program.func_id(file, FnId(0));
    let module = origins.program.func(module);
    let mut kept = module.func.instrs.iter().filter_map(|instr| match *instr {
        Instr::StoreVar { var, value, .. } if var == VarRef::Global(global) => Some(value),
        _ => None,
    });
    if let (Some(kept), None) = (kept.next(), kept.next()) {
        walk(module, origins, kept, steps + 1, out);
    }
}

/// The constant that another module of the program exports under a name, itself or from a third one.
fn exported<'p>(
    f: FuncRef<'p>,
    import: ImportId,
    name: &str,
    origins: &Solver<'p, '_>,
    steps: u32,
    seen: &mut Vec<FileIdx>,
    out: &mut Vec<Written<'p>>,
) {
    let Some(&Target::File(file)) = f.file.imports.get(import.index()) else {
        return;
    };
    if seen.contains(&file) {
        return;
    }
    seen.push(file);
    let target = origins.program.file(file);
    let module = origins.program.func(origins.program.func_id(file, FnId(0)));
    for export in &target.facts.exports {
        let named = target.facts.str(export.name) == name;
        match export.kind {
            ExportKind::Variable(global) if named => {
                of_module(file, global, origins, steps, out);
            }
            ExportKind::From(import, Some(inner)) if named => {
                let inner = target.facts.str(inner);
                exported(module, import, inner, origins, steps, seen, out);
            }
            ExportKind::All(import) => exported(module, import, name, origins, steps, seen, out),
            _ => {}
        }
    }
}

/// What a function is called with by a method of a list that it is given to.
fn of_callback<'p>(
    f: FuncRef<'p>,
    origins: &Solver<'p, '_>,
    steps: u32,
    out: &mut Vec<Written<'p>>,
) {
    let Some(parent) = f.parent().map(|parent| origins.program.func(parent)) else {
        return;
    };
    let made: Option<LocalId> = parent.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Closure { to, func } if parent.sibling(func) == f.id => Some(to),
        _ => None,
    });
    for instr in &parent.func.instrs {
        if let Instr::Call {
            this: Some(list),
            callee,
            args,
            ..
        } = *instr
            && let [given] = parent.func.args(args)
            && Some(given.value) == made.map(Operand::Local)
            && written_name(parent, callee).is_some_and(|name| ANY.contains(&name))
        {
            members(parent, origins, list, steps, out);
        }
    }
}

/// The constants among the members of a list, or of what a set is made of.
pub(crate) fn members<'p>(
    f: FuncRef<'p>,
    origins: &Solver<'p, '_>,
    list: Operand,
    steps: u32,
    out: &mut Vec<Written<'p>>,
) {
    // `new Set([…])`
    let list = match f.made_by(list) {
        Some(&Instr::Call { args, flags, .. }) if flags.new => {
            f.func.args(args).first().map_or(list, |arg| arg.value)
        }
        _ => list,
    };
    for &val in origins.of_operand(f.id, list) {
        let Some(Val::Object(func, at)) = origins.val(val) else {
            continue;
        };
        let made = origins.program.func(func);
        if let Some(Instr::Array { parts, .. }) = made.func.instrs.get(at as usize) {
            for part in made.func.parts(*parts) {
                walk(made, origins, part.value, steps + 1, out);
            }
        }
    }
}
