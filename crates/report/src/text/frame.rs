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

/// Characters of a mark that have to be in sight.
const VISIBLE: usize = 24;

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
    let room = page.width.saturating_sub(GUTTER + 3);
    let mut rest = marks;
    while let Some(first) = rest.first() {
        let length = rest
            .iter()
            .take_while(|m| m.place.line == first.place.line)
            .count();
        let (here, after) = rest.split_at(length);
        let line = Line::new(here, indent, room);
        let number = page
            .paint
            .ink(Ink::Dim, &format!("{:>GUTTER$} │", first.place.line));
        page.line(&format!("{number} {}", line.text));
        for mark in here {
            marker(page, mark, &line, room);
        }
        rest = after;
    }
}

/// A line of source in the room that it has: characters of the snippet from `from` on.
struct Line {
    from: usize,
    text: String,
}

impl Line {
    /// Cuts the indentation; where the last mark would still be out of sight, cuts more.
    fn new(marks: &[Mark<'_>], indent: usize, room: usize) -> Self {
        let Some(last) = marks.last() else {
            return Self {
                from: 0,
                text: String::new(),
            };
        };
        let chars: Vec<char> = prose::clean_keeping_units(&last.place.snippet)
            .chars()
            .collect();
        let width = |range: &[char]| range.iter().map(|c| prose::char_width(*c)).sum::<usize>();
        let (start, end) = span(last.place, &chars);
        let mut from = indent.min(chars.len());
        let shown = |from: usize, to: usize| chars.get(from..to).map_or(0, &width);
        if shown(from, end.min(start + VISIBLE)) >= room {
            let lead = room / 3;
            while from < start && shown(from, start) > lead {
                from += 1;
            }
        }
        let cut = from > indent;
        let text: String = chars.iter().skip(from + usize::from(cut)).collect();
        let text = if cut { format!("…{text}") } else { text };
        Self {
            from,
            text: fitted(&text, room),
        }
    }
}

/// The underline of a mark with its label.
fn marker(page: &mut Page, mark: &Mark<'_>, line: &Line, room: usize) {
    let (start, length) = columns(mark.place, line.from, room);
    let bar = page.paint.ink(Ink::Dim, &format!("{:>GUTTER$} │", ""));
    let under = page.paint.ink(mark.ink, &"━".repeat(length));
    let left = room.saturating_sub(start + length + 1);
    let label = prose::clean(&mark.text);
    if prose::width(&label) <= left {
        let label = page.paint.ink(mark.ink, &label);
        page.line(&format!("{bar} {}{under} {label}", " ".repeat(start)));
        return;
    }
    let beside = left >= LABEL_ROOM;
    let column = if beside {
        start + length + 1
    } else {
        start.min(room / 2)
    };
    let labels = prose::wrap(&label, room.saturating_sub(column));
    let mut labels = labels.iter();
    let first = if beside {
        labels.next().map_or("", |l| l)
    } else {
        ""
    };
    let first = page.paint.ink(mark.ink, first);
    page.line(&format!("{bar} {}{under} {first}", " ".repeat(start)));
    for label in labels {
        let label = page.paint.ink(mark.ink, label);
        page.line(&format!("{bar} {}{label}", " ".repeat(column)));
    }
}

/// Where the mark begins and how long it is, in columns of the terminal.
fn columns(place: &Place, from: usize, room: usize) -> (usize, usize) {
    let chars: Vec<char> = prose::clean_keeping_units(&place.snippet).chars().collect();
    let (begin, end) = span(place, &chars);
    let width = |from: usize, to: usize| {
        chars
            .get(from..to)
            .map_or(0, |r| r.iter().map(|c| prose::char_width(*c)).sum())
    };
    let start: usize = width(from, begin.max(from));
    let length: usize = width(begin.max(from), end.max(from));
    let start = start.min(room.saturating_sub(1));
    (start, length.clamp(1, room.saturating_sub(start).max(1)))
}

/// The characters of the line that a place covers, from its UTF-16 columns.
fn span(place: &Place, chars: &[char]) -> (usize, usize) {
    let index = |unit: u32| {
        let mut seen = 0;
        chars
            .iter()
            .take_while(|c| {
                let before = seen < unit;
                seen += u32::try_from(c.len_utf16()).unwrap_or(1);
                before
            })
            .count()
    };
    let end = if place.end_line == place.line {
        index(place.end_column.saturating_sub(1))
    } else {
        chars.len()
    };
    let begin = index(place.column.saturating_sub(1));
    (begin, end.max(begin))
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
