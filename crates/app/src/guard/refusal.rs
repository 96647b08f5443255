//! How the refusing side of a branch ends: a status, a redirect, an exception.

use super::body::Reader;
use super::graph::successors;
use crate::decoration::written_name;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{BlockId, Const, Instr, Operand, Term};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Names of answers and exceptions that deny.
const DENIALS: [&str; 4] = [
    "unauthori",
    "forbidden",
    "permissiondenied",
    "notauthenticated",
];

/// Codes by which procedures deny what was asked.
const CODES: [(&str, u32); 5] = [
    ("UNAUTHORIZED", 401),
    ("UNAUTHENTICATED", 401),
    ("FORBIDDEN", 403),
    ("PERMISSION_DENIED", 403),
    ("TOO_MANY_REQUESTS", 429),
];

/// How a refusing side ends.
#[derive(Clone, Default, Debug)]
pub(super) struct Refusal {
    pub statuses: BTreeSet<u32>,
    pub redirects: bool,
    pub throws: bool,
}

impl Refusal {
    pub(super) fn is_denial(&self) -> bool {
        self.statuses.contains(&401) || self.statuses.contains(&403) || self.redirects
    }

    /// It says clearly that something else is wrong.
    pub(super) fn is_other(&self) -> bool {
        !self.is_denial() && self.statuses.iter().any(|s| (400..600).contains(s))
    }

    pub(super) fn words(&self) -> String {
        match self.statuses.iter().find(|s| **s >= 400) {
            Some(status) => format!("refuses with {status}"),
            None if self.redirects => "redirects".to_owned(),
            None if self.throws => "throws".to_owned(),
            None => "does not go on".to_owned(),
        }
    }
}

impl<'p> Reader<'_, 'p, '_> {
    /// How one block refuses, if it does.
    pub(super) fn refusal(&self, f: FuncRef<'p>, block: usize) -> Refusal {
        let mut out = Refusal::default();
        let Some(b) = f.func.blocks.get(block) else {
            return out;
        };
        out.throws = matches!(b.term, Term::Throw(_));
        let number = |operand: Operand| match operand {
            Operand::Const(id) => match *f.file.facts.constant(id) {
                Const::Number(bits) => Some(f64::from_bits(bits)),
                _ => None,
            },
            Operand::Local(_) => None,
        };
        let mut status = |operand: Operand| {
            if let Some(n) = number(operand).filter(|n| (300.0..600.0).contains(n)) {
                out.statuses.insert(n as u32);
            }
            if let Some(text) = f.constant_text(operand) {
                let code = CODES.iter().find(|(code, _)| *code == text);
                out.statuses.extend(code.map(|(_, status)| *status));
            }
        };
        let mut redirects = false;
        let mut refused = false;
        for (_, instr) in f.func.block_instrs(b) {
            match *instr {
                Instr::Call { args, callee, .. } => {
                    for arg in f.func.args(args) {
                        status(arg.value);
                    }
                    let name = written_name(f, callee).unwrap_or_default().to_lowercase();
                    redirects |= name.contains("redirect");
                    refused |= DENIALS.iter().any(|word| name.contains(word));
                }
                Instr::Store { value, .. } => status(value),
                Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
                    for part in f.func.parts(parts) {
                        status(part.value);
                    }
                }
                _ => {}
            }
        }
        out.redirects = redirects;
        if refused {
            out.statuses.insert(403);
        }
        out
    }

    /// Whether all that a function answers itself says that something else is wrong than who asks, and it answers something.
    pub(super) fn refuses_otherwise(&self, func: FuncId) -> bool {
        let f = self.origins.program.func(func);
        let blocks = (0..f.func.blocks.len()).map(|block| self.refusal(f, block));
        let answers = blocks
            .filter(|refusal| refusal.throws || refusal.redirects || !refusal.statuses.is_empty());
        let answers: Vec<Refusal> = answers.collect();
        !answers.is_empty()
            && answers
                .iter()
                .all(|refusal| refusal.is_other() && !refusal.throws)
    }

    /// How everything that a refusing side leads to refuses.
    pub(super) fn refusals_from(
        &self,
        f: FuncRef<'p>,
        start: BlockId,
        clean: &FxHashSet<usize>,
    ) -> Refusal {
        let mut out = Refusal::default();
        let mut seen = FxHashSet::default();
        let mut stack = vec![start.index()];
        while let Some(block) = stack.pop() {
            if clean.contains(&block) || !seen.insert(block) {
                continue;
            }
            let one = self.refusal(f, block);
            out.statuses.extend(one.statuses);
            out.redirects |= one.redirects;
            out.throws |= one.throws;
            stack.extend(successors(f.func, block));
        }
        out
    }
}
