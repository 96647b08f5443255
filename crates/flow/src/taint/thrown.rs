//! Errors: what they carry, and what is caught of functions that callers give.

use super::interp::Interp;
use super::port::CallSite;
use super::trace::TraceKind;
use super::value::Value;
use crate::origin::Val;
use crate::symbol::Sym;
use casemate_ir::{Language, Operand};

impl Interp<'_> {
    /// An error of the language or of a package keeps the message that it is given: whoever prints the object prints it.
    pub(super) fn kept_by_error(&mut self, this: &Value, site: &CallSite) {
        let mut given = Value::default();
        for argument in &site.args {
            given.join(&self.deep(&argument.value));
        }
        if given.taints.is_none() {
            return;
        }
        let kept = self.derive(&given, self.k.operators, TraceKind::Library, site.span);
        let name = match self.f.file.facts.language {
            Language::Python => "args",
            _ => "message",
        };
        let name = self.member_sym(name).unwrap_or(Sym::ANY);
        self.store_value(this, name, kept, false);
    }

    /// `try: return f(request)`, where callers give `f`: what the functions throw that are given anywhere is caught here.
    pub(super) fn caught_here(&mut self, callee: Operand, value: &Value, site: &CallSite) {
        let given = value
            .identities()
            .any(|p| p.members().is_empty() && !p.base().is_absolute());
        if !self.handled || !given {
            return;
        }
        let origins = self.origins;
        for &val in origins.of_operand(self.f.id, callee) {
            if let Some(Val::Func(func)) = origins.val(val) {
                let func = self.callee_at(func);
                self.thrown_by(func, site);
            }
        }
    }
}
