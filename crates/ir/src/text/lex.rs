//! Tokens of the text form.

use crate::ids::Span;
use std::fmt;

/// Why a text is not a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// What was expected or wrong.
    pub message: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl ParseError {
    pub(super) fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(start..).unwrap_or("").chars().count() + 1;
        Self {
            message: message.into(),
            line: before.matches('\n').count() + 1,
            column,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

/// What a token is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Tok {
    /// A bare word.
    Word(String),
    /// `%label`.
    Local(String),
    /// A number, as its bits.
    Number(u64),
    /// `"text"`.
    Str(String),
    /// `/pattern/flags`.
    Regex(String, String),
    /// `@1..2`.
    At(Span),
    /// Punctuation: `...`, `**` or one character.
    Punct(&'static str),
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) tok: Tok,
    pub(super) start: usize,
    pub(super) end: usize,
    /// First of its line.
    pub(super) first: bool,
}

const PUNCT: [&str; 14] = [
    "...", "**", "(", ")", "[", "]", "{", "}", ",", ":", "=", ".", "?", "*",
];

/// The tokens of a text.
pub(super) fn lex(text: &str) -> Result<Vec<Token>, ParseError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let first = lexer.skip() || tokens.is_empty();
        let start = lexer.at;
        let Some(next) = lexer.peek() else {
            return Ok(tokens);
        };
        let tok = lexer.token(next)?;
        tokens.push(Token {
            tok,
            start,
            end: lexer.at,
            first,
        });
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }
    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }
    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }
    fn error<T>(&self, message: &str) -> Result<T, ParseError> {
        Err(ParseError::at(self.text, self.at, message))
    }
    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or("")
    }

    /// Skips blanks and comments; whether a line ended.
    fn skip(&mut self) -> bool {
        let mut line = false;
        loop {
            line |= self.take_while(char::is_whitespace).contains('\n');
            if self.peek() != Some(';') {
                return line;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn token(&mut self, next: char) -> Result<Tok, ParseError> {
        match next {
            '%' => {
                self.bump();
                let label = self.take_while(word_char);
                if label.is_empty() {
                    self.error("expected a label after `%`")
                } else {
                    Ok(Tok::Local(label.to_owned()))
                }
            }
            '"' => self.string(),
            '/' => self.regex(),
            '@' => self.span(),
            '-' | '0'..='9' => self.number(),
            c if word_char(c) => Ok(Tok::Word(self.take_while(word_char).to_owned())),
            _ => {
                let Some(punct) = PUNCT.into_iter().find(|it| self.rest().starts_with(it)) else {
                    return self.error("unexpected character");
                };
                self.at += punct.len();
                Ok(Tok::Punct(punct))
            }
        }
    }

    fn string(&mut self) -> Result<Tok, ParseError> {
        self.bump();
        let mut out = String::new();
        loop {
            match self.bump() {
                Some('"') => return Ok(Tok::Str(out)),
                Some('\\') => match self.bump() {
                    Some('n') => out.push('\n'),
                    Some('r') => out.push('\r'),
                    Some('t') => out.push('\t'),
                    Some('u') => match self.code_point() {
                        Some(c) => out.push(c),
                        None => return self.error("expected `{hexadecimal}` after `\\u`"),
                    },
                    Some(c) => out.push(c),
                    None => return self.error("unterminated string"),
                },
                Some(c) => out.push(c),
                None => return self.error("unterminated string"),
            }
        }
    }

    fn code_point(&mut self) -> Option<char> {
        (self.bump()? == '{').then_some(())?;
        let digits = self.take_while(|c| c.is_ascii_hexdigit());
        (self.bump()? == '}').then_some(())?;
        char::from_u32(u32::from_str_radix(digits, 16).ok()?)
    }

    fn regex(&mut self) -> Result<Tok, ParseError> {
        self.bump();
        let Some(len) = regex_end(self.rest()) else {
            return self.error("unterminated pattern");
        };
        let pattern = self.rest().get(..len).unwrap_or("").to_owned();
        self.at += len + 1;
        let flags = self.take_while(|c| c.is_ascii_alphabetic()).to_owned();
        Ok(Tok::Regex(pattern, flags))
    }

    fn span(&mut self) -> Result<Tok, ParseError> {
        self.bump();
        let start = self.take_while(|c| c.is_ascii_digit()).parse();
        let dots = self.take_while(|c| c == '.');
        let end = self.take_while(|c| c.is_ascii_digit()).parse();
        match (start, dots, end) {
            (Ok(start), "..", Ok(end)) => Ok(Tok::At(Span::new(start, end))),
            _ => self.error("expected `start..end` after `@`"),
        }
    }

    fn number(&mut self) -> Result<Tok, ParseError> {
        let start = self.at;
        if self.peek() == Some('-') {
            self.bump();
            if self.take_while(word_char) == "Infinity" {
                return Ok(Tok::Number(f64::NEG_INFINITY.to_bits()));
            }
            self.at = start + 1;
        }
        self.take_while(|c| c.is_ascii_digit());
        let mut after = self.rest().chars();
        if after.next() == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit()) {
            self.bump();
            self.take_while(|c| c.is_ascii_digit());
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.bump();
            if matches!(self.peek(), Some('+' | '-')) {
                self.bump();
            }
            self.take_while(|c| c.is_ascii_digit());
        }
        match self.text.get(start..self.at).unwrap_or("").parse::<f64>() {
            Ok(value) => Ok(Tok::Number(value.to_bits())),
            Err(_) => self.error("not a number"),
        }
    }
}

fn word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

/// Where a pattern ends: the first `/` that is neither escaped nor in brackets. Patterns do not span lines.
pub(super) fn regex_end(text: &str) -> Option<usize> {
    let (mut escaped, mut brackets) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => brackets = true,
            ']' => brackets = false,
            '/' if !brackets => return Some(at),
            _ => {}
        }
    }
    None
}
