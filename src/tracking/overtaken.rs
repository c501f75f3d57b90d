//! The answer to a registration in its ACK, where a notification has overtaken that on the way (RFC 7641 section 3.4).

use super::Tracker;
use super::context::Context;
use super::marks::Marked;
use super::model::{AnswerKind, NO_RECORD, ObserveOrder, Patch, RecordId, Relation, Role, Tracked};
use super::notification::number;
use super::sent::{CONFIRMABLE, Handle, key};
use super::slots::Slot;
use crate::coap::{OptionNumber, Rule};

/// What was taken for the answer to a registration, though that has no ACK so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Implicit {
    handle: Handle,
    /// The message before it in its exchange.
    previous: RecordId,
}

impl Tracker {
    /// The message at hand, of its own, accepted the registration in a slot, and there was no ACK before it: it may be a notification that
    /// overtook the answer.
    #[cold]
    pub(super) fn note_implicit(&mut self, index: u32, previous: RecordId, context: &Context<'_, '_>) {
        let handle = self.sent.find(key(context.pair, context.facts.message_id));
        let waits = |slot: &&Slot| slot.row.confirmable && !slot.row.multicast && slot.acknowledgement == NO_RECORD;
        if let Some(handle) = handle
            && self.slots.get(index).filter(waits).is_some()
            && let Some(observation) = self.observation(index)
        {
            observation.rare_mut().implicit = Some(Implicit { handle, previous });
        }
    }

    /// A server that answers in the ACK has not answered otherwise before: what was taken for the answer is a notification.
    #[cold]
    #[inline(never)]
    pub(super) fn answered_after_all(&mut self, index: u32, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let elapsed = self.round_trip(index, context);
        let (slot, observation) = self.slots.observed_mut(index)?;
        let Implicit { handle, previous } = observation.rare_mut().implicit.take()?;
        let row = slot.row;
        let overtaking = *self.sent.get(handle).filter(|sent| sent.record == row.response)?;
        if observation.row.accepted != row.response || !context.facts.code.is_success() {
            return None;
        }
        let (before, id) = (row.response, observation.id);
        observation.row.notifications += 1;
        if observation.row.last == NO_RECORD {
            observation.row.last = before;
        }
        let order = self.accept_behind(index, true, context);
        let slot = self.slots.get_mut(index)?;
        (slot.row.response, slot.row.answer, slot.row.round_trip) =
            (context.arrival.record, AnswerKind::Piggybacked, elapsed);
        slot.row.code = context.facts.code.0;
        let previous_in_exchange = std::mem::replace(&mut slot.row.last, context.arrival.record);
        context.out.patch(Patch::AnsweredBy { record: row.request, by: context.arrival.record });
        context.out.patch(Patch::Exchange(slot.id, slot.row));
        self.counters.piggybacked_responses += 1;
        self.counters.notifications += 1;
        match row.answer {
            AnswerKind::Separate => self.counters.separate_responses -= 1,
            _ => self.counters.non_responses -= 1,
        }
        let told = Tracked {
            exchange: slot.id,
            observation: id,
            relation: Relation::Answers,
            relates_to: row.request,
            ..Tracked::alone(Role::Notification)
        };
        let transmission = u16::from(overtaking.is(CONFIRMABLE));
        let tracked = Tracked { previous_in_exchange: previous, order: ObserveOrder::First, transmission, ..told };
        context.out.patch(Patch::Related { record: before, tracked });
        if let Some(sent) = self.sent.get_mut(handle) {
            sent.role = Role::Notification;
        }
        self.take_back(before, (row.answer, row.round_trip), context);
        context.find_option(Rule::ObsRegistered, OptionNumber::OBSERVE, i64::from(row.request), 0);
        self.judge_first(index, elapsed, context);
        Some(Tracked { role: Role::PiggybackedResponse, previous_in_exchange, order, ..told })
    }

    /// What was said of a message as the answer to a registration does not hold.
    fn take_back(&self, record: RecordId, (answer, elapsed): (AnswerKind, i64), context: &mut Context<'_, '_>) {
        let said = [
            (Rule::AckImplicit, true),
            (Rule::ObsRegistered, true),
            (Rule::RespTypeUnusual, answer == AnswerKind::Non),
            (Rule::RespSlow, elapsed > self.options.parameters.ack_timeout),
        ];
        for (rule, _) in said.into_iter().filter(|(_, said)| *said) {
            context.out.patch(Patch::Withdrawn { record, rule, was: rule.severity() });
        }
    }

    /// The message at hand accepted the registration of the observation in a slot, or one before that, though notifications came before it.
    /// `newest`: no newer one was accepted. Gives how its number stands to the freshest: that may have overtaken it.
    pub(super) fn accept_behind(&mut self, index: u32, newest: bool, context: &mut Context<'_, '_>) -> ObserveOrder {
        let Some((_, observation)) = self.slots.observed_mut(index) else { return ObserveOrder::None };
        if newest {
            observation.row.accepted = context.record();
        }
        let order = number(observation, context, Some(&self.clock));
        if !observation.is_over() && !order.is_behind() {
            observation.freshen(index, context, self.clock.stamp(), &mut self.timers);
        }
        context.out.patch(Patch::Observation(observation.id, observation.row));
        order
    }
}
