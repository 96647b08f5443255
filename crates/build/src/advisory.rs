//! Advisories that the locked versions of packages are held against: a selection, with the day on which it was read.

use serde::Deserialize;
use std::sync::OnceLock;

const TEXT: &str = include_str!("../advisories.toml");

/// What was known on a day.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The day, `2026-12-01`.
    pub read: String,
    /// The advisories.
    #[serde(rename = "advisory")]
    pub advisories: Vec<Advisory>,
}

/// A flaw of a package.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    /// Its public name.
    pub id: String,
    /// The package.
    pub package: String,
    /// What it is about; a phrase.
    pub about: String,
    /// The first good version of the line that is locked.
    pub fixed: String,
}

impl Advisory {
    /// Whether it is about a version.
    #[must_use]
    pub fn concerns(&self, version: &str) -> bool {
        numbers(version) < numbers(&self.fixed)
    }
}

/// The snapshot. A broken one is empty; a test reads it.
pub fn snapshot() -> &'static Snapshot {
    static READ: OnceLock<Snapshot> = OnceLock::new();
    READ.get_or_init(|| toml::from_str(TEXT).unwrap_or_default())
}

/// The numbers of a version, what comes before a release left out: `8.1.0-beta.2` comes before `8.1.0`.
fn numbers(version: &str) -> (Vec<u64>, bool) {
    let (release, before) = version
        .split_once('-')
        .map_or((version, None), |(r, b)| (r, Some(b)));
    let numbers = release.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.collect(), before.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_order() {
        let advisory = Advisory {
            id: String::new(),
            package: String::new(),
            about: String::new(),
            fixed: "8.10.2".to_owned(),
        };
        for version in ["8.9.9", "8.10.1", "7.0.0", "8.10.2-beta.1"] {
            assert!(advisory.concerns(version), "{version}");
        }
        for version in ["8.10.2", "8.10.10", "10.0.0", "9.0.0-rc.1"] {
            assert!(!advisory.concerns(version), "{version}");
        }
    }
}
