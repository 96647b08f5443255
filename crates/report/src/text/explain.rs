//! A rule explained at the terminal: its prose, laid out.

use super::paint::Ink;
use super::prose;
use super::{Page, Style};
use casemate_assess::assessment::RuleInfo;

/// Columns that code is indented by.
const CODE: &str = "    ";

/// Explains a rule.
#[must_use]
pub fn explain(rule: &RuleInfo, style: Style) -> String {
    let mut page = Page::new(style);
    let title = page.paint.ink(Ink::Bold, &rule.title);
    page.line(&title);
    let mut facts = vec![rule.id.clone()];
    facts.extend(rule.cwe.iter().map(|n| format!("CWE-{n}")));
    facts.extend(rule.owasp.iter().map(|id| format!("OWASP {id}")));
    facts.extend(rule.asvs.iter().map(|id| format!("ASVS {id}")));
    let lines = prose::wrap(&facts.join(" · "), page.width);
    for line in lines {
        let line = page.paint.ink(Ink::Dim, &line);
        page.line(&line);
    }
    for (heading, text) in &rule.sections {
        page.gap();
        let heading = page.paint.ink(Ink::Path, heading);
        page.line(&heading);
        markdown(&mut page, text);
    }
    page.out
}

/// Lays out Markdown: paragraphs and list items wrapped, code and tables as they are.
fn markdown(page: &mut Page, text: &str) {
    let mut paragraph = String::new();
    let mut fence: Option<String> = None;
    for line in text.lines() {
        if let Some(mark) = &fence {
            if line.trim_end() == mark {
                fence = None;
            } else {
                let code = page.paint.ink(Ink::Step, &prose::clean_keeping_units(line));
                page.line(&format!("{CODE}{code}"));
            }
            continue;
        }
        let trimmed = line.trim_start();
        let item = trimmed.starts_with("- ")
            || trimmed
                .split_once(". ")
                .is_some_and(|(n, _)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            flush(page, &mut paragraph);
            fence = Some(
                trimmed
                    .chars()
                    .take_while(|c| matches!(c, '`' | '~'))
                    .collect(),
            );
        } else if trimmed.is_empty() {
            flush(page, &mut paragraph);
            page.gap();
        } else if trimmed.starts_with('|') || trimmed.starts_with('#') {
            flush(page, &mut paragraph);
            page.line(&prose::plain(&prose::clean(line)));
        } else {
            if item {
                flush(page, &mut paragraph);
            }
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(trimmed);
        }
    }
    flush(page, &mut paragraph);
}

fn flush(page: &mut Page, paragraph: &mut String) {
    let text = prose::plain(&std::mem::take(paragraph));
    let (first, further) = match text.strip_prefix("- ") {
        Some(_) => (0, 2),
        None => (0, 0),
    };
    for (index, line) in prose::wrap(&text, page.width.saturating_sub(further))
        .iter()
        .enumerate()
    {
        let indent = if index == 0 { first } else { further };
        page.line(&format!("{}{line}", " ".repeat(indent)));
    }
}
