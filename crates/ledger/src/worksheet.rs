//! What a person is asked about a requirement that is left open.

use crate::judge::Judge;
use crate::verdict::Worksheet;
use casemate_say::{label, say};
use std::collections::BTreeSet;

/// Places to begin at.
const HERE: usize = 4;

/// The places to begin at: those that requests come to first, each once.
fn nearest<'p>(judge: &Judge<'_>, places: impl Iterator<Item = &'p str>) -> Vec<String> {
    let mut once = BTreeSet::new();
    let mut places: Vec<&str> = places.filter(|place| once.insert(*place)).collect();
    places.sort_by_key(|place| (judge.evidence.far)(place));
    places.into_iter().take(HERE).map(str::to_owned).collect()
}

/// Packages where no place is known; what is imported by another name than it is declared stands once.
fn packages(named: &BTreeSet<String>) -> Vec<String> {
    let twice = |name: &String| {
        let mut others = named.iter().filter(|other| *other != name);
        others.any(|other| {
            ["py", "python-", "node-"]
                .iter()
                .any(|lead| name.strip_prefix(lead) == Some(other))
        })
    };
    let once = named.iter().filter(|name| !twice(name));
    once.take(HERE).cloned().collect()
}

/// The question, where to look and what to attach. `open` are the places that left it open.
pub(crate) fn of(judge: &Judge<'_>, open: &[String]) -> Worksheet {
    let seen: Vec<String> = judge
        .sign
        .filter(|sign| sign.there)
        .map(|sign| {
            let places = judge.places(&sign.places);
            if places.is_empty() {
                packages(&sign.packages)
            } else {
                nearest(judge, places.iter().map(String::as_str))
            }
        })
        .unwrap_or_default();
    let here = if seen.is_empty() {
        let open = open.iter().map(String::as_str);
        nearest(judge, open.filter(|place| !place.contains('@')))
    } else {
        seen
    };
    let here = here.iter().map(|p| format!("`{p}`")).collect();
    let requirement = judge.requirement;
    let (source, attach) = match judge.requirement.by {
        "document" => (
            label!("the project's written security decisions"),
            label!("the document with its date and its owner"),
        ),
        "running system" => (
            label!("the deployed system"),
            label!("the commands, their answers and the date"),
        ),
        "configuration" => (
            label!("configuration of proxy, containers and platform"),
            label!("the lines of configuration that settle it"),
        ),
        "dependencies" => (
            label!("lock files and the advisories about what they pin"),
            label!("the list of packages with the date of the advisories"),
        ),
        "schema" => (
            label!("migrations and models of the database"),
            label!("the definitions that settle it"),
        ),
        "person" => (
            label!("the people and the process that it is about"),
            label!("who answered, when, and by which record"),
        ),
        _ => (
            label!("the code"),
            label!("the places that settle it, with file and line"),
        ),
    };
    // Where no question of its own is written down, what breaks and keeps it says what to look for.
    let (question, look) = if requirement.question.is_empty() {
        let asked = say!(
            "Does this hold: {says}?",
            says = lower_first(requirement.says)
        );
        (asked, format!("{source}: {}", requirement.look))
    } else {
        (requirement.question.to_owned(), requirement.look.to_owned())
    };
    Worksheet {
        question,
        look,
        here,
        attach: attach.to_owned(),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    // Abbreviations stay: `HTTP`, `MAC`.
    if chars.clone().next().is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    first.to_lowercase().chain(chars).collect()
}
