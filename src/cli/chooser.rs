//! Which messages are printed: those that the filter lets through when they come, and those that it lets through later.

use std::sync::Arc;

use crate::capture::CaptureError;
use crate::filter::{Filter, Groups};
use crate::pipeline::{Fetcher, Sweep};
use crate::store::{RecordKind, Store};
use crate::tracking::{NO_RECORD, Patch, RecordId};

/// Messages of an exchange that are looked at again when something becomes known of it.
const LOOKED_AT: usize = 256;
/// Frames that speak of messages, of which so many are kept in mind.
const EVIDENCE: usize = 1024;

/// A filter at work on messages that come one by one.
pub(super) struct Chooser {
    filter: Arc<Filter>,
    sweep: Sweep,
    groups: Groups,
    /// Messages that were chosen, one bit each, where that is asked for.
    chosen: Option<Vec<u64>>,
    /// The newest frames that speak of messages.
    evidence: Vec<RecordId>,
}

impl Chooser {
    /// `remembers`: keep in mind what was chosen.
    pub fn new(filter: Arc<Filter>, fetcher: &Fetcher, remembers: bool) -> Self {
        let groups = filter.groups();
        Self { filter, sweep: Sweep::new(fetcher), groups, chosen: remembers.then(Vec::new), evidence: Vec::new() }
    }

    /// The messages to print now that this one has come, and this became known: itself, or earlier ones, in their order.
    ///
    /// # Errors
    /// Where the capture cannot be read.
    pub fn choose(
        &mut self,
        store: &Store,
        new: Option<RecordId>,
        patches: &[Patch],
        into: &mut Vec<RecordId>,
    ) -> Result<(), CaptureError> {
        if self.filter.is_empty() {
            into.extend(new);
            return Ok(());
        }
        let follows = self.chosen.is_some() && self.filter.known_later();
        let mut touched = if follows { touched(store, patches) } else { Vec::new() };
        // What became known of an earlier message may choose its exchange as a whole, and that another one.
        let mut noted: Vec<RecordId> = new.into_iter().collect();
        noted.extend(touched.iter().filter(|_| self.filter.notes_later()));
        let mut grown: Vec<RecordId> = Vec::new();
        while !noted.is_empty() {
            for id in std::mem::take(&mut noted) {
                if self.filter.note(store, id, &mut self.sweep, &mut self.groups)? && follows {
                    whole(store, id, &mut noted);
                }
            }
            grown.extend_from_slice(&noted);
            noted.retain(|_| self.filter.notes_groups());
        }
        if follows {
            self.evidence.extend(new.filter(|id| store.get(*id).is_some_and(|one| one.kind() == RecordKind::Evidence)));
            self.evidence.drain(..self.evidence.len().saturating_sub(EVIDENCE));
            if !grown.is_empty() {
                touched.extend(grown);
                touched.sort_unstable();
                self.add_evidence(store, &mut touched);
            }
            touched.sort_unstable();
            touched.dedup();
            for id in touched {
                if Some(id) != new && !self.was_chosen(id) && self.passes(store, id)? {
                    into.push(id);
                }
            }
        }
        if let Some(id) = new
            && self.passes(store, id)?
        {
            into.push(id);
        }
        into.iter().for_each(|id| self.remember(*id));
        Ok(())
    }

    /// The frames that speak of one of these messages, which are sorted.
    fn add_evidence(&self, store: &Store, touched: &mut Vec<RecordId>) {
        let speaks = |id: &&RecordId| store.get(**id).is_some_and(|one| touched.binary_search(&one.relates_to).is_ok());
        let found: Vec<RecordId> = self.evidence.iter().filter(speaks).copied().collect();
        touched.extend(found);
    }

    /// Whether the filter lets a message through.
    ///
    /// # Errors
    /// As for [`Chooser::choose`].
    pub fn passes(&mut self, store: &Store, id: RecordId) -> Result<bool, CaptureError> {
        self.filter.passes(store, id, &mut self.sweep, &self.groups)
    }

    fn remember(&mut self, id: RecordId) {
        if let Some(chosen) = &mut self.chosen {
            let word = id as usize / 64;
            if chosen.len() <= word {
                chosen.resize(word + 1, 0);
            }
            if let Some(word) = chosen.get_mut(word) {
                *word |= 1 << (id % 64);
            }
        }
    }

    /// Whether a message was chosen; yes for all where it is not kept in mind.
    pub fn was_chosen(&self, id: RecordId) -> bool {
        let Some(chosen) = &self.chosen else { return true };
        self.filter.is_empty() || chosen.get(id as usize / 64).is_some_and(|word| word & 1 << (id % 64) != 0)
    }
}

/// Earlier messages of which the filter may think differently now, in their order.
fn touched(store: &Store, patches: &[Patch]) -> Vec<RecordId> {
    let mut touched = Vec::new();
    for patch in patches {
        match patch {
            Patch::Answered(_, row) => {
                touched.push(row.request);
                back_from(store, row.last, LOOKED_AT, &mut touched);
            }
            Patch::Exchange(_, row) => back_from(store, row.last, LOOKED_AT, &mut touched),
            Patch::Observation(_, row) => {
                touched.extend(
                    [row.registration, row.accepted, row.last, row.ended_by].into_iter().filter(|id| *id != NO_RECORD),
                );
            }
            Patch::AnsweredBy { record, .. }
            | Patch::Finding(record, _)
            | Patch::Graver { record, .. }
            | Patch::Related { record, .. }
            | Patch::Withdrawn { record, .. } => touched.push(*record),
            // With its last block all that is said of a body changes.
            Patch::Body(_, row) if row.completed_by != NO_RECORD => body_before(store, row.completed_by, &mut touched),
            Patch::Body(_, row) => touched.extend([row.first, row.last]),
            Patch::Part(..) => {}
        }
    }
    touched.sort_unstable();
    touched.dedup();
    touched
}

/// The messages that are chosen with one whose exchange, observation or body is chosen as a whole from now on.
fn whole(store: &Store, id: RecordId, into: &mut Vec<RecordId>) {
    // What speaks of a message is chosen with it.
    let about = store.get(id).filter(|record| record.kind() == RecordKind::Evidence).map(|record| record.relates_to);
    let id = about.unwrap_or(id);
    let last = store.get(id).and_then(|record| store.exchange(record.exchange)).map_or(id, |row| row.last);
    back_from(store, last, usize::MAX, into);
    body_before(store, id, into);
}

/// A message and those before it in its exchange, so many at most.
fn back_from(store: &Store, last: RecordId, most: usize, into: &mut Vec<RecordId>) {
    let mut next = Some(last);
    for _ in 0..most {
        let Some((id, record)) = next.and_then(|id| Some((id, store.get(id)?))) else { return };
        into.push(id);
        next = Some(record.previous_in_exchange).filter(|before| *before < id);
    }
}

/// The messages of the body that a message has a block of, as far as it has come: each with the request or answer that goes with it.
fn body_before(store: &Store, id: RecordId, into: &mut Vec<RecordId>) {
    let exchange = |id: RecordId| store.exchange(store.get(id)?.exchange);
    let ends = exchange(id).map_or([id; 3], |row| [id, row.request, row.response]);
    let mut next = ends.into_iter().find(|id| store.part(*id).is_some());
    while let Some((id, part)) = next.and_then(|id| Some((id, store.part(id)?))) {
        into.push(id);
        if let Some(row) = exchange(id) {
            back_from(store, row.last, LOOKED_AT, into);
        }
        next = Some(part.previous).filter(|before| *before < id);
    }
}
