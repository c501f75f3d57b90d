//! ICMP errors that quote a message: which one, and what they end (RFC 1122 section 4.1.3.3, RFC 4443 section 3.1).

use std::collections::VecDeque;

use super::Tracker;
use super::clock::{Moment, SECOND, between};
use super::context::{MESSAGE_ID, Output};
use super::facts::Facts;
use super::marks::Marked;
use super::message_layer::PASSAGE;
use super::model::{Arrival, EndpointId, ExchangeState, NO_RECORD, ObservationEnd, Patch, RecordId, Role, Tracked};
use super::pairs::PairNumber;
use super::sent::{Handle, Sent, SentTable, UNREACHABLE, key};
use super::slots::SlotKind;
use crate::coap::finding::icmp_type;
use crate::coap::{Finding, Header, Message, MessageType, Rule};

/// What an ICMP error quotes, and what it says of it.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a> {
    /// Sender of the quoted datagram.
    pub source: EndpointId,
    /// Its receiver.
    pub destination: EndpointId,
    /// From one to the other, for callers with a [`RouteTable`](super::RouteTable) of their own.
    pub pair: Option<PairNumber>,
    /// Its IPv4 identification; 0 for none.
    pub ip_id: u16,
    /// What the error holds of the UDP payload: often the first bytes only, or none (RFC 792 asks for 64 bits of the datagram, which is
    /// the header of UDP).
    pub bytes: &'a [u8],
    /// Version of IP, type and code of the error.
    pub icmp: [u8; 3],
}

/// An error that quotes no message captured before it: its message may be on the way in fragments, the first of which it quotes.
struct Waiting {
    evidence: RecordId,
    at: Moment,
    ends: [EndpointId; 2],
    ip_id: u16,
    /// What it quotes of the message; none where that begins behind what is quoted.
    header: Option<Header>,
    icmp: [u8; 3],
    finding: Finding,
    /// The finding stands on the error.
    told: bool,
}

/// The newest such errors.
#[derive(Default)]
pub(super) struct EarlyErrors(VecDeque<Waiting>);

/// So many of them are kept.
const KEPT: usize = 16;
/// Fragments wait no longer for the others of their packet (RFC 8200 section 4.5).
const FRAGMENTS_WAIT: i64 = 60 * SECOND;

/// Messages of each kind among which is looked for another of the same sender.
const NEAR: usize = 256;

/// Messages of each kind among which is looked for one by its datagram.
const LOOKED_BACK: usize = 4096;

impl Tracker {
    /// An ICMP error quotes a datagram. Returns the copy of a message that it speaks of, or [`NO_RECORD`].
    ///
    /// `evidence` is the record of the error itself: it has the finding where the message was not captured.
    pub fn unreachable(
        &mut self,
        time: i64,
        evidence: RecordId,
        quoted: &Quoted<'_>,
        out: &mut Vec<Patch>,
    ) -> RecordId {
        let mut out = Output { patches: out };
        self.step(time, evidence, &mut out);
        let [version, kind, code] = quoted.icmp;
        let finding = Finding::new(Rule::IcmpUnreachable, MESSAGE_ID).with(icmp_type(version, kind), code);
        let pair = quoted.pair.or_else(|| self.pair_table.find(quoted.source, quoted.destination));
        let about = pair.and_then(|pair| match Message::decode(quoted.bytes).header() {
            Some(header) => self.quoted_by_id(pair, header, quoted.ip_id),
            None if quoted.ip_id != 0 => self.sent.travelled(pair, quoted.ip_id),
            // IPv6 does not number its datagrams: only what else was sent tells which one it can be.
            None => self.sent.under_way(pair, |then| {
                self.clock.since(then).is_none_or(|elapsed| elapsed <= self.options.parameters.max_latency)
            }),
        });
        let (first, handle) = about.filter(|(record, _)| *record != NO_RECORD).unwrap_or((NO_RECORD, None));
        let copy = handle.and_then(|handle| self.sent.get(handle)).map(|sent| self.copy_quoted(sent, quoted.ip_id));
        let record = copy.unwrap_or(first);
        // Who asks for less, or names a better way (RFC 792, source quench and redirect), need not have thrown anything away.
        if version == 4 && matches!(kind, 4 | 5) {
            return record;
        }
        let place = if record == NO_RECORD { evidence } else { record };
        let is_told = record == NO_RECORD && self.was_seen_a_moment_ago(quoted);
        let told = !is_told && self.say_once(place, quoted.icmp, finding, &mut out);
        if record == NO_RECORD {
            self.memory.early_errors.push(Waiting {
                evidence,
                at: self.clock.now(),
                ends: [quoted.source, quoted.destination],
                ip_id: quoted.ip_id,
                header: Message::decode(quoted.bytes).header(),
                icmp: quoted.icmp,
                finding,
                told,
            });
        }
        if let Some(handle) = handle {
            self.not_delivered(handle, evidence, &mut out);
        }
        record
    }

    /// Says of a datagram what errors of a kind say of it, unless that was said. Tells whether it was not.
    fn say_once(&mut self, place: RecordId, icmp: [u8; 3], finding: Finding, out: &mut Output<'_>) -> bool {
        let said = (place, icmp);
        let is_new = self.memory.undelivered.get(&said).is_none();
        if is_new {
            self.memory.undelivered.insert(said, ());
            out.find(place, finding);
        }
        is_new
    }

    /// A message that came in fragments was related just now. An error that its first fragment drew may have come before the last one: it
    /// speaks of this message.
    #[cold]
    #[inline(never)]
    pub fn was_quoted(&mut self, arrival: &Arrival, facts: &Facts, out: &mut Vec<Patch>) {
        let (now, record) = (self.clock.now(), arrival.record);
        let pair = arrival.pair.or_else(|| self.pair_table.find(arrival.source, arrival.destination));
        let mut out = Output { patches: out };
        while let Some(early) = self.memory.early_errors.take(arrival, facts, now) {
            let Waiting { evidence, icmp, finding, told, .. } = early;
            let tracked = Tracked { relates_to: record, ..Tracked::alone(Role::Other) };
            out.patch(Patch::Related { record: evidence, tracked });
            if told {
                let was = finding.severity;
                out.patch(Patch::Withdrawn { record: evidence, rule: finding.rule, was });
            }
            self.say_once(record, icmp, finding, &mut out);
            let sent = matches!(facts.kind, MessageType::Confirmable | MessageType::NonConfirmable);
            let handle = pair.filter(|_| sent).and_then(|pair| self.sent.find(key(pair, facts.message_id)));
            if let Some(handle) = handle {
                self.not_delivered(handle, evidence, &mut out);
            }
        }
    }

    /// Whether the capture point has just seen an error that quotes the same datagram, of which no message is known.
    fn was_seen_a_moment_ago(&mut self, quoted: &Quoted<'_>) -> bool {
        let (hash, now) = (self.seed.hash(quoted.bytes), self.clock.now());
        let stray = (quoted.source, quoted.destination, quoted.ip_id, quoted.icmp, hash);
        let before = self.memory.strays.get(&stray).copied();
        self.memory.strays.insert(stray, now);
        before.and_then(|before| between(before, now)).is_some_and(|elapsed| elapsed <= PASSAGE)
    }

    /// Which copy of a message an error quotes: that with its identification, or the newest.
    fn copy_quoted(&self, sent: &Sent, ip_id: u16) -> RecordId {
        let again = self.sent.again(sent);
        again.numbered(sent, ip_id).unwrap_or(again.last_record)
    }

    /// The same of an ACK or Reset, of which the first and the newest are known.
    fn answer_quoted(&self, sent: &Sent, first: RecordId, ip_id: u16) -> RecordId {
        let (newest, record) = self.sent.newest_answer(sent);
        let is_first = ip_id != 0 && ip_id == sent.answer.ip_id && ip_id != newest.ip_id;
        let is_only = [sent.acknowledgement, sent.reset].contains(&NO_RECORD) && sent.answered_by == first;
        let has_changed = self.sent.again(sent).first_ack.is_some();
        if is_first || !is_only || has_changed { first } else { record }
    }

    /// The message with this header that went between two endpoints.
    fn quoted_by_id(&self, pair: PairNumber, header: Header, ip_id: u16) -> Option<(RecordId, Option<Handle>)> {
        let answer = matches!(header.message_type, MessageType::Acknowledgement | MessageType::Reset);
        let owner = if answer { pair.reversed() } else { pair };
        let handle = self.sent.find(key(owner, header.message_id))?;
        let sent = self.sent.get(handle)?;
        match header.message_type {
            MessageType::Acknowledgement => Some((self.answer_quoted(sent, sent.acknowledgement, ip_id), None)),
            MessageType::Reset => Some((self.answer_quoted(sent, sent.reset, ip_id), None)),
            _ => (sent.code == header.code.0).then_some((sent.record, Some(handle))),
        }
    }

    /// A CON or NON did not arrive: its exchange or observation is not expected to go on.
    fn not_delivered(&mut self, handle: Handle, evidence: RecordId, out: &mut Output<'_>) {
        let Some(sent) = self.sent.get_mut(handle) else { return };
        sent.mark(UNREACHABLE);
        let (place, record) = (sent.slot, sent.record);
        self.no_longer_outstanding(handle);
        let Some(slot) = self.slots.get_mut(place).filter(|slot| slot.kind != SlotKind::Malformed) else { return };
        if slot.row.request == record {
            if matches!(slot.row.state, ExchangeState::Open | ExchangeState::TimedOut) {
                slot.row.state = ExchangeState::Unreachable;
                out.patch(Patch::Exchange(slot.id, slot.row));
            }
        } else if self.slots.observation(place).is_some_and(|observation| !observation.is_over()) {
            self.end_observation(place, ObservationEnd::Unreachable, evidence, out);
        }
    }

    /// A CON is acknowledged of which an ICMP error said that it did not arrive: another copy did.
    #[cold]
    #[inline(never)]
    pub(super) fn reached_after_all(&mut self, handle: Handle, out: &mut Output<'_>) {
        let Some(sent) = self.sent.get_mut(handle) else { return };
        sent.unmark(UNREACHABLE);
        let (place, record) = (sent.slot, sent.record);
        let Some(slot) = self.slots.get_mut(place) else { return };
        if slot.row.request == record {
            if slot.row.state == ExchangeState::Unreachable {
                slot.row.state = ExchangeState::Open;
            }
            return;
        }
        let is_alone = self.slots.get(place).is_some_and(|slot| self.slots.observing_beside(slot).is_none());
        let ended = self.observation(place).is_some_and(|it| it.row.end == ObservationEnd::Unreachable);
        if !is_alone || !ended {
            return;
        }
        self.open_again(place, out);
        if let Some(observation) = self.observation(place) {
            (observation.row.end, observation.row.ended_by) = (ObservationEnd::Open, NO_RECORD);
            out.patch(Patch::Observation(observation.id, observation.row));
        }
    }
}

impl EarlyErrors {
    fn push(&mut self, waiting: Waiting) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(waiting);
    }

    /// Takes the oldest that quotes this message.
    fn take(&mut self, arrival: &Arrival, facts: &Facts, now: Moment) -> Option<Waiting> {
        let at = self.0.iter().position(|waiting| waiting.quotes(arrival, facts, now))?;
        self.0.remove(at)
    }
}

impl Waiting {
    fn quotes(&self, arrival: &Arrival, facts: &Facts, now: Moment) -> bool {
        let is_same = match self.header {
            Some(header) => {
                (header.message_type, header.code, header.message_id) == (facts.kind, facts.code, facts.message_id)
                    && (self.ip_id == arrival.ip_id || [self.ip_id, arrival.ip_id].contains(&0))
            }
            // Only the identification of the packet tells.
            None => self.ip_id != 0 && self.ip_id == arrival.ip_id,
        };
        let is_recent = between(self.at, now).is_some_and(|elapsed| elapsed <= FRAGMENTS_WAIT);
        is_same && is_recent && self.ends == [arrival.source, arrival.destination]
    }
}

impl SentTable {
    /// IPv4 identifications of the newest other datagrams from one endpoint to another: one beside Confirmable messages, one beside others.
    /// What is some thousand datagrams away may have the same by chance.
    #[cold]
    pub(super) fn others_numbered(&self, pair: PairNumber, message_id: u16) -> impl Iterator<Item = u16> {
        let number_of = move |(_, sent): (u32, &Sent)| {
            let acknowledges = [sent.acknowledgement, sent.reset].contains(&sent.answered_by) && sent.is_answered();
            let travel = match sent.pair() {
                _ if sent.key as u16 == message_id => return None,
                own if own == pair => sent.first,
                other if other == pair.reversed() && acknowledges => sent.answer,
                _ => return None,
            };
            (travel.ip_id != 0).then_some(travel.ip_id)
        };
        let lives = [&self.lives.confirmable, &self.lives.other];
        lives.into_iter().filter_map(move |life| life.newest_first().take(NEAR).find_map(number_of))
    }

    /// The one message between two endpoints, or the one answer to such a message, whose datagram had this IPv4 identification; None where
    /// several had, or the sender does not count them. Looks at the newest only.
    #[cold]
    fn travelled(&self, pair: PairNumber, ip_id: u16) -> Option<(RecordId, Option<Handle>)> {
        let is_own = |sent: &Sent| self.again(sent).numbered(sent, ip_id).is_some();
        self.only_one(pair, is_own, |sent| sent.answer.ip_id == ip_id)
    }

    /// The one message between two endpoints, or the one answer to such a message, that may not have arrived yet: sent lately, and not known to
    /// have arrived. None where there are several, or so many messages that not all are looked at.
    #[cold]
    fn under_way(&self, pair: PairNumber, lately: impl Fn(Moment) -> bool) -> Option<(RecordId, Option<Handle>)> {
        if self.lives.confirmable.len().max(self.lives.other.len()) > LOOKED_BACK {
            return None;
        }
        // Of several copies one arrived, but perhaps not the others.
        let may_be = |sent: &Sent| (!sent.is_answered() || self.copies(sent) > 1) && lately(self.last(sent).at());
        self.only_one(pair, may_be, |sent| lately(self.newest_answer(sent).0.at()))
    }

    /// The only message between two endpoints that is the one, or answer to such a message. Looks at the newest only.
    fn only_one(
        &self,
        pair: PairNumber,
        is_it: impl Fn(&Sent) -> bool,
        is_its_answer: impl Fn(&Sent) -> bool,
    ) -> Option<(RecordId, Option<Handle>)> {
        let lives = [&self.lives.confirmable, &self.lives.other];
        let newest = lives.into_iter().flat_map(|life| life.newest_first().take(LOOKED_BACK));
        let newest = newest.map(|(number, sent)| (Handle(number), sent));
        let mut found = newest.filter_map(|(handle, sent)| {
            if sent.pair() == pair && is_it(sent) {
                return Some((sent.record, Some(handle).filter(|_| !sent.is_stray())));
            }
            let answered = sent.pair() == pair.reversed() && sent.is_answered() && is_its_answer(sent);
            // A response of its own is there itself.
            let acknowledges = [sent.acknowledgement, sent.reset].contains(&sent.answered_by);
            (answered && acknowledges).then_some((sent.answered_by, None))
        });
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
}
