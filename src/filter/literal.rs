//! Values as they are written in a filter.

use std::borrow::Cow;
use std::net::IpAddr;

use super::item::{Class, Item};

/// Reads a value of a class; None where it is none. `quoted`: it stood between quotation marks.
pub(super) fn read(text: &[u8], quoted: bool, class: Class) -> Option<Item<'static>> {
    let words = std::str::from_utf8(text);
    match class {
        Class::Number => number(words.ok()?),
        Class::Text => Some(Item::Text(Cow::Owned(text.to_vec()))),
        Class::Bytes if quoted => Some(Item::Bytes(Cow::Owned(text.to_vec()))),
        Class::Bytes => bytes(words.ok()?).map(|bytes| Item::Bytes(Cow::Owned(bytes))),
        Class::Address => address(words.ok()?),
        Class::Time => moment(words.ok()?).map(Item::Time),
        Class::Duration => duration(words.ok()?).map(Item::Duration),
        Class::Boolean => truth(words.ok()?).map(Item::Boolean),
        Class::Presence => None,
        Class::Member if quoted => Some(Item::Text(Cow::Owned(text.to_vec()))),
        Class::Member => {
            let words = words.ok()?;
            let named = match words {
                "true" | "True" | "TRUE" => Some(Item::Truth(true)),
                "false" | "False" | "FALSE" => Some(Item::Truth(false)),
                // As these are shown.
                "null" => Some(Item::There("null")),
                "undefined" => Some(Item::There("undefined")),
                _ => None,
            };
            let plain = named.or_else(|| number(words)).unwrap_or_else(|| Item::Text(Cow::Owned(text.to_vec())));
            // A fraction is no bytes, nor is what has an exponent.
            let hex = bytes(words).filter(|_| words.len() > 1 && !words.contains(['.', '-']));
            Some(match hex {
                Some(hex) => Item::Either(Box::new((plain, hex))),
                None => plain,
            })
        }
    }
}

/// What a value of that class looks like, for error messages.
pub(super) const fn hint(class: Class) -> &'static str {
    match class {
        Class::Number => "; write 69, 0x45, 0105 or 0b1000101",
        Class::Bytes => "; write be:ef, beef or \"text\"",
        Class::Address => "; write 10.0.0.1, 10.0.0.0/8 or fe80::1",
        Class::Time => {
            "; write \"2026-11-23 08:00:00Z\", an offset such as +01:00 in place of Z, or neither for local time"
        }
        Class::Duration => "; write 1.5, 1.5s, 20ms, 300us or 2min",
        Class::Boolean => "; write true or false",
        _ => "",
    }
}

/// A number in base 10, 16 (0x), 8 (0) or 2 (0b), or with a fraction.
fn number(text: &str) -> Option<Item<'static>> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let has_base = digits.get(..2).is_some_and(|base| ["0x", "0X", "0b", "0B"].contains(&base));
    let whole = match digits.get(..2) {
        Some("0x" | "0X") => i128::from_str_radix(digits.get(2..)?, 16),
        Some("0b" | "0B") => i128::from_str_radix(digits.get(2..)?, 2),
        _ if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            i128::from_str_radix(digits, 8)
        }
        _ => digits.parse(),
    };
    let is_signed = |digits: &str| digits.starts_with(['+', '-']);
    if is_signed(digits) || has_base && digits.get(2..).is_some_and(is_signed) {
        return None;
    }
    match whole {
        Ok(number) => Some(Item::Integer(if negative { -number } else { number })),
        Err(_) if digits.starts_with(|c: char| c.is_ascii_digit()) => {
            let real: f64 = digits.parse().ok().filter(|real: &f64| real.is_finite())?;
            Some(Item::Real(if negative { -real } else { real }))
        }
        Err(_) => None,
    }
}

/// `be:ef`, `be-ef`, `be.ef`, `beef`, `0xbeef`; single digits are bytes: `1:2`.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix(':')).unwrap_or(text);
    let is_hex = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let byte = |part: &str| if is_hex(part, 2) { u8::from_str_radix(part, 16).ok() } else { None };
    for separator in [':', '-', '.'] {
        if text.contains(separator) {
            return text.split(separator).map(byte).collect();
        }
    }
    if text.len() == 1 {
        return byte(text).map(|byte| vec![byte]);
    }
    if !text.len().is_multiple_of(2) || !is_hex(text, usize::MAX) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| byte(text.get(at..at + 2)?)).collect()
}

fn address(text: &str) -> Option<Item<'static>> {
    let Some((address, bits)) = text.split_once('/') else {
        return text.parse().ok().map(Item::Address);
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.parse::<u8>().ok().filter(|bits| *bits <= most)?;
    Some(Item::Network(address, bits))
}

fn truth(text: &str) -> Option<bool> {
    match text {
        // As Wireshark shows flags.
        "Set" => Some(true),
        "Not set" => Some(false),
        "1" | "true" | "True" | "TRUE" => Some(true),
        "0" | "false" | "False" | "FALSE" => Some(false),
        // In any base.
        _ => match number(text)? {
            Item::Integer(1) => Some(true),
            Item::Integer(0) => Some(false),
            _ => None,
        },
    }
}

/// Seconds, or a number and its unit, in nanoseconds.
fn duration(text: &str) -> Option<i64> {
    const UNITS: &[(&str, f64)] = &[
        ("ns", 1.0),
        ("us", 1e3),
        ("\u{b5}s", 1e3),
        ("ms", 1e6),
        ("min", 60e9),
        ("h", 3600e9),
        ("d", 86400e9),
        ("s", 1e9),
    ];
    let unit = UNITS.iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, *size)));
    let (digits, size) = unit.unwrap_or((text, 1e9));
    if !digits.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    // Fractions of a second are read digit by digit: nine of them do not fit into a float beside seconds since 1970.
    if size == 1e9
        && let Some(exact) = exact_seconds(digits)
    {
        return Some(exact);
    }
    let value = digits.parse::<f64>().ok()? * size;
    (value.abs() < 9.2e18).then_some(value.round() as i64)
}

fn exact_seconds(digits: &str) -> Option<i64> {
    let (negative, digits) = digits.strip_prefix('-').map_or((false, digits), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if fraction.len() > 9 || !all_digits(fraction) || !all_digits(whole) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let seconds: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let nanoseconds: i64 = format!("{fraction:0<9}").parse().ok()?;
    let time = seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)?;
    Some(if negative { -time } else { time })
}

/// `Nov 23, 2026`, and what stands behind it, as a date in numbers.
fn with_month(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let (month, rest) = text.split_once(' ')?;
    let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))? + 1;
    let (day, rest) = rest.trim_start().split_once([',', ' '])?;
    let (year, rest) = rest.trim_start().split_once(' ')?;
    Some(format!("{year}-{month}-{day} {rest}"))
}

/// `2026-11-23 08:00:00.5Z`, `2026-11-23T08:00+01:00`, or as tshark prints it, `Nov 23, 2026 08:00:00.5 UTC`; without a zone, or
/// with the name of the one here, it is local time; without a time, midnight. Or seconds since 1970. In nanoseconds since then.
fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(time) = exact_seconds(text) {
        return Some(time);
    }
    let named = with_month(text);
    let text = named.as_deref().unwrap_or(text);
    // A date alone is the moment at which it begins.
    let (date, rest) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let rest = rest.trim();
    let (clock, offset) = if let Some(clock) = rest.strip_suffix('Z').or_else(|| rest.strip_suffix("UTC")) {
        (clock, Ok(0))
    } else if let Some((clock, zone)) = rest.rfind(['+', '-']).and_then(|at| rest.split_at_checked(at)) {
        let sign = if zone.starts_with('-') { -1 } else { 1 };
        let zone = zone.get(1..)?.replace(':', "");
        let minutes = zone.get(2..).filter(|minutes| !minutes.is_empty()).unwrap_or("00");
        if minutes.len() != 2 {
            return None;
        }
        let (hours, minutes) = (zone.get(..2)?.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
        (clock, Ok(sign * (hours * 3600 + minutes * 60)))
    } else {
        // The clock here, perhaps with its name.
        let named = rest.rsplit_once(' ').filter(|(_, zone)| zone.bytes().all(|byte| byte.is_ascii_alphabetic()));
        named.map_or((rest, Err(None)), |(clock, zone)| (clock, Err(Some(zone))))
    };
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let of_month = |month| days(year, month, 1);
    let end = || if month == 12 { days(year + 1, 1, 1) } else { of_month(month + 1) };
    if parts.next().is_some()
        || !(1..=12).contains(&month)
        || !(1700..2250).contains(&year)
        || !(1..=end() - of_month(month)).contains(&day)
    {
        return None;
    }
    let mut parts = clock.trim().split(':');
    let hours: i64 = parts.next()?.parse().ok().filter(|hours| (0..24).contains(hours))?;
    let minutes: i64 = parts.next()?.parse().ok().filter(|minutes| (0..60).contains(minutes))?;
    let seconds = exact_seconds(parts.next().unwrap_or("0")).filter(|time| (0..61_000_000_000).contains(time))?;
    if parts.next().is_some() {
        return None;
    }
    let wall = days(year, month, day) * 86400 + hours * 3600 + minutes * 60;
    let whole = match offset {
        Ok(offset) => wall - offset,
        Err(zone) => crate::payload::of_local_time(wall, zone)?,
    };
    whole.checked_mul(1_000_000_000)?.checked_add(seconds)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March put the leap day last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read() {
        let integer = |number| Some(Item::Integer(number));
        let raw = |bytes: &[u8]| Some(Item::Bytes(Cow::Owned(bytes.to_vec())));
        for (text, class, expected) in [
            ("69", Class::Number, integer(69)),
            ("0x45", Class::Number, integer(69)),
            ("0105", Class::Number, integer(69)),
            ("0b1000101", Class::Number, integer(69)),
            ("-1", Class::Number, integer(-1)),
            ("0", Class::Number, integer(0)),
            ("1.5", Class::Number, Some(Item::Real(1.5))),
            ("08", Class::Number, Some(Item::Real(8.0))),
            ("1e-7", Class::Number, Some(Item::Real(1e-7))),
            ("-5e-324", Class::Member, Some(Item::Real(-5e-324))),
            ("1.0e+6", Class::Member, Some(Item::Real(1e6))),
            ("null", Class::Member, Some(Item::There("null"))),
            ("null", Class::Text, Some(Item::text("null"))),
            ("0b-1", Class::Number, None),
            ("0x-5", Class::Number, None),
            ("abc", Class::Number, None),
            ("be:ef", Class::Bytes, raw(&[0xbe, 0xef])),
            ("be-ef", Class::Bytes, raw(&[0xbe, 0xef])),
            ("beef", Class::Bytes, raw(&[0xbe, 0xef])),
            ("0xbeef", Class::Bytes, raw(&[0xbe, 0xef])),
            ("7", Class::Bytes, raw(&[7])),
            ("bee", Class::Bytes, None),
            ("xy", Class::Bytes, None),
            ("1.5", Class::Duration, Some(Item::Duration(1_500_000_000))),
            ("20ms", Class::Duration, Some(Item::Duration(20_000_000))),
            ("2min", Class::Duration, Some(Item::Duration(120_000_000_000))),
            ("1763881200.123456789", Class::Duration, Some(Item::Duration(1_763_881_200_123_456_789))),
            ("ms", Class::Duration, None),
            ("2026-11-23T08:00:00Z", Class::Time, Some(Item::Time(1_795_420_800_000_000_000))),
            ("2026-11-23 09:00+01:00", Class::Time, Some(Item::Time(1_795_420_800_000_000_000))),
            ("1970-01-01 00:00:00.5Z", Class::Time, Some(Item::Time(500_000_000))),
            ("2026-13-23 08:00:00Z", Class::Time, None),
            ("Nov 23, 2026 08:00:00.000000000 UTC", Class::Time, Some(Item::Time(1_795_420_800_000_000_000))),
            ("Nov  3, 2026 08:00:00Z", Class::Time, Some(Item::Time(1_793_692_800_000_000_000))),
            ("nov 23, 2026 09:00:00 +01", Class::Time, Some(Item::Time(1_795_420_800_000_000_000))),
            ("nov 23, 2026 09:00:00 +01:0", Class::Time, None),
            ("nov 23, 2026 09:00:00 XYZT", Class::Time, None),
            ("nov 23, 2026 09:00:00 +01:00", Class::Time, Some(Item::Time(1_795_420_800_000_000_000))),
            ("2026-02-30 08:00:00Z", Class::Time, None),
            ("2100-02-29 08:00:00Z", Class::Time, None),
            ("2028-02-29 00:00Z", Class::Time, Some(Item::Time(1_835_395_200_000_000_000))),
            ("2026-12-31 00:00Z", Class::Time, Some(Item::Time(1_798_675_200_000_000_000))),
            ("2026-12-32 08:00:00Z", Class::Time, None),
            ("Nov 23", Class::Time, None),
            ("1795420800.5", Class::Time, Some(Item::Time(1_795_420_800_500_000_000))),
            (":be", Class::Bytes, raw(&[0xbe])),
            (":be:ef", Class::Bytes, raw(&[0xbe, 0xef])),
            (":", Class::Bytes, None),
            ("True", Class::Boolean, Some(Item::Boolean(true))),
            ("0x1", Class::Boolean, Some(Item::Boolean(true))),
            ("0x0", Class::Boolean, Some(Item::Boolean(false))),
            ("01", Class::Boolean, Some(Item::Boolean(true))),
            ("true", Class::Member, Some(Item::Truth(true))),
            ("0x2", Class::Boolean, None),
            ("-1", Class::Boolean, None),
            ("2", Class::Boolean, None),
            ("10.0.0.0/8", Class::Address, Some(Item::Network("10.0.0.0".parse().unwrap(), 8))),
            ("10.0.0.0/33", Class::Address, None),
            ("10.0.0", Class::Address, None),
        ] {
            assert_eq!(read(text.as_bytes(), false, class), expected, "{text}");
        }
    }
}
