//! Promises that a function settles: `new Promise((resolve) => read(name, (err, text) => resolve(text)))`.
//!
//! The function is given an object that stands for the promise. Calling it writes what it settles with into a member of that object, as
//! models say (`to = "this.__settled"`), whether the function does that itself or what it calls; that member is the promise's value.

use super::heap::{Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::value::Value;

/// The member that models write into.
const SETTLED: &str = "__settled";

impl Interp<'_> {
    /// The object by which the result of a call is settled.
    pub(super) fn settling(&mut self, at: usize) -> Value {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let id = self.alloc(AllocKey::Instr(at));
        *self.state.obj_mut(id, ObjKind::Plain) = Obj::new(ObjKind::Plain);
        Value::object(id)
    }

    /// What a call was settled with.
    pub(super) fn settled(&mut self, settling: &Value) -> Value {
        match self.member_sym(SETTLED) {
            Some(sym) => self.load(settling, sym),
            None => Value::default(),
        }
    }
}
