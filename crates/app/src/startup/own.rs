//! What programs do with things that packages made beside calling their methods by name: they give them members of their own, and
//! choose among their methods.

use super::Startup;
use super::call::Site;
use super::value::{FrameId, Kind, V};
use casemate_flow::apipath::PathId;
use casemate_ir::{Instr, Key, Operand};
use casemate_model::row::Role;

/// The method by which something that a package made gets a member of its own.
const DECORATES: &str = "decorate";

impl Startup<'_, '_, '_> {
    /// `app.decorate('verify', f)`: what is made of the receiver has it as a member from now on.
    pub(super) fn decorates(&mut self, path: PathId, site: &Site) {
        if self.origins.paths.last_member(path) != DECORATES {
            return;
        }
        if let [name, value] = site.args.as_slice()
            && let [V::Text(name)] = name.as_slice()
        {
            self.store(&site.this, name, value.clone());
        }
    }

    /// `router[method]('/path', handler)` with a method that is not known: it may be any.
    pub(super) fn any_method(
        &mut self,
        frame: FrameId,
        at: u32,
        callee: Operand,
        site: &Site,
    ) -> Option<PathId> {
        let Operand::Local(local) = callee else {
            return None;
        };
        let f = self.func_of(frame);
        let before = f.func.instrs.get(..at as usize)?;
        let mut before = before.iter().rev().take(256);
        let loaded = before.find(|instr| instr.target() == Some(local))?;
        if !matches!(
            loaded,
            Instr::Load {
                key: Key::Computed(_),
                ..
            }
        ) {
            return None;
        }
        let (path, rest) = site.args.split_first()?;
        let named = matches!(path.as_slice(), [V::Text(path)] if path.starts_with('/'));
        let handled = rest.iter().flatten().any(|v| matches!(v, V::Func(..)));
        let [V::Object(id)] = site.this.as_slice() else {
            return None;
        };
        let made = match self.obj(*id).map(|o| &o.kind) {
            Some(Kind::Made(made)) if named && handled => made.path,
            _ => return None,
        };
        let all = self.origins.paths.member(made, "all")?;
        let mut rows = self.origins.paths.call_rows(all, false);
        rows.any(|(_, row)| matches!(row.role, Role::Entry(_)))
            .then_some(all)
    }
}
