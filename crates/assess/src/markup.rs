//! Fields for passwords on pages, read off the text of templates, as facts.

use crate::link::Linked;
use casemate_flow::result::{Fact, FactValue, FileIdx, Site};
use casemate_ir::{FnId, Span};
use casemate_source::Project;

/// Longest tag that is read.
const TAG: usize = 4_000;

/// One fact for each field.
pub(crate) fn facts(project: &Project, linked: &Linked) -> Vec<Fact> {
    let mut out = Vec::new();
    for (index, origin) in linked.origin.iter().enumerate() {
        let Some(file) = project
            .files
            .get(*origin)
            .filter(|f| f.file_type.is_template())
        else {
            continue;
        };
        let Ok(index) = u32::try_from(index) else {
            break;
        };
        let idx = FileIdx(index);
        for field in fields(&file.text) {
            out.push(Fact {
                fact: "markup.password".to_owned(),
                site: Site {
                    file: idx,
                    span: field.span,
                },
                function: linked.program.func_id(idx, FnId(0)),
                callee: field.name,
                values: vec![
                    ("masked".to_owned(), field.masked),
                    ("pasted".to_owned(), FactValue::Bool(field.pasted)),
                    ("helped".to_owned(), FactValue::Bool(field.helped)),
                ],
            });
        }
    }
    out
}

/// One field for a password.
#[derive(Debug)]
struct Field {
    span: Span,
    name: String,
    masked: FactValue,
    pasted: bool,
    helped: bool,
}

/// The fields of a text. Tags whose attributes are made by the template are read as far as they are written.
fn fields(text: &str) -> Vec<Field> {
    let lower = text.to_ascii_lowercase();
    let mut out = Vec::new();
    for (start, _) in lower.match_indices("<input") {
        let Some(rest) = text.get(start..) else {
            continue;
        };
        let Some(end) = tag_end(rest) else {
            continue;
        };
        let Some(tag) = rest.get(..end) else {
            continue;
        };
        let attributes = attributes(tag);
        let value = |name: &str| {
            attributes
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str())
        };
        let kind = value("type").map(str::to_ascii_lowercase);
        let named = ["name", "id", "ng-model", "v-model", "formcontrolname"]
            .iter()
            .filter_map(|n| value(n))
            .any(is_password);
        let of_password = kind.as_deref() == Some("password");
        let made = |v: &str| v.contains(['{', '<', '#', '$']);
        if !of_password
            && (!named
                || kind
                    .as_deref()
                    .is_some_and(|k| !made(k) && !["text", "", "search"].contains(&k)))
        {
            continue;
        }
        let masked = match kind.as_deref() {
            Some("password") => FactValue::Bool(true),
            Some(k) if made(k) => FactValue::Unknown,
            _ => FactValue::Bool(false),
        };
        let refuses = |v: &str| v.contains("preventDefault") || v.contains("return false");
        let (Ok(from), Ok(to)) = (u32::try_from(start), u32::try_from(start + end)) else {
            continue;
        };
        out.push(Field {
            span: Span {
                start: from,
                end: to,
            },
            name: value("name")
                .or(value("id"))
                .unwrap_or("password")
                .to_owned(),
            masked,
            pasted: !value("onpaste").is_some_and(refuses),
            helped: !value("autocomplete")
                .is_some_and(|v| v.eq_ignore_ascii_case("off") || v.eq_ignore_ascii_case("false")),
        });
    }
    out
}

/// One past the `>` that ends a tag; one inside quotes ends none.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in rest.char_indices().take(TAG) {
        match (quote, c) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    None
}

/// Names, lower case, with their values.
fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut rest = tag.get("<input".len()..).unwrap_or_default();
    while let Some(at) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '@' || c == ':') {
        rest = rest.get(at..).unwrap_or_default();
        let end = rest
            .find(|c: char| c == '=' || c == '>' || c == '/' || c.is_whitespace())
            .unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default().to_ascii_lowercase();
        rest = rest.get(end..).unwrap_or_default().trim_start();
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| ['"', '\''].contains(c));
            let inner = after
                .get(quote.map_or(0, char::len_utf8)..)
                .unwrap_or_default();
            let end = match quote {
                Some(q) => inner.find(q),
                None => inner.find(|c: char| c.is_whitespace() || c == '>'),
            };
            let end = end.unwrap_or(inner.len());
            value = inner.get(..end).unwrap_or_default().to_owned();
            rest = inner
                .get(end + quote.map_or(0, char::len_utf8)..)
                .unwrap_or_default();
        }
        out.push((name, value));
        if out.len() > 64 {
            break;
        }
    }
    out
}

fn is_password(name: &str) -> bool {
    let flat: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    (flat.contains("password") || flat.contains("passwd") || flat.ends_with("pwd"))
        && ![
            "hint", "question", "reset", "show", "forgot", "hash", "toggle", "length", "policy",
            "expire", "token",
        ]
        .iter()
        .any(|w| flat.contains(w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_for_passwords_are_found() {
        for (text, masked, pasted, helped) in [
            ("<input type=\"password\" name=\"p\">", true, true, true),
            ("<input name='password' type='text' />", false, true, true),
            ("<input name=password>", false, true, true),
            (
                "<input type=password name=p autocomplete=off onpaste=\"return false\">",
                true,
                false,
                false,
            ),
            (
                "<input type=password onpaste=\"track(event)\" autocomplete='current-password'>",
                true,
                true,
                true,
            ),
        ] {
            let found = fields(text);
            let [field] = found.as_slice() else {
                panic!("{text}: {found:?}");
            };
            assert_eq!(
                (&field.masked, field.pasted, field.helped),
                (&FactValue::Bool(masked), pasted, helped),
                "{text}"
            );
        }
        for text in [
            "<input type=checkbox name=show_password>",
            "<input type=hidden name=password>",
            "<input name=user>",
            "<input name=password",
        ] {
            assert!(fields(text).is_empty(), "{text}");
        }
    }
}
