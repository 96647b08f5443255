//! Lines that a program writes into its log, as the code says them; also through a logger of its own.
//!
//! Programs put a module of their own before the library that writes. Its functions hold one call for hundreds of events, and say
//! of none what it is: what happened stands where they are called.

use crate::inventory::member_before;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Arg, ArgKey, Const, Instr, Operand, PartKey};
use std::collections::BTreeMap;

/// A line that is written into a log, as the code says it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogEntry {
    /// The method: `warn`, `info` …
    pub level: String,
    /// The first text that stands in it.
    pub text: String,
    /// Names of the fields that it has.
    pub fields: Vec<String>,
    /// The file of the program's own logger that it goes through; empty where the library is called.
    pub through: String,
}

/// Loggers before loggers.
const ROUNDS: usize = 3;

/// Steps back along copies and templates.
const DEPTH: u32 = 3;

/// Fields that say what happened.
const SAYING: [&str; 5] = ["event", "action", "msg", "message", "type"];

/// What functions of loggers are called.
const LEVELS: [&str; 14] = [
    "log",
    "info",
    "warn",
    "warning",
    "error",
    "debug",
    "trace",
    "verbose",
    "silly",
    "notice",
    "fatal",
    "critical",
    "exception",
    "audit",
];

/// Words with `log` in them that tell of no log.
const OTHERS: [&str; 9] = [
    "login", "logon", "logout", "logoff", "blog", "catalog", "dialog", "logic", "logo",
];

/// A function by which a program writes its log.
struct Own {
    level: String,
    /// The parameters that become the text, the first one first.
    says: Vec<usize>,
    file: String,
}

/// What a call writes into a log.
pub(crate) fn entry(f: FuncRef<'_>, args: &[Arg], level: String) -> LogEntry {
    let mut entry = LogEntry {
        level,
        ..LogEntry::default()
    };
    for arg in args {
        if let ArgKey::Keyword(name) = arg.key {
            entry.fields.push(f.file.facts.str(name).to_owned());
            continue;
        }
        let found = said(f, arg.value, Some(&mut entry.fields));
        // Beside the message, loggers are given short names of categories.
        if entry.text.is_empty()
            || !is_sentence(&entry.text) && found.as_deref().is_some_and(is_sentence)
        {
            entry.text = found.unwrap_or(entry.text);
        }
    }
    entry
}

fn is_sentence(text: &str) -> bool {
    text.trim().contains(' ')
}

/// The constant text of a value, or of what says what happened in it; the names of its fields besides.
fn said(f: FuncRef<'_>, value: Operand, mut fields: Option<&mut Vec<String>>) -> Option<String> {
    if let Some(text) = text(f, value) {
        return Some(text);
    }
    let Operand::Local(local) = value else {
        return None;
    };
    match f.writer(local).map(|(_, instr)| *instr)? {
        Instr::Object { parts, .. } => {
            let mut found = None;
            for part in f.func.parts(parts) {
                if let PartKey::Field(name) = part.key {
                    let name = f.file.facts.str(name);
                    if let Some(fields) = fields.as_deref_mut() {
                        fields.push(name.to_owned());
                    }
                    if SAYING.contains(&name) {
                        found = found.or_else(|| text(f, part.value));
                    }
                }
            }
            found
        }
        Instr::Template { operands, .. } | Instr::Op { operands, .. } => {
            let pieces = f.func.operands(operands).iter();
            let mut pieces = pieces.filter_map(|o| text(f, *o));
            pieces.find(|piece| has_word(piece))
        }
        _ => None,
    }
}

fn text(f: FuncRef<'_>, value: Operand) -> Option<String> {
    let Operand::Const(id) = value else {
        return None;
    };
    match *f.file.facts.constant(id) {
        Const::Str(text) => Some(f.file.facts.str(text).to_owned()),
        _ => None,
    }
}

/// Whether a text says anything: `: ` and `[%s]` do not.
fn has_word(text: &str) -> bool {
    text.split(|c: char| !c.is_alphabetic())
        .any(|word| word.chars().count() > 2)
}

/// Adds the entries that go through loggers of the program's own.
pub(crate) fn through_own(origins: &Solver<'_, '_>, entries: &mut BTreeMap<Site, LogEntry>) {
    let program = origins.program;
    let mut own: BTreeMap<FuncId, Own> = BTreeMap::new();
    for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
        let f = program.func(id);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let Some(written) = entries.get(&site(f, at)) else {
                continue;
            };
            let args: Vec<Operand> = f.func.args(args).iter().map(|a| a.value).collect();
            if let Some(says) = is_own(origins, f, &written.text, &args) {
                own.entry(id).or_insert_with(|| Own {
                    level: member_before(f, callee, at).unwrap_or_default(),
                    says,
                    file: f.file.path.clone(),
                });
            }
        }
    }
    for _ in 0..ROUNDS {
        if own.is_empty() {
            return;
        }
        let mut more: BTreeMap<FuncId, Own> = BTreeMap::new();
        for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
            let f = program.func(id);
            for (at, instr) in f.func.instrs.iter().enumerate() {
                let Instr::Call { callee, args, .. } = *instr else {
                    continue;
                };
                let vals = origins.of_operand(id, callee).iter();
                let called = vals.filter_map(|val| match origins.val(*val) {
                    Some(Val::Func(func)) => Some(func),
                    _ => None,
                });
                let Some((target, logger)) = called
                    .filter_map(|func| Some((func, own.get(&func)?)))
                    .next()
                else {
                    continue;
                };
                let args = f.func.args(args);
                let given = given(f, program.func(target), args, &logger.says);
                let mut made = entry(f, args, logger.level.clone());
                made.text = texts(f, &given).unwrap_or_default();
                if let Some(says) = is_own(origins, f, &made.text, &given) {
                    if !own.contains_key(&id) {
                        more.insert(
                            id,
                            Own {
                                level: logger.level.clone(),
                                says,
                                file: f.file.path.clone(),
                            },
                        );
                    }
                    continue;
                }
                made.through.clone_from(&logger.file);
                entries.entry(site(f, at)).or_insert(made);
            }
        }
        if more.is_empty() {
            return;
        }
        own.extend(more);
    }
}

fn site(f: FuncRef<'_>, at: usize) -> Site {
    Site {
        file: f.file_idx,
        span: f.func.spans.get(at).copied().unwrap_or_default(),
    }
}

/// The arguments that some parameters are given, by position or by name.
fn given(f: FuncRef<'_>, target: FuncRef<'_>, args: &[Arg], params: &[usize]) -> Vec<Operand> {
    let value = |param: &usize| {
        let name = target.func.params.get(*param).and_then(|p| p.name);
        let name = name.map(|name| target.file.facts.str(name));
        let named = |arg: &&Arg| matches!(arg.key, ArgKey::Keyword(key) if Some(f.file.facts.str(key)) == name);
        let by_place = args.get(*param).filter(|arg| arg.key == ArgKey::Pos);
        by_place
            .or_else(|| args.iter().find(named))
            .map(|arg| arg.value)
    };
    params.iter().filter_map(value).collect()
}

fn texts(f: FuncRef<'_>, given: &[Operand]) -> Option<String> {
    given.iter().find_map(|value| said(f, *value, None))
}

/// Where a function is one by which the program writes its log: the parameters that become the text.
///
/// What it writes says nothing by itself, and it, its class or its file is called after what it does: a handler that writes out what
/// it was given is no logger.
fn is_own(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    text: &str,
    args: &[Operand],
) -> Option<Vec<usize>> {
    if has_word(text) {
        return None;
    }
    let mut says = Vec::new();
    for arg in args {
        params(f, *arg, 0, &mut says);
    }
    let name = f.func.name.map(|name| f.file.facts.str(name));
    let class = f.func.class.map(|class| f.class(class));
    let class = class.and_then(|class| origins.program.class(class));
    let class = class.and_then(|(_, def)| def.name);
    let file = f.file.path.rsplit('/').next().unwrap_or_default();
    let called = name.is_some_and(|name| LEVELS.contains(&name) || tells(name))
        || class.is_some_and(|name| tells(f.file.facts.str(name)))
        || tells(file.split('.').next().unwrap_or_default());
    (called && !says.is_empty()).then_some(says)
}

/// Whether a name tells of a log.
fn tells(name: &str) -> bool {
    let mut name = name.to_ascii_lowercase();
    for other in OTHERS {
        name = name.replace(other, "");
    }
    name.contains("log")
}

/// The parameters that a value is, or is put together from.
fn params(f: FuncRef<'_>, value: Operand, depth: u32, out: &mut Vec<usize>) {
    let Operand::Local(local) = value else {
        return;
    };
    if let Some(param) = f.param_of(local) {
        if !out.contains(&param) {
            out.push(param);
        }
        return;
    }
    if depth == DEPTH {
        return;
    }
    match f.writer(local).map(|(_, instr)| *instr) {
        Some(Instr::Copy { from, .. }) => params(f, from, depth + 1, out),
        Some(Instr::Template { operands, .. } | Instr::Op { operands, .. }) => {
            for operand in f.func.operands(operands) {
                params(f, *operand, depth + 1, out);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loggers_are_told_by_their_names() {
        assert!(tells("Logger") && tells("appLog") && tells("logging"));
        assert!(!tells("login") && !tells("blogPost") && !tells("Dialog"));
        assert!(has_word("user %s") && !has_word("[%s]: ") && !has_word("a b"));
    }
}
