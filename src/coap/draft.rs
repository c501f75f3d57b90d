//! Messages of the drafts before RFC 7252: their codes, and how to tell them from today's.

use super::message::{DecodeMode, Message};
use super::option::{Direction, OptionFormat, OptionInstance, Repeatable};
use super::{Code, ContentFormat, MessageType, OptionNumber, Rule};

/// The drafts, the newest first: their readings exclude each other less and less.
const DRAFTS: [DecodeMode; 3] = [DecodeMode::Draft12, DecodeMode::Draft08, DecodeMode::Draft03];

/// The option count of a list of open length, and the byte that closes one.
pub(super) const OPEN: u8 = 15;
pub(super) const OPEN_END: u8 = 0xf0;

/// The code of drafts up to -03 in today's numbering: there a response code is class * 40 + detail, as in HTTP's numbers.
/// 304 (124) is today's 2.03; what today's code cannot express becomes the generic code of its class.
pub fn code_03(code: u8) -> Code {
    match code {
        0..=39 => Code(code),
        124 => Code::VALID,
        _ => Code::new(code / 40, if code % 40 > 31 { 0 } else { code % 40 }),
    }
}

impl Message<'_> {
    /// Whether it has the code 200 (OK) of drafts up to -03, for which there is none today.
    pub(super) fn is_ok_of_03(&self) -> bool {
        self.layout.mode == DecodeMode::Draft03 && self.header().is_some_and(|header| header.code == Code::new(2, 0))
    }
}

/// Whether a finding makes today's reading doubtful. Where decoding stops it is doubtful as well.
pub(super) fn is_hint(rule: Rule) -> bool {
    matches!(rule, Rule::CodeReservedClass | Rule::CodeUnknownResponse | Rule::OptUnknownCritical)
}

/// Whether today's reading of a message is in doubt: it fails or cannot be trusted (`implausible`), or it is a request that is worth a
/// warning and has a path as a draft has it.
pub(super) fn is_doubtful(bytes: &[u8], implausible: bool) -> bool {
    reading(bytes).is_some_and(|mode| implausible || Message::decode_as(bytes, mode).has(OptionNumber::URI_PATH))
}

/// Whether a message that is clean as a draft can hardly be anything else: a request with a path, or a response whose payload is readable
/// without a marker in front of it.
pub fn is_evident(message: &Message<'_>) -> bool {
    let is_request = message.header().is_some_and(|header| header.code.is_request());
    let payload = message.payload();
    is_clean(message)
        && if is_request { message.has(OptionNumber::URI_PATH) } else { !payload.is_empty() && is_printable(payload) }
}

/// The draft as which a message is to be read that stands alone: where today's reading is in doubt.
pub fn alone(message: &Message<'_>) -> Option<DecodeMode> {
    let mut old = false;
    message.visit_findings(&mut |finding| old |= finding.rule == Rule::DraftHeader);
    reading(message.bytes()).filter(|_| old && !message.mode().is_draft())
}

/// The newest draft as which the message is clean. To be asked only where today's reading is not clean; every message of a pair of
/// endpoints should be read alike.
pub fn reading(bytes: &[u8]) -> Option<DecodeMode> {
    readings(bytes).next()
}

/// Every draft as which the message is clean, the newest first.
pub fn readings(bytes: &[u8]) -> impl Iterator<Item = DecodeMode> + use<'_> {
    DRAFTS.into_iter().filter(move |mode| is_clean(&Message::decode_as(bytes, *mode)))
}

/// How else the message can be read, where it is in doubt: as RFC 7252 says where it was read as a draft; as the newest draft in which it
/// is sound where it is not today (RFC 8974 where only the length of its token is reserved).
pub fn other_reading<'a>(message: &Message<'a>) -> Option<Message<'a>> {
    let again = |mode| Message::decode_as(message.bytes(), mode).cut_if(message.is_cut());
    if message.mode().is_draft() {
        // An Empty message is the same in every reading.
        return message.header().filter(|header| !header.code.is_empty()).map(|_| again(DecodeMode::Rfc7252));
    }
    let (mut old, mut long) = (false, false);
    message.visit_findings(&mut |finding| {
        old |= finding.rule == Rule::DraftHeader;
        long |= finding.rule == Rule::HdrTklReserved;
    });
    if old {
        return reading(message.bytes()).map(again);
    }
    Some(again(DecodeMode::ExtendedTokens)).filter(|other| long && !other.is_malformed())
}

/// Whether a message, read as a draft, has exactly the options that it counts, all of them known, in place and plausible, and a
/// code that the draft has. What looks the same in all drafts and today does not count.
pub fn is_clean(message: &Message<'_>) -> bool {
    let Some(header) = message.header().filter(|_| message.layout.mode.is_draft() && !message.layout.stopped) else {
        return false;
    };
    let code = header.code;
    let has_code = match code.class() {
        0 => (1..=4).contains(&code.0),
        _ => code.is_response() && (code.row().is_some() || message.is_ok_of_03()),
    };
    if !has_code
        || header.message_type == MessageType::Reset
        || header.message_type == MessageType::Acknowledgement && code.is_request()
    {
        return false;
    }
    // Option lists of open length have an end of their own.
    if message.layout.mode == DecodeMode::Draft12
        && header.token_length == OPEN
        && message.bytes().get(message.layout.options_end as usize) != Some(&OPEN_END)
    {
        return false;
    }
    if message.options().next().is_none() {
        // Only a payload that stands there without a marker tells such a message from today's.
        return code.is_response() && is_printable(message.payload()) && !message.payload().is_empty();
    }
    if matches!(code, Code::GET | Code::DELETE) && message.payload_offset().is_some() {
        return false;
    }
    message.options().enumerate().all(|(at, option)| is_plausible(&option, code, at == 0)) && !is_marked_today(message)
}

/// Whether the marker of today stands where the options of today end, in or before what a message, read as a draft, has for its payload.
/// Messages of today look so, and those of a draft only by chance.
fn is_marked_today(message: &Message<'_>) -> bool {
    let today = Message::decode(message.bytes());
    let offsets = today.payload_offset().zip(message.payload_offset());
    today.stop().is_none() && offsets.is_some_and(|(today, draft)| draft <= today)
}

/// Whether an option is known to the draft, not once too often, of a good length, for this kind of message, and text where it is text.
fn is_plausible(option: &OptionInstance<'_>, code: Code, is_first: bool) -> bool {
    let Some(definition) = option.definition() else {
        let is_fencepost = option.number.0.is_multiple_of(14) && option.delta > 0;
        return is_fencepost && option.value.is_empty() && option.mode != DecodeMode::Draft12;
    };
    let is_in_place = match definition.direction {
        Direction::Request => code.is_request(),
        Direction::Response => code.is_response(),
        Direction::Both | Direction::ReadOrResponse | Direction::Unknown => true,
    };
    let is_repeated = option.delta == 0 && !is_first && definition.repeatable == Repeatable::Never;
    // Media types had small numbers. A large one that nobody knows is something else.
    let is_known = definition.format != OptionFormat::ContentFormat
        || option.value.len() < 2
        || option.uint().is_some_and(|number| ContentFormat(number as u16).media_type().is_some());
    is_in_place
        && !is_repeated
        && option.has_good_length()
        && is_known
        && (definition.format != OptionFormat::String || is_printable(option.value))
}

/// Text without control characters, line breaks excepted.
fn is_printable(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(hex: &str) -> Option<DecodeMode> {
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        super::alone(&Message::decode(&bytes))
    }

    #[test]
    fn one_fault_makes_no_draft_of_a_message_of_today() {
        for hex in [
            // Observe in a POST; Accept and Uri-Path in a response; If-None-Match that is not empty; an option that nobody knows.
            "4102109090605474656d70ff78",
            "5145101010c050ff32322e35",
            "5145101010b474656d7010ff32322e35",
            "410310909051016474656d7010ff32322e35",
            "510291ad18b474656d701010ff32322e35",
            // An empty Uri-Host: as a draft its media type would have a number that nobody knows.
            "4201111212a5308474656d70",
        ] {
            assert_eq!(alone(hex), None, "{hex}");
        }
        // A draft all the same, whose payload is no text.
        assert_eq!(alone("420211121086746f67676c65fe78"), Some(DecodeMode::Draft08));
    }
}
