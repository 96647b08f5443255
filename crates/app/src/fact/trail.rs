//! Changes that leave no trace where others do: functions that change something without the call by which nearly all others
//! of the program write it into a trail of audit.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{FnKind, Instr, Key, Operand};
use rustc_hash::FxHashMap;

/// How names begin of what changes something.
const VERBS: &[&str] = &[
    "create", "add", "insert", "update", "change", "set", "edit", "patch", "delete", "remove",
    "destroy", "reset", "register", "confirm", "invite", "revoke", "approve", "reject", "cancel",
    "transfer", "login", "logout", "signin", "signout", "assign", "grant", "enable", "disable",
    "restore", "archive", "publish", "import", "upload",
];

/// Functions that write a trail, in the whole program, which make a habit.
const HABIT: usize = 4;

/// Functions inside a function.
const DEPTH: usize = 4;

/// One fact for each function that changes something, in files in which others write a trail.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut files: FxHashMap<u32, Vec<(FuncId, bool)>> = FxHashMap::default();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        let inner = f.func.parent.is_some_and(|parent| {
            origins.program.func(f.sibling(parent)).func.kind != FnKind::Module
        });
        let method = matches!(
            f.func.kind,
            FnKind::Method | FnKind::Function | FnKind::Arrow
        );
        if origins.program.is_copy(func)
            || inner && f.func.class.is_none()
            || !method
            || !changes(f)
        {
            continue;
        }
        let writes = writes_trail(origins, f, 0);
        files.entry(f.file_idx.0).or_default().push((func, writes));
    }
    let with: usize = files
        .values()
        .flatten()
        .filter(|(_, writes)| *writes)
        .count();
    let mut out = Vec::new();
    for functions in files.values() {
        let here = functions.iter().filter(|(_, writes)| *writes).count();
        let silent = functions.len() - here;
        for (func, writes) in functions {
            let f = origins.program.func(*func);
            let lacks = !writes && here > 0 && here >= silent && with >= HABIT;
            if *writes || lacks {
                out.push(Fact {
                    fact: "audit.trail".to_owned(),
                    site: Site {
                        file: f.file_idx,
                        span: f.func.head,
                    },
                    function: *func,
                    callee: origins.program.func_name(*func),
                    values: vec![("written".to_owned(), FactValue::Bool(*writes))],
                });
            }
        }
    }
    out
}

fn changes(f: FuncRef<'_>) -> bool {
    let name = f
        .func
        .name
        .map(|name| f.file.facts.str(name))
        .unwrap_or_default();
    // What has a private name is a part of something that is asked.
    if name.starts_with(['#', '_']) {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    VERBS.iter().any(|verb| {
        lower.strip_prefix(verb).is_some_and(|_| {
            let next = name.get(verb.len()..).and_then(|rest| rest.chars().next());
            next.is_none_or(|c| !c.is_ascii_lowercase())
        })
    })
}

/// It, or a function inside it, calls something whose name, or that of what it belongs to, speaks of audit.
fn writes_trail(origins: &Solver<'_, '_>, f: FuncRef<'_>, depth: usize) -> bool {
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, this, .. } => {
            let speaks =
                |value: Option<Operand>| value.is_some_and(|v| name_of(f, v).is_some_and(says));
            speaks(Some(callee)) || speaks(this)
        }
        Instr::Closure { func, .. } => {
            depth < DEPTH && writes_trail(origins, origins.program.func(f.sibling(func)), depth + 1)
        }
        _ => false,
    })
}

fn name_of<'p>(f: FuncRef<'p>, value: Operand) -> Option<&'p str> {
    match trace::made_by(f, value) {
        Some((
            _,
            Instr::Load {
                key: Key::Field(name),
                ..
            },
        )) => Some(f.file.facts.str(*name)),
        _ => crate::object::key::variable(f, value),
    }
}

fn says(name: &str) -> bool {
    name.to_ascii_lowercase().contains("audit")
}
