//! ACKs and Resets that answer nothing captured, and what is known of them nevertheless (RFC 7252 sections 4.2, 4.4 and 5.3.2).

use super::Tracker;
use super::clock::between;
use super::context::{Context, MESSAGE_ID, less};
use super::marks::Marked;
use super::model::{NO_RECORD, RecordId, Role};
use super::sent::{CONFIRMABLE, Handle, MALFORMED, MULTICAST, Sent, Travel, key, stray_key};
use super::slots::{NONE, Slot, Under};
use crate::coap::finding::Orphan;
use crate::coap::{MessageType, Rule, Severity};

/// So many of the newest Confirmable messages are looked at for one that went elsewhere.
const LOOKED_BACK: usize = 64;

impl Tracker {
    /// What is wrong with an ACK or RST that answers no CON or NON. `first`: its first copy.
    #[inline(never)]
    pub(super) fn judge_stray(&mut self, first: RecordId, context: &mut Context<'_, '_>) -> Role {
        if context.facts.kind == MessageType::Reset {
            if let Some(record) = self.just_answered(context) {
                context.find(Rule::RstToAck, i64::from(record), 0);
            } else {
                self.say_orphan(Rule::RstOrphan, first, context);
            }
            return Role::Reset;
        }
        if self.in_observation_by_ack(context) || self.piggybacked_elsewhere(context) {
            return Role::Other;
        }
        if context.facts.observe.is_some() {
            self.renewed_unseen(context);
        }
        self.say_orphan(Rule::AckOrphan, first, context);
        self.note_taken(context);
        if context.facts.code.is_response() { Role::Other } else { Role::EmptyAck }
    }

    fn say_orphan(&mut self, rule: Rule, first: RecordId, context: &mut Context<'_, '_>) {
        let (mut severity, mut about) = (self.unless_unseen(rule, context), Orphan::Alone.number(NO_RECORD));
        if context.arrival.multicast {
            about = Orphan::ToGroup.number(NO_RECORD);
        } else if let Some((request, is_sure)) = self.open_with_token(first, context) {
            about = Orphan::TokenOpen.number(request);
            severity = if is_sure { Severity::Error } else { rule.severity() };
        } else if let Some(record) = self.sent_elsewhere(first, context) {
            about = Orphan::WentElsewhere.number(record);
        }
        context.find_at(rule, severity, MESSAGE_ID, i64::from(context.facts.message_id), about);
        self.early.push(context, (rule, severity));
    }

    /// The request that is open with the token of a piggybacked response, and whether that answers no other: a token that tells something, and
    /// was used for nothing else. A request that came behind the first copy of the response is not meant.
    #[cold]
    fn open_with_token(&self, first: RecordId, context: &Context<'_, '_>) -> Option<(RecordId, bool)> {
        let (facts, back) = (context.facts, context.pair.reversed());
        if facts.kind != MessageType::Acknowledgement || !facts.code.is_response() || facts.token.is_unknown() {
            return None;
        }
        let Under { open, closed, observing, ended } = self.slots.under(back, &facts.token);
        let waits = |slot: &&Slot| slot.is_waiting() && slot.row.confirmable && slot.row.request < first;
        let slot = self.slots.get(open).filter(waits)?;
        let only = [closed, observing, ended, slot.link.behind].iter().all(|other| *other == NONE);
        Some((slot.row.request, only && facts.token.length() > 0))
    }

    /// A Confirmable message without an answer that has the Message ID of an ACK or Reset, but went to another endpoint than that comes from; to
    /// which nothing went, since else it may answer what is not in the capture.
    #[cold]
    fn sent_elsewhere(&self, first: RecordId, context: &Context<'_, '_>) -> Option<RecordId> {
        let (back, message_id) = (context.pair.reversed(), context.facts.message_id);
        if self.pairs.seen(back) {
            return None;
        }
        let by_same = |sent: &Sent| {
            let row = self.slots.get(sent.slot).map(|slot| &slot.row);
            let sender = row.map(|row| if sent.is_request() { row.client } else { row.server });
            sender == Some(context.arrival.destination)
        };
        let fits = |(handle, sent): &(Handle, &Sent)| {
            let is_open = !sent.is_answered() && !sent.is(MALFORMED | MULTICAST) && sent.record < first;
            is_open && sent.key as u16 == message_id && by_same(sent) && self.lives(*handle, sent)
        };
        let newest = self.sent.lives.confirmable.newest_first().take(LOOKED_BACK);
        let mut newest = newest.map(|(number, sent)| (Handle(number), sent)).filter(|(_, sent)| sent.is(CONFIRMABLE));
        newest.find(fits).map(|(_, sent)| sent.record)
    }

    /// The ACK or RST that a Reset comes in answer to. Much later it rather rejects a message that was not captured, of a number of its
    /// own: the two directions count apart.
    fn just_answered(&self, context: &Context<'_, '_>) -> Option<RecordId> {
        let message_id = context.facts.message_id;
        let soon = |answer: Travel| {
            between(answer.at(), context.now).is_some_and(|elapsed| elapsed <= self.options.parameters.ack_timeout)
        };
        let at = |key| self.sent.get(self.sent.find(key)?);
        if let Some(sent) = at(key(context.pair, message_id)) {
            let mine = if sent.acknowledgement != NO_RECORD { sent.acknowledgement } else { sent.reset };
            if mine != NO_RECORD && soon(self.sent.newest_answer(sent).0) {
                return Some(mine);
            }
        }
        let strays = [false, true].map(|reset| stray_key(context.pair.reversed(), message_id, reset));
        strays.into_iter().filter_map(at).find(|sent| soon(self.sent.last(sent))).map(|sent| sent.record)
    }

    /// The severity of a finding that misses a partner: less where the capture may have missed it, or the cap evicted it.
    pub(super) fn unless_unseen(&self, rule: Rule, context: &Context<'_, '_>) -> Severity {
        let young = self.clock.watched() <= self.lifetime || self.counters.evicted > 0;
        let severity = rule.severity();
        if young || !self.pairs.seen(context.pair.reversed()) { less(severity) } else { severity }
    }
}
