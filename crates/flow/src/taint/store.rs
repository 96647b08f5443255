//! Stores: what is written to a table or collection is what is read from it, field by field.

use super::interp::Interp;
use super::lists;
use super::place::{PortBase, PortPath};
use super::port::CallSite;
use super::value::{Konst, Origin, Taint, Value, note_bit};
use crate::origin::Val;
use crate::program::FuncRef;
use crate::result::Note;
use crate::symbol::Sym;
use casemate_ir::{Const, Instr, Operand};
use casemate_model::kind::Shape;
use casemate_model::path::{Port, PortBase as RowBase, PortStep};
use casemate_model::row::{Role, Row};
use std::sync::Arc;

/// Names of members under which a record has the key that its store gave it.
const KEYS: [&str; 4] = ["id", "pk", "_id", "uuid"];

impl Interp<'_> {
    /// The key of a stored record is a number or a name that nobody chose: it does what numbers do.
    pub(super) fn without_key(&self, mut member: Value, sym: Sym) -> Value {
        // What an unknown function of Python gave for an argument, and has such a member, is what it found.
        let found = if self.is_python() {
            note_bit(Note::ViaUnknown)
        } else {
            0
        };
        let stored = |taint: &Taint| {
            taint.notes & found != 0
                || match taint.origin {
                    Origin::Source(source) => Some(source.kind) == self.k.store,
                    Origin::Port(port) => matches!(port.base(), PortBase::Store(_)),
                }
        };
        if sym != Sym::ANY
            && member.taints().iter().any(stored)
            && KEYS.contains(&self.origins.program.text(sym))
        {
            let clears = self
                .origins
                .paths
                .models()
                .kinds()
                .shape_clears(Shape::Number);
            member.taints = member.map_taints(|taint| {
                let clean = match stored(&taint) {
                    true => taint.clean.union(clears),
                    false => taint.clean,
                };
                Some(Taint { clean, ..taint })
            });
        }
        member
    }

    /// The store that a call touches, as a symbolic value. Its name is where the row says, else in the
    /// statement that is run, else the receiver's `name`.
    pub(super) fn store_of(&mut self, site: &CallSite, object: Option<&Port>) -> Value {
        let name = match object {
            Some(port) => self.port_read(site, port),
            None => {
                if let Some(tables) = self.tables_read(site) {
                    return tables;
                }
                let selected = self.member_sym(crate::sql::TABLE);
                let selected =
                    selected.map_or_else(Value::default, |sym| self.load(&site.this, sym));
                let member = if selected.as_str().is_some() {
                    crate::sql::TABLE
                } else {
                    "name"
                };
                let port = Port {
                    base: RowBase::This,
                    steps: vec![PortStep::Member(member.to_owned())],
                    deep: false,
                };
                self.port_read(site, &port)
            }
        };
        let sym = name
            .as_str()
            .map(|text| &**text)
            .or_else(|| self.class_name(self.f, site.this_operand))
            .or_else(|| self.name_at_making(self.f, site.this_operand?, 0))
            .or_else(|| self.name_of_member(site.this_operand?))
            .and_then(|text| self.member_sym(text))
            .unwrap_or(Sym::ANY);
        let store = self.symbolic(PortBase::Store(sym));
        if object.is_some() {
            return store;
        }
        let selected = self.member_sym(crate::sql::COLUMNS);
        let selected = selected.map_or_else(Value::default, |sym| self.load(&site.this, sym));
        match selected.as_str() {
            Some(columns) => {
                let columns = columns.to_string();
                self.rows_of(site, store, &columns)
            }
            None => store,
        }
    }

    /// The value that a row gives as a name: where a class stands for it (`getRepository(User)`), the name of the class.
    pub(super) fn named(&self, site: &CallSite, from: &Port, to: &Port, value: Value) -> Value {
        let name = matches!(to.steps.last(), Some(PortStep::Member(member)) if member == "name");
        if !name || !from.steps.is_empty() || value.as_str().is_some() {
            return value;
        }
        let RowBase::Arg(index) = &from.base else {
            return value;
        };
        let mut classes = self
            .selected(site, index)
            .into_iter()
            .filter_map(|argument| self.class_name(self.f, argument.operand));
        match (classes.next(), classes.next()) {
            (Some(name), None) => Value::constant(Konst::Str(Arc::from(name))),
            _ => value,
        }
    }

    /// The name of the one class that an operand is.
    fn class_name(&self, func: FuncRef<'_>, operand: Option<Operand>) -> Option<&str> {
        let [only] = *self.origins.of_operand(func.id, operand?) else {
            return None;
        };
        match self.origins.val(only) {
            Some(Val::Class(class)) => {
                let program = self.origins.program;
                let (file, def) = program.class(class)?;
                def.name.map(|name| program.text(program.sym(file, name)))
            }
            _ => None,
        }
    }

    /// The name under which a client that the program made has its tables: `new PrismaClient().user`.
    fn name_of_member(&self, receiver: Operand) -> Option<&str> {
        let origins = self.origins;
        let names =
            origins
                .of_operand(self.f.id, receiver)
                .iter()
                .map(|val| match origins.val(*val) {
                    Some(Val::Api(path)) => origins.paths.free_member(path),
                    _ => None,
                });
        let mut names = names.collect::<Option<Vec<&str>>>()?.into_iter();
        let first = names.next()?;
        names.all(|name| name == first).then_some(first)
    }

    /// The name that was given where the receiver was made, in a variable around this function or of its module:
    /// `const users = db.collection('users')`.
    fn name_at_making<'a>(
        &'a self,
        func: FuncRef<'a>,
        made: Operand,
        depth: u32,
    ) -> Option<&'a str> {
        let Operand::Local(local) = made else {
            return None;
        };
        if depth > 4 {
            return None;
        }
        match *lists::single_definition(func, local)? {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => {
                self.name_at_making(func, from, depth + 1)
            }
            Instr::LoadVar { var, .. } => {
                let (owner, value) = lists::variable(self.origins, func, var)?;
                self.name_at_making(owner, value, depth + 1)
            }
            Instr::Call {
                callee,
                args,
                flags,
                ..
            } => {
                let [only] = *self.origins.of_operand(func.id, callee) else {
                    return None;
                };
                let Some(Val::Api(path)) = self.origins.val(only) else {
                    return None;
                };
                let names = |row: &Row| {
                    matches!(&row.role, Role::Flow { to, .. }
                    if matches!(to.steps.as_slice(), [PortStep::Member(member)] if member == "name"))
                };
                let mut rows = self.origins.paths.call_rows(path, flags.new);
                let first = rows
                    .any(|(_, row)| names(row))
                    .then(|| func.func.args(args).first())??;
                match first.value {
                    Operand::Const(id) => match func.file.facts.constant(id) {
                        Const::Str(text) => Some(func.file.facts.str(*text)),
                        _ => None,
                    },
                    local => self.class_name(func, Some(local)),
                }
            }
            _ => None,
        }
    }

    /// Records are written: each field of the given object, or all of it where its fields are not known.
    pub(super) fn write_store(&mut self, site: &CallSite, object: Option<&Port>, fields: &Port) {
        let store = self.store_of(site, object);
        let Some(port) = store.identities().next() else {
            return;
        };
        for (value, _) in self.port_values(site, fields) {
            self.write_record(port, &value, 0);
        }
    }

    fn write_record(&mut self, store: PortPath, value: &Value, depth: u32) {
        let target = self.symbolic(store.base());
        if value.taints.is_some() {
            let whole = Value {
                taints: value.taints.clone(),
                ..Value::default()
            };
            self.store_value(&target, Sym::ANY, whole, false);
        }
        for id in value.refs.clone() {
            let Some(obj) = self.state.obj(id).cloned() else {
                continue;
            };
            for field in obj.fields {
                // Update operators (`$set`) and lists hold records, not fields.
                let wraps = field.sym.as_index().is_some()
                    || self.origins.program.text(field.sym).starts_with('$');
                if wraps && depth < 3 {
                    self.write_record(store, &field.value, depth + 1);
                } else {
                    self.store_value(&target, field.sym, field.value, false);
                }
            }
            if !obj.any.is_empty() {
                self.store_value(&target, Sym::ANY, obj.any, false);
            }
        }
    }
}
