//! TLVs of Thread's management framework, and what their types are called under its paths.

use super::walk::{Walk, rest};
use super::{About, Item, Value};
use crate::coap::flaw::Flaw;

/// First segment of the path that a type belongs to, type, name.
const TYPES: &str = include_str!("thread_tlvs.csv");

/// Types whose values are text.
const TEXTS: &[&str] =
    &["Network Name", "Commissioner ID", "Provisioning URL", "Vendor Name", "Vendor Model", "Vendor SW Version"];

/// Whether a body is to be read as TLVs: its path is one of Thread's that carries them, `/a/..`, `/c/..`, `/d/..` or `/n/..`, two letters
/// behind. On another port than Thread's own such a path may be anything, so the body must consist of whole TLVs there.
pub(super) fn fits(body: &[u8], about: About<'_>) -> bool {
    if space(about.path).is_none() {
        return false;
    }
    let mut walk = Walk::new();
    about.is_thread || {
        decode(body, about.path, &mut walk);
        walk.problems.is_empty()
    }
}

/// Which types a path has.
fn space(path: &str) -> Option<&'static str> {
    let rest = super::names::convention(path).filter(|row| row.meaning.starts_with("Thread: ")).map(|_| path)?;
    match rest.as_bytes().get(1)? {
        b'a' | b'n' => Some("a"),
        b'c' => Some("c"),
        b'd' => Some("d"),
        _ => None,
    }
}

/// The name of a type.
fn name(space: &str, number: u8) -> Option<&'static str> {
    TYPES.lines().skip(1).find_map(|line| {
        let (of, row) = line.split_once(',')?;
        let (known, name) = row.split_once(',')?;
        (of == space && known.parse() == Ok(number)).then_some(name)
    })
}

/// The TLVs of a body.
pub(super) fn decode(body: &[u8], path: &str, walk: &mut Walk) -> Vec<Item> {
    let space = space(path).unwrap_or_default();
    let mut root = Item::new(Value::Map(false), 0..body.len());
    let mut at = 0;
    while at < body.len() {
        let left = at..body.len();
        if !walk.take(left.clone()) {
            root.children.push(rest(left, "not read"));
            break;
        }
        let (start, end) = match value(body, at) {
            Ok(place) => place,
            Err(flaw) => {
                walk.flaw(flaw, at..at + 1);
                root.children.push(rest(left, "not read"));
                break;
            }
        };
        let (number, held) = (body.get(at).copied().unwrap_or_default(), body.get(start..end).unwrap_or_default());
        let name = name(space, number);
        let is_text = name.is_some_and(|name| TEXTS.contains(&name));
        let value = match std::str::from_utf8(held) {
            Ok(text) if is_text && super::text::readable(held) => Value::Text(text.to_owned()),
            _ => Value::Bytes(held.to_vec()),
        };
        root.children.push(Item::new(value, at..end).named(number.to_string()).meaning(name.unwrap_or_default()));
        at = end;
    }
    vec![root]
}

/// Where the value of the TLV at `at` begins and ends. A length of 255 says that two bytes of length follow.
fn value(body: &[u8], at: usize) -> Result<(usize, usize), Flaw> {
    let (length, start) = match body.get(at + 1..).unwrap_or_default() {
        [255, high, low, ..] => (usize::from(*high) << 8 | usize::from(*low), at + 4),
        [] | [255, ..] => return Err(Flaw::EndsEarly),
        [length, ..] => (usize::from(*length), at + 2),
    };
    if start + length <= body.len() { Ok((start, start + length)) } else { Err(Flaw::TooLong) }
}
