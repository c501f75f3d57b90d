//! What documents in JSON consist of, where their Content-Format says more than that they are JSON: patches (RFC 6902) and the JSON of LwM2M
//! (OMA LwM2M 1.0 section 6.4.4). A merge patch (RFC 7396) may be any value.

use super::walk::Walk;
use super::{Item, Value};
use crate::coap::flaw::Flaw;

/// The operations of a patch, and the member that each needs beside `op` and `path` (RFC 6902 section 4).
const OPERATIONS: [(&str, Option<&str>); 6] = [
    ("add", Some("value")),
    ("remove", None),
    ("replace", Some("value")),
    ("move", Some("from")),
    ("copy", Some("from")),
    ("test", Some("value")),
];

/// Whether a value is of a kind.
type IsSo = fn(&Value) -> bool;

/// The members of an entry that are its value, in the JSON of LwM2M, and whether each is of its kind.
const VALUES: [(&str, IsSo); 4] = [
    ("v", |value| matches!(value, Value::Number(_))),
    ("bv", |value| matches!(value, Value::Bool(_))),
    ("sv", |value| matches!(value, Value::Text(_))),
    ("ov", |value| matches!(value, Value::Text(_))),
];

/// Notes what is wrong with a patch: an array of operations (RFC 6902 section 3).
pub(super) fn patch(items: Vec<Item>, walk: &mut Walk) -> Vec<Item> {
    let Some(root) = whole(&items, walk) else { return items };
    if !matches!(root.value, Value::List(_)) {
        walk.flaw(Flaw::NoArray, root.bytes.clone());
    }
    for operation in root.children.iter().filter(|_| matches!(root.value, Value::List(_))) {
        if !is_operation(operation) {
            walk.flaw(Flaw::Operation, operation.bytes.clone());
        }
        // A value cannot be moved into one that it holds (RFC 6902 section 4.4).
        let text = |name: &str| operation.child(name).and_then(Item::as_text);
        let is_inside = text("from")
            .zip(text("path"))
            .is_some_and(|(from, path)| path.strip_prefix(from).is_some_and(|behind| behind.starts_with('/')));
        if is_inside && text("op") == Some("move") {
            walk.flaw(Flaw::Inside, operation.bytes.clone());
        }
        for pointer in ["path", "from"].iter().filter_map(|name| operation.child(name)) {
            if pointer.as_text().is_some_and(|text| !is_pointer(text)) {
                walk.flaw(Flaw::Pointer, pointer.bytes.clone());
            }
        }
    }
    items
}

/// Whether a value is an operation with all that it needs. Members beside these are ignored (RFC 6902 section 4).
fn is_operation(item: &Item) -> bool {
    let text = |name: &str| item.child(name).and_then(Item::as_text);
    let Some((_, needs)) = text("op").and_then(|name| OPERATIONS.iter().find(|row| row.0 == name)) else {
        return false;
    };
    let has_needed = match needs {
        None => true,
        Some("from") => text("from").is_some(),
        Some(name) => item.child(name).is_some(),
    };
    matches!(item.value, Value::Map(_)) && text("path").is_some() && has_needed
}

/// Whether a text is a JSON Pointer (RFC 6901 section 3).
fn is_pointer(text: &str) -> bool {
    let is_escaped = text.split('~').skip(1).all(|behind| behind.starts_with(['0', '1']));
    (text.is_empty() || text.starts_with('/')) && is_escaped
}

/// Notes what is wrong with LwM2M's JSON: an object with the array `e`, each entry an object with one value at most.
pub(super) fn lwm2m(items: Vec<Item>, walk: &mut Walk) -> Vec<Item> {
    let Some(root) = whole(&items, walk) else { return items };
    let entries = root.child("e").filter(|entries| matches!(entries.value, Value::List(_)));
    let Some(entries) = entries else {
        walk.flaw(Flaw::NoEntries, root.bytes.clone());
        return items;
    };
    let is_text = |value: &Value| matches!(value, Value::Text(_));
    let is_number = |value: &Value| matches!(value, Value::Number(_));
    note_kind(root, "bn", is_text, walk);
    note_kind(root, "bt", is_number, walk);
    for entry in &entries.children {
        if !matches!(entry.value, Value::Map(_)) {
            walk.flaw(Flaw::Structure, entry.bytes.clone());
            continue;
        }
        note_kind(entry, "n", is_text, walk);
        note_kind(entry, "t", is_number, walk);
        for (name, is_so) in VALUES {
            note_kind(entry, name, is_so, walk);
        }
        if VALUES.iter().filter(|(name, _)| entry.child(name).is_some()).count() > 1 {
            walk.flaw(Flaw::ManyValues, entry.bytes.clone());
        }
    }
    items
}

/// Notes a member that is not of its kind.
fn note_kind(item: &Item, name: &str, is_so: impl Fn(&Value) -> bool, walk: &mut Walk) {
    if let Some(member) = item.child(name).filter(|member| !is_so(&member.value)) {
        walk.flaw(Flaw::Kind, member.bytes.clone());
    }
}

/// The value of a document all of which could be read: what is missing elsewhere may have been there.
fn whole<'a>(items: &'a [Item], walk: &Walk) -> Option<&'a Item> {
    let is_whole = walk.problems.iter().all(|problem| problem.flaw.is_readable());
    items.first().filter(|_| is_whole)
}
