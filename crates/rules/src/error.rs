//! What is wrong with a rule file, and where.

use std::fmt;

/// A mistake in a rule file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RuleError {
    /// The rule file, as given to the loader.
    pub file: String,
    /// The line, from 1; 0 where no line is to blame (an unreadable file).
    pub line: u32,
    /// What, lower case, with a near name where there is one.
    pub message: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.message)
        } else {
            write!(f, "{}:{}: {}", self.file, self.line, self.message)
        }
    }
}

impl std::error::Error for RuleError {}

/// Collects the mistakes of one file; reading goes on after each.
#[derive(Debug)]
pub(crate) struct Errors<'a> {
    file: &'a str,
    list: Vec<RuleError>,
}

impl<'a> Errors<'a> {
    pub(crate) fn new(file: &'a str) -> Self {
        Self {
            file,
            list: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, line: u32, message: impl Into<String>) {
        self.list.push(RuleError {
            file: self.file.to_owned(),
            line,
            message: message.into(),
        });
    }

    pub(crate) fn into_list(mut self) -> Vec<RuleError> {
        self.list.sort();
        self.list.dedup();
        self.list
    }
}
