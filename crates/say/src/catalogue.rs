//! A language: a file of translations.

use crate::places::{Place, places};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// Translations into one language.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// Its tag: `de`.
    pub language: String,
    sentences: FxHashMap<String, String>,
    counts: FxHashMap<String, Vec<String>>,
    rules: FxHashMap<String, BTreeMap<String, String>>,
}

impl Catalogue {
    /// Reads one.
    ///
    /// # Errors
    /// It is no TOML, names no language, or holds what is no translation.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: Table = text
            .parse()
            .map_err(|e: toml::de::Error| format!("not TOML: {e}"))?;
        let language = match table.get("language") {
            Some(Value::String(tag)) if is_tag(tag) => tag.clone(),
            Some(Value::String(tag)) if !tag.is_empty() => {
                return Err(format!(
                    "`{tag}` is no tag of a language; pages name German `de` and Brazilian Portuguese `pt-BR`"
                ));
            }
            _ => return Err("`language` is missing, such as `language = \"de\"`".to_owned()),
        };
        let mut out = Self {
            language,
            ..Self::default()
        };
        for (name, value) in &table {
            match (name.as_str(), value) {
                ("language", _) => {}
                ("sentences", Value::Table(sentences)) => {
                    for (key, value) in sentences {
                        let said = string(key, value)?;
                        places_agree(key, &said)?;
                        out.add(key, said);
                    }
                }
                ("counts", Value::Table(counts)) => {
                    for (key, value) in counts {
                        let forms: Vec<String> = match value {
                            Value::Array(forms) => forms
                                .iter()
                                .map(|f| string(key, f))
                                .collect::<Result<_, _>>(),
                            _ => Err(format!("`{key}` is a list of forms, each with `{{n}}`")),
                        }?;
                        if !forms.iter().all(|f: &String| f.is_empty()) {
                            forms_agree(key, &forms, &out.language)?;
                            out.counts.insert(key.clone(), forms);
                        }
                    }
                }
                ("rules", Value::Table(rules)) => {
                    for (rule, parts) in rules {
                        let Value::Table(parts) = parts else {
                            return Err(format!("`rules.{rule}` is a table"));
                        };
                        let mut said = BTreeMap::new();
                        for (part, value) in parts {
                            let value = string(part, value)?;
                            if !value.is_empty() {
                                said.insert(part.clone(), value);
                            }
                        }
                        out.rules.insert(rule.clone(), said);
                    }
                }
                (name, _) => {
                    return Err(format!(
                        "`{name}` is no part of a catalogue; these are: language, sentences, counts, rules"
                    ));
                }
            }
        }
        Ok(out)
    }

    fn add(&mut self, key: &str, said: String) {
        if !said.is_empty() {
            self.sentences.insert(key.to_owned(), said);
        }
    }

    /// The translation of a sentence, with its places.
    #[must_use]
    pub fn sentence(&self, text: &str) -> Option<&str> {
        self.sentences.get(text).map(String::as_str)
    }

    pub(crate) fn count(&self, n: u64, one: &str) -> Option<&str> {
        let forms = self.counts.get(one)?;
        let form = form(&self.language, n);
        let form = forms.get(form).or_else(|| forms.last())?;
        (!form.is_empty()).then_some(form.as_str())
    }

    /// What it says of a rule: under `title`, or the heading of a section.
    #[must_use]
    pub fn of_rule(&self, rule: &str, part: &str) -> Option<&str> {
        self.rules.get(rule)?.get(part).map(String::as_str)
    }

    /// The forms of a count, by what one of it is called.
    #[must_use]
    pub fn forms(&self, one: &str) -> Option<&[String]> {
        self.counts.get(one).map(Vec::as_slice)
    }

    /// All keys that it translates: of sentences, of counts, and of parts of rules as `rule: part`.
    pub(crate) fn keys(&self) -> impl Iterator<Item = String> {
        let rules = self.rules.iter();
        let parts = rules.flat_map(|(rule, parts)| parts.keys().map(move |p| of_part(rule, p)));
        let sentences = self.sentences.keys().chain(self.counts.keys());
        sentences.cloned().chain(parts)
    }

    /// Places of sentences that their translations do not have.
    pub(crate) fn lost(&self) -> Vec<(String, String)> {
        let mut out: Vec<(String, String)> = self
            .sentences
            .iter()
            .flat_map(|(key, said)| {
                let own = places(said).unwrap_or_default();
                let own: Vec<&str> = own.iter().map(|place| place.name).collect();
                let all = places(key).unwrap_or_default();
                let lost = all.into_iter().filter(move |p| !own.contains(&p.name));
                lost.map(|place| (key.clone(), place.name.to_owned()))
            })
            .collect();
        out.sort();
        out.dedup();
        out
    }
}

/// How a part of a rule is called beside sentences.
pub(crate) fn of_part(rule: &str, part: &str) -> String {
    format!("{rule}: {part}")
}

fn string(key: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        _ => Err(format!("`{key}` is no text")),
    }
}

/// A translation has no place that its sentence has not: nothing would fill it.
fn places_agree(key: &str, said: &str) -> Result<(), String> {
    let known = places(key).unwrap_or_default();
    let Some(own) = places(said) else {
        return Err(format!(
            "a bracket in the translation of `{key}` is not closed; write `{{{{` for one that is meant"
        ));
    };
    for Place { name, inner } in own {
        let Some(of_sentence) = known.iter().find(|k| k.name == name) else {
            return Err(format!(
                "the translation of `{key}` has a place `{{{name}}}`, and the sentence has none of that name"
            ));
        };
        if inner.trim() != name && inner != of_sentence.inner {
            return Err(format!(
                "`{{{inner}}}` in the translation of `{key}`: how a value is written is decided by the sentence; write `{{{name}}}`"
            ));
        }
    }
    Ok(())
}

/// Each number takes one of the forms, and stands in it.
fn forms_agree(key: &str, forms: &[String], language: &str) -> Result<(), String> {
    let wanted = (0..=200).map(|n| form(language, n)).max();
    let wanted = wanted.map_or(1, |last| last + 1);
    if forms.len() != wanted {
        return Err(format!(
            "`{key}` has {} forms, and a number takes one of {wanted} in `{language}`",
            forms.len()
        ));
    }
    match forms.iter().find(|form| !form.contains("{n}")) {
        Some(bare) => Err(format!(
            "the form `{bare}` of `{key}` has no `{{n}}`, where the number stands"
        )),
        None => Ok(()),
    }
}

/// `de`, `pt-BR`: pages name it, and the forms of numbers are known by it.
fn is_tag(tag: &str) -> bool {
    let mut parts = tag.split(['-', '_']);
    let first = parts.next().unwrap_or_default();
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
    (2..=3).contains(&first.len())
        && first.chars().all(|c| c.is_ascii_alphabetic())
        && parts.all(|part| word(part) && part.len() <= 8)
}

/// Which of its forms a number takes in a language, as gettext's `Plural-Forms` has it.
fn form(language: &str, n: u64) -> usize {
    let (ten, hundred) = (n % 10, n % 100);
    let few = (2..=4).contains(&ten) && !(12..=14).contains(&hundred);
    match language.split(['-', '_']).next().unwrap_or_default() {
        "ja" | "zh" | "ko" | "vi" | "th" | "id" | "ms" | "lo" => 0,
        "fr" | "hy" | "kab" => usize::from(n > 1),
        "pt" if language.eq_ignore_ascii_case("pt-br") => usize::from(n > 1),
        "ru" | "uk" | "be" | "sr" | "hr" | "bs" => match (ten, hundred) {
            (1, hundred) if hundred != 11 => 0,
            _ if few => 1,
            _ => 2,
        },
        "pl" => match n {
            1 => 0,
            _ if few => 1,
            _ => 2,
        },
        "cs" | "sk" => match n {
            1 => 0,
            2..=4 => 1,
            _ => 2,
        },
        "lt" => match (ten, hundred) {
            (1, hundred) if hundred != 11 => 0,
            (2..=9, hundred) if !(11..=19).contains(&hundred) => 1,
            _ => 2,
        },
        "lv" => match (ten, hundred) {
            (1, hundred) if hundred != 11 => 0,
            _ if n != 0 => 1,
            _ => 2,
        },
        "ro" => match (n, hundred) {
            (1, _) => 0,
            (0, _) | (_, 1..=19) => 1,
            _ => 2,
        },
        "sl" => match hundred {
            1 => 0,
            2 => 1,
            3 | 4 => 2,
            _ => 3,
        },
        "ar" => match (n, hundred) {
            (0..=2, _) => usize::try_from(n).unwrap_or_default(),
            (_, 3..=10) => 3,
            (_, 11..=99) => 4,
            _ => 5,
        },
        _ => usize::from(n != 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GERMAN: &str = r#"
language = "de"
[sentences]
"{n} of {all} are open" = "von {all} sind {n} offen"
"none" = ""
[counts]
"file" = ["{n} Datei", "{n} Dateien"]
[rules.sql-injection]
title = "Abfrage aus der Anfrage"
"#;

    #[test]
    fn a_catalogue_is_read() {
        let de = Catalogue::parse(GERMAN).unwrap();
        assert_eq!(
            de.sentence("{n} of {all} are open"),
            Some("von {all} sind {n} offen")
        );
        assert_eq!(de.sentence("none"), None);
        assert_eq!(de.count(1, "file"), Some("{n} Datei"));
        assert_eq!(de.count(0, "file"), Some("{n} Dateien"));
        assert_eq!(
            de.of_rule("sql-injection", "title"),
            Some("Abfrage aus der Anfrage")
        );
    }

    #[test]
    fn mistakes_are_told() {
        for (text, says) in [
            ("[sentences]", "`language`"),
            (
                "language = \"de\"\n[sentences]\n\"{n} open\" = \"{m} offen\"",
                "`{m}`",
            ),
            ("language = \"de\"\n[sentence]", "`sentence`"),
            ("language = ", "TOML"),
            ("language = \"german\"", "no tag"),
            (
                "language = \"de\"\n[sentences]\n\"{n} open\" = \"{n offen\"",
                "not closed",
            ),
            (
                "language = \"de\"\n[sentences]\n\"{n} open\" = \"{n:.1} offen\"",
                "write `{n}`",
            ),
            (
                "language = \"de\"\n[counts]\nfile = [\"{n} Datei\"]",
                "has 1 forms, and a number takes one of 2",
            ),
            (
                "language = \"de\"\n[counts]\nfile = [\"eine Datei\", \"{n} Dateien\"]",
                "`eine Datei`",
            ),
        ] {
            let wrong = Catalogue::parse(text).unwrap_err();
            assert!(wrong.contains(says), "{wrong}");
        }
    }

    #[test]
    fn numbers_take_their_form() {
        for (language, n, which) in [
            ("de", 1, 0),
            ("de", 0, 1),
            ("fr", 0, 0),
            ("ja", 7, 0),
            ("ru", 21, 0),
            ("ru", 3, 1),
            ("ru", 12, 2),
            ("pl", 21, 2),
            ("pl", 22, 1),
            ("cs", 5, 2),
            ("ar", 103, 3),
            ("pt-BR", 0, 0),
            ("lt", 21, 0),
            ("lt", 12, 2),
            ("lv", 0, 2),
            ("ro", 19, 1),
            ("sl", 104, 2),
        ] {
            assert_eq!(form(language, n), which, "{language} {n}");
        }
    }
}
