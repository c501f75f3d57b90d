//! The front half: frames are read, peeled, told apart, decoded and judged by themselves. Needs nothing that was seen before but
//! fragments, and which dialect a pair of endpoints speaks.

use super::PipelineOptions;
use super::batch::{self, Batch, Other, Quote, What};
use super::check;
use super::classify::{self, Class};
use super::pairs::{Hints, Pairs};
use super::payloads::Payloads;
use super::reasons::NotCoap;
use super::usual::{self, Near, Told};
use super::zones::Zones;
use crate::capture::{CaptureError, Next, Run, Source};
use crate::coap::{DecodeMode, Finding, Message, Severity, draft};
use crate::frame::{
    Datagram, Frame, IcmpQuote, LinkType, PeelOptions, Peeled, Peeler, QuickDatagram, Reason, is_known_time,
};
use crate::store::{Progress, Record, RecordFlags, Sizes};
use crate::tracking::{Arrival, Facts, RecordId, Route, RouteTable, Seed, UsualFacts};

use super::Step;

/// Frames that are looked at together.
const AT_ONCE: usize = 32;

/// Source and everything that looks at one frame alone.
pub(super) struct Front {
    source: Box<dyn Source>,
    lens: Lens,
    interfaces_sent: usize,
    /// So far.
    records: RecordId,
    places: Places,
}

/// Where the frames so far stand in time, and in their files.
struct Places {
    /// The first time that is known.
    first: i64,
    /// The last one; the earliest of all, which no known time is, where there is none.
    last: i64,
    /// One is not known, or is earlier than the one before it.
    unsure_times: bool,
    /// Frames of each file, where there are several.
    frames_of_file: Vec<u32>,
}

impl Places {
    /// A frame of this time comes; tells whether the one before it is later.
    #[inline(always)]
    fn pass(&mut self, time: i64) -> bool {
        if !is_known_time(time) {
            self.unsure_times = true;
            return false;
        }
        if self.last == i64::MIN {
            self.first = time;
        }
        let backwards = time < self.last;
        self.last = time;
        self.unsure_times |= backwards;
        backwards
    }

    /// The first and the last time that is known.
    fn times(&self) -> Option<(i64, i64)> {
        (self.last != i64::MIN).then_some((self.first, self.last))
    }

    /// The frames of a run come, if that is all there is to be said of their places.
    fn pass_run(&mut self, run: &Run<'_>) -> bool {
        match run.times() {
            Some((first, last)) if first >= self.last && self.frames_of_file.is_empty() => {
                self.pass(first);
                self.pass(last);
                true
            }
            _ => false,
        }
    }

    /// Notes in the records of a frame, if it became one, that it goes back in time, and its number in its file.
    #[cold]
    fn note(&mut self, file: u16, backwards: bool, batch: &mut Batch, records: usize) {
        let number = self.frames_of_file.get_mut(usize::from(file)).map(|number| {
            *number += 1;
            *number
        });
        let new = batch.records.iter_mut().zip(&batch.kinds).skip(records);
        for (record, what) in new {
            record.flags.set(RecordFlags::TIME_BACKWARDS, backwards && *what == What::Message);
            batch.numbers.extend(number);
        }
    }
}

/// What looks at a frame.
pub(super) struct Lens {
    pub peeler: Peeler,
    pub options: PipelineOptions,
    pub pairs: Pairs,
    pub payloads: Payloads,
    pub known: Known,
    zones: Zones,
}

/// What is read for the tracker.
pub(super) struct Known {
    /// With marks of [`usual`].
    pub routes: RouteTable,
    endpoints_sent: usize,
    pub facts: UsualFacts<Told>,
}

impl Front {
    /// `seed` is that of the tracker behind it.
    pub fn new(source: Box<dyn Source>, options: PipelineOptions, seed: Seed) -> Self {
        let peeler = Peeler::new(PeelOptions { checksums: options.checksums, ..PeelOptions::default() });
        let known = Known { routes: RouteTable::default(), endpoints_sent: 0, facts: UsualFacts::new(seed) };
        let frames_of_file = if source.files() > 1 { vec![0; source.files()] } else { Vec::new() };
        let payloads = Payloads::new(options.payloads);
        let zones = Zones::default();
        let lens = Lens { peeler, options, pairs: Pairs::default(), payloads, known, zones };
        let places = Places { first: i64::MIN, last: i64::MIN, unsure_times: false, frames_of_file };
        Self { source, lens, interfaces_sent: 0, records: 0, places }
    }

    /// Sleep until the source may have more.
    pub fn wait(&mut self, timeout: std::time::Duration) {
        self.source.wait(timeout);
    }

    /// Put at most `frames` frames into an empty batch.
    pub fn fill(&mut self, frames: usize, batch: &mut Batch) {
        batch.first_record = self.records;
        let step = self.read(frames, batch).unwrap_or_else(|error| {
            batch.failure = Some(error.to_string());
            Step::Ended
        });
        self.records = batch.next_record();
        batch.step = Some(step);
        batch.secrets = self.source.secrets().len() as u64;
        batch.joined = self.lens.peeler.fragment_counters().joined;
        let interfaces = self.source.interfaces();
        batch.interfaces.extend(interfaces.iter().skip(self.interfaces_sent).cloned());
        self.interfaces_sent = interfaces.len();
        let known = &mut self.lens.known;
        let endpoints = known.routes.endpoints();
        batch.endpoints.extend(endpoints.iter().skip(known.endpoints_sent));
        known.endpoints_sent = endpoints.len();
        batch.warnings.extend(self.source.take_warnings().iter().map(ToString::to_string));
        let (read, total) = self.source.progress();
        batch.progress = Progress { read, total };
        (batch.times, batch.unsure_times) = (self.places.times(), self.places.unsure_times);
    }

    fn read(&mut self, frames: usize, batch: &mut Batch) -> Result<Step, CaptureError> {
        while batch.frames < frames {
            let run = self.source.next_run(frames - batch.frames);
            if !run.is_empty() {
                self.lens.run(&run, &mut self.places, batch);
                continue;
            }
            match self.source.next()? {
                Next::Frame(frame) => {
                    batch.frames += 1;
                    self.lens.one(frame, &mut self.places, batch);
                }
                Next::Pending => return Ok(Step::Pending),
                Next::End => return Ok(Step::Ended),
            }
        }
        Ok(Step::More)
    }
}

impl Lens {
    /// Frames one behind the other.
    fn run(&mut self, run: &Run<'_>, places: &mut Places, batch: &mut Batch) {
        batch.frames += run.len();
        let is_quick = run.link() == LinkType::ETHERNET && !self.options.checksums;
        if !is_quick || !places.pass_run(run) {
            run.frames().for_each(|lent| self.one(lent.frame(), places, batch));
            return;
        }
        let mut near = [None; AT_ONCE];
        for first in (0..run.len()).step_by(AT_ONCE) {
            let part = run.part(first, AT_ONCE);
            self.meet(&part, &mut near);
            self.read(&part, &near, batch);
        }
    }

    /// Has a first look at some frames, so that memory is waited for once.
    // Apart from what is done with them, so that each has the registers for itself.
    #[inline(never)]
    fn meet<'a>(&self, part: &Run<'a>, near: &mut [Option<Near<'a>>; AT_ONCE]) {
        for (place, (length, memory)) in near.iter_mut().zip(part.memory()) {
            *place = memory.and_then(|memory| Near::new(&self.known.routes, length, memory));
        }
    }

    /// Reads these frames.
    #[inline(never)]
    fn read(&mut self, part: &Run<'_>, near: &[Option<Near<'_>>; AT_ONCE], batch: &mut Batch) {
        // What can be reckoned once for all is not summed up: all sizes but those of payloads.
        let (kept, mut other) = (batch.bytes.len(), Sizes::default());
        for (lent, near) in part.frames().zip(near) {
            if near.as_ref().and_then(|near| near.message(self, || lent.frame(), batch)).is_none() {
                let (frame, kept) = (lent.frame(), batch.bytes.len());
                self.read_alone(frame, near.is_some(), batch);
                other.add(u64::from(frame.original_length), (batch.bytes.len() - kept) as u64, 0);
            }
        }
        batch.sizes.join(Sizes {
            messages: part.len() as u64 - other.messages,
            frames: part.original_length() - other.frames,
            coap: (batch.bytes.len() - kept) as u64 - other.coap,
            payload: 0,
        });
    }

    /// Reads a frame without any that are beside it. `is_unusual`: a quick way was tried in vain.
    #[cold]
    #[inline(never)]
    fn read_alone(&mut self, frame: Frame<'_>, is_unusual: bool, batch: &mut Batch) {
        if let Some(datagram) = self.peeler.quick(&frame).filter(|_| !is_unusual) {
            let sought = self.known.routes.sought(QuickDatagram::ends(datagram.headers()));
            if usual::message(self, || frame, datagram, &sought, None, batch).is_some() {
                batch.sizes.add(u64::from(frame.original_length), datagram.payload.len() as u64, 0);
                return;
            }
        }
        self.look(frame, batch);
    }

    /// A frame that comes alone, or whose place is unusual.
    #[inline(never)]
    fn one(&mut self, frame: Frame<'_>, places: &mut Places, batch: &mut Batch) {
        let records = batch.records.len();
        self.read_alone(frame, false, batch);
        let backwards = places.pass(frame.time);
        if backwards || !places.frames_of_file.is_empty() {
            places.note(frame.position.file, backwards, batch, records);
        }
    }

    /// The general way, for frames of every kind.
    #[cold]
    #[inline(never)]
    fn look(&mut self, frame: Frame<'_>, batch: &mut Batch) {
        let frame = &frame;
        let Self { peeler, options, pairs, payloads, known, zones } = self;
        let other = match peeler.peel(frame) {
            Peeled::Datagram(ref mut datagram) => {
                zones.settle(datagram, frame.time, known.facts.seed());
                classified(options, pairs, payloads, known, frame, datagram, batch)
            }
            Peeled::Icmp(quote) if options.ports.quoted(&quote, || known_mode(pairs, zones, &quote)) => {
                quoted(pairs, known, zones, frame, &quote, batch)
            }
            Peeled::Icmp(quote) => Some(NotCoap::Icmp(quote.version).into()),
            Peeled::Other(Reason::Tcp { source, destination }) => {
                Some(NotCoap::Tcp(classify::service_port(source, destination)).into())
            }
            Peeled::Other(reason) => Some(NotCoap::Frame(reason).into()),
        };
        batch.others.extend(other.map(|other| (frame.number, other)));
    }
}

/// Takes a datagram: as a record, or as what is given back.
fn classified(
    options: &PipelineOptions,
    pairs: &mut Pairs,
    payloads: &mut Payloads,
    known: &mut Known,
    frame: &Frame<'_>,
    datagram: &Datagram<'_>,
    batch: &mut Batch,
) -> Option<Other> {
    let port = classify::udp_service_port(datagram.source.port, datagram.destination.port);
    let class = match classify::classify(options, datagram) {
        Class::Offer | Class::Other if pairs.groups.admit(datagram) => {
            Class::Coap { message: Message::decode_as(datagram.payload, options.tokens.mode()), doubtful: false }
        }
        class => class,
    };
    match class {
        Class::Coap { message, doubtful } => {
            let counted = batch.findings;
            let (mut message, mut hints) = (message.cut_if(datagram.cut), Hints::default());
            let mut worst = judge(&message, datagram, &mut batch.findings, &mut hints);
            if let Some(mode) = dialect(pairs, known, datagram, &message, hints) {
                message = Message::decode_as(datagram.payload, mode).cut_if(datagram.cut);
                batch.findings = counted;
                worst = judge(&message, datagram, &mut batch.findings, &mut hints);
            } else if hints.draft {
                // Its endpoints speak as everybody does today.
                message = message.settled();
                batch.findings = counted;
                worst = judge(&message, datagram, &mut batch.findings, &mut hints);
            }
            let malformed = message.is_malformed();
            // What is sound neither today nor as a draft, whoever speaks one, is some other program's.
            let ports = [datagram.source.port, datagram.destination.port];
            if doubtful && (classify::is_unlikely(ports, &message) || !datagram.cut && !is_sound(&message)) {
                batch.findings = counted;
                return Some(NotCoap::Port(port).into());
            }
            pairs.groups.note(datagram, &message);
            if !datagram.cut {
                for finding in payloads.findings(&message) {
                    worst = worst.max(Some(finding.severity));
                    super::count(&mut batch.findings, finding.severity);
                }
            }
            batch.facts.push(Facts::read(&message, known.facts.seed()));
            if !datagram.cut && datagram.reassembled.is_none() {
                let (coap, payload) = (datagram.payload.len() as u64, message.payload().len() as u64);
                batch.sizes.add(u64::from(frame.original_length), coap, payload);
            }
            if let Some(whole) = datagram.reassembled {
                batch.fragments.push((batch.records.len() as u32, whole.positions.as_slice().into()));
            }
            let mut record = arrived(known, frame, datagram, What::Message, &message, batch);
            batch::judge(&mut record, datagram, malformed, worst);
            batch.records.push(record);
            None
        }
        Class::Dtls { on_plain_port: plain_port } if plain_port || datagram.multicast => {
            let what = match plain_port {
                true => What::DtlsOnPlainPort { multicast: datagram.multicast },
                false => What::DtlsToGroup,
            };
            let mut record = arrived(known, frame, datagram, what, &Message::decode(&[]), batch);
            record.flags.set(RecordFlags::EVIDENCE, true);
            batch.records.push(record);
            None
        }
        Class::Dtls { .. } => Some(NotCoap::Dtls.into()),
        Class::Stun => Some(NotCoap::Stun.into()),
        Class::Offer => Some(Other::Offer(classify::offered_ports(datagram))),
        Class::Other => Some(NotCoap::Port(port).into()),
    }
}

/// The record of a datagram; what else is kept of it goes into the batch.
fn arrived(
    known: &mut Known,
    frame: &Frame<'_>,
    datagram: &Datagram<'_>,
    what: What,
    message: &Message<'_>,
    batch: &mut Batch,
) -> Record {
    let Route { source, destination, pair, .. } = known.routes.intern(&datagram.source, &datagram.destination);
    batch.kinds.push(what);
    if what == What::Message {
        let arrival = Arrival {
            pair: Some(pair),
            multicast: datagram.multicast,
            ip_id: datagram.ip_id,
            hop_limit: datagram.hop_limit,
            interface: datagram.heard,
            cut: datagram.cut,
            ..Arrival::new(batch.next_record(), frame.time, source, destination)
        };
        batch.arrivals.push(arrival);
    }
    let (offset, length) = (short(datagram.payload_offset), batch.keep(datagram.payload));
    batch::record(frame, [source, destination], offset, length, message.mode(), message.header())
}

/// A message that is clean as it was read; one that was read as a draft may be well-formed by RFC 7252 instead.
#[inline]
fn is_sound(message: &Message<'_>) -> bool {
    if !message.mode().is_draft() {
        return message.is_without_errors();
    }
    !message.is_malformed() && (draft::is_clean(message) || !Message::decode(message.bytes()).is_malformed())
}

/// Counts what message and frame tell, and gives the worst of it.
#[inline]
fn judge(message: &Message<'_>, datagram: &Datagram<'_>, counts: &mut [u64; 4], hints: &mut Hints) -> Option<Severity> {
    let mut worst = None;
    check::visit(message, datagram, &mut |finding: Finding| {
        worst = worst.max(Some(finding.severity));
        super::count(counts, finding.severity);
        hints.note(finding.rule);
    });
    worst
}

/// How the pair of endpoints speaks, where the message was read otherwise.
#[inline]
fn dialect(
    pairs: &mut Pairs,
    known: &mut Known,
    datagram: &Datagram<'_>,
    message: &Message<'_>,
    hints: Hints,
) -> Option<DecodeMode> {
    if datagram.cut {
        return pairs.known(&datagram.source, &datagram.destination);
    }
    let usual = || usual::forget(known, &datagram.source, &datagram.destination);
    pairs.reading(&datagram.source, &datagram.destination, message, hints, usual)
}

/// No frame and no IP packet puts its payload further back than this holds.
fn short(offset: u32) -> u16 {
    offset.min(u32::from(u16::MAX)) as u16
}

/// How the two ends of a quoted datagram speak.
fn known_mode(pairs: &Pairs, zones: &Zones, quote: &IcmpQuote<'_>) -> DecodeMode {
    let [from, to] = [quote.source, quote.destination].map(|end| zones.settled(end));
    pairs.known(&from, &to).unwrap_or_default()
}

fn quoted(
    pairs: &Pairs,
    known: &mut Known,
    zones: &Zones,
    frame: &Frame<'_>,
    quote: &IcmpQuote<'_>,
    batch: &mut Batch,
) -> Option<Other> {
    let routes = &mut known.routes;
    let ends = [quote.reporter_endpoint(), quote.receiver_endpoint()].map(|end| routes.endpoint(&zones.settled(end)));
    let (from, to) = (zones.settled(quote.source), zones.settled(quote.destination));
    let [source, destination] = [&from, &to].map(|end| routes.endpoint(end));
    let pair = routes.pair(source, destination);
    let (ip_id, icmp) = (quote.ip_id, (quote.kind, quote.code));
    batch.quotes.push(Quote { source, destination, pair, ip_id, version: quote.version, icmp });
    batch.kinds.push(What::Quote);
    let mode = known_mode(pairs, zones, quote);
    let header = Message::decode_as(quote.payload, mode).header();
    let length = batch.keep(quote.payload);
    let mut record = batch::record(frame, ends, short(quote.payload_offset), length, mode, header);
    record.flags.set(RecordFlags::EVIDENCE, true);
    record.flags.set(RecordFlags::FRAGMENTED, quote.reassembled.is_some());
    if let Some(whole) = quote.reassembled {
        batch.fragments.push((batch.records.len() as u32, whole.positions.as_slice().into()));
    }
    batch.records.push(record);
    None
}

impl From<NotCoap> for Other {
    fn from(reason: NotCoap) -> Self {
        Self::NotCoap(reason)
    }
}
