//! Answers that were captured just before what they answer, as happens where several queues or interfaces are captured.

use std::collections::VecDeque;

use super::Tracker;
use super::clock::{Moment, SECOND};
use super::context::{Context, Output};
use super::counters::Counters;
use super::facts::Facts;
use super::marks::Marked;
use super::model::{Arrival, Patch, ResourceId, Tracked};
use super::observation::Observation;
use super::pairs::PairNumber;
use super::sent::{CONFIRMABLE, Handle, key};
use crate::coap::{MessageType, Rule, Severity, UNKNOWN_TIME};
use crate::frame::is_known_time;

/// An answer is not captured longer than this before what it answers.
const EARLY: i64 = SECOND / 100;
/// So many of the newest are kept.
const KEPT: usize = 16;
/// Longer ones are not kept.
const LONGEST: usize = 2048;

/// An ACK, Reset or response that answered nothing when it came.
struct Early {
    arrival: Arrival,
    now: Moment,
    facts: Facts,
    bytes: Box<[u8]>,
    pair: PairNumber,
    /// What was said of it for that.
    orphan: (Rule, Severity),
    /// It was said to be a copy of another that answered nothing.
    again: bool,
}

/// The newest answers that answered nothing.
pub(super) struct EarlyAnswers {
    list: VecDeque<Early>,
    /// Time of the newest, nanoseconds since 1970.
    newest: i64,
}

impl Default for EarlyAnswers {
    fn default() -> Self {
        Self { list: VecDeque::new(), newest: UNKNOWN_TIME }
    }
}

impl EarlyAnswers {
    /// One of them may answer a message of this time.
    #[inline]
    pub fn may_answer(&self, now: i64) -> bool {
        // Nearly none is: what all that are have in common comes first.
        let near = now.wrapping_sub(self.newest).wrapping_add(EARLY) as u64 <= 2 * EARLY as u64;
        near && is_near(self.newest, now)
    }

    /// One of them answers the message at hand.
    #[inline]
    pub fn answer(&self, context: &Context<'_, '_>) -> bool {
        self.may_answer(context.now.time) && self.list.iter().any(|early| early.answers(context))
    }

    /// Keeps the message at hand, of which was said that it answers nothing.
    #[cold]
    pub fn push(&mut self, context: &Context<'_, '_>, orphan: (Rule, Severity)) {
        self.newest = context.now.time;
        if context.arrival.cut || context.bytes.len() > LONGEST {
            return;
        }
        if self.list.len() == KEPT {
            self.list.pop_front();
        }
        let (arrival, facts) = (*context.arrival, *context.facts);
        self.list.push_back(Early {
            arrival,
            now: context.now,
            facts,
            bytes: context.bytes.into(),
            pair: context.pair,
            orphan,
            again: false,
        });
    }

    /// The message at hand is a copy of another that answered nothing.
    #[cold]
    pub fn note_again(&mut self, context: &Context<'_, '_>) {
        if let Some(newest) = self.list.back_mut().filter(|early| early.arrival.record == context.record()) {
            newest.again = true;
        }
    }

    /// Another message in the direction and with the token of the message at hand came: none of those before it answers what comes.
    #[cold]
    pub fn pass(&mut self, context: &Context<'_, '_>) {
        self.list.retain(|early| early.pair != context.pair || early.facts.token != context.facts.token);
    }

    /// Takes the oldest that answers the message at hand.
    fn take(&mut self, context: &Context<'_, '_>) -> Option<Early> {
        let at = self.list.iter().position(|early| early.answers(context))?;
        self.list.remove(at)
    }
}

/// Two times, in nanoseconds since 1970, are so close that an answer of the one may have been captured before a message of the other that it
/// answers.
pub fn is_near(one: i64, other: i64) -> bool {
    is_known_time(one) && is_known_time(other) && one.abs_diff(other) <= EARLY.unsigned_abs()
}

impl Early {
    fn answers(&self, context: &Context<'_, '_>) -> bool {
        let (asked, own) = (context.facts, &self.facts);
        let to_request = asked.code.is_request() && own.token == asked.token;
        let fits = match own.kind {
            MessageType::Reset => own.message_id == asked.message_id,
            MessageType::Acknowledgement => {
                let acknowledges = asked.kind == MessageType::Confirmable && own.message_id == asked.message_id;
                acknowledges && if own.code.is_empty() { !asked.code.is_empty() } else { to_request }
            }
            // What may be a notification is an answer to nothing but a registration.
            _ => to_request && (own.observe.is_none() || asked.registers()),
        };
        fits && self.pair == context.pair.reversed() && is_near(self.now.time, context.now.time)
    }
}

impl Tracker {
    /// A message came whose answer may have been captured before it: that is related as if it came now.
    #[cold]
    #[inline(never)]
    pub(super) fn answer_early(&mut self, handle: Handle, context: &mut Context<'_, '_>) {
        while let Some(early) = self.early.take(context) {
            let (record, (rule, was)) = (early.arrival.record, early.orphan);
            context.out.patch(Patch::Withdrawn { record, rule, was });
            // Whose copy it is shows anew: it answers what came now, and may be the first to do so.
            if early.again {
                let (rule, was) = (Rule::MidDuplicateAck, Rule::MidDuplicateAck.severity());
                context.out.patch(Patch::Withdrawn { record, rule, was });
                self.counters.duplicate_acks -= u64::from(early.facts.code.is_response());
            }
            let out = Output { patches: &mut *context.out.patches };
            let mut context = Context {
                arrival: &early.arrival,
                now: early.now,
                facts: &early.facts,
                bytes: &early.bytes,
                resource: ResourceId(0),
                pair: early.pair,
                out,
            };
            if let Some(tracked) = self.relate_early(handle, &mut context) {
                context.out.patch(Patch::Related { record, tracked });
            }
        }
    }

    /// A copy came of a response that answered nothing. A request may have come in between that it answers, and waits for it: that was
    /// sent before, but no copy of it was captured then. How long the answer took is not known.
    #[cold]
    #[inline(never)]
    pub(super) fn answer_by_copy(&mut self, own: Handle, context: &mut Context<'_, '_>) {
        let Some(record) = self.sent.get(own).map(|sent| sent.record) else { return };
        let Some((rule, was)) = self.memory.orphans.get(&record).copied() else { return };
        // Where others were heard under the token, somebody had registered long before.
        let one_of_many = |it: &Observation| it.row.last != record || it.row.notifications > 1;
        if self.sent.get(own).and_then(|sent| self.slots.observation(sent.slot)).is_some_and(one_of_many) {
            return;
        }
        let Some(slot) = self.waits_for(context) else { return };
        self.memory.orphans.remove(&record);
        context.out.patch(Patch::Withdrawn { record, rule, was });
        let arrival = Arrival { record, ..*context.arrival };
        let out = Output { patches: &mut *context.out.patches };
        let mut first = Context { arrival: &arrival, out, ..*context };
        if let Some(tracked) = self.relate_response(own, slot, &mut first) {
            context.out.patch(Patch::Related { record, tracked });
        }
    }

    fn relate_early(&mut self, asked: Handle, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let sent = *self.sent.get(asked)?;
        if matches!(context.facts.kind, MessageType::Acknowledgement | MessageType::Reset) {
            // Its type was counted when it came.
            let Counters { ack, rst, .. } = self.counters;
            let again = self.answer_again(asked, &sent, context);
            (self.counters.ack, self.counters.rst) = (ack, rst);
            return Some(again.unwrap_or_else(|| self.answer_to(asked, asked, &sent, context)));
        }
        let own = self.sent.find(key(context.pair, context.facts.message_id))?;
        self.relate_response(own, sent.slot, context)
    }

    /// A response of its own is the answer to the request in a slot after all.
    fn relate_response(&mut self, own: Handle, slot: u32, context: &mut Context<'_, '_>) -> Option<Tracked> {
        self.own_response(own, slot);
        let tracked = self.answer(slot, context);
        let response = self.sent.get_mut(own)?;
        (response.role, response.exchange) = (tracked.role, tracked.exchange.0);
        response.observation = tracked.observation;
        Some(Tracked { transmission: u16::from(response.is(CONFIRMABLE)), ..tracked })
    }
}
