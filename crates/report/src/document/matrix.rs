//! Risk Assessment Matrix.

use super::{Block, Cell, Figure, Table, sentence};
use crate::names::word;
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::risk::Risk;
use casemate_say::{label, say};

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let risks = &a.dossier.risks;
    if risks.is_empty() {
        return vec![Block::Text(say!(
            "No finding in {name}, so no risk to place.",
            name = a.project.name
        ))];
    }
    let mut out = vec![Block::Figure(Figure::Risks)];
    out.push(Block::Note(say!("Level = likelihood × impact, each made of the factors that stand beside it. The CVSS v4.0 vector describes the flaw by itself and plays no part in the level.")));
    out.push(Block::Table(Table {
        caption: say!("Risks, one a root cause, the worst first"),
        head: vec![
            label!("Risk"),
            label!("Level"),
            label!("Likelihood"),
            label!("Impact"),
            label!("Weakness"),
            label!("Where"),
            label!("Confidence"),
            label!("Findings"),
        ],
        rows: risks
            .iter()
            .map(|r| {
                vec![
                    Cell::Name(r.id.clone()),
                    Cell::Level(r.level),
                    Cell::label(word(&r.likelihood)),
                    Cell::label(word(&r.impact)),
                    Cell::label(&r.title),
                    Cell::code(&r.place),
                    Cell::label(word(&r.confidence)),
                    Cell::Findings(r.findings.clone()),
                ]
            })
            .collect(),
    }));
    out.push(Block::Heading(
        3,
        say!("What each risk means, and why it stands where it stands"),
    ));
    let told = risks
        .iter()
        .filter(|r| r.level > casemate_assess::assessment::Level::Info);
    out.push(Block::Table(Table {
        caption: say!("Business impact and factors with their evidence"),
        head: vec![
            label!("Risk"),
            label!("What it means"),
            label!("Factors"),
            label!("Evidence"),
            label!("CVSS v4.0"),
        ],
        rows: told
            .map(|r| {
                vec![
                    Cell::Risks(vec![r.id.clone()]),
                    Cell::text(sentence(&r.business)),
                    Cell::label(factors(r)),
                    Cell::text(evidence(r)),
                    Cell::code(&r.cvss),
                ]
            })
            .collect(),
    }));
    let meanings = meanings(risks);
    if !meanings.is_empty() {
        out.push(Block::Note(sentence(&meanings)));
    }
    if let Some(first) = risks.first() {
        out.push(Block::Note(sentence(&first.assumed)));
    }
    out
}

/// The factors by name and value.
fn factors(risk: &Risk) -> String {
    let named: Vec<&str> = risk
        .factors
        .iter()
        .map(|factor| {
            factor
                .split_once(": ")
                .map_or(factor.as_str(), |(name, _)| name)
        })
        .collect();
    named.join("; ")
}

/// What of the project stands behind them; what they mean in any project is told once.
fn evidence(risk: &Risk) -> String {
    let told: Vec<String> = risk
        .factors
        .iter()
        .filter_map(|factor| Some(factor.split_once(": ")?.1))
        .filter(|evidence| evidence.contains('`'))
        .map(str::to_owned)
        .collect();
    if told.is_empty() {
        return match &risk.endpoint {
            Some(endpoint) => say!("`{endpoint}`, by the code at `{place}`", place = risk.place),
            None => say!("the code at `{place}`", place = risk.place),
        };
    }
    told.join("; ")
}

/// What the factors mean that hold in any project alike, each once.
fn meanings(risks: &[Risk]) -> String {
    let mut told: Vec<&str> = Vec::new();
    for factor in risks.iter().flat_map(|r| &r.factors) {
        if !factor.contains('`') && factor.contains(": ") && !told.contains(&factor.as_str()) {
            told.push(factor);
        }
    }
    told.join("; ")
}
