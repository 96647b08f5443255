//! Schemas from the code that makes them, by what model rows say of the calls.

use super::definition::{Def, Env, Finder, Place};
use super::shape::{Scalar, Schema, Unknown};
use crate::apipath::PathId;
use crate::origin::positions;
use crate::program::FuncRef;
use crate::symbol::Sym;
use crate::taint::KindIds;
use casemate_ir::{Arg, ArgKey, Const, Instr, Operand};
use casemate_model::expr::{Literal, Scope, Tri, Value3, eval_in};
use casemate_model::kind::{KindSet, Kinds};
use casemate_model::path::{ArgIndex, Port, PortBase, PortStep};
use casemate_model::row::{Role, Row, SchemaRow};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// Depth of schemas in schemas.
pub(super) const DEPTH: u32 = 12;
/// Calls that are looked at for one schema.
const FUEL: u32 = 2_000;

/// One call as a definition.
#[derive(Clone)]
pub(crate) struct Call<'p> {
    pub f: FuncRef<'p>,
    pub at: usize,
    pub env: Env<'p>,
    pub callee: Operand,
    pub this: Option<Operand>,
    pub args: &'p [Arg],
    pub new: bool,
}

impl<'p> Call<'p> {
    /// The call that an instruction is.
    pub(crate) fn of(f: FuncRef<'p>, at: usize, env: Env<'p>) -> Option<Self> {
        match *f.func.instrs.get(at)? {
            Instr::Call {
                callee,
                this,
                args,
                flags,
                ..
            } => Some(Self {
                f,
                at,
                env,
                callee,
                this,
                args: f.func.args(args),
                new: flags.new,
            }),
            _ => None,
        }
    }

    /// An operand of the call.
    pub(super) fn place(&self, operand: Operand) -> Place<'p> {
        Place {
            f: self.f,
            operand,
            env: self.env.clone(),
        }
    }
}

/// Reads schemas.
pub(crate) struct Reader<'a> {
    pub find: Finder<'a>,
    pub kinds: &'a Kinds,
    pub(super) k: KindIds,
    known: RefCell<FxHashMap<(u32, usize), Schema>>,
    fuel: Cell<u32>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(find: Finder<'a>) -> Self {
        let kinds = find.origins.paths.models().kinds();
        Self {
            find,
            kinds,
            k: KindIds::new(kinds),
            known: RefCell::default(),
            fuel: Cell::new(0),
        }
    }

    /// The schema that an operand is.
    pub(super) fn schema(&self, place: &Place<'a>) -> Schema {
        self.fuel.set(FUEL);
        self.schema_at(place, 0)
    }

    /// The schema that a definition is.
    pub(super) fn schema_of_def(&self, def: &Def<'a>) -> Schema {
        self.fuel.set(FUEL);
        self.schema_of(def, 0)
    }

    fn schema_at(&self, place: &Place<'a>, depth: u32) -> Schema {
        match self.find.define(place) {
            Some(def) => self.schema_of(&def, depth),
            None => Schema::Unknown,
        }
    }

    /// The schema that a definition is.
    pub(super) fn schema_of(&self, def: &Def<'a>, depth: u32) -> Schema {
        let fuel = self.fuel.get();
        if depth > DEPTH || fuel == 0 {
            return Schema::Unknown;
        }
        self.fuel.set(fuel - 1);
        let key = match def {
            Def::Made(f, at, None) => Some((f.id.0, *at)),
            _ => None,
        };
        if let Some(known) = key.and_then(|k| self.known.borrow().get(&k).cloned()) {
            return known;
        }
        if let Some(key) = key {
            // A schema that holds itself.
            self.known.borrow_mut().insert(key, Schema::Unknown);
        }
        let made = match def {
            Def::Made(f, at, env) => match Call::of(*f, *at, env.clone()) {
                Some(call) => self.called(&call, depth),
                None => self.literal_object(def, depth),
            },
            Def::Module(_) => self.literal_object(def, depth),
            Def::Member(base, sym) => self.member_of(base, *sym, depth),
            _ => Schema::Unknown,
        };
        if let Some(key) = key {
            self.known.borrow_mut().insert(key, made.clone());
        }
        made
    }

    /// `schema.shape.name`.
    fn member_of(&self, base: &Def<'a>, sym: Sym, depth: u32) -> Schema {
        let Def::Member(inner, shape) = base else {
            return Schema::Unknown;
        };
        if !matches!(
            self.find.origins.program.text(*shape),
            "shape" | "fields" | "entries"
        ) {
            return Schema::Unknown;
        }
        let object = self.schema_of(inner, depth + 1);
        object.member(sym).cloned().unwrap_or_default()
    }

    /// An object literal in place of a schema: its members are schemas.
    pub(super) fn literal_object(&self, def: &Def<'a>, depth: u32) -> Schema {
        let Some(members) = self.find.members(def, 0) else {
            return Schema::Unknown;
        };
        let list: Vec<_> = members
            .iter()
            .map(|(sym, place)| (*sym, self.schema_at(place, depth + 1)))
            .collect();
        if list.iter().any(|f| f.1.is_known()) {
            Schema::object(list, None)
        } else {
            Schema::Unknown
        }
    }

    fn called(&self, call: &Call<'a>, depth: u32) -> Schema {
        if let Some(func) = self.find.function(call.f, call.callee) {
            let results = self.find.results(func, call.f, call.args, &call.env);
            return match results.as_slice() {
                [one] => self.schema_at(one, depth + 1),
                _ => Schema::Unknown,
            };
        }
        for path in self.find.paths(call.f, call.callee) {
            if let Some((row, path)) = self.row(call, path, |row| {
                !matches!(row, SchemaRow::Check { .. } | SchemaRow::Classes { .. })
            }) {
                return self.by_row(call, row, path, depth);
            }
        }
        Schema::Unknown
    }

    /// The row of a call that holds; one with a condition comes before one without.
    pub(super) fn row(
        &self,
        call: &Call<'a>,
        path: PathId,
        wanted: impl Fn(&SchemaRow) -> bool,
    ) -> Option<(&'a SchemaRow, PathId)> {
        let paths = &self.find.origins.paths;
        let mut plain = None;
        for (_, row) in paths.call_rows(path, call.new) {
            let Role::Schema(schema) = &row.role else {
                continue;
            };
            if !wanted(schema) {
                continue;
            }
            if row.when.is_some() {
                if self.holds(row, path, call) == Tri::Yes {
                    return Some((schema, path));
                }
            } else if plain.is_none() {
                plain = Some(schema);
            }
        }
        plain.map(|row| (row, path))
    }

    pub(crate) fn holds(&self, row: &Row, path: PathId, call: &Call<'a>) -> Tri {
        let Some(when) = &row.when else {
            return Tri::Yes;
        };
        struct Known(Vec<(String, Value3)>);
        impl Scope for Known {
            fn value(&self, path: &str) -> Value3 {
                let known = self.0.iter().find(|k| k.0 == path);
                known.map_or(Value3::Unknown, |k| k.1.clone())
            }
        }
        let value = |text: &str| {
            if text == "name" {
                let name = self.find.origins.paths.last_member(path);
                return Value3::Known(Literal::Str(name.to_owned()));
            }
            let Some((index, rest)) = text.strip_prefix("arg(").and_then(|t| t.split_once(')'))
            else {
                return Value3::Unknown;
            };
            let Ok(index) = index.parse() else {
                return Value3::Unknown;
            };
            self.literal(call, index, rest.split('.').filter(|m| !m.is_empty()))
        };
        let known = when.paths().into_iter().map(|p| (p.to_owned(), value(p)));
        eval_in(when, &Known(known.collect()))
    }

    /// The constant that an argument of a call, or a member of it, is.
    pub(crate) fn literal<'m>(
        &self,
        call: &Call<'a>,
        index: usize,
        members: impl IntoIterator<Item = &'m str>,
    ) -> Value3 {
        let Some(arg) = call.args.get(index) else {
            return Value3::Known(Literal::Null);
        };
        let Some(mut def) = self.find.define(&call.place(arg.value)) else {
            return Value3::Unknown;
        };
        for member in members {
            let literal = self.find.members(&def, 0).is_some();
            let sym = self.find.origins.program.symbols.find(member);
            match sym.and_then(|s| self.find.member(def, s)) {
                Some(inner) => def = inner,
                None if literal => return Value3::Known(Literal::Null),
                None => return Value3::Unknown,
            }
        }
        known_constant(&def)
    }

    /// The constant that an operand is.
    pub(crate) fn constant(&self, f: FuncRef<'a>, operand: Operand) -> Value3 {
        let place = Place {
            f,
            operand,
            env: None,
        };
        self.find
            .define(&place)
            .map_or(Value3::Unknown, |def| known_constant(&def))
    }

    fn by_row(&self, call: &Call<'a>, row: &SchemaRow, path: PathId, depth: u32) -> Schema {
        let name = self.find.origins.paths.last_member(path);
        match row {
            SchemaRow::Type {
                ty,
                members,
                coerce,
            } => {
                let ty = if ty == "name" { name } else { ty.as_str() };
                let made = self.typed(call, ty, members.as_ref(), depth);
                match made {
                    // `Number(x)` of what is no number is refused; anything becomes a text, a truth value or a date.
                    Schema::Scalar(s) if *coerce && !self.is_number(s.out) => {
                        Schema::Scalar(Scalar {
                            out: s.out,
                            given: KindSet::EMPTY,
                        })
                    }
                    other => other,
                }
            }
            SchemaRow::Step { op, with, format } => {
                let base = call.this.map_or(Schema::Unknown, |this| {
                    self.schema_at(&call.place(this), depth + 1)
                });
                let format = format
                    .as_deref()
                    .map(|f| if f == "name" { name } else { f });
                self.stepped(call, &base, op, with.as_ref(), format, depth)
            }
            SchemaRow::Request { schemas, .. } => self.one(call, schemas, depth),
            // Whatever it is, until the steps that follow say more.
            SchemaRow::Member { .. } => Schema::scalar(KindSet::EMPTY),
            SchemaRow::Check { .. } | SchemaRow::Classes { .. } => Schema::Unknown,
        }
    }

    /// A schema of which a call asks more.
    pub(super) fn refined(
        &self,
        call: &Call<'a>,
        row: &SchemaRow,
        path: PathId,
        base: &Schema,
    ) -> Schema {
        let SchemaRow::Step { op, with, format } = row else {
            return base.clone();
        };
        let name = self.find.origins.paths.last_member(path);
        let format = format
            .as_deref()
            .map(|f| if f == "name" { name } else { f });
        self.fuel.set(FUEL);
        self.stepped(call, base, op, with.as_ref(), format, 0)
    }

    /// The operands at a port.
    pub(super) fn places(&self, call: &Call<'a>, port: &Port) -> Vec<Place<'a>> {
        match &port.base {
            PortBase::Arg(index) => {
                let keyword = match index {
                    ArgIndex::Keyword(name) | ArgIndex::AtOrKeyword(_, name) => Some(name),
                    _ => None,
                };
                let named = call.args.iter().filter(|a| match (a.key, keyword) {
                    (ArgKey::Keyword(name), Some(wanted)) => call.f.file.facts.str(name) == wanted,
                    _ => false,
                });
                positions(index, call.args.len())
                    .filter_map(|at| call.args.get(at))
                    .filter(|a| a.key == ArgKey::Pos)
                    .chain(named)
                    .map(|a| call.place(a.value))
                    .collect()
            }
            PortBase::This => call.this.into_iter().map(|t| call.place(t)).collect(),
            _ => Vec::new(),
        }
    }

    /// The definitions at a port, members followed; `.*` stands for the elements of a list or the members of an object.
    pub(super) fn defs(&self, call: &Call<'a>, port: &Port) -> Vec<Option<Def<'a>>> {
        let mut defs: Vec<Option<Def<'a>>> = self
            .places(call, port)
            .iter()
            .map(|p| self.find.define(p))
            .collect();
        for step in &port.steps {
            let mut next = Vec::new();
            for def in defs {
                match (def, step) {
                    (Some(def), PortStep::Member(name)) => next.push(
                        self.find
                            .origins
                            .program
                            .symbols
                            .find(name)
                            .and_then(|sym| self.find.member(def, sym)),
                    ),
                    (Some(def), PortStep::Any) => match self.find.elements(&def) {
                        Some(list) => next.extend(list.iter().map(|p| self.find.define(p))),
                        None => next.push(None),
                    },
                    _ => next.push(None),
                }
            }
            defs = next;
        }
        defs
    }

    pub(super) fn one(&self, call: &Call<'a>, port: &Port, depth: u32) -> Schema {
        match self.defs(call, port).as_slice() {
            [Some(one)] => self.schema_of(one, depth + 1),
            _ => Schema::Unknown,
        }
    }

    pub(super) fn all(&self, call: &Call<'a>, port: Option<&Port>, depth: u32) -> Vec<Schema> {
        let defs = port.map(|p| self.defs(call, p)).unwrap_or_default();
        defs.iter()
            .map(|d| {
                d.as_ref()
                    .map_or(Schema::Unknown, |d| self.schema_of(d, depth + 1))
            })
            .collect()
    }

    /// Whether a value is the program's own: a constant, a table, a list of such, what the language makes of them.
    pub(super) fn is_own(&self, def: Option<&Def<'a>>, depth: u32) -> bool {
        match def {
            // A variable that is written in several ways, an enum of the language.
            None => depth == 0,
            Some(Def::Const(..) | Def::Module(_)) => true,
            Some(Def::Param(..) | Def::This(..)) => false,
            Some(Def::Member(base, _)) => depth < 4 && self.is_own(Some(base), depth + 1),
            Some(made @ Def::Made(f, at, env)) => match Call::of(*f, *at, env.clone()) {
                Some(call) => {
                    let paths = self.find.paths(call.f, call.callee);
                    let core = |p: &PathId| !self.find.origins.paths.text(*p).contains(':');
                    depth < 4
                        && !paths.is_empty()
                        && paths.iter().all(core)
                        && call.args.iter().all(|a| {
                            self.is_own(self.find.define(&call.place(a.value)).as_ref(), depth + 1)
                        })
                }
                None => match self.find.elements(made) {
                    Some(list) => list
                        .iter()
                        .all(|p| self.is_own(self.find.define(p).as_ref(), depth + 1)),
                    None => true,
                },
            },
        }
    }

    fn stepped(
        &self,
        call: &Call<'a>,
        base: &Schema,
        op: &str,
        with: Option<&Port>,
        format: Option<&str>,
        depth: u32,
    ) -> Schema {
        let refined = |more: Schema| match (base, &more) {
            // A decorator or the like asks it of anything.
            (Schema::Unknown, Schema::Scalar(_)) if call.this.is_none() => more,
            (Schema::Scalar(_), Schema::Scalar(_)) => base.and(&more, false),
            (Schema::List(element), Schema::Scalar(_)) => {
                Schema::List(Arc::new(element.and(&more, false)))
            }
            _ => base.clone(),
        };
        let given = || with.map_or(Schema::Unknown, |port| self.one(call, port, depth));
        match op {
            "same" => base.clone(),
            "format" => refined(format.map_or(Schema::Unknown, |name| self.format(name))),
            "pattern" => match (base, with) {
                (Schema::Scalar(_), Some(port)) => refined(self.pattern(call, port)),
                // Names of members that match.
                (Schema::Object(_), _) => base.with_unknown(Unknown::Keep),
                _ => Schema::Unknown,
            },
            "one-of" => match self.one_of(call, with) {
                Schema::Scalar(s) => Schema::Scalar(s),
                _ => base.clone(),
            },
            "bound" => match base {
                Schema::Scalar(s) if self.is_number(s.given) => {
                    refined(Schema::scalar(self.k.sizes))
                }
                _ => base.clone(),
            },
            "fields" => {
                let more = match given() {
                    Schema::Unknown => with.map_or(Schema::Unknown, |port| {
                        self.typed(call, "object", Some(port), depth)
                    }),
                    known => known,
                };
                match (base, more) {
                    (base, Schema::Unknown) => base.with_unknown(Unknown::Keep),
                    // `Joi.object().keys({…})`
                    (Schema::Unknown, more) => more,
                    (Schema::Object(mine), more) if mine.list.is_empty() => more,
                    (base, more) => base.and(&more, true),
                }
            }
            "pick" | "omit" => {
                let Some(names) = with.and_then(|port| self.names(call, port)) else {
                    return Schema::Unknown;
                };
                base.retain(|sym| names.contains(&sym) == (op == "pick"))
            }
            "keep" if with.is_some_and(|port| self.refused(call, port)) => base.clone(),
            "keep" => base.with_unknown(Unknown::Keep),
            "strip" => base.with_unknown(Unknown::Strip),
            "refuse" if with.is_some_and(|port| self.refused(call, port)) => base.clone(),
            "refuse" => base.with_unknown(Unknown::Refuse),
            "array" => Schema::List(Arc::new(base.clone())),
            "element" => {
                let all = self.all(call, with, depth);
                Schema::List(Arc::new(
                    all.into_iter().reduce(|a, b| a.or(&b)).unwrap_or_default(),
                ))
            }
            "or" => base.or(&given()),
            "and" => base.and(&given(), false),
            "rest" => base.with_unknown(Unknown::Keep),
            _ => Schema::Unknown,
        }
    }

    /// `.unknown(false)`
    fn refused(&self, call: &Call<'a>, port: &Port) -> bool {
        matches!(self.defs(call, port).as_slice(), [Some(def)] if self.find.truth(def) == Some(false))
    }

    /// `{ a: true }`, `['a']`
    fn names(&self, call: &Call<'a>, port: &Port) -> Option<Vec<Sym>> {
        let defs = self.defs(call, port);
        let mut out = Vec::new();
        for def in defs {
            let def = def?;
            if let Some(list) = self.find.elements(&def) {
                for place in list {
                    let text = self.find.define(&place)?;
                    out.push(
                        self.find
                            .origins
                            .program
                            .symbols
                            .find(self.find.text(&text)?)?,
                    );
                }
            } else if let Some(text) = self.find.text(&def) {
                out.push(self.find.origins.program.symbols.find(text)?);
            } else {
                out.extend(self.find.members(&def, 0)?.into_iter().map(|m| m.0));
            }
        }
        Some(out)
    }
}

/// The constant that a definition is.
fn known_constant(def: &Def<'_>) -> Value3 {
    let Def::Const(f, id) = def else {
        return Value3::Unknown;
    };
    match f.file.facts.constant(*id) {
        Const::Str(s) => Value3::Known(Literal::Str(f.file.facts.str(*s).to_owned())),
        Const::Number(n) => Value3::Known(Literal::Number(f64::from_bits(*n))),
        Const::Bool(b) => Value3::Known(Literal::Bool(*b)),
        Const::Null | Const::Undefined => Value3::Known(Literal::Null),
        _ => Value3::Unknown,
    }
}
