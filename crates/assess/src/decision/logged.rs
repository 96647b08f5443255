//! What goes into logs, by names alone: data of a class, addresses with what stands behind `?`, and what loggers strike out.

use super::seen::{Known, Seen};
use casemate_flow::program::{FuncRef, Program};
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{
    Arg, Capture, CaptureId, Const, Instr, Key, LocalId, OpKind, Operand, PartKey, Term, VarRef,
};
use casemate_ledger::data;
use std::collections::BTreeSet;

/// Values that are looked at behind what a logger is given.
const STEPS: usize = 64;

/// Functions inside of each other whose results are looked at.
const DEPTH: usize = 3;

/// Members of requests that hold their address with its query.
const ADDRESSES: [&str; 3] = ["originalUrl", "full_path", "query_string"];

/// Methods that make a logger with something that stands in each of its lines.
const BINDS: [&str; 2] = ["child", "bind"];

/// Members by which loggers are told what they strike out.
const STRIKES: [&str; 6] = [
    "redact",
    "redaction",
    "maskFields",
    "sensitiveFields",
    "hideFields",
    "redactKeys",
];

/// Data of a class that a call of a logger is given, by names alone and within one function: what a call makes of it (a digest, a
/// mask) is another value.
pub(super) fn of_class(known: &Known<'_>, seen: &mut Seen) {
    let logs = places(known);
    each_call(&known.linked.program, |f, call, site| {
        if !logs.contains(&site) {
            return;
        }
        for arg in call.args {
            each_part(f, arg.value, |_, made| {
                let Instr::Load {
                    key: Key::Field(name),
                    ..
                } = *made
                else {
                    return;
                };
                let name = f.file.facts.str(name);
                if let Some(class) = data::class_of(name) {
                    let class = class.name().to_owned();
                    seen.logged.push((class, name.to_owned(), site));
                }
            });
        }
    });
    seen.logged
        .sort_by(|a, b| (a.2, &a.0, &a.1).cmp(&(b.2, &b.0, &b.1)));
    seen.logged.dedup();
}

/// Addresses that a logger is given as they came. A call makes another value of one, unless it is a function of the program that
/// gives it back.
pub(super) fn addresses(known: &Known<'_>, seen: &mut Seen) {
    let logs = places(known);
    let program = &known.linked.program;
    let mut found: BTreeSet<Site> = BTreeSet::new();
    each_call(program, |f, call, site| {
        if logs.contains(&site) || binds(f, call.callee, call.this) {
            for arg in call.args {
                address(program, f, arg.value, 0, &mut found);
            }
        }
    });
    seen.queries = found.into_iter().collect();
}

/// Where something is logged.
fn places(known: &Known<'_>) -> BTreeSet<Site> {
    let uses = known.inventory.uses.iter();
    let logs = uses.filter(|(kind, _)| kind.starts_with("log."));
    logs.flat_map(|(_, places)| places.keys().copied())
        .collect()
}

/// One call.
struct Called<'p> {
    callee: Operand,
    this: Option<Operand>,
    args: &'p [Arg],
}

/// All calls of a program.
fn each_call<'p>(program: &'p Program, mut each: impl FnMut(FuncRef<'p>, Called<'p>, Site)) {
    for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
        let f = program.func(id);
        for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
            if let Instr::Call {
                callee, this, args, ..
            } = *instr
            {
                let site = Site {
                    file: f.file_idx,
                    span: *span,
                };
                let args = f.func.args(args);
                each(f, Called { callee, this, args }, site);
            }
        }
    }
}

/// What a value is put together of: behind copies, texts, objects and lists, each instruction that makes something else, with its place.
fn each_part<'p>(f: FuncRef<'p>, value: Operand, mut each: impl FnMut(usize, &'p Instr)) {
    let mut open = vec![value];
    let mut done: BTreeSet<LocalId> = BTreeSet::new();
    while let Some(operand) = open.pop() {
        let Operand::Local(local) = operand else {
            continue;
        };
        if done.len() > STEPS || !done.insert(local) {
            continue;
        }
        for (at, made) in f.writers(local).take(STEPS) {
            match *made {
                Instr::Copy { .. }
                | Instr::Template { .. }
                | Instr::Object { .. }
                | Instr::Array { .. }
                | Instr::Op {
                    op: OpKind::Add | OpKind::Select | OpKind::ToString,
                    ..
                } => f.func.each_read(made, |o| open.push(o)),
                _ => each(at, made),
            }
        }
    }
}

/// `logger.child({ … })`
fn binds(f: FuncRef<'_>, callee: Operand, this: Option<Operand>) -> bool {
    let named = |value: Operand| match f.made_by(value) {
        Some(Instr::Load {
            key: Key::Field(name),
            ..
        }) => Some(f.file.facts.str(*name)),
        Some(Instr::LoadVar { var, .. }) => variable(f, *var),
        _ => match value {
            Operand::Local(local) => {
                let name = f.func.locals.get(local.index())?.name?;
                Some(f.file.facts.str(name))
            }
            Operand::Const(_) => None,
        },
    };
    named(callee).is_some_and(|name| BINDS.contains(&name))
        && this.and_then(named).is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            name == "log" || name.contains("logger")
        })
}

fn variable<'p>(f: FuncRef<'p>, var: VarRef) -> Option<&'p str> {
    let facts = &f.file.facts;
    match var {
        VarRef::Global(global) => facts
            .globals
            .get(global.index())
            .map(|known| facts.str(known.name)),
        VarRef::Captured(capture) => captured(f, capture),
        VarRef::Free(name) => Some(facts.str(name)),
    }
}

/// The name of a variable of an outer function.
fn captured<'p>(f: FuncRef<'p>, capture: CaptureId) -> Option<&'p str> {
    let (mut func, mut at) = (f.func, capture);
    for _ in 0..STEPS {
        let parent = f.file.facts.function(func.parent?)?;
        match *func.captures.get(at.index())? {
            Capture::Local(local) => {
                let name = parent.locals.get(local.index())?.name?;
                return Some(f.file.facts.str(name));
            }
            Capture::Outer(outer) => at = outer,
        }
        func = parent;
    }
    None
}

/// Where an address is read that arrives in a value as it is.
fn address(
    program: &Program,
    f: FuncRef<'_>,
    value: Operand,
    depth: usize,
    out: &mut BTreeSet<Site>,
) {
    each_part(f, value, |at, made| match *made {
        Instr::Load {
            key: Key::Field(name),
            base,
            ..
        } => {
            let name = f.file.facts.str(name);
            if ADDRESSES.contains(&name) || name == "url" && is_request(f, base) {
                out.insert(Site {
                    file: f.file_idx,
                    span: f.func.spans.get(at).copied().unwrap_or_default(),
                });
            }
        }
        Instr::Call { callee, .. } if depth < DEPTH => {
            let Some(called) = own(program, f, callee) else {
                return;
            };
            let g = program.func(called);
            for block in &g.func.blocks {
                if let Term::Return(Some(value)) = block.term {
                    address(program, g, value, depth + 1, out);
                }
            }
        }
        _ => {}
    });
}

/// What it is read off is called as requests are.
fn is_request(f: FuncRef<'_>, base: Operand) -> bool {
    let Operand::Local(local) = base else {
        return false;
    };
    let name = f
        .func
        .locals
        .get(local.index())
        .and_then(|local| local.name);
    name.is_some_and(|name| ["req", "request"].contains(&f.file.facts.str(name)))
}

/// A function of the same file that is called by its name.
fn own(program: &Program, f: FuncRef<'_>, callee: Operand) -> Option<FuncId> {
    let Some(Instr::LoadVar { var, .. }) = f.made_by(callee) else {
        return None;
    };
    let name = variable(f, *var)?;
    let facts = &f.file.facts;
    let at = facts
        .functions
        .iter()
        .position(|func| func.name.is_some_and(|n| facts.str(n) == name) && func.class.is_none())?;
    let func = casemate_ir::FnId::from(at);
    Some(program.func_id(f.file_idx, func))
}

/// Where a logger is told what it strikes out, with the texts of that function.
pub(super) fn struck(known: &Known<'_>, seen: &mut Seen) {
    let program = &known.linked.program;
    for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
        let f = program.func(id);
        for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
            let Instr::Object { parts, .. } = *instr else {
                continue;
            };
            let told = f.func.parts(parts).iter().any(|part| {
                matches!(part.key, PartKey::Field(name) if STRIKES.contains(&f.file.facts.str(name)))
                    && !is_empty(f, part.value)
            });
            if !told {
                continue;
            }
            let texts = texts(f);
            if !texts.is_empty() {
                let site = Site {
                    file: f.file_idx,
                    span: *span,
                };
                seen.struck.push((site, texts));
            }
        }
    }
}

/// An empty list: what is logged here is listed elsewhere.
fn is_empty(f: FuncRef<'_>, value: Operand) -> bool {
    matches!(f.made_by(value), Some(Instr::Array { parts, .. }) if f.func.parts(*parts).is_empty())
}

/// The last parts of all texts of a function and of its file's module: of `req.headers["set-cookie"]` it is `set-cookie`.
fn texts(f: FuncRef<'_>) -> BTreeSet<String> {
    let facts = &f.file.facts;
    let mut out = BTreeSet::new();
    let mut of = |func: &casemate_ir::Function| {
        for instr in &func.instrs {
            func.each_read(instr, |operand| {
                if let Operand::Const(id) = operand
                    && let Const::Str(text) = *facts.constant(id)
                {
                    let text = facts.str(text);
                    let mut parts = text.split(['.', '[', ']', '"', '\'', '*']);
                    let last = parts.rfind(|part| !part.is_empty());
                    out.extend(last.map(str::to_ascii_lowercase));
                }
            });
        }
    };
    of(f.func);
    if let Some(module) = facts.functions.first() {
        of(module);
    }
    out
}
