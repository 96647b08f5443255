//! From text to a formula. Messages point into the string.

use super::{Formula, Literal};
use crate::problem::near;
use std::ops::Range;

/// How deep brackets and `not` may go.
const DEPTH: usize = 20;

/// What is wrong in a rule: where in the string, what, and what to write instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// Bytes of the string.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// Reads a rule; `None` is `never`.
pub fn parse(text: &str) -> Result<Option<Formula>, Mistake> {
    let tokens = tokens(text)?;
    if let [
        Token {
            kind: Kind::Word("never"),
            ..
        },
    ] = tokens[..]
    {
        return Ok(None);
    }
    let mut parser = Parser {
        tokens: &tokens,
        next: 0,
        end: text.len(),
    };
    let formula = parser.or(0)?;
    match parser.peek() {
        None => Ok(Some(formula)),
        Some(token) => Err(parser.mistake(
            token.at.clone(),
            format!(
                "`{}` was not expected here",
                text.get(token.at.clone()).unwrap_or_default()
            ),
            Some("join conditions with `and` or `or`"),
        )),
    }
}

#[derive(Clone, PartialEq, Debug)]
enum Kind<'a> {
    Word(&'a str),
    Text(&'a str),
    Equal,
    Unequal,
    Open,
    Close,
}

#[derive(Clone, Debug)]
struct Token<'a> {
    kind: Kind<'a>,
    at: Range<usize>,
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, Mistake> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let start = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let (kind, length) = match first {
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            '=' if rest.starts_with("==") => (Kind::Equal, 2),
            '!' if rest.starts_with("!=") => (Kind::Unequal, 2),
            '\'' => {
                let inner = rest.get(1..).unwrap_or_default();
                let Some(end) = inner.find('\'') else {
                    return Err(Mistake {
                        at: start..text.len(),
                        message: "a value is not closed".into(),
                        help: Some("end it with `'`".into()),
                    });
                };
                (Kind::Text(inner.get(..end).unwrap_or_default()), end + 2)
            }
            c if c.is_ascii_alphanumeric() || c == '_' => {
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
                    .unwrap_or(rest.len());
                (Kind::Word(rest.get(..end).unwrap_or_default()), end)
            }
            other => {
                let help = match other {
                    '=' => "compare with `==`",
                    '!' => "write `not`, or `!=` between a field and a value",
                    '&' => "write `and`",
                    '|' => "write `or`",
                    '"' => "put values in single quotes",
                    _ => {
                        "a rule is made of `and`, `or`, `not`, brackets, `owner`, `role:x`, and `field == 'value'`"
                    }
                };
                return Err(Mistake {
                    at: start..start + other.len_utf8(),
                    message: format!("`{other}` has no meaning in a rule"),
                    help: Some(help.into()),
                });
            }
        };
        tokens.push(Token {
            kind,
            at: start..start + length,
        });
        rest = rest.get(length..).unwrap_or_default();
    }
}

struct Parser<'t, 'a> {
    tokens: &'t [Token<'a>],
    next: usize,
    end: usize,
}

impl<'t, 'a> Parser<'t, 'a> {
    fn peek(&self) -> Option<&'t Token<'a>> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, kind: &Kind<'_>) -> bool {
        let found = self.peek().is_some_and(|token| token.kind == *kind);
        self.next += usize::from(found);
        found
    }

    fn mistake(&self, at: Range<usize>, message: String, help: Option<&str>) -> Mistake {
        Mistake {
            at,
            message,
            help: help.map(str::to_owned),
        }
    }

    fn or(&mut self, depth: usize) -> Result<Formula, Mistake> {
        let mut many = vec![self.and(depth)?];
        while self.take(&Kind::Word("or")) {
            many.push(self.and(depth)?);
        }
        Ok(one_or(many, Formula::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Formula, Mistake> {
        let mut many = vec![self.not(depth)?];
        while self.take(&Kind::Word("and")) {
            many.push(self.not(depth)?);
        }
        Ok(one_or(many, Formula::And))
    }

    fn not(&mut self, depth: usize) -> Result<Formula, Mistake> {
        if depth > DEPTH {
            let at = self
                .peek()
                .map_or(self.end..self.end, |token| token.at.clone());
            return Err(self.mistake(
                at,
                "the rule is nested too deeply".into(),
                Some("say it with fewer brackets"),
            ));
        }
        if self.take(&Kind::Word("not")) {
            return Ok(Formula::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.take(&Kind::Open) {
            let inner = self.or(depth + 1)?;
            if !self.take(&Kind::Close) {
                let at = self
                    .peek()
                    .map_or(self.end..self.end, |token| token.at.clone());
                return Err(self.mistake(at, "a bracket is not closed".into(), Some("add `)`")));
            }
            return Ok(inner);
        }
        self.condition()
    }

    fn condition(&mut self) -> Result<Formula, Mistake> {
        let Some(token) = self.peek() else {
            return Err(self.mistake(
                self.end..self.end,
                "the rule ends where a condition should stand".into(),
                Some("write a condition such as `owner` or `role:admin`, or `never`"),
            ));
        };
        self.next += 1;
        let Kind::Word(word) = token.kind else {
            return Err(self.mistake(
                token.at.clone(),
                "a condition should stand here".into(),
                Some("write the field first: `status == 'draft'`"),
            ));
        };
        if let Some((before, role)) = word.split_once(':') {
            return match (before, role) {
                ("role", role) if !role.is_empty() => Ok(Formula::Role(role.to_owned())),
                _ => Err(self.mistake(
                    token.at.clone(),
                    format!("`{word}` is no condition"),
                    Some("roles are written `role:admin`"),
                )),
            };
        }
        let equal = if self.take(&Kind::Equal) {
            true
        } else if self.take(&Kind::Unequal) {
            false
        } else {
            return self.word(word, token);
        };
        let Some(value) = self.peek() else {
            return Err(self.mistake(
                self.end..self.end,
                "a value is missing".into(),
                Some("write it in single quotes: `status == 'draft'`"),
            ));
        };
        self.next += 1;
        let literal = match value.kind {
            Kind::Text(text) => Literal::Text(text.to_owned()),
            Kind::Word("true") => Literal::Bool(true),
            Kind::Word("false") => Literal::Bool(false),
            _ => {
                return Err(self.mistake(
                    value.at.clone(),
                    "this is no value".into(),
                    Some("write `'text'` in single quotes, `true` or `false`"),
                ));
            }
        };
        Ok(Formula::Field(word.to_owned(), equal, literal))
    }

    fn word(&self, word: &str, token: &Token<'_>) -> Result<Formula, Mistake> {
        let known = [
            "anyone",
            "authenticated",
            "owner",
            "never",
            "and",
            "or",
            "not",
        ];
        match word {
            "anyone" => Ok(Formula::Anyone),
            "authenticated" => Ok(Formula::Authenticated),
            "owner" => Ok(Formula::Owner),
            "never" => Err(self.mistake(
                token.at.clone(),
                "`never` stands alone".into(),
                Some("leave the other conditions out"),
            )),
            _ => {
                let help = match meant(word).or_else(|| near(word, known)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("roles are written `role:{word}`, fields `{word} == 'value'`"),
                };
                Err(self.mistake(
                    token.at.clone(),
                    format!("`{word}` is no condition"),
                    Some(&help),
                ))
            }
        }
    }
}

/// The condition that others call by this name.
fn meant(word: &str) -> Option<&'static str> {
    match word {
        "all" | "everybody" | "everyone" | "guest" | "public" => Some("anyone"),
        "logged_in" | "signed_in" | "user" => Some("authenticated"),
        "author" | "creator" | "mine" | "own" | "self" => Some("owner"),
        "nobody" | "none" => Some("never"),
        _ => None,
    }
}

fn one_or(mut many: Vec<Formula>, join: impl Fn(Vec<Formula>) -> Formula) -> Formula {
    match many.pop() {
        Some(one) if many.is_empty() => one,
        Some(last) => {
            many.push(last);
            join(many)
        }
        None => join(many),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let got = match parse(text) {
            Ok(None) => "never".to_owned(),
            Ok(Some(formula)) => crate::access::print::source(&formula),
            Err(mistake) => format!(
                "{:?} {}; {}",
                mistake.at,
                mistake.message,
                mistake.help.unwrap_or_default()
            ),
        };
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn formulas() {
        check("never", "never");
        check("owner", "owner");
        check("owner and status == 'draft'", "owner and status == 'draft'");
        check("owner or role:a and role:b", "owner or (role:a and role:b)");
        check(
            "(owner or role:a) and not locked == true",
            "(owner or role:a) and not locked == true",
        );
        check("status != 'paid' or anyone", "status != 'paid' or anyone");
    }

    #[test]
    fn mistakes() {
        check(
            "",
            "0..0 the rule ends where a condition should stand; write a condition such as `owner` or `role:admin`, or `never`",
        );
        check(
            "owner and",
            "9..9 the rule ends where a condition should stand; write a condition such as `owner` or `role:admin`, or `never`",
        );
        check(
            "onwer",
            "0..5 `onwer` is no condition; did you mean `owner`?",
        );
        check(
            "admin",
            "0..5 `admin` is no condition; roles are written `role:admin`, fields `admin == 'value'`",
        );
        check(
            "owner owner",
            "6..11 `owner` was not expected here; join conditions with `and` or `or`",
        );
        check(
            "owner && x",
            "6..7 `&` has no meaning in a rule; write `and`",
        );
        check(
            "status = 'a'",
            "7..8 `=` has no meaning in a rule; compare with `==`",
        );
        check(
            "status == \"a\"",
            "10..11 `\"` has no meaning in a rule; put values in single quotes",
        );
        check(
            "status == 'a",
            "10..12 a value is not closed; end it with `'`",
        );
        check(
            "status ==",
            "9..9 a value is missing; write it in single quotes: `status == 'draft'`",
        );
        check(
            "status == draft",
            "10..15 this is no value; write `'text'` in single quotes, `true` or `false`",
        );
        check("(owner", "6..6 a bracket is not closed; add `)`");
        check(
            "role:",
            "0..5 `role:` is no condition; roles are written `role:admin`",
        );
        check(
            "owner or never",
            "9..14 `never` stands alone; leave the other conditions out",
        );
        check(
            "'a' == status",
            "0..3 a condition should stand here; write the field first: `status == 'draft'`",
        );
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"not ".repeat(100_000)).is_err());
    }
}
