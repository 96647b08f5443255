//! Below which path a part of an application is mounted: blueprints of Flask, routers of FastAPI, and their like.

use super::{before, keyword, written_name};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{FuncRef, Target};
use casemate_flow::result::{FileIdx, FuncId};
use casemate_ir::{Arg, Const, FnId, GlobalId, Instr, Key, Language, Operand, VarRef};

/// Methods that mount a part below a path.
const MOUNTS: [&str; 2] = ["register_blueprint", "include_router"];

/// How deep parts may be mounted in each other.
const DEPTH: u32 = 4;

/// A variable of a module.
#[derive(Clone, PartialEq, Eq)]
struct Variable {
    file: FileIdx,
    name: String,
}

/// One mounting.
struct Mount {
    part: Variable,
    /// On what; absent: on the application, or on something that is not known.
    on: Option<Variable>,
    prefix: Option<String>,
}

/// All mountings of a program.
pub(crate) struct Mounts {
    all: Vec<Mount>,
}

impl Mounts {
    pub(crate) fn of(origins: &Solver<'_, '_>) -> Self {
        let mut all = Vec::new();
        for func in origins.program.function_ids() {
            let f = origins.program.func(func);
            if f.file.facts.language != Language::Python {
                continue;
            }
            for instr in &f.func.instrs {
                let Instr::Call {
                    callee, this, args, ..
                } = *instr
                else {
                    continue;
                };
                if !written_name(f, callee).is_some_and(|name| MOUNTS.contains(&name)) {
                    continue;
                }
                let args = f.func.args(args);
                let part = args.first().and_then(|arg| variable(origins, f, arg.value));
                if let Some(part) = part {
                    all.push(Mount {
                        part,
                        on: this.and_then(|this| variable(origins, f, this)),
                        prefix: prefix(f, args),
                    });
                }
            }
        }
        Self { all }
    }

    /// The path below which a handler's decorator registers it; empty: none.
    pub(crate) fn of_handler(&self, origins: &Solver<'_, '_>, handler: FuncId) -> String {
        let f = origins.program.func(handler);
        if f.file.facts.language != Language::Python {
            return String::new();
        }
        let on = f
            .func
            .decorators
            .iter()
            .find_map(|decorator| before::registered_on(origins, f, decorator));
        let part =
            on.and_then(|(func, value)| variable(origins, origins.program.func(func), value));
        part.map_or_else(String::new, |part| self.of_part(origins, &part, 0))
    }

    fn of_part(&self, origins: &Solver<'_, '_>, part: &Variable, depth: u32) -> String {
        let (own, replaced) = made(origins, part);
        let mount = self.all.iter().find(|mount| mount.part == *part);
        let Some(mount) = mount.filter(|_| depth < DEPTH) else {
            return own.unwrap_or_default();
        };
        let above = mount
            .on
            .as_ref()
            .filter(|on| *on != part)
            .map_or_else(String::new, |on| self.of_part(origins, on, depth + 1));
        let given = mount.prefix.clone();
        // Flask takes one or the other, FastAPI both.
        let below = if replaced {
            given.or(own).unwrap_or_default()
        } else {
            given.unwrap_or_default() + &own.unwrap_or_default()
        };
        above + &below
    }
}

/// With which path a part is made, and whether one that it is mounted below takes its place.
fn made(origins: &Solver<'_, '_>, part: &Variable) -> (Option<String>, bool) {
    let f = module(origins, part.file);
    let named = |global: GlobalId| {
        f.file
            .facts
            .globals
            .get(global.index())
            .is_some_and(|binding| f.file.facts.str(binding.name) == part.name)
    };
    let value = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::StoreVar {
            var: VarRef::Global(global),
            value,
        } if named(global) => Some(value),
        _ => None,
    });
    let call = value.and_then(|value| {
        f.func.instrs.iter().find_map(|instr| match *instr {
            Instr::Call {
                to, callee, args, ..
            } if Operand::Local(to) == value => Some((callee, f.func.args(args))),
            _ => None,
        })
    });
    let Some((callee, args)) = call else {
        return (None, false);
    };
    let name = written_name(f, callee).unwrap_or_default();
    (prefix(f, args), name.ends_with("Blueprint"))
}

/// The path that a call names; `{?}` where it is not known.
fn prefix(f: FuncRef<'_>, args: &[Arg]) -> Option<String> {
    let value = keyword(f, args, "url_prefix").or_else(|| keyword(f, args, "prefix"))?;
    let text = match value {
        Operand::Const(id) => match f.file.facts.constant(id) {
            Const::Str(text) => f.file.facts.str(*text).trim_matches('/').to_owned(),
            _ => return None,
        },
        Operand::Local(_) => "{?}".to_owned(),
    };
    Some(if text.is_empty() {
        text
    } else {
        format!("/{text}")
    })
}

fn module<'p>(origins: &Solver<'p, '_>, file: FileIdx) -> FuncRef<'p> {
    origins.program.func(origins.program.func_id(file, FnId(0)))
}

/// The variable of a module that a value is read from, through imports.
fn variable(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Option<Variable> {
    let Operand::Local(local) = value else {
        return None;
    };
    let made = f
        .func
        .instrs
        .iter()
        .find(|instr| instr.target() == Some(local))?;
    match *made {
        Instr::LoadVar {
            var: VarRef::Global(global),
            ..
        } => of_global(origins, f.file_idx, global),
        Instr::Import { import, name, .. } => imported(origins, f, import.index(), name?),
        Instr::Copy { from, .. } => variable(origins, f, from),
        Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } => {
            let file =
                origins
                    .of_operand(f.id, base)
                    .iter()
                    .find_map(|&val| match origins.val(val) {
                        Some(Val::Namespace(file) | Val::Module(file)) => Some(file),
                        _ => None,
                    })?;
            by_name(origins, file, f.file.facts.str(name))
        }
        _ => None,
    }
}

fn of_global(origins: &Solver<'_, '_>, file: FileIdx, global: GlobalId) -> Option<Variable> {
    let f = module(origins, file);
    let import = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::StoreVar {
            var: VarRef::Global(to),
            value: Operand::Local(value),
        } if to == global => f.func.instrs.iter().find_map(|made| match *made {
            Instr::Import {
                to,
                import,
                name: Some(name),
            } if to == value => Some((import, name)),
            _ => None,
        }),
        _ => None,
    });
    if let Some((import, name)) = import {
        return imported(origins, f, import.index(), name);
    }
    let binding = f.file.facts.globals.get(global.index())?;
    Some(Variable {
        file,
        name: f.file.facts.str(binding.name).to_owned(),
    })
}

fn imported(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    import: usize,
    name: casemate_ir::Symbol,
) -> Option<Variable> {
    let Some(Target::File(file)) = f.file.imports.get(import) else {
        return None;
    };
    by_name(origins, *file, f.file.facts.str(name))
}

/// A variable of a module by its name; where the module has it from another one, that one's.
fn by_name(origins: &Solver<'_, '_>, file: FileIdx, name: &str) -> Option<Variable> {
    let mut at = file;
    for _ in 0..DEPTH {
        let f = module(origins, at);
        let passed = f.func.instrs.iter().find_map(|instr| match *instr {
            Instr::Import {
                import,
                name: Some(from),
                ..
            } if f.file.facts.str(from) == name => match f.file.imports.get(import.index()) {
                Some(Target::File(next)) => Some(*next),
                _ => None,
            },
            _ => None,
        });
        match passed {
            Some(next) if next != at => at = next,
            _ => break,
        }
    }
    Some(Variable {
        file: at,
        name: name.to_owned(),
    })
}
