//! Object and array literals.

use super::{Lowerer, sp};
use casemate_ir::{FnKind, Instr, Operand, Part, PartKey, Span};
use oxc_ast::ast::{
    ArrayExpression, ArrayExpressionElement, Expression, ObjectExpression, ObjectProperty,
    ObjectPropertyKind, PropertyKind,
};

impl<'a> Lowerer<'a> {
    pub(super) fn object(&mut self, object: &'a ObjectExpression<'a>) -> Operand {
        let span = sp(object.span);
        let mut parts: Vec<Part> =
            Vec::with_capacity(object.properties.len().min(self.options.max_parts));
        let mut surplus = Vec::new();
        for (i, property) in object.properties.iter().enumerate() {
            if i >= self.options.max_parts {
                let value = match property {
                    ObjectPropertyKind::ObjectProperty(p) => &p.value,
                    ObjectPropertyKind::SpreadProperty(s) => &s.argument,
                };
                self.surplus(value, &mut surplus);
                continue;
            }
            let part = match property {
                ObjectPropertyKind::ObjectProperty(p) => self.property(p),
                ObjectPropertyKind::SpreadProperty(s) => Part {
                    key: PartKey::Spread,
                    value: self.expr(&s.argument),
                },
            };
            parts.push(part);
        }
        self.add_surplus(object.properties.len(), &surplus, &mut parts, span);
        self.object_of(&parts, span)
    }

    pub(super) fn object_of(&mut self, parts: &[Part], span: Span) -> Operand {
        let to = self.temp();
        let parts = self.frame.builder.parts(parts);
        self.emit(Instr::Object { to, parts }, span);
        Operand::Local(to)
    }

    pub(super) fn array_of(&mut self, parts: &[Part], span: Span) -> Operand {
        let to = self.temp();
        let parts = self.frame.builder.parts(parts);
        self.emit(Instr::Array { to, parts }, span);
        Operand::Local(to)
    }

    fn property(&mut self, p: &'a ObjectProperty<'a>) -> Part {
        let name = self.property_name(&p.key);
        let kind = match p.kind {
            PropertyKind::Init if p.method => Some(FnKind::Method),
            PropertyKind::Init => None,
            PropertyKind::Get => Some(FnKind::Getter),
            PropertyKind::Set => Some(FnKind::Setter),
        };
        let value = match (&p.value, kind) {
            (Expression::FunctionExpression(f), Some(kind)) => {
                self.method_value(f, kind, name.name(), sp(p.span))
            }
            (value, _) => self.expr_named(value, name.name()),
        };
        let key = match (p.kind, name.name()) {
            (PropertyKind::Get, Some(name)) => PartKey::Getter(name),
            (PropertyKind::Set, Some(name)) => PartKey::Setter(name),
            _ => name.part(),
        };
        Part { key, value }
    }

    pub(super) fn array(&mut self, array: &'a ArrayExpression<'a>) -> Operand {
        let span = sp(array.span);
        let mut parts: Vec<Part> =
            Vec::with_capacity(array.elements.len().min(self.options.max_parts));
        let mut surplus = Vec::new();
        for (i, element) in array.elements.iter().enumerate() {
            if i >= self.options.max_parts {
                match element {
                    ArrayExpressionElement::SpreadElement(s) => {
                        self.surplus(&s.argument, &mut surplus)
                    }
                    other => {
                        if let Some(e) = other.as_expression() {
                            self.surplus(e, &mut surplus);
                        }
                    }
                }
                continue;
            }
            let part = match element {
                ArrayExpressionElement::SpreadElement(s) => Part {
                    key: PartKey::Spread,
                    value: self.expr(&s.argument),
                },
                other => match other.as_expression() {
                    Some(e) => Part {
                        key: PartKey::Next,
                        value: self.expr(e),
                    },
                    None => Part {
                        key: PartKey::Next,
                        value: self.undefined(),
                    },
                },
            };
            parts.push(part);
        }
        self.add_surplus(array.elements.len(), &surplus, &mut parts, span);
        self.array_of(&parts, span)
    }

    /// A member beyond the limit: evaluated unless it is a constant.
    fn surplus(&mut self, value: &'a Expression<'a>, operands: &mut Vec<Operand>) {
        if !value.is_literal() {
            let value = self.expr(value);
            if !matches!(value, Operand::Const(_)) {
                operands.push(value);
            }
        }
    }

    fn add_surplus(
        &mut self,
        members: usize,
        surplus: &[Operand],
        parts: &mut Vec<Part>,
        span: Span,
    ) {
        if members > self.options.max_parts {
            self.note(
                "a literal with very many members is only partly analysed",
                span,
            );
            let value = self.opaque(surplus, span);
            parts.push(Part {
                key: PartKey::Spread,
                value,
            });
        }
    }
}
