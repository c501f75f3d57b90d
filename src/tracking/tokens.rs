//! Tokens, and what is open under each.

use super::facts::{Seed, short};
use super::table::Table;

/// A token: as a number where it has at most eight bytes; else (RFC 8974) as a seeded hash of 64 bits, so that two long tokens
/// are taken for one practically never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Token {
    bits: u64,
    length: u32,
}

impl Token {
    #[inline]
    pub fn new(bytes: &[u8], seed: &Seed) -> Self {
        let bits = short(bytes).unwrap_or_else(|| seed.hash(bytes));
        Self { bits, length: bytes.len() as u32 }
    }

    /// What it is told by, with its length.
    pub fn bits(&self) -> u64 {
        self.bits
    }

    /// Bytes.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// Exact, but for the length of long tokens.
    #[inline]
    fn key(&self, scope: u32) -> [u64; 2] {
        [self.bits, u64::from(scope) << 4 | u64::from(self.length.min(9))]
    }
}

/// Maps a scope (the number of a direction, or of a client) and a token to what `T` holds.
pub(super) struct TokenMap<T>(Table<[u64; 2], T>);

impl<T: Copy + Default> TokenMap<T> {
    pub fn new() -> Self {
        Self(Table::new())
    }

    #[inline]
    pub fn get(&self, scope: u32, token: &Token) -> Option<&T> {
        self.0.get(token.key(scope))
    }

    pub fn get_mut(&mut self, scope: u32, token: &Token) -> Option<&mut T> {
        self.0.get_mut(token.key(scope))
    }

    /// The value under a key, the default where there was none. `alive` as for [`Table::place`].
    #[inline]
    pub fn get_or_default(&mut self, scope: u32, token: &Token, alive: impl Fn(&T) -> bool) -> &mut T {
        self.0.get_or_default(token.key(scope), alive)
    }

    /// The place of a key, for [`at`](Self::at): the one where it was, if it is still there. See [`Table::place`].
    #[inline]
    pub fn place(&mut self, was: usize, scope: u32, token: &Token, alive: impl Fn(&T) -> bool) -> usize {
        let key = token.key(scope);
        if self.0.is_at(was, key) { was } else { self.0.place(key, alive) }
    }

    /// The value at a place.
    #[inline]
    pub fn at(&mut self, place: usize) -> &mut T {
        self.0.at(place)
    }

    pub fn remove(&mut self, scope: u32, token: &Token) {
        self.0.remove(token.key(scope));
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
                *map.get_or_default(scope, &Token::new(token, &seed), |_| true) = (scope, index);
            }
        }
        for scope in [1, 2, 1 << 31, u32::MAX] {
            for (index, token) in tokens.iter().enumerate() {
                assert_eq!(map.get(scope, &Token::new(token, &seed)), Some(&(scope, index)));
            }
            map.remove(scope, &Token::new(tokens[4], &seed));
            assert_eq!(map.get(scope, &Token::new(tokens[4], &seed)), None);
            assert!(map.get_mut(scope, &Token::new(tokens[5], &seed)).is_some());
        }
    }
}
