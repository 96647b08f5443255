//! The small language of `when` (models) and `where` (rules): or · and · not · == != < > in · paths · literals · calls.

use serde::{Deserialize, Serialize};

/// An expression.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Expr {
    /// Any of.
    Or(Vec<Expr>),
    /// All of.
    And(Vec<Expr>),
    /// Not.
    Not(Box<Expr>),
    /// A comparison.
    Compare(Box<Expr>, Compare, Box<Expr>),
    /// `a in ['x', 'y']`, `a in b`.
    In(Box<Expr>, Box<Expr>),
    /// `['x', 'y']`
    List(Vec<Expr>),
    /// A literal.
    Literal(Literal),
    /// `arg(2).shell`, `fact:body.json`, `fact.algorithm`, `name`: as written, dots and all.
    Path(String),
    /// `guarded('authentication')`
    Apply(String, Vec<Expr>),
}

/// A comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Compare {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `~`: the left string matches the right regular expression somewhere.
    Matches,
}

/// A literal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Literal {
    /// A string.
    Str(String),
    /// A number.
    Number(f64),
    /// A truth value.
    Bool(bool),
    /// `null`, `none`, `undefined`.
    Null,
}

/// A three-valued answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Tri {
    /// Certainly.
    Yes,
    /// Certainly not.
    No,
    /// Not known: never the same as no.
    Unknown,
}
