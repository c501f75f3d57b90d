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
use crate::coap::{CODES, Code, ContentFormat, Message, MessageType, OptionNumber};

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

/// What can be seen of a message at a glance.
#[derive(Clone, Copy)]
pub(super) struct Glance {
    /// Nothing is to be said of the message.
    pub is_usual: bool,
    /// Nothing is to be said of its options.
    pub has_usual_options: bool,
}

impl Glance {
    /// A glance at a message in today's reading.
    #[inline]
    pub(super) fn at(message: &Message<'_>) -> Self {
        let (bytes, layout) = (message.bytes, &message.layout);
        let none = Self { is_usual: false, has_usual_options: false };
        let Some(&[first, code, ..]) = bytes.first_chunk::<4>() else {
            return none;
        };
        let Some(usual) = USUAL.get(usize::from(code)) else {
            return none;
        };
        if layout.seen & !usual.numbers != 0 || layout.high != 0 || layout.mode.is_draft() {
            return none;
        }
        let is_odd = layout.stopped
            || layout.seen & usual.examined != 0
            || usual.headers >> (first & 63) & 1 == 0
            || usual.payloads >> layout.payload_kind() & 1 == 0
            || bytes.len() > PAYLOAD_SIZE_BOUND;
        if layout.seen == 0 {
            return Self { is_usual: !is_odd, has_usual_options: true };
        }
        match usual.values(bytes, layout) {
            Some(path) => {
                Self { is_usual: !(is_odd || usual.is_request && may_be_convention(path)), has_usual_options: true }
            }
            None => none,
        }
    }
}

impl Layout {
    /// What [`Usual::payloads`] counts.
    #[inline]
    fn payload_kind(&self) -> u8 {
        u8::from(self.payload_offset != 0) | u8::from(self.seen & CONTENT_FORMAT != 0) << 1
    }
}

/// What the values of an option usually are.
#[derive(Clone, Copy)]
#[repr(align(8))]
struct Values {
    /// Shortest length.
    min: u16,
    /// How much longer they may be.
    slack: u16,
    look: Look,
}

/// How closely a value is looked at.
#[derive(Clone, Copy)]
enum Look {
    /// Any bytes will do.
    Away,
    Text,
    Path,
    Uint,
    Observe,
    Format,
}

/// The values of the options below 64.
static VALUES: [Values; 64] = values();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses an index out of range")]
const fn values() -> [Values; 64] {
    let mut values = [Values { min: 0, slack: u16::MAX, look: Look::Away }; 64];
    let mut row = 0;
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
        (OptionNumber::URI_PATH, _) => Look::Path,
        (_, OptionFormat::String) => Look::Text,
        (_, OptionFormat::ContentFormat) => Look::Format,
        (_, OptionFormat::Uint | OptionFormat::Block) => Look::Uint,
        (_, OptionFormat::Empty | OptionFormat::Opaque | OptionFormat::Oscore | OptionFormat::Unknown) => Look::Away,
    };
    let slack = row.max - row.min;
    Values { min: row.min as u16, slack: if slack < 0xffff { slack as u16 } else { 0xffff }, look }
}

impl Usual {
    /// The first segment of the path, empty for none; None if some value is odd, or an option is repeated that must not be.
    /// To be asked where all numbers are below 64.
    fn values<'a>(&self, bytes: &'a [u8], layout: &Layout) -> Option<&'a [u8]> {
        let bytes = bytes.get(..layout.options_end as usize)?;
        let (mut at, mut number, mut path) = (layout.options_offset as usize, 0, &[][..]);
        while let Some(Lean { delta, value, end }) = lean(bytes, at) {
            number += delta;
            at = end;
            if delta == 0 && self.once >> (number & 63) & 1 != 0 {
                return None;
            }
            let values = VALUES.get(number as usize & 63)?;
            let value = bytes.get(value..end)?;
            let is_usual = match values.look {
                Look::Path => {
                    // The first adds something to the number.
                    if delta != 0 {
                        path = value;
                    }
                    is_usual_text(bytes.get(..end)?, value)
                }
                Look::Text => is_usual_text(bytes.get(..end)?, value),
                Look::Uint => value.first() != Some(&0),
                Look::Observe if self.is_request => matches!(value, [] | [1]),
                Look::Observe => value.first() != Some(&0),
                Look::Format => is_usual_format(value),
                Look::Away => true,
            };
            if !is_usual || value.len().wrapping_sub(usize::from(values.min)) > usize::from(values.slack) {
                return None;
            }
        }
        Some(path)
    }
}

/// Whether a value is the shortest way to name a registered Content-Format.
#[inline]
fn is_usual_format(value: &[u8]) -> bool {
    match value {
        // Text, CBOR and their like need no look into the table.
        [] | [40 | 50 | 60] => true,
        [0, ..] => false,
        [number] => ContentFormat(u16::from(*number)).is_registered(),
        [high, low] => ContentFormat(u16::from_be_bytes([*high, *low])).is_registered(),
        _ => false,
    }
}

/// Whether a text, the last that stands in `bytes`, is ASCII without percent and slash, and too long or too plain to be a dot or two.
/// Eight bytes are looked at together; in front of a shorter text, those that stand there are shifted out.
#[inline]
fn is_usual_text(bytes: &[u8], text: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<8>().map(|last| u64::from_le_bytes(*last)) else {
        return false;
    };
    match text.len() {
        0 => true,
        length @ 1..8 => {
            let word = last >> (64 - 8 * length);
            is_usual_word(word) && (length > 2 || word & 0xff != u64::from(b'.'))
        }
        _ => is_usual_word(last) && text.as_chunks().0.iter().all(|chunk| is_usual_word(u64::from_le_bytes(*chunk))),
    }
}

/// Whether none of eight bytes is a percent, a slash, or above 0x7F.
#[inline]
fn is_usual_word(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    // The highest bit of a byte below 0x80 gets set by subtracting one only where it was zero.
    let percent = (word ^ (ONES * b'%' as u64)).wrapping_sub(ONES);
    let slash = (word ^ (ONES * b'/' as u64)).wrapping_sub(ONES);
    (word | percent | slash) & (ONES << 7) == 0
}
