//! What runs the tests of a package of Node, and what it takes for a test.

use casemate_source::{Project, Unit};
use std::path::Path;

/// What runs tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Runner {
    Vitest,
    Jest,
    Mocha,
    /// What Node brings; `tsx`: how it reads TypeScript.
    Node {
        tsx: bool,
    },
}

impl Runner {
    /// Those that have a name in scripts and manifests.
    pub(super) const NAMED: [(&str, Self); 3] = [
        ("vitest", Self::Vitest),
        ("jest", Self::Jest),
        ("mocha", Self::Mocha),
    ];
}

/// What makes Jest read modules.
pub(super) const VM_MODULES: &str = "--experimental-vm-modules";

/// What a command gives its runner that a single file needs as well.
pub(super) fn options(script: &str, runner: Runner) -> Vec<String> {
    let (called, kept): (&str, &[&str]) = match runner {
        Runner::Vitest => ("vitest", &["--config", "-c"]),
        Runner::Jest => ("jest", &["--config", "-c"]),
        Runner::Mocha => (
            "mocha",
            &["--config", "--require", "-r", "--import", "--loader"],
        ),
        Runner::Node { .. } => return Vec::new(),
    };
    let words = script.split_whitespace();
    let mut words = words.skip_while(|word| word.rsplit('/').next() != Some(called));
    let plain = |word: &str| {
        word.chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./@=:".contains(c))
    };
    let mut out = Vec::new();
    while let Some(word) = words.next() {
        if ["&&", "||", ";", "|"].contains(&word) {
            break;
        }
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        if !kept.contains(&name) {
            continue;
        }
        let next = value.is_empty().then(|| words.next()).flatten();
        if plain(word) && next.is_none_or(plain) {
            out.push(word.to_owned());
            out.extend(next.map(str::to_owned));
        }
    }
    out
}

/// How the tests look that a package has.
pub(super) struct OwnTests {
    /// What they end in.
    pub ending: &'static str,
    /// They are written in TypeScript.
    pub typescript: bool,
    /// Settings of Jest look for them below another folder than the package's.
    pub elsewhere: bool,
}

impl OwnTests {
    /// As most of them look; as the settings of Jest in the manifest say, where there are none.
    pub(super) fn of(project: &Project, unit: &Unit, package: &serde_json::Value) -> Self {
        let below = |path: &str| {
            let rest = path.strip_prefix(&unit.root);
            rest.is_some_and(|rest| unit.root.is_empty() || rest.starts_with('/'))
        };
        let paths = project.set_aside.iter().map(|file| file.path.as_str());
        let all: Vec<&str> = paths.filter(|path| below(path)).collect();
        let so_many = |holds: &dyn Fn(&str) -> bool| all.iter().filter(|p| holds(p)).count();
        let spec = so_many(&|path| path.contains(".spec."));
        let test = so_many(&|path| path.contains(".test."));
        let of_typescript = |path: &str| {
            is_typescript(path) && (path.contains(".spec.") || path.contains(".test."))
        };
        let settings = package.get("jest");
        let said = ["testMatch", "testRegex"].map(|key| {
            let said = settings.and_then(|jest| jest.get(key));
            said.map(ToString::to_string).unwrap_or_default()
        });
        let said = said.concat();
        let root = settings.and_then(|jest| jest.get("rootDir")?.as_str());
        let none = spec + test == 0;
        let spec = spec > test || none && said.contains("spec") && !said.contains("test");
        Self {
            ending: if spec { "spec" } else { "test" },
            typescript: so_many(&of_typescript) > 0 || none && said.contains("ts"),
            elsewhere: root.is_some_and(|root| !matches!(root, "." | "./" | "<rootDir>")),
        }
    }
}

pub(super) fn is_typescript(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|e| e == "ts")
}
