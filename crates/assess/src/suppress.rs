//! Findings that are kept out: by comments in the code, by the policy, by what the caller asked for. Each effect is told.

use crate::assessment::{Finding, Hidden, PolicyEffect};
use crate::config::Config;
use crate::link::Linked;
use crate::policy::Policy;
use casemate_rules::catalogue::Catalogue;
use casemate_say::say;
use casemate_source::{Project, SourceFile};
use std::collections::BTreeSet;

/// A comment that accepts findings.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Comment {
    file: String,
    /// The line that the comment stands on.
    line: u32,
    /// The line that it speaks of: its own, or the next one with code when it stands alone.
    target: u32,
    rules: BTreeSet<String>,
    named: String,
    reason: String,
}

/// What is kept out, and what a reader must be told.
#[derive(Default)]
pub(crate) struct Kept {
    pub effects: Vec<PolicyEffect>,
    pub notes: Vec<String>,
}

/// Takes out what comments and policy accept.
pub(crate) fn by_project(
    findings: &mut Vec<Finding>,
    project: &Project,
    linked: &Linked,
    policy: &Policy,
    catalogue: &Catalogue,
    today: Option<&str>,
) -> Kept {
    let mut kept = Kept {
        notes: policy.notes.clone(),
        ..Kept::default()
    };
    for comment in comments(project, linked, catalogue, &mut kept.notes) {
        let covers = |f: &Finding| {
            f.place.file == comment.file
                && (f.place.line..=f.place.end_line.max(f.place.line)).contains(&comment.target)
                && comment.rules.contains(&f.rule)
        };
        let origin = format!("{}:{}", comment.file, comment.line);
        kept.effects.push(take(
            findings,
            covers,
            origin,
            say!("ignores {named}", named = comment.named),
            Some(comment.reason.clone()),
        ));
    }
    for ignore in &policy.ignores {
        let covers = |f: &Finding| ignore.covers(&f.rule, &f.place.file);
        kept.effects.push(take(
            findings,
            covers,
            ignore.origin.clone(),
            ignore.says.clone(),
            Some(ignore.reason.clone()),
        ));
    }
    for accepted in &policy.accepted {
        if accepted.expired(today) {
            kept.notes.push(say!("{origin}: the acceptance of {finding} ended on {accepted}; the finding counts again", origin = accepted.origin, finding = accepted.finding, accepted = accepted.expires.as_deref().unwrap_or_default()));
            kept.effects.push(PolicyEffect {
                origin: accepted.origin.clone(),
                says: say!(
                    "{says}, which is over: it counts again",
                    says = accepted.says()
                ),
                reason: Some(accepted.reason.clone()),
                hides: 0,
                unit: Hidden::Findings,
            });
            continue;
        }
        kept.effects.push(take(
            findings,
            |f| f.id == accepted.finding,
            accepted.origin.clone(),
            accepted.says(),
            Some(accepted.reason.clone()),
        ));
    }
    for off in &policy.off {
        let covers = |f: &Finding| off.rules.contains(&f.rule);
        kept.effects.push(take(
            findings,
            covers,
            off.origin.clone(),
            say!("switches {named} off", named = off.named),
            None,
        ));
    }
    kept
}

/// Takes out what is below what the caller asked for.
pub(crate) fn by_filter(findings: &mut Vec<Finding>, config: &Config) -> Vec<PolicyEffect> {
    let mut effects = Vec::new();
    let confidence = config.min_confidence;
    if confidence > crate::assessment::Certainty::Low {
        let origin = say!("--min-confidence {name}", name = confidence.name());
        effects.push(take(
            findings,
            |f| f.confidence.level < confidence,
            origin,
            say!("leaves out what is less sure"),
            None,
        ));
    }
    let severity = config.min_severity;
    if severity > crate::assessment::Level::Info {
        let origin = say!("--min-severity {name}", name = severity.name());
        effects.push(take(
            findings,
            |f| f.severity.level < severity,
            origin,
            say!("leaves out what is less serious"),
            None,
        ));
    }
    effects
}

fn take(
    findings: &mut Vec<Finding>,
    covers: impl Fn(&Finding) -> bool,
    origin: String,
    says: String,
    reason: Option<String>,
) -> PolicyEffect {
    let before = findings.len();
    findings.retain(|f| !covers(f));
    PolicyEffect {
        origin,
        says,
        reason,
        hides: before - findings.len(),
        unit: Hidden::Findings,
    }
}

fn comments(
    project: &Project,
    linked: &Linked,
    catalogue: &Catalogue,
    notes: &mut Vec<String>,
) -> Vec<Comment> {
    let mut comments = Vec::new();
    for (file, origin) in linked.program.files.iter().zip(&linked.origin) {
        let Some(source) = project.files.get(*origin) else {
            continue;
        };
        for (span, text) in &file.facts.comments {
            let line = source.position(span.start).line;
            let told = |what: String| {
                say!(
                    "{path}:{line}: {what}; the comment hides nothing",
                    path = source.path
                )
            };
            match parse(text, catalogue) {
                Some(Ok((rules, named, reason))) => comments.push(Comment {
                    file: source.path.clone(),
                    line,
                    target: target(source, span.start, source.position(span.end).line),
                    rules,
                    named,
                    reason,
                }),
                Some(Err(what)) => notes.push(told(what)),
                None => {}
            }
        }
    }
    comments
}

/// A comment behind code speaks of its line; one that stands alone of the next line that is neither empty nor a comment.
fn target(source: &SourceFile, start: u32, last: u32) -> u32 {
    let place = source.position(start);
    let before: Vec<u16> = source
        .line_text(place.line)
        .encode_utf16()
        .take((place.column as usize).saturating_sub(1))
        .collect();
    let alone = String::from_utf16_lossy(&before).trim().is_empty();
    if !alone {
        return place.line;
    }
    let count = u32::try_from(source.lines.count(&source.text)).unwrap_or(u32::MAX);
    let is_code = |line: &u32| {
        let text = source.line_text(*line).trim_start();
        !text.is_empty()
            && !["//", "/*", "*", "<!--", "{#", "#"]
                .iter()
                .any(|mark| text.starts_with(mark))
    };
    (last.saturating_add(1)..=count)
        .find(is_code)
        .unwrap_or(place.line)
}

type Parsed = (BTreeSet<String>, String, String);

/// Reads `casemate: ignore[rule, rule] reason`. Nothing when the comment is about something else; what is wrong otherwise.
fn parse(text: &str, catalogue: &Catalogue) -> Option<Result<Parsed, String>> {
    let (_, after) = text.split_once("casemate:")?;
    let rest = after.trim_start().strip_prefix("ignore")?;
    if rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_') {
        return None;
    }
    let Some((inside, reason)) = rest
        .trim_start()
        .strip_prefix('[')
        .and_then(|r| r.split_once(']'))
    else {
        return Some(Err(say!(
            "`casemate: ignore` must name its rules: `casemate: ignore[rule] reason`"
        )));
    };
    let mut rules = BTreeSet::new();
    for name in inside.split(',').map(str::trim).filter(|n| !n.is_empty()) {
        let found = catalogue.lookup(name);
        if found.is_empty() {
            return Some(Err(catalogue.unknown(name)));
        }
        rules.extend(found.into_iter().map(|(rule, _)| rule.id.clone()));
    }
    if rules.is_empty() {
        return Some(Err(say!("`casemate: ignore[]` names no rule")));
    }
    let reason = reason
        .trim()
        .trim_end_matches("*/")
        .trim_end_matches("-->")
        .trim_end_matches("#}")
        .trim_end_matches("--%>")
        .trim();
    if !reason.chars().any(char::is_alphanumeric) {
        return Some(Err(say!("`casemate: ignore[{inside}]` gives no reason")));
    }
    Some(Ok((rules, inside.trim().to_owned(), reason.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Knowledge;

    fn parsed(text: &str) -> Option<Result<(usize, String), String>> {
        let catalogue = &Knowledge::built_in().unwrap().catalogue;
        parse(text, catalogue).map(|r| r.map(|(rules, _, reason)| (rules.len(), reason)))
    }

    #[test]
    fn comments_name_rules_and_reasons() {
        assert_eq!(
            parsed(" casemate: ignore[sql-injection] the table is fixed "),
            Some(Ok((1, "the table is fixed".into())))
        );
        assert_eq!(
            parsed("casemate: ignore[sql-injection, command-injection] ours */"),
            Some(Ok((2, "ours".into())))
        );
        assert_eq!(parsed("casemate: ignored things"), None);
        assert_eq!(parsed("see casemate docs"), None);
        for wrong in [
            "casemate: ignore",
            "casemate: ignore all of it",
            "casemate: ignore[] x",
            "casemate: ignore[sql-injection]",
            "casemate: ignore[sql-injektion] x",
        ] {
            assert!(matches!(parsed(wrong), Some(Err(_))), "{wrong}");
        }
    }

    #[test]
    fn a_comment_alone_speaks_of_the_next_code() {
        let source = SourceFile::new("a.js", "f() // one\n// two\n\n// more\ng(\n  x)\n");
        let at = |needle: &str| u32::try_from(source.text.find(needle).unwrap()).unwrap();
        assert_eq!(target(&source, at("// one"), 1), 1);
        assert_eq!(target(&source, at("// two"), 2), 5);
    }
}
