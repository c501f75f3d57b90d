//! Times inside payloads, for reading.

use chrono::{DateTime, Local};

/// Seconds since 1970 at which a clock here shows what a clock in UTC shows after these seconds; the first where there are two, None where
/// the clock here leaves that time out.
pub fn of_local_time(seconds: i64) -> Option<i64> {
    let shown = DateTime::from_timestamp(seconds, 0)?.naive_utc();
    Some(shown.and_local_timezone(Local).earliest()?.timestamp())
}

/// Seconds since 1970 as date and time in UTC, to the millisecond where there is a fraction; None beyond what a calendar has.
pub(super) fn utc(seconds: f64) -> Option<String> {
    if !seconds.is_finite() || seconds.abs() > 1e15 {
        return None;
    }
    let whole = seconds.floor();
    let milliseconds = ((seconds - whole) * 1000.0).round() as i64;
    let time = DateTime::from_timestamp_millis((whole as i64).checked_mul(1000)?.checked_add(milliseconds)?)?;
    let form = if milliseconds % 1000 == 0 { "%Y-%m-%d %H:%M:%S UTC" } else { "%Y-%m-%d %H:%M:%S%.3f UTC" };
    Some(time.format(form).to_string())
}
