//! What a front end knows of one file.

use crate::function::{Decorator, Function};
use crate::ids::{ClassId, ConstId, FnId, GlobalId, ImportId, Span, Symbol};
use crate::instr::VarRef;
use serde::{Deserialize, Serialize};

/// A language as a front end names it. Rules and models use the same words.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub enum Language {
    /// JavaScript, TypeScript and their dialects.
    #[default]
    JavaScript,
    /// Python.
    Python,
    /// A server-side template.
    Template,
}

/// A constant.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Const {
    /// `undefined`.
    Undefined,
    /// `null`, `None`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number, as its bits (`f64::to_bits`), so that constants compare and hash.
    Number(u64),
    /// A string.
    Str(Symbol),
    /// A regular expression.
    Regex(RegexConst),
    /// Any other literal (big integers, bytes): its text.
    Other(Symbol),
}

/// A regular expression literal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct RegexConst {
    /// The pattern between the slashes.
    pub pattern: Symbol,
    /// The flags.
    pub flags: Symbol,
}

/// A name of a type as written, with the variable that its first segment is bound to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TypeRef {
    /// The variable behind the first segment: an import, a class of the module. Absent: a built-in or unknown name.
    pub binding: Option<VarRef>,
    /// The dotted name, `express.Request`; for arrays and promises the element type (see `wrapper`).
    pub path: Vec<Symbol>,
    /// `Promise`, `Array`, … around it; absent: none. `Promise<User[]>` keeps the innermost class and the outermost wrapper.
    pub wrapper: Option<Symbol>,
    /// A primitive that limits what can arrive: `number`, `boolean`, `string`, `Date`, …
    pub primitive: Option<Symbol>,
}

/// What a class member is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum MemberKind {
    /// A method.
    Method,
    /// A property read.
    Getter,
    /// A property write.
    Setter,
    /// A field; its initialiser is part of the constructor (instance) or of the code that makes the class (static).
    Field,
}

/// A member of a class.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Its name; private names keep their `#`.
    pub name: Symbol,
    /// What it is.
    pub kind: MemberKind,
    /// `static`.
    pub is_static: bool,
    /// Its function; absent for fields.
    pub func: Option<FnId>,
    /// Annotated type of a field.
    pub ty: Option<TypeRef>,
    /// Decorators.
    pub decorators: Vec<Decorator>,
    /// Where it stands.
    pub span: Span,
}

/// A class.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ClassDef {
    /// Its name.
    pub name: Option<Symbol>,
    /// The function that makes it.
    pub owner: FnId,
    /// The constructor; always present, synthesised (calling `super(...args)`) where the source has none.
    pub constructor: FnId,
    /// Members in order of the source.
    pub members: Vec<Member>,
    /// Decorators.
    pub decorators: Vec<Decorator>,
    /// Where it stands.
    pub span: Span,
}

/// An import of another module: `import … from 'x'`, `require('x')`, `import('x')`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Import {
    /// The specifier as written; absent when it is not a constant.
    pub specifier: Option<Symbol>,
    /// `require`: the value is `module.exports`, not a namespace.
    pub require: bool,
    /// `import type`: no code runs.
    pub type_only: bool,
    /// Where it stands.
    pub span: Span,
}

/// A module-level variable.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Binding {
    /// Its name.
    pub name: Symbol,
    /// Never assigned after its declaration.
    pub constant: bool,
    /// Annotated type.
    pub ty: Option<TypeRef>,
}

/// Something that the module offers to others.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Export {
    /// Its name outside; `default` for the default export. Unused for [`ExportKind::All`].
    pub name: Symbol,
    /// What it is.
    pub kind: ExportKind,
}

/// What an export is. CommonJS needs none: `module.exports` is the member `exports` of the free variable `module`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum ExportKind {
    /// A variable of the module.
    Variable(GlobalId),
    /// `export { name } from 'x'` (`None`: `export * as ns from 'x'`).
    From(ImportId, Option<Symbol>),
    /// `export * from 'x'`.
    All(ImportId),
}

/// Something a reader must be told about the file: a syntax error, a construct not lowered, a body skipped.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LocalizedNote {
    /// What, in a user's words.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// Counts of one file; nothing is dropped without one of them going up.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FactStats {
    /// Syntax errors that the parser recovered from; the file is then *partly parsed*.
    pub syntax_errors: u32,
    /// Instructions.
    pub instrs: u32,
    /// Of these, [`Instr::Opaque`](crate::Instr::Opaque).
    pub opaque: u32,
    /// Functions whose body was not lowered because a limit was reached.
    pub skipped_bodies: u32,
}

/// All that is known of one file.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FileFacts {
    /// Its language.
    pub language: Language,
    /// Strings, in order of first use.
    pub strings: Vec<Box<str>>,
    /// Constants, in order of first use.
    pub consts: Vec<Const>,
    /// Functions; the first is the module body.
    pub functions: Vec<Function>,
    /// Classes.
    pub classes: Vec<ClassDef>,
    /// Module-level variables.
    pub globals: Vec<Binding>,
    /// Imports.
    pub imports: Vec<Import>,
    /// Exports of an ES module.
    pub exports: Vec<Export>,
    /// It has ES import or export syntax.
    pub is_module: bool,
    /// What a reader must be told.
    pub notes: Vec<LocalizedNote>,
    /// Comments that may carry a suppression: those that contain `casemate:`.
    pub comments: Vec<(Span, String)>,
    /// Counts.
    pub stats: FactStats,
}

impl FileFacts {
    /// The text of a symbol; empty for one that is not of this file.
    #[must_use]
    pub fn str(&self, symbol: Symbol) -> &str {
        self.strings.get(symbol.index()).map_or("", |s| s)
    }
    /// A constant.
    #[must_use]
    pub fn constant(&self, id: ConstId) -> &Const {
        self.consts.get(id.index()).unwrap_or(&Const::Undefined)
    }
    /// A class.
    #[must_use]
    pub fn class(&self, id: ClassId) -> Option<&ClassDef> {
        self.classes.get(id.index())
    }
    /// A function.
    #[must_use]
    pub fn function(&self, id: FnId) -> Option<&Function> {
        self.functions.get(id.index())
    }
}
