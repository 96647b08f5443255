//! Builders that keep the invariants: tables without duplicates, temporaries assigned once, blocks in order.

use crate::facts::{Const, FileFacts};
use crate::function::{Block, Function, Local, LocalKind};
use crate::ids::{BlockId, ConstId, FnId, LocalId, Span, Symbol};
use crate::instr::{Arg, Instr, Operand, Part, Range32, Term};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher;

/// Builds the facts of one file.
#[derive(Default)]
pub struct FactsBuilder {
    /// The facts so far; `strings`, `consts` and `functions` are filled through the methods here.
    pub facts: FileFacts,
    /// By the hash of the text; of two texts with one hash the later one stands at the next free number.
    symbols: FxHashMap<u64, Symbol>,
    constants: FxHashMap<ConstKey, ConstId>,
}

#[derive(PartialEq, Eq, Hash)]
enum ConstKey {
    Undefined,
    Null,
    Bool(bool),
    Number(u64),
    Str(Symbol),
    Regex(Symbol, Symbol),
    Other(Symbol),
}

impl FactsBuilder {
    /// The facts of a text that is no program: a module in which nothing happens, so that its places have a file. `length`: of the
    /// text, in bytes.
    #[must_use]
    pub fn nothing(length: usize) -> FileFacts {
        let mut facts = Self::default();
        let module = facts.reserve_function();
        let mut function = FunctionBuilder::new();
        function.terminate(Term::Return(None), Span::default());
        let mut function = function.finish();
        let end = u32::try_from(length).unwrap_or(u32::MAX);
        function.span = Span { start: 0, end };
        facts.finish_function(module, function);
        facts.finish()
    }

    /// The symbol of a text.
    pub fn symbol(&mut self, text: &str) -> Symbol {
        let mut hash = FxBuildHasher.hash_one(text);
        while let Some(&symbol) = self.symbols.get(&hash) {
            if self.facts.str(symbol) == text {
                return symbol;
            }
            hash = hash.wrapping_add(1);
        }
        let symbol = Symbol::from(self.facts.strings.len());
        self.facts.strings.push(text.into());
        self.symbols.insert(hash, symbol);
        symbol
    }

    /// The id of a constant.
    pub fn constant(&mut self, constant: Const) -> ConstId {
        let key = match constant {
            Const::Undefined => ConstKey::Undefined,
            Const::Null => ConstKey::Null,
            Const::Bool(b) => ConstKey::Bool(b),
            Const::Number(n) => ConstKey::Number(n),
            Const::Str(s) => ConstKey::Str(s),
            Const::Regex(r) => ConstKey::Regex(r.pattern, r.flags),
            Const::Other(s) => ConstKey::Other(s),
        };
        *self.constants.entry(key).or_insert_with(|| {
            let id = ConstId::from(self.facts.consts.len());
            self.facts.consts.push(constant);
            id
        })
    }

    /// A string constant as an operand.
    pub fn str_operand(&mut self, text: &str) -> Operand {
        let symbol = self.symbol(text);
        Operand::Const(self.constant(Const::Str(symbol)))
    }

    /// `undefined` as an operand.
    pub fn undefined(&mut self) -> Operand {
        Operand::Const(self.constant(Const::Undefined))
    }

    /// Reserves an id for a function that is built later with [`FactsBuilder::finish_function`].
    pub fn reserve_function(&mut self) -> FnId {
        let id = FnId::from(self.facts.functions.len());
        self.facts.functions.push(Function::default());
        id
    }

    /// Puts a finished function in its reserved place.
    pub fn finish_function(&mut self, id: FnId, function: Function) {
        if let Some(slot) = self.facts.functions.get_mut(id.index()) {
            *slot = function;
        }
    }

    /// The finished facts.
    #[must_use]
    pub fn finish(mut self) -> FileFacts {
        let (mut instrs, mut opaque) = (0, 0);
        for function in &self.facts.functions {
            instrs += function.instrs.len();
            opaque += function
                .instrs
                .iter()
                .filter(|i| matches!(i, Instr::Opaque { .. }))
                .count();
        }
        self.facts.stats.instrs = u32::try_from(instrs).unwrap_or(u32::MAX);
        self.facts.stats.opaque = u32::try_from(opaque).unwrap_or(u32::MAX);
        self.facts
    }
}

struct OpenBlock {
    term: Option<(Term, Span)>,
    unwind: Option<BlockId>,
}

/// Builds one function: blocks may be opened and filled in any order, the finished function has them by id.
pub struct FunctionBuilder {
    /// Head of the function: everything but blocks, instructions and pools.
    pub function: Function,
    blocks: Vec<OpenBlock>,
    /// The instructions of all blocks as they came.
    code: Vec<(BlockId, Instr, Span)>,
    current: BlockId,
    unwind: Option<BlockId>,
}

impl Default for FunctionBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl FunctionBuilder {
    /// A function with one empty block, which is the current one.
    #[must_use]
    pub fn new() -> Self {
        let entry = OpenBlock {
            term: None,
            unwind: None,
        };
        Self {
            function: Function {
                locals: Vec::with_capacity(16),
                ..Function::default()
            },
            blocks: vec![entry],
            code: Vec::with_capacity(32),
            current: BlockId(0),
            unwind: None,
        }
    }

    /// A new local.
    pub fn local(&mut self, kind: LocalKind, name: Option<Symbol>) -> LocalId {
        let id = LocalId::from(self.function.locals.len());
        self.function.locals.push(Local {
            kind,
            name,
            captured: false,
            ty: None,
        });
        id
    }

    /// A new temporary.
    pub fn temp(&mut self) -> LocalId {
        self.local(LocalKind::Temp, None)
    }

    /// A new empty block with the present handler; does not become current.
    pub fn new_block(&mut self) -> BlockId {
        let id = BlockId::from(self.blocks.len());
        self.blocks.push(OpenBlock {
            term: None,
            unwind: self.unwind,
        });
        id
    }

    /// Goes on in `block`.
    pub fn switch_to(&mut self, block: BlockId) {
        self.current = block;
    }

    /// The block that instructions go to.
    #[must_use]
    pub fn current(&self) -> BlockId {
        self.current
    }

    /// Whether the current block has ended; what follows cannot be reached.
    #[must_use]
    pub fn terminated(&self) -> bool {
        self.blocks
            .get(self.current.index())
            .is_none_or(|b| b.term.is_some())
    }

    /// Sets the handler of blocks made from now on, and returns the one before. Open a new block after it.
    pub fn set_unwind(&mut self, handler: Option<BlockId>) -> Option<BlockId> {
        std::mem::replace(&mut self.unwind, handler)
    }

    /// Appends an instruction; nothing is appended to a block that has ended.
    pub fn push(&mut self, instr: Instr, span: Span) {
        if !self.terminated() {
            self.code.push((self.current, instr, span));
        }
    }

    /// Ends the current block, unless it has ended.
    pub fn terminate(&mut self, term: Term, span: Span) {
        if let Some(block) = self.blocks.get_mut(self.current.index())
            && block.term.is_none()
        {
            block.term = Some((term, span));
        }
    }

    /// Ends the current block with a jump and goes on in `block`.
    pub fn goto_and_switch(&mut self, block: BlockId, span: Span) {
        self.terminate(Term::Goto(block), span);
        self.switch_to(block);
    }

    /// Adds arguments to their pool.
    pub fn args(&mut self, args: &[Arg]) -> Range32 {
        extend(&mut self.function.args, args)
    }

    /// Adds parts to their pool.
    pub fn parts(&mut self, parts: &[Part]) -> Range32 {
        extend(&mut self.function.parts, parts)
    }

    /// Adds operands to their pool.
    pub fn operands(&mut self, operands: &[Operand]) -> Range32 {
        extend(&mut self.function.operands, operands)
    }

    /// The finished function. Blocks without an end return nothing.
    #[must_use]
    pub fn finish(mut self) -> Function {
        let mut ends = vec![0u32; self.blocks.len() + 1];
        for (block, ..) in &self.code {
            if let Some(count) = ends.get_mut(block.index() + 1) {
                *count += 1;
            }
        }
        let mut total = 0;
        for count in &mut ends {
            total += *count;
            *count = total;
        }
        // Blocks are mostly filled one after the other: a stable sort has little to do.
        self.code.sort_by_key(|(block, ..)| *block);
        self.function.instrs = self.code.iter().map(|(_, instr, _)| *instr).collect();
        self.function.spans = self.code.iter().map(|(_, _, span)| *span).collect();
        self.function.blocks.reserve_exact(self.blocks.len());
        self.function.locals.shrink_to_fit();
        for (block, range) in self.blocks.into_iter().zip(ends.windows(2)) {
            let &[start, end] = range else { continue };
            let (term, term_span) = block.term.unwrap_or((Term::Return(None), Span::default()));
            self.function.blocks.push(Block {
                instrs: Range32 { start, end },
                term,
                term_span,
                unwind: block.unwind,
            });
        }
        self.function
    }
}

fn extend<T: Copy>(pool: &mut Vec<T>, items: &[T]) -> Range32 {
    let start = u32::try_from(pool.len()).unwrap_or(u32::MAX);
    pool.extend_from_slice(items);
    let end = u32::try_from(pool.len()).unwrap_or(u32::MAX);
    Range32 { start, end }
}
