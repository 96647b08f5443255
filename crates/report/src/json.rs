//! The whole assessment as JSON.

use casemate_assess::assessment::Assessment;

/// The assessment as indented JSON with a final line break.
#[must_use]
pub fn render(assessment: &Assessment) -> String {
    // INVARIANT: the assessment is plain data with string keys, which serde_json cannot fail to write.
    let mut text = serde_json::to_string_pretty(assessment).unwrap_or_default();
    text.push('\n');
    text
}
