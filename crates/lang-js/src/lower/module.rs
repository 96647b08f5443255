//! The module body: imports, exports, enumerations, namespaces.

use super::{Lowerer, commonjs, sp};
use casemate_ir::{
    Const, Export, ExportKind, FnKind, Import, ImportId, Instr, Key, Operand, Part, PartKey, Span,
    Symbol, Term, VarRef,
};
use oxc_ast::ast::{
    Argument, BindingIdentifier, CallExpression, Declaration, ExportDefaultDeclarationKind,
    Expression, ImportDeclaration, ImportDeclarationSpecifier, ImportExpression,
    ImportOrExportKind, ModuleDeclaration, ModuleExportName, Program, Statement, TSEnumDeclaration,
    TSEnumMemberName, TSImportEqualsDeclaration, TSModuleReference, TSNamespaceDeclaration,
    TSNamespaceDeclarationBody,
};
use oxc_semantic::{ScopeId, SymbolFlags, SymbolId};
use oxc_span::GetSpan;
use rustc_hash::FxHashSet;

impl<'a> Lowerer<'a> {
    /// Lowers the whole file; afterwards its facts are complete.
    pub(super) fn program(&mut self, program: &'a Program<'a>) {
        self.comments(program);
        self.note_actions(program);
        if self.template.is_none() {
            self.declare_globals(program);
        }
        self.frame.builder.function.span = sp(program.span);
        self.imports(&program.body);
        self.statements(&program.body);
        let end = Span::new(program.span.end, program.span.end);
        self.frame.builder.terminate(Term::Return(None), end);
        let id = self.frame.id;
        let scope = self.frame.scope;
        let frame = std::mem::replace(
            &mut self.frame,
            crate::scope::Frame::new(id, scope, FnKind::Module),
        );
        self.facts.finish_function(id, frame.builder.finish());
        self.exports(&program.body);
    }

    fn comments(&mut self, program: &Program<'a>) {
        for comment in &program.comments {
            let text = self.slice(comment.span);
            if text.contains("casemate:") {
                self.facts
                    .facts
                    .comments
                    .push((sp(comment.span), text.to_owned()));
            }
        }
    }

    fn declare_globals(&mut self, program: &'a Program<'a>) {
        let mut exported = FxHashSet::default();
        let mut classes = FxHashSet::default();
        for statement in &program.body {
            self.survey(statement, &mut exported, &mut classes);
        }
        for symbol in self.scopes.shared(&exported, &classes) {
            self.make_global(symbol);
        }
    }

    /// Collects the exported symbols and the scopes of classes at module level.
    pub(super) fn survey(
        &mut self,
        statement: &'a Statement<'a>,
        exported: &mut FxHashSet<SymbolId>,
        classes: &mut FxHashSet<ScopeId>,
    ) {
        match statement {
            Statement::ClassDeclaration(c) => classes.extend(c.scope_id.get()),
            Statement::VariableDeclaration(v) => {
                for declarator in &v.declarations {
                    if let Some(Expression::ClassExpression(c)) = &declarator.init {
                        classes.extend(c.scope_id.get());
                    }
                }
            }
            Statement::ExpressionStatement(e) => {
                if let Expression::AssignmentExpression(a) = &e.expression
                    && let Expression::ClassExpression(c) = &a.right
                {
                    classes.extend(c.scope_id.get());
                }
            }
            Statement::ExportDeclaration(e) => match &e.declaration {
                Declaration::ClassDeclaration(c) => {
                    classes.extend(c.scope_id.get());
                    exported.extend(c.id.as_ref().and_then(|i| i.symbol_id.get()));
                }
                Declaration::VariableDeclaration(v) => {
                    for declarator in &v.declarations {
                        exported.extend(declarator.id.get_symbol_ids());
                        if let Some(Expression::ClassExpression(c)) = &declarator.init {
                            classes.extend(c.scope_id.get());
                        }
                    }
                }
                other => exported.extend(other.id().and_then(|i| i.symbol_id.get())),
            },
            Statement::ExportDefaultDeclaration(e) => match &e.declaration {
                ExportDefaultDeclarationKind::FunctionDeclaration(f) => {
                    exported.extend(f.id.as_ref().and_then(|i| i.symbol_id.get()));
                }
                ExportDefaultDeclarationKind::ClassDeclaration(c) => {
                    classes.extend(c.scope_id.get());
                    exported.extend(c.id.as_ref().and_then(|i| i.symbol_id.get()));
                }
                ExportDefaultDeclarationKind::ClassExpression(c) => {
                    classes.extend(c.scope_id.get())
                }
                ExportDefaultDeclarationKind::Identifier(i) => exported.extend(self.symbol_of(i)),
                _ => {}
            },
            Statement::ExportNamedDeclaration(e) => {
                for specifier in &e.specifiers {
                    exported.extend(self.exported_symbol(&specifier.local));
                }
            }
            _ => {}
        }
    }

    fn exported_symbol(&self, name: &ModuleExportName<'a>) -> Option<SymbolId> {
        match name {
            ModuleExportName::IdentifierReference(i) => self
                .symbol_of(i)
                .or_else(|| self.scopes.scoping.get_root_binding(i.name)),
            ModuleExportName::IdentifierName(i) => self.scopes.scoping.get_root_binding(i.name),
            ModuleExportName::StringLiteral(_) => None,
        }
    }

    /// Imports run before everything else.
    fn imports(&mut self, body: &'a [Statement<'a>]) {
        for statement in body {
            match statement {
                Statement::ImportDeclaration(i) => self.import(i),
                Statement::TSImportEqualsDeclaration(i) => self.import_equals(i),
                Statement::ExportDeclaration(e) => {
                    if let Declaration::TSImportEqualsDeclaration(i) = &e.declaration {
                        self.import_equals(i);
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn new_import(
        &mut self,
        specifier: Option<&str>,
        require: bool,
        type_only: bool,
        span: Span,
    ) -> ImportId {
        let specifier = specifier.map(|s| self.symbol(s));
        let id = ImportId::from(self.facts.facts.imports.len());
        self.facts.facts.imports.push(Import {
            specifier,
            require,
            type_only,
            span,
        });
        id
    }

    fn import(&mut self, i: &'a ImportDeclaration<'a>) {
        self.facts.facts.is_module = true;
        let type_only = i.import_kind == ImportOrExportKind::Type;
        let import = self.new_import(Some(i.source.value.as_str()), false, type_only, sp(i.span));
        for specifier in i.specifiers.iter().flatten() {
            let name = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(s) => {
                    Some(self.symbol(s.imported.name().as_str()))
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => {
                    Some(self.symbol("default"))
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => None,
            };
            let span = sp(specifier.span());
            let value = self.imported(import, name, span);
            self.write_binding(specifier.local(), value, span);
        }
    }

    fn imported(&mut self, import: ImportId, name: Option<Symbol>, span: Span) -> Operand {
        let to = self.temp();
        self.emit(Instr::Import { to, import, name }, span);
        Operand::Local(to)
    }

    fn import_equals(&mut self, i: &'a TSImportEqualsDeclaration<'a>) {
        let span = sp(i.span);
        let value = match &i.module_reference {
            TSModuleReference::ExternalModuleReference(r) => {
                self.facts.facts.is_module = true;
                let type_only = i.import_kind == ImportOrExportKind::Type;
                let import =
                    self.new_import(Some(r.expression.value.as_str()), true, type_only, span);
                self.imported(import, None, span)
            }
            TSModuleReference::IdentifierReference(r) => self.read_identifier(r),
            TSModuleReference::QualifiedName(q) => {
                let mut names = vec![q.right.name];
                let mut at = &q.left;
                let mut value = loop {
                    match at {
                        oxc_ast::ast::TSTypeName::IdentifierReference(r) => {
                            break self.read_identifier(r);
                        }
                        oxc_ast::ast::TSTypeName::ThisExpression(t) => break self.this(sp(t.span)),
                        oxc_ast::ast::TSTypeName::QualifiedName(q) => {
                            names.push(q.right.name);
                            at = &q.left;
                        }
                    }
                };
                for name in names.into_iter().rev() {
                    let name = self.symbol(name.as_str());
                    value = self.load(value, Key::Field(name), span);
                }
                value
            }
        };
        self.write_binding(&i.id, value, span);
    }

    /// The specifier of `require('x')`.
    pub(super) fn required(&self, call: &'a CallExpression<'a>) -> Option<&'a str> {
        let Expression::Identifier(callee) = &call.callee else {
            return None;
        };
        if callee.name != "require" {
            return None;
        }
        // `const require = createRequire(…)` is a `require`, the parameter of a bundle is not.
        let own = self.symbol_of(callee);
        if own.is_some_and(|s| self.scopes.owner(s) != self.scopes.scoping.root_scope_id()) {
            return None;
        }
        match call.arguments.first()? {
            Argument::StringLiteral(s) => Some(s.value.as_str()),
            Argument::TemplateLiteral(t) if t.expressions.is_empty() => t
                .quasis
                .first()
                .map(|q| q.value.cooked.as_ref().unwrap_or(&q.value.raw).as_str()),
            _ => None,
        }
    }

    pub(super) fn require(&mut self, specifier: &'a str, span: Span) -> Operand {
        let import = self.new_import(Some(specifier), true, false, span);
        self.imported(import, None, span)
    }

    /// `import(x)`; with a computed specifier it is a call of the free function `import`.
    pub(super) fn import_expression(&mut self, i: &'a ImportExpression<'a>) -> Operand {
        let span = sp(i.span);
        let specifier = match &i.source {
            Expression::StringLiteral(s) => Some(s.value.as_str()),
            Expression::TemplateLiteral(t) if t.expressions.is_empty() => t
                .quasis
                .first()
                .map(|q| q.value.cooked.as_ref().unwrap_or(&q.value.raw).as_str()),
            _ => None,
        };
        let import = self.new_import(specifier, false, false, span);
        if specifier.is_some() {
            return self.imported(import, None, span);
        }
        let callee = self.read_free("import", span);
        let value = self.expr(&i.source);
        let args = self.frame.builder.args(&[casemate_ir::Arg {
            key: casemate_ir::ArgKey::Pos,
            value,
        }]);
        let to = self.temp();
        self.emit(
            Instr::Call {
                to,
                callee,
                this: None,
                args,
                flags: casemate_ir::CallFlags::default(),
            },
            span,
        );
        self.imported_by_name(i).unwrap_or(Operand::Local(to))
    }

    /// The code of import and export statements; the tables are filled by `exports`.
    pub(super) fn module_declaration(&mut self, declaration: &'a ModuleDeclaration<'a>) {
        match declaration {
            ModuleDeclaration::ExportDeclaration(e) => self.declaration(&e.declaration),
            ModuleDeclaration::ExportDefaultDeclaration(e) => {
                self.default_export(&e.declaration, sp(e.span))
            }
            ModuleDeclaration::TSExportAssignment(e) => {
                let span = sp(e.span);
                let value = self.expr(&e.expression);
                let base = self.read_free("module", span);
                let key = Key::Field(self.symbol("exports"));
                self.emit(Instr::Store { base, key, value }, span);
            }
            ModuleDeclaration::ImportDeclaration(_)
            | ModuleDeclaration::ExportAllDeclaration(_)
            | ModuleDeclaration::ExportNamedDeclaration(_)
            | ModuleDeclaration::ExportFromDeclaration(_)
            | ModuleDeclaration::TSNamespaceExportDeclaration(_) => {}
        }
    }

    fn default_export(&mut self, declaration: &'a ExportDefaultDeclarationKind<'a>, span: Span) {
        let name = Some(self.symbol("default"));
        let value = match declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(f)
                if f.id.is_none() && f.body.is_some() =>
            {
                self.function_value(f, FnKind::Function, name)
            }
            ExportDefaultDeclarationKind::FunctionDeclaration(_)
            | ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => return,
            ExportDefaultDeclarationKind::ClassDeclaration(c) => {
                let value = self.class(c, name);
                if c.id.is_some() {
                    return;
                }
                value
            }
            other => match other.as_expression() {
                // Exported as the variable itself.
                Some(Expression::Identifier(i)) if self.symbol_of(i).is_some() => return,
                Some(e) => self.expr_named(e, name),
                None => return,
            },
        };
        let global = self.new_global("default", true);
        self.write(super::vars::Place::Var(VarRef::Global(global)), value, span);
        self.export("default", ExportKind::Variable(global));
    }

    fn export(&mut self, name: &str, kind: ExportKind) {
        let name = self.symbol(name);
        self.facts.facts.exports.push(Export { name, kind });
    }

    fn export_symbol(&mut self, name: &str, symbol: Option<SymbolId>) {
        if let Some(global) = symbol.and_then(|s| self.scopes.global(s)) {
            self.export(name, ExportKind::Variable(global));
        }
    }

    fn export_binding(&mut self, ident: &BindingIdentifier<'a>) {
        self.export_symbol(ident.name.as_str(), ident.symbol_id.get());
    }

    /// Fills the table of exports.
    fn exports(&mut self, body: &'a [Statement<'a>]) {
        for statement in body {
            let Some(declaration) = statement.as_module_declaration() else {
                continue;
            };
            match declaration {
                ModuleDeclaration::ExportDeclaration(e) => {
                    self.facts.facts.is_module = true;
                    match &e.declaration {
                        Declaration::VariableDeclaration(v) => {
                            for declarator in &v.declarations {
                                for ident in declarator.id.get_binding_identifiers() {
                                    self.export_binding(ident);
                                }
                            }
                        }
                        Declaration::TSTypeAliasDeclaration(_)
                        | Declaration::TSInterfaceDeclaration(_) => {}
                        other => {
                            if let Some(ident) = other.id() {
                                self.export_binding(ident);
                            }
                        }
                    }
                }
                ModuleDeclaration::ExportDefaultDeclaration(e) => {
                    self.facts.facts.is_module = true;
                    let symbol = match &e.declaration {
                        ExportDefaultDeclarationKind::FunctionDeclaration(f) => {
                            f.id.as_ref().and_then(|i| i.symbol_id.get())
                        }
                        ExportDefaultDeclarationKind::ClassDeclaration(c) => {
                            c.id.as_ref().and_then(|i| i.symbol_id.get())
                        }
                        ExportDefaultDeclarationKind::Identifier(i) => self.symbol_of(i),
                        _ => None,
                    };
                    self.export_symbol("default", symbol);
                }
                ModuleDeclaration::ExportNamedDeclaration(e) => {
                    self.facts.facts.is_module = true;
                    for specifier in &e.specifiers {
                        let symbol = self.exported_symbol(&specifier.local);
                        self.export_symbol(specifier.exported.name().as_str(), symbol);
                    }
                }
                ModuleDeclaration::ExportFromDeclaration(e) => {
                    self.facts.facts.is_module = true;
                    let type_only = e.export_kind == ImportOrExportKind::Type;
                    let import = self.new_import(
                        Some(e.source.value.as_str()),
                        false,
                        type_only,
                        sp(e.span),
                    );
                    for specifier in &e.specifiers {
                        let inner = self.symbol(specifier.local.name().as_str());
                        self.export(
                            specifier.exported.name().as_str(),
                            ExportKind::From(import, Some(inner)),
                        );
                    }
                }
                ModuleDeclaration::ExportAllDeclaration(e) => {
                    self.facts.facts.is_module = true;
                    let type_only = e.export_kind == ImportOrExportKind::Type;
                    let import = self.new_import(
                        Some(e.source.value.as_str()),
                        false,
                        type_only,
                        sp(e.span),
                    );
                    match &e.exported {
                        Some(name) => {
                            self.export(name.name().as_str(), ExportKind::From(import, None))
                        }
                        None => self.export("", ExportKind::All(import)),
                    }
                }
                ModuleDeclaration::ImportDeclaration(_) => self.facts.facts.is_module = true,
                ModuleDeclaration::TSExportAssignment(_)
                | ModuleDeclaration::TSNamespaceExportDeclaration(_) => {}
            }
        }
        // TypeScript and Babel make CommonJS of both: `import fs from 'fs'` beside `module.exports = …`.
        if self.facts.facts.exports.is_empty() && body.iter().any(commonjs::exports) {
            self.facts.facts.is_module = false;
        }
    }

    /// An enumeration is an object of constants.
    pub(super) fn enumeration(&mut self, e: &'a TSEnumDeclaration<'a>) {
        let span = sp(e.span);
        let mut parts = Vec::with_capacity(e.body.members.len());
        let mut next = Some(0.0);
        for member in &e.body.members {
            let name = match &member.id {
                TSEnumMemberName::Identifier(i) => i.name.as_str(),
                TSEnumMemberName::String(s) | TSEnumMemberName::ComputedString(s) => {
                    s.value.as_str()
                }
                TSEnumMemberName::ComputedTemplateString(t) => {
                    t.quasis.first().map_or("", |q| q.value.raw.as_str())
                }
            };
            let name = self.symbol(name);
            let value = match (&member.initializer, next) {
                (Some(init), _) => self.expr(init),
                (None, Some(n)) => self.number(n),
                (None, None) => self.constant(Const::Undefined),
            };
            next = match value {
                Operand::Const(id) => match self.facts.facts.constant(id) {
                    Const::Number(bits) => Some(f64::from_bits(*bits) + 1.0),
                    _ => None,
                },
                Operand::Local(_) => None,
            };
            parts.push(Part {
                key: PartKey::Field(name),
                value,
            });
        }
        let value = self.object_of(&parts, span);
        self.write_binding(&e.id, value, span);
    }

    /// A namespace is an object; its exported declarations become members.
    pub(super) fn namespace(&mut self, n: &'a TSNamespaceDeclaration<'a>) {
        let span = sp(n.span);
        let Some(symbol) = n.id.symbol_id.get() else {
            return;
        };
        if !self
            .scopes
            .scoping
            .symbol_flags(symbol)
            .contains(SymbolFlags::ValueModule)
        {
            return;
        }
        let merged = self
            .scopes
            .scoping
            .symbol_flags(symbol)
            .intersects(SymbolFlags::Class | SymbolFlags::Function | SymbolFlags::Enum);
        let place = self.symbol_place(symbol);
        let object = if merged {
            self.read(place, span)
        } else {
            self.object_of(&[], span)
        };
        if !merged {
            self.write(place, object, span);
        }
        match &n.body {
            TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                if self.enter(span) {
                    self.namespace(inner);
                    self.leave();
                }
                self.namespace_member(object, &inner.id, span);
            }
            TSNamespaceDeclarationBody::TSModuleBlock(block) => {
                self.imports(&block.body);
                self.statements(&block.body);
                for statement in &block.body {
                    self.namespace_members(object, statement);
                }
            }
        }
    }

    fn namespace_members(&mut self, object: Operand, statement: &'a Statement<'a>) {
        let span = sp(statement.span());
        match statement {
            Statement::ExportDeclaration(e) => match &e.declaration {
                Declaration::VariableDeclaration(v) => {
                    for declarator in &v.declarations {
                        for ident in declarator.id.get_binding_identifiers() {
                            self.namespace_member(object, ident, span);
                        }
                    }
                }
                Declaration::TSTypeAliasDeclaration(_) | Declaration::TSInterfaceDeclaration(_) => {
                }
                other => {
                    if let Some(ident) = other.id() {
                        self.namespace_member(object, ident, span);
                    }
                }
            },
            Statement::ExportNamedDeclaration(e) => {
                for specifier in &e.specifiers {
                    if let Some(symbol) = self.exported_symbol(&specifier.local) {
                        let place = self.symbol_place(symbol);
                        let value = self.read(place, span);
                        let key = Key::Field(self.symbol(specifier.exported.name().as_str()));
                        self.emit(
                            Instr::Store {
                                base: object,
                                key,
                                value,
                            },
                            span,
                        );
                    }
                }
            }
            _ => {}
        }
    }

    fn namespace_member(&mut self, object: Operand, ident: &BindingIdentifier<'a>, span: Span) {
        let Some(symbol) = ident.symbol_id.get() else {
            return;
        };
        if !self
            .scopes
            .scoping
            .symbol_flags(symbol)
            .can_be_referenced_by_value()
        {
            return;
        }
        let place = self.symbol_place(symbol);
        let value = self.read(place, span);
        let key = Key::Field(self.symbol(ident.name.as_str()));
        self.emit(
            Instr::Store {
                base: object,
                key,
                value,
            },
            span,
        );
    }
}
