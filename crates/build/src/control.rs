//! Controls and the edits that remove them.
//!
//! A template says at the very place which text is a control: `⟦csrf│csrf, ⟧` stands for `csrf, `, and without the
//! control for nothing; `⟦body-limit│BODY_LIMIT│'100mb'⟧` says what would stand there instead. Places of one file whose
//! name ends in `*` are one control, which is gone when all of them are. What a control is for and which tests should
//! notice its absence says `controls.toml`.

use crate::problem::near;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const CATALOGUE: &str = include_str!("../controls.toml");

/// What is known of a control, wherever it stands.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// What it does; a phrase that begins with a small letter.
    pub title: String,
    /// Parts of the names of test files that should notice its absence; `__entity__` stands for the entity at hand.
    pub tests: Vec<String>,
    /// Why the assessment does not name its absence, where it does not: what the project wants stands nowhere else in the
    /// code, or files of this kind are not read.
    #[serde(default)]
    pub unnamed: Option<String>,
}

/// A control at one place of the project.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Control {
    /// Name in `controls.toml`.
    pub id: String,
    /// The file.
    pub path: String,
    /// Which of the places of this control in the file, counted from 1.
    pub ordinal: usize,
    /// The first line that it changes, counted from 1.
    pub line: usize,
    /// The file without the control.
    pub without: String,
    /// Parts of the names of test files that should notice.
    pub tests: Vec<String>,
}

impl Control {
    /// Unique in the project.
    pub fn key(&self) -> String {
        format!("{} {} {}", self.id, self.path, self.ordinal)
    }

    /// What it is for.
    pub fn title(&self) -> &'static str {
        catalogue()
            .get(&self.id)
            .map_or("", |about| about.title.as_str())
    }
}

/// Why the assessment does not name the absence of this control, if there is a reason.
pub fn unnamed(id: &str) -> Option<&'static str> {
    catalogue().get(id)?.unnamed.as_deref()
}

/// All controls by name. A broken catalogue is empty; a test of ours reads it.
pub fn catalogue() -> &'static BTreeMap<String, About> {
    static READ: OnceLock<BTreeMap<String, About>> = OnceLock::new();
    READ.get_or_init(|| toml::from_str(CATALOGUE).unwrap_or_default())
}

/// A file as it is, and without each of its controls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Marked {
    /// The text with all controls.
    pub text: String,
    /// Names of controls with the text without each.
    pub without: Vec<(String, String)>,
}

enum Piece<'a> {
    Plain(&'a str),
    Place {
        id: &'a str,
        with: &'a str,
        without: &'a str,
    },
}

/// Reads the marks of a filled template, or says what is wrong with them.
pub fn marked(text: &str) -> Result<Marked, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('⟦') {
        let (inside, after) = behind
            .split_once('⟧')
            .ok_or_else(|| "a mark is not closed".to_owned())?;
        let mut parts = inside.split('│');
        let (id, with) = (parts.next().unwrap_or_default(), parts.next());
        let without = parts.next().unwrap_or_default();
        let with = with.ok_or_else(|| format!("the mark `{id}` has no text"))?;
        if parts.next().is_some() || inside.contains('⟦') {
            return Err(format!("the mark `{id}` has too many parts"));
        }
        let name = id.trim_end_matches('*');
        if !catalogue().contains_key(name) {
            let meant = near(name, catalogue().keys().map(String::as_str));
            return Err(match meant {
                Some(meant) => format!("there is no control `{name}`; did you mean `{meant}`?"),
                None => format!("there is no control `{name}`"),
            });
        }
        pieces.push(Piece::Plain(before));
        pieces.push(Piece::Place { id, with, without });
        rest = after;
    }
    pieces.push(Piece::Plain(rest));
    let mut removals: Vec<(&str, Vec<usize>)> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let Piece::Place { id, .. } = piece else {
            continue;
        };
        let joined = removals
            .iter_mut()
            .find(|(other, _)| other == id && id.ends_with('*'));
        match joined {
            Some((_, places)) => places.push(at),
            None => removals.push((id, vec![at])),
        }
    }
    let joined = |removed: &[usize]| -> String {
        pieces
            .iter()
            .enumerate()
            .map(|(at, piece)| match piece {
                Piece::Plain(text) => *text,
                Piece::Place { without, .. } if removed.contains(&at) => without,
                Piece::Place { with, .. } => with,
            })
            .collect()
    };
    let text = joined(&[]);
    let without = removals
        .iter()
        .map(|(id, places)| (id.trim_end_matches('*').to_owned(), joined(places)))
        // A rule that holds for everybody is not there to be taken away.
        .filter(|(_, without)| *without != text)
        .collect();
    Ok(Marked { text, without })
}

/// The first line in which two texts differ, counted from 1.
pub fn first_difference(one: &str, other: &str) -> usize {
    one.lines()
        .zip(other.lines())
        .take_while(|(a, b)| a == b)
        .count()
        + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_read() {
        let read: Result<BTreeMap<String, About>, _> = toml::from_str(CATALOGUE);
        assert!(read.as_ref().is_ok_and(|all| !all.is_empty()), "{read:?}");
        for (id, about) in catalogue() {
            assert!(!about.title.is_empty() && !about.tests.is_empty(), "{id}");
            assert!(
                about.unnamed.as_ref().is_none_or(|why| !why.is_empty()),
                "{id}"
            );
        }
    }

    #[test]
    fn marks_become_texts() {
        let read = marked("a(⟦body-limit│LIMIT│'1gb'⟧, ⟦csrf*│csrf, ⟧b)\n⟦csrf*│csrf, ⟧c").unwrap();
        assert_eq!(read.text, "a(LIMIT, csrf, b)\ncsrf, c");
        assert_eq!(
            read.without,
            [
                (
                    "body-limit".to_owned(),
                    "a('1gb', csrf, b)\ncsrf, c".to_owned()
                ),
                ("csrf".to_owned(), "a(LIMIT, b)\nc".to_owned()),
            ]
        );
    }

    #[test]
    fn places_of_one_name_are_told_apart() {
        let read = marked("⟦csrf│x⟧⟦csrf│y⟧").unwrap();
        let texts: Vec<&str> = read.without.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["y", "x"]);
    }

    #[test]
    fn wrong_marks_are_told() {
        for (text, why) in [
            ("⟦csrf│x", "not closed"),
            ("⟦csrf⟧", "has no text"),
            ("⟦csrf│a│b│c⟧", "too many"),
            ("⟦csrg│a⟧", "did you mean `csrf`"),
        ] {
            assert!(
                marked(text).is_err_and(|error| error.contains(why)),
                "{text}"
            );
        }
    }
}
