//! Values of arguments: what is accepted, and what is said of the rest.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::render::time::{TIME_FORMATS, TimeFormat};

/// How times are shown.
pub fn times() -> impl TypedValueParser<Value = TimeFormat> {
    PossibleValuesParser::new(TIME_FORMATS.map(|(_, letter, _)| letter)).try_map(|letter| letter.parse())
}

/// A UDP port.
pub fn port(text: &str) -> Result<u16, String> {
    whole(text, 0, u64::from(u16::MAX)).and_then(|port| u16::try_from(port).map_err(|error| error.to_string()))
}

/// How many of something, or the number of a frame: from 1.
pub fn count(text: &str) -> Result<u64, String> {
    text.trim().parse().ok().filter(|count| *count > 0).ok_or_else(|| "a whole number from 1 on".into())
}

/// The number of something in the tables, from 1.
pub fn number_of(text: &str) -> Result<u32, String> {
    whole(text, 1, u64::from(u32::MAX)).map(|number| number as u32)
}

/// Columns of a diagram: in 30 fit a lane and an arrow with a word on it, however many lanes there are beside.
pub fn width(text: &str) -> Result<u16, String> {
    whole(text, 30, u64::from(u16::MAX)).map(|width| width as u16)
}

/// MAX_RETRANSMIT: beyond 20 the last wait would take weeks.
pub fn retransmissions(text: &str) -> Result<u32, String> {
    whole(text, 0, 20).map(|number| number as u32)
}

/// NSTART: a client may have at least one interaction open.
pub fn nstart(text: &str) -> Result<u32, String> {
    whole(text, 1, 1_000_000).map(|number| number as u32)
}

/// PROBING_RATE in bytes a second.
pub fn rate(text: &str) -> Result<u32, String> {
    whole(text, 0, 1_000_000_000).map(|number| number as u32)
}

/// A time to wait, in seconds.
pub fn timeout(text: &str) -> Result<f64, String> {
    number(text, 0.001, 86_400.0, "seconds")
}

/// A time that may be none, in seconds.
pub fn leisure(text: &str) -> Result<f64, String> {
    number(text, 0.0, 86_400.0, "seconds")
}

/// ACK_RANDOM_FACTOR, which must not be below 1 (RFC 7252 section 4.8).
pub fn factor(text: &str) -> Result<f64, String> {
    number(text, 1.0, 100.0, "a factor")
}

/// `500M` in bytes, 1 MiB at least.
pub fn size(text: &str) -> Result<usize, String> {
    bytes(text).ok_or_else(|| "a size is a number with K, M, G or T behind it, such as 500M, and at least 1M".into())
}

fn whole(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("a whole number from {least} to {most}"))
}

fn number(text: &str, least: f64, most: f64, what: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("{what} from {least} to {most}"))
}

fn bytes(text: &str) -> Option<usize> {
    let text = text.trim().trim_end_matches(['b', 'B']).trim_end_matches('i');
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let shift = match text.get(digits.len()..)?.to_ascii_lowercase().as_str() {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return None,
    };
    let bytes = digits.trim().parse::<usize>().ok()?.checked_mul(1 << shift)?;
    (bytes >= 1 << 20).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("500M", Some(500 << 20)),
            ("2g", Some(2 << 30)),
            ("2GiB", Some(2 << 30)),
            ("1048576", Some(1 << 20)),
            ("10K", None),
            ("x", None),
            ("", None),
            ("-5M", None),
            ("99999999999T", None),
            ("5Q", None),
        ] {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn ranges_end_where_they_say() {
        assert_eq!((port("65535"), port("65536").is_err(), port("-1").is_err()), (Ok(65535), true, true));
        assert_eq!((count("1"), count("0").is_err()), (Ok(1), true));
        assert_eq!((timeout("0.001"), timeout("nan").is_err(), timeout("1e308").is_err()), (Ok(0.001), true, true));
        assert_eq!((factor("1"), factor("inf").is_err()), (Ok(1.0), true));
    }
}
