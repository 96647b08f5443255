//! The module body: variables, imports, exports.

use super::{Lowerer, of_range, sp};
use crate::names::{Names, declared_global};
use casemate_ir::{
    Export, ExportKind, FnKind, GlobalId, Import, ImportId, Instr, Operand, Span, Term,
};
use ruff_python_ast::{ModModule, StmtImport, StmtImportFrom};
use ruff_text_size::Ranged;

impl<'a> Lowerer<'a> {
    /// Lowers the whole file; afterwards its facts are complete.
    pub(super) fn module(&mut self, module: &'a ModModule) {
        let span = of_range(module.range());
        let names = Names::of(&module.body, self.walrus);
        for &name in &names.bound {
            self.make_global(name, !names.rebound.contains(name));
        }
        if self.text.contains("global ") {
            for name in declared_global(&module.body) {
                self.make_global(name, false);
            }
        }
        self.frame.builder.function.span = span;
        self.statements(&module.body);
        let end = Span::new(span.end, span.end);
        self.frame.builder.terminate(Term::Return(None), end);
        let id = self.frame.id;
        let frame = std::mem::replace(
            &mut self.frame,
            crate::frame::Frame::new(id, FnKind::Module),
        );
        self.facts.finish_function(id, frame.builder.finish());
        let exports: Vec<Export> = self
            .facts
            .facts
            .globals
            .iter()
            .enumerate()
            .map(|(index, binding)| Export {
                name: binding.name,
                kind: ExportKind::Variable(GlobalId::from(index)),
            })
            .collect();
        // A name of the module's own hides one that a star brings.
        let stars = std::mem::take(&mut self.facts.facts.exports);
        self.facts.facts.exports = exports;
        self.facts.facts.exports.extend(stars);
    }

    fn import_of(&mut self, specifier: &str, span: Span) -> ImportId {
        let specifier = Some(self.symbol(specifier));
        let imports = &mut self.facts.facts.imports;
        if let Some(known) = imports.iter().position(|i| i.specifier == specifier) {
            return ImportId::from(known);
        }
        let id = ImportId::from(imports.len());
        imports.push(Import {
            specifier,
            require: false,
            type_only: false,
            span,
        });
        id
    }

    /// A module, or one name of it.
    pub(super) fn import_module(
        &mut self,
        specifier: &str,
        name: Option<&str>,
        span: Span,
    ) -> Operand {
        let import = self.import_of(specifier, span);
        let name = name.map(|n| self.symbol(n));
        let to = self.temp();
        self.emit(Instr::Import { to, import, name }, span);
        Operand::Local(to)
    }

    pub(super) fn import_statement(&mut self, i: &'a StmtImport) {
        for alias in &i.names {
            let span = sp(alias);
            match &alias.asname {
                Some(name) => {
                    let value = self.import_module(&alias.name, None, span);
                    self.write_name(&name.id, value, span);
                }
                None => {
                    let whole = alias.name.id.as_str();
                    let top = whole.split('.').next().unwrap_or(whole);
                    let value = self.import_module(top, None, span);
                    self.write_name(top, value, span);
                    if top != whole {
                        // The submodule runs, and is a member of its package from then on.
                        self.import_of(whole, span);
                    }
                }
            }
        }
    }

    pub(super) fn import_from(&mut self, i: &'a StmtImportFrom) {
        let mut specifier = ".".repeat(i.level as usize);
        if let Some(module) = &i.module {
            specifier.push_str(module);
        }
        for alias in &i.names {
            let span = sp(alias);
            if alias.name.id == "*" {
                let import = self.import_of(&specifier, span);
                let name = self.symbol("*");
                self.facts.facts.exports.push(Export {
                    name,
                    kind: ExportKind::All(import),
                });
                continue;
            }
            let value = self.import_module(&specifier, Some(&alias.name.id), span);
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            self.write_name(&name.id, value, span);
        }
    }
}
