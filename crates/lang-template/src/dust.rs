//! Dust.

use crate::contexts::{Contexts, Path};
use crate::html::Html;
use crate::script::Script;
use casemate_ir::FileFacts;
use std::ops::Range;

/// A section that waits for its end.
struct Open {
    name: String,
    sign: char,
    braces: usize,
    context: bool,
    at: Range<usize>,
}

/// A parameter: `key=value`.
struct Param {
    key: String,
    value: Value,
}

enum Value {
    Path(Path),
    Number,
    /// A string and where it stands: it may hold references.
    Str(Range<usize>),
}

struct Writer<'a> {
    script: Script<'a>,
    html: Html,
    contexts: Contexts,
    open: Vec<Open>,
}

pub(crate) fn lower(text: &str, path: &str) -> FileFacts {
    let mut writer = Writer {
        script: Script::new(text, path),
        html: Html::of(path, text),
        contexts: Contexts::new(),
        open: Vec::new(),
    };
    writer.run();
    while let Some(open) = writer.open.pop() {
        writer.script.error(
            &format!("`{{{}{}}}` is never closed", open.sign, open.name),
            open.at.clone(),
        );
        writer.close(&open, open.at.clone());
    }
    writer.script.lower()
}

impl Writer<'_> {
    fn run(&mut self) {
        let text = self.script.text;
        let mut at = 0;
        let rest = |at: usize| text.get(at..).unwrap_or("");
        while let Some(start) = rest(at).find('{').map(|it| at + it) {
            self.html.feed(text.get(at..start).unwrap_or(""));
            let inner = rest(start + 1);
            if inner.starts_with('!') {
                let end = inner.find("!}").map_or(text.len(), |it| start + 1 + it + 2);
                self.script.comment(start..end);
                at = end;
            } else if inner.starts_with('`') {
                let end = inner.find("`}").map_or(text.len(), |it| start + 1 + it + 2);
                self.html.feed(text.get(start..end).unwrap_or(""));
                at = end;
            } else if !inner
                .starts_with(|c: char| c.is_alphanumeric() || "_$.#?^@%+</>:~".contains(c))
            {
                // A brace followed by a blank is a brace.
                self.html.feed("{");
                at = start + 1;
            } else if let Some(end) = close(text, start + 1) {
                self.tag(start + 1..end, start..end + 1);
                at = end + 1;
            } else {
                self.script
                    .error("a tag is never closed", start..text.len());
                at = text.len();
            }
        }
        self.html.feed(rest(at));
    }

    fn tag(&mut self, inside: Range<usize>, at: Range<usize>) {
        let code = self.script.slice(inside.clone());
        let Some(sign) = code.chars().next() else {
            return;
        };
        if !"#?^@%+</>:~".contains(sign) {
            self.reference(code, at);
            return;
        }
        let closed = code.ends_with('/') && sign != '/';
        let inside = inside.start + 1..inside.end - usize::from(closed);
        let body = self.script.slice(inside.clone());
        let length = body.find(|c: char| c.is_whitespace()).unwrap_or(body.len());
        let length = if body.starts_with('"') {
            quoted(body).unwrap_or(length)
        } else {
            length
        };
        let name = body.get(..length).unwrap_or("");
        let params = self.params(inside.start + length..inside.end);
        match sign {
            '/' => self.end(name.trim(), at),
            ':' => self.otherwise(at),
            '>' => self.partial(inside.start..inside.start + length, &params, closed, at),
            '#' | '?' | '^' | '@' | '+' | '<' if closed && matches!(sign, '+' | '<') => {}
            '#' => self.section(name, &params, closed, at),
            '?' | '^' => self.exists(sign, name, closed, at),
            '@' => self.helper(name, &params, closed, at),
            '+' | '<' => self.push(sign, name, 0, false, at),
            _ => {}
        }
    }

    fn push(&mut self, sign: char, name: &str, braces: usize, context: bool, at: Range<usize>) {
        let name = name.split(':').next().unwrap_or(name).to_owned();
        self.open.push(Open {
            name,
            sign,
            braces,
            context,
            at,
        });
    }

    /// `{name|s|u}`
    fn reference(&mut self, code: &str, at: Range<usize>) {
        let context = self.html.context();
        self.html.hole();
        let mut filters = code.split('|').map(str::trim);
        let path = path(filters.next().unwrap_or(""));
        let (mut raw, mut before, mut after) = (false, String::new(), String::new());
        for filter in filters {
            let wrap = match filter {
                "s" => {
                    raw = true;
                    continue;
                }
                "h" => continue,
                "u" => "encodeURI(",
                "uc" => "encodeURIComponent(",
                "js" => "JSON.stringify(",
                "jp" => "JSON.parse(",
                other => {
                    before = format!("__locals[{}]({before}", crate::script::literal(other));
                    after.push(')');
                    continue;
                }
            };
            before = format!("{wrap}{before}");
            after.push(')');
        }
        self.script
            .glue(if raw { "__raw(" } else { "__esc(" }, at.clone());
        self.script.glue(&before, at.clone());
        self.contexts.value(&mut self.script, &path, &at);
        self.script.glue(&format!("{after}, \"{context}\");\n"), at);
    }

    fn section(&mut self, name: &str, params: &[Param], closed: bool, at: Range<usize>) {
        let n = self.contexts.start_section(&mut self.script, &at);
        self.contexts.value(
            &mut self.script,
            &path(name.split(':').next().unwrap_or(name)),
            &at,
        );
        let context = self.contexts.enter_section(&mut self.script, n, &at);
        if !params.is_empty() {
            // Parameters of a section are seen inside it like members of the context.
            self.contexts.pop();
            self.script
                .glue(&format!("const __p{n} = {{...{context}, ..."), at.clone());
            self.object(params, &at);
            self.script.glue("};\n", at.clone());
            self.contexts.push(format!("__p{n}"), true);
        }
        self.push('#', name, 1, true, at.clone());
        if closed {
            self.end(name, at);
        }
    }

    fn exists(&mut self, sign: char, name: &str, closed: bool, at: Range<usize>) {
        self.script
            .glue(if sign == '?' { "if (" } else { "if (!" }, at.clone());
        self.contexts.value(&mut self.script, &path(name), &at);
        self.script.glue(") {\n", at.clone());
        self.push(sign, name, 1, false, at.clone());
        if closed {
            self.end(name, at);
        }
    }

    fn helper(&mut self, name: &str, params: &[Param], closed: bool, at: Range<usize>) {
        let condition = params.iter().find(|it| it.key == "cond");
        let find = |key: &str| params.iter().find(|it| it.key == key);
        if let ("if", Some(condition)) = (name, condition) {
            // The helper runs its condition as a program.
            self.script.glue("if (eval(", at.clone());
            self.value(&condition.value, &at);
            self.script.glue(")) {\n", at.clone());
        } else if let (Some(op), Some(value)) = (operator(name), find("value")) {
            self.script.glue("if (", at.clone());
            match find("key") {
                Some(key) => self.value(&key.value, &at),
                None => self.script.glue("undefined", at.clone()),
            }
            self.script.glue(&format!(" {op} "), at.clone());
            self.value(&value.value, &at);
            self.script.glue(") {\n", at.clone());
        } else {
            self.script.glue("if (__locals[", at.clone());
            self.script.string(name, at.clone());
            self.script.glue("](", at.clone());
            self.object(params, &at);
            self.script.glue(")) {\n", at.clone());
        }
        self.push('@', name, 1, false, at.clone());
        if closed {
            self.end(name, at);
        }
    }

    fn otherwise(&mut self, at: Range<usize>) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if matches!(open.sign, '?' | '^' | '@') {
            self.script.glue("} else {\n", at);
        } else if open.sign == '#' && std::mem::take(&mut open.context) {
            self.contexts.pop();
            self.script.glue("} {\n", at);
        }
    }

    fn end(&mut self, name: &str, at: Range<usize>) {
        let name = name.split(':').next().unwrap_or(name);
        let Some(index) = self.open.iter().rposition(|it| it.name == name) else {
            self.script
                .error(&format!("nothing that `{{/{name}}}` could close"), at);
            return;
        };
        for open in self.open.split_off(index).into_iter().rev() {
            self.close(&open, at.clone());
        }
    }

    fn close(&mut self, open: &Open, at: Range<usize>) {
        self.script.glue(&"}".repeat(open.braces), at.clone());
        self.script.glue("\n", at);
        if open.context {
            self.contexts.pop();
        }
    }

    /// `{>name key=value/}`, `{>"views/{name}"/}`
    fn partial(&mut self, name: Range<usize>, params: &[Param], closed: bool, at: Range<usize>) {
        let text = self.script.slice(name.clone());
        let text = text.split(':').next().unwrap_or(text);
        let (inner, range) = match text.strip_prefix('"') {
            Some(inner) => (
                inner.trim_end_matches('"'),
                name.start + 1..name.end.saturating_sub(1),
            ),
            None => (text, name),
        };
        if inner.contains('{') {
            self.script.glue("__include(", at.clone());
            self.value(&Value::Str(range), &at);
            self.script.glue(", ", at.clone());
        } else {
            self.script.glue("require(", at.clone());
            self.script.string(inner, at.clone());
            self.script.glue(")(", at.clone());
        }
        let object = self.contexts.object();
        if params.is_empty() {
            self.script.glue(&object, at.clone());
        } else {
            self.script.glue(&format!("{{...{object}, ..."), at.clone());
            self.object(params, &at);
            self.script.glue("}", at.clone());
        }
        self.script.glue(");\n", at.clone());
        if !closed {
            self.script.error("a partial is never closed", at);
        }
    }

    fn object(&mut self, params: &[Param], at: &Range<usize>) {
        self.script.glue("{", at.clone());
        for param in params {
            self.script.string(&param.key, at.clone());
            self.script.glue(": ", at.clone());
            self.value(&param.value, at);
            self.script.glue(", ", at.clone());
        }
        self.script.glue("}", at.clone());
    }

    fn value(&mut self, value: &Value, at: &Range<usize>) {
        match value {
            Value::Number => self.script.glue("0", at.clone()),
            Value::Path(path) => self.contexts.value(&mut self.script, path, at),
            Value::Str(range) => {
                let text = self.script.slice(range.clone());
                let mut rest = text;
                self.script.glue("(\"\"", at.clone());
                while let Some((before, after)) = rest.split_once('{') {
                    let Some((name, tail)) = after.split_once('}') else {
                        break;
                    };
                    self.script.glue(" + ", at.clone());
                    self.script.string(before, at.clone());
                    self.script.glue(" + ", at.clone());
                    let name = name.split('|').next().unwrap_or(name);
                    self.contexts.value(&mut self.script, &path(name), at);
                    rest = tail;
                }
                self.script.glue(" + ", at.clone());
                self.script.string(rest, at.clone());
                self.script.glue(")", at.clone());
            }
        }
    }

    /// `key=path key="text {path}" key=1`
    fn params(&self, range: Range<usize>) -> Vec<Param> {
        let (mut params, mut at) = (Vec::new(), range.start);
        loop {
            let rest = self.script.slice(at..range.end);
            let Some(equals) = rest.find('=') else {
                return params;
            };
            let key = rest
                .get(..equals)
                .unwrap_or("")
                .trim()
                .rsplit(char::is_whitespace)
                .next()
                .unwrap_or("");
            let from = at + equals + 1;
            let value = self.script.slice(from..range.end);
            let (value, end) = match quoted(value) {
                Some(length) => (Value::Str(from + 1..from + length - 1), from + length),
                None => {
                    let length = value.find(char::is_whitespace).unwrap_or(value.len());
                    let text = value.get(..length).unwrap_or("");
                    let number = text.parse::<f64>().is_ok();
                    (
                        if number {
                            Value::Number
                        } else {
                            Value::Path(path(text))
                        },
                        from + length,
                    )
                }
            };
            params.push(Param {
                key: key.to_owned(),
                value,
            });
            at = end;
        }
    }
}

fn operator(helper: &str) -> Option<&'static str> {
    Some(match helper {
        "eq" => "===",
        "ne" => "!==",
        "lt" => "<",
        "lte" => "<=",
        "gt" => ">",
        "gte" => ">=",
        _ => return None,
    })
}

/// The length of the quoted text at the start, quotes included.
fn quoted(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inner.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map(|it| it + 2)
}

/// Where a tag closes: its brace outside of quotes.
fn close(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = text.get(at..)?;
        let next = rest.find(['"', '}', '\n'])?;
        match rest.as_bytes().get(next)? {
            b'"' => at += next + quoted(rest.get(next..)?).unwrap_or(1),
            b'}' => return Some(at + next),
            _ => at += next + 1,
        }
    }
}

/// A path as written: `a.b`, `.`, `.a`, `a[0].b`.
fn path(text: &str) -> Path {
    let text = text.trim();
    let own = text.starts_with('.');
    let data = text.starts_with('$');
    let segments = text
        .split(['.', '[', ']'])
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect();
    Path {
        own,
        data,
        segments,
        ..Path::default()
    }
}
