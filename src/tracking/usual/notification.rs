//! A notification of an observation that goes on.

use crate::coap::MessageType;
use crate::tracking::Tracker;
use crate::tracking::context::Context;
use crate::tracking::judge::{has_method, similar};
use crate::tracking::marks::Marked;
use crate::tracking::model::{ExchangeRow, ObserveOrder, Patch, Relation, Role, Tracked};
use crate::tracking::notification::pace;
use crate::tracking::sent::{OUTSTANDING, SentTable, key};
use crate::tracking::slots::{Asked, Slot, SlotKind, USUAL, asked};

impl Tracker {
    /// The first copy of a notification with a number, of an observation under a token with which nothing else goes on.
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
        let (slot, observation, kept) = self.slots.observed_by_mut(index)?;
        let told_another =
            |format: Option<u16>| facts.content_format.is_some_and(|now| format.is_some_and(|format| format != now));
        if told_another(observation.format)
            || !observation.goes_on_plainly()
            || !slot.is(USUAL)
                && (asked_oddly(slot, asked(kept, slot), context) || told_another(asked(kept, slot).accept))
        {
            return None;
        }
        let (steady, stamp, confirmable) =
            (self.clock.steady(), self.clock.stamp(), facts.kind == MessageType::Confirmable);
        let opens = confirmable && !self.early.may_answer(context.now.time);
        let handle = self.sent.insert(owner, (key, stamp, false), context, |sent| {
            (sent.slot, sent.exchange, sent.observation) = (index, slot.id.0, observation.id);
            sent.role = Role::Notification;
            sent.mark_if(opens, OUTSTANDING);
        });
        self.counters.count_sent(confirmable);
        let (slot, observation) = if confirmable {
            let before = std::mem::replace(&mut observation.confirmable, handle);
            self.no_longer_outstanding(before);
            self.opened(handle, opens, context);
            self.slots.observed_mut(index)?
        } else {
            (slot, observation)
        };
        slot.opened_at = slot.opened_at.max(steady);
        let previous = slot.row.last;
        let mut order = ObserveOrder::Next;
        let mut observed = match observation.is_next(value) {
            true => observation.go_up(value, context),
            false => {
                order = observation.take_number(context, &self.clock);
                self.counters.notifications_stale += u64::from(order.is_behind());
                observation.row
            }
        };
        pace(observation, context, &self.clock);
        if !order.is_behind() {
            observation.freshen(index, context, stamp, &mut self.timers);
        }
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
            order,
            transmission: u16::from(confirmable),
            ..Tracked::alone(Role::Notification)
        };
        let (similar, bare) = similar(slot);
        self.remember(similar, bare, context);
        Some(tracked)
    }
}

/// Whether something may be to be said of a notification for what its registration asks, if that is not a usual request.
#[inline(never)]
fn asked_oddly(slot: &Slot, asked: &Asked, context: &Context<'_, '_>) -> bool {
    let row = &slot.row;
    let of_one = slot.kind == SlotKind::Exchange && !row.multicast;
    !of_one
        || asked.cut
        || asked.oscore
        || row.no_response != 0
        || asked.bad_critical != 0
        || !has_method(context.facts.says.fits, row.method)
}
