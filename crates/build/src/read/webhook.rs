//! Reads `[webhook.*]`: whose signed messages the backend receives, and whom it tells what happens.

use super::table::{Entry, Problems, Table, kind_of};
use crate::description::{Receiver, Webhook};
use crate::names;

/// Most of them in one description.
const MOST: usize = 50;

/// All senders and receivers in the order of the text.
pub fn webhooks(root: &Table<'_, '_>) -> (Vec<Webhook>, Vec<Receiver>) {
    let mut both = (vec![], vec![]);
    let Some(table) = root.table("webhook") else {
        return both;
    };
    let entries = table.entries();
    if entries.len() > MOST {
        root.problems().add(
            &table.span(),
            format!("there are more than {MOST} webhooks"),
            "split the service",
        );
        return both;
    }
    for entry in &entries {
        one(entry, root.problems(), &mut both);
    }
    both
}

fn one(entry: &Entry<'_>, problems: &Problems<'_>, both: &mut (Vec<Webhook>, Vec<Receiver>)) {
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
        return;
    };
    let table = Table::new(
        format!("webhook.{name}"),
        entry.key_span.clone(),
        inner,
        problems,
    );
    let direction = table.text("direction");
    let events = table.texts("events");
    table.end();
    match direction {
        Some(("out", _)) => {
            let events = events.unwrap_or_default();
            if events.is_empty() {
                problems.add(
                    &table.span(),
                    format!("`webhook.{name}.events` is empty"),
                    "write `events = [\"order.created\"]`",
                );
            }
            for (at, (event, span)) in events.iter().enumerate() {
                if events.iter().take(at).any(|(other, _)| other == event) {
                    problems.add(span, format!("`{event}` is named twice"), "leave one out");
                }
            }
            both.1.push(Receiver {
                name: name.to_owned(),
                events: events
                    .into_iter()
                    .map(|(event, span)| (event.to_owned(), span))
                    .collect(),
            });
        }
        Some(("in", _)) | None => {
            if let Some((_, span)) = events.as_deref().and_then(<[_]>::first) {
                problems.add(
                    span,
                    "events are for webhooks that are sent",
                    "write `direction = \"out\"`, or leave `events` out",
                );
            }
            both.0.push(Webhook {
                name: name.to_owned(),
            });
        }
        Some((other, span)) => problems.add(
            &span,
            format!("`{other}` is no direction"),
            "write `in` or `out`",
        ),
    }
}
