//! How observations begin: registrations, and the responses that accept or refuse them (RFC 7641 sections 3.1 and 4.1).

use super::Tracker;
use super::context::{Context, MESSAGE_ID};
use super::facts::BlockPlace;
use super::model::{
    ExchangeState, NO_RECORD, ObservationEnd, ObservationId, ObservationRow, ObserveOrder, Patch, RecordId, Role,
    Tracked,
};
use super::notification::end_by;
use super::observation::Observation;
use super::order::number;
use super::pairs::{PairNumber, REGISTERED};
use super::sent::key;
use super::slots::{Asked, Slot};
use super::target::target_hash;
use super::uploads::is_unfinished;
use crate::coap::parameters::DEFAULT_MAX_AGE;
use crate::coap::{Code, Finding, MessageType, OptionNumber, Rule};

/// Whether two targets differ, both of which are known: OSCORE hides them, and a part of a body is none (RFC 8132 section 2.4).
pub(super) fn is_another(one: u64, other: u64) -> bool {
    one != other && one != 0 && other != 0
}

impl Tracker {
    /// What a new request means for the observation under its token.
    pub(super) fn before_request(&mut self, slot: &mut Slot, asked: &mut Asked, context: &mut Context<'_, '_>) -> Role {
        if !slot.observes() {
            return Role::Request;
        }
        let unfinished = asked.block1 && is_unfinished(&context.message());
        if !unfinished {
            asked.target = self.sought(slot, asked.others, context).unwrap_or(0);
        }
        if slot.row.multicast {
            return self.before_group_request(slot, context);
        }
        let observing = self.slots.under(slot.pair, &slot.token).observing;
        if unfinished {
            if !slot.registers() {
                return Role::Request;
            }
            self.note_registration(slot.pair);
            return Role::Registration;
        }
        let (role, id) = self.before_whole_request((slot.pair, slot.registers()), asked.target, observing, context);
        if let Some(id) = id {
            slot.row.observation = id;
        }
        role
    }

    /// The same of a whole request to one server; and which observation it ends.
    #[inline(always)]
    pub(super) fn before_whole_request(
        &mut self,
        (pair, registers): (PairNumber, bool),
        target: u64,
        observing: u32,
        context: &mut Context<'_, '_>,
    ) -> (Role, Option<ObservationId>) {
        if registers {
            self.note_registration(pair);
            self.judge_registration(pair, target, observing, context);
            return (Role::Registration, None);
        }
        match self.deregister(target, observing, context) {
            Some(id) => (Role::Deregistration, Some(id)),
            None => (Role::Request, None),
        }
    }

    /// A request to observe no more ends an observation, if there is one.
    #[inline(never)]
    fn deregister(&mut self, target: u64, observing: u32, context: &mut Context<'_, '_>) -> Option<ObservationId> {
        let observation = self.observation(observing)?;
        let (id, registration) = (observation.id, observation.row.registration);
        let changed = registration != NO_RECORD && is_another(observation.target, target);
        self.counters.deregistrations += 1;
        if changed {
            context.find_code(Rule::ObsReregChanged, i64::from(registration), 0);
        }
        context.find_option(Rule::ObsCancelDereg, OptionNumber::OBSERVE, i64::from(registration), 0);
        self.end_observation(observing, ObservationEnd::Deregistered, context.arrival.record, &mut context.out);
        Some(id)
    }

    /// Somebody asks to observe.
    #[inline]
    fn note_registration(&mut self, pair: PairNumber) {
        self.registered = true;
        self.pairs.direction(pair).mark(REGISTERED);
    }

    /// Hash of what a request asks to observe; nothing where that cannot be known. `others`: see [`Asked`].
    #[inline]
    fn sought(&self, slot: &Slot, others: u64, context: &Context<'_, '_>) -> Option<u64> {
        let facts = context.facts;
        if facts.asks_for_digest() && !facts.lacks_options {
            return Some(facts.digest);
        }
        let message = context.message();
        let fetches = facts.code == Code::FETCH;
        if facts.oscore || facts.lacks_options || fetches && context.arrival.cut {
            return None;
        }
        let body = if fetches { Some(self.whole_body(slot, others, &message)?) } else { None };
        Some(target_hash(&message, facts, body, &self.seed))
    }

    /// A registration while another lives, under the same token or for the same target.
    #[inline(never)]
    fn judge_registration(&mut self, pair: PairNumber, target: u64, observing: u32, context: &mut Context<'_, '_>) {
        // Of a request for a later block it is said that Observe has no place in it (RFC 7959 section 2.6).
        if context.facts.block2 == BlockPlace::Later {
            return;
        }
        if let Some(observation) = self.slots.observation(observing) {
            let registration = i64::from(observation.row.registration);
            if observation.row.registration == NO_RECORD {
                return;
            }
            if is_another(observation.target, target) {
                context.find_code(Rule::ObsReregChanged, registration, 0);
            }
            let last = i64::from(observation.told_by);
            if let Some(elapsed) = observation.fresh_since(context.now, &self.clock) {
                context.find_option(Rule::ObsReregEarly, OptionNumber::OBSERVE, last, elapsed);
            }
        } else if let Some(other) = self.memory.observers.of_target(&self.slots, pair, target)
            && let Some(observation) = self.slots.observation(other)
            && observation.fresh_since(context.now, &self.clock).is_some()
        {
            let registration = i64::from(observation.row.registration);
            context.find_option(Rule::ObsDoubleRegistration, OptionNumber::OBSERVE, registration, 0);
        }
    }

    /// What a response means for the observation that its request asked for.
    pub(super) fn after_response(
        &mut self,
        index: u32,
        first: bool,
        context: &mut Context<'_, '_>,
    ) -> (ObservationId, ObserveOrder) {
        let nothing = (ObservationId(0), ObserveOrder::None);
        let Some(slot) = self.slots.get(index) else { return nothing };
        let (request, multicast) = (i64::from(slot.row.request), slot.row.multicast);
        if slot.deregisters() && slot.row.observation.0 != 0 {
            let id = slot.row.observation;
            if context.facts.observe.is_some() {
                context.find_option(Rule::ObsDeregAnswer, OptionNumber::OBSERVE, request, 0);
            } else if first {
                self.was_put_off(index, context);
            }
            return (id, ObserveOrder::None);
        }
        if !slot.registers() || !first && !multicast {
            return nothing;
        }
        // It wants more of the body first.
        let asked = self.slots.asked(slot);
        let incomplete = asked.quick && context.facts.code == Code::REQUEST_ENTITY_INCOMPLETE;
        if asked.block1 && (context.facts.code == Code::CONTINUE || incomplete) {
            return nothing;
        }
        if context.facts.code.is_success() && context.facts.observe.is_some() {
            if !multicast && (slot.row.observation != ObservationId(0) || self.is_renewed(slot)) {
                return self.accepted_late(index, context);
            }
            if !multicast && let Some(newer) = self.replaced_by(slot) {
                return self.accept_replaced(index, newer, context);
            }
            let index = if multicast { self.member(index, context) } else { Some(index) };
            return index.map_or(nothing, |index| self.accept(index, context));
        }
        if context.facts.observe.is_none() && context.arrival.cut {
            return nothing;
        }
        let (observing, registration) =
            (self.slots.under(context.pair.reversed(), &slot.token).observing, slot.row.request);
        // A later block is no state of its own to be told of: that it was asked for so is said (RFC 7959 section 2.6).
        if self.slots.asked(slot).later && context.facts.code.is_success() {
            return nothing;
        }
        context.find_code(Rule::ObsRefused, request, 0);
        // Requests are answered in order: what began by a newer registration goes on.
        let began_before =
            |it: &mut Observation| it.row.registration == NO_RECORD || it.row.registration <= registration;
        if self.observation(observing).is_some_and(began_before) {
            let (_, end) = end_by(context.facts.code);
            self.did_not_answer(observing, registration, context);
            self.end_observation(observing, end, context.arrival.record, &mut context.out);
        }
        nothing
    }

    /// A newer registration than that in a slot is in force: what accepted it, and whether it is of the same target.
    #[inline]
    fn newer_registration(&self, slot: &Slot) -> Option<(RecordId, bool)> {
        let observation = self.slots.observation(self.slots.observing_beside(slot)?)?;
        let (registration, same) =
            (observation.row.registration, !is_another(observation.target, self.slots.asked(slot).target));
        let is_newer = registration != NO_RECORD && registration > slot.row.request;
        is_newer.then_some((observation.row.accepted, same))
    }

    /// One of the same target is.
    #[inline]
    fn is_renewed(&self, slot: &Slot) -> bool {
        self.newer_registration(slot).is_some_and(|(_, same)| same)
    }

    /// One of another target is: the message that accepted it.
    #[inline]
    fn replaced_by(&self, slot: &Slot) -> Option<RecordId> {
        self.newer_registration(slot).filter(|(_, same)| !same).map(|(accepted, _)| accepted)
    }

    /// A registration is accepted behind a newer one under its token. Requests are answered in order, so that what it began is over, and what the newer
    /// one began goes on.
    #[cold]
    #[inline(never)]
    fn accept_replaced(
        &mut self,
        index: u32,
        newer: RecordId,
        context: &mut Context<'_, '_>,
    ) -> (ObservationId, ObserveOrder) {
        let Some(&slot) = self.slots.get(index) else { return Default::default() };
        self.counters.observations += 1;
        self.observations += 1;
        let target = self.slots.asked(&slot).target;
        context.find_option(Rule::ObsRegistered, OptionNumber::OBSERVE, i64::from(slot.row.request), 0);
        let mut observation = Observation::new(ObservationId(self.observations), &slot, target, context.now);
        let order = number(&mut observation, context, None);
        let (id, row) = (observation.id, &mut observation.row);
        (row.accepted, row.end, row.ended_by) = (context.arrival.record, ObservationEnd::Replaced, newer);
        row.max_age = context.facts.max_age.unwrap_or(DEFAULT_MAX_AGE);
        context.out.patch(Patch::Observation(id, *row));
        if let Some(slot) = self.slots.put_observation(index, observation) {
            (slot.row.observation, slot.row.state) = (id, ExchangeState::Observed);
        }
        (id, order)
    }

    /// A registration is accepted: a new observation, or the next registration of one.
    #[inline(never)]
    pub(super) fn accept(&mut self, index: u32, context: &mut Context<'_, '_>) -> (ObservationId, ObserveOrder) {
        self.counters.observations += 1;
        let before = self.slots.observe(index, self.clock.stamp());
        let Some(slot) = self.slots.get(index) else { return (ObservationId(0), ObserveOrder::None) };
        context.find_option(Rule::ObsRegistered, OptionNumber::OBSERVE, i64::from(slot.row.request), 0);
        let Some(number) = context.facts.observe.filter(|_| before.is_none() && context.facts.plain) else {
            return self.accept_oddly(index, before, context);
        };
        self.observations += 1;
        // Held in registers until it is whole: to copy in large what was just written in small waits for the memory.
        let target = self.slots.asked(slot).target;
        let mut observation = Observation::new(ObservationId(self.observations), slot, target, context.now);
        observation.set_freshest(number, context.now);
        (self.begin_observation(index, observation, false, context), ObserveOrder::First)
    }

    /// The same where something observed under the token before, or there is more to the response.
    #[inline(never)]
    fn accept_oddly(
        &mut self,
        index: u32,
        before: Option<u32>,
        context: &mut Context<'_, '_>,
    ) -> (ObservationId, ObserveOrder) {
        let Some(&slot) = self.slots.get(index) else { return (ObservationId(0), ObserveOrder::None) };
        let target = self.slots.asked(&slot).target;
        if let Some(before) = before {
            self.did_not_answer(before, slot.row.request, context);
        }
        let early = before.and_then(|before| self.begun_early(before, context));
        let before = before.filter(|_| early.is_none());
        let mut observation = before.and_then(|before| self.take_over(before, target, context)).unwrap_or_else(|| {
            let id = early.unwrap_or_else(|| {
                self.observations += 1;
                ObservationId(self.observations)
            });
            Observation::new(id, &slot, target, context.now)
        });
        if target != 0 {
            observation.target = target;
        }
        observation.row.registration = slot.row.request;
        observation.row.exchange = slot.id;
        observation.confirmed_at = context.now;
        // Behind what crossed the registration the numbers go on; else the server may have begun anew with them.
        let is_crossed = observation.told_by != NO_RECORD && observation.told_by > slot.row.request;
        let is_overtaken = is_crossed && observation.has_overtaken(context, &self.clock);
        let number = number(&mut observation, context, is_overtaken.then_some(&self.clock));
        (self.begin_observation(index, observation, is_overtaken, context), number)
    }

    /// Keeps an observation, the registration of which the response at hand accepts. `is_overtaken`: that tells of an older state than is known.
    #[inline(always)]
    fn begin_observation(
        &mut self,
        index: u32,
        mut observation: Observation,
        is_overtaken: bool,
        context: &mut Context<'_, '_>,
    ) -> ObservationId {
        let id = observation.id;
        observation.row.accepted = context.arrival.record;
        observation.format = context.facts.content_format;
        if context.facts.kind == MessageType::Confirmable {
            observation.confirmable = self.sent.find(key(context.pair, context.facts.message_id)).unwrap_or_default();
        }
        match is_overtaken {
            true => observation.look_at(index, &mut self.timers),
            false => observation.freshen(index, context, self.clock.stamp(), &mut self.timers),
        }
        self.keep_observation(index, observation, context);
        id
    }

    /// Keeps the observation that goes on by the registration in a slot.
    #[inline(always)]
    fn keep_observation(&mut self, index: u32, observation: Observation, context: &mut Context<'_, '_>) {
        let (id, target) = (observation.id, observation.target);
        context.out.patch(Patch::Observation(id, observation.row));
        if let Some(slot) = self.slots.put_observation(index, observation) {
            slot.row.observation = id;
            slot.row.state = ExchangeState::Observing;
        }
        if let Some(slot) = self.slots.get(index) {
            self.memory.observers.put(&self.slots, index, slot, target);
            if let Some(later) = self.slots.open_beside(slot) {
                self.ended_beforehand(index, later, context);
            }
        }
    }

    /// A registration that renews an observation is accepted, though not by anything that was captured.
    #[cold]
    pub(super) fn accept_by_none(&mut self, index: u32, context: &mut Context<'_, '_>) {
        let before = self.slots.observe(index, self.clock.stamp());
        let Some(&slot) = self.slots.get(index) else { return };
        let target = self.slots.asked(&slot).target;
        let taken = before.and_then(|before| self.take_over(before, target, context));
        let Some(mut observation) = taken else { return };
        self.counters.observations += 1;
        (observation.row.registration, observation.row.exchange) = (slot.row.request, slot.id);
        observation.look_at(index, &mut self.timers);
        self.keep_observation(index, observation, context);
        if let Some(slot) = self.slots.get(index) {
            context.out.patch(Patch::Exchange(slot.id, slot.row));
        }
    }

    /// The observation that began with the response at hand, which was captured before its registration: it is the one that this accepts.
    #[cold]
    #[inline(never)]
    fn begun_early(&mut self, before: u32, context: &Context<'_, '_>) -> Option<ObservationId> {
        let began = |row: &ObservationRow| row.registration == NO_RECORD && row.last == context.arrival.record;
        let id = self.slots.observation(before).filter(|observation| began(&observation.row))?.id;
        self.forget(before);
        Some(id)
    }

    /// The client thought better of it before it was answered: requests are answered in order, so the observation that begins is over.
    #[inline(never)]
    fn ended_beforehand(&mut self, index: u32, later: u32, context: &mut Context<'_, '_>) {
        let Some(registration) = self.slots.get(index).map(|slot| slot.row.request) else { return };
        let Some(id) = self.slots.observation(index).map(|observation| observation.id) else { return };
        let Some(slot) = self.slots.get_mut(later) else { return };
        if !slot.deregisters() || slot.row.request < registration {
            return;
        }
        let (record, handle) = (slot.row.request, slot.sent);
        if slot.row.observation == ObservationId(0) {
            slot.row.observation = id;
            let (exchange, transmission) = (slot.id, u16::from(slot.row.confirmable));
            context.out.patch(Patch::Exchange(exchange, slot.row));
            let tracked = Tracked { exchange, observation: id, transmission, ..Tracked::alone(Role::Deregistration) };
            context.out.patch(Patch::Related { record, tracked });
            let finding = Finding::new(Rule::ObsCancelDereg, MESSAGE_ID);
            context.out.find(record, finding.with(i64::from(registration), 0));
            if let Some(sent) = self.sent.get_mut(handle) {
                (sent.role, sent.observation) = (Role::Deregistration, id);
            }
            self.counters.deregistrations += 1;
        }
        self.end_observation(index, ObservationEnd::Deregistered, record, &mut context.out);
    }

    /// The observation before under the same token: it goes on if it is of the same target.
    #[inline(never)]
    fn take_over(&mut self, before: u32, target: u64, context: &mut Context<'_, '_>) -> Option<Observation> {
        let renews = |it: &Observation| !is_another(it.target, target) && it.row.registration != NO_RECORD;
        let same = self.slots.observation(before).is_some_and(renews);
        if same {
            self.unlist(before);
            self.in_force(before, false, &mut context.out);
            let mut taken = self.slots.take_observation(before);
            self.slots.observe_no_more(before, self.clock.stamp());
            // What was to look for it under the registration before finds nothing there.
            taken.iter_mut().for_each(|observation| observation.looked_at = i64::MAX);
            return taken;
        }
        self.end_observation(before, ObservationEnd::Replaced, context.arrival.record, &mut context.out);
        None
    }
}
