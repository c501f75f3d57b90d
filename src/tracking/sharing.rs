//! Which of several requests that are open under one token a response of its own answers (RFC 7252 section 5.3.1), as far as it tells.

use super::Tracker;
use super::clock::Moment;
use super::context::Context;
use super::expiry::PROMISE;
use super::facts::BlockPlace;
use super::judge::has_method;
use super::marks::Marked;
use super::model::{AnswerKind, NO_RECORD};
use super::slots::{NONE, SHARED, Slot, SlotKind, Under};
use super::tokens::Token;
use crate::coap::{Code, MessageType};

/// So many open requests with one token are told apart.
const SHARING: usize = 8;

impl Tracker {
    /// The open requests under a token, the newest first.
    fn all_open(&self, newest: u32) -> impl Iterator<Item = (u32, &Slot)> {
        let behind = |(_, slot): &(u32, &Slot)| Some((slot.link.behind, self.slots.get(slot.link.behind)?));
        let newest = self.slots.get(newest).map(|slot| (newest, slot));
        std::iter::successors(newest, behind).take(SHARING)
    }

    /// The response at hand may be for the request in a slot, as far as that waits for one and its code and Observe tell.
    fn may_be_for(&self, slot: &Slot, context: &Context<'_, '_>) -> bool {
        let observed = context.facts.observe.is_some();
        slot.is_waiting() && self.fits_code(slot, context) && (!observed || slot.registers())
    }

    /// The code of the response at hand is one for the method of the request in a slot, or tells nothing.
    fn fits_code(&self, slot: &Slot, context: &Context<'_, '_>) -> bool {
        let (facts, fits) = (context.facts, context.facts.says.fits);
        let is_told = facts.code.is_success() && fits != 0 && !facts.oscore && !facts.lacks_options;
        !is_told || has_method(fits, slot.row.method)
    }

    /// The last copy of a request came so lately that its server may just be about to say something.
    fn is_recent(&self, slot: &Slot, context: &Context<'_, '_>) -> bool {
        self.was_asked_within(self.options.parameters.max_ack_timeout(), slot, context)
    }

    /// The last copy of a request came no longer ago, in nanoseconds, as far as that is known.
    fn was_asked_within(&self, most: i64, slot: &Slot, context: &Context<'_, '_>) -> bool {
        let last = self.sent.get(slot.sent).map_or(slot.started(), |sent| self.sent.last(sent).at());
        self.clock.took(last, context.now).is_none_or(|elapsed| elapsed <= most)
    }

    /// An ACK promised a response to a request, and not too long ago.
    fn is_promised(&self, slot: &Slot, context: &Context<'_, '_>) -> bool {
        let sent = self.sent.get(slot.sent).filter(|_| slot.acknowledgement != NO_RECORD);
        let lately = |since| self.clock.took(since, context.now).is_none_or(|elapsed| elapsed <= PROMISE);
        sent.is_some_and(|sent| lately(self.sent.newest_answer(sent).0.at()))
    }

    /// The last copy of a request, or the ACK that promised a response to it, came so lately that its server may just be about to say something.
    pub(super) fn is_awaited(&self, slot: &Slot, context: &Context<'_, '_>) -> bool {
        let acknowledged = || slot.acknowledgement != NO_RECORD;
        let most = self.options.parameters.max_ack_timeout();
        let promised = self.sent.get(slot.sent).filter(|_| acknowledged()).map(|sent| self.sent.newest_answer(sent).0);
        let lately = |since: Moment| self.clock.took(since, context.now).is_none_or(|elapsed| elapsed <= most);
        self.is_recent(slot, context) || promised.is_some_and(|ack| lately(ack.at()))
    }

    /// A server may just be about to answer a request, or promised to.
    pub(super) fn is_due(&self, slot: &Slot, context: &Context<'_, '_>) -> bool {
        self.is_promised(slot, context) || self.is_recent(slot, context)
    }

    /// Of several open requests with one token the one that the response at hand is for: only a registration is answered with Observe, and hardly
    /// ever without it; not every code answers each method. Registrations are answered in their order, and as reliably as they asked. Nothing
    /// where that tells no other than the newest.
    #[cold]
    #[inline(never)]
    pub(super) fn open_that_fits(&self, under: &Under, context: &Context<'_, '_>) -> Option<u32> {
        let (facts, observe) = (context.facts, context.facts.observe.is_some());
        if !observe && !facts.code.is_success() || facts.oscore || facts.lacks_options {
            return None;
        }
        let all: Vec<_> = self.all_open(under.open).filter(|(_, slot)| self.may_be_for(slot, context)).collect();
        let is_due = |slot: &Slot| self.is_due(slot, context);
        let plain = |slot: &Slot| !observe && !slot.registers() && is_due(slot);
        // A response of its own is what an ACK promised, rather than one to a newer request that was not even acknowledged.
        let announced = |slot: &Slot| !slot.row.confirmable || slot.acknowledgement != NO_RECORD;
        let first = |fits: &dyn Fn(&Slot) -> bool| all.iter().find(|(_, slot)| plain(slot) && fits(slot));
        let plain = first(&announced).or_else(|| first(&|_| true));
        // What renews an observation is waited for by nobody but whom an ACK promised it to: before that it may be a notification.
        let registration = self.slots.get(under.observing).map(|slot| slot.row.request);
        let renews = |slot: &Slot| {
            let promised = slot.acknowledgement != NO_RECORD && !self.comes_aside(slot, under.observing, context);
            registration.is_none_or(|it| slot.row.request > it && promised)
        };
        let mut registering = all.iter().filter(|(_, slot)| slot.registers() && (!observe || renews(slot)));
        let newest = registering.next();
        let due = newest.into_iter().chain(registering.filter(|(_, slot)| is_due(slot)));
        let rank = |slot: &Slot| {
            let is_alike = slot.row.confirmable == (facts.kind == MessageType::Confirmable);
            let is_promised = slot.acknowledgement != NO_RECORD;
            (is_alike && (is_promised || !slot.row.confirmable), is_promised)
        };
        // Of several that have the same rank the last one here is the oldest.
        let fitting = plain.or(due.max_by_key(|(_, slot)| rank(slot)))?.0;
        (fitting != under.open).then_some(fitting)
    }

    /// A message of another type than the request has, before or behind the ACK of that, is rather a notification of what the request renews than
    /// its response (RFC 7252 section 5.2.3), unless the server answered the registration before so, too.
    pub(super) fn comes_aside(&self, request: &Slot, observing: u32, context: &Context<'_, '_>) -> bool {
        let confirmable = context.facts.kind == MessageType::Confirmable;
        let registration = self.slots.get(observing).filter(|slot| slot.kind == SlotKind::Exchange);
        let unusual = if confirmable { AnswerKind::Separate } else { AnswerKind::Non };
        request.row.confirmable != confirmable
            && registration
                .is_some_and(|slot| slot.row.answer != unusual || slot.row.confirmable != request.row.confirmable)
    }

    /// A request that is older than the registration under its token, which was accepted meanwhile: with that its client went on, and it has
    /// nothing to wait for but what the server promised, or may just be about to say.
    #[cold]
    #[inline(never)]
    pub(super) fn is_outlived(&self, request: &Slot, observing: u32, context: &Context<'_, '_>) -> bool {
        let registration = self.request_of(observing);
        if registration == NO_RECORD || request.row.request > registration {
            return false;
        }
        let promised = self.is_promised(request, context);
        if context.facts.observe.is_some() {
            return !promised || !request.registers() || self.comes_aside(request, observing, context);
        }
        // The code may tell that it answers the one, and not the other.
        let (fits, code) = (context.facts.says.fits, context.facts.code);
        let method = self.slots.get(observing).map_or(0, |slot| slot.row.method);
        let is_told = code.is_success() && has_method(fits, request.row.method) && !has_method(fits, method);
        !promised && !is_told && (request.acknowledgement != NO_RECORD || !self.is_recent(request, context))
    }

    /// Whether a notification of the observation in a slot may as well be the response to a registration before that, which its server may just
    /// be about to answer.
    pub(super) fn may_be_for_older(&mut self, observing: u32, context: &Context<'_, '_>) -> bool {
        let open = self.slots.get(observing).and_then(|slot| self.slots.open_beside(slot));
        let registration = self.request_of(observing);
        let is_older = |slot: &Slot| registration != NO_RECORD && slot.registers() && slot.row.request < registration;
        let may_be_for = |slot: &Slot| self.may_be_for(slot, context) && self.is_due(slot, context);
        let Some(open) = open.filter(|open| self.slots.get(*open).is_some_and(|it| is_older(it) && may_be_for(it)))
        else {
            return false;
        };
        self.slots.get_mut(open).into_iter().for_each(|slot| slot.mark(SHARED));
        true
    }

    /// Whether a response to the request in a slot may as well be for another one with its token (RFC 7252 section 5.3.1), which waited or
    /// waits for one. A block tells which it is, and so may Observe and the code.
    pub(super) fn shares_token(&mut self, index: u32, context: &Context<'_, '_>) -> bool {
        let Some(slot) = self.slots.get(index) else { return false };
        let (shared, registers) = (slot.is(SHARED), slot.registers());
        let is_alone = slot.link.before == NONE && slot.link.behind == NONE;
        if is_alone || !context.facts.plain && self.open_by_block(index, context).is_some() {
            return shared;
        }
        let open = self.slots.open_beside(slot).unwrap_or(NONE);
        let others = self.all_open(open).filter(|(number, slot)| *number != index && self.may_be_for(slot, context));
        let others: Vec<_> = others.map(|(number, slot)| (number, slot.registers())).collect();
        // A registration is hardly ever answered without Observe: what comes with it is not what came without.
        for (number, _) in others.iter().filter(|(_, other)| *other == registers) {
            self.slots.get_mut(*number).into_iter().for_each(|slot| slot.mark(SHARED));
        }
        shared || !others.is_empty()
    }

    /// The slot of a request to a group that a response answers rather than what its client asked of this server, or observes there, under the
    /// same token (RFC 7252 section 8.2): the newest is answered first, unless Observe, code or type tell.
    #[cold]
    #[inline(never)]
    pub(super) fn group_before_one(&self, token: &Token, context: &Context<'_, '_>) -> Option<u32> {
        let (facts, observe) = (context.facts, context.facts.observe.is_some());
        let (index, under) = (self.group_of(token, context)?, self.slots.under(context.pair.reversed(), token));
        let group = self.slots.get(index)?;
        // A group is asked for the first block only (RFC 7959 section 2.8).
        let is_of_one = facts.block1 != BlockPlace::None || facts.block2 == BlockPlace::Later;
        if is_of_one || facts.lacks_options || !self.fits_code(group, context) || observe && !group.registers() {
            return None;
        }
        let non = facts.kind == MessageType::NonConfirmable;
        if under.open == NONE {
            // All that is told of a state has Observe, but for the error that ends it.
            let observed = self.slots.get(under.observing).filter(|_| !observe)?;
            let by_it = observed.kind == SlotKind::Member && observed.row.request == group.row.request;
            return (!by_it && (non || facts.code.is_success())).then_some(index);
        }
        let Some((_, one)) = self.all_open(under.open).find(|(_, slot)| self.may_be_for(slot, context)) else {
            return Some(index);
        };
        let lives =
            one.acknowledgement != NO_RECORD || self.clock.age(one.started(), || one.opened_at) <= self.lifetime;
        let by_type = !non && one.row.confirmable && lives;
        // What came before from this server may have been the group's: then this is for the one.
        (one.row.request < group.row.request && !by_type && !one.is(SHARED)).then_some(index)
    }

    /// Whether the answer at hand to a request to a group may as well be for one to its sender alone. It is for none of these from another port
    /// (RFC 7252 section 5.3.2), but then its sender has answered its group.
    pub(super) fn may_be_for_one(&mut self, token: &Token, context: &Context<'_, '_>) -> bool {
        let under = self.slots.under(context.pair.reversed(), token);
        let one = self.all_open(under.open).find(|(_, slot)| self.may_be_for(slot, context)).map(|(number, _)| number);
        let elsewhere = || {
            let same_host = |slot: &u32| {
                let server = self.slots.get(*slot).map(|slot| slot.row.server);
                server.is_some_and(|server| self.address(server) == self.address(context.arrival.source))
            };
            self.elsewhere(token, context).find(same_host)
        };
        let marked = one.or_else(elsewhere);
        marked.and_then(|number| self.slots.get_mut(number)).into_iter().for_each(|slot| slot.mark(SHARED));
        one.is_some()
    }

    /// A response with Observe is hardly for a request in a slot that did not ask for that, unless it comes when the answer to that may: rather it
    /// tells of what was asked for by another request, which was not captured (RFC 7641 section 3.5).
    #[cold]
    #[inline(never)]
    pub(super) fn is_notification_beside(&self, index: u32, context: &Context<'_, '_>) -> bool {
        // A state is told with these codes (RFC 7641 section 4.2).
        if context.facts.observe.is_none() || !matches!(context.facts.code, Code::CONTENT | Code::VALID) {
            return false;
        }
        let asks = |slot: &Slot| slot.registers() || self.slots.asked(slot).cut || slot.kind != SlotKind::Exchange;
        let Some(slot) = self.slots.get(index).filter(|slot| !asks(slot)) else { return false };
        // A group answers within its leisure, a server that says nothing before mostly within a minute.
        let most = if slot.row.multicast { self.options.parameters.max_ack_timeout() } else { PROMISE };
        let waits = slot.row.multicast || slot.is_waiting();
        !(waits && (self.was_asked_within(most, slot, context) || self.is_promised(slot, context)))
    }

    /// Whether a response may be for a request in a slot that went to another endpoint, or for what is observed there: its client still waits,
    /// and Observe is what it asked for.
    #[cold]
    pub(super) fn may_come_from_elsewhere(&self, index: u32, context: &Context<'_, '_>) -> bool {
        let Some(slot) = self.slots.get(index) else { return false };
        let observed = context.facts.observe.is_some() && context.facts.code.is_success();
        let observes = self.slots.observation(index).is_some();
        let asks = slot.registers() || self.slots.asked(slot).cut || observes;
        let gave_up = || {
            slot.row.confirmable
                && slot.acknowledgement == NO_RECORD
                && !observes
                && self.clock.age(slot.started(), || slot.opened_at) > self.lifetime
        };
        (asks || !observed) && !gave_up()
    }
}
