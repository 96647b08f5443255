//! Durations and sizes as people write them.

use std::fmt::Write as _;

const SPANS: [(&str, u64); 7] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
    ("y", 31_557_600_000),
];

const SPAN_WORDS: [(&str, u64); 7] = [
    ("millisecond", 1),
    ("second", 1000),
    ("minute", 60_000),
    ("hour", 3_600_000),
    ("day", 86_400_000),
    ("week", 604_800_000),
    ("year", 31_557_600_000),
];

const SPAN_SHORT: [(&str, u64); 5] = [
    ("sec", 1000),
    ("min", 60_000),
    ("hr", 3_600_000),
    ("msec", 1),
    ("yr", 31_557_600_000),
];

/// The milliseconds of `15 minutes`, `24h`, `1.5 days`.
#[must_use]
pub fn milliseconds(text: &str) -> Option<u64> {
    let (number, unit) = parts(text)?;
    let unit = unit.to_ascii_lowercase();
    let singular = unit.strip_suffix('s').unwrap_or(&unit);
    let all = SPANS.iter().find(|(name, _)| *name == unit);
    let words = SPAN_WORDS
        .iter()
        .chain(&SPAN_SHORT)
        .find(|(name, _)| *name == singular);
    let (_, one) = all.or(words)?;
    product(number, *one)
}

/// The bytes of `5 MB`, `512 KiB`, `100kb`. `K`, `M` and `G` count in 1024, as servers do.
#[must_use]
pub fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = parts(text)?;
    let unit = unit.to_ascii_lowercase();
    let unit = unit
        .strip_suffix("ib")
        .or_else(|| unit.strip_suffix("bytes"))
        .or_else(|| unit.strip_suffix("byte"))
        .or_else(|| unit.strip_suffix('b'))
        .unwrap_or(&unit);
    let one = match unit {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => return None,
    };
    product(number, one)
}

fn parts(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim()))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the bounds are looked at before, and a fraction of a millisecond does not matter"
)]
fn product(number: f64, one: u64) -> Option<u64> {
    let all = number * one as f64;
    (all.is_finite() && (0.0..1e16).contains(&all)).then_some(all.round() as u64)
}

/// `15 minutes`, `1 day 12 hours`.
#[must_use]
pub fn span(milliseconds: u64) -> String {
    let mut rest = milliseconds;
    let mut out = String::new();
    let mut named = 0;
    for (name, one) in SPAN_WORDS
        .iter()
        .rev()
        .filter(|(name, _)| !matches!(*name, "week" | "year"))
    {
        let n = rest / one;
        if n == 0 || named == 2 {
            continue;
        }
        rest %= one;
        named += 1;
        let gap = if out.is_empty() { "" } else { " " };
        let _ = write!(out, "{gap}{n} {name}{}", if n == 1 { "" } else { "s" });
    }
    if out.is_empty() {
        "0 seconds".to_owned()
    } else {
        out
    }
}

/// `5 MB`, `1500 bytes`.
#[must_use]
pub fn size(bytes: u64) -> String {
    for (name, one) in [("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)] {
        if bytes >= one && bytes.is_multiple_of(one) {
            return format!("{} {name}", bytes / one);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_amounts_in_many_ways() {
        for (text, ms) in [
            ("15 minutes", 900_000),
            ("15m", 900_000),
            ("1 min", 60_000),
            ("24h", 86_400_000),
            ("1 day", 86_400_000),
            ("1.5 hours", 5_400_000),
            ("500ms", 500),
        ] {
            assert_eq!(milliseconds(text), Some(ms), "{text}");
        }
        for wrong in ["", "soon", "15", "15 parsecs", "-3 days"] {
            assert_eq!(milliseconds(wrong), None, "{wrong}");
        }
        for (text, n) in [
            ("5 MB", 5 << 20),
            ("100kb", 100 << 10),
            ("7 bytes", 7),
            ("2GiB", 2 << 30),
        ] {
            assert_eq!(bytes(text), Some(n), "{text}");
        }
        assert_eq!(bytes("5 apples"), None);
    }

    #[test]
    fn amounts_are_told_in_round_words() {
        assert_eq!(span(900_000), "15 minutes");
        assert_eq!(span(129_600_000), "1 day 12 hours");
        assert_eq!(span(0), "0 seconds");
        assert_eq!(
            (size(5 << 20), size(1500)),
            ("5 MB".into(), "1500 bytes".into())
        );
    }
}
