//! What to do, in which order, with what it takes.

use super::Material;
use super::means::{self, Fit, Means};
use super::risk::Risk;
use super::summary::lower;
use super::words::{code, count, first_sentence, list};
use crate::assessment::{Certainty, Finding, Level};
use casemate_say::{label, say, told};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What to do.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Plan {
    /// Now.
    pub immediate: Vec<Action>,
    /// Next.
    pub short_term: Vec<Action>,
    /// Later.
    pub long_term: Vec<Action>,
    /// Where three findings or more share a cause: a rule for the design.
    pub guidelines: Vec<Guideline>,
    /// What to switch on in CI.
    pub practices: Vec<String>,
    /// How the order was made.
    pub order: String,
    /// From which level on a step that is not in doubt is immediate; the second group begins a level below.
    pub from: Level,
    /// What is stated to be there for it.
    pub means: Means,
    /// How to repair each kind of weakness.
    pub guides: Vec<Guide>,
}

/// One piece of work.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Action {
    /// The rule that it satisfies.
    pub rule: String,
    /// What to do.
    pub what: String,
    /// Risks that it ends.
    pub risks: Vec<String>,
    /// Findings that it ends.
    pub findings: Vec<String>,
    /// Files to edit.
    pub files: Vec<String>,
    /// Places to edit.
    pub places: usize,
    /// `small`, `medium`, `large`: by places, and by what has to be made first.
    pub effort: String,
    /// Hours of work, estimated from the places and what has to be made first.
    pub hours: usize,
    /// Whether it fits into what is stated.
    pub fits: Fit,
    /// The worst level.
    pub level: Level,
}

/// A rule for the design.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Guideline {
    /// The rule behind it.
    pub rule: String,
    /// What is repeated, with counts.
    pub says: String,
    /// Findings.
    pub findings: Vec<String>,
}

/// How to repair one kind of weakness here; the prose stands in the assessment's rules.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Guide {
    /// The rule.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// The worst level here.
    pub level: Level,
    /// Where to edit: `file:line` and finding, the worst first.
    pub places: Vec<(String, String)>,
    /// Findings that the repair of another place ends, with that place and its rule: nothing is to be edited at them.
    pub elsewhere: Vec<Elsewhere>,
    /// The fix, placeholders filled for the worst finding; Markdown.
    pub fix: String,
    /// Other ways, Markdown.
    pub alternatives: String,
}

/// Findings that end with the repair of their cause.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Elsewhere {
    /// Where the cause stands: `file:line`.
    pub place: String,
    /// Its finding.
    pub finding: String,
    /// The rule that says how it is repaired.
    pub rule: String,
    /// The findings that end with it.
    pub ends: Vec<String>,
}

pub(super) fn of(m: &Material<'_>, risks: &[Risk]) -> Plan {
    let means = means::of(&m.stated, m.today);
    let (from, tolerated) = means::first_level(m.stated.risk_tolerance.as_deref());
    let mut order = vec![if means.hours.is_some() {
        told(means::ORDER).to_owned()
    } else {
        say!("level, then confidence, then how much has to be edited")
    }];
    order.extend(tolerated);
    let mut plan = Plan {
        order: order.join("; "),
        from,
        ..Plan::default()
    };
    let below = from.below();
    for step in actions(m, risks, from, means.hours.is_some()) {
        let group = if step.action.level >= from && step.sure {
            &mut plan.immediate
        } else if step.action.level >= below {
            &mut plan.short_term
        } else {
            &mut plan.long_term
        };
        group.push(step.action);
    }
    plan.means = means;
    let groups = [
        &mut plan.immediate,
        &mut plan.short_term,
        &mut plan.long_term,
    ];
    plan.means.fit(groups.into_iter().flatten().collect());
    plan.guidelines = guidelines(m);
    plan.practices = practices(m);
    plan.guides = guides(m);
    plan
}

/// What a repair takes besides its places.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Work {
    /// The line is put right where it stands.
    Line,
    /// A function is written first, and called at the places.
    Function,
    /// Something that users see is made, with a store of its own: a second factor, a way back to a lost password.
    Part,
}

impl Work {
    /// By the weakness.
    fn of(numbers: impl Iterator<Item = u16>) -> Self {
        let of = |number| match number {
            306 | 308 | 640 | 671 => Self::Part,
            20 | 22 | 223 | 256 | 307 | 311 | 312 | 352 | 434 | 502 | 613 | 620 | 799 | 862
            | 863 | 916 | 918 => Self::Function,
            _ => Self::Line,
        };
        numbers.map(of).max().unwrap_or(Self::Line)
    }

    /// So many places more is it worth.
    const fn lines(self) -> usize {
        match self {
            Self::Line => 0,
            Self::Function => 2,
            Self::Part => 10,
        }
    }
}

/// A step, and what its place among others depends on.
struct Step {
    action: Action,
    /// Whether its findings are not in doubt.
    sure: bool,
    /// How much risk it takes away.
    weight: usize,
}

/// One action a rule and group of confidence: the worst first, or where hours are counted what takes most risk away in one.
fn actions(m: &Material<'_>, risks: &[Risk], from: Level, by_hour: bool) -> Vec<Step> {
    let mut by: BTreeMap<(&str, bool, bool), Vec<&Risk>> = BTreeMap::new();
    for risk in risks {
        let sure = risk.confidence != "low";
        by.entry((&risk.rule, risk.level >= from, sure))
            .or_default()
            .push(risk);
    }
    let mut out: Vec<Step> = by
        .into_iter()
        .filter_map(|((rule, _, sure), risks)| {
            let first = risks.first()?;
            let findings: Vec<String> = risks.iter().flat_map(|r| r.findings.clone()).collect();
            // Where one place is the cause of others, it alone is edited.
            let roots: BTreeSet<&str> = m
                .findings
                .iter()
                .filter(|f| f.root && findings.contains(&f.id))
                .map(|f| f.cause.as_str())
                .collect();
            let edited: Vec<_> = m
                .findings
                .iter()
                .filter(|f| findings.contains(&f.id))
                .filter(|f| f.root || !roots.contains(f.cause.as_str()))
                .collect();
            let files: BTreeSet<String> = edited.iter().map(|f| f.place.file.clone()).collect();
            let places = edited.len();
            let ended = findings.len() - places;
            let also = if ended > 0 {
                say!(
                    ", which ends {findings}",
                    findings = count(ended, "more finding", "more findings")
                )
            } else {
                String::new()
            };
            let work = Work::of(edited.iter().flat_map(|f| f.cwe.first().copied()));
            let effort = match places + work.lines() {
                0..=2 => label!("small"),
                3..=10 => label!("medium"),
                _ => label!("large"),
            };
            let doubt = if sure {
                label!("Repair")
            } else {
                label!("Look at, then repair")
            };
            let files: Vec<String> = files.into_iter().collect();
            let shown: Vec<String> = files.iter().map(|f| code(f)).collect();
            let action = Action {
                what: say!(
                    "{doubt} “{title}” at {places} in {shown}{also}",
                    title = first.title,
                    places = count(places, "place", "places"),
                    shown = list(&shown, 4)
                ),
                rule: rule.to_owned(),
                risks: risks.iter().map(|r| r.id.clone()).collect(),
                level: risks.iter().map(|r| r.level).max().unwrap_or_default(),
                findings,
                files,
                places,
                effort: effort.to_owned(),
                hours: means::hours(places + work.lines()),
                fits: Fit::default(),
            };
            Some(Step {
                action,
                sure,
                weight: means::weight(&risks),
            })
        })
        .collect();
    out.sort_by(|a, b| {
        let by_level = |s: &Step| (std::cmp::Reverse(s.action.level), !s.sure, s.action.places);
        // More risk for each hour first, without a division.
        let by_hour = if by_hour {
            (b.weight * a.action.hours).cmp(&(a.weight * b.action.hours))
        } else {
            std::cmp::Ordering::Equal
        };
        by_hour
            .then_with(|| by_level(a).cmp(&by_level(b)))
            .then_with(|| a.action.rule.cmp(&b.action.rule))
    });
    out
}

fn guidelines(m: &Material<'_>) -> Vec<Guideline> {
    let mut out = Vec::new();
    let roots = m.findings.iter().filter(|f| f.root);
    let roots: BTreeSet<&str> = roots.map(|f| f.cause.as_str()).collect();
    for rule in m.rules {
        // What one line elsewhere is the cause of is no habit.
        let own = |f: &&crate::assessment::Finding| f.root || !roots.contains(f.cause.as_str());
        let of = m.findings.iter().filter(|f| f.rule == rule.id).filter(own);
        let of: Vec<_> = of.collect();
        if of.len() < 3 {
            continue;
        }
        let files: BTreeSet<String> = of.iter().map(|f| code(&f.place.file)).collect();
        let files: Vec<String> = files.into_iter().collect();
        let way = rule.section("Fix").map(first_sentence).unwrap_or_default();
        let way = if way.is_empty() {
            say!(
                "the fix under Implementation Guidance for {id}",
                id = code(&rule.id)
            )
        } else {
            lower(&way)
        };
        out.push(Guideline {
            rule: rule.id.clone(),
            says: say!(
                "“{title}” stands at {of} places, in {files}: {way}",
                title = rule.title,
                of = of.len(),
                files = list(&files, 3)
            ),
            findings: of.iter().map(|f| f.id.clone()).collect(),
        });
    }
    // What is worst first, then what is most often repeated.
    let worst = |guideline: &Guideline| {
        let theirs = m.findings.iter().filter(|f| f.rule == guideline.rule);
        theirs.map(|f| f.severity.level).max()
    };
    out.sort_by(|a, b| {
        let key = |g: &Guideline| std::cmp::Reverse((worst(g), g.findings.len()));
        (key(a), &a.rule).cmp(&(key(b), &b.rule))
    });
    out
}

/// What stops a change in CI, in every place that speaks of it: all of medium level and above, but what a baseline knows.
pub(super) fn gate(m: &Material<'_>) -> &'static str {
    if stopped(m).is_empty() {
        "casemate assess --fail-on medium"
    } else {
        "casemate assess --baseline casemate-baseline.json --fail-on medium"
    }
}

/// The findings that it would stop today.
pub(super) fn stopped<'a>(m: &'a Material<'_>) -> Vec<&'a Finding> {
    let all = m.findings.iter();
    all.filter(|f| f.severity.level >= Level::Medium).collect()
}

fn practices(m: &Material<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let sure: BTreeSet<String> = m
        .findings
        .iter()
        .filter(|f| f.confidence.level >= Certainty::Medium && f.severity.level >= Level::Medium)
        .map(|f| f.rule.clone())
        .collect();
    if !sure.is_empty() {
        let worst = |rule: &String| {
            let theirs = m.findings.iter().filter(|f| f.rule == *rule);
            std::cmp::Reverse(theirs.map(|f| f.severity.level).max())
        };
        let mut sure: Vec<&String> = sure.iter().collect();
        sure.sort_by_key(|rule| worst(rule));
        let rules: Vec<String> = sure.iter().map(|r| code(r)).collect();
        out.push(say!("let CI stop what is new: `casemate baseline` records today, and {gate} then fails on anything more; {rules} found something here with medium confidence or more", gate = code(gate(m)), rules = list(&rules, 5)));
    } else if stopped(m).is_empty() {
        out.push(say!(
            "let CI keep it so: {gate} fails on nothing today",
            gate = code(gate(m))
        ));
    } else {
        out.push(say!("let CI stop what is new: `casemate baseline` records today, the {findings} in doubt as well, and {gate} then fails on anything more", findings = count(stopped(m).len(), "finding", "findings"), gate = code(gate(m))));
    }
    let tests = m
        .coverage
        .files
        .set_aside
        .get("test")
        .copied()
        .unwrap_or_default();
    out.push(if tests == 0 {
        say!("write the first tests: no test file was seen, so nothing holds a repair in place")
    } else {
        say!(
            "put a test beside each repair, where the {files} already are",
            files = count(tests, "test file", "test files")
        )
    });
    out
}

/// The other finding whose repair ends this one, where there is one.
fn root_of<'a>(m: &'a Material<'_>, finding: &Finding) -> Option<&'a Finding> {
    let mut all = m.findings.iter();
    all.find(|f| f.root && f.cause == finding.cause && f.id != finding.id)
        .filter(|_| !finding.root)
}

fn place(finding: &Finding) -> String {
    format!("{}:{}", finding.place.file, finding.place.line)
}

fn elsewhere(m: &Material<'_>, of: &[&Finding]) -> Vec<Elsewhere> {
    let mut out: Vec<Elsewhere> = Vec::new();
    for finding in of {
        let Some(root) = root_of(m, finding) else {
            continue;
        };
        match out.iter_mut().find(|e| e.finding == root.id) {
            Some(known) => known.ends.push(finding.id.clone()),
            None => out.push(Elsewhere {
                place: place(root),
                finding: root.id.clone(),
                rule: root.rule.clone(),
                ends: vec![finding.id.clone()],
            }),
        }
    }
    out
}

fn guides(m: &Material<'_>) -> Vec<Guide> {
    let mut out: Vec<Guide> = m
        .rules
        .iter()
        .filter_map(|rule| {
            let of: Vec<_> = m.findings.iter().filter(|f| f.rule == rule.id).collect();
            let first = of.first()?;
            let own = |f: &&&Finding| root_of(m, f).is_none();
            // What is repaired at its cause does not make the places that are left any worse.
            let left = of.iter().filter(own).map(|f| f.severity.level).max();
            Some(Guide {
                rule: rule.id.clone(),
                title: rule.title.clone(),
                level: left.unwrap_or(first.severity.level),
                places: of
                    .iter()
                    .filter(own)
                    .map(|f| (place(f), f.id.clone()))
                    .collect(),
                elsewhere: elsewhere(m, &of),
                fix: first.fix.clone(),
                alternatives: first.alternatives.clone(),
            })
        })
        .collect();
    out.sort_by(|a, b| {
        (std::cmp::Reverse(a.level), &a.rule).cmp(&(std::cmp::Reverse(b.level), &b.rule))
    });
    out
}
