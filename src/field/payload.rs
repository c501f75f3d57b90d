//! Fields of decoded payloads: how a payload was read, and the values of its members by their names.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::{Field, Getter, Kind, Reads, Value, Words};
use crate::coap::ContentFormat;
use crate::payload::{self, About, Item, Part, Subject, Value as Decoded};
use crate::store::{Body, View};

/// What the names of members begin with: `coapscope.payload.value.temp`.
pub const MEMBERS: &str = "coapscope.payload.value";
/// Bytes that the name of a member may have.
const LONGEST: usize = 512;
/// Members that can be asked for while the program runs. Each is kept.
const MEMBERS_KEPT: usize = 4096;

/// What payloads are read as, each once.
static FORMS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut forms: Vec<&str> = payload::forms().collect();
    forms.sort_unstable();
    forms.dedup();
    forms
});

pub(super) fn rows() -> Vec<Field> {
    vec![
        Field::new(
            "coapscope.payload.form",
            Kind::Text,
            "What the payload, or the body that the message completed, was read as: JSON, CBOR, link format, text and so on.",
            |view, visit| {
                if let Some(decoded) = decoded(view) {
                    visit(Value::text(decoded.form));
                }
            },
        )
        .words(Words::OneOf(|| &FORMS))
        .of_body(),
        Field::new(
            MEMBERS,
            Kind::Member,
            "Every value of the payload, or of the body that the message completed; with names behind it, those of the members so called, and of the SenML records whose resolved name is or ends so: coapscope.payload.value.temp.",
            |view, visit| {
                if let Some(decoded) = decoded(view) {
                    decoded.items.iter().for_each(|item| leaves(item, visit));
                }
            },
        )
        .of_body(),
        Field::new(
            "coapscope.body.data",
            Kind::Bytes,
            "The body that the message completed with its block, all of it.",
            |view, visit| {
                if let Some(body) = complete_body(view) {
                    visit(Value::bytes(&body.bytes));
                }
            },
        )
        .of_body(),
    ]
}

/// The body that a message completed, where nothing of it is missing.
fn complete_body<'a>(view: &View<'a>) -> Option<&'a Body> {
    view.body.filter(|body| body.missing.is_empty() && !body.bytes.is_empty())
}

/// The same, where it is of several blocks.
fn whole_body<'a>(view: &View<'a>) -> Option<&'a Body> {
    complete_body(view).filter(|_| payload::part(&view.message) != Part::Whole)
}

/// The body that a message completed, decoded by the Content-Format of its blocks.
pub fn decoded_body(view: &View<'_>) -> Option<payload::Decoded> {
    let body = complete_body(view)?;
    let about = About { path: view.path().unwrap_or_default(), ..view.about() };
    Some(payload::decode(&body.bytes, &Subject { format: body.format, about, is_diagnostic: false }))
}

fn decoded(view: &View<'_>) -> Option<Rc<payload::Decoded>> {
    if whole_body(view).is_some() {
        return decoded_body(view).filter(|decoded| !decoded.is_guess).map(Rc::new);
    }
    if !view.is_message() || view.message.payload().is_empty() {
        return None;
    }
    // Without a Content-Format nothing is claimed; that a block is a later one its option says.
    payload::shared(&view.message, || view.about())
        .filter(|decoded| !decoded.is_guess || payload::part(&view.message) == Part::Later)
}

/// The field of members under these names, each within the one before; what has no name, as the places of a list, is passed over.
/// None where a name is missing, or too many were asked for.
pub fn member(path: &[&str]) -> Option<&'static Field> {
    static KNOWN: LazyLock<Mutex<HashMap<Vec<String>, &'static Field>>> = LazyLock::new(Mutex::default);
    let length: usize = path.iter().map(|name| name.len() + 1).sum();
    if path.is_empty() || path.iter().any(|name| name.is_empty()) || length > LONGEST {
        return None;
    }
    let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(field) = known.get(&path) {
        return Some(field);
    }
    if known.len() >= MEMBERS_KEPT {
        return None;
    }
    let field = Field {
        name: Cow::Owned(format!("{MEMBERS}.{}", path.join("."))),
        kind: Kind::Member,
        help: Cow::Borrowed("A member of the payload."),
        known_later: false,
        reads: Reads::Body,
        words: Words::Any,
        most: u64::MAX,
        getter: Getter::Member(path.clone()),
    };
    let field: &'static Field = Box::leak(Box::new(field));
    known.insert(path, field);
    Some(field)
}

/// The values of the members under these names.
pub(super) fn visit(view: &View<'_>, path: &[String], visit: &mut dyn FnMut(Value<'_>)) {
    if may_have(view, path)
        && let Some(decoded) = decoded(view)
    {
        below(&decoded.items, path, visit);
        if decoded.form == "link format" {
            // A link has its target as its name, but is called nothing in the list of all.
            decoded.items.iter().for_each(|link| below(&link.children, path, visit));
        }
        if !decoded.records.is_empty() {
            let name = path.join(".");
            decoded
                .records
                .iter()
                .filter(|record| record.is_called(&name))
                .for_each(|record| whole(&record.value, visit));
        }
    }
}

/// Whether a payload can have members so called: JSON without escapes has their names as they are, so that it need not be decoded
/// where it has not.
fn may_have(view: &View<'_>, path: &[String]) -> bool {
    let payload = whole_body(view).map_or_else(|| view.message.payload(), |body| &body.bytes);
    if view.message.content_format() != Some(ContentFormat::JSON) || payload.contains(&b'\\') {
        return true;
    }
    path.iter().all(|name| payload.windows(name.len()).any(|part| part == name.as_bytes()))
}

fn below(items: &[Item], path: &[String], visit: &mut dyn FnMut(Value<'_>)) {
    let Some((first, rest)) = path.split_first() else { return };
    for item in items {
        match item.name == *first {
            true if rest.is_empty() => whole(item, visit),
            true => below(&item.children, rest, visit),
            false if item.name.is_empty() => below(&item.children, path, visit),
            false => {}
        }
    }
}

/// The value of a member; of a list its values, of what has members that it is there.
fn whole(item: &Item, visit: &mut dyn FnMut(Value<'_>)) {
    match &item.value {
        Decoded::List(_) if !item.children.is_empty() => item.children.iter().for_each(|child| whole(child, visit)),
        Decoded::Tag(_) if tagged_number(item, visit) => {}
        Decoded::Tag(_) => item.children.iter().for_each(|child| whole(child, visit)),
        Decoded::Map(_) if !item.children.is_empty() => visit(Value::Nothing("{..}")),
        Decoded::Map(_) => visit(Value::Nothing("{}")),
        Decoded::List(_) => visit(Value::Nothing("[]")),
        _ => leaf(item, visit),
    }
}

/// All values in an item that hold no others.
fn leaves(item: &Item, visit: &mut dyn FnMut(Value<'_>)) {
    match &item.value {
        Decoded::Tag(_) if tagged_number(item, visit) => {}
        Decoded::List(_) | Decoded::Map(_) | Decoded::Tag(_) => {
            item.children.iter().for_each(|child| leaves(child, visit));
        }
        _ => leaf(item, visit),
    }
}

/// The one number that a tag makes of what it holds: big numbers, decimal fractions, big floats (RFC 8949 section 3.4.3 and 3.4.4).
fn tagged_number(item: &Item, visit: &mut dyn FnMut(Value<'_>)) -> bool {
    let Decoded::Tag(2..=5) = item.value else { return false };
    let exact = item.json().as_number().and_then(|number| number.as_str().parse().ok());
    let number = exact.map(Value::Integer).or_else(|| item.as_number().map(Value::Real));
    number.map(visit).is_some()
}

fn leaf(item: &Item, visit: &mut dyn FnMut(Value<'_>)) {
    let number = |text: &str| {
        let whole = text.parse::<i64>().map(i128::from).or_else(|_| text.parse());
        // One that no float can hold stays what was sent.
        let float = || text.parse().ok().filter(|number: &f64| number.is_finite());
        let real = || float().map_or_else(|| Value::string(text.to_owned()), Value::Real);
        whole.map_or_else(|_| real(), Value::Integer)
    };
    match &item.value {
        Decoded::Bool(truth) => visit(Value::Truth(*truth)),
        Decoded::Integer(number) => visit(Value::Integer(*number)),
        Decoded::Float(number) => visit(Value::Real(*number)),
        Decoded::Number(text) => visit(number(text)),
        Decoded::Text(text) => visit(Value::text(text)),
        Decoded::Bytes(bytes) => visit(Value::bytes(bytes)),
        Decoded::Pieces { text } => {
            let mut joined = Vec::new();
            for piece in &item.children {
                match &piece.value {
                    Decoded::Text(part) => joined.extend(part.as_bytes()),
                    Decoded::Bytes(part) => joined.extend(part),
                    _ => {}
                }
            }
            visit(if *text { Value::Text(joined.into()) } else { Value::Bytes(joined.into()) });
        }
        Decoded::Null => visit(Value::Nothing("null")),
        Decoded::Undefined => visit(Value::Nothing("undefined")),
        Decoded::Simple(_) => visit(Value::Nothing("simple")),
        // Not read, or read as something else above.
        Decoded::Rest(_) | Decoded::List(_) | Decoded::Map(_) | Decoded::Tag(_) => visit(Value::Nothing("..")),
    }
}
