//! The Markdown of rules: paragraphs, lists, code, emphasis and links; all else is text.

use super::page::Page;

/// Writes it.
pub(super) fn write(page: &mut Page, markdown: &str) {
    let mut lines = markdown.lines().peekable();
    let mut paragraph: Vec<&str> = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(mark) = fence(line) {
            flush(page, &mut paragraph);
            page.raw("<pre tabindex=\"0\"><code>");
            let mut first = true;
            for code in lines.by_ref() {
                if code.trim() == mark {
                    break;
                }
                if !first {
                    page.raw("\n");
                }
                first = false;
                page.lines(code);
            }
            page.raw("</code></pre>");
        } else if line.trim().is_empty() {
            flush(page, &mut paragraph);
        } else if line.starts_with("- ") {
            flush(page, &mut paragraph);
            page.raw("<ul>");
            let mut item = line.get(2..).unwrap_or_default().to_owned();
            while let Some(next) = lines.peek() {
                if next.starts_with("  ") && !next.trim().is_empty() {
                    item.push(' ');
                    item.push_str(next.trim());
                    lines.next();
                } else if let Some(more) = next.strip_prefix("- ") {
                    list_item(page, &item);
                    item = more.to_owned();
                    lines.next();
                } else {
                    break;
                }
            }
            list_item(page, &item);
            page.raw("</ul>");
        } else {
            paragraph.push(line);
        }
    }
    flush(page, &mut paragraph);
}

fn list_item(page: &mut Page, item: &str) {
    page.raw("<li>");
    inline(page, item);
    page.raw("</li>");
}

fn flush(page: &mut Page, paragraph: &mut Vec<&str>) {
    if paragraph.is_empty() {
        return;
    }
    page.raw("<p>");
    inline(page, &paragraph.join(" "));
    page.raw("</p>");
    paragraph.clear();
}

fn fence(line: &str) -> Option<&str> {
    let line = line.trim();
    let ticks = line.len() - line.trim_start_matches('`').len();
    (ticks >= 3).then(|| line.get(..ticks).unwrap_or("```"))
}

/// Code, bold, emphasis and links; a link is followed only to `https:`.
fn inline(page: &mut Page, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        let (before, tail) = rest.split_at(at);
        page.text(before);
        if let Some((inner, after)) = between(tail, "**", "**") {
            page.raw("<strong>").inline(inner).raw("</strong>");
            rest = after;
        } else if let Some((inner, after)) = code(tail) {
            page.raw("<code>").text(inner).raw("</code>");
            rest = after;
        } else if let Some((inner, after)) =
            between(tail, "*", "*").filter(|(i, _)| !i.starts_with(' '))
        {
            page.raw("<em>").inline(inner).raw("</em>");
            rest = after;
        } else if let Some((label, url, after)) = link(tail) {
            page.raw("<a")
                .attribute("href", url)
                .raw(">")
                .inline(label)
                .raw("</a>");
            rest = after;
        } else {
            let next = tail.chars().next().map_or(1, char::len_utf8);
            page.text(tail.get(..next).unwrap_or_default());
            rest = tail.get(next..).unwrap_or_default();
        }
    }
    page.text(rest);
}

/// A span of code: as many marks close it as opened it, so that it may hold fewer of them.
fn code(text: &str) -> Option<(&str, &str)> {
    let marks = text.len() - text.trim_start_matches('`').len();
    let fence = text.get(..marks).filter(|fence| !fence.is_empty())?;
    let inner = text.get(marks..)?;
    let mut from = 0;
    loop {
        let at = from + inner.get(from..)?.find(fence)?;
        let run = inner.get(at..)?.len() - inner.get(at..)?.trim_start_matches('`').len();
        if run == marks && at > 0 {
            let said = inner.get(..at)?;
            let after = inner.get(at + marks..)?;
            return Some((if marks > 1 { said.trim() } else { said }, after));
        }
        from = at + run;
    }
}

fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<(&'t str, &'t str)> {
    let inner = text.strip_prefix(open)?;
    let end = inner.find(close).filter(|end| *end > 0)?;
    Some((inner.get(..end)?, inner.get(end + close.len()..)?))
}

fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (label, tail) = text.strip_prefix('[')?.split_once("](")?;
    let (url, after) = tail.split_once(')')?;
    (url.starts_with("https://") && !label.contains('[')).then_some((label, url, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_may_hold_marks() {
        let shown = |text| {
            let mut page = Page::default();
            write(&mut page, text);
            page.finish()
        };
        assert_eq!(
            shown("in ``exec(`a ${b}`)`` runs; `\"$(id)\"` too, and a `'`"),
            "<p>in <code>exec(`a ${b}`)</code> runs; <code>&quot;$(id)&quot;</code> too, and a <code>&#39;</code></p>"
        );
        assert_eq!(shown("an ` open"), "<p>an ` open</p>");
    }

    #[test]
    fn the_markdown_of_rules() {
        let mut page = Page::default();
        write(
            &mut page,
            "Bind *values* and `<b>`.\n\n```ts\na < b\n```\n- one\n  more\n- [x](https://x.org) [y](javascript:1)\n",
        );
        assert_eq!(
            page.finish(),
            "<p>Bind <em>values</em> and <code>&lt;b&gt;</code>.</p><pre tabindex=\"0\"><code>a &lt; b</code></pre>\
             <ul><li>one more</li><li><a href=\"https://x.org\">x</a> [y](javascript:1)</li></ul>"
        );
    }
}
