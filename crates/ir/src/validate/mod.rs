//! What every front end must keep: invariants with names, for tests and fuzzing.
//!
//! | invariant | says |
//! |---|---|
//! | `module-first` | function 0, and it alone, is the body of the file |
//! | `tables-unique` | no string or constant stands twice |
//! | `…-in-range` | every symbol, constant, function, class, global, import, capture, local and pool range exists |
//! | `parent-chain` | parents lead to function 0 |
//! | `capture-exists` | a capture names a variable of the parent, which is marked as captured |
//! | `closure-in-parent` | a function value is made by the parent of its function |
//! | `class-in-owner` | a class value is made by the owner of the class |
//! | `class-members` | constructor and members are functions of the right kind and class; fields have none |
//! | `class-context` | a function says it belongs to a class exactly where the class lists it |
//! | `has-entry`, `blocks-in-order` | blocks exist and their instructions follow one another without gaps |
//! | `block-target` | terminators and handlers lead to blocks that exist |
//! | `spans-match`, `span-ordered` | one span for each instruction; no span ends before it starts |
//! | `temp-once` | no two instructions assign one temporary, and it is no parameter |
//! | `temp-defined` | on every path a temporary is assigned before it is read |
//! | `catch-in-handler` | `catch` is the first instruction of a handler |
//! | `this-kind`, `arguments-kind`, `param-kind` | receiver, `arguments` and parameters are locals of their kind, and no others are |
//! | `arrow-this` | arrows have no receiver of their own |
//! | `stats` | the counts are right |

mod body;
mod defined;
mod file;

use crate::facts::{FileFacts, TypeRef};
use crate::function::Function;
use crate::ids::{ConstId, FnId, Span, Symbol};
use crate::instr::{Operand, VarRef};

/// An invariant that some facts break.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The name of the invariant.
    pub invariant: &'static str,
    /// The function where it is broken; absent: the file.
    pub function: Option<FnId>,
    /// What and where.
    pub detail: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.invariant)?;
        if let Some(FnId(function)) = self.function {
            write!(f, " in f{function}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// All invariants that the facts break.
#[must_use]
pub fn validate(facts: &FileFacts) -> Vec<Violation> {
    let mut checker = Checker {
        facts,
        function: None,
        violations: Vec::new(),
    };
    checker.file();
    for (i, function) in facts.functions.iter().enumerate() {
        checker.function = Some(FnId::from(i));
        checker.function_head(FnId::from(i), function);
        checker.body(function);
        checker.defined(function);
    }
    checker.violations
}

struct Checker<'a> {
    facts: &'a FileFacts,
    function: Option<FnId>,
    violations: Vec<Violation>,
}

impl Checker<'_> {
    fn require(&mut self, holds: bool, invariant: &'static str, detail: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(Violation {
                invariant,
                function: self.function,
                detail: detail(),
            });
        }
    }

    fn symbol(&mut self, symbol: Symbol) {
        let len = self.facts.strings.len();
        self.require(symbol.index() < len, "symbol-in-range", || {
            format!("{symbol:?} of {len}")
        });
    }
    fn symbols(&mut self, symbols: impl IntoIterator<Item = Symbol>) {
        symbols.into_iter().for_each(|it| self.symbol(it));
    }
    fn constant(&mut self, id: ConstId) {
        let len = self.facts.consts.len();
        self.require(id.index() < len, "const-in-range", || {
            format!("{id:?} of {len}")
        });
    }
    fn function_id(&mut self, id: FnId) {
        let len = self.facts.functions.len();
        self.require(id.index() < len, "function-in-range", || {
            format!("{id:?} of {len}")
        });
    }
    fn span(&mut self, span: Span) {
        self.require(span.start <= span.end, "span-ordered", || {
            format!("{span:?}")
        });
    }

    fn operand(&mut self, operand: Operand, function: &Function, context: &str) {
        match operand {
            Operand::Const(id) => self.constant(id),
            Operand::Local(id) => {
                let len = function.locals.len();
                self.require(id.index() < len, "local-in-range", || {
                    format!("{id:?} of {len} in {context}")
                });
            }
        }
    }
    fn var(&mut self, var: VarRef, function: Option<&Function>) {
        match var {
            VarRef::Free(name) => self.symbol(name),
            VarRef::Global(id) => {
                let len = self.facts.globals.len();
                self.require(id.index() < len, "global-in-range", || {
                    format!("{id:?} of {len}")
                });
            }
            VarRef::Captured(id) => {
                // The type of a field or global may name a variable of a function around, which is not told here.
                let Some(function) = function else { return };
                let len = function.captures.len();
                self.require(id.index() < len, "capture-in-range", || {
                    format!("{id:?} of {len}")
                });
            }
        }
    }
    fn ty(&mut self, ty: Option<&TypeRef>, function: Option<&Function>) {
        let Some(ty) = ty else { return };
        if let Some(binding) = ty.binding {
            self.var(binding, function);
        }
        self.symbols(
            ty.path
                .iter()
                .copied()
                .chain(ty.wrapper)
                .chain(ty.primitive),
        );
    }
}
