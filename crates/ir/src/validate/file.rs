//! Invariants of the file: tables, imports, exports, classes, the heads of functions.

use super::Checker;
use crate::facts::{ClassDef, Const, ExportKind, Member, MemberKind};
use crate::function::{Capture, Decorator, FnKind, Function, LocalKind};
use crate::ids::{ClassId, FnId, ImportId};
use crate::instr::Instr;
use rustc_hash::FxHashSet;

impl Checker<'_> {
    pub(super) fn file(&mut self) {
        let facts = self.facts;
        let strings: FxHashSet<_> = facts.strings.iter().collect();
        self.require(
            strings.len() == facts.strings.len(),
            "tables-unique",
            || "a string stands twice".to_owned(),
        );
        let mut constants = FxHashSet::default();
        for constant in &facts.consts {
            match *constant {
                Const::Str(it) | Const::Other(it) => self.symbol(it),
                Const::Regex(it) => self.symbols([it.pattern, it.flags]),
                Const::Undefined | Const::Null | Const::Bool(_) | Const::Number(_) => {}
            }
            let key = format!("{constant:?}");
            self.require(!constants.contains(&key), "tables-unique", || {
                format!("{key} stands twice")
            });
            constants.insert(key);
        }
        self.modules();
        for import in &facts.imports {
            self.symbols(import.specifier);
            self.span(import.span);
        }
        for global in &facts.globals {
            self.symbol(global.name);
            self.ty(global.ty.as_ref(), None);
        }
        for export in &facts.exports {
            self.symbol(export.name);
            match export.kind {
                ExportKind::Variable(global) => {
                    self.var(crate::instr::VarRef::Global(global), None)
                }
                ExportKind::All(import) => self.import(import),
                ExportKind::From(import, name) => {
                    self.import(import);
                    self.symbols(name);
                }
            }
        }
        for (i, class) in facts.classes.iter().enumerate() {
            self.class(ClassId::from(i), class);
        }
        let instrs: usize = facts.functions.iter().map(|it| it.instrs.len()).sum();
        let all = facts.functions.iter().flat_map(|it| &it.instrs);
        let opaque = all.filter(|it| matches!(it, Instr::Opaque { .. })).count();
        let told = (facts.stats.instrs as usize, facts.stats.opaque as usize);
        self.require(told == (instrs, opaque), "stats", || {
            format!("{told:?} but {instrs} and {opaque}")
        });
    }

    fn modules(&mut self) {
        let body = |it: &Function| matches!(it.kind, FnKind::Module | FnKind::Template);
        let first = self
            .facts
            .functions
            .first()
            .is_some_and(|it| body(it) && it.parent.is_none());
        self.require(first, "module-first", || {
            "function 0 is not the body of the file".to_owned()
        });
        for (i, function) in self.facts.functions.iter().enumerate().skip(1) {
            self.require(!body(function), "module-first", || {
                format!("f{i} is a second body of the file")
            });
        }
    }

    pub(super) fn import(&mut self, id: ImportId) {
        let len = self.facts.imports.len();
        self.require(id.index() < len, "import-in-range", || {
            format!("{id:?} of {len}")
        });
    }

    fn class(&mut self, id: ClassId, class: &ClassDef) {
        let ClassId(number) = id;
        self.symbols(class.name);
        self.span(class.span);
        self.function_id(class.owner);
        self.function_id(class.constructor);
        let owner = self.facts.function(class.owner);
        self.decorators(&class.decorators, owner);
        if let Some(constructor) = self.facts.function(class.constructor) {
            let right = constructor.kind == FnKind::Constructor && constructor.class == Some(id);
            self.require(right, "class-members", || {
                format!("constructor of c{number} is {:?}", constructor.kind)
            });
        }
        for member in &class.members {
            self.symbol(member.name);
            self.span(member.span);
            self.decorators(&member.decorators, owner);
            self.ty(member.ty.as_ref(), None);
            self.member(id, member);
        }
    }

    fn member(&mut self, class: ClassId, member: &Member) {
        let ClassId(number) = class;
        let name = self.facts.str(member.name);
        let Some(func) = member.func else {
            // An abstract or declared method has no body.
            return;
        };
        self.function_id(func);
        let Some(function) = self.facts.function(func) else {
            return;
        };
        let expected = match member.kind {
            MemberKind::Method => FnKind::Method,
            MemberKind::Getter => FnKind::Getter,
            MemberKind::Setter => FnKind::Setter,
            MemberKind::Field => {
                self.require(false, "class-members", || {
                    format!("field `{name}` of c{number} has a function")
                });
                return;
            }
        };
        let kind = function.kind;
        let right = kind == expected && function.class == Some(class);
        self.require(right, "class-members", || {
            format!("`{name}` of c{number} is {kind:?} of {:?}", function.class)
        });
    }

    pub(super) fn function_head(&mut self, id: FnId, function: &Function) {
        self.symbols(function.name);
        self.span(function.span);
        self.span(function.head);
        self.ty(function.returns.as_ref(), Some(function));
        let parent = function.parent.and_then(|it| self.facts.function(it));
        self.decorators(&function.decorators, parent);
        self.parents(id);
        if let Some(class) = function.class {
            let Some(class) = self.facts.class(class) else {
                self.require(false, "class-in-range", || {
                    format!("{class:?} of {}", self.facts.classes.len())
                });
                return;
            };
            let listed =
                class.constructor == id || class.members.iter().any(|it| it.func == Some(id));
            self.require(listed, "class-context", || {
                "its class does not list it".to_owned()
            });
        }
        for (i, capture) in function.captures.iter().enumerate() {
            let exists = match (parent, capture) {
                (None, _) => false,
                (Some(parent), Capture::Local(local)) => parent
                    .locals
                    .get(local.index())
                    .is_some_and(|it| it.captured),
                (Some(parent), Capture::Outer(outer)) => outer.index() < parent.captures.len(),
            };
            self.require(exists, "capture-exists", || format!("k{i} = {capture:?}"));
        }
        for local in &function.locals {
            self.symbols(local.name);
            self.ty(local.ty.as_ref(), Some(function));
        }
        for param in &function.params {
            self.symbols(param.name);
            self.ty(param.ty.as_ref(), Some(function));
            self.decorators(&param.decorators, parent);
        }
        self.special_locals(function);
    }

    fn parents(&mut self, id: FnId) {
        let mut at = id;
        for _ in 0..self.facts.functions.len() {
            match self.facts.function(at).map(|it| it.parent) {
                Some(Some(parent)) => at = parent,
                Some(None) => break,
                None => {
                    self.function_id(at);
                    return;
                }
            }
        }
        self.require(at.index() == 0, "parent-chain", || {
            format!("ends at {at:?}")
        });
    }

    fn special_locals(&mut self, function: &Function) {
        let kind = |it: usize| function.locals.get(it).map(|it| it.kind);
        if let Some(this) = function.this {
            self.require(
                kind(this.index()) == Some(LocalKind::This),
                "this-kind",
                || format!("{this:?}"),
            );
            self.require(function.kind != FnKind::Arrow, "arrow-this", || {
                format!("{this:?}")
            });
        }
        if let Some(arguments) = function.arguments {
            let right = kind(arguments.index()) == Some(LocalKind::Arguments);
            self.require(right, "arguments-kind", || format!("{arguments:?}"));
        }
        let mut params = FxHashSet::default();
        for param in &function.params {
            let right = matches!(
                kind(param.local.index()),
                Some(LocalKind::Param | LocalKind::Temp)
            );
            self.require(right, "param-kind", || {
                format!("{:?} is {:?}", param.local, kind(param.local.index()))
            });
            self.require(params.insert(param.local), "param-kind", || {
                format!("{:?} stands twice", param.local)
            });
        }
        for (i, local) in function.locals.iter().enumerate() {
            let is = |id: Option<crate::ids::LocalId>| id.is_some_and(|it| it.index() == i);
            match local.kind {
                LocalKind::This => self.require(is(function.this), "this-kind", || {
                    format!("%{i} is not its receiver")
                }),
                LocalKind::Arguments => {
                    self.require(is(function.arguments), "arguments-kind", || {
                        format!("%{i} is not its `arguments`")
                    });
                }
                LocalKind::Param => {
                    let listed = params.iter().any(|it| it.index() == i);
                    self.require(listed, "param-kind", || format!("%{i} is no parameter"));
                }
                LocalKind::Temp | LocalKind::Named => {}
            }
        }
    }

    fn decorators(&mut self, decorators: &[Decorator], owner: Option<&Function>) {
        for decorator in decorators {
            self.span(decorator.span);
            match owner {
                Some(owner) => self.operand(decorator.value, owner, "a decorator"),
                None => self.require(false, "local-in-range", || {
                    "a decorator without a function around".to_owned()
                }),
            }
        }
    }
}
