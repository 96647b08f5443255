//! Joins two changes of one text, line by line.

use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::ops::Range;

/// What two changes have become.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Merged {
    /// The joined text; where both changed the same lines differently, both stand between marks.
    pub text: String,
    /// How many such places there are.
    pub conflicts: usize,
}

/// One stretch of lines of the base, and what one side has made of it.
struct Change {
    base: Range<usize>,
    side: Range<usize>,
}

/// Applies to `ours` what changed from `base` to `theirs`.
pub fn merge(base: &str, ours: &str, theirs: &str) -> Merged {
    let lines = |text| str::split_inclusive::<char>(text, '\n').collect::<Vec<_>>();
    let (base, ours, theirs) = (lines(base), lines(ours), lines(theirs));
    let (mut left, mut right) = (
        changes(&base, &ours).into_iter().peekable(),
        changes(&base, &theirs).into_iter().peekable(),
    );
    let mut merged = Merged {
        text: String::new(),
        conflicts: 0,
    };
    let mut at = 0;
    loop {
        let start = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(one), None) | (None, Some(one)) => one.base.start,
            (Some(one), Some(other)) => one.base.start.min(other.base.start),
        };
        // All changes that touch each other belong together.
        let mut end = start;
        let (mut mine, mut others) = (Vec::new(), Vec::new());
        loop {
            let touches = |change: &Change| change.base.start <= end;
            if let Some(change) = left.next_if(touches) {
                end = end.max(change.base.end);
                mine.push(change);
            } else if let Some(change) = right.next_if(touches) {
                end = end.max(change.base.end);
                others.push(change);
            } else {
                break;
            }
        }
        push(&mut merged.text, base.get(at..start));
        let whole = start..end;
        let (one, other) = (
            applied(&base, &ours, &whole, &mine),
            applied(&base, &theirs, &whole, &others),
        );
        if others.is_empty() || one == other {
            merged.text.push_str(&one);
        } else if mine.is_empty() {
            merged.text.push_str(&other);
        } else {
            merged.conflicts += 1;
            merged.text.push_str("<<<<<<< yours\n");
            merged.text.push_str(&one);
            merged.text.push_str("=======\n");
            merged.text.push_str(&other);
            merged.text.push_str(">>>>>>> generated\n");
        }
        at = end;
    }
    push(&mut merged.text, base.get(at..));
    merged
}

fn changes(base: &[&str], side: &[&str]) -> Vec<Change> {
    capture_diff_slices(Algorithm::Myers, base, side)
        .into_iter()
        .filter(|op| !matches!(op, DiffOp::Equal { .. }))
        .map(|op| Change {
            base: op.old_range(),
            side: op.new_range(),
        })
        .collect()
}

/// The lines `whole` of the base with these changes.
fn applied(base: &[&str], side: &[&str], whole: &Range<usize>, changes: &[Change]) -> String {
    let mut text = String::new();
    let mut at = whole.start;
    for change in changes {
        push(&mut text, base.get(at..change.base.start));
        push(&mut text, side.get(change.side.clone()));
        at = change.base.end;
    }
    push(&mut text, base.get(at..whole.end));
    text
}

fn push(text: &mut String, lines: Option<&[&str]>) {
    text.extend(lines.unwrap_or_default().iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "a\nb\nc\nd\ne\n";

    fn clean(ours: &str, theirs: &str) -> String {
        let merged = merge(BASE, ours, theirs);
        assert_eq!(merged.conflicts, 0, "{}", merged.text);
        merged.text
    }

    #[test]
    fn changes_of_both_are_kept() {
        assert_eq!(
            clean("A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n"),
            "A\nb\nc\nd\nE\n"
        );
        assert_eq!(
            clean("a\nb\nc\nd\ne\nf\n", "a\nc\nd\ne\n"),
            "a\nc\nd\ne\nf\n"
        );
        assert_eq!(clean(BASE, BASE), BASE);
        assert_eq!(clean("", BASE), "");
        assert_eq!(clean(BASE, ""), "");
    }

    #[test]
    fn the_same_change_is_one() {
        assert_eq!(
            clean("a\nx\nc\nd\ne\n", "a\nx\nc\nd\ne\n"),
            "a\nx\nc\nd\ne\n"
        );
    }

    #[test]
    fn different_changes_of_one_line_are_shown_both() {
        let merged = merge(BASE, "a\nx\nc\nd\ne\n", "a\ny\nc\nd\ne\n");
        assert_eq!(merged.conflicts, 1);
        assert_eq!(
            merged.text,
            "a\n<<<<<<< yours\nx\n=======\ny\n>>>>>>> generated\nc\nd\ne\n"
        );
    }
}
