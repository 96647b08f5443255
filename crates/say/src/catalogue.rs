//! A language: a file of translations.

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

/// What a catalogue lacks of what can be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Missing {
    /// Texts that it has no translation of.
    pub lacks: usize,
    /// Texts in all.
    pub all: usize,
    /// Texts that it translates and that nothing says any more.
    pub stale: usize,
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
            Some(Value::String(tag)) if !tag.is_empty() => tag.clone(),
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

    pub(crate) fn sentence(&self, text: &str) -> Option<&str> {
        self.sentences.get(text).map(String::as_str)
    }

    pub(crate) fn count(&self, n: u64, one: &str) -> Option<&str> {
        let forms = self.counts.get(one)?;
        let form = form(&self.language, n);
        let form = forms.get(form).or_else(|| forms.last())?;
        (!form.is_empty()).then_some(form.as_str())
    }

    pub(crate) fn of_rule(&self, rule: &str, part: &str) -> Option<&str> {
        self.rules.get(rule)?.get(part).map(String::as_str)
    }

    /// What it lacks of a template, which is a catalogue without translations.
    ///
    /// # Errors
    /// The template is no catalogue.
    pub fn missing(&self, template: &str) -> Result<Missing, String> {
        let template: Table = template
            .parse()
            .map_err(|e: toml::de::Error| e.to_string())?;
        let keys = |part: &str| -> Vec<String> {
            let table = template.get(part).and_then(Value::as_table);
            table
                .map(|t| t.keys().cloned().collect())
                .unwrap_or_default()
        };
        let (sentences, counts) = (keys("sentences"), keys("counts"));
        let mut missing = Missing {
            all: sentences.len() + counts.len(),
            lacks: sentences
                .iter()
                .filter(|k| !self.sentences.contains_key(*k))
                .count()
                + counts
                    .iter()
                    .filter(|k| !self.counts.contains_key(*k))
                    .count(),
            stale: 0,
        };
        let had = self.sentences.len() + self.counts.len();
        missing.stale = had - (missing.all - missing.lacks);
        let rules = template.get("rules").and_then(Value::as_table);
        for (rule, parts) in rules.into_iter().flatten() {
            for part in parts.as_table().into_iter().flat_map(Table::keys) {
                missing.all += 1;
                missing.lacks += usize::from(self.of_rule(rule, part).is_none());
            }
        }
        Ok(missing)
    }
}

fn string(key: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        _ => Err(format!("`{key}` is no text")),
    }
}

/// A translation has no place that its sentence has not: nothing would fill it.
fn places_agree(key: &str, said: &str) -> Result<(), String> {
    let known = places(key);
    match places(said).iter().find(|place| !known.contains(place)) {
        Some(other) => Err(format!(
            "the translation of `{key}` has a place `{{{other}}}`, and the sentence has none of that name"
        )),
        None => Ok(()),
    }
}

fn places(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let after = rest.get(at..).unwrap_or_default();
        if after.starts_with("{{") || after.starts_with("}}") {
            rest = after.get(2..).unwrap_or_default();
            continue;
        }
        let end = after.find('}').unwrap_or(after.len() - 1);
        let inner = after.get(1..end).unwrap_or_default();
        out.push(inner.split(':').next().unwrap_or_default().trim());
        rest = after.get(end + 1..).unwrap_or_default();
    }
    out
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
        let template = "[sentences]\n\"none\" = \"\"\n[counts]\nfile = []\n[rules.sql-injection]\ntitle = \"\"\nFix = \"\"\n";
        let missing = de.missing(template).unwrap();
        assert_eq!((missing.lacks, missing.all, missing.stale), (2, 4, 1));
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
        ] {
            assert_eq!(form(language, n), which, "{language} {n}");
        }
    }
}
