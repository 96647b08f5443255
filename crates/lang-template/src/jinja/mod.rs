//! The Jinja family: Nunjucks and Swig, Jinja and the languages of Django and Tornado, and Mako, whose expressions are those.

mod emit;
mod expr;
mod lex;
pub(crate) mod mako;
mod tags;

use crate::html::Html;
use crate::names::Scopes;
use crate::script::Script;
use casemate_ir::FileFacts;
use expr::{Expr, Kind, Reader};
use lex::{Piece, Tok, Token};
use std::ops::Range;
use tags::Open;

/// Lowers a template; `python`: of an engine of Python.
pub(crate) fn lower(text: &str, path: &str, python: bool) -> FileFacts {
    let pieces = lex::pieces(text);
    let mut writer = Writer::new(text, path, python);
    writer.bind_macros(&pieces);
    for piece in pieces {
        match piece {
            Piece::Text(range) => writer.html.feed(writer.script.slice(range)),
            Piece::Comment(range) => writer.script.comment(range),
            Piece::Output(inside, whole) => writer.output(inside, whole, None),
            Piece::Tag(inside, whole) => writer.tag(inside, whole),
        }
    }
    writer.finish()
}

/// Writes the script of one template.
struct Writer<'a> {
    script: Script<'a>,
    html: Html,
    scopes: Scopes,
    /// Tags that are not closed yet.
    open: Vec<Open>,
    /// What `{% autoescape %}` says, innermost last.
    autoescape: Vec<Option<bool>>,
    /// Templates that this one extends, with their tags: they run after everything else.
    parents: Vec<(Range<usize>, Range<usize>)>,
    temporaries: u32,
    /// The engine is one of Python.
    python: bool,
}

/// An included template sees this many of the names bound around it.
const MAX_BOUND: usize = 64;

impl<'a> Writer<'a> {
    fn new(text: &'a str, path: &'a str, python: bool) -> Self {
        let mut scopes = Scopes::default();
        scopes.own_functions = python;
        scopes.push();
        Self {
            script: Script::new(text, path),
            html: Html::of(path, text),
            scopes,
            open: Vec::new(),
            autoescape: Vec::new(),
            parents: Vec::new(),
            temporaries: 0,
            python,
        }
    }
}

impl Writer<'_> {
    fn reader<'t>(&self, tokens: &'t [Token]) -> Reader<'t> {
        Reader::new(tokens, self.python)
    }

    /// Macros may be called before they are declared.
    fn bind_macros(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            let Piece::Tag(inside, _) = piece else {
                continue;
            };
            let tokens = lex::tokens(self.script.text, inside.clone());
            if let [
                Token {
                    tok: Tok::Name(tag),
                    ..
                },
                Token {
                    tok: Tok::Name(name),
                    ..
                },
                ..,
            ] = tokens.as_slice()
                && matches!(tag.as_str(), "macro" | "fragment")
            {
                self.scopes.bind(name);
            }
        }
    }

    /// An output tag; `told`: whether it escapes, where the tag itself says so.
    fn output(&mut self, inside: Range<usize>, whole: Range<usize>, told: Option<bool>) {
        let context = self.html.context();
        self.html.hole();
        let tokens = lex::tokens(self.script.text, inside);
        let mut reader = self.reader(&tokens);
        let value = reader.expr().filter(|_| reader.token().is_none());
        if value.as_ref().is_some_and(writes_nothing) || tokens.is_empty() {
            return;
        }
        let configured = self.autoescape.last().copied().flatten();
        let python = self.python;
        let escaped = told.or_else(|| {
            value
                .as_ref()
                .and_then(|it| emit::escaping(it, python))
                .or(configured)
        });
        let call = match escaped {
            Some(false) => "__raw(",
            Some(true) => "__esc(",
            None => "__out(",
        };
        self.script.glue(call, whole.clone());
        self.value(value.as_ref(), &tokens, &whole);
        self.script.glue(&format!(", \"{context}\");\n"), whole);
    }

    /// An expression, or all names in what cannot be read as one.
    fn value(&mut self, value: Option<&Expr>, tokens: &[Token], at: &Range<usize>) {
        match value {
            Some(value) => emit::expr(&mut self.script, &self.scopes, value),
            None => {
                self.script.error("not an expression", at.clone());
                emit::rough(&mut self.script, &self.scopes, tokens, at);
            }
        }
    }

    /// The object that an included template sees: the locals, and what the template binds here.
    fn locals(&mut self, at: &Range<usize>) {
        let bound: Vec<_> = self
            .scopes
            .names()
            .take(MAX_BOUND)
            .filter(|it| !matches!(*it, "loop" | "forloop"))
            .map(str::to_owned)
            .collect();
        if bound.is_empty() {
            self.script.glue("__locals", at.clone());
            return;
        }
        self.script.glue("{...__locals", at.clone());
        for name in bound {
            self.script.glue(", ", at.clone());
            self.script.string(&name, at.clone());
            self.script
                .glue(&format!(": {}", crate::names::bindable(&name)), at.clone());
        }
        self.script.glue("}", at.clone());
    }

    fn finish(mut self) -> FileFacts {
        while let Some(open) = self.open.pop() {
            self.script.error(
                &format!("`{{% {} %}}` is never closed", open.name),
                open.at.clone(),
            );
            self.close(&open, open.at.clone());
        }
        for (inside, whole) in std::mem::take(&mut self.parents) {
            let tokens = lex::tokens(self.script.text, inside);
            let value = self.reader(&tokens).expr();
            self.call_template(value.as_ref(), &tokens, None, &whole);
        }
        self.script.lower()
    }

    /// The call of a template whose name is computed. The loaders of Jinja and Django refuse names that lead out of their
    /// folders, so there the name reads no file of anybody's choice.
    fn include_computed(&mut self, at: &Range<usize>) {
        let name = if self.python {
            "__included("
        } else {
            "__include("
        };
        self.script.glue(name, at.clone());
    }

    /// A call of another template with the locals, or with what it is given: `(object, nothing else)`.
    fn call_template(
        &mut self,
        name: Option<&Expr>,
        tokens: &[Token],
        given: Option<(&Expr, bool)>,
        at: &Range<usize>,
    ) {
        let constant = match name.map(|it| &it.kind) {
            Some(Kind::Str(text)) => Some(text.clone()),
            _ => None,
        };
        match constant {
            Some(text) => {
                self.script.glue("require(", at.clone());
                self.script.string(&text, at.clone());
                self.script.glue(")(", at.clone());
            }
            None => {
                self.include_computed(at);
                self.value(name, tokens, at);
                self.script.glue(", ", at.clone());
            }
        }
        match given {
            None => self.locals(at),
            Some((object, true)) => emit::expr(&mut self.script, &self.scopes, object),
            Some((object, false)) => {
                self.script.glue("{...", at.clone());
                self.locals(at);
                self.script.glue(", ...", at.clone());
                emit::expr(&mut self.script, &self.scopes, object);
                self.script.glue("}", at.clone());
            }
        }
        self.script.glue(");\n", at.clone());
    }
}

/// Whether a value is what another part of the page wrote already.
fn writes_nothing(value: &Expr) -> bool {
    match &value.kind {
        Kind::Call(callee, args) => {
            args.is_empty()
                && matches!(&callee.kind, Kind::Name(it) if it == "super" || it == "caller")
        }
        Kind::Filter(of, ..) => writes_nothing(of),
        // `{{ block.super }}`
        Kind::Member(of, name) => {
            name == "super" && matches!(&of.kind, Kind::Name(it) if it == "block")
        }
        _ => false,
    }
}
