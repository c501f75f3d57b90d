//! ICMP errors that quote a message: which one, and what they end (RFC 1122 section 4.1.3.3, RFC 4443 section 3.1).

use super::Tracker;
use super::clock::between;
use super::context::{MESSAGE_ID, Output};
use super::message_layer::PASSAGE;
use super::model::{EndpointId, ExchangeState, NO_RECORD, ObservationEnd, Patch, RecordId};
use super::pairs::PairNumber;
use super::sent::{Handle, Sent, UNREACHABLE, key};
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

impl Tracker {
    /// An ICMP error quotes a datagram. Returns the first copy of the message that it speaks of, or [`NO_RECORD`].
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
            Some(header) => self.quoted_by_id(pair, header),
            None => self.sent.travelled(pair, quoted.ip_id),
        });
        let (record, handle) = about.filter(|(record, _)| *record != NO_RECORD).unwrap_or((NO_RECORD, None));
        // Who asks for less, or names a better way (RFC 792, source quench and redirect), need not have thrown anything away.
        if version == 4 && matches!(kind, 4 | 5) {
            return record;
        }
        let copy = handle.and_then(|handle| self.sent.get(handle)).map(|sent| self.copy_quoted(sent, quoted.ip_id));
        let place = if record == NO_RECORD { evidence } else { copy.unwrap_or(record) };
        let said = (place, quoted.icmp);
        let is_told = record == NO_RECORD && self.was_seen_a_moment_ago(quoted);
        if !is_told && self.memory.undelivered.get(&said).is_none() {
            self.memory.undelivered.insert(said, ());
            out.find(place, finding);
        }
        if let Some(handle) = handle {
            self.not_delivered(handle, evidence, &mut out);
        }
        record
    }

    /// Whether the capture point has just seen an error that quotes the same datagram, of which no message is known.
    fn was_seen_a_moment_ago(&mut self, quoted: &Quoted<'_>) -> bool {
        let (hash, now) = (self.seed.hash(quoted.bytes), self.clock.now());
        let stray = (quoted.source, quoted.destination, quoted.ip_id, quoted.icmp, hash);
        let before = self.memory.strays.get(&stray).copied();
        self.memory.strays.insert(stray, now);
        before.and_then(|before| between(before, now)).is_some_and(|elapsed| elapsed <= PASSAGE)
    }

    /// Which copy of a message an error quotes: the newest, unless its identification tells that it is the first.
    fn copy_quoted(&self, sent: &Sent, ip_id: u16) -> RecordId {
        let again = self.sent.again(sent);
        let first = ip_id != 0 && ip_id == sent.first.ip_id && ip_id != again.last.ip_id;
        if first { sent.record } else { again.last_record }
    }

    /// The message with this header that went between two endpoints.
    fn quoted_by_id(&self, pair: PairNumber, header: Header) -> Option<(RecordId, Option<Handle>)> {
        let answer = matches!(header.message_type, MessageType::Acknowledgement | MessageType::Reset);
        let owner = if answer { pair.reversed() } else { pair };
        let handle = self.sent.find(key(owner, header.message_id))?;
        let sent = self.sent.get(handle)?;
        match header.message_type {
            MessageType::Acknowledgement => Some((sent.acknowledgement, None)),
            MessageType::Reset => Some((sent.reset, None)),
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
}
