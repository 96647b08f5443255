//! What was checked of a request before each handler runs: the chain of handlers that a call registers, in order.

use super::definition::{Def, Env, Place};
use super::read::{Call, Reader};
use super::refuse::Accepting;
use super::shape::Schema;
use super::standing::{always, for_all};
use super::wrapper::schema_of;
use super::{Check, Part, Request, Unknown};
use crate::apipath::PathId;
use crate::origin::Val;
use crate::program::FuncRef;
use crate::result::FuncId;
use casemate_ir::{Const, Instr, Key, Operand};
use casemate_model::kind::SourceKind;
use casemate_model::row::{EntryRow, Role, SchemaRow};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// How deep arrays of handlers and wrappers are followed.
const DEPTH: u32 = 4;
/// How long a chain of calls on one receiver is followed.
const CHAIN: usize = 32;

struct Chain<'a, 'c> {
    reader: &'a Reader<'a>,
    checks: &'c BTreeMap<(FuncId, u32), Check>,
    by_function: &'c FxHashMap<FuncId, Vec<u32>>,
    entry: &'a EntryRow,
    now: Request,
    handlers: Vec<(FuncId, Request)>,
    gates: FxHashMap<FuncId, u16>,
}

/// By function: what was checked of the request in every chain that it is in.
pub(super) fn requests(
    reader: &Reader<'_>,
    checks: &BTreeMap<(FuncId, u32), Check>,
    registrations: &[(FuncId, usize, PathId)],
) -> (FxHashMap<FuncId, Request>, FxHashMap<FuncId, u16>) {
    let mut gates: FxHashMap<FuncId, u16> = FxHashMap::default();
    let mut by_function: FxHashMap<FuncId, Vec<u32>> = FxHashMap::default();
    for (func, at) in checks.keys() {
        by_function.entry(*func).or_default().push(*at);
    }
    for list in by_function.values_mut() {
        list.sort_unstable();
    }
    let mut out: FxHashMap<FuncId, Request> = FxHashMap::default();
    // By what is registered on, and the function that does it: what the middleware of all that follows has checked.
    let mut standing: FxHashMap<(FuncId, usize, FuncId), Request> = FxHashMap::default();
    for &(func, at, path) in registrations {
        let f = reader.find.origins.program.func(func);
        let Some(call) = Call::of(f, at, None) else {
            continue;
        };
        let rows = reader.find.origins.paths.call_rows(path, false);
        let place = call
            .this
            .and_then(|this| reader.find.define(&call.place(this)));
        let key = match place {
            Some(Def::Made(made, made_at, _)) => Some((made.id, made_at, func)),
            _ => None,
        };
        for (_, row) in rows {
            let Role::Entry(entry) = &row.role else {
                continue;
            };
            let Some(port) = &entry.handlers else {
                continue;
            };
            let mut chain = Chain {
                reader,
                checks,
                by_function: &by_function,
                entry,
                now: key
                    .and_then(|key| standing.get(&key).cloned())
                    .unwrap_or_default(),
                handlers: Vec::new(),
                gates: FxHashMap::default(),
            };
            chain.registration(&call, path);
            for def in reader.places(&call, port) {
                chain.handler(&def, 0);
            }
            if !port.steps.is_empty() {
                for def in reader.defs(&call, port).into_iter().flatten() {
                    chain.defined(Some(&def), None, 0);
                }
            }
            if let Some(key) = key
                && entry.method.as_deref() == Some("name")
                && reader.find.origins.paths.last_member(path) == "use"
                && always(f, at)
                && for_all(reader, &call)
            {
                standing.insert(key, chain.now.clone());
            }
            gates.extend(chain.gates);
            for (handler, request) in chain.handlers {
                match out.get_mut(&handler) {
                    None => {
                        out.insert(handler, request);
                    }
                    Some(known) => {
                        known.checked.retain(|p| request.checked.contains(p));
                        known.noted.retain(|p| request.noted.contains(p));
                        known.gates.retain(|g| request.gates.contains(g));
                    }
                }
            }
        }
    }
    out.retain(|_, request| *request != Request::default());
    (out, gates)
}

impl<'a> Chain<'a, '_> {
    /// Schemas that the registering call is given, or those on its receiver before it.
    fn registration(&mut self, call: &Call<'a>, path: PathId) {
        self.by_row(call, path);
        let mut this = call.this.map(|t| call.place(t));
        for _ in 0..CHAIN {
            let Some(Def::Made(f, at, env)) = this.and_then(|t| self.reader.find.define(&t)) else {
                return;
            };
            let Some(inner) = Call::of(f, at, env) else {
                return;
            };
            for path in self.reader.find.paths(inner.f, inner.callee) {
                self.by_row(&inner, path);
            }
            this = inner.this.map(|t| inner.place(t));
        }
    }

    /// What a call says of the requests that handlers after it get.
    fn by_row(&mut self, call: &Call<'a>, path: PathId) -> bool {
        let Some((row, _)) = self.reader.row(call, path, |row| {
            matches!(row, SchemaRow::Request { .. } | SchemaRow::Member { .. })
        }) else {
            return false;
        };
        let SchemaRow::Request {
            schemas,
            part,
            unknown,
            json,
        } = row
        else {
            return false;
        };
        let unknown = Unknown::of(unknown);
        let read = |def: &Def<'a>| {
            if *json {
                self.reader.json_schema(def, 0)
            } else {
                self.reader.schema_of_def(def)
            }
        };
        let mut parts = Vec::new();
        for def in self.reader.defs(call, schemas).into_iter().flatten() {
            if let Some(kind) = part {
                parts.push((*kind, read(&def)));
                continue;
            }
            for (sym, place) in self.reader.find.members(&def, 0).unwrap_or_default() {
                let name = self.reader.find.origins.program.text(sym);
                if let Some(kind) = self.reader.kinds.part_named(name)
                    && let Some(def) = self.reader.find.define(&place)
                {
                    parts.push((kind, read(&def)));
                }
            }
        }
        for (kind, schema) in parts {
            self.now.add(Part {
                kind,
                schema,
                unknown,
                out: true,
            });
        }
        true
    }

    fn handler(&mut self, place: &Place<'a>, depth: u32) {
        let def = self.reader.find.define(place);
        self.defined(def.as_ref(), Some(place), depth);
    }

    fn defined(&mut self, def: Option<&Def<'a>>, place: Option<&Place<'a>>, depth: u32) {
        if depth > DEPTH {
            return;
        }
        if let Some(def) = def {
            if let Some(list) = self.reader.find.elements(def) {
                for place in list {
                    self.handler(&place, depth + 1);
                }
                return;
            }
            if let Def::Made(f, at, env) = def {
                match f.func.instrs.get(*at) {
                    Some(Instr::Closure { func, .. }) => {
                        return self.function(f.sibling(*func), env.clone());
                    }
                    Some(Instr::Call { .. }) => {
                        if let Some(call) = Call::of(*f, *at, env.clone())
                            && self.made(&call, depth)
                        {
                            return;
                        }
                    }
                    _ => {}
                }
            }
        }
        let Some(place) = place else { return };
        let vals = self
            .reader
            .find
            .origins
            .of_operand(place.f.id, place.operand);
        let functions: Vec<FuncId> = vals
            .iter()
            .filter_map(|v| match self.reader.find.origins.val(*v) {
                Some(Val::Func(func)) => Some(func),
                _ => None,
            })
            .collect();
        match functions.as_slice() {
            [one] => self.function(*one, None),
            // One of several: each may be the handler, none certainly checks.
            many => self
                .handlers
                .extend(many.iter().map(|f| (*f, self.now.clone()))),
        }
    }

    /// A handler that a call makes.
    fn made(&mut self, call: &Call<'a>, depth: u32) -> bool {
        // Functions that are wrapped handle the request too.
        let wrapped: Vec<FuncId> = call
            .args
            .iter()
            .filter_map(|a| self.reader.find.function(call.f, a.value))
            .collect();
        self.handlers
            .extend(wrapped.iter().map(|f| (*f, self.now.clone())));
        if let [one] = wrapped.as_slice() {
            self.stands_before(*one);
        }
        if let Some(func) = self.reader.find.function(call.f, call.callee) {
            let results = self.reader.find.results(func, call.f, call.args, &call.env);
            for place in &results {
                let def = self.reader.find.define(place);
                self.defined(def.as_ref(), Some(place), depth + 1);
            }
            return !results.is_empty();
        }
        let mut spoken = false;
        for path in self.reader.find.paths(call.f, call.callee) {
            spoken |= self.by_row(call, path);
        }
        if !spoken {
            spoken = self.noted(call);
        }
        spoken
    }

    /// `body('id').isInt()`: a member of the request, looked at by a chain of calls.
    fn noted(&mut self, call: &Call<'a>) -> bool {
        let mut at = call.clone();
        for _ in 0..CHAIN {
            for path in self.reader.find.paths(at.f, at.callee) {
                let row = self
                    .reader
                    .row(&at, path, |row| matches!(row, SchemaRow::Member { .. }));
                let Some((SchemaRow::Member { name, part }, _)) = row else {
                    continue;
                };
                let whole =
                    self.reader
                        .schema_of_def(&Def::Made(call.f, call.at, call.env.clone()));
                for def in self.reader.defs(&at, name).into_iter().flatten() {
                    let mut names = vec![def.clone()];
                    if let Some(list) = self.reader.find.elements(&def) {
                        names = list
                            .iter()
                            .filter_map(|p| self.reader.find.define(p))
                            .collect();
                    }
                    for def in names {
                        self.note(&def, *part, &whole);
                    }
                }
                return true;
            }
            let Some(Def::Made(f, made, env)) =
                at.this.and_then(|t| self.reader.find.define(&at.place(t)))
            else {
                return false;
            };
            match Call::of(f, made, env) {
                Some(inner) => at = inner,
                None => return false,
            }
        }
        false
    }

    fn note(&mut self, name: &Def<'a>, part: Option<SourceKind>, schema: &Schema) {
        let Some(text) = self.reader.find.text(name) else {
            return;
        };
        // `address.city`, `items.*.id`
        let mut schema = schema.clone();
        for member in text.rsplit('.') {
            if member == "*" {
                schema = Schema::List(std::sync::Arc::new(schema));
                continue;
            }
            let Some(sym) = self.reader.find.origins.program.symbols.find(member) else {
                return;
            };
            schema = Schema::object(vec![(sym, schema)], None);
        }
        let any = [
            "http.body",
            "http.query",
            "http.path",
            "http.cookie",
            "http.header",
        ];
        let kinds: Vec<SourceKind> = match part {
            Some(kind) => vec![kind],
            None => any
                .iter()
                .filter_map(|name| self.reader.kinds.source(name).ok())
                .collect(),
        };
        for kind in kinds {
            let part = Part {
                kind,
                schema: schema.clone(),
                unknown: Unknown::Keep,
                out: true,
            };
            add(&mut self.now.noted, part);
        }
    }

    /// A function of the chain.
    fn function(&mut self, func: FuncId, env: Env<'a>) {
        self.handlers.push((func, self.now.clone()));
        self.stands_before(func);
        let f = self.reader.find.origins.program.func(func);
        let list = self.by_function.get(&func);
        for &at in list.map_or(&[][..], Vec::as_slice) {
            let Some(check) = self.checks.get(&(func, at)) else {
                continue;
            };
            let Some(call) = Call::of(f, at as usize, env.clone()) else {
                continue;
            };
            if !self.refuses(f, &call, check) {
                continue;
            }
            if check.earlier {
                for part in std::mem::take(&mut self.now.noted) {
                    self.now.add(part);
                }
                continue;
            }
            let schema = match &check.schema {
                Schema::Unknown => schema_of(self.reader, &call),
                known => known.clone(),
            };
            let on = call.place(check.on.0);
            let mut parts = Vec::new();
            self.parts(&on, &schema, check.unknown, 0, &mut parts);
            let replaced = self.replaced(&call);
            for mut part in parts {
                part.out = replaced.contains(&part.kind);
                self.now.add(part);
            }
        }
    }

    /// A function that goes on by calling `next`, and does so nowhere but in itself.
    fn stands_before(&mut self, func: FuncId) {
        let Some(next) = self.entry.params.iter().position(|p| p == "next") else {
            return;
        };
        let f = self.reader.find.origins.program.func(func);
        // Handlers of errors and those that go nowhere are no middleware.
        let Some(last) = f
            .func
            .params
            .last()
            .filter(|_| f.func.params.len() == next + 1)
        else {
            return;
        };
        let captured = f.func.locals.get(last.local.index());
        if captured.is_none_or(|local| local.captured) {
            return;
        }
        if let Ok(next) = u16::try_from(next) {
            self.gates.insert(func, next);
            self.now.gates.push(func);
        }
    }

    /// Whether the chain goes on only with what the check accepted.
    fn refuses(&self, f: FuncRef<'a>, call: &Call<'a>, check: &Check) -> bool {
        let Some(next) = self.entry.params.iter().position(|p| p == "next") else {
            return false;
        };
        // Handlers of errors and those that go nowhere are no middleware.
        if f.func.params.len() != next + 1 {
            return false;
        }
        let accepting = Accepting {
            at: call.at,
            accept: check.accept.iter().collect(),
        };
        let is_next = |g: FuncRef<'a>, callee: Operand| {
            let place = Place {
                f: g,
                operand: callee,
                env: None,
            };
            matches!(self.reader.find.define(&place), Some(Def::Param(owner, index)) if owner.id == f.id && index == next)
        };
        // `next(error)` refuses, `next()` goes on.
        let goes_on = |g: FuncRef<'a>, at: usize| match g.func.instrs.get(at) {
            Some(&Instr::Call { callee, args, .. }) if is_next(g, callee) => {
                match g.func.args(args) {
                    [] => true,
                    [one, ..] => match one.value {
                        Operand::Const(id) => {
                            matches!(g.file.facts.constant(id), Const::Undefined | Const::Null)
                        }
                        Operand::Local(_) => false,
                    },
                }
            }
            _ => false,
        };
        if !self
            .reader
            .find
            .goes_on_only_if(f, &accepting, &|at| goes_on(f, at), false)
        {
            return false;
        }
        // Functions inside it go on only in the `then` of the check.
        let program = self.reader.find.origins.program;
        let inner = (0..f.file.facts.functions.len())
            .map(|i| program.func(f.sibling(casemate_ir::FnId::from(i))))
            .filter(|g| g.parent() == Some(f.id));
        for g in inner {
            if (0..g.func.instrs.len()).any(|at| goes_on(g, at)) && !self.follows(f, g, call.at) {
                return false;
            }
        }
        true
    }

    /// `check(…).then(g)`
    fn follows(&self, f: FuncRef<'a>, g: FuncRef<'a>, check: usize) -> bool {
        f.func.instrs.iter().any(|instr| {
            let Instr::Call {
                callee: Operand::Local(callee),
                this: Some(this),
                args,
                ..
            } = *instr
            else {
                return false;
            };
            let then = matches!(
                self.reader.find.assignment(f, callee),
                Some((_, Instr::Load { key: Key::Field(name), .. })) if f.file.facts.str(name) == "then"
            );
            let first = f.func.args(args).first();
            let given = first.and_then(|a| match a.value {
                Operand::Local(local) => self.reader.find.assignment(f, local),
                Operand::Const(_) => None,
            });
            let is_g = matches!(given, Some((_, Instr::Closure { func, .. })) if f.sibling(func) == g.id);
            then && is_g && self.reader.find.is_call(f, this, check)
        })
    }

    /// The parts of the request that a value is made of.
    fn parts(
        &self,
        place: &Place<'a>,
        schema: &Schema,
        unknown: Unknown,
        depth: u32,
        out: &mut Vec<Part>,
    ) {
        if depth > DEPTH || !schema.is_known() {
            return;
        }
        if let Some(kind) = self.part_of(place) {
            return out.push(Part {
                kind,
                schema: schema.clone(),
                unknown,
                out: false,
            });
        }
        let Some(def) = self.reader.find.define(place) else {
            return;
        };
        match &def {
            // The whole request.
            Def::Param(..) => {
                let Schema::Object(fields) = schema else {
                    return;
                };
                for (sym, schema) in &fields.list {
                    let name = self.reader.find.origins.program.text(*sym);
                    if let Some(kind) = self.reader.kinds.part_named(name) {
                        out.push(Part {
                            kind,
                            schema: schema.clone(),
                            unknown,
                            out: false,
                        });
                    }
                }
            }
            _ => {
                for (sym, place) in self.reader.find.members(&def, 0).unwrap_or_default() {
                    if let Some(schema) = schema.member(sym) {
                        self.parts(&place, schema, unknown, depth + 1, out);
                    }
                }
            }
        }
    }

    /// The part of the request that a value is.
    fn part_of(&self, place: &Place<'a>) -> Option<SourceKind> {
        let origins = self.reader.find.origins;
        for path in self.reader.find.paths(place.f, place.operand) {
            for (_, row) in origins.paths.rows(path) {
                let name = origins.paths.last_member(path);
                if let Some(kind) = origins.paths.models().source_kind(row, name) {
                    return Some(kind);
                }
            }
        }
        match self.reader.find.define(place)? {
            Def::Member(base, sym) if matches!(*base, Def::Param(..)) => {
                self.reader.kinds.part_named(origins.program.text(sym))
            }
            _ => None,
        }
    }

    /// The parts of the request that the result of the check takes the place of.
    fn replaced(&self, call: &Call<'a>) -> Vec<SourceKind> {
        let mut out = Vec::new();
        for instr in &call.f.func.instrs {
            let Instr::Store { base, key, value } = *instr else {
                continue;
            };
            let Some(Def::Param(..)) = self.reader.find.define(&call.place(base)) else {
                continue;
            };
            let Some(mut def) = self.reader.find.define(&call.place(value)) else {
                continue;
            };
            while let Def::Member(inner, _) = def {
                def = *inner;
            }
            if matches!(def, Def::Made(g, at, _) if g.id == call.f.id && at == call.at)
                && let Some(sym) = self.reader.find.key(&call.place(base), key)
            {
                let name = self.reader.find.origins.program.text(sym);
                out.extend(self.reader.kinds.part_named(name));
            }
        }
        out
    }
}

impl Request {
    /// A part was checked.
    fn add(&mut self, part: Part) {
        add(&mut self.checked, part);
    }
}

/// A part fits this schema too.
fn add(list: &mut Vec<Part>, part: Part) {
    if !part.schema.is_known() {
        return;
    }
    match list.iter_mut().find(|p| p.kind == part.kind) {
        Some(known) => {
            known.schema = known.schema.and(&part.schema, false);
            known.out |= part.out;
            if part.unknown != Unknown::Keep {
                known.unknown = part.unknown;
            }
        }
        None => list.push(part),
    }
}
