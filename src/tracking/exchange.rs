//! Exchanges: requests, and what closes them (RFC 7252 section 5).

use super::Tracker;
use super::context::Context;
use super::facts::{BlockPlace, Facts};
use super::judge::{is_bare, similar};
use super::marks::Marked;
use super::model::{
    AnswerKind, ExchangeId, ExchangeRow, ExchangeState, NO_RECORD, ObservationId, Patch, Relation, Role, Tracked,
};
use super::pairs::PairNumber;
use super::sent::{Handle, RESPONDED, Sent};
use super::slab::NOTHING;
use super::slots::{BARE, NONE, Observes, Slot, SlotKind, USUAL};
use super::tokens::Token;
use crate::coap::{Finding, MessageType, OptionNumber, Rule};

impl Tracker {
    /// A new request.
    pub(super) fn open_exchange(&mut self, handle: Handle, context: &mut Context<'_, '_>) -> Tracked {
        self.exchanges += 1;
        self.counters.exchanges += 1;
        let id = ExchangeId(self.exchanges);
        let token = context.facts.token;
        let multicast = context.arrival.multicast;
        self.judge_group_token(&token, context);
        if !multicast {
            self.judge_token(&token, context);
        }
        let mut slot = Slot::new(SlotKind::Exchange, id, new_row(context), token, context.pair, context.now);
        let mut asked = self.asked(context);
        (slot.sent, slot.length, slot.observes) = (handle, context.facts.length, observes(context.facts));
        slot.mark(if context.is_usual() { USUAL } else { 0 } | if is_bare(context) { BARE } else { 0 });
        // Nobody waits for an answer to a Non-confirmable request that wants none, or to each block of a set.
        let waits = slot.row.confirmable || slot.row.no_response == 0 && !asked.quick;
        if !multicast && waits {
            self.outstanding(handle, context);
        }
        let role = self.before_request(&mut slot, &mut asked, context);
        slot.asked = self.slots.keep_asked(asked);
        context.out.patch(Patch::Exchange(id, slot.row));
        let observation = slot.row.observation;
        let index = self.slots.insert(slot, self.clock.stamp());
        self.own_exchange(handle, index, id);
        if multicast {
            self.open_group(index, context);
        }
        if !context.facts.plain {
            self.block_request(index, context);
        }
        Tracked { exchange: id, observation, ..Tracked::alone(role) }
    }

    /// A malformed request whose token can be read: a response may name it, but it is no exchange.
    #[inline(never)]
    pub(super) fn open_malformed(&mut self, handle: Handle, context: &Context<'_, '_>) {
        if !context.facts.code.is_request() || context.message().token().is_none() {
            return;
        }
        let token = context.facts.token;
        let mut slot =
            Slot::new(SlotKind::Malformed, ExchangeId(0), new_row(context), token, context.pair, context.now);
        slot.sent = handle;
        let index = self.slots.insert(slot, self.clock.stamp());
        self.own_exchange(handle, index, ExchangeId(0));
    }

    fn own_exchange(&mut self, handle: Handle, slot: u32, id: ExchangeId) {
        if let Some(sent) = self.sent.get_mut(handle) {
            sent.slot = slot;
            sent.exchange = id.0;
        }
    }

    /// Another open request has the token.
    fn judge_token(&mut self, token: &Token, context: &mut Context<'_, '_>) {
        let under = self.slots.under(context.pair, token);
        let later_block = context.facts.block2 == BlockPlace::Later;
        if under.open != NONE {
            let open = self.slots.get(under.open);
            let (facts, resource) = (context.facts, context.resource);
            // An observer may register again, or think better of it, also once more, before it was answered (RFC 7641 sections 3.3.1 and 3.6).
            let same_relation = |slot: &Slot| {
                let goes_on = facts.deregisters() && slot.observes() || facts.registers() && slot.registers();
                goes_on && slot.row.resource == resource
            };
            let gone = |slot: &Slot| {
                self.clock.jumped_since(slot.opened_at)
                    && self.clock.age(slot.started(), || slot.opened_at) > self.lifetime
            };
            let waits = |slot: &&Slot| slot.is_waiting() && !same_relation(slot) && !gone(slot);
            if let Some(request) = open.filter(waits).map(|slot| slot.row.request) {
                // It may have been answered where that was not captured.
                let finding = Finding::new(Rule::ReqTokenInUse, context.token_span()).with(i64::from(request), 0);
                self.find_unless_one_way(finding, context);
            }
        } else if under.observing != NONE
            && !context.facts.registers()
            && !context.facts.deregisters()
            && !later_block
            && let Some(slot) = self.slots.get(under.observing)
            && slot.row.request != NO_RECORD
        {
            let request = i64::from(slot.row.request);
            context.find_token(Rule::ReqTokenInUse, Rule::ReqTokenInUse.severity(), request, 0);
        }
    }

    /// A first or further response to the request in a slot: rows, counters, and what it says of the response.
    #[inline(never)]
    pub(super) fn answer(&mut self, index: u32, context: &mut Context<'_, '_>) -> Tracked {
        if self.slots.get(index).is_some_and(|slot| slot.row.responses == 1 && slot.asked != NOTHING) {
            self.take_for_notification(index, context);
        }
        let Some(slot) = self.slots.get_mut(index) else {
            return Tracked::alone(Role::Other);
        };
        let (role, kind) = match context.facts.kind {
            MessageType::Confirmable => (Role::SeparateResponse, AnswerKind::Separate),
            MessageType::NonConfirmable => (Role::NonResponse, AnswerKind::Non),
            _ => (Role::PiggybackedResponse, AnswerKind::Piggybacked),
        };
        let tracked = Tracked {
            exchange: slot.id,
            relation: Relation::Answers,
            relates_to: slot.row.request,
            previous_in_exchange: std::mem::replace(&mut slot.row.last, context.arrival.record),
            ..Tracked::alone(role)
        };
        if slot.kind == SlotKind::Malformed {
            let request = slot.row.request;
            if slot.row.responses == 0 {
                context.out.patch(Patch::AnsweredBy { record: request, by: context.arrival.record });
            }
            slot.row.responses = 1;
            self.close(index);
            return tracked;
        }
        let (first, multicast) = (slot.row.responses == 0, slot.row.multicast);
        slot.row.responses = slot.row.responses.saturating_add(1);
        self.count_response(role);
        if first {
            self.first_answer(index, kind, context);
        } else {
            self.further_answer(index, context);
        }
        if multicast {
            self.judge_group_answer(index, context);
        }
        let asked = self.slots.get(index).map(|slot| self.slots.asked(slot));
        let in_blocks = asked.is_some_and(|asked| asked.block1 || asked.block2);
        if in_blocks || !context.facts.plain {
            self.block_response(index, context);
        }
        let of_its_own = first && kind != AnswerKind::Piggybacked;
        let beside = if of_its_own { self.observed_beside(index) } else { None };
        let observed = self.after_response(index, first, context);
        if of_its_own && (beside.is_some() || self.slots.get(index).is_some_and(Slot::registers)) {
            self.note_implicit(index, (tracked.previous_in_exchange, beside), context);
        }
        if let Some(slot) = self.slots.get(index) {
            context.out.patch(Patch::Exchange(slot.id, slot.row));
        }
        let apart = multicast && observed.0 != ObservationId(0);
        Tracked { observation: observed.0, order: observed.1, apart, ..tracked }
    }

    pub(super) fn count_response(&mut self, role: Role) {
        match role {
            Role::SeparateResponse => self.counters.separate_responses += 1,
            Role::NonResponse => self.counters.non_responses += 1,
            _ => self.counters.piggybacked_responses += 1,
        }
    }

    /// The first response closes a unicast exchange.
    fn first_answer(&mut self, index: u32, kind: AnswerKind, context: &mut Context<'_, '_>) {
        // Which of two messages is the answer is not known then, nor when it came.
        let registers = kind != AnswerKind::Piggybacked && self.slots.get(index).is_some_and(Slot::registers);
        let crossed = registers && self.is_in_doubt(index, context);
        let elapsed = if crossed { -1 } else { self.round_trip(index, context) };
        let Some(slot) = self.slots.get_mut(index) else { return };
        let was_reset = slot.row.state == ExchangeState::Reset;
        let (request, multicast, sent) = (slot.row.request, slot.row.multicast, slot.sent);
        if slot.row.confirmable && kind != AnswerKind::Piggybacked && slot.acknowledgement == NO_RECORD && !multicast {
            context.find_code(Rule::AckImplicit, i64::from(request), 0);
        }
        // What answered a request first did so for good; only that of a group is answered by a response rather than by a Reset.
        if !was_reset || multicast {
            slot.row.response = context.arrival.record;
            slot.row.round_trip = elapsed;
            slot.row.code = context.facts.code.0;
            slot.row.answer = kind;
            slot.row.state = ExchangeState::Answered;
            self.counters.exchanges_answered += 1;
            self.counters.exchanges_reset -= u64::from(was_reset);
            context.out.patch(Patch::AnsweredBy { record: request, by: context.arrival.record });
        }
        self.judge_first(index, elapsed, context);
        if !multicast {
            self.settle(sent, context);
            self.close(index);
        }
    }

    /// Nanoseconds from the first copy of the request in a slot to the message at hand, which answers it; -1 where that is not known, as of one
    /// that was captured before what it answers.
    pub(super) fn round_trip(&self, index: u32, context: &Context<'_, '_>) -> i64 {
        let request = self.slots.get(index).filter(|slot| slot.row.request <= context.arrival.record);
        request.and_then(|slot| self.clock.took(slot.started(), context.now)).unwrap_or(-1)
    }

    fn further_answer(&mut self, index: u32, context: &mut Context<'_, '_>) {
        if let Some((similar, bare)) = self.slots.get(index).map(similar) {
            self.remember(similar, bare, context);
        }
        // All blocks that one request asks for come as responses to it (RFC 9177 section 4.4).
        // Where options were cut off, it may have been an observation.
        if let Some(slot) = self.slots.get(index)
            && !slot.row.multicast
            && !(self.slots.asked(slot).cut || context.facts.lacks_options)
            && (context.facts.plain || context.message().option(OptionNumber::Q_BLOCK2).is_none())
            && !self.asked_for_more(slot)
        {
            let response = i64::from(slot.row.response);
            context.find_code(Rule::RespMultiple, response, 0);
        }
    }

    /// The request is answered: its sender may start the next, and further copies are spurious.
    pub(super) fn settle(&mut self, handle: Handle, context: &Context<'_, '_>) {
        let freed = self.sent.change(handle, |sent| {
            sent.mark(RESPONDED);
            sent.note_answer(context);
            sent.release()
        });
        self.release(freed.flatten());
    }

    /// The same of a usual request, perhaps in its ACK.
    #[inline(always)]
    pub(super) fn settle_usual(&mut self, handle: Handle, role: Role, context: &Context<'_, '_>) {
        let freed = self.sent.change(handle, |sent| {
            sent.mark(RESPONDED);
            if role == Role::PiggybackedResponse {
                sent.note_ack(role, context);
            }
            sent.note_answer(context);
            sent.release()
        });
        self.release(freed.flatten());
    }

    pub(super) fn no_longer_outstanding(&mut self, handle: Handle) {
        let freed = self.sent.get_mut(handle).and_then(Sent::release);
        self.release(freed);
    }

    /// One interaction less is open, if one was.
    #[inline]
    pub(super) fn release(&mut self, pair: Option<PairNumber>) {
        if let Some(pair) = pair {
            let direction = self.pairs.direction(pair);
            direction.outstanding = direction.outstanding.saturating_sub(1);
        }
    }

    /// The exchange is closed; it is kept for its copies and further responses.
    pub(super) fn close(&mut self, index: u32) {
        self.slots.close(index, self.clock.stamp());
    }

    /// A Reset to the request.
    #[inline(never)]
    pub(super) fn reset_exchange(&mut self, index: u32, context: &mut Context<'_, '_>) {
        let round_trip = self.round_trip(index, context);
        let Some(slot) = self.slots.get_mut(index) else { return };
        if slot.kind == SlotKind::Malformed {
            self.close(index);
            return;
        }
        if slot.kind != SlotKind::Exchange || slot.row.response != NO_RECORD {
            return;
        }
        self.counters.exchanges_reset += 1;
        slot.row.state = ExchangeState::Reset;
        slot.row.response = context.arrival.record;
        slot.row.answer = AnswerKind::Reset;
        slot.row.round_trip = round_trip;
        context.out.patch(Patch::AnsweredBy { record: slot.row.request, by: context.arrival.record });
        if !slot.row.multicast {
            self.close(index);
        }
    }
}

/// Whether a request is about an observation.
#[inline(always)]
pub(super) fn observes(facts: &Facts) -> Observes {
    match (facts.registers(), facts.deregisters()) {
        (true, _) => Observes::Registers,
        (_, true) => Observes::Deregisters,
        _ => Observes::No,
    }
}

/// The row of a new request.
#[inline(always)]
pub(super) fn new_row(context: &Context<'_, '_>) -> ExchangeRow {
    let arrival = context.arrival;
    ExchangeRow {
        request: arrival.record,
        response: NO_RECORD,
        last: arrival.record,
        client: arrival.source,
        server: arrival.destination,
        started: arrival.time,
        round_trip: -1,
        resource: context.resource,
        observation: ObservationId(0),
        transmissions: 1,
        responses: 0,
        method: context.facts.code.0,
        code: 0,
        state: ExchangeState::Open,
        answer: AnswerKind::None,
        confirmable: context.facts.kind == MessageType::Confirmable,
        multicast: arrival.multicast,
        no_response: context.facts.no_response.unwrap_or(0),
    }
}
