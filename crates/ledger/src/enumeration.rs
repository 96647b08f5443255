//! What the rules that decide a requirement ask about, counted whole: the ground of a PASS.

use crate::feature;
use crate::judge::{Judge, Judged, count, some_of};
use crate::kin;
use crate::verdict::Verdict;
use casemate_flow::result::Site;
use casemate_rules::rule::{Question, Rule};
use casemate_say::{label, say};
use std::collections::BTreeSet;

impl Judge<'_> {
    /// All places that the deciding rules ask about are enumerated, and none is a finding.
    pub(crate) fn enumerated(&self, rules: &[&Rule], id: &str) -> Option<Judged> {
        let deciding: Vec<&&Rule> = rules
            .iter()
            .filter(|r| r.decides.iter().any(|d| d == id))
            .collect();
        let all_decide = self
            .evidence
            .catalogue
            .rules()
            .filter(|r| r.decides.iter().any(|d| d == id))
            .all(|r| self.evidence.outcomes.contains_key(&r.id));
        if deciding.is_empty() || !all_decide {
            return None;
        }
        let asked: Vec<Asked<'_>> = deciding.iter().map(|rule| asked(self, rule)).collect();
        let mut places = BTreeSet::new();
        let mut unclear = BTreeSet::new();
        for asked in &asked {
            places.extend(&asked.places);
            unclear.extend(&asked.unclear);
        }
        for (_, outcome) in self.outcomes(rules) {
            unclear.extend(&outcome.unknown);
        }
        let endpoints = asked.iter().any(|a| a.of_endpoints);
        // Endpoints of some kind: those that were not resolved may be of it.
        let of_some = asked.iter().any(|a| a.of_some);
        // What it is about is there, and none of the places where it would show was understood.
        let there = self
            .sign
            .is_some_and(|sign| !sign.places.is_empty() || !sign.packages.is_empty());
        let derived = asked.iter().any(|a| a.derived);
        let elsewhere = self.requirement.by == "configuration";
        if places.is_empty() && !endpoints && (there || derived || elsewhere) {
            return None;
        }
        let applications = asked.iter().map(|a| a.applications).max().unwrap_or(0);
        let mut phrases: Vec<&str> = Vec::new();
        for phrase in asked.iter().flat_map(|a| a.phrases.iter().copied()) {
            if !phrases.contains(&phrase) {
                phrases.push(phrase);
            }
        }
        let phrase = told(&phrases);
        // Told by names: what was searched are all of them, and files that were not read may hold more.
        let of_names = asked.iter().any(|a| a.of_names);
        let unread = if of_names { self.evidence.unread } else { 0 };
        // Where something is to be reached, a way that was given up may have led there.
        let of_flows = asked.iter().any(|a| a.of_flows);
        let cut = if of_flows && !places.is_empty() {
            self.evidence.cut
        } else {
            0
        };
        let of_applications = asked.iter().any(|a| a.of_applications);
        // Work of queues is housed as well, and is no endpoint.
        let housed = (self.evidence.inventory.housed).min(self.evidence.endpoints);
        let what = if of_applications {
            say!(
                "{endpoints} of {applications}",
                endpoints = count(housed, "endpoint", "endpoints"),
                applications = count(applications, "application", "applications")
            )
        } else if endpoints {
            count(self.evidence.endpoints, "endpoint", "endpoints")
        } else {
            count(places.len(), "place", "places")
        };
        let pages = asked.iter().any(|a| a.of_pages);
        // It is there, and no place to ask about it was found: nothing was enumerated.
        let feature = feature::named(self.requirement.only_with);
        if places.is_empty() && !endpoints && feature.is_some_and(|f| f.endpoints) {
            return None;
        }
        let broken = self.broken(pages);
        let unresolved = if endpoints || of_some {
            self.evidence.unresolved
        } else {
            0
        };
        // No application is known, so nothing is known of what it does for all its endpoints.
        if of_applications && applications == 0 {
            return None;
        }
        let homeless = if of_applications {
            let endpoints = self.evidence.endpoints;
            endpoints.saturating_sub(self.evidence.inventory.housed)
        } else {
            0
        };
        if !unclear.is_empty()
            || !broken.is_empty()
            || unresolved > 0
            || cut > 0
            || homeless > 0
            || unread > 0
        {
            // None of the places was decided, so nothing is said of a violation.
            let asked_about = if of_applications {
                applications
            } else {
                places.len()
            };
            let only_open = !endpoints
                && asked_about > 0
                && unclear.len() >= asked_about
                && (of_applications || unclear.is_superset(&places));
            let mut why = Vec::new();
            if unread > 0 {
                why.push(say!(
                    "{were} of SQL not read, where columns may be named",
                    were = count(unread, "file was", "files were")
                ));
            }
            if homeless > 0 {
                why.push(say!(
                    "{belong} to no application that is known",
                    belong = count(homeless, "endpoint belongs", "endpoints belong")
                ));
            }
            if !unclear.is_empty() {
                why.push(say!(
                    "{were} not understood",
                    were = count(unclear.len(), "place was", "places were")
                ));
            }
            if unresolved > 0 {
                why.push(say!(
                    "{were} of endpoints not resolved",
                    were = count(unresolved, "registration was", "registrations were")
                ));
            }
            if cut > 0 {
                why.push(say!(
                    "ways through the program were cut off at {limits} (named in the section on limits)",
                    limits = count(cut, "limit of the analysis", "limits of the analysis")
                ));
            }
            if !broken.is_empty() {
                why.push(say!(
                    "{were} not read whole",
                    were = count(broken.len(), "file was", "files were")
                ));
            }
            return Some(Judged {
                verdict: Verdict::Partial,
                because: if endpoints && self.evidence.endpoints == 0 {
                    say!("no endpoint is known, and {why}", why = why.join(" and "))
                } else if places.is_empty() && !endpoints && !of_applications {
                    say!(
                        "no place was seen in {searched}{phrase}, but {why}",
                        searched = self.searched(),
                        why = why.join(" and ")
                    )
                } else if only_open && of_applications {
                    say!(
                        "not decided for {applications}",
                        applications = each(
                            applications,
                            "application",
                            "applications",
                            label!("the one application")
                        )
                    )
                } else if only_open {
                    say!(
                        "not decided at {places}{phrase}",
                        places = each(places.len(), "place", "places", label!("the one place"))
                    )
                } else {
                    say!(
                        "no violation in {what}{phrase}, but {why}",
                        why = why.join(" and ")
                    )
                },
                places: self.places(&unclear).into_iter().chain(broken).collect(),
                ..Judged::default()
            });
        }
        let silent = places.is_empty() && !endpoints && !of_applications;
        if silent {
            let kinds: Vec<&str> = asked.iter().flat_map(|a| a.kinds.iter().copied()).collect();
            let open = &self.evidence.inventory.unknown;
            let kin = kin::of(&kinds, open.iter().map(String::as_str));
            if !kin.is_empty() {
                let kin: BTreeSet<&str> = kin.into_iter().map(feature::package_of).collect();
                let named = some_of(&kin);
                return Some(Judged {
                    verdict: Verdict::Partial,
                    because: say!(
                        "no place in {searched}{phrase}, but {named} may be one, and no model speaks of {which}",
                        searched = self.searched(),
                        which = if kin.len() == 1 {
                            label!("it")
                        } else {
                            label!("them")
                        }
                    ),
                    ..Judged::default()
                });
            }
        }
        let because = if silent {
            say!(
                "nothing to break it: no place in {searched}{phrase}",
                searched = self.searched()
            )
        } else if of_names {
            say!(
                "none of the {texts} in {files} tells of it{phrase}",
                texts = count(
                    self.evidence.inventory.names,
                    "name and text",
                    "names and texts"
                ),
                files = count(self.evidence.files, "file", "files")
            )
        } else if endpoints || of_applications {
            say!("{what}, none breaks it{phrase}")
        } else {
            format!(
                "{}{phrase}",
                match places.len() {
                    1 => say!("the one place does not break it"),
                    2 => say!("neither of the two places breaks it"),
                    n => say!(
                        "none of {places} breaks it",
                        places = count(n, "place", "places")
                    ),
                }
            )
        };
        // The code has endpoints to speak of, or the answer says nothing.
        if endpoints && self.evidence.endpoints == 0 {
            return None;
        }
        Some(Judged {
            verdict: Verdict::Pass,
            because,
            places: self.places(&places),
            ..Judged::default()
        })
    }
}

/// `the one place`, `any of 12 places`.
fn each(n: usize, one: &str, many: &str, only: &str) -> String {
    if n == 1 {
        only.to_owned()
    } else {
        say!("any of {many}", many = count(n, one, many))
    }
}

/// What places are about, in brackets: the first few of it. That an application is one says nothing.
fn told(phrases: &[&str]) -> String {
    let phrases: Vec<&str> = phrases
        .iter()
        .copied()
        .filter(|p| *p != label!("an application"))
        .collect();
    let shown: Vec<&str> = phrases.iter().copied().take(PHRASES).collect();
    match (shown.join(" · "), phrases.len().saturating_sub(PHRASES)) {
        (none, _) if none.is_empty() => none,
        (shown, 0) => format!(" ({shown})"),
        (shown, more) => say!(" ({shown} · and {more} more)"),
    }
}

/// Phrases for what places are about that are told.
const PHRASES: usize = 4;

impl Judge<'_> {
    /// All places that some rules ask about.
    pub(crate) fn asked_places(&self, rules: &[&Rule]) -> BTreeSet<Site> {
        rules.iter().flat_map(|r| asked(self, r).places).collect()
    }
}

/// Whether a rule asks about every endpoint.
pub(crate) fn asks_endpoints(rule: &Rule) -> bool {
    matches!(&rule.question, Question::Model(q) if q.subject == "endpoint" && q.of.is_none())
}

/// Facts that are told by the name of something alone: all names are what is searched.
const OF_NAMES: [&str; 2] = ["secret.question", "password.expiry"];

/// What one rule asks about.
fn asked<'a: 'r, 'r>(judge: &Judge<'a>, rule: &'r Rule) -> Asked<'r> {
    let of = |space: &str, names: &'r [String]| -> Vec<&'r str> {
        let kinds = judge.evidence.kinds;
        let mut words: Vec<&str> = names
            .iter()
            .flat_map(|name| {
                let one = kinds.describe(space, name);
                let children = kinds.sinks().filter(move |(_, k)| {
                    k.strip_prefix(name.as_str())
                        .is_some_and(|r| r.starts_with('.'))
                });
                let children = children.filter_map(move |(_, k)| kinds.describe(space, k));
                one.into_iter().chain(children)
            })
            .map(|words| casemate_say::told(words.split([';', ':']).next().unwrap_or(words)))
            .collect();
        words.dedup();
        words
    };
    match &rule.question {
        Question::Flow(question) => {
            let kinds: Vec<&str> = question.to.iter().map(String::as_str).collect();
            Asked {
                places: judge.evidence.inventory.places(&kinds),
                unclear: judge.evidence.inventory.unclear(&kinds),
                phrases: of("sink", &question.to),
                of_pages: question.to.iter().any(|kind| kind.starts_with("html")),
                kinds,
                of_flows: true,
                ..Asked::default()
            }
        }
        Question::Site(question) => {
            let kinds: Vec<&str> = question.at.iter().map(String::as_str).collect();
            let of_names = kinds.iter().any(|kind| OF_NAMES.contains(kind));
            let derived = kinds
                .iter()
                .all(|fact| !judge.evidence.told_by_calls.contains(fact));
            Asked {
                derived: derived || question.of.is_some(),
                of_names,
                of_some: kinds.contains(&"endpoint"),
                kinds: kinds.clone(),
                places: match &question.of {
                    Some(_) => about(judge, rule),
                    None => judge.evidence.inventory.settings(&kinds),
                },
                unclear: match &question.of {
                    Some(_) => BTreeSet::new(),
                    None => judge.evidence.inventory.unclear(&kinds),
                },
                phrases: question
                    .at
                    .iter()
                    // It marks that the question is asked at all.
                    .filter(|name| !of_names || *name != "account.policy")
                    .filter_map(|name| {
                        let mut facts = judge.evidence.kinds.facts();
                        let (_, fact) = facts.find(|(known, _)| known == name)?;
                        fact.doc.split([';', ':']).next().map(casemate_say::told)
                    })
                    .collect(),
                ..Asked::default()
            }
        }
        Question::Model(question) if question.subject != "endpoint" => {
            let kinds = [question.subject.as_str()];
            let places = match &question.of {
                Some(_) => about(judge, rule),
                None => judge.evidence.inventory.settings(&kinds),
            };
            let of_applications = question.subject == "application";
            let mut facts = judge.evidence.kinds.facts();
            let fact = facts.find(|(known, _)| *known == question.subject);
            Asked {
                applications: if of_applications { places.len() } else { 0 },
                of_applications,
                derived: true,
                places,
                phrases: fact
                    .and_then(|(_, fact)| fact.doc.split([';', ':']).next())
                    .map(casemate_say::told)
                    .into_iter()
                    .collect(),
                ..Asked::default()
            }
        }
        Question::Model(question) if question.of.is_some() => Asked {
            places: about(judge, rule),
            of_some: true,
            derived: true,
            ..Asked::default()
        },
        Question::Model(_) | Question::Schema(_) | Question::Decision(_) => Asked {
            of_endpoints: true,
            ..Asked::default()
        },
    }
}

/// The places that a rule says it is about.
fn about(judge: &Judge<'_>, rule: &Rule) -> BTreeSet<Site> {
    let outcome = judge.evidence.outcomes.get(&rule.id);
    outcome.map(|o| o.about.clone()).unwrap_or_default()
}

/// What a rule asks about.
#[derive(Default)]
struct Asked<'r> {
    /// The kinds of sinks, or the facts.
    kinds: Vec<&'r str>,
    places: BTreeSet<Site>,
    unclear: BTreeSet<Site>,
    phrases: Vec<&'r str>,
    of_pages: bool,
    of_flows: bool,
    of_endpoints: bool,
    of_some: bool,
    of_applications: bool,
    /// Its places are patterns of code; that there is none shows nothing.
    derived: bool,
    /// Whether there is such a thing is told by names alone.
    of_names: bool,
    /// Applications that are known.
    applications: usize,
}
