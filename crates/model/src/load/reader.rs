//! Fields of a row that several roles have: paths, ports, kinds, conditions.

use super::fields::At;
use super::roles::Reader;
use crate::expr::{self, Expr, Literal};
use crate::kind::{KindSet, Shape};
use crate::near::near;
use crate::path::{ApiPath, Port, PortBase, Root};
use crate::row::Accept;
use toml::de::DeValue;

/// Words that stand for a parameter of a handler without being a type.
const PARAMETERS: [&str; 5] = ["next", "error", "decorated", "signature", "_"];

/// What conditions may ask: whether a value is known, and whether one of those that it may be is this one.
const FUNCTIONS: [&str; 2] = ["known", "may"];

impl Reader<'_, '_, '_> {
    pub(super) fn add(&self, offset: usize, what: impl Into<String>, near: Option<String>) {
        self.fields.report.add(offset, what, near);
    }

    pub(super) fn paths(&mut self) -> (String, Vec<ApiPath>) {
        let texts = self.fields.texts("at");
        if texts.is_empty() && !self.fields.has("file") {
            self.fields.wrong(self.fields.offset, "the row needs `at`");
        }
        let mut paths = Vec::new();
        for text in &texts {
            match self.context.scope.paths(text.value) {
                Ok(more) => {
                    for path in &more {
                        if let Root::Type(name) = &path.root {
                            self.uses.push((name.clone(), text.offset));
                        }
                    }
                    paths.extend(more);
                }
                Err(error) => self.add(text.offset, error.what, error.near),
            }
        }
        paths.sort();
        paths.dedup();
        (
            texts
                .iter()
                .map(|text| text.value)
                .collect::<Vec<_>>()
                .join(", "),
            paths,
        )
    }

    /// `when`, with every fact and port in it checked.
    pub(super) fn when(&self) -> Option<Expr> {
        self.condition("when")
    }

    /// A question, with every fact and port in it checked.
    pub(super) fn condition(&self, key: &str) -> Option<Expr> {
        let text = self.fields.text(key)?;
        match expr::parse(text.value) {
            Ok(expr) => {
                for path in expr.paths() {
                    self.check_name(path, text.offset);
                }
                expr.visit(&mut |part| {
                    if let Expr::Apply(name, _) = part
                        && !FUNCTIONS.contains(&name.as_str())
                    {
                        self.add(
                            text.offset,
                            format!("`{key}`: unknown function `{name}`"),
                            near(name, FUNCTIONS),
                        );
                    }
                });
                Some(expr)
            }
            Err(error) => {
                self.add(text.offset, format!("`{key}`: {}", error.message), None);
                None
            }
        }
    }

    pub(super) fn check_name(&self, path: &str, offset: usize) {
        if let Some(fact) = path.strip_prefix("fact:") {
            if let Err(error) = self.context.kinds.fact(fact) {
                self.add(
                    offset,
                    format!("`when`: unknown {} `{}`", error.what, error.name),
                    error.near,
                );
            }
        } else if !matches!(path, "name" | "route.parameters")
            && let Err(error) = self.context.scope.port(path)
        {
            self.add(offset, format!("`when`: {}", error.what), error.near);
        }
    }

    pub(super) fn word(&self, key: &str, known: &[&str]) -> Option<String> {
        let text = self.fields.text(key)?;
        if !known.contains(&text.value) {
            let near = near(text.value, known.iter().copied());
            self.add(
                text.offset,
                format!(
                    "`{key}` must be one of {}, not `{}`",
                    known.join(", "),
                    text.value
                ),
                near,
            );
        }
        Some(text.value.to_owned())
    }

    pub(super) fn type_name(&mut self, text: At<&str>) -> Option<String> {
        match self.context.scope.type_name(text.value) {
            Ok(name) => Some(name),
            Err(error) => {
                self.add(text.offset, error.what, error.near);
                None
            }
        }
    }

    pub(super) fn port_at(&mut self, text: At<&str>) -> Option<Port> {
        match self.context.scope.port(text.value) {
            Ok(port) => {
                if let PortBase::Path(path) = &port.base
                    && let Some(name) = path.strip_prefix('@')
                {
                    let end = name.find(['.', '(', '[']).unwrap_or(name.len());
                    self.uses
                        .push((name.get(..end).unwrap_or_default().to_owned(), text.offset));
                }
                Some(port)
            }
            Err(error) => {
                self.add(text.offset, error.what, error.near);
                None
            }
        }
    }

    pub(super) fn port(&mut self, key: &str) -> Option<Port> {
        self.fields.text(key).and_then(|text| self.port_at(text))
    }

    pub(super) fn required_port(&mut self, key: &str) -> Option<Port> {
        self.fields
            .required(key)
            .and_then(|text| self.port_at(text))
    }

    /// The ports of a key, or the default where it is absent.
    pub(super) fn ports(&mut self, key: &str, default: &str) -> Vec<Port> {
        let mut texts = self.fields.texts(key);
        if texts.is_empty() {
            texts.push(At {
                value: default,
                offset: self.fields.offset,
            });
        }
        texts
            .into_iter()
            .filter_map(|text| self.port_at(text))
            .collect()
    }

    /// The ports of a key, none where it is absent.
    pub(super) fn port_list(&mut self, key: &str) -> Box<[Port]> {
        let texts = self.fields.texts(key);
        texts
            .into_iter()
            .filter_map(|text| self.port_at(text))
            .collect()
    }

    pub(super) fn port_or(&mut self, key: &str, default: &str) -> Option<Port> {
        let text = self.fields.text(key).unwrap_or(At {
            value: default,
            offset: self.fields.offset,
        });
        self.port_at(text)
    }

    pub(super) fn kinds(&self) -> KindSet {
        let texts = self.fields.texts("kinds");
        if texts.is_empty() && !self.fields.has("kinds") {
            self.fields.wrong(
                self.fields.offset,
                format!("{} needs `kinds`", self.fields.what),
            );
        }
        self.set_of(texts)
    }

    /// The kinds that a field names, if it is there.
    pub(super) fn optional_kinds(&self, name: &'static str) -> KindSet {
        self.set_of(self.fields.texts(name))
    }

    fn set_of(&self, texts: Vec<At<&str>>) -> KindSet {
        let mut set = KindSet::EMPTY;
        for text in texts {
            let (name, minus) = text
                .value
                .strip_prefix('-')
                .map_or((text.value, false), |name| (name, true));
            match self.context.kinds.set_of(name) {
                Ok(more) if minus => set.0 &= !more.0,
                Ok(more) => set = set.union(more),
                Err(error) => self.add(
                    text.offset,
                    format!("unknown {} `{}`", error.what, error.name),
                    error.near,
                ),
            }
        }
        set
    }

    pub(super) fn shape(&self, key: &str) -> Option<Shape> {
        let known = [
            "structured",
            "string",
            "text",
            "number",
            "bool",
            "date",
            "enum",
            "declared",
        ];
        Some(match self.word(key, &known)?.as_str() {
            "structured" => Shape::Structured,
            "text" => Shape::Text,
            "number" => Shape::Number,
            "bool" => Shape::Bool,
            "date" => Shape::Date,
            "enum" => Shape::Enum,
            "declared" => Shape::Declared,
            _ => Shape::String,
        })
    }

    pub(super) fn accept(&mut self, default: &str) -> Option<Accept> {
        let text = self.fields.text("accept").unwrap_or(At {
            value: default,
            offset: self.fields.offset,
        });
        Some(match text.value {
            "true" => Accept::True,
            "false" => Accept::False,
            "returns" => Accept::Returns,
            "nonnull" => Accept::NonNull,
            other => {
                let (value, truthy) = other
                    .strip_prefix('!')
                    .map_or((other, true), |port| (port, false));
                Accept::Member {
                    port: self.port_at(At {
                        value,
                        offset: text.offset,
                    })?,
                    truthy,
                }
            }
        })
    }

    pub(super) fn parameters(&mut self, key: &str) -> Vec<String> {
        let mut words = Vec::new();
        for text in self.fields.texts(key) {
            if text.value.starts_with('@') {
                if let Some(name) = self.type_name(text) {
                    self.uses.push((name.clone(), text.offset));
                    words.push(format!("@{name}"));
                }
            } else if PARAMETERS.contains(&text.value) {
                words.push(text.value.to_owned());
            } else {
                let near = near(text.value, PARAMETERS);
                self.add(
                    text.offset,
                    format!(
                        "a parameter is a type or one of {}, not `{}`",
                        PARAMETERS.join(", "),
                        text.value
                    ),
                    near,
                );
            }
        }
        words
    }
}

pub(super) fn literal(value: &DeValue<'_>) -> Option<Literal> {
    Some(match value {
        DeValue::String(text) => Literal::Str(text.to_string()),
        DeValue::Integer(number) => Literal::Number(number.as_str().parse().ok()?),
        DeValue::Float(number) => Literal::Number(number.as_str().parse().ok()?),
        DeValue::Boolean(answer) => Literal::Bool(*answer),
        _ => return None,
    })
}
