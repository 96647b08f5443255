//! What an import stands for, through re-exports.

use super::solve::{Frame, Solver};
use super::value::{Val, ValId, ValSet};
use crate::limits;
use crate::program::{Program, Target};
use crate::result::FileIdx;
use crate::symbol::Sym;
use casemate_ir::{ExportKind, FnKind, Instr, Key, Language, VarRef};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// CommonJS modules that put something of their own in place of the first `module.exports` and never look at that: nobody else sees it.
pub(super) fn replaced(program: &Program) -> FxHashSet<FileIdx> {
    let mut replaced: FxHashSet<FileIdx> = FxHashSet::default();
    let mut used: FxHashSet<FileIdx> = FxHashSet::default();
    for func in program.function_ids() {
        let f = program.func(func);
        let facts = &f.file.facts;
        if facts.language != Language::JavaScript || facts.is_module {
            continue;
        }
        for instr in &f.func.instrs {
            match *instr {
                Instr::LoadVar {
                    var: VarRef::Free(name),
                    ..
                } if facts.str(name) == "exports" => {
                    used.insert(f.file_idx);
                }
                Instr::Store {
                    base,
                    key: Key::Field(name),
                    ..
                } if f.func.kind == FnKind::Module
                    && facts.str(name) == "exports"
                    && matches!(f.made_by(base), Some(Instr::LoadVar { var: VarRef::Free(of), .. })
                        if facts.str(*of) == "module") =>
                {
                    replaced.insert(f.file_idx);
                }
                _ => {}
            }
        }
    }
    replaced.retain(|file| !used.contains(file));
    replaced
}

/// Where a chain of re-exports ends.
#[derive(Clone, Copy)]
pub(super) enum Leaf {
    /// A variable of a module.
    Variable(u32),
    /// `export * as name`.
    Namespace(FileIdx),
    /// A name of an import that leads to no ES module: the file that imports it, which import, the name.
    Import(FileIdx, usize, Option<Sym>),
}

impl<'p, 'm> Solver<'p, 'm> {
    pub(super) fn import(&mut self, frame: Frame<'p>, import: usize, name: Option<Sym>) -> ValSet {
        let file = frame.f.file;
        let require = file.facts.imports.get(import).is_some_and(|i| i.require);
        match file.imports.get(import) {
            Some(Target::File(target)) => self.import_file(frame, *target, name, require),
            Some(Target::Package(root)) => {
                let root = self.paths.root(root);
                if !self.paths.known(root)
                    && let Some(val) = self.known_by_name(frame, import, name)
                {
                    return ValSet::from_slice(&[val]);
                }
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
            _ => self
                .known_by_name(frame, import, name)
                .map_or_else(ValSet::new, |val| ValSet::from_slice(&[val])),
        }
    }

    /// What an import of code that is not here is by its name, or by how that ends, where models say so (`any:prisma`, `any:*Procedure`); a default export is called as
    /// its module.
    fn known_by_name(
        &mut self,
        frame: Frame<'p>,
        import: usize,
        name: Option<Sym>,
    ) -> Option<ValId> {
        if frame.f.file.facts.language != Language::JavaScript {
            return None;
        }
        let name = self.program.text(name?);
        let name = if name == "default" {
            let import = frame.f.file.facts.imports.get(import)?;
            let specifier = frame.f.file.facts.str(import.specifier?);
            specifier.rsplit('/').next()?
        } else {
            name
        };
        // The last words of a name say what it is: `any:*Procedure`.
        let exact = self.paths.global("any", name);
        let path = exact.or_else(|| self.paths.global_by_end("any", name))?;
        Some(self.vals.id(Val::Api(path)))
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
                Some(name) => self.exported(frame, target, name),
                None => ValSet::from_slice(&[self.vals.id(Val::Namespace(target))]),
            };
        }
        if facts.language == Language::Template {
            let template = self.program.func_id(target, casemate_ir::FnId(0));
            return ValSet::from_slice(&[self.vals.id(Val::Func(template))]);
        }
        let module = self.vals.id(Val::Module(target));
        let exports = self.program.symbols.find("exports").unwrap_or(Sym::ANY);
        let mut whole = self.load_all(frame, &[module], exports);
        if self.replaced.contains(&target) {
            let first = self.vals.id(Val::Exports(target));
            whole.retain(|val| *val != first);
        }
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
    pub(super) fn exported(&mut self, frame: Frame<'p>, file: FileIdx, name: Sym) -> ValSet {
        let leaves = match self.exports.get(&(file, name)) {
            Some(known) => Arc::clone(known),
            None => {
                let mut leaves = Vec::new();
                self.leaves(file, name, 0, &mut leaves);
                let leaves: Arc<[Leaf]> = leaves.into();
                self.exports.insert((file, name), Arc::clone(&leaves));
                leaves
            }
        };
        let mut out = ValSet::new();
        for leaf in leaves.iter() {
            match *leaf {
                Leaf::Variable(global) => {
                    let node = self.global_node(global);
                    out.extend_from_slice(self.look(node));
                }
                Leaf::Namespace(file) => out.push(self.vals.id(Val::Namespace(file))),
                Leaf::Import(file, import, name) => {
                    out.extend_from_slice(&self.through(frame, file, import, name));
                }
            }
        }
        out
    }

    /// Where the chains of re-exports of a name end, in order.
    fn leaves(&self, file: FileIdx, name: Sym, depth: u32, out: &mut Vec<Leaf>) {
        if depth > 8 {
            return;
        }
        let program = self.program;
        for export in &program.file(file).facts.exports {
            let is = || program.sym(file, export.name) == name;
            let (import, inner) = match export.kind {
                ExportKind::Variable(global) => {
                    if is() {
                        out.push(Leaf::Variable(program.global(file, global)));
                    }
                    continue;
                }
                ExportKind::From(import, inner) if is() => {
                    (import, inner.map(|i| program.sym(file, i)))
                }
                ExportKind::All(import) if program.text(name) != "default" => (import, Some(name)),
                _ => continue,
            };
            match program.file(file).imports.get(import.index()) {
                Some(Target::File(target)) if program.file(*target).facts.is_module => {
                    match inner {
                        Some(inner) => self.leaves(*target, inner, depth + 1, out),
                        None => out.push(Leaf::Namespace(*target)),
                    }
                }
                _ => out.push(Leaf::Import(file, import.index(), inner)),
            }
        }
    }

    /// An import of something that is no ES module.
    fn through(
        &mut self,
        frame: Frame<'p>,
        file: FileIdx,
        import: usize,
        name: Option<Sym>,
    ) -> ValSet {
        let program = self.program;
        match program.file(file).imports.get(import) {
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
