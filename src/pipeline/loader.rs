//! The loader's thread: drives a pipeline and hands its updates over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Pipeline, Step, thread};
use crate::capture::Carrier;
use crate::store::{Ended, Update};

/// How long the loader waits for a source that has nothing now. Short enough to see a stop, long enough to cost nothing.
const WAIT: Duration = Duration::from_millis(100);

/// Behind the clock, in nanoseconds: a frame that was captured before now may still be on its way to the loader, which takes a fifth of a second at
/// the most.
const LAG: i64 = 300_000_000;

/// What a live source needs besides its frames.
#[derive(Default)]
pub struct LoaderOptions {
    /// Reads the clock, nanoseconds since 1970, so that what waits for an answer grows older.
    pub clock: Option<fn() -> i64>,
    /// Reads how many frames the kernel dropped.
    pub dropped: Option<Box<dyn Fn() -> u64 + Send>>,
    /// Tells what the interface can carry at the moment.
    pub carrier: Option<Box<dyn Fn() -> Carrier + Send>>,
}

/// A running loader. Dropping it stops it, and does not wait for that: whoever receives, or the source, may keep it. One more update
/// may be under way by then.
pub struct Loader {
    stop: Arc<AtomicBool>,
}

impl Loader {
    /// Start a thread that reads to the end of the source and gives each update to `send`, which answers whether anybody still listens.
    /// A panic in the loader arrives as an update that says so.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn spawn(
        pipeline: Pipeline,
        options: LoaderOptions,
        send: impl FnMut(Update) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        thread::spawn(
            "loader",
            send,
            move |send| run(pipeline, &options, &stopped, send),
            |send, why| {
                // Where nobody listens any more, nobody needs to know.
                send(Update { ended: Some(Ended::Panicked(why)), ..Update::default() });
            },
        )?;
        Ok(Self { stop })
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn run(mut pipeline: Pipeline, options: &LoaderOptions, stop: &AtomicBool, send: &mut impl FnMut(Update) -> bool) {
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
        if let Some(carrier) = &options.carrier {
            update.summary.carrier = carrier();
        }
        if step == Step::Ended {
            // Whoever hears of the end may begin something large: what the tracker holds is gone by then.
            drop(pipeline);
            send(update);
            return;
        }
        let news = Some((update.summary.frames, update.summary.dropped, update.summary.carrier));
        if (!update.is_quiet() || news != told) && !send(update) {
            return;
        }
        told = news;
        if step == Step::Pending {
            pipeline.wait(WAIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

    use super::*;
    use crate::capture::{CaptureError, Next, Source};
    use crate::pipeline::PipelineOptions;

    /// How long anything may take on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// A source that has nothing, for ever; one with a receiver sits in a read until that is closed. It tells when it is dropped.
    struct Quiet {
        blocked: Option<Receiver<()>>,
        begun: Sender<()>,
        _gone: Sender<()>,
    }

    impl Source for Quiet {
        fn next(&mut self) -> Result<Next<'_>, CaptureError> {
            let _ = self.begun.send(());
            if let Some(blocked) = &self.blocked {
                let _ = blocked.recv();
            }
            Ok(Next::Pending)
        }
        fn wait(&mut self, timeout: Duration) {
            std::thread::park_timeout(timeout);
        }
    }

    /// Runs a loader on a quiet source, ends it once the source was read, and waits until loader and source are gone.
    #[track_caller]
    fn check(ahead: bool, blocks: bool) {
        let (release, blocked) = channel();
        let (begun, begins) = channel();
        let (gone, source_gone) = channel();
        let source = Box::new(Quiet { blocked: blocks.then_some(blocked), begun, _gone: gone });
        let options = PipelineOptions::default();
        let pipeline =
            if ahead { Pipeline::read_ahead(source, options).unwrap() } else { Pipeline::new(source, options) };
        let (sent, updates) = channel();
        let loader =
            Loader::spawn(pipeline, LoaderOptions::default(), move |update| sent.send(update).is_ok()).unwrap();
        begins.recv_timeout(PATIENCE).unwrap();
        drop(loader);
        // The loader ends while the reader ahead of it still sits in its read; where it reads itself, it needs the end of that.
        let mut release = Some(release);
        if !ahead {
            release.take();
        }
        let ended = loop {
            if let Err(error) = updates.recv_timeout(PATIENCE) {
                break error;
            }
        };
        assert_eq!(ended, RecvTimeoutError::Disconnected, "the loader goes on");
        drop(release);
        assert_eq!(source_gone.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
    }

    #[test]
    fn ends_on_a_source_that_has_nothing() {
        check(true, false);
        check(false, false);
    }

    #[test]
    fn ends_on_a_source_that_sits_in_a_read() {
        check(true, true);
        check(false, true);
    }

    #[test]
    fn an_interface_that_goes_down_is_told_though_nothing_comes() {
        let source = Box::new(Quiet { blocked: None, begun: channel().0, _gone: channel().0 });
        let pipeline = Pipeline::new(source, PipelineOptions::default());
        let (down, downs) = channel();
        let carrier = move || if downs.try_recv().is_ok() { Carrier::Down } else { Carrier::Up };
        let options = LoaderOptions { carrier: Some(Box::new(carrier)), ..LoaderOptions::default() };
        let (sent, updates) = channel();
        let _loader = Loader::spawn(pipeline, options, move |update| sent.send(update).is_ok()).unwrap();
        let next = || updates.recv_timeout(PATIENCE).unwrap().summary.carrier;
        assert_eq!(next(), Carrier::Up);
        down.send(()).unwrap();
        assert_eq!((next(), next()), (Carrier::Down, Carrier::Up));
    }

    #[test]
    fn time_goes_on_where_nothing_comes() {
        static CALLED: Mutex<Option<Sender<()>>> = Mutex::new(None);
        fn clock() -> i64 {
            let _ = CALLED.lock().unwrap().as_ref().unwrap().send(());
            0
        }
        let (called, calls) = channel();
        *CALLED.lock().unwrap() = Some(called);
        let (begun, _begins) = channel();
        let source = Box::new(Quiet { blocked: None, begun, _gone: channel().0 });
        let pipeline = Pipeline::read_ahead(source, PipelineOptions::default()).unwrap();
        let options = LoaderOptions { clock: Some(clock), ..LoaderOptions::default() };
        let _loader = Loader::spawn(pipeline, options, |_| true).unwrap();
        for _ in 0..3 {
            calls.recv_timeout(PATIENCE).expect("the clock is read again and again");
        }
    }
}
