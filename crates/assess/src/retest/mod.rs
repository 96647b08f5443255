//! Tests of repairs: for a finding at an endpoint, a whole test file that fails while the flaw is there and passes once it is repaired.
//!
//! What is sent and what counts as the flaw is chosen by the rule ([`Retest`]); how a program is asked is chosen by its package
//! ([`harness`]). The text comes from `templates/`: a frame for each language, and one check for each kind. A check compares answers
//! with each other or looks for an effect of its own (a file, a connection, time); where its requests do not reach the code, it fails
//! as inconclusive and says what is missing, for a test that passes without having asked anything is worse than none.

mod harness;
mod literal;
mod request;
mod runner;
mod write;

use crate::assessment::{Endpoint, Finding, RegressionTest};
use crate::fields::Body;
use crate::trigger::{self, Read, Spoken};
use casemate_rules::rule::{Retest, Rule};
use casemate_source::Project;
use harness::Harnesses;
pub(crate) use literal::percent;
use std::collections::BTreeMap;

/// Where a request says what a finding reads.
pub(crate) struct Sent {
    /// Of whom it asks.
    pub endpoint: Endpoint,
    /// Where it says it.
    pub spoken: Spoken,
    /// Other fields of its body that come to the same place.
    pub beside: Vec<String>,
}

impl Sent {
    /// What is read first decides; the others are told beside it.
    pub(crate) fn of(endpoint: &Endpoint, reads: &[Read<'_>]) -> Option<Self> {
        let mut spoken = reads.iter().map(|read| trigger::spoken(endpoint, read));
        let first = spoken.next()??;
        let mut beside: Vec<String> = spoken
            .filter_map(|other| match other? {
                Spoken::Json(name) => name,
                _ => None,
            })
            .filter(|name| first != Spoken::Json(Some(name.clone())))
            .collect();
        beside.sort();
        beside.dedup();
        Some(Self {
            endpoint: endpoint.clone(),
            spoken: first,
            beside,
        })
    }
}

/// Writes tests for one project.
pub(crate) struct Tests<'a> {
    harnesses: Harnesses<'a>,
    frames: write::Frames,
    /// Where the program answers, as its code says it.
    port: Option<u16>,
}

impl<'a> Tests<'a> {
    /// Looks at how its programs are asked.
    pub(crate) fn of_project(project: &'a Project) -> Self {
        Self {
            harnesses: Harnesses::of(project),
            frames: write::Frames::new(),
            port: port(project),
        }
    }

    /// The test of a finding's repair, at one of the endpoints that it can be seen at. Absent where its rule is shown by no request, or too little is known of the request.
    pub(crate) fn of<'f>(
        &self,
        rule: &Rule,
        finding: &Finding,
        asked: impl Iterator<Item = &'f Endpoint>,
        sent: Option<&'f Sent>,
        body: &dyn Fn(&Endpoint) -> Option<Body>,
    ) -> Option<RegressionTest> {
        let retest = rule.retest?;
        let value = carries_value(retest);
        let spoken = sent.map(|sent| &sent.spoken).filter(|_| value);
        let known = sent.map(|sent| &sent.endpoint);
        // Of several, the first that can be asked.
        let mut asked = known.into_iter().chain(asked.filter(|_| !value));
        let (endpoint, request) = asked.find_map(|endpoint| {
            let request = request::of(endpoint, spoken, retest)?;
            Some((endpoint, request))
        })?;
        let harness = self.harnesses.at(&endpoint.file)?;
        let body = body(endpoint);
        self.frames.fill(&write::Subject {
            retest,
            finding,
            endpoint,
            request: &request,
            beside: sent.map_or(&[], |sent| sent.beside.as_slice()),
            body: body.as_ref(),
            port: self.port,
            harness,
            folder: self.harnesses.folder(&endpoint.file),
        })
    }
}

/// What stands before the number of the port that a program listens at.
const PORTS: [&str; 7] = [
    ".listen(",
    "PORT || ",
    "PORT ?? ",
    "PORT) || ",
    "'PORT', ",
    "\"PORT\", ",
    "port=",
];

/// The port that most of a project's files say; absent where none does.
fn port(project: &Project) -> Option<u16> {
    let mut found: BTreeMap<u16, usize> = BTreeMap::new();
    for file in &project.files {
        for lead in PORTS {
            for (at, _) in file.text.match_indices(lead) {
                let after = file.text.get(at + lead.len()..).unwrap_or_default();
                let number = after.trim_start_matches(['\'', '"']);
                let end = number.find(|c: char| !c.is_ascii_digit());
                let digits = number.get(..end.unwrap_or(number.len()));
                if let Some(port) = digits.and_then(|n| n.parse().ok())
                    && port >= 80
                {
                    *found.entry(port).or_default() += 1;
                }
            }
        }
    }
    let most = found
        .into_iter()
        .max_by_key(|(port, n)| (*n, std::cmp::Reverse(*port)));
    most.map(|(port, _)| port)
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
