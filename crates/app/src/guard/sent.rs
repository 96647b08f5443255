//! Functions that refuse for whoever calls them, whatever they are given: `deny(res, 'no session')`, `throw unauthorized()` behind a
//! name of its own; and answers of a handler that say that something else is wrong, after which it does nothing.

use super::body::Reader;
use super::graph::{reaches_uncut, ways};
use crate::decoration::written_name;
use casemate_flow::origin::Val;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Const, Instr, Key, Operand, PartKey, Range32, Term};
use rustc_hash::FxHashSet;

/// Blocks of a function that refuses for others.
const BLOCKS: usize = 12;

/// Blocks from an answer to the end of a handler.
const STEPS: usize = 8;

/// What is called to say with which status a request is answered.
const SAYS: [&str; 5] = ["status", "sendStatus", "writeHead", "code", "json"];

/// What is called around an answer, and does nothing else.
const BESIDE: [&str; 14] = [
    "json",
    "send",
    "end",
    "header",
    "set",
    "setHeader",
    "type",
    "log",
    "error",
    "warn",
    "info",
    "debug",
    "stringify",
    "write",
];

/// How a function refuses that never does anything else.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Sent {
    /// With 401.
    pub unknown: bool,
    /// With 403.
    pub forbidden: bool,
    /// It throws, and never comes back.
    pub throws: bool,
}

impl<'p> Reader<'_, 'p, '_> {
    /// How the function that is called refuses, where each of its ways does.
    pub(super) fn sent_by(&self, f: FuncRef<'p>, callee: Operand) -> Sent {
        let [val] = self.origins.of_operand(f.id, callee) else {
            return Sent::default();
        };
        match self.origins.val(*val) {
            Some(Val::Func(inner)) if inner != f.id => self.sent(inner),
            _ => Sent::default(),
        }
    }

    fn sent(&self, func: FuncId) -> Sent {
        if let Some(known) = self.set.sent.borrow().get(&func) {
            return *known;
        }
        let f = self.origins.program.func(func);
        let mut sent = Sent::default();
        if (1..=BLOCKS).contains(&f.func.blocks.len()) {
            let of = |block: usize| self.refusal_of(f, block).statuses;
            let denies = |block: &usize| of(*block).iter().any(|s| matches!(s, 401 | 403));
            let all = 0..f.func.blocks.len();
            let refused: FxHashSet<usize> = all.clone().filter(denies).collect();
            let returns = |block: &usize| {
                let block = f.func.blocks.get(*block);
                block.is_some_and(|b| matches!(b.term, Term::Return(_)))
            };
            let returns: FxHashSet<usize> = all.clone().filter(returns).collect();
            let uncut = FxHashSet::default();
            let none = FxHashSet::default();
            if !refused.is_empty() && !reaches_uncut(f.func, &returns, &uncut, &refused) {
                sent.unknown = all.clone().any(|block| of(block).contains(&401));
                sent.forbidden = all.clone().any(|block| of(block).contains(&403));
            }
            // A method of a base that only says that it is missing is another one in the classes below.
            let throws = f.func.class.is_none() || sent.unknown || sent.forbidden;
            sent.throws = throws
                && super::graph::throws(f.func)
                && !reaches_uncut(f.func, &returns, &uncut, &none);
        }
        self.set.sent.borrow_mut().insert(func, sent);
        sent
    }

    /// Whether a handler says in a block that something else is wrong than who asks, and ends there without doing anything: 405 for
    /// another method, 400 for a part that is missing.
    pub(super) fn ends_otherwise(&self, f: FuncRef<'p>, block: usize) -> bool {
        let Some(b) = f.func.blocks.get(block) else {
            return false;
        };
        let mut said = false;
        for (_, instr) in f.func.block_instrs(b) {
            match *instr {
                Instr::Call { callee, args, .. } => {
                    let name = written_name(f, callee).unwrap_or_default();
                    if self.says_otherwise(f, name, args) {
                        said = true;
                    } else if said && !BESIDE.contains(&name) {
                        return false;
                    }
                }
                Instr::Store {
                    key: Key::Field(name),
                    value,
                    ..
                } => {
                    let name = f.file.facts.str(name);
                    said |= matches!(name, "statusCode" | "status") && is_other(f, value);
                }
                _ => {}
            }
        }
        if !said || self.refusal(f, block).is_denial() {
            return false;
        }
        let mut at = block;
        for step in 0..STEPS {
            let Some(b) = f.func.blocks.get(at) else {
                return false;
            };
            let mut instrs = f.func.block_instrs(b);
            let calls = instrs.any(|(_, instr)| match *instr {
                Instr::Call { callee, .. } => {
                    !written_name(f, callee).is_some_and(|name| BESIDE.contains(&name))
                }
                _ => false,
            });
            if step > 0 && calls {
                return false;
            }
            match (b.term, ways(f.func, at).as_slice()) {
                (Term::Return(_), _) => return true,
                (_, &[next]) => at = next,
                _ => return false,
            }
        }
        false
    }

    /// Whether a handler only says that something is wrong, whatever is asked.
    pub(super) fn serves_nobody(&self, func: FuncId) -> bool {
        let f = self.origins.program.func(func);
        let blocks = f.func.blocks.len();
        if blocks == 0 || blocks > BLOCKS {
            return false;
        }
        if only_throws(f) {
            return true;
        }
        let ends = |block: &usize| {
            let block = f.func.blocks.get(*block);
            block.is_some_and(|b| matches!(b.term, Term::Return(_)))
        };
        let returns: FxHashSet<usize> = (0..blocks).filter(ends).collect();
        let otherwise = (0..blocks).filter(|block| self.ends_otherwise(f, *block));
        let uncut = FxHashSet::default();
        !returns.is_empty() && !reaches_uncut(f.func, &returns, &uncut, &otherwise.collect())
    }

    /// `res.status(405)`, `Response.json({ … }, { status: 404 })`
    fn says_otherwise(&self, f: FuncRef<'p>, name: &str, args: Range32) -> bool {
        let args = f.func.args(args);
        let stated = args.iter().any(|arg| match f.made_by(arg.value) {
            Some(&Instr::Object { parts, .. }) => f.func.parts(parts).iter().any(|part| {
                matches!(part.key, PartKey::Field(name) if f.file.facts.str(name) == "status")
                    && is_other(f, part.value)
            }),
            _ => false,
        });
        let first = args.first().is_some_and(|arg| is_other(f, arg.value));
        stated || first && SAYS.contains(&name)
    }
}

/// `raise HTTPException(status_code=501)`, and nothing else.
fn only_throws(f: FuncRef<'_>) -> bool {
    let Some(Term::Throw(thrown)) = f.func.blocks.first().map(|block| block.term) else {
        return false;
    };
    let calls = f.func.instrs.iter();
    let calls = calls.filter(|instr| matches!(instr, Instr::Call { .. }));
    calls.count() == 1
        && f.call_behind(thrown)
            .is_some_and(|(_, args)| args.iter().any(|arg| is_other(f, arg.value)))
}

/// Whether a value is the number of an error that is not about who asks.
fn is_other(f: FuncRef<'_>, value: Operand) -> bool {
    let Operand::Const(id) = value else {
        return false;
    };
    matches!(*f.file.facts.constant(id), Const::Number(bits) if {
        let status = f64::from_bits(bits);
        (400.0..600.0).contains(&status) && status != 401.0 && status != 403.0
    })
}
