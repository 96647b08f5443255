//! What one of two ways of writing the same thing leaves out: a check of what a client sends that changing makes and creating does not,
//! an encryption that reading takes for granted and writing does not do.

use super::trace::{self, MethodCall};
use super::unused::begins;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Capture, Instr, Key, Language, LocalId, Operand, PartKey, VarRef};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// How names of checks begin that belong to a class alone.
const CHECKS: &[&str] = &["check", "assert", "ensure", "verify", "validate", "require"];

/// Names of methods that make a record, and of those that change one.
const CREATING: &[&str] = &["create", "add", "insert"];
const CHANGING: &[&str] = &["update", "change", "edit", "patch", "modify"];

/// How names begin of what decrypts, and of what encrypts.
const OPENS: &[&str] = &["decrypt", "unseal", "decipher"];
const SEALS: &[&str] = &["seal", "encrypt", "encipher"];

/// Parts of names of what opens by decrypting: many other things are opened.
const CIPHERS: &[&str] = &["cipher", "crypt", "secretbox", "vault", "kms"];

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let program = origins.program;
    let mut out = Vec::new();
    let mut methods: BTreeMap<(u32, u32), Vec<FuncId>> = BTreeMap::new();
    for func in program
        .function_ids()
        .filter(|func| !program.is_copy(*func))
    {
        let f = program.func(func);
        if f.file.facts.language == Language::Python {
            continue;
        }
        if let Some(class) = f.func.class {
            methods
                .entry((f.file_idx.0, class.0))
                .or_default()
                .push(func);
        }
    }
    for methods in methods.into_values() {
        checks(origins, &methods, &mut out);
        ciphers(origins, &methods, &mut out);
    }
    out
}

/// Checks of its own class that a method gives one of its parameters, by name; and whether it hands one on otherwise.
fn checks(origins: &Solver<'_, '_>, methods: &[FuncId], out: &mut Vec<Fact>) {
    let program = origins.program;
    let of_name = |names: &[&str]| {
        methods.iter().copied().find(|func| {
            let f = program.func(*func);
            let name = f.func.name.map(|name| f.file.facts.str(name));
            name.is_some_and(|name| names.contains(&name))
        })
    };
    let (Some(creating), Some(changing)) = (of_name(CREATING), of_name(CHANGING)) else {
        return;
    };
    // What only creating checks may be what never changes.
    let asked = own_checks(origins, changing);
    if let Some(check) = asked.iter().min()
        && own_checks(origins, creating).is_empty()
    {
        let f = program.func(creating);
        let values = [("missing", FactValue::Bool(true))];
        let mut fact = trace::at(f, 0, "check.missing", check, &values);
        fact.site.span = f.func.head;
        out.push(fact);
    }
}

/// Names of private methods of checks that are given a whole parameter of the method.
fn own_checks(origins: &Solver<'_, '_>, method: FuncId) -> FxHashSet<String> {
    let mut out = FxHashSet::default();
    let mut params: FxHashMap<FuncId, FxHashSet<LocalId>> = FxHashMap::default();
    let mut flags: FxHashMap<FuncId, Vec<bool>> = FxHashMap::default();
    let f = origins.program.func(method);
    params.insert(
        method,
        f.func.params.iter().map(|param| param.local).collect(),
    );
    for func in trace::inside(origins, method) {
        let f = origins.program.func(func);
        // What a function inside it captures of the parameters.
        let outer = f.parent().and_then(|parent| params.get(&parent)).cloned();
        let captured: Vec<bool> = f
            .func
            .captures
            .iter()
            .map(|capture| match capture {
                Capture::Local(local) => outer.as_ref().is_some_and(|outer| outer.contains(local)),
                Capture::Outer(outer) => f
                    .parent()
                    .and_then(|parent| flags.get(&parent))
                    .is_some_and(|flags| flags.get(outer.index()) == Some(&true)),
            })
            .collect();
        let mut own = params.remove(&func).unwrap_or_default();
        for instr in &f.func.instrs {
            if let Instr::LoadVar {
                to,
                var: VarRef::Captured(capture),
            } = *instr
                && captured.get(capture.index()) == Some(&true)
            {
                own.insert(to);
            }
        }
        for MethodCall { name, args, .. } in trace::method_calls(f) {
            let bare = name.strip_prefix('#').filter(|bare| begins(bare, CHECKS));
            let whole = args
                .iter()
                .any(|arg| matches!(arg.value, Operand::Local(local) if own.contains(&local)));
            if bare.is_some() && whole {
                out.insert(name.to_owned());
            }
        }
        params.insert(func, own);
        flags.insert(func, captured);
    }
    out
}

/// Members that a class decrypts where it reads them, and whether it encrypts them anywhere.
fn ciphers(origins: &Solver<'_, '_>, methods: &[FuncId], out: &mut Vec<Fact>) {
    let program = origins.program;
    let mut opened: BTreeMap<String, (FuncId, usize)> = BTreeMap::new();
    let mut sealed: FxHashSet<String> = FxHashSet::default();
    let mut stored: BTreeMap<String, (FuncId, usize)> = BTreeMap::new();
    for func in methods
        .iter()
        .flat_map(|func| trace::inside(origins, *func))
    {
        let f = program.func(func);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            match *instr {
                Instr::Call {
                    callee, this, args, ..
                } => {
                    let first = f.func.args(args).first();
                    if let Some(member) = first.and_then(|arg| member(f, arg.value)) {
                        if calls(f, callee, this, OPENS) {
                            opened.entry(member).or_insert((func, at));
                        } else if calls(f, callee, this, SEALS) {
                            sealed.insert(member);
                        }
                    }
                }
                Instr::Store {
                    key: Key::Field(name),
                    value,
                    ..
                } => {
                    let name = trace::flat(f.file.facts.str(name));
                    if either(f, value, |value| is_made_by(f, value, SEALS)) {
                        sealed.insert(name);
                    } else if !either(f, value, |value| is_made_by(f, value, OPENS)) {
                        stored.entry(name).or_insert((func, at));
                    }
                }
                Instr::Object { parts, .. } => {
                    for part in f.func.parts(parts) {
                        if let PartKey::Field(name) = part.key {
                            let name = trace::flat(f.file.facts.str(name));
                            if either(f, part.value, |value| is_made_by(f, value, SEALS)) {
                                sealed.insert(name);
                            } else if !either(f, part.value, |value| opens_inside(f, value)) {
                                stored.entry(name).or_insert((func, at));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }
    for member in opened.keys() {
        let Some((func, at)) = stored.get(member) else {
            continue;
        };
        let f = program.func(*func);
        let values = [("sealed", FactValue::Bool(sealed.contains(member)))];
        out.push(trace::at(f, *at, "field.cipher", member, &values));
    }
}

fn member(f: FuncRef<'_>, value: Operand) -> Option<String> {
    match trace::made_by(f, value) {
        Some((
            _,
            Instr::Load {
                key: Key::Field(name),
                ..
            },
        )) => Some(trace::flat(f.file.facts.str(*name))),
        _ => None,
    }
}

/// Something holds of a value, or of one of those that it may be: `row.note && this.cipher.open(row.note)`.
fn either(f: FuncRef<'_>, value: Operand, holds: impl Fn(Operand) -> bool) -> bool {
    let one_of = |instr: &Instr| matches!(*instr, Instr::Copy { to, from } if Operand::Local(to) == value && holds(from));
    holds(value) || f.func.instrs.iter().any(one_of)
}

/// The value is what a call of such a name gave.
fn is_made_by(f: FuncRef<'_>, value: Operand, verbs: &[&str]) -> bool {
    matches!(trace::made_by(f, value), Some((_, Instr::Call { callee, this, .. }))
        if calls(f, *callee, *this, verbs))
}

/// The names of a call begin so; `open` is one of a cipher.
fn calls(f: FuncRef<'_>, callee: Operand, this: Option<Operand>, verbs: &[&str]) -> bool {
    let (name, of) = trace::called(f, callee, this);
    let name = trace::flat(name.unwrap_or_default());
    let of = of
        .map(trace::flat)
        .or_else(|| this.and_then(|this| member(f, this)));
    verbs.iter().any(|verb| name.starts_with(verb))
        || verbs == OPENS
            && name == "open"
            && of.is_some_and(|of| CIPHERS.iter().any(|word| of.contains(word)))
}

/// The value is what was decrypted, or made from it at once: `Buffer.from(this.cipher.open(…), 'base64')`.
fn opens_inside(f: FuncRef<'_>, value: Operand) -> bool {
    is_made_by(f, value, OPENS)
        || matches!(trace::made_by(f, value), Some((_, Instr::Call { args, .. }))
            if f.func.args(*args).iter().any(|arg| is_made_by(f, arg.value, OPENS)))
}
