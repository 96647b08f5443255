//! What the tests of the engines ask of a lowered template.

use casemate_ir::{FileFacts, Function, Instr, Key, Operand, Span, VarRef, text, validate};
use casemate_lang_template::{Engine, lower};

/// How an output tag escapes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Escape {
    Escaped,
    Raw,
    /// As the engine is configured.
    Configured,
}

/// A lowered template.
pub struct Page<'a> {
    source: &'a str,
    pub facts: FileFacts,
}

impl<'a> Page<'a> {
    pub fn new(source: &'a str, path: &str, engine: Engine) -> Self {
        let facts = lower(source, path, engine);
        let page = Self { source, facts };
        assert_eq!(validate(&page.facts), [], "{}", page.text());
        page
    }

    pub fn text(&self) -> String {
        text::print_without_spans(&self.facts)
    }

    fn instrs(&self) -> impl Iterator<Item = (&Function, &Instr, Span)> {
        self.facts.functions.iter().flat_map(|f| {
            f.instrs
                .iter()
                .zip(&f.spans)
                .map(move |(instr, span)| (f, instr, *span))
        })
    }

    /// Checks all output tags in order of the template: their text, escaping, context and the path of what they write.
    pub fn outputs(&self, expected: &[(&str, Escape, &str, &str)]) {
        let mut found: Vec<_> = self
            .instrs()
            .filter_map(|(function, instr, span)| match *instr {
                Instr::Output {
                    value,
                    context,
                    escaped,
                } => Some((
                    span.start,
                    (
                        self.source
                            .get(span.start as usize..span.end as usize)
                            .unwrap_or("?"),
                        match escaped {
                            Some(true) => Escape::Escaped,
                            Some(false) => Escape::Raw,
                            None => Escape::Configured,
                        },
                        self.facts.str(context),
                        self.path(function, value, 0),
                    ),
                )),
                _ => None,
            })
            .collect();
        found.sort_by_key(|it| it.0);
        let found: Vec<_> = found.into_iter().map(|it| it.1).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|it| (it.0, it.1, it.2, it.3.to_owned()))
            .collect();
        assert_eq!(found, expected, "{}", self.text());
    }

    /// Checks the specifiers of all imports.
    pub fn imports(&self, expected: &[&str]) {
        let found: Vec<_> = self
            .facts
            .imports
            .iter()
            .map(|it| it.specifier.map_or("?", |it| self.facts.str(it)))
            .collect();
        assert_eq!(found, expected, "{}", self.text());
        let called = self
            .instrs()
            .filter(|(f, i, _)| matches!(i, Instr::Call { callee, .. } if self.path(f, *callee, 0).starts_with("import ")))
            .count();
        assert_eq!(
            called,
            expected.len(),
            "every imported template is called\n{}",
            self.text()
        );
    }

    /// Checks how often a path is called.
    pub fn calls(&self, path: &str, times: usize) {
        let called = self
            .instrs()
            .filter(|(f, i, _)| matches!(i, Instr::Call { callee, .. } if self.path(f, *callee, 0) == path))
            .count();
        assert_eq!(called, times, "calls of {path}\n{}", self.text());
    }

    /// How a value came to be, roughly: `locals.user.name`, `item.name`, `f()`.
    fn path(&self, function: &Function, operand: Operand, depth: usize) -> String {
        let Operand::Local(id) = operand else {
            return "constant".to_owned();
        };
        let local = &function.locals[id.index()];
        if function.params.iter().any(|it| it.local == id) {
            return local
                .name
                .map_or("locals".to_owned(), |it| self.facts.str(it).to_owned());
        }
        let definitions: Vec<_> = function
            .instrs
            .iter()
            .filter(|it| it.target() == Some(id))
            .collect();
        let name = local.name.map(|it| self.facts.str(it).to_owned());
        let (1, Some(definition), true) = (definitions.len(), definitions.first(), depth < 20)
        else {
            return name.unwrap_or_else(|| {
                let all: Vec<_> = definitions
                    .iter()
                    .map(|it| match it {
                        Instr::Copy { from, .. } if depth < 20 => {
                            self.path(function, *from, depth + 1)
                        }
                        _ => "?".to_owned(),
                    })
                    .collect();
                all.join("|")
            });
        };
        let of = |it: Operand| self.path(function, it, depth + 1);
        match **definition {
            Instr::Copy { from, .. } => of(from),
            Instr::Load {
                base,
                key: Key::Field(key),
                ..
            } => format!("{}.{}", of(base), self.facts.str(key)),
            Instr::Load { base, .. } => format!("{}[]", of(base)),
            Instr::Call { callee, .. } => format!("{}()", of(callee)),
            Instr::Await { from, .. } => of(from),
            Instr::IterNext { .. } => name.unwrap_or_else(|| "element".to_owned()),
            Instr::Import { import, .. } => {
                let specifier = self.facts.imports[import.index()].specifier;
                format!("import {}", specifier.map_or("?", |it| self.facts.str(it)))
            }
            Instr::LoadVar {
                var: VarRef::Free(free),
                ..
            } => self.facts.str(free).to_owned(),
            Instr::LoadVar {
                var: VarRef::Captured(capture),
                ..
            } => match function.captures[capture.index()] {
                casemate_ir::Capture::Local(outer) => {
                    let parent = self.facts.function(function.parent.unwrap()).unwrap();
                    self.path(parent, Operand::Local(outer), depth + 1)
                }
                casemate_ir::Capture::Outer(_) => "captured".to_owned(),
            },
            Instr::Template { .. } => "text".to_owned(),
            Instr::Op { op, .. } => format!("{op:?}"),
            _ => name.unwrap_or_else(|| "?".to_owned()),
        }
    }
}
