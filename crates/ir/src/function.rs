//! Functions: parameters, locals, captures, blocks.

use crate::facts::TypeRef;
use crate::ids::{BlockId, CaptureId, ClassId, FnId, LocalId, Span, Symbol};
use crate::instr::{Arg, Instr, Operand, Part, Range32, Term};
use serde::{Deserialize, Serialize};

/// What a function is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum FnKind {
    /// The body of the file.
    #[default]
    Module,
    /// A function with its own `this`.
    Function,
    /// A function with the `this` of its surroundings (captured like a variable).
    Arrow,
    /// A method of a class or object.
    Method,
    /// A property read.
    Getter,
    /// A property write.
    Setter,
    /// `constructor`; field initialisers are its first instructions.
    Constructor,
    /// A template: parameter 0 is the object of its locals.
    Template,
}

/// A parameter.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Param {
    /// The local that receives it (a temporary for destructured parameters).
    pub local: LocalId,
    /// Its name, where it has one.
    pub name: Option<Symbol>,
    /// `...rest` (JavaScript) or `*args` (Python): an array of all further arguments.
    pub rest: bool,
    /// `**kwargs`.
    pub keyword_rest: bool,
    /// Has a default value or is optional.
    pub optional: bool,
    /// Annotated type.
    pub ty: Option<TypeRef>,
    /// Decorators, evaluated in the scope around the class or function; in Python the calls that an annotation has beside its type.
    pub decorators: Vec<Decorator>,
}

/// A decorator: its value has been computed into an operand of the *enclosing* function by the time the class or function
/// is made.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Decorator {
    /// The value: `Get('/x')` is the result of that call.
    pub value: Operand,
    /// Where it stands.
    pub span: Span,
}

/// What a local is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum LocalKind {
    /// Assigned by exactly one instruction.
    #[default]
    Temp,
    /// A variable of the source, assigned any number of times.
    Named,
    /// A parameter.
    Param,
    /// The receiver.
    This,
    /// JavaScript `arguments`.
    Arguments,
}

/// A local.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Local {
    /// What it is.
    pub kind: LocalKind,
    /// Its name, where it has one.
    pub name: Option<Symbol>,
    /// Some nested function uses it: it lives in a box that both share.
    pub captured: bool,
    /// Annotated type.
    pub ty: Option<TypeRef>,
}

/// A captured variable, as seen from the function that uses it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Capture {
    /// A local of the directly enclosing function.
    Local(LocalId),
    /// A capture of the directly enclosing function.
    Outer(CaptureId),
}

/// A basic block: instructions `instrs` of the function, then a terminator.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Block {
    /// Its instructions.
    pub instrs: Range32,
    /// How it ends.
    pub term: Term,
    /// Where the terminator stands.
    pub term_span: Span,
    /// Where an exception raised in it goes; absent: out of the function.
    pub unwind: Option<BlockId>,
}

/// One function.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Function {
    /// Its name, or the name of the variable or property it is first stored in.
    pub name: Option<Symbol>,
    /// What it is.
    pub kind: FnKind,
    /// `async`.
    pub is_async: bool,
    /// `function*`.
    pub is_generator: bool,
    /// The function around it; absent for the module body.
    pub parent: Option<FnId>,
    /// The class whose member it is.
    pub class: Option<ClassId>,
    /// Its parameters in order.
    pub params: Vec<Param>,
    /// The local of the receiver, where the function uses `this` and has one of its own.
    pub this: Option<LocalId>,
    /// The local of `arguments`, where used.
    pub arguments: Option<LocalId>,
    /// Its locals.
    pub locals: Vec<Local>,
    /// Variables of enclosing functions that it or its nested functions use.
    pub captures: Vec<Capture>,
    /// Decorators on the function or method.
    pub decorators: Vec<Decorator>,
    /// Annotated type of the result.
    pub returns: Option<TypeRef>,
    /// Blocks; the first is the entry.
    pub blocks: Vec<Block>,
    /// Instructions of all blocks, block by block.
    pub instrs: Vec<Instr>,
    /// Where each instruction stands; same length as `instrs`.
    pub spans: Vec<Span>,
    /// Pool of parts.
    pub parts: Vec<Part>,
    /// Pool of arguments.
    pub args: Vec<Arg>,
    /// Pool of operands.
    pub operands: Vec<Operand>,
    /// The whole function.
    pub span: Span,
    /// Its head: name and parameters, for reports.
    pub head: Span,
}

impl Function {
    /// The instructions of a block with their indices.
    pub fn block_instrs(&self, block: &Block) -> impl Iterator<Item = (usize, &Instr)> + '_ {
        let range = block.instrs.range();
        let start = range.start;
        self.instrs
            .get(range)
            .unwrap_or(&[])
            .iter()
            .enumerate()
            .map(move |(i, instr)| (start + i, instr))
    }
    /// The parts of a range.
    #[must_use]
    pub fn parts(&self, range: Range32) -> &[Part] {
        self.parts.get(range.range()).unwrap_or(&[])
    }
    /// The arguments of a range.
    #[must_use]
    pub fn args(&self, range: Range32) -> &[Arg] {
        self.args.get(range.range()).unwrap_or(&[])
    }
    /// The operands of a range.
    #[must_use]
    pub fn operands(&self, range: Range32) -> &[Operand] {
        self.operands.get(range.range()).unwrap_or(&[])
    }
}
