//! Lines of a Pug template.

use super::{Kind, Writer, trimmed};
use crate::calls::{Scan, Token};
use crate::names::bindable;
use std::ops::Range;

impl Writer<'_> {
    /// Reads the statement of a line; returns where it ends.
    pub(super) fn statement(&mut self, indent: usize, line: Range<usize>) -> usize {
        let text = self.script.slice(line.clone());
        if let Some(end) = self.comment(indent, text, &line) {
            return end;
        }
        let at = |skip: usize| line.start + skip..line.end;
        match text.as_bytes() {
            [b'|', ..] => {
                let context = self.context();
                self.text(at(1), context);
            }
            [b'<', ..] => self.literal(line.clone()),
            [b'=', ..] => self.buffered(true, at(1), &line),
            [b'!', b'=', ..] => self.buffered(false, at(2), &line),
            [b'!', b'!', b'!', ..] => {}
            [b'-', ..] => return self.code(indent, at(1), line),
            [b':', ..] => return self.filter(indent, &line),
            [b'+', ..] => return self.mixin_call(indent, line),
            [b'#' | b'!', b'{', ..] => {
                let context = self.context();
                self.text(line.clone(), context);
                self.enter(indent, Kind::Tag, 0);
            }
            _ => return self.keyword(indent, text, line),
        }
        line.end
    }

    fn comment(&mut self, indent: usize, text: &str, line: &Range<usize>) -> Option<usize> {
        text.starts_with("//").then(|| {
            let block = self.block(indent, line.end);
            let end = if block.is_empty() {
                line.end
            } else {
                block.end
            };
            self.script.comment(line.start..end);
            end
        })
    }

    fn buffered(&mut self, escaped: bool, code: Range<usize>, line: &Range<usize>) {
        let context = self.context();
        self.output(escaped, code, line.clone(), context);
    }

    /// A line of HTML.
    fn literal(&mut self, line: Range<usize>) {
        let text = self.script.text;
        let mut at = line.start;
        for hole in super::text::holes(text, line.clone()) {
            self.html.feed(text.get(at..hole.whole.start).unwrap_or(""));
            let context = self.html.context();
            self.html.hole();
            at = hole.whole.end;
            self.output(hole.escaped, hole.code, hole.whole, context);
        }
        self.html.feed(text.get(at..line.end).unwrap_or(""));
    }

    /// `- code`, or lines of code below `-`.
    fn code(&mut self, indent: usize, code: Range<usize>, line: Range<usize>) -> usize {
        let code = trimmed(self.script.text, code);
        if code.is_empty() {
            let block = self.block(indent, line.end);
            self.script.code(block.clone());
            self.script.glue("\n", line.clone());
            return block.end.max(line.end);
        }
        self.script.code(code);
        let block = self.has_block(indent, line.end);
        self.script
            .glue(if block { "\n{\n" } else { "\n" }, line.clone());
        if block {
            self.enter(indent, Kind::Other, 1);
        }
        line.end
    }

    /// `:filter` with its text, which the filter reads as it stands.
    fn filter(&mut self, indent: usize, line: &Range<usize>) -> usize {
        self.block(indent, line.end).end.max(line.end)
    }

    fn keyword(&mut self, indent: usize, text: &str, line: Range<usize>) -> usize {
        let length = text
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(text.len());
        let word = text.get(..length).unwrap_or("");
        let rest = line.start + length..line.end;
        let spaced = text
            .get(length..)
            .is_some_and(|it| it.is_empty() || it.starts_with([' ', '\t', '(']));
        match word {
            "if" | "unless" | "while" if spaced => {
                let (head, tail) = match word {
                    "if" => ("if (", ") {\n"),
                    "unless" => ("if (!(", ")) {\n"),
                    _ => ("while (", ") {\n"),
                };
                self.condition(head, rest, tail, &line);
                self.enter(
                    indent,
                    if word == "while" {
                        Kind::Other
                    } else {
                        Kind::If
                    },
                    1,
                );
            }
            "else" if spaced => self.otherwise(indent, rest, line.clone()),
            "each" | "for" | "eachOf" if spaced => self.each(indent, rest, line.clone()),
            "case" if spaced => {
                self.enter(indent, Kind::Other, 0);
                if let Some(open) = self.open.last_mut() {
                    open.case = Some(trimmed(self.script.text, rest));
                }
            }
            "when" if spaced => return self.when(indent, rest, line),
            "default" if text == "default" || text.starts_with("default:") => {
                self.enter(indent, Kind::Other, 0);
                return self.inline(indent, rest, line.end);
            }
            "extends" | "include" => self.other_template(word == "include", rest, &line),
            "block" | "append" | "prepend" if spaced => self.enter(indent, Kind::Other, 0),
            "mixin" if spaced => self.mixin(indent, rest, line.clone()),
            "doctype" | "yield" if spaced => {}
            _ => return self.tag(indent, line),
        }
        line.end
    }

    fn condition(&mut self, head: &str, code: Range<usize>, tail: &str, line: &Range<usize>) {
        let code = trimmed(self.script.text, code);
        self.script.glue(head, line.clone());
        if code.is_empty() {
            self.script.glue("undefined", line.clone());
        }
        self.script.code(code);
        self.script.glue("\n", line.clone());
        self.script.glue(tail, line.clone());
    }

    fn otherwise(&mut self, indent: usize, rest: Range<usize>, line: Range<usize>) {
        let after = trimmed(self.script.text, rest);
        let condition = self
            .script
            .slice(after.clone())
            .strip_prefix("if")
            .is_some_and(|it| it.starts_with([' ', '(', '\t']));
        let follows = self.closed == Some(Kind::If);
        if condition {
            let head = if follows { "else if (" } else { "if (" };
            self.condition(head, after.start + 2..after.end, ") {\n", &line);
        } else {
            self.script
                .glue(if follows { "else {\n" } else { "{\n" }, line);
        }
        self.enter(indent, if follows { Kind::If } else { Kind::Other }, 1);
    }

    /// `each x, i in xs`
    fn each(&mut self, indent: usize, rest: Range<usize>, line: Range<usize>) {
        let text = self.script.slice(rest.clone());
        let separator = [" in ", " of "]
            .into_iter()
            .filter_map(|it| text.find(it))
            .min();
        let Some(separator) = separator else {
            self.script.error("a loop without `in`", line.clone());
            self.enter(indent, Kind::Each, 0);
            return;
        };
        let names: Vec<_> = text
            .get(..separator)
            .unwrap_or("")
            .split(',')
            .map(str::trim)
            .collect();
        let of = trimmed(self.script.text, rest.start + separator + 4..rest.end);
        let value = names.first().copied().unwrap_or("");
        let braces = match names.get(1) {
            Some(key) => {
                let (n, key) = (self.temporaries, bindable(key));
                self.temporaries += 1;
                self.script
                    .glue(&format!("{{ const __s{n} = ("), line.clone());
                self.script.code(of);
                let head = format!(
                    "\n); for (const {key} in __s{n}) {{ const {} = __s{n}[{key}];\n",
                    bindable(value)
                );
                self.script.glue(&head, line);
                2
            }
            None => {
                let pattern = if value.starts_with(['[', '{']) {
                    value.to_owned()
                } else {
                    bindable(value)
                };
                self.script
                    .glue(&format!("for (const {pattern} of ("), line.clone());
                self.script.code(of);
                self.script.glue("\n)) {\n", line);
                1
            }
        };
        self.enter(indent, Kind::Each, braces);
    }

    fn when(&mut self, indent: usize, rest: Range<usize>, line: Range<usize>) -> usize {
        let text = self.script.text;
        let (mut scan, mut depth, mut colon) = (Scan::new(text, rest.clone()), 0_usize, rest.end);
        while let Some(token) = scan.next() {
            match token {
                Token::Punct(b'(' | b'[' | b'{' | b'?', _) => depth += 1,
                Token::Punct(b':', at) if depth == 0 => {
                    colon = at;
                    break;
                }
                Token::Punct(b')' | b']' | b'}' | b':', _) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        let case = self.open.iter().rev().find_map(|it| it.case.clone());
        self.script.glue("if ((", line.clone());
        match case {
            Some(case) if !case.is_empty() => self.script.code(case),
            _ => self.script.glue("undefined", line.clone()),
        }
        self.condition("\n) === (", rest.start..colon, ")) {\n", &line);
        self.enter(indent, Kind::Other, 1);
        self.inline(indent, colon..rest.end, line.end)
    }

    /// What follows a colon on the same line belongs to what stands before it.
    fn inline(&mut self, indent: usize, rest: Range<usize>, end: usize) -> usize {
        let Some(after) = self.script.slice(rest.clone()).strip_prefix(':') else {
            return end;
        };
        let start = rest.start + 1 + after.len() - after.trim_start().len();
        self.depth += 1;
        let end = if self.depth > super::MAX_DEPTH || start >= rest.end {
            end
        } else {
            self.statement(indent, start..rest.end)
        };
        self.depth -= 1;
        end
    }

    /// `include path` and `extends path`: files in other languages write nothing of ours.
    fn other_template(&mut self, include: bool, rest: Range<usize>, line: &Range<usize>) {
        let text = self.script.slice(rest);
        if text.starts_with(':') && include {
            return;
        }
        let path = text.trim();
        let name = path.rsplit('/').next().unwrap_or(path);
        let ours = name
            .rsplit_once('.')
            .is_none_or(|(_, extension)| matches!(extension, "pug" | "jade"));
        if ours && !path.is_empty() {
            self.script.glue("require(", line.clone());
            self.script.string(path, line.clone());
            self.script.glue(")(__locals);\n", line.clone());
        }
    }

    /// `mixin name(a, b)`: a declaration; without a block below it, a call in the old syntax.
    fn mixin(&mut self, indent: usize, rest: Range<usize>, line: Range<usize>) {
        let inner = trimmed(self.script.text, rest);
        let (name, params) = self.head(inner);
        if !self.has_block(indent, line.end) {
            self.call(&name, params, &line);
            return;
        }
        self.script
            .glue(&format!("function __mixin_{name}("), line.clone());
        self.script.code(params);
        self.script
            .glue("\n) { var attributes = {}, block;\n", line);
        self.enter(indent, Kind::Other, 1);
    }

    /// `+name(args)(attributes) text`
    fn mixin_call(&mut self, indent: usize, line: Range<usize>) -> usize {
        let (name, args) = self.head(line.start + 1..line.end.max(line.start + 1));
        let mut end = args.end;
        let attributes = {
            let code = self.script.slice(args.clone()).trim_start();
            let key = code
                .find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
                .unwrap_or(0);
            let sign = code.get(key..).unwrap_or("").trim_start();
            key > 0 && (sign.starts_with('=') && !sign.starts_with("==") && !sign.starts_with("=>"))
        };
        if attributes {
            self.call(&name, args.start..args.start, &line);
            end = self.attributes("", args.start);
        } else {
            self.call(&name, args, &line);
            end += usize::from(self.script.slice(end..end + 1) == ")");
        }
        self.script.glue("{\n", line.clone());
        self.enter(indent, Kind::Other, 1);
        self.rest_of_tag(indent, "", end, line)
    }

    fn call(&mut self, name: &str, args: Range<usize>, line: &Range<usize>) {
        self.script.glue(&format!("__mixin_{name}("), line.clone());
        self.script.code(args);
        self.script.glue("\n);\n", line.clone());
    }

    /// A name and what stands in the brackets after it.
    fn head(&self, range: Range<usize>) -> (String, Range<usize>) {
        let text = self.script.text;
        let inner = self.script.slice(range.clone());
        let length = inner
            .find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
            .unwrap_or(inner.len());
        let name: String = inner
            .get(..length)
            .unwrap_or("")
            .chars()
            .map(|c| if c == '-' { '_' } else { c })
            .collect();
        let after = inner.get(length..).unwrap_or("");
        let open = range.start + length + after.len() - after.trim_start().len();
        if text.get(open..).is_none_or(|it| !it.starts_with('(')) {
            let end = range.start + length;
            return (name, end..end);
        }
        let close = super::tag::closing(text, open, text.len()).unwrap_or(range.end.max(open + 1));
        (name, open + 1..close)
    }
}
