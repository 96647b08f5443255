//! How a program is asked in a test: the runner that its package uses, and whether its application can be imported.

use super::runner::{self, OwnTests, Runner, VM_MODULES, is_typescript};
use casemate_source::{Project, SourceFile, Unit};
use regex::Regex;
use std::collections::BTreeMap;
use std::path::Path;

/// How the programs of one package are asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Harness {
    /// JavaScript and TypeScript.
    Node(Node),
    /// Python.
    Python(Python),
}

/// A package of Node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Node {
    /// What runs its tests.
    pub runner: Runner,
    /// How its own command calls that: settings and what is loaded first.
    pub options: Vec<String>,
    /// Jest reads `import` only where Node is asked for it.
    pub vm_modules: bool,
    /// What its tests end in: `test`, `spec`.
    pub ending: &'static str,
    /// Its settings look for tests below another folder than its own.
    pub elsewhere: bool,
    /// It has Supertest.
    pub supertest: bool,
    /// Its tests say `import`, not `require`.
    pub modules: bool,
    /// It is written in TypeScript.
    pub typescript: bool,
    /// The application, where it can be imported without starting to listen.
    pub application: Option<Entry>,
}

/// Where an application is imported from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    /// The file, relative to the root.
    pub file: String,
    /// Its name; absent: what the module is.
    pub name: Option<String>,
    /// A function makes it.
    pub called: bool,
    /// What it is: `express`, `Flask` …
    pub framework: String,
}

/// A package of Python.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Python {
    /// An application that can be imported: the folder that its imports begin at, the module, and what it is there.
    Application {
        root: String,
        module: String,
        entry: Entry,
    },
    /// Django: the folder that its imports begin at, its settings, and whether pytest-django runs its tests.
    Django {
        root: String,
        settings: String,
        plugin: bool,
    },
    /// It is asked over the network.
    Remote,
}

/// The harnesses of a project.
pub(super) struct Harnesses<'a> {
    project: &'a Project,
    /// By unit and language; an application that its own file makes stands above the one of its unit.
    by_unit: BTreeMap<(usize, bool), Harness>,
    by_file: BTreeMap<&'a str, Harness>,
    units: BTreeMap<&'a str, usize>,
}

impl<'a> Harnesses<'a> {
    pub(super) fn of(project: &'a Project) -> Self {
        let patterns = Patterns::new();
        let mut by_unit = BTreeMap::new();
        let mut by_file = BTreeMap::new();
        let mut units = BTreeMap::new();
        let mut node: BTreeMap<usize, Vec<Found>> = BTreeMap::new();
        let mut python: BTreeMap<usize, Vec<Found>> = BTreeMap::new();
        let mut settings: BTreeMap<usize, String> = BTreeMap::new();
        for file in &project.files {
            let unit = file.unit.index();
            units.insert(file.path.as_str(), unit);
            if is_python(&file.path) {
                let found = settings_named(&file.text);
                if let Some(found) = found {
                    settings.entry(unit).or_insert(found);
                }
                python
                    .entry(unit)
                    .or_default()
                    .extend(patterns.as_ref().and_then(|p| p.python(file)));
            } else {
                node.entry(unit)
                    .or_default()
                    .extend(patterns.as_ref().and_then(|p| p.node(file)));
            }
        }
        for (index, unit) in project.units.iter().enumerate() {
            let entry = |found: &Found| found.entry.clone();
            let found = node.remove(&index).unwrap_or_default();
            for one in found.iter().filter(|f| f.entry.is_some()) {
                by_file.insert(
                    one.file,
                    Harness::Node(self::node(project, unit, one.entry.clone())),
                );
            }
            let only = match found.as_slice() {
                [one] => entry(one),
                _ => None,
            };
            by_unit.insert(
                (index, false),
                Harness::Node(self::node(project, unit, only)),
            );
            let found = python.remove(&index).unwrap_or_default();
            let harness = |entry: Option<Entry>| {
                Harness::Python(self::python(project, unit, entry, settings.get(&index)))
            };
            for one in found.iter().filter(|f| f.entry.is_some()) {
                by_file.insert(one.file, harness(one.entry.clone()));
            }
            let only = match found.as_slice() {
                [one] => entry(one),
                _ => None,
            };
            by_unit.insert((index, true), harness(only));
        }
        Self {
            project,
            by_unit,
            by_file,
            units,
        }
    }

    /// How the program that a file is a part of is asked.
    pub(super) fn at(&self, file: &str) -> Option<&Harness> {
        let unit = *self.units.get(file)?;
        let language = (unit, is_python(file));
        self.by_file
            .get(file)
            .or_else(|| self.by_unit.get(&language))
    }

    /// The folder of the package of a file, and the one of its tests, relative to the root.
    pub(super) fn folder(&self, file: &str) -> (String, String) {
        let unit = self.units.get(file).copied().unwrap_or_default();
        let root = self.project.units.get(unit).map_or("", |u| u.root.as_str());
        let beside = |name: &str| join(root, name);
        let kept = |name: &str| {
            let folder = format!("{}/", beside(name));
            let mut aside = self.project.set_aside.iter();
            aside.any(|f| f.path.starts_with(&folder))
        };
        let usual = if is_python(file) { "tests" } else { "test" };
        let other = if is_python(file) { "test" } else { "tests" };
        let name = if !kept(usual) && kept(other) {
            other
        } else {
            usual
        };
        (root.to_owned(), join(&beside(name), "security"))
    }
}

/// An application in a file.
struct Found<'a> {
    file: &'a str,
    /// Absent: it cannot be imported.
    entry: Option<Entry>,
}

/// How applications are made and handed out.
struct Patterns {
    made: Regex,
    factory: Regex,
    python: Regex,
    python_factory: Regex,
    served: Regex,
}

impl Patterns {
    /// Absent where a pattern of ours is none, which a test would show.
    fn new() -> Option<Self> {
        Some(Self {
            made: Regex::new(r#"(?m)^\s*(?:export\s+)?(?:const|let|var)\s+(\w+)(?:\s*:\s*[\w.<>, ]+)?\s*=\s*(?:new\s+)?(express|fastify|Fastify|Koa|require\(['"](?:express|fastify)['"]\))(?:\.default)?\s*(?:<[^>]*>)?\("#).ok()?,
            factory: Regex::new(r"(?m)^(export\s+)?(default\s+)?(?:const\s+|function\s+)((?:create|build|make)(?:App|Application))\s*(?:=\s*)?\(\s*\)").ok()?,
            python: Regex::new(r"(?m)^(\w+)\s*(?::\s*[\w.]+\s*)?=\s*(?:\w+\.)?(Flask|FastAPI|Starlette)\(").ok()?,
            python_factory: Regex::new(r"(?m)^def\s+((?:create|make|build)_(?:app|application))\s*\(([^)]*)\)").ok()?,
            served: Regex::new(r"(?m)^(?:\w+\.run|uvicorn\.run|serve)\(").ok()?,
        })
    }

    fn node<'a>(&self, file: &'a SourceFile) -> Option<Found<'a>> {
        let text: &str = &file.text;
        if !["express", "astify", "Koa"]
            .iter()
            .any(|word| text.contains(word))
        {
            return None;
        }
        let made = self.made.captures(text)?;
        let framework = made.get(2).map_or("", |m| m.as_str());
        let framework = ["fastify", "Fastify", "Koa"]
            .into_iter()
            .find(|name| framework.contains(name))
            .map_or(
                "express",
                |name| if name == "Koa" { "koa" } else { "fastify" },
            );
        let entry = |name: Option<&str>, called| Entry {
            file: file.path.clone(),
            name: name.map(str::to_owned),
            called,
            framework: framework.to_owned(),
        };
        let held = [
            "require.main === module",
            "import.meta.url",
            "import.meta.main",
        ];
        let listens = text.contains(".listen(") && !held.iter().any(|word| text.contains(word));
        let name = made.get(1).map_or("", |m| m.as_str());
        let found = if listens {
            None
        } else if let Some(factory) = self.factory.captures(text) {
            let name = factory.get(3).map_or("", |m| m.as_str());
            let exported = factory.get(1).is_some();
            let default = factory.get(2).is_some();
            match (exported, default) {
                (true, true) => Some(entry(None, true)),
                (true, false) => Some(entry(Some(name), true)),
                _ => exported_as(text, name).map(|as_named| entry(as_named, true)),
            }
        } else {
            exported_as(text, name).map(|as_named| entry(as_named, false))
        };
        Some(Found {
            file: &file.path,
            entry: found,
        })
    }

    fn python<'a>(&self, file: &'a SourceFile) -> Option<Found<'a>> {
        let text: &str = &file.text;
        if !["Flask(", "FastAPI(", "Starlette("]
            .iter()
            .any(|word| text.contains(word))
        {
            return None;
        }
        let entry = |name: &str, called, framework: &str| Entry {
            file: file.path.clone(),
            name: Some(name.to_owned()),
            called,
            framework: framework.to_owned(),
        };
        let all = |text: &str| {
            if text.contains("Flask(") {
                "Flask"
            } else {
                "FastAPI"
            }
        };
        let found = if self.served.is_match(text) {
            None
        } else if let Some(made) = self.python.captures(text) {
            let part = |n| made.get(n).map_or("", |m: regex::Match<'_>| m.as_str());
            Some(entry(part(1), false, part(2)))
        } else {
            self.python_factory.captures(text).and_then(|factory| {
                let part = |n| factory.get(n).map_or("", |m: regex::Match<'_>| m.as_str());
                let given = part(2).split(',').map(str::trim).filter(|p| !p.is_empty());
                let alone = given.clone().all(|p| p.contains('=') || p == "*");
                alone.then(|| entry(part(1), true, all(text)))
            })
        };
        Some(Found {
            file: &file.path,
            entry: found,
        })
    }
}

/// How a module hands a name out: as itself (`Some(None)`), or under the name.
fn exported_as<'n>(text: &str, name: &'n str) -> Option<Option<&'n str>> {
    let squeezed = text.replace(['\t', '\r'], " ");
    let says = |what: &str| {
        squeezed.match_indices(what).any(|(at, found)| {
            let after = squeezed
                .get(at + found.len()..)
                .and_then(|rest| rest.chars().next());
            after.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '(' | '$'))
        })
    };
    let whole = ["module.exports = ", "export default ", "export = "];
    if whole.iter().any(|lead| says(&format!("{lead}{name}"))) {
        return Some(None);
    }
    let listed = |lead: &str| {
        squeezed.match_indices(lead).any(|(at, found)| {
            let rest = squeezed.get(at + found.len()..).unwrap_or_default();
            let inside = rest.split('}').next().unwrap_or_default();
            inside.split(',').any(|part| part.trim() == name)
        })
    };
    let named = says(&format!("exports.{name} = {name}"))
        || says(&format!("export const {name}"))
        || says(&format!("export let {name}"))
        || listed("module.exports = {")
        || listed("export {");
    named.then_some(Some(name))
}

fn node(project: &Project, unit: &Unit, application: Option<Entry>) -> Node {
    let manifest = project
        .manifests
        .iter()
        .find(|m| Some(&m.path) == unit.manifest.as_ref());
    let package: serde_json::Value = manifest
        .and_then(|m| serde_json::from_str(&m.text).ok())
        .unwrap_or_default();
    let above = project.units.first();
    let has = |name: &str| {
        unit.dependencies.contains_key(name)
            || above.is_some_and(|root| root.dependencies.contains_key(name))
    };
    let script = package
        .pointer("/scripts/test")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let tsx = has("tsx");
    let named = |by: &dyn Fn(&str) -> bool| {
        let mut all = Runner::NAMED.iter();
        all.find(|(name, _)| by(name)).map(|(_, runner)| *runner)
    };
    let runner = named(&|name| script.contains(name))
        .or_else(|| {
            (!script.contains("node --test"))
                .then(|| named(&has))
                .flatten()
        })
        .unwrap_or(Runner::Node { tsx });
    let own = OwnTests::of(project, unit, &package);
    let typescript = application
        .as_ref()
        .map_or_else(|| has("typescript"), |entry| is_typescript(&entry.file));
    let modules = package.get("type").and_then(serde_json::Value::as_str) == Some("module");
    let translated = ["ts-jest", "@swc/jest", "@babel/preset-env", "esbuild-jest"];
    let vm_modules = runner == Runner::Jest
        && (script.contains(VM_MODULES) || modules && !translated.iter().any(|name| has(name)));
    // What Node itself cannot read is asked over the network.
    let readable = !typescript || runner != Runner::Node { tsx: false };
    // Jest may be told to take files of one language alone for tests.
    let typescript = typescript
        && readable
        && (application.is_some() || runner == Runner::Jest && own.typescript);
    Node {
        runner,
        options: runner::options(script, runner),
        vm_modules,
        ending: own.ending,
        elsewhere: own.elsewhere,
        supertest: has("supertest"),
        modules: modules || typescript || runner == Runner::Vitest,
        typescript,
        application: application.filter(|_| readable),
    }
}

fn python(
    project: &Project,
    unit: &Unit,
    entry: Option<Entry>,
    settings: Option<&String>,
) -> Python {
    if let Some(settings) = settings {
        return Python::Django {
            root: unit.root.clone(),
            settings: settings.clone(),
            plugin: unit.dependencies.contains_key("pytest-django"),
        };
    }
    let Some(entry) = entry else {
        return Python::Remote;
    };
    let Some((root, module)) = module_of(project, unit, &entry.file) else {
        return Python::Remote;
    };
    Python::Application {
        root,
        module,
        entry,
    }
}

/// The folder that the imports of a file begin at, and its name as a module.
fn module_of(project: &Project, unit: &Unit, file: &str) -> Option<(String, String)> {
    let has = |path: &str| project.files.iter().any(|f| f.path == path);
    let below = file.strip_prefix(&unit.root)?.trim_start_matches('/');
    let first = below.split('/').next().unwrap_or_default();
    let text = project
        .files
        .iter()
        .find(|f| f.path == file)
        .map(|f| &f.text)?;
    let names_itself = [
        format!("from {first}."),
        format!("from {first} "),
        format!("import {first}."),
    ]
    .iter()
    .any(|lead| text.contains(lead.as_str()));
    let mut root = match file.rsplit_once('/') {
        Some((folder, _)) => folder.to_owned(),
        None => String::new(),
    };
    if names_itself && below.contains('/') {
        root.clone_from(&unit.root);
    } else {
        while root != unit.root && has(&join(&root, "__init__.py")) {
            root = root
                .rsplit_once('/')
                .map_or("", |(above, _)| above)
                .to_owned();
        }
    }
    let module = file
        .strip_prefix(&root)?
        .trim_start_matches('/')
        .strip_suffix(".py")?;
    let module = module
        .strip_suffix("/__init__")
        .unwrap_or(module)
        .replace('/', ".");
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    module.split('.').all(plain).then_some((root, module))
}

/// The settings that a file of Django names.
fn settings_named(text: &str) -> Option<String> {
    let after = text.split_once("DJANGO_SETTINGS_MODULE")?.1;
    let after = after
        .get(1..)?
        .trim_start_matches([',', ' ', '\n', ']', '=']);
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = after.get(1..)?.split(quote).next()?;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    (!name.is_empty() && name.chars().all(plain)).then(|| name.to_owned())
}

fn is_python(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|ext| ext == "py")
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
