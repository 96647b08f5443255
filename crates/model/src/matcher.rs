//! All rows as one automaton over API paths.

mod assume;
mod build;

pub use assume::{FactOf, Known};

use crate::kind::{Kinds, SourceKind};
use crate::load::{LoadError, ModelFile, read_folder};
use crate::path::{ArgIndex, PortStep, Step};
use crate::row::{EntryRow, ExportRow, Role, Row, SourceKindRef};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// A state of the automaton.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct StateId(pub u32);

/// A row's index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RowId(pub u32);

/// The states that a path leads to, sorted; empty: no model speaks of anything below it.
pub type States = SmallVec<[StateId; 4]>;

/// All models, compiled.
///
/// A state stands for a place in a trie of paths. Named types are tries of their own; a state at which a type's path ends
/// *joins* the type's root, and every set of states that this type hands out is closed under joins.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Models {
    kinds: Kinds,
    rows: Vec<Row>,
    nodes: Vec<Node>,
    edges: Vec<(Step, StateId)>,
    ends: Vec<RowId>,
    closures: Vec<StateId>,
    roots: BTreeMap<String, StateId>,
    types: BTreeMap<String, StateId>,
    core: BTreeMap<String, BTreeMap<String, Vec<StateId>>>,
    /// The packages whose version decides, of rows with `versions`.
    versioned: BTreeMap<RowId, Vec<String>>,
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Models({} rows, {} states)",
            self.rows.len(),
            self.nodes.len()
        )
    }
}

/// Ranges into the lists of [`Models`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Node {
    edges: (u32, u32),
    ends: (u32, u32),
    closure: (u32, u32),
    is_type: bool,
}

/// The bytes are not those of compiled models of this version.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the compiled models cannot be read: {0}")]
pub struct BlobError(String);

/// Methods of promises and lists. `findAll()[*]` is a record, and `findAll().then` is none.
const METHODS: [&str; 7] = [
    "then", "catch", "finally", "forEach", "map", "flatMap", "reduce",
];

impl Models {
    /// Compiles model files. Their order does not matter.
    ///
    /// # Errors
    /// Types that no file declares.
    pub fn compile(files: Vec<ModelFile>, kinds: Kinds) -> Result<Self, Vec<LoadError>> {
        Self {
            kinds,
            ..Self::default()
        }
        .extended(files)
    }

    /// These models and further files, such as a project's own.
    ///
    /// # Errors
    /// Types that no file declares.
    pub fn extended(self, files: Vec<ModelFile>) -> Result<Self, Vec<LoadError>> {
        build::extend(self, files)
    }

    /// Reads and compiles `kinds.toml` and all model files below a folder.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    pub fn load_folder(folder: &Path) -> Result<Self, Vec<LoadError>> {
        let (kinds, files) = read_folder(folder)?;
        Self::compile(files, kinds)
    }

    /// All of it as bytes, for embedding.
    ///
    /// # Errors
    /// It is larger than memory allows.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BlobError> {
        postcard::to_stdvec(self).map_err(|error| BlobError(error.to_string()))
    }

    /// What [`Models::to_bytes`] gave.
    ///
    /// # Errors
    /// The bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BlobError> {
        postcard::from_bytes(bytes).map_err(|error| BlobError(error.to_string()))
    }

    /// The list of kinds.
    #[must_use]
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// All rows in order.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The members that rows write: a program must know their names, even where its files do not have them.
    pub fn written_members(&self) -> impl Iterator<Item = &str> {
        let ports = self.rows.iter().filter_map(|row| match &row.role {
            Role::Flow { to, .. } | Role::Clean { to, .. } => Some(to),
            _ => None,
        });
        ports
            .flat_map(|port| &port.steps)
            .filter_map(|step| match step {
                PortStep::Member(name) => Some(name.as_str()),
                _ => None,
            })
    }

    /// The rows of handlers that are found by file and name.
    pub fn exported_entries(&self) -> impl Iterator<Item = (&EntryRow, &ExportRow)> {
        self.rows.iter().filter_map(|row| match &row.role {
            Role::Entry(entry) => Some((entry, entry.export.as_ref()?)),
            _ => None,
        })
    }

    /// A row.
    #[must_use]
    pub fn row(&self, id: RowId) -> Option<&Row> {
        self.rows.get(id.0 as usize)
    }

    /// The packages of npm that some model speaks of, in order.
    pub fn packages(&self) -> impl Iterator<Item = &str> {
        self.roots
            .keys()
            .filter_map(|root| root.strip_prefix("npm:"))
    }

    /// The states of a root: `npm:express`, `node:fs`, `js:Promise`, `py:flask`.
    #[must_use]
    pub fn root(&self, root: &str) -> States {
        self.roots
            .get(root)
            .map(|state| self.closure(*state).into())
            .unwrap_or_default()
    }

    /// The states of a named type: `@express/req` or `express/req`.
    #[must_use]
    pub fn named_type(&self, name: &str) -> States {
        let name = name.strip_prefix('@').unwrap_or(name);
        self.types
            .get(name)
            .map(|state| self.closure(*state).into())
            .unwrap_or_default()
    }

    /// The states one step further, types joined in.
    ///
    /// A member or index also follows `.*`, unless it is a method of every promise or list; an argument follows ranges, and positions or keywords that name it. A subclass
    /// is whatever its base is.
    #[must_use]
    pub fn step(&self, from: &States, step: &Step) -> States {
        let mut to = States::new();
        for state in from {
            let edges = self.edges_of(*state);
            if let Ok(found) = edges.binary_search_by(|(edge, _)| edge.cmp(step)) {
                self.join(&mut to, edges.get(found));
            }
            match step {
                Step::Member(name) if METHODS.contains(&name.as_str()) => {}
                Step::Member(_) | Step::Index(_) => {
                    if let Ok(found) =
                        edges.binary_search_by(|(edge, _)| edge.cmp(&Step::AnyMember))
                    {
                        self.join(&mut to, edges.get(found));
                    }
                }
                Step::Arg(concrete) => {
                    for edge in edges {
                        if matches!(&edge.0, Step::Arg(row) if stands_for(row, concrete)) {
                            self.join(&mut to, Some(edge));
                        }
                    }
                }
                Step::Sub => to.push(*state),
                _ => {}
            }
        }
        to.sort_unstable();
        to.dedup();
        to
    }

    /// The rows whose path ends in this state.
    #[must_use]
    pub fn rows_at(&self, state: StateId) -> &[RowId] {
        self.nodes
            .get(state.0 as usize)
            .map_or(&[], |node| slice(&self.ends, node.ends))
    }

    /// The rows that speak of a call, sorted: those at the function itself and those whose path ends in `()`; for `new`,
    /// those whose path ends in `.new()`. Guards are left out where the path ends in the call: their row speaks of the
    /// result. A neutral row is left out where any other speaks.
    #[must_use]
    pub fn rows_of_call(&self, function: &States, new: bool) -> Vec<RowId> {
        let result = self.step(function, if new { &Step::New } else { &Step::Call });
        let of_result = |id: &RowId| {
            self.row(*id)
                .is_some_and(|row| !matches!(row.role, Role::Guard { .. }))
        };
        let mut rows: Vec<RowId> = Vec::new();
        if !new {
            rows.extend(function.iter().flat_map(|state| self.rows_at(*state)));
        }
        for state in &result {
            // What a type's root says of itself is said of every value of that type, not of this call.
            if !self
                .nodes
                .get(state.0 as usize)
                .is_some_and(|node| node.is_type)
            {
                rows.extend(self.rows_at(*state).iter().copied().filter(of_result));
            }
        }
        rows.sort_unstable();
        rows.dedup();
        let neutral = |id: &RowId| self.row(*id).is_some_and(|row| row.role == Role::Neutral);
        if rows.iter().any(|id| !neutral(id)) {
            rows.retain(|id| !neutral(id));
        }
        rows
    }

    /// The states of a method of core types, for receivers that nothing is known of: every `js:T.prototype.name`.
    #[must_use]
    pub fn core_method(&self, language: &str, name: &str) -> States {
        let states = self.core.get(language).and_then(|names| names.get(name));
        states
            .map(|states| states.as_slice().into())
            .unwrap_or_default()
    }

    /// The kind of a source row, where `last_member` is the last member of the path that reached it.
    #[must_use]
    pub fn source_kind(&self, row: &Row, last_member: &str) -> Option<SourceKind> {
        match &row.role {
            Role::Source {
                kind: SourceKindRef::Fixed(kind),
                ..
            } => Some(*kind),
            Role::Source {
                kind: SourceKindRef::Named,
                ..
            } => self.kinds.named_source(last_member),
            _ => None,
        }
    }

    fn edges_of(&self, state: StateId) -> &[(Step, StateId)] {
        self.nodes
            .get(state.0 as usize)
            .map_or(&[], |node| slice(&self.edges, node.edges))
    }

    fn closure(&self, state: StateId) -> &[StateId] {
        self.nodes
            .get(state.0 as usize)
            .map_or(&[], |node| slice(&self.closures, node.closure))
    }

    fn join(&self, to: &mut States, edge: Option<&(Step, StateId)>) {
        if let Some((_, state)) = edge {
            to.extend_from_slice(self.closure(*state));
        }
    }
}

/// Whether the argument of a row, not written the same, means the concrete one.
fn stands_for(row: &ArgIndex, concrete: &ArgIndex) -> bool {
    match (row, concrete) {
        (ArgIndex::From(n), ArgIndex::At(i)) => n <= i,
        (ArgIndex::AtOrKeyword(n, _), ArgIndex::At(i)) => n == i,
        (ArgIndex::AtOrKeyword(_, name), ArgIndex::Keyword(keyword)) => name == keyword,
        _ => false,
    }
}

/// An index as stored: models of four thousand million states do not exist.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn slice<T>(list: &[T], (from, to): (u32, u32)) -> &[T] {
    list.get(from as usize..to as usize).unwrap_or_default()
}

#[cfg(test)]
#[path = "matcher/tests.rs"]
mod tests;
