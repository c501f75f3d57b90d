//! The loader's work: the one place that joins capture, frame, coap, tracking and store.
//!
//! It has two halves. The front looks at each frame by itself (`front`), the back relates it to what was seen before (`work`).
//! They run one after the other, or, where a whole capture is to be read, side by side ([`Pipeline::read_ahead`]).

mod ahead;
mod apart;
mod batch;
mod body;
mod check;
mod classify;
mod fetch;
mod found;
mod front;
mod groups;
mod learn;
mod loader;
mod pairs;
mod payloads;
mod queue;
mod reasons;
mod sweep;
mod thread;
mod usual;
mod work;
mod zones;

use std::time::Duration;

use crate::capture::Source;
use crate::coap::{Severity, TokenPolicy};
use crate::store::{Ended, Update};
use crate::tracking::TrackerOptions;

pub use apart::{Apart, WAITING};
pub use check::visit_alone;
pub use classify::{Ports, is_dtls_record};
pub use fetch::Fetcher;
pub use loader::{Loader, LoaderOptions};
pub use payloads::Payloads;
pub use sweep::Sweep;
#[cfg(feature = "tui")]
pub(crate) use thread::guarded;

use ahead::{Ahead, Shared, Taken};
use batch::Batch;
use found::Found;
use front::Front;
use work::Work;

/// Frames that a step takes at most, so that whoever waits hears of progress soon.
const FRAMES_A_STEP: usize = 16_384;
/// Records that wait at most before they are sent.
const RECORDS_A_STEP: usize = ahead::FRAMES;

/// What the user chose.
#[derive(Clone, Debug, Default)]
pub struct PipelineOptions {
    /// Ports whose datagrams are CoAP.
    pub ports: Ports,
    /// How token lengths 9 to 15 are read (RFC 8974).
    pub tokens: TokenPolicy,
    /// Verify UDP checksums.
    pub checksums: bool,
    /// Let what is odd about payloads count for the severity of their records. It has to be looked for in each of them.
    pub payloads: bool,
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

/// Source in, updates out. Knows no clock.
pub struct Pipeline {
    front: Feeding,
    work: Work,
    /// None where whoever takes the updates counts.
    found: Option<Found>,
}

/// How the front half runs.
enum Feeding {
    /// When it is asked.
    Here(Box<Front>, Batch),
    /// By itself.
    Ahead(Ahead),
}

impl Pipeline {
    /// A pipeline that will read `source` to its end.
    pub fn new(source: Box<dyn Source>, options: PipelineOptions) -> Self {
        let (front, work) = halves(source, options);
        Self::joined(Feeding::Here(Box::new(front), Batch::default()), work)
    }

    /// The same, with a thread of its own for reading and decoding. It reads on, some thousand frames ahead of what is taken.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn read_ahead(source: Box<dyn Source>, options: PipelineOptions) -> std::io::Result<Self> {
        let (front, work) = halves(source, options);
        Ok(Self::joined(Feeding::Ahead(Ahead::spawn(front)?), work))
    }

    /// The same for whoever reads and decodes by hand: at most so many batches wait to be related.
    fn fed(source: Box<dyn Source>, options: PipelineOptions, most: usize) -> (Self, Shared) {
        let (front, work) = halves(source, options);
        let (ahead, feeder) = Ahead::fed(front, most);
        (Self::joined(Feeding::Ahead(ahead), work), feeder)
    }

    fn joined(front: Feeding, work: Work) -> Self {
        Self { front, work, found: Some(Found::default()) }
    }

    /// The same pipeline, whose updates tell where the patches of each record end, for [`crate::store::Store::apply_each`].
    pub fn with_marks(mut self) -> Self {
        self.work.marks = true;
        self
    }

    /// Read on until an update is worth sending, and put it into `update` (which is emptied first).
    pub fn step(&mut self, update: &mut Update) -> Step {
        self.step_frames(FRAMES_A_STEP, update)
    }

    /// The same, but take at most `frames` frames: with 1, whoever prints knows at each message just what was known then.
    /// A pipeline that reads ahead takes whole batches.
    pub fn step_frames(&mut self, frames: usize, update: &mut Update) -> Step {
        update.clear();
        let step = match &mut self.front {
            Feeding::Here(front, batch) => here(front, batch, &mut self.work, frames, update),
            Feeding::Ahead(ahead) => from_ahead(ahead, &mut self.work, update),
        };
        if step == Step::Ended {
            self.work.end(update);
            update.ended.get_or_insert(Ended::Complete);
        }
        // Copying the counts for each single frame would cost more than the frame itself.
        self.tell(0, step != Step::More || frames >= FRAMES_A_STEP, update);
        step
    }

    /// Let time pass without a frame (live): what waits for an answer grows older. `now` in nanoseconds since 1970.
    pub fn advance(&mut self, now: i64, update: &mut Update) {
        let first = update.patches.len();
        self.work.advance(now, update);
        self.tell(first, true, update);
    }

    /// Adds what the tables have grown by, and the counts if they are wanted. The patches from `first` on are new.
    fn tell(&mut self, first: usize, counts: bool, update: &mut Update) {
        self.work.add_rows(update);
        if counts {
            self.work.add_summary(update);
        }
        if let Some(found) = &mut self.found {
            found.take(update.patches.get(first..).unwrap_or_default());
            if counts {
                found.add_to(&mut update.summary);
            }
        }
    }

    /// Something was read ahead that is not related yet.
    fn has_more(&self) -> bool {
        matches!(&self.front, Feeding::Ahead(ahead) if ahead.has_more())
    }

    /// Wait until the source may have more.
    pub fn wait(&mut self, timeout: Duration) {
        match &mut self.front {
            Feeding::Here(front, _) => front.wait(timeout),
            Feeding::Ahead(ahead) => ahead.wait(timeout),
        }
    }
}

/// What looks at each frame, and what relates it to others.
fn halves(source: Box<dyn Source>, options: PipelineOptions) -> (Front, Work) {
    let work = Work::new(options.tracker.clone());
    (Front::new(source, options, work.seed()), work)
}

/// One batch after the other, each when the one before is done.
fn here(front: &mut Front, batch: &mut Batch, work: &mut Work, frames: usize, update: &mut Update) -> Step {
    let mut left = frames;
    loop {
        batch.clear();
        front.fill(left.min(ahead::FRAMES), batch);
        left -= batch.frames;
        let step = take(batch, work, update);
        if step != Step::More || left == 0 || update.records.len() >= RECORDS_A_STEP {
            return step;
        }
    }
}

/// What has been read ahead; waits a moment for the first batch, and for no other.
fn from_ahead(ahead: &mut Ahead, work: &mut Work, update: &mut Update) -> Step {
    let (mut next, mut step) = match ahead.take() {
        Taken::Batch(batch) => (Some(batch), Step::More),
        Taken::Nothing(step) => (None, step),
    };
    while let Some(mut batch) = next.take() {
        step = take(&mut batch, work, update);
        ahead.give_back(batch);
        if step == Step::More && update.records.len() < RECORDS_A_STEP {
            next = ahead.try_take();
        }
    }
    step
}

fn take(batch: &mut Batch, work: &mut Work, update: &mut Update) -> Step {
    work.take(batch, update);
    if let Some(why) = &batch.failure {
        let ended = if batch.panicked { Ended::Panicked } else { Ended::Failed };
        update.ended = Some(ended(why.clone()));
    }
    batch.step.unwrap_or(Step::Ended)
}

fn count(findings: &mut [u64; 4], severity: Severity) {
    if let Some(place) = findings.get_mut(severity as usize) {
        *place += 1;
    }
}
