//! What the project is: size, stack, stores, data, regimes, and what its owner stated.

use super::Material;
use super::deploy::DeployUnit;
use super::surface::Surface;
use super::words::{code, count, list};
use casemate_flow::result::FileIdx;
use casemate_ledger::data::Class;
use casemate_ledger::feature::package_of;
use casemate_say::{label, mark, say, told};
use casemate_source::Version;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Languages, libraries and the like that are listed.
const LISTED: usize = 14;

/// What the project is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Context {
    /// Language, files, lines; most lines first.
    pub languages: Vec<(String, usize, usize)>,
    /// Packages that the code imports and its manifests or models name, with the files that import them; most first.
    pub libraries: Vec<(String, usize)>,
    /// Imported packages that no model speaks of, with the files that import them.
    pub unmodelled: Vec<(String, usize)>,
    /// Stores: library and calls.
    pub stores: Vec<(String, usize)>,
    /// Hosts that addresses in the code name, with a place.
    pub hosts: Vec<(String, String)>,
    /// Classes of data by the names in the code.
    pub data: Vec<DataClass>,
    /// What is deployed, as the files beside the code say it.
    pub deploys: Vec<DeployUnit>,
    /// Regimes that plausibly apply, and why.
    pub regimes: Vec<(String, String)>,
    /// Signs of maturity, each a sentence.
    pub signals: Vec<String>,
    /// What the owner stated.
    pub stated: Stated,
    /// What the owner did not state: the key and what it would change.
    pub unstated: Vec<(String, String)>,
}

/// A class of data with the names that tell it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct DataClass {
    /// `credentials`, `personal data` …
    pub class: String,
    /// The names, with what is known of each.
    pub names: Vec<DataName>,
}

/// A name of data.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct DataName {
    /// As it stands in the code.
    pub name: String,
    /// Places that read it.
    pub places: usize,
    /// Files that read it.
    pub files: Vec<String>,
    /// Findings whose path names it.
    pub findings: Vec<String>,
}

/// What the owner states in `[context]` of `casemate.toml`, and in the rules for agents.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stated {
    /// What may be spent: `2 developer weeks`.
    pub budget: Option<String>,
    /// `low`, `medium` or `high`.
    pub risk_tolerance: Option<String>,
    /// When it has to be done: `before 1 March`.
    pub timeline: Option<String>,
    /// `prototype`, `production` …
    pub stage: Option<String>,
    /// Who can reach it: `internet`, `internal`.
    pub exposure: Option<String>,
    /// Regimes that apply: `gdpr`, `pci-dss` …
    #[serde(default)]
    pub regimes: Vec<String>,
    /// The digest of `.claude/rules.md`, with its headings; read, not stated.
    #[serde(skip_deserializing)]
    pub owner_rules: Option<OwnerRules>,
}

/// The owner's rules for agents: told, never followed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct OwnerRules {
    /// The file.
    pub file: String,
    /// Of its bytes, 16 hexadecimal digits.
    pub digest: String,
    /// Its lines.
    pub lines: usize,
    /// Its headings.
    pub headings: Vec<String>,
    /// Its points, each under the heading that it stands below; empty: below none.
    pub points: Vec<(String, String)>,
    /// Points beyond these.
    pub more: usize,
}

const ASKED: [(&str, &str); 5] = [
    ("budget", mark!("which recommendations are left for later")),
    (
        "risk_tolerance",
        mark!("from which level on a risk may be accepted"),
    ),
    ("timeline", mark!("what has to be done first")),
    ("stage", mark!("whether data of real people is at stake")),
    ("exposure", mark!("who counts as an attacker")),
];

pub(super) fn of(m: &Material<'_>, surface: &Surface) -> Context {
    let data = classes(m);
    Context {
        languages: languages(m),
        libraries: stack(m),
        unmodelled: unmodelled(m),
        stores: super::words::through(m.inventory, &["sql", "nosql", "query", "field"]),
        hosts: hosts(m),
        deploys: super::deploy::of(m),
        regimes: regimes(&data, &m.stated),
        signals: signals(m, surface),
        unstated: unstated(&m.stated),
        stated: m.stated.clone(),
        data,
    }
}

fn languages(m: &Material<'_>) -> Vec<(String, usize, usize)> {
    let mut by: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for file in &m.project.files {
        let (files, lines) = by.entry(language(file.file_type)).or_default();
        *files += 1;
        *lines += file.lines.count(&file.text);
    }
    let mut out: Vec<(String, usize, usize)> =
        by.into_iter().map(|(l, (f, n))| (l, f, n)).collect();
    out.sort_by(|a, b| (std::cmp::Reverse(a.2), &a.0).cmp(&(std::cmp::Reverse(b.2), &b.0)));
    out
}

/// The name of a language.
pub(crate) fn language(of: casemate_source::FileType) -> String {
    use casemate_source::FileType as F;
    match of {
        F::JavaScript => "JavaScript".to_owned(),
        F::TypeScript | F::Declarations => "TypeScript".to_owned(),
        F::Python => "Python".to_owned(),
        F::Html => "HTML".to_owned(),
        F::Template(engine) => say!("{engine:?} templates"),
        F::Component => say!("components"),
        F::Sql => "SQL".to_owned(),
        F::OpenApi => "OpenAPI".to_owned(),
        F::Deployment(_) => say!("files of deployment"),
        F::Manifest | F::OtherCode(_) | F::Other => say!("other"),
    }
}

/// Packages by their own name, whatever part of them a file imports; the most used first.
fn stack(m: &Material<'_>) -> Vec<(String, usize)> {
    let units = m.project.units.iter();
    let declared: BTreeSet<String> = units
        .flat_map(|unit| unit.dependencies.keys())
        .map(|name| plain(name))
        .collect();
    let mut files: BTreeMap<String, BTreeSet<casemate_flow::result::FileIdx>> = BTreeMap::new();
    for (root, of) in &m.inventory.packages {
        let name = root.split_once(':').map_or(root.as_str(), |(_, name)| name);
        let parts = if name.starts_with('@') { 2 } else { 1 };
        let name: Vec<&str> = name.split('/').take(parts).collect();
        let name = name.join("/");
        let name = if root.starts_with("npm:") {
            name
        } else {
            name.split('.').next().unwrap_or_default().to_owned()
        };
        let known = m.inventory.libraries.contains_key(&name);
        let by_name = |lead: &str| declared.contains(&format!("{lead}{}", plain(&name)));
        if ["", "py", "python-"].into_iter().any(by_name)
            || known && !OF_LANGUAGE.contains(&name.as_str())
        {
            files.entry(name).or_default().extend(of);
        }
    }
    let mut out: Vec<(String, usize)> = files
        .into_iter()
        .map(|(name, of)| (name, of.len()))
        .filter(|(name, _)| !OF_LANGUAGE.contains(&name.as_str()))
        .filter(|(name, _)| !name.starts_with("js-") && !name.starts_with("py-"))
        .collect();
    out.sort_by_key(|(name, files)| (std::cmp::Reverse(*files), name.clone()));
    out.truncate(LISTED);
    out
}

/// Models of the languages' own types: no stack.
const OF_LANGUAGE: [&str; 19] = [
    "array",
    "string",
    "object",
    "number",
    "promise",
    "function",
    "collection",
    "global",
    "collections",
    "builtins",
    "str",
    "text",
    "url",
    "path",
    "buffer",
    "events",
    "process",
    "stream",
    "os",
];

/// Modules of Python's own library that compute and touch nothing outside: nothing is lost where no model speaks of them.
const COMPUTING: [&str; 29] = [
    "__future__",
    "abc",
    "calendar",
    "cmath",
    "contextvars",
    "copy",
    "dataclasses",
    "decimal",
    "difflib",
    "enum",
    "errno",
    "fnmatch",
    "fractions",
    "functools",
    "gc",
    "heapq",
    "inspect",
    "itertools",
    "keyword",
    "math",
    "mimetypes",
    "numbers",
    "operator",
    "statistics",
    "types",
    "typing",
    "typing_extensions",
    "warnings",
    "zoneinfo",
];

/// Modules of Python's own library that no model speaks of: no package that a model could be missing for.
const OF_PYTHON: [&str; 12] = [
    "argparse",
    "doctest",
    "getpass",
    "locale",
    "platform",
    "pprint",
    "resource",
    "sched",
    "string",
    "textwrap",
    "traceback",
    "unittest",
];

/// Names under which a project imports its own files, as far as its manifests and folders tell.
struct Own<'a> {
    /// Packages that some manifest names, in lower case.
    declared: BTreeSet<String>,
    /// Names of folders and files, without what follows a period.
    parts: BTreeSet<&'a str>,
}

impl<'a> Own<'a> {
    fn of(m: &Material<'a>) -> Self {
        let units = m.project.units.iter();
        let declared = units.flat_map(|unit| unit.dependencies.keys());
        let parts = m.project.files.iter().flat_map(|f| f.path.split('/'));
        Self {
            declared: declared.map(|name| plain(name)).collect(),
            parts: parts
                .map(|part| part.split_once('.').map_or(part, |(stem, _)| stem))
                .collect(),
        }
    }

    /// Whether what is imported is a folder or file of the project, by a name that its settings resolve: no manifest names it as a
    /// package.
    fn holds(&self, root: &str, package: &str) -> bool {
        if self.declared.contains(&plain(package)) {
            return false;
        }
        // `@shared/editor` of an alias `@shared`, `~/models` of `~`.
        let alias = root.starts_with("npm:").then(|| package.split('/').next());
        let name = alias.flatten().unwrap_or(package);
        let name = name.trim_start_matches('@');
        if name.is_empty() || name == "~" || self.parts.contains(name) {
            return true;
        }
        // Names of folders that nobody gives a package.
        root.starts_with("py:")
            && ["lib", "libs", "src", "utils", "common", "helpers"].contains(&name)
    }
}

/// A package's name as Python compares names.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// Packages that no model speaks of, with the number of files that import them, the most used first.
pub(super) fn unmodelled(m: &Material<'_>) -> Vec<(String, usize)> {
    let own = Own::of(m);
    let mut files: BTreeMap<&str, BTreeSet<FileIdx>> = BTreeMap::new();
    for root in &m.inventory.unknown {
        let package = package_of(root);
        if root.starts_with("py:") && (COMPUTING.contains(&package) || OF_PYTHON.contains(&package))
        {
            continue;
        }
        if own.holds(root, package) {
            continue;
        }
        let of = m.inventory.packages.get(root);
        let files = files.entry(package).or_default();
        files.extend(of.into_iter().flatten());
    }
    let mut out: Vec<(String, usize)> = files
        .into_iter()
        .map(|(package, files)| (package.to_owned(), files.len()))
        .collect();
    out.sort_by(|a, b| (std::cmp::Reverse(a.1), &a.0).cmp(&(std::cmp::Reverse(b.1), &b.0)));
    out
}

fn hosts(m: &Material<'_>) -> Vec<(String, String)> {
    let named = m.inventory.hosts.iter();
    named
        .filter_map(|(host, sites)| Some((host.clone(), (m.place)(*sites.iter().next()?))))
        .collect()
}

fn classes(m: &Material<'_>) -> Vec<DataClass> {
    let of = |class: Class| DataClass {
        class: class.name().to_owned(),
        names: m
            .inventory
            .members
            .iter()
            .filter(|(name, _)| m.inventory.class_of(name) == Some(class))
            .map(|(name, sites)| {
                let files: BTreeSet<String> = sites.iter().map(|s| m.file(*s)).collect();
                let names_it = |f: &&crate::assessment::Finding| {
                    let last = |p: &crate::assessment::Path| {
                        p.source
                            .rsplit(['.', '['])
                            .next()
                            .is_some_and(|last| last.trim_matches(['\'', '"', ']']) == name)
                    };
                    f.paths.iter().any(last)
                };
                DataName {
                    name: name.clone(),
                    places: sites.len(),
                    files: files.into_iter().collect(),
                    findings: m
                        .findings
                        .iter()
                        .filter(names_it)
                        .map(|f| f.id.clone())
                        .collect(),
                }
            })
            .collect(),
    };
    let all = Class::ALL.into_iter().map(of);
    all.filter(|class| !class.names.is_empty()).collect()
}

fn regimes(data: &[DataClass], stated: &Stated) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = stated
        .regimes
        .iter()
        .map(|r| (r.to_uppercase(), say!("stated in `casemate.toml`")))
        .collect();
    let because = |class: &str| {
        let class = data.iter().find(|c| c.class == class)?;
        // Accounts at banks are payment data, and no cards.
        let card = |name: &str| {
            let name = name.to_lowercase();
            class.class != "payment data"
                || name == "pan"
                || ["card", "cvv", "cvc"]
                    .iter()
                    .any(|word| name.contains(word))
        };
        let names = class.names.iter().filter(|n| card(&n.name));
        let names: Vec<String> = names.map(|n| code(&n.name)).collect();
        (!names.is_empty()).then(|| list(&names, 5))
    };
    for (class, regime, when) in [
        (
            "personal data",
            "GDPR",
            label!("if they are of people in the European Union"),
        ),
        (
            "payment data",
            "PCI DSS 4.0.1",
            label!("if card numbers are stored, processed or sent"),
        ),
        (
            "health data",
            "HIPAA 164.312",
            label!("if they are of patients in the United States"),
        ),
    ] {
        if let Some(names) = because(class) {
            out.push((
                regime.to_owned(),
                say!("the code reads {names}; it applies {when}"),
            ));
        }
    }
    out
}

fn signals(m: &Material<'_>, surface: &Surface) -> Vec<String> {
    let mut out = Vec::new();
    let files = &m.coverage.files;
    let tests = files.set_aside.get("test").copied().unwrap_or_default();
    out.push(say!(
        "{tests} beside {code}",
        tests = count(tests, "test file", "test files"),
        code = count(files.assessed, "backend file", "backend files")
    ));
    let (mut locked, mut all) = (0, 0);
    for unit in &m.project.units {
        all += unit.dependencies.len();
        locked += unit
            .dependencies
            .values()
            .filter(|v| matches!(v, Version::Locked(_)))
            .count();
    }
    if all > 0 {
        let locks = m
            .project
            .manifests
            .iter()
            .filter(|l| casemate_source::is_lock(l));
        let locks: Vec<String> = locks.map(|lock| code(&lock.path)).collect();
        let declared = count(all, "declared dependency", "declared dependencies");
        out.push(if locks.is_empty() {
            say!("no lock file was seen, and {locked} of {declared} name an exact version")
        } else {
            say!(
                "{locks} {which} {locked} of {declared} to an exact version",
                locks = list(&locks, 3),
                which = if locks.len() == 1 {
                    label!("pins")
                } else {
                    label!("pin")
                }
            )
        });
    }
    let logs = m.inventory.entries.len();
    let through: Vec<String> = super::words::loggers(m.inventory)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    if logs > 0 {
        out.push(say!(
            "{log} through {through}",
            log = count(logs, "call writes a log", "calls write a log"),
            through = list(&through, 3)
        ));
    }
    if let Some(share) = surface.shares.iter().find(|s| s.kind == "validation")
        && share.yes + share.no > 0
    {
        let asked = count(surface.writes, "endpoint", "endpoints");
        out.push(if share.yes == 0 {
            say!("no check of what is sent was seen before {no} of {asked} that change something", no = super::words::grouped(share.no as u64))
        } else {
            say!("what is sent is looked at, and some of it refused, before {yes} of {asked} that change something", yes = share.yes)
        });
    }
    out
}

fn unstated(stated: &Stated) -> Vec<(String, String)> {
    let given = |key: &str| match key {
        "budget" => stated.budget.is_some(),
        "risk_tolerance" => stated.risk_tolerance.is_some(),
        "timeline" => stated.timeline.is_some(),
        "stage" => stated.stage.is_some(),
        _ => stated.exposure.is_some(),
    };
    ASKED
        .iter()
        .filter(|(key, _)| !given(key))
        .map(|(key, why)| ((*key).to_owned(), told(why).to_owned()))
        .collect()
}
