//! Acknowledgements and Resets: which message they answer, and their copies (RFC 7252 sections 4.2 to 4.5).

use super::Tracker;
use super::addressee::is_another;
use super::again::Acknowledged;
use super::clock::elapsed;
use super::context::Context;
use super::facts::folded;
use super::marks::Marked;
use super::message_layer::Sameness;
use super::model::{ExchangeId, ExchangeState, NO_RECORD, Patch, RecordId, Relation, Role, Tracked};
use super::pairs::VERIFIED;
use super::sent::{CONFIRMABLE, Handle, MALFORMED, MULTICAST, Sent, UNREACHABLE, stray_key};
use super::slots::{Slot, SlotKind};
use crate::coap::{Code, MessageType, Rule, Severity};

/// The ACK of a message that is known, the newest of several.
fn newest_ack(sent: &Sent) -> Option<Acknowledged> {
    let newest = Acknowledged { record: sent.acknowledgement, hash: sent.ack_hash, role: sent.ack_role };
    (newest.record != NO_RECORD).then_some(newest)
}

/// To carry out such a request twice is the same as to do it once (RFC 7252 section 5.1, RFC 8132 sections 2 and 3).
fn is_idempotent(method: Code) -> bool {
    matches!(method, Code::GET | Code::PUT | Code::DELETE | Code::FETCH | Code::IPATCH)
}

/// What an ACK or Reset that comes again is, and the record to name: of a datagram that came twice the one `before`, of which the time is told.
fn again_as(kind: Sameness, before: RecordId, first: RecordId) -> (Rule, RecordId) {
    if kind == Sameness::Doubled { (Rule::NetDuplicate, before) } else { (Rule::MidDuplicateAck, first) }
}

impl Sent {
    /// Notes the message at hand, if it is the first to answer.
    #[inline(always)]
    pub fn note_answer(&mut self, context: &Context<'_, '_>) {
        if !self.is_answered() {
            (self.answer, self.answered_by) = (context.travel(), context.record());
        }
    }

    /// Notes the ACK at hand.
    #[inline(always)]
    pub fn note_ack(&mut self, role: Role, context: &Context<'_, '_>) {
        (self.acknowledgement, self.ack_hash, self.ack_role) = (context.record(), folded(context.facts.hash), role);
    }
}

impl Tracker {
    /// A well-formed ACK or RST.
    pub(super) fn track_answer(&mut self, context: &mut Context<'_, '_>) -> Tracked {
        let message_id = context.facts.message_id;
        let direct = self.addressee(context).filter(|direct| !self.is_for_another(*direct, context));
        let owner = direct.or_else(|| self.sent.find_group(context.arrival.destination, message_id));
        let Some((owner, sent)) = owner
            .and_then(|owner| Some((owner, *self.sent.get(owner)?)))
            .filter(|(owner, sent)| self.lives(*owner, sent))
        else {
            return self.track_stray(context);
        };
        if sent.is(MULTICAST) && direct.is_some() {
            return self.answer_from_group(&sent, context);
        }
        let reset = context.facts.kind == MessageType::Reset;
        // Each member of a group answers for itself: what comes from another is no copy.
        let stray = stray_key(context.pair, message_id, reset);
        let known = if direct.is_some() { direct } else { self.sent.find(stray) };
        if let Some((known, held)) = known.and_then(|known| Some((known, *self.sent.get(known)?)))
            && let Some(tracked) = self.answer_again(known, &held, context)
        {
            return tracked;
        }
        self.counters.count_type(context.facts.kind);
        let mut holder = owner;
        if direct.is_none() {
            let rule = if reset { Rule::McastRst } else { Rule::McastAck };
            context.find(rule, i64::from(sent.record), 0);
            let place = self.sent.place(stray);
            holder = self.own(context, stray, place, false);
            if let Some(member) = self.sent.get_mut(holder) {
                (member.slot, member.exchange) = (sent.slot, sent.exchange);
            }
        }
        self.answer_to(owner, holder, &sent, context)
    }

    /// A message that owns the Message ID of an ACK or RST is not what that answers: it goes to a group, from where nobody sends, or rejects a newer
    /// message to a group.
    fn is_for_another(&self, direct: Handle, context: &Context<'_, '_>) -> bool {
        let arrival = context.arrival;
        let record = |handle: Handle| self.sent.get(handle).map(|sent| sent.record);
        let group = || self.sent.find_group(arrival.destination, context.facts.message_id);
        arrival.multicast
            || context.facts.kind == MessageType::Reset && group().is_some_and(|group| record(group) > record(direct))
    }

    /// The first copy of an ACK or RST to a message. `holder` knows its copies: the message, or for a group the answer of this member.
    pub(super) fn answer_to(
        &mut self,
        owner: Handle,
        holder: Handle,
        sent: &Sent,
        context: &mut Context<'_, '_>,
    ) -> Tracked {
        let reset = context.facts.kind == MessageType::Reset;
        self.judge_second_answer(sent, reset, context);
        let tracked = if reset { self.track_reset(owner, sent, context) } else { self.track_ack(owner, sent, context) };
        if owner != holder {
            self.sent.change(owner, |sent| sent.note_answer(context));
        }
        let told = self.sent.change(holder, |sent| {
            sent.note_answer(context);
            let known = newest_ack(sent);
            // What has the token of another leaves the ACK that is known in its place.
            let replaces = tracked.role != Role::Other || known.is_none();
            if reset {
                sent.reset = context.record();
            } else if replaces {
                sent.note_ack(tracked.role, context);
            }
            (sent.answered_by == context.record(), known.filter(|known| replaces && known.role != Role::Other))
        });
        if let Some((false, before)) = told
            && let Some(again) = self.sent.again_mut(holder)
        {
            again.answer = Some((context.travel(), context.record()));
            again.first_ack = again.first_ack.or(before);
        }
        tracked
    }

    /// An ACK or Reset to it may still come, also to a NON whose number is free again (RFC 7252 section 4.4).
    #[inline]
    pub(super) fn lives(&self, handle: Handle, sent: &Sent) -> bool {
        let lives = self.clock.age(sent.first.at(), || self.sent.stamp(handle)) <= self.lifetime;
        lives || self.clock.has_paused() && self.waits_across_jump(handle, sent, self.lifetime)
    }

    /// Nothing answered a message before the clock jumped last, and it was sent no longer ago than this, if no time passed in the jump: the clock may
    /// have been set, as on a host that learns the time only after its start.
    #[cold]
    #[inline(never)]
    pub(super) fn waits_across_jump(&self, handle: Handle, sent: &Sent, life: i64) -> bool {
        let stamp = self.sent.stamp(handle);
        let waited = !sent.is_answered() || self.clock.is_behind_jump(sent.answer.at());
        waited && self.clock.jumped_since(stamp) && self.clock.without_jump(stamp) <= life
    }

    /// A copy of an ACK or RST that was captured before.
    #[inline(never)]
    pub(super) fn answer_again(
        &mut self,
        owner: Handle,
        sent: &Sent,
        context: &mut Context<'_, '_>,
    ) -> Option<Tracked> {
        let reset = context.facts.kind == MessageType::Reset;
        let (first, role) = if reset {
            (sent.reset, self.reset_role(sent))
        } else {
            let known = [newest_ack(sent), self.sent.again(sent).first_ack];
            // What the capture cut is told by header and token.
            let head = context.facts.whole_head(context.bytes, &self.seed);
            let is_same = |known: &Acknowledged| [context.facts.hash, head].map(folded).contains(&known.hash);
            let same = known.into_iter().flatten().find(is_same)?;
            (same.record, same.role)
        };
        if first == NO_RECORD {
            return None;
        }
        let (newest, before) = self.sent.newest_answer(sent);
        let elapsed = elapsed(newest.at(), context.now);
        let alone = Tracked { relates_to: first, ..Tracked::alone(role) };
        let (kind, _) = self.likeness(&sent.answer, &newest, context);
        if let Some(again) = self.sent.again_mut(owner) {
            again.answer = Some((context.travel(), context.record()));
        }
        self.counters.count_type(context.facts.kind);
        if kind == Sameness::Captured {
            context.find(Rule::CaptureCopy, i64::from(before), elapsed);
            return Some(Tracked { relation: Relation::CopyOf, ..alone });
        }
        if context.facts.code.is_response() {
            self.counters.duplicate_acks += 1;
        }
        let (rule, named) = again_as(kind, before, first);
        context.find(rule, i64::from(named), elapsed);
        let previous = self.enter(sent.slot, context);
        Some(Tracked {
            exchange: ExchangeId(sent.exchange),
            observation: sent.observation,
            apart: self.is_apart(sent),
            relation: Relation::Duplicates,
            previous_in_exchange: previous,
            ..alone
        })
    }

    fn reset_role(&self, sent: &Sent) -> Role {
        if sent.code == 0 && !sent.is(MALFORMED) { Role::Pong } else { Role::Reset }
    }

    /// Enters the message at hand in the exchange of a slot; returns the message before it there.
    pub(super) fn enter(&mut self, index: u32, context: &mut Context<'_, '_>) -> RecordId {
        let record = context.arrival.record;
        let Some(slot) = self.slots.get_mut(index) else {
            return NO_RECORD;
        };
        let mut previous = std::mem::replace(&mut slot.row.last, record);
        match slot.kind {
            SlotKind::Exchange => context.out.patch(Patch::Exchange(slot.id, slot.row)),
            SlotKind::Member => {
                let group = self.group_of_member(index);
                if let Some(group) = group.and_then(|group| self.slots.get_mut(group)) {
                    previous = std::mem::replace(&mut group.row.last, record);
                    context.out.patch(Patch::Exchange(group.id, group.row));
                }
            }
            _ => {}
        }
        previous
    }

    /// What a message belongs to is an observation of one member of a group, not of the exchange with all.
    pub(super) fn is_apart(&self, sent: &Sent) -> bool {
        let member = |slot: &Slot| slot.kind == SlotKind::Member || slot.row.multicast;
        sent.observation.0 != 0 && self.slots.get(sent.slot).is_some_and(member)
    }

    /// A different answer came before.
    fn judge_second_answer(&self, sent: &Sent, reset: bool, context: &mut Context<'_, '_>) {
        // Of what the capture cut nobody knows whether it differs.
        if sent.is(MULTICAST) || context.arrival.cut && !reset {
            return;
        }
        let other = if reset { sent.acknowledgement } else { sent.reset };
        if other != NO_RECORD {
            context.find(Rule::AckAndRst, i64::from(other), self.sent.again(sent).once());
        } else if !reset
            && let Some(first) = self.sent.again(sent).first_ack.or_else(|| newest_ack(sent))
            && first.role != Role::Other
            && !self.is_of_another(sent, context)
        {
            // Who carries out again what can be carried out again may answer anew, but nobody may answer after an empty ACK.
            let may_differ = first.role != Role::EmptyAck && is_idempotent(Code(sent.code));
            let once = self.sent.again(sent).once();
            let allowed = may_differ && context.facts.code.is_response();
            let severity = if allowed { Severity::Note } else { Rule::AckChanged.severity() };
            context.find_at(Rule::AckChanged, severity, super::context::MESSAGE_ID, i64::from(first.record), once);
        }
    }

    /// An ACK to a message that was captured.
    fn track_ack(&mut self, owner: Handle, sent: &Sent, context: &mut Context<'_, '_>) -> Tracked {
        let about = i64::from(sent.record);
        let ping = sent.code == 0 && !sent.is(MALFORMED);
        if !sent.is(CONFIRMABLE) && !sent.is(MULTICAST) && !sent.is_stray() {
            context.find(Rule::AckToNon, about, 0);
        } else if ping {
            context.find(Rule::EmptyPingAcked, about, 0);
        } else if self.sent.copies(sent) == 1
            && sent.is(CONFIRMABLE)
            && sent.acknowledgement == NO_RECORD
            && let Some(elapsed) = self.clock.took(sent.first.at(), context.now)
            && elapsed > self.options.parameters.processing_delay()
        {
            context.find(Rule::AckSlow, about, elapsed);
        }
        let to_request = sent.is_request();
        if !to_request {
            if context.facts.code.is_response() && sent.is(CONFIRMABLE) && !ping {
                context.find_code(Rule::RespPiggybackOnCon, about, 0);
            }
            return self.acknowledge(owner, sent, context);
        }
        if !context.facts.code.is_response() {
            return self.acknowledge(owner, sent, context);
        }
        self.piggybacked(owner, sent, context)
    }

    /// An ACK that is no response: empty, or to something that is no request.
    #[inline(never)]
    fn acknowledge(&mut self, owner: Handle, sent: &Sent, context: &mut Context<'_, '_>) -> Tracked {
        if sent.is(UNREACHABLE) {
            self.reached_after_all(owner, &mut context.out);
        }
        let request = sent.is_request();
        let mut unanswered = sent.code != 0 && !sent.is_answered();
        if let Some(slot) = self.slots.get_mut(sent.slot)
            && request
            && slot.row.request == sent.record
        {
            // To what is malformed responses are counted only.
            unanswered = slot.row.response == NO_RECORD && slot.row.responses == 0 && slot.acknowledgement == NO_RECORD;
            if unanswered {
                slot.acknowledgement = context.arrival.record;
            }
            if slot.kind == SlotKind::Exchange && slot.row.state == ExchangeState::Open {
                slot.row.state = ExchangeState::Acknowledged;
                self.timers.acknowledged(self.clock.stamp(), sent.slot);
            }
        }
        if unanswered {
            context.out.patch(Patch::AnsweredBy { record: sent.record, by: context.arrival.record });
        }
        // A request that was acknowledged is not open in the sense of NSTART, whatever it still waits for (RFC 7252 section 4.7).
        self.no_longer_outstanding(owner);
        if !request {
            self.server_verified(sent, context);
        }
        Tracked {
            exchange: ExchangeId(sent.exchange),
            observation: sent.observation,
            apart: self.is_apart(sent),
            relation: Relation::Acknowledges,
            relates_to: sent.record,
            previous_in_exchange: self.enter(sent.slot, context),
            ..Tracked::alone(Role::EmptyAck)
        }
    }

    /// A response in an ACK: the token must match too.
    fn piggybacked(&mut self, owner: Handle, sent: &Sent, context: &mut Context<'_, '_>) -> Tracked {
        let token = context.facts.token;
        let slot = self.slots.get_mut(sent.slot);
        let Some(slot) = slot.filter(|slot| slot.row.request == sent.record) else {
            // The exchange was evicted, or is a malformed request without a token.
            return self.acknowledge(owner, sent, context);
        };
        if is_another(&slot.token, &token) {
            if slot.kind == SlotKind::Exchange {
                let about = i64::from(sent.record);
                context.find_token(Rule::RespTokenMismatch, Rule::RespTokenMismatch.severity(), about, 0);
            }
            return Tracked::alone(Role::Other);
        }
        if slot.row.responses > 0
            && context.facts.observe.is_some()
            && slot.registers()
            && let Some(tracked) = self.notified_in_ack(sent, context)
        {
            return tracked;
        }
        self.answer(sent.slot, context)
    }

    /// A Reset to a message that was captured.
    #[inline(never)]
    fn track_reset(&mut self, owner: Handle, sent: &Sent, context: &mut Context<'_, '_>) -> Tracked {
        let role = self.reset_role(sent);
        if role == Role::Reset && !sent.is(MALFORMED) {
            context.find(Rule::RstRejects, i64::from(sent.record), 0);
        }
        let request = sent.is_request();
        let previous = self.enter(sent.slot, context);
        if self.slots.get(sent.slot).is_some_and(|slot| slot.row.request == sent.record) {
            self.reset_exchange(sent.slot, context);
            if let Some(slot) = self.slots.get(sent.slot)
                && slot.kind == SlotKind::Exchange
            {
                context.out.patch(Patch::Exchange(slot.id, slot.row));
            }
        }
        let ping = sent.code == 0 && !sent.is(MALFORMED);
        if !request && (ping || !sent.is_answered()) || sent.is(MALFORMED) && self.closes_malformed(sent) {
            context.out.patch(Patch::AnsweredBy { record: sent.record, by: context.arrival.record });
        }
        self.no_longer_outstanding(owner);
        if !request {
            self.server_verified(sent, context);
            self.reset_notification(sent, context);
        }
        Tracked {
            exchange: ExchangeId(sent.exchange),
            observation: sent.observation,
            apart: self.is_apart(sent),
            relation: Relation::Resets,
            relates_to: sent.record,
            previous_in_exchange: previous,
            ..Tracked::alone(role)
        }
    }

    /// The receiver of a response proves that it is where it says it is.
    fn server_verified(&mut self, sent: &Sent, context: &Context<'_, '_>) {
        if !sent.is(MALFORMED) {
            self.pairs.direction(context.pair).mark(VERIFIED);
        }
    }

    /// An ACK or RST that answers nothing captured.
    #[inline(never)]
    fn track_stray(&mut self, context: &mut Context<'_, '_>) -> Tracked {
        let facts = &context.facts;
        let reset = facts.kind == MessageType::Reset;
        let stray = stray_key(context.pair, facts.message_id, reset);
        let known = self.sent.find(stray).filter(|handle| {
            self.sent.get(*handle).is_some_and(|sent| sent.hash == facts.hash && self.lives(*handle, sent))
        });
        if let Some((handle, sent)) = known.and_then(|handle| Some((handle, *self.sent.get(handle)?))) {
            return self.stray_again(handle, &sent, context);
        }
        self.counters.count_type(context.facts.kind);
        let role = self.judge_stray(context.record(), context);
        let place = self.sent.place(stray);
        let handle = self.own(context, stray, place, false);
        if let Some(sent) = self.sent.get_mut(handle) {
            sent.role = role;
        }
        Tracked::alone(role)
    }

    #[inline(never)]
    fn stray_again(&mut self, handle: Handle, sent: &Sent, context: &mut Context<'_, '_>) -> Tracked {
        let last = self.sent.last(sent);
        let (kind, _) = self.likeness(&sent.first, &last, context);
        let alone = Tracked { relates_to: sent.record, ..Tracked::alone(sent.role) };
        let (elapsed, before) = (elapsed(last.at(), context.now), self.sent.again(sent).last_record);
        if let Some(again) = self.sent.again_mut(handle) {
            (again.last, again.last_record) = (context.travel(), context.record());
        }
        self.counters.count_type(context.facts.kind);
        if kind == Sameness::Captured {
            context.find(Rule::CaptureCopy, i64::from(before), elapsed);
            return Tracked { relation: Relation::CopyOf, ..alone };
        }
        if context.facts.code.is_response() {
            self.counters.duplicate_acks += 1;
        }
        let (rule, named) = again_as(kind, before, sent.record);
        context.find(rule, i64::from(named), elapsed);
        if kind == Sameness::Repeated {
            self.judge_stray(sent.record, context);
            self.early.note_again(context);
        }
        Tracked { relation: Relation::Duplicates, ..alone }
    }
}
