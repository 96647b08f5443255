//! Security Recommendations.

use super::{Block, Cell, Table, sentence, sentences};
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::plan::Action;
use casemate_assess::dossier::words::count;

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let plan = &a.dossier.plan;
    let mut out = vec![Block::Note(format!("Ordered by {}.", plan.order))];
    for (heading, actions, none) in [
        (
            "Immediate Actions",
            &plan.immediate,
            "Nothing of level high or critical with more than low confidence",
        ),
        (
            "Short-term Improvements",
            &plan.short_term,
            "Nothing of level medium, and nothing serious in doubt",
        ),
        (
            "Long-term Strategy",
            &plan.long_term,
            "Nothing of low level",
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
            out.push(actions_table(caption, actions));
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

fn actions_table<'a>(caption: String, actions: &[Action]) -> Block<'a> {
    Block::Table(Table {
        caption,
        head: vec!["Step", "What", "Level", "Effort", "Risks"],
        rows: actions
            .iter()
            .enumerate()
            .map(|(at, action)| {
                vec![
                    Cell::Count(at + 1),
                    Cell::text(sentence(&action.what)),
                    Cell::Level(action.level),
                    Cell::label(&action.effort),
                    Cell::Risks(action.risks.clone()),
                ]
            })
            .collect(),
    })
}
