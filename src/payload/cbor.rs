//! CBOR (RFC 8949) and sequences of it (RFC 8742), walked with a stack of its own: no input makes it recurse, and no announced length
//! makes it allocate.

use std::ops::Range;

use super::item::MISSING;
use super::notation::notation;
use super::walk::{Walk, rest};
use super::{Item, Value, time};
use crate::coap::flaw::Flaw;

/// Longest name, in characters, that a key other than text gets.
const NAME: usize = 80;

/// Levels that a body inside a string counts for beside its own: each takes a turn of the stack.
pub(super) const EMBEDDED: usize = 3;

/// An array, map, tag or string in pieces that is not complete.
struct Open {
    item: Item,
    /// Items that are still to come; None until a break.
    left: Option<u64>,
    /// The key whose value is still to come.
    key: Option<Item>,
}

/// What stands at the head of an item (RFC 8949 section 3).
struct Head {
    major: u8,
    /// The low five bits.
    info: u8,
    argument: u64,
    /// Behind the head.
    end: usize,
}

/// The value of a body, which is to hold one item and nothing else.
pub(super) fn decode(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let item = one(body, 0, walk);
    if item.bytes.end < body.len() && !is_over(walk) {
        walk.flaw(Flaw::Trailing, item.bytes.end..body.len());
        let behind = rest(item.bytes.end..body.len(), "behind the item");
        return vec![item, behind];
    }
    vec![item]
}

/// The values of a sequence.
pub(super) fn sequence(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let known = walk.problems.len();
        let item = one(body, at, walk);
        at = item.bytes.end.max(at + 1);
        let is_rest = matches!(item.value, Value::Rest(_));
        items.push(item);
        if is_rest || walk.problems.iter().skip(known).any(|problem| ends_walk(problem.flaw)) {
            break;
        }
    }
    items
}

/// The numbers of blocks that are missing: each of an item, rising (RFC 9177 section 5).
pub(super) fn missing_blocks(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let items = sequence(body, walk);
    let mut before = None;
    for item in &items {
        match (&item.value, item.as_integer()) {
            (Value::Rest(_), _) => {}
            (_, Some(number @ 0..)) => {
                if before.is_some_and(|before| before >= number) {
                    walk.flaw(Flaw::Order, item.bytes.clone());
                }
                before = Some(number);
            }
            _ => walk.flaw(Flaw::Structure, item.bytes.clone()),
        }
    }
    items
}

fn is_over(walk: &Walk) -> bool {
    walk.problems.iter().any(|problem| ends_walk(problem.flaw))
}

/// Whether nothing can be read behind such a flaw.
fn ends_walk(flaw: Flaw) -> bool {
    !matches!(flaw, Flaw::Key | Flaw::NotUtf8 | Flaw::Structure | Flaw::Trailing | Flaw::Tag | Flaw::Date)
}

/// The item that begins at `at`.
fn one(body: &[u8], at: usize, walk: &mut Walk) -> Item {
    let mut reader = Reader { body, at, open: Vec::new() };
    loop {
        let start = reader.at;
        if !walk.take(start..body.len()) {
            return reader.give_up("not read", walk);
        }
        let Some(head) = head(body, start) else {
            let flaw = match body.get(start).map(|byte| (byte >> 5, byte & 31)) {
                // Of what else is not there at all a length can be left open (RFC 8949 section 3.2).
                Some((_, 28..=30) | (0 | 1 | 6, 31)) => Flaw::Reserved,
                _ => Flaw::EndsEarly,
            };
            reader.flaw(flaw, start..body.len().min(start + 1), walk);
            return reader.give_up("not read", walk);
        };
        reader.at = head.end;
        match reader.enter(&head, start, walk) {
            Entered::Opened => {}
            Entered::Over(why) => return reader.give_up(why, walk),
            Entered::Item(item) => {
                if let Some(done) = reader.add(item, walk) {
                    return done;
                }
            }
        }
    }
}

enum Entered {
    /// A whole item.
    Item(Item),
    /// Something whose inside comes next.
    Opened,
    /// Nothing more can be read.
    Over(&'static str),
}

struct Reader<'a> {
    body: &'a [u8],
    at: usize,
    open: Vec<Open>,
}

impl Reader<'_> {
    /// Notes a flaw; that the body ends early follows from a length that is too long, and is not noted again.
    fn flaw(&self, flaw: Flaw, bytes: Range<usize>, walk: &mut Walk) {
        let follows = flaw == Flaw::EndsEarly && walk.problems.iter().any(|problem| problem.flaw == Flaw::TooLong);
        if !follows {
            let start = bytes.start.min(self.body.len().saturating_sub(1));
            walk.flaw(flaw, start..bytes.end.max(start));
        }
    }

    /// Reads what the head announces.
    fn enter(&mut self, head: &Head, start: usize, walk: &mut Walk) -> Entered {
        let made = |value| Entered::Item(Item::new(value, start..head.end));
        let is_open = head.info == 31;
        if let Some(top) = self.open.last()
            && let Value::Pieces { text } = top.item.value
            && !(is_open && head.major == 7 || !is_open && head.major == if text { 3 } else { 2 })
        {
            self.flaw(Flaw::Chunk, start..head.end, walk);
            self.at = start;
            return Entered::Over("not read");
        }
        match head.major {
            0 => made(Value::Integer(i128::from(head.argument))),
            1 => made(Value::Integer(-1 - i128::from(head.argument))),
            2 | 3 if is_open => self.push(Value::Pieces { text: head.major == 3 }, start, None, walk),
            2 | 3 => self.string(head, start, walk),
            4 => self.push(Value::List(is_open), start, (!is_open).then_some(head.argument), walk),
            5 => self.push(Value::Map(is_open), start, (!is_open).then_some(head.argument.saturating_mul(2)), walk),
            6 => self.push(Value::Tag(head.argument), start, Some(1), walk),
            _ if is_open => self.end_open(start, head.end, walk),
            _ => {
                if head.info == 24 && head.argument < 32 {
                    self.flaw(Flaw::Reserved, start..head.end, walk);
                }
                made(simple(head))
            }
        }
    }

    fn string(&mut self, head: &Head, start: usize, walk: &mut Walk) -> Entered {
        let end = usize::try_from(head.argument).ok().and_then(|length| head.end.checked_add(length));
        let Some((end, bytes)) = end.and_then(|end| Some((end, self.body.get(head.end..end)?))) else {
            self.flaw(Flaw::TooLong, start..head.end, walk);
            self.at = start;
            return Entered::Over("of a string that is not all there");
        };
        self.at = end;
        let value = match std::str::from_utf8(bytes) {
            Ok(text) if head.major == 3 => Value::Text(text.to_owned()),
            Err(error) if head.major == 3 => {
                let at = head.end + error.valid_up_to();
                self.flaw(Flaw::NotUtf8, at..(at + error.error_len().unwrap_or(1)).min(end), walk);
                Value::Bytes(bytes.to_vec())
            }
            _ => Value::Bytes(bytes.to_vec()),
        };
        Entered::Item(Item::new(value, start..end))
    }

    /// Opens an array, map, tag or string in pieces.
    fn push(&mut self, value: Value, start: usize, left: Option<u64>, walk: &mut Walk) -> Entered {
        if self.open.len() >= walk.levels {
            walk.flaw(Flaw::TooDeep, start..self.body.len());
            self.at = start;
            return Entered::Over("nested too deep to be read");
        }
        // Behind a tag that ends the body there is no length; that an item is missing shows where it should begin.
        let has_length = !matches!(value, Value::Tag(_));
        if has_length && left.is_some_and(|left| left > (self.body.len() - self.at) as u64) {
            self.flaw(Flaw::TooLong, start..self.at, walk);
        }
        let item = Item::new(value, start..self.at);
        if left == Some(0) {
            return Entered::Item(item);
        }
        self.open.push(Open { item, left, key: None });
        Entered::Opened
    }

    /// A break: the innermost open item ends.
    fn end_open(&mut self, start: usize, end: usize, walk: &mut Walk) -> Entered {
        match self.open.pop_if(|top| top.left.is_none()) {
            Some(mut top) => {
                if let Some(key) = top.key.take() {
                    self.flaw(Flaw::Structure, key.bytes.clone(), walk);
                    top.item.children.push(with_key(rest(start..start, MISSING), &key));
                }
                top.item.bytes.end = end;
                finish(&mut top.item, self.body, self.open.len() + 1, walk);
                Entered::Item(top.item)
            }
            None => {
                self.flaw(Flaw::StrayBreak, start..end, walk);
                self.at = start;
                Entered::Over("not read")
            }
        }
    }

    /// Puts a whole item where it belongs; returns it where nothing is open any more.
    fn add(&mut self, item: Item, walk: &mut Walk) -> Option<Item> {
        let mut item = item;
        while let Some(mut top) = self.open.pop() {
            let end = item.bytes.end;
            match (&top.item.value, top.key.take()) {
                (Value::Map(_), None) => top.key = Some(item),
                (Value::Map(_), Some(key)) => top.item.children.push(with_key(item, &key)),
                _ => top.item.children.push(item),
            }
            top.left = top.left.map(|left| left - 1);
            top.item.bytes.end = end;
            if top.left != Some(0) {
                self.open.push(top);
                return None;
            }
            item = top.item;
            finish(&mut item, self.body, self.open.len() + 1, walk);
        }
        Some(item)
    }

    /// Closes everything where the walk cannot go on; what is left is kept as bytes.
    fn give_up(mut self, why: &'static str, walk: &mut Walk) -> Item {
        let end = self.body.len();
        let mut item = rest(self.at.min(end)..end, why);
        while let Some(mut top) = self.open.pop() {
            let is_worth_it = !item.bytes.is_empty() || !item.children.is_empty();
            match top.key.take() {
                Some(key) if is_worth_it => top.item.children.push(with_key(item, &key)),
                // The body ends where the value should be.
                Some(key) => top.item.children.push(with_key(rest(end..end, MISSING), &key)),
                // Half a key names nothing.
                None if is_worth_it
                    && matches!(top.item.value, Value::Map(_))
                    && !matches!(item.value, Value::Rest(_)) =>
                {
                    top.item.children.push(rest(item.bytes, "of a key that is not all there"));
                }
                None if is_worth_it => top.item.children.push(item),
                None => {}
            }
            top.item.bytes.end = end;
            item = top.item;
            super::json::note_duplicates(&item, Flaw::Key, walk);
        }
        item
    }
}

/// What is to be done once an item is whole.
fn finish(item: &mut Item, body: &[u8], depth: usize, walk: &mut Walk) {
    super::json::note_duplicates(item, Flaw::Key, walk);
    let Value::Tag(tag) = item.value else { return };
    item.meaning = tag_meaning(tag).to_owned();
    let Some(content) = item.children.first_mut() else { return };
    if !walk.is_broken_in(&content.bytes) {
        if !is_for(tag, content) {
            walk.flaw(Flaw::Tag, item.bytes.clone());
        } else if tag == 0
            && !content.as_text().map_or_else(|| time::is_rfc3339(&content.joined_text()), time::is_rfc3339)
        {
            walk.flaw(Flaw::Date, content.bytes.clone());
        }
    }
    match tag {
        1 => {
            if let Some(meaning) = content.as_number().and_then(time::utc) {
                item.meaning = meaning;
            }
        }
        24 => embed(content, body, depth, walk),
        _ => {}
    }
}

/// Whether a tag is for content of such a kind (RFC 8949 section 3.4; RFC 9562 for 37, RFC 8943 for 100 and 1004).
fn is_for(tag: u64, content: &Item) -> bool {
    let value = &content.value;
    match tag {
        0 | 32..=34 | 36 | 1004 => matches!(value, Value::Text(_) | Value::Pieces { text: true }),
        1 => matches!(value, Value::Integer(_) | Value::Float(_)),
        2 | 3 | 24 | 37 => matches!(value, Value::Bytes(_) | Value::Pieces { text: false }),
        4 | 5 => match content.children.as_slice() {
            [Item { value: Value::Integer(_), .. }, mantissa] => {
                matches!(value, Value::List(_)) && matches!(mantissa.value, Value::Integer(_) | Value::Tag(2 | 3))
            }
            _ => false,
        },
        100 => matches!(value, Value::Integer(_)),
        _ => true,
    }
}

/// Reads a byte string that holds CBOR, and hangs what it holds below it.
pub(super) fn embed(string: &mut Item, body: &[u8], depth: usize, walk: &mut Walk) {
    let Value::Bytes(bytes) = &string.value else { return };
    let (start, end) = (string.bytes.end - bytes.len(), string.bytes.end);
    if bytes.is_empty() || body.get(start..end) != Some(bytes) {
        return;
    }
    let levels = walk.levels;
    walk.levels = levels.saturating_sub(depth + EMBEDDED);
    let known = walk.problems.len();
    let mut items = decode(bytes, walk);
    walk.levels = levels;
    walk.shift(known, start);
    items.iter_mut().for_each(|item| item.shift(start));
    string.children = items;
}

/// A value with the name that its key gives it.
fn with_key(value: Item, key: &Item) -> Item {
    let bytes = key.bytes.start..value.bytes.end;
    match &key.value {
        Value::Text(name) => Item { name: name.clone(), bytes, ..value },
        // In pieces it is the same name.
        Value::Pieces { text: true } if key.children.iter().all(|piece| piece.as_text().is_some()) => {
            Item { name: key.joined_text(), bytes, ..value }
        }
        _ => {
            let mut name = match &key.value {
                Value::Pieces { text: false } => notation(&Item::new(Value::Bytes(key.joined_bytes()), 0..0)),
                _ => notation(key),
            };
            if let Some((end, _)) = name.char_indices().nth(NAME) {
                name.truncate(end);
                name.push_str("..");
            }
            Item { name, is_notation: true, bytes, ..value }
        }
    }
}

/// The head at `at`; None where it is reserved or not all there.
fn head(body: &[u8], at: usize) -> Option<Head> {
    let (initial, behind) = body.get(at..)?.split_first()?;
    let (major, info) = (initial >> 5, initial & 31);
    let length = match info {
        0..=23 => 0,
        24..=27 => 1 << (info - 24),
        // Left open: strings, arrays, maps; and the break that ends them.
        31 if matches!(major, 2..=5 | 7) => 0,
        _ => return None,
    };
    let more = behind.get(..length)?;
    let argument = more.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    Some(Head { major, info, argument: if info < 24 { u64::from(info) } else { argument }, end: at + 1 + length })
}

/// A simple value or floating-point number (RFC 8949 section 3.3).
fn simple(head: &Head) -> Value {
    match (head.info, head.argument) {
        (25, bits) => Value::Float(half(bits as u16)),
        (26, bits) => Value::Float(f64::from(f32::from_bits(bits as u32))),
        (27, bits) => Value::Float(f64::from_bits(bits)),
        (_, 20) => Value::Bool(false),
        (_, 21) => Value::Bool(true),
        (_, 22) => Value::Null,
        (_, 23) => Value::Undefined,
        (_, number) => Value::Simple(number as u8),
    }
}

/// A number of half precision (RFC 8949 appendix D).
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let size = match bits >> 10 & 31 {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (fraction + 1024.0) * 2f64.powi(i32::from(exponent) - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// What tags say of their content (IANA, CBOR Tags).
const TAGS: &[(u64, &str)] = &[
    (0, "date and time as text"),
    (1, "seconds since 1970"),
    (2, "big number"),
    (3, "big negative number"),
    (4, "decimal fraction"),
    (5, "big float"),
    (16, "COSE_Encrypt0"),
    (17, "COSE_Mac0"),
    (18, "COSE_Sign1"),
    (21, "meant as base64url"),
    (22, "meant as base64"),
    (23, "meant as hexadecimal"),
    (24, "CBOR inside a string"),
    (32, "URI"),
    (33, "base64url text"),
    (34, "base64 text"),
    (36, "MIME message"),
    (37, "UUID"),
    (61, "CWT"),
    (96, "COSE_Encrypt"),
    (97, "COSE_Mac"),
    (98, "COSE_Sign"),
    (100, "days since 1970-01-01"),
    (55799, "self-described CBOR"),
];

fn tag_meaning(tag: u64) -> &'static str {
    TAGS.iter().find(|row| row.0 == tag).map_or("", |row| row.1)
}
