//! Members and calls.

use super::{Lowerer, sp};
use casemate_ir::{Arg, ArgKey, CallFlags, Instr, Key, OpKind, Operand, Span};
use ruff_python_ast::{Arguments, Expr, ExprAttribute, ExprCall, ExprSubscript};
use smallvec::SmallVec;

/// One step of `a.b[c](d)`.
#[derive(Clone, Copy)]
enum Link<'a> {
    Member(&'a ExprAttribute),
    Element(&'a ExprSubscript),
    Call(&'a ExprCall),
}

impl<'a> Lowerer<'a> {
    /// A value, and the object that it was read from: chains nest to the left and can be long.
    pub(super) fn chain(&mut self, expr: &'a Expr) -> (Operand, Option<Operand>) {
        let mut links: SmallVec<[Link<'a>; 8]> = SmallVec::new();
        let mut at = expr;
        let mut value = loop {
            match at {
                Expr::Attribute(a) => {
                    links.push(Link::Member(a));
                    at = &a.value;
                }
                Expr::Subscript(s) => {
                    if let Some(value) = self.annotated_type(s) {
                        break value;
                    }
                    links.push(Link::Element(s));
                    at = &s.value;
                }
                Expr::Call(c) => {
                    if let Some(value) = self.special_call(c) {
                        break value;
                    }
                    links.push(Link::Call(c));
                    at = &c.func;
                }
                other => break self.expr(other),
            }
        };
        let mut this = None;
        let mut on_super = is_super(at);
        for link in links.into_iter().rev() {
            match link {
                Link::Member(a) => {
                    let receiver = if on_super {
                        self.receiver_value(sp(a))
                    } else {
                        None
                    };
                    let base = value;
                    value = self.load_field(base, &a.attr, sp(a));
                    this = Some(receiver.unwrap_or(base));
                }
                Link::Element(s) => {
                    this = None;
                    value = self.element_of(value, s);
                }
                Link::Call(c) => {
                    let args = self.arguments(&c.arguments);
                    value = self.emit_call(value, this.take(), &args, CallFlags::default(), sp(c));
                }
            }
            on_super = false;
        }
        (value, this)
    }

    /// `base[key]`, `base[a:b]`.
    fn element_of(&mut self, base: Operand, s: &'a ExprSubscript) -> Operand {
        let span = sp(s);
        if let Expr::Slice(slice) = &*s.slice {
            let mut operands: SmallVec<[Operand; 4]> = SmallVec::from_slice(&[base]);
            let none = self.none();
            for bound in [&slice.lower, &slice.upper, &slice.step] {
                let value = match bound {
                    Some(e) => self.expr(e),
                    None => none,
                };
                operands.push(value);
            }
            return self.op(OpKind::Rest, &operands, span);
        }
        let key = self.subscript_key(&s.slice);
        self.load(base, key, span)
    }

    pub(super) fn receiver_value(&mut self, span: Span) -> Option<Operand> {
        let (place, _) = self.receiver()?;
        Some(self.read(place, span))
    }

    pub(super) fn emit_call(
        &mut self,
        callee: Operand,
        this: Option<Operand>,
        args: &[Arg],
        flags: CallFlags,
        span: Span,
    ) -> Operand {
        let args = self.frame.builder.args(args);
        let to = self.temp();
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

    pub(super) fn call_value(
        &mut self,
        callee: Operand,
        this: Option<Operand>,
        args: &[Operand],
        span: Span,
    ) -> Operand {
        let args: SmallVec<[Arg; 2]> = args
            .iter()
            .map(|&value| Arg {
                key: ArgKey::Pos,
                value,
            })
            .collect();
        self.emit_call(callee, this, &args, CallFlags::default(), span)
    }

    /// `receiver.name()`.
    pub(super) fn call_method(&mut self, receiver: Operand, name: &str, span: Span) -> Operand {
        let key = Key::Field(self.symbol(name));
        let callee = self.load(receiver, key, span);
        self.call_value(callee, Some(receiver), &[], span)
    }

    pub(super) fn arguments(&mut self, arguments: &'a Arguments) -> SmallVec<[Arg; 4]> {
        let mut args = SmallVec::with_capacity(arguments.args.len() + arguments.keywords.len());
        for argument in &arguments.args {
            args.push(match argument {
                Expr::Starred(s) => Arg {
                    key: ArgKey::Spread,
                    value: self.expr(&s.value),
                },
                other => Arg {
                    key: ArgKey::Pos,
                    value: self.expr(other),
                },
            });
        }
        for keyword in &arguments.keywords {
            let value = self.expr(&keyword.value);
            let key = match &keyword.arg {
                Some(name) => ArgKey::Keyword(self.symbol(name)),
                None => ArgKey::KeywordSpread,
            };
            args.push(Arg { key, value });
        }
        args
    }
}

/// Whether an expression is `super()`.
pub(super) fn is_super(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(c) if matches!(&*c.func, Expr::Name(n) if n.id == "super"))
}
