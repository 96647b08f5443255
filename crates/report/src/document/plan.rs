//! Security Recommendations.

use super::{Block, Cell, Table, sentence, sentences};
use crate::names::word;
use casemate_assess::assessment::{Assessment, Level};
use casemate_assess::dossier::means::{Fit, Means};
use casemate_assess::dossier::plan::Action;
use casemate_assess::dossier::words::count;
use casemate_say::{label, say};

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let plan = &a.dossier.plan;
    let mut out = vec![Block::Note(say!("Ordered by {order}.", order = plan.order))];
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
        .map(|level| word(level.name()).to_owned())
        .collect();
    for (heading, actions, none) in [
        (
            label!("Immediate Actions"),
            &plan.immediate,
            say!(
                "Nothing of level {worse} with more than low confidence",
                worse = worse.join(" or ")
            ),
        ),
        (
            label!("Short-term Improvements"),
            &plan.short_term,
            say!(
                "Nothing of level {name}, and nothing {which} in doubt",
                name = word(below.name()),
                which = if from == Level::High {
                    label!("serious")
                } else {
                    label!("more serious")
                }
            ),
        ),
        (
            label!("Long-term Strategy"),
            &plan.long_term,
            say!("Nothing below level {name}", name = word(below.name())),
        ),
    ] {
        out.push(Block::Heading(3, heading.to_owned()));
        if actions.is_empty() {
            out.push(Block::Text(say!(
                "{none} was found in {name}.",
                name = a.project.name
            )));
        } else {
            let findings: usize = actions.iter().map(|a| a.findings.len()).sum();
            let caption = say!(
                "{steps} that {which} {findings}",
                steps = count(actions.len(), "step", "steps"),
                which = if actions.len() == 1 {
                    label!("ends")
                } else {
                    label!("end")
                },
                findings = count(findings, "finding", "findings")
            );
            out.push(actions_table(caption, actions, means));
        }
    }
    out.push(Block::Heading(3, say!("Security Architecture Guidelines")));
    if plan.guidelines.is_empty() {
        out.push(Block::Text(say!(
            "No cause stands behind three findings or more in {name}.",
            name = a.project.name
        )));
    }
    let says: Vec<String> = plan.guidelines.iter().map(|g| g.says.clone()).collect();
    if !says.is_empty() {
        out.push(Block::Note(say!(
            "Each repair is written once, where all of its places can use it."
        )));
        out.push(Block::List(sentences(&says)));
    }
    out.push(Block::Heading(3, say!("Secure Development Practices")));
    out.push(Block::List(sentences(&plan.practices)));
    out
}

fn actions_table<'a>(caption: String, actions: &[Action], means: &Means) -> Block<'a> {
    let mut head = vec![
        label!("Step"),
        label!("What"),
        label!("Level"),
        label!("Effort"),
        label!("Risks"),
    ];
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
                        Fit::Open => say!("not known"),
                        Fit::Whole => "yes".to_owned(),
                        Fit::Part(n) => {
                            say!(
                                "{n} of {places}",
                                places = count(action.places, "place", "places")
                            )
                        }
                        Fit::No => "no".to_owned(),
                    }));
                }
                row
            })
            .collect(),
    })
}
