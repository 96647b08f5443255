//! `out[key] = wrap(source[key])`: the member of one object is made of the member of the same name of another.
//!
//! Whoever wraps all functions of a controller in a loop keeps their names. Taken for a write of any function to any member, each route
//! would lead to all functions of all controllers, and nothing could be said of any of them. What is known of the source by name is
//! therefore written under that name; small functions that wrap are copied for each of them, as they are for each call (`wrappers`).

use super::call::CallSite;
use super::solve::{Frame, Solver};
use super::value::{Val, ValId, ValSet};
use super::wrapped::Made;
use crate::limits;
use crate::symbol::Sym;
use casemate_ir::{Instr, Operand};

impl<'p> Solver<'p, '_> {
    /// Writes members under the names that they have in the object that they come from; whether that is all that is written.
    pub(super) fn keep_keys(
        &mut self,
        frame: Frame<'p>,
        to: &[ValId],
        made: Made,
        value: &[ValId],
    ) -> bool {
        let from = self.operand(frame, made.source);
        let plain = |val: &ValId| {
            matches!(
                self.vals.get(*val),
                Some(Val::Object(..) | Val::Exports(_) | Val::Namespace(_))
            )
        };
        if from.is_empty() || !from.iter().all(plain) {
            return false;
        }
        let members = self.members_by_name(frame, &from);
        if members.len() > limits::COPIES_OF_ONE {
            return false;
        }
        let mut rest = ValSet::from_slice(value);
        for (sym, vals) in &members {
            let mut kept = ValSet::from_slice(vals);
            kept.retain(|val| value.contains(val));
            rest.retain(|val| !vals.contains(val));
            for &to in to {
                self.store(frame, to, *sym, &kept);
            }
        }
        if let Some(call) = made.call {
            self.wrap_each(frame, to, call, &members, &mut rest);
        }
        for &to in to {
            self.store(frame, to, Sym::ANY, &rest);
        }
        true
    }

    /// What values have as members, by name.
    fn members_by_name(&mut self, frame: Frame<'p>, from: &[ValId]) -> Vec<(Sym, ValSet)> {
        let mut out = Vec::new();
        for &val in from {
            if let Some(Val::Namespace(file)) = self.vals.get(val) {
                for export in &self.program.file(file).facts.exports {
                    let sym = self.program.sym(file, export.name);
                    out.push((sym, self.exported(frame, file, sym)));
                }
                continue;
            }
            self.watch_list(val);
            let list: Vec<_> = self.field_lists.get(&val).cloned().unwrap_or_default();
            for (sym, node) in list {
                if sym != Sym::ANY {
                    out.push((sym, self.get_shared(node)));
                }
            }
        }
        out
    }

    /// The function that is given each member is copied for each.
    fn wrap_each(
        &mut self,
        frame: Frame<'p>,
        to: &[ValId],
        at: u32,
        members: &[(Sym, ValSet)],
        rest: &mut ValSet,
    ) {
        let Some(&Instr::Call {
            callee, this, args, ..
        }) = frame.f.func.instrs.get(at as usize)
        else {
            return;
        };
        let args = frame.f.func.args(args);
        for val in self.operand(frame, callee) {
            let root = match self.vals.get(val) {
                Some(Val::Func(root)) => root,
                // What a package wraps is called in its place: `asyncHandler(source[key])`.
                Some(Val::Api(_)) => {
                    for (sym, vals) in members {
                        for &to in to {
                            self.store(frame, to, *sym, vals);
                        }
                    }
                    continue;
                }
                _ => continue,
            };
            let mut whole = true;
            for (sym, vals) in members {
                let functions = vals.iter();
                let any = functions
                    .map(|val| self.vals.get(*val))
                    .any(|val| matches!(val, Some(Val::Func(_))));
                if !any {
                    continue;
                }
                let Some(copy) = self.copy_for_key(root, (frame.f.id, at), *sym) else {
                    whole = false;
                    continue;
                };
                let given = args.iter().map(|arg| {
                    let vals =
                        match super::wrapped::is_member_at(frame.f.func, at as usize, arg.value) {
                            true => ValSet::from_slice(vals),
                            false => self.operand(frame, arg.value),
                        };
                    (arg.key, vals, Some(arg.value))
                });
                let site = CallSite {
                    to: None,
                    args: given.collect(),
                    this: this.map_or_else(ValSet::new, |this: Operand| self.operand(frame, this)),
                    this_operand: this,
                    new: false,
                };
                self.bind(frame, copy, &site);
                let node = self.return_node(copy);
                let made = self.get_shared(node);
                for &to in to {
                    self.store(frame, to, *sym, &made);
                }
            }
            if whole {
                let shared = self.callee_at(frame.f.id, at, root);
                for func in [root, shared] {
                    let node = self.return_node(func);
                    let made = self.get_shared(node);
                    rest.retain(|val| !made.contains(val));
                }
            }
        }
    }
}
