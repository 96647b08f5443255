//! Which file a template's name means.

/// Where templates may lie.
#[derive(Clone, Copy, Debug, Default)]
pub struct Templates<'a> {
    /// Project-relative paths of all templates, with `/`.
    pub paths: &'a [&'a str],
    /// Folders that the code names as those of its views; may be empty.
    pub views: &'a [&'a str],
}

/// Names that mean several files give at most this many.
pub const MAX_CANDIDATES: usize = 16;

/// Folders that hold views by custom.
const VIEW_FOLDERS: [&str; 7] = [
    "views",
    "templates",
    "view",
    "template",
    "pages",
    "layouts",
    "partials",
];

impl Templates<'_> {
    /// The template that `name` means in the file `from`: relative to it, to a folder of views, or to a folder that holds
    /// the folders named. With or without extension; `folder` means `folder/index` too.
    #[must_use]
    pub fn resolve(&self, name: &str, from: &str) -> Option<usize> {
        let base = folder(from);
        if name.starts_with("./") || name.starts_with("../") {
            let path = join(base, name);
            return self.exact(&path).or_else(|| {
                self.suffix(
                    name.trim_start_matches("../").trim_start_matches("./"),
                    from,
                )
            });
        }
        let name = clean(name);
        if name.is_empty() {
            return None;
        }
        let in_views = self
            .views
            .iter()
            .find_map(|views| self.exact(&join(views, &name)));
        // Templates name their neighbours, code does not.
        let beside = || {
            if self.paths.contains(&from) {
                self.exact(&join(base, &name))
            } else {
                None
            }
        };
        in_views
            .or_else(beside)
            .or_else(|| self.suffix(&name, from))
    }

    /// All templates that a name with a computed part can mean: `prefix`, anything, `suffix`.
    #[must_use]
    pub fn resolve_joined(&self, prefix: &str, suffix: &str, from: &str) -> Vec<usize> {
        let relative = prefix.starts_with("./") || prefix.starts_with("../");
        let prefix = if relative {
            join(folder(from), prefix) + slash(prefix)
        } else {
            clean(prefix) + slash(prefix)
        };
        let suffix = suffix.trim_end_matches('/');
        if prefix.is_empty() && suffix.is_empty() {
            return Vec::new();
        }
        let fits = |name: &str| {
            name.len() >= prefix.len() + suffix.len()
                && name.starts_with(&prefix)
                && name.ends_with(suffix)
        };
        let mut found: Vec<usize> = Vec::new();
        for (index, path) in self.paths.iter().enumerate() {
            let starts = if relative {
                vec![*path]
            } else {
                self.names_of(path)
            };
            if starts.iter().any(|it| fits(it) || fits(stem(it))) {
                found.push(index);
            }
        }
        found.sort_by_key(|it| self.rank(*it, from));
        found.truncate(MAX_CANDIDATES);
        found.sort_unstable();
        found
    }

    /// What a template can be called by: its path below each folder of views.
    fn names_of<'p>(&self, path: &'p str) -> Vec<&'p str> {
        let mut names = Vec::new();
        for views in self.views {
            let views = views.trim_start_matches("./").trim_end_matches('/');
            if let Some(name) = path.strip_prefix(views).and_then(|it| it.strip_prefix('/')) {
                names.push(name);
            }
        }
        let mut at = 0;
        while let Some(length) = path.get(at..).and_then(|it| it.find('/')) {
            let folder = path.get(at..at + length).unwrap_or("");
            at += length + 1;
            if VIEW_FOLDERS.contains(&folder) {
                names.extend(path.get(at..));
            }
        }
        if names.is_empty() {
            names.push(path);
        }
        names
    }

    /// A path with or without extension, or the index of a folder.
    fn exact(&self, path: &str) -> Option<usize> {
        let position = |fits: &dyn Fn(&str) -> bool| self.paths.iter().position(|it| fits(it));
        position(&|it| it == path)
            .or_else(|| position(&|it| stem(it) == path))
            .or_else(|| position(&|it| stem(it).strip_suffix("/index") == Some(path)))
    }

    /// The best of the templates whose path ends with a name; nothing where several are equally good.
    fn suffix(&self, name: &str, from: &str) -> Option<usize> {
        let ends = |path: &str| {
            path == name || path.strip_suffix(name).is_some_and(|it| it.ends_with('/'))
        };
        let fits = |path: &str| {
            ends(path) || ends(stem(path)) || stem(path).strip_suffix("/index").is_some_and(ends)
        };
        let mut best: Option<(usize, Rank)> = None;
        let mut equal = false;
        for (index, path) in self.paths.iter().enumerate() {
            if !fits(path) {
                continue;
            }
            let rank = self.rank_of(path, name, from);
            match &best {
                Some((_, known)) if *known < rank => {}
                Some((_, known)) if *known == rank => equal = true,
                _ => {
                    best = Some((index, rank));
                    equal = false;
                }
            }
        }
        best.filter(|_| !equal).map(|it| it.0)
    }

    fn rank(&self, index: usize, from: &str) -> Rank {
        self.paths
            .get(index)
            .map_or((true, 0, 0), |path| self.rank_of(path, "", from))
    }

    /// Better templates have smaller ranks: right below a folder of views, near the file that names them, not deep.
    fn rank_of(&self, path: &str, name: &str, from: &str) -> Rank {
        let below_views = self
            .names_of(path)
            .iter()
            .any(|it| *it == name || stem(it) == name);
        let common = path
            .split('/')
            .zip(from.split('/'))
            .take_while(|(a, b)| a == b)
            .count();
        (!below_views, usize::MAX - common, path.matches('/').count())
    }
}

/// Not right below a folder of views; far from the file that names it; depth.
type Rank = (bool, usize, usize);

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |it| it.0)
}

/// A path without its extension.
fn stem(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |it| it + 1);
    match path.get(name..).and_then(|it| it.rfind('.')) {
        Some(dot) if dot > 0 => path.get(..name + dot).unwrap_or(path),
        _ => path,
    }
}

/// A name without `.`, `..` and needless slashes.
fn clean(name: &str) -> String {
    join("", name)
}

/// The slash that tells a folder from the start of a name.
fn slash(prefix: &str) -> &'static str {
    if prefix.ends_with('/') && !prefix.trim_matches(['/', '.']).is_empty() {
        "/"
    } else {
        ""
    }
}

fn join(base: &str, name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(name.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::Templates;

    const PATHS: [&str; 12] = [
        "app/views/login.html",
        "app/views/tutorial/a1.html",
        "app/views/tutorial/a2.html",
        "app/views/tutorial/layout.html",
        "app/views/layout.html",
        "views/app/products.ejs",
        "views/common/head.ejs",
        "views/vulnerabilities/a1/description.ejs",
        "views/vulnerabilities/a1/reference.ejs",
        "packages/one/emails/index.hbs",
        "packages/two/emails/index.hbs",
        "packages/two/views/home/index.pug",
    ];

    fn resolve(name: &str, from: &str) -> Option<&'static str> {
        Templates {
            paths: &PATHS,
            views: &[],
        }
        .resolve(name, from)
        .map(|it| PATHS[it])
    }

    #[test]
    fn names_that_code_renders() {
        assert_eq!(
            resolve("login", "app/routes/session.js"),
            Some("app/views/login.html")
        );
        assert_eq!(
            resolve("tutorial/a1", "app/routes/tutorial.js"),
            Some("app/views/tutorial/a1.html")
        );
        assert_eq!(
            resolve("app/products", "core/appHandler.js"),
            Some("views/app/products.ejs")
        );
        assert_eq!(
            resolve("app/products.ejs", "core/appHandler.js"),
            Some("views/app/products.ejs")
        );
        assert_eq!(
            resolve("/app/products", "core/appHandler.js"),
            Some("views/app/products.ejs")
        );
        assert_eq!(
            resolve("home", "packages/two/app.js"),
            Some("packages/two/views/home/index.pug")
        );
        assert_eq!(resolve("nothing", "app.js"), None);
        assert_eq!(resolve("", "app.js"), None);
    }

    #[test]
    fn the_nearest_of_many() {
        assert_eq!(
            resolve("emails/index", "packages/two/mail.ts"),
            Some("packages/two/emails/index.hbs")
        );
        assert_eq!(
            resolve("emails/index", "server.ts"),
            None,
            "two are equally good"
        );
        assert_eq!(
            resolve("layout", "app/routes/x.js"),
            Some("app/views/layout.html")
        );
        let views = Templates {
            paths: &PATHS,
            views: &["./app/views/tutorial"],
        };
        assert_eq!(views.resolve("layout", "server.js"), Some(3));
    }

    #[test]
    fn names_in_templates() {
        assert_eq!(
            resolve("../common/head", "views/app/products.ejs"),
            Some("views/common/head.ejs")
        );
        assert_eq!(
            resolve("./layout.html", "app/views/tutorial/a1.html"),
            Some("app/views/tutorial/layout.html")
        );
        assert_eq!(
            resolve("layout", "app/views/tutorial/a1.html"),
            Some("app/views/tutorial/layout.html")
        );
        assert_eq!(
            resolve("common/head", "views/app/products.ejs"),
            Some("views/common/head.ejs")
        );
        assert_eq!(
            resolve("../../../../etc/passwd", "views/app/products.ejs"),
            None
        );
    }

    #[test]
    fn computed_names() {
        let joined = |prefix: &str, suffix: &str, from: &str| {
            let found = Templates {
                paths: &PATHS,
                views: &[],
            }
            .resolve_joined(prefix, suffix, from);
            found.into_iter().map(|it| PATHS[it]).collect::<Vec<_>>()
        };
        assert_eq!(
            joined("vulnerabilities/", "/description", "routes/main.js"),
            ["views/vulnerabilities/a1/description.ejs"]
        );
        assert_eq!(joined("vulnerabilities/", "", "routes/main.js").len(), 2);
        assert_eq!(joined("tutorial/a", "", "app/routes/tutorial.js").len(), 2);
        assert_eq!(
            joined("../vulnerabilities/", "/reference.ejs", "views/app/x.ejs").len(),
            1
        );
        assert_eq!(joined("", "", "a.js").len(), 0);
    }
}
