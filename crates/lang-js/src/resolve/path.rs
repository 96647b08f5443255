//! Project-relative paths with `/`; the root is the empty path.

/// The folder of a path.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The extension with its dot; empty where there is none.
pub(super) fn extension(path: &str) -> &str {
    let name = file_name(path);
    name.rfind('.').and_then(|i| name.get(i..)).unwrap_or("")
}

/// `relative` seen from `folder`, without `.` and `..`; a trailing `/` stays. Nothing if it leaves the project.
pub(super) fn join(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder
        .split('/')
        .filter(|p| !p.is_empty() && *p != ".")
        .collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let mut path = parts.join("/");
    if relative.ends_with('/')
        || matches!(relative, "." | "..")
        || relative.ends_with("/..")
        || relative.ends_with("/.")
    {
        path.push('/');
    }
    Some(path)
}

/// A path without `.` and `..`.
pub(super) fn normal(path: &str) -> Option<String> {
    join("", path)
}

/// A folder and those around it, from the inside out, down to the root.
pub(super) fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |f| {
        if f.is_empty() { None } else { Some(parent(f)) }
    })
}

/// Whether a folder is `outer` or inside it.
pub(super) fn is_within(folder: &str, outer: &str) -> bool {
    folder
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || outer.is_empty())
}

/// Whether a folder holds test data or examples.
pub(super) fn is_fixture(folder: &str) -> bool {
    folder.split('/').any(|p| {
        matches!(
            p,
            "fixtures"
                | "fixture"
                | "__fixtures__"
                | "test"
                | "tests"
                | "__tests__"
                | "e2e"
                | "examples"
                | "example"
                | "testdata"
        )
    })
}
