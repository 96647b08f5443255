//! Callees of calls whose receiver nobody knows, by the name of the method.
//!
//! A name that only one class of the program has stands for that method, and one of several words that only classes below one class
//! have for all that override each other, what is only declared left out; so does one of several words that only one object has
//! (`module.exports = { fetchStock }`, `Model.fetchStock = …`). The plug-ins of one family have the same interface and are loaded by a
//! name that is put together (`require(`./storage/${kind}/storage`)`), so that no import leads to their files: a name that they alone
//! have stands for all of them.

use super::globals::root_class;
use crate::limits;
use crate::origin::{Solver, Val, method_name};
use crate::program::{ClassIdx, FuncRef, Target, to_u32};
use crate::result::{FileIdx, FuncId};
use crate::symbol::Sym;
use casemate_ir::{Instr, Key, Language, LocalId, MemberKind, Operand, PartKey, Span, Term};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// The methods of a program by their names, where the name tells enough.
#[derive(Debug, Default)]
pub(super) struct Methods {
    named: FxHashMap<Sym, Vec<FuncId>>,
}

impl Methods {
    /// Those of a whole program.
    pub(super) fn of(origins: &Solver<'_, '_>) -> Self {
        let of_classes = of_classes(origins);
        let of_objects = of_objects(origins);
        let importers = importers(origins);
        let program = origins.program;
        let names: FxHashSet<Sym> = of_classes
            .keys()
            .chain(of_objects.keys())
            .copied()
            .collect();
        let mut named = FxHashMap::default();
        for name in names {
            let classes = of_classes.get(&name);
            let objects = of_objects.get(&name);
            let all: BTreeSet<FuncId> = classes
                .into_iter()
                .chain(objects)
                .flatten()
                .copied()
                .collect();
            let text = program.text(name);
            let found: Vec<FuncId> = match classes {
                Some(one) if one.len() == 1 && text.len() > 3 => one.iter().copied().collect(),
                Some(overrides)
                    if overrides.len() == all.len()
                        && of_words(text)
                        && is_hierarchy(origins, overrides) =>
                {
                    overrides.iter().copied().collect()
                }
                _ if all.len() == 1 && of_words(text) => all.into_iter().collect(),
                _ if of_words(text) => match family(origins, &importers, &all) {
                    Some(found) => found,
                    None => continue,
                },
                _ => continue,
            };
            named.insert(name, found);
        }
        Self { named }
    }

    /// What a name may stand for.
    pub(super) fn called(&self, name: Sym) -> &[FuncId] {
        self.named.get(&name).map_or(&[], Vec::as_slice)
    }

    /// By function: the methods that it calls by their names alone, as far as is known before the pass.
    pub(super) fn calls(&self, origins: &Solver<'_, '_>) -> Vec<Vec<FuncId>> {
        let program = origins.program;
        let calls = |id: FuncId| {
            let f = program.func(id);
            let mut out = Vec::new();
            for (at, instr) in f.func.instrs.iter().enumerate() {
                let Instr::Call { callee, .. } = *instr else {
                    continue;
                };
                let vals = origins.of_operand(id, callee);
                let open = vals
                    .iter()
                    .all(|val| matches!(origins.val(*val), Some(Val::Api(_))));
                if open
                    && let Some(name) = method_name(f, to_u32(at), callee)
                    && let Some(name) = program.symbols.find(name)
                {
                    out.extend_from_slice(self.called(name));
                }
            }
            out.sort_unstable();
            out.dedup();
            out
        };
        program.function_ids().map(calls).collect()
    }
}

/// Methods of classes by their names.
fn of_classes(origins: &Solver<'_, '_>) -> FxHashMap<Sym, BTreeSet<FuncId>> {
    let program = origins.program;
    let mut out: FxHashMap<Sym, BTreeSet<FuncId>> = FxHashMap::default();
    for index in 0..program.class_count() {
        let Some((file, def)) = program.class(ClassIdx(to_u32(index))) else {
            continue;
        };
        for member in &def.members {
            if member.kind == MemberKind::Method
                && let Some(func) = member.func
            {
                let name = program.sym(file, member.name);
                let func = program.func_id(file, func);
                if !is_declared_only(program.func(func)) {
                    out.entry(name).or_default().insert(func);
                }
            }
        }
    }
    out
}

/// A method that leaves everything to those that override it: it does nothing, or says that it does nothing.
fn is_declared_only(f: FuncRef<'_>) -> bool {
    let [block] = f.func.blocks.as_slice() else {
        return false;
    };
    match block.term {
        Term::Return(None) => f.func.instrs.is_empty(),
        // `raise NotImplementedError('…')`
        Term::Throw(_) => f.func.instrs.len() <= 4,
        _ => false,
    }
}

/// Whether methods override each other, or one above them: all stand in classes below one.
fn is_hierarchy(origins: &Solver<'_, '_>, methods: &BTreeSet<FuncId>) -> bool {
    let root = |func: &FuncId| {
        let f = origins.program.func(*func);
        Some(root_class(origins, f.class(f.func.class?)))
    };
    let mut roots = methods.iter().map(root);
    let first = roots.next().flatten();
    methods.len() <= limits::FAMILY && first.is_some() && roots.all(|root| root == first)
}

/// Functions that are made members of objects where they are written, by the names of the members.
fn of_objects(origins: &Solver<'_, '_>) -> FxHashMap<Sym, BTreeSet<FuncId>> {
    let program = origins.program;
    let mut out: FxHashMap<Sym, BTreeSet<FuncId>> = FxHashMap::default();
    for id in program.function_ids() {
        let f = program.func(id);
        if program.is_copy(id) || f.file.facts.language != Language::JavaScript {
            continue;
        }
        let mut made: FxHashMap<LocalId, FuncId> = FxHashMap::default();
        for instr in &f.func.instrs {
            let mut member = |name, value| {
                if let Operand::Local(local) = value
                    && let Some(func) = made.get(&local)
                {
                    out.entry(f.sym(name)).or_default().insert(*func);
                }
            };
            match *instr {
                Instr::Closure { to, func, .. } => {
                    made.insert(to, f.sibling(func));
                }
                Instr::Store {
                    key: Key::Field(name),
                    value,
                    ..
                } => member(name, value),
                Instr::Object { parts, .. } => {
                    for part in f.func.parts(parts) {
                        if let PartKey::Field(name) = part.key {
                            member(name, part.value);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    out
}

/// A name of several words: libraries seldom have it as well.
pub(super) fn of_words(name: &str) -> bool {
    name.len() > 7
        && name
            .get(1..)
            .is_some_and(|rest| rest.contains(|c: char| c.is_ascii_uppercase() || c == '_'))
}

/// Plug-ins: those that stand in files of their own, all in one folder or in files of one name side by side, to which no import leads (or
/// only that of a file to which none does).
fn family(
    origins: &Solver<'_, '_>,
    importers: &FxHashMap<FileIdx, BTreeSet<FileIdx>>,
    members: &BTreeSet<FuncId>,
) -> Option<Vec<FuncId>> {
    if members.len() < 2 {
        return None;
    }
    let of = |file: FileIdx| importers.get(&file).map_or(0, BTreeSet::len);
    let mut places: BTreeMap<String, BTreeMap<FileIdx, FuncId>> = BTreeMap::new();
    for func in members {
        let f = origins.program.func(*func);
        let only = importers
            .get(&f.file_idx)
            .filter(|by| by.len() == 1)
            .and_then(BTreeSet::first);
        let root = only.copied().unwrap_or(f.file_idx);
        let Some(file) = origins.program.files.get(root.0 as usize) else {
            continue;
        };
        if f.file.facts.language != Language::JavaScript || of(root) > 0 {
            continue;
        }
        if let Some((folder, name)) = file.path.rsplit_once('/') {
            let mut stand = |place: String| places.entry(place).or_default().insert(root, *func);
            stand(folder.to_owned());
            if let Some((beside, _)) = folder.rsplit_once('/') {
                stand(format!("{beside}/*/{name}"));
            }
        }
    }
    let most = places.into_values().max_by_key(BTreeMap::len)?;
    let all: Vec<FuncId> = most.into_values().collect();
    (2..=limits::FAMILY).contains(&all.len()).then_some(all)
}

/// By file: those that import it.
fn importers(origins: &Solver<'_, '_>) -> FxHashMap<FileIdx, BTreeSet<FileIdx>> {
    let mut out: FxHashMap<FileIdx, BTreeSet<FileIdx>> = FxHashMap::default();
    for (index, file) in origins.program.files.iter().enumerate() {
        // What is loaded by a name that only the run knows is imported beside an import of something unknown.
        let by_name: FxHashSet<Span> = file
            .facts
            .imports
            .iter()
            .filter(|import| import.specifier.is_none())
            .map(|import| import.span)
            .collect();
        for (import, target) in file.facts.imports.iter().zip(&file.imports) {
            if let Target::File(target) = target
                && !by_name.contains(&import.span)
            {
                out.entry(*target)
                    .or_default()
                    .insert(FileIdx(to_u32(index)));
            }
        }
    }
    out
}

/// Functions with those before them that they call, by whatever edges there are: an order in which callees come first where no cycle forbids it.
pub(super) fn callees_first(edges: &[Vec<FuncId>], more: &[Vec<FuncId>]) -> Vec<FuncId> {
    let mut seen = vec![false; edges.len()];
    let mut out = Vec::with_capacity(edges.len());
    for root in 0..edges.len() {
        let mut work = vec![(root, 0usize)];
        while let Some((func, next)) = work.last_mut() {
            let at = *func;
            if *next == 0 && seen.get(at).copied().unwrap_or(true) {
                work.pop();
                continue;
            }
            if let Some(seen) = seen.get_mut(at) {
                *seen = true;
            }
            let of = |edges: &[Vec<FuncId>], n: usize| {
                edges.get(at).and_then(|list| list.get(n)).copied()
            };
            let plain = edges.get(at).map_or(0, Vec::len);
            let callee = if *next < plain {
                of(edges, *next)
            } else {
                of(more, *next - plain)
            };
            *next += 1;
            match callee {
                Some(callee) => {
                    let callee = callee.0 as usize;
                    if seen.get(callee).is_some_and(|seen| !seen) {
                        work.push((callee, 0));
                    }
                }
                None => {
                    out.push(FuncId(to_u32(at)));
                    work.pop();
                }
            }
        }
    }
    out
}
