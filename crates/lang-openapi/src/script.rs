//! A document as the Python that it stands for, with the way back to the document.
//!
//! ```text
//! paths:                            import openapi_document
//!   /pets/{pet_id}:                 from api.pets import get_pet as handler_0
//!     get:                          openapi_document.operation(["GET"], "/pets/{pet_id}", handler_0)
//!       operationId: api.pets.…     def get_pets_pet_id():
//!       parameters: …                   pet_id = int(openapi_document.path("pet_id"))
//!                                       return handler_0(pet_id=pet_id)
//! ```

use crate::document::{Operation, Parameter, Security, Shape, Verifier};
use casemate_ir::{FileFacts, Span};
use casemate_lang_py::LowerOptions;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Words of Python that are no names.
const RESERVED: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// What the document itself gives to the script.
const PRELUDE: &str = "import re, uuid, openapi_document\n";

/// The script of one document.
#[derive(Default)]
pub(crate) struct Script {
    python: String,
    /// Where pieces end in the script, and what they stand for.
    segments: Vec<(usize, Span)>,
    verified: BTreeSet<String>,
}

impl Script {
    /// The script of some operations.
    pub(crate) fn of(operations: &[Operation]) -> Self {
        let mut script = Self::default();
        script.add(PRELUDE, Span::default());
        for (index, operation) in operations.iter().enumerate() {
            script.operation(index, operation);
        }
        script
    }

    /// The facts of the script, told in places of the document.
    pub(crate) fn lower(self) -> FileFacts {
        let mut facts = casemate_lang_py::lower(&self.python, &LowerOptions::default());
        facts.each_span(|span| *span = self.back(*span));
        facts
    }

    fn add(&mut self, python: &str, from: Span) {
        self.python.push_str(python);
        self.segments.push((self.python.len(), from));
    }

    /// A span of the script as a span of the document. What goes over several pieces begins with the first of them.
    fn back(&self, of: Span) -> Span {
        let at = self
            .segments
            .partition_point(|(end, _)| *end <= of.start as usize);
        self.segments
            .get(at)
            .map_or_else(Span::default, |(_, from)| *from)
    }

    fn operation(&mut self, index: usize, operation: &Operation) {
        let handler = operation
            .handler
            .as_deref()
            .and_then(|dotted| self.import(&format!("handler_{index}"), dotted, operation.span));
        let guard = match &operation.security {
            Security::Open => String::new(),
            Security::Unknown => "openapi_document.undeclared, ".to_owned(),
            Security::Schemes(verifiers) => self.guards(verifiers, operation.span),
        };
        let method = operation.method.to_uppercase();
        let registered = handler.as_deref().unwrap_or("openapi_document.undeclared");
        let path = literal(&operation.path);
        self.add(
            &format!("openapi_document.operation([\"{method}\"], {path}, {guard}{registered})\n"),
            operation.span,
        );
        if let Some(handler) = handler {
            self.call(&handler, operation);
        }
    }

    /// Imports what a dotted name means, and says how it is written. The module ends before the first name of a class.
    fn import(&mut self, alias: &str, dotted: &str, span: Span) -> Option<String> {
        let names: Vec<&str> = dotted.split('.').collect();
        if names.len() < 2 || !names.iter().all(|name| is_name(name)) {
            return None;
        }
        let class = names
            .iter()
            .position(|name| name.starts_with(char::is_uppercase));
        let at = class.filter(|at| *at > 0).unwrap_or(names.len() - 1);
        let (module, members) = names.split_at(at);
        let (first, rest) = members.split_first()?;
        self.add(
            &format!("from {} import {first} as {alias}\n", module.join(".")),
            span,
        );
        let rest: Vec<String> = rest.iter().map(|name| format!(".{name}")).collect();
        Some(format!("{alias}{}", rest.concat()))
    }

    fn guards(&mut self, verifiers: &[Verifier], span: Span) -> String {
        let mut out = String::new();
        for verifier in verifiers {
            let Verifier::Function(dotted) = verifier else {
                out.push_str("openapi_document.verified(), ");
                continue;
            };
            let alias = format!("verify_{}", dotted.replace('.', "_"));
            if self.verified.insert(dotted.clone()) {
                let Some(function) = self.import(&alias, dotted, span) else {
                    out.push_str("openapi_document.undeclared, ");
                    continue;
                };
                self.add(
                    &format!("{function}(openapi_document.header(\"Authorization\"))\n"),
                    span,
                );
            }
            let _ = write!(out, "openapi_document.secured({}), ", literal(dotted));
        }
        out
    }

    /// A function that calls the handler with what a request brings.
    fn call(&mut self, handler: &str, operation: &Operation) {
        let words = operation.path.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let name = format!("{}_{}", operation.method, words.join("_"));
        self.add(&format!("def {name}():\n"), operation.span);
        let mut given = BTreeSet::new();
        let mut arguments = Vec::new();
        for parameter in &operation.parameters {
            let name = argument(&parameter.name);
            if is_name(&name) && given.insert(name.clone()) {
                self.parameter(&name, parameter);
                arguments.push((name, parameter.span));
            }
        }
        if let Some((name, span)) = &operation.body {
            let name = argument(name);
            if is_name(&name) && given.insert(name.clone()) {
                self.add(&format!("    {name} = openapi_document.body()\n"), *span);
                arguments.push((name, *span));
            }
        }
        self.add(&format!("    return {handler}("), operation.span);
        for (name, span) in arguments {
            self.add(&format!("{name}={name}, "), span);
        }
        self.add(")\n", operation.span);
    }

    fn parameter(&mut self, name: &str, parameter: &Parameter) {
        let source = format!(
            "openapi_document.{}({})",
            parameter.place,
            literal(&parameter.name)
        );
        let line = match &parameter.shape {
            Shape::Number => format!("    {name} = int({source})\n"),
            Shape::Uuid => format!("    {name} = uuid.UUID({source})\n"),
            Shape::Choice(values) => {
                let entries: Vec<String> = values
                    .iter()
                    .map(|value| format!("{0}: {0}", literal(value)))
                    .collect();
                format!("    {name} = {{{}}}[{source}]\n", entries.join(", "))
            }
            Shape::Pattern(pattern) => format!(
                "    {name} = {source}\n    if not re.search({}, {name}):\n        raise openapi_document.Refused()\n",
                literal(pattern)
            ),
            Shape::Any => format!("    {name} = {source}\n"),
        };
        self.add(&line, parameter.span);
    }
}

/// The name under which a parameter is handed over: what no name may have is left out.
fn argument(name: &str) -> String {
    let kept = name.trim_end_matches("[]").replace('-', "_");
    kept.chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect()
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&text)
}

/// A text as a literal of Python.
fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}
