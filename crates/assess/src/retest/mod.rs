//! Tests of repairs: for a finding at an endpoint, a whole test file that fails while the flaw is there and passes once it is repaired.
//!
//! What is sent and what counts as the flaw is chosen by the rule ([`Retest`]); how a program is asked is chosen by its package
//! ([`harness`]). The text comes from `templates/`: a frame for each language, and one check for each kind. A check compares answers
//! with each other or looks for an effect of its own (a file, a connection, time); where its requests do not reach the code, it fails
//! as inconclusive and says what is missing, for a test that passes without having asked anything is worse than none.

mod harness;
mod literal;
mod request;
mod write;

use crate::assessment::{Endpoint, Finding, RegressionTest};
use crate::trigger::Spoken;
use casemate_rules::rule::{Retest, Rule};
use casemate_source::Project;
use harness::Harnesses;

/// Where a request says what a finding reads.
pub(crate) struct Sent {
    /// Of whom it asks.
    pub endpoint: Endpoint,
    /// Where it says it.
    pub spoken: Spoken,
}

/// Writes tests for one project.
pub(crate) struct Tests<'a> {
    harnesses: Harnesses<'a>,
    frames: write::Frames,
}

impl<'a> Tests<'a> {
    /// Looks at how its programs are asked.
    pub(crate) fn of_project(project: &'a Project) -> Self {
        Self {
            harnesses: Harnesses::of(project),
            frames: write::Frames::new(),
        }
    }

    /// The test of a finding's repair. Absent where its rule is shown by no request, or too little is known of the request.
    pub(crate) fn of(
        &self,
        rule: &Rule,
        finding: &Finding,
        sent: Option<&Sent>,
    ) -> Option<RegressionTest> {
        let retest = rule.retest?;
        let value = carries_value(retest);
        let endpoint = match sent {
            Some(sent) => &sent.endpoint,
            None if value => return None,
            None => finding.endpoints.first()?,
        };
        let spoken = sent.map(|sent| &sent.spoken).filter(|_| value);
        let request = request::of(endpoint, spoken, retest)?;
        let harness = self.harnesses.at(&endpoint.file)?;
        self.frames.fill(&write::Subject {
            retest,
            finding,
            endpoint,
            request: &request,
            harness,
            folder: self.harnesses.folder(&endpoint.file),
        })
    }
}

/// Whether a test sends a value where the finding reads one.
fn carries_value(retest: Retest) -> bool {
    !matches!(
        retest,
        Retest::Login
            | Retest::Role
            | Retest::Owner
            | Retest::CrossSite
            | Retest::Limit
            | Retest::Field
            | Retest::Get
            | Retest::Origin
    )
}
