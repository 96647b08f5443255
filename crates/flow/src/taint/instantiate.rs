//! A summary in the hands of a caller: ports become values.

use super::access::SPREAD;
use super::heap::{Field, Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::keys::KEYS;
use super::last_part::LAST_PART;
use super::place::{PortBase, PortPath};
use super::port::{Argument, CallSite};
use super::summary::Summary;
use super::taint_set::TaintSet;
use super::trace::{TraceKind, TraceNode, TraceRef};
use super::value::{ObjId, Origin, Taint, Value, twice_unknown};
use crate::limits;
use crate::program::to_u32;
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Span};
use casemate_model::kind::KindSet;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::sync::Arc;

/// One instantiation.
pub(super) struct Env<'e> {
    pub(super) func: FuncId,
    closure: Option<ObjId>,
    pub(super) this: &'e Value,
    params: Vec<Value>,
    callbacks: Vec<Value>,
    known: Known,
    span: Span,
    /// Tells nested instantiations at one instruction apart.
    nesting: u32,
}

/// What is known within one instantiation. The room for it is used again by the next one: to make it anew took as long as to fill it.
#[derive(Default)]
pub(super) struct Known {
    objs: FxHashMap<u32, ObjId>,
    /// What each port holds when the call begins, and all that is below it: looked up once.
    given: FxHashMap<PortPath, Value>,
    whole: FxHashMap<PortPath, Value>,
    /// What each taint set of the summary is here. Values share their sets, so few are translated twice. Sets are told apart by
    /// where they lie: only those of the summary, which outlive this, may be asked for.
    sets: FxHashMap<*const Vec<Taint>, Value>,
}

impl Known {
    /// Entries for which room is kept: clearing takes as long as the room is large.
    const KEPT: usize = 512;

    fn keeps(&self) -> bool {
        let rooms = [
            self.objs.capacity(),
            self.given.capacity(),
            self.whole.capacity(),
            self.sets.capacity(),
        ];
        rooms.iter().all(|room| *room <= Self::KEPT)
    }

    /// What values are may be another thing by now.
    fn forget(&mut self) {
        self.given.clear();
        self.whole.clear();
        self.sets.clear();
    }
}

/// A taint set of the caller that went into a value by one taint of the summary.
struct Carried {
    set: *const Vec<Taint>,
    clean: KindSet,
    derived: bool,
    notes: u16,
}

impl Carried {
    /// Whether the same set by another taint adds nothing more.
    fn covers(&self, other: &Self) -> bool {
        self.set == other.set
            && self.derived == other.derived
            && other.clean.covers(self.clean)
            && self.notes | other.notes == self.notes
            && self.notes & LAST_PART == other.notes & LAST_PART
            && !twice_unknown(self.notes, !other.notes)
    }
}

impl Env<'_> {
    /// The value of each parameter.
    pub(super) fn params(&self) -> &[Value] {
        &self.params
    }

    /// A callback ran: it may have written anything, and its result is known from now on.
    fn forget(&mut self) {
        self.known.forget();
    }
}

impl Interp<'_> {
    /// The effect of calling `func`, and its result.
    pub(super) fn instantiate(
        &mut self,
        func: FuncId,
        closure: Option<ObjId>,
        this: &Value,
        args: &[Argument],
        span: Span,
    ) -> Value {
        if self.asked.last() != Some(&func) {
            self.asked.push(func);
        }
        let written_out = std::mem::take(&mut self.written_out);
        let Some(summary) = self.summaries.get(func.0 as usize).and_then(Clone::clone) else {
            return Value::default();
        };
        let spent = self.fuel == 0 || self.work - self.called_at > limits::CALL_WORK;
        if self.depth >= limits::CALLBACK_DEPTH || (self.depth > 0 && spent) {
            self.cap("callbacks of callbacks");
            return Value::default();
        }
        if self.work > self.budget {
            self.cap(limits::WORK_DONE);
            return Value::default();
        }
        self.depth += 1;
        self.fuel = self.fuel.saturating_sub(1);
        let mut params = self.parameters(func, args);
        if written_out && self.special.is_some() {
            self.not_given(func, args, &mut params);
        }
        let mut env = Env {
            func,
            closure,
            this,
            params,
            callbacks: Vec::new(),
            known: self.rooms.pop().unwrap_or_default(),
            span,
            nesting: self.depth,
        };
        let summary = self.for_this_call(&env, summary);
        self.callbacks_of(&mut env, &summary);
        self.sinks_of(&mut env, &summary);
        self.effects_of(&mut env, &summary);
        let result = self.translate(&mut env, &summary, &summary.ret);
        for (is, error) in summary.thrown.errors() {
            let error = self.translate(&mut env, &summary, error);
            self.thrown.join(is, &error);
        }
        self.give_back(env.known);
        self.depth -= 1;
        result
    }

    /// What a call of `func` may throw, where its other effects are looked at elsewhere.
    pub(super) fn thrown_by(&mut self, func: FuncId, site: &CallSite) {
        let Some(summary) = self.summaries.get(func.0 as usize).and_then(Clone::clone) else {
            return;
        };
        if summary.thrown.is_empty() || self.depth >= limits::CALLBACK_DEPTH {
            return;
        }
        self.depth += 1;
        let params = self.parameters(func, &site.args);
        let mut env = Env {
            func,
            closure: None,
            this: &site.this,
            params,
            callbacks: Vec::new(),
            known: self.rooms.pop().unwrap_or_default(),
            span: site.span,
            nesting: self.depth,
        };
        for (is, error) in summary.thrown.errors() {
            let error = self.translate(&mut env, &summary, error);
            self.thrown.join(is, &error);
        }
        self.give_back(env.known);
        self.depth -= 1;
    }

    fn give_back(&mut self, mut known: Known) {
        if known.keeps() {
            known.objs.clear();
            known.forget();
            self.rooms.push(known);
        }
    }

    /// The value of each parameter.
    fn parameters(&mut self, func: FuncId, args: &[Argument]) -> Vec<Value> {
        let callee = self.origins.program.func(func);
        let declared = &callee.func.params;
        let count = if callee.func.arguments.is_some() {
            declared.len().max(args.len())
        } else {
            declared.len()
        };
        let mut params = vec![Value::default(); count];
        let mut rest: Vec<Value> = Vec::new();
        let rest_at = declared.iter().position(|p| p.rest);
        let mut gathered = Obj::new(ObjKind::Plain);
        let mut position = self.origins.bound_to(func);
        let mut put = |params: &mut Vec<Value>, index: usize, value: &Value| {
            if rest_at.is_some_and(|r| index >= r) {
                rest.push(value.clone());
            } else if let Some(slot) = params.get_mut(index) {
                *slot = value.clone();
            }
        };
        // What is spread by position takes no place of what is given by name, wherever that stands: `f(data=x, *args)`.
        let by_name =
            |arg: &&Argument| matches!(arg.key, ArgKey::Keyword(_) | ArgKey::KeywordSpread);
        let by_position = args.iter().filter(|arg| !by_name(arg));
        for arg in by_position.chain(args.iter().filter(by_name)) {
            match arg.key {
                ArgKey::Pos => {
                    put(&mut params, position, &arg.value);
                    position += 1;
                }
                ArgKey::Keyword(name) => {
                    let text = self.f.file.facts.str(name);
                    let named = declared.iter().position(|p| {
                        !p.rest && p.name.is_some_and(|n| callee.file.facts.str(n) == text)
                    });
                    match named.and_then(|index| params.get_mut(index)) {
                        Some(slot) => *slot = arg.value.clone(),
                        None => gathered.set(self.f.sym(name), arg.value.clone(), true),
                    }
                }
                ArgKey::Spread => {
                    for index in position..count.max(position + 1) {
                        let element = self.load(&arg.value, Sym::index(to_u32(index - position)));
                        put(&mut params, index, &element);
                    }
                }
                ArgKey::KeywordSpread => {
                    // No name stands for what was given by position: the call would fail.
                    for (param, slot) in declared.iter().zip(&mut params).skip(position) {
                        let name = param.name.filter(|_| !param.rest && !param.keyword_rest);
                        if let Some(name) = name {
                            let member = self.load(&arg.value, callee.sym(name));
                            slot.join(&member);
                        }
                    }
                    self.spread(&arg.value, &mut gathered, &mut Value::default());
                }
            }
        }
        if let Some(index) = declared.iter().position(|p| p.keyword_rest)
            && let Some(slot) = params.get_mut(index)
        {
            let id = self.alloc(AllocKey::Keywords(self.call_index, func));
            *self.state.obj_mut(id, ObjKind::Plain) = gathered;
            *slot = Value::object(id);
        }
        if let Some(rest_at) = rest_at
            && let Some(slot) = params.get_mut(rest_at)
        {
            let id = self.alloc(AllocKey::Rest(self.call_index, func));
            let mut obj = Obj::new(ObjKind::Plain);
            for (index, value) in rest.into_iter().enumerate() {
                obj.set(Sym::index(to_u32(index)), value, true);
            }
            *self.state.obj_mut(id, ObjKind::Plain) = obj;
            *slot = Value::object(id);
        }
        params
    }

    /// The value at a port.
    fn lookup(&mut self, env: &Env<'_>, port: &PortPath) -> Value {
        let mut value = match port.base() {
            PortBase::Param(index) => env.params.get(index as usize).cloned().unwrap_or_default(),
            PortBase::This => env.this.clone(),
            PortBase::Callback(index) => env
                .callbacks
                .get(index as usize)
                .cloned()
                .unwrap_or_default(),
            PortBase::Capture(index) => self.captured(env, index),
            PortBase::Global(_)
            | PortBase::Instance(_)
            | PortBase::Var(..)
            | PortBase::Store(_)
            | PortBase::Named(_)
            | PortBase::Handed(_)
            | PortBase::Session => {
                let root = PortPath::root(port.base());
                match self.state.var(&root) {
                    Some(var) if var.definite => var.value.clone(),
                    _ => self.symbolic(port.base()),
                }
            }
        };
        for &sym in port.members() {
            self.work += value.refs.len() as u64;
            value = self.load(&value, sym);
        }
        value
    }

    pub(super) fn given(&mut self, env: &mut Env<'_>, port: &PortPath) -> Value {
        if let Some(known) = env.known.given.get(port) {
            return known.clone();
        }
        let value = self.lookup(env, port);
        env.known.given.insert(*port, value.clone());
        value
    }

    pub(super) fn whole(&mut self, env: &mut Env<'_>, port: &PortPath, given: &Value) -> Value {
        if let Some(known) = env.known.whole.get(port) {
            return known.clone();
        }
        let value = self.deep(given);
        env.known.whole.insert(*port, value.clone());
        value
    }

    /// The content of a captured variable.
    pub(super) fn captured(&mut self, env: &Env<'_>, index: u32) -> Value {
        if let Some(closure) = env.closure {
            let slot = self
                .state
                .obj(closure)
                .and_then(|o| o.field(Sym::index(index)))
                .map(|f| f.value.clone())
                .unwrap_or_default();
            return match slot.refs.as_slice() {
                [boxed]
                    if self
                        .state
                        .obj(*boxed)
                        .is_some_and(|o| o.kind == ObjKind::Box) =>
                {
                    self.state
                        .obj(*boxed)
                        .map(|o| o.any.clone())
                        .unwrap_or_default()
                }
                _ => slot,
            };
        }
        let program = self.origins.program;
        match self
            .origins
            .capture_owner(program.func(env.func), casemate_ir::CaptureId(index))
        {
            Some((owner, local)) if owner == self.f.id => self.get(local),
            Some((owner, local)) => self.symbolic(PortBase::Var(owner, local)),
            None => Value::default(),
        }
    }

    pub(super) fn through(
        &mut self,
        env: &Env<'_>,
        prev: TraceRef,
        inner: Option<TraceRef>,
        kind: TraceKind,
    ) -> TraceRef {
        if self.arena.len() >= limits::TRACE_NODES {
            self.cap("steps of the ways through a function");
            return prev;
        }
        let node = TraceNode {
            kind,
            span: env.span,
            prev: Some(prev),
            inner,
            callee: Some(env.func),
        };
        self.arena.push(self.f.id, node)
    }

    /// A value of the summary as a value of the caller.
    fn translate(&mut self, env: &mut Env<'_>, summary: &Summary, value: &Value) -> Value {
        let mut out = match &value.taints {
            None => Value {
                consts: value.consts.clone(),
                ..Value::default()
            },
            Some(taints) => match env.known.sets.get(&Arc::as_ptr(taints)) {
                Some(known) => known.clone(),
                None => {
                    let made = self.translate_set(env, taints);
                    env.known.sets.insert(Arc::as_ptr(taints), made.clone());
                    made
                }
            },
        };
        if value.refs.is_empty() {
            return out;
        }
        for &id in &value.refs {
            let made = self.object(env, summary, id.0);
            out.refer(made);
        }
        out.refs.sort_unstable();
        out
    }

    /// Taints of the summary, and what the places that they stand for are, in the caller.
    fn translate_set(&mut self, env: &mut Env<'_>, taints: &[Taint]) -> Value {
        self.work += 1 + taints.len() as u64;
        let mut out = Value::default();
        let mut identities = 0;
        let mut set = TaintSet {
            taints: std::mem::take(&mut self.scratch),
        };
        let mut carried: SmallVec<[Carried; 8]> = SmallVec::new();
        for taint in taints {
            match taint.origin {
                Origin::Source(_) => {
                    let trace = self.through(env, taint.trace, None, TraceKind::Through);
                    set.add(std::iter::once(*taint), |_| trace);
                }
                Origin::Port(port) => {
                    let given = self.given(env, &port);
                    if !taint.derived {
                        identities += 1;
                        for &id in &given.refs {
                            out.refer(id);
                        }
                        out.consts.clone_from(&given.consts);
                    } else if taint.notes & KEYS != 0 {
                        let keys = self.keys_of(&given);
                        self.carry(env, taint, &keys, &mut carried, &mut set);
                        continue;
                    } else if !given.refs.is_empty() {
                        // Made from an object: from whatever it holds.
                        let whole = self.whole(env, &port, &given);
                        self.carry(env, taint, &whole, &mut carried, &mut set);
                        continue;
                    }
                    self.carry(env, taint, &given, &mut carried, &mut set);
                }
            }
        }
        if identities != 1 || taints.len() != 1 {
            out.consts = None;
        }
        out.refs.sort_unstable();
        out.taints = (!set.taints.is_empty()).then(|| Arc::new(set.taints.clone()));
        set.taints.clear();
        self.scratch = set.taints;
        out
    }

    fn carry(
        &mut self,
        env: &Env<'_>,
        taint: &Taint,
        given: &Value,
        known: &mut SmallVec<[Carried; 8]>,
        out: &mut TaintSet,
    ) {
        let Some(set) = &given.taints else { return };
        let this = Carried {
            set: Arc::as_ptr(set),
            clean: taint.clean,
            derived: taint.derived,
            notes: taint.notes,
        };
        if known.iter().any(|k| k.covers(&this)) {
            return;
        }
        known.push(this);
        let mut cut = 0;
        let k = self.k;
        let carried = given.taints().iter().filter_map(|arriving| {
            if twice_unknown(arriving.notes, taint.notes) {
                cut += 1;
                return None;
            }
            let last = k.cleared_as_last_part(arriving, taint.notes);
            Some(Taint {
                origin: arriving.origin,
                clean: arriving.clean.union(taint.clean).union(last),
                derived: arriving.derived || taint.derived,
                notes: arriving.notes | taint.notes,
                trace: arriving.trace,
            })
        });
        out.add(carried, |kept| {
            self.through(env, kept.trace, Some(taint.trace), TraceKind::Through)
        });
        if cut > 0 {
            self.cap_by(limits::TWICE_UNKNOWN, cut);
        }
    }

    /// An object of the summary in the caller's heap.
    fn object(&mut self, env: &mut Env<'_>, summary: &Summary, index: u32) -> ObjId {
        if let Some(&made) = env.known.objs.get(&index) {
            return made;
        }
        let id = self.alloc(AllocKey::Summary(
            self.call_index,
            env.func,
            index,
            env.nesting,
        ));
        env.known.objs.insert(index, id);
        let Some(source) = summary.objs.get(index as usize) else {
            return id;
        };
        let mut obj = Obj::new(source.kind);
        let marked = source.any.taints().iter().any(|t| t.notes & SPREAD != 0);
        if marked {
            self.spread_into(env, summary, source, &mut obj);
        } else {
            obj.fields.reserve_exact(source.fields.len());
            for field in &source.fields {
                obj.fields.push(Field {
                    sym: field.sym,
                    value: self.translate(env, summary, &field.value),
                    definite: field.definite,
                });
            }
            obj.any = self.translate(env, summary, &source.any);
        }
        *self.state.obj_mut(id, source.kind) = obj;
        id
    }

    /// An object of the summary into which objects of the caller were spread.
    fn spread_into(&mut self, env: &mut Env<'_>, summary: &Summary, source: &Obj, obj: &mut Obj) {
        let plain = source
            .any
            .map_taints(|t| (t.notes & SPREAD == 0).then_some(t));
        let mut any = Value {
            taints: None,
            ..source.any.clone()
        };
        any = self.translate(env, summary, &any);
        if let Some(plain) = plain {
            let plain = self.translate_set(env, &plain);
            any.consts = plain.consts.clone();
            any.join_parts(plain);
        }
        obj.any = any;
        for taint in source.any.taints() {
            if taint.notes & SPREAD != 0
                && let Some((spread, Sym::ANY)) = taint.identity().and_then(|p| p.split())
            {
                let given = self.given(env, &spread);
                self.spread(&given, obj, &mut Value::default());
            }
        }
        for field in &source.fields {
            let value = self.translate(env, summary, &field.value);
            obj.set(field.sym, value, field.definite);
        }
    }

    /// Functions that it is given are called.
    fn callbacks_of(&mut self, env: &mut Env<'_>, summary: &Summary) {
        for index in 0..summary.callbacks.len() {
            let Some(callback) = summary.callbacks.get(index) else {
                break;
            };
            let callee = self.lookup(env, &callback.callee);
            let this = self.translate(env, summary, &callback.this);
            let mut args: Vec<Argument> = Vec::with_capacity(callback.args.len());
            for (key, value) in &callback.args {
                args.push(Argument {
                    key: *key,
                    value: self.translate(env, summary, value),
                    operand: None,
                });
            }
            let result = self.call_with(&callee, &this, args, env.span);
            env.callbacks.push(result);
            env.forget();
        }
    }

    /// Its writes.
    fn effects_of(&mut self, env: &mut Env<'_>, summary: &Summary) {
        for effect in &summary.effects {
            if effect.port.base().is_absolute() && !effect.relative {
                continue;
            }
            let value = self.translate(env, summary, &effect.value);
            match effect.port.split() {
                Some((parent, last)) => {
                    let target = self.lookup(env, &parent);
                    self.store_value(&target, last, value, effect.strong);
                }
                None => self.write_root(env, effect.port.base(), value, effect.strong),
            }
        }
    }

    fn write_root(&mut self, env: &Env<'_>, base: PortBase, value: Value, strong: bool) {
        match base {
            PortBase::Capture(index) => {
                let slot = env
                    .closure
                    .and_then(|c| self.state.obj(c))
                    .and_then(|o| o.field(Sym::index(index)))
                    .map(|f| f.value.clone());
                if let Some(slot) = slot {
                    for &boxed in &slot.refs {
                        let target = self.state.obj_mut(boxed, ObjKind::Box);
                        if strong {
                            target.any = value.clone();
                        } else {
                            target.any.join(&value);
                        }
                    }
                    for port in slot.identities().collect::<Vec<_>>() {
                        if port.members().is_empty() {
                            self.write_var(port, value.clone(), strong);
                        }
                    }
                    return;
                }
                let program = self.origins.program;
                match self
                    .origins
                    .capture_owner(program.func(env.func), casemate_ir::CaptureId(index))
                {
                    Some((owner, local)) if owner == self.f.id => {
                        let mut joined = self.get(local);
                        joined.join(&value);
                        self.set(local, joined);
                    }
                    Some((owner, local)) => {
                        self.write_var(PortPath::root(PortBase::Var(owner, local)), value, false)
                    }
                    None => {}
                }
            }
            PortBase::Global(_)
            | PortBase::Instance(_)
            | PortBase::Var(..)
            | PortBase::Store(_)
            | PortBase::Named(_)
            | PortBase::Handed(_)
            | PortBase::Session => {
                self.write_var(PortPath::root(base), value, strong);
            }
            PortBase::Param(_) | PortBase::This | PortBase::Callback(_) => {}
        }
    }

    fn write_var(&mut self, port: PortPath, value: Value, strong: bool) {
        let value = if strong {
            value
        } else {
            let mut joined = match self.state.var(&port) {
                Some(var) => var.value.clone(),
                None => self.symbolic(port.base()),
            };
            joined.join(&value);
            joined
        };
        self.state.set_var(port, value);
    }
}
