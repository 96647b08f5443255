//! A table of the description that is read key by key; what nobody asked for is a mistake in the end.

use crate::problem::{Problem, near};
use std::cell::RefCell;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// All mistakes of one description.
pub struct Problems<'a> {
    text: &'a str,
    found: RefCell<Vec<Problem>>,
}

impl<'a> Problems<'a> {
    /// None yet.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            found: RefCell::default(),
        }
    }

    /// One more.
    pub fn add(&self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.found
            .borrow_mut()
            .push(Problem::at(self.text, span, message).help(help));
    }

    /// Whether none was found yet.
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// All, in the order of the text.
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort_by(|a, b| (a.line, a.column, &a.message).cmp(&(b.line, b.column, &b.message)));
        found.dedup();
        found
    }
}

/// A key with its value and the place of each.
pub struct Entry<'a> {
    /// The key.
    pub key: &'a str,
    /// Where the key stands.
    pub key_span: Range<usize>,
    /// The value.
    pub value: &'a DeValue<'a>,
    /// Where the value stands.
    pub span: Range<usize>,
}

/// A table that is being read.
pub struct Table<'a, 'p> {
    path: String,
    span: Range<usize>,
    table: &'a DeTable<'a>,
    known: RefCell<Vec<&'static str>>,
    problems: &'p Problems<'p>,
}

impl<'a, 'p> Table<'a, 'p> {
    /// `path` is how the table is called in messages, empty for the whole document.
    pub fn new(
        path: impl Into<String>,
        span: Range<usize>,
        table: &'a DeTable<'a>,
        problems: &'p Problems<'p>,
    ) -> Self {
        Self {
            path: path.into(),
            span,
            table,
            known: RefCell::default(),
            problems,
        }
    }

    /// Where the table stands.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Where the mistakes go.
    pub fn problems(&self) -> &'p Problems<'p> {
        self.problems
    }

    /// `app.name` for the key `name` of the table `app`.
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// All entries in the order of the text.
    pub fn entries(&self) -> Vec<Entry<'a>> {
        let mut entries: Vec<Entry<'a>> = self
            .table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref(),
                key_span: key.span(),
                value: value.get_ref(),
                span: value.span(),
            })
            .collect();
        entries.sort_by_key(|entry| entry.key_span.start);
        entries
    }

    fn value(&self, key: &'static str) -> Option<(&'a DeValue<'a>, Range<usize>)> {
        self.known.borrow_mut().push(key);
        let value: &'a Spanned<DeValue<'a>> = self.table.get(key)?;
        Some((value.get_ref(), value.span()))
    }

    fn wrong(&self, key: &str, span: &Range<usize>, value: &DeValue<'_>, expected: &str) {
        self.problems.add(
            span,
            format!(
                "`{}` is {}, not {expected}",
                self.path_of(key),
                kind_of(value)
            ),
            format!("write {expected}"),
        );
    }

    /// A text.
    pub fn text(&self, key: &'static str) -> Option<(&'a str, Range<usize>)> {
        let (value, span) = self.value(key)?;
        let text = value.as_str();
        if text.is_none() {
            self.wrong(key, &span, value, "a text in quotes");
        }
        text.map(|text| (text, span))
    }

    /// `true` or `false`.
    pub fn bool(&self, key: &'static str) -> Option<bool> {
        let (value, span) = self.value(key)?;
        let found = value.as_bool();
        if found.is_none() {
            self.wrong(key, &span, value, "`true` or `false`");
        }
        found
    }

    /// A whole number.
    pub fn number(&self, key: &'static str) -> Option<(i64, Range<usize>)> {
        let (value, span) = self.value(key)?;
        let found = value
            .as_integer()
            .and_then(|i| i64::from_str_radix(i.as_str(), i.radix()).ok());
        if found.is_none() {
            self.wrong(key, &span, value, "a whole number");
        }
        found.map(|number| (number, span))
    }

    /// A list of texts.
    pub fn texts(&self, key: &'static str) -> Option<Vec<(&'a str, Range<usize>)>> {
        let (value, span) = self.value(key)?;
        let Some(items) = value.as_array() else {
            self.wrong(key, &span, value, "a list of texts in brackets");
            return None;
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push((text, item.span())),
                None => self.wrong(key, &item.span(), item.get_ref(), "a text in quotes"),
            }
        }
        Some(texts)
    }

    /// Texts of which each stands once.
    pub fn distinct(&self, key: &'static str) -> Option<Vec<(&'a str, Range<usize>)>> {
        let texts = self.texts(key)?;
        for (at, (text, span)) in texts.iter().enumerate() {
            if texts.iter().take(at).any(|(other, _)| other == text) {
                self.problems
                    .add(span, format!("`{text}` is named twice"), "leave one out");
            }
        }
        Some(texts)
    }

    /// A table below this one.
    pub fn table(&self, key: &'static str) -> Option<Table<'a, 'p>> {
        let (value, span) = self.value(key)?;
        match value.as_table() {
            Some(table) => Some(Table::new(self.path_of(key), span, table, self.problems)),
            None => {
                self.wrong(key, &span, value, "a table");
                None
            }
        }
    }

    /// A key that stands for something that will come later: a clear no, never silence.
    pub fn later(&self, key: &'static str, instead: &str) {
        if let Some((_, span)) = self.value(key) {
            let at = self
                .entries()
                .into_iter()
                .find(|e| e.key == key)
                .map_or(span, |e| e.key_span);
            self.problems.add(
                &at,
                format!("`{}` is not built yet", self.path_of(key)),
                instead,
            );
        }
    }

    /// Ends the reading: whatever was not asked for is a mistake.
    pub fn end(&self) {
        let known = self.known.borrow();
        for entry in self.entries() {
            if !known.contains(&entry.key) {
                let help = match near(entry.key, known.iter().copied()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("here stand {}", known.join(", ")),
                };
                self.problems.add(
                    &entry.key_span,
                    format!("there is no `{}`", self.path_of(entry.key)),
                    help,
                );
            }
        }
    }
}

/// What a value is, in the words of a user.
pub fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
