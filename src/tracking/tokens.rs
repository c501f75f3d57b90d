//! Tokens, as small things that can be compared and be part of a key (RFC 7252 section 5.3.1, RFC 8974).

use super::model::RecordId;
use super::seed::{Seed, short};

/// A token: as a number where it has at most eight bytes; else (RFC 8974) as a seeded hash of 64 bits, so that two long tokens
/// are taken for one practically never. Packed, since each exchange has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(Rust, packed(4))]
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

    /// The same of the first of eight bytes, so many as the token has: 8 at most.
    #[inline(always)]
    pub fn first_of(bytes: &[u8; 8], length: usize) -> Self {
        Self { bits: u64::from_le_bytes(*bytes) & FIRST_BYTES[length & 15], length: length as u32 }
    }

    /// One that the capture cut off: it is like no other.
    #[cold]
    pub fn unknown(record: RecordId) -> Self {
        Self { bits: u64::from(record), length: u32::MAX }
    }

    pub fn is_unknown(&self) -> bool {
        self.length == u32::MAX
    }

    /// Its length in bytes; more than any may have where it is [unknown](Self::unknown).
    #[inline]
    pub fn length(&self) -> u32 {
        self.length
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_differ_by_length_scope_and_every_byte() {
        let tokens: [&[u8]; 7] = [&[], &[0], &[0, 0], &[1; 8], &[1; 9], &[1, 1, 1, 1, 1, 1, 1, 1, 2], &[0; 300]];
        let (mut keys, seed) = (HashSet::new(), Seed::default());
        for scope in [1, 2, 1 << 31, u32::MAX] {
            for token in tokens {
                assert!(keys.insert(Token::new(token, &seed).key(scope)));
            }
        }
    }
}
