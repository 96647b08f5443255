//! Module resolution over a set of files, without a disk.
//!
//! Order: relative paths, `imports` of the package (`#x`), aliases (`paths` of tsconfig and jsconfig, `_moduleAliases`), runtime modules,
//! `baseUrl`, packages of the same project by name, aliases that bundlers use by habit (`@/x`, `~/x`), packages of the project whose
//! manifests are not there, then packages from elsewhere.

mod alias;
mod core;
mod generated;
mod json;
mod package;
mod path;
mod undeclared;

pub use generated::generated;

use alias::Aliases;
use package::Package;
use path::{join, parent};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// What a specifier leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resolution {
    /// A file of the project: index into the files given to [`Resolver::new`].
    File(usize),
    /// A package that is not part of the project.
    Package {
        /// Its name: `express`, `@scope/x`.
        name: String,
        /// What follows the name: empty, or `promise` for `mysql2/promise`.
        subpath: String,
    },
    /// A module of the runtime, without `node:`; other schemes (`bun:sqlite`) are kept.
    Core(String),
    /// A file that is not there, or no specifier at all.
    Unknown,
}

/// Resolves specifiers as Node, TypeScript and bundlers do.
#[derive(Debug)]
pub struct Resolver {
    files: FxHashMap<Box<str>, usize>,
    /// By folder.
    packages: FxHashMap<Box<str>, Package>,
    /// Folders of packages, by name.
    names: FxHashMap<Box<str>, Box<str>>,
    /// By folder.
    aliases: FxHashMap<Box<str>, Aliases>,
    /// Folders that may be packages without a manifest.
    folders: undeclared::Folders,
    /// Packages that are known to come from elsewhere.
    foreign: FxHashSet<Box<str>>,
}

/// Extensions in the order in which they are tried; sources before what they may have been compiled to.
const EXTENSIONS: [&str; 11] = [
    ".ts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".mts", ".cts", ".d.ts", ".d.mts", ".json",
];

impl Resolver {
    /// A resolver over project-relative paths with `/` and the texts of all `package.json`, `tsconfig*.json` and `jsconfig.json`.
    #[must_use]
    pub fn new(files: &[String], manifests: &[(String, String)]) -> Self {
        let files: FxHashMap<Box<str>, usize> = files
            .iter()
            .enumerate()
            .map(|(i, f)| (f.as_str().into(), i))
            .collect();
        let mut sorted: Vec<&(String, String)> = manifests
            .iter()
            .filter(|(p, _)| !p.contains("node_modules/"))
            .collect();
        sorted.sort();
        let mut packages: FxHashMap<Box<str>, Package> = FxHashMap::default();
        let mut names: FxHashMap<Box<str>, Box<str>> = FxHashMap::default();
        for (path, text) in &sorted {
            if path::file_name(path) != "package.json" {
                continue;
            }
            let folder: Box<str> = parent(path).into();
            let package = Package::parse(text);
            if let Some(name) = &package.name {
                let nearer = names
                    .get(name)
                    .is_none_or(|known| folder.len() < known.len());
                if nearer {
                    names.insert(name.clone(), folder.clone());
                }
            }
            packages.insert(folder, package);
        }
        let aliases = alias::read(&sorted, &names);
        let folders = undeclared::folders(files.keys().map(|file| &**file));
        Self {
            files,
            packages,
            names,
            aliases,
            folders,
            foreign: FxHashSet::default(),
        }
    }

    /// Says which packages come from elsewhere for certain: no folder is taken for one of them because of its name.
    #[must_use]
    pub fn with_foreign<'n>(mut self, names: impl Iterator<Item = &'n str>) -> Self {
        self.foreign = names.map(Into::into).collect();
        self
    }

    /// What `specifier` means in the file `from` (project-relative).
    #[must_use]
    pub fn resolve(&self, specifier: &str, from: &str) -> Resolution {
        let specifier = without_query(specifier);
        let folder = parent(from);
        if let Some(core) = specifier.strip_prefix("node:") {
            return Resolution::Core(core.to_owned());
        }
        if specifier.starts_with("bun:") || specifier.starts_with("cloudflare:") {
            return Resolution::Core(specifier.to_owned());
        }
        if let Some(package) = specifier.strip_prefix("npm:") {
            return external(&without_version(package.trim_start_matches('/')));
        }
        if specifier.starts_with("./")
            || specifier.starts_with("../")
            || matches!(specifier, "." | "..")
        {
            let Some(path) = join(folder, specifier) else {
                return Resolution::Unknown;
            };
            return self
                .path(&path)
                .or_else(|| self.unbuilt(&path))
                .map_or_else(|| generated::client(&path), Resolution::File);
        }
        if let Some(absolute) = specifier.strip_prefix('/') {
            return join("", absolute)
                .and_then(|p| self.path(&p))
                .map_or(Resolution::Unknown, Resolution::File);
        }
        if specifier.starts_with('#')
            && let Some(found) = self.package_import(specifier, folder)
        {
            return found;
        }
        if let Some(file) = self.aliased(specifier, folder) {
            return Resolution::File(file);
        }
        if core::is_core(specifier) {
            return Resolution::Core(specifier.to_owned());
        }
        if let Some(file) = self.below_base(specifier, folder) {
            return Resolution::File(file);
        }
        if let Some(file) = self.own_package(specifier, folder) {
            return Resolution::File(file);
        }
        // `#src/x` never leaves its package (Node's subpath imports), whose manifest is not there or says nothing of it.
        if let Some(rest) = specifier
            .strip_prefix("@/")
            .or_else(|| specifier.strip_prefix("~/"))
            .or_else(|| {
                specifier
                    .strip_prefix('#')
                    .filter(|rest| rest.contains('/'))
            })
        {
            return self
                .habitual(rest, folder)
                .map_or_else(|| generated::client(rest), Resolution::File);
        }
        if let Some(file) = self.undeclared(specifier, folder) {
            return Resolution::File(file);
        }
        match generated::client(specifier) {
            Resolution::Unknown => external(specifier),
            client => client,
        }
    }

    /// What may stand after `before` in specifiers of `from`: the files and folders whose names go on so, and their stems.
    pub(crate) fn beside(&self, from: &str, before: &str) -> BTreeSet<String> {
        let (folder, begun) = before.rsplit_once('/').unwrap_or(("", before));
        let Some(folder) = join(parent(from), folder) else {
            return BTreeSet::new();
        };
        let folder = folder.trim_end_matches('/');
        let mut words = BTreeSet::new();
        for file in self.files.keys() {
            let below = match folder {
                "" => Some(&**file),
                _ => file
                    .strip_prefix(folder)
                    .and_then(|rest| rest.strip_prefix('/')),
            };
            let Some(rest) = below.and_then(|rest| rest.strip_prefix(begun)) else {
                continue;
            };
            match rest.split_once('/') {
                Some((inner, _)) => {
                    words.insert(inner.to_owned());
                }
                None if EXTENSIONS.contains(&path::extension(rest)) && !is_beside(rest) => {
                    words.insert(rest.to_owned());
                    words.insert(
                        rest.strip_suffix(path::extension(rest))
                            .unwrap_or(rest)
                            .to_owned(),
                    );
                }
                None => {}
            }
        }
        words
    }

    /// Whether a file is the one at a path.
    pub(crate) fn is(&self, file: usize, path: &str) -> bool {
        self.files.get(path) == Some(&file)
    }

    /// A file or folder at a path.
    fn path(&self, path: &str) -> Option<usize> {
        let (trimmed, folder_only) = match path.strip_suffix('/') {
            Some(trimmed) => (trimmed, true),
            None => (path, false),
        };
        if !folder_only && let Some(file) = self.file(trimmed) {
            return Some(file);
        }
        self.folder(trimmed)
    }

    /// A file: as written, as the source that it is compiled from, or with an extension.
    fn file(&self, path: &str) -> Option<usize> {
        let exact = self.files.get(path).copied();
        if exact.is_some() {
            return exact;
        }
        let sources: &[&str] = match path::extension(path) {
            ".js" => &[".ts", ".tsx", ".jsx", ".mts"],
            ".jsx" => &[".tsx"],
            ".mjs" => &[".mts", ".ts"],
            ".cjs" => &[".cts", ".ts"],
            _ => &[],
        };
        let stem = path.strip_suffix(path::extension(path)).unwrap_or(path);
        sources
            .iter()
            .find_map(|e| self.with(stem, e))
            .or_else(|| EXTENSIONS.iter().find_map(|e| self.with(path, e)))
    }

    fn with(&self, stem: &str, extension: &str) -> Option<usize> {
        let path = format!("{stem}{extension}");
        self.files.get(path.as_str()).copied()
    }

    /// The file that stands for a folder.
    fn folder(&self, folder: &str) -> Option<usize> {
        if let Some(package) = self.packages.get(folder)
            && let Some(file) = package
                .mains
                .iter()
                .find_map(|main| self.built(folder, main))
        {
            return Some(file);
        }
        let index = if folder.is_empty() {
            "index".to_owned()
        } else {
            format!("{folder}/index")
        };
        EXTENSIONS.iter().find_map(|e| self.with(&index, e))
    }

    /// A file that a manifest names; where it is built and not there, the source it is built from.
    fn built(&self, folder: &str, target: &str) -> Option<usize> {
        let path = join(folder, target)?;
        let index = |p: &str| {
            if p.is_empty() {
                None
            } else {
                self.file(&format!("{}/index", p.trim_end_matches('/')))
            }
        };
        if let Some(file) = self
            .file(path.trim_end_matches('/'))
            .or_else(|| index(&path))
        {
            return Some(file);
        }
        let inside = path::normal(target)?.replace(".d.ts", ".ts");
        let mut rest = inside.as_str();
        while let Some((first, after)) = rest.split_once('/') {
            if !matches!(
                first,
                "dist"
                    | "lib"
                    | "build"
                    | "out"
                    | "output"
                    | "esm"
                    | "cjs"
                    | "es"
                    | "types"
                    | "src"
            ) {
                break;
            }
            rest = after;
            let source = ["src/", "lib/", "source/", ""]
                .iter()
                .find_map(|s| self.file(&join(folder, &format!("{s}{rest}"))?));
            if source.is_some() {
                return source;
            }
        }
        None
    }

    /// The source of a path into a folder that is built: tests often load `../lib/x`.
    fn unbuilt(&self, path: &str) -> Option<usize> {
        let parts: Vec<&str> = path.split('/').collect();
        let built = parts
            .iter()
            .position(|p| matches!(*p, "dist" | "lib" | "build" | "out"))?;
        let mut source = parts;
        *source.get_mut(built)? = "src";
        self.path(&source.join("/"))
    }

    /// `#name`: the `imports` of the package around the file.
    fn package_import(&self, specifier: &str, folder: &str) -> Option<Resolution> {
        let (at, package) = self.package_of(folder)?;
        for target in package.import(specifier) {
            if target.starts_with('.') {
                if let Some(file) = self.built(at, &target) {
                    return Some(Resolution::File(file));
                }
            } else if !target.starts_with('#') {
                return Some(self.resolve(&target, &format!("{at}/package.json")));
            }
        }
        None
    }

    /// The nearest package around a folder.
    fn package_of(&self, folder: &str) -> Option<(&str, &Package)> {
        path::ancestors(folder)
            .find_map(|f| self.packages.get_key_value(f))
            .map(|(f, p)| (&**f, p))
    }

    fn aliased(&self, specifier: &str, folder: &str) -> Option<usize> {
        // The nearest configuration with a matching pattern wins; an outer one may still know the alias.
        for at in path::ancestors(folder) {
            if let Some(aliases) = self.aliases.get(at)
                && let Some(file) = aliases.targets(specifier).iter().find_map(|t| self.path(t))
            {
                return Some(file);
            }
            if let Some(package) = self.packages.get(at)
                && let Some(file) = package
                    .alias(specifier)
                    .and_then(|t| self.path(&join(at, &t)?))
            {
                return Some(file);
            }
        }
        None
    }

    fn below_base(&self, specifier: &str, folder: &str) -> Option<usize> {
        path::ancestors(folder)
            .filter_map(|at| self.aliases.get(at)?.base.as_deref())
            .find_map(|base| self.path(&join(base, specifier)?))
    }

    /// A package of the same project.
    fn own_package(&self, specifier: &str, folder: &str) -> Option<usize> {
        let (name, subpath) = split_package(specifier);
        let at = self.names.get(name)?;
        // A fixture that carries the name of a real package is not that package.
        if path::is_fixture(at) && !path::is_within(folder, at) {
            return None;
        }
        let package = self.packages.get(at)?;
        if let Some(file) = package
            .export(subpath)
            .iter()
            .find_map(|t| self.built(at, t))
        {
            return Some(file);
        }
        if subpath.is_empty() {
            let source = || {
                ["src/index", "lib/index", "src/main"]
                    .iter()
                    .find_map(|s| self.file(&join(at, s)?))
            };
            return self.folder(at).or_else(source);
        }
        self.path(&join(at, subpath)?)
            .or_else(|| self.built(at, subpath))
            .or_else(|| self.path(&join(at, &format!("src/{subpath}"))?))
    }

    fn habitual(&self, rest: &str, folder: &str) -> Option<usize> {
        let below = |at: &str| {
            ["src", "app", "", "lib", "client", "server"]
                .iter()
                .find_map(|s| self.path(&join(at, &format!("{s}/{rest}"))?))
        };
        match self.package_of(folder) {
            Some((at, _)) => below(at),
            // Without a manifest any folder around the file may be the package's.
            None => path::ancestors(folder).find_map(below),
        }
    }
}

/// A specifier that no file of the project answers.
fn external(specifier: &str) -> Resolution {
    let (name, subpath) = split_package(specifier);
    let valid = !name.is_empty()
        && !name.starts_with(['.', '#', '!', '~', '$'])
        && name != "@"
        && !name.contains([':', ' ', '\\', '\n', '*', '{'])
        && (!name.starts_with('@')
            || name.len() > 2 && name.contains('/') && !name.starts_with("@/"));
    if !valid {
        return Resolution::Unknown;
    }
    Resolution::Package {
        name: name.to_owned(),
        subpath: subpath.to_owned(),
    }
}

/// The name of a package and what follows it.
/// Whether a file stands beside modules without being loaded with them: tests, declarations, data.
fn is_beside(name: &str) -> bool {
    [".test.", ".spec.", ".d.", ".json"]
        .iter()
        .any(|mark| name.contains(mark))
}

fn split_package(specifier: &str) -> (&str, &str) {
    let start = if specifier.starts_with('@') {
        specifier.find('/').map_or(specifier.len(), |i| i + 1)
    } else {
        0
    };
    let end = specifier
        .get(start..)
        .and_then(|s| s.find('/'))
        .map_or(specifier.len(), |i| start + i);
    let name = specifier.get(..end).unwrap_or(specifier);
    (name, specifier.get(end + 1..).unwrap_or(""))
}

/// `x@1.2/y` as Deno writes it, without the version.
fn without_version(specifier: &str) -> String {
    let (name, subpath) = split_package(specifier);
    let bare = name
        .rfind('@')
        .filter(|&i| i > 0)
        .and_then(|i| name.get(..i))
        .unwrap_or(name);
    if subpath.is_empty() {
        bare.to_owned()
    } else {
        format!("{bare}/{subpath}")
    }
}

/// Without what bundlers add: `loader!./x`, `./x?raw`.
fn without_query(specifier: &str) -> &str {
    let last = specifier.rsplit('!').next().unwrap_or(specifier);
    last.split('?').next().unwrap_or(last)
}
