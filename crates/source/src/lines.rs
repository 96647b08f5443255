//! Byte offsets to lines and columns.

/// A place in a text, both numbers from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column in UTF-16 units, as editors and SARIF count.
    pub column: u32,
}

/// Where the lines of a text begin. A line ends at `\n`, at `\r\n`, or at a lone `\r`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// The lines of a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let goes_on = bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
            if !goes_on {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        Self { starts }
    }

    /// How many lines there are; a text that ends in a line break has no empty line after it.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        let last = self.starts.last().map_or(0, |s| *s as usize);
        if last == text.len() {
            self.starts.len() - 1
        } else {
            self.starts.len()
        }
    }

    /// The line, from 1, that holds the byte.
    #[must_use]
    pub fn line_of(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|s| *s <= offset))
            .unwrap_or(u32::MAX)
            .max(1)
    }

    /// The place of a byte. An offset past the end is the end; one inside a character is that character.
    #[must_use]
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let mut end = (offset as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let line = self.line_of(u32::try_from(end).unwrap_or(u32::MAX));
        let start = self.start_of(line).min(end);
        let column = text.get(start..end).map_or(0, |s| s.encode_utf16().count());
        Position {
            line,
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        }
    }

    /// The text of a line, without its end; empty past the last.
    #[must_use]
    pub fn line_text<'t>(&self, text: &'t str, line: u32) -> &'t str {
        if line == 0 || line as usize > self.starts.len() {
            return "";
        }
        let start = self.start_of(line);
        let end = self
            .starts
            .get(line as usize)
            .map_or(text.len(), |s| *s as usize);
        text.get(start..end)
            .unwrap_or("")
            .trim_end_matches(['\n', '\r'])
    }

    fn start_of(&self, line: u32) -> usize {
        self.starts
            .get((line as usize).saturating_sub(1))
            .map_or(0, |s| *s as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_utf16_units() {
        let text = "a\n😀b = 'é'\r\nend";
        let index = LineIndex::new(text);
        let at =
            |needle: &str| index.position(text, u32::try_from(text.find(needle).unwrap()).unwrap());
        assert_eq!(at("b ="), Position { line: 2, column: 3 });
        assert_eq!(at("end"), Position { line: 3, column: 1 });
        assert_eq!(
            index.position(text, 3),
            Position { line: 2, column: 1 },
            "inside a character"
        );
        assert_eq!(
            index.position(text, 999),
            Position { line: 3, column: 4 },
            "past the end"
        );
        assert_eq!(index.line_text(text, 2), "😀b = 'é'");
        assert_eq!(
            (index.line_text(text, 0), index.line_text(text, 4)),
            ("", "")
        );
        assert_eq!(index.count(text), 3);
    }

    #[test]
    fn every_kind_of_line_end() {
        let text = "a\rb\r\nc\n";
        let index = LineIndex::new(text);
        assert_eq!(index.count(text), 3);
        assert_eq!(
            (
                index.line_text(text, 1),
                index.line_text(text, 2),
                index.line_text(text, 3)
            ),
            ("a", "b", "c")
        );
        assert_eq!(LineIndex::new("").count(""), 0);
        assert_eq!(
            LineIndex::new("").position("", 5),
            Position { line: 1, column: 1 }
        );
    }
}
