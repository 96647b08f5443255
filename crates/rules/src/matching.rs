//! The catalogue is applied to what the engine found.
//!
//! One match per rule and place. A flow is a match where the kinds of source and sink are the rule's; a fact is one where the
//! rule's condition says yes. What the condition cannot decide is tallied, never dropped in silence.

use crate::catalogue::Catalogue;
use crate::condition::{self, Subject};
use crate::confidence::{self, Confidence};
use crate::rule::{Condition, FlowQuestion, Question, Rule, SiteQuestion};
use casemate_flow::result::{self, Analysis, Fact, FactValue, Flow, FlowPath, FuncId, Note, Site};
use casemate_model::expr::Tri;
use casemate_model::kind::{Kinds, Shape, SinkKind};
use casemate_say::say;
use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// A rule at a place.
#[derive(Clone, PartialEq, Debug)]
pub struct Match {
    /// The rule's id.
    pub rule: String,
    /// The sink, or the call or value that the fact is about.
    pub place: Site,
    /// The function around it.
    pub function: FuncId,
    /// What is called there, for sentences.
    pub callee: String,
    /// What was found.
    pub evidence: Evidence,
    /// How sure.
    pub confidence: Confidence,
    /// Why not surer, as sentences.
    pub reasons: Vec<String>,
    /// Nobody is known who could put an attacker's data there.
    pub doubted: bool,
}

/// What was found at a place.
#[derive(Clone, PartialEq, Debug)]
pub enum Evidence {
    /// Data of a source reaches it.
    Flow {
        /// The sink kinds that are reached, sorted.
        kinds: Vec<SinkKind>,
        /// The dangerous argument of the best path.
        argument: Site,
        /// At most [`PATHS`], best first.
        paths: Vec<FlowPath>,
    },
    /// A fact about it.
    Fact(Fact),
}

/// Paths kept per match.
pub const PATHS: usize = 5;

/// What became of one rule's question.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Places that are findings.
    pub found: u32,
    /// Places that were asked about and are not: for facts, all of them; for flows, those that a condition kept out.
    pub passed: u32,
    /// Places where the answer is not known.
    pub unknown: Vec<Site>,
    /// Where a rule says which facts it is about (`of`): their places.
    pub about: Vec<Site>,
}

/// The whole answer.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Applied {
    /// By place, then rule.
    pub matches: Vec<Match>,
    /// By rule, for every rule that was asked.
    pub tallies: BTreeMap<String, Tally>,
    /// Matches that stand behind a more exact one at the same place: their rule, the place, and the rule that is told.
    pub behind: Vec<(String, Site, String)>,
}

impl Catalogue {
    /// Applies the rules that are wanted. Rules about the schema are asked elsewhere.
    #[must_use]
    pub fn apply(
        &self,
        analysis: &Analysis,
        kinds: &Kinds,
        wanted: &dyn Fn(&Rule) -> bool,
    ) -> Applied {
        let mut applied = Applied::default();
        for rule in self.rules().filter(|rule| wanted(rule)) {
            let mut tally = Tally::default();
            match &rule.question {
                Question::Flow(question) => {
                    applied
                        .matches
                        .extend(flows(rule, question, analysis, kinds, &mut tally));
                }
                Question::Site(question) => {
                    applied
                        .matches
                        .extend(facts(rule, question, analysis, kinds, &mut tally));
                }
                // The application model answers with facts.
                Question::Model(question) => {
                    let question = SiteQuestion {
                        at: vec![question.subject.clone()],
                        of: question.of.clone(),
                        condition: question.condition.clone(),
                        unless: None,
                        open: None,
                    };
                    applied
                        .matches
                        .extend(facts(rule, &question, analysis, kinds, &mut tally));
                }
                Question::Schema(_) => continue,
                // Whoever has read the decisions answers.
                Question::Decision(_) => {}
            }
            applied.tallies.insert(rule.id.clone(), tally);
        }
        applied
            .matches
            .sort_by(|a, b| (a.place, &a.rule).cmp(&(b.place, &b.rule)));
        self.keep_the_more_exact(&mut applied);
        applied
    }

    /// Two rules about one weakness at one place say the same thing twice. The surer one stays; then the one that refines
    /// the other, naming its weakness beside a more exact one; then the first in the alphabet.
    fn keep_the_more_exact(&self, applied: &mut Applied) {
        let matches = &applied.matches;
        let hidden = |index: usize, this: &Match| {
            // Matches are sorted by place, so neighbours are enough.
            let all = || matches.iter().enumerate();
            let here = |(_, other): &(usize, &Match)| other.place == this.place;
            let before = all().take(index).rev().take_while(here);
            let mut others = before.chain(all().skip(index + 1).take_while(here));
            let told = others.find(|(at, other)| {
                self.same_weakness(this, other)
                    && self.rank(other, this, *at) < self.rank(this, other, index)
            });
            told.map(|(_, other)| other.rule.clone())
        };
        let dropped: Vec<Option<String>> = matches
            .iter()
            .enumerate()
            .map(|(at, this)| hidden(at, this))
            .collect();
        let mut dropped = dropped.into_iter();
        let tallies = &mut applied.tallies;
        let behind = &mut applied.behind;
        applied.matches.retain(|this| {
            let told = dropped.next().flatten();
            let drop = told.is_some();
            behind.extend(told.map(|told| (this.rule.clone(), this.place, told)));
            if let Some(tally) = tallies.get_mut(&this.rule).filter(|_| drop) {
                tally.found = tally.found.saturating_sub(1);
            }
            !drop
        });
    }

    fn rank(&self, one: &Match, other: &Match, index: usize) -> (Reverse<Confidence>, bool, usize) {
        (
            Reverse(one.confidence),
            !self.refines(&one.rule, &other.rule),
            index,
        )
    }

    fn same_weakness(&self, a: &Match, b: &Match) -> bool {
        let same_sink = match (&a.evidence, &b.evidence) {
            (Evidence::Flow { kinds: a, .. }, Evidence::Flow { kinds: b, .. }) => {
                a.iter().all(|kind| b.contains(kind))
            }
            (Evidence::Fact(_), Evidence::Fact(_)) => true,
            _ => false,
        };
        let primary = |id: &str| self.get(id).and_then(|rule| rule.cwe.first().copied());
        let same = primary(&a.rule).is_some() && primary(&a.rule) == primary(&b.rule);
        same_sink && (same || self.refines(&a.rule, &b.rule) || self.refines(&b.rule, &a.rule))
    }

    /// Whether the first rule names the second one's weakness behind a more exact one.
    fn refines(&self, exact: &str, general: &str) -> bool {
        let (Some(exact), Some(general)) = (self.get(exact), self.get(general)) else {
            return false;
        };
        let primary = general.cwe.first();
        exact
            .cwe
            .iter()
            .skip(1)
            .any(|further| Some(further) == primary)
    }
}

fn flows(
    rule: &Rule,
    question: &FlowQuestion,
    analysis: &Analysis,
    kinds: &Kinds,
    tally: &mut Tally,
) -> Vec<Match> {
    let to = kinds
        .set_of_all(question.to.iter().map(String::as_str))
        .unwrap_or_default();
    let spared = spared_sources(question, analysis, kinds);
    let mut by_place: BTreeMap<Site, Match> = BTreeMap::new();
    for flow in analysis.flows.iter().filter(|flow| to.has(flow.kind)) {
        let values = sink_values(flow, analysis);
        let judged = flow.paths.iter().filter_map(|path| {
            let routed = routed(path, &analysis.entries);
            let mut judged = judge(rule, question, (flow, &values), (path, routed), kinds)?;
            if spared.contains(&path.source) {
                judged.verdict = Verdict::Passed;
            }
            Some((judged, path))
        });
        let mut paths: Vec<(Judgement, &FlowPath)> = judged.collect();
        if paths.is_empty() {
            continue;
        }
        if paths
            .iter()
            .all(|(judged, _)| judged.verdict == Verdict::Passed)
        {
            tally.passed += 1;
        }
        if paths.iter().any(|(judged, _)| judged.open) {
            tally.unknown.push(flow.sink);
        }
        paths.retain(|(judged, _)| judged.verdict == Verdict::Found);
        paths.sort_by_key(|(judged, _)| Reverse(judged.confidence));
        let Some((best, _)) = paths.first() else {
            continue;
        };
        let found = Match {
            rule: rule.id.clone(),
            place: flow.sink,
            function: flow.function,
            callee: flow.callee.clone(),
            confidence: best.confidence,
            reasons: best.reasons.clone(),
            doubted: best.doubted,
            evidence: Evidence::Flow {
                kinds: vec![flow.kind],
                argument: flow.argument,
                paths: paths
                    .iter()
                    .take(PATHS)
                    .map(|(_, path)| (*path).clone())
                    .collect(),
            },
        };
        match by_place.entry(flow.sink) {
            Entry::Vacant(entry) => {
                entry.insert(found);
            }
            Entry::Occupied(mut entry) => join(entry.get_mut(), found),
        }
    }
    tally.unknown.sort();
    tally.unknown.dedup();
    tally.found = u32::try_from(by_place.len()).unwrap_or(u32::MAX);
    by_place.into_values().collect()
}

/// The sources that reach a sink which makes up for what the rule is about.
fn spared_sources(question: &FlowQuestion, analysis: &Analysis, kinds: &Kinds) -> BTreeSet<Site> {
    if question.spared_by.is_empty() {
        return BTreeSet::new();
    }
    let sinks = kinds
        .set_of_all(question.spared_by.iter().map(String::as_str))
        .unwrap_or_default();
    let flows = analysis.flows.iter().filter(|flow| sinks.has(flow.kind));
    flows
        .flat_map(|flow| flow.paths.iter().map(|path| path.source))
        .collect()
}

/// What is known of a sink: its own facts, and those of rows at the same call (`parseXml` is a sink and says how it parses).
fn sink_values(flow: &Flow, analysis: &Analysis) -> Vec<(String, FactValue)> {
    // Facts are sorted by place.
    let start = analysis.facts.partition_point(|fact| fact.site < flow.sink);
    let here = analysis.facts.iter().skip(start);
    let here = here.take_while(|fact| fact.site == flow.sink);
    let of_rows = here.flat_map(|fact| fact.values.iter());
    flow.facts.iter().chain(of_rows).cloned().collect()
}

/// Two flows of one rule into one place are one match: the surer one leads.
fn join(into: &mut Match, mut other: Match) {
    if other.confidence > into.confidence {
        std::mem::swap(into, &mut other);
    }
    if let (
        Evidence::Flow { kinds, paths, .. },
        Evidence::Flow {
            kinds: more_kinds,
            paths: more,
            ..
        },
    ) = (&mut into.evidence, other.evidence)
    {
        kinds.extend(more_kinds);
        kinds.sort();
        kinds.dedup();
        for path in more {
            if paths.len() < PATHS && !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
}

/// Kinds of sources that were written earlier, by whoever.
const AT_REST: [&str; 2] = ["store", "file"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Found,
    Passed,
    Unknown,
}

/// What is held of one path or fact.
struct Judgement {
    verdict: Verdict,
    /// A condition could not be decided.
    open: bool,
    confidence: Confidence,
    reasons: Vec<String>,
    /// Nobody is known who could put an attacker's data there.
    doubted: bool,
}

impl Judgement {
    const fn new(confidence: Confidence) -> Self {
        Self {
            verdict: Verdict::Found,
            open: false,
            confidence,
            reasons: Vec::new(),
            doubted: false,
        }
    }

    fn lower(&mut self, reason: String) {
        self.confidence = self.confidence.lowered();
        self.reasons.push(reason);
    }
}

/// Whether a source is the address of the request itself, as it came, and all that lead there answer below a folder with a name:
/// what it begins with is known then.
fn routed(path: &FlowPath, entries: &[result::Entry]) -> bool {
    let last = path.text.rsplit('.').next().unwrap_or_default();
    // Routers of Express take away what they are mounted below; the others leave the address as it came.
    let whole = |entry: &result::Entry| match last {
        "originalUrl" => true,
        "path" | "url" => entry.callee.contains("koa") || entry.callee.starts_with("py:"),
        "full_path" | "get_full_path()" => true,
        _ => false,
    };
    let named = |entry: &result::Entry| {
        let path = entry.path.as_deref().unwrap_or_default();
        let first = path
            .strip_prefix('/')
            .and_then(|rest| rest.split('/').next());
        first.is_some_and(|first| {
            first.starts_with(|c: char| c.is_ascii_alphanumeric())
                && !first.contains([':', '*', '{', '<', '(', '?'])
        })
    };
    !path.entries.is_empty()
        && path.entries.iter().all(|index| {
            let entry = entries.get(*index as usize);
            entry.is_some_and(|entry| whole(entry) && named(entry))
        })
}

/// Whether a path is the rule's, and how sure; nothing where its source is none of the rule's.
fn judge(
    rule: &Rule,
    question: &FlowQuestion,
    (flow, values): (&Flow, &[(String, FactValue)]),
    (path, routed): (&FlowPath, bool),
    kinds: &Kinds,
) -> Option<Judgement> {
    let kind = kinds.source_name(path.kind);
    let covers = |name: &str| {
        kind.strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let origin = question
        .from
        .iter()
        .filter(|origin| covers(&origin.kind))
        .max_by_key(|origin| origin.kind.len())?;
    let mut judged = Judgement::new(rule.precision);
    for note in &path.notes {
        let reason = confidence::reason(*note).to_owned();
        if judged.reasons.contains(&reason) {
            continue;
        }
        judged.reasons.push(reason);
        if confidence::lowers(*note) {
            judged.confidence = judged.confidence.lowered();
        }
    }
    if let Some(cap) = origin.cap.filter(|cap| *cap < judged.confidence) {
        judged.confidence = cap;
        let what = casemate_say::told(kinds.describe("source", kind).unwrap_or(kind));
        // That a request wrote it is known, and told beside.
        if !path.notes.contains(&Note::ViaStore) {
            judged.reasons.push(say!(
                "the data is {what}, which an attacker may not control"
            ));
            judged.doubted = true;
        }
    }
    judged.doubted |= kind == "library" && path.notes.contains(&Note::WhenUnknown);
    let at_rest = AT_REST.contains(&origin.kind.as_str());
    let shared = path.notes.contains(&Note::MayAlias);
    judged.doubted |= shared;
    let guessed = shared || path.notes.contains(&Note::ViaUnknown);
    // That a request wrote what is read here is no doubt of its own: it tells whose data it is.
    let lowers = |note: &Note| *note != Note::ViaStore && confidence::lowers(*note);
    let doubtful = origin.cap == Some(Confidence::Low) && path.notes.iter().any(lowers);
    if at_rest && (guessed || doubtful) {
        // Data that may not be an attacker's, on a way that may not be one: counted, not claimed.
        judged.verdict = Verdict::Unknown;
        judged.open = true;
    }
    let shape = match path.shape {
        Shape::Structured => "structured",
        Shape::String | Shape::Text => "string",
        Shape::Number => "number",
        Shape::Bool => "bool",
        Shape::Date => "date",
        Shape::Enum => "enum",
        Shape::Declared => "declared",
    };
    let subject = Subject {
        fact: "",
        fields: &[],
        values,
        texts: vec![
            ("callee", flow.callee.as_str()),
            ("origin", kind),
            ("routed", if routed { "yes" } else { "no" }),
            ("shape", shape),
            ("sink", kinds.sink_name(flow.kind)),
            ("source", path.text.as_str()),
        ],
    };
    ask(
        question.condition.as_ref(),
        question.unless.as_ref(),
        rule.excused.as_deref(),
        &subject,
        &mut judged,
    );
    Some(judged)
}

/// Puts both conditions to a subject.
fn ask(
    wanted: Option<&Condition>,
    unless: Option<&Condition>,
    excused: Option<&str>,
    subject: &Subject<'_>,
    judged: &mut Judgement,
) {
    if let Some(wanted) = wanted {
        let answer = condition::ask(&wanted.expr, subject);
        match answer.tri {
            Tri::Yes if answer.partial => {
                judged.lower(say!(
                    "a value here may be several things, and not all of them are weak"
                ));
            }
            Tri::Yes => {}
            Tri::No => judged.verdict = Verdict::Passed,
            Tri::Unknown => {
                judged.verdict = Verdict::Unknown;
                judged.open = true;
            }
        }
    }
    if let Some(unless) = unless.filter(|_| judged.verdict == Verdict::Found) {
        let answer = condition::ask(&unless.expr, subject);
        match (answer.tri, answer.partial) {
            (Tri::Yes, false) => judged.verdict = Verdict::Passed,
            (Tri::No, _) => {}
            (Tri::Unknown, _) | (Tri::Yes, true) => {
                judged.open = true;
                let condition = condition::asked(&unless.expr, subject);
                judged.lower(match excused {
                    Some(excused) => {
                        say!("it is none where {excused}: what {condition} is here is not known")
                    }
                    None => say!(
                        "by some values of {condition} it is no weakness, and which one stands here is not known"
                    ),
                });
            }
        }
    }
}

fn facts(
    rule: &Rule,
    question: &SiteQuestion,
    analysis: &Analysis,
    kinds: &Kinds,
    tally: &mut Tally,
) -> Vec<Match> {
    let fields: BTreeMap<&str, &[String]> = kinds
        .facts()
        .map(|(name, fact)| (name, fact.fields.as_slice()))
        .collect();
    let mut by_place: BTreeMap<Site, Match> = BTreeMap::new();
    for fact in analysis
        .facts
        .iter()
        .filter(|fact| question.at.contains(&fact.fact))
    {
        let subject = Subject {
            fact: &fact.fact,
            fields: fields.get(fact.fact.as_str()).copied().unwrap_or_default(),
            values: &fact.values,
            texts: vec![("callee", fact.callee.as_str())],
        };
        if let Some(of) = &question.of {
            match condition::ask(&of.expr, &subject).tri {
                Tri::Yes => tally.about.push(fact.site),
                Tri::No => continue,
                Tri::Unknown => {}
            }
        }
        let mut judged = Judgement::new(rule.precision);
        ask(
            question.condition.as_ref(),
            question.unless.as_ref(),
            rule.excused.as_deref(),
            &subject,
            &mut judged,
        );
        if let Some(open) = &question.open
            && judged.verdict == Verdict::Passed
            && condition::ask(&open.expr, &subject).tri != Tri::No
        {
            judged.verdict = Verdict::Unknown;
            judged.open = true;
        }
        if judged.open {
            tally.unknown.push(fact.site);
        }
        match judged.verdict {
            Verdict::Passed => tally.passed += 1,
            Verdict::Unknown => {}
            Verdict::Found => {
                let found = Match {
                    rule: rule.id.clone(),
                    place: fact.site,
                    function: fact.function,
                    callee: fact.callee.clone(),
                    confidence: judged.confidence,
                    reasons: judged.reasons,
                    doubted: judged.doubted,
                    evidence: Evidence::Fact(fact.clone()),
                };
                let slot = by_place.entry(fact.site).or_insert_with(|| found.clone());
                if found.confidence > slot.confidence {
                    *slot = found;
                }
            }
        }
    }
    tally.unknown.sort();
    tally.unknown.dedup();
    tally.found = u32::try_from(by_place.len()).unwrap_or(u32::MAX);
    by_place.into_values().collect()
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
