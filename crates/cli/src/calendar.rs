//! The date: the only place that asks the clock.

use casemate_assess::date;
use std::time::{SystemTime, UNIX_EPOCH};

/// Today in UTC, as `2026-11-22`.
pub fn today() -> Option<String> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(date::of_day(seconds / 86_400))
}
