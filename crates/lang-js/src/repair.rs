//! A parser that gives up at the first hard error loses the whole file. Here the place of the error is blanked out, byte for byte, so that
//! the rest keeps its offsets and is read.

use crate::scan::Brackets;
use casemate_ir::Span;

/// What was taken out.
pub(crate) struct Cut {
    pub(crate) span: Span,
    /// Nothing that runs was lost: an annotation.
    pub(crate) harmless: bool,
}

/// A text under repair.
pub(crate) struct Repair {
    bytes: Vec<u8>,
    length: usize,
    closed: bool,
}

impl Repair {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            bytes: text.as_bytes().to_vec(),
            length: text.len(),
            closed: false,
        }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or("")
    }

    /// Takes out what stands at an error; nothing if there is nothing left to take.
    pub(crate) fn cut(&mut self, at: usize) -> Option<Cut> {
        let brackets = Brackets::of(self.text());
        let length = self.bytes.len();
        let open: Vec<u8> = brackets
            .pairs
            .iter()
            .filter(|p| !p.closed && p.end == length)
            .filter_map(|p| self.byte(p.open))
            .collect();
        let last = self
            .bytes
            .iter()
            .rposition(|b| !b.is_ascii_whitespace())
            .unwrap_or(0);
        if at >= last && !open.is_empty() && !self.closed {
            self.closed = true;
            let closers = open.iter().rev().map(|b| match b {
                b'(' => b')',
                b'[' => b']',
                _ => b'}',
            });
            self.bytes.push(b'\n');
            self.bytes.extend(closers);
            return Some(Cut {
                span: span(at.min(self.length), self.length),
                harmless: false,
            });
        }
        if let Some(cut) = self.annotation(at, &brackets) {
            return Some(cut);
        }
        // A closing bracket that nothing opened.
        if self
            .byte(at)
            .is_some_and(|b| matches!(b, b')' | b']' | b'}'))
            && !brackets.pairs.iter().any(|p| p.closed && p.end == at)
        {
            return self.blank(at, at + 1, false);
        }
        for pair in brackets.around(at) {
            if !pair.closed && self.byte(pair.open) != Some(b'{') {
                // What it was to hold most likely ends with the line.
                let rest = self.bytes.get(pair.open..pair.end).unwrap_or(&[]);
                let line = rest
                    .iter()
                    .position(|&b| b == b'\n')
                    .map_or(pair.end, |i| pair.open + i);
                if let Some(cut) = self.blank(pair.open, line, false) {
                    return Some(cut);
                }
            }
            let inside = (pair.open + 1, pair.end);
            // Of a block or class only the statement or member goes, if that is enough.
            let part = if self.byte(pair.open) == Some(b'{') {
                self.lines(at, inside, &brackets)
            } else {
                inside
            };
            if let Some(cut) = self.blank(part.0, part.1, false) {
                return Some(cut);
            }
            if let Some(cut) = self.blank(inside.0, inside.1, false) {
                return Some(cut);
            }
        }
        let (start, end) = self.lines(at, (0, self.bytes.len()), &brackets);
        self.blank(start, end, false)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// Flow's casts `(x: T)`, exact types `{| |}` and existential types `<*>`.
    fn annotation(&mut self, at: usize, brackets: &Brackets) -> Option<Cut> {
        let before = self
            .bytes
            .get(..at)?
            .iter()
            .rposition(|b| !b.is_ascii_whitespace())?;
        match (self.byte(before)?, self.byte(at)?) {
            (_, b':') => {
                let pair = brackets.around(at).next()?;
                if self.byte(pair.open) != Some(b'(') {
                    return None;
                }
                self.blank(at, pair.end, true)
            }
            // `(x: T)` was taken for the head of an arrow function.
            (b')', _) => {
                let pair = brackets
                    .pairs
                    .iter()
                    .find(|p| p.closed && p.end == before)?;
                let colon = (pair.open..pair.end).find(|&i| {
                    self.byte(i) == Some(b':') && brackets.around(i).next() == Some(*pair)
                })?;
                self.blank(colon, pair.end, true)
            }
            (b'{', b'|') => self.blank(at, at + 1, true),
            (b'|', b'}') => self.blank(before, at, true),
            (_, b'*') => self.existential(at),
            (b'*', b'>' | b',') => self.existential(before),
            _ => None,
        }
    }

    fn existential(&mut self, star: usize) -> Option<Cut> {
        let before = self
            .bytes
            .get(..star)?
            .iter()
            .rfind(|b| !b.is_ascii_whitespace())?;
        if !matches!(before, b'<' | b',') {
            return None;
        }
        *self.bytes.get_mut(star)? = b'_';
        Some(Cut {
            span: span(star, star + 1),
            harmless: true,
        })
    }

    /// The line of an error, with the whole of the brackets that begin or end on it, within a range.
    fn lines(&self, at: usize, within: (usize, usize), brackets: &Brackets) -> (usize, usize) {
        let line_start = |from: usize| {
            let before = self.bytes.get(within.0..from.min(within.1));
            before
                .and_then(|b| b.iter().rposition(|&b| b == b'\n'))
                .map_or(within.0, |i| within.0 + i + 1)
        };
        let line_end = |from: usize| {
            let after = self.bytes.get(from.min(within.1)..within.1);
            after
                .and_then(|b| b.iter().position(|&b| b == b'\n'))
                .map_or(within.1, |i| from + i)
        };
        let (mut start, mut end) = (line_start(at), line_end(at));
        let inner = || {
            brackets
                .pairs
                .iter()
                .filter(|p| p.open >= within.0 && p.open < within.1)
        };
        for pair in inner().rev() {
            if pair.open < start && pair.end >= start && pair.end < end {
                start = line_start(pair.open);
            }
        }
        for pair in inner() {
            let close = pair.end.min(within.1);
            if pair.open >= start && pair.open < end && close >= end {
                end = line_end(close);
            }
        }
        (start, end)
    }

    /// Turns a range into spaces; nothing if it was blank already.
    fn blank(&mut self, start: usize, end: usize, harmless: bool) -> Option<Cut> {
        let range = self.bytes.get_mut(start..end)?;
        if range.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        for byte in range.iter_mut() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        Some(Cut {
            span: span(start, end),
            harmless,
        })
    }
}

fn span(start: usize, end: usize) -> Span {
    Span::new(
        u32::try_from(start).unwrap_or(u32::MAX),
        u32::try_from(end).unwrap_or(u32::MAX),
    )
}
