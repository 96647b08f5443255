//! Transports that look at the addresses that they connect to, and refuse those of the own network: an agent of a library that is made for
//! it, or one of the program's own (`new Agent({ connect: { lookup } })`, a subclass of a transport). They see the address behind the
//! name, on every hop, so that no test of the URL before the request is needed (OWASP, Server-Side Request Forgery Prevention).

use super::interp::Interp;
use super::value::Value;
use crate::origin::{Val, ValId, ValSet};
use casemate_ir::Operand;
use casemate_model::row::Role;

/// The kind of a guard that refuses addresses of the own network.
const NETWORK: &str = "network";
/// Options between a client and the function that looks at an address: `{ dispatcher: new Agent({ connect: { lookup } }) }`.
const OPTIONS: u32 = 6;

impl Interp<'_> {
    /// Whether a value is a transport, works through one, or is an object of options with one, that refuses addresses of the own network.
    pub(super) fn guards(&self, value: &Value, operand: Option<Operand>) -> bool {
        let origins = self.origins;
        let mut vals = operand.map_or_else(ValSet::new, |operand| {
            ValSet::from_slice(origins.of_operand(self.f.id, operand))
        });
        for place in value.identities() {
            vals.extend(origins.of_place(&place));
        }
        let is_func = |val: &ValId| matches!(origins.val(*val), Some(Val::Func(_)));
        // A function beside the address is called with the answer.
        let mut vals = vals.into_iter().filter(|val| !is_func(val));
        vals.any(|val| self.guards_network(val, OPTIONS))
    }

    fn guards_network(&self, val: ValId, steps: u32) -> bool {
        let origins = self.origins;
        let Some(less) = steps.checked_sub(1) else {
            return false;
        };
        match origins.val(val) {
            Some(Val::Api(path)) => origins
                .paths
                .rows(path)
                .any(|(_, row)| matches!(&row.role, Role::Guard { kind, .. } if kind == NETWORK)),
            Some(Val::Through(inner)) => self.guards_network(inner, less),
            Some(Val::Func(func)) => self.checks.looks(func),
            Some(Val::Class(class) | Val::Instance(class)) => {
                let Some((file, def)) = origins.program.class(class) else {
                    return false;
                };
                let methods = def.members.iter().filter_map(|member| member.func);
                methods
                    .map(|method| origins.program.func_id(file, method))
                    .any(|method| self.checks.looks(method))
                    || origins
                        .of_bases(class)
                        .iter()
                        .any(|&base| self.guards_network(base, less))
            }
            Some(Val::Object(..)) => origins
                .of_fields(val)
                .any(|options| self.guards_network(options, less)),
            _ => false,
        }
    }
}
