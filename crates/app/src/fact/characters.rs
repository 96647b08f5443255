//! Texts of requests that may hold any characters, where the other texts of the program refuse control characters.
//!
//! Which characters a text may hold is for its owner to say. Where several schemas say it, and one whose name is that of one of them
//! has bounds of its length alone, that was forgotten.

use super::trace::{self, MethodCall};
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Const, FnKind, Instr, LocalId, Operand, PartKey, Term, VarRef};
use std::collections::{BTreeMap, BTreeSet};

/// So many schemas that refuse control characters make a habit, at so many for each that does not.
const HABIT: usize = 3;

/// Calls of one chain.
const CHAIN: usize = 16;

/// Methods by which schemas of texts are given a pattern, in zod, yup and joi.
const PATTERNS: [&str; 3] = ["regex", "matches", "pattern"];

/// Methods that say nothing of characters.
const PLAIN: [&str; 17] = [
    "string",
    "trim",
    "min",
    "max",
    "length",
    "nonempty",
    "normalize",
    "optional",
    "nullable",
    "nullish",
    "default",
    "describe",
    "required",
    "allow",
    "label",
    "meta",
    "openapi",
];

/// How patterns name control characters.
const CONTROL: [&str; 8] = [
    "\\p{cc}",
    "\\p{c}",
    "\\p{cntrl}",
    "[:cntrl:]",
    "\\x00",
    "\\u0000",
    "\\x1f",
    "\\u001f",
];

/// Parts of names of what a machine has made: a person types it at most, and nobody reads it.
const MADE: [&str; 14] = [
    "code",
    "token",
    "state",
    "cursor",
    "key",
    "secret",
    "password",
    "hash",
    "nonce",
    "signature",
    "challenge",
    "verifier",
    "credential",
    "digest",
];

/// The schema of a text, as one chain of calls makes it.
struct Text {
    /// Place of its last call.
    at: usize,
    func: FuncId,
    /// The variable, the function or the member that it is for.
    name: Option<String>,
    /// Its length alone is bounded.
    plain: bool,
    /// It refuses control characters, by a pattern that stands in this chain.
    refuses: bool,
}

/// One fact for each text whose name others share, in programs in which refusing control characters is the habit.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let libraries = ["npm:zod", "npm:yup", "npm:joi"].map(str::to_owned);
    if !origins.program.imports_any(&libraries) {
        return Vec::new();
    }
    let mut texts: Vec<Text> = Vec::new();
    let mut bounded: BTreeSet<String> = BTreeSet::new();
    for f in trace::functions(origins) {
        chains(origins, f, &mut texts);
        members(origins, f, &mut bounded);
    }
    bounded.extend(
        texts
            .iter()
            .filter(|text| text.refuses)
            .filter_map(|text| text.name.clone()),
    );
    bounded.retain(|name| {
        let flat = trace::flat(name);
        flat != "id" && !MADE.iter().any(|part| flat.contains(part))
    });
    let shared = |text: &&Text| {
        text.name
            .as_ref()
            .is_some_and(|name| bounded.contains(name))
    };
    let refusing = texts.iter().filter(|text| text.refuses).count();
    let plain = texts
        .iter()
        .filter(|text| text.plain)
        .filter(shared)
        .count();
    if refusing < HABIT || refusing < HABIT * plain {
        return Vec::new();
    }
    let told = texts.iter().filter(|text| text.plain || text.refuses);
    told.filter(shared)
        .map(|text| {
            let f = origins.program.func(text.func);
            trace::at(
                f,
                text.at,
                "schema.characters",
                text.name.as_deref().unwrap_or_default(),
                &[("refused", FactValue::Bool(text.refuses))],
            )
        })
        .collect()
}

/// The schemas of texts that a function makes.
fn chains(origins: &Solver<'_, '_>, f: FuncRef<'_>, out: &mut Vec<Text>) {
    let calls: BTreeMap<LocalId, MethodCall<'_>> = trace::method_calls(f)
        .filter_map(|call| Some((f.func.instrs.get(call.at)?.target()?, call)))
        .collect();
    let receivers: BTreeSet<LocalId> = calls.values().filter_map(|call| local(call.this)).collect();
    for (to, last) in &calls {
        if receivers.contains(to) || last.name == "string" {
            continue;
        }
        let mut chain = Vec::new();
        let mut at = Some(last);
        while let Some(call) = at.filter(|_| chain.len() < CHAIN) {
            chain.push(call);
            at = local(call.this).and_then(|this| calls.get(&this));
        }
        let begins = chain.last().is_some_and(|first| first.name == "string");
        let known = begins
            && trace::texts(origins, f.id, Operand::Local(*to))
                .iter()
                .any(|text| is_text(text));
        if !known {
            continue;
        }
        let has = |name: &str| chain.iter().any(|call| call.name == name);
        out.push(Text {
            at: last.at,
            func: f.id,
            name: named(f, *to),
            plain: has("max") && chain.iter().all(|call| PLAIN.contains(&call.name)),
            refuses: chain
                .iter()
                .any(|call| PATTERNS.contains(&call.name) && refuses_control(f, call)),
        });
    }
}

/// Names of members whose schema is a text with a pattern.
fn members(origins: &Solver<'_, '_>, f: FuncRef<'_>, out: &mut BTreeSet<String>) {
    for instr in &f.func.instrs {
        let Instr::Object { parts, .. } = *instr else {
            continue;
        };
        for part in f.func.parts(parts) {
            let PartKey::Field(name) = part.key else {
                continue;
            };
            let limited = trace::texts(origins, f.id, part.value).iter().any(|text| {
                is_text(text)
                    && PATTERNS
                        .iter()
                        .any(|method| text.contains(&format!(".{method}(")))
            });
            if limited {
                out.insert(f.file.facts.str(name).to_owned());
            }
        }
    }
}

/// The path of a schema of a text.
fn is_text(path: &str) -> bool {
    ["npm:zod", "npm:yup", "npm:joi"]
        .iter()
        .any(|library| path.starts_with(library))
        && path.contains("string()")
}

fn local(operand: Operand) -> Option<LocalId> {
    match operand {
        Operand::Local(local) => Some(local),
        Operand::Const(_) => None,
    }
}

fn refuses_control(f: FuncRef<'_>, call: &MethodCall<'_>) -> bool {
    let Some(Operand::Const(id)) = call.args.first().map(|arg| arg.value) else {
        return false;
    };
    let Const::Regex(regex) = f.file.facts.constant(id) else {
        return false;
    };
    let pattern = f.file.facts.str(regex.pattern).to_lowercase();
    CONTROL.iter().any(|part| pattern.contains(part))
}

/// What a value is called: the member or the variable that it is written to, or the function that gives it back.
fn named(f: FuncRef<'_>, value: LocalId) -> Option<String> {
    let is = |operand: Operand| operand == Operand::Local(value);
    let facts = &f.file.facts;
    for instr in &f.func.instrs {
        match *instr {
            Instr::Object { parts, .. } => {
                let part = f.func.parts(parts).iter().find(|part| is(part.value));
                if let Some(PartKey::Field(name)) = part.map(|part| part.key) {
                    return Some(facts.str(name).to_owned());
                }
            }
            Instr::StoreVar {
                var: VarRef::Global(global),
                value,
            } if is(value) => {
                let known = facts.globals.get(global.index())?;
                return Some(facts.str(known.name).to_owned());
            }
            Instr::Copy { to, from } if is(from) => {
                let name = f.func.locals.get(to.index())?.name?;
                return Some(facts.str(name).to_owned());
            }
            _ => {}
        }
    }
    let returned = f
        .func
        .blocks
        .iter()
        .any(|block| matches!(block.term, Term::Return(Some(operand)) if is(operand)));
    let name = f
        .func
        .name
        .filter(|_| returned && f.func.kind != FnKind::Module)?;
    Some(facts.str(name).to_owned())
}
