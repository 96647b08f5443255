//! `package.json`: what a package offers and calls by other names.

use super::json;
use serde_json::Value;

/// One `package.json`.
#[derive(Debug, Default)]
pub(super) struct Package {
    pub(super) name: Option<Box<str>>,
    /// Entry points, the most telling first.
    pub(super) mains: Vec<String>,
    /// Subpath (`.`, `./x`, `./x/*`) to targets.
    exports: Vec<(String, Vec<String>)>,
    /// `#name` to targets.
    imports: Vec<(String, Vec<String>)>,
    /// `_moduleAliases`.
    aliases: Vec<(String, String)>,
}

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
                package.exports.push((".".to_owned(), targets));
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
        lookup(&self.exports, &wanted)
    }

    /// Where `#name` leads.
    pub(super) fn import(&self, specifier: &str) -> Vec<String> {
        lookup(&self.imports, specifier)
    }

    /// Where an alias of `module-alias` leads, relative to the package.
    pub(super) fn alias(&self, specifier: &str) -> Option<String> {
        self.aliases.iter().find_map(|(alias, target)| {
            let rest = specifier.strip_prefix(alias.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{target}{rest}"))
        })
    }
}

fn table<'v>(members: impl Iterator<Item = (&'v String, &'v Value)>) -> Vec<(String, Vec<String>)> {
    members
        .map(|(key, value)| {
            let mut targets = Vec::new();
            json::leaves(value, &mut targets);
            (key.clone(), targets)
        })
        .collect()
}

/// The targets of the best pattern: an exact one, else the one with the longest text before its `*`.
pub(super) fn lookup(table: &[(String, Vec<String>)], wanted: &str) -> Vec<String> {
    if let Some((_, targets)) = table.iter().find(|(key, _)| key == wanted) {
        return targets.clone();
    }
    let mut best: Option<(usize, &str, &Vec<String>)> = None;
    for (key, targets) in table {
        let Some((before, after)) = key.split_once('*') else {
            continue;
        };
        let Some(middle) = wanted
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
        else {
            continue;
        };
        if best.is_none_or(|(length, _, _)| before.len() > length) {
            best = Some((before.len(), middle, targets));
        }
    }
    best.map_or_else(Vec::new, |(_, middle, targets)| {
        targets.iter().map(|t| t.replace('*', middle)).collect()
    })
}
