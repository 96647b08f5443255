//! What is well-formed but means no backend: names that lead nowhere, rules that contradict each other.

mod allow;

use crate::description::{Description, Entity};
use crate::field::{Kind, OnDelete};
use crate::names;
use crate::problem::{Problem, near};
use crate::read::table::Problems;
use std::collections::BTreeMap;

/// Finds all contradictions.
pub fn check(description: &Description, text: &str) -> Result<(), Vec<Problem>> {
    let problems = Problems::new(text);
    one_name_one_thing(description, &problems);
    for entity in &description.entities {
        references(description, entity, &problems);
        lists(entity, &problems);
        allow::rules(description, entity, &problems);
        uploads(entity, &problems);
        retention(description, entity, &problems);
        cached(entity, &problems);
    }
    events(description, &problems);
    cycles(description, &problems);
    let found = problems.into_sorted();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn one_name_one_thing(description: &Description, problems: &Problems<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for taken in names::OF_EVERY_BACKEND {
        seen.insert(taken, "every backend");
    }
    if description.next {
        for taken in ["sign_in", "register", "confirm", "forgot", "reset", "sent"] {
            seen.insert(taken, "the pages");
        }
    }
    if let Some(tenant) = &description.tenant {
        seen.insert(&tenant.name, "the tenant");
        seen.insert(&tenant.plural, "the tenant");
    }
    let files: Vec<(String, &Entity)> = description
        .entities
        .iter()
        .filter(|entity| entity.upload.is_some())
        .map(|entity| (format!("{}_files", entity.name), entity))
        .collect();
    for (name, entity) in &files {
        seen.insert(name, &entity.name);
    }
    for entity in &description.entities {
        for name in [&entity.name, &entity.plural] {
            if let Some(other) = seen.insert(name, &entity.name) {
                problems.add(
                    &entity.span,
                    format!("`{name}` is already the name of something of {other}"),
                    "choose another name, or set `plural`",
                );
            }
        }
    }
}

fn references(description: &Description, entity: &Entity, problems: &Problems<'_>) {
    for field in &entity.fields {
        let Kind::Ref(to) = &field.kind else { continue };
        let column = format!("{}_id", field.name);
        if entity.field(&column).is_some() {
            problems.add(
                &field.name_span,
                format!("`{}` and `{column}` would be the same column", field.name),
                "rename one",
            );
        }
        if description
            .tenant
            .as_ref()
            .is_some_and(|tenant| tenant.name == field.name)
        {
            problems.add(
                &field.name_span,
                format!("`{}` is the tenant, which every row has", field.name),
                "leave it out",
            );
        }
        if to == "user" {
            if entity.owner.as_deref() != Some(&field.name) && !field.readonly {
                problems.add(
                    &field.span,
                    format!(
                        "`{}` refers to a user who is not the owner; this is not built yet",
                        field.name
                    ),
                    format!("write `owner = \"{}\"`, or use a text", field.name),
                );
            }
            continue;
        }
        match description.entities.iter().find(|other| other.name == *to) {
            None => {
                let known = description
                    .entities
                    .iter()
                    .map(|e| e.name.as_str())
                    .chain(["user"]);
                let help = near(to, known).map_or_else(
                    || format!("write `[entity.{to}]`"),
                    |meant| format!("did you mean `{meant}`?"),
                );
                problems.add(&field.span, format!("there is no entity `{to}`"), help);
            }
            Some(other) if other.allow.read.is_none() => {
                problems.add(
                    &field.span,
                    format!("nobody may read `{to}`, so nobody could refer to one"),
                    format!("write `allow.read` in `[entity.{to}]`"),
                );
            }
            Some(other) if other.tenant && !entity.tenant => {
                problems.add(
                    &field.span,
                    format!("`{to}` belongs to a tenant and `{}` to none", entity.name),
                    "give both the same `tenant`",
                );
            }
            Some(_) if field.readonly => {
                problems.add(
                    &field.span,
                    "a `readonly` reference to an entity is not built yet",
                    "write `immutable`",
                );
            }
            Some(_) => {}
        }
    }
    if let Some(owner) = entity
        .owner
        .as_deref()
        .and_then(|owner| entity.field(owner))
        && (owner.readonly || owner.immutable)
    {
        problems.add(
            &owner.span,
            "the owner is set by the service and never changes",
            "leave `readonly` and `immutable` out",
        );
    }
}

fn lists(entity: &Entity, problems: &Problems<'_>) {
    for name in &entity.list.filter {
        match entity.field(name) {
            None => problems.add(
                &entity.span,
                format!("`{}` has no field `{name}` to filter by", entity.name),
                known_fields(entity, name),
            ),
            Some(field) if field.encrypted || matches!(field.kind, Kind::Timestamp) => {
                problems.add(
                    &field.span,
                    format!("lists cannot be filtered by `{name}`"),
                    "leave it out of `list.filter`",
                );
            }
            Some(_) => {}
        }
    }
    for name in &entity.list.sort {
        match entity.field(name) {
            None if ["created_at", "updated_at"].contains(&name.as_str()) => {}
            None => problems.add(
                &entity.span,
                format!("`{}` has no field `{name}` to sort by", entity.name),
                known_fields(entity, name),
            ),
            Some(field)
                if field.encrypted
                    || field.optional
                    || matches!(field.kind, Kind::Ref(_) | Kind::Bool) =>
            {
                problems.add(
                    &field.span,
                    format!("lists cannot be sorted by `{name}`"),
                    "sort by fields that are not optional, encrypted, `bool` or `ref`",
                );
            }
            Some(field) if matches!(field.kind, Kind::Text(_, high) if high > 500) => {
                problems.add(
                    &field.span,
                    format!("`{name}` is too long to sort by"),
                    "sort by texts of up to 500 characters",
                );
            }
            Some(_) => {}
        }
    }
}

/// Others can only be told of what can happen.
fn events(description: &Description, problems: &Problems<'_>) {
    for sender in &description.webhooks {
        for receiver in description
            .receivers
            .iter()
            .filter(|r| r.name == sender.name)
        {
            if let Some((_, span)) = receiver.events.first() {
                problems.add(
                    span,
                    format!("there are two webhooks `{}`", sender.name),
                    "rename one",
                );
            }
        }
    }
    let known: Vec<String> = description
        .entities
        .iter()
        .flat_map(|entity| {
            let allow = &entity.allow;
            let changed = allow.update.is_some() || !allow.set.is_empty();
            [
                (allow.create.is_some(), "created"),
                (changed, "updated"),
                (allow.delete.is_some(), "deleted"),
            ]
            .into_iter()
            .filter(|(happens, _)| *happens)
            .map(|(_, verb)| format!("{}.{verb}", entity.name))
        })
        .collect();
    for (event, span) in description.receivers.iter().flat_map(|r| &r.events) {
        if !known.contains(event) {
            let help = match near(event, known.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if known.is_empty() => "nobody may change anything".to_owned(),
                None => format!("what can happen is {}", known.join(", ")),
            };
            problems.add(span, format!("`{event}` never happens"), help);
        }
    }
}

/// Only what everybody gets may be kept and shown again.
fn cached(entity: &Entity, problems: &Problems<'_>) {
    let open = entity
        .allow
        .read
        .as_ref()
        .is_some_and(|rule| rule.formula.mentions_anyone());
    if let Some((_, span)) = &entity.cache
        && !open
    {
        problems.add(
            span,
            format!(
                "strangers do not read `{}`, and only what they see is kept",
                entity.name
            ),
            "leave `cache` out",
        );
    }
}

/// A row that another one holds cannot be removed when its time is over.
fn retention(description: &Description, entity: &Entity, problems: &Problems<'_>) {
    let Some(retention) = &entity.retention else {
        return;
    };
    for other in &description.entities {
        for field in &other.fields {
            let refers = matches!(&field.kind, Kind::Ref(to) if *to == entity.name);
            if refers && field.on_delete == OnDelete::Restrict {
                problems.add(
                    &retention.span,
                    format!(
                        "`{}` of `{}` holds every `{}` that it refers to, however old",
                        field.name, other.name, entity.name
                    ),
                    "add `on_delete=cascade` or `on_delete=set_null` there, or leave `retention` out",
                );
            }
        }
    }
}

/// Files are changed by whoever may change the row.
fn uploads(entity: &Entity, problems: &Problems<'_>) {
    if let Some(upload) = &entity.upload
        && entity.allow.update.is_none()
    {
        problems.add(
            &upload.span,
            format!(
                "nobody may change a `{}`, so nobody could add a file to one",
                entity.name
            ),
            "write `allow.update`, or leave `upload` out",
        );
    }
}

fn known_fields(entity: &Entity, name: &str) -> String {
    match near(name, entity.fields.iter().map(|field| field.name.as_str())) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "leave it out".to_owned(),
    }
}

/// Tables are made one after the other, each after those it refers to.
fn cycles(description: &Description, problems: &Problems<'_>) {
    for entity in &description.entities {
        let mut reached: Vec<&str> = vec![&entity.name];
        let mut next = 0;
        while let Some(name) = reached.get(next).copied() {
            next += 1;
            let Some(from) = description.entities.iter().find(|other| other.name == name) else {
                continue;
            };
            for field in &from.fields {
                let Kind::Ref(to) = &field.kind else { continue };
                if *to == entity.name {
                    problems.add(&entity.span, format!("`{}` refers to itself, directly or through others; this is not built yet", names::words(&entity.name)), "leave one of the references out");
                    return;
                }
                if !reached.contains(&to.as_str()) {
                    reached.push(to);
                }
            }
        }
    }
}
