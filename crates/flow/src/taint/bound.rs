//! Calls of functions that are called as others say: with arguments bound before, or as any member of an object.

use super::call::Callee;
use super::heap::{Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::port::CallSite;
use super::value::Value;
use crate::origin::{Val, ValId};
use crate::result::FuncId;
use casemate_ir::Operand;

impl Interp<'_> {
    /// `f.bind(this, a, …)`: what is bound is given to the function here, and what it is called with to the copy that has it bound.
    pub(super) fn bound(&mut self, functions: &[Callee], this: &Value, site: &CallSite) -> Value {
        let origins = self.origins;
        let mut out = Value::default();
        for callee in functions {
            let (func, closure) = match *callee {
                Callee::Closure(id, func) => (func, Some(id)),
                Callee::Func(func) => (func, None),
                Callee::Class(_) | Callee::Api(_) => return site.this.clone(),
            };
            let Some(copy) = origins.bound_at(self.f.id, self.call_index, func) else {
                return site.this.clone();
            };
            let args = site.args.get(1..).unwrap_or_default();
            self.invoke(func, closure, this, args, site.span, false);
            let id = self.alloc(AllocKey::Bound(self.call_index, copy));
            let mut obj = Obj::new(ObjKind::Closure(copy));
            if let Some(of) = closure.and_then(|id| self.state.obj(id)) {
                obj.fields.clone_from(&of.fields);
            }
            *self.state.obj_mut(id, ObjKind::Closure(copy)) = obj;
            out.join(&Value::object(id));
        }
        match functions {
            [] => site.this.clone(),
            _ => out,
        }
    }

    /// `controller[key](…)`, where many functions may be meant: each of them is given the arguments, and what comes back is not known.
    pub(super) fn any_called(
        &mut self,
        at: usize,
        callee: Operand,
        site: &CallSite,
    ) -> Option<Value> {
        let origins = self.origins;
        let vals = origins.of_operand(self.f.id, callee);
        let many = |val: &ValId| match origins.val(*val) {
            Some(many @ Val::Members(..)) => Some(origins.functions_of(many)),
            _ => None,
        };
        let mut functions: Vec<FuncId> = vals.iter().filter_map(many).flatten().copied().collect();
        if functions.is_empty() {
            return None;
        }
        for &val in vals {
            if let Some(Val::Func(func)) = origins.val(val)
                && !functions.contains(&func)
            {
                functions.push(func);
            }
        }
        self.count(2);
        for func in functions {
            self.invoke(func, None, &site.this, &site.args, site.span, false);
        }
        let mut inputs: Vec<Value> = site.args.iter().map(|a| a.value.clone()).collect();
        inputs.push(site.this.clone());
        Some(self.unknown_result(&inputs, at))
    }
}
