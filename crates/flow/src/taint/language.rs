//! What all texts that a regular expression accepts have in common, asked of its automaton.
//!
//! The automaton is intersected with one that knows steps up (`..` between separators): the product is empty exactly when no accepted
//! text climbs (Hopcroft, Motwani, Ullman: Introduction to Automata Theory, 4.2).

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::{primitives::StateID, syntax};
use regex_automata::{Anchored, Input};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::{LazyLock, PoisonError, RwLock};

/// Bytes of an automaton; of a larger one nothing is claimed.
const SIZE: usize = 1 << 18;
/// States of the product; beyond them nothing is claimed.
const STATES: usize = 20_000;

/// Answers that are kept: a test is asked about in every visit of its block and in every run of its function.
const KEPT: usize = 1 << 12;

/// Where a text is in its last component.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    Start,
    Dot,
    DotDot,
    Inside,
    Climbed,
}

impl At {
    const fn step(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Climbed, _) | (Self::DotDot, b'/' | b'\\') => Self::Climbed,
            (_, b'/' | b'\\') => Self::Start,
            (Self::Start, b'.') => Self::Dot,
            (Self::Dot, b'.') => Self::DotDot,
            _ => Self::Inside,
        }
    }

    const fn climbs(self) -> bool {
        matches!(self, Self::DotDot | Self::Climbed)
    }
}

/// Whether no text that the whole expression matches has a step up among its components. The expression is anchored at both ends; what
/// looks around is cut out, as it only restricts.
pub(super) fn never_climbs(pattern: &str, ignore_case: bool) -> bool {
    type Answers = [FxHashMap<String, bool>; 2];
    static KNOWN: LazyLock<RwLock<Answers>> = LazyLock::new(RwLock::default);
    let index = usize::from(ignore_case);
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(&answer) = known.get(index).and_then(|of| of.get(pattern)) {
        return answer;
    }
    drop(known);
    let answer = automaton(pattern, ignore_case).is_some_and(|dfa| !reaches(&dfa));
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(of) = known.get_mut(index).filter(|of| of.len() < KEPT) {
        of.insert(pattern.to_owned(), answer);
    }
    answer
}

fn automaton(pattern: &str, ignore_case: bool) -> Option<dense::DFA<Vec<u32>>> {
    let syntax = syntax::Config::new()
        .unicode(false)
        .utf8(false)
        .case_insensitive(ignore_case);
    let limits = dense::Config::new()
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(SIZE))
        .determinize_size_limit(Some(SIZE));
    // JavaScript escapes what needs none.
    let pattern = without_look_around(pattern).replace("\\/", "/");
    dense::Builder::new()
        .syntax(syntax)
        .configure(limits)
        .build(&pattern)
        .ok()
}

/// An expression without what looks ahead or behind: that only restricts what it accepts.
fn without_look_around(pattern: &str) -> String {
    const MARKS: [&str; 4] = ["(?!", "(?=", "(?<!", "(?<="];
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut class = false;
    // Groups that are open inside of what is left out.
    let mut skipped = 0u32;
    while let Some(c) = rest.chars().next() {
        let begins = !class && MARKS.iter().any(|mark| rest.starts_with(mark));
        let piece = rest
            .char_indices()
            .nth(if c == '\\' { 2 } else { 1 })
            .map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(piece);
        let mut left_out = skipped > 0;
        match c {
            '[' => class = true,
            ']' => class = false,
            '(' if !class && (skipped > 0 || begins) => {
                skipped += 1;
                left_out = true;
            }
            ')' if !class && skipped > 0 => {
                skipped -= 1;
                if skipped == 0 && after.starts_with(['*', '+', '?', '{']) {
                    return pattern.to_owned();
                }
            }
            _ => {}
        }
        if !left_out {
            out.push_str(piece);
        }
        rest = after;
    }
    // What is not closed is not understood.
    if skipped > 0 {
        return pattern.to_owned();
    }
    out
}

/// Whether a text that climbs is accepted, or may be for all that is known.
fn reaches(dfa: &dense::DFA<Vec<u32>>) -> bool {
    let Ok(start) = dfa.start_state_forward(&Input::new("").anchored(Anchored::Yes)) else {
        return true;
    };
    let bytes = representatives(dfa);
    let mut seen: FxHashSet<(StateID, At)> = FxHashSet::default();
    let mut open = vec![(start, At::Start)];
    while let Some((state, at)) = open.pop() {
        if dfa.is_dead_state(state) || !seen.insert((state, at)) {
            continue;
        }
        if seen.len() > STATES || dfa.is_quit_state(state) {
            return true;
        }
        if at.climbs() && dfa.is_match_state(dfa.next_eoi_state(state)) {
            return true;
        }
        open.extend(
            bytes
                .iter()
                .map(|&b| (dfa.next_state(state, b), at.step(b))),
        );
    }
    false
}

/// A byte of each class that the automaton tells apart, and the bytes of steps up.
fn representatives(dfa: &dense::DFA<Vec<u32>>) -> Vec<u8> {
    let classes = dfa.byte_classes();
    let mut seen = FxHashSet::default();
    let own = b"./\\";
    let others = (0..=u8::MAX).filter(|b| !own.contains(b) && seen.insert(classes.get(*b)));
    others.chain(own.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::never_climbs;

    #[test]
    fn one_dot_is_no_step_up() {
        for pattern in [
            "^[a-z0-9_\\-]*\\.[a-z0-9_\\-]+$",
            "^[\\w-]+(\\.[\\w-]+)*$",
            "^\\/?[\\w]+\\/x\\.(png|jpg)$",
            "^(?!\\/)[a-z0-9]+\\.[a-z0-9]+$",
            "^(?=.*[(]a\\))(?!(a|b))[a-z]+$",
        ] {
            assert!(never_climbs(pattern, false), "{pattern}");
        }
        for pattern in [
            "^[a-z.]+$",
            "^[a-z0-9_/-]*\\.[./a-z]+$",
            "^\\.*[a-z/]+$",
            "^(\\.)+$",
            "^.*$",
            "^(?!\\.\\.$)[a-z.]+$",
            "^(?!a[a-z.]+$",
        ] {
            assert!(!never_climbs(pattern, false), "{pattern}");
        }
    }
}
