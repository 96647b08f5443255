//! Packages of the project whose manifests are not among the files: a part of a repository was given, or they were left out.
//!
//! Where no `package.json` stands around a file, a workspace is known by its folder: `@any/shared`, `any-shared` and `shared/x` may
//! lead to `packages/shared`, and `@any/shared` to `packages/any-shared`. Where one does, what it does not name comes from elsewhere,
//! unless the configuration that names paths is missing as well: then `@any/shared` that no manifest depends on is such a path.

use super::path::{ancestors, file_name, join, parent};
use super::{Resolver, split_package};
use rustc_hash::{FxHashMap, FxHashSet};

/// Folders that hold the packages of a project, by habit.
const WORKSPACES: [&str; 8] = [
    "packages",
    "libs",
    "libraries",
    "apps",
    "modules",
    "services",
    "src",
    "",
];

/// The folders that may be packages, by their names.
pub(super) type Folders = FxHashMap<Box<str>, Vec<Box<str>>>;

/// The folders of all files that stand in a workspace folder or at the root.
pub(super) fn folders<'f>(files: impl Iterator<Item = &'f str>) -> Folders {
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    let mut folders = Folders::default();
    for file in files {
        for folder in ancestors(parent(file)) {
            if folder.is_empty() || !seen.insert(folder) {
                break;
            }
            if WORKSPACES.contains(&file_name(parent(folder))) {
                let list = folders.entry(file_name(folder).into()).or_default();
                list.push(folder.into());
            }
        }
    }
    for list in folders.values_mut() {
        list.sort_by_key(|folder| (folder.len(), folder.clone()));
    }
    folders
}

impl Resolver {
    /// Whether the paths of a folder may be named in a configuration that is not there.
    fn lacks_paths(&self, folder: &str) -> bool {
        ancestors(folder)
            .find_map(|at| self.aliases.get(at))
            .is_some_and(|aliases| aliases.lacks)
    }

    fn is_depended_on(&self, name: &str) -> bool {
        let mut packages = self.packages.values();
        packages.any(|package| package.depends.iter().any(|known| **known == *name))
    }

    /// The file that a specifier means in a folder around which there is no manifest.
    pub(super) fn undeclared(&self, specifier: &str, folder: &str) -> Option<usize> {
        let (name, subpath) = split_package(specifier);
        if self.foreign.contains(name) {
            return None;
        }
        if self.package_of(folder).is_some()
            && !(name.starts_with('@') && self.lacks_paths(folder) && !self.is_depended_on(name))
        {
            return None;
        }
        // `@server/x`: an alias for a folder at the root.
        let alias = || self.path(specifier.strip_prefix('@')?);
        // A folder has the whole name, with a dash or without the scope, or the name without that of the project.
        let dashed = name
            .strip_prefix('@')
            .map(|scoped| scoped.replacen('/', "-", 1));
        let names = match name.strip_prefix('@') {
            Some(scoped) => [
                scoped.split_once('/').map(|(_, last)| last),
                dashed.as_deref(),
            ],
            None => [
                Some(name).filter(|_| !subpath.is_empty()),
                name.split_once('-').map(|(_, last)| last),
            ],
        };
        let package = |at: &str| {
            let tried = match subpath {
                "" => [
                    "src/index".to_owned(),
                    "index".to_owned(),
                    "lib/index".to_owned(),
                ],
                _ => [
                    subpath.to_owned(),
                    format!("src/{subpath}"),
                    format!("lib/{subpath}"),
                ],
            };
            tried.iter().find_map(|path| self.path(&join(at, path)?))
        };
        alias().or_else(|| {
            let mut folders = names.into_iter().flatten();
            folders.find_map(|name| self.folders.get(name)?.iter().find_map(|at| package(at)))
        })
    }
}
