//! Chains of calls that describe something: a number of rows that a client asks for, a token that is signed or verified.

use super::trace::{self, called};
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Instr, Operand, PartKey};

/// Names of how many rows a page has.
const SIZES: &[&str] = &[
    "limit",
    "pagesize",
    "perpage",
    "take",
    "pagelimit",
    "itemsperpage",
];

/// Names of what stands beside it where it is about pages: a limit alone may be one of money.
const PAGING: &[&str] = &[
    "offset", "cursor", "page", "after", "before", "skip", "sort", "order", "orderby", "sortby",
    "from", "start",
];

/// Steps that give a number an upper bound.
const BOUNDS: &[&str] = &["max", "lte", "lt", "maximum", "less", "valid", "oneof"];

/// Steps back along a chain.
const CHAIN: usize = 12;

/// Facts of page sizes in schemas.
pub(super) fn pages(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if origins.program.is_copy(func) {
            continue;
        }
        for instr in &f.func.instrs {
            let Instr::Object { parts, .. } = *instr else {
                continue;
            };
            let named = |part: &casemate_ir::Part| match part.key {
                PartKey::Field(name) => Some(trace::flat(f.file.facts.str(name))),
                _ => None,
            };
            let pages = f.func.parts(parts).iter().filter_map(named);
            if !pages
                .into_iter()
                .any(|name| PAGING.contains(&name.as_str()))
            {
                continue;
            }
            for part in f.func.parts(parts) {
                let PartKey::Field(name) = part.key else {
                    continue;
                };
                let name = f.file.facts.str(name);
                if !SIZES.contains(&trace::flat(name).as_str()) {
                    continue;
                }
                let steps = chain(f, part.value);
                let counts = steps
                    .iter()
                    .any(|(_, step)| matches!(*step, "number" | "int" | "integer" | "bigint"));
                let Some((at, _)) = steps.first().filter(|_| counts) else {
                    continue;
                };
                let bounded = steps.iter().any(|(_, step)| BOUNDS.contains(step));
                let opaque = steps.iter().any(|(_, step)| {
                    matches!(
                        *step,
                        "refine"
                            | "superRefine"
                            | "transform"
                            | "pipe"
                            | "custom"
                            | "catch"
                            | "test"
                    )
                });
                let bounded = if opaque && !bounded {
                    FactValue::Unknown
                } else {
                    FactValue::Bool(bounded)
                };
                out.push(trace::at(
                    f,
                    *at,
                    "page.size",
                    name,
                    &[("bounded", bounded)],
                ));
            }
        }
    }
    out
}

/// Steps that give a text a smallest and a largest length.
const LEAST: &[&str] = &["min", "length", "nonempty", "minlength"];
const MOST: &[&str] = &["max", "length", "maxlength"];

/// So many others of the program have a bound.
const BOUNDED: usize = 1;

/// Facts of schemas of passwords: which bounds one lacks that others have.
pub(super) fn passwords(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut all: Vec<(Fact, bool, bool)> = Vec::new();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if origins.program.is_copy(func) {
            continue;
        }
        let is_password = |name: casemate_ir::Symbol| {
            let name = trace::flat(f.file.facts.str(name));
            name == "password" || name == "newpassword" || name == "currentpassword"
        };
        for instr in &f.func.instrs {
            let values: Vec<Operand> = match *instr {
                Instr::Object { parts, .. } => f
                    .func
                    .parts(parts)
                    .iter()
                    .filter(|part| matches!(part.key, PartKey::Field(name) if is_password(name)))
                    .map(|part| part.value)
                    .collect(),
                Instr::Copy { to, from } => {
                    let name = f.func.locals.get(to.index()).and_then(|local| local.name);
                    name.filter(|name| is_password(*name))
                        .map(|_| from)
                        .into_iter()
                        .collect()
                }
                Instr::StoreVar {
                    var: casemate_ir::VarRef::Global(global),
                    value,
                } => {
                    let binding = f.file.facts.globals.get(global.index());
                    binding
                        .filter(|b| is_password(b.name))
                        .map(|_| value)
                        .into_iter()
                        .collect()
                }
                _ => continue,
            };
            for value in values {
                let steps = chain(f, value);
                let text = steps.last().is_some_and(|(_, step)| *step == "string");
                let Some((at, _)) = steps.first().filter(|_| text) else {
                    continue;
                };
                let says = |names: &[&str]| steps.iter().any(|(_, step)| names.contains(step));
                let fact = trace::at(f, *at, "password.schema", "a password", &[]);
                // One schema may stand under several names.
                if all.iter().any(|(known, ..)| known.site == fact.site) {
                    continue;
                }
                all.push((fact, says(LEAST), says(MOST)));
            }
        }
    }
    let others = |has: fn(&(Fact, bool, bool)) -> bool| all.iter().filter(|one| has(one)).count();
    let (least, most) = (others(|one| one.1), others(|one| one.2));
    let bounded = |own: bool, others: usize, of: usize| {
        if !own && others >= BOUNDED && others * 2 >= of {
            FactValue::Bool(false)
        } else {
            FactValue::Bool(true)
        }
    };
    let count = all.len();
    all.iter()
        .map(|(fact, own_least, own_most)| Fact {
            values: vec![
                ("least".to_owned(), bounded(*own_least, least, count)),
                ("most".to_owned(), bounded(*own_most, most, count)),
            ],
            ..fact.clone()
        })
        .collect()
}

/// Where tokens are verified: whether what signing states is asked for.
pub(super) fn tokens(origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
    let mut issued = [false; 2];
    let mut out = Vec::new();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if origins.program.is_copy(func) {
            continue;
        }
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call {
                callee,
                this: Some(this),
                ..
            } = *instr
            else {
                continue;
            };
            if called(f, callee, Some(this)).0 != Some("sign") {
                continue;
            }
            let steps = chain(f, this);
            if !steps.iter().any(|(_, step)| *step == "setProtectedHeader") {
                continue;
            }
            let says = |name: &str| steps.iter().any(|(_, step)| *step == name);
            issued[0] |= says("setIssuer");
            issued[1] |= says("setAudience");
            let ends = says("setExpirationTime");
            out.push(trace::at(
                f,
                at,
                "token.signed",
                "SignJWT.sign",
                &[("ends", FactValue::Bool(ends))],
            ));
        }
    }
    let given = |value: Option<&FactValue>| match value {
        None | Some(FactValue::Absent | FactValue::Null) => FactValue::Bool(false),
        Some(FactValue::Unknown) => FactValue::Unknown,
        Some(_) => FactValue::Bool(true),
    };
    for fact in known {
        let stated = |name: &str| given(trace::value(fact, name)) == FactValue::Bool(true);
        if fact.fact == "jwt.sign" {
            issued[0] |= stated("issuer");
            issued[1] |= stated("audience");
        }
    }
    for fact in known.iter().filter(|fact| fact.fact == "jwt.verify") {
        let asked = |name: &str, issued: bool| {
            if issued {
                given(trace::value(fact, name))
            } else {
                FactValue::Absent
            }
        };
        out.push(Fact {
            fact: "token.asked".to_owned(),
            values: vec![
                ("issuer".to_owned(), asked("issuer", issued[0])),
                ("audience".to_owned(), asked("audience", issued[1])),
            ],
            ..fact.clone()
        });
    }
    out
}

/// The names of the calls that made a value, the last one first, with their places.
fn chain<'p>(f: FuncRef<'p>, value: Operand) -> Vec<(usize, &'p str)> {
    let mut out = Vec::new();
    let mut value = value;
    for _ in 0..CHAIN {
        let Some((at, Instr::Call { callee, this, .. })) = trace::made_by(f, value) else {
            break;
        };
        let Some(name) = called(f, *callee, *this).0 else {
            break;
        };
        out.push((at, name));
        let Some(this) = *this else {
            break;
        };
        value = this;
    }
    out
}
