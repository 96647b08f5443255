//! Kinds: `models/kinds.toml` is the only list.

mod list;

pub use list::{Fact, Format, Kinds, Unknown};

use serde::{Deserialize, Serialize};

/// A sink kind (`sql`, `command.shell`): index into the list of sink kinds, below [`KindSet::KINDS`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct SinkKind(pub u8);

impl SinkKind {
    /// Stands for a kind that a list lacks: no set has it.
    #[expect(clippy::cast_possible_truncation, reason = "far below 256")]
    pub const NONE: Self = Self(KindSet::KINDS as u8 - 1);
}

/// A source kind (`http.query`): index into the list of source kinds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct SourceKind(pub u8);

/// A set of sink kinds: what a value is clean *for*.
///
/// Kinds are the lower [`KindSet::KINDS`] bits. The upper ones are the analysis's own: what else it knows of the text (characters that
/// it lacks, quotes that are escaped), which follows a value in the same way.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct KindSet(pub u128);

impl KindSet {
    /// The most sink kinds that fit.
    pub const KINDS: u32 = 76;
    /// No kind.
    pub const EMPTY: Self = Self(0);
    /// Every kind.
    pub const ALL: Self = Self((1 << Self::KINDS) - 1);
    /// The set with one kind.
    #[must_use]
    pub const fn of(kind: SinkKind) -> Self {
        Self(1 << kind.0)
    }
    /// Whether the kind is in the set.
    #[must_use]
    pub const fn has(self, kind: SinkKind) -> bool {
        self.0 & (1 << kind.0) != 0
    }
    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// What is in this set and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
    /// What both have.
    #[must_use]
    pub const fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    /// What holds whichever of both holds, of sets that hold more than kinds in their upper bits: what serves no kind at all
    /// leaves what is noted of the other.
    #[must_use]
    pub const fn meet(self, other: Self) -> Self {
        match (self.covers(Self::ALL), other.covers(Self::ALL)) {
            (true, false) => other,
            (false, true) => self,
            _ => self.intersect(other),
        }
    }
    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// Whether everything of `other` is in the set.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What a value can be. Each shape clears kinds (a number carries no SQL): the table is in `kinds.toml`.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// An object may arrive where a string was meant.
    #[default]
    Structured,
    /// A string.
    String,
    /// A string, and certainly not something that holds strings: nothing can be read off it.
    Text,
    /// A number.
    Number,
    /// A truth value.
    Bool,
    /// A date.
    Date,
    /// One of a fixed list.
    Enum,
    /// An object whose members the program has declared.
    Declared,
}
