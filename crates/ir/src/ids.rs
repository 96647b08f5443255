//! Ids and spans. Every id is a `u32` index into a table of the same file.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The id as an index.
            #[inline]
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            #[inline]
            fn from(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }
        }
    };
}

id!(
    /// A string: index into [`FileFacts::strings`](crate::FileFacts::strings).
    Symbol
);
id!(
    /// A constant: index into [`FileFacts::consts`](crate::FileFacts::consts).
    ConstId
);
id!(
    /// A function of the file; `FnId(0)` is the module body.
    FnId
);
id!(
    /// A class of the file.
    ClassId
);
id!(
    /// A local variable or temporary of one function.
    LocalId
);
id!(
    /// A basic block of one function; `BlockId(0)` is the entry.
    BlockId
);
id!(
    /// A module-level variable that some nested function uses, or an import binding.
    GlobalId
);
id!(
    /// An import of the file.
    ImportId
);
id!(
    /// A variable of an enclosing function: index into [`Function::captures`](crate::Function::captures).
    CaptureId
);

/// A byte range of the source text.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from `start` to `end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }
}
