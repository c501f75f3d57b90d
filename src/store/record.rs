//! The record: what is kept of every message. With it and its source the message can be decoded again.

use crate::coap::{Code, DecodeMode, MessageType, Severity};
use crate::frame::Position;
use crate::tracking::{EndpointId, ExchangeId, ObserveOrder, RecordId, Relation, Role, Tracked};

/// What kind of row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum RecordKind {
    /// A CoAP message.
    #[default]
    Message,
    /// A frame that speaks of a message: an ICMP error that quotes it, a DTLS record on a plain port.
    Evidence,
}

/// Yes-or-no facts of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct RecordFlags(pub u8);

impl RecordFlags {
    /// Not a message, see [`RecordKind::Evidence`].
    pub const EVIDENCE: u8 = 1;
    /// The capture kept only its beginning.
    pub const CUT: u8 = 2;
    /// Malformed as `stats` counts it.
    pub const MALFORMED: u8 = 4;
    /// Sent to a group.
    pub const MULTICAST: u8 = 8;
    /// Arrived in IP fragments: all their positions are in the store's extents.
    pub const FRAGMENTED: u8 = 16;
    /// Shorter than a CoAP header.
    pub const HEADERLESS: u8 = 32;
    /// Its time lies before that of the frame before it.
    pub const TIME_BACKWARDS: u8 = 64;
    /// Another open request had its token: it may be the response to that one.
    pub const AMBIGUOUS: u8 = 128;

    /// Set these bits where `on`.
    pub const fn set(&mut self, bits: u8, on: bool) {
        self.0 |= if on { bits } else { 0 };
    }

    /// Whether any of these bits is set.
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    /// Nanoseconds since 1970-01-01 UTC.
    pub time: i64,
    /// Offset of the (last) frame's record or block in its file, in bytes.
    pub offset: u64,
    /// Frame number in the capture, from 1.
    pub frame: u32,
    /// Who sent it.
    pub source: EndpointId,
    /// Whom it was sent to.
    pub destination: EndpointId,
    /// Exchange, or 0.
    pub exchange: ExchangeId,
    /// First captured copy of the message that this one answers or repeats, or `NO_RECORD`.
    pub relates_to: RecordId,
    /// The message before this one in the same exchange, or `NO_RECORD`.
    pub previous_in_exchange: RecordId,
    /// Message ID.
    pub message_id: u16,
    /// Index into the store's table of interfaces (file and interface).
    pub interface: u16,
    /// First byte of the message: in the frame, or in the reassembled IP packet.
    pub coap_offset: u16,
    /// Captured length of the message in bytes.
    pub coap_length: u16,
    /// Code.
    pub code: Code,
    /// Which captured copy of a Confirmable message, from 1; 0 for other types; 255 for 255 and more.
    pub transmission: u8,
    /// Type.
    pub message_type: MessageType,
    /// How its bytes are to be read.
    pub mode: DecodeMode,
    /// Meaning of `relates_to`, and how a notification stands to the freshest before it.
    pub(super) relation_and_order: u8,
    /// The part it plays.
    pub role: Role,
    /// Worst finding, 0 for none, else 1 + severity: in the low half of those of its bytes, in the high half of the tracker's.
    pub(super) severity: u8,
    /// Yes-or-no facts.
    pub flags: RecordFlags,
}

/// Beside the relation: a later copy was captured.
const REPEATED: u8 = 8;
/// Beside the order: see [`Record::is_on_the_way`].
const ON_THE_WAY: u8 = 128;
const RELATIONS: [Relation; 7] = [
    Relation::None,
    Relation::Answers,
    Relation::Acknowledges,
    Relation::Resets,
    Relation::Retransmits,
    Relation::Duplicates,
    Relation::CopyOf,
];
const ORDERS: [ObserveOrder; 8] = [
    ObserveOrder::None,
    ObserveOrder::First,
    ObserveOrder::Next,
    ObserveOrder::Gap,
    ObserveOrder::NewerByTime,
    ObserveOrder::Stale,
    ObserveOrder::Same,
    ObserveOrder::Newer,
];
const SEVERITIES: [Severity; 4] = [Severity::Chat, Severity::Note, Severity::Warn, Severity::Error];

impl Record {
    /// A record of a message that nothing is known of but its header.
    #[inline]
    pub fn new(time: i64, position: Position, frame: u32, source: EndpointId, destination: EndpointId) -> Self {
        Self {
            time,
            offset: position.offset,
            frame,
            source,
            destination,
            exchange: ExchangeId(0),
            relates_to: crate::tracking::NO_RECORD,
            previous_in_exchange: crate::tracking::NO_RECORD,
            message_id: 0,
            interface: 0,
            coap_offset: 0,
            coap_length: 0,
            code: Code(0),
            transmission: 0,
            message_type: MessageType::Confirmable,
            mode: DecodeMode::default(),
            relation_and_order: 0,
            role: Role::Other,
            severity: 0,
            flags: RecordFlags(0),
        }
    }

    /// Message or evidence.
    pub fn kind(&self) -> RecordKind {
        if self.flags.has(RecordFlags::EVIDENCE) { RecordKind::Evidence } else { RecordKind::Message }
    }

    /// Meaning of `relates_to`.
    pub fn relation(&self) -> Relation {
        RELATIONS.get(usize::from(self.relation_and_order & 7)).copied().unwrap_or_default()
    }

    /// The message to which it stands in this relation.
    pub fn related(&self, relation: Relation) -> Option<RecordId> {
        (self.relation() == relation).then_some(self.relates_to)
    }

    /// How a notification stands to the freshest before it.
    pub fn order(&self) -> ObserveOrder {
        ORDERS.get(usize::from(self.relation_and_order >> 4 & 7)).copied().unwrap_or_default()
    }

    /// Set meaning of `relates_to` and order.
    pub fn set_relation(&mut self, relation: Relation, order: ObserveOrder) {
        let kept = self.relation_and_order & (REPEATED | ON_THE_WAY);
        self.relation_and_order = kept | relation as u8 | (order as u8) << 4;
    }

    /// Take over what the tracker knows of the message.
    #[inline]
    pub fn relate(&mut self, tracked: &Tracked) {
        self.exchange = tracked.exchange;
        self.relates_to = tracked.relates_to;
        self.previous_in_exchange = tracked.previous_in_exchange;
        self.transmission = tracked.transmission.min(255) as u8;
        self.role = tracked.role;
        self.set_relation(tracked.relation, tracked.order);
        self.flags.set(RecordFlags::AMBIGUOUS, tracked.ambiguous);
    }

    /// Worst finding.
    pub fn severity(&self) -> Option<Severity> {
        let worst = (self.severity & 15).max(self.severity >> 4);
        SEVERITIES.get(usize::from(worst).checked_sub(1)?).copied()
    }

    /// Note the severity of a finding of its bytes; the worst stays.
    pub fn raise(&mut self, severity: Severity) {
        self.severity = self.severity & 0xf0 | (self.severity & 15).max(severity as u8 + 1);
    }

    /// Note the severity of the worst finding of the tracker.
    pub fn set_tracked_severity(&mut self, worst: Option<Severity>) {
        self.severity = self.severity & 15 | worst.map_or(0, |worst| worst as u8 + 1) << 4;
    }

    /// Note the severity of a further finding of the tracker; the worst stays.
    pub fn raise_tracked(&mut self, severity: Severity) {
        self.severity = self.severity & 15 | (self.severity >> 4).max(severity as u8 + 1) << 4;
    }

    /// A later copy of it was captured.
    pub fn is_repeated(&self) -> bool {
        self.relation_and_order & REPEATED != 0
    }

    /// Note that a later copy was captured.
    pub fn set_repeated(&mut self) {
        self.relation_and_order |= REPEATED;
    }

    /// An address in the IP header is not that of the endpoint: see [`Datagram::on_the_way`](crate::frame::Datagram::on_the_way).
    pub fn is_on_the_way(&self) -> bool {
        self.relation_and_order & ON_THE_WAY != 0
    }

    /// Note whether it is so.
    pub fn set_on_the_way(&mut self, on: bool) {
        self.relation_and_order = self.relation_and_order & !ON_THE_WAY | if on { ON_THE_WAY } else { 0 };
    }

    /// It repeats an earlier message in one way or another.
    pub fn is_repeat(&self) -> bool {
        matches!(self.relation(), Relation::Retransmits | Relation::Duplicates | Relation::CopyOf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_is_small() {
        assert_eq!(size_of::<Record>(), 56);
    }

    #[test]
    fn packed_fields_come_back() {
        let mut record = Record::new(0, Position::default(), 1, EndpointId(0), EndpointId(1));
        for relation in RELATIONS {
            for order in ORDERS {
                record.set_relation(relation, order);
                assert_eq!((record.relation(), record.order()), (relation, order));
                assert!(!record.is_on_the_way() && !record.is_repeated());
                let mut record = record;
                record.set_on_the_way(true);
                record.set_relation(relation, order);
                assert_eq!((record.relation(), record.order(), record.is_on_the_way()), (relation, order, true));
            }
        }
        assert_eq!(record.severity(), None);
        for severity in SEVERITIES {
            record.raise(severity);
            assert_eq!(record.severity(), Some(severity));
        }
        record.raise(Severity::Chat);
        assert_eq!(record.severity(), Some(Severity::Error));
        let mut record = Record { severity: 0, ..record };
        record.raise(Severity::Note);
        record.raise_tracked(Severity::Error);
        record.raise_tracked(Severity::Warn);
        assert_eq!(record.severity(), Some(Severity::Error));
        record.set_tracked_severity(None);
        assert_eq!(record.severity(), Some(Severity::Note));
    }
}
