//! The verdict on each requirement, from what the rules found and what the program uses.

use crate::conflict;
use crate::feature::{self, Sign};
use crate::inventory::Inventory;
use crate::standard::{self, PREFIX, Requirement};
use crate::verdict::{PLACES, Row, Verdict, Worksheet};
use casemate_flow::result::Site;
use casemate_model::kind::Kinds;
use casemate_rules::catalogue::Catalogue;
use casemate_rules::rule::{Question, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// A place that a rule found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The finding's id.
    pub id: String,
    /// Whether its confidence is more than low.
    pub sure: bool,
}

/// What became of one rule.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Its findings, before any policy.
    pub found: Vec<Found>,
    /// Places that could not be decided.
    pub unknown: BTreeSet<Site>,
}

/// What came of holding an owner's decisions against the code, for one rule.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decided {
    /// The file.
    pub file: String,
    /// Who signed it and when.
    pub signed: Option<(String, String)>,
    /// Why nobody has, as a phrase.
    pub unsigned: Option<String>,
    /// The file speaks of it.
    pub spoken: bool,
    /// Things that are as decided.
    pub kept: usize,
    /// Things that the code does not tell.
    pub open: usize,
    /// The entries, as `file:line`.
    pub places: Vec<String>,
}

/// All that verdicts are made from.
pub struct Evidence<'a> {
    /// The rules.
    pub catalogue: &'a Catalogue,
    /// The kinds, for their words.
    pub kinds: &'a Kinds,
    /// By rule, for those that were applied.
    pub outcomes: &'a BTreeMap<String, Outcome>,
    /// What the program uses.
    pub inventory: &'a Inventory,
    /// Packages that manifests name.
    pub declared: &'a BTreeSet<String>,
    /// Manifests that were read.
    pub manifests: usize,
    /// Languages of the files.
    pub languages: &'a BTreeSet<String>,
    /// Files that were read.
    pub files: usize,
    /// Code that was not understood whole, and files that could not be read.
    pub broken: &'a [String],
    /// Templates that were not understood whole.
    pub broken_templates: &'a [String],
    /// Ways through the program that were given up at a limit or at calls that are not resolved.
    pub cut: usize,
    /// Endpoints.
    pub endpoints: usize,
    /// Registrations of endpoints of which something is not known.
    pub unresolved: usize,
    /// Which standard is followed where two ask for opposite things: one of [`conflict::PROFILES`].
    pub profile: &'a str,
    /// By rule about decisions, where there is a file of them.
    pub decided: &'a BTreeMap<String, Decided>,
    /// Turns a place into `file:line`.
    pub place: &'a dyn Fn(Site) -> String,
}

/// One row for each requirement.
#[must_use]
pub fn all(evidence: &Evidence<'_>) -> Vec<Row> {
    let signs: BTreeMap<&str, Sign> = feature::all()
        .iter()
        .map(|(name, feature)| {
            let sign = feature.seen(evidence.inventory, evidence.declared, evidence.languages);
            (name.as_str(), sign)
        })
        .collect();
    standard::all()
        .iter()
        .map(|requirement| {
            let judge = Judge {
                evidence,
                requirement,
                sign: signs.get(requirement.only_with),
            };
            judge.row()
        })
        .collect()
}

struct Judge<'a> {
    evidence: &'a Evidence<'a>,
    requirement: &'a Requirement,
    sign: Option<&'a Sign>,
}

impl<'a> Judge<'a> {
    fn row(&self) -> Row {
        let id = format!("{PREFIX}{}", self.requirement.id);
        let rules: Vec<&Rule> = self
            .evidence
            .catalogue
            .rules()
            .filter(|r| r.asvs.contains(&id) && self.evidence.outcomes.contains_key(&r.id))
            .collect();
        let row = Row {
            id,
            level: self.requirement.level,
            chapter: self.requirement.chapter.to_owned(),
            says: self.requirement.says.to_owned(),
            rules: rules.iter().map(|r| r.id.clone()).collect(),
            ..Row::default()
        };
        let judged = self
            .given_up(&row.id)
            .or_else(|| self.failed(&rules))
            .or_else(|| self.absent())
            .or_else(|| self.attested(&rules, &row.id))
            .or_else(|| self.enumerated(&rules, &row.id))
            .unwrap_or_else(|| self.open(&rules));
        let needs_person = matches!(judged.verdict, Verdict::Human | Verdict::Partial);
        Row {
            verdict: judged.verdict,
            because: judged.because,
            count: judged.places.len(),
            evidence: judged.places.into_iter().take(PLACES).collect(),
            worksheet: needs_person.then(|| self.worksheet()),
            ..row
        }
    }

    /// The profile follows a standard that asks for the opposite: neither kept nor broken.
    fn given_up(&self, id: &str) -> Option<Judged> {
        let conflict = conflict::given_up(id, self.evidence.profile)?;
        Some(Judged {
            verdict: Verdict::Human,
            because: format!(
                "the profile `{}` follows {}, which asks for the opposite ({}); whoever follows both has to choose",
                conflict.profile, conflict.other, conflict.against
            ),
            places: Vec::new(),
        })
    }

    fn failed(&self, rules: &[&Rule]) -> Option<Judged> {
        let found: Vec<&Found> = self
            .outcomes(rules)
            .flat_map(|(_, outcome)| &outcome.found)
            .collect();
        if found.is_empty() {
            return None;
        }
        let sure: Vec<String> = ids(&found, true);
        let doubtful: Vec<String> = ids(&found, false);
        if sure.is_empty() {
            return Some(Judged {
                verdict: Verdict::Partial,
                because: format!(
                    "{} of low confidence may break it",
                    count(doubtful.len(), "finding", "findings")
                ),
                places: doubtful,
            });
        }
        let more = match doubtful.len() {
            0 => String::new(),
            n => format!(", and {n} more of low confidence may"),
        };
        Some(Judged {
            verdict: Verdict::Fail,
            because: format!(
                "{} {} it{more}",
                count(sure.len(), "finding", "findings"),
                if sure.len() == 1 { "breaks" } else { "break" }
            ),
            places: sure.into_iter().chain(doubtful).collect(),
        })
    }

    /// What the requirement is about does not exist.
    fn absent(&self) -> Option<Judged> {
        let feature = feature::named(self.requirement.only_with)?;
        let sign = self.sign.filter(|sign| !sign.there)?;
        let searched = self.searched();
        if !sign.unclear.is_empty() {
            return Some(Judged {
                verdict: Verdict::Partial,
                because: format!(
                    "{} was not seen in {searched}, but {} may be one",
                    feature.is,
                    count(sign.unclear.len(), "call", "calls")
                ),
                places: self.places(&sign.unclear),
            });
        }
        let broken = self.broken(matches!(self.requirement.only_with, "pages" | "rich-text"));
        let hidden = feature.endpoints && self.evidence.unresolved > 0;
        let whole = broken.is_empty() && !hidden;
        Some(Judged {
            verdict: if whole {
                Verdict::NotApplicable
            } else {
                Verdict::Partial
            },
            because: if whole {
                format!("{} is not there: none in {searched}", feature.is)
            } else if hidden {
                format!(
                    "{} was not seen in {searched}, but not all endpoints were resolved",
                    feature.is
                )
            } else {
                format!(
                    "{} was not seen in {searched}, but not all of them were understood whole",
                    feature.is
                )
            },
            places: broken,
        })
    }

    /// A signed decision says so, and nothing of the code contradicts.
    fn attested(&self, rules: &[&Rule], id: &str) -> Option<Judged> {
        let of_decisions: Vec<&&Rule> = rules
            .iter()
            .filter(|r| matches!(r.question, Question::Decision(_)))
            .filter(|r| r.decides.iter().any(|d| d == id))
            .collect();
        if of_decisions.is_empty() {
            return None;
        }
        let mut all: Vec<&Decided> = Vec::new();
        for rule in &of_decisions {
            all.extend(self.evidence.decided.get(&rule.id));
        }
        let spoken: Vec<&Decided> = all.iter().copied().filter(|d| d.spoken).collect();
        let Some(first) = spoken.first() else {
            return Some(Judged {
                verdict: Verdict::Human,
                because: all.first().map_or_else(
                    || "a decision that the owner writes down and signs: `casemate decisions init` drafts it from the code".to_owned(),
                    |d| format!("`{}` does not speak of it", d.file),
                ),
                places: Vec::new(),
            });
        };
        let kept: usize = spoken.iter().map(|d| d.kept).sum();
        let open: usize = spoken.iter().map(|d| d.open).sum();
        let places: Vec<String> = spoken.iter().flat_map(|d| d.places.clone()).collect();
        let untold = match open {
            0 => String::new(),
            n => format!("; of {n} more the code does not tell"),
        };
        let agree = format!(
            "{} as the code shows{untold}",
            count(kept, "decision is", "decisions are")
        );
        let Some((by, on)) = &first.signed else {
            let why = first.unsigned.as_deref().unwrap_or("nobody has signed it");
            return Some(Judged {
                verdict: Verdict::Partial,
                because: format!("`{}` speaks of it, and {why}", first.file),
                places,
            });
        };
        Some(Judged {
            verdict: Verdict::Attested,
            because: format!("{by} signed it on {on}: {agree}"),
            places,
        })
    }

    /// All places that the deciding rules ask about are enumerated, and none is a finding.
    fn enumerated(&self, rules: &[&Rule], id: &str) -> Option<Judged> {
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
        let asked: Vec<Asked<'_>> = deciding.iter().map(|rule| self.asked(rule)).collect();
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
        // What it is about is there, and none of the places where it would show was understood.
        let there = self
            .sign
            .is_some_and(|sign| !sign.places.is_empty() || !sign.packages.is_empty());
        let derived = asked.iter().any(|a| a.derived);
        if places.is_empty() && !endpoints && (there || derived) {
            return None;
        }
        let applications = asked.iter().map(|a| a.applications).max().unwrap_or(0);
        let mut phrases: Vec<&str> = Vec::new();
        for phrase in asked.iter().flat_map(|a| a.phrases.iter().copied()) {
            if !phrases.contains(&phrase) {
                phrases.push(phrase);
            }
        }
        let phrase = phrases.join(" · ");
        // Where something is to be reached, a way that was given up may have led there.
        let of_flows = asked.iter().any(|a| a.of_flows);
        let cut = if of_flows && !places.is_empty() {
            self.evidence.cut
        } else {
            0
        };
        let of_applications = asked.iter().any(|a| a.of_applications);
        let what = if of_applications {
            format!(
                "{} of {}",
                count(self.evidence.inventory.housed, "endpoint", "endpoints"),
                count(applications, "application", "applications")
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
        let unresolved = if endpoints {
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
        if !unclear.is_empty() || !broken.is_empty() || unresolved > 0 || cut > 0 || homeless > 0 {
            let mut why = Vec::new();
            if homeless > 0 {
                why.push(format!(
                    "{} to no application that is known",
                    count(homeless, "endpoint belongs", "endpoints belong")
                ));
            }
            if !unclear.is_empty() {
                why.push(format!(
                    "{} not understood",
                    count(unclear.len(), "place was", "places were")
                ));
            }
            if unresolved > 0 {
                why.push(format!(
                    "{} of endpoints not resolved",
                    count(unresolved, "registration was", "registrations were")
                ));
            }
            if cut > 0 {
                why.push(format!(
                    "limits of the analysis were reached {}",
                    count(cut, "time", "times")
                ));
            }
            if !broken.is_empty() {
                why.push(format!(
                    "{} not read whole",
                    count(broken.len(), "file was", "files were")
                ));
            }
            return Some(Judged {
                verdict: Verdict::Partial,
                because: format!(
                    "no violation in {what} ({phrase}), but {}",
                    why.join(" and ")
                ),
                places: self.places(&unclear).into_iter().chain(broken).collect(),
            });
        }
        let because = if places.is_empty() && !endpoints && !of_applications {
            format!(
                "nothing to break it: no place in {} ({phrase})",
                self.searched()
            )
        } else if endpoints || of_applications {
            format!("{what}, none breaks it ({phrase})")
        } else {
            format!("{0} of {0} places keep it ({phrase})", places.len())
        };
        // The code has endpoints to speak of, or the answer says nothing.
        if endpoints && self.evidence.endpoints == 0 {
            return None;
        }
        Some(Judged {
            verdict: Verdict::Pass,
            because,
            places: self.places(&places),
        })
    }

    /// Files that leave a question open: code always, templates where pages are asked about.
    fn broken(&self, pages: bool) -> Vec<String> {
        let templates = self.evidence.broken_templates.iter().filter(|_| pages);
        self.evidence
            .broken
            .iter()
            .chain(templates)
            .cloned()
            .collect()
    }

    fn open(&self, rules: &[&Rule]) -> Judged {
        let id = format!("{PREFIX}{}", self.requirement.id);
        let not_applied: Vec<String> = self
            .evidence
            .catalogue
            .rules()
            .filter(|r| r.asvs.contains(&id) && !self.evidence.outcomes.contains_key(&r.id))
            .map(|r| format!("`{}`", r.id))
            .collect();
        if rules.is_empty() && !not_applied.is_empty() {
            return Judged {
                verdict: Verdict::Human,
                because: format!(
                    "{} would look at it, and was not applied",
                    not_applied.join(", ")
                ),
                places: Vec::new(),
            };
        }
        if rules.is_empty() {
            return Judged {
                verdict: Verdict::Human,
                because: match self.requirement.by {
                    "document" => "a document of the owner, of which no section of `casemate.decisions.toml` is about".to_owned(),
                    "running system" => "shows only on the running system, which Casemate does not touch".to_owned(),
                    "configuration" => "rests on configuration of servers and containers, which Casemate does not read yet".to_owned(),
                    "dependencies" => "rests on advisories about dependencies, which Casemate does not read yet".to_owned(),
                    "schema" => "rests on the database schema, which Casemate does not read yet".to_owned(),
                    "person" => "needs judgement that no program has".to_owned(),
                    _ => "no rule of Casemate looks at it yet".to_owned(),
                },
                places: Vec::new(),
            };
        }
        let names: Vec<String> = rules.iter().map(|r| format!("`{}`", r.id)).collect();
        Judged {
            verdict: Verdict::Partial,
            because: format!(
                "{} found nothing, and {} a part of it",
                names.join(", "),
                if rules.len() == 1 { "covers" } else { "cover" }
            ),
            places: Vec::new(),
        }
    }

    fn outcomes<'r>(&'r self, rules: &'r [&Rule]) -> impl Iterator<Item = (&'r Rule, &'a Outcome)> {
        rules
            .iter()
            .filter_map(|r| Some((*r, self.evidence.outcomes.get(&r.id)?)))
    }

    fn asked<'r>(&self, rule: &'r Rule) -> Asked<'r>
    where
        'a: 'r,
    {
        let of = |space: &str, names: &'r [String]| -> Vec<&'r str> {
            let kinds = self.evidence.kinds;
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
                .map(|words| words.split([';', ':']).next().unwrap_or(words))
                .collect();
            words.dedup();
            words
        };
        match &rule.question {
            Question::Flow(question) => {
                let kinds: Vec<&str> = question.to.iter().map(String::as_str).collect();
                Asked {
                    places: self.evidence.inventory.places(&kinds),
                    unclear: self.evidence.inventory.unclear(&kinds),
                    phrases: of("sink", &question.to),
                    of_pages: question.to.iter().any(|kind| kind.starts_with("html")),
                    of_flows: true,
                    ..Asked::default()
                }
            }
            Question::Site(question) => {
                let kinds: Vec<&str> = question.at.iter().map(String::as_str).collect();
                Asked {
                    places: self.evidence.inventory.settings(&kinds),
                    unclear: BTreeSet::new(),
                    phrases: question
                        .at
                        .iter()
                        .filter_map(|name| {
                            let mut facts = self.evidence.kinds.facts();
                            let (_, fact) = facts.find(|(known, _)| known == name)?;
                            fact.doc.split([';', ':']).next()
                        })
                        .collect(),
                    ..Asked::default()
                }
            }
            Question::Model(question) if question.subject != "endpoint" => {
                let kinds = [question.subject.as_str()];
                let places = self.evidence.inventory.settings(&kinds);
                let of_applications = question.subject == "application";
                let mut facts = self.evidence.kinds.facts();
                let fact = facts.find(|(known, _)| *known == question.subject);
                Asked {
                    applications: if of_applications { places.len() } else { 0 },
                    of_applications,
                    derived: true,
                    places,
                    phrases: fact
                        .and_then(|(_, fact)| fact.doc.split([';', ':']).next())
                        .into_iter()
                        .collect(),
                    ..Asked::default()
                }
            }
            Question::Model(_) | Question::Schema(_) | Question::Decision(_) => Asked {
                of_endpoints: true,
                ..Asked::default()
            },
        }
    }

    fn searched(&self) -> String {
        let files = count(self.evidence.files, "file", "files");
        let calls = count(self.evidence.inventory.calls, "call", "calls");
        let manifests = count(self.evidence.manifests, "manifest", "manifests");
        format!("{calls} of {files} and {manifests}")
    }

    fn places(&self, sites: &BTreeSet<Site>) -> Vec<String> {
        let mut places: Vec<String> = sites.iter().map(|s| (self.evidence.place)(*s)).collect();
        places.sort();
        places.dedup();
        places
    }

    fn worksheet(&self) -> Worksheet {
        let seen: Vec<String> = self
            .sign
            .filter(|sign| sign.there)
            .map(|sign| {
                let packages = sign.packages.iter().map(|p| format!("`{p}`"));
                let places = self.places(&sign.places);
                let places = places.iter().take(4).map(|p| format!("`{p}`"));
                packages.chain(places).collect()
            })
            .unwrap_or_default();
        let seen = if seen.is_empty() {
            String::new()
        } else {
            format!("; it begins at {}", seen.join(", "))
        };
        let (look, attach) = match self.requirement.by {
            "document" => (
                "the project's written security decisions",
                "the document with its date and its owner",
            ),
            "running system" => (
                "the deployed system",
                "the commands, their answers and the date",
            ),
            "configuration" => (
                "configuration of proxy, containers and platform",
                "the lines of configuration that settle it",
            ),
            "dependencies" => (
                "lock files and the advisories about what they pin",
                "the list of packages with the date of the advisories",
            ),
            "schema" => (
                "migrations and models of the database",
                "the definitions that settle it",
            ),
            "person" => (
                "the people and the process that it is about",
                "who answered, when, and by which record",
            ),
            _ => ("the code", "the places that settle it, with file and line"),
        };
        Worksheet {
            question: format!("Does this hold: {}?", lower_first(self.requirement.says)),
            look: format!("{look}{seen}"),
            attach: attach.to_owned(),
        }
    }
}

struct Judged {
    verdict: Verdict,
    because: String,
    places: Vec<String>,
}

/// What a rule asks about.
#[derive(Default)]
struct Asked<'r> {
    places: BTreeSet<Site>,
    unclear: BTreeSet<Site>,
    phrases: Vec<&'r str>,
    of_pages: bool,
    of_flows: bool,
    of_endpoints: bool,
    of_applications: bool,
    /// Its places are patterns of code; that there is none shows nothing.
    derived: bool,
    /// Applications that are known.
    applications: usize,
}

fn ids(found: &[&Found], sure: bool) -> Vec<String> {
    let of = found.iter().filter(|f| f.sure == sure);
    of.map(|f| f.id.clone()).collect()
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    // Abbreviations stay: `HTTP`, `MAC`.
    if chars.clone().next().is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    first.to_lowercase().chain(chars).collect()
}
