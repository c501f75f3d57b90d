//! The messages that own a Message ID now, found by sender, receiver and number, and forgotten when their lifetime is over.

use std::mem::offset_of;

use super::again::Again;
use super::ahead::ask_lines;
use super::clock::Moment;
use super::context::Context;
use super::facts::folded;
use super::life::{Due, Life, Lives};
use super::marks::Marked;
use super::model::{EndpointId, NO_RECORD, ObservationId, RecordId, Role};
use super::owners::{Owners, Place};
use super::pairs::PairNumber;
use super::slab::{NOTHING, Slab};
use super::slots::NONE;
use super::table::Table;
use crate::coap::{Code, MessageType};

/// Key of a Message ID: who sent it to whom, what it is a key of (2 bits), and the number (16 bits).
pub(super) type MessageKey = u64;

/// Key of a CON or NON.
pub(super) fn key(pair: PairNumber, message_id: u16) -> MessageKey {
    u64::from(pair.0) << 18 | u64::from(message_id)
}

/// Bits of a key one of which an ACK or RST has, and both of which what stands [aside](aside_key).
const STRAY: MessageKey = 3 << 16;

/// Key of an ACK or RST that answers nothing captured, so that its copies are known.
pub(super) fn stray_key(pair: PairNumber, message_id: u16, reset: bool) -> MessageKey {
    key(pair, message_id) | if reset { 2 << 16 } else { 1 << 16 }
}

/// Key of a malformed CON or NON whose Message ID a well-formed message owns: it takes nothing from that.
pub(super) fn aside_key(pair: PairNumber, message_id: u16) -> MessageKey {
    key(pair, message_id) | STRAY
}

/// Key of a multicast message: who sent it, and the number; whoever answers is not known.
fn group_key(client: EndpointId, message_id: u16) -> MessageKey {
    u64::from(client.0) << 16 | u64::from(message_id)
}

/// How a datagram travelled: what tells a copy from a new transmission.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Travel {
    /// When it was captured, nanoseconds since 1970.
    pub time: i64,
    /// See [`Moment`].
    pub epoch: u32,
    /// IPv4 identification; 0 for none.
    pub ip_id: u16,
    /// Time to live or hop limit.
    pub hops: u8,
    /// Tells interfaces apart.
    pub interface: u8,
}

impl Travel {
    /// When it was captured.
    pub fn at(&self) -> Moment {
        Moment { time: self.time, epoch: self.epoch }
    }
}

/// It is Confirmable.
pub(super) const CONFIRMABLE: u8 = 1;
/// The capture cut it.
pub(super) const CUT: u8 = 2;
pub(super) const MALFORMED: u8 = 4;
pub(super) const MULTICAST: u8 = 8;
/// It counts as an open interaction of its sender (NSTART).
pub(super) const OUTSTANDING: u8 = 16;
/// An ICMP error spoke of it.
pub(super) const UNREACHABLE: u8 = 32;
/// Something malformed shows that it arrived.
pub(super) const ARRIVED: u8 = 64;
/// It is a request, and its exchange has a response.
pub(super) const RESPONDED: u8 = 128;

/// A message that owns its Message ID, with its answers. Times in nanoseconds. It [begins](Sent::begin) with each field set.
///
/// Small, since all memory that is taken costs time, and messages are many: when it came by the steady time is told [beside it](Due).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub key: MessageKey,
    /// First copy.
    pub first: Travel,
    pub hash: u64,
    /// Hash of a response without Observe and Max-Age, folded. Only what has the same header and token is compared.
    pub refreshable: u32,
    /// Hash of the ACK, folded. Only those are compared that have its Message ID.
    pub ack_hash: u32,
    /// What answered it first: ACK, Reset, or a response of its own.
    pub answer: Travel,
    /// Record of what answered it first, or `NO_RECORD`.
    pub answered_by: RecordId,
    /// Hash of header and token.
    pub head: u32,
    /// First copy.
    pub record: RecordId,
    /// Slot of its exchange.
    pub slot: u32,
    /// Number of its exchange, or 0.
    pub exchange: u32,
    pub observation: ObservationId,
    /// First copy of the ACK, or `NO_RECORD`.
    pub acknowledgement: RecordId,
    /// First copy of the Reset, or `NO_RECORD`.
    pub reset: RecordId,
    pub code: u8,
    pub role: Role,
    /// Role of the ACK.
    pub ack_role: Role,
    /// `CONFIRMABLE`, `CUT`, `MALFORMED`, `MULTICAST`, `OUTSTANDING`, `UNREACHABLE`, `ARRIVED`, `RESPONDED`.
    pub marks: u8,
    /// What few messages have, see [`SentTable::again`].
    pub again: u32,
}

const _: () = assert!(size_of::<Sent>() <= 96);

impl Sent {
    /// Becomes the message at hand, of which nothing more is known: each field anew. What is told elsewhere is brought here piece by piece,
    /// lest all of it had to be put aside first.
    #[inline(always)]
    fn begin(&mut self, key: MessageKey, context: &Context<'_, '_>, malformed: bool) {
        let (facts, arrival) = (context.facts, context.arrival);
        self.key = key;
        self.first = context.travel();
        self.hash = facts.hash;
        self.refreshable = folded(facts.refreshable());
        self.head = facts.head;
        self.record = arrival.record;
        self.code = facts.code.0;
        let mark = |is: bool, mark: u8| if is { mark } else { 0 };
        self.marks = mark(facts.kind == MessageType::Confirmable, CONFIRMABLE)
            | mark(arrival.cut, CUT)
            | mark(malformed, MALFORMED)
            | mark(arrival.multicast, MULTICAST);
        (self.ack_hash, self.answer, self.answered_by) = (0, Travel::default(), NO_RECORD);
        (self.slot, self.exchange, self.observation) = (NONE, 0, ObservationId(0));
        (self.acknowledgement, self.reset) = (NO_RECORD, NO_RECORD);
        (self.role, self.ack_role) = (Role::Other, Role::Other);
        self.again = NOTHING;
    }

    /// Asks memory for it, line by line.
    #[inline]
    pub fn ask(&self) {
        ask_lines::<Self, _>(&self.key, offset_of!(Self, key));
    }

    /// It owns no Message ID of a CON or NON: an ACK or RST that answers nothing, or what stands [aside](aside_key).
    #[inline]
    pub fn is_stray(&self) -> bool {
        self.key & STRAY != 0
    }

    /// A Confirmable message, and nothing answered it yet, nor did an ICMP error speak of it.
    #[inline]
    pub fn waits(&self) -> bool {
        self.marks & (CONFIRMABLE | UNREACHABLE) == CONFIRMABLE
            && [self.answered_by, self.acknowledgement, self.reset] == [NO_RECORD; 3]
    }

    /// It was captured once, and not answered twice.
    #[inline]
    pub fn is_alone(&self) -> bool {
        self.again == NOTHING
    }

    /// It is open no more; gives the direction in which it was, if it was.
    #[inline(always)]
    pub fn release(&mut self) -> Option<PairNumber> {
        let was_open = self.is(OUTSTANDING);
        self.unmark(OUTSTANDING);
        was_open.then(|| self.pair())
    }

    /// From its sender to its receiver.
    pub fn pair(&self) -> PairNumber {
        PairNumber((self.key >> 18) as u32)
    }

    /// It has the code of a request.
    #[inline]
    pub fn is_request(&self) -> bool {
        Code(self.code).is_request()
    }

    /// An ACK, a Reset or a response came.
    pub fn is_answered(&self) -> bool {
        self.answered_by != NO_RECORD
    }
}

impl Marked for Sent {
    #[inline(always)]
    fn marks(&self) -> u8 {
        self.marks
    }

    #[inline(always)]
    fn marks_mut(&mut self) -> &mut u8 {
        &mut self.marks
    }
}

/// Where a [`Sent`] lies: which ring, and how manieth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handle(pub(super) u32);

impl Default for Handle {
    fn default() -> Self {
        Self::NONE
    }
}

impl Handle {
    /// Points at nothing.
    pub const NONE: Self = Self(u32::MAX);
}

/// The messages that own a Message ID.
pub(super) struct SentTable {
    /// By [`key`] or [`stray_key`]: the number of a handle. It knows those that are past, too.
    owners: Owners,
    /// Multicast messages by [`group_key`].
    groups: Table<MessageKey, Handle>,
    pub(super) lives: Lives,
    pub(super) agains: Slab<Again>,
    /// So long an answer to a message may come, nanoseconds.
    lifetime: i64,
}

impl SentTable {
    /// Lifetimes of Confirmable and Non-confirmable messages, and after what time a sender sends no more copies, nanoseconds.
    pub fn new(exchange_lifetime: i64, non_lifetime: i64, wait: i64) -> Self {
        Self {
            owners: Owners::new(),
            groups: Table::new(),
            lives: Lives::new(wait, non_lifetime),
            agains: Slab::new(),
            lifetime: exchange_lifetime,
        }
    }

    /// The message that owns the number of a place.
    #[inline]
    pub fn owner(&self, place: Place) -> Option<Handle> {
        place.number().map(Handle).filter(|handle| self.get(*handle).is_some())
    }

    /// The message that owned the number of a place last, where it is free again.
    #[cold]
    pub fn past(&self, place: Place) -> Option<(RecordId, Moment)> {
        let number = place.number().filter(|number| self.lives.of(*number).get(*number).is_none())?;
        self.lives.of(number).known(number).map(|sent| (sent.record, sent.first.at()))
    }

    /// The number of a place was not met lately.
    #[inline]
    pub fn is_new(place: Place) -> bool {
        place.number().is_none()
    }

    /// How long such a message owns its number, nanoseconds.
    pub fn life(&self, sent: &Sent) -> i64 {
        if sent.is(CONFIRMABLE) || sent.is_stray() { self.lifetime } else { self.lives.other.wait }
    }

    /// The message that owns a number.
    #[inline]
    pub fn find(&self, key: MessageKey) -> Option<Handle> {
        self.find_sent(key).map(|(handle, _)| handle)
    }

    /// The same, with what is known of it.
    #[inline]
    pub fn find_sent(&self, key: MessageKey) -> Option<(Handle, &Sent)> {
        let handle = Handle(self.place(key).number()?);
        Some((handle, self.get(handle)?))
    }

    /// Asks memory for where a number is looked up.
    #[inline]
    pub fn ask(&self, key: MessageKey) {
        self.owners.ask(key);
    }

    /// Asks memory for where the Confirmable message so many behind the next will lie.
    #[inline]
    pub fn ask_confirmable(&self, by: u32) {
        self.lives.confirmable.ask_ahead(by);
    }

    /// The same for the others.
    #[inline]
    pub fn ask_other(&self, by: u32) {
        self.lives.other.ask_ahead(by);
    }

    /// The multicast message that owns a number of its sender.
    pub fn find_group(&self, client: EndpointId, message_id: u16) -> Option<Handle> {
        self.groups.get(group_key(client, message_id)).copied().filter(|handle| self.get(*handle).is_some())
    }

    #[inline]
    pub fn get(&self, handle: Handle) -> Option<&Sent> {
        self.lives.of(handle.0).get(handle.0)
    }

    #[inline]
    pub fn get_mut(&mut self, handle: Handle) -> Option<&mut Sent> {
        self.lives.of_mut(handle.0).get_mut(handle.0)
    }

    /// The place for who owns a number, good until the next call: for [`insert`](Self::insert).
    #[inline]
    pub fn place(&self, key: MessageKey) -> Place {
        self.owners.place(&self.lives, key)
    }

    /// Makes the message at hand the owner of the number of a place. `more` notes what else is known of it.
    #[inline(always)]
    pub fn insert(
        &mut self,
        place: Place,
        (key, stamp, malformed): (MessageKey, i64, bool),
        context: &Context<'_, '_>,
        more: impl FnOnce(&mut Sent),
    ) -> Handle {
        let long = context.facts.kind != MessageType::NonConfirmable;
        self.add(place, long, stamp, |sent| {
            sent.begin(key, context, malformed);
            more(sent);
        })
    }

    /// Makes what is written the owner of the number of a place; `long`: it is not of a Non-confirmable message. `stamp`: the steady time.
    #[inline(always)]
    pub(super) fn add(&mut self, place: Place, long: bool, stamp: i64, write: impl FnOnce(&mut Sent)) -> Handle {
        Handle(self.owners.add(&mut self.lives, place, (long, stamp), write))
    }

    /// Steady time of the first copy of a message that lives or is past.
    pub fn stamp(&self, handle: Handle) -> i64 {
        self.lives.due(handle.0).map_or(0, |due| due.stamp)
    }

    /// Lets a multicast message be found by its sender and number alone, too.
    #[cold]
    pub fn insert_group(&mut self, client: EndpointId, message_id: u16, handle: Handle) {
        let alive = |held: &Handle| self.lives.of(held.0).get(held.0).is_some();
        *self.groups.get_or_default(group_key(client, message_id), alive) = handle;
    }

    /// Changes a message, and notes what is due of it then.
    #[inline(always)]
    pub fn change<R>(&mut self, handle: Handle, change: impl FnOnce(&mut Sent) -> R) -> Option<R> {
        let (sent, due) = self.lives.of_mut(handle.0).changing(handle.0)?;
        let changed = change(sent);
        due.note(sent);
        Some(changed)
    }

    /// Takes out the oldest message to which no answer can come any more by the steady time, and of which something is due then: with the
    /// steady time at which it came.
    pub fn lapse(&mut self, steady: i64) -> Option<(i64, Sent)> {
        let before = steady.saturating_sub(self.lifetime);
        self.lives.other.pass_quietly(before, true);
        while self.lives.other.begins_before(before) && self.shed() {
            self.lives.other.pass_quietly(before, true);
        }
        self.lives.confirmable.pass_quietly(before, false);
        while self.lives.confirmable.begins_before(before) {
            let (due, sent) = self.lives.confirmable.pass()?;
            self.agains.free(sent.again);
            if !Due::is_done(sent) || sent.is(OUTSTANDING) {
                return Some((due.stamp, *sent));
            }
        }
        None
    }

    /// The next message that is not Confirmable and whose number is free again by the steady time, each once, and only if something is due of
    /// it then. It stays: a Reset to it may still come (RFC 7252 section 4.4).
    pub fn freed(&mut self, steady: i64) -> Option<Handle> {
        self.lives.other.next_waited(steady, |due| due.lapses_quietly).map(Handle)
    }

    /// Takes out the oldest message that is not Confirmable, if its number is free again.
    #[inline]
    pub fn shed(&mut self) -> bool {
        let life = &mut self.lives.other;
        if !life.has_waited() {
            return false;
        }
        if let Some((_, sent)) = life.pass().filter(|(due, _)| !due.lapses_quietly) {
            self.agains.free(sent.again);
        }
        true
    }

    /// Takes out the oldest message of all, for want of room.
    pub fn evict(&mut self) -> Option<Sent> {
        let oldest = |life: &&mut Life| life.front().map_or(i64::MAX, |due| due.stamp);
        let life = self.lives.both().into_iter().min_by_key(oldest)?;
        let number = life.oldest();
        let (_, sent) = life.pass()?;
        self.agains.free(sent.again);
        let evicted = *sent;
        // That its number is free again is not known.
        self.owners.disown(&mut self.lives, number);
        Some(evicted)
    }

    /// The next Confirmable message of which no copy is due any more and which nothing answered, each once.
    pub fn waited(&mut self, steady: i64) -> Option<Handle> {
        self.lives.confirmable.next_waited(steady, |due| due.waits_not).map(Handle)
    }

    /// Those that count as open interactions of their senders.
    #[cold]
    pub fn outstanding(&self) -> impl Iterator<Item = Handle> {
        let all = [&self.lives.confirmable, &self.lives.other].into_iter().flat_map(Life::newest_first);
        all.filter(|(_, sent)| sent.is(OUTSTANDING)).map(|(number, _)| Handle(number))
    }

    /// The shortest of the times after which something happens with a message.
    pub fn shortest(&self) -> i64 {
        self.lifetime.min(self.lives.confirmable.wait).min(self.lives.other.wait)
    }

    /// The steady time behind which a message has waited or is to lapse. That one can be let go of is no reason to look.
    pub fn next_due(&self) -> Option<i64> {
        let waiting = |life: &Life| life.waiting().map(|due| due.stamp.saturating_add(life.wait));
        let Lives { confirmable, other } = &self.lives;
        let front = confirmable.front().map(|due| due.stamp.saturating_add(self.lifetime));
        [waiting(confirmable), waiting(other), front].into_iter().flatten().min()
    }

    /// Takes back a jump of the clock that was not confirmed: only the newest message can have been sent in it.
    pub fn clamp(&mut self, steady: i64) {
        self.lives.both().into_iter().for_each(|life| life.clamp(steady));
    }

    /// Whether there is a message under a handle, or it is past.
    #[cfg(test)]
    pub fn knows(&self, handle: Handle) -> bool {
        self.lives.knows(handle.0)
    }

    /// Estimated size in bytes.
    pub fn bytes(&self) -> usize {
        (self.lives.confirmable.len() + self.lives.other.len()) * (size_of::<Sent>() + size_of::<Again>() + 16)
    }
}
