//! Tokens, and what is open under each.

use super::model::RecordId;
use super::seed::{Seed, short};
use super::table::Key;
use super::tags::{Held, Tags};

/// A token: as a number where it has at most eight bytes; else (RFC 8974) as a seeded hash of 64 bits, so that two long tokens
/// are taken for one practically never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Token {
    bits: u64,
    length: u32,
}

/// The first bytes of a number in little-endian order: none, one, and so on.
static FIRST_BYTES: [u64; 16] = {
    let (mut masks, mut length) = ([u64::MAX; 16], 0);
    while length < 8 {
        masks[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    masks
};

impl Token {
    #[inline]
    pub fn new(bytes: &[u8], seed: &Seed) -> Self {
        let bits = short(bytes).unwrap_or_else(|| seed.hash(bytes));
        Self { bits, length: bytes.len() as u32 }
    }

    /// The same of a message whose token, behind its header, has so many bytes: 8 at most.
    #[inline(always)]
    pub fn of_message(bytes: &[u8], length: u8) -> Self {
        let behind = bytes.get(4..).unwrap_or_default();
        let bits = match behind.first_chunk() {
            Some(word) => u64::from_le_bytes(*word) & FIRST_BYTES[usize::from(length & 15)],
            None => behind.get(..usize::from(length)).and_then(short).unwrap_or(0),
        };
        Self { bits, length: u32::from(length) }
    }

    /// One that the capture cut off: it is like no other.
    #[cold]
    pub fn unknown(record: RecordId) -> Self {
        Self { bits: u64::from(record), length: u32::MAX }
    }

    pub fn is_unknown(&self) -> bool {
        self.length == u32::MAX
    }

    /// What it is told by, with its length.
    pub fn bits(&self) -> u64 {
        self.bits
    }

    /// With a scope (the number of a direction, or of a client): exact, but for the length of long tokens.
    #[inline]
    pub fn key(&self, scope: u32) -> [u64; 2] {
        [self.bits, u64::from(scope) << 4 | u64::from(self.length.min(9))]
    }
}

/// Maps a scope (the number of a direction, or of a client) and a token to what `T` holds.
///
/// What is under a key lies beside what was put there shortly before or after, and the index has eight bytes a key: so that of many keys those in
/// use stay in the processor's caches.
pub(super) struct TokenMap<T> {
    index: Tags,
    entries: Vec<Entry<T>>,
    /// Entries that are used no more, the first of them last.
    free: Vec<u32>,
}

struct Entry<T> {
    key: [u64; 2],
    value: T,
}

impl<T: Copy + Default> TokenMap<T> {
    pub fn new() -> Self {
        Self { index: Tags::new(), entries: Vec::new(), free: Vec::new() }
    }

    #[inline]
    pub fn get(&self, scope: u32, token: &Token) -> Option<&T> {
        let key = token.key(scope);
        let number = self.index.get(key, |number| held(&self.entries, number, key))?;
        self.entries.get(number as usize).map(|entry| &entry.value)
    }

    /// The place of a key, for [`at`](Self::at): the one where it was, if it is still there. Good until the next such call.
    ///
    /// `alive` tells the values that still mean something: the others leave when room is made.
    #[inline]
    pub fn place(&mut self, was: usize, scope: u32, token: &Token, alive: impl Fn(&T) -> bool) -> usize {
        let key = token.key(scope);
        if self.entries.get(was).is_some_and(|entry| entry.key == key) {
            return was;
        }
        if self.index.is_full() {
            self.make_room(alive);
        }
        let place = self.index.place(key, |number| held(&self.entries, number, key), |_| true);
        let number = place.number.unwrap_or_else(|| {
            let number = self.add(Entry { key, value: T::default() });
            self.index.put(place, number);
            number
        });
        number as usize
    }

    #[inline]
    fn add(&mut self, entry: Entry<T>) -> u32 {
        if let Some(number) = self.free.pop()
            && let Some(place) = self.entries.get_mut(number as usize)
        {
            *place = entry;
            return number;
        }
        self.entries.push(entry);
        (self.entries.len() - 1) as u32
    }

    /// Lets go of what is not alive.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, alive: impl Fn(&T) -> bool) {
        // In the order in which they lie, not in that of the index.
        let stay: Vec<bool> = self.entries.iter().map(|entry| !entry.key.is_empty() && alive(&entry.value)).collect();
        self.index.make_room(|number| stay.get(number as usize).is_some_and(|stay| *stay));
        self.free.clear();
        self.free.extend((0..stay.len() as u32).rev().filter(|number| !stay[*number as usize]));
        // No key has this value: nobody finds them where they were.
        for number in &self.free {
            self.entries[*number as usize].key = <[u64; 2]>::EMPTY;
        }
    }

    /// The value at a place.
    #[inline]
    pub fn at(&mut self, place: usize) -> &mut T {
        &mut self.entries[place].value
    }
}

/// What the number of an entry leads to.
#[inline]
fn held<T>(entries: &[Entry<T>], number: u32, key: [u64; 2]) -> Held {
    match entries.get(number as usize) {
        Some(entry) if entry.key == key => Held::Same,
        _ => Held::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_by_length_scope_and_every_byte() {
        let tokens: [&[u8]; 7] = [&[], &[0], &[0, 0], &[1; 8], &[1; 9], &[1, 1, 1, 1, 1, 1, 1, 1, 2], &[0; 300]];
        let (mut map, seed) = (TokenMap::new(), Seed::default());
        for scope in [1, 2, 1 << 31, u32::MAX] {
            for (index, token) in tokens.iter().enumerate() {
                let place = map.place(usize::MAX, scope, &Token::new(token, &seed), |_| true);
                *map.at(place) = (scope, index);
            }
        }
        for scope in [1, 2, 1 << 31, u32::MAX] {
            for (index, token) in tokens.iter().enumerate() {
                assert_eq!(map.get(scope, &Token::new(token, &seed)), Some(&(scope, index)));
            }
        }
        assert_eq!(map.get(3, &Token::new(tokens[4], &seed)), None);
    }

    #[test]
    fn it_holds_what_is_alive() {
        let (mut map, seed) = (TokenMap::new(), Seed::default());
        let (mut places, token) = (Vec::new(), |number: u32| Token::new(&number.to_be_bytes(), &seed));
        for number in 0..100_000u32 {
            let alive = |held: &u32| *held + 30 > number || held.is_multiple_of(1000);
            let place = map.place(usize::MAX, 7, &token(number), alive);
            assert_eq!(std::mem::replace(map.at(place), number), 0);
            places.push(place);
            // Where it was is where it is, unless it left; then it is new.
            let earlier = number / 2 / 1000 * 1000;
            assert_eq!(map.place(places[earlier as usize], 7, &token(earlier), alive), places[earlier as usize]);
            assert_eq!(map.get(7, &token(earlier)), Some(&earlier));
        }
        assert!((99_971..100_000).all(|number| map.get(7, &token(number)) == Some(&number)));
        assert!(map.entries.len() < 500, "{} entries for 130 that are alive", map.entries.len());
    }
}
