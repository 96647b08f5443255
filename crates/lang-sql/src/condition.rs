//! Conditions of policies, as far as it can be told of them without a database.

use crate::token::{Cursor, Kind, Token, apart};
use std::collections::BTreeSet;

/// What a condition asks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Condition {
    /// It holds for every row.
    pub always: bool,
    /// Words that it names, lower case.
    pub names: BTreeSet<String>,
    /// Columns that have to equal something for any row to fit: `column = …`, joined to the rest by `and`.
    pub required: BTreeSet<String>,
}

impl Condition {
    /// Reads what stands between the brackets of a condition.
    pub(crate) fn read(tokens: &[Token]) -> Self {
        let inner = bare(tokens);
        let names = tokens.iter().filter_map(|token| match &token.kind {
            Kind::Word(word) => Some(word.clone()),
            _ => None,
        });
        Self {
            always: always(inner),
            names: names.collect(),
            required: required(inner),
        }
    }
}

/// Without brackets around the whole.
fn bare(tokens: &[Token]) -> &[Token] {
    let mut inner = tokens;
    while let Some(within) = Cursor::new(inner).peek_brackets()
        && within.len() + 2 == inner.len()
    {
        inner = within;
    }
    inner
}

/// The parts between a word that stands in no brackets.
fn parts<'a>(tokens: &'a [Token], word: &str) -> Vec<&'a [Token]> {
    apart(
        tokens,
        |kind| matches!(kind, Kind::Word(own) if own == word),
    )
    .collect()
}

/// `true`, `1 = 1`, or one of them beside `or`.
fn always(tokens: &[Token]) -> bool {
    let constant = |part: &[Token]| {
        let kinds: Vec<&Kind> = bare(part).iter().map(|token| &token.kind).collect();
        match kinds.as_slice() {
            [Kind::Word(word)] => word == "true",
            [Kind::Number(a), Kind::Sign('='), Kind::Number(b)] => a == b,
            _ => false,
        }
    };
    let parts = parts(tokens, "or");
    parts.len() == 1 && constant(tokens)
        || parts.len() > 1 && parts.iter().any(|part| constant(part))
}

/// The columns of `column = …`, `… = column`, `column is not distinct from …` that stand beside `and` only.
fn required(tokens: &[Token]) -> BTreeSet<String> {
    if parts(tokens, "or").len() > 1 {
        return BTreeSet::new();
    }
    let column = |part: &&[Token]| {
        let part = bare(part);
        let kinds: Vec<&Kind> = part.iter().map(|token| &token.kind).collect();
        // `(owner = me() or x)`: a group that something else opens as well.
        if parts(part, "or").len() > 1 {
            return None;
        }
        let (name, rest) = match kinds.as_slice() {
            [Kind::Word(_), Kind::Sign('.'), Kind::Word(name), rest @ ..] => (name, rest),
            [Kind::Word(name), rest @ ..] => (name, rest),
            // `(select …) = column`
            [.., Kind::Sign('='), Kind::Word(last)] => return Some(last.clone()),
            _ => return None,
        };
        if let [.., Kind::Sign('='), Kind::Word(last)] = kinds.as_slice()
            && !(rest.first() == Some(&&Kind::Sign('=')))
        {
            return Some(last.clone());
        }
        let word = |at: usize, text: &str| matches!(rest.get(at), Some(Kind::Word(w)) if w == text);
        let equals = rest.first() == Some(&&Kind::Sign('='))
            || word(0, "is") && word(1, "not") && word(2, "distinct");
        equals.then(|| name.clone())
    };
    parts(tokens, "and").iter().filter_map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::statements;

    #[test]
    fn what_is_asked() {
        let read = |text: &str| Condition::read(&statements(text)[0]);
        for text in [
            "true",
            "((true))",
            "1 = 1",
            "true or a = b",
            "a = b or (true)",
        ] {
            assert!(read(text).always, "{text}");
        }
        for text in [
            "a = b",
            "not true",
            "(true and a = b) or c = d",
            "auth.uid() is not null",
        ] {
            assert!(!read(text).always, "{text}");
        }
        let tenant =
            read("t.tenant_id = (select f()) and (owner = me() or x) and a is not distinct from b");
        assert_eq!(tenant.required, ["a", "tenant_id"].map(String::from).into());
        assert!(read("a = b or c = d").required.is_empty());
        assert!(
            read("(select auth.uid()) = user_id")
                .required
                .contains("user_id")
        );
    }
}
