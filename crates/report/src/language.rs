//! The languages that reports speak, and the words of their frame: title, headings, labels of the first lines.
//!
//! A second language begins here: a variant, its name, its frame. What sections say is still written in English where it is
//! computed; until that stands in a catalogue as well, no other language is offered. In this order it would be moved:
//!
//! 1. what `document` says around the data (230 texts): it reads the assessment and has a [`Language`] at hand;
//! 2. what `assess::dossier`, `assess::decision` and the ledger put together as sentences (600 texts): they would have to become data (a
//!    key and its values), so that a report says them and the assessment stays the same in every language;
//! 3. what the engine and the application model say of paths and guards (40 texts), in the same way;
//! 4. the prose of rules and the wording of requirements: files of their own beside the English ones, found by their id.

/// A language that reports can be written in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
}

/// The words around what a report says.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Of the whole report.
    pub title: &'static str,
    /// Of sections, by their anchor; in order.
    pub headings: [(&'static str, &'static str); 12],
    /// Labels of the first lines.
    pub project: &'static str,
    /// What is checked out.
    pub commit: &'static str,
    /// Nothing is.
    pub no_commit: &'static str,
    /// The part that was asked for.
    pub only: &'static str,
    /// By what.
    pub tool: &'static str,
    /// How many.
    pub findings: &'static str,
    /// There are none.
    pub none: &'static str,
}

impl Language {
    /// All, by the name that `--lang` and a page know.
    pub const NAMED: [(&'static str, Self); 1] = [("en", Self::English)];

    /// Its name.
    #[must_use]
    pub fn tag(self) -> &'static str {
        let named = Self::NAMED.iter().find(|(_, language)| *language == self);
        named.map_or("en", |(name, _)| name)
    }

    /// Its words.
    #[must_use]
    pub const fn frame(self) -> &'static Frame {
        match self {
            Self::English => &ENGLISH,
        }
    }
}

impl Frame {
    /// The heading of a section.
    #[must_use]
    pub fn heading(&self, id: &str) -> &'static str {
        let found = self.headings.iter().find(|(section, _)| *section == id);
        found.map_or("", |(_, heading)| heading)
    }
}

const ENGLISH: Frame = Frame {
    title: "Backend Security Assessment Report",
    headings: [
        ("context", "Project Context"),
        ("summary", "Executive Summary"),
        ("analysis", "Detailed Security Analysis"),
        ("matrix", "Risk Assessment Matrix"),
        ("recommendations", "Security Recommendations"),
        ("guidance", "Implementation Guidance"),
        ("monitoring", "Security Monitoring Framework"),
        ("threats", "Threat Model"),
        ("ledger", "Requirements Ledger"),
        ("limits", "Limits"),
        ("accepted", "Accepted Risks"),
        ("suggestions", "Suggestions for a Person to Decide On"),
    ],
    project: "Project",
    commit: "Commit",
    no_commit: "not under version control",
    only: "Only",
    tool: "Assessed with",
    findings: "Findings",
    none: "none",
};
