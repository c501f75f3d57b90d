//! A hash table with small keys beside their values: a look-up touches one line of memory, where the usual tables touch two.
//! What has had its time need not be removed: it leaves when room is made.
//!
//! The tracker looks up several keys a message in tables that outgrow the processor's caches, so this is much of its time.

use prefetch_index::prefetch_index;

use super::seed::two_numbers;

/// A small key, one value of which is never used.
pub(crate) trait Key: Copy + Eq {
    /// Marks an empty cell.
    const EMPTY: Self;

    /// Whether it is [`EMPTY`](Self::EMPTY); told by one number, which no key has in that place.
    fn is_empty(self) -> bool;

    /// A hash by two random numbers, good enough for a table: of its lower bits each depends on all of the key.
    fn hash(self, seed: [u64; 2]) -> u64;
}

/// Both halves of the product.
#[inline]
pub(super) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

impl Key for u64 {
    const EMPTY: Self = u64::MAX;

    #[inline]
    fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    #[inline]
    fn hash(self, [a, b]: [u64; 2]) -> u64 {
        fold(self ^ a, b)
    }
}

impl Key for [u64; 2] {
    const EMPTY: Self = [u64::MAX; 2];

    #[inline]
    fn is_empty(self) -> bool {
        self[1] == u64::MAX
    }

    #[inline]
    fn hash(self, [a, b]: [u64; 2]) -> u64 {
        fold(self[0] ^ a, self[1] ^ b)
    }
}

impl Key for [u64; 3] {
    const EMPTY: Self = [u64::MAX; 3];

    #[inline]
    fn is_empty(self) -> bool {
        self[2] == u64::MAX
    }

    #[inline]
    fn hash(self, [a, b]: [u64; 2]) -> u64 {
        fold(fold(self[0] ^ a, self[1] ^ b) ^ self[2], b)
    }
}

/// Open addressing with linear probing.
pub(crate) struct Table<K, V> {
    /// As many as a power of two.
    cells: Vec<(K, V)>,
    /// How many more keys fit before room is to be made.
    room: usize,
    seed: [u64; 2],
}

impl<K: Key, V: Copy + Default> Table<K, V> {
    /// Cells of a new table.
    const FIRST: usize = 64;
    /// How many cells tell how many of all are alive.
    const SAMPLE: usize = 1024;

    pub fn new() -> Self {
        let cells = vec![(K::EMPTY, V::default()); Self::FIRST];
        Self { cells, room: Self::FIRST * 2 / 3, seed: two_numbers() }
    }

    #[inline]
    fn home(&self, key: K) -> usize {
        key.hash(self.seed) as usize & (self.cells.len() - 1)
    }

    /// The cell with the key, or the empty cell where it would go. There is at least one empty cell.
    #[inline]
    fn find(&self, key: K) -> usize {
        let (cells, mask) = (self.cells.as_slice(), self.cells.len() - 1);
        let mut at = self.home(key);
        while let Some((held, _)) = cells.get(at)
            && *held != key
            && !held.is_empty()
        {
            at = (at + 1) & mask;
        }
        at
    }

    /// Asks memory for where a key is looked for first.
    #[inline]
    pub fn ask(&self, key: K) {
        prefetch_index(&self.cells, self.home(key));
    }

    /// All keys with their values, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.cells.iter().filter(|(key, _)| !key.is_empty()).map(|(key, value)| (*key, value))
    }

    #[inline]
    pub fn get(&self, key: K) -> Option<&V> {
        let (held, value) = &self.cells[self.find(key)];
        (*held == key).then_some(value)
    }

    /// The value under the key, put there first where there is none.
    ///
    /// `alive` tells the values that still mean something: the others leave when the table would have to grow.
    #[inline]
    pub fn get_or_default(&mut self, key: K, alive: impl Fn(&V) -> bool) -> &mut V {
        if self.room == 0 {
            self.make_room(alive);
        }
        let at = self.find(key);
        let cell = &mut self.cells[at];
        if cell.0 != key {
            self.room -= 1;
            *cell = (key, V::default());
        }
        &mut cell.1
    }

    /// Lets go of what is not alive, and grows where much is.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, alive: impl Fn(&V) -> bool) {
        let stays = |cell: &&(K, V)| !cell.0.is_empty() && alive(&cell.1);
        let sample = self.cells.len().min(Self::SAMPLE);
        let alive = self.cells.iter().take(sample).filter(&stays).count();
        let cells = self.cells.len() << u32::from(alive * 3 >= sample);
        self.rehash(cells, &stays);
        if self.room == 0 {
            // The sample was misleading.
            self.rehash(cells * 2, &stays);
        }
    }

    /// Moves what stays to so many cells.
    fn rehash(&mut self, cells: usize, stays: &impl Fn(&&(K, V)) -> bool) {
        let before = std::mem::replace(&mut self.cells, vec![(K::EMPTY, V::default()); cells]);
        self.room = cells * 2 / 3;
        for cell in before.iter().filter(stays) {
            let at = self.find(cell.0);
            self.cells[at] = *cell;
            self.room -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::tracking::random::Random;

    #[test]
    fn it_holds_what_a_map_of_the_standard_library_holds() {
        let (mut table, mut map) = (Table::new(), HashMap::new());
        let mut random = Random(7);
        for round in 0..40_000u32 {
            let key = random.below(700);
            *table.get_or_default(key, |_| true) = round;
            map.insert(key, round);
            assert_eq!(table.cells.len() * 2 / 3 - table.room, map.len());
            assert_eq!(table.get(key), map.get(&key));
        }
        for key in 0..700 {
            assert_eq!(table.get(key), map.get(&key));
        }
    }

    #[test]
    fn all_that_it_holds_is_told_once() {
        let (mut table, mut map) = (Table::new(), HashMap::new());
        for round in 1..200_000u32 {
            // Some often, many once; also number 0.
            let [one, other] = [round.wrapping_mul(round) % 997, round / 7 % (round % 61 + 1)].map(u64::from);
            let key = one << 32 | other;
            table.ask(key);
            let before = std::mem::replace(table.get_or_default(key, |_| true), round);
            assert_eq!(before, map.insert(key, round).unwrap_or(0));
        }
        assert_eq!(table.iter().count(), map.len());
        assert!(map.len() > 1 << 14 && table.cells.len() <= 3 * map.len());
        for (key, value) in table.iter() {
            assert_eq!(Some(value), map.get(&key));
        }
    }

    #[test]
    fn it_grows_with_what_is_alive_only() {
        let mut table = Table::new();
        for round in 0..100_000u64 {
            *table.get_or_default(round, |held| *held + 30 > round) = round;
        }
        assert!(table.cells.len() <= 256, "{} cells for 30 that are alive", table.cells.len());
        assert!((99_971..100_000).all(|key| table.get(key) == Some(&key)));
    }
}
