//! What a registration says of itself in its options: whether it wants a login, and what runs before its handler.

use super::Startup;
use super::call::{Site, objects};
use super::register::{DEFAULT, Handler};
use super::value::{Kind, ObjId, V, texts};
use casemate_flow::apipath::PathId;
use casemate_ir::{Instr, Operand};
use casemate_model::path::{ArgIndex, Port, PortBase, PortStep};

/// Words of ways to ask for a login that let everybody pass.
const LENIENT: [&str; 2] = ["optional", "try"];

/// Options that say what of those who are known may come in.
const NARROWS: [&str; 2] = ["scope", "access"];

/// Names of scopes that every account has.
const ORDINARY: [&str; 8] = [
    "account",
    "authenticated",
    "client",
    "customer",
    "guest",
    "member",
    "public",
    "user",
];

impl Startup<'_, '_, '_> {
    /// Whether what a port names certainly is not there: its object is written out, without such a member.
    pub(super) fn lacks(&self, site: &Site, port: &Port) -> bool {
        let PortBase::Arg(ArgIndex::At(index)) = port.base else {
            return false;
        };
        let Some(value) = site.args.get(index as usize) else {
            return false;
        };
        let mut value = value.clone();
        for step in &port.steps {
            let PortStep::Member(name) = step else {
                return false;
            };
            let [V::Object(id)] = value.as_slice() else {
                // A text or a truth value has none.
                return matches!(value.as_slice(), [V::Text(_) | V::Bool(_) | V::Func(..)]);
            };
            let Some(obj) = self.obj(*id) else {
                return false;
            };
            match (obj.get(name), &obj.kind) {
                (Some(inner), _) => value = inner.clone(),
                (None, Kind::Array) => return true,
                (None, Kind::Plain) => return !obj.open,
                _ => return false,
            }
        }
        false
    }

    /// Whether a port names the elements of a list, and not the members of an object.
    pub(super) fn is_list(&mut self, site: &Site, port: &Port) -> bool {
        let Some((PortStep::Any, init)) = port.steps.split_last() else {
            return true;
        };
        let list = Port {
            base: port.base.clone(),
            steps: init.to_vec(),
            deep: false,
        };
        let values = self.read_all(site, &list);
        !objects(&values).any(|id| self.obj(id).is_some_and(|obj| obj.kind == Kind::Plain))
    }

    /// The kinds of guards that options ask for; absent: they say nothing of it, or nothing that is known.
    pub(super) fn asks(&mut self, site: &Site, ports: &[Port]) -> Option<Vec<&'static str>> {
        let port = ports.iter().find(|port| !self.lacks(site, port))?;
        let value = self.read_all(site, port);
        match value.as_slice() {
            [V::Bool(false)] => Some(Vec::new()),
            [V::Text(_)] => Some(vec!["authentication"]),
            [V::Object(id)] => self.asks_options(*id),
            _ => None,
        }
    }

    fn asks_options(&mut self, id: ObjId) -> Option<Vec<&'static str>> {
        let obj = self.obj(id).filter(|obj| obj.kind == Kind::Plain)?;
        let text = |name: &str| obj.get(name).map(|value| texts(value));
        let mode = text("mode").unwrap_or_default();
        if mode.iter().any(|mode| LENIENT.contains(&&**mode)) {
            return Some(Vec::new());
        }
        let narrows: Vec<_> = NARROWS
            .iter()
            .filter_map(|name| obj.get(name).cloned())
            .collect();
        let mut kinds = vec!["authentication"];
        for value in narrows {
            let mut named = texts(&value);
            for id in objects(&value) {
                let fields = self.obj(id).map(|o| o.fields.clone()).unwrap_or_default();
                named.extend(fields.iter().flat_map(|(_, inner)| texts(inner)));
            }
            // What every account has is no part that only some play.
            let ordinary = named.iter().any(|name| ORDINARY.contains(&&**name));
            let nothing = matches!(value.as_slice(), [V::Bool(false) | V::Null]);
            if !ordinary && !nothing {
                kinds.push("role");
            }
        }
        kinds.dedup();
        Some(kinds)
    }

    /// What all routes of something ask for that say nothing of it themselves.
    pub(super) fn by_default(
        &mut self,
        path: PathId,
        site: &Site,
        asks: Option<Vec<&'static str>>,
    ) {
        let Some(owner) = self.held_by(site) else {
            return;
        };
        let mut event = self.event(path, site, owner);
        event.methods = vec![DEFAULT.to_owned()];
        event.asks = asks;
        self.events.push(event);
    }

    /// What the receiver of a call is a member of: `server` of `server.auth.default(…)`.
    fn held_by(&self, site: &Site) -> Option<ObjId> {
        let f = self.func_of(site.frame);
        let Instr::Call {
            this: Some(Operand::Local(this)),
            ..
        } = *self.instr(site.frame, site.at)?
        else {
            return None;
        };
        let base = f.func.instrs.iter().find_map(|instr| match *instr {
            Instr::Load { to, base, .. } if to == this => Some(base),
            _ => None,
        })?;
        objects(&self.operand(site.frame, base)).next()
    }

    /// What lists name to run before a handler: functions, or objects with one as their `method`.
    pub(super) fn runs_before(&mut self, site: &Site, ports: &[Port], out: &mut Vec<Handler>) {
        for port in ports {
            for value in self.read(site, port, &[]) {
                let mut run = value.clone();
                for id in objects(&value) {
                    let plain = self.obj(id).filter(|obj| obj.kind == Kind::Plain);
                    if let Some(method) = plain.and_then(|obj| obj.get("method")) {
                        run = method.clone();
                    }
                }
                let texts = !run.is_empty() && run.iter().all(|v| matches!(v, V::Text(_)));
                if !texts {
                    self.handlers(&run, 0, false, out);
                }
            }
        }
    }
}
