//! A catalogue held against what can be said.

use crate::Catalogue;
use crate::catalogue::of_part;
use std::collections::BTreeSet;
use toml::{Table, Value};

/// What became of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// Texts in all.
    pub all: usize,
    /// Texts that it has no translation of.
    pub lacks: usize,
    /// What it translates and nothing says: misspelt, or said no more. With what can be said, for names that are near.
    pub strange: Vec<String>,
    /// Sentences whose translation lacks a place of theirs, with its name.
    pub lost: Vec<(String, String)>,
    /// All keys that there are.
    pub known: BTreeSet<String>,
}

impl Catalogue {
    /// Holds it against a template, which is a catalogue without translations.
    ///
    /// # Errors
    /// The template is no catalogue.
    pub fn held(&self, template: &str) -> Result<Held, String> {
        let template: Table = template
            .parse()
            .map_err(|e: toml::de::Error| e.to_string())?;
        let table = |part: &str| template.get(part).and_then(Value::as_table);
        let mut known: BTreeSet<String> = BTreeSet::new();
        for part in ["sentences", "counts"] {
            known.extend(table(part).into_iter().flat_map(Table::keys).cloned());
        }
        for (rule, parts) in table("rules").into_iter().flatten() {
            let parts = parts.as_table().into_iter().flat_map(Table::keys);
            known.extend(parts.map(|part| of_part(rule, part)));
        }
        let own: BTreeSet<String> = self.keys().collect();
        Ok(Held {
            all: known.len(),
            lacks: known.difference(&own).count(),
            strange: own.difference(&known).cloned().collect(),
            lost: self.lost(),
            known,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_strange_and_lost_is_told() {
        let text = "language = \"de\"\n[sentences]\n\"{n} open\" = \"offen\"\n\"Atack\" = \"Angriff\"\n[rules.sql-injection]\ntitle = \"Abfrage\"\nFixx = \"So\"\n";
        let template = "[sentences]\n\"{n} open\" = \"\"\n\"Attack\" = \"\"\n[counts]\nfile = []\n[rules.sql-injection]\ntitle = \"\"\nFix = \"\"\n";
        let held = Catalogue::parse(text).unwrap().held(template).unwrap();
        assert_eq!((held.lacks, held.all), (3, 5));
        assert_eq!(held.strange, ["Atack", "sql-injection: Fixx"]);
        assert_eq!(held.lost, [("{n} open".to_owned(), "n".to_owned())]);
    }
}
