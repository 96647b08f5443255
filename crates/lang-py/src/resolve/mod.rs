//! Which file of the project an import means: packages, relative imports, several roots, `src` layouts, packages without `__init__.py`.

mod known;

pub(crate) use known::is_builtin;

use rustc_hash::{FxHashMap, FxHashSet};

/// What an import leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resolution {
    /// A file of the project: its index in the list that the resolver was made of.
    File(usize),
    /// A folder of the project without `__init__.py`: a package that has nothing but modules.
    Folder,
    /// A module that is not of the project, by its dotted name.
    Package(String),
    /// Not found: a relative import that leads nowhere.
    Unknown,
}

/// Folders that a project's packages may lie in besides its root.
const LAYOUTS: &[&str] = &["src", "lib", "python"];

/// The modules of a project.
#[derive(Default)]
pub struct Resolver {
    /// By path without `.py` or `/__init__.py`.
    modules: FxHashMap<String, usize>,
    /// Folders with Python files in or below them.
    folders: FxHashSet<String>,
    /// Folders that have an `__init__.py`.
    packages: FxHashSet<String>,
    /// By the first name of a module: the folders that are no packages and have it.
    roots: FxHashMap<String, Vec<String>>,
}

impl Resolver {
    /// A resolver for files, by index and path relative to the project's root.
    #[must_use]
    pub fn new<'p>(files: impl IntoIterator<Item = (usize, &'p str)>) -> Self {
        let mut resolver = Self::default();
        for (index, path) in files {
            let Some(stem) = path
                .strip_suffix(".py")
                .or_else(|| path.strip_suffix(".pyw"))
            else {
                // A script without an extension is imported by nobody.
                continue;
            };
            let module = if stem == "__init__" {
                String::new()
            } else {
                stem.strip_suffix("/__init__").unwrap_or(stem).to_owned()
            };
            if module != stem {
                resolver.packages.insert(module.clone());
            }
            // A package hides a module of the same name.
            if module != stem || !resolver.modules.contains_key(&module) {
                resolver.modules.insert(module, index);
            }
            let mut folder = parent(stem);
            while let Some(path) = folder {
                if !resolver.folders.insert(path.to_owned()) {
                    break;
                }
                folder = parent(path);
            }
        }
        resolver.index_roots();
        resolver
    }

    fn index_roots(&mut self) {
        let all = self.modules.keys().chain(&self.folders);
        let mut roots: FxHashMap<String, Vec<String>> = FxHashMap::default();
        for path in all {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            if !name.is_empty() && !self.packages.contains(folder) {
                roots
                    .entry(name.to_owned())
                    .or_default()
                    .push(folder.to_owned());
            }
        }
        for folders in roots.values_mut() {
            folders.sort_unstable();
            folders.dedup();
        }
        self.roots = roots;
    }

    /// What a specifier means in a file.
    #[must_use]
    pub fn resolve(&self, specifier: &str, from: &str) -> Resolution {
        let name = specifier.trim_start_matches('.');
        let level = specifier.len() - name.len();
        if level > 0 {
            return self.relative(level, name, from);
        }
        self.absolute(name, from)
    }

    fn relative(&self, level: usize, name: &str, from: &str) -> Resolution {
        let mut folder = parent(from).unwrap_or_default();
        for _ in 1..level {
            match parent(folder) {
                Some(above) => folder = above,
                None => return Resolution::Unknown,
            }
        }
        self.at(folder, name).unwrap_or(Resolution::Unknown)
    }

    fn absolute(&self, name: &str, from: &str) -> Resolution {
        let package = || Resolution::Package(known::present_name(name).into_owned());
        let top = name.split('.').next().unwrap_or(name);
        if known::is_standard(top) {
            return package();
        }
        let mut own = None;
        let mut folder = parent(from);
        while let Some(at) = folder {
            if let Some(found) = self.under(at, name, top, from) {
                // Inside of a package, names are those of the folder around it; scripts that are started there see their siblings.
                if !self.packages.contains(at) {
                    return found;
                }
                let beside = Some(at) == parent(from) && !self.packages.contains(&join(at, top));
                own = own.or(beside.then_some(found));
            }
            folder = parent(at);
        }
        own.or_else(|| self.elsewhere(name, top, from))
            .or_else(|| self.below_package(name, from))
            .unwrap_or_else(package)
    }

    /// A module below a folder around the file that is a package itself, and that the project puts on the path all the same:
    /// `from orders.utils import …` with `apps/__init__.py` and `apps/orders/utils.py`. A plain name would be too little evidence.
    fn below_package(&self, name: &str, from: &str) -> Option<Resolution> {
        let (top, _) = name.split_once('.')?;
        let mut folder = parent(from);
        while let Some(at) = folder {
            // Where a project is started from, packages find themselves by their whole name too.
            let started = self.modules.contains_key(&join(at, "manage"));
            let inside = self.packages.contains(at)
                && self.packages.contains(&join(at, top))
                && (started || !from.starts_with(&format!("{}/", join(at, top))));
            if inside && let Some(found @ Resolution::File(_)) = self.at(at, name) {
                return Some(found);
            }
            folder = parent(at);
        }
        None
    }

    /// The module of a name in a folder or in a usual layout below it.
    fn under(&self, folder: &str, name: &str, top: &str, from: &str) -> Option<Resolution> {
        let layouts = LAYOUTS.iter().map(|l| join(folder, l));
        std::iter::once(folder.to_owned())
            .chain(layouts)
            .find_map(|root| {
                let first = join(&root, top);
                let itself = from.strip_suffix(".py") == Some(&*first);
                let is_there = self.modules.contains_key(&first) || self.folders.contains(&first);
                if !is_there || itself {
                    return None;
                }
                self.at(&root, name)
            })
    }

    /// The only other place of the project that has the module; the nearest one where there are several.
    fn elsewhere(&self, name: &str, top: &str, from: &str) -> Option<Resolution> {
        let roots = self.roots.get(top)?;
        let mut found: Vec<(usize, Resolution)> = roots
            .iter()
            .filter_map(|root| match self.at(root, name)? {
                file @ Resolution::File(index) => {
                    let itself =
                        from.strip_suffix(".py") == Some(&*join(root, &name.replace('.', "/")));
                    let _ = index;
                    (!itself).then_some((shared(root, from), file))
                }
                _ => None,
            })
            .collect();
        found.sort_by_key(|f| std::cmp::Reverse(f.0));
        found.into_iter().next().map(|f| f.1)
    }

    /// The module `name` below a folder.
    fn at(&self, folder: &str, name: &str) -> Option<Resolution> {
        let path = if name.is_empty() {
            folder.to_owned()
        } else {
            join(folder, &name.replace('.', "/"))
        };
        match self.modules.get(&path) {
            Some(&index) => Some(Resolution::File(index)),
            None => self.folders.contains(&path).then_some(Resolution::Folder),
        }
    }
}

/// The folder of a path; the root's own is the empty one, and that of the root is none.
fn parent(path: &str) -> Option<&str> {
    if path.is_empty() {
        return None;
    }
    Some(path.rsplit_once('/').map_or("", |(folder, _)| folder))
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// Number of folders that two paths share.
fn shared(a: &str, b: &str) -> usize {
    a.split('/')
        .zip(b.split('/'))
        .take_while(|(a, b)| a == b)
        .count()
}
