//! What middleware has looked at before it goes on: `if (!allowed(req.query.file)) return res.status(400).end(); next()`. The handlers
//! after it read the same member of the request, clean for what the middleware let through.

use super::access::BESIDE;
use super::heap::{Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::place::{PortBase, PortPath};
use super::port::CallSite;
use super::value::{Konst, Origin, Taint, Value};
use crate::symbol::Sym;
use casemate_ir::{Instr, Operand};
use casemate_model::kind::{KindSet, SourceKind};

/// A member of a part of the request, and what it is clean for.
pub type Let = (SourceKind, Sym, KindSet);

impl Interp<'_> {
    /// A call of the parameter that goes on: what holds of the request there, holds in all that comes after.
    pub(super) fn goes_on(&mut self, callee: &Value, site: &CallSite) {
        let Some(next) = self.gate else { return };
        let next = PortPath::root(PortBase::Param(next));
        if !callee.identities().any(|port| port == next) {
            return;
        }
        // `next(error)` refuses.
        let nothing = |value: &Value| {
            matches!(value.single(), Some(Konst::Undefined | Konst::Null))
                || value.is_empty() && value.consts.is_none()
        };
        if !site.args.first().is_none_or(|arg| nothing(&arg.value)) {
            return;
        }
        let now = self.let_through();
        self.lets = Some(match self.lets.take() {
            None => now,
            Some(before) => both(&before, &now),
        });
    }

    /// What is known here of the members of the request: as they are held now, and as constants of the function hold them.
    fn let_through(&mut self) -> Vec<Let> {
        let mut out: Vec<Let> = Vec::new();
        for (at, &instr) in self.f.func.instrs.iter().enumerate() {
            let Instr::Load { to, .. } = instr else {
                continue;
            };
            let Some((base, sym)) = self.member_read(instr) else {
                continue;
            };
            let part = matches!(base, Operand::Local(local) if self.given_path(local).is_some());
            if sym == Sym::ANY || !part {
                continue;
            }
            let base = self.operand(base);
            let held = self.load(&base, sym);
            out.extend(known_of(&held, sym));
            // Everything has a place in the state of such a function, so this is as it is known here.
            out.extend(known_of(&self.get(to), sym));
            let later = self.f.func.instrs.iter().skip(at);
            let copies = later.filter_map(|instr| match *instr {
                Instr::Copy { to: copy, from } if from == Operand::Local(to) => Some(copy),
                _ => None,
            });
            for copy in copies.filter(|copy| self.assigned_once(*copy)) {
                out.extend(known_of(&self.get(copy), sym));
            }
        }
        out.sort_unstable();
        out.dedup_by(|next, known| {
            let same = (next.0, next.1) == (known.0, known.1);
            if same {
                known.2 = known.2.union(next.2);
            }
            same
        });
        out
    }

    /// A part of the request that middleware has looked at: its members are clean for what that let through.
    pub(super) fn let_in(&mut self, at: usize, label: Taint, value: Value) -> Value {
        let Some(request) = self.request.filter(|r| !r.gates.is_empty()) else {
            return value;
        };
        let Origin::Source(source) = label.origin else {
            return value;
        };
        if !value.refs.is_empty() {
            return value;
        }
        let mut obj = Obj::new(ObjKind::Plain);
        for gate in request.gates.iter().filter(|gate| **gate != self.f.id) {
            self.asked.push(*gate);
            let summary = self.summaries.get(gate.0 as usize).and_then(Clone::clone);
            let Some(summary) = summary else { continue };
            for (_, sym, kinds) in summary.lets.iter().filter(|it| it.0 == source.kind) {
                let before = obj.field(*sym).map(|field| field.value.clone());
                let before = before.unwrap_or_else(|| Value::tainted(label));
                let taints = self.without(&before, *kinds);
                let member = Value {
                    taints,
                    ..Value::default()
                };
                obj.set(*sym, member, true);
            }
        }
        if obj.fields.is_empty() {
            return value;
        }
        // Whatever else there is, is none of these members.
        let beside = Value::tainted(Taint {
            notes: label.notes | BESIDE,
            ..label
        });
        obj.any.taints.clone_from(&beside.taints);
        let id = self.alloc(AllocKey::Schema(crate::program::to_u32(at), u32::MAX));
        *self.state.obj_mut(id, ObjKind::Plain) = obj;
        let mut value = beside;
        value.refs.push(id);
        value
    }
}

/// What a member that came from outside is clean for.
fn known_of(value: &Value, sym: Sym) -> Option<Let> {
    let mut out: Option<Let> = None;
    for taint in value.taints() {
        let Origin::Source(source) = taint.origin else {
            continue;
        };
        if taint.derived || out.is_some_and(|known| known.0 != source.kind) {
            return None;
        }
        let before = out.map_or(taint.clean, |known| known.2.intersect(taint.clean));
        out = Some((source.kind, sym, before));
    }
    out.filter(|known| !known.2.is_empty())
}

/// What holds on both of two ways.
fn both(one: &[Let], other: &[Let]) -> Vec<Let> {
    let found = |it: &Let| other.iter().find(|o| (o.0, o.1) == (it.0, it.1));
    one.iter()
        .filter_map(|it| Some((it.0, it.1, it.2.intersect(found(it)?.2))))
        .filter(|it| !it.2.is_empty())
        .collect()
}
