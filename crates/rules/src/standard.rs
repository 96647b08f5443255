//! Ids of public standards: their shape is checked, their text is not carried.

use crate::near;

/// The highest CWE number that is taken for real; MITRE's list ends a little below.
const CWE_LAST: i64 = 1450;

/// Numbers that MITRE lists as categories or views, which a finding must not be mapped to.
const CWE_CATEGORIES: [u16; 24] = [
    2, 16, 17, 18, 19, 21, 189, 199, 254, 255, 264, 265, 275, 310, 320, 355, 361, 371, 387, 388,
    399, 429, 442, 730,
];

/// A CWE number, or what is wrong with it.
///
/// # Errors
/// A sentence when the number is out of range or names a category.
pub fn cwe(number: i64) -> Result<u16, String> {
    let known = u16::try_from(number)
        .ok()
        .filter(|n| *n > 0 && number <= CWE_LAST);
    match known {
        None => Err(format!("no CWE has the number {number}")),
        Some(n) if CWE_CATEGORIES.contains(&n) => Err(format!(
            "CWE-{n} is a category, not a weakness; name the weakness itself"
        )),
        Some(n) => Ok(n),
    }
}

/// Checks an id of the OWASP Top 10 (`A05:2025`) or API Security Top 10 (`API8:2023`).
///
/// # Errors
/// A sentence when it is neither.
pub fn owasp(id: &str) -> Result<(), String> {
    let known = (1..=10).flat_map(|n| {
        [
            format!("A{n:02}:2021"),
            format!("A{n:02}:2025"),
            format!("API{n}:2019"),
            format!("API{n}:2023"),
        ]
    });
    let known: Vec<String> = known.collect();
    if known.iter().any(|k| k == id) {
        return Ok(());
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    Err(near::unknown("OWASP id", id, &known))
}

/// The ids of ASVS requirements: one `v5.0.0-x.y.z` a line, `#` starts a comment.
#[must_use]
pub fn asvs_ids(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    let mut ids: Vec<String> = lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cwe_numbers_have_a_range_and_no_categories() {
        assert_eq!(cwe(89), Ok(89));
        assert!(cwe(0).is_err() && cwe(-1).is_err() && cwe(70_000).is_err() && cwe(9_999).is_err());
        assert_eq!(
            cwe(730),
            Err("CWE-730 is a category, not a weakness; name the weakness itself".to_owned())
        );
    }

    #[test]
    fn owasp_ids_have_a_shape() {
        assert_eq!(owasp("A05:2025"), Ok(()));
        assert_eq!(owasp("API10:2023"), Ok(()));
        assert_eq!(
            owasp("A5:2025"),
            Err("unknown OWASP id `A5:2025`: did you mean `A05:2025`?".to_owned())
        );
    }

    #[test]
    fn asvs_ids_are_read_line_by_line() {
        assert_eq!(
            asvs_ids("# ids\nv5.0.0-1.2.4\n\nv5.0.0-1.2.3 # x\n"),
            ["v5.0.0-1.2.3", "v5.0.0-1.2.4"]
        );
    }
}
