//! Reads `[entity.*]`.

use super::table::{Entry, Problems, Table, kind_of};
use super::{MOST_ENTITIES, amounts, upload};
use crate::access::{Rule, parse};
use crate::description::{Allow, Create, Entity, List, Retention};
use crate::field::{self, Field};
use crate::names;

/// What names are made of.
const NAME: &str = "up to 40 lower case letters, digits and `_`, beginning with a letter";
/// Most fields of one entity.
const MOST_FIELDS: usize = 60;

/// All entities in the order of the text.
pub fn entities(root: &Table<'_, '_>) -> Vec<Entity> {
    let tenants = root.entries().iter().any(|entry| entry.key == "tenant");
    let Some(table) = root.table("entity") else {
        root.problems().add(
            &(0..0),
            "there is no entity",
            "write `[entity.note]` and `fields.title = \"text(1..120)\"`",
        );
        return vec![];
    };
    let entries = table.entries();
    if entries.len() > MOST_ENTITIES {
        root.problems().add(
            &table.span(),
            format!("there are more than {MOST_ENTITIES} entities"),
            "split the service",
        );
        return vec![];
    }
    entries
        .iter()
        .filter_map(|entry| entity(entry, tenants, root.problems()))
        .collect()
}

fn entity<'a>(entry: &Entry<'a>, tenants: bool, problems: &Problems<'_>) -> Option<Entity> {
    let name = entry.key;
    if !names::is_snake(name) {
        problems.add(
            &entry.key_span,
            format!("`{name}` cannot be the name of an entity"),
            format!("use {NAME}, in the singular"),
        );
    } else if names::RESERVED.contains(&name) && name != "order" {
        problems.add(
            &entry.key_span,
            format!("`{name}` is a word of SQL or TypeScript"),
            "choose another name",
        );
    } else if names::TAKEN_ENTITIES.contains(&name) {
        problems.add(
            &entry.key_span,
            format!("`{name}` is already something in every backend"),
            "choose another name",
        );
    }
    let Some(inner) = entry.value.as_table() else {
        problems.add(
            &entry.span,
            format!("`entity.{name}` is {}, not a table", kind_of(entry.value)),
            format!("write `[entity.{name}]`"),
        );
        return None;
    };
    let table = Table::new(
        format!("entity.{name}"),
        entry.key_span.clone(),
        inner,
        problems,
    );
    let plural = table.text("plural");
    if let Some((plural, span)) = &plural
        && (!names::is_snake(plural) || names::RESERVED.contains(plural))
    {
        problems.add(
            span,
            format!("`{plural}` cannot be a plural"),
            "use lower case letters, digits and `_`",
        );
    }
    let fields = fields(&table, name);
    let owner = table.text("owner");
    if let Some((owner, span)) = &owner {
        let found = fields.iter().find(|field| field.name == *owner);
        match found.map(|field| (&field.kind, field.optional)) {
            Some((field::Kind::Ref(to), false)) if to == "user" => {}
            Some(_) => problems.add(
                span,
                format!("`{owner}` does not name a user"),
                format!("write `fields.{owner} = \"ref(user)\"`, not optional"),
            ),
            None => problems.add(
                span,
                format!("`{name}` has no field `{owner}`"),
                format!("write `fields.{owner} = \"ref(user)\"`"),
            ),
        }
    }
    let tenant = table.bool("tenant");
    if tenant == Some(true) && !tenants {
        problems.add(
            &table.span(),
            "there is no `[tenant]`",
            "write `[tenant]` and `name = \"workspace\"`, or leave `tenant` out",
        );
    }
    let read = Entity {
        name: name.to_owned(),
        span: entry.key_span.clone(),
        plural: plural.map_or_else(|| names::plural(name), |(plural, _)| plural.to_owned()),
        tenant: tenant.unwrap_or(tenants),
        owner: owner.map(|(owner, _)| owner.to_owned()),
        fields,
        allow: allow(&table),
        list: list(&table),
        create: create(&table),
        retention: retention(&table),
        cache: cache(&table),
        live: table.bool("live").unwrap_or_default(),
        upload: upload::upload(&table),
    };
    creation_exists(&table, name);
    for (key, instead) in [
        ("soft_delete", "leave it out"),
        ("job", "write `[job.name]`"),
    ] {
        table.later(key, instead);
    }
    table.end();
    Some(read)
}

fn fields(table: &Table<'_, '_>, entity: &str) -> Vec<Field> {
    let problems = table.problems();
    let Some(inner) = table.table("fields") else {
        problems.add(
            &table.span(),
            format!("`{entity}` has no field"),
            "write `fields.title = \"text(1..120)\"`",
        );
        return vec![];
    };
    let entries = inner.entries();
    if entries.len() > MOST_FIELDS {
        problems.add(
            &inner.span(),
            format!("`{entity}` has more than {MOST_FIELDS} fields"),
            "split the entity",
        );
        return vec![];
    }
    entries
        .iter()
        .filter_map(|entry| {
            let name = entry.key;
            if !names::is_snake(name) {
                problems.add(
                    &entry.key_span,
                    format!("`{name}` cannot be the name of a field"),
                    format!("use {NAME}"),
                );
            } else if names::TAKEN_FIELDS.contains(&name) {
                problems.add(
                    &entry.key_span,
                    format!("`{name}` is a field of every entity"),
                    "leave it out, or choose another name",
                );
            } else if names::RESERVED.contains(&name)
                && !entry.value.as_str().is_some_and(|t| t.starts_with("ref("))
            {
                problems.add(
                    &entry.key_span,
                    format!("`{name}` is a word of SQL or TypeScript"),
                    "choose another name",
                );
            }
            let Some(text) = entry.value.as_str() else {
                problems.add(
                    &entry.span,
                    format!("`{name}` is {}, not a type in quotes", kind_of(entry.value)),
                    "write a type such as `\"text(200)\"`",
                );
                return None;
            };
            match field::parse(name, text) {
                Ok(field) => Some(Field {
                    name_span: entry.key_span.clone(),
                    span: entry.span.clone(),
                    ..field
                }),
                Err(mistake) => {
                    problems.add(
                        &entry.span,
                        mistake.message,
                        mistake.help.unwrap_or_default(),
                    );
                    None
                }
            }
        })
        .collect()
}

fn allow(table: &Table<'_, '_>) -> Allow {
    let Some(inner) = table.table("allow") else {
        return Allow::default();
    };
    let named = |key: &'static str| {
        inner
            .text(key)
            .and_then(|(text, span)| rule(text, span, inner.problems()))
    };
    let mut allow = Allow {
        create: named("create"),
        read: named("read"),
        update: named("update"),
        delete: named("delete"),
        set: vec![],
    };
    if let Some(set) = inner.table("set") {
        for entry in set.entries() {
            match entry.value.as_str() {
                Some(text) => match rule(text, entry.span.clone(), inner.problems()) {
                    Some(rule) => allow.set.push((entry.key.to_owned(), rule)),
                    None if text.trim() == "never" => {
                        inner.problems().add(
                            &entry.span,
                            format!("`{}` could never be set", entry.key),
                            "mark the field `readonly` instead",
                        );
                    }
                    None => {}
                },
                None => inner.problems().add(
                    &entry.span,
                    "this is no rule",
                    "write a rule in quotes, as in `\"role:admin\"`",
                ),
            }
        }
    }
    inner.end();
    allow
}

fn rule(text: &str, span: std::ops::Range<usize>, problems: &Problems<'_>) -> Option<Rule> {
    match parse::parse(text) {
        Ok(formula) => formula.map(|formula| Rule {
            formula,
            text: text.to_owned(),
            span,
        }),
        Err(mistake) => {
            // One for the quote; rules with escapes are pointed at by their start.
            let plain = span.len() == text.len() + 2;
            let at = if plain {
                span.start + 1 + mistake.at.start..span.start + 1 + mistake.at.end
            } else {
                span
            };
            problems.add(&at, mistake.message, mistake.help.unwrap_or_default());
            None
        }
    }
}

fn list(table: &Table<'_, '_>) -> List {
    let fallback = || vec!["created_at".to_owned()];
    let Some(inner) = table.table("list") else {
        return List {
            filter: vec![],
            sort: fallback(),
            max: 100,
        };
    };
    let names = |key: &'static str| {
        inner
            .distinct(key)
            .map(|texts| texts.into_iter().map(|(text, _)| text.to_owned()).collect())
    };
    let filter: Vec<String> = names("filter").unwrap_or_default();
    let sort: Vec<String> = names("sort").unwrap_or_else(fallback);
    let max = inner.number("max").map_or(100, |(max, span)| {
        u32::try_from(max)
            .ok()
            .filter(|max| (1..=1000).contains(max))
            .unwrap_or_else(|| {
                inner.problems().add(
                    &span,
                    "a page has between 1 and 1000 rows",
                    "write `max = 100`",
                );
                100
            })
    });
    if sort.is_empty() {
        inner.problems().add(
            &inner.span(),
            "a list needs an order",
            "write `sort = [\"created_at\"]`",
        );
    }
    inner.end();
    List { filter, sort, max }
}

fn retention(table: &Table<'_, '_>) -> Option<Retention> {
    const LEAST: u64 = 86_400;
    const MOST: u64 = 100 * 366 * 86_400;
    let (text, span) = table.text("retention")?;
    match amounts::duration(text) {
        Some(seconds) if (LEAST..=MOST).contains(&seconds) => Some(Retention { seconds, span }),
        _ => {
            table.problems().add(
                &span,
                format!("`{text}` is no time to keep rows"),
                "write between `1d` and `36600d`",
            );
            None
        }
    }
}

fn cache(table: &Table<'_, '_>) -> Option<(u64, std::ops::Range<usize>)> {
    const MOST: u64 = 3_600;
    let (text, span) = table.text("cache")?;
    match amounts::duration(text) {
        Some(seconds) if seconds <= MOST => Some((seconds, span)),
        _ => {
            table.problems().add(
                &span,
                format!("`{text}` is no time to keep answers"),
                "write between `1s` and `1h`",
            );
            None
        }
    }
}

/// What is said of creations is said of some.
fn creation_exists(table: &Table<'_, '_>, entity: &str) {
    let entries = table.entries();
    let find = |key: &str| entries.iter().find(|entry| entry.key == key);
    let allowed = find("allow")
        .and_then(|allow| allow.value.as_table())
        .is_some_and(|allow| allow.contains_key("create"));
    if let Some(create) = find("create").filter(|_| !allowed) {
        table.problems().add(
            &create.key_span,
            format!("nobody may create a `{entity}`"),
            "write `allow.create`, or leave `create` out",
        );
    }
}

fn create(table: &Table<'_, '_>) -> Create {
    let Some(inner) = table.table("create") else {
        return Create::default();
    };
    let rate = inner.text("rate").and_then(|(text, span)| {
        let rate = amounts::rate(text);
        if rate.is_none() {
            inner.problems().add(
                &span,
                format!("`{text}` is no rate"),
                "write `30/min`; units are s, min, h and d",
            );
        }
        rate
    });
    let create = Create {
        idempotent: inner.bool("idempotent").unwrap_or(false),
        rate,
    };
    inner.end();
    create
}
