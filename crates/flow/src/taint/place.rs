//! Symbolic places: a base and a bounded access path.

use crate::limits;
use crate::program::ClassIdx;
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::LocalId;

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
}

impl PortBase {
    /// Whether the base means the same in every function.
    #[must_use]
    pub const fn is_absolute(self) -> bool {
        matches!(
            self,
            Self::Global(_) | Self::Instance(_) | Self::Var(..) | Self::Store(_) | Self::Named(_)
        )
    }
}

/// A base and up to [`limits::ACCESS_PATH`] members.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PortPath {
    /// The base.
    pub base: PortBase,
    path: [Sym; limits::ACCESS_PATH],
    len: u8,
}

impl PortPath {
    /// The base itself.
    #[must_use]
    pub const fn root(base: PortBase) -> Self {
        Self {
            base,
            path: [Sym::ANY; limits::ACCESS_PATH],
            len: 0,
        }
    }

    /// The members.
    #[must_use]
    pub fn members(&self) -> &[Sym] {
        self.path.get(..self.len as usize).unwrap_or(&[])
    }

    /// One member further. A repeated or too long path ends in "any member", which covers all below.
    #[must_use]
    pub fn member(mut self, sym: Sym) -> Self {
        let len = self.len as usize;
        // The records of a store are alike: which one is read says nothing.
        if len == 0
            && matches!(self.base, PortBase::Store(_))
            && (sym == Sym::ANY || sym.as_index().is_some())
        {
            return self;
        }
        if len > 0 && self.path.get(len - 1) == Some(&Sym::ANY) {
            return self;
        }
        if let Some(slot) = self.path.get_mut(len) {
            *slot = if len + 1 == limits::ACCESS_PATH {
                Sym::ANY
            } else {
                sym
            };
            self.len += 1;
        }
        self
    }

    /// The path without its last member, and that member.
    #[must_use]
    pub fn split(mut self) -> Option<(Self, Sym)> {
        let last = self.members().last().copied()?;
        self.len -= 1;
        if let Some(slot) = self.path.get_mut(self.len as usize) {
            *slot = Sym::ANY;
        }
        Some((self, last))
    }
}
