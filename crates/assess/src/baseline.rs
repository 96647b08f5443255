//! What was known before: findings recorded once, so that later runs show what is new.

use crate::assessment::{Assessment, Finding, Hidden, PolicyEffect};
use casemate_say::say;
use serde::{Deserialize, Serialize};

/// Name and version of the form.
pub const SCHEMA: &str = "casemate-baseline/1";

/// Findings that were known at some time.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// [`SCHEMA`].
    pub schema: String,
    /// In the order of the assessment.
    pub findings: Vec<Known>,
}

/// A finding that was known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// Stays the same when lines move.
    pub fingerprint: String,
    /// Stays the same when the file is renamed too.
    #[serde(rename = "move")]
    pub move_fingerprint: String,
    /// Where it was, for readers.
    pub place: String,
}

impl Baseline {
    /// Records an assessment.
    #[must_use]
    pub fn of(assessment: &Assessment) -> Self {
        let known = |f: &Finding| Known {
            id: f.id.clone(),
            fingerprint: f.fingerprint.clone(),
            move_fingerprint: f.move_fingerprint.clone(),
            place: format!("{}:{}", f.place.file, f.place.line),
        };
        Self {
            schema: SCHEMA.to_owned(),
            findings: assessment.findings.iter().map(known).collect(),
        }
    }

    /// Reads what [`Baseline::text`] wrote.
    ///
    /// # Errors
    /// A sentence when it is something else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let read: Self =
            serde_json::from_str(text).map_err(|e| say!("it is no baseline: {why}", why = e))?;
        if read.schema == SCHEMA {
            Ok(read)
        } else {
            Err(say!(
                "its form is `{schema}`, and `{SCHEMA}` is read",
                schema = read.schema
            ))
        }
    }

    /// As JSON with a final line break.
    #[must_use]
    pub fn text(&self) -> String {
        // INVARIANT: plain data, which serde_json cannot fail to write.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Takes out what was known; each record stands for one finding. Tells the effect, and what is gone.
    pub(crate) fn take(
        &self,
        findings: &mut Vec<Finding>,
        origin: &str,
    ) -> (PolicyEffect, Option<String>) {
        let mut left: Vec<&Known> = self.findings.iter().collect();
        let mut spend = |same: &dyn Fn(&Known) -> bool| {
            let at = left.iter().position(|known| same(known));
            at.map(|at| left.swap_remove(at)).is_some()
        };
        let before = findings.len();
        findings.retain(|f| !spend(&|known| known.fingerprint == f.fingerprint));
        findings.retain(|f| !spend(&|known| known.move_fingerprint == f.move_fingerprint));
        let effect = PolicyEffect {
            origin: origin.to_owned(),
            says: say!("leaves out what was known before"),
            reason: None,
            hides: before - findings.len(),
            unit: Hidden::Findings,
        };
        let gone = left.len();
        let note = (gone > 0).then(|| {
            say!(
                "{gone} of the {findings} findings of the baseline are gone",
                findings = self.findings.len()
            )
        });
        (effect, note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(fingerprint: &str, moved: &str) -> Finding {
        Finding {
            fingerprint: fingerprint.to_owned(),
            move_fingerprint: moved.to_owned(),
            ..Finding::default()
        }
    }

    #[test]
    fn what_was_known_is_left_out_and_what_is_gone_is_told() {
        let before = Assessment {
            findings: vec![finding("a", "x"), finding("b", "y"), finding("c", "z")],
            ..Assessment::default()
        };
        let baseline = Baseline::parse(&Baseline::of(&before).text()).unwrap();
        // `a` stands, `b` was renamed and is there twice, `c` is gone.
        let mut now = vec![
            finding("a", "x"),
            finding("d", "y"),
            finding("e", "y"),
            finding("f", "w"),
        ];
        let (effect, note) = baseline.take(&mut now, "--baseline x");
        let left: Vec<&str> = now.iter().map(|f| f.fingerprint.as_str()).collect();
        assert_eq!((left, effect.hides), (vec!["e", "f"], 2));
        assert_eq!(
            note.as_deref(),
            Some("1 of the 3 findings of the baseline are gone")
        );
        assert!(Baseline::parse("{}").is_err());
    }
}
