//! What the cookies of an application have in common.

use super::header::value;
use casemate_flow::result::{Fact, FactValue};

/// How many kinds of cookies are set, how many have names that no prefix protects, and how many none that ties them to one host.
pub(super) fn of(facts: &[&Fact], sessions: bool) -> [(String, FactValue); 3] {
    // A cookie of one path cannot have the strictest prefix.
    let of_path = |fact: &&&Fact| {
        let path = value(fact, "path");
        let root = matches!(path, FactValue::Absent | FactValue::Null)
            || matches!(path, FactValue::Str(path) if path == "/");
        !root
            && matches!(value(fact, "name"), FactValue::Str(name) if name.starts_with("__Secure-"))
            && matches!(value(fact, "domain"), FactValue::Absent | FactValue::Null)
    };
    let mut names: Vec<&FactValue> = facts
        .iter()
        .filter(|fact| fact.fact == "cookie" && !of_path(fact))
        .map(|fact| value(fact, "name"))
        .collect();
    let of_sessions: Vec<&FactValue> = facts
        .iter()
        .filter(|fact| fact.fact == "session")
        .map(|fact| value(fact, "name"))
        .collect();
    let given: Vec<&FactValue> = of_sessions
        .iter()
        .copied()
        .filter(|name| !matches!(name, FactValue::Absent | FactValue::Null))
        .collect();
    let default = FactValue::Str(String::new());
    if given.is_empty() && (sessions || !of_sessions.is_empty()) {
        // The framework's own name.
        names.push(&default);
    }
    names.extend(given);
    names.sort_by_key(|name| format!("{name:?}"));
    names.dedup();
    let without = |prefixes: &[&str]| {
        let answers: Vec<Option<bool>> =
            names.iter().map(|name| prefixed(name, prefixes)).collect();
        let bare = answers.iter().filter(|a| **a == Some(false)).count();
        if bare == 0 && answers.contains(&None) {
            FactValue::Unknown
        } else {
            super::number(bare)
        }
    };
    [
        ("cookies".to_owned(), super::number(names.len())),
        ("unprefixed".to_owned(), without(&["__Host-", "__Secure-"])),
        ("unhosted".to_owned(), without(&["__Host-"])),
    ]
}

/// Whether a name begins with one of some prefixes, which browsers hold a cookie to.
fn prefixed(name: &FactValue, prefixes: &[&str]) -> Option<bool> {
    let begins = |text: &str| prefixes.iter().any(|prefix| text.starts_with(prefix));
    match name {
        FactValue::Str(name) => Some(begins(name)),
        FactValue::Template(pieces) => pieces.first()?.as_deref().map(begins),
        _ => None,
    }
}
