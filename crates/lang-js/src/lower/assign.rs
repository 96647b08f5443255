//! Assignments and updates.

use super::vars::Place;
use super::{Lowerer, sp};
use casemate_ir::{Instr, Key, OpKind, Operand, Span, Symbol};
use oxc_ast::ast::{
    AssignmentExpression, AssignmentOperator, AssignmentTarget, Expression, LogicalOperator,
    MemberExpression, SimpleAssignmentTarget, UpdateExpression,
};

/// What an assignment writes to, with its object and key already evaluated.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Variable(Place),
    Member(Operand, Key),
    /// Not assignable: a broken file.
    Nothing,
}

impl<'a> Lowerer<'a> {
    pub(super) fn assignment(&mut self, a: &'a AssignmentExpression<'a>) -> Operand {
        let span = sp(a.span);
        match a.operator {
            AssignmentOperator::Assign => {
                if let Some(simple) = a.left.as_simple_assignment_target() {
                    let target = self.target(simple);
                    let name = self.target_name(simple);
                    let value = self.expr_named(&a.right, name);
                    self.assign(target, value, span);
                    return value;
                }
                let value = self.expr(&a.right);
                self.assign_pattern(&a.left, value, span);
                value
            }
            AssignmentOperator::LogicalAnd => self.logical_assignment(a, LogicalOperator::And),
            AssignmentOperator::LogicalOr => self.logical_assignment(a, LogicalOperator::Or),
            AssignmentOperator::LogicalNullish => {
                self.logical_assignment(a, LogicalOperator::Coalesce)
            }
            operator => {
                let Some(simple) = a.left.as_simple_assignment_target() else {
                    let value = self.expr(&a.right);
                    return self.opaque(&[value], span);
                };
                let target = self.target(simple);
                let old = self.read_target(target, span);
                let value = if operator == AssignmentOperator::Addition
                    && super::expr::is_text(&a.right, 8)
                {
                    let mut pieces = vec![old];
                    self.piece(&a.right, &mut pieces);
                    self.template(&pieces, span)
                } else {
                    let right = self.expr(&a.right);
                    let op = if operator == AssignmentOperator::Addition {
                        OpKind::Add
                    } else {
                        OpKind::Arithmetic
                    };
                    self.op(op, &[old, right], span)
                };
                self.assign(target, value, span);
                value
            }
        }
    }

    fn logical_assignment(
        &mut self,
        a: &'a AssignmentExpression<'a>,
        operator: LogicalOperator,
    ) -> Operand {
        let span = sp(a.span);
        let Some(simple) = a.left.as_simple_assignment_target() else {
            let value = self.expr(&a.right);
            return self.opaque(&[value], span);
        };
        let target = self.target(simple);
        let name = self.target_name(simple);
        let to = self.slot();
        let old = self.read_target(target, span);
        self.copy(to, old, span);
        let (next, end) = (self.block(), self.block());
        self.short_circuit(operator, old, next, end, span);
        self.switch(next);
        let value = self.expr_named(&a.right, name);
        self.assign(target, value, span);
        self.copy(to, value, span);
        self.goto_and_switch(end, span);
        Operand::Local(to)
    }

    pub(super) fn update(&mut self, u: &'a UpdateExpression<'a>) -> Operand {
        let span = sp(u.span);
        let target = self.target(&u.argument);
        let old = self.read_target(target, span);
        let value = self.op(OpKind::Arithmetic, &[old], span);
        self.assign(target, value, span);
        value
    }

    pub(super) fn target(&mut self, target: &'a SimpleAssignmentTarget<'a>) -> Target {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(i) => {
                Target::Variable(self.reference_place(i))
            }
            SimpleAssignmentTarget::TSAsExpression(e) => self.expression_target(&e.expression),
            SimpleAssignmentTarget::TSSatisfiesExpression(e) => {
                self.expression_target(&e.expression)
            }
            SimpleAssignmentTarget::TSNonNullExpression(e) => self.expression_target(&e.expression),
            SimpleAssignmentTarget::TSTypeAssertion(e) => self.expression_target(&e.expression),
            other => match other.as_member_expression() {
                Some(member) => self.target_of_member(member),
                None => Target::Nothing,
            },
        }
    }

    fn target_of_member(&mut self, member: &'a MemberExpression<'a>) -> Target {
        let (base, key) = self.member_target(member);
        Target::Member(base, key)
    }

    fn expression_target(&mut self, expr: &'a Expression<'a>) -> Target {
        let inner = expr.get_inner_expression();
        if let Expression::Identifier(i) = inner {
            return Target::Variable(self.reference_place(i));
        }
        match inner.as_member_expression() {
            Some(member) => self.target_of_member(member),
            None => {
                self.expr(inner);
                Target::Nothing
            }
        }
    }

    /// What a function assigned to this target is called.
    fn target_name(&mut self, target: &SimpleAssignmentTarget<'a>) -> Option<Symbol> {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(i) => {
                Some(self.symbol(i.name.as_str()))
            }
            other => {
                let member = other.as_member_expression()?;
                if let MemberExpression::PrivateFieldExpression(p) = member {
                    return Some(self.private_name(p.field.name.as_str()));
                }
                let name = member.static_property_name()?;
                // `module.exports = function () {}` is named by nothing.
                (name != "exports").then(|| self.symbol(name))
            }
        }
    }

    pub(super) fn assign(&mut self, target: Target, value: Operand, span: Span) {
        match target {
            Target::Variable(place) => self.write(place, value, span),
            Target::Member(base, key) => self.emit(Instr::Store { base, key, value }, span),
            Target::Nothing => {
                self.opaque(&[value], span);
            }
        }
    }

    fn read_target(&mut self, target: Target, span: Span) -> Operand {
        match target {
            Target::Variable(place) => self.read(place, span),
            Target::Member(base, key) => self.load(base, key, span),
            Target::Nothing => self.opaque(&[], span),
        }
    }

    /// Assigns to any target: a variable, a member or a pattern.
    pub(super) fn assign_target(
        &mut self,
        target: &'a AssignmentTarget<'a>,
        value: Operand,
        span: Span,
    ) {
        match target.as_simple_assignment_target() {
            Some(simple) => {
                let target = self.target(simple);
                self.assign(target, value, span);
            }
            None => self.assign_pattern(target, value, span),
        }
    }
}
