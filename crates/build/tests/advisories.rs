//! No locked version is one that a known advisory is about.

use casemate_build::advisory::snapshot;

const LOCKS: [(&str, &str); 2] = [
    (
        "package-lock.json",
        include_str!("../templates/package-lock.json.j2"),
    ),
    (
        "web/package-lock.json",
        include_str!("../templates/web/package-lock.json.j2"),
    ),
];

/// The packages of a lock file: `"node_modules/qs": {` and, on the next line, `"version": "6.17.1"`.
fn locked(text: &str) -> Vec<(&str, &str)> {
    let mut lines = text.lines().map(str::trim);
    let mut out = Vec::new();
    while let Some(line) = lines.next() {
        let Some(path) = line
            .strip_prefix("\"node_modules/")
            .and_then(|rest| rest.strip_suffix("\": {"))
        else {
            continue;
        };
        let version = lines
            .next()
            .and_then(|line| line.strip_prefix("\"version\": \""));
        let name = path.rsplit("node_modules/").next().unwrap_or(path);
        let version = version.unwrap_or_else(|| panic!("{name} has no version"));
        out.push((name, version.trim_end_matches(',').trim_end_matches('"')));
    }
    out
}

#[test]
fn locked_versions_are_good() {
    let snapshot = snapshot();
    assert!(!snapshot.advisories.is_empty(), "advisories.toml is broken");
    assert!(
        snapshot.read.as_str() >= casemate_build::PINNED,
        "versions were chosen after {}",
        snapshot.read
    );
    let mut found: Vec<String> = Vec::new();
    let mut known = Vec::new();
    for (file, text) in LOCKS {
        let packages = locked(text);
        assert!(packages.len() > 50, "{file} is not read");
        for (name, version) in packages {
            for advisory in snapshot.advisories.iter().filter(|a| a.package == name) {
                known.push(name);
                if advisory.concerns(version) {
                    found.push(format!("{file}: {name} {version}: {}", advisory.id));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:?}");
    for advisory in &snapshot.advisories {
        assert!(
            known.contains(&advisory.package.as_str()),
            "{} is not locked any more",
            advisory.package
        );
    }
}
