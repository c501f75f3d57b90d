//! The loader's work: the one place that joins capture, frame, coap, tracking and store.

mod check;
mod classify;
mod fetch;
mod loader;
mod reasons;

use std::time::Duration;

use crate::capture::{CaptureError, Next, Source};
use crate::coap::{Finding, Message, Severity, TokenPolicy};
use crate::frame::{Datagram, Frame, IcmpQuote, PeelOptions, Peeled, Peeler};
use crate::store::{Ended, Progress, Record, RecordFlags, Summary, Update};
use crate::tracking::{
    Arrival, EndpointId, NO_RECORD, ObservationId, Patch, RecordId, ResourceId, Tracker, TrackerOptions,
};

pub use check::FrameFacts;
pub use classify::{Ports, is_dtls_record};
pub use fetch::Fetcher;
pub use loader::{Loader, LoaderOptions};

use classify::Class;
use reasons::{NotCoap, Reasons};

/// Frames that a step takes at most, so that whoever waits hears of progress soon.
const FRAMES_A_STEP: usize = 16_384;
/// Records that wait at most before they are sent.
const RECORDS_A_STEP: usize = 4_096;

/// What the user chose.
#[derive(Clone, Debug, Default)]
pub struct PipelineOptions {
    /// Ports whose datagrams are CoAP.
    pub ports: Ports,
    /// How token lengths 9 to 15 are read (RFC 8974).
    pub tokens: TokenPolicy,
    /// Verify UDP checksums.
    pub checksums: bool,
    /// Parameters and caps of the tracker.
    pub tracker: TrackerOptions,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is more to read at once.
    More,
    /// The source has nothing now and may have more later.
    Pending,
    /// The source has ended; the last update says how.
    Ended,
}

/// Source in, updates out. Knows no clock and no thread.
pub struct Pipeline {
    source: Box<dyn Source>,
    peeler: Peeler,
    work: Work,
    sent: Sent,
}

/// Rows of the growing tables that were sent already.
#[derive(Default)]
struct Sent {
    endpoints: usize,
    resources: usize,
    interfaces: usize,
}

/// Everything behind the peeler, so that a frame and its datagram may be lent meanwhile.
struct Work {
    options: PipelineOptions,
    tracker: Tracker,
    summary: Summary,
    reasons: Reasons,
    next_record: RecordId,
}

impl Pipeline {
    /// A pipeline that will read `source` to its end.
    pub fn new(source: Box<dyn Source>, options: PipelineOptions) -> Self {
        Self {
            source,
            peeler: Peeler::new(PeelOptions { checksums: options.checksums, ..PeelOptions::default() }),
            work: Work {
                tracker: Tracker::new(options.tracker.clone()),
                options,
                summary: Summary::default(),
                reasons: Reasons::default(),
                next_record: 0,
            },
            sent: Sent::default(),
        }
    }

    /// Read on until an update is worth sending, and put it into `update` (which is emptied first).
    pub fn step(&mut self, update: &mut Update) -> Step {
        self.step_frames(FRAMES_A_STEP, update)
    }

    /// The same, but take at most `frames` frames: with 1, whoever prints knows at each message just what was known then.
    pub fn step_frames(&mut self, frames: usize, update: &mut Update) -> Step {
        update.clear();
        let step = self.read(frames, update).unwrap_or_else(|error| {
            update.ended = Some(Ended::Failed(error.to_string()));
            Step::Ended
        });
        if step == Step::Ended {
            update.ended.get_or_insert(Ended::Complete);
        }
        self.add_rows(update);
        update.summary.first_time = self.work.summary.first_time;
        // Copying the counts for each single frame would cost more than the frame itself.
        if step != Step::More || frames >= FRAMES_A_STEP {
            self.add_summary(update);
        }
        step
    }

    /// Let time pass without a frame (live): what waits for an answer grows older. `now` in nanoseconds since 1970.
    pub fn advance(&mut self, now: i64, update: &mut Update) {
        let first = update.patches.len();
        self.work.tracker.advance(now, &mut update.patches);
        self.work.count_patches(update, first);
        self.add_rows(update);
        self.add_summary(update);
    }

    /// Wait until the source may have more.
    pub fn wait(&mut self, timeout: Duration) {
        self.source.wait(timeout);
    }

    fn read(&mut self, frames: usize, update: &mut Update) -> Result<Step, CaptureError> {
        for _ in 0..frames {
            match self.source.next()? {
                Next::Frame(frame) => {
                    let peeled = self.peeler.peel(&frame);
                    self.work.take(&frame, &peeled, update);
                }
                Next::Pending => return Ok(Step::Pending),
                Next::End => return Ok(Step::Ended),
            }
            if update.records.len() >= RECORDS_A_STEP {
                break;
            }
        }
        Ok(Step::More)
    }

    /// Add what the tables have grown by.
    fn add_rows(&mut self, update: &mut Update) {
        let (work, sent) = (&mut self.work, &mut self.sent);
        let interfaces = self.source.interfaces();
        update.interfaces.extend(interfaces.iter().skip(sent.interfaces).cloned());
        sent.interfaces = interfaces.len();
        let endpoints = work.tracker.endpoints();
        update.endpoints.extend(endpoints.iter().skip(sent.endpoints).copied());
        sent.endpoints = endpoints.len();
        let resources = work.tracker.resources();
        for id in sent.resources..resources.len() {
            update.resources.push(resources.get(ResourceId(id as u32 + 1)).unwrap_or_default().into());
        }
        sent.resources = resources.len();
        update.warnings.extend(self.source.take_warnings().iter().map(ToString::to_string));
    }

    /// Add the counts.
    fn add_summary(&mut self, update: &mut Update) {
        let work = &mut self.work;
        let (read, total) = self.source.progress();
        work.summary.progress = Progress { read, total };
        work.summary.counters = *work.tracker.counters();
        work.reasons.write(&mut work.summary.reasons);
        update.summary = work.summary.clone();
    }
}

impl Work {
    /// One frame, whatever it holds.
    fn take(&mut self, frame: &Frame<'_>, peeled: &Peeled<'_>, update: &mut Update) {
        self.summary.frames += 1;
        self.summary.first_time.get_or_insert(frame.time);
        let backwards = self.summary.last_time.is_some_and(|last| frame.time < last);
        self.summary.last_time = Some(frame.time);
        match peeled {
            Peeled::Datagram(datagram) => match classify::classify(&self.options, datagram) {
                Class::Coap(message) => self.message(frame, datagram, &message, backwards, update),
                Class::Dtls { on_plain_port: true } => self.dtls_evidence(frame, datagram, update),
                Class::Dtls { on_plain_port: false } => self.reasons.count(NotCoap::Dtls),
                Class::Offer => {
                    let offer = self.summary.offers.entry(classify::service_port(datagram)).or_default();
                    offer.datagrams += 1;
                    if offer.datagrams == 1 {
                        offer.first_frame = frame.number;
                    }
                    self.reasons.count(NotCoap::Port(classify::service_port(datagram)));
                }
                Class::Other => self.reasons.count(NotCoap::Port(classify::service_port(datagram))),
            },
            Peeled::Icmp(quote) => {
                if self.options.ports.quoted(quote) {
                    self.unreachable(frame, quote, update);
                }
                self.reasons.count(NotCoap::Icmp(quote.version));
            }
            Peeled::Other(reason) => self.reasons.count(NotCoap::Frame(*reason)),
        }
    }

    fn message(
        &mut self,
        frame: &Frame<'_>,
        datagram: &Datagram<'_>,
        message: &Message<'_>,
        backwards: bool,
        update: &mut Update,
    ) {
        let id = self.next_record;
        let source = self.tracker.endpoint(&datagram.source);
        let destination = self.tracker.endpoint(&datagram.destination);
        let arrival = Arrival {
            record: id,
            time: frame.time,
            source,
            destination,
            multicast: datagram.multicast,
            ip_id: datagram.ip_id,
            hop_limit: datagram.hop_limit,
            cut: datagram.cut,
        };
        let first_patch = update.patches.len();
        let tracked = self.tracker.track(&arrival, message, &mut update.patches);
        self.summary.coap_messages += 1;

        let mut record = record_of(frame, source, destination, datagram.payload_offset, datagram.payload.len());
        describe(&mut record, message);
        record.exchange = tracked.exchange;
        record.relates_to = tracked.relates_to;
        record.previous_in_exchange = tracked.previous_in_exchange;
        record.transmission = tracked.transmission.min(255) as u8;
        record.role = tracked.role;
        record.set_relation(tracked.relation, tracked.order);
        record.flags.set(RecordFlags::CUT, datagram.cut);
        record.flags.set(RecordFlags::MULTICAST, datagram.multicast);
        record.flags.set(RecordFlags::TIME_BACKWARDS, backwards);
        record.flags.set(RecordFlags::MALFORMED, !datagram.cut && message.is_malformed());
        if let Some(positions) = datagram.fragments {
            record.flags.set(RecordFlags::FRAGMENTED, true);
            update.extents.push((id, positions.into()));
        }
        let findings = &mut self.summary.findings;
        check::visit(message, &FrameFacts::of(datagram), &mut |finding: Finding| {
            record.raise(finding.severity);
            count(findings, finding.severity);
        });
        if tracked.observation != ObservationId(0) && tracked.exchange.0 == 0 {
            update.observed.push((id, tracked.observation));
        }
        update.records.push(record);
        self.next_record += 1;
        self.count_patches(update, first_patch);
    }

    /// An ICMP error that quotes CoAP: evidence about an earlier message.
    fn unreachable(&mut self, frame: &Frame<'_>, quote: &IcmpQuote<'_>, update: &mut Update) {
        let id = self.next_record;
        let reporter = self.tracker.endpoint(&quote.reporter_endpoint());
        let receiver = self.tracker.endpoint(&quote.receiver_endpoint());
        let source = self.tracker.endpoint(&quote.source);
        let destination = self.tracker.endpoint(&quote.destination);
        let first_patch = update.patches.len();
        let about = self.tracker.unreachable(
            frame.time,
            id,
            source,
            destination,
            quote.payload,
            (quote.kind, quote.code),
            &mut update.patches,
        );
        let mut record = record_of(frame, reporter, receiver, quote.payload_offset, quote.payload.len());
        record.flags.set(RecordFlags::EVIDENCE, true);
        record.relates_to = about;
        describe(&mut record, &Message::decode(quote.payload));
        update.records.push(record);
        self.next_record += 1;
        self.count_patches(update, first_patch);
    }

    /// A DTLS record on a plain CoAP port: shown in its place, not decoded as CoAP.
    fn dtls_evidence(&mut self, frame: &Frame<'_>, datagram: &Datagram<'_>, update: &mut Update) {
        let id = self.next_record;
        let source = self.tracker.endpoint(&datagram.source);
        let destination = self.tracker.endpoint(&datagram.destination);
        let mut record = record_of(frame, source, destination, datagram.payload_offset, datagram.payload.len());
        record.flags.set(RecordFlags::EVIDENCE | RecordFlags::HEADERLESS, true);
        record.relates_to = NO_RECORD;
        let first_patch = update.patches.len();
        update.patches.push(Patch::Finding(id, check::dtls_on_plain_port(datagram)));
        update.records.push(record);
        self.next_record += 1;
        self.reasons.count(NotCoap::Dtls);
        self.count_patches(update, first_patch);
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

fn count(findings: &mut [u64; 4], severity: Severity) {
    if let Some(place) = findings.get_mut(severity as usize) {
        *place += 1;
    }
}

/// Take over what the header says.
fn describe(record: &mut Record, message: &Message<'_>) {
    record.mode = message.mode();
    match message.header() {
        Some(header) => {
            record.message_id = header.message_id;
            record.code = header.code;
            record.message_type = header.message_type;
        }
        None => record.flags.set(RecordFlags::HEADERLESS, true),
    }
}

fn record_of(frame: &Frame<'_>, source: EndpointId, destination: EndpointId, offset: u32, length: usize) -> Record {
    let mut record = Record::new(frame.time, frame.position, frame.number as u32, source, destination);
    record.interface = frame.position.interface;
    record.coap_offset = offset.min(u32::from(u16::MAX)) as u16;
    record.coap_length = length.min(usize::from(u16::MAX)) as u16;
    record
}
