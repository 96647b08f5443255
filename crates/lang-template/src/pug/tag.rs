//! Tags of a Pug template and their attributes.

use super::{Kind, Writer};
use crate::calls::{self, Scan, Token};
use crate::html::{attribute, context};
use std::ops::Range;

/// Brackets are looked for this far.
const MAX_BRACKET: usize = 8_192;

/// Where the bracket at `open` closes, at most `end`.
pub(super) fn closing(text: &str, open: usize, end: usize) -> Option<usize> {
    let (mut scan, mut depth) = (Scan::new(text, open..end.min(open + MAX_BRACKET)), 0_usize);
    while let Some(token) = scan.next() {
        match token {
            Token::Punct(b'(' | b'[' | b'{', _) => depth += 1,
            Token::Punct(b')' | b']' | b'}', at) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | ':')
}

impl Writer<'_> {
    /// A line with a tag; returns where it ends.
    pub(super) fn tag(&mut self, indent: usize, line: Range<usize>) -> usize {
        let text = self.script.slice(line.clone());
        // A colon after the name starts the tag inside.
        let length = text.find(|c: char| !name_char(c)).unwrap_or(text.len());
        let name = text.get(..length).unwrap_or("");
        let name = name
            .split_once(':')
            .filter(|(_, after)| after.is_empty())
            .map_or(name, |it| it.0);
        if name.is_empty() && !text.starts_with(['#', '.']) {
            self.script.error("neither a tag nor text", line.clone());
            return line.end;
        }
        let name = name.to_ascii_lowercase();
        self.enter(indent, Kind::Tag, 0);
        self.rest_of_tag(indent, &name, line.start + name.len(), line)
    }

    /// A tag inside of text.
    pub(super) fn tag_in_text(&mut self, range: Range<usize>) {
        let text = self.script.slice(range.clone());
        let length = text.find(|c: char| !name_char(c)).unwrap_or(text.len());
        let name = text.get(..length).unwrap_or("").to_ascii_lowercase();
        self.enter(usize::MAX, Kind::Tag, 0);
        self.rest_of_tag(usize::MAX, &name, range.start + length, range);
    }

    /// What follows the name: classes, ids, attributes, then text, code, a tag or nothing.
    pub(super) fn rest_of_tag(
        &mut self,
        indent: usize,
        tag: &str,
        from: usize,
        line: Range<usize>,
    ) -> usize {
        let text = self.script.text;
        let mut at = from;
        let mut end = if from > line.end {
            super::line_end(text, from)
        } else {
            line.end
        };
        if let Some(open) = self.open.last_mut() {
            open.context = match tag {
                "script" => Some(context::SCRIPT),
                "style" => Some(context::STYLE),
                "" => None,
                _ => Some(context::TEXT),
            };
        }
        loop {
            let rest = text.get(at..end.max(at)).unwrap_or("");
            let mut chars = rest.chars();
            match (chars.next(), chars.next()) {
                (Some('#' | '.'), Some(c)) if name_char(c) => {
                    let skip = rest
                        .get(1..)
                        .and_then(|it| it.find(|c: char| !name_char(c) || c == ':'));
                    at += 1 + skip.unwrap_or(rest.len() - 1).max(1);
                }
                (Some('('), _) => {
                    at = self.attributes(tag, at + 1);
                    if at > end {
                        end = super::line_end(text, at);
                    }
                }
                (Some('&'), _) if rest.starts_with("&attributes(") => {
                    let open = at + "&attributes".len();
                    let close = closing(text, open, text.len()).unwrap_or(end);
                    // Their values are written as they are.
                    self.output(false, open + 1..close, at..close + 1, context::ATTR);
                    at = close + 1;
                }
                (Some('.'), None) => return self.block_text(indent, end),
                (Some('/'), None) | (None, _) => return end,
                (Some(':'), _) => return self.inner(indent, at..end),
                (Some('='), _) => {
                    self.code_after(true, at + 1..end, at);
                    return end;
                }
                (Some('!'), Some('=')) => {
                    self.code_after(false, at + 2..end, at);
                    return end;
                }
                _ => {
                    let context = self.context();
                    self.text(at..end, context);
                    return end;
                }
            }
        }
    }

    fn code_after(&mut self, escaped: bool, code: Range<usize>, start: usize) {
        let context = self.context();
        let whole = start..code.end;
        self.output(escaped, code, whole, context);
    }

    /// `li: a text`
    fn inner(&mut self, indent: usize, range: Range<usize>) -> usize {
        let rest = self.script.slice(range.start + 1..range.end);
        let start = range.start + 1 + rest.len() - rest.trim_start().len();
        self.depth += 1;
        let end = if self.depth > super::MAX_DEPTH || start >= range.end {
            range.end
        } else {
            self.statement(indent, start..range.end)
        };
        self.depth -= 1;
        end
    }

    /// `tag.` with lines of text below.
    fn block_text(&mut self, indent: usize, end: usize) -> usize {
        let block = self.block(indent, end);
        let context = self.context();
        self.text(block.clone(), context);
        block.end.max(end)
    }

    /// Attributes up to the closing bracket; returns where they end.
    pub(super) fn attributes(&mut self, tag: &str, from: usize) -> usize {
        let text = self.script.text;
        let mut at = from;
        loop {
            let rest = text.get(at..).unwrap_or("");
            at += rest.len()
                - rest
                    .trim_start_matches(|c: char| c.is_whitespace() || c == ',')
                    .len();
            let rest = text.get(at..).unwrap_or("");
            if rest.is_empty() {
                self.script
                    .error("attributes are never closed", from..text.len());
                return text.len();
            }
            if rest.starts_with(')') {
                return at + 1;
            }
            let start = at;
            if rest.starts_with("...") {
                let value = self.expression(at + 3);
                at = value.end;
                self.output(true, value, start..at, context::ATTR);
                continue;
            }
            let name = attribute_name(rest);
            at += name.len().max(1);
            let after = text.get(at..).unwrap_or("");
            let sign = after.trim_start();
            let (raw, length) = if sign.starts_with("!=") {
                (true, 2)
            } else if sign.starts_with('=') {
                (false, 1)
            } else {
                continue;
            };
            at += after.len() - sign.len() + length;
            let value = self.expression(at);
            at = value.end;
            let name = name.trim_matches(['"', '\'']).to_ascii_lowercase();
            if tag == "script" && name == "type" {
                self.script_type(value.clone());
            }
            self.attribute(tag, &name, raw, value, start);
        }
    }

    /// A script whose type is no program holds text.
    fn script_type(&mut self, value: Range<usize>) {
        let value = self.script.slice(value).trim().trim_matches(['"', '\'']);
        let program = value.is_empty() || value == "module" || value.contains("javascript");
        if let Some(open) = self.open.last_mut()
            && !program
        {
            open.context = Some(context::TEXT);
        }
    }

    fn attribute(&mut self, tag: &str, name: &str, raw: bool, value: Range<usize>, start: usize) {
        let text = self.script.text;
        let value = super::trimmed(text, value);
        let code = self.script.slice(value.clone());
        if calls::is_string(code) {
            if self.jade {
                let inner = value.start + 1..value.end - 1;
                for hole in super::text::holes(text, inner.clone()) {
                    let before = text.get(inner.start..hole.whole.start).unwrap_or("");
                    let context = attribute(tag, name, before);
                    self.output(hole.escaped, hole.code, hole.whole, context);
                }
            }
            return;
        }
        let context = attribute(tag, name, literal_start(code));
        self.output(!raw, value.clone(), start..value.end, context);
    }

    /// The expression from `at`: to a comma or bracket, or to a blank after which a new attribute starts.
    fn expression(&self, at: usize) -> Range<usize> {
        let text = self.script.text;
        let (mut scan, mut depth) = (Scan::new(text, at..text.len()), 0_usize);
        let (mut end, mut complete, mut ternaries) = (at, false, 0_usize);
        while let Some(token) = scan.next() {
            let range = match &token {
                Token::Word(range) | Token::String(range) => range.clone(),
                Token::Punct(_, at) => *at..at + 1,
            };
            let apart = range.start > end;
            match &token {
                Token::Punct(b',' | b')', _) if depth == 0 => break,
                // Names of attributes start with these too: `:key`, `@click`, `#ref`.
                Token::Punct(b'.', at)
                    if depth == 0
                        && complete
                        && apart
                        && text.get(*at..).is_some_and(|it| it.starts_with("...")) =>
                {
                    break;
                }
                Token::Punct(b'@' | b'#', _) if depth == 0 && complete && apart => break,
                Token::Punct(b':', _) if depth == 0 && ternaries == 0 && complete && apart => break,
                Token::Punct(b':', _) if depth == 0 => ternaries = ternaries.saturating_sub(1),
                Token::Punct(b'?', at) if depth == 0 => {
                    let chained = text
                        .get(*at..)
                        .is_some_and(|it| it.starts_with("?.") || it.starts_with("??"));
                    ternaries += usize::from(!chained);
                }
                Token::Word(_) | Token::String(_)
                    if depth == 0
                        && complete
                        && apart
                        && !matches!(
                            text.get(range.clone()),
                            Some("in" | "instanceof" | "of" | "as")
                        ) =>
                {
                    break;
                }
                Token::Punct(b'(' | b'[' | b'{', _) => {
                    if depth == 0
                        && complete
                        && text
                            .get(end..range.start)
                            .is_some_and(|it| it.contains('\n'))
                    {
                        break;
                    }
                    depth += 1;
                }
                Token::Punct(b')' | b']' | b'}', _) => depth = depth.saturating_sub(1),
                _ => {}
            }
            complete = match &token {
                Token::String(_) => true,
                Token::Word(range) => !matches!(
                    text.get(range.clone()),
                    Some(
                        "new"
                            | "typeof"
                            | "void"
                            | "delete"
                            | "await"
                            | "in"
                            | "instanceof"
                            | "of"
                            | "function"
                            | "async"
                    )
                ),
                Token::Punct(byte, _) => matches!(byte, b')' | b']' | b'}'),
            };
            end = range.end;
        }
        at..end
    }
}

/// The name of an attribute at the start of a text.
fn attribute_name(rest: &str) -> &str {
    if let Some(quote) = rest.chars().next().filter(|it| matches!(it, '"' | '\'')) {
        let end = rest
            .get(1..)
            .and_then(|it| it.find(quote))
            .map_or(1, |it| it + 2);
        return rest.get(..end).unwrap_or(rest);
    }
    let mut depth = 0_usize;
    let end = rest.find(|c: char| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' if depth > 0 => {
                depth -= 1;
                return false;
            }
            _ => {}
        }
        depth == 0 && (c.is_whitespace() || matches!(c, '=' | '!' | ',' | ')'))
    });
    rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest)
}

/// The text that an expression starts with for certain.
fn literal_start(code: &str) -> &str {
    let Some(quote) = code
        .chars()
        .next()
        .filter(|it| matches!(it, '"' | '\'' | '`'))
    else {
        return "";
    };
    let inner = code.get(1..).unwrap_or("");
    let end = inner.find(quote).unwrap_or(inner.len());
    let text = inner.get(..end).unwrap_or("");
    if quote == '`' {
        text.split("${").next().unwrap_or("")
    } else {
        text
    }
}
