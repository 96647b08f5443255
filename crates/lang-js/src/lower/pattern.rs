//! Destructuring, in declarations and in assignments.

use super::vars::Place;
use super::{Lowerer, sp};
use casemate_ir::{Instr, Key, OpKind, Operand, PartKey, Span, Symbol};
use oxc_ast::ast::{
    ArrayAssignmentTarget, ArrayPattern, AssignmentTarget, AssignmentTargetMaybeDefault,
    AssignmentTargetProperty, BindingPattern, Expression, ObjectAssignmentTarget, ObjectPattern,
    PropertyKey,
};
use oxc_span::GetSpan;

/// The name or the computed value of a property.
#[derive(Clone, Copy)]
pub(super) enum PropertyName {
    Name(Symbol),
    Computed(Operand),
}

impl PropertyName {
    pub(super) fn key(self) -> Key {
        match self {
            Self::Name(name) => Key::Field(name),
            Self::Computed(value) => Key::Computed(value),
        }
    }
    pub(super) fn part(self) -> PartKey {
        match self {
            Self::Name(name) => PartKey::Field(name),
            Self::Computed(value) => PartKey::Computed(value),
        }
    }
    pub(super) fn name(self) -> Option<Symbol> {
        match self {
            Self::Name(name) => Some(name),
            Self::Computed(_) => None,
        }
    }
}

impl<'a> Lowerer<'a> {
    /// The name of a property where it is constant.
    pub(super) fn constant_name(&mut self, key: &'a PropertyKey<'a>) -> Option<Symbol> {
        match key {
            PropertyKey::StaticIdentifier(i) => Some(self.symbol(i.name.as_str())),
            PropertyKey::PrivateIdentifier(i) => Some(self.private_name(i.name.as_str())),
            PropertyKey::StringLiteral(s) => Some(self.symbol(s.value.as_str())),
            PropertyKey::NumericLiteral(n) => {
                let text = number_text(n.value);
                Some(self.symbol(&text))
            }
            PropertyKey::TemplateLiteral(t) if t.expressions.is_empty() => {
                let quasi = t.quasis.first()?;
                Some(
                    self.symbol(
                        quasi
                            .value
                            .cooked
                            .as_ref()
                            .unwrap_or(&quasi.value.raw)
                            .as_str(),
                    ),
                )
            }
            _ => None,
        }
    }

    pub(super) fn property_name(&mut self, key: &'a PropertyKey<'a>) -> PropertyName {
        if let Some(name) = self.constant_name(key) {
            return PropertyName::Name(name);
        }
        match key.as_expression() {
            Some(expr) => PropertyName::Computed(self.expr(expr)),
            None => PropertyName::Name(self.symbol("")),
        }
    }

    pub(super) fn bind(&mut self, pattern: &'a BindingPattern<'a>, value: Operand, span: Span) {
        if !self.enter(span) {
            self.opaque(&[value], span);
            return;
        }
        match pattern {
            BindingPattern::BindingIdentifier(i) => self.write_binding(i, value, span),
            BindingPattern::ObjectPattern(o) => self.bind_object(o, value),
            BindingPattern::ArrayPattern(a) => self.bind_array(a, value),
            BindingPattern::AssignmentPattern(a) => {
                let name = self.pattern_name(&a.left);
                let value = self.defaulted(value, &a.right, name);
                self.bind(&a.left, value, sp(a.span));
            }
        }
        self.leave();
    }

    pub(super) fn pattern_name(&mut self, pattern: &BindingPattern<'a>) -> Option<Symbol> {
        match pattern {
            BindingPattern::BindingIdentifier(i) => Some(self.symbol(i.name.as_str())),
            _ => None,
        }
    }

    fn bind_object(&mut self, o: &'a ObjectPattern<'a>, value: Operand) {
        let mut keys = vec![value];
        for property in &o.properties {
            let span = sp(property.span);
            let name = self.property_name(&property.key);
            self.remember(name, &mut keys);
            let member = self.load(value, name.key(), span);
            self.bind(&property.value, member, span);
        }
        if let Some(rest) = &o.rest {
            let span = sp(rest.span);
            let rest_value = self.op(OpKind::Rest, &keys, span);
            self.bind(&rest.argument, rest_value, span);
        }
    }

    fn remember(&mut self, name: PropertyName, keys: &mut Vec<Operand>) {
        match name {
            PropertyName::Name(name) => {
                let key = self.constant(casemate_ir::Const::Str(name));
                keys.push(key);
            }
            PropertyName::Computed(value) => keys.push(value),
        }
    }

    fn bind_array(&mut self, a: &'a ArrayPattern<'a>, value: Operand) {
        let mut keys = vec![value];
        for (i, element) in a.elements.iter().enumerate() {
            let index = u32::try_from(i).unwrap_or(u32::MAX);
            let key = self.number(f64::from(index));
            keys.push(key);
            if let Some(element) = element {
                let span = sp(element.span());
                let member = self.load(value, Key::Index(index), span);
                self.bind(element, member, span);
            }
        }
        if let Some(rest) = &a.rest {
            let span = sp(rest.span);
            let rest_value = self.op(OpKind::Rest, &keys, span);
            self.bind(&rest.argument, rest_value, span);
        }
    }

    /// `value === undefined ? init : value`.
    pub(super) fn defaulted(
        &mut self,
        value: Operand,
        init: &'a Expression<'a>,
        name: Option<Symbol>,
    ) -> Operand {
        let span = sp(init.span());
        if init.is_literal() {
            let init = self.expr(init);
            return self.op(OpKind::Select, &[value, init], span);
        }
        let to = self.slot();
        self.copy(to, value, span);
        let (missing, end) = (self.block(), self.block());
        let undefined = self.undefined();
        let cond = self.op(OpKind::StrictEq, &[value, undefined], span);
        self.branch(cond, missing, end, span);
        self.switch(missing);
        let init = self.expr_named(init, name);
        self.copy(to, init, span);
        self.goto_and_switch(end, span);
        Operand::Local(to)
    }

    pub(super) fn assign_pattern(
        &mut self,
        target: &'a AssignmentTarget<'a>,
        value: Operand,
        span: Span,
    ) {
        if !self.enter(span) {
            self.opaque(&[value], span);
            return;
        }
        match target {
            AssignmentTarget::ArrayAssignmentTarget(a) => self.assign_array(a, value),
            AssignmentTarget::ObjectAssignmentTarget(o) => self.assign_object(o, value),
            other => self.assign_target(other, value, span),
        }
        self.leave();
    }

    fn assign_object(&mut self, o: &'a ObjectAssignmentTarget<'a>, value: Operand) {
        let mut keys = vec![value];
        for property in &o.properties {
            match property {
                AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(p) => {
                    let span = sp(p.span);
                    let name = self.symbol(p.binding.name.as_str());
                    self.remember(PropertyName::Name(name), &mut keys);
                    let mut member = self.load(value, Key::Field(name), span);
                    if let Some(init) = &p.init {
                        member = self.defaulted(member, init, Some(name));
                    }
                    let place: Place = self.reference_place(&p.binding);
                    self.write(place, member, span);
                }
                AssignmentTargetProperty::AssignmentTargetPropertyProperty(p) => {
                    let span = sp(p.span);
                    let name = self.property_name(&p.name);
                    self.remember(name, &mut keys);
                    let member = self.load(value, name.key(), span);
                    self.assign_maybe_default(&p.binding, member, span);
                }
            }
        }
        if let Some(rest) = &o.rest {
            let span = sp(rest.span);
            let rest_value = self.op(OpKind::Rest, &keys, span);
            self.assign_target(&rest.target, rest_value, span);
        }
    }

    fn assign_array(&mut self, a: &'a ArrayAssignmentTarget<'a>, value: Operand) {
        let mut keys = vec![value];
        for (i, element) in a.elements.iter().enumerate() {
            let index = u32::try_from(i).unwrap_or(u32::MAX);
            let key = self.number(f64::from(index));
            keys.push(key);
            if let Some(element) = element {
                let span = sp(element.span());
                let member = self.load(value, Key::Index(index), span);
                self.assign_maybe_default(element, member, span);
            }
        }
        if let Some(rest) = &a.rest {
            let span = sp(rest.span);
            let rest_value = self.op(OpKind::Rest, &keys, span);
            self.assign_target(&rest.target, rest_value, span);
        }
    }

    fn assign_maybe_default(
        &mut self,
        target: &'a AssignmentTargetMaybeDefault<'a>,
        value: Operand,
        span: Span,
    ) {
        match target {
            AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(d) => {
                let value = self.defaulted(value, &d.init, None);
                self.assign_target(&d.binding, value, span);
            }
            other => {
                if let Some(target) = other.as_assignment_target() {
                    self.assign_target(target, value, span);
                }
            }
        }
    }

    /// `base.name = value`.
    pub(super) fn store(&mut self, base: Operand, name: PropertyName, value: Operand, span: Span) {
        self.emit(
            Instr::Store {
                base,
                key: name.key(),
                value,
            },
            span,
        );
    }
}

/// A number as a property name.
pub(super) fn number_text(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value:.0}")
    } else {
        value.to_string()
    }
}
