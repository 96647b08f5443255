//! What an entry names, and what a name tells.

use super::file::{Decisions, Entry};
use super::seen::Subject;

/// The entries that name a subject.
pub(crate) fn named<'a>(
    decisions: &'a Decisions,
    subject: &'a Subject,
) -> impl Iterator<Item = &'a Entry> {
    decisions
        .of(subject.topic)
        .filter(|entry| covers(&entry.name, &subject.name))
}

/// `GET /admin/*` covers what begins so; `* /a` every method; a file every function in it.
pub(crate) fn covers(entry: &str, name: &str) -> bool {
    if entry == name {
        return true;
    }
    if let Some((file, _)) = name.split_once('#')
        && entry == file
    {
        return true;
    }
    let Some((method, path)) = name.split_once(' ') else {
        return false;
    };
    let Some((wanted, pattern)) = entry.split_once(' ') else {
        return false;
    };
    let fits = pattern == path
        || pattern
            .strip_suffix('*')
            .is_some_and(|start| path.starts_with(start));
    (wanted == "*" || wanted.eq_ignore_ascii_case(method)) && fits
}

/// Signatures and key agreements that rest on factoring or on discrete logarithms.
pub(crate) fn breaks(algorithm: &str) -> bool {
    let name = algorithm.to_ascii_lowercase();
    let begins = [
        "rs2", "rs3", "rs5", "ps2", "ps3", "ps5", "es2", "es3", "es5", "rsa", "ec", "ed25519",
        "ed448", "x25519", "x448", "dsa", "dh", "eddsa",
    ];
    begins.iter().any(|start| name.starts_with(start))
}
