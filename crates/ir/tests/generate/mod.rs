//! Random facts, for properties. Ids are in range; nothing else is promised.

use casemate_ir::{
    Arg, ArgKey, Binding, Block, BlockId, CallFlags, Capture, CaptureId, ClassDef, ClassId, Const,
    Decorator, Export, ExportKind, FactsBuilder, FileFacts, FnId, FnKind, Function, GlobalId,
    Import, ImportId, Instr, IterKind, Key, Language, Local, LocalId, LocalKind, LocalizedNote,
    Member, MemberKind, OpKind, Operand, Param, Part, PartKey, Range32, RegexConst, Span, Symbol,
    Term, TypeRef, VarRef,
};

/// A small generator of pseudo-random numbers.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n
    }
    pub fn flip(&mut self) -> bool {
        self.below(2) == 0
    }
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
    fn id(&mut self, n: usize) -> u32 {
        self.below(n) as u32
    }
    fn span(&mut self) -> Span {
        let start = self.id(1000);
        Span::new(start, start + self.id(50))
    }
}

const NAMES: [&str; 24] = [
    "req",
    "query",
    "body",
    "a-b",
    "",
    "constructor",
    "const",
    "in",
    "is",
    "within",
    "global",
    "owner",
    "get",
    "set",
    "undefined",
    "null",
    "x y",
    "#priv",
    "日本",
    "\"q\"\n\t\\",
    "f0",
    "b1",
    "%",
    "\u{1}\u{2028}",
];
const NUMBERS: [f64; 12] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    1e21,
    1e300,
    5e-324,
    0.1,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    9_007_199_254_740_993.0,
];
const OPS: [OpKind; 22] = [
    OpKind::Add,
    OpKind::Arithmetic,
    OpKind::Subtract,
    OpKind::Multiply,
    OpKind::Divide,
    OpKind::Modulo,
    OpKind::Not,
    OpKind::StrictEq,
    OpKind::StrictNe,
    OpKind::Eq,
    OpKind::Ne,
    OpKind::Less,
    OpKind::LessEq,
    OpKind::Greater,
    OpKind::GreaterEq,
    OpKind::In,
    OpKind::InstanceOf,
    OpKind::TypeOf,
    OpKind::Void,
    OpKind::Select,
    OpKind::ToString,
    OpKind::Rest,
];
const KINDS: [FnKind; 8] = [
    FnKind::Module,
    FnKind::Function,
    FnKind::Arrow,
    FnKind::Method,
    FnKind::Getter,
    FnKind::Setter,
    FnKind::Constructor,
    FnKind::Template,
];
const MEMBERS: [MemberKind; 4] = [
    MemberKind::Method,
    MemberKind::Getter,
    MemberKind::Setter,
    MemberKind::Field,
];
const LOCALS: [LocalKind; 5] = [
    LocalKind::Temp,
    LocalKind::Named,
    LocalKind::Param,
    LocalKind::This,
    LocalKind::Arguments,
];

/// How many of each the file has; at least one each, so that every id can be drawn.
const FUNCTIONS: usize = 3;
const TABLE: usize = 2;
const SLOTS: usize = 5;

struct Generator {
    random: Random,
    build: FactsBuilder,
}

/// Facts that depend on the seed alone.
pub fn facts(seed: u64) -> FileFacts {
    let mut it = Generator {
        random: Random::new(seed),
        build: FactsBuilder::default(),
    };
    // Strings and constants that nothing uses, and in an order of their own.
    for _ in 0..it.random.below(4) {
        it.symbol();
        it.constant();
    }
    it.build.facts.language =
        *it.random
            .pick(&[Language::JavaScript, Language::Python, Language::Template]);
    it.build.facts.is_module = it.random.flip();
    it.build.facts.stats.syntax_errors = it.random.id(3);
    it.build.facts.stats.skipped_bodies = it.random.id(3);
    for _ in 0..TABLE {
        let (span, text) = (it.random.span(), (*it.random.pick(&NAMES)).to_owned());
        if it.random.flip() {
            it.build.facts.notes.push(LocalizedNote {
                message: text.clone(),
                span,
            });
            it.build.facts.comments.push((span, text));
        }
        let import = Import {
            specifier: it.name(),
            require: it.random.flip(),
            type_only: it.random.flip(),
            span,
        };
        it.build.facts.imports.push(import);
        let global = Binding {
            name: it.symbol(),
            constant: it.random.flip(),
            ty: it.ty(),
        };
        it.build.facts.globals.push(global);
        let export = Export {
            name: it.symbol(),
            kind: it.export(),
        };
        it.build.facts.exports.push(export);
        let class = it.class();
        it.build.facts.classes.push(class);
    }
    for _ in 0..FUNCTIONS {
        let id = it.build.reserve_function();
        let function = it.function();
        it.build.finish_function(id, function);
    }
    it.build.finish()
}

impl Generator {
    fn symbol(&mut self) -> Symbol {
        self.build.symbol(NAMES[self.random.below(NAMES.len())])
    }
    fn name(&mut self) -> Option<Symbol> {
        self.random.flip().then(|| self.symbol())
    }
    fn constant(&mut self) -> Operand {
        let constant = match self.random.below(7) {
            0 => Const::Undefined,
            1 => Const::Null,
            2 => Const::Bool(self.random.flip()),
            3 if self.random.below(9) == 0 => Const::Number(f64::NAN.to_bits() | 5),
            3 => Const::Number(self.random.pick(&NUMBERS).to_bits()),
            4 => Const::Other(self.symbol()),
            5 => {
                let pattern = *self
                    .random
                    .pick(&["a", "", "[/]", "a/b", "\\/", "[", "x\ny", "^\\d+$"]);
                let flags = *self.random.pick(&["", "g", "gi", "g i"]);
                Const::Regex(RegexConst {
                    pattern: self.build.symbol(pattern),
                    flags: self.build.symbol(flags),
                })
            }
            _ => Const::Str(self.symbol()),
        };
        Operand::Const(self.build.constant(constant))
    }
    fn local(&mut self) -> LocalId {
        LocalId(self.random.id(SLOTS))
    }
    fn operand(&mut self) -> Operand {
        if self.random.below(3) == 0 {
            self.constant()
        } else {
            Operand::Local(self.local())
        }
    }
    fn var(&mut self) -> VarRef {
        match self.random.below(3) {
            0 => VarRef::Global(GlobalId(self.random.id(TABLE))),
            1 => VarRef::Captured(CaptureId(self.random.id(3))),
            _ => VarRef::Free(self.symbol()),
        }
    }
    fn key(&mut self) -> Key {
        match self.random.below(3) {
            0 => Key::Field(self.symbol()),
            1 => Key::Index(self.random.id(9)),
            _ => Key::Computed(self.operand()),
        }
    }
    fn ty(&mut self) -> Option<TypeRef> {
        (self.random.below(3) == 0).then(|| TypeRef {
            binding: self.random.flip().then(|| self.var()),
            path: (0..self.random.below(3)).map(|_| self.symbol()).collect(),
            wrapper: self.name(),
            primitive: self.name(),
        })
    }
    fn decorators(&mut self) -> Vec<Decorator> {
        (0..self.random.below(8).saturating_sub(5))
            .map(|_| Decorator {
                value: self.operand(),
                span: self.random.span(),
            })
            .collect()
    }
    fn export(&mut self) -> ExportKind {
        let import = ImportId(self.random.id(TABLE));
        match self.random.below(3) {
            0 => ExportKind::Variable(GlobalId(self.random.id(TABLE))),
            1 => ExportKind::From(import, self.name()),
            _ => ExportKind::All(import),
        }
    }
    fn function_id(&mut self) -> FnId {
        FnId(self.random.id(FUNCTIONS))
    }
    fn class(&mut self) -> ClassDef {
        ClassDef {
            name: self.name(),
            owner: self.function_id(),
            constructor: self.function_id(),
            members: (0..self.random.below(3)).map(|_| self.member()).collect(),
            decorators: self.decorators(),
            span: self.random.span(),
        }
    }
    fn member(&mut self) -> Member {
        Member {
            name: self.symbol(),
            kind: *self.random.pick(&MEMBERS),
            is_static: self.random.flip(),
            func: self.random.flip().then(|| self.function_id()),
            ty: self.ty(),
            decorators: self.decorators(),
            span: self.random.span(),
        }
    }

    fn function(&mut self) -> Function {
        let mut function = Function {
            name: self.name(),
            kind: *self.random.pick(&KINDS),
            is_async: self.random.flip(),
            is_generator: self.random.flip(),
            parent: self.random.flip().then(|| self.function_id()),
            class: self.random.flip().then(|| ClassId(self.random.id(TABLE))),
            this: self.random.flip().then(|| self.local()),
            arguments: self.random.flip().then(|| self.local()),
            decorators: self.decorators(),
            returns: self.ty(),
            span: self.random.span(),
            head: self.random.span(),
            ..Function::default()
        };
        for _ in 0..self.random.below(3) {
            function.captures.push(if self.random.flip() {
                Capture::Local(self.local())
            } else {
                Capture::Outer(CaptureId(self.random.id(3)))
            });
        }
        for _ in 0..self.random.below(3) {
            function.params.push(Param {
                local: self.local(),
                name: self.name(),
                rest: self.random.flip(),
                keyword_rest: self.random.flip(),
                optional: self.random.flip(),
                ty: self.ty(),
                decorators: self.decorators(),
            });
        }
        for _ in 0..SLOTS {
            function.locals.push(Local {
                kind: *self.random.pick(&LOCALS),
                name: self.name(),
                captured: self.random.flip(),
                ty: self.ty(),
            });
        }
        let blocks = 1 + self.random.below(4);
        for _ in 0..blocks {
            let start = function.instrs.len() as u32;
            for _ in 0..self.random.below(6) {
                // A pool entry that no instruction uses.
                function
                    .operands
                    .extend(self.random.flip().then_some(Operand::Local(LocalId(0))));
                let instr = self.instr(&mut function);
                function.instrs.push(instr);
                function.spans.push(self.random.span());
            }
            let instrs = Range32 {
                start,
                end: function.instrs.len() as u32,
            };
            let (term, term_span) = (self.term(blocks), self.random.span());
            let unwind = self.random.flip().then(|| BlockId(self.random.id(blocks)));
            function.blocks.push(Block {
                instrs,
                term,
                term_span,
                unwind,
            });
        }
        function
    }

    fn term(&mut self, blocks: usize) -> Term {
        let (yes, no) = (
            BlockId(self.random.id(blocks)),
            BlockId(self.random.id(blocks)),
        );
        match self.random.below(6) {
            0 => Term::Goto(yes),
            1 => Term::Branch {
                cond: self.operand(),
                yes,
                no,
            },
            2 => Term::Return(None),
            3 => Term::Return(Some(self.operand())),
            4 => Term::Throw(self.operand()),
            _ => Term::Unreachable,
        }
    }

    fn parts(&mut self, function: &mut Function) -> Range32 {
        let start = function.parts.len() as u32;
        for _ in 0..self.random.below(4) {
            let key = match self.random.below(6) {
                0 => PartKey::Next,
                1 => PartKey::Computed(self.operand()),
                2 => PartKey::Spread,
                3 => PartKey::Getter(self.symbol()),
                4 => PartKey::Setter(self.symbol()),
                _ => PartKey::Field(self.symbol()),
            };
            let value = self.operand();
            function.parts.push(Part { key, value });
        }
        Range32 {
            start,
            end: function.parts.len() as u32,
        }
    }
    fn args(&mut self, function: &mut Function) -> Range32 {
        let start = function.args.len() as u32;
        for _ in 0..self.random.below(4) {
            let key = match self.random.below(6) {
                0 => ArgKey::Spread,
                1 => ArgKey::KeywordSpread,
                2 => ArgKey::Keyword(self.symbol()),
                _ => ArgKey::Pos,
            };
            let value = self.operand();
            function.args.push(Arg { key, value });
        }
        Range32 {
            start,
            end: function.args.len() as u32,
        }
    }
    fn operands(&mut self, function: &mut Function) -> Range32 {
        let start = function.operands.len() as u32;
        for _ in 0..self.random.below(4) {
            let operand = self.operand();
            function.operands.push(operand);
        }
        Range32 {
            start,
            end: function.operands.len() as u32,
        }
    }

    fn instr(&mut self, function: &mut Function) -> Instr {
        let to = self.local();
        match self.random.below(20) {
            0 => Instr::Copy {
                to,
                from: self.operand(),
            },
            1 => Instr::Load {
                to,
                base: self.operand(),
                key: self.key(),
            },
            2 => Instr::Store {
                base: self.operand(),
                key: self.key(),
                value: self.operand(),
            },
            3 => Instr::Delete {
                base: self.operand(),
                key: self.key(),
            },
            4 => Instr::LoadVar {
                to,
                var: self.var(),
            },
            5 => Instr::StoreVar {
                var: self.var(),
                value: self.operand(),
            },
            6 => Instr::Object {
                to,
                parts: self.parts(function),
            },
            7 => Instr::Array {
                to,
                parts: self.parts(function),
            },
            8 => Instr::Template {
                to,
                operands: self.operands(function),
            },
            9 => Instr::Op {
                to,
                op: *self.random.pick(&OPS),
                operands: self.operands(function),
            },
            10 => Instr::Closure {
                to,
                func: self.function_id(),
            },
            11 => {
                let class = ClassId(self.random.id(TABLE));
                Instr::Class {
                    to,
                    class,
                    base: self.random.flip().then(|| self.operand()),
                }
            }
            12 => {
                let flags = CallFlags {
                    new: self.random.flip(),
                    super_call: self.random.flip(),
                    optional: self.random.flip(),
                    tagged: self.random.flip(),
                };
                let this = self.random.flip().then(|| self.operand());
                Instr::Call {
                    to,
                    callee: self.operand(),
                    this,
                    args: self.args(function),
                    flags,
                }
            }
            13 => Instr::Import {
                to,
                import: ImportId(self.random.id(TABLE)),
                name: self.name(),
            },
            14 => Instr::Await {
                to,
                from: self.operand(),
            },
            15 => Instr::Yield {
                to,
                value: self.operand(),
                delegate: self.random.flip(),
            },
            16 => {
                let kind = if self.random.flip() {
                    IterKind::Elements
                } else {
                    IterKind::Keys
                };
                Instr::IterNext {
                    to,
                    of: self.operand(),
                    kind,
                }
            }
            17 => Instr::Catch { to },
            18 => {
                let context = self
                    .random
                    .pick(&["", "html.text", "html.attr.unquoted", "a..b", "x y"])
                    .to_string();
                let context = self.build.symbol(&context);
                let escaped = *self.random.pick(&[None, Some(true), Some(false)]);
                Instr::Output {
                    value: self.operand(),
                    context,
                    escaped,
                }
            }
            _ => Instr::Opaque {
                to,
                operands: self.operands(function),
            },
        }
    }
}
