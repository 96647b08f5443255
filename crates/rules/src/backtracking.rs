//! How long a backtracking engine may take for a regular expression.
//!
//! The expression becomes an automaton that keeps apart what a backtracking engine tries apart. Where one text leads through
//! a loop in two ways, and a continuation exists that fails, the engine tries 2ⁿ ways; where two loops can share a text, it
//! tries n² or more. Every bound gives *unknown*.

mod automaton;
mod chars;
mod syntax;

use automaton::Automaton;
use casemate_model::expr::Tri;

/// The growth of time with the length of the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Growth {
    /// In step with the text.
    Linear,
    /// A power of it.
    Polynomial,
    /// 2ⁿ.
    Exponential,
}

impl Growth {
    /// `linear`, `polynomial`, `exponential`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Polynomial => "polynomial",
            Self::Exponential => "exponential",
        }
    }
}

/// The growth for a pattern; `None` where it is not known: an expression with back references, one that is too large, or
/// text that is none. `/pattern/flags` is taken apart; other text is a pattern without flags.
#[must_use]
pub fn growth(text: &str) -> Option<Growth> {
    let (pattern, flags) = literal(text).unwrap_or((text, ""));
    let parsed = syntax::parse(pattern, flags)?;
    let mut worst = Growth::Linear;
    let mut open = false;
    for (branch, approximate) in parsed {
        match branch_growth(&branch) {
            Some(Growth::Linear) => {}
            // What an assertion excludes is not known to the automaton, so what it finds may not happen.
            Some(_) | None if approximate => open = true,
            Some(growth) => worst = worst.max(growth),
            None => open = true,
        }
    }
    (worst == Growth::Exponential || !open).then_some(worst)
}

fn branch_growth(branch: &syntax::Branch) -> Option<Growth> {
    let automaton = Automaton::of(branch)?;
    match automaton.exponential() {
        Tri::Yes => Some(Growth::Exponential),
        Tri::Unknown => None,
        Tri::No => match automaton.polynomial() {
            Tri::Yes => Some(Growth::Polynomial),
            Tri::Unknown => None,
            Tri::No => Some(Growth::Linear),
        },
    }
}

/// `/pattern/flags`
fn literal(text: &str) -> Option<(&str, &str)> {
    let (pattern, flags) = text.strip_prefix('/')?.rsplit_once('/')?;
    (!pattern.is_empty() && flags.chars().all(|flag| "dgimsuvy".contains(flag)))
        .then_some((pattern, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Option<Growth>, patterns: &[&str]) {
        for pattern in patterns {
            assert_eq!(growth(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn exponential() {
        check(
            Some(Growth::Exponential),
            &[
                r"^(a+)+$",
                r"^(a*)*$",
                r"(a|a)*b",
                r"^(a|ab|b)*c",
                r"^(\w+\s?)*$",
                r"^([a-zA-Z0-9]+\.?)+@example\.com$",
                r"/^(([a-z])+.)+[A-Z]([a-z])+$/",
                r"(x(a?|b?)y)*z",
                r"^(?:(?:a?b?)*)*c$",
                r"(\d+|[0-9a-f]+)*x",
                r"(.*)*\d",
                r"/(A|a)*b/i",
                r"^(a{1,3}){1,}$",
                r"^(?=(a+)+b).*$",
                r"(\s*,\s*)*;",
                r"(\s*,\s*)+$",
            ],
        );
    }

    #[test]
    fn polynomial() {
        check(
            Some(Growth::Polynomial),
            &[
                r"\s+$",
                r"^a*a*$",
                r"^\s*(.*)\s*x$",
                r"\d+x",
                r"<[^>]*>",
                r"^.*,.*,.*;$",
                r"^\w*[a-z]\w*!$",
            ],
        );
    }

    #[test]
    fn linear() {
        check(
            Some(Growth::Linear),
            &[
                r"^[a-z0-9-]+$",
                r"^[a-zA-Z0-9]+(?:\.[a-zA-Z0-9]+)*@example\.com$",
                r"^\w+(\s\w+)*\s?$",
                r"^(a|b)*c$",
                r",$",
                r"\d+",
                r"abc",
                r"^\d{4}-\d{2}-\d{2}$",
                r"^(\d+,)*\d+$",
                r"[.*+?^${}()|[\]\\]",
                r"^(?:[^']|'')*$",
                r"[\r\n]+",
                r"^(a+)+",
                r"^([\s\S]*)*$",
                r"^v?\d+\.\d+\.\d+$",
                r"/^[A-Z]{2,3}$/i",
                r"^https:\/\/[\w.-]+\/",
            ],
        );
    }

    #[test]
    fn unknown_where_the_automaton_does_not_say() {
        check(None, &[r"^(a+)\1$", r"(a", r"^(\w+\b\s*)*$", "[z-a]", "*a"]);
        assert_eq!(growth(&"(".repeat(100_000)), None);
        assert_eq!(
            growth(&format!("^{}$", "(a{1,50}b{1,50}){1,50}".repeat(40))),
            None
        );
    }

    #[test]
    fn no_text_hangs_or_panics() {
        let pieces = [
            "(", ")", "a", "*", "+", "?", "{2,", "}", "[", "]", "|", "^", "$", "\\", "(?=",
            "(?<n>", ".", "é", "-",
        ];
        let mut state = 1_u32;
        for _ in 0..3000 {
            let text: String = (0..12)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    pieces[(state >> 16) as usize % pieces.len()]
                })
                .collect();
            let _ = growth(&text);
        }
    }
}
