//! The questions that rules ask of decisions: is all of it decided, does the code do it, is nothing left out?
//!
//! | name | what is asked |
//! |---|---|
//! | `access.decided` | every endpoint is listed, and lets in whom the list says |
//! | `login.listed`, `login.defence` | every way to log in is listed · what stands against guessing is said, and is there |
//! | `password.words` | the project's own name is among the words that no password may hold |
//! | `session.timeout`, `session.concurrent`, `token.lifetime` | as long as the code says, with a reason · how many at a time |
//! | `provider.logout` | every library of a provider is listed, with what a logout does |
//! | `limit.decided`, `limit.enforced` | every limit is listed as it is · the endpoints that it is for are limited |
//! | `upload.rules` | every handler of uploads is listed, with kinds, size and handling |
//! | `browser.headers` | the headers that pages rely on are sent |
//! | `data.listed`, `data.requirements`, `data.logged` | every name is in a class · each class has its rules · what may not be logged is not |
//! | `secret.rotation`, `secret.holder` | every secret is listed, with a time, or with a holder and a use |
//! | `algorithm.listed`, `algorithm.plan` | every algorithm is listed · those that quantum computers break have a successor |
//! | `service.listed`, `service.strategy`, `service.limits` | every host is listed · with timeout and failure · with connections |
//! | `log.inventory`, `dangerous.listed`, `dangerous.isolation`, `expensive.defence`, `library.watch` | each is listed, with what its section asks |
//! | `event.written` | every event is written, in the functions that are named for it |
//! | `logging.queries`, `logging.struck` | addresses lose their query · the logger strikes out what is named |
//! | `proof.kept` | what is good once is used up, what is handed out anew ends the old, and so on, where the entry says |
//! | `rows.held`, `installation.scripts` | policies let nobody see more · packages run nothing when they are installed, or may |
//! | `remediation.deadlines` | each level has one, and graver ones are not later |

mod place;

use super::file::{Decisions, Entry, Value};
use super::name::{breaks, covers, named};
use super::seen::{Seen, Subject};
use super::{NAME, topic};
use crate::dossier::words::code;
use casemate_flow::result::Site;
use casemate_say::{label, say};

/// The names of all questions.
pub const ALL: [&str; 34] = [
    "access.decided",
    "algorithm.listed",
    "algorithm.plan",
    "browser.headers",
    "dangerous.isolation",
    "dangerous.listed",
    "data.listed",
    "data.logged",
    "data.requirements",
    "event.written",
    "expensive.defence",
    "installation.scripts",
    "library.watch",
    "limit.decided",
    "limit.enforced",
    "log.inventory",
    "logging.queries",
    "logging.struck",
    "login.defence",
    "login.listed",
    "password.words",
    "proof.kept",
    "provider.logout",
    "remediation.deadlines",
    "rows.held",
    "secret.holder",
    "secret.rotation",
    "service.limits",
    "service.listed",
    "service.strategy",
    "session.concurrent",
    "session.timeout",
    "token.lifetime",
    "upload.rules",
];

/// Where decisions and code differ, or where a decision is missing.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Drift {
    /// The place in the code; absent: it is the file that lacks something.
    pub site: Option<Site>,
    /// The line of the file that speaks of it; absent: none does.
    pub line: Option<u32>,
    /// What it is about, for its id.
    pub key: String,
    /// A sentence without a period.
    pub says: String,
}

/// What came of one question.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Answer {
    /// The file speaks of the topic.
    pub spoken: bool,
    /// What differs.
    pub drifts: Vec<Drift>,
    /// Things that are as decided.
    pub kept: usize,
    /// Things of which the code does not tell.
    pub open: usize,
    /// Lines of the file that were held against the code.
    pub lines: Vec<u32>,
}

/// Puts a question.
pub(crate) fn ask(question: &str, decisions: &Decisions, seen: &Seen) -> Answer {
    let name = question.split('.').next().unwrap_or_default();
    let mut asked = Asked {
        decisions,
        seen,
        topic: name,
        answer: Answer {
            spoken: decisions.of(name).next().is_some(),
            lines: decisions.of(name).map(|entry| entry.line).collect(),
            ..Answer::default()
        },
    };
    // What the file does not speak of is not decided, and not held against the code.
    if !asked.answer.spoken {
        return asked.answer;
    }
    match question {
        "access.decided" => {
            asked.listed();
            asked.held(&["who"]);
            asked.let_in();
        }
        "login.listed" => {
            asked.listed();
            asked.held(&["how"]);
        }
        "login.defence" => {
            asked.held(&["attempts", "window", "then"]);
            asked.limited();
        }
        "password.words" => asked.words(),
        "session.timeout" => {
            asked.agrees(&["idle", "lifetime"]);
            asked.held(&["why"]);
        }
        "session.concurrent" => asked.held(&["concurrent"]),
        "token.lifetime" => {
            asked.listed();
            asked.agrees(&["lifetime"]);
            asked.held(&["lifetime", "why"]);
        }
        "provider.logout" => {
            asked.listed();
            asked.held(&["logout"]);
        }
        "limit.decided" => {
            asked.listed();
            asked.agrees(&["max", "window"]);
            asked.held(&["max", "window", "per"]);
        }
        "limit.enforced" => asked.enforced(),
        "upload.rules" => {
            asked.listed();
            asked.agrees(&["max"]);
            asked.held(&["types", "max", "handling"]);
        }
        "browser.headers" => asked.headers(),
        "data.listed" => asked.classes(),
        "data.requirements" => asked.held(&["access", "encrypted", "logged", "retention"]),
        "data.logged" => asked.logged(),
        "secret.rotation" => {
            asked.listed();
            asked.held(&["rotate"]);
        }
        "secret.holder" => {
            asked.listed();
            asked.held(&["use", "holder"]);
        }
        "algorithm.listed" => {
            asked.listed();
            asked.held(&["use"]);
        }
        "algorithm.plan" => asked.successors(),
        "service.listed" => {
            asked.listed();
            asked.held(&["use"]);
        }
        "service.strategy" => asked.held(&["timeout", "failure"]),
        "service.limits" => asked.held(&["connections", "exhausted"]),
        "log.inventory" => {
            asked.listed();
            asked.held(&["events", "where", "readers", "retention"]);
        }
        "logging.queries" => asked.queries(),
        "logging.struck" => asked.struck(),
        "event.written" => {
            asked.written();
            asked.held(&["where"]);
        }
        "installation.scripts" => asked.agrees(&["scripts"]),
        "proof.kept" => asked.proofs(),
        "rows.held" => asked.rows(),
        "dangerous.listed" => {
            asked.listed();
            asked.held(&["does"]);
        }
        "dangerous.isolation" => asked.held(&["isolation"]),
        "expensive.defence" => {
            asked.listed();
            asked.held(&["defence"]);
        }
        "library.watch" => {
            asked.listed();
            asked.held(&["watch"]);
        }
        "remediation.deadlines" => asked.deadlines(),
        _ => {}
    }
    asked.answer
}

struct Asked<'a> {
    decisions: &'a Decisions,
    seen: &'a Seen,
    topic: &'a str,
    answer: Answer,
}

impl<'a> Asked<'a> {
    fn entries(&self) -> Vec<&'a Entry> {
        self.decisions.of(self.topic).collect()
    }

    fn subjects(&self) -> Vec<&'a Subject> {
        self.seen.of(self.topic).collect()
    }

    fn drift(&mut self, site: Option<Site>, line: Option<u32>, key: &str, says: String) {
        self.answer.drifts.push(Drift {
            site,
            line,
            key: format!("{} {key}", self.topic),
            says,
        });
    }

    /// Everything that the code shows is named by an entry.
    fn listed(&mut self) {
        let says = topic::named(self.topic).map_or("", |t| t.says);
        for subject in self.subjects() {
            if named(self.decisions, subject).next().is_some() {
                self.answer.kept += 1;
            } else {
                let says = say!(
                    "{subject} is in the code, and `{NAME}` does not name it among {says}",
                    subject = code(&subject.name)
                );
                self.drift(Some(subject.site), None, &subject.name, says);
            }
        }
        let (decisions, topic) = (self.decisions, self.topic);
        let stale = decisions
            .of(topic)
            .filter(|entry| !self.seen.of(topic).any(|s| covers(&entry.name, &s.name)));
        self.answer.open += stale.count();
    }

    /// Every entry says something under these keys.
    fn held(&mut self, keys: &[&str]) {
        for entry in self.entries() {
            for key in keys {
                if entry.get(key).is_some() {
                    self.answer.kept += 1;
                    continue;
                }
                let asks = topic::named(self.topic)
                    .and_then(|t| t.key(key))
                    .map_or("", |k| k.asks);
                let of = if entry.name.is_empty() {
                    code(self.topic)
                } else {
                    code(&entry.name)
                };
                let says = say!("{of} is decided without {key}: {asks}", key = code(key));
                self.drift(
                    None,
                    Some(entry.line),
                    &format!("{} {key}", entry.name),
                    says,
                );
            }
        }
    }

    /// The code says the same under these keys, where it says anything.
    fn agrees(&mut self, keys: &[&str]) {
        for subject in self.subjects() {
            let entries: Vec<&Entry> = named(self.decisions, subject).collect();
            for key in keys {
                let Some(here) = subject.values.get(key) else {
                    continue;
                };
                let said: Vec<(&Value, u32)> = entries
                    .iter()
                    .filter_map(|e| Some((e.get(key)?, e.line_of(key))))
                    .collect();
                let Some((first, line)) = said.first() else {
                    if !entries.is_empty() {
                        let says = say!(
                            "the code sets {key} to {shown}, and `{NAME}` says nothing about it",
                            key = code(key),
                            shown = here.shown()
                        );
                        let line = entries.first().map(|e| e.line);
                        self.drift(
                            Some(subject.site),
                            line,
                            &format!("{} {key}", subject.name),
                            says,
                        );
                    }
                    continue;
                };
                if said.iter().any(|(value, _)| *value == here) {
                    self.answer.kept += 1;
                    continue;
                }
                let says = say!(
                    "the code sets {key} to {shown}, where `{NAME}:{line}` says {shown_2}",
                    key = code(key),
                    shown = here.shown(),
                    shown_2 = first.shown()
                );
                let line = Some(*line);
                self.drift(
                    Some(subject.site),
                    line,
                    &format!("{} {key}", subject.name),
                    says,
                );
            }
            self.answer.open += usize::from(keys.iter().all(|k| !subject.values.contains_key(k)));
        }
    }

    /// Endpoints let in whom their entry says.
    fn let_in(&mut self) {
        for subject in self.subjects() {
            let Some(entry) = named(self.decisions, subject).next() else {
                continue;
            };
            let Some(Value::Text(who)) = entry.get("who") else {
                continue;
            };
            let is = |name: &str| subject.answers.get(name).copied();
            let looks = is("aware") == Some(true);
            let open = is("authentication") == Some(false) && !looks;
            let wrong = match who.to_ascii_lowercase().as_str() {
                "anyone" | "everybody" | "public" => (is("authentication") == Some(true)
                    && is("proves") != Some(true))
                .then_some(label!("a login is asked for")),
                "signed in" => open.then_some(label!("nothing asks who it is")),
                _ if open => Some(label!("nothing asks who it is")),
                _ => (is("role") == Some(false) && !looks)
                    .then_some(label!("nothing asks for a role")),
            };
            match wrong {
                None if is("authentication").is_none() => self.answer.open += 1,
                None => self.answer.kept += 1,
                Some(wrong) => {
                    let line = entry.line_of("who");
                    let says = say!(
                        "`{NAME}:{line}` gives {subject} to {who}, and before it {wrong}",
                        subject = code(&subject.name),
                        who = code(who)
                    );
                    self.drift(Some(subject.site), Some(line), &subject.name, says);
                }
            }
        }
    }

    /// Logins with a number of attempts have something that counts.
    fn limited(&mut self) {
        for subject in self.subjects() {
            let Some(entry) = named(self.decisions, subject).next() else {
                let says = say!(
                    "{subject} is in the code, and `{NAME}` does not say what stands against guessing there",
                    subject = code(&subject.name)
                );
                self.drift(Some(subject.site), None, &subject.name, says);
                continue;
            };
            match subject.answers.get("limit") {
                Some(false) if entry.get("attempts").is_some() => {
                    let line = entry.line_of("attempts");
                    let attempts = entry.get("attempts").map(Value::shown).unwrap_or_default();
                    let says = say!(
                        "`{NAME}:{line}` allows {attempts} attempts at {subject}, and nothing before it counts them",
                        subject = code(&subject.name)
                    );
                    self.drift(Some(subject.site), Some(line), &subject.name, says);
                }
                Some(true) => self.answer.kept += 1,
                _ => self.answer.open += 1,
            }
        }
    }

    /// The endpoints that a limit is for are limited.
    fn enforced(&mut self) {
        for entry in self.entries() {
            let Some(Value::Texts(endpoints)) = entry.get("endpoints") else {
                self.held_one(entry, "endpoints");
                continue;
            };
            for name in endpoints {
                let mut covered = 0;
                for subject in self.seen.of("access").filter(|s| covers(name, &s.name)) {
                    covered += 1;
                    match subject.answers.get("limit") {
                        Some(false) => {
                            let line = entry.line_of("endpoints");
                            let says = say!(
                                "`{NAME}:{line}` limits {name}, and nothing before it counts requests",
                                name = code(&subject.name)
                            );
                            self.drift(Some(subject.site), Some(line), &subject.name, says);
                        }
                        Some(true) => self.answer.kept += 1,
                        None => self.answer.open += 1,
                    }
                }
                self.answer.open += usize::from(covered == 0);
            }
        }
    }

    fn held_one(&mut self, entry: &Entry, key: &str) {
        let asks = topic::named(self.topic)
            .and_then(|t| t.key(key))
            .map_or("", |k| k.asks);
        let says = say!(
            "{entry} is decided without {key}: {asks}",
            entry = code(&entry.name),
            key = code(key)
        );
        self.drift(
            None,
            Some(entry.line),
            &format!("{} {key}", entry.name),
            says,
        );
    }

    /// The words that no password may hold have the project's name among them.
    fn words(&mut self) {
        for entry in self.entries() {
            let Some(Value::Texts(words)) = entry.get("forbidden") else {
                self.held_one(entry, "forbidden");
                continue;
            };
            let words: Vec<String> = words.iter().map(|w| w.to_ascii_lowercase()).collect();
            for name in &self.seen.names {
                let parts = name.split(['-', '_', '.']).filter(|part| part.len() > 3);
                let covered = words.iter().any(|w| w == name)
                    || parts.clone().count() > 0
                        && parts.clone().any(|part| words.iter().any(|w| w == part));
                if covered {
                    self.answer.kept += 1;
                    continue;
                }
                let line = entry.line_of("forbidden");
                let site = self.seen.of("password").next().map(|s| s.site);
                let says = say!(
                    "a password may hold {name}, the name of this project: `{NAME}:{line}` does not forbid it",
                    name = code(name)
                );
                self.drift(site, Some(line), name, says);
            }
        }
    }

    /// The headers that pages rely on are sent.
    fn headers(&mut self) {
        for entry in self.entries() {
            let Some(Value::Texts(headers)) = entry.get("headers") else {
                self.held_one(entry, "headers");
                continue;
            };
            let line = entry.line_of("headers");
            for name in headers {
                let lower = name.to_ascii_lowercase();
                if let Some(site) = self.seen.off.get(&lower) {
                    let says = say!(
                        "`{NAME}:{line}` relies on {name}, and the code switches it off",
                        name = code(name)
                    );
                    self.drift(Some(*site), Some(line), name, says);
                } else if self.seen.headers.contains(&lower) {
                    self.answer.kept += 1;
                } else if let Some(site) = self.seen.bare {
                    let says = say!(
                        "`{NAME}:{line}` relies on {name}, and nothing in the application sets it",
                        name = code(name)
                    );
                    self.drift(Some(site), Some(line), name, says);
                } else {
                    self.answer.open += 1;
                }
            }
        }
        self.held(&["unsupported"]);
    }

    /// Every name of data that deserves protection is in its class.
    fn classes(&mut self) {
        for subject in self.subjects() {
            let Some(Value::Text(name)) = subject.values.get("names") else {
                continue;
            };
            let entry = self.entries().into_iter().find(|e| {
                matches!(e.get("names"), Some(Value::Texts(names)) if names.iter().any(|n| n == name))
            });
            if entry.is_some() {
                self.answer.kept += 1;
                continue;
            }
            let says = say!(
                "the code reads {name}, {class} by its name, and `{NAME}` puts it in no class",
                name = code(name),
                class = subject.name
            );
            self.drift(Some(subject.site), None, name, says);
        }
    }

    /// What may not be in logs is not.
    fn logged(&mut self) {
        for entry in self.entries() {
            match entry.get("logged") {
                Some(Value::Flag(true)) => {
                    self.answer.kept += 1;
                    continue;
                }
                Some(_) => {}
                None => {
                    self.held_one(entry, "logged");
                    continue;
                }
            }
            let line = entry.line_of("logged");
            let mut clean = true;
            for (class, text, site) in &self.seen.logged {
                if *class != entry.name {
                    continue;
                }
                clean = false;
                let says = say!(
                    "{text} goes into a log, where `{NAME}:{line}` says that {class} does not",
                    text = code(text)
                );
                self.drift(Some(*site), Some(line), text, says);
            }
            self.answer.kept += usize::from(clean);
        }
    }

    /// What quantum computers break has a successor.
    fn successors(&mut self) {
        for entry in self.entries() {
            if !breaks(&entry.name) || entry.get("replace").is_some() {
                self.answer.kept += 1;
            } else {
                self.held_one(entry, "replace");
            }
        }
        for subject in self.subjects() {
            if breaks(&subject.name) && named(self.decisions, subject).next().is_none() {
                let says = say!(
                    "{subject} is used, which quantum computers break, and `{NAME}` does not say what follows it",
                    subject = code(&subject.name)
                );
                self.drift(Some(subject.site), None, &subject.name, says);
            }
        }
    }

    /// Each level has a deadline, and graver ones are not later.
    fn deadlines(&mut self) {
        self.held(&["critical", "high", "medium", "low"]);
        for entry in self.entries() {
            let mut before: Option<(&str, u64)> = None;
            for level in ["critical", "high", "medium", "low"] {
                let Some(Value::Span(days)) = entry.get(level) else {
                    continue;
                };
                if let Some((graver, later)) = before.filter(|(_, later)| later > days) {
                    let says = say!(
                        "flaws of level {graver} have more time ({longer}) than those of level {level} ({shorter})",
                        longer = Value::Span(later).shown(),
                        shorter = Value::Span(*days).shown()
                    );
                    self.drift(None, Some(entry.line_of(graver)), graver, says);
                }
                before = Some((level, *days));
            }
        }
    }
}
