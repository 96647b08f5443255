//! The threat model for other tools: OTM 0.2.0, Threat Dragon 2, Mermaid and SVG, all of one layout.
//!
//! Ids are made of what a party is called in the diagram, so that two runs can be compared. Whatever is drawn stands in the
//! dossier; here it gets a place.

mod dragon;
mod layout;
mod mermaid;
mod mitigation;
mod otm;
mod svg;

use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::threat::Threat;
use casemate_assess::fingerprint::digest;

/// A form of threat model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exchange {
    /// Text that Markdown renderers draw.
    Mermaid,
    /// A drawing that stands alone.
    Svg,
    /// Open Threat Model 0.2.0.
    Otm,
    /// OWASP Threat Dragon 2.
    Dragon,
}

/// The threat model in one of the forms.
#[must_use]
pub fn render(assessment: &Assessment, form: Exchange) -> String {
    match form {
        Exchange::Mermaid => mermaid::render(assessment),
        Exchange::Svg => svg::render(assessment),
        Exchange::Otm => otm::render(assessment),
        Exchange::Dragon => dragon::render(assessment),
    }
}

/// What became of a threat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Something stands against all of it.
    Mitigated,
    /// It was looked for, and no way was found.
    NoWay,
    /// Findings, or nothing that stands against it.
    Open,
    /// It is not known.
    Unknown,
}

fn state(threat: &Threat) -> State {
    match threat.state.as_str() {
        "guarded" => State::Mitigated,
        "no path found" => State::NoWay,
        "not known" => State::Unknown,
        _ => State::Open,
    }
}

/// An id that stays as long as what it names is called so; in the form of a UUID of version 8.
fn id(kind: &str, name: &str) -> String {
    let hex = format!(
        "{}{}",
        digest(&["exchange", kind, name]),
        digest(&[name, kind, "exchange"])
    );
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-8{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}
