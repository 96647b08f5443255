//! Calls of packages and core methods: what their model rows say.

use super::heap::{Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::port::{Argument, CallSite, PortTarget};
use super::summary::SinkRef;
use super::trace::TraceKind;
use super::value::{Konst, ObjId, Taint, Value, note_bit};
use crate::apipath::PathId;
use crate::origin::Val;
use crate::result::{Entry, Fact, FactValue, Note, Site};
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Const, Instr, Key, Operand, PartKey, Term, VarRef};
use casemate_model::expr::{Literal, Scope, Tri, Value3, eval_in};
use casemate_model::kind::KindSet;
use casemate_model::path::{Port, PortBase, PortStep};
use casemate_model::row::{EntryRow, Role, Row, SourceKindRef};
use std::sync::Arc;

impl Interp<'_> {
    /// Calls a function of a package; `false` when it never returns.
    pub(super) fn api_call(&mut self, at: usize, path: PathId, site: &CallSite) -> (Value, bool) {
        let origins = self.origins;
        let rows: Vec<&Row> = origins
            .paths
            .call_rows(path, site.new)
            .map(|r| r.1)
            .collect();
        let all_rows = rows.clone();
        let mut result = Value::default();
        let mut alive = true;
        let mut flows = false;
        let mut speaks = false;
        let mut called: Vec<ObjId> = Vec::new();
        for row in rows {
            let holds = self.holds(row, path, site);
            if holds == Tri::No {
                // The row would apply to other arguments: the function is known all the same.
                speaks = true;
                continue;
            }
            let mut notes = if holds == Tri::Unknown || row.versions.is_some() {
                note_bit(Note::WhenUnknown)
            } else {
                0
            };
            if row.confidence.as_deref() == Some("low") {
                notes |= note_bit(Note::WhenUnknown);
            }
            match &row.role {
                Role::Source { kind, shape, port } => {
                    speaks = true;
                    let kind = match kind {
                        SourceKindRef::Fixed(kind) => Some(*kind),
                        SourceKindRef::Named => origins
                            .paths
                            .models()
                            .source_kind(row, origins.paths.last_member(path)),
                    };
                    let Some(kind) = kind else { continue };
                    let mut taint = self.source(kind, *shape, site.span);
                    taint.notes |= notes;
                    self.emit_source(at, site, port, taint, &mut result, &mut called);
                }
                Role::Sink { kind, port, .. } => {
                    speaks = true;
                    self.check_sink(at, path, site, *kind, port, notes);
                }
                Role::Flow { from, to, derive } => {
                    speaks = true;
                    flows = true;
                    let value = self.port_read(site, from);
                    let value = if *derive || from.deep {
                        let whole = self.deep(&value);
                        self.derive(&whole, KindSet::EMPTY, TraceKind::Library, site.span)
                    } else {
                        value
                    };
                    self.put(at, site, to, value, &mut result);
                }
                Role::Clean { from, to, kinds } => {
                    speaks = true;
                    flows = true;
                    let value = self.port_read(site, from);
                    let whole = self.deep(&value);
                    let value = self.derive(&whole, *kinds, TraceKind::Library, site.span);
                    self.put(at, site, to, value, &mut result);
                }
                Role::Call {
                    function,
                    args,
                    result: to,
                } => {
                    speaks = true;
                    let functions = self.port_values(site, function);
                    let given: Vec<Value> = args
                        .iter()
                        .map(|a| {
                            a.as_ref()
                                .map_or_else(Value::default, |port| self.port_read(site, port))
                        })
                        .collect();
                    for (function, operand) in functions {
                        called.extend(function.refs.iter().copied());
                        let out = self.call_argument(&function, operand, &given, site);
                        if let Some(to) = to {
                            self.put(at, site, to, out, &mut result);
                            flows = true;
                        }
                    }
                }
                Role::Entry(entry) => {
                    speaks = true;
                    self.register(path, site, entry, &mut called);
                }
                Role::Render {
                    template,
                    locals,
                    to,
                    ..
                } => {
                    speaks = true;
                    self.render(at, site, template, locals, to.as_ref(), &mut result);
                }
                Role::Config {
                    fact,
                    read,
                    default,
                } => {
                    speaks = true;
                    self.fact(path, site, fact, read, default);
                }
                Role::NoReturn => {
                    speaks = true;
                    alive = false;
                }
                Role::Effect {
                    op, object, fields, ..
                } => {
                    speaks = true;
                    if matches!(op.as_str(), "write" | "create")
                        && let Some(fields) = fields
                    {
                        self.write_store(site, object.as_ref(), fields);
                    }
                }
                Role::Test { .. } | Role::Neutral | Role::Guard { .. } | Role::Inject { .. } => {
                    speaks = true
                }
                Role::Schema(_) => {
                    speaks = true;
                }
                #[expect(
                    unreachable_patterns,
                    reason = "new roles are neutral for flows until they are used here"
                )]
                _ => {}
            }
        }
        let typed = origins
            .paths
            .made_step(
                path,
                if site.new {
                    &casemate_model::path::Step::New
                } else {
                    &casemate_model::path::Step::Call
                },
            )
            .is_some_and(|p| origins.paths.known(p));
        if !speaks && !typed && !flows {
            let mut inputs: Vec<Value> = site.args.iter().map(|a| a.value.clone()).collect();
            inputs.push(site.this.clone());
            result = self.unknown_result(&inputs, at);
            self.hand_over(site, &called, &inputs);
        } else {
            self.hand_over(site, &called, &[]);
        }
        self.text_result(at, path, &all_rows, site, &mut result);
        (result, alive)
    }

    /// A function among the arguments is called with values.
    fn call_argument(
        &mut self,
        function: &Value,
        operand: Option<Operand>,
        given: &[Value],
        site: &CallSite,
    ) -> Value {
        let args: Vec<Argument> = given
            .iter()
            .map(|v| Argument {
                key: ArgKey::Pos,
                value: v.clone(),
                operand: None,
            })
            .collect();
        let mut out = self.call_value(function, &Value::default(), given, site.span);
        if function.refs.is_empty()
            && let Some(operand) = operand
        {
            for callee in self.callees(Some(operand), function) {
                if let super::call::Callee::Func(func) = callee {
                    let result =
                        self.invoke(func, None, &Value::default(), &args, site.span, false);
                    out.join(&result);
                }
            }
        }
        out
    }

    /// A value arrives at a port.
    fn put(&mut self, at: usize, site: &CallSite, port: &Port, value: Value, result: &mut Value) {
        match self.port_target(site, port) {
            PortTarget::Ret(members) => {
                if members.is_empty() {
                    if result.is_empty() {
                        *result = value;
                    } else {
                        result.join(&value);
                    }
                } else {
                    // The result is some object of the package with that member.
                    if result.refs.is_empty() {
                        let id = self.alloc(AllocKey::Attached(site.instr));
                        *self.state.obj_mut(id, ObjKind::Plain) = Obj::new(ObjKind::Plain);
                        result.refs.push(id);
                    }
                    let mut base = result.clone();
                    if let Some((last, init)) = members.split_last() {
                        for &sym in init {
                            base = self.load(&base, sym);
                        }
                        self.store_value(&base, *last, value, false);
                    }
                }
            }
            PortTarget::Values(targets, members) => {
                for (target, operand) in targets {
                    match members.split_last() {
                        None => {
                            if let Some(Operand::Local(local)) = operand {
                                let mut joined = self.get(local);
                                joined.join_taints(&value);
                                if port.deep
                                    || !target.refs.is_empty()
                                    || target.identities().next().is_some()
                                {
                                    self.store_value(&target, Sym::ANY, value.clone(), false);
                                }
                                self.set_through(local, joined, 0);
                            } else {
                                self.store_value(&target, Sym::ANY, value.clone(), false);
                            }
                        }
                        // What is not known says nothing of a member; several rows may write the same one.
                        Some(_) if value.is_empty() => {}
                        Some((last, init)) => {
                            let mut base = target.clone();
                            for &sym in init {
                                base = self.load(&base, sym);
                            }
                            if self.origins.program.text(*last).starts_with("__") {
                                if !value.is_empty() {
                                    self.store_value(&base, *last, value.clone(), true);
                                }
                            } else if init.is_empty()
                                && let Some(operand) = operand
                            {
                                self.store_member(at, operand, *last, value.clone());
                            } else {
                                self.store_value(&base, *last, value.clone(), true);
                            }
                        }
                    }
                }
            }
            PortTarget::None => {
                // A parameter of a callback.
                let Some((PortStep::Param(index), init)) = port.steps.split_last() else {
                    return;
                };
                let holder = Port {
                    base: port.base.clone(),
                    steps: init.to_vec(),
                    deep: false,
                };
                let mut args = vec![Value::default(); *index as usize + 1];
                if let Some(last) = args.last_mut() {
                    *last = value;
                }
                for (function, operand) in self.port_values(site, &holder) {
                    self.call_argument(&function, operand, &args, site);
                }
            }
        }
    }

    fn store_member(&mut self, at: usize, operand: Operand, sym: Sym, value: Value) {
        let target = self.operand(operand);
        if target.refs.is_empty() && target.identities().next().is_none() {
            self.store_operand(at, operand, sym, value);
        } else {
            self.store_value(&target, sym, value, true);
        }
    }

    fn emit_source(
        &mut self,
        at: usize,
        site: &CallSite,
        port: &Port,
        taint: Taint,
        result: &mut Value,
        called: &mut Vec<ObjId>,
    ) {
        match &port.base {
            PortBase::Value | PortBase::Ret => {
                result.add_taint(taint);
            }
            _ => {
                if let Some((PortStep::Param(_), init)) = port.steps.split_last() {
                    let holder = Port {
                        base: port.base.clone(),
                        steps: init.to_vec(),
                        deep: false,
                    };
                    for (function, _) in self.port_values(site, &holder) {
                        called.extend(function.refs.iter().copied());
                    }
                }
                self.put(at, site, port, Value::tainted(taint), result);
            }
        }
    }

    fn check_sink(
        &mut self,
        at: usize,
        path: PathId,
        site: &CallSite,
        kind: casemate_model::kind::SinkKind,
        port: &Port,
        notes: u16,
    ) {
        for (value, operand) in self.port_values(site, port) {
            let value = if port.deep {
                self.deep(&value)
            } else {
                self.with_elements(&value)
            };
            if value.taints.is_none() {
                continue;
            }
            let argument = self.argument_span(site, operand);
            let facts = self.sink_facts(&value);
            let sink = Arc::new(SinkRef {
                func: self.f.id,
                span: site.span,
                argument,
                kind,
                callee: Arc::from(self.origins.paths.text(path)),
                facts: Arc::from(facts),
                notes,
            });
            let taints: Vec<Taint> = value.taints().to_vec();
            for taint in taints {
                if taint.notes & super::access::BY_KEY == 0 {
                    self.arrive(&taint, &sink, port.deep);
                }
            }
        }
        let _ = at;
    }

    /// A string was meant: an array in its place is joined from its elements.
    fn with_elements(&mut self, value: &Value) -> Value {
        value.clone()
    }

    fn sink_facts(&self, value: &Value) -> Vec<(String, FactValue)> {
        vec![("text".to_owned(), fact_value(value))]
    }

    /// Where the argument stands: the instruction that made it, when that lies inside the call.
    fn argument_span(&self, site: &CallSite, operand: Option<Operand>) -> casemate_ir::Span {
        let Some(Operand::Local(local)) = operand else {
            return site.span;
        };
        let Some(&def) = self.defs.get(local.index()) else {
            return site.span;
        };
        let span = self
            .f
            .func
            .spans
            .get(def as usize)
            .copied()
            .unwrap_or(site.span);
        if span.start >= site.span.start && span.end <= site.span.end {
            span
        } else {
            site.span
        }
    }

    // ---- conditions ----

    pub(super) fn holds(&mut self, row: &Row, path: PathId, site: &CallSite) -> Tri {
        let Some(when) = &row.when else {
            return Tri::Yes;
        };
        let name = self.origins.paths.last_member(path).to_owned();
        let mut known: Vec<(String, Value3)> = Vec::new();
        for text in when.paths() {
            let value = if text == "name" {
                Value3::Known(Literal::Str(name.clone()))
            } else if text.starts_with("fact:") {
                Value3::Unknown
            } else {
                self.value_at(text, site)
            };
            known.push((text.to_owned(), value));
        }
        eval_in(when, &AtCall(known))
    }

    /// The value of `arg(2).shell` at a call.
    fn value_at(&mut self, text: &str, site: &CallSite) -> Value3 {
        let (base, rest) = match text.split_once(')') {
            Some((call, rest)) if call.starts_with("arg(") => {
                let index = call.trim_start_matches("arg(");
                let value = match index.parse::<i64>() {
                    Ok(n) if n >= 0 => site.args.get(usize::try_from(n).unwrap_or(usize::MAX)),
                    Ok(n) => usize::try_from(-n)
                        .ok()
                        .and_then(|n| site.args.len().checked_sub(n))
                        .and_then(|i| site.args.get(i)),
                    Err(_) => {
                        let name = index.trim_matches(['\'', '"']);
                        site.args.iter().find(|a| matches!(a.key, ArgKey::Keyword(k) if self.f.file.facts.str(k) == name))
                    }
                };
                let Some(arg) = value else {
                    return if site.args.iter().any(|a| a.key == ArgKey::Spread) {
                        Value3::Unknown
                    } else {
                        Value3::Known(Literal::Null)
                    };
                };
                (arg.value.clone(), rest)
            }
            // Of a member that is written or a result, the value itself.
            _ => match text
                .strip_prefix("this")
                .or_else(|| text.strip_prefix("value"))
            {
                Some(rest) => (site.this.clone(), rest),
                None => return Value3::Unknown,
            },
        };
        let mut value = base;
        let mut absent = false;
        for member in members(rest) {
            absent = false;
            if member.starts_with("__") {
                return self.said(&value, member);
            }
            let Some(sym) = self.origins.program.symbols.find(member) else {
                // No file has the name: an object that is fully known has no such member.
                return if value.refs.is_empty() {
                    Value3::Unknown
                } else {
                    Value3::Known(Literal::Null)
                };
            };
            let closed = value.taints.is_none()
                && !value.refs.is_empty()
                && value.refs.iter().all(|&id| {
                    self.state
                        .obj(id)
                        .is_some_and(|o| o.any.is_empty() && o.field(sym).is_none())
                });
            if closed {
                absent = true;
            }
            if value.refs.is_empty() && value.taints.is_none() && value.consts.is_some() {
                absent = true;
            }
            value = self.load(&value, sym);
        }
        if absent {
            return Value3::Known(Literal::Null);
        }
        self.value3(&value)
    }

    /// What models wrote of an object; null where nothing was said.
    fn said(&self, value: &Value, member: &str) -> Value3 {
        let Some(sym) = self.member_sym(member) else {
            return Value3::Unknown;
        };
        let objects = value
            .refs
            .iter()
            .copied()
            .chain(value.identities().filter_map(|p| self.place_obj(&p)));
        let fields: Vec<_> = objects
            .filter_map(|id| self.state.obj(id)?.field(sym))
            .collect();
        match fields.as_slice() {
            [] => Value3::Known(Literal::Null),
            [field] if field.definite => self.value3(&field.value),
            _ => Value3::Unknown,
        }
    }

    fn value3(&self, value: &Value) -> Value3 {
        if let Some(consts) = value.consts.as_deref()
            && value.taints.is_none()
            && value.refs.is_empty()
        {
            let literals: Option<Vec<Literal>> = consts.iter().map(literal).collect();
            return match literals {
                Some(list) if list.len() == 1 => list
                    .into_iter()
                    .next()
                    .map_or(Value3::Unknown, Value3::Known),
                Some(list) => Value3::OneOf(list),
                None => Value3::Present,
            };
        }
        if value.refs.is_empty() {
            Value3::Unknown
        } else {
            Value3::Present
        }
    }

    // ---- facts, handlers, templates ----

    fn fact(
        &mut self,
        path: PathId,
        site: &CallSite,
        name: &str,
        read: &[(String, Port)],
        default: &[(String, Literal)],
    ) {
        let mut values = Vec::new();
        for (key, port) in read {
            let found = self.port_values(site, port);
            let mut value = match found.as_slice() {
                [] => FactValue::Absent,
                [(one, operand)] => {
                    if one.is_empty() && !port.steps.is_empty() {
                        self.member_presence(site, port)
                    } else if one.is_empty() && operand.is_none() {
                        FactValue::Unknown
                    } else {
                        self.fact_of(one)
                    }
                }
                many => FactValue::OneOf(many.iter().map(|v| fact_value(&v.0)).collect()),
            };
            if value == FactValue::Absent
                && let Some((_, literal)) = default.iter().find(|d| d.0 == *key)
            {
                value = literal_fact(literal);
            }
            values.push((key.clone(), value));
        }
        let asks = self
            .origins
            .paths
            .models()
            .kinds()
            .fact(&format!("{name}.target"))
            .is_ok();
        if asks && !read.iter().any(|r| r.0 == "target") {
            values.push(("target".to_owned(), self.target_names(site.instr)));
        }
        for (key, literal) in default {
            if !read.iter().any(|r| r.0 == *key) {
                values.push((key.clone(), literal_fact(literal)));
            }
        }
        let site = Site {
            file: self.f.file_idx,
            span: site.span,
        };
        let fact = Fact {
            fact: name.to_owned(),
            site,
            function: self.f.id,
            callee: self.origins.paths.text(path),
            values,
        };
        match self
            .out
            .facts
            .iter_mut()
            .find(|f| f.site == fact.site && f.fact == fact.fact)
        {
            Some(known) => *known = fact,
            None => self.out.facts.push(fact),
        }
    }

    /// A value as a fact; lists of constants are the constants, and members of objects elsewhere are looked up there.
    fn fact_of(&self, value: &Value) -> FactValue {
        if let [id] = value.refs.as_slice()
            && value.taints.is_none()
            && let Some(obj) = self.state.obj(*id)
            && obj.any.is_empty()
            && !obj.fields.is_empty()
            && obj
                .fields
                .iter()
                .all(|f| f.sym.as_index().is_some() && f.value.single().is_some())
        {
            return FactValue::OneOf(obj.fields.iter().map(|f| fact_value(&f.value)).collect());
        }
        let mut identities = value.identities();
        if let (Some(port), None) = (identities.next(), identities.next())
            && value.taints().len() == 1
            && port.base.is_absolute()
            && let Some((file, id)) = self.origins.constant_at(&port)
        {
            let facts = &self.origins.program.file(file).facts;
            return match *facts.constant(id) {
                Const::Str(text) => FactValue::Str(facts.str(text).to_owned()),
                Const::Number(bits) => FactValue::Number(f64::from_bits(bits)),
                Const::Bool(b) => FactValue::Bool(b),
                _ => fact_value(value),
            };
        }
        fact_value(value)
    }

    /// The names that the result of a call is given: variables, members, the function that returns it.
    fn target_names(&self, call: u32) -> FactValue {
        let func = self.f.func;
        let Some(mut local) = func
            .instrs
            .get(call as usize)
            .and_then(super::interp::target)
        else {
            return FactValue::Unknown;
        };
        let text = |s| self.f.file.facts.str(s).to_owned();
        let mut names = Vec::new();
        for instr in func.instrs.iter().skip(call as usize + 1).take(64) {
            let from = Operand::Local(local);
            match *instr {
                Instr::Copy { to, from: f } if f == from => {
                    names.extend(func.locals.get(to.index()).and_then(|l| l.name).map(text));
                    local = to;
                }
                // `Math.random().toString(36).slice(2)`: what is made of it goes on.
                Instr::Load { to, base, .. } if base == from => local = to,
                Instr::Call {
                    to,
                    this: Some(this),
                    callee,
                    ..
                } if this == from || callee == from => local = to,
                Instr::Call { to, args, .. } if func.args(args).iter().any(|a| a.value == from) => {
                    local = to
                }
                Instr::Op { to, operands, .. } | Instr::Template { to, operands }
                    if func.operands(operands).contains(&from) =>
                {
                    local = to;
                }
                Instr::Await { to, from: f } if f == from => local = to,
                Instr::Store {
                    key: Key::Field(name),
                    value,
                    ..
                } if value == from => names.push(text(name)),
                Instr::StoreVar { var, value } if value == from => match var {
                    VarRef::Global(g) => names.extend(
                        self.f
                            .file
                            .facts
                            .globals
                            .get(g.index())
                            .map(|b| text(b.name)),
                    ),
                    VarRef::Free(name) => names.push(text(name)),
                    VarRef::Captured(_) => {}
                },
                Instr::Object { parts, .. } => {
                    for part in func.parts(parts) {
                        if let PartKey::Field(name) = part.key
                            && part.value == from
                        {
                            names.push(text(name));
                        }
                    }
                }
                _ => {}
            }
        }
        if func
            .blocks
            .iter()
            .any(|b| b.term == Term::Return(Some(Operand::Local(local))))
        {
            names.extend(func.name.map(text));
        }
        if names.is_empty() {
            FactValue::Unknown
        } else {
            FactValue::Str(names.join(" "))
        }
    }

    /// Whether a member of an argument is certainly not given.
    fn member_presence(&mut self, site: &CallSite, port: &Port) -> FactValue {
        let Some((last, init)) = port.steps.split_last() else {
            return FactValue::Unknown;
        };
        let holder = Port {
            base: port.base.clone(),
            steps: init.to_vec(),
            deep: false,
        };
        let name = match last {
            PortStep::Member(name) => self.origins.program.symbols.find(name),
            PortStep::Index(index) => Some(Sym::index(*index)),
            _ => return FactValue::Unknown,
        };
        let holders = self.port_values(site, &holder);
        if holders.is_empty() {
            return FactValue::Absent;
        }
        let closed = holders.iter().all(|(value, operand)| {
            let constant =
                value.consts.is_some() && value.refs.is_empty() && value.taints.is_none();
            let object = !value.refs.is_empty()
                && value.taints.is_none()
                && value.refs.iter().all(|&id| {
                    self.state.obj(id).is_some_and(|o| {
                        o.any.is_empty() && name.is_none_or(|n| o.field(n).is_none())
                    })
                });
            constant
                || object
                || (value.is_empty()
                    && operand.is_none()
                    && !init.is_empty()
                    && self.state.heap.is_empty())
        });
        if closed {
            FactValue::Absent
        } else {
            FactValue::Unknown
        }
    }

    fn register(
        &mut self,
        path: PathId,
        site: &CallSite,
        entry: &EntryRow,
        called: &mut Vec<ObjId>,
    ) {
        let Some(port) = &entry.handlers else { return };
        let mut handlers = Vec::new();
        let mut unresolved = 0;
        let mut stack: Vec<(Value, Option<Operand>, u32)> = self
            .port_values(site, port)
            .into_iter()
            .rev()
            .map(|(v, o)| (v, o, 0))
            .collect();
        while let Some((value, operand, depth)) = stack.pop() {
            let mut found = false;
            for callee in self.callees(operand, &value) {
                let (func, closure) = match callee {
                    super::call::Callee::Closure(id, func) => (func, Some(id)),
                    super::call::Callee::Func(func) => (func, None),
                    super::call::Callee::Api(_) | super::call::Callee::Class(_) => {
                        found = true;
                        continue;
                    }
                };
                found = true;
                if let Some(id) = closure {
                    called.push(id);
                }
                handlers.push(func);
                let count = self.origins.program.func(func).func.params.len();
                let args: Vec<Argument> = (0..count)
                    .map(|_| Argument {
                        key: ArgKey::Pos,
                        value: Value::default(),
                        operand: None,
                    })
                    .collect();
                self.invoke(func, closure, &Value::default(), &args, site.span, false);
            }
            if !found && depth < 3 && (port.deep || port.steps.is_empty()) {
                let elements: Vec<Value> = value
                    .refs
                    .iter()
                    .filter_map(|&id| self.state.obj(id))
                    .flat_map(|o| o.fields.iter().map(|f| f.value.clone()).collect::<Vec<_>>())
                    .collect();
                if elements.is_empty() {
                    unresolved += u32::from(value.consts.is_none());
                }
                stack.extend(elements.into_iter().rev().map(|v| (v, None, depth + 1)));
            }
        }
        let named = entry
            .methods
            .as_ref()
            .map(|port| self.port_read(site, port))
            .and_then(|value| value.as_str().map(|text| text.to_lowercase()));
        let method = match entry.method.as_deref() {
            _ if named.is_some() => named.unwrap_or_default(),
            Some("name") | None => self.origins.paths.last_member(path).to_lowercase(),
            Some(literal) => literal.to_owned(),
        };
        let route = entry
            .path
            .as_ref()
            .map(|p| self.port_read(site, p))
            .and_then(|v| v.as_str().map(ToString::to_string));
        let made = Entry {
            method,
            path: route,
            site: Site {
                file: self.f.file_idx,
                span: site.span,
            },
            callee: self.origins.paths.text(path),
            handlers,
            unresolved,
        };
        match self
            .out
            .entries
            .iter_mut()
            .find(|e| e.site == made.site && e.method == made.method)
        {
            Some(known) => *known = made,
            None => self.out.entries.push(made),
        }
    }

    fn render(
        &mut self,
        at: usize,
        site: &CallSite,
        template: &Port,
        locals: &Port,
        to: Option<&Port>,
        result: &mut Value,
    ) {
        let name = self.port_read(site, template);
        let parts: Vec<Option<Arc<str>>> = match name.consts.as_deref() {
            Some([Konst::Template(parts)]) => parts.to_vec(),
            Some([Konst::Str(text)]) => vec![Some(Arc::clone(text))],
            _ => vec![None],
        };
        let mut names: Vec<Vec<Option<Arc<str>>>> = vec![parts];
        if let Some(consts) = name.consts.as_deref()
            && consts.len() > 1
        {
            names = consts
                .iter()
                .filter_map(super::access::text_of)
                .map(|t| vec![Some(t)])
                .collect();
        }
        let values = self.port_values(site, locals);
        let locals = values.into_iter().next().map(|v| v.0).unwrap_or_default();
        let from = self.f.file.path.clone();
        for parts in names {
            for func in (self.render)(&from, &parts) {
                let arg = Argument {
                    key: ArgKey::Pos,
                    value: locals.clone(),
                    operand: None,
                };
                let out = self.invoke(func, None, &Value::default(), &[arg], site.span, false);
                if let Some(to) = to {
                    self.put(at, site, to, out, result);
                }
            }
        }
        let _ = Val::Func;
    }
}

/// What a condition reads at one call.
struct AtCall(Vec<(String, Value3)>);

impl Scope for AtCall {
    fn value(&self, path: &str) -> Value3 {
        self.0
            .iter()
            .find(|known| known.0 == path)
            .map_or(Value3::Unknown, |known| known.1.clone())
    }

    /// `known(path)`: for conditions whose unknown answer is not a doubt but the ordinary case.
    fn apply(&self, name: &str, arguments: &[Value3]) -> Value3 {
        match (name, arguments) {
            ("known", [one]) => {
                let unknown = matches!(one, Value3::Unknown | Value3::Present);
                Value3::Known(Literal::Bool(!unknown))
            }
            _ => Value3::Unknown,
        }
    }
}

/// The members of `.headers['content-type'].x`.
fn members(text: &str) -> impl Iterator<Item = &str> {
    text.split(['.', '[', ']'])
        .map(|member| member.trim_matches('\''))
        .filter(|member| !member.is_empty())
}

fn literal(konst: &Konst) -> Option<Literal> {
    match konst {
        Konst::Undefined | Konst::Null => Some(Literal::Null),
        Konst::Bool(b) => Some(Literal::Bool(*b)),
        Konst::Number(n) => Some(Literal::Number(*n)),
        Konst::Str(s) => Some(Literal::Str(s.to_string())),
        Konst::Regex(..) | Konst::Template(_) | Konst::Present => None,
    }
}

fn literal_fact(literal: &Literal) -> FactValue {
    match literal {
        Literal::Str(s) => FactValue::Str(s.clone()),
        Literal::Number(n) => FactValue::Number(*n),
        Literal::Bool(b) => FactValue::Bool(*b),
        Literal::Null => FactValue::Null,
    }
}

/// A value as a fact.
pub(super) fn fact_value(value: &Value) -> FactValue {
    let one = |konst: &Konst| match konst {
        Konst::Undefined | Konst::Null => FactValue::Null,
        Konst::Bool(b) => FactValue::Bool(*b),
        Konst::Number(n) => FactValue::Number(*n),
        Konst::Str(s) => FactValue::Str(s.to_string()),
        Konst::Template(parts) => FactValue::Template(
            parts
                .iter()
                .map(|p| p.as_ref().map(ToString::to_string))
                .collect(),
        ),
        Konst::Regex(pattern, flags) if &**flags == super::replace::UNKNOWN_FLAGS => {
            FactValue::Str(format!("/{pattern}/"))
        }
        Konst::Regex(pattern, flags) => FactValue::Str(format!("/{pattern}/{flags}")),
        Konst::Present => FactValue::Present,
    };
    match value.consts.as_deref() {
        Some([konst]) => one(konst),
        Some(many) => FactValue::OneOf(many.iter().map(one).collect()),
        None if !value.refs.is_empty() => FactValue::Present,
        None => FactValue::Unknown,
    }
}
