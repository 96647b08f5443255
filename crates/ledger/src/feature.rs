//! What an application has: the features that requirements depend on.

use crate::inventory::Inventory;
use casemate_flow::result::Site;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static FEATURES: &str = include_str!("../standards/features.toml");

/// One feature.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// As a noun phrase with its article.
    pub is: String,
    /// Kinds of sinks and facts, any of which shows it.
    pub uses: Vec<String>,
    /// Packages, any of which shows it.
    pub packages: Vec<String>,
    /// Words in the names of variables, functions and files that tell of it: it may be written without a library.
    #[serde(default)]
    pub names: Vec<String>,
    /// Languages, a file of which shows it.
    #[serde(default)]
    pub languages: Vec<String>,
    /// No program has it without a package: where no manifest names one, it is not there.
    #[serde(default)]
    pub packaged: bool,
    /// It shows at endpoints: where some are not resolved, it may be there.
    #[serde(default)]
    pub endpoints: bool,
}

/// What shows a feature, or what was searched for it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sign {
    /// The calls.
    pub places: BTreeSet<Site>,
    /// The packages, as imported or named in a manifest.
    pub packages: BTreeSet<String>,
    /// Calls that may be of that kind.
    pub unclear: BTreeSet<Site>,
    /// It is there.
    pub there: bool,
}

/// All features by name.
pub fn all() -> &'static BTreeMap<String, Feature> {
    static ALL: LazyLock<BTreeMap<String, Feature>> =
        LazyLock::new(|| toml::from_str(FEATURES).unwrap_or_default());
    &ALL
}

/// The feature of a name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Feature> {
    all().get(name)
}

impl Feature {
    /// Looks for it. `declared` are the packages of manifests, `languages` those of the files.
    #[must_use]
    pub fn seen(
        &self,
        inventory: &Inventory,
        declared: &BTreeSet<String>,
        languages: &BTreeSet<String>,
    ) -> Sign {
        let kinds: Vec<&str> = self.uses.iter().map(String::as_str).collect();
        let mut places = inventory.places(&kinds);
        places.extend(inventory.settings(&kinds));
        let imported = inventory.packages.keys().map(|root| package_of(root));
        let named = declared.iter().map(String::as_str);
        let packages: BTreeSet<String> = imported
            .chain(named)
            .filter(|name| self.lists(name))
            .map(str::to_owned)
            .collect();
        let spoken = self.languages.iter().any(|l| languages.contains(l));
        Sign {
            there: spoken || !places.is_empty() || !packages.is_empty(),
            unclear: inventory.unclear(&kinds),
            places,
            packages,
        }
    }

    /// Whether a package of this name shows it.
    #[must_use]
    pub fn lists(&self, name: &str) -> bool {
        self.packages.iter().any(|p| match p.strip_suffix('*') {
            Some(start) => name
                .as_bytes()
                .get(..start.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(start.as_bytes())),
            None => name.eq_ignore_ascii_case(p),
        })
    }
}

/// Of names of code, those that tell of a feature, by feature.
#[must_use]
pub fn told<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<String, BTreeSet<String>> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let asked: Vec<_> = all().iter().filter(|(_, f)| !f.names.is_empty()).collect();
    for name in names {
        // Texts are no names.
        if name.len() > 48
            || !name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-$".contains(c))
        {
            continue;
        }
        let words = words_of(name);
        for (feature, of) in &asked {
            if of.names.iter().any(|n| words.contains(&format!(" {n} "))) {
                let told = out.entry((*feature).clone()).or_default();
                told.insert(name.to_owned());
            }
        }
    }
    out
}

/// The words of a name, in lower case and with a space around each: `userOTPCode` → ` user otp code `.
fn words_of(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::from(" ");
    for (at, c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let begins = c.is_ascii_uppercase()
            && (before.is_some_and(char::is_ascii_lowercase)
                || before.is_some_and(char::is_ascii_uppercase)
                    && after.is_some_and(char::is_ascii_lowercase));
        if begins && !out.ends_with(' ') {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out.push(' ');
    out
}

/// The package of a root: `npm:@a/b/c` → `@a/b`, `py:xml.etree` → `xml`.
#[must_use]
pub fn package_of(root: &str) -> &str {
    let (system, path) = root.split_once(':').unwrap_or(("", root));
    let parts = match system {
        "py" => return path.split('.').next().unwrap_or(path),
        _ if path.starts_with('@') => 2,
        _ => 1,
    };
    let end = path.match_indices('/').nth(parts - 1).map(|(at, _)| at);
    end.and_then(|end| path.get(..end)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_and_its_kinds_exist() {
        let kinds =
            casemate_model::kind::Kinds::parse(include_str!("../../../models/kinds.toml")).unwrap();
        assert!(all().len() > 20);
        for (name, feature) in all() {
            for used in &feature.uses {
                let sink = kinds
                    .sinks()
                    .any(|(_, sink)| sink == used || sink.starts_with(&format!("{used}.")));
                assert!(sink || kinds.fact(used).is_ok(), "{name}: {used}");
            }
        }
    }

    #[test]
    fn names_tell_features() {
        assert_eq!(words_of("userOTPCode"), " user otp code ");
        let names = [
            "userOTPCode",
            "VerificationCode",
            "verification_code",
            "hotplug",
            "an otp",
        ];
        let told = told(names.into_iter());
        let found: Vec<&String> = told.get("one-time-codes").into_iter().flatten().collect();
        assert_eq!(
            found,
            ["VerificationCode", "userOTPCode", "verification_code"]
        );
    }

    #[test]
    fn packages_are_found_by_name() {
        assert_eq!(package_of("npm:@a/b/c"), "@a/b");
        assert_eq!(package_of("npm:lodash/merge"), "lodash");
        assert_eq!(package_of("py:xml.etree"), "xml");
        let feature = named("federation").unwrap();
        assert!(feature.lists("passport-google-oauth20") && !feature.lists("passport"));
    }
}
