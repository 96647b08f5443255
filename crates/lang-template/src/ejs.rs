//! Templates whose tags hold JavaScript: EJS, Eta.

use crate::calls::{self, Includes};
use crate::html::Html;
use crate::script::Script;
use casemate_ir::{FileFacts, Instr};
use casemate_source::Engine;
use std::ops::Range;

/// A tag: what it does with its code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Run,
    Output { escaped: bool },
    Comment,
}

struct Tag {
    kind: Kind,
    /// From `<%` to after `%>`.
    whole: Range<usize>,
    /// The code alone.
    code: Range<usize>,
    context: &'static str,
}

pub(crate) fn lower(text: &str, path: &str, engine: Engine) -> FileFacts {
    let tags = tags(text, path, engine);
    let facts = script(text, path, engine, &tags, true).lower();
    let wanted = tags
        .iter()
        .filter(|it| matches!(it.kind, Kind::Output { .. }))
        .count();
    if facts.stats.syntax_errors == 0 || outputs(&facts) >= wanted {
        return facts;
    }
    // The code between the tags cannot be read as a whole: each output tag may still be.
    let mut alone = script(text, path, engine, &tags, false).lower();
    if outputs(&alone) <= outputs(&facts) {
        return facts;
    }
    alone.stats.syntax_errors = alone.stats.syntax_errors.max(facts.stats.syntax_errors);
    alone.notes = facts.notes;
    alone
}

fn outputs(facts: &FileFacts) -> usize {
    let all = facts.functions.iter().flat_map(|it| &it.instrs);
    all.filter(|it| matches!(it, Instr::Output { .. })).count()
}

fn tags(text: &str, path: &str, engine: Engine) -> Vec<Tag> {
    let mut html = Html::of(path, text);
    let (mut tags, mut at) = (Vec::new(), 0);
    let rest = |at: usize| text.get(at..).unwrap_or("");
    while let Some(start) = rest(at).find("<%").map(|it| at + it) {
        html.feed(text.get(at..start).unwrap_or(""));
        if rest(start).starts_with("<%%") {
            html.feed("<%");
            at = start + 3;
            continue;
        }
        let Some(end) = rest(start + 2).find("%>").map(|it| start + 2 + it) else {
            break;
        };
        let (kind, skip) = kind(rest(start + 2), engine);
        let mut code = (start + 2 + skip).min(end)..end;
        if text
            .get(code.clone())
            .is_some_and(|it| it.ends_with(['-', '_']))
        {
            code.end -= 1;
        }
        tags.push(Tag {
            kind,
            whole: start..end + 2,
            code,
            context: html.context(),
        });
        if matches!(kind, Kind::Output { .. }) {
            html.hole();
        }
        at = end + 2;
    }
    tags
}

/// What a tag does, and how long the sign that says so is.
fn kind(after: &str, engine: Engine) -> (Kind, usize) {
    let trims = usize::from(engine == Engine::Eta && after.starts_with(['-', '_']));
    let sign = after.get(trims..).and_then(|it| it.chars().next());
    match (sign, engine) {
        (Some('='), _) => (Kind::Output { escaped: true }, trims + 1),
        (Some('~'), Engine::Eta) => (Kind::Output { escaped: false }, trims + 1),
        (Some('-'), Engine::Ejs) => (Kind::Output { escaped: false }, 1),
        (Some('_'), Engine::Ejs) => (Kind::Run, 1),
        (Some('#'), Engine::Ejs) => (Kind::Comment, 1),
        _ => (Kind::Run, trims),
    }
}

/// The script of the template; without `flow` its output tags alone.
fn script<'a>(
    text: &'a str,
    path: &'a str,
    engine: Engine,
    tags: &[Tag],
    flow: bool,
) -> Script<'a> {
    let mut script = Script::new(text, path);
    let includes = if engine == Engine::Eta {
        Includes::Replaced
    } else {
        Includes::Merged
    };
    if engine == Engine::Eta {
        script.glue("var it = __locals;\n", 0..0);
    } else if text.contains("locals") {
        script.glue("var locals = __locals;\n", 0..0);
    }
    for tag in tags {
        let whole = tag.whole.clone();
        match tag.kind {
            Kind::Comment => script.comment(whole),
            Kind::Run => {
                if let Some(name) = directive(script.slice(tag.code.clone())) {
                    script.glue("; require(", whole.clone());
                    script.string(name, whole.clone());
                    script.glue(")(__locals);\n", whole);
                } else if flow {
                    script.glue("; ", whole.clone());
                    calls::code(&mut script, tag.code.clone(), includes);
                    script.glue("\n", whole);
                }
            }
            Kind::Output { escaped } => {
                let code = expression(text, tag.code.clone());
                if code.is_empty() {
                    continue;
                }
                if calls::is_include(text, code.clone()) {
                    script.glue("; ", whole.clone());
                    calls::code(&mut script, code, includes);
                    script.glue("\n", whole);
                    continue;
                }
                script.glue(if escaped { "; __esc(" } else { "; __raw(" }, whole.clone());
                calls::code(&mut script, code, includes);
                script.glue(&format!("\n, \"{}\");\n", tag.context), whole);
            }
        }
    }
    script
}

/// The expression of an output tag: without blanks and the semicolons that some write.
fn expression(text: &str, range: Range<usize>) -> Range<usize> {
    let code = text.get(range.clone()).unwrap_or("");
    let start = range.start + (code.len() - code.trim_start().len());
    let end = range.start
        + code
            .trim_end_matches(|c: char| c.is_whitespace() || c == ';')
            .len();
    start..end.max(start)
}

/// The template named by `<% include name %>`, the form without a call.
fn directive(code: &str) -> Option<&str> {
    let name = code.trim().strip_prefix("include")?;
    let trimmed = name.trim().trim_end_matches(';').trim_matches(['"', '\'']);
    let path = trimmed
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"./_-@".contains(&b));
    (name.starts_with(char::is_whitespace) && path && !trimmed.is_empty()).then_some(trimmed)
}
