//! The next notification of an observation.

use crate::coap::{Code, MessageType};
use crate::tracking::Tracker;
use crate::tracking::context::Context;
use crate::tracking::judge::{fits, similar};
use crate::tracking::model::{ExchangeRow, ObserveOrder, Patch, Relation, Role, Tracked};
use crate::tracking::notification::pace;
use crate::tracking::sent::{Sent, SentTable, key};
use crate::tracking::slots::SlotKind;

impl Tracker {
    /// The first copy of a notification with the next number, of an observation under a token with which nothing else goes on.
    #[inline(always)]
    pub(super) fn usual_notification(&mut self, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let (facts, record) = (context.facts, context.arrival.record);
        let (value, key) = (facts.observe?, key(context.pair, facts.message_id));
        if self.early.answer(context) {
            return None;
        }
        let owner = self.sent.place(key);
        if !SentTable::is_new(owner) {
            return None;
        }
        let index = self.slots.only_observed(context.pair.reversed(), &facts.token)?;
        let (slot, observation) = self.slots.observed_mut(index)?;
        let (asked, row) = (&slot.asked, &slot.row);
        let formats = [asked.accept, observation.format].into_iter().flatten();
        let format_told = facts.content_format.is_some_and(|now| formats.into_iter().any(|format| format != now));
        let asked_oddly = asked.cut || asked.oscore || asked.no_response != 0 || asked.bad_critical != 0;
        let of_one = slot.kind == SlotKind::Exchange && !row.multicast;
        if !of_one
            || asked_oddly
            || format_told
            || !observation.is_next(value)
            || !fits(facts.code, Code(row.method), false)
        {
            return None;
        }
        let (steady, stamp) = (self.clock.steady(), self.clock.stamp());
        let mut sent = Sent::new(key, stamp, context, false);
        (sent.slot, sent.exchange, sent.observation) = (index, slot.id.0, observation.id);
        sent.role = Role::Notification;
        let transmission = u16::from(sent.confirmable);
        let handle = self.sent.insert(owner, sent);
        if facts.kind == MessageType::Confirmable {
            let before = std::mem::replace(&mut observation.confirmable, handle);
            self.no_longer_outstanding(before);
            self.outstanding(handle, context);
        }
        self.count_type(context);
        let (slot, observation) = self.slots.observed_mut(index)?;
        slot.opened_at = slot.opened_at.max(steady);
        let previous = slot.row.last;
        let mut observed = observation.go_up(value, context);
        pace(observation, context, &self.clock);
        observation.freshen(index, context, stamp, &mut self.timers);
        observed.max_age = observation.row.max_age;
        self.counters.notifications += 1;
        context.out.patch(Patch::Observation(observation.id, observed));
        // Changed only behind this: to copy in large what was just written in small waits for the memory.
        context.out.patch(Patch::Exchange(slot.id, ExchangeRow { last: record, ..slot.row }));
        slot.row.last = record;
        let tracked = Tracked {
            exchange: slot.id,
            observation: observation.id,
            relation: Relation::Answers,
            relates_to: slot.row.request,
            previous_in_exchange: previous,
            order: ObserveOrder::Next,
            transmission,
            ..Tracked::alone(Role::Notification)
        };
        let (similar, bare) = similar(slot);
        self.remember(similar, bare, context);
        Some(tracked)
    }
}
