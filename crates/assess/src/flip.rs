//! Which requirements Casemate decides, shown by the cases of its rules: one that breaks a requirement, and the same one
//! changed so that it holds: PASS, or ATTESTED where a decision of an owner is asked for.

use crate::case;
use crate::error::Error;
use crate::knowledge::Knowledge;
use crate::pool;
use casemate_ledger::standard;
use casemate_ledger::verdict::Verdict;
use casemate_rules::example::{Case, Variant};
use casemate_rules::rule::Rule;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A requirement that one case turns from FAIL to PASS or ATTESTED.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Flip {
    /// `v5.0.0-1.2.4`.
    pub requirement: String,
    /// The rule.
    pub rule: String,
    /// The case.
    pub case: String,
    /// It holds because an owner has signed a decision, which the code does not contradict.
    pub attested: bool,
}

/// How much of a standard is decided.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Share {
    /// Requirements with at least one flip.
    pub decided: usize,
    /// All.
    pub of: usize,
}

/// What the rules decide.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reach {
    /// All flips, sorted.
    pub flips: Vec<Flip>,
    /// By level, from 1.
    pub levels: [Share; 3],
    /// By chapter, in the standard's order.
    pub chapters: Vec<(String, Share)>,
    /// Of all these, the ones that need decisions that an owner has signed.
    pub attested: usize,
    /// What rules say they decide and no case shows.
    pub unproven: Vec<String>,
}

/// Runs the cases of all rules that decide something.
///
/// # Errors
/// The system gives no threads.
pub fn reach(knowledge: &Knowledge) -> Result<Reach, Error> {
    let deciding: Vec<&Rule> = knowledge
        .catalogue
        .rules()
        .filter(|rule| !rule.decides.is_empty())
        .collect();
    let cases: Vec<(&Rule, Case)> = deciding
        .iter()
        .flat_map(|rule| rule.cases().into_iter().map(|case| (*rule, case)))
        .collect();
    let judged = pool::run(None, || {
        pool::map_contained(&cases, |(rule, case)| verdicts(rule, case, knowledge))
    })?;
    let mut seen: BTreeMap<(String, String, String), BTreeSet<Verdict>> = BTreeMap::new();
    for ((rule, case), verdicts) in cases.iter().zip(judged) {
        for (id, verdict) in verdicts.unwrap_or_default() {
            // A case fails where it is the vulnerable variant, and holds in the others.
            if (verdict == Verdict::Fail) == (case.variant == Variant::Vulnerable) {
                let key = (id, rule.id.clone(), case.name.clone());
                seen.entry(key).or_default().insert(verdict);
            }
        }
    }
    let flips: Vec<Flip> = seen
        .into_iter()
        .filter(|(_, verdicts)| {
            let holds = [Verdict::Pass, Verdict::Attested];
            verdicts.contains(&Verdict::Fail) && holds.iter().any(|v| verdicts.contains(v))
        })
        .map(|((requirement, rule, case), verdicts)| Flip {
            requirement,
            rule,
            case,
            attested: verdicts.contains(&Verdict::Attested),
        })
        .collect();
    Ok(of(&flips, &deciding))
}

fn of(flips: &[Flip], deciding: &[&Rule]) -> Reach {
    let decided: BTreeSet<&str> = flips.iter().map(|f| f.requirement.as_str()).collect();
    let by_code = |id: &&&str| flips.iter().all(|f| f.requirement != **id || f.attested);
    let mut reach = Reach {
        flips: flips.to_vec(),
        attested: decided.iter().filter(by_code).count(),
        unproven: deciding
            .iter()
            .flat_map(|rule| rule.decides.iter().map(move |id| (rule, id)))
            .filter(|(rule, id)| {
                !flips
                    .iter()
                    .any(|f| f.rule == rule.id && f.requirement == **id)
            })
            .map(|(rule, id)| format!("{id} by {}", rule.id))
            .collect(),
        ..Reach::default()
    };
    for requirement in standard::all() {
        let id = format!("{}{}", standard::PREFIX, requirement.id);
        let n = usize::from(decided.contains(id.as_str()));
        let level = usize::from(requirement.level).saturating_sub(1);
        if let Some(share) = reach.levels.get_mut(level) {
            share.decided += n;
            share.of += 1;
        }
        if reach
            .chapters
            .last()
            .is_none_or(|(name, _)| name != requirement.chapter)
        {
            reach
                .chapters
                .push((requirement.chapter.to_owned(), Share::default()));
        }
        if let Some((_, share)) = reach.chapters.last_mut() {
            share.decided += n;
            share.of += 1;
        }
    }
    reach
}

fn verdicts(rule: &Rule, case: &Case, knowledge: &Knowledge) -> Vec<(String, Verdict)> {
    let Ok(assessment) = case::assessed(case, knowledge) else {
        return Vec::new();
    };
    let rows = assessment.dossier.ledger.into_iter();
    rows.filter(|row| rule.decides.contains(&row.id))
        .map(|row| (row.id, row.verdict))
        .collect()
}
