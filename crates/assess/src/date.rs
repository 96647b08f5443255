//! Days of the Gregorian calendar, counted from 1 January 1970.

/// The date so many days after 1 January 1970: `2026-11-22`. Years begin in March here, so that the leap day is their last.
#[must_use]
pub fn of_day(days: u64) -> String {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + next)
}

/// The day of a date, which has to exist.
#[must_use]
pub fn day_of(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=last_of(year, month)).contains(&day)
    {
        return None;
    }
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    days.checked_sub(719_468)
}

/// The last day of a month.
#[must_use]
pub fn last_of(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day that `2026-11-22` names.
#[must_use]
pub fn read(text: &str) -> Option<u64> {
    let mut parts = text.split('-');
    let mut part = |digits: usize| {
        let part = parts.next()?;
        let plain = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<u64>().ok())?
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    if parts.next().is_some() {
        return None;
    }
    day_of(year, month, day)
}

/// The days from Monday to Friday among those from one (inclusive) to another (exclusive).
#[must_use]
pub fn working_days(from: u64, to: u64) -> u64 {
    // 1 January 1970 was a Thursday.
    let before = |day: u64| {
        let day = day + 3;
        day / 7 * 5 + (day % 7).min(5)
    };
    before(to).saturating_sub(before(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        let dates = [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_779, "2026-11-22"),
            (24_855, "2038-01-19"),
        ];
        for (day, date) in dates {
            assert_eq!(of_day(day), date);
            assert_eq!(read(date), Some(day));
        }
        for wrong in [
            "2026-02-29",
            "2026-13-01",
            "26-1-1",
            "2026-01-01-01",
            "1969-12-31",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn weekends_are_free() {
        let monday = read("2026-11-30").unwrap();
        for (days, working) in [(0, 0), (1, 1), (5, 5), (7, 5), (8, 6), (14, 10)] {
            assert_eq!(working_days(monday, monday + days), working, "{days}");
        }
        assert_eq!(working_days(monday - 2, monday), 0);
        assert_eq!(working_days(monday, monday - 7), 0);
    }
}
