//! Reads definitions of tables in SQL: PostgreSQL as people and `pg_dump` write it, and what MySQL and SQLite share.

use super::sqltype::{bounded, kind_of, texts};
use super::{Column, Found, Table};
use crate::field::{Kind, OnDelete};
use casemate_lang_sql::token::{Cursor, Kind as Piece, Token, split, statements};
use std::collections::BTreeMap;

/// Words that a type goes on with.
const MORE_TYPE: &[&str] = &[
    "varying",
    "precision",
    "with",
    "without",
    "time",
    "zone",
    "unsigned",
    "zerofill",
    "local",
];

/// Reads all statements.
pub fn read(text: &str) -> Found {
    let mut found = Found::default();
    let mut types = BTreeMap::new();
    let mut passed: BTreeMap<String, usize> = BTreeMap::new();
    let all = statements(text);
    // Types may be named before and after they are made.
    for statement in &all {
        let mut at = Cursor::new(statement);
        if at.words(&["create", "type"]) {
            let name = at.last_name();
            if at.words(&["as", "enum"]) {
                types.insert(name, texts(at.brackets().unwrap_or_default()));
            }
        }
    }
    for statement in &all {
        statement_of(&mut found, &types, &mut passed, statement);
    }
    for (kind, number) in passed {
        found.left.push(format!("{number} × {kind}"));
    }
    found
}

fn statement_of(
    found: &mut Found,
    types: &BTreeMap<String, Vec<String>>,
    passed: &mut BTreeMap<String, usize>,
    statement: &[Token],
) {
    let mut at = Cursor::new(statement);
    if at.word("create") {
        while [
            "or",
            "replace",
            "global",
            "local",
            "temp",
            "temporary",
            "unlogged",
        ]
        .iter()
        .any(|word| at.word(word))
        {}
        if at.word("table") {
            at.words(&["if", "not", "exists"]);
            let name = at.last_name();
            if let Some(inner) = at.brackets() {
                found.tables.push(table(name, inner, types));
            } else {
                found.left.push(format!(
                    "`{name}`: a table that is made of a query or another table"
                ));
            }
            return;
        }
        let unique = at.word("unique");
        if at.word("index") {
            index(found, &mut at, unique);
            return;
        }
        if [
            "type",
            "sequence",
            "extension",
            "schema",
            "database",
            "role",
            "user",
        ]
        .iter()
        .any(|word| at.word(word))
        {
            return;
        }
        let kind = if at.word("materialized") {
            "view".to_owned()
        } else {
            at.last_name()
        };
        *passed.entry(format!("create {kind}")).or_default() += 1;
    } else if at.words(&["alter", "table"]) {
        at.words(&["if", "exists"]);
        at.word("only");
        let name = at.last_name();
        let actions = split(at.left);
        for action in actions {
            alter(found, &name, action, types, passed);
        }
    } else if at.words(&["drop", "table"]) {
        at.words(&["if", "exists"]);
        let name = at.last_name();
        found.tables.retain(|table| table.name != name);
    } else if let Some(word) = ["grant", "revoke", "insert", "copy"]
        .iter()
        .find(|word| at.word(word))
    {
        *passed.entry((*word).to_owned()).or_default() += 1;
    }
}

fn index(found: &mut Found, at: &mut Cursor<'_>, unique: bool) {
    at.word("concurrently");
    at.words(&["if", "not", "exists"]);
    if !at.peek_any(&["on"]) {
        at.last_name();
    }
    at.word("on");
    at.word("only");
    let name = at.last_name();
    if at.word("using") {
        at.last_name();
    }
    let columns: Vec<&[Token]> = at.brackets().map(split).unwrap_or_default();
    let partial = at.peek_any(&["where"]);
    let Some(table) = found.tables.iter_mut().find(|table| table.name == name) else {
        return;
    };
    let plain: Vec<String> = columns
        .iter()
        .filter_map(|column| match column {
            [name] => name.word(),
            [name, order] if order.is_word("asc") || order.is_word("desc") => name.word(),
            _ => None,
        })
        .collect();
    match (plain.as_slice(), columns.len(), unique) {
        ([name], 1, true) if !partial => unique_column(table, std::slice::from_ref(name)),
        ([name], 1, false) => table.indexed.push(name.clone()),
        _ => table.left.push(format!(
            "{} over {}",
            if unique { "a unique index" } else { "an index" },
            if plain.is_empty() {
                "an expression".to_owned()
            } else {
                plain.join(", ")
            }
        )),
    }
}

fn alter(
    found: &mut Found,
    name: &str,
    action: &[Token],
    types: &BTreeMap<String, Vec<String>>,
    passed: &mut BTreeMap<String, usize>,
) {
    let Some(table) = found.tables.iter_mut().find(|table| table.name == name) else {
        return;
    };
    let mut at = Cursor::new(action);
    if at.word("add") {
        if at.peek_any(&["constraint", "foreign", "primary", "unique", "check"]) {
            constraint(table, &mut at);
        } else {
            at.word("column");
            at.words(&["if", "not", "exists"]);
            column(table, at.left, types);
        }
    } else if at.word("drop") {
        if at.peek_any(&["constraint"]) {
            table.left.push("a constraint is dropped again".to_owned());
            return;
        }
        at.word("column");
        at.words(&["if", "exists"]);
        let column = at.last_name();
        table.columns.retain(|other| other.name != column);
    } else if at.word("alter") {
        at.word("column");
        let column = at.last_name();
        let Some(column) = table.column(&column) else {
            return;
        };
        if at.words(&["set", "not", "null"]) {
            column.optional = false;
        } else if at.words(&["drop", "not", "null"]) {
            column.optional = true;
        } else if at.words(&["set", "default"]) {
            column.default = literal(&mut at);
        } else if !at.words(&["add", "generated"]) {
            let told = format!("`{}` is changed again", column.name);
            table.left.push(told);
        }
    } else if at.peek_any(&["enable", "force"]) {
        *passed.entry("row level security".to_owned()).or_default() += 1;
    } else if !at.peek_any(&["owner", "set", "cluster", "replica", "attach"]) {
        table.left.push(format!("alter table … {}", at.last_name()));
    }
}

fn table(name: String, inner: &[Token], types: &BTreeMap<String, Vec<String>>) -> Table {
    let mut table = Table {
        name,
        ..Table::default()
    };
    for part in split(inner) {
        let mut at = Cursor::new(part);
        if at.peek_any(&[
            "constraint",
            "primary",
            "unique",
            "foreign",
            "check",
            "exclude",
            "like",
        ]) {
            constraint(&mut table, &mut at);
        } else if at.peek_any(&["key", "index", "fulltext", "spatial"]) && !matches!(part, [_, _]) {
            while !at.left.is_empty() && at.peek_brackets().is_none() {
                at.pass();
            }
            if let Some([name]) = at.brackets() {
                table.indexed.extend(name.word());
            }
        } else {
            column(&mut table, part, types);
        }
    }
    table
}

fn column(table: &mut Table, part: &[Token], types: &BTreeMap<String, Vec<String>>) {
    let mut at = Cursor::new(part);
    let name = at.last_name();
    if name.is_empty() {
        return;
    }
    let mut words = vec![at.last_name()];
    let mut arguments: &[Token] = &[];
    loop {
        if let Some(inner) = at.brackets() {
            arguments = inner;
        } else if at.peek_any(MORE_TYPE) {
            words.push(at.last_name());
        } else {
            break;
        }
    }
    let array = at.sign('[') || at.word("array");
    if array {
        if matches!(at.peek(), Some(Piece::Number(_))) {
            at.pass();
        }
        at.sign(']');
    }
    let base = words.first().cloned().unwrap_or_default();
    let (kind, assumed) = match types.get(&base) {
        _ if array => (
            Err("lists are not built yet; make an entity of their items".to_owned()),
            None,
        ),
        Some(values) => (Ok(Kind::Enum(values.clone())), None),
        None => kind_of(&name, &base, arguments),
    };
    let mut made = Column {
        assumed,
        optional: true,
        ..Column::new(&name, kind)
    };
    while !at.left.is_empty() {
        if at.words(&["not", "null"]) {
            made.optional = false;
        } else if at.word("default") {
            made.default = literal(&mut at);
        } else if at.words(&["primary", "key"]) {
            made.optional = false;
            if name != "id" {
                table.left.push(format!(
                    "`{name}` was the primary key; every entity has an `id`"
                ));
            }
        } else if at.word("unique") {
            made.unique = true;
        } else if at.word("references") {
            let to = at.last_name();
            at.brackets();
            made.kind = Ok(Kind::Ref(to));
            made.assumed = None;
            made.on_delete = on_delete(&mut at);
        } else if at.word("check") {
            let inner = at.brackets().unwrap_or_default();
            if !bounded(&mut made, inner) {
                table.left.push(format!("a check on `{name}`"));
            }
        } else if at.word("generated") {
            if at.words(&["always", "as"]) && at.brackets().is_some() {
                made.kind = Err("it is computed".to_owned());
            }
        } else {
            at.pass();
        }
    }
    table.columns.push(made);
}

fn constraint(table: &mut Table, at: &mut Cursor<'_>) {
    if at.word("constraint") && !at.peek_any(&["primary", "unique", "foreign", "check", "exclude"])
    {
        at.last_name();
    }
    if at.words(&["primary", "key"]) {
        let keys = plain_names(at.brackets().unwrap_or_default());
        if keys.len() > 1 {
            table.left.push(format!(
                "the primary key was {}; every entity has an `id`",
                keys.join(", ")
            ));
        }
        for key in &keys {
            if let Some(column) = table.column(key) {
                column.optional = false;
            }
        }
    } else if at.word("unique") {
        while !at.left.is_empty() && at.peek_brackets().is_none() {
            at.pass();
        }
        let names = plain_names(at.brackets().unwrap_or_default());
        unique_column(table, &names);
    } else if at.words(&["foreign", "key"]) {
        while !at.left.is_empty() && at.peek_brackets().is_none() {
            at.pass();
        }
        let names = plain_names(at.brackets().unwrap_or_default());
        at.word("references");
        let to = at.last_name();
        at.brackets();
        let deleted = on_delete(at);
        match names.as_slice() {
            [name] => {
                if let Some(column) = table.column(name) {
                    column.kind = Ok(Kind::Ref(to));
                    column.assumed = None;
                    column.on_delete = deleted;
                }
            }
            _ => table
                .left
                .push(format!("a reference to `{to}` by {}", names.join(", "))),
        }
    } else if at.word("check") {
        let inner = at.brackets().unwrap_or_default();
        let names: Vec<String> = table
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let mut named = names
            .iter()
            .filter(|name| inner.iter().any(|token| token.is_word(name)));
        let told = match (named.next(), named.next()) {
            (Some(name), None) => table
                .column(name)
                .is_some_and(|column| bounded(column, inner)),
            _ => false,
        };
        if !told {
            table.left.push("a check".to_owned());
        }
    } else {
        table.left.push(format!("a constraint: {}", at.last_name()));
    }
}

fn unique_column(table: &mut Table, names: &[String]) {
    match names {
        [name] => {
            if let Some(column) = table.column(name) {
                column.unique = true;
            }
        }
        _ => table
            .left
            .push(format!("{} are unique together", names.join(", "))),
    }
}

fn on_delete(at: &mut Cursor<'_>) -> OnDelete {
    let mut found = OnDelete::Restrict;
    while at.word("on") {
        let deleted = at.word("delete");
        if !deleted {
            at.word("update");
        }
        let action = if at.word("cascade") {
            OnDelete::Cascade
        } else if at.words(&["set", "null"]) {
            OnDelete::SetNull
        } else {
            if !at.word("restrict") && !at.words(&["no", "action"]) {
                at.words(&["set", "default"]);
            }
            OnDelete::Restrict
        };
        if deleted {
            found = action;
        }
    }
    found
}

/// A literal; expressions are none that could be carried over, and `null` says nothing.
fn literal(at: &mut Cursor<'_>) -> Option<String> {
    let negative = at.sign('-');
    let value = match at.peek()? {
        Piece::Text(text) | Piece::Number(text) => text.clone(),
        Piece::Word(word) if word == "null" => {
            at.pass();
            return None;
        }
        Piece::Word(word) => format!(
            "{word}{}",
            if at.left.get(1).is_some_and(|t| t.kind == Piece::Sign('(')) {
                "()"
            } else {
                ""
            }
        ),
        Piece::Sign(_) => {
            at.brackets();
            return Some("an expression".to_owned());
        }
    };
    at.pass();
    at.brackets();
    while at.sign(':') {
        at.sign(':');
        at.last_name();
        at.word("varying");
        at.brackets();
    }
    // What stands on its own anyway: ids and moments are set by the service.
    let own = [
        "now()",
        "current_timestamp",
        "current_timestamp()",
        "gen_random_uuid()",
        "uuid_generate_v4()",
        "nextval()",
    ];
    (!own.contains(&value.as_str())).then(|| if negative { format!("-{value}") } else { value })
}

fn plain_names(tokens: &[Token]) -> Vec<String> {
    split(tokens)
        .into_iter()
        .filter_map(|part| part.first().and_then(Token::word))
        .collect()
}
