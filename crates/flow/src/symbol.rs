//! Strings of all files, once.

use rustc_hash::FxHashMap;

/// A string of the program. Numbers depend on file order only, never on threads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Sym(pub u32);

impl Sym {
    /// "Any member": a computed key, an element at an unknown position.
    pub const ANY: Self = Self(u32::MAX);
    /// The position after the last one of a list; only for writing.
    pub const NEXT: Self = Self(u32::MAX - 1);
    /// A position that is taken out of a list; only for writing.
    pub const REMOVED: Self = Self(u32::MAX - 2);
    /// First number of the indices.
    const INDEX: u32 = 0xFF00_0000;

    /// A constant index.
    #[must_use]
    pub const fn index(index: u32) -> Self {
        if index > 0xFF {
            Self::ANY
        } else {
            Self(Self::INDEX + index)
        }
    }

    /// The constant index that this is.
    #[must_use]
    pub const fn as_index(self) -> Option<u32> {
        if self.0 >= Self::INDEX && self.0 < Self::REMOVED.0 {
            Some(self.0 - Self::INDEX)
        } else {
            None
        }
    }
}

/// The table.
#[derive(Default, Debug)]
pub struct Symbols {
    texts: Vec<Box<str>>,
    ids: FxHashMap<Box<str>, Sym>,
}

impl Symbols {
    /// The symbol of a text.
    pub fn intern(&mut self, text: &str) -> Sym {
        if let Some(&sym) = self.ids.get(text) {
            return sym;
        }
        let sym = Sym(u32::try_from(self.texts.len()).unwrap_or(Sym::INDEX - 1));
        self.texts.push(text.into());
        self.ids.insert(text.into(), sym);
        sym
    }

    /// The symbol of a text, if some file has it.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Sym> {
        self.ids.get(text).copied()
    }

    /// The text.
    #[must_use]
    pub fn text(&self, sym: Sym) -> &str {
        self.texts.get(sym.0 as usize).map_or("*", |s| s)
    }
}
