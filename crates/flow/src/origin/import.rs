//! What an import stands for, through re-exports.

use super::solve::{Frame, Solver};
use super::value::{Val, ValId, ValSet};
use crate::limits;
use crate::program::Target;
use crate::result::FileIdx;
use crate::symbol::Sym;
use casemate_ir::Language;

impl<'p, 'm> Solver<'p, 'm> {
    pub(super) fn import(&mut self, frame: Frame<'p>, import: usize, name: Option<Sym>) -> ValSet {
        let file = frame.f.file;
        let require = file.facts.imports.get(import).is_some_and(|i| i.require);
        match file.imports.get(import) {
            Some(Target::File(target)) => self.import_file(frame, *target, name, require),
            Some(Target::Package(root)) => {
                let root = self.paths.root(root);
                let path = match name {
                    // Packages are CommonJS or ES; `default` is the package itself in either reading.
                    Some(name) if self.program.text(name) != "default" => {
                        self.member_path(root, name)
                    }
                    _ => Some(root),
                };
                path.map_or_else(ValSet::new, |p| {
                    ValSet::from_slice(&[self.vals.id(Val::Api(p))])
                })
            }
            _ => ValSet::new(),
        }
    }

    pub(super) fn import_file(
        &mut self,
        frame: Frame<'p>,
        target: FileIdx,
        name: Option<Sym>,
        require: bool,
    ) -> ValSet {
        let facts = &self.program.file(target).facts;
        if facts.is_module {
            return match name {
                Some(name) => self.exported(frame, target, name, 0),
                None => ValSet::from_slice(&[self.vals.id(Val::Namespace(target))]),
            };
        }
        if facts.language == Language::Template {
            let template = self.program.func_id(target, casemate_ir::FnId(0));
            return ValSet::from_slice(&[self.vals.id(Val::Func(template))]);
        }
        let module = self.vals.id(Val::Module(target));
        let exports = self.program.symbols.find("exports").unwrap_or(Sym::ANY);
        let whole = self.load_all(frame, &[module], exports);
        match name {
            None => whole,
            Some(_) if require => whole,
            Some(name) => {
                let mut vals = self.load_all(frame, &whole, name);
                if self.program.text(name) == "default" {
                    for val in whole {
                        if !vals.contains(&val) {
                            vals.push(val);
                        }
                    }
                }
                vals
            }
        }
    }

    /// The values of one export of an ES module.
    pub(super) fn exported(
        &mut self,
        frame: Frame<'p>,
        file: FileIdx,
        name: Sym,
        depth: u32,
    ) -> ValSet {
        use casemate_ir::ExportKind;
        let mut out = ValSet::new();
        if depth > 8 {
            return out;
        }
        let program = self.program;
        let source = program.file(file);
        for export in &source.facts.exports {
            let is = program.sym(file, export.name) == name;
            match export.kind {
                ExportKind::Variable(global) if is => {
                    let node = self.global_node(program.global(file, global));
                    out.extend(self.get_shared(node, frame.f.id));
                }
                ExportKind::From(import, inner) if is => {
                    let inner = inner.map(|i| program.sym(file, i));
                    out.extend(self.through(frame, file, import.index(), inner, depth));
                }
                ExportKind::All(import) if program.text(name) != "default" => {
                    out.extend(self.through(frame, file, import.index(), Some(name), depth));
                }
                _ => {}
            }
        }
        out
    }

    pub(super) fn through(
        &mut self,
        frame: Frame<'p>,
        file: FileIdx,
        import: usize,
        name: Option<Sym>,
        depth: u32,
    ) -> ValSet {
        let program = self.program;
        match program.file(file).imports.get(import) {
            Some(Target::File(target)) if program.file(*target).facts.is_module => match name {
                Some(name) => self.exported(frame, *target, name, depth + 1),
                None => ValSet::from_slice(&[self.vals.id(Val::Namespace(*target))]),
            },
            Some(Target::File(target)) => self.import_file(frame, *target, name, false),
            Some(Target::Package(root)) => {
                let root = self.paths.root(root);
                let path = match name {
                    Some(name) if program.text(name) != "default" => self.member_path(root, name),
                    _ => Some(root),
                };
                path.map_or_else(ValSet::new, |p| {
                    ValSet::from_slice(&[self.vals.id(Val::Api(p))])
                })
            }
            _ => ValSet::new(),
        }
    }

    /// A member, as far as it was seen during the pass.
    pub(super) fn peek(&self, val: ValId, sym: Sym, depth: u32, out: &mut ValSet) {
        if depth > 6 || out.len() > limits::ORIGIN_VALUES {
            return;
        }
        out.extend_from_slice(self.of_field(val, sym));
        match self.vals.get(val) {
            Some(Val::Api(path)) => {
                if let Some(next) = self.members.get(&(path, sym)).copied().flatten() {
                    out.extend(self.vals.find(Val::Api(next)));
                }
            }
            Some(Val::Instance(class)) => {
                if let Some((file, def)) = self.program.class(class) {
                    for member in &def.members {
                        if let Some(func) = member.func
                            && !member.is_static
                            && self.program.sym(file, member.name) == sym
                        {
                            out.extend(self.vals.find(Val::Func(self.program.func_id(file, func))));
                        }
                    }
                }
                for &base in self.of_bases(class) {
                    if let Some(Val::Class(base)) = self.vals.get(base)
                        && let Some(instance) = self.vals.find(Val::Instance(base))
                    {
                        self.peek(instance, sym, depth + 1, out);
                    }
                }
            }
            Some(Val::FnInstance(func)) => {
                if let Some(proto) = self.vals.find(Val::Proto(func)) {
                    out.extend_from_slice(self.of_field(proto, sym));
                }
            }
            Some(Val::Module(file)) if self.program.text(sym) == "exports" => {
                out.extend(self.vals.find(Val::Exports(file)));
            }
            Some(Val::Namespace(file)) => {
                for export in &self.program.file(file).facts.exports {
                    if self.program.sym(file, export.name) == sym
                        && let casemate_ir::ExportKind::Variable(global) = export.kind
                    {
                        out.extend_from_slice(self.of_global(self.program.global(file, global)));
                    }
                }
            }
            _ => {}
        }
    }
}
