//! Reads `[outbound.*]`: services that the backend calls.

use super::amounts;
use super::table::{Entry, Problems, Table, kind_of};
use crate::description::Outbound;
use crate::names;

/// Most services of one description.
const MOST: usize = 50;
const LONGEST_SECONDS: u64 = 60;
const DEFAULT_SECONDS: u64 = 5;
const DEFAULT_BYTES: i64 = 1_000_000;
const MOST_BYTES: i64 = 100_000_000;

/// All services in the order of the text.
pub fn outbound(root: &Table<'_, '_>) -> Vec<Outbound> {
    let Some(table) = root.table("outbound") else {
        return vec![];
    };
    let entries = table.entries();
    if entries.len() > MOST {
        root.problems().add(
            &table.span(),
            format!("there are more than {MOST} services to call"),
            "split the service",
        );
        return vec![];
    }
    entries
        .iter()
        .filter_map(|entry| service(entry, root.problems()))
        .collect()
}

fn service(entry: &Entry<'_>, problems: &Problems<'_>) -> Option<Outbound> {
    let name = entry.key;
    if !names::is_snake(name) {
        problems.add(
            &entry.key_span,
            format!("`{name}` cannot be the name of a service"),
            "use lower case letters, digits and `_`",
        );
    }
    let Some(inner) = entry.value.as_table() else {
        problems.add(
            &entry.span,
            format!("`outbound.{name}` is {}, not a table", kind_of(entry.value)),
            format!("write `[outbound.{name}]`"),
        );
        return None;
    };
    let table = Table::new(
        format!("outbound.{name}"),
        entry.key_span.clone(),
        inner,
        problems,
    );
    let hosts = table.distinct("hosts").unwrap_or_default();
    if hosts.is_empty() {
        problems.add(
            &table.span(),
            format!("`outbound.{name}.hosts` is empty"),
            "write `hosts = [\"api.example.org\"]`",
        );
    }
    for (host, span) in &hosts {
        if !is_host(host) {
            problems.add(
                span,
                format!("`{host}` is no name of a host"),
                "write a whole name in lower case, as in `api.example.org`: no scheme, port, path, star or address",
            );
        }
    }
    let seconds = match table.text("timeout") {
        None => DEFAULT_SECONDS,
        Some((text, span)) => match amounts::duration(text) {
            Some(seconds) if seconds <= LONGEST_SECONDS => seconds,
            _ => {
                problems.add(
                    &span,
                    format!("`{text}` is no time to wait for an answer"),
                    "write between `1s` and `1m`",
                );
                DEFAULT_SECONDS
            }
        },
    };
    let bytes = match table.number("max_bytes") {
        None => DEFAULT_BYTES,
        Some((bytes, _)) if (1..=MOST_BYTES).contains(&bytes) => bytes,
        Some((_, span)) => {
            problems.add(
                &span,
                "`max_bytes` is too small or too large",
                format!("write between 1 and {MOST_BYTES}"),
            );
            DEFAULT_BYTES
        }
    };
    table.end();
    Some(Outbound {
        name: name.to_owned(),
        hosts: hosts.iter().map(|(host, _)| (*host).to_owned()).collect(),
        seconds,
        bytes,
    })
}

/// A whole name of at least two parts; the last one has letters, so an address is none.
fn is_host(text: &str) -> bool {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.len() <= 253
        && text.split('.').count() >= 2
        && text.split('.').all(label)
        && text
            .rsplit('.')
            .next()
            .is_some_and(|last| last.bytes().any(|b| b.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for good in ["api.example.org", "a-1.b.co", "xn--bcher-kva.example"] {
            assert!(is_host(good), "{good}");
        }
        for wrong in [
            "localhost",
            "https://a.b",
            "a.b:443",
            "a.b/c",
            "*.a.b",
            "10.0.0.1",
            "A.b",
            "a..b",
            "a.b.",
            "",
            "-a.b",
            "a'.b",
        ] {
            assert!(!is_host(wrong), "{wrong}");
        }
    }
}
