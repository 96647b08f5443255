//! Texts that are worked out: names of methods and paths are made of names of functions and files.

use super::Startup;
use super::call::Site;
use super::value::{HOLE, V, Value, one};
use casemate_flow::apipath::PathId;
use regex::Regex;
use std::rc::Rc;

/// Packages whose functions write names in another way, by how their paths begin; whether digits are words of their own there.
const CASES: [(&str, bool); 8] = [
    ("npm:lodash", true),
    ("npm:es-toolkit", true),
    ("npm:change-case", false),
    ("npm:param-case", false),
    ("npm:camel-case", false),
    ("npm:camelcase", false),
    ("npm:kebab-case", false),
    ("npm:snake-case", false),
];

impl Startup<'_, '_, '_> {
    /// Methods of texts by which names of methods and paths are made.
    pub(super) fn text_method(&mut self, name: &str, site: &Site) -> Option<Value> {
        let [V::Text(text)] = site.this.as_slice() else {
            return None;
        };
        let given = |at: usize| match site.args.get(at).map(|arg| arg.as_slice()) {
            Some([V::Text(text)]) => Some(Rc::clone(text)),
            _ => None,
        };
        let made = match name {
            "toLowerCase" | "lower" => text.to_lowercase(),
            "toUpperCase" | "upper" => text.to_uppercase(),
            "trim" | "strip" => text.trim().to_owned(),
            "replace" | "replaceAll" if leaves(site, text) => text.to_string(),
            "replace" => text.replacen(&*given(0)?, &given(1)?, 1),
            "split" => {
                let mark = given(0).filter(|mark| !mark.is_empty())?;
                let parts: Vec<Value> = text
                    .split(&*mark)
                    .map(|part| one(V::Text(Rc::from(part))))
                    .collect();
                return Some(one(V::Object(self.array(parts.into_iter()))));
            }
            _ => return None,
        };
        Some(one(V::Text(Rc::from(made.as_str()))))
    }

    /// What a function of a package makes of a name: `kebabCase('findAll')`.
    pub(super) fn cased(&self, path: PathId, site: &Site) -> Option<Value> {
        let [V::Text(text)] = site.args.first()?.as_slice() else {
            return None;
        };
        let callee = self.origins.paths.text(path);
        let (_, digits) = CASES
            .iter()
            .find(|(package, _)| callee.starts_with(package))?;
        if text.contains(HOLE) {
            return None;
        }
        let name = callee.rsplit(['.', '/', ':']).next()?;
        let made = cased(name, text, *digits)?;
        Some(one(V::Text(Rc::from(made.as_str()))))
    }
}

/// Whether nothing is replaced, for the text holds nothing of the kind.
fn leaves(site: &Site, text: &str) -> bool {
    let Some([V::Pattern(pattern)]) = site.args.first().map(|arg| arg.as_slice()) else {
        return false;
    };
    !text.contains(HOLE) && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
}

/// A text as a function of this name writes it.
fn cased(name: &str, text: &str, digits: bool) -> Option<String> {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let words = words(text, digits);
    let joined = |mark: &str| words.join(mark);
    let title = |from: usize| {
        let words = words.iter().enumerate();
        let words = words.map(|(at, word)| if at < from { word.clone() } else { first(word) });
        words.collect::<Vec<String>>()
    };
    Some(match plain.as_str() {
        "kebabcase" | "paramcase" => joined("-"),
        "snakecase" => joined("_"),
        "dotcase" => joined("."),
        "pathcase" => joined("/"),
        "lowercase" | "nocase" => joined(" "),
        "camelcase" => title(1).concat(),
        "pascalcase" => title(0).concat(),
        "startcase" => title(0).join(" "),
        "upperfirst" => first(text),
        "capitalize" => first(&text.to_lowercase()),
        "lowerfirst" => {
            let mut chars = text.chars();
            let head = chars.next()?;
            head.to_lowercase().chain(chars).collect()
        }
        "tolower" => text.to_lowercase(),
        "toupper" => text.to_uppercase(),
        "trim" => text.trim().to_owned(),
        _ => return None,
    })
}

/// A word with its first letter as a capital.
fn first(word: &str) -> String {
    let mut chars = word.chars();
    let Some(head) = chars.next() else {
        return String::new();
    };
    head.to_uppercase().chain(chars).collect()
}

/// The words of a name, lower case: `findAllUsers`, `find_all`, `HTMLFile`.
fn words(text: &str, digits: bool) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let next = chars.get(at + 1);
        let breaks = before.is_some_and(|&before| {
            c.is_uppercase()
                && (!before.is_uppercase() || next.is_some_and(|next| next.is_lowercase()))
                || digits && c.is_alphanumeric() && c.is_numeric() != before.is_numeric()
        });
        if (breaks || !c.is_alphanumeric()) && !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::cased;

    #[test]
    fn names_are_written_in_another_way() {
        let of = |name: &str, text: &str| cased(name, text, true);
        assert_eq!(
            of("kebabCase", "findAllUsers").as_deref(),
            Some("find-all-users")
        );
        assert_eq!(
            of("camelCase", "find-all_users").as_deref(),
            Some("findAllUsers")
        );
        assert_eq!(of("snakeCase", "HTMLFile2").as_deref(), Some("html_file_2"));
        assert_eq!(of("upperFirst", "drop").as_deref(), Some("Drop"));
        assert_eq!(of("merge", "drop"), None);
    }
}
