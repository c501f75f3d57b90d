//! The display filter on the screen: the line it is typed in, the worker that looks through what is loaded, and what is done with new
//! messages while it is in force.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tui_input::Input;

use super::app::{App, Overlay};
use super::event::{Event, Sender};
use super::worker;
use crate::filter::{Filter, FilterError, Groups, Proposal, Selection, propose};
use crate::pipeline::{Fetcher, Sweep};
use crate::store::{Chosen, Store};
use crate::tracking::RecordId;

/// Filters that are remembered.
const REMEMBERED: usize = 50;
/// Threads that look through what is loaded.
const THREADS: usize = 2;

/// The filter in force, and what is known of those before.
#[derive(Default)]
pub struct FilterBar {
    /// What is in force; None lets everything through.
    filter: Option<Arc<Filter>>,
    /// Number of the running look; a worker with another number stops.
    generation: Arc<AtomicU64>,
    /// A worker is looking.
    pub running: bool,
    /// What was let through may be let through no longer, or the other way round.
    stale: bool,
    /// Looks at new messages.
    sweep: Option<(Sweep, Groups)>,
    /// Filters that were applied, the newest last.
    history: Vec<String>,
    /// Which of them is shown, counted from the newest.
    recalled: Option<usize>,
}

/// What a worker found.
#[derive(Debug)]
pub struct Filtered {
    generation: u64,
    /// What passes, or why that cannot be told.
    chosen: Result<Chosen, String>,
    /// Records below this one were looked at.
    upto: RecordId,
}

impl FilterBar {
    /// The text in force; empty where everything passes.
    pub fn text(&self) -> &str {
        self.filter.as_ref().map_or("", |filter| filter.text())
    }

    /// Filters that were applied, the newest last.
    pub fn history(&self) -> &[String] {
        &self.history
    }

    fn stop(&mut self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
        self.running = false;
    }

    pub(super) fn remember(&mut self, text: &str) {
        self.recalled = None;
        self.history.retain(|known| known != text);
        if self.history.len() == REMEMBERED {
            self.history.remove(0);
        }
        self.history.push(text.to_owned());
    }

    /// Start a worker over a snapshot of the store.
    fn start(&mut self, filter: &Arc<Filter>, store: Store, fetcher: Fetcher, events: Sender) -> std::io::Result<()> {
        self.stop();
        self.stale = false;
        let mine = self.generation.load(Ordering::Relaxed);
        let (generation, filter) = (Arc::clone(&self.generation), Arc::clone(filter));
        let work = move || {
            let stop = || generation.load(Ordering::Relaxed) != mine;
            let chosen = match filter.select(&store, &fetcher, THREADS, &stop) {
                Ok(Selection::Stopped) => return None,
                Ok(Selection::Chosen(ids)) => Ok(ids),
                Err(error) => Err(error.to_string()),
            };
            let upto = store.len() as RecordId;
            // What changes from now on need not be kept as it was.
            drop((store, fetcher));
            Some(Event::Filtered(Filtered { generation: mine, chosen, upto }))
        };
        let broken = move |why| Event::Filtered(Filtered { generation: mine, chosen: Err(why), upto: 0 });
        worker::spawn(("filter", "the filter"), events, work, broken)?;
        self.running = true;
        Ok(())
    }
}

/// What is said of a filter while it is typed.
pub enum Typed {
    /// It can be applied, or is empty.
    Good,
    /// It cannot.
    Bad(FilterError),
}

/// Judge what is typed.
pub fn judge(text: &str) -> Typed {
    Filter::parse(text).map_or_else(Typed::Bad, |_| Typed::Good)
}

/// What Tab would put in: a word that begins with what stands before the cursor, or what mends the error.
pub fn offered(input: &Input) -> Vec<Proposal> {
    let text = input.value();
    let cursor = text.char_indices().nth(input.cursor()).map_or(text.len(), |(at, _)| at);
    let offered = propose(text, cursor);
    match judge(text) {
        // What is wrong elsewhere is mended before more is added.
        Typed::Bad(error) if offered.is_empty() || !(error.span.start..=error.span.end).contains(&cursor) => {
            let word = error.proposal();
            word.map(|word| Proposal { word, help: "", replaces: error.span }).into_iter().collect()
        }
        _ => offered,
    }
}

impl App {
    /// Open the line, with the filter in force in it.
    pub(super) fn open_filter(&mut self) {
        self.filter.recalled = None;
        self.overlay = Overlay::Filter(Input::new(self.filter.text().to_owned()));
    }

    /// Take what was typed, if it is a filter; the list stays as it is until the answer is there.
    pub(super) fn accept_filter(&mut self) {
        let Overlay::Filter(input) = &self.overlay else { return };
        let text = input.value().trim().to_owned();
        // What cannot be applied stays, with what is wrong below it.
        if let Ok(filter) = Filter::parse(&text) {
            self.overlay = Overlay::None;
            self.apply_filter(filter);
        }
    }

    /// Put a filter in force.
    pub(super) fn apply_filter(&mut self, filter: Filter) {
        self.filter.stop();
        self.findings.judging.forget();
        // It looks through other messages than are shown from now on, and keeps what it looks at as it was.
        if self.finder.running {
            self.finder.stop();
            self.say("the search stopped: the filter shows other messages");
        }
        if filter.is_empty() {
            self.filter.filter = None;
            self.filter.sweep = None;
            self.list.chosen = None;
            return;
        }
        self.filter.remember(filter.text());
        let filter = Arc::new(filter);
        self.filter.sweep = Some((Sweep::new(&(self.make_fetcher)()), filter.groups()));
        self.filter.filter = Some(Arc::clone(&filter));
        if self.store.is_empty() {
            self.list.chosen = Some(Arc::default());
        } else {
            self.look_again();
        }
    }

    /// Look through all that is loaded.
    fn look_again(&mut self) {
        let Some(filter) = self.filter.filter.clone() else { return };
        let (store, fetcher, events) = (self.store.clone(), (self.make_fetcher)(), self.events.clone());
        if let Err(error) = self.filter.start(&filter, store, fetcher, events) {
            self.say(format!("cannot filter: {error}"));
        }
    }

    /// A worker answers.
    pub fn filtered(&mut self, filtered: Filtered) {
        if !self.filter.running || filtered.generation != self.filter.generation.load(Ordering::Relaxed) {
            return;
        }
        self.filter.running = false;
        self.findings.judging.doubt();
        match filtered.chosen {
            Ok(ids) => self.list.chosen = Some(Arc::new(ids)),
            Err(why) => return self.say(format!("cannot filter: {why}")),
        }
        self.filter_new(filtered.upto);
        self.filter_stale();
        self.go_to_awaited();
    }

    /// What an update changes for the filter in force.
    pub(super) fn filter_update(&mut self, from: RecordId, patched: bool) {
        self.filter.stale |= patched && self.filter.filter.as_ref().is_some_and(|filter| filter.known_later());
        if !self.filter.running {
            self.filter_new(from);
            self.filter_stale();
        }
    }

    /// Look at what is new, one by one.
    fn filter_new(&mut self, from: RecordId) {
        let Some(filter) = self.filter.filter.clone() else { return };
        let (Some((sweep, groups)), Some(chosen)) = (&mut self.filter.sweep, &mut self.list.chosen) else { return };
        for id in from..self.store.len() as RecordId {
            let passes =
                filter.note(&self.store, id, sweep, groups).and_then(|_| filter.passes(&self.store, id, sweep, groups));
            if passes.unwrap_or(false) {
                // Copied where a worker still looks through those there were, or the ladder shows them.
                Arc::make_mut(chosen).push(id);
            }
        }
    }

    /// Look at everything again where that is due: not while a file is still read, since it would have to be done over and over.
    fn filter_stale(&mut self) {
        if self.filter.stale && (self.opening.grows() || self.store.ended().is_some()) {
            self.look_again();
        }
    }

    /// Through the filters that were applied before.
    pub(super) fn recall_filter(&mut self, older: bool) {
        let count = self.filter.history.len();
        let next = match (self.filter.recalled, older) {
            (None, true) => {
                // The filter in force is there already.
                let first = usize::from(self.filter.history.last().is_some_and(|last| last == self.filter.text()));
                Some(first).filter(|first| *first < count)
            }
            (Some(at), true) => Some((at + 1).min(count.saturating_sub(1))),
            (Some(at), false) => at.checked_sub(1),
            (None, false) => None,
        };
        let text = next.and_then(|at| self.filter.history.get(count.checked_sub(at + 1)?));
        if let Some(text) = text {
            self.overlay = Overlay::Filter(Input::new(text.clone()));
            self.filter.recalled = next;
        } else if !older {
            self.filter.recalled = None;
            self.overlay = Overlay::Filter(Input::default());
        }
    }

    /// Put in what is proposed.
    pub(super) fn complete_filter(&mut self) {
        let Overlay::Filter(input) = &self.overlay else { return };
        let Some(proposal) = offered(input).into_iter().next() else { return };
        let mut text = input.value().to_owned();
        text.replace_range(proposal.replaces.clone(), &proposal.word);
        let cursor =
            text.get(..proposal.replaces.start + proposal.word.len()).map_or(0, |before| before.chars().count());
        self.overlay = Overlay::Filter(Input::new(text).with_cursor(cursor));
    }

    /// Take the filter away; whether there was one.
    pub(super) fn clear_filter(&mut self) -> bool {
        let there = self.filter.filter.is_some();
        if there {
            self.apply_filter(Filter::default());
        }
        there
    }
}
