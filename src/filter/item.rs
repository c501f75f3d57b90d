//! Values while a filter is at work, and how two of them compare.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::IpAddr;

use crate::field::{Kind, Value};

/// What the values of an operand are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Number,
    Text,
    Bytes,
    Address,
    Time,
    Duration,
    Boolean,
    Presence,
    /// Whatever the payload has there.
    Member,
}

impl Class {
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Unsigned | Kind::Frame => Self::Number,
            Kind::Text => Self::Text,
            Kind::Bytes | Kind::Mac => Self::Bytes,
            Kind::Address => Self::Address,
            Kind::Time => Self::Time,
            Kind::Duration => Self::Duration,
            Kind::Boolean => Self::Boolean,
            Kind::Presence => Self::Presence,
            Kind::Member => Self::Member,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "text",
            Self::Bytes => "string of bytes",
            Self::Address => "address",
            Self::Time => "time",
            Self::Duration => "duration",
            Self::Boolean => "truth value",
            Self::Presence => "protocol",
            Self::Member => "payload member",
        }
    }

    /// Whether values of both can be compared.
    pub fn meets(self, other: Self) -> bool {
        let is_bytes = |class| matches!(class, Self::Text | Self::Bytes);
        let is_number = |class| matches!(class, Self::Number | Self::Duration | Self::Boolean);
        self == other
            || is_bytes(self) && is_bytes(other)
            || is_number(self) && is_number(other)
            || self == Self::Member
            || other == Self::Member
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item<'a> {
    Integer(i128),
    Real(f64),
    Text(Cow<'a, [u8]>),
    Bytes(Cow<'a, [u8]>),
    Address(IpAddr),
    /// All addresses that begin with these bits.
    Network(IpAddr, u8),
    /// Nanoseconds since 1970.
    Time(i64),
    /// Nanoseconds.
    Duration(i64),
    Boolean(bool),
    /// True or false in a payload, where it is no number.
    Truth(bool),
    There(&'static str),
    /// As it is written where nobody knows what the payload will have there: what it means by itself; and as bytes in hexadecimal, which such
    /// are printed as.
    Either(Box<(Item<'a>, Vec<u8>)>),
}

impl<'a> Item<'a> {
    /// Text of our own.
    pub const fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text.as_bytes()))
    }

    pub fn of(value: Value<'a>) -> Self {
        match value {
            Value::Unsigned(number) => Self::Integer(number.into()),
            Value::Hex(number, _) => Self::Integer(number.into()),
            Value::Mac(address) => Self::Bytes(Cow::Owned(address.to_vec())),
            Value::Frame(number) => Self::Integer(number.into()),
            Value::Integer(number) => Self::Integer(number),
            Value::Real(number) => Self::Real(number),
            Value::Text(text) => Self::Text(text),
            Value::Bytes(bytes) => Self::Bytes(bytes),
            Value::Address(address) => Self::Address(address),
            Value::Time(time) => Self::Time(time),
            Value::Duration(time) => Self::Duration(time),
            Value::Boolean(truth) => Self::Boolean(truth),
            Value::Truth(truth) => Self::Truth(truth),
            Value::Presence => Self::There("1"),
            Value::Nothing(word) => Self::There(word),
        }
    }

    pub fn into_owned(self) -> Item<'static> {
        match self {
            Self::Integer(number) => Item::Integer(number),
            Self::Real(number) => Item::Real(number),
            Self::Text(text) => Item::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(bytes) => Item::Bytes(Cow::Owned(bytes.into_owned())),
            Self::Address(address) => Item::Address(address),
            Self::Network(address, bits) => Item::Network(address, bits),
            Self::Time(time) => Item::Time(time),
            Self::Duration(time) => Item::Duration(time),
            Self::Boolean(truth) => Item::Boolean(truth),
            Self::Truth(truth) => Item::Truth(truth),
            Self::There(word) => Item::There(word),
            Self::Either(both) => Item::Either(Box::new((both.0.into_owned(), both.1))),
        }
    }

    /// Its bytes, where it is text or bytes.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Text(bytes) | Self::Bytes(bytes) => Some(bytes),
            Self::Either(both) => both.0.bytes(),
            _ => None,
        }
    }

    /// Whether the bytes of another stand somewhere in its own.
    pub fn contains(&self, other: &Item<'_>) -> bool {
        let Some(hay) = self.bytes() else { return false };
        let is_hex = || matches!((self, other), (Self::Bytes(_), Item::Either(both)) if contains(hay, &both.1));
        other.bytes().is_some_and(|needle| contains(hay, needle)) || is_hex()
    }

    /// Whether it is more than zero, or less: of bytes and addresses, whether some bit is set.
    pub fn is_set(&self) -> bool {
        match self.number() {
            Some(Number::Whole(number)) => number != 0,
            Some(Number::Real(number)) => number != 0.0,
            None => self.octets().is_some_and(|octets| octets.iter().any(|byte| *byte != 0)),
        }
    }

    /// Its bytes, or those of an address: what a slice is cut from.
    pub fn octets(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Address(IpAddr::V4(address)) => Some(Cow::Owned(address.octets().to_vec())),
            Self::Address(IpAddr::V6(address)) => Some(Cow::Owned(address.octets().to_vec())),
            other => other.bytes().map(Cow::Borrowed),
        }
    }

    /// It as a number, if it is one.
    pub fn number(&self) -> Option<Number> {
        match self {
            Self::Integer(number) => Some(Number::Whole(*number)),
            Self::Real(number) => Some(Number::Real(*number)),
            Self::Boolean(truth) => Some(Number::Whole((*truth).into())),
            // A duration beside a plain number counts seconds.
            Self::Duration(time) => Some(Number::Real(*time as f64 / 1e9)),
            Self::Either(both) => both.0.number(),
            _ => None,
        }
    }

    /// How it stands to another; None where the two have nothing in common.
    pub fn compare(&self, other: &Item<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), Item::Integer(b)) => Some(a.cmp(b)),
            (Self::Truth(a), Item::Truth(b) | Item::Boolean(b)) | (Self::Boolean(a), Item::Truth(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), Item::Either(b)) if *a.as_ref() == *b.1 => Some(Ordering::Equal),
            (_, Item::Either(b)) => self.compare(&b.0),
            (Self::Either(a), _) => a.0.compare(other),
            // As in Wireshark: what is longer is greater.
            (Self::Bytes(a), Item::Bytes(b)) => Some((a.len(), a.as_ref()).cmp(&(b.len(), b.as_ref()))),
            (Self::Text(a) | Self::Bytes(a), Item::Text(b) | Item::Bytes(b)) => Some(a.as_ref().cmp(b.as_ref())),
            (Self::Address(a), Item::Address(b)) => (a.is_ipv4() == b.is_ipv4()).then(|| a.cmp(b)),
            (Self::Address(a), Item::Network(b, bits)) => {
                let (a, a_is_4) = prefix(*a, *bits);
                let (b, b_is_4) = prefix(*b, *bits);
                (a_is_4 == b_is_4).then(|| a.cmp(&b))
            }
            // There is nothing between null and another value.
            (Self::There(a), Item::There(b)) => (a == b).then_some(Ordering::Equal),
            (Self::Time(a), Item::Time(b)) | (Self::Duration(a), Item::Duration(b)) => Some(a.cmp(b)),
            _ => self.number()?.compare(other.number()?),
        }
    }
}

/// A whole number or one with a fraction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    pub fn real(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Real(number) => number,
        }
    }

    fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => Some(a.cmp(&b)),
            _ => self.real().partial_cmp(&other.real()),
        }
    }
}

/// The first bits of an address, and whether it is IPv4.
fn prefix(address: IpAddr, bits: u8) -> (u128, bool) {
    match address {
        IpAddr::V4(address) => {
            let bits = u32::from(bits.min(32));
            (u128::from(u32::from(address)) >> (32 - bits), true)
        }
        IpAddr::V6(address) => {
            let bits = u32::from(bits.min(128));
            (u128::from(address).checked_shr(128 - bits).unwrap_or_default(), false)
        }
    }
}

/// Whether `needle` stands somewhere in `hay`.
fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let Some((first, rest)) = needle.split_first() else { return true };
    let Some(last) = hay.len().checked_sub(needle.len()) else { return false };
    hay.iter()
        .take(last + 1)
        .enumerate()
        .any(|(at, byte)| byte == first && hay.get(at + 1..).is_some_and(|behind| behind.starts_with(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        for (address, network, bits, expected) in [
            ("10.1.2.3", "10.1.0.0", 16, true),
            ("10.2.2.3", "10.1.0.0", 16, false),
            ("10.1.2.3", "0.0.0.0", 0, true),
            ("10.1.2.3", "10.1.2.3", 32, true),
            ("fe80::1", "fe80::", 10, true),
            ("fe80::1", "::", 0, true),
            ("10.0.0.1", "::", 0, false),
            ("2001:db8::1", "2001:db8::2", 128, false),
        ] {
            let item = Item::Address(address.parse().unwrap());
            let equal = item.compare(&Item::Network(network.parse().unwrap(), bits)) == Some(Ordering::Equal);
            assert_eq!(equal, expected, "{address} in {network}/{bits}");
        }
    }

    #[test]
    fn bytes_are_found() {
        for (hay, needle, expected) in [
            ("temperature", "per", true),
            ("aab", "ab", true),
            ("a", "ab", false),
            ("", "", true),
            ("abc", "abc", true),
            ("abc", "c", true),
        ] {
            assert_eq!(contains(hay.as_bytes(), needle.as_bytes()), expected, "{hay} {needle}");
        }
    }
}
