//! Transports that look at the addresses that they connect to, and refuse those of the own network: an agent of a library that is made for
//! it, or one of the program's own (`new Agent({ connect: { lookup } })`, a subclass of a transport). They see the address behind the
//! name, on every hop, so that no test of the URL before the request is needed (OWASP, Server-Side Request Forgery Prevention).

use super::interp::Interp;
use super::value::Value;
use crate::origin::{Val, ValSet};
use casemate_ir::Operand;
use casemate_model::row::Role;

/// The kind of a guard that refuses addresses of the own network.
const NETWORK: &str = "network";
/// Objects whose members are looked at: `{ dispatcher: new Agent({ connect: { lookup } }) }` leads from options to a function in five steps.
/// Of more, the rest is taken not to guard.
const OBJECTS: usize = 32;
/// Values that are looked at in all. Those that are near come first.
const VALUES: usize = 512;

impl Interp<'_> {
    /// Whether a value is a transport, works through one, or is an object of options with one, that refuses addresses of the own network.
    pub(super) fn guards(&mut self, value: &Value, operand: Option<Operand>) -> bool {
        let origins = self.origins;
        let mut vals = operand.map_or_else(ValSet::new, |operand| {
            ValSet::from_slice(origins.of_operand(self.f.id, operand))
        });
        for place in value.identities() {
            vals.extend(origins.of_place(&place));
        }
        // A function beside the address is called with the answer.
        vals.retain(|val| !matches!(origins.val(*val), Some(Val::Func(_))));
        self.guards_network(vals)
    }

    /// Whether one of these values refuses addresses of the own network, or what it works through or has among its options. Each is
    /// looked at once: options may lead back to themselves, or to all that a program has.
    fn guards_network(&mut self, vals: ValSet) -> bool {
        let origins = self.origins;
        let mut seen = vals;
        let (mut next, mut objects, mut full) = (0, 0, false);
        while let Some(&val) = seen.get(next) {
            next += 1;
            let mut inner = ValSet::new();
            match origins.val(val) {
                Some(Val::Api(path)) => {
                    let mut rows = origins.paths.rows(path);
                    if rows.any(
                        |(_, row)| matches!(&row.role, Role::Guard { kind, .. } if kind == NETWORK),
                    ) {
                        return true;
                    }
                }
                Some(Val::Func(func)) if self.checks.looks(func) => return true,
                Some(Val::Class(class) | Val::Instance(class)) => {
                    let Some((file, def)) = origins.program.class(class) else {
                        continue;
                    };
                    let mut methods = def.members.iter().filter_map(|member| member.func);
                    if methods.any(|it| self.checks.looks(origins.program.func_id(file, it))) {
                        return true;
                    }
                    inner.extend_from_slice(origins.of_bases(class));
                }
                Some(Val::Through(through)) => inner.push(through),
                Some(Val::Object(..)) if objects < OBJECTS => {
                    objects += 1;
                    inner.extend(origins.of_fields(val));
                }
                Some(Val::Object(..)) => full = true,
                _ => {}
            }
            for val in inner {
                if seen.contains(&val) {
                    continue;
                }
                if seen.len() >= VALUES {
                    full = true;
                    break;
                }
                seen.push(val);
            }
        }
        if full {
            self.cap("options of a transport");
        }
        false
    }
}
