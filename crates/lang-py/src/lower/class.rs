//! Classes: members, constructors, fields, properties.

use super::function::{Body, Shape, decorator_name};
use super::{Lowerer, sp};
use crate::frame::Scope;
use casemate_ir::{
    Arg, CallFlags, ClassDef, ClassId, Decorator, FnId, FnKind, Instr, Key, LocalKind, Member,
    MemberKind, OpKind, Operand, Param, Span, Symbol, TypeRef,
};
use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef};

/// A class while its body is lowered.
pub(super) struct ClassBody {
    id: ClassId,
    members: Vec<Member>,
    /// Fields that a constructor made by a decorator or base class takes: annotated ones, in order.
    fields: Vec<(Symbol, Span)>,
    constructor: Option<FnId>,
}

impl<'a> Lowerer<'a> {
    pub(super) fn class(&mut self, class: &'a StmtClassDef) {
        let span = sp(class);
        let decorators = self.decorators(&class.decorator_list);
        let name = self.symbol(&class.name);
        let mut bases = Vec::new();
        if let Some(arguments) = &class.arguments {
            for base in &arguments.args {
                bases.push(match base {
                    // `Repository[User]` is `Repository`, said of users.
                    Expr::Subscript(of) => {
                        self.expr(&of.slice);
                        self.expr(&of.value)
                    }
                    base => self.expr(base),
                });
            }
            for keyword in &arguments.keywords {
                self.expr(&keyword.value);
            }
        }
        let base = match bases.as_slice() {
            [] => None,
            [one] => Some(*one),
            several => Some(self.op(OpKind::Select, several, span)),
        };
        let id = self.class_id(name, decorators.clone(), span);
        let mut body = ClassBody {
            id,
            members: Vec::new(),
            fields: Vec::new(),
            constructor: None,
        };
        self.frame.scopes.push(Scope::new(true));
        if self.enter(span) {
            self.class_body(&class.body, &mut body);
            self.leave();
        } else {
            self.opaque(&[], span);
        }
        let scope = self.frame.scopes.pop();
        let constructor = match body.constructor {
            Some(constructor) => constructor,
            None => {
                let tuple = class.bases().iter().any(is_named_tuple);
                self.constructor(&body, base.is_some(), tuple, span)
            }
        };
        if let Some(def) = self.facts.facts.classes.get_mut(id.index()) {
            def.constructor = constructor;
            def.members = body.members;
        }
        let to = self.temp();
        self.emit(
            Instr::Class {
                to,
                class: id,
                base,
            },
            span,
        );
        let value = Operand::Local(to);
        if let Some(scope) = scope {
            self.class_values(value, &scope, span);
        }
        let value = self.decorate(value, &decorators);
        self.write_name(&class.name, value, span);
    }

    fn class_id(&mut self, name: Symbol, decorators: Vec<Decorator>, span: Span) -> ClassId {
        if self.copying > 0
            && let Some(&known) = self.copied_classes.get(&span)
        {
            return known;
        }
        let id = ClassId::from(self.facts.facts.classes.len());
        self.facts.facts.classes.push(ClassDef {
            name: Some(name),
            owner: self.frame.id,
            constructor: FnId(0),
            members: Vec::new(),
            decorators,
            span,
        });
        if self.copying > 0 {
            self.copied_classes.insert(span, id);
        }
        id
    }

    /// Values of a class body belong to the class and to its instances.
    fn class_values(&mut self, class: Operand, scope: &Scope<'a>, span: Span) {
        let values: Vec<(&'a str, Operand)> = scope
            .order
            .iter()
            .filter_map(|name| Some((*name, Operand::Local(*scope.names.get(name)?))))
            .collect();
        if values.is_empty() {
            return;
        }
        let prototype = self.load_field(class, "prototype", span);
        for (name, value) in values {
            self.store_field(class, name, value, span);
            self.store_field(prototype, name, value, span);
        }
    }

    fn class_body(&mut self, body: &'a [Stmt], class: &mut ClassBody) {
        for stmt in body {
            match stmt {
                Stmt::FunctionDef(f) => self.method(f, class),
                Stmt::AnnAssign(a) => {
                    if let Expr::Name(name) = &*a.target {
                        let ty = self.type_ref(&a.annotation);
                        let symbol = self.symbol(&name.id);
                        let is_class_variable = matches!(&*a.annotation, Expr::Subscript(s) if decorator_name(&s.value) == Some("ClassVar"));
                        if !is_class_variable && !class.fields.iter().any(|f| f.0 == symbol) {
                            class.fields.push((symbol, sp(a)));
                        }
                        let said = self.said(&a.annotation);
                        self.field_member(class, symbol, ty, said, sp(a));
                    }
                    self.annotated_assignment(a);
                }
                Stmt::If(i) => self.conditional_members(i, class),
                other => self.statement(other),
            }
        }
    }

    /// `if TYPE_CHECKING: …` and the like in a class body: methods of all branches are members.
    fn conditional_members(&mut self, i: &'a ruff_python_ast::StmtIf, class: &mut ClassBody) {
        let span = sp(i);
        let end = self.block();
        let (yes, mut no) = (self.block(), self.block());
        self.condition(&i.test, yes, no);
        self.switch(yes);
        self.class_body(&i.body, class);
        self.goto(end, span);
        for clause in &i.elif_else_clauses {
            self.switch(no);
            no = self.block();
            if let Some(test) = &clause.test {
                let yes = self.block();
                self.condition(test, yes, no);
                self.switch(yes);
                self.class_body(&clause.body, class);
                self.goto(end, span);
            } else {
                self.class_body(&clause.body, class);
                self.goto(end, span);
                break;
            }
        }
        self.switch(no);
        self.goto_and_switch(end, span);
    }

    fn field_member(
        &mut self,
        class: &mut ClassBody,
        name: Symbol,
        ty: Option<TypeRef>,
        decorators: Vec<Decorator>,
        span: Span,
    ) {
        if class.members.iter().any(|m| m.name == name) {
            return;
        }
        class.members.push(Member {
            name,
            kind: MemberKind::Field,
            is_static: false,
            func: None,
            ty,
            decorators,
            span,
        });
    }

    fn method(&mut self, f: &'a StmtFunctionDef, class: &mut ClassBody) {
        let span = sp(f);
        let names: Vec<&str> = f
            .decorator_list
            .iter()
            .filter_map(|d| decorator_name(&d.expression))
            .collect();
        let is_setter = names.iter().any(|n| matches!(*n, "setter" | "deleter"));
        let mut decorators = Vec::new();
        for d in &f.decorator_list {
            let plain = matches!(
                decorator_name(&d.expression),
                Some("setter" | "deleter" | "getter" | "overload")
            );
            if !plain {
                decorators.push(Decorator {
                    value: self.expr(&d.expression),
                    span: sp(d),
                });
            }
        }
        if names.contains(&"overload") {
            return;
        }
        let is_static = names.contains(&"staticmethod");
        let is_class = names.contains(&"classmethod")
            || matches!(
                f.name.as_str(),
                "__new__" | "__init_subclass__" | "__class_getitem__"
            );
        let is_property = names
            .iter()
            .any(|n| n.to_ascii_lowercase().ends_with("property"));
        let (kind, fn_kind) = if f.name.as_str() == "__init__" && class.constructor.is_none() {
            (MemberKind::Method, FnKind::Constructor)
        } else if is_setter {
            (MemberKind::Setter, FnKind::Setter)
        } else if is_property {
            (MemberKind::Getter, FnKind::Getter)
        } else {
            (MemberKind::Method, FnKind::Method)
        };
        let name = self.symbol(&f.name);
        let mut shape = Shape::of(f, fn_kind, name, decorators.clone());
        shape.class = Some(class.id);
        shape.receiver = !is_static;
        let func = self.function(shape);
        if fn_kind == FnKind::Constructor {
            class.constructor = Some(func);
            return;
        }
        if kind == MemberKind::Method
            && let Some(scope) = self.frame.scopes.last_mut()
        {
            scope.methods.insert(&f.name.id, func);
        }
        let mut push = |is_static: bool| {
            class.members.push(Member {
                name,
                kind,
                is_static,
                func: Some(func),
                ty: None,
                decorators: decorators.clone(),
                span,
            });
        };
        push(is_static || is_class);
        if is_static || is_class {
            // Instances have them too.
            push(false);
        }
    }

    /// The constructor of a class that writes none: the base's, which also takes the annotated fields (dataclasses, attrs, pydantic
    /// and named tuples make it so).
    fn constructor(&mut self, class: &ClassBody, derived: bool, tuple: bool, span: Span) -> FnId {
        let name = Some(self.symbol("__init__"));
        let shape = Shape {
            kind: FnKind::Constructor,
            name,
            is_async: false,
            params: None,
            returns: None,
            body: Body::Statements(&[]),
            class: Some(class.id),
            receiver: false,
            manager: false,
            decorators: Vec::new(),
            span,
            body_start: span.end,
        };
        let id = self.open(&shape);
        let this = self.frame.builder.local(LocalKind::This, None);
        self.frame.builder.function.this = Some(this);
        let this = Operand::Local(this);
        for (index, &(name, at)) in (0_u32..).zip(&class.fields) {
            let local = self.frame.builder.local(LocalKind::Param, Some(name));
            self.frame.builder.function.params.push(Param {
                local,
                name: Some(name),
                optional: true,
                ..Param::default()
            });
            self.emit(
                Instr::Store {
                    base: this,
                    key: Key::Field(name),
                    value: Operand::Local(local),
                },
                at,
            );
            if tuple {
                // Its fields are its elements too.
                self.emit(
                    Instr::Store {
                        base: this,
                        key: Key::Index(index),
                        value: Operand::Local(local),
                    },
                    at,
                );
            }
        }
        if derived {
            let (rest, keywords): (Arg, Arg) = self.all_arguments();
            let callee = self.undefined();
            let flags = CallFlags {
                super_call: true,
                ..CallFlags::default()
            };
            self.emit_call(callee, Some(this), &[rest, keywords], flags, span);
        }
        self.close(id);
        id
    }
}

/// Whether a base is the class of named tuples.
fn is_named_tuple(base: &Expr) -> bool {
    match base {
        Expr::Name(name) => name.id.as_str() == "NamedTuple",
        Expr::Attribute(member) => member.attr.as_str() == "NamedTuple",
        _ => false,
    }
}
