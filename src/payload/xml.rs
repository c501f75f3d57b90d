//! XML, by quick-xml: elements with attributes and text. References to what a document type declares stay as they are written, so that none
//! can unfold into more.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesStart, Event};

use super::references::{self, Prolog};
use super::walk::{Walk, rest};
use super::{Item, Value};
use crate::coap::flaw::Flaw;

/// What stands before a text in UTF-8, where something does.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The elements of a document; what could be read of it where it is broken.
pub(super) fn decode(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    if is_otherwise_encoded(body) {
        return vec![rest(0..body.len(), "in another encoding than UTF-8")];
    }
    let (own, known) = (body.strip_prefix(MARK).unwrap_or(body), walk.problems.len());
    let mut items = elements(own, walk);
    let before = body.len() - own.len();
    walk.shift(known, before);
    items.iter_mut().for_each(|item| item.shift(before));
    items
}

/// Whether a document is, or says that it is, in another encoding (XML 1.0 section 4.3.3); one that needs nothing beyond ASCII reads the
/// same in most.
fn is_otherwise_encoded(body: &[u8]) -> bool {
    if body.starts_with(b"\xff\xfe")
        || body.starts_with(b"\xfe\xff")
        || body.starts_with(b"<\0")
        || body.starts_with(b"\0<")
    {
        return true;
    }
    let end = body.windows(2).position(|pair| pair == b"?>").unwrap_or(0);
    let Some(Ok(declaration)) = body.get(..end).map(std::str::from_utf8) else { return false };
    let said = declaration.strip_prefix("<?xml").and_then(|rest| rest.split_once("encoding"));
    let said = said.map(|(_, rest)| rest.trim_start_matches([' ', '\t', '\r', '\n', '=', '"', '\'']));
    let is_utf8 = |name: &str| name.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("utf-8"));
    said.is_some_and(|name| !is_utf8(name)) && !body.is_ascii()
}

fn elements(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => {
            let end = error.valid_up_to();
            walk.flaw(Flaw::NotUtf8, end..(end + error.error_len().unwrap_or(1)).min(body.len()));
            return vec![rest(0..body.len(), "not read")];
        }
    };
    let is_no_character = |character: char| {
        character < ' ' && !"\t\r\n".contains(character) || matches!(character, '\u{fffe}' | '\u{ffff}')
    };
    if let Some((at, found)) = text.match_indices(is_no_character).next() {
        walk.flaw(Flaw::Syntax, at..at + found.len());
    }
    let mut reader = Reader::from_str(text);
    let mut root = Item::new(Value::List(false), 0..body.len());
    let mut open: Vec<Item> = Vec::new();
    let (mut has_element, mut prolog) = (false, Prolog::default());
    let why = loop {
        let start = reader.buffer_position() as usize;
        let event = reader.read_event();
        let bytes = start..(reader.buffer_position() as usize).min(text.len());
        let depth = open.len();
        let is_over = depth == 0 && has_element;
        has_element |= matches!(event, Ok(Event::Start(_) | Event::Empty(_)));
        let parent = open.last_mut().unwrap_or(&mut root);
        match event {
            Err(error) => {
                let at = (reader.error_position() as usize).min(text.len().saturating_sub(1));
                walk.flaw(flaw_of(&error), at..text.len().min(at + 1));
                break "not read";
            }
            Ok(Event::Eof) => {
                if depth > 0 || !has_element {
                    walk.flaw(Flaw::EndsEarly, text.len().saturating_sub(1)..text.len());
                }
                break "";
            }
            Ok(Event::End(_)) => {
                if let Some(mut done) = open.pop() {
                    done.bytes.end = bytes.end;
                    open.last_mut().unwrap_or(&mut root).children.push(told(done));
                }
            }
            // A document has one element at its root, and no text beside it (XML 1.0 section 2.1).
            Ok(Event::Start(_) | Event::Empty(_)) if is_over => {
                walk.flaw(Flaw::Trailing, start..text.len());
                break "not read";
            }
            Ok(Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) if depth == 0 && !is_blank(text, &bytes) => {
                walk.flaw(if is_over { Flaw::Trailing } else { Flaw::Syntax }, start..text.len());
                break "not read";
            }
            Ok(_) if !walk.take(bytes.clone()) => break "not read",
            Ok(Event::Start(_)) if depth >= walk.levels => {
                walk.flaw(Flaw::TooDeep, start..text.len());
                break "nested too deep to be read";
            }
            Ok(Event::Start(tag)) => open.push(element(&tag, bytes, text, prolog, walk)),
            Ok(Event::Empty(tag)) => parent.children.push(told(element(&tag, bytes, text, prolog, walk))),
            Ok(event @ (Event::Text(_) | Event::CData(_) | Event::GeneralRef(_))) => {
                let written = text.get(bytes.clone()).unwrap_or_default();
                let said = match event {
                    Event::CData(_) => written.get(9..written.len().saturating_sub(3)).unwrap_or_default().into(),
                    Event::GeneralRef(_) => references::resolved(written, start, prolog, walk),
                    _ => {
                        // It ends a CDATA section, and stands nowhere else (XML 1.0 section 2.4).
                        stray(written, "]]>", start, walk);
                        written.into()
                    }
                };
                add_text(parent, &said, bytes, is_blank(text, &(start..start + written.len())));
            }
            Ok(Event::Comment(_)) => {
                // Two hyphens end it (XML 1.0 section 2.5): with the first of those at its end there are two nowhere.
                let inside = text.get(start + 4..bytes.end.saturating_sub(2)).unwrap_or_default();
                stray(inside, "--", start + 4, walk);
                parent.children.push(written(text, bytes, "comment"));
            }
            Ok(Event::Decl(_)) => {
                let declaration = text.get(bytes.clone()).unwrap_or_default();
                // It stands before all else, and says its version first (XML 1.0 sections 2.8 and 4.3.1).
                let version = declaration.strip_prefix("<?xml").map_or("", str::trim_start).strip_prefix("version");
                if start > 0 || version.is_none() {
                    walk.flaw(Flaw::Syntax, bytes.clone());
                }
                let version = version.map_or("", |rest| rest.trim_start_matches([' ', '\t', '\r', '\n', '=']));
                prolog.has_controls = version.starts_with("\"1.1\"") || version.starts_with("'1.1'");
                parent.children.push(written(text, bytes, "declaration"));
            }
            Ok(Event::DocType(_)) => {
                prolog.has_type = true;
                parent.children.push(written(text, bytes, "document type"));
            }
            Ok(Event::PI(instruction)) => {
                let target = instruction.target();
                named(target, start + 2, walk);
                if target.eq_ignore_ascii_case("xml") {
                    walk.flaw(Flaw::Syntax, start + 2..start + 2 + target.len());
                }
                parent.children.push(written(text, bytes, "processing instruction"));
            }
        }
    };
    let at = open.last().map_or(root.children.last().map_or(0, |last| last.bytes.end), |last| {
        last.children.last().map_or(last.bytes.end, |child| child.bytes.end)
    });
    let mut left = (!why.is_empty() && at < text.len()).then(|| rest(at..text.len(), why));
    while let Some(mut done) = open.pop() {
        done.children.extend(left.take());
        done.bytes.end = text.len();
        open.last_mut().unwrap_or(&mut root).children.push(told(done));
    }
    root.children.extend(left);
    root.children
}

fn flaw_of(error: &quick_xml::Error) -> Flaw {
    use quick_xml::Error as E;
    match error {
        E::Syntax(SyntaxError::InvalidBangMarkup) => Flaw::Syntax,
        // Something whose end was sought to the last byte.
        E::Syntax(_) => Flaw::EndsEarly,
        E::IllFormed(IllFormedError::UnmatchedEndTag(_)) => Flaw::StrayBreak,
        E::IllFormed(
            IllFormedError::MismatchedEndTag { .. }
            | IllFormedError::MissingEndTag(_)
            | IllFormedError::UnclosedReference,
        ) => Flaw::Unclosed,
        _ => Flaw::Syntax,
    }
}

fn is_blank(text: &str, bytes: &Range<usize>) -> bool {
    text.get(bytes.clone()).is_some_and(|text| text.trim().is_empty())
}

/// An element with its attributes.
fn element(tag: &BytesStart<'_>, bytes: Range<usize>, text: &str, prolog: Prolog, walk: &mut Walk) -> Item {
    let name = tag.name().as_ref().to_owned();
    named(&name, bytes.start + 1, walk);
    let mut item = Item::new(Value::Map(false), bytes.clone()).named(name);
    for attribute in tag.attributes() {
        match attribute {
            Ok(attribute) => {
                let key = attribute.key.as_ref().to_owned();
                let value = attribute.value.clone().into_owned();
                let place = place_of(&attribute.value, text).map_or(bytes.clone(), |value| {
                    let begin = text.get(bytes.start..value.start).and_then(|before| before.rfind(&*key));
                    begin.map_or(bytes.start, |begin| bytes.start + begin)..(value.end + 1).min(text.len())
                });
                named(&key, place.start, walk);
                // White space sets attributes apart (XML 1.0 section 3.1).
                let before = text.get(bytes.start..place.start).unwrap_or_default();
                if !before.is_empty() && !before.ends_with([' ', '\t', '\r', '\n']) {
                    walk.flaw(Flaw::Syntax, place.start..place.start + key.len());
                }
                // A tag begins there (XML 1.0 section 3.1).
                let start = (place.end - 1).saturating_sub(value.len());
                stray(&value, "<", start, walk);
                let said = references::resolved(&value, start, prolog, walk).into_owned();
                if walk.take(place.clone()) {
                    item.children.push(Item::new(Value::Text(said), place).named(format!("@{key}")));
                }
            }
            Err(error) => {
                let at = (bytes.start + 1 + place_in_tag(&error)).min(bytes.end.saturating_sub(1));
                walk.flaw(Flaw::Syntax, at..bytes.end);
                break;
            }
        }
    }
    item
}

/// Notes a mark that must not stand in a text, which begins at `start`.
fn stray(text: &str, mark: &str, start: usize, walk: &mut Walk) {
    if let Some(at) = text.find(mark) {
        walk.flaw(Flaw::Syntax, start + at..start + at + mark.len());
    }
}

/// Notes where a name, which begins at `start`, is none.
fn named(name: &str, start: usize, walk: &mut Walk) {
    let is_in = |ranges: &[(char, char)], c: char| ranges.iter().any(|(first, last)| (*first..=*last).contains(&c));
    let begins = name.chars().next().is_some_and(|first| is_in(BEGIN_NAMES, first));
    if !begins || !name.chars().all(|c| is_in(BEGIN_NAMES, c) || is_in(IN_NAMES, c)) {
        walk.flaw(Flaw::Syntax, start..start + name.len());
    }
}

/// Characters that a name begins with (XML 1.0 section 2.3): the first and the last of each range.
const BEGIN_NAMES: &[(char, char)] = &[
    ('a', 'z'),
    ('A', 'Z'),
    (':', ':'),
    ('_', '_'),
    ('\u{c0}', '\u{d6}'),
    ('\u{d8}', '\u{f6}'),
    ('\u{f8}', '\u{2ff}'),
    ('\u{370}', '\u{37d}'),
    ('\u{37f}', '\u{1fff}'),
    ('\u{200c}', '\u{200d}'),
    ('\u{2070}', '\u{218f}'),
    ('\u{2c00}', '\u{2fef}'),
    ('\u{3001}', '\u{d7ff}'),
    ('\u{f900}', '\u{fdcf}'),
    ('\u{fdf0}', '\u{fffd}'),
    ('\u{10000}', '\u{effff}'),
];

/// What may stand further on in it, besides.
const IN_NAMES: &[(char, char)] =
    &[('-', '.'), ('0', '9'), ('\u{b7}', '\u{b7}'), ('\u{300}', '\u{36f}'), ('\u{203f}', '\u{2040}')];

/// Where an attribute cannot be read: bytes behind the `<` of its tag.
fn place_in_tag(error: &AttrError) -> usize {
    match *error {
        AttrError::ExpectedEq(at)
        | AttrError::ExpectedValue(at)
        | AttrError::UnquotedValue(at)
        | AttrError::ExpectedQuote(at, _)
        | AttrError::Duplicated(at, _) => at,
    }
}

/// Where a borrowed value stands in the text.
fn place_of(value: &str, text: &str) -> Option<Range<usize>> {
    let start = (value.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    (start + value.len() <= text.len()).then(|| start..start + value.len())
}

/// Text and references that follow each other are one text. White space alone is none.
fn add_text(parent: &mut Item, said: &str, bytes: Range<usize>, is_blank: bool) {
    // What has a meaning is a comment or the like.
    if let Some(Item { value: Value::Text(text), bytes: place, name, meaning, .. }) = parent.children.last_mut()
        && name.is_empty()
        && meaning.is_empty()
        && place.end == bytes.start
    {
        text.push_str(said);
        place.end = bytes.end;
        return;
    }
    if !is_blank {
        parent.children.push(Item::new(Value::Text(said.to_owned()), bytes));
    }
}

fn written(text: &str, bytes: Range<usize>, what: &str) -> Item {
    let written = text.get(bytes.clone()).unwrap_or_default();
    Item::new(Value::Text(written.to_owned()), bytes).meaning(what)
}

/// An element whose text is all that it holds, told in its own line.
fn told(mut item: Item) -> Item {
    if let [only] = item.children.as_slice()
        && only.name.is_empty()
        && only.meaning.is_empty()
        && let Some(text) = only.as_text()
    {
        item.meaning = text.trim().chars().take(80).collect();
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_xml_has_is_noted_in_its_place() {
        for (text, expected) in [
            ("<a>]]></a>", Some(3..6)),
            ("<a>b]]>c</a>", Some(4..7)),
            ("<a>]]&gt;</a>", None),
            ("<a><![CDATA[b]]></a>", None),
            ("<!-- b -- c --><a/>", Some(7..9)),
            ("<!-- b ---><a/>", Some(7..9)),
            ("<!-- - b --><a/>", None),
            ("<!----><a/>", None),
            ("<1a/>", Some(1..3)),
            ("<a,b></a,b>", Some(1..4)),
            ("<a><-b/></a>", Some(4..6)),
            ("<a 1b=\"c\"/>", Some(3..5)),
            ("<a b=\"c<d\"/>", Some(7..8)),
            ("<a b=\"c&lt;>d\"/>", None),
            ("<\u{e4}:b-c.1 _d\u{b7}=\"\"/>", None),
            ("<a>\u{fffe}</a>", Some(3..6)),
            ("<?b c?><a/>", None),
            ("<?1b c?><a/>", Some(2..4)),
            ("<a/><?Xml?>", Some(6..9)),
            ("<a b=\"&lt;&#x41;&#65;\">&amp;&apos;&#x10ffff;</a>", None),
            ("<a>b&c;</a>", Some(4..7)),
            ("<!DOCTYPE a><a b=\"&c;\">&c;</a>", None),
            ("<a>&#0;</a>", Some(3..7)),
            ("<a>&#xd800;</a>", Some(3..11)),
            ("<a b=\"c &#x;\"/>", Some(8..12)),
            ("<a b=\"c & d\"/>", Some(8..9)),
            ("<a b=\"&c\"/>", Some(6..7)),
        ] {
            let mut walk = Walk::new();
            decode(text.as_bytes(), &mut walk);
            let noted: Vec<_> = walk.problems.iter().map(|problem| (problem.flaw, problem.bytes.clone())).collect();
            let expected: Vec<_> = expected.into_iter().map(|bytes| (Flaw::Syntax, bytes)).collect();
            assert_eq!(noted, expected, "{text}");
        }
    }
}
