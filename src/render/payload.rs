//! The payload of a message as nodes of its tree and as JSON.

use serde_json::{Map, Value as Json, json};

use super::members::Members;
use super::{Node, Place, content};
use crate::coap::{Message, Span, escape};
use crate::payload::{self, About, Decoded, Item, Part, Value};

/// Characters of a value in the tree; the rest is in the bytes.
pub(super) const SHOWN: usize = 400;
/// Characters of a value's name in the name of its node.
const NAME: usize = 40;
/// Lines of a payload that the screen unfolds by itself.
const SHORT: usize = 12;
/// Characters of hexadecimal in the tree.
const HEX: usize = 64;
/// Characters of a line of text in the tree.
const LINE: usize = 4000;

/// The path of the resource that a message is about, without query, as a request says it itself; empty for other messages.
pub(super) fn path_of(message: &Message<'_>) -> String {
    let is_request = message.header().is_some_and(|header| header.code.is_request());
    let path = if is_request { content::path(message) } else { String::new() };
    path.split('?').next().unwrap_or_default().to_owned()
}

/// The values of the payload, below the node that stands for it.
pub(super) fn nodes(message: &Message<'_>, about: About<'_>) -> Vec<Node> {
    let Some((offset, decoded)) = message.payload_offset().zip(payload::of_message(message, about)) else {
        return Vec::new();
    };
    if matches!(decoded.form, "text" | "octets" | "a later block") {
        let label = if decoded.is_guess { "Looks like text" } else { "Text" };
        return decoded.items.iter().map(|item| line(item, label, offset)).collect();
    }
    vec![whole(&decoded, offset, payload::part(message))]
}

/// The node of a body that has a structure.
pub(super) fn whole(decoded: &Decoded, offset: usize, part: Part) -> Node {
    let begin = decoded.items.first().map_or(0, |item| item.bytes.start);
    let end = decoded.items.last().map_or(0, |item| item.bytes.end);
    let mut node = Node::field(
        "coapscope.payload.form",
        decoded.form,
        "",
        Place::Message(Span::of_bytes(offset + begin, end.saturating_sub(begin))),
    );
    node.value = match decoded.items.as_slice() {
        [only] => only.text(SHOWN),
        items => crate::coap::count(items.len(), "value"),
    };
    node.meaning = match (decoded.is_guess, part) {
        (true, _) => "a guess: no Content-Format says so".into(),
        (_, Part::Beginning) => "its beginning, as far as it can be read".into(),
        _ => match decoded.items.as_slice() {
            [only] => escape::text(&only.meaning).into_owned(),
            _ => String::new(),
        },
    };
    if let Some(notation) = decoded.notation.as_ref().filter(|notation| notation.chars().count() <= SHOWN) {
        node.children.push(Node::generated("coapscope.payload.notation", "Diagnostic notation", notation.clone()));
    }
    match decoded.items.as_slice() {
        [only] if !only.children.is_empty() => node.children.extend(children(only, offset)),
        [_] => {}
        items => {
            node.children
                .extend(items.iter().enumerate().map(|(index, item)| value(item, index, Within::List, offset)));
        }
    }
    node
}

/// Whether what is below a node of the payload is short enough to be seen at once.
pub fn unfolds(node: &Node) -> bool {
    let mut lines = 0;
    if node.name.starts_with("coapscope.payload") {
        node.walk(&mut |_, _| lines += 1);
    }
    (1..=SHORT).contains(&lines)
}

fn children(item: &Item, offset: usize) -> Vec<Node> {
    let within = Within::of(item);
    item.children.iter().enumerate().map(|(index, child)| value(child, index, within, offset)).collect()
}

/// One value with what is below it. The walk has limited how deep this goes.
fn value(item: &Item, index: usize, within: Within, offset: usize) -> Node {
    let label = label(item, index, within);
    let place = Place::Message(Span::of_bytes(offset + item.bytes.start, item.bytes.len()));
    // The same member of another message is found by its name.
    let known: String = label.chars().take(NAME).collect();
    let mut node = Node::field(format!("coapscope.payload.value.{known}"), label, item.text(SHOWN), place);
    node.meaning = escape::text(&item.meaning).into_owned();
    node.children = children(item, offset);
    node
}

/// What a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// In a list, or among the pieces of a string.
    List,
    /// In a map, whose members have names.
    Map,
    /// In nothing, or below a tag.
    Other,
}

impl Within {
    /// What stands in this value.
    pub fn of(item: &Item) -> Self {
        match item.value {
            Value::List(_) | Value::Pieces { .. } => Self::List,
            Value::Map(_) => Self::Map,
            _ => Self::Other,
        }
    }
}

/// What a value is called: by its name, or by its place.
pub(super) fn label(item: &Item, index: usize, within: Within) -> String {
    match (item.name.is_empty(), within) {
        (false, _) if item.is_notation => item.name.clone(),
        (false, _) => escape::text(&item.name).into_owned(),
        (true, Within::List) => format!("[{index}]"),
        // A name may be empty, where one is.
        (true, Within::Map) if !item.is_unread() => "\"\"".into(),
        (true, _) => match item.value {
            Value::Rest(_) => "Not read".into(),
            Value::Text(_) => "Text".into(),
            _ => "Value".into(),
        },
    }
}

/// A line of text, or bytes that are none.
fn line(item: &Item, label: &'static str, offset: usize) -> Node {
    let place = Place::Message(Span::of_bytes(offset + item.bytes.start, item.bytes.len()));
    let mut node = Node::field("coapscope.payload.text", label, "", place);
    match item.as_text() {
        Some("") => node.meaning = "an empty line".into(),
        Some(text) => {
            let shown: String = text.chars().take(LINE).collect();
            node.value = escape::text(&shown).into_owned() + if shown.len() < text.len() { ".." } else { "" };
        }
        None => {
            node.label = if matches!(item.value, Value::Rest(_)) { "Not read".into() } else { "Bytes".into() };
            node.value = item.text(HEX);
        }
    }
    node
}

/// The values of a payload with their bytes, counted from the first byte of the message, each with its depth: readers of JSON have limits
/// of their own to nesting.
pub fn values(message: &Message<'_>, about: Option<About<'_>>) -> Json {
    fn add(item: &Item, depth: usize, offset: usize, values: &mut Vec<Json>) {
        let mut object = Map::new();
        object.insert("depth".into(), json!(depth));
        for (key, text) in [("name", &item.name), ("meaning", &item.meaning)] {
            if !text.is_empty() {
                object.insert(key.into(), json!(text));
            }
        }
        object.insert("text".into(), json!(item.text(SHOWN)));
        object.insert("offset".into(), json!(offset + item.bytes.start));
        object.insert("length".into(), json!(item.bytes.len()));
        values.push(Json::Object(object));
        item.children.iter().for_each(|child| add(child, depth + 1, offset, values));
    }
    let path = path_of(message);
    let about = about.unwrap_or(About { path: &path, ..About::default() });
    let Some((offset, decoded)) = message.payload_offset().zip(payload::of_message(message, about)) else {
        return Json::Null;
    };
    let mut values = Vec::new();
    decoded.items.iter().for_each(|item| add(item, 0, offset, &mut values));
    values.into()
}

/// What the object of a payload says of its value: `value`, and where there is more to say `form`, `notation`, `resolved` and `flaws`.
pub(super) fn object(message: &Message<'_>, about: About<'_>, object: &mut Members<'_>) {
    let Some(decoded) = payload::of_message(message, about) else { return };
    match payload::part(message) {
        Part::Whole => object.write_value("value", |text| decoded.write_json(message.payload(), text)),
        _ => object.put("value", ()),
    }
    describe(&decoded, object);
}

/// What there is to say of a decoded body beside its value.
pub(super) fn describe(decoded: &Decoded, object: &mut Members<'_>) {
    if decoded.is_guess || decoded.form == "octets" {
        return;
    }
    object.put("form", decoded.form);
    if let Some(notation) = &decoded.notation {
        object.put("notation", notation);
    }
    if let Some(resolved) = &decoded.resolved {
        object.put("resolved", resolved);
    }
    if !decoded.problems.is_empty() {
        object.array("flaws", decoded.problems.iter(), |text, problem| {
            Members::write(text, |object| {
                object.put("offset", problem.bytes.start);
                object.put("length", problem.bytes.len());
                object.put("text", problem.flaw.says());
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands below the payload of a message with this body in JSON.
    fn labels(body: &str) -> Vec<String> {
        let bytes = [&[0x50, 0x45, 0, 1, 0xc1, 50, 0xff], body.as_bytes()].concat();
        let message = Message::decode(&bytes);
        let mut labels = Vec::new();
        nodes(&message, About::default())
            .iter()
            .for_each(|node| node.walk(&mut |node, _| labels.push(node.label.to_string())));
        labels
    }

    #[test]
    fn a_name_that_is_empty_is_one() {
        assert_eq!(labels(r#"{"":1,"b":{"":{"":[2]}}}"#), [r#""""#, "b", r#""""#, r#""""#, "[0]"]);
        assert_eq!(labels("[1]"), ["[0]"]);
        assert_eq!(labels(r#"{"":"#), [""; 0]);
    }
}
