//! Times and durations as text. The core keeps nanoseconds; this is the edge where they become clocks and seconds.

use std::fmt::{self, Write};
use std::str::FromStr;

use chrono::{DateTime, Local, Utc};

use super::digits;
use crate::frame::is_known_time;

/// How `-t` shows the time of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum TimeFormat {
    /// `a`: time of day, local.
    Absolute,
    /// `ad`: date and time of day, local.
    AbsoluteDate,
    /// `r`: seconds since the first frame.
    #[default]
    Relative,
    /// `d`: seconds since the message before.
    Delta,
    /// `e`: seconds since 1970-01-01 UTC.
    Epoch,
    /// `u`: time of day, UTC.
    Utc,
}

/// All formats with their letter and meaning, in the order that the screen cycles through.
pub const TIME_FORMATS: [(TimeFormat, &str, &str); 6] = [
    (TimeFormat::Relative, "r", "seconds since the first frame"),
    (TimeFormat::Delta, "d", "seconds since the message before"),
    (TimeFormat::Absolute, "a", "time of day, local"),
    (TimeFormat::AbsoluteDate, "ad", "date and time of day, local"),
    (TimeFormat::Utc, "u", "time of day, UTC"),
    (TimeFormat::Epoch, "e", "seconds since 1970-01-01 UTC"),
];

/// A letter that names no time format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTimeFormat(String);

impl fmt::Display for UnknownTimeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown time format `{}`: use one of a, ad, r, d, e, u", self.0)
    }
}

impl std::error::Error for UnknownTimeFormat {}

impl FromStr for TimeFormat {
    type Err = UnknownTimeFormat;

    fn from_str(text: &str) -> Result<Self, UnknownTimeFormat> {
        TIME_FORMATS
            .iter()
            .find(|(_, letter, _)| *letter == text)
            .map(|(format, ..)| *format)
            .ok_or_else(|| UnknownTimeFormat(text.into()))
    }
}

impl TimeFormat {
    /// The next format, for a key that cycles through them.
    pub fn next(self) -> Self {
        let here = TIME_FORMATS.iter().position(|(format, ..)| *format == self).unwrap_or(0);
        TIME_FORMATS.get((here + 1) % TIME_FORMATS.len()).map_or(Self::Relative, |(format, ..)| *format)
    }

    /// `time` (nanoseconds since 1970) in this format, cut to microseconds: columns stay in line whatever the capture's
    /// resolution. All digits are in the tree, in JSON and in fields.
    /// `first` is the first frame's time, `previous` that of the message before; `?` where a time is not known.
    pub fn show(self, time: i64, first: i64, previous: Option<i64>) -> String {
        let mut text = String::new();
        self.push(&mut text, time, first, previous);
        text
    }

    /// The same, appended to a text.
    pub fn push(self, into: &mut String, time: i64, first: i64, previous: Option<i64>) {
        let known = match self {
            Self::Relative => is_known_time(first),
            // Time that went back tells no duration.
            Self::Delta => previous.is_none_or(|previous| is_known_time(previous) && previous <= time),
            _ => true,
        };
        if !known || !is_known_time(time) {
            return into.push('?');
        }
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Relative => return push_decimal(into, i128::from(time) - i128::from(first)),
            Self::Delta => {
                return push_decimal(into, previous.map_or(0, |previous| i128::from(time) - i128::from(previous)));
            }
            Self::Epoch => return push_decimal(into, i128::from(time)),
            Self::Absolute => write!(into, "{}.{:06}", local(time).format("%H:%M:%S"), micros(time)),
            Self::AbsoluteDate => write!(into, "{}.{:06}", local(time).format("%Y-%m-%d %H:%M:%S"), micros(time)),
            Self::Utc => write!(into, "{}.{:06}", utc(time).format("%H:%M:%S"), micros(time)),
        };
    }
}

fn utc(time: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(time)
}

fn local(time: i64) -> DateTime<Local> {
    utc(time).with_timezone(&Local)
}

/// Appends seconds with six decimals.
fn push_decimal(into: &mut String, nanoseconds: i128) {
    if nanoseconds < 0 {
        into.push('-');
    }
    // Two known times are less than 2^64 nanoseconds apart.
    let magnitude = u64::try_from(nanoseconds.unsigned_abs()).unwrap_or(u64::MAX);
    digits::push(into, magnitude / 1_000_000_000);
    into.push('.');
    digits::push_padded(into, magnitude % 1_000_000_000 / 1000, 6);
}

/// Microseconds of the second.
fn micros(time: i64) -> i64 {
    time.rem_euclid(1_000_000_000) / 1000
}

fn with_fraction(clock: &str, time: i64) -> String {
    let fraction = time.rem_euclid(1_000_000_000);
    if fraction % 1000 == 0 { format!("{clock}.{:06}", fraction / 1000) } else { format!("{clock}.{fraction:09}") }
}

/// RFC 3339 in UTC with microseconds, or nanoseconds where those say more: `2026-11-23T08:00:00.123456Z`.
pub fn rfc3339(time: i64) -> String {
    with_fraction(&utc(time).format("%Y-%m-%dT%H:%M:%S").to_string(), time) + "Z"
}

/// The same, where the time is known.
pub fn known_rfc3339(time: i64) -> Option<String> {
    is_known_time(time).then(|| rfc3339(time))
}

/// As tshark prints seconds: nine decimals.
pub fn seconds(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let magnitude = nanoseconds.unsigned_abs();
    format!("{sign}{}.{:09}", magnitude / 1_000_000_000, magnitude % 1_000_000_000)
}

/// A duration for reading, three digits or so: `12 us`, `302 us`, `1.24 ms`, `15.0 s`, `4 min 07 s`.
pub fn duration(nanoseconds: i64) -> String {
    let mut text = String::new();
    push_duration(&mut text, nanoseconds);
    text
}

/// Columns that a [`brief`] duration takes at most, but for a sign: `4min07s`.
pub const BRIEF: usize = 7;

/// A duration for a narrow column, without blanks: `302us`, `1.24ms`, `4min07s`; from ten minutes on in minutes, hours or days alone: `14min`, `5h`,
/// `12d`. Within ten thousand days it fits [`BRIEF`] columns.
pub fn brief(nanoseconds: i64) -> String {
    const MINUTE: u64 = 60_000_000_000;
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let magnitude = nanoseconds.unsigned_abs();
    match magnitude / MINUTE {
        ..10 => duration(nanoseconds).replace(' ', ""),
        minutes @ ..120 => format!("{sign}{minutes}min"),
        minutes @ ..2880 => format!("{sign}{}h", minutes / 60),
        minutes => format!("{sign}{}d", minutes / 1440),
    }
}

/// [`duration`], appended to a text.
pub fn push_duration(into: &mut String, nanoseconds: i64) {
    if nanoseconds < 0 {
        into.push('-');
    }
    let magnitude = nanoseconds.unsigned_abs();
    let (whole, unit, rest, rest_unit) = match magnitude {
        0..1_000 => (magnitude, " ns", 0, ""),
        1_000..1_000_000 => (magnitude / 1_000, " us", 0, ""),
        1_000_000..1_000_000_000 => return push_scaled(into, magnitude, 1_000_000, " ms"),
        1_000_000_000..120_000_000_000 => return push_scaled(into, magnitude, 1_000_000_000, " s"),
        120_000_000_000..7_200_000_000_000 => {
            let seconds = magnitude / 1_000_000_000;
            (seconds / 60, " min ", seconds % 60, " s")
        }
        _ => {
            let minutes = magnitude / 60_000_000_000;
            (minutes / 60, " h ", minutes % 60, " min")
        }
    };
    digits::push(into, whole);
    into.push_str(unit);
    if !rest_unit.is_empty() {
        digits::push_padded(into, rest, 2);
        into.push_str(rest_unit);
    }
}

/// Appends so many nanoseconds in a unit of 1,000,000 or more of them, in three digits: 1.24, 15.0, 640.
fn push_scaled(into: &mut String, magnitude: u64, unit: u64, name: &str) {
    let decimals = match magnitude {
        _ if magnitude >= unit / 100 * 9995 => 0,
        _ if magnitude >= unit / 1000 * 9995 => 1,
        _ => 2,
    };
    let (scale, step) = (10_u64.pow(decimals), unit / 10_u64.pow(decimals));
    let (below, rest) = (magnitude / step, magnitude % step);
    if rest * 2 == step {
        // Just between two of them the nearest binary fraction decides, as everywhere. Writing to a string cannot fail.
        let _ = write!(into, "{:.1$}", magnitude as f64 / unit as f64, decimals as usize);
    } else {
        let nearest = below + u64::from(rest * 2 > step);
        digits::push(into, nearest / scale);
        if decimals > 0 {
            into.push('.');
            digits::push_padded(into, nearest % scale, decimals);
        }
    }
    into.push_str(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brief_durations_fit_narrow_columns() {
        const SECOND: i64 = 1_000_000_000;
        for (time, expected) in [
            (0, "0ns"),
            (1_240_000, "1.24ms"),
            (119 * SECOND, "119s"),
            (-247 * SECOND, "-4min07s"),
            (599 * SECOND, "9min59s"),
            (600 * SECOND, "10min"),
            (7199 * SECOND, "119min"),
            (7200 * SECOND, "2h"),
            (-47 * 3600 * SECOND, "-47h"),
            (48 * 3600 * SECOND, "2d"),
            (9999 * 86_400 * SECOND, "9999d"),
        ] {
            assert_eq!(brief(time), expected, "{time}");
            assert!(brief(time.abs()).len() <= BRIEF, "{time}");
        }
    }

    const TIME: i64 = 1_795_422_292_209_244_000;

    #[test]
    fn formats_follow_tshark() {
        for (letter, time, expected) in [
            ("r", TIME + 19_526_000, "0.019526"),
            ("r", TIME - 1, "-0.000000"),
            ("d", TIME + 2_000_000_000, "1.500000"),
            ("d", TIME + 499_999_999, "?"),
            ("e", TIME, "1795422292.209244"),
            ("u", TIME, "08:24:52.209244"),
            ("u", TIME + 7, "08:24:52.209244"),
        ] {
            let format: TimeFormat = letter.parse().unwrap();
            assert_eq!(format.show(time, TIME, Some(TIME + 500_000_000)), expected, "-t {letter}");
        }
        assert_eq!(
            "x".parse::<TimeFormat>().unwrap_err().to_string(),
            "unknown time format `x`: use one of a, ad, r, d, e, u"
        );
    }

    #[test]
    fn every_time_has_a_text() {
        for time in [i64::MIN, -1, 0, 1, i64::MAX] {
            for (format, ..) in TIME_FORMATS {
                assert!(!format.show(time, i64::MAX, Some(i64::MIN)).is_empty());
            }
            assert!(rfc3339(time).ends_with('Z') && !duration(time).is_empty());
        }
        assert_eq!(rfc3339(TIME), "2026-11-23T08:24:52.209244Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(seconds(-302_000), "-0.000302000");
    }

    #[test]
    fn durations_are_short() {
        for (nanoseconds, expected) in [
            (999, "999 ns"),
            (302_000, "302 us"),
            (1_240_000, "1.24 ms"),
            (11_000_000, "11.0 ms"),
            (640_000_000, "640 ms"),
            (2_100_000_000, "2.10 s"),
            (15_020_000_000, "15.0 s"),
            (247_000_000_000, "4 min 07 s"),
            (9_000_000_000_000, "2 h 30 min"),
            (-2_100_000_000, "-2.10 s"),
        ] {
            assert_eq!(duration(nanoseconds), expected);
        }
    }

    #[test]
    fn durations_are_rounded_as_fractions_are() {
        for unit in [1_000_000_i64, 1_000_000_000] {
            let places =
                [1_000, 1_005, 1_125, 1_135, 1_375, 9_990, 9_994, 9_995, 10_050, 10_250, 99_949, 99_950, 100_500];
            for nanoseconds in places.into_iter().flat_map(|place| (-2..3).map(move |off| place * unit / 1000 + off)) {
                let value = nanoseconds as f64 / unit as f64;
                let decimals = if value >= 99.95 { 0 } else { usize::from(value < 9.995) + 1 };
                let expected = format!("{value:.decimals$} {}", if unit > 1_000_000 { "s" } else { "ms" });
                if nanoseconds >= unit {
                    assert_eq!(duration(nanoseconds), expected, "{nanoseconds} ns");
                }
            }
        }
    }

    #[test]
    fn cycling_reaches_every_format() {
        let mut format = TimeFormat::Relative;
        for (expected, ..) in TIME_FORMATS {
            assert_eq!(format, expected);
            format = format.next();
        }
        assert_eq!(format, TimeFormat::Relative);
    }
}
