//! What was proven, in words: for the terminal and for the project's README.

use super::{Proof, Verdict};
use crate::control::{self, catalogue};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const BEGIN: &str = "<!-- proof -->";
const END: &str = "<!-- /proof -->";

/// How many controls were noticed by whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// All.
    pub all: usize,
    /// By the tests.
    pub tests: usize,
    /// By the assessment.
    pub assessment: usize,
    /// Not by the assessment, for a reason that is known.
    pub explained: usize,
}

/// Counts.
pub fn counts(proofs: &[Proof]) -> Counts {
    Counts {
        all: proofs.len(),
        tests: proofs.iter().filter(|p| p.tests.noticed()).count(),
        assessment: proofs.iter().filter(|p| p.assessment.noticed()).count(),
        explained: (proofs.iter())
            .filter(|p| !p.assessment.noticed() && control::unnamed(&p.id).is_some())
            .count(),
    }
}

/// `5 of 5 by tests, 2 of 5 by assessment; 1 more could not be, as the list says`.
fn line(counts: Counts) -> String {
    let Counts {
        all,
        tests,
        assessment,
        explained,
    } = counts;
    let mut line = format!("{tests} of {all} by tests, {assessment} of {all} by assessment");
    if explained > 0 {
        let _ = write!(line, "; {explained} more could not be, as the list says");
    }
    line
}

/// Controls with the same name together, in the order of names.
fn groups(proofs: &[Proof]) -> Vec<(&str, Vec<&Proof>)> {
    catalogue()
        .keys()
        .map(|id| {
            let of: Vec<&Proof> = proofs.iter().filter(|p| p.id == *id).collect();
            (id.as_str(), of)
        })
        .filter(|(_, of)| !of.is_empty())
        .collect()
}

/// The table and what is not proven, for a terminal.
pub fn text(proofs: &[Proof]) -> String {
    let mut text = String::new();
    let wide = proofs.iter().map(|p| p.id.len()).max().unwrap_or(0).max(7);
    let _ = writeln!(text, "{:wide$}  places  tests  assessment", "control");
    for (id, of) in groups(proofs) {
        let (tests, assessment) = (
            of.iter().filter(|p| p.tests.noticed()).count(),
            of.iter().filter(|p| p.assessment.noticed()).count(),
        );
        let _ = writeln!(
            text,
            "{id:wide$}  {:6}  {tests:5}  {assessment:10}",
            of.len()
        );
    }
    let missed = |title: &str, of: fn(&Proof) -> &Verdict| {
        let mut part = String::new();
        for proof in proofs {
            if let Verdict::Missed(why) = of(proof) {
                let _ = writeln!(
                    part,
                    "  {} at {}:{}: {why}",
                    proof.id, proof.path, proof.line
                );
            }
        }
        if part.is_empty() {
            part
        } else {
            format!("\n{title}\n{part}")
        }
    };
    text.push_str(&missed("No test goes red without", |p| &p.tests));
    text.push_str(&missed("The assessment does not name", |p| &p.assessment));
    let _ = writeln!(text, "\nControls proven: {}.", line(counts(proofs)));
    text
}

/// What the assessment does not name, each control with its files and the reason.
fn unnamed(proofs: &[Proof]) -> String {
    let mut part = String::new();
    for (id, of) in groups(proofs) {
        let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for proof in of {
            if let Verdict::Missed(why) = &proof.assessment {
                reasons.entry(why).or_default().insert(&proof.path);
            }
        }
        for (why, paths) in reasons {
            let paths: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
            let _ = writeln!(part, "- `{id}` in {}: {why}", paths.join(", "));
        }
    }
    if part.is_empty() {
        part
    } else {
        format!("\nNot named by the assessment:\n\n{part}")
    }
}

/// The README with what was proven, or nothing if it has no place for that.
pub fn in_readme(readme: &str, proofs: &[Proof]) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    let mut part = format!("Controls proven: {}.\n", line(counts(proofs)));
    part.push_str("\n| control | places | by tests | by assessment |\n|---|---|---|---|\n");
    for (id, of) in groups(proofs) {
        let title = catalogue().get(id).map_or("", |about| about.title.as_str());
        let (tests, assessment) = (
            of.iter().filter(|p| p.tests.noticed()).count(),
            of.iter().filter(|p| p.assessment.noticed()).count(),
        );
        let _ = writeln!(
            part,
            "| {title} (`{id}`) | {} | {tests} | {assessment} |",
            of.len()
        );
    }
    let missed: Vec<&Proof> = proofs.iter().filter(|p| !p.tests.noticed()).collect();
    if !missed.is_empty() {
        part.push_str("\nNot proven by tests:\n\n");
    }
    for proof in missed {
        if let Verdict::Missed(why) = &proof.tests {
            let _ = writeln!(part, "- `{}` in `{}`: {why}", proof.id, proof.path);
        }
    }
    part.push_str(&unnamed(proofs));
    Some(format!("{before}{BEGIN}\n{part}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(id: &str, tests: bool, assessment: bool) -> Proof {
        let verdict = |noticed: bool| {
            if noticed {
                Verdict::Noticed("x".into())
            } else {
                Verdict::Missed("all tests stay green".into())
            }
        };
        Proof {
            id: id.into(),
            path: "src/app.ts".into(),
            line: 7,
            tests: verdict(tests),
            assessment: verdict(assessment),
        }
    }

    #[test]
    fn both_numbers_are_told_and_what_is_missing() {
        let proofs = [
            proof("csrf", true, false),
            proof("csrf", false, false),
            proof("body-limit", true, true),
        ];
        let text = text(&proofs);
        assert!(text.contains("Controls proven: 2 of 3 by tests, 1 of 3 by assessment."));
        assert!(
            text.contains(
                "No test goes red without\n  csrf at src/app.ts:7: all tests stay green\n"
            )
        );
        assert!(
            text.starts_with(
                "control     places  tests  assessment\nbody-limit       1      1           1\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn the_readme_is_changed_at_one_place() {
        let readme = "# x\n<!-- proof -->\nold\n<!-- /proof -->\nend\n";
        let once = in_readme(readme, &[proof("csrf", true, false)]).unwrap();
        assert!(once.starts_with(
            "# x\n<!-- proof -->\nControls proven: 1 of 1 by tests, 0 of 1 by assessment.\n"
        ));
        assert!(once.ends_with("<!-- /proof -->\nend\n") && !once.contains("old"));
        let unnamed =
            "\nNot named by the assessment:\n\n- `csrf` in `src/app.ts`: all tests stay green\n";
        assert!(once.contains(unnamed), "{once}");
        assert_eq!(
            in_readme(&once, &[proof("csrf", true, false)]).unwrap(),
            once
        );
        assert_eq!(in_readme("# x\n", &[]), None);
    }
}
