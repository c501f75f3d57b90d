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

/// The places of a group, what was put last first. The keys lie together: to find nothing, which is the usual, takes one line of memory.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Set {
    keys: [u64; WAYS],
    passed: [Passed; WAYS],
}

/// The newest messages by key, one a key.
pub(super) struct Past(Box<[Set]>);

impl Default for Past {
    fn default() -> Self {
        Self(vec![Set { keys: [NOTHING; WAYS], passed: [Passed::default(); WAYS] }; SETS].into())
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
        if let Some(set) = self.0.get(Self::set(key)) {
            ask(&set.keys);
            ask(&set.passed[WAYS - 1]);
        }
    }

    /// The newest with a key, if it is not forgotten.
    #[inline]
    pub fn get(&self, key: u64) -> Option<&Passed> {
        let set = self.0.get(Self::set(key))?;
        set.passed.get(set.keys.iter().position(|held| *held == key)?)
    }

    /// Keeps a message in place of the one with its key, else of what was put longest ago.
    #[inline]
    pub fn put(&mut self, key: u64, record: RecordId, at: Moment, seconds: u32) {
        let Some(set) = self.0.get_mut(Self::set(key)) else { return };
        let place = |wanted: u64| set.keys.iter().position(|held| *held == wanted);
        let before = place(key).or_else(|| place(NOTHING)).unwrap_or(WAYS - 1);
        for one in (0..before).rev() {
            set.keys[one + 1] = set.keys[one];
            set.passed[one + 1] = set.passed[one];
        }
        (set.keys[0], set.passed[0]) = (key, Passed { record, at, seconds });
    }

    /// What has a key is of no use any more.
    #[inline]
    pub fn forget(&mut self, key: u64) {
        let keys = self.0.get_mut(Self::set(key)).into_iter().flat_map(|set| &mut set.keys);
        keys.filter(|held| **held == key).for_each(|held| *held = NOTHING);
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
