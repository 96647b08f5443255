//! Pieces of SQL with their places.

use crate::replay::Place;
use casemate_ir::Span;

/// A piece of SQL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub kind: Kind,
    pub span: Span,
}

/// What it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A word in lower case, or a quoted name as it is.
    Word(String),
    /// A text.
    Text,
    /// A number.
    Number(String),
    /// Any other sign.
    Sign(char),
}

/// Comments behind which tools of migrations keep what takes a migration back.
const BACK: &[&str] = &["migrate:down", "+goose down", "+migrate down", "rollback"];

/// The statements of a text, without their semicolons. Data behind `copy … from stdin` is passed over, and what takes a
/// migration back is not read.
pub(crate) fn statements(text: &str) -> Vec<Vec<Token>> {
    let mut reader = Reader {
        text,
        at: 0,
        back: false,
    };
    let mut all = Vec::new();
    let mut current: Vec<Token> = Vec::new();
    while let Some(token) = reader.token() {
        if token.kind == Kind::Sign(';') {
            let word = |name: &str| {
                current
                    .iter()
                    .any(|t| t.kind == Kind::Word(name.to_owned()))
            };
            if word("copy") && word("stdin") {
                reader.pass_data();
            }
            all.push(std::mem::take(&mut current));
        } else {
            current.push(token);
        }
    }
    all.push(current);
    all.retain(|statement| !statement.is_empty());
    all
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    back: bool,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn pass(&mut self, length: usize) {
        self.at = (self.at + length).min(self.text.len());
    }

    /// Up to and with a mark, or to the end.
    fn pass_mark(&mut self, mark: &str) {
        let length = self
            .rest()
            .find(mark)
            .map_or(usize::MAX / 2, |at| at + mark.len());
        self.pass(length);
    }

    fn token(&mut self) -> Option<Token> {
        loop {
            if self.back {
                return None;
            }
            let rest = self.rest();
            let first = rest.chars().next()?;
            if first.is_whitespace() {
                self.pass(first.len_utf8());
            } else if rest.starts_with("--") {
                let line = rest.lines().next().unwrap_or_default();
                let said = line.trim_start_matches('-').trim().to_ascii_lowercase();
                self.back = BACK.iter().any(|mark| said == *mark);
                self.pass(line.len());
            } else if rest.starts_with("/*") {
                self.pass(2);
                self.pass_mark("*/");
            } else {
                break;
            }
        }
        let start = self.at;
        let kind = self.kind()?;
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span {
            start: place(start),
            end: place(self.at),
        };
        Some(Token { kind, span })
    }

    fn kind(&mut self) -> Option<Kind> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        let length = |keep: fn(char) -> bool| {
            rest.char_indices()
                .find(|(_, c)| !keep(*c))
                .map_or(rest.len(), |(at, _)| at)
        };
        if first == '\'' {
            self.quoted('\'');
            return Some(Kind::Text);
        }
        if first == '"' || first == '`' {
            return Some(Kind::Word(self.quoted(first)));
        }
        if first == '$' && self.pass_dollars() {
            return Some(Kind::Text);
        }
        if first.is_ascii_digit() {
            let end = length(|c| c.is_ascii_digit() || c == '.');
            let number = rest.get(..end).unwrap_or_default().to_owned();
            self.pass(end);
            return Some(Kind::Number(number));
        }
        if first.is_alphabetic() || first == '_' {
            let end = length(|c| c.is_alphanumeric() || c == '_' || c == '$');
            let word = rest.get(..end).unwrap_or_default().to_lowercase();
            self.pass(end);
            return Some(Kind::Word(word));
        }
        self.pass(first.len_utf8());
        Some(Kind::Sign(first))
    }

    /// Between two of these, which stand for themselves when doubled.
    fn quoted(&mut self, quote: char) -> String {
        self.pass(1);
        let mut text = String::new();
        while let Some(c) = self.rest().chars().next() {
            self.pass(c.len_utf8());
            if c == quote {
                if !self.rest().starts_with(quote) {
                    break;
                }
                self.pass(1);
            }
            text.push(c);
        }
        text
    }

    /// `$tag$ … $tag$`.
    fn pass_dollars(&mut self) -> bool {
        let rest = self.rest();
        let Some(end) = rest.get(1..).and_then(|inner| inner.find('$')) else {
            return false;
        };
        let tag = rest.get(..end + 2).unwrap_or_default();
        if !tag
            .trim_matches('$')
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_')
        {
            return false;
        }
        let body = rest.get(tag.len()..).and_then(|body| body.find(tag));
        let whole = body.map_or(rest.len(), |at| at + 2 * tag.len());
        self.pass(whole);
        true
    }

    /// Up to a line that is `\.`.
    fn pass_data(&mut self) {
        let rest = self.rest();
        let end = rest.find("\n\\.").map_or(rest.len(), |at| at + 3);
        self.pass(end);
    }
}

/// A way through the pieces of one statement.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    pub left: &'a [Token],
}

impl<'a> Cursor<'a> {
    pub(crate) fn peek(&self) -> Option<&'a Kind> {
        self.left.first().map(|token| &token.kind)
    }

    pub(crate) fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(first)
    }

    /// Passes a word, if it is next.
    pub(crate) fn word(&mut self, word: &str) -> bool {
        let here = matches!(self.peek(), Some(Kind::Word(next)) if next == word);
        if here {
            self.next();
        }
        here
    }

    /// Passes several words, if they are next.
    pub(crate) fn words(&mut self, words: &[&str]) -> bool {
        let before = *self;
        let all = words.iter().all(|word| self.word(word));
        if !all {
            *self = before;
        }
        all
    }

    pub(crate) fn sign(&mut self, sign: char) -> bool {
        let here = self.peek() == Some(&Kind::Sign(sign));
        if here {
            self.next();
        }
        here
    }

    /// A name, without the schema that everybody looks into.
    pub(crate) fn name(&mut self) -> Option<String> {
        let Some(Kind::Word(name)) = self.peek() else {
            return None;
        };
        let mut name = name.clone();
        self.next();
        while self.peek() == Some(&Kind::Sign('.')) {
            self.next();
            let Some(Kind::Word(inner)) = self.peek() else {
                break;
            };
            name = if name == "public" || name == "dbo" {
                inner.clone()
            } else {
                format!("{name}.{inner}")
            };
            self.next();
        }
        Some(name)
    }

    /// What stands between the brackets that are next.
    pub(crate) fn brackets(&mut self) -> Option<&'a [Token]> {
        if self.peek() != Some(&Kind::Sign('(')) {
            return None;
        }
        let mut depth = 0_usize;
        for (at, token) in self.left.iter().enumerate() {
            match token.kind {
                Kind::Sign('(') => depth += 1,
                Kind::Sign(')') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let inner = self.left.get(1..at);
                self.left = self.left.get(at + 1..).unwrap_or_default();
                return inner;
            }
        }
        None
    }
}

/// The parts between commas that stand in no brackets.
pub(crate) fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_i32;
    tokens
        .split(|token| {
            match token.kind {
                Kind::Sign('(') => depth += 1,
                Kind::Sign(')') => depth -= 1,
                _ => {}
            }
            depth == 0 && token.kind == Kind::Sign(',')
        })
        .collect()
}

/// The place of some pieces.
pub(crate) fn place(file: usize, tokens: &[Token]) -> Place {
    let start = tokens.first().map_or(0, |t| t.span.start);
    let end = tokens.last().map_or(start, |t| t.span.end);
    Place {
        file,
        span: Span { start, end },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_and_what_is_none() {
        let text = "-- a;\ncreate table \"T;\" (a text default 'x;''y'); /* ; */ copy t (a) from stdin;\n1;2\n\\.\ncreate function f() as $b$ select 1; $b$;\n-- migrate:down\ndrop table x;";
        let read = statements(text);
        assert_eq!(read.len(), 3, "{read:?}");
        assert!(read[0].iter().any(|t| t.kind == Kind::Word("T;".into())));
    }

    #[test]
    fn broken_texts_end() {
        for text in [
            "'",
            "\"",
            "/*",
            "$$",
            "$a",
            "copy x from stdin;",
            "é",
            "(",
            ")",
        ] {
            statements(text);
        }
    }
}
