//! Holes in bodies: blocks that were not captured where they belong, and what shows that nothing is missing (RFC 7959).

use super::Tracker;
use super::blocks::{DOWN, UP, body_of};
use super::bodies::Carried;
use super::context::{Context, MESSAGE_ID, Output, less};
use super::model::{Patch, Role, Tracked};
use super::pairs::PairNumber;
use super::transfer::{Hole, Place, Transfer};
use crate::coap::finding::NEXT_BLOCK;
use crate::coap::{Finding, OptionNumber, Rule};

/// How many blocks that the server had are looked for in one hole.
const LOOKED: usize = 64;

impl Tracker {
    /// Whether a block begins where the one before it ended.
    pub(super) fn judge_place(
        &mut self,
        transfer: &mut Transfer,
        carried: Carried,
        length: u32,
        context: &mut Context<'_, '_>,
    ) {
        let offset = carried.offset();
        match transfer.place(offset, u64::from(length)) {
            Place::New => {}
            Place::Behind(end) => self.say_hole(transfer, carried, (end, offset), context),
            // What the server did not take is sent once more.
            Place::Again(_) if transfer.row.upload && offset >= transfer.taken_to => {}
            Place::Again(end) => context.find_option(Rule::BlockOverlap, carried.option, offset as i64, end as i64),
        }
    }

    /// There is a hole in front of a block, unless what the server said of the blocks in it was captured.
    #[cold]
    #[inline(never)]
    fn say_hole(
        &mut self,
        transfer: &mut Transfer,
        carried: Carried,
        range: (u64, u64),
        context: &mut Context<'_, '_>,
    ) {
        if transfer.row.upload && self.had_all(context.pair, range) {
            return;
        }
        let span = context.message().option(carried.option).map_or(MESSAGE_ID, |option| option.span());
        let finding = Finding::new(Rule::BlockGap, span).with(range.1 as i64, range.0 as i64);
        context.out.find(context.arrival.record, finding);
        transfer.note_hole(Hole { record: context.arrival.record, range, passed: false });
    }

    /// The server acknowledged each block of a hole lately, though the requests with them were not captured.
    fn had_all(&self, pair: PairNumber, (mut at, end): (u64, u64)) -> bool {
        for _ in 0..LOOKED {
            match self.memory.took.get(&(pair, at)) {
                Some((until, stamp)) if self.clock.stamp().saturating_sub(*stamp) <= self.lifetime => at = *until,
                _ => return false,
            }
            if at >= end {
                return at == end;
            }
        }
        false
    }

    /// A response to a request that was answered before is about another block, with which the body goes on: rather it answers a request for
    /// that, which was not captured.
    #[cold]
    #[inline(never)]
    pub(super) fn is_of_unseen_block(&self, index: u32, context: &Context<'_, '_>) -> bool {
        let unknown = context.facts.plain || context.facts.oscore || context.arrival.cut;
        let Some(slot) = self.slots.get(index).filter(|slot| !unknown && slot.row.responses > 0) else { return false };
        let (message, wanted) = (context.message(), self.blocks.wanted.get(&index));
        let of = |carried: Option<Carried>| carried.filter(|carried| !carried.is_quick()).map(Carried::offset);
        let told = [UP, DOWN].map(|kinds| of(Carried::of(&message, kinds)));
        let asked = [wanted.and_then(|wanted| wanted.sent), wanted.and_then(|wanted| wanted.asked)].map(of);
        if let (Some(told), Some(sent)) = (told[0], asked[0]) {
            return told > sent;
        }
        let (Some(told), true) = (told[1], context.facts.code.is_success()) else { return false };
        let key = body_of(slot, self.slots.asked(slot).others, slot.pair, false);
        let goes_on = |open: &Transfer| open.place(told, message.payload().len() as u64) == Place::New;
        told > asked[1].unwrap_or(0) && self.blocks.open(key).is_some_and(goes_on)
    }

    /// The request for a block was not captured, but the one before it: all that is known is that nobody answered that a second time.
    #[cold]
    #[inline(never)]
    pub(super) fn answer_unseen(&mut self, index: u32, context: &mut Context<'_, '_>) -> Tracked {
        let severity = less(Rule::RespUnmatched.severity());
        context.find_token(Rule::RespUnmatched, severity, 0, NEXT_BLOCK);
        self.note_taken(context);
        let message = context.message();
        if let Some(carried) = Carried::of(&message, DOWN)
            && let Some(slot) = self.slots.get(index).filter(|_| context.facts.code.is_success())
        {
            let key = body_of(slot, self.slots.asked(slot).others, slot.pair, false);
            self.part(key, carried, OptionNumber::SIZE2, &message, context);
        }
        Tracked::alone(Role::Other)
    }

    /// A response that answers nothing captured may acknowledge a block.
    #[cold]
    #[inline(never)]
    pub(super) fn note_taken(&mut self, context: &Context<'_, '_>) {
        if context.facts.plain || context.arrival.cut || !context.facts.code.is_success() {
            return;
        }
        if let Some(block) = context.message().block(OptionNumber::BLOCK1) {
            let taken = Carried { option: OptionNumber::BLOCK1, block };
            let (begin, size) = (taken.offset(), u64::from(block.size()));
            self.memory.took.insert((context.pair.reversed(), begin), (begin + size, self.clock.stamp()));
        }
    }
}

/// The server takes a block that has holes in front of it: once what is missing comes there is nothing odd about these.
#[cold]
#[inline(never)]
pub(super) fn pass_holes(transfer: &mut Transfer, offset: u64, out: &mut Output<'_>) {
    for hole in transfer.not_passed(offset) {
        hole.passed = true;
    }
    withdraw_filled(transfer, out);
}

/// What was missing came.
#[cold]
#[inline(never)]
pub(super) fn withdraw_filled(transfer: &mut Transfer, out: &mut Output<'_>) {
    for hole in transfer.filled() {
        let (record, rule, was) = (hole.record, Rule::BlockGap, Rule::BlockGap.severity());
        out.patch(Patch::Withdrawn { record, rule, was });
    }
}
