//! Risk Assessment Matrix.

use super::{Block, Cell, Figure, Table, sentence};
use casemate_assess::assessment::Assessment;

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let risks = &a.dossier.risks;
    if risks.is_empty() {
        return vec![Block::Text(format!(
            "No finding in {}, so no risk to place.",
            a.project.name
        ))];
    }
    let mut out = vec![Block::Figure(Figure::Risks)];
    out.push(Block::Note("Level = likelihood × impact, each made of the factors that stand beside it. The CVSS v4.0 vector describes the flaw by itself and plays no part in the level.".to_owned()));
    out.push(Block::Table(Table {
        caption: "Risks, one a root cause, the worst first".to_owned(),
        head: vec![
            "Risk",
            "Level",
            "Likelihood",
            "Impact",
            "Weakness",
            "Where",
            "Confidence",
            "Findings",
        ],
        rows: risks
            .iter()
            .map(|r| {
                vec![
                    Cell::Name(r.id.clone()),
                    Cell::Level(r.level),
                    Cell::text(&r.likelihood),
                    Cell::text(&r.impact),
                    Cell::text(&r.title),
                    Cell::code(&r.place),
                    Cell::text(&r.confidence),
                    Cell::Findings(r.findings.clone()),
                ]
            })
            .collect(),
    }));
    out.push(Block::Heading(
        3,
        "What each risk means, and why it stands where it stands".to_owned(),
    ));
    let told = risks
        .iter()
        .filter(|r| r.level > casemate_assess::assessment::Level::Info);
    out.push(Block::Table(Table {
        caption: "Business impact and factors with their evidence".to_owned(),
        head: vec!["Risk", "What it means", "Factors", "CVSS v4.0"],
        rows: told
            .map(|r| {
                vec![
                    Cell::Risks(vec![r.id.clone()]),
                    Cell::text(sentence(&r.business)),
                    Cell::text(r.factors.join("; ")),
                    Cell::code(&r.cvss),
                ]
            })
            .collect(),
    }));
    if let Some(first) = risks.first() {
        out.push(Block::Note(sentence(&first.assumed)));
    }
    out
}
