//! Reads `[job.*]`: work that the backend does outside of requests.

use super::amounts;
use super::table::{Entry, Problems, Table, kind_of};
use crate::description::Job;
use crate::names;

/// Most jobs of one description.
const MOST: usize = 50;
const SHORTEST: u64 = 60;
const LONGEST: u64 = 366 * 86_400;

/// All jobs in the order of the text.
pub fn jobs(root: &Table<'_, '_>) -> Vec<Job> {
    let Some(table) = root.table("job") else {
        return vec![];
    };
    let entries = table.entries();
    if entries.len() > MOST {
        root.problems().add(
            &table.span(),
            format!("there are more than {MOST} jobs"),
            "split the service",
        );
        return vec![];
    }
    entries
        .iter()
        .filter_map(|entry| job(entry, root.problems()))
        .collect()
}

fn job(entry: &Entry<'_>, problems: &Problems<'_>) -> Option<Job> {
    let name = entry.key;
    if !names::is_snake(name)
        || ["retention", "send_event"].contains(&name)
        || names::RESERVED.contains(&name)
    {
        problems.add(
            &entry.key_span,
            format!("`{name}` cannot be the name of a job"),
            "use lower case letters, digits and `_`; `retention` and `send_event` are taken",
        );
    }
    let Some(inner) = entry.value.as_table() else {
        problems.add(
            &entry.span,
            format!("`job.{name}` is {}, not a table", kind_of(entry.value)),
            format!("write `[job.{name}]`"),
        );
        return None;
    };
    let table = Table::new(
        format!("job.{name}"),
        entry.key_span.clone(),
        inner,
        problems,
    );
    let every = table.text("every").and_then(|(text, span)| {
        let seconds = amounts::duration(text).filter(|s| (SHORTEST..=LONGEST).contains(s));
        if seconds.is_none() {
            problems.add(
                &span,
                format!("`{text}` is no pause between two runs"),
                "write between `1m` and `366d`, or leave it out: then the code queues it",
            );
        }
        seconds
    });
    table.end();
    Some(Job {
        name: name.to_owned(),
        every,
    })
}
