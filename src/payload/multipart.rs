//! Several representations in one (RFC 8710): an array in which Content-Formats and bodies alternate.

use super::walk::Walk;
use super::{Item, Subject, Value, cbor};
use crate::coap::ContentFormat;
use crate::coap::flaw::Flaw;

/// Levels that a part takes: array, string, and what a body inside a string counts for.
const LEVELS: usize = 2 + cbor::EMBEDDED;

/// The parts, each decoded as its own Content-Format.
pub(super) fn decode(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let mut items = cbor::decode(body, walk);
    let root = match items.first_mut() {
        Some(item) if matches!(item.value, Value::List(_)) => item,
        Some(Item { value: Value::Rest(_), .. }) | None => return items,
        Some(_) => {
            walk.flaw(Flaw::Structure, 0..body.len());
            return items;
        }
    };
    if root.children.len() % 2 == 1 && walk.problems.is_empty() {
        walk.flaw(Flaw::Structure, root.bytes.clone());
    }
    let mut format = None;
    for (index, item) in root.children.iter_mut().enumerate() {
        if index % 2 == 0 {
            let number = item.as_integer().and_then(|number| u16::try_from(number).ok()).map(ContentFormat);
            if number.is_none() && !matches!(item.value, Value::Rest(_)) {
                walk.flaw(Flaw::Structure, item.bytes.clone());
            }
            item.meaning = number.map_or(String::new(), |number| number.to_string());
            format = number;
        } else {
            part(item, format.take(), walk);
        }
    }
    items
}

/// Decodes what a byte string holds; null stands for a part that is left out.
fn part(item: &mut Item, format: Option<ContentFormat>, walk: &mut Walk) {
    let Value::Bytes(bytes) = &item.value else {
        if !matches!(item.value, Value::Null | Value::Rest(_) | Value::Pieces { text: false }) {
            walk.flaw(Flaw::Structure, item.bytes.clone());
        }
        return;
    };
    let levels = walk.levels;
    let Some(format) = format.filter(|_| !bytes.is_empty()) else { return };
    if levels <= LEVELS {
        if super::form_of(format).is_some() {
            walk.flaw(Flaw::TooDeep, item.bytes.clone());
        }
        return;
    }
    walk.levels = levels - LEVELS;
    let (start, known) = (item.bytes.end - bytes.len(), walk.problems.len());
    let subject = Subject { format: Some(format), ..Subject::default() };
    let (form, mut inner) = super::by_format(bytes, format, &subject, walk);
    walk.levels = levels;
    walk.shift(known, start);
    inner.iter_mut().for_each(|item| item.shift(start));
    item.meaning = form.to_owned();
    item.children = inner;
}
