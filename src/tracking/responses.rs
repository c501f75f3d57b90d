//! Responses in CON and NON: which request or observation they belong to, by token (RFC 7252 section 5.3.2).

use super::Tracker;
use super::clock::between;
use super::context::Context;
use super::marks::Marked;
use super::model::{NO_RECORD, Patch, RecordId, Role, Tracked};
use super::observation::Observation;
use super::sent::{CONFIRMABLE, Handle, Sent, Travel};
use super::slots::{NONE, Slot, SlotKind, Under};
use super::tokens::Token;
use crate::coap::{MessageType, Rule, Severity};

/// Of so many notifications behind the end of an observation is known that it was said.
const BEHIND_END: usize = 8;

/// What a response belongs to.
enum Target {
    /// The request in a slot.
    Request(u32),
    /// A notification.
    Observation(u32),
    /// The observation is over.
    Ended(u32),
    /// An answer to a multicast request.
    Group(u32),
    /// The request with this token went to another endpoint.
    Elsewhere(u32),
    /// A notification, though the registration in a slot was refused.
    Refused(u32),
    /// Nothing that was captured.
    Nothing,
}

impl Tracker {
    /// A response in a CON or NON of its own.
    #[inline(never)]
    pub(super) fn respond(&mut self, handle: Handle, context: &mut Context<'_, '_>) -> Tracked {
        let token = context.facts.token;
        let unsure = self.accepted_unseen(context);
        let target = self.target(&token, context);
        if context.facts.kind == MessageType::Confirmable {
            if let Target::Observation(slot) | Target::Request(slot) = target {
                self.replace_notification(slot, handle);
            }
            self.outstanding(handle, context);
        }
        match target {
            Target::Request(slot) if !context.facts.plain && self.is_of_unseen_block(slot, context) => {
                self.answer_unseen(slot, context)
            }
            Target::Request(slot) => {
                self.own_response(handle, slot);
                let ambiguous = self.shares_token(slot, context);
                let mut tracked = self.answer(slot, context);
                tracked.ambiguous = ambiguous;
                tracked
            }
            Target::Group(slot) => {
                self.own_response(handle, slot);
                let ambiguous = self.may_be_for_one(&token, context);
                let mut tracked = self.answer(slot, context);
                tracked.ambiguous = ambiguous;
                tracked
            }
            Target::Observation(slot) => {
                self.own_response(handle, slot);
                let renewed = self.may_have_renewed(slot, context);
                let mut tracked = self.notify(slot, context);
                tracked.ambiguous = unsure || renewed || self.may_be_for_older(slot, context);
                self.note_crossing(slot, &tracked, context);
                tracked.ambiguous |= self.may_answer_crossed(context);
                tracked
            }
            Target::Ended(slot) => self.notify_ended(slot, context),
            Target::Elsewhere(slot) => {
                self.say_wrong_endpoint(slot, context);
                Tracked::alone(Role::Other)
            }
            Target::Refused(slot) => {
                let request = self.request_of(slot);
                self.say_unknown(request, context);
                Tracked::alone(Role::Other)
            }
            Target::Nothing if token.is_unknown() => Tracked::alone(Role::Other),
            Target::Nothing if context.facts.observe.is_some() => self.overhear(handle, token, context),
            Target::Nothing => {
                let severity = self.unless_unseen(Rule::RespUnmatched, context);
                context.find_token(Rule::RespUnmatched, severity, 0, 0);
                self.answers_nothing((Rule::RespUnmatched, severity), context);
                Tracked::alone(Role::Other)
            }
        }
    }

    /// The response at hand answers nothing so far, of which was said what is told here.
    #[cold]
    pub(super) fn answers_nothing(&mut self, orphan: (Rule, Severity), context: &Context<'_, '_>) {
        self.early.push(context, orphan);
        self.memory.orphans.insert(context.record(), orphan);
        self.note_taken(context);
    }

    /// The slot of a request that waits for the response at hand, and had none so far.
    pub(super) fn waits_for(&self, context: &Context<'_, '_>) -> Option<u32> {
        match self.target(&context.facts.token, context) {
            Target::Request(index) => {
                let waits = |slot: &&Slot| slot.row.state.is_waiting() && slot.row.responses == 0;
                self.slots.get(index).filter(waits).map(|_| index)
            }
            Target::Group(index) => Some(index),
            _ => None,
        }
    }

    /// Lets the message table know where the response belongs.
    pub(super) fn own_response(&mut self, handle: Handle, slot: u32) {
        if let Some(sent) = self.sent.get_mut(handle) {
            sent.slot = slot;
        }
    }

    fn target(&self, token: &Token, context: &Context<'_, '_>) -> Target {
        if !self.memory.groups.is_empty() {
            if let Some(group) = self.group_as_source(token, context) {
                return Target::Elsewhere(group);
            }
            if let Some(group) = self.group_before_one(token, context) {
                return Target::Group(group);
            }
        }
        let under = self.slots.under(context.pair.reversed(), token);
        if under.open != NONE {
            return self.target_of_open(&under, context);
        }
        if let Some(closed) = self.answered_by_notification(under.closed, context) {
            return Target::Request(closed);
        }
        if under.observing != NONE {
            let renewed = self.renewed_in_group(under.observing, token, context);
            return renewed.map_or(Target::Observation(under.observing), Target::Group);
        }
        let [ended, closed] = [under.ended, under.closed].map(|slot| self.if_not_over(slot));
        let ended = if self.may_begin_anew(ended, context) { NONE } else { ended };
        if self.goes_on(ended) {
            return Target::Observation(ended);
        }
        let group = self.group_of(token, context).filter(|slot| !self.ended_in_group(ended, *slot, context));
        if let Some(slot) = group.filter(|slot| !self.is_notification_beside(*slot, context)) {
            return Target::Group(slot);
        }
        let is_told = context.facts.observe.is_some() || closed == NONE || closed == ended;
        if ended != NONE && (is_told || self.may_be_the_last(ended, closed, context)) {
            return Target::Ended(ended);
        }
        if let Some(slot) = self.slots.get(closed) {
            let refused = slot.registers() && context.facts.observe.is_some();
            if refused || !self.is_notification_beside(closed, context) {
                return if refused { Target::Refused(closed) } else { Target::Request(closed) };
            }
        }
        let may_be_for = |slot: &u32| self.may_come_from_elsewhere(*slot, context);
        self.elsewhere(token, context).find(may_be_for).map_or(Target::Nothing, Target::Elsewhere)
    }

    /// The error at hand may be the last notification of an observation, and was under way when the request in a closed slot ended that, or its answer
    /// did (RFC 7641 section 4.2).
    fn may_be_the_last(&self, ended: u32, closed: u32, context: &Context<'_, '_>) -> bool {
        let by = self.slots.observation(ended).map_or(NO_RECORD, |observation| observation.row.ended_by);
        let ends = |slot: &Slot| {
            let ending = if slot.deregisters() { slot.row.request } else { slot.row.response };
            slot.observes() && slot.row.responses == 1 && ending == by
        };
        let is_told = by != NO_RECORD && context.facts.code.is_error() && self.slots.get(closed).is_some_and(ends);
        is_told && self.is_under_way(ended, context)
    }

    /// A closed slot, unless it is closed for longer than EXCHANGE_LIFETIME, though not yet forgotten.
    fn if_not_over(&self, slot: u32) -> u32 {
        if self.slots.is_over(slot, self.clock.steady(), self.lifetime) { NONE } else { slot }
    }

    /// A request is open under the token: the response is its, unless it is a notification that crosses it.
    fn target_of_open(&self, under: &Under, context: &Context<'_, '_>) -> Target {
        let open = Target::Request(under.open);
        let Some(request) = self.slots.get(under.open) else { return open };
        // A client that thought better of it waits for both answers; only that to its registration has Observe.
        let registers = |slot: &Slot| slot.registers();
        if request.deregisters()
            && context.facts.observe.is_some()
            && self.slots.get(request.link.behind).is_some_and(registers)
        {
            return Target::Request(request.link.behind);
        }
        if request.link.behind != NONE
            && !context.facts.plain
            && let Some(by_block) = self.open_by_block(under.open, context)
        {
            return Target::Request(by_block);
        }
        if request.link.behind != NONE
            && let Some(fitting) = self.open_that_fits(under, context)
        {
            return Target::Request(fitting);
        }
        if under.observing != NONE && self.is_outlived(request, under.observing, context) {
            return Target::Observation(under.observing);
        }
        if context.facts.observe.is_none() {
            let ends = context.facts.code.is_error() && under.observing != NONE && request.registers();
            let aside = ends && self.comes_aside(request, under.observing, context);
            return if aside { Target::Observation(under.observing) } else { open };
        }
        self.target_with_observe(under, request, context)
    }

    /// The same of a message with Observe, which may be a notification.
    fn target_with_observe(&self, under: &Under, request: &Slot, context: &Context<'_, '_>) -> Target {
        let open = Target::Request(under.open);
        if request.kind != SlotKind::Exchange {
            // A malformed request asks for no notification.
            return if under.observing == NONE { open } else { Target::Observation(under.observing) };
        }
        // A Confirmable request without its ACK: a response of its own cannot be told from a notification under way.
        let before_ack = request.row.confirmable && request.acknowledgement == NO_RECORD;
        let aside = || before_ack || !request.registers() || self.comes_aside(request, under.observing, context);
        if under.observing != NONE && aside() {
            return Target::Observation(under.observing);
        }
        let ended = self.if_not_over(under.ended);
        if ended == NONE && self.is_notification_beside(under.open, context) {
            return Target::Nothing;
        }
        if request.registers() || ended == NONE {
            return open;
        }
        // Nothing else is answered with Observe, unless it may be that an observer who thought better of it is, as its ACK promised.
        let promised = request.deregisters() && request.row.confirmable && !before_ack;
        let told = promised && context.facts.kind == MessageType::Confirmable;
        match self.goes_on(ended) {
            true => Target::Observation(ended),
            false if told && !self.is_under_way(ended, context) => open,
            false => Target::Ended(ended),
        }
    }

    /// So soon after the end of an observation that a notification may have been under way: after what ended it, and after a later copy of that,
    /// where its server may have had none before, or the ACK of it.
    fn is_under_way(&self, ended: u32, context: &Context<'_, '_>) -> bool {
        let Some(slot) = self.slots.get(ended) else { return false };
        let open = self.slots.open_beside(slot).and_then(|open| self.slots.get(open));
        let request = open.filter(|request| request.deregisters() && request.is_waiting());
        let soon = |since: Travel| {
            between(since.at(), context.now).is_some_and(|elapsed| elapsed <= slot.row.round_trip.max(0))
        };
        let sent = request.and_then(|request| self.sent.get(request.sent));
        self.in_flight(ended)
            || sent.is_some_and(|sent| soon(self.sent.last(sent)) || soon(self.sent.newest_answer(sent).0))
    }

    pub(super) fn request_of(&self, slot: u32) -> RecordId {
        self.slots.get(slot).map_or(NO_RECORD, |slot| slot.row.request)
    }

    /// The open requests of the same client with this token, to other endpoints, and its newest observation under it.
    pub(super) fn elsewhere(&self, token: &Token, context: &Context<'_, '_>) -> impl Iterator<Item = u32> {
        let fits = |slot: &Slot| {
            let unicast = slot.kind == SlotKind::Exchange && !slot.row.multicast;
            unicast && slot.token == *token && slot.pair != context.pair.reversed()
        };
        let client = context.arrival.destination;
        let observing = self.memory.observers.of_token(&self.slots, client, token);
        self.slots.of_client(client).chain(observing).filter(move |slot| self.slots.get(*slot).is_some_and(fits))
    }

    pub(super) fn say_wrong_endpoint(&self, slot: u32, context: &mut Context<'_, '_>) {
        let kind = self.kind_of_wrong_endpoint(slot, context);
        let request = i64::from(self.request_of(slot));
        context.find_token(Rule::RespWrongEndpoint, Rule::RespWrongEndpoint.severity(), request, kind);
    }

    /// A response in an ACK that would fit an open request, had that not gone to another endpoint.
    #[inline(never)]
    pub(super) fn piggybacked_elsewhere(&mut self, context: &mut Context<'_, '_>) -> bool {
        let facts = context.facts;
        let asked = |slot: u32| {
            let Some(handle) = self.slots.get(slot).map(|slot| slot.sent) else { return false };
            let awaits = |sent: &Sent| sent.is(CONFIRMABLE) && sent.key as u16 == facts.message_id;
            self.sent.get(handle).is_some_and(|sent| awaits(sent) && self.lives(handle, sent))
        };
        if !facts.code.is_response() {
            return false;
        }
        let Some(slot) = self.elsewhere(&facts.token, context).find(|slot| asked(*slot)) else { return false };
        self.say_wrong_endpoint(slot, context);
        true
    }

    /// An ACK with a Message ID that fits nothing, under the token of an observation. Once the state is out of date it may be the answer to a
    /// registration that renews that and was not captured.
    #[inline(never)]
    pub(super) fn in_observation_by_ack(&mut self, context: &mut Context<'_, '_>) -> bool {
        if context.facts.observe.is_none() {
            return false;
        }
        let under = self.slots.under(context.pair.reversed(), &context.facts.token);
        let Some(slot) = self.slots.get(under.observing).filter(|slot| slot.row.request != NO_RECORD) else {
            return false;
        };
        let is_fresh = |observation: &Observation| observation.fresh_since(context.now, &self.clock).is_some();
        if !self.slots.observation(under.observing).is_some_and(is_fresh) {
            return false;
        }
        let registration = i64::from(slot.row.request);
        context.find_code(Rule::ObsInAck, registration, 0);
        true
    }

    /// A further notification of an observation came in an ACK for its registration.
    #[inline(never)]
    pub(super) fn notified_in_ack(&mut self, sent: &Sent, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let slot = sent.slot;
        let registration = self.slots.get(slot)?.row.request;
        if sent.acknowledgement == NO_RECORD
            && let Some(answered) = self.answered_after_all(slot, context)
        {
            return Some(answered);
        }
        // The first ACK is the answer to the registration, though a notification has overtaken it. One behind another copy of the
        // registration answers that, and so does the second of two, each of which answers one of two copies.
        let again = self.sent.again(sent);
        let (copy, answer) = (self.sent.last(sent), self.sent.newest_answer(sent).0);
        let answers_copy = again.copies > 1 && again.answer.is_none()
            || between(answer.at(), copy.at()).is_some_and(|elapsed| elapsed > 0);
        if sent.acknowledgement != NO_RECORD && !answers_copy {
            context.find_code(Rule::ObsInAck, i64::from(registration), 0);
        }
        let observation = self.slots.observation(slot)?;
        if !observation.is_over() {
            return Some(self.notify(slot, context));
        }
        if answers_copy && again.last_record > observation.row.ended_by {
            return self.accepted_again(slot, context);
        }
        Some(self.notify_ended(slot, context))
    }

    /// A response under the token of an observation that is over.
    #[inline(never)]
    fn notify_ended(&mut self, slot: u32, context: &mut Context<'_, '_>) -> Tracked {
        if let (Some(number), Some((_, observation))) = (context.facts.observe, self.slots.observed_mut(slot))
            && observation.standing(number, context.now, &self.clock).is_behind()
            && observation.came_late(number, context)
        {
            context.out.patch(Patch::Observation(observation.id, observation.row));
        }
        if !self.is_under_way(slot, context) {
            self.say_behind_end(slot, context);
        }
        Tracked::alone(Role::Other)
    }

    #[cold]
    fn say_behind_end(&mut self, ended: u32, context: &mut Context<'_, '_>) {
        let open = self.slots.get(ended).and_then(|slot| self.slots.open_beside(slot));
        let request = open.and_then(|open| self.slots.get(open)).filter(|slot| slot.deregisters() && slot.is_waiting());
        let is_promised = request.is_some_and(|slot| slot.acknowledgement != NO_RECORD);
        let Some(observation) = self.observation(ended) else { return };
        let by = i64::from(observation.row.ended_by);
        if is_promised && observation.rare().is_none_or(|rare| rare.behind_end.len() < BEHIND_END) {
            observation.rare_mut().behind_end.push(context.record());
        }
        context.find_token(Rule::ObsAfterCancel, Rule::ObsAfterCancel.severity(), by, 0);
    }

    /// The request in a slot, which ended an observation, has the response that its ACK promised: until then its server need not have known of the end.
    pub(super) fn was_put_off(&mut self, index: u32, context: &mut Context<'_, '_>) {
        let Some(slot) = self.slots.get(index).filter(|slot| slot.acknowledgement != NO_RECORD) else { return };
        let (id, ended) = (slot.row.observation, self.slots.under(slot.pair, &slot.token).ended);
        let Some(observation) = self.observation(ended).filter(|it| it.id == id && it.rare().is_some()) else { return };
        for record in std::mem::take(&mut observation.rare_mut().behind_end) {
            let (rule, was) = (Rule::ObsAfterCancel, Rule::ObsAfterCancel.severity());
            context.out.patch(Patch::Withdrawn { record, rule, was });
        }
    }
}
