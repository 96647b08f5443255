//! Amounts of work and dates as people write them: `two weeks of one developer`, `until 1 March`.
//!
//! Read is only what has one meaning. Whatever else stands beside it, and a second amount that does not go on with the first, makes
//! the text unreadable, and a reason is given: work that is promised by a misunderstanding helps nobody.

use super::when::{self, Until};
use casemate_say::{label, mark, told};

/// Hours of a working day, and of what is made of days.
pub(super) const DAY: f64 = 8.0;
const WEEK: f64 = 5.0 * DAY;

const UNITS: [(&[&str], f64); 6] = [
    (&["hour", "hr", "h"], 1.0),
    (&["day", "d"], DAY),
    (&["week", "wk", "w"], WEEK),
    (&["sprint", "iteration"], 2.0 * WEEK),
    (&["month"], 4.0 * WEEK),
    (&["quarter"], 12.0 * WEEK),
];

const PEOPLE: [&str; 15] = [
    "developer",
    "developers",
    "dev",
    "devs",
    "engineer",
    "engineers",
    "programmer",
    "programmers",
    "person",
    "persons",
    "people",
    "man",
    "men",
    "fte",
    "ftes",
];

const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

/// Currencies: a text with one of them is about money.
const MONEY: [&str; 15] = [
    "€", "$", "£", "¥", "eur", "euro", "euros", "usd", "gbp", "chf", "dollar", "dollars", "pound",
    "pounds", "francs",
];

/// Words that change what stands beside them in a way that is not computed.
const OTHERWISE: [(&[&str], &str); 4] = [
    (
        &["per", "each", "every", "weekly", "daily", "monthly", "/"],
        mark!("it is a share of time without an end"),
    ),
    (
        &["after", "from", "since", "starting", "following"],
        mark!("when it begins is not known here"),
    ),
    (
        &["if", "unless", "except", "minus", "depending"],
        mark!("it depends on something else"),
    ),
    (
        &["%", "percent", "part", "spare"],
        mark!("it is a part of time"),
    ),
];

/// What a text says.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Amount {
    /// Hours of work, whoever does it: `10 person-days`.
    pub work: Option<f64>,
    /// Hours of each of those who work: `two weeks`.
    pub span: Option<f64>,
    /// The day on which it ends.
    pub until: Option<Until>,
    /// How many work on it.
    pub people: Option<f64>,
}

/// A piece of a text.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    /// A number in digits.
    Number(f64),
    /// A word or a sign, in lower case.
    Word(String),
    /// A date in digits.
    Date(u64),
}

impl Token {
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            _ => "",
        }
    }
}

/// Reads a text on a day, which dates without a year need.
pub(super) fn read(text: &str, today: Option<u64>) -> Result<Amount, &'static str> {
    let tokens = tokens(text);
    let slashed = |t: &[Token]| matches!(t, [Token::Number(_), slash, Token::Number(_)] if slash.word() == "/");
    if tokens.windows(3).any(slashed) {
        return Err(label!(
            "its date can be read in two ways; `2027-03-01` has one"
        ));
    }
    for (words, why) in OTHERWISE {
        if tokens.iter().any(|t| words.contains(&t.word())) {
            return Err(told(why));
        }
    }
    let (until, tokens) = when::take(tokens, today)?;
    let money = tokens.iter().any(|t| MONEY.contains(&t.word()));
    let mut out = Amount {
        until,
        ..Amount::default()
    };
    let mut rest = tokens.as_slice();
    // Whether the last amount may be gone on with: `1 week and 2 days`, `2 sprints of 3 weeks`.
    let mut joined = "";
    let mut last = 0.0;
    while let Some((token, after)) = rest.split_first() {
        let Some((number, mut behind)) = number(rest) else {
            let word = token.word();
            joined = match word {
                "," | "and" | "+" | "of" if !joined.is_empty() => word,
                _ => "",
            };
            rest = after;
            continue;
        };
        // A range: the lower end is what is sure.
        if let [Token::Word(to), more @ ..] = behind
            && matches!(to.as_str(), "-" | "–" | "to" | "or")
            && let Some((_, behind_it)) = self::number(more)
        {
            behind = behind_it;
        }
        let Some((noun, behind)) = noun(behind) else {
            let written = matches!(token, Token::Number(_));
            if written && !money {
                return Err(label!(
                    "it has a number that counts neither time nor people"
                ));
            }
            joined = "";
            rest = after;
            continue;
        };
        match noun {
            Noun::Work(unit) => {
                if out.work.is_some() {
                    return Err(label!("it names more than one amount of work"));
                }
                out.work = Some(number * unit);
                joined = "";
            }
            Noun::People => {
                if out.people.is_some() {
                    return Err(label!("it names more than one group of people"));
                }
                out.people = Some(number);
                joined = "";
            }
            Noun::Time(unit) => {
                match out.span {
                    None => {
                        out.span = Some(number * unit);
                        last = number;
                    }
                    // `2 sprints of 3 weeks`
                    Some(_) if joined == "of" => out.span = Some(last * number * unit),
                    Some(span) if !joined.is_empty() => out.span = Some(span + number * unit),
                    Some(_) => return Err(label!("it names more than one time")),
                }
                joined = " ";
            }
        }
        rest = behind;
    }
    if out.work.is_some() && out.span.is_some() {
        return Err(label!("it names both an amount of work and a time"));
    }
    if out == Amount::default() {
        return Err(if money {
            label!(
                "it is money, and what an hour costs is not in the code; hours, days or weeks of work can be computed with"
            )
        } else {
            label!("it names no amount of work and no date")
        });
    }
    Ok(out)
}

/// What a number counts.
enum Noun {
    /// Hours that somebody works.
    Work(f64),
    /// Hours of time.
    Time(f64),
    /// People.
    People,
}

/// What is counted, after at most two words that say more of it, and what follows.
fn noun(tokens: &[Token]) -> Option<(Noun, &[Token])> {
    for at in 0..3 {
        let (token, behind) = tokens.get(at..)?.split_first()?;
        let word = token.word();
        if let Some(unit) = unit(word) {
            return Some((Noun::Time(unit), behind));
        }
        if PEOPLE.contains(&word) {
            let hours = behind.iter().position(|t| t.word() != "-");
            let hours = hours.and_then(|next| Some((next, unit(behind.get(next)?.word())?)));
            return Some(match hours {
                Some((next, unit)) => (Noun::Work(unit), behind.get(next + 1..)?),
                None => (Noun::People, behind),
            });
        }
        let says_more = word.chars().all(char::is_alphabetic) && !word.is_empty();
        if !says_more
            || matches!(word, "and" | "of" | "to" | "or")
            || number(tokens.get(at..)?).is_some()
        {
            return None;
        }
    }
    None
}

fn unit(word: &str) -> Option<f64> {
    let of = |word: &str| {
        let mut units = UNITS.iter();
        units
            .find(|(names, _)| names.contains(&word))
            .map(|(_, hours)| *hours)
    };
    of(word).or_else(|| of(word.strip_suffix('s')?))
}

/// A number at the beginning, and what follows.
fn number(tokens: &[Token]) -> Option<(f64, &[Token])> {
    let (token, behind) = tokens.split_first()?;
    let number = match token {
        Token::Number(number) => *number,
        Token::Word(word) => match word.as_str() {
            "a" | "an" => 1.0,
            "half" => {
                let article = behind
                    .first()
                    .is_some_and(|t| matches!(t.word(), "a" | "an"));
                return Some((0.5, behind.get(usize::from(article)..)?));
            }
            word => {
                let at = NUMBERS.iter().position(|name| *name == word)?;
                f64::from(u32::try_from(at).ok()?)
            }
        },
        Token::Date(_) => return None,
    };
    Some((number, behind))
}

/// Takes a text to pieces.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    for piece in text.split_whitespace() {
        let bare = piece.trim_matches(|c: char| !c.is_alphanumeric());
        if let Some(day) = crate::date::read(bare).or_else(|| when::dotted(bare)) {
            out.push(Token::Date(day));
            continue;
        }
        let mut rest = piece;
        while let Some(first) = rest.chars().next() {
            let part = |ends: &dyn Fn(char) -> bool| {
                let end = rest.find(ends).unwrap_or(rest.len());
                rest.split_at(end)
            };
            if first.is_ascii_digit() {
                let (digits, behind) = part(&|c| !c.is_ascii_digit() && !matches!(c, '.' | ','));
                let digits = digits.trim_end_matches(['.', ',']);
                rest = rest.get(digits.len()..).unwrap_or(behind);
                match decimal(digits) {
                    Some(number) => out.push(Token::Number(number)),
                    None => out.push(Token::Word(digits.to_owned())),
                }
            } else if first.is_alphabetic() {
                let (word, behind) = part(&|c| !c.is_alphabetic());
                out.push(Token::Word(word.to_lowercase()));
                rest = behind;
            } else {
                if !matches!(first, '(' | ')' | '"' | '\'' | '~' | '<' | '.' | ';' | ':') {
                    out.push(Token::Word(first.to_string()));
                }
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}

/// `1.5`, `1,5`, `5,000`.
fn decimal(digits: &str) -> Option<f64> {
    let grouped = |text: &str| {
        let mut groups = text.split(',');
        groups
            .next()
            .is_some_and(|first| (1..=3).contains(&first.len()))
            && groups.all(|g| g.len() == 3)
    };
    let plain = match digits.split_once(',') {
        None => digits.to_owned(),
        Some(_) if grouped(digits.split('.').next()?) => digits.replace(',', ""),
        Some(_) => digits.replace(',', "."),
    };
    plain.parse().ok().filter(|n: &f64| (0.0..1e6).contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> (Option<f64>, Option<f64>, Option<f64>) {
        let amount = read(text, None).unwrap_or_else(|why| panic!("{text}: {why}"));
        (amount.work, amount.span, amount.people)
    }

    #[test]
    fn people_write_amounts_of_work_in_many_ways() {
        for (text, span, people) in [
            ("two weeks of one developer", 80.0, Some(1.0)),
            ("10 days", 80.0, None),
            ("40 h", 40.0, None),
            ("40h", 40.0, None),
            ("2 developers, 3 sprints", 240.0, Some(2.0)),
            (
                "Two senior backend developers for a month",
                160.0,
                Some(2.0),
            ),
            ("half a day", 4.0, None),
            ("1.5 days", 12.0, None),
            ("1,5 days", 12.0, None),
            ("1,000 hours", 1000.0, None),
            ("1 week and 2 days", 56.0, None),
            ("2 sprints of 3 weeks", 240.0, None),
            ("10 days of 6 hours", 60.0, None),
            ("about 3-5 days", 24.0, None),
            ("three to five full days", 24.0, None),
            ("a developer for two quarters", 960.0, Some(1.0)),
            ("0 days", 0.0, None),
            ("10 days (8,000 EUR)", 80.0, None),
        ] {
            assert_eq!(hours(text), (None, Some(span), people), "{text}");
        }
        for (text, work) in [
            ("two developer weeks", 80.0),
            ("5 person-days", 40.0),
            ("12 man hours", 12.0),
        ] {
            assert_eq!(hours(text), (Some(work), None, None), "{text}");
        }
        assert_eq!(hours("3 engineers"), (None, None, Some(3.0)));
    }

    #[test]
    fn what_has_no_single_meaning_is_not_read() {
        for (text, why) in [
            ("5,000 EUR", "money"),
            ("€ 12k", "money"),
            ("$500", "money"),
            ("2 days per week", "a share"),
            ("8h/day", "a share"),
            ("20 % of one developer", "a part"),
            ("two weeks after the launch", "begins"),
            ("phase 2 in 3 weeks", "counts neither"),
            ("2 developers and 3 engineers", "group of people"),
            ("2 developers and 1 tester", "counts neither"),
            ("10 days, else 20 days", "more than one time"),
            ("as soon as possible", "no amount"),
            ("", "no amount"),
        ] {
            let said = read(text, None).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
