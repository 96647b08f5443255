//! The report as a document: the sections with their headings, paragraphs, tables and figures, in no form yet.
//!
//! Everything said stands in the assessment; here it is put in order. HTML and Markdown write the same document, so they
//! cannot say different things. Texts hold back-ticks around code and no other markup; whoever writes them escapes them.

mod analysis;
mod closing;
mod context;
mod depth;
mod entry;
mod guidance;
mod matrix;
mod monitoring;
mod plan;
mod problems;
mod summary;

pub use depth::Depth;

use casemate_assess::assessment::{Assessment, Level};
use casemate_assess::dossier::Verdict;
use casemate_assess::dossier::words::grouped;
use casemate_say::{label, say, told};

/// Findings, or risks, that one cell names.
pub(crate) const REFERENCES: usize = 8;

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
    /// A long table, with what its rows are in stretches, so that whoever cannot filter can pass over some.
    Grouped(Table, Vec<Group>),
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

/// A stretch of rows.
#[derive(Debug)]
pub struct Group {
    /// What they are.
    pub says: String,
    /// How many.
    pub rows: usize,
    /// They are what readers came for.
    pub open: bool,
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

/// Puts a report in order.
#[must_use]
pub fn of(assessment: &Assessment, depth: Depth) -> Document<'_> {
    let all: [(&'static str, Vec<Block<'_>>); 12] = [
        ("context", context::blocks(assessment)),
        ("summary", summary::blocks(assessment, depth.has("ledger"))),
        (
            "analysis",
            analysis::blocks(assessment, depth.has("guidance")),
        ),
        ("matrix", matrix::blocks(assessment)),
        ("recommendations", plan::blocks(assessment)),
        (
            "guidance",
            guidance::blocks(assessment, depth.has("ledger")),
        ),
        ("monitoring", monitoring::blocks(assessment)),
        ("threats", closing::threats(assessment)),
        ("ledger", closing::ledger(assessment)),
        ("limits", closing::limits(assessment)),
        ("accepted", closing::accepted(assessment)),
        ("suggestions", closing::suggestions(assessment)),
    ];
    let mut sections: Vec<Section<'_>> = all
        .into_iter()
        .filter(|(id, _)| depth.has(id))
        .map(|(id, blocks)| Section {
            heading: heading(id),
            id,
            blocks,
        })
        .collect();
    for section in &mut sections {
        depth.unlink(assessment, section);
    }
    Document {
        assessment,
        title: label!("Backend Security Assessment Report"),
        facts: facts(assessment),
        sections,
    }
}

/// The heading of a section.
fn heading(id: &str) -> &'static str {
    match id {
        "context" => label!("Project Context"),
        "summary" => label!("Executive Summary"),
        "analysis" => label!("Detailed Security Analysis"),
        "matrix" => label!("Risk Assessment Matrix"),
        "recommendations" => label!("Security Recommendations"),
        "guidance" => label!("Implementation Guidance"),
        "monitoring" => label!("Security Monitoring Framework"),
        "threats" => label!("Threat Model"),
        "ledger" => label!("Requirements Ledger"),
        "limits" => label!("Limits"),
        "accepted" => label!("Accepted Risks"),
        "suggestions" => label!("Suggestions for a Person to Decide On"),
        _ => "",
    }
}

fn facts(assessment: &Assessment) -> Vec<(&'static str, String)> {
    let project = &assessment.project;
    let mut facts = vec![(label!("Project"), project.name.clone())];
    facts.push((
        label!("Commit"),
        project
            .commit
            .clone()
            .map_or_else(|| say!("not under version control"), |c| format!("`{c}`")),
    ));
    if !project.focus.is_empty() {
        facts.push((label!("Only"), project.focus.join(", ")));
    }
    facts.push((
        label!("Assessed with"),
        say!("casemate {version}", version = assessment.tool.version),
    ));
    let levels: Vec<String> = Level::ALL
        .iter()
        .rev()
        .map(|l| (l.name(), assessment.count(*l)))
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| format!("{} {}", grouped(n as u64), told(name)))
        .collect();
    facts.push((
        label!("Findings"),
        if levels.is_empty() {
            say!("none")
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
