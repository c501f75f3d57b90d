//! A pipeline beside whoever has work to do with each update and reads a source that ends.

use std::time::Duration;

use super::ahead::Shared;
use super::found::Found;
use super::queue::{Receiver, Sender, queue};
use super::{Pipeline, PipelineOptions, Step, thread};
use crate::capture::Source;
use crate::store::{Ended, Update};

/// Updates that wait to be taken at most by whoever takes them one by one: some milliseconds, as with what is read.
pub const WAITING: usize = 24;
/// Batches, and updates, that wait at most where nobody has to share a processor.
const FEW_WAITING: usize = 12;
/// How long a source that has nothing now is waited for, before it is asked again.
const WAIT: Duration = Duration::from_millis(100);

/// A pipeline that runs. Dropping it stops it, and does not wait for that.
pub struct Apart {
    updates: Receiver<Update>,
    used: Sender<Update>,
    /// Counted on this side, which has less to do.
    found: Found,
    /// What is read on this side.
    feeder: Option<Shared>,
}

impl Apart {
    /// Start the thread for all that the pipeline does itself.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn spawn(pipeline: Pipeline) -> std::io::Result<Self> {
        Self::start(pipeline, None, WAITING)
    }

    /// Start the thread to relate messages; `source` is read, and its frames decoded, by whoever takes the updates. For those who have little to
    /// do with each: relating takes about as long as all else, and so two processors are busy, and neither has two threads that get into
    /// each other's way.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn reading(source: Box<dyn Source>, options: PipelineOptions) -> std::io::Result<Self> {
        let (pipeline, feeder) = Pipeline::fed(source, options, FEW_WAITING);
        Self::start(pipeline, Some(feeder), FEW_WAITING)
    }

    fn start(mut pipeline: Pipeline, feeder: Option<Shared>, most: usize) -> std::io::Result<Self> {
        let found = pipeline.found.take().unwrap_or_default();
        let (sender, updates) = queue(most);
        let (used, empties) = queue(most + 2);
        thread::spawn(
            "tracker",
            sender,
            move |sender| run(&mut pipeline, sender, &empties),
            |sender, why| {
                // Where nobody listens any more, nobody needs to know.
                let _ = sender.send(Update { ended: Some(Ended::Panicked(why)), ..Update::default() });
            },
        )?;
        Ok(Self { updates, used, found, feeder })
    }

    /// Put the next update into `update`, whose memory is used again. [`Step::Ended`] comes with the last.
    pub fn step(&mut self, update: &mut Update) -> Step {
        let Some(next) = self.next() else { return Step::Ended };
        self.used.offer(std::mem::replace(update, next));
        self.found.take(&update.patches);
        self.found.add_to(&mut update.summary);
        if update.ended.is_some() { Step::Ended } else { Step::More }
    }

    /// The next update. Until it is there, what comes behind it is read.
    fn next(&mut self) -> Option<Update> {
        while let Some(feeder) = &self.feeder {
            if let Some(update) = self.updates.try_recv() {
                return Some(update);
            }
            // Where the other thread has panicked in it, its last update says so.
            let Ok(mut feeder) = feeder.lock() else { break };
            if !feeder.feed_if_wanted() {
                break;
            }
        }
        self.updates.recv()
    }
}

fn run(pipeline: &mut Pipeline, updates: &Sender<Update>, empties: &Receiver<Update>) {
    loop {
        let mut update = empties.try_recv().unwrap_or_default();
        let step = pipeline.step(&mut update);
        // Whoever reads may be asleep, and wakes for one update only if nothing else is to come.
        let sent = if step == Step::More && pipeline.has_more() {
            updates.send_with_more(update)
        } else {
            updates.send(update)
        };
        if sent.is_err() || step == Step::Ended {
            return;
        }
        if step == Step::Pending {
            pipeline.wait(WAIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, Sender, channel};

    use super::*;
    use crate::capture::{CaptureError, Input, Interface, Next, open};

    /// How long anything may take on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(30);

    const CAPTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/lab/09-lab-session.mirror.pcap");

    fn source() -> Box<dyn Source> {
        open(&Input::Path(CAPTURE.into()), &std::env::temp_dir()).unwrap().source
    }

    /// A source that has nothing each other time it is asked, and panics when it was asked so often.
    struct Halting {
        source: Box<dyn Source>,
        asked: u32,
        most: u32,
        _gone: Sender<()>,
    }

    impl Halting {
        fn new(most: u32, gone: Sender<()>) -> Box<Self> {
            Box::new(Self { source: source(), asked: 0, most, _gone: gone })
        }
    }

    impl Source for Halting {
        fn next(&mut self) -> Result<Next<'_>, CaptureError> {
            self.asked += 1;
            assert!(self.asked < self.most, "asked too often");
            if self.asked.is_multiple_of(2) { Ok(Next::Pending) } else { self.source.next() }
        }
        fn interfaces(&self) -> &[Interface] {
            self.source.interfaces()
        }
        fn wait(&mut self, _: Duration) {
            std::thread::yield_now();
        }
    }

    /// All that is told, whatever updates it comes in, and how it ends.
    fn told(mut apart: Apart) -> (String, Option<Ended>) {
        let (mut all, mut update) = (Update::default(), Update::default());
        let mut step = Step::More;
        while step != Step::Ended {
            step = apart.step(&mut update);
            all.records.append(&mut update.records);
            all.patches.append(&mut update.patches);
            all.endpoints.append(&mut update.endpoints);
            all.resources.append(&mut update.resources);
        }
        let summary = crate::store::Summary { progress: Default::default(), ..update.summary };
        (format!("{:?} {summary:?}", (all.records, all.patches, all.endpoints, all.resources)), update.ended)
    }

    #[test]
    fn whoever_reads_hears_what_others_hear() {
        let options = PipelineOptions::default;
        let expected = told(Apart::spawn(Pipeline::read_ahead(source(), options()).unwrap()).unwrap());
        assert!(expected.0.len() > 100_000, "{}", expected.0);
        assert_eq!(told(Apart::reading(source(), options()).unwrap()), expected);
        let halting = Halting::new(u32::MAX, channel().0);
        assert_eq!(told(Apart::reading(halting, options()).unwrap()), expected);
    }

    #[test]
    fn a_fault_in_reading_is_told_whoever_reads() {
        // Frames that were asked for one by one come in batches: in the first, and far behind it.
        for most in [5, 1200] {
            let halting = Halting::new(most, channel().0);
            let (_, ended) = told(Apart::reading(halting, PipelineOptions::default()).unwrap());
            assert!(matches!(&ended, Some(Ended::Panicked(why)) if why.contains("asked too often")), "{ended:?}");
        }
    }

    #[test]
    fn it_ends_when_nobody_wants_more() {
        let (gone, source_gone) = channel();
        let mut apart = Apart::reading(Halting::new(u32::MAX, gone), PipelineOptions::default()).unwrap();
        apart.step(&mut Update::default());
        drop(apart);
        assert_eq!(source_gone.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
    }
}
