//! Members that are read by name, and the objects that keep what is learned of them.

use super::heap::ObjKind;
use super::interp::{AllocKey, Interp};
use super::port::CallSite;
use super::value::Value;
use crate::apipath::PathId;
use crate::origin::{Val, method_name};
use crate::symbol::Sym;
use casemate_ir::{Instr, Language, LocalId, Operand};

impl Interp<'_> {
    /// Members that a condition asks about get an object that keeps them, before the ways part: what one way learns of a member of
    /// something of which only taint is known is then not known on the other, nor where both meet.
    pub(super) fn hold(&mut self, cond: Operand, depth: u32) {
        if depth > 4 {
            return;
        }
        let Some((at, instr)) = self.definition(cond) else {
            for part in self.short_circuit(cond).into_iter().flat_map(|it| it.1) {
                self.hold(part, depth + 1);
            }
            return;
        };
        match instr {
            Instr::Op { operands, .. } => {
                for &operand in self.f.func.operands(operands) {
                    self.hold(operand, depth + 1);
                }
            }
            Instr::Call { this, args, .. } => {
                let args = self.f.func.args(args).iter().map(|arg| arg.value);
                for operand in this.into_iter().chain(args) {
                    self.hold(operand, depth + 1);
                }
            }
            _ => {}
        }
        if let Some((base, sym)) = self.member_read(instr)
            && sym != Sym::ANY
        {
            self.hold(base, depth + 1);
            let whole = self.operand(base);
            if whole.taints.is_some() {
                self.with_object(at, whole, Some(base));
            } else if whole.is_empty() && matches!(instr, Instr::Load { .. }) {
                self.hold_given(cond);
            }
        }
    }

    /// The same for what a package itself has, which every reading of it gives: `request.args` of Flask.
    fn hold_given(&mut self, read: Operand) {
        let Operand::Local(local) = read else { return };
        let mut value = self.operand(read);
        if value.taints.is_none() || !value.refs.is_empty() || value.identities().next().is_some() {
            return;
        }
        if let Some(path) = self.given_path(local) {
            let id = self.alloc(AllocKey::Given(path));
            self.state.obj_mut(id, ObjKind::Plain).any.taints = value.taints.clone();
            value.refs.push(id);
            self.set(local, value);
        }
    }

    /// The object that is held of what a package has, for a further reading of it.
    pub(super) fn held_given(&self, to: LocalId, value: &mut Value) {
        if value.taints.is_none() || !value.refs.is_empty() {
            return;
        }
        let id = self
            .given_path(to)
            .and_then(|path| self.ids.get(&AllocKey::Given(path)));
        if let Some(&id) = id
            && self.state.obj(id).is_some()
        {
            value.refs.push(id);
        }
    }

    pub(super) fn given_path(&self, local: LocalId) -> Option<PathId> {
        let mut vals = self.origins.of_local(self.f.id, local).iter();
        vals.find_map(|&val| match self.origins.val(val) {
            Some(Val::Api(path)) if self.origins.paths.has_rows(path) => Some(path),
            _ => None,
        })
    }

    /// What a member is read of, and its name: `x.a`, `x['a']`, and of a dictionary `x.get('a')`.
    pub(super) fn member_read(&self, instr: Instr) -> Option<(Operand, Sym)> {
        match instr {
            Instr::Load { base, key, .. } => Some((base, self.key(key))),
            Instr::Call {
                to,
                callee,
                this: Some(this),
                args,
                ..
            } if self.f.file.facts.language == Language::Python => {
                let at = *self.defs.get(to.index())?;
                let first = self.f.func.args(args).first()?;
                let get = method_name(self.f, at, callee) == Some("get");
                let value = self.operand(first.value);
                let name = value.as_str().filter(|_| get)?;
                Some((this, self.origins.program.symbols.find(name)?))
            }
            _ => None,
        }
    }

    /// What an object is known to hold under the name that a call reads: `x.get('a')` behind a check of the same.
    pub(super) fn kept_member(&self, at: usize, site: &CallSite) -> Option<Value> {
        let (_, sym) = self.member_read(*self.f.func.instrs.get(at)?)?;
        let mut places = site.this.identities();
        let object = match (site.this.refs.as_slice(), places.next()) {
            (&[object], None) => object,
            ([], Some(place)) if places.next().is_none() => self.place_obj(&place)?,
            _ => return None,
        };
        let field = self.state.obj(object)?.field(sym)?;
        field.definite.then(|| field.value.clone())
    }
}
