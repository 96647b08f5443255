//! What a regular expression asks of a password: kinds of characters, and a length.

/// What is asked.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Asked {
    /// Characters of certain kinds have to be there.
    pub composition: bool,
    /// The shortest.
    pub minimum: Option<f64>,
    /// The longest.
    pub maximum: Option<f64>,
}

/// Beginnings of classes of characters.
const CLASSES: [&str; 10] = [
    "[A-Z", "[a-z", "[0-9", "[\\d", "\\d", "\\W", "[\\W", "[!", "[^a-zA-Z", "[@",
];

/// Reads one. What is not understood asks nothing.
pub(super) fn read(pattern: &str) -> Asked {
    let ahead = pattern.split("(?=").skip(1).any(|part| {
        let until = part.split("(?").next().unwrap_or(part);
        let lead = until
            .trim_start_matches(".*")
            .trim_start_matches('?')
            .trim_start_matches(".*");
        lead.starts_with('(')
            || CLASSES.iter().any(|class| lead.starts_with(class))
            || until.starts_with("\\D*\\d")
    });
    let plain = pattern.trim_matches(['^', '$', '+', '*', '(', ')', '/']);
    let plain = plain
        .trim_start_matches(".*")
        .trim_end_matches(".*")
        .trim_end_matches('+')
        .trim_end_matches("{1,}");
    let one = CLASSES.iter().any(|class| plain.starts_with(class))
        && (plain.starts_with('\\') && plain.len() == 2
            || plain.starts_with('[') && plain.find(']').is_some_and(|at| at + 1 == plain.len()));
    let whole = pattern.starts_with('^') && pattern.ends_with('$') && !pattern.contains("(?=");
    let mut asked = Asked {
        composition: ahead || one && !whole,
        ..Asked::default()
    };
    // The length is what is said of any character, or of a class that is the whole text.
    if let Some((_, rest)) = pattern.rsplit_once('{')
        && let Some((range, _)) = rest.split_once('}')
    {
        let mut ends = range.split(',');
        let low = ends.next().and_then(|n| n.trim().parse::<f64>().ok());
        let high = ends.next().map(|n| n.trim().parse::<f64>().ok());
        let of_all = pattern.contains(".{")
            || pattern.contains("]{")
            || pattern.contains("\\S{")
            || pattern.contains("){");
        if of_all && low.is_some_and(|n| n > 1.0) {
            asked.minimum = low;
            asked.maximum = high.unwrap_or(low);
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_lengths_are_read() {
        for (pattern, composition, minimum, maximum) in [
            (r"^(?=.*[A-Z])(?=.*\d).{8,}$", true, Some(8.0), None),
            (
                r"^(?=.*[A-Za-z])(?=.*\d)[A-Za-z\d]{6,16}$",
                true,
                Some(6.0),
                Some(16.0),
            ),
            (r"[A-Z]", true, None, None),
            (r"\d", true, None, None),
            (r"^.{12,128}$", false, Some(12.0), Some(128.0)),
            (r"^[^\s]+$", false, None, None),
            (r"^(?=.{10,})", false, Some(10.0), None),
        ] {
            assert_eq!(
                read(pattern),
                Asked {
                    composition,
                    minimum,
                    maximum
                },
                "{pattern}"
            );
        }
    }
}
