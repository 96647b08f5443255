//! What holds for every project, looked at in projects of random descriptions. `scripts/test-random` also runs their tests.

#[path = "common/random.rs"]
mod random;

use casemate_build::{File, generate};
use std::collections::{BTreeMap, BTreeSet};

const SEEDS: u64 = 40;

/// What a file of TypeScript exports.
fn exports(text: &str) -> BTreeSet<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("export "))
        .filter_map(|rest| {
            let mut words = rest
                .split([' ', '(', '<', ':', '=', ';'])
                .filter(|word| !word.is_empty());
            words.find(|word| {
                ![
                    "default",
                    "abstract",
                    "async",
                    "declare",
                    "const",
                    "function",
                    "class",
                    "interface",
                    "type",
                ]
                .contains(word)
            })
        })
        .collect()
}

/// Names with the file that they are imported from, which stands in the project.
fn imports<'a>(path: &str, text: &'a str) -> Vec<(String, Vec<&'a str>)> {
    let mut found = Vec::new();
    for part in text.split("import ").skip(1) {
        let Some((names, rest)) = part.split_once(" from '") else {
            continue;
        };
        let Some((from, _)) = rest.split_once('\'') else {
            continue;
        };
        let Some(from) = from.strip_prefix('.').map(|_| from.trim_end_matches(".js")) else {
            continue;
        };
        let mut folders: Vec<&str> = path.split('/').collect();
        folders.pop();
        for step in from.split('/') {
            match step {
                "." => {}
                ".." => {
                    folders.pop();
                }
                name => folders.push(name),
            }
        }
        let names = names
            .trim_start_matches("type ")
            .trim_matches(['{', '}', ' ']);
        let names = names
            .split(',')
            .map(|name| name.trim().trim_start_matches("type "))
            .filter(|name| !name.is_empty());
        found.push((format!("{}.ts", folders.join("/")), names.collect()));
    }
    found
}

fn whole_words(text: &str, name: &str) -> usize {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text.match_indices(name)
        .filter(|(at, _)| {
            !text[..*at].ends_with(part) && !text[at + name.len()..].starts_with(part)
        })
        .count()
}

/// Everything that is imported is there, is exported, and is used.
fn imports_hold(seed: u64, files: &[File]) {
    let texts: BTreeMap<&str, &str> = files
        .iter()
        .map(|f| (f.path.as_str(), f.text.as_str()))
        .collect();
    for file in files.iter().filter(|file| file.path.ends_with(".ts")) {
        for (from, names) in imports(&file.path, &file.text) {
            let Some(text) = texts
                .get(from.as_str())
                .or_else(|| texts.get(from.replace(".ts", ".d.ts").as_str()))
            else {
                panic!(
                    "seed {seed}: {} imports {from}, which is not there",
                    file.path
                );
            };
            for name in names {
                let name = name.strip_prefix("* as ").unwrap_or(name);
                let (name, here) = name.split_once(" as ").unwrap_or((name, name));
                let used = whole_words(&file.text, here);
                assert!(
                    used > 1,
                    "seed {seed}: {} imports {here} for nothing",
                    file.path
                );
                assert!(
                    file.text.contains(&format!("* as {name}")) || exports(text).contains(name),
                    "seed {seed}: {} imports {name}, which {from} has not",
                    file.path
                );
            }
        }
    }
}

/// Every function, class and constant that is exported has somebody who uses it; Next.js calls what stands in `app` by its name.
fn exports_without_use(files: &[File]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let code: Vec<&File> = files
        .iter()
        .filter(|file| file.path.ends_with(".ts") || file.path.ends_with(".tsx"))
        .collect();
    let ours = |path: &str| {
        ["src/", "test/support/", "web/src/"]
            .iter()
            .any(|folder| path.starts_with(folder))
            && !path.starts_with("web/src/app/")
            && !["web/src/proxy.ts", "test/support/globalSetup.ts"].contains(&path)
    };
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &code {
        let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        for word in file.text.split(|c| !part(c)) {
            *words.entry(word).or_default() += 1;
        }
    }
    for file in code.iter().filter(|file| ours(&file.path)) {
        for name in exports(&file.text) {
            if words.get(name).is_none_or(|times| *times < 2) {
                found.insert(format!("{}: {name}", file.path));
            }
        }
    }
    found
}

/// What clients may change, a test changes as everybody who there is.
fn changes_are_tested(seed: u64, files: &[File]) {
    let text = |path: &str| files.iter().find(|file| file.path == path);
    for file in files {
        let Some(entity) = file
            .path
            .strip_prefix("src/routes/")
            .and_then(|name| name.strip_suffix("Routes.ts"))
            .filter(|_| file.text.contains("router.patch('/:id'"))
        else {
            continue;
        };
        let tests = text(&format!("test/integration/{entity}.matrix.test.ts"));
        assert!(
            entity == "user" || tests.is_some_and(|tests| tests.text.contains("client.patch(")),
            "seed {seed}: no test changes a {entity}"
        );
    }
}

#[test]
fn random_descriptions_give_whole_projects() {
    let mut tries = 0;
    let mut unused = BTreeSet::new();
    for seed in 0..SEEDS {
        let (text, tried) = random::description(seed).unwrap();
        tries += tried;
        let made = generate(&text).unwrap();
        assert_eq!(made, generate(&text).unwrap(), "seed {seed}");
        imports_hold(seed, &made.files);
        changes_are_tested(seed, &made.files);
        unused.append(&mut exports_without_use(&made.files));
        let paths: BTreeSet<&str> = made.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(
            paths.len(),
            made.files.len(),
            "seed {seed}: two files have one path"
        );
        for file in &made.files {
            let lines = file.text.lines().count();
            assert!(
                lines <= 300 || !file.path.ends_with(".ts") || file.path.contains("Matrix"),
                "seed {seed}: {} has {lines} lines",
                file.path
            );
            for sign in ["⟦", "│", "⟧", "{%", "{{ "] {
                // `${{ … }}` belongs to the workflow, and descriptions and base texts hold what they hold.
                let plain = file.path.ends_with(".ts") || file.path.ends_with(".sql");
                assert!(
                    !plain || !file.text.contains(sign),
                    "seed {seed}: {} has `{sign}`",
                    file.path
                );
            }
        }
        for control in &made.controls {
            assert!(
                control.tests.iter().any(|test| paths
                    .iter()
                    .any(|path| path.ends_with(".test.ts") && path.contains(test))),
                "seed {seed}: no test notices {}",
                control.key()
            );
        }
    }
    assert_eq!(unused, BTreeSet::new(), "exported, and nobody uses it");
    assert!(
        tries < 20 * usize::try_from(SEEDS).unwrap(),
        "{tries} tries for {SEEDS} descriptions"
    );
}
