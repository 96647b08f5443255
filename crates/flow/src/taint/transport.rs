//! Transports that look at the addresses that they connect to, and refuse those of the own network: an agent of a library that is made for
//! it, or one of the program's own (`new Agent({ connect: { lookup } })`, a subclass of a transport). They see the address behind the
//! name, on every hop, so that no test of the URL before the request is needed (OWASP, Server-Side Request Forgery Prevention).

use super::checked::words;
use super::interp::Interp;
use super::network::OWN;
use super::value::Value;
use crate::origin::{Val, ValId, ValSet, method_name};
use crate::result::FuncId;
use casemate_ir::{Instr, Key, Operand};
use casemate_model::row::Role;

/// The kind of a guard that refuses addresses of the own network.
const NETWORK: &str = "network";
/// Functions between a transport's method and the look at the address.
const CALLS: u32 = 5;
/// Options between a client and the function that looks at an address: `{ dispatcher: new Agent({ connect: { lookup } }) }`.
const OPTIONS: u32 = 6;
/// Members of an address that say where it lies (`ipaddress` of Python; packages like it).
const LIES: [&str; 8] = [
    "is_private",
    "is_global",
    "is_loopback",
    "is_link_local",
    "is_reserved",
    "isPrivate",
    "isPublic",
    "isLoopback",
];

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
            Some(Val::Func(func)) => self.looks_at_address(func, CALLS),
            Some(Val::Class(class) | Val::Instance(class)) => {
                let Some((file, def)) = origins.program.class(class) else {
                    return false;
                };
                let methods = def.members.iter().filter_map(|member| member.func);
                methods
                    .map(|method| origins.program.func_id(file, method))
                    .any(|method| self.looks_at_address(method, CALLS))
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

    /// Whether a function, one inside it or one that it calls asks where an address lies.
    fn looks_at_address(&self, func: FuncId, calls: u32) -> bool {
        let origins = self.origins;
        let f = origins.program.func(func);
        let Some(calls) = calls.checked_sub(1) else {
            return false;
        };
        let asks = |name: &str| {
            LIES.contains(&name) || words(name).iter().any(|w| OWN.contains(&w.as_str()))
        };
        f.func
            .instrs
            .iter()
            .enumerate()
            .any(|(at, instr)| match *instr {
                Instr::Load {
                    key: Key::Field(name),
                    ..
                } => LIES.contains(&f.file.facts.str(name)),
                Instr::Call { callee, .. } => {
                    let at = crate::program::to_u32(at);
                    let callees = origins.of_operand(func, callee);
                    if callees.is_empty() {
                        return method_name(f, at, callee)
                            .is_some_and(|name| name == "range" || asks(name));
                    }
                    callees.iter().any(|&callee| match origins.val(callee) {
                        Some(Val::Func(called)) => {
                            called != func && self.looks_at_address(called, calls)
                        }
                        Some(Val::Api(path)) => {
                            let text = origins.paths.text(path);
                            let name = text.rsplit(['.', ':', '/']).next().unwrap_or_default();
                            asks(name)
                                || text.contains("BlockList")
                                || text.starts_with("npm:ipaddr.js.")
                        }
                        _ => false,
                    })
                }
                // `super.createConnection({ ...options, lookup })`
                Instr::Object { parts, .. } => f.func.parts(parts).iter().any(|part| {
                    let given = origins.of_operand(func, part.value).iter();
                    given.copied().any(|given| match origins.val(given) {
                        Some(Val::Func(given)) => {
                            given != func && self.looks_at_address(given, calls)
                        }
                        _ => false,
                    })
                }),
                Instr::Closure { func: inner, .. } => {
                    self.looks_at_address(origins.program.func_id(f.file_idx, inner), calls)
                }
                _ => false,
            })
            || self.names_ranges(func, false)
    }
}
