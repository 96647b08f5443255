//! Several records changed one after the other by one function.

use casemate_flow::program::FuncRef;
use casemate_flow::result::Site;
use casemate_ir::{BlockId, Const, Instr, Key, Operand, Term};
use std::collections::BTreeSet;

/// Parts of names of what makes several changes one.
const TOGETHER: [&str; 7] = [
    "transaction",
    "atomic",
    "savepoint",
    "trx",
    "unitofwork",
    "queryrunner",
    "bulkwrite",
];

/// A statement that changes records.
pub(super) struct Written {
    /// Its instruction.
    pub at: usize,
    /// What the records are called.
    pub object: String,
}

/// The second of two changes of different records, where one follows the other.
pub(super) fn second(f: FuncRef<'_>, written: &[Written]) -> Option<Site> {
    let mut sites = written.iter().flat_map(|first| {
        let after = reached(f, first.at);
        written.iter().filter_map(move |next| {
            let other = next.object != first.object;
            let follows = match (block_of(f, first.at), block_of(f, next.at)) {
                (Some(a), Some(b)) if a == b => next.at > first.at,
                (Some(_), Some(b)) => after.contains(&b),
                _ => false,
            };
            (other && follows).then_some(next.at)
        })
    });
    let at = sites.next()?;
    Some(Site {
        file: f.file_idx,
        span: f.func.spans.get(at).copied()?,
    })
}

fn block_of(f: FuncRef<'_>, at: usize) -> Option<usize> {
    f.func.blocks.iter().position(|block| {
        let range = block.instrs;
        (range.start as usize..range.end as usize).contains(&at)
    })
}

/// The blocks that may run after the one of an instruction.
fn reached(f: FuncRef<'_>, at: usize) -> BTreeSet<usize> {
    let mut out = BTreeSet::new();
    let mut next: Vec<usize> = block_of(f, at).into_iter().collect();
    while let Some(block) = next.pop() {
        let Some(block) = f.func.blocks.get(block) else {
            continue;
        };
        let to: [Option<BlockId>; 2] = match block.term {
            Term::Goto(to) => [Some(to), None],
            Term::Branch { yes, no, .. } => [Some(yes), Some(no)],
            _ => [None, None],
        };
        for to in to.into_iter().flatten() {
            if out.insert(to.index()) {
                next.push(to.index());
            }
        }
    }
    out
}

/// Whether a function names what makes its changes one.
pub(super) fn together(f: FuncRef<'_>) -> bool {
    let says = |name: &str| {
        let name: String = name
            .chars()
            .filter(char::is_ascii_alphabetic)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        name == "tx" || TOGETHER.iter().any(|word| name.contains(word))
    };
    let params = f.func.params.iter().filter_map(|param| param.name);
    params.map(|name| f.file.facts.str(name)).any(says)
        || f.func.instrs.iter().any(|instr| match *instr {
            Instr::Load {
                key: Key::Field(name),
                ..
            } => says(f.file.facts.str(name)),
            Instr::Object { parts, .. } => f.func.parts(parts).iter().any(|part| {
                matches!(part.key, casemate_ir::PartKey::Field(name) if says(f.file.facts.str(name)))
            }),
            Instr::Call { args, .. } => f.func.args(args).iter().any(|arg| {
                let Operand::Const(id) = arg.value else {
                    return false;
                };
                matches!(*f.file.facts.constant(id), Const::Str(text) if {
                    let text = f.file.facts.str(text).trim_start().to_ascii_uppercase();
                    text.starts_with("BEGIN") || text.starts_with("START TRANSACTION")
                })
            }),
            _ => false,
        })
}
