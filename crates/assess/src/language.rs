//! The template of a catalogue: every text that an assessment or its report may say, without translations.

use crate::knowledge::Knowledge;
use casemate_ledger::{feature, standard};
use casemate_say::Catalogue;
use std::collections::BTreeSet;

/// Sentences of the sources; a test of the command collects them.
static SENTENCES: &str = include_str!("../../../lang/template.toml");

/// What a translator has to know, above everything else.
const GUIDE: &str = "\
# The texts of Casemate's reports, for a translator.
#
# language: the tag of the language, as web pages name it (de, pt-BR). It decides which forms numbers take.
# Left of a sign of equality stands what is said in English, right of it the translation. What is left empty stays English.
# Names in braces are places that are filled in: keep them in any order, translate none. `{{` and `}}` are braces that are meant.
# Under [counts] stands a list, with one text for each form of a number: [\"{n} Datei\", \"{n} Dateien\"].
# Under [rules.…] the English text stands above its place. Keep code as it is, and what stands in backticks.
#
#   casemate assess --lang FILE --format html …   says a report with it, and tells what is missing or misspelt
#   casemate lang FILE                            prints it anew: what it translates, and what there is to translate by now
";

/// All texts of the program, of models and rules, and of requirements, as a catalogue that holds what `had` translates, or nothing. In
/// English: before another language is chosen.
#[must_use]
pub fn template(knowledge: &Knowledge, had: Option<&Catalogue>) -> String {
    let mut out = GUIDE.to_owned();
    let language = had.map_or("xx", |had| had.language.as_str());
    out.push_str(&format!("language = {}\n", quoted(language)));
    let (sentences, counts) = SENTENCES
        .split_once("\n[counts]")
        .unwrap_or((SENTENCES, ""));
    let mut lines = sentences.lines();
    lines.find(|line| line.starts_with("language"));
    for line in lines {
        sentence(&mut out, line, had);
    }
    out.push_str("\n# Of models and requirements\n");
    let requirements = standard::english();
    let requirements = requirements
        .iter()
        .flat_map(|r| [r.chapter, r.says, r.question, r.look]);
    let kinds = knowledge.models.kinds();
    // What a kind is ends where its fields are told.
    let kinds = kinds
        .descriptions()
        .flat_map(|text| [text, text.split([';', ':']).next().unwrap_or(text)]);
    let facts = knowledge.models.kinds().facts();
    let facts = facts.map(|(_, fact)| fact.doc.split([';', ':']).next().unwrap_or_default());
    let features = feature::all().values().map(|f| f.is.as_str());
    let texts: BTreeSet<&str> = requirements
        .chain(kinds)
        .chain(facts)
        .chain(features)
        .collect();
    for text in texts {
        let line = format!("{}{EMPTY}", quoted(text));
        if !text.is_empty() && !sentences.contains(&format!("\n{line}\n")) {
            sentence(&mut out, &line, had);
        }
    }
    out.push_str("\n[counts]");
    for line in counts.trim_end().lines() {
        count(&mut out, line, had);
    }
    let mut rule = "";
    for (id, part, text) in knowledge.catalogue.texts() {
        if id != rule {
            out.push_str(&format!("\n[rules.{id}]\n"));
            rule = id;
        }
        // What there is to translate stands above its place.
        for line in text.trim().lines() {
            out.push_str(format!("# {line}").trim_end());
            out.push('\n');
        }
        let said = had.and_then(|had| had.of_rule(id, part));
        let said = quoted(said.unwrap_or_default());
        out.push_str(&format!("{} = {said}\n", quoted(part)));
    }
    out
}

/// What stands behind a key without a translation.
const EMPTY: &str = " = \"\"";

/// A line of the template, with what is translated of it.
fn sentence(out: &mut String, line: &str, had: Option<&Catalogue>) {
    let key = line.strip_suffix(EMPTY);
    let said = key.and_then(|key| had?.sentence(&unquoted(key)?).map(quoted));
    match (key, said) {
        (Some(key), Some(said)) => out.push_str(&format!("{key} = {said}\n")),
        _ => out.push_str(&format!("{line}\n")),
    }
}

/// The same of a count.
fn count(out: &mut String, line: &str, had: Option<&Catalogue>) {
    let key = line.strip_suffix(" = []");
    let forms = key.and_then(|key| had?.forms(&unquoted(key)?).map(<[String]>::to_vec));
    match (key, forms) {
        (Some(key), Some(forms)) => {
            let forms: Vec<String> = forms.iter().map(|form| quoted(form)).collect();
            out.push_str(&format!("{key} = [{}]\n", forms.join(", ")));
        }
        _ => out.push_str(&format!("{line}\n")),
    }
}

/// What a basic string of TOML says.
fn unquoted(text: &str) -> Option<String> {
    let table: toml::Table = format!("key = {text}").parse().ok()?;
    table.get("key")?.as_str().map(str::to_owned)
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_translated_is_carried_over() {
        let knowledge = Knowledge::read_built_in().unwrap();
        let text = "language = \"de\"\n[sentences]\n\"Attack\" = \"Angriff\"\n[counts]\nfile = [\"{n} \\\"Datei\\\"\", \"{n} Dateien\"]\n[rules.sql-injection]\ntitle = \"Abfrage\"\n";
        let had = Catalogue::parse(text).unwrap();
        let anew = template(&knowledge, Some(&had));
        let again = Catalogue::parse(&anew).unwrap();
        assert_eq!(again.language, "de");
        assert_eq!(again.sentence("Attack"), Some("Angriff"));
        assert_eq!(again.forms("file"), had.forms("file"));
        assert_eq!(again.of_rule("sql-injection", "title"), Some("Abfrage"));
        let empty = template(&knowledge, None);
        assert_eq!(empty.lines().count(), anew.lines().count());
        let held = again.held(&empty).unwrap();
        assert_eq!(held.all - held.lacks, 3);
    }
}
