//! Signatures that are none: a field with that name is filled with a text, or a part, of the secret itself.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Instr, OpKind, Operand, PartKey};

/// How names end of what signatures are made with.
const SECRETS: &[&str] = &["secret", "secretkey", "signingkey", "privatekey", "hmackey"];

/// Methods that give the same again in another form, or a part of it.
const FORMS: &[&str] = &[
    "tostring",
    "slice",
    "substring",
    "substr",
    "subarray",
    "replace",
    "trim",
    "touppercase",
    "tolowercase",
    "concat",
    "encode",
    "decode",
    "hex",
    "join",
    "tojson",
    "valueof",
];

/// Steps from a value back to what it is made of.
const STEPS: usize = 8;

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for f in trace::functions(origins) {
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Object { parts, .. } = *instr else {
                continue;
            };
            for part in f.func.parts(parts) {
                let PartKey::Field(name) = part.key else {
                    continue;
                };
                let name = f.file.facts.str(name);
                if trace::flat(name).ends_with("signature") && shows_secret(f, part.value, STEPS) {
                    let values = [("shows", FactValue::Bool(true))];
                    out.push(trace::at(f, at, "signature.made", name, &values));
                }
            }
        }
    }
    out
}

/// The value is a secret, or a text in which one stands.
fn shows_secret(f: FuncRef<'_>, value: Operand, steps: usize) -> bool {
    if steps == 0 || !matches!(value, Operand::Local(_)) {
        return false;
    }
    let named = || {
        crate::object::key::variable(f, value)
            .map(trace::flat)
            .is_some_and(|name| SECRETS.iter().any(|word| name.ends_with(word)))
    };
    match trace::made_by(f, value) {
        Some((
            _,
            Instr::Template { operands, .. }
            | Instr::Op {
                op: OpKind::Add | OpKind::ToString,
                operands,
                ..
            },
        )) => {
            let mut pieces = f.func.operands(*operands).iter();
            pieces.any(|piece| shows_secret(f, *piece, steps - 1))
        }
        Some((
            _,
            Instr::Call {
                callee,
                this: Some(this),
                ..
            },
        )) => {
            let name = trace::called(f, *callee, Some(*this)).0.map(trace::flat);
            name.is_some_and(|name| FORMS.contains(&name.as_str()))
                && shows_secret(f, *this, steps - 1)
        }
        Some((_, Instr::Load { .. })) | None => named(),
        Some(_) => false,
    }
}
