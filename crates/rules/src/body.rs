//! The Markdown below the front matter: headings in their order, and the fenced examples.

use crate::error::Errors;
use crate::example::{Block, BlockRole};
use crate::near;
use crate::rule::{Heading, Section};

/// The body as read.
#[derive(Default, Debug)]
pub(crate) struct Body {
    pub(crate) sections: Vec<Section>,
    pub(crate) examples: Vec<Block>,
}

/// A fence that is open: its character, its length, where it began.
struct Fence {
    mark: char,
    length: usize,
    line: u32,
}

/// Reads the body, which starts on `first_line` of the file.
pub(crate) fn read(text: &str, first_line: u32, errors: &mut Errors<'_>) -> Body {
    let mut body = Body::default();
    let mut current: Option<Heading> = None;
    let mut prose = String::new();
    let mut fence: Option<Fence> = None;
    let mut block: Option<Block> = None;
    let mut last = first_line;
    for (line, number) in text.lines().zip(first_line..) {
        last = number;
        if let Some(open) = &fence {
            if closes(line, open) {
                fence = None;
                body.examples.extend(block.take());
            } else if let Some(block) = &mut block {
                block.text.push_str(line);
                block.text.push('\n');
            }
        } else if let Some((open, info)) = opens(line, number) {
            if current == Some(Heading::Examples) {
                block = example(info, number, errors);
            }
            fence = Some(open);
        } else if let Some(title) = line.strip_prefix("# ").or_else(|| line.strip_prefix("## ")) {
            finish(&mut body, current, &mut prose, number, errors);
            current = heading(
                title.trim(),
                line.starts_with("# "),
                &body,
                current,
                number,
                errors,
            );
            continue;
        } else if current.is_none() && body.sections.is_empty() && !line.trim().is_empty() {
            errors.push(number, "text before the first heading `## What`");
        }
        prose.push_str(line);
        prose.push('\n');
    }
    if let Some(open) = fence {
        errors.push(open.line, "a fence that is never closed");
    }
    finish(&mut body, current, &mut prose, last, errors);
    for (heading, title, required) in Heading::ALL {
        if required
            && !body
                .sections
                .iter()
                .any(|section| section.heading == heading)
        {
            errors.push(last, format!("the heading `## {title}` is missing"));
        }
    }
    body
}

fn finish(
    body: &mut Body,
    heading: Option<Heading>,
    prose: &mut String,
    line: u32,
    errors: &mut Errors<'_>,
) {
    let text = std::mem::take(prose).trim().to_owned();
    let Some(heading) = heading else { return };
    if text.is_empty() {
        errors.push(
            line,
            format!("nothing stands under `## {}`", heading.title()),
        );
    }
    body.sections.push(Section { heading, text });
}

fn heading(
    title: &str,
    first_level: bool,
    body: &Body,
    before: Option<Heading>,
    line: u32,
    errors: &mut Errors<'_>,
) -> Option<Heading> {
    let Some((heading, ..)) = Heading::ALL
        .into_iter()
        .find(|(_, known, _)| *known == title)
    else {
        let known: Vec<&str> = Heading::ALL.iter().map(|(_, known, _)| *known).collect();
        errors.push(line, near::unknown("heading", title, &known));
        return None;
    };
    if first_level {
        errors.push(
            line,
            format!("`# {title}` is a first-level heading, expected `## {title}`"),
        );
    }
    if body
        .sections
        .iter()
        .any(|section| section.heading == heading)
    {
        errors.push(line, format!("the heading `## {title}` stands twice"));
    } else if let Some(before) = before.filter(|before| *before > heading) {
        errors.push(
            line,
            format!("`## {title}` belongs before `## {}`", before.title()),
        );
    }
    Some(heading)
}

fn opens(line: &str, number: u32) -> Option<(Fence, &str)> {
    let text = line.trim_start();
    let mark = text.chars().next().filter(|c| *c == '`' || *c == '~')?;
    let info = text.trim_start_matches(mark);
    let length = text.len() - info.len();
    let is = length >= 3 && !(mark == '`' && info.contains('`'));
    is.then(|| {
        (
            Fence {
                mark,
                length,
                line: number,
            },
            info.trim(),
        )
    })
}

fn closes(line: &str, open: &Fence) -> bool {
    let text = line.trim();
    text.len() >= open.length && text.chars().all(|c| c == open.mark)
}

/// `ts case=concat fixed file=src/users.ts`
fn example(info: &str, line: u32, errors: &mut Errors<'_>) -> Option<Block> {
    let mut words = info.split_whitespace();
    let Some(lang) = words.next() else {
        errors.push(
            line,
            "an example without a language: write ```` ```ts case=name ````",
        );
        return None;
    };
    let mut block = Block {
        lang: lang.to_owned(),
        case: String::new(),
        path: format!("app.{}", extension(lang)),
        role: BlockRole::Given,
        strict: false,
        line: line.saturating_add(1),
        text: String::new(),
    };
    for word in words {
        match word.split_once('=') {
            Some(("case", name)) => name.clone_into(&mut block.case),
            Some(("file", path)) => path.clone_into(&mut block.path),
            None if word == "fixed" => block.role = BlockRole::Fixed,
            None if word == "safe" => block.role = BlockRole::Safe,
            None if word == "strict" => block.strict = true,
            _ => {
                let name = word.split('=').next().unwrap_or(word);
                errors.push(
                    line,
                    near::unknown("word", name, &["case", "file", "fixed", "safe", "strict"]),
                );
            }
        }
    }
    if block.case.is_empty() {
        errors.push(line, "an example without `case=name`");
    }
    let inside = |part: &str| !part.is_empty() && part != "." && part != "..";
    if !block.path.split('/').all(inside) || block.path.contains(['\\', ':']) {
        errors.push(
            line,
            format!("`file={}` is not a path inside the case", block.path),
        );
    }
    Some(block)
}

fn extension(lang: &str) -> &str {
    match lang {
        "typescript" => "ts",
        "javascript" => "js",
        "python" => "py",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors_of(text: &str) -> Vec<String> {
        let mut errors = Errors::new("r.md");
        read(text, 5, &mut errors);
        errors.into_list().iter().map(ToString::to_string).collect()
    }

    const GOOD: &str = "\n## What\nA.\n\n## Why it matters\nB.\n\n## Attack\nC.\n\n## Fix\n```ts\n## not a heading\n```\n\n## Alternatives\nD.\n\n## Examples\n```ts case=a\nx()\n```\n";

    #[test]
    fn a_good_body_is_read() {
        let mut errors = Errors::new("r.md");
        let body = read(GOOD, 5, &mut errors);
        assert_eq!(errors.into_list(), []);
        assert_eq!(body.sections.len(), 6);
        let block = body.examples.first();
        assert_eq!(
            block.map(|b| (b.path.as_str(), b.text.as_str(), b.line)),
            Some(("app.ts", "x()\n", 25))
        );
    }

    #[test]
    fn headings_have_an_order_and_near_names() {
        assert_eq!(
            errors_of(&GOOD.replace("## Attack", "## Atack")),
            [
                "r.md:12: unknown heading `Atack`: did you mean `Attack`?",
                "r.md:26: the heading `## Attack` is missing",
            ]
        );
        let swapped = GOOD
            .replace("## What", "## X")
            .replace("## Attack", "## What")
            .replace("## X", "## Attack");
        assert_eq!(
            errors_of(&swapped),
            [
                "r.md:9: `## Why it matters` belongs before `## Attack`",
                "r.md:12: `## What` belongs before `## Why it matters`",
            ]
        );
        assert_eq!(
            errors_of(&GOOD.replace("\nB.", "")),
            ["r.md:11: nothing stands under `## Why it matters`"]
        );
    }

    #[test]
    fn examples_need_a_case_and_a_path_inside() {
        assert_eq!(
            errors_of(&GOOD.replace(" case=a", " cas=a file=../x.ts")),
            [
                "r.md:24: `file=../x.ts` is not a path inside the case",
                "r.md:24: an example without `case=name`",
                "r.md:24: unknown word `cas`: did you mean `case`?",
            ]
        );
        assert_eq!(
            errors_of(&GOOD.replace("x()\n```", "x()")),
            ["r.md:24: a fence that is never closed"]
        );
    }
}
