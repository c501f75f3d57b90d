//! Bodies that are on their way in blocks: what each is told by, and where they are kept.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::model::ResourceId;
use super::pairs::PairNumber;
use super::transfer::Transfer;
use crate::coap::{Block, Message, OptionNumber};

/// What a body is told by: endpoints, method, resource, the other options of its requests, and which way it goes. Never the token
/// (RFC 7959 section 2.3, RFC 9175 section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct BodyKey {
    pub pair: PairNumber,
    pub resource: ResourceId,
    pub method: u8,
    pub upload: bool,
    pub others: u64,
    /// Hash of the ETag of a download, or 0: what has another is another body.
    pub etag: u64,
}

impl BodyKey {
    /// The same, whatever ETag it has.
    pub fn bare(self) -> Self {
        Self { etag: 0, ..self }
    }
}

/// What the request in a slot asked for in blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// The block that it carries.
    pub sent: Option<Carried>,
    /// The block that it asks for.
    pub asked: Option<Carried>,
}

/// A block option.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried {
    pub option: OptionNumber,
    pub block: Block,
}

impl Carried {
    /// The first of two kinds of option that a message has.
    pub fn of(message: &Message<'_>, kinds: [OptionNumber; 2]) -> Option<Self> {
        kinds.into_iter().find_map(|option| Some(Self { option, block: message.block(option)? }))
    }

    /// By RFC 9177.
    pub fn is_quick(self) -> bool {
        matches!(self.option, OptionNumber::Q_BLOCK1 | OptionNumber::Q_BLOCK2)
    }

    /// Offset of its first byte in the body.
    pub fn offset(self) -> u64 {
        u64::from(self.block.number) * u64::from(self.block.size())
    }
}

/// Bodies that are on their way, or were a short time ago.
#[derive(Default)]
pub(super) struct Blocks {
    pub transfers: HashMap<BodyKey, Transfer, RandomState>,
    /// The newest ETag of each body that has some, by the key without it.
    pub newest: HashMap<BodyKey, u64, RandomState>,
    /// When each got a block, the longest ago first.
    pub aging: VecDeque<(i64, BodyKey)>,
    /// By the slot of the request.
    pub wanted: HashMap<u32, Wanted, RandomState>,
    pub waiting: VecDeque<(i64, u32)>,
    pub bodies: u32,
    pub held: usize,
}

impl Blocks {
    /// Estimated size in bytes.
    pub fn bytes(&self) -> usize {
        self.held + self.aging.len() * 48 + self.wanted.len() * 96 + self.newest.len() * 64
    }

    /// The steady time behind which something is due.
    pub fn next_due(&self, life: i64) -> Option<i64> {
        let fronts = [self.aging.front().map(|(stamp, _)| *stamp), self.waiting.front().map(|(stamp, _)| *stamp)];
        fronts.into_iter().flatten().min().map(|stamp| stamp.saturating_add(life))
    }

    /// Takes back a jump of the clock that was not confirmed: what got a block in it stands at the end.
    pub fn clamp(&mut self, steady: i64) {
        for (stamp, key) in self.aging.iter_mut().rev().take_while(|(stamp, _)| *stamp > steady) {
            *stamp = steady;
            if let Some(transfer) = self.transfers.get_mut(key) {
                transfer.stamp = steady.min(transfer.stamp);
            }
        }
        self.waiting.iter_mut().rev().take_while(|(stamp, _)| *stamp > steady).for_each(|(stamp, _)| *stamp = steady);
    }

    /// The key of the body that a block belongs to which does not tell an ETag.
    pub fn newest(&self, bare: BodyKey) -> BodyKey {
        BodyKey { etag: self.newest.get(&bare).copied().unwrap_or(0), ..bare }
    }

    /// The body that is on its way under a key without an ETag.
    pub fn open(&self, bare: BodyKey) -> Option<&Transfer> {
        self.transfers.get(&self.newest(bare)).filter(|open| open.is_open())
    }

    pub fn take(&mut self, key: &BodyKey) -> Option<Transfer> {
        let transfer = self.transfers.remove(key)?;
        self.held = self.held.saturating_sub(transfer.bytes());
        Some(transfer)
    }

    pub fn remove(&mut self, key: &BodyKey) -> Option<Transfer> {
        if self.newest.get(&key.bare()) == Some(&key.etag) {
            self.newest.remove(&key.bare());
        }
        self.take(key)
    }
}
