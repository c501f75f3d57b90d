//! What is behind the token of a message, and facts of usual messages that are remembered by it.

use std::hint::select_unpredictable;

use super::facts::Facts;
use super::seed::{Seed, TWICE};
use super::tokens::Token;
use crate::coap::UsualMessage;

/// Options and payload of a message by a hash, with the first two bytes of its header. An Observe of one to three bytes that comes first is told
/// apart: each notification has another, and all the rest is often the same.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Behind {
    /// Seeded hash of the rest.
    pub hash: u64,
    /// Value of that Observe.
    observe: u32,
    /// Its length in bytes; 0 where there is none.
    length: u32,
}

/// The first bytes, and zeros where there are no more.
fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut padded = [0; N];
    padded.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    padded
}

/// Bytes that are looked at from the end of the token on at least, whether or not the message has so many.
const LOOKED_AT: usize = 4 + TWICE;

/// The length of an Observe of one to three bytes that begins with this byte if it is the first option; 0 of anything else.
#[inline(always)]
fn observe_length(first: u8) -> u32 {
    let length = u32::from(first) ^ 0x60;
    // Without a branch: nobody can foretell which messages have one.
    length & u32::from(length < 4).wrapping_neg()
}

/// As many bytes as are told apart with an Observe of that length: where there is none, the first byte belongs to the rest.
#[inline(always)]
fn apart(length: u32) -> usize {
    (length + length.div_ceil(4)) as usize
}

impl Behind {
    /// Of a message that is read as having its token end so far from its beginning.
    pub fn of(bytes: &[u8], token_end: usize, seed: &Seed) -> Self {
        let behind = bytes.get(token_end..).unwrap_or_default();
        let length = observe_length(behind.first().copied().unwrap_or(0));
        // One that is cut off is none.
        let (length, rest) = behind.get(apart(length)..).map_or((0, behind), |rest| (length, rest));
        Self::beside(padded(bytes), length, rest, &padded(behind), seed)
    }

    /// The same of a message with a header that begins so, and an Observe of that length, before the `rest`. `beside`: what lies in memory from the
    /// end of the token on.
    #[inline(always)]
    fn beside(head: [u8; 2], length: u32, rest: &[u8], beside: &[u8; LOOKED_AT], seed: &Seed) -> Self {
        let [_, value @ ..] = beside.first_chunk::<5>().copied().unwrap_or_default();
        let value = u32::from_be_bytes(value);
        let observe = u64::from(value) >> (32 - 8 * length);
        // What of it tells whether a message that has one may be usual: its length, whether it has leading zeros (RFC 7252 section 3.2), and
        // whether it is 1, as in a request (RFC 7641 section 2).
        let sort = (length | (value >> 24).min(2) << 2) & u32::from(length > 0).wrapping_neg();
        let number = u32::from(u16::from_le_bytes(head)) | sort << 16;
        let beside = beside.get(apart(length)..).and_then(<[u8]>::first_chunk).unwrap_or(&[0; TWICE]);
        Self { hash: seed.hash_beside(number, rest, beside), observe: observe as u32, length }
    }

    /// Its length in bytes; 0 where there is none.
    pub fn observe_length(&self) -> u8 {
        self.length as u8
    }

    /// The Observe as a number of its own.
    #[inline(always)]
    pub fn observe_bits(&self) -> u64 {
        u64::from(self.length) << 32 | u64::from(self.observe)
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
    /// Hash of what it follows from, as [`Behind`] has it; 0 for nothing.
    key: u64,
    facts: Facts,
    /// The value of an Observe that is not told apart; else 0.
    observe: u32,
    /// None of what is no usual message, or not admitted.
    told: Option<T>,
}

impl<T: Copy> UsualFacts<T> {
    /// `seed` is that of the tracker.
    pub fn new(seed: Seed) -> Self {
        let nothing = Known { key: 0, facts: Facts::default(), observe: 0, told: None };
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
        match ahead.or_else(|| bytes.first_chunk()) {
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
        let [first, code, ..] = *ahead;
        let token = usize::from(first & 15);
        let token_end = 4 + token;
        if token > 8 {
            return None;
        }
        let beside = ahead.get(token_end..)?.first_chunk::<LOOKED_AT>()?;
        let observe = observe_length(beside[0]);
        let rest = bytes.get(token_end + apart(observe)..)?;
        let behind = Behind::beside([first, code], observe, rest, beside, &self.seed);
        let key = behind.hash | 1;
        let home = home(key);
        if self.known[home].key != key && !self.bring_home(key) {
            return self.read_new(all, bytes, token_end, admits);
        }
        let known = &self.known[home];
        let told = known.told?;
        all.extend_from_slice(std::slice::from_ref(&known.facts));
        if let Some(facts) = all.last_mut() {
            let [_, _, high, low, word @ ..] = ahead.first_chunk::<12>()?;
            facts.token = Token::first_of(word, token);
            facts.message_id = u16::from_be_bytes([*high, *low]);
            // Without a branch, as above.
            let observe = Some(known.observe | behind.observe);
            facts.observe = select_unpredictable(known.facts.observe.is_some(), observe, None);
            facts.tell(ahead, &behind, &self.seed);
        }
        Some(told)
    }

    /// Puts what is remembered at another place where it is looked for first, if it is remembered: what came only once does not stand in the way of
    /// what comes again and again.
    #[cold]
    #[inline(never)]
    fn bring_home(&mut self, key: u64) -> bool {
        let [home, others @ ..] = places(key);
        let Some(place) = others.into_iter().find(|place| self.known[*place].key == key) else { return false };
        self.known.swap(home, place);
        true
    }

    /// The same for one that is not remembered yet.
    #[cold]
    #[inline(never)]
    fn read_new(
        &mut self,
        all: &mut Vec<Facts>,
        bytes: &[u8],
        token_end: usize,
        admits: impl FnOnce(&UsualMessage<'_>) -> Option<T>,
    ) -> Option<T> {
        // Reckoned again, so that it need not be put into memory for the others.
        let behind = Behind::of(bytes, token_end, &self.seed);
        let key = behind.hash | 1;
        let told = Facts::read_usual(all, bytes, &behind, &self.seed, admits);
        let facts = told.and_then(|_| all.last().copied()).unwrap_or_default();
        let observe = if behind.length > 0 { 0 } else { facts.observe.unwrap_or(0) };
        let [free @ .., last] = places(key);
        let place = free.into_iter().find(|place| self.known[*place].key == 0).unwrap_or(last);
        self.known[place] = Known { key, facts, observe, told };
        told
    }
}

/// The place where what has a key is looked for first.
#[inline(always)]
fn home(key: u64) -> usize {
    key as usize / 2 % REMEMBERED
}

/// The places in which it may be remembered.
fn places(key: u64) -> [usize; 4] {
    [0, 1, 2, 3].map(|other| home(key) ^ other)
}
