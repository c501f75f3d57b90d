//! The first copy of a request, and of one to observe.

use crate::coap::MessageType;
use crate::tracking::Tracker;
use crate::tracking::context::Context;
use crate::tracking::exchange::{new_row, observes};
use crate::tracking::marks::Marked;
use crate::tracking::model::{ExchangeId, ExchangeRow, Patch, Role, Tracked};
use crate::tracking::owners::Place;
use crate::tracking::pairs::{Direction, TOLD};
use crate::tracking::sent::{Handle, MessageKey, OUTSTANDING, SentTable, key};
use crate::tracking::slots::{Asked, Observes, Slot, SlotKind, USUAL};

impl Tracker {
    /// The first copy of a request without Observe, under a Message ID and a token that are free.
    #[inline(always)]
    pub(super) fn usual_request(&mut self, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let (facts, pair) = (context.facts, context.pair);
        let back = self.pairs.direction_of(pair.reversed());
        if self.asks_oddly(back, context) || self.memory.fresh(context).is_some() {
            return None;
        }
        let key = key(pair, facts.message_id);
        let owner = self.sent.place(key);
        if !SentTable::is_new(owner) {
            return None;
        }
        let place = self.slots.place(pair, &facts.token);
        if !self.slots.is_idle(place) {
            return None;
        }
        let (id, handle) = self.begin(key, owner, Role::Request, back, context);
        let row = new_row(context);
        context.out.patch(Patch::Exchange(id, row));
        let mut slot = Slot::new(SlotKind::Exchange, id, row, facts.token, pair, context.now);
        (slot.sent, slot.length) = (handle, facts.length);
        slot.mark(USUAL);
        self.slots.insert_at(place, slot, self.clock.stamp());
        Some(Tracked { exchange: id, transmission: u16::from(row.confirmable), ..Tracked::alone(Role::Request) })
    }

    /// The first copy of a request to observe, or not to any more, under a Message ID and a token that are free. Somebody may observe under it.
    #[inline(never)]
    pub(super) fn usual_registration(&mut self, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let (facts, pair) = (context.facts, context.pair);
        let observes = observes(facts);
        let registers = observes == Observes::Registers;
        let back = self.pairs.direction_of(pair.reversed());
        if observes == Observes::No || !facts.asks_for_digest() || self.asks_oddly(back, context) {
            return None;
        }
        let key = key(pair, facts.message_id);
        let owner = self.sent.place(key);
        if !SentTable::is_new(owner) {
            return None;
        }
        let place = self.slots.place(pair, &facts.token);
        let observing = self.slots.observed_at(place)?;
        self.memory.observers.ask(pair, facts.digest, context.arrival.source, &facts.token);
        let (id, handle) = self.begin(key, owner, Role::Registration, back, context);
        let (role, ended) = self.before_whole_request((pair, registers), facts.digest, observing, context);
        let observation = ended.unwrap_or_default();
        let row = ExchangeRow { observation, ..new_row(context) };
        context.out.patch(Patch::Exchange(id, row));
        // Where an observation ended, the place may be another.
        let place = if registers { place } else { self.slots.place(pair, &facts.token) };
        let mut slot = Slot::new(SlotKind::Exchange, id, row, facts.token, pair, context.now);
        (slot.sent, slot.length, slot.observes) = (handle, facts.length, observes);
        slot.asked = self.slots.keep_asked(Asked { target: facts.digest, ..Asked::NOTHING });
        slot.mark(USUAL);
        self.slots.insert_at(place, slot, self.clock.stamp());
        if !registers && let Some(sent) = self.sent.get_mut(handle) {
            (sent.role, sent.observation) = (role, observation);
        }
        let transmission = u16::from(row.confirmable);
        Some(Tracked { exchange: id, observation, transmission, ..Tracked::alone(role) })
    }

    /// Whether something may be to be said of a request: a server that refused something may be asked again too soon, an answer may have been
    /// captured before, or its token be that of a request to a group. `back`: the way from its receiver.
    #[inline(always)]
    fn asks_oddly(&self, back: Direction, context: &Context<'_, '_>) -> bool {
        back.has(TOLD) || self.early.answer(context) || self.is_of_group(&context.facts.token, context)
    }

    /// Enters a request under its Message ID, the slot of which comes next.
    #[inline(always)]
    fn begin(
        &mut self,
        key: MessageKey,
        owner: Place,
        role: Role,
        back: Direction,
        context: &mut Context<'_, '_>,
    ) -> (ExchangeId, Handle) {
        self.exchanges += 1;
        self.counters.exchanges += 1;
        let (opens, slot, exchange) = (self.opens(context), self.slots.next(), self.exchanges);
        self.counters.count_sent(context.facts.kind == MessageType::Confirmable);
        let handle = self.sent.insert(owner, (key, self.clock.stamp(), false), context, |sent| {
            (sent.slot, sent.exchange, sent.role) = (slot, exchange, role);
            sent.mark_if(opens, OUTSTANDING);
        });
        if !back.is_seen() {
            self.probe_unanswered(context);
        }
        self.opened(handle, opens, context);
        (ExchangeId(self.exchanges), handle)
    }
}
