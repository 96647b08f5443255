//! The verdict on each requirement, from what the rules found and what the program uses.

use crate::conflict;
use crate::enumeration::asks_endpoints;
use crate::feature::{self, Sign};
use crate::inventory::Inventory;
use crate::standard::{self, PREFIX, Requirement};
use crate::verdict::{PLACES, Row, Verdict};
use crate::worksheet;
use casemate_flow::result::Site;
use casemate_model::kind::Kinds;
use casemate_rules::catalogue::Catalogue;
use casemate_rules::rule::{Question, Rule};
use casemate_say::{label, mark, say, told};
use std::collections::{BTreeMap, BTreeSet};

/// A place that a rule found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The finding's id.
    pub id: String,
    /// Where: `file:line`.
    pub place: String,
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
    /// The places that it is about, where the rule says which of all these are.
    pub about: BTreeSet<Site>,
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
    /// Facts that models of libraries name: a call says them, so where no call does, they are not there. All others are
    /// recognised in code, and code may be written in a way that is not.
    pub told_by_calls: &'a BTreeSet<&'a str>,
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
    /// Calls in them.
    pub calls: usize,
    /// Files that may name columns and are in a language that is not read.
    pub unread: usize,
    /// Code that was not understood whole, and files that could not be read.
    pub broken: &'a [String],
    /// Templates that were not understood whole.
    pub broken_templates: &'a [String],
    /// Kinds of limits at which ways through the program were given up, or calls that are not resolved.
    pub cut: usize,
    /// How well a place is one to begin at, the best first: `file:line`.
    pub far: &'a dyn Fn(&str) -> u8,
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

pub(crate) struct Judge<'a> {
    pub(crate) evidence: &'a Evidence<'a>,
    pub(crate) requirement: &'a Requirement,
    pub(crate) sign: Option<&'a Sign>,
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
            needs: judged.needs.to_owned(),
            count: judged.places.len(),
            worksheet: needs_person.then(|| worksheet::of(self, &judged.places)),
            evidence: judged.places.into_iter().take(PLACES).collect(),
            ..row
        }
    }

    /// The profile follows a standard that asks for the opposite: neither kept nor broken.
    fn given_up(&self, id: &str) -> Option<Judged> {
        let conflict = conflict::given_up(id, self.evidence.profile)?;
        Some(Judged {
            verdict: Verdict::Human,
            because: say!(
                "the profile `{profile}` follows {other}, which asks for the opposite ({against}); whoever follows both has to choose",
                profile = conflict.profile,
                other = conflict.other,
                against = told(conflict.against)
            ),
            places: Vec::new(),
            ..Judged::default()
        })
    }

    fn failed(&self, rules: &[&Rule]) -> Option<Judged> {
        // A finding that stands for one of another rule is told once.
        let mut known = BTreeSet::new();
        let found: Vec<&Found> = self
            .outcomes(rules)
            .flat_map(|(_, outcome)| &outcome.found)
            .filter(|found| known.insert(found.id.as_str()))
            .collect();
        if found.is_empty() {
            return None;
        }
        let sure: Vec<String> = ids(&found, true);
        let doubtful: Vec<String> = ids(&found, false);
        if sure.is_empty() {
            return Some(Judged {
                verdict: Verdict::Partial,
                because: say!(
                    "{findings} of low confidence may break it, at {found}",
                    findings = count(doubtful.len(), "finding", "findings"),
                    found = at(&found, false)
                ),
                places: doubtful,
                ..Judged::default()
            });
        }
        let more = match doubtful.len() {
            0 => String::new(),
            n => say!(", and {n} more of low confidence may"),
        };
        Some(Judged {
            verdict: Verdict::Fail,
            because: say!(
                "{findings} {which} it, at {found}{more}",
                findings = count(sure.len(), "finding", "findings"),
                which = if sure.len() == 1 {
                    label!("breaks")
                } else {
                    label!("break")
                },
                found = at(&found, true)
            ),
            places: sure.into_iter().chain(doubtful).collect(),
            ..Judged::default()
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
                because: say!(
                    "{is} was not seen in {searched}, but {calls} may be one",
                    is = casemate_say::told(&feature.is),
                    calls = count(sign.unclear.len(), "call", "calls")
                ),
                places: self.places(&sign.unclear),
                ..Judged::default()
            });
        }
        let told = self.evidence.inventory.told.get(self.requirement.only_with);
        if let Some(names) = told {
            let shown = some_of(names);
            return Some(Judged {
                verdict: Verdict::Partial,
                because: say!(
                    "{is} was not seen in {searched}, but the code names {shown}",
                    is = casemate_say::told(&feature.is)
                ),
                ..Judged::default()
            });
        }
        // What no program has without a package shows in its manifests, however much of its code is read.
        let broken = if feature.packaged && self.evidence.manifests > 0 {
            Vec::new()
        } else {
            self.broken(matches!(self.requirement.only_with, "pages" | "rich-text"))
        };
        let hidden = feature.endpoints && self.evidence.unresolved > 0;
        let whole = broken.is_empty() && !hidden;
        Some(Judged {
            verdict: if whole {
                Verdict::NotApplicable
            } else {
                Verdict::Partial
            },
            because: if whole {
                say!(
                    "{is} is not there: none in {searched}",
                    is = casemate_say::told(&feature.is)
                )
            } else if hidden {
                say!(
                    "{is} was not seen in {searched}, but not all endpoints were resolved",
                    is = casemate_say::told(&feature.is)
                )
            } else {
                say!(
                    "{is} was not seen in {searched}, but not all of them were understood whole",
                    is = casemate_say::told(&feature.is)
                )
            },
            places: broken,
            ..Judged::default()
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
            return Some(all.first().map_or_else(
                || Judged::needing("decision"),
                |d| Judged {
                    because: say!("`{file}` does not speak of it", file = d.file),
                    ..Judged::default()
                },
            ));
        };
        let kept: usize = spoken.iter().map(|d| d.kept).sum();
        let open: usize = spoken.iter().map(|d| d.open).sum();
        let places: Vec<String> = spoken.iter().flat_map(|d| d.places.clone()).collect();
        let untold = match open {
            0 => String::new(),
            n => say!("; of {n} more the code does not tell"),
        };
        let agree = say!(
            "{are} as the code shows{untold}",
            are = count(kept, "decision is", "decisions are")
        );
        let Some((by, on)) = &first.signed else {
            let why = first
                .unsigned
                .as_deref()
                .unwrap_or(label!("nobody has signed it"));
            return Some(Judged {
                verdict: Verdict::Partial,
                because: say!("`{file}` speaks of it, and {why}", file = first.file),
                places,
                ..Judged::default()
            });
        };
        Some(Judged {
            verdict: Verdict::Attested,
            because: if on.is_empty() {
                say!("{by} stands for it: {agree}")
            } else {
                say!("{by} signed it on {on}: {agree}")
            },
            places,
            ..Judged::default()
        })
    }

    /// Files that leave a question open: code always, templates where pages are asked about.
    pub(crate) fn broken(&self, pages: bool) -> Vec<String> {
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
                because: say!(
                    "{not_applied} would look at it, and was not applied",
                    not_applied = not_applied.join(", ")
                ),
                places: Vec::new(),
                ..Judged::default()
            };
        }
        if rules.is_empty() {
            return Judged::needing(match self.requirement.by {
                "code" => "rule",
                "person" => "judgement",
                by => by,
            });
        }
        let names = |of: &[&&Rule]| {
            let names: Vec<String> = of.iter().map(|r| format!("`{}`", r.id)).collect();
            names.join(", ")
        };
        let deciding: Vec<&&Rule> = rules.iter().filter(|r| r.decides.contains(&id)).collect();
        let asked = self.asked_places(rules);
        let met = match (asked.len(), rules.iter().any(|r| asks_endpoints(r))) {
            (_, true) if self.evidence.endpoints > 0 => {
                say!(
                    "at {endpoints}",
                    endpoints = count(self.evidence.endpoints, "endpoint", "endpoints")
                )
            }
            (0, _) => say!("in {searched}", searched = self.searched()),
            (n, _) => say!("at {places}", places = count(n, "place", "places")),
        };
        let because = if deciding.is_empty() {
            let all: Vec<&&Rule> = rules.iter().collect();
            say!(
                "{all} found nothing {met}, and {which} a part of it",
                all = names(&all),
                which = if all.len() == 1 {
                    label!("covers")
                } else {
                    label!("cover")
                }
            )
        } else if self.requirement.by == "configuration" {
            say!(
                "{deciding} met nothing {met}, and the configuration in front of it was not read",
                deciding = names(&deciding)
            )
        } else {
            say!(
                "in {searched}, nothing was recognised that {deciding} {which} about",
                searched = self.searched(),
                deciding = names(&deciding),
                which = if deciding.len() == 1 {
                    label!("asks")
                } else {
                    label!("ask")
                }
            )
        };
        Judged {
            verdict: Verdict::Partial,
            because,
            places: self.places(&asked),
            ..Judged::default()
        }
    }

    pub(crate) fn outcomes<'r>(
        &'r self,
        rules: &'r [&Rule],
    ) -> impl Iterator<Item = (&'r Rule, &'a Outcome)> {
        rules
            .iter()
            .filter_map(|r| Some((*r, self.evidence.outcomes.get(&r.id)?)))
    }

    pub(crate) fn searched(&self) -> String {
        let files = count(self.evidence.files, "file", "files");
        let calls = count(self.evidence.calls, "call", "calls");
        let manifests = count(self.evidence.manifests, "manifest", "manifests");
        say!("{calls} of {files} and {manifests}")
    }

    pub(crate) fn places(&self, sites: &BTreeSet<Site>) -> Vec<String> {
        let mut places: Vec<String> = sites.iter().map(|s| (self.evidence.place)(*s)).collect();
        places.sort();
        places.dedup();
        places
    }
}

/// A verdict with its reasons.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) because: String,
    pub(crate) places: Vec<String>,
    /// What is missing for another verdict, where that is the whole reason: see [`NEEDS`].
    pub(crate) needs: &'static str,
}

/// The first few of these in back-ticks; the rest is counted.
pub(crate) fn some_of<N: std::fmt::Display>(names: impl IntoIterator<Item = N>) -> String {
    let mut names = names.into_iter();
    let shown: Vec<String> = names
        .by_ref()
        .take(NAMED)
        .map(|n| format!("`{n}`"))
        .collect();
    let shown = shown.join(", ");
    match names.count() {
        0 => shown,
        more => say!("{shown} and {more} more"),
    }
}

/// Places or names that a reason tells; the rest is counted.
const NAMED: usize = 3;

/// Where some findings are, each place once.
fn at(found: &[&Found], sure: bool) -> String {
    let mut places: Vec<String> = Vec::new();
    for found in found.iter().filter(|f| f.sure == sure) {
        let place = format!("`{}`", found.place);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let rest = places.len().saturating_sub(NAMED);
    places.truncate(NAMED);
    let rest = match rest {
        0 => String::new(),
        n => say!(" and {n} more"),
    };
    format!("{}{rest}", places.join(", "))
}

/// What a verdict may wait for: the name, the reason, and what stands for it in a table.
pub const NEEDS: [(&str, &str, &str); 8] = [
    (
        "rule",
        mark!("no rule of Casemate looks at it yet"),
        mark!("no rule yet"),
    ),
    (
        "decision",
        mark!(
            "a decision that the owner writes down and signs: `casemate decisions init` drafts it from the code"
        ),
        mark!("owner's decision"),
    ),
    (
        "document",
        mark!("a document of the owner, of which no section of `casemate.decisions.toml` is about"),
        mark!("owner's document"),
    ),
    (
        "running system",
        mark!("shows only on the running system, which Casemate does not touch"),
        mark!("running system"),
    ),
    (
        "configuration",
        mark!(
            "rests on configuration of servers, proxies and clouds, which Casemate does not read yet"
        ),
        mark!("configuration"),
    ),
    (
        "dependencies",
        mark!("rests on advisories about dependencies, which Casemate does not read yet"),
        mark!("advisories"),
    ),
    (
        "schema",
        mark!("rests on the whole schema of the database, of which Casemate reads a part"),
        mark!("database schema"),
    ),
    (
        "judgement",
        mark!("needs judgement that no program has"),
        mark!("judgement"),
    ),
];

impl Judged {
    /// Left to a person for a reason that says nothing of the project.
    fn needing(name: &str) -> Self {
        NEEDS.iter().find(|(needs, ..)| *needs == name).map_or_else(
            Self::default,
            |(needs, because, _)| Self {
                verdict: Verdict::Human,
                because: told(because).to_owned(),
                places: Vec::new(),
                needs,
            },
        )
    }
}

fn ids(found: &[&Found], sure: bool) -> Vec<String> {
    let of = found.iter().filter(|f| f.sure == sure);
    of.map(|f| f.id.clone()).collect()
}

pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    casemate_say::count(n as u64, &grouped(n), one, many)
}

/// `12,345`.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
