//! Assignments: targets, unpacking, deletion.

use super::vars::Place;
use super::{Lowerer, sp};
use casemate_ir::{Instr, Key, OpKind, Operand, Span};
use ruff_python_ast::{Expr, Number, Operator, StmtAnnAssign, StmtAssign, StmtAugAssign};

/// What an assignment writes to, with its object and key already evaluated.
#[derive(Clone, Copy)]
enum Target {
    Variable(Place),
    Member(Operand, Key),
    /// Not assignable: a broken file.
    Nothing,
}

impl<'a> Lowerer<'a> {
    pub(super) fn assign_statement(&mut self, a: &'a StmtAssign) {
        let span = sp(a);
        if let ([target], Expr::Tuple(values)) = (a.targets.as_slice(), &*a.value)
            && let Some(targets) = elements(target)
            && targets.len() == values.elts.len()
            && !targets
                .iter()
                .chain(&values.elts)
                .any(Expr::is_starred_expr)
        {
            // `a, b = b, a`: all values are read before any name is written.
            let values: Vec<Operand> = values
                .elts
                .iter()
                .map(|e| {
                    let from = self.expr(e);
                    match from {
                        Operand::Const(_) => from,
                        Operand::Local(_) => {
                            let to = self.temp();
                            self.copy(to, from, sp(e));
                            Operand::Local(to)
                        }
                    }
                })
                .collect();
            for (target, value) in targets.iter().zip(values) {
                self.assign(target, value, span);
            }
            return;
        }
        let value = self.expr(&a.value);
        for target in &a.targets {
            self.assign(target, value, span);
            self.named_middleware(target, &a.value);
        }
    }

    pub(super) fn annotated_assignment(&mut self, a: &'a StmtAnnAssign) {
        let span = sp(a);
        let value = a.value.as_ref().map(|v| self.expr(v));
        if let Expr::Name(name) = &*a.target {
            let ty = self.type_ref(&a.annotation);
            match self.target_place(&name.id) {
                Place::Local(local) => {
                    if let Some(l) = self.frame.builder.function.locals.get_mut(local.index()) {
                        l.ty = ty;
                    }
                }
                Place::Var(casemate_ir::VarRef::Global(global)) => {
                    if let Some(binding) = self.facts.facts.globals.get_mut(global.index()) {
                        binding.ty = ty;
                    }
                }
                Place::Var(_) => {}
            }
        }
        if let Some(value) = value {
            self.assign(&a.target, value, span);
        }
    }

    pub(super) fn augmented_assignment(&mut self, a: &'a StmtAugAssign) {
        let span = sp(a);
        let target = self.target(&a.target);
        let old = match target {
            Target::Variable(place) => self.read(place, span),
            Target::Member(base, key) => self.load(base, key, span),
            Target::Nothing => self.opaque(&[], span),
        };
        let value = match a.op {
            Operator::Add if self.is_text(&a.value) => {
                let mut pieces = vec![old];
                self.piece(&a.value, &mut pieces);
                self.template(&pieces, span)
            }
            op => {
                let right = self.expr(&a.value);
                let numeric = matches!(&*a.value, Expr::NumberLiteral(_));
                self.operate(op, old, right, numeric, span)
            }
        };
        self.write_target(target, value, span);
        self.named_middleware(&a.target, &a.value);
    }

    /// Assigns to any target: a variable, a member or a pattern.
    pub(super) fn assign(&mut self, target: &'a Expr, value: Operand, span: Span) {
        match elements(target) {
            Some(targets) => {
                if self.enter(span) {
                    self.unpack(targets, value, span);
                    self.leave();
                } else {
                    self.opaque(&[value], span);
                }
            }
            None => {
                let target = self.target(target);
                self.write_target(target, value, span);
            }
        }
    }

    /// The same for the variables of a comprehension.
    pub(super) fn assign_in_scope(&mut self, target: &'a Expr, value: Operand, span: Span) {
        self.assign(target, value, span);
    }

    fn write_target(&mut self, target: Target, value: Operand, span: Span) {
        match target {
            Target::Variable(place) => self.write(place, value, span),
            Target::Member(base, key) => self.emit(Instr::Store { base, key, value }, span),
            Target::Nothing => {
                self.opaque(&[value], span);
            }
        }
    }

    fn target(&mut self, target: &'a Expr) -> Target {
        match target {
            Expr::Name(name) => Target::Variable(self.target_place(&name.id)),
            Expr::Attribute(a) => {
                let base = self.expr(&a.value);
                Target::Member(base, Key::Field(self.symbol(&a.attr)))
            }
            Expr::Subscript(s) => {
                let base = self.expr(&s.value);
                let key = self.subscript_key(&s.slice);
                Target::Member(base, key)
            }
            Expr::Starred(s) => self.target(&s.value),
            other => {
                self.expr(other);
                Target::Nothing
            }
        }
    }

    /// `a, *b, c = value`.
    pub(super) fn unpack(&mut self, targets: &'a [Expr], value: Operand, span: Span) {
        let mut after_star = false;
        for (i, target) in targets.iter().enumerate() {
            let item = match target {
                Expr::Starred(_) => {
                    after_star = true;
                    let from = self.number(i as f64);
                    self.op(OpKind::Rest, &[value, from], span)
                }
                _ if after_star => {
                    let key = Key::Computed(self.undecided(span));
                    self.load(value, key, span)
                }
                _ => self.load(
                    value,
                    Key::Index(u32::try_from(i).unwrap_or(u32::MAX)),
                    span,
                ),
            };
            self.assign(target, item, span);
        }
    }

    /// The key of `base[expr]`.
    pub(super) fn subscript_key(&mut self, expr: &'a Expr) -> Key {
        match expr {
            Expr::StringLiteral(s) => Key::Field(self.symbol(s.value.to_str())),
            Expr::NumberLiteral(n) => match &n.value {
                Number::Int(i) => match i.as_i64().and_then(|i| u32::try_from(i).ok()) {
                    Some(index) => Key::Index(index),
                    None => Key::Computed(self.expr(expr)),
                },
                _ => Key::Computed(self.expr(expr)),
            },
            Expr::Slice(_) => Key::Computed(self.undecided(sp(expr))),
            other => Key::Computed(self.expr(other)),
        }
    }

    pub(super) fn delete(&mut self, target: &'a Expr, span: Span) {
        if let Some(targets) = elements(target) {
            for target in targets {
                self.delete(target, span);
            }
            return;
        }
        match self.target(target) {
            Target::Variable(place) => {
                let value = self.undefined();
                self.write(place, value, span);
            }
            Target::Member(base, key) => self.emit(Instr::Delete { base, key }, span),
            Target::Nothing => {}
        }
    }
}

/// The targets of a pattern.
pub(super) fn elements(target: &Expr) -> Option<&[Expr]> {
    match target {
        Expr::Tuple(t) => Some(&t.elts),
        Expr::List(l) => Some(&l.elts),
        _ => None,
    }
}
