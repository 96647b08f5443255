//! What leadership reads: the pattern, three stories, what is done well, what has to be decided.

use super::context::Context;
use super::means::Means;
use super::plan::{Action, Plan};
use super::risk::Risk;
use super::surface::Surface;
use super::words::{capitalised, code, count, grouped, list};
use super::{Material, Practice};
use crate::assessment::{Certainty, Factor, Finding, Level};
use casemate_ledger::verdict::Verdict;
use casemate_rules::rule::Question;
use casemate_rules::severity::Impact;
use casemate_say::{label, say};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What leadership reads.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Summary {
    /// Each a sentence; the first says the most.
    pub posture: Vec<String>,
    /// Requirements by chapter.
    pub chapters: Vec<Chapter>,
    /// The worst ones, as stories.
    pub stories: Vec<Story>,
    /// What is done well, counted.
    pub good: Vec<String>,
    /// What to do first, in the order of the plan: the risks that a step ends, and where it begins.
    pub priorities: Vec<(Vec<String>, String)>,
    /// What only people can decide.
    pub decisions: Vec<String>,
}

/// Requirements of one chapter.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Chapter {
    /// `V1 Encoding and Sanitization`.
    pub name: String,
    /// By verdict, in the order of `Verdict::ALL`.
    pub counts: [usize; 6],
}

/// Who does what, and what happens then.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Story {
    /// The risk.
    pub risk: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// Sentences, each with a period.
    pub told: Vec<String>,
}

/// Requirements whose places keep them, told as what is done well.
const KEPT: usize = 8;

/// Requirements that are kept by leaving a mistake out: true, and nothing to be proud of.
const NO_MERIT: [&str; 5] = ["-3.5.2", "-6.2.5", "-6.2.8", "-6.4.2", "-7.2.2"];

/// Steps that are told beforehand.
const PRIORITIES: usize = 5;

/// Stories that are told.
const STORIES: usize = 3;

pub(super) fn of(
    m: &Material<'_>,
    surface: &Surface,
    risks: &[Risk],
    practices: &[Practice],
    context: &Context,
    plan: &Plan,
) -> Summary {
    Summary {
        posture: posture(m, surface, risks),
        chapters: chapters(m),
        stories: stories(m, risks),
        good: good(m, surface, practices),
        priorities: priorities(plan, risks),
        decisions: decisions(m, surface, risks, context, &plan.means),
    }
}

fn posture(m: &Material<'_>, surface: &Surface, risks: &[Risk]) -> Vec<String> {
    let mut out = Vec::new();
    let at = |level: Level| risks.iter().filter(|r| r.level == level).count();
    if m.findings.is_empty() {
        out.push(say!(
            "{rules} were applied to {files} and found nothing",
            rules = count(m.coverage.rules_applied, "rule", "rules"),
            files = count(m.coverage.files.assessed, "backend file", "backend files")
        ));
    } else {
        let levels: Vec<String> = Level::ALL
            .iter()
            .rev()
            .filter(|l| at(**l) > 0)
            .map(|l| format!("{} {}", told_of(at(*l)), casemate_say::told(l.name())))
            .collect();
        // Many small things are no pattern beside a few grave ones.
        let grave = m.findings.iter().any(|f| f.severity.level >= Level::Medium);
        let counted = |level: Level| !grave || level >= Level::Medium;
        // Nor is what is in doubt.
        let sure = |f: &&Finding| f.confidence.level > Certainty::Low;
        let mut by_rule: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        let counted_all = m.findings.iter().filter(|f| counted(f.severity.level));
        for finding in counted_all.filter(sure) {
            by_rule
                .entry(&finding.rule)
                .or_insert((0, &finding.title))
                .0 += 1;
        }
        out.push(say!(
            "{findings} come from {causes}: {levels}",
            findings = count(m.findings.len(), "finding", "findings"),
            causes = count(risks.len(), "root cause", "root causes"),
            levels = list(&levels, 5)
        ));
        let most = by_rule
            .values()
            .max_by_key(|(n, title)| (*n, std::cmp::Reverse(*title)));
        // A habit that stands in many files is no single repair.
        let one_place = |r: &&Risk| {
            counted(r.level)
                && m.findings
                    .iter()
                    .filter(|f| r.findings.contains(&f.id))
                    .all(|f| f.root || f.severity.level >= Level::Medium || r.level > Level::Low)
        };
        let cause = risks.iter().rev().filter(one_place);
        let cause = cause.max_by_key(|r| r.findings.len());
        if let Some((cause, n)) = cause.map(|r| (r, r.findings.len()))
            && n > 2
            && most.is_none_or(|(most, _)| n * 3 >= most * 2)
        {
            out.push(say!("{n} of the {findings} findings have one cause, “{cause}” at {place}: one repair ends them", n = told_of(n), findings = told_of(m.findings.len()), cause = lower(&cause.title), place = code(&cause.place)));
        } else if let Some((n, title)) = most
            && *n > 2
            && *n * 10 >= m.findings.len()
        {
            let files: BTreeSet<&str> = m
                .findings
                .iter()
                .filter(|f| f.title == **title && counted(f.severity.level))
                .filter(sure)
                .map(|f| f.place.file.as_str())
                .collect();
            let few: Vec<String> = files.iter().map(|f| code(f)).collect();
            out.push(say!(
                "the pattern is “{lower}”: {n} of the {findings} places, in {few}",
                lower = lower(title),
                n = told_of(*n),
                findings = told_of(m.findings.len()),
                few = list(&few, 4)
            ));
        }
        let public = risks
            .iter()
            .filter(|r| r.level >= Level::High)
            .filter(|r| {
                let mut findings = m.findings.iter().filter(|f| f.id == r.finding);
                let public = |f: &Factor| f.name == "exposure" && f.value == "public";
                findings.any(|f| f.severity.factors.iter().any(public))
            })
            .count();
        if public > 0 {
            out.push(say!(
                "{causes} of level high or critical can be used by anybody, without an account",
                causes = count(public, "root cause", "root causes")
            ));
        }
    }
    if !surface.endpoints.is_empty() {
        out.push(doors(surface));
    }
    for server in &m.coverage.unserved {
        out.push(say!("no endpoint of {unit} was found, though {because}: missing controls were not judged there", unit = code(&server.unit), because = server.because()));
    }
    let asked: Vec<_> = m.asked().collect();
    let of = |v: Verdict| asked.iter().filter(|r| r.verdict == v).count();
    out.push(say!("of the {asked} requirements of ASVS 5.0 {levels_asked}, Casemate decided {decided}: {failed} FAIL, {passed} PASS, {absent} N/A; {partial} are decided in part and {human} need a person", asked = asked.len(), levels_asked = m.enforced.levels_asked(), decided = asked.iter().filter(|r| r.verdict.decided()).count(), failed = of(Verdict::Fail), passed = of(Verdict::Pass), absent = of(Verdict::NotApplicable), partial = of(Verdict::Partial), human = of(Verdict::Human)));
    out
}

/// How many endpoints want a login, and which of those that change something want none.
fn doors(surface: &Surface) -> String {
    let [yes, no, unknown] = surface.logins;
    let mut parts: Vec<String> = [(yes, label!("a login")), (no, label!("no login"))]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {} {what}", told_of(n), wants(n)))
        .collect();
    if unknown > 0 {
        let schema = surface.endpoints.iter().any(|e| e.method == "GRAPHQL");
        parts.push(say!(
            "of {unknown} it is not known{which}",
            unknown = told_of(unknown),
            which = if schema {
                label!(
                    ", since Casemate does not read what a GraphQL schema says about who may ask"
                )
            } else {
                ""
            }
        ));
    }
    let mut told = say!(
        "of {endpoints}, {parts}",
        endpoints = count(surface.endpoints.len(), "endpoint", "endpoints"),
        parts = list(&parts, 3)
    );
    let open = surface.open_writes;
    if open > 0 {
        let entrance = match surface.entrances {
            0 => String::new(),
            n if n == open => say!(", for people log in, register or set a password there"),
            n => say!(
                ", {n} of them to log in, register or set a password",
                n = told_of(n)
            ),
        };
        told.push_str(&say!(
            "; {open} of the {writes} that change something {want} no login{entrance}",
            open = told_of(open),
            writes = told_of(surface.writes),
            want = wants(open)
        ));
    }
    told
}

/// A number with its thousands apart, as [`count`] writes it.
fn told_of(n: usize) -> String {
    grouped(n as u64)
}

fn wants(n: usize) -> &'static str {
    if n == 1 {
        label!("wants")
    } else {
        label!("want")
    }
}

fn chapters(m: &Material<'_>) -> Vec<Chapter> {
    let mut out: Vec<Chapter> = Vec::new();
    for row in &m.ledger {
        if out.last().is_none_or(|c| c.name != row.chapter) {
            out.push(Chapter {
                name: row.chapter.clone(),
                ..Chapter::default()
            });
        }
        let at = Verdict::ALL.iter().position(|v| *v == row.verdict);
        if let (Some(chapter), Some(at)) = (out.last_mut(), at)
            && let Some(n) = chapter.counts.get_mut(at)
        {
            *n += 1;
        }
    }
    out
}

fn stories(m: &Material<'_>, risks: &[Risk]) -> Vec<Story> {
    let mut rules = BTreeSet::new();
    let told = |r: &&Risk| r.level >= Level::Medium && r.confidence != "low";
    risks
        .iter()
        .filter(told)
        .filter(|r| rules.insert(r.rule.clone()))
        .take(STORIES)
        .filter_map(|risk| {
            let finding = m.findings.iter().find(|f| f.id == risk.finding)?;
            Some(story(m, risk, finding))
        })
        .collect()
}

fn story(m: &Material<'_>, risk: &Risk, finding: &Finding) -> Story {
    let mut told = vec![format!("{}.", capitalised(&risk.business))];
    let cause = m.findings.iter().filter(|f| f.cause == finding.cause);
    let shown = cause.clone().find(|f| !f.paths.is_empty());
    if shown.is_some_and(|shown| shown.rule != finding.rule) {
        told.push(say!(
            "{finding}, at {place}.",
            finding = finding.message.trim_end_matches('.'),
            place = code(&risk.place)
        ));
    }
    if let Some((shown, path)) = shown.and_then(|f| Some((f, f.paths.first()?))) {
        let place = format!("{}:{}", shown.place.file, shown.place.line);
        let files: BTreeSet<&str> = path.steps.iter().map(|s| s.place.file.as_str()).collect();
        let over = if files.len() > 1 {
            say!(" over {files}", files = count(files.len(), "file", "files"))
        } else {
            String::new()
        };
        let from = path.steps.first().map_or_else(String::new, |s| {
            format!("{}:{}", s.place.file, s.place.line)
        });
        told.push(say!(
            "{source} enters at {from} and arrives{over} at {place}, where {shown}.",
            source = code(&path.source),
            from = code(&from),
            place = code(&place),
            shown = tail(&shown.message)
        ));
    } else {
        told.push(say!(
            "{finding}, at {place}.",
            finding = finding.message.trim_end_matches('.'),
            place = code(&risk.place)
        ));
    }
    let more = risk.findings.len().saturating_sub(1);
    if more > 0 {
        told.push(if finding.root {
            say!(
                "The same repair ends {findings}.",
                findings = count(more, "more finding", "more findings")
            )
        } else {
            say!(
                "The same repair is due at {places}.",
                places = count(more, "more place", "more places")
            )
        });
    }
    Story {
        risk: risk.id.clone(),
        title: risk.title.clone(),
        level: risk.level,
        told,
    }
}

/// A message begins a sentence; here it goes on with one.
fn tail(message: &str) -> String {
    lower(message)
}

pub(super) fn lower(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

fn good(m: &Material<'_>, surface: &Surface, practices: &[Practice]) -> Vec<String> {
    let mut out = Vec::new();
    for share in &surface.shares {
        let asked = share.yes + share.no + share.unknown;
        // One endpoint of a hundred that has it is no practice.
        if share.yes * 3 >= asked && share.yes > 0 {
            let guard = match share.kind.as_str() {
                "authentication" => label!("ask for a login"),
                "role" => label!("ask for a role"),
                "owner" => label!("look at who owns the object"),
                "rate-limit" => label!("limit how often they may be asked"),
                "csrf" => label!("refuse requests that another site made"),
                _ => label!("look at what is sent and refuse some of it"),
            };
            out.push(say!(
                "{yes} of {asked} {of} {guard}",
                yes = share.yes,
                of = share.of
            ));
        }
    }
    let kept = m.ledger.iter();
    let kept = kept.filter(|row| row.level == 1 && row.verdict == Verdict::Pass && row.count > 0);
    let kept = kept.filter(|row| !NO_MERIT.iter().any(|id| row.id.ends_with(id)));
    // An application that needs no such defence keeps it as well; only one that has it is praised.
    let guarded = |kind: &str| surface.shares.iter().any(|s| s.kind == kind && s.yes > 0);
    let of_guards = [("-3.5.1", "csrf"), ("-2.2.2", "validation")];
    let kept = kept.filter(|row| {
        let mut of = of_guards.iter();
        of.all(|(id, kind)| !row.id.ends_with(id) || guarded(kind))
    });
    // Nor is praised what a neighbouring finding takes half of away: sessions that a logout ends, and no time.
    let numbers: BTreeSet<u16> = m
        .findings
        .iter()
        .filter_map(|f| f.cwe.first().copied())
        .collect();
    let kept = kept.filter(|row| {
        let rules = row.rules.iter().filter_map(|rule| m.catalogue.get(rule));
        let mut own = rules.filter_map(|rule| rule.cwe.first());
        !own.any(|cwe| numbers.contains(cwe))
    });
    for row in kept.take(KEPT) {
        out.push(format!(
            "{} ({}): {}",
            lower(&row.says),
            row.id,
            match row.count {
                1 => say!("holds at the one place that it is about"),
                2 => say!("holds at both places that it is about"),
                n => say!(
                    "holds at all {places} that it is about",
                    places = count(n, "place", "places")
                ),
            }
        ));
    }
    // What would cost most: two losses at least.
    let grave = |rule: &casemate_rules::rule::Rule| {
        let of = &rule.severity;
        let losses = [of.confidentiality, of.integrity, of.availability];
        losses.iter().filter(|loss| **loss == Impact::High).count() > 1
            && matches!(&rule.question, Question::Flow(q) if q.condition.is_none() && q.spared_by.is_empty() && q.from.first().is_some_and(|o| o.kind.starts_with("http")))
    };
    // Who writes stored text into pages as it is has not mastered pages.
    let weakness = |rule: &str| m.catalogue.get(rule).and_then(|r| r.cwe.first().copied());
    let present: BTreeSet<u16> = m
        .findings
        .iter()
        .filter_map(|f| weakness(&f.rule))
        .collect();
    let absent = |p: &&Practice| weakness(&p.rule).is_none_or(|cwe| !present.contains(&cwe));
    let clean: Vec<&Practice> = practices
        .iter()
        .filter(|p| p.found == 0 && p.unknown == 0 && p.places > 0)
        .filter(absent)
        .filter(|p| m.catalogue.get(&p.rule).is_some_and(grave))
        .collect();
    if !clean.is_empty() {
        let named: Vec<String> = clean
            .iter()
            .map(|p| {
                format!(
                    "“{}” ({})",
                    lower(&p.title),
                    count(p.places, "place", "places")
                )
            })
            .collect();
        out.push(say!(
            "no way from a request was found for {named}",
            named = list(&named, 5)
        ));
    }
    out
}

fn priorities(plan: &Plan, risks: &[Risk]) -> Vec<(Vec<String>, String)> {
    let steps = plan.immediate.iter().chain(&plan.short_term);
    let first = |step: &Action| {
        let worst = risks.iter().find(|r| step.risks.contains(&r.id))?;
        if worst.level < Level::Medium || worst.confidence == "low" {
            return None;
        }
        let through = worst.endpoint.as_ref().map_or_else(String::new, |e| {
            say!(", reached by {endpoint}", endpoint = code(e))
        });
        let places = match step.findings.len() {
            1 => String::new(),
            n => say!(", {n} places"),
        };
        let what = say!(
            "{title} at {place}{through}{places}",
            title = worst.title,
            place = code(&worst.place)
        );
        Some((step.risks.clone(), what))
    };
    steps.filter_map(first).take(PRIORITIES).collect()
}

/// Findings that the code alone cannot settle, and which a person has to look at.
#[must_use]
pub fn for_auditors(findings: &[Finding]) -> Vec<&Finding> {
    let all = findings.iter();
    all.filter(|f| f.confidence.level == crate::assessment::Certainty::Low)
        .collect()
}

fn decisions(
    m: &Material<'_>,
    surface: &Surface,
    risks: &[Risk],
    context: &Context,
    means: &Means,
) -> Vec<String> {
    let mut out = Vec::new();
    let serious = risks.iter().filter(|r| r.level >= Level::High).count();
    if serious > 0 {
        let when = context.stated.timeline.as_ref().map_or_else(
            || say!("no timeline is stated in `casemate.toml`"),
            |t| say!("the stated timeline is “{t}”"),
        );
        out.push(say!(
            "who repairs the {causes} of level high and critical, and by when: {when}",
            causes = count(serious, "root cause", "root causes")
        ));
    }
    if let Some(missing) = means
        .hours
        .and_then(|hours| means.needed.checked_sub(hours))
        && missing > 0
    {
        out.push(say!("whether about {hours} more are spent than are stated: *Security Recommendations* says what is left without them", hours = count(missing, "hour", "hours")));
    }
    let open = surface.open_to_all();
    if !open.is_empty() {
        out.push(say!(
            "whether everybody may really use {open} without an account",
            open = list(&open, 5)
        ));
    }
    let low = for_auditors(m.findings).len();
    if low > 0 {
        out.push(say!("whether an auditor is paid to look at the {findings} that the code alone cannot settle: the section on limits names {which}", findings = count(low, "finding", "findings"), which = if low == 1 { label!("it") } else { label!("them") }));
    }
    for (regime, why) in &context.regimes {
        out.push(say!("whether {regime} applies: {why}"));
    }
    out
}

/// What a person may want to decide; never work for a program.
pub(super) fn suggestions(m: &Material<'_>, surface: &Surface, context: &Context) -> Vec<String> {
    let mut out = Vec::new();
    let keys: Vec<String> = context.unstated.iter().map(|(key, _)| code(key)).collect();
    if !keys.is_empty() {
        out.push(say!(
            "state {keys} of {name} in `casemate.toml`",
            keys = list(&keys, 5),
            name = m.project.name
        ));
    }
    let unknown: Vec<String> = surface
        .endpoints
        .iter()
        .filter(|e| e.writes && e.has("authentication") == "unknown" && !e.entrance)
        .map(|e| code(&e.named()))
        .collect();
    if !unknown.is_empty() {
        out.push(say!(
            "look at {unknown}, of which Casemate cannot tell whether they want a login",
            unknown = list(&unknown, 6)
        ));
    }
    let low: Vec<String> = for_auditors(m.findings)
        .into_iter()
        .map(|f| code(&f.id))
        .collect();
    if !low.is_empty() {
        out.push(say!(
            "have an auditor look at {low}: what could settle {which} is not in the code",
            low = list(&low, 4),
            which = if low.len() == 1 {
                label!("it")
            } else {
                label!("them")
            }
        ));
    }
    let partly: Vec<String> = m
        .coverage
        .files
        .partly
        .iter()
        .map(|p| code(&p.path))
        .collect();
    if !partly.is_empty() {
        out.push(say!("look whether {partly} {which} broken, or written in a form that Casemate does not read", partly = list(&partly, 4), which = if partly.len() == 1 { label!("is") } else { label!("are") }));
    }
    out
}

/// What Casemate itself lacked here.
pub(super) fn lacks(m: &Material<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let unmodelled = super::context::unmodelled(m);
    if !unmodelled.is_empty() {
        let names: Vec<String> = unmodelled.iter().map(|(name, _)| code(name)).collect();
        out.push(say!(
            "models of {packages}: {names}",
            packages = count(unmodelled.len(), "package", "packages"),
            names = list(&names, 10)
        ));
    }
    for (language, n) in &m.coverage.files.without_front_end {
        out.push(say!(
            "a reader for {language} ({files})",
            files = count(*n, "file", "files")
        ));
    }
    let human = m
        .ledger
        .iter()
        .filter(|r| r.rules.is_empty() && r.verdict == Verdict::Human)
        .count();
    out.push(say!(
        "rules for {requirements} of ASVS 5.0 that it leaves to people",
        requirements = count(human, "requirement", "requirements")
    ));
    let compose = m.project.deployments.iter().map(|file| file.path.as_str());
    let compose: Vec<String> = compose.map(code).collect();
    if !compose.is_empty() {
        out.push(say!(
            "rules about {compose}: what is deployed was read off {which}, and not judged",
            compose = list(&compose, 4),
            which = if compose.len() == 1 {
                label!("it")
            } else {
                label!("them")
            }
        ));
    }
    out
}
