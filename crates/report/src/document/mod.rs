//! The report as a document: the sections with their headings, paragraphs, tables and figures, in no form yet.
//!
//! Everything said stands in the assessment; here it is put in order. HTML and Markdown write the same document, so they
//! cannot say different things. Texts hold back-ticks around code and no other markup; whoever writes them escapes them.

mod analysis;
mod closing;
mod context;
mod entry;
mod guidance;
mod matrix;
mod monitoring;
mod plan;
mod summary;

use casemate_assess::assessment::{Assessment, Level};
use casemate_assess::dossier::Verdict;

/// A report.
#[derive(Debug)]
pub struct Document<'a> {
    /// What it is about.
    pub assessment: &'a Assessment,
    /// The title.
    pub title: &'static str,
    /// Facts under the title: label and value.
    pub facts: Vec<(&'static str, String)>,
    /// The sections, in order.
    pub sections: Vec<Section<'a>>,
}

/// A section.
#[derive(Debug)]
pub struct Section<'a> {
    /// Its heading, which receivers know.
    pub heading: &'static str,
    /// Its anchor.
    pub id: &'static str,
    /// What it says.
    pub blocks: Vec<Block<'a>>,
}

/// A piece of a section.
#[derive(Debug)]
pub enum Block<'a> {
    /// A heading inside a section, of level 3 or 4.
    Heading(u8, String),
    /// A paragraph.
    Text(String),
    /// A paragraph that is read first.
    Lead(String),
    /// A paragraph about the report itself.
    Note(String),
    /// A list.
    List(Vec<String>),
    /// A table.
    Table(Table),
    /// Code.
    Code(&'static str, String),
    /// Prose of a rule, Markdown: it says how, not what is here.
    Method(&'a str),
    /// A drawing.
    Figure(Figure),
    /// A finding, or what is as long as one.
    Entry(Entry<'a>),
}

/// A drawing of something that the dossier holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Figure {
    /// Likelihood by impact.
    Risks,
    /// Findings by area.
    Areas,
    /// How many endpoints have which guard.
    Guards,
    /// Who talks to whom.
    Flows,
}

/// What is folded away until somebody asks for it.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its anchor.
    pub id: String,
    /// How serious.
    pub level: Level,
    /// How sure: `high`, `medium`, `low`.
    pub confidence: String,
    /// Its title.
    pub title: String,
    /// Where.
    pub place: String,
    /// What it says.
    pub blocks: Vec<Block<'a>>,
}

/// A table.
#[derive(Debug, Default)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Heads of its columns.
    pub head: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Debug)]
pub enum Cell {
    /// Text with code marks.
    Text(String),
    /// Code.
    Code(String),
    /// What is the same in every report, as the head of a column is: what a row is about, one of few answers, the name of a weakness.
    Label(String),
    /// A short name that stays on one line: the id of a requirement.
    Id(String),
    /// A number.
    Count(usize),
    /// A level.
    Level(Level),
    /// Findings.
    Findings(Vec<String>),
    /// The row's own finding, which others refer to.
    Finding(String),
    /// The row's own name, which others refer to.
    Name(String),
    /// Risks.
    Risks(Vec<String>),
    /// `yes`, `no` or `unknown`.
    Answer(String),
    /// A verdict.
    Verdict(Verdict),
}

impl Cell {
    fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
    fn label(text: impl Into<String>) -> Self {
        Self::Label(text.into())
    }
    fn code(text: impl Into<String>) -> Self {
        Self::Code(text.into())
    }
}

/// How deep a report goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Depth {
    /// Everything.
    #[default]
    Assessment,
    /// What leadership reads.
    Summary,
    /// How it is built, and what may go wrong there.
    Architecture,
    /// What has to be repaired, for a tracker.
    Issue,
}

impl Depth {
    /// All, by name.
    pub const NAMED: [(&'static str, Self); 4] = [
        ("assessment", Self::Assessment),
        ("summary", Self::Summary),
        ("architecture", Self::Architecture),
        ("issue", Self::Issue),
    ];

    fn sections(self) -> &'static [&'static str] {
        match self {
            Self::Assessment => &[],
            Self::Summary => &["context", "summary", "matrix", "recommendations", "limits"],
            Self::Architecture => &["context", "analysis", "threats", "limits"],
            Self::Issue => &["analysis", "recommendations", "guidance", "limits"],
        }
    }
}

/// Puts a report in order.
#[must_use]
pub fn of(assessment: &Assessment, depth: Depth) -> Document<'_> {
    let all = vec![
        Section {
            heading: "Project Context",
            id: "context",
            blocks: context::blocks(assessment),
        },
        Section {
            heading: "Executive Summary",
            id: "summary",
            blocks: summary::blocks(assessment),
        },
        Section {
            heading: "Detailed Security Analysis",
            id: "analysis",
            blocks: analysis::blocks(assessment),
        },
        Section {
            heading: "Risk Assessment Matrix",
            id: "matrix",
            blocks: matrix::blocks(assessment),
        },
        Section {
            heading: "Security Recommendations",
            id: "recommendations",
            blocks: plan::blocks(assessment),
        },
        Section {
            heading: "Implementation Guidance",
            id: "guidance",
            blocks: guidance::blocks(assessment),
        },
        Section {
            heading: "Security Monitoring Framework",
            id: "monitoring",
            blocks: monitoring::blocks(assessment),
        },
        Section {
            heading: "Threat Model",
            id: "threats",
            blocks: closing::threats(assessment),
        },
        Section {
            heading: "Requirements Ledger",
            id: "ledger",
            blocks: closing::ledger(assessment),
        },
        Section {
            heading: "Limits",
            id: "limits",
            blocks: closing::limits(assessment),
        },
        Section {
            heading: "Accepted Risks",
            id: "accepted",
            blocks: closing::accepted(assessment),
        },
        Section {
            heading: "Suggestions for a Person to Decide On",
            id: "suggestions",
            blocks: closing::suggestions(assessment),
        },
    ];
    let wanted = depth.sections();
    Document {
        assessment,
        title: "Backend Security Assessment Report",
        facts: facts(assessment),
        sections: all
            .into_iter()
            .filter(|s| wanted.is_empty() || wanted.contains(&s.id))
            .collect(),
    }
}

fn facts(assessment: &Assessment) -> Vec<(&'static str, String)> {
    let project = &assessment.project;
    let mut facts = vec![("Project", project.name.clone())];
    facts.push((
        "Commit",
        project.commit.clone().map_or_else(
            || "not under version control".to_owned(),
            |c| format!("`{c}`"),
        ),
    ));
    if !project.focus.is_empty() {
        facts.push(("Only", project.focus.join(", ")));
    }
    facts.push((
        "Assessed with",
        format!("casemate {}", assessment.tool.version),
    ));
    let levels: Vec<String> = Level::ALL
        .iter()
        .rev()
        .map(|l| (l.name(), assessment.count(*l)))
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| format!("{n} {name}"))
        .collect();
    facts.push((
        "Findings",
        if levels.is_empty() {
            "none".to_owned()
        } else {
            levels.join(" · ")
        },
    ));
    facts
}

/// A sentence: a capital letter first, a period last.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let mut out: String = chars
        .next()
        .map(|c| c.to_uppercase().collect::<String>())
        .unwrap_or_default();
    out.push_str(chars.as_str());
    if !out.ends_with(['.', '?', '!']) {
        out.push('.');
    }
    out
}

/// As a sentence goes on with it: abbreviations and code stay.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

fn sentences(texts: &[String]) -> Vec<String> {
    texts.iter().map(|t| sentence(t)).collect()
}

/// The place of an anchor of a finding: `sql-injection@1a2b3c4d` → `finding-1a2b3c4d`.
#[must_use]
pub fn anchor(finding: &str) -> String {
    let digits = finding.rsplit('@').next().unwrap_or(finding);
    let digits: String = digits.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("finding-{digits}")
}
