//! The back half: messages are related to earlier ones, and become records.

use std::iter::Zip;
use std::slice::Iter;

use super::batch::{Batch, Other, Quote, What};
use super::check;
use super::reasons::{NotCoap, Reasons};
use crate::coap::Finding;
use crate::store::{Record, RecordFlags, Summary, Update};
use crate::tracking::{
    AHEAD, Ahead, Arrival, Coming, Facts, ObservationId, Patch, Quoted, RecordId, ResourceId, Seed, Tracker,
    TrackerOptions,
};

/// The tracker, and the counts.
pub(super) struct Work {
    tracker: Tracker,
    summary: Summary,
    reasons: Reasons,
    next_record: RecordId,
    ahead: Ahead,
    resources_sent: usize,
    /// Updates tell where the patches of each record end.
    pub marks: bool,
}

impl Work {
    /// Nothing was seen yet.
    pub fn new(options: TrackerOptions) -> Self {
        Self {
            tracker: Tracker::new(options),
            summary: Summary::default(),
            reasons: Reasons::default(),
            next_record: 0,
            ahead: Ahead::default(),
            resources_sent: 0,
            marks: false,
        }
    }

    /// What the tracker's hashes begin with.
    pub fn seed(&self) -> Seed {
        self.tracker.seed()
    }

    /// All frames of a batch.
    pub fn take(&mut self, batch: &mut Batch, update: &mut Update) {
        for (sum, new) in self.summary.findings.iter_mut().zip(batch.findings) {
            *sum += new;
        }
        self.summary.progress = batch.progress;
        self.summary.sizes.join(batch.sizes);
        self.summary.secrets = batch.secrets;
        self.reasons.set_joined(batch.joined);
        update.interfaces.extend(batch.interfaces.iter().cloned());
        update.endpoints.extend(&batch.endpoints);
        self.tracker.meet(&batch.endpoints);
        update.warnings.extend(batch.warnings.iter().cloned());
        self.summary.frames += batch.frames as u64;
        if let Some((first, last)) = batch.times {
            (self.summary.first_time, self.summary.last_time) = (Some(first), Some(last));
        }
        self.summary.unsure_times |= batch.unsure_times;
        for (number, other) in &batch.others {
            self.other(*number, *other);
        }
        self.records(batch, update);
    }

    /// The messages of a batch, and what speaks of messages.
    fn records(&mut self, batch: &mut Batch, update: &mut Update) {
        let (first_record, first) = (self.next_record, update.records.len());
        update.numbers.extend((first_record..).zip(batch.numbers.iter().copied()));
        update.extents.extend(batch.fragments.iter().map(|(at, positions)| (first_record + at, positions.clone())));
        if first == 0 {
            std::mem::swap(&mut update.records, &mut batch.records);
        } else {
            update.records.append(&mut batch.records);
        }
        let Update { records, patches, observed, marks, .. } = update;
        let messages = batch.arrivals.iter().zip(&batch.facts);
        let mut aside = Aside { messages, quotes: batch.quotes.iter(), bytes: &batch.bytes };
        let mut coming = Coming { arrivals: &batch.arrivals, facts: &batch.facts };
        self.ahead.clear();
        // For few messages, asking takes longer than waiting.
        let many = batch.facts.len() > AHEAD;
        if many {
            self.tracker.look_ahead(&mut self.ahead, &mut coming);
            self.tracker.look_ahead(&mut self.ahead, &mut coming);
        }
        let records = records.get_mut(first..).unwrap_or_default();
        for (records, kinds) in records.chunks_mut(AHEAD).zip(batch.kinds.chunks(AHEAD)) {
            if many {
                self.tracker.look_ahead(&mut self.ahead, &mut coming);
            }
            for (record, what) in records.iter_mut().zip(kinds) {
                self.record(record, *what, &mut aside, patches, observed);
                self.next_record += 1;
                if self.marks {
                    marks.push(patches.len() as u32);
                }
            }
        }
        self.summary.coap_messages += batch.arrivals.len() as u64;
    }

    /// A message, or what speaks of one.
    #[inline(always)]
    fn record(
        &mut self,
        record: &mut Record,
        what: What,
        aside: &mut Aside<'_>,
        patches: &mut Vec<Patch>,
        observed: &mut Vec<(RecordId, ObservationId)>,
    ) {
        let payload = aside.payload(record.coap_length);
        match what {
            What::Message => {
                let Some((arrival, facts)) = aside.messages.next() else { return };
                self.tracker.track_and_tell(arrival, payload, facts, patches, |tracked| {
                    record.relate(tracked);
                    if tracked.observation != ObservationId(0) && (tracked.exchange.0 == 0 || tracked.apart) {
                        observed.push((arrival.record, tracked.observation));
                    }
                });
                if record.flags.has(RecordFlags::FRAGMENTED) {
                    self.tracker.was_quoted(arrival, facts, patches);
                }
            }
            What::DtlsOnPlainPort { multicast } => {
                self.dtls_evidence(check::dtls(payload.len(), true, multicast), patches);
            }
            What::DtlsToGroup => self.dtls_evidence(check::dtls(payload.len(), false, true), patches),
            What::Quote => {
                if let Some(quote) = aside.quotes.next() {
                    self.unreachable(record, quote, payload, patches);
                }
            }
        }
    }

    /// Let time pass without a frame.
    pub fn advance(&mut self, now: i64, update: &mut Update) {
        self.tracker.advance(now, &mut update.patches);
    }

    /// No frame follows.
    pub fn end(&mut self, update: &mut Update) {
        self.tracker.end(&mut update.patches);
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

    /// A frame that is no record.
    fn other(&mut self, number: u64, other: Other) {
        let reason = match other {
            Other::NotCoap(reason) => reason,
            Other::Offer([likely, other]) => {
                let offers = &self.summary.offers;
                let port = if !offers.contains_key(&likely) && offers.contains_key(&other) { other } else { likely };
                let offer = self.summary.offers.entry(port).or_default();
                offer.datagrams += 1;
                if offer.datagrams == 1 {
                    offer.first_frame = number;
                }
                NotCoap::Port(port)
            }
        };
        self.reasons.count(reason);
    }

    /// An ICMP error that quotes CoAP: evidence about an earlier message.
    #[cold]
    fn unreachable(&mut self, record: &mut Record, quote: &Quote, payload: &[u8], patches: &mut Vec<Patch>) {
        let Quote { source, destination, pair, ip_id, version, icmp } = *quote;
        let icmp = [version, icmp.0, icmp.1];
        let quoted = Quoted { source, destination, pair, ip_id, bytes: payload, icmp };
        record.relates_to = self.tracker.unreachable(record.time, self.next_record, &quoted, patches);
        self.reasons.count(NotCoap::Icmp(version));
    }

    /// A DTLS record on a plain CoAP port or to a group: shown in its place, not decoded as CoAP.
    #[cold]
    fn dtls_evidence(&mut self, findings: impl Iterator<Item = Finding>, patches: &mut Vec<Patch>) {
        patches.extend(findings.map(|finding| Patch::Finding(self.next_record, finding)));
        self.reasons.count(NotCoap::Dtls);
    }
}

/// What stands beside the records of a batch, from the present one on.
struct Aside<'a> {
    messages: Zip<Iter<'a, Arrival>, Iter<'a, Facts>>,
    quotes: Iter<'a, Quote>,
    bytes: &'a [u8],
}

impl<'a> Aside<'a> {
    /// The payload of the present record.
    fn payload(&mut self, length: u16) -> &'a [u8] {
        let (payload, rest) = self.bytes.split_at_checked(usize::from(length)).unwrap_or_default();
        self.bytes = rest;
        payload
    }
}
