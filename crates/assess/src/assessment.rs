//! The one answer: plain, owned data, complete in itself. Whatever a report says stands here.
//!
//! Its JSON form is published and versioned: [`SCHEMA`] changes its number whenever a field changes its meaning or goes.

use crate::application::GuardModel;
use crate::dossier::Dossier;
use casemate_say::{label, say};
use serde::Serialize;
use std::collections::BTreeMap;

/// Name and version of the JSON form.
pub const SCHEMA: &str = "casemate-assessment/1";

/// Everything that was found out about one project.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Assessment {
    /// [`SCHEMA`].
    pub schema: String,
    /// What made it.
    pub tool: Tool,
    /// What it is about.
    pub project: ProjectInfo,
    /// The packages of the project.
    pub units: Vec<UnitInfo>,
    /// Endpoints in order of their place.
    pub endpoints: Vec<Endpoint>,
    /// Findings, most serious first.
    pub findings: Vec<Finding>,
    /// The rules that the findings name, by id.
    pub rules: Vec<RuleInfo>,
    /// What policy, comments and filters keep out, each with its effect.
    pub policy: Vec<PolicyEffect>,
    /// What was seen and what was not.
    pub coverage: Coverage,
    /// What a report says beyond that: context, risks, plan, verdicts.
    pub dossier: Dossier,
    /// What else a reader must be told.
    pub notes: Vec<String>,
    /// The day of the run, as `2026-11-22`, for forms that ask for one.
    #[serde(skip)]
    pub day: Option<String>,
    /// The analysis failed as a whole; the notes say why. What is not found then says nothing.
    #[serde(skip)]
    pub failed: bool,
}

/// What made the assessment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Tool {
    /// `casemate`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What the assessment is about.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ProjectInfo {
    /// The name of its root folder.
    pub name: String,
    /// The root as the user wrote it; all paths are relative to it.
    pub root: String,
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// The parts that were asked for; empty: all of it.
    pub focus: Vec<String>,
}

/// Who the attacker is, for one package.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThreatModel {
    /// Somebody who sends requests.
    #[default]
    Server,
    /// Somebody who decides what a caller passes to an exported function.
    Library,
}

/// A package of the project.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct UnitInfo {
    /// Its name.
    pub name: String,
    /// Its folder; empty for the root.
    pub root: String,
    /// The manifest that makes it one.
    pub manifest: Option<String>,
    /// Backend files in it.
    pub files: usize,
    /// Endpoints in it.
    pub endpoints: usize,
    /// Who the attacker is.
    pub threat_model: ThreatModel,
    /// Why that.
    pub because: String,
}

/// How serious something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It informs.
    #[default]
    Info,
    /// Worth knowing.
    Low,
    /// Worth planning.
    Medium,
    /// Worth this week.
    High,
    /// Worth today.
    Critical,
}

impl Level {
    /// All, least first.
    pub const ALL: [Self; 5] = [
        Self::Info,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The next one, down to the least.
    #[must_use]
    pub const fn below(self) -> Self {
        match self {
            Self::Critical => Self::High,
            Self::High => Self::Medium,
            Self::Medium => Self::Low,
            Self::Low | Self::Info => Self::Info,
        }
    }

    /// `critical`, `high`, `medium`, `low`, `info`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How sure something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// Worth a look; often right.
    #[default]
    Low,
    /// Usually right.
    Medium,
    /// Rarely wrong.
    High,
}

impl Certainty {
    /// `high`, `medium`, `low`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One weakness at one place.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Finding {
    /// `<rule>@<first 8 digits of the fingerprint>`.
    pub id: String,
    /// Stays the same when lines move; 16 hexadecimal digits.
    pub fingerprint: String,
    /// The same without the file, to follow a rename.
    #[serde(rename = "move")]
    pub move_fingerprint: String,
    /// Shared by findings that one repair ends.
    pub cause: String,
    /// The repair that ends all findings of its cause is made here.
    #[serde(skip)]
    pub root: bool,
    /// The rule.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// What is wrong here, as one sentence without a period.
    pub message: String,
    /// How serious.
    pub severity: Severity,
    /// CVSS v4.0 vector.
    pub cvss: String,
    /// How sure.
    pub confidence: Confidence,
    /// The dangerous use, or where a control is missing.
    pub place: Place,
    /// GitHub's hash of the place's line and what follows it.
    pub line_hash: String,
    /// The function around it, as people name it.
    pub within: String,
    /// Ways from a source to the place, best first, at most five.
    pub paths: Vec<Path>,
    /// Endpoints that reach it.
    pub endpoints: Vec<Endpoint>,
    /// A request that shows it.
    pub trigger: Option<String>,
    /// A test that fails while it is there and passes once it is repaired.
    pub test: Option<RegressionTest>,
    /// How to repair it here, Markdown.
    pub fix: String,
    /// Other repairs, Markdown.
    pub alternatives: String,
    /// CWE numbers, primary first.
    pub cwe: Vec<u16>,
    /// ASVS requirements that it fails.
    pub asvs: Vec<String>,
    /// OWASP Top 10 entries.
    pub owasp: Vec<String>,
}

/// A test of a repair, as a file of the project.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct RegressionTest {
    /// Where it would stand, relative to the root.
    pub file: String,
    /// The language of its fence: `js`, `ts`, `py`.
    pub language: String,
    /// How it is run, from the folder of its package.
    pub run: String,
    /// What only an owner knows, as environment variables.
    pub needs: Vec<Need>,
    /// The file.
    pub text: String,
}

/// What a test wants to be told.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Need {
    /// The environment variable.
    pub name: String,
    /// What it holds.
    pub says: String,
    /// Without it the test is skipped, with this as its reason.
    pub required: bool,
}

/// How serious a finding is, and why.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Severity {
    /// The level.
    pub level: Level,
    /// How likely it is that somebody does it: `high`, `medium`, `low`.
    pub likelihood: String,
    /// What it costs then: `severe`, `serious`, `minor`, `negligible`.
    pub impact: String,
    /// What it was computed from.
    pub factors: Vec<Factor>,
}

/// One factor of a severity.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Factor {
    /// `effort`, `exposure`, `confidentiality` …
    pub name: String,
    /// `high`, `none` …
    pub value: String,
    /// What of this project says so.
    pub evidence: String,
}

/// How sure a finding is, and why it may be wrong.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Confidence {
    /// The level.
    pub level: Certainty,
    /// Why it may be wrong.
    pub reasons: Vec<String>,
}

/// A place in a file. Lines and columns count from 1, columns in UTF-16 units; the end is past the last character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct Place {
    /// Relative to the root, with `/`.
    pub file: String,
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column of the end.
    pub end_column: u32,
    /// The text of its first line; secrets are masked, endless lines cut.
    pub snippet: String,
}

/// One way from a source to a place.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Path {
    /// The source as an expression.
    pub source: String,
    /// What kind of source: `http.query`.
    pub kind: String,
    /// From source to place, both included.
    pub steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Step {
    /// Where.
    pub place: Place,
    /// A sentence with a verb, without a period.
    pub text: String,
}

/// An endpoint.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct Endpoint {
    /// `GET`, `*`, `ws` …
    pub method: String,
    /// Its path as far as it is known.
    pub path: Option<String>,
    /// What answers, where no path is known; empty otherwise.
    pub handler: String,
    /// Where it is registered.
    pub file: String,
    /// The line.
    pub line: u32,
    /// Whether it wants to know who asks: `yes`, `no` or `unknown`.
    pub authentication: String,
    /// What refuses requests before its handler answers.
    pub guards: Vec<GuardModel>,
}

impl Endpoint {
    /// `GET /users/:id`.
    #[must_use]
    pub fn title(&self) -> String {
        let method = self.told_method();
        match &self.path {
            Some(path) if !method.is_empty() => format!("{method} {path}"),
            Some(path) => path.clone(),
            None if !self.handler.is_empty() && !method.is_empty() => {
                format!("{method} {}", self.handler)
            }
            None => say!("{method} (path not known)").trim_start().to_owned(),
        }
    }

    /// The method, where it tells one: a route of any method is known by its path.
    fn told_method(&self) -> &str {
        match self.method.as_str() {
            "ROUTE" | "USE" | "ALL" => "",
            method => method,
        }
    }
}

impl Endpoint {
    /// The same, by its place where its path is not known.
    #[must_use]
    pub fn named(&self) -> String {
        if self.path.is_some() || !self.handler.is_empty() {
            return self.title();
        }
        let method = match self.told_method() {
            "" => label!("the endpoint"),
            method => method,
        };
        say!(
            "{method} at {file}:{line}",
            file = self.file,
            line = self.line
        )
    }
}

/// What a report needs of a rule.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct RuleInfo {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The most serious level that its findings here have.
    pub level: Level,
    /// The confidence that its findings start with.
    pub precision: Certainty,
    /// CWE numbers, primary first.
    pub cwe: Vec<u16>,
    /// ASVS requirements.
    pub asvs: Vec<String>,
    /// OWASP Top 10 entries.
    pub owasp: Vec<String>,
    /// Its prose: heading and Markdown, in order, without the examples.
    pub sections: Vec<(String, String)>,
}

impl RuleInfo {
    /// The prose under a heading.
    #[must_use]
    pub fn section(&self, heading: &str) -> Option<&str> {
        self.sections
            .iter()
            .find(|(h, _)| h == heading)
            .map(|(_, text)| text.as_str())
    }
}

/// A line of the policy, a comment or a filter, and what it keeps out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct PolicyEffect {
    /// `casemate.toml:4`, `src/a.js:12`, `--min-confidence medium`.
    pub origin: String,
    /// What it says.
    pub says: String,
    /// The reason that is given.
    pub reason: Option<String>,
    /// How much it hides.
    pub hides: usize,
    /// Of what.
    pub unit: Hidden,
}

/// What a line of the policy hides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Hidden {
    /// Findings.
    #[default]
    Findings,
    /// Files and folders, a folder counted once.
    Files,
    /// Nothing: it gives findings another level.
    Levels,
}

/// What was seen and what was not. Nothing is left out, cut off or unresolved without one of these going up.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Coverage {
    /// Files.
    pub files: Files,
    /// Code.
    pub code: Code,
    /// Calls.
    pub calls: Calls,
    /// Registrations of handlers.
    pub registrations: Registrations,
    /// Packages that plainly are servers and of which no endpoint is known.
    pub unserved: Vec<Unserved>,
    /// Candidate findings that were taken away because running their calls again, with the constants of exactly these calls, did not
    /// show them any more.
    pub refuted: u64,
    /// Limits that were reached, by name.
    pub caps: BTreeMap<String, u64>,
    /// Rules that were applied.
    pub rules_applied: usize,
    /// Questions that could not be decided, by rule.
    pub undecided: BTreeMap<String, u64>,
}

/// Files of the project.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Files {
    /// All files that were listed, of any type.
    pub seen: usize,
    /// Backend files that were assessed.
    pub assessed: usize,
    /// Of these, templates.
    pub templates: usize,
    /// Of the assessed, those with syntax that was not understood.
    pub partly: Vec<PartlyParsed>,
    /// Code that is not the backend's, by role.
    pub set_aside: BTreeMap<String, usize>,
    /// The same, file by file.
    pub set_aside_files: Vec<SetAside>,
    /// Files that could not be read or were given up.
    pub skipped: Vec<Skipped>,
    /// Files in languages without a front end.
    pub without_front_end: BTreeMap<String, usize>,
    /// Folders of other people's code and of build output that were not entered, by name.
    pub not_entered: BTreeMap<String, usize>,
    /// What ignore files and exclusions left out.
    pub ignored: Vec<PolicyEffect>,
}

/// A file that was parsed in part.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct PartlyParsed {
    /// The file.
    pub path: String,
    /// The line of the first thing that was not understood.
    pub line: u32,
    /// What that was.
    pub message: String,
    /// How many there are.
    pub count: usize,
}

/// A file that plays another part.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct SetAside {
    /// The file.
    pub path: String,
    /// What it is instead.
    pub role: String,
    /// What told.
    pub because: String,
}

/// A file that was not read or given up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct Skipped {
    /// The file.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// The code that was read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Code {
    /// Lines.
    pub lines: usize,
    /// Bytes.
    pub bytes: usize,
    /// Functions.
    pub functions: usize,
    /// Instructions.
    pub instructions: u64,
    /// Of these, constructs that were not understood.
    pub opaque: u64,
    /// Functions whose body was not read because a limit was reached.
    pub skipped_bodies: u64,
}

/// The calls that register handlers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Registrations {
    /// All.
    pub seen: usize,
    /// Those of which something is not known; `casemate model` lists them.
    pub unresolved: usize,
}

/// A package that plainly is a server and of which no endpoint is known: what is missing before its handlers was not judged.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct Unserved {
    /// Its name.
    pub unit: String,
    /// The manifest that makes it one.
    pub manifest: Option<String>,
    /// Web frameworks that its manifest names.
    pub frameworks: Vec<String>,
    /// Where it listens: `server/app.js:12`.
    pub listens: Option<String>,
}

impl Unserved {
    /// What shows that it is a server: `its manifest server/package.json names sails, and it listens at server/app.js:12`.
    #[must_use]
    pub fn because(&self) -> String {
        let manifest = self.manifest.as_deref().unwrap_or(label!("its manifest"));
        let names = self.frameworks.join(", ");
        match (&self.listens, names.is_empty()) {
            (Some(at), false) => say!("{manifest} names {names}, and it listens at {at}"),
            (Some(at), true) => say!("it listens at {at}"),
            (None, _) => say!("{manifest} names {names}"),
        }
    }
}

/// The calls of the code.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Calls {
    /// Their targets are known.
    pub resolved: u64,
    /// Resolved by a unique name alone.
    pub by_name: u64,
    /// To packages that no model speaks of.
    pub unmodelled: u64,
    /// Nothing is known.
    pub unknown: u64,
}

impl Coverage {
    /// Whether every backend file was read and understood whole, and every server has endpoints that are known.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.unserved.is_empty()
            && self.files.skipped.is_empty()
            && self.files.partly.is_empty()
            && self.code.skipped_bodies == 0
            && !self.caps.contains_key(casemate_flow::taint::FAILED)
    }
}

impl Assessment {
    /// The rule of a finding.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&RuleInfo> {
        self.rules.iter().find(|r| r.id == id)
    }

    /// How many findings there are at a level.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.findings
            .iter()
            .filter(|f| f.severity.level == level)
            .count()
    }

    /// Whether a finding is at a level or above.
    #[must_use]
    pub fn reaches(&self, level: Level) -> bool {
        self.findings.iter().any(|f| f.severity.level >= level)
    }

    /// Whether there was no backend file to assess.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.coverage.files.assessed == 0
    }
}
