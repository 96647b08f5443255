//! Findings by cause: what one repair ends is one entry.

use casemate_assess::assessment::Finding;

/// Findings with one cause, the most serious first; never empty.
#[derive(Clone, Debug)]
pub struct Cause<'a> {
    /// The finding that stands for the cause.
    pub first: &'a Finding,
    /// Its other places.
    pub others: Vec<&'a Finding>,
}

/// Groups findings, in the order of their first one.
#[must_use]
pub fn causes(findings: &[Finding]) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    let mut index: std::collections::HashMap<(&str, &str), usize> =
        std::collections::HashMap::new();
    for finding in findings {
        let key = (finding.rule.as_str(), finding.cause.as_str());
        match index.get(&key).and_then(|at| causes.get_mut(*at)) {
            Some(cause) => cause.others.push(finding),
            None => {
                index.insert(key, causes.len());
                causes.push(Cause {
                    first: finding,
                    others: Vec::new(),
                });
            }
        }
    }
    causes
}
