//! Functions all of whose calls are known: they are called where they are named, and are given to nobody.

use super::pass::visit_locals;
use crate::limits;
use crate::origin::{Solver, Val, method_name};
use crate::program::to_u32;
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{Instr, Operand, Term};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// Functions with all their callers.
#[derive(Default)]
pub(super) struct Callers {
    of: FxHashMap<FuncId, BTreeSet<FuncId>>,
}

impl Callers {
    /// Those of `wanted` of which all calls are known; `handlers` are called by frameworks.
    pub(super) fn of(
        origins: &Solver<'_, '_>,
        wanted: &FxHashSet<FuncId>,
        handlers: &FxHashSet<FuncId>,
    ) -> Self {
        let mut scan = Scan {
            origins,
            wanted,
            given: handlers.clone(),
            callers: FxHashMap::default(),
            open: FxHashSet::default(),
        };
        for id in origins.program.function_ids() {
            scan.function(id);
        }
        let Scan {
            given,
            mut callers,
            open,
            ..
        } = scan;
        callers.retain(|func, by| {
            let f = origins.program.func(*func);
            let named = f.func.name.map(|name| f.sym(name));
            by.len() <= limits::REFUTED_CALLERS
                && !given.contains(func)
                && f.func.class.is_none()
                && !named.is_some_and(|name| open.contains(&name))
        });
        Self { of: callers }
    }

    /// The callers of a function; absent where somebody else may call it too.
    pub(super) fn get(&self, func: FuncId) -> Option<&BTreeSet<FuncId>> {
        self.of.get(&func)
    }
}

struct Scan<'s, 'p, 'm> {
    origins: &'s Solver<'p, 'm>,
    wanted: &'s FxHashSet<FuncId>,
    /// Functions that are handed on as values.
    given: FxHashSet<FuncId>,
    callers: FxHashMap<FuncId, BTreeSet<FuncId>>,
    /// Names under which something is called of which nobody knows what it is.
    open: FxHashSet<Sym>,
}

impl Scan<'_, '_, '_> {
    fn function(&mut self, id: FuncId) {
        let f = self.origins.program.func(id);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            match *instr {
                Instr::Copy { .. }
                | Instr::StoreVar { .. }
                | Instr::Load { .. }
                | Instr::LoadVar { .. }
                | Instr::Closure { .. }
                | Instr::Import { .. } => {}
                Instr::Store { base, value, .. } => {
                    let offered = |val: &_| matches!(self.origins.val(*val), Some(Val::Exports(_)));
                    if !self.origins.of_operand(id, base).iter().any(offered) {
                        self.give(id, value);
                    }
                }
                Instr::Call {
                    callee, this, args, ..
                } => {
                    self.call(id, at, callee);
                    this.into_iter().for_each(|this| self.give(id, this));
                    for arg in f.func.args(args) {
                        self.give(id, arg.value);
                    }
                }
                _ => {
                    let mut read = Vec::new();
                    visit_locals(f.func, instr, &mut |local| read.push(local));
                    for local in read {
                        self.give(id, Operand::Local(local));
                    }
                }
            }
        }
        for block in &f.func.blocks {
            if let Term::Return(Some(value)) | Term::Throw(value) = block.term {
                self.give(id, value);
            }
        }
    }

    fn call(&mut self, id: FuncId, at: usize, callee: Operand) {
        let origins = self.origins;
        let mut known = false;
        for &val in origins.of_operand(id, callee) {
            match origins.val(val) {
                Some(Val::Func(func)) => {
                    known = true;
                    let func = origins.callee_at(id, to_u32(at), func);
                    if self.wanted.contains(&func) {
                        self.callers.entry(func).or_default().insert(id);
                    }
                }
                Some(Val::Class(_) | Val::Instance(_)) => known = true,
                _ => {}
            }
        }
        let f = origins.program.func(id);
        if !known && let Some(name) = method_name(f, to_u32(at), callee) {
            self.open.extend(origins.program.symbols.find(name));
        }
    }

    fn give(&mut self, id: FuncId, operand: Operand) {
        for &val in self.origins.of_operand(id, operand) {
            if let Some(Val::Func(func)) = self.origins.val(val) {
                self.given.insert(func);
            }
        }
    }
}
