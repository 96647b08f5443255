//! Statements of SQL as uses of tables: what an `INSERT` puts into a column is what a `SELECT` of the table reads.

use super::interp::Interp;
use super::place::PortBase;
use super::port::CallSite;
use super::value::{Konst, Taint, Value};
use crate::sql::{self, HOLE, Input};
use crate::symbol::Sym;

impl Interp<'_> {
    /// The text of the statement that a call runs, with [`HOLE`]s: its first argument, or the text in it.
    fn statement_text(&mut self, site: &CallSite) -> Option<String> {
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
        for table in statement.reads {
            let sym = self.member_sym(&sql::folded(table))?;
            let store = self.symbolic(PortBase::Store(sym));
            match &mut tables {
                Some(tables) => {
                    tables.join(&store);
                }
                None => tables = Some(store),
            }
        }
        tables
    }

    /// A statement is run: what it writes goes into its table, and what is read from the receiver afterwards is what it selects.
    pub(super) fn run_statement(&mut self, site: &CallSite) {
        let Some(text) = self.statement_text(site) else {
            return;
        };
        let Some(statement) = sql::read(&text) else {
            return;
        };
        if let (Some(first), Some(name)) = (statement.reads.first(), self.member_sym("name"))
            && !site.this.refs.is_empty()
        {
            let name_of = Value::constant(Konst::Str(sql::folded(first).into()));
            let this = site.this.clone();
            self.store_value(&this, name, name_of, true);
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
