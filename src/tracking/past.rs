//! What went before, of which only the newest is kept: a fixed number of things, so that a look costs the same however many there were.

use super::ahead::ask;
use super::clock::Moment;
use super::model::RecordId;

/// Things whose places are looked at together.
const WAYS: usize = 4;
/// Such groups of places, a power of two.
const SETS: usize = 1024;

/// A message in the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    pub record: RecordId,
    pub at: Moment,
    /// For how long it holds, in seconds.
    pub seconds: u32,
}

/// No message has this key.
const NOTHING: u64 = u64::MAX;

/// The places of a group. Their keys lie together: to find nothing, which is the usual, takes one line of memory.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Set {
    keys: [u64; WAYS],
    passed: [Passed; WAYS],
}

impl Set {
    const EMPTY: Self = {
        let nothing = Passed { record: 0, at: Moment { time: 0, epoch: 0 }, seconds: 0 };
        Self { keys: [NOTHING; WAYS], passed: [nothing; WAYS] }
    };

    /// The place of a key, else of what is the oldest; what is empty is older. Without a branch, which nobody could foretell.
    #[inline(always)]
    fn place(&self, key: u64) -> usize {
        let (mut place, mut oldest) = (0, i64::MAX);
        for at in 0..WAYS {
            // The place of the key is as old as can be: -1.
            let age = i64::from(self.passed[at].record) | -i64::from(self.keys[at] == key);
            (place, oldest) = if age < oldest { (at, age) } else { (place, oldest) };
        }
        place
    }
}

/// The newest messages by key, one a key.
pub(super) struct Past(Box<[Set; SETS]>);

impl Default for Past {
    fn default() -> Self {
        // Made where it stays, since it is large.
        let sets = vec![Set::EMPTY; SETS].into_boxed_slice().try_into();
        Self(sets.unwrap_or_else(|_| Box::new([Set::EMPTY; SETS])))
    }
}

impl Past {
    /// Where a key belongs; keys that follow each other lie apart.
    #[inline]
    fn set(key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SETS.trailing_zeros())) as usize
    }

    /// Asks memory for where a key belongs.
    #[inline]
    pub fn ask(&self, key: u64) {
        let set = &self.0[Self::set(key)];
        ask(&set.keys);
        ask(&set.passed[WAYS - 1]);
    }

    /// The newest with a key, if it is not forgotten.
    #[inline]
    pub fn get(&self, key: u64) -> Option<&Passed> {
        let set = &self.0[Self::set(key)];
        let mut found = None;
        for (held, passed) in set.keys.iter().zip(&set.passed) {
            found = if *held == key { Some(passed) } else { found };
        }
        found
    }

    /// Keeps a message in place of the one with its key, else of the oldest.
    #[inline(always)]
    pub fn put(&mut self, key: u64, record: RecordId, at: Moment, seconds: u32) {
        let set = &mut self.0[Self::set(key)];
        let place = set.place(key);
        (set.keys[place], set.passed[place]) = (key, Passed { record, at, seconds });
    }

    /// What has a key is of no use any more.
    #[inline]
    pub fn forget(&mut self, key: u64) {
        let set = &mut self.0[Self::set(key)];
        if let Some(place) = set.keys.iter().position(|held| *held == key) {
            (set.keys[place], set.passed[place].record) = (NOTHING, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_each_key_is_kept_and_the_oldest_leave() {
        let mut past = Past::default();
        let put = |past: &mut Past, key: u64, record: u32| past.put(key, record, Moment::default(), record + 7);
        (0..500).for_each(|number| put(&mut past, u64::from(number) << 18 | 1, number));
        put(&mut past, 1, 900);
        let told = |past: &Past, key: u64| past.get(key).map(|passed| (passed.record, passed.seconds));
        assert_eq!(told(&past, 1), Some((900, 907)));
        assert!((1..500).all(|number| told(&past, number << 18 | 1) == Some((number as u32, number as u32 + 7))));
        assert_eq!(told(&past, 2), None);
        past.forget(7 << 18 | 1);
        assert_eq!((told(&past, 7 << 18 | 1), told(&past, 8 << 18 | 1)), (None, Some((8, 15))));
        (1000..40_000).for_each(|number| put(&mut past, u64::from(number) << 18 | 1, number));
        assert_eq!((told(&past, 1), told(&past, 39_999 << 18 | 1)), (None, Some((39_999, 40_006))));
    }
}
