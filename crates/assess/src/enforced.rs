//! What the policy enforces: from which level a run fails, which level of ASVS is asked for, and levels of single rules.

use crate::assessment::{Factor, Finding, Hidden, Level, PolicyEffect};
use casemate_rules::near;
use casemate_say::say;
use serde::Serialize;
use std::collections::BTreeSet;

/// What `[policy]` of `casemate.toml` asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Enforced {
    /// From which level on a finding fails the run; absent: what the command says. `never` is no level.
    pub fail_on: Option<String>,
    /// Up to which level of ASVS requirements are counted and asked of people.
    pub asvs: u8,
    /// Levels that the owner gives to rules.
    pub levels: Vec<Given>,
}

impl Default for Enforced {
    fn default() -> Self {
        Self {
            fail_on: None,
            asvs: 1,
            levels: Vec::new(),
        }
    }
}

impl Enforced {
    /// The levels of ASVS that are asked for: `level 1`, `levels 1 to 2`.
    #[must_use]
    pub fn levels_asked(&self) -> String {
        match self.asvs {
            1 => say!("level 1"),
            level => say!("levels 1 to {level}"),
        }
    }
}

/// A level that the owner gives to the findings of a rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Given {
    /// The rules, by id.
    pub rules: BTreeSet<String>,
    /// As they were named.
    pub named: String,
    /// The level.
    pub level: Level,
    /// `casemate.toml:9`.
    pub origin: String,
}

/// A level by its name.
///
/// # Errors
/// There is none of this name; the nearest one is told.
pub(crate) fn level(name: &str) -> Result<Level, String> {
    let all = [
        Level::Info,
        Level::Low,
        Level::Medium,
        Level::High,
        Level::Critical,
    ];
    let found = all.into_iter().find(|level| level.name() == name);
    found.ok_or_else(|| near::unknown("level", name, &all.map(Level::name)))
}

/// The name of a level from which a run fails.
///
/// # Errors
/// It is neither a level nor `never`.
pub(crate) fn threshold(name: &str) -> Result<String, String> {
    if name == "never" {
        return Ok(name.to_owned());
    }
    level(name)
        .map(|level| level.name().to_owned())
        .map_err(|wrong| say!("{wrong} (`never`: no finding fails the run)"))
}

/// Gives findings the levels that the owner asks for; what is lowered by that is told.
pub(crate) fn apply(enforced: &Enforced, findings: &mut [Finding]) -> Vec<PolicyEffect> {
    enforced
        .levels
        .iter()
        .map(|given| {
            let mut lowered = 0;
            let theirs = findings
                .iter_mut()
                .filter(|f| given.rules.contains(&f.rule));
            for finding in theirs {
                let severity = &mut finding.severity;
                lowered += usize::from(given.level < severity.level);
                severity.factors.push(Factor {
                    name: "policy".to_owned(),
                    value: given.level.name().to_owned(),
                    evidence: say!(
                        "`{origin}` says so; by likelihood and impact it is {name}",
                        origin = given.origin,
                        name = severity.level.name()
                    ),
                });
                severity.level = given.level;
            }
            PolicyEffect {
                origin: given.origin.clone(),
                says: say!(
                    "gives {named} the level {name}",
                    named = given.named,
                    name = given.level.name()
                ),
                reason: None,
                hides: lowered,
                unit: Hidden::Levels,
            }
        })
        .collect()
}
