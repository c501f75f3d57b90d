//! A whole pipeline in threads of its own, for whoever has work to do with each update and reads a source that ends.

use std::time::Duration;

use super::found::Found;
use super::queue::{Receiver, Sender, queue};
use super::{Pipeline, Step, thread};
use crate::store::{Ended, Update};

/// Updates that wait to be taken at most by whoever takes them one by one: some milliseconds, as with what is read.
pub const WAITING: usize = 24;
/// How long a source that has nothing now is waited for, before it is asked again.
const WAIT: Duration = Duration::from_millis(100);

/// A pipeline that runs. Dropping it stops it, and does not wait for that.
pub struct Apart {
    updates: Receiver<Update>,
    used: Sender<Update>,
    /// Counted on this side, which has less to do.
    found: Found,
}

impl Apart {
    /// Start the thread.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn spawn(mut pipeline: Pipeline) -> std::io::Result<Self> {
        let found = pipeline.found.take().unwrap_or_default();
        let (sender, updates) = queue(WAITING);
        let (used, empties) = queue(WAITING + 2);
        thread::spawn(
            "tracker",
            sender,
            move |sender| run(&mut pipeline, sender, &empties),
            |sender, why| {
                // Where nobody listens any more, nobody needs to know.
                let _ = sender.send(Update { ended: Some(Ended::Panicked(why)), ..Update::default() });
            },
        )?;
        Ok(Self { updates, used, found })
    }

    /// Put the next update into `update`, whose memory is used again. [`Step::Ended`] comes with the last.
    pub fn step(&mut self, update: &mut Update) -> Step {
        let Some(next) = self.updates.recv() else { return Step::Ended };
        self.used.offer(std::mem::replace(update, next));
        self.found.take(&update.patches);
        self.found.add_to(&mut update.summary);
        if update.ended.is_some() { Step::Ended } else { Step::More }
    }
}

fn run(pipeline: &mut Pipeline, updates: &Sender<Update>, empties: &Receiver<Update>) {
    loop {
        let mut update = empties.try_recv_newest().unwrap_or_default();
        let step = pipeline.step(&mut update);
        let sent = if step == Step::More { updates.send_with_more(update) } else { updates.send(update) };
        if sent.is_err() || step == Step::Ended {
            return;
        }
        if step == Step::Pending {
            pipeline.wait(WAIT);
        }
    }
}
