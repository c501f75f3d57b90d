//! Options: their numbers, what the registry knows of them, and one option as it stands in a message (RFC 7252 section 3.1).

pub mod draft;
pub mod registry;
pub mod signaling;
pub mod value;

use std::fmt;

use super::{Code, DecodeMode, Span};
pub use registry::{Direction, OPTIONS, OptionDefinition, OptionFormat, OptionStatus, OscoreClass, Repeatable};
pub use value::{Block, OptionValue, Oscore, OscoreDefect};

/// Number of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OptionNumber(pub u16);

impl OptionNumber {
    /// If-Match
    pub const IF_MATCH: Self = Self(1);
    /// Uri-Host
    pub const URI_HOST: Self = Self(3);
    /// ETag
    pub const ETAG: Self = Self(4);
    /// If-None-Match
    pub const IF_NONE_MATCH: Self = Self(5);
    /// Observe
    pub const OBSERVE: Self = Self(6);
    /// Uri-Port
    pub const URI_PORT: Self = Self(7);
    /// Location-Path
    pub const LOCATION_PATH: Self = Self(8);
    /// OSCORE
    pub const OSCORE: Self = Self(9);
    /// Uri-Path
    pub const URI_PATH: Self = Self(11);
    /// Content-Format
    pub const CONTENT_FORMAT: Self = Self(12);
    /// Uri-Path-Abbrev
    pub const URI_PATH_ABBREV: Self = Self(13);
    /// Max-Age
    pub const MAX_AGE: Self = Self(14);
    /// Uri-Query
    pub const URI_QUERY: Self = Self(15);
    /// Hop-Limit
    pub const HOP_LIMIT: Self = Self(16);
    /// Accept
    pub const ACCEPT: Self = Self(17);
    /// Q-Block1
    pub const Q_BLOCK1: Self = Self(19);
    /// Location-Query
    pub const LOCATION_QUERY: Self = Self(20);
    /// EDHOC
    pub const EDHOC: Self = Self(21);
    /// Block2
    pub const BLOCK2: Self = Self(23);
    /// Block1
    pub const BLOCK1: Self = Self(27);
    /// Size2
    pub const SIZE2: Self = Self(28);
    /// Q-Block2
    pub const Q_BLOCK2: Self = Self(31);
    /// Proxy-Uri
    pub const PROXY_URI: Self = Self(35);
    /// Proxy-Scheme
    pub const PROXY_SCHEME: Self = Self(39);
    /// Size1
    pub const SIZE1: Self = Self(60);
    /// Proxy-Cri
    pub const PROXY_CRI: Self = Self(235);
    /// Proxy-Scheme-Number
    pub const PROXY_SCHEME_NUMBER: Self = Self(239);
    /// Echo
    pub const ECHO: Self = Self(252);
    /// No-Response
    pub const NO_RESPONSE: Self = Self(258);
    /// Request-Tag
    pub const REQUEST_TAG: Self = Self(292);
    /// Request-Hash
    pub const REQUEST_HASH: Self = Self(548);
    /// OCF-Accept-Content-Format-Version
    pub const OCF_ACCEPT_CONTENT_FORMAT_VERSION: Self = Self(2049);
    /// OCF-Content-Format-Version
    pub const OCF_CONTENT_FORMAT_VERSION: Self = Self(2053);
    /// SCP82-Params
    pub const SCP82_PARAMS: Self = Self(2055);
    /// X-Admin-Protocol
    pub const X_ADMIN_PROTOCOL: Self = Self(2056);
    /// CoIoT device
    pub const COIOT_DEVICE: Self = Self(3332);
    /// CoIoT validity
    pub const COIOT_VALIDITY: Self = Self(3412);
    /// CoIoT serial
    pub const COIOT_SERIAL: Self = Self(3420);

    /// Whether a receiver must understand it (RFC 7252 section 5.4.1).
    pub const fn is_critical(self) -> bool {
        self.0 & 1 == 1
    }

    /// Whether it is kept for further parts of a Location (RFC 7252 section 5.10.7).
    pub const fn is_reserved_location(self) -> bool {
        matches!(self.0, 128 | 132 | 136 | 140)
    }

    /// Whether a proxy must understand it to forward the message (RFC 7252 section 5.4.2).
    pub const fn is_unsafe(self) -> bool {
        self.0 & 2 == 2
    }

    /// Whether a cache may leave it out of its key (RFC 7252 section 5.4.6).
    pub const fn is_no_cache_key(self) -> bool {
        self.0 & 0x1e == 0x1c
    }

    /// What is known of the number.
    #[inline]
    pub fn definition(self) -> Option<&'static OptionDefinition> {
        match LOW.get(usize::from(self.0)) {
            Some(low) => *low,
            None => find(OPTIONS, self.0),
        }
    }

    /// Its name.
    pub fn name(self) -> Option<&'static str> {
        self.definition().map(|definition| definition.name)
    }
}

impl fmt::Display for OptionNumber {
    /// Name and number, or the number alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

/// The row of a table that holds a number.
fn find(table: &'static [OptionDefinition], number: u16) -> Option<&'static OptionDefinition> {
    let at = table.partition_point(|row| row.last.0 < number);
    table.get(at).filter(|row| row.number.0 <= number)
}

/// The rows of the numbers below 64, which nearly all options have, for looking up without a search.
static LOW: [Option<&'static OptionDefinition>; 64] = low_rows();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses an index out of range")]
const fn low_rows() -> [Option<&'static OptionDefinition>; 64] {
    let mut low = [None; 64];
    let mut row = 0;
    while row < OPTIONS.len() {
        let number = OPTIONS[row].number.0 as usize;
        if number < 64 {
            low[number] = Some(&OPTIONS[row]);
        }
        row += 1;
    }
    low
}

/// A set of option numbers below 64, one bit each.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses an index out of range")]
pub(super) const fn mask_of(numbers: &[OptionNumber]) -> u64 {
    let mut mask = 0;
    let mut at = 0;
    while at < numbers.len() {
        mask |= bit(numbers[at].0);
        at += 1;
    }
    mask
}

/// The bit of a number in such a set; none for 64 and above.
#[inline]
pub(super) const fn bit(number: u16) -> u64 {
    if number < 64 { 1 << number } else { 0 }
}

/// The bit of a number from 64 up in a set of its own: one each for the options that are common, one for all others.
#[inline]
pub(super) const fn high_bit(number: u16) -> u8 {
    match OptionNumber(number) {
        OptionNumber(..64) => 0,
        OptionNumber::PROXY_CRI => 1,
        OptionNumber::PROXY_SCHEME_NUMBER => 1 << 1,
        OptionNumber::ECHO => 1 << 2,
        OptionNumber::NO_RESPONSE => 1 << 3,
        OptionNumber::REQUEST_TAG => 1 << 4,
        OptionNumber::OCF_ACCEPT_CONTENT_FORMAT_VERSION | OptionNumber::OCF_CONTENT_FORMAT_VERSION => 1 << 5,
        _ => 1 << 7,
    }
}

/// Whether one bit of [`high_bit`] stands for the number alone.
pub(super) const fn has_own_bit(number: u16) -> bool {
    high_bit(number) < 1 << 5
}

/// One option as it stands in a message ("option instance", RFC 7252 section 3.1). Offsets are bytes from the first of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionInstance<'a> {
    /// Its number on the wire: the sum of the deltas up to here.
    pub number: OptionNumber,
    /// What was added to the number of the option before it.
    pub delta: u32,
    /// Its value.
    pub value: &'a [u8],
    /// Where it begins.
    pub offset: usize,
    /// Where the byte with its two nibbles is: at `offset`, unless jumps of draft -12 stand before it.
    pub nibbles_offset: usize,
    /// Where its value begins.
    pub value_offset: usize,
    /// How the message is read.
    pub mode: DecodeMode,
    /// Code of the message; signaling messages have options of their own.
    pub code: Code,
}

impl<'a> OptionInstance<'a> {
    /// The number that the option has today; the same as `number` but for old drafts. None where nothing corresponds.
    #[inline]
    pub fn modern(&self) -> Option<OptionNumber> {
        if self.code.is_signaling() {
            return None;
        }
        draft::modern(self.mode, self.number.0).map(OptionNumber)
    }

    /// What is known of the option, in the numbering that the message uses.
    #[inline]
    pub fn definition(&self) -> Option<&'static OptionDefinition> {
        match draft::table(self.mode) {
            None if self.code.is_signaling() => find(signaling::table(self.code), self.number.0),
            None => self.number.definition(),
            Some(table) => find(table, self.number.0),
        }
    }

    /// Its name, in the numbering that the message uses.
    pub fn name(&self) -> Option<&'static str> {
        self.definition().map(|definition| definition.name)
    }

    /// Its value, read as its format says; bytes where the option does not allow a number of that length.
    pub fn value(&self) -> OptionValue<'a> {
        let format = self.definition().map_or(OptionFormat::Unknown, |definition| definition.format);
        if format.is_uint() && !self.has_good_length() {
            return OptionValue::Opaque(self.value);
        }
        OptionValue::read(format, self.value)
    }

    /// The value as a number, of up to 8 bytes without leading zeros.
    #[inline]
    pub fn uint(&self) -> Option<u64> {
        value::uint(self.value)
    }

    /// Whether the length of the value is one that the option allows; true for options that nobody knows.
    #[inline]
    pub fn has_good_length(&self) -> bool {
        let length = self.value.len() as u32;
        self.definition().is_none_or(|definition| (definition.min..=definition.max).contains(&length))
    }

    /// The whole option.
    pub fn span(&self) -> Span {
        Span::of_bytes(self.offset, self.value_offset + self.value.len() - self.offset)
    }

    /// Jumps before the option (draft -12); empty elsewhere.
    pub fn jump_span(&self) -> Span {
        Span::of_bytes(self.offset, self.nibbles_offset - self.offset)
    }

    /// The delta nibble.
    pub fn delta_span(&self) -> Span {
        Span::of_bits(self.nibbles_offset as u32 * 8, 4)
    }

    /// The length nibble.
    pub fn length_span(&self) -> Span {
        Span::of_bits(self.nibbles_offset as u32 * 8 + 4, 4)
    }

    /// The extension bytes of the delta; empty where the nibble says it all.
    pub fn delta_extension_span(&self) -> Span {
        let bytes = match self.delta {
            _ if self.mode.is_draft() => 0,
            ..13 => 0,
            13..269 => 1,
            _ => 2,
        };
        Span::of_bytes(self.nibbles_offset + 1, bytes)
    }

    /// The extension bytes of the length; empty where the nibble says it all.
    pub fn length_extension_span(&self) -> Span {
        let begin = self.delta_extension_span().end() as usize / 8;
        Span::of_bytes(begin, self.value_offset - begin)
    }

    /// The value.
    pub fn value_span(&self) -> Span {
        Span::of_bytes(self.value_offset, self.value.len())
    }
}
