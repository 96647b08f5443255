//! Packages without `__init__.py`: `import a.b` makes an object `a` with the module `b`.

use crate::resolve::{Resolution, Resolver};
use crate::settle::{import_of, specifier, symbol};
use casemate_ir::{FileFacts, Function, Instr, Key, Local, LocalId, Operand, Range32, Span};

/// Gives each import of such a folder the modules below it that the file imports.
pub(crate) fn folders(facts: &mut FileFacts, path: &str, resolver: &Resolver) {
    let mut found: Vec<(usize, usize, LocalId, String)> = Vec::new();
    for (f, function) in facts.functions.iter().enumerate() {
        for (i, instr) in function.instrs.iter().enumerate() {
            if let Instr::Import {
                to,
                import,
                name: None,
            } = *instr
                && let Some(name) = specifier(facts, import)
                && resolver.resolve(name, path) == Resolution::Folder
            {
                found.push((f, i, to, name.to_owned()));
            }
        }
    }
    // The last ones first, so that the places of the others stay.
    for (f, i, to, name) in found.into_iter().rev() {
        let below = below(facts, &name);
        let Some(mut function) = facts.functions.get_mut(f).map(std::mem::take) else {
            continue;
        };
        if let Some(instr) = function.instrs.get_mut(i) {
            let parts = Range32 { start: 0, end: 0 };
            *instr = Instr::Object { to, parts };
        }
        let code = modules(facts, &mut function, to, &name, &below, path, resolver);
        insert(&mut function, i + 1, code);
        if let Some(slot) = facts.functions.get_mut(f) {
            *slot = function;
        }
    }
}

/// The dotted names below a folder that the file imports, sorted: a folder stands before what is in it.
fn below(facts: &FileFacts, folder: &str) -> Vec<String> {
    let mut names: Vec<String> = facts
        .imports
        .iter()
        .filter_map(|i| {
            facts
                .str(i.specifier?)
                .strip_prefix(folder)?
                .strip_prefix('.')
        })
        .flat_map(|rest| {
            rest.match_indices('.')
                .map(|(at, _)| rest.get(..at).unwrap_or_default())
                .chain([rest])
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn modules(
    facts: &mut FileFacts,
    function: &mut Function,
    to: LocalId,
    folder: &str,
    below: &[String],
    path: &str,
    resolver: &Resolver,
) -> Vec<Instr> {
    let mut code = Vec::new();
    let mut made: Vec<(&str, LocalId)> = vec![("", to)];
    for name in below {
        let (parent, last) = name.rsplit_once('.').unwrap_or(("", name));
        let Some(&(_, base)) = made.iter().find(|m| m.0 == parent) else {
            continue;
        };
        let whole = format!("{folder}.{name}");
        let local = LocalId::from(function.locals.len());
        match resolver.resolve(&whole, path) {
            Resolution::File(_) => code.push(Instr::Import {
                to: local,
                import: import_of(facts, &whole),
                name: None,
            }),
            Resolution::Folder => {
                code.push(Instr::Object {
                    to: local,
                    parts: Range32 { start: 0, end: 0 },
                });
                made.push((name, local));
            }
            Resolution::Package(_) | Resolution::Unknown => continue,
        }
        function.locals.push(Local::default());
        code.push(Instr::Store {
            base: Operand::Local(base),
            key: Key::Field(symbol(facts, last)),
            value: Operand::Local(local),
        });
    }
    code
}

/// Inserts instructions; those of later blocks move on.
fn insert(function: &mut Function, at: usize, code: Vec<Instr>) {
    let count = u32::try_from(code.len()).unwrap_or(0);
    let place = u32::try_from(at).unwrap_or(u32::MAX);
    let span = function
        .spans
        .get(at.saturating_sub(1))
        .copied()
        .unwrap_or(Span::default());
    for block in &mut function.blocks {
        if block.instrs.start >= place {
            block.instrs.start += count;
        }
        if block.instrs.end >= place {
            block.instrs.end += count;
        }
    }
    function.spans.splice(at..at, code.iter().map(|_| span));
    function.instrs.splice(at..at, code);
}
