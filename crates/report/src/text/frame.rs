//! Source frames: the lines of a path, each step marked and said.

use super::Page;
use super::paint::Ink;
use super::prose;
use casemate_assess::assessment::Place;

/// A place to show, and what happens there.
pub(crate) struct Mark<'a> {
    /// Where.
    pub place: &'a Place,
    /// What happens there.
    pub text: String,
    /// How it is coloured.
    pub ink: Ink,
}

/// Columns before the bar.
const GUTTER: usize = 7;

/// A label is put beside its mark if it has this much room, below it otherwise.
const LABEL_ROOM: usize = 24;

/// Draws marks in order, a heading wherever the file changes.
pub(crate) fn draw(page: &mut Page, marks: &[Mark<'_>]) {
    let mut rest = marks;
    let mut first = true;
    while let Some(mark) = rest.first() {
        let file = &mark.place.file;
        let length = rest.iter().take_while(|m| m.place.file == *file).count();
        let (here, after) = rest.split_at(length);
        if !first {
            page.gap();
        }
        first = false;
        file_block(page, file, here);
        rest = after;
    }
}

fn file_block(page: &mut Page, file: &str, marks: &[Mark<'_>]) {
    let title = page.paint.ink(Ink::Path, &prose::clean(file));
    page.line(&format!("  {title}"));
    let indent = marks
        .iter()
        .map(|m| leading(&m.place.snippet))
        .min()
        .unwrap_or(0);
    let mut shown: Option<u32> = None;
    for mark in marks {
        if shown != Some(mark.place.line) {
            source_line(page, mark.place, indent);
            shown = Some(mark.place.line);
        }
        marker(page, mark, indent);
    }
}

fn source_line(page: &mut Page, place: &Place, indent: usize) {
    let text: String = prose::clean_keeping_units(&place.snippet)
        .chars()
        .skip(indent)
        .collect();
    let room = page.width.saturating_sub(GUTTER + 3);
    let number = page
        .paint
        .ink(Ink::Dim, &format!("{:>GUTTER$} │", place.line));
    let text = fitted(&text, room);
    page.line(&format!("{number} {text}"));
}

/// The underline of a mark with its label.
fn marker(page: &mut Page, mark: &Mark<'_>, indent: usize) {
    let room = page.width.saturating_sub(GUTTER + 3);
    let (start, length) = columns(mark.place, indent, room);
    let bar = page.paint.ink(Ink::Dim, &format!("{:>GUTTER$} │", ""));
    let line = page.paint.ink(mark.ink, &"━".repeat(length));
    let left = room.saturating_sub(start + length + 1);
    let label = prose::clean(&mark.text);
    if prose::width(&label) <= left {
        let label = page.paint.ink(mark.ink, &label);
        page.line(&format!("{bar} {}{line} {label}", " ".repeat(start)));
        return;
    }
    let beside = left >= LABEL_ROOM;
    let column = if beside {
        start + length + 1
    } else {
        start.min(room / 2)
    };
    let lines = prose::wrap(&label, room.saturating_sub(column));
    let mut lines = lines.iter();
    if beside {
        let label = page.paint.ink(mark.ink, lines.next().map_or("", |l| l));
        page.line(&format!("{bar} {}{line} {label}", " ".repeat(start)));
    } else {
        page.line(&format!("{bar} {}{line}", " ".repeat(start)));
    }
    for label in lines {
        let label = page.paint.ink(mark.ink, label);
        page.line(&format!("{bar} {}{label}", " ".repeat(column)));
    }
}

/// Where the mark begins and how long it is, in columns of the terminal, from UTF-16 columns of the line.
fn columns(place: &Place, indent: usize, room: usize) -> (usize, usize) {
    let from = place.column.saturating_sub(1);
    let to = if place.end_line == place.line {
        place.end_column.saturating_sub(1)
    } else {
        u32::MAX
    };
    let (mut unit, mut start, mut length) = (0_u32, 0, 0);
    for (index, c) in prose::clean_keeping_units(&place.snippet)
        .chars()
        .enumerate()
    {
        if unit >= to {
            break;
        }
        if index >= indent {
            if unit < from {
                start += prose::char_width(c);
            } else {
                length += prose::char_width(c);
            }
        }
        unit += u32::try_from(c.len_utf16()).unwrap_or(1);
    }
    let start = start.min(room.saturating_sub(1));
    (start, length.clamp(1, room.saturating_sub(start).max(1)))
}

fn leading(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).count()
}

/// A line cut to the room it has.
fn fitted(text: &str, room: usize) -> String {
    if prose::width(text) <= room {
        return text.to_owned();
    }
    let mut used = 0;
    let mut out: String = text
        .chars()
        .take_while(|c| {
            used += prose::char_width(*c);
            used < room
        })
        .collect();
    out.push('…');
    out
}
