//! How a pair of endpoints speaks: today's CoAP, one of its old drafts, or with extended tokens. One message can be ambiguous; a pair rarely is.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::groups::Groups;
use crate::coap::{DecodeMode, Message, RaisedBy, Rule, Severity, draft};
use crate::frame::Endpoint;

/// Pairs with a dialect of their own that are remembered; the oldest are forgotten beyond it.
const PAIRS: usize = 4096;
/// Places for pairs that speak as everybody does. A power of two; a newcomer takes the place of whoever had it.
const PLACES: usize = 1024;
/// Port of the drafts up to -03.
const OLD_PORT: u16 = 61616;

/// What the findings of a message, read as RFC 7252 says, tell of the dialect.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hints {
    /// It is sound as an old draft, and not today.
    pub draft: bool,
    /// Its token is longer than eight bytes, and was read as such.
    extended: bool,
    /// Its token length is reserved.
    reserved: bool,
    /// Something in it is worth a warning.
    unsound: bool,
}

impl Hints {
    /// Take in a finding.
    pub fn note(&mut self, rule: Rule) {
        self.unsound |= rule.severity() >= Severity::Warn && rule.row().raised_by == RaisedBy::Message;
        match rule {
            Rule::DraftHeader => self.draft = true,
            Rule::HdrTklExtended => self.extended = true,
            Rule::HdrTklReserved => self.reserved = true,
            _ => {}
        }
    }

    fn any(self) -> bool {
        self.draft || self.extended || self.reserved
    }
}

/// Two endpoints, in whichever order: both sides of a conversation speak alike.
type Pair = (Endpoint, Endpoint);

/// What is known of the pairs. Bounded.
#[derive(Debug)]
pub(super) struct Pairs {
    /// Who asked groups, and who answered.
    pub groups: Groups,
    /// How often a pair was heard to speak as RFC 7252 says: the upper half of its hash, and the count.
    modern: Box<[(u32, u32)]>,
    special: HashMap<Pair, Dialect>,
    /// Those of `special`, in the order they came.
    order: VecDeque<Pair>,
    /// One bit for each hash among `special`: most pairs are known not to be there by a look at this.
    marks: u64,
}

/// How a pair speaks.
#[derive(Clone, Copy, Debug, Default)]
struct Dialect {
    /// Messages that are sound as -12, -08 and -03.
    votes: [u32; 3],
    /// Messages that only an old draft explains.
    drafts: u32,
    /// Messages that only today's format explains.
    modern: u32,
    /// It has used a token length of 13 or 14 as RFC 8974 means it.
    extended: bool,
    /// One of its ports is that of the oldest drafts.
    old_port: bool,
}

impl Default for Pairs {
    fn default() -> Self {
        Self {
            groups: Groups::default(),
            modern: vec![(0, 0); PLACES].into_boxed_slice(),
            special: HashMap::new(),
            order: VecDeque::new(),
            marks: 0,
        }
    }
}

impl Pairs {
    /// How a message between two endpoints is to be read, which so far was read as RFC 7252 says; `None` where it was read rightly.
    /// `usual` gives how many other messages told that both speak so; it is asked once the pair may have a dialect of its own.
    #[inline]
    pub fn reading(
        &mut self,
        from: &Endpoint,
        to: &Endpoint,
        message: &Message<'_>,
        hints: Hints,
        usual: impl FnOnce() -> u32,
    ) -> Option<DecodeMode> {
        let hash = hash(from, to);
        if !hints.any() && self.marks & mark(hash) == 0 {
            if is_telling(message)
                && !hints.unsound
                && let Some(place) = self.modern.get_mut(hash as usize & (PLACES - 1))
            {
                let upper = (hash >> 32) as u32;
                *place = if place.0 == upper { (upper, place.1.saturating_add(1)) } else { (upper, 1) };
            }
            return None;
        }
        self.special_reading(from, to, hash, message, hints, usual)
    }

    /// Whether a pair may have a dialect of its own.
    pub fn is_special(&self, from: &Endpoint, to: &Endpoint) -> bool {
        !self.special.is_empty() && self.special.contains_key(&pair(from, to))
    }

    /// How what is there of a message between two endpoints is to be read: quoted, or cut by the capture.
    pub fn known(&self, from: &Endpoint, to: &Endpoint) -> Option<DecodeMode> {
        if self.special.is_empty() {
            return None;
        }
        let dialect = self.special.get(&pair(from, to))?;
        dialect.is_draft().then(|| dialect.draft())
    }

    #[cold]
    fn special_reading(
        &mut self,
        from: &Endpoint,
        to: &Endpoint,
        hash: u64,
        message: &Message<'_>,
        hints: Hints,
        usual: impl FnOnce() -> u32,
    ) -> Option<DecodeMode> {
        let pair = pair(from, to);
        if !self.special.contains_key(&pair) {
            if !hints.draft && !hints.extended {
                return None;
            }
            self.add(pair, hash, usual());
        }
        self.special.get_mut(&pair)?.reading(message, hints)
    }

    fn add(&mut self, pair: Pair, hash: u64, usual: u32) {
        if self.order.len() >= PAIRS
            && let Some(oldest) = self.order.pop_front()
        {
            self.special.remove(&oldest);
        }
        let (upper, count) = self.modern.get(hash as usize & (PLACES - 1)).copied().unwrap_or_default();
        let modern = if upper == (hash >> 32) as u32 { count } else { 0 }.saturating_add(usual);
        let old_port = pair.0.port == OLD_PORT || pair.1.port == OLD_PORT;
        self.special.insert(pair, Dialect { modern, old_port, ..Dialect::default() });
        self.order.push_back(pair);
        self.marks |= mark(hash);
    }
}

impl Dialect {
    /// Takes in a message that was read as RFC 7252 says, and tells how to read it instead, if so.
    fn reading(&mut self, message: &Message<'_>, hints: Hints) -> Option<DecodeMode> {
        let mut own = None;
        for (mode, votes) in DRAFTS.into_iter().zip(&mut self.votes) {
            if draft::is_clean(&Message::decode_as(message.bytes(), mode)) {
                *votes += 1;
                own = own.or(Some(mode));
            }
        }
        let (telling, clean) = (is_telling(message), is_sound(message));
        let sound = !hints.draft && telling && clean;
        self.drafts += u32::from(hints.draft || own.is_some() && !clean);
        self.modern += u32::from(sound || own.is_none() && telling);
        self.extended |= hints.extended && !self.is_draft();
        if self.extended && (hints.extended || hints.reserved) {
            return (message.mode() == DecodeMode::Rfc7252).then_some(DecodeMode::ExtendedTokens);
        }
        // A message that is sound today is of today, even where a draft might explain it too. One that fails today and can hardly be
        // anything but of a draft is of that, however the others are.
        if !self.is_draft() || sound {
            let is_evident = |mode: &DecodeMode| draft::is_evident(&Message::decode_as(message.bytes(), *mode));
            return if message.is_malformed() { self.preferred(DRAFTS.into_iter().filter(is_evident)) } else { None };
        }
        let mode = self.draft();
        let read = Message::decode_as(message.bytes(), mode);
        match own {
            // An Empty message is the same in every reading, and what only today's format explains is today's.
            _ if read.header().is_none_or(|header| header.code.is_empty()) => None,
            None if is_telling(message) && read.stop().is_some() => None,
            Some(own) if !draft::is_clean(&read) => Some(own),
            _ => Some(mode),
        }
    }

    fn is_draft(&self) -> bool {
        self.drafts > self.modern
    }

    /// The draft that explains most of what was heard.
    fn draft(&self) -> DecodeMode {
        let most = self.votes.iter().max().copied().unwrap_or_default();
        let best = DRAFTS.into_iter().zip(self.votes).filter(|(_, votes)| *votes == most).map(|(mode, _)| mode);
        self.preferred(best).unwrap_or(DecodeMode::Draft12)
    }

    /// Of several drafts the newest, on the old port the oldest.
    fn preferred(&self, mut drafts: impl DoubleEndedIterator<Item = DecodeMode>) -> Option<DecodeMode> {
        if self.old_port { drafts.next_back() } else { drafts.next() }
    }
}

/// In the order of [`Dialect::votes`].
const DRAFTS: [DecodeMode; 3] = [DecodeMode::Draft12, DecodeMode::Draft08, DecodeMode::Draft03];

/// Whether a message that reads well today tells that its sender speaks so: it has a token or a payload, where drafts differ.
#[inline(always)]
pub(super) fn is_telling(message: &Message<'_>) -> bool {
    message.stop().is_none()
        && (message.payload_offset().is_some() || message.token().is_some_and(|token| !token.is_empty()))
}

/// Whether nothing is wrong with a message as it reads today.
fn is_sound(message: &Message<'_>) -> bool {
    let mut sound = true;
    message.visit_findings(&mut |finding| sound &= finding.severity < Severity::Warn);
    sound
}

fn pair(from: &Endpoint, to: &Endpoint) -> Pair {
    if from <= to { (*from, *to) } else { (*to, *from) }
}

/// The bit of a hash in [`Pairs::marks`].
#[inline]
fn mark(hash: u64) -> u64 {
    1 << (hash >> 26 & 63)
}

/// A number for a pair, the same in both directions. Whoever makes two pairs meet here on purpose confuses only himself.
#[inline]
fn hash(from: &Endpoint, to: &Endpoint) -> u64 {
    let (one, other) = (endpoint_hash(from), endpoint_hash(to));
    let mixed = (one ^ other).wrapping_add(one.wrapping_mul(other) | 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

#[inline]
fn endpoint_hash(endpoint: &Endpoint) -> u64 {
    let address = match endpoint.address {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            (bits as u64).rotate_left(23) ^ (bits >> 64) as u64
        }
    };
    let mixed = (address ^ u64::from(endpoint.port) << 40 ^ u64::from(endpoint.scope) << 56)
        .wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ mixed >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coap::escape;

    fn endpoint(last: u8, port: u16) -> Endpoint {
        Endpoint { address: IpAddr::from([192, 0, 2, last]), port, scope: 0 }
    }

    /// Plays messages between two endpoints; gives how each was read.
    fn play(port: u16, messages: &[&str]) -> Vec<DecodeMode> {
        let mut pairs = Pairs::default();
        let mut modes = Vec::new();
        for (at, hex) in messages.iter().enumerate() {
            let bytes: Vec<u8> =
                (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[i * 2..i * 2 + 2], 16).unwrap()).collect();
            let (mut ends, mut hints) = ((endpoint(1, 40000), endpoint(2, port)), Hints::default());
            if at % 2 == 1 {
                ends = (ends.1, ends.0);
            }
            let message = Message::decode(&bytes);
            message.visit_findings(&mut |finding| hints.note(finding.rule));
            assert_eq!(escape::hex(message.bytes()), *hex);
            modes.push(pairs.reading(&ends.0, &ends.1, &message, hints, || 0).unwrap_or(message.mode()));
        }
        modes
    }

    #[test]
    fn pairs_are_read_in_their_dialect() {
        use DecodeMode::{Draft03, Draft08, Draft12, ExtendedTokens, Rfc7252};
        // GET with Uri-Path "time" as -12, -08 and today have it; the answers with an option and a payload.
        let (new, old, now) = ("41010001b474696d65", "410100019474696d65", "4101000101b474696d65");
        let (answer_12, answer_03) = ("61450001c06f6b", "61500001106f6b");
        let (answer_now, empty) = ("6145000101ff6f6b", "60000001");
        for (name, port, messages, expected) in [
            ("-12", 5683, vec![new, answer_12], vec![Draft12, Draft12]),
            ("-08, or -03", 5683, vec![old, empty, old], vec![Draft08, Rfc7252, Draft08]),
            ("-03 on its own port", 61616, vec![old, answer_03], vec![Draft03, Draft03]),
            ("-03, told by the answer", 5683, vec![old, answer_03, old], vec![Draft08, Draft03, Draft03]),
            ("a draft message without options", 5683, vec![new, "60440001"], vec![Draft12, Draft12]),
            ("a broken message of a draft", 5683, vec![new, "62450001c0"], vec![Draft12, Draft12]),
            (
                "one broken message among sound ones, which is hardly anything but a request of -12",
                5683,
                vec![now, answer_now, new, answer_now],
                vec![Rfc7252, Rfc7252, Draft12, Rfc7252],
            ),
            (
                "one broken message among sound ones",
                5683,
                vec![now, answer_now, now, "61450001c0b980b5"],
                vec![Rfc7252; 4],
            ),
            (
                "a request that today is no more than odd, and its answer",
                5683,
                vec!["42010001b773656e736f72738155", "62450001c100715532322e332043"],
                vec![Draft12, Draft12],
            ),
            (
                "the same of -08",
                5683,
                vec!["420100019773656e736f72730474656d70", "624500011100113c32322e332043"],
                vec![Draft08, Draft08],
            ),
            (
                "the same, with the path of an observation",
                5683,
                vec!["43010001936f6273101155", "6345000111009105115532322e332043"],
                vec![Draft08, Draft08],
            ),
            (
                "messages that are sound today, after two of a draft",
                5683,
                vec![new, answer_12, "4101000211b474656d70", "6145000211c0ff3231", "40030005b474656d7010ff3232"],
                vec![Draft12, Draft12, Rfc7252, Rfc7252, Rfc7252],
            ),
            (
                "one that changes",
                5683,
                vec![new, answer_now, now, answer_now],
                vec![Draft12, Rfc7252, Rfc7252, Rfc7252],
            ),
            (
                "token lengths of 9, before and after one of 13",
                5683,
                vec![
                    "490100010102030405060708 09b161",
                    "4d010001000102030405060708090a0b0c0d b161",
                    "490100020102030405060708 09b161",
                ],
                vec![Rfc7252, ExtendedTokens, ExtendedTokens],
            ),
        ] {
            let messages: Vec<String> = messages.iter().map(|hex| hex.replace(' ', "")).collect();
            assert_eq!(play(port, &messages.iter().map(String::as_str).collect::<Vec<_>>()), expected, "{name}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut pairs = Pairs::default();
        let bytes = [0x41, 1, 0, 1, 0xb4, b't', b'i', b'm', b'e'];
        let message = Message::decode(&bytes);
        let hints = Hints { draft: true, ..Hints::default() };
        for port in 0..=u16::MAX {
            pairs.reading(&endpoint(1, port), &endpoint(2, 5683), &message, hints, || 0);
        }
        assert_eq!((pairs.special.len(), pairs.order.len()), (PAIRS, PAIRS));
        assert_eq!(pairs.known(&endpoint(2, 5683), &endpoint(1, u16::MAX)), Some(DecodeMode::Draft12));
        assert_eq!(pairs.known(&endpoint(2, 5683), &endpoint(1, 0)), None);
    }
}
