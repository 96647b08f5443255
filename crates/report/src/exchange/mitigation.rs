//! What stands against a threat, and what would: guards that are there, and the repairs of what leaves it open.

use super::otm::kind;
use super::{State, id, state};
use crate::text::prose::clean;
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::threat::Threat;
use casemate_assess::dossier::words::first_sentence;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One thing that makes a threat smaller.
pub(super) struct Mitigation {
    id: String,
    name: String,
    says: String,
    /// `implemented` or `required`.
    state: &'static str,
    /// In percent, of what leaves the threat open.
    share: usize,
}

impl Mitigation {
    /// As the list of the document names it.
    pub(super) fn listed(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.says,
            "riskReduction": self.share,
        })
    }

    /// As a threat refers to it.
    pub(super) fn used(&self) -> Value {
        json!({ "mitigation": self.id, "state": self.state })
    }
}

/// All of one threat: where it is guarded, the guard; where findings leave it open, the repair of each rule with its share of them.
pub(super) fn of(assessment: &Assessment, threat: &Threat) -> Vec<Mitigation> {
    let about = format!("{} {} {}", threat.boundary, threat.stride, kind(threat));
    if state(threat) == State::Mitigated {
        return vec![Mitigation {
            id: id("mitigation", &about),
            name: clean(&threat.evidence),
            says: clean(&threat.evidence),
            state: "implemented",
            share: 100,
        }];
    }
    let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &threat.findings {
        let rule = finding.split('@').next().unwrap_or(finding);
        *by_rule.entry(rule).or_default() += 1;
    }
    let repair = |(rule, findings): (&str, usize)| {
        let info = assessment.rule(rule)?;
        Some(Mitigation {
            id: id("mitigation", &format!("{about} {rule}")),
            name: clean(&info.section("Fix").map(first_sentence)?),
            says: clean(&info.title),
            state: "required",
            share: 100 * findings / threat.findings.len().max(1),
        })
    };
    by_rule.into_iter().filter_map(repair).collect()
}
