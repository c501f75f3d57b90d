//! What the tracker needs to know of a message, read from it in one walk over the options.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use super::resources::OptionsHash;
use super::table::fold;
use super::tokens::Token;
use crate::coap::{Block, Code, DecodeMode, Message, MessageType, OptionNumber};

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
    #[inline]
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        self.random.hash_one(bytes)
    }

    /// Hash of two numbers.
    #[inline]
    pub(super) fn mix(&self, first: u64, second: u64) -> u64 {
        fold(first ^ self.pair[0], second ^ self.pair[1])
    }
}

/// At most eight bytes as a number: different for all that have the same length.
#[inline]
pub(super) fn short(bytes: &[u8]) -> Option<u64> {
    match (bytes.first_chunk(), bytes.last_chunk(), bytes) {
        (Some(first), Some(last), _) if bytes.len() <= 8 => {
            Some(u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32)
        }
        (None, None, bytes) => Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))),
        _ => None,
    }
}

/// What follows from a message alone. Small and without references, so that it can be read in another thread than that of the
/// [`Tracker`](super::Tracker): see [`track_known`](super::Tracker::track_known).
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Seeded hash of the whole message.
    pub(super) hash: u64,
    /// Of a request: hash of path and query. Of a response: of all but Observe and Max-Age, which a refreshed copy may
    /// change (RFC 7641 section 4.4). Of an ACK: nothing.
    pub(super) digest: u64,
    /// Empty where it was cut off.
    pub(super) token: Token,
    /// Length of the message in bytes.
    pub(super) length: u32,
    /// Folded from header and token.
    pub(super) head: u32,
    pub(super) observe: Option<u32>,
    pub(super) max_age: Option<u32>,
    pub(super) content_format: Option<u16>,
    pub(super) accept: Option<u16>,
    pub(super) message_id: u16,
    pub(super) code: Code,
    pub(super) kind: MessageType,
    pub(super) mode: DecodeMode,
    pub(super) no_response: Option<u8>,
    /// Number of Block1, or nothing where there is none. That of Block2 likewise.
    pub(super) block1: BlockPlace,
    pub(super) block2: BlockPlace,
    pub(super) etag: bool,
    pub(super) echo: bool,
    pub(super) oscore: bool,
    /// It may have a critical option that is not in order.
    pub(super) suspect: bool,
    /// Well-formed by RFC 7252, with no options but Uri-Path, Uri-Query, Observe, Max-Age and Content-Format: see `usual`.
    pub(super) plain: bool,
    /// There are too few bytes for a header.
    pub(super) headerless: bool,
    /// See [`Message::is_malformed`].
    pub(super) malformed: bool,
}

/// Which block of a body a message has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum BlockPlace {
    /// It does not say.
    #[default]
    None,
    First,
    Later,
}

impl BlockPlace {
    fn read(&mut self, value: &[u8]) {
        if *self == Self::None
            && let Some(block) = Block::read(value)
        {
            *self = if block.number == 0 { Self::First } else { Self::Later };
        }
    }
}

impl Facts {
    /// Reads a message, its options in one walk. `seed` is that of the tracker.
    pub fn read(message: &Message<'_>, seed: &Seed) -> Self {
        let header = message.header();
        let mut facts = Self {
            hash: 0,
            digest: 0,
            token: Token::new(message.token().unwrap_or_default(), seed),
            length: message.bytes().len() as u32,
            head: 0,
            observe: None,
            max_age: None,
            content_format: None,
            accept: None,
            message_id: header.map_or(0, |header| header.message_id),
            code: header.map_or(Code::EMPTY, |header| header.code),
            kind: header.map_or(MessageType::Confirmable, |header| header.message_type),
            mode: message.mode(),
            no_response: None,
            block1: BlockPlace::None,
            block2: BlockPlace::None,
            etag: false,
            echo: false,
            oscore: false,
            suspect: false,
            plain: message.mode() == DecodeMode::Rfc7252 && header.is_some() && !message.is_malformed(),
            headerless: header.is_none(),
            malformed: message.is_malformed(),
        };
        let head = facts.whole_head(message.bytes(), seed);
        facts.head = (head ^ head >> 32) as u32;
        if facts.code.is_empty() {
            facts.hash = head ^ u64::from(facts.length) << 56;
        } else {
            facts.read_hashed(message, head, seed);
        }
        facts
    }

    /// Header and token.
    fn whole_head(&self, bytes: &[u8], seed: &Seed) -> u64 {
        let first = bytes.first_chunk().map_or(0, |first| u32::from_be_bytes(*first));
        seed.mix(u64::from(first) << 32 | u64::from(self.token.length()), self.token.bits())
    }

    /// Reads the options and hashes what copies are told by.
    fn read_hashed(&mut self, message: &Message<'_>, head: u64, seed: &Seed) {
        let mut options = OptionsHash::new(seed);
        if self.code.is_request() {
            self.read_options(message, &mut options, |number| {
                matches!(number, OptionNumber::URI_PATH | OptionNumber::URI_QUERY | OptionNumber::PROXY_URI)
            });
            self.digest = options.finish();
            self.hash = seed.hash(message.bytes());
        } else if self.kind == MessageType::Acknowledgement {
            self.read_options(message, &mut options, |_| false);
            self.hash = seed.hash(message.bytes());
        } else {
            self.read_options(message, &mut options, |number| {
                !matches!(number, OptionNumber::OBSERVE | OptionNumber::MAX_AGE)
            });
            options.add(OptionNumber(0), message.payload());
            self.digest = options.finish();
            let more = [self.observe, self.max_age].map(|value| value.map_or(0, |value| u64::from(value) + 1));
            self.hash = seed.mix(seed.mix(self.digest, head), more[0] << 33 ^ more[1]);
        }
    }

    /// The capture cut the message: copies are told by header and token alone.
    #[cold]
    pub(super) fn cut(&self, bytes: &[u8], seed: &Seed) -> Self {
        let hash = if self.code.is_empty() { self.hash } else { self.whole_head(bytes, seed) };
        // Which options a server must refuse cannot be told.
        Self { hash, suspect: false, ..*self }
    }

    #[inline]
    fn read_options(&mut self, message: &Message<'_>, hash: &mut OptionsHash, hashed: impl Fn(OptionNumber) -> bool) {
        let draft = message.mode().is_draft();
        for option in message.options() {
            let number = if draft { option.modern().unwrap_or(OptionNumber(0)) } else { option.number };
            let value = option.value;
            if hashed(number) {
                hash.add(number, value);
            }
            match number {
                OptionNumber::URI_PATH | OptionNumber::URI_QUERY => {
                    let long = value.len() > 255;
                    self.suspect |= long;
                    self.plain &= !long;
                }
                OptionNumber::OBSERVE => first(&mut self.observe, uint(value, 3)),
                OptionNumber::MAX_AGE => first(&mut self.max_age, uint(value, 4)),
                OptionNumber::CONTENT_FORMAT => first(&mut self.content_format, uint(value, 2).map(|n| n as u16)),
                _ => self.read_rarer(number, value),
            }
        }
    }

    #[inline(never)]
    fn read_rarer(&mut self, number: OptionNumber, value: &[u8]) {
        self.suspect |= number.is_critical();
        self.plain = false;
        match number {
            OptionNumber::ACCEPT => first(&mut self.accept, uint(value, 2).map(|n| n as u16)),
            OptionNumber::NO_RESPONSE => first(&mut self.no_response, uint(value, 1).map(|n| n as u8)),
            OptionNumber::ETAG => self.etag = true,
            OptionNumber::ECHO => self.echo = true,
            OptionNumber::OSCORE => self.oscore = true,
            OptionNumber::BLOCK1 => self.block1.read(value),
            OptionNumber::BLOCK2 => self.block2.read(value),
            _ => {}
        }
    }

    /// Its type; Confirmable where there is no header.
    pub fn message_type(&self) -> MessageType {
        self.kind
    }

    /// Its code; Empty where there is no header.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Its Message ID; 0 where there is no header.
    pub fn message_id(&self) -> u16 {
        self.message_id
    }

    /// How it was read.
    pub fn mode(&self) -> DecodeMode {
        self.mode
    }

    /// Whether there is a header: four bytes at least.
    pub fn has_header(&self) -> bool {
        !self.headerless
    }

    /// See [`Message::is_malformed`].
    pub fn is_malformed(&self) -> bool {
        self.malformed
    }

    /// Of a response: what a refreshed copy does not change. Of others: nothing.
    pub(super) fn refreshable(&self) -> u64 {
        if self.code.is_request() { 0 } else { self.digest }
    }

    /// A GET or FETCH that asks to observe.
    pub(super) fn registers(&self) -> bool {
        self.observe == Some(0) && matches!(self.code, Code::GET | Code::FETCH)
    }

    /// A GET or FETCH that asks not to observe any more.
    pub(super) fn deregisters(&self) -> bool {
        self.observe == Some(1) && matches!(self.code, Code::GET | Code::FETCH)
    }
}

/// Keeps the first of several values.
fn first<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}

/// A uint option value of at most so many bytes (RFC 7252 section 3.2); longer ones are as if absent (section 5.4.3).
fn uint(value: &[u8], most: usize) -> Option<u32> {
    (value.len() <= most).then(|| value.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte)))
}

/// Hash of what a request asks for: its cache key (RFC 7252 section 5.6) without ETag, Observe and the block options;
/// for FETCH the payload too.
pub(super) fn target_hash(message: &Message<'_>, code: Code, seed: &Seed) -> u64 {
    let left_out = |number: OptionNumber| {
        number.is_no_cache_key()
            || matches!(
                number,
                OptionNumber::ETAG
                    | OptionNumber::OBSERVE
                    | OptionNumber::BLOCK1
                    | OptionNumber::BLOCK2
                    | OptionNumber::Q_BLOCK1
                    | OptionNumber::Q_BLOCK2
                    | OptionNumber::OSCORE
            )
    };
    hash_without(message, seed, left_out, code == Code::FETCH)
}

fn hash_without(message: &Message<'_>, seed: &Seed, left_out: impl Fn(OptionNumber) -> bool, payload: bool) -> u64 {
    let mut state = seed.random.build_hasher();
    for option in message.options() {
        if !left_out(option.number) {
            state.write_u32(u32::from(option.number.0) << 16 ^ option.value.len() as u32);
            state.write(option.value);
        }
    }
    state.write_u32(u32::MAX);
    if payload {
        state.write(message.payload());
    }
    state.finish()
}

/// They travel by the million between threads.
const _: () = assert!(size_of::<Facts>() <= 96);
