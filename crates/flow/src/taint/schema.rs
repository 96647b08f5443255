//! Values in the light of schemas: what comes out of a check, what a test of its answer says of what was given to it, and what
//! earlier handlers checked of a request.

use super::access::BESIDE;
use super::heap::{Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::labels::label_kind;
use super::port::CallSite;
use super::trace::TraceKind;
use super::value::{Origin, Taint, Value};
use crate::origin::Val;
use crate::program::to_u32;
use crate::schema::{Check, Part, Schema, Unknown};
use crate::symbol::Sym;
use casemate_ir::{Instr, Key, Operand};
use casemate_model::kind::KindSet;
use casemate_model::row::Accept;

/// Depth of objects in a schema.
const DEPTH: u32 = 6;
/// Objects of one checked value.
const OBJECTS: u32 = 256;

/// Which side of a check a value is on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// It came out.
    Out,
    /// It was given and is valid.
    Given,
    /// It came out, and nobody has asked yet whether it is valid.
    Unasked,
}

/// One value that is brought into the form of a schema.
struct Fitting {
    at: u32,
    next: u32,
    side: Side,
    unknown: Unknown,
}

impl Interp<'_> {
    /// A call that checks a value against a schema that is understood: what comes out of it.
    pub(super) fn checked(&mut self, at: usize, site: &CallSite, result: &mut Value) {
        let schemas = self.schemas;
        let Some(check) = schemas.check_at(self.f.id, to_u32(at)) else {
            return;
        };
        if !check.schema.is_known() {
            return;
        }
        let value = self.given_to(check);
        if let Some(to) = &check.to {
            let asked = check.guarded || check.accept.contains(&Accept::Returns);
            let side = if asked { Side::Out } else { Side::Unasked };
            let whole = self.derive(&value, KindSet::EMPTY, TraceKind::Library, site.span);
            let value = Value {
                taints: whole.taints,
                ..value.clone()
            };
            let value = if matches!(check.schema, Schema::Scalar(_)) {
                self.deep(&value)
            } else {
                value
            };
            let mut made = self.fit(to_u32(at), 0, side, check.unknown, &check.schema, &value);
            for (depth, &sym) in to.iter().rev().enumerate() {
                let id = self.alloc(AllocKey::Schema(to_u32(at), OBJECTS + to_u32(depth)));
                let mut obj = Obj::new(ObjKind::Plain);
                obj.set(sym, made, true);
                *self.state.obj_mut(id, ObjKind::Plain) = obj;
                made = Value::object(id);
            }
            *result = made;
        }
        if check.accept.contains(&Accept::Returns) {
            self.refine(to_u32(at), check, &value);
        }
    }

    /// A branch was taken that accepts what some call checked.
    pub(super) fn schema_accepted(&mut self, cond: Operand, outcome: bool) {
        let Operand::Local(local) = cond else { return };
        let schemas = self.schemas;
        for &at in schemas.accepted_by(self.f.id, local, outcome) {
            let Some(check) = schemas.check_at(self.f.id, at) else {
                continue;
            };
            if check.earlier {
                self.noted_is_checked(at, check);
                continue;
            }
            if !check.schema.is_known() {
                continue;
            }
            let value = self.given_to(check);
            if let Some(to) = &check.to
                && !check.guarded
            {
                // The objects that came out unasked are the same as those made here.
                let out = self.fit(at, 0, Side::Out, check.unknown, &check.schema, &value);
                if let ([last], Schema::Scalar(_)) = (to.as_slice(), &check.schema) {
                    self.came_out(at, *last, &out);
                }
            }
            self.refine(at, check, &value);
        }
    }

    fn given_to(&mut self, check: &Check) -> Value {
        let mut value = self.operand(check.on.0);
        for &sym in &check.on.1 {
            value = self.load(&value, sym);
        }
        value
    }

    /// What was given is valid from here on.
    fn refine(&mut self, at: u32, check: &Check, value: &Value) {
        let Operand::Local(local) = check.on.0 else {
            return;
        };
        // What comes out without unknown members leaves them where it came from.
        let unknown = match check.unknown {
            Unknown::Strip => Unknown::Keep,
            other => other,
        };
        let start = OBJECTS * 2;
        let made = self.fit(at, start, Side::Given, unknown, &check.schema, value);
        match check.on.1.split_last() {
            None => self.set_through(local, made, 0),
            Some((last, init)) => {
                let mut base = self.get(local);
                for &sym in init {
                    base = self.load(&base, sym);
                }
                self.store_value(&base, *last, made, true);
            }
        }
    }

    /// Locals that hold a scalar that came out of a check.
    fn came_out(&mut self, at: u32, member: Sym, out: &Value) {
        let func = self.f.func;
        let mut holders = Vec::new();
        for instr in &func.instrs {
            match *instr {
                Instr::Load {
                    to,
                    base,
                    key: Key::Field(name),
                } if self.f.sym(name) == member
                    && self.definition(base).is_some_and(|d| d.0 == at as usize) =>
                {
                    holders.push(to);
                }
                Instr::Copy {
                    to,
                    from: Operand::Local(from),
                } if holders.contains(&from) && self.assigned_once(to) => holders.push(to),
                _ => {}
            }
        }
        for local in holders {
            if self.get(local).taints.is_some() {
                self.set(local, out.clone());
            }
        }
    }

    /// What earlier handlers noted of the request is refused from here on.
    fn noted_is_checked(&mut self, at: u32, check: &Check) {
        let Some(request) = self.request else { return };
        let target = self.operand(check.on.0);
        let origins = self.origins;
        let kinds = origins.paths.models().kinds();
        for (index, part) in request.noted.iter().enumerate() {
            for name in kinds.members_of(part.kind) {
                let Some(sym) = self.member_sym(name) else {
                    continue;
                };
                for &val in origins.of_operand(self.f.id, check.on.0) {
                    let Some(Val::Api(path)) = origins.val(val) else {
                        continue;
                    };
                    let Some(read) = origins.met_member(path, sym) else {
                        continue;
                    };
                    let mut labels = smallvec::SmallVec::new();
                    let span = self.span(at as usize);
                    self.path_labels(read, span, &mut labels);
                    for label in labels {
                        if label_kind(&label) == part.kind {
                            let start = OBJECTS * (3 + to_u32(index));
                            let value = self.fit_part(at, start, part, label);
                            self.store_value(&target, sym, value, true);
                        }
                    }
                }
            }
        }
    }

    /// A source as a value: in the form of the schema that the request was checked against.
    pub(super) fn labelled(&mut self, at: usize, label: Taint) -> Value {
        let kind = label_kind(&label);
        let parts = self.request.map_or(&[][..], |r| r.checked.as_slice());
        let value = match parts.iter().find(|p| p.kind == kind) {
            Some(part) => self.fit_part(to_u32(at), 0, part, label),
            None => Value::tainted(label),
        };
        self.let_in(at, label, value)
    }

    /// The same for a parameter, which may have been checked on its own.
    pub(super) fn labelled_parameter(&mut self, index: usize, label: Taint) -> Value {
        // No instruction has these numbers.
        let at = u32::MAX - to_u32(index);
        let schemas = self.schemas;
        let mut value = match schemas.parameter(self.f.id, index) {
            Some((schema, unknown)) => {
                self.fit(at, 0, Side::Out, *unknown, schema, &Value::tainted(label))
            }
            None => self.labelled(at as usize, label),
        };
        self.parameter_asks(index, &mut value);
        value
    }

    fn fit_part(&mut self, at: u32, start: u32, part: &Part, label: Taint) -> Value {
        let (side, unknown) = match (part.out, part.unknown) {
            (true, unknown) => (Side::Out, unknown),
            (false, Unknown::Strip) => (Side::Given, Unknown::Keep),
            (false, unknown) => (Side::Given, unknown),
        };
        self.fit(
            at,
            start,
            side,
            unknown,
            &part.schema,
            &Value::tainted(label),
        )
    }

    fn fit(
        &mut self,
        at: u32,
        start: u32,
        side: Side,
        unknown: Unknown,
        schema: &Schema,
        value: &Value,
    ) -> Value {
        let mut fitting = Fitting {
            at,
            next: start,
            side,
            unknown,
        };
        self.fit_at(&mut fitting, schema, value, start + OBJECTS, 0)
    }

    fn fit_at(
        &mut self,
        fitting: &mut Fitting,
        schema: &Schema,
        value: &Value,
        end: u32,
        depth: u32,
    ) -> Value {
        if depth > DEPTH || fitting.next >= end {
            return value.clone();
        }
        let number = fitting.next;
        match schema {
            Schema::Unknown => value.clone(),
            Schema::Scalar(scalar) => {
                let kinds = match fitting.side {
                    Side::Out => scalar.out,
                    Side::Given => scalar.given,
                    Side::Unasked => return value.clone(),
                };
                let k = self.k;
                let whole = self.deep(value);
                Value {
                    taints: whole.map_taints(|t| {
                        Some(Taint {
                            clean: k.close(t.clean.union(kinds)),
                            ..t
                        })
                    }),
                    refs: smallvec::SmallVec::new(),
                    consts: value.consts.clone(),
                }
            }
            Schema::List(element) => {
                fitting.next += 1;
                let elements = self.load(value, Sym::ANY);
                let elements = self.fit_at(fitting, element, &elements, end, depth + 1);
                let mut obj = Obj::new(ObjKind::Plain);
                obj.any = elements;
                self.made(fitting.at, number, obj)
            }
            Schema::Object(fields) => {
                fitting.next += 1;
                let mut obj = Obj::new(ObjKind::Plain);
                for (sym, schema) in &fields.list {
                    let member = self.load(value, *sym);
                    let member = self.fit_at(fitting, schema, &member, end, depth + 1);
                    obj.set(*sym, member, true);
                }
                let unknown = fields.unknown.unwrap_or(fitting.unknown);
                let open = unknown == Unknown::Keep
                    || (unknown == Unknown::Strip && fitting.side == Side::Given);
                let rest = value.map_taints(|t| {
                    Some(Taint {
                        derived: t.derived || matches!(t.origin, Origin::Port(_)),
                        notes: t.notes | BESIDE,
                        ..t
                    })
                });
                match fitting.side {
                    Side::Unasked => {
                        obj.any.taints = rest;
                        self.made(fitting.at, number, obj)
                    }
                    _ if open => {
                        for &id in &value.refs {
                            if let Some(source) = self.state.obj(id).cloned() {
                                for field in &source.fields {
                                    if obj.field(field.sym).is_none() {
                                        obj.set(field.sym, field.value.clone(), field.definite);
                                    }
                                }
                                obj.any.join(&source.any);
                            }
                        }
                        // Copies that were made before anybody asked see the object alone.
                        obj.any.join_taints(&Value {
                            taints: rest.clone(),
                            ..Value::default()
                        });
                        let mut made = self.made(fitting.at, number, obj);
                        made.taints = rest;
                        made
                    }
                    _ => self.made(fitting.at, number, obj),
                }
            }
        }
    }

    fn made(&mut self, at: u32, number: u32, obj: Obj) -> Value {
        let id = self.alloc(AllocKey::Schema(at, number));
        *self.state.obj_mut(id, ObjKind::Plain) = obj;
        Value::object(id)
    }
}
