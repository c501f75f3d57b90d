//! What the tracker needs to know of a message, read from it in one walk over the options.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use super::model::{Arrival, ResourceId};
use super::resources::{ResourceHash, ResourceTable};
use super::tokens::Token;
use crate::coap::{Block, Code, Message, MessageType, OptionNumber};

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
    /// Seeded hash of the bytes; of header and token alone where the capture cut the message.
    pub hash: u64,
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
    /// Reads them; `None` below four bytes. Path and query of a request are interned.
    pub fn of(
        message: &Message<'a>,
        arrival: &Arrival,
        hasher: &RandomState,
        resources: &mut ResourceTable,
    ) -> Option<Self> {
        let header = message.header()?;
        let bytes = message.bytes();
        let token = Token::new(message.token().unwrap_or_default());
        let head = u64::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3], 0, 0, 0, 0]) ^ token.fold(hasher);
        let mut facts = Self {
            kind: header.message_type,
            code: header.code,
            message_id: header.message_id,
            token,
            length: bytes.len() as u32,
            hash: if arrival.cut { head } else { hasher.hash_one(bytes) },
            head: (head ^ head >> 32) as u32,
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
        };
        if facts.code.is_request() {
            let mut hash = ResourceHash::new(hasher);
            facts.read_options(message, Some(&mut hash));
            facts.resource = resources.intern(hash.finish(), message);
        } else if !facts.code.is_empty() {
            facts.read_options(message, None);
        }
        Some(facts)
    }

    fn read_options(&mut self, message: &Message<'a>, mut resource: Option<&mut ResourceHash>) {
        let draft = message.mode().is_draft();
        for option in message.options() {
            let number = if draft { option.modern().unwrap_or(OptionNumber(0)) } else { option.number };
            let value = option.value;
            match number {
                OptionNumber::URI_PATH | OptionNumber::URI_QUERY => {
                    self.suspect |= value.len() > 255;
                    if let Some(resource) = resource.as_deref_mut() {
                        resource.add(number, value);
                    }
                }
                OptionNumber::OBSERVE => first(&mut self.observe, uint(value, 3)),
                OptionNumber::MAX_AGE => first(&mut self.max_age, uint(value, 4)),
                OptionNumber::CONTENT_FORMAT => first(&mut self.content_format, uint(value, 2).map(|n| n as u16)),
                _ => self.read_rarer(number, value, resource.as_deref_mut()),
            }
        }
    }

    fn read_rarer(&mut self, number: OptionNumber, value: &'a [u8], resource: Option<&mut ResourceHash>) {
        self.suspect |= number.is_critical();
        match number {
            OptionNumber::PROXY_URI => {
                if let Some(resource) = resource {
                    resource.add(number, value);
                }
            }
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

/// Hash of a response without what a refreshed copy may change: Observe and Max-Age (RFC 7641 section 4.4).
pub(super) fn refreshable_hash(message: &Message<'_>, hasher: &RandomState) -> u64 {
    hash_without(message, hasher, |number| matches!(number, OptionNumber::OBSERVE | OptionNumber::MAX_AGE), true)
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
