//! What the tracker needs to know of a message, read from it in one walk over the options.

use super::behind::Behind;
use super::judge::fitting;
use super::model::RecordId;
use super::resources::OptionsHash;
use super::seed::{Seed, short};
use super::tokens::Token;
use crate::coap::{Block, Code, DecodeMode, Header, Message, MessageType, OptionNumber, UsualMessage};

/// What follows from a message alone. Small and without references, so that it can be read in another thread than that of the
/// [`Tracker`](super::Tracker): see [`track_known`](super::Tracker::track_known).
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// Seeded hash of the whole message.
    pub(super) hash: u64,
    /// Hash of what a request is about, of a response without what a refreshed copy may change (RFC 7641 section 4.4), of no ACK.
    pub(super) digest: u64,
    /// [Unknown](Token::unknown) where the capture cut it off.
    pub(super) token: Token,
    /// Length of the message in bytes.
    pub(super) length: u32,
    /// Folded from header and token.
    pub(super) head: u32,
    pub(super) observe: Option<u32>,
    pub(super) max_age: Option<u32>,
    /// Length of an Observe of one to three bytes that comes first, as it does in a plain message; else 0.
    pub(super) observe_length: u8,
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
    /// It asks a proxy for something.
    pub(super) proxied: bool,
    /// It may have a critical option that is not in order.
    pub(super) suspect: bool,
    /// Well-formed by RFC 7252, with no options but Uri-Path, Uri-Query, Observe, Max-Age and Content-Format: see `usual`.
    pub(super) plain: bool,
    pub(super) usual: Usual,
    /// There are too few bytes for a header.
    pub(super) headerless: bool,
    /// See [`Message::is_malformed`].
    pub(super) malformed: bool,
    /// The capture cut off options, or may have.
    pub(super) lacks_options: bool,
    /// What a response means for requests.
    pub(super) says: Says,
}

/// What a response means for requests, that before it and those to come: told once by whoever has the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Says {
    /// It may ask its client for something: to wait, or for an Echo.
    pub tells: bool,
    /// It succeeded.
    pub succeeds: bool,
    /// It has content that may serve others.
    pub serves: bool,
    /// See [`fitting`].
    pub fits: u32,
}

/// Which of the [usual](super::usual) messages one may be, as far as it tells by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Usual {
    #[default]
    None,
    Request,
    /// Of an observation, or to end one.
    Registration,
    Notification,
    PiggybackedResponse,
    /// One of its own.
    Response,
    EmptyAck,
}

impl Usual {
    fn of(facts: &Facts) -> Self {
        let (code, observes) = (facts.code, facts.observe.is_some());
        match facts.kind {
            _ if !facts.plain => Self::None,
            MessageType::Acknowledgement if code.is_empty() => Self::EmptyAck,
            MessageType::Acknowledgement => Self::PiggybackedResponse,
            MessageType::Reset => Self::None,
            _ if code.is_request() => {
                if observes {
                    Self::Registration
                } else {
                    Self::Request
                }
            }
            _ if code == Code::CONTENT && observes => Self::Notification,
            _ if code.is_response() && !observes => Self::Response,
            _ => Self::None,
        }
    }
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

/// A set of option numbers.
#[derive(Clone, Copy)]
pub(super) struct Hashed {
    /// One bit for each below 64.
    low: u64,
    /// All others.
    high: bool,
}

/// What the usual options of a usual message say, each of which is there only once.
#[derive(Default)]
struct Said {
    observe: Option<u32>,
    max_age: Option<u32>,
    content_format: Option<u16>,
    /// There are others.
    rarer: bool,
}

impl Said {
    #[inline(always)]
    fn note(&mut self, number: OptionNumber, word: u64, length: usize) {
        match number {
            OptionNumber::URI_PATH | OptionNumber::URI_QUERY => {}
            OptionNumber::OBSERVE => self.observe = uint(word, length, 3),
            OptionNumber::MAX_AGE => self.max_age = uint(word, length, 4),
            OptionNumber::CONTENT_FORMAT => self.content_format = uint(word, length, 2).map(|n| n as u16),
            _ => self.rarer = true,
        }
    }
}

/// What names a resource.
const TARGET: u64 = PATH | 1 << OptionNumber::URI_QUERY.0 | 1 << OptionNumber::PROXY_URI.0;
const PATH: u64 = 1 << OptionNumber::URI_PATH.0 | 1 << OptionNumber::URI_PATH_ABBREV.0;
/// What a refreshed copy of a notification may change.
const FRESHNESS: u64 = 1 << OptionNumber::OBSERVE.0 | 1 << OptionNumber::MAX_AGE.0;

impl Hashed {
    /// Which options go into the digest of a message.
    #[inline(always)]
    pub(super) fn of(code: Code, kind: MessageType) -> Self {
        if code.is_request() {
            Self { low: TARGET, high: false }
        } else if kind == MessageType::Acknowledgement {
            Self { low: 0, high: false }
        } else {
            Self { low: !FRESHNESS, high: true }
        }
    }

    #[inline(always)]
    pub(super) fn has(self, number: OptionNumber) -> bool {
        self.low.checked_shr(u32::from(number.0)).map_or(self.high, |bits| bits & 1 != 0)
    }
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
        let malformed = message.is_malformed();
        let token = message.token().unwrap_or_default();
        let mut facts = Self {
            mode: message.mode(),
            plain: message.mode() == DecodeMode::Rfc7252 && header.is_some() && !malformed && message.stop().is_none(),
            headerless: header.is_none(),
            malformed,
            ..Self::of(header, Token::new(token, seed), message.bytes())
        };
        let draft = message.mode().is_draft();
        let (mut hash, hashed) = (OptionsHash::new(seed), Hashed::of(facts.code, facts.kind));
        let has_options = !facts.code.is_empty();
        for option in message.options().filter(|_| has_options) {
            let number = if draft { option.modern().unwrap_or(OptionNumber(0)) } else { option.number };
            if hashed.has(number) {
                hash.add(number, option.value);
            }
            facts.read_option(number, option.value, short(option.value).unwrap_or(0));
        }
        if facts.proxied && !draft {
            hash = facts.hash_proxied(hash, message, seed);
        }
        let behind = Behind::of(message.bytes(), 4 + token.len(), seed);
        facts.finish(message, hash, &behind, seed);
        facts
    }

    /// See [`UsualFacts::read`](super::UsualFacts::read), which remembers what this finds.
    // A function of its own, so that its few variables stay in registers.
    #[inline(never)]
    pub(super) fn read_usual<T>(
        all: &mut Vec<Self>,
        bytes: &[u8],
        behind: &Behind,
        seed: &Seed,
        admits: impl FnOnce(&UsualMessage<'_>) -> Option<T>,
    ) -> Option<T> {
        let header = Header::read(bytes)?;
        let (code, kind) = (header.code, header.message_type);
        // In a few variables of its own while the options are walked over, so that these stay in registers.
        let (mut said, mut hash, hashed) = (Said::default(), OptionsHash::new(seed), Hashed::of(code, kind));
        let usual = UsualMessage::read(bytes, |number, value, word| {
            if hashed.has(number) {
                hash.add_word(number, value, word);
            }
            said.note(number, word, value.len());
        })?;
        let told = admits(&usual)?;
        let mut facts = Self::of(Some(header), Token::new(usual.message.token().unwrap_or_default(), seed), bytes);
        facts.plain = !said.rarer;
        (facts.observe, facts.max_age, facts.content_format) = (said.observe, said.max_age, said.content_format);
        if said.rarer {
            hash = facts.read_rarer_of(hash, &usual.message, seed);
        }
        facts.finish(&usual.message, hash, behind, seed);
        all.push(facts);
        Some(told)
    }

    /// What header and token alone tell.
    #[inline(always)]
    fn of(header: Option<Header>, token: Token, bytes: &[u8]) -> Self {
        let length = bytes.len() as u32;
        match header {
            Some(Header { message_id, code, message_type: kind, .. }) => {
                Self { token, length, message_id, code, kind, ..Self::default() }
            }
            None => Self::default(),
        }
    }

    /// What copies are told by. `behind`: what is behind the token.
    #[inline(always)]
    fn finish(&mut self, message: &Message<'_>, mut options: OptionsHash<'_>, behind: &Behind, seed: &Seed) {
        self.tell(message.bytes(), behind, seed);
        self.observe_length = behind.observe_length();
        self.usual = Usual::of(self);
        self.says = Says {
            tells: self.echo || matches!(self.code, Code::SERVICE_UNAVAILABLE | Code::TOO_MANY_REQUESTS),
            succeeds: self.code.is_success(),
            serves: self.code == Code::CONTENT && self.block2 == BlockPlace::None,
            fits: fitting(self.code),
        };
        if self.code.is_request() {
            self.digest = options.finish();
        } else if !self.code.is_empty() && self.kind != MessageType::Acknowledgement {
            options.add(OptionNumber(0), message.payload());
            self.digest = options.finish();
        }
    }

    /// What tells this very message from others.
    #[inline(always)]
    pub(super) fn tell(&mut self, bytes: &[u8], behind: &Behind, seed: &Seed) {
        let head = self.whole_head(bytes, seed);
        self.head = folded(head);
        self.hash = seed.mix(head ^ behind.observe_bits(), behind.hash);
    }

    /// Header and token.
    #[inline(always)]
    pub(super) fn whole_head(&self, bytes: &[u8], seed: &Seed) -> u64 {
        let first = bytes.first_chunk().map_or(0, |first| u32::from_be_bytes(*first));
        seed.mix(u64::from(first), self.token.bits())
    }

    /// The capture cut the message: copies are told by header and token.
    #[cold]
    pub(super) fn cut(&self, bytes: &[u8], seed: &Seed, record: RecordId) -> Self {
        let message = Message::decode_as(bytes, self.mode).cut_by_capture();
        let lacks_options = message.lacks_options();
        let unknown = message.token().is_none() || self.mode.is_draft() && lacks_options;
        let unknown = unknown && !self.code.is_empty();
        // Apart from those of all that have a token.
        let (token, head) = if unknown { (Token::unknown(record), !self.head) } else { (self.token, self.head) };
        let hash = if self.code.is_empty() { self.hash } else { self.whole_head(bytes, seed) };
        Self { hash, head, token, lacks_options, ..*self }
    }

    /// Takes in an option; `word` is its value as [`short`] has it.
    #[inline(always)]
    fn read_option(&mut self, number: OptionNumber, value: &[u8], word: u64) {
        match number {
            OptionNumber::URI_PATH | OptionNumber::URI_QUERY => {
                let long = value.len() > 255;
                self.suspect |= long;
                self.plain &= !long;
            }
            OptionNumber::OBSERVE => first(&mut self.observe, uint(word, value.len(), 3)),
            OptionNumber::MAX_AGE => first(&mut self.max_age, uint(word, value.len(), 4)),
            OptionNumber::CONTENT_FORMAT => {
                first(&mut self.content_format, uint(word, value.len(), 2).map(|n| n as u16));
            }
            _ => self.read_rarer(number, value, word),
        }
    }

    /// Takes in the rarer options of a usual message, whose options have this hash; gives that of what it is about.
    #[cold]
    #[inline(never)]
    fn read_rarer_of<'s>(&mut self, hash: OptionsHash<'s>, message: &Message<'_>, seed: &'s Seed) -> OptionsHash<'s> {
        for option in message.options() {
            self.read_option(option.number, option.value, short(option.value).unwrap_or(0));
        }
        if self.proxied { self.hash_proxied(hash, message, seed) } else { hash }
    }

    /// Hash of what a request asks a proxy for, whichever options say so.
    #[cold]
    #[inline(never)]
    fn hash_proxied<'s>(&self, hash: OptionsHash<'s>, message: &Message<'_>, seed: &'s Seed) -> OptionsHash<'s> {
        if !self.code.is_request() {
            return hash;
        }
        let mut hash = OptionsHash::new(seed);
        hash.add(OptionNumber::PROXY_URI, message.readable_target().as_bytes());
        hash
    }

    #[inline(never)]
    fn read_rarer(&mut self, number: OptionNumber, value: &[u8], word: u64) {
        self.suspect |= number.is_critical() || number.is_reserved_location();
        self.plain = false;
        match number {
            OptionNumber::ACCEPT => first(&mut self.accept, uint(word, value.len(), 2).map(|n| n as u16)),
            OptionNumber::NO_RESPONSE => first(&mut self.no_response, uint(word, value.len(), 1).map(|n| n as u8)),
            OptionNumber::ETAG => self.etag = true,
            OptionNumber::ECHO => self.echo = true,
            OptionNumber::OSCORE => self.oscore = true,
            OptionNumber::PROXY_URI | OptionNumber::PROXY_SCHEME => self.proxied = true,
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

    /// A GET whose digest tells all that it asks for.
    #[inline]
    pub(super) fn asks_for_digest(&self) -> bool {
        self.plain && self.code == Code::GET && self.content_format.is_none() && self.max_age.is_none()
    }

    /// A GET or FETCH that asks not to observe any more.
    pub(super) fn deregisters(&self) -> bool {
        self.observe == Some(1) && matches!(self.code, Code::GET | Code::FETCH)
    }
}

/// A [whole head](Facts::whole_head) in half of its bits.
#[inline(always)]
pub(super) fn folded(head: u64) -> u32 {
    (head ^ head >> 32) as u32
}

/// Keeps the first of several values.
fn first<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}

/// A uint option value of at most so many bytes (RFC 7252 section 3.2); longer ones are as if absent (section 5.4.3).
#[inline]
fn uint(word: u64, length: usize, most: usize) -> Option<u32> {
    (length <= most).then(|| word.swap_bytes().checked_shr(64 - 8 * length as u32).unwrap_or(0) as u32)
}

/// They travel by the million between threads.
const _: () = assert!(size_of::<Facts>() <= 96);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::UsualFacts;
    use super::*;

    /// Holds what is read in one walk, and what is remembered, to what is read in several walks; tells whether the message is usual.
    fn check(bytes: &[u8]) -> bool {
        let seed = Seed::default();
        let mut usual = UsualFacts::new(seed.clone());
        let mut read = |bytes: &[u8]| {
            let (message, mut all) = (Message::decode(bytes), Vec::new());
            let admits = |usual: &UsualMessage<'_>| (usual.message.layout() == message.layout()).then_some(7);
            assert_eq!(UsualFacts::<u8>::new(seed.clone()).read(&mut all, bytes, None, |_| None), None);
            let beside = [bytes, &[0x61; 64]].concat();
            let told = usual.read(&mut all, bytes, beside.first_chunk(), admits);
            assert_eq!(told, UsualFacts::new(seed.clone()).read(&mut Vec::new(), bytes, None, admits), "{bytes:02x?}");
            assert_eq!(told, all.first().map(|_| 7));
            for facts in &all {
                assert_eq!(format!("{facts:?}"), format!("{:?}", Facts::read(&message, &seed)), "{bytes:02x?}");
            }
            told.is_some()
        };
        let is_usual = read(bytes);
        for at in 2..bytes.len().min(20) {
            for change in [1, 0x80] {
                let mut other = bytes.to_vec();
                other[at] ^= change;
                read(&other);
            }
        }
        assert_eq!(read(bytes), is_usual);
        is_usual
    }

    #[test]
    fn one_walk_finds_what_several_find() {
        let messages: [&[u8]; 8] = [
            b"\x42\x01\x1f\x04\x9a\xc6\xb7sensors\x03hum\x46unit=c\x20",
            b"\x48\x01\x00\x0112345678\xbb.well-known\x04core",
            b"\x44\x02\x2d\x53\x40\x61\x7c\xd5\xb7sensors\x04temp\x11\x32\xff{}",
            b"\x63\x45\x1f\x04\x9a\xc6\x00\xc0\xff21.5",
            b"\x52\x45\x1f\x04\x9a\xc6\x63\x07\x08\x09\x60\x21\x0a\xff123456789012345678901234567890",
            b"\x52\x45\x1f\x04\x9a\xc6\x48etagetag\x21\x07\x62\x2d\x16\x21\x05\xff1",
            b"\x60\x00\x1f\x04",
            b"\x70\x00\x1f\x04",
        ];
        assert_eq!(messages.map(check), [true; 8]);
        assert!(!check(b"\x40\x01\x1f"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn one_walk_finds_what_several_find_in_any_bytes(
            head in prop::sample::select(vec![0x41u8, 0x42, 0x48, 0x51, 0x61, 0x62]),
            code in prop::sample::select(vec![1u8, 2, 3, 65, 68, 69, 132]),
            rest in prop::collection::vec(prop_oneof![any::<u8>(), 0u8..20, Just(0xb3), Just(0x61), Just(0xff)], 2..50),
        ) {
            check(&[&[head, code][..], &rest].concat());
        }
    }
}
