//! What only all files together tell: whether a name of an import is a submodule, what a star brings, and which modules a package has.

use crate::resolve::{Resolution, Resolver, is_builtin};
use casemate_ir::{Export, ExportKind, FileFacts, Import, ImportId, Instr, Span, Symbol, VarRef};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// A Python file of a project.
pub struct Module<'m> {
    /// Its index for the [`Resolver`].
    pub index: usize,
    /// Its path.
    pub path: &'m str,
    /// Its facts.
    pub facts: &'m mut FileFacts,
}

/// Levels of stars that bring stars.
const STARS: u32 = 8;

/// Settles the imports of all Python files of a project; by module, what each of its imports leads to.
#[must_use]
pub fn settle(modules: &mut [Module<'_>], resolver: &Resolver) -> Vec<Vec<Resolution>> {
    let by_index: FxHashMap<usize, usize> = modules
        .iter()
        .enumerate()
        .map(|(at, m)| (m.index, at))
        .collect();
    let mut names = Names::of(modules, resolver, &by_index);
    let mut offered: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (at, module) in modules.iter_mut().enumerate() {
        submodules(at, module, resolver, &names, &by_index);
        members(module, resolver, &by_index, &mut offered);
    }
    // What a package's own code or its stars bind under the name of a module is what others get.
    for (&at, children) in &mut offered {
        children.retain(|child| !names.offers(at, child, 0));
    }
    for (at, children) in offered {
        if let Some(module) = modules.get_mut(at) {
            offer(module, &children);
        }
        if let Some(own) = names.own.get_mut(at) {
            own.extend(children);
        }
    }
    for (at, module) in modules.iter_mut().enumerate() {
        stars(at, module, resolver, &names, &by_index);
        crate::folder::folders(module.facts, module.path, resolver);
    }
    modules.iter().map(|m| resolutions(m, resolver)).collect()
}

/// By module: the names that it offers, and the modules whose names it offers as well.
struct Names {
    own: Vec<FxHashSet<String>>,
    stars: Vec<Vec<usize>>,
}

impl Names {
    fn of(modules: &[Module<'_>], resolver: &Resolver, by_index: &FxHashMap<usize, usize>) -> Self {
        let mut names = Self {
            own: Vec::with_capacity(modules.len()),
            stars: Vec::with_capacity(modules.len()),
        };
        for module in modules {
            let facts = &*module.facts;
            let own = facts
                .exports
                .iter()
                .filter(|e| !matches!(e.kind, ExportKind::All(_)));
            names
                .own
                .push(own.map(|e| facts.str(e.name).to_owned()).collect());
            let stars = facts.exports.iter().filter_map(|e| match e.kind {
                ExportKind::All(import) => {
                    match resolver.resolve(specifier(facts, import)?, module.path) {
                        Resolution::File(index) => by_index.get(&index).copied(),
                        _ => None,
                    }
                }
                _ => None,
            });
            names.stars.push(stars.collect());
        }
        names
    }

    fn offers(&self, at: usize, name: &str, depth: u32) -> bool {
        self.own.get(at).is_some_and(|own| own.contains(name))
            || depth < STARS
                && self
                    .stars
                    .get(at)
                    .is_some_and(|stars| stars.iter().any(|&s| self.offers(s, name, depth + 1)))
    }
}

pub(crate) fn specifier(facts: &FileFacts, import: ImportId) -> Option<&str> {
    Some(facts.str(facts.imports.get(import.index())?.specifier?))
}

/// `from package import module` imports a module where the package has no such name.
fn submodules(
    at: usize,
    module: &mut Module<'_>,
    resolver: &Resolver,
    names: &Names,
    by_index: &FxHashMap<usize, usize>,
) {
    let mut changes: Vec<(usize, usize, String)> = Vec::new();
    let facts = &*module.facts;
    for (f, function) in facts.functions.iter().enumerate() {
        for (i, instr) in function.instrs.iter().enumerate() {
            let Instr::Import {
                import,
                name: Some(name),
                ..
            } = *instr
            else {
                continue;
            };
            let (Some(specifier), name) = (specifier(facts, import), facts.str(name)) else {
                continue;
            };
            match resolver.resolve(specifier, module.path) {
                Resolution::File(index) => {
                    let target = by_index.get(&index).copied();
                    // A package that imports its own module binds its name by that.
                    if target != Some(at) && target.is_some_and(|t| names.offers(t, name, 0)) {
                        continue;
                    }
                }
                Resolution::Folder => {}
                Resolution::Package(_) | Resolution::Unknown => continue,
            }
            let dot = if specifier.ends_with('.') { "" } else { "." };
            let inner = format!("{specifier}{dot}{name}");
            if matches!(
                resolver.resolve(&inner, module.path),
                Resolution::File(_) | Resolution::Folder
            ) {
                changes.push((f, i, inner));
            }
        }
    }
    for (f, i, inner) in changes {
        let id = import_of(module.facts, &inner);
        let slot = module
            .facts
            .functions
            .get_mut(f)
            .and_then(|f| f.instrs.get_mut(i));
        if let Some(Instr::Import { import, name, .. }) = slot {
            *import = id;
            *name = None;
        }
    }
}

/// Names that nothing in the file binds come from its stars.
fn stars(
    at: usize,
    module: &mut Module<'_>,
    resolver: &Resolver,
    names: &Names,
    by_index: &FxHashMap<usize, usize>,
) {
    let facts = &mut *module.facts;
    let stars: Vec<(ImportId, Option<usize>)> = facts
        .exports
        .iter()
        .filter_map(|e| match e.kind {
            ExportKind::All(import) => {
                match resolver.resolve(specifier(facts, import)?, module.path) {
                    Resolution::File(index) => Some((import, by_index.get(&index).copied())),
                    Resolution::Package(_) => Some((import, None)),
                    _ => None,
                }
            }
            _ => None,
        })
        .filter(|s| s.1 != Some(at))
        .collect();
    if stars.is_empty() {
        return;
    }
    let mut from: FxHashMap<Symbol, Option<ImportId>> = FxHashMap::default();
    for function in &mut facts.functions {
        for instr in &mut function.instrs {
            let Instr::LoadVar {
                to,
                var: VarRef::Free(name),
            } = *instr
            else {
                continue;
            };
            let import = *from.entry(name).or_insert_with(|| {
                let text = facts.strings.get(name.index()).map_or("", |s| s);
                let file = stars
                    .iter()
                    .rev()
                    .find(|s| s.1.is_some_and(|t| names.offers(t, text, 0)));
                let package = || {
                    stars
                        .iter()
                        .rev()
                        .find(|s| s.1.is_none())
                        .filter(|_| !is_builtin(text))
                };
                file.or_else(package).map(|s| s.0)
            });
            if let Some(import) = import {
                *instr = Instr::Import {
                    to,
                    import,
                    name: Some(name),
                };
            }
        }
    }
}

/// `import a.b.c` makes `b` a member of `a`, and `c` one of `a.b`; so does `from .c import d` in the package that has `c`.
fn members(
    module: &Module<'_>,
    resolver: &Resolver,
    by_index: &FxHashMap<usize, usize>,
    offered: &mut BTreeMap<usize, BTreeSet<String>>,
) {
    for import in &module.facts.imports {
        let Some(specifier) = import.specifier.map(|s| module.facts.str(s)) else {
            continue;
        };
        let mut whole = specifier;
        while let Some((_, name)) = whole.rsplit_once('.') {
            let above = &whole[..whole.len() - name.len()];
            // The dots of a relative name are the package itself.
            let relative = above.ends_with("..") || above == ".";
            let package = match relative {
                true => above,
                false => above.trim_end_matches('.'),
            };
            if name.is_empty() {
                break;
            }
            if let Resolution::File(index) = resolver.resolve(package, module.path)
                && let Some(&at) = by_index.get(&index)
                && matches!(resolver.resolve(whole, module.path), Resolution::File(_))
            {
                offered.entry(at).or_default().insert(name.to_owned());
            }
            if relative {
                break;
            }
            whole = package;
        }
    }
}

/// A package offers modules of its own under their names.
fn offer(module: &mut Module<'_>, children: &BTreeSet<String>) {
    for child in children {
        let import = import_of(module.facts, &format!(".{child}"));
        let name = symbol(module.facts, child);
        module.facts.exports.push(Export {
            name,
            kind: ExportKind::From(import, None),
        });
    }
}

pub(crate) fn import_of(facts: &mut FileFacts, specifier: &str) -> ImportId {
    let symbol = symbol(facts, specifier);
    if let Some(known) = facts
        .imports
        .iter()
        .position(|i| i.specifier == Some(symbol))
    {
        return ImportId::from(known);
    }
    facts.imports.push(Import {
        specifier: Some(symbol),
        require: false,
        type_only: false,
        span: Span::default(),
    });
    ImportId::from(facts.imports.len() - 1)
}

pub(crate) fn symbol(facts: &mut FileFacts, text: &str) -> Symbol {
    if let Some(known) = facts.strings.iter().position(|s| &**s == text) {
        return Symbol::from(known);
    }
    facts.strings.push(text.into());
    Symbol::from(facts.strings.len() - 1)
}

fn resolutions(module: &Module<'_>, resolver: &Resolver) -> Vec<Resolution> {
    module
        .facts
        .imports
        .iter()
        .map(|import| match import.specifier {
            Some(specifier) => resolver.resolve(module.facts.str(specifier), module.path),
            None => Resolution::Unknown,
        })
        .collect()
}
