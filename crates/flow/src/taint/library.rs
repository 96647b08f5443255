//! Calls of packages and core methods: what their model rows say.

use super::heap::{Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::last_part::{LAST_PART, as_last_part, of_last_part};
use super::port::{Argument, CallSite, PortTarget};
use super::trace::TraceKind;
use super::value::{Konst, ObjId, Origin, Taint, Value, note_bit};
use crate::apipath::PathId;
use crate::program::to_u32;
use crate::result::Note;
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Operand};
use casemate_model::expr::Tri;
use casemate_model::kind::KindSet;
use casemate_model::path::{Port, PortBase, PortStep};
use casemate_model::row::{Accept, Role, Row, SchemaRow, SourceKindRef};
use std::mem::discriminant;

impl Interp<'_> {
    /// Calls a function of a package; `false` when it never returns.
    pub(super) fn api_call(&mut self, at: usize, path: PathId, site: &CallSite) -> (Value, bool) {
        let origins = self.origins;
        let mut rows: Vec<&Row> = origins
            .paths
            .call_rows(path, site.new)
            .map(|r| r.1)
            .collect();
        let all_rows = rows.clone();
        // What replaces others under a condition, does so where that holds.
        for row in &all_rows {
            if row.replace && row.when.is_some() && self.holds(row, path, site) == Tri::Yes {
                let role = discriminant(&row.role);
                rows.retain(|other| other.replace || discriminant(&other.role) != role);
            }
        }
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
                    taint.clean = taint.clean.union(self.clean_here(path, PortBase::Ret));
                    self.emit_source(at, site, port, taint, &mut result, &mut called);
                }
                Role::Sink { .. } if row.versions.is_some() => {
                    // Old releases do it, and which one is used is not known: shown, not claimed.
                    speaks = true;
                    self.cap(crate::limits::VERSION_UNKNOWN);
                }
                Role::Sink { kind, port, needs } => {
                    speaks = true;
                    self.check_sink(path, site, (*kind, *needs), port, notes);
                    if self.k.is_sql(*kind) && port.steps.is_empty() {
                        self.run_statement(at, site, &mut result);
                    }
                }
                Role::Flow {
                    from,
                    to,
                    derive,
                    keys,
                    copy,
                    undo,
                    objects,
                } => {
                    speaks = true;
                    flows = true;
                    let value = self.port_read(site, from);
                    let value = if *keys {
                        let keys = self.keys_of(&value);
                        self.derive(&keys, KindSet::EMPTY, TraceKind::Library, site.span)
                    } else if *derive || from.deep {
                        let whole = self.deep(&value);
                        self.derive(&whole, KindSet::EMPTY, TraceKind::Library, site.span)
                    } else if *copy {
                        self.copied(at, &value)
                    } else {
                        self.named(site, from, to, value)
                    };
                    let value = if *undo { self.undone(&value) } else { value };
                    let value = if of_last_part(row) {
                        as_last_part(value)
                    } else {
                        value
                    };
                    let value = if *objects {
                        self.read_out(&value)
                    } else {
                        value
                    };
                    let said =
                        matches!(to.steps.last(), Some(PortStep::Member(m)) if m.starts_with("__"));
                    let shared = |t: &Taint| {
                        !t.derived
                            && matches!(t.origin, Origin::Port(port) if port.base().is_absolute())
                    };
                    // What another object was told is not known of it where it is only known by name.
                    let unsaid = value.refs.is_empty()
                        && value.consts.is_none()
                        && value.taints().iter().all(shared);
                    if said && unsaid && !self.is_given(site, from) {
                        continue;
                    }
                    let value = if said && value.is_empty() {
                        // It is said, though not known what.
                        Value::constant(Konst::Present)
                    } else {
                        value
                    };
                    self.put(at, site, to, value, &mut result);
                }
                Role::Clean { from, to, .. } => {
                    speaks = true;
                    flows = true;
                    // Several rows about the same say more together: said once, where the first of them stands.
                    let Some(kinds) = self.cleans(row, &all_rows, path, site) else {
                        continue;
                    };
                    let value = self.port_read(site, from);
                    let whole = self.deep(&value);
                    let value = self.derive(&whole, kinds, TraceKind::Library, site.span);
                    let value = if of_last_part(row) {
                        as_last_part(value)
                    } else {
                        value
                    };
                    self.put(at, site, to, value, &mut result);
                }
                Role::Call {
                    function,
                    args,
                    result: to,
                    ..
                } => {
                    speaks = true;
                    let functions = self.port_values(site, function);
                    let mut settles = None;
                    let given: Vec<Value> = args
                        .iter()
                        .map(|a| match a {
                            // What the function is given settles the result.
                            Some(port) if port.base == PortBase::Ret => {
                                let settling = self.settling(at);
                                settles.insert(settling).clone()
                            }
                            Some(port) => self.port_read(site, port),
                            None => Value::default(),
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
                    if let Some(settling) = settles {
                        let settled = self.settled(&settling);
                        result.join(&settled);
                        flows = true;
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
                    escapes,
                    ..
                } => {
                    speaks = true;
                    self.escapes = escapes
                        .as_ref()
                        .is_some_and(|when| self.answer(when, path, site) != Tri::No);
                    self.render(at, site, template, locals, to.as_ref(), &mut result);
                    self.escapes = false;
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
                Role::Test {
                    on,
                    accept,
                    kinds,
                    after,
                } => {
                    speaks = true;
                    if *accept == Accept::Returns && self.is_cleared(site, on, *after) {
                        self.clean_port(site, on, *kinds);
                    }
                }
                Role::Neutral
                | Role::Record
                | Role::Session
                | Role::Guard { .. }
                | Role::Through { .. }
                | Role::Inject { .. }
                | Role::Definition { .. }
                | Role::Registry { .. } => speaks = true,
                Role::Schema(schema) => {
                    speaks = true;
                    // As long as nothing is known of the schema, the value itself; else see `checked`.
                    if let SchemaRow::Check {
                        on,
                        to: Some(to),
                        earlier: false,
                        ..
                    } = schema
                        && !self.schemas.understood(self.f.id, site.instr)
                    {
                        let value = self.port_read(site, on);
                        let whole = self.deep(&value);
                        let value =
                            self.derive(&whole, KindSet::EMPTY, TraceKind::Library, site.span);
                        self.put(at, site, to, value, &mut result);
                    }
                }
                // New roles are neutral for flows until they are used here.
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

    /// For which kinds the rows clean what `row` is about, if it is the first of them that holds.
    fn cleans(
        &mut self,
        row: &Row,
        rows: &[&Row],
        path: PathId,
        site: &CallSite,
    ) -> Option<KindSet> {
        let Role::Clean { from, to, .. } = &row.role else {
            return None;
        };
        let mut all = KindSet::EMPTY;
        let mut first = None;
        for other in rows {
            let Role::Clean {
                from: from_other,
                to: to_other,
                kinds,
            } = &other.role
            else {
                continue;
            };
            let holds = self.holds(other, path, site);
            if from != from_other || to != to_other || holds == Tri::No {
                continue;
            }
            first.get_or_insert(std::ptr::from_ref::<Row>(other));
            // What may not hold cleans nothing beyond what its own note says.
            if holds == Tri::Yes || std::ptr::eq(*other, row) {
                all = all.union(*kinds);
            }
        }
        (first == Some(std::ptr::from_ref(row))).then_some(all)
    }

    /// A text after decoding: what an encoding made harmless is not any more. That it is a text stays.
    fn undone(&self, value: &Value) -> Value {
        let taints = value.map_taints(|t| {
            let clean = if t.clean.covers(KindSet::ALL) {
                t.clean
            } else {
                t.clean.intersect(self.k.operators)
            };
            let notes = t.notes & !LAST_PART;
            Some(Taint { clean, notes, ..t })
        });
        Value {
            taints,
            refs: value.refs.clone(),
            consts: value.consts.clone(),
        }
    }

    /// What is read out of a text may be an object: that it was a text protects no more. Nothing comes out of a number.
    fn read_out(&self, value: &Value) -> Value {
        let taints = value.map_taints(|t| {
            let clean = if t.clean.covers(KindSet::ALL) {
                t.clean
            } else {
                t.clean.without(self.k.operators)
            };
            Some(Taint { clean, ..t })
        });
        Value {
            taints,
            refs: value.refs.clone(),
            consts: value.consts.clone(),
        }
    }

    /// A function among the arguments is called with values.
    pub(super) fn call_argument(
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

    /// What the constructor of a package's class keeps on the object of a class of the program below it: `Serializer(data=…).data`.
    pub(super) fn kept_by_package(&mut self, path: PathId, site: &CallSite) {
        let rows = self.origins.paths.call_rows(path, site.new);
        let rows: Vec<_> = rows.map(|(_, row)| row).collect();
        for row in rows {
            if let Role::Flow { from, to, .. } = &row.role
                && to.base == PortBase::This
                && !to.steps.is_empty()
            {
                let value = self.port_read(site, from);
                let mut result = Value::default();
                self.put(site.instr as usize, site, to, value, &mut result);
            }
        }
    }

    /// A value arrives at a port.
    pub(super) fn put(
        &mut self,
        at: usize,
        site: &CallSite,
        port: &Port,
        value: Value,
        result: &mut Value,
    ) {
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
                        for (&sym, depth) in init.iter().zip(0..) {
                            base = self.below(&base, sym, depth);
                        }
                        // The first row that says something of a member is all that is known of it.
                        let first = base.refs.iter().all(|&id| {
                            self.state.obj(id).is_some_and(|o| o.field(*last).is_none())
                        });
                        if !value.is_empty() {
                            self.store_value(&base, *last, value, first);
                        }
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
                            if !init.is_empty() {
                                base = self.with_object(at, base, operand);
                            }
                            for (&sym, depth) in init.iter().zip(0..) {
                                base = self.below(&base, sym, depth);
                            }
                            let last = &match *last {
                                Sym::REMOVED => {
                                    self.take_out(&base, site);
                                    continue;
                                }
                                Sym::NEXT => self.next_position(&base),
                                known => known,
                            };
                            let said = self.origins.program.text(*last).starts_with("__");
                            let nameless =
                                base.refs.is_empty() && base.identities().next().is_none();
                            if said && !(nameless && init.is_empty() && operand.is_some()) {
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

    /// An object of its own with the members of a value: what is written to it is not written to the value.
    fn copied(&mut self, at: usize, value: &Value) -> Value {
        if value.refs.is_empty() && value.taints.is_none() {
            return value.clone();
        }
        let id = self.alloc(AllocKey::Copy(to_u32(at)));
        let mut obj = Obj::new(ObjKind::Plain);
        let mut carried = Value::default();
        self.spread(value, &mut obj, &mut carried);
        *self.state.obj_mut(id, ObjKind::Plain) = obj;
        let mut copy = Value::object(id);
        // What is no object stays what it is; a place of which nothing is known may be either.
        copy.taints = value.map_taints(|t| Some(Taint { derived: true, ..t }));
        copy
    }

    pub(super) fn store_member(&mut self, at: usize, operand: Operand, sym: Sym, value: Value) {
        let target = self.operand(operand);
        if target.refs.is_empty() && target.identities().next().is_none() {
            self.store_operand(at, operand, sym, value);
        } else {
            self.store_value(&target, sym, value, true);
        }
    }

    pub(super) fn emit_source(
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
}
