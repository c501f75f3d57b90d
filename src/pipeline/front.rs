//! The front half: frames are read, peeled, told apart, decoded and judged by themselves. Needs nothing that was seen before but
//! fragments, and which dialect a pair of endpoints speaks.

use super::PipelineOptions;
use super::check;
use super::classify::{self, Class};
use super::pairs::{Hints, Pairs};
use super::reasons::NotCoap;
use super::usual;
use crate::capture::{CaptureError, Interface, Next, Source};
use crate::coap::{DecodeMode, Finding, Header, Message, Severity, draft};
use crate::frame::{Datagram, Endpoint, Frame, IcmpQuote, PeelOptions, Peeled, Peeler, Position, Reason};
use crate::store::Progress;
use crate::tracking::{EndpointId, Facts, PairNumber, Route, RouteTable, Seed};

use super::Step;

/// Source and everything that looks at one frame alone.
pub(super) struct Front {
    source: Box<dyn Source>,
    lens: Lens,
    interfaces_sent: usize,
}

/// What looks at a frame.
pub(super) struct Lens {
    pub peeler: Peeler,
    pub options: PipelineOptions,
    pub pairs: Pairs,
    pub known: Known,
}

/// What is read for the tracker.
pub(super) struct Known {
    /// With marks of [`usual`].
    pub routes: RouteTable,
    endpoints_sent: usize,
    pub seed: Seed,
}

/// Frames that went through the front half.
#[derive(Default)]
pub(super) struct Batch {
    /// One for each frame, in order.
    pub frames: Vec<Seen>,
    /// Number of the first of them; the others follow without a gap.
    pub first_number: u64,
    /// What the tracker needs of the messages among them, in order.
    pub facts: Vec<Facts>,
    /// Payloads, one behind the other.
    pub bytes: Vec<u8>,
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
    /// Where the fragments of messages stand, in order of the messages.
    pub fragments: Vec<Box<[Position]>>,
    /// Findings of message and frame by severity.
    pub findings: [u64; 4],
    /// What comes behind it.
    pub step: Option<Step>,
    /// Why the source could not be read on.
    pub failure: Option<String>,
    /// It was a fault of our own.
    pub panicked: bool,
}

/// One frame.
pub(super) struct Seen {
    pub time: i64,
    pub position: Position,
    pub what: What,
}

/// What a frame holds.
pub(super) enum What {
    /// A CoAP message, or what was sent to a CoAP port as one.
    /// Its facts are the next of [`Batch::facts`].
    Message(Part, Judged),
    /// A DTLS record where only plain CoAP belongs.
    DtlsOnPlainPort(Part),
    /// An ICMP error that quotes CoAP.
    Quote(Part, Box<Told>),
    /// It looks like CoAP on a port that is not CoAP's.
    Offer(u16),
    /// Something else.
    Other(NotCoap),
}

/// A datagram.
pub(super) struct Part {
    pub source: EndpointId,
    pub destination: EndpointId,
    /// From one to the other, if a message went either way.
    pub pair: Option<PairNumber>,
    /// Offset of the payload in the frame, or in the IP packet put together from fragments.
    pub offset: u16,
    /// Length of its payload; payloads stand one behind the other in [`Batch::bytes`].
    pub length: u16,
    pub multicast: bool,
    pub cut: bool,
    pub ip_id: u16,
    pub hop_limit: u8,
    /// It came in fragments: their positions are the next of [`Batch::fragments`].
    pub fragmented: bool,
}

/// What is known of a message by itself.
pub(super) struct Judged {
    pub mode: DecodeMode,
    /// `None` where it is shorter than that.
    pub header: Option<Header>,
    /// As `stats` counts it.
    pub malformed: bool,
    /// Worst finding.
    pub worst: Option<crate::coap::Severity>,
}

/// What an ICMP error says besides its quote. [`Part`] has the endpoints of the quoted datagram.
pub(super) struct Told {
    pub reporter: EndpointId,
    pub receiver: EndpointId,
    pub version: u8,
    pub icmp: (u8, u8),
    /// How the quoted message is to be read.
    pub mode: DecodeMode,
}

impl Batch {
    /// Empty it and keep its memory.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.facts.clear();
        self.fragments.clear();
        self.bytes.clear();
        self.interfaces.clear();
        self.endpoints.clear();
        self.warnings.clear();
        self.findings = [0; 4];
        self.step = None;
        self.failure = None;
        self.panicked = false;
    }

    /// Keeps a payload; UDP allows no more than fits the answer.
    pub fn keep(&mut self, bytes: &[u8]) -> u16 {
        let length = bytes.len().min(usize::from(u16::MAX));
        self.bytes.extend_from_slice(bytes.get(..length).unwrap_or_default());
        length as u16
    }
}

impl Front {
    /// `seed` is that of the tracker behind it.
    pub fn new(source: Box<dyn Source>, options: PipelineOptions, seed: Seed) -> Self {
        let peeler = Peeler::new(PeelOptions { checksums: options.checksums, ..PeelOptions::default() });
        let known = Known { routes: RouteTable::default(), endpoints_sent: 0, seed };
        Self { source, lens: Lens { peeler, options, pairs: Pairs::default(), known }, interfaces_sent: 0 }
    }

    /// Sleep until the source may have more.
    pub fn wait(&mut self, timeout: std::time::Duration) {
        self.source.wait(timeout);
    }

    /// Put at most `frames` frames into an empty batch.
    pub fn fill(&mut self, frames: usize, batch: &mut Batch) {
        let step = self.read(frames, batch).unwrap_or_else(|error| {
            batch.failure = Some(error.to_string());
            Step::Ended
        });
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
    }

    fn read(&mut self, frames: usize, batch: &mut Batch) -> Result<Step, CaptureError> {
        for _ in 0..frames {
            match self.source.next()? {
                Next::Frame(frame) => {
                    if batch.frames.is_empty() {
                        batch.first_number = frame.number;
                    }
                    let what = match usual::message(&mut self.lens, &frame, batch) {
                        Some(what) => what,
                        None => self.lens.look(&frame, batch),
                    };
                    batch.frames.push(Seen { time: frame.time, position: frame.position, what });
                }
                Next::Pending => return Ok(Step::Pending),
                Next::End => return Ok(Step::Ended),
            }
        }
        Ok(Step::More)
    }
}

impl Lens {
    /// The general way, for frames of every kind.
    #[inline(never)]
    fn look(&mut self, frame: &Frame<'_>, batch: &mut Batch) -> What {
        let Self { peeler, options, pairs, known } = self;
        match peeler.peel(frame) {
            Peeled::Datagram(ref datagram) => classified(options, pairs, known, datagram, batch),
            Peeled::Icmp(quote) if options.ports.quoted(&quote) => quoted(pairs, known, &quote, batch),
            Peeled::Icmp(quote) => What::Other(NotCoap::Icmp(quote.version)),
            Peeled::Other(Reason::Tcp { source, destination }) => {
                What::Other(NotCoap::Tcp(classify::service_port(source, destination)))
            }
            Peeled::Other(reason) => What::Other(NotCoap::Frame(reason)),
        }
    }
}

fn classified(
    options: &PipelineOptions,
    pairs: &mut Pairs,
    known: &mut Known,
    datagram: &Datagram<'_>,
    batch: &mut Batch,
) -> What {
    match classify::classify(options, datagram) {
        Class::Coap { message, doubtful } => {
            let counted = batch.findings;
            let (mut message, mut hints) = (message, Hints::default());
            let mut worst = judge(&message, datagram, &mut batch.findings, &mut hints);
            if let Some(mode) = dialect(pairs, known, datagram, &message, hints) {
                message = Message::decode_as(datagram.payload, mode);
                batch.findings = counted;
                worst = judge(&message, datagram, &mut batch.findings, &mut hints);
            }
            let malformed = !datagram.cut && message.is_malformed();
            // What is sound neither today nor as a draft, whoever speaks one, is some other program's.
            if doubtful && !datagram.cut && (malformed || is_dubious_draft(&message)) {
                batch.findings = counted;
                return What::Other(NotCoap::Port(classify::service_port(
                    datagram.source.port,
                    datagram.destination.port,
                )));
            }
            let judged = Judged { mode: message.mode(), header: message.header(), malformed, worst };
            batch.facts.push(Facts::read(&message, &known.seed));
            What::Message(part(datagram, known, batch), judged)
        }
        Class::Dtls { on_plain_port: true } => What::DtlsOnPlainPort(part(datagram, known, batch)),
        Class::Dtls { on_plain_port: false } => What::Other(NotCoap::Dtls),
        Class::Offer => What::Offer(classify::service_port(datagram.source.port, datagram.destination.port)),
        Class::Other => {
            What::Other(NotCoap::Port(classify::service_port(datagram.source.port, datagram.destination.port)))
        }
    }
}

/// A message that was read as a draft and is clean neither so nor by RFC 7252.
#[inline]
fn is_dubious_draft(message: &Message<'_>) -> bool {
    message.mode().is_draft() && !draft::is_clean(message) && Message::decode(message.bytes()).is_malformed()
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

fn part(datagram: &Datagram<'_>, known: &mut Known, batch: &mut Batch) -> Part {
    batch.fragments.extend(datagram.fragments.map(Box::from));
    let Route { source, destination, pair, .. } = known.routes.intern(&datagram.source, &datagram.destination);
    Part {
        source,
        destination,
        pair: Some(pair),
        offset: short(datagram.payload_offset),
        length: batch.keep(datagram.payload),
        multicast: datagram.multicast,
        cut: datagram.cut,
        ip_id: datagram.ip_id,
        hop_limit: datagram.hop_limit,
        fragmented: datagram.fragments.is_some(),
    }
}

fn quoted(pairs: &Pairs, known: &mut Known, quote: &IcmpQuote<'_>, batch: &mut Batch) -> What {
    let routes = &mut known.routes;
    let (reporter, receiver) =
        (routes.endpoint(&quote.reporter_endpoint()), routes.endpoint(&quote.receiver_endpoint()));
    let (source, destination) = (routes.endpoint(&quote.source), routes.endpoint(&quote.destination));
    let part = Part {
        source,
        destination,
        pair: routes.pair(source, destination),
        offset: short(quote.payload_offset),
        length: batch.keep(quote.payload),
        multicast: false,
        cut: true,
        ip_id: 0,
        hop_limit: 0,
        fragmented: false,
    };
    let told = Told {
        reporter,
        receiver,
        version: quote.version,
        icmp: (quote.kind, quote.code),
        mode: pairs.known(&quote.source, &quote.destination).unwrap_or_default(),
    };
    What::Quote(part, Box::new(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_crosses_the_threads_is_small() {
        assert!(size_of::<Seen>() <= 64, "{}", size_of::<Seen>());
    }
}
