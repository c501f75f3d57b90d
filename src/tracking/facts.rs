//! What the tracker needs to know of a message, read from it in one walk over the options.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use super::model::{Arrival, ResourceId};
use super::resources::{OptionsHash, ResourceTable};
use super::tokens::Token;
use crate::coap::{Block, Code, Header, Message, MessageType, OptionNumber};

/// Facts of a message with a readable header.
#[derive(Clone, Debug)]
pub(super) struct Facts<'a> {
    pub kind: MessageType,
    pub code: Code,
    pub message_id: u16,
    /// Empty where it was cut off.
    pub token: Token,
    /// Length of the message in bytes.
    pub length: u32,
    /// Seeded hash of the whole message; of header and token alone where the capture cut it.
    pub hash: u64,
    /// The same of a response without Observe and Max-Age, which a refreshed copy may change (RFC 7641 section 4.4).
    pub refreshable: u64,
    /// Folded from header and token.
    pub head: u32,
    pub observe: Option<u32>,
    pub max_age: Option<u32>,
    pub content_format: Option<u16>,
    pub accept: Option<u16>,
    pub etag: bool,
    pub no_response: Option<u8>,
    pub echo: Option<&'a [u8]>,
    pub oscore: Option<&'a [u8]>,
    pub block1: Option<Block>,
    pub block2: Option<Block>,
    /// It may have a critical option that is not in order.
    pub suspect: bool,
    /// Path and query of a request.
    pub resource: ResourceId,
}

impl<'a> Facts<'a> {
    /// What the header and the token say.
    #[inline]
    pub fn new(header: Header, message: &Message<'a>) -> Self {
        Self {
            kind: header.message_type,
            code: header.code,
            message_id: header.message_id,
            token: Token::new(message.token().unwrap_or_default()),
            length: message.bytes().len() as u32,
            hash: 0,
            refreshable: 0,
            head: 0,
            observe: None,
            max_age: None,
            content_format: None,
            accept: None,
            etag: false,
            no_response: None,
            echo: None,
            oscore: None,
            block1: None,
            block2: None,
            suspect: false,
            resource: ResourceId(0),
        }
    }

    /// Reads the options and hashes what copies are told by. Path and query of a request are interned.
    #[inline]
    pub fn read(
        &mut self,
        message: &Message<'a>,
        arrival: &Arrival,
        hasher: &RandomState,
        resources: &mut ResourceTable,
    ) {
        let bytes = message.bytes();
        let first = bytes.first_chunk().map_or(0, |first| u32::from_be_bytes(*first));
        let head = u64::from(first) << 32 ^ self.token.fold(hasher);
        self.head = (head ^ head >> 32) as u32;
        if self.code.is_empty() {
            self.hash = head ^ u64::from(self.length) << 56;
            return;
        }
        let mut options = OptionsHash::new(hasher);
        if self.code.is_request() {
            self.read_options(message, &mut options, |number| {
                matches!(number, OptionNumber::URI_PATH | OptionNumber::URI_QUERY | OptionNumber::PROXY_URI)
            });
            self.resource = resources.intern(options.finish(), message);
            self.hash = hasher.hash_one(bytes);
        } else if self.kind == MessageType::Acknowledgement {
            self.read_options(message, &mut options, |_| false);
            self.hash = hasher.hash_one(bytes);
        } else {
            self.read_options(message, &mut options, |number| {
                !matches!(number, OptionNumber::OBSERVE | OptionNumber::MAX_AGE)
            });
            options.add(OptionNumber(0), message.payload());
            self.refreshable = options.finish();
            let more = [self.observe, self.max_age].map(|value| value.map_or(0, |value| u64::from(value) + 1));
            self.hash = hasher.hash_one((self.refreshable, head, more[0] << 33 ^ more[1]));
        }
        if arrival.cut {
            self.hash = head;
        }
    }

    #[inline]
    fn read_options(&mut self, message: &Message<'a>, hash: &mut OptionsHash, hashed: impl Fn(OptionNumber) -> bool) {
        let draft = message.mode().is_draft();
        for option in message.options() {
            let number = if draft { option.modern().unwrap_or(OptionNumber(0)) } else { option.number };
            let value = option.value;
            if hashed(number) {
                hash.add(number, value);
            }
            match number {
                OptionNumber::URI_PATH | OptionNumber::URI_QUERY => self.suspect |= value.len() > 255,
                OptionNumber::OBSERVE => first(&mut self.observe, uint(value, 3)),
                OptionNumber::MAX_AGE => first(&mut self.max_age, uint(value, 4)),
                OptionNumber::CONTENT_FORMAT => first(&mut self.content_format, uint(value, 2).map(|n| n as u16)),
                _ => self.read_rarer(number, value),
            }
        }
    }

    #[inline(never)]
    fn read_rarer(&mut self, number: OptionNumber, value: &'a [u8]) {
        self.suspect |= number.is_critical();
        match number {
            OptionNumber::ACCEPT => first(&mut self.accept, uint(value, 2).map(|n| n as u16)),
            OptionNumber::NO_RESPONSE => first(&mut self.no_response, uint(value, 1).map(|n| n as u8)),
            OptionNumber::ETAG => self.etag = true,
            OptionNumber::ECHO => first(&mut self.echo, Some(value)),
            OptionNumber::OSCORE => first(&mut self.oscore, Some(value)),
            OptionNumber::BLOCK1 => first(&mut self.block1, Block::read(value)),
            OptionNumber::BLOCK2 => first(&mut self.block2, Block::read(value)),
            _ => {}
        }
    }

    /// A GET or FETCH that asks to observe.
    pub fn registers(&self) -> bool {
        self.observe == Some(0) && matches!(self.code, Code::GET | Code::FETCH)
    }

    /// A GET or FETCH that asks not to observe any more.
    pub fn deregisters(&self) -> bool {
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
pub(super) fn target_hash(message: &Message<'_>, code: Code, hasher: &RandomState) -> u64 {
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
    hash_without(message, hasher, left_out, code == Code::FETCH)
}

fn hash_without(
    message: &Message<'_>,
    hasher: &RandomState,
    left_out: impl Fn(OptionNumber) -> bool,
    payload: bool,
) -> u64 {
    let mut state = hasher.build_hasher();
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
