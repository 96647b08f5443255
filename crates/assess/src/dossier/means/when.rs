//! Dates as people write them, taken out of a text: `2027-03-01`, `before 1 March`, `by the end of Q1 2027`.

use super::amount::Token;
use crate::date::{day_of, last_of, of_day};
use casemate_say::{label, mark, told};

const MONTHS: [(&str, &str); 12] = [
    ("january", "jan"),
    ("february", "feb"),
    ("march", "mar"),
    ("april", "apr"),
    ("may", "may"),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sep"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
];

/// A day on which something ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Until {
    /// The day.
    pub day: u64,
    /// It may still be worked on that day.
    pub included: bool,
}

impl Until {
    /// `until 2027-03-01`, `before 2027-03-01`.
    pub(super) fn says(self) -> String {
        let word = if self.included { "until" } else { "before" };
        format!("{word} {}", of_day(self.day))
    }

    /// The day after the last one.
    pub(super) fn end(self) -> u64 {
        self.day + u64::from(self.included)
    }
}

/// `01.03.2027`, as most of Europe writes it; with slashes nobody can tell the day from the month.
pub(super) fn dotted(text: &str) -> Option<u64> {
    let mut parts = text.split('.').map(|p| p.parse::<u64>().ok());
    let (day, month, year) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    day_of(year, month, day)
}

/// The date that a text names, and the text without it.
pub(super) fn take(
    tokens: Vec<Token>,
    today: Option<u64>,
) -> Result<(Option<Until>, Vec<Token>), &'static str> {
    let mut found: Option<Until> = None;
    let mut rest: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let Some(named) = named(&tokens, at, today)? else {
            rest.push(token.clone());
            at += 1;
            continue;
        };
        if found.is_some() {
            return Err(label!("it names more than one date"));
        }
        // What stood before the month: its day.
        rest.truncate(rest.len().saturating_sub(named.before));
        let before = |word: &str| rest.iter().rev().take(3).any(|t| t.word() == word);
        // Whoever has to be done before a thing in March has until March begins.
        let earlier = rest.iter().any(|t| t.word() == "before");
        let day = if before("end") {
            named.last
        } else {
            named.first
        };
        found = Some(Until {
            day,
            included: !earlier && (named.first == named.last || before("end")),
        });
        at += named.tokens;
    }
    Ok((found, rest))
}

/// A day or a longer time that words name.
struct Named {
    first: u64,
    last: u64,
    /// Tokens of it before the place, and from there on.
    before: usize,
    tokens: usize,
}

fn named(tokens: &[Token], at: usize, today: Option<u64>) -> Result<Option<Named>, &'static str> {
    let number = |at: Option<usize>| match tokens.get(at?)? {
        Token::Number(n) if n.fract() == 0.0 => whole(*n),
        _ => None,
    };
    let day_number = |at| number(at).filter(|n| (1..=31).contains(n));
    let year_number = |at| number(at).filter(|n| (2000..2200).contains(n));
    let word = |at: usize| tokens.get(at).map_or("", Token::word);
    match tokens.get(at) {
        Some(Token::Date(day)) => {
            return Ok(Some(Named {
                first: *day,
                last: *day,
                before: 0,
                tokens: 1,
            }));
        }
        Some(Token::Word(_)) => {}
        _ => return Ok(None),
    }
    let quarter = (word(at) == "q").then(|| number(Some(at + 1))).flatten();
    let month = MONTHS.iter().position(|(name, short)| {
        word(at) == *name || word(at) == *short || word(at) == "sept" && *short == "sep"
    });
    let (first_month, last_month, mut length) = match (quarter, month) {
        (Some(quarter @ 1..=4), _) => (quarter * 3 - 2, quarter * 3, 2),
        (None, Some(month)) => {
            let month = month as u64 + 1;
            (month, month, 1)
        }
        _ => return Ok(None),
    };
    // `1 March`, `1st of March`, `March 1`, `March 1st`
    let ordinal = |at: usize| matches!(word(at), "st" | "nd" | "rd" | "th");
    let mut before = 0;
    let mut day = None;
    if quarter.is_none() {
        let back = |n: usize| at.checked_sub(n);
        let mut gap = 1;
        if back(gap).is_some_and(|at| word(at) == "of") {
            gap += 1;
        }
        if back(gap).is_some_and(ordinal) {
            gap += 1;
        }
        day = day_number(back(gap));
        if day.is_some() {
            before = gap;
        } else if let Some(n) = day_number(Some(at + 1)) {
            day = Some(n);
            length += 1 + usize::from(ordinal(at + 2));
        }
    }
    if word(at + length) == "," && year_number(Some(at + length + 1)).is_some() {
        length += 1;
    }
    let year = year_number(Some(at + length));
    length += usize::from(year.is_some());
    // `may` is a word, and so is `march`.
    let asked = [
        "before", "by", "until", "till", "to", "in", "of", "end", "mid", "early", "late",
    ];
    let led = at
        .checked_sub(1)
        .is_some_and(|at| asked.contains(&word(at)));
    if day.is_none() && year.is_none() && quarter.is_none() && !led {
        return Ok(None);
    }
    let range = |year: u64| {
        let first = day_of(year, first_month, day.unwrap_or(1));
        let last = day_of(
            year,
            last_month,
            day.unwrap_or_else(|| last_of(year, last_month)),
        );
        first.zip(last)
    };
    const IMPOSSIBLE: &str = mark!("it names a date that does not exist");
    let (first, last) = match (year, today) {
        (Some(year), _) => range(year).ok_or(told(IMPOSSIBLE))?,
        (None, None) => {
            return Err(label!(
                "its date has no year, and the day of this run is not known"
            ));
        }
        // The next one that is not over.
        (None, Some(today)) => {
            let this: u64 = of_day(today)
                .get(..4)
                .and_then(|y| y.parse().ok())
                .unwrap_or(1970);
            let mut next = (this..this + 5).filter_map(range);
            next.find(|(_, last)| *last >= today)
                .ok_or(told(IMPOSSIBLE))?
        }
    };
    Ok(Some(Named {
        first,
        last,
        before,
        tokens: length,
    }))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the bounds are looked at before"
)]
fn whole(number: f64) -> Option<u64> {
    (0.0..10_000.0).contains(&number).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::super::amount::read;
    use crate::date;

    #[test]
    fn people_write_dates_in_many_ways() {
        let today = date::read("2026-12-01");
        for (text, says) in [
            ("until 2027-03-01", "until 2027-03-01"),
            ("until 01.03.2027", "until 2027-03-01"),
            ("before 1 March", "before 2027-03-01"),
            ("by March 1st, 2028", "until 2028-03-01"),
            ("1st of December", "until 2026-12-01"),
            ("before the launch in March", "before 2027-03-01"),
            ("by the end of March", "until 2027-03-31"),
            ("end of February 2028", "until 2028-02-29"),
            ("by Q2 2027", "before 2027-04-01"),
            ("end of Q1", "until 2027-03-31"),
            ("two developers until 24 Dec", "until 2026-12-24"),
        ] {
            let amount = read(text, today).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(amount.until.unwrap().says(), says, "{text}");
        }
        assert!(read("two developers until 24 Dec", today).unwrap().people == Some(2.0));
        for text in [
            "31 February",
            "03/01/2027",
            "1 March or 1 May",
            "it may take long",
        ] {
            assert!(read(text, today).is_err(), "{text}");
        }
        assert!(read("before 1 March", None).is_err());
        assert!(read("before 1 March 2027", None).is_ok());
    }
}
