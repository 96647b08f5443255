//! One form for facts that mean the same: tables in order of use, pools in order of the instructions.
//!
//! A front end may open blocks and add to pools in any order. The canonical form drops what nothing refers to, so two facts
//! are the same program when their canonical forms are equal; it is what the text form reads back.

use crate::build::FactsBuilder;
use crate::facts::{
    Binding, ClassDef, Const, Export, FileFacts, Import, Member, RegexConst, TypeRef,
};
use crate::function::{Decorator, Function, Local, Param};
use crate::ids::{ConstId, Symbol};
use crate::instr::{Arg, ArgKey, Instr, Key, Operand, Part, PartKey, Range32, Term, VarRef};

impl FileFacts {
    /// The same facts with strings and constants in order of use and every pool in order of its instructions.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut renumber = Renumber {
            old: self,
            new: FactsBuilder::default(),
        };
        let facts = Self {
            language: self.language,
            strings: Vec::new(),
            consts: Vec::new(),
            imports: self.imports.iter().map(|it| renumber.import(it)).collect(),
            globals: self.globals.iter().map(|it| renumber.binding(it)).collect(),
            exports: self.exports.iter().map(|it| renumber.export(it)).collect(),
            classes: self.classes.iter().map(|it| renumber.class(it)).collect(),
            functions: self
                .functions
                .iter()
                .map(|it| renumber.function(it))
                .collect(),
            is_module: self.is_module,
            notes: self.notes.clone(),
            comments: self.comments.clone(),
            stats: self.stats.clone(),
        };
        let tables = renumber.new.facts;
        let mut builder = FactsBuilder::default();
        builder.facts = Self {
            strings: tables.strings,
            consts: tables.consts,
            ..facts
        };
        builder.finish()
    }
}

struct Renumber<'a> {
    old: &'a FileFacts,
    new: FactsBuilder,
}

impl Renumber<'_> {
    fn symbol(&mut self, symbol: Symbol) -> Symbol {
        self.new.symbol(self.old.str(symbol))
    }
    fn symbol_opt(&mut self, symbol: Option<Symbol>) -> Option<Symbol> {
        symbol.map(|it| self.symbol(it))
    }
    fn constant(&mut self, id: ConstId) -> ConstId {
        let constant = match self.old.constant(id).clone() {
            Const::Str(it) => Const::Str(self.symbol(it)),
            Const::Other(it) => Const::Other(self.symbol(it)),
            Const::Regex(it) => Const::Regex(RegexConst {
                pattern: self.symbol(it.pattern),
                flags: self.symbol(it.flags),
            }),
            other => other,
        };
        self.new.constant(constant)
    }
    fn operand(&mut self, operand: Operand) -> Operand {
        match operand {
            Operand::Local(_) => operand,
            Operand::Const(id) => Operand::Const(self.constant(id)),
        }
    }
    fn var(&mut self, var: VarRef) -> VarRef {
        match var {
            VarRef::Free(name) => VarRef::Free(self.symbol(name)),
            VarRef::Global(_) | VarRef::Captured(_) => var,
        }
    }
    fn key(&mut self, key: Key) -> Key {
        match key {
            Key::Field(name) => Key::Field(self.symbol(name)),
            Key::Computed(operand) => Key::Computed(self.operand(operand)),
            Key::Index(_) => key,
        }
    }

    fn ty(&mut self, ty: Option<&TypeRef>) -> Option<TypeRef> {
        ty.map(|it| TypeRef {
            binding: it.binding.map(|var| self.var(var)),
            path: it
                .path
                .iter()
                .map(|&segment| self.symbol(segment))
                .collect(),
            wrapper: self.symbol_opt(it.wrapper),
            primitive: self.symbol_opt(it.primitive),
        })
    }
    fn decorators(&mut self, decorators: &[Decorator]) -> Vec<Decorator> {
        decorators
            .iter()
            .map(|it| Decorator {
                value: self.operand(it.value),
                span: it.span,
            })
            .collect()
    }
    fn import(&mut self, it: &Import) -> Import {
        Import {
            specifier: self.symbol_opt(it.specifier),
            ..it.clone()
        }
    }
    fn binding(&mut self, it: &Binding) -> Binding {
        Binding {
            name: self.symbol(it.name),
            ty: self.ty(it.ty.as_ref()),
            constant: it.constant,
        }
    }
    fn export(&mut self, it: &Export) -> Export {
        use crate::facts::ExportKind::{All, From, Variable};
        let kind = match it.kind {
            From(import, name) => From(import, self.symbol_opt(name)),
            Variable(global) => Variable(global),
            All(import) => All(import),
        };
        Export {
            name: self.symbol(it.name),
            kind,
        }
    }
    fn class(&mut self, it: &ClassDef) -> ClassDef {
        ClassDef {
            name: self.symbol_opt(it.name),
            decorators: self.decorators(&it.decorators),
            members: it.members.iter().map(|it| self.member(it)).collect(),
            ..*it
        }
    }
    fn member(&mut self, it: &Member) -> Member {
        Member {
            name: self.symbol(it.name),
            ty: self.ty(it.ty.as_ref()),
            decorators: self.decorators(&it.decorators),
            ..*it
        }
    }

    fn function(&mut self, it: &Function) -> Function {
        let mut new = Function {
            name: self.symbol_opt(it.name),
            params: it.params.iter().map(|it| self.param(it)).collect(),
            locals: it.locals.iter().map(|it| self.local(it)).collect(),
            decorators: self.decorators(&it.decorators),
            returns: self.ty(it.returns.as_ref()),
            captures: it.captures.clone(),
            ..bare(it)
        };
        for block in &it.blocks {
            let start = index(new.instrs.len());
            for (at, instr) in it.block_instrs(block) {
                let instr = self.instr(instr, it, &mut new);
                new.instrs.push(instr);
                new.spans
                    .push(it.spans.get(at).copied().unwrap_or_default());
            }
            let mut block = block.clone();
            block.instrs = Range32 {
                start,
                end: index(new.instrs.len()),
            };
            block.term = match block.term {
                Term::Branch { cond, yes, no } => Term::Branch {
                    cond: self.operand(cond),
                    yes,
                    no,
                },
                Term::Return(value) => Term::Return(value.map(|it| self.operand(it))),
                Term::Throw(value) => Term::Throw(self.operand(value)),
                term @ (Term::Goto(_) | Term::Unreachable) => term,
            };
            new.blocks.push(block);
        }
        new
    }
    fn param(&mut self, it: &Param) -> Param {
        Param {
            name: self.symbol_opt(it.name),
            ty: self.ty(it.ty.as_ref()),
            decorators: self.decorators(&it.decorators),
            ..*it
        }
    }
    fn local(&mut self, it: &Local) -> Local {
        Local {
            name: self.symbol_opt(it.name),
            ty: self.ty(it.ty.as_ref()),
            ..*it
        }
    }

    fn parts(&mut self, range: Range32, old: &Function, new: &mut Function) -> Range32 {
        let start = index(new.parts.len());
        for part in old.parts(range) {
            let key = match part.key {
                PartKey::Field(name) => PartKey::Field(self.symbol(name)),
                PartKey::Getter(name) => PartKey::Getter(self.symbol(name)),
                PartKey::Setter(name) => PartKey::Setter(self.symbol(name)),
                PartKey::Computed(key) => PartKey::Computed(self.operand(key)),
                PartKey::Next | PartKey::Spread => part.key,
            };
            let value = self.operand(part.value);
            new.parts.push(Part { key, value });
        }
        Range32 {
            start,
            end: index(new.parts.len()),
        }
    }
    fn args(&mut self, range: Range32, old: &Function, new: &mut Function) -> Range32 {
        let start = index(new.args.len());
        for arg in old.args(range) {
            let key = match arg.key {
                ArgKey::Keyword(name) => ArgKey::Keyword(self.symbol(name)),
                ArgKey::Pos | ArgKey::Spread | ArgKey::KeywordSpread => arg.key,
            };
            let value = self.operand(arg.value);
            new.args.push(Arg { key, value });
        }
        Range32 {
            start,
            end: index(new.args.len()),
        }
    }
    fn operands(&mut self, range: Range32, old: &Function, new: &mut Function) -> Range32 {
        let start = index(new.operands.len());
        for &operand in old.operands(range) {
            let operand = self.operand(operand);
            new.operands.push(operand);
        }
        Range32 {
            start,
            end: index(new.operands.len()),
        }
    }

    fn instr(&mut self, instr: &Instr, old: &Function, new: &mut Function) -> Instr {
        match *instr {
            Instr::Copy { to, from } => Instr::Copy {
                to,
                from: self.operand(from),
            },
            Instr::Load { to, base, key } => Instr::Load {
                to,
                base: self.operand(base),
                key: self.key(key),
            },
            Instr::Store { base, key, value } => Instr::Store {
                base: self.operand(base),
                key: self.key(key),
                value: self.operand(value),
            },
            Instr::Delete { base, key } => Instr::Delete {
                base: self.operand(base),
                key: self.key(key),
            },
            Instr::LoadVar { to, var } => Instr::LoadVar {
                to,
                var: self.var(var),
            },
            Instr::StoreVar { var, value } => Instr::StoreVar {
                var: self.var(var),
                value: self.operand(value),
            },
            Instr::Object { to, parts } => Instr::Object {
                to,
                parts: self.parts(parts, old, new),
            },
            Instr::Array { to, parts } => Instr::Array {
                to,
                parts: self.parts(parts, old, new),
            },
            Instr::Template { to, operands } => Instr::Template {
                to,
                operands: self.operands(operands, old, new),
            },
            Instr::Op { to, op, operands } => Instr::Op {
                to,
                op,
                operands: self.operands(operands, old, new),
            },
            Instr::Opaque { to, operands } => Instr::Opaque {
                to,
                operands: self.operands(operands, old, new),
            },
            Instr::Class { to, class, base } => Instr::Class {
                to,
                class,
                base: base.map(|it| self.operand(it)),
            },
            Instr::Call {
                to,
                callee,
                this,
                args,
                flags,
            } => Instr::Call {
                to,
                callee: self.operand(callee),
                this: this.map(|it| self.operand(it)),
                args: self.args(args, old, new),
                flags,
            },
            Instr::Import { to, import, name } => Instr::Import {
                to,
                import,
                name: self.symbol_opt(name),
            },
            Instr::Await { to, from } => Instr::Await {
                to,
                from: self.operand(from),
            },
            Instr::Yield {
                to,
                value,
                delegate,
            } => Instr::Yield {
                to,
                value: self.operand(value),
                delegate,
            },
            Instr::IterNext { to, of, kind } => Instr::IterNext {
                to,
                of: self.operand(of),
                kind,
            },
            Instr::Output {
                value,
                context,
                escaped,
            } => Instr::Output {
                value: self.operand(value),
                context: self.symbol(context),
                escaped,
            },
            Instr::Closure { .. } | Instr::Catch { .. } => *instr,
        }
    }
}

/// The parts of a function that hold no symbol, operand or pool.
fn bare(it: &Function) -> Function {
    Function {
        kind: it.kind,
        is_async: it.is_async,
        is_generator: it.is_generator,
        parent: it.parent,
        class: it.class,
        this: it.this,
        arguments: it.arguments,
        span: it.span,
        head: it.head,
        ..Function::default()
    }
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
