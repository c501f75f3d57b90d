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
        let all = bytes.get(token_end..).unwrap_or_default();
        if let Some(&first @ 0x61..=0x63) = all.first() {
            let length = first & 3;
            if let Some((value, rest)) = all.get(1..).and_then(|behind| behind.split_at_checked(usize::from(length))) {
                let observe = value.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
                return Self { hash: seed.hash(rest), observe, length };
            }
        }
        Self { hash: seed.hash(all), observe: 0, length: 0 }
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

/// Messages that are remembered: devices say the same things again and again.
const REMEMBERED: usize = 1024;

/// Reads the facts of usual messages, and remembers what follows from all but Message ID, token and Observe of each, with what its owner
/// wants to know.
pub struct UsualFacts<T> {
    seed: Seed,
    known: Vec<Known<T>>,
}

#[derive(Clone, Copy)]
struct Known<T> {
    /// Hash of what it follows from; 0 for nothing.
    key: u64,
    facts: Facts,
    told: T,
}

impl<T: Copy + Default> UsualFacts<T> {
    /// `seed` is that of the tracker.
    pub fn new(seed: Seed) -> Self {
        let known = vec![Known { key: 0, facts: Facts::default(), told: T::default() }; REMEMBERED];
        Self { seed, known }
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
        let (&[first, code, high, low], behind) = bytes.split_first_chunk::<4>()?;
        let token = behind.get(..usize::from(first & 15)).filter(|token| token.len() <= 8)?;
        let behind = Behind::of(bytes, 4 + token.len(), &self.seed);
        let head = u64::from(first) | u64::from(code) << 8 | u64::from(behind.length) << 16;
        let key = self.seed.mix(behind.hash, head) | 1;
        let known = self.known.get_mut(key as usize / 2 % REMEMBERED)?;
        if known.key != key || !behind.is_usual(code) {
            let told = Facts::read_usual(all, bytes, &behind, &self.seed, admits)?;
            if let Some(facts) = all.last() {
                *known = Known { key, facts: *facts, told };
            }
            return Some(told);
        }
        let mut facts = known.facts;
        facts.token = Token::new(token, &self.seed);
        facts.message_id = u16::from_be_bytes([high, low]);
        if behind.length > 0 {
            facts.observe = Some(behind.observe);
        }
        facts.tell(bytes, &behind, &self.seed);
        all.push(facts);
        Some(known.told)
    }
}
