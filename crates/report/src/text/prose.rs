//! Prose in columns, and the little Markdown that prose has.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Columns that a character takes; control characters take none and are never printed.
#[must_use]
pub fn char_width(c: char) -> usize {
    UnicodeWidthChar::width(c).unwrap_or(0)
}

/// Prose in lines of at most `columns`; a word that is longer has a line of its own.
#[must_use]
pub fn wrap(prose: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in clean(prose).split_whitespace() {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A text of the project without what would steer a terminal: control characters are dropped, tabs become spaces.
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|c| {
            if c == '\t' || c == '\n' {
                Some(' ')
            } else {
                Some(c).filter(|c| !steers(*c))
            }
        })
        .collect()
}

/// As [`clean`], but with a space for everything that is dropped, so that columns stay true.
#[must_use]
pub fn clean_keeping_units(text: &str) -> String {
    text.chars()
        .map(|c| if steers(c) { ' ' } else { c })
        .collect()
}

/// Control characters, and marks that reorder what is read.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}')
}

/// The first paragraph of Markdown, emphasis and links taken off, code marks kept.
#[must_use]
pub fn first_paragraph(markdown: &str) -> String {
    let paragraph = markdown
        .trim()
        .split("\n\n")
        .find(|p| !p.starts_with("```") && !p.starts_with('|'))
        .unwrap_or_default();
    let text = plain(paragraph);
    // What the colon announced is not shown.
    text.strip_suffix(':')
        .map_or_else(|| text.clone(), |t| format!("{t}."))
}

/// Inline Markdown as text: `**bold**` and `*emphasis*` lose their stars, `[text](url)` becomes `text (url)`.
#[must_use]
pub fn plain(markdown: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    let mut rest = markdown;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '`' => in_code = !in_code,
            '*' if !in_code
                && (!after.starts_with(' ') || out.ends_with(|p: char| !p.is_whitespace())) =>
            {
                rest = after;
                continue;
            }
            '[' if !in_code => {
                if let Some((text, url, tail)) = link(after) {
                    out.push_str(&if text == url {
                        url.to_owned()
                    } else {
                        format!("{text} ({url})")
                    });
                    rest = tail;
                    continue;
                }
            }
            _ => {}
        }
        out.push(c);
        rest = after;
    }
    out
}

/// The parts of a link whose opening bracket was read.
fn link(after: &str) -> Option<(&str, &str, &str)> {
    let (text, tail) = after.split_once("](")?;
    let (url, tail) = tail.split_once(')')?;
    (!text.contains(['[', '\n']) && !url.contains([' ', '\n'])).then_some((text, url, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_counts_columns() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("日本 日本", 5), ["日本", "日本"]);
        assert_eq!(wrap("unbreakable x", 4), ["unbreakable", "x"]);
        assert!(wrap("  ", 4).is_empty());
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\u{7}\tc\u{202e}d"), "a[31mb cd");
    }

    #[test]
    fn markdown_as_text() {
        assert_eq!(
            plain("**Bind** *values*, `a*b`, see [docs](https://x.org/a)"),
            "Bind values, `a*b`, see docs (https://x.org/a)"
        );
        assert_eq!(plain("2 * 3 [x] y"), "2 * 3 [x] y");
        assert_eq!(
            first_paragraph("```js\nx\n```\n\nSay *it*.\n\nMore"),
            "Say it."
        );
    }
}
