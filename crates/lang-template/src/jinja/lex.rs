//! Pieces of a template, and tokens inside its tags.

use std::ops::Range;

/// A piece of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    Text(Range<usize>),
    /// `{{ … }}`: the inside and the whole.
    Output(Range<usize>, Range<usize>),
    /// `{% … %}`: the inside and the whole.
    Tag(Range<usize>, Range<usize>),
    Comment(Range<usize>),
}

/// The pieces of a template in order.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let (mut pieces, mut at, mut from) = (Vec::new(), 0, 0);
    let rest = |at: usize| text.get(at..).unwrap_or("");
    while let Some(start) = rest(from).find('{').map(|it| from + it) {
        let (piece, end) = match rest(start).as_bytes().get(1) {
            Some(b'#') => match rest(start).find("#}") {
                Some(len) => (Piece::Comment(start..start + len + 2), start + len + 2),
                None => (Piece::Comment(start..text.len()), text.len()),
            },
            Some(b'{') => match close(text, start + 2, "}}") {
                Some(end) => (
                    Piece::Output(inside(text, start + 2..end), start..end + 2),
                    end + 2,
                ),
                None => break,
            },
            Some(b'%') => match close(text, start + 2, "%}") {
                Some(end) => (
                    Piece::Tag(inside(text, start + 2..end), start..end + 2),
                    end + 2,
                ),
                None => break,
            },
            _ => {
                from = start + 1;
                continue;
            }
        };
        if at < start {
            pieces.push(Piece::Text(at..start));
        }
        let mut words = match &piece {
            Piece::Tag(inside, _) => text.get(inside.clone()).unwrap_or("").split_whitespace(),
            _ => "".split_whitespace(),
        };
        let literal = match (words.next(), words.next()) {
            (Some("raw"), None) => Some("raw"),
            (Some(name @ ("verbatim" | "comment")), _) => Some(name),
            _ => None,
        };
        pieces.push(piece);
        at = end;
        if let Some(name) = literal {
            at = skip_literal(text, end, name);
            pieces.push(if name == "comment" {
                Piece::Comment(end..at)
            } else {
                Piece::Text(end..at)
            });
        }
        from = at;
    }
    if at < text.len() {
        pieces.push(Piece::Text(at..text.len()));
    }
    pieces
}

/// Where the tag that ends a literal part starts.
fn skip_literal(text: &str, from: usize, name: &str) -> usize {
    let mut at = from;
    while let Some(start) = text
        .get(at..)
        .and_then(|it| it.find("{%"))
        .map(|it| at + it)
    {
        let after = text
            .get(start + 2..)
            .unwrap_or("")
            .trim_start_matches(['-', ' ', '\t', '\r', '\n']);
        if after
            .strip_prefix("end")
            .is_some_and(|it| it.starts_with(name))
        {
            return start;
        }
        at = start + 2;
    }
    text.len()
}

/// The end of a tag is looked for this far.
const MAX_TAG: usize = 8_192;

/// Where a tag closes: `end` outside of strings and brackets, else the first one.
fn close(text: &str, from: usize, end: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (from, 0_usize);
    while let Some(&byte) = bytes.get(at).filter(|_| at < from + MAX_TAG) {
        if depth == 0 && text.get(at..).is_some_and(|it| it.starts_with(end)) {
            return Some(at);
        }
        match byte {
            b'"' | b'\'' => match string_end(bytes, at) {
                Some(end) => {
                    at = end;
                    continue;
                }
                None => break,
            },
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    text.get(from..)
        .and_then(|it| it.find(end))
        .map(|it| from + it)
}

/// After the closing quote of the string at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = *bytes.get(at)?;
    let mut i = at + 1;
    loop {
        match *bytes.get(i)? {
            b'\\' => i += 1,
            byte if byte == quote => return Some(i + 1),
            _ => {}
        }
        i += 1;
    }
}

/// The inside of a tag without the signs that trim blanks.
fn inside(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = text.get(range.clone()).unwrap_or("");
    let start = range.start + usize::from(inner.starts_with(['-', '+']));
    let end = range.end - usize::from(inner.ends_with(['-', '+']));
    start..end.max(start)
}

/// What a token in a tag is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Tok {
    Name(String),
    /// Its text.
    Number(String),
    Str(String),
    /// `r/pattern/flags`.
    Regex,
    /// An operator or bracket.
    Op(&'static str),
    /// A character of no meaning.
    Other,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Token {
    pub(super) tok: Tok,
    pub(super) range: Range<usize>,
}

const OPS: [&str; 36] = [
    "===", "!==", "**", "//", "==", "!=", "<=", ">=", "&&", "||", "->", "..", "(", ")", "[", "]",
    "{", "}", ",", ":", ".", "|", "=", "<", ">", "+", "-", "*", "/", "%", "~", "!", "?", "@", "&",
    "^",
];

/// The tokens of the inside of a tag.
pub(super) fn tokens(text: &str, range: Range<usize>) -> Vec<Token> {
    let (bytes, mut at, mut out) = (text.as_bytes(), range.start, Vec::new());
    let end = range.end.min(bytes.len());
    let word =
        |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80;
    while at < end {
        let (start, byte) = (at, bytes.get(at).copied().unwrap_or(b' '));
        let rest = text.get(at..end).unwrap_or("");
        let tok = if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        } else if rest.starts_with("r/") && rest.get(2..).is_some_and(|it| it.contains('/')) {
            at += 2 + rest.get(2..).and_then(|it| it.find('/')).unwrap_or(0) + 1;
            while bytes
                .get(at)
                .is_some_and(|it| at < end && it.is_ascii_alphabetic())
            {
                at += 1;
            }
            Tok::Regex
        } else if byte == b'"' || byte == b'\'' {
            at = string_end(bytes, at).filter(|it| *it <= end).unwrap_or(end);
            Tok::Str(unquote(
                text.get(start + 1..at.saturating_sub(1)).unwrap_or(""),
            ))
        } else if byte.is_ascii_digit() {
            while at < end
                && bytes
                    .get(at)
                    .is_some_and(|it| it.is_ascii_digit() || *it == b'.')
            {
                at += 1;
            }
            let digits = text.get(start..at).unwrap_or("0");
            Tok::Number(digits.parse::<f64>().map_or("0", |_| digits).to_owned())
        } else if word(byte) {
            while at < end && bytes.get(at).is_some_and(|it| word(*it)) {
                at += 1;
            }
            Tok::Name(text.get(start..at).unwrap_or("").to_owned())
        } else if let Some(op) = OPS.into_iter().find(|it| rest.starts_with(it)) {
            at += op.len();
            Tok::Op(op)
        } else {
            at += 1;
            Tok::Other
        };
        out.push(Token {
            tok,
            range: start..at,
        });
    }
    out
}

/// The value of a string between its quotes.
fn unquote(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(c) => out.push(c),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}
