//! The function being lowered: its names, its inner scopes, and what jumps leave.

use casemate_ir::{BlockId, CaptureId, FnId, FnKind, FunctionBuilder, LocalId, Operand};
use ruff_python_ast::Stmt;
use rustc_hash::FxHashMap;

/// What a name of a function is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bound {
    /// A local; made when it is first met.
    Local(Option<LocalId>),
    /// A variable of the module.
    Global,
    /// A variable of a function around this one.
    Nonlocal,
}

/// A scope inside a function whose code is that of the function.
pub(crate) struct Scope<'a> {
    /// A class body: its names are not seen by the functions in it.
    pub(crate) is_class: bool,
    /// Its names; those of a class body in order of first binding stand in `order`.
    pub(crate) names: FxHashMap<&'a str, LocalId>,
    /// Names in order of first binding.
    pub(crate) order: Vec<&'a str>,
    /// Methods of a class body, by name.
    pub(crate) methods: FxHashMap<&'a str, FnId>,
}

impl Scope<'_> {
    pub(crate) fn new(is_class: bool) -> Self {
        Self {
            is_class,
            names: FxHashMap::default(),
            order: Vec::new(),
            methods: FxHashMap::default(),
        }
    }
}

/// Something that `break`, `continue` and `return` leave.
pub(crate) enum Exit<'a> {
    /// A loop.
    Loop { brk: BlockId, cont: BlockId },
    /// A `finally`.
    Finally {
        body: &'a [Stmt],
        unwind: Option<BlockId>,
    },
}

/// A function being lowered.
pub(crate) struct Frame<'a> {
    pub(crate) builder: FunctionBuilder,
    pub(crate) id: FnId,
    pub(crate) kind: FnKind,
    pub(crate) names: FxHashMap<&'a str, Bound>,
    pub(crate) scopes: Vec<Scope<'a>>,
    /// By owner (index of the frame) and local.
    pub(crate) captures: FxHashMap<(usize, LocalId), CaptureId>,
    pub(crate) exits: Vec<Exit<'a>>,
    /// Exceptions being handled, the innermost last.
    pub(crate) caught: Vec<Operand>,
    /// In a function that a decorator makes a context manager: what it yields is what entering gives.
    pub(crate) manager: Option<LocalId>,
    /// Copies of `finally` bodies so far.
    pub(crate) copies: u32,
}

impl Frame<'_> {
    pub(crate) fn new(id: FnId, kind: FnKind) -> Self {
        let mut builder = FunctionBuilder::new();
        builder.function.kind = kind;
        Self {
            builder,
            id,
            kind,
            names: FxHashMap::default(),
            scopes: Vec::new(),
            captures: FxHashMap::default(),
            exits: Vec::new(),
            caught: Vec::new(),
            manager: None,
            copies: 0,
        }
    }
}
