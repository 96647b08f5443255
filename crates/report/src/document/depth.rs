//! How deep a report goes: which sections it has, and what of these points to others that it has not.

use super::{Block, Cell, REFERENCES, Section};
use casemate_assess::assessment::Assessment;
use casemate_say::{label, say};

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

    /// Whether it has a section.
    pub(super) fn has(self, id: &str) -> bool {
        let some: &[&str] = match self {
            Self::Assessment => return true,
            Self::Summary => &["context", "summary", "matrix", "recommendations", "limits"],
            Self::Architecture => &["context", "analysis", "threats", "limits"],
            Self::Issue => &["analysis", "recommendations", "guidance", "limits"],
        };
        some.contains(&id)
    }

    /// Leaves names of findings as words where the findings are left out, and names the findings of a risk where the risks are: their
    /// numbers stand nowhere else.
    pub(super) fn unlink(self, a: &Assessment, section: &mut Section<'_>) {
        let (findings, risks) = (self.has("analysis"), self.has("matrix"));
        if !(findings && risks) {
            blocks(a, &mut section.blocks, findings, risks);
        }
    }
}

fn blocks(a: &Assessment, all: &mut [Block<'_>], findings: bool, risks: bool) {
    for block in all {
        match block {
            Block::Table(table) | Block::Grouped(table, _) => {
                for head in table.head.iter_mut().filter(|_| !risks) {
                    if *head == label!("Risks") {
                        *head = label!("Findings");
                    }
                }
                for cell in table.rows.iter_mut().flatten() {
                    if let Cell::Risks(of) = cell
                        && !risks
                    {
                        let theirs = a.dossier.risks.iter().filter(|r| of.contains(&r.id));
                        *cell = Cell::Findings(theirs.flat_map(|r| r.findings.clone()).collect());
                    }
                    if let Cell::Findings(ids) = cell
                        && !findings
                    {
                        *cell = Cell::Text(words(ids.iter().map(|id| digits(id)).collect()));
                    }
                }
            }
            Block::Entry(entry) => blocks(a, &mut entry.blocks, findings, risks),
            _ => {}
        }
    }
}

fn digits(id: &str) -> String {
    format!("`{}`", id.rsplit('@').next().unwrap_or(id))
}

fn words(mut named: Vec<String>) -> String {
    let more = named.len().saturating_sub(REFERENCES);
    named.truncate(REFERENCES);
    let more = if more > 0 {
        say!(" and {n} more", n = more)
    } else {
        String::new()
    };
    format!("{}{more}", named.join(", "))
}
