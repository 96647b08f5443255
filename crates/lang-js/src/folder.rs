//! Folders whose modules are loaded by name: `require('./routes/' + file)` in a loop over a folder.
//!
//! The code from where the name is first used to the end of its block is written out for each module that the name may mean, so that
//! each keeps what is made of it apart from the others: `db[model.name] = model`, `app.use('/' + name, router)`.

mod region;

use crate::resolve::{Resolution, Resolver};
use casemate_ir::{
    Const, ConstId, FileFacts, Function, Import, ImportId, Instr, Key, LocalId, LocalKind,
    LocalizedNote, Operand, Span, Symbol,
};
use region::{Copy, kept, operands, splice};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// What stands for the part of a specifier that only the run knows.
pub(crate) const ANY: char = '*';

/// Modules of one folder; of more, none is followed.
const MODULES: usize = 400;

/// Instructions that are written out for one call, for all modules together.
const INSTRUCTIONS: usize = 20_000;

/// A module that a name may mean.
struct Loaded {
    /// What stands for the unknown part.
    word: String,
    specifier: String,
}

/// Writes out the calls of a file that load modules by name. What means no module becomes an import of something unknown.
pub fn unroll(facts: &mut FileFacts, path: &str, resolver: &Resolver) {
    let by_name = |import: &Import, facts: &FileFacts| {
        import.specifier.is_some_and(|s| facts.str(s).contains(ANY))
    };
    if !facts.imports.iter().any(|import| by_name(import, facts)) {
        return;
    }
    for index in 0..facts.functions.len() {
        let Some(mut function) = facts.functions.get_mut(index).map(std::mem::take) else {
            continue;
        };
        // The last ones first, so that the places of the others stay.
        let mut at = function.instrs.len();
        while at > 0 {
            at -= 1;
            if let Some(&Instr::Import { import, .. }) = function.instrs.get(at)
                && let Some(known) = facts.imports.get(import.index())
                && by_name(known, facts)
            {
                at = at.min(write_out(facts, &mut function, at, import, path, resolver));
            }
        }
        if let Some(slot) = facts.functions.get_mut(index) {
            *slot = function;
        }
    }
    for index in 0..facts.imports.len() {
        if facts
            .imports
            .get(index)
            .is_some_and(|import| by_name(import, facts))
            && let Some(import) = facts.imports.get_mut(index)
        {
            import.specifier = None;
        }
    }
}

/// Writes out one call; where the instructions that it stands in begin.
fn write_out(
    facts: &mut FileFacts,
    function: &mut Function,
    at: usize,
    import: ImportId,
    path: &str,
    resolver: &Resolver,
) -> usize {
    let Some(known) = facts.imports.get(import.index()).cloned() else {
        return at;
    };
    let pattern = known.specifier.map_or("", |s| facts.str(s)).to_owned();
    let modules = modules(&pattern, path, resolver);
    let place = u32::try_from(at).unwrap_or(u32::MAX);
    let Some(block) = function
        .blocks
        .iter()
        .find(|b| b.instrs.start <= place && place < b.instrs.end)
    else {
        return at;
    };
    let (first, end) = (block.instrs.start as usize, block.instrs.end as usize);
    let name = name_of(function, first, at);
    let start = (first..at)
        .find(|&i| name.is_some_and(|name| reads(function, i, name)))
        .unwrap_or(at);
    if modules.len() > MODULES || modules.len() * (end - start) > INSTRUCTIONS {
        facts.notes.push(LocalizedNote {
            message: format!(
                "{} modules are loaded by name, and not followed",
                modules.len()
            ),
            span: known.span,
        });
        return start;
    }
    if modules.is_empty() {
        return start;
    }
    let region: Vec<(Instr, Span)> = (start..end)
        .filter_map(|i| Some((*function.instrs.get(i)?, *function.spans.get(i)?)))
        .collect();
    let mut written: Vec<(Instr, Span)> = Vec::with_capacity(region.len() * modules.len());
    let mut copies: Vec<FxHashMap<LocalId, LocalId>> = Vec::with_capacity(modules.len());
    for module in modules {
        let specifier = symbol(facts, &module.specifier);
        let own = ImportId::from(facts.imports.len());
        facts.imports.push(Import {
            specifier: Some(specifier),
            ..known.clone()
        });
        let word = symbol(facts, &module.word);
        let mut copy = Copy {
            function,
            locals: FxHashMap::default(),
            name,
            word: Operand::Const(constant(facts, word)),
            of_module: Vec::new(),
        };
        for &(instr, span) in &region {
            match instr {
                Instr::Import {
                    to,
                    import: which,
                    name,
                } if which == import => {
                    let to = copy.target(to);
                    copy.of_module.push(to);
                    written.push((
                        Instr::Import {
                            to,
                            import: own,
                            name,
                        },
                        span,
                    ));
                }
                // A table by names that only the run knows: the names that modules are given by habit.
                Instr::Store {
                    base,
                    key: Key::Computed(_),
                    value: Operand::Local(value),
                } if copy
                    .locals
                    .get(&value)
                    .is_some_and(|own| copy.of_module.contains(own)) =>
                {
                    let (base, value) = (copy.operand(base), copy.operand(Operand::Local(value)));
                    for name in names(&module.word) {
                        let key = Key::Field(symbol(facts, &name));
                        written.push((Instr::Store { base, key, value }, span));
                    }
                }
                instr => written.push((copy.instr(instr), span)),
            }
        }
        copies.push(copy.locals);
    }
    kept(function, start, end, &copies, &mut written);
    splice(function, start, end, written);
    start
}

/// The modules that a specifier with an unknown part may mean, in the order of their names.
fn modules(pattern: &str, path: &str, resolver: &Resolver) -> Vec<Loaded> {
    let Some((before, after)) = pattern.split_once(ANY) else {
        return Vec::new();
    };
    let mut found: BTreeMap<usize, Loaded> = BTreeMap::new();
    for word in resolver.beside(path, before) {
        let specifier = format!("{before}{word}{after}");
        if let Resolution::File(file) = resolver.resolve(&specifier, path)
            && !resolver.is(file, path)
        {
            // The longest word is what a list of the folder says.
            found.insert(file, Loaded { word, specifier });
        }
    }
    let mut found: Vec<Loaded> = found.into_values().collect();
    found.sort_by(|a, b| a.word.cmp(&b.word));
    found
}

/// What the name of a module is put together from and only the run knows: a variable, or a member.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Variable(LocalId),
    Member(Operand, Key),
}

/// The unknown part of the name that the call before an import is given.
fn name_of(function: &Function, first: usize, at: usize) -> Option<Name> {
    let Instr::Call { args, .. } = *function.instrs.get(at.checked_sub(1)?)? else {
        return None;
    };
    let mut open: Vec<Operand> = vec![function.args(args).first()?.value];
    let mut found = None;
    for _ in 0..32 {
        let Some(value) = open.pop() else { break };
        let Operand::Local(local) = value else {
            continue;
        };
        let temp = function
            .locals
            .get(local.index())
            .is_some_and(|l| l.kind == LocalKind::Temp);
        let made = (first..at)
            .rev()
            .filter_map(|i| function.instrs.get(i))
            .find(|instr| temp && instr.target() == Some(local));
        let leaf = match made {
            Some(Instr::Template { operands, .. } | Instr::Op { operands, .. }) => {
                open.extend_from_slice(function.operands(*operands));
                continue;
            }
            Some(Instr::Call { args, .. }) => {
                open.extend(function.args(*args).iter().map(|arg| arg.value));
                continue;
            }
            Some(Instr::Copy { from, .. }) => {
                open.push(*from);
                continue;
            }
            Some(Instr::Load { base, key, .. }) => Name::Member(*base, *key),
            // A folder that a constant names.
            Some(_) => continue,
            None => Name::Variable(local),
        };
        if found.is_some_and(|known| known != leaf) {
            return None;
        }
        found = Some(leaf);
    }
    found
}

fn reads(function: &Function, at: usize, name: Name) -> bool {
    let Some(instr) = function.instrs.get(at) else {
        return false;
    };
    match name {
        Name::Variable(local) => {
            let mut read = false;
            operands(function, *instr, &mut |operand| {
                read |= operand == Operand::Local(local);
            });
            read
        }
        Name::Member(of, member) => {
            matches!(*instr, Instr::Load { base, key, .. } if base == of && key == member)
        }
    }
}

/// The names under which a table of modules has one: that of its file, and what a class in it would be called, `UserGroup` for
/// `user-groups.js`.
fn names(word: &str) -> Vec<String> {
    let stem = word.split('.').next().unwrap_or(word);
    let mut class = String::new();
    for part in stem.split(['-', '_']) {
        let mut letters = part.chars();
        class.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        class.push_str(letters.as_str());
    }
    let mut names = vec![word.to_owned(), stem.to_owned(), class.clone()];
    if let Some(singular) = class.strip_suffix('s') {
        names.push(singular.to_owned());
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn symbol(facts: &mut FileFacts, text: &str) -> Symbol {
    if let Some(at) = facts.strings.iter().position(|known| **known == *text) {
        return Symbol::from(at);
    }
    facts.strings.push(text.into());
    Symbol::from(facts.strings.len() - 1)
}

fn constant(facts: &mut FileFacts, text: Symbol) -> ConstId {
    facts.consts.push(Const::Str(text));
    ConstId::from(facts.consts.len() - 1)
}
