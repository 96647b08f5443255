//! Sessions that must hold a key: `user = session['user_id']` lets nobody pass in whose session it is missing.

use super::body::Reader;
use super::graph::{successors, ways};
use crate::decoration::written_name;
use casemate_flow::origin::Val;
use casemate_flow::program::FuncRef;
use casemate_ir::{BlockId, Instr, Key, Language, LocalId, OpKind, Operand, Span, Term};
use rustc_hash::FxHashSet;

/// Exceptions that a missing key is, with their bases.
const MISSING: [&str; 4] = ["KeyError", "LookupError", "Exception", "BaseException"];

/// Attributes of sessions that are no keys of theirs.
const ATTRIBUTES: [&str; 8] = [
    "session_key",
    "modified",
    "accessed",
    "permanent",
    "new",
    "sid",
    "created",
    "identity",
];

/// Parts of names of keys that say who asks.
const PERSONS: [&str; 9] = [
    "user", "uid", "account", "member", "admin", "login", "logged", "email", "customer",
];

/// Parts of names of keys that are set before somebody is known.
const BEFORE: [&str; 14] = [
    "pending", "pre_", "temp", "tmp", "reset", "verif", "otp", "2fa", "mfa", "tfa", "state",
    "next", "attempt", "code",
];

/// A key that a block reads off a session.
pub(super) struct Required<'f> {
    pub name: &'f str,
    pub span: Span,
}

impl Required<'_> {
    /// The key says who asks.
    pub(super) fn is_person(&self) -> bool {
        let lower = self.name.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        says(&PERSONS) && !says(&BEFORE)
    }
}

impl<'p> Reader<'_, 'p, '_> {
    /// The key that a block reads off the session of who asks, where a missing one is an exception.
    pub(super) fn required_key(&self, f: FuncRef<'p>, block: usize) -> Option<Required<'p>> {
        if f.file.facts.language != Language::Python {
            return None;
        }
        f.func
            .block_instrs(f.func.blocks.get(block)?)
            .find_map(|(at, instr)| match *instr {
                Instr::Load {
                    to,
                    base,
                    key: Key::Field(name),
                } => {
                    let name = f.file.facts.str(name);
                    let key = !ATTRIBUTES.contains(&name) && !is_called(f, to);
                    (key && self.is_session(f, base)).then(|| Required {
                        name,
                        span: f.func.spans.get(at).copied().unwrap_or_default(),
                    })
                }
                _ => None,
            })
    }

    fn is_session(&self, f: FuncRef<'p>, operand: Operand) -> bool {
        self.origins.of_operand(f.id, operand).iter().any(|&val| {
            matches!(self.origins.val(val), Some(Val::Api(path))
                if self.set.told(self.origins, path).container)
        })
    }
}

/// The block to which a missing key leads, after the questions of a handler of exceptions about which one it is.
pub(super) fn caught_by(f: FuncRef<'_>, handler: BlockId) -> BlockId {
    let mut at = handler;
    for _ in 0..8 {
        let Some(Term::Branch { cond, yes, no }) = f.func.blocks.get(at.index()).map(|b| b.term)
        else {
            break;
        };
        let Some(Instr::Op {
            op: OpKind::InstanceOf,
            operands,
            ..
        }) = f.made_by(cond)
        else {
            break;
        };
        let class = f.func.operands(*operands).get(1).copied();
        let missing = class.is_some_and(|class| names_missing(f, class));
        at = if missing { yes } else { no };
    }
    at
}

fn names_missing(f: FuncRef<'_>, class: Operand) -> bool {
    let named = |class: Operand| written_name(f, class).is_some_and(|n| MISSING.contains(&n));
    match f.made_by(class) {
        Some(&Instr::Array { parts, .. }) => f.func.parts(parts).iter().any(|p| named(p.value)),
        _ => named(class),
    }
}

/// What a handler of exceptions leads to ends there: no way of it joins the ways without an exception.
pub(super) fn ends_apart(f: FuncRef<'_>, handler: BlockId, from: usize) -> bool {
    let reached = |start: usize, next: fn(&casemate_ir::Function, usize) -> Vec<usize>| {
        let mut seen = FxHashSet::default();
        let mut stack = vec![start];
        while let Some(block) = stack.pop() {
            if seen.insert(block) {
                stack.extend(next(f.func, block));
            }
        }
        seen
    };
    let apart = reached(handler.index(), successors);
    reached(from, ways).is_disjoint(&apart) && !apart.contains(&from)
}

/// Whether a value is called.
fn is_called(f: FuncRef<'_>, value: LocalId) -> bool {
    f.func.instrs.iter().any(
        |instr| matches!(*instr, Instr::Call { callee, .. } if callee == Operand::Local(value)),
    )
}
