//! Executive Summary.

use super::{Block, Cell, Figure, Table, sentence, sentences};
use crate::names::word;
use casemate_assess::assessment::{Assessment, Level};
use casemate_assess::dossier::Verdict;
use casemate_assess::dossier::words::list;
use casemate_say::{label, say};

/// What stands where nothing waits to be repaired first: what is in doubt is looked at before.
fn quiet(a: &Assessment, ledger: bool) -> String {
    let doubted: Vec<String> = a
        .dossier
        .risks
        .iter()
        .filter(|r| r.level >= Level::Medium)
        .map(|r| say!("{id} at `{place}`", id = r.id, place = r.place))
        .collect();
    let rest = if ledger {
        label!("the sections on limits and on the ledger say what was not looked at.")
    } else {
        label!("the section on limits says what was not looked at.")
    };
    if doubted.is_empty() {
        say!("Nothing above low level waits to be repaired; {rest}")
    } else {
        say!(
            "Nothing above low level is sure enough to be repaired unseen. {which} first at {doubted}, of low confidence; {rest}",
            which = if doubted.len() == 1 {
                label!("A person looks")
            } else {
                label!("People look")
            },
            doubted = list(&doubted, 5)
        )
    }
}

pub(super) fn blocks(a: &Assessment, ledger: bool) -> Vec<Block<'_>> {
    let summary = &a.dossier.summary;
    let mut out = vec![Block::Heading(3, say!("Overall security posture"))];
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
        out.push(Block::Heading(4, say!("What is done well")));
        out.push(Block::List(sentences(&summary.good)));
    }
    out.push(Block::Table(Table {
        caption: say!("Requirements of ASVS 5.0 by chapter, all three levels"),
        head: std::iter::once(label!("Chapter"))
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
    out.push(Block::Heading(3, say!("Critical findings")));
    if summary.stories.is_empty() {
        out.push(Block::Text(say!("No finding of medium level or more with medium confidence or more among {findings} in {name}.", findings = a.findings.len(), name = a.project.name)));
    }
    let serious = |level| level >= Level::High;
    if let Some(worst) = summary.stories.first()
        && !serious(worst.level)
    {
        out.push(Block::Text(say!("Nothing of level critical or high was found in {name} with more than low confidence. The worst {which}:", name = a.project.name, which = match summary.stories.len() {
                1 => label!("finding").to_owned(),
                n => say!("{n} findings"),
            })));
    }
    let critical = summary
        .stories
        .iter()
        .filter(|s| s.level == Level::Critical);
    let (critical, all) = (critical.count(), summary.stories.len());
    if critical < all && summary.stories.first().is_some_and(|s| serious(s.level)) {
        out.push(Block::Text(if critical == 0 {
            say!("None is of level critical; the gravest:")
        } else {
            say!(
                "{critical} of the {all} gravest causes {which} of level critical:",
                which = if critical == 1 {
                    label!("is")
                } else {
                    label!("are")
                }
            )
        }));
    }
    for story in &summary.stories {
        out.push(Block::Heading(
            4,
            format!(
                "{}: {} ({})",
                story.risk,
                story.title,
                word(story.level.name())
            ),
        ));
        out.push(Block::Text(story.told.join(" ")));
    }
    out.push(Block::Heading(3, say!("Priority recommendations")));
    if summary.priorities.is_empty() {
        out.push(Block::Text(quiet(a, ledger)));
    } else {
        out.push(Block::Table(Table {
            caption: say!("What to repair first"),
            head: vec![label!("Risks"), label!("What")],
            rows: summary
                .priorities
                .iter()
                .map(|(risks, what)| vec![Cell::Risks(risks.clone()), Cell::text(sentence(what))])
                .collect(),
        }));
    }
    if !summary.decisions.is_empty() {
        out.push(Block::Heading(
            4,
            say!("Decisions that only people can take"),
        ));
        out.push(Block::List(sentences(&summary.decisions)));
        if summary.decisions.iter().any(|says| says.contains("{?}")) {
            out.push(Block::Note(
                label!(" `{?}` stands for a part of a path that the program puts together while it runs.")
                    .trim()
                    .to_owned(),
            ));
        }
    }
    out
}
