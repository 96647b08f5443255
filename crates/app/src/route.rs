//! Paths of routes as text.

/// Two parts of a path as one, with one slash between them.
pub(crate) fn join(prefix: &str, path: &str) -> String {
    if path.starts_with('/') && path.len() > 1 && path.ends_with('/') && is_pattern(path) {
        return if prefix.trim_matches('/').is_empty() {
            path.to_owned()
        } else {
            format!("{}{path}", prefix.trim_end_matches('/'))
        };
    }
    let (prefix, path) = (prefix.trim_end_matches('/'), path.trim_start_matches('/'));
    if path.is_empty() {
        if prefix.is_empty() {
            "/".to_owned()
        } else {
            prefix.to_owned()
        }
    } else if prefix.is_empty() {
        format!("/{path}")
    } else {
        format!("{prefix}/{path}")
    }
}

/// A regular expression, as it is shown: between slashes, with a character that no path has.
fn is_pattern(path: &str) -> bool {
    path.contains(['^', '\\', '(', '[', '+', '$'])
}

/// Whether whatever is registered for `prefix` and all below it stands before `path`; `None` where it cannot be told.
pub(crate) fn covers(prefix: &str, path: &str) -> Option<bool> {
    let names = |text: &str| -> Vec<String> {
        let names = text.split('/').filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    };
    if is_pattern(prefix) || prefix.contains(crate::startup::HOLE) {
        return None;
    }
    let (wanted, given) = (names(prefix), names(path));
    for (index, name) in wanted.iter().enumerate() {
        if name.starts_with('*') || name == "(.*)" || name.starts_with("{*") {
            return Some(true);
        }
        let Some(other) = given.get(index) else {
            return Some(false);
        };
        if name.starts_with(':') || name == other {
            continue;
        }
        if name.contains('*') || other.starts_with(':') || is_pattern(other) {
            return None;
        }
        return Some(false);
    }
    Some(true)
}

/// Whether a route for exactly `pattern` also answers `path`.
pub(crate) fn answers(pattern: &str, path: &str) -> Option<bool> {
    let count = |text: &str| text.split('/').filter(|name| !name.is_empty()).count();
    let covered = covers(pattern, path)?;
    Some(covered && (pattern.contains('*') || count(pattern) == count(path)))
}
/// Whether a path has a parameter of a name: `/notes/:id`.
pub(crate) fn has_parameter(path: &str, name: &str) -> bool {
    let mut parts = path.split('/').filter_map(|part| part.strip_prefix(':'));
    parts.any(|part| {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        part.get(..end.unwrap_or(part.len())) == Some(name)
    })
}
