//! The one language-neutral program.
//!
//! A front end lowers each file to one [`FileFacts`]: functions made of basic blocks, classes, imports and exports, with a
//! file-local string and constant table and nothing global inside. `flow` links many of them into a program.
//!
//! Invariants
//! - Nothing here knows a language, a parser, a library or a rule.
//! - Three-address form: an operand is a local or a constant, every member access is an instruction of its own.
//! - A temporary ([`LocalKind::Temp`]) is assigned by exactly one instruction; named locals may be assigned many times.
//! - Nothing is dropped in silence: what a front end cannot lower is [`Instr::Opaque`], which keeps its operands.
//! - The same bytes give the same facts; tables are in order of first use.
//!
//! Start reading at [`FileFacts`], then [`Instr`].

mod build;
mod canonical;
mod facts;
mod function;
mod ids;
mod instr;
pub mod text;
mod validate;
mod visit;

pub use build::{FactsBuilder, FunctionBuilder};
pub use facts::{
    Binding, ClassDef, Const, Export, ExportKind, FactStats, FileFacts, Import, Language,
    LocalizedNote, Member, MemberKind, RegexConst, TypeRef,
};
pub use function::{Block, Capture, Decorator, FnKind, Function, Local, LocalKind, Param};
pub use ids::{
    BlockId, CaptureId, ClassId, ConstId, FnId, GlobalId, ImportId, LocalId, Span, Symbol,
};
pub use instr::{
    Arg, ArgKey, CallFlags, Instr, IterKind, Key, OpKind, Operand, Part, PartKey, Range32, Term,
    VarRef,
};
/// The member of an instance that stands for `super()` of Python: what the class above it has.
pub const SUPER: &str = "__super__";

pub use validate::{Violation, validate};
