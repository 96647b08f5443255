//! The file as read. A key that nobody knows is an error with a near name.

use super::NAME;
use super::amount;
use super::topic::{self, Kind, Topic};
use crate::error::Error;
use casemate_rules::near;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What an owner decided.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decisions {
    /// The file is there.
    pub there: bool,
    /// Its text, for places.
    pub text: String,
    /// Who signed, and when.
    pub signed: Option<Signed>,
    /// The entries, in the order of the file.
    pub entries: Vec<Entry>,
}

/// A signature.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Signed {
    /// Who.
    pub by: String,
    /// When, as `2026-11-22`; empty where `from` names the file that says the same.
    pub on: String,
    /// The file of the project that its owner keeps and that these decisions were written from: they hold as long as it is there.
    pub from: Option<String>,
    /// That file is not there.
    pub orphaned: bool,
    /// Until when it holds; absent: for good.
    pub until: Option<String>,
}

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The section.
    pub topic: &'static str,
    /// What it is about; empty where the section stands once.
    pub name: String,
    /// Its line, from 1.
    pub line: u32,
    /// What it says, by key, with the line.
    pub values: BTreeMap<&'static str, (Value, u32)>,
}

/// A value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub enum Value {
    /// A text.
    Text(String),
    /// Texts.
    Texts(Vec<String>),
    /// Milliseconds.
    Span(u64),
    /// Bytes.
    Size(u64),
    /// A number.
    Count(u64),
    /// Yes or no.
    Flag(bool),
}

impl Value {
    /// For people.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Texts(texts) => texts.join(", "),
            Self::Span(ms) => amount::span(*ms),
            Self::Size(bytes) => amount::size(*bytes),
            Self::Count(n) => n.to_string(),
            Self::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        }
    }

    /// It says something.
    const fn given(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Texts(texts) => !texts.is_empty(),
            _ => true,
        }
    }
}

impl Entry {
    /// What it says under a key, where it says something.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        let value = self.values.get(key).map(|(value, _)| value);
        value.filter(|value| value.given())
    }

    /// The line of a key, or of the entry.
    #[must_use]
    pub fn line_of(&self, key: &str) -> u32 {
        self.values.get(key).map_or(self.line, |(_, line)| *line)
    }
}

impl Decisions {
    /// Reads the file.
    ///
    /// # Errors
    /// What is no TOML, a section or key that does not exist, a value of another kind.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let reader = Reader { text };
        let document = DeTable::parse(text).map_err(|e| {
            reader.fail(
                e.span().map_or(0, |span| span.start),
                e.message().replace('\n', ", "),
            )
        })?;
        let mut made = Self {
            there: true,
            text: text.to_owned(),
            ..Self::default()
        };
        let mut sections: Vec<(&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)> =
            document.get_ref().iter().collect();
        sections.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in sections {
            let name: &str = key.get_ref();
            if name == "signed" {
                made.signed = reader.signed(value)?;
                continue;
            }
            let Some(topic) = topic::named(name) else {
                let mut known: Vec<&str> = topic::ALL.iter().map(|t| t.name).collect();
                known.push("signed");
                return Err(reader.fail(key.span().start, near::unknown("section", name, &known)));
            };
            reader.section(topic, value, &mut made.entries)?;
        }
        Ok(made)
    }

    /// Why nobody has signed it, as far as a date tells.
    #[must_use]
    pub fn unsigned(&self, today: Option<&str>) -> Option<String> {
        let Some(signed) = &self.signed else {
            return Some("nobody has signed it".to_owned());
        };
        if let Some(from) = signed.from.as_deref().filter(|_| signed.orphaned) {
            return Some(format!("`{from}`, which it was written from, is not there"));
        }
        // Dates of this form sort as text.
        let today = today?;
        if signed.on.as_str() > today {
            return Some(format!(
                "its signature is of {}, which is to come",
                signed.on
            ));
        }
        let until = signed.until.as_deref().filter(|until| *until < today)?;
        Some(format!("its signature by {} held until {until}", signed.by))
    }

    /// Looks whether the file that it was written from is one of the project.
    pub fn look(&mut self, is_there: impl Fn(&str) -> bool) {
        if let Some(signed) = &mut self.signed {
            signed.orphaned = signed.from.as_deref().is_some_and(|from| !is_there(from));
        }
    }

    /// The entries of a topic.
    pub fn of<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.topic == topic)
    }
}

struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    fn line(&self, offset: usize) -> u32 {
        let before = self.text.bytes().take(offset);
        u32::try_from(before.filter(|b| *b == b'\n').count() + 1).unwrap_or(u32::MAX)
    }

    fn fail(&self, offset: usize, message: String) -> Error {
        Error::Policy {
            file: NAME.to_owned(),
            line: self.line(offset) as usize,
            message,
        }
    }

    fn signed(&self, value: &Spanned<DeValue<'_>>) -> Result<Option<Signed>, Error> {
        let at = value.span().start;
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.fail(at, "`signed` is a table with `by` and `on`".to_owned()));
        };
        let mut signed = Signed::default();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let at = value.span().start;
            let Some(text) = value.get_ref().as_str().map(str::trim) else {
                return Err(self.fail(at, format!("`{name}` is a text")));
            };
            if name == "from"
                && (text.starts_with('/')
                    || text.contains(['\\', ':'])
                    || text.split('/').any(|part| part == ".."))
            {
                return Err(self.fail(at, "`from` is a file of the project".to_owned()));
            }
            if !["by", "from"].contains(&name) && !text.is_empty() && !crate::policy::is_date(text)
            {
                return Err(self.fail(at, format!("`{name}` is a date such as `2026-11-22`")));
            }
            match name {
                "by" => text.clone_into(&mut signed.by),
                "on" => text.clone_into(&mut signed.on),
                "from" => signed.from = Some(text.to_owned()).filter(|t| !t.is_empty()),
                "until" => signed.until = Some(text.to_owned()).filter(|t| !t.is_empty()),
                _ => {
                    let known = ["by", "on", "from", "until"];
                    let start = key.span().start;
                    return Err(self.fail(start, near::unknown("key", name, &known)));
                }
            }
        }
        let bound = !signed.on.is_empty() || signed.from.is_some();
        Ok((!signed.by.is_empty() && bound).then_some(signed))
    }

    fn section(
        &self,
        topic: &'static Topic,
        value: &Spanned<DeValue<'_>>,
        out: &mut Vec<Entry>,
    ) -> Result<(), Error> {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::Table(table) if topic.single() => out.push(self.entry(topic, table, at)?),
            DeValue::Array(list) if !topic.single() => {
                for item in list.iter() {
                    let DeValue::Table(table) = item.get_ref() else {
                        let message = format!("`{0}` is written as `[[{0}]]`", topic.name);
                        return Err(self.fail(item.span().start, message));
                    };
                    out.push(self.entry(topic, table, item.span().start)?);
                }
            }
            _ => {
                let (open, close) = if topic.single() {
                    ("[", "]")
                } else {
                    ("[[", "]]")
                };
                let message = format!("`{0}` is written as `{open}{0}{close}`", topic.name);
                return Err(self.fail(at, message));
            }
        }
        Ok(())
    }

    fn entry(&self, topic: &'static Topic, table: &DeTable<'_>, at: usize) -> Result<Entry, Error> {
        let mut entry = Entry {
            topic: topic.name,
            name: String::new(),
            line: self.line(at),
            values: BTreeMap::new(),
        };
        for (key, value) in table {
            let name: &str = key.get_ref();
            if !topic.single() && name == topic.by {
                let Value::Text(text) = self.value(name, Kind::Text, value)? else {
                    continue;
                };
                entry.name = text;
                continue;
            }
            let Some(known) = topic.key(name) else {
                let mut names: Vec<&str> = topic.keys.iter().map(|k| k.name).collect();
                names.extend((!topic.single()).then_some(topic.by));
                let what = format!("key of `{}`", topic.name);
                return Err(self.fail(key.span().start, near::unknown(&what, name, &names)));
            };
            let line = self.line(key.span().start);
            let value = self.value(name, known.kind, value)?;
            entry.values.insert(known.name, (value, line));
        }
        if !topic.single() && entry.name.is_empty() {
            return Err(self.fail(
                at,
                format!("an entry of `{}` needs `{}`", topic.name, topic.by),
            ));
        }
        Ok(entry)
    }

    fn value(&self, name: &str, kind: Kind, value: &Spanned<DeValue<'_>>) -> Result<Value, Error> {
        let read = value.get_ref();
        let text = read.as_str().map(str::trim);
        let made = match kind {
            Kind::Text => text.map(|t| Value::Text(t.to_owned())),
            Kind::Texts => read.as_array().and_then(|list| {
                let texts = list
                    .iter()
                    .map(|item| item.get_ref().as_str().map(str::to_owned));
                texts.collect::<Option<Vec<String>>>().map(Value::Texts)
            }),
            Kind::Span if text == Some("") => Some(Value::Text(String::new())),
            Kind::Size if text == Some("") => Some(Value::Text(String::new())),
            Kind::Span => text.and_then(amount::milliseconds).map(Value::Span),
            Kind::Size => text.and_then(amount::bytes).map(Value::Size),
            Kind::Count => read.as_integer().and_then(|n| {
                u64::from_str_radix(n.as_str(), n.radix())
                    .ok()
                    .map(Value::Count)
            }),
            Kind::Flag => read.as_bool().map(Value::Flag),
        };
        let expected = match kind {
            Kind::Text => "a text",
            Kind::Texts => "a list of texts",
            Kind::Span => "a time such as `\"15 minutes\"`",
            Kind::Size => "a size such as `\"5 MB\"`",
            Kind::Count => "a whole number",
            Kind::Flag => "`true` or `false`",
        };
        made.ok_or_else(|| self.fail(value.span().start, format!("`{name}` is {expected}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Decisions::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn entries_have_values_and_lines() {
        let read = Decisions::parse(
            "[signed]\nby = 'Ada'\non = '2026-11-20'\n\n[session]\nidle = '15 minutes'\nwhy = ''\n\n[[access]]\nendpoint = 'GET /a'\nowner = true\n",
        )
        .unwrap();
        let session = read.of("session").next().unwrap();
        assert_eq!(session.get("idle"), Some(&Value::Span(900_000)));
        assert_eq!((session.line, session.line_of("idle")), (5, 6));
        assert_eq!(session.get("why"), None, "an empty text says nothing");
        let access = read.of("access").next().unwrap();
        assert_eq!((access.name.as_str(), access.line), ("GET /a", 9));
        assert_eq!(read.unsigned(Some("2026-11-22")), None);
        assert!(
            read.unsigned(Some("2026-11-19"))
                .unwrap()
                .contains("to come")
        );
    }

    #[test]
    fn nobody_signs_with_an_empty_name() {
        let read = Decisions::parse("[signed]\nby = ''\non = ''\n").unwrap();
        assert_eq!(read.unsigned(None), Some("nobody has signed it".to_owned()));
        let over = "[signed]\nby = 'A'\non = '2025-01-01'\nuntil = '2026-01-01'\n";
        let over = Decisions::parse(over).unwrap();
        assert!(
            over.unsigned(Some("2026-01-02"))
                .unwrap()
                .contains("held until 2026-01-01")
        );
        assert_eq!(over.unsigned(Some("2026-01-01")), None);
    }

    #[test]
    fn what_was_written_from_a_file_holds_as_long_as_that_is_there() {
        let text = "[signed]\nby = 'whoever keeps it'\nfrom = 'service.toml'\n";
        let mut read = Decisions::parse(text).unwrap();
        assert_eq!(read.unsigned(Some("2026-01-02")), None);
        read.look(|path| path == "service.toml");
        assert_eq!(read.unsigned(Some("2026-01-02")), None);
        read.look(|_| false);
        assert!(read.unsigned(None).unwrap().contains("is not there"));
        assert!(error("[signed]\nfrom = '../a.toml'\n").contains("is a file of the project"));
    }

    #[test]
    fn mistakes_have_a_line_and_a_near_name() {
        assert!(
            error("\n[sesion]\n")
                .contains("line 2: unknown section `sesion`: did you mean `session`?")
        );
        assert!(
            error("[session]\nidel = '1 h'\n")
                .contains("line 2: unknown key of `session` `idel`: did you mean `idle`?")
        );
        assert!(error("[session]\nidle = 'soon'\n").contains("`idle` is a time such as"));
        assert!(
            error("[access]\nendpoint = 'x'\n").contains("`access` is written as `[[access]]`")
        );
        assert!(error("[[access]]\nwho = 'x'\n").contains("an entry of `access` needs `endpoint`"));
        assert!(error("[signed]\nby = 'A'\non = 'soon'\n").contains("`on` is a date"));
    }
}
