//! Executive Summary.

use super::{Block, Cell, Figure, Table, sentence, sentences};
use casemate_assess::assessment::{Assessment, Level};
use casemate_assess::dossier::Verdict;
use casemate_assess::dossier::words::list;

/// What stands where nothing waits to be repaired first: what is in doubt is looked at before.
fn quiet(a: &Assessment) -> String {
    let doubted: Vec<String> = a
        .dossier
        .risks
        .iter()
        .filter(|r| r.level >= Level::Medium)
        .map(|r| format!("{} at `{}`", r.id, r.place))
        .collect();
    let rest = "the sections on limits and on the ledger say what was not looked at.";
    if doubted.is_empty() {
        format!("Nothing above low level waits to be repaired; {rest}")
    } else {
        format!(
            "Nothing above low level is sure enough to be repaired unseen. {} first at {}, of low confidence; {rest}",
            if doubted.len() == 1 {
                "A person looks"
            } else {
                "People look"
            },
            list(&doubted, 5)
        )
    }
}

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let summary = &a.dossier.summary;
    let mut out = vec![Block::Heading(3, "Overall security posture".to_owned())];
    let mut posture = sentences(&summary.posture).into_iter();
    if let Some(first) = posture.next() {
        out.push(Block::Lead(first));
    }
    out.extend(posture.map(Block::Text));
    if !a.findings.is_empty() {
        out.push(Block::Figure(Figure::Areas));
    }
    if !a.dossier.surface.endpoints.is_empty() {
        out.push(Block::Figure(Figure::Guards));
    }
    if !summary.good.is_empty() {
        out.push(Block::Heading(4, "What is done well".to_owned()));
        out.push(Block::List(sentences(&summary.good)));
    }
    out.push(Block::Table(Table {
        caption: "Requirements of ASVS 5.0 by chapter, all three levels".to_owned(),
        head: std::iter::once("Chapter")
            .chain(Verdict::ALL.iter().map(|v| v.name()))
            .collect(),
        rows: summary
            .chapters
            .iter()
            .map(|c| {
                std::iter::once(Cell::Label(c.name.clone()))
                    .chain(c.counts.iter().map(|n| Cell::Count(*n)))
                    .collect()
            })
            .collect(),
    }));
    out.push(Block::Heading(3, "Critical findings".to_owned()));
    if summary.stories.is_empty() {
        out.push(Block::Text(format!(
            "No finding of medium level or more with medium confidence or more among {} in {}.",
            a.findings.len(),
            a.project.name
        )));
    }
    let serious = |level| level >= Level::High;
    if let Some(worst) = summary.stories.first()
        && !serious(worst.level)
    {
        out.push(Block::Text(format!(
            "Nothing of level critical or high was found in {} with more than low confidence. The worst {}:",
            a.project.name,
            match summary.stories.len() {
                1 => "finding".to_owned(),
                n => format!("{n} findings"),
            }
        )));
    }
    for story in &summary.stories {
        out.push(Block::Heading(
            4,
            format!("{}: {} ({})", story.risk, story.title, story.level.name()),
        ));
        out.push(Block::Text(story.told.join(" ")));
    }
    out.push(Block::Heading(3, "Priority recommendations".to_owned()));
    if summary.priorities.is_empty() {
        out.push(Block::Text(quiet(a)));
    } else {
        out.push(Block::Table(Table {
            caption: "What to repair first".to_owned(),
            head: vec!["Risk", "What"],
            rows: summary
                .priorities
                .iter()
                .map(|(risk, what)| {
                    vec![Cell::Risks(vec![risk.clone()]), Cell::text(sentence(what))]
                })
                .collect(),
        }));
    }
    if !summary.decisions.is_empty() {
        out.push(Block::Heading(
            4,
            "Decisions that only people can take".to_owned(),
        ));
        out.push(Block::List(sentences(&summary.decisions)));
    }
    out
}
