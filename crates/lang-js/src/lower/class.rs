//! Classes: members, constructors, fields, decorators.

use super::function::{Body, Shape};
use super::{Lowerer, sp};
use crate::scope::{FieldInit, FieldKey, Prologue, This};
use casemate_ir::{
    ClassDef, ClassId, Decorator, FnId, FnKind, Instr, Key, Member, MemberKind, Operand, Span,
    Symbol,
};
use oxc_ast::ast::{
    AccessorProperty, Class, ClassElement, Expression, Function, MethodDefinition,
    MethodDefinitionKind, PropertyDefinition, PropertyKey, StaticBlock, TSTypeAnnotation,
};
use oxc_span::GetSpan;

/// A field of either form.
struct Field<'a> {
    key: &'a PropertyKey<'a>,
    value: Option<&'a Expression<'a>>,
    ty: Option<&'a TSTypeAnnotation<'a>>,
    is_static: bool,
    span: Span,
}

/// Work that runs once the class exists.
enum Static<'a> {
    Field(Field<'a>),
    Block(&'a StaticBlock<'a>),
    /// A method with a computed name: its function and the value of its name.
    Method {
        func: FnId,
        name: Operand,
        on_class: bool,
        span: Span,
    },
}

impl<'a> Lowerer<'a> {
    pub(super) fn class(&mut self, class: &'a Class<'a>, name: Option<Symbol>) -> Operand {
        let span = sp(class.span);
        let name = match &class.id {
            Some(id) => Some(self.symbol(id.name.as_str())),
            None => name,
        };
        let decorators = self.decorators(&class.decorators);
        let base = class.heritage.as_ref().map(|h| self.expr(&h.expression));
        let id = self.class_def(class, name, decorators, span);
        let to = self.temp();
        self.emit(
            Instr::Class {
                to,
                class: id.0,
                base,
            },
            span,
        );
        let value = Operand::Local(to);
        if let Some(ident) = &class.id {
            let wanted = class.is_declaration()
                || ident
                    .symbol_id
                    .get()
                    .is_some_and(|s| !self.scopes.scoping.symbol_is_unused(s));
            if wanted {
                self.write_binding(ident, value, span);
            }
        }
        self.statics(value, id.1);
        value
    }

    pub(super) fn decorators(
        &mut self,
        decorators: &'a [oxc_ast::ast::Decorator<'a>],
    ) -> Vec<Decorator> {
        decorators
            .iter()
            .map(|d| Decorator {
                value: self.expr(&d.expression),
                span: sp(d.span),
            })
            .collect()
    }

    fn class_def(
        &mut self,
        class: &'a Class<'a>,
        name: Option<Symbol>,
        decorators: Vec<Decorator>,
        span: Span,
    ) -> (ClassId, Vec<Static<'a>>) {
        let known = if self.copying > 0 {
            self.copied_classes.get(&span).copied()
        } else {
            None
        };
        let id = known.unwrap_or_else(|| ClassId::from(self.facts.facts.classes.len()));
        let placeholder = ClassDef {
            name,
            owner: self.frame.id,
            constructor: FnId(0),
            members: Vec::new(),
            decorators,
            span,
        };
        if known.is_none() {
            self.facts.facts.classes.push(placeholder);
        }
        if self.copying > 0 {
            self.copied_classes.insert(span, id);
        }
        let derived = class.heritage.is_some();
        let mut members = Vec::new();
        let mut statics = Vec::new();
        let mut fields = Vec::new();
        let mut constructor: Option<&'a MethodDefinition<'a>> = None;
        for element in &class.body.body {
            match element {
                ClassElement::StaticBlock(block) => statics.push(Static::Block(block)),
                ClassElement::MethodDefinition(m)
                    if m.kind == MethodDefinitionKind::Constructor =>
                {
                    if m.value.body.is_some() {
                        constructor = Some(m);
                    }
                }
                ClassElement::MethodDefinition(m) => self.method(m, id, &mut members, &mut statics),
                ClassElement::PropertyDefinition(p) => {
                    let decorators = self.decorators(&p.decorators);
                    self.field(
                        field_of(p),
                        p.declare,
                        decorators,
                        &mut members,
                        &mut fields,
                        &mut statics,
                    );
                }
                ClassElement::AccessorProperty(p) => {
                    let decorators = self.decorators(&p.decorators);
                    self.field(
                        accessor_of(p),
                        false,
                        decorators,
                        &mut members,
                        &mut fields,
                        &mut statics,
                    );
                }
                ClassElement::TSIndexSignature(_) => {}
            }
        }
        let prologue = Prologue {
            parameters: Vec::new(),
            fields,
        };
        let constructor = self.constructor(class, constructor, id, prologue, derived, span);
        if let Some(def) = self.facts.facts.classes.get_mut(id.index()) {
            def.constructor = constructor;
            def.members = members;
        }
        (id, statics)
    }

    fn method(
        &mut self,
        m: &'a MethodDefinition<'a>,
        class: ClassId,
        members: &mut Vec<Member>,
        statics: &mut Vec<Static<'a>>,
    ) {
        let span = sp(m.span);
        if m.value.body.is_none() && !m.r#type.is_abstract() {
            // An overload.
            return;
        }
        let decorators = self.decorators(&m.decorators);
        let computed = match self.constant_name(&m.key) {
            Some(_) => None,
            None => m.key.as_expression().map(|e| self.expr(e)),
        };
        let name = self.member_name(&m.key);
        let (kind, fn_kind) = match m.kind {
            MethodDefinitionKind::Get => (MemberKind::Getter, FnKind::Getter),
            MethodDefinitionKind::Set => (MemberKind::Setter, FnKind::Setter),
            _ => (MemberKind::Method, FnKind::Method),
        };
        let func = m.value.body.is_some().then(|| {
            let mut shape = Shape::of(&m.value, fn_kind, Some(name), span);
            shape.class = Some(class);
            shape.decorators.clone_from(&decorators);
            shape.param_decorators = self.param_decorators(&m.value);
            self.function(shape)
        });
        if let (Some(func), Some(key)) = (func, computed) {
            statics.push(Static::Method {
                func,
                name: key,
                on_class: m.r#static,
                span,
            });
        }
        members.push(Member {
            name,
            kind,
            is_static: m.r#static,
            func,
            ty: None,
            decorators,
            span,
        });
    }

    fn param_decorators(&mut self, function: &'a Function<'a>) -> Vec<Vec<Decorator>> {
        function
            .params
            .items
            .iter()
            .map(|p| self.decorators(&p.decorators))
            .collect()
    }

    /// The name of a member; a computed one is known by its source text.
    fn member_name(&mut self, key: &'a PropertyKey<'a>) -> Symbol {
        match self.constant_name(key) {
            Some(name) => name,
            None => {
                let text = format!("[{}]", self.slice(key.span()));
                self.symbol(&text)
            }
        }
    }

    fn field(
        &mut self,
        field: Field<'a>,
        declare: bool,
        decorators: Vec<Decorator>,
        members: &mut Vec<Member>,
        fields: &mut Vec<FieldInit<'a>>,
        statics: &mut Vec<Static<'a>>,
    ) {
        let name = self.member_name(field.key);
        let ty = field.ty.and_then(|t| self.type_ref(&t.type_annotation));
        let (is_static, span) = (field.is_static, field.span);
        members.push(Member {
            name,
            kind: MemberKind::Field,
            is_static,
            func: None,
            ty,
            decorators,
            span,
        });
        if declare {
            return;
        }
        if field.is_static {
            statics.push(Static::Field(field));
        } else if let Some(value) = field.value {
            let key = match (self.constant_name(field.key), field.key.as_expression()) {
                (None, Some(e)) => FieldKey::Computed(e),
                _ => FieldKey::Name(name),
            };
            fields.push(FieldInit { key, value, span });
        }
    }

    fn constructor(
        &mut self,
        class: &'a Class<'a>,
        method: Option<&'a MethodDefinition<'a>>,
        id: ClassId,
        prologue: Prologue<'a>,
        derived: bool,
        span: Span,
    ) -> FnId {
        let name = Some(self.symbol("constructor"));
        let mut shape = match method {
            Some(m) => {
                let mut shape = Shape::of(&m.value, FnKind::Constructor, name, sp(m.span));
                shape.param_decorators = self.param_decorators(&m.value);
                shape
            }
            None => Shape {
                kind: FnKind::Constructor,
                name,
                is_async: false,
                is_generator: false,
                params: None,
                returns: None,
                body: Body::Synthetic { derived },
                scope: None,
                class: None,
                span,
                body_start: class.body.span.start,
                decorators: Vec::new(),
                param_decorators: Vec::new(),
                prologue: None,
                derived,
            },
        };
        shape.class = Some(id);
        shape.prologue = Some(prologue);
        shape.derived = derived;
        self.function(shape)
    }

    /// Parameter properties and field initialisers of the constructor being lowered.
    pub(super) fn run_prologue(&mut self) {
        let Some(prologue) = self.frame.prologue.take() else {
            return;
        };
        for (name, local, span) in prologue.parameters {
            let base = self.this(span);
            self.emit(
                Instr::Store {
                    base,
                    key: Key::Field(name),
                    value: Operand::Local(local),
                },
                span,
            );
        }
        for field in prologue.fields {
            let (key, name) = match field.key {
                FieldKey::Name(name) => (Key::Field(name), Some(name)),
                FieldKey::Computed(e) => (Key::Computed(self.expr(e)), None),
            };
            let value = self.expr_named(field.value, name);
            let base = self.this(field.span);
            self.emit(Instr::Store { base, key, value }, field.span);
        }
    }

    /// Static fields, static blocks and methods with computed names: code of the function that makes the class.
    fn statics(&mut self, class: Operand, statics: Vec<Static<'a>>) {
        if statics.is_empty() {
            return;
        }
        let Operand::Local(local) = class else { return };
        let before = std::mem::replace(&mut self.frame.this, This::Value(local));
        for item in statics {
            match item {
                Static::Field(field) => {
                    let Some(init) = field.value else { continue };
                    let name = self.property_name(field.key);
                    let value = self.expr_named(init, name.name());
                    self.store(class, name, value, field.span);
                }
                Static::Block(block) => {
                    let exits = std::mem::take(&mut self.frame.exits);
                    self.statements(&block.body);
                    self.frame.exits = exits;
                }
                Static::Method {
                    func,
                    name,
                    on_class,
                    span,
                } => {
                    let base = if on_class {
                        class
                    } else {
                        let prototype = self.symbol("prototype");
                        self.load(class, Key::Field(prototype), span)
                    };
                    let to = self.temp();
                    self.emit(Instr::Closure { to, func }, span);
                    self.emit(
                        Instr::Store {
                            base,
                            key: Key::Computed(name),
                            value: Operand::Local(to),
                        },
                        span,
                    );
                }
            }
        }
        self.frame.this = before;
    }
}

fn field_of<'a>(p: &'a PropertyDefinition<'a>) -> Field<'a> {
    Field {
        key: &p.key,
        value: p.value.as_ref(),
        ty: p.type_annotation.as_deref(),
        is_static: p.r#static,
        span: sp(p.span),
    }
}

fn accessor_of<'a>(p: &'a AccessorProperty<'a>) -> Field<'a> {
    Field {
        key: &p.key,
        value: p.value.as_ref(),
        ty: p.type_annotation.as_deref(),
        is_static: p.r#static,
        span: sp(p.span),
    }
}
