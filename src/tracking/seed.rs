//! Seeded hashes.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use super::table::fold;

/// What hashes of a tracker begin with: nobody outside can foresee them.
#[derive(Clone, Debug)]
pub struct Seed {
    pub(super) random: RandomState,
    pub(super) pair: [u64; 2],
}

impl Default for Seed {
    fn default() -> Self {
        let random = RandomState::default();
        let pair = [1, 2].map(|number| random.hash_one(number) | 1);
        Self { random, pair }
    }
}

impl Seed {
    /// Hash of a sequence of bytes.
    #[inline(never)]
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        self.hash_here(bytes)
    }

    /// The same in the very place, for a caller to whom a call would count.
    #[inline(always)]
    pub(super) fn hash_here(&self, bytes: &[u8]) -> u64 {
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
        for length in 0..70 {
            let mut bytes = vec![7; length];
            assert!(seen.insert(seed.hash(&bytes)));
            for at in 0..length {
                bytes[at] ^= 1;
                assert!(seen.insert(seed.hash(&bytes)), "{bytes:?}");
                bytes[at] ^= 1;
            }
        }
    }
}
