//! What crosses from the front half to the back half: frames by the hundred, each as far as it is known by itself.

use super::Step;
use super::reasons::NotCoap;
use crate::capture::Interface;
use crate::coap::{DecodeMode, Header, Severity};
use crate::frame::{Datagram, Endpoint, Frame, Position};
use crate::store::{Progress, Record, RecordFlags, Sizes};
use crate::tracking::{Arrival, EndpointId, Facts, PairNumber, RecordId};

/// Bytes that nearly all messages have at most.
pub(super) const FEW: usize = 96;

/// Frames that went through the front half.
#[derive(Default)]
pub(super) struct Batch {
    /// How many.
    pub frames: usize,
    /// The id of the first record.
    pub first_record: RecordId,
    /// Messages, and frames that speak of some, in order: all of a record that follows from the frame alone.
    pub records: Vec<Record>,
    /// What each of these is.
    pub kinds: Vec<What>,
    /// How each that is a message arrived.
    pub arrivals: Vec<Arrival>,
    /// What the tracker needs of each that is a message.
    pub facts: Vec<Facts>,
    /// What each ICMP error says.
    pub quotes: Vec<Quote>,
    /// The payload of each record, one behind the other.
    pub bytes: Vec<u8>,
    /// Where the fragments of messages stand, with the index of the record.
    pub fragments: Vec<(u32, Box<[Position]>)>,
    /// Numbers of the records' frames in their files; none where there is one file.
    pub numbers: Vec<u32>,
    /// The other frames, by their numbers.
    pub others: Vec<(u64, Other)>,
    /// The first and the last time that is known, of all frames so far.
    pub times: Option<(i64, i64)>,
    /// One so far is not known, or is earlier than the one before it.
    pub unsure_times: bool,
    /// Interfaces met since the last batch.
    pub interfaces: Vec<Interface>,
    /// Endpoints met since the last batch.
    pub endpoints: Vec<Endpoint>,
    /// Warnings of the source since the last batch.
    pub warnings: Vec<String>,
    /// How far the source is read.
    pub progress: Progress,
    /// Blocks with keys met so far.
    pub secrets: u64,
    /// Fragments so far that waited, and then became part of a datagram.
    pub joined: u64,
    /// Bytes of its messages.
    pub sizes: Sizes,
    /// Findings of message and frame by severity.
    pub findings: [u64; 4],
    /// What comes behind it.
    pub step: Option<Step>,
    /// Why the source could not be read on.
    pub failure: Option<String>,
    /// It was a fault of our own.
    pub panicked: bool,
}

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A CoAP message, or what was sent to a CoAP port as one: the next of [`Batch::arrivals`] and of [`Batch::facts`].
    Message,
    /// A DTLS record where only plain CoAP belongs.
    DtlsOnPlainPort { multicast: bool },
    /// A DTLS record to a group, on the port of DTLS.
    DtlsToGroup,
    /// An ICMP error that quotes CoAP: the next of [`Batch::quotes`].
    Quote,
}

/// What an ICMP error says.
pub(super) struct Quote {
    /// Sender of the quoted datagram.
    pub source: EndpointId,
    /// Its receiver.
    pub destination: EndpointId,
    /// From one to the other, if a message went either way.
    pub pair: Option<PairNumber>,
    /// Its IPv4 identification; 0 for none.
    pub ip_id: u16,
    pub version: u8,
    pub icmp: (u8, u8),
}

/// A frame that is no record.
#[derive(Clone, Copy)]
pub(super) enum Other {
    /// It looks like CoAP on a port that is not CoAP's: see [`offered_ports`](super::classify::offered_ports).
    Offer([u16; 2]),
    /// Something else.
    NotCoap(NotCoap),
}

impl Batch {
    /// Empty it and keep its memory.
    pub fn clear(&mut self) {
        (self.frames, self.first_record) = (0, 0);
        self.records.clear();
        self.kinds.clear();
        self.arrivals.clear();
        self.facts.clear();
        self.quotes.clear();
        self.bytes.clear();
        self.fragments.clear();
        self.numbers.clear();
        self.others.clear();
        (self.times, self.unsure_times) = (None, false);
        self.interfaces.clear();
        self.endpoints.clear();
        self.warnings.clear();
        self.sizes = Sizes::default();
        self.findings = [0; 4];
        self.step = None;
        self.failure = None;
        self.panicked = false;
    }

    /// The id that the next record will have.
    #[inline(always)]
    pub fn next_record(&self) -> RecordId {
        self.first_record.wrapping_add(self.records.len() as RecordId)
    }

    /// Nothing in it is to be told.
    pub fn is_quiet(&self) -> bool {
        self.frames == 0 && self.warnings.is_empty() && self.interfaces.is_empty()
    }

    /// Keeps a payload, and gives its length; UDP allows no more than that holds.
    #[inline(always)]
    pub fn keep(&mut self, bytes: &[u8]) -> u16 {
        let length = bytes.len().min(usize::from(u16::MAX));
        self.bytes.extend_from_slice(bytes.get(..length).unwrap_or_default());
        length as u16
    }

    /// The same for a few bytes with what lies behind them in memory: to copy always as many is quicker than to copy as many as there are.
    #[inline(always)]
    pub fn keep_few(&mut self, bytes: &[u8], memory: Option<&[u8; FEW]>) -> u16 {
        match memory {
            Some(memory) if bytes.len() <= FEW => {
                let length = self.bytes.len() + bytes.len();
                self.bytes.extend_from_slice(memory);
                self.bytes.truncate(length);
                bytes.len() as u16
            }
            _ => self.keep(bytes),
        }
    }
}

/// The record of a frame whose payload, kept in a batch with so many bytes, begins at `offset`.
#[inline(always)]
pub(super) fn record(
    frame: &Frame<'_>,
    [source, destination]: [EndpointId; 2],
    offset: u16,
    length: u16,
    mode: DecodeMode,
    header: Option<Header>,
) -> Record {
    let mut record = Record::new(frame.time, frame.position, frame.number as u32, source, destination);
    record.interface = frame.position.interface;
    (record.coap_offset, record.coap_length) = (offset, length);
    record.mode = mode;
    match header {
        Some(header) => {
            record.message_id = header.message_id;
            record.code = header.code;
            record.message_type = header.message_type;
        }
        None => record.flags.set(RecordFlags::HEADERLESS, true),
    }
    record
}

/// Adds to the record of a message what its datagram and its findings tell.
pub(super) fn judge(record: &mut Record, datagram: &Datagram<'_>, malformed: bool, worst: Option<Severity>) {
    record.flags.set(RecordFlags::CUT, datagram.cut);
    record.flags.set(RecordFlags::MULTICAST, datagram.multicast);
    record.flags.set(RecordFlags::MALFORMED, malformed);
    record.flags.set(RecordFlags::FRAGMENTED, datagram.reassembled.is_some());
    record.set_on_the_way(datagram.on_the_way);
    if let Some(worst) = worst {
        record.raise(worst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_crosses_the_threads_is_small() {
        assert_eq!((size_of::<Record>(), size_of::<What>()), (56, 1));
        // Numbers of 64 bits are not aligned to 8 bytes on every machine of 32 bits.
        assert!((36..=40).contains(&size_of::<Arrival>()), "{}", size_of::<Arrival>());
    }
}
