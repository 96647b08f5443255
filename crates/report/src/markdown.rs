//! For a person, to keep and pass on: the document as Markdown that reads well where it is kept.

use crate::document::{
    self, Block, Cell, Depth, Document, Entry, Figure, Group, REFERENCES, Table, anchor,
};
use crate::names::word;
use crate::text::prose::clean;
use casemate_assess::assessment::Assessment;
use casemate_assess::assessment::Level;
use casemate_assess::dossier::words::grouped;
use casemate_say::{label, say};
use std::fmt::Write;

/// Rows of a table that everybody scrolls over.
const LONG: usize = 40;

/// The assessment as Markdown.
#[must_use]
pub fn render(assessment: &Assessment, depth: Depth) -> String {
    let document = document::of(assessment, depth);
    let mut out = String::new();
    line(&mut out, &format!("# {}\n", document.title));
    for (label, value) in &document.facts {
        line(&mut out, &format!("- **{label}:** {}", text(value)));
    }
    out.push('\n');
    for (at, section) in document.sections.iter().enumerate() {
        line(
            &mut out,
            &format!(
                "{}. [{}](#{})",
                at + 1,
                section.heading,
                slug(section.heading)
            ),
        );
    }
    for section in &document.sections {
        line(&mut out, &format!("\n## {}\n", section.heading));
        for block in &section.blocks {
            self::block(&mut out, block, &document);
        }
    }
    out
}

/// The anchor that GitHub gives a heading.
fn slug(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

fn block(out: &mut String, block: &Block<'_>, document: &Document<'_>) {
    match block {
        Block::Heading(level, title) => {
            let marks = "#".repeat(usize::from(*level).min(6));
            line(out, &format!("{marks} {}\n", text(title)));
        }
        Block::Text(said) | Block::Lead(said) => line(out, &format!("{}\n", text(said))),
        Block::Note(said) => line(out, &format!("> {}\n", text(said))),
        Block::List(items) => {
            for item in items {
                line(out, &format!("- {}", text(item)));
            }
            out.push('\n');
        }
        Block::Table(table) => self::table(out, table),
        Block::Grouped(table, groups) => grouped_table(out, table, groups),
        Block::Code(language, code) => line(out, &fenced(language, code)),
        Block::Method(markdown) => line(out, &format!("{}\n", markdown.trim())),
        Block::Figure(figure) => self::figure(out, *figure, document),
        Block::Entry(entry) => self::entry(out, entry, document),
    }
}

fn entry(out: &mut String, entry: &Entry<'_>, document: &Document<'_>) {
    line(out, &format!("<a id=\"{}\"></a>\n", entry.id));
    let confidence = if entry.confidence.is_empty() {
        String::new()
    } else {
        say!(", confidence {level}", level = word(&entry.confidence))
    };
    // A guide counts its places.
    let place = if entry.place.contains(':') {
        code(&entry.place)
    } else {
        text(&entry.place)
    };
    let level = capitalised(word(entry.level.name()));
    let blocks = |out: &mut String| {
        for block in &entry.blocks {
            self::block(out, block, document);
        }
    };
    if entry.level >= Level::Medium {
        let title = text(&entry.title);
        line(
            out,
            &format!("#### {level}: {title} – {place}{confidence}\n"),
        );
        blocks(out);
    } else {
        let says = format!("{level}: {} – {}{confidence}", entry.title, entry.place);
        fold(out, &says, blocks);
    }
}

fn table(out: &mut String, table: &Table) {
    if table.rows.is_empty() {
        return;
    }
    if table.rows.len() > LONG {
        let rows = grouped(table.rows.len() as u64);
        let says = say!("{caption} ({rows} rows)", caption = table.caption);
        fold(out, &says, |out| rows_of(out, table, 0, table.rows.len()));
        return;
    }
    line(out, &format!("*{}*\n", text(&table.caption)));
    rows_of(out, table, 0, table.rows.len());
}

/// Stretches of a long table: open ones as they are, others folded away.
fn grouped_table(out: &mut String, table: &Table, groups: &[Group]) {
    let mut from = 0;
    for group in groups {
        let to = (from + group.rows).min(table.rows.len());
        if from < to {
            if group.open {
                line(out, &format!("*{}*\n", text(&group.says)));
                rows_of(out, table, from, to);
            } else {
                fold(out, &group.says, |out| rows_of(out, table, from, to));
            }
        }
        from = to;
    }
}

fn rows_of(out: &mut String, table: &Table, from: usize, to: usize) {
    line(out, &format!("| {} |", table.head.join(" | ")));
    line(out, &format!("|{}", "---|".repeat(table.head.len())));
    for row in table.rows.iter().skip(from).take(to - from) {
        let cells: Vec<String> = row.iter().map(cell).collect();
        line(out, &format!("| {} |", cells.join(" | ")));
    }
    out.push('\n');
}

/// What readers open when they want it. Inside the summary stands HTML, outside Markdown again, after an empty line.
fn fold(out: &mut String, says: &str, inner: impl FnOnce(&mut String)) {
    line(
        out,
        &format!("<details><summary>{}</summary>\n", html(says)),
    );
    inner(out);
    line(out, "</details>\n");
}

/// A text of the project inside markup.
fn html(raw: &str) -> String {
    let mut out = String::new();
    for c in clean(raw).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // What Markdown would take for its own.
            '*' | '_' | '[' | ']' | '|' | '\\' | '!' | '#' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '`' => {}
            c => out.push(c),
        }
    }
    out
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(raw) => in_table(&text(raw)),
        Cell::Label(raw) | Cell::Id(raw) => in_table(&text(raw)),
        Cell::Code(raw) if raw.is_empty() => String::new(),
        Cell::Code(raw) => in_table(&code(raw)),
        Cell::Count(n) => grouped(*n as u64),
        Cell::Level(level) => word(level.name()).to_owned(),
        Cell::Name(name) => format!("<a id=\"risk-{name}\"></a>{name}"),
        Cell::Risks(ids) => references(ids, |id| format!("[{id}](#risk-{id})")),
        Cell::Findings(ids) => references(ids, |id| {
            let digits = id.rsplit('@').next().unwrap_or(id);
            format!("[{}](#{})", text(digits), anchor(id))
        }),
        Cell::Finding(id) => format!("<a id=\"{}\"></a>{}", anchor(id), in_table(&code(id))),
        Cell::Answer(answer) if answer == "unknown" => "?".to_owned(),
        Cell::Answer(answer) => text(word(answer)),
        Cell::Verdict(verdict) => verdict.name().to_owned(),
    }
}

/// A bar ends a cell wherever it stands, in code too.
fn in_table(markdown: &str) -> String {
    let mut out = String::new();
    let mut escaped = false;
    for c in markdown.chars() {
        if c == '|' && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

fn references(ids: &[String], link: impl Fn(&str) -> String) -> String {
    let shown: Vec<String> = ids.iter().take(REFERENCES).map(|id| link(id)).collect();
    let more = ids.len().saturating_sub(REFERENCES);
    let more = if more > 0 {
        say!(" and {n} more", n = more)
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}

fn figure(out: &mut String, figure: Figure, document: &Document<'_>) {
    let dossier = &document.assessment.dossier;
    match figure {
        // The tables beside them hold the same figures.
        Figure::Guards => {}
        Figure::Areas => {
            let rows = dossier.areas.iter().filter(|a| a.total() > 0);
            let levels = Level::ALL.iter().rev().map(|l| word(l.name()));
            let levels: Vec<&str> = levels.collect();
            line(
                out,
                &format!(
                    "| {} | {} |\n|---|---|---|---|---|---|",
                    label!("Area"),
                    levels.join(" | ")
                ),
            );
            for area in rows {
                let counts: Vec<String> =
                    area.levels.iter().rev().map(ToString::to_string).collect();
                line(
                    out,
                    &format!("| {} | {} |", word(&area.name), counts.join(" | ")),
                );
            }
            out.push('\n');
        }
        Figure::Risks => {
            let impacts = ["negligible", "minor", "serious", "severe"].map(word);
            line(
                out,
                &format!(
                    "| {} | {} |\n|---|---|---|---|---|",
                    label!("Likelihood \\ impact"),
                    impacts.join(" | ")
                ),
            );
            for likelihood in ["high", "medium", "low"] {
                let count = |impact: &str| {
                    let here = dossier.risks.iter();
                    let here = here
                        .filter(|r| r.likelihood == likelihood && r.impact == impact)
                        .count();
                    if here == 0 {
                        String::new()
                    } else {
                        here.to_string()
                    }
                };
                let cells: Vec<String> = ["negligible", "minor", "serious", "severe"]
                    .iter()
                    .map(|i| count(i))
                    .collect();
                line(
                    out,
                    &format!("| {} | {} |", word(likelihood), cells.join(" | ")),
                );
            }
            out.push('\n');
        }
        Figure::Flows => {
            let id = |name: &str| -> String {
                name.chars().filter(char::is_ascii_alphanumeric).collect()
            };
            let quoted = |raw: &str| -> String {
                clean(raw)
                    .chars()
                    .filter(|c| c.is_alphanumeric() || " .,:/@_-".contains(*c))
                    .collect()
            };
            line(out, "```mermaid\nflowchart LR");
            for node in &dossier.diagram.nodes {
                line(
                    out,
                    &format!(
                        "  {}[\"{} – {}\"]",
                        id(&node.id),
                        quoted(&node.name),
                        quoted(&node.detail)
                    ),
                );
            }
            for flow in &dossier.diagram.flows {
                line(
                    out,
                    &format!(
                        "  {} -->|\"{}\"| {}",
                        id(&flow.from),
                        quoted(&flow.label),
                        id(&flow.to)
                    ),
                );
            }
            line(out, "```\n");
        }
    }
}

fn line(out: &mut String, text: &str) {
    // INVARIANT: writing to a String does not fail.
    let _ = writeln!(out, "{text}");
}

/// A text of the project as Markdown that shows it and does nothing else. Code marks of our own sentences stay.
fn text(raw: &str) -> String {
    let raw = clean(raw);
    let mut out = String::new();
    let mut rest = raw.as_str();
    while let Some(open) = rest.find('`') {
        let (before, after) = rest.split_at(open);
        let after = after.get(1..).unwrap_or_default();
        // A code mark that nothing closes would swallow what follows, or give it back its meaning.
        let Some(close) = after.find('`').filter(|close| *close > 0) else {
            escaped(before, &mut out);
            out.push_str("\\`");
            rest = after;
            continue;
        };
        escaped(before, &mut out);
        out.extend(["`", after.get(..close).unwrap_or_default(), "`"]);
        rest = after.get(close + 1..).unwrap_or_default();
    }
    escaped(rest, &mut out);
    out
}

fn escaped(plain: &str, out: &mut String) {
    for c in plain.chars() {
        if matches!(
            c,
            '<' | '>' | '[' | ']' | '*' | '_' | '|' | '\\' | '#' | '!' | '&'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
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
    fn long_tables_are_folded() {
        let row = |n: usize| vec![Cell::Count(n)];
        let long = |rows: usize| Table {
            caption: "Rows".to_owned(),
            head: vec!["N"],
            rows: (0..rows).map(row).collect(),
        };
        let (mut short, mut folded, mut parts) = (String::new(), String::new(), String::new());
        table(&mut short, &long(LONG));
        assert!(short.starts_with("*Rows*\n\n| N |"), "{short}");
        table(&mut folded, &long(LONG + 1));
        assert!(
            folded.starts_with("<details><summary>Rows (41 rows)</summary>\n\n| N |"),
            "{folded}"
        );
        let group = |rows, open| Group {
            says: "Some".to_owned(),
            rows,
            open,
        };
        grouped_table(&mut parts, &long(3), &[group(1, true), group(2, false)]);
        assert_eq!(parts.matches("<details>").count(), 1);
        assert_eq!(parts.matches("| N |").count(), 2);
    }

    #[test]
    fn nothing_of_the_project_is_markup() {
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(fenced("", "```x"), "````\n```x\n````\n");
        assert_eq!(
            text("<img> in `<b>` [x](y)"),
            "\\<img\\> in `<b>` \\[x\\](y)"
        );
        assert_eq!(text("open ` <b>"), "open \\` \\<b\\>");
        assert_eq!(html("<b>`x`* &"), "&lt;b&gt;x&#42; &amp;");
        assert_eq!(in_table(&text("a|b")), "a\\|b");
        assert_eq!(in_table(&code("a|b")), "`a\\|b`");
    }
}
