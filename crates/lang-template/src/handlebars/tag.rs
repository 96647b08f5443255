//! What stands between the braces of a Handlebars tag.

use crate::contexts::Path;

/// A value in a tag.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    Path(Path),
    Str(String),
    /// As JavaScript writes it.
    Literal(String),
    /// `(helper x y)`
    Call(Box<Call>),
}

/// A name with its parameters.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Call {
    /// The name as written.
    pub(super) text: String,
    pub(super) name: Path,
    /// What stands in place of a name.
    pub(super) literal: Option<Value>,
    pub(super) params: Vec<Value>,
    pub(super) hash: Vec<(String, Value)>,
    /// `as |a b|`
    pub(super) binds: Vec<String>,
}

const MAX_DEPTH: u32 = 40;

impl Call {
    /// Reads a tag; nothing where it is no expression.
    pub(super) fn read(code: &str) -> Option<Self> {
        let mut reader = Reader { rest: code };
        let call = reader.call(0)?;
        reader.rest.trim().is_empty().then_some(call)
    }

    /// Reads a partial: its name may be a path of files.
    pub(super) fn partial(code: &str) -> Option<Self> {
        let code = code.trim();
        let end = code.find(|c: char| c.is_whitespace()).unwrap_or(code.len());
        let (name, rest) = (code.get(..end)?, code.get(end..)?);
        if name.starts_with(['(', '"', '\'']) {
            return Self::read(code);
        }
        let mut call = Self::read(&format!("x {rest}"))?;
        name.clone_into(&mut call.text);
        (!name.is_empty()).then_some(call)
    }

    /// The name where it may be that of a helper.
    pub(super) fn helper(&self) -> Option<&str> {
        match self.name.segments.as_slice() {
            [only] if self.literal.is_none() && !self.name.own && self.name.up == 0 => Some(only),
            _ => None,
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, what: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(what) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> &'a str {
        self.skip();
        let mut bracket = false;
        let end = self
            .rest
            .find(|c: char| {
                bracket = (bracket || c == '[') && c != ']';
                !bracket
                    && (c.is_whitespace()
                        || matches!(c, '(' | ')' | '=' | '|' | '"' | '\'' | '{' | '}'))
            })
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn call(&mut self, depth: u32) -> Option<Call> {
        let mut call = Call::default();
        self.skip();
        let before = self.rest;
        match self.value(depth)? {
            Value::Path(path) => call.name = path,
            other => call.literal = Some(other),
        }
        let length = before.len() - self.rest.len();
        before
            .get(..length)
            .unwrap_or("")
            .clone_into(&mut call.text);
        loop {
            self.skip();
            if self.rest.is_empty() || self.rest.starts_with(')') {
                break;
            }
            if let Some(names) = self.rest.strip_prefix("as |") {
                let end = names.find('|')?;
                call.binds = names
                    .get(..end)?
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect();
                self.rest = names.get(end + 1..)?;
                continue;
            }
            let before = self.rest;
            let key = self.word();
            if !key.is_empty() && self.rest.starts_with('=') {
                self.rest = self.rest.get(1..)?;
                let value = self.value(depth + 1)?;
                call.hash.push((key.to_owned(), value));
                continue;
            }
            self.rest = before;
            call.params.push(self.value(depth + 1)?);
        }
        Some(call)
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip();
        if self.eat("(") {
            let call = self.call(depth + 1)?;
            return self.eat(")").then(|| Value::Call(Box::new(call)));
        }
        if let Some(quote) = self
            .rest
            .chars()
            .next()
            .filter(|it| matches!(it, '"' | '\''))
        {
            let inner = self.rest.get(1..)?;
            let end = inner.find(quote)?;
            self.rest = inner.get(end + 1..)?;
            return Some(Value::Str(inner.get(..end)?.to_owned()));
        }
        let word = self.word();
        match word {
            "" => None,
            "true" | "false" | "null" | "undefined" => Some(Value::Literal(word.to_owned())),
            _ if word.parse::<f64>().is_ok() && !word.starts_with(|c: char| c.is_alphabetic()) => {
                Some(Value::Literal("0".to_owned()))
            }
            _ => Some(Value::Path(path(word))),
        }
    }
}

/// A path as written: `../a.b`, `this.x`, `@root.y`, `a.[b c]`, `a/b`.
pub(super) fn path(text: &str) -> Path {
    let mut path = Path::default();
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix("../") {
            path.up += 1;
            rest = after;
        } else if let Some(after) = rest.strip_prefix("./") {
            path.own = true;
            rest = after;
        } else if rest == ".." {
            path.up += 1;
            path.own = true;
            rest = "";
        } else {
            break;
        }
    }
    if let Some(after) = rest.strip_prefix("@root") {
        path.root = true;
        rest = after;
    } else if rest.starts_with('@') {
        path.data = true;
    }
    if rest == "." || rest == "this" {
        path.own = true;
        rest = "";
    } else if let Some(after) = rest
        .strip_prefix("this.")
        .or_else(|| rest.strip_prefix("this/"))
    {
        path.own = true;
        rest = after;
    }
    let mut bracket = false;
    let segments = rest.split(|c: char| {
        bracket = (bracket || c == '[') && c != ']';
        !bracket && (c == '.' || c == '/')
    });
    path.segments = segments
        .map(|it| it.trim_start_matches('[').trim_end_matches(']').to_owned())
        .filter(|it| !it.is_empty())
        .collect();
    path
}
