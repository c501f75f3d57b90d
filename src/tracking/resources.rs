//! Resources: path and query of requests, as small numbers with one text each.

use super::model::ResourceId;
use super::seed::{Seed, short};
use super::table::Table;
use crate::coap::uri::abbreviated;
use crate::coap::{Message, OptionNumber};

/// What stands for all resources that come after the table is full.
const OTHERS: &str = "(other resources)";

/// How many hashes are known without looking them up: a power of two.
const RECENT: usize = 64;

/// The texts of resources, such as `/sensors/temp?unit=c`.
///
/// They are spelled as [`Message::readable_target`] says. The table holds a limited number of bytes.
pub struct ResourceTable {
    texts: Vec<Box<str>>,
    index: Table<u64, u32>,
    /// Hashes that were asked for lately, each in the place that its lowest bits say.
    recent: [(u64, u32); RECENT],
    bytes: usize,
    limit: usize,
}

impl ResourceTable {
    pub(super) fn new(limit: usize) -> Self {
        Self { texts: Vec::new(), index: Table::new(), recent: [(0, 0); RECENT], bytes: 0, limit }
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

    /// The number of the resource that a request names by Uri-Path and Uri-Query, or asks a proxy for.
    ///
    /// `hash` is the [`OptionsHash`] of these options: the text is put together only for what is new.
    #[inline]
    pub(super) fn intern<'a>(&mut self, hash: u64, seed: &Seed, message: impl FnOnce() -> Message<'a>) -> ResourceId {
        match self.recent[hash as usize % RECENT] {
            (recent, id) if recent == hash && id != 0 => ResourceId(id),
            _ => self.look_up(hash, seed, message),
        }
    }

    /// The number of a resource that was asked for lately, or of another.
    #[inline]
    pub(super) fn at_hand(&self, hash: u64) -> ResourceId {
        ResourceId(self.recent[hash as usize % RECENT].1)
    }

    #[inline(never)]
    fn look_up<'a>(&mut self, hash: u64, seed: &Seed, message: impl FnOnce() -> Message<'a>) -> ResourceId {
        let id = match self.index.get(hash) {
            Some(&id) => ResourceId(id),
            None => self.add(hash, seed, &message()),
        };
        self.recent[hash as usize % RECENT] = (hash, id.0);
        id
    }

    #[cold]
    fn add(&mut self, hash: u64, seed: &Seed, message: &Message<'_>) -> ResourceId {
        let plain = plain_hash(message, seed).filter(|plain| *plain != hash);
        if let Some(&id) = plain.and_then(|plain| self.index.get(plain)) {
            *self.index.get_or_default(hash, |_| true) = id;
            return ResourceId(id);
        }
        let text = message.readable_target();
        if self.bytes + text.len() >= self.limit {
            if self.texts.last().map(AsRef::as_ref) != Some(OTHERS) {
                self.texts.push(OTHERS.into());
            }
            return ResourceId(self.texts.len() as u32);
        }
        self.bytes += text.len() + size_of::<Box<str>>() + 24;
        self.texts.push(text.into());
        let id = self.texts.len() as u32;
        for hash in plain.into_iter().chain([hash]) {
            *self.index.get_or_default(hash, |_| true) = id;
        }
        ResourceId(id)
    }
}

/// Seeded hash of options, number and value. 64 bits, so that two resources are taken for one practically never.
pub(super) struct OptionsHash<'s> {
    seed: &'s Seed,
    state: u64,
}

impl<'s> OptionsHash<'s> {
    pub fn new(seed: &'s Seed) -> Self {
        Self { seed, state: seed.pair[1] }
    }

    /// Adds an option.
    #[inline]
    pub fn add(&mut self, number: OptionNumber, value: &[u8]) {
        self.add_word(number, value, short(value).unwrap_or(0));
    }

    /// The same where the value is at hand as [`short`] has it.
    #[inline(always)]
    pub fn add_word(&mut self, number: OptionNumber, value: &[u8], word: u64) {
        let bits = if value.len() <= 8 { word } else { self.seed.hash(value) };
        self.state = self.seed.mix(self.state ^ bits, u64::from(number.0) << 32 | value.len() as u64);
    }

    pub fn finish(self) -> u64 {
        self.state
    }
}

/// The hash of the options by which a request would usually name the same URI, where it does otherwise: a single empty Uri-Path says `/`, as none
/// does (RFC 7252 section 6.5), and a Uri-Path-Abbrev stands for a path.
fn plain_hash(message: &Message<'_>, seed: &Seed) -> Option<u64> {
    let mut paths = message.options_of(OptionNumber::URI_PATH);
    let path = match (paths.next(), paths.next()) {
        _ if message.asks_proxy() => return None,
        (Some(only), None) if only.value.is_empty() => "",
        (Some(_), _) => return None,
        (None, _) => abbreviated(message.uint(OptionNumber::URI_PATH_ABBREV)?)?,
    };
    let mut hash = OptionsHash::new(seed);
    path.split('/').skip(1).for_each(|segment| hash.add(OptionNumber::URI_PATH, segment.as_bytes()));
    message.options_of(OptionNumber::URI_QUERY).for_each(|query| hash.add(OptionNumber::URI_QUERY, query.value));
    Some(hash.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of options.
    type Values<'a> = &'a [&'a [u8]];

    /// Interns a path, perhaps abbreviated, and a query of a message that is made for it.
    fn intern(table: &mut ResourceTable, seed: &Seed, options: [Values; 3]) -> ResourceId {
        let (mut bytes, mut hash, mut last) = (vec![0x40, 1, 0, 1], OptionsHash::new(seed), 0);
        for (number, values) in [11u8, 13, 15].into_iter().zip(options) {
            for value in values {
                hash.add(OptionNumber(number.into()), value);
                match number - last {
                    delta @ 0..13 => bytes.push(delta << 4 | value.len() as u8),
                    delta => bytes.extend([13 << 4 | value.len() as u8, delta - 13]),
                }
                bytes.extend_from_slice(value);
                last = number;
            }
        }
        table.intern(hash.finish(), seed, || Message::decode(&bytes))
    }

    #[test]
    fn texts_are_unambiguous() {
        let (mut table, seed) = (ResourceTable::new(10_000), Seed::default());
        let cases: [(Values, Values, &str); 10] = [
            (&[], &[], "/"),
            (&[b"sensors", b"temp"], &[], "/sensors/temp"),
            (&[b"a/b"], &[], "/a%2Fb"),
            (&[b"foo", b""], &[], "/foo/"),
            (&[b"", b""], &[], "//"),
            (&[b"", b"foo"], &[], "//foo"),
            (&["\u{fc}ml".as_bytes()], &[], "/\u{fc}ml"),
            (&[b"\xff%2F\x1b"], &[], "/%FF%252F%1B"),
            (&[], &[b"x"], "/?x"),
            (&[b"p"], &[b"a=1&2", b"b/?"], "/p?a=1%262&b/?"),
        ];
        for (path, query, text) in cases {
            let id = intern(&mut table, &seed, [path, &[], query]);
            assert_eq!(table.get(id), Some(text));
            assert_eq!(intern(&mut table, &seed, [path, &[], query]), id);
        }
        assert_eq!(table.len(), 10);
        assert_eq!(table.get(ResourceId(0)), None);
    }

    #[test]
    fn what_names_one_uri_is_one_resource() {
        let empty: Values = &[b""];
        let core: Values = &[b".well-known", b"core"];
        let same: [[[Values; 3]; 2]; 4] = [
            [[&[], &[], &[]], [empty, &[], &[]]],
            [[&[], &[], &[b"x", b"y"]], [empty, &[], &[b"x", b"y"]]],
            [[core, &[], &[]], [&[], empty, &[]]],
            [[core, &[], &[b"rt=a"]], [&[], empty, &[b"rt=a"]]],
        ];
        let texts = ["/", "/?x&y", "/.well-known/core", "/.well-known/core?rt=a"];
        for swapped in [false, true] {
            let (mut table, seed) = (ResourceTable::new(10_000), Seed::default());
            for (mut pair, text) in same.into_iter().zip(texts) {
                pair.rotate_left(usize::from(swapped));
                // Whichever comes first, and again.
                let ids = [0, 1, 0, 1].map(|at: usize| intern(&mut table, &seed, pair[at]));
                assert_eq!(ids, [ids[0]; 4], "{text}");
                assert_eq!(table.get(ids[0]), Some(text));
            }
            assert_eq!(table.len(), same.len());
        }
    }

    #[test]
    fn abbreviations_are_paths_of_their_own() {
        let (mut table, seed) = (ResourceTable::new(10_000), Seed::default());
        let cases: [(Values, &str); 5] = [
            (&[b""], "/.well-known/core"),
            (&[b"\x01"], "/.well-known/rd"),
            (&[b"\x07"], "(abbreviated as 7)"),
            (&[b"\x08"], "(abbreviated as 8)"),
            (&[], "/"),
        ];
        for (number, text) in cases {
            let id = intern(&mut table, &seed, [&[], number, &[]]);
            assert_eq!(table.get(id), Some(text));
        }
        assert_eq!(table.len(), cases.len());
    }

    #[test]
    fn a_full_table_has_one_row_for_the_rest() {
        let (mut table, seed) = (ResourceTable::new(150), Seed::default());
        let ids: Vec<_> = (0..10u8).map(|n| intern(&mut table, &seed, [&[&[b'a' + n]], &[], &[]])).collect();
        assert_eq!(table.get(ids[0]), Some("/a"));
        assert_eq!(table.get(ids[9]), Some(OTHERS));
        assert_eq!(ids[8], ids[9]);
    }
}
