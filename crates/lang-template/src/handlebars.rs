//! Handlebars and Mustache.

mod tag;

use crate::contexts::{Contexts, Path};
use crate::html::Html;
use crate::names::bindable;
use crate::script::Script;
use casemate_ir::FileFacts;
use std::ops::Range;
use tag::{Call, Value};

/// A block that waits for its end.
struct Open {
    name: String,
    braces: usize,
    context: bool,
    /// `{{else}}` belongs to it.
    condition: bool,
    at: Range<usize>,
}

struct Writer<'a> {
    script: Script<'a>,
    html: Html,
    contexts: Contexts,
    open: Vec<Open>,
    mustache: bool,
}

pub(crate) fn lower(text: &str, path: &str, mustache: bool) -> FileFacts {
    let mut writer = Writer {
        script: Script::new(text, path),
        html: Html::of(path, text),
        contexts: Contexts::new(),
        open: Vec::new(),
        mustache,
    };
    writer.run();
    while let Some(open) = writer.open.pop() {
        writer.script.error(
            &format!("`{{{{#{}}}}}` is never closed", open.name),
            open.at.clone(),
        );
        writer.close(&open, open.at.clone());
    }
    writer.script.lower()
}

impl Writer<'_> {
    fn run(&mut self) {
        let text = self.script.text;
        let (mut left, mut right) = ("{{".to_owned(), "}}".to_owned());
        let mut at = 0;
        let rest = |at: usize| text.get(at..).unwrap_or("");
        while let Some(start) = rest(at).find(&left).map(|it| at + it) {
            self.html.feed(text.get(at..start).unwrap_or(""));
            if !self.mustache
                && rest(at)
                    .get(..start - at)
                    .is_some_and(|it| it.ends_with('\\') && !it.ends_with("\\\\"))
            {
                at = start + left.len();
                continue;
            }
            let inner = rest(start + left.len());
            if !self.mustache && left == "{{" && inner.starts_with("{{") {
                at = self.skip_raw_block(start);
                continue;
            }
            // `{{{x}}}` and comments with dashes end differently; `{{=<% %>=}}` changes the signs.
            let (skip, end) = if inner.starts_with("!--") || inner.starts_with("~!--") {
                (0, format!("--{right}"))
            } else if left == "{{" && inner.starts_with('{') {
                (1, "}}}".to_owned())
            } else {
                (0, right.clone())
            };
            let quoted = if end.starts_with("--") {
                None
            } else {
                end_outside_quotes(inner, &end)
            };
            let found = quoted
                .or_else(|| inner.find(&end))
                .map(|len| (start + left.len() + len, end.len()));
            let found =
                found.or_else(|| inner.find("--~}}").map(|len| (start + left.len() + len, 5)));
            let Some((close, length)) = found else {
                self.script
                    .error("a tag is never closed", start..text.len());
                at = text.len();
                break;
            };
            let whole = start..close + length;
            let inside = start + left.len() + skip..close;
            at = whole.end;
            let code = self.script.slice(inside.clone()).trim_matches('~');
            if let Some(signs) = code.strip_prefix('=') {
                let mut signs = signs.trim_end_matches('=').split_whitespace();
                if let (Some(new_left), Some(new_right)) = (signs.next(), signs.next()) {
                    (left, right) = (new_left.to_owned(), new_right.to_owned());
                }
                continue;
            }
            self.tag(code.trim(), skip == 1, whole);
        }
        self.html.feed(rest(at));
    }

    /// After a block that is shown as it stands.
    fn skip_raw_block(&mut self, start: usize) -> usize {
        let rest = self.script.slice(start..self.script.text.len());
        let end = rest
            .find("{{{{/")
            .and_then(|it| rest.get(it..)?.find("}}}}").map(|len| it + len + 4));
        start + end.unwrap_or(rest.len())
    }

    fn tag(&mut self, code: &str, raw: bool, at: Range<usize>) {
        let Some(sign) = code.chars().next() else {
            return;
        };
        let rest = code.get(sign.len_utf8()..).unwrap_or("").trim();
        match sign {
            '!' => self.comment(rest, at),
            '#' | '$' | '<' => self.block(
                rest.trim_start_matches(['*', '>']).trim(),
                rest.chars().next(),
                at,
            ),
            '^' if rest.is_empty() => self.otherwise("", at),
            '^' => self.inverse(rest, at),
            '/' => self.end(rest, at),
            '>' => self.partial(rest, &at),
            '&' => self.output(rest, true, at),
            _ if code == "else" => self.otherwise("", at),
            _ => match code.strip_prefix("else ") {
                Some(condition) if !raw => self.otherwise(condition.trim(), at),
                _ => self.output(code, raw, at),
            },
        }
    }

    /// `{{!< layout}}` of express-hbs names the layout.
    fn comment(&mut self, text: &str, at: Range<usize>) {
        if let Some(layout) = text.strip_prefix('<') {
            self.script.glue("require(", at.clone());
            self.script.string(layout.trim(), at.clone());
            self.script.glue(")({...__locals, body: \"\"});\n", at);
        } else {
            self.script.comment(at);
        }
    }

    fn output(&mut self, code: &str, raw: bool, at: Range<usize>) {
        let context = self.html.context();
        self.html.hole();
        let Some(call) = Call::read(code) else {
            self.script.error("not an expression", at);
            return;
        };
        if matches!(
            call.name.segments.first().map(String::as_str),
            Some("log" | "yield" | "debugger")
        ) && !call.name.own
        {
            return;
        }
        self.script
            .glue(if raw { "__raw(" } else { "__esc(" }, at.clone());
        self.call(&call, &at);
        self.script.glue(&format!(", \"{context}\");\n"), at);
    }

    /// A value, or what a helper makes of its parameters.
    fn call(&mut self, call: &Call, at: &Range<usize>) {
        if let Some(literal) = &call.literal {
            self.value(literal, at);
            return;
        }
        if call.params.is_empty() && call.hash.is_empty() {
            self.contexts.value(&mut self.script, &call.name, at);
            return;
        }
        if let ([of, key], Some("lookup")) = (call.params.as_slice(), call.helper()) {
            self.value(of, at);
            self.script.glue("[", at.clone());
            self.value(key, at);
            self.script.glue("]", at.clone());
            return;
        }
        let path = Path {
            root: true,
            ..call.name.clone()
        };
        self.contexts.value(&mut self.script, &path, at);
        self.script.glue("(", at.clone());
        for (i, param) in call.params.iter().enumerate() {
            self.script.glue(if i > 0 { ", " } else { "" }, at.clone());
            self.value(param, at);
        }
        if !call.hash.is_empty() {
            self.script.glue(
                if call.params.is_empty() {
                    "{hash: "
                } else {
                    ", {hash: "
                },
                at.clone(),
            );
            self.hash(&call.hash, "", at);
            self.script.glue("}", at.clone());
        }
        self.script.glue(")", at.clone());
    }

    fn hash(&mut self, hash: &[(String, Value)], before: &str, at: &Range<usize>) {
        self.script.glue(&format!("{{{before}"), at.clone());
        for (key, value) in hash {
            self.script.string(key, at.clone());
            self.script.glue(": ", at.clone());
            self.value(value, at);
            self.script.glue(", ", at.clone());
        }
        self.script.glue("}", at.clone());
    }

    fn value(&mut self, value: &Value, at: &Range<usize>) {
        match value {
            Value::Str(text) => self.script.string(text, at.clone()),
            Value::Literal(text) => self.script.glue(text, at.clone()),
            Value::Path(path) => self.contexts.value(&mut self.script, path, at),
            Value::Call(call) => self.call(call, at),
        }
    }

    fn value_or_undefined(&mut self, call: &Call, at: &Range<usize>) {
        match call.params.first() {
            Some(value) => self.value(value, at),
            None => self.script.glue("undefined", at.clone()),
        }
    }

    fn block(&mut self, code: &str, sign: Option<char>, at: Range<usize>) {
        let Some(call) = Call::read(code) else {
            self.script.error("not a block", at.clone());
            self.open.push(Open {
                name: code.to_owned(),
                braces: 0,
                context: false,
                condition: false,
                at,
            });
            return;
        };
        let name = call.text.clone();
        let (mut braces, mut context, mut condition) = (1, true, true);
        self.contexts.scopes.push();
        match call.helper() {
            _ if sign == Some('>') => {
                self.partial(code, &at);
                (braces, context, condition) = (0, false, false);
            }
            _ if sign == Some('*') => (braces, context, condition) = (0, false, false),
            Some(helper @ ("if" | "unless")) if !self.mustache => {
                self.condition(if helper == "if" { "if (" } else { "if (!(" }, &call, &at);
                self.script
                    .glue(if helper == "if" { ") {\n" } else { ")) {\n" }, at.clone());
                context = false;
            }
            Some("each") if !self.mustache => {
                let n = self.contexts.fresh();
                self.script.glue(&format!("{{ const __s{n} = "), at.clone());
                self.value_or_undefined(&call, &at);
                self.script.glue(
                    &format!("; for (const __k{n} in __s{n}) {{ const __c{n} = __s{n}[__k{n}];\n"),
                    at.clone(),
                );
                self.bind(&call, &[format!("__c{n}"), format!("__k{n}")], &at);
                self.contexts.push(format!("__c{n}"), false);
                (braces, condition) = (2, false);
            }
            Some("with") if !self.mustache => {
                let n = self.contexts.fresh();
                self.script.glue(&format!("{{ const __c{n} = "), at.clone());
                self.value_or_undefined(&call, &at);
                self.script.glue(";\n", at.clone());
                self.bind(&call, &[format!("__c{n}")], &at);
                self.contexts.push(format!("__c{n}"), false);
                condition = false;
            }
            _ => {
                self.section(&call, &at);
                condition = false;
            }
        }
        self.open.push(Open {
            name,
            braces,
            context,
            condition,
            at,
        });
    }

    /// A section of Mustache, or a block helper that may set the context to its first parameter.
    fn section(&mut self, call: &Call, at: &Range<usize>) {
        if !call.params.is_empty() {
            self.call(call, at);
            self.script.glue(";\n", at.clone());
        }
        let n = self.contexts.start_section(&mut self.script, at);
        match call.params.first() {
            Some(value) => self.value(value, at),
            None => self.contexts.value(&mut self.script, &call.name, at),
        }
        let context = self.contexts.enter_section(&mut self.script, n, at);
        self.bind(call, &[context], at);
    }

    /// `as |item index|`
    fn bind(&mut self, call: &Call, variables: &[String], at: &Range<usize>) {
        for (name, variable) in call.binds.iter().zip(variables) {
            self.script.glue(
                &format!("const {} = {variable};\n", bindable(name)),
                at.clone(),
            );
            self.contexts.scopes.bind(name);
        }
    }

    fn condition(&mut self, head: &str, call: &Call, at: &Range<usize>) {
        self.script.glue(head, at.clone());
        self.value_or_undefined(call, at);
    }

    fn inverse(&mut self, code: &str, at: Range<usize>) {
        let call = Call::read(code).unwrap_or_default();
        self.contexts.scopes.push();
        self.script.glue("if (!(", at.clone());
        self.call(&call, &at);
        self.script.glue(")) {\n", at.clone());
        self.open.push(Open {
            name: call.text,
            braces: 1,
            context: false,
            condition: true,
            at,
        });
    }

    /// `{{else}}`, `{{else if x}}`.
    fn otherwise(&mut self, condition: &str, at: Range<usize>) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        let follows = open.condition;
        if follows {
            self.script.glue("} else ", at.clone());
        } else {
            // Nothing to iterate, no such object: the context is the one around.
            let braces = std::mem::replace(&mut open.braces, 1);
            if std::mem::take(&mut open.context) {
                self.contexts.pop();
            }
            self.script.glue(&"}".repeat(braces), at.clone());
        }
        let call = Call::read(condition).filter(|it| matches!(it.helper(), Some("if" | "unless")));
        if let Some(open) = self.open.last_mut() {
            open.condition = follows || call.is_some();
        }
        match call {
            Some(call) => {
                self.condition("if (", &call, &at);
                self.script.glue(") {\n", at);
            }
            None => self.script.glue(" {\n", at),
        }
    }

    fn end(&mut self, name: &str, at: Range<usize>) {
        let matches =
            |it: &Open| it.name == name || (name == "undefined" && it.name.starts_with('('));
        let Some(index) = self.open.iter().rposition(matches) else {
            self.script
                .error(&format!("nothing that `{{{{/{name}}}}}` could close"), at);
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
        self.contexts.scopes.pop();
    }

    /// `{{> name context key=value}}`
    fn partial(&mut self, code: &str, at: &Range<usize>) {
        let code = code.trim_start_matches('>').trim();
        if code.starts_with('@') {
            return;
        }
        let Some(call) = Call::partial(code) else {
            self.script.error("not a partial", at.clone());
            return;
        };
        let constant = match &call.literal {
            Some(Value::Str(text)) => Some(text.clone()),
            Some(_) => None,
            None => Some(call.text.clone()),
        };
        match (constant, &call.literal) {
            (Some(name), _) => {
                self.script.glue("require(", at.clone());
                self.script.string(&name, at.clone());
                self.script.glue(")(", at.clone());
            }
            (None, literal) => {
                self.script.glue("__include(", at.clone());
                if let Some(value) = literal {
                    self.value(value, at);
                }
                self.script.glue(", ", at.clone());
            }
        }
        let object = self.contexts.object();
        match (call.params.first(), call.hash.is_empty()) {
            (None, true) => self.script.glue(&object, at.clone()),
            (Some(value), true) => self.value(value, at),
            (None, false) => self.hash(&call.hash, &format!("...{object}, "), at),
            (Some(value), false) => {
                self.script.glue("{...", at.clone());
                self.value(value, at);
                self.script.glue(", ...", at.clone());
                self.hash(&call.hash, "", at);
                self.script.glue("}", at.clone());
            }
        }
        self.script.glue(");\n", at.clone());
    }
}

/// The end of a tag is looked for this far.
const MAX_TAG: usize = 4_096;

/// Where a tag ends, where its quotes are closed by then.
fn end_outside_quotes(text: &str, end: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices().take(MAX_TAG) {
        match quote {
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if text.get(at..).is_some_and(|it| it.starts_with(end)) => return Some(at),
            None if c == '"' || c == '\'' => quote = Some(c),
            None => {}
        }
    }
    None
}
