//! What of a request a value is: where it goes to, how, and under which name the framework knows what answers there.

use super::DEPTH;
use crate::decoration::written_name;
use crate::guard::root::is_request;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_ir::{Const, Instr, Key, Language, Operand};

/// Members of requests that hold where they go to.
const ADDRESSES: [&str; 7] = [
    "path",
    "url",
    "originalUrl",
    "pathname",
    "path_info",
    "full_path",
    "routerPath",
];

/// Methods that leave what an address says as it is.
const SAME: [&str; 6] = [
    "toLowerCase",
    "lower",
    "toString",
    "trim",
    "get_full_path",
    "decode",
];

/// What a value is of a request.
pub(super) enum Part {
    Address,
    Method,
    /// The name of the endpoint: `request.endpoint` of Flask.
    Endpoint,
    /// The first part of that name.
    Blueprint,
    /// What stands behind this slash of the address.
    Segment(usize),
}

/// Whether a value is the address or the method of the request.
pub(super) fn part(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Option<Part> {
    let mut at = value;
    let mut segment = None;
    let python = f.file.facts.language == Language::Python;
    let address = |segment: Option<usize>| segment.map_or(Part::Address, Part::Segment);
    for _ in 0..DEPTH {
        let Operand::Local(local) = at else {
            return None;
        };
        let mut writers = f.writers(local);
        let (first, second) = (writers.next(), writers.next());
        match (first, second) {
            (Some((_, &Instr::Copy { from, .. })), None) => at = from,
            (
                Some((
                    _,
                    &Instr::Load {
                        base,
                        key: Key::Field(name),
                        ..
                    },
                )),
                None,
            ) => {
                let name = f.file.facts.str(name);
                if !is_request(origins, f.id, base) {
                    break;
                }
                return match name {
                    "method" => Some(Part::Method),
                    "endpoint" if python => Some(Part::Endpoint),
                    "blueprint" if python => Some(Part::Blueprint),
                    _ if ADDRESSES.contains(&name) => Some(address(segment)),
                    _ => None,
                };
            }
            // `req.url.split('?')[0]`
            (
                Some((
                    _,
                    &Instr::Load {
                        base,
                        key: Key::Computed(Operand::Const(id)),
                        ..
                    },
                )),
                None,
            ) => {
                let first = matches!(f.file.facts.constant(id), Const::Number(0));
                let parts = split(f, base)?;
                if !first || segment.is_some() {
                    return None;
                }
                at = parts.0;
            }
            // `request.path.split('/')[1]`
            (
                Some((
                    _,
                    &Instr::Load {
                        base,
                        key: Key::Index(index),
                        ..
                    },
                )),
                None,
            ) => {
                let parts = split(f, base)?;
                match parts.1 {
                    Some("/") if segment.is_none() => segment = Some(index as usize),
                    _ if index == 0 => {}
                    _ => return None,
                }
                at = parts.0;
            }
            (
                Some((
                    _,
                    &Instr::Call {
                        callee,
                        this: Some(this),
                        ..
                    },
                )),
                None,
            ) => {
                let name = written_name(f, callee)?;
                if name == "get_full_path" && is_request(origins, f.id, this) {
                    return Some(address(segment));
                }
                if !SAME.contains(&name) {
                    return None;
                }
                at = this;
            }
            _ => break,
        }
    }
    let vals = origins.of_operand(f.id, at);
    let named = |wanted: &dyn Fn(&str) -> bool| {
        !vals.is_empty()
            && vals.iter().all(|val| {
                matches!(origins.val(*val), Some(Val::Api(path))
                    if wanted(origins.paths.last_member(path)) && origins.paths.parent_known(path))
            })
    };
    if named(&|name| ADDRESSES.contains(&name)) {
        Some(address(segment))
    } else if segment.is_some() {
        None
    } else if named(&|name| name == "method") {
        Some(Part::Method)
    } else if python && named(&|name| name == "endpoint") {
        Some(Part::Endpoint)
    } else if python && named(&|name| name == "blueprint") {
        Some(Part::Blueprint)
    } else {
        None
    }
}

/// What is split, and at what: `request.path.split('/')`.
fn split<'p>(f: FuncRef<'p>, value: Operand) -> Option<(Operand, Option<&'p str>)> {
    let Some(&Instr::Call {
        callee,
        this: Some(this),
        args,
        ..
    }) = f.made_by(value)
    else {
        return None;
    };
    let at = f.func.args(args).first();
    let at = at.and_then(|at| f.constant_text(at.value));
    (written_name(f, callee) == Some("split")).then_some((this, at))
}

/// Whether a value is the list of the methods that change nothing.
pub(super) fn is_safe_methods(origins: &Solver<'_, '_>, f: FuncRef<'_>, list: Operand) -> bool {
    origins.of_operand(f.id, list).iter().any(|&val| {
        matches!(origins.val(val), Some(Val::Api(path))
            if origins.paths.text(path) == "py:rest_framework.permissions.SAFE_METHODS")
    })
}
