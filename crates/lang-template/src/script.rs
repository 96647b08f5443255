//! A template as JavaScript, with the way back: which piece of the script stands for which piece of the template.

use casemate_ir::{FileFacts, Language, LocalizedNote, Span};
use casemate_lang_js::{LowerOptions, lower_template};
use std::ops::Range;

/// A piece of the script.
struct Segment {
    /// Where it ends in the script.
    end: usize,
    /// What it stands for in the template.
    from: Range<usize>,
    /// It is a copy: positions inside keep their distance.
    exact: bool,
}

/// Writes the script of one template.
pub(crate) struct Script<'a> {
    pub(crate) text: &'a str,
    path: &'a str,
    js: String,
    segments: Vec<Segment>,
    notes: Vec<LocalizedNote>,
    comments: Vec<(Span, String)>,
    errors: u32,
}

/// What is told of one template at most.
const MAX_NOTES: usize = 20;

impl<'a> Script<'a> {
    pub(crate) fn new(text: &'a str, path: &'a str) -> Self {
        Self {
            text,
            path,
            js: String::new(),
            segments: Vec::new(),
            notes: Vec::new(),
            comments: Vec::new(),
            errors: 0,
        }
    }

    /// The template's text in a range.
    pub(crate) fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or("")
    }

    /// The piece of the template that was written last.
    pub(crate) fn last(&self) -> Option<Range<usize>> {
        self.segments.last().map(|it| it.from.clone())
    }

    /// Script that stands for a range of the template as a whole.
    pub(crate) fn glue(&mut self, js: &str, from: Range<usize>) {
        self.add(js, from, false);
    }

    /// A piece of the template that is script as it stands.
    pub(crate) fn code(&mut self, range: Range<usize>) {
        self.add(self.slice(range.clone()), range, true);
    }

    /// A string literal.
    pub(crate) fn string(&mut self, value: &str, from: Range<usize>) {
        self.glue(&literal(value), from);
    }

    fn add(&mut self, js: &str, from: Range<usize>, exact: bool) {
        if js.is_empty() {
            return;
        }
        self.js.push_str(js);
        self.segments.push(Segment {
            end: self.js.len(),
            from,
            exact,
        });
    }

    /// Tells the reader something about a range.
    pub(crate) fn note(&mut self, message: impl Into<String>, at: Range<usize>) {
        let message = message.into();
        if self.notes.len() < MAX_NOTES && self.notes.iter().all(|it| it.message != message) {
            self.notes.push(LocalizedNote {
                message,
                span: span(at),
            });
        }
    }

    /// Tells the reader that a range cannot be read.
    pub(crate) fn error(&mut self, message: &str, at: Range<usize>) {
        self.errors += 1;
        self.note(format!("syntax error: {message}"), at);
    }

    /// A comment of the template; kept where it may carry a suppression.
    pub(crate) fn comment(&mut self, range: Range<usize>) {
        let text = self.slice(range.clone());
        if text.contains("casemate:") {
            self.comments.push((span(range), text.to_owned()));
        }
    }

    /// The facts of the script, told in places of the template.
    pub(crate) fn lower(self) -> FileFacts {
        let mut facts = lower_template(&self.js, self.path, &LowerOptions::default());
        facts.each_span(|it| *it = self.back(*it));
        facts.language = Language::Template;
        facts.notes.splice(0..0, self.notes);
        facts.comments.extend(self.comments);
        facts.comments.extend(html_comments(self.text));
        facts.comments.sort_by_key(|(span, _)| *span);
        facts.comments.dedup();
        facts.stats.syntax_errors += self.errors;
        if let Some(body) = facts.functions.first_mut() {
            body.span = span(0..self.text.len());
            body.head = span(0..0);
        }
        facts
    }

    /// A span of the script as a span of the template.
    fn back(&self, of: Span) -> Span {
        let (start, end) = (of.start as usize, of.end as usize);
        let start = self.position(start, start, |from| from.start);
        let end = self.position(end, end.saturating_sub(1), |from| from.end);
        span(start..end.max(start))
    }

    /// Where position `at` of the script is in the template; `inside` tells the segment that it belongs to.
    fn position(&self, at: usize, inside: usize, whole: impl Fn(&Range<usize>) -> usize) -> usize {
        let index = self.segments.partition_point(|it| it.end <= inside);
        let Some(segment) = self.segments.get(index) else {
            return self.text.len();
        };
        if !segment.exact {
            return whole(&segment.from);
        }
        let length = segment.from.end - segment.from.start;
        let start = segment.end - length;
        segment.from.start + at.saturating_sub(start).min(length)
    }
}

/// A range as a span.
pub(crate) fn span(range: Range<usize>) -> Span {
    let offset = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
    Span::new(offset(range.start), offset(range.end))
}

/// A string literal of JavaScript.
pub(crate) fn literal(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{2028}' | '\u{2029}' => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Suppressions in comments of the page.
fn html_comments(text: &str) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    if !text.contains("casemate:") {
        return found;
    }
    let mut at = 0;
    while let Some(start) = text
        .get(at..)
        .and_then(|it| it.find("<!--"))
        .map(|it| at + it)
    {
        let rest = text.get(start..).unwrap_or("");
        let end = start + rest.find("-->").map_or(rest.len(), |it| it + 3);
        let comment = text.get(start..end).unwrap_or("");
        if comment.contains("casemate:") {
            found.push((span(start..end), comment.to_owned()));
        }
        at = end;
    }
    found
}
