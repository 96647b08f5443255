//! What handlers of Nest declare for guards to read, and whether a guard before the handler reads it, as facts.
//!
//! `@Roles('admin')` only writes something down; a guard that asks the reflector for it makes it count.
//! Source: <https://docs.nestjs.com/fundamentals/execution-context#reflection-and-metadata>

use crate::decoration::written_name;
use crate::model::{Application, Endpoint, Stage};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{Instr, Operand};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// What writes something down for guards.
const WRITES: &str = "SetMetadata";

/// Methods of the reflector that read what was written down.
const READS: [&str; 4] = ["get", "getAll", "getAllAndOverride", "getAllAndMerge"];

/// Words of what is declared about people and their rights; other things that are written down ask for nothing.
const RIGHTS: [&str; 10] = [
    "role",
    "permission",
    "scope",
    "abilit",
    "policy",
    "policies",
    "access",
    "admin",
    "privilege",
    "auth",
];

/// Depth of calls from a guard to where it reads.
const DEPTH: u32 = 2;

impl Application {
    /// One fact for each declaration of a right at a handler that some guard of the program reads.
    pub(super) fn declarations(&self, origins: &Solver<'_, '_>) -> Vec<Fact> {
        let mut read: FxHashMap<FuncId, BTreeSet<String>> = FxHashMap::default();
        let mut all: Vec<(&Endpoint, Site, String, bool)> = Vec::new();
        for endpoint in &self.endpoints {
            let Some(&handler) = endpoint.handlers.first() else {
                continue;
            };
            for (site, key) in declared(origins, handler) {
                let mut guards = endpoint.chain.iter().map(|member| match member.what {
                    Stage::Decides(func) => Some(
                        read.entry(func)
                            .or_insert_with(|| keys(origins, func, 0))
                            .contains(&key),
                    ),
                    Stage::Package(path) => {
                        let known = origins.paths.known(path) || origins.paths.parent_known(path);
                        known.then_some(false)
                    }
                    _ => None,
                });
                // What is not understood may read it.
                let reads = guards.try_fold(false, |any, reads| Some(any | reads?));
                match reads {
                    Some(reads) if reads || endpoint.unknown == 0 => {
                        all.push((endpoint, site, key, reads));
                    }
                    _ => {}
                }
            }
        }
        let mut enforced: BTreeMap<&str, usize> = BTreeMap::new();
        for (.., key, reads) in &all {
            *enforced.entry(key).or_default() += usize::from(*reads);
        }
        let fact = |(endpoint, site, key, reads): &(&Endpoint, Site, String, bool)| Fact {
            fact: "right.declared".to_owned(),
            site: *site,
            function: endpoint.handlers.first().copied().unwrap_or(FuncId(0)),
            callee: key.clone(),
            values: vec![
                ("enforced".to_owned(), FactValue::Bool(*reads)),
                (
                    "siblings".to_owned(),
                    super::number(enforced.get(key.as_str()).copied().unwrap_or(0)),
                ),
            ],
        };
        all.iter().map(fact).collect()
    }
}

/// Where a handler, by its own decorators, writes down that a right is wanted, and under which key.
fn declared(origins: &Solver<'_, '_>, handler: FuncId) -> Vec<(Site, String)> {
    let f = origins.program.func(handler);
    let Some(parent) = f.parent().map(|parent| origins.program.func(parent)) else {
        return Vec::new();
    };
    let key_of = |decorator: &casemate_ir::Decorator| {
        let key = match writes(parent, decorator.value) {
            Some(key) => Some(key),
            None => {
                // A function of the program that makes the decorator.
                let (callee, _) = parent.call_behind(decorator.value)?;
                let vals = origins.of_operand(parent.id, callee).iter();
                let mut makers = vals.filter_map(|val| match origins.val(*val) {
                    Some(Val::Func(func)) => Some(origins.program.func(func)),
                    _ => None,
                });
                makers.next().and_then(|maker| {
                    let mut made = maker.func.instrs.iter().filter_map(Instr::target);
                    made.find_map(|to| writes(maker, Operand::Local(to)))
                })
            }
        }?;
        let lower = key.to_lowercase();
        let site = Site {
            file: f.file_idx,
            span: decorator.span,
        };
        let right = RIGHTS.iter().any(|word| lower.contains(word));
        right.then_some((site, key))
    };
    f.func.decorators.iter().filter_map(key_of).collect()
}

/// The key under which a value writes something down.
fn writes(f: FuncRef<'_>, made: Operand) -> Option<String> {
    let (callee, args) = f.call_behind(made)?;
    let writes = written_name(f, callee) == Some(WRITES);
    name(f, args.first().filter(|_| writes)?.value)
}

/// The keys that a guard asks the reflector for, itself or through what it calls.
fn keys(origins: &Solver<'_, '_>, func: FuncId, depth: u32) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let f = origins.program.func(func);
    for instr in &f.func.instrs {
        let Instr::Call { callee, args, .. } = *instr else {
            continue;
        };
        let method = written_name(f, callee).unwrap_or_default();
        let asked = f.read_off(callee).and_then(|base| written_name(f, base));
        if READS.contains(&method)
            && asked.is_some_and(|name| name.to_lowercase().contains("reflector"))
        {
            let first = f.func.args(args).first();
            out.extend(first.and_then(|arg| name(f, arg.value)));
        }
        if depth < DEPTH {
            for val in origins.of_operand(func, callee).iter().take(2) {
                if let Some(Val::Func(inner)) = origins.val(*val) {
                    out.extend(keys(origins, inner, depth + 1));
                }
            }
        }
    }
    out
}

/// A key as it is written: a text, or the name of a constant.
fn name(f: FuncRef<'_>, key: Operand) -> Option<String> {
    let text = f.constant_text(key).or_else(|| written_name(f, key));
    text.map(str::to_owned)
}
