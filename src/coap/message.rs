//! A message: decoded in one pass over borrowed bytes, with whatever was understood and where and why that ended.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! |Ver| T |  TKL  |      Code     |          Message ID           |
//! |   token (if any, TKL bytes) ...
//! |   options (if any) ...
//! |1 1 1 1 1 1 1 1|    payload (if any) ...                        (RFC 7252 section 3)
//! ```

use super::option::{bit, draft, high_bit};
use super::walk::{Place, Step, draft_step, step};
use super::{Code, MessageType, Rule, Span};

/// How a message is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DecodeMode {
    /// RFC 7252; the token lengths 13 and 14 as RFC 8974 means them where the options then parse.
    #[default]
    Rfc7252,
    /// RFC 7252 with the extended tokens of RFC 8974: token lengths 9 to 14 are accepted.
    ExtendedTokens,
    /// RFC 7252 without extended tokens: token lengths above 8 are errors.
    PlainTokens,
    /// draft-ietf-core-coap-01 to -03.
    Draft03,
    /// draft-ietf-core-coap-04 to -11.
    Draft08,
    /// draft-ietf-core-coap-12.
    Draft12,
}

impl DecodeMode {
    /// Whether it is one of the drafts, with an option count in place of the token length.
    pub const fn is_draft(self) -> bool {
        matches!(self, Self::Draft03 | Self::Draft08 | Self::Draft12)
    }

    /// The document that describes the reading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rfc7252 | Self::PlainTokens => "RFC 7252",
            Self::ExtendedTokens => "RFC 7252 with RFC 8974",
            Self::Draft03 => "draft-ietf-core-coap-03",
            Self::Draft08 => "draft-ietf-core-coap-08",
            Self::Draft12 => "draft-ietf-core-coap-12",
        }
    }
}

/// Whether token lengths above 8 are accepted (RFC 8974).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TokenPolicy {
    /// 13 and 14 where the options then parse.
    #[default]
    Auto,
    /// 9 to 14.
    On,
    /// None.
    Off,
}

impl TokenPolicy {
    /// The way of reading that follows.
    pub const fn mode(self) -> DecodeMode {
        match self {
            Self::Auto => DecodeMode::Rfc7252,
            Self::On => DecodeMode::ExtendedTokens,
            Self::Off => DecodeMode::PlainTokens,
        }
    }
}

/// The four bytes that every message begins with (RFC 7252 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version; 1 is the only one.
    pub version: u8,
    /// Type.
    pub message_type: MessageType,
    /// The token length field, 0 to 15; in old drafts the option count.
    pub token_length: u8,
    /// Code; that of drafts up to -03 in today's numbering.
    pub code: Code,
    /// Message ID.
    pub message_id: u16,
}

/// Where and why decoding ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// What is wrong.
    pub rule: Rule,
    /// Where.
    pub span: Span,
    /// Numbers of the case, see [`super::RuleRow::detail`].
    pub numbers: [u32; 2],
}

impl Stop {
    pub(super) const fn new(rule: Rule, span: Span, numbers: [u32; 2]) -> Self {
        Self { rule, span, numbers }
    }
}

/// A decoded message. Nothing is copied: it points into the bytes. Offsets are bytes from the first of the message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) mode: DecodeMode,
    /// The token was there in full.
    pub(super) has_token: bool,
    pub(super) token_extension: u8,
    pub(super) token_offset: u32,
    pub(super) token_length: u32,
    pub(super) options_offset: u32,
    /// Behind the last option that could be read.
    pub(super) options_end: u32,
    /// First byte of the payload; 0 for none.
    pub(super) payload_offset: u32,
    /// Options below 64 that are there, one bit each, in today's numbering.
    pub(super) seen: u64,
    /// Options from 64 up that are there, as [`high_bit`] has them (in drafts also those that mean nothing today).
    pub(super) high: u8,
    pub(super) stop: Option<Stop>,
}

impl<'a> Message<'a> {
    /// Reads a message as RFC 7252 says, extended tokens where they fit. Total: any bytes give a message. No allocation.
    #[inline]
    pub fn decode(bytes: &'a [u8]) -> Self {
        Self::decode_as(bytes, DecodeMode::Rfc7252)
    }

    /// Reads a message in a given way.
    pub fn decode_as(bytes: &'a [u8], mode: DecodeMode) -> Self {
        let mut message = Self {
            bytes,
            mode,
            has_token: false,
            token_extension: 0,
            token_offset: 4,
            token_length: 0,
            options_offset: bytes.len().min(4) as u32,
            options_end: bytes.len().min(4) as u32,
            payload_offset: 0,
            seen: 0,
            high: 0,
            stop: None,
        };
        let Some(&[first, ..]) = bytes.first_chunk::<4>() else {
            message.stop = Some(Stop::new(Rule::HdrTruncated, Span::of_bytes(0, bytes.len()), [bytes.len() as u32, 0]));
            return message;
        };
        if first >> 6 != 1 {
            message.stop = Some(Stop::new(Rule::HdrVersion, Span::of_bits(0, 2), [u32::from(first >> 6), 0]));
        } else if mode.is_draft() {
            message.walk_draft(first & 15);
        } else if first & 15 <= 8 {
            message.take_token(4, usize::from(first & 15));
        } else {
            message.take_long_token(first & 15);
        }
        message
    }

    /// Takes a token of `length` bytes at `at`, and the options behind it.
    #[inline]
    fn take_token(&mut self, at: usize, length: usize) {
        let left = self.bytes.len().saturating_sub(at);
        if length > left {
            self.stop =
                Some(Stop::new(Rule::HdrTokenTruncated, Span::of_bytes(at, left), [length as u32, left as u32]));
            return;
        }
        self.has_token = true;
        self.token_offset = at as u32;
        self.token_length = length as u32;
        self.walk(at + length);
    }

    /// Takes a token whose length field is 9 or more (RFC 8974 section 2.1).
    #[cold]
    fn take_long_token(&mut self, nibble: u8) {
        let plain = *self;
        let reserved = Some(Stop::new(Rule::HdrTklReserved, Span::of_bits(4, 4), [u32::from(nibble), 0]));
        let accepted = match self.mode {
            DecodeMode::ExtendedTokens => nibble != 15,
            DecodeMode::Rfc7252 => matches!(nibble, 13 | 14),
            _ => false,
        };
        if !accepted {
            self.stop = reserved;
            return;
        }
        let extension = usize::from(nibble.saturating_sub(12));
        let length = match self.bytes.get(4..4 + extension) {
            None => None,
            Some([]) => Some(usize::from(nibble)),
            Some([byte]) => Some(usize::from(*byte) + 13),
            Some(pair) => Some(pair.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)) + 269),
        };
        self.token_extension = extension as u8;
        match length {
            Some(length) => self.take_token(4 + extension, length),
            None => {
                let left = self.bytes.len() - 4;
                self.token_extension = 0;
                self.stop =
                    Some(Stop::new(Rule::HdrTokenTruncated, Span::of_bytes(4, left), [extension as u32, left as u32]));
            }
        }
        if self.mode == DecodeMode::Rfc7252 && self.stop.is_some() {
            *self = Self { stop: reserved, ..plain };
        }
    }

    /// Walks the options from `at`, and finds the payload.
    #[inline]
    fn walk(&mut self, mut at: usize) {
        let bytes = self.bytes;
        let (mut number, mut seen, mut high) = (0, 0u64, 0u8);
        self.options_offset = at as u32;
        loop {
            match step(bytes, at, number) {
                Step::Option(place) => {
                    number = place.number;
                    at = place.end;
                    seen |= bit(number as u16);
                    if number >= 64 {
                        high |= high_bit(number as u16);
                    }
                }
                Step::End => break,
                Step::Marker => {
                    self.take_payload(at + 1);
                    break;
                }
                Step::Stop(stop) => {
                    self.stop = Some(stop);
                    break;
                }
            }
        }
        self.options_end = at as u32;
        if bytes.get(1).is_some_and(|code| code >> 5 == 7) {
            // Signaling messages number their options in their own way.
            (seen, high) = (0, 1 << 7);
        }
        (self.seen, self.high) = (seen, high);
    }

    /// Takes what follows the payload marker.
    #[inline]
    fn take_payload(&mut self, at: usize) {
        if at < self.bytes.len() {
            self.payload_offset = at as u32;
        } else {
            self.stop = Some(Stop::new(Rule::PayloadMarkerEmpty, Span::of_bytes(at - 1, 1), [0, 0]));
        }
    }

    /// Walks `count` options of a draft. A count of 15 ends at 0xF0: in -12 after any number of options, in -09 to -11 perhaps earlier.
    #[cold]
    fn walk_draft(&mut self, count: u8) {
        let jumps = self.mode == DecodeMode::Draft12;
        let may_end = count == 15 && self.mode != DecodeMode::Draft03;
        let is_open = may_end && jumps;
        let (mut at, mut number, mut left) = (4, 0, count);
        let mut has_end = false;
        self.has_token = true;
        while is_open || left > 0 {
            has_end = may_end && self.bytes.get(at) == Some(&0xf0);
            if has_end {
                break;
            }
            match draft_step(self.bytes, at, number, jumps) {
                Step::Option(place) => {
                    number = place.number;
                    at = place.end;
                    self.note_draft_option(place);
                }
                Step::End if is_open => break,
                Step::Marker | Step::End => {
                    let span = Span::of_bytes(at, self.bytes.len() - at);
                    self.stop = Some(Stop::new(Rule::OptExtTruncated, span, [u32::from(left), 0]));
                    break;
                }
                Step::Stop(stop) => {
                    self.stop = Some(stop);
                    break;
                }
            }
            left = left.saturating_sub(1);
        }
        self.options_end = at as u32;
        let behind = at + usize::from(has_end);
        if self.stop.is_none() && behind < self.bytes.len() {
            self.payload_offset = behind as u32;
        }
    }

    /// Keeps what an option of a draft says about the message.
    fn note_draft_option(&mut self, place: Place) {
        if draft::token_number(self.mode).map(u32::from) == Some(place.number) {
            self.token_offset = place.value as u32;
            self.token_length = (place.end - place.value) as u32;
        }
        match draft::modern(self.mode, place.number as u16) {
            Some(today) => self.seen |= bit(today),
            None => self.high |= 1 << 7,
        }
    }
}
