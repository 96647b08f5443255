//! Statements, except those that only direct control (see `control`).

use super::vars::Place;
use super::{Lowerer, sp};
use casemate_ir::{FnKind, Operand, Span, Term, VarRef};
use oxc_ast::ast::{
    BindingPattern, BlockStatement, Declaration, ExportDefaultDeclarationKind, Function, Statement,
    VariableDeclaration, VariableDeclarationKind,
};
use oxc_span::GetSpan;

impl<'a> Lowerer<'a> {
    /// A list of statements; its function declarations come first.
    pub(super) fn statements(&mut self, list: &'a [Statement<'a>]) {
        for statement in list {
            if let Some(function) = declared_function(statement) {
                self.reopen();
                self.declare_function(function);
            }
        }
        for statement in list {
            self.statement(statement);
        }
    }

    /// A single statement as the body of another.
    pub(super) fn body(&mut self, statement: &'a Statement<'a>) {
        self.statements(std::slice::from_ref(statement));
    }

    pub(super) fn block_statement(&mut self, block: &'a BlockStatement<'a>) {
        self.statements(&block.body);
    }

    /// Code after a jump cannot be reached, but its functions exist.
    pub(super) fn reopen(&mut self) {
        if self.frame.builder.terminated() {
            let block = self.block();
            self.switch(block);
        }
    }

    fn declare_function(&mut self, function: &'a Function<'a>) {
        if function.body.is_none() {
            return;
        }
        let value = self.function_value(function, FnKind::Function, None);
        let span = sp(function.span);
        if let Some(id) = &function.id {
            self.write_binding(id, value, span);
        }
    }

    fn statement(&mut self, statement: &'a Statement<'a>) {
        let span = sp(statement.span());
        self.reopen();
        if !self.enter(span) {
            self.opaque(&[], span);
            return;
        }
        self.statement_inner(statement, span);
        self.leave();
    }

    fn statement_inner(&mut self, statement: &'a Statement<'a>, span: Span) {
        match statement {
            Statement::BlockStatement(b) => self.labelled_block(b, span),
            Statement::BreakStatement(b) => {
                self.break_statement(b.label.as_ref().map(|l| l.name.as_str()), span)
            }
            Statement::ContinueStatement(c) => {
                self.continue_statement(c.label.as_ref().map(|l| l.name.as_str()), span)
            }
            Statement::DebuggerStatement(_) | Statement::EmptyStatement(_) => {}
            Statement::DoWhileStatement(d) => self.do_while(d),
            Statement::ExpressionStatement(e) => self.discard(&e.expression),
            Statement::ForInStatement(f) => self.for_in(f),
            Statement::ForOfStatement(f) => self.for_of(f),
            Statement::ForStatement(f) => self.for_statement(f),
            Statement::IfStatement(i) => self.if_statement(i),
            Statement::LabeledStatement(l) => self.labelled(l),
            Statement::ReturnStatement(r) => {
                let value = r.argument.as_ref().map(|a| self.expr(a));
                self.return_value(value, span);
            }
            Statement::SwitchStatement(s) => self.switch_statement(s),
            Statement::ThrowStatement(t) => {
                let value = self.expr(&t.argument);
                self.frame.builder.terminate(Term::Throw(value), span);
            }
            Statement::TryStatement(t) => self.try_statement(t),
            Statement::WhileStatement(w) => self.while_statement(w),
            Statement::WithStatement(w) => {
                // The members of the object become variables; which ones cannot be known.
                let object = self.expr(&w.object);
                self.opaque(&[object], sp(w.object.span()));
                self.body(&w.body);
            }
            other => {
                if let Some(declaration) = other.as_declaration() {
                    self.declaration(declaration);
                } else if let Some(module) = other.as_module_declaration() {
                    self.module_declaration(module);
                }
            }
        }
    }

    pub(super) fn declaration(&mut self, declaration: &'a Declaration<'a>) {
        match declaration {
            Declaration::VariableDeclaration(v) => self.variables(v),
            Declaration::ClassDeclaration(c) if !c.declare => {
                self.class(c, None);
            }
            Declaration::TSEnumDeclaration(e) if !e.declare => self.enumeration(e),
            Declaration::TSNamespaceDeclaration(n) if !n.declare => self.namespace(n),
            // `import x = require()` runs with the other imports; functions are hoisted; the rest are types.
            Declaration::TSImportEqualsDeclaration(_)
            | Declaration::FunctionDeclaration(_)
            | Declaration::TSTypeAliasDeclaration(_)
            | Declaration::TSInterfaceDeclaration(_)
            | Declaration::TSExternalModuleDeclaration(_)
            | Declaration::TSGlobalDeclaration(_)
            | Declaration::ClassDeclaration(_)
            | Declaration::TSEnumDeclaration(_)
            | Declaration::TSNamespaceDeclaration(_) => {}
        }
    }

    pub(super) fn variables(&mut self, declaration: &'a VariableDeclaration<'a>) {
        if declaration.declare {
            return;
        }
        for declarator in &declaration.declarations {
            let span = sp(declarator.span);
            if let Some(annotation) = &declarator.type_annotation {
                self.annotate(&declarator.id, annotation);
            }
            match &declarator.init {
                Some(init) => {
                    let name = self.pattern_name(&declarator.id);
                    let value = self.expr_named(init, name);
                    self.bind(&declarator.id, value, span);
                    if declaration.kind == VariableDeclarationKind::Const
                        || declaration.kind == VariableDeclarationKind::Var
                    {
                        self.note_folder(&declarator.id, init);
                    }
                }
                None if declaration.kind == VariableDeclarationKind::Var => {}
                None => {
                    let value = self.undefined();
                    self.bind(&declarator.id, value, span);
                }
            }
        }
    }

    /// Keeps the annotated type of a variable.
    fn annotate(
        &mut self,
        pattern: &BindingPattern<'a>,
        annotation: &'a oxc_ast::ast::TSTypeAnnotation<'a>,
    ) {
        let BindingPattern::BindingIdentifier(ident) = pattern else {
            return;
        };
        let Some(ty) = self.type_ref(&annotation.type_annotation) else {
            return;
        };
        let Some(symbol) = ident.symbol_id.get() else {
            return;
        };
        match self.symbol_place(symbol) {
            Place::Local(local) => {
                if let Some(local) = self.frame.builder.function.locals.get_mut(local.index()) {
                    local.ty = Some(ty);
                }
            }
            Place::Var(VarRef::Global(global)) => {
                if let Some(binding) = self.facts.facts.globals.get_mut(global.index()) {
                    binding.ty = Some(ty);
                }
            }
            _ => {}
        }
    }

    pub(super) fn return_value(&mut self, value: Option<Operand>, span: Span) {
        let value = match value {
            Some(Operand::Local(local)) if self.leaves_finally(0) => {
                // A `finally` body may assign the variable afterwards.
                let kept = self.temp();
                self.copy(kept, Operand::Local(local), span);
                Some(Operand::Local(kept))
            }
            other => other,
        };
        self.run_finalizers(0, span);
        self.frame.builder.terminate(Term::Return(value), span);
    }
}

/// The function that a statement declares, if it has a body.
fn declared_function<'a>(statement: &'a Statement<'a>) -> Option<&'a Function<'a>> {
    let function = match statement {
        Statement::FunctionDeclaration(f) => f,
        Statement::ExportDeclaration(e) => match &e.declaration {
            Declaration::FunctionDeclaration(f) => f,
            _ => return None,
        },
        Statement::ExportDefaultDeclaration(e) => match &e.declaration {
            // Without a name it is an expression, see `module`.
            ExportDefaultDeclarationKind::FunctionDeclaration(f) if f.id.is_some() => f,
            _ => return None,
        },
        _ => return None,
    };
    (!function.declare && function.body.is_some()).then_some(&**function)
}
