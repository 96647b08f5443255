//! Version ranges, as far as models need them: `<4.17.12`, `>=2 <3 || 5.x`, `^1.2`, `~1.2`, `1.0 - 2.0`, `>=2,<3`.

use crate::expr::Tri;

type Version = (u64, u64, u64);

/// From the first version to before the last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Interval {
    from: Version,
    to: Version,
}

const END: Version = (u64::MAX, u64::MAX, u64::MAX);
const ALL: Interval = Interval {
    from: (0, 0, 0),
    to: END,
};

/// Whether what is installed lies in a range; `installed` is a version or, where no lock file tells, the range of the
/// manifest. Anything that is neither (a tag, an address) is unknown.
#[must_use]
pub fn within(installed: &str, range: &str) -> Tri {
    let (Some(installed), Some(range)) = (parse(installed), parse(range)) else {
        return Tri::Unknown;
    };
    let range = merged(range);
    if installed.iter().all(|one| {
        range
            .iter()
            .any(|all| all.from <= one.from && one.to <= all.to)
    }) {
        Tri::Yes
    } else if installed.iter().all(|one| {
        range
            .iter()
            .all(|all| one.to <= all.from || all.to <= one.from)
    }) {
        Tri::No
    } else {
        Tri::Unknown
    }
}

/// Whether a text is a range.
#[must_use]
pub fn is_range(text: &str) -> bool {
    parse(text).is_some()
}

fn merged(mut list: Vec<Interval>) -> Vec<Interval> {
    list.sort_unstable();
    let mut out: Vec<Interval> = Vec::new();
    for next in list {
        match out.last_mut() {
            Some(last) if next.from <= last.to => last.to = last.to.max(next.to),
            _ => out.push(next),
        }
    }
    out
}

fn parse(text: &str) -> Option<Vec<Interval>> {
    let list: Vec<Interval> = text.split("||").map(alternative).collect::<Option<_>>()?;
    let list: Vec<Interval> = list.into_iter().filter(|one| one.from < one.to).collect();
    if list.is_empty() { None } else { Some(list) }
}

/// Comparators that hold together.
fn alternative(text: &str) -> Option<Interval> {
    if let Some((from, to)) = text.split_once(" - ") {
        return Some(Interval {
            from: part(from)?.0,
            to: part(to)?.1,
        });
    }
    let mut all = ALL;
    let spaced = text.replace(',', " ");
    let mut words = spaced.split_whitespace().peekable();
    while let Some(word) = words.next() {
        // `>= 1.2` is written with a space too.
        let one = match word {
            "<" | "<=" | ">" | ">=" | "=" | "==" | "^" | "~" | "~=" => {
                comparator(&format!("{word}{}", words.next()?))?
            }
            word => comparator(word)?,
        };
        all = Interval {
            from: all.from.max(one.from),
            to: all.to.min(one.to),
        };
    }
    Some(all)
}

fn comparator(word: &str) -> Option<Interval> {
    let operator = word
        .find(|c: char| !"<>=^~!".contains(c))
        .unwrap_or(word.len());
    let (operator, version) = word.split_at_checked(operator)?;
    let (from, to, given) = part_with_count(version)?;
    Some(match operator {
        "" | "=" | "==" => Interval { from, to },
        "<" => Interval { to: from, ..ALL },
        "<=" => Interval { to, ..ALL },
        ">" => Interval { from: to, ..ALL },
        ">=" => Interval { from, ..ALL },
        "^" => Interval {
            from,
            to: caret(from, given),
        },
        "~" => Interval {
            from,
            to: if given > 1 {
                (from.0, from.1 + 1, 0)
            } else {
                (from.0 + 1, 0, 0)
            },
        },
        "~=" => Interval {
            from,
            to: if given > 2 {
                (from.0, from.1 + 1, 0)
            } else {
                (from.0 + 1, 0, 0)
            },
        },
        _ => return None,
    })
}

fn caret(from: Version, given: usize) -> Version {
    match (from, given) {
        ((0, 0, patch), 3) => (0, 0, patch + 1),
        ((0, minor, _), 2..) => (0, minor + 1, 0),
        ((major, _, _), _) => (major + 1, 0, 0),
    }
}

fn part(text: &str) -> Option<(Version, Version)> {
    part_with_count(text).map(|(from, to, _)| (from, to))
}

/// A version, perhaps cut short or with `x`: where it starts, where it ends, and how many numbers are given.
fn part_with_count(text: &str) -> Option<(Version, Version, usize)> {
    let text = text.trim().trim_start_matches(['v', 'V']);
    let text = text.split(['-', '+']).next().unwrap_or_default();
    let mut numbers = [0_u64; 3];
    let mut given = 0;
    for (slot, word) in numbers.iter_mut().zip(text.split('.')) {
        if matches!(word, "x" | "X" | "*" | "") {
            break;
        }
        *slot = word.parse().ok().filter(|n| *n < u64::MAX / 2)?;
        given += 1;
    }
    if given == 0 && !matches!(text, "" | "*" | "x" | "X") {
        return None;
    }
    let [major, minor, patch] = numbers;
    let to = match given {
        0 => END,
        1 => (major + 1, 0, 0),
        2 => (major, minor + 1, 0),
        _ => (major, minor, patch + 1),
    };
    Some(((major, minor, patch), to, given))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_lie_in_ranges_or_not() {
        let cases = [
            ("4.17.11", "<4.17.12", Tri::Yes),
            ("4.17.12", "<4.17.12", Tri::No),
            ("^4.17.0", "<4.17.12", Tri::Unknown),
            ("^4.13.10", "<5", Tri::Yes),
            ("^5.0.0", "<5", Tri::No),
            ("~0.4.7", "<0.4.9", Tri::Unknown),
            ("0.4.7", "<0.4.9", Tri::Yes),
            ("^0.2.3", "<0.3", Tri::Yes),
            ("^0.0.3", "=0.0.3", Tri::Yes),
            (">=2 <3 || ^5", "2.x || 5.x", Tri::Yes),
            ("3.0.1", "<2.0.2 || >=3.0.0 <3.0.2", Tri::Yes),
            ("2.0.2", "<2.0.2 || >=3.0.0 <3.0.2", Tri::No),
            ("1.0 - 2.0", "<2.1", Tri::Yes),
            (">=2,<3", "<3", Tri::Yes),
            ("~=2.2", ">=2.2 <3", Tri::Yes),
            (">= 1.2.0 < 2", "1.x", Tri::Yes),
            ("v4.0.0-beta.1", ">=4", Tri::Yes),
            ("*", "<5", Tri::Unknown),
            ("latest", "<5", Tri::Unknown),
            ("git+https://example.org/a.git", "<5", Tri::Unknown),
            ("99999999999999999999999", "<5", Tri::Unknown),
        ];
        for (installed, range, expected) in cases {
            assert_eq!(within(installed, range), expected, "{installed} in {range}");
        }
        assert!(is_range("<4.17.12") && !is_range("soon"));
    }
}
