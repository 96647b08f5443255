//! JSX: a call of the free function `jsx(type, properties)`.

use super::{Lowerer, sp};
use casemate_ir::{Arg, ArgKey, CallFlags, Const, Instr, Key, Operand, Part, PartKey, Span};
use oxc_ast::ast::{
    Expression, JSXAttributeItem, JSXAttributeName, JSXAttributeValue, JSXChild, JSXElement,
    JSXElementName, JSXExpression, JSXFragment, JSXMemberExpression, JSXMemberExpressionObject,
};

impl<'a> Lowerer<'a> {
    pub(super) fn jsx_element(&mut self, element: &'a JSXElement<'a>) -> Operand {
        let span = sp(element.span);
        if !self.enter(span) {
            return self.opaque(&[], span);
        }
        let opening = &element.opening_element;
        let kind = match &opening.name {
            JSXElementName::Identifier(i) => self.string(i.name.as_str()),
            JSXElementName::IdentifierReference(i) => self.read_identifier(i),
            JSXElementName::NamespacedName(n) => {
                let name = format!("{}:{}", n.namespace.name, n.name.name);
                self.string(&name)
            }
            JSXElementName::MemberExpression(m) => self.jsx_member(m),
            JSXElementName::ThisExpression(t) => self.this(sp(t.span)),
        };
        let mut parts = Vec::with_capacity(opening.attributes.len() + 1);
        for item in &opening.attributes {
            match item {
                JSXAttributeItem::Attribute(a) => {
                    let name = match &a.name {
                        JSXAttributeName::Identifier(i) => self.symbol(i.name.as_str()),
                        JSXAttributeName::NamespacedName(n) => {
                            let name = format!("{}:{}", n.namespace.name, n.name.name);
                            self.symbol(&name)
                        }
                    };
                    let value = match &a.value {
                        None => self.constant(Const::Bool(true)),
                        Some(JSXAttributeValue::StringLiteral(s)) => self.string(s.value.as_str()),
                        Some(JSXAttributeValue::ExpressionContainer(c)) => {
                            match jsx_value(&c.expression) {
                                Some(e) => self.expr_named(e, Some(name)),
                                None => continue,
                            }
                        }
                        Some(JSXAttributeValue::Element(e)) => self.jsx_element(e),
                        Some(JSXAttributeValue::Fragment(f)) => self.jsx_fragment(f),
                    };
                    parts.push(Part {
                        key: PartKey::Field(name),
                        value,
                    });
                }
                JSXAttributeItem::SpreadAttribute(s) => {
                    let value = self.expr(&s.argument);
                    parts.push(Part {
                        key: PartKey::Spread,
                        value,
                    });
                }
            }
        }
        let value = self.jsx_call(kind, parts, &element.children, span);
        self.leave();
        value
    }

    pub(super) fn jsx_fragment(&mut self, fragment: &'a JSXFragment<'a>) -> Operand {
        let span = sp(fragment.span);
        if !self.enter(span) {
            return self.opaque(&[], span);
        }
        let kind = self.string("");
        let value = self.jsx_call(kind, Vec::new(), &fragment.children, span);
        self.leave();
        value
    }

    fn jsx_call(
        &mut self,
        kind: Operand,
        mut parts: Vec<Part>,
        children: &'a [JSXChild<'a>],
        span: Span,
    ) -> Operand {
        let mut values = Vec::new();
        for child in children {
            let part = match child {
                JSXChild::Text(t) if t.value.trim().is_empty() => continue,
                JSXChild::Text(t) => Part {
                    key: PartKey::Next,
                    value: self.string(t.value.trim()),
                },
                JSXChild::Element(e) => Part {
                    key: PartKey::Next,
                    value: self.jsx_element(e),
                },
                JSXChild::Fragment(f) => Part {
                    key: PartKey::Next,
                    value: self.jsx_fragment(f),
                },
                JSXChild::ExpressionContainer(c) => match jsx_value(&c.expression) {
                    Some(e) => Part {
                        key: PartKey::Next,
                        value: self.expr(e),
                    },
                    None => continue,
                },
                JSXChild::Spread(s) => Part {
                    key: PartKey::Spread,
                    value: self.expr(&s.expression),
                },
            };
            values.push(part);
        }
        if !values.is_empty() {
            let value = self.array_of(&values, span);
            let children = self.symbol("children");
            parts.push(Part {
                key: PartKey::Field(children),
                value,
            });
        }
        let properties = self.object_of(&parts, span);
        let callee = self.read_free("jsx", span);
        let args = self.frame.builder.args(&[
            Arg {
                key: ArgKey::Pos,
                value: kind,
            },
            Arg {
                key: ArgKey::Pos,
                value: properties,
            },
        ]);
        let to = self.temp();
        self.emit(
            Instr::Call {
                to,
                callee,
                this: None,
                args,
                flags: CallFlags::default(),
            },
            span,
        );
        Operand::Local(to)
    }

    fn jsx_member(&mut self, member: &'a JSXMemberExpression<'a>) -> Operand {
        let mut names = vec![member];
        let mut at = &member.object;
        let mut value = loop {
            match at {
                JSXMemberExpressionObject::IdentifierReference(i) => break self.read_identifier(i),
                JSXMemberExpressionObject::ThisExpression(t) => break self.this(sp(t.span)),
                JSXMemberExpressionObject::MemberExpression(m) => {
                    names.push(m);
                    at = &m.object;
                }
            }
        };
        for member in names.into_iter().rev() {
            let name = self.symbol(member.property.name.as_str());
            value = self.load(value, Key::Field(name), sp(member.span));
        }
        value
    }
}

fn jsx_value<'a>(expression: &'a JSXExpression<'a>) -> Option<&'a Expression<'a>> {
    expression.as_expression()
}
