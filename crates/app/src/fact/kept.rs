//! Settings of a connection that say who asks and stay on it when it goes back into the pool, and bounds of what is kept in memory that
//! are none.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Const, Instr, Key, Operand, PartKey};

/// Names of how large something may be.
const SIZES: &[&str] = &[
    "maxbytes",
    "maxfilesize",
    "maxsize",
    "filesizelimit",
    "maxuploadsize",
    "maxbodysize",
    "bodylimit",
];

/// From so many bytes on, a few requests fill the memory of a machine.
const TOO_MANY: f64 = 500_000_000.0;

/// Parts of names of settings that say who asks.
const WHO: &[&str] = &[
    "user",
    "tenant",
    "role",
    "org",
    "account",
    "actor",
    "workspace",
    "customer",
];

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    let mut sizes: Vec<(String, Fact)> = Vec::new();
    let mut limits: Vec<String> = Vec::new();
    for f in trace::functions(origins) {
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let mut session = None;
            f.func.each_read(instr, |operand| {
                if let Operand::Const(id) = operand
                    && let Const::Str(text) = f.file.facts.constant(id)
                {
                    session = session.or_else(|| identifies(f.file.facts.str(*text)));
                }
            });
            if let Some(ends) = session {
                let values = [("ends", FactValue::Bool(ends))];
                out.push(trace::at(
                    f,
                    at,
                    "connection.setting",
                    "set_config",
                    &values,
                ));
            }
            let Instr::Object { parts, .. } = *instr else {
                continue;
            };
            for part in f.func.parts(parts) {
                let PartKey::Field(name) = part.key else {
                    continue;
                };
                let name = trace::flat(f.file.facts.str(name));
                if name == "limit"
                    && let Some((
                        _,
                        Instr::Load {
                            key: Key::Field(member),
                            ..
                        },
                    )) = trace::made_by(f, part.value)
                {
                    limits.push(trace::flat(f.file.facts.str(*member)));
                }
                if SIZES.contains(&name.as_str())
                    && let Operand::Const(id) = part.value
                    && let Const::Number(value) = f.file.facts.constant(id)
                {
                    let values = [(
                        "bounded",
                        FactValue::Bool(f64::from_bits(*value) < TOO_MANY),
                    )];
                    let fact = trace::at(f, at, "memory.bound", &name, &values);
                    sizes.push((name, fact));
                }
            }
        }
    }
    out.extend(
        sizes
            .into_iter()
            .filter(|(name, _)| limits.contains(name))
            .map(|(_, fact)| fact),
    );
    out
}

/// Whether all settings of a statement that say who asks end with its transaction; absent: there is none.
fn identifies(text: &str) -> Option<bool> {
    let lower = text.to_ascii_lowercase();
    let mut found = None;
    for call in lower.split("set_config(").skip(1) {
        let end = call.find(')')?;
        let args: Vec<&str> = call.get(..end)?.split(',').map(str::trim).collect();
        let [name, .., local] = args.as_slice() else {
            continue;
        };
        if name.contains('.') && WHO.iter().any(|who| name.contains(who)) {
            match *local {
                "false" | "'f'" => return Some(false),
                "true" | "'t'" => found = Some(true),
                _ => {}
            }
        }
    }
    found
}
