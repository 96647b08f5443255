//! Symbolic places: a base and a bounded access path.

use crate::apipath::PathId;
use crate::limits;
use crate::program::ClassIdx;
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::LocalId;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU8;

/// Where a symbolic place starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PortBase {
    /// A parameter of the function.
    Param(u16),
    /// Its receiver.
    This,
    /// A variable that it captures.
    Capture(u32),
    /// The result of one of its callback uses.
    Callback(u32),
    /// A module-level variable: the same for all functions.
    Global(u32),
    /// The instance of a class that a framework or a module holds: the same for all functions.
    Instance(ClassIdx),
    /// A captured variable whose closure is not at hand: the same for all functions.
    Var(FuncId, LocalId),
    /// A named store (table, collection), [`Sym::ANY`] where its name is not known: the same for all functions.
    Store(Sym),
    /// A variable that no scope declares: the same for all functions.
    Named(Sym),
    /// The object of this type with which a framework calls all functions of a chain: a request, its answer, their context.
    Handed(PathId),
    /// The session of whoever asks: the same for all functions, as what one request puts there another reads.
    Session,
}

impl PortBase {
    /// Whether the base means the same in every function.
    #[must_use]
    pub const fn is_absolute(self) -> bool {
        matches!(
            self,
            Self::Global(_)
                | Self::Instance(_)
                | Self::Var(..)
                | Self::Store(_)
                | Self::Named(_)
                | Self::Handed(_)
                | Self::Session
        )
    }

    /// The base as a number, in the same order.
    const fn number(self) -> u64 {
        let (rank, value) = match self {
            Self::Param(index) => (0, index as u64),
            Self::This => (1, 0),
            Self::Capture(index) => (2, index as u64),
            Self::Callback(index) => (3, index as u64),
            Self::Global(index) => (4, index as u64),
            Self::Instance(class) => (5, class.0 as u64),
            // A function has fewer than 2^28 locals: it has fewer bytes.
            Self::Var(func, local) => (6, (func.0 as u64) << 28 | local.0 as u64),
            Self::Store(name) => (7, name.0 as u64),
            Self::Named(name) => (8, name.0 as u64),
            Self::Handed(path) => (9, path.0 as u64),
            Self::Session => (10, 0),
        };
        rank << 60 | value
    }

    const fn of_number(number: u64) -> Self {
        let value = number as u32;
        match number >> 60 {
            0 => Self::Param(value as u16),
            1 => Self::This,
            2 => Self::Capture(value),
            3 => Self::Callback(value),
            4 => Self::Global(value),
            5 => Self::Instance(ClassIdx(value)),
            6 => Self::Var(
                FuncId((number >> 28) as u32),
                LocalId(value & ((1 << 28) - 1)),
            ),
            7 => Self::Store(Sym(value)),
            8 => Self::Named(Sym(value)),
            9 => Self::Handed(PathId(value)),
            _ => Self::Session,
        }
    }
}

/// A base and up to [`limits::ACCESS_PATH`] members. Values are sorted by places all the time, so places are compared as
/// numbers; the order is that of base, members, length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PortPath {
    base: u64,
    path: [Sym; limits::ACCESS_PATH],
    /// One more than the number of members, so that an [`Option`] or another variant takes no room.
    len: NonZeroU8,
}

impl PortPath {
    const fn number(&self) -> u128 {
        let [a, b, c, d] = self.path;
        (a.0 as u128) << 96 | (b.0 as u128) << 64 | (c.0 as u128) << 32 | d.0 as u128
    }
}

impl Ord for PortPath {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.base
            .cmp(&other.base)
            .then_with(|| self.number().cmp(&other.number()))
            .then(self.len.cmp(&other.len))
    }
}

impl PartialOrd for PortPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for PortPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let path = self.number();
        state.write_u64(self.base);
        state.write_u64((path >> 64) as u64);
        state.write_u64(path as u64 ^ u64::from(self.len.get()));
    }
}

impl fmt::Debug for PortPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{:?}", self.base(), self.members())
    }
}

impl PortPath {
    /// The base itself.
    #[must_use]
    pub const fn root(base: PortBase) -> Self {
        Self {
            base: base.number(),
            path: [Sym::ANY; limits::ACCESS_PATH],
            len: NonZeroU8::MIN,
        }
    }

    /// The base.
    #[must_use]
    pub const fn base(&self) -> PortBase {
        PortBase::of_number(self.base)
    }

    /// The same members of another base.
    #[must_use]
    pub const fn with_base(mut self, base: PortBase) -> Self {
        self.base = base.number();
        self
    }

    const fn count(&self) -> usize {
        self.len.get() as usize - 1
    }

    /// The members.
    #[must_use]
    pub fn members(&self) -> &[Sym] {
        self.path.get(..self.count()).unwrap_or(&[])
    }

    /// One member further. A path that is too long ends in "any member", which covers all below.
    #[must_use]
    pub fn member(mut self, sym: Sym) -> Self {
        let len = self.count();
        // The records of a store are alike: which one is read says nothing.
        if len == 0
            && matches!(self.base(), PortBase::Store(_))
            && (sym == Sym::ANY || sym.as_index().is_some())
        {
            return self;
        }
        // Any member of any member is any member.
        let last = len.checked_sub(1).and_then(|last| self.path.get(last));
        if last == Some(&Sym::ANY) && (sym == Sym::ANY || len == limits::ACCESS_PATH) {
            return self;
        }
        if let Some(slot) = self.path.get_mut(len) {
            *slot = if len + 1 == limits::ACCESS_PATH {
                Sym::ANY
            } else {
                sym
            };
            self.len = self.len.saturating_add(1);
        }
        self
    }

    /// The path without its last member, and that member.
    #[must_use]
    pub fn split(mut self) -> Option<(Self, Sym)> {
        let last = self.members().last().copied()?;
        self.len = NonZeroU8::new(self.len.get() - 1)?;
        let end = self.count();
        if let Some(slot) = self.path.get_mut(end) {
            *slot = Sym::ANY;
        }
        Some((self, last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_bases_members_length() {
        let bases = [
            PortBase::Param(3),
            PortBase::Param(u16::MAX),
            PortBase::This,
            PortBase::Capture(u32::MAX),
            PortBase::Callback(1),
            PortBase::Global(7),
            PortBase::Instance(ClassIdx(u32::MAX)),
            PortBase::Var(FuncId(2), LocalId(9)),
            PortBase::Var(FuncId(u32::MAX), LocalId(0)),
            PortBase::Store(Sym::ANY),
            PortBase::Named(Sym(0)),
            PortBase::Handed(PathId(3)),
        ];
        assert!(bases.is_sorted());
        let mut all = Vec::new();
        for base in bases {
            let root = PortPath::root(base);
            assert_eq!(root.base(), base);
            let a = root.member(Sym(1));
            all.extend([
                root,
                a,
                a.member(Sym(5)),
                root.member(Sym::ANY),
                root.member(Sym(2)).member(Sym(0)),
            ]);
            assert_eq!(a.split(), Some((root, Sym(1))));
            assert_eq!(root.split(), None);
        }
        let key = |p: &PortPath| (p.base(), p.path, p.len);
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
            assert_eq!(a.cmp(b), key(a).cmp(&key(b)), "{a:?} {b:?}");
        }
        assert_eq!(size_of::<Option<PortPath>>(), size_of::<PortPath>());
    }
}
