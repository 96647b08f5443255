//! For a person, to keep and pass on.

use crate::group::{self, Cause};
use crate::said;
use crate::text::prose::{clean, count, first_paragraph};
use casemate_assess::assessment::{Assessment, Finding, Level, Place};
use std::fmt::Write;

/// The assessment as Markdown.
#[must_use]
pub fn render(assessment: &Assessment) -> String {
    let mut out = String::new();
    head(&mut out, assessment);
    let causes = group::causes(&assessment.findings);
    if !causes.is_empty() {
        summary(&mut out, &causes);
        out.push_str("## Findings\n\n");
        for cause in &causes {
            entry(&mut out, cause, assessment);
        }
    }
    coverage(&mut out, assessment);
    out
}

fn head(out: &mut String, assessment: &Assessment) {
    let project = &assessment.project;
    line(out, &format!("# Assessment of {}\n", text(&project.name)));
    let commit = project
        .commit
        .as_ref()
        .map(|c| format!(", commit {}", code(c)))
        .unwrap_or_default();
    line(
        out,
        &format!(
            "{}{commit}, assessed by casemate {}.\n",
            code(&project.root),
            assessment.tool.version
        ),
    );
    let levels: Vec<String> = Level::ALL
        .iter()
        .rev()
        .map(|l| (l.name(), assessment.count(*l)))
        .filter(|(_, n)| *n > 0)
        .map(|(l, n)| format!("{n} {l}"))
        .collect();
    let found = match assessment.findings.len() {
        0 => "No findings.".to_owned(),
        n => format!(
            "**{}**: {}.",
            count(n, "finding", "findings"),
            levels.join(", ")
        ),
    };
    line(out, &format!("{found}\n"));
    if !assessment.units.is_empty() {
        line(
            out,
            "| package | files | endpoints | attacker | because |\n|---|---|---|---|---|",
        );
        for unit in &assessment.units {
            let attacker = match unit.threat_model {
                casemate_assess::assessment::ThreatModel::Server => "sends requests",
                casemate_assess::assessment::ThreatModel::Library => "calls exported functions",
            };
            line(
                out,
                &format!(
                    "| {} | {} | {} | {attacker} | {} |",
                    cell(&unit.name),
                    unit.files,
                    unit.endpoints,
                    cell(&unit.because)
                ),
            );
        }
        out.push('\n');
    }
}

fn summary(out: &mut String, causes: &[Cause<'_>]) {
    line(
        out,
        "| severity | weakness | place | endpoint | confidence |\n|---|---|---|---|---|",
    );
    for cause in causes {
        let f = cause.first;
        let others = if cause.others.is_empty() {
            String::new()
        } else {
            format!(" and {} more", cause.others.len())
        };
        let endpoint = f
            .endpoints
            .first()
            .map(|e| cell(&e.title()))
            .unwrap_or_default();
        let place = code(&at(&f.place));
        let level = f.severity.level.name();
        line(
            out,
            &format!(
                "| {level} | {} | {place}{others} | {endpoint} | {} |",
                cell(&f.title),
                f.confidence.level.name()
            ),
        );
    }
    out.push('\n');
}

fn entry(out: &mut String, cause: &Cause<'_>, assessment: &Assessment) {
    let f = cause.first;
    line(
        out,
        &format!(
            "### {}: {}\n",
            capitalised(f.severity.level.name()),
            text(&f.title)
        ),
    );
    line(out, &format!("{}\n", facts(f)));
    line(out, &format!("{}.\n", text(&f.message)));
    path(out, f);
    if let Some(trigger) = &f.trigger {
        line(
            out,
            &format!("Request that shows it:\n\n{}", fenced("http", trigger)),
        );
    }
    if !f.endpoints.is_empty() {
        let endpoints: Vec<String> = f
            .endpoints
            .iter()
            .map(|e| {
                format!(
                    "{} ({})",
                    code(&e.title()),
                    code(&format!("{}:{}", e.file, e.line))
                )
            })
            .collect();
        line(out, &format!("Reached by {}.\n", endpoints.join(", ")));
        let guards = crate::said::guards(f);
        if !guards.is_empty() {
            let guards: Vec<String> = guards.iter().map(|g| code(g)).collect();
            line(out, &format!("Guarded by {}.\n", guards.join(", ")));
        }
    }
    if !f.severity.factors.is_empty() {
        line(
            out,
            &format!("Severity {} because:\n", f.severity.level.name()),
        );
        for factor in &f.severity.factors {
            line(
                out,
                &format!(
                    "- {} {}: {}",
                    text(&factor.name),
                    text(&factor.value),
                    text(&factor.evidence)
                ),
            );
        }
        out.push('\n');
    }
    if !f.confidence.reasons.is_empty() {
        line(out, "It may be wrong because:\n");
        for reason in &f.confidence.reasons {
            line(out, &format!("- {}", text(reason)));
        }
        out.push('\n');
    }
    if let Some(why) = assessment
        .rule(&f.rule)
        .and_then(|r| r.section("Why it matters"))
    {
        line(
            out,
            &format!("**Why it matters.** {}\n", first_paragraph(why)),
        );
    }
    if !f.fix.is_empty() {
        line(out, &format!("**Fix.** {}\n", f.fix.trim()));
    }
    if !f.alternatives.is_empty() {
        line(
            out,
            &format!("**Alternatives.** {}\n", f.alternatives.trim()),
        );
    }
    if !cause.others.is_empty() {
        line(out, "The same repair ends it at:\n");
        for other in &cause.others {
            line(
                out,
                &format!("- {} ({})", code(&at(&other.place)), code(&other.id)),
            );
        }
        out.push('\n');
    }
}

fn facts(f: &Finding) -> String {
    let mut facts = vec![code(&f.id)];
    facts.extend(
        f.cwe
            .iter()
            .map(|n| format!("[CWE-{n}](https://cwe.mitre.org/data/definitions/{n}.html)")),
    );
    facts.extend(f.asvs.iter().map(|id| format!("ASVS {id}")));
    facts.extend(f.owasp.iter().map(|id| format!("OWASP {id}")));
    facts.push(format!("confidence {}", f.confidence.level.name()));
    if !f.cvss.is_empty() {
        facts.push(code(&f.cvss));
    }
    facts.join(" · ")
}

fn path(out: &mut String, f: &Finding) {
    let Some(path) = f.paths.first() else {
        line(
            out,
            &format!(
                "At {}:\n\n{}",
                code(&at(&f.place)),
                fenced("", f.place.snippet.trim())
            ),
        );
        return;
    };
    for (index, step) in path.steps.iter().enumerate() {
        line(
            out,
            &format!(
                "{}. {} {}\n",
                index + 1,
                code(&at(&step.place)),
                text(&step.text)
            ),
        );
        line(out, &indented(&fenced("", step.place.snippet.trim())));
    }
    for further in f.paths.iter().skip(1) {
        if let Some(step) = further.steps.first() {
            line(
                out,
                &format!(
                    "Also from {} at {}.\n",
                    code(&further.source),
                    code(&at(&step.place))
                ),
            );
        }
    }
}

fn coverage(out: &mut String, assessment: &Assessment) {
    line(out, "## What was assessed\n");
    line(out, "| | |\n|---|---|");
    for (label, said) in said::coverage(&assessment.coverage) {
        line(out, &format!("| {label} | {} |", cell(&said)));
    }
    out.push('\n');
    let files = &assessment.coverage.files;
    let skipped: Vec<String> = files
        .skipped
        .iter()
        .map(|s| format!("{}: {}", code(&s.path), text(&s.reason)))
        .collect();
    list(out, "Not read:", &skipped);
    let partly: Vec<String> = files
        .partly
        .iter()
        .map(|p| {
            format!(
                "{}: {} ({})",
                code(&format!("{}:{}", p.path, p.line)),
                text(&p.message),
                p.count
            )
        })
        .collect();
    list(out, "Read in part:", &partly);
    let hidden: Vec<String> = assessment
        .policy
        .iter()
        .chain(&files.ignored)
        .map(|e| text(&said::effect(e)))
        .collect();
    list(out, "Hidden by policy:", &hidden);
    let notes: Vec<String> = assessment.notes.iter().map(|n| text(n)).collect();
    list(out, "Notes:", &notes);
}

fn list(out: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    line(out, &format!("{title}\n"));
    for item in items {
        line(out, &format!("- {item}"));
    }
    out.push('\n');
}

fn line(out: &mut String, text: &str) {
    // INVARIANT: writing to a String does not fail.
    let _ = writeln!(out, "{text}");
}

fn at(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}

/// A text of the project as Markdown that shows it and does nothing else. Code marks of our own sentences stay.
fn text(raw: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for c in clean(raw).chars() {
        if c == '`' {
            in_code = !in_code;
        } else if !in_code
            && matches!(
                c,
                '<' | '>' | '[' | ']' | '*' | '_' | '|' | '\\' | '#' | '!' | '&'
            )
        {
            out.push('\\');
        }
        out.push(c);
    }
    if in_code {
        // A code mark that nothing closes would swallow what follows.
        out = out.replace('`', "\\`");
    }
    out
}

/// The same inside a table.
fn cell(raw: &str) -> String {
    text(raw).replace('`', "").trim().to_owned()
}

/// A code span, whatever marks are in it.
fn code(raw: &str) -> String {
    let raw = clean(raw);
    let longest = longest_run(&raw);
    if longest == 0 {
        return format!("`{raw}`");
    }
    let mark = "`".repeat(longest + 1);
    format!("{mark} {raw} {mark}")
}

/// A code block, whatever marks are in it.
fn fenced(lang: &str, raw: &str) -> String {
    let mark = "`".repeat(longest_run(raw).max(2) + 1);
    let raw: Vec<String> = raw.lines().map(clean).collect();
    format!("{mark}{lang}\n{}\n{mark}\n", raw.join("\n"))
}

fn indented(block: &str) -> String {
    block.lines().map(|l| format!("   {l}\n")).collect()
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|c| c.to_ascii_uppercase())
        .into_iter()
        .chain(chars)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_project_is_markup() {
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(fenced("", "```x"), "````\n```x\n````\n");
        assert_eq!(
            text("<img> in `<b>` [x](y)"),
            "\\<img\\> in `<b>` \\[x\\](y)"
        );
        assert_eq!(text("open ` <b>"), "open \\` <b>");
        assert_eq!(cell("a|b"), "a\\|b");
    }
}
