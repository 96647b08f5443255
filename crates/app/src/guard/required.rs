//! Members of what a framework hands on that hold who asks, for whoever lacks them is told that nobody is known:
//! `if (!ctx.account) throw new TRPCError({ code: 'UNAUTHORIZED' })`.

use super::body::Reader;
use super::graph::polarity;
use super::known::Known;
use super::root::is_request;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_ir::{Instr, Key, OpKind, Operand, Term};

/// Members that hold a part of the request itself, whatever is answered where they are missing.
const PARTS: [&str; 8] = [
    "req", "request", "res", "response", "method", "path", "rawBody", "file",
];

/// The names of such members that a function asks for.
pub(super) fn members(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> Vec<String> {
    let known = Known::default();
    let reader = Reader {
        origins,
        set: &known,
        decided: &[],
        bound: None,
    };
    let mut out = Vec::new();
    for block in &f.func.blocks {
        let Term::Branch { cond, yes, no } = block.term else {
            continue;
        };
        let Some(known) = polarity(f.func, f, cond) else {
            continue;
        };
        let missing = if known { no } else { yes };
        let ends = f.func.blocks.get(missing.index());
        let ends = ends.is_some_and(|b| matches!(b.term, Term::Throw(_)));
        let statuses = reader.refusal(f, missing.index()).statuses;
        if ends
            && statuses.iter().eq([401].iter())
            && let Some((base, name)) = asked(f, cond)
            && is_request(origins, f.id, base)
            && !super::root::is_said(origins, f.id, base)
            && !PARTS.contains(&name)
        {
            out.push(name.to_owned());
        }
    }
    out
}

/// The member that a condition asks for: `!ctx.account`, `ctx.account == null`, `ctx.account?.id`.
fn asked<'p>(f: FuncRef<'p>, cond: Operand) -> Option<(Operand, &'p str)> {
    let mut at = cond;
    for _ in 0..6 {
        match *f.made_by(at)? {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => at = from,
            Instr::Op {
                op: OpKind::Not | OpKind::Eq | OpKind::Ne | OpKind::StrictEq | OpKind::StrictNe,
                operands,
                ..
            } => at = *f.func.operands(operands).first()?,
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } => {
                let name = f.file.facts.str(name);
                if matches!(f.made_by(base), Some(Instr::Load { .. })) && name.ends_with("id") {
                    at = base;
                } else {
                    return Some((base, name));
                }
            }
            _ => return None,
        }
    }
    None
}
