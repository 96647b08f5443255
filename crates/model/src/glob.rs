//! Patterns of file names: `*` any part of one name, `**` any folders, `{a,b}` alternatives.

/// The most alternatives of one pattern.
const MAX_ALTERNATIVES: usize = 64;

/// Whether a pattern is well made.
///
/// # Errors
/// What is wrong, as a clause.
pub fn check(pattern: &str) -> Result<(), String> {
    if alternatives(pattern).is_none() {
        return Err(format!(
            "`{pattern}` is no pattern of files: braces are not closed, stand inside others or make too many alternatives"
        ));
    }
    Ok(())
}

/// Whether a path, written with `/`, fits a pattern.
#[must_use]
pub fn fits(pattern: &str, path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    alternatives(pattern).is_some_and(|list| {
        list.iter().any(|pattern| {
            let parts: Vec<&str> = pattern.split('/').collect();
            folders(&parts, &names)
        })
    })
}

fn alternatives(pattern: &str) -> Option<Vec<String>> {
    let mut done = vec![String::new()];
    let mut rest = pattern;
    while let Some((head, tail)) = rest.split_once('{') {
        let (inner, after) = tail.split_once('}')?;
        if inner.contains('{') || head.contains('}') {
            return None;
        }
        let mut next = Vec::new();
        for start in &done {
            for choice in inner.split(',') {
                next.push(format!("{start}{head}{choice}"));
            }
        }
        if next.len() > MAX_ALTERNATIVES {
            return None;
        }
        done = next;
        rest = after;
    }
    if rest.contains('}') {
        return None;
    }
    for text in &mut done {
        text.push_str(rest);
    }
    Some(done)
}

fn folders(parts: &[&str], names: &[&str]) -> bool {
    match parts.split_first() {
        None => names.is_empty(),
        Some((&"**", rest)) => (0..=names.len())
            .any(|skip| names.get(skip..).is_some_and(|names| folders(rest, names))),
        Some((part, rest)) => names
            .split_first()
            .is_some_and(|(name, names)| one(part, name) && folders(rest, names)),
    }
}

fn one(part: &str, name: &str) -> bool {
    let Some((head, tail)) = part.split_once('*') else {
        return part == name;
    };
    let Some(rest) = name.strip_prefix(head) else {
        return false;
    };
    (0..=rest.len())
        .filter_map(|at| rest.get(at..))
        .any(|rest| one(tail, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_names() {
        assert!(fits("**/pages/api/**", "pages/api/user.js"));
        assert!(fits("**/pages/api/**", "apps/web/src/pages/api/a/[id].ts"));
        assert!(!fits("**/pages/api/**", "pages/apis/user.js"));
        assert!(fits("**/app/**/route.{js,ts}", "src/app/api/x/route.ts"));
        assert!(fits("**/app/**/route.{js,ts}", "app/route.js"));
        assert!(!fits("**/app/**/route.{js,ts}", "app/api/router.ts"));
        assert!(fits("*.js", "a.js"));
        assert!(!fits("*.js", "b/a.js"));
    }

    #[test]
    fn mistakes_are_told() {
        assert!(check("a/{b,c}/**").is_ok());
        assert!(check("a/{b").is_err());
        assert!(check("a}/b").is_err());
        assert!(check("{a,{b}}").is_err());
    }
}
