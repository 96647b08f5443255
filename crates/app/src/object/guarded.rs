//! What functions before a handler ask about, and which records they look up for it.

use super::Walk;
use super::repository::Repositories;
use crate::guard::names::Names;
use crate::guard::root::{Known, Roots, is_request};
use crate::model::{Access, Endpoint, Stage};
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_flow::symbol::Sym;
use casemate_ir::{Instr, Key, Operand};
use rustc_hash::{FxHashMap, FxHashSet};

/// What is known before a handler begins.
#[derive(Default)]
pub(super) struct Before {
    /// The names under which a client says of what guards ask whether somebody may: `/projects/:projectId/…` behind a guard that looks
    /// for a member of that project.
    pub decided: Names,
    /// Records that are looked up for the handler, and kept on the request.
    pub kept: Vec<Access>,
    /// What is kept there, by member.
    pub handed: Vec<(Sym, Roots)>,
    /// Names that are looked at together with who asks where such records are looked up.
    pub beside: Names,
    /// Who asks is looked at there.
    pub personal: bool,
}

/// Whether functions keep something on a request, as far as it was asked.
pub(super) type Keeping = FxHashMap<FuncId, bool>;

pub(super) fn of(
    origins: &Solver<'_, '_>,
    set: &Known,
    repositories: &Repositories,
    endpoint: &Endpoint,
    keeping: &mut Keeping,
) -> Before {
    let path = endpoint.path.as_deref().unwrap_or_default();
    let parameters = path.matches([':', '<', '{']).count();
    let mut out = Before::default();
    let mut walk = Walk::new(origins, set, repositories);
    for member in &endpoint.chain {
        let func = match member.what {
            Stage::Function(func, ..)
            | Stage::Decides(func)
            | Stage::Wraps(func, _)
            | Stage::Before(func)
            | Stage::Middleware(func)
            | Stage::Method(func) => func,
            Stage::Setting(..) | Stage::Elsewhere(_) | Stage::Package(_) | Stage::Unknown => {
                continue;
            }
        };
        let keeps = member.certain && *keeping.entry(func).or_insert_with(|| keeps(origins, func));
        if parameters < 2 && !keeps {
            continue;
        }
        let f = origins.program.func(func);
        // What the route says reaches guards of Python by keywords, or through the view that they are given.
        for param in &f.func.params {
            let name = param.name.map(|name| f.file.facts.str(name));
            if param.keyword_rest || name == Some("view") {
                let said = Roots {
                    client: true,
                    ..Roots::default()
                };
                walk.bound.put(func, param.local, said);
            }
        }
        walk.of_route(func, path);
        (walk.made.personal, walk.made.asked, walk.made.beside) = Default::default();
        let first = walk.made.chosen.len();
        walk.handed.clear();
        walk.function(func, 1);
        let mut handed = std::mem::take(&mut walk.handed);
        // Who asks is looked up by what it shows.
        handed.retain(|(_, roots)| roots.client && roots.called && !roots.credential);
        let found = walk.made.chosen.get(first..).unwrap_or(&[]).iter();
        let found = found.filter(|access| {
            let mut handed = handed.iter();
            access.op == "read" && handed.any(|(_, roots)| roots.names == access.names)
        });
        let before = out.kept.len();
        out.kept.extend(found.cloned());
        if out.kept.len() > before {
            out.personal |= walk.made.personal || walk.made.asked;
            out.beside.add(walk.made.beside);
        }
        out.handed.extend(handed);
    }
    if parameters > 1 {
        out.decided = closed(walk.made.decided, &walk.tied);
    }
    out
}

/// With names that were decided, those are decided that records tie to them: the card of a board whose owner asks.
pub(super) fn closed(mut decided: Names, tied: &FxHashSet<Names>) -> Names {
    loop {
        let before = decided;
        for names in tied.iter().filter(|names| names.meets(before)) {
            decided.add(*names);
        }
        if decided == before {
            return decided;
        }
    }
}

/// Whether a function, or one inside it, keeps what it looked up on a request.
fn keeps(origins: &Solver<'_, '_>, func: FuncId) -> bool {
    let mut open = vec![func];
    let mut seen = FxHashSet::default();
    while let Some(func) = open.pop() {
        if !seen.insert(func) || seen.len() > 32 {
            continue;
        }
        let f = origins.program.func(func);
        for instr in &f.func.instrs {
            match *instr {
                Instr::Closure { func, .. } => open.push(f.sibling(func)),
                Instr::Store {
                    base,
                    key: Key::Field(_),
                    value: Operand::Local(_),
                } if is_request(origins, func, base) => return true,
                _ => {}
            }
        }
    }
    false
}

impl<'p> Walk<'_, 'p, '_> {
    /// What is found by what a client says is kept on what a framework hands on: `req.note = await Note.findByPk(req.params.id)`.
    pub(super) fn keep(
        &mut self,
        f: FuncRef<'p>,
        base: Operand,
        name: casemate_ir::Symbol,
        value: Operand,
    ) {
        if !is_request(self.origins, f.id, base) {
            return;
        }
        let roots = self.roots(f.id, value);
        if !roots.client || !roots.called || roots.principal {
            return;
        }
        let roots = Roots {
            given: false,
            ..roots
        };
        if self.bound.hand(f.sym(name), roots).any {
            self.depends.borrow_mut().clear();
        }
        self.handed.push((f.sym(name), roots));
    }
}
