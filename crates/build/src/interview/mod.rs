//! Asks what a good architect asks before a backend is built, and writes the description from the answers.
//!
//! Which question comes next follows from the answers so far, so a terminal, a file of answers and a test go the same way.

mod write;

use crate::field::{self, Field, Kind};
use crate::names;
use crate::problem::{Problem, near};
use crate::{check, read};

/// Something to ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Its name in a file of answers.
    pub key: String,
    /// What is asked.
    pub ask: String,
    /// What may be answered.
    pub help: &'static str,
    /// What no answer means; without it, one is needed.
    pub default: Option<String>,
}

/// Questions with their answers so far.
#[derive(Clone, Default, Debug)]
pub struct Interview {
    folder: String,
    answers: Vec<(String, String)>,
}

/// Most things that are asked about; more are quicker written.
const MOST_THINGS: usize = 20;
const CARD_WORDS: &[&str] = &["card", "pan", "cvv", "cvc"];

impl Interview {
    /// Nothing is answered yet. The folder gives the service its name if nobody does.
    pub fn new(folder: &str) -> Self {
        Self {
            folder: crate::import::service_name(folder).unwrap_or_else(|| "service".to_owned()),
            answers: vec![],
        }
    }

    /// The first question without an answer.
    pub fn next(&self) -> Option<Question> {
        self.questions()
            .into_iter()
            .find(|question| self.said(&question.key).is_none())
    }

    /// Takes an answer, or says what is wrong with it. An empty one means the default.
    pub fn answer(&mut self, question: &Question, text: &str) -> Result<(), String> {
        let text = text.trim();
        let text = match (&question.default, text.is_empty()) {
            (Some(default), true) => default.as_str(),
            (None, true) => return Err("this needs an answer".to_owned()),
            _ => text,
        };
        if text.contains(char::is_control) {
            return Err("answer in one line".to_owned());
        }
        self.fits(&question.key, text)?;
        self.answers.push((question.key.clone(), text.to_owned()));
        Ok(())
    }

    /// Whether the interview has ever asked this.
    pub fn knows(&self, key: &str) -> bool {
        self.questions().iter().any(|question| question.key == key)
    }

    fn said(&self, key: &str) -> Option<&str> {
        self.answers
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, text)| text.as_str())
    }

    fn list(&self, key: &str) -> Vec<String> {
        parts(self.said(key).unwrap_or_default())
    }

    fn yes(&self, key: &str) -> bool {
        self.said(key).is_some_and(|text| text.starts_with('y'))
    }

    fn things(&self) -> Vec<String> {
        self.list("things")
    }

    fn questions(&self) -> Vec<Question> {
        let health = self.said("compliance") == Some("health");
        let several = self.said("instances") == Some("several");
        let question = |key: &str, ask: &str, help: &'static str, default: Option<&str>| Question {
            key: key.to_owned(),
            ask: ask.to_owned(),
            help,
            default: default.map(str::to_owned),
        };
        let mut all = vec![
            question(
                "name",
                "What is the service called?",
                "lower case letters, digits and hyphens",
                Some(&self.folder),
            ),
            question(
                "description",
                "What does it do, in one sentence?",
                "one line",
                Some(""),
            ),
            question(
                "roles",
                "Which roles do people have? The first is for whoever registers, the last manages users",
                "names, with commas between",
                Some("member, admin"),
            ),
            question(
                "tenant",
                "Is it for several customers who must not see each other's data? What is one called?",
                "workspace, clinic, company ..., or no",
                Some("no"),
            ),
            question(
                "compliance",
                "Which rules bind it?",
                "none, personal (GDPR and the like), health, payments",
                Some("none"),
            ),
            question(
                "mfa",
                "Shall people be able to add a second factor?",
                "yes or no",
                Some(if health { "yes" } else { "no" }),
            ),
            question(
                "sessions",
                "Do browsers alone use it? Then sessions that are looked up are the simplest; otherwise tokens that rotate",
                "sessions or tokens",
                Some("tokens"),
            ),
            question(
                "providers",
                "Which identity providers may people sign in by, beside passwords (OpenID Connect)?",
                "names such as corp, or no",
                Some("no"),
            ),
            question(
                "saml",
                "Which of them speak SAML only?",
                "names such as head_office, or no",
                Some("no"),
            ),
            question(
                "passkeys",
                "Shall people be able to sign in with passkeys?",
                "yes or no",
                Some("no"),
            ),
            question(
                "session",
                "After how long must people sign in again?",
                "12h, 30d ..., up to 90d",
                Some(if health { "12h" } else { "30d" }),
            ),
            question(
                "instances",
                "Does one instance carry the load, or are there several?",
                "one or several",
                Some("one"),
            ),
            question(
                "kubernetes",
                "Does it run on Kubernetes?",
                "yes or no",
                Some(if several { "yes" } else { "no" }),
            ),
            question(
                "telemetry",
                "Shall a collector be told of requests and what they take (OpenTelemetry)?",
                "yes or no",
                Some(if several { "yes" } else { "no" }),
            ),
            question(
                "front_end",
                "What do its front ends get?",
                "pages (of Next.js), client (a typed one), or nothing",
                Some("nothing"),
            ),
            question(
                "graphql",
                "Shall it be read by GraphQL as well?",
                "yes or no",
                Some("no"),
            ),
            question(
                "calls",
                "Which other services does it call? Their hosts",
                "api.example.org, ..., or no",
                Some("no"),
            ),
            question(
                "webhooks",
                "Who sends it webhooks?",
                "names, with commas between, or no",
                Some("no"),
            ),
            question(
                "jobs",
                "Which work is done outside of requests?",
                "names such as send_digest, with commas between, or no",
                Some("no"),
            ),
            question(
                "things",
                "Which things does it keep? In the singular",
                "order, product ...",
                None,
            ),
        ];
        for thing in self.things() {
            let one = with_article(&names::words(&thing));
            let key = |part: &str| format!("{thing}.{part}");
            all.push(question(&key("fields"), &format!("What is known of {one}?"), "title: text(1..120), price: money(EUR), state: enum(open, done) = open, about: ref(product) ...", Some("title: text(1..120)")));
            all.push(question(
                &key("owner"),
                &format!("Does {one} belong to whoever creates it?"),
                "yes or no",
                Some("yes"),
            ));
            let owned = self
                .said(&key("owner"))
                .is_none_or(|text| text.starts_with('y'));
            all.push(question(
                &key("read"),
                &format!("Who may see {one}?"),
                "owner, everybody (who is signed in), anyone (strangers too), or roles",
                Some(if owned { "owner" } else { "everybody" }),
            ));
            all.push(question(
                &key("create"),
                &format!("Who may create {one}?"),
                "everybody, roles, or nobody",
                Some("everybody"),
            ));
            all.push(question(
                &key("change"),
                &format!("Who may change and delete {one}?"),
                "owner, roles, or nobody",
                Some(if owned { "owner" } else { self.admin() }),
            ));
            all.push(question(
                &key("files"),
                &format!("Which files hang on {one}?"),
                "png, jpeg, pdf ..., or no",
                Some("no"),
            ));
            all.push(question(
                &key("live"),
                &format!("Shall whoever looks at {one} hear at once that it has changed?"),
                "yes or no",
                Some("no"),
            ));
            if self.said(&key("read")) == Some("anyone") {
                all.push(question(
                    &key("cache"),
                    "For how long may strangers be shown what was shown before?",
                    "10s, 5m ..., or no",
                    Some("no"),
                ));
            }
            all.push(question(
                &key("keep"),
                &format!("How long is {one} kept that nobody changes?"),
                "365d ..., or forever",
                Some("forever"),
            ));
        }
        if !self.events().is_empty() {
            all.push(question(
                "listeners",
                "Whom does it tell by signed messages what happens?",
                "names, with commas between, or no",
                Some("no"),
            ));
        }
        all
    }

    fn admin(&self) -> &str {
        self.said("roles")
            .and_then(|roles| roles.rsplit(',').next())
            .map_or("admin", str::trim)
    }

    fn fits(&self, key: &str, text: &str) -> Result<(), String> {
        let one_of = |known: &[&str]| match known.contains(&text) {
            true => Ok(()),
            false => Err(match near(text, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("answer {}", known.join(", ")),
            }),
        };
        let all_snake = |most: usize| {
            let named = parts(text);
            match named.iter().find(|name| !names::is_snake(name)) {
                Some(name) => Err(format!(
                    "`{name}` is no name: use lower case letters, digits and `_`"
                )),
                None if named.is_empty() => Err("this needs an answer".to_owned()),
                None if named.len() > most => {
                    Err(format!("at most {most}; write the others into the file"))
                }
                None => Ok(()),
            }
        };
        let (thing, part) = key.split_once('.').unwrap_or(("", key));
        match part {
            "tenant" | "webhooks" | "calls" | "files" | "providers" | "saml" | "listeners"
            | "jobs" | "cache"
                if text == "no" =>
            {
                Ok(())
            }
            "providers" | "saml" => all_snake(8),
            "front_end" => one_of(&["pages", "client", "nothing"]),
            "sessions" => one_of(&["sessions", "tokens"]),
            "mfa" | "kubernetes" | "owner" | "passkeys" | "telemetry" | "graphql" | "live" => {
                one_of(&["yes", "no", "y", "n"])
            }
            "compliance" => one_of(&["none", "personal", "health", "payments"]),
            "instances" => one_of(&["one", "several"]),
            "roles" => all_snake(12),
            "things" => all_snake(MOST_THINGS),
            "tenant" | "webhooks" | "listeners" | "jobs" => all_snake(50),
            "fields" => self.fields(thing, text).map(|_| ()),
            "read" | "create" | "change" => self.rule(thing, text).map(|_| ()),
            _ => Ok(()),
        }?;
        // What is left is judged by those who judge descriptions: whatever they say now and did not say before.
        let before = self.problems();
        let mut tried = self.clone();
        tried.answers.push((key.to_owned(), text.to_owned()));
        let news = tried.problems().into_iter().find(|problem| {
            let known = before.iter().any(|other| other.message == problem.message);
            !known && !["things", "owner", "fields"].contains(&part)
        });
        match news {
            Some(problem) => Err(match problem.help {
                Some(help) => format!("{}; {help}", problem.message),
                None => problem.message,
            }),
            None => Ok(()),
        }
    }

    /// The fields of a thing.
    fn fields(&self, thing: &str, text: &str) -> Result<Vec<Field>, String> {
        let mut fields = Vec::new();
        for part in parts(text) {
            let Some((name, kind)) = part.split_once(':') else {
                return Err(format!("`{part}` has no type; write `{part}: text(200)`"));
            };
            let name = name.trim();
            if !names::is_snake(name) || names::TAKEN_FIELDS.contains(&name) {
                return Err(format!("`{name}` cannot be the name of a field"));
            }
            if self.said("compliance") == Some("payments")
                && name.split('_').any(|word| CARD_WORDS.contains(&word))
            {
                return Err(format!(
                    "`{name}`: numbers of cards stay with the payment provider; keep its token for them instead"
                ));
            }
            let mut field = field::parse(name, kind).map_err(|mistake| match mistake.help {
                Some(help) => format!("`{name}`: {}; {help}", mistake.message),
                None => format!("`{name}`: {}", mistake.message),
            })?;
            let known = self.things();
            match &field.kind {
                Kind::Ref(to) if to == "user" => {
                    return Err("users own things; answer the next question with `yes`".to_owned());
                }
                Kind::Ref(to)
                    if !known
                        .iter()
                        .take_while(|other| *other != thing)
                        .any(|other| other == to) =>
                {
                    return Err(format!(
                        "`{name}` refers to `{to}`, which does not come before `{thing}` in the list of things"
                    ));
                }
                _ => {}
            }
            let private = matches!(self.said("compliance"), Some("personal" | "health"));
            let written = matches!(field.kind, Kind::Text(..) | Kind::Email);
            if private && (written || field.kind == Kind::Date) {
                field.pii = true;
            }
            if self.said("compliance") == Some("health") && written && !field.unique {
                field.encrypted = true;
            }
            fields.push(field);
        }
        Ok(fields)
    }

    /// A rule in the words of descriptions; `None` for nobody.
    fn rule(&self, thing: &str, text: &str) -> Result<Option<String>, String> {
        let owned = self.yes(&format!("{thing}.owner"));
        let roles = self.list("roles");
        let admin = roles.last().cloned().unwrap_or_default();
        match text {
            "nobody" => return Ok(None),
            "everybody" => return Ok(Some("authenticated".to_owned())),
            "anyone" => return Ok(Some("anyone".to_owned())),
            _ => {}
        }
        let mut rule = Vec::new();
        for who in parts(text) {
            if who == "owner" && owned {
                rule.push(who);
            } else if who == "owner" {
                return Err(format!(
                    "{} has no owner",
                    with_article(&names::words(thing))
                ));
            } else if roles.contains(&who) {
                rule.push(format!("role:{who}"));
            } else {
                return Err(format!(
                    "`{who}` is neither `owner`, `everybody`, `anyone`, `nobody` nor one of the roles {}",
                    roles.join(", ")
                ));
            }
        }
        // Whoever runs the service sees what they are responsible for.
        if text == "owner" {
            rule.push(format!("role:{admin}"));
        }
        Ok(Some(rule.join(" or ")))
    }

    /// What is wrong with the description as it would be now; what was not asked yet is taken by its default.
    pub fn problems(&self) -> Vec<Problem> {
        let text = self.text();
        match read::description(&text) {
            Err(problems) => problems,
            Ok(description) => check::check(&description, &text).err().unwrap_or_default(),
        }
    }
}

/// `an order`, `a note`.
fn with_article(words: &str) -> String {
    let vowel = words.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {words}", if vowel { "an" } else { "a" })
}

/// Answers in TOML: `name = "shop"`, and `[order]` with `fields = "..."` for the questions about a thing.
pub fn answers(text: &str) -> Result<Vec<(String, String)>, Problem> {
    let document = toml::de::DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Problem::at(text, &span, error.message().replace('\n', ", "))
    })?;
    let mut all = Vec::new();
    let mut left = vec![(String::new(), document.get_ref())];
    while let Some((before, table)) = left.pop() {
        for (key, value) in table.iter() {
            let path = format!("{before}{}", key.get_ref());
            match value.get_ref() {
                toml::de::DeValue::String(answer) => all.push((path, answer.to_string())),
                toml::de::DeValue::Table(inner) if before.is_empty() => {
                    left.push((format!("{path}."), inner))
                }
                _ => {
                    return Err(Problem::at(
                        text,
                        &value.span(),
                        format!("`{path}` is no text in quotes"),
                    ));
                }
            }
        }
    }
    Ok(all)
}

/// Parts between commas that stand in no bracket.
fn parts(text: &str) -> Vec<String> {
    let mut depth = 0_i32;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0 && c == ','
    })
    .map(|part| part.trim().to_owned())
    .filter(|part| !part.is_empty())
    .collect()
}
