//! Definitions of databases in SQL: the statements of migrations, replayed in order, up to the tables that stand in the end.
//!
//! What is read is what protects rows: tables, their columns and references, row level security, its policies. PostgreSQL's
//! language, of which the others know the half.
//!
//! Invariants
//! - Reading never fails and never panics: a statement that is not understood is passed over.
//! - Nothing here knows a rule; whether a policy is a flaw is for others to say.
//! - What a later migration takes back is not there.

mod condition;
mod replay;
pub mod token;

pub use condition::Condition;
pub use replay::{Command, Database, Grant, Place, Policy, Reference, Table};

use casemate_ir::{FactsBuilder, FileFacts};

/// Larger texts are dumps of data, and are not read.
pub const MAX_BYTES: usize = 2 << 20;

/// The facts of a file of SQL: a module in which nothing happens, so that its places have a file.
#[must_use]
pub fn lower(text: &str) -> FileFacts {
    FactsBuilder::nothing(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_module() {
        let facts = lower("create table a (b int);");
        assert_eq!(facts.functions.len(), 1);
        assert!(casemate_ir::validate(&facts).is_empty());
    }
}
