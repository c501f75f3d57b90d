//! The node that every payload is decoded into: name, value, meaning, bytes, and what is below it.

use std::collections::HashSet;
use std::fmt::Write;
use std::ops::Range;

use crate::coap::{count, escape};

/// Why there is no value: the body ends behind the key.
pub(super) const MISSING: &str = "the value is missing";

/// A value with its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its name in what holds it: a member's name, a key in diagnostic notation, an attribute. As it came: escape before printing.
    pub name: String,
    /// The name is no text but a value in diagnostic notation: a CBOR key that is a number, say.
    pub is_notation: bool,
    /// The value.
    pub value: Value,
    /// What name or value mean, where a table or the format tells. As it came: escape before printing.
    pub meaning: String,
    /// Its bytes in the body, the name included.
    pub bytes: Range<usize>,
    /// What it holds.
    pub children: Vec<Item>,
}

/// A value in the terms of all formats.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing: JSON and CBOR null.
    Null,
    /// CBOR undefined.
    Undefined,
    /// True or false.
    Bool(bool),
    /// An integer.
    Integer(i128),
    /// A binary floating-point number.
    Float(f64),
    /// A number as it is written.
    Number(String),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A CBOR simple value without a name.
    Simple(u8),
    /// Values in order; whether CBOR left their number open.
    List(bool),
    /// Names and values; whether CBOR left their number open.
    Map(bool),
    /// A CBOR string in pieces: of text, or of bytes.
    Pieces {
        /// The pieces are text.
        text: bool,
    },
    /// A CBOR tag around the one child.
    Tag(u64),
    /// Bytes that were not read on, and why not.
    Rest(&'static str),
}

impl Item {
    /// An item without name, meaning and children.
    pub fn new(value: Value, bytes: Range<usize>) -> Self {
        Self { name: String::new(), is_notation: false, value, meaning: String::new(), bytes, children: Vec::new() }
    }

    /// The same with a name.
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The same with a meaning.
    pub fn meaning(self, meaning: impl Into<String>) -> Self {
        Self { meaning: meaning.into(), ..self }
    }

    /// The child of that name; the last of several, as most parsers have it.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().rev().find(|child| child.name == name)
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        match &self.value {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            Value::Number(text) => text.parse().ok(),
            Value::Tag(number) => self.tagged_number(*number),
            _ => None,
        }
    }

    /// The number that a tag makes of its content: big numbers, decimal fractions and big floats (RFC 8949 sections 3.4.3 and 3.4.4).
    fn tagged_number(&self, tag: u64) -> Option<f64> {
        let content = self.children.first()?;
        match (tag, &content.value, content.children.as_slice()) {
            (2 | 3, Value::Bytes(_) | Value::Pieces { text: false }, _) => {
                let size = content.own_bytes()?.iter().fold(0.0, |number, byte| number * 256.0 + f64::from(*byte));
                Some(if tag == 2 { size } else { -1.0 - size })
            }
            (4 | 5, Value::List(_), [exponent, mantissa]) => {
                let exponent = exponent.as_integer()?;
                match (tag, mantissa.as_integer()) {
                    (4, Some(mantissa)) => format!("{mantissa}e{exponent}").parse().ok(),
                    // Beyond these the power itself would be none, and the product with it.
                    (4, None) if exponent.abs() < 300 => Some(mantissa.as_number()? * 10f64.powi(exponent as i32)),
                    (5, _) if exponent.abs() < 1000 => Some(mantissa.as_number()? * 2f64.powi(exponent as i32)),
                    _ => None,
                }
            }
            (2..=5, ..) => None,
            _ => content.as_number(),
        }
    }

    /// What was not read on, and so is no member.
    pub(crate) fn is_unread(&self) -> bool {
        self.name.is_empty() && matches!(self.value, Value::Rest(why) if why != MISSING)
    }

    /// The integer, if it is one.
    pub fn as_integer(&self) -> Option<i128> {
        match &self.value {
            Value::Integer(number) => Some(*number),
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// All items below it and itself.
    pub fn count(&self) -> usize {
        let mut open = vec![self];
        let mut count = 0;
        while let Some(item) = open.pop() {
            count += 1;
            open.extend(&item.children);
        }
        count
    }

    /// Move it and all below by `bytes`.
    pub fn shift(&mut self, bytes: usize) {
        self.bytes = self.bytes.start + bytes..self.bytes.end + bytes;
        for child in &mut self.children {
            child.shift(bytes);
        }
    }

    /// The value for a reader, escaped, at most about `limit` characters.
    pub fn text(&self, limit: usize) -> String {
        match &self.value {
            Value::Null => "null".into(),
            Value::Undefined => "undefined".into(),
            Value::Bool(value) => value.to_string(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => float(*number),
            Value::Number(text) => shortened(text, limit),
            Value::Text(text) => quoted(text, limit),
            Value::Bytes(bytes) => hex(bytes, limit),
            Value::Simple(number) => format!("simple({number})"),
            Value::List(_) => count(self.children.len(), "value"),
            Value::Map(_) => count(self.children.len(), "member"),
            Value::Pieces { text: true } => quoted(&self.joined_text(), limit),
            Value::Pieces { text: false } => hex(&self.joined_bytes(), limit),
            Value::Tag(number) => format!("tag {number}"),
            Value::Rest(MISSING) => MISSING.into(),
            Value::Rest(why) => format!("{}, {why}", count(self.bytes.len(), "byte")),
        }
    }

    /// The text of a string in pieces.
    pub(super) fn joined_text(&self) -> String {
        self.children.iter().filter_map(Self::as_text).collect()
    }

    /// The bytes of a string in pieces.
    pub(super) fn joined_bytes(&self) -> Vec<u8> {
        let pieces = self.children.iter().filter_map(|piece| match &piece.value {
            Value::Bytes(bytes) => Some(bytes.as_slice()),
            _ => None,
        });
        pieces.collect::<Vec<_>>().concat()
    }

    /// The bytes of a byte string, in pieces or not.
    fn own_bytes(&self) -> Option<Vec<u8>> {
        match &self.value {
            Value::Bytes(bytes) => Some(bytes.clone()),
            Value::Pieces { text: false } => Some(self.joined_bytes()),
            _ => None,
        }
    }

    /// The value as JSON.
    pub fn json(&self) -> serde_json::Value {
        let mut text = Vec::new();
        self.write_json(&mut text);
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Writes the value as JSON, as RFC 8949 section 6.1 advises for CBOR, but for bytes, which are hexadecimal: what JSON lacks
    /// (undefined, NaN, unnamed simple values) is null, and a tag is left out. Members and numbers are as they came.
    pub fn write_json(&self, text: &mut Vec<u8>) {
        match &self.value {
            Value::Null | Value::Undefined | Value::Simple(_) | Value::Rest(_) => text.extend(b"null"),
            Value::Bool(value) => text.extend(value.to_string().bytes()),
            Value::Integer(number) => text.extend(number.to_string().bytes()),
            Value::Float(number) => put(text, &serde_json::Number::from_f64(*number)),
            Value::Number(number) if number.parse::<serde_json::Number>().is_ok() => text.extend(number.bytes()),
            Value::Number(_) => text.extend(b"null"),
            Value::Text(value) => put(text, value),
            Value::Bytes(bytes) => put(text, &escape::hex(bytes)),
            Value::List(_) => write_list(&self.children, text, Self::write_json),
            Value::Map(_) => write_map(&self.children, text),
            Value::Pieces { text: true } => put(text, &self.joined_text()),
            Value::Pieces { text: false } => put(text, &escape::hex(&self.joined_bytes())),
            Value::Tag(number) => match (self.write_bignum(*number, text), self.children.first()) {
                (Some(()), _) => {}
                (None, Some(content)) => content.write_json(text),
                (None, None) => text.extend(b"null"),
            },
        }
    }

    /// Writes a bignum (RFC 8949 section 3.4.3): of at most 15 bytes as the number that it is, a larger one as its bytes, and behind `~` if it is
    /// negative (section 6.1). None where it is no bignum.
    fn write_bignum(&self, tag: u64, text: &mut Vec<u8>) -> Option<()> {
        if !matches!(tag, 2 | 3) {
            return None;
        }
        let bytes = self.children.first()?.own_bytes()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let digits = bytes.get(zeros..).unwrap_or_default();
        if digits.len() > 15 {
            let sign = if tag == 3 { "~" } else { "" };
            put(text, &(sign.to_owned() + &escape::hex(&bytes)));
            return Some(());
        }
        let number = digits.iter().fold(0i128, |number, byte| number << 8 | i128::from(*byte));
        let number = if tag == 2 { number } else { -1 - number };
        text.extend(number.to_string().bytes());
        Some(())
    }
}

/// Writes an array of items, each of which `write` writes.
pub(super) fn write_list(items: &[Item], text: &mut Vec<u8>, write: fn(&Item, &mut Vec<u8>)) {
    write_all(items, text, *b"[]", write);
}

/// Writes members as an object; what was not read behind them has no name, and is none. Where a name is there twice, each is an object in a list: most readers of JSON keep one such member alone.
fn write_map(members: &[Item], text: &mut Vec<u8>) {
    let members = members.split_last().filter(|(last, _)| last.is_unread()).map_or(members, |(_, read)| read);
    let mut names = HashSet::new();
    let is_list = !members.iter().all(|member| names.insert(&*member.name));
    write_all(members, text, if is_list { *b"[]" } else { *b"{}" }, |member, text| {
        if is_list {
            text.push(b'{');
        }
        put(text, &member.name);
        text.push(b':');
        member.write_json(text);
        if is_list {
            text.push(b'}');
        }
    });
}

fn write_all(items: &[Item], text: &mut Vec<u8>, [before, behind]: [u8; 2], write: impl Fn(&Item, &mut Vec<u8>)) {
    text.push(before);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        write(item, text);
    }
    text.push(behind);
}

/// Writes a value that always is JSON.
pub(super) fn put(text: &mut Vec<u8>, value: &impl serde::Serialize) {
    // Neither memory nor any of our values fails.
    let _ = serde_json::to_writer(text, value);
}

/// A number as JSON and diagnostic notation write it.
pub(super) fn float(number: f64) -> String {
    match number {
        number if number.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        number => format!("{number:?}"),
    }
}

/// Text in quotes, escaped, its end left out beyond `limit` characters.
fn quoted(text: &str, limit: usize) -> String {
    let shown: String = text.chars().take(limit).collect();
    let mut quoted = format!("\"{}\"", escape::text(&shown));
    if shown.len() < text.len() {
        let _ = write!(quoted, ".. ({})", count(text.len(), "byte"));
    }
    quoted
}

/// The beginning of a text, escaped.
fn shortened(text: &str, limit: usize) -> String {
    let shown: String = text.chars().take(limit).collect();
    let rest = if shown.len() < text.len() { ".." } else { "" };
    format!("{}{rest}", escape::text(&shown))
}

/// Bytes in hexadecimal, their end left out beyond `limit` characters.
fn hex(bytes: &[u8], limit: usize) -> String {
    let shown = bytes.get(..limit / 2).unwrap_or(bytes);
    match (bytes.len(), shown.len() < bytes.len()) {
        (0, _) => "no bytes".into(),
        (_, false) => escape::hex(shown),
        (length, true) => format!("{}.. ({})", escape::hex(shown), count(length, "byte")),
    }
}
