//! `object[key] = wrap(object[key])`: every member is wrapped, and none becomes another.
//!
//! Whoever promisifies all functions of a module, or traces them, writes to a key that only the run knows what was read at that very key.
//! Taken for a write of any function to any member, it would make each method of a program that does so with all its modules mean all the
//! others.

use crate::taint::target;
use casemate_ir::{Function, Instr, Key, Operand};

/// Instructions before the write in which what is written is looked for.
const BEFORE: usize = 40;
/// Calls around what was read.
const CALLS: u32 = 3;

/// Whether what is written at an instruction is what the same member held, given to a function.
pub(crate) fn wraps_member(func: &Function, at: usize) -> bool {
    let Some(&Instr::Store {
        base,
        key: Key::Computed(key),
        value,
    }) = func.instrs.get(at)
    else {
        return false;
    };
    let wrapped = Wrapped {
        func,
        at,
        base,
        key,
    };
    wrapped.is_call_of_member(value, CALLS)
}

/// What a member that is written under a key is made of: what another object holds under that key.
#[derive(Clone, Copy)]
pub(super) struct Made {
    /// The other object.
    pub source: Operand,
    /// The call that is given its member, where there is one and no other around it.
    pub call: Option<u32>,
}

/// Where what is written at an instruction comes from, if it is a member that another object has under the same key.
pub(super) fn made_of_member(func: &Function, at: usize) -> Option<Made> {
    let Some(&Instr::Store {
        base,
        key: Key::Computed(key @ Operand::Local(_)),
        value,
    }) = func.instrs.get(at)
    else {
        return None;
    };
    let wrapped = Wrapped {
        func,
        at,
        base,
        key,
    };
    wrapped.source_of(value, CALLS)
}

/// Whether an argument of a call is a member that is read under a key which only the run knows.
pub(super) fn is_member_at(func: &Function, call: usize, arg: Operand) -> bool {
    let wrapped = Wrapped {
        func,
        at: call,
        base: arg,
        key: arg,
    };
    matches!(
        wrapped.made(arg),
        Some((
            _,
            Instr::Load {
                key: Key::Computed(Operand::Local(_)),
                ..
            }
        ))
    )
}

struct Wrapped<'f> {
    func: &'f Function,
    at: usize,
    base: Operand,
    key: Operand,
}

impl Wrapped<'_> {
    /// The instruction before the write that made an operand; copies are followed backwards only, as two locals may hold each other's
    /// values in turn.
    fn made(&self, mut operand: Operand) -> Option<(usize, Instr)> {
        let first = self.at.saturating_sub(BEFORE);
        let mut before = self.func.instrs.get(first..self.at)?;
        loop {
            let Operand::Local(local) = operand else {
                return None;
            };
            let at = before.iter().rposition(|i| target(i) == Some(local))?;
            match before.get(at)? {
                Instr::Copy { from, .. } => operand = *from,
                made => return Some((first + at, *made)),
            }
            before = before.get(..at)?;
        }
    }

    fn is_call_of_member(&self, value: Operand, calls: u32) -> bool {
        let Some((_, Instr::Call { args, this, .. })) = self.made(value) else {
            return false;
        };
        let given = self.func.args(args).iter().map(|arg| arg.value);
        given.chain(this).any(|given| match self.made(given) {
            Some((
                _,
                Instr::Load {
                    base,
                    key: Key::Computed(key),
                    ..
                },
            )) => self.same(base, self.base) && self.same(key, self.key),
            Some((_, Instr::Call { .. })) if calls > 1 => self.is_call_of_member(given, calls - 1),
            _ => false,
        })
    }

    fn source_of(&self, value: Operand, calls: u32) -> Option<Made> {
        match self.made(value)? {
            (
                _,
                Instr::Load {
                    base,
                    key: Key::Computed(key),
                    ..
                },
            ) if self.same(key, self.key) && !self.same(base, self.base) => Some(Made {
                source: base,
                call: None,
            }),
            (at, Instr::Call { args, .. }) if calls > 0 => {
                let mut given = self.func.args(args).iter().map(|arg| arg.value);
                let inner = given.find_map(|given| {
                    let made = self.source_of(given, calls - 1)?;
                    let direct = !matches!(self.made(given), Some((_, Instr::Call { .. })));
                    Some((made, direct))
                });
                let (made, direct) = inner?;
                Some(Made {
                    source: made.source,
                    call: direct.then(|| crate::program::to_u32(at)),
                })
            }
            _ => None,
        }
    }

    /// Whether two operands are one local, or two reads of one variable.
    fn same(&self, one: Operand, other: Operand) -> bool {
        one == other
            || match (self.made(one), self.made(other)) {
                (
                    Some((_, Instr::LoadVar { var: a, .. })),
                    Some((_, Instr::LoadVar { var: b, .. })),
                ) => a == b,
                _ => false,
            }
    }
}
