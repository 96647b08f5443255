//! Goes through the tokens of a statement.

use super::token::Token;

/// Parts between commas that stand in no bracket.
pub fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_i32;
    tokens
        .split(|token| {
            match token {
                Token::Sign('(') => depth += 1,
                Token::Sign(')') => depth -= 1,
                _ => {}
            }
            depth == 0 && *token == Token::Sign(',')
        })
        .filter(|part| !part.is_empty())
        .collect()
}

/// A place in a statement.
pub struct Cursor<'a> {
    tokens: &'a [Token],
    /// How many are behind.
    pub next: usize,
}

impl<'a> Cursor<'a> {
    /// Before the first token.
    pub fn new(tokens: &'a [Token]) -> Self {
        Self { tokens, next: 0 }
    }

    /// What is left.
    pub fn rest(&self) -> &'a [Token] {
        self.tokens.get(self.next..).unwrap_or_default()
    }

    /// Whether this word comes next.
    pub fn peek_word(&self, word: &str) -> bool {
        matches!(self.rest().first(), Some(Token::Word(next)) if next == word)
    }

    /// Whether one of these words comes next.
    pub fn peek_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.peek_word(word))
    }

    /// Passes this word, if it comes next.
    pub fn word(&mut self, word: &str) -> bool {
        let there = self.peek_word(word);
        self.next += usize::from(there);
        there
    }

    /// All of these words, or none.
    pub fn words(&mut self, words: &[&str]) -> bool {
        let start = self.next;
        let all = words.iter().all(|word| self.word(word));
        if !all {
            self.next = start;
        }
        all
    }

    /// Passes this sign, if it comes next.
    pub fn sign(&mut self, sign: char) -> bool {
        let there = self.rest().first() == Some(&Token::Sign(sign));
        self.next += usize::from(there);
        there
    }

    /// Passes a number, if one comes next.
    pub fn number(&mut self) {
        if matches!(self.rest().first(), Some(Token::Number(_))) {
            self.next += 1;
        }
    }

    /// The last part of a name such as `public.notes`; empty if there is none.
    pub fn name(&mut self) -> String {
        let mut found = String::new();
        while let Some(Token::Word(name)) = self.rest().first() {
            found.clone_from(name);
            self.next += 1;
            if !self.sign('.') {
                break;
            }
        }
        found
    }

    /// What stands in brackets here, without passing it.
    pub fn peek_brackets(&self) -> Option<&'a [Token]> {
        let rest = self.rest();
        if rest.first() != Some(&Token::Sign('(')) {
            return None;
        }
        let mut depth = 0_i32;
        let end = rest.iter().position(|token| {
            match token {
                Token::Sign('(') => depth += 1,
                Token::Sign(')') => depth -= 1,
                _ => {}
            }
            depth == 0
        })?;
        rest.get(1..end)
    }

    /// What stands in brackets here.
    pub fn brackets(&mut self) -> Option<&'a [Token]> {
        let inner = self.peek_brackets()?;
        self.next += inner.len() + 2;
        Some(inner)
    }
}
