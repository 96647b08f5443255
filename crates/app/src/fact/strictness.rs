//! Schemas of what clients send that let members pass which they do not name, where nearly all others refuse them.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, Site};
use casemate_ir::{Instr, PartKey};

/// The parts of a request that have schemas of their own; headers always hold more than is named.
const PARTS: &[&str] = &["body", "query", "params"];

/// So many strict ones make a habit, at so many for each loose one.
const HABIT: usize = 4;

/// So many strict ones of the same part make it a habit for that part.
const ALIKE: usize = 2;

/// One fact for each schema of a part of a request, in programs in which strict ones are the habit.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut schemas: Vec<(Fact, bool)> = Vec::new();
    let mut back: Vec<Site> = Vec::new();
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
                    let by = trace::made_by(f, part.value);
                    let at = by.map_or(at, |(at, _)| at);
                    if by.is_some_and(|(_, made)| comes_back(f, made)) {
                        back.push(trace::at(f, at, "", name, &[]).site);
                    }
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
    let alike = |part: &str| {
        let of_part = schemas
            .iter()
            .filter(|(fact, _)| fact.callee == part && !back.contains(&fact.site));
        let strictly = of_part.clone().filter(|(_, strict)| *strict).count();
        strictly >= ALIKE && (of_part.count() - strictly) * ALIKE <= strictly
    };
    let parts: Vec<(&str, bool)> = PARTS.iter().map(|part| (*part, alike(part))).collect();
    schemas
        .into_iter()
        .map(|(fact, strict)| {
            let alike = parts
                .iter()
                .any(|(part, alike)| *part == fact.callee && *alike)
                && !back.contains(&fact.site);
            Fact {
                values: vec![
                    ("strict".to_owned(), FactValue::Bool(strict)),
                    ("alike".to_owned(), FactValue::Bool(alike)),
                ],
                ..fact
            }
        })
        .collect()
}

/// It describes what another service sends a browser back with, which adds what it likes.
fn comes_back(f: FuncRef<'_>, made: &Instr) -> bool {
    let Instr::Call { args, .. } = *made else {
        return false;
    };
    let described = f
        .func
        .args(args)
        .first()
        .and_then(|arg| trace::made_by(f, arg.value));
    let Some((_, Instr::Object { parts, .. })) = described else {
        return false;
    };
    let has = |wanted: &str| {
        f.func.parts(*parts).iter().any(
            |part| matches!(part.key, PartKey::Field(name) if f.file.facts.str(name) == wanted),
        )
    };
    // A state alone is a column of many tables; what comes back with it is an answer or the reason why there is none.
    has("RelayState")
        || has("SAMLResponse")
        || (has("state") && ["code", "error", "id_token"].iter().any(|with| has(with)))
}
