//! A rule: one weakness, as typed data.

use crate::confidence::Confidence;
use crate::example::{Block, Case};
use crate::severity::Factors;
use casemate_model::expr::Expr;
use serde::{Deserialize, Serialize};

/// One weakness.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// The file's stem, kebab-case, never reused.
    pub id: String,
    /// The folder it stands in.
    pub area: Area,
    /// The file it was read from, relative to the rules folder, `/` only.
    pub file: String,
    /// In sentence case, without a period.
    pub title: String,
    /// The version that brought it.
    pub since: String,
    /// Whether it runs without being asked for.
    pub status: Status,
    /// CWE numbers, the primary one first; all are true of every finding.
    pub cwe: Vec<u16>,
    /// The ASVS requirements that a finding fails.
    pub asvs: Vec<String>,
    /// Of these, the ones that hold where no place is a finding: all that they ask is asked by the rules that say so.
    pub decides: Vec<String>,
    /// OWASP Top 10 and API Top 10 entries.
    pub owasp: Vec<String>,
    /// What other tools call it; accepted in suppressions only.
    pub aliases: Vec<String>,
    /// Ids that it had before; they keep working.
    pub formerly: Vec<String>,
    /// What holds of every place that is asked about and no finding, as a sentence that a count begins: `37 of 41 …`.
    pub kept: Option<String>,
    /// What makes it no finding, where the code does not always tell: what follows `it is none where`.
    pub excused: Option<String>,
    /// What an attacker may do by it, where its CWE number says it badly: what follows `may`, with `{place}` for where it stands.
    pub lets: Option<String>,
    /// Who may, where it is not whoever reaches the place.
    pub whom: Option<String>,
    /// How a request shows whether it is repaired.
    pub retest: Option<Retest>,
    /// The confidence that a finding starts with.
    pub precision: Confidence,
    /// Factors of its severity.
    pub severity: Factors,
    /// What is looked for.
    pub question: Question,
    /// How it is repaired.
    pub fix: Fix,
    /// The prose, in the order of [`Heading`].
    pub sections: Vec<Section>,
    /// The blocks of *Examples*, in order.
    pub examples: Vec<Block>,
}

/// How a request shows whether a finding is repaired: what a test sends, and what it takes for the flaw.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retest {
    /// Without a login it has to be refused.
    Login,
    /// An ordinary account has to be refused.
    Role,
    /// Another account than the record's has to be refused.
    Owner,
    /// What another site sends with the login of its visitor has to be refused.
    CrossSite,
    /// One of many requests has to be refused.
    Limit,
    /// A field that is not for clients is not stored.
    Field,
    /// `GET` has to be refused.
    Get,
    /// Another site does not get leave to read the answer.
    Origin,
    /// A statement that is always true is answered as one that is never true.
    Sql,
    /// An operator is answered as a plain value.
    Nosql,
    /// As for SQL.
    Xpath,
    /// A wildcard is answered as a plain value.
    Ldap,
    /// A pattern is answered as plain text.
    Regex,
    /// A command does not run.
    Command,
    /// Code does not run.
    Code,
    /// An expression is not computed.
    Template,
    /// Markup is escaped.
    Markup,
    /// Files outside are neither shown nor touched.
    Path,
    /// It leads to no other host.
    Redirect,
    /// Nothing is asked inside the network.
    ServerRequest,
    /// A document reads no file.
    Xml,
}

impl Retest {
    /// All, by name.
    pub const NAMED: [(&'static str, Self); 21] = [
        ("login", Self::Login),
        ("role", Self::Role),
        ("owner", Self::Owner),
        ("cross-site", Self::CrossSite),
        ("limit", Self::Limit),
        ("field", Self::Field),
        ("get", Self::Get),
        ("origin", Self::Origin),
        ("sql", Self::Sql),
        ("nosql", Self::Nosql),
        ("xpath", Self::Xpath),
        ("ldap", Self::Ldap),
        ("regex", Self::Regex),
        ("command", Self::Command),
        ("code", Self::Code),
        ("template", Self::Template),
        ("markup", Self::Markup),
        ("path", Self::Path),
        ("redirect", Self::Redirect),
        ("server-request", Self::ServerRequest),
        ("xml", Self::Xml),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = Self::NAMED.iter().find(|(_, retest)| *retest == self);
        found.map_or("", |(name, _)| name)
    }
}

/// The folder of a rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Untrusted data reaches an interpreter.
    Injection,
    /// Who may do what.
    Access,
    /// Who somebody is, and for how long.
    Session,
    /// Ciphers, hashes, randomness, TLS.
    Crypto,
    /// Data at rest and in flight.
    Data,
    /// The contract with callers.
    Api,
    /// What happens when something goes wrong.
    Failure,
    /// What is written down about what happened.
    Logging,
    /// How parts are set up.
    Config,
    /// Credentials in the wrong place.
    Secret,
    /// What the owner decided, and the code does otherwise.
    Decision,
}

impl Area {
    /// All, by folder name.
    pub const NAMED: [(&'static str, Self); 11] = [
        ("injection", Self::Injection),
        ("access", Self::Access),
        ("session", Self::Session),
        ("crypto", Self::Crypto),
        ("data", Self::Data),
        ("api", Self::Api),
        ("failure", Self::Failure),
        ("logging", Self::Logging),
        ("config", Self::Config),
        ("secret", Self::Secret),
        ("decision", Self::Decision),
    ];

    /// The folder's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMED
            .iter()
            .find(|(_, area)| *area == self)
            .map_or("", |(name, _)| name)
    }
}

/// Whether a rule runs without being asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Yes.
    Stable,
    /// Only with `--preview`.
    Preview,
}

/// What a rule looks for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Question {
    /// Data of some source reaches a dangerous use.
    Flow(FlowQuestion),
    /// A fact about one call or value, without flow.
    Site(SiteQuestion),
    /// A question to the application model.
    Model(ModelQuestion),
    /// A question to the schema.
    Schema(SchemaQuestion),
    /// What the owner decided, held against the code.
    Decision(DecisionQuestion),
}

/// Data of some source reaches a dangerous use.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct FlowQuestion {
    /// Source kinds; a parent covers its children.
    pub from: Vec<Origin>,
    /// Sink kinds; a parent covers its children.
    pub to: Vec<String>,
    /// Only what answers yes is a finding, over facts of the sink and the path; absent: everything.
    pub condition: Option<Condition>,
    /// Keeps out what answers yes; what is not known stays, with less confidence.
    pub unless: Option<Condition>,
    /// Sink kinds that make up for it: a source that reaches one of them as well is no finding (a token that is decoded
    /// here and verified there).
    pub spared_by: Vec<String>,
}

/// A source kind and how far it is trusted to matter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// The kind, or the parent of kinds.
    pub kind: String,
    /// The most confidence that a path from it can have (`store:low`).
    pub cap: Option<Confidence>,
}

/// A fact about one call or value.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SiteQuestion {
    /// The facts by name, any of them.
    pub at: Vec<String>,
    /// Which of these it is about; absent: all. What answers no is not asked, and counts for nothing.
    pub of: Option<Condition>,
    /// When the fact is a weakness; absent: always.
    pub condition: Option<Condition>,
    /// Keeps out what answers yes; what is not known stays, with less confidence.
    pub unless: Option<Condition>,
    /// What nobody can say holds: no finding where it answers yes, and nothing that a verdict may count as kept.
    pub open: Option<Condition>,
}

/// A question to the application model.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ModelQuestion {
    /// Of what: `endpoint`, `session` …
    pub subject: String,
    /// Which of these it is about; absent: all.
    pub of: Option<Condition>,
    /// When it is a weakness.
    pub condition: Option<Condition>,
    /// The family that it is shown beside: `siblings`.
    pub compare: Option<String>,
}

/// A question to the schema.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SchemaQuestion {
    /// Of what: `column`, `table` …
    pub subject: String,
    /// When it is a weakness.
    pub condition: Option<Condition>,
}

/// What the owner decided, held against the code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DecisionQuestion {
    /// The questions by name, any of them: `session.timeout` …
    pub about: Vec<String>,
}

/// A condition as written and as read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Condition {
    /// As written.
    pub text: String,
    /// As read.
    pub expr: Expr,
}

/// How a weakness is repaired.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fix {
    /// By whom.
    pub kind: FixKind,
    /// The fixer in crate `fix`, for edits and inserts.
    pub name: Option<String>,
    /// Whether the edit keeps the behaviour for every honest input.
    pub safe: bool,
}

/// By whom a weakness is repaired.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FixKind {
    /// A fixer rewrites the place.
    Edit,
    /// A fixer adds something.
    Insert,
    /// A person, guided by the prose.
    Guide,
}

/// The headings of a rule, in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Heading {
    /// What it is.
    What,
    /// What it costs the owner.
    Why,
    /// How it is attacked.
    Attack,
    /// The repair.
    Fix,
    /// Other repairs, with their trade-offs.
    Alternatives,
    /// What the repair costs at run time and in effort.
    Cost,
    /// What it means for growth.
    Scalability,
    /// What to log and alert on.
    Monitor,
    /// How the project tests for it.
    Test,
    /// Known misses and false alarms.
    Limits,
    /// Further reading.
    References,
    /// The tests.
    Examples,
}

impl Heading {
    /// All, in order: title and whether it is required.
    pub const ALL: [(Self, &'static str, bool); 12] = [
        (Self::What, "What", true),
        (Self::Why, "Why it matters", true),
        (Self::Attack, "Attack", true),
        (Self::Fix, "Fix", true),
        (Self::Alternatives, "Alternatives", true),
        (Self::Cost, "Cost", false),
        (Self::Scalability, "Scalability", false),
        (Self::Monitor, "Monitor", false),
        (Self::Test, "Test", false),
        (Self::Limits, "Limits", false),
        (Self::References, "References", false),
        (Self::Examples, "Examples", true),
    ];

    /// As it stands in the file.
    #[must_use]
    pub fn title(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(heading, ..)| *heading == self)
            .map_or("", |(_, title, _)| title)
    }
}

/// The prose under one heading.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Section {
    /// Which.
    pub heading: Heading,
    /// Markdown, trimmed, placeholders unfilled.
    pub text: String,
}

/// What the placeholders of prose stand for; what is absent reads as a general word.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fill<'a> {
    /// `{sink}`: the call, as a reader of the code knows it.
    pub sink: Option<&'a str>,
    /// `{source}`: the source as an expression.
    pub source: Option<&'a str>,
    /// `{endpoint}`: method and path.
    pub endpoint: Option<&'a str>,
    /// `{table}`: table or collection.
    pub table: Option<&'a str>,
    /// `{file}`: project-relative path.
    pub file: Option<&'a str>,
}

impl Fill<'_> {
    fn words(&self) -> [(&'static str, Option<&str>, &'static str); 5] {
        [
            ("{sink}", self.sink, "this call"),
            ("{source}", self.source, "untrusted data"),
            ("{endpoint}", self.endpoint, "the endpoint"),
            ("{table}", self.table, "the table"),
            ("{file}", self.file, "this file"),
        ]
    }

    /// The text with its placeholders replaced: by a value in back-ticks, or by a general word.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        'next: while let Some(at) = rest.find('{') {
            let (before, tail) = rest.split_at(at);
            out.push_str(before);
            for (word, value, general) in self.words() {
                if let Some(after) = tail.strip_prefix(word) {
                    match value {
                        Some(value) if is_phrase(value) => out.push_str(value),
                        Some(value) => out.extend(["`", value, "`"]),
                        None => out.push_str(general),
                    }
                    rest = after;
                    continue 'next;
                }
            }
            out.push('{');
            rest = tail.get(1..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }
}

/// Whether what stands for a call is no name of the code but a phrase: `the answer`, `a query`.
fn is_phrase(value: &str) -> bool {
    ["a ", "an ", "the "].iter().any(|a| value.starts_with(a))
}

impl Rule {
    /// The prose under a heading, unfilled.
    #[must_use]
    pub fn section(&self, heading: Heading) -> Option<&str> {
        self.sections
            .iter()
            .find(|section| section.heading == heading)
            .map(|section| section.text.as_str())
    }

    /// The prose under a heading, its placeholders filled.
    #[must_use]
    pub fn prose(&self, heading: Heading, fill: &Fill<'_>) -> Option<String> {
        self.section(heading).map(|text| fill.apply(text))
    }

    /// The message of one finding: the first paragraph of *What*, filled, on one line, without its final period.
    #[must_use]
    pub fn message(&self, fill: &Fill<'_>) -> String {
        let what = self.section(Heading::What).unwrap_or(&self.title);
        let first = what.split("\n\n").next().unwrap_or(what);
        let filled = fill.apply(first);
        let line = filled.split_whitespace().collect::<Vec<_>>().join(" ");
        // General words may stand where a place would be named.
        let mut chars = line.strip_suffix('.').unwrap_or(&line).chars();
        let first = chars.next().into_iter().flat_map(char::to_uppercase);
        first.chain(chars).collect()
    }

    /// The rule's tests: each case name gives one case per variant.
    #[must_use]
    pub fn cases(&self) -> Vec<Case> {
        crate::example::cases(&self.examples)
    }

    /// The languages that its cases are written in, sorted.
    #[must_use]
    pub fn langs(&self) -> Vec<&'static str> {
        let mut langs: Vec<_> = self.examples.iter().filter_map(Block::language).collect();
        langs.sort_unstable();
        langs.dedup();
        langs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_or_read_well_without() {
        let fill = Fill {
            sink: Some("db.query"),
            ..Fill::default()
        };
        assert_eq!(
            fill.apply("{source} goes into {sink}, { a: 1 } stays"),
            "untrusted data goes into `db.query`, { a: 1 } stays"
        );
        assert_eq!(
            Fill::default().apply("{unknown} {{sink}} {"),
            "{unknown} {this call} {"
        );
    }
}
