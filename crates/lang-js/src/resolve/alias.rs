//! `paths` and `baseUrl` of tsconfig and jsconfig, with what they extend.

use super::json;
use super::package::Table;
use super::path::{file_name, join, parent};
use rustc_hash::FxHashMap;
use serde_json::Value;

/// Names that a folder's configuration gives to paths.
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases {
    /// The folder of `baseUrl`.
    pub(super) base: Option<Box<str>>,
    /// It extends a file of the repository that is not among those at hand, which may name paths too.
    pub(super) lacks: bool,
    /// Pattern to project-relative targets.
    paths: Table,
}

impl Aliases {
    /// Project-relative candidates for a specifier.
    pub(super) fn targets(&self, specifier: &str) -> Vec<String> {
        self.paths.lookup(specifier)
    }
}

/// Longest chain of `extends` that is followed.
const MAX_EXTENDS: u32 = 16;

/// The configurations of all folders. In one folder `tsconfig.json` comes first, then `jsconfig.json`, then variants such as
/// `tsconfig.app.json`, which only add what is missing.
pub(super) fn read(
    manifests: &[&(String, String)],
    names: &FxHashMap<Box<str>, Box<str>>,
) -> FxHashMap<Box<str>, Aliases> {
    let configs: FxHashMap<&str, Value> = manifests
        .iter()
        .filter(|(path, _)| file_name(path) != "package.json")
        .filter_map(|(path, text)| Some((path.as_str(), json::parse(text)?)))
        .collect();
    let mut order: Vec<&str> = configs.keys().copied().collect();
    order.sort_by_key(|path| {
        let rank = match file_name(path) {
            "tsconfig.json" => 0,
            "jsconfig.json" => 1,
            _ => 2,
        };
        (rank, *path)
    });
    let mut all: FxHashMap<Box<str>, Aliases> = FxHashMap::default();
    for path in order {
        let found = aliases(path, &configs, names, 0);
        let known = all.entry(parent(path).into()).or_default();
        if known.base.is_none() {
            known.base = found.base;
        }
        known.lacks |= found.lacks;
        known.paths.complete(found.paths);
    }
    all
}

fn aliases(
    path: &str,
    configs: &FxHashMap<&str, Value>,
    names: &FxHashMap<Box<str>, Box<str>>,
    depth: u32,
) -> Aliases {
    let Some(config) = configs.get(path) else {
        return Aliases::default();
    };
    let mut result = Aliases::default();
    if depth < MAX_EXTENDS {
        let mut bases = Vec::new();
        if let Some(extends) = config.get("extends") {
            json::leaves(extends, &mut bases);
        }
        // Later ones win over earlier ones.
        for base in bases {
            let Some(base) = extended(&base, path, configs, names) else {
                result.lacks |= base.starts_with('.');
                continue;
            };
            let inherited = aliases(base, configs, names, depth + 1);
            if inherited.base.is_some() {
                result.base = inherited.base;
            }
            if !inherited.paths.is_empty() {
                result.paths = inherited.paths;
            }
            result.lacks |= inherited.lacks;
        }
    }
    let folder = parent(path);
    let Some(options) = config.get("compilerOptions") else {
        return result;
    };
    if let Some(base) = options
        .get("baseUrl")
        .and_then(Value::as_str)
        .and_then(|b| join(folder, b))
    {
        result.base = Some(base.trim_end_matches('/').into());
    }
    if let Some(Value::Object(paths)) = options.get("paths") {
        let base = result.base.clone();
        let base = base.as_deref().unwrap_or(folder);
        result.paths = Table::default();
        for (pattern, targets) in paths {
            let mut list = Vec::new();
            json::leaves(targets, &mut list);
            let list = list.iter().filter_map(|t| join(base, t)).collect();
            result.paths.add(pattern, list);
        }
    }
    result
}

/// The path of an extended configuration that is part of the project.
fn extended<'c>(
    specifier: &str,
    from: &str,
    configs: &FxHashMap<&'c str, Value>,
    names: &FxHashMap<Box<str>, Box<str>>,
) -> Option<&'c str> {
    let path = if specifier.starts_with('.') {
        join(parent(from), specifier)?
    } else {
        let (name, subpath) = super::split_package(specifier);
        let file = if subpath.is_empty() {
            "tsconfig.json"
        } else {
            subpath
        };
        join(names.get(name)?, file)?
    };
    let with_extension = format!("{path}.json");
    let inside = join(&path, "tsconfig.json")?;
    [path, with_extension, inside]
        .iter()
        .find_map(|p| configs.get_key_value(p.as_str()))
        .map(|(key, _)| *key)
}
