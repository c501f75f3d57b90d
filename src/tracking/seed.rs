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
        let half = |half: &[u8; 8]| u64::from_le_bytes(*half);
        let mut state = (bytes.len() as u64).wrapping_mul(self.pair[1]);
        let last = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => {
                // The last sixteen bytes perhaps once more, rather than a rest of any length.
                let chunks = bytes.len().saturating_sub(1) / 16;
                for chunk in bytes.as_chunks::<16>().0.iter().take(chunks) {
                    let [low, high] = chunk.as_chunks().0 else { break };
                    state = self.mix(state ^ half(low), half(high));
                }
                match bytes.last_chunk::<16>().map(|last| last.as_chunks().0) {
                    Some([low, high]) => [half(low), half(high)],
                    _ => [half(first), half(last)],
                }
            }
            _ => [short(bytes).unwrap_or(0), 0],
        };
        self.mix(state ^ last[0], last[1])
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
