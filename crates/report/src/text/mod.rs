//! For a person at a terminal: the most serious first, one entry per cause, a frame for every step, one line at the end.

mod coverage;
pub mod explain;
mod finding;
mod frame;
pub mod paint;
pub mod prose;

use casemate_assess::assessment::{Assessment, Level};
use casemate_assess::dossier::words::{count, list};
use casemate_say::say;
use paint::{Ink, Paint};
use std::collections::BTreeSet;

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
    /// Fewer cannot hold a frame; more cannot be read.
    const WIDTHS: std::ops::RangeInclusive<usize> = 60..=140;

    /// Without colours, for files.
    pub const PLAIN: Self = Self {
        colored: false,
        width: Self::DEFAULT_WIDTH,
    };
}

/// What the parts of a text report share.
pub(crate) struct Page {
    /// How words are coloured.
    pub paint: Paint,
    /// Columns.
    pub width: usize,
    /// Repairs that were said.
    pub said: BTreeSet<String>,
    out: String,
}

impl Page {
    fn new(style: Style) -> Self {
        let width = style
            .width
            .clamp(*Style::WIDTHS.start(), *Style::WIDTHS.end());
        Self {
            paint: Paint {
                colored: style.colored,
            },
            width,
            said: BTreeSet::new(),
            out: String::new(),
        }
    }

    /// Adds a line.
    pub fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// Adds an empty line.
    pub fn gap(&mut self) {
        self.out.push('\n');
    }

    /// Adds wrapped prose behind a label; further lines are indented to the same column.
    pub fn labelled(&mut self, label: &str, column: usize, prose: &str) {
        let lines = prose::wrap(prose, self.width.saturating_sub(column));
        let padding = column.saturating_sub(prose::width(label));
        for (index, line) in lines.iter().enumerate() {
            if index == 0 {
                let label = self.paint.ink(Ink::Dim, label);
                self.line(&format!("{label}{}{line}", " ".repeat(padding)));
            } else {
                self.line(&format!("{}{line}", " ".repeat(column)));
            }
        }
    }
}

/// Renders an assessment.
#[must_use]
pub fn render(assessment: &Assessment, style: Style) -> String {
    let mut page = Page::new(style);
    let causes = casemate_assess::cause::causes(&assessment.findings);
    for cause in &causes {
        finding::entry(&mut page, cause, assessment);
    }
    coverage::block(&mut page, assessment);
    page.gap();
    let last = summary(assessment, &page.paint);
    page.line(&last);
    page.out
}

/// The last line: what was found, and in how much.
fn summary(assessment: &Assessment, paint: &Paint) -> String {
    let files = assessment.coverage.files.assessed;
    let in_files = say!(
        "in {files} of {name}",
        files = count(files, "file", "files"),
        name = assessment.project.name
    );
    if assessment.is_empty() {
        return paint.ink(
            Ink::Bold,
            &say!(
                "Nothing to assess: no backend file in {root}",
                root = assessment.project.root
            ),
        );
    }
    // Silence about what was not judged would read as an answer.
    let unserved = match assessment.coverage.unserved.as_slice() {
        [] => String::new(),
        servers => {
            let names: Vec<String> = servers.iter().map(|s| s.unit.clone()).collect();
            say!(
                "; no endpoint of {names} was found, so missing controls were not judged",
                names = list(&names, 3)
            )
        }
    };
    if assessment.findings.is_empty() {
        return if unserved.is_empty() {
            paint.ink(Ink::Good, &say!("No findings {in_files}"))
        } else {
            say!("No findings {in_files}{unserved}")
        };
    }
    let levels: Vec<String> = Level::ALL
        .iter()
        .rev()
        .map(|level| (*level, assessment.count(*level)))
        .filter(|(_, n)| *n > 0)
        .map(|(level, n)| paint.ink(Ink::of_level(level), &format!("{n} {}", level.name())))
        .collect();
    let total = count(assessment.findings.len(), "finding", "findings");
    let causes = casemate_assess::cause::causes(&assessment.findings).len();
    let from = if causes < assessment.findings.len() {
        say!(" from {causes}", causes = count(causes, "cause", "causes"))
    } else {
        String::new()
    };
    format!(
        "{}{from} {in_files}: {}{unserved}",
        paint.ink(Ink::Bold, &total),
        levels.join(", ")
    )
}
