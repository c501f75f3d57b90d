//! Numbers as they are written: digits and a power of ten, so that sums of them lose nothing.

use std::fmt;

use serde_json::Number;

use super::item::float;
use super::{Item, Value};

/// Places behind the point, or zeros in front of it, that are written out.
const WRITTEN_OUT: i32 = 30;
/// Largest power of ten, up or down, that is calculated with: those of doubles, and some more.
const POWERS: i32 = 400;

/// Whole digits times a power of ten; no zeros at the end of the digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    /// The number that an item is: of a binary one what it is written as, which names no other. None where it is no number, or has more
    /// digits than are calculated with.
    pub fn of(item: &Item) -> Option<Self> {
        match &item.value {
            Value::Integer(number) => Self::new(*number, 0),
            Value::Float(number) => Self::read(&float(*number)),
            Value::Number(text) => Self::read(text),
            Value::Tag(2 | 3) => Self::read(&item.json().as_number()?.to_string()),
            Value::Tag(4) => match item.children.first()?.children.as_slice() {
                [exponent, mantissa] => Self::new(mantissa.as_integer()?, i32::try_from(exponent.as_integer()?).ok()?),
                _ => None,
            },
            _ => None,
        }
    }

    fn new(mut digits: i128, mut exponent: i32) -> Option<Self> {
        if digits == 0 {
            return Some(Self::default());
        }
        while digits % 10 == 0 {
            digits /= 10;
            exponent = exponent.checked_add(1)?;
        }
        (-POWERS..=POWERS).contains(&exponent).then_some(Self { digits, exponent })
    }

    /// A number as JSON writes it (RFC 8259 section 6).
    fn read(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        // Zeros at the end say nothing, and there may be any number of them.
        let fraction = fraction.trim_end_matches('0');
        let exponent = exponent.parse::<i32>().ok()?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        Self::new(format!("{whole}{fraction}").parse().ok()?, exponent)
    }

    /// The sum; None where it has more digits than are calculated with.
    pub fn plus(self, other: Self) -> Option<Self> {
        let exponent = match (self.digits, other.digits) {
            (0, _) => return Some(other),
            (_, 0) => return Some(self),
            _ => self.exponent.min(other.exponent),
        };
        let aligned = |number: Self| {
            let power = u32::try_from(number.exponent - exponent).ok()?;
            number.digits.checked_mul(10_i128.checked_pow(power)?)
        };
        Self::new(aligned(self)?.checked_add(aligned(other)?)?, exponent)
    }
}

impl fmt::Display for Decimal {
    /// All digits, as JSON writes a number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { digits, exponent } = *self;
        if !(-WRITTEN_OUT..=WRITTEN_OUT).contains(&exponent) {
            return write!(f, "{digits}e{exponent}");
        }
        let sign = if digits < 0 { "-" } else { "" };
        let size = digits.unsigned_abs().to_string();
        let places = usize::try_from(-exponent).unwrap_or(0);
        if places == 0 {
            let zeros = usize::try_from(exponent).unwrap_or(0);
            return write!(f, "{sign}{size}{}", "0".repeat(zeros));
        }
        let padded = format!("{size:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

/// A number that is calculated with.
#[derive(Clone, Copy)]
pub(super) struct Amount {
    /// The nearest double.
    pub near: f64,
    /// All of its digits, where they are not too many.
    exact: Option<Decimal>,
}

impl Default for Amount {
    /// Nothing.
    fn default() -> Self {
        Self { near: 0.0, exact: Some(Decimal::default()) }
    }
}

impl Amount {
    /// The number that an item is.
    pub fn of(item: &Item) -> Option<Self> {
        Some(Self { near: item.as_number()?, exact: Decimal::of(item) })
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Self {
        let exact = self.exact.zip(other.exact).and_then(|(one, other)| one.plus(other));
        let near = exact.and_then(|exact| exact.to_string().parse().ok());
        Self { near: near.unwrap_or_else(|| rounded(self.near + other.near)), exact }
    }

    /// As JSON, and for a reader.
    pub fn shown(self) -> (serde_json::Value, String) {
        let Some(exact) = self.exact.filter(|_| self.near.is_finite()) else { return of_f64(self.near) };
        let shown = exact.to_string();
        (shown.parse::<Number>().map_or(serde_json::Value::Null, serde_json::Value::Number), shown)
    }

    /// As a value of its own.
    pub fn value(self) -> Value {
        match self.exact.filter(|_| self.near.is_finite()) {
            Some(exact) => Value::Number(exact.to_string()),
            None => Value::Float(self.near),
        }
    }
}

/// A number as JSON, null where that has none, and for a reader; whole numbers without a fraction.
pub(super) fn of_f64(value: f64) -> (serde_json::Value, String) {
    let shown = match value.fract() == 0.0 && value.abs() < 1e15 {
        true => format!("{value:.0}"),
        false => float(value),
    };
    (shown.parse::<Number>().map_or(serde_json::Value::Null, serde_json::Value::Number), shown)
}

/// Sums of decimal fractions are not exact in binary: twelve significant digits are more than any sensor has.
fn rounded(sum: f64) -> f64 {
    let rounded = format!("{sum:.11e}").parse::<f64>().unwrap_or(sum);
    if (rounded - sum).abs() <= sum.abs() * 1e-15 { rounded } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Decimal> {
        Decimal::of(&Item::new(Value::Number(text.into()), 0..0))
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (text, shown) in [
            ("9007199254740993", "9007199254740993"),
            ("-0.50", "-0.5"),
            ("0.05", "0.05"),
            ("-12.5e-3", "-0.0125"),
            ("1e3", "1000"),
            ("1E+400", "1e400"),
            ("-0", "0"),
            ("5e-324", "5e-324"),
            ("170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
        ] {
            assert_eq!(read(text).map(|number| number.to_string()).as_deref(), Some(shown), "{text}");
        }
        for text in ["1e4000", "1e99999999999", "170141183460469231731687303715884105728"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn sums_are_exact_or_none() {
        for (one, other, sum) in [
            ("9007199254740993", "1", Some("9007199254740994")),
            ("0.1", "0.2", Some("0.3")),
            ("1700000000.123456789", "1", Some("1700000001.123456789")),
            ("20.5", "-20.5", Some("0")),
            ("1e308", "1e308", Some("2e308")),
            ("1e30", "1e-30", None),
            ("0", "1e-300", Some("1e-300")),
        ] {
            let added = read(one).unwrap().plus(read(other).unwrap());
            assert_eq!(added.map(|number| number.to_string()).as_deref(), sum, "{one} + {other}");
        }
    }
}
