//! `object[key]`, where only the run knows the key.

use super::call::CallSite;
use super::solve::{Frame, Solver};
use super::value::{Val, ValId, ValSet};
use crate::limits;
use crate::program::FuncRef;
use crate::result::FuncId;
use casemate_ir::{Instr, Language, LocalId, Operand, VarRef};
use casemate_model::row::Role;

/// Members by which frameworks register handlers; what a handler gets is the same whichever it is.
const REGISTERING: [&str; 3] = ["post", "all", "get"];

impl<'p> Solver<'p, '_> {
    /// What a member that only the run knows may be, where it is more than the members that are known of a place.
    pub(super) fn any_member(
        &mut self,
        frame: Frame<'p>,
        (index, to): (u32, LocalId),
        base: &[ValId],
        vals: &mut ValSet,
    ) {
        let is_unmarked = |val: &ValId| match self.vals.get(*val) {
            Some(Val::Func(func)) => {
                let func = self.program.func(func).func;
                func.class.is_some() && func.decorators.is_empty()
            }
            _ => false,
        };
        if vals.iter().any(is_unmarked) && asks_mark(frame.f, to) {
            vals.retain(|val| !is_unmarked(val));
        }
        if frame.f.func.instrs.iter().any(
            |instr| matches!(*instr, Instr::Call { callee, .. } if callee == Operand::Local(to)),
        ) {
            self.registering(base, vals);
        }
        if vals.len() <= limits::ORIGIN_VALUES || !by_key(frame) {
            return;
        }
        let functions: Vec<FuncId> = vals
            .iter()
            .filter_map(|val| match self.vals.get(*val) {
                Some(Val::Func(func)) if self.is_offered(func) => Some(func),
                _ => None,
            })
            .take(limits::MEMBERS)
            .collect();
        if functions.len() <= limits::ORIGIN_VALUES {
            return;
        }
        let key = (frame.f.id, index);
        let members = self.vals.id(Val::Members(key.0, key.1));
        let known = self.members_of.entry(key).or_default();
        if known.len() < functions.len() {
            *known = functions;
            let node = self.local_node(frame.f.id, to);
            for &reader in self.readers.get(node as usize).into_iter().flatten() {
                self.steps.mark(reader);
            }
        }
        vals.retain(|val| !matches!(self.vals.get(*val), Some(Val::Func(_))));
        vals.insert(0, members);
    }

    /// The functions that a member may be whose name only the run knows.
    #[must_use]
    pub fn functions_of(&self, val: Val) -> &[FuncId] {
        match val {
            Val::Members(func, at) => self.members_of.get(&(func, at)).map_or(&[], Vec::as_slice),
            _ => &[],
        }
    }

    /// Any of these functions is called.
    pub(super) fn apply_any(&mut self, frame: Frame<'p>, members: Val, site: &CallSite) {
        for func in self.functions_of(members).to_vec() {
            self.bind(frame, func, site);
        }
    }

    /// Whether a function is one that others may ask for by a name: methods of the language (`__init__`) are none.
    fn is_offered(&self, func: FuncId) -> bool {
        let f = self.program.func(func);
        let name = f.func.name.map_or("", |name| f.file.facts.str(name));
        !(name.starts_with("__") && name.ends_with("__"))
    }

    /// `router[method](path, handler)`: the handler gets what it would get by any of the methods that register one.
    fn registering(&mut self, base: &[ValId], vals: &mut ValSet) {
        for val in base {
            let Some(Val::Api(path)) = self.vals.get(*val) else {
                continue;
            };
            let method = REGISTERING.iter().find_map(|name| {
                let path = self.paths.member(path, name)?;
                let mut rows = self.paths.call_rows(path, false);
                rows.any(|(_, row)| matches!(row.role, Role::Entry(_)))
                    .then_some(path)
            });
            if let Some(path) = method {
                let val = self.vals.id(Val::Api(path));
                if !vals.contains(&val) {
                    vals.push(val);
                }
            }
        }
    }
}

/// Whether a member that was read is asked for a mark: `method = getattr(self, name)` for each name, and `hasattr(method, '_urls')`. Decorators
/// of the program leave such marks; methods that nothing stands above have none.
fn asks_mark(f: FuncRef<'_>, member: LocalId) -> bool {
    if f.file.facts.language != Language::Python {
        return false;
    }
    let instrs = &f.func.instrs;
    let is_member = |operand: Operand| {
        operand == Operand::Local(member)
            || instrs.iter().any(|instr| {
                matches!(*instr, Instr::Copy { to, from } if from == Operand::Local(member) && operand == Operand::Local(to))
            })
    };
    let is_hasattr = |callee| matches!(f.made_by(callee), Some(&Instr::LoadVar { var: VarRef::Free(name), .. }) if f.file.facts.str(name) == "hasattr");
    instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, args, .. } => match f.func.args(args) {
            // `hasattr(method, '__call__')` holds of all.
            [of, mark] => {
                is_hasattr(callee)
                    && is_member(of.value)
                    && f.constant_text(mark.value)
                        .is_some_and(|mark| !mark.starts_with("__"))
            }
            _ => false,
        },
        _ => false,
    })
}

/// Whether `object[key]` is how functions are chosen that others sent the name of. In Python `getattr(plugin, hook)` gets its names from the
/// program's own calls, and all methods of a class are no guess at which.
fn by_key(frame: Frame<'_>) -> bool {
    frame.f.file.facts.language == Language::JavaScript
}
