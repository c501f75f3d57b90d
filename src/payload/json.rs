//! JSON (RFC 8259): serde_json says what the text is made of, one level at a time, and lends the text of every value, so that each
//! keeps its place; nothing recurses, however deep the text is nested.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::walk::{Walk, rest};
use super::{Item, Value};
use crate::coap::flaw::Flaw;

/// Every level is read again for the places of its values. So many bytes are read in all, however deep the text is nested: those of the
/// longest datagram on 24 levels, or more of a longer body.
const WORK: usize = 65_507 * 24;
/// How often each byte of a longer body may be read.
const TIMES: usize = 16;
/// A byte order mark in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A value whose members are still to be read.
struct Open<'a> {
    item: Item,
    entries: std::vec::IntoIter<Entry<'a>>,
}

/// A member or element: its name as it stands there, and its value.
#[derive(Clone, Copy)]
struct Entry<'a> {
    name: Option<&'a str>,
    value: &'a str,
}

/// The value of a text; what could be read of it where it is broken.
pub(super) fn decode(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let Some(own) = body.strip_prefix(MARK) else { return without_mark(body, walk) };
    let known = walk.problems.len();
    let mut items = without_mark(own, walk);
    walk.shift(known, MARK.len());
    items.iter_mut().for_each(|item| item.shift(MARK.len()));
    // It must not be there, but may be ignored (RFC 8259 section 8.1).
    walk.flaw(Flaw::Mark, 0..MARK.len());
    items
}

fn without_mark(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => {
            let end = error.valid_up_to();
            walk.flaw(Flaw::NotUtf8, end..(end + error.error_len().unwrap_or(1)).min(body.len()));
            body.get(..end).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default()
        }
    };
    let broken = !walk.problems.is_empty();
    let start = text.len() - skip(text).len();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let whole = match values.next() {
        Some(Ok(raw)) => {
            let end = values.byte_offset();
            let behind = skip(text.get(end..).unwrap_or_default());
            if !behind.is_empty() && !broken {
                walk.flaw(Flaw::Trailing, text.len() - behind.len()..text.len());
            }
            raw.get()
        }
        Some(Err(error)) => {
            let at = place(text, &error);
            let flaw = if error.is_eof() || ends_in_number(text, at) { Flaw::EndsEarly } else { Flaw::Syntax };
            if !broken {
                walk.flaw(flaw, at..(at + 1).min(text.len()));
            }
            text.get(start..).unwrap_or_default()
        }
        None => {
            if !broken {
                walk.flaw(Flaw::EndsEarly, 0..text.len());
            }
            return Vec::new();
        }
    };
    if !whole.starts_with(['{', '[']) && walk.problems.iter().any(|problem| problem.flaw != Flaw::Trailing) {
        return vec![rest(start..body.len(), "not read")];
    }
    vec![value(text, whole, walk)]
}

/// Walks down with a stack of its own.
fn value(text: &str, whole: &str, walk: &mut Walk) -> Item {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut work = WORK.max(text.len() * TIMES);
    let mut done = match enter(text, Entry { name: None, value: whole }, 0, &mut work, walk) {
        Step::Leaf(item) => return item,
        Step::Into(first) => {
            open.push(first);
            None
        }
    };
    while let Some(mut top) = open.pop() {
        if let Some(child) = done.take() {
            top.item.children.push(child);
        }
        match top.entries.next() {
            None => {
                note_duplicates(&top.item, Flaw::Duplicate, walk);
                done = Some(top.item);
            }
            Some(entry) => {
                let at = offset(text, entry.name.unwrap_or(entry.value));
                if !walk.take(at..top.item.bytes.end) {
                    top.item.children.push(rest(at..top.item.bytes.end, "not read"));
                    top.entries = Vec::new().into_iter();
                    open.push(top);
                    continue;
                }
                let step = enter(text, entry, open.len() + 1, &mut work, walk);
                open.push(top);
                match step {
                    Step::Leaf(item) => done = Some(item),
                    Step::Into(inner) => open.push(inner),
                }
            }
        }
    }
    done.unwrap_or_else(|| rest(0..text.len(), "not read"))
}

enum Step<'a> {
    Leaf(Item),
    Into(Open<'a>),
}

/// One value: a leaf, or what holds others.
fn enter<'a>(text: &str, entry: Entry<'a>, depth: usize, work: &mut usize, walk: &mut Walk) -> Step<'a> {
    let start = offset(text, entry.name.unwrap_or(entry.value));
    let bytes = start..offset(text, entry.value) + entry.value.len();
    let mut said = |raw: &str| {
        unquoted(raw).unwrap_or_else(|| {
            let at = offset(text, raw);
            walk.flaw(Flaw::Half, at..at + raw.len());
            around_halves(raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default())
        })
    };
    let name = entry.name.map(&mut said).unwrap_or_default();
    let string = entry.value.starts_with('"').then(|| said(entry.value));
    let leaf = |value| Item::new(value, bytes.clone()).named(name.clone());
    let is_object = entry.value.starts_with('{');
    Step::Leaf(match entry.value.as_bytes().first() {
        Some(b'{' | b'[') if depth >= walk.levels || *work < entry.value.len() => {
            walk.flaw(Flaw::TooDeep, bytes.clone());
            leaf(Value::Rest("nested too deep to be read"))
        }
        Some(b'{' | b'[') => {
            *work -= entry.value.len();
            let item = leaf(if is_object { Value::Map(false) } else { Value::List(false) });
            return Step::Into(Open { item, entries: entries(entry.value, is_object).into_iter() });
        }
        Some(b'"') => leaf(Value::Text(string.unwrap_or_default())),
        Some(b't') => leaf(Value::Bool(true)),
        Some(b'f') => leaf(Value::Bool(false)),
        Some(b'n') => leaf(Value::Null),
        _ => leaf(Value::Number(entry.value.to_owned())),
    })
}

/// The members of an object or the elements of an array; of a broken one those before the place where it breaks, and the
/// broken value itself if it holds others.
fn entries(value: &str, is_object: bool) -> Vec<Entry<'_>> {
    let mut found = Vec::new();
    let mut parser = serde_json::Deserializer::from_str(value);
    let read = if is_object {
        parser.deserialize_map(Members(&mut found))
    } else {
        parser.deserialize_seq(Elements(&mut found))
    };
    if read.is_err() {
        found.extend(broken_entry(value, found.last(), is_object));
    }
    found
}

/// The entry that an object or array breaks in, if it can be walked into.
fn broken_entry<'a>(value: &'a str, last: Option<&Entry<'a>>, is_object: bool) -> Option<Entry<'a>> {
    let behind = last.map_or(1, |last| offset(value, last.value) + last.value.len());
    let mut left = skip(value.get(behind..)?);
    if last.is_some() {
        left = skip(left.strip_prefix(',')?);
    }
    let mut name = None;
    if is_object {
        let mut names = serde_json::Deserializer::from_str(left).into_iter::<&RawValue>();
        let raw = names.next()?.ok()?.get();
        if !raw.starts_with('"') {
            return None;
        }
        name = Some(raw);
        left = skip(skip(left.get(names.byte_offset()..)?).strip_prefix(':')?);
    }
    left.starts_with(['{', '[']).then_some(Entry { name, value: left })
}

struct Members<'v, 'a>(&'v mut Vec<Entry<'a>>);

impl<'a> Visitor<'a> for Members<'_, 'a> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<&RawValue>()? {
            let value = map.next_value::<&RawValue>()?;
            self.0.push(Entry { name: Some(name.get()), value: value.get() });
            if self.0.len() > super::walk::ITEMS {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            }
        }
        Ok(())
    }
}

struct Elements<'v, 'a>(&'v mut Vec<Entry<'a>>);

impl<'a> Visitor<'a> for Elements<'_, 'a> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(value) = elements.next_element::<&RawValue>()? {
            self.0.push(Entry { name: None, value: value.get() });
            if self.0.len() > super::walk::ITEMS {
                while elements.next_element::<IgnoredAny>()?.is_some() {}
            }
        }
        Ok(())
    }
}

/// Names that occur more than once in a map: parsers differ in which of them counts (RFC 8259 section 4).
pub(super) fn note_duplicates(item: &Item, flaw: Flaw, walk: &mut Walk) {
    if !matches!(item.value, Value::Map(_)) {
        return;
    }
    let mut seen = std::collections::HashSet::new();
    for child in &item.children {
        let is_shortened = child.is_notation && child.name.ends_with("..");
        if !is_shortened && !seen.insert((child.is_notation, child.name.as_str())) {
            walk.flaw(flaw, child.bytes.clone());
        }
    }
}

/// What a string says; None where it has half of a surrogate pair, which no Unicode text stands for.
fn unquoted(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

/// What is between the quotation marks of such a string says: the half as it is written.
fn around_halves(mut rest: &str) -> String {
    let mut text = String::new();
    while let Some(at) = rest.find('\\') {
        let (before, behind) = rest.split_at(at);
        text.push_str(before);
        let read = |length| {
            let part = format!("\"{}\"", behind.get(..length)?);
            Some((length, serde_json::from_str::<String>(&part).ok()?))
        };
        // As many characters as a pair has, another escape by number, a short one; else it is a half.
        let (length, said) = [12, 6, 2].into_iter().find_map(read).unwrap_or_else(|| {
            let half = behind.get(..6).unwrap_or(behind);
            (half.len(), half.to_owned())
        });
        text.push_str(&said);
        rest = behind.get(length..).unwrap_or_default();
    }
    text + rest
}

/// The text without the white space that JSON allows before a value.
fn skip(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

/// Where a part of a text begins in it.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// The byte at which the parser stopped.
fn place(text: &str, error: &serde_json::Error) -> usize {
    let line = error.line().saturating_sub(1);
    let start = match line {
        0 => 0,
        line => text.match_indices('\n').nth(line - 1).map_or(0, |(at, _)| at + 1),
    };
    // Of a control character in a string the parser tells the place before it.
    let behind = usize::from(error.to_string().starts_with("control character"));
    (start + error.column().saturating_sub(1) + behind).min(text.len())
}

/// Whether the text ends in a number that a digit would make whole: for the parser that is no end, but a wrong number.
fn ends_in_number(text: &str, at: usize) -> bool {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_digit() || "+-.eE".contains(character));
    let number = text.get(digits.len()..).unwrap_or_default();
    at >= digits.len() && !number.is_empty() && serde_json::from_str::<IgnoredAny>(&format!("{number}0")).is_ok()
}
