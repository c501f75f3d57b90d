//! Values of arguments: what is accepted, and what is said of the rest.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};

use crate::coap::RULES;
use crate::field::FIELDS;
use crate::render::time::{TIME_FORMATS, TimeFormat};

/// How times are shown.
pub fn times() -> impl TypedValueParser<Value = TimeFormat> {
    PossibleValuesParser::new(TIME_FORMATS.map(|(_, letter, _)| letter)).try_map(|letter| letter.parse())
}

/// Any text, for which shells propose some words. What is wrong with another one is said by whoever knows it.
#[derive(Clone, Copy)]
pub struct Proposed(fn() -> Vec<&'static str>);

impl TypedValueParser for Proposed {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}

/// The name of a field.
pub fn fields() -> Proposed {
    Proposed(|| FIELDS.iter().map(|field| &*field.name).collect())
}

/// The identifier of a rule.
pub fn rules() -> Proposed {
    Proposed(|| RULES.iter().map(|rule| rule.id()).collect())
}

/// How fields are printed.
pub fn field_options() -> Proposed {
    Proposed(|| {
        let separators = ["separator=/t", "separator=/s", "separator=,", "aggregator=/s", "aggregator=,"];
        let choices = ["occurrence=f", "occurrence=l", "occurrence=a", "header=y", "header=n"];
        [&separators[..], &choices, &["quote=d", "quote=s", "quote=n", "bom=y", "bom=n"]].concat()
    })
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
    let bytes = bytes(text).ok_or("a size is a number with K, M, G or T behind it, such as 500M or 1.5G")?;
    match usize::try_from(bytes) {
        Ok(bytes) if bytes >= 1 << 20 => Ok(bytes),
        Ok(_) => Err("a size is at least 1M".into()),
        Err(_) => Err(format!("a size is at most {}G, and less than the machine has", usize::MAX >> 30)),
    }
}

fn whole(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("a whole number from {least} to {most}"))
}

fn number(text: &str, least: f64, most: f64, what: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("{what} from {least} to {most}"))
}

/// A size as a number of bytes; what is beyond all bounds is the largest there is.
fn bytes(text: &str) -> Option<u128> {
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
    let (whole, fraction) = digits.trim().split_once('.').unwrap_or((digits.trim(), "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let whole = whole.parse().unwrap_or(u128::MAX).saturating_mul(1 << shift);
    let part = format!("0.{fraction}").parse::<f64>().ok()? * (1_u64 << shift) as f64;
    Some(whole.saturating_add(part as u128))
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
            ("1.5G", Some(3 << 29)),
            ("1.G", None),
            (".5G", None),
            ("0.5M", None),
            ("10K", None),
            ("x", None),
            ("", None),
            ("-5M", None),
            ("99999999999T", None),
            ("5Q", None),
        ] {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
        for (text, why) in [("10K", "at least 1M"), ("99999999999G", "at most "), ("x", "such as 500M")] {
            assert!(size(text).unwrap_err().contains(why), "{text}");
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
