//! An assessment as text, JSON, Markdown or SARIF.
//!
//! Invariants
//! - A report reads the [`Assessment`] and nothing else: no file, no clock, no environment.
//! - The same assessment gives the same bytes.
//! - Nothing here decides what is shown: filters and suppressions were applied before.
//!
//! Start reading at [`Format`], then [`text`] and [`sarif`].

pub mod application;
pub mod group;
pub mod json;
pub mod markdown;
mod said;
pub mod sarif;
pub mod text;

use casemate_assess::assessment::Assessment;

/// A form of report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Format {
    /// For a person at a terminal.
    Text,
    /// The whole assessment, for programs.
    Json,
    /// For a person, to keep and pass on.
    Markdown,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

impl Format {
    /// All, by name.
    pub const NAMED: [(&'static str, Self); 4] = [
        ("text", Self::Text),
        ("json", Self::Json),
        ("markdown", Self::Markdown),
        ("sarif", Self::Sarif),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMED
            .iter()
            .find(|(_, f)| *f == self)
            .map_or("", |(name, _)| name)
    }
}

/// Renders an assessment.
#[must_use]
pub fn render(assessment: &Assessment, format: Format) -> String {
    match format {
        Format::Text => text::render(
            assessment,
            text::Style {
                colored: false,
                width: text::Style::DEFAULT_WIDTH,
            },
        ),
        Format::Json => json::render(assessment),
        Format::Markdown => markdown::render(assessment),
        Format::Sarif => sarif::render(assessment),
    }
}
