//! How sure a finding is.

use casemate_flow::result::Note;
use casemate_say::label;
use serde::{Deserialize, Serialize};

/// How sure a finding is; a rule states where it starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Worth a look; often right.
    Low,
    /// Usually right.
    Medium,
    /// Rarely wrong.
    High,
}

impl Confidence {
    /// All, least first, by name.
    pub const NAMED: [(&'static str, Self); 3] = [
        ("low", Self::Low),
        ("medium", Self::Medium),
        ("high", Self::High),
    ];

    /// One step less; low stays low.
    #[must_use]
    pub const fn lowered(self) -> Self {
        match self {
            Self::High => Self::Medium,
            Self::Medium | Self::Low => Self::Low,
        }
    }

    /// `high`, `medium`, `low`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Whether a note takes a step of confidence, or is only told: a widened recursion or a cap elsewhere loses flows far more
/// often than it invents one.
#[must_use]
pub const fn lowers(note: Note) -> bool {
    match note {
        Note::ViaUnknown
        | Note::ByName
        | Note::WhenUnknown
        | Note::ViaStore
        | Note::ViaOpaque
        | Note::MayAlias => true,
        Note::Widened | Note::Capped => false,
    }
}

/// Why a finding with this note may be wrong, as a sentence for its reader.
#[must_use]
pub fn reason(note: Note) -> &'static str {
    match note {
        Note::ViaUnknown => {
            label!(
                "the path runs through a call whose code or model is not known; its result is taken to carry its arguments"
            )
        }
        Note::ByName => label!("a function on the path was chosen by its name alone"),
        Note::WhenUnknown => {
            label!(
                "whether the library call is the dangerous variant depends on a value that is not known"
            )
        }
        Note::ViaStore => {
            label!(
                "the value is written in one place and read in another; that both are the same record is an assumption"
            )
        }
        Note::Widened => label!("a recursion on the path was cut and its effect approximated"),
        Note::Capped => label!("a limit of the analysis was reached on the path"),
        Note::ViaOpaque => {
            label!(
                "the path runs through a construct that is not understood; it is taken to carry its operands"
            )
        }
        Note::MayAlias => label!("two names on the path may or may not be the same object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_is_ordered_and_bottoms_out() {
        assert!(Confidence::High > Confidence::Medium && Confidence::Medium > Confidence::Low);
        assert_eq!(
            Confidence::High.lowered().lowered().lowered(),
            Confidence::Low
        );
    }
}
