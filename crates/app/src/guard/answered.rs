//! Functions that refuse for whoever calls them: `const session = validate(req, res); if (!session) return`, where `validate` has sent
//! the 401 itself.

use super::body::Reader;
use super::graph::{is_false, is_nothing};
use casemate_flow::origin::Val;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Instr, OpKind, Operand, Term};
use std::collections::BTreeSet;

/// Steps from a condition to the call whose answer it looks at.
const STEPS: usize = 12;

/// Blocks of the function that is called.
const BLOCKS: usize = 80;

impl<'p> Reader<'_, 'p, '_> {
    /// With what the functions whose answer a condition looks at have refused already where they answer nothing: 401, 403.
    pub(super) fn answered(&self, f: FuncRef<'p>, cond: Operand) -> BTreeSet<u32> {
        let mut out = BTreeSet::new();
        let mut open = vec![cond];
        for _ in 0..STEPS {
            let Some(operand) = open.pop() else { break };
            let Operand::Local(local) = operand else {
                continue;
            };
            for (_, instr) in f.writers(local) {
                match *instr {
                    Instr::Copy { from, .. } | Instr::Await { from, .. } => open.push(from),
                    Instr::Op {
                        op:
                            OpKind::Not | OpKind::Eq | OpKind::Ne | OpKind::StrictEq | OpKind::StrictNe,
                        operands,
                        ..
                    } => open.extend(f.func.operands(operands)),
                    Instr::Call { callee, args, .. } if !f.func.args(args).is_empty() => {
                        if let [one] = self.origins.of_operand(f.id, callee)
                            && let Some(Val::Func(inner)) = self.origins.val(*one)
                            && inner != f.id
                        {
                            out.extend(self.sends(inner));
                        }
                    }
                    _ => {}
                }
            }
        }
        out
    }

    /// The refusals that a function sends which then answers nothing.
    fn sends(&self, func: FuncId) -> BTreeSet<u32> {
        let f = self.origins.program.func(func);
        let nothing = f.func.blocks.iter().any(|block| match block.term {
            Term::Return(value) => {
                value.is_none_or(|value| is_nothing(f, value) || is_false(f, value))
            }
            _ => false,
        });
        if !nothing || f.func.blocks.len() > BLOCKS {
            return BTreeSet::new();
        }
        (0..f.func.blocks.len())
            .flat_map(|block| self.refusal(f, block).statuses)
            .filter(|status| matches!(status, 401 | 403))
            .collect()
    }
}
