//! Rules that say who may read something (`mayReadOrder(actor, order)`), and that are asked of nothing that is read: only of what a
//! change has made of a record, or of nothing at all.

use super::trace;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Instr, Key, Operand};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// How the names of such rules begin, and how they go on.
const MAY: &[&str] = &["may", "can", "isallowedto", "ispermittedto"];
const READ: &[&str] = &["read", "view", "see"];

/// How the names of calls begin that change a record and give it back.
const CHANGES: &[&str] = &["update", "change", "patch", "save", "modify", "replace"];

/// Steps from a value back to the call that gave it.
const STEPS: usize = 4;

/// What the calls of a rule were given.
#[derive(Default)]
struct Asked {
    changed: Option<(FuncId, usize)>,
    otherwise: bool,
}

/// One fact for each rule that only changes ask.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let program = origins.program;
    let mut rules: FxHashMap<FuncId, String> = FxHashMap::default();
    for func in program.function_ids() {
        let f = program.func(func);
        let name = f.func.name.map(|name| f.file.facts.str(name));
        if let Some(name) = name.filter(|name| is_rule(name) && f.func.params.len() >= 2) {
            rules.insert(func, name.to_owned());
        }
    }
    if rules.is_empty() {
        return Vec::new();
    }
    let mut asked: BTreeMap<FuncId, Asked> = BTreeMap::new();
    for f in trace::functions(origins) {
        // Whoever makes one, or imports it, uses it by that alone for nothing.
        let names = &f.file.facts.strings;
        if !names.iter().any(|name| is_rule(name)) {
            continue;
        }
        uses(origins, f, &rules, &mut asked);
    }
    let mut out = Vec::new();
    for (rule, asked) in asked {
        let (false, Some((func, at)), Some(name)) =
            (asked.otherwise, asked.changed, rules.get(&rule))
        else {
            continue;
        };
        let values = [("changes", FactValue::Bool(true))];
        out.push(trace::at(
            program.func(func),
            at,
            "rule.reading",
            name,
            &values,
        ));
    }
    out
}

/// `mayReadOrder`, `can_view`
fn is_rule(name: &str) -> bool {
    let flat = trace::flat(name);
    MAY.iter()
        .filter_map(|may| flat.strip_prefix(may))
        .any(|rest| READ.iter().any(|read| rest.starts_with(read)))
}

/// The rules that a function asks, and what of.
fn uses(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    rules: &FxHashMap<FuncId, String>,
    asked: &mut BTreeMap<FuncId, Asked>,
) {
    let rule_of = |value: Operand| {
        origins
            .of_operand(f.id, value)
            .iter()
            .filter_map(|val| match origins.val(*val) {
                Some(Val::Func(func)) if rules.contains_key(&func) => Some(func),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    for (at, instr) in f.func.instrs.iter().enumerate() {
        match *instr {
            Instr::Call { callee, args, .. } => {
                let args = f.func.args(args);
                for rule in rule_of(callee) {
                    let known = asked.entry(rule).or_default();
                    if args.iter().any(|arg| is_changed(f, arg.value)) {
                        known.changed.get_or_insert((f.id, at));
                    } else {
                        known.otherwise = true;
                    }
                }
                for rule in args.iter().flat_map(|arg| rule_of(arg.value)) {
                    asked.entry(rule).or_default().otherwise = true;
                }
            }
            // It is handed on, and somebody else asks it.
            Instr::Store { value, .. } => {
                for rule in rule_of(value) {
                    asked.entry(rule).or_default().otherwise = true;
                }
            }
            Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
                let parts = f.func.parts(parts).iter();
                for rule in parts.flat_map(|part| rule_of(part.value)) {
                    asked.entry(rule).or_default().otherwise = true;
                }
            }
            _ => {}
        }
    }
    let ends = f
        .func
        .blocks
        .iter()
        .filter_map(|block| block.term.operand());
    for rule in ends.flat_map(rule_of) {
        asked.entry(rule).or_default().otherwise = true;
    }
}

/// What a call gave back that changes a record.
fn is_changed(f: FuncRef<'_>, value: Operand) -> bool {
    let mut value = value;
    for _ in 0..STEPS {
        match trace::made_by(f, value) {
            Some((
                _,
                Instr::Load {
                    base,
                    key: Key::Index(_),
                    ..
                },
            )) => value = *base,
            Some((_, Instr::Call { callee, this, .. })) => {
                let name = trace::called(f, *callee, *this).0.map(trace::flat);
                return name.is_some_and(|name| CHANGES.iter().any(|verb| name.starts_with(verb)));
            }
            _ => return false,
        }
    }
    false
}
