//! Which messages a ladder shows: all of them, those that a filter lets through, or those of one exchange; and whose lanes these have.

use std::sync::Arc;

use super::lanes::Lanes;
use super::walk::Ladder;
use crate::frame::is_known_time;
use crate::store::{Chosen, RecordKind, Store};
use crate::tracking::{ExchangeId, NO_RECORD, RecordId};

/// Messages of an exchange that are shown at most, the latest ones.
const MEMBERS: usize = 1 << 16;
/// Messages behind an exchange among which what speaks of it is looked for.
const EVIDENCE: RecordId = 1 << 14;

/// Which messages a ladder shows.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Scope {
    /// All of them.
    #[default]
    All,
    /// Those of one exchange.
    Exchange(ExchangeId),
    /// Some that were chosen.
    Chosen,
}

impl Ladder {
    /// Take in what the store has gained; `changed`: what was known of earlier messages may be otherwise now.
    pub fn take(&mut self, store: &Store, changed: bool) {
        let end = store.len() as RecordId;
        if changed {
            self.rows.clear();
            self.blocks.forget();
        }
        if changed || end != self.noted {
            self.runs.clear();
        }
        let all = if self.is_part() { &mut self.aside } else { &mut self.lanes };
        for id in self.noted.max(store.first())..end {
            if let Some(record) = store.get(id) {
                all.note(store, &record);
                if is_known_time(record.time) {
                    let (earliest, latest) = self.times.unwrap_or((record.time, record.time));
                    self.times = Some((earliest.min(record.time), latest.max(record.time)));
                }
            }
        }
        if let Scope::Exchange(exchange) = self.scope
            && (changed || end != self.noted)
        {
            self.members = members(store, exchange);
            self.lanes = Lanes::default();
            note_all(&mut self.lanes, store, self.members.iter().copied());
        }
        self.noted = end;
    }

    /// The earliest time of all messages that were taken in, and the latest: between them a column of times has its widest.
    pub fn times(&self) -> Option<(i64, i64)> {
        self.times
    }

    /// Not all messages are shown, so that the lanes are those of some.
    fn is_part(&self) -> bool {
        self.scope != Scope::All || self.filtered.is_some()
    }

    /// Show other messages. Lanes are those of these.
    pub fn set_scope(&mut self, scope: Scope, store: &Store) {
        self.take_all_lanes();
        self.scope = scope;
        self.members.clear();
        self.take_own_lanes(store);
        self.take(store, true);
    }

    /// Show only those of the present messages that are among these.
    pub fn choose(&mut self, ids: &Chosen, store: &Store) {
        let members = match self.scope {
            Scope::All => ids.iter().collect(),
            _ => self.members.iter().copied().filter(|id| ids.has(*id)).collect(),
        };
        self.take_all_lanes();
        (self.scope, self.members) = (Scope::Chosen, members);
        self.take_own_lanes(store);
        self.runs.clear();
    }

    /// Show only what a filter lets through; none: all. Lanes are those of these, and those that were hidden stay so.
    pub fn filter(&mut self, ids: Option<&Arc<Chosen>>, store: &Store) {
        let goes_on = match (ids, &self.filtered) {
            (None, None) => return,
            (Some(ids), Some(known)) if Arc::ptr_eq(ids, known) => return,
            (Some(ids), Some(known)) => ids.goes_on(known),
            _ => None,
        };
        match (goes_on, ids) {
            // A filter does not narrow an exchange.
            _ if self.scope != Scope::All => self.filtered = ids.cloned(),
            (Some(end), Some(ids)) => {
                note_all(&mut self.lanes, store, ids.from(end));
                self.lanes.hide_as(&self.aside);
                self.filtered = Some(Arc::clone(ids));
            }
            _ => {
                self.take_all_lanes();
                self.filtered = ids.cloned();
                self.take_own_lanes(store);
            }
        }
        self.runs.clear();
    }

    /// The lanes are those of all messages again; what a filter let through had the same lanes hidden.
    fn take_all_lanes(&mut self) {
        if self.is_part() {
            let part = std::mem::replace(&mut self.lanes, std::mem::take(&mut self.aside));
            if self.scope == Scope::All {
                self.lanes.hide_as_part(&part);
            }
        }
    }

    /// The lanes are those of the messages that are shown; the others are set aside.
    fn take_own_lanes(&mut self, store: &Store) {
        if !self.is_part() {
            return;
        }
        self.aside = std::mem::take(&mut self.lanes);
        match &self.filtered {
            Some(ids) if self.scope == Scope::All => {
                note_all(&mut self.lanes, store, ids.iter());
                self.lanes.hide_as(&self.aside);
            }
            _ => note_all(&mut self.lanes, store, self.members.iter().copied()),
        }
    }

    /// Which messages are shown.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// A message is one of those.
    pub fn includes(&self, id: RecordId) -> bool {
        self.scope == Scope::All || self.members.binary_search(&id).is_ok()
    }
}

/// Take in who these are from and to.
fn note_all(lanes: &mut Lanes, store: &Store, ids: impl Iterator<Item = RecordId>) {
    ids.filter_map(|id| store.get(id)).for_each(|record| lanes.note(store, &record));
}

/// The messages of an exchange, in their order.
fn members(store: &Store, exchange: ExchangeId) -> Vec<RecordId> {
    let mut ids = Vec::new();
    let mut at = store.exchange(exchange).map_or(NO_RECORD, |row| row.last);
    while at != NO_RECORD && ids.len() < MEMBERS {
        let Some(record) = store.get(at).filter(|record| record.exchange == exchange) else { break };
        ids.push(at);
        at = record.previous_in_exchange;
    }
    ids.reverse();
    let Some(first) = ids.first().copied() else { return ids };
    // What speaks of one of them belongs to no exchange, and comes later.
    let speaks = |id: &RecordId| {
        store.get(*id).is_some_and(|record| {
            record.kind() == RecordKind::Evidence && ids.binary_search(&record.relates_to).is_ok()
        })
    };
    let last = ids.last().copied().unwrap_or(first);
    let end = (store.len() as RecordId).min(last.saturating_add(EVIDENCE));
    let evidence: Vec<RecordId> = (first..end).filter(speaks).collect();
    if !evidence.is_empty() {
        ids.extend(evidence);
        ids.sort_unstable();
    }
    ids
}
