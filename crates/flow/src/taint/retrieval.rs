//! Names of methods that find something by what they are given: what comes out was kept elsewhere, and is not the key that it
//! was found by. Asked only of calls that neither a body nor a model answers.

/// First words of such names.
const VERBS: &[&str] = &[
    "count", "download", "exists", "fetch", "find", "has", "lookup", "query", "search", "select",
];

/// What is read by a name of it, so that `read` is no parser: `readStream(path)`.
const KEPT: &[&str] = &["blob", "file", "object", "stream"];

/// First words of names of methods that keep a record and give it back.
const KEEPERS: &[&str] = &[
    "add", "create", "insert", "patch", "persist", "save", "store", "update", "upsert",
];

/// Whether the name of a method says that it keeps the record that it is given: what comes out is a record, and no page.
pub(super) fn stores(name: &str) -> bool {
    words(name)
        .next()
        .is_some_and(|word| KEEPERS.contains(&word.as_str()))
}

/// Whether the name of a method says that it finds what it gives: `findOne`, `fetch_user`, `readStream`.
pub(super) fn finds(name: &str) -> bool {
    let mut words = words(name);
    let first = words.next().unwrap_or_default();
    VERBS.contains(&first.as_str())
        || matches!(first.as_str(), "read" | "open" | "load")
            && words
                .next()
                .is_some_and(|word| KEPT.contains(&word.as_str()))
}

/// Methods that give the content of what they are called on, whatever that is: a file, an upload, a body, bytes.
const CONTENT: [&str; 9] = [
    "arrayBuffer",
    "decode",
    "getvalue",
    "read",
    "readline",
    "readlines",
    "read_text",
    "text",
    "toString",
];

/// Whether a method of this name gives the content of its receiver.
pub(super) fn gives_content(name: &str) -> bool {
    CONTENT.contains(&name)
}

/// Words of names of methods that run a statement.
const RUNNERS: &[&str] = &[
    "exec",
    "execute",
    "executemany",
    "fetch",
    "query",
    "raw",
    "run",
    "scalar",
    "select",
    "sql",
];

/// Whether the name of a method says that it runs a statement: `execute_scalar`, `fetchAll`, `runQuery`.
pub(super) fn runs_statements(name: &str) -> bool {
    words(name).any(|word| RUNNERS.contains(&word.as_str()))
}

/// The words of a name in `camelCase` or `snake_case`, in lower case.
fn words(name: &str) -> impl Iterator<Item = String> + '_ {
    let mut rest = name.trim_start_matches('_');
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches('_');
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| c.is_uppercase() || *c == '_')
            .map_or(rest.len(), |(at, _)| at);
        let (word, after) = rest.split_at(end);
        rest = after;
        (!word.is_empty()).then(|| word.to_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::finds;

    #[test]
    fn names_say_whether_something_is_found() {
        for name in [
            "find",
            "findOne",
            "fetch_user",
            "readStream",
            "lookup",
            "select",
        ] {
            assert!(finds(name), "{name}");
        }
        for name in [
            "read",
            "readXml",
            "finder",
            "format",
            "get",
            "getPath",
            "load",
            "selection",
            "hashPassword",
        ] {
            assert!(!finds(name), "{name}");
        }
    }
}
