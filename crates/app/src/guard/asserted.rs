//! What is asserted: `assert(ctx.user, 401)`, `invariant(session, 'UNAUTHORIZED')`, `assertThat(token, new RequestError({ status: 401 }))`.
//!
//! A function that throws unless its first argument is there refuses whoever it is false for; with which status, its other arguments say.

use super::body::Reader;
use super::check::{Check, kind_of};
use super::graph::polarity;
use super::refusal::Refusal;
use super::root::Search;
use crate::decoration::written_name;
use casemate_flow::origin::Val;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Arg, Block, Const, Instr, Operand, Term};

/// Names of functions of packages that throw unless something is there.
const ASSERTS: [&str; 5] = ["assert", "invariant", "httpassert", "ok", "nonnull"];

/// Words in the names of functions that throw unless something is there.
const WORDS: [&str; 9] = [
    "assert",
    "invariant",
    "nonnull",
    "ensure",
    "require",
    "check",
    "verify",
    "expect",
    "must",
];

/// Functions that assert by others.
const DEPTH: u32 = 2;

/// Blocks of a function that asserts.
const BLOCKS: usize = 12;

impl<'p> Reader<'_, 'p, '_> {
    /// What a block asserts of who asks.
    pub(super) fn asserted(&self, f: FuncRef<'p>, block: &Block) -> Vec<Check> {
        let mut out = Vec::new();
        for (at, instr) in f.func.block_instrs(block) {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let [wanted, rest @ ..] = f.func.args(args) else {
                continue;
            };
            if rest.is_empty() || !self.asserts_first(f, callee, 0) {
                continue;
            }
            let mut refusal = Refusal {
                throws: true,
                ..Refusal::default()
            };
            for arg in rest {
                self.states(f, arg, 0, &mut refusal);
            }
            let roots = Search::of(self.origins, self.set, f.id, wanted.value);
            let there = polarity(f.func, f, wanted.value);
            if let Some(kind) = kind_of(roots, &refusal)
                && refusal.is_denial()
                && there != Some(false)
            {
                let span = f.func.spans.get(at).copied().unwrap_or_default();
                let check = Check::new(kind, f.id, span, refusal.words(), true);
                out.push(Check {
                    principal: roots.principal,
                    ..check
                });
            }
        }
        out
    }

    /// Whether a function asserts anything at all.
    pub(super) fn asserts_any(&self, f: FuncRef<'p>) -> bool {
        f.func.instrs.iter().any(|instr| match *instr {
            Instr::Call { callee, args, .. } => {
                f.func.args(args).len() > 1 && self.asserts_first(f, callee, 0)
            }
            _ => false,
        })
    }

    /// Whether what is called throws unless its first argument is there.
    fn asserts_first(&self, f: FuncRef<'p>, callee: Operand, depth: u32) -> bool {
        let name = written_name(f, callee).unwrap_or_default().to_lowercase();
        if !WORDS.iter().any(|word| name.contains(word)) && name != "ok" {
            return false;
        }
        match self.origins.of_operand(f.id, callee) {
            [val] => match self.origins.val(*val) {
                Some(Val::Func(inner)) => depth < DEPTH && self.throws_without(inner, depth),
                Some(Val::Api(_)) => ASSERTS.contains(&name.as_str()),
                _ => false,
            },
            [] => ASSERTS.contains(&name.as_str()),
            _ => false,
        }
    }

    fn throws_without(&self, func: FuncId, depth: u32) -> bool {
        let f = self.origins.program.func(func);
        let Some(first) = f.func.params.first().map(|param| param.local) else {
            return false;
        };
        if f.func.blocks.len() > BLOCKS || f.func.params.len() < 2 {
            return false;
        }
        let is_first = |operand: Operand| {
            let mut at = operand;
            for _ in 0..4 {
                match f.made_by(at) {
                    Some(Instr::Copy { from, .. }) => at = *from,
                    Some(Instr::Op { operands, .. }) => match f.func.operands(*operands) {
                        [one, ..] => at = *one,
                        _ => return false,
                    },
                    _ => break,
                }
            }
            at == Operand::Local(first)
        };
        f.func.blocks.iter().any(|block| {
            let branches = match block.term {
                Term::Branch { cond, yes, no } if is_first(cond) => {
                    let missing = match polarity(f.func, f, cond) {
                        Some(true) => no,
                        Some(false) => yes,
                        None => return false,
                    };
                    let ends = f.func.blocks.get(missing.index());
                    ends.is_some_and(|b| matches!(b.term, Term::Throw(_)))
                }
                _ => false,
            };
            branches
                || f.func.block_instrs(block).any(|(_, instr)| match *instr {
                    Instr::Call { callee, args, .. } => {
                        let first = f.func.args(args).first();
                        first.is_some_and(|arg| is_first(arg.value))
                            && self.asserts_first(f, callee, depth + 1)
                    }
                    _ => false,
                })
        })
    }

    /// The statuses that an argument says, by itself or as an error that is made there.
    fn states(&self, f: FuncRef<'p>, arg: &Arg, depth: u32, out: &mut Refusal) {
        match arg.value {
            Operand::Const(id) => match *f.file.facts.constant(id) {
                Const::Number(bits) => {
                    let status = f64::from_bits(bits);
                    if (300.0..600.0).contains(&status) {
                        out.statuses.insert(status as u32);
                    }
                }
                Const::Str(text) => out
                    .statuses
                    .extend(super::refusal::stated(f.file.facts.str(text))),
                _ => {}
            },
            Operand::Local(_) if depth > 1 => {}
            Operand::Local(_) => match f.made_by(arg.value) {
                Some(Instr::Call { callee, args, .. }) => {
                    let name = written_name(f, *callee).unwrap_or_default();
                    out.statuses.extend(super::refusal::stated(name));
                    for arg in f.func.args(*args) {
                        self.states(f, arg, depth + 1, out);
                    }
                }
                Some(Instr::Object { parts, .. }) => {
                    for part in f.func.parts(*parts) {
                        let arg = Arg {
                            value: part.value,
                            key: casemate_ir::ArgKey::Pos,
                        };
                        self.states(f, &arg, depth + 1, out);
                    }
                }
                _ => {}
            },
        }
    }
}
