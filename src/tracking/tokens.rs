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

    /// The token in 96 bits, for `scope`; exact where it has at most eight bytes.
    fn compact(&self, scope: u32) -> (u64, u64) {
        (self.short, u64::from(scope) << 32 | u64::from(self.length))
    }
}

/// Maps a scope (a pair of endpoints, or a client) and a token to what `T` holds.
pub(super) struct TokenMap<T> {
    short: Table<(u64, u64), T>,
    long: HashMap<(u32, Box<[u8]>), T, RandomState>,
}

impl<T: Copy + Default> TokenMap<T> {
    pub fn new() -> Self {
        Self { short: Table::new(), long: HashMap::default() }
    }

    pub fn get(&self, scope: u32, token: &Token) -> Option<&T> {
        match &token.long {
            None => self.short.get(token.compact(scope)),
            Some(long) => self.long.get(&(scope, long.clone())),
        }
    }

    pub fn get_mut(&mut self, scope: u32, token: &Token) -> Option<&mut T> {
        match &token.long {
            None => self.short.get_mut(token.compact(scope)),
            Some(long) => self.long.get_mut(&(scope, long.clone())),
        }
    }

    /// The value under a key, put there first where there is none. `alive` as for [`Table::get_or_insert`].
    pub fn get_or_insert(&mut self, scope: u32, token: &Token, value: T, alive: impl Fn(&T) -> bool) -> &mut T {
        match &token.long {
            None => self.short.get_or_insert(token.compact(scope), value, alive),
            Some(long) => {
                if self.long.len() == self.long.capacity() {
                    self.long.retain(|_, value| alive(value));
                }
                self.long.entry((scope, long.clone())).or_insert(value)
            }
        }
    }

    pub fn remove(&mut self, scope: u32, token: &Token) {
        match &token.long {
            None => self.short.remove(token.compact(scope)),
            Some(long) => drop(self.long.remove(&(scope, long.clone()))),
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
        for scope in [1, 2] {
            for (index, token) in tokens.iter().enumerate() {
                map.get_or_insert(scope, &Token::new(token), (scope, index), |_| true);
            }
        }
        for scope in [1, 2] {
            for (index, token) in tokens.iter().enumerate() {
                assert_eq!(map.get(scope, &Token::new(token)), Some(&(scope, index)));
            }
            map.remove(scope, &Token::new(tokens[4]));
            assert_eq!(map.get(scope, &Token::new(tokens[4])), None);
            assert!(map.get_mut(scope, &Token::new(tokens[5])).is_some());
        }
    }
}
