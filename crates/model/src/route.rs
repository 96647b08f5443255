//! Routes that are files: what the path of a file says of the path that it answers.

const VERBS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "head", "options", "view",
];

/// Names of files that stand for their folder.
const OF_FOLDER: [&str; 7] = [
    "index", "route", "page", "layout", "+server", "+page", "+layout",
];

/// The method of HTTP that a function which registers handlers, or a handler, is named after: `add_get` and `on_get` like `get`.
#[must_use]
pub fn method(name: &str) -> String {
    let name = name.to_lowercase();
    let verb = |rest: &&str| VERBS.contains(rest);
    let rest = name
        .strip_prefix("add_")
        .or_else(|| name.strip_prefix("on_"));
    rest.filter(verb).map(str::to_owned).unwrap_or(name)
}

/// The path that a file answers, below the folder of routes: `src/pages/api/user/[id].ts` below `pages` is `/api/user/:id`.
/// Folders in parentheses only group.
#[must_use]
pub fn of_file(file: &str, root: &str) -> Option<String> {
    let names: Vec<&str> = file.split('/').collect();
    let at = names.iter().position(|name| *name == root)?;
    let (last, folders) = names.get(at + 1..)?.split_last()?;
    let last = last.split('.').next().unwrap_or_default();
    let mut out = String::new();
    let folders = folders.iter().copied();
    for name in folders.chain((!OF_FOLDER.contains(&last)).then_some(last)) {
        if (name.starts_with('(') && name.ends_with(')')) || name.starts_with('@') {
            continue;
        }
        out.push('/');
        match name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) {
            Some(inner) => {
                let inner = inner.trim_matches(['[', ']']);
                match inner.strip_prefix("...") {
                    Some(rest) => {
                        out.push('*');
                        out.push_str(rest);
                    }
                    None => {
                        out.push(':');
                        out.push_str(inner.split('=').next().unwrap_or_default());
                    }
                }
            }
            None => out.push_str(name),
        }
    }
    Some(if out.is_empty() { "/".to_owned() } else { out })
}

#[cfg(test)]
mod tests {
    use super::of_file;

    #[test]
    fn files_are_routes() {
        let route = |file, root| of_file(file, root).unwrap_or_default();
        assert_eq!(
            route("src/pages/api/user/[id].ts", "pages"),
            "/api/user/:id"
        );
        assert_eq!(route("pages/api/index.js", "pages"), "/api");
        assert_eq!(
            route("app/(shop)/cart/[...all]/route.ts", "app"),
            "/cart/*all"
        );
        assert_eq!(route("app/route.ts", "app"), "/");
        assert_eq!(route("src/routes/a/+page.server.js", "routes"), "/a");
        assert_eq!(of_file("src/a.ts", "app"), None);
    }
}
