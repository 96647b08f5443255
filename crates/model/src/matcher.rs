//! All rows as one automaton over API paths.

use crate::path::Step;
use crate::row::Row;
use smallvec::SmallVec;

/// A state of the automaton.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StateId(pub u32);

/// A row's index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RowId(pub u32);

/// The states that a path leads to, sorted; empty: no model speaks of anything below it.
pub type States = SmallVec<[StateId; 4]>;

/// All models, compiled.
#[derive(Default)]
pub struct Models {
    rows: Vec<Row>,
}

impl Models {
    /// The states of a root: `npm:express`, `node:fs`, `js:Promise`, `py:flask`.
    #[must_use]
    pub fn root(&self, _root: &str) -> States {
        States::new()
    }
    /// The states of a named type: `@express/req`.
    #[must_use]
    pub fn named_type(&self, _name: &str) -> States {
        States::new()
    }
    /// The states one step further, types joined in.
    #[must_use]
    pub fn step(&self, _from: &States, _step: &Step) -> States {
        States::new()
    }
    /// The rows whose path ends in this state.
    #[must_use]
    pub fn rows_at(&self, _state: StateId) -> &[RowId] {
        &[]
    }
    /// A row.
    #[must_use]
    pub fn row(&self, id: RowId) -> Option<&Row> {
        self.rows.get(id.0 as usize)
    }
    /// The states of a method of core types, for receivers that nothing is known of: every `js:T.prototype.name`.
    #[must_use]
    pub fn core_method(&self, _language: &str, _name: &str) -> States {
        States::new()
    }
}
