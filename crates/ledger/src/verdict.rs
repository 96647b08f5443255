//! What is held of a requirement.

use serde::Serialize;

/// What is held of a requirement. Never that something is compliant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub enum Verdict {
    /// Everything that was enumerated keeps it.
    #[serde(rename = "PASS")]
    Pass,
    /// A finding breaks it.
    #[serde(rename = "FAIL")]
    Fail,
    /// What it is about does not exist here.
    #[serde(rename = "N/A")]
    NotApplicable,
    /// Looked at in part, or a part was not understood.
    #[serde(rename = "PARTIAL")]
    Partial,
    /// A signed decision says so, and the code does not contradict.
    #[serde(rename = "ATTESTED")]
    Attested,
    /// A person has to judge it.
    #[default]
    #[serde(rename = "HUMAN")]
    Human,
}

impl Verdict {
    /// All, in the order in which reports count them.
    pub const ALL: [Self; 6] = [
        Self::Fail,
        Self::Partial,
        Self::Pass,
        Self::NotApplicable,
        Self::Attested,
        Self::Human,
    ];

    /// `PASS`, `FAIL`, `N/A` …
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::NotApplicable => "N/A",
            Self::Partial => "PARTIAL",
            Self::Attested => "ATTESTED",
            Self::Human => "HUMAN",
        }
    }

    /// Whether it is an answer, with evidence, that needs nobody else.
    #[must_use]
    pub const fn decided(self) -> bool {
        matches!(self, Self::Pass | Self::Fail | Self::NotApplicable)
    }
}

/// One requirement with its verdict.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Row {
    /// `v5.0.0-1.2.4`.
    pub id: String,
    /// 1 to 3.
    pub level: u8,
    /// `V1 Encoding and Sanitization`.
    pub chapter: String,
    /// What it asks, in our own words.
    pub says: String,
    /// What is held of it.
    pub verdict: Verdict,
    /// Why, as a sentence without a period: what was enumerated.
    pub because: String,
    /// What is missing for another verdict, where that is the whole reason: a name of [`NEEDS`](crate::judge::NEEDS).
    pub needs: String,
    /// Findings that break it, places that keep it or leave it open; at most [`PLACES`].
    pub evidence: Vec<String>,
    /// How many there are of these.
    pub count: usize,
    /// Rules that looked at it.
    pub rules: Vec<String>,
    /// For a person: what to answer, and by what.
    pub worksheet: Option<Worksheet>,
}

/// Places and findings named for one requirement.
pub const PLACES: usize = 12;

/// What a person is asked.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Worksheet {
    /// The question.
    pub question: String,
    /// Where to look, in any project.
    pub look: String,
    /// Where to begin in this one: packages and places.
    pub here: Vec<String>,
    /// What to attach.
    pub attach: String,
}
