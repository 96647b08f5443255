//! Data goes one way, and so do dependencies: nothing lower knows anything higher.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Each crate with the crates that it may depend on; what they may depend on, it may too, except where `ONLY` says otherwise.
const ALLOWED: &[(&str, &[&str])] = &[
    ("casemate-say-macros", &[]),
    ("casemate-say", &["casemate-say-macros"]),
    ("casemate-source", &[]),
    ("casemate-ir", &[]),
    ("casemate-lang-js", &["casemate-ir", "casemate-source"]),
    ("casemate-lang-py", &["casemate-ir", "casemate-source"]),
    (
        "casemate-lang-openapi",
        &["casemate-ir", "casemate-lang-py"],
    ),
    ("casemate-lang-sql", &["casemate-ir"]),
    (
        "casemate-lang-deploy",
        &["casemate-ir", "casemate-lang-openapi"],
    ),
    (
        "casemate-lang-template",
        &["casemate-ir", "casemate-source", "casemate-lang-js"],
    ),
    ("casemate-model", &["casemate-ir"]),
    (
        "casemate-flow",
        &["casemate-ir", "casemate-model", "casemate-say"],
    ),
    (
        "casemate-app",
        &[
            "casemate-ir",
            "casemate-model",
            "casemate-flow",
            "casemate-say",
        ],
    ),
    (
        "casemate-rules",
        &[
            "casemate-say",
            "casemate-ir",
            "casemate-model",
            "casemate-flow",
            "casemate-app",
        ],
    ),
    (
        "casemate-ledger",
        &[
            "casemate-say",
            "casemate-ir",
            "casemate-model",
            "casemate-flow",
            "casemate-rules",
        ],
    ),
    (
        "casemate-assess",
        &[
            "casemate-say",
            "casemate-source",
            "casemate-ir",
            "casemate-lang-js",
            "casemate-lang-py",
            "casemate-lang-openapi",
            "casemate-lang-deploy",
            "casemate-lang-sql",
            "casemate-lang-template",
            "casemate-model",
            "casemate-flow",
            "casemate-app",
            "casemate-rules",
            "casemate-ledger",
        ],
    ),
    ("casemate-report", &["casemate-assess", "casemate-say"]),
    (
        "casemate-build",
        &["casemate-lang-openapi", "casemate-lang-sql"],
    ),
    (
        "casemate",
        &[
            "casemate-say",
            "casemate-assess",
            "casemate-build",
            "casemate-report",
            "casemate-ir",
            "casemate-model",
            "casemate-rules",
        ],
    ),
];

/// Heavy dependencies and the crates that may know them.
const ONLY: &[(&str, &[&str])] = &[
    ("oxc_", &["casemate-lang-js"]),
    ("ruff_", &["casemate-lang-py"]),
    ("saphyr-parser", &["casemate-lang-openapi"]),
    ("minijinja", &["casemate-assess", "casemate-build"]),
    ("clap", &["casemate"]),
    ("anstream", &["casemate"]),
];

fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
            "--manifest-path",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names = |value: &Value| {
        let dependencies = value["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|d| d["kind"] != "dev");
        dependencies
            .map(|d| d["name"].as_str().unwrap().to_owned())
            .collect()
    };
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["name"].as_str().unwrap().to_owned(), names(p)))
        .collect()
}

#[test]
fn nothing_lower_knows_anything_higher() {
    let packages = packages();
    let known: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    let unknown: Vec<&String> = packages
        .keys()
        .filter(|name| !known.contains(name.as_str()))
        .collect();
    assert!(
        unknown.is_empty(),
        "say in this test what these may depend on: {unknown:?}"
    );
    for (name, allowed) in ALLOWED {
        let Some(dependencies) = packages.get(*name) else {
            continue;
        };
        let wrong: Vec<&String> = dependencies
            .iter()
            .filter(|d| d.starts_with("casemate") && !allowed.contains(&d.as_str()))
            .collect();
        assert!(wrong.is_empty(), "{name} must not know {wrong:?}");
    }
}

#[test]
fn heavy_dependencies_stay_behind_their_crate() {
    for (name, dependencies) in packages() {
        for (heavy, owners) in ONLY {
            let knows = dependencies.iter().any(|d| d.starts_with(heavy));
            assert!(
                !knows || owners.contains(&name.as_str()),
                "{name} must not know {heavy}"
            );
        }
    }
}
