//! What goes along with changes of accounts: a new password ends sessions and is told to its owner, signing out ends the session, a
//! refresh token is replaced when it is used and, used twice, ends what came of it.
//!
//! Read off single functions, by the names of what they call. What a function does that others of the program leave to somebody else
//! is no habit: two functions are compared only where both make the same change.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{BlockId, Const, FnKind, Instr, OpKind, Operand, Term};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Names of changes of a password.
const PASSWORDS: &[&str] = &[
    "changepassword",
    "setpassword",
    "updatepassword",
    "resetpassword",
    "savepassword",
];

/// How names begin of what ends something.
const ENDINGS: &[&str] = &[
    "revoke",
    "end",
    "destroy",
    "delete",
    "remove",
    "invalidate",
    "terminate",
    "expire",
    "clear",
    "kill",
    "close",
    "logout",
    "signout",
    "blacklist",
    "block",
    "purge",
    "flush",
    "drop",
    "forget",
    "del",
    "unset",
    "update",
    "set",
    "save",
    "cancel",
    "disconnect",
];

/// How names begin of what makes a token worthless that was used.
const SPENDINGS: &[&str] = &[
    "use",
    "consume",
    "revoke",
    "delete",
    "remove",
    "rotate",
    "mark",
    "invalidate",
    "expire",
    "update",
    "spend",
    "retire",
    "take",
    "replace",
    "destroy",
    "save",
    "set",
    "exchange",
    "redeem",
    "del",
    "upsert",
];

/// How names begin of what tells somebody.
const TELLINGS: &[&str] = &[
    "send", "enqueue", "queue", "notify", "publish", "emit", "deliver", "dispatch", "schedule",
    "add", "push", "post", "mail", "email", "alert", "tell", "create", "trigger", "sms",
];

/// How names begin of what looks something up.
const LOOKUPS: &[&str] = &["find", "get", "lock", "load", "read", "fetch", "lookup"];

/// How names begin of what makes a new one.
const MAKINGS: &[&str] = &[
    "add", "create", "issue", "insert", "continue", "start", "generate", "make",
];

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let program = origins.program;
    let mut out = Vec::new();
    let mut changes: BTreeMap<String, Vec<(FuncId, usize, Along)>> = BTreeMap::new();
    for f in trace::functions(origins) {
        if f.func.kind == FnKind::Module || f.func.parent.is_none() {
            continue;
        }
        if let Some((at, name)) = password(f) {
            let along = Along::of(origins, f);
            changes.entry(name).or_default().push((f.id, at, along));
        }
        let name = program.func_name(f.id);
        let flat = trace::flat(name.rsplit('.').next().unwrap_or(&name));
        if ["logout", "signout", "endsession"].contains(&flat.as_str()) {
            out.extend(ending(origins, f));
        }
        if flat.starts_with("refresh") || flat.starts_with("rotate") || flat.starts_with("renew") {
            let inner = trace::inside(origins, f.id);
            out.extend(
                inner
                    .into_iter()
                    .filter_map(|func| used(program.func(func))),
            );
        }
    }
    for all in changes.into_values().filter(|all| all.len() > 1) {
        for (func, at, along) in &all {
            let others = || {
                all.iter()
                    .filter(|(other, ..)| other != func)
                    .map(|(.., along)| along)
            };
            let values = [
                ("ends", others().all(|o| o.ends), along.ends),
                ("told", others().all(|o| o.told), along.told),
            ]
            .map(|(name, others, own)| {
                (
                    name,
                    if others {
                        FactValue::Bool(own)
                    } else {
                        FactValue::Absent
                    },
                )
            });
            let f = program.func(*func);
            out.push(trace::at(
                f,
                *at,
                "password.changed",
                "the change of a password",
                &values,
            ));
        }
    }
    out
}

/// What a function does besides.
#[derive(Clone, Copy)]
struct Along {
    ends: bool,
    told: bool,
}

impl Along {
    fn of(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> Self {
        let mut out = Self {
            ends: false,
            told: false,
        };
        for func in trace::inside(origins, f.id) {
            let f = origins.program.func(func);
            for (name, of) in calls(f) {
                let about = format!("{of}{name}");
                out.ends |= about.contains("session")
                    && ENDINGS.iter().any(|verb| name.starts_with(verb))
                    || about.contains("token")
                        && ["revoke", "invalidate", "delete", "destroy"]
                            .iter()
                            .any(|verb| name.starts_with(verb));
                out.told |= ["mail", "notif", "notice", "sms"]
                    .iter()
                    .any(|word| about.contains(word))
                    && !name.contains("token")
                    && begins(&name, TELLINGS);
            }
        }
        out
    }
}

/// The call by which a function changes a password, and its name.
fn password(f: FuncRef<'_>) -> Option<(usize, String)> {
    f.func.instrs.iter().enumerate().find_map(|(at, instr)| {
        let Instr::Call {
            callee,
            this: Some(this),
            ..
        } = *instr
        else {
            return None;
        };
        let (name, of) = trace::called(f, callee, Some(this));
        let name = trace::flat(name?);
        let of = trace::flat(of.or_else(|| trace::member(f, this)).unwrap_or_default());
        PASSWORDS
            .contains(&name.as_str())
            .then(|| (at, format!("{of}.{name}")))
    })
}

/// The names of what is called, with those of what they are called on.
fn calls(f: FuncRef<'_>) -> Vec<(String, String)> {
    let all = f.func.instrs.iter().filter_map(|instr| match *instr {
        Instr::Call { callee, this, .. } => Some(said(f, callee, this)),
        _ => None,
    });
    all.collect()
}

fn said(f: FuncRef<'_>, callee: Operand, this: Option<Operand>) -> (String, String) {
    let (name, of) = trace::called(f, callee, this);
    let of = of.or_else(|| this.and_then(|this| trace::member(f, this)));
    (
        trace::flat(name.unwrap_or_default()),
        trace::flat(of.unwrap_or_default()),
    )
}

fn begins(name: &str, verbs: &[&str]) -> bool {
    verbs.iter().any(|verb| name.starts_with(verb))
}

/// Somebody signs out: the session or token is looked up, and what is called ends it.
fn ending(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> Option<Fact> {
    let all: Vec<(String, String)> = trace::inside(origins, f.id)
        .into_iter()
        .flat_map(|func| calls(origins.program.func(func)))
        .collect();
    let looks = all.iter().any(|(name, of)| {
        let about = format!("{of}{name}");
        begins(name, LOOKUPS) && (about.contains("session") || about.contains("token"))
    });
    let ends = all.iter().any(|(name, _)| begins(name, ENDINGS));
    looks.then(|| {
        let mut fact = trace::at(
            f,
            0,
            "session.ended",
            "logout",
            &[("ends", FactValue::Bool(ends))],
        );
        fact.site.span = f.func.head;
        fact
    })
}

/// A refresh token is used: whether it is worth nothing afterwards, and what happens where it was used before.
fn used(f: FuncRef<'_>) -> Option<Fact> {
    let token = |name: &str| name.contains("token") || name.contains("session");
    let mut looked = None;
    let mut made = None;
    for (at, instr) in f.func.instrs.iter().enumerate() {
        let Instr::Call { callee, this, .. } = *instr else {
            continue;
        };
        let (name, _) = said(f, callee, this);
        if begins(&name, LOOKUPS) && token(&name) {
            looked.get_or_insert(at);
        } else if looked.is_some() && begins(&name, MAKINGS) && token(&name) {
            made = Some(at);
        }
    }
    let (looked, made) = (looked?, made?);
    let to = block_of(f, made)?;
    let spent = f.func.blocks.iter().enumerate().any(|(number, block)| {
        let leads = u32::try_from(number).is_ok_and(|n| reach(f, BlockId(n)).contains(&to));
        leads && does(f, block.instrs.range(), SPENDINGS)
    });
    let values = [("spent", FactValue::Bool(spent)), ("again", again(f))];
    Some(trace::at(f, looked, "refresh.used", "refresh", &values))
}

fn does(f: FuncRef<'_>, range: std::ops::Range<usize>, verbs: &[&str]) -> bool {
    f.func
        .instrs
        .get(range)
        .unwrap_or_default()
        .iter()
        .any(|instr| match *instr {
            Instr::Call { callee, this, .. } => {
                let (name, of) = said(f, callee, this);
                !of.contains("audit") && begins(&name, verbs)
            }
            _ => false,
        })
}

fn block_of(f: FuncRef<'_>, at: usize) -> Option<BlockId> {
    let number = f
        .func
        .blocks
        .iter()
        .position(|block| block.instrs.range().contains(&at))?;
    u32::try_from(number).ok().map(BlockId)
}

fn reach(f: FuncRef<'_>, from: BlockId) -> FxHashSet<BlockId> {
    let mut out = FxHashSet::default();
    let mut next = vec![from];
    while let Some(at) = next.pop() {
        if out.insert(at)
            && let Some(block) = f.func.blocks.get(at.index())
        {
            next.extend(block.term.successors());
        }
    }
    out
}

/// Whether something ends where a token turns out to have been used before. Absent: nobody asks, or nobody notes that it was.
fn again(f: FuncRef<'_>) -> FactValue {
    for block in &f.func.blocks {
        let Term::Branch { cond, yes, no } = block.term else {
            continue;
        };
        if !asks_used(f, cond) {
            continue;
        }
        let other = reach(f, no);
        let only: Vec<BlockId> = reach(f, yes)
            .into_iter()
            .filter(|b| !other.contains(b))
            .collect();
        let range = |b: &BlockId| {
            f.func
                .blocks
                .get(b.index())
                .map(|block| block.instrs.range())
        };
        let noted = only
            .iter()
            .filter_map(range)
            .any(|range| notes_reuse(f, range));
        if noted {
            let ends = only
                .iter()
                .filter_map(range)
                .any(|range| does(f, range, ENDINGS));
            return FactValue::Bool(ends);
        }
    }
    FactValue::Absent
}

/// `state.used`, `token.usedAt !== null`
fn asks_used(f: FuncRef<'_>, cond: Operand) -> bool {
    let flag = |value: Operand| {
        trace::member(f, value).is_some_and(|name| {
            [
                "used",
                "usedat",
                "isused",
                "consumed",
                "consumedat",
                "rotated",
                "rotatedat",
                "revoked",
                "revokedat",
            ]
            .contains(&trace::flat(name).as_str())
        })
    };
    flag(cond)
        || matches!(trace::made_by(f, cond), Some((_, Instr::Op { op: OpKind::Ne | OpKind::StrictNe, operands, .. }))
            if f.func.operands(*operands).iter().any(|operand| flag(*operand)))
}

/// A text that speaks of reuse.
fn notes_reuse(f: FuncRef<'_>, range: std::ops::Range<usize>) -> bool {
    let says = |operand: Operand| match operand {
        Operand::Const(id) => matches!(f.file.facts.constant(id), Const::Str(text) if {
            let text = f.file.facts.str(*text).to_ascii_lowercase();
            text.contains("reuse") || text.contains("replay")
        }),
        Operand::Local(_) => false,
    };
    f.func
        .instrs
        .get(range)
        .unwrap_or_default()
        .iter()
        .any(|instr| {
            let mut told = false;
            f.func.each_read(instr, |operand| told |= says(operand));
            told
        })
}
