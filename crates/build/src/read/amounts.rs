//! `15m`, `30/min` and `5MB`.

use crate::description::Rate;

/// `15m` in seconds.
pub fn duration(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number = text.strip_suffix(unit)?;
    let plain = (1..=6).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    number
        .parse::<u64>()
        .ok()
        .filter(|n| plain && *n > 0)
        .map(|n| n * seconds)
}

/// Seconds in the largest unit that fits.
pub fn shown(seconds: u64) -> String {
    [(86_400, "d"), (3_600, "h"), (60, "m")]
        .iter()
        .find(|(size, _)| seconds >= *size && seconds.is_multiple_of(*size))
        .map_or_else(
            || format!("{seconds}s"),
            |(size, unit)| format!("{}{unit}", seconds / size),
        )
}

/// `5MB` in bytes; a megabyte has a million of them.
pub fn size(text: &str) -> Option<u64> {
    let (number, unit) = match (text.strip_suffix("KB"), text.strip_suffix("MB")) {
        (Some(number), _) => (number, 1_000),
        (_, Some(number)) => (number, 1_000_000),
        _ => return None,
    };
    let plain = (1..=6).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    number
        .parse::<u64>()
        .ok()
        .filter(|n| plain && *n > 0)
        .map(|n| n * unit)
}

/// `30/min`.
pub fn rate(text: &str) -> Option<Rate> {
    let (points, unit) = text.split_once('/')?;
    let seconds = match unit.trim() {
        "s" => 1,
        "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let points = points
        .trim()
        .parse()
        .ok()
        .filter(|points| (1..=100_000).contains(points))?;
    Some(Rate { points, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("15m"), Some(900));
        for wrong in ["", "m", "15", "-1m", "1.5h", "0d", "é", "9999999d"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
        assert_eq!(shown(900), "15m");
        assert_eq!(shown(90 * 86_400), "90d");
    }

    #[test]
    fn sizes() {
        assert_eq!(size("5MB"), Some(5_000_000));
        assert_eq!(size("20KB"), Some(20_000));
        for wrong in [
            "",
            "MB",
            "5",
            "0MB",
            "5 MB",
            "-1MB",
            "1.5MB",
            "5mb",
            "9999999KB",
        ] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn rates() {
        assert_eq!(
            rate("30/min"),
            Some(Rate {
                points: 30,
                seconds: 60
            })
        );
        for wrong in ["30", "0/min", "30/minute", "x/min"] {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
    }
}
