//! Comprehensions and generator expressions: loops in the function around them, with variables of their own.

use super::{Lowerer, sp};
use crate::frame::Scope;
use casemate_ir::{BlockId, Instr, IterKind, Key, LocalKind, Operand, Span};
use ruff_python_ast::{Comprehension, Expr};

impl<'a> Lowerer<'a> {
    /// `[value for …]`, `{key: value for …}`.
    pub(super) fn comprehension(
        &mut self,
        key: Option<&'a Expr>,
        value: &'a Expr,
        generators: &'a [Comprehension],
        span: Span,
    ) -> Operand {
        let made = if key.is_some() {
            self.object_of(&[], span)
        } else {
            self.array_of(&[], span)
        };
        let end = self.block();
        let mut scope = Scope::new(false);
        let mut opened = false;
        let mut back = end;
        for generator in generators {
            // The first iterable is read outside of the comprehension.
            let of = self.expr(&generator.iter);
            if !opened {
                opened = true;
                self.frame
                    .scopes
                    .push(std::mem::replace(&mut scope, Scope::new(false)));
            }
            self.bind_names(&generator.target);
            back = self.next_element(of, generator, back);
            for test in &generator.ifs {
                let next = self.block();
                self.condition(test, next, back);
                self.switch(next);
            }
        }
        let store = match key {
            Some(Expr::StringLiteral(s)) => Key::Field(self.symbol(s.value.to_str())),
            Some(key) => Key::Computed(self.expr(key)),
            None => Key::Computed(self.undecided(span)),
        };
        let value = self.expr(value);
        self.emit(
            Instr::Store {
                base: made,
                key: store,
                value,
            },
            span,
        );
        self.goto(back, span);
        if opened {
            self.frame.scopes.pop();
        }
        self.switch(end);
        made
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
