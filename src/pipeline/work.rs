//! The back half: messages are related to earlier ones, and become records.

use std::slice::Iter;

use super::batch::{Batch, Other, Quote, Way, What};
use super::check;
use super::reasons::{NotCoap, Reasons};
use super::{count, uncount};
use crate::coap::Finding;
use crate::store::{Record, RecordFlags, Summary, Update};
use crate::tracking::{
    AHEAD, Ahead, Arrival, Facts, ObservationId, Patch, Quoted, RecordId, ResourceId, Seed, Tracker, TrackerOptions,
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
        let (first_record, first_patch, first) = (self.next_record, update.patches.len(), update.records.len());
        update.numbers.extend((first_record..).zip(batch.numbers.iter().copied()));
        update.extents.extend(batch.fragments.iter().map(|(at, positions)| (first_record + at, positions.clone())));
        if first == 0 {
            std::mem::swap(&mut update.records, &mut batch.records);
        } else {
            update.records.append(&mut batch.records);
        }
        let Update { records, patches, observed, marks, .. } = update;
        let mut aside = Aside { facts: batch.facts.iter(), quotes: batch.quotes.iter(), bytes: &batch.bytes };
        let messages = batch.ways.iter().filter(|way| way.what == What::Message);
        let mut coming = messages.zip(&batch.facts).map(|(way, facts)| (way.pair, facts));
        self.ahead.clear();
        // For few messages, asking takes longer than waiting.
        let many = batch.facts.len() > AHEAD;
        if many {
            self.tracker.look_ahead(&mut self.ahead, &mut coming);
            self.tracker.look_ahead(&mut self.ahead, &mut coming);
        }
        let records = records.get_mut(first..).unwrap_or_default();
        for (records, ways) in records.chunks_mut(AHEAD).zip(batch.ways.chunks(AHEAD)) {
            if many {
                self.tracker.look_ahead(&mut self.ahead, &mut coming);
            }
            for (record, way) in records.iter_mut().zip(ways) {
                self.record(record, way, &mut aside, patches, observed);
                self.next_record += 1;
                if self.marks {
                    marks.push(patches.len() as u32);
                }
            }
        }
        self.count_patches(update, first_patch);
    }

    /// A message, or what speaks of one.
    #[inline(always)]
    fn record(
        &mut self,
        record: &mut Record,
        way: &Way,
        aside: &mut Aside<'_>,
        patches: &mut Vec<Patch>,
        observed: &mut Vec<(RecordId, ObservationId)>,
    ) {
        let payload = aside.payload(record.coap_length);
        match way.what {
            What::Message => {
                if let Some(facts) = aside.facts.next() {
                    self.message(record, way, facts, payload, patches, observed);
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
        let first = update.patches.len();
        self.tracker.advance(now, &mut update.patches);
        self.count_patches(update, first);
    }

    /// No frame follows.
    pub fn end(&mut self, update: &mut Update) {
        let first = update.patches.len();
        self.tracker.end(&mut update.patches);
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

    /// A frame that is no record.
    fn other(&mut self, number: u64, other: Other) {
        let reason = match other {
            Other::NotCoap(reason) => reason,
            Other::Offer(port) => {
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

    /// Relates a message to those before it.
    #[inline(always)]
    fn message(
        &mut self,
        record: &mut Record,
        way: &Way,
        facts: &Facts,
        payload: &[u8],
        patches: &mut Vec<Patch>,
        observed: &mut Vec<(RecordId, ObservationId)>,
    ) {
        let id = self.next_record;
        let arrival = Arrival {
            record: id,
            time: record.time,
            source: record.source,
            destination: record.destination,
            pair: Some(way.pair),
            multicast: record.flags.has(RecordFlags::MULTICAST),
            ip_id: way.ip_id,
            hop_limit: way.hop_limit,
            interface: record.interface,
            cut: record.flags.has(RecordFlags::CUT),
        };
        self.tracker.track_and_tell(&arrival, payload, facts, patches, |tracked| {
            record.relate(tracked);
            if tracked.observation != ObservationId(0) && (tracked.exchange.0 == 0 || tracked.apart) {
                observed.push((id, tracked.observation));
            }
        });
        self.summary.coap_messages += 1;
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

    /// Count the findings among the patches from `first` on.
    fn count_patches(&mut self, update: &Update, first: usize) {
        for patch in update.patches.get(first..).unwrap_or_default() {
            match patch {
                Patch::Finding(_, finding) => count(&mut self.summary.findings, finding.severity),
                Patch::Graver { finding, was, .. } => {
                    count(&mut self.summary.findings, finding.severity);
                    uncount(&mut self.summary.findings, *was);
                }
                Patch::Withdrawn { was, .. } => uncount(&mut self.summary.findings, *was),
                _ => {}
            }
        }
    }
}

/// What stands beside the records of a batch, from the present one on.
struct Aside<'a> {
    facts: Iter<'a, Facts>,
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
