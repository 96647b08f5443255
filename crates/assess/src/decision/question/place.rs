//! Questions of places in the code: functions that entries name, loggers, policies of rows.

use super::super::NAME;
use super::super::file::{Entry, Value};
use super::super::name::named;
use super::Asked;
use crate::dossier::words::code;
use casemate_flow::result::Site;
use casemate_say::say;

impl Asked<'_> {
    /// Addresses in logs have no query, where that is decided.
    pub(super) fn queries(&mut self) {
        for entry in self.entries() {
            if entry.get("queries") != Some(&Value::Flag(false)) {
                self.answer.kept += usize::from(entry.get("queries").is_some());
                continue;
            }
            let line = entry.line_of("queries");
            self.answer.kept += usize::from(self.seen.queries.is_empty());
            for site in &self.seen.queries {
                let says = say!(
                    "an address goes into a log as it came, where `{NAME}:{line}` says that what stands behind `?` does not"
                );
                self.drift(Some(*site), Some(line), "queries", says);
            }
        }
    }

    /// Each logger that strikes something out strikes out what is named.
    pub(super) fn struck(&mut self) {
        for entry in self.entries() {
            let Some(Value::Texts(names)) = entry.get("struck") else {
                continue;
            };
            let line = entry.line_of("struck");
            for name in names {
                let wanted = name.to_ascii_lowercase();
                let lacks = self
                    .seen
                    .struck
                    .iter()
                    .filter(|(_, texts)| !texts.contains(&wanted));
                let lacks: Vec<Site> = lacks.map(|(site, _)| *site).collect();
                match (self.seen.struck.is_empty(), lacks.is_empty()) {
                    (true, _) => self.answer.open += 1,
                    (_, true) => self.answer.kept += 1,
                    _ => {}
                }
                for site in lacks {
                    let says = say!(
                        "this logger does not strike out {name}, where `{NAME}:{line}` says that it does",
                        name = code(name)
                    );
                    self.drift(Some(site), Some(line), name, says);
                }
            }
        }
    }

    /// Each event is written where its entry says, or anywhere.
    pub(super) fn written(&mut self) {
        for entry in self.entries() {
            let Some(Value::Texts(places)) = entry.get("at") else {
                if self.seen.anywhere.contains(&entry.name) {
                    self.answer.kept += 1;
                    continue;
                }
                let says = say!(
                    "nothing in the code writes {event}",
                    event = code(&entry.name)
                );
                self.drift(None, Some(entry.line), &entry.name, says);
                continue;
            };
            let line = entry.line_of("at");
            for place in places {
                let Some(passage) = self.seen.passages.get(place) else {
                    self.answer.open += 1;
                    continue;
                };
                if passage.says(&entry.name) {
                    self.answer.kept += 1;
                    continue;
                }
                let says = say!(
                    "{place} does not write {event}, where `{NAME}:{line}` says that it does",
                    place = code(place),
                    event = code(&entry.name)
                );
                self.drift(
                    passage.site,
                    Some(line),
                    &format!("{} {place}", entry.name),
                    says,
                );
            }
        }
    }

    /// What is shown to get in is held to what was decided of it.
    pub(super) fn proofs(&mut self) {
        for entry in self.entries() {
            let Some(passage) = self.seen.passages.get(&entry.name) else {
                self.answer.open += 1;
                continue;
            };
            let place = code(&entry.name);
            let mut wrong: Vec<(&str, String)> = Vec::new();
            let line = |key: &str| entry.line_of(key);
            for (key, says) in [
                (
                    "once",
                    say!(
                        "{place} takes what is good once, as `{NAME}:{line}` says, and neither removes nor marks it",
                        line = line("once")
                    ),
                ),
                (
                    "newest",
                    say!(
                        "{place} hands out a new one, and those before it do not end, as `{NAME}:{line}` says that they do",
                        line = line("newest")
                    ),
                ),
            ] {
                if entry.get(key) == Some(&Value::Flag(true)) {
                    match passage.ends_something() {
                        true => self.answer.kept += 1,
                        false => wrong.push((key, says)),
                    }
                }
            }
            for (key, names) in ["holder", "claims"].map(|key| (key, entry.get(key))) {
                let Some(Value::Texts(names)) = names else {
                    continue;
                };
                for name in names {
                    if passage.reads(name) {
                        self.answer.kept += 1;
                        continue;
                    }
                    let says = say!(
                        "{place} does not look at {name}, where `{NAME}:{line}` says that it does",
                        name = code(name),
                        line = line(key)
                    );
                    wrong.push((key, says));
                }
            }
            for (key, says) in wrong {
                self.drift(
                    passage.site,
                    Some(line(key)),
                    &format!("{} {key}", entry.name),
                    says,
                );
            }
        }
    }

    /// Policies that let every row pass belong to tables of which that is decided.
    pub(super) fn rows(&mut self) {
        for subject in self.subjects() {
            let entries: Vec<&Entry> = named(self.decisions, subject).collect();
            for key in ["read", "change"] {
                let said = entries.iter().find_map(|e| match e.get(key) {
                    Some(Value::Text(who)) => Some((who.to_ascii_lowercase(), e.line_of(key))),
                    _ => None,
                });
                let (Some((who, line)), Some(open)) = (said, subject.answers.get(key)) else {
                    continue;
                };
                if !open || ["anyone", "everybody", "public"].contains(&who.as_str()) {
                    self.answer.kept += 1;
                    continue;
                }
                let says = say!(
                    "this policy lets everybody pass at every row of {table}, where `{NAME}:{line}` says {who}",
                    table = code(&subject.name),
                    who = code(&who)
                );
                self.drift(
                    Some(subject.site),
                    Some(line),
                    &format!("{} {key}", subject.name),
                    says,
                );
            }
        }
    }
}
