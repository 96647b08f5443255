//! Findings for what the code does otherwise than decided, and the evidence for verdicts.

use super::question::{self, Drift};
use super::seen::{self, Known};
use super::{NAME, Told};
use crate::assessment::{Certainty, Confidence, Factor, Finding, Path, Place, Severity, Step};
use crate::config::Config;
use crate::findings::{self, Maker};
use crate::fingerprint::{self, Identity};
use crate::line_hash;
use crate::policy::Policy;
use crate::snippet;
use casemate_flow::result::Site;
use casemate_ledger::Inventory;
use casemate_ledger::judge::Decided;
use casemate_rules::matching::Applied;
use casemate_rules::rule::{Fill, Heading, Question, Rule};
use casemate_rules::severity::{self, Circumstances, Exposure};
use casemate_say::say;
use std::collections::BTreeMap;

/// What came of holding the decisions against the code.
#[derive(Default)]
pub(crate) struct Made {
    /// What differs.
    pub findings: Vec<Finding>,
    /// For verdicts, by rule.
    pub by_rule: BTreeMap<String, Decided>,
    /// For reports.
    pub told: Told,
}

/// Answers the rules that were applied and ask about decisions.
pub(crate) fn of(
    maker: &Maker<'_>,
    inventory: &Inventory,
    policy: &Policy,
    config: &Config,
    applied: &Applied,
) -> Made {
    let decisions = &policy.decisions;
    let seen = seen::of(
        &Known {
            project: maker.project,
            linked: maker.linked,
            analysis: maker.analysis,
            inventory,
        },
        decisions,
    );
    let place = |site: Site| {
        let place = maker.place(site, false).unwrap_or_default();
        format!("{}:{}", place.file, place.line)
    };
    let unsigned = decisions.unsigned(config.today.as_deref());
    let signed = decisions.signed.as_ref().filter(|_| unsigned.is_none());
    let signed = signed.map(|s| (s.by.clone(), s.on.clone()));
    let mut made = Made {
        told: Told {
            file: decisions.there.then(|| NAME.to_owned()),
            signed: signed.clone(),
            unsigned: unsigned.clone().filter(|_| decisions.there),
            topics: seen.told(&place, decisions),
        },
        ..Made::default()
    };
    if !decisions.there {
        return made;
    }
    let mut ordinals = BTreeMap::new();
    for rule in maker.knowledge.catalogue.rules() {
        let Question::Decision(asked) = &rule.question else {
            continue;
        };
        if !applied.tallies.contains_key(&rule.id) {
            continue;
        }
        let mut decided = Decided {
            file: NAME.to_owned(),
            signed: signed.clone(),
            unsigned: unsigned.clone(),
            ..Decided::default()
        };
        for name in &asked.about {
            let answer = question::ask(name, decisions, &seen);
            decided.spoken |= answer.spoken;
            decided.kept += answer.kept;
            decided.open += answer.open;
            decided
                .places
                .extend(answer.lines.iter().map(|line| format!("{NAME}:{line}")));
            // What nobody has signed is held against nobody.
            if signed.is_some() {
                for drift in &answer.drifts {
                    let found = finding(maker, policy, rule, drift, &mut ordinals);
                    made.findings.extend(found);
                }
            }
        }
        decided.places.sort();
        decided.places.dedup();
        made.by_rule.insert(rule.id.clone(), decided);
    }
    made
}

fn finding(
    maker: &Maker<'_>,
    policy: &Policy,
    rule: &Rule,
    drift: &Drift,
    ordinals: &mut BTreeMap<[String; 3], usize>,
) -> Option<Finding> {
    let decision = drift.line.map(|line| in_file(policy, line));
    let code = drift.site.and_then(|site| maker.place(site, false));
    let place = code.clone().or_else(|| decision.clone())?;
    let fill = Fill {
        file: Some(&place.file),
        ..Fill::default()
    };
    let score = severity::score(
        &rule.severity,
        &Circumstances {
            sinks: &[],
            exposure: Exposure::Always,
            account: false,
            evidence: None,
            data: &[],
            internal: None,
        },
    );
    let identity = Identity {
        rule: &rule.id,
        file: &place.file,
        symbol: &drift.key,
        text: "",
    };
    let key = [rule.id.clone(), place.file.clone(), drift.key.clone()];
    let next = ordinals.entry(key).or_default();
    let ordinal = *next;
    *next += 1;
    let fingerprint = identity.fingerprint(ordinal);
    let steps = decision.zip(code).map(|(decision, code)| {
        vec![
            Step {
                place: decision,
                text: say!("it is decided here"),
            },
            Step {
                place: code,
                text: say!("the code does this"),
            },
        ]
    });
    Some(Finding {
        id: format!("{}@{}", rule.id, fingerprint.get(..8).unwrap_or_default()),
        move_fingerprint: identity.move_fingerprint(ordinal),
        cause: fingerprint::digest(&[&rule.id, NAME]),
        fingerprint,
        rule: rule.id.clone(),
        title: rule.title.clone(),
        message: drift.says.clone(),
        severity: Severity {
            level: findings::level(score.level),
            likelihood: score.likelihood.name().to_owned(),
            impact: score.damage.name().to_owned(),
            factors: score
                .factors
                .into_iter()
                .map(|f| Factor {
                    name: f.name.to_owned(),
                    value: f.value,
                    evidence: f.evidence,
                })
                .collect(),
        },
        cvss: score.vector.to_string(),
        confidence: Confidence {
            level: Certainty::High,
            reasons: Vec::new(),
        },
        line_hash: hash(maker, policy, drift.site, &place),
        paths: steps
            .map(|steps| Path {
                source: NAME.to_owned(),
                kind: "decision".to_owned(),
                steps,
            })
            .into_iter()
            .collect(),
        fix: rule.prose(Heading::Fix, &fill).unwrap_or_default(),
        alternatives: rule.prose(Heading::Alternatives, &fill).unwrap_or_default(),
        cwe: rule.cwe.clone(),
        asvs: rule.asvs.clone(),
        owasp: rule.owasp.clone(),
        place,
        ..Finding::default()
    })
}

fn hash(maker: &Maker<'_>, policy: &Policy, site: Option<Site>, place: &Place) -> String {
    let lines = match site {
        Some(site) => maker
            .file(site)
            .map_or_else(Vec::new, |f| line_hash::of_lines(&f.text)),
        None => line_hash::of_lines(&policy.decisions.text),
    };
    let line = lines.get((place.line as usize).saturating_sub(1));
    line.cloned().unwrap_or_default()
}

/// A line of the file of decisions.
fn in_file(policy: &Policy, line: u32) -> Place {
    let text = policy
        .decisions
        .text
        .lines()
        .nth((line as usize).saturating_sub(1));
    let text = text.unwrap_or_default();
    let width = u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
    Place {
        file: NAME.to_owned(),
        line,
        column: 1,
        end_line: line,
        end_column: width.saturating_add(1),
        snippet: snippet::of_line(text, false),
    }
}
