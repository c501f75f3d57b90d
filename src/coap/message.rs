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

use super::{Code, MessageType, Rule, Span, decode, walk};

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
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Rfc7252, Self::ExtendedTokens, Self::PlainTokens, Self::Draft03, Self::Draft08, Self::Draft12];

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

impl Header {
    /// The header that these bytes begin with, as RFC 7252 has it; None below four bytes.
    #[inline]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let &[first, code, high, low] = bytes.first_chunk::<4>()?;
        Some(Self {
            version: first >> 6,
            message_type: MessageType::from_bits(first >> 4),
            token_length: first & 15,
            code: Code(code),
            message_id: u16::from_be_bytes([high, low]),
        })
    }
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
    pub(super) layout: Layout,
}

/// Where everything lies in a message: what decoding found out, without the bytes. It can be kept, and sent to another thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Options below 64 that are there, one bit each, in today's numbering.
    pub(super) seen: u64,
    /// Length of the message.
    pub(super) length: u32,
    pub(super) token_offset: u32,
    pub(super) token_length: u32,
    pub(super) options_offset: u32,
    /// Behind the last option that could be read.
    pub(super) options_end: u32,
    /// First byte of the payload; 0 for none.
    pub(super) payload_offset: u32,
    pub(super) mode: DecodeMode,
    /// Options from 64 up that are there, as [`super::option::high_bit`] has them (in drafts also those that mean nothing today).
    pub(super) high: u8,
    pub(super) token_extension: u8,
    /// The token was there in full.
    pub(super) has_token: bool,
    /// Decoding ended early. Why is not kept: it is rarely asked for, and the bytes tell it again.
    pub(super) stopped: bool,
    /// The capture holds only the beginning of the message.
    pub(super) cut: bool,
    /// It is known how its endpoints speak.
    pub(super) settled: bool,
}

impl<'a> Message<'a> {
    /// Reads a message as RFC 7252 says, extended tokens where they fit. Total: any bytes give a message. No allocation.
    #[inline]
    pub fn decode(bytes: &'a [u8]) -> Self {
        Self::decode_as(bytes, DecodeMode::Rfc7252)
    }

    /// Reads a message in a given way.
    #[inline]
    pub fn decode_as(bytes: &'a [u8], mode: DecodeMode) -> Self {
        Self { bytes, layout: decode::layout(bytes, mode) }
    }

    /// The same message, of which the capture holds only the beginning: what is missing does not count as absent, and only what is there is
    /// judged.
    pub fn cut_by_capture(self) -> Self {
        self.cut_if(true)
    }

    /// The same message, which the capture may have cut.
    pub fn cut_if(mut self, cut: bool) -> Self {
        self.layout.cut = cut;
        self
    }

    /// The same message, between endpoints that are known to speak so as it was read: no other reading is in question.
    pub fn settled(mut self) -> Self {
        self.layout.settled = true;
        self
    }

    /// Whether the capture holds only the beginning of the message.
    #[inline]
    pub fn is_cut(&self) -> bool {
        self.layout.cut
    }

    /// Whether there may be more options than were read: the capture ends before they do, or something in front of them or one of them
    /// cannot be read.
    pub fn lacks_options(&self) -> bool {
        match self.stop() {
            Some(stop) => stop.rule != Rule::PayloadMarkerEmpty,
            None => self.is_cut() && self.layout.payload_offset == 0,
        }
    }

    /// Where and why decoding ended early, if that is not only because the capture has no more of the message.
    pub fn fault(&self) -> Option<Stop> {
        self.stop().filter(|stop| !self.is_cut() || !self.may_go_on(stop))
    }

    /// What is wrong with the option at which decoding ended, beside what ended it.
    #[cold]
    pub(super) fn second_fault(&self, first: &Stop) -> Option<Stop> {
        if self.mode().is_draft() {
            return None;
        }
        let before = self.options().last().map_or(0, |option| u32::from(option.number.0));
        walk::second_fault(self.bytes, first, before).filter(|stop| !self.is_cut() || !self.may_go_on(stop))
    }

    /// Whether more bytes could have made sense of a message that stops here.
    fn may_go_on(&self, stop: &Stop) -> bool {
        match stop.rule {
            Rule::HdrTruncated
            | Rule::HdrTokenTruncated
            | Rule::OptOverrun
            | Rule::OptExtTruncated
            | Rule::PayloadMarkerEmpty => true,
            // An extended token is taken for one only where the options behind it can be read.
            Rule::HdrTklReserved => self.mode() == DecodeMode::Rfc7252 && matches!(stop.numbers, [13 | 14, _]),
            Rule::HdrVersion => false,
            _ => self.mode().is_draft(),
        }
    }

    /// Where everything lies in it, to compare two ways of decoding.
    #[cfg(test)]
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Where and why decoding ended early.
    #[inline]
    pub fn stop(&self) -> Option<Stop> {
        if self.layout.stopped { decode::stop(self.bytes, self.layout.mode) } else { None }
    }
}
