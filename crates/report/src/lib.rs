//! An assessment as text, JSON, Markdown, HTML, SARIF, and in the forms that build servers read.
//!
//! Invariants
//! - A report reads the [`Assessment`] and nothing else: no file, no clock, no environment.
//! - The same assessment gives the same bytes.
//! - Nothing here decides what is shown: filters and suppressions were applied before.
//!
//! Start reading at [`Format`], then [`text`] and [`sarif`]; [`document`] is what [`html`] and [`markdown`] write.

pub mod application;
pub mod csv;
pub mod cyclonedx;
pub mod document;
pub mod exchange;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
mod names;
mod said;
pub mod sarif;
pub mod text;

use casemate_assess::assessment::Assessment;
use document::Depth;

/// A form of report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Format {
    /// For a person at a terminal.
    Text,
    /// The whole assessment, for programs.
    Json,
    /// For a person, to keep and pass on.
    Markdown,
    /// For a person, in a browser: one file.
    Html,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Findings, one a line, for spreadsheets.
    Csv,
    /// Attestations of the requirements ledger, CycloneDX 1.6.
    CycloneDx,
    /// GitLab's report of static analysis.
    Gitlab,
    /// Annotations of GitHub Actions.
    Github,
    /// Markdown for the page of a job.
    Summary,
    /// A run of tests, as most build servers read it.
    Junit,
}

impl Format {
    /// All, by name.
    pub const NAMED: [(&'static str, Self); 11] = [
        ("text", Self::Text),
        ("json", Self::Json),
        ("markdown", Self::Markdown),
        ("html", Self::Html),
        ("sarif", Self::Sarif),
        ("csv", Self::Csv),
        ("cyclonedx", Self::CycloneDx),
        ("gitlab", Self::Gitlab),
        ("github", Self::Github),
        ("summary", Self::Summary),
        ("junit", Self::Junit),
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

/// Renders an assessment in full.
#[must_use]
pub fn render(assessment: &Assessment, format: Format) -> String {
    render_to(assessment, format, Depth::default())
}

/// Renders an assessment as it should look; only HTML and Markdown know several depths.
#[must_use]
pub fn render_to(assessment: &Assessment, format: Format, depth: Depth) -> String {
    match format {
        Format::Text => text::render(
            assessment,
            text::Style {
                colored: false,
                width: text::Style::DEFAULT_WIDTH,
            },
        ),
        Format::Json => json::render(assessment),
        Format::Markdown => markdown::render(assessment, depth),
        Format::Html => html::render(assessment, depth),
        Format::Sarif => sarif::render(assessment),
        Format::Csv => csv::render(assessment),
        Format::CycloneDx => cyclonedx::render(assessment),
        Format::Gitlab => gitlab::render(assessment),
        Format::Github => github::annotations(assessment),
        Format::Summary => github::summary(assessment),
        Format::Junit => junit::render(assessment),
    }
}
