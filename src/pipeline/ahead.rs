//! The front half in a thread of its own, so that frames are decoded while earlier ones are related.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
}

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
    pub fn spawn(mut front: Front) -> std::io::Result<Self> {
        let (sender, batches) = queue(WAITING);
        let (used, empties) = queue(WAITING + 2);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        thread::spawn(
            "reader",
            sender,
            move |sender| run(&mut front, sender, &empties, &stopped),
            |sender, why| {
                let (failure, step) = (Some(why), Some(Step::Ended));
                // Where nobody listens any more, nobody needs to know.
                let _ = sender.send(Batch { failure, panicked: true, step, ..Batch::default() });
            },
        )?;
        Ok(Self { batches, used, next: None, idle: false, stop })
    }

    /// The next batch. Waits a moment for one that is being read, and never for a source that has nothing.
    pub fn take(&mut self) -> Taken {
        if let Some(batch) = self.try_take() {
            return Taken::Batch(batch);
        }
        if self.idle {
            return Taken::Nothing(Step::Pending);
        }
        match self.batches.recv_timeout(WAIT) {
            Ok(batch) => Taken::Batch(self.noted(batch)),
            // The source is slow, and nobody knows yet what it has: that is no time at which nothing came.
            Err(Nothing::Yet) => Taken::Nothing(Step::More),
            Err(Nothing::Ever) => Taken::Nothing(Step::Ended),
        }
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

fn run(front: &mut Front, batches: &Sender<Batch>, empties: &Receiver<Batch>, stop: &AtomicBool) {
    let mut idle = false;
    while !stop.load(Ordering::Relaxed) {
        let mut batch = empties.try_recv_newest().unwrap_or_default();
        front.fill(FRAMES, &mut batch);
        let step = batch.step;
        let quiet = batch.is_quiet();
        // That there is nothing is told once.
        let told = idle && quiet && step == Some(Step::Pending);
        idle = quiet;
        if !told && batches.send(batch).is_err() {
            return;
        }
        match step {
            Some(Step::Pending) => front.wait(WAIT),
            Some(Step::More) => {}
            Some(Step::Ended) | None => return,
        }
    }
}
