//! A file of decisions drafted from the code: what was read, with its place, and what an owner has to add.

use super::topic::{self, Kind, Topic};
use super::{Told, ToldSubject, ToldTopic};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The text. `project`: its name.
#[must_use]
pub fn text(project: &str, told: &Told) -> String {
    let mut out = format!(
        "# The security decisions of {}, for `casemate assess`. Drafted from the code: every line behind which a place stands was\n\
         # read there. Correct it, fill in what is empty, and sign. Nothing here counts before that. Then each entry is a check:\n\
         # where the code does otherwise, or has something that is not named here, the assessment says so. A section that stays is\n\
         # held to be complete; one that is taken out is not decided.\n\n\
         [signed]\nby = \"\"      # name and role\non = \"\"      # a date: 2026-11-22\n# from = \"\"  # instead of a date: the file of the project that this was written from\n# until = \"\" # from then on it has to be signed again\n",
        plain(project)
    );
    for topic in &topic::ALL {
        let seen = told.topics.iter().find(|t| t.topic == topic.name);
        section(topic, seen, &mut out);
    }
    out
}

fn section(topic: &Topic, seen: Option<&ToldTopic>, out: &mut String) {
    let subjects = seen.map_or(&[][..], |t| &t.seen);
    let none = if subjects.is_empty() && !topic.single() {
        ": none was seen"
    } else {
        ""
    };
    let _ = writeln!(out, "\n# {}{none}", capital(topic.says));
    for key in topic.keys {
        let _ = writeln!(out, "#   {}: {}", key.name, key.asks);
    }
    if topic.single() {
        let _ = writeln!(out, "[{}]", topic.name);
        let first: BTreeMap<&str, (&str, &str)> = subjects
            .iter()
            .flat_map(|s| {
                s.values
                    .iter()
                    .map(|(k, v)| (k.as_str(), (v.as_str(), s.at.as_str())))
            })
            .collect();
        keys(topic, &first, out);
        return;
    }
    if subjects.is_empty() {
        let _ = writeln!(out, "# [[{}]]\n# {} = \"\"", topic.name, topic.by);
        for key in topic.keys {
            let _ = writeln!(out, "# {} = {}", key.name, empty(key.kind));
        }
        return;
    }
    // One entry a name; several places may bear it.
    let mut names: Vec<&str> = Vec::new();
    for subject in subjects {
        if !names.contains(&subject.name.as_str()) {
            names.push(&subject.name);
        }
    }
    // Endpoints of one path stand together.
    names.sort_by_key(|name| name.split_once(' ').map(|(method, path)| (path, method)));
    for name in names {
        let of: Vec<&ToldSubject> = subjects.iter().filter(|s| s.name == name).collect();
        let at = of.first().map(|s| s.at.as_str()).unwrap_or_default();
        let _ = writeln!(
            out,
            "[[{}]]\n{} = {}   # {}",
            topic.name,
            topic.by,
            quoted(name),
            plain(at)
        );
        let mut values: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for subject in &of {
            for (key, value) in &subject.values {
                values.entry(key).or_insert((value, &subject.at));
            }
        }
        let all: Vec<&str> = of
            .iter()
            .flat_map(|s| {
                s.values
                    .iter()
                    .filter(|(k, _)| k == "names")
                    .map(|(_, v)| v.as_str())
            })
            .collect();
        if !all.is_empty() {
            let names: Vec<String> = all.iter().map(|n| quoted(n)).collect();
            let _ = writeln!(out, "names = [{}]", names.join(", "));
        }
        values.remove("names");
        keys_but(topic, &values, !all.is_empty(), out);
        out.push('\n');
    }
}

fn keys(topic: &Topic, values: &BTreeMap<&str, (&str, &str)>, out: &mut String) {
    keys_but(topic, values, false, out);
}

fn keys_but(topic: &Topic, values: &BTreeMap<&str, (&str, &str)>, names: bool, out: &mut String) {
    for key in topic.keys.iter().filter(|k| !(names && k.name == "names")) {
        match values.get(key.name) {
            Some((value, at)) => {
                let value = match key.kind {
                    Kind::Count => (*value).to_owned(),
                    Kind::Flag => (*value == "yes").to_string(),
                    _ => quoted(value),
                };
                let _ = writeln!(out, "{} = {value}   # {}", key.name, plain(at));
            }
            None => {
                // What is empty says nothing; numbers and flags cannot be empty, so they stand behind a mark.
                let mark = if matches!(key.kind, Kind::Count | Kind::Flag) {
                    "# "
                } else {
                    ""
                };
                let _ = writeln!(out, "{mark}{} = {}", key.name, empty(key.kind));
            }
        }
    }
}

const fn empty(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Span | Kind::Size => "\"\"",
        Kind::Texts => "[]",
        Kind::Count => "0",
        Kind::Flag => "false",
    }
}

/// A basic string of TOML; nothing of a project ends it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Nothing of a project ends a comment.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn capital(text: &str) -> String {
    crate::dossier::words::capitalised(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Decisions;

    #[test]
    fn a_draft_is_read_again_and_counts_for_nothing() {
        let subject = |name: &str, values: &[(&str, &str)]| ToldSubject {
            name: name.to_owned(),
            at: "src/a.js:3".to_owned(),
            values: values
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            decided: false,
        };
        let topic = |name: &str, seen: Vec<ToldSubject>| ToldTopic {
            topic: name.to_owned(),
            seen,
            ..ToldTopic::default()
        };
        let told = Told {
            topics: vec![
                topic(
                    "access",
                    vec![subject("GET /a\"\n[signed]", &[("who", "signed in")])],
                ),
                topic("session", vec![subject("", &[("lifetime", "15 minutes")])]),
                topic("installation", vec![subject("", &[("scripts", "no")])]),
                topic(
                    "limit",
                    vec![subject("src/a.js", &[("max", "5"), ("window", "1 minute")])],
                ),
                topic(
                    "data",
                    vec![
                        subject("personal data", &[("names", "email")]),
                        subject("personal data", &[("names", "phone")]),
                    ],
                ),
            ],
            ..Told::default()
        };
        let text = text("shop\n[signed]", &told);
        let read = Decisions::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(read.unsigned(None), Some("nobody has signed it".to_owned()));
        let limit = read.of("limit").next().unwrap();
        assert_eq!(limit.get("max").map(|v| v.shown()), Some("5".into()));
        let installation = read.of("installation").next().unwrap();
        assert_eq!(
            installation.get("scripts").map(|v| v.shown()),
            Some("no".into())
        );
        let data: Vec<_> = read.of("data").collect();
        assert_eq!(data.len(), 1);
        assert_eq!(
            data[0].get("names").map(|v| v.shown()),
            Some("email, phone".into())
        );
        assert_eq!(read.of("access").next().unwrap().name, "GET /a\"\n[signed]");
        assert!(
            text.contains("lifetime = \"15 minutes\"   # src/a.js:3"),
            "{text}"
        );
    }
}
