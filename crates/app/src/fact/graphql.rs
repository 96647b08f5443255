//! Handlers that answer GraphQL with the library itself: whether the program keeps the schema back.

use super::application::same_unit;
use super::header::value;
use super::trace;
use crate::model::Endpoint;
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Instr, Key};

/// The rule of validation that refuses questions about the schema.
const CLOSING: &str = "NoSchemaIntrospectionCustomRule";

/// Calls from a handler down to what holds documents against a schema.
const DEPTH: usize = 3;

/// One fact for each place where the document of a client is held against a schema.
pub(super) fn answers(
    origins: &Solver<'_, '_>,
    endpoints: &[Endpoint],
    known: &[Fact],
) -> Vec<Fact> {
    let checks: Vec<&Fact> = known
        .iter()
        .filter(|fact| fact.fact == "graphql.rules")
        .collect();
    if checks.is_empty() {
        return Vec::new();
    }
    let answering = |func: FuncId| {
        endpoints.iter().any(|e| {
            let reached = trace::reached(origins, &e.handlers, DEPTH);
            reached.is_some_and(|reached| reached.contains(&func))
        })
    };
    let closing: Vec<_> = origins
        .program
        .function_ids()
        .map(|func| origins.program.func(func))
        .filter(|f| {
            f.func.instrs.iter().any(|instr| match *instr {
                Instr::Import {
                    name: Some(name), ..
                }
                | Instr::Load {
                    key: Key::Field(name),
                    ..
                } => f.file.facts.str(name) == CLOSING,
                _ => false,
            })
        })
        .map(|f| f.file_idx)
        .collect();
    checks
        .into_iter()
        .filter(|check| answering(check.function))
        .map(|check| {
            let closed = closing
                .iter()
                .any(|file| same_unit(origins, *file, check.site.file));
            Fact {
                fact: "graphql.answer".to_owned(),
                values: vec![
                    ("closed".to_owned(), FactValue::Bool(closed)),
                    ("hides".to_owned(), value(check, "hides").clone()),
                ],
                ..check.clone()
            }
        })
        .collect()
}
