//! Refusals that a function of the program gives back or sends, and with which its caller does nothing, or that a handler sends itself
//! without leaving: it goes on.

use crate::decoration::written_name;
use crate::guard::root::{Known, Search, is_request};
use crate::guard::{denial, forbids, is_hook, is_nothing};
use crate::model::Endpoint;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{Instr, Language, LocalId, OpKind, Operand, Term};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Beginnings of names of what changes something.
const EFFECTS: [&str; 11] = [
    "save", "delete", "destroy", "remove", "update", "create", "insert", "commit", "unlink",
    "drop", "upsert",
];

/// Functions that ask what a value is.
const ASKING: [&str; 5] = ["isinstance", "type", "hasattr", "getattr", "callable"];

/// Methods that answer a request.
const ANSWERS: [&str; 8] = [
    "json",
    "send",
    "end",
    "render",
    "redirect",
    "sendFile",
    "sendStatus",
    "download",
];

/// Functions that make answers.
const PAGES: [&str; 7] = [
    "render",
    "render_template",
    "HttpResponse",
    "JsonResponse",
    "Response",
    "jsonify",
    "make_response",
];

/// One fact for each call of such a function in a handler that goes on with a change.
pub(super) fn of(origins: &Solver<'_, '_>, endpoints: &[Endpoint]) -> Vec<Fact> {
    let handlers: BTreeSet<FuncId> = endpoints
        .iter()
        .flat_map(|endpoint| endpoint.handlers.iter().copied())
        .collect();
    let known = Known::default();
    let mut out = Vec::new();
    for func in handlers {
        let f = origins.program.func(func);
        let answered = f.file.facts.strings.iter();
        if answered
            .into_iter()
            .any(|s| matches!(&**s, "headersSent" | "writableEnded"))
        {
            continue;
        }
        for (index, block) in f.func.blocks.iter().enumerate() {
            for (at, instr) in f.func.block_instrs(block) {
                let Instr::Call { to, callee, .. } = *instr else {
                    continue;
                };
                let [val] = origins.of_operand(func, callee) else {
                    continue;
                };
                let Some(Val::Func(helper)) = origins.val(*val) else {
                    continue;
                };
                if helper == func
                    || !changes_after(f, index, at)
                    || !refuses(origins, &known, helper)
                    || !goes_on(f, to)
                {
                    continue;
                }
                out.push(Fact {
                    fact: "refusal.dropped".to_owned(),
                    site: Site {
                        file: f.file_idx,
                        span: f.func.spans.get(at).copied().unwrap_or_default(),
                    },
                    function: func,
                    callee: origins.program.func_name(helper),
                    values: vec![("dropped".to_owned(), FactValue::Bool(true))],
                });
            }
        }
        out.extend(unfinished(origins, &known, f));
    }
    out.extend(given_to_library(origins, &known));
    out
}

/// Refusals that a method gives back by which a class of a library only asks for something: `get_context_data`. Nobody is refused by them.
fn given_to_library(origins: &Solver<'_, '_>, known: &Known) -> Vec<Fact> {
    let mut out = Vec::new();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.func.class.is_none()
            || origins.program.is_copy(func)
            || f.file.facts.language != Language::Python
            || !is_hook(origins, f)
        {
            continue;
        }
        let asks = f.func.blocks.iter().any(|block| {
            matches!(block.term, Term::Branch { cond, .. }
                if Search::of(origins, known, func, cond).tells_who())
        });
        for (index, block) in f.func.blocks.iter().enumerate() {
            let Term::Return(Some(value)) = block.term else {
                continue;
            };
            let answer = f.call_behind(value).is_some_and(|(callee, _)| {
                written_name(f, callee).is_some_and(|name| {
                    PAGES.contains(&name) || name.starts_with("HttpResponse") || name == "redirect"
                })
            });
            if asks && answer && denial(origins, known, f, index) {
                out.push(Fact {
                    fact: "refusal.dropped".to_owned(),
                    site: Site {
                        file: f.file_idx,
                        span: block.term_span,
                    },
                    function: func,
                    callee: origins.program.func_name(func),
                    values: vec![("dropped".to_owned(), FactValue::Bool(true))],
                });
            }
        }
    }
    out
}

/// Refusals that a handler of JavaScript sends itself, without leaving: `if (!user.isAdmin) { reply.code(401).send() }`.
fn unfinished(origins: &Solver<'_, '_>, known: &Known, f: FuncRef<'_>) -> Vec<Fact> {
    let mut out = Vec::new();
    if f.file.facts.language == Language::Python {
        return out;
    }
    for block in &f.func.blocks {
        let Term::Branch { cond, yes, no } = block.term else {
            continue;
        };
        for side in [yes, no] {
            let Some(b) = f.func.blocks.get(side.index()) else {
                continue;
            };
            let falls = matches!(b.term, Term::Goto(_));
            // What is noted there may be looked at later.
            let notes = f.func.block_instrs(b).any(|(_, instr)| match *instr {
                Instr::Copy { to, .. } => {
                    let local = f.func.locals.get(to.index());
                    local.is_some_and(|l| l.kind == casemate_ir::LocalKind::Named)
                }
                Instr::StoreVar { .. } => true,
                _ => false,
            });
            let end = b.instrs.range().end;
            if !falls
                || notes
                || !forbids(origins, known, f, side.index())
                || !sends(origins, f, side.index())
                || !changes_after(f, side.index(), end)
                || !Search::of(origins, known, f.id, cond).tells_who()
            {
                continue;
            }
            let mut calls = f.func.block_instrs(b);
            let Some((at, _)) = calls.find(|(_, i)| matches!(i, Instr::Call { .. })) else {
                continue;
            };
            out.push(Fact {
                fact: "refusal.dropped".to_owned(),
                site: Site {
                    file: f.file_idx,
                    span: f.func.spans.get(at).copied().unwrap_or_default(),
                },
                function: f.id,
                callee: "the answer".to_owned(),
                values: vec![("dropped".to_owned(), FactValue::Bool(true))],
            });
        }
    }
    out
}

/// A function refuses some for who they are, by what it gives back or sends, and lets others pass without an answer.
fn refuses(origins: &Solver<'_, '_>, known: &Known, func: FuncId) -> bool {
    let f = origins.program.func(func);
    let python = f.file.facts.language == Language::Python;
    if f.func.is_generator || f.func.is_async && python {
        return false;
    }
    let asks = f.func.blocks.iter().any(|block| {
        matches!(block.term, Term::Branch { cond, .. }
            if Search::of(origins, known, func, cond).tells_who())
    });
    if !asks {
        return false;
    }
    let mut denies = false;
    let mut passes = false;
    for (index, block) in f.func.blocks.iter().enumerate() {
        let denied = denial(origins, known, f, index);
        match block.term {
            Term::Return(Some(value)) if denied && (!python || !is_nothing(f, value)) => {
                denies |= python || sends(origins, f, index);
            }
            // What throws as well is met by the caller.
            Term::Throw(_) if denied => return false,
            _ if denied => denies |= !python && sends(origins, f, index),
            Term::Return(value) => {
                if !python && sends(origins, f, index) {
                    return false;
                }
                let page =
                    value
                        .and_then(|value| f.call_behind(value))
                        .is_some_and(|(callee, _)| {
                            written_name(f, callee).is_some_and(|name| PAGES.contains(&name))
                        });
                passes |= !page;
            }
            _ if !python && sends(origins, f, index) => return false,
            _ => {}
        }
    }
    denies && passes
}

/// A block answers the request.
fn sends(origins: &Solver<'_, '_>, f: FuncRef<'_>, block: usize) -> bool {
    f.func.blocks.get(block).is_some_and(|block| {
        f.func.block_instrs(block).any(|(_, instr)| match *instr {
            Instr::Call {
                callee,
                this: Some(this),
                ..
            } => {
                written_name(f, callee).is_some_and(|name| ANSWERS.contains(&name))
                    && (is_request(origins, f.id, this)
                        || f.made_by(this).is_some_and(|made| {
                            matches!(*made, Instr::Call { this: Some(this), .. }
                                if is_request(origins, f.id, this))
                        }))
            }
            _ => false,
        })
    })
}

/// After an instruction, something is changed.
fn changes_after(f: FuncRef<'_>, block: usize, at: usize) -> bool {
    let mut seen = FxHashSet::default();
    let mut stack = vec![block];
    let mut first = true;
    while let Some(index) = stack.pop() {
        if !seen.insert(index) {
            continue;
        }
        let Some(b) = f.func.blocks.get(index) else {
            continue;
        };
        let mut calls = f
            .func
            .block_instrs(b)
            .filter(|(place, _)| !first || *place > at);
        let changes = calls.any(|(_, instr)| match *instr {
            Instr::Call { callee, .. } => written_name(f, callee).is_some_and(|name| {
                let lower = name.to_lowercase();
                EFFECTS.iter().any(|word| lower.starts_with(word))
            }),
            _ => false,
        });
        if changes {
            return true;
        }
        first = false;
        match b.term {
            Term::Goto(to) => stack.push(to.index()),
            Term::Branch { yes, no, .. } => stack.extend([yes.index(), no.index()]),
            _ => {}
        }
    }
    false
}

/// What a call gave back is neither returned nor looked at: at most its members are.
fn goes_on(f: FuncRef<'_>, result: LocalId) -> bool {
    let python = f.file.facts.language == Language::Python;
    let mut same: Vec<Operand> = vec![Operand::Local(result)];
    let mut at = 0;
    while let Some(&value) = same.get(at) {
        at += 1;
        if same.len() > 8 {
            return false;
        }
        for instr in &f.func.instrs {
            let is = |operand: Operand| operand == value;
            match *instr {
                Instr::Copy { to, from } | Instr::Await { to, from } if is(from) => {
                    let copy = Operand::Local(to);
                    let captured = f.func.locals.get(to.index()).is_some_and(|l| l.captured);
                    if captured {
                        return false;
                    }
                    if !same.contains(&copy) {
                        same.push(copy);
                    }
                }
                Instr::Op { op, operands, .. }
                    if op != OpKind::ToString
                        && f.func.operands(operands).iter().any(|o| is(*o)) =>
                {
                    return false;
                }
                Instr::Call { callee, args, .. } => {
                    let given = f.func.args(args).iter().any(|arg| is(arg.value));
                    let asks = written_name(f, callee).is_some_and(|name| ASKING.contains(&name));
                    if is(callee) || given && (asks || !python) {
                        return false;
                    }
                }
                // A member that only an answer has: its status is looked at.
                Instr::Load { base, .. } if is(base) && !python => return false,
                Instr::Load { base, key, .. } if is(base) => {
                    if let casemate_ir::Key::Field(name) = key
                        && f.file.facts.str(name) == "status_code"
                    {
                        return false;
                    }
                }
                Instr::StoreVar { value, .. }
                | Instr::Store { value, .. }
                | Instr::Yield { value, .. }
                    if is(value) =>
                {
                    return false;
                }
                Instr::Object { parts, .. } | Instr::Array { parts, .. }
                    if !python && f.func.parts(parts).iter().any(|part| is(part.value)) =>
                {
                    return false;
                }
                Instr::IterNext { of, .. } if is(of) => return false,
                _ => {}
            }
        }
        let looked = f.func.blocks.iter().any(|block| match block.term {
            Term::Return(Some(returned)) => returned == value,
            Term::Branch { cond, .. } => cond == value,
            _ => false,
        });
        if looked {
            return false;
        }
    }
    true
}
