//! The answer to a registration in its ACK, where a notification has overtaken that on the way (RFC 7641 section 3.4).

use super::Tracker;
use super::context::{CODE, Context};
use super::marks::Marked;
use super::mistaken::Beside;
use super::model::{
    AnswerKind, ExchangeRow, ExchangeState, NO_RECORD, ObservationId, ObserveOrder, Patch, RecordId, Relation, Role,
    Tracked,
};
use super::notification::end_by;
use super::order::number;
use super::sent::{CONFIRMABLE, Handle, key};
use super::slots::NONE;
use crate::coap::{Code, Finding, OptionNumber, Rule};

/// What was taken for the answer to a request, and may be a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Implicit {
    pub handle: Handle,
    /// The message before it in its exchange.
    pub previous: RecordId,
    /// The request was Confirmable and had no ACK so far.
    pub before_ack: bool,
    /// It accepted or refused the registration that the request is.
    registers: bool,
    /// It had Observe.
    pub observed: bool,
    /// What was observed under its token.
    pub beside: Option<Beside>,
}

impl Tracker {
    /// The message at hand, of its own, was taken for the answer to the request in a slot. Where it accepted or refused a registration, and there
    /// was no ACK before it, it may be a notification that overtook the answer; and so it may [beside](Beside) an observation.
    #[cold]
    pub(super) fn note_implicit(
        &mut self,
        index: u32,
        (previous, beside): (RecordId, Option<Beside>),
        context: &Context<'_, '_>,
    ) {
        let Some(slot) = self.slots.get(index).filter(|slot| !slot.row.multicast) else { return };
        let before_ack = slot.row.confirmable && slot.acknowledgement == NO_RECORD;
        let asked = self.slots.asked(slot);
        let is_whole = !context.arrival.cut && !asked.block1 && !asked.later;
        let registers = slot.registers() && (slot.row.observation != ObservationId(0) || is_whole);
        if (before_ack && registers || beside.is_some())
            && let Some(handle) = self.sent.find(key(context.pair, context.facts.message_id))
            && let Some(asked) = self.slots.asked_mut(index)
        {
            let observed = context.facts.observe.is_some();
            let renews = registers && observed && beside.is_some();
            asked.implicit = Some(Implicit { handle, previous, before_ack, registers, observed, beside });
            if let Some(observation) = self.observation(index).filter(|_| renews) {
                observation.rare_mut().in_doubt = true;
            }
        }
    }

    /// A server that answers in the ACK has not answered otherwise before: what was taken for the answer is a notification.
    #[cold]
    #[inline(never)]
    pub(super) fn answered_after_all(&mut self, index: u32, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let elapsed = self.round_trip(index, context);
        let slot = self.slots.get(index)?;
        let (row, implicit) = (slot.row, self.slots.asked(slot).implicit);
        let overtakes = |it: &Implicit| it.before_ack && it.registers && context.facts.code.is_success();
        let Implicit { handle, previous, .. } = implicit.filter(overtakes)?;
        self.slots.asked_mut(index)?.implicit = None;
        let overtaking = *self.sent.get(handle).filter(|sent| sent.record == row.response)?;
        let before = row.response;
        let (id, order) = match self.slots.observed_mut(index) {
            None => self.ended_by_overtaking(index, context)?,
            Some((_, observation)) if observation.row.accepted != before => return None,
            Some((_, observation)) => {
                observation.row.notifications += 1;
                if observation.row.last == NO_RECORD {
                    observation.row.last = before;
                }
                (observation.id, self.accept_behind(index, true, context))
            }
        };
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
        let refused = row.observation == ObservationId(0);
        // What ends an observation has no number.
        let first = if refused { ObserveOrder::None } else { ObserveOrder::First };
        let tracked = Tracked { previous_in_exchange: previous, order: first, transmission, ..told };
        context.out.patch(Patch::Related { record: before, tracked });
        if let Some(sent) = self.sent.get_mut(handle) {
            (sent.role, sent.observation) = (Role::Notification, id);
        }
        let answer = if refused { Rule::ObsRefused } else { Rule::ObsRegistered };
        self.take_back(&row, &[Rule::AckImplicit, answer], context);
        if !refused {
            context.find_option(Rule::ObsRegistered, OptionNumber::OBSERVE, i64::from(row.request), 0);
        }
        self.judge_first(index, elapsed, context);
        Some(Tracked { role: Role::PiggybackedResponse, previous_in_exchange, order, ..told })
    }

    /// The registration in a slot was accepted in the ACK at hand, though what was taken for its answer had no Observe: that ended the observation
    /// which began or went on with it. Gives this, and how the number of the ACK stands to the freshest.
    fn ended_by_overtaking(
        &mut self,
        index: u32,
        context: &mut Context<'_, '_>,
    ) -> Option<(ObservationId, ObserveOrder)> {
        let slot = *self.slots.get(index)?;
        let (before, under) = (slot.row.response, self.slots.under(slot.pair, &slot.token));
        if slot.row.observation != ObservationId(0) || slot.row.code == 0 || under.observing != NONE {
            return None;
        }
        let (rule, end) = end_by(Code(slot.row.code));
        let renewed = self.slots.observation(under.ended).is_some_and(|ended| ended.row.ended_by == before);
        let (id, order) = if renewed {
            self.counters.observations += 1;
            let observation = self.observation(under.ended)?;
            let (row, id) = (&mut observation.row, observation.id);
            (row.registration, row.exchange, row.last) = (slot.row.request, slot.id, before);
            row.notifications += 1;
            let order = self.accept_behind(under.ended, true, context);
            context.find_option(Rule::ObsRegistered, OptionNumber::OBSERVE, i64::from(slot.row.request), 0);
            let slot = self.slots.get_mut(index)?;
            (slot.row.observation, slot.row.state) = (id, ExchangeState::Observed);
            (id, order)
        } else {
            let (id, order) = self.accept(index, context);
            let observation = self.observation(index)?;
            (observation.row.last, observation.row.notifications) = (before, 1);
            self.end_observation(index, end, before, &mut context.out);
            (id, order)
        };
        context.out.find(before, Finding::new(rule, CODE).with(i64::from(slot.row.request), 0));
        Some((id, order))
    }

    /// What was said of a message as the answer in the row of an exchange does not hold.
    pub(super) fn take_back(&self, row: &ExchangeRow, said: &[Rule], context: &mut Context<'_, '_>) {
        let unusual = match row.answer {
            AnswerKind::Separate => !row.confirmable,
            answer => row.confirmable && answer == AnswerKind::Non,
        };
        let slow = row.round_trip > self.options.parameters.ack_timeout;
        let perhaps = [(Rule::RespTypeUnusual, unusual), (Rule::RespSlow, slow)];
        let also = perhaps.into_iter().filter_map(|(rule, said)| said.then_some(rule));
        for rule in said.iter().copied().chain(also) {
            context.out.patch(Patch::Withdrawn { record: row.response, rule, was: rule.severity() });
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
