//! Functions that run before handlers: `@app.before_request`, `app.before_request(check)`.

use super::{layer, member, wrapper, written_name};
use crate::blueprint::{Routers, is_whole};
use crate::model::{Member, Stage};
use crate::place::{self, Place};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{FileIdx, FuncId, Site};
use casemate_ir::{ArgKey, Decorator, Instr, Language, Operand, VarRef};
use std::collections::BTreeSet;

/// What declares such a function, for the handlers of its receiver or for all.
const DECLARE: [&str; 2] = ["before_request", "before_app_request"];

/// On what something is declared.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Receiver {
    file: FileIdx,
    name: String,
    imported: bool,
    /// The variable that holds it, where that is no parameter.
    place: Option<Place>,
    /// An application, not a part of one.
    whole: bool,
}

impl Receiver {
    /// An application that is only known by the variable that holds it.
    fn of(file: FileIdx, place: Place) -> Self {
        Self {
            file,
            name: String::new(),
            imported: false,
            place: Some(place),
            whole: true,
        }
    }

    fn is(&self, other: &Self) -> bool {
        if self.place.is_some() && other.place.is_some() {
            return self.place == other.place;
        }
        !self.name.is_empty()
            && self.name == other.name
            && (self.file == other.file || self.imported || other.imported)
    }
}

/// One function that runs before handlers.
struct Before {
    func: Option<FuncId>,
    /// What it is, after what decorates the function itself.
    what: Vec<Stage>,
    site: Site,
    on: Option<Receiver>,
    /// For the whole application, whatever it is declared on.
    everywhere: bool,
    /// The run of the start puts it before what it registers.
    hooked: bool,
    /// Something else says for which handlers it runs.
    chosen: bool,
}

impl Before {
    fn whole(&self) -> bool {
        self.on.as_ref().is_some_and(|on| on.whole)
    }
}

/// All of them.
pub(crate) struct Befores {
    all: Vec<Before>,
    routers: Routers,
    /// Applications that something is declared on.
    applications: usize,
}

impl Befores {
    pub(crate) fn of(origins: &Solver<'_, '_>) -> Self {
        let mut all = Vec::new();
        for entry in origins.declared.values() {
            let Some(&func) = entry.handlers.first() else {
                continue;
            };
            let f = origins.program.func(func);
            let name = DECLARE
                .into_iter()
                .find(|name| entry.callee.ends_with(&format!(".{name}.deco")));
            let what = match name {
                Some(_) => Some(Stage::Before(func)),
                None => layer::declared(&entry.callee, func),
            };
            let Some(what) = what else {
                continue;
            };
            let declares = |d: &&Decorator| entry.decorator.is_none_or(|span| span == d.span);
            let mut decorators = f.func.decorators.iter().filter(declares);
            let on = decorators.find_map(|d| receiver(origins, f, d));
            let whole = on.as_ref().is_some_and(|on| on.whole);
            let mut stages = around(origins, f);
            stages.push(what);
            all.push(Before {
                func: Some(func),
                what: stages,
                site: entry.site,
                on,
                everywhere: name == Some("before_app_request") || whole,
                hooked: false,
                chosen: false,
            });
        }
        called(origins, &mut all);
        all.extend(layer::all(origins).into_iter().map(|layer| Before {
            func: None,
            what: vec![layer.what],
            site: layer.site,
            on: layer.on.map(|place| Receiver::of(layer.site.file, place)),
            everywhere: true,
            hooked: layer.hooked,
            chosen: !layer.certain,
        }));
        let routers = if all.is_empty() {
            Routers::default()
        } else {
            Routers::of(origins)
        };
        let on = all.iter().filter_map(|before| before.on.as_ref());
        let applications: BTreeSet<Place> =
            on.filter(|on| on.whole).filter_map(|on| on.place).collect();
        Self {
            all,
            routers,
            applications: applications.len(),
        }
    }

    /// What runs before all handlers of the application that a file belongs to.
    pub(crate) fn of_application(
        &self,
        origins: &Solver<'_, '_>,
        file: FileIdx,
        started: bool,
    ) -> Vec<Member> {
        let unit = |file: FileIdx| origins.program.units.get(file.0 as usize);
        let all = self.all.iter().filter(|before| {
            before.everywhere && !(started && before.hooked) && unit(before.site.file) == unit(file)
        });
        let alone = self.applications < 2;
        let member = |before: &Before, what: &Stage| Member {
            certain: alone && !before.chosen,
            ..member(origins, before.site, what.clone())
        };
        all.flat_map(|before| before.what.iter().map(move |what| member(before, what)))
            .collect()
    }

    /// What runs before a handler; whether the run of the start registered it.
    pub(super) fn of_handler(
        &self,
        origins: &Solver<'_, '_>,
        handler: FuncId,
        started: bool,
    ) -> Vec<Member> {
        let f = origins.program.func(handler);
        if self.all.is_empty() || f.file.facts.language != Language::Python {
            return Vec::new();
        }
        let on = f
            .func
            .decorators
            .iter()
            .find_map(|d| receiver(origins, f, d));
        let place = on.as_ref().and_then(|on| on.place);
        let applications = place.and_then(|place| self.routers.applications(place));
        let part = on.as_ref().is_some_and(|on| !on.whole);
        let mut out = Vec::new();
        for before in self
            .all
            .iter()
            .filter(|before| before.func != Some(handler))
        {
            if started && before.hooked {
                continue;
            }
            let same = match (&on, &before.on) {
                (Some(on), Some(other)) => on.is(other),
                _ => false,
            };
            // Whether it is declared on an application that the handler belongs to, or on another one.
            let on_it = before.on.as_ref().and_then(|on| on.place);
            let on_it = on_it.filter(|on| before.whole() && on.is_made(origins));
            let of_it = match (on_it, &applications) {
                (Some(on), Some(all)) => Some(all.contains(&on)),
                _ => None,
            };
            if !same && (!before.everywhere || of_it == Some(false)) {
                continue;
            }
            let same_unit = origins.program.units.get(f.file_idx.0 as usize)
                == origins.program.units.get(before.site.file.0 as usize);
            if same || same_unit {
                let certain = same || of_it == Some(true) || part || self.applications < 2;
                let certain = certain && !before.chosen;
                out.extend(before.what.iter().map(|what| Member {
                    certain,
                    ..member(origins, before.site, what.clone())
                }));
            }
        }
        out
    }
}

/// Functions that a call declares: `app.before_request(check)`.
fn called(origins: &Solver<'_, '_>, all: &mut Vec<Before>) {
    let symbols = &origins.program.symbols;
    if DECLARE.iter().all(|name| symbols.find(name).is_none()) {
        return;
    }
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.file.facts.language != Language::Python || origins.program.is_copy(func) {
            continue;
        }
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call {
                to, callee, args, ..
            } = *instr
            else {
                continue;
            };
            let (Some(name), [given]) = (written_name(f, callee), f.func.args(args)) else {
                continue;
            };
            let of_framework = origins.of_operand(func, callee).iter().any(|&val| {
                matches!(origins.val(val), Some(Val::Api(path)) if origins.paths.parent_known(path))
            });
            // What decorators are given is told by the declaration.
            let decorates = f.func.instrs.iter().any(|instr| {
                matches!(*instr, Instr::Op { op: casemate_ir::OpKind::Select, operands, .. }
                if f.func.operands(operands) == [given.value, Operand::Local(to)])
            });
            if !DECLARE.contains(&name) || !of_framework || given.key != ArgKey::Pos || decorates {
                continue;
            }
            let on = f
                .read_off(callee)
                .and_then(|base| receiver_of(origins, f, base));
            let whole = on.as_ref().is_some_and(|on| on.whole);
            let site = Site {
                file: f.file_idx,
                span: f.func.spans.get(at).copied().unwrap_or_default(),
            };
            for &val in origins.of_operand(func, given.value).iter().take(2) {
                let Some(Val::Func(check)) = origins.val(val) else {
                    continue;
                };
                let mut stages = around(origins, origins.program.func(check));
                stages.push(Stage::Before(check));
                all.push(Before {
                    func: Some(check),
                    what: stages,
                    site,
                    on: on.clone(),
                    everywhere: name == "before_app_request" || whole,
                    hooked: false,
                    chosen: false,
                });
            }
        }
    }
}

/// What decorates a function that runs before handlers, besides what declares it.
fn around(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> Vec<Stage> {
    let Some(parent) = f.parent() else {
        return Vec::new();
    };
    let mut decorators: Vec<&Decorator> = f.func.decorators.iter().collect();
    decorators.sort_by_key(|d| d.span.start);
    let declares = |d: &Decorator| {
        origins.of_operand(parent, d.value).iter().any(|&val| {
            matches!(origins.val(val), Some(Val::Api(path))
                if DECLARE.contains(&origins.paths.last_member(path))
                    || layer::declares(&origins.paths.text(path)))
        })
    };
    // What stands above the one that declares wraps what nobody calls.
    let last = decorators.iter().rposition(|d| declares(d));
    let below = decorators.into_iter().skip(last.map_or(0, |at| at + 1));
    below
        .flat_map(|d| wrapper::wraps(origins, parent, d.value, 0))
        .collect()
}

/// On what a decorator declares.
fn receiver(origins: &Solver<'_, '_>, f: FuncRef<'_>, decorator: &Decorator) -> Option<Receiver> {
    let parent = origins.program.func(f.parent()?);
    receiver_of(origins, parent, decorator.value)
}

fn receiver_of(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Option<Receiver> {
    let mut value = value;
    for _ in 0..4 {
        let Operand::Local(local) = value else {
            return None;
        };
        let found = |name: &str, imported: bool| Receiver {
            file: f.file_idx,
            name: name.to_owned(),
            imported,
            place: place::of(origins, f, value).filter(|place| place.is_made(origins)),
            whole: is_whole(origins, f.id, value),
        };
        let Some((_, instr)) = f.writer(local) else {
            let param = f.func.params.iter().find(|param| param.local == local)?;
            return Some(found(f.file.facts.str(param.name?), false));
        };
        match *instr {
            Instr::Call { this, callee, .. } => value = this.unwrap_or(callee),
            Instr::Load { base, .. } => value = base,
            Instr::LoadVar { var, .. } => {
                let name = match var {
                    VarRef::Captured(_) => captured_name(origins, f, var)?,
                    _ => written_name(f, value)?.to_owned(),
                };
                let imported =
                    matches!(var, VarRef::Global(global) if is_imported(origins, f, global));
                return Some(found(&name, imported));
            }
            Instr::Copy { .. } | Instr::Import { .. } => {
                let name = f.func.locals.get(local.index())?.name?;
                let imported = matches!(instr, Instr::Import { .. });
                return Some(found(f.file.facts.str(name), imported));
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
