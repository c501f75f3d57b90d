//! Seeded hashes.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use super::table::fold;

/// What hashes of a tracker begin with: nobody outside can foresee them.
#[derive(Clone, Debug)]
pub struct Seed {
    pub(super) random: RandomState,
    pub(super) pair: [u64; 2],
    /// Another such pair.
    other: [u64; 2],
}

/// Two random numbers to begin hashes with; odd, so that none is 0.
pub(super) fn two_numbers() -> [u64; 2] {
    let random = RandomState::default();
    [1, 2].map(|number| random.hash_one(number) | 1)
}

/// As many bytes as [`Seed::hash_beside`] takes at once.
const AT_ONCE: usize = 32;
/// As many as it looks at, whether or not there are so many.
pub(super) const TWICE: usize = 2 * AT_ONCE;

/// For each length up to [`AT_ONCE`], at its distance from the middle: as many bytes with all bits set, and behind them none.
static MASKS: [u8; 2 * AT_ONCE] = {
    let (mut masks, mut at) = ([0; 2 * AT_ONCE], 0);
    while at < AT_ONCE {
        masks[at] = u8::MAX;
        at += 1;
    }
    masks
};

impl Default for Seed {
    fn default() -> Self {
        let random = RandomState::default();
        Self { random, pair: two_numbers(), other: two_numbers() }
    }
}

impl Seed {
    /// Hash of a sequence of bytes.
    #[inline(never)]
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        let mut state = (bytes.len() as u64).wrapping_mul(self.pair[1]);
        let Some(last) = bytes.last_chunk() else {
            let [low, high] = match (bytes.first_chunk(), bytes.last_chunk()) {
                (Some(first), Some(last)) => [u64::from_le_bytes(*first), u64::from_le_bytes(*last)],
                _ => [short(bytes).unwrap_or(0), 0],
            };
            return self.mix(state ^ low, high);
        };
        // The last sixteen bytes perhaps once more, rather than a rest of any length.
        let mut left = bytes;
        while left.len() > 16
            && let Some((chunk, behind)) = left.split_first_chunk()
        {
            state = self.mix_chunk(state, chunk);
            left = behind;
        }
        self.mix_chunk(state, last)
    }

    /// Another hash of a sequence of bytes and a number below 2^32, `beside` being what lies in memory from the first of them on. Few lengths take
    /// another way through it than the others: which one a message has, nobody can foretell.
    #[inline(always)]
    pub(super) fn hash_beside(&self, number: u32, bytes: &[u8], beside: &[u8; TWICE]) -> u64 {
        let mut length = bytes.len();
        let mut state = ((length as u64) << 32 | u64::from(number)).wrapping_mul(self.pair[1]);
        let (first, second) = beside.split_first_chunk().unwrap_or((&[0; AT_ONCE], &[]));
        let mut last = first;
        if length > AT_ONCE {
            if length > TWICE {
                return self.hash_long(state, bytes);
            }
            state = self.mix_words(state, words(first));
            (last, length) = (second.first_chunk().unwrap_or(first), length - AT_ONCE);
        }
        let masks = MASKS.get(AT_ONCE - length..).and_then(<[u8]>::first_chunk).unwrap_or(&[0; AT_ONCE]);
        let ([a, b, c, d], [e, f, g, h]) = (words(last), words(masks));
        self.mix_words(state, [a & e, b & f, c & g, d & h])
    }

    // Apart, so that the shorter ones have the registers for themselves.
    #[inline(never)]
    fn hash_long(&self, mut state: u64, bytes: &[u8]) -> u64 {
        let mut left = bytes;
        while left.len() > AT_ONCE
            && let Some((chunk, behind)) = left.split_first_chunk()
        {
            state = self.mix_words(state, words(chunk));
            left = behind;
        }
        // The last of them perhaps once more, rather than a rest of any length.
        self.mix_words(state, words(bytes.last_chunk().unwrap_or(&[0; AT_ONCE])))
    }

    #[inline(always)]
    fn mix_words(&self, state: u64, [a, b, c, d]: [u64; 4]) -> u64 {
        let one = fold(state ^ a ^ self.pair[0], b ^ self.pair[1]);
        one.wrapping_add(fold(state ^ c ^ self.other[0], d ^ self.other[1]))
    }

    #[inline(always)]
    fn mix_chunk(&self, state: u64, chunk: &[u8; 16]) -> u64 {
        let both = u128::from_le_bytes(*chunk);
        self.mix(state ^ both as u64, (both >> 64) as u64)
    }

    /// For hashes of more than that.
    pub(super) fn hasher(&self) -> impl Hasher + use<> {
        self.random.build_hasher()
    }

    /// Hash of two numbers.
    #[inline]
    pub(super) fn mix(&self, first: u64, second: u64) -> u64 {
        fold(first ^ self.pair[0], second ^ self.pair[1])
    }
}

/// Bytes as numbers in little-endian order.
#[inline(always)]
fn words(bytes: &[u8; AT_ONCE]) -> [u64; 4] {
    match bytes.as_chunks().0 {
        [a, b, c, d] => [*a, *b, *c, *d].map(u64::from_le_bytes),
        _ => [0; 4],
    }
}

/// At most eight bytes as a number in little-endian order: different for all that have the same length.
#[inline(always)]
pub(super) fn short(bytes: &[u8]) -> Option<u64> {
    match (bytes.first_chunk(), bytes.last_chunk(), bytes) {
        (Some(first), Some(last), _) if bytes.len() <= 8 => {
            let high = u64::from(u32::from_le_bytes(*last)) << (8 * (bytes.len() - 4));
            Some(u64::from(u32::from_le_bytes(*first)) | high)
        }
        (None, None, bytes) => Some(bytes.iter().rfold(0, |sum, byte| sum << 8 | u64::from(*byte))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_differ_by_length_and_every_byte() {
        let seed = Seed::default();
        let mut seen = std::collections::HashSet::new();
        for length in 0..100 {
            let mut bytes = vec![7; length];
            let mut insert = |bytes: &[u8]| {
                let [hash, same, other] = [(1, 9), (1, 0), (2, 9)].map(|(number, behind)| {
                    let beside = [bytes, &[behind; TWICE]].concat();
                    seed.hash_beside(number, bytes, beside.first_chunk().unwrap())
                });
                assert_eq!(hash, same);
                [seed.hash(bytes), hash, other].map(|hash| seen.insert(hash)) == [true; 3]
            };
            assert!(insert(&bytes));
            for at in 0..length {
                bytes[at] ^= 1;
                assert!(insert(&bytes), "{bytes:?}");
                bytes[at] ^= 1;
            }
        }
    }
}
