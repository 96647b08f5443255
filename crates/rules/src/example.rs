//! The examples of a rule: they are its tests, and the flips of the standards' ledger.

use crate::marker::{self, Expected};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One fenced block of *Examples*.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Block {
    /// The language tag: `ts`, `py`, `ejs`.
    pub lang: String,
    /// The case it belongs to.
    pub case: String,
    /// Its path in the case's project.
    pub path: String,
    /// What it shows.
    pub role: BlockRole,
    /// Whether the case must yield nothing of any rule beyond its marks.
    pub strict: bool,
    /// The line of the rule file that its first line of code stands on.
    pub line: u32,
    /// The code, markers included.
    pub text: String,
}

/// What a block shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum BlockRole {
    /// The code as it is.
    Given,
    /// What the fix makes of the file of the same path.
    Fixed,
    /// A safe way to do the same; stands for the file of the same path.
    Safe,
}

impl Block {
    /// The programming language behind the tag; nothing for templates, data and policy.
    #[must_use]
    pub fn language(&self) -> Option<&'static str> {
        match self.lang.as_str() {
            // One front end reads both, and no rule tells them apart.
            "ts" | "tsx" | "mts" | "cts" | "typescript" | "js" | "jsx" | "mjs" | "cjs"
            | "javascript" => Some("javascript"),
            "py" | "python" => Some("python"),
            "java" => Some("java"),
            "go" => Some("go"),
            "php" => Some("php"),
            "cs" | "csharp" => Some("csharp"),
            _ => None,
        }
    }
}

/// For which rules the marks of a case are all that there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Complete {
    /// The rule that the case is an example of.
    OwnRule,
    /// Those that it marks somewhere.
    MarkedRules,
    /// All of them.
    AllRules,
}

/// A small project with what is expected of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// The case's name.
    pub name: String,
    /// Which variant of it.
    pub variant: Variant,
    /// Findings of which rules are mismatches where they are not marked.
    pub complete: Complete,
    /// The files, markers blanked, by path.
    pub files: Vec<CaseFile>,
    /// What is expected, in order.
    pub expectations: Vec<Expectation>,
}

/// What a case stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Variant {
    /// It has the weakness (a known miss counts).
    Vulnerable,
    /// It looks alike and has not.
    Safe,
    /// The vulnerable case after the fix.
    Fixed,
}

/// A file of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseFile {
    /// The path inside the case's project.
    pub path: String,
    /// The text, markers blanked.
    pub text: String,
    /// The line of the rule file that its first line stands on.
    pub line: u32,
}

/// What is expected on one line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Expectation {
    /// The path inside the case's project.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The rule's id.
    pub rule: String,
    /// What is expected.
    pub kind: Expected,
}

/// A finding, as far as a comparison needs it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Found {
    /// The path inside the case's project.
    pub file: String,
    /// The line of its place, from 1.
    pub line: u32,
    /// The rule's id.
    pub rule: String,
}

/// Where a case and its findings differ.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mismatch {
    /// The path inside the case's project.
    pub file: String,
    /// The line in that file.
    pub line: u32,
    /// The line in the rule file, where the file stands there.
    pub rule_line: Option<u32>,
    /// The rule's id.
    pub rule: String,
    /// How they differ.
    pub kind: MismatchKind,
}

/// How a case and its findings differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum MismatchKind {
    /// Marked, not found.
    Missing,
    /// Found, not marked.
    Unexpected,
    /// A known miss is found now.
    MissFound,
    /// A known false alarm is gone.
    AlarmGone,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            file, line, rule, ..
        } = self;
        match self.kind {
            MismatchKind::Missing => write!(f, "{file}:{line}: expected `{rule}`, found nothing")?,
            MismatchKind::Unexpected => {
                write!(f, "{file}:{line}: found `{rule}`, which is not marked")?
            }
            MismatchKind::MissFound => {
                write!(f, "{file}:{line}: `{rule}?` is found now: remove the `?`")?
            }
            MismatchKind::AlarmGone => write!(
                f,
                "{file}:{line}: the false alarm `{rule}` is gone: remove the mark"
            )?,
        }
        self.rule_line
            .map_or(Ok(()), |line| write!(f, " (line {line} of the rule)"))
    }
}

/// The cases of a rule's blocks, in order of first appearance, the given variant before the others.
#[must_use]
pub fn cases(blocks: &[Block]) -> Vec<Case> {
    let mut names: Vec<&str> = Vec::new();
    for block in blocks {
        if !names.contains(&block.case.as_str()) {
            names.push(&block.case);
        }
    }
    let mut cases = Vec::new();
    for name in names {
        let of_case: Vec<&Block> = blocks.iter().filter(|block| block.case == name).collect();
        for role in [BlockRole::Given, BlockRole::Fixed, BlockRole::Safe] {
            if of_case.iter().any(|block| block.role == role) {
                cases.push(case(name, role, &of_case));
            }
        }
    }
    cases
}

/// One variant: the given files, overlaid by those of the role. Marks in files that are only carried over describe the given
/// variant, and are dropped.
fn case(name: &str, role: BlockRole, blocks: &[&Block]) -> Case {
    let mut files: BTreeMap<&str, (CaseFile, Vec<Expectation>)> = BTreeMap::new();
    let given = blocks.iter().filter(|block| block.role == BlockRole::Given);
    let own = blocks
        .iter()
        .filter(|block| block.role == role && role != BlockRole::Given);
    for block in given.chain(own) {
        let (text, markers) = marker::markers(&block.text);
        let expect = |marker: marker::Marker| Expectation {
            file: block.path.clone(),
            line: marker.line,
            rule: marker.rule,
            kind: marker.expected,
        };
        let expectations = if block.role == role {
            markers.into_iter().map(expect).collect()
        } else {
            Vec::new()
        };
        files.insert(
            &block.path,
            (
                CaseFile {
                    path: block.path.clone(),
                    text,
                    line: block.line,
                },
                expectations,
            ),
        );
    }
    let (files, expectations): (Vec<_>, Vec<_>) = files.into_values().unzip();
    let expectations: Vec<Expectation> = expectations.into_iter().flatten().collect();
    let weak = expectations.iter().any(|e| e.kind != Expected::FalseAlarm);
    let variant = match role {
        BlockRole::Fixed => Variant::Fixed,
        BlockRole::Given if weak => Variant::Vulnerable,
        BlockRole::Given | BlockRole::Safe => Variant::Safe,
    };
    let strict = blocks
        .iter()
        .any(|block| block.role == role && block.strict);
    Case {
        name: name.to_owned(),
        variant,
        complete: if strict {
            Complete::AllRules
        } else {
            Complete::OwnRule
        },
        files,
        expectations,
    }
}

/// Compares a case of `rule` with what was found in it. Findings of rules for which its marks are not complete are compared where
/// they are marked.
#[must_use]
pub fn compare(rule: &str, case: &Case, found: &[Found]) -> Vec<Mismatch> {
    let found: BTreeSet<&Found> = found.iter().collect();
    let mismatch = |file: &str, line: u32, rule: &str, kind| {
        let start = case.files.iter().find(|f| f.path == file).map(|f| f.line);
        let rule_line = start.map(|start| start.saturating_add(line).saturating_sub(1));
        Mismatch {
            file: file.to_owned(),
            line,
            rule_line,
            rule: rule.to_owned(),
            kind,
        }
    };
    let mut out = Vec::new();
    for e in &case.expectations {
        let is = found
            .iter()
            .any(|f| f.rule == e.rule && f.file == e.file && f.line == e.line);
        let kind = match (e.kind, is) {
            (Expected::Finding, false) => MismatchKind::Missing,
            (Expected::Miss, true) => MismatchKind::MissFound,
            (Expected::FalseAlarm, false) => MismatchKind::AlarmGone,
            _ => continue,
        };
        out.push(mismatch(&e.file, e.line, &e.rule, kind));
    }
    for f in found {
        let marked = case
            .expectations
            .iter()
            .any(|e| e.rule == f.rule && e.file == f.file && e.line == f.line);
        let complete = match case.complete {
            Complete::OwnRule => f.rule == rule,
            Complete::MarkedRules => case.expectations.iter().any(|e| e.rule == f.rule),
            Complete::AllRules => true,
        };
        if !marked && complete {
            out.push(mismatch(&f.file, f.line, &f.rule, MismatchKind::Unexpected));
        }
    }
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(case: &str, path: &str, role: BlockRole, text: &str) -> Block {
        Block {
            lang: "ts".into(),
            case: case.into(),
            path: path.into(),
            role,
            strict: false,
            line: 10,
            text: text.into(),
        }
    }

    fn found(rule: &str, file: &str, line: u32) -> Found {
        Found {
            file: file.into(),
            line,
            rule: rule.into(),
        }
    }

    #[test]
    fn blocks_of_one_name_are_one_project() {
        let blocks = [
            block("a", "db.ts", BlockRole::Given, "q(x) //~ sql-injection\n"),
            block("a", "app.ts", BlockRole::Given, "find(req.query.id)\n"),
            block(
                "a",
                "app.ts",
                BlockRole::Fixed,
                "find(Number(req.query.id))\n",
            ),
            block("b", "app.ts", BlockRole::Given, "q('1')\n"),
        ];
        let cases = cases(&blocks);
        let shape: Vec<_> = cases
            .iter()
            .map(|c| {
                (
                    c.name.as_str(),
                    c.variant,
                    c.files.len(),
                    c.expectations.len(),
                )
            })
            .collect();
        assert_eq!(
            shape,
            [
                ("a", Variant::Vulnerable, 2, 1),
                ("a", Variant::Fixed, 2, 0),
                ("b", Variant::Safe, 1, 0)
            ]
        );
        let app = cases
            .iter()
            .find(|c| c.variant == Variant::Fixed)
            .and_then(|c| c.files.first());
        assert_eq!(
            app.map(|f| f.text.as_str()),
            Some("find(Number(req.query.id))\n")
        );
    }

    #[test]
    fn differences_are_told_in_words() {
        let text = "a //~ x\nb //~ x?\nc //~! x\nd\n";
        let case = cases(&[block("a", "app.ts", BlockRole::Given, text)]).remove(0);
        assert_eq!(
            compare(
                "x",
                &case,
                &[found("x", "app.ts", 1), found("x", "app.ts", 3)]
            ),
            []
        );
        let all = compare(
            "x",
            &case,
            &[
                found("x", "app.ts", 2),
                found("x", "app.ts", 4),
                found("other", "app.ts", 4),
            ],
        );
        let told: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "app.ts:1: expected `x`, found nothing (line 10 of the rule)",
                "app.ts:2: `x?` is found now: remove the `?` (line 11 of the rule)",
                "app.ts:3: the false alarm `x` is gone: remove the mark (line 12 of the rule)",
                "app.ts:4: found `x`, which is not marked (line 13 of the rule)",
            ]
        );
    }

    #[test]
    fn a_strict_case_admits_no_other_rule() {
        let mut strict = block("a", "app.ts", BlockRole::Given, "a\n");
        strict.strict = true;
        let case = cases(&[strict]).remove(0);
        assert_eq!(compare("x", &case, &[found("other", "app.ts", 1)]).len(), 1);
    }
}
