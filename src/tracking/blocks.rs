//! Bodies in blocks: which messages carry parts of one body, and what is odd about them (RFC 7959, RFC 9177).

use std::hash::Hasher;

use super::Tracker;
use super::bodies::{BodyKey, Carried, Wanted};
use super::context::{Context, MESSAGE_ID, Output};
use super::holes::withdraw_filled;
use super::model::{BodyId, BodyRow, NO_RECORD, Patch};
use super::pairs::PairNumber;
use super::seed::Seed;
use super::slots::Slot;
use super::transfer::{Place, Transfer, sum};
use crate::coap::finding::{BY_CLIENT, NO_FORMAT};
use crate::coap::{Block, Code, Finding, Message, OptionNumber, Rule};

pub(super) const UP: [OptionNumber; 2] = [OptionNumber::BLOCK1, OptionNumber::Q_BLOCK1];
pub(super) const DOWN: [OptionNumber; 2] = [OptionNumber::BLOCK2, OptionNumber::Q_BLOCK2];

/// Hash of the options of a request that tell its body from others besides those of the resource; 0 where it has none of them.
pub(super) fn others(message: &Message<'_>, seed: &Seed) -> u64 {
    let mut state = seed.hasher();
    let mut any = false;
    // What a client that reads has of other states, which it may tell with its first request only (RFC 7252 sections 5.6, 5.10.6).
    let offers = message.header().is_some_and(|header| matches!(header.code, Code::GET | Code::FETCH));
    for option in message.options() {
        let passed = matches!(
            option.number,
            OptionNumber::BLOCK1
                | OptionNumber::BLOCK2
                | OptionNumber::Q_BLOCK1
                | OptionNumber::Q_BLOCK2
                | OptionNumber::OBSERVE
                | OptionNumber::IF_NONE_MATCH
                | OptionNumber::CONTENT_FORMAT
                | OptionNumber::MAX_AGE
                | OptionNumber::URI_PATH
                | OptionNumber::URI_QUERY
                | OptionNumber::PROXY_URI
        ) || option.number.is_no_cache_key() && !option.number.is_critical()
            || option.number == OptionNumber::ETAG && offers;
        if !passed {
            any = true;
            state.write_u32(u32::from(option.number.0) << 16 ^ option.value.len() as u32);
            state.write(option.value);
        }
    }
    if any { state.finish().max(1) } else { 0 }
}

/// Which body a request is about.
pub(super) fn body_of(slot: &Slot, others: u64, pair: PairNumber, upload: bool) -> BodyKey {
    let (resource, method) = (slot.row.resource, slot.row.method);
    BodyKey { pair, resource, method, upload, others, etag: 0 }
}

impl Tracker {
    /// A new request with options: it may carry a block, or ask for one.
    #[cold]
    #[inline(never)]
    pub(super) fn block_request(&mut self, index: u32, context: &mut Context<'_, '_>) {
        if context.arrival.cut || context.facts.oscore {
            return;
        }
        let message = context.message();
        let (sent, asked) = (Carried::of(&message, UP), Carried::of(&message, DOWN));
        if sent.is_none() && asked.is_none() {
            return;
        }
        let stamp = self.clock.stamp();
        self.blocks.wanted.insert(index, Wanted { sent, asked });
        self.blocks.waiting.push_back((stamp, index));
        if asked.is_some_and(|asked| asked.block.number > 0 && !asked.is_quick()) {
            self.judge_later_request(index, context);
        }
        if let Some(sent) = sent {
            self.block_sent(index, sent, &message, context);
        }
        if let (Some(asked), Some(key)) = (asked, self.body_key(index, context.pair, false))
            && let Some(open) = self.blocks.open(key).filter(|_| !asked.is_quick())
            && asked.block.number > 0
        {
            say_size(asked, open.szx, asked.option, context);
        }
    }

    /// Which body the request in a slot is about.
    pub(super) fn body_key(&self, index: u32, pair: PairNumber, upload: bool) -> Option<BodyKey> {
        let slot = self.slots.get(index)?;
        Some(body_of(slot, self.slots.asked(slot).others, pair, upload))
    }

    /// A request for a later block that registers, or goes under the token of an observation.
    fn judge_later_request(&self, index: u32, context: &mut Context<'_, '_>) {
        let Some(slot) = self.slots.get(index) else { return };
        let observing = self.slots.under(slot.pair, &slot.token).observing;
        if context.facts.observe.is_some() || self.slots.observation(observing).is_some() {
            context.find_option(Rule::BlockObserveLater, OptionNumber::BLOCK2, 0, 0);
        }
    }

    /// A response to the request in a slot.
    #[cold]
    #[inline(never)]
    pub(super) fn block_response(&mut self, index: u32, context: &mut Context<'_, '_>) {
        if context.arrival.cut || context.facts.oscore {
            return;
        }
        let message = context.message();
        let wanted = self.blocks.wanted.get(&index).copied();
        if let Some(Wanted { sent: Some(sent), .. }) = wanted {
            self.block_acknowledged(index, sent, &message, context);
        }
        if !context.facts.code.is_success() {
            return;
        }
        let asked = wanted.and_then(|wanted| wanted.asked);
        match (Carried::of(&message, DOWN), asked) {
            (Some(carried), _) => self.block_received(index, carried, asked, &message, context),
            (None, Some(asked)) if !asked.is_quick() && !message.has(asked.option) => {
                judge_whole(asked, message.payload().len(), context);
            }
            _ => {}
        }
    }

    /// A notification: its first block begins a body, and there should be no other (RFC 7959 section 2.6).
    #[cold]
    #[inline(never)]
    pub(super) fn block_notification(&mut self, index: u32, context: &mut Context<'_, '_>) {
        if context.arrival.cut || context.facts.oscore {
            return;
        }
        let message = context.message();
        let Some(carried) = Carried::of(&message, DOWN).filter(|_| context.facts.code.is_success()) else { return };
        if carried.block.number > 0 && !carried.is_quick() {
            context.find_option(Rule::BlockObserveLater, carried.option, 0, 0);
        }
        if let Some(key) = self.body_key(index, context.pair.reversed(), false) {
            self.part(key, carried, OptionNumber::SIZE2, &message, context);
        }
    }

    /// The block of a body that a response carries.
    fn block_received(
        &mut self,
        index: u32,
        carried: Carried,
        asked: Option<Carried>,
        message: &Message<'_>,
        context: &mut Context<'_, '_>,
    ) {
        if !carried.is_quick() {
            let expected = asked.map_or(0, Carried::offset);
            if carried.offset() != expected {
                context.find_option(Rule::BlockNumMismatch, carried.option, carried.offset() as i64, expected as i64);
            }
            if let Some(asked) = asked {
                say_size(carried, asked.block.szx, carried.option, context);
            }
        }
        if let Some(key) = self.body_key(index, context.pair.reversed(), false) {
            self.part(key, carried, OptionNumber::SIZE2, message, context);
        }
    }

    /// Enters a block in its body.
    pub(super) fn part(
        &mut self,
        key: BodyKey,
        carried: Carried,
        size: OptionNumber,
        message: &Message<'_>,
        context: &mut Context<'_, '_>,
    ) {
        let (offset, length) = (carried.offset(), message.payload().len() as u32);
        let stamp = self.clock.stamp();
        let etag =
            message.option(OptionNumber::ETAG).filter(|_| !key.upload).map(|etag| self.seed.hash(etag.value).max(1));
        let format = context.facts.content_format;
        let (key, strayed) = self.key_of_block(key, etag, carried, context);
        let known =
            self.blocks.take(&key).map(|known| match known.leads_back(offset) && !self.goes_on_anew(&known, key) {
                true => known.back(),
                false => known,
            });
        let mut transfer = match known {
            Some(known) if !goes_on(&known, key, carried) && !self.is_begun_again(&known, carried, message) => {
                let refused = known.lacks_refused(carried.offset());
                let mut new = self.begin_body(key, carried, if refused { known.taken_to } else { 0 }, context);
                // Only an ETag tells that both are of one state (RFC 7959 section 2.4).
                if !key.upload && key.etag != 0 && known.is_open() {
                    new.put_aside(known);
                }
                new
            }
            Some(known) if is_of_format(&known, format, length, context) => known,
            None => self.begin_body(key, carried, 0, context),
            // A block of something else: what there was of the other stays as it is.
            Some(_) => self.new_transfer(key, carried, context),
        };
        if !carried.is_quick() {
            self.judge_place(&mut transfer, carried, length, context);
        }
        transfer.etag = transfer.etag.or(etag);
        transfer.strayed |= strayed;
        if transfer.row.bytes == 0 || transfer.format.is_none() {
            transfer.format = format;
        }
        if !key.upload {
            self.blocks.newest.insert(key.bare(), key.etag);
        }
        if key.upload
            && (offset == 0 || key.method == Code::FETCH.0)
            && !matches!(transfer.place(offset, length.into()), Place::Again(_))
        {
            transfer.sum = transfer.sum.wrapping_add(sum(offset, message.payload()));
        }
        let part = transfer.add(context.record(), offset, length, carried.block.more);
        if transfer.has_holes() {
            withdraw_filled(&mut transfer, &mut context.out);
        }
        (transfer.stamp, transfer.szx) = (stamp, carried.block.szx);
        let announced = message.uint(size).map(|size| size as u32);
        transfer.row.announced = announced.or(transfer.row.announced);
        if transfer.row.complete
            && let Some(announced) = transfer.row.announced
            && u64::from(announced) != transfer.row.length
        {
            let option = if message.has(size) { size } else { carried.option };
            context.find_option(Rule::BlockSizeHint, option, i64::from(announced), transfer.row.length as i64);
        }
        context.out.patch(Patch::Body(transfer.id, transfer.row));
        context.out.patch(Patch::Part(context.record(), part));
        self.blocks.held += transfer.bytes();
        self.blocks.aging.push_back((stamp, key));
        self.blocks.transfers.insert(key, transfer);
        self.shrink_blocks();
    }

    /// Which body a block belongs to, and whether the resource changed since the block before it (RFC 7959 section 2.4).
    fn key_of_block(
        &self,
        bare: BodyKey,
        etag: Option<u64>,
        carried: Carried,
        context: &mut Context<'_, '_>,
    ) -> (BodyKey, bool) {
        let newest = self.blocks.newest(bare);
        let Some(etag) = etag else { return (newest, false) };
        let own = BodyKey { etag, ..bare };
        if self.blocks.transfers.contains_key(&own) {
            return (own, false);
        }
        match self.blocks.open(bare).filter(|_| carried.block.number > 0) {
            // Its first blocks did not tell the ETag.
            Some(open) if open.etag.is_none_or(|first| first == etag) => (newest, false),
            Some(open) => {
                context.find_option(Rule::BlockEtagChanged, OptionNumber::ETAG, i64::from(open.row.first), 0);
                (own, true)
            }
            None => (own, false),
        }
    }

    /// Whether a client that got the first block of a body once more asks for the next one, too: it begins again.
    #[cold]
    fn goes_on_anew(&self, begun: &Transfer, key: BodyKey) -> bool {
        self.blocks.wanted.iter().any(|(index, wanted)| {
            let next = wanted.asked.is_some_and(|asked| !asked.is_quick() && asked.offset() == begun.end());
            let since = |slot: &Slot| slot.pair == key.pair && slot.row.request > begun.row.first;
            next && self.slots.get(*index).is_some_and(since)
        })
    }

    /// A body of which nothing was captured, or that begins again. `taken_to`: so far the server has what came before.
    fn begin_body(&mut self, key: BodyKey, carried: Carried, taken_to: u64, context: &mut Context<'_, '_>) -> Transfer {
        self.judge_beginning(key, carried, taken_to, context);
        self.new_transfer(key, carried, context)
    }

    /// A body that begins, for the capture at least.
    fn new_transfer(&mut self, key: BodyKey, carried: Carried, context: &Context<'_, '_>) -> Transfer {
        self.blocks.bodies += 1;
        let (source, destination) = (context.arrival.source, context.arrival.destination);
        let (client, server) = if key.upload { (source, destination) } else { (destination, source) };
        let row = BodyRow {
            first: context.record(),
            last: context.record(),
            client,
            server,
            resource: key.resource,
            upload: key.upload,
            method: key.method,
            blocks: 0,
            bytes: 0,
            length: 0,
            announced: None,
            complete: false,
            completed_by: NO_RECORD,
        };
        let stamp = self.clock.stamp();
        Transfer::new(BodyId(self.blocks.bodies), row, stamp, carried.block.szx)
    }

    /// Bodies that got no further block within EXCHANGE_LIFETIME are forgotten; those that should have got one were given up.
    pub(super) fn expire_blocks(&mut self, steady: i64, out: &mut Output<'_>) {
        let over = |stamp: i64, life: i64| steady.saturating_sub(stamp) > life;
        while let Some(&(stamp, key)) = self.blocks.aging.front().filter(|(stamp, _)| over(*stamp, self.lifetime)) {
            self.blocks.aging.pop_front();
            if self.blocks.transfers.get(&key).is_some_and(|transfer| transfer.stamp <= stamp)
                && let Some(transfer) = self.blocks.remove(&key)
                && transfer.is_open()
                && !transfer.taken
                && !self.clock.paused(stamp, self.lifetime)
            {
                let finding = Finding::new(Rule::BlockIncomplete, MESSAGE_ID).with(transfer.row.bytes as i64, 0);
                let two_way = self.pairs.seen(key.pair.reversed()) || self.pairs.is_reached(transfer.row.client);
                self.unless_one_way(two_way, key.pair, transfer.row.last, finding, out);
            }
        }
        while let Some(&(_, slot)) = self.blocks.waiting.front().filter(|(stamp, _)| over(*stamp, self.lifetime)) {
            self.blocks.waiting.pop_front();
            self.blocks.wanted.remove(&slot);
        }
    }

    /// Holds the part of the cap that bodies have.
    fn shrink_blocks(&mut self) {
        let most = self.options.cap_bytes / 8;
        while self.blocks.bytes() >= most {
            let Some((stamp, key)) = self.blocks.aging.pop_front() else { return };
            if self.blocks.transfers.get(&key).is_some_and(|transfer| transfer.stamp <= stamp)
                && let Some(transfer) = self.blocks.remove(&key)
            {
                self.counters.evicted += u64::from(transfer.is_open());
            }
            if let Some((_, slot)) = self.blocks.waiting.pop_front() {
                self.blocks.wanted.remove(&slot);
            }
        }
    }
}

/// Whether a block goes on with what was captured of a body under its key. Any block may be asked for at any time (RFC 7959 section 2.4), but
/// only an ETag tells that the first block belongs to later ones that were captured before it. A client that was told of another state in the
/// middle of its download begins again. One whose block was refused, or not answered, may send it once more and go on.
fn goes_on(known: &Transfer, key: BodyKey, carried: Carried) -> bool {
    let begins = carried.block.number == 0;
    if carried.is_quick() {
        true
    } else if begins {
        !key.upload && key.etag != 0 && known.is_open() && !known.has_first() && !known.strayed
    } else if key.upload {
        !known.lacks_refused(carried.offset())
            && (!known.row.complete || !known.taken && carried.offset() < known.row.length)
    } else {
        known.is_open() || key.etag != 0 && known.row.complete && carried.offset() < known.row.length
    }
}

/// Whether a block may be of a body, as far as their Content-Formats tell; each block should have that of the body (RFC 7959 section 2.3). Where
/// there are no bytes, there is nothing to have one.
fn is_of_format(known: &Transfer, format: Option<u16>, length: u32, context: &mut Context<'_, '_>) -> bool {
    if format == known.format || known.row.bytes == 0 || format.is_none() && length == 0 {
        return true;
    }
    let [first, now] = [known.format, format].map(|format| format.map_or(NO_FORMAT, i64::from));
    context.find_option(Rule::BlockFormatChanged, OptionNumber::CONTENT_FORMAT, first, now);
    // One that has none speaks of no other body.
    known.format.is_none() || format.is_none()
}

/// A response that is no block answers a request for one: it begins with the first byte, and is to be no longer than a block (RFC 7959
/// section 2.4).
fn judge_whole(asked: Carried, length: usize, context: &mut Context<'_, '_>) {
    let (length, size) = (length as i64, i64::from(asked.block.size()));
    if length > 0 && asked.offset() > 0 {
        context.find_code(Rule::BlockNumMismatch, 0, asked.offset() as i64);
    } else if length > size {
        context.find_code(Rule::BlockSizeIncreased, length, size);
    }
}

/// The size of a block against the one that was agreed on.
pub(super) fn say_size(carried: Carried, agreed: u8, option: OptionNumber, context: &mut Context<'_, '_>) {
    let size = |szx: u8| i64::from(Block { number: 0, more: false, szx }.size());
    let rule = match carried.block.szx.cmp(&agreed) {
        std::cmp::Ordering::Equal => return,
        std::cmp::Ordering::Less => Rule::BlockSizeReduced,
        std::cmp::Ordering::Greater => Rule::BlockSizeIncreased,
    };
    let by = if context.facts.code.is_request() && rule == Rule::BlockSizeIncreased { BY_CLIENT } else { 0 };
    context.find_option(rule, option, size(carried.block.szx), by + size(agreed));
}
