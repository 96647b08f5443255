//! The language that sentences are said in.
//!
//! As in gettext, the English sentence stands where it is said, and is its own key: `say!("{n} of {all} are open", …)`. A catalogue
//! holds translations by that key; what it lacks stays English. It is chosen once, before anything is said, and for the whole process:
//! sentences are made on many threads, from the application model to the report, and none of them should have to hand a language on.
//! Nothing else depends on it: ids, levels and fingerprints are made of no sentence.
//!
//! `lang/template.toml` lists all sentences; a test collects them from the sources.

// What the macro says of this crate holds in it as well.
extern crate self as casemate_say;

mod catalogue;
mod held;
#[path = "../../say-macros/src/places.rs"]
mod places;

pub use casemate_say_macros::say;
pub use catalogue::Catalogue;
pub use held::Held;

use std::sync::OnceLock;

static SPOKEN: OnceLock<Catalogue> = OnceLock::new();

/// Chooses the language of this process; the first choice stands.
pub fn speak(catalogue: Catalogue) {
    let _ = SPOKEN.set(catalogue);
}

/// The language, as pages name it: `en`, `de`.
#[must_use]
pub fn tag() -> &'static str {
    SPOKEN.get().map_or("en", |catalogue| &catalogue.language)
}

/// The translation of a sentence, with its places. Absent in English, and where the catalogue lacks it.
#[must_use]
pub fn translation(text: &str) -> Option<&'static str> {
    SPOKEN.get()?.sentence(text)
}

/// A text without places.
#[must_use]
pub fn text(text: &'static str) -> &'static str {
    translation(text).unwrap_or(text)
}

/// A text without places that is no constant: a heading that a table holds.
#[must_use]
pub fn told(text: &str) -> &str {
    translation(text).unwrap_or(text)
}

/// A text without places, as [`text`].
#[macro_export]
macro_rules! label {
    ($text:expr) => {
        $crate::text($text)
    };
}

/// Marks a text of a table, which [`told`] says later, for the catalogue.
#[macro_export]
macro_rules! mark {
    ($text:expr) => {
        $text
    };
}

/// The two forms of a table that [`count`] is given later, for the catalogue.
#[macro_export]
macro_rules! counted {
    ($one:expr, $many:expr) => {
        [$one, $many]
    };
}

/// `{n} file`, `{n} files` in the form that a number takes. `shown`: the number as it is written.
#[must_use]
pub fn count(n: u64, shown: &str, one: &str, many: &str) -> String {
    match SPOKEN.get().and_then(|catalogue| catalogue.count(n, one)) {
        Some(form) => form.replace("{n}", shown),
        None => format!("{shown} {}", if n == 1 { one } else { many }),
    }
}

/// What a catalogue says of a rule: under `title`, or the heading of a section.
#[must_use]
pub fn of_rule(rule: &str, part: &str) -> Option<&'static str> {
    SPOKEN.get()?.of_rule(rule, part)
}

/// A sentence with its places filled.
#[must_use]
pub fn fill(text: &str, values: &[(&str, String)]) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let after = rest.get(at..).unwrap_or_default();
        if after.starts_with("{{") || after.starts_with("}}") {
            out.push_str(after.get(..1).unwrap_or_default());
            rest = after.get(2..).unwrap_or_default();
            continue;
        }
        let end = after.find('}').unwrap_or(after.len() - 1);
        let name = after.get(1..end).unwrap_or_default();
        let name = name.split(':').next().unwrap_or_default().trim();
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.push_str(value),
            // A mistake of the translator stays to be seen.
            None => out.push_str(after.get(..=end).unwrap_or_default()),
        }
        rest = after.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_by_name() {
        let values = [("n", "3".to_owned()), ("all", "5".to_owned())];
        assert_eq!(
            fill("von {all} sind {n} {{offen}}", &values),
            "von 5 sind 3 {offen}"
        );
        assert_eq!(fill("{nn} und {n", &values), "{nn} und {n");
    }

    #[test]
    fn english_is_what_stands_there() {
        let (n, all) = (2, 5.25);
        assert_eq!(
            crate::say!("{n} of {all:.1} are {what}", what = "open"),
            "2 of 5.2 are open"
        );
        assert_eq!(crate::say!("none"), "none");
        assert_eq!(count(1, "1", "file", "files"), "1 file");
        assert_eq!(count(2000, "2,000", "file", "files"), "2,000 files");
    }
}
