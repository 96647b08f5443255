//! Chains of members and calls, lowered from the inside out without recursion on their length.

use super::{Lowerer, sp};
use casemate_ir::{Arg, ArgKey, CallFlags, Instr, Key, Operand, Part, PartKey, Span};
use oxc_ast::ast::{
    Argument, CallExpression, ChainElement, ComputedMemberExpression, Expression, MemberExpression,
    NewExpression, PrivateFieldExpression, StaticMemberExpression, TaggedTemplateExpression,
};
use smallvec::SmallVec;

enum Link<'a> {
    Static(&'a StaticMemberExpression<'a>),
    Computed(&'a ComputedMemberExpression<'a>),
    Private(&'a PrivateFieldExpression<'a>),
    Call(&'a CallExpression<'a>),
}

impl<'a> Lowerer<'a> {
    /// The value of a chain, and the receiver that a call of it would have.
    pub(super) fn chain(&mut self, expr: &'a Expression<'a>) -> (Operand, Option<Operand>) {
        let mut links: SmallVec<[Link<'a>; 4]> = SmallVec::new();
        let mut at = expr;
        let base = loop {
            at = match at {
                Expression::StaticMemberExpression(m) => {
                    links.push(Link::Static(m));
                    &m.object
                }
                Expression::ComputedMemberExpression(m) => {
                    links.push(Link::Computed(m));
                    &m.object
                }
                Expression::PrivateFieldExpression(m) => {
                    links.push(Link::Private(m));
                    &m.object
                }
                Expression::CallExpression(c) if !self.is_special(c) => {
                    links.push(Link::Call(c));
                    &c.callee
                }
                Expression::ChainExpression(c) => match &c.expression {
                    ChainElement::CallExpression(c) => {
                        links.push(Link::Call(c));
                        &c.callee
                    }
                    ChainElement::TSNonNullExpression(n) => &n.expression,
                    ChainElement::StaticMemberExpression(m) => {
                        links.push(Link::Static(m));
                        &m.object
                    }
                    ChainElement::ComputedMemberExpression(m) => {
                        links.push(Link::Computed(m));
                        &m.object
                    }
                    ChainElement::PrivateFieldExpression(m) => {
                        links.push(Link::Private(m));
                        &m.object
                    }
                },
                Expression::TSNonNullExpression(n) => &n.expression,
                Expression::ParenthesizedExpression(p) => &p.expression,
                Expression::TSAsExpression(e) => &e.expression,
                Expression::TSSatisfiesExpression(e) => &e.expression,
                Expression::TSTypeAssertion(e) => &e.expression,
                Expression::TSInstantiationExpression(e) => &e.expression,
                other => break other,
            }
        };
        let mut value = match base {
            Expression::CallExpression(c) => self.special_call(c),
            other => self.expr(other),
        };
        // `super.m()` runs with the receiver of the surrounding method.
        let mut on_super = matches!(base, Expression::Super(_));
        let mut this = None;
        for link in links.into_iter().rev() {
            match link {
                Link::Call(c) => {
                    value = self.call(value, this, c);
                    this = None;
                }
                member => {
                    let (key, span) = match member {
                        Link::Static(m) => (
                            Key::Field(self.symbol(m.property.name.as_str())),
                            sp(m.span),
                        ),
                        Link::Private(m) => (
                            Key::Field(self.private_name(m.field.name.as_str())),
                            sp(m.span),
                        ),
                        Link::Computed(m) => (self.computed_key(&m.expression), sp(m.span)),
                        Link::Call(_) => continue,
                    };
                    this = Some(if on_super { self.this(span) } else { value });
                    let to = self.temp();
                    self.emit(
                        Instr::Load {
                            to,
                            base: value,
                            key,
                        },
                        span,
                    );
                    value = Operand::Local(to);
                }
            }
            on_super = false;
        }
        (value, this)
    }

    pub(super) fn private_name(&mut self, name: &str) -> casemate_ir::Symbol {
        let name = format!("#{name}");
        self.symbol(&name)
    }

    /// Calls that are not calls of a value: `super()`, `require('x')`, output tags of templates.
    fn is_special(&self, call: &'a CallExpression<'a>) -> bool {
        matches!(call.callee, Expression::Super(_))
            || self.required(call).is_some()
            || self.is_output(call)
    }

    fn special_call(&mut self, call: &'a CallExpression<'a>) -> Operand {
        if let Some(specifier) = self.required(call) {
            return self.require(specifier, sp(call.span));
        }
        if matches!(call.callee, Expression::Super(_)) {
            return self.super_call(call);
        }
        self.output(call)
    }

    fn super_call(&mut self, call: &'a CallExpression<'a>) -> Operand {
        let span = sp(call.span);
        let this = self.this(span);
        let callee = self.undefined();
        let args = self.arguments(&call.arguments);
        let to = self.temp();
        let args = self.frame.builder.args(&args);
        let flags = CallFlags {
            super_call: true,
            ..CallFlags::default()
        };
        self.emit(
            Instr::Call {
                to,
                callee,
                this: Some(this),
                args,
                flags,
            },
            span,
        );
        self.run_prologue();
        Operand::Local(to)
    }

    fn call(
        &mut self,
        callee: Operand,
        this: Option<Operand>,
        call: &'a CallExpression<'a>,
    ) -> Operand {
        let args = self.arguments(&call.arguments);
        let args = self.frame.builder.args(&args);
        let to = self.temp();
        let flags = CallFlags {
            optional: call.optional,
            ..CallFlags::default()
        };
        self.emit(
            Instr::Call {
                to,
                callee,
                this,
                args,
                flags,
            },
            sp(call.span),
        );
        self.loaded(call, this, Operand::Local(to))
    }

    pub(super) fn new_expression(&mut self, new: &'a NewExpression<'a>) -> Operand {
        let callee = self.expr(&new.callee);
        let args = self.arguments(&new.arguments);
        let args = self.frame.builder.args(&args);
        let to = self.temp();
        let flags = CallFlags {
            new: true,
            ..CallFlags::default()
        };
        self.emit(
            Instr::Call {
                to,
                callee,
                this: None,
                args,
                flags,
            },
            sp(new.span),
        );
        Operand::Local(to)
    }

    pub(super) fn tagged_template(&mut self, t: &'a TaggedTemplateExpression<'a>) -> Operand {
        let span = sp(t.span);
        let (callee, this) = self.chain(&t.tag);
        let mut parts: Vec<Part> = Vec::with_capacity(t.quasi.quasis.len());
        for quasi in &t.quasi.quasis {
            let value = self.string(
                quasi
                    .value
                    .cooked
                    .as_ref()
                    .unwrap_or(&quasi.value.raw)
                    .as_str(),
            );
            parts.push(Part {
                key: PartKey::Next,
                value,
            });
        }
        let parts = self.frame.builder.parts(&parts);
        let pieces = self.temp();
        self.emit(Instr::Array { to: pieces, parts }, sp(t.quasi.span));
        let mut args = vec![Arg {
            key: ArgKey::Pos,
            value: Operand::Local(pieces),
        }];
        for hole in &t.quasi.expressions {
            let value = self.expr(hole);
            args.push(Arg {
                key: ArgKey::Pos,
                value,
            });
        }
        let args = self.frame.builder.args(&args);
        let to = self.temp();
        let flags = CallFlags {
            tagged: true,
            ..CallFlags::default()
        };
        self.emit(
            Instr::Call {
                to,
                callee,
                this,
                args,
                flags,
            },
            span,
        );
        Operand::Local(to)
    }

    pub(super) fn arguments(&mut self, arguments: &'a [Argument<'a>]) -> SmallVec<[Arg; 4]> {
        let mut args = SmallVec::with_capacity(arguments.len());
        for argument in arguments {
            match argument {
                Argument::SpreadElement(s) => {
                    let value = self.expr(&s.argument);
                    args.push(Arg {
                        key: ArgKey::Spread,
                        value,
                    });
                }
                other => {
                    if let Some(e) = other.as_expression() {
                        let value = self.expr(e);
                        args.push(Arg {
                            key: ArgKey::Pos,
                            value,
                        });
                    }
                }
            }
        }
        args
    }

    /// The key of `base[expr]`.
    pub(super) fn computed_key(&mut self, expr: &'a Expression<'a>) -> Key {
        match expr {
            Expression::StringLiteral(s) => Key::Field(self.symbol(s.value.as_str())),
            Expression::TemplateLiteral(t) if t.expressions.is_empty() => match t.quasis.first() {
                Some(q) => Key::Field(
                    self.symbol(q.value.cooked.as_ref().unwrap_or(&q.value.raw).as_str()),
                ),
                None => Key::Field(self.symbol("")),
            },
            Expression::NumericLiteral(n)
                if n.value >= 0.0 && n.value <= f64::from(u32::MAX) && n.value.fract() == 0.0 =>
            {
                // In range and whole: the conversion is exact.
                Key::Index(n.value as u32)
            }
            other => Key::Computed(self.expr(other)),
        }
    }

    /// The object and key of a member that is assigned or deleted.
    pub(super) fn member_target(&mut self, member: &'a MemberExpression<'a>) -> (Operand, Key) {
        let base = match member.object() {
            Expression::Super(s) => self.this(sp(s.span)),
            object => self.expr(object),
        };
        let key = match member {
            MemberExpression::StaticMemberExpression(m) => {
                Key::Field(self.symbol(m.property.name.as_str()))
            }
            MemberExpression::PrivateFieldExpression(m) => {
                Key::Field(self.private_name(m.field.name.as_str()))
            }
            MemberExpression::ComputedMemberExpression(m) => self.computed_key(&m.expression),
        };
        (base, key)
    }

    pub(super) fn load(&mut self, base: Operand, key: Key, span: Span) -> Operand {
        let to = self.temp();
        self.emit(Instr::Load { to, base, key }, span);
        Operand::Local(to)
    }
}
