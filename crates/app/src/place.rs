//! Where a program of Python keeps a router or an application: in a variable of a module, or in one of the function that makes it.
//!
//! `app.register_blueprint(users.blueprint())` names what `blueprint()` gives back, and `@view.route('/me')` inside of it the same.

use crate::guard::owner_of;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{FuncRef, Target};
use casemate_flow::result::{FileIdx, FuncId};
use casemate_ir::{ExportKind, FnKind, GlobalId, Instr, Key, LocalId, Operand, Term, VarRef};

/// Imports and calls that lead to one.
const DEPTH: usize = 8;

/// A variable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Place {
    /// Of a module, by the program's number.
    Global(u32),
    /// Of a function: what the call makes that writes this local, or the parameter.
    Local(FuncId, LocalId),
}

impl Place {
    /// Whether it is where something is made, and no parameter, which may be anything.
    pub(crate) fn is_made(self, origins: &Solver<'_, '_>) -> bool {
        match self {
            Self::Global(_) => true,
            Self::Local(func, local) => origins.program.func(func).param_of(local).is_none(),
        }
    }
}

/// The variable that holds a value, where whoever made it keeps it.
pub(crate) fn of(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Option<Place> {
    find(origins, f, value, 0)
}

fn find(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand, depth: usize) -> Option<Place> {
    if depth > DEPTH {
        return None;
    }
    let Some(made) = f.made_by(value) else {
        // A parameter, or what is captured of one.
        let Operand::Local(local) = value else {
            return None;
        };
        let is_param = f.param_of(local).is_some();
        return is_param.then(|| Place::Local(origins.program.original(f.id), local));
    };
    match *made {
        Instr::LoadVar {
            var: VarRef::Global(global),
            ..
        } => kept(origins, f.file_idx, global, depth).or(Some(Place::Global(f.global(global)))),
        Instr::LoadVar {
            var: VarRef::Captured(capture),
            ..
        } => {
            let (owner, local) = owner_of(origins, f, capture)?;
            let owner = origins.program.func(owner);
            find(origins, owner, Operand::Local(local), depth + 1)
        }
        Instr::Import { import, name, .. } => {
            let Some(Target::File(file)) = f.file.imports.get(import.index()) else {
                return None;
            };
            exported(origins, *file, f.file.facts.str(name?), depth + 1)
        }
        // `users.router`
        Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } => {
            let values = origins.of_operand(f.id, base).iter();
            let mut files = values.filter_map(|val| match origins.val(*val) {
                Some(Val::Namespace(file) | Val::Module(file)) => Some(file),
                _ => None,
            });
            let name = f.file.facts.str(name);
            exported(origins, files.next_back()?, name, depth + 1)
        }
        Instr::Call { to, callee, .. } => given_back(origins, f, callee, depth)
            .or(Some(Place::Local(origins.program.original(f.id), to))),
        _ => None,
    }
}

/// What a function of the program gives back that makes it: `def blueprint(): view = Blueprint(…); return view`.
fn given_back(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    callee: Operand,
    depth: usize,
) -> Option<Place> {
    let mut made =
        origins
            .of_operand(f.id, callee)
            .iter()
            .filter_map(|&val| match origins.val(val) {
                Some(Val::Func(func)) => Some(origins.program.func(func)),
                _ => None,
            });
    let maker = made.next().filter(|_| made.next().is_none())?;
    let mut returned = maker.func.blocks.iter().filter_map(|b| match b.term {
        Term::Return(Some(value)) => find(origins, maker, value, depth + 1),
        _ => None,
    });
    let first = returned.next()?;
    returned.all(|other| other == first).then_some(first)
}

/// What a module variable is another name of: what was imported, or what a function gives back.
fn kept(origins: &Solver<'_, '_>, file: FileIdx, global: GlobalId, depth: usize) -> Option<Place> {
    let functions = origins.program.file(file).facts.functions.iter();
    let index = functions
        .enumerate()
        .find(|(_, f)| f.kind == FnKind::Module)?
        .0;
    let id = casemate_ir::FnId(u32::try_from(index).ok()?);
    let module = origins.program.func(origins.program.func_id(file, id));
    let value = module.func.instrs.iter().find_map(|instr| match *instr {
        Instr::StoreVar {
            var: VarRef::Global(it),
            value,
        } if it == global => Some(value),
        _ => None,
    })?;
    match *module.made_by(value)? {
        Instr::Import { .. } => find(origins, module, value, depth + 1),
        Instr::Call { callee, .. } => given_back(origins, module, callee, depth + 1),
        _ => None,
    }
}

/// The variable that a module exports under a name.
fn exported(origins: &Solver<'_, '_>, file: FileIdx, name: &str, depth: usize) -> Option<Place> {
    let target = origins.program.file(file);
    let global = target.facts.exports.iter().find_map(|export| {
        let found = target.facts.str(export.name) == name;
        match export.kind {
            ExportKind::Variable(global) if found => Some(global),
            _ => None,
        }
    })?;
    kept(origins, file, global, depth).or(Some(Place::Global(origins.program.global(file, global))))
}
