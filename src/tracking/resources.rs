//! Resources: path and query of requests, as small numbers with one text each.

use std::collections::HashMap;
use std::fmt::Write;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::model::ResourceId;

/// What stands for all resources that come after the table is full.
const OTHERS: &str = "(other resources)";

/// The texts of resources, such as `/sensors/temp?unit=c`.
///
/// UTF-8 stays as it is; what would be ambiguous or is no text (`/` in a segment, `&` in an argument, `%`, control
/// characters, bytes that are not UTF-8) is percent-encoded (RFC 7252 section 6.5). The table holds a limited number of bytes.
pub struct ResourceTable {
    texts: Vec<Box<str>>,
    index: HashMap<u64, u32, RandomState>,
    bytes: usize,
    limit: usize,
    buffer: String,
}

impl ResourceTable {
    pub(super) fn new(limit: usize) -> Self {
        Self { texts: Vec::new(), index: HashMap::default(), bytes: 0, limit, buffer: String::new() }
    }

    /// The text of a resource; `None` for number 0 and numbers not given out.
    pub fn get(&self, id: ResourceId) -> Option<&str> {
        self.texts.get((id.0 as usize).checked_sub(1)?).map(AsRef::as_ref)
    }

    /// How many there are; their numbers run from 1 to this.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether no resource was seen.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// All texts; that of number `n` is at `n - 1`.
    pub fn texts(&self) -> &[Box<str>] {
        &self.texts
    }

    /// Begins a new text.
    pub(super) fn begin(&mut self) {
        self.buffer.clear();
    }

    /// Adds a Uri-Path segment.
    pub(super) fn segment(&mut self, value: &[u8]) {
        self.buffer.push('/');
        escape(&mut self.buffer, value, &['/', '?', '#']);
    }

    /// Adds a Uri-Query argument.
    pub(super) fn argument(&mut self, value: &[u8], first: bool) {
        if self.buffer.is_empty() {
            self.buffer.push('/');
        }
        self.buffer.push(if first { '?' } else { '&' });
        escape(&mut self.buffer, value, &['&', '#']);
    }

    /// Takes a whole URI (Proxy-Uri) as the text.
    pub(super) fn whole(&mut self, value: &[u8]) {
        self.buffer.clear();
        escape(&mut self.buffer, value, &[]);
    }

    /// The number of the text that was put together.
    pub(super) fn finish(&mut self) -> ResourceId {
        if self.buffer.is_empty() {
            self.buffer.push('/');
        }
        if let Some(id) = self.find() {
            return id;
        }
        if self.bytes + self.buffer.len() > self.limit {
            self.buffer.clear();
            self.buffer.push_str(OTHERS);
            if let Some(id) = self.find() {
                return id;
            }
        }
        self.insert()
    }

    fn find(&self) -> Option<ResourceId> {
        let mut hash = self.index.hasher().hash_one(self.buffer.as_str());
        while let Some(&id) = self.index.get(&hash) {
            if *self.texts[id as usize - 1] == *self.buffer {
                return Some(ResourceId(id));
            }
            hash = hash.wrapping_add(1);
        }
        None
    }

    fn insert(&mut self) -> ResourceId {
        let mut hash = self.index.hasher().hash_one(self.buffer.as_str());
        while self.index.contains_key(&hash) {
            hash = hash.wrapping_add(1);
        }
        self.texts.push(self.buffer.as_str().into());
        self.bytes += self.buffer.len() + size_of::<Box<str>>() + 24;
        let id = self.texts.len() as u32;
        self.index.insert(hash, id);
        ResourceId(id)
    }
}

/// Appends the bytes as text, percent-encoding what is no text and the reserved characters given.
fn escape(into: &mut String, value: &[u8], reserved: &[char]) {
    if value.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'=' | b':')) {
        // All ASCII, so this is the bytes as they are.
        into.extend(value.iter().map(|&byte| char::from(byte)));
        return;
    }
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() || character == '%' || reserved.contains(&character) {
                let mut bytes = [0; 4];
                percent(into, character.encode_utf8(&mut bytes).as_bytes());
            } else {
                into.push(character);
            }
        }
        percent(into, chunk.invalid());
    }
}

fn percent(into: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(into, "%{byte:02X}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Interns a path and a query, both split at spaces.
    fn intern(table: &mut ResourceTable, path: &[&[u8]], query: &[&[u8]]) -> ResourceId {
        table.begin();
        path.iter().for_each(|segment| table.segment(segment));
        query.iter().enumerate().for_each(|(index, argument)| table.argument(argument, index == 0));
        table.finish()
    }

    #[test]
    fn texts_are_unambiguous() {
        let mut table = ResourceTable::new(10_000);
        let cases: [(&[&[u8]], &[&[u8]], &str); 8] = [
            (&[], &[], "/"),
            (&[b"sensors", b"temp"], &[], "/sensors/temp"),
            (&[b"a/b"], &[], "/a%2Fb"),
            (&[b"foo", b""], &[], "/foo/"),
            (&["\u{fc}ml".as_bytes()], &[], "/\u{fc}ml"),
            (&[b"\xff%2F\x1b"], &[], "/%FF%252F%1B"),
            (&[], &[b"x"], "/?x"),
            (&[b"p"], &[b"a=1&2", b"b/?"], "/p?a=1%262&b/?"),
        ];
        for (path, query, text) in cases {
            let id = intern(&mut table, path, query);
            assert_eq!(table.get(id), Some(text));
            assert_eq!(intern(&mut table, path, query), id);
        }
        assert_eq!(table.len(), 8);
        assert_eq!(table.get(ResourceId(0)), None);
    }

    #[test]
    fn a_full_table_has_one_row_for_the_rest() {
        let mut table = ResourceTable::new(150);
        let ids: Vec<_> = (0..10u8).map(|n| intern(&mut table, &[&[b'a' + n]], &[])).collect();
        assert_eq!(table.get(ids[0]), Some("/a"));
        assert_eq!(table.get(ids[9]), Some(OTHERS));
        assert_eq!(ids[8], ids[9]);
    }
}
