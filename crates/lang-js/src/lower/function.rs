//! Functions: parameters, bodies, closures.

use super::{Lowerer, sp};
use crate::scope::{Frame, Prologue};
use casemate_ir::{
    Arg, ArgKey, CallFlags, ClassId, Decorator, FnId, FnKind, Instr, LocalKind, OpKind, Operand,
    Param, Span, Symbol, Term,
};
use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, BindingPattern, Expression, FormalParameters,
    Function, Statement, TSTypeAnnotation,
};
use oxc_semantic::ScopeId;

/// The code of a function.
pub(super) enum Body<'a> {
    Statements(&'a [Statement<'a>]),
    Expression(&'a Expression<'a>),
    /// A constructor that the source does not have.
    Synthetic {
        derived: bool,
    },
}

/// A function before it is lowered.
pub(super) struct Shape<'a> {
    pub(super) kind: FnKind,
    pub(super) name: Option<Symbol>,
    pub(super) is_async: bool,
    pub(super) is_generator: bool,
    pub(super) params: Option<&'a FormalParameters<'a>>,
    pub(super) returns: Option<&'a TSTypeAnnotation<'a>>,
    pub(super) body: Body<'a>,
    pub(super) scope: Option<ScopeId>,
    pub(super) class: Option<ClassId>,
    pub(super) span: Span,
    pub(super) body_start: u32,
    pub(super) decorators: Vec<Decorator>,
    /// By parameter.
    pub(super) param_decorators: Vec<Vec<Decorator>>,
    pub(super) prologue: Option<Prologue<'a>>,
    /// The prologue waits for `super()`.
    pub(super) derived: bool,
}

impl<'a> Shape<'a> {
    pub(super) fn of(
        function: &'a Function<'a>,
        kind: FnKind,
        name: Option<Symbol>,
        span: Span,
    ) -> Self {
        let statements: &'a [Statement<'a>] = function.body.as_ref().map_or(&[], |b| &b.statements);
        Self {
            kind,
            name,
            is_async: function.r#async,
            is_generator: function.generator,
            params: Some(&function.params),
            returns: function.return_type.as_deref(),
            body: Body::Statements(statements),
            scope: function.scope_id.get(),
            class: None,
            span,
            body_start: function
                .body
                .as_ref()
                .map_or(function.span.end, |b| b.span.start),
            decorators: Vec::new(),
            param_decorators: Vec::new(),
            prologue: None,
            derived: false,
        }
    }
}

impl<'a> Lowerer<'a> {
    pub(super) fn arrow(
        &mut self,
        f: &'a ArrowFunctionExpression<'a>,
        name: Option<Symbol>,
    ) -> Operand {
        let (body, body_start) = match &f.body {
            ArrowFunctionBody::FunctionBody(b) => (Body::Statements(&b.statements), b.span.start),
            other => match other.as_expression() {
                Some(e) => (Body::Expression(e), oxc_span::GetSpan::span(e).start),
                None => (Body::Statements(&[]), f.span.end),
            },
        };
        let shape = Shape {
            kind: FnKind::Arrow,
            name,
            is_async: f.r#async,
            is_generator: false,
            params: Some(&f.params),
            returns: f.return_type.as_deref(),
            body,
            scope: f.scope_id.get(),
            class: None,
            span: sp(f.span),
            body_start,
            decorators: Vec::new(),
            param_decorators: Vec::new(),
            prologue: None,
            derived: false,
        };
        self.closure(shape)
    }

    pub(super) fn function_expression(
        &mut self,
        f: &'a Function<'a>,
        name: Option<Symbol>,
    ) -> Operand {
        let own = f.id.as_ref().and_then(|id| id.symbol_id.get());
        let used = own.filter(|&symbol| !self.scopes.scoping.symbol_is_unused(symbol));
        let Some(symbol) = used else {
            return self.function_value(f, FnKind::Function, name);
        };
        // Inside, its name is a variable of the function around it.
        self.scopes.move_to(symbol, self.frame.id);
        if self.outer.is_empty() && self.template.is_none() {
            self.make_global(symbol);
        }
        let value = self.function_value(f, FnKind::Function, name);
        let place = self.symbol_place(symbol);
        self.write(place, value, sp(f.span));
        value
    }

    pub(super) fn function_value(
        &mut self,
        f: &'a Function<'a>,
        kind: FnKind,
        name: Option<Symbol>,
    ) -> Operand {
        let name = match &f.id {
            Some(id) => Some(self.symbol(id.name.as_str())),
            None => name,
        };
        self.closure(Shape::of(f, kind, name, sp(f.span)))
    }

    /// A method of an object literal.
    pub(super) fn method_value(
        &mut self,
        f: &'a Function<'a>,
        kind: FnKind,
        name: Option<Symbol>,
        span: Span,
    ) -> Operand {
        self.closure(Shape::of(f, kind, name, span))
    }

    fn closure(&mut self, mut shape: Shape<'a>) -> Operand {
        self.as_action(&mut shape);
        let span = shape.span;
        let func = self.function(shape);
        let to = self.temp();
        self.emit(Instr::Closure { to, func }, span);
        Operand::Local(to)
    }

    /// Lowers a function as a child of the present one.
    pub(super) fn function(&mut self, shape: Shape<'a>) -> FnId {
        if self.copying > 0
            && let Some(&known) = self.copied_functions.get(&shape.span)
        {
            return known;
        }
        let id = self.facts.reserve_function();
        if self.copying > 0 {
            self.copied_functions.insert(shape.span, id);
        }
        let mut frame = Frame::new(id, shape.scope, shape.kind);
        let function = &mut frame.builder.function;
        function.name = shape.name;
        function.is_async = shape.is_async;
        function.is_generator = shape.is_generator;
        function.parent = Some(self.frame.id);
        function.class = shape.class;
        function.span = shape.span;
        function.head = Span::new(shape.span.start, shape.body_start.max(shape.span.start));
        function.decorators = shape.decorators;
        self.outer.push(std::mem::replace(&mut self.frame, frame));
        if let Some(returns) = shape.returns {
            let ty = self.type_ref(&returns.type_annotation);
            self.frame.builder.function.returns = ty;
        }
        let skip = self.skip_bodies || !self.enter(shape.span);
        let mut prologue = shape.prologue;
        if let Some(params) = shape.params {
            self.parameters(params, shape.param_decorators, prologue.as_mut(), skip);
        }
        if skip {
            self.skipped_body(shape.span);
        } else {
            self.frame.prologue = prologue;
            if !shape.derived {
                self.run_prologue();
            }
            self.function_body(&shape.body, shape.span);
            if self.frame.prologue.is_some() {
                // No `super()` was seen in the constructor itself.
                self.reopen();
                self.run_prologue();
            }
            self.leave();
        }
        if let Some(parent) = self.outer.pop() {
            let frame = std::mem::replace(&mut self.frame, parent);
            self.facts.finish_function(id, frame.builder.finish());
        }
        id
    }

    fn function_body(&mut self, body: &Body<'a>, span: Span) {
        match *body {
            Body::Statements(list) => self.statements(list),
            Body::Expression(e) => {
                let value = self.expr(e);
                self.frame
                    .builder
                    .terminate(Term::Return(Some(value)), sp(oxc_span::GetSpan::span(e)));
            }
            Body::Synthetic { derived } => {
                if derived {
                    let name = self.symbol("args");
                    let local = self.frame.builder.local(LocalKind::Param, Some(name));
                    self.frame.builder.function.params.push(Param {
                        local,
                        name: Some(name),
                        rest: true,
                        ..Param::default()
                    });
                    let args = self.frame.builder.args(&[Arg {
                        key: ArgKey::Spread,
                        value: Operand::Local(local),
                    }]);
                    let this = Some(self.this(span));
                    let callee = self.undefined();
                    let to = self.temp();
                    let flags = CallFlags {
                        super_call: true,
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
                    self.run_prologue();
                }
            }
        }
    }

    /// A body that is not analysed returns something that its parameters may be part of.
    fn skipped_body(&mut self, span: Span) {
        self.facts.facts.stats.skipped_bodies += 1;
        let operands: Vec<Operand> = self
            .frame
            .builder
            .function
            .params
            .iter()
            .map(|p| Operand::Local(p.local))
            .collect();
        let value = self.opaque(&operands, span);
        self.frame
            .builder
            .terminate(Term::Return(Some(value)), span);
    }

    fn parameters(
        &mut self,
        params: &'a FormalParameters<'a>,
        decorators: Vec<Vec<Decorator>>,
        mut prologue: Option<&mut Prologue<'a>>,
        skip: bool,
    ) {
        let mut decorators = decorators.into_iter();
        let mut destructured = Vec::new();
        // All parameters have their local before any default value is computed.
        for item in &params.items {
            let mut param = Param {
                optional: item.optional || item.initializer.is_some(),
                decorators: decorators.next().unwrap_or_default(),
                ..Param::default()
            };
            param.name = self.pattern_name(&item.pattern);
            param.ty = item
                .type_annotation
                .as_ref()
                .and_then(|t| self.type_ref(&t.type_annotation));
            param.local = self.param_local(&item.pattern, param.name);
            if let Some(local) = self
                .frame
                .builder
                .function
                .locals
                .get_mut(param.local.index())
            {
                local.ty.clone_from(&param.ty);
            }
            let is_property = item.accessibility.is_some() || item.readonly || item.r#override;
            if is_property
                && let (Some(name), Some(prologue)) = (param.name, prologue.as_deref_mut())
            {
                prologue.parameters.push((name, param.local, sp(item.span)));
            }
            destructured.push((
                item.initializer.as_deref(),
                &item.pattern,
                param.local,
                sp(item.span),
            ));
            self.frame.builder.function.params.push(param);
        }
        if let Some(rest) = &params.rest {
            let pattern = &rest.rest.argument;
            let name = self.pattern_name(pattern);
            let ty = rest
                .type_annotation
                .as_ref()
                .and_then(|t| self.type_ref(&t.type_annotation));
            let local = self.param_local(pattern, name);
            let decorators = decorators.next().unwrap_or_default();
            self.frame.builder.function.params.push(Param {
                local,
                name,
                rest: true,
                ty,
                decorators,
                ..Param::default()
            });
            destructured.push((None, pattern, local, sp(rest.span)));
        }
        if skip {
            return;
        }
        for (init, pattern, local, span) in destructured {
            let mut value = Operand::Local(local);
            if let Some(init) = init {
                let name = self.pattern_name(pattern);
                value = self.param_default(value, init, name, local);
            }
            if !matches!(pattern, BindingPattern::BindingIdentifier(_)) {
                self.bind(pattern, value, span);
            }
        }
    }

    fn param_local(
        &mut self,
        pattern: &BindingPattern<'a>,
        name: Option<Symbol>,
    ) -> casemate_ir::LocalId {
        let local = self.frame.builder.local(LocalKind::Param, name);
        if let BindingPattern::BindingIdentifier(i) = pattern
            && let Some(symbol) = i.symbol_id.get()
        {
            self.scopes.set_local(symbol, self.frame.id, local);
        }
        local
    }

    /// Gives a parameter its default where nothing was passed.
    fn param_default(
        &mut self,
        value: Operand,
        init: &'a Expression<'a>,
        name: Option<Symbol>,
        local: casemate_ir::LocalId,
    ) -> Operand {
        let span = sp(oxc_span::GetSpan::span(init));
        let (missing, end) = (self.block(), self.block());
        let undefined = self.undefined();
        let cond = self.op(OpKind::StrictEq, &[value, undefined], span);
        self.branch(cond, missing, end, span);
        self.switch(missing);
        let init = self.expr_named(init, name);
        self.copy(local, init, span);
        self.goto_and_switch(end, span);
        value
    }
}
