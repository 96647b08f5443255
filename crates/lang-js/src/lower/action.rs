//! Files whose exported functions a browser may call: those that begin with `'use server'`.
//!
//! Source: <https://react.dev/reference/rsc/use-server>. The directive is lowered to a decorator of each such function, whose value is the
//! free name `useServer`: a name for models, which no program has.

use super::{Lowerer, function::Shape};
use casemate_ir::{Decorator, FnKind, Span};
use oxc_ast::ast::Program;
use rustc_hash::FxHashSet;

/// The name that stands for the directive in API paths.
const DIRECTIVE: &str = "useServer";

impl<'a> Lowerer<'a> {
    /// Notes what a file of actions exports.
    pub(super) fn note_actions(&mut self, program: &'a Program<'a>) {
        if !program
            .directives
            .iter()
            .any(|d| d.directive.as_str() == "use server")
        {
            return;
        }
        let mut exported = FxHashSet::default();
        for statement in &program.body {
            self.survey(statement, &mut exported, &mut FxHashSet::default());
        }
        let mut names: Vec<String> = exported
            .iter()
            .map(|symbol| self.scopes.scoping.symbol_name(*symbol).to_owned())
            .collect();
        names.sort_unstable();
        for name in names {
            let name = self.symbol(&name);
            self.actions.insert(name);
        }
    }

    /// The decorator of an exported function of such a file.
    pub(super) fn as_action(&mut self, shape: &mut Shape<'a>) {
        let plain = matches!(shape.kind, FnKind::Function | FnKind::Arrow);
        let exported = shape.name.is_some_and(|name| self.actions.contains(&name));
        if plain && exported && self.outer.is_empty() {
            let span = Span::new(shape.span.start, shape.span.start);
            let value = self.read_free(DIRECTIVE, span);
            shape.decorators.push(Decorator { value, span });
        }
    }
}
