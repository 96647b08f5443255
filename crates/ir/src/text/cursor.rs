//! A place in the tokens, and what every part of the grammar reads: words, names, labels, spans.

use super::lex::{ParseError, Tok, Token, lex};
use crate::ids::Span;

pub(super) type Parsed<T> = Result<T, ParseError>;

/// Reads tokens in order.
pub(super) struct Cursor<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Parsed<Self> {
        Ok(Self {
            text,
            tokens: lex(text)?,
            at: 0,
        })
    }

    pub(super) fn token(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }
    pub(super) fn peek(&self) -> Option<&Tok> {
        self.token().map(|it| &it.tok)
    }
    pub(super) fn peek_second(&self) -> Option<&Tok> {
        self.tokens.get(self.at + 1).map(|it| &it.tok)
    }
    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }
    pub(super) fn position(&self) -> usize {
        self.at
    }
    pub(super) fn seek(&mut self, at: usize) {
        self.at = at;
    }
    pub(super) fn bump(&mut self) -> Option<Tok> {
        let tok = self.peek()?.clone();
        self.at += 1;
        Some(tok)
    }

    /// Whether the next token begins a line, or there is none.
    pub(super) fn at_line_start(&self) -> bool {
        self.token().is_none_or(|it| it.first)
    }

    pub(super) fn error<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(self.failure(message))
    }
    pub(super) fn failure(&self, message: impl Into<String>) -> ParseError {
        let offset = self.token().map_or(self.text.len(), |it| it.start);
        ParseError::at(self.text, offset, message)
    }

    /// Where the next token starts.
    pub(super) fn start(&self) -> usize {
        self.token().map_or(self.text.len(), |it| it.start)
    }
    /// The text from `start` to the last token read.
    pub(super) fn span_from(&self, start: usize) -> Span {
        let end = self
            .at
            .checked_sub(1)
            .and_then(|it| self.tokens.get(it))
            .map_or(start, |it| it.end);
        let offset = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        Span::new(offset(start), offset(end.max(start)))
    }
    /// `@a..b`, or the text from `start`.
    pub(super) fn span(&mut self, start: usize) -> Span {
        if let Some(&Tok::At(span)) = self.peek() {
            self.at += 1;
            return span;
        }
        self.span_from(start)
    }

    pub(super) fn is(&self, punct: &str) -> bool {
        matches!(self.peek(), Some(Tok::Punct(it)) if *it == punct)
    }
    pub(super) fn second_is(&self, punct: &str) -> bool {
        matches!(self.peek_second(), Some(Tok::Punct(it)) if *it == punct)
    }
    pub(super) fn eat(&mut self, punct: &str) -> bool {
        let found = self.is(punct);
        self.at += usize::from(found);
        found
    }
    pub(super) fn expect(&mut self, punct: &str) -> Parsed<()> {
        if self.eat(punct) {
            Ok(())
        } else {
            self.error(format!("expected `{punct}`"))
        }
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Tok::Word(it)) if it == word)
    }
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }
    pub(super) fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) {
            Ok(())
        } else {
            self.error(format!("expected `{word}`"))
        }
    }
    /// Any word.
    pub(super) fn word(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Tok::Word(it)) => {
                let word = it.clone();
                self.at += 1;
                Ok(word)
            }
            _ => self.error("expected a word"),
        }
    }
    /// A bare or quoted name.
    pub(super) fn name(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Tok::Word(it) | Tok::Str(it)) => {
                let name = it.clone();
                self.at += 1;
                Ok(name)
            }
            _ => self.error("expected a name"),
        }
    }
    /// A quoted text.
    pub(super) fn string(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Tok::Str(it)) => {
                let text = it.clone();
                self.at += 1;
                Ok(text)
            }
            _ => self.error("expected a quoted text"),
        }
    }
    /// A whole number.
    pub(super) fn integer(&mut self) -> Parsed<u32> {
        let Some(&Tok::Number(bits)) = self.peek() else {
            return self.error("expected a whole number");
        };
        let Ok(value) = f64::from_bits(bits).to_string().parse() else {
            return self.error("expected a whole number");
        };
        self.at += 1;
        Ok(value)
    }

    /// A comma between items; whether another item follows before `close`, which is read.
    pub(super) fn next_item(&mut self, first: &mut bool, close: &str) -> Parsed<bool> {
        if self.eat(close) {
            return Ok(false);
        }
        if !std::mem::replace(first, false) {
            self.expect(",")?;
            if self.eat(close) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
