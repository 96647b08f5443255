//! The words of the text form, each with what it stands for.

use crate::facts::{Language, MemberKind};
use crate::function::{FnKind, LocalKind};
use crate::instr::OpKind;

/// A vocabulary: the printer looks up by meaning, the parser by word.
type Words<T> = &'static [(T, &'static str)];

pub(super) const LANGUAGES: Words<Language> = &[
    (Language::JavaScript, "javascript"),
    (Language::Python, "python"),
    (Language::Template, "template"),
];

pub(super) const FUNCTIONS: Words<FnKind> = &[
    (FnKind::Module, "module"),
    (FnKind::Function, "function"),
    (FnKind::Arrow, "arrow"),
    (FnKind::Method, "method"),
    (FnKind::Getter, "getter"),
    (FnKind::Setter, "setter"),
    (FnKind::Constructor, "constructor"),
    (FnKind::Template, "template"),
];

pub(super) const MEMBERS: Words<MemberKind> = &[
    (MemberKind::Method, "method"),
    (MemberKind::Getter, "getter"),
    (MemberKind::Setter, "setter"),
    (MemberKind::Field, "field"),
];

pub(super) const LOCALS: Words<LocalKind> = &[
    (LocalKind::Temp, "temp"),
    (LocalKind::Named, "named"),
    (LocalKind::Param, "param"),
    (LocalKind::This, "this"),
    (LocalKind::Arguments, "arguments"),
];

pub(super) const OPERATORS: Words<OpKind> = &[
    (OpKind::Add, "add"),
    (OpKind::Arithmetic, "arithmetic"),
    (OpKind::Subtract, "subtract"),
    (OpKind::Multiply, "multiply"),
    (OpKind::Divide, "divide"),
    (OpKind::Modulo, "modulo"),
    (OpKind::Not, "not"),
    (OpKind::StrictEq, "strict_eq"),
    (OpKind::StrictNe, "strict_ne"),
    (OpKind::Eq, "eq"),
    (OpKind::Ne, "ne"),
    (OpKind::Less, "less"),
    (OpKind::LessEq, "less_eq"),
    (OpKind::Greater, "greater"),
    (OpKind::GreaterEq, "greater_eq"),
    (OpKind::In, "in"),
    (OpKind::InstanceOf, "instance_of"),
    (OpKind::TypeOf, "type_of"),
    (OpKind::Void, "void"),
    (OpKind::Select, "select"),
    (OpKind::ToString, "to_string"),
    (OpKind::Rest, "rest"),
];

/// The word for a meaning.
pub(super) fn word<T: Copy + PartialEq>(words: Words<T>, meaning: T) -> &'static str {
    words
        .iter()
        .find(|(it, _)| *it == meaning)
        .map_or("?", |(_, word)| word)
}

/// The meaning of a word.
pub(super) fn meaning<T: Copy>(words: Words<T>, word: &str) -> Option<T> {
    words.iter().find(|(_, it)| *it == word).map(|(it, _)| *it)
}

/// Names that would be read as a word of the grammar where a name is optional.
pub(super) fn reserved(name: &str) -> bool {
    matches!(
        name,
        "owner"
            | "within"
            | "of"
            | "head"
            | "decorated"
            | "global"
            | "captured"
            | "free"
            | "in"
            | "is"
            | "as"
            | "const"
    )
}

/// Whether a name can stand without quotes where nothing else can stand.
pub(super) fn plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}
