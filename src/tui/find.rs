//! Finding a text: workers that read the messages of a snapshot in turns, tell how far they are, and stop when they are told to.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::event::{Event, Sender};
use super::tables::{Making, Row, tell_request};
use super::worker;
use super::{action, cells};
use crate::coap::Parameters;
use crate::pipeline::Fetcher;
use crate::render::ladder::{Kind, Label};
use crate::render::time::{TimeFormat, brief};
use crate::render::{self, Aliases, Known, Node, line};
use crate::store::{Chosen, Store, View};
use crate::tracking::RecordId;

/// Workers at most, and messages that one takes on at once.
const WORKERS: usize = 4;
const TURN: RecordId = 64;

/// What is looked for, and who looks.
#[derive(Debug, Default)]
pub struct Finder {
    /// The text; empty where nothing was looked for yet.
    pub text: String,
    /// Number of the running search; a worker with another number stops.
    generation: Arc<AtomicU64>,
    /// Workers are looking.
    pub running: bool,
    /// Messages that were taken on, and all that are to be.
    progress: (Arc<AtomicU32>, RecordId),
}

/// What the workers found.
#[derive(Debug)]
pub struct Found {
    generation: u64,
    /// The message, or none that holds the text.
    pub id: Option<RecordId>,
    /// The end was passed, and the search went on at the other end.
    pub wrapped: bool,
    /// None that is shown holds it, but this one that the filter hides.
    pub hidden: Option<RecordId>,
    /// Why it may be in others, too: what could not be read.
    pub failure: Option<String>,
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
    /// Messages to look at.
    fn len(self) -> RecordId {
        self.end.saturating_sub(self.first)
    }

    /// The id that is looked at in this step, and whether the end was passed; the one it started from comes last.
    fn at(self, step: RecordId) -> (RecordId, bool) {
        let (length, at, step) =
            (u64::from(self.len().max(1)), u64::from(self.from.saturating_sub(self.first)), u64::from(step) + 1);
        let index = if self.backwards { (at + length - step % length) % length } else { (at + step) % length };
        (self.first + index as RecordId, if self.backwards { index >= at } else { index <= at })
    }
}

/// How a view shows messages.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Which view; its rows are looked through as well.
    pub view: action::View,
    /// The messages that are shown, where not all are.
    pub chosen: Option<Arc<Chosen>>,
    /// Names of endpoints.
    pub aliases: Aliases,
    /// The format of times.
    pub format: TimeFormat,
    /// Nanoseconds since 1970 that relative times count from.
    pub first: i64,
    /// The time up to which something is known.
    pub now: Option<i64>,
    /// The schedule that exchanges are held against.
    pub parameters: Parameters,
}

impl Shown {
    /// The time of a message, as its row has it or with more digits.
    fn time(&self, view: &View<'_>) -> String {
        let before = view.id.checked_sub(1).and_then(|id| view.store.get(id)).map(|record| record.time);
        self.format.show(view.record.time, self.first, before)
    }

    /// What the ladder says of a message: its words, and the time since the message above.
    fn arrow(&self, view: &View<'_>) -> Vec<String> {
        if self.view != action::View::Flow {
            return Vec::new();
        }
        let above = match &self.chosen {
            Some(chosen) => chosen.row(view.id).checked_sub(1).and_then(|row| chosen.at(row)),
            None => view.id.checked_sub(1),
        };
        let since =
            above.and_then(|above| view.store.elapsed(above, view.id)).map(|since| format!("+{}", brief(since)));
        since.into_iter().chain([Label::new(view, Kind::default()).text()]).collect()
    }
}

impl Finder {
    /// Stop the workers, if there are any.
    pub fn stop(&mut self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
        self.running = false;
    }

    /// Whether this answer is that of the search now running.
    pub fn expects(&self, found: &Found) -> bool {
        self.running && found.generation == self.generation.load(Ordering::Relaxed)
    }

    /// How far the search is, in words.
    pub fn words(&self) -> String {
        let (done, all) = (self.progress.0.load(Ordering::Relaxed).min(self.progress.1), self.progress.1);
        let percent = u64::from(done) * 100 / u64::from(all.max(1));
        format!("looking for \"{}\": {percent}% of {all} rows (Esc stops)", self.text)
    }

    /// Start workers over a snapshot of the store.
    pub fn start(
        &mut self,
        store: Store,
        fetcher: Fetcher,
        course: Course,
        shown: Shown,
        events: Sender,
    ) -> std::io::Result<()> {
        self.stop();
        let next = Arc::new(AtomicU32::new(0));
        self.progress = (Arc::clone(&next), course.len());
        let generation = Arc::clone(&self.generation);
        let mine = generation.load(Ordering::Relaxed);
        let wanted = self.text.to_lowercase();
        let (found, failure) = (Mutex::default(), Mutex::default());
        let (bytes, hidden) = (bytes_of(&wanted), AtomicBool::new(false));
        let search = Search { store, course, shown, wanted, bytes, generation, mine, next, hidden, found, failure };
        let work = move || {
            search.work_together(&fetcher);
            if search.shown.chosen.is_some() && search.is_needed(RecordId::MAX) && search.is_wanted() {
                search.hidden.store(true, Ordering::Relaxed);
                search.next.store(0, Ordering::Relaxed);
                search.work_together(&fetcher);
            }
            search.is_wanted().then(|| Event::Found(search.answer()))
        };
        let broken = move |why| {
            Event::Found(Found { generation: mine, id: None, wrapped: false, hidden: None, failure: Some(why) })
        };
        worker::spawn(("find", "the search"), events, work, broken)?;
        self.running = true;
        Ok(())
    }
}

/// What workers share.
struct Search {
    store: Store,
    course: Course,
    shown: Shown,
    /// In small letters.
    wanted: String,
    /// The same as bytes, where it may be some.
    bytes: Option<Vec<u8>>,
    generation: Arc<AtomicU64>,
    mine: u64,
    /// The first step that nobody has taken on.
    next: Arc<AtomicU32>,
    /// No message that is shown holds the text: those that the filter hides are looked at.
    hidden: AtomicBool,
    /// The step of the first hit so far.
    found: Mutex<Option<RecordId>>,
    /// Why a message could not be read.
    failure: Mutex<Option<String>>,
}

impl Search {
    fn is_wanted(&self) -> bool {
        self.generation.load(Ordering::Relaxed) == self.mine
    }

    /// No hit comes before this step.
    fn is_needed(&self, step: RecordId) -> bool {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.is_none_or(|hit| step < hit)
    }

    fn answer(self) -> Found {
        let hit = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let at = hit.map(|hit| self.course.at(hit));
        let shown = at.filter(|_| !self.hidden.load(Ordering::Relaxed));
        Found {
            generation: self.mine,
            id: shown.map(|at| at.0),
            wrapped: shown.is_some_and(|at| at.1),
            hidden: at.filter(|_| shown.is_none()).map(|at| at.0),
            failure: self.failure.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Several look at the messages, each at its turns.
    fn work_together(&self, fetcher: &Fetcher) {
        let workers = thread::available_parallelism().map_or(1, NonZero::get).min(WORKERS);
        thread::scope(|scope| {
            for _ in 1..workers {
                let fetcher = fetcher.clone();
                // Where there is no thread to be had, the others do its work.
                let _ = thread::Builder::new().name("find".into()).spawn_scoped(scope, || self.work(fetcher));
            }
            self.work(fetcher.clone());
        });
    }

    /// Look at turn after turn until a hit comes before all that is left.
    fn work(&self, fetcher: Fetcher) {
        let mut reader = Reader { fetcher, text: String::new() };
        let length = self.course.len();
        while self.is_wanted() {
            let from = self.next.fetch_add(TURN, Ordering::Relaxed);
            // Behind the end the number stays where it is, or it would begin again at 0.
            if from >= length || !self.is_needed(from) {
                self.next.fetch_min(length, Ordering::Relaxed);
                return;
            }
            for step in from..length.min(from.saturating_add(TURN)) {
                if !self.holds(self.course.at(step).0, &mut reader) {
                    continue;
                }
                let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
                if found.is_none_or(|hit| step < hit) {
                    *found = Some(step);
                }
                break;
            }
        }
    }

    /// It is one of those that are looked at: those that are shown, or else those that are not.
    fn is_of_those(&self, id: RecordId) -> bool {
        let hidden = self.hidden.load(Ordering::Relaxed);
        (self.course.first..self.course.end).contains(&id)
            && self.shown.chosen.as_ref().is_none_or(|chosen| chosen.has(id) != hidden)
    }

    /// Whether a message shows the text, in its row of the view or elsewhere.
    fn holds(&self, id: RecordId, reader: &mut Reader) -> bool {
        if !self.is_of_those(id) {
            return false;
        }
        let shown = &self.shown;
        let Shown { view, aliases, format, first, now, parameters, .. } = shown;
        let making = Making { store: &self.store, aliases, format: *format, first: *first, now: *now, parameters };
        let own = making.row_of(*view, id, &|id| self.is_of_those(id));
        let request = own.and_then(|own| making.request(*view, own));
        let mut row = own.map(|own| making.row_alone(*view, own));
        let Reader { fetcher, text } = reader;
        if let Some(request) = request.filter(|request| *request != id)
            && let (Some(row), Ok(Some(request))) = (&mut row, fetcher.view(&self.store, request))
        {
            tell_request(row, &request);
        }
        let message = match fetcher.view(&self.store, id) {
            Ok(message) => message,
            Err(error) => {
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
                None
            }
        };
        if let (Some(row), Some(message)) = (&mut row, message.as_ref().filter(|message| request == Some(message.id))) {
            tell_request(row, message);
        }
        text.clear();
        write_row(row.as_ref(), message.as_ref(), shown, text);
        if has(text, &self.wanted) {
            return true;
        }
        let Some(message) = message else { return false };
        if self.bytes.as_ref().is_some_and(|bytes| has_bytes(&message, bytes)) {
            return true;
        }
        text.clear();
        render::tree(&message, Known::Later).walk(&mut |node: &Node, _| {
            node.write_text(text);
            text.push(BETWEEN);
        });
        has(text, &self.wanted)
    }
}

/// What a worker reads messages with, and the text that it makes of each.
struct Reader {
    fetcher: Fetcher,
    text: String,
}

/// What no line has in it, and nobody can look for.
const BETWEEN: char = '\n';

/// Whether a text, which may be made small for that, has `wanted` in it, which is in small letters.
fn has(text: &mut str, wanted: &str) -> bool {
    if text.is_ascii() {
        text.make_ascii_lowercase();
        return text.contains(wanted);
    }
    text.to_lowercase().contains(wanted)
}

/// Bytes as they are shown, `41 01 34`, with a blank between each two.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let byte = |word: &str| u8::from_str_radix(word, 16).ok().filter(|_| word.len() == 2 && !word.starts_with('+'));
    text.split_whitespace().map(byte).collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty())
}

/// The message, or the frame that it came in, has these bytes.
fn has_bytes(view: &View<'_>, wanted: &[u8]) -> bool {
    let has = |bytes: &[u8]| bytes.windows(wanted.len()).any(|part| part == wanted);
    has(view.message.bytes()) || has(view.frame.bytes)
}

/// Writes a message's row of the table, and what its rows in the list and in the ladder say.
fn write_row(row: Option<&Row>, view: Option<&View<'_>>, shown: &Shown, text: &mut String) {
    for cell in row.iter().flat_map(|row| &row.cells) {
        text.extend([cell, " "]);
    }
    let Some(view) = view else { return };
    let line = line::parts(view);
    let ends = [view.record.source, view.record.destination].map(|id| shown.aliases.name(id));
    let time = shown.time(view);
    let parts = [
        &line.number,
        &line.flag,
        &line.source,
        &line.destination,
        &line.message_type,
        &line.message_id,
        &line.token,
        &line.code,
        &line.summary,
        &time,
    ];
    let cells = cells::searched(view.store, &shown.aliases, (&view.record, view.id), &line);
    for part in parts.into_iter().chain(&cells).chain(&shown.arrow(view)) {
        text.push(BETWEEN);
        text.push_str(part);
    }
    text.push(BETWEEN);
    text.extend([ends[0], ">", ends[1], "\n", ends[1], "<", ends[0]]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: RecordId, backwards: bool, expected: &[(RecordId, bool)]) {
        let course = Course { from, first: 10, end: 14, backwards };
        let steps: Vec<_> = (0..course.len()).map(|step| course.at(step)).collect();
        assert_eq!(steps, expected, "from {from}, backwards {backwards}");
    }

    #[test]
    fn every_message_is_looked_at_once() {
        check(11, false, &[(12, false), (13, false), (10, true), (11, true)]);
        check(11, true, &[(10, false), (13, true), (12, true), (11, true)]);
        let nothing = Course { from: 0, first: 0, end: 0, backwards: false };
        assert_eq!(nothing.len(), 0);
    }
}
