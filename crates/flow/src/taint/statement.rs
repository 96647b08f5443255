//! Statements of SQL as uses of tables: what an `INSERT` puts into a column is what a `SELECT` of the table reads.

use super::heap::{Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::place::PortBase;
use super::port::CallSite;
use super::value::{Konst, Taint, Value};
use crate::program::to_u32;
use crate::sql::{self, HOLE, Input};
use crate::symbol::Sym;
use casemate_ir::Language;

impl Interp<'_> {
    /// The text of the statement that a call runs, with [`HOLE`]s: its first argument, or the text in it.
    pub(super) fn statement_text(&mut self, site: &CallSite) -> Option<String> {
        let first = site.args.first()?.value.clone();
        if let Some(text) = text_of(&first) {
            return Some(text);
        }
        ["text", "sql"].iter().find_map(|member| {
            let sym = self.member_sym(member)?;
            text_of(&self.load(&first, sym))
        })
    }

    /// The tables that the statement of a call reads.
    pub(super) fn tables_read(&mut self, site: &CallSite) -> Option<Value> {
        let text = self.statement_text(site)?;
        let statement = sql::read(&text)?;
        let mut tables: Option<Value> = None;
        for table in &statement.reads {
            let sym = self.member_sym(&sql::folded(table))?;
            let store = self.symbolic(PortBase::Store(sym));
            match &mut tables {
                Some(tables) => {
                    tables.join(&store);
                }
                None => tables = Some(store),
            }
        }
        let columns = columns_of(&statement);
        tables.map(|tables| self.rows_of(site, tables, &columns))
    }

    /// The record that a selection of these columns reads, as it is written by [`columns_of`]: by name and by position.
    pub(super) fn rows_of(&mut self, site: &CallSite, tables: Value, columns: &str) -> Value {
        if columns.is_empty() {
            return tables;
        }
        let mut record = Obj::new(ObjKind::Plain);
        for (at, column) in columns.split(',').enumerate() {
            let (column, name) = column.split_once(' ').unwrap_or((column, ""));
            let value = match self.member_sym(column) {
                Some(sym) if !column.is_empty() => self.load(&tables, sym),
                _ => Value::default(),
            };
            if let (false, Some(name)) = (name.is_empty(), self.member_sym(name)) {
                record.set(name, value.clone(), true);
            }
            record.set(Sym::index(to_u32(at)), value, true);
        }
        let id = self.alloc(AllocKey::Record(site.instr));
        *self.state.obj_mut(id, ObjKind::Plain) = record;
        Value::object(id)
    }

    /// A statement is run: what it writes goes into its table, and what is read from the receiver afterwards is what it selects.
    pub(super) fn run_statement(&mut self, at: usize, site: &CallSite, result: &mut Value) {
        let Some(text) = self.statement_text(site) else {
            return;
        };
        let Some(statement) = sql::read(&text) else {
            return;
        };
        if let Some(first) = statement.reads.first() {
            let cursor = self.with_object(at, site.this.clone(), site.this_operand);
            self.name_selection(&cursor, first, &statement);
            // A connection answers with a cursor of its own.
            if self.f.file.facts.language == Language::Python {
                if result.refs.is_empty() {
                    let id = self.alloc(AllocKey::Attached(site.instr));
                    *self.state.obj_mut(id, ObjKind::Plain) = Obj::new(ObjKind::Plain);
                    result.refs.push(id);
                }
                self.name_selection(result, first, &statement);
            }
        }
        let Some(table) = statement
            .writes
            .and_then(|t| self.member_sym(&sql::folded(t)))
        else {
            return;
        };
        let store = self.symbolic(PortBase::Store(table));
        for (column, input) in &statement.columns {
            let value = self.goes_in(site, *input);
            if value.taints.is_none() {
                continue;
            }
            let sym = match *column {
                "" => Sym::ANY,
                column => self.member_sym(&sql::folded(column)).unwrap_or(Sym::ANY),
            };
            self.store_value(&store, sym, value, false);
        }
    }

    /// A cursor holds what it selected last.
    fn name_selection(&mut self, cursor: &Value, table: &str, statement: &sql::Statement<'_>) {
        for (member, text) in [
            (sql::TABLE, sql::folded(table)),
            (sql::COLUMNS, columns_of(statement)),
        ] {
            if let Some(member) = self.member_sym(member) {
                let text = Value::constant(Konst::Str(text.into()));
                self.store_value(cursor, member, text, true);
            }
        }
    }

    /// What goes into a column. Parameters follow the text as a list, as an object, or one by one.
    fn goes_in(&mut self, site: &CallSite, input: Input<'_>) -> Value {
        let text = site
            .args
            .first()
            .map(|a| a.value.clone())
            .unwrap_or_default();
        let list = match site.args.get(1) {
            Some(second) => second.value.clone(),
            None => {
                let values = self.member_sym("values");
                values.map_or_else(Value::default, |sym| self.load(&text, sym))
            }
        };
        let given = match input {
            Input::Position(at) => {
                let mut given = self.load(&list, Sym::index(at));
                if list.refs.is_empty()
                    && let Some(own) = site.args.get(1 + at as usize)
                {
                    given.join(&own.value);
                }
                given
            }
            Input::Named(name) => match self.member_sym(name) {
                Some(sym) => self.load(&list, sym),
                None => Value::default(),
            },
            Input::Hole => Value {
                taints: text.map_taints(|t| Some(Taint { derived: true, ..t })),
                ..Value::default()
            },
            Input::Other => Value::default(),
        };
        self.deep(&given)
    }
}

/// The columns that a statement selects, with their names in the result: `title title,count many`.
fn columns_of(statement: &sql::Statement<'_>) -> String {
    let columns: Vec<String> = statement
        .selects
        .iter()
        .map(|(column, name)| format!("{} {name}", sql::folded(column)))
        .collect();
    columns.join(",")
}

/// A text that is known but for holes.
fn text_of(value: &Value) -> Option<String> {
    match value.consts.as_deref()? {
        [Konst::Str(text)] => Some(text.to_string()),
        [Konst::Template(parts)] => {
            let part = |p: &Option<std::sync::Arc<str>>| {
                p.as_ref()
                    .map_or_else(|| HOLE.to_string(), |p| p.to_string())
            };
            Some(parts.iter().map(part).collect())
        }
        _ => None,
    }
}
