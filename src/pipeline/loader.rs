//! The loader's thread: drives a pipeline and hands its updates over.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Pipeline, Step};
use crate::store::{Ended, Update};

/// How long the loader waits for a source that has nothing now. Short enough to see a stop, long enough to cost nothing.
const WAIT: Duration = Duration::from_millis(100);

/// Behind the clock, in nanoseconds: a frame that was captured before now may still be on its way to the loader.
const LAG: i64 = 1_000_000_000;

/// What a live source needs besides its frames.
#[derive(Default)]
pub struct LoaderOptions {
    /// Reads the clock, nanoseconds since 1970, so that what waits for an answer grows older.
    pub clock: Option<fn() -> i64>,
    /// Reads how many frames the kernel dropped.
    pub dropped: Option<Box<dyn Fn() -> u64 + Send>>,
}

/// A running loader. Dropping it stops it.
pub struct Loader {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Loader {
    /// Start a thread that reads to the end of the source and gives each update to `send`, which answers whether anybody still listens.
    /// A panic in the loader arrives as an update that says so.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn spawn(
        mut pipeline: Pipeline,
        options: LoaderOptions,
        mut send: impl FnMut(Update) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("loader".into()).spawn(move || {
            let run = catch_unwind(AssertUnwindSafe(|| run(&mut pipeline, &options, &stopped, &mut send)));
            if let Err(panic) = run {
                send(Update { ended: Some(Ended::Panicked(fault(panic.as_ref()))), ..Update::default() });
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic was reported through the channel already.
            let _ = thread.join();
        }
    }
}

/// What is said of a panic.
pub(super) fn fault(panic: &(dyn Any + Send)) -> String {
    let why = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!(
        "the loader stopped on a fault of its own ({}); please report it with the capture",
        why.unwrap_or("unknown")
    )
}

fn run(pipeline: &mut Pipeline, options: &LoaderOptions, stop: &AtomicBool, send: &mut impl FnMut(Update) -> bool) {
    let mut told = None;
    while !stop.load(Ordering::Relaxed) {
        let mut update = Update::default();
        let step = pipeline.step(&mut update);
        if step == Step::Pending
            && let Some(clock) = options.clock
        {
            pipeline.advance(clock() - LAG, &mut update);
        }
        if let Some(dropped) = &options.dropped {
            update.summary.dropped = dropped();
        }
        let news = Some((update.summary.frames, update.summary.dropped));
        if (!update.is_quiet() || news != told) && !send(update) {
            return;
        }
        told = news;
        match step {
            Step::More => {}
            Step::Pending => pipeline.wait(WAIT),
            Step::Ended => return,
        }
    }
}
