//! Values of fields, and how tshark 4.0 prints them.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use crate::coap::escape;

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An unsigned number.
    Unsigned,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A MAC address.
    Mac,
    /// An IPv4 or IPv6 address.
    Address,
    /// The number of a frame.
    Frame,
    /// A point in time.
    Time,
    /// A span of time.
    Duration,
    /// True or false.
    Boolean,
    /// There or not there.
    Presence,
    /// Whatever the payload has: a number, text, bytes, true or false.
    Member,
}

impl Kind {
    /// The word for help and error messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "number",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Mac => "MAC address",
            Self::Address => "address",
            Self::Frame => "frame number",
            Self::Time => "time",
            Self::Duration => "duration",
            Self::Boolean => "true or false",
            Self::Presence => "presence",
            Self::Member => "any",
        }
    }
}

/// One value. `Display` prints it as tshark does, but for [`Value::Time`], which is seconds since 1970 here: calendars belong
/// to the floors above.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// An unsigned number.
    Unsigned(u64),
    /// An unsigned number that is written in so many hexadecimal digits.
    Hex(u64, u8),
    /// A MAC address.
    Mac([u8; 6]),
    /// A number of a payload.
    Integer(i128),
    /// A number of a payload that is not whole.
    Real(f64),
    /// Text as it came from the wire: it need be neither UTF-8 nor harmless. `Display` escapes it.
    Text(Cow<'a, [u8]>),
    /// Bytes. Printed as hex without separators, `<MISSING>` for none.
    Bytes(Cow<'a, [u8]>),
    /// An address.
    Address(IpAddr),
    /// A frame number.
    Frame(u32),
    /// Nanoseconds since 1970-01-01 UTC.
    Time(i64),
    /// Nanoseconds.
    Duration(i64),
    /// True or false. Printed as 1 or 0.
    Boolean(bool),
    /// True or false in a payload. Printed as this word.
    Truth(bool),
    /// It is there. Printed as 1.
    Presence,
    /// It is there in a payload, but is no value to compare with others: null, or what has members. Printed as this.
    Nothing(&'static str),
}

impl<'a> Value<'a> {
    /// Text of our own.
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text.as_bytes()))
    }

    /// Text that was made for this value.
    pub fn string(text: String) -> Self {
        Self::Text(Cow::Owned(text.into_bytes()))
    }

    /// Bytes of the message.
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }

    /// The value without its loan.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Unsigned(number) => Value::Unsigned(number),
            Self::Hex(number, digits) => Value::Hex(number, digits),
            Self::Mac(address) => Value::Mac(address),
            Self::Integer(number) => Value::Integer(number),
            Self::Real(number) => Value::Real(number),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
            Self::Address(address) => Value::Address(address),
            Self::Frame(number) => Value::Frame(number),
            Self::Time(time) => Value::Time(time),
            Self::Duration(time) => Value::Duration(time),
            Self::Boolean(truth) => Value::Boolean(truth),
            Self::Truth(truth) => Value::Truth(truth),
            Self::Presence => Value::Presence,
            Self::Nothing(word) => Value::Nothing(word),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(number) => write!(f, "{number}"),
            Self::Hex(number, digits) => write!(f, "0x{number:0width$x}", width = usize::from(*digits)),
            Self::Mac([first, rest @ ..]) => {
                write!(f, "{first:02x}")?;
                rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
            }
            Self::Integer(number) => write!(f, "{number}"),
            // Beyond these, digits that it does not have would be written out.
            Self::Real(number) if *number != 0.0 && !(1e-5..1e16).contains(&number.abs()) => write!(f, "{number:?}"),
            Self::Real(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(&escape::bytes(text)),
            // As tshark has it.
            Self::Bytes(bytes) if bytes.is_empty() => f.write_str("<MISSING>"),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Address(address) => write!(f, "{address}"),
            Self::Frame(number) => write!(f, "{number}"),
            Self::Time(time) | Self::Duration(time) => {
                let magnitude = time.unsigned_abs();
                let sign = if *time < 0 { "-" } else { "" };
                write!(f, "{sign}{}.{:09}", magnitude / 1_000_000_000, magnitude % 1_000_000_000)
            }
            Self::Boolean(truth) => write!(f, "{}", u8::from(*truth)),
            Self::Truth(truth) => write!(f, "{truth}"),
            Self::Presence => f.write_str("1"),
            Self::Nothing(word) => f.write_str(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_as_tshark_prints_them() {
        for (value, expected) in [
            (Value::Unsigned(129), "129"),
            (Value::text("err"), "err"),
            (Value::bytes(&[0xbe, 0x0f]), "be0f"),
            (Value::Address("fe80::1".parse().unwrap()), "fe80::1"),
            (Value::Duration(302_000), "0.000302000"),
            (Value::Duration(-1), "-0.000000001"),
            (Value::Time(1_795_422_292_209_244_000), "1795422292.209244000"),
            (Value::Boolean(true), "1"),
            (Value::Truth(true), "true"),
            (Value::Hex(0x800, 4), "0x0800"),
            (Value::Mac([2, 0, 0x5e, 0x10, 0, 1]), "02:00:5e:10:00:01"),
            (Value::Presence, "1"),
        ] {
            assert_eq!(value.to_string(), expected);
        }
        assert!(!Value::Text(Cow::Borrowed(b"\x1b[31m")).to_string().contains('\x1b'));
    }
}
