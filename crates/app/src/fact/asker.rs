//! Queries that are told who asks and do not look at it, where another one of the same class does, and functions that are called a lock
//! and only read.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Const, FnKind, Instr, Key, Language, Operand};
use std::collections::{BTreeMap, BTreeSet};

/// Names of who asks, as parameters and members of requests.
pub(super) const ASKERS: &[&str] = &[
    "actor",
    "user",
    "currentuser",
    "principal",
    "viewer",
    "caller",
    "requester",
];

/// Calls that read records.
const READS: &[&str] = &[
    "select",
    "findmany",
    "findfirst",
    "findunique",
    "findone",
    "findall",
    "find",
    "findandcount",
    "getmany",
    "getone",
    "query",
];

/// Calls that change records.
const WRITES: &[&str] = &[
    "update", "insert", "save", "set", "create", "delete", "upsert", "exec", "execute", "remove",
    "push", "add", "acquire", "eval", "setnx",
];

/// Those of them that say by a condition which records they change.
const CHANGES: &[&str] = &["update", "delete"];

/// Steps from a condition back to who asks.
const DEPTH: usize = 12;

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let program = origins.program;
    let mut asked: BTreeMap<(u32, u32, String), Vec<(FuncId, bool)>> = BTreeMap::new();
    let mut beside = BTreeSet::new();
    let mut out = Vec::new();
    for f in trace::functions(origins) {
        if f.file.facts.language == Language::Python || f.func.kind == FnKind::Module {
            continue;
        }
        let calls = calls(origins, f);
        let any = |names: &[&str]| calls.iter().any(|call| names.contains(&call.as_str()));
        // What was prepared is what `execute` does.
        let prepared = any(&["prepare"]);
        let writes = calls
            .iter()
            .any(|call| WRITES.contains(&call.as_str()) && !(prepared && call == "execute"));
        let (reads, changes) = (any(READS), any(CHANGES));
        if !reads && !changes {
            continue;
        }
        let name = f
            .func
            .name
            .map(|name| f.file.facts.str(name))
            .unwrap_or_default();
        if reads && super::unused::begins(name, &["lock"]) && f.func.class.is_some() {
            let locks = writes || speaks_of_locks(origins, f);
            out.push(trace::at(
                f,
                0,
                "lock.named",
                name,
                &[("locks", FactValue::Bool(locks))],
            ));
            if let Some(fact) = out.last_mut() {
                fact.site.span = f.func.head;
            }
        }
        let conditions = conditions(f);
        for param in f.func.params.iter().filter(|_| !conditions.is_empty()) {
            let name = param
                .name
                .map(|name| f.file.facts.str(name))
                .unwrap_or_default();
            if !says_who(name) {
                continue;
            }
            let value = Operand::Local(param.local);
            let limits = conditions
                .iter()
                .any(|condition| reaches(f, *condition, value, 0));
            let Some(class) = f.func.class else {
                // `readonly #byId = prepared((tx, actor) => …)`: what a class keeps looks for all of it.
                if limits {
                    beside.insert((f.file_idx.0, name.to_owned()));
                }
                continue;
            };
            let captured = f
                .func
                .locals
                .get(param.local.index())
                .is_none_or(|local| local.captured);
            let ignored =
                !param.optional && !captured && (changes || !writes) && !is_looked_at(f, value);
            if limits || ignored {
                let methods = asked.entry((f.file_idx.0, class.0, name.to_owned()));
                methods.or_default().push((f.id, limits));
            }
        }
    }
    for ((file, _, name), methods) in asked {
        let looked = methods.iter().any(|(_, looked)| *looked);
        if !looked && !beside.contains(&(file, name)) {
            continue;
        }
        for (func, looked) in methods {
            let f = program.func(func);
            let name = program.func_name(func);
            let values = [("looked", FactValue::Bool(looked))];
            let mut fact = trace::at(f, 0, "asker.given", &name, &values);
            fact.site.span = f.func.head;
            out.push(fact);
        }
    }
    out
}

/// `actor`, `user`, `tenantId`: who asks, or whose records are meant.
fn says_who(name: &str) -> bool {
    ASKERS.contains(&trace::flat(name).as_str()) || name.len() > 2 && name.ends_with("Id")
}

/// What queries are asked for: the arguments of `where`.
fn conditions(f: FuncRef<'_>) -> Vec<Operand> {
    let mut out = Vec::new();
    for instr in &f.func.instrs {
        if let Instr::Call {
            callee, this, args, ..
        } = *instr
            && trace::called(f, callee, this).0 == Some("where")
        {
            out.extend(f.func.args(args).iter().map(|arg| arg.value));
        }
    }
    out
}

/// A value is made from another one.
fn reaches(f: FuncRef<'_>, value: Operand, from: Operand, depth: usize) -> bool {
    if value == from {
        return true;
    }
    let Operand::Local(local) = value else {
        return false;
    };
    depth < DEPTH
        && f.writers(local).any(|(_, instr)| {
            let mut found = false;
            f.func.each_read(instr, |operand| {
                found = found || reaches(f, operand, from, depth + 1);
            });
            found
        })
}

/// Somebody reads it, and not only to fill the placeholders of a statement, which says by its condition what they limit.
fn is_looked_at(f: FuncRef<'_>, value: Operand) -> bool {
    let mut readers = f.func.instrs.iter().filter(|instr| reads(f, instr, value));
    let ends = |value: Operand| {
        let mut blocks = f.func.blocks.iter();
        blocks.any(|block| block.term.operand() == Some(value))
    };
    ends(value)
        || readers.any(|instr| {
            let Instr::Call { to, .. } = *instr else {
                return true;
            };
            let made = Operand::Local(to);
            let mut uses = f.func.instrs.iter().filter(|use_| reads(f, use_, made));
            ends(made) || uses.clone().next().is_none() || !uses.all(|use_| fills(f, use_))
        })
}

/// A call that sends a statement which was put together before: `statement.execute(values)`.
fn fills(f: FuncRef<'_>, instr: &Instr) -> bool {
    matches!(*instr, Instr::Call { callee, this, .. }
        if trace::called(f, callee, this).0 == Some("execute"))
}

fn reads(f: FuncRef<'_>, instr: &Instr, value: Operand) -> bool {
    let mut read = false;
    f.func.each_read(instr, |operand| read |= operand == value);
    read
}

/// The names of what a function and those inside it call.
fn calls(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for func in trace::inside(origins, f.id) {
        let f = origins.program.func(func);
        out.extend(f.func.instrs.iter().filter_map(|instr| match *instr {
            Instr::Call { callee, this, .. } => trace::called(f, callee, this).0.map(trace::flat),
            _ => None,
        }));
    }
    out
}

/// Anything in it is called, or says, a lock: `.for('update')`, `FOR UPDATE`, `lock: …`, a call of something that may lock.
fn speaks_of_locks(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> bool {
    let says = |text: &str| {
        let lower = text.to_ascii_lowercase();
        [
            "lock",
            "update",
            "mutex",
            "advisory",
            "semaphore",
            "serializable",
        ]
        .iter()
        .any(|word| lower.contains(word))
    };
    trace::inside(origins, f.id).into_iter().any(|func| {
        let f = origins.program.func(func);
        let constant = |operand: Operand| match operand {
            Operand::Const(id) => matches!(f.file.facts.constant(id), Const::Str(text) if says(f.file.facts.str(*text))),
            Operand::Local(_) => false,
        };
        f.func.instrs.iter().any(|instr| {
            let mut told = matches!(*instr, Instr::Load { key: Key::Field(name), .. } if says(f.file.facts.str(name)));
            if let Instr::Object { parts, .. } = *instr {
                told |= f.func.parts(parts).iter().any(|part| matches!(part.key, casemate_ir::PartKey::Field(name) if says(f.file.facts.str(name))));
            }
            if let Instr::LoadVar { to, .. } = *instr {
                told |= crate::object::key::variable(f, Operand::Local(to)).is_some_and(says);
            }
            f.func.each_read(instr, |operand| told |= constant(operand));
            told
        })
    })
}
