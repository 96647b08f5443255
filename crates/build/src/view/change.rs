//! What the tests of an entity change.

use super::field::View as Field;
use crate::description;
use crate::names::camel;
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Clone, Serialize, Debug)]
pub(super) struct Change {
    pub(super) prop: String,
    pub(super) value: String,
}

#[derive(Clone, Serialize, Debug)]
pub(super) struct Renamed {
    pub(super) prop: String,
    pub(super) column: String,
}

/// What tests change by `allow.update`: if possible nothing that rules look at; otherwise the name of that field as well.
pub(super) fn change(
    entity: &description::Entity,
    fields: &[Field],
) -> (Option<Change>, Option<String>) {
    let seen: BTreeSet<&str> = entity
        .rules()
        .flat_map(|(_, rule)| rule.formula.fields())
        .collect();
    let change = |f: &Field, value: &str| Change {
        prop: f.prop.clone(),
        value: value.to_owned(),
    };
    let mut free = fields
        .iter()
        .filter(|f| f.by_update && !seen.contains(f.name.as_str()));
    let other = free
        .clone()
        .find_map(|f| Some(change(f, f.other_sample.as_deref()?)))
        // Nobody asks whether somebody may refer to nothing.
        .or_else(|| free.find(|f| f.optional).map(|f| change(f, "null")));
    if other.is_some() {
        return (other, None);
    }
    fields
        .iter()
        .filter(|f| f.by_update)
        .find_map(|f| {
            let set = change(f, f.sample.as_deref()?);
            Some((Some(set), Some(f.name.clone())))
        })
        .unwrap_or((None, None))
}

/// Fields that rules look at whose property is not named as their column.
pub(super) fn renamed_state(entity: &description::Entity) -> Vec<Renamed> {
    let seen: BTreeSet<&str> = entity
        .rules()
        .flat_map(|(_, rule)| rule.formula.fields())
        .collect();
    seen.into_iter()
        .filter(|name| camel(name) != *name)
        .map(|name| Renamed {
            prop: camel(name),
            column: name.to_owned(),
        })
        .collect()
}
