//! Messages, evidence and updates as JSON objects.

use serde_json::{Map, Value, json};

use super::Known;
use super::time::known_rfc3339;
use crate::coap::draft::other_reading;
use crate::coap::{DecodeMode, Field, Finding, Message, OptionInstance, OptionValue, escape, fields};
use crate::field;
use crate::payload::About;
use crate::store::{Attempt, RecordFlags, Store, View, round_trip};
use crate::tracking::{NO_RECORD, ObservationId, ObserveOrder, Patch, RecordId};

/// A value as one line of JSON. Characters that draw nothing or steer a terminal are written as `\u` escapes, which mean the
/// same to every reader.
pub fn line(value: &Value) -> String {
    // What has a text as its key, as all of ours, cannot fail.
    let text = serde_json::to_string(value).unwrap_or_default();
    let is_visible = |plain: bool, byte: &u8| plain & (b' '..=b'~').contains(byte);
    if text.as_bytes().iter().fold(true, is_visible) || !text.chars().any(escape::is_hidden) {
        return text;
    }
    let mut line = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if escape::is_hidden(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                line.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            line.push(character);
        }
    }
    line
}

/// The object of a message or of evidence. With [`Known::SoFar`] what becomes known only later is null.
pub fn record(view: &View<'_>, known: Known) -> Value {
    if view.is_message() { message(view, known) } else { evidence(view) }
}

/// Members that the object of a message has at most, more or less: room that is made at once costs less.
const MEMBERS: usize = 28;

fn message(view: &View<'_>, known: Known) -> Value {
    let mut object = envelope(view, "message", MEMBERS);
    object.insert("coap".into(), coap_about(&view.message, view.about()));
    let record = view.record;
    let later = known == Known::Later;
    let frame = |id: Option<RecordId>| id.and_then(|id| view.frame_of(id));
    object.insert("role".into(), json!(field::role(record.role)));
    object.insert("exchange".into(), json!((record.exchange.0 > 0).then_some(record.exchange.0)));
    if later {
        object.insert("exchange_state".into(), json!(view.exchange().map(|row| field::state(row.state))));
    }
    object.insert("resource".into(), json!(view.exchange().and_then(|row| view.store.resource(row.resource))));
    object.insert("resource_names".into(), super::names::json(view));
    object.insert("retransmission_of".into(), json!(frame(view.retransmission_of())));
    object.insert("duplicate_of".into(), json!(frame(view.duplicate_of())));
    object.insert("copy_of".into(), json!(frame(view.copy_of())));
    object.insert("transmission".into(), json!((record.transmission > 0).then_some(record.transmission)));
    object.insert("answers".into(), json!(frame(view.store.answers(view.id))));
    object.insert("answered_by".into(), json!(frame(view.store.answered_by(view.id).filter(|_| later))));
    object.insert("elapsed_since_first".into(), json!(view.elapsed_since_first().map(seconds)));
    object.insert("response_time".into(), json!(view.response_time().map(seconds)));
    let attempts = view.store.attempts(view.id).unwrap_or_default();
    object.insert("round_trip_of_attempt".into(), json!(round_trip(&attempts).map(seconds)));
    if attempts.len() > 1 {
        let attempt = |one: &Attempt| json!({"frame": view.frame_of(one.record), "elapsed": one.elapsed.map(seconds)});
        object.insert("may_answer".into(), attempts.iter().map(attempt).collect());
    }
    object.insert("observation".into(), json!(view.store.observation_of(view.id).map(|id| id.0)));
    object.insert(
        "observe_order".into(),
        json!((record.order() != ObserveOrder::None).then(|| field::order(record.order()))),
    );
    if record.flags.has(RecordFlags::MULTICAST) {
        object.insert("multicast".into(), json!(true));
    }
    if view.is_ambiguous() {
        object.insert("ambiguous".into(), json!(true));
    }
    if record.flags.has(RecordFlags::CUT) {
        object.insert("cut_by_capture".into(), json!(true));
    }
    if let Some(body) = super::body::object(view) {
        object.insert("body".into(), body);
    }
    object.insert("findings".into(), findings(&view.findings(), view.store));
    if let Some(other) = other_reading(&view.message) {
        object.insert("other_reading".into(), reading(&other));
    }
    Value::Object(object)
}

/// Another reading of the same bytes.
pub fn reading(message: &Message<'_>) -> Value {
    json!({"read_as": message.mode().name(), "coap": coap(message)})
}

fn evidence(view: &View<'_>) -> Value {
    let mut object = envelope(view, "evidence", 0);
    let layer = super::tree::evidence_layer(view);
    object.insert("protocol".into(), json!(layer.name));
    object.insert("says".into(), json!(layer.summary));
    let about = view.record.relates_to;
    object.insert("about".into(), json!((about != NO_RECORD).then(|| view.frame_of(about)).flatten()));
    object.insert("findings".into(), findings(&view.findings(), view.store));
    Value::Object(object)
}

/// What every object of a frame begins with, with room for so many members.
fn envelope(view: &View<'_>, kind: &str, members: usize) -> Map<String, Value> {
    let mut frame = Map::new();
    frame.insert("number".into(), json!(view.record.frame));
    frame.insert("time".into(), json!(known_rfc3339(view.record.time)));
    frame.insert("length".into(), json!(view.frame.original_length));
    if view.frame.bytes.len() != view.frame.original_length as usize {
        frame.insert("captured_length".into(), json!(view.frame.bytes.len()));
    }
    if let Some(file) = view.file {
        frame.insert("file".into(), json!(file));
        frame.insert("number_in_file".into(), json!(view.store.number_in_file(view.id)));
    }
    if !view.comments.is_empty() {
        frame.insert("comments".into(), json!(view.comments));
    }
    let mut object = Map::with_capacity(members);
    object.insert("kind".into(), json!(kind));
    object.insert("frame".into(), Value::Object(frame));
    object.insert("source".into(), json!(view.source().map(ToString::to_string)));
    object.insert("destination".into(), json!(view.destination().map(ToString::to_string)));
    object
}

/// The object of a message's own bytes.
pub fn coap(message: &Message<'_>) -> Value {
    let path = super::payload::path_of(message);
    coap_about(message, About { path: &path, ..About::default() })
}

/// The same of a message of which more is known.
fn coap_about(message: &Message<'_>, about: About<'_>) -> Value {
    let mut object = Map::with_capacity(12);
    if let Some(header) = message.header() {
        object.insert("version".into(), json!(header.version));
        object.insert("type".into(), json!(header.message_type.abbreviation()));
        object.insert("code".into(), json!(header.code.to_string()));
        object.insert("code_name".into(), json!(header.code.name()));
        object.insert("message_id".into(), json!(header.message_id));
        object.insert("token".into(), json!(message.token().map(escape::hex)));
    }
    if !matches!(message.mode(), DecodeMode::Rfc7252 | DecodeMode::PlainTokens) {
        object.insert("read_as".into(), json!(message.mode().name()));
    }
    object.insert("length".into(), json!(message.bytes().len()));
    if message.is_cut() {
        // Options may be missing, and what is there of the payload is its beginning.
        object.insert("cut".into(), json!(true));
    }
    object.insert("options".into(), message.first_options().map(|instance| option(&instance)).collect());
    if let Some((further, _)) = message.further_options() {
        object.insert("options_left_out".into(), json!(further));
    }
    if let Some(offset) = message.payload_offset() {
        let payload = message.payload();
        let mut made = Map::with_capacity(8);
        made.insert("offset".into(), json!(offset));
        made.insert("length".into(), json!(payload.len()));
        if message.is_cut() {
            made.insert("cut".into(), json!(true));
        }
        made.insert("content_format".into(), json!(message.content_format().map(|format| format.0)));
        made.insert("raw".into(), json!(escape::hex(payload)));
        made.insert("text".into(), json!(std::str::from_utf8(payload).ok()));
        super::payload::object(message, about, &mut made);
        object.insert("payload".into(), Value::Object(made));
    }
    Value::Object(object)
}

fn option(instance: &OptionInstance<'_>) -> Value {
    let value = match instance.value() {
        OptionValue::Empty => Value::Null,
        OptionValue::Opaque(bytes) => json!(escape::hex(bytes)),
        OptionValue::Uint(number) => json!(number),
        OptionValue::Text(text) => json!(text),
        OptionValue::Block(block) => {
            json!({"number": block.number, "more": block.more, "size": block.known_size(), "szx": block.szx})
        }
        OptionValue::Oscore(oscore) => json!({
            "partial_iv": escape::hex(oscore.partial_iv),
            "kid_context": oscore.kid_context.map(escape::hex),
            "kid": oscore.kid.map(escape::hex),
        }),
    };
    json!({
        "number": instance.number.0,
        "name": instance.name(),
        "value": value,
        "raw": escape::hex(instance.value),
        "offset": instance.offset,
        "length": instance.value.len(),
        "value_offset": instance.value_offset,
    })
}

/// Findings as an array. Offsets count bytes from the first of the message.
pub fn findings(findings: &[Finding], store: &Store) -> Value {
    let frame = |id| super::tree::frame_number(store.get(id).map(|record| record.frame));
    findings.iter().map(|one| finding(one, &frame)).collect()
}

/// One finding. `frame` prints the frame of a record.
pub fn finding(finding: &Finding, frame: &dyn Fn(u32) -> String) -> Value {
    let row = finding.rule.row();
    let bytes = finding.span.byte_range();
    json!({
        "id": row.id,
        "severity": field::severity(finding.severity),
        "text": finding.text_with(frame),
        "reference": finding.reference(),
        "offset": bytes.start,
        "length": bytes.len(),
    })
}

/// Every field of a message in the order of its bytes; the leaves cover the message.
pub fn field_array(message: &Message<'_>) -> Value {
    fields(message).iter().map(|field| field_object(field, message)).collect()
}

fn field_object(field: &Field, message: &Message<'_>) -> Value {
    json!({
        "name": field.name,
        "bit_offset": field.span.bit,
        "bit_length": field.span.bits,
        "hex": escape::hex(message.bytes().get(field.span.byte_range()).unwrap_or_default()),
        "value": field.value,
        "meaning": field.meaning,
        "reference": field.reference,
        "children": field.children.iter().map(|child| field_object(child, message)).collect::<Vec<_>>(),
    })
}

/// That an earlier message is answered by another, as an update object.
pub fn answered(store: &Store, record: RecordId, by: RecordId) -> Option<Value> {
    update_of(store, record, "answered_by", &json!(store.get(by)?.frame))
}

/// That an earlier message belongs to an observation, as an update object.
pub fn observed(store: &Store, record: RecordId, observation: ObservationId) -> Option<Value> {
    update_of(store, record, "observation", &json!(observation.0))
}

fn update_of(store: &Store, record: RecordId, key: &str, value: &Value) -> Option<Value> {
    Some(json!({"kind": "update", "frame": {"number": store.get(record)?.frame}, key: value}))
}

/// What a patch tells of an earlier message, as an update object; None where it tells nothing that a message's object has.
pub fn update(store: &Store, patch: &Patch) -> Option<Value> {
    let (record, key, value) = match patch {
        Patch::AnsweredBy { record, by } => return answered(store, *record, *by),
        Patch::Exchange(_, row) => (row.request, "exchange_state", json!(field::state(row.state))),
        Patch::Finding(record, finding) | Patch::Graver { record, finding, .. } => {
            (*record, "findings", findings(&[*finding], store))
        }
        Patch::Related { record, .. } => {
            let answers = store.answers(*record).and_then(|id| store.get(id)).map(|asked| asked.frame);
            (*record, "answers", json!(answers))
        }
        Patch::Observation(..) | Patch::Body(..) | Patch::Part(..) | Patch::Withdrawn { .. } => return None,
    };
    update_of(store, record, key, &value)
}

fn seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped_and_come_back() {
        let value = json!({"text": "a\u{202e}\u{9b}\u{7f}\u{e0041}\u{1b}\u{fc}\n"});
        let line = line(&value);
        assert_eq!(line, "{\"text\":\"a\\u202e\\u009b\\u007f\\udb40\\udc41\\u001b\u{fc}\\n\"}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
    }
}
