//! The first response to a [usual request](Tracker::usual_request), in its ACK or of its own.

use crate::coap::parameters::{AMPLIFICATION_FACTOR, AMPLIFICATION_SAFE_RESPONSE};
use crate::coap::{Code, MessageType, Rule};
use crate::tracking::Tracker;
use crate::tracking::clock::{between, may_hide_jump};
use crate::tracking::context::Context;
use crate::tracking::judge::has_method;
use crate::tracking::marks::Marked;
use crate::tracking::model::{AnswerKind, ExchangeState, NO_RECORD, Patch, Relation, Role, Tracked};
use crate::tracking::pairs::VERIFIED;
use crate::tracking::sent::{OUTSTANDING, Sent, SentTable, key};
use crate::tracking::slots::{NONE, SHARED, Slot, USUAL};

/// What the first response to a request tells of it.
#[derive(Clone, Copy)]
struct First {
    kind: AnswerKind,
    /// Nanoseconds since the first copy of the request.
    elapsed: i64,
    /// It came late: then that is said.
    slow: bool,
}

impl Tracker {
    /// A response in the ACK to a usual request, soon enough after its only copy, or after several.
    #[inline(always)]
    pub(super) fn usual_piggybacked(&mut self, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let (_, sent) = self.answered_sent(context)?;
        let elapsed = between(sent.first.at(), context.now)?;
        let (index, request) = (sent.slot, sent.record);
        if !self.acknowledges_in_time(sent, elapsed) {
            return None;
        }
        let slot = self.slots.recent(index)?;
        // A response in a CON of its own belongs to the slot as well.
        if slot.row.request != request || !self.is_plain_response(slot, context) {
            return None;
        }
        let slow = elapsed > self.options.parameters.ack_timeout;
        let first = First { kind: AnswerKind::Piggybacked, elapsed, slow };
        self.take_first(index, first, Role::PiggybackedResponse, context)
    }

    /// A response of its own to the only usual request that is open under its token, after the ACK if that is Confirmable.
    #[inline(always)]
    pub(super) fn usual_response(&mut self, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let (facts, key) = (context.facts, key(context.pair, context.facts.message_id));
        if self.early.answer(context) {
            return None;
        }
        let owner = self.sent.place(key);
        if !SentTable::is_new(owner) {
            return None;
        }
        let index = self.slots.only_open(context.pair.reversed(), &facts.token)?;
        if !self.memory.groups.is_empty() && self.group_of(&facts.token, context).is_some() {
            return None;
        }
        let slot = self.slots.recent(index)?;
        let elapsed = between(slot.started(), context.now)?;
        let confirmable = facts.kind == MessageType::Confirmable;
        if slot.row.confirmable != confirmable
            || confirmable && slot.acknowledgement == NO_RECORD
            || slot.observes()
            || slot.link.behind != NONE
            || slot.is(SHARED)
            || may_hide_jump(elapsed)
            || !slot.row.state.is_waiting()
            || !self.is_plain_response(slot, context)
        {
            return None;
        }
        let (role, kind) = match confirmable {
            true => (Role::SeparateResponse, AnswerKind::Separate),
            false => (Role::NonResponse, AnswerKind::Non),
        };
        let (opens, exchange) = (confirmable && self.opens(context), slot.id.0);
        let handle = self.sent.insert(owner, (key, self.clock.stamp(), false), context, |sent| {
            (sent.slot, sent.exchange, sent.role) = (index, exchange, role);
            sent.mark_if(opens, OUTSTANDING);
        });
        self.counters.count_sent(confirmable);
        if confirmable {
            self.opened(handle, opens, context);
        }
        let slow = elapsed > self.options.parameters.ack_timeout;
        let tracked = self.take_first(index, First { kind, elapsed, slow }, role, context)?;
        Some(Tracked { transmission: u16::from(confirmable), ..tracked })
    }

    /// Whether an ACK is the first answer to a Confirmable message that was captured so many nanoseconds before, and does not come late.
    #[inline(always)]
    pub(super) fn acknowledges_in_time(&self, sent: &Sent, elapsed: i64) -> bool {
        let in_time = match sent.is_alone() {
            true => elapsed <= self.options.parameters.processing_delay(),
            false => elapsed <= self.lifetime && self.sent.copies(sent) > 1,
        };
        sent.waits() && in_time && !may_hide_jump(elapsed)
    }

    /// Whether it is a usual request that is answered, and nothing odd can be said of the response.
    #[inline(always)]
    fn is_plain_response(&self, slot: &Slot, context: &Context<'_, '_>) -> bool {
        let facts = context.facts;
        let amplifies =
            || facts.length > slot.length.saturating_mul(AMPLIFICATION_FACTOR) && !self.pairs.has(slot.pair, VERIFIED);
        slot.is(USUAL)
            && slot.token == facts.token
            && facts.code != Code::VALID
            && (facts.length <= AMPLIFICATION_SAFE_RESPONSE as u32 || !amplifies())
            && has_method(facts.says.fits, slot.row.method)
    }

    /// Enters the response in the exchange and closes that.
    #[inline(always)]
    fn take_first(&mut self, index: u32, first: First, role: Role, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let (facts, record) = (context.facts, context.arrival.record);
        let slot = self.slots.closed_mut(index, self.clock.stamp())?;
        // Written once it is whole: see `Ring::push`.
        let mut row = slot.row;
        let previous = std::mem::replace(&mut row.last, record);
        (row.responses, row.round_trip, row.response) = (1, first.elapsed, record);
        (row.code, row.answer) = (facts.code.0, first.kind);
        row.state = ExchangeState::Answered;
        slot.row = row;
        let (exchange, asked, pair, observes) = (slot.id, slot.sent, slot.pair, slot.observes());
        self.settle_usual(asked, role, context);
        let at_once = !first.slow && !observes;
        match at_once {
            true => context.out.patch(Patch::Answered(exchange, row)),
            false => context.out.patch(Patch::AnsweredBy { record: row.request, by: record }),
        }
        if first.slow {
            context.find_code(Rule::RespSlow, i64::from(row.request), first.elapsed);
        }
        self.remember((pair, row.resource, row.method), true, context);
        self.counters.ack += u64::from(role == Role::PiggybackedResponse);
        self.count_response(role);
        self.counters.exchanges_answered += 1;
        let tracked = Tracked {
            exchange,
            relation: Relation::Answers,
            relates_to: row.request,
            previous_in_exchange: previous,
            ..Tracked::alone(role)
        };
        if at_once {
            return Some(tracked);
        }
        if !observes {
            context.out.patch(Patch::Exchange(exchange, row));
            return Some(tracked);
        }
        let (observation, order) = self.after_response(index, true, context);
        context.out.patch(Patch::Exchange(exchange, self.slots.get(index)?.row));
        Some(Tracked { observation, order, ..tracked })
    }
}
