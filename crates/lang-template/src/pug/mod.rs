//! Pug, once called Jade.

mod statement;
mod tag;
mod text;

use crate::html::{Html, context};
use crate::script::Script;
use casemate_ir::FileFacts;
use std::ops::Range;

/// What a line opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tag,
    If,
    Each,
    Other,
}

/// A line whose deeper lines belong to it.
struct Open {
    indent: usize,
    kind: Kind,
    /// Braces of the script to close.
    braces: usize,
    /// The context of text inside, where a tag decides it.
    context: Option<&'static str>,
    /// The value of a `case`.
    case: Option<Range<usize>>,
}

struct Writer<'a> {
    script: Script<'a>,
    /// Reads lines of literal HTML.
    html: Html,
    open: Vec<Open>,
    /// What the last block on the present level was.
    closed: Option<Kind>,
    /// Attributes of the old syntax hold references in their strings.
    jade: bool,
    temporaries: u32,
    depth: u32,
}

/// Tags nest at most this much on one line.
const MAX_DEPTH: u32 = 100;

pub(crate) fn lower(text: &str, path: &str) -> FileFacts {
    let mut writer = Writer {
        script: Script::new(text, path),
        html: Html::new(path),
        open: Vec::new(),
        closed: None,
        jade: path.ends_with(".jade"),
        temporaries: 0,
        depth: 0,
    };
    let mut start = 0;
    while let Some(line) = Line::first(text, start) {
        writer.leave(line.indent);
        // A statement may take more lines than one: attributes, blocks of text.
        let after = writer.statement(line.indent, line.content.clone());
        start = line_end(text, after.max(line.content.end)) + 1;
    }
    writer.leave(0);
    writer.script.lower()
}

/// A line that is not blank.
struct Line {
    indent: usize,
    /// Without indentation and line end.
    content: Range<usize>,
}

impl Line {
    /// The first line that is not blank, from the start of a line on.
    fn first(text: &str, mut start: usize) -> Option<Self> {
        loop {
            let end = line_end(text, start);
            let line = text.get(start..end)?;
            let content = line.trim_start_matches([' ', '\t', '\u{feff}']);
            if content.trim().is_empty() {
                start = end + 1;
                continue;
            }
            let indent = line.len() - content.len();
            let first = start + indent;
            return Some(Self {
                indent,
                content: first..first + content.trim_end().len(),
            });
        }
    }

    /// The first line that is not blank, after the line around an offset.
    fn after(text: &str, at: usize) -> Option<Self> {
        Self::first(text, line_end(text, at) + 1)
    }
}

/// Where the line around an offset ends.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..)
        .and_then(|it| it.find('\n'))
        .map_or(text.len(), |it| at + it)
}

impl Writer<'_> {
    /// Closes what is not further left than `indent`.
    fn leave(&mut self, indent: usize) {
        self.closed = None;
        while let Some(open) = self.open.pop_if(|it| it.indent >= indent) {
            let end = self.script.text.len().min(self.here());
            if open.braces > 0 {
                self.script.glue(&"}".repeat(open.braces), end..end);
                self.script.glue("\n", end..end);
            }
            self.closed = if open.indent == indent {
                Some(open.kind)
            } else {
                None
            };
        }
    }

    /// Where the script stands in the template, for pieces that stand for nothing.
    fn here(&self) -> usize {
        self.script.last().map_or(0, |it| it.end)
    }

    fn enter(&mut self, indent: usize, kind: Kind, braces: usize) {
        self.open.push(Open {
            indent,
            kind,
            braces,
            context: None,
            case: None,
        });
    }

    /// The context of text at the present place.
    fn context(&self) -> &'static str {
        self.open
            .iter()
            .rev()
            .find_map(|it| it.context)
            .unwrap_or_else(|| {
                if self.html.context() == context::PLAIN {
                    context::PLAIN
                } else {
                    context::TEXT
                }
            })
    }

    /// The lines that belong to a line of this indentation, as one range; where the last of them ends.
    fn block(&self, indent: usize, end: usize) -> Range<usize> {
        let text = self.script.text;
        let (mut at, mut start) = (end, None);
        while let Some(line) = Line::after(text, at) {
            if line.indent <= indent {
                break;
            }
            start.get_or_insert(line.content.start);
            at = line.content.end;
        }
        start.unwrap_or(at)..at
    }

    /// Whether deeper lines follow.
    fn has_block(&self, indent: usize, end: usize) -> bool {
        Line::after(self.script.text, end).is_some_and(|it| it.indent > indent)
    }

    /// An output of code.
    fn output(&mut self, escaped: bool, code: Range<usize>, whole: Range<usize>, context: &str) {
        let code = trimmed(self.script.text, code);
        if code.is_empty() {
            return;
        }
        self.script
            .glue(if escaped { "__esc((" } else { "__raw((" }, whole.clone());
        self.script.code(code);
        self.script.glue(&format!("\n), \"{context}\");\n"), whole);
    }
}

/// A range without blanks and semicolons around.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = text.get(range.clone()).unwrap_or("");
    let start = range.start + inner.len() - inner.trim_start().len();
    let end = range.start
        + inner
            .trim_end_matches(|c: char| c.is_whitespace() || c == ';')
            .len();
    start..end.max(start)
}
