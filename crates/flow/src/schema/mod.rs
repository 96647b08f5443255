//! What schemas say of values before data is followed: which call checks what against which schema, and what was checked of a
//! request before a handler runs.
//!
//! Three-valued as everything else: a schema that is not understood cleans nothing and is counted.

mod class;
mod definition;
mod json;
mod read;
mod refuse;
mod request;
mod said;
mod shape;
mod standing;
mod typed;
mod wrapper;

pub(crate) use said::{Asked, Seen};
pub(crate) use shape::{Schema, Unknown};

use crate::origin::{Solver, Val};
use crate::program::{ClassIdx, to_u32};
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{Instr, LocalId, Operand};
use casemate_model::kind::SourceKind;
use casemate_model::path::PortStep;
use casemate_model::row::{Accept, Role, SchemaRow};
pub(crate) use definition::Finder;
pub(crate) use read::{Call, Reader};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// One call that checks a value.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Check {
    /// The value, and the member of it.
    pub on: (Operand, Vec<Sym>),
    /// Where the checked value comes out: members of the result.
    pub to: Option<Vec<Sym>>,
    /// The outcomes on which it is valid.
    pub accept: Vec<Accept>,
    /// What becomes of members that the schema does not name.
    pub unknown: Unknown,
    /// Nothing comes out of what is not valid.
    pub guarded: bool,
    /// The schemas are those of the handlers before; the value is the request.
    pub earlier: bool,
    /// The schema.
    pub schema: Schema,
}

/// A part of a request that was checked.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Part {
    /// Which.
    pub kind: SourceKind,
    /// Against what.
    pub schema: Schema,
    /// What becomes of members that the schema does not name.
    pub unknown: Unknown,
    /// What came out of the check took its place.
    pub out: bool,
}

/// What is known of a request when a function runs.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Request {
    /// Refused where it does not fit.
    pub checked: Vec<Part>,
    /// Looked at, though not refused yet.
    pub noted: Vec<Part>,
    /// Functions that have let it through.
    pub gates: Vec<FuncId>,
}

/// All that the program's schemas say.
#[derive(Default)]
pub(crate) struct Schemas {
    checks: BTreeMap<(FuncId, u32), Check>,
    requests: FxHashMap<FuncId, Request>,
    /// By function that stands before others: the parameter that goes on.
    gates: FxHashMap<FuncId, u16>,
    /// By condition and outcome: the calls that it says accepted.
    accepted: FxHashMap<(FuncId, LocalId, bool), Vec<u32>>,
    parameters: class::Parameters,
    said: said::Said,
    /// Schemas that are not understood.
    pub(crate) unknown: u64,
}

impl Schemas {
    /// Reads the schemas of a program.
    pub(crate) fn of(origins: &Solver<'_, '_>) -> Self {
        let speaks = |path| {
            [false, true].into_iter().any(|new| {
                let mut rows = origins.paths.call_rows(path, new);
                rows.any(|(_, row)| matches!(row.role, Role::Schema(_)))
            })
        };
        let speaking: FxHashSet<_> = origins.paths.ids().filter(|p| speaks(*p)).collect();
        let mut schemas = Self::default();
        let reader = Reader::new(Finder::new(origins));
        let program = origins.program;
        let mut registrations = Vec::new();
        for id in program.function_ids() {
            let f = program.func(id);
            for (at, instr) in f.func.instrs.iter().enumerate() {
                let Instr::Call { callee, .. } = *instr else {
                    continue;
                };
                for &val in origins.of_operand(id, callee) {
                    let Some(Val::Api(path)) = origins.val(val) else {
                        continue;
                    };
                    if speaking.contains(&path)
                        && let Some(call) = Call::of(f, at, None)
                        && let Some(check) = schemas.check(&reader, &call, path)
                    {
                        schemas.checks.insert((id, to_u32(at)), check);
                    }
                    let mut rows = origins.paths.call_rows(path, false);
                    if rows.any(|(_, row)| matches!(row.role, Role::Entry(_))) {
                        registrations.push((id, at, path));
                    }
                }
            }
        }
        (schemas.requests, schemas.gates) =
            request::requests(&reader, &schemas.checks, &registrations);
        if speaking.is_empty() {
            return schemas;
        }
        let wrapped = wrapper::calls(&reader, &schemas.checks);
        schemas.checks.extend(wrapped);
        schemas.parameters = class::parameters(&reader);
        schemas.said = said::said(&reader);
        schemas.accepted = refuse::conditions(&reader.find, &schemas.checks);
        schemas
    }

    fn check<'a>(
        &mut self,
        reader: &Reader<'a>,
        call: &Call<'a>,
        path: crate::apipath::PathId,
    ) -> Option<Check> {
        let mut accepts = Vec::new();
        for (_, row) in reader.find.origins.paths.call_rows(path, call.new) {
            if let Role::Schema(SchemaRow::Check { accept, .. }) = &row.role {
                accepts.push(accept.clone());
            }
        }
        let (row, _) = reader.row(call, path, |row| matches!(row, SchemaRow::Check { .. }))?;
        let SchemaRow::Check {
            on,
            to,
            unknown,
            schema,
            guarded,
            earlier,
            json,
            ..
        } = row
        else {
            return None;
        };
        let made = match schema {
            _ if *earlier => Schema::Unknown,
            Some(port) => match reader.places(call, port).as_slice() {
                [one] if *json => {
                    let def = reader.find.define(one);
                    def.map_or(Schema::Unknown, |d| reader.json_schema(&d, 0))
                }
                [one] => reader.schema(one),
                _ => Schema::Unknown,
            },
            // The function that is called, or its receiver.
            None => match (reader.schema(&call.place(call.callee)), call.this) {
                (Schema::Unknown, Some(this)) => reader.schema(&call.place(this)),
                (made, _) => made,
            },
        };
        if !made.is_known() && !earlier {
            self.unknown += 1;
        }
        let [on] = reader.places(call, on).try_into().ok()?;
        let program = reader.find.origins.program;
        let to = to.as_ref().and_then(|port| {
            let member = |step: &PortStep| match step {
                PortStep::Member(name) => program.symbols.find(name),
                _ => None,
            };
            port.steps.iter().map(member).collect()
        });
        accepts.dedup();
        Some(Check {
            on: (on.operand, Vec::new()),
            to,
            accept: accepts,
            unknown: Unknown::of(unknown),
            guarded: *guarded,
            earlier: *earlier,
            schema: made,
        })
    }

    /// The check that a call is.
    pub(crate) fn check_at(&self, func: FuncId, at: u32) -> Option<&Check> {
        self.checks.get(&(func, at))
    }

    /// Whether the schema of the check that a call is was understood.
    pub(crate) fn understood(&self, func: FuncId, at: u32) -> bool {
        self.check_at(func, at).is_some_and(|c| c.schema.is_known())
    }

    /// The calls that are known to have accepted once a condition has this outcome.
    pub(crate) fn accepted_by(&self, func: FuncId, cond: LocalId, outcome: bool) -> &[u32] {
        let key = (func, cond, outcome);
        self.accepted.get(&key).map_or(&[], Vec::as_slice)
    }

    /// What a parameter of a handler was checked against.
    pub(crate) fn parameter(&self, func: FuncId, index: usize) -> Option<&(Schema, Unknown)> {
        self.parameters.get(&(func, index))
    }

    /// What the declaration of a parameter asks of its value.
    pub(crate) fn asked_of_parameter(&self, func: FuncId, index: usize) -> Option<&Asked> {
        self.said.parameters.get(&(func, index))
    }

    /// What the declaration of a class's field asks of its value, apart from those of the classes that it is made from.
    pub(crate) fn asked_of_field(&self, class: ClassIdx, name: Sym) -> Option<&Asked> {
        self.said.members.get(&(class, name))
    }

    /// Whether no declaration asks anything.
    pub(crate) fn asks_nothing(&self) -> bool {
        self.said.members.is_empty() && self.said.parameters.is_empty()
    }

    /// The parameter of a function that goes on to the handlers after it.
    pub(crate) fn gate(&self, func: FuncId) -> Option<u16> {
        self.gates.get(&func).copied()
    }

    /// What is known of the request when a function, or one around it, runs.
    pub(crate) fn request(&self, origins: &Solver<'_, '_>, func: FuncId) -> Option<&Request> {
        if self.requests.is_empty() {
            return None;
        }
        let mut at = Some(func);
        while let Some(func) = at {
            if let Some(request) = self.requests.get(&func) {
                return Some(request);
            }
            at = origins.program.func(func).parent();
        }
        None
    }
}
