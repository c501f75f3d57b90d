//! The payload of one message: what it is read as, and the findings that follow.

use super::{Decoded, Item, Problem, Subject, Value, decode, shared, text};
use crate::coap::flaw::Flaw;
use crate::coap::{Code, ContentFormat, Finding, Message, OptionNumber, Rule, Severity, Span, THREAD_TLVS};

/// What is known of a payload beside its message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About<'a> {
    /// Path of the resource that it belongs to, without query; empty where that is not known.
    pub path: &'a str,
    /// It went to or came from the port of Thread's management framework.
    pub is_thread: bool,
}

/// How much of a body the payload of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Its beginning: the first of several blocks, or what the capture kept.
    Beginning,
    /// A later block.
    Later,
}

/// How much of a body the payload is, by the block options that describe it (RFC 7959 section 2.2) and what the capture kept.
pub fn part(message: &Message<'_>) -> Part {
    let options = match message.header().map(|header| header.code.is_request()) {
        Some(true) => [OptionNumber::BLOCK1, OptionNumber::Q_BLOCK1],
        _ => [OptionNumber::BLOCK2, OptionNumber::Q_BLOCK2],
    };
    let block = options.into_iter().find_map(|number| message.block(number));
    match block {
        Some(block) if block.number > 0 => Part::Later,
        Some(block) if block.more => Part::Beginning,
        _ if message.is_cut() => Part::Beginning,
        _ => Part::Whole,
    }
}

/// What a block is read as that does not begin its body.
pub(super) const LATER: &str = "a later block";

/// The payload decoded. None where there is no payload, or OSCORE has encrypted it. Offsets count from the first byte of the payload. Of a part of a body nothing is judged.
pub fn of_message(message: &Message<'_>, about: About<'_>) -> Option<Decoded> {
    let payload = message.payload();
    if payload.is_empty() || message.option(OptionNumber::OSCORE).is_some() {
        return None;
    }
    let format = message.content_format();
    let is_error = message.header().is_some_and(|header| header.code.is_error());
    let subject = Subject { format, about, is_diagnostic: is_error && format.is_none() };
    match part(message) {
        Part::Whole => Some(decode(payload, &subject)),
        Part::Beginning => {
            Some(Decoded { problems: Vec::new(), resolved: None, records: Vec::new(), ..decode(payload, &subject) })
        }
        Part::Later => {
            let items = match text::readable(payload) {
                true => text::decode(payload, &mut super::walk::Walk::new()),
                false => vec![Item::new(Value::Bytes(payload.to_vec()), 0..payload.len())],
            };
            Some(Decoded {
                form: LATER,
                is_guess: true,
                items,
                problems: Vec::new(),
                notation: None,
                resolved: None,
                records: Vec::new(),
            })
        }
    }
}

/// The beginning of a binary payload in diagnostic notation, for a line of about `limit` characters; None where its Content-Format, which is
/// `format`, is not CBOR, or it is no beginning.
pub fn brief(message: &Message<'_>, format: ContentFormat, limit: usize) -> Option<String> {
    if !super::is_cbor(format) || part(message) == Part::Later || message.option(OptionNumber::OSCORE).is_some() {
        return None;
    }
    // A line has no room for what comes later.
    let payload = message.payload();
    if payload.is_empty() {
        return None;
    }
    let beginning = payload.get(..limit * 4).unwrap_or(payload);
    let decoded = decode(beginning, &Subject { format: Some(format), ..Subject::default() });
    // What breaks is better seen in hexadecimal; a cut always looks broken.
    let is_broken = beginning.len() == payload.len() && part(message) == Part::Whole && !decoded.problems.is_empty();
    decoded.notation.filter(|_| !is_broken)
}

/// The findings of a payload that its Content-Format describes and that is all there. Spans count from the first byte of the message.
pub fn findings(message: &Message<'_>) -> Vec<Finding> {
    judged(message).unwrap_or_default()
}

/// The same; `None` where the payload is not judged, so that nothing is known of others like it: OSCORE has encrypted it, say.
pub fn judged(message: &Message<'_>) -> Option<Vec<Finding>> {
    let code = message.header().map(|header| header.code);
    let is_undefined = matches!(code, Some(Code::VALID | Code::CONTINUE | Code::GET | Code::DELETE));
    let offset = message.payload_offset().filter(|_| !is_undefined && !message.is_cut())?;
    let has_format = message.has(OptionNumber::CONTENT_FORMAT);
    if !has_format || message.mode().is_draft() || part(message) != Part::Whole {
        return None;
    }
    let decoded = shared(message, About::default)?;
    Some(decoded.problems.iter().map(|problem| finding(problem, offset)).collect())
}

/// The findings of a request on the port of Thread's management, whose payload is TLVs though no Content-Format says so.
pub fn findings_of_thread(message: &Message<'_>) -> Vec<Finding> {
    let Some(offset) = message.payload_offset().filter(|_| !message.is_cut() && part(message) == Part::Whole) else {
        return Vec::new();
    };
    let path = message
        .options_of(OptionNumber::URI_PATH)
        .fold(String::new(), |path, segment| path + "/" + &String::from_utf8_lossy(segment.value));
    let Some(decoded) = of_message(message, About { path: &path, is_thread: true }) else { return Vec::new() };
    let problems = decoded.problems.iter().filter(|_| decoded.form == "Thread TLVs");
    problems
        .map(|problem| {
            let made = finding(problem, offset);
            let [byte, flaw] = made.numbers;
            made.with(byte, flaw + if made.rule == Rule::CfParseFailed { THREAD_TLVS } else { 0 })
        })
        .collect()
}

/// The findings of a whole body in blocks, which stand on the payload of the message that completed it.
pub fn findings_of_body(message: &Message<'_>, body: &[u8], format: Option<ContentFormat>) -> Vec<Finding> {
    let Some((offset, format)) = message.payload_offset().zip(format) else { return Vec::new() };
    let decoded = decode(body, &Subject { format: Some(format), ..Subject::default() });
    let span = Span::of_bytes(offset, message.payload().len());
    decoded.problems.iter().map(|problem| Finding { span, ..finding(problem, 0) }).collect()
}

/// A flaw of a body that begins at `offset` of the message as a finding.
fn finding(problem: &Problem, offset: usize) -> Finding {
    let rule = match problem.flaw {
        Flaw::TooDeep | Flaw::TooMany => Rule::PayloadTooDeep,
        _ => Rule::CfParseFailed,
    };
    let span = Span::of_bytes(offset + problem.bytes.start, problem.bytes.len());
    let made = Finding::new(rule, span).with(problem.bytes.start as i64, problem.flaw as i64);
    if problem.flaw.is_mild() { made.at(Severity::Note) } else { made }
}
