//! Access rules: `owner and status == 'draft'`.
//!
//! A rule is a formula over what is known of the actor (`role:x`, `owner`, `authenticated`, `anyone`) and of the row
//! (`field == value`, for fields with few values). So every rule has a finite truth table, and the generated tests hold
//! all of it.

pub mod parse;
pub mod print;
pub mod world;

use std::collections::BTreeSet;
use std::ops::Range;

/// A rule with its place.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it says.
    pub formula: Formula,
    /// As it was written.
    pub text: String,
    /// Where the string stands.
    pub span: Range<usize>,
}

/// A formula of an access rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Formula {
    /// Whoever it is, signed in or not.
    Anyone,
    /// Whoever is signed in.
    Authenticated,
    /// Who owns the row.
    Owner,
    /// Who has this role.
    Role(String),
    /// The field has this value; `true` for equal, `false` for not equal.
    Field(String, bool, Literal),
    /// Not so.
    Not(Box<Formula>),
    /// All of them.
    And(Vec<Formula>),
    /// One of them.
    Or(Vec<Formula>),
}

/// A value in a rule.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Literal {
    /// `'draft'`.
    Text(String),
    /// `true`.
    Bool(bool),
}

impl Formula {
    /// Calls `see` for this formula and all below it.
    pub fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Formula)) {
        see(self);
        match self {
            Self::Not(one) => one.visit(see),
            Self::And(many) | Self::Or(many) => many.iter().for_each(|one| one.visit(see)),
            _ => {}
        }
    }

    /// True where one of these is, with nothing in it that adds nothing: `a or (a and b)` is `a`.
    pub fn any(formulas: Vec<Self>) -> Self {
        let mut parts: Vec<Self> = Vec::new();
        for formula in formulas {
            let inner = match formula {
                Self::Or(many) => many,
                one => vec![one],
            };
            for part in inner {
                if !parts.contains(&part) {
                    parts.push(part);
                }
            }
        }
        let adds = |part: &Self| match part {
            Self::And(needed) => !needed.iter().any(|one| parts.contains(one)),
            _ => true,
        };
        let kept: Vec<Self> = parts.iter().filter(|part| adds(part)).cloned().collect();
        match <[Self; 1]>::try_from(kept) {
            Ok([one]) => one,
            Err(many) => Self::Or(many),
        }
    }

    /// The fields that it looks at.
    pub fn fields(&self) -> BTreeSet<&str> {
        let mut fields = BTreeSet::new();
        self.visit(&mut |formula| {
            if let Self::Field(name, ..) = formula {
                fields.insert(name.as_str());
            }
        });
        fields
    }

    /// Whether somebody who is not signed in can matter.
    pub fn mentions_anyone(&self) -> bool {
        let mut found = false;
        self.visit(&mut |formula| found |= *formula == Self::Anyone);
        found
    }

    /// Whether the owner can matter.
    pub fn mentions_owner(&self) -> bool {
        let mut found = false;
        self.visit(&mut |formula| found |= *formula == Self::Owner);
        found
    }
}
