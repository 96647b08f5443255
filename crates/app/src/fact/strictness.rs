//! Schemas of what clients send that let members pass which they do not name, where nearly all others refuse them.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Instr, PartKey};

/// The parts of a request that have schemas of their own; headers always hold more than is named.
const PARTS: &[&str] = &["body", "query", "params"];

/// So many strict ones make a habit, at so many for each loose one.
const HABIT: usize = 4;

/// One fact for each schema of a part of a request, in programs in which strict ones are the habit.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut schemas: Vec<(Fact, bool)> = Vec::new();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if origins.program.is_copy(func) {
            continue;
        }
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Object { parts, .. } = *instr else {
                continue;
            };
            for part in f.func.parts(parts) {
                let PartKey::Field(name) = part.key else {
                    continue;
                };
                let name = f.file.facts.str(name);
                if !PARTS.contains(&name) {
                    continue;
                }
                let texts = trace::texts(origins, func, part.value);
                let made = texts
                    .iter()
                    .find(|text| text.starts_with("npm:zod") && text.contains("bject("));
                if let Some(made) = made {
                    let loose = made.contains(".object(") && !made.contains(".strict(");
                    let at = trace::made_by(f, part.value).map_or(at, |(at, _)| at);
                    schemas.push((trace::at(f, at, "schema.strict", name, &[]), !loose));
                }
            }
        }
    }
    let strictly = schemas.iter().filter(|(_, strict)| *strict).count();
    let loosely = schemas.len() - strictly;
    if strictly < HABIT || strictly < HABIT * loosely {
        return Vec::new();
    }
    schemas
        .into_iter()
        .map(|(fact, strict)| Fact {
            values: vec![("strict".to_owned(), FactValue::Bool(strict))],
            ..fact
        })
        .collect()
}
