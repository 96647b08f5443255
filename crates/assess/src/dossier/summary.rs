//! What leadership reads: the pattern, three stories, what is done well, what has to be decided.

use super::context::Context;
use super::means::Means;
use super::risk::Risk;
use super::surface::Surface;
use super::words::{capitalised, code, count, list};
use super::{Material, Practice};
use crate::assessment::{Finding, Level};
use casemate_ledger::verdict::Verdict;
use casemate_rules::rule::Question;
use casemate_rules::severity::Impact;
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
    /// What to do first: identifiers of risks and why.
    pub priorities: Vec<(String, String)>,
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

/// Stories that are told.
const STORIES: usize = 3;

pub(super) fn of(
    m: &Material<'_>,
    surface: &Surface,
    risks: &[Risk],
    practices: &[Practice],
    context: &Context,
    means: &Means,
) -> Summary {
    Summary {
        posture: posture(m, surface, risks),
        chapters: chapters(m),
        stories: stories(m, risks),
        good: good(m, surface, practices),
        priorities: priorities(risks),
        decisions: decisions(m, surface, risks, context, means),
    }
}

fn posture(m: &Material<'_>, surface: &Surface, risks: &[Risk]) -> Vec<String> {
    let mut out = Vec::new();
    let at = |level: Level| risks.iter().filter(|r| r.level == level).count();
    if m.findings.is_empty() {
        out.push(format!(
            "{} were applied to {} and found nothing",
            count(m.coverage.rules_applied, "rule", "rules"),
            count(m.coverage.files.assessed, "backend file", "backend files")
        ));
    } else {
        let levels: Vec<String> = Level::ALL
            .iter()
            .rev()
            .filter(|l| at(**l) > 0)
            .map(|l| format!("{} {}", at(*l), l.name()))
            .collect();
        // Many small things are no pattern beside a few grave ones.
        let grave = m.findings.iter().any(|f| f.severity.level >= Level::Medium);
        let counted = |level: Level| !grave || level >= Level::Medium;
        let mut by_rule: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for finding in m.findings.iter().filter(|f| counted(f.severity.level)) {
            by_rule
                .entry(&finding.rule)
                .or_insert((0, &finding.title))
                .0 += 1;
        }
        out.push(format!(
            "{} come from {}: {}",
            count(m.findings.len(), "finding", "findings"),
            count(risks.len(), "root cause", "root causes"),
            list(&levels, 5)
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
            out.push(format!(
                "{n} of the {} findings have one cause, “{}” at {}: one repair ends them",
                m.findings.len(),
                lower(&cause.title),
                code(&cause.place)
            ));
        } else if let Some((n, title)) = most
            && *n > 2
            && *n * 10 >= m.findings.len()
        {
            let files: BTreeSet<&str> = m
                .findings
                .iter()
                .filter(|f| f.title == **title && counted(f.severity.level))
                .map(|f| f.place.file.as_str())
                .collect();
            let few: Vec<String> = files.iter().map(|f| code(f)).collect();
            out.push(format!(
                "the pattern is “{}”: {n} of the {} places, in {}",
                lower(title),
                m.findings.len(),
                list(&few, 4)
            ));
        }
        let public = risks
            .iter()
            .filter(|r| r.level >= Level::High)
            .filter(|r| r.factors.iter().any(|f| f.starts_with("exposure public")))
            .count();
        if public > 0 {
            out.push(format!(
                "{} of level high or critical can be used by anybody, without an account",
                count(public, "root cause", "root causes")
            ));
        }
    }
    if !surface.endpoints.is_empty() {
        out.push(doors(surface));
    }
    for server in &m.coverage.unserved {
        out.push(format!(
            "no endpoint of {} was found, though {}: missing controls were not judged there",
            code(&server.unit),
            server.because()
        ));
    }
    let asked: Vec<_> = m.asked().collect();
    let of = |v: Verdict| asked.iter().filter(|r| r.verdict == v).count();
    out.push(format!(
        "of the {} requirements of ASVS 5.0 {}, Casemate decided {}: {} FAIL, {} PASS, {} N/A; {} are decided in part and {} need a person",
        asked.len(),
        m.enforced.levels_asked(),
        asked.iter().filter(|r| r.verdict.decided()).count(),
        of(Verdict::Fail),
        of(Verdict::Pass),
        of(Verdict::NotApplicable),
        of(Verdict::Partial),
        of(Verdict::Human)
    ));
    out
}

/// How many endpoints want a login, and which of those that change something want none.
fn doors(surface: &Surface) -> String {
    let [yes, no, unknown] = surface.logins;
    let mut parts: Vec<String> = [(yes, "a login"), (no, "no login")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {} {what}", wants(n)))
        .collect();
    if unknown > 0 {
        let schema = surface.endpoints.iter().any(|e| e.method == "GRAPHQL");
        parts.push(format!(
            "of {unknown} it is not known{}",
            if schema {
                ", since Casemate does not read what a GraphQL schema says about who may ask"
            } else {
                ""
            }
        ));
    }
    let mut told = format!(
        "of {}, {}",
        count(surface.endpoints.len(), "endpoint", "endpoints"),
        list(&parts, 3)
    );
    let open = surface.open_writes;
    if open > 0 {
        let entrance = match surface.entrances {
            0 => String::new(),
            n if n == open => ", for people log in, register or set a password there".to_owned(),
            n => format!(", {n} of them to log in, register or set a password"),
        };
        told.push_str(&format!(
            "; {open} of the {} that change something {} no login{entrance}",
            surface.writes,
            wants(open)
        ));
    }
    told
}

fn wants(n: usize) -> &'static str {
    if n == 1 { "wants" } else { "want" }
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
        told.push(format!(
            "{}, at {}.",
            finding.message.trim_end_matches('.'),
            code(&risk.place)
        ));
    }
    if let Some((shown, path)) = shown.and_then(|f| Some((f, f.paths.first()?))) {
        let place = format!("{}:{}", shown.place.file, shown.place.line);
        let files: BTreeSet<&str> = path.steps.iter().map(|s| s.place.file.as_str()).collect();
        let over = if files.len() > 1 {
            format!(" over {}", count(files.len(), "file", "files"))
        } else {
            String::new()
        };
        let from = path.steps.first().map_or_else(String::new, |s| {
            format!("{}:{}", s.place.file, s.place.line)
        });
        told.push(format!(
            "{} enters at {} and arrives{over} at {}, where {}.",
            code(&path.source),
            code(&from),
            code(&place),
            tail(&shown.message)
        ));
    } else {
        told.push(format!(
            "{}, at {}.",
            finding.message.trim_end_matches('.'),
            code(&risk.place)
        ));
    }
    let more = risk.findings.len().saturating_sub(1);
    if more > 0 {
        told.push(if finding.root {
            format!(
                "The same repair ends {}.",
                count(more, "more finding", "more findings")
            )
        } else {
            format!(
                "The same repair is due at {}.",
                count(more, "more place", "more places")
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
                "authentication" => "ask for a login",
                "role" => "ask for a role",
                "owner" => "look at who owns the object",
                "rate-limit" => "limit how often they may be asked",
                "csrf" => "refuse requests that another site made",
                _ => "look at what is sent and refuse some of it",
            };
            out.push(format!("{} of {asked} {} {guard}", share.yes, share.of));
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
    for row in kept.take(KEPT) {
        out.push(format!(
            "{} ({}): {}",
            lower(&row.says),
            row.id,
            match row.count {
                1 => "holds at the one place that it is about".to_owned(),
                2 => "holds at both places that it is about".to_owned(),
                n => format!(
                    "holds at all {} that it is about",
                    count(n, "place", "places")
                ),
            }
        ));
    }
    // What would cost most: two losses at least.
    let grave = |rule: &casemate_rules::rule::Rule| {
        let of = &rule.severity;
        let losses = [of.confidentiality, of.integrity, of.availability];
        losses.iter().filter(|loss| **loss == Impact::High).count() > 1
            && matches!(&rule.question, Question::Flow(q) if q.condition.is_none() && q.from.first().is_some_and(|o| o.kind.starts_with("http")))
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
        out.push(format!(
            "no way from a request was found for {}",
            list(&named, 5)
        ));
    }
    out
}

fn priorities(risks: &[Risk]) -> Vec<(String, String)> {
    risks
        .iter()
        .filter(|r| r.level >= Level::Medium && r.confidence != "low")
        .take(5)
        .map(|r| {
            let through = r
                .endpoint
                .as_ref()
                .map_or_else(String::new, |e| format!(", reached by {}", code(e)));
            let places = match r.findings.len() {
                1 => String::new(),
                n => format!(", {n} places"),
            };
            (
                r.id.clone(),
                format!("{} at {}{through}{places}", r.title, code(&r.place)),
            )
        })
        .collect()
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
            || "no timeline is stated in `casemate.toml`".to_owned(),
            |t| format!("the stated timeline is “{t}”"),
        );
        out.push(format!(
            "who repairs the {} of level high and critical, and by when: {when}",
            count(serious, "root cause", "root causes")
        ));
    }
    if let Some(missing) = means
        .hours
        .and_then(|hours| means.needed.checked_sub(hours))
        && missing > 0
    {
        out.push(format!(
            "whether about {} more are spent than are stated: *Security Recommendations* says what is left without them",
            count(missing, "hour", "hours")
        ));
    }
    let open = surface.open_to_all();
    if !open.is_empty() {
        out.push(format!(
            "whether everybody may really use {} without an account",
            list(&open, 5)
        ));
    }
    let low = for_auditors(m.findings).len();
    if low > 0 {
        out.push(format!(
            "whether an auditor is paid to look at the {} that the code alone cannot settle: the section on limits names {}",
            count(low, "finding", "findings"),
            if low == 1 { "it" } else { "them" }
        ));
    }
    for (regime, why) in &context.regimes {
        out.push(format!("whether {regime} applies: {why}"));
    }
    out
}

/// What a person may want to decide; never work for a program.
pub(super) fn suggestions(m: &Material<'_>, surface: &Surface, context: &Context) -> Vec<String> {
    let mut out = Vec::new();
    let keys: Vec<String> = context.unstated.iter().map(|(key, _)| code(key)).collect();
    if !keys.is_empty() {
        out.push(format!(
            "state {} of {} in `casemate.toml`",
            list(&keys, 5),
            m.project.name
        ));
    }
    let unknown: Vec<String> = surface
        .endpoints
        .iter()
        .filter(|e| e.writes && e.has("authentication") == "unknown")
        .map(|e| code(&e.named()))
        .collect();
    if !unknown.is_empty() {
        out.push(format!(
            "look at {}, of which Casemate cannot tell whether they want a login",
            list(&unknown, 6)
        ));
    }
    let low: Vec<String> = for_auditors(m.findings)
        .into_iter()
        .map(|f| code(&f.id))
        .collect();
    if !low.is_empty() {
        out.push(format!(
            "have an auditor look at {}: what could settle {} is not in the code",
            list(&low, 4),
            if low.len() == 1 { "it" } else { "them" }
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
        out.push(format!(
            "look whether {} {} broken, or written in a form that Casemate does not read",
            list(&partly, 4),
            if partly.len() == 1 { "is" } else { "are" }
        ));
    }
    out
}

/// What Casemate itself lacked here.
pub(super) fn lacks(m: &Material<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let unmodelled = super::context::unmodelled(m);
    if !unmodelled.is_empty() {
        let names: Vec<String> = unmodelled.iter().map(|(name, _)| code(name)).collect();
        out.push(format!(
            "models of {}: {}",
            count(unmodelled.len(), "package", "packages"),
            list(&names, 10)
        ));
    }
    for (language, n) in &m.coverage.files.without_front_end {
        out.push(format!(
            "a reader for {language} ({})",
            count(*n, "file", "files")
        ));
    }
    let human = m
        .ledger
        .iter()
        .filter(|r| r.rules.is_empty() && r.verdict == Verdict::Human)
        .count();
    out.push(format!(
        "rules for {} of ASVS 5.0 that it leaves to people",
        count(human, "requirement", "requirements")
    ));
    let compose = m.project.deployments.iter().map(|file| file.path.as_str());
    let compose: Vec<String> = compose.map(code).collect();
    if !compose.is_empty() {
        out.push(format!(
            "rules about {}: what is deployed was read off {}, and not judged",
            list(&compose, 4),
            if compose.len() == 1 { "it" } else { "them" }
        ));
    }
    out
}
