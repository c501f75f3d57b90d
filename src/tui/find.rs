//! Finding a text: a worker that reads message after message of a snapshot, and stops when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::event::{Event, Sender};
use crate::pipeline::Fetcher;
use crate::render::time::TimeFormat;
use crate::render::{self, Aliases, Known, Node, line};
use crate::store::{Store, View};
use crate::tracking::RecordId;

/// What is looked for, and who looks.
#[derive(Debug, Default)]
pub struct Finder {
    /// The text; empty where nothing was looked for yet.
    pub text: String,
    /// Number of the running search; a worker with another number stops.
    generation: Arc<AtomicU64>,
    /// A worker is looking.
    pub running: bool,
}

/// What a worker found.
#[derive(Debug)]
pub struct Found {
    generation: u64,
    /// The message, or none that holds the text.
    pub id: Option<RecordId>,
    /// The end was passed, and the search went on at the other end.
    pub wrapped: bool,
}

/// Where to look, and in which order.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// The record to start behind.
    pub from: RecordId,
    /// Records from here on are there.
    pub first: RecordId,
    /// The record behind the last.
    pub end: RecordId,
    /// Towards the older ones.
    pub backwards: bool,
}

impl Course {
    /// The ids in the order they are looked at, each with whether the end was passed; the one it started from comes last.
    fn ids(self) -> impl Iterator<Item = (RecordId, bool)> {
        let length = self.end.saturating_sub(self.first);
        (1..=length).map(move |step| {
            let at = self.from.saturating_sub(self.first);
            let index = if self.backwards { (at + length - step % length) % length } else { (at + step) % length };
            (self.first + index, if self.backwards { index >= at } else { index <= at })
        })
    }
}

/// How rows call endpoints and tell times.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Names of endpoints.
    pub aliases: Aliases,
    /// The format of times.
    pub format: TimeFormat,
    /// Nanoseconds since 1970 that relative times count from.
    pub first: i64,
}

impl Shown {
    /// The time of a message, as its row has it or with more digits.
    fn time(&self, view: &View<'_>) -> String {
        let before = view.id.checked_sub(1).and_then(|id| view.store.get(id)).map(|record| record.time);
        self.format.show(view.record.time, self.first, before)
    }
}

impl Finder {
    /// Stop the worker, if there is one.
    pub fn stop(&mut self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
        self.running = false;
    }

    /// Whether this answer is that of the search now running.
    pub fn expects(&self, found: &Found) -> bool {
        self.running && found.generation == self.generation.load(Ordering::Relaxed)
    }

    /// Start a worker over a snapshot of the store.
    /// `chosen`: the messages that are shown, where not all are.
    pub fn start(
        &mut self,
        store: Store,
        mut fetcher: Fetcher,
        course: Course,
        chosen: Option<Vec<RecordId>>,
        shown: Shown,
        events: Sender,
    ) -> std::io::Result<()> {
        self.stop();
        let mine = self.generation.load(Ordering::Relaxed);
        let generation = Arc::clone(&self.generation);
        let wanted = self.text.to_lowercase();
        thread::Builder::new().name("find".into()).spawn(move || {
            let mut found = Found { generation: mine, id: None, wrapped: false };
            for (id, wrapped) in course.ids() {
                if generation.load(Ordering::Relaxed) != mine {
                    return;
                }
                if chosen.as_ref().is_some_and(|chosen| chosen.binary_search(&id).is_err()) {
                    continue;
                }
                if fetcher.view(&store, id).is_ok_and(|view| view.is_some_and(|view| holds(&view, &shown, &wanted))) {
                    (found.id, found.wrapped) = (Some(id), wrapped);
                    break;
                }
            }
            let _ = events.send(Event::Found(found));
        })?;
        self.running = true;
        Ok(())
    }
}

/// Whether a message shows the text, in its row of some view or in its tree.
fn holds(view: &View<'_>, shown: &Shown, wanted: &str) -> bool {
    let row = line::parts(view);
    let ends = (shown.aliases.name(view.record.source), shown.aliases.name(view.record.destination));
    let parts = [
        &row.number,
        &row.source,
        &row.destination,
        &row.message_type,
        &row.message_id,
        &row.token,
        &row.code,
        &row.summary,
        &shown.time(view),
        &format!("{}>{}", ends.0, ends.1),
        &format!("{}<{}", ends.1, ends.0),
    ];
    parts.iter().any(|part| part.to_lowercase().contains(wanted)) || {
        let mut found = false;
        render::tree(view, Known::Later)
            .walk(&mut |node: &Node, _| found = found || node.text().to_lowercase().contains(wanted));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: RecordId, backwards: bool, expected: &[(RecordId, bool)]) {
        let course = Course { from, first: 10, end: 14, backwards };
        assert_eq!(course.ids().collect::<Vec<_>>(), expected, "from {from}, backwards {backwards}");
    }

    #[test]
    fn every_message_is_looked_at_once() {
        check(11, false, &[(12, false), (13, false), (10, true), (11, true)]);
        check(11, true, &[(10, false), (13, true), (12, true), (11, true)]);
        let nothing = Course { from: 0, first: 0, end: 0, backwards: false };
        assert_eq!(nothing.ids().count(), 0);
    }
}
