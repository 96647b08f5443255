//! Messages about names that nobody knows.

use casemate_model::near::near;

/// `` unknown sink kind `sqll`: did you mean `sql`? `` or, without a near name, the list of what there is where it is short.
#[must_use]
pub fn unknown(what: &str, name: &str, candidates: &[&str]) -> String {
    match near(
        name,
        candidates
            .iter()
            .copied()
            .filter(|candidate| *candidate != name),
    ) {
        Some(candidate) => format!("unknown {what} `{name}`: did you mean `{candidate}`?"),
        None if !candidates.is_empty() && candidates.len() <= LISTED => {
            format!(
                "unknown {what} `{name}`: expected one of `{}`",
                candidates.join("`, `")
            )
        }
        None => format!("unknown {what} `{name}`"),
    }
}

/// Longer lists help nobody in a message.
const LISTED: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        assert_eq!(
            unknown("key", "titel", &["title", "since"]),
            "unknown key `titel`: did you mean `title`?"
        );
        assert_eq!(
            unknown("key", "banana", &["title", "since"]),
            "unknown key `banana`: expected one of `title`, `since`"
        );
        assert_eq!(unknown("key", "banana", &[]), "unknown key `banana`");
    }
}
