//! Whether a connection whose statements are all written out sees secrets, as facts.
//!
//! The statements of the function that asks for it are read. A function that has none hands the connection to others, so
//! that any statement of the program may run on it.

use super::trace::text;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Instr, Operand};

/// What a statement begins with.
const VERBS: [&str; 6] = ["select", "insert", "update", "delete", "replace", "merge"];

/// Parts of the names of columns that hold what nobody else may read.
const SECRETS: [&str; 11] = [
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "otp",
    "api_key",
    "apikey",
    "card",
    "ssn",
    "iban",
];

/// One fact for each place that has the statements of a connection written out.
pub(super) fn traced(origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
    known
        .iter()
        .filter(|fact| fact.fact == "database.trace")
        .map(|fact| {
            let statements = statements(origins.program.func(fact.function));
            let secrets =
                statements.is_empty() || statements.iter().any(|statement| names_secret(statement));
            Fact {
                fact: "database.traced".to_owned(),
                values: vec![("secrets".to_owned(), FactValue::Bool(secrets))],
                ..fact.clone()
            }
        })
        .collect()
}

/// The texts of a function that look like SQL, in lower case.
fn statements(f: FuncRef<'_>) -> Vec<String> {
    let constants = f.func.instrs.iter().flat_map(|instr| match *instr {
        Instr::Call { args, .. } => f.func.args(args).iter().map(|arg| arg.value).collect(),
        Instr::Template { operands, .. } | Instr::Op { operands, .. } => {
            f.func.operands(operands).to_vec()
        }
        Instr::Copy { from, .. } => vec![from],
        _ => Vec::<Operand>::new(),
    });
    constants
        .filter_map(|operand| text(f, operand))
        .map(|text| text.trim_start().to_lowercase())
        .filter(|text| VERBS.iter().any(|verb| text.starts_with(verb)))
        .collect()
}

/// A statement names a column of secrets. What it only reads is not written out, what it looks for or stores is: `select *`
/// and lists of columns before `from` do not count.
fn names_secret(statement: &str) -> bool {
    let bound = match statement.split_once(" from ") {
        Some((_, rest)) if statement.starts_with("select") => rest,
        _ => statement,
    };
    SECRETS.iter().any(|word| bound.contains(word))
}
