//! API paths and ports: `root step*`.

mod text;

pub use text::{PathError, PathScope};

use serde::{Deserialize, Serialize};

/// A path as written in a row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ApiPath {
    /// Where it starts.
    pub root: Root,
    /// What follows.
    pub steps: Vec<Step>,
}

/// Where a path starts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Root {
    /// `npm:express`, `js:Promise`
    Package(String),
    /// `@req` of the library `express`: `express/req`
    Type(String),
}

/// One step of an API path. `.await` is no step: a promise and its value are one (see ARCHITECTURE).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Step {
    /// `.name`
    Member(String),
    /// `.*`, `[*]`, a computed member.
    AnyMember,
    /// `[0]`
    Index(u32),
    /// `()`
    Call,
    /// `.new()`
    New,
    /// `.arg(i)` of a function that is called here.
    Arg(ArgIndex),
    /// `.param(i)` of a function value.
    Param(u32),
    /// `.ret` of a function value.
    Ret,
    /// `.error` of a promise or callback.
    Error,
    /// `.this` inside a function value.
    This,
    /// `.sub`: subclasses.
    Sub,
    /// `.deco`: the declaration that it decorates.
    Deco,
    /// `.registered(arg(0))`: the value registered under that string elsewhere.
    Registered,
}

/// Which argument.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum ArgIndex {
    /// `0`
    At(u32),
    /// `1..`
    From(u32),
    /// `-1`: 1 is the last.
    FromEnd(u32),
    /// `..-1`: all before the last.
    Before(u32),
    /// `'kw'`
    Keyword(String),
    /// `0/'kw'`
    AtOrKeyword(u32, String),
}

/// A place relative to a matched call or value: `arg(0).**`, `ret.data`, `this`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Port {
    /// Where it starts.
    pub base: PortBase,
    /// Members from there.
    pub steps: Vec<PortStep>,
    /// `.**`: any depth below.
    pub deep: bool,
}

/// Where a port starts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum PortBase {
    /// An argument of the call.
    Arg(ArgIndex),
    /// The receiver.
    This,
    /// The result.
    Ret,
    /// The matched value itself (rows on members, not calls).
    Value,
    /// The error of a callback or promise.
    Error,
    /// Data of the store that the receiver stands for.
    Store,
    /// Some other path, resolved by the linker (`@req.user`).
    Path(String),
}

/// A step of a port.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum PortStep {
    /// `.name`
    Member(String),
    /// `[0]`
    Index(u32),
    /// `.*`, `[*]`
    Any,
    /// `[arg(0)]`: the member that this argument names.
    Key(u32),
    /// `[+]`: the position after the last one.
    Next,
    /// `[-]`: the position that the first argument names (the last without one) is taken out; those after it move down.
    Removed,
    /// `.param(i)` of a function there.
    Param(u32),
    /// What a function there returns.
    Ret,
}
