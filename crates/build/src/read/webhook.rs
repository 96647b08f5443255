//! Reads `[webhook.*]`: whose signed messages the backend receives.

use super::table::{Entry, Problems, Table, kind_of};
use crate::description::Webhook;
use crate::names;

/// Most senders of one description.
const MOST: usize = 50;

/// All senders in the order of the text.
pub fn webhooks(root: &Table<'_, '_>) -> Vec<Webhook> {
    let Some(table) = root.table("webhook") else {
        return vec![];
    };
    let entries = table.entries();
    if entries.len() > MOST {
        root.problems().add(
            &table.span(),
            format!("there are more than {MOST} senders of webhooks"),
            "split the service",
        );
        return vec![];
    }
    entries
        .iter()
        .filter_map(|entry| sender(entry, root.problems()))
        .collect()
}

fn sender(entry: &Entry<'_>, problems: &Problems<'_>) -> Option<Webhook> {
    let name = entry.key;
    if !names::is_snake(name) {
        problems.add(
            &entry.key_span,
            format!("`{name}` cannot be the name of a webhook"),
            "use lower case letters, digits and `_`",
        );
    }
    let Some(inner) = entry.value.as_table() else {
        problems.add(
            &entry.span,
            format!("`webhook.{name}` is {}, not a table", kind_of(entry.value)),
            format!("write `[webhook.{name}]`"),
        );
        return None;
    };
    let table = Table::new(
        format!("webhook.{name}"),
        entry.key_span.clone(),
        inner,
        problems,
    );
    if let Some((direction, span)) = table.text("direction")
        && direction != "in"
    {
        problems.add(
            &span,
            "webhooks to others are not built yet",
            "write `in`, or leave it out",
        );
    }
    table.end();
    Some(Webhook {
        name: name.to_owned(),
    })
}
