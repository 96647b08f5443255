//! Units: the packages of a project. Endpoints and threat models are per unit, never per run.

use crate::lock::{self, Pins};
use crate::python;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A unit: index into [`crate::Project::units`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct UnitId(pub u32);

impl UnitId {
    /// The id as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A part of the project with a manifest of its own.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Unit {
    /// Its folder relative to the project's root; empty for the root itself.
    pub root: String,
    /// Its name: the manifest's, else the folder's.
    pub name: String,
    /// The manifest that makes it one; absent for a root without any.
    pub manifest: Option<String>,
    /// What it depends on, by package name, with the version as far as it is known.
    pub dependencies: BTreeMap<String, Version>,
    /// What its manifest offers to other packages: the targets of `main`, `module` and `exports`.
    pub offers: Vec<String>,
    /// Its manifest says that it is not published.
    pub private: bool,
    /// Its manifest says how to start it: it is a program.
    pub starts: bool,
}

/// The version of a dependency.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Version {
    /// The one that a lock file pins.
    Locked(String),
    /// The range that the manifest allows.
    Range(String),
}

/// A manifest or lock file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// Relative to the root.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
}

impl Manifest {
    /// Its folder, relative to the root; empty for the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path
            .rsplit_once('/')
            .map_or(&self.path, |(_, name)| name)
    }
}

#[derive(Deserialize, Default)]
struct PackageJson {
    name: Option<String>,
    main: Option<serde_json::Value>,
    module: Option<serde_json::Value>,
    exports: Option<serde_json::Value>,
    private: Option<serde_json::Value>,
    scripts: Option<serde_json::Value>,
    #[serde(default)]
    dependencies: BTreeMap<String, serde_json::Value>,
    #[serde(default, rename = "devDependencies")]
    dev: BTreeMap<String, serde_json::Value>,
    #[serde(default, rename = "peerDependencies")]
    peer: BTreeMap<String, serde_json::Value>,
    #[serde(default, rename = "optionalDependencies")]
    optional: BTreeMap<String, serde_json::Value>,
}

/// Names of manifests that make their folder a unit, the more telling first.
const UNIT_SIGNS: &[&str] = &[
    "package.json",
    "deno.json",
    "deno.jsonc",
    "pyproject.toml",
    "setup.cfg",
    "requirements.txt",
    "pipfile",
];

/// The units of a project, sorted by root; the first is the root's, always. Manifests that cannot be read are told in `notes`.
pub(crate) fn units(project: &str, manifests: &[Manifest], notes: &mut Vec<String>) -> Vec<Unit> {
    let mut units: BTreeMap<String, Unit> = BTreeMap::new();
    units.insert(
        String::new(),
        Unit {
            name: project.to_owned(),
            ..Unit::default()
        },
    );
    for sign in UNIT_SIGNS {
        for manifest in manifests
            .iter()
            .filter(|m| m.name().eq_ignore_ascii_case(sign))
        {
            let folder = manifest.folder().to_owned();
            if let Some(unit) = units.get_mut(&folder).filter(|u| u.manifest.is_some()) {
                // A folder may be a package of two languages; the first gives it its name and says whether it is a program.
                let mut beside = plain_unit(manifest, project);
                python::declare(&mut beside, manifest, notes);
                for (name, version) in beside.dependencies {
                    unit.dependencies.entry(name).or_insert(version);
                }
                continue;
            }
            let unit = if *sign == "package.json" {
                node_unit(manifest, project, notes)
            } else {
                let mut unit = plain_unit(manifest, project);
                python::declare(&mut unit, manifest, notes);
                Some(unit)
            };
            if let Some(unit) = unit {
                units.insert(folder, unit);
            }
        }
    }
    // The lock file of a workspace stands above its packages; the nearest one is asked first.
    let mut locks: Vec<&Manifest> = manifests.iter().filter(|m| lock::is_lock(m)).collect();
    locks.sort_by_key(|lock| std::cmp::Reverse(lock.folder().len()));
    for lock in locks {
        let pins = Pins::of(lock, notes);
        let below = units
            .values_mut()
            .filter(|u| around(lock.folder(), &u.root));
        below.for_each(|unit| pins.pin(unit));
    }
    units.into_values().collect()
}

/// Adds the folders of Django's `manage.py`: each is a program.
pub(crate) fn add_programs<'p>(
    units: &mut Vec<Unit>,
    paths: impl Iterator<Item = &'p str>,
    project: &str,
) {
    for path in paths {
        let (root, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name != "manage.py" {
            continue;
        }
        match units.iter_mut().find(|u| u.root == root) {
            Some(unit) => unit.starts = true,
            None => units.push(Unit {
                name: folder_name(root, project),
                root: root.to_owned(),
                manifest: Some(path.to_owned()),
                starts: true,
                ..Unit::default()
            }),
        }
    }
    units.sort_by(|a, b| a.root.cmp(&b.root));
}

/// The unit of a file: the one with the deepest root around it. `units` are sorted by root.
pub(crate) fn unit_of(path: &str, units: &[Unit]) -> UnitId {
    let deepest = units
        .iter()
        .enumerate()
        .filter(|(_, u)| path != u.root && around(&u.root, path))
        .max_by_key(|(_, u)| u.root.len());
    UnitId(deepest.map_or(0, |(i, _)| u32::try_from(i).unwrap_or(0)))
}

/// Whether a folder is that of a path, or around it.
fn around(folder: &str, path: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn plain_unit(manifest: &Manifest, project: &str) -> Unit {
    let root = manifest.folder().to_owned();
    Unit {
        name: folder_name(&root, project),
        root,
        manifest: Some(manifest.path.clone()),
        ..Unit::default()
    }
}

/// A `package.json` that only says `"type": "module"` marks a folder and makes no unit.
fn node_unit(manifest: &Manifest, project: &str, notes: &mut Vec<String>) -> Option<Unit> {
    let package: PackageJson = match serde_json::from_str(&manifest.text) {
        Ok(package) => package,
        Err(error) => {
            notes.push(format!("`{}` is not valid: {error}", manifest.path));
            return Some(plain_unit(manifest, project));
        }
    };
    let mut unit = plain_unit(manifest, project);
    for offer in [package.main, package.module, package.exports]
        .into_iter()
        .flatten()
    {
        targets(&offer, &mut unit.offers);
    }
    unit.starts = package.scripts.as_ref().is_some_and(|s| {
        ["start", "serve", "dev"]
            .iter()
            .any(|name| s.get(name).is_some())
    });
    unit.private = package
        .private
        .is_some_and(|p| p == serde_json::Value::Bool(true));
    let says_something = package.name.is_some()
        || package.scripts.is_some()
        || !unit.offers.is_empty()
        || !package.dependencies.is_empty();
    for group in [
        package.peer,
        package.dev,
        package.optional,
        package.dependencies,
    ] {
        let ranges = group
            .into_iter()
            .filter_map(|(name, range)| Some((name, Version::Range(range.as_str()?.to_owned()))));
        unit.dependencies.extend(ranges);
    }
    if let Some(name) = package.name.filter(|n| !n.is_empty()) {
        unit.name = name;
    }
    says_something.then_some(unit)
}

/// The files that an entry of a manifest names, through conditions and lists, without their types.
fn targets(value: &serde_json::Value, out: &mut Vec<String>) {
    match value {
        serde_json::Value::String(path) if !path.ends_with(".d.ts") && !out.contains(path) => {
            out.push(path.clone());
        }
        serde_json::Value::Array(items) => items.iter().for_each(|v| targets(v, out)),
        serde_json::Value::Object(members) => members.values().for_each(|v| targets(v, out)),
        _ => {}
    }
}

fn folder_name(root: &str, project: &str) -> String {
    match root.rsplit('/').next() {
        Some("") | None => project.to_owned(),
        Some(name) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(path: &str, text: &str) -> Manifest {
        Manifest {
            path: path.into(),
            text: text.into(),
        }
    }

    #[test]
    fn nearest_manifest_and_versions() {
        let manifests = [
            manifest(
                "package.json",
                r#"{"name": "shop", "scripts": {"start": "x"}, "devDependencies": {"jest": "^29"}}"#,
            ),
            manifest(
                "api/package.json",
                r#"{"name": "@shop/api", "main": "a.js", "dependencies": {"express": "^4.17.0", "pg": "*"}}"#,
            ),
            manifest(
                "api/package-lock.json",
                r#"{"packages": {"node_modules/express": {"version": "4.17.3"}}}"#,
            ),
            manifest("api/esm/package.json", r#"{"type": "module"}"#),
            manifest(
                "worker/requirements.txt",
                "-r base.txt\nFlask[async]==3.0.1 # web\nrequests>=2 ; python_version > '3'\n",
            ),
            manifest(
                "jobs/pyproject.toml",
                "[project]\nname = 'jobs'\ndependencies = ['celery>=5', \"SQLAlchemy\"]\n[tool.poetry.dependencies]\npython = '^3.11'\nredis = '^5'",
            ),
            manifest("bad/package.json", "{"),
        ];
        let mut notes = Vec::new();
        let units = units("shop", &manifests, &mut notes);
        let names: Vec<(&str, &str)> = units
            .iter()
            .map(|u| (u.root.as_str(), u.name.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("", "shop"),
                ("api", "@shop/api"),
                ("bad", "bad"),
                ("jobs", "jobs"),
                ("worker", "worker")
            ]
        );
        let api = &units[1];
        assert_eq!(
            api.dependencies["express"],
            Version::Locked("4.17.3".into())
        );
        assert_eq!(api.dependencies["pg"], Version::Range("*".into()));
        let names = |unit: &Unit| unit.dependencies.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&units[3]), ["celery", "redis", "sqlalchemy"]);
        assert_eq!(names(&units[4]), ["flask", "requests"]);
        assert_eq!(
            units[4].dependencies["flask"],
            Version::Locked("3.0.1".into())
        );
        let mut more = units.clone();
        add_programs(
            &mut more,
            ["site/manage.py", "worker/manage.py"].into_iter(),
            "shop",
        );
        assert_eq!(more[4].root, "site");
        assert!(more[4].starts && more[5].starts);
        assert_eq!(api.offers, ["a.js"]);
        assert!(units[0].starts && !api.starts);
        assert_eq!(notes.len(), 1);
        assert_eq!(unit_of("api/esm/a.js", &units).index(), 1);
        assert_eq!(unit_of("apix/a.js", &units).index(), 0);
    }
}
