//! Uploaded files that a list of addresses hands to whoever asks, in a program whose endpoints nearly all want a login:
//! `path('media/<path:path>', serve, {'document_root': settings.MEDIA_ROOT})`.

use crate::decoration::written_name;
use crate::model::{Answer, Application};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, Site};
use casemate_ir::{FnKind, Instr, Key, Language, Operand, PartKey, Term};
use std::collections::BTreeSet;

/// What sends the files of a folder, and asks nobody.
const SERVES: [&str; 2] = [
    "py:django.views.static.serve",
    "py:django.contrib.staticfiles.views.serve",
];

/// So many endpoints want a login …
const GUARDED: usize = 5;

/// … and at most one in so many does not.
const BARE: usize = 2;

impl Application {
    /// One fact for each address that serves uploaded files.
    pub(super) fn media(&self, origins: &Solver<'_, '_>) -> Vec<Fact> {
        let with = |answer| {
            self.endpoints
                .iter()
                .filter(|e| e.guarded("authentication") == answer)
                .count()
        };
        let (guarded, bare) = (with(Answer::Yes), with(Answer::No));
        let mut out = Vec::new();
        for func in origins.program.function_ids() {
            let f = origins.program.func(func);
            if f.func.kind != FnKind::Module || f.file.facts.language != Language::Python {
                continue;
            }
            let always = always(f);
            for (index, block) in f.func.blocks.iter().enumerate() {
                for (at, instr) in f.func.block_instrs(block) {
                    let Instr::Call { args, .. } = *instr else {
                        continue;
                    };
                    let args = f.func.args(args);
                    let [_, view, rest, ..] = args else {
                        continue;
                    };
                    if !serves(origins, f, view.value) || !of_uploads(f, rest.value) {
                        continue;
                    }
                    out.push(Fact {
                        fact: "media.served".to_owned(),
                        site: Site {
                            file: f.file_idx,
                            span: f.func.spans.get(at).copied().unwrap_or_default(),
                        },
                        function: func,
                        callee: "serve".to_owned(),
                        values: vec![
                            (
                                "always".to_owned(),
                                FactValue::Bool(always.contains(&index)),
                            ),
                            (
                                "guarded".to_owned(),
                                FactValue::Bool(guarded >= GUARDED && bare * BARE <= guarded),
                            ),
                        ],
                    });
                }
            }
        }
        out
    }
}

fn serves(origins: &Solver<'_, '_>, f: FuncRef<'_>, view: Operand) -> bool {
    origins.of_operand(f.id, view).iter().any(|&val| {
        matches!(origins.val(val), Some(Val::Api(path))
            if SERVES.contains(&origins.paths.text(path).as_str()))
    })
}

/// Whether the folder that is named holds what was uploaded.
fn of_uploads(f: FuncRef<'_>, options: Operand) -> bool {
    let Some(Instr::Object { parts, .. }) = f.made_by(options) else {
        return false;
    };
    f.func.parts(*parts).iter().any(|part| {
        matches!(part.key, PartKey::Field(name) if f.file.facts.str(name) == "document_root")
            && written_name(f, part.value).is_some_and(|name| name.contains("MEDIA"))
    })
}

/// Blocks that run without a switch for debugging.
fn always(f: FuncRef<'_>) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        if !seen.insert(at) {
            continue;
        }
        let Some(block) = f.func.blocks.get(at) else {
            continue;
        };
        if let Term::Branch { cond, no, .. } = block.term
            && is_debug(f, cond)
        {
            open.push(no.index());
            continue;
        }
        open.extend(block.term.successors().map(|to| to.index()));
    }
    seen
}

fn is_debug(f: FuncRef<'_>, cond: Operand) -> bool {
    let name = match f.made_by(cond) {
        Some(Instr::Load {
            key: Key::Field(name),
            ..
        }) => Some(f.file.facts.str(*name)),
        _ => written_name(f, cond),
    };
    name.is_some_and(|name| {
        let name = name.to_lowercase();
        ["debug", "devel", "local", "test"]
            .iter()
            .any(|word| name.contains(word))
    })
}
