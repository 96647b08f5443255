//! Packages without a model that may do what a rule asks about: where no place was seen, silence says nothing of them.

use crate::feature::package_of;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static KIN: &str = include_str!("../standards/kin.toml");

#[derive(Deserialize)]
struct Table {
    kin: Vec<Kin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kin {
    of: Vec<String>,
    words: Vec<String>,
}

/// Words in names of what builds, draws or checks programs and has no part in them.
const IDLE: [&str; 7] = [
    "webpack",
    "eslint",
    "babel",
    "icons",
    "acebuilds",
    "types",
    "plugin",
];

fn all() -> &'static [Kin] {
    static ALL: LazyLock<Vec<Kin>> =
        LazyLock::new(|| toml::from_str(KIN).map_or_else(|_| Vec::new(), |t: Table| t.kin));
    &ALL
}

/// Of packages as they are imported (`npm:es-toolkit`), those that may do something of these kinds.
pub(crate) fn of<'p>(kinds: &[&str], packages: impl Iterator<Item = &'p str>) -> BTreeSet<&'p str> {
    let begins = |kind: &str, with: &str| {
        kind.strip_prefix(with)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let words: Vec<&str> = all()
        .iter()
        .filter(|kin| kinds.iter().any(|k| kin.of.iter().any(|of| begins(k, of))))
        .flat_map(|kin| kin.words.iter().map(String::as_str))
        .collect();
    let may = |root: &str| {
        // What parts of a package of Node are called says less than its name.
        let name = match root.split_once(':') {
            Some(("npm", _)) | None => package_of(root),
            Some((_, name)) => name,
        };
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        !IDLE.iter().any(|word| plain.contains(word))
            && words.iter().any(|word| plain.contains(word))
    };
    packages.filter(|root| may(root)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_its_kinds_exist() {
        let kinds =
            casemate_model::kind::Kinds::parse(include_str!("../../../models/kinds.toml")).unwrap();
        assert!(all().len() > 10);
        for of in all().iter().flat_map(|kin| &kin.of) {
            let child = format!("{of}.");
            let known = kinds.sinks().any(|(_, s)| s == of || s.starts_with(&child))
                || kinds.facts().any(|(f, _)| f == of || f.starts_with(&child));
            assert!(known, "{of}");
        }
    }

    #[test]
    fn names_tell_who_may_do_it() {
        let packages = [
            "py:requests_hardened.ip_filter",
            "npm:es-toolkit",
            "py:prices",
        ];
        let of = |kind| of(&[kind], packages.into_iter());
        assert_eq!(of("url.full"), ["py:requests_hardened.ip_filter"].into());
        assert_eq!(of("proto"), ["npm:es-toolkit"].into());
        assert_eq!(of("ldap"), BTreeSet::new());
        let build = [
            "npm:html-webpack-plugin",
            "npm:@fortawesome/svg-icons/faHtml5",
        ];
        assert_eq!(
            super::of(&["html.text"], build.into_iter()),
            BTreeSet::new()
        );
    }
}
