//! Uploads of an entity in the words of the target.

use super::sql;
use crate::description::{Description, Entity};
use serde::Serialize;

/// Files of a row as the templates print them.
#[derive(Clone, Serialize, Debug)]
pub struct Upload {
    types: Vec<Type>,
    bytes: u64,
    most: i64,
    table: String,
    /// The column that names the row.
    column: String,
    /// Who may change the row, as SQL.
    condition: String,
    /// A type that is not taken, for tests.
    refused: Option<String>,
}

#[derive(Clone, Serialize, Debug)]
struct Type {
    name: String,
    media_type: String,
}

/// Says the uploads of an entity, if its rows have some.
pub fn view(description: &Description, entity: &Entity) -> Option<Upload> {
    let upload = entity.upload.as_ref()?;
    let all = crate::description::FileType::ALL;
    Some(Upload {
        types: upload
            .types
            .iter()
            .map(|kind| Type {
                name: kind.name().to_owned(),
                media_type: kind.media_type().to_owned(),
            })
            .collect(),
        bytes: upload.bytes,
        most: upload.most,
        table: format!("{}_files", entity.name),
        column: format!("{}_id", entity.name),
        condition: sql::update_condition(description, entity).unwrap_or_default(),
        refused: all
            .iter()
            .find(|kind| !upload.types.contains(kind))
            .map(|kind| kind.media_type().to_owned()),
    })
}
