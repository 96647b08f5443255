//! How long things hold that are written down in the code: a code, an invitation, and a request that is given no time at all.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Const, Instr, Operand, PartKey, VarRef};

/// Parts of names of what is sent to somebody and is good once.
const CODES: &[&str] = &[
    "invit",
    "resettoken",
    "resetlink",
    "confirmation",
    "activation",
    "magiclink",
    "onetime",
    "otp",
];

/// How such names end that say a time, and how many of that are a day.
const UNITS: &[(&str, f64)] = &[
    ("days", 1.0),
    ("hours", 24.0),
    ("minutes", 1_440.0),
    ("seconds", 86_400.0),
    ("milliseconds", 86_400_000.0),
    ("ms", 86_400_000.0),
];

/// Names of a limit of time in what a request is made from, and of what stands beside it there.
const LIMITS: &[&str] = &["signal", "timeout"];
const REQUEST: &[&str] = &[
    "method", "host", "hostname", "path", "url", "headers", "port", "body",
];

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for f in trace::functions(origins) {
        for (at, instr) in f.func.instrs.iter().enumerate() {
            match *instr {
                Instr::Copy { to, from } => {
                    let local = f.func.locals.get(to.index());
                    if let Some(name) = local.and_then(|local| local.name) {
                        out.extend(code(f, at, f.file.facts.str(name), from));
                    }
                }
                Instr::StoreVar {
                    var: VarRef::Global(global),
                    value,
                } => {
                    if let Some(binding) = f.file.facts.globals.get(global.index()) {
                        out.extend(code(f, at, f.file.facts.str(binding.name), value));
                    }
                }
                Instr::Object { parts, .. } => out.extend(request(f, at, f.func.parts(parts))),
                _ => {}
            }
        }
    }
    out
}

/// `const INVITATION_DAYS = 7`
fn code(f: FuncRef<'_>, at: usize, name: &str, value: Operand) -> Option<Fact> {
    let Operand::Const(id) = value else {
        return None;
    };
    let Const::Number(bits) = *f.file.facts.constant(id) else {
        return None;
    };
    let flat = trace::flat(name);
    if !CODES.iter().any(|word| flat.contains(word)) {
        return None;
    }
    let (_, each) = UNITS.iter().find(|(unit, _)| flat.ends_with(unit))?;
    let values = [
        ("kind", FactValue::Str("code".to_owned())),
        ("days", FactValue::Number(f64::from_bits(bits) / each)),
    ];
    Some(trace::at(f, at, "lifetime.set", name, &values))
}

/// `{ method, url, signal: undefined }`
fn request(f: FuncRef<'_>, at: usize, parts: &[casemate_ir::Part]) -> Option<Fact> {
    let name = |key: PartKey| match key {
        PartKey::Field(name) => Some(f.file.facts.str(name)),
        _ => None,
    };
    let none = |value: Operand| match value {
        Operand::Const(id) => {
            matches!(f.file.facts.constant(id), Const::Undefined | Const::Null)
        }
        Operand::Local(_) => false,
    };
    let limit = parts
        .iter()
        .find_map(|part| name(part.key).filter(|name| LIMITS.contains(name) && none(part.value)))?;
    let beside = parts
        .iter()
        .filter_map(|part| name(part.key))
        .filter(|name| REQUEST.contains(name))
        .count();
    let values = [
        ("kind", FactValue::Str("request".to_owned())),
        ("days", FactValue::Absent),
    ];
    (beside >= 2).then(|| trace::at(f, at, "lifetime.set", limit, &values))
}
