//! Drawings as SVG. Each says in words what it shows, and a table beside it holds the same figures.

pub(super) mod bars;
pub(super) mod flows;
pub(super) mod risks;

use super::page::Page;

/// Opens a drawing.
fn open(page: &mut Page, width: i64, height: i64, says: &str) {
    page.raw("<figure>\n<svg role=\"img\" viewBox=\"0 0 ")
        .number(usize::try_from(width).unwrap_or(0))
        .raw(" ")
        .number(usize::try_from(height).unwrap_or(0))
        .raw("\"")
        .attribute("aria-label", says)
        .raw(">\n");
}

/// Closes it, with what stands below.
fn close(page: &mut Page, caption: &str) {
    page.raw("</svg>\n<figcaption>")
        .inline(caption)
        .raw("</figcaption>\n</figure>\n");
}

/// A line of text at a place.
fn label(page: &mut Page, class: &'static str, x: i64, y: i64, text: &str) {
    page.raw("<text class=\"")
        .raw(class)
        .raw("\"")
        .coordinate("x", x)
        .coordinate("y", y)
        .raw(">")
        .text(text)
        .raw("</text>\n");
}

/// A rectangle.
fn rectangle(page: &mut Page, class: &'static str, [x, y, width, height]: [i64; 4]) {
    page.raw("<rect class=\"").raw(class).raw("\"");
    page.coordinate("x", x)
        .coordinate("y", y)
        .coordinate("width", width)
        .coordinate("height", height);
    page.raw("/>\n");
}

/// As an `i64`; nothing drawn is larger.
fn int(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// At most so many characters.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.push('…');
    out
}
