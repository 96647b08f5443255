//! For a person at a terminal.

use casemate_assess::assessment::Assessment;

/// How text looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// With colours.
    pub colored: bool,
    /// Columns.
    pub width: usize,
}

impl Style {
    /// Columns where no terminal tells.
    pub const DEFAULT_WIDTH: usize = 100;
}

/// Renders an assessment.
#[must_use]
pub fn render(assessment: &Assessment, _style: Style) -> String {
    format!(
        "{} files, {} findings\n",
        assessment.coverage.files.assessed,
        assessment.findings.len()
    )
}
