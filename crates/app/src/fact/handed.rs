//! Tokens against forged requests whose cookie scripts can read, although the program hands the token out in an answer.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::Instr;

/// Functions that make a token, set its cookie, and give the token back.
const MAKERS: &[&str] = &["generateCsrfToken", "generateToken", "csrfToken"];

/// One fact for each protection that says whether scripts may read its cookie. `known`: what calls say of configuration.
pub(super) fn of(origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
    let mut protections = known
        .iter()
        .filter(|fact| fact.fact == "csrf" && trace::value(fact, "readable").is_some())
        .peekable();
    if protections.peek().is_none() {
        return Vec::new();
    }
    let program = origins.program;
    let handed = program.function_ids().any(|func| {
        let f = program.func(func);
        f.func.instrs.iter().any(|instr| {
            matches!(*instr, Instr::Call { to, callee, this, .. }
                if trace::called(f, callee, this).0.is_some_and(|name| MAKERS.contains(&name))
                    && trace::is_read(f, to))
        })
    });
    protections
        .map(|fact| {
            let readable = trace::value(fact, "readable").cloned();
            Fact {
                fact: "csrf.cookie".to_owned(),
                site: fact.site,
                function: fact.function,
                callee: fact.callee.clone(),
                values: vec![
                    (
                        "readable".to_owned(),
                        readable.unwrap_or(FactValue::Unknown),
                    ),
                    ("handed".to_owned(), FactValue::Bool(handed)),
                ],
            }
        })
        .collect()
}
