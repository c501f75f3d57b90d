//! Notifications that cross a registration which renews their observation: which of them answers it, if any, nobody may know.

use super::Tracker;
use super::context::Context;
use super::expiry::PROMISE;
use super::marks::Marked;
use super::model::{
    ExchangeState, NO_RECORD, ObservationEnd, ObservationId, ObserveOrder, Patch, RecordId, Relation, Role, Tracked,
};
use super::order::number;
use super::registration::is_another;
use super::sent::{ARRIVED, Sent};
use super::slab::NOTHING;
use super::slots::{NONE, SHARED, Slot, SlotKind, Under};
use crate::coap::{MessageType, OptionNumber, Rule};

/// The first notification behind the last copy of a registration that has no ACK. It may be the answer to that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    /// The registration.
    request: RecordId,
    record: RecordId,
    tracked: Tracked,
}

impl Crossing {
    /// It came as reliably as a registration, so that it may have been the answer though an ACK of that followed which it overtook.
    fn is_alike(&self, confirmable: bool) -> bool {
        (self.tracked.transmission > 0) == confirmable
    }
}

/// An open registration that notifications may cross, and what is under its token.
struct Crossed<'a> {
    under: Under,
    slot: &'a Slot,
    sent: &'a Sent,
    /// It is of the same target as the observation that goes on, so that its acceptance changes nothing of that.
    renews: bool,
}

impl Tracker {
    /// The message behind which a response may be the answer to a registration: its ACK, or its last copy where it has none.
    fn awaited_since(&self, slot: &Slot, sent: &Sent) -> RecordId {
        match slot.acknowledgement {
            NO_RECORD => self.sent.again(sent).last_record,
            acknowledgement => acknowledgement,
        }
    }

    /// A notification came since the last copy of a registration, or since its ACK: it may have been the answer to that.
    pub(super) fn is_crossed(&self, sent: &Sent) -> bool {
        let waits =
            |slot: &&Slot| slot.registers() && slot.row.request == sent.record && slot.row.response == NO_RECORD;
        let Some(slot) = self.slots.get(sent.slot).filter(waits) else { return false };
        let observing = self.slots.under(slot.pair, &slot.token).observing;
        let newest = self.slots.observation(observing).map_or(NO_RECORD, |observation| observation.row.last);
        newest != NO_RECORD && newest > self.awaited_since(slot, sent)
    }

    /// Whether nobody knows if the message at hand, of its own, is the first answer to the registration in a slot: one came before it that may have
    /// been that, and is told so if it overtook the ACK.
    #[cold]
    #[inline(never)]
    pub(super) fn is_in_doubt(&mut self, index: u32, context: &mut Context<'_, '_>) -> bool {
        let Some(slot) = self.slots.get(index) else { return false };
        let Some(sent) = self.sent.get(slot.sent) else { return false };
        if slot.acknowledgement == NO_RECORD {
            return self.is_crossed(sent);
        }
        let (last, row) = (self.sent.again(sent).last_record, slot.row);
        let Some(observing) = self.slots.observing_beside(slot) else { return false };
        let crossing = self.observation(observing).and_then(|it| it.rare().and_then(|rare| rare.crossing));
        let came_before = |it: &Crossing| it.request == row.request && it.is_alike(row.confirmable) && it.record > last;
        let Some(Crossing { record, tracked, .. }) = crossing.filter(came_before) else { return false };
        context.out.patch(Patch::Related { record, tracked: Tracked { ambiguous: true, ..tracked } });
        true
    }

    /// A registration was taken for accepted, or what was taken for something else may have been its answer.
    pub(super) fn may_be_answered(&self, slot: &Slot) -> bool {
        let crossed = || self.sent.get(slot.sent).is_some_and(|sent| self.is_crossed(sent));
        slot.registers() && (slot.row.state.is_accepted() || slot.is(SHARED) || crossed())
    }

    /// The registration that is open under the token of the message at hand, if notifications may cross it.
    fn crossed(&self, context: &Context<'_, '_>) -> Option<Crossed<'_>> {
        let under = self.slots.under(context.pair.reversed(), &context.facts.token);
        if under.open == NONE || under.observing == NONE || context.facts.observe.is_none() {
            return None;
        }
        let slot = self.slots.get(under.open).filter(|slot| slot.kind == SlotKind::Exchange)?;
        // What is older than the registration that is in force renews nothing.
        let observation = self.slots.observation(under.observing)?;
        let registration = observation.row.registration;
        let is_later = slot.registers() && !slot.row.multicast && slot.row.request > registration;
        let sent = self.sent.get(slot.sent).filter(|_| is_later && registration != NO_RECORD)?;
        let renews = !is_another(observation.target, self.slots.asked(slot).target);
        Some(Crossed { under, slot, sent, renews })
    }

    /// Keeps the first notification that crosses a registration.
    #[inline]
    pub(super) fn note_crossing(&mut self, index: u32, tracked: &Tracked, context: &Context<'_, '_>) {
        let Some(Crossed { slot, sent, .. }) = self.crossed(context) else { return };
        let (request, since, last) =
            (slot.row.request, self.awaited_since(slot, sent), self.sent.again(sent).last_record);
        let confirmable = slot.row.confirmable;
        if tracked.role != Role::Notification {
            return;
        }
        if let Some(observation) = self.observation(index) {
            // What is as reliable as the registration is the likelier answer.
            let is_likelier = |known: Crossing| {
                let now = (context.facts.kind == MessageType::Confirmable) == confirmable;
                now && !known.is_alike(confirmable)
            };
            let holds = |known: Crossing| {
                known.request == request
                    && !is_likelier(known)
                    && known.record > if known.is_alike(confirmable) { last } else { since }
            };
            if !observation.rare().and_then(|rare| rare.crossing).is_some_and(holds) {
                let transmission = u16::from(context.facts.kind == MessageType::Confirmable);
                let tracked = Tracked { transmission, ..*tracked };
                observation.rare_mut().crossing = Some(Crossing { request, record: context.record(), tracked });
            }
        }
    }

    /// The notification at hand crosses a Confirmable registration that has no ACK so far, and is Confirmable as its answer would be: it may be that,
    /// since the ACK may be lost (RFC 7252 section 5.2.2).
    pub(super) fn may_answer_crossed(&self, context: &Context<'_, '_>) -> bool {
        let may_be = |slot: &Slot| {
            let waits = slot.row.confirmable && slot.acknowledgement == NO_RECORD && slot.row.state.is_waiting();
            waits && context.facts.kind == MessageType::Confirmable && context.facts.code.is_success()
        };
        self.crossed(context).is_some_and(|crossed| may_be(crossed.slot))
    }

    /// The ACK at hand answers a registration that renews what is observed in a slot: the notification that crossed that did not.
    #[cold]
    #[inline(never)]
    pub(super) fn did_not_answer(&self, observing: u32, request: RecordId, context: &mut Context<'_, '_>) {
        let crossing = self.slots.observation(observing).and_then(|it| it.rare()).and_then(|rare| rare.crossing);
        let crossing = crossing.filter(|it| it.request == request && it.is_alike(true));
        if let Some(Crossing { record, tracked, .. }) = crossing
            && context.facts.kind == MessageType::Acknowledgement
        {
            context.out.patch(Patch::Related { record, tracked });
        }
    }

    /// The client did not repeat its registration in time, or waits for long, and is notified: it had an answer. That was not captured, or is
    /// the notification since. Whether the message at hand may answer it as well, since that is about something else.
    #[cold]
    #[inline(never)]
    pub(super) fn accepted_unseen(&mut self, context: &mut Context<'_, '_>) -> bool {
        let crossed = self.crossed(context).filter(|crossed| self.is_crossed(crossed.sent));
        let Some(Crossed { under, slot, sent, renews }) = crossed else { return false };
        let (copies, handle, request) = (self.sent.copies(sent), slot.sent, slot.row.request);
        let is_repeated = slot.row.confirmable && slot.acknowledgement == NO_RECORD;
        let (since, wait) = match slot.acknowledgement {
            NO_RECORD if is_repeated => (self.sent.last(sent), self.schedule.latest_gap(copies)),
            NO_RECORD => (self.sent.last(sent), PROMISE),
            _ => (self.sent.newest_answer(sent).0, PROMISE),
        };
        let late = self.clock.took(since.at(), context.now).is_some_and(|elapsed| elapsed > wait);
        if !late || is_repeated && u32::from(copies) > self.options.parameters.max_retransmit {
            return false;
        }
        let crossing = self.observation(under.observing).and_then(|it| it.rare_mut().crossing.as_mut());
        if let Some(Crossing { record, tracked, .. }) = crossing.filter(|crossing| crossing.request == request)
            && !std::mem::replace(&mut tracked.ambiguous, true)
        {
            context.out.patch(Patch::Related { record: *record, tracked: *tracked });
        }
        if !renews {
            return true;
        }
        self.no_longer_outstanding(handle);
        if let Some(sent) = self.sent.get_mut(handle) {
            sent.mark(ARRIVED);
        }
        self.accept_by_none(under.open, context);
        false
    }

    /// A copy of a registration came behind the end of its observation, and was answered anew: its client had lost its state, and the server took
    /// it for another registration.
    #[cold]
    #[inline(never)]
    pub(super) fn accepted_again(&mut self, index: u32, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let under = self.slots.under(context.pair.reversed(), &context.facts.token);
        if under.observing != NONE || !context.facts.code.is_success() || self.slots.observation(index).is_none() {
            return None;
        }
        self.open_again(index, &mut context.out);
        let (slot, observation) = self.slots.observed_mut(index)?;
        let row = &mut observation.row;
        (row.end, row.ended_by, row.accepted) = (ObservationEnd::Open, NO_RECORD, context.arrival.record);
        observation.format = context.facts.content_format;
        let order = number(observation, context, None);
        observation.freshen(index, context, self.clock.stamp(), &mut self.timers);
        slot.row.responses = slot.row.responses.saturating_add(1);
        let (id, exchange, request) = (observation.id, slot.id, slot.row.request);
        context.out.patch(Patch::Observation(id, observation.row));
        context.find_option(Rule::ObsRegistered, OptionNumber::OBSERVE, i64::from(request), 0);
        // It is one registration, in two copies.
        self.count_response(Role::PiggybackedResponse);
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

    /// The answer to a registration comes after it had been taken for accepted, or after a newer one was, of the same target.
    #[cold]
    #[inline(never)]
    pub(super) fn accepted_late(&mut self, index: u32, context: &mut Context<'_, '_>) -> (ObservationId, ObserveOrder) {
        let Some(slot) = self.slots.get_mut(index) else { return Default::default() };
        let (known, is_own, request) = (slot.row.observation, slot.observation != NOTHING, slot.row.request);
        slot.row.state = ExchangeState::Observed;
        context.find_option(Rule::ObsRegistered, OptionNumber::OBSERVE, i64::from(request), 0);
        // What it began may go on by a newer registration, or not at all.
        let place =
            if is_own { index } else { self.slots.under(context.pair.reversed(), &context.facts.token).observing };
        let Some(observation) = self.observation(place) else { return (known, ObserveOrder::None) };
        let (id, is_over) = (observation.id, observation.is_over());
        if known != ObservationId(0) && known != id {
            return (known, ObserveOrder::None);
        }
        let order = self.accept_behind(place, is_own, context);
        self.counters.observations += u64::from(known == ObservationId(0));
        if let Some(slot) = self.slots.get_mut(index) {
            slot.row.observation = id;
            if is_own && !is_over {
                slot.row.state = ExchangeState::Observing;
            }
        }
        (id, order)
    }
}
