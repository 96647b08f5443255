//! Colours.

use casemate_assess::assessment::Level;

/// A role that a colour plays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ink {
    /// Stands out.
    Bold,
    /// Stands back.
    Dim,
    /// A path.
    Path,
    /// A step on the way.
    Step,
    /// Something good.
    Good,
    /// A severity.
    Critical,
    /// A severity.
    High,
    /// A severity.
    Medium,
    /// A severity.
    Low,
    /// A severity.
    Info,
}

impl Ink {
    /// The ink of a severity.
    #[must_use]
    pub const fn of_level(level: Level) -> Self {
        match level {
            Level::Critical => Self::Critical,
            Level::High => Self::High,
            Level::Medium => Self::Medium,
            Level::Low => Self::Low,
            Level::Info => Self::Info,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Path => "1;34",
            Self::Step => "36",
            Self::Good => "1;32",
            Self::Critical => "1;35",
            Self::High => "1;31",
            Self::Medium => "1;33",
            Self::Low => "1;36",
            Self::Info => "1",
        }
    }
}

/// Whether words are coloured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paint {
    /// With colours.
    pub colored: bool,
}

impl Paint {
    /// A text in an ink.
    #[must_use]
    pub fn ink(&self, ink: Ink, text: &str) -> String {
        if self.colored && !text.is_empty() {
            format!("\u{1b}[{}m{text}\u{1b}[0m", ink.code())
        } else {
            text.to_owned()
        }
    }
}
