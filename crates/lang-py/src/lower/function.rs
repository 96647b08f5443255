//! Functions: parameters, defaults, bodies, decorators.

use super::types::default_of;
use super::{Lowerer, sp};
use crate::frame::{Bound, Frame};
use crate::names::Names;
use casemate_ir::{
    ClassId, Decorator, FnId, FnKind, Instr, LocalId, LocalKind, OpKind, Operand, Param, Span,
    Symbol, Term,
};
use ruff_python_ast::{Expr, ExprLambda, ParameterWithDefault, Parameters, Stmt, StmtFunctionDef};

/// The code of a function.
#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    Statements(&'a [Stmt]),
    Expression(&'a Expr),
}

/// A function before it is lowered.
pub(super) struct Shape<'a> {
    pub(super) kind: FnKind,
    pub(super) name: Option<Symbol>,
    pub(super) is_async: bool,
    pub(super) params: Option<&'a Parameters>,
    pub(super) returns: Option<&'a Expr>,
    pub(super) body: Body<'a>,
    pub(super) class: Option<ClassId>,
    /// The first parameter is the receiver.
    pub(super) receiver: bool,
    /// A decorator makes it a context manager.
    pub(super) manager: bool,
    pub(super) decorators: Vec<Decorator>,
    pub(super) span: Span,
    pub(super) body_start: u32,
}

/// A parameter with its default, which was computed in the function around.
struct Default_ {
    local: LocalId,
    value: Operand,
}

impl<'a> Shape<'a> {
    pub(super) fn of(
        f: &'a StmtFunctionDef,
        kind: FnKind,
        name: Symbol,
        decorators: Vec<Decorator>,
    ) -> Self {
        let span = sp(f);
        let start = f.name.range.start().to_u32();
        Self {
            kind,
            name: Some(name),
            is_async: f.is_async,
            params: Some(&f.parameters),
            returns: f.returns.as_deref(),
            body: Body::Statements(&f.body),
            class: None,
            receiver: false,
            manager: f.decorator_list.iter().any(|d| {
                matches!(
                    decorator_name(&d.expression),
                    Some("contextmanager" | "asynccontextmanager")
                )
            }),
            decorators,
            span: Span::new(start.min(span.end), span.end),
            body_start: f.body.first().map_or(span.end, |s| sp(s).start),
        }
    }
}

impl<'a> Lowerer<'a> {
    /// `def f(…): …`
    pub(super) fn function_statement(&mut self, f: &'a StmtFunctionDef) {
        let span = sp(f);
        let decorators = self.decorators(&f.decorator_list);
        let name = self.symbol(&f.name);
        let shape = Shape::of(f, FnKind::Function, name, decorators.clone());
        let head = Span::new(shape.span.start, shape.body_start.max(shape.span.start));
        let func = self.function(shape);
        let to = self.temp();
        self.emit(Instr::Closure { to, func }, head);
        let value = self.decorate(Operand::Local(to), &decorators);
        self.write_name(&f.name, value, span);
    }

    /// What decorators make of a value: what they return, or the value itself where nobody knows what they do.
    pub(super) fn decorate(&mut self, value: Operand, decorators: &[Decorator]) -> Operand {
        let mut made = value;
        for decorator in decorators.iter().rev() {
            let result = self.call_value(decorator.value, None, &[made], decorator.span);
            made = self.op(OpKind::Select, &[made, result], decorator.span);
        }
        made
    }

    pub(super) fn decorators(&mut self, list: &'a [ruff_python_ast::Decorator]) -> Vec<Decorator> {
        list.iter()
            .map(|d| Decorator {
                value: self.expr(&d.expression),
                span: sp(d),
            })
            .collect()
    }

    pub(super) fn lambda(&mut self, l: &'a ExprLambda) -> Operand {
        let span = sp(l);
        let shape = Shape {
            kind: FnKind::Function,
            name: None,
            is_async: false,
            params: l.parameters.as_deref(),
            returns: None,
            body: Body::Expression(&l.body),
            class: None,
            receiver: false,
            manager: false,
            decorators: Vec::new(),
            span,
            body_start: sp(&*l.body).start,
        };
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
        let defaults = self.defaults(shape.params, shape.span);
        let said = self.said_of_parameters(shape.params, &defaults);
        let owner = self.outer.len();
        let id = self.open(&shape);
        if self.copying > 0 {
            self.copied_functions.insert(shape.span, id);
        }
        let names = match shape.body {
            Body::Statements(body) => Names::of(body, self.walrus),
            Body::Expression(e) => Names::of_expr(e, self.walrus),
        };
        self.declare(&names);
        let waiting = shape
            .params
            .map(|params| self.parameters(params, shape.receiver, &defaults, said))
            .unwrap_or_default();
        if let Some(returns) = shape.returns {
            self.frame.builder.function.returns = self.type_ref(returns);
        }
        if self.skip_bodies || !self.enter(shape.span) {
            self.skipped_body(shape.span);
        } else {
            for default in waiting {
                self.apply_default(&default, owner, shape.span);
            }
            if shape.manager {
                self.frame.manager = Some(self.slot());
            }
            match shape.body {
                Body::Statements(body) => self.statements(body),
                Body::Expression(e) => {
                    let value = self.expr(e);
                    self.frame
                        .builder
                        .terminate(Term::Return(Some(value)), sp(e));
                }
            }
            if let Some(slot) = self.frame.manager {
                self.frame
                    .builder
                    .terminate(Term::Return(Some(Operand::Local(slot))), shape.span);
            }
            self.leave();
        }
        self.close(id);
        id
    }

    /// A function that the source does not have.
    pub(super) fn synthetic(
        &mut self,
        kind: FnKind,
        span: Span,
        body: impl FnOnce(&mut Self) -> Option<()>,
    ) -> FnId {
        let shape = Shape {
            kind,
            name: None,
            is_async: false,
            params: None,
            returns: None,
            body: Body::Statements(&[]),
            class: None,
            receiver: false,
            manager: false,
            decorators: Vec::new(),
            span,
            body_start: span.end,
        };
        let id = self.open(&shape);
        if body(self).is_none() {
            self.opaque(&[], span);
        }
        self.close(id);
        id
    }

    /// Begins a function; [`Lowerer::close`] ends it.
    pub(super) fn open(&mut self, shape: &Shape<'a>) -> FnId {
        let id = self.facts.reserve_function();
        let mut frame = Frame::new(id, shape.kind);
        let function = &mut frame.builder.function;
        function.name = shape.name;
        function.is_async = shape.is_async;
        function.parent = Some(self.frame.id);
        function.class = shape.class;
        function.span = shape.span;
        function.head = Span::new(shape.span.start, shape.body_start.max(shape.span.start));
        function.decorators.clone_from(&shape.decorators);
        self.outer.push(std::mem::replace(&mut self.frame, frame));
        id
    }

    pub(super) fn close(&mut self, id: FnId) {
        if let Some(parent) = self.outer.pop() {
            let frame = std::mem::replace(&mut self.frame, parent);
            self.facts.finish_function(id, frame.builder.finish());
        }
    }

    fn declare(&mut self, names: &Names<'a>) {
        for &name in &names.bound {
            self.frame.names.insert(name, Bound::Local(None));
        }
        for &name in &names.globals {
            self.frame.names.insert(name, Bound::Global);
        }
        for &name in &names.nonlocals {
            self.frame.names.insert(name, Bound::Nonlocal);
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

    /// Default values, computed once, where the function is made.
    fn defaults(&mut self, params: Option<&'a Parameters>, span: Span) -> Vec<Operand> {
        let Some(params) = params else {
            return Vec::new();
        };
        let with_default: Vec<&'a Expr> = params
            .iter_non_variadic_params()
            .filter_map(|p: &'a ParameterWithDefault| default_of(p))
            .collect();
        with_default
            .into_iter()
            .map(|e| match self.expr(e) {
                Operand::Local(from) => {
                    let slot = self.slot();
                    self.copy(slot, Operand::Local(from), span);
                    Operand::Local(slot)
                }
                constant => constant,
            })
            .collect()
    }

    fn parameters(
        &mut self,
        params: &'a Parameters,
        receiver: bool,
        defaults: &[Operand],
        said: Vec<Vec<Decorator>>,
    ) -> Vec<Default_> {
        let mut waiting = Vec::new();
        let mut defaults = defaults.iter();
        let mut said = said.into_iter();
        let mut receiver = receiver;
        // `iter_non_variadic_params` is also the order in which defaults, and what is said, were computed.
        for param in params.posonlyargs.iter().chain(&params.args) {
            if receiver {
                receiver = false;
                let name = self.symbol(&param.parameter.name);
                let local = self.frame.builder.local(LocalKind::This, Some(name));
                self.frame.builder.function.this = Some(local);
                self.frame
                    .names
                    .insert(&param.parameter.name.id, Bound::Local(Some(local)));
                if default_of(param).is_some() {
                    defaults.next();
                }
                said.next();
                continue;
            }
            self.parameter(param, &mut defaults, &mut said, &mut waiting);
        }
        if let Some(rest) = &params.vararg {
            self.plain_parameter(rest, true, false);
        }
        for param in &params.kwonlyargs {
            self.parameter(param, &mut defaults, &mut said, &mut waiting);
        }
        if let Some(rest) = &params.kwarg {
            self.plain_parameter(rest, false, true);
        }
        waiting
    }

    fn parameter<'d>(
        &mut self,
        param: &'a ParameterWithDefault,
        defaults: &mut impl Iterator<Item = &'d Operand>,
        said: &mut impl Iterator<Item = Vec<Decorator>>,
        waiting: &mut Vec<Default_>,
    ) {
        let local = self.plain_parameter(&param.parameter, false, false);
        if let (Some(said), Some(last)) =
            (said.next(), self.frame.builder.function.params.last_mut())
        {
            last.decorators = said;
        }
        if default_of(param).is_none() {
            return;
        }
        if let Some(last) = self.frame.builder.function.params.last_mut() {
            last.optional = true;
        }
        if let Some(&value) = defaults.next() {
            waiting.push(Default_ { local, value });
        }
    }

    fn plain_parameter(
        &mut self,
        param: &'a ruff_python_ast::Parameter,
        rest: bool,
        keyword_rest: bool,
    ) -> LocalId {
        let name = self.symbol(&param.name);
        let ty = param.annotation.as_ref().and_then(|a| self.type_ref(a));
        let local = self.frame.builder.local(LocalKind::Param, Some(name));
        if !rest
            && !keyword_rest
            && let Some(l) = self.frame.builder.function.locals.get_mut(local.index())
        {
            l.ty.clone_from(&ty);
        }
        self.frame
            .names
            .insert(&param.name.id, Bound::Local(Some(local)));
        self.frame.builder.function.params.push(Param {
            local,
            name: Some(name),
            rest,
            keyword_rest,
            ty: ty.filter(|_| !rest && !keyword_rest),
            ..Param::default()
        });
        local
    }

    /// Gives a parameter its default where nothing was passed.
    fn apply_default(&mut self, default: &Default_, owner: usize, span: Span) {
        let (missing, end) = (self.block(), self.block());
        let undefined = self.undefined();
        let cond = self.op(
            OpKind::StrictEq,
            &[Operand::Local(default.local), undefined],
            span,
        );
        self.branch(cond, missing, end, span);
        self.switch(missing);
        let value = match default.value {
            Operand::Local(slot) => {
                let place = self.reach(slot, owner);
                self.read(place, span)
            }
            constant => constant,
        };
        self.copy(default.local, value, span);
        self.goto_and_switch(end, span);
    }
}

/// The last name of a decorator, called or not.
pub(super) fn decorator_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(n) => Some(&n.id),
        Expr::Attribute(a) => Some(&a.attr),
        Expr::Call(c) => decorator_name(&c.func),
        _ => None,
    }
}
