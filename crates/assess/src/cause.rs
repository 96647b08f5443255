//! Findings by cause: what one repair ends is one entry for people.

use crate::assessment::{Finding, Level};
use crate::findings::{Maker, SECRET};
use crate::fingerprint;
use casemate_flow::result::{FactValue, Flow, Site};
use casemate_rules::matching::{Evidence, Match};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Script in a page, which escaping ends.
const XSS: u16 = 79;

/// Uses of one source that are one entry.
const SHARED: usize = 3;

/// Findings with one cause; never empty.
#[derive(Clone, Debug)]
pub struct Cause<'a> {
    /// The finding that stands for the cause: where the repair is made, else the most serious one.
    pub first: &'a Finding,
    /// Its other places.
    pub others: Vec<&'a Finding>,
}

impl<'a> Cause<'a> {
    /// All its findings.
    pub fn all(&self) -> impl Iterator<Item = &'a Finding> + '_ {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// The finding whose way shows best what the cause does.
    #[must_use]
    pub fn shown(&self) -> &'a Finding {
        let mut all = self.all();
        all.find(|f| !f.paths.is_empty()).unwrap_or(self.first)
    }
}

/// Groups findings, in the order of their first one.
#[must_use]
pub fn causes(findings: &[Finding]) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    let mut index: HashMap<&str, usize> = HashMap::new();
    for finding in findings {
        match index
            .get(finding.cause.as_str())
            .and_then(|at| causes.get_mut(*at))
        {
            Some(cause) if finding.root && !cause.first.root => {
                cause.others.insert(0, cause.first);
                cause.first = finding;
            }
            Some(cause) => cause.others.push(finding),
            None => {
                index.insert(&finding.cause, causes.len());
                causes.push(Cause {
                    first: finding,
                    others: Vec::new(),
                });
            }
        }
    }
    causes
}

/// Gives one cause to the findings that one repair ends.
pub(crate) fn share(maker: &Maker<'_>, made: &mut [(&Match, Finding)]) {
    places(made);
    literals(made);
    settings(maker, made);
    sources(made);
    escaping(maker, made);
}

/// Two rules that see one weakness at one place, each in its own way, are one entry.
fn places(made: &mut [(&Match, Finding)]) {
    let mut causes: FxHashMap<(Site, u16), String> = FxHashMap::default();
    made.sort_by_key(|(_, f)| std::cmp::Reverse(f.severity.level));
    for (found, finding) in made {
        if let Some(cwe) = finding.cwe.first() {
            let cause = causes.entry((found.place, *cwe));
            finding
                .cause
                .clone_from(cause.or_insert_with(|| finding.cause.clone()));
        }
    }
}

/// A secret that is written into the code, and the calls that it is given to, are one: replacing it ends them all.
fn literals(made: &mut [(&Match, Finding)]) {
    let facts = made.iter().filter_map(|(found, _)| match &found.evidence {
        Evidence::Fact(fact) if fact.fact == LITERAL => Some(&fact.values),
        _ => None,
    });
    let texts: BTreeSet<String> = facts
        .filter_map(|values| values.iter().find_map(constant))
        .map(str::to_owned)
        .collect();
    let mut causes: BTreeMap<String, String> = BTreeMap::new();
    made.sort_by_key(|(_, f)| std::cmp::Reverse(f.severity.level));
    for (found, finding) in made {
        let Evidence::Fact(fact) = &found.evidence else {
            continue;
        };
        let mut values = fact.values.iter().filter_map(constant);
        if let Some(text) = values.find(|text| texts.contains(*text)) {
            let cause = causes.entry(text.to_owned());
            finding
                .cause
                .clone_from(cause.or_insert_with(|| finding.cause.clone()));
        }
    }
}

/// The fact of a secret that is written into the code.
const LITERAL: &str = "secret.literal";

/// A constant text of a fact that is long enough to be told again by itself.
fn constant((_, value): &(String, FactValue)) -> Option<&str> {
    match value {
        FactValue::Str(text) if text.len() >= SECRET => Some(text),
        _ => None,
    }
}

/// What is no more than a setting or a habit, of low level, is put right all over a package at once.
fn settings(maker: &Maker<'_>, made: &mut [(&Match, Finding)]) {
    for (found, finding) in made {
        if matches!(found.evidence, Evidence::Fact(_))
            && finding.severity.level <= Level::Low
            && let Some(file) = maker.file(found.place)
        {
            let unit = maker.project.units.get(file.unit.index());
            let root = unit.map_or("", |unit| unit.root.as_str());
            finding.cause = fingerprint::digest(&[&finding.rule, root]);
        }
    }
}

/// One place that reads what clients send, for uses all over: the repair is made there.
fn sources(made: &mut [(&Match, Finding)]) {
    let mut by: BTreeMap<(String, Site), Vec<usize>> = BTreeMap::new();
    for (at, (found, finding)) in made.iter().enumerate() {
        if let Evidence::Flow { paths, .. } = &found.evidence
            && let Some(path) = paths.first()
        {
            let key = (finding.rule.clone(), path.source);
            by.entry(key).or_default().push(at);
        }
    }
    for shared in by.into_values().filter(|shared| shared.len() >= SHARED) {
        let cause = shared.iter().filter_map(|at| made.get(*at));
        let cause = cause
            .map(|(_, f)| f.cause.clone())
            .min()
            .unwrap_or_default();
        for at in shared {
            if let Some((_, finding)) = made.get_mut(at) {
                finding.cause.clone_from(&cause);
            }
        }
    }
}

/// Where one line switches escaping off for all templates of a package, that line is the cause of what they print.
fn escaping(maker: &Maker<'_>, made: &mut [(&Match, Finding)]) {
    let unit = |site: Site| maker.file(site).map(|file| file.unit.index());
    let unset = |flow: &&Flow| {
        let escaped = flow.facts.iter().find(|(name, _)| name == "escaped");
        matches!(escaped, Some((_, FactValue::Unknown)))
    };
    let flows = maker.analysis.flows.iter().filter(unset);
    let tags: BTreeSet<Site> = flows.map(|flow| flow.sink).collect();
    let switches = |found: &Match| matches!(&found.evidence, Evidence::Fact(fact) if matches!(fact.fact.as_str(), "autoescape" | "app.autoescape"));
    let roots: Vec<Option<usize>> = made
        .iter()
        .filter(|(found, _)| switches(found))
        .map(|(found, _)| unit(found.place))
        .collect();
    for of in &roots {
        if roots.iter().filter(|other| *other == of).count() > 1 {
            continue;
        }
        let (mut root, mut others) = (None, Vec::new());
        for (found, finding) in made.iter_mut().filter(|(m, _)| unit(m.place) == *of) {
            if switches(found) {
                root = Some(finding);
            } else if tags.contains(&found.place) && finding.cwe.first() == Some(&XSS) {
                others.push(finding);
            }
        }
        if let Some(root) = root {
            explain(root, &mut others);
        }
    }
}

/// Makes one finding the cause of others: it is as serious as the worst of them, for that is what it does.
pub(crate) fn explain(root: &mut Finding, others: &mut [&mut Finding]) {
    let serious = |f: &&mut Finding| (f.severity.level, f.confidence.level);
    let Some(worst) = others.iter().rev().max_by_key(|f| serious(f)) else {
        return;
    };
    root.root = true;
    if worst.severity.level > root.severity.level {
        root.severity = worst.severity.clone();
        root.cvss.clone_from(&worst.cvss);
    }
    root.confidence.level = root.confidence.level.max(worst.confidence.level);
    for other in others.iter() {
        for endpoint in &other.endpoints {
            if !root.endpoints.contains(endpoint) {
                root.endpoints.push(endpoint.clone());
            }
        }
    }
    root.endpoints.sort();
    for other in others {
        other.cause.clone_from(&root.cause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assessment::{Level, Severity};

    fn finding(id: &str, cause: &str, level: Level) -> Finding {
        Finding {
            id: id.into(),
            cause: cause.into(),
            severity: Severity {
                level,
                ..Severity::default()
            },
            ..Finding::default()
        }
    }

    #[test]
    fn one_repair_is_one_entry() {
        let mut root = finding("switch", "s", Level::Info);
        let mut page = finding("page", "p", Level::High);
        let mut other = finding("other", "o", Level::Medium);
        explain(&mut root, &mut [&mut page, &mut other]);
        assert_eq!(root.severity.level, Level::High);
        let findings = [page, finding("alone", "a", Level::Low), root, other];
        let causes = causes(&findings);
        let ids = |c: &Cause<'_>| c.all().map(|f| f.id.clone()).collect::<Vec<_>>();
        assert_eq!(
            causes.iter().map(ids).collect::<Vec<_>>(),
            [vec!["switch", "page", "other"], vec!["alone"]]
        );
    }
}
