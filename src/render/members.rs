//! Objects of JSON, written member by member: no map is made of what is only to be a line.

use std::fmt::Display;

use serde::ser::{Serialize, Serializer};
use serde_json::Value;

/// An object that is being written. Keys are words that JSON takes as they are.
pub struct Members<'t> {
    text: &'t mut Vec<u8>,
    is_first: bool,
}

impl Members<'_> {
    /// Write an object behind a text.
    pub fn write(text: &mut Vec<u8>, fill: impl FnOnce(&mut Members<'_>)) {
        text.push(b'{');
        let mut members = Members { text, is_first: true };
        fill(&mut members);
        text.push(b'}');
    }

    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        self.text.extend_from_slice(if self.is_first { b"\"" } else { b",\"" });
        self.text.extend_from_slice(key.as_bytes());
        self.text.extend_from_slice(b"\":");
        self.is_first = false;
        self.text
    }

    /// A member of any value.
    pub fn put(&mut self, key: &str, value: impl Serialize) {
        put(self.key(key), &value);
    }

    /// A member whose value writes itself.
    pub fn write_value(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        write(self.key(key));
    }

    /// Bytes in hexadecimal.
    pub fn hex(&mut self, key: &str, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or_default();
        let text = self.key(key);
        text.push(b'"');
        text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
        text.push(b'"');
    }

    /// An object in it.
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Members<'_>)) {
        Members::write(self.key(key), fill);
    }

    /// An array in it, each of whose elements writes itself.
    pub fn array<T>(&mut self, key: &str, items: impl Iterator<Item = T>, write: impl FnMut(&mut Vec<u8>, T)) {
        array(self.key(key), items, write);
    }
}

/// Write an array behind a text, each of whose elements writes itself.
pub(super) fn array<T>(text: &mut Vec<u8>, items: impl Iterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    text.push(b'[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            text.push(b',');
        }
        write(text, item);
    }
    text.push(b']');
}

fn put(text: &mut Vec<u8>, value: &impl Serialize) {
    // Neither memory nor any of our values fails.
    let _ = serde_json::to_writer(text, value);
}

/// What was written, as a value.
pub(super) fn value(write: impl FnOnce(&mut Vec<u8>)) -> Value {
    let mut text = Vec::new();
    write(&mut text);
    serde_json::from_slice(&text).unwrap_or_default()
}

/// A text that is only made while it is written.
pub(super) struct Shown<T>(pub T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
