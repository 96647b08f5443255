//! What becomes of a value that was made of a password.

use super::rule::Reader;
use super::words::{self, has, holds};
use casemate_ir::{Instr, Key, Operand, PartKey};

impl Reader<'_, '_, '_> {
    /// Whether what was made of a password is taken for it: it is given its name, or is hashed or compared.
    pub(super) fn is_kept(&self, value: Operand, depth: u32) -> bool {
        let f = self.f;
        depth < 4
            && f.func.instrs.iter().any(|instr| match *instr {
                Instr::Copy { to, from } if from == value => {
                    let name = f.func.locals.get(to.index()).and_then(|l| l.name);
                    name.is_some_and(|n| {
                        let name = words::plain(self.str(n));
                        words::is_password(&name) || has(&name, &["p", "pw"])
                    })
                }
                Instr::Await { to, from } if from == value => self.is_kept(Operand::Local(to), depth + 1),
                Instr::Store { key: Key::Field(name), value: v, .. } => v == value && words::is_password(&words::plain(self.str(name))),
                Instr::Object { parts, .. } => f.func.parts(parts).iter().any(|p| {
                    p.value == value && matches!(p.key, PartKey::Field(n) if words::is_password(&words::plain(self.str(n))))
                }),
                Instr::Load { to, base, .. } if base == value => self.is_kept_by_call(Operand::Local(to), value, depth),
                Instr::Call { callee, args, .. } => {
                    let given = f.func.args(args).iter().any(|a| a.value == value);
                    given
                        && self.name(callee).is_some_and(|n| {
                            holds(&n, &["hash", "crypt", "compare", "verify", "checkpw", "checkpassword", "makepassword", "setpassword", "authenticate"])
                        })
                }
                _ => false,
            })
    }

    /// `password.trim().toLowerCase()`
    pub(super) fn is_kept_by_call(&self, method: Operand, receiver: Operand, depth: u32) -> bool {
        self.f.func.instrs.iter().any(|instr| match *instr {
            Instr::Call {
                to, callee, this, ..
            } if callee == method && this == Some(receiver) => {
                self.is_kept(Operand::Local(to), depth + 1)
            }
            _ => false,
        })
    }
}
