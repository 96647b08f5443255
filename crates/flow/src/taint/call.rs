//! Calls: who is called, and with what.

use super::access::BY_KEY;
use super::heap::{Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::place::PortBase;
use super::port::{Argument, CallSite};
use super::summary::Outcome;
use super::value::{ObjId, Taint, Value};
use crate::apipath::PathId;
use crate::limits;
use crate::origin::{Val, ValId, method_name};
use crate::program::ClassIdx;
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{Arg, ArgKey, CallFlags, LocalId, Operand, Span};
use casemate_model::path::Step;
use casemate_model::row::Role;

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Callee {
    /// A function value with what it captured.
    Closure(ObjId, FuncId),
    /// A function.
    Func(FuncId),
    /// A class.
    Class(ClassIdx),
    /// A function of a package.
    Api(PathId),
}

impl Interp<'_> {
    /// One call; `false` when it never returns.
    pub(super) fn call(
        &mut self,
        at: usize,
        to: LocalId,
        callee: Operand,
        this: Option<Operand>,
        args: &[Arg],
        flags: CallFlags,
    ) -> bool {
        let span = self.span(at);
        self.fuel = limits::INSTANTIATIONS;
        self.called_at = self.work;
        let site = CallSite {
            instr: self.call_index,
            span,
            // An object that is called is its own receiver.
            this: self.operand(this.unwrap_or(callee)),
            this_operand: this,
            args: args
                .iter()
                .map(|a| Argument {
                    key: a.key,
                    value: self.operand(a.value),
                    operand: Some(a.value),
                })
                .collect(),
            new: flags.new,
        };
        if flags.super_call {
            self.super_call(&site);
            self.set(to, Value::default());
            return true;
        }
        let value = self.operand(callee);
        let mut site = site;
        if site.this_operand.is_none()
            && let [called] = self.origins.of_operand(self.f.id, callee)
            && matches!(self.origins.val(*called), Some(Val::Instance(_)))
        {
            // `object()` calls a method of the object.
            site.this = value.clone();
            site.this_operand = Some(callee);
        }
        self.goes_on(&value, &site);
        self.dynamic_call(at, &value);
        let (result, alive) = match self.protocol(callee, &site) {
            Some(result) => (result, true),
            None => self.dispatch(at, callee, &value, &site),
        };
        let mut result = result;
        self.checked(at, &site, &mut result);
        self.each_left(callee, &site, &mut result);
        for label in self.call_labels(callee, flags.new, span) {
            if !result.taints().iter().any(|t| t.origin == label.origin) {
                result.add_taint(label);
            }
        }
        if let Some("get") = method_name(self.f, self.call_index, callee)
            && let Some(base) = site.this_operand
            && let Some(name) = site.args.first().and_then(|a| a.value.as_str())
            && let Some(member) = self.member_sym(name)
        {
            self.validated(base, member, &mut result);
        }
        self.set(to, result);
        alive
    }

    /// Sources that the origins of the callee say the result is.
    fn call_labels(
        &mut self,
        callee: Operand,
        new: bool,
        span: Span,
    ) -> smallvec::SmallVec<[Taint; 1]> {
        let origins = self.origins;
        let step = if new { Step::New } else { Step::Call };
        let mut out = smallvec::SmallVec::new();
        for &val in origins.of_operand(self.f.id, callee) {
            if let Some(Val::Api(path)) = origins.val(val)
                && let Some(called) = origins.paths.made_step(path, &step)
                && origins.paths.has_rows(called)
                && !origins
                    .paths
                    .call_rows(path, new)
                    .any(|(_, row)| matches!(row.role, Role::Source { .. }))
            {
                self.path_labels(called, span, &mut out);
            }
        }
        out
    }

    /// A function chosen by a key from outside is called.
    fn dynamic_call(&mut self, at: usize, callee: &Value) {
        let chosen: Vec<Taint> = callee
            .taints()
            .iter()
            .copied()
            .filter(|t| t.notes & BY_KEY != 0 && !t.clean.has(self.k.method))
            .collect();
        if chosen.is_empty() {
            return;
        }
        let sink = self.sink(at, self.k.method, "a function looked up by name", 0);
        for mut taint in chosen {
            taint.notes &= !BY_KEY;
            self.arrive(&taint, &sink, false);
        }
    }

    /// `f.call(this, …)`, `f.apply(this, array)`, `f.bind(this, …)`.
    fn protocol(&mut self, callee: Operand, site: &CallSite) -> Option<Value> {
        if site.new || self.f.file.facts.language == casemate_ir::Language::Python {
            return None;
        }
        let name = method_name(self.f, self.call_index, callee)?;
        if !matches!(name, "call" | "apply" | "bind") {
            return None;
        }
        let this_operand = site.this_operand?;
        let functions = self.callees(Some(this_operand), &site.this);
        let symbolic = site.this.identities().any(|p| !p.base().is_absolute());
        if functions.is_empty() && !symbolic
            || self.is_own_method(callee)
            || self.is_made_object(name, &functions, site)
        {
            return None;
        }
        let this = site
            .args
            .first()
            .map(|a| a.value.clone())
            .unwrap_or_default();
        match name {
            "bind" => Some(self.bound(&functions, &this, site)),
            "call" => Some(self.call_operand(
                this_operand,
                &site.this,
                &this,
                site.args.get(1..).unwrap_or(&[]),
                site.span,
            )),
            _ => {
                let spread = site.args.get(1).map(|a| Argument {
                    key: ArgKey::Spread,
                    value: a.value.clone(),
                    operand: None,
                });
                let args: Vec<Argument> = spread.into_iter().collect();
                Some(self.call_operand(this_operand, &site.this, &this, &args, site.span))
            }
        }
    }

    /// Whether a method is the receiver's own, and only called as one of `Function.prototype` is: models speak of it, or the program
    /// has it.
    fn is_own_method(&self, callee: Operand) -> bool {
        let vals = self.origins.of_operand(self.f.id, callee);
        !vals.is_empty()
            && vals.iter().all(|&val| match self.origins.val(val) {
                Some(Val::Api(path)) => self.origins.paths.has_rows(path),
                Some(Val::Func(_)) => true,
                _ => false,
            })
    }

    /// Whether a receiver is what calls of libraries give back, and no function for all that is known: `client.bind(name, password,
    /// done)`. To `bind` a function of a library may well be bound; nobody binds a function to another.
    fn is_made_object(&self, name: &str, receivers: &[Callee], site: &CallSite) -> bool {
        let paths = &self.origins.paths;
        let made = |callee: &Callee| match callee {
            Callee::Api(path) => {
                paths.is_made(*path) && paths.call_rows(*path, false).next().is_none()
            }
            _ => false,
        };
        let given = |arg: &Argument| {
            let func = |val: &ValId| matches!(self.origins.val(*val), Some(Val::Func(_)));
            arg.operand
                .is_some_and(|o| self.origins.of_operand(self.f.id, o).iter().any(func))
        };
        !receivers.is_empty()
            && receivers.iter().all(made)
            && (name != "bind" || site.args.iter().skip(1).any(given))
    }

    fn call_operand(
        &mut self,
        operand: Operand,
        value: &Value,
        this: &Value,
        args: &[Argument],
        span: Span,
    ) -> Value {
        let site = CallSite {
            instr: self.call_index,
            span,
            this: this.clone(),
            this_operand: None,
            args: args.to_vec(),
            new: false,
        };
        self.dispatch(self.call_index as usize, operand, value, &site)
            .0
    }

    /// The copy of a function that was made for this call.
    pub(super) fn callee_at(&self, func: FuncId) -> FuncId {
        let origins = self.origins;
        origins.callee_at(self.f.id, self.call_index, func)
    }

    /// Everything that a callee may be.
    pub(super) fn callees(&self, operand: Option<Operand>, value: &Value) -> Vec<Callee> {
        let mut out: Vec<Callee> = Vec::new();
        for &id in &value.refs {
            if let Some(Obj {
                kind: ObjKind::Closure(func),
                ..
            }) = self.state.obj(id)
            {
                let func = self.callee_at(*func);
                out.push(Callee::Closure(id, func));
            }
        }
        let mut vals: Vec<ValId> = operand
            .map(|o| self.origins.of_operand(self.f.id, o).to_vec())
            .unwrap_or_default();
        if operand.is_none() {
            for port in value.identities() {
                vals.extend(self.origins.of_place(&port));
            }
        }
        if let Some(func) = operand.and_then(|operand| self.enclosed(operand, value)) {
            return vec![Callee::Func(func)];
        }
        // A bare parameter or captured variable is whatever each caller gives: the callers see to it.
        let bare = value
            .identities()
            .any(|p| p.members().is_empty() && !p.base().is_absolute());
        for val in vals {
            let callee = match self.origins.val(val) {
                Some(Val::Func(func)) => {
                    let func = self.callee_at(func);
                    if bare
                        || out
                            .iter()
                            .any(|c| matches!(c, Callee::Closure(_, f) if *f == func))
                    {
                        continue;
                    }
                    Callee::Func(func)
                }
                Some(Val::Class(class)) => Callee::Class(class),
                Some(Val::Instance(class)) => match self.origins.call_method(class) {
                    Some(func) => Callee::Func(func),
                    None => continue,
                },
                Some(Val::Api(path)) => Callee::Api(path),
                _ => continue,
            };
            if !out.contains(&callee) {
                out.push(callee);
            }
        }
        out.truncate(limits::CALLEES);
        self.drop_hidden(&mut out);
        self.drop_unmodelled(&mut out);
        out
    }

    /// A method that a class has itself hides what a base of which nothing is known may have under the same name.
    fn drop_hidden(&self, callees: &mut Vec<Callee>) {
        let program = self.origins.program;
        let method = |callee: &Callee| match callee {
            Callee::Func(func) | Callee::Closure(_, func) => {
                let f = program.func(*func);
                f.func
                    .class
                    .and(f.func.name)
                    .map(|name| f.file.facts.str(name))
            }
            _ => None,
        };
        let own: Vec<&str> = callees.iter().filter_map(method).collect();
        if own.is_empty() {
            return;
        }
        callees.retain(|callee| match callee {
            Callee::Api(path) => {
                self.origins.paths.known(*path)
                    || !own.contains(&self.origins.paths.last_member(*path))
            }
            _ => true,
        });
    }

    /// A value of a library that models describe, or else one of which nothing is known (`global.db || new Client()`), is the
    /// one that is described: the other place only keeps it.
    fn drop_unmodelled(&self, callees: &mut Vec<Callee>) {
        let paths = &self.origins.paths;
        let described = |c: &Callee| matches!(c, Callee::Api(path) if paths.known(*path));
        if callees.iter().any(described) {
            callees.retain(|c| !matches!(c, Callee::Api(path) if !paths.known(*path)));
        }
    }

    /// Calls whatever the callee may be.
    fn dispatch(
        &mut self,
        at: usize,
        callee: Operand,
        value: &Value,
        site: &CallSite,
    ) -> (Value, bool) {
        self.caught_here(callee, value, site);
        if let Some(func) = self.enclosed(callee, value) {
            self.count(0);
            self.written_out = true;
            // With what it captures itself it is called by whoever made it.
            let result = self.symbolic_callee(value, site, false);
            let returns = self.returned(Callee::Func(func), func, site);
            return (result.unwrap_or_default(), returns);
        }
        if let Some(result) = self.any_called(at, callee, site) {
            return (result, true);
        }
        let callees = self.callees(Some(callee), value);
        let known = callees
            .iter()
            .any(|c| !matches!(c, Callee::Api(p) if !self.origins.paths.known(*p)));
        if !known {
            return self.fallback(at, callee, value, site, &callees);
        }
        self.count(0);
        let mut out: Option<Value> = None;
        let mut returns = false;
        let single = callees.len() == 1;
        // A registry: which of its functions it is, is not known, and so is what comes out.
        let any = callees.len() >= limits::CALLEES;
        for callee in callees {
            let result = match callee {
                Callee::Closure(id, func) => {
                    self.written_out = true;
                    let result =
                        self.invoke(func, Some(id), &site.this, &site.args, site.span, site.new);
                    returns |= match single {
                        true => self.returned(callee, func, site),
                        false => !self.noreturn(func, site),
                    };
                    result
                }
                Callee::Func(func) => {
                    self.written_out = true;
                    let result =
                        self.invoke(func, None, &site.this, &site.args, site.span, site.new);
                    returns |= match single {
                        true => self.returned(callee, func, site),
                        false => !self.noreturn(func, site),
                    };
                    result
                }
                Callee::Class(class) => {
                    returns = true;
                    self.construct(class, site)
                }
                Callee::Api(path) => {
                    let (result, alive) = self.api_call(at, path, site);
                    returns |= alive;
                    self.kept_member(at, site).unwrap_or(result)
                }
            };
            match &mut out {
                None => out = Some(result),
                Some(out) => {
                    out.join(&result);
                }
            }
        }
        if any {
            self.count(2);
            let mut inputs: Vec<Value> = site.args.iter().map(|a| a.value.clone()).collect();
            inputs.push(site.this.clone());
            out = Some(self.unknown_result(&inputs, at));
        }
        let result = self.symbolic_callee(value, site, out.is_some());
        let mut out = out.unwrap_or_default();
        if let Some(result) = result {
            out.join(&result);
        }
        (out, returns)
    }

    fn super_call(&mut self, site: &CallSite) {
        let Some(class) = self.f.func.class else {
            return;
        };
        let class = self.f.class(class);
        let this = self.f.func.this.map(|t| self.get(t)).unwrap_or_default();
        for &base in self.origins.of_bases(class) {
            match self.origins.val(base) {
                Some(Val::Class(b)) => {
                    if let Some(func) = self.constructor(b) {
                        self.invoke(func, None, &this, &site.args, site.span, false);
                    }
                }
                Some(Val::Func(func)) => {
                    self.invoke(func, None, &this, &site.args, site.span, false);
                }
                Some(Val::Api(path)) => self.kept_by_package(path, site),
                _ => {}
            }
        }
        let error = |base: &ValId| match self.origins.val(*base) {
            Some(Val::Api(path)) => {
                let name = self.origins.paths.last_member(path);
                name.ends_with("Error") || name.ends_with("Exception")
            }
            _ => false,
        };
        if self.origins.of_bases(class).iter().any(error) {
            self.kept_by_error(&this, site);
        }
    }

    fn constructor(&self, class: ClassIdx) -> Option<FuncId> {
        let (file, def) = self.origins.program.class(class)?;
        Some(self.origins.program.func_id(file, def.constructor))
    }

    /// `new C(…)`.
    fn construct(&mut self, class: ClassIdx, site: &CallSite) -> Value {
        let id = self.alloc(AllocKey::Instr(site.instr));
        *self.state.obj_mut(id, ObjKind::Instance(class)) = Obj::new(ObjKind::Instance(class));
        let this = Value::object(id);
        if let Some(func) = self.constructor(class) {
            self.invoke(func, None, &this, &site.args, site.span, false);
        }
        self.columns_of_new(class, site);
        this
    }

    /// Calls a function of the program.
    pub(super) fn invoke(
        &mut self,
        func: FuncId,
        closure: Option<ObjId>,
        this: &Value,
        args: &[Argument],
        span: Span,
        new: bool,
    ) -> Value {
        if !new {
            return self.instantiate(func, closure, this, args, span);
        }
        let id = self.alloc(AllocKey::Instr(self.call_index));
        *self.state.obj_mut(id, ObjKind::Plain) = Obj::new(ObjKind::Plain);
        let made = Value::object(id);
        let result = self.instantiate(func, closure, &made, args, span);
        let mut out = made;
        // A constructor function may return another object.
        out.refs.extend(result.refs);
        out.join_taints(&Value {
            taints: result.taints,
            ..Value::default()
        });
        out
    }

    /// Calls a value that is no operand: a getter, a callback of a summary.
    pub(super) fn call_value(
        &mut self,
        value: &Value,
        this: &Value,
        args: &[Value],
        span: Span,
    ) -> Value {
        let args: Vec<Argument> = args
            .iter()
            .map(|v| Argument {
                key: ArgKey::Pos,
                value: v.clone(),
                operand: None,
            })
            .collect();
        self.call_with(value, this, args, span)
    }

    /// The same, with what is said of how arguments are passed.
    pub(super) fn call_with(
        &mut self,
        value: &Value,
        this: &Value,
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        let site = CallSite {
            instr: self.call_index,
            span,
            this: this.clone(),
            this_operand: None,
            args,
            new: false,
        };
        let mut out: Option<Value> = None;
        for callee in self.callees(None, value) {
            let result = match callee {
                Callee::Closure(id, func) => {
                    self.invoke(func, Some(id), this, &site.args, span, false)
                }
                Callee::Func(func) => self.invoke(func, None, this, &site.args, span, false),
                Callee::Class(_) => Value::default(),
                Callee::Api(path) => self.api_call(self.call_index as usize, path, &site).0,
            };
            match &mut out {
                None => out = Some(result),
                Some(out) => {
                    out.join(&result);
                }
            }
        }
        if let Some(result) = self.symbolic_callee(value, &site, out.is_some()) {
            match &mut out {
                None => out = Some(result),
                Some(out) => {
                    out.join(&result);
                }
            }
        }
        out.unwrap_or_default()
    }

    /// The one function that is called has returned: what that tells of its arguments. `false` where it never does.
    pub(super) fn returned(&mut self, callee: Callee, func: FuncId, site: &CallSite) -> bool {
        self.accepted(func, site, Outcome::Returns);
        self.placed(&[callee], None, site, Outcome::Returns);
        !self.noreturn(func, site)
    }

    fn noreturn(&self, func: FuncId, site: &CallSite) -> bool {
        self.summary_of(func, site.instr)
            .is_some_and(|s| s.noreturn)
    }

    /// Arguments that the called function accepted are clean from here on.
    pub(super) fn accepted(&mut self, func: FuncId, site: &CallSite, outcome: Outcome) {
        let Some(summary) = self.summary_of(func, site.instr).cloned() else {
            return;
        };
        for (port, known, kinds) in &summary.accepts {
            if *known != outcome {
                continue;
            }
            let PortBase::Param(index) = port.base() else {
                continue;
            };
            if kinds.covers(super::kinds::COMPARED) && is_foreign_beside(site, index as usize) {
                continue;
            }
            let params = &self.origins.program.func(func).func.params;
            let rest = params.get(index as usize).is_some_and(|p| p.rest);
            let bound = u32::try_from(self.origins.bound_to(func)).unwrap_or(u32::MAX);
            let Some(index) = u32::from(index).checked_sub(bound) else {
                continue;
            };
            let count = if rest { usize::MAX } else { 1 };
            let given: Vec<Operand> = site
                .args
                .iter()
                .skip(index as usize)
                .take(count)
                .take_while(|a| a.key == ArgKey::Pos)
                .filter_map(|a| a.operand)
                .collect();
            for operand in given {
                self.clean(operand, port.members(), *kinds);
                if kinds.covers(super::kinds::PUBLIC) && port.members().is_empty() {
                    self.public(operand);
                }
            }
        }
    }

    pub(super) fn count(&mut self, which: usize) {
        if !self.revisit
            && let Some(count) = self.out.calls.get_mut(which)
        {
            *count += 1;
        }
    }

    pub(super) fn member_sym(&self, name: &str) -> Option<Sym> {
        self.origins.program.symbols.find(name)
    }
}

/// Whether another argument than this one came from outside: what this one is compared with is no better.
fn is_foreign_beside(site: &CallSite, index: usize) -> bool {
    let foreign = |t: &super::value::Taint| matches!(t.origin, super::value::Origin::Source(_));
    let others = site.args.iter().enumerate().filter(|(at, _)| *at != index);
    others
        .map(|(_, arg)| arg)
        .any(|arg| arg.value.taints().iter().any(foreign))
}
