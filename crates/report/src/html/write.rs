//! The document, written.

use super::figure;
use super::page::Page;
use super::prose;
use crate::document::{Block, Cell, Document, Entry, Figure, REFERENCES, Section, Table, anchor};
use crate::names::word;
use casemate_assess::assessment::Level;
use casemate_assess::dossier::Verdict;
use casemate_assess::dossier::words::grouped;
use casemate_say::{label, say};
use sha2::{Digest, Sha256};

static STYLE: &str = include_str!("style.css");
static SCRIPT: &str = include_str!("filter.js");

pub(super) fn document(document: &Document<'_>) -> String {
    let mut page = Page::default();
    page.raw("<!doctype html>\n<html")
        .attribute("lang", casemate_say::tag())
        .raw(">\n<head>\n<meta charset=\"utf-8\">\n")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .raw("<meta http-equiv=\"Content-Security-Policy\"")
        .attribute("content", &policy())
        .raw(">\n<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n<title>")
        .text(document.title)
        .raw(" – ")
        .text(&document.assessment.project.name)
        .raw("</title>\n<style>")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#report\">")
        .text(label!("Skip to the report"))
        .raw("</a>\n");
    cover(&mut page, document);
    contents(&mut page, document);
    page.raw("<main id=\"report\">\n");
    for (at, section) in document.sections.iter().enumerate() {
        self::section(&mut page, at + 1, section, document);
    }
    page.raw("</main>\n<script>")
        .raw(SCRIPT)
        .raw("</script>\n</body>\n</html>\n");
    page.finish()
}

/// The page may use its own style and script, known by their digests, and nothing else.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}

fn digest(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()))
}

fn contents(page: &mut Page, document: &Document<'_>) {
    page.raw("<nav class=\"contents\"")
        .attribute("aria-label", label!("Contents"))
        .raw(">\n<p>")
        .text(label!("Contents"))
        .raw("</p>\n<ol>\n");
    for section in &document.sections {
        page.raw("<li><a")
            .attribute("href", &format!("#{}", section.id))
            .raw(">")
            .text(section.heading)
            .raw("</a></li>\n");
    }
    page.raw("</ol>\n</nav>\n");
}

fn cover(page: &mut Page, document: &Document<'_>) {
    page.raw("<header class=\"cover\">\n<h1>")
        .text(document.title)
        .raw("</h1>\n<dl>\n");
    for (label, value) in &document.facts {
        page.raw("<div><dt>")
            .text(label)
            .raw("</dt><dd>")
            .inline(value)
            .raw("</dd></div>\n");
    }
    page.raw("</dl>\n</header>\n");
}

fn section(page: &mut Page, number: usize, section: &Section<'_>, document: &Document<'_>) {
    page.raw("<section")
        .attribute("aria-labelledby", section.id)
        .raw(">\n<h2")
        .attribute("id", section.id);
    page.raw("><span class=\"number\" aria-hidden=\"true\">")
        .number(number)
        .raw("</span>")
        .text(section.heading)
        .raw("</h2>\n");
    for block in &section.blocks {
        self::block(page, block, document);
    }
    page.raw("</section>\n");
}

fn block(page: &mut Page, block: &Block<'_>, document: &Document<'_>) {
    match block {
        Block::Heading(3, text) => page.raw("<h3>").inline(text).raw("</h3>\n"),
        Block::Heading(4, text) => page.raw("<h4>").inline(text).raw("</h4>\n"),
        Block::Heading(_, text) => page.raw("<h4 class=\"small\">").inline(text).raw("</h4>\n"),
        Block::Text(text) => page.raw("<p>").inline(text).raw("</p>\n"),
        Block::Lead(text) => page.raw("<p class=\"lead\">").inline(text).raw("</p>\n"),
        Block::Note(text) => page.raw("<p class=\"note\">").inline(text).raw("</p>\n"),
        Block::List(items) => {
            page.raw("<ul>\n");
            for item in items {
                page.raw("<li>").inline(item).raw("</li>\n");
            }
            page.raw("</ul>\n")
        }
        Block::Table(table) | Block::Grouped(table, _) => {
            self::table(page, table);
            page
        }
        Block::Code(_, text) => page
            .raw("<pre tabindex=\"0\"><code>")
            .lines(text)
            .raw("</code></pre>\n"),
        Block::Method(markdown) => {
            page.raw("<div class=\"method\">");
            prose::write(page, markdown);
            page.raw("</div>\n")
        }
        Block::Figure(figure) => {
            match figure {
                Figure::Risks => figure::risks::write(page, &document.assessment.dossier.risks),
                Figure::Areas => figure::bars::areas(page, &document.assessment.dossier.areas),
                Figure::Guards => {
                    figure::bars::guards(page, &document.assessment.dossier.surface.shares)
                }
                Figure::Flows => figure::flows::write(page, &document.assessment.dossier.diagram),
            }
            page
        }
        Block::Entry(entry) => {
            self::entry(page, entry, document);
            page
        }
    };
}

fn entry(page: &mut Page, entry: &Entry<'_>, document: &Document<'_>) {
    page.raw("<details class=\"entry\"")
        .attribute("id", &entry.id)
        .attribute("data-level", entry.level.name())
        .attribute("data-confidence", &entry.confidence)
        .raw("><summary>");
    level(page, entry.level);
    page.raw("<span class=\"title\">")
        .text(&entry.title)
        .raw("</span> <span class=\"place\">")
        .text(&entry.place)
        .raw("</span>");
    if !entry.confidence.is_empty() {
        page.raw(" <span class=\"confidence\">")
            .text(&say!("confidence {level}", level = word(&entry.confidence)))
            .raw("</span>");
    }
    page.raw("</summary>\n<div class=\"body\">\n");
    for block in &entry.blocks {
        self::block(page, block, document);
    }
    page.raw("</div></details>\n");
}

fn level(page: &mut Page, level: Level) {
    page.raw("<span class=\"level ")
        .raw(level.name())
        .raw("\">")
        .text(word(level.name()))
        .raw("</span> ");
}

fn table(page: &mut Page, table: &Table) {
    page.raw("<div class=\"scroll\" tabindex=\"0\" role=\"group\"")
        .attribute("aria-label", &table.caption)
        .raw(">\n<table");
    if table.rows.len() > 15 {
        page.raw(" data-filter");
    }
    page.raw(">\n<caption>")
        .inline(&table.caption)
        .raw("</caption>\n");
    if table.head.iter().any(|h| !h.is_empty()) {
        page.raw("<thead><tr>");
        for head in &table.head {
            if head.is_empty() {
                page.raw("<td></td>");
            } else {
                page.raw("<th scope=\"col\">").text(head).raw("</th>");
            }
        }
        page.raw("</tr></thead>\n");
    }
    page.raw("<tbody>\n");
    for row in &table.rows {
        page.raw("<tr>");
        for (at, cell) in row.iter().enumerate() {
            match cell {
                Cell::Label(text) if at == 0 => {
                    page.raw("<th scope=\"row\">").inline(text).raw("</th>");
                }
                Cell::Id(text) if at == 0 => {
                    page.raw("<th scope=\"row\" class=\"id\">")
                        .text(text)
                        .raw("</th>");
                }
                cell => self::cell(page, cell),
            }
        }
        page.raw("</tr>\n");
    }
    page.raw("</tbody>\n</table>\n</div>\n");
}

fn cell(page: &mut Page, cell: &Cell) {
    match cell {
        Cell::Text(text) => {
            page.raw("<td>").inline(text);
        }
        Cell::Label(text) => {
            page.raw("<td class=\"label\">").inline(text);
        }
        Cell::Id(text) => {
            page.raw("<td class=\"id\">").text(text);
        }
        Cell::Code(text) if text.is_empty() => {
            page.raw("<td>");
        }
        Cell::Code(text) => {
            page.raw("<td class=\"code\"><code>");
            // A long path breaks after its folders.
            for part in text.split_inclusive('/') {
                page.text(part);
                if part.ends_with('/') {
                    page.raw("<wbr>");
                }
            }
            page.raw("</code>");
        }
        Cell::Count(n) => {
            page.raw("<td class=\"count\">").text(&grouped(*n as u64));
        }
        Cell::Level(level) => {
            page.raw("<td>");
            self::level(page, *level);
        }
        Cell::Name(name) => {
            page.raw("<td")
                .attribute("id", &format!("risk-{name}"))
                .raw(">")
                .text(name);
        }
        Cell::Risks(ids) => {
            page.raw("<td>");
            references(page, ids, |id| (format!("#risk-{id}"), id.to_owned()));
        }
        Cell::Findings(ids) => {
            page.raw("<td>");
            references(page, ids, |id| {
                let digits = id.rsplit('@').next().unwrap_or(id);
                (format!("#{}", anchor(id)), digits.to_owned())
            });
        }
        Cell::Finding(id) => {
            page.raw("<td class=\"code\"")
                .attribute("id", &anchor(id))
                .raw("><code>")
                .text(id)
                .raw("</code>");
        }
        Cell::Answer(answer) => {
            match answer.as_str() {
                "yes" => page.raw("<td class=\"yes\">"),
                "no" => page.raw("<td class=\"no\">"),
                _ => page.raw("<td class=\"unknown\">"),
            };
            page.text(if answer == "unknown" {
                "?"
            } else {
                word(answer)
            });
        }
        Cell::Verdict(verdict) => {
            match verdict {
                Verdict::Pass => page.raw("<td><span class=\"verdict pass\">"),
                Verdict::Fail => page.raw("<td><span class=\"verdict fail\">"),
                Verdict::Partial => page.raw("<td><span class=\"verdict partial\">"),
                _ => page.raw("<td><span class=\"verdict\">"),
            };
            page.text(verdict.name()).raw("</span>");
        }
    }
    page.raw("</td>");
}

fn references(page: &mut Page, ids: &[String], link: impl Fn(&str) -> (String, String)) {
    for (at, id) in ids.iter().take(REFERENCES).enumerate() {
        if at > 0 {
            page.raw(", ");
        }
        let (target, shown) = link(id);
        page.raw("<a")
            .attribute("href", &target)
            .raw(">")
            .text(&shown)
            .raw("</a>");
    }
    if let Some(rest) = ids.len().checked_sub(REFERENCES).filter(|n| *n > 0) {
        page.text(&say!(" and {n} more", n = rest));
    }
}
