//! A rough reading of source text: which brackets are open where. Serves inputs that the parser cannot read.

/// An opening bracket and where it ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pair {
    pub(crate) open: usize,
    /// Its partner; for one that has none the closing bracket of a pair around it, or the end of the text.
    pub(crate) end: usize,
    pub(crate) closed: bool,
}

/// What the brackets of a text look like.
pub(crate) struct Brackets {
    /// In order of their opening.
    pub(crate) pairs: Vec<Pair>,
    pub(crate) deepest: u32,
}

impl Brackets {
    /// The brackets of a text. Strings, comments, templates and regular expressions are left out as far as that can be told
    /// without a grammar.
    pub(crate) fn of(text: &str) -> Self {
        Scanner {
            bytes: text.as_bytes(),
            at: 0,
            before: b';',
            word: false,
            open: Vec::new(),
            pairs: Vec::new(),
            deepest: 0,
        }
        .run()
    }

    /// The pairs around an offset, innermost first.
    pub(crate) fn around(&self, offset: usize) -> impl Iterator<Item = Pair> + '_ {
        self.pairs
            .iter()
            .rev()
            .filter(move |p| p.open < offset && offset <= p.end)
            .copied()
    }
}

struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
    /// The last byte that was neither space nor comment.
    before: u8,
    /// That byte ended a keyword after which an expression starts.
    word: bool,
    open: Vec<usize>,
    pairs: Vec<Pair>,
    deepest: u32,
}

impl Scanner<'_> {
    fn byte(&self, offset: usize) -> Option<u8> {
        self.bytes.get(self.at + offset).copied()
    }

    fn run(mut self) -> Brackets {
        while let Some(byte) = self.byte(0) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {
                    self.at += 1;
                    continue;
                }
                b'/' if self.byte(1) == Some(b'/') => {
                    self.skip_to(b"\n");
                    continue;
                }
                b'/' if self.byte(1) == Some(b'*') => {
                    self.at += 2;
                    self.skip_to(b"*/");
                    continue;
                }
                b'"' | b'\'' => self.string(byte),
                b'`' => self.quasi(),
                b'/' if self.regex_may_start() => self.regex(),
                b'(' | b'[' | b'{' => self.opens(),
                b')' | b']' | b'}' => {
                    let template = self.closes();
                    if template {
                        self.quasi();
                    }
                }
                b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | b'0'..=b'9' | 0x80.. => {
                    self.word();
                    continue;
                }
                _ => {}
            }
            // Strings and templates end elsewhere than they start.
            self.before = self.byte(0).unwrap_or(byte);
            self.word = false;
            self.at += 1;
        }
        Brackets {
            pairs: self.pairs,
            deepest: self.deepest,
        }
    }

    fn opens(&mut self) {
        self.open.push(self.pairs.len());
        self.pairs.push(Pair {
            open: self.at,
            end: self.bytes.len(),
            closed: false,
        });
        self.deepest = self
            .deepest
            .max(u32::try_from(self.open.len()).unwrap_or(u32::MAX));
    }

    /// Closes the innermost bracket of its kind, if there is one; `true` where a template literal goes on after it.
    fn closes(&mut self) -> bool {
        let opener = match self.byte(0) {
            Some(b')') => b'(',
            Some(b']') => b'[',
            _ => b'{',
        };
        let partner = self.open.iter().rposition(|&i| {
            self.pairs.get(i).and_then(|p| self.bytes.get(p.open)) == Some(&opener)
        });
        let Some(partner) = partner else { return false };
        for index in self.open.split_off(partner + 1) {
            if let Some(pair) = self.pairs.get_mut(index) {
                pair.end = self.at;
            }
        }
        let Some(index) = self.open.pop() else {
            return false;
        };
        let Some(pair) = self.pairs.get_mut(index) else {
            return false;
        };
        pair.end = self.at;
        pair.closed = true;
        let hole = pair.open.checked_sub(1).and_then(|i| self.bytes.get(i)) == Some(&b'$');
        hole && opener == b'{'
    }

    /// A template literal from its backtick or the `}` of a hole, to the next hole or its end; stands on its last byte then.
    fn quasi(&mut self) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\\' => self.at += 1,
                b'`' => return,
                b'$' if self.byte(1) == Some(b'{') => {
                    self.at += 1;
                    self.opens();
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
        // Never closed: not a template.
        self.at = start;
    }

    /// A string on one line; an apostrophe in a text stays where it is.
    fn string(&mut self, quote: u8) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\n' => break,
                b'\\' => self.at += 1,
                _ if byte == quote => return,
                _ => {}
            }
            self.at += 1;
        }
        self.at = start;
    }

    fn regex_may_start(&self) -> bool {
        self.word
            || matches!(
                self.before,
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
                    | b'*'
                    | b'%'
                    | b'~'
                    | b'^'
                    | b'>'
            )
    }

    fn regex(&mut self) {
        let start = self.at;
        let mut class = false;
        self.at += 1;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\n' => break,
                b'\\' => self.at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => return,
                _ => {}
            }
            self.at += 1;
        }
        self.at = start;
    }

    fn word(&mut self) {
        let start = self.at;
        while self
            .byte(0)
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | 0x80..))
        {
            self.at += 1;
        }
        let word = self.bytes.get(start..self.at).unwrap_or(&[]);
        self.word = matches!(
            word,
            b"return"
                | b"typeof"
                | b"case"
                | b"in"
                | b"of"
                | b"delete"
                | b"void"
                | b"throw"
                | b"await"
                | b"yield"
                | b"else"
                | b"do"
        );
        self.before = b'a';
    }

    fn skip_to(&mut self, end: &[u8]) {
        while self.at < self.bytes.len()
            && !self
                .bytes
                .get(self.at..)
                .is_some_and(|rest| rest.starts_with(end))
        {
            self.at += 1;
        }
        self.at = (self.at + end.len()).min(self.bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::Brackets;

    #[test]
    fn brackets_in_text_do_not_count() {
        let text = "f(')', \"]\", `}${g(1)}`, /[)]\\//, a / (b) / c) // (\n/* ( */ { don't }";
        let brackets = Brackets::of(text);
        assert!(
            brackets.pairs.iter().all(|p| p.closed),
            "{:?}",
            brackets.pairs
        );
        assert_eq!(brackets.deepest, 3);
        assert_eq!(brackets.pairs.len(), 5);
    }
}
