//! The front half in a thread of its own, so that frames are decoded while earlier ones are related.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::Step;
use super::batch::Batch;
use super::front::Front;
use super::queue::{Nothing, Receiver, Sender, queue};
use super::thread;

/// Frames of a batch; where all are records it becomes an update as it is. What lies between the two halves stays in the processor's cache.
pub(super) const FRAMES: usize = 512;
/// Batches that wait at most. Where three threads share two processors, each may have to wait for some milliseconds: so long there must be
/// something to do for the others.
const WAITING: usize = 24;
/// How long the front half waits for a source that has nothing now, before it looks whether it is still wanted.
const WAIT: Duration = Duration::from_millis(100);

/// A front half that runs. Dropping it stops it, and does not wait for that: the thread may sit in a read that nothing wakes.
pub(super) struct Ahead {
    batches: Receiver<Batch>,
    used: Sender<Batch>,
    /// A batch that came while somebody waited for one.
    next: Option<Batch>,
    /// The source had nothing more behind the last batch.
    idle: bool,
    stop: Arc<AtomicBool>,
    /// What reads, where no thread does nothing else.
    feeder: Option<Shared>,
}

/// A front half that is driven by whoever has nothing else to do.
pub(super) type Shared = Arc<Mutex<Feeder>>;

/// What there is to take.
#[expect(clippy::large_enum_variant, reason = "taken apart where it is made, never kept")]
pub(super) enum Taken {
    /// A batch.
    Batch(Batch),
    /// No batch, and what that means.
    Nothing(Step),
}

impl Ahead {
    /// Start the thread.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn spawn(front: Front) -> std::io::Result<Self> {
        let (ahead, feeder) = Self::with(front, WAITING);
        let stopped = Arc::clone(&ahead.stop);
        thread::spawn("reader", feeder, move |feeder| feeder.run(&stopped), |feeder, why| feeder.fail(why))?;
        Ok(ahead)
    }

    /// One that somebody else is to drive: at most so many batches wait. Who wants one when there is none reads it, too.
    pub fn fed(front: Front, most: usize) -> (Self, Shared) {
        let (mut ahead, feeder) = Self::with(front, most);
        let feeder = Arc::new(Mutex::new(feeder));
        ahead.feeder = Some(Arc::clone(&feeder));
        (ahead, feeder)
    }

    fn with(front: Front, most: usize) -> (Self, Feeder) {
        let (sender, batches) = queue(most);
        let (used, empties) = queue(most + 2);
        let ahead = Self { batches, used, next: None, idle: false, stop: Arc::default(), feeder: None };
        (ahead, Feeder { front, batches: sender, empties, idle: false, step: Step::More })
    }

    /// The next batch. Waits a moment for one that is being read, and never for a source that has nothing.
    pub fn take(&mut self) -> Taken {
        if let Some(batch) = self.try_take() {
            return Taken::Batch(batch);
        }
        if self.idle {
            return Taken::Nothing(Step::Pending);
        }
        if let Some(batch) = self.read() {
            return Taken::Batch(self.noted(batch));
        }
        match self.batches.recv_timeout(WAIT) {
            Ok(batch) => Taken::Batch(self.noted(batch)),
            // The source is slow, and nobody knows yet what it has: that is no time at which nothing came.
            Err(Nothing::Yet) => Taken::Nothing(Step::More),
            Err(Nothing::Ever) => Taken::Nothing(Step::Ended),
        }
    }

    /// Reads the next batch, if that is shared, and nobody is reading.
    fn read(&self) -> Option<Batch> {
        let mut feeder = self.feeder.as_ref()?.try_lock().ok()?;
        // What was read just now comes first.
        self.batches.try_recv().or_else(|| feeder.read())
    }

    fn noted(&mut self, batch: Batch) -> Batch {
        self.idle = batch.step == Some(Step::Pending);
        batch
    }

    /// The next batch if it is there.
    pub fn try_take(&mut self) -> Option<Batch> {
        let batch = self.next.take().or_else(|| self.batches.try_recv())?;
        Some(self.noted(batch))
    }

    /// Something is there to go on with.
    pub fn has_more(&self) -> bool {
        self.next.is_some() || !self.batches.is_empty()
    }

    /// Sleep until there is a batch, or until the time is over.
    pub fn wait(&mut self, timeout: Duration) {
        if self.next.is_none() {
            match self.batches.recv_timeout(timeout) {
                Ok(batch) => self.next = Some(batch),
                Err(Nothing::Yet) => {}
                // Nothing will come any more: the end was told before.
                Err(Nothing::Ever) => std::thread::sleep(timeout),
            }
        }
    }

    /// Give an emptied batch back, so that its memory is used again.
    pub fn give_back(&self, mut batch: Batch) {
        batch.clear();
        // Where enough are under way, this one is let go.
        self.used.offer(batch);
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // Where the thread waits for room in the channel, it gets an error as soon as the receiver is gone.
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The front half, and where its batches go.
pub(super) struct Feeder {
    front: Front,
    batches: Sender<Batch>,
    empties: Receiver<Batch>,
    /// The source had nothing more behind the last batch, nor in it.
    idle: bool,
    /// What comes behind the last batch. After the end none is read.
    step: Step,
}

impl Feeder {
    /// Reads on to the end, or until it is stopped.
    fn run(&mut self, stop: &AtomicBool) {
        while self.step != Step::Ended && !stop.load(Ordering::Relaxed) {
            self.feed();
        }
    }

    /// Reads a batch and hands it on; waits if there is no room for it, and a moment for a source that has nothing.
    fn feed(&mut self) {
        if let Some(batch) = self.read()
            && self.batches.send(batch).is_err()
        {
            self.step = Step::Ended;
        }
        if self.step == Step::Pending {
            self.front.wait(WAIT);
        }
    }

    /// Reads a batch, if there is something to be told.
    fn read(&mut self) -> Option<Batch> {
        if self.step == Step::Ended {
            return None;
        }
        // One that was emptied long ago: the last one still lies in the cache of another processor, from where it takes longer to get it back.
        let mut batch = self.empties.try_recv().unwrap_or_default();
        self.front.fill(FRAMES, &mut batch);
        let (was_idle, quiet) = (self.idle, batch.is_quiet());
        (self.idle, self.step) = (quiet, batch.step.unwrap_or(Step::Ended));
        // That there is nothing is told once.
        let told = was_idle && quiet && self.step == Step::Pending;
        (!told).then_some(batch)
    }

    /// [Feeds](Self::feed), if more is to come and there is room for it; tells whether it did. What is to be said of a panic goes to whoever takes
    /// the batches.
    pub fn feed_if_wanted(&mut self) -> bool {
        if self.step == Step::Ended || !self.batches.has_room() {
            return false;
        }
        if let Err(why) = thread::guarded("the loader", || self.feed()) {
            self.fail(why);
        }
        true
    }

    /// Reading has come to a bad end.
    fn fail(&mut self, why: String) {
        self.step = Step::Ended;
        // Where nobody listens any more, nobody needs to know.
        let _ = self.batches.send(Batch {
            failure: Some(why),
            panicked: true,
            step: Some(Step::Ended),
            ..Batch::default()
        });
    }
}
