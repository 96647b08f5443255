//! Risks: one a root cause, with likelihood, impact and what it means for the business.

use super::Material;
use super::consequence;
use super::words::{code, list};
use crate::assessment::{Finding, Level};
use crate::cause::{Cause, causes};
use casemate_ledger::data;
use casemate_rules::severity::{Interaction, Victim};
use casemate_say::{label, say, told};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One root cause.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Risk {
    /// `R1`, by rank.
    pub id: String,
    /// The finding that stands for it.
    pub finding: String,
    /// All findings that one repair ends.
    pub findings: Vec<String>,
    /// The rule.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// The level.
    pub level: Level,
    /// `high`, `medium`, `low`.
    pub likelihood: String,
    /// `severe`, `serious`, `minor`, `negligible`.
    pub impact: String,
    /// How sure.
    pub confidence: String,
    /// Where: `file:line`.
    pub place: String,
    /// The endpoint that reaches it.
    pub endpoint: Option<String>,
    /// Who can do it.
    pub actor: String,
    /// What it means: who, through what, to which data.
    pub business: String,
    /// Names of data that the code on the way handles, where they may be read.
    #[serde(skip)]
    pub handles: Vec<String>,
    /// What the impact sentence assumes.
    pub assumed: String,
    /// The factors with their evidence, one a line.
    pub factors: Vec<String>,
    /// CVSS v4.0 vector.
    pub cvss: String,
}

/// Causes by what one repair ends.
pub(super) fn of(m: &Material<'_>) -> Vec<Risk> {
    let named = members_by_file(m);
    let logins = m.inventory.settings(&["account.login"]);
    let logins: BTreeSet<String> = logins.into_iter().map(|site| (m.place)(site)).collect();
    causes(m.findings)
        .iter()
        .enumerate()
        .map(|(at, cause)| risk(at + 1, cause, &named, &logins, m))
        .collect()
}

fn risk(
    rank: usize,
    cause: &Cause<'_>,
    named: &BTreeMap<String, BTreeMap<data::Class, BTreeSet<String>>>,
    logins: &BTreeSet<String>,
    m: &Material<'_>,
) -> Risk {
    let first = cause.first;
    let shown = cause.shown();
    let rule = m.catalogue.get(&first.rule);
    let users = rule.is_some_and(|rule| rule.severity.victim == Victim::Users);
    let in_browser =
        users && rule.is_some_and(|rule| rule.severity.interaction != Interaction::None);
    let factor = |name: &str| {
        first
            .severity
            .factors
            .iter()
            .find(|f| f.name == name)
            .map_or("", |f| f.value.as_str())
    };
    let endpoint = shown
        .endpoints
        .first()
        .or(first.endpoints.first())
        .map(super::super::assessment::Endpoint::named);
    let interaction = factor("interaction");
    let actor =
        if in_browser && !matches!(interaction, "" | "none") && factor("exposure") != "stored" {
            endpoint.as_ref().map_or_else(
                || say!("whoever brings a user to a prepared link or form"),
                |e| {
                    say!(
                        "whoever brings a user to send {endpoint}",
                        endpoint = code(e)
                    )
                },
            )
        } else {
            let asked = shown.endpoints.first().or(first.endpoints.first());
            let login = asked.map(|e| e.authentication.as_str());
            let exposure = match (factor("exposure"), login) {
                ("always", Some("yes")) => "authenticated",
                ("always", Some("no")) => "public",
                ("always", Some(_)) => "unknown",
                (exposure, _) => exposure,
            };
            actor(exposure, endpoint.as_deref())
        };
    let losses: Vec<String> = [
        ("confidentiality", "read"),
        ("integrity", "change"),
        ("availability", "stop"),
    ]
    .into_iter()
    .filter(|(name, _)| !matches!(factor(name), "none" | ""))
    .map(|(_, verb)| verb.to_owned())
    .collect();
    let verbs = if losses.is_empty() {
        say!("disturb")
    } else {
        let losses: Vec<String> = losses.iter().map(|l| deed(l).to_owned()).collect();
        list(&losses, 3)
    };
    let files: BTreeSet<&str> = std::iter::once(first.place.file.as_str())
        .chain(
            shown
                .paths
                .iter()
                .take(1)
                .flat_map(|p| p.steps.iter().map(|s| s.place.file.as_str())),
        )
        .collect();
    let mut classes: BTreeMap<data::Class, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        for (class, names) in named.get(file).into_iter().flatten() {
            classes
                .entry(*class)
                .or_default()
                .extend(names.iter().cloned());
        }
    }
    let data: Vec<String> = classes
        .iter()
        .map(|(class, names)| {
            let names: Vec<String> = names.iter().map(|n| code(n)).collect();
            format!("{} ({})", told(class.name()), list(&names, 3))
        })
        .collect();
    // Whoever only stops the service or writes into its log reads nothing.
    let nothing = data.is_empty() || factor("confidentiality") != "high";
    let handles = if nothing {
        Vec::new()
    } else {
        let shown = classes.values().take(4);
        shown
            .flat_map(|names| names.iter().take(3).map(ToString::to_string))
            .collect()
    };
    let handled = if nothing {
        String::new()
    } else {
        say!(
            "; the code on the way handles {data}",
            data = list(&data, 4)
        )
    };
    let place = code(&shown.within_or_file());
    // A cause that is a setting does what its places do.
    let number = shown.cwe.first().or(first.cwe.first()).copied();
    let asked_of_store = m
        .inventory
        .places(&["nosql", "query"])
        .into_iter()
        .any(|site| (m.place)(site) == format!("{}:{}", shown.place.file, shown.place.line));
    let consequence = match number {
        Some(94 | 95) if asked_of_store => Some(consequence::in_store()),
        _ => consequence::of(m.catalogue.get(&shown.rule), number),
    };
    let who = consequence.as_ref().and_then(|c| c.who);
    let whose = if factor("interaction") == "active" {
        label!("that user's")
    } else {
        label!("a visitor's")
    };
    let logs_in = shown.endpoints.iter().chain(&first.endpoints).any(|e| {
        let place = format!("{}:{}", e.file, e.line);
        logins.contains(&place)
    });
    let then = if logs_in {
        label!(
            "have somebody else's account taken for the one that logs in, or reach records of others"
        )
    } else {
        label!("reach records that were not meant, or learn from the answers which there are")
    };
    let can = match consequence {
        Some(consequence) => consequence
            .what
            .replace("{verbs}", &verbs)
            .replace("{whose}", whose)
            .replace("{then}", then)
            .replace("{deeds}", &deeds(shown, consequence.of_records, &losses, m))
            .replace("{place}", &place),
        None if in_browser => say!("{verbs} what {place} shows in that person's browser"),
        None if users => say!("{verbs} what {place} keeps for other users"),
        None => say!("{verbs} what {place} works with"),
    };
    let able = who.unwrap_or(&actor);
    Risk {
        id: format!("R{rank}"),
        finding: first.id.clone(),
        findings: cause.all().map(|f| f.id.clone()).collect(),
        rule: first.rule.clone(),
        title: first.title.clone(),
        level: first.severity.level,
        likelihood: first.severity.likelihood.clone(),
        impact: first.severity.impact.clone(),
        confidence: first.confidence.level.name().to_owned(),
        place: format!("{}:{}", first.place.file, first.place.line),
        business: say!("{able} may {can}{handled}"),
        handles,
        assumed: say!(
            "what a loss costs in money or reputation is not in the code; it was not weighed"
        ),
        endpoint,
        actor,
        factors: factors(first),
        cvss: first.cvss.clone(),
    }
}

/// What can be done to files or records: what the code at the place does with them, else what the rule says may be lost.
fn deeds(finding: &Finding, of_records: bool, losses: &[String], m: &Material<'_>) -> String {
    let place = &finding.place;
    // What alone is reached lowered the level, and says so.
    let only = finding
        .severity
        .factors
        .iter()
        .filter(|f| f.name == "grade");
    let mut only = only.flat_map(|f| f.evidence.split('`'));
    if let Some(deed) = only.find_map(|kind| kind.strip_prefix("path."))
        && ["read", "delete"].contains(&deed)
    {
        return deed.to_owned();
    }
    let all = &m.application.endpoints;
    let accesses = all.iter().flat_map(|e| &e.objects);
    let here = accesses.filter(|a| a.at.file == place.file && a.at.line == place.line);
    let mut ops: BTreeSet<&str> = here.map(|a| a.op.as_str()).collect();
    if ops.is_empty() && of_records {
        // The place is where a handler calls what asks the store.
        let reaching = all.iter().filter(|e| {
            let mut asked = finding.endpoints.iter();
            asked.any(|f| f.file == e.at.file && f.line == e.at.line && f.method == e.method)
        });
        ops = reaching
            .flat_map(|e| &e.objects)
            .map(|a| a.op.as_str())
            .collect();
    }
    let told = ["read", "create", "write", "delete"].into_iter();
    let mut told: Vec<String> = told
        .filter(|op| ops.contains(op))
        .map(|op| deed(if op == "write" { "change" } else { op }).to_owned())
        .collect();
    if told.is_empty() {
        let verb = |loss: &String| {
            deed(if loss == "stop" {
                "delete"
            } else {
                loss.as_str()
            })
            .to_owned()
        };
        told = losses.iter().map(verb).collect();
    }
    if told.is_empty() {
        say!("disturb")
    } else {
        list(&told, 4)
    }
}

/// What is done to records, as a verb.
fn deed(name: &str) -> &str {
    match name {
        "read" => label!("read"),
        "create" => label!("create"),
        "change" => label!("change"),
        "delete" => label!("delete"),
        "stop" => label!("stop"),
        other => told(other),
    }
}

/// What the level was made of; losses that only the rule states are one factor.
fn factors(finding: &Finding) -> Vec<String> {
    let all = finding
        .severity
        .factors
        .iter()
        .filter(|f| f.name != "level");
    let (stated, shown): (Vec<_>, Vec<_>) = all.partition(|f| f.evidence == STATED);
    let mut out: Vec<String> = shown
        .into_iter()
        .map(|f| {
            if f.name == "grade" {
                let place = format!("{}:{}", finding.place.file, finding.place.line);
                return format!("{}: {}", say!("loss lowered"), no_more(&f.evidence, &place));
            }
            format!("{} {}: {}", told(&f.name), told(&f.value), f.evidence)
        })
        .collect();
    let stated: Vec<String> = stated
        .into_iter()
        .filter(|f| f.value != "none")
        .map(|f| format!("{} {}", told(&f.name), told(&f.value)))
        .collect();
    if !stated.is_empty() {
        out.push(say!(
            "loss of {stated}, as the rule says",
            stated = list(&stated, stated.len())
        ));
    }
    out
}

/// Why less is lost than the rule says: what alone is reached, in words.
fn no_more(evidence: &str, place: &str) -> String {
    match evidence.split('`').nth(1) {
        Some("path.read") => say!("the code at `{place}` does no more to files than read them"),
        Some("path.delete") => say!("the code at `{place}` does no more to files than delete them"),
        Some("url.path") => {
            say!("at `{place}` only the path of an address is chosen, and not its host")
        }
        Some("timer") => say!("at `{place}` only a time to wait is chosen"),
        _ => evidence.to_owned(),
    }
}

/// What a factor says that only the rule states.
const STATED: &str = "stated by the rule";

impl Finding {
    /// The function around it, else its file.
    #[must_use]
    pub fn within_or_file(&self) -> String {
        if self.within.is_empty() {
            self.place.file.clone()
        } else {
            self.within.clone()
        }
    }
}

/// Who can do it.
pub(super) fn actor(exposure: &str, endpoint: Option<&str>) -> String {
    let through = |who: &str| match endpoint {
        Some(endpoint) => say!("{who} who can send {endpoint}", endpoint = code(endpoint)),
        None => say!("{who} who can reach the service"),
    };
    // Nobody sends what a queue runs: somebody has it put there.
    if let Some(task) = endpoint.and_then(|e| e.strip_prefix("TASK "))
        && !["library", "local", "stored"].contains(&exposure)
    {
        return say!("whoever has {task} queued", task = code(task));
    }
    match exposure {
        "public" => through(label!("anybody")),
        "authenticated" => match endpoint {
            Some(endpoint) => say!(
                "any logged-in user, through {endpoint},",
                endpoint = code(endpoint)
            ),
            None => say!("any logged-in user"),
        },
        "library" => say!("whoever decides what a caller passes to the exported function"),
        "stored" => match endpoint {
            // It is read there; by which way it was stored is not known.
            Some(endpoint) => say!(
                "whoever can store what {endpoint} reads",
                endpoint = code(endpoint)
            ),
            None => say!("whoever can write into the store or queue that it is read from"),
        },
        "local" => say!("whoever controls arguments, environment or files of the machine"),
        "doubted" => match endpoint {
            Some(endpoint) => say!(
                "somebody whose data comes here through {endpoint}, if any does,",
                endpoint = code(endpoint)
            ),
            None => say!("somebody whose data comes here, if any does,"),
        },
        "always" => match endpoint {
            Some(endpoint) => say!("whoever can send {endpoint}", endpoint = code(endpoint)),
            None => say!("an attacker"),
        },
        _ => through(label!("somebody")),
    }
}

fn members_by_file(m: &Material<'_>) -> BTreeMap<String, BTreeMap<data::Class, BTreeSet<String>>> {
    let mut out: BTreeMap<String, BTreeMap<data::Class, BTreeSet<String>>> = BTreeMap::new();
    for (name, sites) in &m.inventory.members {
        let Some(class) = m.inventory.class_of(name) else {
            continue;
        };
        for site in sites {
            let classes = out.entry(m.file(*site)).or_default();
            classes.entry(class).or_default().insert(name.clone());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_sends_a_task() {
        assert_eq!(
            actor("public", Some("TASK install")),
            "whoever has `install` queued"
        );
        assert_eq!(
            actor("public", Some("POST /a")),
            "anybody who can send `POST /a`"
        );
    }
}
