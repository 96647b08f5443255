//! Lists, tuples, sets and dictionaries.

use super::{Lowerer, sp};
use casemate_ir::{Instr, Operand, Part, PartKey, Span};
use ruff_python_ast::{Expr, ExprDict};

impl<'a> Lowerer<'a> {
    pub(super) fn array(&mut self, elements: &'a [Expr], span: Span) -> Operand {
        let mut parts = Vec::with_capacity(elements.len().min(self.options.max_parts));
        let mut surplus = Vec::new();
        for element in elements {
            if parts.len() >= self.options.max_parts {
                let value = self.expr(element);
                if matches!(value, Operand::Local(_)) {
                    surplus.push(value);
                }
                continue;
            }
            parts.push(match element {
                Expr::Starred(s) => Part {
                    key: PartKey::Spread,
                    value: self.expr(&s.value),
                },
                other => Part {
                    key: PartKey::Next,
                    value: self.expr(other),
                },
            });
        }
        self.surplus(surplus, elements.len(), &mut parts, span);
        self.array_of(&parts, span)
    }

    /// What stands beyond the limit, as one part.
    fn surplus(&mut self, surplus: Vec<Operand>, all: usize, parts: &mut Vec<Part>, span: Span) {
        if all > self.options.max_parts {
            let value = self.opaque(&surplus, span);
            parts.push(Part {
                key: PartKey::Spread,
                value,
            });
        }
    }

    pub(super) fn array_of(&mut self, parts: &[Part], span: Span) -> Operand {
        let parts = self.frame.builder.parts(parts);
        let to = self.temp();
        self.emit(Instr::Array { to, parts }, span);
        Operand::Local(to)
    }

    pub(super) fn object_of(&mut self, parts: &[Part], span: Span) -> Operand {
        let parts = self.frame.builder.parts(parts);
        let to = self.temp();
        self.emit(Instr::Object { to, parts }, span);
        Operand::Local(to)
    }

    pub(super) fn dict(&mut self, dict: &'a ExprDict) -> Operand {
        let span = sp(dict);
        let mut parts = Vec::with_capacity(dict.items.len().min(self.options.max_parts));
        let mut surplus = Vec::new();
        for item in &dict.items {
            let key = match &item.key {
                None => PartKey::Spread,
                Some(Expr::StringLiteral(s)) => PartKey::Field(self.symbol(s.value.to_str())),
                Some(key) => PartKey::Computed(self.expr(key)),
            };
            let value = self.expr(&item.value);
            if parts.len() < self.options.max_parts {
                parts.push(Part { key, value });
            } else if matches!(value, Operand::Local(_)) {
                surplus.push(value);
            }
        }
        self.surplus(surplus, dict.items.len(), &mut parts, span);
        self.object_of(&parts, span)
    }
}
