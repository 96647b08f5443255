//! Makes entities of what a reader has found: names, owners and references as a description wants them, and a list of
//! what is lost.

use super::{Column, Found, Table};
use crate::field::{Default, Field, Kind, OnDelete};
use crate::names;
use crate::read::MOST_ENTITIES;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const MOST_FIELDS: usize = 60;
/// What every backend has already, under these names.
const BUILT_IN: &[&str] = &[
    "user",
    "session",
    "refresh_token",
    "audit_event",
    "idempotency_key",
    "migration",
    "schema_migration",
    "prisma_migration",
];
/// Words of columns that hold what nobody should read.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "hash",
    "salt",
    "otp",
    "pin",
];
/// Words of columns that say something about a person.
const PERSONAL: &[&str] = &[
    "email",
    "phone",
    "address",
    "birthday",
    "birthdate",
    "iban",
    "surname",
    "lastname",
    "firstname",
];

struct Entity {
    name: String,
    /// Under this name the format knows it.
    source: String,
    owner: Option<String>,
    fields: Vec<Field>,
    filter: Vec<String>,
    notes: Vec<String>,
}

/// The text of a draft, if there is anything to describe, and all that was lost or assumed.
pub fn draft(found: Found, file: &str, fallback: &str) -> (Option<String>, Vec<String>) {
    let mut notes = found.left;
    let mut kept: Vec<(Table, String)> = Vec::new();
    for table in found.tables {
        match entity_name(&table, &kept, &mut notes) {
            Some(name) => kept.push((table, name)),
            None => continue,
        }
    }
    if kept.len() > MOST_ENTITIES {
        for (table, _) in kept.drain(MOST_ENTITIES..) {
            notes.push(format!(
                "`{}`: there are more than {MOST_ENTITIES} entities",
                table.name
            ));
        }
    }
    // An entity without a field is none, and what referred to it loses its reference.
    let entities = loop {
        let names: BTreeMap<String, String> = kept
            .iter()
            .map(|(table, name)| (table.name.clone(), name.clone()))
            .collect();
        let made: Vec<Entity> = kept
            .iter()
            .map(|(table, name)| entity(table, name, &names))
            .collect();
        match made.iter().position(|entity| entity.fields.is_empty()) {
            None => break made,
            Some(at) => {
                notes.push(format!(
                    "`{}`: none of its fields could be carried over",
                    kept.remove(at).0.name
                ));
            }
        }
    };
    let entities = without_circles(entities);
    for entity in &entities {
        notes.extend(
            entity
                .notes
                .iter()
                .map(|note| format!("`{}`: {note}", entity.source)),
        );
    }
    if entities.is_empty() {
        return (None, notes);
    }
    let name = service_name(found.title.as_deref()).or_else(|| service_name(Some(fallback)));
    (
        Some(print(
            &name.unwrap_or_else(|| "service".to_owned()),
            file,
            &entities,
        )),
        notes,
    )
}

fn entity_name(table: &Table, kept: &[(Table, String)], notes: &mut Vec<String>) -> Option<String> {
    let plain = singular(&snake(&table.name));
    if BUILT_IN.contains(&plain.as_str()) {
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("`{}`", column.name))
            .collect();
        notes.push(format!(
            "`{}`: every backend has its own; left out with {}",
            table.name,
            if columns.is_empty() {
                "all of it".to_owned()
            } else {
                columns.join(", ")
            }
        ));
        return None;
    }
    let taken = |name: &str| {
        !names::is_snake(name)
            || (names::RESERVED.contains(&name) && name != "order")
            || names::TAKEN_ENTITIES.contains(&name)
            || names::OF_EVERY_BACKEND.contains(&names::plural(name).as_str())
            || kept.iter().any(|(_, other)| {
                *other == name
                    || names::plural(other) == names::plural(name)
                    || *other == names::plural(name)
                    || names::plural(other) == name
            })
    };
    let candidates = [
        plain.clone(),
        format!("{plain}_record"),
        format!("{plain}_entry"),
        format!("entity_{plain}"),
    ];
    match candidates.iter().find(|name| !taken(name)) {
        None => {
            notes.push(format!(
                "`{}`: its name could not be carried over",
                table.name
            ));
            None
        }
        Some(name) => {
            if *name != plain {
                notes.push(format!(
                    "`{}`: called `{name}`, since `{plain}` cannot be the name of an entity",
                    table.name
                ));
            }
            Some(name.clone())
        }
    }
}

fn entity(table: &Table, name: &str, names: &BTreeMap<String, String>) -> Entity {
    let mut made = Entity {
        name: name.to_owned(),
        source: table.name.clone(),
        owner: None,
        fields: vec![],
        filter: vec![],
        notes: table.left.clone(),
    };
    for column in &table.columns {
        let plain = snake(&column.name);
        if ["id", "created_at", "updated_at", "version"].contains(&plain.as_str()) {
            continue;
        }
        match field(column, &plain, &mut made, names) {
            Err(why) => made
                .notes
                .push(format!("`{}` is left out: {why}", column.name)),
            Ok(field) if made.fields.iter().any(|other| other.name == field.name) => {
                made.notes.push(format!(
                    "`{}` is left out: there is a `{}` already",
                    column.name, field.name
                ));
            }
            Ok(_) if made.fields.len() == MOST_FIELDS => {
                made.notes.push(format!(
                    "`{}` is left out: there are more than {MOST_FIELDS} fields",
                    column.name
                ));
            }
            Ok(field) => {
                if field.name != plain && format!("{}_id", field.name) != plain {
                    made.notes
                        .push(format!("`{}` is called `{}`", column.name, field.name));
                }
                if let Some(assumed) = &column.assumed {
                    made.notes.push(format!("`{}`: {assumed}", column.name));
                }
                let listed =
                    table.indexed.contains(&column.name) || matches!(field.kind, Kind::Ref(_));
                if listed
                    && !matches!(field.kind, Kind::Timestamp)
                    && made.owner.as_ref() != Some(&field.name)
                {
                    made.filter.push(field.name.clone());
                }
                made.fields.push(field);
            }
        }
    }
    made
}

fn field(
    column: &Column,
    plain: &str,
    entity: &mut Entity,
    names: &BTreeMap<String, String>,
) -> Result<Field, String> {
    let words = || plain.split('_');
    if words().any(|word| SECRETS.contains(&word)) {
        return Err("secrets do not belong into entities; accounts, tokens and keys have places of their own".to_owned());
    }
    let mut kind = column.kind.clone()?;
    let mut name = plain.to_owned();
    if let Kind::Ref(to) = &kind {
        name = plain.strip_suffix("_id").unwrap_or(plain).to_owned();
        if BUILT_IN.first() == Some(&singular(&snake(to)).as_str()) {
            if entity.owner.is_some() || column.optional {
                return Err(
                    "a reference to a user who is not the owner is not built yet".to_owned(),
                );
            }
            entity.owner = Some(name.clone());
            entity
                .notes
                .push(format!("`{}` is taken for the owner", column.name));
            kind = Kind::Ref("user".to_owned());
        } else {
            let to = names
                .get(to)
                .ok_or_else(|| format!("`{to}` is not carried over"))?;
            kind = Kind::Ref(to.clone());
        }
    }
    let reference = matches!(kind, Kind::Ref(_));
    if let Kind::Enum(values) = &kind {
        let (settled, changed) = enum_values(values);
        kind = settled;
        if changed {
            entity.notes.push(format!(
                "`{}`: its values are written as {}",
                column.name,
                crate::field::shown(&kind)
            ));
        }
    }
    if names::TAKEN_FIELDS.contains(&name.as_str())
        || !reference && names::RESERVED.contains(&name.as_str())
    {
        name = format!("{name}_value");
    }
    if !names::is_snake(&name) {
        return Err("its name cannot be the name of a field".to_owned());
    }
    let default = column.default.as_deref().and_then(|value| {
        let read = default_of(&kind, value);
        if read.is_none() {
            entity.notes.push(format!(
                "`{}`: its default `{value}` is not carried over",
                column.name
            ));
        }
        read
    });
    let few = matches!(kind, Kind::Enum(_) | Kind::Bool);
    if column.unique && few {
        entity.notes.push(format!(
            "`{}`: a type of so few values cannot be unique",
            column.name
        ));
    }
    let on_delete = match column.on_delete {
        OnDelete::SetNull if !column.optional => OnDelete::Restrict,
        other if reference => other,
        _ => OnDelete::Restrict,
    };
    let readonly = column.readonly && !reference;
    Ok(Field {
        name,
        name_span: 0..0,
        span: 0..0,
        optional: column.optional || (readonly && default.is_none()),
        unique: column.unique && !few,
        readonly,
        immutable: false,
        pii: !reference && (kind == Kind::Email || words().any(|word| PERSONAL.contains(&word))),
        encrypted: false,
        on_delete,
        default,
        kind,
    })
}

/// Values as a description writes them, and whether that changes any. Too few to choose from are a text.
fn enum_values(values: &[String]) -> (Kind, bool) {
    let mut written: Vec<String> = Vec::new();
    for value in values {
        let plain = snake(value);
        if names::is_snake(&plain) && !written.contains(&plain) {
            written.push(plain);
        }
    }
    let changed = written != values;
    if written.len() < 2 || written.len() != values.len() {
        return (Kind::Text(0, 100), true);
    }
    (Kind::Enum(written), changed)
}

fn default_of(kind: &Kind, value: &str) -> Option<Default> {
    match kind {
        Kind::Bool => match value.to_lowercase().as_str() {
            "true" | "t" | "1" => Some(Default::Bool(true)),
            "false" | "f" | "0" => Some(Default::Bool(false)),
            _ => None,
        },
        Kind::Int(low, high) => value
            .parse()
            .ok()
            .filter(|number| (*low..=*high).contains(number))
            .map(Default::Int),
        // What the other format counts in whole units, this one counts in the smallest.
        Kind::Money(_) => (value.trim_end_matches(['0', '.']).is_empty() && value.starts_with('0'))
            .then_some(Default::Int(0)),
        Kind::Enum(values) => values
            .iter()
            .find(|known| **known == snake(value))
            .map(|known| Default::Text(known.clone())),
        _ => None,
    }
}

/// Leaves out references that would close a circle.
fn without_circles(mut entities: Vec<Entity>) -> Vec<Entity> {
    let mut edges: BTreeSet<(String, String)> = BTreeSet::new();
    for entity in &mut entities {
        let mut lost = Vec::new();
        for field in &entity.fields {
            let Kind::Ref(to) = &field.kind else { continue };
            if to == "user" {
                continue;
            }
            if reaches(&edges, to, &entity.name) {
                lost.push(field.name.clone());
            } else {
                edges.insert((entity.name.clone(), to.clone()));
            }
        }
        for name in lost {
            entity.notes.push(format!("`{name}` is left out: it would close a circle of references, which is not built yet"));
            entity.fields.retain(|field| field.name != name);
            entity.filter.retain(|filter| *filter != name);
        }
    }
    // Whoever has nothing left had nothing but references; nobody refers back to it, as that was the circle.
    entities.retain(|entity| !entity.fields.is_empty());
    entities
}

fn reaches(edges: &BTreeSet<(String, String)>, from: &str, to: &str) -> bool {
    let mut seen = vec![from];
    let mut next = 0;
    while let Some(name) = seen.get(next).copied() {
        next += 1;
        if name == to {
            return true;
        }
        for (_, further) in edges.iter().filter(|(start, _)| start == name) {
            if !seen.contains(&further.as_str()) {
                seen.push(further);
            }
        }
    }
    false
}

fn print(name: &str, file: &str, entities: &[Entity]) -> String {
    let mut text = format!(
        "# Drafted from {file}, which does not say who may do what: admins read, and nobody does anything else until you\n\
         # write it. What is not allowed does not exist.\n\n\
         [app]\nname = \"{name}\"\n\n\
         [auth]\nroles = [\"member\", \"admin\"]\ndefault_role = \"member\"\nadmin_role = \"admin\"\n",
        file = one_line(file),
    );
    for entity in entities {
        let _ = writeln!(text, "\n[entity.{}]", entity.name);
        for note in &entity.notes {
            let _ = writeln!(text, "# {}", one_line(note));
        }
        if let Some(owner) = &entity.owner {
            let _ = writeln!(text, "owner = \"{owner}\"");
        }
        for field in &entity.fields {
            let _ = writeln!(text, "fields.{} = \"{}\"", field.name, field);
        }
        text += "allow.read = \"role:admin\"\n";
        let whose = if entity.owner.is_some() {
            "owner or role:admin"
        } else {
            "role:admin"
        };
        let _ = writeln!(
            text,
            "# allow.create = \"authenticated\"\n# allow.update = \"{whose}\"\n# allow.delete = \"{whose}\""
        );
        let filters: Vec<String> = entity
            .filter
            .iter()
            .map(|filter| format!("\"{filter}\""))
            .collect();
        let _ = writeln!(
            text,
            "list = {{ filter = [{}], sort = [\"created_at\"], max = 100 }}",
            filters.join(", ")
        );
    }
    text
}

/// Nothing of another file ends a comment.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// `My Shop API` as `my-shop-api`, if it is a name of a service.
pub fn service_name(title: Option<&str>) -> Option<String> {
    let name: String = snake(title?).replace('_', "-").chars().take(40).collect();
    let name = name.trim_matches('-').to_owned();
    name.starts_with(|c: char| c.is_ascii_lowercase())
        .then_some(name)
}

/// `OrderItem`, `order-item` and `Order item` as `order_item`.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before: Option<char> = None;
    let letters: Vec<char> = name.chars().collect();
    for (at, c) in letters.iter().copied().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
        } else {
            let lower_before = before.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            let word_begins = before.is_some_and(|b| b.is_ascii_uppercase())
                && letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
            if c.is_ascii_uppercase() && (lower_before || word_begins) && !out.ends_with('_') {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        }
        before = Some(c);
    }
    out.trim_matches('_').to_owned()
}

/// `categories` as `category`.
pub fn singular(name: &str) -> String {
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let es = ["sses", "xes", "zes", "ches", "shes"];
    if es.iter().any(|end| name.ends_with(end)) {
        return name.strip_suffix("es").unwrap_or(name).to_owned();
    }
    let no_plural = ["ss", "us", "is", "news", "series"];
    match name.strip_suffix('s') {
        Some(stem) if !no_plural.iter().any(|end| name.ends_with(end)) && stem.len() > 1 => {
            stem.to_owned()
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_formats() {
        for (theirs, ours) in [
            ("OrderItem", "order_item"),
            ("order-items", "order_items"),
            ("HTTPServer", "http_server"),
            ("userID", "user_id"),
            ("_prisma_migrations", "prisma_migrations"),
            ("Ärger", "rger"),
            ("IN_PROGRESS", "in_progress"),
        ] {
            assert_eq!(snake(theirs), ours);
        }
        for (many, one) in [
            ("categories", "category"),
            ("boxes", "box"),
            ("notes", "note"),
            ("status", "status"),
            ("addresses", "address"),
            ("order", "order"),
        ] {
            assert_eq!(singular(many), one);
        }
        assert_eq!(
            service_name(Some("My Shop API")).as_deref(),
            Some("my-shop-api")
        );
        assert_eq!(service_name(Some("3")), None);
    }

    #[test]
    fn values_of_enums() {
        assert_eq!(
            enum_values(&["DRAFT".into(), "InProgress".into()]),
            (Kind::Enum(vec!["draft".into(), "in_progress".into()]), true)
        );
        assert_eq!(enum_values(&["only".into()]), (Kind::Text(0, 100), true));
    }
}
