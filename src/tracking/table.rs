//! A hash table with small keys beside their values: a look-up touches one line of memory, where the usual tables touch two.
//! What has had its time need not be removed: it leaves when room is made.
//!
//! The tracker looks up three keys a message in tables that outgrow the processor's caches, so this is most of its time.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

/// A small key, one value of which is never used.
pub(super) trait Key: Copy + Eq {
    /// Marks an empty cell.
    const EMPTY: Self;

    /// A seeded hash.
    fn hash(self, seed: &RandomState) -> u64;
}

impl Key for u64 {
    const EMPTY: Self = u64::MAX;

    #[inline]
    fn hash(self, seed: &RandomState) -> u64 {
        seed.hash_one(self)
    }
}

impl Key for (u64, u64) {
    const EMPTY: Self = (u64::MAX, u64::MAX);

    #[inline]
    fn hash(self, seed: &RandomState) -> u64 {
        seed.hash_one(self)
    }
}

impl Key for [u32; 3] {
    const EMPTY: Self = [u32::MAX; 3];

    #[inline]
    fn hash(self, seed: &RandomState) -> u64 {
        seed.hash_one((u64::from(self[0]) << 32 | u64::from(self[1]), self[2]))
    }
}

/// Open addressing with linear probing; removal moves later cells up, so that nothing is left behind.
pub(super) struct Table<K, V> {
    cells: Vec<(K, V)>,
    length: usize,
    seed: RandomState,
}

impl<K: Key, V: Copy + Default> Table<K, V> {
    /// Cells of the first allocation; a power of two.
    const FIRST: usize = 64;

    pub fn new() -> Self {
        Self { cells: Vec::new(), length: 0, seed: RandomState::default() }
    }

    #[inline]
    fn home(&self, key: K) -> usize {
        key.hash(&self.seed) as usize & (self.cells.len() - 1)
    }

    /// The cell with the key, or the empty cell where it would go. There is at least one empty cell.
    #[inline]
    fn find(&self, key: K) -> usize {
        let mut at = self.home(key);
        while self.cells[at].0 != key && self.cells[at].0 != K::EMPTY {
            at = (at + 1) & (self.cells.len() - 1);
        }
        at
    }

    /// Reads the cell where a look-up will begin, for nothing but to have it at hand: look-ups that wait for one another
    /// wait for memory once instead of each.
    #[inline]
    pub fn touch(&self, key: K) -> bool {
        self.length > 0 && self.cells[self.home(key)].0 == key
    }

    #[inline]
    pub fn get(&self, key: K) -> Option<&V> {
        if self.length == 0 {
            return None;
        }
        let (held, value) = &self.cells[self.find(key)];
        (*held == key).then_some(value)
    }

    #[inline]
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        if self.length == 0 {
            return None;
        }
        let at = self.find(key);
        let (held, value) = &mut self.cells[at];
        (*held == key).then_some(value)
    }

    /// The value under the key, put there first where there is none.
    ///
    /// `alive` tells the values that still mean something: the others leave when the table would have to grow.
    #[inline]
    pub fn get_or_insert(&mut self, key: K, value: V, alive: impl Fn(&V) -> bool) -> &mut V {
        if (self.length + 1) * 3 > self.cells.len() * 2 {
            self.make_room(alive);
        }
        let at = self.find(key);
        let cell = &mut self.cells[at];
        if cell.0 != key {
            self.length += 1;
            *cell = (key, value);
        }
        &mut cell.1
    }

    /// Puts a value under a key.
    #[inline]
    pub fn insert(&mut self, key: K, value: V, alive: impl Fn(&V) -> bool) {
        *self.get_or_insert(key, value, alive) = value;
    }

    #[cold]
    fn make_room(&mut self, alive: impl Fn(&V) -> bool) {
        let stays = |cell: &&(K, V)| cell.0 != K::EMPTY && alive(&cell.1);
        let count = self.cells.iter().filter(stays).count();
        let larger = if count * 3 >= self.cells.len() { self.cells.len() * 2 } else { self.cells.len() };
        let before = std::mem::replace(&mut self.cells, vec![(K::EMPTY, V::default()); larger.max(Self::FIRST)]);
        for cell in before.iter().filter(stays) {
            let at = self.find(cell.0);
            self.cells[at] = *cell;
        }
        self.length = count;
    }

    pub fn remove(&mut self, key: K) {
        if self.length == 0 {
            return;
        }
        let at = self.find(key);
        if self.cells[at].0 == key {
            self.remove_at(at);
        }
    }

    /// Empties a cell; cells behind it that were pushed there by it move up.
    fn remove_at(&mut self, mut hole: usize) {
        let mask = self.cells.len() - 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let key = self.cells[at].0;
            if key == K::EMPTY {
                break;
            }
            // It may move to the hole unless its home lies behind the hole.
            let from_home = at.wrapping_sub(self.home(key)) & mask;
            let from_hole = at.wrapping_sub(hole) & mask;
            if from_home >= from_hole {
                self.cells[hole] = self.cells[at];
                hole = at;
            }
        }
        self.cells[hole].0 = K::EMPTY;
        self.length -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn it_holds_what_a_map_of_the_standard_library_holds() {
        let (mut table, mut map) = (Table::new(), HashMap::new());
        let mut state = 7u64;
        for round in 0..40_000u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = (state >> 33) % 700;
            if state >> 60 < 7 {
                table.remove(key);
                map.remove(&key);
            } else {
                table.insert(key, round, |_| true);
                map.insert(key, round);
            }
            assert_eq!(table.length, map.len());
            assert_eq!(table.get(key), map.get(&key));
        }
        for key in 0..700 {
            assert_eq!(table.get(key), map.get(&key));
            assert_eq!(table.get_mut(key), map.get_mut(&key));
        }
    }

    #[test]
    fn it_grows_with_what_is_alive_only() {
        let mut table = Table::new();
        for round in 0..100_000u64 {
            table.insert(round, round, |held| *held + 30 > round);
        }
        assert!(table.cells.len() <= 256, "{} cells for 30 that are alive", table.cells.len());
        assert!((99_971..100_000).all(|key| table.get(key) == Some(&key)));
    }
}
