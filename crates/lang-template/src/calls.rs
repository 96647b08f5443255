//! Pieces of JavaScript in a template: copied, with calls of the engine's own functions turned into imports.

use crate::script::Script;
use std::ops::Range;

/// What the functions `include`, `partial` and `layout` of an engine do with the locals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Includes {
    /// The included template sees the locals and what it is given.
    Merged,
    /// The included template sees what it is given, or the locals.
    Replaced,
}

/// Copies the code in `range`.
pub(crate) fn code(script: &mut Script<'_>, range: Range<usize>, includes: Includes) {
    let text = script.text;
    let mut copied = range.start;
    let mut scan = Scan::new(text, range.clone());
    while let Some(token) = scan.next() {
        let Token::Word(word) = token else { continue };
        let name = script.slice(word.clone());
        let layout = name == "layout";
        if !(layout || includes_template(name)) || scan.before == b'.' {
            continue;
        }
        let Some((arguments, end)) = arguments(text, word.end..range.end) else {
            continue;
        };
        let Some(specifier) = arguments.first().cloned() else {
            continue;
        };
        let whole = word.start..end;
        script.code(copied..word.start);
        let constant = is_string(script.slice(specifier.clone()));
        script.glue(
            if constant { "require(" } else { "__include(" },
            whole.clone(),
        );
        code(script, specifier, includes);
        script.glue(if constant { ")(" } else { ", " }, whole.clone());
        match arguments.get(1).cloned() {
            _ if layout => script.glue("{...__locals, body: \"\"}", whole.clone()),
            None => script.glue("__locals", whole.clone()),
            Some(given) if includes == Includes::Replaced => code(script, given, includes),
            Some(given) => {
                script.glue("{...__locals, ...(", whole.clone());
                code(script, given, includes);
                script.glue(")}", whole.clone());
            }
        }
        script.glue(")", whole);
        copied = end;
        scan.at = end;
    }
    script.code(copied.min(range.end)..range.end);
}

fn includes_template(name: &str) -> bool {
    matches!(name, "include" | "includeFile" | "includeAsync" | "partial")
}

/// Whether a piece of code is nothing but an include: what it writes is written by the included template.
pub(crate) fn is_include(text: &str, range: Range<usize>) -> bool {
    let mut scan = Scan::new(text, range.clone());
    while let Some(Token::Word(word)) = scan.next() {
        match text.get(word.clone()) {
            Some("await") => {}
            Some(name) if includes_template(name) => {
                let rest = arguments(text, word.end..range.end)
                    .and_then(|(_, end)| text.get(end..range.end));
                return rest.is_some_and(|it| it.trim().is_empty());
            }
            _ => return false,
        }
    }
    false
}

/// Whether a piece of code is one string literal.
pub(crate) fn is_string(code: &str) -> bool {
    let code = code.trim();
    let mut scan = Scan::new(code, 0..code.len());
    matches!(scan.next(), Some(Token::String(it)) if it == (0..code.len()) && !code.contains("${"))
}

/// The end of a call is looked for this far.
const MAX_CALL: usize = 8_192;

/// The arguments of the call that follows, and where it ends.
fn arguments(text: &str, range: Range<usize>) -> Option<(Vec<Range<usize>>, usize)> {
    let mut scan = Scan::new(text, range.start..range.end.min(range.start + MAX_CALL));
    let Some(Token::Punct(b'(', open)) = scan.next() else {
        return None;
    };
    let (mut depth, mut start, mut found) = (0_usize, open + 1, Vec::new());
    while let Some(token) = scan.next() {
        let Token::Punct(byte, at) = token else {
            continue;
        };
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            b')' => {
                if !text.get(start..at).unwrap_or("").trim().is_empty() {
                    found.push(start..at);
                }
                return Some((found, at + 1));
            }
            b',' if depth == 0 => {
                found.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    None
}

/// A token of JavaScript, as far as brackets and names need it.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Token {
    /// A name or number.
    Word(Range<usize>),
    /// A string, template or pattern.
    String(Range<usize>),
    /// Any other byte.
    Punct(u8, usize),
}

/// Reads tokens of JavaScript; comments and blanks are left out.
pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    pub(crate) at: usize,
    end: usize,
    /// The last byte of the token before the last one.
    pub(crate) before: u8,
    last: u8,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str, range: Range<usize>) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: range.start,
            end: range.end.min(text.len()),
            before: b';',
            last: b';',
        }
    }

    fn peek(&self, offset: usize) -> Option<u8> {
        let at = self.at + offset;
        if at < self.end {
            self.bytes.get(at).copied()
        } else {
            None
        }
    }

    pub(crate) fn next(&mut self) -> Option<Token> {
        loop {
            let start = self.at;
            let byte = self.peek(0)?;
            let token = match byte {
                _ if byte.is_ascii_whitespace() => {
                    self.at += 1;
                    continue;
                }
                b'/' if self.peek(1) == Some(b'/') => {
                    self.skip_past(b"\n");
                    continue;
                }
                b'/' if self.peek(1) == Some(b'*') => {
                    self.skip_past(b"*/");
                    continue;
                }
                b'"' | b'\'' | b'`' => {
                    self.quoted(byte);
                    Token::String(start..self.at)
                }
                b'/' if self.pattern_may_start() => {
                    self.pattern();
                    Token::String(start..self.at)
                }
                _ if is_word(byte) => {
                    while self.peek(0).is_some_and(is_word) {
                        self.at += 1;
                    }
                    Token::Word(start..self.at)
                }
                _ => {
                    self.at += 1;
                    Token::Punct(byte, start)
                }
            };
            self.before = std::mem::replace(&mut self.last, byte);
            return Some(token);
        }
    }

    fn skip_past(&mut self, what: &[u8]) {
        let rest = self.bytes.get(self.at..self.end).unwrap_or(&[]);
        let found = rest.windows(what.len()).position(|it| it == what);
        self.at = found.map_or(self.end, |it| self.at + it + what.len());
    }

    /// To after the closing quote. A quote that never closes stands alone.
    fn quoted(&mut self, quote: u8) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'\n' if quote != b'`' => break,
                _ if byte == quote => return,
                _ => {}
            }
        }
        self.at = start + 1;
    }

    fn pattern_may_start(&self) -> bool {
        matches!(
            self.last,
            b'(' | b','
                | b'='
                | b':'
                | b'['
                | b'!'
                | b'&'
                | b'|'
                | b'?'
                | b'{'
                | b'}'
                | b';'
                | b'+'
                | b'>'
        )
    }

    fn pattern(&mut self) {
        let (start, mut class) = (self.at, false);
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'\n' => break,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => return,
                _ => {}
            }
        }
        self.at = start + 1;
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}
