//! Reads a schema of Prisma: models and enums, line by line.

use super::{Column, Found, Table, decimal_of, text_of};
use crate::field::{Kind, OnDelete, SAFE_INT};
use std::collections::{BTreeMap, BTreeSet};

/// Reads all blocks.
pub fn read(text: &str) -> Found {
    let mut found = Found::default();
    let blocks = blocks(text);
    let enums: BTreeMap<&str, Vec<String>> = blocks
        .iter()
        .filter(|block| block.word == "enum")
        .map(|block| {
            let values = block.lines.iter().filter(|line| !line.starts_with('@'));
            let values = values
                .filter_map(|line| line.split_whitespace().next())
                .map(str::to_owned);
            (block.name, values.collect())
        })
        .collect();
    let models: BTreeSet<&str> = blocks
        .iter()
        .filter(|block| block.word == "model")
        .map(|block| block.name)
        .collect();
    for block in &blocks {
        match block.word {
            "model" => found.tables.push(model(block, &enums, &models)),
            "enum" | "generator" | "datasource" => {}
            other => found.left.push(format!("{other} `{}`", block.name)),
        }
    }
    found
}

/// `model Note { … }`.
struct Block<'a> {
    word: &'a str,
    name: &'a str,
    lines: Vec<&'a str>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut all = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in text.lines() {
        let line = without_comment(line).trim();
        match &mut open {
            None => {
                let mut words = line.trim_end_matches('{').split_whitespace();
                if let (true, Some(word), Some(name)) =
                    (line.ends_with('{'), words.next(), words.next())
                {
                    open = Some(Block {
                        word,
                        name,
                        lines: vec![],
                    });
                }
            }
            Some(_) if line == "}" => all.extend(open.take()),
            Some(block) if !line.is_empty() => block.lines.push(line),
            Some(_) => {}
        }
    }
    all
}

/// A line up to `//` outside of quotes.
fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match c {
            '"' if before != '\\' => quoted = !quoted,
            '/' if before == '/' && !quoted => return line.get(..at - 1).unwrap_or_default(),
            _ => {}
        }
        before = c;
    }
    line
}

fn model(block: &Block<'_>, enums: &BTreeMap<&str, Vec<String>>, models: &BTreeSet<&str>) -> Table {
    let mut table = Table {
        name: block.name.to_owned(),
        ..Table::default()
    };
    let mut relations = Vec::new();
    for line in &block.lines {
        if let Some(attribute) = line.strip_prefix("@@") {
            of_model(&mut table, attribute);
            continue;
        }
        let mut words = line.split_whitespace();
        let (Some(name), Some(kind)) = (words.next(), words.next()) else {
            continue;
        };
        let base = kind.trim_end_matches(['?', '!']).trim_end_matches("[]");
        if models.contains(base) {
            if !kind.ends_with("[]")
                && let Some(relation) = argument(line, "@relation")
            {
                relations.push((base.to_owned(), relation.to_owned()));
            }
            continue;
        }
        let (found, assumed) = if kind.ends_with("[]") {
            (
                Err("lists are not built yet; make an entity of their items".to_owned()),
                None,
            )
        } else if let Some(values) = enums.get(base) {
            (Ok(Kind::Enum(values.clone())), None)
        } else {
            kind_of(name, base, line)
        };
        if line.contains("@id") && name != "id" {
            table
                .left
                .push(format!("`{name}` was the id; every entity has an `id`"));
        }
        table.columns.push(Column {
            optional: kind.ends_with('?'),
            unique: attribute(line, "@unique"),
            default: argument(line, "@default").and_then(literal),
            assumed,
            ..Column::new(name, found)
        });
    }
    for (to, relation) in relations {
        let fields = list(&relation, "fields:");
        let deleted = match named(&relation, "onDelete:") {
            Some("Cascade") => OnDelete::Cascade,
            Some("SetNull") => OnDelete::SetNull,
            _ => OnDelete::Restrict,
        };
        match fields.as_slice() {
            [name] => {
                if let Some(column) = table.column(name) {
                    column.kind = Ok(Kind::Ref(to));
                    column.assumed = None;
                    column.on_delete = deleted;
                }
            }
            [] => {}
            several => table
                .left
                .push(format!("a reference to `{to}` by {}", several.join(", "))),
        }
    }
    table
}

fn of_model(table: &mut Table, attribute: &str) {
    let names = list(attribute, "[")
        .into_iter()
        .map(|name| name.split('(').next().unwrap_or_default().to_owned())
        .collect::<Vec<_>>();
    match (
        attribute.split(['(', ' ']).next().unwrap_or_default(),
        names.as_slice(),
    ) {
        ("index", [name]) => table.indexed.push(name.clone()),
        ("index", several) => table
            .left
            .push(format!("an index over {}", several.join(", "))),
        ("unique", [name]) => {
            if let Some(column) = table.column(name) {
                column.unique = true;
            }
        }
        ("unique", several) => table
            .left
            .push(format!("{} are unique together", several.join(", "))),
        ("id", several) => table.left.push(format!(
            "the id was {}; every entity has an `id`",
            several.join(", ")
        )),
        ("map" | "schema", _) => {}
        (other, _) => table.left.push(format!("@@{other}")),
    }
}

fn kind_of(name: &str, base: &str, line: &str) -> (Result<Kind, String>, Option<String>) {
    let number = |attribute: &str| {
        argument(line, attribute).and_then(|text| text.trim().parse::<u64>().ok())
    };
    match base {
        "String"
            if super::settle::snake(name)
                .split('_')
                .any(|word| word == "email") =>
        {
            (Ok(Kind::Email), None)
        }
        "String" if attribute(line, "@db.Date") => (Ok(Kind::Date), None),
        "String" => {
            let (kind, assumed) = text_of(number("@db.VarChar").or_else(|| number("@db.Char")));
            (Ok(kind), assumed)
        }
        "Boolean" => (Ok(Kind::Bool), None),
        "Int" => (Ok(Kind::Int(-SAFE_INT, SAFE_INT)), None),
        "BigInt" => (
            Ok(Kind::Int(-SAFE_INT, SAFE_INT)),
            Some(format!("numbers above {SAFE_INT} are not built yet")),
        ),
        "Float" | "Decimal" => decimal_of(name),
        "DateTime" if line.contains("@db.Date") && !line.contains("@db.DateTime") => {
            (Ok(Kind::Date), None)
        }
        "DateTime" => (Ok(Kind::Timestamp), None),
        "Json" => (
            Err("documents of any shape are not built; write their fields".to_owned()),
            None,
        ),
        "Bytes" => (
            Err("files are not fields; write `upload` in the entity".to_owned()),
            None,
        ),
        other => (Err(format!("the type `{other}` is not built")), None),
    }
}

/// A literal; functions are none, except those that every entity has of itself.
fn literal(text: &str) -> Option<String> {
    let text = text.trim();
    let own = [
        "now()",
        "uuid(",
        "cuid(",
        "autoincrement()",
        "nanoid(",
        "ulid(",
        "dbgenerated(",
    ];
    (!own.iter().any(|start| text.starts_with(start))).then(|| text.trim_matches('"').to_owned())
}

/// Whether a line has this attribute, whole.
fn attribute(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        line.get(at + name.len()..)
            .unwrap_or_default()
            .chars()
            .next()
            .is_none_or(|c| !c.is_alphanumeric() && c != '.')
    })
}

/// What stands in the brackets behind an attribute.
fn argument<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let rest = line.get(line.find(&format!("{name}("))? + name.len() + 1..)?;
    let mut depth = 1;
    for (at, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return rest.get(..at);
        }
    }
    None
}

/// `a, b` of `fields: [a, b]`.
fn list(text: &str, start: &str) -> Vec<String> {
    let behind = text
        .find(start)
        .and_then(|at| text.get(at..))
        .unwrap_or_default();
    let inner = behind
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(inner, _)| inner);
    inner
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn named<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(name)?;
    rest.trim_start().split([',', ')', ' ']).next()
}
