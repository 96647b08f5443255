//! Constraints, indexes, grants and row policies of an entity.

use super::field::{column, on_delete, owner_names};
use crate::access::{Formula, print, world};
use crate::description::{Description, Entity};
use crate::field::{Kind, OnDelete};
use serde::Serialize;

/// An index.
#[derive(Clone, Serialize, Debug)]
pub struct Index {
    name: String,
    columns: String,
}

/// A row policy.
#[derive(Clone, Serialize, Debug)]
pub struct Policy {
    name: String,
    command: String,
    using: Option<String>,
    check: Option<String>,
}

/// The table of an entity, or of users.
pub fn table_of(description: &Description, entity: &str) -> String {
    description
        .entities
        .iter()
        .find(|e| e.name == entity)
        .map_or_else(|| "users".to_owned(), |e| e.plural.clone())
}

/// Whether a reference is one of two columns, which keeps it inside the tenant.
pub fn refers_in_tenant(description: &Description, from: &Entity, to: &str) -> bool {
    from.tenant
        && (to == "user"
            || description
                .entities
                .iter()
                .any(|e| e.name == to && e.tenant))
}

fn tenant_column(description: &Description, entity: &Entity) -> Option<String> {
    description
        .tenant
        .as_ref()
        .filter(|_| entity.tenant)
        .map(|tenant| format!("{}_id", tenant.name))
}

/// Constraints over several columns.
pub fn constraints(description: &Description, entity: &Entity) -> Vec<String> {
    let tenant = tenant_column(description, entity);
    let mut constraints = Vec::new();
    let referred = |e: &Entity| {
        e.fields
            .iter()
            .any(|f| matches!(&f.kind, Kind::Ref(to) if *to == entity.name))
    };
    if let Some(tenant) = &tenant
        && description.entities.iter().any(|e| e.tenant && referred(e))
    {
        constraints.push(format!("unique ({tenant}, id)"));
    }
    for field in &entity.fields {
        let column = column(field);
        if field.unique {
            let columns = tenant
                .as_ref()
                .map_or_else(|| column.clone(), |tenant| format!("{tenant}, {column}"));
            constraints.push(format!("unique ({columns})"));
        }
        if let Kind::Ref(to) = &field.kind
            && let Some(tenant) = &tenant
            && refers_in_tenant(description, entity, to)
        {
            let action = match field.on_delete {
                OnDelete::SetNull => format!("set null ({column})"),
                other => on_delete(other).to_owned(),
            };
            constraints.push(format!(
                "foreign key ({tenant}, {column}) references {} ({tenant}, id) on delete {action}",
                table_of(description, to)
            ));
        }
    }
    constraints
}

/// One index for each order, filter and reference, with the tenant in front.
pub fn indexes(description: &Description, entity: &Entity) -> Vec<Index> {
    let tenant = tenant_column(description, entity);
    let real = |name: &str| entity.field(name).map_or_else(|| name.to_owned(), column);
    let first = entity
        .list
        .sort
        .first()
        .map_or_else(|| "created_at".to_owned(), |name| real(name));
    let mut wanted: Vec<Vec<String>> = entity
        .list
        .sort
        .iter()
        .map(|name| vec![real(name), "id".to_owned()])
        .collect();
    let filters = entity
        .list
        .filter
        .iter()
        .filter_map(|name| entity.field(name));
    let references = entity
        .fields
        .iter()
        .filter(|field| matches!(field.kind, Kind::Ref(_)));
    for field in filters.chain(references) {
        let columns = vec![column(field), first.clone(), "id".to_owned()];
        if field.name != first && !wanted.contains(&columns) {
            wanted.push(columns);
        }
    }
    wanted
        .into_iter()
        .map(|columns| Index {
            name: shortened(&format!(
                "{}_{}",
                entity.plural,
                columns
                    .iter()
                    .filter(|c| *c != "id")
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("_")
            )),
            columns: tenant
                .iter()
                .cloned()
                .chain(columns)
                .collect::<Vec<_>>()
                .join(", "),
        })
        .collect()
}

/// PostgreSQL cuts names after 63 bytes; a cut name may meet another.
fn shortened(name: &str) -> String {
    if name.len() <= 60 {
        return name.to_owned();
    }
    let sum = name
        .bytes()
        .fold(5381_u32, |sum, byte| sum.wrapping_mul(33) ^ u32::from(byte));
    format!("{}_{sum:08x}", name.get(..50).unwrap_or(name))
}

/// A time as PostgreSQL and people write it.
pub fn interval(seconds: u64) -> String {
    let (size, unit) = [(86_400, "day"), (3_600, "hour"), (60, "minute")]
        .into_iter()
        .find(|(size, _)| seconds.is_multiple_of(*size))
        .unwrap_or((1, "second"));
    let many = seconds / size;
    format!("{many} {unit}{}", if many == 1 { "" } else { "s" })
}

/// What the role of the service may do; changes are granted column by column.
pub fn grants(description: &Description, entity: &Entity) -> Vec<String> {
    let mut grants = vec!["select".to_owned()];
    if entity.allow.create.is_some() {
        grants.push("insert".to_owned());
    }
    if entity.allow.delete.is_some() || entity.retention.is_some() {
        grants.push("delete".to_owned());
    }
    let views = entity
        .fields
        .iter()
        .map(|field| super::field::view(description, entity, field));
    let changed: Vec<String> = views
        .filter(|view| view.in_update)
        .map(|view| view.column)
        .collect();
    if !changed.is_empty() {
        grants.push(format!(
            "update ({}, version, updated_at)",
            changed.join(", ")
        ));
    }
    vec![grants.join(", ")]
}

/// Who may change a row by `allow.update`, as a condition on its table that others can stand beside.
pub fn update_condition(description: &Description, entity: &Entity) -> Option<String> {
    let (_, owner) = owner_names(entity);
    let formula = world::enforced(entity, entity.allow.update.as_ref()?);
    let condition = print::sql(&formula, &owner);
    Some(match tenant_column(description, entity) {
        Some(tenant) if matches!(formula, Formula::Or(_)) => {
            format!("{tenant} = (select app.tenant_id()) and ({condition})")
        }
        Some(tenant) => format!("{tenant} = (select app.tenant_id()) and {condition}"),
        None if matches!(formula, Formula::Or(_)) => format!("({condition})"),
        None => condition,
    })
}

/// Row policies that say again what the service says.
pub fn policies(description: &Description, entity: &Entity) -> Vec<Policy> {
    let tenant = tenant_column(description, entity);
    let (_, owner) = owner_names(entity);
    let inside = |condition: String, compound: bool| match &tenant {
        Some(tenant) if compound => {
            format!("{tenant} = (select app.tenant_id()) and ({condition})")
        }
        Some(tenant) => format!("{tenant} = (select app.tenant_id()) and {condition}"),
        None => condition,
    };
    let text = |formula: &Formula| {
        inside(
            print::sql(formula, &owner),
            matches!(formula, Formula::Or(_)),
        )
    };
    let mut policies = Vec::new();
    let allow = &entity.allow;
    let read = allow
        .read
        .as_ref()
        .map(|rule| text(&world::enforced(entity, rule)));
    if let Some(read) = &read {
        policies.push(Policy {
            name: "read".into(),
            command: "select".into(),
            using: Some(read.clone()),
            check: None,
        });
    }
    if let Some(create) = &allow.create {
        // Whoever creates a row owns it.
        let formula = world::enforced(entity, create);
        let mut condition = print::sql(&formula, &owner);
        if entity.owner.is_some() {
            let bracketed = if matches!(formula, Formula::Or(_)) {
                format!("({condition})")
            } else {
                condition
            };
            condition = format!("{owner} = (select app.user_id()) and {bracketed}");
        }
        let compound = entity.owner.is_none() && matches!(formula, Formula::Or(_));
        policies.push(Policy {
            name: "create".into(),
            command: "insert".into(),
            using: None,
            check: Some(inside(condition, compound)),
        });
    }
    let changes: Vec<Formula> = allow
        .update
        .iter()
        .chain(allow.set.iter().map(|(_, rule)| rule))
        .map(|rule| world::enforced(entity, rule))
        .collect();
    let using = (!changes.is_empty()).then(|| text(&Formula::any(changes)));
    if using.is_some() {
        policies.push(Policy {
            name: "update".into(),
            command: "update".into(),
            using,
            check: read,
        });
    }
    if let Some(delete) = &allow.delete {
        policies.push(Policy {
            name: "delete".into(),
            command: "delete".into(),
            using: Some(text(&world::enforced(entity, delete))),
            check: None,
        });
    }
    policies
}
