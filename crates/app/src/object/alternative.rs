//! Values of which one stands in for another that is not there: `req.query.userId ?? req.user.id`, `args.get('user_id', me.id)`.

use super::Walk;
use crate::decoration::written_name;
use crate::guard::reading::reads;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Instr, LocalId, OpKind, Operand, Term};

/// Copies of one value.
const COPIES: usize = 3;

impl Walk<'_, '_, '_> {
    /// Whether the client may put another value in the place of what tells who asks.
    pub(super) fn chosen_instead(&self, func: FuncId, operand: Operand) -> bool {
        let f = self.origins.program.func(func);
        let mut at = operand;
        for _ in 0..COPIES {
            let Operand::Local(local) = at else {
                return false;
            };
            let writers: Vec<(usize, &Instr)> = f.writers(local).collect();
            match writers.as_slice() {
                [(_, Instr::Copy { from, .. })] => at = *from,
                [(_, Instr::Call { callee, args, .. })] => {
                    let [_, other] = f.func.args(*args) else {
                        return false;
                    };
                    return written_name(f, *callee).is_some_and(reads)
                        && self.roots(func, other.value).principal
                        && !self.roots(func, other.value).client;
                }
                [(first, Instr::Copy { from, .. }), ..] => {
                    let said = self.roots(func, *from);
                    return is_asked_for_itself(f, *first, local) && said.client && !said.principal;
                }
                _ => return false,
            }
        }
        false
    }
}

/// The block that writes a local first goes on by whether there is something in it.
fn is_asked_for_itself(f: FuncRef<'_>, first: usize, local: LocalId) -> bool {
    let mut blocks = f.func.blocks.iter();
    let Some(block) = blocks.find(|block| block.instrs.range().contains(&first)) else {
        return false;
    };
    let Term::Branch { cond, .. } = block.term else {
        return false;
    };
    let this = Operand::Local(local);
    cond == this
        || matches!(f.made_by(cond), Some(&Instr::Op { op: OpKind::Eq | OpKind::Ne, operands, .. })
            if f.func.operands(operands).contains(&this))
}
