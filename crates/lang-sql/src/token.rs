//! Pieces of SQL with their places, and a way through them: what every reader of definitions builds on.

use crate::replay::Place;
use casemate_ir::Span;

/// A piece of SQL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
}

impl Token {
    /// How much deeper in brackets it leads.
    const fn depth(&self) -> i32 {
        match self.kind {
            Kind::Sign('(') => 1,
            Kind::Sign(')') => -1,
            _ => 0,
        }
    }

    /// The word or the quoted name that it is.
    #[must_use]
    pub fn word(&self) -> Option<String> {
        match &self.kind {
            Kind::Word(word) => Some(word.clone()),
            _ => None,
        }
    }

    /// Whether it is this word.
    #[must_use]
    pub fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(own) if own == word)
    }
}

/// What a piece is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A word in lower case, or a quoted name as it is.
    Word(String),
    /// A text, without its quotes.
    Text(String),
    /// A number.
    Number(String),
    /// Any other sign.
    Sign(char),
}

/// Comments behind which tools of migrations keep what takes a migration back.
const BACK: &[&str] = &["migrate:down", "+goose down", "+migrate down", "rollback"];

/// The statements of a text, without their semicolons. Data behind `copy … from stdin` is passed over, and what takes a
/// migration back is not read.
#[must_use]
pub fn statements(text: &str) -> Vec<Vec<Token>> {
    let mut reader = Reader {
        text,
        at: 0,
        back: false,
    };
    let mut all = Vec::new();
    let mut current: Vec<Token> = Vec::new();
    while let Some(token) = reader.token() {
        if token.kind == Kind::Sign(';') {
            if current.first().is_some_and(|t| t.is_word("copy"))
                && current.iter().any(|t| t.is_word("stdin"))
            {
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
            return Some(Kind::Text(self.quoted('\'')));
        }
        if first == '"' || first == '`' {
            return Some(Kind::Word(self.quoted(first)));
        }
        if first == '['
            && let Some(name) = self.bracketed()
        {
            return Some(Kind::Word(name));
        }
        if first == '$'
            && let Some(body) = self.dollars()
        {
            return Some(Kind::Text(body));
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

    /// `[name]`, as SQL Server writes one; `[1]` and `['a', 'b']` are elements.
    fn bracketed(&mut self) -> Option<String> {
        let inner = self.rest().strip_prefix('[')?;
        let name = inner.get(..inner.find(']')?)?;
        let named = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || "_ $-".contains(c));
        if !named {
            return None;
        }
        self.pass(name.len() + 2);
        Some(name.to_owned())
    }

    /// `$tag$ … $tag$`; without an end, up to the end.
    fn dollars(&mut self) -> Option<String> {
        let rest = self.rest();
        let end = rest.get(1..)?.find('$')? + 2;
        let tag = rest.get(..end)?;
        let name = tag.trim_matches('$');
        if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return None;
        }
        let after = rest.get(end..)?;
        let body = after
            .find(tag)
            .map_or(after, |at| after.get(..at).unwrap_or_default());
        self.pass(2 * tag.len() + body.len());
        Some(body.to_owned())
    }

    /// Up to a line that is `\.`.
    fn pass_data(&mut self) {
        let rest = self.rest();
        let end = rest.find("\n\\.").map_or(rest.len(), |at| at + 3);
        self.pass(end);
    }
}

/// A way through the pieces of one statement.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    /// What is left.
    pub left: &'a [Token],
}

impl<'a> Cursor<'a> {
    /// Before the first piece.
    #[must_use]
    pub const fn new(tokens: &'a [Token]) -> Self {
        Self { left: tokens }
    }

    /// What is next.
    #[must_use]
    pub fn peek(&self) -> Option<&'a Kind> {
        self.left.first().map(|token| &token.kind)
    }

    /// Whether one of these words is next.
    #[must_use]
    pub fn peek_any(&self, words: &[&str]) -> bool {
        matches!(self.peek(), Some(Kind::Word(next)) if words.contains(&next.as_str()))
    }

    /// Passes the next piece.
    pub fn pass(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(first)
    }

    /// Passes a word, if it is next.
    pub fn word(&mut self, word: &str) -> bool {
        let here = self.peek_any(&[word]);
        if here {
            self.pass();
        }
        here
    }

    /// Passes several words, if all of them are next.
    pub fn words(&mut self, words: &[&str]) -> bool {
        let before = *self;
        let all = words.iter().all(|word| self.word(word));
        if !all {
            *self = before;
        }
        all
    }

    /// Passes a sign, if it is next.
    pub fn sign(&mut self, sign: char) -> bool {
        let here = self.peek() == Some(&Kind::Sign(sign));
        if here {
            self.pass();
        }
        here
    }

    /// Passes the parts of a name such as `public.notes`; none if a name is not next.
    fn parts(&mut self) -> impl Iterator<Item = &'a str> {
        let mut going = true;
        std::iter::from_fn(move || {
            let Some(Kind::Word(name)) = self.peek().filter(|_| going) else {
                return None;
            };
            self.pass();
            going = self.sign('.');
            Some(name.as_str())
        })
    }

    /// A name, without the schema that everybody looks into.
    pub fn name(&mut self) -> Option<String> {
        self.parts().map(str::to_owned).reduce(|schema, name| {
            if schema == "public" || schema == "dbo" {
                name
            } else {
                format!("{schema}.{name}")
            }
        })
    }

    /// The last part of a name; empty if there is none.
    pub fn last_name(&mut self) -> String {
        self.parts().last().unwrap_or_default().to_owned()
    }

    /// What stands between the brackets that are next, without passing them.
    #[must_use]
    pub fn peek_brackets(&self) -> Option<&'a [Token]> {
        if self.peek() != Some(&Kind::Sign('(')) {
            return None;
        }
        let mut depth = 0_i32;
        let end = self.left.iter().position(|token| {
            depth += token.depth();
            depth == 0
        })?;
        self.left.get(1..end)
    }

    /// What stands between the brackets that are next.
    pub fn brackets(&mut self) -> Option<&'a [Token]> {
        let inner = self.peek_brackets()?;
        self.left = self.left.get(inner.len() + 2..).unwrap_or_default();
        Some(inner)
    }
}

/// The parts between pieces of a kind that stand in no brackets.
pub fn apart(tokens: &[Token], between: impl Fn(&Kind) -> bool) -> impl Iterator<Item = &[Token]> {
    let mut depth = 0_i32;
    tokens.split(move |token| {
        depth += token.depth();
        depth == 0 && between(&token.kind)
    })
}

/// The parts between commas that stand in no brackets; empty ones are left out.
#[must_use]
pub fn split(tokens: &[Token]) -> Vec<&[Token]> {
    apart(tokens, |kind| *kind == Kind::Sign(','))
        .filter(|part| !part.is_empty())
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
        let has = |at: usize, kind: Kind| read[at].iter().any(|t| t.kind == kind);
        assert!(has(0, Kind::Word("T;".into())) && has(0, Kind::Text("x;'y".into())));
        assert!(has(2, Kind::Text(" select 1; ".into())));
    }

    #[test]
    fn names_of_sql_server_and_elements() {
        let read = statements("create table [dbo].[Order Lines] (a int[3] default array['x'])");
        let mut at = Cursor::new(&read[0]);
        assert!(at.words(&["create", "table"]));
        assert_eq!(at.name().as_deref(), Some("Order Lines"));
        assert!(
            at.brackets()
                .is_some_and(|inner| inner.iter().any(|t| t.kind == Kind::Sign('[')))
        );
    }

    #[test]
    fn broken_texts_end() {
        for text in [
            "'",
            "\"",
            "/*",
            "$$",
            "$a",
            "[",
            "copy x from stdin;",
            "é",
            "(",
            ")",
        ] {
            assert!(statements(text).iter().all(|s| !s.is_empty()), "{text}");
        }
    }
}
