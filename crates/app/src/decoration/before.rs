//! Functions that are declared to run before handlers: `@app.before_request` and its like.

use super::written_name;
use crate::model::{Member, Stage};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{FileIdx, FuncId, Site};
use casemate_ir::{Decorator, Instr, Language, Operand, VarRef};

/// On what something is declared.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Receiver {
    file: FileIdx,
    name: String,
    imported: bool,
    /// An application, not a part of one.
    whole: bool,
}

impl Receiver {
    fn is(&self, other: &Self) -> bool {
        self.name == other.name && (self.file == other.file || self.imported || other.imported)
    }
}

/// One function that runs before handlers.
struct Before {
    func: FuncId,
    site: Site,
    on: Option<Receiver>,
    /// For the whole application, whatever it is declared on.
    everywhere: bool,
}

/// All of them.
pub(super) struct Befores {
    all: Vec<Before>,
}

impl Befores {
    pub(super) fn of(origins: &Solver<'_, '_>) -> Self {
        let mut all = Vec::new();
        for entry in origins.declared.values() {
            let name = ["before_request", "before_app_request"]
                .into_iter()
                .find(|name| entry.callee.ends_with(&format!(".{name}.deco")));
            let (Some(name), Some(&func)) = (name, entry.handlers.first()) else {
                continue;
            };
            let f = origins.program.func(func);
            let on = f
                .func
                .decorators
                .iter()
                .find_map(|d| receiver(origins, f, d));
            let whole = on.as_ref().is_some_and(|on| on.whole);
            all.push(Before {
                func,
                site: entry.site,
                on,
                everywhere: name == "before_app_request" || whole,
            });
        }
        Self { all }
    }

    /// What runs before a handler.
    pub(super) fn of_handler(&self, origins: &Solver<'_, '_>, handler: FuncId) -> Vec<Member> {
        let f = origins.program.func(handler);
        if self.all.is_empty() || f.file.facts.language != Language::Python {
            return Vec::new();
        }
        let on = f
            .func
            .decorators
            .iter()
            .find_map(|d| receiver(origins, f, d));
        let mut out = Vec::new();
        for before in self.all.iter().filter(|before| before.func != handler) {
            let same = match (&on, &before.on) {
                (Some(on), Some(other)) => on.is(other),
                _ => false,
            };
            if !same && !before.everywhere {
                continue;
            }
            let same_unit = origins.program.units.get(f.file_idx.0 as usize)
                == origins.program.units.get(before.site.file.0 as usize);
            if same || same_unit {
                out.push(Member {
                    site: before.site,
                    name: origins.program.func_name(before.func),
                    what: Stage::Before(before.func),
                    certain: same || on.as_ref().is_some_and(|on| !on.whole),
                });
            }
        }
        out
    }
}

/// On what a decorator declares.
fn receiver(origins: &Solver<'_, '_>, f: FuncRef<'_>, decorator: &Decorator) -> Option<Receiver> {
    let parent = origins.program.func(f.parent()?);
    let mut value = decorator.value;
    for _ in 0..4 {
        let Operand::Local(local) = value else {
            return None;
        };
        let (_, instr) = parent.writer(local)?;
        match *instr {
            Instr::Call { this, callee, .. } => value = this.unwrap_or(callee),
            Instr::Load { base, .. } => value = base,
            Instr::LoadVar { var, .. } => {
                let name = match var {
                    VarRef::Captured(_) => captured_name(origins, parent, var)?,
                    _ => written_name(parent, value)?.to_owned(),
                };
                let imported =
                    matches!(var, VarRef::Global(global) if is_imported(origins, parent, global));
                return Some(Receiver {
                    file: parent.file_idx,
                    name,
                    imported,
                    whole: is_whole(origins, parent.id, value),
                });
            }
            Instr::Copy { .. } | Instr::Import { .. } => {
                let name = parent.func.locals.get(local.index())?.name?;
                return Some(Receiver {
                    file: parent.file_idx,
                    name: parent.file.facts.str(name).to_owned(),
                    imported: matches!(instr, Instr::Import { .. }),
                    whole: is_whole(origins, parent.id, value),
                });
            }
            _ => return None,
        }
    }
    None
}

fn captured_name(origins: &Solver<'_, '_>, f: FuncRef<'_>, var: VarRef) -> Option<String> {
    let VarRef::Captured(capture) = var else {
        return None;
    };
    let (owner, local) = crate::guard::owner_of(origins, f, capture)?;
    let owner = origins.program.func(owner);
    let name = owner.func.locals.get(local.index())?.name?;
    Some(owner.file.facts.str(name).to_owned())
}

fn is_imported(origins: &Solver<'_, '_>, f: FuncRef<'_>, global: casemate_ir::GlobalId) -> bool {
    let module = origins
        .program
        .func(origins.program.func_id(f.file_idx, casemate_ir::FnId(0)));
    let instrs = &module.func.instrs;
    instrs.iter().any(|instr| match *instr {
        Instr::StoreVar {
            var: VarRef::Global(to),
            value: Operand::Local(value),
        } if to == global => instrs
            .iter()
            .any(|made| matches!(*made, Instr::Import { to, .. } if to == value)),
        _ => false,
    })
}

fn is_whole(origins: &Solver<'_, '_>, func: FuncId, value: Operand) -> bool {
    origins.of_operand(func, value).iter().any(|&val| {
        matches!(origins.val(val), Some(Val::Api(path)) if {
            let text = origins.paths.text(path);
            ["Flask()", "Quart()", "FastAPI()", "APIFlask()", "OpenAPI()", "current_app"]
                .iter()
                .any(|name| text.ends_with(name))
        })
    })
}
