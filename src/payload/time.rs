//! Times as a calendar has them: those inside payloads, and those of frames on the clock here.

use chrono::{DateTime, Local};

/// Seconds since 1970 at which a clock here shows what a clock in UTC shows after these seconds, while it has this name (`CET`) where one is
/// given; the first where there are two, None where the clock here leaves that time out.
pub fn of_local_time(seconds: i64, zone: Option<&str>) -> Option<i64> {
    let shown = DateTime::from_timestamp(seconds, 0)?.naive_utc().and_local_timezone(Local);
    let is_so = |time: &DateTime<Local>| zone.is_none_or(|zone| zone == name(time));
    [shown.earliest(), shown.latest()].into_iter().flatten().find(is_so).map(|time| time.timestamp())
}

/// Nanoseconds since 1970 as tshark prints an absolute time: `Nov 23, 2026 08:24:52.209244000 UTC`, on the clock here.
pub fn tshark_absolute(time: i64) -> String {
    let shown = DateTime::from_timestamp_nanos(time).with_timezone(&Local);
    format!("{}.{:09} {}", shown.format("%b %e, %Y %H:%M:%S"), time.rem_euclid(1_000_000_000), name(&shown))
}

fn name(time: &DateTime<Local>) -> String {
    super::zone::name(time.timestamp(), time.offset().local_minus_utc())
}

/// Whether a text is date and time as RFC 3339 section 5.6 writes them.
pub(super) fn is_rfc3339(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok()
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
