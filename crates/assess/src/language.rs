//! The template of a catalogue: every text that an assessment or its report may say, without translations.

use crate::knowledge::Knowledge;
use casemate_ledger::{feature, standard};
use std::collections::BTreeSet;

/// Sentences of the sources; a test of the command collects them.
static SENTENCES: &str = include_str!("../../../lang/template.toml");

/// All texts of the program, of models and rules, and of requirements, as a catalogue with nothing in it. In English: before another
/// language is chosen.
#[must_use]
pub fn template(knowledge: &Knowledge) -> String {
    let mut out = String::new();
    let (sentences, counts) = SENTENCES
        .split_once("\n[counts]")
        .unwrap_or((SENTENCES, ""));
    out.push_str(sentences.trim_end());
    out.push_str("\n\n# Of models and requirements\n");
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
        let key = quoted(text);
        if !text.is_empty() && !sentences.contains(&format!("\n{key} = ")) {
            out.push_str(&format!("{key} = \"\"\n"));
        }
    }
    out.push_str("\n[counts]");
    out.push_str(counts.trim_end());
    out.push('\n');
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
        out.push_str(&format!("{} = \"\"\n", quoted(part)));
    }
    out
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
