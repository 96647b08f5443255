//! Members that the class of an object computes: getters, `__getitem__`.

use super::interp::Interp;
use super::port::Argument;
use super::value::{Konst, Value};
use crate::origin::Val;
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Key, MemberKind, Operand, Span};

impl Interp<'_> {
    /// What a member is that its class computes.
    pub(super) fn got(
        &mut self,
        operand: Operand,
        base: &Value,
        sym: Sym,
        span: Span,
    ) -> Option<Value> {
        let origins = self.origins;
        let mut out: Option<Value> = None;
        for &val in origins.of_operand(self.f.id, operand) {
            let Some(Val::Instance(class)) = origins.val(val) else {
                continue;
            };
            let Some(func) = origins.member_function(class, sym, MemberKind::Getter) else {
                continue;
            };
            let got = self.invoke(func, None, base, &[], span, false);
            match &mut out {
                None => out = Some(got),
                Some(out) => {
                    out.join(&got);
                }
            }
        }
        out
    }

    /// `object[key]` of a class that says what that is.
    pub(super) fn subscript(
        &mut self,
        operand: Operand,
        base: &Value,
        key: Key,
        span: Span,
        value: &mut Value,
    ) {
        let origins = self.origins;
        for func in origins.subscripts(self.f.id, operand) {
            let key = match key {
                Key::Computed(key) => self.operand(key),
                Key::Field(name) => Value::constant(Konst::Str(self.f.file.facts.str(name).into())),
                _ => Value::default(),
            };
            let argument = Argument {
                key: ArgKey::Pos,
                value: key,
                operand: None,
            };
            let got = self.invoke(func, None, base, &[argument], span, false);
            value.join(&got);
        }
    }
}
