//! What is behind the token of a message, and facts of usual messages that are remembered by it.

use super::facts::Facts;
use super::seed::Seed;
use super::tokens::Token;
use crate::coap::{Code, UsualMessage};

/// Options and payload of a message by a hash. An Observe of one to three bytes that comes first is told apart: each notification has
/// another, and all the rest is often the same.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Behind {
    /// Seeded hash of the rest.
    pub hash: u64,
    /// Value of that Observe.
    observe: u32,
    /// Its length in bytes; 0 where there is none.
    length: u8,
}

impl Behind {
    /// Of a message that is read as having its token end so far from its beginning.
    #[inline(always)]
    pub fn of(bytes: &[u8], token_end: usize, seed: &Seed) -> Self {
        let (mut rest, mut observe, mut length) = (bytes.get(token_end..).unwrap_or_default(), 0, 0);
        if let Some((&first @ 0x61..=0x63, behind)) = rest.split_first()
            && let Some((value, after)) = behind.split_at_checked(usize::from(first & 3))
        {
            (rest, length) = (after, first & 3);
            observe = match behind.first_chunk() {
                Some(word) => u32::from_be_bytes(*word) >> (32 - 8 * u32::from(length)),
                None => value.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
            };
        }
        Self { hash: seed.hash_here(rest), observe, length }
    }

    /// The Observe as a number of its own.
    #[inline(always)]
    pub fn observe_bits(&self) -> u64 {
        u64::from(self.length) << 32 | u64::from(self.observe)
    }

    /// Whether the Observe, if there is one, is as usual in any message that may have one: without leading zeros (RFC 7252 section 3.2), and
    /// in a request 1 (RFC 7641 section 2).
    #[inline(always)]
    fn is_usual(&self, code: u8) -> bool {
        self.length == 0
            || self.observe >> (8 * (u32::from(self.length) - 1)) != 0
                && (self.observe == 1 || !Code(code).is_request())
    }
}

/// Messages that are remembered: devices say the same things again and again. A power of two.
const REMEMBERED: usize = 4096;

/// Reads the facts of usual messages, and remembers what follows from all but Message ID, token and Observe of each, with what its owner
/// wants to know.
pub struct UsualFacts<T> {
    seed: Seed,
    known: Box<[Known<T>; REMEMBERED]>,
}

#[derive(Clone, Copy)]
struct Known<T> {
    /// Hash of what it follows from; 0 for nothing.
    key: u64,
    facts: Facts,
    /// None of what is no usual message, or not admitted.
    told: Option<T>,
}

impl<T: Copy> UsualFacts<T> {
    /// `seed` is that of the tracker.
    pub fn new(seed: Seed) -> Self {
        let nothing = Known { key: 0, facts: Facts::default(), told: None };
        // Made where it stays, since it is large.
        let known = vec![nothing; REMEMBERED].into_boxed_slice().try_into();
        Self { seed, known: known.unwrap_or_else(|_| Box::new([nothing; REMEMBERED])) }
    }

    /// What its hashes begin with.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Decodes, judges and reads a message in one walk, and adds to `all` the facts that [`Facts::read`] gives, if it is a [`UsualMessage`]
    /// and admitted. Gives what `admits` told of it: that must not depend on its Message ID, the bytes of its token, or the value of its Observe.
    #[inline(always)]
    pub fn read(
        &mut self,
        all: &mut Vec<Facts>,
        bytes: &[u8],
        admits: impl FnOnce(&UsualMessage<'_>) -> Option<T>,
    ) -> Option<T> {
        let &[first, code, high, low] = bytes.first_chunk()?;
        let token = first & 15;
        if token > 8 || bytes.len() < 4 + usize::from(token) {
            return None;
        }
        let behind = Behind::of(bytes, 4 + usize::from(token), &self.seed);
        let head = u64::from(first) | u64::from(code) << 8 | u64::from(behind.length) << 16;
        let key = self.seed.mix(behind.hash, head) | 1;
        let [home, other] = places(key);
        let mut known = &self.known[home];
        if known.key != key {
            known = &self.known[other];
        }
        if known.key != key || !behind.is_usual(code) {
            return self.read_new(all, bytes, behind, key, admits);
        }
        let told = known.told?;
        all.extend_from_slice(std::slice::from_ref(&known.facts));
        if let Some(facts) = all.last_mut() {
            facts.token = Token::of_message(bytes, token);
            facts.message_id = u16::from_be_bytes([high, low]);
            if behind.length > 0 {
                facts.observe = Some(behind.observe);
            }
            facts.tell(bytes, &behind, &self.seed);
        }
        Some(told)
    }

    /// The same for one that is not remembered yet.
    #[cold]
    #[inline(never)]
    fn read_new(
        &mut self,
        all: &mut Vec<Facts>,
        bytes: &[u8],
        behind: Behind,
        key: u64,
        admits: impl FnOnce(&UsualMessage<'_>) -> Option<T>,
    ) -> Option<T> {
        let told = Facts::read_usual(all, bytes, &behind, &self.seed, admits);
        // What an unusual Observe is to blame for is not to be remembered of all others.
        let facts = match told {
            Some(_) => all.last().copied(),
            None => bytes.get(1).filter(|code| behind.is_usual(**code)).map(|_| Facts::default()),
        };
        if let Some(facts) = facts
            && let Ok([home, other]) = self.known.get_disjoint_mut(places(key))
        {
            // What was remembered last stays longest.
            *other = std::mem::replace(home, Known { key, facts, told });
        }
        told
    }
}

/// The two places in which what has a key may be remembered.
#[inline(always)]
fn places(key: u64) -> [usize; 2] {
    let home = key as usize / 2 % REMEMBERED;
    [home, home ^ 1]
}
