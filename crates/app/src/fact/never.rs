//! What never happens: comparisons that no value fulfils (a number of things below nothing, a status of HTTP below nothing), branches
//! on a written `false`, and deeds that stand behind a `throw`.
//!
//! Only where something hangs on it that somebody meant to happen: a refusal, an entry in a log, what is kept or taken away.

use super::trace;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Block, BlockId, Const, Instr, Key, OpKind, Operand, Term};
use rustc_hash::FxHashSet;

/// Members that say how many things something holds.
const COUNTS: &[&str] = &["size", "length"];

/// Methods that only what holds things has, by which a `size` is known to be a number of things.
const HOLDS: &[&str] = &[
    "get", "set", "has", "add", "delete", "clear", "keys", "values", "entries", "push", "shift",
    "slice", "indexOf", "includes", "map", "filter",
];

/// Members that hold the status of an answer of HTTP.
const STATUS: &[&str] = &["status", "statusCode"];

/// Members of what a request of HTTP is made from.
const REQUEST: &[&str] = &["method", "url", "headers"];

/// Calls whose name alone says that they ask another service.
const ASKS: &[&str] = &["fetch", "axios"];

/// What calls do that somebody relies on, as parts of their names.
const DEEDS: &[&str] = &[
    "audit",
    "record",
    "notify",
    "enqueue",
    "revoke",
    "invalidate",
    "lock",
    "check",
    "verify",
    "validate",
    "assert",
    "require",
    "reject",
    "block",
    "expire",
];

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for f in trace::functions(origins) {
        comparisons(origins, f, &mut out);
        switched_off(f, &mut out);
        behind(f, &mut out);
    }
    out
}

fn fact(f: FuncRef<'_>, at: usize, kind: &str, callee: &str) -> Fact {
    let kind = FactValue::Str(kind.to_owned());
    trace::at(f, at, "never", callee, &[("kind", kind)])
}

/// `list.length < 0`, `0 > answer.status`
fn comparisons(origins: &Solver<'_, '_>, f: FuncRef<'_>, out: &mut Vec<Fact>) {
    for (at, instr) in f.func.instrs.iter().enumerate() {
        let Instr::Op { op, operands, .. } = *instr else {
            continue;
        };
        let measured = match (op, f.func.operands(operands)) {
            (OpKind::Less, &[a, b]) if is_zero(f, b) => a,
            (OpKind::Greater, &[a, b]) if is_zero(f, a) => b,
            _ => continue,
        };
        let Some(&Instr::Load {
            base,
            key: Key::Field(name),
            ..
        }) = only_maker(f, measured)
        else {
            continue;
        };
        let name = f.file.facts.str(name);
        if COUNTS.contains(&name) && is_collection(origins, f, base) {
            out.push(fact(f, at, "count", name));
        } else if STATUS.contains(&name) && is_answer(f, base) {
            out.push(fact(f, at, "status", name));
        }
    }
}

/// What a value is made by, whichever way leads to it: nothing else is ever written where it stands.
fn only_maker<'p>(f: FuncRef<'p>, value: Operand) -> Option<&'p Instr> {
    let mut value = value;
    for _ in 0..4 {
        let Operand::Local(local) = value else {
            return None;
        };
        if f.func.params.iter().any(|param| param.local == local) {
            return None;
        }
        let mut writers = f.writers(local);
        match (writers.next(), writers.next()) {
            (Some((_, Instr::Copy { from, .. })), None) => value = *from,
            (Some((_, instr)), None) => return Some(instr),
            _ => return None,
        }
    }
    None
}

fn is_zero(f: FuncRef<'_>, value: Operand) -> bool {
    match value {
        Operand::Const(id) => *f.file.facts.constant(id) == Const::Number(0),
        Operand::Local(_) => false,
    }
}

/// What holds things: some method of such is called on it in the same function, or it is made as one.
fn is_collection(origins: &Solver<'_, '_>, f: FuncRef<'_>, base: Operand) -> bool {
    let name = |value| crate::object::key::variable(f, value).or_else(|| trace::member(f, value));
    let of = name(base);
    let made = || {
        let values = origins.of_operand(f.id, base).iter();
        let mut apis = values.filter_map(|val| match origins.val(*val) {
            Some(Val::Api(path)) => Some(origins.paths.text(path)),
            _ => None,
        });
        apis.any(|text| {
            ["js:Map.new", "js:Set.new"]
                .iter()
                .any(|made| text.starts_with(made))
        })
    };
    let used = || {
        trace::method_calls(f).any(|call| {
            HOLDS.contains(&call.name)
                && (call.this == base || of.is_some() && name(call.this) == of)
        })
    };
    used() || made()
}

/// What a call gave that was handed a request of HTTP.
fn is_answer(f: FuncRef<'_>, base: Operand) -> bool {
    let Some((
        _,
        Instr::Call {
            callee, this, args, ..
        },
    )) = trace::made_by(f, base)
    else {
        return false;
    };
    let asks = |arg: &casemate_ir::Arg| {
        matches!(trace::made_by(f, arg.value), Some((_, Instr::Object { parts, .. }))
            if f.func.parts(*parts).iter().any(|part| matches!(part.key, casemate_ir::PartKey::Field(name)
                if REQUEST.contains(&f.file.facts.str(name)))))
    };
    let (name, of) = trace::called(f, *callee, *this);
    [name, of].iter().flatten().any(|name| ASKS.contains(name))
        || f.func.args(*args).iter().any(asks)
}

/// `if (false) { this.until = later }`
fn switched_off(f: FuncRef<'_>, out: &mut Vec<Fact>) {
    for block in &f.func.blocks {
        let Term::Branch {
            cond: Operand::Const(cond),
            yes,
            no,
        } = block.term
        else {
            continue;
        };
        if *f.file.facts.constant(cond) != Const::Bool(false) || yes == no {
            continue;
        }
        let Some(side) = f.func.blocks.get(yes.index()) else {
            continue;
        };
        // What is kept in an object: of what is only printed nobody knows whether it was meant.
        let kept = f.func.block_instrs(side).find(|(_, instr)| {
            matches!(instr, Instr::Store { base, key: Key::Field(_), .. } if is_own(f, *base))
        });
        if let Some((
            _,
            Instr::Store {
                key: Key::Field(name),
                ..
            },
        )) = kept
        {
            let name = f.file.facts.str(*name);
            let mut found = fact(f, 0, "branch", name);
            found.site.span = block.term_span;
            out.push(found);
        }
    }
}

/// The object whose method this is.
fn is_own(f: FuncRef<'_>, base: Operand) -> bool {
    f.func.this.is_some_and(|this| base == Operand::Local(this))
}

/// Deeds in blocks that nothing leads to, right behind a `throw`.
fn behind(f: FuncRef<'_>, out: &mut Vec<Fact>) {
    let mut led: FxHashSet<BlockId> = FxHashSet::default();
    for block in &f.func.blocks {
        led.extend(block.unwind);
        match block.term {
            Term::Goto(to) => led.extend([to]),
            Term::Branch { yes, no, .. } => led.extend([yes, no]),
            Term::Return(_) | Term::Throw(_) | Term::Unreachable => {}
        }
    }
    for (index, block) in f.func.blocks.iter().enumerate().skip(1) {
        let reached = led.iter().any(|id| id.index() == index);
        if reached || !follows_throw(f, block) {
            continue;
        }
        let deed = f
            .func
            .block_instrs(block)
            .find_map(|(at, instr)| match *instr {
                Instr::Call { callee, this, .. } => {
                    let (name, of) = trace::called(f, callee, this);
                    let said = [name, of, this.and_then(|this| trace::member(f, this))];
                    let does = said.iter().flatten().any(|name| {
                        let flat = trace::flat(name);
                        DEEDS.iter().any(|word| flat.contains(word))
                    });
                    does.then_some((at, name.unwrap_or("this call")))
                }
                _ => None,
            });
        if let Some((at, name)) = deed {
            out.push(fact(f, at, "behind", name));
        }
    }
}

/// The nearest end of a block before this one throws.
fn follows_throw(f: FuncRef<'_>, block: &Block) -> bool {
    let Some(start) = f
        .func
        .block_instrs(block)
        .find_map(|(at, _)| f.func.spans.get(at))
        .map(|span| span.start)
    else {
        return false;
    };
    let ends = f
        .func
        .blocks
        .iter()
        .filter(|other| other.term_span.end <= start);
    let last = ends.max_by_key(|other| other.term_span.end);
    last.is_some_and(|last| matches!(last.term, Term::Throw(_)))
}
