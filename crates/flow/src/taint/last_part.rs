//! The last part of a path that a function of the program puts together: `def path_of(name): return os.path.join(FOLDER, name)`. Whether it
//! stays in the folder depends on what the caller gives.

use super::charset::CharSet;
use super::kinds::{KindIds, lacks};
use super::value::{Origin, Taint, Value};
use casemate_model::expr::Expr;
use casemate_model::kind::KindSet;
use casemate_model::row::Row;

/// The mark of what a caller gives as the last part of a path: without separators, it stays in the folder before it. Of two ways it holds
/// where it holds of both.
pub(super) const LAST_PART: u16 = 1 << 9;

/// What is asked of the last part of a path, in conditions of rows: has it no separators?
pub(super) const FLAT: &str = "__flat";

/// Whether nothing of a text separates parts of a path.
pub(super) fn is_flat(taint: &Taint) -> bool {
    taint.clean.covers(lacks(CharSet::of("/\\")))
}

/// Whether a row speaks of what is not known to be flat, while another one cleans what is.
pub(super) fn of_last_part(row: &Row) -> bool {
    matches!(&row.when, Some(Expr::Not(asked)) if matches!(&**asked, Expr::Path(path) if path.ends_with(FLAT)))
}

/// A value that became the last part of a path, with the mark where a caller gave it.
pub(super) fn as_last_part(mut value: Value) -> Value {
    value.taints = value.map_taints(|t| {
        let last = if matches!(t.origin, Origin::Port(_)) {
            LAST_PART
        } else {
            0
        };
        Some(Taint {
            notes: t.notes | last,
            ..t
        })
    });
    value
}

impl KindIds {
    /// For what else a caller's text is clean where a function was given it under these notes.
    #[must_use]
    pub(super) fn cleared_as_last_part(&self, arriving: &Taint, notes: u16) -> KindSet {
        if notes & LAST_PART != 0 && is_flat(arriving) {
            self.paths()
        } else {
            KindSet::EMPTY
        }
    }
}
