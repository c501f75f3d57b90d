//! Observations: how they go on and end (RFC 7641).

use std::mem::offset_of;

use super::Tracker;
use super::ahead::ask_lines;
use super::climb::Climb;
use super::clock::{Clock, Moment, SECOND, between};
use super::context::{Context, MESSAGE_ID, Output};
use super::crossing::Crossing;
use super::expiry::Timers;
use super::model::{
    ExchangeState, NO_RECORD, ObservationEnd, ObservationId, ObservationRow, ObserveOrder, Patch, RecordId,
};
use super::notification::Payload;
use super::order::{Skipped, order};
use super::sent::{Handle, Sent};
use super::slab::NOTHING;
use super::slots::{NONE, Slot, SlotKind};
use crate::coap::parameters::{DEFAULT_MAX_AGE, OBSERVE_REORDER_WINDOW};
use crate::coap::{Finding, Rule};

/// A notification that comes so much later than Max-Age says is in time: servers count from when they send.
const LATE: i64 = SECOND / 5;

/// An observation.
#[derive(Clone)]
pub(super) struct Observation {
    pub id: ObservationId,
    pub row: ObservationRow,
    /// See [`freshest_at`](Self::freshest_at).
    pub freshest_epoch: u32,
    /// The message that told of the state which the client holds: none that came late is that (RFC 7641 section 3.4).
    pub told_by: RecordId,
    /// When that arrived.
    pub told_at: Moment,
    /// Steady time at which the state is out of date.
    pub stale_at: i64,
    /// Steady time at which that is looked at next; `i64::MAX`: not at all.
    pub looked_at: i64,
    /// Content-Format of the first response.
    pub format: Option<u16>,
    /// Numbers that were newer than the one before, and whether each was newer by one.
    pub steps: u32,
    pub by_one: bool,
    pub climb: Climb,
    /// The last Confirmable message of it.
    pub confirmed_at: Moment,
    pub unconfirmed_said: bool,
    /// When the first Non-confirmable notification came; once it is over, when it ended.
    pub since: Moment,
    /// How many of these there were.
    pub non_count: u32,
    pub fast_said: bool,
    /// Hash of what is observed; 0 where that is not known.
    pub target: u64,
    /// The newest Confirmable message of it: the server gives up the one before for it.
    pub confirmable: Handle,
    rare: Option<Box<Rare>>,
}

const _: () = assert!(size_of::<Observation>() <= 184);

/// What few observations have. Apart, since all memory that is taken costs time, and observations are many.
#[derive(Clone, Default)]
pub(super) struct Rare {
    /// Partial IV of the freshest notification, where OSCORE protects it and it has one.
    pub sequence: Option<i64>,
    /// The first payload of the newest notification, if its body goes by Q-Block2.
    pub payload: Option<Payload>,
    /// The gap in its numbers, if one is told of.
    pub skipped: Option<Skipped>,
    /// The notification that crossed the registration which renews it.
    pub crossing: Option<Crossing>,
    /// The notifications of which was said that they come behind its end, while a response to what ended it was promised.
    pub behind_end: Vec<RecordId>,
    /// The registration that renews it was accepted by a message of its own: the next one may have done so as well.
    pub in_doubt: bool,
    /// The message of which was said that nobody acknowledged the notification that ended it.
    pub lost_said: Option<RecordId>,
}

impl Observation {
    pub fn is_over(&self) -> bool {
        self.row.end != ObservationEnd::Open
    }

    /// Asks memory for it, line by line.
    #[inline]
    pub fn ask(&self) {
        ask_lines::<Self, _>(&self.stale_at, offset_of!(Self, stale_at));
    }

    /// What few have, if it has something of that.
    pub fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    /// The same, to be changed.
    pub fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// When the freshest notification arrived.
    #[inline]
    pub fn freshest_at(&self) -> Moment {
        Moment { time: self.row.freshest_time, epoch: self.freshest_epoch }
    }

    /// The message at hand tells of the newest state: notes when that will be out of date; `stamp` is the steady time, `index` the slot.
    #[inline(always)]
    pub fn freshen(&mut self, index: u32, context: &Context<'_, '_>, stamp: i64, timers: &mut Timers) {
        let age = context.facts.max_age.unwrap_or(DEFAULT_MAX_AGE);
        self.row.max_age = age;
        (self.told_by, self.told_at) = (context.arrival.record, context.now);
        self.stale_at = stamp.saturating_add(i64::from(age) * SECOND + LATE);
        self.look_at(index, timers);
    }

    /// Sees to it that it is looked at when its state is out of date.
    #[inline(always)]
    pub fn look_at(&mut self, index: u32, timers: &mut Timers) {
        if self.stale_at < self.looked_at {
            timers.stale_at(self.stale_at, index);
            self.looked_at = self.stale_at;
        }
    }

    /// How old the state is, while it is known to be fresh.
    pub fn fresh_since(&self, now: Moment, clock: &Clock) -> Option<i64> {
        clock.took(self.told_at, now).filter(|elapsed| *elapsed < i64::from(self.row.max_age) * SECOND)
    }

    /// How a number stands to the freshest. Numbers are missing only where all before went up by one, and no pause of the capture hid them.
    pub fn standing(&self, number: u32, now: Moment, clock: &Clock) -> ObserveOrder {
        match order(number, now, self.row.freshest, self.freshest_at()) {
            ObserveOrder::Gap
                if !self.by_one || self.steps == 0 || clock.seen_since(self.freshest_at()) != self.freshest_at() =>
            {
                ObserveOrder::Newer
            }
            // What the clock jumped may be no time that passed: what passed behind it did.
            ObserveOrder::NewerByTime if clock.took(self.freshest_at(), now).is_none() => {
                let since = clock.seen_since(self.freshest_at());
                let is_newer = between(since, now).is_some_and(|elapsed| elapsed > OBSERVE_REORDER_WINDOW);
                if is_newer { ObserveOrder::NewerByTime } else { ObserveOrder::None }
            }
            standing => standing,
        }
    }

    /// The last message of it: a notification, or the response that accepted the newest registration.
    pub fn last_record(&self) -> RecordId {
        newest([self.row.last, self.row.accepted])
    }

    /// One that the request in a slot asked for; `target`: 0 where that is not known.
    #[inline(always)]
    pub fn new(id: ObservationId, slot: &Slot, target: u64, now: Moment) -> Self {
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
            same: [0; 3],
            end: ObservationEnd::Open,
        };
        Self {
            id,
            row,
            freshest_epoch: now.epoch,
            told_by: NO_RECORD,
            told_at: now,
            stale_at: i64::MAX,
            looked_at: i64::MAX,
            format: None,
            steps: 0,
            by_one: true,
            climb: Climb::default(),
            confirmed_at: now,
            unconfirmed_said: false,
            since: now,
            non_count: 0,
            fast_said: false,
            target,
            confirmable: Handle::NONE,
            rare: None,
        }
    }
}

impl Tracker {
    pub(super) fn observation(&mut self, slot: u32) -> Option<&mut Observation> {
        self.slots.observed_mut(slot).map(|(_, observation)| observation)
    }

    /// The state of an observation may be out of date.
    #[inline(never)]
    pub(super) fn out_of_date(&mut self, index: u32, steady: i64, out: &mut Output<'_>) {
        let Some((_, observation)) = self.slots.observed_mut(index) else { return };
        // Where the state is to last shorter than before, it is looked at twice.
        if observation.looked_at >= steady {
            return;
        }
        observation.looked_at = i64::MAX;
        let due = observation.stale_at;
        if observation.is_over() || due == i64::MAX {
            return;
        }
        if due >= steady {
            observation.looked_at = due;
            self.timers.stale_at(due, index);
            return;
        }
        observation.stale_at = i64::MAX;
        let life = i64::from(observation.row.max_age) * SECOND + LATE;
        if self.clock.paused(due.saturating_sub(life), life) {
            return;
        }
        let (record, age) = (observation.told_by, i64::from(observation.row.max_age) * SECOND);
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
        self.open_again(index, &mut context.out);
        let now = context.arrival.record;
        if let Some(observation) = self.observation(index)
            && observation.row.end == ObservationEnd::TimedOut
        {
            let record = observation.rare_mut().lost_said.take().unwrap_or(NO_RECORD);
            let lost = observation.row.ended_by;
            let finding = lost_notification(lost, now);
            context.out.patch(Patch::Graver { record, finding, was: finding.severity });
        }
    }

    /// An observation that had ended goes on: it lives, and is found again by what it observes and by its client.
    #[cold]
    #[inline(never)]
    pub(super) fn open_again(&mut self, index: u32, out: &mut Output<'_>) {
        self.slots.observe(index, self.clock.stamp());
        let (Some(slot), Some(observation)) = (self.slots.get(index), self.slots.observation(index)) else { return };
        if slot.kind != SlotKind::Overheard {
            self.memory.observers.put(&self.slots, index, slot, observation.target);
        }
        if slot.kind == SlotKind::Member {
            let members = self.memory.members.entry(slot.token.key(slot.row.client.0)).or_default();
            if !members.contains(&index) {
                members.push(index);
            }
        }
        self.in_force(index, true, out);
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
        (observation.since, observation.non_count) = (now, 0);
        let given_up = (by != observation.row.last).then_some(observation.confirmable);
        out.patch(Patch::Observation(observation.id, observation.row));
        if let Some(handle) = given_up {
            self.no_longer_outstanding(handle);
        }
        self.in_force(index, false, out);
        self.slots.observe_no_more(index, self.clock.stamp());
    }

    /// Whether the registration of an observation is in force, from now on: for one of a group as long as that of any member is.
    pub(super) fn in_force(&mut self, index: u32, is: bool, out: &mut Output<'_>) {
        let Some(slot) = self.slots.get(index) else { return };
        let place = match slot.kind {
            SlotKind::Exchange => index,
            SlotKind::Member if is || !self.memory.members.contains_key(&slot.token.key(slot.row.client.0)) => {
                self.group_of_member(index).unwrap_or(NONE)
            }
            _ => return,
        };
        let (from, to) = match is {
            true => (ExchangeState::Observed, ExchangeState::Observing),
            false => (ExchangeState::Observing, ExchangeState::Observed),
        };
        if let Some(slot) = self.slots.get_mut(place).filter(|slot| slot.row.state == from) {
            slot.row.state = to;
            out.patch(Patch::Exchange(slot.id, slot.row));
        }
    }

    /// An observation is found no more by what it observes, nor by its client. Whether there is one in the slot.
    pub(super) fn unlist(&mut self, index: u32) -> bool {
        let (Some(slot), Some(observation)) = (self.slots.get(index), self.slots.observation(index)) else {
            return false;
        };
        self.memory.observers.remove(index, slot, observation.target);
        true
    }

    /// Nobody observes the target under this slot any more.
    pub(super) fn forget_observed(&mut self, index: u32) {
        if self.unlist(index)
            && let Some(slot) = self.slots.get(index)
        {
            let key = slot.token.key(slot.row.client.0);
            if let Some(members) = self.memory.members.get_mut(&key) {
                let slots = &self.slots;
                members.retain(|member| *member != index && slots.observation(*member).is_some());
                if members.is_empty() {
                    self.memory.members.remove(&key);
                }
            }
        }
    }

    /// So soon after the end that the message may have been under way (one round trip).
    pub(super) fn in_flight(&self, index: u32) -> bool {
        let Some(slot) = self.slots.get(index) else { return false };
        let Some(observation) = self.slots.observation(index) else { return false };
        self.clock.since(observation.since).is_some_and(|elapsed| elapsed <= slot.row.round_trip.max(0))
    }
}

/// The newer of two messages, as far as there are any.
fn newest(records: [RecordId; 2]) -> RecordId {
    records.into_iter().filter(|record| *record != NO_RECORD).max().unwrap_or(NO_RECORD)
}

/// Nobody acknowledged a notification, but the server went on with another, where that is known.
pub(super) fn lost_notification(lost: RecordId, next: RecordId) -> Finding {
    Finding::new(Rule::ObsCancelTimeout, MESSAGE_ID).with(lost, next)
}
