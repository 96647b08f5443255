//! Records that belong to somebody, by their names: those that who asks makes or finds, those that are made with a field that says
//! whose they are, and those that are made together with such a one, of which they hold the key.

use super::{key, owner, query};
use crate::guard::root::{Known, Search};
use casemate_flow::origin::Solver;
use casemate_flow::result::FuncId;
use casemate_ir::Instr;
use std::collections::{BTreeMap, BTreeSet};

/// Functions around each other.
const DEPTH: usize = 6;

/// Names of records that belong to somebody, anywhere in the program.
pub(super) fn find(origins: &Solver<'_, '_>, set: &Known) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    // By outermost function: what it makes, and with which fields.
    let mut made: BTreeMap<FuncId, Vec<(String, BTreeSet<String>)>> = BTreeMap::new();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.func.instrs.is_empty() || origins.program.is_copy(func) {
            continue;
        }
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call {
                callee, this, args, ..
            } = *instr
            else {
                continue;
            };
            let Some(query) = query(origins, f, at, callee, args) else {
                continue;
            };
            let object = || key::object(origins, f, &query, this, args);
            let personal = f.func.args(args).iter().any(|arg| {
                let roots = Search::of(origins, set, func, arg.value);
                roots.principal
            });
            if query.op != "create" {
                let object = if personal { object() } else { String::new() };
                if !object.is_empty() {
                    out.insert(object);
                }
                continue;
            }
            let object = object();
            if object.is_empty() {
                continue;
            }
            let fields = key::named(origins, f, args).into_iter();
            let fields: BTreeSet<String> = fields.map(|(name, ..)| name).collect();
            let says = fields.iter().any(|name| owner::is_owner(name));
            if personal || says && owner::belongs_to_maker(&object) {
                out.insert(object.clone());
            }
            made.entry(outermost(origins, func))
                .or_default()
                .push((object, fields));
        }
    }
    let mut parts = BTreeSet::new();
    for together in made.values() {
        for (object, fields) in together {
            let of_owned = together.iter().any(|(other, _)| {
                other != object
                    && out.contains(other)
                    && fields.iter().any(|field| is_key_of(field, other))
            });
            if of_owned && owner::belongs_to_maker(object) {
                parts.insert(object.clone());
            }
        }
    }
    out.extend(parts);
    out
}

/// `orderId`, `order_id` and `order` of `order`.
fn is_key_of(field: &str, object: &str) -> bool {
    let flat: String = field
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    flat.strip_prefix(object)
        .is_some_and(|rest| rest.is_empty() || rest == "id")
}

/// The function around all others.
fn outermost(origins: &Solver<'_, '_>, func: FuncId) -> FuncId {
    let mut at = func;
    for _ in 0..DEPTH {
        match origins.program.func(at).parent() {
            Some(parent)
                if origins.program.func(parent).func.kind != casemate_ir::FnKind::Module =>
            {
                at = parent;
            }
            _ => break,
        }
    }
    at
}
