//! The field tree of a message: every field in the order of the bytes, down to the bit, for any bytes at all.

mod option;

use super::escape;
use super::message_type::MessageType;
use super::{DecodeMode, Message, OptionNumber, Rule, Span};

/// A field of a message. The leaves below the fields of a message cover it without gap or overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The RFC's term for it, or the name of the option. The names never change.
    pub name: &'static str,
    /// Where it is.
    pub span: Span,
    /// Its value, escaped for a terminal.
    pub value: String,
    /// What the value means here; may be empty.
    pub meaning: String,
    /// Source.
    pub reference: &'static str,
    /// One sentence that says what the field is for.
    pub explanation: &'static str,
    /// The fields that it consists of, if any.
    pub children: Vec<Field>,
    /// For an option and what is inside it, its number on the wire.
    pub option: Option<OptionNumber>,
}

/// What is known of a field wherever it stands.
#[derive(Debug)]
pub struct FieldRow {
    /// The RFC's term for it.
    pub name: &'static str,
    /// Source.
    pub reference: &'static str,
    /// One sentence that says what the field is for.
    pub explanation: &'static str,
}

macro_rules! field_rows {
    ($($konst:ident $name:literal $reference:literal $explanation:literal)*) => {
        $(pub(super) static $konst: FieldRow = FieldRow { name: $name, reference: $reference, explanation: $explanation };)*

        /// Every field but the options themselves, whose names stand in [`super::OPTIONS`].
        pub static FIELD_ROWS: &[&FieldRow] = &[$(&$konst,)*];
    };
}

// name, source, one sentence
field_rows! {
    VERSION "Version" "RFC 7252 section 3" "Version of the protocol; 1 is the only one."
    TYPE "Type" "RFC 7252 section 3" "Says whether the message wants an acknowledgement, is one, or rejects another message."
    TOKEN_LENGTH "Token Length" "RFC 7252 section 3" "Number of token bytes behind the Message ID, 0 to 8."
    LONG_TOKEN_LENGTH "Token Length" "RFC 8974 section 2.1" "Above the 8 bytes of a plain token: 13 and 14 announce that the rest of the length follows the Message ID."
    OPTION_COUNT "Option Count" "draft-ietf-core-coap-12" "Number of options in the message; the drafts had no token length here."
    CODE "Code" "RFC 7252 section 3" "The method of a request or the outcome in a response."
    CLASS "Class" "RFC 7252 section 3" "0 is a request, 2 a success, 4 an error of the client, 5 an error of the server, 7 signaling."
    DETAIL "Detail" "RFC 7252 section 3" "Which method or response within the class."
    MESSAGE_ID "Message ID" "RFC 7252 section 4.4" "Links an ACK or RST to its message and lets the receiver recognise copies."
    TOKEN_EXTENSION "Extended Token Length" "RFC 8974 section 2.1" "The rest of the token length, where the four bits of the header cannot hold it."
    TOKEN "Token" "RFC 7252 section 5.3.1" "Chosen by the client and returned by the server, it links a response to its request."
    OPTION_JUMP "Option Jump" "draft-ietf-core-coap-12" "Raises the option number where the delta does not fit the nibble."
    OPTION_DELTA "Option Delta" "RFC 7252 section 3.1" "Is added to the number of the option before; 13 and 14 announce extension bytes."
    OPTION_LENGTH "Option Length" "RFC 7252 section 3.1" "Number of bytes in the value; 13 and 14 announce extension bytes."
    OPTION_DELTA_EXTENSION "Extended Option Delta" "RFC 7252 section 3.1" "One byte that counts from 13, or two bytes that count from 269."
    OPTION_LENGTH_EXTENSION "Extended Option Length" "RFC 7252 section 3.1" "One byte that counts from 13, or two bytes that count from 269."
    DRAFT_DELTA "Option Delta" "draft-ietf-core-coap-12" "Is added to the number of the option before."
    DRAFT_LENGTH "Option Length" "draft-ietf-core-coap-12" "Number of bytes in the value; 15 announces extension bytes."
    DRAFT_LENGTH_EXTENSION "Extended Option Length" "draft-ietf-core-coap-12" "Counts from 15; in draft -12 a byte of 255 is added, and the next one goes on."
    OPTION_VALUE "Option Value" "RFC 7252 section 3.2" "The value, in the format that the option prescribes."
    MALFORMED_OPTION "Malformed Option" "RFC 7252 section 3.1" "Here the options cannot be read on, so the whole message is a format error."
    CUT_OPTION "Cut Option" "RFC 7252 section 3.1" "The capture ends inside this option; its sender did send the rest."
    BLOCK_NUMBER "NUM" "RFC 7959 section 2.2" "Which block of the body, counted from 0."
    BLOCK_MORE "M" "RFC 7959 section 2.2" "Whether more blocks follow."
    BLOCK_SIZE "SZX" "RFC 7959 section 2.2" "Size of a block: 2 to the power of SZX + 4."
    OSCORE_RESERVED "Reserved Bits" "RFC 8613 section 6.1" "Must be 0, except that Group OSCORE uses the lowest of the three."
    OSCORE_KID_CONTEXT_FLAG "Kid Context Flag" "RFC 8613 section 6.1" "Whether a kid context follows."
    OSCORE_KID_FLAG "Kid Flag" "RFC 8613 section 6.1" "Whether a key identifier follows."
    OSCORE_PARTIAL_IV_LENGTH "Partial IV Length" "RFC 8613 section 6.1" "Number of bytes in the Partial IV, 0 to 5."
    OSCORE_PARTIAL_IV "Partial IV" "RFC 8613 section 6.1" "The sender's sequence number, part of the nonce."
    OSCORE_KID_CONTEXT_LENGTH "Kid Context Length" "RFC 8613 section 6.1" "Number of bytes in the kid context."
    OSCORE_KID_CONTEXT "Kid Context" "RFC 8613 section 5.1" "Tells contexts with the same key identifier apart."
    OSCORE_KID "Kid" "RFC 8613 section 5" "Key identifier: the Sender ID of who protected the message."
    OSCORE_LEFT_OVER "Left Over" "RFC 8613 section 6.1" "No field that the flag byte announces reaches so far."
    OPTIONS_END "End of Options" "draft-ietf-core-coap-12" "Closes an option list of open length."
    FURTHER_OPTIONS "Further Options" "RFC 7252 section 3.1" "More options than are looked at one by one."
    PAYLOAD_MARKER "Payload Marker" "RFC 7252 section 3" "The byte 0xFF between options and payload."
    PAYLOAD "Payload" "RFC 7252 section 5.5" "The representation, the result of the action, or a text for whoever debugs."
    INCOMPLETE "Incomplete" "RFC 7252 section 3" "The beginning of what the capture cut off."
    UNDECODED "Undecoded" "RFC 7252 section 3" "What cannot be read because of the error before it."
}

impl Field {
    fn new(row: &'static FieldRow, span: Span, value: impl Into<String>, meaning: impl Into<String>) -> Self {
        Self {
            name: row.name,
            span,
            value: value.into(),
            meaning: meaning.into(),
            reference: row.reference,
            explanation: row.explanation,
            children: Vec::new(),
            option: None,
        }
    }

    fn with_children(self, children: Vec<Field>) -> Self {
        Self { children, ..self }
    }

    /// Whether it is what is left of an option that cannot be read, or that the capture cut.
    pub fn is_broken_option(&self) -> bool {
        [MALFORMED_OPTION.name, CUT_OPTION.name].contains(&self.name)
    }

    /// Calls `visit` for every field without children, in order.
    pub fn visit_leaves<'f>(&'f self, visit: &mut dyn FnMut(&'f Field)) {
        if self.children.is_empty() {
            visit(self);
        }
        for child in &self.children {
            child.visit_leaves(visit);
        }
    }
}

/// Every field of a message in the order of its bytes.
pub fn fields(message: &Message<'_>) -> Vec<Field> {
    let mut fields = header(message);
    if let Some(token) = message.token().filter(|_| !message.layout.mode.is_draft()) {
        let extension = message.token_extension_span();
        if extension.bits > 0 {
            fields.push(leaf(message, &TOKEN_EXTENSION, extension, format!("{} of token", count(token.len(), "byte"))));
        }
        if !token.is_empty() {
            fields.push(leaf(message, &TOKEN, message.token_span(), count(token.len(), "byte")));
        }
    }
    let mut before = 0;
    for instance in message.first_options() {
        fields.push(option::field(message, &instance, before));
        before = instance.number.0;
    }
    if let Some((further, span)) = message.further_options() {
        fields.push(Field::new(&FURTHER_OPTIONS, span, shown(bytes_of(message, span)), count(further, "option")));
    }
    if let Some(offset) = message.payload_offset() {
        if offset > message.layout.options_end as usize {
            let row = if message.layout.mode.is_draft() { &OPTIONS_END } else { &PAYLOAD_MARKER };
            fields.push(leaf(message, row, Span::of_bytes(offset - 1, 1), "the rest is payload"));
        }
        fields.push(payload(message, offset));
    }
    push_rest(message, &mut fields);
    fields
}

/// A field whose value is its bytes in hexadecimal.
fn leaf(message: &Message<'_>, row: &'static FieldRow, span: Span, meaning: impl Into<String>) -> Field {
    Field::new(row, span, escape::hex(bytes_of(message, span)), meaning)
}

/// "3 bytes", "1 byte".
pub fn count<N: std::fmt::Display + PartialEq + From<u8> + Copy>(number: N, noun: &str) -> String {
    if number == N::from(1) { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The bytes that a span touches.
fn bytes_of<'a>(message: &Message<'a>, span: Span) -> &'a [u8] {
    message.bytes.get(span.byte_range()).unwrap_or_default()
}

/// The four bytes of the header, or what is there of them.
fn header(message: &Message<'_>) -> Vec<Field> {
    let mut fields = Vec::new();
    if let Some(&first) = message.bytes.first() {
        let kind = MessageType::from_bits(first >> 4);
        let (version, nibble) = (first >> 6, first & 15);
        let known = if version == 1 { "CoAP version 1" } else { "no such version exists" };
        fields.push(Field::new(&VERSION, Span::of_bits(0, 2), version.to_string(), known));
        fields.push(Field::new(
            &TYPE,
            Span::of_bits(2, 2),
            (first >> 4 & 3).to_string(),
            format!("{}, {kind}", kind.name()),
        ));
        let (row, meaning) = if message.layout.mode.is_draft() {
            (&OPTION_COUNT, option_count_meaning(message.layout.mode, nibble))
        } else {
            (
                if nibble > 8 { &LONG_TOKEN_LENGTH } else { &TOKEN_LENGTH },
                token_length_meaning(nibble, message.layout.has_token),
            )
        };
        fields.push(Field::new(row, Span::of_bits(4, 4), nibble.to_string(), meaning));
    }
    if let Some(&byte) = message.bytes.get(1) {
        fields.push(code(message, byte));
    }
    if let Some(header) = message.header() {
        let meaning = format!("0x{:04x}", header.message_id);
        fields.push(Field::new(&MESSAGE_ID, Span::of_bytes(2, 2), header.message_id.to_string(), meaning));
    }
    fields
}

/// The code, with class and detail where they are bits of their own.
fn code(message: &Message<'_>, byte: u8) -> Field {
    let code = message.header().map_or(super::Code(byte), |header| header.code);
    let span = Span::of_bytes(1, 1);
    if message.layout.mode == DecodeMode::Draft03 {
        let meaning = match message.is_ok_of_03() {
            true => "200 OK, which today is said by several codes".to_string(),
            false => format!("{code} {} today", code.description()),
        };
        return Field::new(&CODE, span, byte.to_string(), meaning);
    }
    let kind = match code.kind() {
        super::CodeKind::Empty => "neither request nor response",
        super::CodeKind::Request => "request",
        super::CodeKind::Signaling => "signaling",
        super::CodeKind::Reserved => "reserved",
        super::CodeKind::Response => match code.class() {
            2 => "success",
            4 => "error of the client",
            _ => "error of the server",
        },
    };
    Field::new(&CODE, span, code.to_string(), code.description()).with_children(vec![
        Field::new(&CLASS, Span::of_bits(8, 3), code.class().to_string(), kind),
        Field::new(&DETAIL, Span::of_bits(11, 5), format!("{:02}", code.detail()), code.description()),
    ])
}

fn token_length_meaning(nibble: u8, is_accepted: bool) -> String {
    match nibble {
        0 => "no token".to_string(),
        1..=8 => format!("{} of token", count(usize::from(nibble), "byte")),
        9..=12 if is_accepted => format!("{nibble} bytes of token, as RFC 8974 allows"),
        13 if is_accepted => "one more byte holds the length of the token less 13 (RFC 8974)".to_string(),
        14 if is_accepted => "two more bytes hold the length of the token less 269 (RFC 8974)".to_string(),
        9..=12 => format!("reserved; {nibble} bytes of token for RFC 8974"),
        13 => "reserved; for RFC 8974 one more byte holds the length less 13".to_string(),
        14 => "reserved; for RFC 8974 two more bytes hold the length less 269".to_string(),
        _ => "reserved".to_string(),
    }
}

fn option_count_meaning(mode: DecodeMode, nibble: u8) -> String {
    match nibble {
        15 if mode == DecodeMode::Draft12 => "options up to the byte 0xF0".to_string(),
        15 if mode == DecodeMode::Draft08 => "15 options, or as many as come before the byte 0xF0".to_string(),
        _ => count(usize::from(nibble), "option"),
    }
}

/// How many bytes a field shows that may have many.
const SHOWN: usize = 64;

/// Bytes in hexadecimal, cut short where they are many.
fn shown(bytes: &[u8]) -> String {
    match bytes.get(..SHOWN) {
        Some(first) if bytes.len() > SHOWN => escape::hex(first) + "...",
        _ => escape::hex(bytes),
    }
}

/// The payload: as text where it is text, otherwise in hexadecimal, either cut short.
fn payload(message: &Message<'_>, offset: usize) -> Field {
    let payload = message.payload();
    let format = message.content_format().map_or(String::new(), |format| format!(", {format}"));
    let cut = if message.is_cut() { " captured, the rest was cut off" } else { "" };
    let meaning = format!("{}{cut}{format}", count(payload.len(), "byte"));
    let text = std::str::from_utf8(payload)
        .ok()
        .filter(|text| text.chars().all(|c| !super::escape::is_hidden(c) || c == '\n'));
    let value = match text {
        Some(text) if text.chars().count() <= SHOWN => escape::text(text).into_owned(),
        Some(text) => format!("{}...", escape::text(&text.chars().take(SHOWN).collect::<String>())),
        None => shown(payload),
    };
    Field::new(&PAYLOAD, Span::of_bytes(offset, payload.len()), value, meaning)
}

/// What is left behind the place where decoding stopped.
fn push_rest(message: &Message<'_>, fields: &mut Vec<Field>) {
    let begin = match fields.last() {
        Some(last) => last.span.end() as usize / 8,
        None => 0,
    };
    let rest = Span::of_bytes(begin, message.bytes.len().saturating_sub(begin));
    if rest.bits == 0 {
        return;
    }
    let Some(stop) = message.stop() else {
        // Only the end of an open option list of draft -12 stands behind the options without a payload.
        fields.push(leaf(message, &OPTIONS_END, rest, "no payload follows"));
        return;
    };
    let why = if message.fault().is_none() { CUT } else { stop.rule.row().teaching };
    fields.push(match stop.rule {
        Rule::PayloadMarkerEmpty => leaf(message, &PAYLOAD_MARKER, rest, why),
        Rule::OptOverrun | Rule::OptDelta15 | Rule::OptLength15 | Rule::OptNumberOverflow | Rule::OptExtTruncated
            if !message.layout.mode.is_draft() =>
        {
            option::malformed(message, rest, message.options().last().map_or(0, |last| last.number.0), why)
        }
        Rule::HdrTklReserved if why != CUT => {
            leaf(message, &UNDECODED, rest, as_extended_token(message).unwrap_or_else(|| why.to_string()))
        }
        _ => leaf(message, if why == CUT { &INCOMPLETE } else { &UNDECODED }, rest, why),
    });
}

/// Why decoding ended where the capture did.
const CUT: &str = "there are no more bytes of it here, and the rest of the message is not known";

/// What RFC 8974 would make of a token length that is not accepted.
fn as_extended_token(message: &Message<'_>) -> Option<String> {
    let read = Message::decode_as(message.bytes, DecodeMode::ExtendedTokens);
    let token = read.token().filter(|_| read.stop().is_none())?;
    let options = count(read.options().count(), "option");
    Some(format!("for RFC 8974 a token of {} bytes, {}, with {options} behind it", token.len(), escape::hex(token)))
}
