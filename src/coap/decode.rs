//! Decoding: one pass over the bytes (RFC 7252 section 3, RFC 8974 section 2.1).

use super::draft::{OPEN, OPEN_END};
use super::finding::LENGTH_CUT;
use super::message::{DecodeMode, Layout, Stop};
use super::option::{bit, draft, high_bit};
use super::walk::{Lean, Place, Step, draft_step, lean, step};
use super::{Rule, Span};

/// The sets of option numbers of a signaling message, which numbers its options in its own way.
const UNNUMBERED: (u64, u8) = (0, 1 << 7);

/// Where everything lies in a message.
pub(super) fn layout(bytes: &[u8], mode: DecodeMode) -> Layout {
    plain_layout(bytes, mode).unwrap_or_else(|| any_layout(bytes, mode))
}

/// The layout of what nearly all messages are: a plain token, options that can be read, and a payload or none. None for all others.
#[inline]
fn plain_layout(bytes: &[u8], mode: DecodeMode) -> Option<Layout> {
    let &[first, code, ..] = bytes.first_chunk::<4>()?;
    // Version 1, and at most 8 bytes of token.
    if !matches!(first & 0xcf, 0x40..=0x48) || mode.is_draft() {
        return None;
    }
    let token_length = u32::from(first & 15);
    let (mut at, mut number, mut seen, mut high) = (4 + token_length as usize, 0u32, 0u64, 0u8);
    while let Some(Lean { delta, end, .. }) = lean(bytes, at) {
        number += delta;
        at = end;
        if number < 64 {
            seen |= 1 << number;
        } else if number <= 0xffff {
            high |= high_bit(number as u16);
        } else {
            return None;
        }
    }
    let payload_offset = match bytes.get(at) {
        None if at == bytes.len() => 0,
        Some(0xff) if at + 1 < bytes.len() => at as u32 + 1,
        _ => return None,
    };
    if code >> 5 == 7 {
        (seen, high) = UNNUMBERED;
    }
    Some(Layout {
        seen,
        length: bytes.len() as u32,
        token_offset: 4,
        token_length,
        options_offset: 4 + token_length,
        options_end: at as u32,
        payload_offset,
        // A short token is the same in every reading of today.
        mode: DecodeMode::Rfc7252,
        high,
        token_extension: 0,
        has_token: true,
        stopped: false,
        cut: false,
        settled: false,
    })
}

/// The layout of any message.
#[cold]
fn any_layout(bytes: &[u8], mode: DecodeMode) -> Layout {
    let reader = Reader::read(bytes, mode);
    Layout { stopped: reader.stop.is_some(), ..reader.layout }
}

/// Where and why decoding ends early.
#[cold]
pub(super) fn stop(bytes: &[u8], mode: DecodeMode) -> Option<Stop> {
    Reader::read(bytes, mode).stop
}

/// Of a token, or of what tells its length, only so many bytes are there. Where that is none, what announces it is pointed at.
fn token_cut(at: usize, left: usize, announced: u32) -> Stop {
    let span = if left == 0 { Span::of_bits(4, 4) } else { Span::of_bytes(at, left) };
    Stop::new(Rule::HdrTokenTruncated, span, [announced, left as u32])
}

/// A message while it is read.
#[derive(Clone, Copy)]
struct Reader<'a> {
    bytes: &'a [u8],
    layout: Layout,
    stop: Option<Stop>,
}

impl<'a> Reader<'a> {
    fn read(bytes: &'a [u8], mode: DecodeMode) -> Self {
        let layout = Layout {
            seen: 0,
            length: bytes.len() as u32,
            token_offset: 4,
            token_length: 0,
            options_offset: bytes.len().min(4) as u32,
            options_end: bytes.len().min(4) as u32,
            payload_offset: 0,
            // Only a token longer than eight bytes makes a difference.
            mode: if mode.is_draft() { mode } else { DecodeMode::Rfc7252 },
            high: 0,
            token_extension: 0,
            has_token: false,
            stopped: false,
            cut: false,
            settled: false,
        };
        let mut reader = Self { bytes, layout, stop: None };
        let Some(&[first, ..]) = bytes.first_chunk::<4>() else {
            reader.stop = Some(Stop::new(Rule::HdrTruncated, Span::of_bytes(0, bytes.len()), [bytes.len() as u32, 0]));
            return reader;
        };
        if first >> 6 != 1 {
            reader.stop = Some(Stop::new(Rule::HdrVersion, Span::of_bits(0, 2), [u32::from(first >> 6), 0]));
        } else if mode.is_draft() {
            reader.walk_draft(first & 15);
        } else if first & 15 <= 8 {
            reader.take_token(4, usize::from(first & 15));
        } else {
            reader.layout.mode = mode;
            reader.take_long_token(first & 15);
        }
        reader
    }

    /// Takes a token of `length` bytes at `at`, and the options behind it.
    fn take_token(&mut self, at: usize, length: usize) {
        let left = self.bytes.len().saturating_sub(at);
        if length > left {
            self.stop = Some(token_cut(at, left, length as u32));
            return;
        }
        self.layout.has_token = true;
        self.layout.token_offset = at as u32;
        self.layout.token_length = length as u32;
        self.walk(at + length);
    }

    /// Takes a token whose length field is 9 or more (RFC 8974 section 2.1).
    fn take_long_token(&mut self, nibble: u8) {
        let plain = *self;
        let reserved = Some(Stop::new(Rule::HdrTklReserved, Span::of_bits(4, 4), [u32::from(nibble), 0]));
        let accepted = match self.layout.mode {
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
        self.layout.token_extension = extension as u8;
        match length {
            Some(length) => self.take_token(4 + extension, length),
            None => {
                let left = self.bytes.len() - 4;
                self.layout.token_extension = 0;
                self.stop = Some(token_cut(4, left, LENGTH_CUT | extension as u32));
            }
        }
        if self.layout.mode == DecodeMode::Rfc7252 {
            match self.stop {
                Some(_) => *self = Self { stop: reserved, ..plain },
                None => self.layout.mode = DecodeMode::ExtendedTokens,
            }
        }
    }

    /// Walks the options from `at`, and finds the payload.
    fn walk(&mut self, mut at: usize) {
        let bytes = self.bytes;
        let (mut number, mut seen, mut high) = (0, 0u64, 0u8);
        self.layout.options_offset = at as u32;
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
        self.layout.options_end = at as u32;
        if bytes.get(1).is_some_and(|code| code >> 5 == 7) {
            (seen, high) = UNNUMBERED;
        }
        (self.layout.seen, self.layout.high) = (seen, high);
    }

    /// Takes what follows the payload marker.
    fn take_payload(&mut self, at: usize) {
        if at < self.bytes.len() {
            self.layout.payload_offset = at as u32;
        } else {
            self.stop = Some(Stop::new(Rule::PayloadMarkerEmpty, Span::of_bytes(at - 1, 1), [0, 0]));
        }
    }

    /// Walks `count` options of a draft. A count of 15 ends at 0xF0: in -12 after any number of options, in -09 to -11 perhaps earlier.
    fn walk_draft(&mut self, count: u8) {
        let jumps = self.layout.mode == DecodeMode::Draft12;
        let may_end = count == OPEN && self.layout.mode != DecodeMode::Draft03;
        let is_open = may_end && jumps;
        let (mut at, mut number, mut left) = (4, 0, count);
        let mut has_end = false;
        self.layout.has_token = true;
        while is_open || left > 0 {
            has_end = may_end && self.bytes.get(at) == Some(&OPEN_END);
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
                    // Each option that is missing has a byte at least.
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
        self.layout.options_end = at as u32;
        let behind = at + usize::from(has_end);
        if self.stop.is_none() && behind < self.bytes.len() {
            self.layout.payload_offset = behind as u32;
        }
    }

    /// Keeps what an option of a draft says about the message.
    fn note_draft_option(&mut self, place: Place) {
        if draft::token_number(self.layout.mode).map(u32::from) == Some(place.number) {
            self.layout.token_offset = place.value as u32;
            self.layout.token_length = (place.end - place.value) as u32;
        }
        match draft::modern(self.layout.mode, place.number as u16) {
            Some(today) => self.layout.seen |= bit(today),
            None => self.layout.high |= 1 << 7,
        }
    }
}
