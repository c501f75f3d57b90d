//! Notifications that cross a registration which renews their observation: which of them answers it, if any, nobody may know.

use super::Tracker;
use super::clock::between;
use super::context::Context;
use super::marks::Marked;
use super::model::{
    ExchangeState, NO_RECORD, ObservationEnd, ObservationId, ObserveOrder, Patch, RecordId, Relation, Role, Tracked,
};
use super::notification::number;
use super::overtaken::accept_behind;
use super::sent::{ARRIVED, Sent};
use super::slots::{NONE, Slot, SlotKind, Under};
use crate::coap::{OptionNumber, Rule};

/// The first notification behind the last copy of a registration that has no ACK. It may be the answer to that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    /// The registration.
    request: RecordId,
    record: RecordId,
    tracked: Tracked,
}

impl Tracker {
    /// A notification came since the last copy of a registration that has no ACK: it may have been the answer to that.
    pub(super) fn is_crossed(&self, sent: &Sent) -> bool {
        let waits = |slot: &&Slot| slot.row.response == NO_RECORD && slot.acknowledgement == NO_RECORD;
        let slot = self.slots.get(sent.slot).filter(|slot| slot.registers() && slot.row.request == sent.record);
        let Some(slot) = slot.filter(waits) else { return false };
        let (last, observing) = (self.sent.again(sent).last_record, self.slots.under(slot.pair, &slot.token).observing);
        let newest = self.slots.observation(observing).map_or(NO_RECORD, |observation| observation.row.last);
        newest != NO_RECORD && newest > last
    }

    /// The registration that is open under the token of the message at hand, if notifications may cross it, with what else is under that.
    fn crossed(&self, context: &Context<'_, '_>) -> Option<(Under, &Slot, &Sent)> {
        let under = self.slots.under(context.pair.reversed(), &context.facts.token);
        if under.open == NONE || under.observing == NONE || context.facts.observe.is_none() {
            return None;
        }
        let slot = self.slots.get(under.open).filter(|slot| slot.kind == SlotKind::Exchange && slot.row.confirmable)?;
        // What is older than the registration that is in force renews nothing.
        let registration = self.slots.observation(under.observing)?.row.registration;
        let renews = slot.registers() && !slot.row.multicast && slot.row.request > registration;
        let sent = self.sent.get(slot.sent).filter(|_| renews && registration != NO_RECORD)?;
        Some((under, slot, sent))
    }

    /// Keeps the first notification that crosses a registration.
    #[inline]
    pub(super) fn note_crossing(&mut self, index: u32, tracked: &Tracked, context: &Context<'_, '_>) {
        let Some((_, slot, sent)) = self.crossed(context) else { return };
        let (request, last) = (slot.row.request, self.sent.again(sent).last_record);
        if tracked.role != Role::Notification || slot.acknowledgement != NO_RECORD {
            return;
        }
        if let Some(observation) = self.observation(index) {
            let known = observation.rare().and_then(|rare| rare.crossing);
            if known.is_none_or(|known| known.request != request || known.record < last) {
                let crossing = Crossing { request, record: context.arrival.record, tracked: *tracked };
                observation.rare_mut().crossing = Some(crossing);
            }
        }
    }

    /// The client did not repeat its registration in time: it had an answer. That was not captured, or is the notification since.
    #[cold]
    #[inline(never)]
    pub(super) fn accepted_unseen(&mut self, context: &mut Context<'_, '_>) {
        let Some((under, slot, sent)) = self.crossed(context).filter(|(_, _, sent)| self.is_crossed(sent)) else {
            return;
        };
        let (copies, handle, request) = (self.sent.copies(sent), slot.sent, slot.row.request);
        let wait = self.schedule.latest_gap(copies);
        let late = between(self.sent.last(sent).at(), context.now).is_some_and(|elapsed| elapsed > wait);
        if !late || u32::from(copies) > self.options.parameters.max_retransmit {
            return;
        }
        let crossing = self.slots.observation(under.observing).and_then(|observation| observation.rare()?.crossing);
        if let Some(Crossing { record, tracked, .. }) = crossing.filter(|crossing| crossing.request == request) {
            let tracked = Tracked { ambiguous: true, ..tracked };
            context.out.patch(Patch::Related { record, tracked });
        }
        self.no_longer_outstanding(handle);
        if let Some(sent) = self.sent.get_mut(handle) {
            sent.mark(ARRIVED);
        }
        self.accept_by_none(under.open, context);
    }

    /// A copy of a registration came behind the end of its observation, and was answered anew: its client had lost its state, and the server took
    /// it for another registration.
    #[cold]
    #[inline(never)]
    pub(super) fn accepted_again(&mut self, index: u32, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let under = self.slots.under(context.pair.reversed(), &context.facts.token);
        if under.observing != NONE || !context.facts.code.is_success() {
            return None;
        }
        let stamp = self.clock.stamp();
        self.slots.observe(index, stamp);
        let (slot, observation) = self.slots.observed_mut(index)?;
        let row = &mut observation.row;
        (row.end, row.ended_by, row.accepted) = (ObservationEnd::Open, NO_RECORD, context.arrival.record);
        let order = number(observation, context, None);
        observation.freshen(index, context, stamp, &mut self.timers);
        slot.row.responses = slot.row.responses.saturating_add(1);
        let (id, exchange, request) = (observation.id, slot.id, slot.row.request);
        context.out.patch(Patch::Observation(id, observation.row));
        context.find_option(Rule::ObsRegistered, OptionNumber::OBSERVE, i64::from(request), 0);
        // It is one registration, in two copies.
        self.count_response(Role::PiggybackedResponse);
        self.in_force(index, true, &mut context.out);
        Some(Tracked {
            exchange,
            observation: id,
            relation: Relation::Answers,
            relates_to: request,
            previous_in_exchange: self.enter(index, context),
            order,
            ..Tracked::alone(Role::PiggybackedResponse)
        })
    }

    /// The answer to a registration comes after it had been taken for accepted.
    #[cold]
    #[inline(never)]
    pub(super) fn accepted_late(&mut self, index: u32, context: &mut Context<'_, '_>) -> (ObservationId, ObserveOrder) {
        let Some((slot, observation)) = self.slots.observed_mut(index) else { return Default::default() };
        slot.row.state = match observation.is_over() {
            true => ExchangeState::Observed,
            false => ExchangeState::Observing,
        };
        let (id, request) = (observation.id, slot.row.request);
        let order = accept_behind(observation, context, &self.clock);
        context.out.patch(Patch::Observation(id, observation.row));
        context.find_option(Rule::ObsRegistered, OptionNumber::OBSERVE, i64::from(request), 0);
        (id, order)
    }
}
