//! Mako: the control lines and tags of its own, around the expressions of the family.

use super::expr::{Expr, Kind};
use super::{Writer, lex};
use casemate_ir::FileFacts;
use std::ops::Range;

/// A tag or an expression is looked for this far.
const MAX_TAG: usize = 8_192;

/// Lowers a template.
pub(crate) fn lower(text: &str, path: &str) -> FileFacts {
    let mut writer = Writer::new(text, path, true);
    let mut at = 0;
    while at < text.len() {
        at = writer.mako(at);
    }
    writer.finish()
}

impl Writer<'_> {
    /// The piece that starts here; where the next one does.
    fn mako(&mut self, at: usize) -> usize {
        let text = self.script.text;
        let rest = text.get(at..).unwrap_or("");
        let line_end = at + rest.find('\n').map_or(rest.len(), |it| it + 1);
        let line = text.get(at..line_end).unwrap_or("");
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let first = at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n');
        if first && line.trim_start().starts_with("##") {
            self.script.comment(at..line_end);
            return line_end;
        }
        if first && line.trim_start().starts_with('%') && !line.trim_start().starts_with("%%") {
            let end = at + line.trim_end().trim_end_matches(':').len();
            self.tag(at + indent + 1..end.max(at + indent + 1), at..line_end);
            return line_end;
        }
        if rest.starts_with("${") {
            let end = rest
                .get(..rest.len().min(MAX_TAG))
                .and_then(|it| it.find('}'))
                .map_or(text.len(), |it| at + it + 1);
            self.expression(at + 2..end.saturating_sub(1).max(at + 2), at..end);
            return end;
        }
        if rest.starts_with("<%doc>") {
            let end = rest.find("</%doc>").map_or(text.len(), |it| at + it + 7);
            self.script.comment(at..end);
            return end;
        }
        if rest.starts_with("<%") {
            let close =
                if rest.starts_with("<% ") || rest.starts_with("<%!") || rest.starts_with("<%\n") {
                    "%>"
                } else {
                    ">"
                };
            let end = rest
                .find(close)
                .map_or(text.len(), |it| at + it + close.len());
            self.element(at..end);
            return end;
        }
        if rest.starts_with("</%") {
            let end = rest.find('>').map_or(text.len(), |it| at + it + 1);
            let name = text.get(at + 3..end.saturating_sub(1)).unwrap_or("").trim();
            if name == "def" {
                self.tag_end("macro", at..end);
            }
            return end;
        }
        // Text up to the next thing that may start a piece.
        let next = rest
            .char_indices()
            .skip(1)
            .find(|(i, c)| {
                matches!(c, '$' | '<') || rest.as_bytes().get(i.saturating_sub(1)) == Some(&b'\n')
            })
            .map_or(text.len(), |(i, _)| at + i);
        self.html.feed(self.script.slice(at..next));
        next
    }

    /// `${x | n,h}`
    fn expression(&mut self, inside: Range<usize>, whole: Range<usize>) {
        let code = self.script.slice(inside.clone());
        let (length, filters) = match code.rsplit_once('|') {
            Some((before, filters)) if !before.ends_with('|') && !filters.contains(['"', '\'']) => {
                (before.len(), filters)
            }
            _ => (code.len(), ""),
        };
        let mut told = None;
        for filter in filters.split(',').map(str::trim) {
            match filter {
                "h" | "x" => told = Some(true),
                "n" if told.is_none() => told = Some(false),
                _ => {}
            }
        }
        self.output(inside.start..inside.start + length, whole, told);
    }

    /// `<%include file="x"/>`, `<%inherit …/>`, `<%def name="f(x)">`, a block of Python.
    fn element(&mut self, whole: Range<usize>) {
        let text = self.script.slice(whole.clone());
        let file = || {
            let (_, after) = text.split_once("file=\"")?;
            let name = after.split('"').next()?;
            Some(Expr {
                kind: Kind::Str(name.to_owned()),
                range: whole.clone(),
            })
        };
        let name = text.trim_start_matches("<%").split([' ', '/', '>']).next();
        match name {
            Some("include" | "inherit") => {
                if let Some(file) = file() {
                    self.call_template(Some(&file), &[], None, &whole);
                }
            }
            Some("def") => {
                if let Some(start) = text.find("name=\"").map(|it| whole.start + it + 6) {
                    let end = self
                        .script
                        .slice(start..whole.end)
                        .find('"')
                        .map_or(whole.end, |it| start + it);
                    let tokens = lex::tokens(self.script.text, start..end);
                    self.macro_("macro", &tokens, whole);
                }
            }
            Some("page" | "namespace" | "block" | "text" | "call") => {}
            _ => self.script.note(
                "code of Python inside a template is not analysed",
                whole.clone(),
            ),
        }
    }
}
