//! Fields that Wireshark has under `coap.`, but for those of single options.

use std::borrow::Cow;

use super::options::block_payload;
use super::{Field, Kind, Value, Words, is_plain};
use crate::coap::content_format::FormatStatus;
use crate::coap::{Code, ContentFormat, OptionNumber, Rule};
use crate::store::{RecordFlags, View};
use crate::tracking::{RecordId, Relation};

pub(super) fn rows() -> Vec<Field> {
    [header(), options(), payload(), relations()].into_iter().flatten().collect()
}

fn header() -> Vec<Field> {
    use Kind::{Bytes, Unsigned};
    vec![
        Field::new("coap.version", Unsigned, "Version, the first two bits of the message.", |view, visit| {
            header_byte(view, 0, |byte| byte >> 6, visit);
        })
        .bits(2),
        Field::new(
            "coap.type",
            Unsigned,
            "Type: 0 Confirmable, 1 Non-confirmable, 2 Acknowledgement, 3 Reset.",
            |view, visit| match is_plain(&view.record) {
                true => visit(Value::Unsigned(view.record.message_type as u64)),
                false => header_byte(view, 0, |byte| byte >> 4 & 3, visit),
            },
        )
        .words(Words::TYPE_NUMBERS)
        .bits(2)
        .of_record(),
        Field::new(
            "coap.token_len",
            Unsigned,
            "Token length field: the lower four bits of the first byte.",
            |view, visit| header_byte(view, 0, |byte| byte & 15, visit),
        )
        .bits(4),
        Field::new("coap.code", Unsigned, "Code as one byte: 1 is GET, 69 is 2.05.", |view, visit| {
            match is_plain(&view.record) {
                true => visit(Value::Unsigned(view.record.code.0.into())),
                false => header_byte(view, 1, |byte| byte, visit),
            }
        })
        .words(Words::CODE_NUMBERS)
        .bits(8)
        .of_record(),
        Field::new("coap.mid", Unsigned, "Message ID.", |view, visit| {
            if !view.record.flags.has(RecordFlags::HEADERLESS) {
                visit(Value::Unsigned(view.record.message_id.into()));
            }
        })
        .bits(16)
        .of_record(),
        Field::new("coap.token", Bytes, "Token, where it is not empty.", |view, visit| {
            if let Some(token) = view.message.token().filter(|token| !token.is_empty()) {
                visit(Value::bytes(token));
            }
        }),
    ]
}

/// A part of a byte of the header, also where the message ends inside the header.
fn header_byte(view: &View<'_>, at: usize, part: fn(u8) -> u8, visit: &mut dyn FnMut(Value<'_>)) {
    if let Some(byte) = view.message.bytes().get(at) {
        visit(Value::Unsigned(part(*byte).into()));
    }
}

/// There is a payload marker, with or without a payload behind it.
fn has_marker(view: &View<'_>) -> bool {
    let before = view.message.payload_offset().and_then(|offset| offset.checked_sub(1));
    let marker = before.and_then(|at| view.message.bytes().get(at)) == Some(&0xff);
    marker || view.message.stop().is_some_and(|stop| stop.rule == Rule::PayloadMarkerEmpty)
}

fn options() -> Vec<Field> {
    use Kind::{Text, Unsigned};
    vec![
        Field::new(
            "coap.opt.name",
            Text,
            "Place and name of each option, as Wireshark spells it: `#1: Uri-Path`.",
            |view, visit| {
                for (index, option) in view.message.options().enumerate() {
                    let name = match option.name() {
                        Some("Max-Age") => "Max-age".into(),
                        Some("ETag") => "Etag".into(),
                        Some(name) => name.to_owned(),
                        None if option.number.0.is_multiple_of(14) => "No-Op".into(),
                        None => format!("Unknown Option ({})", option.number.0),
                    };
                    visit(Value::string(format!("#{}: {name}", index + 1)));
                }
            },
        ),
        Field::new(
            "coap.opt.desc",
            Text,
            "Number of each option and what follows from it: `Type 11, Critical, Unsafe`.",
            |view, visit| {
                for option in view.message.options() {
                    visit(Value::string(description(option.number)));
                }
            },
        ),
        Field::new(
            "coap.opt.delta",
            Unsigned,
            "Option delta field: the upper four bits of each option.",
            |view, visit| {
                nibbles(view, visit, |byte| byte >> 4);
            },
        )
        .bits(4),
        Field::new(
            "coap.opt.length",
            Unsigned,
            "Option length field: the lower four bits of the first byte of each option.",
            |view, visit| {
                nibbles(view, visit, |byte| byte & 15);
            },
        )
        .bits(4),
        Field::new(
            "coap.opt.delta_ext",
            Unsigned,
            "Extension of the option delta, as it stands there: 13 or 269 less than it adds.",
            |view, visit| extensions(view, visit, true),
        )
        .bits(16),
        Field::new(
            "coap.opt.length_ext",
            Unsigned,
            "Extension of the option length, as it stands there: 13 or 269 less than it adds.",
            |view, visit| extensions(view, visit, false),
        )
        .bits(16),
        Field::new("coap.opt.end_marker", Unsigned, "The payload marker, 255, where there is one.", |view, visit| {
            if has_marker(view) {
                visit(Value::Unsigned(0xff));
            }
        })
        .bits(8),
        Field::new(
            "coap.invalid_option_range",
            Kind::Presence,
            "An option's value is shorter or longer than it may be.",
            |view, visit| {
                found(view, &[Rule::OptBadLength], visit);
            },
        ),
        Field::new(
            "coap.option_length_bad",
            Kind::Presence,
            "The options end in something that is no option.",
            |view, visit| {
                found(view, &[Rule::OptOverrun, Rule::OptDelta15, Rule::OptLength15], visit);
            },
        ),
    ]
}

fn description(number: OptionNumber) -> String {
    let critical = if number.is_critical() { "Critical" } else { "Elective" };
    let unsafe_to_forward = if number.is_unsafe() { "Unsafe" } else { "Safe" };
    let no_cache_key = if number.is_no_cache_key() { ", NoCacheKey" } else { "" };
    format!("Type {}, {critical}, {unsafe_to_forward}{no_cache_key}", number.0)
}

fn nibbles(view: &View<'_>, visit: &mut dyn FnMut(Value<'_>), half: fn(u8) -> u8) {
    for option in view.message.options() {
        if let Some(byte) = view.message.bytes().get(option.offset) {
            visit(Value::Unsigned(half(*byte).into()));
        }
    }
}

/// What stands behind the first byte of an option where its delta (or its length) does not fit into four bits.
fn extensions(view: &View<'_>, visit: &mut dyn FnMut(Value<'_>), of_delta: bool) {
    let size = |nibble: u8| if nibble == 15 { 0 } else { usize::from(nibble.saturating_sub(12)) };
    // The drafts wrote long lengths otherwise.
    for option in view.message.options().filter(|_| !view.message.mode().is_draft()) {
        let bytes = view.message.bytes().get(option.offset..).unwrap_or_default();
        let Some((first, rest)) = bytes.split_first() else { continue };
        let (delta, length) = (size(first >> 4), size(first & 15));
        let place = if of_delta { 0..delta } else { delta..delta + length };
        if let Some(extension) = rest.get(place).filter(|extension| !extension.is_empty()) {
            visit(Value::Unsigned(extension.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))));
        }
    }
}

fn found(view: &View<'_>, rules: &[Rule], visit: &mut dyn FnMut(Value<'_>)) {
    let mut found = false;
    // Of a message that the capture cut nothing is found: where tshark runs out of bytes there, it says nothing either.
    view.message.visit_findings(&mut |finding| found |= rules.contains(&finding.rule));
    if found {
        visit(Value::Presence);
    }
}

fn payload() -> Vec<Field> {
    use Kind::{Bytes, Text, Unsigned};
    vec![
        Field::new(
            "coap.payload_desc",
            Text,
            "Format of the payload; without Content-Format what Wireshark assumes, text in an error and octets elsewhere.",
            |view, visit| {
                if !view.message.payload().is_empty() {
                    visit(Value::Text(Cow::Owned(payload_format(view).into_bytes())));
                }
            },
        ),
        Field::new(
            "coap.payload_length",
            Unsigned,
            "Bytes of payload in this message, as far as they were captured.",
            |view, visit| {
                let length = view.message.payload().len();
                if length > 0 {
                    visit(Value::Unsigned(length as u64));
                }
            },
        ),
        Field::new(
            "coap.block_payload",
            Bytes,
            "Payload of a message that carries one block of a body.",
            |view, visit| {
                if let Some(payload) = block_payload(view) {
                    visit(Value::bytes(payload));
                }
            },
        ),
        Field::new(
            "coap.block_length",
            Unsigned,
            "Bytes of payload in a message that carries one block of a body.",
            |view, visit| {
                if let Some(payload) = block_payload(view) {
                    visit(Value::Unsigned(payload.len() as u64));
                }
            },
        ),
    ]
}

fn payload_format(view: &View<'_>) -> String {
    match view.message.uint(OptionNumber::CONTENT_FORMAT) {
        Some(number) => super::options::content_format(number),
        None if view.record.code.is_error() => "text/plain; charset=utf-8".into(),
        None => "application/octet-stream".into(),
    }
}

fn relations() -> Vec<Field> {
    use Kind::{Duration, Frame, Presence};
    vec![
        Field::new(
            "coap.response_to",
            Frame,
            "Of a response: the frame of the request, or of the registration that it notifies.",
            |view, visit| {
                if view.record.code.is_response() {
                    frame(view, view.store.answers(view.id), visit);
                }
            },
        )
        .of_record()
        .later(),
        Field::new("coap.response_in", Frame, "Of a request: the frame of the first response.", |view, visit| {
            let response = view
                .store
                .answered_by(view.id)
                .filter(|id| view.store.get(*id).is_some_and(|record| record.code.is_response()));
            if view.record.code.is_request() {
                frame(view, response, visit);
            }
        })
        .of_record()
        .later(),
        Field::new(
            "coap.response_time",
            Duration,
            "Of a response: the round-trip time, since the first copy of its request.",
            |view, visit| {
                if let Some(time) = view.response_time().filter(|_| view.record.code.is_response()) {
                    visit(Value::Duration(time));
                }
            },
        )
        .of_record()
        .later(),
        Field::new(
            "coap.request_first_in",
            Frame,
            "Of a repeated request: the frame of its first copy.",
            |view, visit| {
                first_copy(view, Code::is_request, visit);
            },
        )
        .of_record(),
        Field::new(
            "coap.response_first_in",
            Frame,
            "Of a repeated response: the frame of its first copy.",
            |view, visit| {
                first_copy(view, Code::is_response, visit);
            },
        )
        .of_record(),
        Field::new("coap.retransmitted", Presence, "The message repeats a Confirmable one.", |view, visit| {
            if view.record.relation() == Relation::Retransmits {
                visit(Value::Presence);
            }
        })
        .of_record(),
    ]
}

fn first_copy(view: &View<'_>, of: fn(Code) -> bool, visit: &mut dyn FnMut(Value<'_>)) {
    if of(view.record.code) {
        frame(view, view.retransmission_of(), visit);
    }
}

/// The frame of another message.
pub(super) fn frame(view: &View<'_>, id: Option<RecordId>, visit: &mut dyn FnMut(Value<'_>)) {
    if let Some(frame) = id.and_then(|id| view.frame_of(id)) {
        visit(Value::Frame(frame));
    }
}

/// The registered media type of a number, its content coding behind it. What is reserved has none.
pub(super) fn media_type(number: u64) -> Option<String> {
    let row = ContentFormat(u16::try_from(number).ok()?).row()?;
    if matches!(row.status, FormatStatus::Reserved | FormatStatus::Experimental) {
        return None;
    }
    Some(if row.coding.is_empty() {
        row.media_type.into()
    } else {
        format!("{}, coding {}", row.media_type, row.coding)
    })
}
