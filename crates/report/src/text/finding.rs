//! One entry: a cause, its path, its endpoints, its repair.

use super::Page;
use super::frame::{self, Mark};
use super::paint::Ink;
use super::prose;
use crate::names::word;
use casemate_assess::assessment::{Assessment, Certainty, Finding};
use casemate_assess::cause::Cause;
use casemate_say::{label, say};

/// Columns of the labels under the frames.
const LABELS: usize = 13;

/// Places of one cause that are listed.
const OTHERS: usize = 12;

/// Endpoints that are named.
const ENDPOINTS: usize = 3;

/// Writes one entry.
pub(crate) fn entry(page: &mut Page, cause: &Cause<'_>, assessment: &Assessment) {
    let finding = cause.first;
    heading(page, finding);
    page.gap();
    frame::draw(page, &marks(finding));
    page.gap();
    facts(page, cause, assessment);
    page.gap();
}

fn heading(page: &mut Page, finding: &Finding) {
    let level = finding.severity.level;
    let badge = page.paint.ink(Ink::of_level(level), level.name());
    let title = page.paint.ink(Ink::Bold, &finding.title);
    page.line(&format!("{badge}: {title}"));
    let cwe = finding
        .cwe
        .first()
        .map(|n| format!(" · CWE-{n}"))
        .unwrap_or_default();
    let id = page.paint.ink(
        Ink::Dim,
        &say!(
            "{id}{cwe} · confidence {level}",
            id = finding.id,
            level = word(finding.confidence.level.name())
        ),
    );
    page.line(&id);
}

/// The steps of the best path, the last in the colour of the severity; without a path the place itself.
fn marks(finding: &Finding) -> Vec<Mark<'_>> {
    let ink = Ink::of_level(finding.severity.level);
    let steps = finding
        .paths
        .first()
        .map(|p| p.steps.as_slice())
        .unwrap_or_default();
    if steps.is_empty() {
        return vec![Mark {
            place: &finding.place,
            text: String::new(),
            ink,
        }];
    }
    let mut marks: Vec<Mark<'_>> = Vec::new();
    for step in steps {
        match marks.last_mut() {
            // What happens at one place is one mark.
            Some(mark) if *mark.place == step.place => {
                mark.text.push_str(label!(", then "));
                mark.text.push_str(&step.text);
            }
            _ => marks.push(Mark {
                place: &step.place,
                text: step.text.clone(),
                ink: Ink::Step,
            }),
        }
    }
    if let Some(last) = marks.last_mut() {
        last.ink = ink;
    }
    marks
}

fn facts(page: &mut Page, cause: &Cause<'_>, assessment: &Assessment) {
    let finding = cause.first;
    let mut fact = |label: &str, text: &str| page.labelled(&format!("  {label}"), LABELS, text);
    fact("what", &finding.message);
    if !finding.endpoints.is_empty() {
        let named: Vec<String> = finding
            .endpoints
            .iter()
            .take(ENDPOINTS)
            .map(|e| format!("{} ({}:{})", e.title(), e.file, e.line))
            .collect();
        let more = finding.endpoints.len().saturating_sub(ENDPOINTS);
        let more = if more > 0 {
            say!(" and {n} more", n = more)
        } else {
            String::new()
        };
        fact("reached by", &format!("{}{more}", named.join(", ")));
        let guards = crate::said::guards(finding);
        if !guards.is_empty() {
            fact("guarded by", &guards.join(", "));
        }
    }
    if let Some(trigger) = &finding.trigger {
        for (index, line) in trigger.lines().enumerate() {
            fact(if index == 0 { "try" } else { "" }, line);
        }
    }
    if let Some((_, further)) = finding
        .paths
        .split_first()
        .filter(|(_, further)| !further.is_empty())
    {
        let sources: Vec<String> = further
            .iter()
            .filter_map(|p| {
                Some(say!(
                    "`{source}` at {place}",
                    source = p.source,
                    place = at(&p.steps.first()?.place)
                ))
            })
            .collect();
        fact("also from", &sources.join(", "));
    }
    let unsure = finding.confidence.level < Certainty::High;
    if unsure && !finding.confidence.reasons.is_empty() {
        fact("unsure", &finding.confidence.reasons.join("; "));
    }
    // The repair of a weakness is said once.
    let fix = prose::first_paragraph(&finding.fix);
    let new = page.said.insert(fix.clone());
    if new && !fix.is_empty() {
        page.labelled("  fix", LABELS, &fix);
    }
    if new && assessment.rule(&finding.rule).is_some() {
        page.labelled(
            "  more",
            LABELS,
            &format!("casemate explain {}", finding.rule),
        );
    }
    others(page, cause);
}

/// The other places that the same repair ends.
fn others(page: &mut Page, cause: &Cause<'_>) {
    for (index, other) in cause.others.iter().take(OTHERS).enumerate() {
        let label = if index == 0 { label!("  also at") } else { "" };
        let endpoint = other
            .endpoints
            .first()
            .map(|e| format!(" · {}", e.title()))
            .unwrap_or_default();
        page.labelled(
            label,
            LABELS,
            &format!("{} · {}{endpoint}", at(&other.place), other.id),
        );
    }
    let more = cause.others.len().saturating_sub(OTHERS);
    if more > 0 {
        page.labelled(
            "",
            LABELS,
            &say!("and at {n} more places (--format json lists all)", n = more),
        );
    }
}

fn at(place: &casemate_assess::assessment::Place) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}
