//! Lowering: the syntax tree to three-address code, in one walk.

mod assign;
mod builtin;
mod call;
mod class;
mod comprehension;
mod control;
mod expr;
mod format;
mod function;
mod jump;
mod literal;
mod module;
mod named;
mod pattern;
mod quantifier;
mod routes;
mod said;
mod stmt;
mod text;
mod types;
mod vars;

use crate::LowerOptions;
use crate::frame::Frame;
use crate::parse::{self, Tree};
use casemate_ir::{
    BlockId, ClassId, Const, FactsBuilder, FileFacts, FnId, FnKind, GlobalId, Instr, Key, Language,
    LocalId, LocalKind, LocalizedNote, OpKind, Operand, Span, Symbol, Term,
};
use ruff_python_ast::ExprBinOp;
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

/// Lowers a file.
pub(crate) fn file(text: &str, options: &LowerOptions) -> FileFacts {
    if let Some(reason) = parse::refusal(text, options) {
        return refused(reason);
    }
    let tree = Tree::of(text);
    let mut lowerer = Lowerer::new(text, options);
    if text.len() > options.max_body_bytes {
        lowerer.skip_bodies = true;
        lowerer.note(
            "too large: only the code outside of functions is analysed",
            Span::default(),
        );
    }
    lowerer.facts.facts.comments = tree.comments(text, "casemate:");
    lowerer.module(tree.module());
    let mut facts = lowerer.facts.finish();
    facts.stats.syntax_errors = tree.errors();
    if let Some((message, at)) = tree.first_error() {
        let message = if parse::is_python2(text) {
            format!("Python 2, of which only what Python 3 reads as well is analysed: {message}")
        } else {
            format!("syntax error: {message}")
        };
        facts.notes.push(LocalizedNote {
            message,
            span: Span::new(at, at),
        });
    }
    facts
}

fn refused(message: String) -> FileFacts {
    let mut facts = FactsBuilder::default();
    facts.facts.language = Language::Python;
    facts.facts.is_module = true;
    let id = facts.reserve_function();
    facts.finish_function(id, casemate_ir::FunctionBuilder::new().finish());
    facts.facts.notes.push(LocalizedNote {
        message,
        span: Span::default(),
    });
    facts.facts.stats.skipped_bodies = 1;
    facts.finish()
}

pub(super) fn sp(node: &impl Ranged) -> Span {
    of_range(node.range())
}

pub(super) fn of_range(range: TextRange) -> Span {
    Span::new(range.start().to_u32(), range.end().to_u32())
}

/// The state of lowering one file.
pub(super) struct Lowerer<'a> {
    text: &'a str,
    options: &'a LowerOptions,
    facts: FactsBuilder,
    /// Variables of the module.
    globals: FxHashMap<&'a str, GlobalId>,
    /// The function being lowered, and those around it.
    frame: Frame<'a>,
    outer: Vec<Frame<'a>>,
    depth: u32,
    too_deep: bool,
    skip_bodies: bool,
    /// The file has `:=`.
    walrus: bool,
    /// Inside a copy of a `finally` body: its functions and classes are lowered once.
    copying: u32,
    copied_functions: FxHashMap<Span, FnId>,
    copied_classes: FxHashMap<Span, ClassId>,
    /// By sum: whether it is a text for certain.
    texts: FxHashMap<*const ExprBinOp, bool>,
}

impl<'a> Lowerer<'a> {
    fn new(text: &'a str, options: &'a LowerOptions) -> Self {
        let mut facts = FactsBuilder::default();
        facts.facts.language = Language::Python;
        facts.facts.is_module = true;
        let id = facts.reserve_function();
        Self {
            text,
            options,
            facts,
            globals: FxHashMap::default(),
            frame: Frame::new(id, FnKind::Module),
            outer: Vec::new(),
            depth: 0,
            too_deep: false,
            skip_bodies: false,
            walrus: text.contains(":="),
            copying: 0,
            copied_functions: FxHashMap::default(),
            copied_classes: FxHashMap::default(),
            texts: FxHashMap::default(),
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

    fn load(&mut self, base: Operand, key: Key, span: Span) -> Operand {
        let to = self.temp();
        self.emit(Instr::Load { to, base, key }, span);
        Operand::Local(to)
    }

    fn load_field(&mut self, base: Operand, name: &str, span: Span) -> Operand {
        let key = Key::Field(self.symbol(name));
        self.load(base, key, span)
    }

    fn store_field(&mut self, base: Operand, name: &str, value: Operand, span: Span) {
        let key = Key::Field(self.symbol(name));
        self.emit(Instr::Store { base, key, value }, span);
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

    fn none(&mut self) -> Operand {
        self.constant(Const::Null)
    }

    fn number(&mut self, value: f64) -> Operand {
        self.constant(Const::Number(value.to_bits()))
    }

    fn string(&mut self, text: &str) -> Operand {
        self.facts.str_operand(text)
    }

    /// A value that is true or false, nobody knows which.
    fn undecided(&mut self, span: Span) -> Operand {
        let operands = [
            self.constant(Const::Bool(true)),
            self.constant(Const::Bool(false)),
        ];
        self.op(OpKind::Select, &operands, span)
    }
}
