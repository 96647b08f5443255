//! Lowering: the syntax tree to three-address code, in one walk.

mod action;
mod assign;
mod chain;
mod class;
mod commonjs;
mod control;
mod expr;
mod function;
mod jsx;
mod literal;
mod load;
mod module;
mod pattern;
mod stmt;
mod template;
mod types;
mod vars;

use crate::LowerOptions;
use crate::parse;
use crate::repair::Cut;
use crate::scope::{Frame, Scopes};
use casemate_ir::{
    BlockId, ClassId, Const, FactsBuilder, FileFacts, FnId, FnKind, Instr, LocalId, LocalKind,
    LocalizedNote, OpKind, Operand, Span, Symbol, Term,
};
use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_semantic::{SemanticBuilder, SymbolId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::Cell;

/// Lowers a file.
pub(crate) fn file(text: &str, path: &str, options: &LowerOptions, template: bool) -> FileFacts {
    if let Some(reason) = parse::refusal(text, options) {
        return refused(reason);
    }
    let mut arena = ARENA.take().unwrap_or_default();
    let facts = read(&arena, text, path, options, template);
    if arena.capacity() <= MAX_KEPT_ARENA {
        arena.reset();
        ARENA.set(Some(arena));
    }
    facts
}

/// Largest memory for syntax trees that a thread keeps for its next file.
const MAX_KEPT_ARENA: usize = 16 << 20;

thread_local! {
    static ARENA: Cell<Option<Allocator>> = const { Cell::new(None) };
}

fn read(
    allocator: &Allocator,
    text: &str,
    path: &str,
    options: &LowerOptions,
    template: bool,
) -> FileFacts {
    let parsed = parse::parse(allocator, text, path, template);
    let program: &Program<'_> = allocator.alloc(parsed.program);
    let semantic = SemanticBuilder::new().build(program).semantic;
    let scopes = Scopes::new(semantic.scoping());
    let mut lowerer = Lowerer::new(text, options, scopes, template);
    lowerer.skip_bodies = !template && parse::skips_bodies(text, options);
    if lowerer.skip_bodies {
        lowerer.note(
            "minified or generated: only the code outside of functions is analysed",
            Span::default(),
        );
    }
    lowerer.program(program);
    let mut facts = lowerer.facts.finish();
    facts.stats.syntax_errors = parsed.errors;
    report(&mut facts, parsed.first, parsed.panicked, &parsed.cuts);
    facts
}

/// Tells where the file could not be read.
fn report(facts: &mut FileFacts, first: Option<(String, u32)>, panicked: bool, cuts: &[Cut]) {
    let Some((message, at)) = first else { return };
    let lost = if panicked {
        "; nothing of the file could be read"
    } else {
        ""
    };
    let message = format!("syntax error: {message}{lost}");
    facts.notes.push(LocalizedNote {
        message,
        span: Span::new(at, at),
    });
    for cut in cuts.iter().filter(|c| !c.harmless) {
        let message = "not analysed because of a syntax error".to_owned();
        facts.notes.push(LocalizedNote {
            message,
            span: cut.span,
        });
    }
}

fn refused(message: String) -> FileFacts {
    let mut facts = FactsBuilder::default();
    let id = facts.reserve_function();
    facts.finish_function(id, casemate_ir::FunctionBuilder::new().finish());
    facts.facts.notes.push(LocalizedNote {
        message,
        span: Span::default(),
    });
    facts.facts.stats.skipped_bodies = 1;
    facts.finish()
}

pub(super) fn sp(span: oxc_span::Span) -> Span {
    Span::new(span.start, span.end)
}

/// The state of lowering one file.
pub(super) struct Lowerer<'a> {
    text: &'a str,
    options: &'a LowerOptions,
    facts: FactsBuilder,
    scopes: Scopes<'a>,
    /// The function being lowered, and those around it.
    frame: Frame<'a>,
    outer: Vec<Frame<'a>>,
    depth: u32,
    too_deep: bool,
    skip_bodies: bool,
    /// A template: free names are members of parameter 0, which is this local.
    template: Option<LocalId>,
    /// Inside a copy of a `finally` body: its functions and classes are lowered once.
    copying: u32,
    copied_functions: FxHashMap<Span, FnId>,
    copied_classes: FxHashMap<Span, ClassId>,
    /// Names that a file of actions exports.
    actions: FxHashSet<Symbol>,
    /// Constants that name a folder or file, relative to this file.
    folders: FxHashMap<SymbolId, String>,
}

impl<'a> Lowerer<'a> {
    fn new(text: &'a str, options: &'a LowerOptions, scopes: Scopes<'a>, template: bool) -> Self {
        let mut facts = FactsBuilder::default();
        let id = facts.reserve_function();
        let kind = if template {
            FnKind::Template
        } else {
            FnKind::Module
        };
        let mut frame = Frame::new(id, Some(scopes.scoping.root_scope_id()), kind);
        let template = template.then(|| {
            let local = frame.builder.local(LocalKind::Param, None);
            frame.builder.function.params.push(casemate_ir::Param {
                local,
                ..Default::default()
            });
            local
        });
        Self {
            text,
            options,
            facts,
            scopes,
            frame,
            outer: Vec::new(),
            depth: 0,
            too_deep: false,
            skip_bodies: false,
            template,
            copying: 0,
            copied_functions: FxHashMap::default(),
            copied_classes: FxHashMap::default(),
            actions: FxHashSet::default(),
            folders: FxHashMap::default(),
        }
    }

    /// Counts one more level of the walk; `false` when that is too deep.
    fn enter(&mut self, span: Span) -> bool {
        if self.depth >= self.options.max_depth {
            if !self.too_deep {
                self.too_deep = true;
                self.note("code nested too deeply is not analysed", span);
            }
            return false;
        }
        self.depth += 1;
        true
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn note(&mut self, message: &str, span: Span) {
        self.facts.facts.notes.push(LocalizedNote {
            message: message.to_owned(),
            span,
        });
    }

    fn emit(&mut self, instr: Instr, span: Span) {
        self.frame.builder.push(instr, span);
    }

    fn temp(&mut self) -> LocalId {
        self.frame.builder.temp()
    }

    /// A local without a name that several instructions assign.
    fn slot(&mut self) -> LocalId {
        self.frame.builder.local(LocalKind::Named, None)
    }

    fn block(&mut self) -> BlockId {
        self.frame.builder.new_block()
    }

    fn switch(&mut self, block: BlockId) {
        self.frame.builder.switch_to(block);
    }

    fn goto(&mut self, block: BlockId, span: Span) {
        self.frame.builder.terminate(Term::Goto(block), span);
    }

    fn goto_and_switch(&mut self, block: BlockId, span: Span) {
        self.frame.builder.goto_and_switch(block, span);
    }

    fn branch(&mut self, cond: Operand, yes: BlockId, no: BlockId, span: Span) {
        self.frame
            .builder
            .terminate(Term::Branch { cond, yes, no }, span);
    }

    fn copy(&mut self, to: LocalId, from: Operand, span: Span) {
        self.emit(Instr::Copy { to, from }, span);
    }

    fn op(&mut self, op: OpKind, operands: &[Operand], span: Span) -> Operand {
        let to = self.temp();
        let operands = self.frame.builder.operands(operands);
        self.emit(Instr::Op { to, op, operands }, span);
        Operand::Local(to)
    }

    fn opaque(&mut self, operands: &[Operand], span: Span) -> Operand {
        let to = self.temp();
        let operands = self.frame.builder.operands(operands);
        self.emit(Instr::Opaque { to, operands }, span);
        Operand::Local(to)
    }

    fn symbol(&mut self, text: &str) -> Symbol {
        self.facts.symbol(text)
    }

    fn constant(&mut self, constant: Const) -> Operand {
        Operand::Const(self.facts.constant(constant))
    }

    fn undefined(&mut self) -> Operand {
        self.facts.undefined()
    }

    fn number(&mut self, value: f64) -> Operand {
        self.constant(Const::Number(value.to_bits()))
    }

    fn string(&mut self, text: &str) -> Operand {
        self.facts.str_operand(text)
    }

    /// A condition that nothing decides.
    fn undecided(&mut self, span: Span) -> Operand {
        let operands = [
            self.constant(Const::Bool(true)),
            self.constant(Const::Bool(false)),
        ];
        self.op(OpKind::Select, &operands, span)
    }

    fn slice(&self, span: oxc_span::Span) -> &'a str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }
}
