//! Tokens, and what is open under each: exact keys, without allocation for the usual eight bytes.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::table::Table;

/// A token: as a number where it has at most eight bytes, else as its bytes (RFC 8974).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Token {
    short: u64,
    length: u32,
    long: Option<Box<[u8]>>,
}

impl Token {
    pub fn new(bytes: &[u8]) -> Self {
        let length = bytes.len() as u32;
        if bytes.len() > 8 {
            return Self { short: 0, length, long: Some(bytes.into()) };
        }
        let mut short = [0; 8];
        short[..bytes.len()].copy_from_slice(bytes);
        Self { short: u64::from_le_bytes(short), length, long: None }
    }

    /// 64 bits made of the token; seeded where it is long.
    pub fn fold(&self, hasher: &RandomState) -> u64 {
        match &self.long {
            None => self.short ^ u64::from(self.length) << 24,
            Some(long) => hasher.hash_one(long),
        }
    }

    /// Bytes on the heap.
    pub fn heap(&self) -> usize {
        self.long.as_ref().map_or(0, |long| long.len())
    }

    /// Scope and token in 128 bits, exactly; `None` where they do not fit.
    #[inline]
    fn compact(&self, scope: u64) -> Option<(u64, u64)> {
        let (high, low) = (scope >> 32, scope & 0xffff_ffff);
        let fits = self.long.is_none() && (high | low) >> 28 == 0;
        fits.then(|| (self.short, high << 36 | low << 8 | u64::from(self.length)))
    }

    /// Scope and token as they are.
    #[cold]
    fn whole(&self, scope: u64) -> (u64, Box<[u8]>) {
        let short = self.short.to_le_bytes();
        (scope, self.long.clone().unwrap_or_else(|| short[..self.length as usize].into()))
    }
}

/// Maps a scope (a pair of endpoints, or a client) and a token to what `T` holds.
pub(super) struct TokenMap<T> {
    short: Table<(u64, u64), T>,
    long: HashMap<(u64, Box<[u8]>), T, RandomState>,
}

impl<T: Copy + Default> TokenMap<T> {
    pub fn new() -> Self {
        Self { short: Table::new(), long: HashMap::default() }
    }

    /// See [`Table::touch`].
    #[inline]
    pub fn touch(&self, scope: u64, token: &Token) -> bool {
        token.compact(scope).is_some_and(|key| self.short.touch(key))
    }

    #[inline]
    pub fn get(&self, scope: u64, token: &Token) -> Option<&T> {
        match token.compact(scope) {
            Some(key) => self.short.get(key),
            None => self.long.get(&token.whole(scope)),
        }
    }

    pub fn get_mut(&mut self, scope: u64, token: &Token) -> Option<&mut T> {
        match token.compact(scope) {
            Some(key) => self.short.get_mut(key),
            None => self.long.get_mut(&token.whole(scope)),
        }
    }

    /// The value under a key, put there first where there is none. `alive` as for [`Table::get_or_insert`].
    pub fn get_or_insert(&mut self, scope: u64, token: &Token, value: T, alive: impl Fn(&T) -> bool) -> &mut T {
        match token.compact(scope) {
            Some(key) => self.short.get_or_insert(key, value, alive),
            None => {
                if self.long.len() == self.long.capacity() {
                    self.long.retain(|_, value| alive(value));
                }
                self.long.entry(token.whole(scope)).or_insert(value)
            }
        }
    }

    pub fn remove(&mut self, scope: u64, token: &Token) {
        match token.compact(scope) {
            Some(key) => self.short.remove(key),
            None => drop(self.long.remove(&token.whole(scope))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_by_length_scope_and_every_byte() {
        let tokens: [&[u8]; 7] = [&[], &[0], &[0, 0], &[1; 8], &[1; 9], &[1, 1, 1, 1, 1, 1, 1, 1, 2], &[0; 300]];
        let mut map = TokenMap::new();
        for scope in [1, 2, 1 << 32, 1 << 61] {
            for (index, token) in tokens.iter().enumerate() {
                map.get_or_insert(scope, &Token::new(token), (scope, index), |_| true);
            }
        }
        for scope in [1, 2, 1 << 32, 1 << 61] {
            for (index, token) in tokens.iter().enumerate() {
                assert_eq!(map.get(scope, &Token::new(token)), Some(&(scope, index)));
            }
            map.remove(scope, &Token::new(tokens[4]));
            assert_eq!(map.get(scope, &Token::new(tokens[4])), None);
            assert!(map.get_mut(scope, &Token::new(tokens[5])).is_some());
        }
    }
}
