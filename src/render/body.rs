//! A body that went in blocks: what of it a message has, and the whole with the block that completed it (RFC 7959).

use super::members::Members;
use super::{Known, Node, Place, payload};
use crate::coap::{Span, count};
use crate::field::decoded_body;
use crate::payload::Part;
use crate::store::{Body, Store, View};
use crate::tracking::{BodyPart, BodyRow, NO_RECORD, RecordId};

/// Frames that are named in a line; the rest is counted.
const NAMED: usize = 12;

/// What is known of the body that a message has a block of, as a node; below it the values of the whole where the message completed it.
pub(super) fn node(view: &View<'_>, known: Known) -> Option<Node> {
    let part = view.store.part(view.id)?;
    let row = view.store.body(part.body)?;
    let mut node = Node::generated("coapscope.body", "Body in blocks", summary(row));
    node.meaning = format!("this message: {} from byte {} on", count(part.length, "byte"), part.offset);
    node.reference = "RFC 7959 section 2".into();
    node.explanation =
        "Blocks belong together by endpoints, method and options, not by token; their payloads in order make the body."
            .into();
    if part.previous != NO_RECORD {
        node.target = Some(part.previous);
    }
    let last = row.completed_by;
    if known == Known::Later && last != NO_RECORD && last != view.id {
        let frames = frames_of(view, &[last]);
        node.children.push(Node::generated("coapscope.body.completed_by", "Put together in", frames).pointing_to(last));
    }
    if let Some(body) = view.body {
        node.children.push(frames(view, body));
        if !body.missing.is_empty() {
            let why = "some of it is no longer in memory, or too far back to be read";
            node.children.push(Node::generated("coapscope.body.missing", "Not shown", why));
        } else if let Some(decoded) = decoded_body(view) {
            let mut whole = payload::whole(&decoded, 0, Part::Whole);
            place_in_message(&mut whole, view.message.payload_offset().unwrap_or(0), part);
            node.children.push(whole);
        }
    }
    Some(node)
}

/// How much of a body was captured.
fn summary(row: &BodyRow) -> String {
    let blocks = count(row.blocks, "block");
    if row.complete {
        return format!("{} in {blocks}, complete", count(row.length, "byte"));
    }
    let of = match (row.length, row.announced) {
        (0, None) => String::new(),
        (0, Some(announced)) => format!(" of {announced} announced"),
        (length, _) => format!(" of {length}"),
    };
    format!("{}{of} in {blocks} so far", count(row.bytes, "byte"))
}

fn frames(view: &View<'_>, body: &Body) -> Node {
    Node::generated("coapscope.body.frames", "Frames", list(view, &body.messages))
}

/// `frame 3`, `frames 3, 5, 7`.
pub(super) fn frames_of(view: &View<'_>, messages: &[RecordId]) -> String {
    format!("frame{} {}", if messages.len() == 1 { "" } else { "s" }, list(view, messages))
}

fn list(view: &View<'_>, messages: &[RecordId]) -> String {
    let numbers = messages.iter().filter_map(|id| view.frame_of(*id)).map(|frame| frame.to_string());
    let mut text = numbers.take(NAMED).collect::<Vec<_>>().join(", ");
    if messages.len() > NAMED {
        text.push_str(&format!(" and {} more", messages.len() - NAMED));
    }
    text
}

/// The bytes of a body lie in many messages: what lies in the block of this one lights up there, the rest nowhere.
fn place_in_message(node: &mut Node, payload: usize, part: &BodyPart) {
    node.place = node.place.and_then(|place| {
        let (bytes, begin) = (place.span().byte_range(), usize::try_from(part.offset).ok()?);
        let is_here = begin <= bytes.start && bytes.end <= begin + part.length as usize;
        is_here.then(|| Place::Message(Span::of_bytes(payload + bytes.start - begin, bytes.len())))
    });
    node.children.iter_mut().for_each(|child| place_in_message(child, payload, part));
}

/// What is known of the body that a message has a block of, as members of an object; without such a body nothing.
pub(super) fn known(store: &Store, id: RecordId, object: &mut Members<'_>) {
    let Some(part) = store.part(id) else { return };
    let Some(row) = store.body(part.body) else { return };
    object.put("id", part.body.0);
    object.put("upload", row.upload);
    object.put("offset", part.offset);
    object.put("received", row.bytes);
    object.put("length", (row.length > 0 || row.complete).then_some(row.length));
    object.put("announced", row.announced);
    object.put("blocks", row.blocks);
    object.put("complete", row.complete);
}

/// The same as an object, with the whole where the message completed it.
pub(super) fn write(view: &View<'_>, object: &mut Members<'_>) {
    if view.store.part(view.id).and_then(|part| view.store.body(part.body)).is_none() {
        return;
    }
    object.object("body", |object| {
        known(view.store, view.id, object);
        let Some(body) = view.body else { return };
        let frames: Vec<u32> = body.messages.iter().filter_map(|id| view.frame_of(*id)).collect();
        object.put("frames", frames);
        if let Some(decoded) = decoded_body(view) {
            object.write_value("value", |text| decoded.write_json(&body.bytes, text));
            payload::describe(&decoded, object);
        }
    });
}
