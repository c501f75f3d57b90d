//! What is right in a message as can be seen at a glance, so that the checks need not look: they find nothing there. Whatever is not
//! usual is examined in full.

use super::Kind;
use super::ecosystem::may_be_convention;
use super::options::PROXY_LOW;
use super::oscore::OSCORE;
use super::payload::{BLOCKS, CONTENT_FORMAT};
use super::response::OBSERVE;
use crate::coap::message::Layout;
use crate::coap::option::{OPTIONS, OptionDefinition, OptionFormat, OptionStatus, bit, mask_of};
use crate::coap::parameters::{PAYLOAD_SIZE_BOUND, TOKEN_BOUND};
use crate::coap::walk::{Lean, lean};
use crate::coap::{CODES, Code, ContentFormat, DecodeMode, Message, MessageType, OptionNumber};

const PATH: u64 = mask_of(&[OptionNumber::URI_PATH]);
const IF_NONE_MATCH: u64 = mask_of(&[OptionNumber::IF_NONE_MATCH]);

/// What is usual in messages of one code.
#[derive(Clone, Copy)]
struct Usual {
    /// The options below 64 of which nothing is to be said but what their values tell.
    numbers: u64,
    /// Those that would make some other check look.
    examined: u64,
    /// Those that may be there only once.
    once: u64,
    /// Type and token length: one bit for each value of the six bits of the header.
    headers: u64,
    /// Whether there is a payload (1) and a Content-Format (2): one bit for each sum.
    payloads: u8,
    is_request: bool,
}

/// What is usual for every code.
static USUAL: [Usual; 256] = usual();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses an index out of range")]
const fn usual() -> [Usual; 256] {
    let mut usual = [Usual { numbers: 0, examined: 0, once: 0, headers: 0, payloads: 0, is_request: false }; 256];
    let mut row = 0;
    while row < CODES.len() {
        usual[CODES[row].code.0 as usize] = usual_for(CODES[row].code);
        row += 1;
    }
    usual
}

/// What is usual for a registered code.
const fn usual_for(code: Code) -> Usual {
    let kind = Kind::of(code);
    let (numbers, once) = if code.is_empty() { (0, 0) } else { numbers(kind) };
    let examined = match kind {
        Kind::Response if code.is_error() => BLOCKS | OSCORE | OBSERVE,
        _ => BLOCKS | OSCORE,
    };
    // With a token length of 0 the header's six bits are the type alone.
    let tokens = (1 << (TOKEN_BOUND + 1)) - 1;
    let headers = match kind {
        Kind::Neither if code.is_empty() => of_type(MessageType::Acknowledgement, 1) | of_type(MessageType::Reset, 1),
        Kind::Neither => 0,
        Kind::Response => {
            of_type(MessageType::Confirmable, tokens)
                | of_type(MessageType::NonConfirmable, tokens)
                | of_type(MessageType::Acknowledgement, tokens)
        }
        _ => of_type(MessageType::Confirmable, tokens & !1) | of_type(MessageType::NonConfirmable, tokens & !1),
    };
    let payloads = match code {
        Code::EMPTY | Code::GET | Code::DELETE => NEITHER,
        Code::FETCH => BOTH,
        Code::VALID | Code::CREATED | Code::CONTINUE => 0,
        Code::REQUEST_ENTITY_TOO_LARGE | Code::REQUEST_ENTITY_INCOMPLETE | Code::HOP_LIMIT_REACHED => 0,
        _ => NEITHER | BOTH,
    };
    Usual { numbers, examined, once, headers, payloads, is_request: kind.is_request() }
}

/// Neither payload nor Content-Format.
const NEITHER: u8 = 1;
/// Payload and Content-Format.
const BOTH: u8 = 1 << 3;

/// The headers of one type, with the token lengths of a set.
const fn of_type(message_type: MessageType, lengths: u64) -> u64 {
    lengths << (message_type as u8 * 16)
}

/// The options below 64 that are registered and in place in messages of a kind, and those that may not be repeated.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses an index out of range")]
const fn numbers(kind: Kind) -> (u64, u64) {
    let (mut there, mut once, mut at) = (0, 0, 0);
    while at < OPTIONS.len() {
        let row = &OPTIONS[at];
        if matches!(row.status, OptionStatus::Assigned) && kind.has_place_for(row.direction) {
            there |= bit(row.number.0);
        }
        if !kind.may_repeat(row.repeatable) {
            once |= bit(row.number.0);
        }
        at += 1;
    }
    // These are looked at together with others.
    (there & !(PROXY_LOW | IF_NONE_MATCH), once)
}

/// What can be seen of a message in one walk over its options.
pub(super) struct Glance<'a> {
    layout: Layout,
    /// The first segment of the path; empty for none.
    path: &'a [u8],
    /// Nothing is to be said of the message.
    pub is_usual: bool,
    /// Nothing is to be said of its options.
    pub has_usual_options: bool,
}

/// A message of which nothing is to be said, in a reading of today.
#[derive(Clone, Copy, Debug)]
pub struct UsualMessage<'a> {
    /// The message.
    pub message: Message<'a>,
    /// The first segment of the path of a request; empty for none.
    pub first_segment: &'a [u8],
    /// The options that are there, all below 64, one bit each.
    pub options: u64,
}

impl<'a> UsualMessage<'a> {
    /// Decodes and judges a message in one walk over its options, if it is a usual one: [`Message::decode`] gives the same, and
    /// [`Message::visit_findings`] finds nothing. None says nothing of the message. `visit` gets each option, as long as the message seems
    /// usual: its number, its value, and the last eight bytes of it as a number in little-endian order.
    #[inline(always)]
    pub fn read(bytes: &'a [u8], visit: impl FnMut(OptionNumber, &'a [u8], u64)) -> Option<Self> {
        let Glance { layout, path, .. } = Glance::at(bytes, visit).filter(|glance| glance.is_usual)?;
        Some(Self { message: Message { bytes, layout }, first_segment: path, options: layout.seen })
    }
}

impl<'a> Glance<'a> {
    /// A glance at a message as RFC 7252 has it; None where it cannot be told so quickly what is usual.
    #[inline(always)]
    pub(super) fn at(bytes: &'a [u8], mut visit: impl FnMut(OptionNumber, &'a [u8], u64)) -> Option<Self> {
        let &[first, code, ..] = bytes.first_chunk::<4>()?;
        let usual = USUAL.get(usize::from(code))?;
        // Version 1, and at most 8 bytes of token.
        if !matches!(first & 0xcf, 0x40..=0x48) {
            return None;
        }
        let token_length = u32::from(first & 15);
        let (mut at, mut number, mut path) = (4 + token_length as usize, 0u32, &[][..]);
        let (mut seen, mut repeated) = (0u64, 0u64);
        // What is odd is gathered in one place: a branch for each possibility would cost more than all of them together.
        let mut odd = false;
        while let Some(Lean { delta, value, end }) = lean(bytes, at) {
            number += delta;
            at = end;
            let values = VALUES.get(number as usize)?;
            let value = bytes.get(value..end)?;
            let word = match bytes.get(..end).and_then(|bytes| bytes.last_chunk::<8>()) {
                // Where the value is shorter, what stands in front of it is shifted out.
                Some(last) => {
                    let unused = 64u32.saturating_sub(value.len() as u32 * 8);
                    u64::from_le_bytes(*last).checked_shr(unused).unwrap_or(0)
                }
                None => first_word(value),
            };
            odd |= values.are_odd(value, word, usual.is_request);
            let bit = 1 << number;
            if bit & !seen & PATH != 0 {
                path = value;
            }
            repeated |= seen & bit;
            seen |= bit;
            visit(OptionNumber(number as u16), value, word);
        }
        let payload_offset = match bytes.get(at) {
            None if at == bytes.len() => 0,
            Some(0xff) if at + 1 < bytes.len() => at as u32 + 1,
            _ => return None,
        };
        let layout = Layout {
            seen,
            length: bytes.len() as u32,
            token_offset: 4,
            token_length,
            options_offset: 4 + token_length,
            options_end: at as u32,
            payload_offset,
            mode: DecodeMode::Rfc7252,
            high: 0,
            token_extension: 0,
            has_token: true,
            stopped: false,
            cut: false,
            settled: false,
        };
        let has_usual_options = !odd && (seen & !usual.numbers) | (repeated & usual.once) == 0;
        let is_usual = has_usual_options
            && seen & usual.examined == 0
            && usual.headers >> (first & 63) & 1 != 0
            && usual.payloads >> layout.payload_kind() & 1 != 0
            && bytes.len() <= PAYLOAD_SIZE_BOUND
            && !(usual.is_request && may_be_convention(path));
        Some(Self { layout, path, is_usual, has_usual_options })
    }
}

impl Layout {
    /// What [`Usual::payloads`] counts.
    #[inline]
    fn payload_kind(&self) -> u8 {
        u8::from(self.payload_offset != 0) | u8::from(self.seen & CONTENT_FORMAT != 0) << 1
    }
}

/// A short value as a number in little-endian order.
#[cold]
#[inline(never)]
fn first_word(value: &[u8]) -> u64 {
    value.iter().rfold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// What the values of an option usually are.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Values {
    /// The highest bit of each byte for a text, else nothing.
    text: u64,
    /// Shortest length.
    min: u16,
    /// How much longer they may be.
    slack: u16,
    /// No value of at most `short` bytes begins with this byte.
    odd_first: u8,
    short: u8,
    look: Look,
}

/// Which values are looked at more closely.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// None.
    Away,
    Observe,
    Format,
}

/// The values of the options below 64.
static VALUES: [Values; 64] = values();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses an index out of range")]
const fn values() -> [Values; 64] {
    let any = Values { text: 0, min: 0, slack: u16::MAX, odd_first: 0, short: 0, look: Look::Away };
    let (mut values, mut row) = ([any; 64], 0);
    while row < OPTIONS.len() {
        if OPTIONS[row].number.0 < 64 {
            values[OPTIONS[row].number.0 as usize] = values_of(&OPTIONS[row]);
        }
        row += 1;
    }
    values
}

const fn values_of(row: &OptionDefinition) -> Values {
    let look = match (row.number, row.format) {
        (OptionNumber::OBSERVE, _) => Look::Observe,
        (_, OptionFormat::ContentFormat) => Look::Format,
        _ => Look::Away,
    };
    let (text, odd_first, short) = match row.format {
        // One dot or two, and perhaps what only begins with a dot.
        OptionFormat::String => (HIGHEST, b'.', 2),
        // Leading zeros.
        OptionFormat::Uint | OptionFormat::Block | OptionFormat::ContentFormat => (0, 0, u8::MAX),
        _ => (0, 0, 0),
    };
    let slack = row.max - row.min;
    let slack = if slack < 0xffff { slack as u16 } else { 0xffff };
    Values { text, min: row.min as u16, slack, odd_first, short, look }
}

impl Values {
    /// Whether a value is not usual. `word` has its last eight bytes.
    #[inline(always)]
    fn are_odd(&self, value: &[u8], word: u64, is_request: bool) -> bool {
        let length = value.len();
        let mut odd = length.wrapping_sub(usize::from(self.min)) > usize::from(self.slack);
        odd |= (word as u8 == self.odd_first) & (length.wrapping_sub(1) < usize::from(self.short));
        odd |= odd_bytes(word) & self.text != 0;
        if length > 8 {
            odd |= odd_start(value) & self.text != 0;
        }
        if self.look != Look::Away {
            odd |= match self.look {
                Look::Format => !is_usual_format(word, length),
                _ => is_request & ((word > 1) | (length > 1)),
            };
        }
        odd
    }
}

/// Whether a number of so many bytes is that of a registered Content-Format. The bytes are in the wrong order.
#[inline]
fn is_usual_format(word: u64, length: usize) -> bool {
    // Text, CBOR and their like need no look into the table.
    length <= 1 && matches!(word, 0 | 40 | 50 | 60 | 110 | 112)
        || is_registered((word as u16).swap_bytes() >> (16 - 8 * length.min(2)))
}

#[inline(never)]
fn is_registered(number: u16) -> bool {
    ContentFormat(number).is_registered()
}

/// What [`odd_bytes`] has of all but the last eight bytes.
#[inline(always)]
fn odd_start(value: &[u8]) -> u64 {
    match value.first_chunk() {
        Some(first) if value.len() <= 16 => odd_bytes(u64::from_le_bytes(*first)),
        _ => odd_chunks(value),
    }
}

#[inline(never)]
fn odd_chunks(value: &[u8]) -> u64 {
    value.as_chunks().0.iter().fold(0, |odd, chunk| odd | odd_bytes(u64::from_le_bytes(*chunk)))
}

const ONES: u64 = u64::MAX / 0xff;
/// The highest bit of each of eight bytes.
const HIGHEST: u64 = ONES << 7;

/// Has the highest bit of some byte set where one of eight is a percent, a slash, or above 0x7F.
#[inline]
fn odd_bytes(word: u64) -> u64 {
    // The highest bit of a byte below 0x80 gets set by subtracting one only where it was zero.
    let percent = (word ^ (ONES * b'%' as u64)).wrapping_sub(ONES);
    let slash = (word ^ (ONES * b'/' as u64)).wrapping_sub(ONES);
    (word | percent | slash) & HIGHEST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coap::Finding;

    /// All findings of the message, whatever a glance tells.
    fn examined(message: &Message<'_>, has_usual_options: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        message.examine(has_usual_options, &mut |finding| findings.push(finding));
        findings
    }

    /// Holds a glance to what a full examination finds; tells whether the message is usual.
    fn check(bytes: &[u8]) -> bool {
        let message = Message::decode(bytes);
        let mut visited = Vec::new();
        let usual = UsualMessage::read(bytes, |number, value, _| visited.push((number.0, value.to_vec())));
        if let Some(usual) = &usual {
            let options = message.options().map(|option| (option.number.0, option.value.to_vec()));
            assert_eq!(usual.message.layout, message.layout, "{bytes:02x?}");
            assert_eq!(visited, options.collect::<Vec<_>>(), "{bytes:02x?}");
            assert_eq!(examined(&message, false), [], "{bytes:02x?}");
            assert_eq!(message.value(OptionNumber::URI_PATH).unwrap_or_default(), usual.first_segment);
            assert!(!message.is_malformed());
        }
        if Glance::at(bytes, |_, _, _| {}).is_some_and(|glance| glance.has_usual_options) {
            assert_eq!(examined(&message, true), examined(&message, false), "{bytes:02x?}");
        }
        usual.is_some()
    }

    /// A value that some option may have, or may not.
    fn value() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(vec![]),
            prop::collection::vec(any::<u8>(), 0..4),
            prop::collection::vec(prop_oneof![Just(0), Just(1), Just(40), Just(b'.'), Just(b'%'), Just(b'/')], 1..3),
            "[a-z0-9./%]{1,24}".prop_map(String::into_bytes),
        ]
    }

    /// Messages most of which are usual, or nearly so.
    fn message() -> impl Strategy<Value = Vec<u8>> {
        let numbers = prop::sample::select(vec![1u8, 3, 4, 5, 6, 7, 8, 11, 11, 12, 12, 14, 15, 17, 23, 27, 28, 35, 60]);
        let codes = prop::sample::select(vec![0u8, 1, 1, 2, 3, 4, 5, 7, 65, 67, 68, 69, 69, 95, 132, 140, 165, 225]);
        let options = prop::collection::vec((numbers, value()), 0..4);
        let payload = prop::collection::vec(any::<u8>(), 0..12);
        (0u8..4, codes, prop::collection::vec(any::<u8>(), 0..9), options, payload).prop_map(
            |(kind, code, token, mut options, payload)| {
                let mut bytes = vec![0x40 | kind << 4 | token.len() as u8, code, 1, 2];
                bytes.extend(token);
                options.sort_by_key(|(number, _)| *number);
                let mut last = 0;
                for (number, value) in options {
                    let nibble = |number: u8| number.min(13);
                    bytes.push(nibble(number - last) << 4 | nibble(value.len() as u8));
                    bytes.extend((number - last).checked_sub(13));
                    bytes.extend((value.len() as u8).checked_sub(13));
                    bytes.extend(value);
                    last = number;
                }
                if !payload.is_empty() {
                    bytes.push(0xff);
                    bytes.extend(payload);
                }
                bytes
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_glance_sees_nothing_that_is_not_there(bytes in message()) {
            check(&bytes);
        }

        #[test]
        fn a_glance_at_any_bytes_is_right(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x40u8..0x50], 0..40)) {
            check(&bytes);
        }
    }

    #[test]
    fn what_nearly_all_messages_are_is_usual() {
        let messages: [&[u8]; 6] = [
            b"\x42\x01\x1f\x04\x9a\xc6\xb7sensors\x03hum",
            b"\x41\x01\x00\x01\xb8\xbb.well-known\x04core",
            b"\x44\x02\x2d\x53\x40\x61\x7c\xd5\xb7sensors\x04temp\x11\x32\xff{}",
            b"\x62\x45\x1f\x04\x9a\xc6\xc0\xff21.5",
            b"\x52\x45\x1f\x04\x9a\xc6\x61\x07\x60\x21\x0a\xffx",
            b"\x60\x00\x1f\x04",
        ];
        for usual in messages {
            assert!(check(usual), "{usual:02x?}");
        }
        for odd in [
            &b"\x41\x01\x00\x01\xe5\xb2.."[..],
            b"\x41\x01\x00\x01\xe5\xb3a%2",
            b"\x52\x45\x00\x01\x09\x07\xc2\x28\x00\xffx",
        ] {
            assert!(!check(odd), "{odd:02x?}");
        }
    }
}
