//! The fields inside an option, and what its value means.

use super::super::{
    Block, Code, ContentFormat, Message, OptionDefinition, OptionFormat, OptionInstance, OptionNumber, OptionValue,
    Oscore, OscoreDefect, Span,
};
use super::*;
use crate::coap::uri::abbreviated;

/// An option with its nibbles, extension bytes and value. `before`: number of the option in front of it, 0 for the first.
pub(super) fn field(message: &Message<'_>, option: &OptionInstance<'_>, before: u16) -> Field {
    let definition = option.definition();
    let mut children = Vec::new();
    if option.jump_span().bits > 0 {
        children.push(leaf(message, &OPTION_JUMP, option.jump_span(), ""));
    }
    let delta_extension = option.delta_extension_span();
    let length_extension = option.length_extension_span();
    let sum = format!("{before} + {} = {}", option.delta, option.number.0);
    let sum = option.name().map_or(sum.clone(), |name| format!("{sum}: {name}"));
    let nibbles = bytes_of(message, option.delta_span()).first().copied().unwrap_or(0);
    let (delta, length) = (nibbles >> 4, nibbles & 15);
    let (delta_row, length_row, extension_row) = match option.mode.is_draft() {
        true => (&DRAFT_DELTA, &DRAFT_LENGTH, &DRAFT_LENGTH_EXTENSION),
        false => (&OPTION_DELTA, &OPTION_LENGTH, &OPTION_LENGTH_EXTENSION),
    };
    children.push(Field::new(
        delta_row,
        option.delta_span(),
        delta.to_string(),
        nibble_meaning(delta, delta_extension, &sum),
    ));
    let bytes = count(option.value.len(), "byte");
    children.push(Field::new(
        length_row,
        option.length_span(),
        length.to_string(),
        nibble_meaning(length, length_extension, &bytes),
    ));
    if delta_extension.bits > 0 {
        let base = if delta == 13 { 13 } else { 269 };
        let (more, whole) = (option.delta - base, option.delta);
        let meaning = format!("{more} + {base} = {whole}; {sum}");
        children.push(Field::new(&OPTION_DELTA_EXTENSION, delta_extension, more.to_string(), meaning));
    }
    if length_extension.bits > 0 {
        let base = match length {
            // Today 15 is reserved; in the drafts it is the only one that has extension bytes.
            13 | 15 => usize::from(length),
            _ => 269,
        };
        let more = option.value.len().saturating_sub(base);
        let meaning = format!("{more} + {base} = {bytes}");
        children.push(Field::new(extension_row, length_extension, more.to_string(), meaning));
    }
    let value = shown(option);
    let meaning = meaning(message, option);
    if !option.value.is_empty() {
        let row = Field::new(&OPTION_VALUE, option.value_span(), value.clone(), meaning.clone());
        children.push(row.with_children(parts(option)));
    }
    let mut field = Field {
        name: definition.map_or("Unknown Option", |definition| definition.name),
        span: option.span(),
        value,
        meaning,
        reference: definition.map_or("RFC 7252 section 5.4", |definition| definition.reference),
        explanation: definition.map_or(unknown(option.number), |definition| definition.meaning),
        children,
        option: None,
    };
    mark(&mut field, option.number);
    field
}

/// Gives a field and everything below it the number of its option.
fn mark(field: &mut Field, number: OptionNumber) {
    field.option = Some(number);
    for child in &mut field.children {
        mark(child, number);
    }
}

/// What cannot be read as an option: its nibbles, then the rest. `before`: number of the option in front of it, 0 for the first.
pub(super) fn malformed(message: &Message<'_>, rest: Span, before: u16, why: &str) -> Field {
    let first = bytes_of(message, rest).first().copied().unwrap_or(0);
    let (delta, length) = (first >> 4, first & 15);
    let sum = u32::from(before) + u32::from(delta);
    let name = u16::try_from(sum)
        .ok()
        .and_then(|sum| OptionNumber(sum).name())
        .filter(|_| !message.header().is_some_and(|h| h.code.is_signaling()));
    let delta_meaning = match delta {
        15 => "reserved".to_string(),
        13 | 14 => "extension bytes follow".to_string(),
        _ => name.map_or(format!("{before} + {delta} = {sum}"), |name| format!("{before} + {delta} = {sum}: {name}")),
    };
    let length_meaning = match length {
        15 => "reserved".to_string(),
        13 | 14 => "extension bytes follow".to_string(),
        _ => count(usize::from(length), "byte"),
    };
    let nibble =
        |row, at, value: u8, meaning| Field::new(row, Span::of_bits(rest.bit + at, 4), value.to_string(), meaning);
    let mut children =
        vec![nibble(&OPTION_DELTA, 0, delta, delta_meaning), nibble(&OPTION_LENGTH, 4, length, length_meaning)];
    if rest.bits > 8 {
        let left = Span::of_bits(rest.bit + 8, rest.bits - 8);
        let row = if why == CUT { &INCOMPLETE } else { &UNDECODED };
        children.push(leaf(message, row, left, count(left.bits / 8, "byte")));
    }
    let row = if why == CUT { &CUT_OPTION } else { &MALFORMED_OPTION };
    leaf(message, row, rest, why).with_children(children)
}

fn nibble_meaning(nibble: u8, extension: Span, whole: &str) -> String {
    match (extension.bits, nibble) {
        (0, _) => whole.to_string(),
        (8, _) => format!("the next byte counts from {nibble}; {whole}"),
        (16, 14) => format!("the next two bytes count from 269; {whole}"),
        _ => format!("the next bytes add up and count from {nibble}; {whole}"),
    }
}

/// A value as it is printed.
fn shown(option: &OptionInstance<'_>) -> String {
    match option.value() {
        OptionValue::Empty => String::new(),
        OptionValue::Opaque(_) | OptionValue::Oscore(_) => escape::hex(option.value),
        OptionValue::Uint(number) => number.to_string(),
        OptionValue::Text(text) => escape::text(text).into_owned(),
        OptionValue::Block(block) => {
            let size = block.known_size().map_or_else(|| "reserved".to_string(), |size| size.to_string());
            format!("{}/{}/{size}", block.number, u8::from(block.more))
        }
    }
}

/// What an option that nobody knows asks of its receiver.
fn unknown(number: OptionNumber) -> &'static str {
    match (number.is_critical(), number.is_unsafe()) {
        (false, false) => "Not registered, elective, safe to forward: who does not know it passes over it.",
        (false, true) => {
            "Not registered, elective, unsafe to forward: a receiver passes over it, a proxy refuses the message."
        }
        (true, false) => {
            "Not registered, critical, safe to forward: a receiver must reject the message, a proxy forwards it."
        }
        (true, true) => "Not registered, critical, unsafe to forward: receivers and proxies must reject the message.",
    }
}

/// What the value of an option means in this message; may be empty.
fn meaning(message: &Message<'_>, option: &OptionInstance<'_>) -> String {
    let code = message.header().map_or(option.code, |header| header.code);
    if let Some(definition) = option.definition() {
        if !option.has_good_length() {
            return length_meaning(option, definition);
        }
        if !message.has_place_for(definition.direction) {
            let kind = if code.is_response() { "a response" } else { "this request" };
            return format!("not defined in {kind}");
        }
    }
    match option.value() {
        OptionValue::Block(block) => block_meaning(option, block),
        OptionValue::Oscore(oscore) => oscore_meaning(&oscore, code.is_response()),
        OptionValue::Uint(number) => uint_meaning(message, option, number),
        OptionValue::Opaque(bytes) if option.definition().is_some_and(|d| d.format == OptionFormat::String) => {
            format!("not UTF-8: {}", escape::bytes(bytes))
        }
        OptionValue::Empty | OptionValue::Opaque(_) | OptionValue::Text(_) => String::new(),
    }
}

/// A length that the option does not allow.
fn length_meaning(option: &OptionInstance<'_>, definition: &OptionDefinition) -> String {
    let bytes = count(option.value.len(), "byte");
    match (definition.min, definition.max) {
        (0, 0) if option.modern() == Some(OptionNumber::EDHOC) => format!("{bytes}, to be ignored"),
        (0, 0) => format!("{bytes} where none is allowed"),
        (least, most) if least == most => format!("{bytes} where {least} are needed").replace(" 1 are", " 1 is"),
        (least, most) => format!("{bytes} where {least} to {most} are allowed"),
    }
}

fn uint_meaning(message: &Message<'_>, option: &OptionInstance<'_>, number: u64) -> String {
    let code = message.header().map_or(option.code, |header| header.code);
    let is_request = code.is_request();
    if option.definition().is_some_and(|definition| definition.format == OptionFormat::ContentFormat) {
        return u16::try_from(number)
            .map_or(String::new(), |number| format_meaning(ContentFormat(number), option.mode));
    }
    match option.modern() {
        Some(OptionNumber::OBSERVE) => observe_meaning(option.mode, code, number),
        Some(OptionNumber::MAX_AGE) => count(number, "second"),
        Some(OptionNumber::SIZE2) if is_request && number == 0 => "asks for the size of the response body".to_string(),
        Some(OptionNumber::SIZE2) if is_request => "undefined: a request asks for the size with 0".to_string(),
        Some(OptionNumber::SIZE1 | OptionNumber::SIZE2) => count(number, "byte"),
        // A proxy takes one off first, and must not forward what has none left.
        Some(OptionNumber::HOP_LIMIT) => match number {
            0 => "undefined: none may be left".to_string(),
            1 => "no proxy may forward it".to_string(),
            2 => "1 more proxy may forward it".to_string(),
            _ => format!("{} more proxies may forward it", number - 1),
        },
        Some(OptionNumber::NO_RESPONSE) => no_response_meaning(number),
        Some(OptionNumber::URI_PATH_ABBREV) => abbreviated(number).unwrap_or_default().to_string(),
        Some(OptionNumber::OCF_ACCEPT_CONTENT_FORMAT_VERSION | OptionNumber::OCF_CONTENT_FORMAT_VERSION) => {
            format!("version {}.{}.{}", number >> 11, number >> 6 & 31, number & 63)
        }
        _ => String::new(),
    }
}

/// The name of a Content-Format; in the oldest drafts some numbers had another.
fn format_meaning(format: ContentFormat, mode: DecodeMode) -> String {
    let old = format.legacy().filter(|_| mode == DecodeMode::Draft03);
    old.map_or_else(|| format.to_string(), |old| old.media_type.to_string())
}

/// What Observe says. In the oldest drafts it was a lifetime, and none had a number to deregister with.
fn observe_meaning(mode: DecodeMode, code: Code, number: u64) -> String {
    match number {
        _ if mode == DecodeMode::Draft03 => String::new(),
        0 if code.is_request() => "register".to_string(),
        1 if code.is_request() && !mode.is_draft() => "deregister".to_string(),
        _ if code.is_request() => "undefined".to_string(),
        _ if code.is_success() => format!("notification {number}"),
        _ => "not defined in an error".to_string(),
    }
}

fn no_response_meaning(bits: u64) -> String {
    let class = |class: u64| 1 << (class - 1);
    let mut parts: Vec<String> =
        [2, 4, 5].into_iter().filter(|&it| bits & class(it) != 0).map(|class| format!("no {class}.xx")).collect();
    if bits & !(class(2) | class(4) | class(5)) != 0 {
        parts.push("undefined bits".to_string());
    }
    if parts.is_empty() { "all responses are wanted".to_string() } else { parts.join(", ") }
}

/// What a block option says of a body, which depends on where it stands (RFC 7959 section 2.3).
#[derive(Clone, Copy, PartialEq, Eq)]
enum BlockRole {
    /// It describes the payload.
    Describes,
    /// It asks for a block of the response.
    Asks,
    /// The same with Q-Block2: perhaps for those after it as well.
    AsksOnwards,
    /// It acknowledges a block of the request.
    Acknowledges,
    /// Q-Block1 of 2.31: it acknowledges the blocks so far.
    AcknowledgesAll,
    /// It names the block that a response answers.
    Answers,
    /// That depends on more than is known here.
    Unknown,
}

impl BlockRole {
    fn of(option: &OptionInstance<'_>) -> Self {
        let code = option.code;
        match option.modern() {
            // The oldest drafts have one option for both bodies.
            _ if option.mode == DecodeMode::Draft03 && code != Code::GET => Self::Unknown,
            _ if !code.is_request() && !code.is_response() => Self::Unknown,
            Some(OptionNumber::BLOCK1 | OptionNumber::Q_BLOCK1) if code.is_request() => Self::Describes,
            Some(OptionNumber::BLOCK1) if code.is_success() => Self::Acknowledges,
            Some(OptionNumber::Q_BLOCK1) if code == Code::CONTINUE => Self::AcknowledgesAll,
            Some(OptionNumber::BLOCK1 | OptionNumber::Q_BLOCK1) => Self::Answers,
            Some(OptionNumber::Q_BLOCK2) if code.is_request() => Self::AsksOnwards,
            _ if code.is_request() => Self::Asks,
            _ => Self::Describes,
        }
    }

    fn more(self, more: bool) -> &'static str {
        match (self, more) {
            (Self::Describes, true) => "more follow",
            (Self::Describes, false) => "the last",
            (Self::Asks, true) => "not defined where a block is asked for",
            (Self::AsksOnwards, true) => "and those after it",
            (Self::Asks | Self::AsksOnwards, false) => "this one",
            (Self::Acknowledges, true) => "the server waits for the whole body",
            (Self::Acknowledges, false) => "the server has acted on it",
            (Self::AcknowledgesAll | Self::Answers | Self::Unknown, _) => "",
        }
    }
}

fn block_meaning(option: &OptionInstance<'_>, block: Block) -> String {
    let Block { number, more, szx } = block;
    let (begin, size, role) = (block.offset(), block.size(), BlockRole::of(option));
    if szx == 7 {
        return format!("block {number}, size exponent 7, which is reserved on UDP");
    }
    match role {
        BlockRole::Describes if more => {
            format!("block {number}: bytes {begin} to {} of the body, more follow", begin + u64::from(size) - 1)
        }
        BlockRole::Describes => {
            format!("block {number}: the body from byte {begin}, the last in blocks of {size} bytes")
        }
        BlockRole::Asks => format!("asks for block {number}, from byte {begin}, in blocks of {size} bytes or less"),
        BlockRole::AsksOnwards => {
            let onwards = if more { " and those after it" } else { "" };
            format!("asks for block {number}, from byte {begin},{onwards} in blocks of {size} bytes or less")
        }
        BlockRole::AcknowledgesAll => format!("the blocks up to {number}, of {size} bytes, have arrived"),
        BlockRole::Answers => format!("in answer to block {number}, blocks of {size} bytes"),
        BlockRole::Unknown => format!("block {number}, from byte {begin}, blocks of {size} bytes"),
        BlockRole::Acknowledges => {
            format!("block {number} has arrived, blocks of {size} bytes are welcome; {}", role.more(more))
        }
    }
}

fn oscore_meaning(oscore: &Oscore<'_>, is_response: bool) -> String {
    if !oscore.is_of_group() && oscore.defects().next().is_some() {
        return oscore.defects().map(|defect| defect.to_string()).collect::<Vec<_>>().join(", ");
    }
    let number = oscore.partial_iv.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let mut text = match (oscore.partial_iv.is_empty(), oscore.kid) {
        (false, _) => format!("sequence number {number}"),
        (true, Some(_)) => "no sequence number".to_string(),
        (true, None) if is_response => "sequence number and key of the request".to_string(),
        (true, None) => "neither sequence number nor kid".to_string(),
    };
    if oscore.is_of_group() {
        text.insert_str(0, "Group OSCORE, ");
    }
    for (name, part) in [("kid context", oscore.kid_context), ("kid", oscore.kid)] {
        match part {
            Some([]) => text.push_str(&format!(", empty {name}")),
            Some(part) => text.push_str(&format!(", {name} {}", escape::hex(part))),
            None => {}
        }
    }
    text
}

/// The parts of a value that has a structure.
fn parts(option: &OptionInstance<'_>) -> Vec<Field> {
    let whole = option.value_span();
    match option.value() {
        OptionValue::Block(block) => {
            let bits = whole.bits - 4;
            vec![
                Field::new(
                    &BLOCK_NUMBER,
                    Span::of_bits(whole.bit, bits),
                    block.number.to_string(),
                    block
                        .known_size()
                        .map_or_else(String::new, |_| format!("from byte {} of the body", block.offset())),
                ),
                Field::new(
                    &BLOCK_MORE,
                    Span::of_bits(whole.bit + bits, 1),
                    u8::from(block.more).to_string(),
                    BlockRole::of(option).more(block.more),
                ),
                Field::new(
                    &BLOCK_SIZE,
                    Span::of_bits(whole.bit + bits + 1, 3),
                    block.szx.to_string(),
                    block_size_meaning(block),
                ),
            ]
        }
        OptionValue::Oscore(oscore) => oscore_parts(&oscore, option.value, whole),
        _ => Vec::new(),
    }
}

fn block_size_meaning(block: Block) -> String {
    if block.szx == 7 { "reserved".to_string() } else { format!("2^({} + 4) = {} bytes", block.szx, block.size()) }
}

fn oscore_parts(oscore: &Oscore<'_>, value: &[u8], whole: Span) -> Vec<Field> {
    let bits = |at, length| Span::of_bits(whole.bit + at, length);
    let flag = |set: bool| u8::from(set).to_string();
    let yes = |set: bool| if set { "present" } else { "absent" };
    let (has_context, has_kid) = (oscore.flags & Oscore::KID_CONTEXT != 0, oscore.flags & Oscore::KID != 0);
    let mut fields = vec![
        Field::new(
            &OSCORE_RESERVED,
            bits(0, 3),
            (oscore.flags >> 5).to_string(),
            if oscore.is_of_group() { "Group OSCORE" } else { "" },
        ),
        Field::new(&OSCORE_KID_CONTEXT_FLAG, bits(3, 1), flag(has_context), yes(has_context)),
        Field::new(&OSCORE_KID_FLAG, bits(4, 1), flag(has_kid), yes(has_kid)),
        Field::new(
            &OSCORE_PARTIAL_IV_LENGTH,
            bits(5, 3),
            (oscore.flags & 7).to_string(),
            count(usize::from(oscore.flags & 7), "byte"),
        ),
    ];
    let mut at = 1;
    let mut push = |row: &'static FieldRow, part: &[u8], text: Option<String>| {
        if !part.is_empty() {
            let span = Span::of_bits(whole.bit + at as u32 * 8, part.len() as u32 * 8);
            fields.push(Field::new(row, span, text.unwrap_or_else(|| escape::hex(part)), ""));
            at += part.len();
        }
    };
    push(&OSCORE_PARTIAL_IV, oscore.partial_iv, None);
    if let Some(context) = oscore.kid_context {
        push(&OSCORE_KID_CONTEXT_LENGTH, &[0], Some(context.len().to_string()));
        push(&OSCORE_KID_CONTEXT, context, None);
    }
    push(&OSCORE_KID, oscore.kid.unwrap_or_default(), None);
    let end = fields.last().map_or(whole.bit, |last| last.span.end());
    let rest = Span::of_bits(end, whole.end() - end);
    if let Some(undecoded) = value.get(((end - whole.bit) / 8) as usize..).filter(|rest| !rest.is_empty()) {
        let left_over = matches!(oscore.defect, Some(OscoreDefect::LeftOver(_)));
        let row = if left_over { &OSCORE_LEFT_OVER } else { &UNDECODED };
        fields.push(Field::new(row, rest, escape::hex(undecoded), ""));
    }
    fields
}
