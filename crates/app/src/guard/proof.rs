//! Functions of packages that throw unless what they are given proves who asks.

use super::body::Reader;
use crate::decoration::written_name;
use casemate_flow::origin::Val;
use casemate_flow::program::FuncRef;
use casemate_ir::{Block, Instr, Span};

/// Functions of packages that throw unless what they are given proves something.
const PROOFS: [&str; 4] = ["verify", "jwtVerify", "verifyIdToken", "compactVerify"];

impl<'p> Reader<'_, 'p, '_> {
    /// Whether a function gives a credential to one that throws where it proves nothing, and does not catch that.
    pub(super) fn proves_any(&self, f: FuncRef<'p>) -> bool {
        let mut blocks = f.func.blocks.iter();
        blocks.any(|block| block.unwind.is_none() && self.proves(f, block).is_some())
    }

    /// The place where a block gives a credential to a function of a package that throws where it proves nothing.
    pub(super) fn proves(&self, f: FuncRef<'p>, block: &Block) -> Option<Span> {
        f.func.block_instrs(block).find_map(|(at, instr)| {
            let Instr::Call { callee, args, .. } = *instr else {
                return None;
            };
            let named = written_name(f, callee).is_some_and(|name| PROOFS.contains(&name));
            let of_package = || {
                let vals = self.origins.of_operand(f.id, callee);
                vals.iter().any(|&val| {
                    matches!(self.origins.val(val), Some(Val::Api(path)) if self.origins.paths.known(path))
                })
            };
            let args = f.func.args(args);
            let called_back = || {
                args.iter()
                    .any(|arg| matches!(f.made_by(arg.value), Some(Instr::Closure { .. })))
            };
            let shown = || {
                let mut args = args.iter();
                args.any(|arg| self.roots(f.id, arg.value).credential)
            };
            (named && of_package() && !called_back() && shown())
                .then(|| f.func.spans.get(at).copied().unwrap_or_default())
        })
    }
}
