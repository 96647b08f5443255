//! Servers of Node.js that wait for a request as long as whoever sends it likes: the time for one is set to none.

use super::trace::{argument, at, made_by, texts};
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Const, Instr, Key, Operand};

/// The setting that bounds a whole request; the one for headers alone leaves bodies open.
const SETTING: &str = "requestTimeout";

/// One fact for each place where the time is set to none.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for func in origins.program.function_ids() {
        if origins.program.is_copy(func) {
            continue;
        }
        let f = origins.program.func(func);
        let of_node = |value: Operand, called: &str| {
            let texts = texts(origins, func, value);
            texts.iter().any(|text| {
                text.starts_with("node:http") && text.ends_with(called)
                    || text.starts_with("npm:express") && text.ends_with(".listen()")
            })
        };
        for (index, instr) in f.func.instrs.iter().enumerate() {
            let endless = match *instr {
                Instr::Store {
                    base,
                    key: Key::Field(name),
                    value,
                } => {
                    f.file.facts.str(name) == SETTING
                        && is_zero(f, value)
                        && of_node(base, ".createServer()")
                }
                Instr::Call { callee, args, .. } => argument(f, f.func.args(args), 0, "options")
                    .is_some_and(|options| {
                        sets_none(f, options) && of_node(callee, ".createServer")
                    }),
                _ => false,
            };
            if endless {
                let values = [("limited", FactValue::Bool(false))];
                out.push(at(f, index, "request.patience", SETTING, &values));
            }
        }
    }
    out
}

fn is_zero(f: FuncRef<'_>, value: Operand) -> bool {
    matches!(value, Operand::Const(id)
        if matches!(f.file.facts.constant(id), Const::Number(bits) if f64::from_bits(*bits) == 0.0))
}

fn sets_none(f: FuncRef<'_>, options: Operand) -> bool {
    let Some((_, Instr::Object { parts, .. })) = made_by(f, options) else {
        return false;
    };
    f.func.parts(*parts).iter().any(|part| {
        matches!(part.key, casemate_ir::PartKey::Field(name) if f.file.facts.str(name) == SETTING)
            && is_zero(f, part.value)
    })
}
