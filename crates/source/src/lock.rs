//! What lock files pin: npm's, Yarn's (both forms), pnpm's, uv's, Poetry's and Pipenv's.

use crate::unit::{Manifest, Unit, Version};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Names of lock files, in lower case.
pub(crate) const NAMES: [&str; 7] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "uv.lock",
    "poetry.lock",
    "pipfile.lock",
];

/// Whether a manifest is a lock file.
#[must_use]
pub fn is_lock(manifest: &Manifest) -> bool {
    NAMES
        .iter()
        .any(|name| manifest.name().eq_ignore_ascii_case(name))
}

#[derive(Deserialize)]
struct PackageLock {
    #[serde(default)]
    packages: BTreeMap<String, Locked>,
    #[serde(default)]
    dependencies: BTreeMap<String, Locked>,
}

#[derive(Deserialize)]
struct Locked {
    version: Option<String>,
}

/// What one file pins: the version, by name and, where that is told, by the range that was asked for.
#[derive(Default)]
pub(crate) struct Pins {
    by_range: BTreeMap<(String, String), String>,
    by_name: BTreeMap<String, String>,
}

impl Pins {
    /// Reads a lock file. One that cannot be read is told in `notes`.
    pub fn of(lock: &Manifest, notes: &mut Vec<String>) -> Self {
        let mut made = Self::default();
        let read = match lock.name().to_ascii_lowercase().as_str() {
            "package-lock.json" | "npm-shrinkwrap.json" => made.npm(&lock.text),
            "yarn.lock" => {
                made.yarn(&lock.text);
                Ok(())
            }
            "pnpm-lock.yaml" => {
                made.pnpm(&lock.text);
                Ok(())
            }
            "uv.lock" | "poetry.lock" => made.toml(&lock.text),
            "pipfile.lock" => made.pipenv(&lock.text),
            _ => Ok(()),
        };
        if let Err(error) = read {
            notes.push(format!("`{}` is not valid: {error}", lock.path));
        }
        made
    }

    /// Sets the versions of what a unit depends on, where nothing nearer did.
    pub fn pin(&self, unit: &mut Unit) {
        for (name, version) in &mut unit.dependencies {
            let Version::Range(range) = version else {
                continue;
            };
            let asked = self.by_range.get(&(name.clone(), range.clone()));
            if let Some(exact) = asked.or_else(|| self.by_name.get(name)) {
                *version = Version::Locked(exact.clone());
            }
        }
    }

    fn add(&mut self, name: &str, version: &str) {
        self.by_name
            .entry(name.to_owned())
            .or_insert_with(|| version.to_owned());
    }

    fn npm(&mut self, text: &str) -> Result<(), String> {
        let parsed: PackageLock = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let placed = parsed.packages.iter();
        let placed = placed.filter_map(|(at, l)| Some((at.strip_prefix("node_modules/")?, l)));
        let named = parsed.dependencies.iter().map(|(n, l)| (n.as_str(), l));
        for (name, locked) in placed.chain(named) {
            if let Some(exact) = &locked.version {
                self.add(name, exact);
            }
        }
        Ok(())
    }

    /// `"a@npm:^1.0.0, a@npm:^1.1.0":`, then `version: 1.2.0`; the first form has no `npm:` and no colon.
    fn yarn(&mut self, text: &str) {
        let mut asked: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            if let Some(version) = line.strip_prefix("  version") {
                let version = version.trim_matches([':', ' ', '"']);
                for (name, range) in asked.drain(..) {
                    self.add(&name, version);
                    self.by_range.insert((name, range), version.to_owned());
                }
            } else if !line.starts_with([' ', '#']) {
                let heads = line.trim_end_matches(':').split(", ");
                asked = heads
                    .map(|head| head.trim_matches('"'))
                    .filter_map(|head| {
                        // A scope begins with the same character.
                        let at = head.get(1..)?.find('@')? + 1;
                        let range = head.get(at + 1..)?;
                        let range = range.strip_prefix("npm:").unwrap_or(range);
                        Some((head.get(..at)?.to_owned(), range.to_owned()))
                    })
                    .collect();
            }
        }
    }

    /// The part `importers`: folder, group, name, and then `version: 1.2.0(react@18.0.0)`.
    fn pnpm(&mut self, text: &str) {
        let mut inside = false;
        let (mut name, mut range) = (String::new(), String::new());
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            let said = line.trim();
            if indent == 0 && !said.is_empty() {
                inside = said == "importers:";
            } else if inside && indent == 6 {
                name = said.trim_end_matches(':').trim_matches('\'').to_owned();
            } else if inside && indent == 8 {
                if let Some(asked) = said.strip_prefix("specifier: ") {
                    range = asked.trim_matches('\'').to_owned();
                } else if let Some(version) = said.strip_prefix("version: ") {
                    let exact = version.split('(').next().unwrap_or(version);
                    if !exact.contains(':') {
                        self.add(&name, exact);
                        let key = (name.clone(), range.clone());
                        self.by_range.insert(key, exact.to_owned());
                    }
                }
            }
        }
    }

    fn toml(&mut self, text: &str) -> Result<(), String> {
        let table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| e.message().to_owned())?;
        let packages = table.get("package").and_then(toml::Value::as_array);
        for package in packages.into_iter().flatten() {
            let of = |key: &str| package.get(key).and_then(toml::Value::as_str);
            if let (Some(name), Some(version)) = (of("name"), of("version")) {
                self.add(&crate::python::normal(name), version);
            }
        }
        Ok(())
    }

    fn pipenv(&mut self, text: &str) -> Result<(), String> {
        let parsed: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|e| e.to_string())?;
        for group in ["default", "develop"] {
            let packages = parsed.get(group).and_then(serde_json::Value::as_object);
            for (name, package) in packages.into_iter().flatten() {
                let version = package.get("version").and_then(serde_json::Value::as_str);
                if let Some(exact) = version.and_then(|v| v.strip_prefix("==")) {
                    self.add(&crate::python::normal(name), exact);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let yarn = "# generated\n__metadata:\n  version: 8\n\n\"@a/b@npm:^1.0.0, @a/b@npm:^1.1.0\":\n  version: 1.2.0\n\nold@^2.0.0:\n  version \"2.4.1\"\n\nold@^1.0.0:\n  version \"1.9.0\"\n";
        let pnpm = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      '@a/b':\n        specifier: ^1.0.0\n        version: 1.2.0(old@2.4.1)\n      near:\n        specifier: workspace:*\n        version: link:near\n\npackages:\n\n  x@1.0.0:\n    resolution: {integrity: y}\n";
        let toml = "[[package]]\nname = \"A.B\"\nversion = \"3.1\"\n";
        let cases: [(&str, &str, &str, &str, Option<&str>); 9] = [
            (
                "package-lock.json",
                r#"{"packages": {"node_modules/a": {"version": "1.0.1"}}}"#,
                "a",
                "^1",
                Some("1.0.1"),
            ),
            ("yarn.lock", yarn, "@a/b", "^1.1.0", Some("1.2.0")),
            ("yarn.lock", yarn, "old", "^1.0.0", Some("1.9.0")),
            ("pnpm-lock.yaml", pnpm, "@a/b", "^1.0.0", Some("1.2.0")),
            ("pnpm-lock.yaml", pnpm, "near", "workspace:*", None),
            ("uv.lock", toml, "a-b", ">=3", Some("3.1")),
            ("poetry.lock", toml, "c", ">=3", None),
            (
                "Pipfile.lock",
                r#"{"default": {"a": {"version": "==2.0"}}}"#,
                "a",
                "*",
                Some("2.0"),
            ),
            ("uv.lock", "[[", "a", "*", None),
        ];
        for (name, text, package, range, expected) in cases {
            let lock = Manifest {
                path: name.into(),
                text: text.into(),
            };
            let mut notes = Vec::new();
            let mut unit = Unit::default();
            unit.dependencies
                .insert(package.to_owned(), Version::Range(range.to_owned()));
            Pins::of(&lock, &mut notes).pin(&mut unit);
            let found = match unit.dependencies.get(package) {
                Some(Version::Locked(exact)) => Some(exact.as_str()),
                _ => None,
            };
            assert_eq!(found, expected, "{name} {package}");
            assert_eq!(notes.is_empty(), text != "[[", "{notes:?}");
        }
    }
}
