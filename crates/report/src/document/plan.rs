//! Security Recommendations.

use super::{Block, Cell, Table, sentence, sentences};
use casemate_assess::assessment::{Assessment, Level};
use casemate_assess::dossier::means::{Fit, Means};
use casemate_assess::dossier::plan::Action;
use casemate_assess::dossier::words::count;

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let plan = &a.dossier.plan;
    let mut out = vec![Block::Note(format!("Ordered by {}.", plan.order))];
    let means = &plan.means;
    out.extend(
        means
            .says
            .as_deref()
            .map(|says| Block::Text(sentence(says))),
    );
    if !means.read.is_empty() {
        out.push(Block::List(sentences(&means.read)));
    }
    if let Some(counted) = &means.counted {
        out.push(Block::Note(sentence(counted)));
    }
    let from = plan.from;
    let below = from.below();
    let worse: Vec<String> = Level::ALL
        .iter()
        .filter(|level| **level >= from)
        .map(|level| level.name().to_owned())
        .collect();
    for (heading, actions, none) in [
        (
            "Immediate Actions",
            &plan.immediate,
            format!(
                "Nothing of level {} with more than low confidence",
                worse.join(" or ")
            ),
        ),
        (
            "Short-term Improvements",
            &plan.short_term,
            format!(
                "Nothing of level {}, and nothing {} in doubt",
                below.name(),
                if from == Level::High {
                    "serious"
                } else {
                    "more serious"
                }
            ),
        ),
        (
            "Long-term Strategy",
            &plan.long_term,
            format!("Nothing below level {}", below.name()),
        ),
    ] {
        out.push(Block::Heading(3, heading.to_owned()));
        if actions.is_empty() {
            out.push(Block::Text(format!(
                "{none} was found in {}.",
                a.project.name
            )));
        } else {
            let findings: usize = actions.iter().map(|a| a.findings.len()).sum();
            let caption = format!(
                "{} that {} {}",
                count(actions.len(), "step", "steps"),
                if actions.len() == 1 { "ends" } else { "end" },
                count(findings, "finding", "findings")
            );
            out.push(actions_table(caption, actions, means));
        }
    }
    out.push(Block::Heading(
        3,
        "Security Architecture Guidelines".to_owned(),
    ));
    if plan.guidelines.is_empty() {
        out.push(Block::Text(format!(
            "No cause stands behind three findings or more in {}.",
            a.project.name
        )));
    }
    for guideline in &plan.guidelines {
        out.push(Block::Text(sentence(&guideline.says)));
    }
    out.push(Block::Heading(3, "Secure Development Practices".to_owned()));
    out.push(Block::List(sentences(&plan.practices)));
    out
}

fn actions_table<'a>(caption: String, actions: &[Action], means: &Means) -> Block<'a> {
    let mut head = vec!["Step", "What", "Level", "Effort", "Risks"];
    if means.counted.is_some() {
        head.push("Hours");
    }
    if means.hours.is_some() {
        head.push("Fits");
    }
    Block::Table(Table {
        caption,
        head,
        rows: actions
            .iter()
            .enumerate()
            .map(|(at, action)| {
                let mut row = vec![
                    Cell::Count(at + 1),
                    Cell::text(sentence(&action.what)),
                    Cell::Level(action.level),
                    Cell::label(&action.effort),
                    Cell::Risks(action.risks.clone()),
                ];
                if means.counted.is_some() {
                    row.push(Cell::Count(action.hours));
                }
                if means.hours.is_some() {
                    row.push(Cell::label(match action.fits {
                        Fit::Open => "not known".to_owned(),
                        Fit::Whole => "yes".to_owned(),
                        Fit::Part(n) => {
                            format!("{n} of {}", count(action.places, "place", "places"))
                        }
                        Fit::No => "no".to_owned(),
                    }));
                }
                row
            })
            .collect(),
    })
}
