//! `package.json`: what a package offers and calls by other names.

use super::json;
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One `package.json`.
#[derive(Debug, Default)]
pub(super) struct Package {
    pub(super) name: Option<Box<str>>,
    /// Entry points, the most telling first.
    pub(super) mains: Vec<String>,
    /// Subpath (`.`, `./x`, `./x/*`) to targets.
    exports: Table,
    /// `#name` to targets.
    imports: Table,
    /// `_moduleAliases`.
    aliases: Vec<(String, String)>,
    /// What it depends on.
    pub(super) depends: Vec<Box<str>>,
}

/// Where a manifest names what it depends on.
const DEPENDS: [&str; 4] = [
    "dependencies",
    "devDependencies",
    "peerDependencies",
    "optionalDependencies",
];

impl Package {
    pub(super) fn parse(text: &str) -> Self {
        let Some(Value::Object(root)) = json::parse(text) else {
            return Self::default();
        };
        let text_of = |key: &str| root.get(key).and_then(Value::as_str);
        let mut package = Self {
            name: text_of("name").map(Into::into),
            ..Self::default()
        };
        for key in ["source", "module", "main", "types"] {
            package.mains.extend(text_of(key).map(str::to_owned));
        }
        match root.get("exports") {
            Some(Value::Object(members)) if members.keys().any(|k| k.starts_with('.')) => {
                package.exports = table(members.iter().filter(|(k, _)| k.starts_with('.')));
            }
            Some(Value::Null) | None => {}
            Some(whole) => {
                let mut targets = Vec::new();
                json::leaves(whole, &mut targets);
                package.exports.add(".", targets);
            }
        }
        for list in DEPENDS {
            if let Some(Value::Object(members)) = root.get(list) {
                let names = members.keys().map(|name| name.as_str().into());
                package.depends.extend(names);
            }
        }
        if let Some(Value::Object(members)) = root.get("imports") {
            package.imports = table(members.iter());
        }
        if let Some(Value::Object(members)) = root.get("_moduleAliases") {
            package.aliases = members
                .iter()
                .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
                .collect();
        }
        package
    }

    /// Where a subpath (`""`, `x/y`) leads according to `exports`, relative to the package.
    pub(super) fn export(&self, subpath: &str) -> Vec<String> {
        let wanted = if subpath.is_empty() {
            ".".to_owned()
        } else {
            format!("./{subpath}")
        };
        self.exports.lookup(&wanted)
    }

    /// Where `#name` leads.
    pub(super) fn import(&self, specifier: &str) -> Vec<String> {
        self.imports.lookup(specifier)
    }

    /// Where an alias of `module-alias` leads, relative to the package.
    pub(super) fn alias(&self, specifier: &str) -> Option<String> {
        self.aliases.iter().find_map(|(alias, target)| {
            let rest = specifier.strip_prefix(alias.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{target}{rest}"))
        })
    }
}

fn table<'v>(members: impl Iterator<Item = (&'v String, &'v Value)>) -> Table {
    let mut table = Table::default();
    for (key, value) in members {
        let mut targets = Vec::new();
        json::leaves(value, &mut targets);
        table.add(key, targets);
    }
    table
}

/// Patterns and where they lead. A manifest may have any number of them, and every import asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    exact: BTreeMap<String, Vec<String>>,
    /// By the text before the `*`: the text after it, and the targets, as written.
    wild: FxHashMap<String, Vec<(String, Vec<String>)>>,
    /// Lengths of the texts before the `*`.
    lengths: BTreeSet<usize>,
}

impl Table {
    /// Adds a pattern; the first of one name stays.
    pub(super) fn add(&mut self, pattern: &str, targets: Vec<String>) {
        if let Some((before, after)) = pattern.split_once('*') {
            self.lengths.insert(before.len());
            let list = self.wild.entry(before.to_owned()).or_default();
            if list.iter().all(|(known, _)| known != after) {
                list.push((after.to_owned(), targets.clone()));
            }
        }
        self.exact.entry(pattern.to_owned()).or_insert(targets);
    }

    /// Adds what the other has and this has not.
    pub(super) fn complete(&mut self, other: Self) {
        for (pattern, targets) in other.exact {
            self.add(&pattern, targets);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty()
    }

    /// The targets of the best pattern: an exact one, else the one with the longest text before its `*`.
    pub(super) fn lookup(&self, wanted: &str) -> Vec<String> {
        if let Some(targets) = self.exact.get(wanted) {
            return targets.clone();
        }
        for length in self.lengths.iter().rev() {
            let Some((before, rest)) = wanted.split_at_checked(*length) else {
                continue;
            };
            let best = self.wild.get(before).and_then(|list| {
                list.iter().find_map(|(after, targets)| {
                    Some((rest.strip_suffix(after.as_str())?, targets))
                })
            });
            if let Some((middle, targets)) = best {
                return targets.iter().map(|t| t.replace('*', middle)).collect();
            }
        }
        Vec::new()
    }
}
