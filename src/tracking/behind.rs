//! What is behind the token of a message, and facts of usual messages that are remembered by it.

use super::facts::Facts;
use super::seed::{AT_ONCE, Seed};
use super::tokens::Token;
use crate::coap::UsualMessage;

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

/// The first bytes, and zeros where there are no more.
fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut padded = [0; N];
    padded.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    padded
}

/// Bytes that are looked at from the end of the token on at least, whether or not the message has so many.
const LOOKED_AT: usize = 4 + AT_ONCE;

impl Behind {
    /// Of a message that is read as having its token end so far from its beginning.
    pub fn of(bytes: &[u8], token_end: usize, seed: &Seed) -> Self {
        let behind = bytes.get(token_end..).unwrap_or_default();
        Self::beside(behind, &padded(behind), seed)
    }

    /// The same of what is behind the token, `beside` being what lies in memory from there on. Without a branch where messages differ most.
    #[inline(always)]
    fn beside(behind: &[u8], beside: &[u8; LOOKED_AT], seed: &Seed) -> Self {
        let [first, value @ ..] = beside.first_chunk::<5>().copied().unwrap_or_default();
        let length = first & 3;
        let is_observe = first & !3 == 0x60 && usize::from(length) < behind.len();
        let length = if is_observe { length } else { 0 };
        let observe = (u64::from(u32::from_be_bytes(value)) >> (32 - 8 * u32::from(length))) as u32;
        // Where there is none, the first byte belongs to the rest.
        let skipped = usize::from(length) + usize::from(length > 0);
        let beside = beside.get(skipped..).and_then(<[u8]>::first_chunk).unwrap_or(&[0; AT_ONCE]);
        Self { hash: seed.hash_beside(behind, skipped, beside), observe, length }
    }

    /// The Observe as a number of its own.
    #[inline(always)]
    pub fn observe_bits(&self) -> u64 {
        u64::from(self.length) << 32 | u64::from(self.observe)
    }

    /// What of the Observe tells whether a message that has one may be usual: its length, whether it has leading zeros (RFC 7252 section 3.2),
    /// and whether it is 1, as in a request (RFC 7641 section 2).
    #[inline(always)]
    fn sort(&self) -> u64 {
        let leads = (u64::from(self.observe) << 8) >> (8 * u32::from(self.length)) == 0;
        u64::from(self.length) | u64::from(leads) << 2 | u64::from(self.observe == 1) << 3
    }
}

/// Messages that are remembered: devices say the same things again and again. A power of two.
const REMEMBERED: usize = 4096;

/// How much of memory from the beginning of a message on is looked at, whatever its length: header, token and what is looked at behind them.
pub const AHEAD: usize = 4 + 8 + LOOKED_AT;

/// Reads the facts of usual messages, and remembers what follows from all but Message ID, token and Observe of each, with what its owner
/// wants to know.
pub struct UsualFacts<T> {
    seed: Seed,
    known: Box<[Known<T>; REMEMBERED]>,
}

#[derive(Clone, Copy)]
#[repr(align(64))]
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
    /// `ahead`: what lies in memory from its beginning on.
    #[inline(always)]
    pub fn read(
        &mut self,
        all: &mut Vec<Facts>,
        bytes: &[u8],
        ahead: Option<&[u8; AHEAD]>,
        admits: impl FnOnce(&UsualMessage<'_>) -> Option<T>,
    ) -> Option<T> {
        match ahead {
            Some(ahead) => self.read_here(all, bytes, ahead, admits),
            None => self.read_alone(all, bytes, admits),
        }
    }

    /// The same where nobody knows what is behind the message.
    #[cold]
    #[inline(never)]
    fn read_alone(
        &mut self,
        all: &mut Vec<Facts>,
        bytes: &[u8],
        admits: impl FnOnce(&UsualMessage<'_>) -> Option<T>,
    ) -> Option<T> {
        self.read_here(all, bytes, &padded(bytes), admits)
    }

    #[inline(always)]
    fn read_here(
        &mut self,
        all: &mut Vec<Facts>,
        bytes: &[u8],
        ahead: &[u8; AHEAD],
        admits: impl FnOnce(&UsualMessage<'_>) -> Option<T>,
    ) -> Option<T> {
        let &[first, code, high, low] = bytes.first_chunk()?;
        let token = first & 15;
        let token_end = 4 + usize::from(token);
        if token > 8 {
            return None;
        }
        let (rest, beside) = (bytes.get(token_end..)?, ahead.get(token_end..)?.first_chunk()?);
        let behind = Behind::beside(rest, beside, &self.seed);
        let head = u64::from(first) | u64::from(code) << 8 | behind.sort() << 16;
        let key = self.seed.mix(behind.hash, head) | 1;
        let [home, other] = places(key);
        let mut known = &self.known[home];
        if known.key != key {
            known = &self.known[other];
            if known.key != key {
                return self.read_new(all, bytes, behind, key, admits);
            }
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
        let facts = told.and_then(|_| all.last().copied()).unwrap_or_default();
        if let Ok([home, other]) = self.known.get_disjoint_mut(places(key)) {
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
