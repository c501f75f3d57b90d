//! Notifications: their order, their pace, and what each does to its observation (RFC 7641).

use super::Tracker;
use super::clock::{Clock, Moment, between};
use super::context::Context;
use super::judge::{judge_content, similar};
use super::marks::Marked;
use super::model::{NO_RECORD, ObservationEnd, ObservationRow, ObserveOrder, Patch, Relation, Role, Tracked};
use super::observation::Observation;
use super::order::{ahead, number, order};
use super::seed::short;
use super::sent::{Handle, OUTSTANDING, Sent};
use super::slots::{SlotKind, asked};
use crate::coap::parameters::{OBSERVE_CONFIRMABLE_INTERVAL, OBSERVE_NON_INTERVAL};
use crate::coap::{Code, MessageType, OptionNumber, Rule};

impl Tracker {
    /// A notification of the observation in a slot.
    #[inline(never)]
    pub(super) fn notify(&mut self, index: u32, context: &mut Context<'_, '_>) -> Tracked {
        if self.goes_on(index) {
            self.go_on(index, context);
        }
        self.slots.touch(index, self.clock.steady());
        let (stamp, record) = (self.clock.stamp(), context.arrival.record);
        let Some((slot, observation, kept)) = self.slots.observed_by_mut(index) else {
            return Tracked::alone(Role::Other);
        };
        observation.row.end = ObservationEnd::Open;
        observation.row.ended_by = NO_RECORD;
        if observation.is_further_payload(context) {
            observation.freshen(index, context, stamp, &mut self.timers);
            return self.further_payload(index, context);
        }
        let overheard = slot.kind == SlotKind::Overheard;
        let (of_exchange, of_member) = (slot.kind == SlotKind::Exchange, slot.kind == SlotKind::Member);
        let (pair, request, (similar, bare)) = (slot.pair, slot.row.request, similar(slot));
        let previous = std::mem::replace(&mut slot.row.last, record);
        self.counters.notifications += u64::from(!overheard);
        let order = observation.take_number(context, &self.clock);
        self.counters.notifications_stale += u64::from(order.is_behind() && !overheard);
        pace(observation, context, &self.clock);
        if !overheard {
            judge_content(asked(kept, slot), &slot.row, context);
        }
        // What a newer one overtook tells of no state that the client holds, and an error of none.
        if !order.is_behind() && !context.facts.code.is_error() {
            observation.freshen(index, context, stamp, &mut self.timers);
        }
        let last = ending(observation, context);
        let (id, row) = (observation.id, observation.row);
        let (exchange, of) = (slot.id, slot.row);
        let mut tracked = Tracked {
            exchange: slot.id,
            observation: id,
            relation: if overheard { Relation::None } else { Relation::Answers },
            relates_to: request,
            previous_in_exchange: if overheard { NO_RECORD } else { previous },
            apart: of_member,
            order,
            ..Tracked::alone(Role::Notification)
        };
        if overheard {
            // It may be the answer to a registration that waits for one.
            let open = self.slots.under(pair, &context.facts.token).open;
            if !self.slots.get(open).is_some_and(|slot| slot.registers()) {
                self.say_unknown(NO_RECORD, context);
            }
            self.early.pass(context);
        }
        context.out.patch(Patch::Observation(id, row));
        if of_exchange {
            context.out.patch(Patch::Exchange(exchange, of));
        } else if of_member {
            let before = self.enter(index, context);
            if before != record {
                tracked.previous_in_exchange = before;
            }
        }
        if !overheard {
            self.remember(similar, bare, context);
        }
        if let Some((rule, end)) = last {
            self.say_last((rule, row.registration), context);
            self.end_observation(index, end, record, &mut context.out);
        }
        if !overheard && !context.facts.plain {
            self.block_notification(index, context);
        }
        tracked
    }

    /// A further payload of the newest notification, or of the response that accepted the registration: it is one with that.
    #[cold]
    #[inline(never)]
    fn further_payload(&mut self, index: u32, context: &mut Context<'_, '_>) -> Tracked {
        let role = match context.facts.kind {
            MessageType::Confirmable => Role::SeparateResponse,
            _ => Role::NonResponse,
        };
        let Some((slot, observation)) = self.slots.observed_mut(index) else { return Tracked::alone(role) };
        let (exchange, request, apart) = (slot.id, slot.row.request, slot.kind == SlotKind::Member);
        let (overheard, id) = (slot.kind == SlotKind::Overheard, observation.id);
        context.out.patch(Patch::Observation(id, observation.row));
        if overheard {
            self.say_unknown(NO_RECORD, context);
            return Tracked { observation: id, ..Tracked::alone(Role::Notification) };
        }
        self.count_response(role);
        self.block_notification(index, context);
        Tracked {
            exchange,
            observation: id,
            relation: Relation::Answers,
            relates_to: request,
            previous_in_exchange: self.enter(index, context),
            apart,
            ..Tracked::alone(role)
        }
    }

    /// A Confirmable response in an observation takes the place of the one before, which is sent no more (RFC 7641 section 4.5.2). `slot` is
    /// that of the observation, or of a registration that was not answered so far.
    #[inline(never)]
    pub(super) fn replace_notification(&mut self, slot: u32, handle: Handle) {
        let Some(asked) = self.slots.get(slot) else { return };
        let registers = self.slots.observation(slot).is_none() && asked.registers();
        let place = if registers { self.slots.under(asked.pair, &asked.token).observing } else { slot };
        if let Some((_, observation)) = self.slots.observed_mut(place) {
            let before = std::mem::replace(&mut observation.confirmable, handle);
            self.no_longer_outstanding(before);
        }
    }

    /// A notification is sent again though a newer one, or the end of its observation, had taken its place: both are open.
    #[cold]
    pub(super) fn goes_on_after_all(&mut self, owner: Handle, sent: &Sent, context: &mut Context<'_, '_>) {
        let waits = self.clock.age(sent.first.at(), || self.sent.stamp(owner)) <= self.schedule.wait;
        if sent.observation.0 != 0 && !sent.is(OUTSTANDING) && !sent.is_answered() && !sent.is_request() && waits {
            self.outstanding(owner, context);
        }
    }

    /// A copy of a notification: a refreshed one may carry a newer number.
    #[inline(never)]
    pub(super) fn copy_in_observation(&mut self, sent: &Sent, context: &mut Context<'_, '_>) -> ObserveOrder {
        if sent.observation.0 == 0 || context.facts.hash == sent.hash || context.facts.oscore {
            return ObserveOrder::None;
        }
        self.tell_state(sent.slot, context)
    }
}

/// A payload of a body that goes by Q-Block2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Payload {
    /// The ETag, if it has one.
    etag: Option<u64>,
    /// The number of its block.
    number: u32,
}

impl Payload {
    #[inline]
    pub fn of(context: &Context<'_, '_>) -> Option<Self> {
        if context.facts.plain {
            return None;
        }
        let message = context.message();
        let number = message.block(OptionNumber::Q_BLOCK2)?.number;
        Some(Self { etag: message.option(OptionNumber::ETAG).and_then(|etag| short(etag.value)), number })
    }
}

impl Observation {
    /// The first payload of the newest notification, if its body goes by Q-Block2.
    #[inline]
    pub fn payload(&self) -> Option<Payload> {
        self.rare()?.payload
    }

    #[inline]
    pub fn set_payload(&mut self, payload: Option<Payload>) {
        if payload.is_some() || self.rare().is_some() {
            self.rare_mut().payload = payload;
        }
    }

    /// Nothing ended it, and its notifications come one by one, and are nothing else.
    #[inline]
    pub fn goes_on_plainly(&self) -> bool {
        let is_plain = self.rare().is_none_or(|rare| rare.payload.is_none() && !rare.in_doubt);
        self.row.end == ObservationEnd::Open && self.row.ended_by == NO_RECORD && is_plain
    }

    /// A notification with this number is the next, and nothing but that is to be said of the number.
    #[inline]
    pub fn is_next(&self, number: u32) -> bool {
        ahead(number, self.row.freshest) == 1 && !self.climb.is_watched()
    }

    /// Takes in a notification with whatever number, but for what is noted with its [content](Self::freshen).
    #[inline(never)]
    pub fn take_number(&mut self, context: &mut Context<'_, '_>, clock: &Clock) -> ObserveOrder {
        self.row.notifications += 1;
        let order = number(self, context, Some(clock));
        self.row.count(order);
        self.row.last = context.arrival.record;
        order
    }

    /// Takes in such a notification; gives the row, written once it is whole.
    #[inline(always)]
    pub fn go_up(&mut self, number: u32, context: &Context<'_, '_>) -> ObservationRow {
        let mut row = self.row;
        row.notifications += 1;
        row.last = context.arrival.record;
        (row.freshest, row.freshest_time) = (number, context.now.time);
        self.row = row;
        self.steps += 1;
        self.freshest_epoch = context.now.epoch;
        row
    }

    /// The freshest number, and when it came.
    #[inline]
    pub fn set_freshest(&mut self, number: u32, now: Moment) {
        self.row.freshest = number;
        self.row.freshest_time = now.time;
        self.freshest_epoch = now.epoch;
    }

    /// All payloads of a notification by Q-Block2 carry its number (RFC 9177 section 4.5); the first that was captured begins it.
    fn is_further_payload(&self, context: &Context<'_, '_>) -> bool {
        let (Some(first), Some(value)) = (self.payload(), context.facts.observe) else { return false };
        let goes_on = |now: Payload| now.etag == first.etag && now.number != first.number;
        value == self.row.freshest
            && Payload::of(context).is_some_and(goes_on)
            && order(value, context.now, self.row.freshest, self.freshest_at()) != ObserveOrder::NewerByTime
    }
}

/// Notifications without a Confirmable one for a day, or faster than allowed (RFC 7641 sections 4.5 and 4.5.1).
#[inline(always)]
pub(super) fn pace(observation: &mut Observation, context: &mut Context<'_, '_>, clock: &Clock) {
    if context.facts.kind != MessageType::NonConfirmable {
        observation.confirmed_at = context.now;
        observation.unconfirmed_said = false;
        return;
    }
    if between(observation.confirmed_at, context.now).is_some_and(|elapsed| elapsed > OBSERVE_CONFIRMABLE_INTERVAL) {
        unconfirmed(observation, context, clock);
    }
    if observation.non_count == 0 {
        observation.since = context.now;
    }
    observation.non_count += 1;
    if observation.non_count > 3 && !observation.fast_said {
        judge_pace(observation, context);
    }
}

/// The last Confirmable message came long ago, and perhaps the capture saw everything since.
#[cold]
#[inline(never)]
fn unconfirmed(observation: &mut Observation, context: &mut Context<'_, '_>, clock: &Clock) {
    if let Some(elapsed) = between(clock.seen_since(observation.confirmed_at), context.now)
        && elapsed > OBSERVE_CONFIRMABLE_INTERVAL
        && !observation.unconfirmed_said
    {
        observation.unconfirmed_said = true;
        context.find_code(Rule::ObsNoCon24h, 0, elapsed);
    }
}

#[inline(never)]
fn judge_pace(observation: &mut Observation, context: &mut Context<'_, '_>) {
    let gaps = i64::from(observation.non_count) - 1;
    if let Some(elapsed) = between(observation.since, context.now)
        && elapsed < gaps.saturating_mul(OBSERVE_NON_INTERVAL)
    {
        observation.fast_said = true;
        context.find_code(Rule::ObsTooFast, 0, elapsed / gaps);
    }
}

/// What a notification says that ends its observation: an error, or a success without Observe.
pub(super) fn end_by(code: Code) -> (Rule, ObservationEnd) {
    match code.is_error() {
        true => (Rule::ObsCancelError, ObservationEnd::Error),
        false => (Rule::ObsMissingOption, ObservationEnd::NoObserve),
    }
}

/// Whether a notification is the last, and what is odd about its content.
fn ending(observation: &Observation, context: &mut Context<'_, '_>) -> Option<(Rule, ObservationEnd)> {
    let (code, observe) = (context.facts.code, context.facts.observe);
    if !code.is_error() && observe.is_none() && context.arrival.cut {
        return None;
    }
    if code.is_error() || observe.is_none() {
        return Some(end_by(code));
    }
    if let (Some(first), Some(now)) = (observation.format, context.facts.content_format)
        && first != now
    {
        context.find_option(Rule::ObsFormatChanged, OptionNumber::CONTENT_FORMAT, i64::from(first), i64::from(now));
    }
    None
}
