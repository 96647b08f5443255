//! Variables: which function owns a symbol, and how another function reaches it.

use casemate_ir::{BlockId, CaptureId, FnId, FnKind, FunctionBuilder, GlobalId, LocalId, Symbol};
use oxc_ast::ast::{BlockStatement, Expression};
use oxc_semantic::{ScopeId, Scoping, SymbolFlags, SymbolId};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// The scopes of a file, folded to functions.
pub(crate) struct Scopes<'a> {
    pub(crate) scoping: &'a Scoping,
    /// By scope: the scope of the function around it.
    function_of: Vec<ScopeId>,
    /// Names of function expressions live in the function around them.
    moved: FxHashMap<SymbolId, FnId>,
    /// By symbol: its local, and the function that this is a local of.
    locals: Vec<Option<(FnId, LocalId)>>,
    /// By symbol: its module-level variable.
    globals: Vec<Option<GlobalId>>,
}

impl<'a> Scopes<'a> {
    pub(crate) fn new(scoping: &'a Scoping) -> Self {
        let root = scoping.root_scope_id();
        let mut function_of: Vec<ScopeId> = Vec::with_capacity(scoping.scopes_len());
        for scope in scoping.scope_descendants_from_root() {
            let flags = scoping.scope_flags(scope);
            let owner = if flags.is_function() || flags.is_top() {
                scope
            } else {
                let parent = scoping.scope_parent_id(scope).unwrap_or(root);
                function_of.get(parent.index()).copied().unwrap_or(root)
            };
            function_of.push(owner);
        }
        let symbols = scoping.symbols_len();
        Self {
            scoping,
            function_of,
            moved: FxHashMap::default(),
            locals: vec![None; symbols],
            globals: vec![None; symbols],
        }
    }

    /// The scope of the function that owns a scope.
    pub(crate) fn function_of(&self, scope: ScopeId) -> ScopeId {
        self.function_of
            .get(scope.index())
            .copied()
            .unwrap_or_else(|| self.scoping.root_scope_id())
    }

    /// The scope of the function that declares a symbol.
    pub(crate) fn owner(&self, symbol: SymbolId) -> ScopeId {
        self.function_of(self.scoping.symbol_scope_id(symbol))
    }

    /// Gives a symbol to a function that does not declare it.
    pub(crate) fn move_to(&mut self, symbol: SymbolId, function: FnId) {
        self.moved.insert(symbol, function);
    }

    /// Whether a function being lowered holds the variable of a symbol.
    pub(crate) fn holds(&self, frame: &Frame<'_>, symbol: SymbolId) -> bool {
        match self.moved.get(&symbol) {
            Some(&function) => frame.id == function,
            None => frame.scope == Some(self.owner(symbol)),
        }
    }

    /// The local of a symbol in a function.
    pub(crate) fn local(&self, symbol: SymbolId, function: FnId) -> Option<LocalId> {
        let (owner, local) = self.locals.get(symbol.index()).copied().flatten()?;
        (owner == function).then_some(local)
    }

    pub(crate) fn set_local(&mut self, symbol: SymbolId, function: FnId, local: LocalId) {
        if let Some(slot) = self.locals.get_mut(symbol.index()) {
            *slot = Some((function, local));
        }
    }

    pub(crate) fn global(&self, symbol: SymbolId) -> Option<GlobalId> {
        self.globals.get(symbol.index()).copied().flatten()
    }

    pub(crate) fn set_global(&mut self, symbol: SymbolId, global: GlobalId) {
        if let Some(slot) = self.globals.get_mut(symbol.index()) {
            *slot = Some(global);
        }
    }

    /// Symbols of the module level that code of other functions can reach, in order of declaration. `classes` are the scopes of classes at
    /// module level: their field initialisers run in the constructor.
    pub(crate) fn shared(
        &self,
        exported: &FxHashSet<SymbolId>,
        classes: &FxHashSet<ScopeId>,
    ) -> Vec<SymbolId> {
        let root = self.scoping.root_scope_id();
        self.scoping
            .symbol_ids()
            .filter(|&symbol| self.owner(symbol) == root)
            .filter(|&symbol| {
                let flags = self.scoping.symbol_flags(symbol);
                if flags.intersects(SymbolFlags::Import | SymbolFlags::TypeImport) {
                    return true;
                }
                if !flags.can_be_referenced_by_value() {
                    return false;
                }
                if exported.contains(&symbol) {
                    return true;
                }
                self.scoping.get_resolved_references(symbol).any(|r| {
                    let scope = r.scope_id();
                    scope != root
                        && (self.function_of(scope) != root || self.within(scope, classes))
                })
            })
            .collect()
    }

    fn within(&self, scope: ScopeId, classes: &FxHashSet<ScopeId>) -> bool {
        !classes.is_empty()
            && self
                .scoping
                .scope_ancestors(scope)
                .any(|s| classes.contains(&s))
    }
}

/// A variable that functions inside its owner can capture.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum VarKey {
    Symbol(SymbolId),
    This,
    Arguments,
    TemplateLocals,
}

/// What `this` is in a function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum This {
    /// The receiver.
    Own,
    /// That of the surroundings.
    Lexical,
    /// A free variable: module level.
    Free,
    /// A value: static initialisers of a class.
    Value(LocalId),
}

/// Something that `break`, `continue` and `return` leave.
pub(crate) enum Exit<'a> {
    Target {
        labels: SmallVec<[&'a str; 1]>,
        brk: BlockId,
        cont: Option<BlockId>,
        plain: bool,
    },
    Finally {
        body: &'a BlockStatement<'a>,
        unwind: Option<BlockId>,
    },
}

/// A field whose initialiser is part of the constructor.
pub(crate) struct FieldInit<'a> {
    pub(crate) key: FieldKey<'a>,
    pub(crate) value: &'a Expression<'a>,
    pub(crate) span: casemate_ir::Span,
}

/// The key of a field.
pub(crate) enum FieldKey<'a> {
    Name(Symbol),
    Computed(&'a Expression<'a>),
}

/// What a constructor does before its own code, or after `super()`.
#[derive(Default)]
pub(crate) struct Prologue<'a> {
    pub(crate) parameters: Vec<(Symbol, LocalId, casemate_ir::Span)>,
    pub(crate) fields: Vec<FieldInit<'a>>,
}

/// A function being lowered.
pub(crate) struct Frame<'a> {
    pub(crate) builder: FunctionBuilder,
    pub(crate) id: FnId,
    pub(crate) scope: Option<ScopeId>,
    pub(crate) kind: FnKind,
    pub(crate) this: This,
    pub(crate) captures: FxHashMap<VarKey, CaptureId>,
    pub(crate) exits: Vec<Exit<'a>>,
    /// Labels that stand directly before the statement that comes next.
    pub(crate) labels: SmallVec<[&'a str; 1]>,
    pub(crate) prologue: Option<Prologue<'a>>,
    /// Copies of `finally` bodies so far.
    pub(crate) copies: u32,
}

impl Frame<'_> {
    pub(crate) fn new(id: FnId, scope: Option<ScopeId>, kind: FnKind) -> Self {
        let this = match kind {
            FnKind::Module | FnKind::Template => This::Free,
            FnKind::Arrow => This::Lexical,
            _ => This::Own,
        };
        let mut builder = FunctionBuilder::new();
        builder.function.kind = kind;
        Self {
            builder,
            id,
            scope,
            kind,
            this,
            captures: FxHashMap::default(),
            exits: Vec::new(),
            labels: SmallVec::new(),
            prologue: None,
            copies: 0,
        }
    }
}
