//! Reads a TOML table key by key: every unread key is an error, every error has a line.

use crate::error::Errors;
use crate::near;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The front matter, with the means to say where something stands.
pub(crate) struct Source<'a> {
    /// The TOML text.
    pub(crate) text: &'a str,
    /// The line of the file that the text starts on.
    pub(crate) first_line: u32,
}

impl Source<'_> {
    pub(crate) fn line(&self, offset: usize) -> u32 {
        let before = self.text.as_bytes().iter().take(offset);
        let newlines = before.filter(|byte| **byte == b'\n').count();
        self.first_line
            .saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX))
    }
}

/// One table that is being read.
pub(crate) struct Table<'a, 'e, 's> {
    source: &'a Source<'a>,
    table: &'a DeTable<'s>,
    line: u32,
    errors: &'a mut Errors<'e>,
}

/// A value with its line.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) line: u32,
    pub(crate) value: T,
}

impl<'a, 'e, 's> Table<'a, 'e, 's> {
    pub(crate) fn new(
        source: &'a Source<'a>,
        table: &'a DeTable<'s>,
        offset: usize,
        errors: &'a mut Errors<'e>,
    ) -> Self {
        Self {
            source,
            table,
            line: source.line(offset),
            errors,
        }
    }

    /// Reports every key that is not expected.
    pub(crate) fn expect(&mut self, what: &str, keys: &[&str]) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !keys.contains(&name) {
                let line = self.source.line(key.span().start);
                self.errors.push(line, near::unknown(what, name, keys));
            }
        }
    }

    pub(crate) fn error(&mut self, line: u32, message: impl Into<String>) {
        self.errors.push(line, message);
    }

    pub(crate) const fn line(&self) -> u32 {
        self.line
    }

    /// Where a key stands; the table's own line where it is absent.
    pub(crate) fn line_of(&self, key: &str) -> u32 {
        self.table
            .get(key)
            .map_or(self.line, |value| self.source.line(value.span().start))
    }

    pub(crate) fn keys(&self) -> Vec<At<String>> {
        let at = |key: &Spanned<_>| self.source.line(key.span().start);
        self.table
            .keys()
            .map(|key| At {
                line: at(key),
                value: key.get_ref().to_string(),
            })
            .collect()
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn missing(&mut self, key: &str) {
        self.errors.push(self.line, format!("`{key}` is missing"));
    }

    fn wrong(&mut self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) {
        let line = self.source.line(value.span().start);
        self.errors.push(
            line,
            format!("`{key}` is {}, expected {expected}", kind(value.get_ref())),
        );
    }

    pub(crate) fn string(&mut self, key: &str) -> Option<At<String>> {
        let value = self.table.get(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some(At {
                line: self.source.line(value.span().start),
                value: text.to_owned(),
            }),
            None => {
                self.wrong(key, value, "a string");
                None
            }
        }
    }

    pub(crate) fn required_string(&mut self, key: &str) -> Option<At<String>> {
        if !self.has(key) {
            self.missing(key);
            return None;
        }
        self.string(key)
    }

    pub(crate) fn bool(&mut self, key: &str) -> Option<bool> {
        let value = self.table.get(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong(key, value, "true or false");
        }
        found
    }

    /// A list of strings; absent: empty.
    pub(crate) fn strings(&mut self, key: &str) -> Vec<At<String>> {
        self.list(key, "a list of strings", |value| {
            value.as_str().map(str::to_owned)
        })
    }

    /// A string or a list of strings; absent: empty.
    pub(crate) fn one_or_more(&mut self, key: &str) -> Vec<At<String>> {
        match self.table.get(key).map(Spanned::get_ref) {
            Some(DeValue::String(_)) => self.string(key).into_iter().collect(),
            _ => self.strings(key),
        }
    }

    /// A list of whole numbers; absent: empty.
    pub(crate) fn integers(&mut self, key: &str) -> Vec<At<i64>> {
        self.list(key, "a list of whole numbers", |value| {
            let number = value.as_integer()?;
            i64::from_str_radix(number.as_str(), number.radix()).ok()
        })
    }

    fn list<T>(
        &mut self,
        key: &str,
        expected: &str,
        read: impl Fn(&DeValue<'_>) -> Option<T>,
    ) -> Vec<At<T>> {
        let Some(value) = self.table.get(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(key, value, expected);
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in array {
            match read(item.get_ref()) {
                Some(read) => out.push(At {
                    line: self.source.line(item.span().start),
                    value: read,
                }),
                None => self.wrong(key, item, expected),
            }
        }
        out
    }

    /// One of a few names. `None` after an error, or where the key is absent.
    pub(crate) fn choice<T: Copy>(&mut self, key: &str, names: &[(&str, T)]) -> Option<T> {
        let text = self.string(key)?;
        let found = names
            .iter()
            .find(|(name, _)| *name == text.value)
            .map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            self.errors.push(
                text.line,
                near::unknown(&format!("value of `{key}`"), &text.value, &names),
            );
        }
        found
    }

    pub(crate) fn required_choice<T: Copy>(&mut self, key: &str, names: &[(&str, T)]) -> Option<T> {
        if !self.has(key) {
            self.missing(key);
            return None;
        }
        self.choice(key, names)
    }

    /// A table inside this one.
    pub(crate) fn table(&mut self, key: &str) -> Option<Table<'_, 'e, 's>> {
        let value = self.table.get(key)?;
        match value.get_ref().as_table() {
            Some(table) => {
                let line = self.source.line(value.span().start);
                Some(Table {
                    source: self.source,
                    table,
                    line,
                    errors: self.errors,
                })
            }
            None => {
                self.wrong(key, value, "a table");
                None
            }
        }
    }

    pub(crate) fn required_table(&mut self, key: &str) -> Option<Table<'_, 'e, 's>> {
        if !self.has(key) {
            self.missing(key);
            return None;
        }
        self.table(key)
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
