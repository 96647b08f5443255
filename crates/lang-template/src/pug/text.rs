//! Text of a Pug template with its references.

use super::{Writer, tag};
use std::ops::Range;

/// `#{code}` or `!{code}` in a text.
pub(super) struct Hole {
    pub(super) whole: Range<usize>,
    pub(super) code: Range<usize>,
    pub(super) escaped: bool,
}

/// The references in a range of text.
pub(super) fn holes(text: &str, range: Range<usize>) -> Vec<Hole> {
    let (mut found, mut at) = (Vec::new(), range.start);
    while let Some(start) = next(text, at, range.end, &["#{", "!{"]) {
        let brace = || {
            text.get(start..range.end)
                .and_then(|it| it.find('}'))
                .map(|it| start + it)
        };
        let Some(close) = tag::closing(text, start + 1, range.end).or_else(brace) else {
            return found;
        };
        let escaped = text.get(start..).is_some_and(|it| it.starts_with('#'));
        found.push(Hole {
            whole: start..close + 1,
            code: start + 2..close,
            escaped,
        });
        at = close + 1;
    }
    found
}

/// The first place of one of some signs that is not escaped.
fn next(text: &str, from: usize, end: usize, signs: &[&str]) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = text.get(at..end)?;
        let found = signs.iter().filter_map(|it| rest.find(it)).min()?;
        let start = at + found;
        if !text.get(..start).is_some_and(|it| it.ends_with('\\')) {
            return Some(start);
        }
        at = start + 1;
    }
}

impl Writer<'_> {
    /// Text: its references, and the tags in it (`#[b text]`).
    pub(super) fn text(&mut self, range: Range<usize>, context: &'static str) {
        let text = self.script.text;
        let mut at = range.start;
        while at < range.end {
            let start = next(text, at, range.end, &["#["]).unwrap_or(range.end);
            for hole in holes(text, at..start) {
                self.output(hole.escaped, hole.code, hole.whole, context);
            }
            if start == range.end {
                return;
            }
            let close = closing_bracket(text, start + 2, range.end);
            self.depth += 1;
            if self.depth <= super::MAX_DEPTH {
                let before = self.open.len();
                self.tag_in_text(start + 2..close);
                self.open.truncate(before);
            }
            self.depth -= 1;
            at = close + 1;
        }
    }
}

/// The `]` of a tag in text.
fn closing_bracket(text: &str, from: usize, end: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().take(end).skip(from) {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 0 => return at,
            b']' => depth -= 1,
            _ => {}
        }
    }
    end
}
