//! LwM2M TLV (OMA LwM2M 1.0 section 6.4.3): object instances, resources and their instances, with the types that the registry has.

use super::names::{self, Kind};
use super::walk::{Walk, rest};
use super::{Item, Value, time};
use crate::coap::flaw::Flaw;

/// What an entry is, by the two highest bits of its first byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    ObjectInstance,
    ResourceInstance,
    MultipleResource,
    Resource,
}

/// What is known of the place that entries stand in.
#[derive(Clone, Copy, Default)]
struct Place {
    object: Option<u16>,
    resource: Option<u16>,
}

/// The entries of a body that answers, or is written to, this path.
pub(super) fn decode(body: &[u8], path: &str, walk: &mut Walk) -> Vec<Item> {
    let mut numbers = path.split('/').skip(1).map(|segment| segment.parse::<u16>().ok());
    let object = numbers.next().flatten();
    let place = Place { object, resource: numbers.nth(1).flatten() };
    let mut root = Item::new(Value::Map(false), 0..body.len());
    root.children = entries(body, 0, place, None, walk);
    vec![root]
}

impl Entry {
    /// Whether such an entry belongs into that one; outermost any may be. An instance holds resources, and a resource its instances:
    /// nothing nests deeper than that.
    const fn belongs_into(self, around: Option<Self>) -> bool {
        match around {
            None => true,
            Some(Self::ObjectInstance) => matches!(self, Self::Resource | Self::MultipleResource),
            Some(Self::MultipleResource) => matches!(self, Self::ResourceInstance),
            Some(Self::Resource | Self::ResourceInstance) => false,
        }
    }
}

/// Entries end to end, inside one of the kind `around`.
fn entries(bytes: &[u8], start: usize, place: Place, around: Option<Entry>, walk: &mut Walk) -> Vec<Item> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let left = start + at..start + bytes.len();
        if !walk.take(left.clone()) {
            items.push(rest(left, "not read"));
            break;
        }
        let (kind, id, value, end) = match entry(bytes, at) {
            Ok(entry) => entry,
            Err(flaw) => {
                walk.flaw(flaw, left.start..left.start + 1);
                items.push(rest(left, "not read"));
                break;
            }
        };
        let place = match kind {
            Entry::Resource | Entry::MultipleResource => Place { resource: Some(id), ..place },
            _ => place,
        };
        let mut item = Item::new(Value::Map(false), start + at..start + end).named(id.to_string());
        let row = place.object.zip(place.resource).and_then(|(object, resource)| names::resource(object, resource));
        let inner = start + value.start;
        let held = bytes.get(value).unwrap_or_default();
        match kind {
            _ if !kind.belongs_into(around) => {
                walk.flaw(Flaw::Nesting, item.bytes.clone());
                item.value = Value::Bytes(held.to_vec());
            }
            Entry::ObjectInstance => {
                item.meaning = "object instance".into();
                item.children = entries(held, inner, place, Some(kind), walk);
            }
            Entry::MultipleResource => {
                item.meaning = row.map_or("resource with instances", |row| row.name).to_owned();
                item.children = entries(held, inner, place, Some(kind), walk);
            }
            Entry::Resource | Entry::ResourceInstance => {
                if kind == Entry::Resource {
                    item.meaning = row.map_or(String::new(), |row| row.name.to_owned());
                }
                (item.value, item.meaning) = typed(held, row.map(|row| row.kind), &item, walk);
            }
        }
        items.push(item);
        at = end;
    }
    items
}

/// The entry at `at`: its kind, identifier, where its value is, and where it ends; or why there is none.
fn entry(bytes: &[u8], at: usize) -> Result<(Entry, u16, std::ops::Range<usize>, usize), Flaw> {
    let first = *bytes.get(at).ok_or(Flaw::EndsEarly)?;
    let kind = match first >> 6 {
        0 => Entry::ObjectInstance,
        1 => Entry::ResourceInstance,
        2 => Entry::MultipleResource,
        _ => Entry::Resource,
    };
    let id_end = at + 2 + usize::from(first >> 5 & 1);
    let id = uint(bytes.get(at + 1..id_end).ok_or(Flaw::EndsEarly)?);
    let length_end = id_end + usize::from(first >> 3 & 3);
    let length = match first >> 3 & 3 {
        0 => u64::from(first & 7),
        _ => uint(bytes.get(id_end..length_end).ok_or(Flaw::EndsEarly)?),
    };
    // At most three bytes of length.
    let end = Some(length_end + length as usize).filter(|end| *end <= bytes.len()).ok_or(Flaw::TooLong)?;
    Ok((kind, id as u16, length_end..end, end))
}

fn uint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A signed integer of 1, 2, 4 or 8 bytes.
fn int(bytes: &[u8]) -> Option<i64> {
    let size = bytes.len();
    let number = uint(bytes);
    matches!(size, 1 | 2 | 4 | 8).then(|| ((number << (64 - 8 * size)) as i64) >> (64 - 8 * size))
}

/// A value as its type has it, and its name with what it means; bytes where the type is not known or does not fit.
fn typed(bytes: &[u8], kind: Option<Kind>, item: &Item, walk: &mut Walk) -> (Value, String) {
    let mut meaning = item.meaning.clone();
    let value = match kind {
        None | Some(Kind::Opaque) => return (Value::Bytes(bytes.to_vec()), meaning),
        Some(Kind::Text) => std::str::from_utf8(bytes).ok().map(|text| Value::Text(text.to_owned())),
        Some(Kind::Integer) => int(bytes).map(|number| Value::Integer(number.into())),
        Some(Kind::Unsigned) => matches!(bytes.len(), 1 | 2 | 4 | 8).then(|| Value::Integer(uint(bytes).into())),
        Some(Kind::Boolean) => match bytes {
            [0] => Some(Value::Bool(false)),
            [1] => Some(Value::Bool(true)),
            _ => None,
        },
        Some(Kind::Float) => match bytes.len() {
            4 => Some(Value::Float(f64::from(f32::from_bits(uint(bytes) as u32)))),
            8 => Some(Value::Float(f64::from_bits(uint(bytes)))),
            _ => None,
        },
        Some(Kind::Time) => int(bytes).map(|seconds| {
            if let Some(text) = time::utc(seconds as f64) {
                meaning = if meaning.is_empty() { text } else { format!("{meaning}, {text}") };
            }
            Value::Integer(seconds.into())
        }),
        Some(Kind::Link) => (bytes.len() == 4).then(|| {
            let (object, instance) =
                (uint(bytes.get(..2).unwrap_or_default()), uint(bytes.get(2..).unwrap_or_default()));
            Value::Text(format!("{object}:{instance}"))
        }),
    };
    let value = value.unwrap_or_else(|| {
        walk.flaw(Flaw::Structure, item.bytes.clone());
        Value::Bytes(bytes.to_vec())
    });
    (value, meaning)
}
