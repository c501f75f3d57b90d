//! Which messages a filter lets through: one by one as they come, or all of a store at once, in two threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;

use super::Filter;
use super::expr::Truth;
use super::quick::Asked;
use super::relation::Groups;
use crate::capture::CaptureError;
use crate::field::{Reads, is_plain};
use crate::pipeline::{Fetcher, Sweep};
use crate::store::{Chosen, Record, Store};
use crate::tracking::RecordId;

/// Records that a thread takes at a time.
const CHUNK: usize = 8192;
/// Records between two looks at whether the answer is still wanted.
const PATIENCE: usize = 512;
/// Fewer records than this are not worth another thread.
const FEW: usize = 4096;

/// What came of a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The records that the filter lets through.
    Chosen(Chosen),
    /// Nobody wanted the answer any more.
    Stopped,
}

impl Filter {
    /// Empty groups, to be filled by [`Filter::note`].
    pub fn groups(&self) -> Groups {
        Groups::new(&self.relations)
    }

    /// Whether it lets a message through, given the groups that are known.
    ///
    /// # Errors
    /// Where the capture can no longer be read at that place.
    pub fn passes(
        &self,
        store: &Store,
        id: RecordId,
        sweep: &mut Sweep,
        groups: &Groups,
    ) -> Result<bool, CaptureError> {
        self.test.as_ref().map_or(Ok(true), |test| holds(test, store, id, sweep, groups))
    }

    /// Whether it may let a message through whose record is this, as it came: no where the record alone denies it.
    #[inline]
    pub fn may_pass(&self, record: &Record) -> bool {
        self.test.as_ref().is_none_or(|test| test.of_record(record) != Truth::No)
    }

    /// Note which groups a message makes known, whole exchanges and the like; whether there is one among them that was not known.
    ///
    /// # Errors
    /// As for [`Filter::passes`].
    pub fn note(
        &self,
        store: &Store,
        id: RecordId,
        sweep: &mut Sweep,
        groups: &mut Groups,
    ) -> Result<bool, CaptureError> {
        let mut news = false;
        for (number, relation) in self.relations.iter().enumerate() {
            if holds(&relation.test, store, id, sweep, groups)? {
                news |= groups.add(number, store, id);
            }
        }
        Ok(news)
    }

    /// All records of a store that it lets through, looked at by as many threads. `stop` is asked now and then whether the answer is no
    /// longer wanted.
    ///
    /// # Errors
    /// Where the capture can no longer be read.
    pub fn select(
        &self,
        store: &Store,
        fetcher: &Fetcher,
        threads: usize,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Selection, CaptureError> {
        let mut groups = self.groups();
        // Relations inside others come first, so that each finds what it asks for.
        for (number, relation) in self.relations.iter().enumerate() {
            match scan(&relation.test, store, fetcher, &groups, threads, stop)? {
                Selection::Stopped => return Ok(Selection::Stopped),
                Selection::Chosen(ids) => ids.iter().for_each(|id| {
                    let _ = groups.add(number, store, id);
                }),
            }
        }
        match &self.test {
            Some(test) => scan(test, store, fetcher, &groups, threads, stop),
            None => Ok(Selection::Chosen(Chosen::all(store.first()..store.len() as RecordId))),
        }
    }
}

/// Whether a test holds of a message, of which no more is read than is needed. Of what is lost nothing holds that must be read for.
fn holds(test: &Asked, store: &Store, id: RecordId, sweep: &mut Sweep, groups: &Groups) -> Result<bool, CaptureError> {
    match holds_of(test, store, id, sweep, groups) {
        Err(CaptureError::Lost { .. }) => Ok(false),
        holds => holds,
    }
}

fn holds_of(
    asked: &Asked,
    store: &Store,
    id: RecordId,
    sweep: &mut Sweep,
    groups: &Groups,
) -> Result<bool, CaptureError> {
    let Some(record) = store.get(id) else { return Ok(false) };
    match asked.of_record(&record) {
        Truth::Open => {}
        truth => return Ok(truth == Truth::Yes),
    }
    let test = &asked.expr;
    if is_plain(&record) {
        match test.holds(&sweep.bare(store, id, record), Reads::Record, groups) {
            Truth::Open => {}
            truth => return Ok(truth == Truth::Yes),
        }
    }
    if let Some(view) = sweep.message(store, id)? {
        // Nothing was odd about it when it was loaded, and its payload is here, but for the body that it may have completed.
        let read = match test.reads() {
            Reads::Record | Reads::Message => Reads::Message,
            _ if store.completes_body(id) => Reads::Message,
            reads if reads >= Reads::Findings && record.severity().is_none() => Reads::Findings,
            _ => Reads::Body,
        };
        match test.holds(&view, read, groups) {
            Truth::Open => {}
            truth => return Ok(truth == Truth::Yes),
        }
    }
    if test.reads() <= Reads::Body {
        let view = sweep.body(store, id)?;
        return Ok(view.is_some_and(|view| test.holds(&view, Reads::Body, groups) == Truth::Yes));
    }
    if test.reads() <= Reads::Findings {
        let view = sweep.findings(store, id)?;
        return Ok(view.is_some_and(|view| test.holds(&view, Reads::Findings, groups) == Truth::Yes));
    }
    let view = sweep.whole(store, id)?;
    Ok(view.is_some_and(|view| test.holds(&view, Reads::All, groups) == Truth::Yes))
}

fn scan(
    test: &Asked,
    store: &Store,
    fetcher: &Fetcher,
    groups: &Groups,
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Selection, CaptureError> {
    let (first, end) = (store.first() as usize, store.len());
    let threads = if end - first < FEW { 1 } else { threads.max(1) };
    let next = AtomicUsize::new(first);
    let found: Mutex<Vec<(usize, Chosen)>> = Mutex::new(Vec::new());
    let work = || -> Result<bool, CaptureError> {
        let mut sweep = Sweep::new(fetcher);
        loop {
            let start = next.fetch_add(CHUNK, Ordering::Relaxed);
            if start >= end {
                return Ok(true);
            }
            let mut chosen = Chosen::default();
            for id in start..end.min(start + CHUNK) {
                if id % PATIENCE == 0 && stop() {
                    return Ok(false);
                }
                if holds(test, store, id as RecordId, &mut sweep, groups)? {
                    chosen.push(id as RecordId);
                }
            }
            if !chosen.is_empty() {
                found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((start, chosen));
            }
        }
    };
    let finished = if threads == 1 {
        work()?
    } else {
        std::thread::scope(|scope| {
            // Where the system starts no further thread, those that are there do all.
            let start = |_| Builder::new().name("select".into()).spawn_scoped(scope, work).ok();
            let others: Vec<_> = (1..threads).filter_map(start).collect();
            let mut finished = work();
            for other in others {
                // A thread that panicked has told so; what it was to find is missing, which must not go unnoticed.
                let theirs = other.join().unwrap_or(Ok(false));
                finished = finished.and_then(|mine| theirs.map(|theirs| mine && theirs));
            }
            finished
        })?
    };
    if !finished {
        return Ok(Selection::Stopped);
    }
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.sort_unstable_by_key(|(start, _)| *start);
    Ok(Selection::Chosen(found.iter().flat_map(|(_, ids)| ids.iter()).collect()))
}
