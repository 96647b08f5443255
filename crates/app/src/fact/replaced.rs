//! Answers that are replaced, where there is none, by the one that the check after them always accepts:
//! `const type = typeOf(content) ?? TYPES[0]; if (!TYPES.includes(type))`.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Instr, Key, OpKind, Operand};

/// Parts of names of what looks at content and says what it is.
const LOOKS: &[&str] = &[
    "type", "mime", "detect", "sniff", "guess", "magic", "format",
];

/// How many values are gone through for one.
const STEPS: usize = 12;

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for f in trace::functions(origins) {
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let asked = match *instr {
                Instr::Call {
                    callee,
                    this: Some(this),
                    args,
                    ..
                } if matches!(
                    trace::called(f, callee, Some(this)).0,
                    Some("includes" | "has" | "indexOf")
                ) =>
                {
                    let first = f.func.args(args).first();
                    first.map(|arg| (arg.value, this))
                }
                Instr::Op {
                    op: OpKind::In,
                    operands,
                    ..
                } => match *f.func.operands(operands) {
                    [value, list] => Some((value, list)),
                    _ => None,
                },
                _ => None,
            };
            let Some((value, list)) = asked else {
                continue;
            };
            let all = made(f, value);
            let accepted = all.iter().any(|instr| {
                matches!(**instr, Instr::Load { base, key: Key::Index(_), .. } if same(f, base, list))
            });
            let looked = all.iter().any(|instr| looks(f, instr));
            if accepted && looked {
                let values = [("kind", FactValue::Str("replaced".to_owned()))];
                let name = crate::object::key::variable(f, list).unwrap_or("a list");
                out.push(trace::at(f, at, "check.constant", name, &values));
            }
        }
    }
    out
}

/// What may have made a value, over all ways.
fn made<'p>(f: FuncRef<'p>, value: Operand) -> Vec<&'p Instr> {
    let mut out = Vec::new();
    let mut left = vec![value];
    let mut steps = 0;
    while let Some(Operand::Local(local)) = left.pop() {
        steps += 1;
        if steps > STEPS {
            break;
        }
        for (_, instr) in f.writers(local) {
            match *instr {
                Instr::Copy { from, .. } | Instr::Await { from, .. } => left.push(from),
                _ => out.push(instr),
            }
        }
    }
    out
}

/// What looks at content, or a member of what that gives.
fn looks(f: FuncRef<'_>, instr: &Instr) -> bool {
    match *instr {
        Instr::Call { callee, this, .. } => trace::called(f, callee, this).0.is_some_and(|name| {
            let name = trace::flat(name);
            LOOKS.iter().any(|word| name.contains(word))
        }),
        Instr::Load {
            base,
            key: Key::Field(_) | Key::Index(_),
            ..
        } => made(f, base)
            .iter()
            .any(|instr| matches!(instr, Instr::Call { .. }) && looks(f, instr)),
        _ => false,
    }
}

fn same(f: FuncRef<'_>, a: Operand, b: Operand) -> bool {
    let name = |value| crate::object::key::variable(f, value);
    a == b || name(a).is_some_and(|known| Some(known) == name(b))
}
