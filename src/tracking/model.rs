//! What the tracker says: ids, relations, the rows of exchanges and observations.

use super::pairs::PairNumber;
use crate::coap::{Finding, Rule, Severity};

/// Number of a stored message; they rise and are never reused.
pub type RecordId = u32;

/// "No record", where a link is absent.
pub const NO_RECORD: RecordId = crate::coap::NO_RECORD;

/// Number of an interned endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct EndpointId(pub u32);

/// Number of an exchange, from 1; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ExchangeId(pub u32);

/// Number of an observation, from 1; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ObservationId(pub u32);

/// Number of a body that went in blocks, from 1; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct BodyId(pub u32);

/// Number of an interned resource (path and query), from 1; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ResourceId(pub u32);

/// A message as it arrives at the tracker.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The id that its record will have.
    pub record: RecordId,
    /// Nanoseconds since 1970-01-01 UTC, from the frame.
    pub time: i64,
    /// Who sent it.
    pub source: EndpointId,
    /// Whom it was sent to.
    pub destination: EndpointId,
    /// From one to the other, if the caller has a [`RouteTable`](super::RouteTable): then with all messages. Else the tracker has one.
    pub pair: Option<PairNumber>,
    /// The destination is a multicast or broadcast address.
    pub multicast: bool,
    /// IPv4 identification; 0 where there is none.
    pub ip_id: u16,
    /// IPv4 time to live or IPv6 hop limit.
    pub hop_limit: u8,
    /// Tells apart where it was captured, see [`Datagram::heard`](crate::frame::Datagram::heard); the same for all where that is not known.
    pub interface: u16,
    /// The capture cut the message: what is missing says nothing about the sender.
    pub cut: bool,
}

impl Arrival {
    /// Of a whole message to one receiver, of whose way nothing is known but its two ends.
    pub fn new(record: RecordId, time: i64, source: EndpointId, destination: EndpointId) -> Self {
        Self {
            record,
            time,
            source,
            destination,
            pair: None,
            multicast: false,
            ip_id: 0,
            hop_limit: 0,
            interface: 0,
            cut: false,
        }
    }
}

/// What a record's backward link means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Relation {
    /// No earlier message.
    #[default]
    None,
    /// A response to the request there, or a notification to the registration there.
    Answers,
    /// An empty ACK for the message there.
    Acknowledges,
    /// A Reset for the message there.
    Resets,
    /// A retransmission of the Confirmable message there (first captured copy).
    Retransmits,
    /// A duplicate of the NON, ACK or RST there, or a copy that the network made.
    Duplicates,
    /// The frame there, seen twice by the capture point.
    CopyOf,
}

/// What the tracker knows of a message when it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The exchange it belongs to; `ExchangeId(0)` for none.
    pub exchange: ExchangeId,
    /// The observation it belongs to (registration, notification, their ACK and RST); 0 for none.
    pub observation: ObservationId,
    /// Meaning of `relates_to`.
    pub relation: Relation,
    /// First captured copy of the message that this one answers or repeats, or [`NO_RECORD`].
    pub relates_to: RecordId,
    /// The message before this one in the same exchange, or [`NO_RECORD`].
    pub previous_in_exchange: RecordId,
    /// Which captured copy of a Confirmable message this is, from 1; 0 for other types.
    pub transmission: u16,
    /// The part it plays.
    pub role: Role,
    /// For a notification, how it stands to the freshest one before it.
    pub order: ObserveOrder,
    /// Another open request had the same token: the response may be for that one as well.
    pub ambiguous: bool,
    /// Its observation is not that of its exchange: a request to a group may begin one with each member.
    pub apart: bool,
}

/// The part that a message plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Role {
    /// None of the others: an orphan, or malformed.
    #[default]
    Other,
    /// A request.
    Request,
    /// A request with Observe 0.
    Registration,
    /// A request with Observe 1 for an open observation.
    Deregistration,
    /// A response in an ACK.
    PiggybackedResponse,
    /// A response in a CON.
    SeparateResponse,
    /// A response in a NON.
    NonResponse,
    /// A later response of an observation.
    Notification,
    /// An empty ACK.
    EmptyAck,
    /// A Reset that rejects.
    Reset,
    /// An empty CON.
    Ping,
    /// The Reset to a ping.
    Pong,
}

/// How a notification stands to the freshest one before it (RFC 7641 section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum ObserveOrder {
    /// Not a notification with a number.
    #[default]
    None,
    /// The first number of the observation.
    First,
    /// Newer by exactly one.
    Next,
    /// Newer, and numbers are missing in between.
    Gap,
    /// Newer only because more than 128 s passed.
    NewerByTime,
    /// Overtaken by a newer one.
    Stale,
    /// The same number as the freshest.
    Same,
    /// Newer by more than one, where that does not tell that any are missing: the server need not count one by one.
    Newer,
}

impl ObserveOrder {
    /// It is not newer.
    #[inline]
    pub(super) fn is_behind(self) -> bool {
        matches!(self, Self::Stale | Self::Same)
    }
}

/// State of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum ExchangeState {
    /// No response yet.
    #[default]
    Open,
    /// An empty ACK promised a separate response.
    Acknowledged,
    /// A response came.
    Answered,
    /// A registration was accepted, and it is in force.
    Observing,
    /// The request was answered by a Reset.
    Reset,
    /// Nothing came within the time a client waits.
    TimedOut,
    /// An ICMP error says that nobody was reached.
    Unreachable,
    /// No response came until the cap on memory ended it: what came later is not known.
    Evicted,
    /// A registration was accepted, and is in force no more: its observation has ended, or goes on by a newer registration.
    Observed,
}

impl ExchangeState {
    /// A response may still come in the time a client waits.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Open | Self::Acknowledged)
    }

    /// A registration was accepted.
    pub fn is_accepted(self) -> bool {
        matches!(self, Self::Observing | Self::Observed)
    }
}

/// How the first response came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum AnswerKind {
    /// No response.
    #[default]
    None,
    /// In the ACK.
    Piggybacked,
    /// In a CON of its own.
    Separate,
    /// In a NON.
    Non,
    /// A Reset.
    Reset,
}

/// One row of the exchange table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExchangeRow {
    /// First captured copy of the request.
    pub request: RecordId,
    /// First response or Reset, or [`NO_RECORD`].
    pub response: RecordId,
    /// Last message of the exchange so far.
    pub last: RecordId,
    /// Who asked.
    pub client: EndpointId,
    /// Who was asked (the group, for multicast).
    pub server: EndpointId,
    /// Time of the first copy, nanoseconds since 1970.
    pub started: i64,
    /// First response or Reset minus first copy of the request, in nanoseconds; negative: none, or unknown.
    pub round_trip: i64,
    /// Path and query.
    pub resource: ResourceId,
    /// The observation it registered, or 0.
    pub observation: ObservationId,
    /// Captured copies of the request.
    pub transmissions: u16,
    /// Different responses.
    pub responses: u16,
    /// Method code.
    pub method: u8,
    /// Code of the first response; 0 for none.
    pub code: u8,
    /// Where it stands.
    pub state: ExchangeState,
    /// How it was answered.
    pub answer: AnswerKind,
    /// The request was Confirmable.
    pub confirmable: bool,
    /// The request was sent to a group.
    pub multicast: bool,
    /// No-Response of the request (RFC 7967): the classes of responses that it asks to be spared; 0 for none.
    pub no_response: u8,
}

/// One row of the table of bodies: what went in blocks one way (RFC 7959, RFC 9177).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyRow {
    /// Message with the first block that was captured.
    pub first: RecordId,
    /// Message with the newest one.
    pub last: RecordId,
    /// Who asks.
    pub client: EndpointId,
    /// Who is asked.
    pub server: EndpointId,
    /// Path and query.
    pub resource: ResourceId,
    /// From client to server (Block1), or from server to client (Block2).
    pub upload: bool,
    /// Method code.
    pub method: u8,
    /// Blocks captured, each once.
    pub blocks: u32,
    /// Bytes captured, each once.
    pub bytes: u64,
    /// Length of the whole in bytes: told by its last block, or 0 where that was not captured.
    pub length: u64,
    /// What Size1 or Size2 said the length is, if they did.
    pub announced: Option<u32>,
    /// All of it was captured.
    pub complete: bool,
    /// The message with which it was complete, or [`NO_RECORD`].
    pub completed_by: RecordId,
}

/// Which part of a body a message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyPart {
    /// The body.
    pub body: BodyId,
    /// Offset of the block in the body, bytes.
    pub offset: u64,
    /// Length of the block, bytes.
    pub length: u32,
    /// Message with the block of the same body that was captured before, or [`NO_RECORD`].
    pub previous: RecordId,
}

/// How an observation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum ObservationEnd {
    /// It has not.
    #[default]
    Open,
    /// A request with Observe 1.
    Deregistered,
    /// A Reset to a notification.
    Reset,
    /// An error response under its token.
    Error,
    /// A 2.xx response under its token without Observe.
    NoObserve,
    /// A Confirmable notification that was never acknowledged.
    TimedOut,
    /// A new registration took its token.
    Replaced,
    /// An ICMP error.
    Unreachable,
    /// The cap on memory ended it: what came later is not known to belong to it.
    Evicted,
}

/// One row of the observation table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservationRow {
    /// The registration (first copy), or [`NO_RECORD`] where the capture missed it.
    pub registration: RecordId,
    /// The response that accepted it, or [`NO_RECORD`].
    pub accepted: RecordId,
    /// Last notification, or [`NO_RECORD`].
    pub last: RecordId,
    /// What ended it, or [`NO_RECORD`].
    pub ended_by: RecordId,
    /// Who observes.
    pub client: EndpointId,
    /// Who notifies.
    pub server: EndpointId,
    /// The exchange of the registration.
    pub exchange: ExchangeId,
    /// Path and query.
    pub resource: ResourceId,
    /// Freshest Observe number so far; `u32::MAX` for none.
    pub freshest: u32,
    /// Arrival of the freshest, nanoseconds since 1970.
    pub freshest_time: i64,
    /// Max-Age of the freshest, in seconds.
    pub max_age: u32,
    /// Notifications after the accepting response, repeats counted once.
    pub notifications: u32,
    /// Places where numbers were skipped that did not come late either.
    pub gaps: u32,
    /// Notifications that a newer one overtook.
    pub stale: u32,
    /// See [`same`](Self::same): it fills what is left of the row, which is written with each notification.
    pub(super) same: [u8; 3],
    /// How it ended.
    pub end: ObservationEnd,
}

impl ObservationRow {
    /// Notifications with the number of the freshest before them; no more than 2^24 - 1 are counted.
    pub fn same(&self) -> u32 {
        let [first, second, third] = self.same;
        u32::from_le_bytes([first, second, third, 0])
    }

    /// Notifications that are not newer than the freshest before them (RFC 7641 section 3.4): overtaken, or with its number.
    pub fn not_newer(&self) -> u32 {
        self.stale.saturating_add(self.same())
    }

    /// Counts a notification that stands so to the freshest before it.
    pub(super) fn count(&mut self, order: ObserveOrder) {
        match order {
            ObserveOrder::Stale => self.stale += 1,
            ObserveOrder::Same => {
                let [first, second, third, over] = (self.same() + 1).to_le_bytes();
                self.same = if over == 0 { [first, second, third] } else { self.same };
            }
            _ => {}
        }
    }
}

const _: () = assert!(size_of::<ObservationRow>() == 64);

/// What becomes known of earlier messages, or changes in the tables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Patch {
    /// A new or changed row.
    Exchange(ExchangeId, ExchangeRow),
    /// A changed row, whose last message is the first answer to its request: see [`each`](Self::each).
    Answered(ExchangeId, ExchangeRow),
    /// A new or changed row.
    Observation(ObservationId, ObservationRow),
    /// A new or changed row.
    Body(BodyId, BodyRow),
    /// Which part of a body a message has.
    Part(RecordId, BodyPart),
    /// `record` (first copy) is answered by `by`.
    AnsweredBy {
        /// First captured copy of the message that is answered.
        record: RecordId,
        /// First answer to it.
        by: RecordId,
    },
    /// A finding on an earlier or the present message.
    Finding(RecordId, Finding),
    /// A finding that stood on an earlier message with a lower severity so far, or before more was known: it stands there once, like this.
    Graver {
        /// The message.
        record: RecordId,
        /// What stands there from now on.
        finding: Finding,
        /// How severe it was.
        was: Severity,
    },
    /// A finding on an earlier message does not hold: what was missing came just after it.
    Withdrawn {
        /// The message.
        record: RecordId,
        /// What was said of it.
        rule: Rule,
        /// How severe it was.
        was: Severity,
    },
    /// What an earlier message is to others, which was not known when it came: it answers one that was captured just after it.
    Related {
        /// The message.
        record: RecordId,
        /// All that is known of it.
        tracked: Tracked,
    },
}

impl Patch {
    /// All that it tells, one by one: what is answered and the row of an [`Answered`](Self::Answered), or itself.
    pub fn each(&self) -> impl Iterator<Item = Self> + use<> {
        let both = match *self {
            Self::Answered(id, row) => {
                [Some(Self::AnsweredBy { record: row.request, by: row.last }), Some(Self::Exchange(id, row))]
            }
            one => [Some(one), None],
        };
        both.into_iter().flatten()
    }
}
