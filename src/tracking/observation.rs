//! Observations: how they begin, go on and end (RFC 7641).

use super::Tracker;
use super::ahead::ask;
use super::blocks::is_unfinished;
use super::climb::Climb;
use super::clock::{Moment, SECOND, between};
use super::context::{Context, MESSAGE_ID, Output};
use super::expiry::Timers;
use super::facts::target_hash;
use super::model::{
    ExchangeState, NO_RECORD, ObservationEnd, ObservationId, ObservationRow, ObserveOrder, Patch, RecordId, Role,
    Tracked,
};
use super::notification::{Payload, number};
use super::pairs::REGISTERED;
use super::sent::{Handle, Sent, key};
use super::slab::NOTHING;
use super::slots::Slot;
use crate::coap::parameters::DEFAULT_MAX_AGE;
use crate::coap::{Code, Finding, MessageType, OptionNumber, Rule};

/// A notification that comes so much later than Max-Age says is in time: servers count from when they send.
const LATE: i64 = SECOND / 5;

/// An observation.
pub(super) struct Observation {
    pub id: ObservationId,
    pub row: ObservationRow,
    /// When it ended, once it has.
    pub ended: Moment,
    /// When the freshest notification arrived.
    pub freshest_at: Moment,
    /// Partial IV of the freshest notification, where OSCORE protects it and it has one.
    pub sequence: Option<i64>,
    /// When the last notification arrived.
    pub last_at: Moment,
    /// Steady time at which its state is out of date.
    pub stale_at: i64,
    /// Content-Format of the first response.
    pub format: Option<u16>,
    /// The first payload of the newest notification, if its body goes by Q-Block2.
    pub payload: Option<Payload>,
    /// Numbers that were newer than the one before, and whether each was newer by one.
    pub steps: u32,
    pub by_one: bool,
    pub climb: Climb,
    /// The numbers of the last gap that have not come late: the first that was skipped, and a bit for each from there on.
    pub skipped: (u32, u64),
    /// The last Confirmable message of it.
    pub confirmed_at: Moment,
    pub unconfirmed_said: bool,
    /// First Non-confirmable notification, and how many there were.
    pub non_first: Moment,
    pub non_count: u32,
    pub fast_said: bool,
    /// The message of which was said that nobody acknowledged the notification that ended it.
    pub lost_said: RecordId,
    /// Hash of what is observed; 0 where that is not known.
    pub target: u64,
    /// The newest Confirmable message of it: the server gives up the one before for it.
    pub confirmable: Handle,
}

impl Observation {
    pub fn is_over(&self) -> bool {
        self.row.end != ObservationEnd::Open
    }

    /// Asks memory for it.
    #[inline]
    pub fn ask(&self) {
        ask(&self.ended);
        ask(&self.row.last);
        ask(&self.steps);
        ask(&self.non_first);
        ask(&self.fast_said);
    }

    /// Notes when the state will be out of date; `stamp` is the steady time, `index` the slot.
    #[inline(always)]
    pub fn freshen(&mut self, index: u32, context: &Context<'_, '_>, stamp: i64, timers: &mut Timers) {
        let age = context.facts.max_age.unwrap_or(DEFAULT_MAX_AGE);
        self.row.max_age = age;
        self.last_at = context.now;
        let due = stamp.saturating_add(i64::from(age) * SECOND + LATE);
        if self.stale_at == i64::MAX {
            timers.stale_at(due, index);
        }
        self.stale_at = due;
    }

    /// How old the state is, while it is known to be fresh.
    fn fresh_since(&self, now: Moment) -> Option<i64> {
        between(self.last_at, now).filter(|elapsed| *elapsed < i64::from(self.row.max_age) * SECOND)
    }

    /// The last message that told of the state: a notification, or the response that accepted the newest registration.
    pub fn last_record(&self) -> RecordId {
        let told = [self.row.last, self.row.accepted].into_iter().filter(|record| *record != NO_RECORD);
        told.max().unwrap_or(NO_RECORD)
    }

    pub fn new(id: ObservationId, slot: &Slot, now: Moment) -> Self {
        let row = ObservationRow {
            registration: slot.row.request,
            accepted: NO_RECORD,
            last: NO_RECORD,
            ended_by: NO_RECORD,
            client: slot.row.client,
            server: slot.row.server,
            exchange: slot.id,
            resource: slot.row.resource,
            freshest: u32::MAX,
            freshest_time: now.time,
            max_age: DEFAULT_MAX_AGE,
            notifications: 0,
            gaps: 0,
            stale: 0,
            end: ObservationEnd::Open,
        };
        Self {
            id,
            row,
            ended: now,
            freshest_at: now,
            sequence: None,
            last_at: now,
            stale_at: i64::MAX,
            format: None,
            payload: None,
            steps: 0,
            by_one: true,
            climb: Climb::default(),
            skipped: (0, 0),
            confirmed_at: now,
            unconfirmed_said: false,
            non_first: now,
            non_count: 0,
            fast_said: false,
            lost_said: NO_RECORD,
            target: slot.asked.target,
            confirmable: Handle::NONE,
        }
    }
}

/// Whether two targets differ, both of which are known: OSCORE hides them, and a part of a body is none (RFC 8132 section 2.4).
fn is_another(one: u64, other: u64) -> bool {
    one != other && one != 0 && other != 0
}

impl Tracker {
    /// What a new request means for the observation under its token.
    pub(super) fn before_request(&mut self, slot: &mut Slot, context: &mut Context<'_, '_>) -> Role {
        if !(slot.asked.registers || slot.asked.deregisters) {
            return Role::Request;
        }
        let unfinished = slot.asked.block1 && is_unfinished(&context.message());
        if !unfinished {
            slot.asked.target = self.sought(slot, context).unwrap_or(0);
        }
        if slot.row.multicast {
            return self.before_group_request(slot, context);
        }
        let observing = self.slots.under(slot.pair, &slot.token).observing;
        if unfinished {
            return if self.registers(slot) { Role::Registration } else { Role::Request };
        }
        self.before_whole_request(slot, observing, context)
    }

    /// The same of a whole request to one server.
    pub(super) fn before_whole_request(
        &mut self,
        slot: &mut Slot,
        observing: u32,
        context: &mut Context<'_, '_>,
    ) -> Role {
        if self.registers(slot) {
            self.judge_registration(slot, observing, context);
            return Role::Registration;
        }
        let Some(observation) = self.observation(observing) else {
            return Role::Request;
        };
        let (id, registration) = (observation.id, observation.row.registration);
        let changed = registration != NO_RECORD && is_another(observation.target, slot.asked.target);
        slot.row.observation = id;
        self.counters.deregistrations += 1;
        if changed {
            context.find_code(Rule::ObsReregChanged, i64::from(registration), 0);
        }
        context.find_option(Rule::ObsCancelDereg, OptionNumber::OBSERVE, i64::from(registration), 0);
        self.end_observation(observing, ObservationEnd::Deregistered, context.arrival.record, &mut context.out);
        Role::Deregistration
    }

    /// Whether a request is one to observe: that is noted.
    fn registers(&mut self, slot: &Slot) -> bool {
        if slot.asked.registers {
            self.registered = true;
            self.pairs.direction(slot.pair).mark(REGISTERED);
        }
        slot.asked.registers
    }

    /// Hash of what a request asks to observe; nothing where that cannot be known.
    #[inline]
    pub(super) fn sought(&self, slot: &Slot, context: &Context<'_, '_>) -> Option<u64> {
        let facts = context.facts;
        if facts.asks_for_digest() && !facts.lacks_options {
            return Some(facts.digest);
        }
        let message = context.message();
        let fetches = facts.code == Code::FETCH;
        if facts.oscore || facts.lacks_options || fetches && context.arrival.cut {
            return None;
        }
        let body = if fetches { Some(self.whole_body(slot, &message)?) } else { None };
        Some(target_hash(&message, facts, body, &self.seed))
    }

    pub(super) fn observation(&mut self, slot: u32) -> Option<&mut Observation> {
        self.slots.observed_mut(slot).map(|(_, observation)| observation)
    }

    /// A registration while another lives, under the same token or for the same target.
    #[inline(never)]
    fn judge_registration(&mut self, slot: &Slot, observing: u32, context: &mut Context<'_, '_>) {
        if let Some(observation) = self.observation(observing) {
            let registration = i64::from(observation.row.registration);
            if observation.row.registration == NO_RECORD {
                return;
            }
            if is_another(observation.target, slot.asked.target) {
                context.find_code(Rule::ObsReregChanged, registration, 0);
            }
            let last = i64::from(observation.last_record());
            if let Some(elapsed) = observation.fresh_since(context.now) {
                context.find_option(Rule::ObsReregEarly, OptionNumber::OBSERVE, last, elapsed);
            }
        } else if let Some(&other) = self.memory.targets.get(&(slot.pair, slot.asked.target))
            && let Some(observation) = self.observation(other)
            && observation.fresh_since(context.now).is_some()
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
        if slot.asked.deregisters && slot.row.observation.0 != 0 {
            let id = slot.row.observation;
            if context.facts.observe.is_some() {
                context.find_option(Rule::ObsDeregAnswer, OptionNumber::OBSERVE, request, 0);
            }
            return (id, ObserveOrder::None);
        }
        if !slot.asked.registers || !first && !multicast {
            return nothing;
        }
        // It wants more of the body first.
        let incomplete = slot.asked.quick && context.facts.code == Code::REQUEST_ENTITY_INCOMPLETE;
        if slot.asked.block1 && (context.facts.code == Code::CONTINUE || incomplete) {
            return nothing;
        }
        if context.facts.code.is_success() && context.facts.observe.is_some() {
            let index = if multicast { self.member(index, context) } else { Some(index) };
            return index.map_or(nothing, |index| self.accept(index, context));
        }
        if context.facts.observe.is_none() && context.arrival.cut {
            return nothing;
        }
        let observing = self.slots.under(context.pair.reversed(), &slot.token).observing;
        context.find_code(Rule::ObsRefused, request, 0);
        if self.observation(observing).is_some() {
            let end = if context.facts.code.is_error() { ObservationEnd::Error } else { ObservationEnd::NoObserve };
            self.end_observation(observing, end, context.arrival.record, &mut context.out);
        }
        nothing
    }

    /// A registration is accepted: a new observation, or the next registration of one.
    #[inline(never)]
    fn accept(&mut self, index: u32, context: &mut Context<'_, '_>) -> (ObservationId, ObserveOrder) {
        self.counters.observations += 1;
        let before = self.slots.observe(index, self.clock.stamp());
        let Some(slot) = self.slots.get(index) else { return (ObservationId(0), ObserveOrder::None) };
        let (request, target, exchange) = (slot.row.request, slot.asked.target, slot.id);
        context.find_option(Rule::ObsRegistered, OptionNumber::OBSERVE, i64::from(request), 0);
        let early = before.and_then(|before| self.begun_early(before, context));
        let before = before.filter(|_| early.is_none());
        let taken = before.and_then(|before| self.take_over(before, target, context));
        let mut observation = match taken {
            Some(observation) => observation,
            None => {
                let id = early.unwrap_or_else(|| {
                    self.observations += 1;
                    ObservationId(self.observations)
                });
                let Some(slot) = self.slots.get(index) else { return (id, ObserveOrder::None) };
                Observation::new(id, slot, context.now)
            }
        };
        if target != 0 {
            observation.target = target;
        }
        let target = observation.target;
        observation.row.registration = request;
        observation.row.accepted = context.arrival.record;
        observation.row.exchange = exchange;
        observation.format = context.facts.content_format;
        observation.confirmed_at = context.now;
        if context.facts.kind == MessageType::Confirmable {
            observation.confirmable = self.sent.find(key(context.pair, context.facts.message_id)).unwrap_or_default();
        }
        let number = number(&mut observation, context, None);
        observation.freshen(index, context, self.clock.stamp(), &mut self.timers);
        let id = observation.id;
        context.out.patch(Patch::Observation(id, observation.row));
        if let Some(slot) = self.slots.get_mut(index) {
            slot.row.observation = id;
            slot.row.state = ExchangeState::Observing;
            if target != 0 {
                self.memory.targets.insert((slot.pair, target), index);
            }
            self.memory.observers.insert(slot.token.key(slot.row.client.0), index);
        }
        self.slots.put_observation(index, observation);
        self.ended_beforehand(index, context);
        (id, number)
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
    fn ended_beforehand(&mut self, index: u32, context: &mut Context<'_, '_>) {
        let Some(slot) = self.slots.get(index) else { return };
        let registration = slot.row.request;
        let Some(later) = self.slots.open_beside(slot) else { return };
        let Some(id) = self.slots.observation(index).map(|observation| observation.id) else { return };
        let Some(slot) = self.slots.get_mut(later) else { return };
        if !slot.asked.deregisters || slot.row.request < registration {
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
        let same = self
            .slots
            .observation(before)
            .is_some_and(|it| !is_another(it.target, target) && it.row.registration != NO_RECORD);
        if same {
            let taken = self.slots.take_observation(before);
            self.slots.observe_no_more(before, self.clock.stamp());
            return taken;
        }
        self.end_observation(before, ObservationEnd::Replaced, context.arrival.record, &mut context.out);
        None
    }

    /// The state of an observation may be out of date.
    #[inline(never)]
    pub(super) fn out_of_date(&mut self, index: u32, steady: i64, out: &mut Output<'_>) {
        let Some((_, observation)) = self.slots.observed_mut(index).filter(|(_, it)| !it.is_over()) else { return };
        let due = observation.stale_at;
        if due >= steady {
            if due != i64::MAX {
                self.timers.stale_at(due, index);
            }
            return;
        }
        observation.stale_at = i64::MAX;
        let life = i64::from(observation.row.max_age) * SECOND + LATE;
        if self.clock.paused(due.saturating_sub(life), life) {
            return;
        }
        let (record, age) = (observation.last_record(), i64::from(observation.row.max_age) * SECOND);
        let finding = Finding::new(Rule::ObsExpired, MESSAGE_ID);
        out.find(record, finding.with(record, age));
    }

    /// The observation ended only by silence or an ICMP error, so it may go on.
    pub(super) fn goes_on(&self, index: u32) -> bool {
        let observation = self.slots.observation(index);
        observation.is_some_and(|observation| {
            matches!(observation.row.end, ObservationEnd::TimedOut | ObservationEnd::Unreachable)
        })
    }

    /// The server goes on, though it had no ACK to any copy of a notification.
    #[cold]
    #[inline(never)]
    pub(super) fn go_on(&mut self, index: u32, context: &mut Context<'_, '_>) {
        self.slots.observe(index, self.clock.stamp());
        let now = context.arrival.record;
        if let Some(observation) = self.observation(index)
            && observation.row.end == ObservationEnd::TimedOut
        {
            let (record, lost) = (std::mem::replace(&mut observation.lost_said, NO_RECORD), observation.row.ended_by);
            let finding = lost_notification(lost, now);
            context.out.patch(Patch::Graver { record, finding, was: finding.severity });
        }
    }

    /// A Reset to a notification, or to the response that accepted the registration.
    #[inline(never)]
    pub(super) fn reset_notification(&mut self, sent: &Sent, context: &mut Context<'_, '_>) {
        if sent.observation.0 == 0 {
            return;
        }
        let Some(slot) = self.slots.get_mut(sent.slot) else { return };
        let mut index = sent.slot;
        if slot.observation == NOTHING {
            // The observation went on under a newer registration.
            let token = slot.token;
            index = self.slots.under(context.pair, &token).observing;
        }
        let open = self
            .observation(index)
            .is_some_and(|observation| observation.id == sent.observation && !observation.is_over());
        if open {
            context.find(Rule::ObsCancelRst, i64::from(sent.record), 0);
            self.end_observation(index, ObservationEnd::Reset, context.arrival.record, &mut context.out);
        }
    }

    /// Ends an observation.
    #[inline(never)]
    pub(super) fn end_observation(&mut self, index: u32, end: ObservationEnd, by: RecordId, out: &mut Output<'_>) {
        let now = self.clock.now();
        self.forget_observed(index);
        let Some(observation) = self.observation(index) else { return };
        observation.row.end = end;
        observation.row.ended_by = by;
        observation.ended = now;
        let given_up = (by != observation.row.last).then_some(observation.confirmable);
        out.patch(Patch::Observation(observation.id, observation.row));
        if let Some(handle) = given_up {
            self.no_longer_outstanding(handle);
        }
        self.slots.observe_no_more(index, self.clock.stamp());
    }

    /// Nobody observes the target under this slot any more.
    pub(super) fn forget_observed(&mut self, index: u32) {
        let Some(slot) = self.slots.get(index) else { return };
        if let Some(observation) = self.slots.observation(index) {
            let key = (slot.pair, observation.target);
            if self.memory.targets.get(&key) == Some(&index) {
                self.memory.targets.remove(&key);
            }
            let key = slot.token.key(slot.row.client.0);
            if let Some(members) = self.memory.members.get_mut(&key) {
                let slots = &self.slots;
                members.retain(|member| *member != index && slots.observation(*member).is_some());
                if members.is_empty() {
                    self.memory.members.remove(&key);
                }
            }
            if self.memory.observers.get(&key) == Some(&index) {
                self.memory.observers.remove(&key);
            }
        }
    }

    /// So soon after the end that the message may have been under way (one round trip).
    pub(super) fn in_flight(&self, index: u32) -> bool {
        let Some(slot) = self.slots.get(index) else { return false };
        let Some(observation) = self.slots.observation(index) else { return false };
        self.clock.since(observation.ended).is_some_and(|elapsed| elapsed <= slot.row.round_trip.max(0))
    }
}

/// Nobody acknowledged a notification, but the server went on with another, where that is known.
pub(super) fn lost_notification(lost: RecordId, next: RecordId) -> Finding {
    Finding::new(Rule::ObsCancelTimeout, MESSAGE_ID).with(lost, next)
}
