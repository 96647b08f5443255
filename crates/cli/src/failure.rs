//! Errors that end the run, and exit codes.

use std::fmt::Display;

/// What a run ends with. The same in every format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Nothing at or above `--fail-on`.
    Clean = 0,
    /// Something at or above it.
    Found = 1,
    /// Wrong use, or the run failed.
    Failed = 2,
    /// Nothing to assess.
    Empty = 3,
    /// Not everything was read and understood.
    Incomplete = 4,
}

/// Why a run failed: what, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What is wrong and why; lower case, no period.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Failure {
    /// A failure without advice.
    pub fn new(message: impl Display) -> Self {
        Self {
            message: message.to_string(),
            help: None,
        }
    }

    /// With what to do.
    #[must_use]
    pub fn help(self, help: impl Display) -> Self {
        Self {
            help: Some(help.to_string()),
            ..self
        }
    }
}
