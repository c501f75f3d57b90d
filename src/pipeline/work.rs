//! The back half: messages are related to earlier ones, and become records.

use std::slice::Iter;

use super::check;
use super::count;
use super::front::{Batch, Judged, Part, Seen, Told, What};
use super::reasons::{NotCoap, Reasons};
use crate::coap::{DecodeMode, Header, Message};
use crate::frame::{Position, is_known_time};
use crate::store::{Record, RecordFlags, Summary, Update};
use crate::tracking::{
    Arrival, EndpointId, Facts, NO_RECORD, ObservationId, Patch, RecordId, ResourceId, Seed, Tracker, TrackerOptions,
};

/// The tracker, and the counts.
pub(super) struct Work {
    tracker: Tracker,
    summary: Summary,
    reasons: Reasons,
    next_record: RecordId,
    /// Frames of each file, where several are read.
    frames_of_file: Option<Vec<u32>>,
    resources_sent: usize,
    /// Updates tell where the patches of each record end.
    pub marks: bool,
}

impl Work {
    /// For a source that reads `files` files.
    pub fn new(options: TrackerOptions, files: usize) -> Self {
        Self {
            tracker: Tracker::new(options),
            summary: Summary::default(),
            reasons: Reasons::default(),
            next_record: 0,
            frames_of_file: (files > 1).then(|| vec![0; files]),
            resources_sent: 0,
            marks: false,
        }
    }

    /// What the tracker's hashes begin with.
    pub fn seed(&self) -> Seed {
        self.tracker.seed()
    }

    /// All frames of a batch.
    pub fn take(&mut self, batch: &Batch, update: &mut Update) {
        for (sum, new) in self.summary.findings.iter_mut().zip(batch.findings) {
            *sum += new;
        }
        self.summary.progress = batch.progress;
        self.summary.secrets = batch.secrets;
        self.reasons.set_joined(batch.joined);
        update.interfaces.extend(batch.interfaces.iter().cloned());
        update.endpoints.extend(&batch.endpoints);
        update.warnings.extend(batch.warnings.iter().cloned());
        let mut aside = Aside {
            number: batch.first_number,
            facts: batch.facts.iter(),
            fragments: batch.fragments.iter(),
            bytes: &batch.bytes,
        };
        self.summary.frames += batch.frames.len() as u64;
        let first_patch = update.patches.len();
        for seen in &batch.frames {
            self.frame(seen, &mut aside, update);
            aside.number += 1;
        }
        self.count_patches(update, first_patch);
    }

    /// Let time pass without a frame.
    pub fn advance(&mut self, now: i64, update: &mut Update) {
        let first = update.patches.len();
        self.tracker.advance(now, &mut update.patches);
        self.count_patches(update, first);
    }

    /// Add what the tables have grown by.
    pub fn add_rows(&mut self, update: &mut Update) {
        let resources = self.tracker.resources();
        for id in self.resources_sent..resources.len() {
            update.resources.push(resources.get(ResourceId(id as u32 + 1)).unwrap_or_default().into());
        }
        self.resources_sent = resources.len();
        // Whoever prints single messages counts time from the first frame.
        update.summary.first_time = self.summary.first_time;
    }

    /// Add the counts.
    pub fn add_summary(&mut self, update: &mut Update) {
        self.summary.counters = *self.tracker.counters();
        self.reasons.write(&mut self.summary.reasons);
        update.summary = self.summary.clone();
    }

    /// One frame, whatever it holds.
    fn frame(&mut self, seen: &Seen, aside: &mut Aside<'_>, update: &mut Update) {
        if let Some(count) = self.frames_of_file.as_mut().and_then(|all| all.get_mut(usize::from(seen.position.file))) {
            *count += 1;
        }
        let known = is_known_time(seen.time);
        let backwards = known && self.summary.last_time.is_some_and(|last| seen.time < last);
        if known {
            self.summary.first_time.get_or_insert(seen.time);
            self.summary.last_time = Some(seen.time);
        }
        match &seen.what {
            What::Message(part, judged) => {
                if let Some(facts) = aside.facts.next() {
                    self.message(seen, part, judged, facts, backwards, aside, update);
                }
            }
            What::DtlsOnPlainPort(part) => self.dtls_evidence(seen, part, aside, update),
            What::Quote(part, told) => self.unreachable(seen, part, told, aside, update),
            What::Offer(port) => {
                let offer = self.summary.offers.entry(*port).or_default();
                offer.datagrams += 1;
                if offer.datagrams == 1 {
                    offer.first_frame = aside.number;
                }
                self.reasons.count(NotCoap::Port(*port));
            }
            What::Other(reason) => self.reasons.count(*reason),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call site; they are what the front half found out")]
    fn message(
        &mut self,
        seen: &Seen,
        part: &Part,
        judged: &Judged,
        facts: &Facts,
        backwards: bool,
        aside: &mut Aside<'_>,
        update: &mut Update,
    ) {
        let id = self.next_record;
        let arrival = Arrival {
            record: id,
            time: seen.time,
            source: part.source,
            destination: part.destination,
            pair: part.pair,
            multicast: part.multicast,
            ip_id: part.ip_id,
            hop_limit: part.hop_limit,
            cut: part.cut,
        };
        let tracked = self.tracker.track_known(&arrival, aside.payload(part), facts, &mut update.patches);
        self.summary.coap_messages += 1;

        let mut record = record_of(seen, aside.number, part, part.source, part.destination);
        describe(&mut record, judged.mode, judged.header);
        record.relate(&tracked);
        record.flags.set(RecordFlags::CUT, part.cut);
        record.flags.set(RecordFlags::MULTICAST, part.multicast);
        record.flags.set(RecordFlags::TIME_BACKWARDS, backwards);
        record.flags.set(RecordFlags::MALFORMED, judged.malformed);
        if let Some(positions) = aside.fragments_of(part) {
            record.flags.set(RecordFlags::FRAGMENTED, true);
            update.extents.push((id, positions.into()));
        }
        if let Some(worst) = judged.worst {
            record.raise(worst);
        }
        if tracked.observation != ObservationId(0) && tracked.exchange.0 == 0 {
            update.observed.push((id, tracked.observation));
        }
        self.push(record, seen, update);
    }

    /// An ICMP error that quotes CoAP: evidence about an earlier message.
    fn unreachable(&mut self, seen: &Seen, part: &Part, told: &Told, aside: &mut Aside<'_>, update: &mut Update) {
        let quote = aside.payload(part);
        let id = self.next_record;
        let (Part { source, destination, .. }, patches) = (part, &mut update.patches);
        let about =
            self.tracker.unreachable(seen.time, id, *source, *destination, part.pair, quote, told.icmp, patches);
        let mut record = record_of(seen, aside.number, part, told.reporter, told.receiver);
        record.flags.set(RecordFlags::EVIDENCE, true);
        record.relates_to = about;
        describe(&mut record, told.mode, Message::decode_as(quote, told.mode).header());
        self.reasons.count(NotCoap::Icmp(told.version));
        self.push(record, seen, update);
    }

    /// A DTLS record on a plain CoAP port: shown in its place, not decoded as CoAP.
    fn dtls_evidence(&mut self, seen: &Seen, part: &Part, aside: &mut Aside<'_>, update: &mut Update) {
        let mut record = record_of(seen, aside.number, part, part.source, part.destination);
        record.flags.set(RecordFlags::EVIDENCE | RecordFlags::HEADERLESS, true);
        record.relates_to = NO_RECORD;
        let length = aside.payload(part).len();
        // A record that is no message has no use for where its fragments stand.
        let _ = aside.fragments_of(part);
        let findings = check::dtls_on_plain_port(length, part.multicast);
        update.patches.extend(findings.map(|finding| Patch::Finding(self.next_record, finding)));
        self.reasons.count(NotCoap::Dtls);
        self.push(record, seen, update);
    }

    #[inline]
    fn push(&mut self, record: Record, seen: &Seen, update: &mut Update) {
        update.records.push(record);
        if let Some(number) = self.frames_of_file.as_ref().and_then(|all| all.get(usize::from(seen.position.file))) {
            update.numbers.push((self.next_record, *number));
        }
        self.next_record += 1;
        if self.marks {
            update.marks.push(update.patches.len() as u32);
        }
    }

    /// Count the findings among the patches from `first` on.
    fn count_patches(&mut self, update: &Update, first: usize) {
        for patch in update.patches.iter().skip(first) {
            if let Patch::Finding(_, finding) = patch {
                count(&mut self.summary.findings, finding.severity);
            }
        }
    }
}

/// What stands beside the frames of a batch, from the present frame on.
struct Aside<'a> {
    /// Number of the frame.
    number: u64,
    facts: Iter<'a, Facts>,
    fragments: Iter<'a, Box<[Position]>>,
    bytes: &'a [u8],
}

impl<'a> Aside<'a> {
    /// Payload of the next datagram, which is this one.
    fn payload(&mut self, part: &Part) -> &'a [u8] {
        let (payload, rest) = self.bytes.split_at_checked(usize::from(part.length)).unwrap_or_default();
        self.bytes = rest;
        payload
    }

    /// Where its fragments stand, if it came in some.
    fn fragments_of(&mut self, part: &Part) -> Option<&'a [Position]> {
        if part.fragmented { self.fragments.next().map(|positions| &**positions) } else { None }
    }
}

/// Take over what the header says.
fn describe(record: &mut Record, mode: DecodeMode, header: Option<Header>) {
    record.mode = mode;
    match header {
        Some(header) => {
            record.message_id = header.message_id;
            record.code = header.code;
            record.message_type = header.message_type;
        }
        None => record.flags.set(RecordFlags::HEADERLESS, true),
    }
}

fn record_of(seen: &Seen, number: u64, part: &Part, source: EndpointId, destination: EndpointId) -> Record {
    let mut record = Record::new(seen.time, seen.position, number as u32, source, destination);
    record.interface = seen.position.interface;
    record.coap_offset = part.offset;
    record.coap_length = part.length;
    record
}
