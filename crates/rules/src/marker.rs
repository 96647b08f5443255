//! Markers in example code: `//~ id` a finding on this line, `//~ id?` a known miss, `//~! id` a known false alarm.
//!
//! A marker stands in a comment of any syntax. Before analysis the whole comment is overwritten with spaces, so that offsets
//! and lines stay and the analysis cannot read its own answer.

use serde::{Deserialize, Serialize};

/// What a marker says about its line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Expected {
    /// `~ id`: a finding with its place on this line.
    Finding,
    /// `~ id?`: a known miss; the test asserts that it is still missed.
    Miss,
    /// `~! id`: a known false alarm; the test asserts that it is still raised.
    FalseAlarm,
}

/// One marker.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Marker {
    /// The line, from 1.
    pub line: u32,
    /// The rule's id as written.
    pub rule: String,
    /// What is expected.
    pub expected: Expected,
}

/// How comments open, and how they close; nothing: at the end of the line. Longer ones first.
const COMMENTS: [(&str, &str); 11] = [
    ("{{!--", "--}}"),
    ("<!--", "-->"),
    ("<%#", "%>"),
    ("{{!", "}}"),
    ("{#", "#}"),
    ("{*", "*}"),
    ("/*", "*/"),
    ("//-", ""),
    ("//", ""),
    ("--", ""),
    ("#", ""),
];

/// The text with its markers blanked, byte for byte, and the markers in order.
#[must_use]
pub fn markers(text: &str) -> (String, Vec<Marker>) {
    let mut blanked = String::with_capacity(text.len());
    let mut found = Vec::new();
    for (line, number) in text.split_inclusive('\n').zip(1_u32..) {
        let mut rest = line;
        while let Some(comment) = next(rest) {
            for (rule, expected) in comment.names {
                found.push(Marker {
                    line: number,
                    rule,
                    expected,
                });
            }
            blanked.push_str(rest.get(..comment.start).unwrap_or_default());
            let inside = rest.get(comment.start..comment.end).unwrap_or_default();
            blanked.extend(std::iter::repeat_n(' ', inside.len()));
            rest = rest.get(comment.end..).unwrap_or_default();
        }
        blanked.push_str(rest);
    }
    (blanked, found)
}

struct Comment {
    start: usize,
    end: usize,
    names: Vec<(String, Expected)>,
}

/// The first comment of the line that is a marker.
fn next(line: &str) -> Option<Comment> {
    let body_end = line.trim_end_matches(['\n', '\r']).len();
    let line = line.get(..body_end)?;
    line.match_indices('~').find_map(|(tilde, _)| {
        let before = line.get(..tilde)?.trim_end();
        let (open, close) = COMMENTS
            .into_iter()
            .find(|(open, _)| before.ends_with(open))?;
        let after = line.get(tilde + 1..)?;
        let (inside, end) = match close {
            "" => (after, line.len()),
            close => {
                let at = after.find(close)?;
                (after.get(..at)?, tilde + 1 + at + close.len())
            }
        };
        Some(Comment {
            start: before.len() - open.len(),
            end,
            names: names(inside)?,
        })
    })
}

/// `sql-injection, log-injection?` or `! sql-injection`; nothing where it reads like prose.
fn names(inside: &str) -> Option<Vec<(String, Expected)>> {
    let (inside, alarm) = inside
        .strip_prefix('!')
        .map_or((inside, false), |rest| (rest, true));
    let mut names = Vec::new();
    for word in inside
        .split([',', ' ', '\t'])
        .filter(|word| !word.is_empty())
    {
        let (name, miss) = word
            .strip_suffix('?')
            .map_or((word, false), |name| (name, true));
        let kebab = name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if name.is_empty() || !kebab {
            return None;
        }
        let expected = match (alarm, miss) {
            (true, _) => Expected::FalseAlarm,
            (false, true) => Expected::Miss,
            (false, false) => Expected::Finding,
        };
        names.push((name.to_owned(), expected));
    }
    (!names.is_empty()).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, blanked: &str, expected: &[(u32, &str, Expected)]) {
        let (text_out, found) = markers(text);
        assert_eq!(text_out, blanked);
        assert_eq!(text_out.len(), text.len());
        let found: Vec<_> = found
            .iter()
            .map(|m| (m.line, m.rule.as_str(), m.expected))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn line_comments_are_blanked_to_the_end() {
        check(
            "a\nb() //~ sql-injection\r\nc",
            "a\nb()                  \r\nc",
            &[(2, "sql-injection", Expected::Finding)],
        );
        check(
            "x # ~ a-b, c?",
            "x            ",
            &[(1, "a-b", Expected::Finding), (1, "c", Expected::Miss)],
        );
    }

    #[test]
    fn block_comments_keep_what_follows() {
        check(
            "<%- a %><!--~ xss--><b>",
            "<%- a %>            <b>",
            &[(1, "xss", Expected::Finding)],
        );
        check(
            "f(/*~! x */ 1)",
            "f(          1)",
            &[(1, "x", Expected::FalseAlarm)],
        );
        check(
            "{# ~ a #}{#~ b #}",
            "                 ",
            &[(1, "a", Expected::Finding), (1, "b", Expected::Finding)],
        );
    }

    #[test]
    fn code_and_prose_are_left_alone() {
        check(
            "let a = ~b // ~Approx: two",
            "let a = ~b // ~Approx: two",
            &[],
        );
        check("x //~", "x //~", &[]);
        check("é //~ a-b", "é        ", &[(1, "a-b", Expected::Finding)]);
    }
}
