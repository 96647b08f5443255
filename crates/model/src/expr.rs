//! The small language of `when` (models) and `where` (rules): or · and · not · == != < > in · paths · literals · calls.

mod assume;
mod eval;
mod parse;

pub use eval::{Scope, Value3, eval, eval_in};
pub use parse::{ExprError, parse};

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

impl Expr {
    /// Every path in the expression, as written.
    #[must_use]
    pub fn paths(&self) -> Vec<&str> {
        let mut paths = Vec::new();
        self.visit(&mut |expr| {
            if let Self::Path(path) = expr {
                paths.push(path.as_str());
            }
        });
        paths
    }

    /// Visits the expression and all its parts.
    pub fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        see(self);
        match self {
            Self::Or(parts) | Self::And(parts) | Self::List(parts) | Self::Apply(_, parts) => {
                for part in parts {
                    part.visit(see);
                }
            }
            Self::Not(part) => part.visit(see),
            Self::Compare(left, _, right) | Self::In(left, right) => {
                left.visit(see);
                right.visit(see);
            }
            Self::Literal(_) | Self::Path(_) => {}
        }
    }
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
