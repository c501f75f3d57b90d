//! Confirmable and Non-confirmable messages: new ones, copies, and Message IDs used again (RFC 7252 sections 4.2 to 4.5).

use super::Tracker;
use super::clock::{Clock, SECOND, between, elapsed};
use super::context::Context;
use super::facts::{Facts, folded};
use super::marks::Marked;
use super::model::{ExchangeId, NO_RECORD, RecordId, Relation, Role, Tracked};
use super::owners::Place;
use super::pairs::STRAYED;
use super::sent::{ARRIVED, CONFIRMABLE, CUT, Handle, MALFORMED, MessageKey, Sent, Travel, aside_key, key, stray_key};
use super::tokens::Token;
use crate::coap::{MessageType, Rule, UNKNOWN_TIME};

/// The same datagram again within this time was captured twice.
const COPY_WINDOW: i64 = 2 * SECOND / 1000;
/// So long a datagram may take from one interface to another, or through a router: a sender waits twenty times as long (RFC 7252 section 4.8).
pub(super) const PASSAGE: i64 = SECOND / 10;

/// So much earlier a datagram may be stamped than where it was captured first: each interface hands over its frames when it likes to.
const SKEW: i64 = 5 * SECOND / 1000;

/// How a message stands to the one that owns its Message ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The number is free, or free again.
    Fresh,
    /// The capture point saw one datagram twice.
    Captured,
    /// The network doubled one datagram.
    Doubled,
    /// The sender sent the same again.
    Repeated,
    /// A repeated response with a newer Observe or Max-Age.
    Refreshed,
    /// Another message under a number that is not free yet.
    Reused,
}

/// How a datagram stands to an earlier one with the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sameness {
    Captured,
    Doubled,
    Repeated,
}

/// Tells a datagram seen twice from one sent twice, by IPv4 identification, hop limit, interface and time.
///
/// `ends`: the first and the newest copy so far. A sender that does not count its datagrams may give all the same identification. So after
/// `wait` nanoseconds, when it may retransmit, an equal one tells nothing, unless those two show that the sender counts; and nothing from then
/// on, if the newest was sent after such a wait and has that of the first.
fn sameness(now: &Travel, before: &Travel, ends: [&Travel; 2], wait: i64, clock: &Clock) -> Sameness {
    let same_id = now.ip_id != 0 && now.ip_id == before.ip_id;
    let other_id = now.ip_id != before.ip_id && now.ip_id != 0 && before.ip_id != 0;
    let next_hop = before.hops > 0 && now.hops == before.hops - 1 && !other_id;
    let elsewhere = now.interface != before.interface && !other_id;
    // Most often.
    if !(same_id || next_hop || elsewhere) {
        return Sameness::Repeated;
    }
    // By the frames alone: where time went back, hardly any other datagram is stamped as this one is.
    let stamped = clock.stamped_apart(before.at(), now.at());
    let at_once = |time: i64| stamped.is_some_and(|apart| (-SKEW..=time).contains(&apart));
    let soon = || clock.nearly_between(before.at(), now.at()).is_some_and(|apart| (-PASSAGE..=wait).contains(&apart));
    let counts = ends[0].ip_id != ends[1].ip_id;
    let counts_not = || !counts && between(ends[0].at(), ends[1].at()).is_some_and(|apart| apart > wait);
    if same_id && at_once(COPY_WINDOW) || (next_hop || elsewhere) && at_once(PASSAGE) {
        Sameness::Captured
    } else if same_id && (counts || soon()) && !counts_not() {
        Sameness::Doubled
    } else {
        Sameness::Repeated
    }
}

impl Tracker {
    /// A well-formed CON or NON.
    pub(super) fn track_sent(&mut self, context: &mut Context<'_, '_>) -> Tracked {
        let place = self.sent.place(key(context.pair, context.facts.message_id));
        let owner = self.sent.owner(place);
        let standing = match owner.and_then(|owner| Some((owner, self.sent.get(owner)?))) {
            Some((owner, sent)) => self.standing(owner, sent, context),
            None => Standing::Fresh,
        };
        let (Some(owner), false) = (owner, matches!(standing, Standing::Fresh | Standing::Reused)) else {
            if standing == Standing::Reused {
                self.say_reused(owner, context);
            }
            self.counters.count_type(context.facts.kind);
            return self.track_fresh(place, context);
        };
        self.counters.count_type(context.facts.kind);
        if standing == Standing::Captured {
            return self.captured_twice(owner, context);
        }
        self.track_copy(owner, standing, context)
    }

    /// How the datagram at hand stands to the newest copy and to the first.
    pub(super) fn likeness(&self, first: &Travel, newest: &Travel, context: &Context<'_, '_>) -> (Sameness, Sameness) {
        let now = context.travel();
        let wait = self.options.parameters.ack_timeout;
        let like = |before| sameness(&now, before, [first, newest], wait, &self.clock);
        let likeness = (like(newest), like(first));
        match likeness {
            (Sameness::Doubled, _) | (_, Sameness::Doubled) => self.unless_uncounted(likeness, context),
            _ => likeness,
        }
    }

    /// The identification of a datagram says nothing where another message of its sender has it, too.
    #[cold]
    #[inline(never)]
    fn unless_uncounted(&self, likeness: (Sameness, Sameness), context: &Context<'_, '_>) -> (Sameness, Sameness) {
        let own = context.arrival.ip_id;
        if !self.sent.others_numbered(context.pair, context.facts.message_id).any(|other| other == own) {
            return likeness;
        }
        let told = |same| if same == Sameness::Doubled { Sameness::Repeated } else { same };
        (told(likeness.0), told(likeness.1))
    }

    /// The time is over for which a message owns its number.
    fn is_free_again(&self, handle: Handle, sent: &Sent) -> bool {
        self.clock.age_with_jump(sent.first.at(), || self.sent.stamp(handle)) > self.sent.life(sent)
    }

    /// It is a copy of a Confirmable message that nothing answered before the clock jumped, and no later than one comes.
    #[cold]
    fn goes_on_across_jump(&self, owner: Handle, sent: &Sent, context: &Context<'_, '_>) -> bool {
        let is_same = sent.is(CONFIRMABLE) && sent.hash == context.facts.hash;
        is_same && self.waits_across_jump(owner, sent, self.schedule.stops)
    }

    fn standing(&self, owner: Handle, sent: &Sent, context: &Context<'_, '_>) -> Standing {
        let facts = &context.facts;
        if sent.is(MALFORMED) || self.is_free_again(owner, sent) && !self.goes_on_across_jump(owner, sent, context) {
            return Standing::Fresh;
        }
        let confirmable = facts.kind == MessageType::Confirmable;
        let cut = sent.is(CUT) || context.arrival.cut;
        let alike =
            if cut { sent.head == facts.head || self.may_be_copy(sent, context) } else { sent.hash == facts.hash };
        let equal = sent.is(CONFIRMABLE) == confirmable && alike;
        if equal {
            let last = self.sent.last(sent);
            return match self.likeness(&sent.first, &last, context) {
                (Sameness::Captured, _) => Standing::Captured,
                _ if self.captured_before(sent, context).is_some() => Standing::Captured,
                (Sameness::Doubled, _) | (_, Sameness::Doubled) => Standing::Doubled,
                _ => Standing::Repeated,
            };
        }
        let refreshed =
            sent.head == facts.head && facts.code.is_response() && sent.refreshable == folded(facts.refreshable());
        if refreshed { Standing::Refreshed } else { Standing::Reused }
    }

    /// The capture cut one of them inside its token, and what there is of both is the same.
    #[cold]
    fn may_be_copy(&self, sent: &Sent, context: &Context<'_, '_>) -> bool {
        let facts = context.facts;
        let alone = Facts { token: Token::new(&[], &self.seed), ..*facts }.whole_head(context.bytes, &self.seed);
        let was_cut = sent.is(CUT) && sent.head == !folded(alone);
        sent.code == facts.code.0 && (facts.token.is_unknown() || was_cut)
    }

    #[cold]
    #[inline(never)]
    fn say_reused(&mut self, owner: Option<Handle>, context: &mut Context<'_, '_>) {
        // Where nobody knows how much time passed, the number may be free again.
        if let Some(sent) = owner.and_then(|owner| self.sent.get(owner))
            && let Some(elapsed) = between(sent.first.at(), context.now)
        {
            context.find(Rule::MidReuse, i64::from(sent.record), elapsed);
        }
    }

    /// The number was used before, and is free again.
    fn judge_recycled(&self, place: Place, context: &mut Context<'_, '_>) {
        let before = match self.sent.owner(place).and_then(|owner| Some((owner, self.sent.get(owner)?))) {
            Some((owner, sent)) if sent.is(MALFORMED) || !self.is_free_again(owner, sent) => None,
            Some((_, sent)) => Some((sent.record, sent.first.at())),
            None => self.sent.past(place),
        };
        if let Some((record, first)) = before {
            let elapsed = self.clock.took(first, context.now).unwrap_or(UNKNOWN_TIME);
            context.find(Rule::MidRecycled, i64::from(record), elapsed);
        }
    }

    /// What the network doubled of a message, and its record, where the datagram at hand is the same, captured twice.
    fn captured_before(&self, sent: &Sent, context: &Context<'_, '_>) -> Option<(Travel, RecordId)> {
        let doubled = *self.memory.doubled.get(&sent.record).filter(|_| self.sent.again(sent).doubled)?;
        let (likeness, _) = self.likeness(&sent.first, &doubled.0, context);
        (likeness == Sameness::Captured).then_some(doubled)
    }

    /// A frame that the capture point saw twice: it relates to the first, and to nothing else.
    #[cold]
    #[inline(never)]
    fn captured_twice(&mut self, owner: Handle, context: &mut Context<'_, '_>) -> Tracked {
        let mut tracked = Tracked::alone(Role::Other);
        if let Some(sent) = self.sent.get(owner).copied()
            && let doubled = self.captured_before(&sent, context)
            && let Some(again) = self.sent.again_mut(owner)
        {
            let (before, record) = doubled.unwrap_or((again.last, again.last_record));
            context.find(Rule::CaptureCopy, i64::from(record), elapsed(before.at(), context.now));
            let hops = context.arrival.hop_limit;
            match doubled {
                Some(_) => self.memory.doubled.insert(sent.record, (Travel { hops, ..before }, record)),
                None => again.last.hops = hops,
            }
            tracked = Tracked { relation: Relation::CopyOf, relates_to: sent.record, role: sent.role, ..tracked };
        }
        tracked
    }

    /// A later copy of a CON or NON.
    #[cold]
    #[inline(never)]
    fn track_copy(&mut self, owner: Handle, standing: Standing, context: &mut Context<'_, '_>) -> Tracked {
        if context.facts.code.is_response() {
            self.answer_by_copy(owner, context);
        }
        let Some(sent) = self.sent.get(owner).copied() else {
            return Tracked::alone(Role::Other);
        };
        let retransmitted = sent.is(CONFIRMABLE) && standing != Standing::Doubled;
        let mut copies = if sent.is(CONFIRMABLE) { self.sent.copies(&sent) } else { 0 };
        if retransmitted {
            copies = self.retransmitted(owner, &sent, context);
            self.counters.retransmissions += u64::from(sent.code != 0);
        } else {
            let rule = if standing == Standing::Doubled { Rule::NetDuplicate } else { Rule::MidDuplicateNon };
            let last = self.sent.last(&sent);
            // What the network doubled may be a retransmission.
            let (before, record) = match self.likeness(&sent.first, &last, context) {
                (Sameness::Doubled, _) => (last, self.sent.again(&sent).last_record),
                _ => (sent.first, sent.record),
            };
            context.find(rule, i64::from(record), elapsed(before.at(), context.now));
            if standing == Standing::Doubled {
                self.memory.doubled.insert(sent.record, (context.travel(), context.record()));
            }
            if let Some(again) = self.sent.again_mut(owner) {
                match standing {
                    Standing::Doubled => again.doubled = true,
                    _ => again.follow(&sent, context),
                }
            }
        }
        if standing == Standing::Refreshed {
            context.find(Rule::MidRefreshedCopy, i64::from(sent.record), 0);
        }
        let order = self.copy_in_observation(&sent, context);
        let previous = self.copy_in_exchange(&sent, retransmitted, context);
        Tracked {
            exchange: ExchangeId(sent.exchange),
            observation: sent.observation,
            relation: if retransmitted { Relation::Retransmits } else { Relation::Duplicates },
            relates_to: sent.record,
            previous_in_exchange: previous,
            transmission: copies,
            role: sent.role,
            order,
            ambiguous: false,
            apart: self.is_apart(&sent),
        }
    }

    /// Enters a copy in the exchange; returns the message before it there.
    fn copy_in_exchange(&mut self, sent: &Sent, retransmitted: bool, context: &mut Context<'_, '_>) -> RecordId {
        let Some(slot) = self.slots.get_mut(sent.slot) else { return NO_RECORD };
        if slot.row.request == sent.record && retransmitted {
            slot.row.transmissions = slot.row.transmissions.saturating_add(1);
            self.counters.exchanges_retransmitted += u64::from(slot.row.transmissions == 2);
        }
        slot.touch(self.clock.steady());
        self.enter(sent.slot, context)
    }

    /// Makes the message the owner of its number.
    pub(super) fn own(&mut self, context: &Context<'_, '_>, key: MessageKey, place: Place, malformed: bool) -> Handle {
        let handle = self.sent.insert(place, (key, self.clock.stamp(), malformed), context, |_| {});
        if context.arrival.multicast && key != aside_key(context.pair, context.facts.message_id) {
            self.sent.insert_group(context.arrival.source, context.facts.message_id, handle);
        }
        if matches!(context.facts.kind, MessageType::Acknowledgement | MessageType::Reset) {
            self.pairs.direction(context.pair).mark(STRAYED);
        }
        handle
    }

    /// A message under a number that is free.
    fn track_fresh(&mut self, place: Place, context: &mut Context<'_, '_>) -> Tracked {
        let key = key(context.pair, context.facts.message_id);
        self.judge_recycled(place, context);
        let handle = self.own(context, key, place, false);
        self.probe(context);
        let mut tracked = if context.facts.code.is_empty() {
            self.outstanding(handle, context);
            Tracked::alone(Role::Ping)
        } else if context.facts.code.is_request() {
            self.open_exchange(handle, context)
        } else {
            self.respond(handle, context)
        };
        if let Some(sent) = self.sent.get_mut(handle) {
            sent.role = tracked.role;
            sent.exchange = tracked.exchange.0;
            sent.observation = tracked.observation;
            tracked.transmission = u16::from(sent.is(CONFIRMABLE));
        }
        if self.early.answer(context) {
            self.answer_early(handle, context);
        }
        tracked
    }

    /// A malformed message: it opens no exchange and repeats nothing, but answers may point to it.
    #[cold]
    #[inline(never)]
    pub(super) fn track_malformed(&mut self, context: &mut Context<'_, '_>) -> Tracked {
        self.counters.malformed += 1;
        match context.facts.kind {
            MessageType::Confirmable | MessageType::NonConfirmable => {
                let (key, is_damaged) = self.place_of_malformed(context);
                let place = self.sent.place(key);
                let handle = self.own(context, key, place, true);
                if !is_damaged {
                    self.open_malformed(handle, context);
                }
            }
            MessageType::Acknowledgement | MessageType::Reset => {
                // It answers nothing, but it shows that the message arrived.
                if let Some(sent) = self.answered(context).and_then(|handle| self.sent.get_mut(handle)) {
                    sent.mark(ARRIVED);
                }
                // Some peers answer it nevertheless, also a request, which does not belong into it.
                let reset = context.facts.kind == MessageType::Reset;
                let key = stray_key(context.pair, context.facts.message_id, reset);
                let place = self.sent.place(key);
                let owner = self.sent.owner(place).and_then(|owner| self.sent.get(owner));
                if context.facts.code.is_request() || owner.is_none_or(|sent| sent.is(MALFORMED)) {
                    let handle = self.own(context, key, place, true);
                    self.open_malformed(handle, context);
                }
            }
        }
        Tracked::alone(Role::Other)
    }

    /// The key for a malformed CON or NON, and whether it may be a damaged copy of what owns its Message ID: then responses are for that. From
    /// what is well-formed it takes neither the number nor the copies to come.
    #[cold]
    fn place_of_malformed(&self, context: &Context<'_, '_>) -> (MessageKey, bool) {
        let (pair, message_id) = (context.pair, context.facts.message_id);
        let owner = self.sent.find_sent(key(pair, message_id));
        let owns = |(handle, sent): &(Handle, &Sent)| !sent.is(MALFORMED) && !self.is_free_again(*handle, sent);
        let Some((_, sent)) = owner.filter(owns) else { return (key(pair, message_id), false) };
        let token = self.slots.get(sent.slot).map(|slot| slot.token);
        let is_damaged = sent.is_request() && token.is_none_or(|token| token == context.facts.token);
        (aside_key(pair, message_id), is_damaged)
    }
}
