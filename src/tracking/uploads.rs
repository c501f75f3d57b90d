//! Bodies that go to a server in blocks: what their clients send, what they send once more, and what the server says of it (RFC 7959
//! sections 2.3 and 2.5, RFC 9177).

use super::Tracker;
use super::blocks::{UP, body_of, say_size};
use super::bodies::{BodyKey, Carried};
use super::context::{Context, MESSAGE_ID};
use super::holes::pass_holes;
use super::slots::{NONE, Slot};
use super::transfer::{Transfer, sum};
use crate::coap::{Code, Finding, Message, OptionNumber, Rule};

/// How many open requests with one token are looked at.
const SEARCHED: usize = 64;

/// More blocks of what a request carries are to come: the server does what it asks for with the last (RFC 7959 section 2.3).
pub(super) fn is_unfinished(message: &Message<'_>) -> bool {
    Carried::of(message, UP).is_some_and(|sent| sent.block.more)
}

impl Tracker {
    /// [Sum](sum) of the body that a new request ends, if all of it was captured.
    pub(super) fn whole_body(&self, slot: &Slot, others: u64, message: &Message<'_>) -> Option<u64> {
        let offset = Carried::of(message, UP).map_or(0, Carried::offset);
        let last = sum(offset, message.payload());
        if offset == 0 {
            return Some(last);
        }
        let before = self.blocks.transfers.get(&body_of(slot, others, slot.pair, true))?;
        if before.is_tried_again(offset, offset + message.payload().len() as u64) {
            return Some(before.sum);
        }
        (!before.row.complete && before.ends_at(offset)).then(|| before.sum.wrapping_add(last))
    }

    /// The block of a body that a request carries.
    pub(super) fn block_sent(
        &mut self,
        index: u32,
        sent: Carried,
        message: &Message<'_>,
        context: &mut Context<'_, '_>,
    ) {
        let Some(key) = self.body_key(index, context.pair, true) else { return };
        let begins = sent.block.number == 0 && !sent.is_quick();
        if begins && let Some(open) = self.blocks.open(key).filter(|open| !self.got_nowhere(open)) {
            // That one may have been refused where the answers were not captured.
            let span = message.option(sent.option).map_or(MESSAGE_ID, |option| option.span());
            let finding = Finding::new(Rule::BlockInterleaved, span).with(i64::from(open.row.first), 0);
            self.find_unless_one_way(finding, context);
        }
        if !begins
            && !sent.is_quick()
            && let Some(open) = self.blocks.transfers.get(&key).filter(|open| !open.row.complete)
        {
            say_size(sent, open.szx, sent.option, context);
        }
        self.part(key, sent, OptionNumber::SIZE1, message, context);
        if let Some(open) = self.blocks.transfers.get_mut(&key) {
            open.go_on(index, sent.offset());
        }
    }

    /// Nothing shows that the server took the first block of an upload, of which nothing else was captured, and its client does not wait for that any
    /// more: a Reset came, or an error, or nothing for as long as it takes to send a block once more. To begin again then is no second body at
    /// once.
    pub(super) fn got_nowhere(&self, open: &Transfer) -> bool {
        let request = self.slots.get(open.slot).filter(|slot| slot.row.request == open.row.last);
        let waited = self.clock.stamp().saturating_sub(open.stamp) >= self.options.parameters.ack_timeout;
        open.is_only_begun() && (waited || open.refused || !request.is_some_and(Slot::is_waiting))
    }

    /// The first block of an upload is sent once more after it [got nowhere](Self::got_nowhere): the same bytes begin the same body.
    #[cold]
    pub(super) fn is_begun_again(&self, known: &Transfer, carried: Carried, message: &Message<'_>) -> bool {
        let payload = message.payload();
        let same = || known.row.bytes == payload.len() as u64 && known.sum == sum(0, payload);
        carried.offset() == 0 && carried.block.more && known.row.upload && self.got_nowhere(known) && same()
    }

    /// Of several open requests with one token, from the newest on, the one that carries the block which a response acknowledges.
    #[cold]
    #[inline(never)]
    pub(super) fn open_by_block(&self, newest: u32, context: &Context<'_, '_>) -> Option<u32> {
        let answered = Carried::of(&context.message(), UP)?;
        let behind = |number: &u32| self.slots.get(*number).map(|slot| slot.link.behind).filter(|next| *next != NONE);
        let carries = |number: &u32| {
            let sent = self.blocks.wanted.get(number).and_then(|wanted| wanted.sent);
            sent.is_some_and(|sent| sent.offset() == answered.offset())
        };
        std::iter::successors(Some(newest), behind).take(SEARCHED).find(carries)
    }

    /// What a response says of the block that its request carried.
    pub(super) fn block_acknowledged(
        &mut self,
        index: u32,
        sent: Carried,
        message: &Message<'_>,
        context: &mut Context<'_, '_>,
    ) {
        let Some(request) = self.slots.get(index).map(|slot| i64::from(slot.row.request)) else { return };
        let (code, quick) = (context.facts.code, sent.is_quick());
        let too_large = code == Code::REQUEST_ENTITY_TOO_LARGE;
        if too_large || code == Code::REQUEST_ENTITY_INCOMPLETE && !quick {
            context.find_code(Rule::BlockRejected, i64::from(code.0), 0);
        }
        if code == Code::CONTINUE && !sent.block.more && !quick {
            context.find_code(Rule::BlockContinueOnLast, request, 0);
        } else if code.is_success() && code != Code::CONTINUE && sent.block.more && !quick {
            context.find_code(Rule::BlockFinalEarly, request, 0);
        }
        let key = self.body_key(index, context.pair.reversed(), true);
        let open = key.and_then(|key| self.blocks.transfers.get_mut(&key));
        let answered = Carried::of(message, UP).filter(|answered| !answered.is_quick());
        if let Some(answered) = answered.filter(|_| code.is_success()) {
            if answered.offset() != sent.offset() {
                let [found, expected] = [answered, sent].map(|carried| carried.offset() as i64);
                context.find_option(Rule::BlockNumMismatch, answered.option, found, expected);
            }
            say_size(answered, sent.block.szx, answered.option, context);
        }
        if let Some(open) = open.filter(|open| i64::from(open.row.first) <= request) {
            if code.is_success() && open.has_holes() {
                pass_holes(open, sent.offset(), &mut context.out);
            }
            if code.is_success() {
                open.taken_to = open.taken_to.max(sent.offset() + u64::from(sent.block.size()));
            }
            open.taken |= code.is_success() && code != Code::CONTINUE && !sent.block.more;
            open.refused |= code.is_error() && !(quick && code == Code::REQUEST_ENTITY_INCOMPLETE);
            if let Some(answered) = answered {
                open.szx = open.szx.min(answered.block.szx);
            }
        }
    }

    /// The first block of a body that was captured is not its first, or one behind a block that was refused. `taken_to`: so far the server has what
    /// came before.
    pub(super) fn judge_beginning(&self, key: BodyKey, carried: Carried, taken_to: u64, context: &mut Context<'_, '_>) {
        if key.upload && carried.offset() > 0 && !carried.is_quick() {
            // Its beginning may have gone before the capture did.
            let severity = match taken_to {
                0 => self.unless_unseen(Rule::BlockGap, context),
                _ => Rule::BlockGap.severity(),
            };
            let span = context.message().option(carried.option).map_or(MESSAGE_ID, |option| option.span());
            context.find_at(Rule::BlockGap, severity, span, carried.offset() as i64, taken_to as i64);
        }
    }

    /// The server asked for more of a body by Q-Block1 before: it may do so again, and answer in the end, under whichever token of that body it
    /// likes (RFC 9177 section 4.3).
    #[cold]
    pub(super) fn asked_for_more(&self, slot: &Slot) -> bool {
        let interim = matches!(Code(slot.row.code), Code::CONTINUE | Code::REQUEST_ENTITY_INCOMPLETE);
        interim && self.slots.asked(slot).quick
    }
}
