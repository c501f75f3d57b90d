//! Link format (RFC 6690): targets with their attributes.

use std::collections::HashSet;

use super::directory::unescaped;
use super::item::put;
use super::walk::{Walk, rest};
use super::{Item, Value, names};
use crate::coap::flaw::Flaw;

/// What names of attributes consist of, beside letters and digits (RFC 6690 section 2, RFC 5987 section 3.2.1).
const NAME: &str = "!#$&+-.^_`|~*";
/// What values without quotation marks consist of, beside letters and digits (RFC 6690 section 2).
const VALUE: &str = "!#$%&'()*+-./:<=>?@[]^_`{|}~";

/// Attributes that a link has once at most, of which what stands first counts (RFC 6690 section 3; RFC 8288 sections 3.3 and 3.4.1; RFC 7252
/// section 7.2.1 and its erratum 5078).
const ONCE: &[&str] = &["rt", "if", "sz", "ct", "obs", "rel", "media", "type", "title", "title*"];

/// Writes a link as JSON. What is there several times is an array; the target comes before attributes that are called `href` as well.
pub(super) fn write_json(link: &Item, text: &mut Vec<u8>) {
    let Value::Map(_) = link.value else { return link.write_json(text) };
    let mut object = serde_json::Map::new();
    for attribute in link.children.iter().filter(|attribute| !attribute.is_unread()) {
        let value = attribute.json();
        match object.get_mut(&attribute.name) {
            None => drop(object.insert(attribute.name.clone(), value)),
            Some(serde_json::Value::Array(values)) => values.push(value),
            Some(earlier) => *earlier = vec![earlier.take(), value].into(),
        }
    }
    put(text, &object);
}

/// An attribute of a link: of several the first.
pub(super) fn attribute<'a>(link: &'a Item, name: &str) -> Option<&'a Item> {
    link.children.iter().find(|attribute| attribute.name == name)
}

/// The title of a link; of two the one that names its language (RFC 8288 section 3.4.1).
pub(super) fn title(link: &Item) -> Option<&str> {
    let extended = attribute(link, "title*").map(|title| title.meaning.as_str());
    let plain = || attribute(link, "title").and_then(Item::as_text);
    extended.filter(|text| !text.is_empty()).or_else(plain).filter(|text| !text.is_empty())
}

/// What a value says that names its character set and its language (`UTF-8'en'%e2%82%ac`, RFC 8187 section 3.2); None where it does not.
fn extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (set, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = unescaped(text);
    match &*set.to_ascii_lowercase() {
        "utf-8" => String::from_utf8(bytes).ok(),
        "iso-8859-1" => Some(bytes.into_iter().map(char::from).collect()),
        _ => None,
    }
}

/// The links of a document, each a map of `href` and its attributes; an attribute without value is true. In what a LwM2M client says of
/// itself, numbers are named.
pub(super) fn decode(body: &[u8], path: &str, walk: &mut Walk) -> Vec<Item> {
    let mut items = links(body, walk);
    let root = items.iter().any(|link| {
        attribute(link, "rt")
            .and_then(Item::as_text)
            .is_some_and(|types| types.split(' ').any(|one| one == "oma.lwm2m"))
    });
    if root || path == "/rd" || names::lwm2m(path).is_some() {
        for link in items.iter_mut().filter(|link| link.meaning.is_empty()) {
            link.meaning = names::lwm2m(&link.name).map_or_else(String::new, |name| format!("in LwM2M: {name}"));
        }
    }
    items
}

fn links(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let mut items = super::text::decode(body, walk);
    let Some(text) = body.get(..walk.problems.first().map_or(body.len(), |problem| problem.bytes.start)) else {
        return items;
    };
    let Ok(text) = std::str::from_utf8(text) else { return items };
    items.clear();
    let mut reader = Reader { text, at: 0 };
    reader.skip_spaces();
    while reader.at < text.len() {
        let start = reader.at;
        match reader.link(walk) {
            Ok(link) => items.push(link),
            Err(flaw) => {
                let at = reader.at.min(body.len().saturating_sub(1));
                if walk.problems.is_empty() {
                    walk.flaw(flaw, at..(at + 1).min(body.len()));
                }
                items.push(rest(start..body.len(), "not read"));
                return items;
            }
        }
    }
    if text.len() < body.len() {
        items.push(rest(text.len()..body.len(), "not read"));
    }
    items
}

/// Notes what a link has once at most, and has again.
fn note_repeated(link: &Item, walk: &mut Walk) {
    let mut seen = HashSet::new();
    for attribute in link.children.iter().filter(|attribute| ONCE.contains(&&*attribute.name)) {
        if !seen.insert(&*attribute.name) {
            walk.flaw(Flaw::Duplicate, attribute.bytes.clone());
        }
    }
}

/// Whether a text is a number as the grammar has it: without a sign, and without zeros in front (RFC 6690 section 2).
fn is_cardinal(text: &str) -> bool {
    text == "0" || !text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn left(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes this character, if it is next.
    fn take(&mut self, character: char) -> bool {
        let is_next = self.left().starts_with(character);
        self.at += if is_next { character.len_utf8() } else { 0 };
        is_next
    }

    fn skip_spaces(&mut self) {
        self.at += self.left().len() - self.left().trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    /// The text up to one of these characters, which need not be there.
    fn until(&mut self, ends: &[char]) -> &'a str {
        let left = self.left();
        let found = left.find(ends).map_or(left, |end| left.get(..end).unwrap_or(left));
        self.at += found.len();
        found
    }

    /// One link, and the comma behind it.
    fn link(&mut self, walk: &mut Walk) -> Result<Item, Flaw> {
        let start = self.at;
        if !self.take('<') {
            return Err(Flaw::Syntax);
        }
        let target = self.until(&['>']);
        if !self.take('>') {
            return Err(Flaw::EndsEarly);
        }
        let mut link = Item::new(Value::Map(false), start..self.at).named(target);
        link.children.push(Item::new(Value::Text(target.into()), start..self.at).named("href"));
        loop {
            let end = self.at;
            self.skip_spaces();
            if !walk.take(start..self.text.len()) {
                return Err(Flaw::TooMany);
            }
            if self.take(';') {
                let begin = self.at;
                match self.attribute() {
                    Ok(attribute) => {
                        if let Some(flaw) = self.flaw_of(&attribute) {
                            walk.flaw(flaw, attribute.bytes.clone());
                        }
                        link.children.push(attribute);
                    }
                    Err(flaw) => {
                        // The link and what else it has are there all the same; the flawed attribute goes on to the next mark.
                        let at = self.at.min(self.text.len().saturating_sub(1));
                        if walk.problems.iter().all(|problem| problem.flaw != Flaw::NotUtf8) {
                            walk.flaw(flaw, at..at + 1);
                        }
                        self.until(&[';', ',']);
                        link.children.push(rest(begin..self.at, "not read"));
                    }
                }
                continue;
            }
            if !self.left().is_empty() && !self.left().starts_with([',', '<']) {
                // What stands right behind an attribute may be of its value.
                walk.flaw(Flaw::Syntax, self.at..self.at + 1);
                let last = link.children.pop_if(|last| last.bytes.start > start && end == self.at);
                let begin = last.map_or(self.at, |last| last.bytes.start);
                self.until(&[';', ',', '<']);
                link.children.push(rest(begin..self.at, "not read"));
                continue;
            }
            link.bytes.end = end;
            if !self.left().is_empty() {
                self.behind(walk);
            }
            break;
        }
        note_repeated(&link, walk);
        let types = attribute(&link, "rt").and_then(Item::as_text);
        link.meaning = title(&link).or(types).unwrap_or_default().to_owned();
        Ok(link)
    }

    /// Takes the comma behind a link. The link is there, whatever is missing: the comma, or what the comma announces.
    fn behind(&mut self, walk: &mut Walk) {
        let comma = self.at;
        let has_comma = self.take(',');
        self.skip_spaces();
        let flaw = match (has_comma, self.left().is_empty()) {
            (true, true) => Flaw::EndsEarly,
            (false, _) => Flaw::Syntax,
            (true, false) => return,
        };
        // What is cut at bytes that are no UTF-8 is told already.
        if walk.problems.iter().all(|problem| problem.flaw != Flaw::NotUtf8) {
            walk.flaw(flaw, comma..comma + 1);
        }
    }

    fn attribute(&mut self) -> Result<Item, Flaw> {
        self.skip_spaces();
        let start = self.at;
        let name = self.token(NAME);
        if name.is_empty() {
            return Err(if self.left().is_empty() { Flaw::EndsEarly } else { Flaw::Syntax });
        }
        let end = self.at;
        self.skip_spaces();
        if !self.take('=') {
            self.at = end;
            return Ok(Item::new(Value::Bool(true), start..end).named(name));
        }
        self.skip_spaces();
        let value = match self.take('"') {
            true => self.quoted()?,
            false => match self.token(VALUE) {
                "" if self.left().is_empty() => return Err(Flaw::EndsEarly),
                "" => return Err(Flaw::Syntax),
                value => value.to_owned(),
            },
        };
        let meaning = if name.ends_with('*') { extended(&value) } else { None };
        let mut attribute = Item::new(Value::Text(value), start..self.at).named(name);
        attribute.meaning = meaning.unwrap_or_default();
        Ok(attribute)
    }

    /// What an attribute is not, that has to be a number, numbers in quotation marks, or a flag (RFC 6690 sections 2 and 3.3, RFC 7252
    /// section 7.2.1, RFC 7641 section 6).
    fn flaw_of(&self, attribute: &Item) -> Option<Flaw> {
        let value = attribute.as_text();
        let is_quoted = value.is_some() && self.text.get(..attribute.bytes.end).is_some_and(|text| text.ends_with('"'));
        let is_format = |text: &str| is_cardinal(text) && text.parse::<u16>().is_ok();
        let is_right = match attribute.name.as_str() {
            "sz" => value.is_some_and(|size| is_cardinal(size) && !is_quoted),
            "ct" if is_quoted => value.is_some_and(|list| {
                let mut formats = list.split(' ').filter(|one| !one.is_empty()).peekable();
                let has_margin = list.starts_with(' ') || list.ends_with(' ');
                formats.peek().is_some() && formats.all(is_format) && !has_margin
            }),
            "ct" => value.is_some_and(is_format),
            "obs" => return value.map(|_| Flaw::Flag),
            _ => true,
        };
        (!is_right).then_some(Flaw::Cardinal)
    }

    /// Letters, digits and the characters in `also`.
    fn token(&mut self, also: &str) -> &'a str {
        let left = self.left();
        let end = left.find(|character: char| !character.is_ascii_alphanumeric() && !also.contains(character));
        let found = left.get(..end.unwrap_or(left.len())).unwrap_or(left);
        self.at += found.len();
        found
    }

    /// A string behind its first quotation mark; a backslash makes the next character ordinary.
    fn quoted(&mut self) -> Result<String, Flaw> {
        let mut value = String::new();
        let mut characters = self.left().char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += at + 1;
                    return Ok(value);
                }
                '\\' => value.extend(characters.next().map(|(_, character)| character)),
                other => value.push(other),
            }
        }
        self.at = self.text.len();
        Err(Flaw::EndsEarly)
    }
}
