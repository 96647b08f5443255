//! Abstract values and their sets.

use crate::apipath::PathId;
use crate::limits;
use crate::program::ClassIdx;
use crate::result::{FileIdx, FuncId};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// What a place may hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Val {
    /// A function of the program.
    Func(FuncId),
    /// A class of the program.
    Class(ClassIdx),
    /// An instance of a class.
    Instance(ClassIdx),
    /// What `new f()` makes of a plain function.
    FnInstance(FuncId),
    /// `f.prototype`.
    Proto(FuncId),
    /// An object or array made by an instruction of a function (`u32::MAX` downwards: rest parameters and `arguments`).
    Object(FuncId, u32),
    /// The ES module namespace of a file.
    Namespace(FileIdx),
    /// CommonJS `module` of a file.
    Module(FileIdx),
    /// The first `module.exports` of a file.
    Exports(FileIdx),
    /// A value of a package.
    Api(PathId),
    /// Any of the many functions that an instruction may read under a key that only the run knows.
    Members(FuncId, u32),
    /// Whatever does its work through a value: the client that was given a transport.
    Through(ValId),
}

/// An interned value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ValId(pub u32);

/// The values of one place, in order of arrival, without duplicates.
pub type ValSet = SmallVec<[ValId; 4]>;

/// The table of values.
#[derive(Default)]
pub struct Vals {
    list: Vec<Val>,
    ids: FxHashMap<Val, ValId>,
}

impl Vals {
    /// The id of a value.
    pub fn id(&mut self, val: Val) -> ValId {
        *self.ids.entry(val).or_insert_with(|| {
            self.list.push(val);
            ValId(u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX))
        })
    }

    /// The value of an id.
    #[must_use]
    pub fn get(&self, id: ValId) -> Option<Val> {
        self.list.get(id.0 as usize).copied()
    }

    /// The id of a value that some place holds.
    #[must_use]
    pub fn find(&self, val: Val) -> Option<ValId> {
        self.ids.get(&val).copied()
    }
}

/// Adds a value; `None` when the set is full.
pub fn add(set: &mut ValSet, val: ValId) -> Option<bool> {
    if set.contains(&val) {
        return Some(false);
    }
    if set.len() >= limits::ORIGIN_VALUES {
        return None;
    }
    set.push(val);
    Some(true)
}
