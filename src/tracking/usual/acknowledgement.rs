//! The first empty ACK.

use crate::tracking::Tracker;
use crate::tracking::clock::between;
use crate::tracking::context::Context;
use crate::tracking::marks::Marked;
use crate::tracking::model::{ExchangeId, ExchangeRow, ExchangeState, Patch, Relation, Role, Tracked};
use crate::tracking::pairs::VERIFIED;
use crate::tracking::sent::MALFORMED;
use crate::tracking::slots::{Slot, SlotKind};

impl Tracker {
    /// An empty ACK to a message of an exchange, soon enough after its only copy, or after several.
    #[inline(always)]
    pub(super) fn usual_acknowledgement(&mut self, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let record = context.record();
        let (handle, sent) = self.answered_sent(context)?;
        let elapsed = between(sent.first.at(), context.now)?;
        let (index, about, request) = (sent.slot, sent.record, sent.is_request());
        if sent.code == 0 || sent.is(MALFORMED) || !self.acknowledges_in_time(sent, elapsed) {
            return None;
        }
        let (exchange, observation) = (ExchangeId(sent.exchange), sent.observation);
        let slot = self.slots.get_mut(index)?;
        let waits = |slot: &Slot| slot.row.request == about && slot.row.state == ExchangeState::Open;
        if slot.kind != SlotKind::Exchange || slot.row.multicast || request && !waits(slot) {
            return None;
        }
        let previous = slot.row.last;
        let state = if request { ExchangeState::Acknowledged } else { slot.row.state };
        if request {
            slot.acknowledgement = record;
            self.timers.acknowledged(self.clock.stamp(), index);
        } else {
            // Whoever sent it receives what is sent to its address.
            self.pairs.direction(context.pair).mark(VERIFIED);
        }
        // Changed only behind this: to copy in large what was just written in small waits for the memory.
        let row = ExchangeRow { last: record, state, ..slot.row };
        if request {
            context.out.patch(Patch::Answered(slot.id, row));
        } else {
            context.out.patch(Patch::AnsweredBy { record: about, by: record });
            context.out.patch(Patch::Exchange(slot.id, row));
        }
        (slot.row.last, slot.row.state) = (record, state);
        let freed = self.sent.change(handle, |sent| {
            sent.note_answer(context);
            sent.note_ack(Role::EmptyAck, context);
            sent.release()
        });
        self.release(freed.flatten());
        self.counters.ack += 1;
        Some(Tracked {
            exchange,
            observation,
            relation: Relation::Acknowledges,
            relates_to: about,
            previous_in_exchange: previous,
            ..Tracked::alone(Role::EmptyAck)
        })
    }
}
