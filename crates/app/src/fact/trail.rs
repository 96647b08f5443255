//! Changes that leave no trace where others do: functions that change something without the call by which nearly all others
//! of the program write it into a trail of audit.

use super::trace;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{BlockId, FnKind, Instr, Operand, Term};
use rustc_hash::{FxHashMap, FxHashSet};

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
            if *writes && with >= HABIT {
                ways(origins, f, 0, &mut out);
            }
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

/// Names of calls that change a record, where they are waited for.
const RECORDS: &[&str] = &[
    "add", "insert", "create", "remove", "delete", "revoke", "change", "update", "confirm",
    "accept", "disable", "enable", "assign", "grant",
];

/// What holds no records.
const ASIDE: &[&str] = &[
    "cache", "redis", "queue", "limit", "audit", "mail", "notif", "log", "metric", "lock",
    "search", "index",
];

/// Ways through a function, or one inside it, on which a record is changed and no trail is written, where others write one.
fn ways(origins: &Solver<'_, '_>, f: FuncRef<'_>, depth: usize, out: &mut Vec<Fact>) {
    let traces: Vec<usize> = (0..f.func.instrs.len())
        .filter(|at| {
            f.func
                .instrs
                .get(*at)
                .is_some_and(|instr| traces(origins, f, instr))
        })
        .collect();
    if traces.is_empty() {
        for instr in &f.func.instrs {
            if let Instr::Closure { func, .. } = *instr
                && depth < DEPTH
            {
                ways(
                    origins,
                    origins.program.func(f.sibling(func)),
                    depth + 1,
                    out,
                );
            }
        }
        return;
    }
    for (at, instr) in f.func.instrs.iter().enumerate() {
        if let Some(name) = change(origins, f, at, instr)
            && avoids(f, at, &traces)
        {
            let values = [("written", FactValue::Bool(false))];
            out.push(trace::at(f, at, "audit.trail", name, &values));
        }
    }
}

/// A call that is waited for, is named like a change of records, and leads to nothing that writes a trail.
fn change<'p>(
    origins: &Solver<'_, '_>,
    f: FuncRef<'p>,
    at: usize,
    instr: &Instr,
) -> Option<&'p str> {
    let Instr::Call {
        to,
        callee,
        this: Some(this),
        ..
    } = *instr
    else {
        return None;
    };
    let awaited = f
        .func
        .instrs
        .get(at + 1..)?
        .iter()
        .take(2)
        .any(|next| matches!(*next, Instr::Await { from, .. } if from == Operand::Local(to)));
    let name = name_of(f, callee).filter(|_| awaited)?;
    let of = trace::flat(name_of(f, this)?);
    let lower = name.to_ascii_lowercase();
    let changes = RECORDS.iter().any(|verb| {
        lower.starts_with(verb)
            && name
                .get(verb.len()..)
                .and_then(|rest| rest.chars().next())
                .is_none_or(|c| !c.is_ascii_lowercase())
    });
    (changes && !ASIDE.iter().any(|word| of.contains(word)) && !traces(origins, f, instr))
        .then_some(name)
}

/// A call that writes a trail, or of a function that does.
fn traces(origins: &Solver<'_, '_>, f: FuncRef<'_>, instr: &Instr) -> bool {
    let Instr::Call { callee, this, .. } = *instr else {
        return false;
    };
    let speaks = |value: Operand| name_of(f, value).is_some_and(says);
    speaks(callee)
        || this.is_some_and(speaks)
        || origins.of_operand(f.id, callee).iter().any(|val| {
            matches!(origins.val(*val), Some(Val::Func(func))
                if writes_trail(origins, origins.program.func(func), DEPTH - 1))
        })
}

/// There is a way from the start to a return by this instruction and by none of the others.
fn avoids(f: FuncRef<'_>, at: usize, others: &[usize]) -> bool {
    let holds = |number: usize, from: usize, to: usize| {
        f.func.blocks.get(number).is_some_and(|block| {
            let range = block.instrs.range();
            others
                .iter()
                .any(|o| range.contains(o) && (from..to).contains(o))
        })
    };
    let Some(own) = f
        .func
        .blocks
        .iter()
        .position(|block| block.instrs.range().contains(&at))
    else {
        return false;
    };
    if holds(own, 0, usize::MAX) {
        return false;
    }
    let reach = |from: usize| {
        let mut seen: FxHashSet<usize> = FxHashSet::default();
        let mut next = vec![from];
        while let Some(number) = next.pop() {
            if holds(number, 0, usize::MAX) || !seen.insert(number) {
                continue;
            }
            if let Some(block) = f.func.blocks.get(number) {
                next.extend(block.term.successors().map(BlockId::index));
            }
        }
        seen
    };
    reach(0).contains(&own)
        && reach(own).iter().any(|number| {
            matches!(
                f.func.blocks.get(*number).map(|block| block.term),
                Some(Term::Return(_))
            )
        })
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
    trace::member(f, value).or_else(|| crate::object::key::variable(f, value))
}

fn says(name: &str) -> bool {
    name.to_ascii_lowercase().contains("audit")
}
