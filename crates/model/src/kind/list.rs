//! The list of kinds, as read from `kinds.toml`.

use super::{KindSet, Shape, SinkKind, SourceKind};
use crate::near::near;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most sink kinds that fit into a [`KindSet`]; the last number stands for a kind that a list lacks.
const MAX_SINKS: usize = KindSet::KINDS as usize - 1;

/// All kinds, shapes, facts and guards that models and rules may name.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Kinds {
    sources: Vec<String>,
    sinks: Vec<String>,
    data: Vec<String>,
    guards: Vec<String>,
    operations: Vec<String>,
    facts: BTreeMap<String, Fact>,
    docs: BTreeMap<String, String>,
    clears: BTreeMap<Shape, KindSet>,
    aliases: BTreeMap<String, BTreeMap<String, SourceKind>>,
    formats: BTreeMap<String, Format>,
}

/// What a text of a format is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Format {
    /// Clean for these kinds.
    Clean(KindSet),
    /// Matched by this regular expression.
    Pattern(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawFormat {
    Pattern(String),
    Kinds(Vec<String>),
}

/// What rows with the role `config` may say about one thing.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Fact {
    /// What it is, as a clause.
    pub doc: String,
    /// The names of its values.
    pub fields: Vec<String>,
}

/// A name that the list does not have.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown {what} `{name}`{}", near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
pub struct Unknown {
    /// `sink kind`, `fact` …
    pub what: String,
    /// The name as written.
    pub name: String,
    /// A known name that is near.
    pub near: Option<String>,
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    source: BTreeMap<String, String>,
    data: BTreeMap<String, String>,
    sink: BTreeMap<String, String>,
    shape: BTreeMap<Shape, Vec<String>>,
    alias: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    format: BTreeMap<String, RawFormat>,
    guard: BTreeMap<String, String>,
    op: BTreeMap<String, String>,
    fact: BTreeMap<String, Fact>,
}

impl Kinds {
    /// Reads the list.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let raw: Raw = toml::from_str(text).map_err(|error| error.to_string())?;
        if raw.sink.len() > MAX_SINKS {
            return Err(format!(
                "{} sink kinds are more than the {MAX_SINKS} that fit",
                raw.sink.len()
            ));
        }
        if raw.source.len() > usize::from(u8::MAX) {
            return Err(format!("{} source kinds are too many", raw.source.len()));
        }
        for names in [&raw.source, &raw.sink] {
            if let Some(parent) = names.keys().find(|name| {
                names
                    .keys()
                    .any(|other| other.starts_with(&format!("{name}.")))
            }) {
                return Err(format!("`{parent}` is a kind and the parent of kinds"));
            }
        }
        let mut kinds = Self {
            sources: raw.source.keys().cloned().collect(),
            sinks: raw.sink.keys().cloned().collect(),
            data: raw.data.keys().cloned().collect(),
            guards: raw.guard.keys().cloned().collect(),
            operations: raw.op.keys().cloned().collect(),
            facts: raw.fact,
            ..Self::default()
        };
        for (space, names) in [
            ("source", raw.source),
            ("sink", raw.sink),
            ("data", raw.data),
            ("guard", raw.guard),
            ("op", raw.op),
        ] {
            kinds.docs.extend(
                names
                    .into_iter()
                    .map(|(name, doc)| (format!("{space} {name}"), doc)),
            );
        }
        for (shape, names) in &raw.shape {
            let set = kinds
                .set_of_all(names.iter().map(String::as_str))
                .map_err(|error| error.to_string())?;
            kinds.clears.insert(*shape, set);
        }
        for (name, format) in raw.format {
            let format = match format {
                RawFormat::Pattern(pattern) => Format::Pattern(pattern),
                RawFormat::Kinds(names) => Format::Clean(
                    kinds
                        .set_of_all(names.iter().map(String::as_str))
                        .map_err(|error| error.to_string())?,
                ),
            };
            kinds.formats.insert(name, format);
        }
        for (parent, members) in raw.alias {
            let mut table = BTreeMap::new();
            for (child, names) in members {
                let kind = kinds
                    .source(&format!("{parent}.{child}"))
                    .map_err(|error| error.to_string())?;
                for name in names {
                    if table.insert(name.clone(), kind).is_some() {
                        return Err(format!("the alias `{name}` of `{parent}` stands twice"));
                    }
                }
            }
            kinds.aliases.insert(parent, table);
        }
        Ok(kinds)
    }

    /// The sink kind of that name.
    ///
    /// # Errors
    /// The name is unknown, or that of a parent.
    pub fn sink(&self, name: &str) -> Result<SinkKind, Unknown> {
        index_of(&self.sinks, name)
            .map(SinkKind)
            .ok_or_else(|| unknown("sink kind", name, &self.sinks))
    }

    /// The source kind of that name.
    ///
    /// # Errors
    /// The name is unknown, or that of a parent.
    pub fn source(&self, name: &str) -> Result<SourceKind, Unknown> {
        index_of(&self.sources, name)
            .map(SourceKind)
            .ok_or_else(|| unknown("source kind", name, &self.sources))
    }

    /// The name of a sink kind; empty for an id of another list.
    #[must_use]
    pub fn sink_name(&self, kind: SinkKind) -> &str {
        self.sinks
            .get(usize::from(kind.0))
            .map_or("", String::as_str)
    }

    /// The name of a source kind; empty for an id of another list.
    #[must_use]
    pub fn source_name(&self, kind: SourceKind) -> &str {
        self.sources
            .get(usize::from(kind.0))
            .map_or("", String::as_str)
    }

    /// What a kind is, as a noun phrase: `describe("sink", "sql")`.
    #[must_use]
    pub fn describe(&self, space: &str, name: &str) -> Option<&str> {
        self.docs
            .get(&format!("{space} {name}"))
            .map(String::as_str)
    }

    /// What all kinds are, sorted by their spaces and names.
    pub fn descriptions(&self) -> impl Iterator<Item = &str> {
        self.docs.values().map(String::as_str)
    }

    /// All sink kinds in order.
    pub fn sinks(&self) -> impl Iterator<Item = (SinkKind, &str)> {
        (0_u8..)
            .map(SinkKind)
            .zip(self.sinks.iter().map(String::as_str))
    }

    /// All source kinds in order.
    pub fn sources(&self) -> impl Iterator<Item = (SourceKind, &str)> {
        (0_u8..)
            .map(SourceKind)
            .zip(self.sources.iter().map(String::as_str))
    }

    /// The sink kinds that a name stands for: one kind, a parent's children, or `*`.
    ///
    /// # Errors
    /// The name is unknown.
    pub fn set_of(&self, name: &str) -> Result<KindSet, Unknown> {
        if name == "*" {
            return Ok(KindSet::ALL);
        }
        let set = self
            .sinks()
            .filter(|(_, kind)| covers(name, kind))
            .fold(KindSet::EMPTY, |set, (kind, _)| {
                set.union(KindSet::of(kind))
            });
        if set.is_empty() {
            Err(unknown("sink kind", name, &self.sinks))
        } else {
            Ok(set)
        }
    }

    /// The sink kinds that several names stand for, in order; `-name` takes away again.
    ///
    /// # Errors
    /// A name is unknown.
    pub fn set_of_all<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<KindSet, Unknown> {
        let mut set = KindSet::EMPTY;
        for name in names {
            match name.strip_prefix('-') {
                Some(name) => set.0 &= !self.set_of(name)?.0,
                None => set = set.union(self.set_of(name)?),
            }
        }
        Ok(set)
    }

    /// The source kinds that a name stands for: one kind, a parent's children, or `*`.
    ///
    /// # Errors
    /// The name is unknown.
    pub fn sources_of(&self, name: &str) -> Result<BTreeSet<SourceKind>, Unknown> {
        let set: BTreeSet<_> = self
            .sources()
            .filter(|(_, kind)| name == "*" || covers(name, kind))
            .map(|(kind, _)| kind)
            .collect();
        if set.is_empty() {
            Err(unknown("source kind", name, &self.sources))
        } else {
            Ok(set)
        }
    }

    /// The kinds that a value of this shape is clean for.
    #[must_use]
    pub fn shape_clears(&self, shape: Shape) -> KindSet {
        self.clears.get(&shape).copied().unwrap_or_default()
    }

    /// What a text of a format is.
    #[must_use]
    pub fn format(&self, name: &str) -> Option<&Format> {
        self.formats.get(name)
    }

    /// The names of all formats.
    pub fn formats(&self) -> impl Iterator<Item = &str> {
        self.formats.keys().map(String::as_str)
    }

    /// The names of the members of a request that hold this part: `body`, `rawBody` … for `http.body`.
    pub fn members_of(&self, part: SourceKind) -> impl Iterator<Item = &str> {
        let table = self.aliases.get("http").into_iter().flatten();
        table
            .filter(move |(_, kind)| **kind == part)
            .map(|(name, _)| name.as_str())
    }

    /// The part of a request that a member of this name holds, where the list has it.
    #[must_use]
    pub fn part_named(&self, name: &str) -> Option<SourceKind> {
        self.aliases.get("http")?.get(name).copied()
    }

    /// The kinds that only a value that may be an object is dangerous for.
    #[must_use]
    pub fn structured_only(&self) -> KindSet {
        self.shape_clears(Shape::String)
    }

    /// The source kind that `http.name` stands for where `name` was matched; what no alias names is `http.query`, as
    /// nothing safer can be said.
    #[must_use]
    pub fn named_source(&self, name: &str) -> Option<SourceKind> {
        let known = self
            .aliases
            .get("http")
            .and_then(|table| table.get(name))
            .copied();
        known.or_else(|| self.source("http.query").ok())
    }

    /// Splits `session.cookie.secure` into the longest known fact and one of its fields (`value` if none is written).
    ///
    /// # Errors
    /// No such fact or field.
    pub fn fact<'a>(&'a self, path: &'a str) -> Result<(&'a str, &'a str), Unknown> {
        if self.facts.contains_key(path) {
            return Ok((path, "value"));
        }
        let mut end = path.len();
        while let Some(dot) = path.get(..end).and_then(|head| head.rfind('.')) {
            let (name, field) = (
                path.get(..dot).unwrap_or_default(),
                path.get(dot + 1..).unwrap_or_default(),
            );
            if let Some(fact) = self.facts.get(name) {
                return match fact.fields.iter().find(|known| *known == field) {
                    Some(_) => Ok((name, field)),
                    None => Err(unknown(
                        &format!("field of the fact `{name}`"),
                        field,
                        &fact.fields,
                    )),
                };
            }
            end = dot;
        }
        Err(Unknown {
            what: "fact".into(),
            name: path.into(),
            near: near(path, self.facts.keys().map(String::as_str)),
        })
    }

    /// All facts by name.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.facts.iter().map(|(name, fact)| (name.as_str(), fact))
    }

    /// Checks the name of a kind of guard.
    ///
    /// # Errors
    /// It is unknown.
    pub fn check_guard(&self, name: &str) -> Result<(), Unknown> {
        index_of(&self.guards, name)
            .map(drop)
            .ok_or_else(|| unknown("kind of guard", name, &self.guards))
    }

    /// Checks the name of an operation on a store.
    ///
    /// # Errors
    /// It is unknown.
    pub fn check_operation(&self, name: &str) -> Result<(), Unknown> {
        index_of(&self.operations, name)
            .map(drop)
            .ok_or_else(|| unknown("operation", name, &self.operations))
    }

    /// Checks the name of a kind of data.
    ///
    /// # Errors
    /// It is unknown.
    pub fn check_data(&self, name: &str) -> Result<(), Unknown> {
        index_of(&self.data, name)
            .map(drop)
            .ok_or_else(|| unknown("kind of data", name, &self.data))
    }
}

/// Whether a name is the kind itself or its parent.
fn covers(name: &str, kind: &str) -> bool {
    kind.strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn index_of(names: &[String], name: &str) -> Option<u8> {
    names
        .binary_search_by(|known| known.as_str().cmp(name))
        .ok()
        .and_then(|index| u8::try_from(index).ok())
}

fn unknown(what: &str, name: &str, known: &[String]) -> Unknown {
    Unknown {
        what: what.into(),
        name: name.into(),
        near: near(name, known.iter().map(String::as_str)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> Kinds {
        Kinds::parse(include_str!("../../../../models/kinds.toml")).unwrap()
    }

    #[test]
    fn parents_cover_children() {
        let kinds = kinds();
        let html = kinds.set_of("html").unwrap();
        assert!(
            html.has(kinds.sink("html.text").unwrap()) && html.has(kinds.sink("html.url").unwrap())
        );
        assert!(!html.has(kinds.sink("sql").unwrap()));
        assert!(kinds.sink("html").is_err());
        assert_eq!(kinds.sources_of("http").unwrap().len(), 7);
        assert_eq!(
            kinds.set_of("shell").unwrap_err().near.as_deref(),
            Some("command.shell")
        );
    }

    #[test]
    fn shapes_clear() {
        let kinds = kinds();
        let number = kinds.shape_clears(Shape::Number);
        assert!(
            number.has(kinds.sink("sql").unwrap())
                && !number.has(kinds.sink("allocation").unwrap())
        );
        assert_eq!(kinds.shape_clears(Shape::Structured), KindSet::EMPTY);
        assert!(kinds.structured_only().has(kinds.sink("nosql").unwrap()));
    }

    #[test]
    fn names_stand_for_source_kinds() {
        let kinds = kinds();
        let named = |name| {
            kinds
                .named_source(name)
                .map(|kind| kinds.source_name(kind).to_owned())
        };
        assert_eq!(named("params").as_deref(), Some("http.path"));
        assert_eq!(named("originalUrl").as_deref(), Some("http.url"));
        assert_eq!(named("signedCookies").as_deref(), Some("http.cookie"));
    }

    #[test]
    fn facts_have_fields() {
        let kinds = kinds();
        assert_eq!(kinds.fact("body.json"), Ok(("body.json", "value")));
        assert_eq!(kinds.fact("session.httpOnly"), Ok(("session", "httpOnly")));
        assert_eq!(
            kinds.fact("session.httponly").unwrap_err().near.as_deref(),
            Some("httpOnly")
        );
        assert!(kinds.fact("nothing.at.all").is_err());
    }

    #[test]
    fn every_kind_has_words() {
        let kinds = kinds();
        for (_, name) in kinds.sinks() {
            assert!(
                kinds
                    .describe("sink", name)
                    .is_some_and(|doc| !doc.is_empty()),
                "{name}"
            );
        }
        for (kind, name) in kinds.sources() {
            assert_eq!(kinds.source(name), Ok(kind));
        }
    }
}
