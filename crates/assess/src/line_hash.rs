//! The hash of a line and what follows it, as GitHub's upload action computes it. The action warns about any other value.
//!
//! A polynomial of base 37 modulo 2^64 over the next 100 UTF-16 units that are neither space nor tab, line ends as `\n`, the
//! end of the file as 65535 and zeros; in hexadecimal, with the ordinal among equal hashes of the file.

use std::collections::HashMap;

const BLOCK: usize = 100;
const BASE: u64 = 37;
const LINE_FEED: u16 = 10;
const END: u16 = u16::MAX;

/// The hash of every line of a text, the first line first.
#[must_use]
pub fn of_lines(text: &str) -> Vec<String> {
    let (units, starts) = significant(text);
    let top = (0..BLOCK).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let mut seen: HashMap<u64, u32> = HashMap::new();
    let mut hashes = Vec::with_capacity(starts.len());
    let mut rolling = 0_u64;
    let mut next_start = starts.iter().copied().peekable();
    let unit = |at: usize| units.get(at).copied().map_or(0, u64::from);
    for end in 0..units.len() + BLOCK {
        let leaving = end.checked_sub(BLOCK).map_or(0, unit);
        rolling = rolling
            .wrapping_mul(BASE)
            .wrapping_add(unit(end))
            .wrapping_sub(top.wrapping_mul(leaving));
        // The window now holds the hundred units up to and with `end`.
        if end + 1 >= BLOCK && next_start.next_if_eq(&(end + 1 - BLOCK)).is_some() {
            let ordinal = seen.entry(rolling).or_default();
            *ordinal += 1;
            hashes.push(format!("{rolling:x}:{ordinal}"));
        }
    }
    hashes
}

/// The units that count, and which of them begin a line.
fn significant(text: &str) -> (Vec<u16>, Vec<usize>) {
    let mut units = Vec::with_capacity(text.len() + 1);
    let mut starts = Vec::new();
    let mut at_start = true;
    let mut after_return = false;
    let mut push = |unit: u16| {
        if at_start {
            starts.push(units.len());
        }
        at_start = unit == LINE_FEED;
        units.push(unit);
    };
    for unit in text.encode_utf16() {
        let is = |c: char| unit == c as u16;
        if is(' ') || is('\t') || (after_return && is('\n')) {
            after_return = false;
            continue;
        }
        after_return = is('\r');
        push(if after_return { LINE_FEED } else { unit });
    }
    push(END);
    (units, starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values() {
        assert_eq!(of_lines(""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(
            of_lines(" a\nb\n  \t\tc\n d"),
            [
                "271789c17abda88f:1",
                "54703d4cd895b18:1",
                "180aee12dab6264:1",
                "a23a3dc5e078b07b:1"
            ]
        );
        let want = [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ];
        for end in ["\n", "\r", "\r\n"] {
            let text = [
                " hello; \t",
                "world!!!",
                "",
                "",
                "  \t\tGreetings",
                " End",
                "",
            ]
            .join(end);
            assert_eq!(of_lines(&text), want, "{end:?}");
        }
    }

    #[test]
    fn equal_lines_are_counted() {
        let text = "x\n".repeat(300);
        let hashes = of_lines(&text);
        assert_eq!(hashes.len(), 301);
        assert!(hashes[0].ends_with(":1") && hashes[1].ends_with(":2"));
    }
}
