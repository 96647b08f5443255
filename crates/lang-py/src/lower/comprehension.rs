//! Comprehensions and generator expressions: loops in the function around them, with variables of their own.

use super::{Lowerer, sp};
use crate::frame::Scope;
use casemate_ir::{BlockId, Instr, IterKind, Key, LocalKind, Operand, Span};
use ruff_python_ast::{Comprehension, Expr, ExprList, ExprTuple};

/// What each round of a comprehension adds.
#[derive(Clone, Copy)]
pub(super) enum Added<'a> {
    /// An element of a list: `[value for …]`.
    Value(&'a Expr),
    /// A key and its value: `{key: value for …}`.
    Entry(&'a Expr, &'a Expr),
    /// Both at once: `dict(line.split('=') for …)`.
    Pair(&'a Expr),
}

impl<'a> Added<'a> {
    /// What `dict` makes of the elements that a generator gives.
    pub(super) fn entry_of(element: &'a Expr) -> Self {
        let (Expr::Tuple(ExprTuple { elts, .. }) | Expr::List(ExprList { elts, .. })) = element
        else {
            return Added::Pair(element);
        };
        match elts.as_slice() {
            [key, value] if !key.is_starred_expr() && !value.is_starred_expr() => {
                Added::Entry(key, value)
            }
            _ => Added::Pair(element),
        }
    }
}

impl<'a> Lowerer<'a> {
    /// `[value for …]`, `{key: value for …}`.
    pub(super) fn comprehension(
        &mut self,
        added: Added<'a>,
        generators: &'a [Comprehension],
        span: Span,
    ) -> Operand {
        let made = match added {
            Added::Value(_) => self.array_of(&[], span),
            Added::Entry(..) | Added::Pair(_) => self.object_of(&[], span),
        };
        let end = self.block();
        let back = self.rounds(generators, end);
        let (store, value) = match added {
            Added::Entry(Expr::StringLiteral(s), value) => {
                let key = Key::Field(self.symbol(s.value.to_str()));
                (key, self.expr(value))
            }
            Added::Entry(key, value) => (Key::Computed(self.expr(key)), self.expr(value)),
            Added::Value(value) => (Key::Computed(self.undecided(span)), self.expr(value)),
            Added::Pair(pair) => {
                let pair = self.expr(pair);
                let key = self.load(pair, Key::Index(0), span);
                (Key::Computed(key), self.load(pair, Key::Index(1), span))
            }
        };
        self.emit(
            Instr::Store {
                base: made,
                key: store,
                value,
            },
            span,
        );
        self.goto(back, span);
        self.leave_rounds(generators);
        self.switch(end);
        made
    }

    /// Opens the loops of generators, in a scope of their own; returns the block that goes on with the next element.
    pub(super) fn rounds(&mut self, generators: &'a [Comprehension], end: BlockId) -> BlockId {
        let mut back = end;
        for (index, generator) in generators.iter().enumerate() {
            // The first iterable is read outside of the comprehension.
            let of = self.expr(&generator.iter);
            if index == 0 {
                self.frame.scopes.push(Scope::new(false));
            }
            self.bind_names(&generator.target);
            back = self.next_element(of, generator, back);
            for test in &generator.ifs {
                let next = self.block();
                self.condition(test, next, back);
                self.switch(next);
            }
        }
        back
    }

    /// Ends the scope of [`Self::rounds`].
    pub(super) fn leave_rounds(&mut self, generators: &[Comprehension]) {
        if !generators.is_empty() {
            self.frame.scopes.pop();
        }
    }

    /// Opens a loop over `of`; returns the block that goes on with the next element.
    fn next_element(&mut self, of: Operand, generator: &'a Comprehension, out: BlockId) -> BlockId {
        let span = sp(generator);
        let (head, next) = (self.block(), self.block());
        self.goto_and_switch(head, span);
        let more = self.undecided(span);
        self.branch(more, next, out, span);
        self.switch(next);
        let item = self.temp();
        let kind = IterKind::Elements;
        self.emit(Instr::IterNext { to: item, of, kind }, span);
        let mut item = Operand::Local(item);
        if generator.is_async {
            let to = self.temp();
            self.emit(Instr::Await { to, from: item }, span);
            item = Operand::Local(to);
        }
        self.assign_in_scope(&generator.target, item, span);
        head
    }

    /// Makes the variables of a target in the innermost scope.
    fn bind_names(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(name) => {
                let symbol = self.symbol(&name.id);
                let local = self.frame.builder.local(LocalKind::Named, Some(symbol));
                if let Some(scope) = self.frame.scopes.last_mut() {
                    scope.names.insert(&name.id, local);
                }
            }
            Expr::Tuple(t) => t.elts.iter().for_each(|e| self.bind_names(e)),
            Expr::List(l) => l.elts.iter().for_each(|e| self.bind_names(e)),
            Expr::Starred(s) => self.bind_names(&s.value),
            _ => {}
        }
    }
}
