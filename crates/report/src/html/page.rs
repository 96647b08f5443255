//! Text that becomes HTML, and nothing of it markup.

use crate::text::prose::clean;

/// A page in the making. Markup comes from literals alone; everything else is escaped.
#[derive(Default)]
pub(super) struct Page {
    out: String,
}

impl Page {
    /// Markup of our own.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Text, escaped. Control characters and marks that reorder text are dropped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for c in clean(text).chars() {
            self.escaped(c);
        }
        self
    }

    /// The same, with its line breaks.
    pub fn lines(&mut self, text: &str) -> &mut Self {
        for (at, line) in text.lines().enumerate() {
            if at > 0 {
                self.out.push('\n');
            }
            self.text(line);
        }
        self
    }

    /// Text in which back-ticks mark code.
    pub fn inline(&mut self, text: &str) -> &mut Self {
        let mut rest = text;
        while let Some(open) = rest.find('`') {
            let (before, after) = rest.split_at(open);
            let after = after.get(1..).unwrap_or_default();
            let Some(close) = after.find('`') else {
                break;
            };
            self.text(before);
            self.raw("<code>")
                .text(after.get(..close).unwrap_or_default())
                .raw("</code>");
            rest = after.get(close + 1..).unwrap_or_default();
        }
        self.text(rest)
    }

    /// An attribute with its leading space.
    pub fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"").text(value).raw("\"")
    }

    /// A number.
    pub fn number(&mut self, n: usize) -> &mut Self {
        self.out.push_str(&n.to_string());
        self
    }

    /// A coordinate.
    pub fn coordinate(&mut self, name: &'static str, value: i64) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"");
        self.out.push_str(&value.to_string());
        self.raw("\"")
    }

    fn escaped(&mut self, c: char) {
        match c {
            '&' => self.out.push_str("&amp;"),
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            '"' => self.out.push_str("&quot;"),
            '\'' => self.out.push_str("&#39;"),
            c => self.out.push(c),
        }
    }

    /// The page.
    pub fn finish(self) -> String {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_project_is_markup() {
        let mut page = Page::default();
        page.inline("a `<img src=x onerror=1>` & <b>\" ' `open");
        page.attribute("id", "\"><script>");
        assert_eq!(
            page.finish(),
            "a <code>&lt;img src=x onerror=1&gt;</code> &amp; &lt;b&gt;&quot; &#39; `open id=\"&quot;&gt;&lt;script&gt;\""
        );
    }
}
