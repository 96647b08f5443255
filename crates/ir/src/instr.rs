//! Instructions, operands and terminators.

use crate::ids::{BlockId, CaptureId, ClassId, ConstId, FnId, GlobalId, ImportId, LocalId, Symbol};
use serde::{Deserialize, Serialize};

/// A range of one of the function's pools (`parts`, `args` or `operands`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Range32 {
    /// First index.
    pub start: u32,
    /// One past the last index.
    pub end: u32,
}

impl Range32 {
    /// The range for slicing a pool.
    #[inline]
    #[must_use]
    pub const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
    /// Number of elements.
    #[inline]
    #[must_use]
    pub const fn len(self) -> usize {
        (self.end - self.start) as usize
    }
    /// Whether there are no elements.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// What an instruction reads: a local of the function or a constant of the file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Operand {
    /// A local or temporary.
    Local(LocalId),
    /// A constant.
    Const(ConstId),
}

/// A variable that does not belong to the function itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum VarRef {
    /// A module-level variable of this file.
    Global(GlobalId),
    /// A variable of an enclosing function.
    Captured(CaptureId),
    /// A name that no scope of the file binds: `process`, `console`, `Promise`.
    Free(Symbol),
}

/// The member that a load or store touches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Key {
    /// A named property, or a constant string key.
    Field(Symbol),
    /// A constant index.
    Index(u32),
    /// A computed key.
    Computed(Operand),
}

/// One part of an object, array or template.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Part {
    /// Where it goes.
    pub key: PartKey,
    /// What it is.
    pub value: Operand,
}

/// Where a part goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PartKey {
    /// A named property of an object.
    Field(Symbol),
    /// The next position of an array or template.
    Next,
    /// A computed property of an object.
    Computed(Operand),
    /// `...value`: all own members of the value.
    Spread,
    /// A getter of an object literal: the value is its function.
    Getter(Symbol),
    /// A setter of an object literal: the value is its function.
    Setter(Symbol),
}

/// One argument of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Arg {
    /// How it is passed.
    pub key: ArgKey,
    /// What is passed.
    pub value: Operand,
}

/// How an argument is passed. Positions are counted from 0 in order of appearance; after a spread they are lower bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ArgKey {
    /// By position.
    Pos,
    /// By keyword (Python).
    Keyword(Symbol),
    /// `...value`: a sequence of positional arguments.
    Spread,
    /// `**value`: a mapping of keyword arguments (Python).
    KeywordSpread,
}

/// Properties of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CallFlags {
    /// `new callee(…)`.
    pub new: bool,
    /// `super(…)`: the callee is the base class of the enclosing class, `this` is passed on.
    pub super_call: bool,
    /// `callee?.(…)`: may not be called at all.
    pub optional: bool,
    /// A tagged template: argument 0 is the array of literal pieces, the holes follow.
    pub tagged: bool,
}

/// An operator. Only operators whose meaning matters to some analysis have a name of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum OpKind {
    /// `a + b` where neither operand is known to be a string: number or string.
    Add,
    /// `- * / ** % | & ^ << >> >>>` and unary `+ - ~`: a number.
    Arithmetic,
    /// `a - b`.
    Subtract,
    /// `a * b`.
    Multiply,
    /// `a / b`.
    Divide,
    /// `a % b` of numbers.
    Modulo,
    /// `!a`.
    Not,
    /// `a === b` (also Python `is`).
    StrictEq,
    /// `a !== b`.
    StrictNe,
    /// `a == b`.
    Eq,
    /// `a != b`.
    Ne,
    /// `a < b`.
    Less,
    /// `a <= b`.
    LessEq,
    /// `a > b`.
    Greater,
    /// `a >= b`.
    GreaterEq,
    /// `a in b`.
    In,
    /// `a instanceof b`.
    InstanceOf,
    /// `typeof a`.
    TypeOf,
    /// `void a`: undefined.
    Void,
    /// One of the operands, undecided: parameter defaults, `a ??= b` and the like where no branch is lowered.
    Select,
    /// The string form of the operand.
    ToString,
    /// Rest of an object or array: operand 0 without the keys that follow.
    Rest,
}

impl OpKind {
    /// The same without what it says of two that are equal: `<=` is `<`, `>=` is `>`.
    #[must_use]
    pub const fn order(self) -> Self {
        match self {
            Self::LessEq => Self::Less,
            Self::GreaterEq => Self::Greater,
            other => other,
        }
    }
}

/// What an iteration yields.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum IterKind {
    /// The elements (`for … of`, Python `for`).
    Elements,
    /// The keys (`for … in`).
    Keys,
}

/// One flat instruction. `to` is always a local of the function.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Instr {
    /// `to = from`.
    Copy {
        /// Target.
        to: LocalId,
        /// Value.
        from: Operand,
    },
    /// `to = base.key`.
    Load {
        /// Target.
        to: LocalId,
        /// The object.
        base: Operand,
        /// The member.
        key: Key,
    },
    /// `base.key = value`.
    Store {
        /// The object.
        base: Operand,
        /// The member.
        key: Key,
        /// Value.
        value: Operand,
    },
    /// `delete base.key`.
    Delete {
        /// The object.
        base: Operand,
        /// The member.
        key: Key,
    },
    /// `to = variable` of the module, of an enclosing function, or free.
    LoadVar {
        /// Target.
        to: LocalId,
        /// The variable.
        var: VarRef,
    },
    /// `variable = value`.
    StoreVar {
        /// The variable.
        var: VarRef,
        /// Value.
        value: Operand,
    },
    /// An object literal (`parts` pool).
    Object {
        /// Target.
        to: LocalId,
        /// Its members in order.
        parts: Range32,
    },
    /// An array, tuple or set literal (`parts` pool).
    Array {
        /// Target.
        to: LocalId,
        /// Its elements in order.
        parts: Range32,
    },
    /// A string built from pieces: template literals and `+` chains with a string in them (`operands` pool, in order).
    Template {
        /// Target.
        to: LocalId,
        /// Literal pieces (constants) and holes.
        operands: Range32,
    },
    /// An operator (`operands` pool).
    Op {
        /// Target.
        to: LocalId,
        /// Which.
        op: OpKind,
        /// Operands in order.
        operands: Range32,
    },
    /// A function value. What it captures stands in `Function::captures` of `func`.
    Closure {
        /// Target.
        to: LocalId,
        /// The function.
        func: FnId,
    },
    /// A class value. Methods and field initialisers are functions of [`ClassDef`](crate::ClassDef).
    Class {
        /// Target.
        to: LocalId,
        /// The class.
        class: ClassId,
        /// The value of the `extends` clause.
        base: Option<Operand>,
    },
    /// A call. For `recv.name(…)` the callee is the temporary that `Load` made and `this` is `recv`.
    Call {
        /// Target.
        to: LocalId,
        /// The function value; meaningless when `flags.super_call`.
        callee: Operand,
        /// The receiver.
        this: Option<Operand>,
        /// Arguments (`args` pool).
        args: Range32,
        /// Properties.
        flags: CallFlags,
    },
    /// The module behind an import (`name` absent: the namespace, or `module.exports` for `require`), or one export of it.
    Import {
        /// Target.
        to: LocalId,
        /// Which import.
        import: ImportId,
        /// The export; `default` for default imports.
        name: Option<Symbol>,
    },
    /// `to = await from`.
    Await {
        /// Target.
        to: LocalId,
        /// The promise.
        from: Operand,
    },
    /// `to = yield value`; `delegate` for `yield*`.
    Yield {
        /// Target.
        to: LocalId,
        /// What is yielded.
        value: Operand,
        /// `yield*`, `yield from`.
        delegate: bool,
    },
    /// `to =` the next element or key of `of`.
    IterNext {
        /// Target.
        to: LocalId,
        /// What is iterated.
        of: Operand,
        /// Elements or keys.
        kind: IterKind,
    },
    /// `to =` the exception that led here; first instruction of a handler block.
    Catch {
        /// Target.
        to: LocalId,
    },
    /// An output tag of a template: `value` is written to the page.
    Output {
        /// What is written.
        value: Operand,
        /// Where it stands: `html.text`, `html.attr`, `html.url`, `script`, `header`; empty if unknown.
        context: Symbol,
        /// `Some(false)` raw tag, `Some(true)` always escaped, `None` as the engine's autoescape is configured.
        escaped: Option<bool>,
    },
    /// A construct that is not lowered: keeps the taint of its operands (`operands` pool), and is counted.
    Opaque {
        /// Target.
        to: LocalId,
        /// What it reads.
        operands: Range32,
    },
}

/// How a block ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Term {
    /// To one block.
    Goto(BlockId),
    /// On the truth of `cond`. What the condition tests is read from the instruction that defines it.
    Branch {
        /// The condition.
        cond: Operand,
        /// Taken when truthy.
        yes: BlockId,
        /// Taken when falsy.
        no: BlockId,
    },
    /// Leaves the function with a value.
    Return(Option<Operand>),
    /// Throws a value: to the block's `unwind`, else out of the function.
    Throw(Operand),
    /// Cannot be reached.
    Unreachable,
}

const _: () = assert!(std::mem::size_of::<Instr>() <= 36);
