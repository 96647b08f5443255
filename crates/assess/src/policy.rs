//! `casemate.toml`: what the project's owner wants left out, and why.
//!
//! ```toml
//! [[ignore]]                      # findings of one rule, everywhere or below some paths
//! rule = "log-injection"
//! path = "src/jobs/**"
//! reason = "the log of the jobs is read by nobody but us"
//!
//! [[accept]]                      # one finding, by its id, for a time
//! finding = "sql-injection@1a2b3c4d"
//! reason = "the service is switched off in spring"
//! owner = "Ada"
//! expires = "2027-03-31"
//!
//! [policy]
//! exclude = ["redos"]             # rules that are off
//! profile = "pci-dss"             # which standard is followed where two ask for opposite things
//! fail_on = "medium"              # from which level on a finding fails the run
//! asvs = 2                        # up to which level requirements are counted and asked of people
//! levels = { log-injection = "low" }
//!
//! [paths]
//! exclude = ["legacy/**"]         # files that are not read
//!
//! [context]                       # what only the owner knows; it orders the recommendations
//! budget = "two developer weeks"
//! risk_tolerance = "low"
//! timeline = "before 1 March"
//! exposure = "internal"           # only people of the own network reach it
//!
//! [data]                          # what names in the code do not tell, by class
//! health = ["note"]
//! harmless = ["mail"]
//! ```

use crate::business::{Business, REACH};
use crate::decision::Decisions;
use crate::dossier::context::Stated;
use crate::enforced::{self, Enforced, Given};
use crate::error::Error;
use casemate_ledger::conflict;
use casemate_rules::catalogue::Catalogue;
use casemate_rules::near;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::Spanned;

/// The names that the file may have.
pub const NAMES: [&str; 2] = ["casemate.toml", ".casemate.toml"];

/// What the project's owner wants left out.
#[derive(Debug)]
pub struct Policy {
    /// Findings that are accepted.
    pub ignores: Vec<Ignore>,
    /// Single findings that somebody accepts for a time.
    pub accepted: Vec<Accepted>,
    /// Rules that are off, with where that is said.
    pub off: Vec<Off>,
    /// Patterns of files that are not read, with where that is said.
    pub paths: Vec<(String, String)>,
    /// What the owner states of the project.
    pub context: Stated,
    /// Which standard is followed where two ask for opposite things.
    pub profile: String,
    /// From which level on a run fails, and what else is enforced.
    pub enforced: Enforced,
    /// Facts of the business that weigh findings.
    pub business: Business,
    /// What the owner decided, in a file of its own.
    pub decisions: Decisions,
    /// What is wrong with the file without making it useless.
    pub notes: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ignores: Vec::new(),
            accepted: Vec::new(),
            off: Vec::new(),
            paths: Vec::new(),
            context: Stated::default(),
            profile: conflict::PROFILES
                .first()
                .copied()
                .unwrap_or_default()
                .to_owned(),
            enforced: Enforced::default(),
            business: Business::default(),
            decisions: Decisions::default(),
            notes: Vec::new(),
        }
    }
}

/// Findings that are accepted.
#[derive(Debug)]
pub struct Ignore {
    /// The rules, by id.
    pub rules: BTreeSet<String>,
    /// `casemate.toml:4`.
    pub origin: String,
    /// What it says.
    pub says: String,
    /// Why.
    pub reason: String,
    paths: Option<Gitignore>,
}

/// A finding that somebody accepts.
#[derive(Debug)]
pub struct Accepted {
    /// Its id.
    pub finding: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub owner: String,
    /// Until when, as `2027-03-31`; absent: for good.
    pub expires: Option<String>,
    /// `casemate.toml:4`.
    pub origin: String,
}

impl Accepted {
    /// Whether it held until before today.
    #[must_use]
    pub fn expired(&self, today: Option<&str>) -> bool {
        // Dates of this form sort as text.
        self.expires
            .as_deref()
            .zip(today)
            .is_some_and(|(end, today)| end < today)
    }

    pub(crate) fn says(&self) -> String {
        let until = self
            .expires
            .as_ref()
            .map_or_else(String::new, |day| format!(" until {day}"));
        format!("accepts {}{until}, by {}", self.finding, self.owner)
    }
}

/// A rule that is off.
#[derive(Debug)]
pub struct Off {
    /// The rules, by id.
    pub rules: BTreeSet<String>,
    /// `casemate.toml:9`.
    pub origin: String,
    /// As it was named.
    pub named: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    ignore: Vec<Spanned<IgnoreTable>>,
    #[serde(default)]
    accept: Vec<Spanned<AcceptTable>>,
    #[serde(default)]
    policy: PolicyTable,
    #[serde(default)]
    paths: PathsTable,
    #[serde(default)]
    context: Stated,
    #[serde(default)]
    data: BTreeMap<Spanned<String>, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IgnoreTable {
    rule: String,
    path: Option<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptTable {
    finding: String,
    reason: String,
    owner: String,
    expires: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PolicyTable {
    #[serde(default)]
    exclude: Vec<Spanned<String>>,
    profile: Option<Spanned<String>>,
    fail_on: Option<Spanned<String>>,
    asvs: Option<Spanned<u8>>,
    #[serde(default)]
    levels: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PathsTable {
    #[serde(default)]
    exclude: Vec<Spanned<String>>,
}

/// A mistake with a suggestion, where a key has a near name: ``unknown field `polciy`, expected one of `policy`, …``.
fn meant(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let suggestion = names
        .next()
        .filter(|_| message.starts_with("unknown field"))
        .and_then(|key| casemate_model::near::near(key, names));
    match suggestion {
        Some(name) => format!("{message}: did you mean `{name}`?"),
        None => message.to_owned(),
    }
}

impl Policy {
    /// Reads the text of a policy.
    ///
    /// # Errors
    /// A key that does not exist, a value of another type, an ignore without a reason.
    pub fn parse(file: &str, text: &str, catalogue: &Catalogue) -> Result<Self, Error> {
        let line = |offset: usize| text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1;
        let fail = |line, message: String| Error::Policy {
            file: file.to_owned(),
            line,
            message,
        };
        let parsed: File = toml::from_str(text).map_err(|e| {
            fail(
                e.span().map_or(1, |s| line(s.start)),
                meant(&e.message().replace('\n', " ")),
            )
        })?;
        let mut policy = Self {
            context: parsed.context,
            ..Self::default()
        };
        if let Some(profile) = &parsed.policy.profile {
            let name = profile.get_ref();
            if !conflict::PROFILES.contains(&name.as_str()) {
                let message = near::unknown("profile", name, &conflict::PROFILES);
                return Err(fail(line(profile.span().start), message));
            }
            policy.profile.clone_from(name);
        }
        policy
            .enforce(&parsed.policy, catalogue, file, &line)
            .map_err(|(at, message)| fail(at, message))?;
        policy
            .state(&parsed.data, file, text, &line)
            .map_err(|(at, message)| fail(at, message))?;
        for table in &parsed.ignore {
            let at = line(table.span().start);
            let IgnoreTable { rule, path, reason } = table.get_ref();
            if reason.trim().is_empty() {
                return Err(fail(at, "an ignore needs a reason".into()));
            }
            let rules = policy.rules(rule, catalogue, file, at);
            if rules.is_empty() {
                continue;
            }
            let says = path.as_ref().map_or_else(
                || format!("ignores {rule}"),
                |path| format!("ignores {rule} in {path}"),
            );
            policy.ignores.push(Ignore {
                rules,
                origin: format!("{file}:{at}"),
                says,
                reason: reason.trim().to_owned(),
                paths: path
                    .as_deref()
                    .map(|p| matcher(p).map_err(|e| fail(at, e)))
                    .transpose()?,
            });
        }
        for table in parsed.accept {
            let at = line(table.span().start);
            let AcceptTable {
                finding,
                reason,
                owner,
                expires,
            } = table.into_inner();
            if reason.trim().is_empty() || owner.trim().is_empty() {
                return Err(fail(
                    at,
                    "an accepted risk needs a reason and an owner".into(),
                ));
            }
            if expires.as_deref().is_some_and(|day| !is_date(day)) {
                return Err(fail(at, "`expires` is a date such as `2027-03-31`".into()));
            }
            policy.accepted.push(Accepted {
                finding,
                reason: reason.trim().to_owned(),
                owner: owner.trim().to_owned(),
                expires,
                origin: format!("{file}:{at}"),
            });
        }
        for name in &parsed.policy.exclude {
            let at = line(name.span().start);
            let rules = policy.rules(name.get_ref(), catalogue, file, at);
            if !rules.is_empty() {
                policy.off.push(Off {
                    rules,
                    origin: format!("{file}:{at}"),
                    named: name.get_ref().clone(),
                });
            }
        }
        for pattern in &parsed.paths.exclude {
            policy.paths.push((
                pattern.get_ref().clone(),
                format!("{file}:{}", line(pattern.span().start)),
            ));
        }
        Ok(policy)
    }

    /// What `[policy]` asks for beyond what is left out.
    fn enforce(
        &mut self,
        table: &PolicyTable,
        catalogue: &Catalogue,
        file: &str,
        line: &dyn Fn(usize) -> usize,
    ) -> Result<(), (usize, String)> {
        if let Some(name) = &table.fail_on {
            let at = line(name.span().start);
            let threshold = enforced::threshold(name.get_ref()).map_err(|wrong| (at, wrong))?;
            self.enforced.fail_on = Some(threshold);
        }
        if let Some(level) = &table.asvs {
            let at = line(level.span().start);
            if !(1..=3).contains(level.get_ref()) {
                return Err((at, "`asvs` is a level: 1, 2 or 3".to_owned()));
            }
            self.enforced.asvs = *level.get_ref();
        }
        for (name, level) in &table.levels {
            let at = line(name.span().start);
            let level = enforced::level(level.get_ref()).map_err(|wrong| (at, wrong))?;
            let rules = self.rules(name.get_ref(), catalogue, file, at);
            if !rules.is_empty() {
                self.enforced.levels.push(Given {
                    rules,
                    named: name.get_ref().clone(),
                    level,
                    origin: format!("{file}:{at}"),
                });
            }
        }
        Ok(())
    }

    /// Facts of the business: `[data]` and who reaches the service.
    fn state(
        &mut self,
        data: &BTreeMap<Spanned<String>, Vec<String>>,
        file: &str,
        text: &str,
        line: &dyn Fn(usize) -> usize,
    ) -> Result<(), (usize, String)> {
        for (class, names) in data {
            let at = line(class.span().start);
            let class = Business::class(class.get_ref()).map_err(|wrong| (at, wrong))?;
            if self.business.data_at.is_empty() {
                self.business.data_at = format!("{file}:{at}");
            }
            for name in names {
                let twice = self.business.data.insert(name.clone(), class);
                if twice.is_some_and(|other| other != class) {
                    return Err((at, format!("`{name}` stands in two classes of data")));
                }
            }
        }
        if let Some(exposure) = &self.context.exposure {
            let at = line(text.find("exposure").unwrap_or_default());
            if !REACH.contains(&exposure.as_str()) {
                return Err((at, near::unknown("exposure", exposure, &REACH)));
            }
            self.business.internal = (exposure == "internal").then(|| format!("{file}:{at}"));
        }
        Ok(())
    }

    /// The rules that a name means. One that means none is told: a rule may have been renamed, and the rest still holds.
    fn rules(
        &mut self,
        name: &str,
        catalogue: &Catalogue,
        file: &str,
        line: usize,
    ) -> BTreeSet<String> {
        let found: BTreeSet<String> = catalogue
            .lookup(name)
            .into_iter()
            .map(|(rule, _)| rule.id.clone())
            .collect();
        if found.is_empty() {
            self.notes.push(format!(
                "{file}:{line}: {}; the line hides nothing",
                catalogue.unknown(name)
            ));
        }
        found
    }
}

impl Ignore {
    /// Whether it speaks of a finding of this rule in this file.
    #[must_use]
    pub fn covers(&self, rule: &str, path: &str) -> bool {
        self.rules.contains(rule)
            && self
                .paths
                .as_ref()
                .is_none_or(|p| p.matched_path_or_any_parents(path, false).is_ignore())
    }
}

pub(crate) fn is_date(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range)
            .is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()))
    };
    let dashes = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    text.len() == 10 && dashes && digits(0..4) && digits(5..7) && digits(8..10)
}

fn matcher(pattern: &str) -> Result<Gitignore, String> {
    let mut builder = GitignoreBuilder::new(Path::new(""));
    let added = builder
        .add_line(None, pattern)
        .map(|_| ())
        .and_then(|()| builder.build());
    added.map_err(|_| format!("`{pattern}` is not a pattern of paths"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Knowledge;

    fn parse(text: &str) -> Result<Policy, String> {
        Policy::parse(
            "casemate.toml",
            text,
            &Knowledge::built_in().unwrap().catalogue,
        )
        .map_err(|e| e.to_string())
    }

    #[test]
    fn a_whole_policy() {
        let policy = parse(
            "[[ignore]]\nrule = 'sql-injection'\npath = 'src/jobs/**'\nreason = 'ours'\n[policy]\nexclude = ['command-injection']\n[paths]\nexclude = ['old/']\n",
        )
        .unwrap();
        let ignore = &policy.ignores[0];
        assert_eq!(
            (ignore.origin.as_str(), ignore.says.as_str()),
            ("casemate.toml:1", "ignores sql-injection in src/jobs/**")
        );
        assert!(ignore.covers("sql-injection", "src/jobs/a/b.js"));
        assert!(
            !ignore.covers("sql-injection", "src/a.js")
                && !ignore.covers("command-injection", "src/jobs/a.js")
        );
        assert_eq!(
            (policy.off[0].origin.as_str(), policy.paths[0].1.as_str()),
            ("casemate.toml:6", "casemate.toml:8")
        );
    }

    #[test]
    fn accepted_risks_end() {
        let accept = |expires: &str| {
            parse(&format!(
                "[[accept]]\nfinding = 'sql-injection@1a2b3c4d'\nreason = 'x'\nowner = 'Ada'\n{expires}"
            ))
        };
        let policy = accept("expires = '2026-12-31'\n").unwrap();
        let accepted = &policy.accepted[0];
        assert!(
            accepted.expired(Some("2027-01-01"))
                && !accepted.expired(Some("2026-12-31"))
                && !accepted.expired(None)
        );
        assert!(!accept("").unwrap().accepted[0].expired(Some("2030-01-01")));
        assert!(
            accept("expires = 'soon'\n")
                .unwrap_err()
                .contains("2027-03-31")
        );
    }

    #[test]
    fn a_profile_is_one_that_exists() {
        assert_eq!(parse("").unwrap().profile, "asvs");
        assert_eq!(
            parse("[policy]\nprofile = 'pci-dss'\n").unwrap().profile,
            "pci-dss"
        );
        assert!(
            parse("[policy]\nprofile = 'pci-ds'\n")
                .unwrap_err()
                .contains("line 2: unknown profile `pci-ds`: did you mean `pci-dss`?")
        );
    }

    #[test]
    fn what_is_enforced_and_stated_is_read() {
        let policy = parse(
            "[policy]\nfail_on = 'medium'\nasvs = 2\n[policy.levels]\nlog-injection = 'low'\n[context]\nexposure = 'internal'\n[data]\nhealth = ['note']\nharmless = ['email']\n",
        )
        .unwrap();
        let enforced = &policy.enforced;
        assert_eq!(
            (enforced.fail_on.as_deref(), enforced.asvs),
            (Some("medium"), 2)
        );
        let given = &enforced.levels[0];
        assert_eq!(
            (
                given.named.as_str(),
                given.level.name(),
                given.origin.as_str()
            ),
            ("log-injection", "low", "casemate.toml:5")
        );
        let business = &policy.business;
        assert_eq!(business.internal.as_deref(), Some("casemate.toml:7"));
        assert_eq!(
            (business.data.len(), business.data_at.as_str()),
            (2, "casemate.toml:10")
        );
        for (wrong, said) in [
            (
                "[policy]\nfail_on = 'hgih'\n",
                "line 2: unknown level `hgih`: did you mean `high`?",
            ),
            (
                "[policy]\nasvs = 4\n",
                "line 2: `asvs` is a level: 1, 2 or 3",
            ),
            (
                "[policy.levels]\nlog-injection = 'loww'\n",
                "did you mean `low`?",
            ),
            ("[policy]\nfail_onn = 'high'\n", "did you mean `fail_on`?"),
            (
                "[data]\nhelth = ['x']\n",
                "line 2: unknown class of data `helth`: did you mean `health`?",
            ),
            (
                "[data]\nhealth = ['x']\npersonal = ['x']\n",
                "`x` stands in two classes of data",
            ),
            (
                "[context]\nexposure = 'intranet'\n",
                "unknown exposure `intranet`",
            ),
        ] {
            let told = parse(wrong).unwrap_err();
            assert!(told.contains(said), "{told}");
        }
    }

    #[test]
    fn mistakes_are_errors_or_notes() {
        assert!(
            parse("[[ignore]]\nrule = 'sql-injection'\n")
                .unwrap_err()
                .contains("reason")
        );
        assert!(
            parse("[[ignore]]\nrule = 'sql-injection'\nreason = ' '\n")
                .unwrap_err()
                .contains("line 1: an ignore needs a reason")
        );
        let mistaken = parse("[polciy]\n").unwrap_err();
        assert!(
            mistaken.contains("line 1: unknown field `polciy`")
                && mistaken.ends_with("did you mean `policy`?"),
            "{mistaken}"
        );
        let far = parse("[weather]\n").unwrap_err();
        assert!(!far.contains("did you mean"), "{far}");
        let policy = parse("[[ignore]]\nrule = 'sql-injektion'\nreason = 'x'\n").unwrap();
        assert!(policy.ignores.is_empty());
        assert!(
            policy.notes[0].contains("did you mean `sql-injection`"),
            "{}",
            policy.notes[0]
        );
    }
}
