//! Three-valued evaluation.

use super::{Compare, Expr, Literal, Tri};
use regex::{Regex, RegexBuilder};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

/// The largest compiled regular expression that an expression may use, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// What is known of a value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value3 {
    /// It is this; [`Literal::Null`] where nothing is given.
    Known(Literal),
    /// It is one of these.
    OneOf(Vec<Literal>),
    /// It is a list of these.
    List(Vec<Value3>),
    /// It is there (neither null nor false, zero or empty), but not known.
    Present,
    /// Nothing is known of it.
    Unknown,
}

impl From<Tri> for Value3 {
    fn from(answer: Tri) -> Self {
        match answer {
            Tri::Yes => Self::Known(Literal::Bool(true)),
            Tri::No => Self::Known(Literal::Bool(false)),
            Tri::Unknown => Self::Unknown,
        }
    }
}

/// What the names and functions of an expression mean.
pub trait Scope {
    /// The value of a path, as written.
    fn value(&self, path: &str) -> Value3;
    /// The answer of a function.
    fn apply(&self, _name: &str, _arguments: &[Value3]) -> Value3 {
        Value3::Unknown
    }
}

impl<F: Fn(&str) -> Value3 + ?Sized> Scope for &F {
    fn value(&self, path: &str) -> Value3 {
        self(path)
    }
}

/// Whether an expression holds, where `value` says what is known of each path.
#[must_use]
pub fn eval(expr: &Expr, value: &dyn Fn(&str) -> Value3) -> Tri {
    eval_in(expr, &value)
}

/// Whether an expression holds in a scope that also has functions.
#[must_use]
pub fn eval_in(expr: &Expr, scope: &dyn Scope) -> Tri {
    match expr {
        Expr::Or(any) => any
            .iter()
            .fold(Tri::No, |answer, expr| answer.or(|| eval_in(expr, scope))),
        Expr::And(all) => all
            .iter()
            .fold(Tri::Yes, |answer, expr| answer.and(|| eval_in(expr, scope))),
        Expr::Not(expr) => eval_in(expr, scope).not(),
        Expr::Compare(left, operator, right) => {
            compare(&value_of(left, scope), *operator, &value_of(right, scope))
        }
        Expr::In(item, list) => contains(&value_of(list, scope), &value_of(item, scope)),
        Expr::List(_) | Expr::Literal(_) | Expr::Path(_) | Expr::Apply(..) => {
            truth(&value_of(expr, scope))
        }
    }
}

fn value_of(expr: &Expr, scope: &dyn Scope) -> Value3 {
    match expr {
        Expr::Literal(literal) => Value3::Known(literal.clone()),
        Expr::List(items) => Value3::List(items.iter().map(|item| value_of(item, scope)).collect()),
        Expr::Path(path) => scope.value(path),
        Expr::Apply(name, arguments) => {
            let arguments: Vec<Value3> = arguments
                .iter()
                .map(|argument| value_of(argument, scope))
                .collect();
            scope.apply(name, &arguments)
        }
        other => eval_in(other, scope).into(),
    }
}

impl Tri {
    /// Either; the second is asked only where it matters.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Yes => Self::Yes,
            Self::No => other(),
            Self::Unknown => {
                if other() == Self::Yes {
                    Self::Yes
                } else {
                    Self::Unknown
                }
            }
        }
    }

    /// Both; the second is asked only where it matters.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Unknown => {
                if other() == Self::No {
                    Self::No
                } else {
                    Self::Unknown
                }
            }
        }
    }

    /// The opposite.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "`!` would read as if an answer were a truth value"
    )]
    pub fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    /// The same answer for all, else unknown; nothing asked: unknown.
    fn unanimous(answers: impl IntoIterator<Item = Self>) -> Self {
        answers
            .into_iter()
            .reduce(|a, b| if a == b { a } else { Self::Unknown })
            .unwrap_or(Self::Unknown)
    }
}

impl From<bool> for Tri {
    fn from(answer: bool) -> Self {
        if answer { Self::Yes } else { Self::No }
    }
}

fn truth(value: &Value3) -> Tri {
    let of = |literal: &Literal| match literal {
        Literal::Str(text) => !text.is_empty(),
        Literal::Number(number) => *number != 0.0,
        Literal::Bool(answer) => *answer,
        Literal::Null => false,
    };
    match value {
        Value3::Known(literal) => of(literal).into(),
        Value3::OneOf(literals) => {
            Tri::unanimous(literals.iter().map(|literal| of(literal).into()))
        }
        Value3::List(_) | Value3::Present => Tri::Yes,
        Value3::Unknown => Tri::Unknown,
    }
}

fn compare(left: &Value3, operator: Compare, right: &Value3) -> Tri {
    match (left, right) {
        (Value3::Known(a), Value3::Known(b)) => literals(a, operator, b),
        (Value3::OneOf(any), other) => Tri::unanimous(
            any.iter()
                .map(|a| compare(&Value3::Known(a.clone()), operator, other)),
        ),
        (other, Value3::OneOf(any)) => Tri::unanimous(
            any.iter()
                .map(|b| compare(other, operator, &Value3::Known(b.clone()))),
        ),
        (Value3::Present | Value3::List(_), Value3::Known(b))
        | (Value3::Known(b), Value3::Present | Value3::List(_))
            if truth(&Value3::Known(b.clone())) == Tri::No =>
        {
            match operator {
                Compare::Eq => Tri::No,
                Compare::Ne => Tri::Yes,
                _ => Tri::Unknown,
            }
        }
        (Value3::List(a), Value3::List(b)) if matches!(operator, Compare::Eq | Compare::Ne) => {
            let same = if a.len() == b.len() {
                a.iter().zip(b).fold(Tri::Yes, |answer, (a, b)| {
                    answer.and(|| compare(a, Compare::Eq, b))
                })
            } else {
                Tri::No
            };
            if operator == Compare::Eq {
                same
            } else {
                same.not()
            }
        }
        _ => Tri::Unknown,
    }
}

fn literals(a: &Literal, operator: Compare, b: &Literal) -> Tri {
    let order = match (a, b) {
        (Literal::Str(a), Literal::Str(b)) => Some(a.cmp(b)),
        (Literal::Number(a), Literal::Number(b)) => a.partial_cmp(b),
        _ => None,
    };
    let ordered = |fits: fn(Ordering) -> bool| order.map_or(Tri::No, |order| fits(order).into());
    match operator {
        Compare::Eq => (a == b).into(),
        Compare::Ne => (a != b).into(),
        Compare::Lt => ordered(Ordering::is_lt),
        Compare::Le => ordered(Ordering::is_le),
        Compare::Gt => ordered(Ordering::is_gt),
        Compare::Ge => ordered(Ordering::is_ge),
        Compare::Matches => match (a, b) {
            (Literal::Str(text), Literal::Str(pattern)) => {
                matches(text, pattern).map_or(Tri::Unknown, Tri::from)
            }
            _ => Tri::No,
        },
    }
}

fn contains(list: &Value3, item: &Value3) -> Tri {
    match (list, item) {
        (_, Value3::OneOf(any)) => Tri::unanimous(
            any.iter()
                .map(|one| contains(list, &Value3::Known(one.clone()))),
        ),
        (Value3::List(items), _) => items.iter().fold(Tri::No, |answer, one| {
            answer.or(|| compare(item, Compare::Eq, one))
        }),
        // A part of a text, as in most languages with this operator.
        (Value3::Known(Literal::Str(text)), Value3::Known(Literal::Str(part))) => {
            text.contains(part.as_str()).into()
        }
        (Value3::Known(_), Value3::Known(_)) => Tri::No,
        _ => Tri::Unknown,
    }
}

/// Expressions that are kept once they were made: making one takes 0.4 million instructions (measured), and models ask a few hundred
/// of them again at every call.
const KEPT: usize = 1 << 12;

/// Whether a text matches a regular expression, if that is one.
fn matches(text: &str, pattern: &str) -> Option<bool> {
    static MADE: LazyLock<RwLock<HashMap<String, Option<Regex>>>> = LazyLock::new(RwLock::default);
    let known = MADE.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = known.get(pattern) {
        return made.as_ref().map(|regex| regex.is_match(text));
    }
    drop(known);
    let made = regex(pattern);
    let answer = made.as_ref().map(|regex| regex.is_match(text));
    let mut known = MADE.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() < KEPT {
        known.insert(pattern.to_owned(), made);
    }
    answer
}

/// A regular expression, if the text is one of bounded size.
pub(super) fn regex(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern)
        .size_limit(MAX_REGEX)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn known(path: &str) -> Value3 {
        match path {
            "one" => Value3::Known(Literal::Number(1.0)),
            "md5" => Value3::Known(Literal::Str("md5".into())),
            "none_given" => Value3::Known(Literal::Null),
            "weak" => Value3::OneOf(vec![
                Literal::Str("md5".into()),
                Literal::Str("sha1".into()),
            ]),
            "object" => Value3::Present,
            "algorithms" => Value3::List(vec![
                Value3::Known(Literal::Str("HS256".into())),
                Value3::Unknown,
            ]),
            _ => Value3::Unknown,
        }
    }

    fn answer(text: &str) -> Tri {
        eval(&parse(text).unwrap(), &known)
    }

    #[test]
    fn unknown_is_never_no() {
        let cases = [
            ("one == 1", Tri::Yes),
            ("one == '1'", Tri::No),
            ("one < 2 and one >= 1", Tri::Yes),
            ("what", Tri::Unknown),
            ("not what", Tri::Unknown),
            ("what or one == 1", Tri::Yes),
            ("what and one == 2", Tri::No),
            ("one == 2 or what", Tri::Unknown),
            ("weak in ['md5', 'sha1']", Tri::Yes),
            ("weak in ['md5']", Tri::Unknown),
            ("weak == 'sha256'", Tri::No),
            ("weak ~ '^(md|sha)'", Tri::Yes),
            ("md5 ~ '5$'", Tri::Yes),
            ("none_given == null", Tri::Yes),
            ("object == null", Tri::No),
            ("object != null", Tri::Yes),
            ("object == 'x'", Tri::Unknown),
            ("object", Tri::Yes),
            ("none_given < 3", Tri::No),
            ("'HS256' in algorithms", Tri::Yes),
            ("'none' in algorithms", Tri::Unknown),
            ("guarded('x')", Tri::Unknown),
            ("what in ['a']", Tri::Unknown),
            ("what in []", Tri::No),
            ("(one == 1) == true", Tri::Yes),
        ];
        for (text, expected) in cases {
            assert_eq!(answer(text), expected, "{text}");
        }
    }
}
