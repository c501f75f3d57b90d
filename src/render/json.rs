//! Messages, evidence and updates as JSON objects.

use serde_json::{Value, json};

use super::Known;
use super::members::{Members, Shown, value};
use super::time::known_rfc3339;
use crate::coap::draft::other_reading;
use crate::coap::{DecodeMode, Field, Finding, Message, OptionInstance, OptionValue, Rule, Severity, escape, fields};
use crate::field;
use crate::payload::About;
use crate::store::{Attempt, RecordFlags, Store, View, round_trip};
use crate::tracking::{ObservationId, ObserveOrder, Patch, RecordId, Relation};

/// A value as one line of JSON. Characters that draw nothing or steer a terminal are written as `\u` escapes, which mean the
/// same to every reader.
pub fn line(value: &Value) -> String {
    // What has a text as its key, as all of ours, cannot fail.
    visible(serde_json::to_string(value).unwrap_or_default())
}

/// An object that is written member by member, as one such line.
pub fn object_line(fill: impl FnOnce(&mut Members<'_>)) -> String {
    let mut text = Vec::new();
    Members::write(&mut text, fill);
    visible(String::from_utf8(text).unwrap_or_default())
}

/// The object of a message or of evidence, as one such line. With [`Known::SoFar`] what becomes known only later is null.
pub fn record_line(view: &View<'_>, known: Known) -> String {
    let mut text = Vec::with_capacity(LINE);
    write_record(view, known, &mut text);
    visible(String::from_utf8(text).unwrap_or_default())
}

/// The same as a value.
pub fn record(view: &View<'_>, known: Known) -> Value {
    value(|text| write_record(view, known, text))
}

/// Bytes of a line, more or less: room that is made at once costs less.
const LINE: usize = 1536;

fn visible(text: String) -> String {
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

fn write_record(view: &View<'_>, known: Known, text: &mut Vec<u8>) {
    Members::write(text, |object| {
        facts(view, known, object);
        write_findings(view, object);
        if view.is_message() {
            other(&view.message, false, object);
        }
    });
}

/// All that `explain` tells of a message, as one line: beside what a capture knows of it, where it is of one, every field of it and every value
/// of its payload. `frame` prints the frame of a record.
pub fn explained(
    message: &Message<'_>,
    view: Option<&View<'_>>,
    findings: &[Finding],
    frame: &dyn Fn(u32) -> String,
) -> String {
    object_line(|object| {
        view.iter().for_each(|view| facts(view, Known::Later, object));
        if view.is_none_or(|view| !view.is_message()) {
            object.object("coap", |object| coap_alone(message, object));
        }
        object.array("findings", findings.iter(), |text, one| write_finding(text, one, frame));
        object.put("fields", field_array(message));
        object.put("payload_values", super::payload::values(message, view.map(View::about)));
        other(message, true, object);
    })
}

/// What is known of a record, but for its findings.
fn facts(view: &View<'_>, known: Known, object: &mut Members<'_>) {
    if view.is_message() { message(view, known, object) } else { evidence(view, object) }
}

fn message(view: &View<'_>, known: Known, object: &mut Members<'_>) {
    envelope(view, "message", object);
    object.object("coap", |object| coap_about(&view.message, view.about(), object));
    let record = view.record;
    let later = known == Known::Later;
    let frame = |id: Option<RecordId>| id.and_then(|id| view.frame_of(id));
    object.put("role", field::role(record.role));
    object.put("exchange", (record.exchange.0 > 0).then_some(record.exchange.0));
    if later {
        object.put("exchange_state", view.exchange().map(|row| field::exchange_state(view.store, &row)));
    }
    object.put("resource", view.exchange().and_then(|row| view.store.resource(row.resource)));
    object.put("resource_names", super::names::json(view));
    object.put("retransmission_of", frame(view.retransmission_of()));
    object.put("duplicate_of", frame(view.duplicate_of()));
    object.put("copy_of", frame(view.copy_of()));
    object.put("transmission", (record.transmission > 0).then_some(record.transmission));
    object.put("answers", frame(view.store.answers(view.id)));
    object.put("answered_by", frame(view.store.answered_by(view.id).filter(|_| later)));
    object.put("elapsed_since_first", view.elapsed_since_first().map(seconds));
    object.put("response_time", view.response_time().map(seconds));
    let attempts = view.store.attempts(view.id).unwrap_or_default();
    object.put("round_trip_of_attempt", round_trip(&attempts).map(seconds));
    if attempts.len() > 1 {
        may_answer(view.store, &attempts, object);
    }
    object.put("observation", view.store.observation_of(view.id).map(|id| id.0));
    object.put("observe_order", observe_order(record.order()));
    let marks = [
        ("multicast", record.flags.has(RecordFlags::MULTICAST)),
        ("ambiguous", view.is_ambiguous()),
        ("cut_by_capture", record.flags.has(RecordFlags::CUT)),
    ];
    marks.iter().filter(|(_, is_set)| *is_set).for_each(|(key, _)| object.put(key, true));
    super::body::write(view, object);
}

fn may_answer(store: &Store, attempts: &[Attempt], object: &mut Members<'_>) {
    let attempt = |text: &mut Vec<u8>, one: &Attempt| {
        Members::write(text, |object| {
            object.put("frame", store.get(one.record).map(|record| record.frame));
            object.put("elapsed", one.elapsed.map(seconds));
        });
    };
    object.array("may_answer", attempts.iter(), attempt);
}

fn observe_order(order: ObserveOrder) -> Option<&'static str> {
    (order != ObserveOrder::None).then(|| field::order(order))
}

fn other(message: &Message<'_>, with_fields: bool, object: &mut Members<'_>) {
    let Some(other) = other_reading(message) else { return };
    object.object("other_reading", |object| {
        object.put("read_as", other.mode().name());
        object.object("coap", |object| coap_alone(&other, object));
        if with_fields {
            object.put("fields", field_array(&other));
        }
    });
}

fn evidence(view: &View<'_>, object: &mut Members<'_>) {
    envelope(view, "evidence", object);
    let layer = super::tree::evidence_layer(view);
    object.put("protocol", layer.name);
    object.put("says", &layer.summary);
    object.put("about", view.about_message().and_then(|about| view.frame_of(about)));
}

/// What every object of a frame begins with.
fn envelope(view: &View<'_>, kind: &str, object: &mut Members<'_>) {
    object.put("kind", kind);
    object.object("frame", |frame| {
        frame.put("number", view.record.frame);
        frame.put("time", known_rfc3339(view.record.time));
        frame.put("length", view.frame.original_length);
        if view.frame.bytes.len() != view.frame.original_length as usize {
            frame.put("captured_length", view.frame.bytes.len());
        }
        if let Some(file) = view.file {
            frame.put("file", file);
            frame.put("number_in_file", view.store.number_in_file(view.id));
        }
        if !view.comments.is_empty() {
            frame.put("comments", view.comments);
        }
    });
    object.put("source", view.source().map(Shown));
    object.put("destination", view.destination().map(Shown));
}

/// The object of a message's own bytes.
pub fn coap(message: &Message<'_>) -> Value {
    value(|text| Members::write(text, |object| coap_alone(message, object)))
}

fn coap_alone(message: &Message<'_>, object: &mut Members<'_>) {
    let path = super::payload::path_of(message);
    coap_about(message, About { path: &path, ..About::default() }, object);
}

/// The same of a message of which more is known.
fn coap_about(message: &Message<'_>, about: About<'_>, object: &mut Members<'_>) {
    if let Some(header) = message.header() {
        object.put("version", header.version);
        object.put("type", header.message_type.abbreviation());
        object.put("code", Shown(header.code));
        object.put("code_name", header.code.name());
        object.put("message_id", header.message_id);
        match message.token() {
            Some(token) => object.hex("token", token),
            None => object.put("token", ()),
        }
    }
    if !matches!(message.mode(), DecodeMode::Rfc7252 | DecodeMode::PlainTokens) {
        object.put("read_as", message.mode().name());
    }
    object.put("length", message.bytes().len());
    if message.is_cut() {
        // Options may be missing, and what is there of the payload is its beginning.
        object.put("cut", true);
    }
    object.array("options", message.first_options(), |text, instance| {
        Members::write(text, |object| option(&instance, object));
    });
    if let Some((further, _)) = message.further_options() {
        object.put("options_left_out", further);
    }
    if let Some(offset) = message.payload_offset() {
        object.object("payload", |object| {
            let payload = message.payload();
            object.put("offset", offset);
            object.put("length", payload.len());
            if message.is_cut() {
                object.put("cut", true);
            }
            object.put("content_format", message.content_format().map(|format| format.0));
            object.hex("raw", payload);
            object.put("text", std::str::from_utf8(payload).ok());
            super::payload::object(message, about, object);
        });
    }
}

fn option(instance: &OptionInstance<'_>, object: &mut Members<'_>) {
    object.put("number", instance.number.0);
    object.put("name", instance.name());
    match instance.value() {
        OptionValue::Empty => object.put("value", ()),
        OptionValue::Opaque(bytes) => object.hex("value", bytes),
        OptionValue::Uint(number) => object.put("value", number),
        OptionValue::Text(text) => object.put("value", text),
        OptionValue::Block(block) => object.object("value", |object| {
            object.put("number", block.number);
            object.put("more", block.more);
            object.put("size", block.known_size());
            object.put("szx", block.szx);
        }),
        // Fields that are not there are not to be told from those that cannot be read.
        OptionValue::Oscore(oscore) if !oscore.is_readable() => object.hex("value", instance.value),
        OptionValue::Oscore(oscore) => object.object("value", |object| {
            object.hex("partial_iv", oscore.partial_iv);
            object.put("kid_context", oscore.kid_context.map(escape::hex));
            object.put("kid", oscore.kid.map(escape::hex));
        }),
    }
    object.hex("raw", instance.value);
    object.put("offset", instance.offset);
    object.put("length", instance.value.len());
    object.put("value_offset", instance.value_offset);
}

fn write_findings(view: &View<'_>, object: &mut Members<'_>) {
    let frame = |id| super::frame_number(view.store, id);
    object.array("findings", view.findings().iter(), |text, one| write_finding(text, one, &frame));
}

fn write_finding(text: &mut Vec<u8>, finding: &Finding, frame: &dyn Fn(u32) -> String) {
    let bytes = finding.span.byte_range();
    Members::write(text, |object| {
        object.put("id", finding.rule.row().id);
        object.put("severity", field::severity(finding.severity));
        object.put("text", finding.text_with(frame));
        object.put("reference", finding.reference());
        object.put("offset", bytes.start);
        object.put("length", bytes.len());
    });
}

/// One finding. Offsets count bytes from the first of the message. `frame` prints the frame of a record.
pub fn finding(finding: &Finding, frame: &dyn Fn(u32) -> String) -> Value {
    value(|text| write_finding(text, finding, frame))
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
    update_of(store, record, json!({"answered_by": store.get(by)?.frame}))
}

/// What is known of the body that an earlier message has a block of, as an update object.
pub fn body(store: &Store, record: RecordId) -> Option<Value> {
    store.part(record)?;
    let known = value(|text| Members::write(text, |object| super::body::known(store, record, object)));
    update_of(store, record, json!({"body": known}))
}

/// That an earlier message belongs to an observation, as an update object.
pub fn observed(store: &Store, record: RecordId, observation: ObservationId) -> Option<Value> {
    update_of(store, record, json!({"observation": observation.0}))
}

/// An update object with these members.
fn update_of(store: &Store, record: RecordId, known: Value) -> Option<Value> {
    let mut object = json!({"kind": "update", "frame": {"number": store.get(record)?.frame}});
    if let (Value::Object(object), Value::Object(mut known)) = (&mut object, known) {
        object.append(&mut known);
    }
    Some(object)
}

/// What a patch tells of an earlier message, as an update object; None where it tells nothing that a message's object has.
pub fn update(store: &Store, patch: &Patch) -> Option<Value> {
    let (record, known) = match patch {
        Patch::AnsweredBy { record, by } => return answered(store, *record, *by),
        Patch::Answered(_, row) => return answered(store, row.request, row.last),
        // It is the state for all messages of the exchange.
        Patch::Exchange(id, row) => {
            (row.request, json!({"exchange": id.0, "exchange_state": field::exchange_state(store, row)}))
        }
        Patch::Finding(record, finding) => (*record, json!({"findings": found(store, finding)})),
        Patch::Graver { record, finding, was } => {
            (*record, json!({"findings": found(store, finding), "withdrawn": withdrawn(finding.rule, *was)}))
        }
        Patch::Withdrawn { record, rule, was } => (*record, json!({"withdrawn": withdrawn(*rule, *was)})),
        Patch::Related { record, .. } => return related(store, *record),
        Patch::Observation(..) | Patch::Body(..) | Patch::Part(..) => return None,
    };
    update_of(store, record, known)
}

fn found(store: &Store, finding: &Finding) -> Value {
    let frame = |id| super::frame_number(store, id);
    json!([self::finding(finding, &frame)])
}

fn withdrawn(rule: Rule, was: Severity) -> Value {
    json!([{"id": rule.row().id, "severity": field::severity(was)}])
}

/// What relates an earlier message to others, all of it, as an update object.
pub fn related(store: &Store, id: RecordId) -> Option<Value> {
    let record = store.get(id)?;
    let frame = |id: Option<RecordId>| id.and_then(|id| store.get(id)).map(|record| record.frame);
    if record.flags.has(RecordFlags::EVIDENCE) {
        return update_of(store, id, json!({"about": frame(Some(record.relates_to))}));
    }
    let (answers, attempts) = (store.answers(id), store.attempts(id).unwrap_or_default());
    let response_time = answers.and_then(|asked| store.answered_after(asked, id));
    let known = value(|text| {
        Members::write(text, |object| {
            object.put("role", field::role(record.role));
            object.put("exchange", (record.exchange.0 > 0).then_some(record.exchange.0));
            object.put("resource", store.exchange(record.exchange).and_then(|row| store.resource(row.resource)));
            object.put("retransmission_of", frame(record.related(Relation::Retransmits)));
            object.put("duplicate_of", frame(record.related(Relation::Duplicates)));
            object.put("transmission", (record.transmission > 0).then_some(record.transmission));
            object.put("answers", frame(answers));
            object.put("response_time", response_time.map(seconds));
            object.put("round_trip_of_attempt", round_trip(&attempts).map(seconds));
            match attempts.len() {
                0 | 1 => object.put("may_answer", ()),
                _ => may_answer(store, &attempts, object),
            }
            object.put("observation", store.observation_of(id).map(|id| id.0));
            object.put("observe_order", observe_order(record.order()));
            object.put("ambiguous", store.is_ambiguous(id));
        });
    });
    update_of(store, id, known)
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
