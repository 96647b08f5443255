//! The fields of one TOML table, read once each; what nobody read is unknown.

use super::LoadError;
use crate::near::near;
use std::cell::RefCell;
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where errors of one file go.
pub(super) struct Report<'a> {
    file: &'a str,
    text: &'a str,
    errors: RefCell<Vec<LoadError>>,
}

impl<'a> Report<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            errors: RefCell::default(),
        }
    }

    pub(super) fn line(&self, offset: usize) -> u32 {
        let lines = self
            .text
            .get(..offset.min(self.text.len()))
            .map_or(0, |before| before.matches('\n').count());
        u32::try_from(lines + 1).unwrap_or(u32::MAX)
    }

    pub(super) fn add(&self, offset: usize, what: impl Into<String>, near: Option<String>) {
        let line = self.line(offset);
        self.errors.borrow_mut().push(LoadError {
            file: self.file.to_owned(),
            line,
            what: what.into(),
            near,
        });
    }

    pub(super) fn count(&self) -> usize {
        self.errors.borrow().len()
    }

    pub(super) fn finish(self) -> Vec<LoadError> {
        let mut errors = self.errors.into_inner();
        errors.sort();
        errors.dedup();
        errors
    }
}

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) offset: usize,
}

/// A table whose keys are ticked off as they are read.
pub(super) struct Fields<'t, 'r> {
    table: &'t DeTable<'t>,
    /// What the table is, for messages: `[library]`, `a sink row`.
    pub(super) what: String,
    pub(super) offset: usize,
    pub(super) report: &'r Report<'r>,
    read: RefCell<BTreeSet<String>>,
}

impl<'t, 'r> Fields<'t, 'r> {
    pub(super) fn new(
        table: &'t DeTable<'t>,
        what: &str,
        offset: usize,
        report: &'r Report<'r>,
    ) -> Self {
        Self {
            table,
            what: what.to_owned(),
            offset,
            report,
            read: RefCell::default(),
        }
    }

    pub(super) fn wrong(&self, offset: usize, what: impl Into<String>) {
        self.report.add(offset, what, None);
    }

    pub(super) fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.read.borrow_mut().insert(key.to_owned());
        self.table.get(key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A text.
    pub(super) fn text(&self, key: &str) -> Option<At<&'t str>> {
        let value = self.get(key)?;
        let offset = value.span().start;
        if let Some(text) = value.get_ref().as_str() {
            return Some(At {
                value: text,
                offset,
            });
        }
        self.wrong(
            offset,
            format!(
                "`{key}` of {} must be a text, not {}",
                self.what,
                value.get_ref().type_str()
            ),
        );
        None
    }

    /// A text that must be there.
    pub(super) fn required(&self, key: &str) -> Option<At<&'t str>> {
        if !self.table.contains_key(key) {
            self.wrong(self.offset, format!("{} needs `{key}`", self.what));
        }
        self.text(key)
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        let Some(value) = self.get(key) else {
            return false;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(
                value.span().start,
                format!("`{key}` of {} must be true or false", self.what),
            );
            false
        })
    }

    /// A text, or a list of texts; empty where the key is absent.
    pub(super) fn texts(&self, key: &str) -> Vec<At<&'t str>> {
        self.get(key)
            .map(|value| self.texts_in(value, key))
            .unwrap_or_default()
    }

    /// The texts of a value that is one or a list of them.
    pub(super) fn texts_in(&self, value: &'t Spanned<DeValue<'t>>, key: &str) -> Vec<At<&'t str>> {
        let one = |value: &'t Spanned<DeValue<'t>>| {
            let offset = value.span().start;
            let text = value.get_ref().as_str();
            if text.is_none() {
                self.wrong(
                    offset,
                    format!("`{key}` of {} must be made of texts", self.what),
                );
            }
            text.map(|value| At { value, offset })
        };
        match value.get_ref().as_array() {
            Some(items) => items.iter().filter_map(one).collect(),
            None => one(value).into_iter().collect(),
        }
    }

    /// The entries of a table, in the order of the names.
    pub(super) fn entries(&self, key: &str) -> Vec<(&'t str, &'t Spanned<DeValue<'t>>)> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        if let Some(table) = value.get_ref().as_table() {
            return table
                .iter()
                .map(|(name, value)| (name.get_ref().as_ref(), value))
                .collect();
        }
        self.wrong(
            value.span().start,
            format!("`{key}` of {} must be a table", self.what),
        );
        Vec::new()
    }

    /// The entries of a table; one value alone has the name `value`.
    pub(super) fn named(&self, key: &str) -> Vec<(String, &'t Spanned<DeValue<'t>>)> {
        match self.get(key) {
            Some(value) if value.get_ref().as_table().is_none() => {
                vec![("value".to_owned(), value)]
            }
            _ => self
                .entries(key)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }

    /// The tables of `[[key]]`.
    pub(super) fn tables(&self, key: &str, what: &str) -> Vec<Fields<'t, 'r>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(
                value.span().start,
                format!("`{key}` is written `[[{key}]]`"),
            );
            return Vec::new();
        };
        let table = |item: &'t Spanned<DeValue<'t>>| match item.get_ref().as_table() {
            Some(table) => Some(Fields::new(table, what, item.span().start, self.report)),
            None => {
                self.wrong(item.span().start, format!("`{key}` is made of tables"));
                None
            }
        };
        items.iter().filter_map(table).collect()
    }

    /// Reports every key that nobody read.
    pub(super) fn finish(&self) {
        let read = self.read.borrow();
        for key in self.table.keys() {
            let name: &str = key.get_ref().as_ref();
            if !read.contains(name) {
                let near = near(name, read.iter().map(String::as_str));
                self.report.add(
                    key.span().start,
                    format!("unknown key `{name}` in {}", self.what),
                    near,
                );
            }
        }
    }
}
