//! Middleware that passes every request on: it notes who asks, or keeps it for others, and refuses nobody.

use super::body::Reader;
use super::graph::{captures, is_nothing};
use super::root::{Search, is_request};
use crate::decoration::written_name;
use casemate_flow::origin::Val;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Block, BlockId, FnKind, Instr, Key, Language, LocalId, OpKind, Operand, Term};

/// Methods that answer a request, or prepare the answer.
const ANSWERS: [&str; 20] = [
    "code",
    "download",
    "end",
    "json",
    "jsonp",
    "redirect",
    "reject",
    "render",
    "send",
    "sendFile",
    "sendStatus",
    "sendfile",
    "status",
    "throw",
    "assert",
    "write",
    "writeHead",
    "hijack",
    "destroy",
    "callNotFound",
];

/// Members by which an answer is given where it is an object.
const BODIES: [&str; 4] = ["body", "status", "statusCode", "response"];

/// Methods that call a function in a context of its own.
const RUNS: [&str; 6] = [
    "run",
    "runAndReturn",
    "runInContext",
    "runWith",
    "startActiveSpan",
    "with",
];

/// Functions that are given the answer, behind each other.
const DEPTH: u32 = 2;

/// Kinds of exceptions that are told apart where they are caught.
const KINDS_CAUGHT: usize = 6;

/// Depth of calls of a function that may only note something.
const NOTED: u32 = 2;

impl<'p> Reader<'_, 'p, '_> {
    /// Whether a function calls the one that passes requests on, its parameter at this position, whatever way it takes, and answers
    /// nothing itself.
    pub(super) fn always_goes_on(&self, func: FuncId, next: usize) -> bool {
        let f = self.origins.program.func(func);
        let Some(param) = f.func.params.get(next) else {
            return false;
        };
        if f.file.facts.language == Language::Python {
            return self.gives_what_follows(f, (func, param.local)) && !self.may_throw(func, 0);
        }
        // Handlers of errors answer.
        if f.func.params.len() > 3 || f.file.facts.language != Language::JavaScript {
            return false;
        }
        let answer = f.func.params.get(next.saturating_sub(1)).map(|p| p.local);
        self.ends_in_next(f, (func, param.local))
            && answer.is_some_and(|answer| !self.may_answer(f, answer, 0))
    }

    /// Whether all that a function gives back is what the function answers that it passes requests on to.
    fn gives_what_follows(&self, f: FuncRef<'p>, next: (FuncId, LocalId)) -> bool {
        let follows = |value: Operand| {
            let mut value = value;
            if let Some(&Instr::Await { from, .. }) = f.made_by(value) {
                value = from;
            }
            matches!(f.call_behind(value), Some((callee, _)) if self.is_next(f, callee, Some(next)))
        };
        f.func.blocks.iter().all(|block| match block.term {
            Term::Return(value) => value.is_some_and(follows),
            _ => true,
        })
    }

    /// Whether a function that runs before handlers gives nothing back on any way and throws nothing, itself or in what it calls: it notes
    /// who asks, and refuses nobody.
    pub(super) fn gives_nothing(&self, func: FuncId) -> bool {
        let f = self.origins.program.func(func);
        let nothing = f.func.blocks.iter().all(|block| match block.term {
            Term::Return(value) => value.is_none_or(|v| is_nothing(f, v)),
            _ => true,
        });
        nothing && !self.may_throw(func, 0)
    }

    /// Whether a function throws, itself or in what it calls.
    pub(super) fn may_throw(&self, func: FuncId, depth: u32) -> bool {
        let f = self.origins.program.func(func);
        let throws = |index: usize, block: &casemate_ir::Block| {
            matches!(block.term, Term::Throw(what) if !is_caught(f, what))
                || self.never_returns(f, index)
        };
        if f.func.blocks.iter().enumerate().any(|(i, b)| throws(i, b)) {
            return true;
        }
        // What others throw is caught where something stands around the call.
        let caught = |block: &&Block| block.unwind.is_some_and(|to| catches_all(f, to));
        let uncaught = f.func.blocks.iter().filter(|block| !caught(block));
        let instrs = uncaught.flat_map(|block| f.func.block_instrs(block));
        let called = instrs.filter_map(|(_, instr)| match *instr {
            Instr::Call { callee, .. } => Some(callee),
            _ => None,
        });
        depth < NOTED
            && called.into_iter().any(|callee| {
                self.origins.of_operand(func, callee).iter().any(|&val| {
                    matches!(self.origins.val(val), Some(Val::Func(inner))
                        if inner != func && self.may_throw(inner, depth + 1))
                })
            })
    }

    /// Whether each way through a function calls what passes requests on, without an error.
    fn ends_in_next(&self, f: FuncRef<'p>, next: (FuncId, LocalId)) -> bool {
        let away = self.decided_away(f);
        let mut seen = vec![false; f.func.blocks.len()];
        let mut open = vec![0_usize];
        while let Some(at) = open.pop() {
            let Some(block) = f.func.blocks.get(at) else {
                return false;
            };
            if seen
                .get_mut(at)
                .is_none_or(|seen| std::mem::replace(seen, true))
            {
                continue;
            }
            if f.func
                .block_instrs(block)
                .any(|(_, i)| self.calls(f, i, next))
            {
                continue;
            }
            // What may throw for want of who asks goes on where that is caught, if at all.
            if self.block_may_throw(f, block) {
                match block.unwind {
                    Some(to) => open.push(to.index()),
                    None => return false,
                }
            }
            match block.term {
                Term::Goto(to) => open.push(to.index()),
                Term::Branch { yes, no, .. } => {
                    let sides = [yes.index(), no.index()];
                    open.extend(sides.into_iter().filter(|to| !away.contains(&(at, *to))));
                }
                Term::Unreachable => {}
                Term::Return(_) | Term::Throw(_) => return false,
            }
        }
        true
    }

    /// Whether a block gives the request, or what it shows of who asks, to a function of the program that may throw.
    fn block_may_throw(&self, f: FuncRef<'p>, block: &Block) -> bool {
        f.func.block_instrs(block).any(|(_, instr)| {
            let Instr::Call { callee, args, .. } = *instr else {
                return false;
            };
            let [val] = self.origins.of_operand(f.id, callee) else {
                return false;
            };
            let Some(Val::Func(inner)) = self.origins.val(*val) else {
                return false;
            };
            let inner = self.origins.program.func(inner);
            let throws = || super::graph::throws(inner.func) || self.proves_any(inner);
            let mut args = f.func.args(args).iter();
            self.sent_by(f, callee).throws
                || args.any(|arg| {
                    is_request(self.origins, f.id, arg.value)
                        || Search::of(self.origins, self.set, f.id, arg.value).tells_who()
                }) && throws()
        })
    }

    /// `next()`, `storage.run(context, next)`, `storage.run(context, () => next())`
    fn calls(&self, f: FuncRef<'p>, instr: &Instr, next: (FuncId, LocalId)) -> bool {
        let Instr::Call { callee, args, .. } = *instr else {
            return false;
        };
        let args = f.func.args(args);
        if self.is_next(f, callee, Some(next)) {
            return args.first().is_none_or(|arg| is_nothing(f, arg.value));
        }
        written_name(f, callee).is_some_and(|name| RUNS.contains(&name))
            && args.iter().any(|arg| {
                self.is_next(f, arg.value, Some(next))
                    || matches!(f.made_by(arg.value), Some(Instr::Closure { func, .. }) if {
                        let inner = self.origins.program.func(f.sibling(*func));
                        captures(self.origins, inner.id, next) && self.ends_in_next(inner, next)
                    })
            })
    }

    /// Whether a function may answer: it calls a method that does, stores a body, or gives the answer to what is not known to do
    /// neither. Functions that it only keeps answer later, if at all.
    fn may_answer(&self, f: FuncRef<'p>, answer: LocalId, depth: u32) -> bool {
        let is = |operand: Operand| self.is_answer_object(f, operand, answer);
        let away = self.decided_away(f);
        let met = (!away.is_empty()).then(|| super::graph::met(f.func, &away));
        let blocks = f.func.blocks.iter().enumerate();
        let blocks = blocks.filter(|(at, _)| met.as_ref().is_none_or(|met| met.contains(at)));
        let mut instrs = blocks.flat_map(|(_, block)| f.func.block_instrs(block));
        instrs.any(|(_, instr)| match *instr {
            Instr::Call {
                callee, this, args, ..
            } => {
                if this.is_some_and(is) {
                    return written_name(f, callee).is_none_or(|name| ANSWERS.contains(&name));
                }
                let args = f.func.args(args);
                let Some(at) = args.iter().position(|arg| is(arg.value)) else {
                    return false;
                };
                let vals = self.origins.of_operand(f.id, callee);
                let [val] = vals else { return true };
                let Some(Val::Func(inner)) = self.origins.val(*val) else {
                    return true;
                };
                let inner = self.origins.program.func(inner);
                let Some(param) = inner.func.params.get(at).map(|param| param.local) else {
                    return true;
                };
                depth >= DEPTH
                    || inner.func.kind == FnKind::Module
                    || inner
                        .func
                        .blocks
                        .iter()
                        .any(|block| matches!(block.term, Term::Throw(_)))
                    || self.may_answer(inner, param, depth + 1)
            }
            Instr::Store {
                base,
                key: Key::Field(name),
                ..
            } => is(base) && BODIES.contains(&f.file.facts.str(name)),
            _ => false,
        })
    }

    fn is_answer_object(&self, f: FuncRef<'p>, operand: Operand, answer: LocalId) -> bool {
        let mut at = operand;
        for _ in 0..4 {
            let Operand::Local(local) = at else {
                return false;
            };
            if local == answer {
                return true;
            }
            match f.writer(local).map(|made| made.1) {
                Some(Instr::Copy { from, .. }) => at = *from,
                _ => return false,
            }
        }
        false
    }
}

/// What was caught before, and is thrown on because it is nothing that is caught there.
fn is_caught(f: FuncRef<'_>, value: Operand) -> bool {
    matches!(f.made_by(value), Some(Instr::Catch { .. }))
}

/// Whether what a block catches is all there is: it throws nothing on that is an exception.
fn catches_all(f: FuncRef<'_>, at: BlockId) -> bool {
    const ALL: [&str; 2] = ["Exception", "BaseException"];
    let blocks = &f.func.blocks;
    let caught = blocks.get(at.index()).and_then(|block| {
        let mut instrs = f.func.block_instrs(block);
        instrs.find_map(|(_, instr)| match *instr {
            Instr::Catch { to } => Some(to),
            _ => None,
        })
    });
    let thrown_on = |block: &&Block| {
        matches!(block.term, Term::Throw(value)
            if matches!(f.made_by(value), Some(Instr::Catch { to }) if Some(*to) == caught))
    };
    let thrown_on = blocks.iter().filter(thrown_on).count();
    let mut at = at;
    for _ in 0..KINDS_CAUGHT {
        let Some(block) = blocks.get(at.index()) else {
            return false;
        };
        let Term::Branch { cond, no, .. } = block.term else {
            return caught.is_some() && thrown_on == 0;
        };
        let Some(Instr::Op {
            op: OpKind::InstanceOf,
            operands,
            ..
        }) = f.made_by(cond)
        else {
            return false;
        };
        let [_, class] = f.func.operands(*operands) else {
            return false;
        };
        if written_name(f, *class).is_some_and(|name| ALL.contains(&name)) {
            // What is no exception is thrown on behind the last kind, and only there.
            return caught.is_some() && thrown_on <= 1;
        }
        at = no;
    }
    false
}
